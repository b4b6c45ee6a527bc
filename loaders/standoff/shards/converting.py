"""From files to shards, and from shards to tasks of Label Studio: a shard at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from standoff import files
from standoff.engine import Crew, Engine, Receipt, key_of, run, settled
from standoff.errors import UsageError
from standoff.labelstudio.tasks import to_task
from standoff.model import Progress, silent
from standoff.shards.bundle import batches, bundles, corpus_of, head_of, record
from standoff.shards.checking import head_at, head_key
from standoff.shards.memory import uncollected
from standoff.shards.streams import digest, exists, name_of, put_bytes, write_records

if TYPE_CHECKING:
    pass

__all__ = ["Conversion", "folder_of", "jobs_of", "pack", "settled_at", "to_tasks"]


class Conversion(Struct, frozen=True, kw_only=True):
    """One shard that is to be converted."""

    shard: str
    number: int
    root: Path
    head: str
    annotator: str
    work: Path
    out: str
    chunks: tuple[Path, ...] = ()
    """Where the tasks of an export stand, by shard."""
    export: str = ""
    """The digest of the export."""

    @property
    def name(self) -> str:
        """The shard's file name."""
        return self.shard.rpartition("/")[2]


def pack(root: Path, out: str, *, shards: int, form: str = ".jsonl.zst") -> tuple[str, ...]:
    """Writes the documents of a checkout as shards, in the order of their ids; gives the shards.

    The folder of `schema/`, the registry and the list of annotators stays what the shards need besides.

    Raises:
        FileError, RecordError, SchemaError: as `standoff.files.read`.
    """
    corpus = files.read(root)
    found = bundles(corpus, files.raw_bytes(root, corpus))
    bounds = [len(corpus.documents) * n // shards for n in range(shards + 1)]
    paths = tuple(f"{out.rstrip('/')}/part-{n:05}{form}" for n in range(shards))
    for path, first, end in zip(paths, bounds, bounds[1:], strict=False):
        write_records(path, map(record, islice(found, end - first)))
    return paths


def to_tasks(
    root: Path,
    shards: Sequence[str],
    out: str,
    annotator: str,
    *,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> int:
    """Writes a file of tasks for each shard, as Label Studio imports them; says how many tasks there are.

    A document that the annotator has no set of becomes a task that is still to be annotated.

    Raises:
        RecordError: a shard cannot be read whole, or a set holds what Label Studio cannot say.
    """
    jobs = jobs_of(root, shards, out, annotator, work)
    return sum(
        receipt.counts["tasks"] for receipt in run(write_tasks, jobs, engine, what="writing tasks", progress=progress)
    )


def jobs_of(root: Path, shards: Sequence[str], out: str, annotator: str, work: Path) -> list[Conversion]:
    """What is to be done with each shard.

    Raises:
        UsageError: there is no such annotator.
    """
    head = head_of(files.read(root))
    if annotator not in head.annotators:
        raise UsageError(f"{annotator!r} is no annotator; expected one of {', '.join(head.annotators)}")
    of = head_key(head)
    return [
        Conversion(
            shard=shard,
            number=n,
            root=root.resolve(),
            head=of,
            annotator=annotator,
            work=work.resolve(),
            out=out.rstrip("/"),
        )
        for n, shard in enumerate(shards)
    ]


def folder_of(job: Conversion, step: str) -> Path:
    """Where what is finished of a step is kept."""
    return job.work / step / job.annotator / name_of(job.shard)


def write_tasks(job: Conversion) -> Receipt:
    """Writes the tasks of one shard."""
    target = f"{job.out}/{name_of(job.shard)}.json"
    key = key_of("tasks", digest(job.shard), job.head, job.annotator, target)
    return settled_at(job, "tasks", key, target, lambda folder: _tasks(job, target))


def settled_at(job: Conversion, step: str, key: str, target: str, work: Any) -> Receipt:
    """Does a step that writes a file elsewhere, unless that was done before and the file is there."""
    folder = folder_of(job, step)
    if not exists(target):
        # A receipt for what somebody took away says nothing.
        shutil.rmtree(folder, ignore_errors=True)
    return settled(folder, key, work)


def _tasks(job: Conversion, target: str) -> Mapping[str, int]:
    head = head_at(job.root, job.head)

    def found() -> Iterator[bytes]:
        for batch in uncollected(batches(job.shard)):
            if batch.unread:
                raise UsageError(f"{batch.unread[0]}; standoff validate lists all that cannot be read", place=job.name)
            corpus = corpus_of(batch.bundles, head)
            for bundle in batch.bundles:
                page = bundle.document
                marked = corpus.sets.get((job.annotator, page.id))
                yield msgspec.json.encode(to_task(marked, page, corpus, annotator=job.annotator))

    return {"tasks": put_bytes(target, found(), before=b"[", between=b",\n", after=b"]\n")}
