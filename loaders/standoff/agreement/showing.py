"""A report as lines of text and as rows of a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import groupby

from standoff.agreement.disagreements import Disagreement, Disagreements, sections
from standoff.agreement.measure import Measure
from standoff.agreement.report import By, Confusion, Profile, Report, Row
from standoff.canon import canonical

__all__ = [
    "disagreement_lines",
    "disagreement_rows",
    "lines",
    "lines_of",
    "report_rows",
    "section_head",
    "shown",
    "shown_disagreements",
]

HEAD = ("layer", "of", "measure", "group", "value", "95 % interval", "units", "annotators", "pairs", "documents")
COLUMNS = (
    *("layer", "subject", "measure", "group", "value", "reason", "low", "high", "interval_reason"),
    *("units", "annotators", "pairs", "documents", "excluded"),
)


def shown(report: Report, form: str, *, by: By | None = None) -> str:
    """A report as text, JSON or CSV.

    Args:
        by: of the text, what it is also split by: with labels come confusions, with annotators their profiles. JSON
            holds both always.
    """
    if form == "json":
        return canonical(report)
    return _csv(report_rows(report)) if form == "csv" else "\n".join(lines(report, by=by))


def shown_disagreements(found: Disagreements, form: str) -> str:
    """Disagreements as text by sections of the codebook, or as JSON or CSV, worst first."""
    if form == "json":
        return canonical(found)
    return _csv(disagreement_rows(found.all)) if form == "csv" else "\n".join(disagreement_lines(found))


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().rstrip("\n")


def lines(report: Report, *, by: By | None = None) -> Iterator[str]:
    """The whole report: the numbers, what they do not rest on, confusions, profiles, warnings."""
    if report.reason:
        yield f"agreement is undefined: {report.reason}"
    else:
        yield f"annotators: {', '.join(report.annotators)}; documents: {len(report.documents)}"
    for each in report.excluded:
        yield f"left out: {each.count} {each.why}"
    if report.rows:
        yield ""
        yield from _table([HEAD, *(_cells(row) for row in report.rows)])
        yield ""
        yield from _footnotes(report.rows)
    for table in report.confusions if by == "label" else ():
        yield ""
        yield from _confusion(table)
    if report.profiles and by == "annotator":
        yield ""
        yield from _profiles(report.profiles)
    for warning in report.warnings:
        yield ""
        yield f"warning: {warning}"


def _cells(row: Row) -> tuple[str, ...]:
    result = row.result
    value = "undefined" if result.value is None else f"{result.value:.3f}"
    interval = "" if result.interval is None else "{:.3f} to {:.3f}".format(*result.interval)
    of = row.subject or "-"
    rests_on = (str(n) for n in (result.units, result.annotators, result.pairs, result.documents))
    return row.layer, of, row.measure, row.group or "all", value, interval, *rests_on


def _footnotes(rows: Sequence[Row]) -> Iterator[str]:
    """Why numbers are undefined, and what the others do not rest on."""
    for row in rows:
        notes = list(_notes(row.result))
        if notes:
            name = " ".join(part for part in (row.layer, row.subject, row.measure, row.group) if part)
            yield f"{name}: {'; '.join(notes)}"


def _notes(result: Measure) -> Iterator[str]:
    if result.value is None:
        yield f"undefined, {result.reason}"
    if result.interval_reason:
        yield f"interval: {result.interval_reason}"
    for each in result.excluded:
        yield f"left out: {each.count} {each.why}"


def _confusion(table: Confusion) -> Iterator[str]:
    yield f"{table.layer} {table.subject}: {table.first} (rows) and {table.second} (columns)"
    counts = (map(str, row) for row in table.counts)
    yield from _table([("", *table.values), *((name, *row) for name, row in zip(table.values, counts, strict=True))])


def _profiles(profiles: Sequence[Profile]) -> Iterator[str]:
    head = ("annotator", "layer", "documents", "annotations", "nobody else", "missed", "labels")
    yield from _table(
        [
            head,
            *(
                (
                    *(each.annotator, each.layer, str(each.documents), str(each.annotations)),
                    *(str(each.alone), str(each.missed), ", ".join(f"{name} {n}" for name, n in each.labels)),
                )
                for each in profiles
            ),
        ]
    )


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines, each column as wide as its widest cell; numbers to the right."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    number = [all(_is_number(cell) for cell in column[1:]) for column in zip(*table, strict=True)]
    for row in table:
        cells = (
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(row, widths, number, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    return not cell or cell == "undefined" or cell.lstrip("-").replace(".", "", 1).isdigit()


def disagreement_lines(found: Disagreements) -> Iterator[str]:
    """Disagreements under the headings of the codebook, worst first."""
    if found.reason:
        yield f"disagreements are undefined: {found.reason}"
    elif not found.all:
        yield "no disagreements"
    for n, section in enumerate(sections(found.all)):
        if n:
            yield ""
        yield section_head(section.headings, len(section.disagreements), section.weight)
        for each in section.disagreements:
            yield from lines_of(each)


def section_head(headings: Iterable[str], count: int, weight: float) -> str:
    """What stands over the disagreements on the same sections of the codebook."""
    return f"{' / '.join(headings)}: {_times(count)}, weight {weight:.2f}"


def lines_of(each: Disagreement) -> Iterator[str]:
    """One disagreement, and what each annotator has."""
    about = f"{each.kind} {each.subject}".strip()
    yield f"  {each.weight:.2f}  {each.document}  {about}: {each.context}"
    for says, versions in groupby(sorted(each.versions, key=lambda v: v.says), key=lambda v: v.says):
        yield f"        {', '.join(_address(version.annotator, version.id) for version in versions)}: {says}"


def _address(annotator: str, id: str) -> str:
    return f"{annotator}#{id}" if id else annotator


def _times(n: int) -> str:
    return "1 disagreement" if n == 1 else f"{n} disagreements"


def report_rows(report: Report) -> Iterator[tuple[str, ...]]:
    """The numbers as rows of a table, with a head; numbers in full. Without numbers one row with the reason."""
    yield COLUMNS
    if report.reason:
        yield tuple(report.reason if column == "reason" else "" for column in COLUMNS)
    for row in report.rows:
        result = row.result
        low, high = result.interval or (None, None)
        yield (
            *(row.layer, row.subject, row.measure, row.group, _full(result.value), result.reason),
            *(_full(low), _full(high), result.interval_reason, str(result.units), str(result.annotators)),
            *(
                str(result.pairs),
                str(result.documents),
                _joined(f"{each.count} {each.why}" for each in result.excluded),
            ),
        )


def disagreement_rows(found: Iterable[Disagreement]) -> Iterator[tuple[str, ...]]:
    """Disagreements as rows of a table, one for each annotator's version, with a head."""
    yield "weight", "layer", "kind", "subject", "document", "headings", "context", "annotator", "id", "says"
    for each in found:
        for version in each.versions:
            yield (
                *(_full(each.weight), each.layer, each.kind, each.subject, each.document, _joined(each.headings)),
                *(each.context, version.annotator, version.id, version.says),
            )


def _full(number: float | None) -> str:
    return "" if number is None else repr(number)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)
