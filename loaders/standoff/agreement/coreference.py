"""Coreference: whether two annotators group the same mentions. Singletons count.

Clusters are given as collections of mentions; mentions are whatever can be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

from standoff.agreement.assignment import assign

__all__ = [
    "COUNTS",
    "Clusters",
    "Counts",
    "b_cubed",
    "b_cubed_counts",
    "ceaf_e",
    "ceaf_e_counts",
    "conll_mean",
    "lea",
    "lea_counts",
    "muc",
    "muc_counts",
]

Clusters: TypeAlias = Iterable[Iterable[Hashable]]


class Counts(Struct, frozen=True):
    """What recall and precision are made of. Counts of documents add up."""

    recalled: float
    key: float
    precise: float
    response: float

    @property
    def recall(self) -> float:
        """The share of the key that is in the response."""
        return self.recalled / self.key if self.key else 0.0

    @property
    def precision(self) -> float:
        """The share of the response that is in the key."""
        return self.precise / self.response if self.response else 0.0

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where there was nothing to find and nothing was given."""
        if not self.key and not self.response:
            return None
        total = self.recall + self.precision
        return 2 * self.recall * self.precision / total if total else 0.0


def muc(a: Clusters, b: Clusters) -> float | None:
    """F1 of links: those that a cluster needs, less one for each further part it falls into.

    Source: Vilain et al. 1995, A model-theoretic coreference scoring scheme, section 3.
    """
    return muc_counts(a, b).f1


def b_cubed(a: Clusters, b: Clusters) -> float | None:
    """F1 of mentions: for each the share of its cluster that is right.

    Source: Bagga and Baldwin 1998, Algorithms for scoring coreference chains, section 4; mentions that one side alone
    has score nought, as in the reference scorer (Pradhan et al. 2014).
    """
    return b_cubed_counts(a, b).f1


def ceaf_e(a: Clusters, b: Clusters) -> float | None:
    """F1 of entities under their best one-to-one alignment, by what two clusters share (phi 4).

    Source: Luo 2005, On coreference resolution performance metrics, eqs. 2 to 9.
    """
    return ceaf_e_counts(a, b).f1


def lea(a: Clusters, b: Clusters) -> float | None:
    """F1 of entities weighted by size: for each the share of its links that are there; a singleton links to itself.

    Source: Moosavi and Strube 2016, Which coreference evaluation metric do you trust?, section 4.
    """
    return lea_counts(a, b).f1


def conll_mean(a: Clusters, b: Clusters) -> float | None:
    """The mean of MUC, B3 and CEAFe; MUC is left out of it where neither side links anything.

    Source: Pradhan et al. 2012, CoNLL-2012 shared task, section 4.4.
    """
    first, second = _clusters(a), _clusters(b)
    found = [counts(first, second).f1 for counts in (muc_counts, b_cubed_counts, ceaf_e_counts)]
    numbers = [number for number in found if number is not None]
    return sum(numbers) / len(numbers) if numbers else None


def muc_counts(a: Clusters, b: Clusters) -> Counts:
    """Links found and links needed, from either side."""
    return _both(a, b, _muc)


def b_cubed_counts(a: Clusters, b: Clusters) -> Counts:
    """Shares found and mentions, from either side."""
    return _both(a, b, _b_cubed)


def lea_counts(a: Clusters, b: Clusters) -> Counts:
    """Links found in shares of each entity, and mentions, from either side."""
    return _both(a, b, _lea)


def ceaf_e_counts(a: Clusters, b: Clusters) -> Counts:
    """How alike the aligned entities are, and the number of entities, from either side."""
    first, second = _clusters(a), _clusters(b)
    gains = {}
    of = _places(second)
    for n, cluster in enumerate(first):
        for m, shared in Counter(of[mention] for mention in cluster if mention in of).items():
            gains[n, m] = 2 * shared / (len(cluster) + len(second[m]))
    alike = sum(gains[pair] for pair in assign(gains))
    return Counts(alike, len(first), alike, len(second))


COUNTS = {"MUC": muc_counts, "B3": b_cubed_counts, "CEAFe": ceaf_e_counts, "LEA": lea_counts}
"""What each measure counts in one document."""

_Clusters: TypeAlias = Sequence[frozenset[Hashable]]


def _clusters(clusters: Clusters) -> _Clusters:
    return [frozenset(cluster) for cluster in clusters if cluster]


def _places(clusters: _Clusters) -> dict[Hashable, int]:
    return {mention: n for n, cluster in enumerate(clusters) for mention in cluster}


def _both(a: Clusters, b: Clusters, found: Callable[[_Clusters, _Clusters], tuple[float, float]]) -> Counts:
    first, second = _clusters(a), _clusters(b)
    return Counts(*found(first, second), *found(second, first))


def _muc(of: _Clusters, by: _Clusters) -> tuple[float, float]:
    places = _places(by)
    found = needed = 0
    for cluster in of:
        parts = {places.get(mention, (mention,)) for mention in cluster}
        found += len(cluster) - len(parts)
        needed += len(cluster) - 1
    return found, needed


def _b_cubed(of: _Clusters, by: _Clusters) -> tuple[float, float]:
    places = _places(by)
    found = 0.0
    for cluster in of:
        parts = Counter(places[mention] for mention in cluster if mention in places)
        found += sum(shared**2 for shared in parts.values()) / len(cluster)
    return found, sum(map(len, of))


def _lea(of: _Clusters, by: _Clusters) -> tuple[float, float]:
    places = _places(by)
    found = 0.0
    for cluster in of:
        parts = Counter(places[mention] for mention in cluster if mention in places)
        if len(cluster) == 1:
            found += sum(len(by[place]) == 1 for place in parts)
        else:
            links = sum(shared * (shared - 1) for shared in parts.values())
            found += len(cluster) * links / (len(cluster) * (len(cluster) - 1))
    return found, sum(map(len, of))
