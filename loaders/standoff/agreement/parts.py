"""What is counted in a corpus, or in a part of one: the counts of parts, joined, are those of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from standoff.agreement.estimates import Basis
from standoff.agreement.labels import label_tallies
from standoff.agreement.layers import Ratings, rated_attribute, rated_labels, tallies
from standoff.agreement.measure import Excluded, excluded
from standoff.agreement.tallies import Tally
from standoff.agreement.units import LEFT_OUT, Page, pages
from standoff.model import Corpus
from standoff.scheme import Layer

__all__ = ["By", "Confusion", "Counted", "Group", "Part", "Profile", "Rest", "joined_basis", "joined_rest", "part_of"]

By = Literal["label", "annotator", "document"]


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


class Counted(Struct, frozen=True):
    """What one number is worked out from."""

    label: str
    """The label or value that it is about; everything where it is empty."""
    tally: Tally


class Group(Struct, frozen=True):
    """Documents that are measured together."""

    name: str
    """A pair of annotators, or a document; all that were shared where it is empty."""
    documents: tuple[str, ...]
    basis: Basis
    counted: tuple[Counted, ...]
    """Layer by layer; always the same numbers in the same order, whatever the documents."""


class Rest(Struct, frozen=True):
    """What is counted besides, and needs no interval."""

    known: tuple[str, ...]
    """All annotators that have sets."""
    excluded: tuple[Excluded, ...]
    confusions: tuple[Confusion, ...]
    profiles: tuple[Profile, ...]


class Part(Struct, frozen=True):
    """All that is counted in some documents."""

    groups: tuple[Group, ...]
    """The first is that of all documents."""
    rest: Rest


def part_of(
    corpus: Corpus, layers: Sequence[Layer], *, by: By | None = None, annotators: Iterable[str] | None = None
) -> Part:
    """Counts what annotators say on the documents that two of them or more worked on.

    Raises:
        UsageError: there is no such annotator.
    """
    shared, left_out = pages(corpus, annotators)
    groups = [_group(corpus, "", shared, layers, labelled=by == "label")]
    groups += [_group(corpus, name, some, layers, labelled=False) for name, some in _groups(corpus, shared, by)]
    rest = Rest(
        known=tuple(sorted({who for who, _ in corpus.sets})),
        excluded=left_out,
        confusions=tuple(table for layer in layers for table in _confusions(layer, shared)),
        profiles=tuple(profile for layer in layers for profile in _profiles(layer, shared)),
    )
    return Part(tuple(groups), rest)


def _group(corpus: Corpus, name: str, shared: Sequence[Page], layers: Sequence[Layer], *, labelled: bool) -> Group:
    counted: list[Counted] = []
    for layer in layers if shared else ():
        counted += [Counted("", tally) for tally in tallies(corpus, layer, shared)]
        counted += [Counted(label, tally) for label, tally in label_tallies(layer, shared)] if labelled else []
    basis = Basis(
        tuple(sorted({who for page in shared for who in page.annotators})),
        tuple(sorted({pair for page in shared for pair in page.pairs})),
    )
    return Group(name, tuple(page.document for page in shared), basis, tuple(counted))


def _groups(corpus: Corpus, shared: Sequence[Page], by: By | None) -> Iterator[tuple[str, Sequence[Page]]]:
    if by == "annotator":
        for pair in sorted({pair for page in shared for pair in page.pairs}):
            yield " and ".join(pair), pages(corpus, pair)[0]
    elif by == "document":
        yield from ((page.document, [page]) for page in shared)


def joined_basis(found: Iterable[Basis]) -> Basis:
    """Who worked on the documents of several parts."""
    found = list(found)
    return Basis(
        tuple(sorted({who for each in found for who in each.annotators})),
        tuple(sorted({pair for each in found for pair in each.pairs})),
    )


def joined_rest(found: Sequence[Rest], layers: Sequence[Layer]) -> Rest:
    """What is counted in several parts, added up."""
    left_out: Counter[str] = Counter()
    met: dict[tuple[str, str, str, str], Counter[tuple[str, str]]] = {}
    profiles: dict[tuple[str, str], list[Profile]] = {}
    for part in found:
        left_out.update({each.why: each.count for each in part.excluded})
        for table in part.confusions:
            of = met.setdefault((table.layer, table.subject, table.first, table.second), Counter())
            for one, row in zip(table.values, table.counts, strict=True):
                of.update({(one, other): count for other, count in zip(table.values, row, strict=True) if count})
        for profile in part.profiles:
            profiles.setdefault((profile.layer, profile.annotator), []).append(profile)
    who = sorted({name for _, name in profiles})
    pairs = sorted({(first, second) for _, _, first, second in met})
    return Rest(
        known=tuple(sorted({name for part in found for name in part.known})),
        excluded=excluded((why, left_out[why]) for why in LEFT_OUT),
        confusions=tuple(
            _confusion(layer, subject, pair, met[layer.name, subject, *pair])
            for layer in layers
            for subject in _subjects(layer)
            for pair in pairs
            if (layer.name, subject, *pair) in met
        ),
        profiles=tuple(
            _added_up(layer, profiles[layer.name, name])
            for layer in layers
            for name in who
            if (layer.name, name) in profiles
        ),
    )


def _subjects(layer: Layer) -> dict[str, tuple[Ratings, tuple[str, ...]]]:
    """What annotators may have confused in a layer: how each of them rated it, and its values in their order."""
    found: dict[str, tuple[Ratings, tuple[str, ...]]] = {}
    if layer.kind != "document":
        found["label"] = rated_labels, layer.label_names
    for attribute in layer.attributes:
        found[attribute.name] = rated_attribute(attribute), tuple(value.name for value in attribute.values)
    return found


def _confusions(layer: Layer, shared: Sequence[Page]) -> Iterator[Confusion]:
    for subject, (ratings, _) in _subjects(layer).items():
        for one, other in sorted({pair for page in shared for pair in page.pairs}):
            met: Counter[tuple[str, str]] = Counter()
            for unit in (unit for page in shared for unit in page.units[layer.name]):
                values = ratings(unit)
                if one in values and other in values:
                    met[str(values[one]), str(values[other])] += 1
            if met:
                yield _confusion(layer, subject, (one, other), met)


def _confusion(layer: Layer, subject: str, pair: tuple[str, str], met: Counter[tuple[str, str]]) -> Confusion:
    order = _subjects(layer)[subject][1]
    used = {value for both in met for value in both}
    names = [name for name in order if name in used]
    names += sorted(used - set(names))
    counts = tuple(tuple(met[a, b] for b in names) for a in names)
    return Confusion(layer.name, subject, *pair, tuple(names), counts)


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


def _added_up(layer: Layer, found: Sequence[Profile]) -> Profile:
    """The profile of one annotator in several parts."""
    labels: Counter[str] = Counter()
    for each in found:
        labels.update(dict(each.labels))
    return Profile(
        annotator=found[0].annotator,
        layer=layer.name,
        documents=sum(each.documents for each in found),
        annotations=sum(each.annotations for each in found),
        alone=sum(each.alone for each in found),
        missed=sum(each.missed for each in found),
        labels=tuple((name, labels[name]) for name in layer.label_names if labels[name]),
    )
