"""Agreement corrected for chance by how often the annotators use each category: kappa, pi and their relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from standoff.agreement.distances import Distance
from standoff.agreement.encoding import Codes, counts_of, encode
from standoff.agreement.measure import Floats, Measure, excluded
from standoff.errors import UsageError, nearest

__all__ = [
    "Weights",
    "ac1_measure",
    "brennan_prediger",
    "cohen_kappa",
    "confusion",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "highest_kappa",
    "kappa_measure",
    "scott_pi",
]

Weights: TypeAlias = Literal["linear", "quadratic"] | Sequence[Sequence[float]] | Floats | Distance | None
"""How grave a disagreement is: nothing where all are equally grave; by the distance of the categories' places, or its
square; a matrix over the categories in their order; or a function of two categories. Agreement weighs nought."""

ONE_CATEGORY = "one category only"
NO_UNIT = "no unit has ratings of two annotators"


def cohen_kappa(a: Sequence[Any], b: Sequence[Any], weights: Weights = None) -> float | None:
    """Cohen's kappa of two annotators: 1 - observed / expected disagreement, each with categories of its own frequency.

    Args:
        a, b: a rating for each unit; None or NaN where missing.
        weights: see `Weights`.

    Source: Cohen 1960, A coefficient of agreement for nominal scales, eq. 1; with weights Cohen 1968, eq. 9.
    """
    return kappa_measure(a, b, weights).value


def scott_pi(a: Sequence[Any], b: Sequence[Any]) -> float | None:
    """Scott's pi of two annotators: as kappa, with the categories' frequencies taken from both together.

    Source: Scott 1955, Reliability of content analysis: the case of nominal scale coding, p. 323.
    """
    return kappa_measure(a, b, pooled=True).value


def kappa_measure(a: Sequence[Any], b: Sequence[Any], weights: Weights = None, *, pooled: bool = False) -> Measure:
    """Kappa, or with pooled frequencies pi; with what it rests on and why it is undefined."""
    coded = encode(_rows(a, b))
    table = confusion(coded)
    left_out = excluded([("not rated by both", coded.codes.shape[1] - int(table.sum()))])
    weighed = _weights(coded.values, weights)
    units = int(table.sum())
    if not units:
        return Measure(value=None, reason=NO_UNIT, annotators=2, excluded=left_out)
    shares = table / units
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    if pooled:
        first = second = (first + second) / 2
    expected = float(first @ weighed @ second)
    value = 1 - float((weighed * shares).sum()) / expected if expected else None
    reason = "" if expected else ONE_CATEGORY
    return Measure(value=value, reason=reason, units=units, annotators=2, pairs=1, excluded=left_out)


def highest_kappa(a: Sequence[Any], b: Sequence[Any]) -> float | None:
    """The highest kappa that two annotators could reach with the frequencies that they have.

    Source: Cohen 1960, eq. 4.
    """
    table = confusion(encode(_rows(a, b)))
    if not table.sum():
        return None
    shares = table / table.sum()
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(first @ second)
    return (float(np.minimum(first, second).sum()) - expected) / (1 - expected) if expected < 1 else None


def _rows(a: Sequence[Any], b: Sequence[Any]) -> Any:
    if len(a) != len(b):
        raise UsageError(f"annotators have {len(a)} and {len(b)} ratings; expected equally many units")
    return [a, b]


def confusion(coded: Codes) -> Floats:
    """How often the first annotator's value c meets the second's k: values x values."""
    first, second = coded.codes.astype(np.int64)
    both = (first > 0) & (second > 0)
    size = len(coded.values)
    cells = np.bincount((first[both] - 1) * size + second[both] - 1, minlength=size * size)
    return cells.reshape(size, size).astype(np.float64)


def _weights(values: Sequence[Any], weights: Weights) -> Floats:
    size = len(values)
    places = np.arange(size, dtype=np.float64)
    if weights is None:
        return 1.0 - np.eye(size)
    if callable(weights):
        return np.array([[weights(c, k) for k in values] for c in values], np.float64).reshape(size, size)
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            guess = nearest(weights, ("linear", "quadratic"))
            raise UsageError(f"weights are {weights!r}; expected 'linear', 'quadratic' or a matrix{guess}")
        apart = np.abs(places[:, None] - places)
        return apart if weights == "linear" else np.square(apart)
    matrix = np.asarray(weights, np.float64)
    if matrix.shape != (size, size) or np.diagonal(matrix).any():
        raise UsageError(
            f"weights have the shape {matrix.shape}; expected {size} x {size} for the categories {list(values)!r}, "
            "with noughts on the diagonal"
        )
    return matrix


def fleiss_kappa(counts: Any) -> float | None:
    """Fleiss' kappa: the agreement of any number of annotators, who need not be the same for each unit.

    Args:
        counts: units x categories: how many annotators put the unit into the category. Where units have different
            numbers of ratings each weighs the same; the chance of a category is the mean of its shares.

    Source: Fleiss 1971, Measuring nominal scale agreement among many raters, eqs. 1 to 7; with missing ratings
    Gwet 2014, Handbook of Inter-Rater Reliability, section 2.3.
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 2:
        raise UsageError(f"counts have {table.ndim} dimensions; expected units x categories")
    return _corrected(_observed(table), float(np.square(_shares(table)).sum()))


def gwet_ac1(ratings: Any) -> float | None:
    """Gwet's AC1: agreement that one prevalent category does not depress.

    Args:
        ratings: annotators x units; None or NaN where missing.

    Source: Gwet 2008, Computing inter-rater reliability and its variance in the presence of high agreement, eq. 5;
    with missing ratings Gwet 2014, section 2.3.
    """
    return ac1_measure(ratings).value


def ac1_measure(ratings: Any) -> Measure:
    """AC1 with what it rests on and why it is undefined."""
    coded = encode(ratings)
    table = counts_of(coded)
    categories = table.shape[1]
    shares = _shares(table)
    chance = float((shares * (1 - shares)).sum()) / (categories - 1) if categories > 1 else 1.0
    value = _corrected(_observed(table), chance)
    rated = table.sum(axis=1)
    units = int((rated > 1).sum())
    return Measure(
        value=value,
        reason="" if value is not None else ONE_CATEGORY if units else NO_UNIT,
        units=units,
        annotators=len(coded.codes),
        excluded=excluded([("rated by one annotator only", int((rated == 1).sum()))]),
    )


def brennan_prediger(ratings: Any) -> float | None:
    """Agreement corrected as if all categories that occur were equally likely: S, also Randolph's free-marginal kappa.

    Source: Bennett, Alpert and Goldstein 1954, p. 307; Brennan and Prediger 1981, eq. 12.
    """
    table = counts_of(encode(ratings))
    return _corrected(_observed(table), 1 / table.shape[1]) if table.shape[1] else None


def conger_kappa(ratings: Any) -> float | None:
    """Cohen's kappa for any number of annotators: chance is that of two of them drawn at random.

    Source: Conger 1980, Integration and generalization of kappas for multiple raters, eq. 9; with missing ratings
    Gwet 2014, section 2.3.
    """
    coded = encode(ratings)
    values = np.arange(1, len(coded.values) + 1)
    given = (coded.codes[:, :, None] == values).sum(axis=1).astype(np.float64)
    given = given[given.any(axis=1)]
    if len(given) < 2:
        return None
    own = given / given.sum(axis=1, keepdims=True)
    chance = float(np.square(own.mean(axis=0)).sum() - own.var(axis=0, ddof=1).sum() / len(own))
    return _corrected(_observed(counts_of(coded)), chance)


def _observed(table: Floats) -> float:
    """The mean over units of the share of pairs of ratings that are equal; NaN where there is no pair."""
    rated = table.sum(axis=1)
    paired, of = table[rated > 1], rated[rated > 1]
    return float(((paired * (paired - 1)).sum(axis=1) / (of * (of - 1))).mean()) if len(of) else float("nan")


def _shares(table: Floats) -> Floats:
    """The mean over units of each category's share of the ratings."""
    rated = table.sum(axis=1, keepdims=True)
    used = rated[:, 0] > 0
    shares: Floats = (table[used] / rated[used]).mean(axis=0) if used.any() else np.zeros(table.shape[1])
    return shares


def _corrected(observed: float, chance: float) -> float | None:
    """What agreement is beyond chance, of what could be."""
    # A chance of one, but for rounding, leaves nothing to be beyond.
    return (observed - chance) / (1 - chance) if chance < 1 - 1e-12 and not np.isnan(observed) else None
