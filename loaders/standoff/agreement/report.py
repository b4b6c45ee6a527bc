"""How far the annotators of a corpus agree: one row for each number of each layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from standoff.agreement.bootstrap import RESAMPLES
from standoff.agreement.estimates import measured
from standoff.agreement.measure import Excluded, Measure
from standoff.agreement.parts import By, Confusion, Counted, Group, Profile, Rest, part_of
from standoff.errors import UsageError, nearest
from standoff.model import Corpus, Progress, silent
from standoff.scheme import Layer, Scheme

__all__ = [
    "By",
    "Confusion",
    "Profile",
    "Report",
    "Row",
    "agreement",
    "chosen_layers",
    "nothing_shared",
    "report_of",
    "row_of",
]

FEW = 20
"""Documents below which an interval over them says little."""


class Row(Struct, frozen=True):
    """One number."""

    layer: str
    subject: str
    """A label, attribute or role; the layer's own spans, relations or labels where it is empty."""
    measure: str
    group: str
    """What the number is of: a label or value, a pair of annotators, a document; everything where it is empty."""
    result: Measure


class Report(Struct, frozen=True, kw_only=True):
    """All that was measured. Either rows, or the reason why there are none."""

    corpus: str
    reason: str
    annotators: tuple[str, ...]
    documents: tuple[str, ...]
    resamples: int
    seed: int
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]
    rows: tuple[Row, ...]
    confusions: tuple[Confusion, ...]
    profiles: tuple[Profile, ...]


def agreement(
    corpus: Corpus,
    layers: Iterable[str] | None = None,
    *,
    by: By | None = None,
    annotators: Iterable[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Progress = silent,
) -> Report:
    """The agreement of a corpus's annotators, layer by layer, on the documents that two of them or more worked on.

    Args:
        layers: which; all where left out.
        by: also the numbers of each label, pair of annotators or document.
        annotators: whose sets; all where left out.
        resamples: of the documents, for the intervals; none for no intervals.

    Raises:
        UsageError: there is no such layer or annotator.
    """
    chosen = chosen_layers(corpus.scheme, layers)
    part = part_of(corpus, chosen, by=by, annotators=annotators)
    todo = [(group, counted) for group in part.groups for counted in group.counted]
    rows: list[Row] = []
    for n, (group, counted) in enumerate(todo):
        progress("measuring", n, len(todo))
        result = measured(counted.tally, group.basis, resamples=resamples, seed=seed)
        rows.append(row_of(counted, group.name, result))
    progress("measuring", len(todo), len(todo))
    return report_of(
        corpus.scheme, chosen, part.groups[0], part.rest, rows, annotators=annotators, resamples=resamples, seed=seed
    )


def row_of(counted: Counted, group: str, result: Measure) -> Row:
    """A number as a row of the report."""
    tally = counted.tally
    return Row(tally.layer, tally.subject, tally.measure, counted.label or group, result)


def report_of(
    scheme: Scheme,
    layers: Sequence[Layer],
    whole: Group,
    rest: Rest,
    rows: Iterable[Row],
    *,
    annotators: Iterable[str] | None,
    resamples: int,
    seed: int,
) -> Report:
    """The report of what was counted and measured.

    Args:
        whole: all documents that were shared.
        rows: group by group; the report has them layer by layer.
    """
    order = {layer.name: n for n, layer in enumerate(layers)}
    return Report(
        corpus=scheme.corpus,
        reason="" if whole.documents else nothing_shared(rest.known, annotators),
        annotators=whole.basis.annotators,
        documents=whole.documents,
        resamples=resamples,
        seed=seed,
        excluded=rest.excluded,
        warnings=tuple(_warnings(len(whole.documents))),
        rows=tuple(sorted(rows, key=lambda row: order[row.layer])),
        confusions=rest.confusions,
        profiles=rest.profiles,
    )


def chosen_layers(scheme: Scheme, names: Iterable[str] | None) -> list[Layer]:
    """The layers of these names, in the schema's order; all where none is named."""
    wanted = None if names is None else set(names)
    for name in sorted(wanted or ()):
        if scheme.layer(name) is None:
            known = scheme.layer_names
            raise UsageError(f"there is no layer {name!r}; expected one of {', '.join(known)}{nearest(name, known)}")
    return [layer for layer in scheme.layers if not wanted or layer.name in wanted]


def nothing_shared(known: Iterable[str], annotators: Iterable[str] | None) -> str:
    """Why there is nothing to compare.

    Args:
        known: all annotators that have sets.
        annotators: those that were asked for.
    """
    who = sorted(set(known if annotators is None else annotators))
    if not who:
        return "there are no annotation sets"
    if len(who) == 1:
        return f"there is one annotator only, {who[0]!r}; agreement takes two"
    return f"no document was worked on by two of the annotators {', '.join(map(repr, who))}"


def _warnings(shared: int) -> Iterator[str]:
    if 0 < shared < FEW:
        documents = f"{shared} document{'s' if shared > 1 else ''}"
        yield f"{documents} only: intervals over so few are wide and rough; read the numbers as a description"
