"""A corpus and what changed to the corpus that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import structs

from standoff.canon import order
from standoff.diff.values import AnnotationChange, Change, Diff, SetChange
from standoff.errors import UsageError
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Splits
from standoff.schema import parse
from standoff.scheme import Scheme

__all__ = ["apply"]

T = TypeVar("T")


def apply(diff: Diff, a: Corpus) -> Corpus:
    """The corpus `b` of `diff(a, b)`.

    Raises:
        UsageError: `a` does not hold what the diff says that was there.
    """
    scheme = parse(_applied(diff.files, a.scheme.files, "schema")) if diff.files else a.scheme
    sets: dict[str, dict[str, AnnotationSet]] = {change.annotator: {} for change in diff.sets}
    sets[GOLD] = dict(a.gold)
    for (annotator, document), marked in a.sets.items():
        sets.setdefault(annotator, {})[document] = marked
    for change in diff.sets:
        _apply_set(change, sets[change.annotator], scheme)
    gold = sets.pop(GOLD)
    return Corpus(
        scheme=scheme,
        documents=_applied(diff.documents, a.documents, "document"),
        segments=_applied(diff.segments, a.segments, "segments of"),
        entities=_applied(diff.entities, a.entities, "entity"),
        annotators=_applied(diff.annotators, a.annotators, "annotator"),
        sets={(who, id): marked for who, by in sorted(sets.items()) for id, marked in sorted(by.items())},
        gold=dict(sorted(gold.items())),
        decisions=_applied(diff.decisions, a.decisions, "decisions on"),
        policy=_replaced(diff.policy, a.policy),
        splits=Splits(
            _applied(diff.splits, a.splits.splits, "split of"),
            _applied(diff.events, a.splits.events, "event group"),
        ),
        rights=_applied(diff.rights, a.rights, "rights of"),
        withdrawn=_applied(diff.withdrawn, a.withdrawn, "withdrawal of"),
        releases=_replaced(diff.releases, a.releases) or (),
        version=_replaced(diff.version, a.version) or "",
    )


def _replaced(change: Change[T] | None, value: T | None) -> T | None:
    if change is None:
        return value
    _expect(change.old == value, f"{change.id} is {value!r}", f"{change.old!r}")
    return change.new


def _applied(changes: Iterable[Change[T]], values: Mapping[str, T], what: str) -> dict[str, T]:
    found = dict(values)
    for change in changes:
        _expect(found.pop(change.id, None) == change.old, f"{what} {change.id!r} is other", "what the diff begins from")
        if change.new is not None:
            found[change.id] = change.new
    return dict(sorted(found.items()))


def _apply_set(change: SetChange, sets: dict[str, AnnotationSet], scheme: Scheme) -> None:
    place = f"the set of {change.annotator} for {change.document}"
    old = sets.pop(change.document, None)
    found = old.text_sha256 if old else None
    _expect(found == change.old_text, f"{place} has the text {found!r}", f"{change.old_text!r}")
    if change.new_text is None:
        return
    base = old or AnnotationSet(change.document, change.new_text, change.annotator)
    entities = _applied(change.entities, {entity.id: entity for entity in base.entities}, f"{place}: entity")
    sets[change.document] = structs.replace(
        base,
        text_sha256=change.new_text,
        annotations=order(_annotations(change.annotations, base.annotations, place), scheme.layer_names),
        entities=tuple(entities.values()),
    )


def _annotations(
    changes: Iterable[AnnotationChange], annotations: Iterable[Annotation], place: str
) -> Iterable[Annotation]:
    found: dict[str, list[Annotation]] = {}
    for annotation in annotations:
        found.setdefault(annotation.id, []).append(annotation)
    for old in (change.old for change in changes if change.old is not None):
        same = found.get(old.id, [])
        _expect(old in same, f"{place} has not the annotation {old.id!r} as it was", "what the diff begins from")
        same.remove(old)
    yield from (annotation for same in found.values() for annotation in same)
    yield from (change.new for change in changes if change.new is not None)


def _expect(holds: bool, found: str, expected: str) -> None:
    if not holds:
        raise UsageError(f"{found}; expected {expected}: the diff was made from another corpus")
