"""From files to shards, and from shards to tasks of Label Studio: a shard at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.engine import Crew, Engine, Receipt, aside, key_of, run, settled
from standoff.errors import UsageError
from standoff.labelstudio.tasks import to_task
from standoff.model import Corpus, Progress, Right, Splits, silent
from standoff.shards.bundle import Bundle, batches, bundles, corpus_of, head_of, raw_of, record
from standoff.shards.checking import head_at, head_key
from standoff.shards.memory import uncollected
from standoff.shards.places import filled, refuse_others
from standoff.shards.streams import digest, exists, name_of, put_bytes, write_records

__all__ = ["Conversion", "folder_of", "jobs_of", "pack", "settled_at", "to_tasks", "unpack"]


_WRITTEN = "written.sha256"
"""The digest of the file elsewhere."""


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


def pack(root: Path, out: str, *, shards: int, form: str = ".jsonl.zst", replace: bool = False) -> tuple[str, ...]:
    """Writes the documents of a checkout as shards, in the order of their ids; gives the shards.

    The folder of `schema/`, the registry and the list of annotators stays what the shards need besides.

    Args:
        out, replace: see `standoff.shards.places.filled`.
        shards: how many; no more are made than there are documents, but for one.

    Raises:
        FileError, RecordError, SchemaError: as `standoff.files.read`.
        UsageError: the folder holds something.
    """
    corpus = files.read(root)
    found = bundles(corpus, files.raw_bytes(root, corpus))
    count = min(shards, max(1, len(corpus.documents)))
    bounds = [len(corpus.documents) * n // count for n in range(count + 1)]
    names = [f"part-{n:05}{form}" for n in range(count)]
    with filled(out, replace=replace) as folder:
        for name, first, end in zip(names, bounds, bounds[1:], strict=False):
            write_records(f"{folder}/{name}", map(record, islice(found, end - first)))
    return tuple(f"{out.rstrip('/')}/{name}" for name in names)


def unpack(root: Path, shards: Sequence[str], out: Path, *, progress: Progress = silent) -> int:
    """Writes shards as a corpus with files for each document; says how many documents there are.

    What `pack` was given comes back, file by file; what stands beside a corpus, such as CITATION.cff, goes along with
    neither.

    Args:
        root: the folder with the schema and what belongs to no one document.
        out: a folder that is empty or not there; it holds all of the corpus, or nothing.

    Raises:
        UsageError: the folder holds something, a record cannot be read or lacks what a file is written from, or a
            document stands twice.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError("is not empty; expected a new folder", place=str(out))
    head = head_of(files.read(root))
    out.parent.mkdir(parents=True, exist_ok=True)
    splits: dict[str, Any] = {}
    events: dict[str, list[str]] = {}
    rights: dict[str, Right] = {}
    with aside(out) as beside:
        made = beside / out.name
        for done, shard in enumerate(shards, 1):
            for batch in batches(shard):
                if batch.unread:
                    raise UsageError(f"{batch.unread[0]}; expected records that can be read", place=shard)
                for bundle, line in zip(batch.bundles, batch.lines, strict=True):
                    id = bundle.document.id
                    if (made / "corpus" / "documents" / f"{id}.json").exists():
                        raise UsageError(f"document {id!r} in line {line} stands twice; expected it once", place=shard)
                    _unpacked(made, bundle, head, f"{shard}:{line}")
                    if bundle.split:
                        splits[id] = bundle.split
                    if bundle.right:
                        rights[id] = bundle.right
                    for event in bundle.events:
                        events.setdefault(event, []).append(id)
            progress("shards", done, len(shards))
        of_events = {event: tuple(ids) for event, ids in sorted(events.items())}
        files.write_corpus(made, structs.replace(head, splits=Splits(splits, of_events), rights=rights), {})
        made.replace(out)
    return sum(1 for _ in (out / "corpus" / "documents").glob("*.json"))


def _unpacked(root: Path, bundle: Bundle, head: Corpus, place: str) -> None:
    """Writes the files of one document."""
    page, raw = bundle.document, raw_of([bundle])
    for what, there in (("segments", bundle.segments), ("raw", raw)):
        if not there:
            raise UsageError(f"document {page.id!r} has no {what}; expected them: there is a file of them", place=place)
    assert bundle.segments is not None, "looked at above"
    suffix = ".html" if page.media_type == "text/html" else ".txt"
    files.write(root / "corpus" / "raw" / f"{page.id}{suffix}", raw[page.id])
    files.write_document(root, page, bundle.segments)
    for marked in (*bundle.sets, *((bundle.gold,) if bundle.gold else ())):
        files.write_set(root, marked, head.scheme)
    if bundle.decisions:
        files.write_decisions(root, bundle.decisions)


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
        UsageError: other tasks are there.
    """
    jobs = jobs_of(root, shards, out, annotator, work)
    refuse_others(out, [f"{name_of(shard)}.json" for shard in shards], (".json",))
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


def settled_at(job: Conversion, step: str, key: str, target: str, work: Callable[[Path], Mapping[str, int]]) -> Receipt:
    """Does a step that writes a file elsewhere, unless that was done before and the file is as it was written."""
    folder = folder_of(job, step)
    told = folder / _WRITTEN
    if not (told.is_file() and exists(target) and told.read_text(encoding="utf-8") == digest(target)):
        # A receipt for what somebody took away, or wrote over, says nothing.
        shutil.rmtree(folder, ignore_errors=True)

    def written(made: Path) -> Mapping[str, int]:
        counts = work(made)
        (made / _WRITTEN).write_text(digest(target), encoding="utf-8")
        return counts

    return settled(folder, key, written)


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
