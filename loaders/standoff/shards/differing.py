"""What is otherwise in one corpus than in another, where either may stand in shards: the diff of `standoff.diff`.

Documents are found together by their ids, whatever the order and the cut into shards. Every record is read once and
known by the digest of its canonical form; only those of which the two sides have other ones are read again and
compared. What is told goes into tables by bucket, in order; the whole is their merge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from standoff.diff import diff
from standoff.diff.counting import Census
from standoff.diff.values import Change, Diff
from standoff.engine import Crew, Engine, Receipt, hired, key_of, run, settled
from standoff.model import Corpus, Progress, Splits, silent
from standoff.shards.bundle import Located
from standoff.shards.checking import FINDINGS
from standoff.shards.columns import table_of, tuples_of
from standoff.shards.leaving import doubled, joined
from standoff.shards.memory import uncollected
from standoff.shards.rows import rows
from standoff.shards.scatter import bucket_of, gather, scatter
from standoff.shards.sides import (
    EVENTS,
    Piece,
    Side,
    corpus_of_pieces,
    event_schema,
    pieces,
    put_events,
    read_piece,
)
from standoff.shards.streams import digest, name_of, records, size
from standoff.shards.telling import TEXTS, TOLD, Form, Told, document_parts, shown, told_row, write_told

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Differing", "diff_sides"]

IDS, LEFT, WANTED, PIECES = "ids.parquet", "left.parquet", "wanted.parquet", "pieces.parquet"

_BUCKET = 1 << 23
"""Bytes of the shards of both sides that make one bucket: what must be held where all of it changed, ten times over."""

_BATCH = 64


class Differing(Struct, frozen=True, kw_only=True):
    """What became of a comparison."""

    told: tuple[Path, ...]
    """Tables of what changed in documents and events, each in order."""
    head: Diff
    """What changed of all that is no document's."""
    findings: Path
    left_out: int
    """Findings: records that are left out of the comparison."""
    sides: tuple[Side, Side]

    def shown(self, form: Form, old: str, new: str) -> tuple[Census, Iterator[str]]:
        """The numbers of the diff, and all of it, piece by piece, in the form for which it was made.

        Args:
            old: what the first corpus is called.
            new: what the second one is called.
        """
        schemes = self.sides[0].read_scheme(), self.sides[1].read_scheme()
        return shown(self.head, self.told, form, names=(old, new), schemes=schemes)


class Job(Struct, frozen=True, kw_only=True):
    """One shard of a side, or one bucket of both sides."""

    number: int
    key: str
    """What it is made from."""
    side: int = 0
    sides: tuple[Side, Side]
    work: Path
    buckets: int
    form: Form

    def folder(self, step: str, number: int | None = None) -> Path:
        """Where the outputs of a step on a bucket stand."""
        return self.work / step / f"{self.number if number is None else number:05}"

    def of_side(self, step: str, side: int) -> list[Path]:
        """Where the outputs of a step on each shard of a side stand."""
        of = self.sides[side]
        return [of.folder / step / name_of(shard) for shard in of.shards]


def diff_sides(
    a: tuple[Side, Corpus],
    b: tuple[Side, Corpus],
    work: Path,
    form: Form,
    *,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Differing:
    """Compares two sides. The same corpora give the same diff, whatever the cut into shards, and whatever the engine.

    A record that cannot be read, and a document that stands more than once on a side, is a finding, and is left out of
    the comparison on both sides. Where gold says that it derives from another document's annotations, which no rule
    allows, new ids of those are not seen through.

    Args:
        a: with the head of its corpus, and its events where it was in memory; see `standoff.shards.sides.opened_side`.
        work: a folder that all workers see, for what is finished.
        form: in which it will be told.

    Raises:
        FileError: a shard is missing.
        EngineError: see `standoff.engine.run`.
    """
    sides, heads = (a[0], b[0]), (a[1], b[1])
    buckets = max(1, sum(size(shard) for side in sides for shard in side.shards) // _BUCKET)
    events = [
        put_events(side, head.splits.events, buckets) for side, head in zip(sides, heads, strict=True) if side.held
    ]
    one = Job(number=0, key="", sides=sides, work=work, buckets=buckets, form=form)
    shards = [structs.replace(one, number=n, side=at) for at, side in enumerate(sides) for n in range(len(side.shards))]
    with hired(engine) as crew:
        noted: list[Receipt] = run(note_shard, shards, crew, what="reading both sides", progress=progress)
        schemes = [side.scheme for side in sides]
        known = [digest(str(path)) for path in events]
        key = key_of("diff", form, buckets, schemes, known, [receipt.key for receipt in noted])
        each = [structs.replace(one, number=n, key=key) for n in range(buckets)]
        run(match_bucket, each, crew, what="finding what differs", progress=progress)
        run(compare_events, each, crew, what="comparing events", progress=progress)
        again = [structs.replace(job, key=key) for job in shards]
        run(fetch_pieces, again, crew, what="reading what differs", progress=progress)
        run(compare_bucket, each, crew, what="comparing", progress=progress)
    found = [path / FINDINGS for at in (0, 1) for path in one.of_side("noted", at)]
    found += [job.folder("matched") / FINDINGS for job in each]
    bare = [structs.replace(head, splits=Splits()) for head in heads]
    return Differing(
        told=tuple(job.folder(step) / TOLD for step in ("compared", "events") for job in each),
        head=diff(*bare),
        findings=work / FINDINGS,
        left_out=joined(found, work / FINDINGS),
        sides=sides,
    )


def note_shard(job: Job) -> Receipt:
    """Takes down by which digest each document of a shard is known, and which events it belongs to."""
    side = job.sides[job.side]
    shard = side.shards[job.number]
    key = key_of("note", digest(shard), shard, job.number, side.held, job.buckets)
    return settled(side.folder / "noted" / name_of(shard), key, lambda folder: _noted(job, folder))


def match_bucket(job: Job) -> Receipt:
    """Finds which documents of a bucket differ, and where they stand."""
    return settled(job.folder("matched"), job.key, lambda folder: _matched(job, folder))


def compare_events(job: Job) -> Receipt:
    """Compares the events of a bucket."""
    return settled(job.folder("events"), job.key, lambda folder: _events(job, folder))


def fetch_pieces(job: Job) -> Receipt:
    """Takes those documents out of a shard that differ."""
    side = job.sides[job.side]
    folder = side.folder / "fetched" / name_of(side.shards[job.number])
    return settled(folder, job.key, lambda folder: _fetched(job, folder))


def compare_bucket(job: Job) -> Receipt:
    """Compares the documents of a bucket that differ, and tells what changed."""
    return settled(job.folder("compared"), job.key, lambda folder: _compared(job, folder))


def _noted(job: Job, folder: Path) -> Mapping[str, int]:
    import pyarrow.parquet as pq

    ids: list[tuple[str, bytes, int, int]] = []
    events: list[tuple[str, int, str]] = []
    unread: list[Located] = []
    for some in uncollected(pieces(job.sides[job.side], job.number)):
        for line, piece, of in some.pieces:
            ids.append((piece.id, blake2b(piece.record(), digest_size=16).digest(), job.number, line))
            events.extend((event, 0, piece.id) for event in of)
        unread += some.unread
        # What a record that cannot be read says is not known: it has no digest.
        ids += [(one.finding.id, b"", job.number, one.line) for one in some.unread if one.finding.id]
    scatter(table_of(ids, _id_schema()), [bucket_of(row[0], job.buckets) for row in ids], job.buckets, folder / IDS)
    where = [bucket_of(row[0], job.buckets) for row in events]
    scatter(table_of(events, event_schema()), where, job.buckets, folder / EVENTS)
    pq.write_table(rows(sorted(unread)), folder / FINDINGS, compression="zstd")
    return {"documents": len(ids), "unread": len(unread)}


def _matched(job: Job, folder: Path) -> Mapping[str, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known: list[dict[str, list[tuple[bytes, int, int]]]] = [{}, {}]
    for at, of in enumerate(known):
        for id, told, shard, line in tuples_of(gather(_each(job, "noted", at, IDS), job.number, _id_schema())):
            of.setdefault(id, []).append((told, shard, line))
    found: list[Located] = []
    left: set[str] = set()
    for of, side in zip(known, job.sides, strict=True):
        left.update(id for id, places in of.items() if len(places) > 1 or not places[0][0])
        # Of records that cannot be read enough is told already.
        found += doubled({id: [place[1:] for place in places if place[0]] for id, places in of.items()}, side.shards)
    wanted: list[tuple[int, int, int, int]] = []
    for id in (known[0].keys() | known[1].keys()) - left:
        places = [of.get(id) for of in known]
        if places[0] is None or places[1] is None or places[0][0][0] != places[1][0][0]:
            wanted += [(at, *place[0][1:], job.number) for at, place in enumerate(places) if place]
    scatter(table_of(wanted, _wanted_schema()), [row[1] % job.buckets for row in wanted], job.buckets, folder / WANTED)
    pq.write_table(pa.table({"document": pa.array(sorted(left), pa.string())}), folder / LEFT)
    pq.write_table(rows(sorted(found)), folder / FINDINGS, compression="zstd")
    return {"wanted": len(wanted), "left": len(left)}


def _events(job: Job, folder: Path) -> Mapping[str, int]:
    import pyarrow.parquet as pq

    left: set[str] = set()
    for n in range(job.buckets):
        left.update(pq.read_table(job.folder("matched", n) / LEFT)["document"].to_pylist())
    known: list[dict[str, tuple[str, ...]]] = []
    for at, side in enumerate(job.sides):
        paths = [side.folder / EVENTS] if side.held else _each(job, "noted", at, EVENTS)
        groups: dict[str, list[tuple[int, str]]] = {}
        table = gather(paths, job.number, event_schema())
        for event, place, id in tuples_of(table):
            of = groups.setdefault(event, [])
            if id is not None and id not in left:
                of.append((place, id))
        empty = {event for event, _, id in tuples_of(table) if id is None}
        known.append({event: tuple(id for _, id in sorted(of)) for event, of in groups.items() if of or event in empty})
    a, b = known
    changes = [Change(event, a.get(event), b.get(event)) for event in sorted(a.keys() | b.keys())]
    found = [told_row(Diff(events=(one,)), "", one.id, job.form) for one in changes if one.old != one.new]
    write_told(found, folder)
    return {"events": len(found)}


def _fetched(job: Job, folder: Path) -> Mapping[str, int]:
    side = job.sides[job.side]
    matched = [job.folder("matched", n) / WANTED for n in range(job.buckets)]
    wanted = {
        line: bucket
        for at, shard, line, bucket in tuples_of(gather(matched, job.number % job.buckets, _wanted_schema()))
        if (at, shard) == (job.side, job.number)
    }
    found: list[tuple[str, bytes]] = []
    where: list[int] = []
    # Whoever wants nothing need not be read again.
    for line, content in records(side.shards[job.number]) if wanted else ():
        if line in wanted:
            piece = read_piece(side, content)
            found.append((piece.id, piece.record()))
            where.append(wanted[line])
    scatter(table_of(found, _piece_schema()), where, job.buckets, folder / PIECES)
    return {"pieces": len(found)}


def _compared(job: Job, folder: Path) -> Mapping[str, int]:
    known = [dict(tuples_of(gather(_each(job, "fetched", at, PIECES), job.number, _piece_schema()))) for at in (0, 1)]
    ids = sorted(known[0].keys() | known[1].keys())
    schemes = [side.read_scheme() for side in job.sides]
    found: list[Told] = []
    texts: list[tuple[str, bytes | None, bytes | None]] = []
    for some in uncollected(ids[n : n + _BATCH] for n in range(0, len(ids), _BATCH)):
        sides = [
            corpus_of_pieces([Piece.read(of[id]) for id in some if id in of], scheme)
            for of, scheme in zip(known, schemes, strict=True)
        ]
        for who, id, part in document_parts(diff(*sides)):
            found.append(told_row(part, who, id, job.form))
    if job.form == "html":
        changed = sorted({one.id for one in found})
        texts = [(id, known[0].get(id), known[1].get(id)) for id in changed]
    write_told(sorted(found, key=lambda one: one.key), folder)
    _write_texts(texts, folder / TEXTS)
    return {"compared": len(ids), "told": len(found)}


def _write_texts(found: Sequence[tuple[str, bytes | None, bytes | None]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = pa.schema([("document", pa.string()), ("old", pa.binary()), ("new", pa.binary())])
    pq.write_table(table_of(found, known), path, row_group_size=8, compression="zstd")


def _each(job: Job, step: str, side: int, name: str) -> list[Path]:
    return [path / name for path in job.of_side(step, side)]


def _id_schema() -> pa.Schema:
    import pyarrow as pa

    number = pa.int64()
    return pa.schema([("document", pa.string()), ("digest", pa.binary()), ("shard", number), ("line", number)])


def _wanted_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.int64()) for name in ("side", "shard", "line", "bucket")])


def _piece_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("document", pa.string()), ("record", pa.binary())])
