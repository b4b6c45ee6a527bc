"""Where in a file of JSON or Markdown a finding stands, for tools that show it there."""

from __future__ import annotations

import json
import re

from msgspec import Struct

from standoff.model import Finding

__all__ = ["Place", "place"]


class Place(Struct, frozen=True):
    """A piece of one line; line and columns count from 1, columns in code points, `end` is the column behind it."""

    line: int
    column: int
    end: int


def place(text: str, finding: Finding) -> Place:
    """The line of the record that a finding is about, from its field on; the first line where nothing is found of it.

    Args:
        text: what the finding's file holds.
    """
    if finding.file.endswith(".md"):
        return _line(text, _find(text, rf"(?m)^#+ +{re.escape(finding.field)}\s*$"))
    at = _record(text, finding)
    key = re.match(r"[^.\[\]]+", finding.field)
    if key is None:
        return _line(text, at)
    pattern = rf"{_quoted(key[0])}\s*:"
    start, end = _bounds(text, at or 0)
    # Keys stand in order, so that some are ahead of the id; in a file of one record, each is on a line of its own.
    inside = re.compile(pattern).search(text, start, end)
    if inside is None and finding.file.startswith(("corpus/documents/", "corpus/segments/")):
        return _line(text, _find(text, pattern))
    return _line(text, inside.start() if inside else at)


def _record(text: str, finding: Finding) -> int | None:
    """Where the id of what the finding is about stands."""
    if not finding.id:
        return None
    # Behind the entities of a set, whose ids are others.
    begin = _find(text, r'"annotations"\s*:') or 0
    for pattern, at in (
        (rf'"id"\s*:\s*{_quoted(finding.id)}', begin),
        (rf'"id"\s*:\s*{_quoted(finding.id)}', 0),
        (rf"{_quoted(finding.id)}\s*:", 0),
        (_quoted(finding.id), 0),
    ):
        if (found := _find(text, pattern, at)) is not None:
            return found
    return None


def _find(text: str, pattern: str, at: int = 0) -> int | None:
    found = re.compile(pattern).search(text, at)
    return found.start() if found else None


def _quoted(word: str) -> str:
    """A pattern for a string of JSON, with or without escapes."""
    return "|".join(sorted({f"(?:{re.escape(json.dumps(word, ensure_ascii=ascii))})" for ascii in (True, False)})).join(
        ("(?:", ")")
    )


def _bounds(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _line(text: str, at: int | None) -> Place:
    start, end = _bounds(text, at or 0)
    column = 1 if at is None else at - start + 1
    return Place(text.count("\n", 0, start) + 1, column, max(end - start + 1, column))
