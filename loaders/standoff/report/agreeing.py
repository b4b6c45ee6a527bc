"""Agreement as it is shown, and on what annotators differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standoff.model import Corpus, Progress, silent
from standoff.report.plots import whiskers
from standoff.report.sections import Agreed, AgreedLayer, AgreedRow, Confused, Tested
from standoff.report.sets import Surroundings
from standoff.report.values import Disagreement, Fact, LayerLegend, Reading

if TYPE_CHECKING:
    from standoff.agreement import Confusion, Row
    from standoff.agreement import Disagreement as Differing

__all__ = ["agreed", "disagreements"]

SHADES = 5
"""How many grounds tell a cell's share of its row."""


def agreed(corpus: Corpus, layers: dict[str, LayerLegend], *, progress: Progress = silent) -> Agreed:
    """The agreement of the corpus's annotators, or why there is none."""
    if reason := _alone(corpus):
        return Agreed(f"Not computed because {reason}.")
    from standoff.agreement import agreement, sections
    from standoff.agreement import disagreements as differing

    measured = agreement(corpus, progress=progress)
    if measured.reason:
        return Agreed(f"Not computed because {measured.reason}.")
    shown = []
    for name, layer in layers.items():
        rows = tuple(_row(row, corpus) for row in measured.rows if row.layer == name and not row.group)
        confusions = tuple(_confused(one, corpus) for one in measured.confusions if one.layer == name)
        if rows:
            shown.append(AgreedLayer(layer, rows, tuple(one for one in confusions if one.rows)))
    return Agreed(
        reason="",
        facts=(
            Fact("annotators", ", ".join(measured.annotators)),
            Fact("documents", f"{len(measured.documents):,} that two or more worked on"),
            Fact("intervals", f"95 %, {measured.resamples:,} resamples of the documents"),
            *(Fact("left out", f"{one.count:,} {one.why}") for one in measured.excluded),
        ),
        warnings=measured.warnings,
        layers=tuple(shown),
        tested=tuple(
            Tested(one.headings, len(one.disagreements), f"{one.weight:.2f}", one.disagreements[0].context)
            for one in sections(differing(corpus).all)
        ),
    )


def _alone(corpus: Corpus) -> str:
    """Why there is nothing to agree on. Measuring loads what a report on one annotator's work can do without."""
    names = sorted({who for who, _ in corpus.sets})
    if len(names) > 1:
        return ""
    return (
        f"there is one annotator only, {names[0]!r}; agreement takes two" if names else "there are no annotation sets"
    )


def _row(row: Row, corpus: Corpus) -> AgreedRow:
    result = row.result
    layer = corpus.scheme.layer(row.layer)
    part = (layer.attribute(row.subject) or layer.role(row.subject)) if layer else None
    reasons = [result.reason, result.interval_reason, *(f"{one.count:,} {one.why} left out" for one in result.excluded)]
    return AgreedRow(
        subject=part.title if part else row.subject.capitalize(),
        measure=row.measure,
        value=f"{result.value:.3f}" if result.value is not None else "undefined",
        interval=f"{result.interval[0]:.2f} to {result.interval[1]:.2f}" if result.interval else "",
        reason="; ".join(reason for reason in reasons if reason),
        units=result.units,
        documents=result.documents,
        plot=whiskers(result.value, result.interval) if result.value is not None else None,
    )


def _confused(table: Confusion, corpus: Corpus) -> Confused:
    layer = corpus.scheme.layer(table.layer)
    titles = {value.name: value.title for value in (layer.labels if layer and table.subject == "label" else ())}
    attribute = layer.attribute(table.subject) if layer else None
    titles |= {value.name: value.title for value in (attribute.values if attribute else ())}
    words = tuple(titles.get(value, value) for value in table.values)
    rows = []
    for word, counts in zip(words, table.counts, strict=True):
        total = sum(counts) or 1
        rows.append((word, tuple((count, -(-SHADES * count // total)) for count in counts)))
    subject = "Label" if table.subject == "label" else attribute.title if attribute else table.subject
    return Confused(subject, table.first, table.second, words, tuple(rows))


def disagreements(around: Surroundings) -> dict[str, list[Disagreement]] | str:
    """Document -> on what its annotators differ, the worst first; or why there is nothing to compare."""
    if reason := _alone(around.corpus):
        return reason
    from standoff.agreement import disagreements, pages

    measured = disagreements(around.corpus)
    if measured.reason:
        return measured.reason
    found: dict[str, list[Disagreement]] = {page.document: [] for page in pages(around.corpus)[0]}
    for one in measured.all:
        found[one.document].append(_shown(one, around))
    return found


def _shown(one: Differing, around: Surroundings) -> Disagreement:
    layer = around.corpus.scheme.layer(one.layer)
    part = (layer.attribute(one.subject) or layer.role(one.subject)) if layer and one.subject else None
    legend = around.layers[one.layer]
    return Disagreement(
        layer=legend.title,
        layer_number=legend.number,
        kind=f"{one.kind}: {part.title if part else one.subject}" if one.subject else one.kind,
        context=one.context,
        headings=one.headings,
        readings=tuple(
            Reading(
                version.annotator, version.says, around.places.get((version.annotator, one.document, version.id), "")
            )
            for version in one.versions
        ),
    )
