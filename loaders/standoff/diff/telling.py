"""A diff in words: one line for each thing that changed, and the lines of a text that changed below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from standoff.canon import canonical_list
from standoff.diff.counting import Census, census, counts, decided, summary, summary_of
from standoff.diff.values import QUIET, Change, Diff, SchemaChange, SetChange
from standoff.diff.wording import annotation_text, became, shown, text_lines
from standoff.model import GOLD, Document, Release, Segments

__all__ = ["Told", "counts", "json_head", "json_text", "place_of_set", "summary", "tell", "text", "told_text"]

SCHEMA_FILE = {"view": "schema/views.json", "section": "schema/CODEBOOK.md"}


class Told(Struct, frozen=True):
    """One thing that changed, in words and as values."""

    place: str
    """The file, and the id in it."""
    kinds: tuple[str, ...]
    text: str
    old: Any
    new: Any
    lines: tuple[str, ...] = ()
    """What changed within a long text, as a unified diff."""
    quiet: bool = False
    """Whether nothing that anybody marked or wrote changed."""


def text(diff: Diff) -> str:
    """Everything that changed, a line each, and the summary at the end."""
    return "".join((*map(told_text, tell(diff)), *(f"{line}\n" for line in summary(diff))))


def told_text(told: Told) -> str:
    """One thing that changed as lines of text."""
    return "".join(f"{line}\n" for line in (f"{told.place}: {told.text}", *(f"    {line}" for line in told.lines)))


def json_text(diff: Diff) -> str:
    """Everything that changed as JSON: a line each, with what was and what is."""
    return canonical_list("changes", tell(diff), json_head(census(diff)))


def json_head(found: Census) -> dict[str, Any]:
    """What stands in front of all that changed: whether anything did, and how much."""
    return {"same_content": not found.content, "summary": list(summary_of(found))}


def tell(diff: Diff) -> Iterator[Told]:
    """Everything that changed: schema, documents, registry, sets, gold, then the lists of the corpus."""
    yield from map(_schema_told, diff.schema)
    yield from _files_told(diff)
    yield from map(_document_told, diff.documents)
    yield from map(_segments_told, diff.segments)
    yield from (_record_told("corpus/entities.json", "entity", change) for change in diff.entities)
    yield from (_record_told("annotations/annotators.json", "annotator", change) for change in diff.annotators)
    for change in diff.sets:
        yield from _set_told(change)
    for of in diff.decisions:
        file = f"annotations/decisions/{of.id}.json"
        yield from (_record_told(file, "decision", one) for one in decided(of))
    if diff.policy:
        yield _record_told("annotations/policy.json", "merge", diff.policy)
    yield from (_record_told("corpus/splits.json", "split of", change) for change in diff.splits)
    yield from (_record_told("corpus/splits.json", "event group", change) for change in diff.events)
    yield from (_record_told("corpus/rights.json", "rights of", change) for change in diff.rights)
    yield from (_record_told("corpus/withdrawn.json", "withdrawal of", change) for change in diff.withdrawn)
    yield from _lists_told(diff)


def _schema_told(change: SchemaChange) -> Told:
    place = SCHEMA_FILE.get(change.of, "schema/annotation.schema.json")
    if change.of == "field" and change.name.startswith("document."):
        place = "schema/document.schema.json"
    head = f"{change.of} {change.name!r}"
    if change.kind != "changed" or change.of == "section":
        return Told(place, (change.kind,), f"{head} {change.kind}", change.old, change.new)
    return Told(
        place, (change.kind,), f"{head}: {became(change.field, change.old, change.new)}", change.old, change.new
    )


def _files_told(diff: Diff) -> Iterator[Told]:
    """The files of the schema, with all their lines that changed: parts of the scheme do not tell of everything."""
    told = {_schema_told(change).place for change in diff.schema}
    for change in diff.files:
        place = f"schema/{change.id}"
        only = ": in wording or layout only" if change.kind == "changed" and place not in told else ""
        lines = text_lines(change.old or "", change.new or "")
        yield Told(place, (change.kind,), f"file {change.kind}{only}", change.old, change.new, lines)


def _document_told(change: Change[Document]) -> Told:
    place = f"corpus/documents/{change.id}.json"
    old, new = change.old, change.new
    if old is None or new is None:
        one = new or old
        assert one is not None
        said = f"document {change.kind}: {one.title!r}, {len(one.text)} characters"
        return Told(place, (change.kind,), said, old, new)
    fields = [field for field in _fields(old, new) if field != "text"]
    lines: tuple[str, ...] = ()
    parts = [became(field, getattr(old, field), getattr(new, field)) for field in fields]
    if old.text != new.text:
        parts.insert(0, f"text changed ({len(old.text)} -> {len(new.text)} characters)")
        lines = text_lines(old.text, new.text)
    return Told(place, ("changed",), f"document: {'; '.join(parts)}", old, new, lines)


def _segments_told(change: Change[Segments]) -> Told:
    def size(found: Segments | None) -> str:
        return f"{len(found.sentences)} sentences, {len(found.tokens)} tokens" if found else "none"

    said = f"segments {change.kind}: {size(change.old)} -> {size(change.new)}"
    lines = []
    if change.old and change.new:
        if change.old.segmenter != change.new.segmenter:
            lines.append(became("segmenter", change.old.segmenter, change.new.segmenter))
        for what in ("sentences", "tokens"):
            before, after = getattr(change.old, what), getattr(change.new, what)
            kept = set(before) & set(after)
            lines += [f"-{what[:-1]} [{start}:{end}]" for start, end in before if (start, end) not in kept]
            lines += [f"+{what[:-1]} [{start}:{end}]" for start, end in after if (start, end) not in kept]
    return Told(f"corpus/segments/{change.id}.json", (change.kind,), said, change.old, change.new, tuple(lines))


def _record_told(file: str, what: str, change: Change[Any]) -> Told:
    """A record of one of the corpus's lists."""
    place, head = f"{file}#{change.id}", f"{what} {change.id!r}"
    old, new = change.old, change.new
    if old is None or new is None:
        return Told(place, (change.kind,), f"{head} {change.kind}: {shown(new if old is None else old)}", old, new)
    if isinstance(old, Struct):
        how = "; ".join(became(field, getattr(old, field), getattr(new, field)) for field in _fields(old, new))
    else:
        how = f"{shown(old)} -> {shown(new)}"
    return Told(place, ("changed",), f"{head}: {how}", old, new)


def _set_told(change: SetChange) -> Iterator[Told]:
    place = place_of_set(change)
    kind = "added" if change.old_text is None else "removed" if change.new_text is None else "changed"
    if change.old_text != change.new_text:
        how = {"added": "set added", "removed": "set removed", "changed": "set made on another text"}[kind]
        yield Told(place, (kind,), f"{how}: {len(change.annotations)} annotations", change.old_text, change.new_text)
    yield from (_record_told(place, "entity", entity) for entity in change.entities)
    for one in change.annotations:
        quiet = QUIET.issuperset(one.kinds)
        yield Told(f"{place}#{one.one.id}", one.kinds, annotation_text(one), one.old, one.new, quiet=quiet)


def place_of_set(change: SetChange) -> str:
    """The file of a set, from the corpus's root."""
    folder = GOLD if change.annotator == GOLD else f"sets/{change.annotator}"
    return f"annotations/{folder}/{change.document}.json"


def _lists_told(diff: Diff) -> Iterator[Told]:
    if diff.releases:
        before, after = _by_version(diff.releases.old), _by_version(diff.releases.new)
        for version in sorted(before.keys() | after.keys()):
            if before.get(version) != after.get(version):
                change = Change(version, before.get(version), after.get(version))
                yield structs.replace(_record_told("corpus/releases.json", "release", change), quiet=True)
        if before == after:
            old, new = diff.releases.old, diff.releases.new
            yield Told("corpus/releases.json", ("changed",), "other order", old, new, quiet=True)
    if diff.version:
        said = f"version {diff.version.old!r} -> {diff.version.new!r}"
        yield Told("version", ("changed",), said, diff.version.old, diff.version.new, quiet=True)


def _by_version(releases: tuple[Release, ...] | None) -> dict[str, Release]:
    return {release.version: release for release in releases or ()}


def _fields(old: Struct, new: Struct) -> list[str]:
    return [field for field in old.__struct_fields__ if getattr(old, field) != getattr(new, field)]
