"""Sentences and tokens of a text, by rules alone: the same text and versions, the same segments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING

from standoff.errors import UsageError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Span

__all__ = ["segment"]

Ranges = tuple[tuple[int, int], ...]

_BLANK_LINE = re.compile(r"(?:\r\n|\r(?!\n)|\n)[^\S\r\n]*(?:\r\n|\r|\n)")
_WORD = re.compile(r"\S+")

ANY = "xx"
"""What spaCy calls its rules for no language in particular."""


def segment(text: str, language: str, *, breaks: Sequence[int] = ()) -> tuple[str, Ranges, Ranges]:
    """The segmenter's name with its version, the sentences and the tokens of a text, as half-open ranges.

    Neither holds white space at an end; nothing goes across a blank line or a break; every token lies in a sentence.

    Args:
        language: BCP 47; rules for any language are used for one that spaCy does not know.
        breaks: offsets which nothing may go across, such as an alignment's seams.

    Raises:
        UsageError: spaCy, or what its rules for this language need, is not installed.
    """
    pipeline, name = _pipeline(language)
    # Each piece is split by itself, so that no rule sees beyond a cut.
    cuts = sorted({0, len(text), *breaks, *(match.end() for match in _BLANK_LINE.finditer(text))})
    pipeline.max_length = len(text) + 1
    sentences = [
        words
        for start, end in pairwise(cuts)
        for words in _opened([_words(sentence, start) for sentence in pipeline(text[start:end]).sents], text)
    ]
    return (
        name,
        tuple((words[0][0], words[-1][1]) for words in sentences),
        tuple(word for words in sentences for word in words),
    )


def _words(sentence: Span, start: int) -> list[tuple[int, int]]:
    return [
        (start + token.idx + word.start(), start + token.idx + word.end())
        for token in sentence
        for word in _WORD.finditer(token.text)
    ]


def _opened(sentences: Iterable[list[tuple[int, int]]], text: str) -> list[list[tuple[int, int]]]:
    """The sentences that hold a word, each with the marks that open it: those directly before it, behind white space.

    By spaCy's rule alone, all punctuation behind a full stop closes the sentence, also what opens the next one.
    """
    opened: list[list[tuple[int, int]]] = []
    for words in filter(None, sentences):
        last = opened[-1] if opened else []
        marks = len(last)
        while marks and last[marks - 1][1] == (last[marks] if marks < len(last) else words[0])[0]:
            marks -= 1
        behind_space = 0 < marks < len(last)
        if behind_space and not any(map(str.isalnum, text[last[marks][0] : last[-1][1]])):
            words = last[marks:] + words
            del last[marks:]
        opened.append(words)
    return opened


def _pipeline(language: str) -> tuple[Language, str]:
    try:
        import spacy
    except ImportError as error:
        raise UsageError(
            "spaCy is not installed, by which texts are segmented; expected the extra: pip install 'standoff[spacy]'"
        ) from error
    base = language.partition("-")[0].lower()
    known = base.isalpha() and find_spec(f"spacy.lang.{base}") is not None
    code = base if known else ANY
    try:
        pipeline = spacy.blank(code)
    except ImportError as error:
        raise UsageError(
            f"spaCy's rules for {code!r} need a package that is not installed ({error})", place="language"
        ) from error
    pipeline.add_pipe("sentencizer")
    return pipeline, f"spacy {version('spacy')} blank {code} + sentencizer, blank lines, opening marks"
