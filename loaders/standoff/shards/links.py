"""Entities decided to be the same as one of another document: what must be known of that one, wherever it stands.

Each shard tells which documents its decisions lead to; of those documents, whoever has them writes down the entities
and the decisions on them, and nothing else. Whoever reads a shard then finds beside its documents what they lead to,
from one decision to the next. Only names of documents are ever held together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.canon import canonical
from standoff.engine import Crew, Receipt, key_of, run, settled
from standoff.errors import FileError
from standoff.model import Decisions, Progress, silent
from standoff.shards.bundle import Bundle, batches, parse, record
from standoff.shards.streams import digest, name_of, records, write_records

__all__ = ["Links", "beside", "find_links", "linked", "write_stubs"]

_FOUND, _WANTED, _STUBS, _SUMS = "links.json", "wanted.json", "stubs.jsonl", "sums.json"


class _Name(Struct, frozen=True):
    id: str


class _Entity(Struct, frozen=True):
    outcome: str
    into: str = ""


class _Entities(Struct, frozen=True):
    entities: tuple[_Entity, ...] = ()


class _Known(Struct, frozen=True):
    """As much of a record as its links are told by."""

    document: _Name
    decisions: _Entities | None = None


class LinkJob(Struct, frozen=True, kw_only=True):
    """One shard whose links are sought, or from which others want something."""

    shard: str
    work: Path
    wanted: str = ""
    """The digest of the list of what others want."""

    def folder(self, step: str) -> Path:
        """Where the outputs of a step stand."""
        return self.work / "links" / step / name_of(self.shard)


class Links(Struct, frozen=True):
    """What the documents of one shard lead to."""

    stubs: dict[str, tuple[Path, str]] = {}
    """Document -> the file with its stub, and the stub's digest."""

    @property
    def key(self) -> dict[str, str]:
        """What tells these links from others."""
        return {id: digest for id, (_, digest) in sorted(self.stubs.items())}

    def read(self) -> dict[str, Bundle]:
        """Document -> its entities, and the decisions on them."""
        found: dict[str, Bundle] = {}
        for path in sorted({path for path, _ in self.stubs.values()}):
            stubs = (parse(content) for _, content in records(str(path)))
            found |= {one.document.id: one for one in stubs if self.stubs.get(one.document.id, ("",))[0] == path}
        return found


def linked(shards: Sequence[str], work: Path, crew: Crew, progress: Progress = silent) -> list[Links]:
    """What the documents of each shard lead to, directly or by what they lead to."""
    jobs = [LinkJob(shard=shard, work=work) for shard in shards]
    receipts = run(find_links, jobs, crew, what="decisions on entities of other documents", progress=progress)
    if not any(receipt.counts["links"] for receipt in receipts):
        return [Links() for _ in shards]
    of: list[dict[str, tuple[str, ...]]] = [
        msgspec.json.decode((job.folder("found") / _FOUND).read_bytes(), type=dict[str, tuple[str, ...]])
        for job in jobs
    ]
    edges = {id: to for found in of for id, to in found.items()}
    wanted = canonical(sorted({target for to in edges.values() for target in to}))
    files.write(work / "links" / _WANTED, wanted)
    jobs = [structs.replace(job, wanted=sha256(wanted.encode()).hexdigest()) for job in jobs]
    run(write_stubs, jobs, crew, what="entities of other documents", progress=progress)
    stubs: dict[str, tuple[Path, str]] = {}
    for job in reversed(jobs):
        folder = job.folder("stubs")
        sums = msgspec.json.decode((folder / _SUMS).read_bytes(), type=dict[str, str])
        stubs |= {id: (folder / _STUBS, sum_) for id, sum_ in sums.items()}
    return [Links({id: stubs[id] for id in _reached(found, edges) if id in stubs}) for found in of]


def _reached(begin: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """The documents that some lead to, directly or not."""
    found: set[str] = set()
    waiting = [*begin]
    while waiting:
        for id in edges.get(waiting.pop(), ()):
            if id not in found:
                found.add(id)
                waiting.append(id)
    return found


def find_links(job: LinkJob) -> Receipt:
    """Takes down which documents of a shard lead to which others."""
    return settled(job.folder("found"), key_of("links", digest(job.shard)), lambda folder: _find(job, folder))


def _find(job: LinkJob, folder: Path) -> dict[str, int]:
    found: dict[str, tuple[str, ...]] = {}
    decode = msgspec.json.Decoder(_Known).decode
    for one in _readable(job.shard, decode):
        if one.decisions and (to := _targets(one.document.id, one.decisions.entities)):
            found[one.document.id] = to
    (folder / _FOUND).write_text(canonical(found), encoding="utf-8")
    return {"links": len(found)}


def _readable(shard: str, decode: Any) -> Iterable[_Known]:
    """The records of a shard that can be read; what is wrong with the others is told where they are checked."""
    try:
        for _, content in records(shard):
            try:
                yield decode(content)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
    except FileError:
        return


def _targets(document: str, entities: Iterable[Any]) -> tuple[str, ...]:
    """The other documents that a document's decisions on entities lead to."""
    into = {one.into.partition("/")[2].partition("#")[0] for one in entities if one.outcome == "same"}
    return tuple(sorted(into - {document, ""}))


def write_stubs(job: LinkJob) -> Receipt:
    """Writes down what others want of a shard's documents."""
    key = key_of("stubs", digest(job.shard), job.wanted)
    return settled(job.folder("stubs"), key, lambda folder: _stubs(job, folder))


def _stubs(job: LinkJob, folder: Path) -> dict[str, int]:
    wanted = set(msgspec.json.decode((job.work / "links" / _WANTED).read_bytes(), type=list[str]))
    sums: dict[str, str] = {}

    def found() -> Iterable[bytes]:
        for batch in batches(job.shard):
            for bundle in batch.bundles:
                id = bundle.document.id
                if id in wanted and id not in sums:
                    content = record(_stub(bundle))
                    sums[id] = sha256(content).hexdigest()
                    yield content

    count = write_records(str(folder / _STUBS), found())
    (folder / _SUMS).write_text(canonical(sums), encoding="utf-8")
    return {"stubs": count}


def _stub(bundle: Bundle) -> Bundle:
    """Of a document, its entities and the decisions on them."""
    page = bundle.document
    decided = bundle.decisions and Decisions(page.id, entities=bundle.decisions.entities)
    return Bundle(
        document=structs.replace(page, title="", text="", dropped=()),
        sets=tuple(structs.replace(marked, annotations=()) for marked in bundle.sets),
        decisions=decided,
    )


def beside(found: Iterable[Bundle], stubs: Mapping[str, Bundle]) -> list[Bundle]:
    """What stands beside some documents of what they lead to."""
    if not stubs:
        return []
    own = {one.document.id: one for one in found}
    known = {**stubs, **own}
    edges = {id: _targets(id, one.decisions.entities) for id, one in known.items() if one.decisions}
    return [stubs[id] for id in sorted(_reached(own, edges)) if id in stubs and id not in own]
