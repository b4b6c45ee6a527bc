"""Plots as shapes with their places, in units of a pixel; the template writes them down as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

__all__ = ["Bar", "Plot", "Scatter", "bars", "shares", "whiskers"]

ROW = 22
CHARACTER = 7.1
"""Width of a character of the plots' type; a little more than most have."""
LONGEST = 26
WIDTH = 520


class Bar(Struct, frozen=True):
    """A bar with its words."""

    name: str
    count: int
    style: int | None
    x: float
    y: float
    width: float
    height: float
    share: str = ""
    tint: int = 0
    """Which of a row of tints it has, where it has no label's colour."""

    @property
    def short(self) -> str:
        """Its name, cut where it would run out of its column."""
        return self.name if len(self.name) <= LONGEST else f"{self.name[: LONGEST - 1]}…"


class Plot(Struct, frozen=True):
    """Bars, and the size of the drawing."""

    bars: tuple[Bar, ...]
    width: float
    height: float
    left: float = 0.0


class Scatter(Struct, frozen=True):
    """A number between -1 and 1 with its interval, on a line."""

    width: float
    zero: float
    x: float
    low: float | None
    high: float | None


def bars(counts: Sequence[tuple[str, int, int | None]]) -> Plot:
    """A bar for each name, beside one another in length.

    Args:
        counts: name, count, number of the label in the legend.
    """
    left = CHARACTER * min(LONGEST, max((len(name) for name, _, _ in counts), default=0)) + 12
    most = max((count for _, count, _ in counts), default=0) or 1
    room = WIDTH - left - 48
    total = sum(count for _, count, _ in counts) or 1
    drawn = tuple(
        Bar(
            name,
            count,
            style,
            round(left, 1),
            n * ROW + 4,
            round(room * count / most, 1),
            ROW - 8,
            _share(count, total),
        )
        for n, (name, count, style) in enumerate(counts)
    )
    return Plot(drawn, WIDTH, len(counts) * ROW, round(left - 8, 1))


def shares(counts: Sequence[tuple[str, int]]) -> Plot:
    """One bar that is parted as its values are."""
    total = sum(count for _, count in counts) or 1
    drawn = []
    at = 0.0
    for n, (name, count) in enumerate(counts):
        width = WIDTH * count / total
        drawn.append(Bar(name, count, None, round(at, 1), 0, round(width, 1), 14, _share(count, total), n % 6))
        at += width
    return Plot(tuple(drawn), WIDTH, 14)


def whiskers(value: float, interval: tuple[float, float] | None) -> Scatter:
    """A number on a line from -0.2 to 1; what lies below stands at its left end."""
    width, edge, low, high = 160.0, 5.0, -0.2, 1.0

    def place(number: float) -> float:
        return round(edge + (width - 2 * edge) * (min(high, max(low, number)) - low) / (high - low), 1)

    ends = (place(interval[0]), place(interval[1])) if interval else (None, None)
    return Scatter(width, place(0), place(value), *ends)


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.0f} %"
