"""An export of Label Studio as three tables, with everything that it says: tasks, annotations, and items of results.

The fields that say where something is and what it is called are columns; all else stays the JSON that it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec import Raw

from standoff.errors import FileError
from standoff.labelstudio.results import columns, item_of, items_of
from standoff.labelstudio.streaming import PIECE, parts
from standoff.labelstudio.usual import Items, usual
from standoff.model import Progress, silent
from standoff.tables.columns import uncollected

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "from_tables", "to_parquet", "to_tables"]

TABLES = ("tasks", "annotations", "items")

_OBJECTS = msgspec.json.Decoder(list[dict[str, Raw]])
_EMPTY = Raw(b"[]")

_GROUP = 1 << 22
"""Bytes of an export that make a row group: each group has a cost of its own, and all of it is held."""

_REPEATED = ("type", "from_name", "to_name", "origin", "direction")
_REPEATED_LISTS = ("labels", "value_labels", "choices")
"""Columns of items with few values, each of them often."""


def schemas() -> dict[str, pa.Schema]:
    """The columns of the tables.

    `task` and `annotation` count the tasks and annotations of the export from 0. `json` of these has all their fields
    by name, their list of annotations or items left empty; `json` of an item is the whole of one that has not the usual
    shape.
    """
    import pyarrow as pa

    task, annotation, json = ("task", pa.int32()), ("annotation", pa.int32()), ("json", pa.string())
    return {
        "tasks": pa.schema([task, json]),
        "annotations": pa.schema([task, annotation, json]),
        "items": pa.schema([task, annotation, *columns()]),
    }


def to_parquet(
    source: Path, folder: Path, *, piece: int = PIECE, group: int = _GROUP, progress: Progress = silent
) -> dict[str, int]:
    """Writes the tables of an export, each a Parquet file called as the table; says how many rows each has.

    Args:
        piece: bytes that are read at a time.
        group: bytes of which a row group is made.
        progress: told of the bytes that were read.

    Raises:
        FileError: it cannot be read, or is no list of tasks in JSON.
    """
    from pyarrow import parquet

    known = schemas()
    written = dict.fromkeys(TABLES, 0)
    aside = {name: folder / f".{name}.parquet" for name in TABLES}
    repeated = [*_REPEATED, *(f"{name}.list.element" for name in _REPEATED_LISTS)]
    # Millions of objects may come into being that hold no circles.
    with _opened(source) as file, uncollected():
        folder.mkdir(parents=True, exist_ok=True)
        size = source.stat().st_size
        writers = {
            name: parquet.ParquetWriter(
                aside[name],
                known[name],
                # Half the time of zstd, and nearly as small: what is long is written once, what is written often is
                # short.
                compression="snappy",
                use_dictionary=repeated if name == "items" else False,
                write_statistics=[column for column in ("task", "annotation") if column in known[name].names],
            )
            for name in TABLES
        }
        try:
            for tables in to_tables(file, place=str(source), piece=piece, group=group):
                for name, writer in writers.items():
                    writer.write_table(tables[name])
                    written[name] += tables[name].num_rows
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
    file: BinaryIO, *, place: str = "", piece: int = PIECE, group: int = _GROUP
) -> Iterator[dict[str, pa.Table]]:
    """The tables of an export, part by part.

    Args:
        piece: bytes that are read at a time.
        group: bytes of which a part is made.

    Raises:
        FileError: it is no list of tasks in JSON.
    """

    gathered = _Gathered(place)
    found: list[dict[str, pa.Table]] = []
    size = 0
    for length, known, odd in parts(file, usual, place=place, piece=piece):
        size += length
        if known is not None:
            gathered.add(known)
        else:
            # In order: what stands before it comes before it.
            found += (gathered.tables(), gathered.odd(odd))
        if size >= group:
            found.append(gathered.tables())
            yield _joined(found)
            found, size = [], 0
    found.append(gathered.tables())
    yield _joined(found)


def from_tables(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """The tasks that tables were made from."""
    results: dict[int, list[Any]] = {}
    for row in tables["items"].to_pylist():
        results.setdefault(row["annotation"], []).append(item_of(row))
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
    """Tasks that are still to be made tables of, and how many were before them."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.tasks_before = self.annotations_before = 0
        self._clear()

    def _clear(self) -> None:
        self.tasks: list[bytes] = []
        self.annotations: list[bytes] = []
        self.owners: list[int] = []
        """Of each annotation, its task's place among these tasks."""
        self.items = Items()

    def add(self, tasks: Sequence[Any]) -> None:
        """Takes in tasks of the usual shape.

        Raises:
            FileError: some text is no UTF-8.
        """
        results = []
        for task in tasks:
            annotations, task.annotations = task.annotations, []
            try:
                for annotation in annotations:
                    results.append(annotation.result)
                    annotation.result = []
                    self.owners.append(len(self.tasks))
                    self.annotations.append(_json(annotation))
                self.tasks.append(_json(task))
            except UnicodeDecodeError as error:
                raise FileError(f"is no task of an export: {error}", place=_named(self.place, task.id)) from error
        self.items.add(results)

    def odd(self, tasks: Sequence[dict[str, Raw]]) -> dict[str, pa.Table]:
        """The tables of tasks of any shape, where none is gathered.

        Raises:
            FileError: annotations are no list of objects, items no list, or some text is no UTF-8.
        """
        results: list[bytes] = []
        for n, task in enumerate(tasks):
            try:
                for annotation in _OBJECTS.decode(_taken(task, "annotations")):
                    self.owners.append(n)
                    results.append(bytes(_taken(annotation, "result")))
                    self.annotations.append(_json(annotation))
                self.tasks.append(_json(task))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise FileError(
                    f"is no task of an export: {error}", place=_named(self.place, task.get("id"))
                ) from error
        return self._tables(*items_of(results, lambda n: _named(self.place, tasks[self.owners[n]].get("id"))))

    def tables(self) -> dict[str, pa.Table]:
        """The tables of all that was taken in, which then begins anew."""
        return self._tables(self.items.counts, self.items.arrays())

    def _tables(self, counts: Sequence[int], items: Sequence[pa.Array]) -> dict[str, pa.Table]:
        import numpy as np
        import pyarrow as pa

        tasks = np.arange(self.tasks_before, self.tasks_before + len(self.tasks))
        owners = np.array(self.owners, np.int64) + self.tasks_before
        numbers = np.arange(self.annotations_before, self.annotations_before + len(owners))
        found = {
            "tasks": [_numbers(tasks), _texts(self.tasks)],
            "annotations": [_numbers(owners), _numbers(numbers), _texts(self.annotations)],
            "items": [_numbers(np.repeat(owners, counts)), _numbers(np.repeat(numbers, counts)), *items],
        }
        self.tasks_before += len(tasks)
        self.annotations_before += len(numbers)
        self._clear()
        return {name: pa.Table.from_arrays(found[name], schema=schema) for name, schema in schemas().items()}


def _joined(found: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """Tables that follow each other as one of each kind."""
    import pyarrow as pa

    return {name: pa.concat_tables(tables[name] for tables in found) for name in TABLES}


def _named(place: str, id: Raw | None) -> str:
    """Where a task stands."""
    return f"{place} task {bytes(id or b'null').decode(errors='replace')}"


def _taken(record: dict[str, Raw], field: str) -> Raw:
    """The list that a field holds, which is left empty; an empty one where there is none or null."""
    found = record.get(field, _EMPTY)
    if memoryview(found).nbytes == 4 and bytes(found) == b"null":
        return _EMPTY
    if field in record:
        record[field] = _EMPTY
    return found


def _json(record: Any) -> bytes:
    """A record in JSON, its fields by name, which is held to be UTF-8: what is passed on is not looked into.

    Raises:
        UnicodeDecodeError: it is none.
    """
    found = msgspec.json.encode(record, order="sorted")
    found.decode()
    return found


def _numbers(values: Any) -> pa.Array:
    """A column of a numpy array; `pa.array` would import pandas, half a second and 50 MB."""
    import numpy as np
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(values.astype(np.int32))])


def _texts(values: Sequence[bytes]) -> pa.Array:
    """A column of UTF-8, without pandas as well."""
    import numpy as np
    import pyarrow as pa

    ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(b"".join(values)))


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", place=str(source)) from error
