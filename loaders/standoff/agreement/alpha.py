"""Krippendorff's alpha: any number of annotators, any level of measurement, missing ratings."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations, permutations
from typing import Any

import numpy as np
from msgspec import Struct

from standoff.agreement.bootstrap import RESAMPLES, Estimate, interval, once, sums
from standoff.agreement.distances import Distance, Level, distances, midranks
from standoff.agreement.encoding import (
    MOST_CELLS,
    Codes,
    Counted,
    by_combination,
    encode,
    numbers_by_combination,
)
from standoff.agreement.measure import Excluded, Floats, Integers, Measure, defined, excluded

__all__ = [
    "Cells",
    "Coincidences",
    "alpha_estimate",
    "alpha_measure",
    "coincidences",
    "krippendorff_alpha",
    "undefined",
]


def krippendorff_alpha(ratings: Any, level: Level | Distance = "nominal") -> float | None:
    """Krippendorff's alpha: 1 - observed / expected disagreement; None where it is undefined.

    Args:
        ratings: annotators x units; None or NaN where missing. Values of levels "jaccard" and "masi" are sets.
        level: "nominal", "ordinal", "interval", "ratio", "jaccard", "masi", or the distance (squared, where that is
            meant) of two values.

    Source: Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C; Krippendorff 2004, Content
    Analysis, chapter 11.
    """
    return alpha_measure(ratings, level, resamples=0).value


def alpha_measure(
    ratings: Any,
    level: Level | Distance = "nominal",
    *,
    documents: Sequence[int] | Integers | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Measure:
    """Alpha with what it rests on, why it is undefined, and its interval over documents.

    Args:
        documents: the document of each unit, numbered from 0; without them there is no interval.
    """
    groups = None if documents is None else np.asarray(documents)
    of = 1 if groups is None else int(groups.max()) + 1 if len(groups) else 0
    if counted := numbers_by_combination(ratings, groups, of):
        found = _of_combinations(counted)
    else:
        coded = encode(ratings)
        of = of if coded.codes.shape[1] else 0
        found = coincidences(coded, groups, documents=of)
    estimate = alpha_estimate(found.cells, level)
    value = defined(once(estimate, of))
    drawn = interval(estimate, of, resamples=resamples, seed=seed) if resamples and of > 1 else None
    return Measure(
        value=value,
        reason=undefined(found.cells) if value is None else "",
        units=found.units,
        annotators=found.annotators,
        pairs=found.pairs,
        documents=of,
        interval=drawn.bounds if drawn and value is not None else None,
        interval_reason="" if drawn else "one document, or none given",
        excluded=found.excluded,
    )


class Cells(Struct, frozen=True):
    """What of the ratings alpha needs: how often two annotators gave one unit the values c and k.

    A unit with m ratings counts each of its ordered pairs 1 / (m - 1) times. Only the entries above nought are held.
    """

    values: tuple[Any, ...]
    documents: int
    document: Integers
    first: Integers
    second: Integers
    weight: Floats


class Coincidences(Struct, frozen=True):
    """Coincidences with what they rest on."""

    cells: Cells
    annotators: int
    units: int
    pairs: int
    excluded: tuple[Excluded, ...]


def undefined(found: Cells, names: Sequence[Any] | None = None) -> str:
    """Why alpha is undefined, where it is.

    Args:
        names: what to call the values; themselves where left out.
    """
    if not len(found.first):
        return "no unit has ratings of two annotators"
    used = np.unique(found.first)
    if len(used) == 1:
        return f"one category only: all ratings are {_shown((names or found.values)[used[0]])}"
    return "all ratings lie at one place of the scale"


def _shown(value: Any) -> str:
    """A value in a reason; a set in one order, so that the same ratings give the same reason."""
    if isinstance(value, AbstractSet):
        return "{" + ", ".join(sorted(map(repr, value))) + "}"
    return repr(str(value))


def coincidences(coded: Codes, groups: Integers | None = None, *, documents: int = 1) -> Coincidences:
    """The coincidences of each document.

    Args:
        groups: the document of each unit, numbered from 0; None where all are in one.

    Source: Krippendorff 2011, section C, step 2.
    """
    counted = by_combination(coded, groups, documents)
    if counted:
        return _of_combinations(counted)
    codes = coded.codes
    document, joint, weight = _added_up(codes, groups, len(coded.values))
    return _told(coded.values, documents, codes, np.ones(codes.shape[1], np.int64), document, joint, weight)


def _of_combinations(counted: Counted) -> Coincidences:
    cells = counted.times @ _joint(counted.codes, len(counted.values))
    document, joint = np.nonzero(cells)
    times = counted.times.sum(axis=0)
    return _told(counted.values, len(counted.times), counted.codes, times, document, joint, cells[document, joint])


def _told(
    values: tuple[Any, ...],
    documents: int,
    codes: Integers,
    times: Integers,
    document: Integers,
    joint: Integers,
    weight: Floats,
) -> Coincidences:
    """Coincidences with what they rest on.

    Args:
        codes: annotators x units, or x combinations.
        times: how often there is each of them.
        joint: both values as one number.
    """
    first, second = np.divmod(joint, max(len(values), 1))
    rated = (codes > 0).sum(axis=0)
    shared = codes[:, times > 0] > 0
    return Coincidences(
        cells=Cells(values, documents, document, first, second, weight),
        annotators=len(codes),
        units=int(times[rated > 1].sum()),
        pairs=sum(bool((a & b).any()) for a, b in combinations(shared, 2)),
        excluded=excluded(
            [
                ("rated by one annotator only", int(times[rated == 1].sum())),
                ("rated by nobody", int(times[rated == 0].sum())),
            ]
        ),
    )


def _added_up(codes: Integers, groups: Integers | None, size: int) -> tuple[Integers, Integers, Floats]:
    """The coincidences of units one by one: the document, the two values as one number, the weight."""
    of = np.zeros(codes.shape[1], np.int64) if groups is None else groups.astype(np.int64)
    unit, joint, share = _pairs(codes, size)
    key, place = np.unique(of[unit] * size**2 + joint, return_inverse=True)
    document, joint = np.divmod(key, max(size**2, 1))
    return document, joint, np.bincount(place, share, minlength=len(key)).astype(np.float64, copy=False)


def _joint(codes: Integers, size: int) -> Floats:
    """The coincidences of each combination of ratings: combinations x (value, value)."""
    combination, joint, share = _pairs(codes, size)
    cells = np.bincount(combination * size**2 + joint, share, minlength=codes.shape[1] * size**2)
    return cells.astype(np.float64).reshape(codes.shape[1], size**2)


def _pairs(codes: Integers, size: int) -> tuple[Integers, Integers, Floats]:
    """All ordered pairs of ratings of one unit: the unit, the two values as one number, 1 / (m - 1)."""
    rated = (codes > 0).sum(axis=0)
    units: list[Integers] = [np.zeros(0, np.int64)]
    joints: list[Integers] = [np.zeros(0, np.int64)]
    for one, other in permutations(codes.astype(np.int64, copy=False), 2):
        (unit,) = np.nonzero((one > 0) & (other > 0))
        units.append(unit)
        joints.append((one[unit] - 1) * size + other[unit] - 1)
    unit = np.concatenate(units)
    return unit, np.concatenate(joints), 1 / (rated[unit] - 1)


def alpha_estimate(found: Cells, level: Level | Distance) -> Estimate:
    """How alpha follows from how often each document is taken.

    alpha = 1 - (n - 1) sum o_ck delta_ck / sum n_c n_k delta_ck; undefined where the denominator is nought.

    Source: Krippendorff 2011, section C, step 4.
    """
    size = len(found.values)
    if level == "ordinal":
        return _ordinal_estimate(found, size)
    # Of nominal values there may be many, such as entities, and a table of their distances would be vast.
    delta = np.zeros((0, 0)) if level == "nominal" else distances(found.values, level)
    apart = found.first != found.second if level == "nominal" else delta[found.first, found.second]
    columns = _columns(found, found.first, found.weight, size, found.weight * apart)

    def estimate(taken: Floats) -> Floats:
        *_, observed = totals = columns(taken).T
        occurring = totals[:-1].T
        total = occurring.sum(axis=1)
        if level == "nominal":
            expected = np.square(total) - np.square(occurring).sum(axis=1)
        else:
            expected = ((occurring @ delta) * occurring).sum(axis=1)
        return _alpha(total, observed, expected)

    return estimate


def _ordinal_estimate(found: Cells, size: int) -> Estimate:
    """The same where distances are other ones in each sample."""
    columns = _columns(found, found.first * size + found.second, found.weight, size**2)

    def estimate(taken: Floats) -> Floats:
        joint = columns(taken).reshape(len(taken), size, size)
        occurring = joint.sum(axis=2)
        places = midranks(occurring)
        deltas = np.square(places[:, :, None] - places[:, None, :])
        observed = (joint * deltas).sum(axis=(1, 2))
        expected = (occurring[:, :, None] * deltas * occurring[:, None, :]).sum(axis=(1, 2))
        return _alpha(occurring.sum(axis=1), observed, expected)

    return estimate


def _alpha(total: Floats, observed: Floats, expected: Floats) -> Floats:
    # What rounding leaves of an expected disagreement of nought is far below one pair of ratings.
    possible = expected > 1e-9 * np.maximum(total, 1)
    found: Floats = 1 - (total - 1) * np.divide(observed, expected, out=np.full_like(expected, np.nan), where=possible)
    return found


def _columns(found: Cells, column: Integers, weight: Floats, columns: int, last: Floats | None = None) -> Estimate:
    """The sum of weights in each column of a sample, by how often each document is taken: samples x columns.

    Args:
        column: the column of each coincidence.
        last: where given, other weights that are added up in a further, last column.
    """
    of = found.documents
    if of * (columns + (last is not None)) <= MOST_CELLS:
        cells: Any = np.bincount(column * of + found.document, weight, minlength=columns * of).reshape(columns, of)
        if last is not None:
            cells = np.concatenate([cells, np.bincount(found.document, last, minlength=of)[None]])
        return sums(cells.astype(np.float64, copy=False))

    def one_by_one(taken: Floats) -> Floats:
        rows = []
        for sample in taken:
            times = sample[found.document]
            row = np.bincount(column, weight * times, minlength=columns)
            rows.append(row if last is None else np.append(row, (last * times).sum()))
        return np.stack(rows).astype(np.float64, copy=False)

    return one_by_one
