"""Findings as lines for people: grouped by file, each with the passage that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from msgspec import Struct

from standoff.cli.common import printable
from standoff.model import GOLD, Annotation, Corpus, Finding, Span

__all__ = ["Line", "counted", "excerpt", "lines"]

_ROOM = 28
"""Characters that are shown on either side of a quotation, and at either end of a long one."""


class Line(Struct, frozen=True):
    """A line, and what kind of line it is, to colour it by."""

    kind: Literal["file", "error", "warning", "passage", "marker"]
    text: str


def lines(findings: Sequence[Finding], corpus: Corpus | None) -> Iterator[Line]:
    """The lines that tell findings, which are ordered by file; with their passages where there is a corpus."""
    for file, group in groupby(findings, key=lambda finding: finding.file):
        own = list(group)
        errors = sum(finding.severity == "error" for finding in own)
        yield Line("file", f"{printable(file)}: {counted(errors, len(own) - errors)}")
        for finding in own:
            yield Line(finding.severity, f"  {finding.severity}: {printable(str(finding))}")
            if corpus and (span := _span(finding, corpus)) is not None:
                passage, marker = excerpt(*span)
                yield Line("passage", f"      {passage}")
                yield Line("marker", f"      {marker}")


def counted(errors: int, warnings: int) -> str:
    """How many there are, in words."""
    return f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"


def excerpt(text: str, start: int, end: int) -> tuple[str, str]:
    """A piece of a text with what stands around it, on one line; and a line that marks the piece below it."""
    from rich.cells import cell_len

    quote = text[start:end]
    if len(quote) > 2 * _ROOM:
        quote = f"{quote[:_ROOM]}…{quote[-_ROOM:]}"
    before, after = text[max(0, start - _ROOM) : start], text[end : end + _ROOM]
    before = f"{'…' if start > _ROOM else ''}{_flat(before)}"
    after = f"{_flat(after)}{'…' if end + _ROOM < len(text) else ''}"
    shown = _flat(quote)
    return f"{before}{shown}{after}", " " * cell_len(before) + "~" * max(1, cell_len(shown))


def _flat(text: str) -> str:
    return printable(re.sub(r"\r\n|\n", "⏎", text))


def _span(finding: Finding, corpus: Corpus) -> tuple[str, int, int] | None:
    """The text, and the place in it that a finding is about, where it is about one and the text has it."""
    annotation, document = _annotation(finding, corpus)
    page = corpus.documents.get(document)
    if annotation is None or page is None or not annotation.spans:
        return None
    which = re.match(r"spans\[(\d+)\]", finding.field)
    span: Span = annotation.spans[int(which[1]) if which and int(which[1]) < len(annotation.spans) else 0]
    return (page.text, span.start, span.end) if 0 <= span.start < span.end <= len(page.text) else None


def _annotation(finding: Finding, corpus: Corpus) -> tuple[Annotation | None, str]:
    found = re.fullmatch(r"annotations/(?:sets/)?([^/]+)/([^/]+)\.json", finding.file)
    if found is None:
        return None, ""
    annotator, document = found[1], found[2]
    marked = corpus.gold.get(document) if annotator == GOLD else corpus.sets.get((annotator, document))
    return next((a for a in (marked.annotations if marked else ()) if a.id == finding.id), None), document
