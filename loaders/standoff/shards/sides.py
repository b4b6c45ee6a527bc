"""The two corpora of a diff, each as shards: those that it stands in, or those that it is put into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.errors import FileError, UsageError
from standoff.model import AnnotationSet, Corpus, Decisions, Document, Right, Segments, Splits
from standoff.release.opening import is_checkout, is_url
from standoff.release.sources import open_source
from standoff.schema import parse
from standoff.scheme import Scheme
from standoff.shards.bundle import Bundle, Located, batches, head_of
from standoff.shards.bundle import parse as parse_record
from standoff.shards.columns import table_of
from standoff.shards.scatter import bucket_of, scatter
from standoff.shards.streams import FORMS, listed, records, write_records

__all__ = [
    "EVENTS",
    "Piece",
    "Read",
    "Side",
    "corpus_of_pieces",
    "event_schema",
    "is_shards",
    "opened_side",
    "pieces",
    "put_events",
    "read_piece",
]

EVENTS = "events.parquet"

_BATCH = 128
_HELD = 1000
"""Documents of a corpus in memory that are put into one shard."""


class Piece(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that a corpus says of one document but the events that it belongs to, and that are several documents'.

    Of a corpus in files something may be said of a document that is not there.
    """

    id: str
    document: Document | None = None
    segments: Segments | None = None
    sets: tuple[AnnotationSet, ...] = ()
    """By annotator."""
    gold: AnnotationSet | None = None
    decisions: Decisions | None = None
    split: Literal["train", "validation", "test"] | None = None
    right: Right | None = None

    @staticmethod
    def read(record: bytes) -> Piece:
        """The piece that a record says."""
        found: Piece = _DECODER.decode(record)
        return found

    def record(self) -> bytes:
        """The one canonical record: equal pieces have equal ones."""
        return msgspec.json.encode(self, order="deterministic")


class Side(Struct, frozen=True, kw_only=True):
    """One of two corpora that are compared."""

    letter: Literal["a", "b"]
    shards: tuple[str, ...]
    held: bool
    """Whether its shards are pieces of a corpus that was in memory."""
    folder: Path
    """Where what is known of it stands, for all workers to see."""
    scheme: str
    """The sha256 of its schema's files."""

    def read_scheme(self) -> Scheme:
        """Its scheme."""
        return _scheme_at(self.folder / "scheme.json", self.scheme)


class Read(Struct, frozen=True):
    """Some records of a side, each with its line and the events it belongs to; and what cannot be read between them."""

    pieces: tuple[tuple[int, Piece, tuple[str, ...]], ...]
    unread: tuple[Located, ...] = ()


def is_shards(source: str) -> bool:
    """Whether somebody names shards by it: a pattern, a name that ends like a shard's, or a folder with shards in it.

    A checkout or a release is none, whatever else lies in its folder; nor is the URL of a folder: it is a release.
    """
    if "*" in source or source.endswith(FORMS):
        return True
    folder = Path(source)
    if not source or is_url(source) or not folder.is_dir() or is_checkout(folder):
        return False
    return any(path.name.endswith(FORMS) and not path.name.startswith(".") for path in folder.iterdir())


def opened_side(
    letter: Literal["a", "b"], source: str, root: Path, *, work: Path, releases: Iterable[Path] = ()
) -> tuple[Side, Corpus]:
    """A side of a diff, and the head of its corpus; with its events where it was in memory.

    Shards that lie in a corpus's folder are of that corpus: its schema, registry and lists go with them. All others are
    of the corpus where one stands. What is no shards is read into memory and put into shards.

    Raises:
        UsageError, FileError, RecordError, ReleaseError, SchemaError: as `open_source` and `listed`.
    """
    folder = work / letter
    folder.mkdir(parents=True, exist_ok=True)
    held = not is_shards(source)
    if held:
        corpus = open_source(source, root, releases=releases)
        head = structs.replace(head_of(corpus), splits=Splits({}, corpus.splits.events))
        shards = _put(corpus, folder)
    else:
        shards = listed(source)
        head = head_of(files.read(root if is_url(source) else _home(Path(shards[0]), root)))
    content = msgspec.json.encode(head.scheme.files, order="deterministic")
    files.write(folder / "scheme.json", content)
    known = sha256(content).hexdigest()
    return Side(letter=letter, shards=shards, held=held, folder=folder, scheme=known), head


def pieces(side: Side, number: int) -> Iterator[Read]:
    """The records of a shard of a side, some at a time; nothing in them raises."""
    shard = side.shards[number]
    if side.held:
        found = records(shard)
        while some := tuple((line, Piece.read(content), ()) for line, content in islice(found, _BATCH)):
            yield Read(some)
        return
    for batch in batches(shard):
        yield Read(
            tuple((line, _piece(one), one.events) for one, line in zip(batch.bundles, batch.lines, strict=True)),
            tuple(structs.replace(one, shard=shard) for one in batch.unread),
        )


def read_piece(side: Side, content: bytes) -> Piece:
    """What a record of a side says; it was read before, and is sound."""
    return Piece.read(content) if side.held else _piece(parse_record(content))


def corpus_of_pieces(found: Iterable[Piece], scheme: Scheme) -> Corpus:
    """The corpus that some pieces make, of which nothing else is known."""
    found = list(found)
    return Corpus(
        scheme=scheme,
        documents={one.id: one.document for one in found if one.document},
        segments={one.id: one.segments for one in found if one.segments},
        entities={},
        annotators={},
        sets={(marked.annotator, one.id): marked for one in found for marked in one.sets},
        gold={one.id: one.gold for one in found if one.gold},
        decisions={one.id: one.decisions for one in found if one.decisions},
        splits=Splits({one.id: one.split for one in found if one.split}),
        rights={one.id: one.right for one in found if one.right},
        releases=(),
        version="",
    )


def event_schema() -> Any:
    """The columns of what is known of events: a row for each document of one; none in an event without documents."""
    import pyarrow as pa

    return pa.schema([("event", pa.string()), ("place", pa.int64()), ("document", pa.string())])


def _piece(bundle: Bundle) -> Piece:
    return Piece(
        id=bundle.document.id,
        document=bundle.document,
        segments=bundle.segments,
        sets=tuple(sorted(bundle.sets, key=lambda marked: marked.annotator)),
        gold=bundle.gold,
        decisions=bundle.decisions,
        split=bundle.split,
        right=bundle.right,
    )


def _put(corpus: Corpus, folder: Path) -> tuple[str, ...]:
    """Writes a corpus in memory as shards."""
    sets: dict[str, list[AnnotationSet]] = {}
    for (_, on), marked in sorted(corpus.sets.items()):
        sets.setdefault(on, []).append(marked)

    def piece(id: str) -> Piece:
        return Piece(
            id=id,
            document=corpus.documents.get(id),
            segments=corpus.segments.get(id),
            sets=tuple(sets.get(id, ())),
            gold=corpus.gold.get(id),
            decisions=corpus.decisions.get(id),
            split=corpus.splits.splits.get(id),
            right=corpus.rights.get(id),
        )

    shards = []
    parts = (
        corpus.documents,
        corpus.segments,
        sets,
        corpus.gold,
        corpus.decisions,
        corpus.splits.splits,
        corpus.rights,
    )
    ids = sorted({id for part in parts for id in part})
    for start in range(0, len(ids), _HELD):
        shards.append(f"{folder}/held/{start // _HELD:05}.jsonl.zst")
        write_records(shards[-1], (piece(id).record() for id in ids[start : start + _HELD]))
    return tuple(shards)


def put_events(side: Side, events: Mapping[str, Sequence[str]], buckets: int) -> Path:
    """Writes the events of a corpus in memory, in which they have an order of their own, where its shards' are."""
    rows = [(event, n, id) for event, ids in events.items() for n, id in enumerate(ids or (None,))]
    where = [bucket_of(event, buckets) for event, _, _ in rows]
    scatter(table_of(rows, event_schema()), where, buckets, side.folder / EVENTS)
    return side.folder / EVENTS


def _home(shard: Path, root: Path) -> Path:
    """The corpus in whose folder a shard lies; the one where somebody stands, where it lies in none."""
    try:
        return files.find_root(shard.parent)
    except UsageError:
        return root


@lru_cache(2)
def _scheme_at(path: Path, known: str) -> Scheme:
    content = path.read_bytes()
    if sha256(content).hexdigest() != known:
        raise FileError(
            "is not the schema that the work began with; expected nothing changed: start again", place=str(path)
        )
    found: dict[str, str] = msgspec.json.decode(content, type=dict[str, str])
    return parse(found)


_DECODER: Any = msgspec.json.Decoder(Piece)
