"""Krippendorff's alpha for unitizing: whether annotators cut the same units out of a continuum."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from standoff.agreement.measure import Floats
from standoff.errors import UsageError

__all__ = ["Disagreement", "Unit", "apart", "disagreements", "unitizing_alpha"]

Unit: TypeAlias = tuple[int, int, Hashable]
"""Where a unit begins, where it ends (half-open), and its category."""


class Disagreement(Struct, frozen=True):
    """The disagreement of one category in one continuum, in squared units of length per unit of length squared."""

    observed: float
    expected: float


def unitizing_alpha(units: Sequence[Iterable[Unit]], length: int, *, begin: int = 0) -> float | None:
    """alpha_U of all categories together; None where no category was marked, or nothing but one unit could be.

    Args:
        units: for each annotator its units.
        length: of the continuum, such as a text's characters.
        begin: where the continuum begins.

    Source: Krippendorff 2004, Measuring the reliability of qualitative text analysis data (and Content Analysis,
    section 11.6), eqs. 10 to 12; first in Krippendorff 1995.
    """
    found = disagreements(units, length, begin=begin).values()
    expected = sum(each.expected for each in found)
    return 1 - sum(each.observed for each in found) / expected if expected else None


def disagreements(units: Sequence[Iterable[Unit]], length: int, *, begin: int = 0) -> dict[Hashable, Disagreement]:
    """Observed and expected disagreement of each category.

    Units of one category by one annotator that overlap, as nested ones do, are told apart by depth: alpha_U has no
    place for two units of one annotator at one point.

    Raises:
        UsageError: a unit is empty or lies outside the continuum, or there are fewer than two annotators.
    """
    if len(units) < 2:
        raise UsageError(f"there are the units of {len(units)} annotators; expected two or more")
    by_category: dict[Hashable, list[list[tuple[int, int]]]] = {}
    for annotator, marked in enumerate(units):
        for start, end, category in _by_depth(marked):
            if not begin <= start < end <= begin + length:
                raise UsageError(f"unit [{start}:{end}] must hold something and lie within [{begin}:{begin + length}]")
            by_category.setdefault(category, [[] for _ in units])[annotator].append((start, end))
    return {
        category: Disagreement(_observed(found, length), _expected(found, length, begin))
        for category, found in by_category.items()
    }


def _by_depth(units: Iterable[Unit]) -> Iterable[Unit]:
    """The units with their category and depth: how many units of that category reach over their beginning."""
    ends: dict[Hashable, list[int]] = {}
    for start, end, category in sorted(units, key=lambda unit: (unit[0], -unit[1])):
        tracks = ends.setdefault(category, [])
        depth = next((n for n, until in enumerate(tracks) if until <= start), len(tracks))
        tracks[depth : depth + 1] = [end]
        yield start, end, (category, depth)


def apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    """The distance of two units, (beginning, length): the squares of how far their beginnings and their ends differ.

    Source: Krippendorff 2004, eq. 10, the case of overlapping units.
    """
    return (one[0] - other[0]) ** 2 + (sum(one) - sum(other)) ** 2


def _observed(units: Sequence[Sequence[tuple[int, int]]], length: int) -> float:
    """Krippendorff 2004, eq. 11. Two units that overlap are as far apart as their ends; a unit of which the other
    annotator has nothing is its length squared away."""
    total = 0.0
    for n, mine in enumerate(units):
        for m, theirs in enumerate(units):
            if n == m or not mine:
                continue
            own, other = (np.array(each, np.float64).reshape(-1, 2) for each in (mine, theirs))
            overlapping = (own[:, None, 0] < other[None, :, 1]) & (other[None, :, 0] < own[:, None, 1])
            total += float((np.square(own[:, None] - other[None]).sum(axis=2) * overlapping).sum())
            # Counted from both sides: a unit in a gap, and a gap around a unit.
            total += 2 * float(np.square(own[~overlapping.any(axis=1)] @ [-1.0, 1.0]).sum())
    annotators = len(units)
    return total / (annotators * (annotators - 1) * length**2)


def _expected(units: Sequence[Sequence[tuple[int, int]]], length: int, begin: int) -> float:
    """Krippendorff 2004, eq. 12: over all ways in which the units and gaps could lie in the continuum."""
    lengths = np.array([end - start for marked in units for start, end in marked], np.float64)
    gaps = np.array([gap for marked in units for gap in _gaps(marked, length, begin)], np.float64)
    room: Floats = np.where(gaps[None] >= lengths[:, None], gaps[None] - lengths[:, None] + 1, 0).sum(axis=1)
    between = (len(lengths) - 1) / 3 * (2 * lengths**3 - 3 * lengths**2 + lengths)
    everywhere = len(units) * length
    ways = everywhere * (everywhere - 1) - float((lengths * (lengths - 1)).sum())
    return 2 / length * float((between + lengths**2 * room).sum()) / ways if ways else 0.0


def _gaps(marked: Sequence[tuple[int, int]], length: int, begin: int) -> Iterable[int]:
    at = begin
    for start, end in sorted(marked):
        if start > at:
            yield start - at
        at = end
    if at < begin + length:
        yield begin + length - at
