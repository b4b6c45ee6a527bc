"""How far two ratings are apart: the delta of each level of measurement, already squared where the level squares it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, TypeAlias

import numpy as np

from standoff.agreement.measure import Floats
from standoff.errors import UsageError, nearest

__all__ = ["LEVELS", "Distance", "Level", "distances", "jaccard", "masi", "midranks"]

Distance: TypeAlias = Callable[[Any, Any], float]
Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio", "jaccard", "masi"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio", "jaccard", "masi")


def distances(values: Sequence[Any], level: Level | Distance) -> Floats:
    """The distances between all values, values x values; of level ordinal those between the places 0, 1, 2 ... .

    Ordinal distances depend on how often each value occurs, so that those that count are made by `midranks`.

    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability, section E.

    Raises:
        UsageError: there is no such level, or the values are not of its kind.
    """
    if callable(level):
        return np.array([[level(a, b) for b in values] for a in values], np.float64).reshape(len(values), -1)
    if level == "nominal":
        apart: Floats = 1.0 - np.eye(len(values))
        return apart
    if level == "jaccard" or level == "masi":
        sets = [_set(value, level) for value in values]
        return distances(sets, jaccard if level == "jaccard" else masi)
    if level == "ordinal":
        places = np.arange(len(values), dtype=np.float64)
        return _squared_differences(places)
    if level not in LEVELS:
        known = ", ".join(LEVELS)
        raise UsageError(f"level is {level!r}; expected a distance or one of {known}{nearest(level, LEVELS)}")
    numbers = _numbers(values, level)
    squares = _squared_differences(numbers)
    if level == "interval":
        return squares
    total = np.square(numbers[:, None] + numbers)
    # Two noughts are equal; no other two numbers of a ratio scale add up to nought.
    ratios: Floats = np.divide(squares, total, out=np.zeros_like(squares), where=total != 0)
    return ratios


def _squared_differences(numbers: Floats) -> Floats:
    found: Floats = np.square(numbers[:, None] - numbers)
    return found


def midranks(marginals: Floats) -> Floats:
    """The places of ordered values by how often they and those below occur: the ordinal delta is their distance.

    With n_c how often the value c occurs, (n_c / 2 + n_(c+1) + ... + n_k / 2) is midrank(k) - midrank(c).

    Args:
        marginals: how often each value occurs, along the last axis.

    Source: Krippendorff 2011, section E, ordinal metric.
    """
    found: Floats = np.cumsum(marginals, axis=-1) - marginals / 2
    return found


def jaccard(a: AbstractSet[Any], b: AbstractSet[Any]) -> float:
    """1 - what two sets share of what either holds; two empty sets are equal.

    Source: Jaccard 1912, The distribution of the flora in the alpine zone.
    """
    return 1 - len(a & b) / len(a | b) if a or b else 0.0


def masi(a: AbstractSet[Any], b: AbstractSet[Any]) -> float:
    """1 - J M: J what two sets share of what either holds; M 1 if equal, 2/3 if one holds the other, 1/3 if they
    overlap, 0 if they share nothing.

    Source: Passonneau 2006, Measuring agreement on set-valued items (MASI), section 3.
    """
    if a == b:
        return 0.0
    monotonic = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - (1 - jaccard(a, b)) * monotonic


def _set(value: Any, level: str) -> AbstractSet[Any]:
    if not isinstance(value, AbstractSet):
        raise UsageError(f"rating {value!r} is no set; level {level!r} expects sets")
    return value


def _numbers(values: Sequence[Any], level: str) -> Floats:
    if wrong := [value for value in values if not isinstance(value, (int, float))]:
        raise UsageError(f"rating {wrong[0]!r} is no number; level {level!r} expects numbers")
    return np.array(values, np.float64)
