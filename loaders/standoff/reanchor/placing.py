"""Where a span stands in a text that changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from standoff.reanchor.aligning import Piece, Traces
from standoff.text import inside_word

__all__ = ["CHANGED_INSIDE", "OTHER_WORDS", "Place", "place"]

OTHER_WORDS = "has other words now"
CHANGED_INSIDE = "has another length now: its text changed inside"
"""Why a span has no place whose words may stand in the new text with other white space between them."""


class Place(Struct, frozen=True):
    """Where a span stands now; or why that cannot be said, and where its words stand that may be meant."""

    to: int | None
    why: str = ""
    candidates: tuple[int, ...] = ()


def place(start: int, end: int, pieces: Sequence[Piece], traces: Traces, *, loose: bool = True) -> Place:
    """Where the old text's [start:end] stands in the new one: with the piece that it begins or ends in.

    A span in no piece stands where its words do if they stood once in all that changed, and do so now, between the
    same pieces.

    Args:
        pieces: in order.
        loose: whether a span in no piece may be anywhere at all; not so where all of the text is known to be kept in
            pieces, or gone.
    """
    head, tail = _around(start, pieces), _around(end - 1, pieces)
    if head is None and tail is None:
        return _loose(start, end, pieces, traces) if loose else Place(None, "is no part of the text any more")
    starts = {piece.shift + start for piece in (head, tail) if piece is not None}
    to = starts.pop()
    if starts:
        return Place(None, CHANGED_INSIDE)
    if not traces.stands(start, end, to):
        return Place(None, OTHER_WORDS)
    open_ = [at for at, piece in ((to, head), (to + end - start, tail)) if piece is None]
    if any(inside_word(traces.text, at) for at in open_):
        return Place(None, "begins or ends inside a word now")
    return Place(to)


def _loose(start: int, end: int, pieces: Sequence[Piece], traces: Traces) -> Place:
    length = end - start
    by_place = sorted(pieces, key=lambda piece: piece.to)
    starts = [piece.to for piece in by_place]

    def kept(to: int) -> bool:
        n = bisect_right(starts, to) - 1
        return n >= 0 and to + length <= by_place[n].to + by_place[n].end - by_place[n].start

    everywhere = traces.places(start, end)
    left = tuple(to for to in everywhere if not kept(to))
    before = traces.times(start, end) - (len(everywhere) - len(left))
    if not left:
        return Place(None, OTHER_WORDS)
    n = bisect_right(pieces, start, key=lambda piece: piece.start)
    low = pieces[n - 1].end + pieces[n - 1].shift if n else 0
    high = pieces[n].to if n < len(pieces) else len(traces.text)
    if before == len(left) == 1 and low <= left[0] and left[0] + length <= high:
        return Place(left[0])
    which = ": which of them it is, nobody can say" if before > len(left) == 1 else ""
    said = f"stood {_times(before)} in what changed, and stands there {_times(len(left))} now{which}"
    return Place(None, said, left)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _around(at: int, pieces: Sequence[Piece]) -> Piece | None:
    """The piece that an offset of the old text is in."""
    n = bisect_right(pieces, at, key=lambda piece: piece.start) - 1
    return pieces[n] if n >= 0 and at < pieces[n].end else None
