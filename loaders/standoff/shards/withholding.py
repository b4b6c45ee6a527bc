"""Tables and texts without the articles' words, where there are more articles than one can hold.

Strings that may quote an article tell the hashes of their runs of words; every article is held against these, shard by
shard; and the few articles that have one are all that `standoff.release.withholding.Articles` needs to know for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs

from standoff.engine import Crew, Receipt, key_of, run, settled
from standoff.errors import ReleaseError
from standoff.model import Corpus, Progress
from standoff.release.editions import Withholding, text_free
from standoff.release.folder import sha256_of
from standoff.release.loading import derived_tables, read_parquet
from standoff.release.withholding import LEAST, Articles, Word, words
from standoff.shards.bundle import Bundle, batches, corpus_of, raw_of
from standoff.shards.checking import ShardJob, head_at
from standoff.shards.memory import uncollected
from standoff.shards.parts import SINGLE, Rows
from standoff.shards.streams import digest, name_of
from standoff.shards.tallies import Extent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

__all__ = ["Bare", "Found", "Overheard", "articles_of", "bare_parts", "sought"]

BARE, RUNS, HITS, TITLES, QUOTED, PLACES = (
    "bare.json",
    "runs.npy",
    "hits.parquet",
    "titles.parquet",
    "articles.parquet",
    "places.parquet",
)

_BATCH = 64
"""Documents whose rows are looked at one by one at a time."""
_ODD = 0x9E3779B97F4A7C15


class Bare(Struct, frozen=True):
    """The part of a shard in an edition without texts."""

    rows: dict[str, dict[str, int]]
    extents: dict[str, dict[str, list[list[Extent]]]]


class Found(Struct, frozen=True):
    """Where the articles are that some strings may quote."""

    places: Path
    """The first document that has each run: its hash, the document, and the number of its shard."""
    shards: tuple[Path, ...]
    """By shard: the articles that any string may quote, and the titles that may be told."""
    hits: int


class BareJob(Struct, frozen=True, kw_only=True):
    """One shard of which the part without texts is to be made."""

    of: ShardJob
    found: Found | None = None
    """None as long as nobody knows what its strings quote."""
    key: str = ""

    @property
    def folder(self) -> Path:
        """Where its outputs stand."""
        return self.of.work / ("heard" if self.found is None else "bare") / name_of(self.of.shard)


class SeekJob(Struct, frozen=True, kw_only=True):
    """One shard whose articles are held against the runs of strings."""

    of: ShardJob
    runs: Path
    key: str
    step: str

    @property
    def folder(self) -> Path:
        """Where its outputs stand."""
        return self.of.work / self.step / name_of(self.of.shard)


class Overheard:
    """Withholds nothing, and takes down what would have to be looked for."""

    def __init__(self) -> None:
        self.runs: list[Hashes] = []
        self.withheld = lru_cache(maxsize=4096)(self._withheld)

    def _withheld(self, text: str) -> str:
        self.runs.append(hashes(list(words(text))))
        return text.replace("⟦", "⟦⟧")

    def distinct(self) -> Hashes:
        """The hashes of all runs."""
        import numpy as np

        found: Hashes = np.unique(np.concatenate([np.empty(0, np.uint64), *self.runs]))
        return found


def hashes(found: list[Word]) -> Hashes:
    """A number for each run of `LEAST` words; equal runs have equal numbers, and others hardly ever have."""
    import numpy as np

    length = max(0, len(found) - LEAST + 1)
    each = np.fromiter((_hash(word) for word, _, _ in found), np.uint64, len(found))
    total: Hashes = np.zeros(length, np.uint64)
    for n in range(LEAST if length else 0):
        total = total * np.uint64(_ODD) + each[n : n + length]
    return total


@lru_cache(1 << 18)
def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def bare_parts(jobs: Sequence[ShardJob], crew: Crew, progress: Progress) -> list[tuple[Path, Bare]]:
    """The parts of all shards without texts: where each stands, and what it holds.

    Raises:
        ReleaseError: as `standoff.release.editions.text_free`; or a record lacks its raw file.
    """
    first = [BareJob(of=job) for job in jobs]
    run(make_bare, first, crew, what="tables without texts", progress=progress)
    runs = [_runs(job.folder) for job in first]
    found = sought(jobs, runs, "sought-of-tables", crew, progress)
    folders = [job.folder for job in first]
    if found.hits:
        known = _column(read_parquet(found.places), "hash")
        again = {n: BareJob(of=jobs[n], found=found) for n, own in enumerate(runs) if _isin(own, known).any()}
        # What is withheld follows from all shards together, and so from none alone.
        key = key_of([digest(job.shard) for job in jobs])
        run(
            make_bare,
            [structs.replace(job, key=key) for job in again.values()],
            crew,
            what="passages without texts",
            progress=progress,
        )
        for n, job in again.items():
            folders[n] = job.folder
    return [(folder, msgspec.json.decode((folder / BARE).read_bytes(), type=Bare)) for folder in folders]


def make_bare(job: BareJob) -> Receipt:
    """Makes the part of a shard without texts."""
    key = key_of("bare", digest(job.of.shard), job.of.head, job.key)
    return settled(job.folder, key, lambda folder: _bare(job, folder))


def _bare(job: BareJob, folder: Path) -> Mapping[str, int]:
    import numpy as np

    head = head_at(job.of.root, job.of.head)
    heard = Overheard()
    articles: Withholding = heard
    if job.found is not None:
        own = job.of.work / "heard" / name_of(job.of.shard)
        articles = articles_of(job.found, _runs(own))
    with Rows(folder) as written:
        for batch in uncollected(batches(job.of.shard, most=_BATCH)):
            corpus = corpus_of(batch.bundles, head)
            for config, splits in text_free(
                _kept(corpus), corpus.documents, _raw(batch.bundles, job.of.shard), articles
            ).items():
                for split, table in splits.items():
                    written.add(config, split, table)
    if job.found is None:
        np.save(folder / RUNS, heard.distinct())
    (folder / BARE).write_bytes(msgspec.json.encode(Bare(written.counts, written.extents), order="sorted"))
    return {"documents": sum(written.counts.get("documents", {}).values())}


def _kept(corpus: Corpus) -> dict[str, dict[str, Any]]:
    """The tables of a few documents that an edition without texts has."""
    left_out = {view.name for view in corpus.scheme.views} | set(SINGLE)
    return {config: splits for config, splits in derived_tables(corpus).items() if config not in left_out}


def _raw(found: Iterable[Bundle], shard: str) -> dict[str, str]:
    raw = {id: content.decode() for id, content in raw_of(found).items()}
    for one in found:
        if one.document.id not in raw:
            raise ReleaseError(
                f"document {one.document.id!r} has dropped ranges, and its record no `raw`; expected it: an edition "
                "without texts is held against the raw files",
                place=shard,
            )
    return raw


def sought(jobs: Sequence[ShardJob], runs: Iterable[Hashes], step: str, crew: Crew, progress: Progress) -> Found:
    """Looks for the articles that have any of some runs.

    Args:
        step: what the outputs are called.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = jobs[0].work / step
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / RUNS, np.unique(np.concatenate([np.empty(0, np.uint64), *runs])))
    known = sha256_of(folder / RUNS)
    seeking = [SeekJob(of=job, runs=folder / RUNS, key=known, step=step) for job in jobs]
    receipts = run(seek, seeking, crew, what="articles that are quoted", progress=progress)
    tables = [
        read_parquet(job.folder / HITS).append_column("shard", pa.array([n] * receipt.counts["hits"], pa.int32()))
        for n, (job, receipt) in enumerate(zip(seeking, receipts, strict=True))
        if receipt.counts["hits"]
    ]
    schema = pa.schema([("hash", pa.uint64()), ("document", pa.string()), ("shard", pa.int32())])
    whole = pa.concat_tables([schema.empty_table(), *tables]).sort_by(
        [("hash", "ascending"), ("document", "ascending")]
    )
    numbers = _column(whole, "hash")
    first = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] + np.uint64(1)))
    pq.write_table(whole.take(first), folder / PLACES, compression="zstd")
    return Found(folder / PLACES, tuple(job.folder for job in seeking), len(first))


def seek(job: SeekJob) -> Receipt:
    """Holds the articles and titles of a shard against runs."""
    key = key_of("seek", digest(job.of.shard), job.key)
    return settled(job.folder, key, lambda folder: _seek(job, folder))


def _seek(job: SeekJob, folder: Path) -> Mapping[str, int]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = np.load(job.runs, mmap_mode="r")
    hits: list[tuple[Hashes, str]] = []
    quoted: dict[str, str] = {}
    titles: set[str] = set()
    for batch in uncollected(batches(job.of.shard)) if len(known) else ():
        raw = _raw(batch.bundles, job.of.shard)
        for bundle in batch.bundles:
            id, title = bundle.document.id, bundle.document.title
            own = np.unique(hashes(list(words(raw[id]))))
            if len(found := own[_isin(own, known)]):
                hits.append((found, id))
                quoted[id] = raw[id]
            if _isin(hashes(list(words(title))), known).any():
                titles.add(title)
    numbers = np.concatenate([np.empty(0, np.uint64), *(found for found, _ in hits)])
    ids = [id for found, id in hits for _ in range(len(found))]
    text = pa.string()
    pq.write_table(pa.table({"hash": numbers, "document": pa.array(ids, text)}), folder / HITS, compression="zstd")
    columns = {"document": pa.array(list(quoted), text), "raw": pa.array(list(quoted.values()), pa.large_string())}
    pq.write_table(pa.table(columns), folder / QUOTED, compression="zstd", row_group_size=64)
    pq.write_table(pa.table({"title": pa.array(sorted(titles), text)}), folder / TITLES, compression="zstd")
    return {"hits": len(ids)}


def articles_of(found: Found, runs: Hashes) -> Articles:
    """The articles that strings with these runs may quote, and what may be told of them."""
    places = read_parquet(found.places)
    wanted: dict[int, set[str]] = {}
    mine = places.filter(_isin(_column(places, "hash"), runs))
    for shard, document in zip(mine["shard"].to_pylist(), mine["document"].to_pylist(), strict=True):
        wanted.setdefault(shard, set()).add(document)
    raw = {id: text for shard, ids in sorted(wanted.items()) for id, text in _quoted(found.shards[shard], ids)}
    titles = (
        title
        for folder in found.shards
        for title in read_parquet(folder / TITLES)["title"].to_pylist()
        if _isin(hashes(list(words(title))), runs).any()
    )
    return Articles(raw, titles)


def _quoted(folder: Path, ids: set[str]) -> Iterator[tuple[str, str]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(folder / QUOTED) as file:
        for batch in file.iter_batches(64):
            for id, text in zip(batch["document"].to_pylist(), batch["raw"].to_pylist(), strict=True):
                if id in ids:
                    yield id, text


def _runs(folder: Path) -> Hashes:
    import numpy as np

    found: Hashes = np.load(folder / RUNS)
    return found


def _column(table: Any, name: str) -> Hashes:
    found: Hashes = table[name].to_numpy()
    return found


def _isin(these: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Which of some numbers are among others, which are in order."""
    import numpy as np

    if not len(known):
        return np.zeros(len(these), bool)
    at = np.minimum(np.searchsorted(known, these), len(known) - 1)
    found: NDArray[np.bool_] = known[at] == these
    return found
