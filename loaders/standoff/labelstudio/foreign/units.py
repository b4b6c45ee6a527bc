"""What the offsets of an export count, by the evidence of all its spans."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    fits = {unit: [_fits(claim, unit) for claim in worded] for unit in UNITS}
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
    for claim in claims:
        if len({_range(claim, unit) for unit in fitting}) > 1:
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
    found = _range(claim, unit)
    if found is None:
        raise StudioError(
            f"[{claim.start}:{claim.end}] is no range of the text's {len(claim.text)} characters in {unit}",
            place=claim.place,
        )
    return found


def _fits(claim: Claim, unit: Unit) -> bool:
    found = _range(claim, unit)
    return found is not None and folded(claim.text[found[0] : found[1]]) == folded(claim.words or "")


def _range(claim: Claim, unit: Unit) -> tuple[int, int] | None:
    start, end = claim.start, claim.end
    if unit != "code points":
        units = _units(claim.text, unit)
        try:
            start, end = units.to_code_points(start), units.to_code_points(end)
        except OffsetError:
            return None
    return (start, end) if 0 <= start < end <= len(claim.text) else None


@lru_cache(maxsize=8)
def _units(text: str, unit: Literal["utf-16", "utf-8"]) -> Units:
    return Units(text, unit)
