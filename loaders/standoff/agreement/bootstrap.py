"""Intervals over documents: a number of the whole, and the same of documents drawn from it with replacement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.random import PCG64, Generator

from standoff.agreement.measure import Floats

__all__ = ["Estimate", "Interval", "interval", "once", "sums"]

Estimate: TypeAlias = Callable[[Floats], Floats]
"""How often each document is taken (samples x documents) -> the number of each sample, NaN where it is undefined."""

RESAMPLES = 1000
LEVEL = 0.95
CELLS = 1 << 17
"""Draws that are worked on at a time: few enough to stay in the processor's cache."""


class Interval(Struct, frozen=True):
    """The bounds of an interval, and how many of the samples had no number."""

    bounds: tuple[float, float] | None
    undefined: int


def once(estimate: Estimate, documents: int) -> float:
    """The number of the documents as they are; NaN where it is undefined."""
    return float(estimate(np.ones((1, documents)))[0]) if documents else float("nan")


def sums(table: Floats) -> Estimate:
    """What columns (columns x documents) add up to in each sample: samples x columns."""
    # Not the matrix product of BLAS: its threads wait for one another longer than such thin tables take.
    return lambda taken: np.einsum("sd,cd->sc", taken, table)


def interval(estimate: Estimate, documents: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The 95 % percentile interval of a number over documents. The same seed, the same interval.

    Samples in which the number is undefined are left out and counted.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3; clusters (documents) are what is
    drawn, as in Davison and Hinkley 1997, section 3.8.
    """
    generator = Generator(PCG64(seed))
    found = np.concatenate(
        [
            estimate(_drawn(generator, samples, documents))
            for samples in _blocks(resamples, max(1, CELLS // max(documents, 1)))
        ]
        or [np.zeros(0)]
    )
    numbers = found[~np.isnan(found)]
    if not len(numbers):
        return Interval(None, resamples)
    low, high = np.quantile(numbers, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval((float(low), float(high)), resamples - len(numbers))


def _blocks(total: int, most: int) -> list[int]:
    return [min(most, total - start) for start in range(0, total, most)]


def _drawn(generator: Generator, samples: int, documents: int) -> Floats:
    """How often each document is in each sample."""
    draws = generator.integers(0, documents, size=(samples, documents))
    taken = np.empty((samples, documents))
    for sample, row in zip(draws, taken, strict=True):
        row[:] = np.bincount(sample, minlength=documents)
    return taken
