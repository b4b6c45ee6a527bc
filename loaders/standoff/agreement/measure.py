"""What a measurement of agreement says: a number, or why there is none, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

__all__ = ["Excluded", "Floats", "Integers", "Measure", "defined", "f1"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.integer]


class Excluded(Struct, frozen=True, order=True):
    """What a number does not rest on."""

    why: str
    count: int


class Measure(Struct, frozen=True, kw_only=True):
    """A number of agreement. Either the value or the reason why there is none."""

    value: float | None
    reason: str = ""
    units: int = 0
    """What was compared: items that at least two annotators could agree on."""
    annotators: int = 0
    pairs: int = 0
    """Pairs of annotators who share a document."""
    documents: int = 0
    interval: tuple[float, float] | None = None
    """95 % percentile bootstrap interval over documents."""
    interval_reason: str = ""
    """Why there is no interval, or what it does not rest on."""
    excluded: tuple[Excluded, ...] = ()


def defined(value: float) -> float | None:
    """A number, or None where it is none."""
    return None if math.isnan(value) else float(value)


def f1(shared: float, first: float, second: float) -> float | None:
    """The harmonic mean of precision and recall; None where neither side has anything.

    Args:
        shared: how many items both have.
        first: how many the one has.
        second: how many the other has.

    Source: van Rijsbergen 1979, Information Retrieval, chapter 7, with equal weights; in this form Dice 1945.
    """
    return 2 * shared / (first + second) if first + second else None


def excluded(counts: Iterable[tuple[str, int]]) -> tuple[Excluded, ...]:
    """What was left out, where anything was."""
    return tuple(Excluded(why, count) for why, count in counts if count)
