"""A text with annotations drawn below its lines: nested, crossing and in fragments.

Elements of a page nest and cannot cross. So the text is cut wherever an annotation begins or ends, and each annotation
has a lane of its own below the text, in which its line goes on from piece to piece.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from unicodedata import bidirectional, category

from msgspec import Struct

__all__ = ["GAP", "Mark", "Paragraph", "Piece", "Stroke", "draw", "visible"]

GAP = 240
"""Characters that a line between two fragments may go across; wider gaps are left open."""

TAG_WIDTH = 0.62
"""The width of a tag's character, in characters of the text."""

STEERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of characters that turn the text about them."""


class Mark(Struct, frozen=True):
    """One annotation, as far as it is drawn."""

    number: int
    style: int
    """Number of its label in the legend."""
    tag: str
    ranges: tuple[tuple[int, int], ...]
    """Its fragments; in order, within the text, none of them empty."""


class Stroke(Struct, frozen=True):
    """A mark's line, from where it is opened to where it is closed."""

    mark: int
    style: int
    lane: int
    tag: str = ""
    """At the beginning of each fragment."""
    first: bool = False
    """Whether the mark begins here."""
    gap: bool = False
    """Whether this is the line between two fragments."""


class Piece(Struct, frozen=True):
    """Characters between two cuts, with the strokes that open before them and how many close behind them."""

    text: str
    opens: tuple[Stroke, ...] = ()
    closes: int = 0
    control: str = ""
    """What a character that would steer the display is called."""


class Paragraph(Struct, frozen=True):
    """One line of the text with its line end, and how many lanes run below it."""

    pieces: tuple[Piece, ...]
    lanes: int
    blank: bool = False


class _Run(Struct, frozen=True):
    """A stroke with its place: half-open, in code points of the text."""

    start: int
    end: int
    stroke: Stroke


def draw(text: str, marks: Iterable[Mark]) -> tuple[Paragraph, ...]:
    """The text, cut and marked; the pieces' texts in a row are the text.

    Args:
        marks: in the order in which they take their lanes, the first nearest to the text.
    """
    runs = sorted(_runs(marks), key=lambda run: (run.start, -run.stroke.lane))
    ends = [match.end() for match in re.finditer(r"\r\n|\n|\r(?!\n)", text)]
    borders = sorted({0, len(text), *ends})
    paragraphs = []
    at = 0
    going: list[_Run] = []
    for start, end in pairwise(borders):
        going = [run for run in going if run.end > start]
        while at < len(runs) and runs[at].start < end:
            going.append(runs[at])
            at += 1
        paragraphs.append(_paragraph(text, start, end, going))
    return tuple(paragraphs)


def visible(character: str) -> str:
    """What a character is called that would steer the display instead of being shown; nothing for all others."""
    steers = bidirectional(character) in STEERING or (category(character) == "Cc" and character not in "\r\n\t")
    return f"U+{ord(character):04X}" if steers else ""


def _runs(marks: Iterable[Mark]) -> Iterator[_Run]:
    """The lines of all marks, each in the first lane that is free where it goes, its tag included."""
    lanes: list[list[tuple[int, int]]] = []
    for mark in marks:
        parts = list(_parts(mark))
        taken = [(start, max(end, start + _width(tag))) for start, end, tag, _ in parts]
        lane = next((n for n, lane in enumerate(lanes) if all(_free(lane, *one) for one in taken)), len(lanes))
        if lane == len(lanes):
            lanes.append([])
        for one in taken:
            insort(lanes[lane], one)
        for n, (start, end, tag, gap) in enumerate(parts):
            yield _Run(start, end, Stroke(mark.number, mark.style, lane, tag, first=n == 0, gap=gap))


def _parts(mark: Mark) -> Iterator[tuple[int, int, str, bool]]:
    """Start, end, tag of each fragment and whether it is a gap that is drawn."""
    many = len(mark.ranges)
    for n, (start, end) in enumerate(mark.ranges, 1):
        yield start, end, mark.tag if many == 1 else f"{mark.tag} {n}/{many}", False
        if n < many and 0 < mark.ranges[n][0] - end <= GAP:
            yield end, mark.ranges[n][0], "", True


def _width(tag: str) -> int:
    return int(len(tag) * TAG_WIDTH) + 1 if tag else 0


def _free(lane: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether nothing in a lane, which is ordered, meets a range. What touches it may stand there."""
    n = bisect_left(lane, start, key=lambda one: one[0])
    return (n == len(lane) or lane[n][0] >= end) and (n == 0 or lane[n - 1][1] <= start)


def _paragraph(text: str, start: int, end: int, runs: Sequence[_Run]) -> Paragraph:
    """One line of the text; runs that go on beyond it are cut at its ends."""
    pieces = tuple(_pieces(text, start, end, runs))
    lanes = max((run.stroke.lane + 1 for run in runs), default=0)
    return Paragraph(pieces, lanes, blank=not text[start:end].strip())


def _pieces(text: str, start: int, end: int, runs: Sequence[_Run]) -> Iterator[Piece]:
    cuts = {start, end, *(run.start for run in runs), *(run.end for run in runs)}
    cuts.update(place for n in range(start, end) if visible(text[n]) for place in (n, n + 1))
    borders = sorted(cut for cut in cuts if start <= cut <= end)
    stacks = [(), *_stacks(borders, runs), ()]
    for n, (here, there) in enumerate(pairwise(borders), 1):
        before, stack, after = stacks[n - 1 : n + 2]
        yield Piece(
            text[here:there],
            opens=tuple(_at(run, here) for run in stack[_shared(before, stack) :]),
            closes=len(stack) - _shared(stack, after),
            control=visible(text[here]) if there - here == 1 else "",
        )


def _stacks(borders: Sequence[int], runs: Sequence[_Run]) -> Iterator[tuple[_Run, ...]]:
    """The runs of each piece, the outermost first."""
    waiting = sorted(runs, key=lambda run: run.start, reverse=True)
    going: list[_Run] = []
    for here in borders[:-1]:
        going = [run for run in going if run.end > here]
        while waiting and waiting[-1].start <= here:
            going.append(waiting.pop())
        yield tuple(sorted(going, key=lambda run: (-run.stroke.lane, run.start)))


def _shared(one: Sequence[_Run], other: Sequence[_Run]) -> int:
    """How many runs two neighbours have in common from the outermost on: these stay open between them."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a is not b), min(len(one), len(other)))


def _at(run: _Run, here: int) -> Stroke:
    """A run's stroke where it is opened: only at its beginning it has a tag, and is the first."""
    stroke = run.stroke
    return stroke if run.start == here else Stroke(stroke.mark, stroke.style, stroke.lane, gap=stroke.gap)
