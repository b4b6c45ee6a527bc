"""One shard's part of a release: its rows of every table, and its stretch of what the content is known by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec
from msgspec import Struct

from standoff.adjudicate import derive
from standoff.canon import canonical, canonical_decisions, canonical_document, canonical_segments, canonical_set
from standoff.engine import Receipt, key_of, settled
from standoff.model import Corpus
from standoff.release.loading import derived_tables
from standoff.shards.bundle import batches, corpus_of
from standoff.shards.checking import ShardJob, head_at
from standoff.shards.links import beside
from standoff.shards.memory import uncollected
from standoff.shards.streams import digest, name_of
from standoff.shards.tallies import Extent, Tally, added, extents, tally

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["PART", "SINGLE", "Part", "Rows", "folder_of", "framed", "make_part", "read_part"]

PART = "part.json"

SINGLE = ("entities", "annotators", "merge_policy", "events")
"""Tables that no one shard has rows of."""

_BATCH = 256


class Part(Struct, frozen=True):
    """What a shard's part holds."""

    first: str
    last: str
    """The ids of the first and the last document; empty where there is none."""
    unordered: str
    """The first document that stands behind one of a greater id."""
    languages: tuple[str, ...]
    events: dict[str, tuple[str, ...]]
    rows: dict[str, dict[str, int]]
    """Config -> split -> rows, as far as there are any."""
    streams: dict[str, int]
    """The files with stretches of canonical text -> the bytes of it."""
    undecided: int
    """Annotations and entities that wait for a decision."""
    tally: Tally
    extents: dict[str, dict[str, list[list[Extent]]]]
    """Config -> split -> how large the arrays of each piece of the table are."""


def framed(name: str, text: str) -> bytes:
    """A piece of what a content digest is made of; see `standoff.canon.content_digest`."""
    content = text.encode()
    return f"{name}\n{len(content)}\n".encode() + content


def make_part(job: ShardJob) -> Receipt:
    """Makes the part of a shard, unless that was done before."""
    key = key_of("part", digest(job.shard), job.head, job.links.key)
    return settled(folder_of(job), key, lambda folder: _made(job, folder))


def folder_of(job: ShardJob) -> Path:
    """Where a shard's part stands."""
    return job.work / "parts" / name_of(job.shard)


def read_part(job: ShardJob) -> Part:
    """What a shard's part says of itself."""
    return msgspec.json.decode((folder_of(job) / PART).read_bytes(), type=Part)


def _made(job: ShardJob, folder: Path) -> Mapping[str, int]:
    head = head_at(job.root, job.head)
    first = last = unordered = ""
    languages: set[str] = set()
    events: dict[str, list[str]] = {}
    undecided, counted, stubs = 0, Tally(), job.links.read()
    with Rows(folder) as written, _Streams(folder) as streams:
        for batch in uncollected(batches(job.shard, most=_BATCH)):
            corpus = corpus_of(batch.bundles, head)
            for bundle in batch.bundles:
                id = bundle.document.id
                unordered = unordered or (id if id <= last else "")
                first, last = first or id, id
                languages.add(bundle.document.language.split("-")[0])
            for event, ids in corpus.splits.events.items():
                events.setdefault(event, []).extend(ids)
            tables = derived_tables(corpus)
            for config, splits in tables.items():
                if config not in SINGLE:
                    for split, table in splits.items():
                        written.add(config, split, table)
            for name, text in _texts(corpus):
                streams.add(name, text)
            undecided += _undecided(corpus, corpus_of([*batch.bundles, *beside(batch.bundles, stubs)], head))
            counted = added((counted, tally(corpus, tables)))
    part = Part(
        first=first,
        last=last,
        unordered=unordered,
        languages=tuple(sorted(languages)),
        events={event: tuple(ids) for event, ids in sorted(events.items())},
        rows=written.counts,
        streams=streams.lengths,
        undecided=undecided,
        tally=counted,
        extents=written.extents,
    )
    (folder / PART).write_bytes(msgspec.json.encode(part, order="sorted"))
    return {"documents": counted.documents, "undecided": undecided}


def _undecided(corpus: Corpus, among: Corpus) -> int:
    """How many annotations and entities of some documents are undecided, when they are read among others."""
    found = derive(among)
    entities = (one.entity.partition("/")[2].partition("#")[0] for one in found.open_entities)
    return sum(id in corpus.documents for id in (*(item.document for item in found.open), *entities))


def _texts(corpus: Corpus) -> Iterator[tuple[str, bytes]]:
    """Stream -> the canonical text of what a few documents say, each document's in the digest's order."""
    entry = ", ".join(canonical({id: split})[1:-1] for id, split in sorted(corpus.splits.splits.items()))
    yield "splits", entry.encode()
    yield "rights", ", ".join(canonical({id: right})[1:-1] for id, right in sorted(corpus.rights.items())).encode()
    for id, document in sorted(corpus.documents.items()):
        yield "documents", framed(f"documents/{id}", canonical_document(document))
        yield "documents", framed(f"text/{id}", document.text)
        yield "documents", framed(f"segments/{id}", canonical_segments(corpus.segments[id]))
    for (annotator, id), marked in sorted(corpus.sets.items()):
        yield f"sets-{annotator}", framed(f"sets/{annotator}/{id}", canonical_set(marked, corpus.scheme))
    for id, marked in sorted(corpus.gold.items()):
        yield "gold", framed(f"gold/{id}", canonical_set(marked, corpus.scheme))
    for id, decisions in sorted(corpus.decisions.items()):
        yield "decisions", framed(f"decisions/{id}", canonical_decisions(decisions))


class Rows:
    """Parquet files by config and split, written as rows come in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: dict[str, dict[str, int]] = {}
        self.extents: dict[str, dict[str, list[list[Extent]]]] = {}
        self._writers: dict[tuple[str, str], pq.ParquetWriter] = {}

    def add(self, config: str, split: str, table: pa.Table) -> None:
        """Adds rows to a table; one without rows has no file."""
        import pyarrow.parquet as pq

        if not len(table):
            return
        key = config, split
        if key not in self._writers:
            path = self.folder / f"{config}.{split}.parquet"
            self._writers[key] = pq.ParquetWriter(path, table.schema, compression="zstd")
        self._writers[key].write_table(table)
        counts = self.counts.setdefault(config, {})
        counts[split] = counts.get(split, 0) + len(table)
        self.extents.setdefault(config, {}).setdefault(split, []).append(extents(table))

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self._writers.values():
            writer.close()


class _Streams:
    """Compressed files of canonical text, written as it comes in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lengths: dict[str, int] = {}
        self._files: dict[str, IO[bytes]] = {}

    def add(self, name: str, text: bytes) -> None:
        """Adds text to a stream; entries of a list are joined by commas."""
        import pyarrow as pa

        if not text:
            return
        if name not in self._files:
            self._files[name] = pa.CompressedOutputStream(str(self.folder / f"{name}.zst"), "zstd")
        elif name in ("splits", "rights"):
            text = b", " + text
        self._files[name].write(text)
        self.lengths[name] = self.lengths.get(name, 0) + len(text)

    def __enter__(self) -> _Streams:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()
