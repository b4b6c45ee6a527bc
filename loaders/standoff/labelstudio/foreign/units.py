"""What the offsets of an export count, by the evidence of all its spans."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Literal

from msgspec import Struct

from standoff.errors import OffsetError, StudioError
from standoff.labelstudio.regions import folded
from standoff.text import Units

__all__ = ["Claim", "Evidence", "Unit", "evidence", "in_code_points"]

Unit = Literal["code points", "utf-16", "utf-8"]

UNITS: tuple[Unit, ...] = ("code points", "utf-16", "utf-8")


class Claim(Struct, frozen=True):
    """What an export says of one span: its offsets, in whatever unit, and the words between them."""

    place: str
    text: str
    """The whole text."""
    start: int
    end: int
    words: str | None = None


class Evidence(Struct, frozen=True):
    """What offsets count, and what says so."""

    unit: Unit
    alike: tuple[Unit, ...]
    """The other units in which every span is the same place."""
    spans: int
    worded: int
    """Spans of which the export gives the words; all stand where they should."""
    deciding: int
    """Those of them whose words do not stand there in some other unit."""

    def __str__(self) -> str:
        alike = f" ({' and '.join(self.alike)} would say the same)" if self.alike else ""
        return (
            f"offsets count {self.unit}{alike}: so {self.worded} of {self.spans} spans stand where their words are, "
            f"{self.deciding} of which would not in another unit"
        )


def evidence(claims: Sequence[Claim]) -> Evidence:
    """The one unit in which the words of every span stand where it says.

    Words are compared without white space, of which Label Studio's copy is not faithful.

    Raises:
        StudioError: no unit fits all spans; or several do, and they mean different places.
    """
    worded = [claim for claim in claims if claim.words is not None]
    ranges = {unit: _ranges(claims, unit) for unit in UNITS}
    fits = {
        unit: [
            _fits(claim, found) for claim, found in zip(claims, ranges[unit], strict=True) if claim.words is not None
        ]
        for unit in UNITS
    }
    fitting = [unit for unit in UNITS if all(fits[unit])]
    if not fitting:
        best = max(UNITS, key=lambda unit: sum(fits[unit]))
        against = worded[fits[best].index(False)]
        counts = ", ".join(f"{sum(fits[unit])} in {unit}" for unit in UNITS)
        raise StudioError(
            f"{against.words!r} is not at [{against.start}:{against.end}] in {best}; of {len(worded)} spans {counts} "
            "have their words where they say: expected one unit that fits all, and the text that was annotated",
            place=against.place,
        )
    for n, claim in enumerate(claims):
        if len({ranges[unit][n] for unit in fitting}) > 1:
            raise StudioError(
                f"[{claim.start}:{claim.end}] is another place in {' than in '.join(fitting)}, and no words of any "
                f"of the {len(claims)} spans tell which is meant",
                place=claim.place,
            )
    deciding = sum(not all(fits[unit][n] for unit in UNITS) for n in range(len(worded)))
    return Evidence(fitting[0], tuple(fitting[1:]), len(claims), len(worded), deciding)


def in_code_points(claim: Claim, unit: Unit) -> tuple[int, int]:
    """The range of a span.

    Raises:
        StudioError: it is outside the text, empty, or inside a character.
    """
    (found,) = _ranges([claim], unit)
    if found is None:
        raise StudioError(
            f"[{claim.start}:{claim.end}] is no range of the text's {len(claim.text)} characters in {unit}",
            place=claim.place,
        )
    return found


def _fits(claim: Claim, found: tuple[int, int] | None) -> bool:
    return found is not None and folded(claim.text[found[0] : found[1]]) == folded(claim.words or "")


def _ranges(claims: Sequence[Claim], unit: Unit) -> list[tuple[int, int] | None]:
    """The range of each span; None where it is outside the text, empty, or inside a character."""
    found: list[tuple[int, int] | None] = []
    for text, of in groupby(claims, key=lambda claim: claim.text):
        told = [(claim.start, claim.end) for claim in of]
        if unit != "code points":
            told = _converted(_units(text, unit), told)
        found += [(start, end) if 0 <= start < end <= len(text) else None for start, end in told]
    return found


def _converted(units: Units, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in code points; of one that is none, an empty one."""
    try:
        edges = iter(units.each_to_code_points([*chain.from_iterable(ranges)]))
    except OffsetError:
        return [_converted(units, [one])[0] for one in ranges] if len(ranges) > 1 else [(0, 0)]
    return [*zip(edges, edges, strict=True)]


@lru_cache(maxsize=8)
def _units(text: str, unit: Literal["utf-16", "utf-8"]) -> Units:
    return Units(text, unit)
