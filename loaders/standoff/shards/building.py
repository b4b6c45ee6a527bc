"""A release of a corpus in shards: the folder that `standoff build` makes, without ever holding the corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from standoff import files
from standoff.canon import canonical_list, listings
from standoff.engine import Crew, Engine, hired, run
from standoff.errors import ReleaseError
from standoff.model import SPLITS, Corpus, Progress, Splits, silent
from standoff.release.folder import (
    ABOUT,
    CARD,
    DATA,
    SUMS,
    WITHDRAWN,
    About,
    checked_version,
    digest,
    sha256_of,
    sums_text,
)
from standoff.release.front_matter import features, to_yaml
from standoff.shards.bundle import head_of
from standoff.shards.checking import ShardJob, head_key
from standoff.shards.parts import SINGLE, Part, folder_of, framed, make_part, read_part, tables_of
from standoff.shards.rows import located
from standoff.shards.validating import validate_shards

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Built", "build_shards"]

_GROUP = 1 << 26
"""Bytes of a row group in memory."""


class Built(Struct, frozen=True, kw_only=True):
    """What a release in shards holds."""

    version: str
    folder: Path
    content_sha256: str
    rows: dict[str, dict[str, int]]


class TableJob(Struct, frozen=True, kw_only=True):
    """One table of one split, joined from the parts of all shards."""

    schema: Any
    parts: tuple[Path, ...]
    path: Path


def build_shards(
    root: Path,
    shards: Sequence[str],
    version: str,
    out: Path,
    *,
    date: str,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Built:
    """Makes the release of a corpus in shards: the new folder `out/version`, whole or not at all.

    It holds the same rows and has the same digest of the content as the release of the same corpus from files.

    Args:
        root, shards, work, engine: as in `standoff.shards.validate_shards`.

    Raises:
        ReleaseError: the corpus has errors or something undecided, documents are not in the order of their ids, or
            the folder exists.
    """
    checked_version(version)
    root, work = root.resolve(), work.resolve()
    if (folder := out / version).exists():
        raise ReleaseError("exists; a release is never changed: build under a new version", place=str(folder))
    with hired(engine) as crew:
        checked = validate_shards(root, shards, work, engine=crew, progress=progress)
        if checked.errors:
            first = next(one for one in located([checked.table]) if one.finding.severity == "error")
            raise ReleaseError(f"the corpus has {checked.errors} errors, which no release may have: {first}")
        head = head_of(files.read(root))
        key = head_key(head)
        jobs = [
            ShardJob(shard=shard, number=n, root=root, head=key, work=work, buckets=1) for n, shard in enumerate(shards)
        ]
        run(make_part, jobs, crew, what="tables of shards", progress=progress)
        parts = [read_part(job) for job in jobs]
        _check(parts, shards)
        head = structs.replace(head, splits=Splits({}, _events(parts)))
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out, prefix=f".{version}.") as aside:
            made = Path(aside) / version
            rows = _tables(made, head, jobs, parts, crew, progress)
            about = About(
                corpus=head.scheme.corpus,
                title=head.scheme.title,
                version=version,
                date=date,
                edition="full",
                content_sha256=_content(head, jobs, parts),
                rows=rows,
            )
            _companions(made, head, about, sorted({language for part in parts for language in part.languages}))
            made.rename(folder)
    return Built(version=version, folder=folder, content_sha256=about.content_sha256, rows=rows)


def _check(parts: Sequence[Part], shards: Sequence[str]) -> None:
    """Refuses what is undecided, and documents out of order."""
    if undecided := sum(part.undecided for part in parts):
        raise ReleaseError(f"{undecided} annotations and entities are undecided; a release holds what is decided alone")
    last = ""
    for part, shard in zip(parts, shards, strict=True):
        wrong = part.unordered or (part.first if part.first and part.first <= last else "")
        if wrong:
            raise ReleaseError(
                f"document {wrong!r} stands behind one of a greater id; expected documents in the order of their ids, "
                "through all shards",
                place=shard,
            )
        last = part.last or last


def _events(parts: Sequence[Part]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for event, ids in part.events.items():
            found[event] = (*found.get(event, ()), *ids)
    return dict(sorted(found.items()))


def _tables(
    made: Path, head: Corpus, jobs: Sequence[ShardJob], parts: Sequence[Part], crew: Crew, progress: Progress
) -> dict[str, dict[str, int]]:
    """Writes all tables; gives their rows."""
    empty = tables_of(head)
    rows: dict[str, dict[str, int]] = {}
    joins = []
    for config, splits in empty.items():
        (made / DATA / config).mkdir(parents=True)
        for split, table in splits.items():
            path = made / DATA / config / f"{split}.parquet"
            have = [n for n, part in enumerate(parts) if part.rows.get(config, {}).get(split)]
            rows.setdefault(config, {})[split] = sum(parts[n].rows[config][split] for n in have)
            if config in SINGLE:
                _write([table], table.schema, path)
                rows[config][split] = len(table)
                continue
            found = tuple(folder_of(jobs[n]) / f"{config}.{split}.parquet" for n in have)
            joins.append(TableJob(schema=table.schema.serialize().to_pybytes(), parts=found, path=path))
    run(_join, joins, crew, what="joining tables", progress=progress)
    return rows


def _join(job: TableJob) -> int:
    import pyarrow as pa

    _write(_row_groups(job.parts), pa.ipc.read_schema(pa.py_buffer(job.schema)), job.path)
    return 0


def _row_groups(paths: Sequence[Path]) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path) as file:
            for n in range(file.num_row_groups):
                yield file.read_row_group(n)


def _write(found: Iterator[pa.Table] | list[pa.Table], schema: pa.Schema, path: Path) -> None:
    """Writes tables as one, in row groups of a size that one can hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting, size = [schema.empty_table()], 0
    options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
    with pq.ParquetWriter(path, schema, **options) as writer:
        for table in found:
            waiting.append(table)
            size += table.nbytes
            if size >= _GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting, size = [schema.empty_table()], 0
        if size or len(waiting) > 1:
            writer.write_table(pa.concat_tables(waiting))


def _content(head: Corpus, jobs: Sequence[ShardJob], parts: Sequence[Part]) -> str:
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


def _companions(made: Path, head: Corpus, about: About, languages: list[str]) -> None:
    """Writes schema, card and checksums."""
    import pyarrow.parquet as pq

    (made / "schema").mkdir()
    for name, text in head.scheme.files.items():
        (made / "schema" / name).write_bytes(text.encode())
    if head.withdrawn:
        (made / WITHDRAWN).write_bytes(canonical_list("withdrawn", head.withdrawn.values()).encode())
    (made / ABOUT).write_bytes(about.text().encode())
    sums = {path.relative_to(made).as_posix(): sha256_of(path) for path in sorted(made.rglob("*")) if path.is_file()}
    schemas = {}
    for config, splits in about.rows.items():
        schemas[config] = pq.read_schema(made / DATA / config / f"{next(iter(splits))}.parquet")
    text = _card(about, languages, schemas, sums)
    (made / CARD).write_bytes(text.encode())
    sums[CARD] = sha256(text.encode()).hexdigest()
    (made / SUMS).write_bytes(sums_text(sums).encode())


def _card(about: About, languages: list[str], schemas: Mapping[str, Any], sums: Mapping[str, str]) -> str:
    """A card that tells loaders what there is; what it cannot count without reading all, it leaves out."""
    filled = {config: [split for split, rows in splits.items() if rows] for config, splits in about.rows.items()}
    filled = {config: splits for config, splits in filled.items() if splits}
    front = {
        "pretty_name": about.title,
        "language": languages,
        "tags": [about.corpus, "stand-off annotation"],
        "configs": [
            {
                "config_name": config,
                "description": "content-sha256:"
                + digest({path: sum_ for path, sum_ in sums.items() if path.startswith(f"{DATA}/{config}/")}),
                "data_files": [{"split": split, "path": f"{DATA}/{config}/{split}.parquet"} for split in splits],
                **({"default": True} if config == "documents" else {}),
            }
            for config, splits in filled.items()
        ],
        "dataset_info": [
            {
                "config_name": config,
                "features": features(schemas[config]),
                "splits": [{"name": split, "num_examples": about.rows[config][split]} for split in splits],
            }
            for config, splits in filled.items()
        ],
    }
    documents = ", ".join(f"{split} {about.rows['documents'].get(split, 0)}" for split in SPLITS)
    return (
        f"---\n{to_yaml(front)}---\n\n# {about.title}\n\nVersion {about.version} of {about.date}. Documents: "
        f"{documents}. Digest of the content: `{about.content_sha256}`.\n\nOffsets are half-open, in Unicode code "
        "points of a document's `text`.\n"
    )
