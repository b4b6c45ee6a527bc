"""Annotations given by the words they mark, without offsets: how models annotate and codebook examples are written.

A document's annotations are one JSON object:

    {"document": "a", "entities": [...], "annotations": [
      {"id": "m1", "layer": "mention", "label": "ORG", "spans": ["Acme"], "refs": {"entity": ["acme"]}},
      {"id": "c1", "layer": "claim", "label": "fact", "spans": [{"exact": "it", "prefix": "said "}, "is late"]},
      {"layer": "claim_relation", "label": "supports", "refs": {"from": ["c1"], "to": ["c2"]}}]}

A span is its words, or an object with `exact` and what singles it out: `prefix`, `suffix`, `occurrence` (from 1).
An id is a local name, kept; annotations of relation and document layers have none, theirs follows from what they link.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from standoff.canon import normal
from standoff.errors import AnchorError, RecordError, nearest
from standoff.model import Annotation, AnnotationSet, Document, Entity, derived_id
from standoff.scheme import Layer, Scheme
from standoff.text import Quotation, anchor, quotation_of

__all__ = ["from_quotations", "parse_quotations", "to_quotations"]


class Quoted(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An annotation with quotations for spans."""

    layer: str
    label: str
    id: str = ""
    spans: tuple[str | Quotation, ...] = ()
    refs: dict[str, tuple[str, ...]] = {}
    attributes: dict[str, str] = {}
    note: str = ""


class Quotations(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All annotations of one document, by quotation."""

    document: str
    annotations: tuple[Quoted, ...]
    entities: tuple[Entity, ...] = ()


def parse_quotations(data: bytes | str, *, place: str = "") -> Quotations:
    """The quotations that a JSON text holds.

    Raises:
        RecordError: it is no JSON, or not of this form; names the place in it.
    """
    try:
        return msgspec.json.decode(data, type=Quotations)
    except msgspec.DecodeError as error:
        raise RecordError(str(error), place=place) from error


def from_quotations(
    quotations: Quotations, document: Document, scheme: Scheme, *, annotator: str, place: str = ""
) -> AnnotationSet:
    """The annotation set that quotations of a document mean.

    Raises:
        RecordError: another document's, an unknown layer, an id missing, superfluous or given twice.
        AnchorError: a quotation is not in the text or there more than once; carries the candidates.
    """
    if quotations.document != document.id:
        raise RecordError(f"is about document {quotations.document!r}; expected {document.id!r}", place=place)
    seen: set[str] = set()
    annotations = []
    for n, quoted in enumerate(quotations.annotations):
        at = f"{place}#{quoted.id or f'annotations[{n}]'}"
        layer = scheme.layer(quoted.layer)
        if layer is None:
            known = scheme.layer_names
            raise RecordError(
                f"layer {quoted.layer!r} is not one of {', '.join(map(repr, known))}{nearest(quoted.layer, known)}",
                place=at,
            )
        annotation = _anchored(quoted, layer, document.text, at)
        if annotation.id in seen:
            raise RecordError(f"id {annotation.id!r} is given twice; expected a name of its own", place=at)
        seen.add(annotation.id)
        annotations.append(annotation)
    made = AnnotationSet(document.id, document.text_sha256, annotator, tuple(annotations), quotations.entities)
    return normal(made, scheme)


def to_quotations(marked: AnnotationSet, document: Document, scheme: Scheme) -> dict[str, Any]:
    """The quotations that mean exactly this set; the inverse of `from_quotations`."""
    quoted = []
    for annotation in marked.annotations:
        layer = scheme.layer(annotation.layer)
        spans = [quotation_of(document.text, span) for span in annotation.spans]
        quoted.append(
            Quoted(
                layer=annotation.layer,
                label=annotation.label,
                id=annotation.id if layer is None or layer.kind == "span" else "",
                spans=tuple(q.exact if q.occurrence is None else q for q in spans),
                refs=annotation.refs,
                attributes=annotation.attributes,
                note=annotation.note,
            )
        )
    found: dict[str, Any] = msgspec.to_builtins(Quotations(marked.document, tuple(quoted), marked.entities))
    return found


def _anchored(quoted: Quoted, layer: Layer, text: str, place: str) -> Annotation:
    if layer.kind == "span":
        if not quoted.id:
            raise RecordError("id is missing; expected a name to refer to it by", place=place)
        id = quoted.id
    else:
        if quoted.id:
            raise RecordError(f"id {quoted.id!r} is given, but a {layer.kind} has none of its own", place=place)
        ends = [id for role in layer.roles for id in quoted.refs.get(role.name, ())]
        id = derived_id(quoted.label, *ends) if layer.kind == "relation" else derived_id(layer.name, quoted.label)
    spans = []
    for n, span in enumerate(quoted.spans):
        try:
            spans.append(anchor(text, Quotation(span) if isinstance(span, str) else span))
        except AnchorError as error:
            raise error.at(f"{place} spans[{n}]") from error
    return Annotation(
        id=id,
        layer=quoted.layer,
        label=quoted.label,
        spans=tuple(spans),
        refs=quoted.refs,
        attributes=quoted.attributes,
        note=quoted.note,
    )
