"""The parts of all shards as one: the tables of a release, and the digest of all that it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from standoff.canon import listings
from standoff.engine import Crew, run
from standoff.errors import ReleaseError
from standoff.model import Corpus, Progress
from standoff.release.folder import DATA
from standoff.shards.checking import ShardJob
from standoff.shards.parts import SINGLE, Part, folder_of, framed

if TYPE_CHECKING:
    import pyarrow as pa

    Tables = Mapping[str, Mapping[str, pa.Table]]

__all__ = ["Joined", "content_of", "joined", "read_groups", "usual", "write_groups"]

_GROUP = 1 << 26
"""Bytes of a row group in memory."""

_USUAL = 1 << 20
"""Rows of a row group where nobody asks for others."""


class Joined(Struct, frozen=True):
    """What the tables of a release hold."""

    rows: dict[str, dict[str, int]]
    groups: dict[str, tuple[int, ...]]
    """Path -> rows of each row group."""


class TableJob(Struct, frozen=True, kw_only=True):
    """One table of one split, joined from the parts of all shards."""

    schema: Any
    parts: tuple[Path, ...]
    path: Path
    groups: tuple[int, ...] | None
    """Rows of each row group; without them, groups become as large as one can hold."""


def joined(
    made: Path,
    empty: Tables,
    parts: Sequence[tuple[Path, Mapping[str, Mapping[str, int]]]],
    crew: Crew,
    progress: Progress,
    *,
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Joined:
    """Writes all tables of a release.

    Args:
        empty: config -> split -> the table without rows; those that no one shard has rows of, with them.
        parts: where each part stands, and the rows that it has of each table.
        groups: path -> rows of each row group, where they are not the usual ones; without it, as large as one can hold.

    Raises:
        ReleaseError: the rows are not those of the groups.
    """
    jobs, paths, single = [], [], {}
    for config, splits in empty.items():
        (made / DATA / config).mkdir(parents=True)
        for split, table in splits.items():
            path = f"{DATA}/{config}/{split}.parquet"
            if config in SINGLE:
                single[path] = write_groups([table], table.schema, made / path)
                continue
            found = tuple(
                folder / f"{config}.{split}.parquet" for folder, rows in parts if rows.get(config, {}).get(split)
            )
            schema = table.schema.serialize().to_pybytes()
            count = sum(rows.get(config, {}).get(split, 0) for _, rows in parts)
            of = None if groups is None else tuple(groups.get(path) or usual(count))
            jobs.append(TableJob(schema=schema, parts=found, path=made / path, groups=of))
            paths.append(path)
    counted = {
        **single,
        **dict(zip(paths, run(join, jobs, crew, what="joining tables", progress=progress), strict=True)),
    }
    rows = {
        config: {split: sum(counted[f"{DATA}/{config}/{split}.parquet"]) for split in splits}
        for config, splits in empty.items()
    }
    return Joined(rows, counted)


def usual(rows: int) -> tuple[int, ...]:
    """The row groups of a table that is written at once."""
    whole, rest = divmod(rows, _USUAL)
    return (*(_USUAL,) * whole, *((rest,) if rest or not whole else ()))


def join(job: TableJob) -> tuple[int, ...]:
    """Writes one table; gives the rows of its groups."""
    import pyarrow as pa

    schema = pa.ipc.read_schema(pa.py_buffer(job.schema))
    return write_groups(read_groups(job.parts), schema, job.path, groups=job.groups)


def read_groups(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """The rows of some files, a row group at a time."""
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path) as file:
            for n in range(file.num_row_groups):
                yield file.read_row_group(n)


def write_groups(
    found: Iterable[pa.Table], schema: pa.Schema, path: Path, *, groups: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Writes tables as one, in row groups of a size that one can hold; gives the rows of each.

    The same rows in the same groups are the same bytes, in whatever pieces they come.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    counted = []
    options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for some in _sized(found) if groups is None else _given(found, groups, path):
            table = pa.concat_tables([schema.empty_table(), *some]).combine_chunks()
            writer.write_table(table, row_group_size=max(1, len(table)))
            counted.append(len(table))
    return tuple(counted)


def _sized(found: Iterable[pa.Table]) -> Iterator[list[pa.Table]]:
    waiting: list[pa.Table] = []
    size, written = 0, False
    for table in found:
        waiting.append(table)
        size += table.nbytes
        if size >= _GROUP:
            yield waiting
            waiting, size, written = [], 0, True
    # A table without rows has one group of none, as it has wherever it is written at once.
    if size or not written:
        yield waiting


def _given(found: Iterable[pa.Table], groups: Sequence[int], path: Path) -> Iterator[list[pa.Table]]:
    tables, table = iter(found), None
    for wanted in groups:
        waiting, have = [], 0
        while have < wanted:
            table = table if table is not None and len(table) else next(tables, None)
            if table is None:
                raise ReleaseError(
                    f"has {have} rows for a group of {wanted}; expected those of the release", place=path.name
                )
            piece, table = table.slice(0, wanted - have), table.slice(wanted - have)
            waiting.append(piece)
            have += len(piece)
        yield waiting
    if (table is not None and len(table)) or next(tables, None) is not None:
        raise ReleaseError(f"has more than {sum(groups)} rows; expected those of the release", place=path.name)


def content_of(head: Corpus, jobs: Sequence[ShardJob], parts: Sequence[Part]) -> str:
    """What `standoff.canon.content_digest` says of the whole, from the stretches that the shards' parts hold."""
    found = sha256()
    for name, text in sorted(head.scheme.files.items()):
        found.update(framed(f"schema/{name}", text))
    for path, text in listings(head):
        if path in ("corpus/splits.json", "corpus/rights.json"):
            # The list is empty in the head: what the shards have is put where its entries belong.
            name = path.removeprefix("corpus/").removesuffix(".json")
            before, after = text.encode().rsplit(b"{}", 1)
            own = [(job, part.streams[name]) for job, part in zip(jobs, parts, strict=True) if name in part.streams]
            commas = max(0, len(own) - 1)
            length = len(before + b"{}" + after) + sum(length for _, length in own) + commas * len(b", ")
            found.update(f"{path}\n{length}\n".encode() + before + b"{")
            for n, (job, _) in enumerate(own):
                for chunk in (*((b", ",) if n else ()), *_chunks(job, name)):
                    found.update(chunk)
            found.update(b"}" + after)
        elif path != "corpus/releases.json":
            found.update(framed(path, text))
    sets = sorted({name for part in parts for name in part.streams if name.startswith("sets-")})
    for name in ("documents", *sets, "gold", "decisions"):
        for job, part in zip(jobs, parts, strict=True):
            if name in part.streams:
                for chunk in _chunks(job, name):
                    found.update(chunk)
    return found.hexdigest()


def _chunks(job: ShardJob, name: str) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.CompressedInputStream(str(folder_of(job) / f"{name}.zst"), "zstd") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk
