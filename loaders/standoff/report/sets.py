"""One annotator's set as it is shown: drawn on the text, and as a list with all that each annotation says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Document, Entity, Finding
from standoff.report.drawing import Mark, draw
from standoff.report.legend import named
from standoff.report.values import Drawn, Fact, Found, Group, Item, LayerLegend, Link, Role, Who
from standoff.scheme import Layer

__all__ = ["Surroundings", "cut", "drawn_set", "found", "item_id", "place_of", "same_but_sources"]

LONG = 90
"""Characters of a quotation that stands for its annotation."""

Changed = Mapping[tuple[str, str, str], tuple[str, ...]]
"""(annotator, document, id) -> what became of the annotation."""


class Surroundings(Struct, frozen=True):
    """What the parts of a report look things up in."""

    corpus: Corpus
    layers: dict[str, LayerLegend]
    styles: dict[tuple[str, str], int]
    whos: dict[str, Who]
    numbers: dict[str, int]
    """document -> its number"""
    findings: dict[str, list[Finding]]
    """file -> findings"""
    summaries: dict[str, str]
    """rule -> what must hold"""
    changed: Changed
    sets: dict[str, list[tuple[AnnotationSet, str]]]
    """document -> its sets, gold first, each with the name of an earlier one that says the same"""
    places: dict[tuple[str, str, str], str]
    """(annotator, document, id) -> where the annotation is listed"""


def place_of(annotator: str, document: str) -> str:
    """The file of a set, from the corpus's root."""
    return f"annotations/{GOLD if annotator == GOLD else f'sets/{annotator}'}/{document}.json"


def item_id(document: int, who: int, number: int) -> str:
    """The place of an item on the page."""
    return f"d{document}w{who}i{number}"


def found(finding: Finding, around: Surroundings, href: str = "") -> Found:
    """A finding as it is shown."""
    place = f"{finding.file}{f'#{finding.id}' if finding.id else ''}{f' {finding.field}' if finding.field else ''}"
    summary = around.summaries.get(finding.rule, "")
    return Found(finding.severity, finding.rule, finding.message, place, href, summary)


def same_but_sources(one: AnnotationSet, other: AnnotationSet) -> bool:
    """Whether two sets say the same, what they were derived from left aside."""
    return one.text_sha256 == other.text_sha256 and _sourceless(one) == _sourceless(other)


def _sourceless(marked: AnnotationSet) -> tuple[Annotation, ...]:
    return tuple(structs.replace(annotation, derived_from=()) for annotation in marked.annotations)


def drawn_set(marked: AnnotationSet, document: Document, around: Surroundings) -> Drawn:
    """A set, drawn on its document. One that was made on another text is listed only."""
    who = around.whos[marked.annotator]
    prefix = f"d{around.numbers[document.id]}w{who.number}"
    undrawn = ""
    if marked.text_sha256 != document.text_sha256:
        undrawn = "The set was made on another text than the document has: it is listed, not drawn."
    words = _Words(
        marked=marked,
        document=document,
        around=around,
        prefix=prefix,
        pointing=_incoming(marked),
        by_id={annotation.id: annotation for annotation in reversed(marked.annotations)},
        added={entity.id: entity for entity in marked.entities},
        findings=_by_id(around.findings.get(place_of(marked.annotator, document.id), ())),
    )
    items = [words.item(number, annotation) for number, annotation in enumerate(marked.annotations)]
    kinds = {layer.name: layer.kind for layer in around.layers.values()}
    return Drawn(
        id=prefix,
        who=who.number,
        annotator=marked.annotator,
        kind=who.kind,
        paragraphs=draw(document.text, _marks(marked, items, around) if not undrawn else ()),
        groups=tuple(_groups(items, around)),
        whole=tuple(item for item in items if kinds.get(item.layer) == "document"),
        items={item.number: item for item in items},
        undrawn=undrawn,
    )


def _groups(items: Sequence[Item], around: Surroundings) -> Iterator[Group]:
    for layer in around.layers.values():
        own = tuple(item for item in items if item.layer == layer.name)
        if own:
            yield Group(layer, own)


def _marks(marked: AnnotationSet, items: Sequence[Item], around: Surroundings) -> Iterator[Mark]:
    """What can be drawn: layer by layer, and in each the short ones first, so that they stand inside of long ones."""
    numbered = [
        (around.layers[annotation.layer].number, _extent(annotation), annotation.spans[0].start, number, annotation)
        for number, annotation in enumerate(marked.annotations)
        if items[number].href
    ]
    for _, _, _, number, annotation in sorted(numbered, key=lambda one: one[:4]):
        ranges = tuple((span.start, span.end) for span in annotation.spans)
        yield Mark(number, items[number].style, annotation.label, ranges)


def _extent(annotation: Annotation) -> int:
    return annotation.spans[-1].end - annotation.spans[0].start


def _incoming(marked: AnnotationSet) -> dict[str, list[tuple[Annotation, str]]]:
    """id -> the annotations that point to it, each with the role in which it does."""
    pointing: dict[str, list[tuple[Annotation, str]]] = {}
    for annotation in marked.annotations:
        for role, ids in annotation.refs.items():
            for id in ids:
                pointing.setdefault(id, []).append((annotation, role))
    return pointing


def _by_id(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.id, []).append(finding)
    return found


class _Words(Struct, frozen=True, kw_only=True):
    """What the items of one set are worded from."""

    marked: AnnotationSet
    document: Document
    around: Surroundings
    prefix: str
    pointing: dict[str, list[tuple[Annotation, str]]]
    by_id: dict[str, Annotation]
    added: dict[str, Entity]
    findings: dict[str, list[Finding]]

    def item(self, number: int, annotation: Annotation) -> Item:
        layer = self.around.corpus.scheme.layer(annotation.layer)
        layer_title, label_title = named(annotation, self.around.corpus)
        roles = tuple(
            Role(_title(layer, role), self._targets(layer, role, ids)) for role, ids in annotation.refs.items()
        )
        attributes = tuple(_attributes(layer, annotation))
        undrawn = _undrawable(annotation, self.document.text) if layer is None or layer.kind == "span" else ""
        drawn = bool(annotation.spans) and not undrawn and self.marked.text_sha256 == self.document.text_sha256
        quotes = tuple(span.quote for span in annotation.spans)
        said = [f"{label_title} ({layer_title})", *(f"{fact.name}: {fact.text}" for fact in attributes)]
        said += [f"{role.name} → {', '.join(link.text for link in role.targets)}" for role in roles]
        return Item(
            id=f"{self.prefix}i{number}",
            number=number,
            style=self.around.styles[annotation.layer, annotation.label],
            label=label_title,
            layer=annotation.layer,
            name=annotation.id,
            href=f"{self.prefix}s{number}" if drawn else "",
            quotes=quotes,
            attributes=attributes,
            roles=roles,
            incoming=tuple(self._pointing(annotation)),
            note=annotation.note,
            sources=tuple(Link(address, self._address(address)) for address in annotation.derived_from),
            findings=tuple(
                found(finding, self.around, f"{self.prefix}i{number}")
                for finding in self.findings.get(annotation.id, ())
            ),
            changed=self.around.changed.get((self.marked.annotator, self.document.id, annotation.id), ()),
            undrawn=undrawn,
            said=" · ".join(said),
        )

    def _targets(self, layer: Layer | None, role: str, ids: Iterable[str]) -> tuple[Link, ...]:
        known = layer.role(role) if layer else None
        if known is not None and known.registry:
            return tuple(Link(self._entity(id)) for id in ids)
        return tuple(self._link(id) for id in ids)

    def _entity(self, id: str) -> str:
        entity = self.added.get(id) or self.around.corpus.entities.get(id)
        return entity.name if entity else f"{id} (not in the registry)"

    def _link(self, id: str) -> Link:
        """Another annotation of the set, by its first words."""
        one = self.by_id.get(id)
        if one is None:
            return Link(f"{id} (there is none)")
        words = " … ".join(span.quote for span in one.spans) or named(one, self.around.corpus)[1]
        style = self.around.styles[one.layer, one.label]
        return Link(cut(words), self._address(self.marked.address(id)), style)

    def _pointing(self, annotation: Annotation) -> Iterator[Role]:
        """What points to an annotation: of a relation its other end, of all else itself."""
        for one, role in self.pointing.get(annotation.id, ()):
            layer = self.around.corpus.scheme.layer(one.layer)
            layer_title, label_title = named(one, self.around.corpus)
            if layer is not None and layer.kind == "relation":
                others = [id for other, ids in one.refs.items() if other != role for id in ids]
                yield Role(f"{label_title}, as {_title(layer, role)}", tuple(map(self._link, others)))
            else:
                yield Role(f"{layer_title}, as {_title(layer, role)}", (self._link(one.id),))

    def _address(self, address: str) -> str:
        """Where an annotation is listed on the page, if it is."""
        parts = re.fullmatch(r"([^/]+)/([^#]+)#(.+)", address, re.DOTALL)
        return self.around.places.get((parts[1], parts[2], parts[3]), "") if parts else ""


def cut(words: str) -> str:
    """Words on one line, not too many of them."""
    line = " ".join(words.split())
    return line if len(line) <= LONG else f"{line[: LONG - 1]}…"


def _title(layer: Layer | None, role: str) -> str:
    known = layer.role(role) if layer else None
    return known.title if known else role


def _attributes(layer: Layer | None, annotation: Annotation) -> Iterator[Fact]:
    for name, value in annotation.attributes.items():
        known = layer.attribute(name) if layer else None
        titles = {one.name: one.title for one in (known.values if known else ())}
        yield Fact(known.title if known else name, titles.get(value, value), f"{name}={value}")


def _undrawable(annotation: Annotation, text: str) -> str:
    if not annotation.spans:
        return "Not drawn: it has no span."
    at = -1
    for span in annotation.spans:
        if not at < span.start < span.end <= len(text) or text[span.start : span.end] != span.quote:
            return f"Not drawn: the text does not hold {cut(span.quote)!r} at [{span.start}:{span.end}]."
        at = span.end - 1
    return ""
