"""From a foreign export to annotation sets: its names become ours, and then it is read like an export of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from standoff.errors import OffsetError, StudioError, nearest
from standoff.labelstudio.controls import TEXT
from standoff.labelstudio.export import from_task
from standoff.labelstudio.foreign.forms import Form, Job, form_of, jobs
from standoff.labelstudio.foreign.mapping import Map
from standoff.labelstudio.foreign.receipt import Loss, receipt
from standoff.labelstudio.foreign.translating import Renamed, claims, marked_items, renamed
from standoff.labelstudio.foreign.units import Claim, Evidence, evidence, in_code_points
from standoff.labelstudio.items import Item, listed
from standoff.labelstudio.sound import sound
from standoff.model import AnnotationSet, Corpus, Document
from standoff.text import Alignment, context

__all__ = ["UNTOLD", "Gathered", "Imported", "document_told", "from_export", "gather", "imported"]


UNTOLD = "relations, which fill roles, link annotations and join fragments"
"""What JSON-MIN has nothing of, not even a count."""


class Imported(Struct, frozen=True):
    """What a foreign export says."""

    form: Form
    sets: tuple[AnnotationSet, ...]
    evidence: Evidence
    losses: tuple[Loss, ...]
    """The receipt: all that the export or the map left out."""


class Gathered(Struct, frozen=True):
    """What is read of an export before it is known what its offsets count."""

    form: Form
    found: list[Job]
    marked: list[Job]
    """Those of them that have an annotation."""
    shown: list[tuple[Document, str]]
    items: list[list[Item]]
    claimed: list[dict[str, Claim]]

    @property
    def claims(self) -> list[Claim]:
        """What is said of all spans."""
        return [claim for of_job in self.claimed for claim in of_job.values()]


def from_export(
    value: Any, map: Map, corpus: Corpus, raw: Mapping[str, str], *, annotator: str, place: str = "export"
) -> Imported:
    """The sets that an export says, in normal order, by document.

    A task's text is a document's text, or its raw text, to the letter. Everything is read before anything is returned.

    Args:
        value: the JSON of the export, as `standoff.labelstudio.sound.parse` reads it.
        raw: document -> the decoded raw file.

    Raises:
        StudioError: something cannot be read exactly; names the task, the region and the field.
    """
    gathered = gather(value, map, corpus, raw, place=place)
    return imported(gathered, evidence(gathered.claims), map, corpus, annotator=annotator)


def gather(value: Any, map: Map, corpus: Corpus, raw: Mapping[str, str], *, place: str) -> Gathered:
    """What an export says, up to what its offsets count; arguments and errors as of `from_export`."""
    sound(value, place=place)
    form = form_of(value, place=place)
    found = list(jobs(value, form, map, corpus.scheme, place=place))
    marked = [job for job in found if not job.lost["tasks without an annotation"]]
    shown = [_shown(job, map, corpus, raw) for job in marked]
    _once(marked, [document for document, _ in shown])
    items = [marked_items(job, map) for job in marked]
    claimed = [claims(job, kept, text) for job, kept, (_, text) in zip(marked, items, shown, strict=True)]
    return Gathered(form, found, marked, shown, items, claimed)


def imported(gathered: Gathered, says: Evidence, map: Map, corpus: Corpus, *, annotator: str) -> Imported:
    """The sets of an export of which is known what its offsets count; arguments and errors as of `from_export`."""
    sets = []
    by_job = zip(gathered.marked, gathered.items, gathered.claimed, gathered.shown, strict=True)
    for job, kept, ranges, (document, text) in by_job:
        placed = {id: _placed(claim, says, document, corpus, text) for id, claim in ranges.items()}
        task = renamed(job, kept, placed, map, corpus)
        sets.append(_read(task, job, document, corpus, annotator))
    return Imported(
        gathered.form,
        tuple(sorted(sets, key=lambda one: one.document)),
        says,
        receipt([job.lost for job in gathered.found], [UNTOLD] if gathered.form == "JSON-MIN" else ()),
    )


def _read(task: Renamed, job: Job, document: Document, corpus: Corpus, annotator: str) -> AnnotationSet:
    job.lost.update(task.lost)
    own = {"id": "", "data": {"id": document.id, TEXT: document.text}, "annotations": [{"result": task.result}]}
    try:
        return from_task(own, corpus, annotator)
    except StudioError as error:
        error.place = f"{job.place} {error.place.removeprefix('task').strip()}".strip()
        raise


def _shown(job: Job, map: Map, corpus: Corpus, raw: Mapping[str, str]) -> tuple[Document, str]:
    """The document that a task shows, and the text by which its offsets count: the document's, or its raw file's."""
    text = job.data.get(map.text)
    if not isinstance(text, str):
        raise StudioError(
            f"{type(text).__name__}; expected the text, which the map says is there", place=f"{job.place} {map.text}"
        )
    if not map.document:
        fitting = [id for id, document in corpus.documents.items() if text in (document.text, raw[id])]
        if len(fitting) != 1:
            what = f"of {len(fitting)} documents ({listed(fitting)})" if fitting else "of no document of the corpus"
            raise StudioError(f"is the text {what}; expected one", place=f"{job.place} {map.text}")
        return corpus.documents[fitting[0]], text
    document = _document(job, map, corpus)
    if text not in (document.text, raw[document.id]):
        raise StudioError(
            f"is not the text of document {document.id!r}, {_difference(text, document.text, raw[document.id])}",
            place=f"{job.place} {map.text}",
        )
    return document, text


def document_told(job: Job, map: Map) -> str:
    """The id of the document that a task tells, which the corpus may not have.

    Raises:
        StudioError: it tells none, or one that the map does not have.
    """
    told, place = job.data.get(map.document), f"{job.place} {map.document}"
    if isinstance(told, bool) or not isinstance(told, int | str):
        raise StudioError(f"{told!r}; expected what tells the document", place=place)
    if map.documents is None:
        return str(told)
    if (id := map.documents.get(str(told))) is None:
        raise _no_document(job, map, list(map.documents))
    return id


def _document(job: Job, map: Map, corpus: Corpus) -> Document:
    document = corpus.documents.get(document_told(job, map))
    if document is None:
        raise _no_document(job, map, list(map.documents or corpus.documents))
    return document


def _no_document(job: Job, map: Map, known: Sequence[str]) -> StudioError:
    told = job.data.get(map.document)
    return StudioError(
        f"{told!r} is no document of the corpus or the map{nearest(str(told), known)}",
        place=f"{job.place} {map.document}",
    )


def _difference(text: str, *expected: str) -> str:
    """Where a text first differs from the one of several that it is most like."""
    at, other = max((_common(text, one), one) for one in expected)
    if at == len(text):
        return f"which goes on after character {at}: {other[at : at + 30]!r}"
    there = f"has {other[at : at + 30]!r}" if at < len(other) else "ends"
    return f"which {there} at character {at}, where this has {text[at : at + 30]!r}"


def _common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _once(found: Sequence[Job], documents: Sequence[Document]) -> None:
    before: dict[str, Job] = {}
    for job, document in zip(found, documents, strict=True):
        if document.id in before:
            raise StudioError(
                f"shows document {document.id!r} as {before[document.id].place} does; expected one annotation of it",
                place=job.place,
            )
        before[document.id] = job


def _placed(claim: Claim, says: Evidence, document: Document, corpus: Corpus, text: str) -> tuple[int, int]:
    """The range of a span in the document's text."""
    start, end = in_code_points(claim, says.unit)
    if text == document.text:
        return start, end
    alignment = Alignment(document.dropped, document.raw_length, inline=corpus.scheme.inline_kinds)
    try:
        start, end = alignment.to_text(start), alignment.to_text(end - 1) + 1
    except OffsetError as error:
        raise StudioError(f"{claim.text[start:end]!r} is no part of the document's text", place=claim.place) from error
    if alignment.crosses_seam(start, end):
        raise StudioError(
            f"{context(document.text, start, end)} goes across a part of the raw text that is no part of the text",
            place=claim.place,
        )
    return start, end
