"""Documents that are nearly the same: MinHash proposes pairs, their shingles decide."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar

from standoff.errors import UsageError

__all__ = ["ALIKE", "SHINGLE", "jaccard", "pairs", "shingles"]

SHINGLE = 5
"""Words of a shingle."""

ALIKE = 0.5
"""From this Jaccard similarity on, two documents are near-duplicates. One changed word costs five shingles: half of
them are left where one word in eight was changed, or a third of the text is new."""

_FEW = 500
"""Up to so many documents all that share a shingle are compared; beyond, only those that MinHash proposes."""

_HASHES, _BANDS = 120, 40
"""40 bands of 3 hashes miss 5 in 1,000 pairs at a similarity of 0.5, and 1 in 10,000 at 0.6 (1 - (1 - s^3)^40)."""

K = TypeVar("K", bound=Hashable)


def shingles(text: str) -> frozenset[str]:
    """The runs of five words of a text; of five characters where it writes no spaces between words."""
    words = text.casefold().split()
    if len(text) > 12 * len(words):
        words = list("".join(words))
    if len(words) < SHINGLE:
        return frozenset([" ".join(words)] if words else [])
    return frozenset(map(" ".join, zip(*(words[n:] for n in range(SHINGLE)), strict=False)))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """What two sets share, as part of all that either has; 0 where both are empty."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def pairs(texts: Mapping[K, str], asked: Callable[[K, K], bool]) -> Iterator[tuple[K, K, float]]:
    """The pairs of near-duplicates among texts, each with its exact Jaccard similarity, in the order of the texts.

    Args:
        asked: which pairs are of interest; the others are not compared.

    Raises:
        UsageError: there are many texts, and the library that finds pairs among many is not installed.
    """
    keys = list(texts)
    found = [shingles(texts[key]) for key in keys]
    near = _sharing(found) if len(keys) <= _FEW else _proposed(found)
    for m, n in near:
        if asked(keys[m], keys[n]) and (alike := jaccard(found[m], found[n])) >= ALIKE:
            yield keys[m], keys[n], alike


def _sharing(found: list[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """All pairs that share a shingle."""
    holders: dict[str, list[int]] = {}
    for n, those in enumerate(found):
        near: set[int] = set()
        for shingle in those:
            held = holders.setdefault(shingle, [])
            near.update(held)
            held.append(n)
        yield from ((m, n) for m in sorted(near))


def _proposed(found: list[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """The pairs that MinHash holds for similar."""
    try:
        from rensa import RMinHash, RMinHashLSH
    except ImportError as error:
        raise UsageError(
            f"near-duplicates among {len(found)} documents are sought with rensa, which is not installed; "
            "expected it: pip install 'standoff[dedup]'"
        ) from error
    # Sorted: the same texts give the same hashes in whatever order a process keeps its sets.
    hashed = RMinHash.from_token_sets([sorted(those) for those in found], _HASHES, 1)
    index = RMinHashLSH(ALIKE, _HASHES, _BANDS)
    for n, one in enumerate(hashed):
        yield from ((m, n) for m in sorted(index.query(one)))
        index.insert(n, one)
