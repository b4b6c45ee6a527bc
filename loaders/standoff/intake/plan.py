"""What a file would become in a corpus, to be looked at before it is added, and what is still to be asked about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import PurePath
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from standoff.errors import FileError, UsageError, nearest
from standoff.intake import html, plain
from standoff.intake.drops import Drop, overlay, resolve
from standoff.intake.proposal import UNKNOWN, Proposal
from standoff.intake.segment import segment
from standoff.model import Document, Dropped, Fact, Right, Segments, Source
from standoff.scheme import Scheme
from standoff.text import Alignment, context, decode, drop, sha

__all__ = ["Answers", "Plan", "Question", "Split", "plan"]

Split = Literal["train", "validation", "test"]

UNKNOWN_ANSWER = "unknown"
"""The answer of somebody who was asked and does not know."""

UNDETERMINED = "und"
"""The language of a text whose language nobody knows (ISO 639-2)."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
"""C0 but for tab, the ends of lines and form feed, which parts pages."""

_LONGEST = 10
"""Words of the text that may stand for a title: it is published where the text is not."""

_MEDIA = {".txt": "text/plain", ".html": "text/html", ".htm": "text/html"}


class Answers(Struct, frozen=True, kw_only=True):
    """What somebody says of a document; None where nothing was said, 'unknown' where nothing can be.

    A Fact says how it is known; mere words are taken as stated by who adds the document.
    """

    title: str | None = None
    """'unknown': the source has none, and the first ten words of the first sentence, in brackets, stand for it."""
    language: str | None = None
    published: str | Fact | None = None
    """An ISO 8601 date: a day, a month or a year."""
    publisher: str | Fact | None = None
    url: str | Fact | None = None
    author: str | Fact | None = None
    split: str | None = None
    publish: str | None = None
    """'yes' or 'no': whether the text may be published with the dataset."""
    holder: str | None = None
    reason: str | None = None
    decided_by: str = "the corpus's owner"
    takedown: str = "on request, by an issue in the project's repository"


class Question(Struct, frozen=True):
    """Something that a document's record needs and nobody has said yet."""

    field: str
    """The field of Answers, and the option of the command."""
    why: str
    proposal: str
    """An answer that is likely, or empty."""


class Plan(Struct, frozen=True, kw_only=True):
    """A document as it would be added; a field that a question is open on is empty or unknown."""

    raw: bytes
    document: Document
    segments: Segments
    split: Split | None
    right: Right | None
    questions: tuple[Question, ...]
    warnings: tuple[str, ...]


def plan(
    raw: bytes,
    name: str,
    scheme: Scheme,
    answers: Answers | None = None,
    *,
    today: str,
    drops: Sequence[Drop] = (),
) -> Plan:
    """The document that a file would become: its text, segments and record, and what is still to be answered.

    Args:
        raw: the file's bytes, which stay as they are.
        name: the file's name: the document's id and the suffix of its media type.
        today: the date of the decision on its rights, ISO 8601.
        drops: ranges that are dropped besides those that are proposed.

    Raises:
        UsageError: the name is no id with a known suffix, an answer is not of its kind, nothing is left of the text, or
            a library is missing.
        FileError: the bytes are not UTF-8, or a control character is in the text.
        AnchorError: a range is given by words that are not in the file, or more than once.
    """
    answers = answers or Answers()
    id, media_type = _identity(name)
    text_of_raw = _decoded(raw, name)
    found = _proposal(text_of_raw, media_type, scheme, today)
    dropped = overlay(found.dropped, resolve(text_of_raw, drops, scheme.dropped_kinds))
    text = drop(text_of_raw, dropped)
    if not text.strip():
        raise UsageError("no text is left of it; expected a file with text outside its dropped ranges", place=name)
    _check_characters(text_of_raw, dropped, name)
    language = _language(answers, found)
    seams = Alignment(dropped, len(text_of_raw), inline=scheme.inline_kinds).seams
    segmenter, sentences, tokens = segment(text, language, breaks=seams)
    start, end = sentences[0]
    first_sentence = " ".join(text[start:end].split())
    document = Document(
        id=id,
        title=_title(answers, found, first_sentence),
        language=language,
        media_type=media_type,
        published=_date(_fact(answers.published, found.published)),
        source=Source(
            publisher=_fact(answers.publisher, found.publisher),
            url=_fact(answers.url, found.url),
            author=_fact(answers.author, found.author),
        ),
        rights=answers.holder or "",
        raw_sha256=sha(raw),
        raw_length=len(text_of_raw),
        text_sha256=sha(text),
        dropped=dropped,
        text=text,
    )
    questions = tuple(_questions(answers, found, document, first_sentence))
    _check_record(document, scheme, {question.field for question in questions})
    return Plan(
        raw=raw,
        document=document,
        segments=Segments(id, segmenter, sentences, tokens),
        split=_split(answers.split),
        right=_right(answers, today),
        questions=questions,
        warnings=(*found.warnings, *_title_warnings(answers, document.title)),
    )


def _identity(name: str) -> tuple[str, str]:
    path = PurePath(name)
    if (media_type := _MEDIA.get(path.suffix.lower())) is None:
        raise UsageError(f"suffix {path.suffix!r} is not one of {', '.join(_MEDIA)}", place=name)
    if not _ID.fullmatch(path.stem):
        legal = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:64]
        raise UsageError(
            f"id {path.stem!r} does not match {_ID.pattern}; expected another file name"
            + (f", such as {legal + path.suffix!r}" if legal else ""),
            place=name,
        )
    return path.stem, media_type


def _decoded(raw: bytes, name: str) -> str:
    """The text of a file that is to be added, while its encoding can still be changed."""
    try:
        text = decode(raw, place=name)
    except FileError as error:
        error.message += "; convert the file to UTF-8 before it is added"
        raise
    if (at := text.find("\0")) >= 0:
        raise FileError(
            f"character {at} is NUL, which no text holds: the file may be UTF-16, or no text at all; expected UTF-8; "
            "convert the file to UTF-8 before it is added",
            place=name,
        )
    return text


def _check_characters(raw: str, dropped: Sequence[Dropped], name: str) -> None:
    """Refuses a text with control characters, which no reader sees and few programs keep."""
    for start, end in Alignment(dropped, len(raw)).kept:
        if found := _CONTROL.search(raw, start, end):
            at = found.start()
            raise FileError(
                f"line {raw.count(chr(10), 0, at) + 1}: character {at} is the control character {found.group()!r} "
                f"({context(raw, at, at + 1, width=15)!r}); expected text without; remove it from the file before it "
                f"is added, or leave it out by --drop KIND:{at}:{at + 1}",
                place=name,
            )


def _proposal(raw: str, media_type: str, scheme: Scheme, today: str) -> Proposal:
    return html.propose(raw, scheme, today=today) if media_type == "text/html" else plain.propose(raw, scheme)


def _language(answers: Answers, found: Proposal) -> str:
    if answers.language is not None:
        return UNDETERMINED if answers.language == UNKNOWN_ANSWER else answers.language
    return found.language.value or UNDETERMINED


def _title(answers: Answers, found: Proposal, first_sentence: str) -> str:
    if answers.title == UNKNOWN_ANSWER:
        # Square brackets are how catalogues mark a title that the source does not give.
        words = first_sentence.split()
        return f"[{' '.join(words[:_LONGEST])} …]" if len(words) > _LONGEST else f"[{first_sentence}]"
    return answers.title or found.title.value or ""


def _title_warnings(answers: Answers, title: str) -> Iterator[str]:
    if answers.title == UNKNOWN_ANSWER:
        yield (
            f"the title {title!r} is how the text begins, and a title is also in editions without texts; --title gives "
            "another"
        )


def _fact(answer: str | Fact | None, found: Fact) -> Fact:
    if isinstance(answer, Fact):
        return answer
    if answer is None:
        return found
    return UNKNOWN if answer == UNKNOWN_ANSWER else Fact("stated", answer, "given when the document was added")


def _date(fact: Fact) -> Fact:
    if fact.value is not None and not _is_date(fact.value):
        raise UsageError(
            f"{fact.value!r} is no date; expected YYYY-MM-DD, YYYY-MM, YYYY or {UNKNOWN_ANSWER!r}", place="published"
        )
    return fact


def _is_date(written: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", written):
        return False
    try:
        date.fromisoformat(f"{written}-01-01"[:10])
    except ValueError:
        return False
    return True


def _split(answer: str | None) -> Split | None:
    if answer is None:
        return None
    for known in get_args(Split):
        if answer == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(
        f"{answer!r} is not one of {', '.join(get_args(Split))}{nearest(answer, get_args(Split))}", place="split"
    )


def _right(answers: Answers, today: str) -> Right | None:
    if answers.publish not in (None, "yes", "no"):
        raise UsageError(f"{answers.publish!r} is not 'yes' or 'no'", place="publish")
    if answers.publish is None or answers.holder is None or answers.reason is None:
        return None
    return Right(
        publish_text=answers.publish == "yes",
        decided_by=answers.decided_by,
        date=today,
        reason=answers.reason,
        holder=answers.holder,
        takedown=answers.takedown,
    )


def _questions(answers: Answers, found: Proposal, document: Document, first_sentence: str) -> Iterator[Question]:
    if not document.title:
        yield Question("title", f"what the source calls it; it begins {first_sentence!r}", UNKNOWN_ANSWER)
    if answers.language is None and found.language.value is None:
        yield Question("language", "BCP 47, such as 'en'; its rules part sentences and words", "")
    for field, why, fact in (
        ("published", "the day, month or year it was published, ISO 8601", document.published),
        ("publisher", "who published it", document.source.publisher),
        ("url", "where it was published", document.source.url),
        ("author", "who wrote it", document.source.author),
    ):
        if getattr(answers, field) is None and fact.value is None:
            yield Question(field, why, UNKNOWN_ANSWER)
    if answers.split is None:
        yield Question("split", "train, validation or test; decided once", "train")
    if answers.holder is None:
        yield Question("holder", "who holds the rights in its text", document.source.publisher.value or UNKNOWN_ANSWER)
    if answers.publish is None:
        yield Question("publish", "whether its text may be published with the dataset, yes or no", "no")
    if answers.reason is None:
        yield Question("reason", "on what grounds its text may, or may not, be published", "")


def _check_record(document: Document, scheme: Scheme, open_fields: Collection[str]) -> None:
    """Holds a record against the schema of documents, all but what is still to be answered."""
    from jsonschema import Draft202012Validator

    # Through JSON, since a tuple is no array to jsonschema.
    record = msgspec.json.decode(msgspec.json.encode(document))
    del record["text"]
    skipped = {"rights" if field == "holder" else field for field in open_fields}
    for error in Draft202012Validator(scheme.document_schema).iter_errors(record):
        path = [str(step) for step in error.absolute_path]
        if not path or path[0] not in skipped:
            raise UsageError(error.message, place=" ".join([document.id, ".".join(path)]).strip())
