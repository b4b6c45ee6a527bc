"""What is counted of each layer, document by document, so that any choice of documents can be measured."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from standoff.agreement import bootstrap
from standoff.agreement.alpha import alpha_estimate, coincidences, undefined
from standoff.agreement.bootstrap import Estimate, sums
from standoff.agreement.coreference import Counts
from standoff.agreement.distances import Distance, Level
from standoff.agreement.encoding import Codes
from standoff.agreement.measure import Excluded, Floats, Measure, defined
from standoff.agreement.units import Page

__all__ = ["Tally", "alpha_tally", "coreference_tally", "f1_tally", "measured", "ratio_tally"]


class Tally(Struct, frozen=True):
    """A number of a layer that is still to be worked out."""

    layer: str
    subject: str
    """What is measured: a label, an attribute, a role; the layer's spans or relations where it is empty."""
    measure: str
    estimate: Estimate
    units: int
    reason: str
    """Why the number is undefined, where it is."""
    excluded: tuple[Excluded, ...] = ()


def measured(tally: Tally, pages: Sequence[Page], *, resamples: int, seed: int) -> Measure:
    """The number, with its interval over the documents."""
    documents = len(pages)
    value = defined(bootstrap.once(tally.estimate, documents))
    bounds, why = None, ""
    if value is not None and documents < 2:
        why = "one document"
    elif value is not None and resamples:
        drawn = bootstrap.interval(tally.estimate, documents, resamples=resamples, seed=seed)
        bounds = drawn.bounds
        why = f"undefined in {drawn.undefined} of {resamples} samples, which are left out" if drawn.undefined else ""
    return Measure(
        value=value,
        reason=tally.reason if value is None else "",
        units=tally.units,
        annotators=len({who for page in pages for who in page.annotators}),
        pairs=len({pair for page in pages for pair in page.pairs}),
        documents=documents,
        interval=bounds,
        interval_reason=why,
        excluded=tally.excluded,
    )


def f1_tally(
    layer: str,
    subject: str,
    measure: str,
    pages: Sequence[Page],
    found: Callable[[Page, str, str], tuple[int, int, int]],
    *,
    excluded: tuple[Excluded, ...] = (),
) -> Tally:
    """F1 of the items of each pair of annotators, all pairs and documents added up.

    Args:
        found: what two annotators share in a document, and how many items each has.
    """
    table = np.zeros((2, len(pages)))
    units = 0
    for n, page in enumerate(pages):
        for one, other in page.pairs:
            shared, first, second = found(page, one, other)
            table[:, n] += 2 * shared, first + second
            units += first + second - shared
    return ratio_tally(layer, subject, measure, table, units, "neither annotator of any pair has one", excluded)


def ratio_tally(
    layer: str, subject: str, measure: str, table: Floats, units: int, reason: str, excluded: tuple[Excluded, ...] = ()
) -> Tally:
    """A number that is one sum over documents divided by another.

    Args:
        table: numerators and denominators: 2 x documents.
    """
    totals = sums(table)

    def estimate(taken: Floats) -> Floats:
        above, below = totals(taken).T
        return _divided(above, below)

    return Tally(layer, subject, measure, estimate, units, reason, excluded)


def alpha_tally(
    layer: str,
    subject: str,
    measure: str,
    pages: Sequence[Page],
    rated: Iterable[tuple[int, dict[str, Hashable]]],
    *,
    level: Level | Distance = "nominal",
    values: Sequence[Any] | None = None,
    excluded: tuple[Excluded, ...] = (),
) -> Tally:
    """Alpha of units.

    Args:
        rated: for each unit the place of its document and annotator -> value; annotators without a value are left out.
        values: all values there can be, in their order, each with what it is on its scale; taken from the units, with
            themselves on the scale, where left out.
    """
    rows = list(rated)
    names = list(dict.fromkeys(value for _, unit in rows for value in unit.values())) if values is None else None
    scale = list(values) if values is not None else [(name, name) for name in names or ()]
    place = {name: n for n, (name, _) in enumerate(scale, 1)}
    annotators = sorted({who for page in pages for who in page.annotators})
    codes = np.array([[place.get(unit.get(who), 0) for _, unit in rows] for who in annotators], np.int64)
    coded = Codes(codes.reshape(len(annotators), len(rows)), tuple(number for _, number in scale))
    groups = np.array([document for document, _ in rows], np.int64)
    found = coincidences(coded, groups, documents=len(pages))
    return Tally(
        layer,
        subject,
        measure,
        alpha_estimate(found, level),
        found.units,
        undefined(found, [name for name, _ in scale]),
        (*excluded, *found.excluded),
    )


def coreference_tally(
    layer: str,
    subject: str,
    measure: str,
    pages: Sequence[Page],
    parts: Sequence[Callable[[Page, str, str], Counts]],
    units: int,
) -> Tally:
    """The mean of the F1 of several measures, and of that over pairs of annotators; counts of documents add up.

    A pair's F1 does not depend on who of the two is the key, as one of counts added up over pairs would.
    """
    pairs = sorted({pair for page in pages for pair in page.pairs})
    table = np.zeros((len(pairs), len(parts), 4, len(pages)))
    for n, page in enumerate(pages):
        for pair in page.pairs:
            for part, counts in enumerate(parts):
                of = counts(page, *pair)
                table[pairs.index(pair), part, :, n] = of.recalled, of.key, of.precise, of.response
    totals = sums(table.reshape(-1, len(pages)))

    def estimate(taken: Floats) -> Floats:
        counts = totals(taken).reshape(len(taken), len(pairs), len(parts), 4)
        recalled, key, precise, response = np.moveaxis(counts, -1, 0)
        recall, precision = (np.nan_to_num(_divided(a, b)) for a, b in ((recalled, key), (precise, response)))
        f1 = np.nan_to_num(_divided(2 * recall * precision, recall + precision))
        # A measure of which there is nothing on either side, such as links where all are singletons, has no part.
        of_pairs = _mean(f1, key + response > 0)
        return _mean(np.nan_to_num(of_pairs), ~np.isnan(of_pairs))

    return Tally(layer, subject, measure, estimate, units, "nobody refers to anything")


def _mean(numbers: Floats, counting: NDArray[np.bool_]) -> Floats:
    """The mean of those numbers of the last axis that count, NaN where none does."""
    return _divided((numbers * counting).sum(axis=-1), counting.sum(axis=-1).astype(np.float64))


def _divided(above: Floats, below: Floats) -> Floats:
    """The quotient, NaN where it is none."""
    found: Floats = np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)
    return found
