"""What is measured of each layer. Which measure fits which layer follows from the scheme alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from standoff.agreement.coreference import b_cubed_counts, ceaf_e_counts, lea_counts, muc_counts
from standoff.agreement.distances import Level
from standoff.agreement.measure import Excluded
from standoff.agreement.spans import HALF, Marked, pairs, ranges
from standoff.agreement.tallies import Tally, alpha_tally, coreference_tally, f1_tally, ratio_tally
from standoff.agreement.unitizing import disagreements
from standoff.agreement.units import Page, Unit, registry_role, symmetric
from standoff.model import Annotation, Corpus
from standoff.scheme import Attribute, Layer, Role, Scheme

__all__ = ["NONE", "Ratings", "rated_attribute", "rated_labels", "tallies"]

NONE = "(none)"
"""What an annotation has that leaves a property out which may be left out."""
LABEL = "label"

Ratings: TypeAlias = Callable[[Unit], dict[str, Hashable]]
"""Unit -> annotator -> value"""


def tallies(corpus: Corpus, layer: Layer, pages: Sequence[Page]) -> Iterator[Tally]:
    """All that is measured of a layer."""
    if layer.kind == "document":
        yield from _document(layer, pages)
        return
    if layer.kind == "span":
        yield from _spans(corpus, layer, pages)
    else:
        yield from _relations(corpus.scheme, layer, pages)
    yield _labels(layer, pages)
    yield from (_attribute(layer, attribute, pages) for attribute in layer.attributes)
    if layer.kind == "span":
        entity = registry_role(layer)
        if entity:
            yield from _entities(layer, entity, pages)
        for role in layer.roles:
            if not role.registry:
                yield from _role(corpus.scheme, layer, role, pages)
        if _is_statement(layer):
            yield _statements(layer, pages)


def _spans(corpus: Corpus, layer: Layer, pages: Sequence[Page]) -> Iterator[Tally]:
    name = layer.name

    def exact(key: Callable[[Annotation], Hashable]) -> Callable[[Page, str, str], tuple[int, int, int]]:
        def found(page: Page, one: str, other: str) -> tuple[int, int, int]:
            return _shared(map(key, page.of(one, name)), map(key, page.of(other, name)))

        return found

    def partial(page: Page, one: str, other: str) -> tuple[int, int, int]:
        first, second = ([Marked(a, None) for a in page.of(who, name)] for who in (one, other))
        return len(pairs(first, second, HALF)), len(first), len(second)

    yield f1_tally(name, "", "F1 exact", pages, exact(ranges))
    yield f1_tally(name, "", "F1 half overlap", pages, partial)
    yield f1_tally(name, "", "F1 exact with label", pages, exact(lambda a: (ranges(a), a.label)))
    table = np.zeros((2, len(pages)))
    for n, page in enumerate(pages):
        length = len(corpus.documents[page.document].text)
        units = [[(a.spans[0].start, a.spans[-1].end, a.label) for a in page.of(who, name)] for who in page.annotators]
        for each in disagreements(units, length).values():
            table[:, n] += np.array([each.expected - each.observed, each.expected]) * length**2
    marked = sum(len(page.of(who, name)) for page in pages for who in page.annotators)
    yield ratio_tally(name, "", "alpha_U", table, marked, "nobody marked any")


def _shared(first: Iterable[Hashable], second: Iterable[Hashable]) -> tuple[int, int, int]:
    """How many items two lists share, and how many each has."""
    one, other = Counter(first), Counter(second)
    return (one & other).total(), one.total(), other.total()


def _units(pages: Sequence[Page], layer: Layer, ratings: Ratings) -> Iterator[tuple[int, dict[str, Hashable]]]:
    for n, page in enumerate(pages):
        for unit in page.units[layer.name]:
            yield n, ratings(unit)


def rated_labels(unit: Unit) -> dict[str, Hashable]:
    """The label that each annotator gave."""
    return {who: annotation.label for who, annotation in unit.members.items()}


def rated_attribute(attribute: Attribute) -> Ratings:
    """The value that each annotator gave. One that may be left out has `NONE` as a value of its own where it is
    nominal; on other scales, and where it may not be left out, nothing is said."""
    filled = attribute.scale == "nominal" and not attribute.required

    def ratings(unit: Unit) -> dict[str, Hashable]:
        values = {who: annotation.attributes.get(attribute.name) for who, annotation in unit.members.items()}
        if filled:
            return {who: NONE if value is None else value for who, value in values.items()}
        return {who: value for who, value in values.items() if value is not None}

    return ratings


def _labels(layer: Layer, pages: Sequence[Page]) -> Tally:
    scores = [(value.name, value.score) for value in layer.labels if value.score is not None]
    level: Level = "interval" if scores else "nominal"
    values: Sequence[tuple[str, Any]] = scores or [(name, name) for name in layer.label_names]
    return _alpha(layer, LABEL, pages, rated_labels, level, values)


def _attribute(layer: Layer, attribute: Attribute, pages: Sequence[Page]) -> Tally:
    on_scale = [value for value in attribute.values if value.name not in attribute.missing]
    values: list[tuple[str, Any]] = [(value.name, value.name) for value in on_scale]
    if attribute.scale == "interval":
        values = [(value.name, value.score) for value in on_scale if value.score is not None]
    if attribute.scale == "nominal" and not attribute.required:
        values.append((NONE, NONE))
    return _alpha(layer, attribute.name, pages, rated_attribute(attribute), attribute.scale, values)


def _alpha(
    layer: Layer, subject: str, pages: Sequence[Page], ratings: Ratings, level: Level, values: Sequence[tuple[str, Any]]
) -> Tally:
    rows = list(_units(pages, layer, ratings))
    known = {name for name, _ in values}
    off = sum(value not in known for _, unit in rows for value in unit.values())
    left_out = (Excluded("ratings without a place on the scale", off),)
    return alpha_tally(
        layer.name, subject, f"alpha {level}", pages, rows, level=level, values=values, excluded=left_out
    )


def _entities(layer: Layer, role: Role, pages: Sequence[Page]) -> Iterator[Tally]:
    """Links to entities, and the grouping of annotations by entity."""

    def rows() -> Iterator[tuple[int, dict[str, Hashable]]]:
        for n, page in enumerate(pages):
            for unit in page.units[layer.name]:
                linked = {who: page.entities.get((who, a.id)) for who, a in unit.members.items()}
                # Where nobody refers to anything there is nothing to disagree on.
                if any(linked.values()):
                    yield n, {who: NONE if entity is None else entity for who, entity in linked.items()}

    def clusters(page: Page, who: str) -> list[set[Hashable]]:
        found: dict[Hashable, set[Hashable]] = {}
        for annotation in page.of(who, layer.name):
            if (who, annotation.id) in page.entities:
                found.setdefault(page.entities[who, annotation.id], set()).add(page.unit(who, annotation.id))
        return list(found.values())

    def counted(counts: Callable[..., Any]) -> Callable[[Page, str, str], Any]:
        return lambda page, one, other: counts(clusters(page, one), clusters(page, other))

    nobody = sum(
        not any((who, a.id) in page.entities for who, a in unit.members.items())
        for page in pages
        for unit in page.units[layer.name]
    )
    left_out = (Excluded("referring to nothing by all who marked them", nobody),)
    yield alpha_tally(layer.name, role.name, "alpha nominal", pages, rows(), excluded=left_out)
    mentions = len({(page.document, page.unit(*place)) for page in pages for place in page.entities})
    conll = [counted(counts) for counts in (muc_counts, b_cubed_counts, ceaf_e_counts)]
    yield coreference_tally(layer.name, role.name, "coreference CoNLL", pages, conll, mentions)
    yield coreference_tally(layer.name, role.name, "coreference LEA", pages, [counted(lea_counts)], mentions)


def _refers(scheme: Scheme, roles: Iterable[Role]) -> bool:
    """Whether what roles point to may refer to an entity."""
    targets = (scheme.layer(name) for role in roles for name in role.layers)
    return any(layer and registry_role(layer) for layer in targets)


def _role(scheme: Scheme, layer: Layer, role: Role, pages: Sequence[Page]) -> Iterator[Tally]:
    """What annotations that two annotators both marked have in a role."""

    def arguments(same: Callable[[Page], Callable[[str, str], Hashable]]) -> Callable[..., tuple[int, int, int]]:
        def found(page: Page, one: str, other: str) -> tuple[int, int, int]:
            sides: list[set[Hashable]] = [set(), set()]
            for unit in page.units[layer.name]:
                if one in unit.members and other in unit.members:
                    for who, side in zip((one, other), sides, strict=True):
                        ids = unit.members[who].refs.get(role.name, ())
                        side.update((unit.number, same(page)(who, id)) for id in ids)
            return _shared(*sides)

        return found

    alone = sum(len(unit.members) == 1 for page in pages for unit in page.units[layer.name])
    left_out = (Excluded("of annotations that one annotator alone marked", alone),)
    yield f1_tally(layer.name, role.name, "F1 same span", pages, arguments(lambda page: page.unit), excluded=left_out)
    if _refers(scheme, [role]):
        yield f1_tally(
            layer.name, role.name, "F1 same entity", pages, arguments(lambda page: page.same), excluded=left_out
        )


def _relations(scheme: Scheme, layer: Layer, pages: Sequence[Page]) -> Iterator[Tally]:
    """Relations by what they link; those whose ends may be exchanged in either order."""
    exchangeable = symmetric(scheme)

    def linked(
        same: Callable[[Page], Callable[[str, str], Hashable]], labelled: bool
    ) -> Callable[[Page, str, str], tuple[int, int, int]]:
        def items(page: Page, who: str) -> set[Hashable]:
            found: set[Hashable] = set()
            for annotation in page.of(who, layer.name):
                ends = [same(page)(who, id) for role in layer.roles for id in annotation.refs.get(role.name, ())]
                either = (layer.name, annotation.label) in exchangeable
                # Counted, not put into a set: both ends may be one entity.
                between: Hashable = frozenset(Counter(ends).items()) if either or not labelled else tuple(ends)
                found.add((annotation.label, between) if labelled else between)
            return found

        return lambda page, one, other: _shared(items(page, one), items(page, other))

    yield f1_tally(layer.name, "", "F1 same spans", pages, linked(lambda page: page.unit, True))
    if _refers(scheme, layer.roles):
        yield f1_tally(layer.name, "", "F1 same entities", pages, linked(lambda page: page.same, True))
    yield f1_tally(layer.name, "", "F1 same ends, any label", pages, linked(lambda page: page.unit, False))


def _is_statement(layer: Layer) -> bool:
    """Whether an annotation of a layer is a statement: its label of what stands in two roles or more, one in each."""
    return len(layer.roles) >= 2 and all(role.max == 1 and not role.registry for role in layer.roles)


def _statements(layer: Layer, pages: Sequence[Page]) -> Tally:
    """What annotations say, wherever they say it: the label, and in each role the entity (or unit) or nothing."""

    def items(page: Page, who: str) -> set[Hashable]:
        return {
            (a.label, *(tuple(page.same(who, id) for id in a.refs.get(role.name, ())) for role in layer.roles))
            for a in page.of(who, layer.name)
        }

    subject = ", ".join([*(role.name for role in layer.roles), LABEL])
    return f1_tally(
        layer.name, subject, "F1 same entities", pages, lambda page, a, b: _shared(items(page, a), items(page, b))
    )


def _document(layer: Layer, pages: Sequence[Page]) -> Iterator[Tally]:
    """Labels of whole documents: each label of each document as a yes or no, and their sets."""
    given = [{who: frozenset(a.label for a in page.of(who, layer.name)) for who in page.annotators} for page in pages]
    single = (
        (n, rated)
        for n, of in enumerate(given)
        for label in layer.label_names
        for rated in [
            dict[str, Hashable]((who, f"{'' if label in labels else 'not '}given") for who, labels in of.items())
        ]
    )
    yield alpha_tally(layer.name, LABEL, "alpha nominal", pages, single)
    sets: Iterator[tuple[int, dict[str, Hashable]]] = ((n, dict(of)) for n, of in enumerate(given))
    yield alpha_tally(layer.name, LABEL, "alpha MASI", pages, sets, level="masi")
