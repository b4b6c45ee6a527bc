"""An export of Label Studio as three tables, with everything that it says: tasks, annotations, and items of results.

The fields that say where something is and what it is called are columns; all else stays the JSON that it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from msgspec import Raw

from standoff.errors import FileError
from standoff.labelstudio.results import columns, item_of, items_of
from standoff.labelstudio.streaming import PIECE, tasks
from standoff.model import Progress, silent
from standoff.tables.columns import uncollected

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TABLES", "from_tables", "to_parquet", "to_tables"]

TABLES = ("tasks", "annotations", "items")

_OBJECTS = msgspec.json.Decoder(list[dict[str, Raw]])
_EMPTY = Raw(b"[]")

_GROUP = 2
"""Tables that make a row group: each group has a cost of its own, and all of it is held."""

_REPEATED = ("type", "from_name", "to_name", "origin", "direction")
_REPEATED_LISTS = ("labels", "value_labels", "choices")
"""Columns of items with few values, each of them often."""


def schemas() -> dict[str, pa.Schema]:
    """The columns of the tables.

    `task` and `annotation` count the tasks and annotations of the export from 0. `json` of these has all their fields,
    their list of annotations or items left empty; `json` of an item is the whole of one that has not the usual shape.
    """
    import pyarrow as pa

    task, annotation, json = ("task", pa.int32()), ("annotation", pa.int32()), ("json", pa.string())
    return {
        "tasks": pa.schema([task, json]),
        "annotations": pa.schema([task, annotation, json]),
        "items": pa.schema([task, annotation, *columns()]),
    }


def to_parquet(source: Path, folder: Path, *, piece: int = PIECE, progress: Progress = silent) -> dict[str, int]:
    """Writes the tables of an export, each a Parquet file called as the table; says how many rows each has.

    Args:
        piece: bytes that are read at a time; a row group is made of some of them.
        progress: told of the bytes that were read.

    Raises:
        FileError: it cannot be read, or is no list of tasks in JSON.
    """
    import pyarrow as pa
    from pyarrow import parquet

    known = schemas()
    folder.mkdir(parents=True, exist_ok=True)
    written = dict.fromkeys(TABLES, 0)
    aside = {name: folder / f".{name}.parquet" for name in TABLES}
    repeated = [*_REPEATED, *(f"{name}.list.element" for name in _REPEATED_LISTS)]
    writers = {
        name: parquet.ParquetWriter(
            aside[name],
            known[name],
            # Half the time of zstd, and nearly as small: what is long is written once, what is written often is short.
            compression="snappy",
            use_dictionary=repeated if name == "items" else False,
            write_statistics=[column for column in ("task", "annotation") if column in known[name].names],
        )
        for name in TABLES
    }
    try:
        # Millions of objects may come into being that hold no circles.
        with _opened(source) as file, uncollected():
            size = source.stat().st_size
            parts = to_tables(file, place=str(source), piece=piece)
            while group := list(islice(parts, _GROUP)):
                for name, writer in writers.items():
                    table = pa.concat_tables(found[name] for found in group)
                    writer.write_table(table)
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


def to_tables(file: BinaryIO, *, place: str = "", piece: int = PIECE) -> Iterator[dict[str, pa.Table]]:
    """The tables of an export, part by part.

    Raises:
        FileError: it is no list of tasks in JSON.
    """
    gathered = _Gathered(place)
    for part in tasks(file, place=place, piece=piece):
        for task in part:
            gathered.add(task)
            if gathered.size >= piece:
                yield gathered.tables()
                gathered = _Gathered(place, gathered.tasks_before, gathered.annotations_before)
    yield gathered.tables()


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
    """Tasks that are still to be made tables of."""

    def __init__(self, place: str, tasks_before: int = 0, annotations_before: int = 0) -> None:
        self.place, self.size = place, 0
        self.first_task, self.first_annotation = tasks_before, annotations_before
        self.tasks: list[bytes] = []
        self.ids: list[Raw | None] = []
        self.annotations: list[bytes] = []
        self.owners: list[int] = []
        """Of each annotation, its task's place among these tasks."""
        self.results: list[bytes] = []
        """Of each annotation, its items; none where it has no list of them."""

    @property
    def tasks_before(self) -> int:
        """Tasks of the export up to the last of these."""
        return self.first_task + len(self.tasks)

    @property
    def annotations_before(self) -> int:
        """Annotations of the export up to the last of these."""
        return self.first_annotation + len(self.annotations)

    def add(self, task: dict[str, Raw]) -> None:
        """Takes in a task.

        Raises:
            FileError: its annotations are no list of objects, or some text is no UTF-8.
        """
        self.ids.append(task.get("id"))
        annotations = _taken(task, "annotations")
        try:
            for annotation in _OBJECTS.decode(annotations):
                self.owners.append(len(self.tasks))
                self.results.append(bytes(_taken(annotation, "result")))
                self.annotations.append(_json(annotation))
            self.tasks.append(_json(task))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FileError(f"is no task of an export: {error}", place=self._named(len(self.ids) - 1)) from error
        self.size += memoryview(annotations).nbytes + len(self.tasks[-1])

    def tables(self) -> dict[str, pa.Table]:
        """The tables of all that was taken in.

        Raises:
            FileError: an annotation's items are no list.
        """
        import numpy as np
        import pyarrow as pa

        parents, items = items_of(self.results, lambda n: self._named(self.owners[n]))
        owners = _numbers(np.array(self.owners) + self.first_task)
        numbers = _numbers(np.arange(self.first_annotation, self.annotations_before))
        found = {
            "tasks": [_numbers(np.arange(self.first_task, self.tasks_before)), _texts(self.tasks)],
            "annotations": [owners, numbers, _texts(self.annotations)],
            "items": [owners.take(parents), numbers.take(parents), *items],
        }
        return {name: pa.Table.from_arrays(found[name], schema=schema) for name, schema in schemas().items()}

    def _named(self, n: int) -> str:
        """Where the n-th of these tasks stands."""
        return f"{self.place} task {bytes(self.ids[n] or b'null').decode(errors='replace')}"


def _taken(record: dict[str, Raw], field: str) -> Raw:
    """The list that a field holds, which is left empty; an empty one where there is none or null."""
    found = record.get(field, _EMPTY)
    if memoryview(found).nbytes == 4 and bytes(found) == b"null":
        return _EMPTY
    if field in record:
        record[field] = _EMPTY
    return found


def _json(fields: dict[str, Raw]) -> bytes:
    """An object in JSON, which is held to be UTF-8: pieces that are passed on are not looked into."""
    found = msgspec.json.encode(fields)
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
