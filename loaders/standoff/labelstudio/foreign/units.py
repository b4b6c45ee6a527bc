"""What the offsets of an export count, by the evidence of all its spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, combinations, groupby
from typing import Literal

from msgspec import Struct

from standoff.errors import OffsetError, StudioError
from standoff.labelstudio.regions import folded
from standoff.units import Units

__all__ = ["Claim", "Evidence", "Survey", "Unit", "added", "evidence", "in_code_points", "judged", "survey"]

Unit = Literal["code points", "utf-16", "utf-8"]

UNITS: tuple[Unit, ...] = ("code points", "utf-16", "utf-8")

_SEVERAL = [units for count in (2, 3) for units in combinations(UNITS, count)]


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


class Seen(Struct, frozen=True, order=True):
    """A span that tells against something, and where in the export it stands."""

    number: int
    place: str
    start: int
    end: int
    words: str | None = None


class Survey(Struct, frozen=True):
    """What some of the spans of an export say of the unit; surveys of all of them add up."""

    spans: int = 0
    worded: int = 0
    deciding: int = 0
    fits: dict[str, int] = {}
    """Unit -> the spans whose words stand there."""
    against: dict[str, Seen] = {}
    """Unit -> the first span whose words do not stand there."""
    apart: dict[str, Seen] = {}
    """Several units, told by commas -> the first span that is not the same place in all of them."""


def evidence(claims: Sequence[Claim]) -> Evidence:
    """The one unit in which the words of every span stand where it says.

    Words are compared without white space, of which Label Studio's copy is not faithful.

    Raises:
        StudioError: no unit fits all spans; or several do, and they mean different places.
    """
    return judged(survey(claims, range(len(claims))))


def survey(claims: Sequence[Claim], numbers: Sequence[int]) -> Survey:
    """What spans say of the unit.

    Args:
        numbers: what tells which of two spans stands first in the export.
    """
    ranges = {unit: _ranges(claims, unit) for unit in UNITS}
    fits: dict[str, int] = dict.fromkeys(UNITS, 0)
    against: dict[str, Seen] = {}
    apart: dict[str, Seen] = {}
    worded = deciding = 0
    for n, (claim, number) in enumerate(zip(claims, numbers, strict=True)):
        seen = Seen(number, claim.place, claim.start, claim.end, claim.words)
        for units in _SEVERAL:
            if len({ranges[unit][n] for unit in units}) > 1:
                apart.setdefault(",".join(units), seen)
        if claim.words is None:
            continue
        fitting = [unit for unit in UNITS if _fits(claim, ranges[unit][n])]
        worded += 1
        deciding += len(fitting) < len(UNITS)
        for unit in UNITS:
            if unit in fitting:
                fits[unit] += 1
            else:
                against.setdefault(unit, seen)
    return Survey(len(claims), worded, deciding, fits, against, apart)


def added(surveys: Iterable[Survey]) -> Survey:
    """What several surveys say together."""
    spans = worded = deciding = 0
    fits: dict[str, int] = dict.fromkeys(UNITS, 0)
    against: dict[str, Seen] = {}
    apart: dict[str, Seen] = {}
    for one in surveys:
        spans, worded, deciding = spans + one.spans, worded + one.worded, deciding + one.deciding
        for unit, count in one.fits.items():
            fits[unit] += count
        for found, of in ((against, one.against), (apart, one.apart)):
            for key, seen in of.items():
                found[key] = min(found.get(key, seen), seen, key=lambda it: it.number)
    return Survey(spans, worded, deciding, fits, against, apart)


def judged(found: Survey) -> Evidence:
    """The unit that a survey of all spans of an export tells.

    Raises:
        StudioError: as `evidence`.
    """
    fitting = tuple(unit for unit in UNITS if unit not in found.against)
    if not fitting:
        best = max(UNITS, key=lambda unit: found.fits.get(unit, 0))
        against = found.against[best]
        counts = ", ".join(f"{found.fits.get(unit, 0)} in {unit}" for unit in UNITS)
        raise StudioError(
            f"{against.words!r} is not at [{against.start}:{against.end}] in {best}; of {found.worded} spans {counts} "
            "have their words where they say: expected one unit that fits all, and the text that was annotated",
            place=against.place,
        )
    if (seen := found.apart.get(",".join(fitting))) is not None:
        raise StudioError(
            f"[{seen.start}:{seen.end}] is another place in {' than in '.join(fitting)}, and no words of any "
            f"of the {found.spans} spans tell which is meant",
            place=seen.place,
        )
    return Evidence(fitting[0], fitting[1:], found.spans, found.worded, found.deciding)


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
