"""A diff of corpora in shards in words: rows that are told bucket by bucket, merged into what one diff would say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct, structs

from standoff.canon import canonical, canonical_list
from standoff.diff import diff, tell
from standoff.diff.counting import Census, added_up, census, summary_of
from standoff.diff.page import Changed
from standoff.diff.page import pieces as page_pieces
from standoff.diff.telling import json_head, told_text
from standoff.diff.values import Change, Diff
from standoff.model import GOLD
from standoff.scheme import Scheme
from standoff.shards.columns import table_of, tuples_of
from standoff.shards.sides import Piece, corpus_of_pieces

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TEXTS", "TOLD", "Form", "Told", "document_parts", "head_parts", "shown", "told_row", "write_told"]

TOLD, TEXTS = "told.parquet", "texts.parquet"

Form = Literal["text", "json", "html"]

_GROUP = 16
"""Rows that are read at a time, of each of many tables that are merged."""

_EVENTS = 10


class Told(Struct, frozen=True):
    """What is told of one document, or of the corpus, in one stretch of a diff."""

    rank: int
    """Which stretch: they are told in the order of `standoff.diff.tell`."""
    annotator: str
    id: str
    told: str
    census: Census

    @property
    def key(self) -> tuple[int, str, str]:
        """By what all that is told is in order."""
        return self.rank, self.annotator, self.id


def document_parts(found: Diff) -> Iterator[tuple[str, str, Diff]]:
    """What a diff says of documents, in pieces that each belong to one stretch: annotator, document, piece."""
    yield from (("", one.id, Diff(documents=(one,))) for one in found.documents)
    yield from (("", one.id, Diff(segments=(one,))) for one in found.segments)
    yield from ((one.annotator, one.document, Diff(sets=(one,))) for one in found.sets)
    yield from (("", one.id, Diff(decisions=(one,))) for one in found.decisions)
    yield from (("", one.id, Diff(splits=(one,))) for one in found.splits)
    yield from (("", one.id, Diff(rights=(one,))) for one in found.rights)


def head_parts(found: Diff) -> Iterator[tuple[int, Diff]]:
    """What a diff says of no document, in pieces: where each stands, and the piece."""
    yield 0, Diff(schema=found.schema, files=found.files)
    yield 3, Diff(entities=found.entities)
    yield 4, Diff(annotators=found.annotators)
    yield 8, Diff(policy=found.policy)
    yield 12, Diff(withdrawn=found.withdrawn, releases=found.releases, version=found.version)


def told_row(part: Diff, annotator: str, id: str, form: Form, rank: int | None = None) -> Told:
    """A piece of a diff as it is told."""
    return Told(_rank(part) if rank is None else rank, annotator, id, _TELL[form](part), census(part))


def _rank(part: Diff) -> int:
    parts = (part.documents, part.segments, part.sets, part.decisions, part.splits, part.events, part.rights)
    rank = next(rank for rank, changes in zip((1, 2, 5, 7, 9, _EVENTS, 11), parts, strict=True) if changes)
    # Gold comes behind all annotators, whatever they are called.
    return rank + (rank == 5 and part.sets[0].annotator == GOLD)


_TELL: dict[Form, Callable[[Diff], str]] = {
    "text": lambda part: "".join(map(told_text, tell(part))),
    "json": lambda part: ",\n".join(map(canonical, tell(part))),
    # A page is made from the texts; of events, what changed.
    "html": lambda part: canonical(part.events),
}


def write_told(found: Sequence[Told], folder: Path) -> None:
    """Writes what is told, which is in order."""
    import pyarrow.parquet as pq

    rows = [(*one.key, one.told, msgspec.json.encode(one.census)) for one in found]
    pq.write_table(table_of(rows, _schema()), folder / TOLD, row_group_size=_GROUP, compression="zstd")


def shown(
    head: Diff,
    tables: Sequence[Path],
    form: Form,
    *,
    names: tuple[str, str],
    schemes: tuple[Scheme, Scheme],
) -> tuple[Census, Iterator[str]]:
    """The numbers of a diff, and all of it, piece by piece: joined, they are what one diff in memory says.

    Args:
        head: what changed of all that is no document's.
        tables: what is told of documents and events.
        names: what the two corpora are called.
    """
    own = [told_row(part, "", "", form, rank) for rank, part in head_parts(head) if not part.empty]
    found = added_up(one.census for one in _merged(own, tables, told=False))
    if form == "json":
        return found, _json(found, (one.told for one in _merged(own, tables)))
    if form == "text":
        return found, _text(found, (one.told for one in _merged(own, tables)))
    return found, _page(found, head, tables, names, schemes)


def _text(found: Census, told: Iterable[str]) -> Iterator[str]:
    yield from told
    yield "".join(f"{line}\n" for line in summary_of(found))


def _json(found: Census, told: Iterable[str]) -> Iterator[str]:
    empty = canonical_list("changes", [], json_head(found))
    first = True
    for lines in filter(None, told):
        yield f"{empty.removesuffix(']}' + chr(10))}\n{lines}" if first else f",\n{lines}"
        first = False
    yield empty if first else "\n]}\n"


def _page(
    found: Census, head: Diff, tables: Sequence[Path], names: tuple[str, str], schemes: tuple[Scheme, Scheme]
) -> Iterator[str]:
    ids: set[str] = set()
    events: list[Change[tuple[str, ...]]] = []
    for one in _merged([], tables):
        if one.rank == _EVENTS:
            events += _EVENT_DECODER.decode(one.told)
        else:
            ids.add(one.id)
    rest = structs.replace(head, events=tuple(events))
    texts = [path for table in tables if (path := table.with_name(TEXTS)).exists()]
    rows = merge(*map(_read_texts, texts), key=lambda row: row[0])
    changed = (_changed(id, old, new, schemes) for id, old, new in rows)
    yield from page_pieces(summary_of(found), sorted(ids), changed, tell(rest), old=names[0], new=names[1])


def _changed(id: str, old: bytes | None, new: bytes | None, schemes: tuple[Scheme, Scheme]) -> Changed:
    sides = [
        corpus_of_pieces([Piece.read(content)] if content else [], scheme)
        for content, scheme in zip((old, new), schemes, strict=True)
    ]
    told = (one for _, _, part in document_parts(diff(*sides)) for one in tell(part))
    return Changed(id, tuple(told), sides[0].documents.get(id), sides[1].documents.get(id))


def _read_texts(path: Path) -> Iterator[tuple[Any, ...]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for n in range(file.num_row_groups):
            yield from tuples_of(file.read_row_group(n))


def _merged(own: Sequence[Told], tables: Sequence[Path], *, told: bool = True) -> Iterator[Told]:
    """All that is told, in order.

    Args:
        told: whether the words are read, too.
    """
    return merge(own, *(_read(path, told) for path in tables), key=attrgetter("key"))


def _read(path: Path, told: bool) -> Iterator[Told]:
    import pyarrow.parquet as pq

    columns = [name for name in _schema().names if told or name != "told"]
    with pq.ParquetFile(path) as file:
        for n in range(file.num_row_groups):
            for rank, annotator, id, *words, numbers in tuples_of(file.read_row_group(n, columns=columns)):
                yield Told(rank, annotator, id, words[0] if words else "", _DECODER.decode(numbers))


def _schema() -> pa.Schema:
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        [("rank", pa.int64()), ("annotator", text), ("id", text), ("told", pa.large_string()), ("census", pa.binary())]
    )


_DECODER: Any = msgspec.json.Decoder(Census)
_EVENT_DECODER: Any = msgspec.json.Decoder(list[Change[tuple[str, ...]]])
