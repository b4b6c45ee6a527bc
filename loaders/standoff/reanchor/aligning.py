"""Which pieces of an old text stand where in a new one. What is ambiguous is in no piece.

The old text itself need not be known: its traces will do, such as salted hashes of its sentences.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from standoff.model import Document
from standoff.text import Alignment, inside_word

__all__ = ["Piece", "Traces", "align", "by_raw", "known_text"]


class Piece(Struct, frozen=True, order=True):
    """The old text's [start:end] stands at `to` in the new one."""

    start: int
    end: int
    to: int

    @property
    def shift(self) -> int:
        """How far it moved."""
        return self.to - self.start


class Traces(Struct, frozen=True):
    """What is known of an old text, held against a new one. All offsets are code points."""

    units: tuple[tuple[int, int], ...]
    """Ranges of the old text, in order and apart, each of which is there or not: words, or sentences."""
    length: int
    """Of the old text."""
    text: str
    """The new one."""
    stands: Callable[[int, int, int], bool]
    """Whether the words of the old [start:end] stand at a place of the new text."""
    places: Callable[[int, int], Sequence[int]]
    """All places of the new text where these words stand, without parting a word that was not parted."""
    times: Callable[[int, int], int]
    """How often they stood in the old text."""


def known_text(old: str, new: str) -> Traces:
    """The traces of an old text that is known: all its words."""
    borders = [at for at in range(len(old) + 1) if not inside_word(old, at)]

    def stands(start: int, end: int, to: int) -> bool:
        # A word is another one where letters were added to it.
        whole = all(inside_word(new, to + at - start) <= inside_word(old, at) for at in (start, end))
        return new.startswith(old[start:end], to) and whole

    def places(start: int, end: int) -> Sequence[int]:
        return [at for at in _everywhere(new, old[start:end]) if stands(start, end, at)]

    def times(start: int, end: int) -> int:
        whole = {at: inside_word(old, at) for at in (start, end)}
        found = _everywhere(old, old[start:end])
        return sum(all(inside_word(old, at + b - start) <= whole[b] for b in whole) for at in found)

    return Traces(tuple(pairwise(borders)), len(old), new, stands, places, times)


def align(traces: Traces) -> tuple[Piece, ...]:
    """The pieces whose place is beyond doubt.

    A unit claims a place in a run of units that reaches from the beginning of both texts, from their end, or from a
    unit that is once in either, in the order of the others. It has that place if it claims no other one, and no other
    unit claims any of it: of what was repeated, nobody can say which is new.
    """
    units = traces.units
    claims: list[set[int]] = [set() for _ in units]

    def extend(first: int, shift: int, step: int) -> None:
        n = first
        while 0 <= n < len(units):
            start, end = units[n]
            to = start + shift
            if to in claims[n] or to < 0 or not traces.stands(start, end, to):
                return
            claims[n].add(to)
            n += step

    extend(0, 0, 1)
    extend(len(units) - 1, len(traces.text) - traces.length, -1)
    once = []
    for n, (start, end) in enumerate(units):
        if not claims[n] and traces.times(start, end) == 1 and len(found := traces.places(start, end)) == 1:
            once.append((n, found[0]))
    for n, to in _increasing(once):
        extend(n, to - units[n][0], 1)
        extend(n - 1, to - units[n][0], -1)
    return tuple(_joined(_undisputed(units, claims)))


def by_raw(before: Document, after: Document, *, inline: Iterable[str] = ()) -> tuple[Piece, ...]:
    """The pieces of a text from whose raw file, which did not change, other ranges are dropped now."""
    old = Alignment(before.dropped, before.raw_length, inline=tuple(inline))
    new = Alignment(after.dropped, after.raw_length, inline=tuple(inline))
    found = []
    for start, end in old.kept:
        for from_, until in new.kept:
            low, high = max(start, from_), min(end, until)
            if low < high:
                at = old.to_text(low)
                found.append(Piece(at, at + high - low, new.to_text(low)))
    return tuple(found)


def _everywhere(text: str, words: str) -> Iterator[int]:
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of pairs, which are in order by the first, that is in order by the second too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for n, (_, to) in enumerate(pairs):
        at = bisect_left(ends, to)
        before.append(last[at - 1] if at else None)
        ends[at:], last[at:] = [to, *ends[at + 1 :]], [n, *last[at + 1 :]]
    found = []
    n_ = last[-1] if last else None
    while n_ is not None:
        found.append(pairs[n_])
        n_ = before[n_]
    return found[::-1]


def _undisputed(units: Sequence[tuple[int, int]], claims: Sequence[set[int]]) -> Iterator[Piece]:
    """The units that claim one place, any part of which no other claims."""
    claimed = sorted(
        (to, to + end - start, n)
        for n, ((start, end), places) in enumerate(zip(units, claims, strict=True))
        for to in places
    )
    disputed = {n for n, places in enumerate(claims) if len(places) > 1}
    until, holder = 0, -1
    for to, end, n in claimed:
        if to < until:
            disputed |= {n, holder}
        if end > until:
            until, holder = end, n
    for n, ((start, end), places) in enumerate(zip(units, claims, strict=True)):
        if places and n not in disputed:
            yield Piece(start, end, next(iter(places)))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces that touch on both sides as one."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and last.end == piece.start and last.shift == piece.shift:
            last = Piece(last.start, piece.end, last.to)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
