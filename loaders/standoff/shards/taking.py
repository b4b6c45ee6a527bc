"""From an export of Label Studio to shards with what was annotated: a shard at a time, however long the export is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from standoff.engine import Crew, Engine, Receipt, hired, key_of, run, settled
from standoff.errors import StandoffError, UsageError
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.sound import parse
from standoff.model import AnnotationSet, Corpus, Finding, Progress, silent
from standoff.shards.bundle import Bundle, Located, batches, corpus_of, record
from standoff.shards.checking import FINDINGS, head_at
from standoff.shards.converting import Conversion, folder_of, jobs_of, settled_at
from standoff.shards.exports import tasks
from standoff.shards.memory import uncollected
from standoff.shards.places import refuse_others
from standoff.shards.rows import located, rows
from standoff.shards.scatter import gather, scatter
from standoff.shards.streams import digest, id_of, records, write_records

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Taken", "first_and_last", "firsts_of", "from_export"]

_CHUNK = 2000
"""Tasks of an export that are held at once."""


class Taken(Struct, frozen=True, kw_only=True):
    """What an export became."""

    tasks: int
    sets: int
    """Sets that the new shards have and the old ones had not."""
    findings: tuple[Located, ...]
    """What could not be taken, and why."""


def from_export(
    root: Path,
    shards: Sequence[str],
    export: str,
    out: str,
    annotator: str,
    *,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Taken:
    """New shards, like the old ones, with what an annotator says in an export of the corpus's own interface.

    A task that cannot be read exactly, or that would overwrite another set, is a finding; all others are taken.

    Args:
        export: see `standoff.shards.exports.tasks`.

    Raises:
        UsageError: the documents of the shards are not in the order of their ids, or other shards are there.
        FileError: the export is no list of tasks.
    """
    jobs = jobs_of(root, shards, out, annotator, work)
    refuse_others(out, [job.name for job in jobs])
    folder, known = work.resolve() / "export", digest(export)
    with hired(engine) as crew:
        found = run(first_and_last, list(shards), crew, what="finding documents", progress=progress)
        firsts = firsts_of(found, shards)
        counts = settled(folder, key_of("export", known, firsts), lambda aside: _routed(export, firsts, aside)).counts
        chunks = tuple(sorted(folder.glob("*.parquet")))
        jobs = [structs.replace(job, chunks=chunks, export=known) for job in jobs]
        receipts = run(take_tasks, jobs, crew, what="taking tasks", progress=progress)
    return Taken(
        tasks=counts["tasks"],
        sets=sum(receipt.counts["sets"] for receipt in receipts),
        findings=tuple(located(folder_of(job, "taken") / FINDINGS for job in jobs)),
    )


def take_tasks(job: Conversion) -> Receipt:
    """Writes one shard anew, with the sets that tasks say."""
    target = f"{job.out}/{job.name}"
    key = key_of("taken", digest(job.shard), job.head, job.annotator, job.export, target)
    return settled_at(job, "taken", key, target, lambda folder: _taken(job, target, folder))


def first_and_last(shard: str) -> tuple[str, str]:
    """The ids of a shard's first and last document.

    Raises:
        UsageError: documents stand out of order.
    """
    first = last = ""
    for line, content in records(shard):
        id = id_of(content)
        if id <= last:
            raise UsageError(
                f"document {id!r} in line {line} stands behind {last!r}; expected the order of ids", place=shard
            )
        first, last = first or id, id
    return first, last


def firsts_of(found: Sequence[tuple[str, str]], shards: Sequence[str]) -> list[str]:
    """The first id of each shard; an empty shard has that of the next."""
    firsts, before = [], ""
    for (first, last), shard in zip(found, shards, strict=True):
        if first and first <= before:
            raise UsageError(
                f"document {first!r} stands behind {before!r}; expected the order of ids, through all shards",
                place=shard,
            )
        firsts.append(first or before)
        before = last or before
    return firsts


def _routed(export: str, firsts: Sequence[str], folder: Path) -> Mapping[str, int]:
    """Puts the tasks of an export where the shard of their document finds them."""
    import pyarrow as pa

    found, chunks, count = tasks(export), 0, 0
    while some := list(islice(found, _CHUNK)):
        # What tells no document is for the first shard to refuse.
        ids = [_document(value) for _, value, _ in some]
        where = [max(0, bisect_right(firsts, id) - 1) for id in ids]
        numbers, jsons = [number for number, _, _ in some], [content for _, _, content in some]
        scatter(pa.table([numbers, ids, jsons], schema=_schema()), where, len(firsts), folder / f"{chunks:06}.parquet")
        chunks, count = chunks + 1, count + len(some)
    return {"tasks": count}


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("number", pa.int64()), ("document", pa.string()), ("task", pa.binary())])


def _document(task: Any) -> str:
    data = task.get("data") if isinstance(task, dict) else None
    id = data.get("id") if isinstance(data, dict) else None
    return id if isinstance(id, str) else ""


def _taken(job: Conversion, target: str, folder: Path) -> Mapping[str, int]:
    import pyarrow.parquet as pq

    head = head_at(job.root, job.head)
    table = gather(job.chunks, job.number, _schema())
    waiting: dict[str, list[tuple[int, bytes]]] = {}
    for number, id, task in zip(*(column.to_pylist() for column in table.columns), strict=True):
        waiting.setdefault(id, []).append((number, task))
    found: list[Located] = []
    counts = {"sets": 0}

    def written() -> Iterator[bytes]:
        for batch in uncollected(batches(job.shard)):
            found.extend(batch.unread)
            corpus = corpus_of(batch.bundles, head)
            for bundle, line in zip(batch.bundles, batch.lines, strict=True):
                marked, wrong = _marked(waiting.pop(bundle.document.id, []), bundle, corpus, job.annotator)
                found.extend(Located(job.name, line, _finding(bundle.document.id, job, message)) for message in wrong)
                if marked is not None:
                    counts["sets"] += 1
                    bundle = structs.replace(
                        bundle, sets=tuple(sorted((*bundle.sets, marked), key=lambda one: one.annotator))
                    )
                yield record(bundle)

    write_records(target, written())
    for id, left in waiting.items():
        for number, _ in left:
            found.append(
                Located("", number, _finding(id, job, f"task {number} tells {id!r}, no document of the shards"))
            )
    pq.write_table(rows(sorted(found)), folder / FINDINGS, compression="zstd")
    return counts


def _marked(
    waiting: list[tuple[int, bytes]], bundle: Bundle, corpus: Corpus, annotator: str
) -> tuple[AnnotationSet | None, list[str]]:
    """The set that a document's tasks say, if it is a new one; and what is wrong with them."""
    if len(waiting) > 1:
        return None, [f"{len(waiting)} tasks ({', '.join(str(n) for n, _ in waiting)}) of it; expected one"]
    for number, content in waiting:
        place = f"task {number}"
        try:
            task = parse(content, place=place)
            if not done(task):
                return None, []
            marked = from_task(task, corpus, annotator)
        except StandoffError as error:
            return None, [str(error)]
        there = corpus.sets.get((annotator, bundle.document.id))
        if there is None:
            return marked, []
        if there != marked:
            return None, [
                f"{place} says another set than the one of {len(there.annotations)} annotations that is there"
            ]
    return None, []


def _finding(id: str, job: Conversion, message: str) -> Finding:
    file = f"annotations/sets/{job.annotator}/{id}.json"
    return Finding(file, id, "", "studio-unreadable", "error", message)
