"""Plans of documents become files of a corpus, and lines for reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from standoff.errors import FileError, UsageError
from standoff.files import raw_file, read, write, write_document, write_listings
from standoff.intake.plan import Plan
from standoff.model import Corpus, Dropped, Progress, silent
from standoff.text import Alignment, decode

__all__ = ["add", "describe"]


def add(root: Path, plans: Sequence[Plan], *, progress: Progress = silent) -> tuple[str, ...]:
    """Puts documents into a corpus; all of them are checked before anything is written.

    A document that is there already, with the same bytes, is left as it is.

    Returns:
        The ids of those that were not there.

    Raises:
        UsageError: a question is open, an id or the same bytes are taken by another document, or were withdrawn.
        FileError, RecordError, SchemaError: the corpus cannot be read.
    """
    corpus = read(root)
    new = _new(root, corpus, plans)
    splits = {**corpus.splits.splits, **{id: each.split for id, each in new.items() if each.split}}
    rights = {**corpus.rights, **{id: each.right for id, each in new.items() if each.right}}
    # What is of a document comes last: if this is cut short, adding it again completes it.
    if new:
        write_listings(root, replace(corpus, rights=rights, splits=replace(corpus.splits, splits=splits)))
    for n, (id, each) in enumerate(new.items()):
        progress("documents", n, len(new))
        suffix = ".html" if each.document.media_type == "text/html" else ".txt"
        write(root / "corpus" / "raw" / f"{id}{suffix}", each.raw)
        write_document(root, each.document, each.segments)
    progress("documents", len(new), len(new))
    return tuple(new)


def _new(root: Path, corpus: Corpus, plans: Sequence[Plan]) -> dict[str, Plan]:
    """The plans of documents that the corpus does not have yet, by id."""
    owners = {document.raw_sha256: document.id for document in corpus.documents.values()}
    raw: dict[str, bytes | None] = {}
    new: dict[str, Plan] = {}
    for each in plans:
        id = each.document.id
        _not_withdrawn(corpus, each)
        if each.questions:
            options = ", ".join(f"--{question.field}" for question in each.questions)
            raise UsageError(f"not all is known of it; expected {options} ('unknown' is an answer)", place=id)
        taken = raw.setdefault(id, _bytes_of(root, id))
        if taken not in (None, each.raw):
            raise UsageError("this id is taken by a document with other bytes; expected another file name", place=id)
        owner = owners.setdefault(each.document.raw_sha256, id)
        if owner != id:
            raise UsageError(f"its bytes are those of {owner!r}; expected each text once", place=id)
        if id not in corpus.documents or id not in corpus.segments:
            new[id] = each
        raw[id] = each.raw
    return new


def _not_withdrawn(corpus: Corpus, plan: Plan) -> None:
    """Refuses a document that was withdrawn, by its id or its bytes: who asked for that relies on it."""
    document = plan.document
    if gone := corpus.withdrawn.get(document.id):
        raise UsageError(
            f"this id was withdrawn on {gone.date} ({gone.reason}); expected another document, under another file name",
            place=document.id,
        )
    for gone in corpus.withdrawn.values():
        if gone.raw_sha256 == document.raw_sha256:
            raise UsageError(
                f"its bytes are those of {gone.id!r}, which was withdrawn on {gone.date} ({gone.reason}); expected "
                "another document",
                place=document.id,
            )


def describe(plan: Plan, *, most: int = 40) -> str:
    """A plan for reading: what is kept and what is dropped, the first sentences, what is known and what is not.

    Args:
        most: how many ranges are shown; how many more there are is said.
    """
    return "\n".join(_lines(plan, most))


def _lines(plan: Plan, most: int) -> Iterator[str]:
    document = plan.document
    raw = decode(plan.raw)
    yield f"{document.id}: {document.title!r}" if document.title else document.id
    yield (
        f"  {document.media_type}, language {document.language}, {len(raw)} characters, "
        f"of which {len(document.text)} are text"
    )
    kept = [Dropped(start, end, "") for start, end in Alignment(document.dropped, len(raw)).kept]
    ranges = sorted((*kept, *document.dropped))
    for range_ in ranges[:most]:
        what = f"dropped as {range_.kind}" if range_.kind else "kept"
        yield f"  [{range_.start}:{range_.end}] {what}: {_beginning(raw[range_.start : range_.end])}"
    if rest := Counter(range_.kind or "kept" for range_ in ranges[most:]):
        yield "  and more ranges: " + ", ".join(f"{kind} {count}" for kind, count in sorted(rest.items()))
    segments = plan.segments
    yield f"  {len(segments.sentences)} sentences, {len(segments.tokens)} tokens ({segments.segmenter})"
    for n, (start, end) in enumerate(segments.sentences[:3], 1):
        yield f"    {n}. {_beginning(document.text[start:end])}"
    source = document.source
    for field, fact in (
        ("published", document.published),
        ("publisher", source.publisher),
        ("url", source.url),
        ("author", source.author),
    ):
        yield f"  {field}: {fact.status}" + "".join(
            f", {part}" for part in (repr(fact.value) if fact.value else "", fact.evidence) if part
        )
    yield from (f"  warning: {warning}" for warning in plan.warnings)
    yield from (f"  open: {question.field} ({question.why})" for question in plan.questions)


def _beginning(text: str, width: int = 70) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= width else line[: width - 1] + "…")


def _bytes_of(root: Path, id: str) -> bytes | None:
    try:
        return raw_file(root, id).read_bytes()
    except FileError:
        return None
