"""How much of a diff there is of each kind: numbers that those of several diffs add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from standoff.diff.values import Change, Diff, Kind
from standoff.diff.wording import KIND_WORDS
from standoff.model import Decisions

__all__ = ["Census", "added_up", "census", "counts", "decided", "summary", "summary_of"]

_NUMBERED = (
    "schema",
    "documents",
    "segments",
    "entities",
    "annotators",
    "decisions",
    "policy",
    "splits",
    "event groups",
    "rights",
    "withdrawn documents",
)
"""What is numbered, in the order of the summary; annotations come behind it."""


class Census(Struct, frozen=True, omit_defaults=True):
    """How much changed; kinds, annotators and layers in the order in which they come up."""

    content: bool = False
    records: dict[str, dict[str, int]] = {}
    """Kind of record -> what became of it -> how many."""
    annotations: dict[str, dict[str, dict[Kind, int]]] = {}
    """Annotator -> layer -> kind -> how many; one annotation counts for each kind that it is of."""


def census(diff: Diff) -> Census:
    """The numbers of a diff."""
    parts: dict[str, Iterable[str]] = {
        "schema": (change.kind for change in diff.schema),
        "documents": (change.kind for change in diff.documents),
        "segments": (change.kind for change in diff.segments),
        "entities": (change.kind for change in diff.entities),
        "annotators": (change.kind for change in diff.annotators),
        "decisions": (one.kind for change in diff.decisions for one in decided(change)),
        "policy": (diff.policy.kind,) if diff.policy else (),
        "splits": (change.kind for change in diff.splits),
        "event groups": (change.kind for change in diff.events),
        "rights": (change.kind for change in diff.rights),
        "withdrawn documents": (change.kind for change in diff.withdrawn),
    }
    records = {what: dict(Counter(kinds)) for what, kinds in parts.items()}
    annotations: dict[str, dict[str, dict[Kind, int]]] = {}
    for (annotator, layer), number in counts(diff).items():
        annotations.setdefault(annotator, {})[layer] = number
    # Files of the schema that differ are told of even where no part of it does.
    kept = {what: number for what, number in records.items() if number or (what == "schema" and diff.files)}
    return Census(diff.content, kept, annotations)


def added_up(found: Iterable[Census]) -> Census:
    """The numbers of several diffs, in the order in which each would come up in one diff of all of them."""
    content = False
    records: dict[str, Counter[str]] = {}
    annotations: dict[str, dict[str, Counter[Kind]]] = {}
    for one in found:
        content = content or one.content
        for what, number in one.records.items():
            records.setdefault(what, Counter()).update(number)
        for annotator, layers in one.annotations.items():
            for layer, kinds in layers.items():
                annotations.setdefault(annotator, {}).setdefault(layer, Counter()).update(kinds)
    return Census(
        content,
        {what: dict(number) for what, number in records.items()},
        {who: {layer: dict(kinds) for layer, kinds in layers.items()} for who, layers in annotations.items()},
    )


def summary(diff: Diff) -> Iterator[str]:
    """How much changed, a line for each kind of record; one line where nothing did."""
    return summary_of(census(diff))


def summary_of(found: Census) -> Iterator[str]:
    """The same of numbers that are at hand."""
    if not found.content:
        yield "the content is the same"
    for what in _NUMBERED:
        if what in found.records:
            # Only the schema may differ in nothing that is counted.
            yield f"{what}: {_numbers(found.records[what]) or 'other only in wording'}"
    for annotator, layers in found.annotations.items():
        for layer, number in layers.items():
            words = {KIND_WORDS[kind]: number[kind] for kind in KIND_WORDS if kind in number}
            yield f"{annotator}: {layer}: {_numbers(words)}"


def counts(diff: Diff) -> dict[tuple[str, str], dict[Kind, int]]:
    """(annotator, layer) -> kind -> how many annotations; one counts for each kind that it is of."""
    found: dict[tuple[str, str], Counter[Kind]] = {}
    for change in diff.sets:
        for one in change.annotations:
            found.setdefault((change.annotator, one.one.layer), Counter()).update(one.kinds)
    return {key: {kind: number[kind] for kind in KIND_WORDS if number[kind]} for key, number in found.items()}


def decided(change: Change[Decisions]) -> list[Change[Any]]:
    """The decisions of a document that changed, each by itself: those on entities, then those on annotations."""
    found: list[Change[Any]] = []
    for what in ("entities", "decisions"):
        before, after = (
            {one.id: one for one in getattr(side, what)} if side else {} for side in (change.old, change.new)
        )
        ids = sorted(before.keys() | after.keys())
        found += [Change(id, before.get(id), after.get(id)) for id in ids if before.get(id) != after.get(id)]
    return found


def _numbers(number: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in number.items())
