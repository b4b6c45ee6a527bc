"""An export of Label Studio as three tables, with everything that it says: tasks, annotations, and items of results.

The fields that say where something is and what it is called are columns; all else stays the JSON that it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import astuple

from standoff.errors import FileError
from standoff.labelstudio.streaming import PIECE, tasks
from standoff.model import Progress, silent
from standoff.tables.columns import uncollected

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "from_tables", "to_parquet", "to_tables"]

TABLES = ("tasks", "annotations", "items")

_ABSENT: Any = None
"""A field that an item does not have. One that is null is none that is known here."""


_Number = Annotated[int, Meta(ge=-(2**62), le=2**62)]


class _Value(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    start: _Number = _ABSENT
    end: _Number = _ABSENT
    text: str | list[str] = _ABSENT
    labels: list[str] = _ABSENT
    choices: list[str] = _ABSENT


class _Item(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item of a result as the text interfaces write it."""

    type: str = _ABSENT
    id: str = _ABSENT
    from_name: str = _ABSENT
    to_name: str = _ABSENT
    origin: str = _ABSENT
    from_id: str = _ABSENT
    to_id: str = _ABSENT
    direction: str = _ABSENT
    labels: list[str] = _ABSENT
    value: _Value = _ABSENT


_NO_VALUE = _Value()
_NOTHING = astuple(_NO_VALUE)
_NO_ITEM = _Item()
_FIELDS = _Item.__struct_fields__[:-2]
_VALUE_FIELDS = {
    "start": "start",
    "end": "end",
    "text": "text",
    "texts": "text",
    "value_labels": "labels",
    "choices": "choices",
}
"""Column -> the field of an item's value that stands in it."""
_ITEMS = msgspec.json.Decoder(list[_Item])
_ITEM = msgspec.json.Decoder(_Item)
_OBJECTS = msgspec.json.Decoder(list[dict[str, Raw]])
_PIECES = msgspec.json.Decoder(list[Raw])
_EMPTY = Raw(b"[]")


def schemas() -> dict[str, pa.Schema]:
    """The columns of the tables.

    `task` and `annotation` count the tasks and annotations of the export from 0. `json` of these has all their fields,
    their list of annotations or items left empty; `json` of an item is the whole of one that has not the usual shape.
    """
    import pyarrow as pa

    text, words, number = pa.string(), pa.list_(pa.string()), pa.int32()
    places = [("task", number), ("annotation", number)]
    strings = [(name, text) for name in _FIELDS]
    value = [("start", pa.int64()), ("end", pa.int64()), ("text", text), ("texts", words)]
    return {
        "tasks": pa.schema([("task", number), ("json", text)]),
        "annotations": pa.schema([*places, ("json", text)]),
        "items": pa.schema(
            [
                *places,
                *strings,
                ("labels", words),
                *value,
                ("value_labels", words),
                ("choices", words),
                ("json", text),
            ]
        ),
    }


def to_parquet(
    source: Path, folder: Path, *, rows: int = 1 << 14, piece: int = PIECE, progress: Progress = silent
) -> dict[str, int]:
    """Writes the tables of an export, each a Parquet file called as the table; says how many rows each has.

    Args:
        rows: items that are gathered before they are written.
        piece: bytes that are read at a time.
        progress: told of the bytes that were read.

    Raises:
        FileError: it cannot be read, or is no list of tasks in JSON.
    """
    from pyarrow import parquet

    known = schemas()
    folder.mkdir(parents=True, exist_ok=True)
    written = dict.fromkeys(TABLES, 0)
    aside = {name: folder / f".{name}.parquet" for name in TABLES}
    writers = {name: parquet.ParquetWriter(aside[name], known[name], compression="zstd") for name in TABLES}
    try:
        # Millions of objects come into being that hold no circles.
        with _opened(source) as file, uncollected():
            size = source.stat().st_size
            for found in to_tables(file, place=str(source), rows=rows, piece=piece):
                for name, table in found.items():
                    writers[name].write_table(table)
                    written[name] += table.num_rows
                progress("export", file.tell(), size)
    except BaseException:
        for name, writer in writers.items():
            writer.close()
            aside[name].unlink()
        raise
    for writer in writers.values():
        writer.close()
    for name, path in aside.items():
        path.replace(folder / f"{name}.parquet")
    return written


def to_tables(
    file: BinaryIO, *, place: str = "", rows: int = 1 << 14, piece: int = PIECE
) -> Iterator[dict[str, pa.Table]]:
    """The tables of an export, part by part.

    Raises:
        FileError: it is no list of tasks in JSON.
    """
    gathered = _Gathered()
    parts = tasks(file, place=place, piece=piece)
    part: list[dict[str, Raw]] | None = []
    while part is not None:
        part = next(parts, None)
        for task in part or ():
            try:
                gathered.add(task)
            except msgspec.DecodeError as error:
                where = f"{place} task {bytes(task.get('id', b'null')).decode()}"
                raise FileError(f"is no task of an export: {error}", place=where) from error
        found = gathered.tables() if part is None or len(gathered.items) >= rows else None
        if found:
            gathered = _Gathered(gathered.tasks_before, gathered.annotations_before)
        if found:
            yield found


def from_tables(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """The tasks that tables were made from."""
    results: dict[int, list[Any]] = {}
    for row in tables["items"].to_pylist():
        results.setdefault(row["annotation"], []).append(_item(row))
    annotations: dict[int, list[Any]] = {}
    for row in tables["annotations"].to_pylist():
        annotation = msgspec.json.decode(row["json"])
        if annotation.get("result", 0) == []:
            annotation["result"] = results.get(row["annotation"], [])
        annotations.setdefault(row["task"], []).append(annotation)
    for row in tables["tasks"].to_pylist():
        task = msgspec.json.decode(row["json"])
        if task.get("annotations", 0) == []:
            task["annotations"] = annotations.get(row["task"], [])
        yield task


class _Gathered:
    """Rows that are still to be made tables of."""

    def __init__(self, tasks_before: int = 0, annotations_before: int = 0) -> None:
        self.tasks_before, self.annotations_before = tasks_before, annotations_before
        self.tasks: list[tuple[int, str]] = []
        self.annotations: list[tuple[int, int, str]] = []
        self.items: list[_Item] = []
        self.counts: list[int] = []
        """Of each annotation, how many items it has."""
        self.odd: dict[int, str] = {}
        """Place among the items -> the JSON of one that is not of the usual shape."""

    def add(self, task: dict[str, Raw]) -> None:
        """Takes in a task."""
        n, self.tasks_before = self.tasks_before, self.tasks_before + 1
        annotations = task.get("annotations")
        if annotations is not None and not _null(annotations):
            task["annotations"] = _EMPTY
            for annotation in _OBJECTS.decode(annotations):
                self._add(n, annotation)
        self.tasks.append((n, _text(task)))

    def _add(self, task: int, annotation: dict[str, Raw]) -> None:
        n, self.annotations_before = self.annotations_before, self.annotations_before + 1
        before, result = len(self.items), annotation.get("result")
        if result is not None and not _null(result):
            annotation["result"] = _EMPTY
            try:
                self.items += _ITEMS.decode(result)
            except msgspec.ValidationError:
                self._add_each(_PIECES.decode(result))
        self.counts.append(len(self.items) - before)
        self.annotations.append((task, n, _text(annotation)))

    def _add_each(self, pieces: list[Raw]) -> None:
        """Takes in items of which one is not of the usual shape."""
        for piece in pieces:
            try:
                self.items.append(_ITEM.decode(piece))
            except msgspec.ValidationError:
                self.odd[len(self.items)] = bytes(piece).decode()
                self.items.append(_NO_ITEM)

    def tables(self) -> dict[str, pa.Table]:
        """The tables of all that was taken in."""
        import pyarrow as pa

        columns = {
            "tasks": _columns(self.tasks, 2),
            "annotations": _columns(self.annotations, 3),
            "items": self._of_items(),
        }
        return {
            name: pa.Table.from_arrays(
                [pa.array(column, field.type) for column, field in zip(columns[name], schema, strict=True)],
                schema=schema,
            )
            for name, schema in schemas().items()
        }

    def _of_items(self) -> list[Any]:
        import numpy as np

        tasks, annotations = (np.array(column) for column in _columns(self.annotations, 3)[:2])
        *fields, values = _columns(map(astuple, self.items), len(_Item.__struct_fields__))
        # Nothing of an empty value shows in the columns.
        if _NO_VALUE in values:
            self.odd |= {n: _text(self.items[n]) for n, value in enumerate(values) if value == _NO_VALUE}
        said = _columns([astuple(value) if value else _NOTHING for value in values], len(_NOTHING))
        lines = said[2]
        texts: list[Any] = [None] * len(values)
        if list in {*map(type, lines)}:
            texts = [text if type(text) is list else None for text in lines]
            lines = [text if type(text) is str else None for text in lines]
        json: list[str | None] = [None] * len(values)
        for n, text in self.odd.items():
            json[n] = text
        places = [np.repeat(column.astype(np.int32), self.counts) for column in (tasks, annotations)]
        return [*places, *fields, *said[:2], lines, texts, *said[3:], json]


def _null(raw: Raw) -> bool:
    return memoryview(raw).nbytes == 4 and bytes(raw) == b"null"


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[Any]:
    return [*zip(*rows, strict=True)] or [()] * width


def _text(fields: dict[str, Raw] | _Item) -> str:
    return msgspec.json.encode(fields).decode()


def _item(row: Mapping[str, Any]) -> Any:
    if row["json"] is not None:
        return msgspec.json.decode(row["json"])
    item = {name: row[name] for name in (*_FIELDS, "labels") if row[name] is not None}
    value = {name: row[column] for column, name in _VALUE_FIELDS.items() if row[column] is not None}
    return item | ({"value": value} if value else {})


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", place=str(source)) from error
