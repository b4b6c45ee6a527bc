"""What can be agreed on: the annotations of several annotators that are about the same thing, document by document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import combinations

from msgspec import Struct, structs

from standoff.agreement.entities import Identities, identities
from standoff.agreement.measure import Excluded, excluded
from standoff.agreement.spans import Marked, pairs, ranges
from standoff.errors import UsageError, nearest
from standoff.match import overlap
from standoff.model import Annotation, AnnotationSet, Corpus
from standoff.scheme import Layer, Role, Scheme

__all__ = ["LEFT_OUT", "Page", "Unit", "chosen_annotators", "pages", "registry_role", "symmetric"]

LEFT_OUT = (
    "documents that one annotator alone worked on",
    "sets made on another text",
    "annotations not of their layer's shape, which standoff validate names",
)
"""Why documents, sets and annotations are not compared."""


class Unit(Struct, frozen=True):
    """One thing that annotators marked: of each of them at most one annotation."""

    number: int
    layer: str
    members: dict[str, Annotation]
    """annotator -> annotation"""

    @property
    def first(self) -> Annotation:
        """One of the annotations, to show the unit by."""
        return next(iter(self.members.values()))


class Page(Struct, frozen=True):
    """One document that at least two annotators worked on."""

    document: str
    sets: dict[str, AnnotationSet]
    units: dict[str, tuple[Unit, ...]]
    """layer -> units, in the order of the text"""
    places: dict[tuple[str, str], int]
    """(annotator, id) -> number of the unit"""
    entities: dict[tuple[str, str], Hashable]
    """(annotator, id) -> what its entity is among all annotators; nothing for annotations without one"""

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who worked on the document."""
        return tuple(self.sets)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All pairs of them."""
        return tuple(combinations(self.sets, 2))

    def of(self, annotator: str, layer: str) -> list[Annotation]:
        """An annotator's annotations of a layer."""
        return [annotation for annotation in self.sets[annotator].annotations if annotation.layer == layer]

    def unit(self, annotator: str, id: str) -> Hashable:
        """The unit that an annotation belongs to; something equal to nothing else where there is no such annotation."""
        return self.places.get((annotator, id), (annotator, id))

    def same(self, annotator: str, id: str) -> Hashable:
        """The entity that an annotation refers to; its unit where it refers to none."""
        return self.entities.get((annotator, id), self.unit(annotator, id))


def registry_role(layer: Layer) -> Role | None:
    """The role by which a layer's annotations refer to entities, if they do."""
    return next((role for role in layer.roles if role.registry), None)


def symmetric(scheme: Scheme) -> frozenset[tuple[str, str]]:
    """(layer, label) of the relations whose ends may be exchanged."""
    return frozenset((c.layer, label) for c in scheme.constraints if c.kind == "symmetric" for label in c.labels)


def chosen_annotators(known: Iterable[str], asked: Iterable[str] | None) -> list[str]:
    """The annotators that were asked for, by name; all that have sets where nobody was.

    Raises:
        UsageError: one of them has no sets.
    """
    there = sorted(set(known))
    chosen = there if asked is None else sorted(set(asked))
    for who in chosen:
        if who not in there:
            raise UsageError(f"annotator {who!r} has no sets{nearest(who, there)}; there are {there}")
    return chosen


def pages(corpus: Corpus, annotators: Iterable[str] | None = None) -> tuple[tuple[Page, ...], tuple[Excluded, ...]]:
    """The documents that at least two annotators worked on, and how many sets are left out. Gold is nobody's.

    Args:
        annotators: whose sets are compared; all where left out.

    Raises:
        UsageError: one of the annotators has no sets.
    """
    chosen = chosen_annotators({who for who, _ in corpus.sets}, annotators)
    of_text: dict[str, dict[str, AnnotationSet]] = {}
    other_text = 0
    for (who, document), marked in sorted(corpus.sets.items()):
        if who in chosen:
            text = corpus.documents.get(document)
            if text is None or marked.text_sha256 != text.text_sha256:
                other_text += 1
            else:
                of_text.setdefault(document, {})[who] = marked
    shared = {document: sets for document, sets in sorted(of_text.items()) if len(sets) > 1}
    whole = {id: {who: _well_formed(corpus, of) for who, of in sets.items()} for id, sets in shared.items()}
    unfit = sum(len(shared[id][who].annotations) - len(of.annotations) for id in whole for who, of in whole[id].items())
    left_out = zip(LEFT_OUT, (len(of_text) - len(shared), other_text, unfit), strict=True)
    return tuple(_page(corpus, document, sets) for document, sets in whole.items()), excluded(left_out)


def _well_formed(corpus: Corpus, marked: AnnotationSet) -> AnnotationSet:
    """A set without annotations that cannot be compared: of an unknown layer or label, without the spans or the ends
    that their layer has, or outside the text."""
    length = len(corpus.documents[marked.document].text)

    def fits(annotation: Annotation) -> bool:
        layer = corpus.scheme.layer(annotation.layer)
        return (
            layer is not None
            and annotation.label in layer.label_names
            and bool(annotation.spans) == (layer.kind == "span")
            and all(0 <= span.start < span.end <= length for span in annotation.spans)
            and (layer.kind != "relation" or all(len(annotation.refs.get(role.name, ())) == 1 for role in layer.roles))
        )

    return structs.replace(marked, annotations=tuple(a for a in marked.annotations if fits(a)))


def _page(corpus: Corpus, document: str, sets: dict[str, AnnotationSet]) -> Page:
    units: dict[str, tuple[Unit, ...]] = {}
    places: dict[tuple[str, str], int] = {}

    def number(layer: Layer, groups: Iterable[dict[str, Annotation]]) -> None:
        units[layer.name] = tuple(Unit(len(places) + n, layer.name, group) for n, group in enumerate(groups))
        for unit in units[layer.name]:
            places.update({(who, annotation.id): unit.number for who, annotation in unit.members.items()})

    layers = corpus.scheme.layers
    for layer in (layer for layer in layers if layer.kind == "span"):
        number(layer, _spanned(sets, layer))
    for layer in (layer for layer in layers if layer.kind == "document"):
        number(layer, _labelled(sets, layer))
    exchangeable = symmetric(corpus.scheme)
    for layer in (layer for layer in layers if layer.kind == "relation"):
        number(layer, _related(sets, layer, places, exchangeable))
    spanned = [unit.members for layer in layers if layer.kind == "span" for unit in units[layer.name]]
    known: Identities = identities(corpus, sets, {layer.name: registry_role(layer) for layer in layers}, spanned)
    return Page(document, sets, {layer.name: units[layer.name] for layer in layers}, places, known)


def _of(marked: AnnotationSet, layer: Layer) -> list[Annotation]:
    return [annotation for annotation in marked.annotations if annotation.layer == layer.name]


def _spanned(sets: dict[str, AnnotationSet], layer: Layer) -> list[dict[str, Annotation]]:
    """Units of a span layer: the pairs of each two annotators, those with most overlap joined first, as long as no
    annotator has two annotations in one unit."""
    marked = {who: _of(of, layer) for who, of in sets.items()}
    edges = []
    for one, other in combinations(marked, 2):
        sides = [[Marked(annotation, None) for annotation in marked[who]] for who in (one, other)]
        for n, m in pairs(sides[0], sides[1]):
            share = overlap(marked[one][n], marked[other][m])
            edges.append((-share, ranges(marked[one][n]), (one, n), (other, m)))
    unit_of = {(who, n): {who: n} for who in marked for n in range(len(marked[who]))}
    for _, _, one_place, other_place in sorted(edges):
        left, right = unit_of[one_place], unit_of[other_place]
        if not left.keys() & right.keys():
            left.update(right)
            unit_of.update(dict.fromkeys(right.items(), left))
    units = [unit for place, unit in unit_of.items() if place == min(unit.items())]
    return sorted(({who: marked[who][n] for who, n in sorted(unit.items())} for unit in units), key=_where)


def _where(unit: dict[str, Annotation]) -> tuple[int, int, tuple[tuple[int, int], ...], str]:
    annotation = next(iter(unit.values()))
    return annotation.spans[0].start, -annotation.spans[-1].end, ranges(annotation), annotation.id


def _labelled(sets: dict[str, AnnotationSet], layer: Layer) -> list[dict[str, Annotation]]:
    """Units of a document layer: each label that somebody gave."""
    units: dict[str, dict[str, Annotation]] = {label: {} for label in layer.label_names}
    for who, marked in sets.items():
        for annotation in _of(marked, layer):
            units.setdefault(annotation.label, {})[who] = annotation
    return [unit for unit in units.values() if unit]


def _related(
    sets: dict[str, AnnotationSet],
    layer: Layer,
    places: dict[tuple[str, str], int],
    exchangeable: frozenset[tuple[str, str]],
) -> list[dict[str, Annotation]]:
    """Units of a relation layer: relations between the same two units. Where an annotator has several, those with the
    same label are one unit, and what is left joins the first unit in which the annotator has none."""
    between: dict[tuple[str, ...], dict[str, list[Annotation]]] = {}
    for who, marked in sets.items():
        for annotation in _of(marked, layer):
            ids = [id for role in layer.roles for id in annotation.refs.get(role.name, ())]
            ends = [f"{places.get((who, id), f'{who} {id}')}" for id in ids]
            key = tuple(sorted(ends) if (layer.name, annotation.label) in exchangeable else ends)
            between.setdefault(key, {}).setdefault(who, []).append(annotation)
    return [unit for _, of in sorted(between.items()) for unit in _by_label(of, layer)]


def _by_label(of: dict[str, list[Annotation]], layer: Layer) -> list[dict[str, Annotation]]:
    by_label: dict[str, dict[str, Annotation]] = {label: {} for label in layer.label_names}
    for who, relations in of.items():
        for annotation in relations:
            by_label[annotation.label][who] = annotation
    units: list[dict[str, Annotation]] = []
    for labelled in sorted(by_label.values(), key=len, reverse=True):
        joined = next((unit for unit in units if not unit.keys() & labelled.keys()), None)
        if joined is not None:
            joined.update(labelled)
        elif labelled:
            units.append(labelled)
    return [dict(sorted(unit.items())) for unit in units]
