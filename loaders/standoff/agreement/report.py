"""How far the annotators of a corpus agree: one row for each number of each layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from standoff.agreement.bootstrap import RESAMPLES
from standoff.agreement.labels import label_tallies
from standoff.agreement.layers import Ratings, rated_attribute, rated_labels, tallies
from standoff.agreement.measure import Excluded, Measure
from standoff.agreement.tallies import measured
from standoff.agreement.units import Page, pages
from standoff.errors import UsageError, nearest
from standoff.model import Corpus, Progress, silent
from standoff.scheme import Layer, Scheme

__all__ = ["By", "Confusion", "Profile", "Report", "Row", "agreement", "chosen_layers", "nothing_shared"]

By = Literal["label", "annotator", "document"]
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


class Confusion(Struct, frozen=True):
    """How often one annotator's value met another's, on what both marked."""

    layer: str
    subject: str
    first: str
    second: str
    values: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    """first annotator's value x second's"""


class Profile(Struct, frozen=True):
    """What one annotator did in one layer, in the documents that others worked on too."""

    annotator: str
    layer: str
    documents: int
    annotations: int
    alone: int
    """Units that nobody else marked."""
    missed: int
    """Units that all the others marked, and this annotator did not."""
    labels: tuple[tuple[str, int], ...]


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
    shared, left_out = pages(corpus, annotators)
    rows: list[Row] = []
    for n, layer in enumerate(chosen if shared else ()):
        progress("measuring", n, len(chosen))
        rows += _rows(corpus, layer, shared, "", resamples, seed)
        if by == "label":
            for group, tally in label_tallies(layer, shared):
                result = measured(tally, shared, resamples=resamples, seed=seed)
                rows.append(Row(layer.name, tally.subject, tally.measure, group, result))
        for group, some in _groups(corpus, shared, by):
            rows += _rows(corpus, layer, some, group, resamples, seed)
    progress("measuring", len(chosen), len(chosen))
    return Report(
        corpus=corpus.scheme.corpus,
        reason="" if shared else nothing_shared(corpus, annotators),
        annotators=tuple(sorted({who for page in shared for who in page.annotators})),
        documents=tuple(page.document for page in shared),
        resamples=resamples,
        seed=seed,
        excluded=left_out,
        warnings=tuple(_warnings(shared)),
        rows=tuple(rows),
        confusions=tuple(table for layer in chosen for table in _confusions(layer, shared)),
        profiles=tuple(profile for layer in chosen for profile in _profiles(layer, shared)),
    )


def chosen_layers(scheme: Scheme, names: Iterable[str] | None) -> list[Layer]:
    """The layers of these names, in the schema's order; all where none is named."""
    wanted = None if names is None else set(names)
    for name in sorted(wanted or ()):
        if scheme.layer(name) is None:
            known = scheme.layer_names
            raise UsageError(f"there is no layer {name!r}; expected one of {', '.join(known)}{nearest(name, known)}")
    return [layer for layer in scheme.layers if not wanted or layer.name in wanted]


def _rows(corpus: Corpus, layer: Layer, shared: Sequence[Page], group: str, resamples: int, seed: int) -> Iterator[Row]:
    for tally in tallies(corpus, layer, shared):
        result = measured(tally, shared, resamples=resamples, seed=seed)
        yield Row(layer.name, tally.subject, tally.measure, group, result)


def _groups(corpus: Corpus, shared: Sequence[Page], by: By | None) -> Iterator[tuple[str, Sequence[Page]]]:
    if by == "annotator":
        for pair in sorted({pair for page in shared for pair in page.pairs}):
            yield " and ".join(pair), pages(corpus, pair)[0]
    elif by == "document":
        yield from ((page.document, [page]) for page in shared)


def nothing_shared(corpus: Corpus, annotators: Iterable[str] | None) -> str:
    """Why there is nothing to compare."""
    who = sorted({who for who, _ in corpus.sets} if annotators is None else set(annotators))
    if not who:
        return "there are no annotation sets"
    if len(who) == 1:
        return f"there is one annotator only, {who[0]!r}; agreement takes two"
    return f"no document was worked on by two of the annotators {', '.join(map(repr, who))}"


def _warnings(shared: Sequence[Page]) -> Iterator[str]:
    if 0 < len(shared) < FEW:
        documents = f"{len(shared)} document{'s' if len(shared) > 1 else ''}"
        yield f"{documents} only: intervals over so few are wide and rough; read the numbers as a description"


def _confusions(layer: Layer, shared: Sequence[Page]) -> Iterator[Confusion]:
    subjects: list[tuple[str, Ratings]] = [] if layer.kind == "document" else [("label", rated_labels)]
    subjects += [(attribute.name, rated_attribute(attribute)) for attribute in layer.attributes]
    order = {
        "label": layer.label_names,
        **{attribute.name: tuple(value.name for value in attribute.values) for attribute in layer.attributes},
    }
    for subject, ratings in subjects:
        for one, other in sorted({pair for page in shared for pair in page.pairs}):
            met: Counter[tuple[str, str]] = Counter()
            for unit in (unit for page in shared for unit in page.units[layer.name]):
                values = ratings(unit)
                if one in values and other in values:
                    met[str(values[one]), str(values[other])] += 1
            used = {value for pair in met for value in pair}
            names = [name for name in order[subject] if name in used]
            names += sorted(used - set(names))
            if names:
                counts = tuple(tuple(met[a, b] for b in names) for a in names)
                yield Confusion(layer.name, subject, one, other, tuple(names), counts)


def _profiles(layer: Layer, shared: Sequence[Page]) -> Iterator[Profile]:
    for who in sorted({who for page in shared for who in page.annotators}):
        own = [page for page in shared if who in page.annotators]
        units = [(page, unit) for page in own for unit in page.units[layer.name]]
        labels = Counter(unit.members[who].label for _, unit in units if who in unit.members)
        yield Profile(
            annotator=who,
            layer=layer.name,
            documents=len(own),
            annotations=labels.total(),
            alone=sum(set(unit.members) == {who} for _, unit in units),
            missed=sum(set(unit.members) == set(page.annotators) - {who} for page, unit in units),
            labels=tuple((name, labels[name]) for name in layer.label_names if labels[name]),
        )
