"""All that is wrong with a corpus in shards, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

from msgspec import Struct, structs

from standoff import files
from standoff.engine import Crew, Engine, Receipt, hired, key_of, run
from standoff.errors import UsageError
from standoff.model import Corpus, Progress, silent
from standoff.shards.across import BucketJob, check_bucket, compare_bucket, fetch_texts
from standoff.shards.bundle import Located, batches, corpus_of, head_of
from standoff.shards.checking import FINDINGS, ShardJob, check_shard, head_key, told
from standoff.shards.links import linked
from standoff.shards.rows import located, rows, schema
from standoff.shards.streams import size
from standoff.validate import corpus_findings
from standoff.validate.duplicates import FEW
from standoff.validate.work import Context

__all__ = ["Checked", "validate_shards"]

_BUCKET = 1 << 25
"""Bytes of shards whose facts make one bucket: some ten thousand documents, which take 200 MB to look at together."""

_CHUNK = 4096


class Checked(Struct, frozen=True, kw_only=True):
    """What became of a check of shards."""

    documents: int
    unread: int
    """Records that could not be read."""
    errors: int
    warnings: int
    table: Path
    """The findings, by shard and line; those of no record are first."""


def validate_shards(
    root: Path, shards: Sequence[str], work: Path, *, engine: Engine | Crew | None = None, progress: Progress = silent
) -> Checked:
    """Checks a corpus in shards by all rules but those on earlier releases.

    What is finished is not done again where the work is begun anew: it is known by the digests of the shard, of schema
    and listings, and of the code. The same shards give the same table, whatever the engine.

    Args:
        root: the folder with schema/ and the listings; documents that stand there are not checked.
        shards: in their order.
        work: a folder that all workers see, for what is finished, and for the table.

    Raises:
        UsageError: there are many documents, and the library that finds near-duplicates among many is not installed.
        EngineError: see `standoff.engine.run`.
        FileError, RecordError, SchemaError: the folder cannot be read; see `standoff.files.read`.
    """
    root, work = root.resolve(), work.resolve()
    head = head_of(files.read(root))
    key = head_key(head)
    buckets = max(1, sum(map(size, shards)) // _BUCKET)
    with hired(engine) as crew:
        jobs = [
            ShardJob(shard=shard, number=n, root=root, head=key, work=work, buckets=buckets, links=links)
            for n, (shard, links) in enumerate(zip(shards, linked(shards, work, crew, progress), strict=True))
        ]
        receipts = run(check_shard, jobs, crew, what="validating shards", progress=progress)
        documents = sum(receipt.counts["documents"] for receipt in receipts)
        one = BucketJob(
            number=0,
            key=key_of("across", [receipt.key for receipt in receipts], list(shards)),
            shards=tuple(shards),
            root=root,
            head=key,
            work=work,
            buckets=buckets,
        )
        across = _across(one, documents, crew, progress)
    whole = [Located("", 0, finding) for finding in corpus_findings(head)]
    if documents <= FEW:
        whole += _few(shards, head)
    table = work / FINDINGS
    counted = _joined(whole, across, [job.folder / FINDINGS for job in jobs], table)
    return Checked(
        documents=documents,
        unread=sum(receipt.counts["unread"] for receipt in receipts),
        errors=counted.get("error", 0),
        warnings=counted.get("warning", 0),
        table=table,
    )


def _across(job: BucketJob, documents: int, crew: Crew, progress: Progress) -> list[Path]:
    """Checks what documents have to do with each other; gives the tables of what was found."""
    buckets = [structs.replace(job, number=n) for n in range(job.buckets)]
    receipts: list[Receipt] = run(check_bucket, buckets, crew, what="across documents", progress=progress)
    steps = ["across"]
    if documents > FEW:
        _installed(documents)
        if any(receipt.counts["pairs"] for receipt in receipts):
            shards = [structs.replace(job, number=n) for n in range(len(job.shards))]
            run(fetch_texts, shards, crew, what="texts that may be alike", progress=progress)
            run(compare_bucket, buckets, crew, what="near-duplicates", progress=progress)
            steps.append("alike")
    return [bucket.folder(step) / FINDINGS for step in steps for bucket in buckets]


def _installed(documents: int) -> None:
    from importlib.util import find_spec

    if find_spec("rensa") is None:
        raise UsageError(
            f"near-duplicates among {documents} documents are sought with rensa, which is not installed; "
            "expected it: pip install 'standoff[dedup]'"
        )


def _few(shards: Iterable[str], head: Corpus) -> Iterator[Located]:
    """Near-duplicates among few documents, each held against each."""
    found = {
        bundle.document.id: (shard.rpartition("/")[2], line, bundle)
        for shard in reversed(list(shards))
        for batch in batches(shard)
        for bundle, line in zip(batch.bundles, batch.lines, strict=True)
    }
    context = Context(corpus_of([bundle for _, _, bundle in found.values()], head), {}, frozenset())
    for finding in told(context, "near-duplicate"):
        shard, line, _ = found[finding.id]
        yield Located(shard, line, finding)


def _joined(whole: list[Located], across: list[Path], shards: list[Path], table: Path) -> dict[str, int]:
    """Writes all findings into one table, by shard and line; says how many there are of each severity."""
    import pyarrow.parquet as pq

    # Each stream is in order by itself, a line of a shard among them; so is what they make together.
    own = (one for path in shards for one in located([path]))
    found = merge(iter(sorted(whole)), *(located([path]) for path in across), own)
    counts: dict[str, int] = {}
    aside = table.with_name(f".{table.name}")
    with pq.ParquetWriter(aside, schema(), compression="zstd") as writer:
        while chunk := list(islice(found, _CHUNK)):
            writer.write_table(rows(chunk))
            for one in chunk:
                counts[one.finding.severity] = counts.get(one.finding.severity, 0) + 1
    aside.replace(table)
    return counts
