"""The one canonical form of every value: the same value, the same bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from standoff.errors import RecordError
from standoff.model import Annotation, AnnotationSet, Corpus, Decisions, Document, Segments, derived_id
from standoff.scheme import Scheme

__all__ = [
    "canonical",
    "canonical_decisions",
    "canonical_document",
    "canonical_list",
    "canonical_segments",
    "canonical_set",
    "content_digest",
    "json_set",
    "listings",
    "normal",
    "order",
]


T = TypeVar("T")


def order(annotations: Iterable[Annotation], layers: Iterable[str]) -> tuple[Annotation, ...]:
    """Annotations as they stand on disk: by layer, first start, -end, id; those without spans last of their layer."""
    rank = {layer: n for n, layer in enumerate(layers)}
    of, last = rank.get, len(rank)

    def key(annotation: Annotation) -> tuple[int, int, int, str]:
        spans = annotation.spans
        if spans:
            return of(annotation.layer, last), spans[0].start, -spans[-1].end, annotation.id
        return of(annotation.layer, last), 1 << 62, 0, annotation.id

    return tuple(sorted(annotations, key=key))


def normal(marked: AnnotationSet, scheme: Scheme) -> AnnotationSet:
    """The same set with everything in its one order: annotations as on disk, entities by id, the targets of a role by
    where they stand in the text (entities, and what has no place, by id), the ends of a symmetric relation by id.

    Label Studio keeps the targets of a role in no order, and an annotator draws a symmetric relation from either end;
    whoever makes a set calls this before it is written.
    """
    place = {a.id: (a.spans[0].start, -a.spans[-1].end) for a in marked.annotations if a.spans}
    symmetric = {
        (constraint.layer, label): constraint.roles
        for constraint in scheme.constraints
        if constraint.kind == "symmetric"
        for label in constraint.labels
    }

    def in_order(annotation: Annotation) -> Annotation:
        refs = {
            role: tuple(sorted(ids, key=lambda id: (*place.get(id, (0, 0)), id)))
            for role, ids in sorted(annotation.refs.items())
            if ids
        }
        id = annotation.id
        ends = symmetric.get((annotation.layer, annotation.label))
        if ends and all(len(refs.get(role, ())) == 1 for role in ends):
            first, second = sorted(refs[role][0] for role in ends)
            refs |= {ends[0]: (first,), ends[1]: (second,)}
            id = derived_id(annotation.label, first, second)
        attributes = dict(sorted(annotation.attributes.items()))
        return structs.replace(annotation, id=id, refs=refs, attributes=attributes)

    return structs.replace(
        marked,
        annotations=order(map(in_order, marked.annotations), scheme.layer_names),
        entities=tuple(sorted(marked.entities, key=lambda entity: entity.id)),
    )


def canonical(value: Any) -> str:
    """JSON on one line: keys sorted, a space behind each comma and colon, nothing escaped that need not be."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=0).decode()


def canonical_list(key: str, items: Iterable[Any], head: Mapping[str, Any] | None = None) -> str:
    """A JSON object with one list, an item a line, behind the few fields of its head."""
    fields = "".join(f"{canonical(name)}: {canonical(value)}, " for name, value in sorted((head or {}).items()))
    lines = ",\n".join(canonical(item) for item in items)
    return f"{{{fields}{canonical(key)}: [\n{lines}\n]}}\n" if lines else f"{{{fields}{canonical(key)}: []}}\n"


def canonical_set(annotations: AnnotationSet, scheme: Scheme) -> str:
    """A set as it stands on disk: one annotation a line, in order."""
    head = {
        "annotator": annotations.annotator,
        "document": annotations.document,
        "entities": sorted(annotations.entities, key=lambda entity: entity.id),
        "text_sha256": annotations.text_sha256,
    }
    return canonical_list("annotations", order(annotations.annotations, scheme.layer_names), head)


def canonical_decisions(decisions: Decisions) -> str:
    """The decisions of a document as they stand on disk: one a line, by id; those on entities first."""
    entities, items = (
        ",\n".join(canonical(one) for one in sorted(some, key=lambda one: one.id))
        for some in (decisions.entities, decisions.decisions)
    )
    lists = ", ".join(
        f'"{name}": [\n{lines}\n]' if lines else f'"{name}": []'
        for name, lines in (("entities", entities), ("decisions", items))
    )
    return f'{{"document": {canonical(decisions.document)}, {lists}}}\n'


def canonical_document(document: Document) -> str:
    """A document's record as it stands on disk: one field a line, without the text."""
    fields = msgspec.to_builtins(document)
    del fields["text"]
    return (
        "{\n" + ",\n".join(f"{canonical(key)}: {canonical(value)}" for key, value in sorted(fields.items())) + "\n}\n"
    )


def json_set(text: str | bytes, *, place: str = "") -> AnnotationSet:
    """The set that canonical JSON holds.

    Raises:
        RecordError: it is not the JSON of a set; names the place in it.
    """
    try:
        return msgspec.json.decode(text, type=AnnotationSet)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(str(error), place=place) from error


def canonical_segments(segments: Segments) -> str:
    """Segments as they stand on disk: one sentence a line, then the tokens of one sentence a line."""
    starts = [start for start, _ in segments.sentences]
    rows: dict[int, list[tuple[int, int]]] = {}
    for token in segments.tokens:
        rows.setdefault(bisect_right(starts, token[0]), []).append(token)
    head = f'{{"document": {canonical(segments.document)}, "segmenter": {canonical(segments.segmenter)}, "sentences": ['
    sentences = ",\n".join(canonical(sentence) for sentence in segments.sentences)
    tokens = ",\n".join(", ".join(canonical(token) for token in row) for row in rows.values())
    return f'{head}\n{sentences}\n], "tokens": [\n{tokens}\n]}}\n'


def listings(corpus: Corpus) -> Iterator[tuple[str, str]]:
    """The corpus-wide files: path -> canonical text."""
    yield "corpus/entities.json", canonical_list("entities", _sorted(corpus.entities))
    yield (
        "corpus/splits.json",
        canonical({"splits": corpus.splits.splits, "events": corpus.splits.events}) + "\n",
    )
    yield "corpus/rights.json", canonical({"documents": corpus.rights}) + "\n"
    yield "corpus/releases.json", canonical_list("releases", corpus.releases)
    yield "annotations/annotators.json", canonical_list("annotators", _sorted(corpus.annotators))
    if corpus.withdrawn:
        yield "corpus/withdrawn.json", canonical_list("withdrawn", _sorted(corpus.withdrawn))
    if corpus.policy is not None:
        yield "annotations/policy.json", canonical(corpus.policy) + "\n"


def _sorted(by_id: Mapping[str, T]) -> Iterator[T]:
    return (value for _, value in sorted(by_id.items()))


def content_digest(corpus: Corpus) -> str:
    """The sha256 of all that a corpus says, in canonical form: documents, schema, sets, decisions, gold.

    It depends on no file format, no version of a library and no version of the dataset.
    """
    digest = sha256()

    def add(name: str, text: str) -> None:
        # Lengths keep the parts apart: no two corpora share one stream.
        digest.update(f"{name}\n{len(text.encode())}\n".encode() + text.encode())

    for name, text in sorted(corpus.scheme.files.items()):
        add(f"schema/{name}", text)
    for path, text in listings(corpus):
        # A list of releases cannot be part of what a release is identified by.
        if path != "corpus/releases.json":
            add(path, text)
    for id, document in sorted(corpus.documents.items()):
        add(f"documents/{id}", canonical_document(document))
        add(f"text/{id}", document.text)
        add(f"segments/{id}", canonical_segments(corpus.segments[id]))
    for (annotator, id), marked in sorted(corpus.sets.items()):
        add(f"sets/{annotator}/{id}", canonical_set(marked, corpus.scheme))
    for id, marked in sorted(corpus.gold.items()):
        add(f"gold/{id}", canonical_set(marked, corpus.scheme))
    for id, decisions in sorted(corpus.decisions.items()):
        add(f"decisions/{id}", canonical_decisions(decisions))
    return digest.hexdigest()
