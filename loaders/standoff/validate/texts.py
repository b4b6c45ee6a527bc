"""Many texts as one array of characters, and what each character is: where words, sentences and tokens may begin."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from standoff.model import Segments

__all__ = ["ALNUM", "MARK", "SPACE", "Flags", "Numbers", "Texts", "cut_wrongly", "doubled", "listed", "numbers"]

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SPACE, ALNUM, MARK, _KNOWN = 1, 2, 4, 8
"""White space; letters and digits; what combines with the character ahead of it."""

_CLASSES = np.zeros(0x110000, np.uint8)
"""Code point -> its classes, as far as it was met with."""


class Texts:
    """Texts one behind the other, each followed by a line feed: a place is an offset in all of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.joined = "\n".join([*texts, ""])
        self.lengths = numbers(map(len, texts))
        """Code points of each text."""
        self.first = np.cumsum(self.lengths + 1) - self.lengths - 1
        """The place where each text begins."""
        # Half a surrogate pair is no text, but nothing here relies on that.
        self.characters = np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def classes(self) -> NDArray[np.uint8]:
        """What each character is."""
        found = _CLASSES[self.characters]
        if not found.all():
            for code in np.unique(self.characters[found == 0]).tolist():
                _CLASSES[code] = _class(chr(code))
            found = _CLASSES[self.characters]
        return found

    @cached_property
    def spaces(self) -> NDArray[np.int32]:
        """How many characters ahead of each place are white space."""
        found = np.zeros(len(self.characters) + 1, np.int32)
        np.cumsum(self.classes & SPACE, out=found[1:])
        return found

    @cached_property
    def breaks(self) -> Numbers:
        """The places of the characters that end a paragraph."""
        one = self.characters
        return np.flatnonzero((one == 0x0A) | (one == 0x0D) | (one == 0x2028) | (one == 0x2029))

    def inside_words(self, places: Numbers) -> Flags:
        """Whether each place parts a word, or a base character from its combining mark: see `text.inside_word`."""
        # In front of the very first character stands nothing, as the line feed behind the last one says.
        left, right = self.classes[places - 1], self.classes[places]
        joined = (right & ALNUM != 0) & (left & (ALNUM | MARK) != 0)
        found: Flags = joined | ((right & MARK != 0) & (left & SPACE == 0))
        return found


def numbers(values: Iterable[int]) -> Numbers:
    """Integers as an array."""
    return np.fromiter(values, np.int64)


def listed(found: Numbers) -> list[int]:
    """An array as integers."""
    return found.tolist()  # type: ignore[no-any-return]


def doubled(keys: Numbers) -> Flags:
    """Of the keys that stand twice or more, all but one."""
    order = np.argsort(keys, kind="stable")
    found = np.zeros(len(keys), bool)
    found[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return found


def cut_wrongly(texts: Texts, segments: Sequence[Segments]) -> tuple[Flags, list[Numbers]]:
    """Whether sentences or tokens of each text may be out of order, out of it, or leave or hold what they should not.

    Returns:
        that, and the offsets at which the tokens of each begin, which mean nothing where something is wrong.

    Raises:
        OverflowError: an offset has more than 64 bits.
    """
    sentences, of_sentences = _edges(texts, [one.sentences for one in segments])
    tokens, of_tokens = _edges(texts, [one.tokens for one in segments])
    wrong: Flags = np.zeros(len(segments), bool)
    for edges, owners in ((sentences, of_sentences), (tokens, of_tokens)):
        # Between the last edge of a text and the first of the next stands a line feed.
        wrong[owners[1:][_disordered(edges)]] = True
    for edges, owners in ((sentences, of_sentences), (tokens, of_tokens)):
        # Their ranges lead anywhere: they are taken for empty.
        lost = wrong[owners]
        edges[lost] = texts.first[owners[lost]]
    spaces = texts.spaces
    gaps = sentences.reshape(-1, 2)
    left_out = spaces[gaps[:, 1]] - spaces[gaps[:, 0]] != gaps[:, 1] - gaps[:, 0]
    wrong[of_sentences[::2][left_out]] = True
    spaced = spaces[tokens[2::2]] != spaces[tokens[1:-1:2]]
    # From one text to the next there is the line feed.
    spaced &= of_tokens[2::2] == of_tokens[1:-1:2]
    wrong[of_tokens[2::2][spaced]] = True
    # With all but white space in sentences and none of it in tokens, a token is in one unless the next one's start
    # parts it. At odd places tokens begin, at even ones they end.
    begins = sentences[1::2]
    at = np.searchsorted(tokens, begins)
    wrong[of_sentences[1::2][(at % 2 == 0) & (tokens[at] != begins)]] = True
    local = tokens - texts.first[of_tokens]
    until = np.searchsorted(of_tokens, np.arange(1, len(segments) + 1)).tolist()
    return wrong, [local[start + 1 : end - 1 : 2] for start, end in pairwise([0, *until])]


def _edges(texts: Texts, ranges: Sequence[Sequence[tuple[int, int]]]) -> tuple[Numbers, Numbers]:
    """Where each text begins, its ranges begin and end, and it ends itself; and of which text each of these is."""
    lengths = texts.lengths.tolist()
    each = chain.from_iterable(
        chain((0,), chain.from_iterable(of), (length,)) for of, length in zip(ranges, lengths, strict=True)
    )
    counts = np.fromiter(map(len, ranges), np.int64) * 2 + 2
    local = np.fromiter(each, np.int64, int(counts.sum()))
    return local + texts.first.repeat(counts), np.arange(len(ranges)).repeat(counts)


def _disordered(edges: Numbers) -> Flags:
    """Whether a step from one edge to the next goes back, or from the start of a range not ahead."""
    steps = np.diff(edges)
    steps[1::2] -= 1
    found: Flags = steps < 0
    return found


def _class(character: str) -> int:
    space = SPACE * character.isspace()
    mark = MARK * unicodedata.category(character).startswith("M")
    return _KNOWN | space | mark | (ALNUM * character.isalnum())
