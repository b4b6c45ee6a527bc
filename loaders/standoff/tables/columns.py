"""Which columns each table has: of records as their types say, of annotations as the scheme says."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from standoff.errors import RecordError, SchemaError, nearest
from standoff.model import (
    Annotation,
    AnnotationSet,
    Annotator,
    Decision,
    Document,
    Entity,
    EntityDecision,
    MergeRule,
    Right,
    Span,
)
from standoff.scheme import Layer, Scheme

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_VALUES = b"standoff.values"

_kind = type
"""What class a value is of, where `type` is the type of a column."""


def schemas(scheme: Scheme) -> dict[str, pa.Schema]:
    """The columns of every table but the views: config -> schema.

    Raises:
        SchemaError: two columns of a table would have the same name.
    """
    import pyarrow as pa

    text, number, strings = pa.string(), pa.int32(), pa.list_(pa.string())
    place = [("start", number), ("end", number), ("text", text)]
    owner = [("annotator", text), ("document", text)]
    found = {
        "documents": schema_of([*_record_columns(Document), ("segmenter", text)]),
        "sentences": schema_of([("document", text), ("sentence", number), *place]),
        "tokens": schema_of([("document", text), ("sentence", number), ("token", number), *place]),
        "entities": schema_of(_record_columns(Entity)),
        "annotators": schema_of(_record_columns(Annotator)),
    }
    for layer in scheme.layers:
        found[layer.name] = schema_of([("id", text), ("document", text), *_layer_columns((layer,))], place=layer.name)
    return found | {
        "judgements": schema_of(
            [*owner, ("layer", text), ("id", text), *_layer_columns(scheme.layers)], place="judgements"
        ),
        "sets": schema_of([*owner, ("text_sha256", text)]),
        "set_entities": schema_of([*owner, *_record_columns(Entity)]),
        "splits": schema_of([("document", text), ("split", text)]),
        "events": schema_of([("event", text), ("documents", pa.list_(text))]),
        "rights": schema_of([("document", text), *_record_columns(Right)]),
        "merge_policy": schema_of(
            [("layer", text), *_record_columns(MergeRule), ("annotators", strings), ("reasons", strings)]
        ),
        "decisions": schema_of([("document", text), *_record_columns(Decision)]),
        "entity_decisions": schema_of([("document", text), *_record_columns(EntityDecision)]),
    }


def schema_of(columns: Iterable[Any], *, place: str = "") -> pa.Schema:
    """A schema of fields, or of pairs of name and type.

    Raises:
        SchemaError: two columns have the same name.
    """
    import pyarrow as pa

    found = pa.schema(list(columns))
    if doubled := sorted({name for name in found.names if found.names.count(name) > 1}):
        raise SchemaError([f"two columns would be called {name!r}; rename one" for name in doubled], place=place)
    return found


def closed(name: str, type: pa.DataType, values: Iterable[str]) -> pa.Field:
    """A column whose strings are of a closed list, told in the field's metadata; equal values are told once."""
    import pyarrow as pa

    return pa.field(name, type, metadata={_VALUES: msgspec.json.encode(list(dict.fromkeys(values)))})


def vocabulary(field: pa.Field) -> tuple[str, ...]:
    """The closed list that a column's strings are of; empty where any string may stand."""
    return msgspec.json.decode((field.metadata or {}).get(_VALUES, b"[]"), type=tuple[str, ...])


def repeated(values: Sequence[str], times: Sequence[int] | NDArray[np.int64]) -> pa.Array:
    """A column of strings of which each stands so many times in a row."""
    import numpy as np
    import pyarrow as pa

    return pa.array(values, pa.string()).take(pa.array(np.repeat(np.arange(len(values), dtype=np.int32), times)))


@contextmanager
def uncollected() -> Iterator[None]:
    """Holds the garbage collector off while very many objects come into being that hold no circles.

    It would walk through all of them again and again, and find nothing: half of the time is spent so.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def system_memory() -> Iterator[None]:
    """Lets Arrow take its memory from the system while many columns come into being.

    Its own pool takes more at once than it needs, and to have that cleared costs up to a third of all the time.
    """
    import pyarrow as pa

    usual = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(usual)


def roles_of(layers: Iterable[Layer]) -> dict[str, None]:
    """The roles of some layers, each once, in order."""
    return dict.fromkeys(role.name for layer in layers for role in layer.roles)


def attributes_of(layers: Iterable[Layer]) -> dict[str, None]:
    """The attributes of some layers, each once, in order."""
    return dict.fromkeys(attribute.name for layer in layers for attribute in layer.attributes)


def fields_of(record: type[Any]) -> tuple[str, ...]:
    """The names of a record's fields."""
    names: tuple[str, ...] = record.__struct_fields__
    return names


def arrow_table(columns: Mapping[str, Sequence[Any] | pa.Array], schema: pa.Schema) -> pa.Table:
    """A table of columns of values and records, or of Arrow; columns that the schema does not name are left out."""
    import pyarrow as pa

    return pa.Table.from_arrays([_array(columns[field.name], field.type) for field in schema], schema=schema)


def check(set_: AnnotationSet, documents: Mapping[str, Document], scheme: Scheme) -> None:
    """Refuses a set that says of a text what is not so, or that would lose something in the tables.

    Raises:
        RecordError: a document, layer, role or attribute is unknown, or a span does not quote its text.
    """
    if set_.document not in documents:
        raise RecordError(f"there is no document {set_.document!r}", place=set_.address(""))
    text = documents[set_.document].text
    known = {layer.name: (roles_of((layer,)).keys(), attributes_of((layer,)).keys()) for layer in scheme.layers}
    spans = [span for annotation in set_.annotations for span in annotation.spans]
    of_layer: dict[str, list[Annotation]] = {}
    for layer, together in groupby(set_.annotations, attrgetter("layer")):
        of_layer.setdefault(layer, []).extend(together)
    if [text[span.start : span.end] for span in spans] == [span.quote for span in spans] and all(
        layer in known
        and known[layer][0] >= set[str]().union(*[annotation.refs for annotation in found])
        and known[layer][1] >= set[str]().union(*[annotation.attributes for annotation in found])
        for layer, found in of_layer.items()
    ):
        return
    for annotation in set_.annotations:
        if annotation.layer not in known:
            raise RecordError(
                f"{annotation.layer!r} is no layer{nearest(annotation.layer, list(known))}",
                place=set_.address(annotation.id),
            )
        roles, attributes = known[annotation.layer]
        for name in sorted((annotation.refs.keys() - roles) | (annotation.attributes.keys() - attributes)):
            raise RecordError(
                f"{name!r} is no role or attribute of {annotation.layer}{nearest(name, [*roles, *attributes])}",
                place=set_.address(annotation.id),
            )
        for span in annotation.spans:
            if text[span.start : span.end] != span.quote:
                raise RecordError(
                    f"quotes {span.quote!r} but [{span.start}:{span.end}] is {text[span.start : span.end]!r}",
                    place=set_.address(annotation.id),
                )


def _layer_columns(layers: Sequence[Layer]) -> Iterator[Any]:
    """The columns that annotations of some layers have, besides those that say which annotation it is."""
    import pyarrow as pa

    yield closed("label", pa.string(), [label for layer in layers for label in layer.label_names])
    yield "spans", pa.list_(pa.struct(_record_columns(Span)))
    yield from ((name, pa.list_(pa.string())) for name in roles_of(layers))
    values: dict[str, list[str]] = {}
    for attribute in (attribute for layer in layers for attribute in layer.attributes):
        values.setdefault(attribute.name, []).extend(value.name for value in attribute.values)
    yield from (closed(name, pa.string(), of) for name, of in values.items())
    yield "note", pa.string()
    yield "derived_from", pa.list_(pa.string())


def _record_columns(record: type[Any]) -> list[tuple[str, pa.DataType]]:
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)
    return [(field.name, _arrow_type(field.type)) for field in info.fields]


def _arrow_type(kind: inspect.Type) -> pa.DataType:
    import pyarrow as pa

    match kind:
        case inspect.StrType() | inspect.LiteralType():
            return pa.string()
        case inspect.BoolType():
            return pa.bool_()
        case inspect.IntType():
            return pa.int32()
        case inspect.VarTupleType(item_type=item):
            return pa.list_(_arrow_type(item))
        case inspect.StructType(cls=record) if record is Annotation:
            # Its roles and attributes are its layer's: as JSON it is one column whatever the layer.
            return pa.string()
        case inspect.StructType(cls=record):
            return pa.struct(_record_columns(record))
        case inspect.UnionType(types=types):
            return _arrow_type(next(type for type in types if not isinstance(type, inspect.NoneType)))
    raise TypeError(f"{kind!r} has no column type")


def _array(values: Sequence[Any] | pa.Array, type: pa.DataType) -> pa.Array:
    """An Arrow array; of records field by field, which spares a dictionary for each."""
    import pyarrow as pa

    if isinstance(values, pa.Array):
        return values
    if pa.types.is_struct(type):
        names = tuple(field.name for field in type.fields)
        kinds = set(map(_kind, values))
        absent = None
        if len(kinds) == 1 and getattr(kinds.pop(), "__struct_fields__", None) == names:
            columns = [[*map(attrgetter(name), values)] for name in names]
        else:
            columns = [[None if value is None else getattr(value, name) for value in values] for name in names]
            absent = pa.array([value is None for value in values], pa.bool_())
        children = [_array(column, field.type) for column, field in zip(columns, type.fields, strict=True)]
        return pa.StructArray.from_arrays(children, fields=type.fields, mask=absent)
    if pa.types.is_list(type) and pa.types.is_struct(type.value_type):
        offsets = pa.array(list(accumulate(map(len, values), initial=0)), pa.int32())
        items = _array([*chain.from_iterable(values)], type.value_type)
        return pa.ListArray.from_arrays(offsets, items, type=type)
    return pa.array(values, type)
