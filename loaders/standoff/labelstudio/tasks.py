"""From an annotation set to a task of Label Studio, in the form in which the editor itself writes results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import to_builtins

from standoff.canon import canonical_set, normal
from standoff.errors import RecordError, nearest
from standoff.labelstudio.controls import ENTITIES, FINDINGS, FRAGMENT, NO_KEY, TEXT, TO_FIX, links
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Entity
from standoff.scheme import Layer, Scheme
from standoff.text import sha

__all__ = ["digest", "region_id", "showable", "to_task"]


def digest(annotations: AnnotationSet | None, scheme: Scheme) -> str:
    """What a version of a set is known by: the sha256 of its canonical form; empty where there is no set."""
    return sha(canonical_set(normal(annotations, scheme), scheme)) if annotations else ""


def region_id(annotation: str, fragment: int) -> str:
    """The id of an annotation's region: the first fragment's (0) is the annotation's own.

    A full stop is legal in no annotation's id, so that these never meet one.
    """
    return f"{annotation}.{fragment + 1}" if fragment else annotation


def showable(document: Document) -> None:
    """Holds a document's text to be one in which the editor counts as we do.

    Raises:
        RecordError: it holds U+0000, which a browser leaves out of a page: every offset behind it would be wrong.
    """
    if (at := document.text.find("\0")) >= 0:
        raise RecordError(f"U+0000 at {at}, which Label Studio cannot show; expected none", place=f"{document.id} text")


def to_task(annotations: AnnotationSet | None, document: Document, corpus: Corpus, *, annotator: str) -> dict[str, Any]:
    """The task that shows a document with what is marked in it; without a set, a task that is still to be annotated.

    Its `meta` says what was pushed: digests of text and set, and the entities that the annotator had added.

    Raises:
        RecordError: the set holds what no relation or region of Label Studio can say.
    """
    own = annotations.entities if annotations else ()
    ordered = normal(annotations, corpus.scheme) if annotations else None
    task: dict[str, Any] = {
        "data": {
            "id": document.id,
            "title": document.title,
            "published": _published(document),
            TEXT: document.text,
            # An id that both have means the annotator's own.
            ENTITIES: _options({**corpus.entities, **{entity.id: entity for entity in own}}.values()),
            FINDINGS: "",
            TO_FIX: "",
        },
        "meta": {
            "document": document.id,
            "annotator": annotator,
            "text_sha256": document.text_sha256,
            "sha256": sha(canonical_set(ordered, corpus.scheme)) if ordered else "",
            "entities": [to_builtins(entity) for entity in sorted(own, key=lambda entity: entity.id)],
        },
    }
    if ordered is not None:
        result = list(_result(ordered, corpus.scheme))
        # Label Studio takes an annotation for ground truth unless told otherwise.
        task["annotations"] = [{"result": result, "ground_truth": False}]
    return task


def _published(document: Document) -> str:
    fact = document.published
    return f"{fact.value}{' (inferred)' if fact.status == 'inferred' else ''}" if fact.value else "date unknown"


def _options(entities: Iterable[Entity]) -> list[dict[str, str]]:
    """The entities to pick from, by name. What is picked is kept by its alias, the entity's id."""
    by_name = sorted(entities, key=lambda entity: (entity.name.casefold(), entity.id))
    return [_option(entity) for entity in by_name]


def _option(entity: Entity) -> dict[str, str]:
    known = [*entity.aliases, *([entity.wikidata] if entity.wikidata else [])]
    return {
        # The editor takes `$name` inside what it shows for a field of the task.
        "value": f"{entity.name} · {entity.type} · {entity.id}".replace("$", "＄"),
        "alias": entity.id,
        "hint": " · ".join(known),
        "hotkey": NO_KEY,
    }


def _result(annotations: AnnotationSet, scheme: Scheme) -> Iterator[dict[str, Any]]:
    pairs: dict[tuple[str, str], list[str]] = {}
    chosen: dict[str, list[str]] = {}
    for annotation in annotations.annotations:
        place = f"{annotations.address(annotation.id)} layer"
        layer = scheme.layer(annotation.layer)
        if layer is None:
            known = nearest(annotation.layer, scheme.layer_names)
            raise RecordError(f"{annotation.layer!r} is no layer of the scheme{known}", place=place)
        if layer.kind == "span":
            yield from _regions(annotation, layer)
            for role in links(layer):
                for target in annotation.refs.get(role.name, ()):
                    pairs.setdefault((annotation.id, target), []).append(role.name)
        elif layer.kind == "document":
            chosen.setdefault(layer.name, []).append(annotation.label)
        else:
            origins, ends = (annotation.refs.get(role.name, ()) for role in layer.roles)
            for origin in origins:
                for end in ends:
                    pairs.setdefault((origin, end), []).append(annotation.label)
    for name, labels in chosen.items():
        yield _item(f"{name}.document", name, "choices", {"choices": labels})
    # The editor keeps one relation for two regions in this order, and drops a second one without a word.
    for (origin, end), labels in sorted(pairs.items()):
        yield _relation(origin, end, labels)
    for annotation in annotations.annotations:
        for n in range(1, len(annotation.spans)):
            yield _relation(annotation.id, region_id(annotation.id, n), [FRAGMENT])


def _regions(annotation: Annotation, layer: Layer) -> Iterator[dict[str, Any]]:
    """A region for each fragment; what is said of the annotation is said of the first one."""
    for n, span in enumerate(annotation.spans):
        region, at = region_id(annotation.id, n), {"start": span.start, "end": span.end}
        yield _item(region, layer.name, "labels", at | {"text": span.quote, "labels": [annotation.label]})
        if n == 0:
            for name, value in sorted(annotation.attributes.items()):
                yield _item(region, f"{layer.name}-{name}", "choices", at | {"choices": [value]})
            for role in layer.roles:
                if role.registry and annotation.refs.get(role.name):
                    picked = list(annotation.refs[role.name])
                    yield _item(region, f"{layer.name}-{role.name}", "choices", at | {"choices": picked})
            if annotation.note:
                yield _item(region, f"{layer.name}-note", "textarea", at | {"text": [annotation.note]})


def _item(id: str, control: str, type: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "from_name": control, "to_name": TEXT, "type": type, "value": value}


def _relation(origin: str, end: str, labels: list[str]) -> dict[str, Any]:
    return {"from_id": origin, "to_id": end, "type": "relation", "direction": "right", "labels": labels}
