"""Ratings as small integers, and how often each combination of them occurs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from standoff.agreement.measure import Floats, Integers
from standoff.errors import UsageError

__all__ = ["Codes", "Counted", "by_combination", "counts_of", "encode", "numbers_by_combination"]

BLOCK = 1 << 15
"""Units that are worked on at a time: few enough to stay in the processor's cache."""
MOST_CELLS = 1 << 24
"""Cells of documents x combinations that are held as one matrix."""
PAIRS = 1 << 18
"""Bytes that are counted at a time, two by two."""
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


class Counted(Struct, frozen=True):
    """Ratings by how often each combination of them occurs: what one unit can have of all annotators."""

    values: tuple[Any, ...]
    codes: Integers
    """annotators x combinations, as in `Codes`"""
    times: Integers
    """documents x combinations: units that have the combination"""


def by_combination(coded: Codes, groups: Integers | None, documents: int) -> Counted | None:
    """Ratings by their combinations; None where these are so many that units are better counted one by one.

    A unit's ratings are read as the digits of one number.

    Args:
        groups: the document of each unit, numbered from 0; None where all are in one.
    """
    annotators, base = len(coded.codes), len(coded.values) + 1
    if not _few(base, annotators, documents):
        return None
    kinds = base**annotators
    codes, times = coded.codes.astype(np.int16, copy=False), np.zeros(kinds * documents, np.int64)
    for start in range(0, codes.shape[1], BLOCK):
        block = codes[:, start : start + BLOCK]
        packed = block[-1].copy()
        for row in block[-2::-1]:
            packed *= base
            packed += row
        _add(times, packed, groups, start, kinds)
    return Counted(coded.values, _combinations(base, annotators), times.reshape(documents, kinds))


def numbers_by_combination(ratings: Any, groups: Integers | None, documents: int) -> Counted | None:
    """The same of an array of few whole numbers close together, in one go; None for all other ratings.

    Which numbers there are is guessed from the first units. All others are held against that, so that a wrong guess
    costs time and nothing else.
    """
    if not (isinstance(ratings, np.ndarray) and ratings.ndim == 2 and ratings.dtype.kind in "fiu" and ratings.size):
        return None
    least, most = _bounds(ratings[:, :BLOCK])
    # What is told by a byte: also the differences, whichever of the numbers is the least.
    if not (least.is_integer() and -64 <= least <= most < 64):
        return None
    first, base = int(least), int(most) - int(least) + 2
    annotators, units = ratings.shape
    if not _few(base, annotators, documents):
        return None
    kinds = base**annotators
    times = np.zeros(kinds * documents, np.int64)
    in_bytes = groups is None and kinds <= 1 << 8
    packed = np.empty(units if in_bytes else min(units, BLOCK), np.uint8 if in_bytes else np.int16)
    work = _Bytes()
    for start in range(0, units, BLOCK):
        at = packed[start if in_bytes else 0 :][: min(BLOCK, units - start)]
        at[:] = 0
        for row in ratings[::-1, start : start + BLOCK]:
            codes = work.codes(row, first, base - 1)
            if codes is None:
                return None
            at *= base
            at += codes
        if not in_bytes:
            _add(times, at, groups, start, kinds)
    if in_bytes:
        times += _counts_of_bytes(packed)[:kinds]
    return Counted(tuple(range(first, first + base - 1)), _combinations(base, annotators), times.reshape(documents, -1))


class _Bytes:
    """What turns numbers of one annotator into codes of a byte. Its memory is made once: new memory for each block
    would take longer than the work."""

    def __init__(self) -> None:
        self._codes = np.empty(BLOCK, np.int8)
        self._rated, self._missing = np.empty((2, BLOCK), bool)

    def codes(self, row: Any, first: int, size: int) -> NDArray[np.uint8] | None:
        """The codes of a block: 0 where a rating is missing, 1 for the first number; None where one is not among the
        size numbers from the first. They are overwritten by the next call."""
        codes, rated, missing = (of[: len(row)] for of in (self._codes, self._rated, self._missing))
        # What NaN becomes, and what is no byte, differs between processors; either is not what it was.
        with np.errstate(invalid="ignore"):
            np.copyto(codes, row, casting="unsafe")
        np.equal(row, codes, out=rated)
        np.not_equal(row, row, out=missing)
        known = np.count_nonzero(rated)
        if known + np.count_nonzero(missing) != len(row):
            return None
        np.subtract(codes, np.int8(first - 1), out=codes)
        # All bits where there is a rating, none where it is missing.
        mask = rated.view(np.int8)
        np.negative(mask, out=mask)
        np.bitwise_and(codes, mask, out=codes)
        found = codes.view(np.uint8)
        return found if np.count_nonzero(found) == known and found.max() <= size else None


def _few(base: int, annotators: int, documents: int) -> bool:
    kinds = base**annotators
    return bool(kinds <= MOST_COMBINATIONS and documents * max(kinds, base**2) <= MOST_CELLS)


def _combinations(base: int, annotators: int) -> Integers:
    """All combinations of ratings that a unit could have: annotators x combinations."""
    found: Integers = np.arange(base**annotators) // base ** np.arange(annotators)[:, None] % base
    return found


def _add(times: NDArray[np.int64], packed: Any, groups: Integers | None, start: int, kinds: int) -> None:
    """Counts the units of a block, from the start-th on."""
    if groups is None:
        times += np.bincount(packed, minlength=kinds)
        return
    # Units of one document mostly stand together, so that a block meets few documents.
    of = groups[start : start + BLOCK]
    first, last = int(of.min()), int(of.max()) + 1
    times[first * kinds : last * kinds] += np.bincount((of - first) * kinds + packed, minlength=(last - first) * kinds)


def _counts_of_bytes(packed: NDArray[np.uint8]) -> Integers:
    """How often each byte occurs. Two are counted at a time, which halves the work."""
    whole = len(packed) // 2 * 2
    of_pairs = np.zeros(1 << 16, np.int64)
    for start in range(0, whole, PAIRS):
        of_pairs += np.bincount(packed[start : min(whole, start + PAIRS)].view(np.uint16), minlength=1 << 16)
    table = of_pairs.reshape(1 << 8, 1 << 8)
    found: Integers = table.sum(axis=0) + table.sum(axis=1) + np.bincount(packed[whole:], minlength=1 << 8)
    return found


def counts_of(coded: Codes) -> Floats:
    """How many annotators gave each value: units x values, without values that nobody gave."""
    if not coded.values:
        return np.zeros((coded.codes.shape[1], 0))
    counts = np.stack([(coded.codes == n).sum(axis=0) for n in range(1, len(coded.values) + 1)], axis=-1)
    used: Floats = counts[:, counts.any(axis=0)].astype(np.float64)
    return used
