"""What a file of plain text says of itself."""

from __future__ import annotations

import re

from standoff.intake.proposal import UNKNOWN, Proposal, page_kind
from standoff.model import Dropped, Fact
from standoff.scheme import Scheme

__all__ = ["propose"]

_BOM = "\ufeff"
_SENTENCE_END = re.compile(r"[.!?…。！？؟।][\"'”’»)\]]*$")
_LONGEST_TITLE = 250


def propose(raw: str, scheme: Scheme) -> Proposal:
    """A byte order mark is no text; a first line that stands by itself and is no sentence is a title.

    Raises:
        UsageError: there is a byte order mark, and the schema has no kind for what is to be dropped.
    """
    dropped = (Dropped(0, 1, page_kind(scheme)),) if raw.startswith(_BOM) else ()
    return Proposal(dropped=dropped, title=_title([line.strip() for line in raw[len(dropped) :].splitlines()]))


def _title(lines: list[str]) -> Fact:
    first = next((n for n, line in enumerate(lines) if line), len(lines))
    alone = first + 1 < len(lines) and not lines[first + 1]
    if not alone or len(lines[first]) > _LONGEST_TITLE or _SENTENCE_END.search(lines[first]):
        return UNKNOWN
    return Fact("inferred", lines[first], "the first line, which stands by itself")
