"""How far annotators agree in a corpus in shards: the report of `standoff.agreement`, and the disagreements themselves.

Shards are counted one by one. Each number is then worked out from its tallies in all shards, put into the order of the
documents' ids: it rests on the same rows as in memory, so that it is the same number, and with the same seed the same
interval. A worker holds the rows of one number and one sample of documents at a time: of a million documents with eight
cells each 570 MB for an alpha, 350 MB for coreference between two annotators, 100 MB for an F1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.agreement.bootstrap import RESAMPLES
from standoff.agreement.disagreements import Disagreement
from standoff.agreement.estimates import Basis, measured
from standoff.agreement.measure import Excluded
from standoff.agreement.parts import By, Counted, Group, joined_basis, joined_rest
from standoff.agreement.report import Report, Row, chosen_layers, nothing_shared, report_of, row_of
from standoff.agreement.tallies import joined
from standoff.agreement.units import chosen_annotators
from standoff.engine import Crew, Engine, Receipt, hired, key_of, run, settled
from standoff.errors import UsageError
from standoff.model import Corpus, Progress, silent
from standoff.scheme import Layer
from standoff.shards.bundle import head_of
from standoff.shards.checking import FINDINGS, head_key
from standoff.shards.columns import tuples_of
from standoff.shards.counting import DISPUTES, IDS, CountJob, GroupOf, PieceOf, count_shard, read_piece_of, read_tally
from standoff.shards.leaving import doubled
from standoff.shards.leaving import joined as joined_findings
from standoff.shards.rows import rows

__all__ = ["Agreed", "Disputed", "agreement_of", "disagreements_of"]

PLACES, ROW, DOUBLED = "places.npz", "row.json", "doubled.parquet"


class Agreed(Struct, frozen=True):
    """The report, and what it does not rest on."""

    report: Report
    findings: Path
    left_out: int
    """Findings: records that are not counted."""


class Disputed(Struct, frozen=True, kw_only=True):
    """The disagreements of all shards; or the reason why there can be none."""

    reason: str
    excluded: tuple[Excluded, ...]
    tables: tuple[Path, ...]
    findings: Path
    left_out: int

    def all(self) -> Iterator[Disagreement]:
        """The worst first; those that are equally bad in the order of the schema, the documents and the text."""
        for *_, content in merge(*map(_read, self.tables), key=lambda row: row[:-1]):
            yield msgspec.json.decode(content, type=Disagreement)


class MeasureJob(Struct, frozen=True, kw_only=True):
    """One number that is worked out from the tallies of all pieces."""

    group: str
    folder: Path
    """Where the places of the group's documents stand."""
    number: int
    """Of the tally in its group."""
    label: str
    basis: Basis
    documents: int
    pieces: tuple[Path, ...]
    """Those that have the group."""
    key: str
    resamples: int
    seed: int


def agreement_of(
    root: Path,
    shards: Sequence[str],
    layers: Iterable[str] | None = None,
    *,
    by: By | None = None,
    annotators: Iterable[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Agreed:
    """The report of `standoff.agreement.agreement` on the same corpus, number for number and interval for interval.

    A record that cannot be read, and a document that stands more than once, is a finding and is not counted.

    Args:
        root, shards, work, engine: as in `standoff.shards.validate_shards`.

    Raises:
        UsageError: as there; or numbers of each document are asked for, of which there would be as many as documents.
        EngineError: see `standoff.engine.run`.
    """
    if by == "document":
        raise UsageError("numbers by document are not there for shards; expected by label, by annotator, or neither")
    asked = None if annotators is None else tuple(annotators)
    head = head_of(files.read(root))
    chosen = chosen_layers(head.scheme, layers)
    with hired(engine) as crew:
        found = _counted(root, head, shards, chosen, by, asked, work, crew, progress, listed=False)
        groups = _groups(found.pieces)
        rest = joined_rest([piece.rest for _, piece in found.pieces], chosen)
        chosen_annotators(rest.known, asked)
        jobs: list[MeasureJob] = []
        documents: tuple[str, ...] = ()
        for n, (name, of) in enumerate(groups.items()):
            folder = work / "agree" / "groups" / f"{n:05}"
            ordered = _write_places(folder, [group.documents for _, group in of])
            documents = ordered if not n else documents
            one = MeasureJob(
                group=name,
                folder=folder,
                number=0,
                label="",
                basis=joined_basis(group.basis for _, group in of),
                documents=len(ordered),
                pieces=tuple(path for path, _ in of),
                key=found.key,
                resamples=resamples,
                seed=seed,
            )
            counted = next((group.counted for _, group in of if group.counted), ())
            jobs += [structs.replace(one, number=k, label=each.label) for k, each in enumerate(counted)]
        run(measure, jobs, crew, what="measuring", progress=progress)
    whole = Group("", documents, joined_basis(group.basis for _, group in groups.get("", [])), ())
    report = report_of(
        head.scheme,
        chosen,
        whole,
        rest,
        [msgspec.json.decode((_folder(job) / ROW).read_bytes(), type=Row) for job in jobs],
        annotators=asked,
        resamples=resamples,
        seed=seed,
    )
    return Agreed(report, found.findings, found.left_out)


def disagreements_of(
    root: Path,
    shards: Sequence[str],
    layers: Iterable[str] | None = None,
    *,
    annotators: Iterable[str] | None = None,
    work: Path,
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Disputed:
    """The disagreements of `standoff.agreement.disagreements` on the same corpus, in the same order, one by one.

    Args:
        root, shards, work, engine: as in `standoff.shards.validate_shards`.

    Raises:
        UsageError, EngineError: as `agreement_of`.
    """
    asked = None if annotators is None else tuple(annotators)
    head = head_of(files.read(root))
    chosen = chosen_layers(head.scheme, layers)
    with hired(engine) as crew:
        found = _counted(root, head, shards, chosen, None, asked, work, crew, progress, listed=True)
    rest = joined_rest([piece.rest for _, piece in found.pieces], chosen)
    chosen_annotators(rest.known, asked)
    shared = any(group.documents for _, piece in found.pieces for group in piece.groups)
    return Disputed(
        reason="" if shared else nothing_shared(rest.known, asked),
        excluded=rest.excluded,
        tables=tuple(path / DISPUTES for path, _ in found.pieces),
        findings=found.findings,
        left_out=found.left_out,
    )


class _Found(Struct, frozen=True):
    """What was counted in all shards."""

    key: str
    pieces: tuple[tuple[Path, PieceOf], ...]
    findings: Path
    left_out: int


def _counted(
    root: Path,
    head: Corpus,
    shards: Sequence[str],
    layers: Sequence[Layer],
    by: By | None,
    annotators: tuple[str, ...] | None,
    work: Path,
    crew: Crew,
    progress: Progress,
    *,
    listed: bool,
) -> _Found:
    """Counts all shards; those in which a document stands that stands elsewhere, too, once more without it."""
    import pyarrow.parquet as pq

    folder, known = work.resolve() / "agree", head_key(head)
    jobs = [
        CountJob(
            shard=shard,
            number=n,
            root=root.resolve(),
            head=known,
            work=folder,
            layers=tuple(layer.name for layer in layers),
            annotators=annotators,
            by=by,
            listed=listed,
        )
        for n, shard in enumerate(shards)
    ]
    receipts: list[Receipt] = run(count_shard, jobs, crew, what="counting shards", progress=progress)
    twice = _doubled(jobs)
    lines: dict[int, list[int]] = {}
    for shard, line in (place for places in twice.values() for place in places):
        lines.setdefault(shard, []).append(line)
    if lines:
        jobs = [structs.replace(job, skipped=tuple(sorted(lines.get(job.number, ())))) for job in jobs]
        receipts = run(count_shard, jobs, crew, what="counting without doubled documents", progress=progress)
    pq.write_table(rows(sorted(doubled(twice, shards))), folder / DOUBLED, compression="zstd")
    tables = [*(job.folder / FINDINGS for job in jobs), folder / DOUBLED]
    return _Found(
        key_of("agreed", [receipt.key for receipt in receipts]),
        tuple((path, read_piece_of(path)) for job in jobs for path in job.pieces()),
        folder / FINDINGS,
        joined_findings(tables, folder / FINDINGS),
    )


def _doubled(jobs: Sequence[CountJob]) -> dict[str, list[tuple[int, int]]]:
    """The documents that stand more than once, with their places: shard, line."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found = []
    for job in jobs:
        table = pq.read_table(job.folder / IDS)
        found.append(table.append_column("shard", pa.array([job.number] * len(table), pa.int64())))
    every = pa.concat_tables(found)
    counted = every.group_by("document").aggregate([("line", "count")])
    twice = counted.filter(pc.greater(counted["line_count"], 1))["document"]
    places: dict[str, list[tuple[int, int]]] = {}
    for id, line, shard in tuples_of(every.filter(pc.is_in(every["document"], value_set=twice.combine_chunks()))):
        places.setdefault(id, []).append((shard, line))
    return places


def _groups(pieces: Sequence[tuple[Path, PieceOf]]) -> dict[str, list[tuple[Path, GroupOf]]]:
    """Name -> the pieces that have the group: all documents first, then the pairs of annotators by their names."""
    found: dict[str, list[tuple[Path, GroupOf]]] = {}
    for path, piece in pieces:
        for group in piece.groups:
            found.setdefault(group.name, []).append((path, group))
    pairs = {name: joined_basis(group.basis for _, group in of).pairs for name, of in found.items()}
    return {name: found[name] for name in sorted(found, key=lambda name: (name != "", pairs[name]))}


def _write_places(folder: Path, documents: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Puts down where the documents of each piece stand in the order of all; gives them in that order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    every = pa.array([id for ids in documents for id in ids], pa.string())
    order = pc.sort_indices(every).to_numpy()
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    bounds = np.cumsum([0, *map(len, documents)])
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {str(n): place[start:end] for n, (start, end) in enumerate(pairwise(bounds))}
    np.savez(folder / PLACES, **arrays)
    return tuple(every.take(pa.array(order)).to_pylist())


def measure(job: MeasureJob) -> Receipt:
    """Works out one number, unless that was done before."""
    key = key_of("measure", job.key, job.group, job.number, job.resamples, job.seed)
    return settled(_folder(job), key, lambda folder: _measured(job, folder))


def _folder(job: MeasureJob) -> Path:
    return job.folder / f"{job.number:05}"


def _measured(job: MeasureJob, folder: Path) -> dict[str, int]:
    import numpy as np

    tallies, places = [], []
    with np.load(job.folder / PLACES, allow_pickle=False) as known:
        for n, path in enumerate(job.pieces):
            if (tally := read_tally(path, job.group, job.number)) is not None:
                tallies.append(tally)
                places.append(known[str(n)])
    tally = joined(tallies, places, job.documents)
    del tallies
    result = measured(tally, job.basis, resamples=job.resamples, seed=job.seed)
    row = row_of(Counted(job.label, tally), job.group, result)
    (folder / ROW).write_bytes(msgspec.json.encode(row))
    return {"rows": len(tally.index)}


def _read(path: Path) -> Iterator[tuple[Any, ...]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for n in range(file.num_row_groups):
            yield from tuples_of(file.read_row_group(n))
