"""What is counted of each layer, document by document: all that its numbers, and those of any choice of documents, are
worked out from.

What is counted of one document does not depend on the others. Tallies of parts of a corpus, joined, are thus those of
the whole, to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import permutations
from typing import Any, Literal

import msgspec
import numpy as np
from msgspec import Struct, structs

from standoff.agreement.coreference import Counts
from standoff.agreement.distances import Level
from standoff.agreement.measure import Excluded, Floats, Integers
from standoff.agreement.units import Page
from standoff.canon import canonical

__all__ = ["Tally", "alpha_tally", "coreference_tally", "f1_tally", "joined", "ratio_tally", "value_of"]

Kind = Literal["ratio", "coreference", "alpha"]

_NAMED: Mapping[Kind, tuple[int, ...]] = {"ratio": (), "coreference": (1,), "alpha": (1, 2)}
"""The columns of the index that are places among the names."""


class Tally(Struct, frozen=True, kw_only=True):
    """What one number of a layer is worked out from. It holds no more than what is above nought."""

    layer: str
    subject: str
    """What is measured: a label, an attribute, a role; the layer's spans or relations where it is empty."""
    measure: str
    kind: Kind
    documents: int
    units: int
    reason: str = ""
    """Why the number is undefined, where it is and the tally does not say it."""
    excluded: tuple[Excluded, ...] = ()
    """What the number does not rest on, of all that there could be; also what there is none of."""
    level: Level = "nominal"
    scale: tuple[tuple[str, str | float], ...] | None = None
    """Alpha: all values there can be, each with what it is on its scale; None where they are those that were met."""
    names: tuple[str, ...] = ()
    """Coreference: the pairs of annotators. Alpha without a scale: the values that were met, see `value_of`."""
    index: Integers
    """What each row is of. ratio: document. coreference: document, pair. alpha: document, two values that two
    annotators gave one unit, how many annotators gave it one, and how often that was so, in either order."""
    weights: Floats
    """rows x numbers. ratio: numerator, denominator. coreference: four counts of each measure. alpha: none."""


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
    (rows,) = np.nonzero(table.any(axis=0))
    return Tally(
        layer=layer,
        subject=subject,
        measure=measure,
        kind="ratio",
        documents=table.shape[1],
        units=units,
        reason=reason,
        excluded=excluded,
        index=rows.astype(np.int32)[:, None],
        weights=np.ascontiguousarray(table[:, rows].T),
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
    place = {pair: n for n, pair in enumerate(pairs)}
    index: list[tuple[int, int]] = []
    weights: list[list[float]] = []
    for n, page in enumerate(pages):
        for pair in page.pairs:
            found = [counts(page, *pair) for counts in parts]
            index.append((n, place[pair]))
            weights.append([number for of in found for number in (of.recalled, of.key, of.precise, of.response)])
    return Tally(
        layer=layer,
        subject=subject,
        measure=measure,
        kind="coreference",
        documents=len(pages),
        units=units,
        reason="nobody refers to anything",
        names=tuple(map(canonical, pairs)),
        index=np.array(index, np.int32).reshape(-1, 2),
        weights=np.array(weights, np.float64).reshape(-1, 4 * len(parts)),
    )


def alpha_tally(
    layer: str,
    subject: str,
    measure: str,
    pages: Sequence[Page],
    rated: Iterable[tuple[int, dict[str, Hashable]]],
    *,
    level: Level = "nominal",
    values: Sequence[tuple[str, str | float]] | None = None,
    excluded: tuple[Excluded, ...] = (),
) -> Tally:
    """Alpha of units.

    Args:
        rated: for each unit the place of its document and annotator -> value; annotators without a value are left out.
        values: all values there can be, in their order, each with what it is on its scale; those of the units, with
            themselves on the scale, where left out.
    """
    place: dict[Hashable, int] = {name: n for n, (name, _) in enumerate(values or ())}
    met: Counter[tuple[int, int, int, int]] = Counter()
    units = alone = nobody = 0
    for document, unit in rated:
        if values is None:
            for value in unit.values():
                place.setdefault(value, len(place))
        # What is not on the scale counts as not rated.
        codes = [place[value] for value in unit.values() if value in place]
        units += len(codes) > 1
        alone += len(codes) == 1
        nobody += not codes
        met.update((document, first, second, len(codes)) for first, second in permutations(codes, 2))
    counted = [Excluded("rated by one annotator only", alone), Excluded("rated by nobody", nobody)]
    rows = sorted((*key, times) for key, times in met.items())
    found = Tally(
        layer=layer,
        subject=subject,
        measure=measure,
        kind="alpha",
        documents=len(pages),
        units=units,
        excluded=(*excluded, *counted),
        level=level,
        scale=None if values is None else tuple(values),
        names=() if values is not None else tuple(map(_name, place)),
        index=np.array(rows, np.int32).reshape(-1, 5),
        weights=np.zeros((len(rows), 0)),
    )
    return joined([found], [np.arange(len(pages))], len(pages))


def joined(tallies: Sequence[Tally], places: Sequence[Integers], documents: int) -> Tally:
    """The tally of a corpus from those of its parts: names and rows in their one order.

    Args:
        tallies: of one number, at least one.
        places: for each of them, where its documents stand among all documents.
        documents: how many there are in all.
    """
    names = tuple(sorted({name for tally in tallies for name in tally.names}))
    number = {name: n for n, name in enumerate(names)}
    index = np.empty((sum(len(tally.index) for tally in tallies), tallies[0].index.shape[1]), np.int32)
    start = 0
    for tally, place in zip(tallies, places, strict=True):
        part = index[start : start + len(tally.index)]
        part[:] = tally.index
        part[:, 0] = place[part[:, 0]]
        renumbered = np.array([number[name] for name in tally.names], np.int32)
        for column in _NAMED[tally.kind] if tally.names else ():
            part[:, column] = renumbered[part[:, column]]
        start += len(part)
    order = np.lexsort(index.T[::-1])
    counts: dict[str, int] = {}
    for tally in tallies:
        for each in tally.excluded:
            counts[each.why] = counts.get(each.why, 0) + each.count
    return structs.replace(
        tallies[0],
        documents=documents,
        units=sum(tally.units for tally in tallies),
        excluded=tuple(Excluded(why, count) for why, count in counts.items()),
        names=names,
        index=index[order],
        weights=np.concatenate([tally.weights for tally in tallies])[order],
    )


def _name(value: Any) -> str:
    """A value as JSON: the same value, the same name."""
    if isinstance(value, AbstractSet):
        return canonical({"set": sorted(value)})
    return canonical(value)


def value_of(name: str) -> Any:
    """The value that has a name; of an entity, what it is called."""
    found = msgspec.json.decode(name)
    if isinstance(found, dict):
        return frozenset(found["set"]) if "set" in found else found["id"]
    return found
