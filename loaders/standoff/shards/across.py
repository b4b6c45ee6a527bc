"""Rules on many documents at once, out of core: each bucket of facts by itself, on one machine or many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs

from standoff.engine import Receipt, settled
from standoff.model import GOLD, Corpus, Document, Fact, Finding, Source, Splits
from standoff.shards.bundle import Located
from standoff.shards.checking import FINDINGS, head_at, told
from standoff.shards.facts import schemas
from standoff.shards.rows import rows
from standoff.shards.scatter import gather, scatter
from standoff.shards.streams import name_of, records
from standoff.validate.duplicates import near
from standoff.validate.forms import Form, Use, odd_ones
from standoff.validate.work import Context

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BucketJob", "check_bucket", "compare_bucket", "fetch_texts", "only_text"]

PAIRS, WANTED, TEXTS = "pairs.parquet", "wanted.parquet", "texts.parquet"

_PLACES = 1 << 40
"""A place is one number: the shard's times this, and the line."""


class _Text(Struct, frozen=True):
    id: str
    text: str


class _Told(Struct, frozen=True):
    """As much of a record as near-duplicates are told by."""

    document: _Text
    split: str


class BucketJob(Struct, frozen=True, kw_only=True):
    """One bucket of the facts of all shards, or one shard whose texts are wanted."""

    number: int
    key: str
    """What the shards' checks were made from, all together."""
    shards: tuple[str, ...]
    root: Path
    head: str
    work: Path
    buckets: int

    def of_shards(self, name: str) -> list[Path]:
        """A file of every shard's check."""
        return [self.work / "checked" / name_of(shard) / name for shard in self.shards]

    def folder(self, step: str, number: int | None = None) -> Path:
        """Where the outputs of a step on a bucket, or on a shard, stand."""
        return self.work / step / f"{self.number if number is None else number:05}"

    def place(self, shard: int, line: int, finding: Finding) -> Located:
        """A finding with the name of its shard."""
        return Located(self.shards[shard].rpartition("/")[2], line, finding)


def check_bucket(job: BucketJob) -> Receipt:
    """Checks ids, events and forms of a bucket, and takes down which pairs of documents may be alike."""
    return settled(job.folder("across"), job.key, lambda folder: _across(job, folder))


def fetch_texts(job: BucketJob) -> Receipt:
    """Takes the texts out of a shard (the job's number) that are to be compared."""
    return settled(job.folder("texts"), job.key, lambda folder: _texts(job, folder))


def compare_bucket(job: BucketJob) -> Receipt:
    """Compares the pairs of a bucket, text with text."""
    return settled(job.folder("alike"), job.key, lambda folder: _alike(job, folder))


def _across(job: BucketJob, folder: Path) -> dict[str, int]:
    head, known = head_at(job.root, job.head), schemas()
    facts = {kind: gather(job.of_shards(f"{kind}.parquet"), job.number, known[kind]) for kind in ("ids", "events")}
    found = [*_ids(job, facts["ids"]), *_events(job, facts["events"], head)]
    found += _forms(job, gather(job.of_shards("forms.parquet"), job.number, known["forms"]))
    pairs = _candidates(gather(job.of_shards("bands.parquet"), job.number, known["bands"]))
    _write_pairs(pairs, job.buckets, folder)
    return {"pairs": len(pairs), **_write_findings(found, folder)}


def _ids(job: BucketJob, table: pa.Table) -> Iterator[Located]:
    """A document stands once in all shards."""
    places: dict[str, list[tuple[int, int]]] = {}
    for id, *place in _tuples(table):
        places.setdefault(id, []).append((place[0], place[1]))
    for id, found in places.items():
        first, *others = sorted(found)
        for shard, line in others:
            where = f"{job.shards[first[0]].rpartition('/')[2]}:{first[1]}"
            message = f"document {id!r} stands {len(found)} times, first in {where}; expected it once"
            file = job.shards[shard].rpartition("/")[2]
            yield job.place(shard, line, Finding(file, id, "document.id", "record-shape", "error", message))


def _events(job: BucketJob, table: pa.Table, head: Corpus) -> Iterator[Located]:
    events: dict[str, list[str]] = {}
    splits: dict[str, Any] = {}
    places: dict[str, tuple[int, int]] = {}
    for event, id, split, *place in sorted(_tuples(table), key=lambda row: (row[0], row[1])):
        events.setdefault(event, []).append(id)
        places.setdefault(event, (place[0], place[1]))
        if split is not None:
            splits[id] = split
    of = structs.replace(head, splits=Splits(splits, {event: tuple(ids) for event, ids in events.items()}))
    for finding in told(Context(of, {}, frozenset()), "event-split"):
        yield job.place(*places[finding.id], finding)


def _forms(job: BucketJob, table: pa.Table) -> Iterator[Located]:
    import pyarrow.compute as pc

    by = ["layer", "annotator", "form"]
    # Few forms have two labels: only these are worth a look one by one.
    counted = table.group_by(by).aggregate([("label", "count_distinct")])
    doubtful = counted.filter(pc.equal(counted["label_count_distinct"], 2)).select(by)
    found: dict[Form, dict[str, Use]] = {}
    places: dict[tuple[str, str], tuple[int, int]] = {}
    rows = table.join(doubtful, by, join_type="inner").select(table.schema.names) if len(doubtful) else doubtful
    # A join keeps no order.
    for layer, who, form, label, count, id, of, entities, *place in sorted(_tuples(rows), key=lambda row: row[-2:]):
        places.setdefault((who, id), (place[0], place[1]))
        use = Use(count, id, of, None if entities is None else tuple(entities.split("\n")))
        labels = found.setdefault((layer, who, form), {})
        if label in labels:
            labels[label].add(use)
        else:
            labels[label] = use
    for form, labels in found.items():
        for document, id, message in odd_ones(form, labels):
            who = form[1]
            file = f"annotations/{GOLD if who == GOLD else f'sets/{who}'}/{document}.json"
            finding = Finding(file, id, "label", "form-label", "warning", message)
            yield job.place(*places[who, document], finding)


def _candidates(table: pa.Table) -> Any:
    """The places of documents of two splits that share a band: two columns, each pair once."""
    import numpy as np

    places = table["shard"].to_numpy() * _PLACES + table["line"].to_numpy()
    found = near(table["band"].to_numpy(), table["split"].to_numpy())
    return np.unique(np.sort(places[found], axis=1), axis=0)


def _write_pairs(pairs: Any, buckets: int, folder: Path) -> None:
    import numpy as np
    import pyarrow as pa

    # A pair that several bands propose comes to one bucket, whichever proposes it.
    where = (pairs[:, 0] * 31 + pairs[:, 1]) % buckets
    scatter(pa.table({"first": pairs[:, 0], "second": pairs[:, 1]}), where, buckets, folder / PAIRS)
    wanted = np.unique(np.concatenate([np.stack([pairs[:, n], where], axis=1) for n in (0, 1)]), axis=0)
    shard = wanted[:, 0] // _PLACES
    scatter(pa.table({"place": wanted[:, 0], "bucket": wanted[:, 1]}), shard % buckets, buckets, folder / WANTED)


def _texts(job: BucketJob, folder: Path) -> dict[str, int]:
    import pyarrow as pa

    paths = [job.work / "across" / f"{n:05}" / WANTED for n in range(job.buckets)]
    known = pa.schema([("place", pa.int64()), ("bucket", pa.int64())])
    wanted: dict[int, set[int]] = {}
    for place, bucket in _tuples(gather(paths, job.number % job.buckets, known)):
        shard, line = divmod(place, _PLACES)
        if shard == job.number:
            wanted.setdefault(line, set()).add(bucket)
    found: list[tuple[int, str, str, str]] = []
    where: list[int] = []
    for line, content in records(job.shards[job.number]) if wanted else ():
        if line in wanted:
            told = msgspec.json.decode(content, type=_Told)
            for bucket in sorted(wanted[line]):
                found.append((job.number * _PLACES + line, told.document.id, told.split, told.document.text))
                where.append(bucket)
    columns = list(zip(*found, strict=True)) or [()] * 4
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _text_schema(), strict=True)]
    scatter(pa.table(arrays, schema=_text_schema()), where, job.buckets, folder / TEXTS)
    return {"texts": len(found)}


def _alike(job: BucketJob, folder: Path) -> dict[str, int]:
    import pyarrow as pa

    head = head_at(job.root, job.head)
    paths = [job.work / "across" / f"{n:05}" / PAIRS for n in range(job.buckets)]
    known = pa.schema([("first", pa.int64()), ("second", pa.int64())])
    pairs = sorted({(first, second) for first, second in _tuples(gather(paths, job.number, known))})
    texts = {
        place: (id, split, text)
        for place, id, split, text in _tuples(
            gather([job.folder("texts", n) / TEXTS for n in range(len(job.shards))], job.number, _text_schema())
        )
    }
    found = []
    for pair in pairs:
        both = sorted((*texts[place], place) for place in pair)
        where: dict[str, Any] = {id: split for id, split, _, _ in both}
        of = structs.replace(
            head,
            documents={id: only_text(id, text) for id, _, text, _ in both},
            splits=Splits(where),
        )
        places = {id: place for id, _, _, place in both}
        for finding in told(Context(of, {}, frozenset()), "near-duplicate"):
            shard, line = divmod(places[finding.id], _PLACES)
            found.append(job.place(shard, line, finding))
    return _write_findings(found, folder)


def _write_findings(found: list[Located], folder: Path) -> dict[str, int]:
    import pyarrow.parquet as pq

    pq.write_table(rows(sorted(set(found))), folder / FINDINGS, compression="zstd")
    errors = sum(one.finding.severity == "error" for one in found)
    return {"errors": errors, "warnings": len(found) - errors}


def _text_schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.string()
    return pa.schema([("place", pa.int64()), ("document", text), ("split", text), ("text", text)])


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def only_text(id: str, text: str) -> Document:
    """A document of which nothing but its text is known."""
    unknown = Fact("unknown")
    return Document(
        id=id,
        title="",
        language="",
        media_type="",
        published=unknown,
        source=Source(unknown, unknown, unknown),
        rights="",
        raw_sha256="",
        raw_length=0,
        text_sha256="",
        text=text,
    )
