"""The runs of words of many texts as numbers, made for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from standoff.validate.texts import SPACE, Numbers, Texts

__all__ = ["numbered"]

_MASK = (1 << 64) - 1
_ODD = 0x9E3779B97F4A7C15

_WEIGHTS = np.zeros(0x110000, np.uint64)
"""Code point -> what it adds to the number of its word, as far as it was met with; nothing for white space."""


def numbered(texts: Sequence[str], length: int) -> tuple[NDArray[np.uint64], Numbers, Numbers]:
    """The runs of so many words of each text as numbers, text by text.

    Runs that are the same but for case have the same number; those of a word's letters in another order have, too, and
    others hardly ever.

    Returns:
        the runs, the number of each one's text, and how many words each text has.
    """
    joined = Texts(texts)
    spaced = joined.classes & SPACE != 0
    # A word begins where no white space stands behind some; in front of the very first character stands nothing.
    begins = ~spaced
    begins[1:] &= spaced[:-1]
    first = np.flatnonzero(begins)
    # The letters of a word count in any order, so that one which is folded to two is as good as these two.
    words = np.add.reduceat(_weights(joined, spaced), first) if len(first) else np.empty(0, np.uint64)
    words = (words ^ words >> np.uint64(32)) * np.uint64(_ODD)
    owners = np.searchsorted(joined.first, first, "right") - 1
    counts = np.bincount(owners, minlength=len(texts))
    many = max(len(words) - length + 1, 0)
    runs = np.zeros(many, np.uint64)
    for n in range(length):
        runs = runs * np.uint64(_ODD) + words[n : n + many]
    whole = owners[:many] == owners[length - 1 : length - 1 + many]
    return (runs ^ runs >> np.uint64(32))[whole], owners[:many][whole], counts


def _weights(texts: Texts, spaced: NDArray[np.bool_]) -> NDArray[np.uint64]:
    found = _WEIGHTS[texts.characters]
    new = (found == 0) & ~spaced
    if new.any():
        for code in np.unique(texts.characters[new]).tolist():
            _WEIGHTS[code] = sum(_mixed(ord(letter)) for letter in chr(code).casefold()) & _MASK
        found = _WEIGHTS[texts.characters]
    return found


def _mixed(code: int) -> int:
    """A number that looks as if drawn at random (the finalizer of splitmix64)."""
    found = (code + 1) * _ODD & _MASK
    found = (found ^ found >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    found = (found ^ found >> 27) * 0x94D049BB133111EB & _MASK
    return found ^ found >> 31
