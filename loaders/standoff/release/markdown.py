"""Markdown of a card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["named", "plain", "table_lines"]


def plain(text: str) -> str:
    """Text on one line that Markdown and HTML leave as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~$&!])", r"\\\1", " ".join(text.split()))


def named(text: str) -> str:
    """Names of the schema as code, whatever signs they have; other text as it is."""
    return f"`{text}`" if re.fullmatch(r"[\w-]+(, [\w-]+)*", text) else plain(text)


def table_lines(*rows: Iterable[Any]) -> Iterator[str]:
    """A Markdown table; the first row is its head."""
    for n, row in enumerate(rows):
        cells = [str(cell) for cell in row]
        yield f"| {' | '.join(cells)} |"
        if not n:
            yield f"|{'---|' * len(cells)}"
