"""Tables for one task each, derived from gold by the generic kinds that schema/views.json names.

Every view is of the documents that have gold, and by split. A fragmented annotation's text is its fragments, joined by
a space. An annotation begins in the last sentence that begins at or before its first fragment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from standoff.canon import order
from standoff.errors import RecordError, SchemaError
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Entity, Segments, Span
from standoff.scheme import VIEWS, Layer, Scheme, View
from standoff.tables import arrow_table, closed, parts, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["view_schemas", "views"]

STATUS = ("source", "writer", "unknown")
"""Who takes a role: what an annotation names; nobody but the writer; somebody whom the text does not name."""


class _Work:
    """One document with its gold: what every kind of view looks things up in."""

    def __init__(self, corpus: Corpus, gold: AnnotationSet) -> None:
        self.scheme: Scheme = corpus.scheme
        self.document: Document = corpus.documents[gold.document]
        self.gold = gold
        self.annotations = order(gold.annotations, corpus.scheme.layer_names)
        self._segments: Segments | None = corpus.segments.get(gold.document)
        self._by_id = {annotation.id: annotation for annotation in gold.annotations}
        self._entities: dict[str, Entity] = {**corpus.entities, **{entity.id: entity for entity in gold.entities}}

    def of(self, layer: str) -> list[Annotation]:
        """The annotations of a layer, in order."""
        return [annotation for annotation in self.annotations if annotation.layer == layer]

    def segments(self) -> Segments:
        """The document's sentences and tokens, of which there is at least one sentence."""
        if self._segments is None or not self._segments.sentences:
            raise RecordError(
                "has no sentences; a view by sentence needs them", place=f"corpus/segments/{self.document.id}.json"
            )
        return self._segments

    def sentence_of(self, span: Span) -> int:
        """The sentence that a span begins in."""
        starts = [start for start, _ in self.segments().sentences]
        return max(bisect_right(starts, span.start) - 1, 0)

    def find(self, id: str, of: Annotation) -> Annotation:
        """The annotation that another one points to."""
        if id not in self._by_id:
            raise RecordError(f"points to {id!r}, which is not in the set", place=self.gold.address(of.id))
        return self._by_id[id]

    def only(self, role: str, of: Annotation) -> str:
        """The one id that an annotation has in a role."""
        ids = of.refs.get(role, ())
        if len(ids) != 1:
            raise RecordError(f"has {len(ids)} ids in {role!r}; expected one", place=self.gold.address(of.id))
        return ids[0]

    def text(self, id: str, of: Annotation, role: str) -> str:
        """The words of what an annotation points to: an annotation's text, or an entity's name."""
        if not self._to_registry(of, role):
            return _text(self.find(id, of))
        if id not in self._entities:
            raise RecordError(f"{role} points to the unknown entity {id!r}", place=self.gold.address(of.id))
        return self._entities[id].name

    def entities(self, id: str, of: Annotation, role: str) -> tuple[str, ...]:
        """The entities that what an annotation points to is one of, or points to itself."""
        if self._to_registry(of, role):
            return (id,)
        found = self.find(id, of)
        return tuple(e for name, ids in sorted(found.refs.items()) if self._to_registry(found, name) for e in ids)

    def _to_registry(self, annotation: Annotation, role: str) -> bool:
        layer = self.scheme.layer(annotation.layer)
        found = layer and layer.role(role)
        return bool(found and found.registry)


def views(corpus: Corpus) -> dict[str, dict[str, pa.Table]]:
    """The views that a scheme declares: config -> split -> table, each with its full schema, also without rows.

    Raises:
        RecordError: a document has gold but no sentences, or a reference that a view follows resolves to nothing.
        SchemaError: two columns of a view have the same name.
    """
    found: dict[str, dict[str, pa.Table]] = {}
    schemas = view_schemas(corpus.scheme)
    documents = parts(corpus)
    for view in corpus.scheme.views:
        _, rows = _KINDS[view.kind]
        schema = schemas[view.name]
        found[view.name] = {}
        for split, ids in documents.items():
            work = (_Work(corpus, corpus.gold[id]) for id in ids if id in corpus.gold)
            table = [row for part in work for row in rows(part, view)]
            columns = {name: [row[n] for row in table] for n, name in enumerate(schema.names)}
            found[view.name][split] = arrow_table(columns, schema)
    return found


def view_schemas(scheme: Scheme) -> dict[str, pa.Schema]:
    """The columns of every view: config -> schema.

    Raises:
        SchemaError: two columns of a view have the same name.
    """
    found = {}
    for view in scheme.views:
        columns, _ = _KINDS[view.kind]
        found[view.name] = schema_of(columns(scheme, view), place=f"view {view.name}")
    return found


def _layer(scheme: Scheme, name: str) -> Layer:
    layer = scheme.layer(name)
    if layer is None:
        raise SchemaError([f"there is no layer {name!r}"])
    return layer


def _text(annotation: Annotation) -> str:
    return " ".join(span.quote for span in annotation.spans)


def _sentence_columns() -> list[Any]:
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    return [("document", text), ("sentence", number), ("start", number), ("end", number), ("text", text)]


def _sentence_rows(work: _Work) -> Iterator[tuple[Any, ...]]:
    for n, (start, end) in enumerate(work.segments().sentences):
        yield work.document.id, n, start, end, work.document.text[start:end]


def _bio_columns(scheme: Scheme, view: View) -> list[Any]:
    import pyarrow as pa

    tags = ["O", *(f"{prefix}-{label}" for label in _layer(scheme, view.layer).label_names for prefix in "BI")]
    return [
        *_sentence_columns(),
        ("tokens", pa.list_(pa.string())),
        ("token_starts", pa.list_(pa.int32())),
        ("token_ends", pa.list_(pa.int32())),
        closed("tags", pa.list_(pa.string()), tags),
        ("untagged", pa.int32()),
    ]


def _bio_rows(work: _Work, view: View) -> Iterator[tuple[Any, ...]]:
    """One row per sentence: its tokens with the tags B-label, I-label and O (IOB2, Tjong Kim Sang and Veenstra 1999).

    Fragments are tagged from the left, of those that begin together the longest first, each on the tokens that it
    touches. One that touches a token already tagged (it is nested, or crosses), no token, or tokens of several
    sentences is not tagged, but counted in `untagged` of the sentence that it begins in.
    """
    segments = work.segments()
    starts, ends = [start for start, _ in segments.tokens], [end for _, end in segments.tokens]
    sentences = [range(bisect_left(starts, start), bisect_left(starts, end)) for start, end in segments.sentences]
    tags = ["O"] * len(starts)
    untagged = [0] * len(sentences)
    fragments = [(span, annotation.label) for annotation in work.of(view.layer) for span in annotation.spans]
    for span, label in sorted(fragments, key=lambda fragment: (fragment[0].start, -fragment[0].end)):
        touched = range(bisect_right(ends, span.start), bisect_left(starts, span.end))
        sentence = sentences[work.sentence_of(span)]
        inside = touched and sentence.start <= touched.start and touched.stop <= sentence.stop
        if inside and all(tags[n] == "O" for n in touched):
            tags[touched.start : touched.stop] = [f"B-{label}", *[f"I-{label}"] * (len(touched) - 1)]
        else:
            untagged[work.sentence_of(span)] += 1
    for (*place, text), tokens, missed in zip(_sentence_rows(work), sentences, untagged, strict=True):
        within = slice(tokens.start, tokens.stop)
        words = [work.document.text[start:end] for start, end in segments.tokens[within]]
        yield *place, text, words, starts[within], ends[within], tags[within], missed


def _sentences_columns(scheme: Scheme, view: View) -> list[Any]:
    import pyarrow as pa

    strings = pa.list_(pa.string())
    return [
        *_sentence_columns(),
        closed("labels", strings, _layer(scheme, view.layer).label_names),
        ("annotations", strings),
    ]


def _sentences_rows(work: _Work, view: View) -> Iterator[tuple[Any, ...]]:
    """One row per sentence: the labels of the annotations that begin in it, in the schema's order; and their ids."""
    begin: dict[int, list[Annotation]] = {}
    for annotation in work.of(view.layer):
        begin.setdefault(work.sentence_of(annotation.spans[0]), []).append(annotation)
    for row in _sentence_rows(work):
        here = begin.get(row[1], [])
        labels = {annotation.label for annotation in here}
        ordered = [label for label in _layer(work.scheme, view.layer).label_names if label in labels]
        yield *row, ordered, [annotation.id for annotation in here]


def _pairs_columns(scheme: Scheme, view: View) -> list[Any]:
    import pyarrow as pa

    layer, text = _layer(scheme, view.layer), pa.string()
    columns: list[Any] = [("id", text), ("document", text), closed("label", text, layer.label_names)]
    for role in layer.roles:
        labels = [label for name in role.layers for label in _layer(scheme, name).label_names]
        columns += [(role.name, text), closed(f"{role.name}_label", text, labels), (f"{role.name}_text", text)]
    return columns


def _pairs_rows(work: _Work, view: View) -> Iterator[tuple[Any, ...]]:
    """One row per relation: its label, and of both that it links the id, the label and the text."""
    roles = _layer(work.scheme, view.layer).roles
    for relation in work.of(view.layer):
        ends = [work.find(work.only(role.name, relation), relation) for role in roles]
        linked = [value for end in ends for value in (end.id, end.label, _text(end))]
        yield relation.id, work.document.id, relation.label, *linked


def _innermost_columns(scheme: Scheme, view: View) -> list[Any]:
    import pyarrow as pa

    text = pa.string()
    return [
        ("id", text),
        ("document", text),
        closed("label", text, _layer(scheme, view.layer).label_names),
        ("text", text),
        closed("status", text, STATUS),
        ("taken", pa.list_(text)),
        ("taken_texts", pa.list_(text)),
        ("taken_entities", pa.list_(pa.list_(text))),
        ("via", text),
        ("chain", pa.list_(text)),
    ]


def _innermost_rows(work: _Work, view: View) -> Iterator[tuple[Any, ...]]:
    """One row per annotation of `layer`: what the innermost `via` that holds it in `role` has in `take`.

    `via` nests through its role `through`. Innermost is the holder that no other holder lies inside of; of several,
    the first in the text. `chain` is that holder and all that it lies in, from the inside out. `taken` are the ids in
    `take`, with their texts and the entities that each refers to. Status: source where something is taken, unknown
    where the holder has nothing in `take`, writer where there is no holder.
    """
    holders: dict[str, list[Annotation]] = {}
    for via in work.of(view.via):
        for id in via.refs.get(view.role, ()):
            holders.setdefault(id, []).append(via)
    for annotation in work.of(view.layer):
        held = holders.get(annotation.id, [])
        around = {outer.id for via in held for outer in _outwards(work, via, view.through)[1:]}
        inner = next((via for via in held if via.id not in around), None)
        head = annotation.id, work.document.id, annotation.label, _text(annotation)
        if inner is None:
            yield *head, "writer", (), (), (), None, ()
            continue
        ids = inner.refs.get(view.take, ())
        texts = [work.text(id, inner, view.take) for id in ids]
        entities = [work.entities(id, inner, view.take) for id in ids]
        chain = [via.id for via in _outwards(work, inner, view.through)]
        yield *head, "source" if ids else "unknown", ids, texts, entities, inner.id, chain


def _outwards(work: _Work, via: Annotation, through: str) -> list[Annotation]:
    """An annotation and all that it lies in, from the inside out, each once."""
    found = [via]
    for inner in found:
        outer = (work.find(id, inner) for id in inner.refs.get(through, ()))
        found.extend(annotation for annotation in outer if annotation not in found)
    return found


Columns = Callable[[Scheme, View], Iterable[Any]]
Rows = Callable[[_Work, View], Iterator[tuple[Any, ...]]]

_KINDS: Mapping[str, tuple[Columns, Rows]] = {
    "bio": (_bio_columns, _bio_rows),
    "sentences": (_sentences_columns, _sentences_rows),
    "pairs": (_pairs_columns, _pairs_rows),
    "innermost_role": (_innermost_columns, _innermost_rows),
}
assert _KINDS.keys() == VIEWS.keys()
