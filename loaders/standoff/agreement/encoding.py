"""Ratings as small integers, and how often each combination of them occurs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from msgspec import Struct

from standoff.agreement.measure import Floats, Integers
from standoff.errors import UsageError

__all__ = ["Codes", "combinations_of", "counts_of", "encode", "histogram"]

BLOCK = 1 << 14
"""Units that are worked on at a time: few enough to stay in the processor's cache."""
MOST_COMBINATIONS = 1 << 12
"""Combinations of ratings up to which units are counted by combination and not one by one."""
MOST_INTEGERS = 1 << 8
"""The widest range of whole numbers that are their own codes."""
EXACT = 1 << 52
"""Whole numbers up to here are exact as floating point numbers."""


class Codes(Struct, frozen=True):
    """Ratings as numbers: 0 where one is missing, else 1 + the place of its value."""

    codes: Integers
    """annotators x units"""
    values: tuple[Any, ...]


def encode(ratings: Any) -> Codes:
    """Ratings as codes. Values are in their own order where they have one, else in that of their first use.

    Args:
        ratings: annotators x units, an array or nested sequences; None or NaN where a rating is missing.

    Raises:
        UsageError: the annotators do not have equally many units, or the ratings are no table.
    """
    if isinstance(ratings, np.ndarray) and ratings.dtype.kind in "fiub":
        if ratings.ndim != 2:
            raise UsageError(f"ratings have {ratings.ndim} dimensions; expected annotators x units")
        return _whole_numbers(ratings) or _numbers(ratings)
    rows = [list(row) for row in ratings]
    if len({len(row) for row in rows}) > 1:
        raise UsageError(f"annotators have {[len(row) for row in rows]} ratings; expected equally many units for each")
    return _objects(rows)


def _whole_numbers(ratings: Any) -> Codes | None:
    """Codes of numbers that are all whole and lie close together: the difference to the least one."""
    if not ratings.size:
        return Codes(np.zeros(ratings.shape, np.int16), ())
    least, most = _bounds(ratings)
    if not most - least < MOST_INTEGERS or not least.is_integer() or abs(least) > EXACT:
        return None
    codes = np.empty(ratings.shape, np.int16)
    # Made once: new memory for each block would take longer than the work.
    shifted, whole = np.empty((2, len(ratings), BLOCK))
    nought, equal = np.zeros((len(ratings), BLOCK)), np.empty((len(ratings), BLOCK), bool)
    for start in range(0, ratings.shape[1], BLOCK):
        block = ratings[:, start : start + BLOCK]
        here = np.s_[:, : block.shape[1]]
        np.subtract(block, least - 1, out=shifted[here])
        # Of NaN and a number fmax takes the number: what is missing becomes 0, all else is at least 1.
        np.fmax(shifted[here], nought[here], out=shifted[here])
        np.floor(shifted[here], out=whole[here])
        if not np.equal(shifted[here], whole[here], out=equal[here]).all():
            return None
        codes[:, start : start + BLOCK] = shifted[here]
    return Codes(codes, tuple(range(int(least), int(most) + 1)))


def _bounds(ratings: Any) -> tuple[float, float]:
    """The least and the greatest rating that is not missing; NaN where all are."""
    blocks = (ratings[:, start : start + BLOCK] for start in range(0, ratings.shape[1], BLOCK))
    found = [(np.fmin.reduce(block, axis=None), np.fmax.reduce(block, axis=None)) for block in blocks]
    least, most = zip(*found, strict=True)
    return float(np.fmin.reduce(least)), float(np.fmax.reduce(most))


def _numbers(ratings: Any) -> Codes:
    missing = np.isnan(ratings) if ratings.dtype.kind == "f" else np.zeros(ratings.shape, bool)
    values, found = np.unique(ratings[~missing], return_inverse=True)
    codes = np.zeros(ratings.shape, np.int64)
    codes[~missing] = found + 1
    return Codes(codes, tuple(values.tolist()))


def _objects(rows: Sequence[Sequence[Any]]) -> Codes:
    cleaned = [[_value(value) for value in row] for row in rows]
    seen = dict.fromkeys(value for row in cleaned for value in row if value is not None)
    values = _ordered(seen)
    place = {value: n for n, value in enumerate(values, 1)}
    codes = np.array([[place.get(value, 0) for value in row] for row in cleaned], np.int64)
    return Codes(codes.reshape(len(rows), len(rows[0]) if rows else 0), values)


def _value(value: Any) -> Hashable:
    """A rating that can be counted; None where it is missing."""
    if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return None
    if isinstance(value, np.generic):
        plain: Hashable = value.item()
        return plain
    if isinstance(value, (AbstractSet, list)):
        return frozenset(value)
    hashable: Hashable = value
    return hashable


def _ordered(values: Iterable[Hashable]) -> tuple[Any, ...]:
    found: list[Any] = list(values)
    if any(isinstance(value, AbstractSet) for value in found):
        # Sets compare by inclusion, which puts them in no order.
        return tuple(found)
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(found)


def combinations_of(coded: Codes) -> Integers | None:
    """All combinations of ratings that a unit could have, annotators x combinations; None where they are many."""
    base, annotators = len(coded.values) + 1, len(coded.codes)
    if base**annotators > MOST_COMBINATIONS:
        return None
    found: Integers = np.arange(base**annotators) // base ** np.arange(annotators)[:, None] % base
    return found


def histogram(coded: Codes, groups: Integers | None, documents: int) -> Integers:
    """How many units of each document have each of the combinations of `combinations_of`: documents x combinations.

    A unit's ratings are read as the digits of one number.

    Args:
        groups: the document of each unit, numbered from 0; None where all are in one.
    """
    codes, base = coded.codes.astype(np.int16, copy=False), len(coded.values) + 1
    kinds = base ** len(codes)
    counts = np.zeros(kinds * documents, np.int64)
    for start in range(0, codes.shape[1], BLOCK):
        block = codes[:, start : start + BLOCK]
        packed = block[-1].copy()
        for row in block[-2::-1]:
            packed *= base
            packed += row
        if groups is None:
            counts += np.bincount(packed, minlength=kinds)
        else:
            # Units of one document mostly stand together, so that a block meets few documents.
            of = groups[start : start + BLOCK]
            first, last = int(of.min()), int(of.max()) + 1
            counts[first * kinds : last * kinds] += np.bincount(
                (of - first) * kinds + packed, minlength=(last - first) * kinds
            )
    return counts.reshape(documents, kinds)


def counts_of(coded: Codes) -> Floats:
    """How many annotators gave each value: units x values, without values that nobody gave."""
    if not coded.values:
        return np.zeros((coded.codes.shape[1], 0))
    counts = np.stack([(coded.codes == n).sum(axis=0) for n in range(1, len(coded.values) + 1)], axis=-1)
    used: Floats = counts[:, counts.any(axis=0)].astype(np.float64)
    return used
