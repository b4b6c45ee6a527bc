"""The pieces of a page of HTML, each at its exact place: together they are the whole page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Literal

from msgspec import Struct

__all__ = ["Piece", "Reference", "attribute", "pieces", "references"]


class Piece(Struct, frozen=True):
    """A run of text, a tag, or what is neither: comments, declarations, and what is inside elements such as scripts."""

    kind: Literal["text", "start", "end", "other"]
    start: int
    end: int
    name: str = ""
    """The tag's element, in lower case."""


class Reference(Struct, frozen=True):
    """A character reference in a text, with what it stands for."""

    start: int
    end: int
    means: str


# As the HTML standard reads tags: a quotation mark matters behind an equals sign alone. No step can be taken back,
# so that the time is in proportion to the length whatever the page holds.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)(?:[^>=]|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+>""")
_BOGUS = re.compile("<[!?]|</[^a-zA-Z]")
_UNCLOSED = re.compile("</?[a-zA-Z]")
_ATTRIBUTE = re.compile(r"""[\s"'/]([^\s"'=<>/]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,12};?|#[xX][0-9a-fA-F]{1,12};?|[A-Za-z][A-Za-z0-9]{1,40};?)")

_UNREAD = frozenset(
    {
        "iframe",
        "noembed",
        "noframes",
        "noscript",
        "plaintext",
        "script",
        "style",
        "template",
        "textarea",
        "title",
        "xmp",
    }
)
"""Elements whose inside is no text of the page: it is taken as one piece, up to their end tag."""


def pieces(page: str) -> Iterator[Piece]:
    """The pieces of a page, in order, without a gap; what is not closed reaches to the end of the page."""
    at = text_from = 0
    while (at := page.find("<", at)) >= 0:
        tag = _TAG.match(page, at)
        if tag:
            piece = Piece("end" if tag[1] else "start", at, tag.end(), tag[2].lower())
        elif page.startswith("<!--", at):
            piece = Piece("other", at, _behind(page, "-->", at + 2))
        elif _BOGUS.match(page, at):
            piece = Piece("other", at, _behind(page, ">", at + 2))
        elif _UNCLOSED.match(page, at):
            piece = Piece("other", at, len(page))
        else:
            at += 1
            continue
        if text_from < at:
            yield Piece("text", text_from, at)
        yield piece
        at = text_from = piece.end
        if piece.kind == "start" and piece.name in _UNREAD:
            closing = re.compile(rf"</{piece.name}(?=[\s/>])", re.IGNORECASE).search(page, at)
            end = closing.start() if closing else len(page)
            if at < end:
                yield Piece("other", at, end)
            at = text_from = end
    if text_from < len(page):
        yield Piece("text", text_from, len(page))


def attribute(tag: str, name: str) -> str | None:
    """The value of an attribute of a start tag, None where the tag has none of the name."""
    for found in _ATTRIBUTE.finditer(tag):
        if found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "")
    return None


def references(page: str, start: int, end: int) -> Iterator[Reference]:
    """The character references in a run of text, in order."""
    for found in _REFERENCE.finditer(page, start, end):
        if (means := unescape(found[0])) != found[0]:
            yield Reference(found.start(), found.end(), means)


def _behind(page: str, mark: str, at: int) -> int:
    found = page.find(mark, at)
    return found + len(mark) if found >= 0 else len(page)
