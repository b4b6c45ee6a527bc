"""Which text of a page is its article, and what the page says of itself: trafilatura decides."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from typing import TYPE_CHECKING

from standoff.errors import UsageError
from standoff.intake.markup import Piece, attribute
from standoff.intake.proposal import UNKNOWN, Proposal
from standoff.model import Fact

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["article", "facts", "is_blank"]

# Printable symbols, which no tool takes for white space, for a letter or for something to remove.
_ALPHABETS = tuple("".join(map(chr, range(*ends))) for ends in ((0x2801, 0x2900), (0x1D800, 0x1DA00), (0x4DC0, 0x4E00)))
_WIDTH = 3
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION = re.compile("<[?!](?!--)")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)")


def article(page: str, found: Sequence[Piece]) -> frozenset[int]:
    """The pieces of text that are the page's article, by their numbers; none where it seems to have no article.

    Each piece goes through the extraction behind a number of its own, written in symbols that the page does not hold:
    what comes out is thus known to be this piece of the page, wherever else the same words stand.

    Raises:
        UsageError: trafilatura is not installed.
    """
    trafilatura = _trafilatura()
    alphabet = next((each for each in _ALPHABETS if not set(each) & set(page)), None)
    if alphabet is None or len(found) >= len(alphabet) ** _WIDTH:
        raise UsageError(
            f"its {len(found)} pieces cannot be numbered apart from its own symbols; expected a smaller page"
        )
    numbered = "".join(_numbered(page, found, alphabet))
    extracted = trafilatura.bare_extraction(_whole(numbered, found), include_comments=False, with_metadata=False)
    text = extracted.text if extracted is not None else None
    marks = re.findall(f"[{alphabet}]{{{_WIDTH}}}", text or "")
    return frozenset(_number(mark, alphabet) for mark in marks)


def facts(page: str, found: Sequence[Piece], *, today: str) -> Proposal:
    """What the page's metadata say, each with its evidence.

    Args:
        today: the latest day a date can be, ISO 8601.

    Raises:
        UsageError: trafilatura is not installed.
    """
    trafilatura = _trafilatura()
    # The library refuses text that declares an encoding.
    declared = {n for n, each in enumerate(found) if each.kind == "other" and _DECLARATION.match(page, each.start)}
    readable = "".join(page[each.start : each.end] for n, each in enumerate(found) if n not in declared)
    metadata = trafilatura.extract_metadata(
        _whole(_CONTROL.sub(" ", readable), found),
        date_config={"original_date": True, "extensive_search": False, "max_date": today},
    )

    def fact(name: str) -> Fact:
        value = getattr(metadata, name)
        evidence = f"the page's metadata, read by trafilatura {trafilatura.__version__} ({name})"
        return Fact("inferred", " ".join(value.split()), evidence) if value and value.strip() else UNKNOWN

    return Proposal(
        title=fact("title"),
        language=_language(page, found),
        published=fact("date"),
        publisher=fact("sitename"),
        url=fact("url"),
        author=fact("author"),
    )


def is_blank(page: str, piece: Piece) -> bool:
    """Whether a reader of the page sees nothing of a piece of text."""
    return not unescape(page[piece.start : piece.end]).strip()


def _language(page: str, found: Iterable[Piece]) -> Fact:
    for each in found:
        if each.kind == "start" and each.name == "html":
            written = attribute(page[each.start : each.end], "lang") or ""
            if code := _LANGUAGE.fullmatch(written.strip().replace("_", "-")):
                return Fact("inferred", code[1].lower() + code[2], f"the page's lang attribute, {written!r}")
            break
    return UNKNOWN


def _numbered(page: str, found: Iterable[Piece], alphabet: str) -> Iterator[str]:
    for n, each in enumerate(found):
        text = page[each.start : each.end]
        if each.kind == "text" and not is_blank(page, each):
            body = text.lstrip()
            yield text[: len(text) - len(body)] + _mark(n, alphabet) + _CONTROL.sub(" ", body.replace("<", "&lt;"))
        elif each.kind != "other":
            yield _CONTROL.sub(" ", text)


def _whole(page: str, found: Iterable[Piece]) -> str:
    """The page inside an html element, without which the library takes it for no page."""
    whole = any(each.kind == "start" and each.name == "html" for each in found)
    return page if whole else f"<html><body>{page}</body></html>"


def _mark(number: int, alphabet: str) -> str:
    digits = []
    for _ in range(_WIDTH):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(digits)


def _number(mark: str, alphabet: str) -> int:
    return sum(alphabet.index(digit) * len(alphabet) ** n for n, digit in enumerate(mark))


def _trafilatura() -> ModuleType:
    try:
        import trafilatura
    except ImportError as error:
        raise UsageError(
            "trafilatura is not installed, by which articles are found in pages of HTML; expected the extra: "
            "pip install 'standoff[html]'"
        ) from error
    # That it finds no article is said by its answer; without a handler it would also be written to stderr.
    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    return trafilatura
