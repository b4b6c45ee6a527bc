"""The disagreements themselves, each with the codebook sections whose rules it puts to the test."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal, TypeVar

from msgspec import Struct

from standoff.agreement.layers import NONE, rated_attribute
from standoff.agreement.measure import Excluded
from standoff.agreement.report import chosen_layers, nothing_shared
from standoff.agreement.units import Page, Unit, pages, registry_role
from standoff.match import overlap
from standoff.model import Annotation, Corpus, Document
from standoff.scheme import Attribute, Layer, Role, Value
from standoff.text import context

__all__ = ["Disagreement", "Disagreements", "Kind", "Section", "Version", "disagreements", "sections"]

Kind = Literal["missing", "boundary", "label", "attribute", "link", "role"]

T = TypeVar("T")
Distance = Callable[[Hashable, Hashable], float]


class Version(Struct, frozen=True):
    """What one annotator has; no id where the annotator has nothing there."""

    annotator: str
    id: str
    says: str


class Disagreement(Struct, frozen=True, kw_only=True):
    """One thing on which annotators who marked or could have marked it differ."""

    layer: str
    kind: Kind
    subject: str
    """The attribute or role."""
    document: str
    headings: tuple[str, ...]
    """The sections of the codebook that it is about."""
    weight: float
    """How far the annotators are apart: the mean over their pairs, from 0 to 1."""
    context: str
    versions: tuple[Version, ...]


class Disagreements(Struct, frozen=True):
    """All of them, the worst first; or the reason why there can be none."""

    reason: str
    excluded: tuple[Excluded, ...]
    all: tuple[Disagreement, ...]


class Section(Struct, frozen=True):
    """The disagreements on the same sections of the codebook."""

    headings: tuple[str, ...]
    weight: float
    disagreements: tuple[Disagreement, ...]


def sections(found: Iterable[Disagreement]) -> tuple[Section, ...]:
    """Disagreements by the sections of the codebook, those with most first; the worst first in each."""
    grouped: dict[tuple[str, ...], list[Disagreement]] = {}
    for each in found:
        grouped.setdefault(each.headings, []).append(each)
    made = [Section(headings, sum(each.weight for each in of), tuple(of)) for headings, of in grouped.items()]
    return tuple(sorted(made, key=lambda section: (-section.weight, section.headings)))


def disagreements(
    corpus: Corpus, layers: Iterable[str] | None = None, *, annotators: Iterable[str] | None = None
) -> Disagreements:
    """All disagreements, the worst first; those that are equally bad in the order of the schema and the text.

    Raises:
        UsageError: there is no such layer or annotator.
    """
    chosen = chosen_layers(corpus.scheme, layers)
    shared, left_out = pages(corpus, annotators)
    found = [
        each
        for layer in chosen
        for page in shared
        for unit in page.units[layer.name]
        for each in _of(corpus.documents[page.document], layer, page, unit)
    ]
    reason = "" if shared else nothing_shared({who for who, _ in corpus.sets}, annotators)
    return Disagreements(reason, left_out, tuple(sorted(found, key=lambda each: -each.weight)))


def _of(document: Document, layer: Layer, page: Page, unit: Unit) -> Iterator[Disagreement]:
    """What annotators differ in on one unit."""

    def made(
        kind: Kind,
        subject: str,
        headings: Iterable[str],
        says: Mapping[str, str],
        values: Mapping[str, T],
        distance: Callable[[T, T], float],
    ) -> Iterator[Disagreement]:
        apart = [distance(values[one], values[other]) for one, other in combinations(values, 2)]
        if any(apart):
            yield Disagreement(
                layer=layer.name,
                kind=kind,
                subject=subject,
                document=page.document,
                headings=tuple(dict.fromkeys(headings)),
                weight=sum(apart) / len(apart),
                context=_context(document, layer, page, unit),
                versions=tuple(
                    Version(who, unit.members[who].id if who in unit.members else "", says[who]) for who in values
                ),
            )

    members = unit.members
    labels = {who: annotation.label for who, annotation in members.items()}
    by_label = [_heading(layer, label) for label in layer.label_names if label in labels.values()]
    marked = {who: who in members for who in page.annotators}
    yield from made("missing", "", by_label, {who: labels.get(who, "nothing") for who in marked}, marked, _unequal)
    if layer.kind == "document" or len(members) < 2:
        return
    yield from made("label", "", by_label, labels, labels, _label_distance(layer.labels))
    for attribute in layer.attributes:
        values = rated_attribute(attribute)(unit)
        shown = {who: str(value) for who, value in values.items()}
        about = [
            _heading(layer, f"{attribute.name}={value.name}")
            for value in attribute.values
            if value.name in shown.values()
        ]
        yield from made("attribute", attribute.name, about, shown, values, _attribute_distance(attribute))
    if layer.kind == "span":
        quotes = {who: " … ".join(span.quote for span in annotation.spans) for who, annotation in members.items()}
        yield from made("boundary", "", by_label, quotes, members, lambda a, b: 1 - overlap(a, b))
        entity = registry_role(layer)
        if entity:
            linked = {who: page.entities.get((who, a.id)) for who, a in members.items()}
            names = {who: ", ".join(a.refs.get(entity.name, ())) or NONE for who, a in members.items()}
            yield from made("link", entity.name, [_role_heading(layer, entity)], names, linked, _unequal)
        for role in (role for role in layer.roles if not role.registry):
            targets = {who: _targets(page, who, a, role) for who, a in members.items()}
            words = {who: _words(page, who, a, role) for who, a in members.items()}
            yield from made("role", role.name, [_role_heading(layer, role)], words, targets, _target_distance)


def _heading(layer: Layer, what: str) -> str:
    return f"{layer.name}: {what}"


def _role_heading(layer: Layer, role: Role) -> str:
    return _heading(layer, f"{role.name} (role)")


def _unequal(one: Hashable, other: Hashable) -> float:
    return float(one != other)


def _label_distance(labels: Sequence[Value]) -> Distance:
    """How far two labels are apart: by their scores where both have one."""
    scores = {value.name: value.score for value in labels if value.score is not None}
    return _on_scale(scores) if len(set(scores.values())) > 1 else _unequal


def _attribute_distance(attribute: Attribute) -> Distance:
    """How far two values are apart: by their places on the scale where both have one."""
    on_scale = [value for value in attribute.values if value.name not in attribute.missing]
    if attribute.scale == "ordinal":
        return _on_scale({value.name: float(n) for n, value in enumerate(on_scale)})
    if attribute.scale == "interval":
        return _on_scale({value.name: value.score for value in on_scale if value.score is not None})
    return _unequal


def _on_scale(scores: Mapping[str, float]) -> Distance:
    width = max(scores.values()) - min(scores.values()) if scores else 0.0

    def distance(one: Hashable, other: Hashable) -> float:
        if one == other or not width or one not in scores or other not in scores:
            return _unequal(one, other)
        # Two values at one place of the scale still differ.
        return abs(scores[str(one)] - scores[str(other)]) / width or 0.5 / len(scores)

    return distance


class _Targets(Struct, frozen=True):
    """What an annotation has in a role: as units, and as entities."""

    units: frozenset[Hashable]
    same: frozenset[Hashable]


def _targets(page: Page, who: str, annotation: Annotation, role: Role) -> _Targets:
    ids = annotation.refs.get(role.name, ())
    return _Targets(frozenset(page.unit(who, id) for id in ids), frozenset(page.same(who, id) for id in ids))


def _target_distance(one: _Targets, other: _Targets) -> float:
    """How far two lists of targets are apart; half as far where they are other mentions of the same entities."""
    if one.units == other.units:
        return 0.0
    return 0.5 if one.same == other.same else 1.0


def _words(page: Page, who: str, annotation: Annotation, role: Role) -> str:
    targets = {a.id: a for a in page.sets[who].annotations}
    found = [targets[id] for id in annotation.refs.get(role.name, ()) if id in targets]
    return "; ".join(_quoted(target) for target in found) or NONE


def _quoted(annotation: Annotation) -> str:
    return " … ".join(span.quote for span in annotation.spans) or annotation.id


def _context(document: Document, layer: Layer, page: Page, unit: Unit) -> str:
    """A unit in its surroundings; a relation by what it links, a label of the document by the document's title."""
    annotation = unit.first
    if annotation.spans:
        return context(document.text, annotation.spans[0].start, annotation.spans[-1].end)
    if layer.kind == "document":
        return document.title
    who = next(iter(unit.members))
    targets = {a.id: a for a in page.sets[who].annotations}
    ids = (id for role in layer.roles for id in annotation.refs.get(role.name, ()))
    return " → ".join(_quoted(targets[id]) if id in targets else id for id in ids)
