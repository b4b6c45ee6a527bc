"""One shard: what is wrong with each of its documents, and what rules on many documents must know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from standoff import files
from standoff.canon import listings
from standoff.engine import Receipt, key_of, settled
from standoff.errors import EngineError
from standoff.model import GOLD, Corpus, Finding
from standoff.shards.bundle import Batch, Bundle, Located, batches, corpus_of, head_of, raw_of
from standoff.shards.facts import Facts
from standoff.shards.links import Links, beside
from standoff.shards.memory import uncollected
from standoff.shards.rows import rows, schema
from standoff.shards.streams import digest, name_of
from standoff.validate import RULES, document_findings
from standoff.validate.work import Context

__all__ = ["FINDINGS", "ShardJob", "check_shard", "head_at", "head_key", "told", "write_check"]

FINDINGS = "findings.parquet"

_LISTED = ("document-split", "document-rights", "withdrawn-again")
"""Rules on lists of the corpus, of which a record has its document's entry."""

_DERIVED = ("decision", "decision-current", "gold-current")
"""Rules on what is derived document by document."""


class ShardJob(Struct, frozen=True, kw_only=True):
    """One shard of a corpus that is worked on."""

    shard: str
    number: int
    """By the order of the shards."""
    root: Path
    """The folder with the schema and what belongs to no one document."""
    head: str
    """What is expected to be there: see `head_key`."""
    work: Path
    buckets: int
    links: Links = Links()

    @property
    def folder(self) -> Path:
        """Where the outputs of its check stand."""
        return self.work / "checked" / name_of(self.shard)


def head_key(head: Corpus) -> str:
    """What tells one head of a corpus from another."""
    return key_of(head.scheme.files, dict(listings(head)))


@lru_cache(1)
def head_at(root: Path, key: str) -> Corpus:
    """The head of the corpus in a folder, read once by each process.

    Raises:
        EngineError: it is not the one that the work began with.
    """
    head = head_of(files.read(root))
    if (found := head_key(head)) != key:
        raise EngineError(
            f"schema, listings or code are {found}, but the work was begun with {key}; expected the same on all "
            "machines, and nothing changed meanwhile: start again",
            place=str(root),
        )
    return head


def check_shard(job: ShardJob) -> Receipt:
    """Checks a shard, unless that was done before; its folder holds findings and facts afterwards."""
    key = key_of("check", digest(job.shard), name_of(job.shard), job.number, job.head, job.buckets, job.links.key)
    return settled(job.folder, key, lambda folder: write_check(job, folder))


def write_check(job: ShardJob, folder: Path) -> dict[str, int]:
    """Writes findings and facts of a shard into a folder, and counts them."""
    import pyarrow.parquet as pq

    head, facts = head_at(job.root, job.head), Facts(job.number)
    stubs = job.links.read()
    counts = {"documents": 0, "unread": 0, "errors": 0, "warnings": 0}
    with pq.ParquetWriter(folder / FINDINGS, schema(), compression="zstd") as writer:
        for batch in uncollected(batches(job.shard)):
            corpus = corpus_of(batch.bundles, head)
            facts.add(batch, corpus)
            found = sorted((*batch.unread, *_located(batch, corpus, job, stubs)))
            if found:
                writer.write_table(rows(found))
            counts["documents"] += len(batch.bundles)
            counts["unread"] += len(batch.unread)
            counts["errors"] += sum(one.finding.severity == "error" for one in found)
            counts["warnings"] += sum(one.finding.severity == "warning" for one in found)
    facts.write(folder, job.buckets)
    return counts


def _located(batch: Batch, corpus: Corpus, job: ShardJob, stubs: Mapping[str, Bundle]) -> Iterator[Located]:
    name = job.shard.rpartition("/")[2]
    lines = {bundle.document.id: line for bundle, line in zip(batch.bundles, batch.lines, strict=True)}
    places = {
        f"{folder}/{bundle.document.id}.json": lines[bundle.document.id]
        for bundle in batch.bundles
        for folder in (
            "corpus/documents",
            "corpus/segments",
            "annotations/decisions",
            f"annotations/{GOLD}",
            *(f"annotations/sets/{marked.annotator}" for marked in bundle.sets),
        )
    }
    for finding in document_findings(corpus, raw=raw_of(batch.bundles)):
        yield Located(name, places[finding.file], finding)
    context = Context(corpus, {}, frozenset())
    for finding in told(context, *_LISTED):
        yield Located(name, lines[finding.id], finding)
    yield from _derived(batch, corpus, stubs, lambda finding: Located(name, places.get(finding.file, 0), finding))


def _derived(
    batch: Batch, corpus: Corpus, stubs: Mapping[str, Bundle], located: Callable[[Finding], Located]
) -> Iterator[Located]:
    """What is wrong with what documents are derived from, and with what was derived."""

    def part(found: Sequence[Bundle]) -> tuple[Context, set[str]]:
        """What is derived together, and the files in it that are told of where they stand: others lead to them."""
        more = beside(found, stubs)
        others = {f"annotations/{kind}/{one.document.id}.json" for one in more for kind in ("decisions", GOLD)}
        return Context(corpus_of([*found, *more], corpus), {}, frozenset()), others

    parts = [part(batch.bundles)]
    if parts[0][0].adjudication.found is None:
        # One document that cannot be derived would hide what is wrong with all that it is derived with.
        parts = [part([bundle]) for bundle in batch.bundles]
    for context, others in parts:
        for finding in told(context, *_DERIVED):
            if finding.file not in others:
                yield located(finding)


def told(context: Context, *ids: str) -> Iterator[Finding]:
    """What some rules on a whole corpus find in this one."""
    for rule in RULES:
        if rule.id in ids and rule.subject == "corpus":
            for id, field, message in rule.find(context):
                yield Finding(rule.file, id, field, rule.id, rule.severity, message)
        elif rule.id in ids:
            for file, id, field, message in rule.find(context):
                yield Finding(file, id, field, rule.id, rule.severity, message)
