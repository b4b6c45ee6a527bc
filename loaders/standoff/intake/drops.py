"""Ranges of a raw file that somebody says are no part of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from standoff.errors import AnchorError, UsageError, nearest
from standoff.model import Dropped
from standoff.text import Quotation, anchor, context

__all__ = ["Drop", "overlay", "parse_drop", "resolve"]

Drop = tuple[str, Quotation | tuple[int, int]]
"""A kind, and the raw text that is dropped, by its words or by half-open raw code points."""

_MOST = 8
"""Places that are shown of words that stand in more."""

_OFFSETS = re.compile(r"(\d+):(\d+)")


def parse_drop(written: str) -> Drop:
    """What `KIND:START:END` or `KIND:exact text` says.

    Raises:
        UsageError: it is neither.
    """
    kind, colon, what = written.partition(":")
    if not (kind and colon and what):
        raise UsageError(f"{written!r} is no dropped range; expected KIND:START:END or KIND:exact text", place="--drop")
    offsets = _OFFSETS.fullmatch(what)
    return kind, (int(offsets[1]), int(offsets[2])) if offsets else Quotation(what)


def resolve(raw: str, drops: Iterable[Drop], kinds: Sequence[str]) -> tuple[Dropped, ...]:
    """The dropped ranges that are meant, in order.

    Args:
        kinds: the kinds that the schema has.

    Raises:
        UsageError: a kind is unknown, a range lies outside or two of them overlap.
        AnchorError: a quotation is not in the raw text, or is there more than once.
    """
    found = []
    for kind, what in drops:
        if kind not in kinds:
            raise UsageError(
                f"{kind!r} is no kind of dropped range{nearest(kind, kinds)}; expected one of {', '.join(kinds)}",
                place="--drop",
            )
        if isinstance(what, Quotation):
            try:
                span = anchor(raw, what)
            except AnchorError as error:
                if what.occurrence is None and len(error.candidates) > 1:
                    raise _several(raw, kind, what.exact, error) from error
                raise error.at(f"--drop {kind}") from error
            what = (span.start, span.end)
        start, end = what
        if not 0 <= start < end <= len(raw):
            raise UsageError(
                f"[{start}:{end}] is no range of the raw file; expected a start below its end, within [0:{len(raw)}]",
                place=f"--drop {kind}",
            )
        found.append(Dropped(start, end, kind))
    found.sort()
    for one, other in pairwise(found):
        if other.start < one.end:
            raise UsageError(
                f"[{one.start}:{one.end}] ({one.kind}) and [{other.start}:{other.end}] ({other.kind}) overlap; "
                "expected ranges apart from each other",
                place="--drop",
            )
    return tuple(found)


def _several(raw: str, kind: str, exact: str, error: AnchorError) -> AnchorError:
    """What is said of words that stand in several places: the range of each, as it can be given."""
    places = error.candidates
    shown = "; ".join(f"{kind}:{a}:{b} {context(raw, a, b)}" for a, b in places[:_MOST])
    more = f"; and {len(places) - _MOST} more" if len(places) > _MOST else ""
    return AnchorError(
        f"{exact!r} is in the raw file {len(places)} times; expected KIND:START:END of the one that is meant: {shown}"
        f"{more}",
        exact=exact,
        candidates=places,
        place=f"--drop {kind}",
    )


def overlay(proposed: Iterable[Dropped], given: Sequence[Dropped]) -> tuple[Dropped, ...]:
    """Proposed and given ranges together, in order; where they overlap, the given one stands."""
    pieces = list(given)
    for range_ in proposed:
        at = range_.start
        for other in given:
            if other.end <= at or other.start >= range_.end:
                continue
            if at < other.start:
                pieces.append(Dropped(at, other.start, range_.kind))
            at = other.end
        if at < range_.end:
            pieces.append(Dropped(at, range_.end, range_.kind))
    return tuple(sorted(pieces))
