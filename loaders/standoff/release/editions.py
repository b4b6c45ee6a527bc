"""The tables of a release without any text, and back.

What a span, a sentence or a dropped range says is told by a hash, salted by the raw file's, and by how often these
words stand in the text. A hash recognises words; those of few words can be found by trying, as any name can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import FileError, ReleaseError
from standoff.files import read_text
from standoff.model import Document, Dropped
from standoff.release.withholding import restored
from standoff.scheme import Scheme
from standoff.tables import schemas
from standoff.text import drop

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "HASH",
    "TIMES",
    "WHOLE",
    "Tables",
    "Whole",
    "Withholding",
    "full_tables",
    "read_whole",
    "salted",
    "text_free",
    "text_free_schemas",
    "times",
]

Tables: TypeAlias = "dict[str, dict[str, pa.Table]]"

Row: TypeAlias = dict[str, Any]

WHOLE = "full.json"
"""Of an edition without texts: what its full edition must be."""

HASH, TIMES = "sha256", "times"

QUOTE = "quote"


class Withholding(Protocol):
    """What knows the passages that may not be told; see `standoff.release.withholding.Articles`."""

    def withheld(self, text: str) -> str:
        """A string with its passages told by their place."""


class Whole(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A full edition as the edition without texts knows it."""

    pyarrow: str
    """The version that wrote its tables: another may write the same rows as other bytes."""
    sums: dict[str, str]
    """Path -> sha256."""
    texts: dict[str, str]
    """Path -> text, passages withheld, of files beside the tables that are others here."""
    groups: dict[str, tuple[int, ...]] = {}
    """Path -> rows of each row group, of tables that were not written at once: other groups, other bytes."""


def read_whole(folder: Path) -> Whole:
    """What the full edition of a release without texts must be.

    Raises:
        ReleaseError: the release does not say.
    """
    try:
        return msgspec.json.decode(read_text(folder / WHOLE), type=Whole)
    except (FileError, msgspec.DecodeError) as error:
        raise ReleaseError(f"cannot be read: {getattr(error, 'message', error)}", place=str(folder / WHOLE)) from error


def salted(salt: str, words: str) -> str:
    """What words are recognised by in one document.

    Args:
        salt: the sha256 of the document's raw file.
    """
    return sha256(f"{salt}\n{words}".encode()).hexdigest()


def times(text: str, words: str) -> int:
    """How often words stand in a text; such as overlap count, too."""
    found, at = 0, text.find(words)
    while at >= 0:
        found, at = found + 1, text.find(words, at + 1)
    return found


def text_free_schemas(scheme: Scheme) -> dict[str, pa.Schema]:
    """The columns of every table of an edition without texts; views, which are made of text, are not among them."""
    return {config: _schema(config, schema) for config, schema in schemas(scheme).items()}


def text_free(
    tables: Tables, documents: Mapping[str, Document], raw: Mapping[str, str], articles: Withholding
) -> Tables:
    """Tables without the articles' words.

    Args:
        raw: document -> decoded raw file.

    Raises:
        ReleaseError: a note or any other string has the words of an article in a spelling of its own.
    """

    def bare(config: str, row: Row) -> Row:
        document = documents.get(row.get("document", "") if config != "documents" else row["id"])
        row = _opened(config, row)
        row = _closed(config, _walked(row, lambda words: _trace(document, words), articles.withheld))
        if config == "documents" and document is not None:
            for dropped in row["dropped"]:
                words = raw[document.id][dropped["start"] : dropped["end"]]
                dropped[HASH] = salted(document.raw_sha256, words)
        if config == "sentences":
            text = document.text[row["start"] : row["end"]] if document else ""
            row |= _trace(document, text)
        return row

    return {
        config: {split: _changed(table, _schema(config, table.schema), config, bare) for split, table in splits.items()}
        for config, splits in tables.items()
    }


def full_tables(tables: Tables, scheme: Scheme, raw: Mapping[str, str]) -> Tables:
    """The tables that an edition without texts was made from, as far as they are given, but for the views.

    Args:
        raw: document -> decoded raw file.

    Raises:
        ReleaseError: a string holds a passage that the raw files do not have.
    """
    texts = {
        row["id"]: drop(raw[row["id"]], _dropped(row))
        for table in tables.get("documents", {}).values()
        for row in table.to_pylist()
    }

    def whole(config: str, row: Row) -> Row:
        text = texts.get(row.get("document", "") if config != "documents" else row["id"], "")
        row = _closed(config, _rewalked(_opened(config, row), text, lambda words: restored(words, raw)))
        if config == "documents":
            row["text"] = text
        elif config in ("sentences", "tokens"):
            row["text"] = text[row["start"] : row["end"]]
        return row

    return {
        config: {split: _changed(table, schema, config, whole) for split, table in tables[config].items()}
        for config, schema in schemas(scheme).items()
        if config in tables
    }


def _trace(document: Document | None, words: str) -> Row:
    assert document is not None, "spans are of a document"
    return {HASH: salted(document.raw_sha256, words), TIMES: times(document.text, words)}


def _dropped(row: Row) -> list[Dropped]:
    return [Dropped(one["start"], one["end"], one["kind"]) for one in row["dropped"]]


def _opened(config: str, row: Row) -> Row:
    """A row with the annotation that a decision gives as a value; in the table it is JSON."""
    given = row.get("annotation") if config == "decisions" else None
    return row if given is None else {**row, "annotation": json.loads(given)}


def _closed(config: str, row: Row) -> Row:
    given = row.get("annotation") if config == "decisions" else None
    return row if given is None else {**row, "annotation": canonical(given)}


def _changed(table: pa.Table, schema: pa.Schema, config: str, change: Callable[[str, Row], Row]) -> pa.Table:
    import pyarrow as pa

    if config == "tokens" and "text" not in schema.names:
        # Ids and numbers alone are left; there are too many rows to look at each.
        return table.select(schema.names)
    rows = [change(config, row) for row in table.to_pylist()]
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)


def _schema(config: str, schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    fields = [pa.field(f.name, _type(f.type), metadata=f.metadata) for f in schema if f.name != "text"]
    if config == "sentences":
        fields += [pa.field(HASH, pa.string()), pa.field(TIMES, pa.int32())]
    if config == "documents":
        dropped = pa.struct([("start", pa.int32()), ("end", pa.int32()), ("kind", pa.string()), (HASH, pa.string())])
        fields = [pa.field(f.name, pa.list_(dropped)) if f.name == "dropped" else f for f in fields]
    return pa.schema(fields)


def _type(type: pa.DataType) -> pa.DataType:
    """A column's type, with the hash of a quotation in its place."""
    import pyarrow as pa

    if pa.types.is_list(type):
        return pa.list_(_type(type.value_type))
    if not pa.types.is_struct(type):
        return type
    fields = [(field.name, _type(field.type)) for field in type if field.name != QUOTE]
    return pa.struct([*fields, (HASH, pa.string()), (TIMES, pa.int32())] if len(fields) < len(type) else fields)


def _walked(value: Any, trace: Callable[[str], Row], withheld: Callable[[str], str]) -> Any:
    """A value of a row without quotations and passages."""
    if isinstance(value, dict):
        quote = trace(value[QUOTE]) if QUOTE in value else {}
        return {key: _walked(inner, trace, withheld) for key, inner in value.items() if key != QUOTE} | quote
    if isinstance(value, list):
        return [_walked(inner, trace, withheld) for inner in value]
    return withheld(value) if isinstance(value, str) else value


def _rewalked(value: Any, text: str, whole: Callable[[str], str]) -> Any:
    """The value that was walked."""
    if isinstance(value, dict):
        quoted = {"start", "end", HASH, TIMES} <= value.keys() and "document" not in value
        found = {key: _rewalked(inner, text, whole) for key, inner in value.items()}
        if quoted:
            del found[HASH], found[TIMES]
            found[QUOTE] = text[value["start"] : value["end"]]
        return found
    if isinstance(value, list):
        return [_rewalked(inner, text, whole) for inner in value]
    return whole(value) if isinstance(value, str) else value
