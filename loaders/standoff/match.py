"""Which annotation of one set is which of another: by id, then by span, then by content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from msgspec import Struct

from standoff.model import Annotation

__all__ = ["Matching", "match", "overlap"]

LEAST_OVERLAP = 0.5
"""Below this share of their union two spans are not taken for one that was moved."""


class Matching(Struct, frozen=True):
    """The pairs of two sets, and what either has alone; all in the order of the first, then of the second set."""

    pairs: tuple[tuple[Annotation, Annotation], ...]
    only_left: tuple[Annotation, ...]
    only_right: tuple[Annotation, ...]


def match(left: Iterable[Annotation], right: Iterable[Annotation]) -> Matching:
    """The one-to-one correspondence of two sets of annotations, within each layer.

    Passes, each over what the ones before have left: the same id; the same ranges and label; the same ranges; the
    same label and words, in the order of the text; the greatest overlap, of at least half the union. Annotations
    without spans: the same id; the same label between the same (already paired) annotations, first in the same
    direction, then in either; the same ends.
    """
    lefts, rights = list(left), list(right)
    partner: dict[int, int] = {}
    free = set(range(len(rights)))

    def pair(key_left: Key, key_right: Key, spanned: bool) -> None:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for n in sorted(free):
            if bool(rights[n].spans) == spanned:
                waiting[rights[n].layer, key_right(rights[n])].append(n)
        for n, annotation in enumerate(lefts):
            if n not in partner and bool(annotation.spans) == spanned:
                found = waiting.get((annotation.layer, key_left(annotation)))
                if found:
                    partner[n] = found.pop(0)
                    free.discard(partner[n])

    def same(key: Key, spanned: bool) -> None:
        pair(key, key, spanned)

    same(lambda a: a.id, True)
    same(lambda a: (a.label, _ranges(a)), True)
    same(_ranges, True)
    same(lambda a: (a.label, tuple(span.quote for span in a.spans)), True)
    for n, m in _overlapping(lefts, rights, partner, free):
        if n not in partner and m in free:
            partner[n] = m
            free.discard(m)
    same(lambda a: a.id, False)
    renamed = {lefts[n].id: rights[m].id for n, m in partner.items()}

    def ends(annotation: Annotation) -> Ends:
        return tuple(sorted(annotation.refs.items()))

    def ends_renamed(annotation: Annotation) -> Ends:
        return tuple(
            (role, tuple(renamed.get(id, f"left {id}") for id in ids)) for role, ids in sorted(annotation.refs.items())
        )

    pair(lambda a: (a.label, ends_renamed(a)), lambda a: (a.label, ends(a)), False)
    pair(lambda a: (a.label, _either_way(ends_renamed(a))), lambda a: (a.label, _either_way(ends(a))), False)
    pair(ends_renamed, ends, False)
    return Matching(
        pairs=tuple((lefts[n], rights[m]) for n, m in sorted(partner.items())),
        only_left=tuple(annotation for n, annotation in enumerate(lefts) if n not in partner),
        only_right=tuple(rights[m] for m in sorted(free)),
    )


def overlap(left: Annotation, right: Annotation) -> float:
    """The characters that two annotations share, as a part of those that either covers (Jaccard); fragments add up."""
    shared = sum(max(0, min(a.end, b.end) - max(a.start, b.start)) for a in left.spans for b in right.spans)
    either = sum(span.end - span.start for span in (*left.spans, *right.spans)) - shared
    return shared / either if either else 0.0


Key = Callable[[Annotation], Hashable]
Ends = tuple[tuple[str, tuple[str, ...]], ...]
"""Roles in order, each with the ids that fill it."""


def _either_way(ends: Ends) -> Hashable:
    return frozenset(id for _, ids in ends for id in ids)


def _ranges(annotation: Annotation) -> Hashable:
    return tuple((span.start, span.end) for span in annotation.spans)


def _overlapping(
    lefts: Sequence[Annotation], rights: Sequence[Annotation], partner: dict[int, int], free: set[int]
) -> list[tuple[int, int]]:
    """Pairs of unpaired annotations of one layer that overlap by half or more, the closest first."""
    found = []
    by_layer: dict[str, list[int]] = defaultdict(list)
    for m in sorted(free, key=lambda m: rights[m].spans[0].start if rights[m].spans else 0):
        if rights[m].spans:
            by_layer[rights[m].layer].append(m)
    for n, annotation in enumerate(lefts):
        if n in partner or not annotation.spans:
            continue
        end = annotation.spans[-1].end
        for m in by_layer[annotation.layer]:
            if rights[m].spans[0].start >= end:
                break
            share = overlap(annotation, rights[m])
            if share >= LEAST_OVERLAP:
                found.append((-share, annotation.label != rights[m].label, n, m))
    return [(n, m) for _, _, n, m in sorted(found)]
