"""Shards as files, wherever they lie: JSON Lines, plain or compressed, and Parquet, a record a line or row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import gettempdir
from typing import Any

import msgspec

from standoff.engine.asides import aside
from standoff.errors import FileError, UsageError, nearest

__all__ = [
    "FORMS",
    "digest",
    "exists",
    "held",
    "here",
    "id_of",
    "listed",
    "name_of",
    "opened",
    "put_bytes",
    "records",
    "size",
    "suffix_of",
    "write_records",
]

FORMS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
"""How the name of a shard may end."""

_CODECS = {".jsonl.gz": "gzip", ".jsonl.zst": "zstd"}

_CHUNK = 1 << 20
_LONGEST = 1 << 26
"""Bytes of a line. What is longer is no record of an article, and would fill the memory."""

_ROWS = 256
"""Rows of a row group in Parquet: what must be held to read one of them."""

_RECORD = "record"
"""The column that holds the records; `id`, beside it, is for people who look a document up."""


def suffix_of(shard: str) -> str:
    """Which of the forms a shard has, by its name.

    Raises:
        UsageError: none of them.
    """
    for form in sorted(FORMS, key=len, reverse=True):
        if shard.endswith(form):
            return form
    name = PurePosixPath(shard).name
    ends = f".{name.partition('.')[2]}"
    raise UsageError(f"no shard; expected a name that ends in {', '.join(FORMS)}{nearest(ends, FORMS)}", place=shard)


def name_of(shard: str) -> str:
    """A shard's name without folder and form."""
    return PurePosixPath(shard).name.removesuffix(suffix_of(shard))


def listed(source: str) -> tuple[str, ...]:
    """The shards of a folder, those that fit a pattern, or the one that a path names; in the order of their names.

    Args:
        source: a path or any URL that fsspec knows; a pattern has * in it.

    Raises:
        UsageError: there is none, or two have the same name.
    """
    fs, path = _filesystem(source)
    if "*" in path:
        found = fs.glob(path)
    elif fs.isdir(path):
        found = [one for one in fs.ls(path, detail=False) if one.endswith(FORMS)]
    else:
        found = [path] if fs.exists(path) else []
    # A name that begins with a full stop is one that is being written.
    found = sorted((one for one in map(str, found) if not PurePosixPath(one).name.startswith(".")), key=_name)
    if not found:
        raise UsageError(f"no shards; expected files that end in {', '.join(FORMS)}", place=source)
    names = [name_of(one) for one in found]
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"two shards are called {doubled!r}; expected each name once", place=source)
    return tuple(fs.unstrip_protocol(one) if "://" in source else one for one in found)


def records(shard: str) -> Iterator[tuple[int, bytes]]:
    """The records of a shard, each with its line or row, counted from 1; empty lines are passed over.

    Raises:
        FileError: the shard is missing, is cut off or damaged, or a line has no end; told when it is come to.
    """
    form = suffix_of(shard)
    with opened(shard) as file:
        rows = _rows(file, shard) if form == ".parquet" else _lines(file, shard)
        yield from ((n, row) for n, row in rows if row.strip())


def id_of(record: bytes) -> str:
    """The id of the document that a record is about; empty where it does not say one."""
    try:
        return msgspec.json.decode(record, type=_Known).document.id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def write_records(shard: str, found: Iterable[bytes]) -> int:
    """Writes a shard, whole or not at all; says how many records it has."""
    form = suffix_of(shard)
    with _placed(shard) as made:
        return _write_parquet(made, found) if form == ".parquet" else _write_lines(made, form, found)


def put_bytes(target: str, found: Iterable[bytes], *, before: bytes, between: bytes, after: bytes) -> int:
    """Writes pieces as one file, whole or not at all; says how many there are."""
    count = 0
    with _placed(target) as made, made.open("wb") as file:
        file.write(before)
        for count, piece in enumerate(found, 1):
            file.write((between if count > 1 else b"") + piece)
        file.write(after)
    return count


def exists(target: str) -> bool:
    """Whether there is such a file."""
    fs, path = _filesystem(target)
    return bool(fs.exists(path))


def held(folder: str, ends: tuple[str, ...] = FORMS) -> list[str]:
    """The names of the shards, or of other files, in a folder; none where there is no folder.

    Raises:
        UsageError: it is a file.
    """
    fs, path = _filesystem(folder)
    if fs.isdir(path):
        names = (PurePosixPath(one).name for one in fs.ls(path, detail=False))
        return sorted(name for name in names if name.endswith(ends) and not name.startswith("."))
    if fs.exists(path):
        raise UsageError("is no folder; expected one, or nothing there", place=folder)
    return []


def here(url: str) -> Path | None:
    """The path of what is on this machine."""
    fs, path = _filesystem(url)
    return Path(path) if _is_local(fs) else None


@contextmanager
def _placed(target: str) -> Iterator[Path]:
    """A file that is to be written, and is moved to its place when it is whole."""
    fs, path = _filesystem(target)
    local = _is_local(fs)
    with aside(Path(path) if local else Path(gettempdir()) / "standoff-shard") as folder:
        made = folder / "file"
        yield made
        if local:
            made.replace(path)
            return
        to, name = path.rpartition("/")[::2]
        fs.makedirs(to, exist_ok=True)
        # The name of the temporary folder is no other writer's.
        beside = f"{to}/.{name}.{folder.name.rpartition('.')[2]}"
        fs.put_file(str(made), beside)
        fs.mv(beside, path)


def digest(shard: str) -> str:
    """The sha256 of a shard's bytes as they are stored.

    Raises:
        FileError: the shard is missing.
    """
    found = sha256()
    with opened(shard) as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def size(shard: str) -> int:
    """The bytes that a shard takes where it is stored.

    Raises:
        FileError: the shard is missing.
    """
    fs, path = _filesystem(shard)
    try:
        return int(fs.size(path))
    except FileNotFoundError as error:
        raise FileError("not found; expected a shard", place=shard) from error


class _Named(msgspec.Struct, frozen=True):
    id: str = ""


class _Known(msgspec.Struct, frozen=True):
    """As much of a record as is looked at to tell which document it is about."""

    document: _Named = _Named()


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        fs, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"cannot be reached: {error}", place=url) from error
    return fs, str(path)


def _is_local(fs: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fs, LocalFileSystem)


@contextmanager
def opened(shard: str) -> Iterator[Any]:
    """A file to read from, as its bytes are stored.

    Raises:
        FileError: it is missing.
    """
    fs, path = _filesystem(shard)
    try:
        with fs.open(path, "rb") as file:
            yield file
    except FileNotFoundError as error:
        raise FileError("not found", place=shard) from error


def _lines(file: Any, shard: str) -> Iterator[tuple[int, bytes]]:
    number, rest = 0, b""
    try:
        with _unpacked(file, suffix_of(shard)) as stream:
            while chunk := stream.read(_CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    number += 1
                    yield number, line
                if len(rest) > _LONGEST:
                    raise FileError(f"line {number + 1} has over {_LONGEST} bytes; expected one document", place=shard)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot be read behind line {number}: {error}; expected a whole shard", place=shard) from error
    yield number + 1, rest


def _unpacked(file: Any, form: str) -> AbstractContextManager[Any]:
    import pyarrow as pa

    stream: AbstractContextManager[Any] = pa.PythonFile(file, mode="r")
    return pa.CompressedInputStream(stream, _CODECS[form]) if form in _CODECS else stream


def _rows(file: Any, shard: str) -> Iterator[tuple[int, bytes]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file) as table:
            if _RECORD not in table.schema_arrow.names:
                raise pa.ArrowInvalid(f"its columns are {', '.join(table.schema_arrow.names)}")
            for batch in table.iter_batches(_ROWS, columns=[_RECORD]):
                for row in batch.column(0).cast(pa.binary()).to_pylist():
                    number += 1
                    yield number, row or b""
    except (OSError, pa.ArrowException) as error:
        raise FileError(
            f"cannot be read behind row {number}: {error}; expected Parquet with the column {_RECORD!r}", place=shard
        ) from error


def _write_lines(made: Path, form: str, found: Iterable[bytes]) -> int:
    import pyarrow as pa

    count = 0
    with (
        pa.OSFile(str(made), "wb") as file,
        pa.CompressedOutputStream(file, _CODECS[form]) if form in _CODECS else file as stream,
    ):
        for record in found:
            stream.write(record + b"\n")
            count += 1
    return count


def _write_parquet(made: Path, found: Iterable[bytes]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count, waiting = 0, list[bytes]()
    schema = pa.schema([("id", pa.string()), (_RECORD, pa.large_string())])

    def flush(writer: Any) -> None:
        ids = [id_of(record) for record in waiting]
        writer.write_table(pa.table([ids, [record.decode() for record in waiting]], schema=schema))
        waiting.clear()

    with pq.ParquetWriter(made, schema, compression="zstd") as writer:
        for record in found:
            waiting.append(record)
            count += 1
            if len(waiting) == _ROWS:
                flush(writer)
        if waiting:
            flush(writer)
    return count
