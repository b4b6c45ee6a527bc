"""What can be told of a raw file without asking: the ranges to drop, and facts with their evidence."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from standoff.errors import UsageError
from standoff.model import Dropped, Fact
from standoff.scheme import Scheme

__all__ = ["NOTHING", "UNKNOWN", "Proposal", "inline_kind", "page_kind"]

UNKNOWN = Fact("unknown")


class Proposal(Struct, frozen=True, kw_only=True):
    """The ranges of a raw file that seem to be no part of the text, and what the file says of itself."""

    dropped: tuple[Dropped, ...] = ()
    title: Fact = UNKNOWN
    language: Fact = UNKNOWN
    published: Fact = UNKNOWN
    publisher: Fact = UNKNOWN
    url: Fact = UNKNOWN
    author: Fact = UNKNOWN
    warnings: tuple[str, ...] = ()
    """What the text does not show as a reader of the page would see it."""


NOTHING = Proposal()


def page_kind(scheme: Scheme) -> str:
    """The kind of range for what of a page is not its text: the one marked so, or the only one that is not inline.

    Raises:
        UsageError: the schema has no such kind; says what to add.
    """
    marked = [kind["const"] for kind in _kinds(scheme) if kind.get("x-standoff", {}).get("page")]
    others = [kind for kind in scheme.dropped_kinds if kind not in scheme.inline_kinds]
    if not (found := marked or (others if len(others) == 1 else [])):
        raise _missing("the parts of a page that are not its text", "page")
    return str(found[0])


def inline_kind(scheme: Scheme) -> str:
    """The kind of dropped range that a span may go across, such as the tags inside a line.

    Raises:
        UsageError: the schema has no such kind; says what to add.
    """
    if not scheme.inline_kinds:
        raise _missing("tags inside a line", "inline")
    return scheme.inline_kinds[0]


def _kinds(scheme: Scheme) -> list[dict[str, Any]]:
    properties = scheme.document_schema["properties"]
    kinds: list[dict[str, Any]] = properties["dropped"]["items"]["properties"]["kind"]["oneOf"]
    return kinds


def _missing(what: str, mark: str) -> UsageError:
    return UsageError(
        f"no kind of dropped range is for {what}; add one to properties.dropped.items.properties.kind.oneOf: "
        f'{{"const": ..., "title": ..., "description": ..., "x-standoff": {{"{mark}": true}}}}',
        place="schema/document.schema.json",
    )
