"""Documents that are nearly the same: MinHash proposes pairs, their shingles decide."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from standoff.errors import UsageError

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Numbers = NDArray[Any]

__all__ = ["ALIKE", "FEW", "SHINGLE", "bands", "jaccard", "near", "pairs", "shingles"]

SHINGLE = 5
"""Words of a shingle."""

ALIKE = 0.5
"""From this Jaccard similarity on, two documents are near-duplicates. One changed word costs five shingles: half of
them are left where one word in eight was changed, or a third of the text is new."""

FEW = 500
"""Up to so many documents all that share a shingle are compared; beyond, only those that MinHash proposes."""

_HASHES, _ROWS = 120, 3
"""40 bands of 3 hashes miss 5 in 1,000 pairs at a similarity of 0.5, and 1 in 10,000 at 0.6 (1 - (1 - s^3)^40)."""

_FEWEST = 64
"""Up to so many are compared word by word: that takes less time than numpy to be loaded."""

_SLOTS = 22
"""Shingles are sorted out by no more than so many bits of their numbers."""

_LONG = 12
"""A text that has more characters than so many a word writes no spaces between words."""

_CROWD, _LEADERS = 200, 8
"""Of more documents than these that share a band, each is held against the first of some groups alone: a million
copies of one notice would make half a billion pairs."""

_KEPT, _CHUNK = 4096, 1024
"""Texts whose shingles are kept, and texts that are hashed together: the shingles of all would fill the memory."""

K = TypeVar("K", bound=Hashable)


def shingles(text: str) -> frozenset[str]:
    """The runs of five words of a text; of five characters where it writes no spaces between words."""
    return frozenset(map(" ".join, _runs(_words(text))))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """What two sets share, as part of all that either has; 0 where both are empty."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def pairs(texts: Mapping[K, str], group: Callable[[K], Hashable] | None = None) -> Iterator[tuple[K, K, float]]:
    """The pairs of near-duplicates among texts, each with its exact Jaccard similarity, in the order of the texts.

    Args:
        group: which group a text is of; those of one group are not compared. Without it all are.

    Raises:
        UsageError: there are many texts, and the library that finds pairs among many is not installed.
    """
    keys = list(texts)
    of = lru_cache(_KEPT)(lambda n: shingles(texts[keys[n]]))
    every, groups = list(texts.values()), list(map(group, keys)) if group else range(len(keys))
    for m, n in _sharing(every, groups) if len(keys) <= FEW else _proposed(every):
        if groups[m] != groups[n] and (alike := jaccard(of(m), of(n))) >= ALIKE:
            yield keys[m], keys[n], alike


def bands(texts: Sequence[str]) -> Numbers | None:
    """The bands of each text's MinHash signature, a row a text: similar texts have one in common.

    Returns:
        None where the library that makes them is not installed.
    """
    try:
        from rensa import RMinHash
    except ImportError:
        return None
    import numpy as np

    # Sorted: the same texts give the same hashes in whatever order a process keeps its sets.
    digests = RMinHash.digests_from_token_sets([sorted(shingles(text)) for text in texts], _HASHES, 1)
    hashes = np.array(digests, dtype=np.uint64).reshape(len(texts), _HASHES // _ROWS, _ROWS)
    # Each band as one number that also tells which band it is: odd factors of 64 bits, so that no hash is lost.
    number = np.arange(1, _HASHES // _ROWS + 1, dtype=np.uint64)[None, :] * np.uint64(0x9E3779B97F4A7C15)
    mixed: Numbers = number
    for n in range(_ROWS):
        mixed = (mixed ^ hashes[:, :, n]) * np.uint64(0xD6E8FEB86659FD93)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def near(bands: Numbers, groups: Numbers) -> Numbers:
    """The pairs of rows that share a band and are of different groups, each once, as two columns, the smaller first.

    Args:
        bands: one band a row; a document has as many rows as it has bands.
        groups: the group of each row.
    """
    import numpy as np

    by = np.argsort(bands, kind="stable")
    ordered = bands[by]
    bounds = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    found: list[Numbers] = [np.empty((0, 2), np.int64)]
    for start, end in zip(bounds[:-1][np.diff(bounds) > 1], bounds[1:][np.diff(bounds) > 1], strict=True):
        rows = by[start:end]
        own = groups[rows]
        others: Numbers = np.arange(len(rows))
        if len(rows) > _CROWD:
            others = np.sort(np.unique(own, return_index=True)[1])[:_LEADERS]
        m, n = np.nonzero(own[:, None] != own[others][None, :])
        both: Numbers = np.stack([rows[m], rows[others[n]]], axis=1)
        found.append(np.sort(both, axis=1))
    each: Numbers = np.unique(np.concatenate(found), axis=0)
    return each


def _words(text: str) -> list[str]:
    """What shingles are made of."""
    words = text.casefold().split()
    return list("".join(words)) if len(text) > _LONG * len(words) else words


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    if len(words) < SHINGLE:
        return [tuple(words)] if words else []
    return zip(*(words[n:] for n in range(SHINGLE)), strict=False)


def _sharing(texts: Sequence[str], groups: Sequence[Hashable]) -> Sequence[tuple[int, int]]:
    """The pairs of different groups that share a shingle, and hardly any others."""
    holders: dict[int, list[int]] = {}
    found: set[tuple[int, int]] = set()
    for n, runs in enumerate(_hashed(texts) if len(texts) <= _FEWEST else _common(texts, groups)):
        for run in runs:
            held = holders.setdefault(run, [])
            found.update((m, n) for m in held if groups[m] != groups[n])
            held.append(n)
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def _hashed(texts: Iterable[str]) -> list[set[int]]:
    """The shingles of each text as numbers, the same for the same ones within a process."""
    return [{*map(hash, _runs(_words(text)))} for text in texts]


def _common(texts: Sequence[str], groups: Sequence[Hashable]) -> list[set[int]]:
    """The same without most of those that one group alone has."""
    import numpy as np

    from standoff.validate.runs import numbered

    runs, owners, counts = numbered(texts, SHINGLE)
    odd = [n for n, (text, count) in enumerate(zip(texts, counts.tolist(), strict=True)) if _unusual(text, count)]
    if odd:
        # What counts as their words is written with spaces in between; of so few that they make no run, with more.
        spaced = {n: _words(texts[n]) for n in odd}
        filled = {n: " ".join([*words, *["\0"] * (SHINGLE - len(words))]) for n, words in spaced.items() if words}
        runs, owners, _ = numbered([filled.get(n, text) for n, text in enumerate(texts)], SHINGLE)
    known: dict[Hashable, int] = {}
    group = np.array([known.setdefault(one, len(known)) for one in groups], np.int32)[owners]
    size = 1 << min(max(16 * len(runs), 1).bit_length(), _SLOTS)
    slots = (runs & np.uint64(size - 1)).astype(np.int64)
    # Of all that fall into one slot, the last group stays: another one finds it there.
    last = np.zeros(size, np.int32)
    last[slots] = group
    shared = np.zeros(size, bool)
    shared[slots[last[slots] != group]] = True
    common = shared[slots]
    until = np.searchsorted(owners[common], np.arange(len(texts) + 1)).tolist()
    left = runs[common].tolist()
    return [{*left[start:end]} for start, end in pairwise(until)]


def _unusual(text: str, count: int) -> bool:
    """Whether the words of a text are no shingle, or are not what its shingles are made of."""
    return count < SHINGLE or len(text) > _LONG * count


def _proposed(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The pairs that MinHash holds for similar."""
    import numpy as np

    found = []
    for first in range(0, len(texts), _CHUNK):
        if (of := bands(texts[first : first + _CHUNK])) is None:
            raise UsageError(
                f"near-duplicates among {len(texts)} documents are sought with rensa, which is not installed; "
                "expected it: pip install 'standoff[dedup]'"
            )
        found.append(of)
    each = np.concatenate(found)
    owner = np.arange(len(texts)).repeat(each.shape[1])
    both = np.unique(owner[near(each.ravel(), owner)], axis=0)
    yield from ((int(m), int(n)) for m, n in both[np.lexsort((both[:, 0], both[:, 1]))])
