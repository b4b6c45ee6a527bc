"""How far annotators agree, as a release's card tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standoff.model import Corpus

if TYPE_CHECKING:
    from standoff.agreement import Report, Row

__all__ = ["COLUMNS", "agreed"]

COLUMNS = ("Layer", "Of", "Measure", "Value", "95 % interval", "Units", "Documents", "Remark")


def agreed(corpus: Corpus) -> tuple[list[str], list[tuple[str, ...]]]:
    """What is to be said of the annotators' agreement, and the rows of its table below `COLUMNS`."""
    if len({annotator for annotator, _ in corpus.sets}) < 2:
        # Measuring loads what a corpus of one annotator can do without.
        return ["Agreement is undefined: it takes the sets of two annotators."], []
    from standoff.agreement import agreement

    report = agreement(corpus)
    if report.reason:
        return [f"Agreement is undefined: {report.reason}."], []
    return [_basis(report), *(f"Note: {warning}." for warning in report.warnings)], [_cells(row) for row in report.rows]


def _basis(report: Report) -> str:
    left_out = "".join(f" Left out: {one.count} {one.why}." for one in report.excluded)
    return (
        f"Of {', '.join(report.annotators)} on {len(report.documents)} documents, before adjudication; bootstrap over "
        f"documents, {report.resamples} samples, seed {report.seed}.{left_out}"
    )


def _cells(row: Row) -> tuple[str, ...]:
    result = row.result
    value = "undefined" if result.value is None else f"{result.value:.3f}"
    interval = "" if result.interval is None else "{:.3f} to {:.3f}".format(*result.interval)
    remark = "; ".join(why for why in (result.reason, result.interval_reason) if why)
    of = row.subject or "all of it"
    return row.layer, of, row.measure, value, interval, str(result.units), str(result.documents), remark
