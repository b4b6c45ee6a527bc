"""Offsets in the units that other tools count in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from operator import add
from typing import Literal

from standoff.errors import OffsetError

__all__ = ["Units"]


class Units:
    """The correspondence of one text's code points and its offsets in a foreign unit.

    Args:
        text: the text.
        unit: "utf-16" (code units, as in JavaScript and Java) or "utf-8" (bytes).
    """

    _wide: Sequence[int] = ()
    """Where the characters stand that take more than one foreign unit."""
    _extra: Sequence[int] = (0,)
    """How many more are taken up to each of them, and in all."""

    def __init__(self, text: str, unit: Literal["utf-16", "utf-8"]) -> None:
        self.unit = unit
        self.length = self._code_points = length = len(text)
        """The text's length in the foreign unit."""
        # Not `sys.getsizeof`, which asks for the same and takes four times as long.
        if not (text.isascii() or (unit == "utf-16" and (text.__sizeof__() < 4 * length or _narrow(text)))):
            self._wide, self._extra = _wider(text, unit)
            self.length += self._extra[-1]

    @cached_property
    def _starts(self) -> list[int]:
        """Where the wide characters stand in the foreign unit."""
        return [*map(add, self._wide, self._extra)]

    @cached_property
    def _inside(self) -> frozenset[int]:
        """The foreign offsets inside characters."""
        if self.unit == "utf-16":
            return frozenset([start + 1 for start in self._starts])
        widths = (after - before for before, after in pairwise(self._extra))
        return frozenset(
            start + n for start, width in zip(self._starts, widths, strict=True) for n in range(1, 1 + width)
        )

    def to_foreign(self, offset: int) -> int:
        """The foreign offset of a code point offset, the text's end included.

        Raises:
            OffsetError: the offset is outside the text.
        """
        if not 0 <= offset <= self._code_points:
            raise OffsetError(
                f"offset {offset} is outside [0:{self._code_points}]",
                offset=offset,
                unit="code points",
            )
        return offset + self._extra[bisect_left(self._wide, offset)] if self._wide else offset

    def to_code_points(self, offset: int) -> int:
        """The code point offset of a foreign offset, the text's end included.

        Raises:
            OffsetError: the offset is outside the text, or inside a character, such as half a surrogate pair.
        """
        if not 0 <= offset <= self.length:
            raise OffsetError(f"offset {offset} is outside [0:{self.length}]", offset=offset, unit=self.unit)
        if not self._wide:
            return offset
        before = bisect_left(self._starts, offset)
        if before and offset < self._starts[before - 1] + 1 + self._extra[before] - self._extra[before - 1]:
            raise OffsetError(
                f"{self.unit} offset {offset} is inside the character at {self._wide[before - 1]}",
                offset=offset,
                unit=self.unit,
            )
        return offset - self._extra[before]

    def each_to_code_points(self, offsets: Sequence[int]) -> Sequence[int]:
        """The code point offsets of many: `to_code_points` of each, many times as fast.

        Raises:
            OffsetError: see `to_code_points`; of the first that is wrong.
        """
        # Offsets of a document mostly come in order, and to sort what is in order takes half as long as to ask for its
        # least and greatest.
        ordered = sorted(offsets)
        if ordered and not (ordered[0] >= 0 and ordered[-1] <= self.length):
            return [self.to_code_points(offset) for offset in offsets]
        if not self._wide:
            return offsets
        if not self._inside.isdisjoint(offsets):
            return [self.to_code_points(offset) for offset in offsets]
        starts, extra = self._starts, self._extra
        return [offset - extra[bisect_left(starts, offset)] for offset in offsets]


def _wider(text: str, unit: Literal["utf-16", "utf-8"]) -> tuple[Sequence[int], Sequence[int]]:
    """Where the characters stand that take more than one foreign unit, and how many more are taken up to each."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if unit == "utf-16":
        wide = np.flatnonzero(points > 0xFFFF).tolist()
        return wide, range(len(wide) + 1)
    wide = np.flatnonzero(points > 0x7F)
    points = points[wide]
    more = 1 + (points > 0x7FF).astype(np.int64) + (points > 0xFFFF)
    return wide.tolist(), [0, *np.cumsum(more).tolist()]


def _narrow(text: str) -> bool:
    """Whether no character of a long text is beyond U+FFFF; of short ones nothing is said.

    CPython stores a text with four bytes a character exactly where one is. To look at each takes hundreds of times as
    long. A copy in UTF-8 that is kept beside it counts as well; of a text that was just made there is none yet.
    """
    return len(text) > 200 and (text + " ").__sizeof__() < 3 * len(text) + 100
