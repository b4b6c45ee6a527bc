"""From a large edition without texts and one's own copies of the articles to the full edition, piece by piece.

The tables are cut at documents; each piece is held against its copies; and where all copies are exact, each becomes a
shard, of which the full edition is made as any release of shards is.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.engine import Crew, Engine, Receipt, aside, hired, key_of, run, settled
from standoff.errors import ReleaseError
from standoff.files import read_bytes, read_withdrawn
from standoff.model import Corpus, Progress, Splits, silent
from standoff.release.editions import full_tables, read_whole
from standoff.release.folder import ABOUT, WITHDRAWN, About
from standoff.release.hydrating import Hydrated, bare_files, hydrated, settle, texts_beside
from standoff.release.loading import derived_tables, parquet_files, read_parquet
from standoff.schema import parse
from standoff.scheme import Scheme
from standoff.shards.building import headed, parted
from standoff.shards.bundle import bundles, record
from standoff.shards.checking import head_at, head_key
from standoff.shards.joining import content_of, joined
from standoff.shards.parts import SINGLE, folder_of
from standoff.shards.streams import write_records
from standoff.tables import from_tables, schemas
from standoff.text import decode

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["HydratedShards", "hydrate_shards"]

_PIECE = 256
"""Documents of a piece."""
_FILES = 512
"""Copies that are looked at in one go."""

COPIES, REPORT, CUT = "copies.parquet", "documents.jsonl", "rows.parquet"


class HydratedShards(Struct, frozen=True, kw_only=True):
    """What came of an edition without texts."""

    counts: dict[str, int]
    """exact, drifted, missing -> documents."""
    reports: tuple[Path, ...]
    folder: Path | None
    """The full edition; None where it was not asked for, or not all copies are exact."""

    @property
    def exact(self) -> bool:
        """Whether every copy is the very article that was annotated."""
        return self.counts.keys() <= {"exact"}

    def documents(self) -> Iterator[Hydrated]:
        """Each document, by id; as long as the folder of work is there."""
        for path in self.reports:
            with path.open("rb") as file:
                for line in file:
                    yield msgspec.json.decode(line, type=Hydrated)


class CutJob(Struct, frozen=True, kw_only=True):
    """One table of one split, to be cut at documents."""

    path: Path
    sha256: str
    column: str
    """Which names the document of a row."""
    bounds: tuple[str, ...]
    """The first document of each piece but the first."""
    folder: Path


class PieceJob(Struct, frozen=True, kw_only=True):
    """Some documents, and their copies."""

    number: int
    tables: dict[str, dict[str, Path]]
    """Config -> split -> the table, with a row group for each piece."""
    copies: Path
    bounds: tuple[str, ...]
    key: str
    work: Path
    root: Path | None = None
    """A folder with the head of the corpus, where it is to be made whole."""
    head: str = ""
    events: dict[str, tuple[str, ...]] = {}
    """Of these documents."""

    def folder(self, step: str) -> Path:
        """Where the outputs of a step stand."""
        return self.work / step / f"{self.number:05}"

    @property
    def shard(self) -> str:
        """The documents as a shard."""
        return str(self.folder("shards") / f"part-{self.number:05}.jsonl.zst")


def hydrate_shards(
    folder: Path,
    raw: Path,
    out: Path | None = None,
    *,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> HydratedShards:
    """What `standoff.release.hydrate` does, in memory for some documents at a time.

    Args:
        folder, raw, out: as there.
        work: a folder that all workers see, for what is finished.

    Raises:
        ReleaseError, UsageError: as there.
    """
    sums, facts = bare_files(folder, raw)
    work = work.resolve()
    with hired(engine) as crew:
        jobs = _pieces(folder, raw, sums, work, crew, progress)
        receipts = run(look, jobs, crew, what="copies", progress=progress)
        counts: dict[str, int] = {}
        for receipt in receipts:
            for state, n in receipt.counts.items():
                counts[state] = counts.get(state, 0) + n
        reports = tuple(job.folder("looked") / REPORT for job in jobs)
        found = HydratedShards(counts=counts, reports=reports, folder=None)
        if out is None or not found.exact:
            return found
        return structs.replace(found, folder=_made(folder, sums, facts, jobs, work, out, crew, progress))


# ------------------------------------------------------------------------------------------------ tables in pieces


def _pieces(
    folder: Path, raw: Path, sums: Mapping[str, str], work: Path, crew: Crew, progress: Progress
) -> list[PieceJob]:
    """Cuts all tables at the same documents, and puts the copies beside them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    there = parquet_files(sums)
    documents = pa.concat_tables(
        pq.read_table(folder / path, columns=["id", "raw_sha256"], partitioning=None)
        for path in there["documents"].values()
    ).sort_by("id")
    starts = pa.array(range(_PIECE, len(documents), _PIECE), pa.int64())
    bounds = tuple(documents["id"].take(starts).to_pylist())
    cuts = {
        (config, split): CutJob(
            path=(folder / path).resolve(),
            sha256=sums[path],
            column="id" if config == "documents" else "document",
            bounds=bounds,
            folder=work / "cut" / f"{config}.{split}",
        )
        for config, splits in there.items()
        if config not in SINGLE
        for split, path in splits.items()
    }
    run(cut, list(cuts.values()), crew, what="cutting tables", progress=progress)
    paths, digests = _copies(raw, crew, progress)
    stems = pa.array([Path(path).stem for path in paths], pa.string())
    exact = pc.index_in(documents["raw_sha256"], value_set=pa.array(digests, pa.string()))
    at = pc.coalesce(exact, pc.index_in(documents["id"], value_set=stems))
    copies = pa.table(
        {
            "id": documents["id"],
            "path": pa.array(paths, pa.string()).take(at),
            "digest": pa.array(digests, pa.string()).take(at),
        }
    )
    pq.write_table(copies, work / COPIES, compression="zstd", row_group_size=_PIECE)
    tables: dict[str, dict[str, Path]] = {}
    for (config, split), job in cuts.items():
        tables.setdefault(config, {})[split] = job.folder / CUT
    of = key_of("pieces", dict(sums), list(bounds))
    return [
        PieceJob(
            number=n,
            tables=tables,
            copies=work / COPIES,
            bounds=bounds,
            key=key_of(of, n, copies.slice(n * _PIECE, _PIECE).to_pylist()),
            work=work,
        )
        for n in range(len(bounds) + 1)
    ]


def cut(job: CutJob) -> Receipt:
    """Writes a table with a row group for each piece, which may be empty."""
    return settled(job.folder, key_of("cut", job.sha256, list(job.bounds)), lambda folder: _cut(job, folder))


def _cut(job: CutJob, folder: Path) -> Mapping[str, int]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetFile(job.path) as file:
        schema = file.schema_arrow
        with pq.ParquetWriter(folder / CUT, schema, compression="zstd") as writer:
            at, waiting = 0, [schema.empty_table()]

            def flush(until: int) -> None:
                nonlocal at
                while at < until:
                    table = pa.concat_tables(waiting)
                    # An empty row group keeps its place: the number of a group is the number of its piece.
                    writer.write_table(table, row_group_size=max(1, len(table)))
                    waiting[1:] = []
                    at += 1

            for batch in file.iter_batches(1 << 15):
                ids = batch[job.column].dictionary_encode()
                pieces = np.array([bisect_right(job.bounds, id) for id in ids.dictionary.to_pylist()], np.int64)
                of = pieces[ids.indices.to_numpy(zero_copy_only=False)]
                if np.any(np.diff(of, prepend=at) < 0):
                    raise ReleaseError("has documents out of order; expected them by id", place=str(job.path))
                table = pa.Table.from_batches([batch], schema)
                rows += len(table)
                for piece in np.unique(of):
                    flush(int(piece))
                    start, end = np.searchsorted(of, [piece, piece + 1])
                    waiting.append(table.slice(int(start), int(end - start)))
            flush(len(job.bounds) + 1)
    return {"rows": rows}


def _table(path: Path, number: int) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read_row_group(number)


# ---------------------------------------------------------------------------------------------------------- copies


def _copies(raw: Path, crew: Crew, progress: Progress) -> tuple[list[str], list[str]]:
    """The files in a folder, by their paths, and the sha256 of each."""
    paths = [os.path.join(top, name) for top, _, names in os.walk(raw) for name in names]  # noqa: PTH118 - many
    paths = sorted((path for path in paths if Path(path).is_file()), key=lambda path: path.split("/"))
    some = [tuple(paths[n : n + _FILES]) for n in range(0, len(paths), _FILES)]
    digests = run(sha256_of_all, some, crew, what="reading copies", progress=progress)
    return paths, [one for of in digests for one in of]


def sha256_of_all(paths: Sequence[str]) -> list[str]:
    """The sha256 of each of some files."""
    return [sha256(read_bytes(Path(path))).hexdigest() for path in paths]


def look(job: PieceJob) -> Receipt:
    """Writes what became of each document of a piece."""
    return settled(job.folder("looked"), job.key, lambda folder: _look(job, folder))


def _look(job: PieceJob, folder: Path) -> Mapping[str, int]:
    tables = _tables(job)
    copies = _paths(job.copies, job.number)
    rows = [row for table in tables["documents"].values() for row in table.to_pylist()]
    counts: dict[str, int] = {}
    with (folder / REPORT).open("wb") as file:
        for row in sorted(rows, key=lambda row: str(row["id"])):
            path = copies[row["id"]]
            one = hydrated(row, None if path is None else Path(path), tables)
            counts[one.state] = counts.get(one.state, 0) + 1
            file.write(msgspec.json.encode(one) + b"\n")
    return counts


def _tables(job: PieceJob) -> dict[str, dict[str, pa.Table]]:
    return {
        config: {split: _table(path, job.number) for split, path in splits.items()}
        for config, splits in job.tables.items()
    }


def _paths(copies: Path, number: int) -> dict[str, str | None]:
    table = _table(copies, number)
    return dict(zip(table["id"].to_pylist(), table["path"].to_pylist(), strict=True))


class _Raw(Mapping[str, str]):
    """Document -> its decoded copy, read when it is asked for."""

    def __init__(self, copies: Path, bounds: Sequence[str]) -> None:
        self._copies, self._bounds = copies, bounds
        self._read = lru_cache(2 * _PIECE)(self._decoded)
        self._of = lru_cache(8)(lambda number: _paths(copies, number))

    def _path(self, id: str) -> str | None:
        found: str | None = self._of(bisect_right(self._bounds, id)).get(id)
        return found

    def _decoded(self, id: str) -> str:
        path = self._path(id)
        if path is None:
            raise KeyError(id)
        return decode(read_bytes(Path(path)), place=path)

    def __getitem__(self, id: str) -> str:
        return self._read(id)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._path(id) is not None

    def __iter__(self) -> Iterator[str]:
        for number in range(len(self._bounds) + 1):
            yield from self._of(number)

    def __len__(self) -> int:
        return sum(1 for _ in self)


# ------------------------------------------------------------------------------------------------ the full edition


def _made(
    folder: Path,
    sums: Mapping[str, str],
    facts: About,
    jobs: Sequence[PieceJob],
    work: Path,
    out: Path,
    crew: Crew,
    progress: Progress,
) -> Path:
    """The full edition, in its place."""
    whole, raw = read_whole(folder), _Raw(jobs[0].copies, jobs[0].bounds)
    texts = texts_beside(folder, whole, raw)
    scheme = parse({path.removeprefix("schema/"): text for path, text in texts.items() if path.startswith("schema/")})
    lists = {
        config: {split: read_parquet(folder / path) for split, path in splits.items()}
        for config, splits in parquet_files(sums).items()
        if config in SINGLE
    }
    head = _corpus({}, full_tables(lists, scheme, raw), scheme)
    head = structs.replace(head, version=facts.version, withdrawn=read_withdrawn(folder / WITHDRAWN))
    root = work / "head"
    files.write_corpus(root, structs.replace(head, splits=Splits()), {})
    key = head_key(structs.replace(head, splits=Splits()))
    events = _events(head, jobs)
    jobs = [structs.replace(job, root=root, head=key, events=events.get(job.number, {})) for job in jobs]
    run(restore, jobs, crew, what="putting texts back", progress=progress)
    of_shards, parts = parted(root, [job.shard for job in jobs], head_at(root, key), work, crew, progress)
    head = headed(head_at(root, key), parts)
    if (found := content_of(head, of_shards, parts)) != facts.content_sha256:
        raise ReleaseError(
            f"with the texts, the tables hold a corpus of digest {found}; expected {facts.content_sha256}, as {ABOUT} "
            "says",
            place=str(folder),
        )
    out.mkdir(parents=True, exist_ok=True)
    with aside(out / facts.version) as beside:
        made = beside / facts.version
        stand = [(folder_of(job), part.rows) for job, part in zip(of_shards, parts, strict=True)]
        joined(made, derived_tables(head), stand, crew, progress, groups=whole.groups)
        settle(made, out / facts.version, texts, whole)
    return out / facts.version


def _corpus(
    tables: Mapping[str, Mapping[str, pa.Table]], lists: Mapping[str, Mapping[str, pa.Table]], scheme: Scheme
) -> Corpus:
    """The corpus that some tables hold; those that are not given have no rows."""
    empty = {config: {"": schema.empty_table()} for config, schema in schemas(scheme).items()}
    return from_tables({**empty, **tables, **lists}, scheme)


def _events(head: Corpus, jobs: Sequence[PieceJob]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Piece -> event -> its documents there."""
    bounds = jobs[0].bounds
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for event, ids in head.splits.events.items():
        for id in ids:
            of = found.setdefault(bisect_right(bounds, id), {})
            of[event] = (*of.get(event, ()), id)
    return found


def restore(job: PieceJob) -> Receipt:
    """Writes the documents of a piece as a shard."""
    key = key_of("shard", job.key, job.head, {event: list(ids) for event, ids in job.events.items()})
    return settled(job.folder("shards"), key, lambda folder: _restore(job, folder))


def _restore(job: PieceJob, folder: Path) -> Mapping[str, int]:
    assert job.root is not None, "there is a head where something is to be made whole"
    head = head_at(job.root, job.head)
    raw = _Raw(job.copies, job.bounds)
    known = schemas(head.scheme)
    tables = {config: splits for config, splits in _tables(job).items() if config in known}
    found = _corpus(full_tables(tables, head.scheme, raw), {}, head.scheme)
    found = structs.replace(found, splits=Splits(found.splits.splits, dict(job.events)))
    own = {id: raw[id].encode() for id, document in found.documents.items() if document.dropped}
    name = Path(job.shard).name
    return {"documents": write_records(str(folder / name), map(record, bundles(found, own)))}
