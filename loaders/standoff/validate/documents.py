"""Rules on documents and their segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from standoff.errors import OffsetError
from standoff.text import Alignment, sha
from standoff.validate.words import one_of, short
from standoff.validate.work import Fault, Page

__all__ = [
    "document_schema",
    "document_segments",
    "dropped_kind",
    "dropped_ranges",
    "raw_sha256",
    "segments_document",
    "sentence_cover",
    "sentence_ranges",
    "text_sha256",
    "token_ranges",
    "token_sentence",
    "token_whitespace",
]


def raw_sha256(page: Page) -> Iterator[Fault]:
    """The raw file holds the bytes that the document's record was made from.

    Why: All offsets count in these bytes. An editor that strips a space or changes a line end moves every
    annotation behind it.
    Do: Restore the file from git. Where the article was really received again, add it as a new document.
    """
    document, raw = page.document, page.context.raw.get(page.id)
    if document and raw is not None and document.raw_sha256 != (found := sha(raw)):
        yield page.id, "raw_sha256", f"says {document.raw_sha256!r}, but the raw file's is {found!r}"


def text_sha256(page: Page) -> Iterator[Fault]:
    """The text is the one that the document's record was made with.

    Why: The text follows from the raw file and the dropped ranges; sets name this sha256 to say what they were made
    on.
    Do: Undo the change of the dropped ranges, or compute the record anew with standoff add and re-anchor what was
    annotated.
    """
    if page.document and page.document.text_sha256 != page.sha256:
        yield page.id, "text_sha256", f"says {page.document.text_sha256!r}, but the text's is {page.sha256!r}"


def dropped_ranges(page: Page) -> Iterator[Fault]:
    """Dropped ranges stand in order and apart inside the raw text, and leave as many characters as the text has.

    Why: Text and raw offsets are mapped by these ranges; where they overlap or stick out, no offset can be trusted.
    Do: Correct start and end; they are half-open, in code points of the decoded raw file.
    """
    document = page.document
    if document is None:
        return
    try:
        alignment = Alignment(document.dropped, document.raw_length)
    except OffsetError as error:
        yield page.id, "dropped", str(error)
        return
    if alignment.length != len(document.text):
        yield (
            page.id,
            "dropped",
            f"leaves {alignment.length} of {document.raw_length} characters, but the text has {len(document.text)}",
        )


def dropped_kind(page: Page) -> Iterator[Fault]:
    """What was dropped is of a kind that document.schema.json lists.

    Why: The kind says why something was left out, and whether a span may go across it.
    Do: Use one of the kinds that document.schema.json lists, or add the new kind there.
    """
    kinds = page.context.scheme.dropped_kinds
    for n, dropped in enumerate(page.document.dropped if page.document else ()):
        if dropped.kind not in kinds:
            yield page.id, f"dropped[{n}].kind", f"kind {dropped.kind!r} is unknown; {one_of(kinds, dropped.kind)}"


def document_schema(page: Page) -> Iterator[Fault]:
    """A document's record is valid by document.schema.json, also in what no other rule looks at.

    Why: The record is published as a row of the table of documents, with the columns that the schema promises.
    Do: Bring the record in line with document.schema.json.
    """
    if page.document:
        record = msgspec.to_builtins(page.document)
        del record["text"]
        for field, message in page.context.schema_errors("", record):
            if not page.doubts.told(page.id, field):
                yield page.id, field, message


def document_segments(page: Page) -> Iterator[Fault]:
    """A document is cut into sentences and tokens.

    Why: Sentences and tokens are tables of the release, and limits on length count tokens.
    Do: Segment the document as standoff add does, or restore the file.
    """
    file = f"corpus/segments/{page.id}.json"
    if page.document and page.segments is None and file not in page.context.unread:
        yield page.id, "", f"document {page.id!r} has no segments; expected {file}"


def segments_document(page: Page) -> Iterator[Fault]:
    """Segments are of a document of the corpus.

    Why: Nobody can tell what text these offsets count in.
    Do: Remove the file, or bring the document back.
    """
    if page.segments and not page.context.knows(page.id):
        expected = one_of(page.context.corpus.documents, page.id)
        yield page.id, "", f"segments of the unknown document {page.id!r}; {expected}"


def sentence_ranges(page: Page) -> Iterator[Fault]:
    """Sentences stand in order and apart inside the text.

    Why: Views with one row per sentence repeat text where sentences overlap, and break where one is out of range.
    Do: Correct the offsets; sentences are half-open ranges in the order of the text.
    """
    if page.segments and page.text is not None:
        yield from _ranges(page.id, "sentences", page.segments.sentences, page.text)


def sentence_cover(page: Page) -> Iterator[Fault]:
    """All of the text but white space is in a sentence.

    Why: What is in no sentence is in no row of the views made from sentences: its annotations vanish from them.
    Do: Add the sentence, or widen the one beside it.
    """
    if page.segments is None or page.text is None or page.doubts.on(page.id, "sentences"):
        return
    at = 0
    for start, end in (*page.segments.sentences, (len(page.text), len(page.text))):
        if left := page.text[at:start].strip():
            yield page.id, "sentences", f"{short(left)} in [{at}:{start}] is in no sentence"
        at = end


def token_ranges(page: Page) -> Iterator[Fault]:
    """Tokens stand in order and apart inside the text.

    Why: Tags are given token by token; a character in two tokens would get two tags.
    Do: Correct the offsets; tokens are half-open ranges in the order of the text.
    """
    if page.segments and page.text is not None:
        yield from _ranges(page.id, "tokens", page.segments.tokens, page.text)


def token_sentence(page: Page) -> Iterator[Fault]:
    """A token lies inside one sentence.

    Why: Tokens are tagged sentence by sentence; one across a border belongs to no row.
    Do: Move the border of the sentence, or split the token.
    """
    if page.segments is None or page.text is None:
        return
    if page.doubts.on(page.id, "sentences") or page.doubts.on(page.id, "tokens"):
        return
    sentences = iter(page.segments.sentences)
    sentence = next(sentences, None)
    for n, (start, end) in enumerate(page.segments.tokens):
        while sentence and sentence[1] <= start:
            sentence = next(sentences, None)
        if sentence is None or not sentence[0] <= start < end <= sentence[1]:
            yield page.id, f"tokens[{n}]", f"token {short(page.text[start:end])} [{start}:{end}] is inside no sentence"


def token_whitespace(page: Page) -> Iterator[Fault]:
    """A token holds no white space.

    Why: Readers of token files take white space as the end of a token.
    Do: Split the token, or leave the white space out of it.
    """
    if page.segments is None or page.text is None:
        return
    for n, (start, end) in enumerate(page.segments.tokens):
        token = page.text[start:end]
        # To split at white space is several times as fast as to look at each character.
        if token.split() != [token] and not page.doubts.on(page.id, f"tokens[{n}]") and any(map(str.isspace, token)):
            yield page.id, f"tokens[{n}]", f"token {short(token)} [{start}:{end}] holds white space; expected none"


def _ranges(id: str, field: str, ranges: Sequence[tuple[int, int]], text: str) -> Iterator[Fault]:
    at = 0
    for n, (start, end) in enumerate(ranges):
        if not at <= start < end <= len(text):
            expected = f"{at} or later, hold something and end by {len(text)}"
            yield id, f"{field}[{n}]", f"[{start}:{end}] must begin at {expected}"
        at = max(at, end)
