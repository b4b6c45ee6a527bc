"""From what was counted of a layer to its numbers, with their intervals over documents."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from standoff.agreement import bootstrap
from standoff.agreement.alpha import Cells, alpha_estimate, undefined
from standoff.agreement.bootstrap import Estimate, sums
from standoff.agreement.measure import Floats, Measure, defined
from standoff.agreement.tallies import Tally, value_of

__all__ = ["Basis", "measured"]


class Basis(Struct, frozen=True):
    """Who worked on the documents that are measured."""

    annotators: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    """Those who share a document."""


def measured(tally: Tally, basis: Basis, *, resamples: int, seed: int) -> Measure:
    """The number, with its interval over the documents."""
    estimate, reason = _estimate(tally)
    value = defined(bootstrap.once(estimate, tally.documents))
    bounds, why = None, ""
    if value is not None and tally.documents < 2:
        why = "one document"
    elif value is not None and resamples:
        drawn = bootstrap.interval(estimate, tally.documents, resamples=resamples, seed=seed)
        bounds = drawn.bounds
        why = f"undefined in {drawn.undefined} of {resamples} samples, which are left out" if drawn.undefined else ""
    return Measure(
        value=value,
        reason=reason if value is None else "",
        units=tally.units,
        annotators=len(basis.annotators),
        pairs=len(basis.pairs),
        documents=tally.documents,
        interval=bounds,
        interval_reason=why,
        excluded=tuple(each for each in tally.excluded if each.count),
    )


def _estimate(tally: Tally) -> tuple[Estimate, str]:
    """How the number follows from how often each document is taken, and why it is undefined where it is."""
    if tally.kind == "ratio":
        return _ratio(tally), tally.reason
    if tally.kind == "coreference":
        return _coreference(tally), tally.reason
    names: list[Any] = [value_of(name) for name in tally.names]
    scale = [(name, name) for name in names] if tally.scale is None else list(tally.scale)
    cells = _cells(tally, tuple(value for _, value in scale))
    return alpha_estimate(cells, tally.level), undefined(cells, [name for name, _ in scale])


def _cells(tally: Tally, values: tuple[Any, ...]) -> Cells:
    """The coincidences of each document: how often a unit with m ratings had two values, times 1 / (m - 1)."""
    document, first, second, rated, times = tally.index.T
    share = times / (rated - 1)
    begins = np.ones(len(document), bool)
    begins[1:] = np.any(tally.index[1:, :3] != tally.index[:-1, :3], axis=1)
    (starts,) = np.nonzero(begins)
    weight = np.add.reduceat(share, starts) if len(starts) else np.zeros(0)
    return Cells(values, tally.documents, document[starts], first[starts], second[starts], weight)


def _ratio(tally: Tally) -> Estimate:
    table = np.zeros((2, tally.documents))
    table[:, tally.index[:, 0]] = tally.weights.T
    totals = sums(table)

    def estimate(taken: Floats) -> Floats:
        above, below = totals(taken).T
        return _divided(above, below)

    return estimate


def _coreference(tally: Tally) -> Estimate:
    document, pair = tally.index.T
    by_pair = [np.nonzero(pair == n)[0] for n in range(len(tally.names))]
    totals = [(document[rows], sums(np.ascontiguousarray(tally.weights[rows].T))) for rows in by_pair]

    def estimate(taken: Floats) -> Floats:
        found = [total(taken[:, documents]).reshape(len(taken), -1, 4) for documents, total in totals]
        recalled, key, precise, response = np.moveaxis(np.stack(found, axis=1), -1, 0)
        recall, precision = (np.nan_to_num(_divided(a, b)) for a, b in ((recalled, key), (precise, response)))
        f1 = np.nan_to_num(_divided(2 * recall * precision, recall + precision))
        # A measure of which there is nothing on either side, such as links where all are singletons, has no part.
        of_pairs = _mean(f1, key + response > 0)
        return _mean(np.nan_to_num(of_pairs), ~np.isnan(of_pairs))

    return estimate


def _mean(numbers: Floats, counting: NDArray[np.bool_]) -> Floats:
    """The mean of those numbers of the last axis that count, NaN where none does."""
    return _divided((numbers * counting).sum(axis=-1), counting.sum(axis=-1).astype(np.float64))


def _divided(above: Floats, below: Floats) -> Floats:
    """The quotient, NaN where it is none."""
    found: Floats = np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)
    return found
