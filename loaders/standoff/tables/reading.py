"""From tables to a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from standoff.canon import order
from standoff.errors import RecordError
from standoff.model import (
    GOLD,
    Annotation,
    AnnotationSet,
    Annotator,
    Corpus,
    Decision,
    Decisions,
    Document,
    Entity,
    EntityDecision,
    MergeRule,
    Policy,
    Release,
    Right,
    Segments,
    Span,
    Splits,
    Withdrawn,
)
from standoff.scheme import Layer, Scheme
from standoff.tables.columns import attributes_of, check, fields_of, roles_of, schemas

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


def from_tables(
    tables: Mapping[str, Mapping[str, pa.Table]],
    scheme: Scheme,
    *,
    releases: tuple[Release, ...] = (),
    version: str = "",
    withdrawn: Mapping[str, Withdrawn] = MappingProxyType({}),
) -> Corpus:
    """The corpus that tables hold, its sets in canonical order; other tables, such as views, are not looked at.

    Raises:
        RecordError: a table is missing, has other columns than the scheme gives it, or holds what is no corpus.
    """
    merged = {config: _merged(tables, config, schema) for config, schema in schemas(scheme).items()}

    def columns(config: str, *names: str) -> Iterator[tuple[Any, ...]]:
        return zip(*(merged[config][name].to_pylist() for name in names), strict=True)

    documents = {document.id: document for document in sorted(_records(merged, "documents", Document), key=_id)}
    segmenters = {id: by for id, by in columns("documents", "id", "segmenter") if by is not None}
    sets, gold = _sets(merged, documents, scheme)
    return Corpus(
        scheme=scheme,
        documents=documents,
        segments=_segments(
            segmenters,
            columns("sentences", "document", "start", "end"),
            columns("tokens", "document", "start", "end"),
        ),
        entities={entity.id: entity for entity in _records(merged, "entities", Entity)},
        annotators={annotator.id: annotator for annotator in _records(merged, "annotators", Annotator)},
        splits=_splits(dict(columns("splits", "document", "split")), dict(columns("events", "event", "documents"))),
        rights=dict(
            zip(merged["rights"]["document"].to_pylist(), _records(merged, "rights", Right), strict=True),
        ),
        releases=releases,
        version=version,
        sets=sets,
        gold=gold,
        decisions=_decisions(merged),
        policy=_policy(merged["merge_policy"]),
        withdrawn=dict(withdrawn),
    )


def _id(record: Any) -> str:
    id: str = record.id
    return id


def _merged(tables: Mapping[str, Mapping[str, pa.Table]], config: str, expected: pa.Schema) -> pa.Table:
    """All splits of a table."""
    import pyarrow as pa

    if config not in tables:
        raise RecordError("this table is missing", place=config)
    for split, table in tables[config].items():
        _same_columns(table.schema, expected, f"{config} {split}")
    return pa.concat_tables([expected.empty_table(), *tables[config].values()])


def _same_columns(found: pa.Schema, expected: pa.Schema, place: str) -> None:
    if found.equals(expected):
        return
    if found.names != expected.names:
        raise RecordError(f"columns are {', '.join(found.names)}; expected {', '.join(expected.names)}", place=place)
    name = next(name for name in expected.names if found.field(name).type != expected.field(name).type)
    raise RecordError(f"is {found.field(name).type}; expected {expected.field(name).type}", place=f"{place} {name}")


def _records(tables: Mapping[str, pa.Table], config: str, kind: type[T]) -> list[T]:
    try:
        return msgspec.convert(tables[config].select(fields_of(kind)).to_pylist(), list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise RecordError(str(error), place=config) from error


def _decisions(tables: Mapping[str, pa.Table]) -> dict[str, Decisions]:
    """document -> what was decided there."""
    found: dict[str, tuple[list[Decision], list[EntityDecision]]] = {}
    for row in tables["decisions"].to_pylist():
        document, annotation = row.pop("document"), row.pop("annotation")
        try:
            one = msgspec.convert(row, Decision)
            given = None if annotation is None else msgspec.json.decode(annotation, type=Annotation)
        except msgspec.DecodeError as error:
            raise RecordError(str(error), place="decisions") from error
        found.setdefault(document, ([], []))[0].append(msgspec.structs.replace(one, annotation=given))
    table = tables["entity_decisions"]
    of_entities = _records(tables, "entity_decisions", EntityDecision)
    for document, decided in zip(table["document"].to_pylist(), of_entities, strict=True):
        found.setdefault(document, ([], []))[1].append(decided)
    return {id: Decisions(id, tuple(some), tuple(others)) for id, (some, others) in sorted(found.items())}


def _policy(table: pa.Table) -> Policy | None:
    """The declared policy: a row for the default rule, which tells what holds for all layers, and one a layer."""
    rows = table.to_pylist()
    if not rows:
        return None
    try:
        rules = [msgspec.convert({name: row[name] for name in fields_of(MergeRule)}, MergeRule) for row in rows]
        shared = {name: rows[0][name] for name in ("annotators", "reasons")}
        layers = {row["layer"]: rule for row, rule in zip(rows[1:], rules[1:], strict=True)}
        return msgspec.convert({**shared, "default": rules[0], "layers": layers}, Policy)
    except msgspec.ValidationError as error:
        raise RecordError(str(error), place="merge_policy") from error


def _splits(splits: Mapping[str, str], events: Mapping[str, list[str]]) -> Splits:
    try:
        return msgspec.convert({"splits": splits, "events": events}, Splits)
    except msgspec.ValidationError as error:
        raise RecordError(str(error), place="splits") from error


def _sets(
    tables: Mapping[str, pa.Table], documents: Mapping[str, Document], scheme: Scheme
) -> tuple[dict[tuple[str, str], AnnotationSet], dict[str, AnnotationSet]]:
    """The annotators' sets, and gold's."""
    marked: dict[tuple[str, str], list[Annotation]] = {}
    for layer in scheme.layers:
        table = tables[layer.name]
        for document, annotation in zip(table["document"].to_pylist(), _annotations(table, (layer,)), strict=True):
            marked.setdefault((GOLD, document), []).append(annotation)
    table = tables["judgements"]
    for key, annotation in zip(_keys(table), _annotations(table, scheme.layers), strict=True):
        marked.setdefault(key, []).append(annotation)
    own: dict[tuple[str, str], list[Entity]] = {}
    for key, entity in zip(_keys(tables["set_entities"]), _records(tables, "set_entities", Entity), strict=True):
        own.setdefault(key, []).append(entity)
    sets: dict[tuple[str, str], AnnotationSet] = {}
    gold: dict[str, AnnotationSet] = {}
    for key, text_sha256 in sorted(zip(_keys(tables["sets"]), tables["sets"]["text_sha256"].to_pylist(), strict=True)):
        annotator, document = key
        annotations = order(marked.pop(key, ()), scheme.layer_names)
        set_ = AnnotationSet(document, text_sha256, annotator, annotations, tuple(own.pop(key, ())))
        check(set_, documents, scheme)
        if annotator == GOLD:
            gold[document] = set_
        else:
            sets[key] = set_
    for annotator, document in sorted((*marked, *own)):
        raise RecordError(f"no row for what {annotator!r} marked in {document!r}", place="sets")
    return sets, gold


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["annotator"].to_pylist(), table["document"].to_pylist(), strict=True))


def _annotations(table: pa.Table, layers: Sequence[Layer]) -> Iterator[Annotation]:
    """The annotations of a table, in its order; the layer is the only one where the table does not tell it."""
    names = table["layer"].to_pylist() if "layer" in table.column_names else [layers[0].name] * len(table)
    roles = {name: table[name].to_pylist() for name in roles_of(layers)}
    attributes = {name: table[name].to_pylist() for name in attributes_of(layers)}
    plain = (table[name].to_pylist() for name in ("id", "label", "note", "derived_from"))
    for n, (layer, spans, id, label, note, derived_from) in enumerate(
        zip(names, _spans(table["spans"]), *plain, strict=True)
    ):
        yield Annotation(
            id,
            layer,
            label,
            spans,
            {name: tuple(ids[n]) for name, ids in roles.items() if ids[n] is not None},
            {name: values[n] for name, values in attributes.items() if values[n] is not None},
            note,
            tuple(derived_from),
        )


def _spans(column: pa.ChunkedArray) -> Iterator[tuple[Span, ...]]:
    import pyarrow.compute as pc

    flat = pc.list_flatten(column)
    spans = map(Span, *(pc.struct_field(flat, name).to_pylist() for name in fields_of(Span)))
    for length in pc.list_value_length(column).to_pylist():
        yield tuple(islice(spans, length))


def _segments(
    segmenters: Mapping[str, str],
    sentences: Iterable[tuple[str, int, int]],
    tokens: Iterable[tuple[str, int, int]],
) -> dict[str, Segments]:
    found = []
    for rows in (sentences, tokens):
        ranges: dict[str, list[tuple[int, int]]] = {id: [] for id in segmenters}
        for id, start, end in rows:
            if id not in ranges:
                raise RecordError("has sentences or tokens, but no segmenter", place=f"documents {id}")
            ranges[id].append((start, end))
        found.append(ranges)
    return {id: Segments(id, by, *(tuple(ranges[id]) for ranges in found)) for id, by in sorted(segmenters.items())}
