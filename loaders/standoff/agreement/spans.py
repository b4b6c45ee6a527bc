"""Spans: which of one annotator's is which of another's, and how many both have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from standoff.agreement.assignment import assign
from standoff.agreement.measure import f1
from standoff.errors import UsageError
from standoff.match import overlap as share_of_union
from standoff.model import Annotation, Span

__all__ = ["HALF", "Item", "Marked", "pairs", "ranges", "span_f1"]

HALF = 0.5
"""The overlap from which two spans count as partly the same: the shared part of what either covers."""

Item: TypeAlias = tuple[int, int] | tuple[int, int, Hashable] | Annotation
"""(start, end), (start, end, label), or an annotation, all of whose fragments are one item."""


class Marked(Struct, frozen=True):
    """An annotation and the label by which it must agree; the same for all where labels do not matter."""

    annotation: Annotation
    label: Hashable


def span_f1(a: Iterable[Item], b: Iterable[Item], overlap: float | None = None) -> float | None:
    """F1 of two annotators' spans; None where neither marked any. Labels, where given, must be equal.

    Args:
        overlap: None for spans with exactly the same boundaries; else the least shared part of what either covers, the
            spans being paired one to one so that most find a partner.

    Source: Hripcsak and Rothschild 2005, Agreement, the F-measure, and reliability in information retrieval: for spans
    the F-measure is what kappa tends to, as the number of true negatives is unknown.
    """
    if overlap is not None and not 0 < overlap <= 1:
        raise UsageError(f"overlap is {overlap!r}; expected None, or a share above 0 and up to 1")
    first, second = [_marked(item) for item in a], [_marked(item) for item in b]
    if overlap is None:
        shared = sum((Counter(map(_exact, first)) & Counter(map(_exact, second))).values())
    else:
        shared = len(pairs(first, second, overlap))
    return f1(shared, len(first), len(second))


def _marked(item: Item) -> Marked:
    if isinstance(item, Annotation):
        return Marked(item, item.label)
    start, end, *label = item
    return Marked(Annotation("", "", "", (Span(start, end, ""),)), label[0] if label else None)


def _exact(marked: Marked) -> tuple[Any, ...]:
    return (marked.label, ranges(marked.annotation))


def ranges(annotation: Annotation) -> tuple[tuple[int, int], ...]:
    """Where an annotation's fragments begin and end."""
    return tuple((span.start, span.end) for span in annotation.spans)


def pairs(first: Sequence[Marked], second: Sequence[Marked], least: float = HALF) -> tuple[tuple[int, int], ...]:
    """The one-to-one pairs (places in the first, in the second) of spans that overlap by the least share or more.

    They are as many as there can be; of such pairings the one with most overlap; where that leaves a choice, equal
    annotation labels, equal attributes and equal places in their order decide.
    """
    many = 1 + len(first) + len(second)
    gains: dict[tuple[int, int], float] = {}
    order = sorted(range(len(second)), key=lambda m: ranges(second[m].annotation))
    longest = max((_end(one.annotation) - _start(one.annotation) for one in second), default=0)
    starts = [_start(second[m].annotation) for m in order]
    for n, one in enumerate(first):
        for m in _near(order, starts, one.annotation, longest):
            other = second[m]
            share = share_of_union(one.annotation, other.annotation) if one.label == other.label else 0.0
            if share >= least:
                gains[n, m] = many + share + _likeness(one.annotation, other.annotation) - 1e-9 * abs(n - m) / many
    return assign(gains)


def _likeness(one: Annotation, other: Annotation) -> float:
    """A little where labels and attributes are equal: it decides between pairings, and never against an overlap."""
    names = {*one.attributes, *other.attributes}
    equal = sum(one.attributes.get(name) == other.attributes.get(name) for name in names)
    return 1e-6 * (one.label == other.label) + 1e-7 * (equal / len(names) if names else 1)


def _near(order: Sequence[int], starts: Sequence[int], one: Annotation, longest: int) -> Iterable[int]:
    """Those that may overlap: none that begins behind the end, or so far ahead that even the longest is over."""
    from bisect import bisect_left

    return order[bisect_left(starts, _start(one) - longest) : bisect_left(starts, _end(one))]


def _start(annotation: Annotation) -> int:
    return annotation.spans[0].start


def _end(annotation: Annotation) -> int:
    return annotation.spans[-1].end
