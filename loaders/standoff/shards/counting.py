"""What annotators say in one shard, counted document by document, and put down so that one number can be read alone.

A shard becomes pieces of some thousand documents. Of each there is a table of documents, what is counted as JSON, and
the rows of all tallies as arrays; where the disagreements themselves are asked for, these, the worst first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from standoff.agreement.disagreements import disagreements
from standoff.agreement.distances import Level
from standoff.agreement.estimates import Basis
from standoff.agreement.measure import Excluded
from standoff.agreement.parts import By, Counted, Group, Part, Rest, joined_basis, joined_rest, part_of
from standoff.agreement.report import chosen_layers
from standoff.agreement.tallies import Tally, joined
from standoff.canon import canonical
from standoff.engine import Receipt, key_of, settled
from standoff.model import Corpus
from standoff.scheme import Layer
from standoff.shards.bundle import Located, batches, corpus_of
from standoff.shards.checking import FINDINGS, head_at
from standoff.shards.columns import table_of
from standoff.shards.memory import uncollected
from standoff.shards.rows import rows
from standoff.shards.streams import digest, name_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DISPUTES", "IDS", "CountJob", "GroupOf", "PieceOf", "count_shard", "read_piece_of", "read_tally"]

IDS, DISPUTES, PIECE, ARRAYS = "ids.parquet", "disputes.parquet", "piece.json", "arrays.npz"

_PIECE = 4096
"""Documents of a piece: what is counted of them is held until it is written."""

_GROUP = 16
"""Disagreements that are read at a time, of each of many pieces that are merged."""


class CountJob(Struct, frozen=True, kw_only=True):
    """One shard in which something is counted."""

    shard: str
    number: int
    root: Path
    head: str
    work: Path
    layers: tuple[str, ...] | None
    annotators: tuple[str, ...] | None
    by: By | None
    listed: bool
    """Whether the disagreements themselves are asked for, and not the numbers."""
    skipped: tuple[int, ...] = ()
    """Lines of documents that stand more than once."""

    @property
    def folder(self) -> Path:
        """Where its outputs stand."""
        return self.work / "counted" / name_of(self.shard)

    def pieces(self) -> list[Path]:
        """The folders of its pieces, in order."""
        return sorted(path for path in self.folder.iterdir() if path.is_dir())


class TallyOf(Struct, frozen=True, kw_only=True):
    """A tally but for its rows."""

    label: str
    layer: str
    subject: str
    measure: str
    kind: Literal["ratio", "coreference", "alpha"]
    documents: int
    units: int
    reason: str
    excluded: tuple[Excluded, ...]
    level: Level
    scale: tuple[tuple[str, str | float], ...] | None
    names: tuple[str, ...]


class GroupOf(Struct, frozen=True):
    """A group but for the rows of its tallies."""

    name: str
    documents: tuple[str, ...]
    basis: Basis
    counted: tuple[TallyOf, ...]


class PieceOf(Struct, frozen=True):
    """A part but for the rows of its tallies."""

    groups: tuple[GroupOf, ...]
    rest: Rest


def count_shard(job: CountJob) -> Receipt:
    """Counts a shard, unless that was done before."""
    asked = (job.layers, job.annotators, job.by, job.listed, job.skipped)
    key = key_of("agree", digest(job.shard), job.shard, job.head, *asked)
    return settled(job.folder, key, lambda folder: _counted(job, folder))


def read_piece_of(folder: Path) -> PieceOf:
    """What is counted in a piece, but for the rows of its tallies."""
    return msgspec.json.decode((folder / PIECE).read_bytes(), type=PieceOf)


def read_tally(folder: Path, group: str, number: int) -> Tally | None:
    """One tally of a piece; None where the piece has no such group."""
    import numpy as np

    for n, one in enumerate(read_piece_of(folder).groups):
        if one.name == group and one.counted:
            known = one.counted[number]
            with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
                index, weights = arrays[f"{n}.{number}.index"], arrays[f"{n}.{number}.weights"]
            fields = {field: getattr(known, field) for field in known.__struct_fields__ if field != "label"}
            return Tally(**fields, index=index, weights=weights)
    return None


def _counted(job: CountJob, folder: Path) -> Mapping[str, int]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    head = head_at(job.root, job.head)
    layers = chosen_layers(head.scheme, job.layers)
    ids: list[tuple[str, int]] = []
    unread: list[Located] = []
    waiting: list[tuple[Part, list[tuple[Any, ...]]]] = []
    pieces = held = 0

    def flush() -> None:
        nonlocal pieces, held
        if waiting:
            (folder / f"{pieces:05}").mkdir()
            _write_piece(waiting, layers, folder / f"{pieces:05}", listed=job.listed)
            pieces, held = pieces + 1, 0
            waiting.clear()

    for batch in uncollected(batches(job.shard)):
        unread += (msgspec.structs.replace(one, shard=job.shard) for one in batch.unread)
        both = list(zip(batch.bundles, batch.lines, strict=True))
        ids += ((bundle.document.id, line) for bundle, line in both)
        corpus = corpus_of([bundle for bundle, line in both if line not in job.skipped], head)
        # Whether those who were asked for have any sets is told by all shards together.
        there = {who for who, _ in corpus.sets}
        asked = None if job.annotators is None else [who for who in job.annotators if who in there]
        part = part_of(corpus, [] if job.listed else layers, by=job.by, annotators=asked)
        waiting.append((part, list(_disputes(corpus, layers, asked)) if job.listed else []))
        held += len(both)
        if held >= _PIECE:
            flush()
    flush()
    known = pa.schema([("document", pa.string()), ("line", pa.int64())])
    pq.write_table(table_of(ids, known), folder / IDS, compression="zstd")
    pq.write_table(rows(sorted(unread)), folder / FINDINGS, compression="zstd")
    return {"documents": len(ids), "unread": len(unread), "pieces": pieces}


def _disputes(corpus: Corpus, layers: Sequence[Layer], annotators: Iterable[str] | None) -> Iterator[tuple[Any, ...]]:
    """Disagreements, each with what puts it into the order of all."""
    rank = {layer.name: n for n, layer in enumerate(layers)}
    for n, one in enumerate(disagreements(corpus, rank, annotators=annotators).all):
        yield -one.weight, rank[one.layer], one.document, n, canonical(one)


def _write_piece(
    found: Sequence[tuple[Part, list[tuple[Any, ...]]]], layers: Sequence[Layer], folder: Path, *, listed: bool
) -> None:
    """Writes the parts of some batches as one."""
    import numpy as np
    import pyarrow.parquet as pq

    groups = _joined_groups([part for part, _ in found])
    rest = joined_rest([part.rest for part, _ in found], layers)
    arrays: dict[str, Any] = {}
    told = []
    for n, group in enumerate(groups):
        for number, counted in enumerate(group.counted):
            arrays[f"{n}.{number}.index"] = counted.tally.index
            arrays[f"{n}.{number}.weights"] = counted.tally.weights
        told.append(GroupOf(group.name, group.documents, group.basis, tuple(map(_told, group.counted))))
    (folder / PIECE).write_bytes(msgspec.json.encode(PieceOf(tuple(told), rest)))
    np.savez_compressed(folder / ARRAYS, **arrays)
    if listed:
        disputes = table_of(sorted(row for _, some in found for row in some), _dispute_schema())
        pq.write_table(disputes, folder / DISPUTES, row_group_size=_GROUP, compression="zstd")


def _told(counted: Counted) -> TallyOf:
    fields = {field: getattr(counted.tally, field) for field in TallyOf.__struct_fields__ if field != "label"}
    return TallyOf(label=counted.label, **fields)


def _joined_groups(parts: Sequence[Part]) -> list[Group]:
    """The groups of several parts of a shard; documents one after the other."""
    import numpy as np

    by_name: dict[str, list[Group]] = {}
    for part in parts:
        for group in part.groups:
            by_name.setdefault(group.name, []).append(group)
    found = []
    for name, groups in by_name.items():
        documents = tuple(id for group in groups for id in group.documents)
        counted = [group for group in groups if group.counted]
        starts = np.cumsum([0, *(len(group.documents) for group in counted)])
        places = [np.arange(start, start + len(group.documents)) for start, group in zip(starts, counted, strict=False)]
        each = zip(*(group.counted for group in counted), strict=True)
        tallies = tuple(Counted(of[0].label, joined([one.tally for one in of], places, len(documents))) for of in each)
        found.append(Group(name, documents, joined_basis(group.basis for group in groups), tallies))
    return found


def _dispute_schema() -> pa.Schema:
    import pyarrow as pa

    number = pa.int64()
    return pa.schema(
        [
            ("order", pa.float64()),
            ("layer", number),
            ("document", pa.string()),
            ("place", number),
            ("disagreement", pa.large_string()),
        ]
    )
