"""Strings without the articles' words: passages of an article are told by where they stand in its raw file.

`See ⟦doc:12:61⟧.` holds a passage of the raw file of `doc`, in half-open code points; `⟦⟧` is the sign itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from standoff.errors import ReleaseError

__all__ = ["LEAST", "Articles", "restored", "words"]

LEAST = 5
"""So many words of an article in a row are a passage of it."""

_WORD = re.compile(r"\w+")
_MARK = re.compile(r"⟦(?:([A-Za-z0-9_-]+):([0-9]+):([0-9]+))?⟧")

Word: TypeAlias = tuple[str, int, int]
"""As it is compared, where it begins, where it ends."""

Place: TypeAlias = tuple[str, int, int]
"""Document, start and end in its raw file."""


def words(text: str) -> Iterator[Word]:
    """The words of a text with where they stand: whatever their case and form, and what stands between them."""
    for found in _WORD.finditer(text):
        yield unicodedata.normalize("NFKC", found.group()).casefold(), found.start(), found.end()


class Articles:
    """The raw texts whose passages are withheld.

    Args:
        raw: document -> decoded raw file.
        titles: what may be told: titles are facts about an article.
    """

    def __init__(self, raw: Mapping[str, str], titles: Iterable[str]) -> None:
        self._raw = raw
        told = {run for title in titles for run, _ in _runs(list(words(title)))}
        self._words = {id: list(words(text)) for id, text in raw.items()}
        self._where: dict[tuple[str, ...], tuple[str, int]] = {}
        for id, found in sorted(self._words.items()):
            for run, at in _runs(found):
                if run not in told:
                    self._where.setdefault(run, (id, at))
        self.withheld = lru_cache(maxsize=4096)(self._withheld)
        """A string with its passages told by their place. Raises ReleaseError where one is spelled otherwise."""

    def passages(self, text: str) -> list[str]:
        """Where a string has the words of an article in a row: each run of `LEAST`."""
        return [" ".join(run) for run, _ in _runs(list(words(text))) if run in self._where]

    def _withheld(self, text: str) -> str:
        found = list(words(text))
        starts = {at: self._where[run] for run, at in _runs(found) if run in self._where}
        pieces: list[str | Place] = []
        at = n = 0
        while n < len(found):
            if n not in starts:
                n += 1
                continue
            pieces.append(text[at : found[n][1]])
            id, m = starts[n]
            raw, own = self._raw[id], self._words[id]
            before: list[str | Place] = []
            while n < len(found) and m < len(own) and found[n][0] == own[m][0]:
                here = _either(text, found[n][1:], raw, own[m][1:], id)
                if before:
                    between, there = (found[n - 1][2], found[n][1]), (own[m - 1][2], own[m][1])
                    # Between words that are told as they are, a place would hide nothing.
                    placed = isinstance(before[0], tuple) and isinstance(here[0], tuple)
                    pieces += _either(text, between, raw, there, id) if placed else [text[slice(*between)]]
                pieces += here
                before, n, m = here, n + 1, m + 1
            at = found[n - 1][2]
        pieces.append(text[at:])
        shown = "".join(
            piece.replace("⟦", "⟦⟧") if isinstance(piece, str) else "⟦{}:{}:{}⟧".format(*piece)
            for piece in _merged(pieces)
        )
        if left := self.passages(shown):
            raise ReleaseError(
                f"{text[:200]!r} has the words {left[0]!r} of an article, spelled otherwise than there; an edition "
                "without texts cannot hold them: quote the article as it is, or fewer words"
            )
        return shown


def restored(text: str, raw: Mapping[str, str]) -> str:
    """The string that was withheld.

    Raises:
        ReleaseError: a passage is of a document that is not given, or lies outside of it.
    """

    def passage(found: re.Match[str]) -> str:
        if found[1] is None:
            return "⟦"
        id, start, end = found[1], int(found[2]), int(found[3])
        if id not in raw or not 0 <= start < end <= len(raw[id]):
            raise ReleaseError(f"{found.group()!r} is no passage of the raw files that there are")
        return raw[id][start:end]

    return _MARK.sub(passage, text)


def _runs(found: list[Word]) -> Iterator[tuple[tuple[str, ...], int]]:
    for n in range(len(found) - LEAST + 1):
        yield tuple(word for word, _, _ in found[n : n + LEAST]), n


def _either(text: str, own: tuple[int, int], raw: str, there: tuple[int, int], id: str) -> list[str | Place]:
    """The place where a piece of a text stands in a raw text, or the piece itself where it is spelled otherwise."""
    piece = text[own[0] : own[1]]
    return [(id, *there) if piece == raw[there[0] : there[1]] else piece] if piece else []


def _merged(pieces: Iterable[str | Place]) -> Iterator[str | Place]:
    """Places that follow on each other as one, and so strings."""
    last: str | Place = ""
    for piece in pieces:
        if isinstance(last, str) and isinstance(piece, str):
            last += piece
        elif not isinstance(last, str) and not isinstance(piece, str) and (last[0], last[2]) == piece[:2]:
            last = (last[0], last[1], piece[2])
        else:
            yield last
            last = piece
    yield last
