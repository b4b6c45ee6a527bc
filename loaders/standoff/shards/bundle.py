"""One record of a shard: a document with all that belongs to it and to no other; and shards as small corpora."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from standoff.errors import FileError, RecordError
from standoff.model import (
    GOLD,
    AnnotationSet,
    Corpus,
    Decisions,
    Document,
    Finding,
    Right,
    Segments,
    Splits,
)
from standoff.shards.streams import id_of, records
from standoff.text import decode

__all__ = ["Batch", "Bundle", "Located", "batches", "bundles", "corpus_of", "head_of", "parse", "raw_of", "record"]

_BATCH = 128
"""Documents that are held as one small corpus: enough that what is made once for each costs little."""


class Bundle(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """A document with all that belongs to it and to no other."""

    document: Document
    segments: Segments | None = None
    sets: tuple[AnnotationSet, ...] = ()
    gold: AnnotationSet | None = None
    decisions: Decisions | None = None
    split: Literal["train", "validation", "test"] | None = None
    events: tuple[str, ...] = ()
    right: Right | None = None
    raw: str | None = None
    """The decoded raw file, where something was dropped from it; without dropped ranges it is the text."""


class Located(Struct, frozen=True, order=True):
    """A finding, and the record in which it was found."""

    shard: str
    line: int
    """From 1; 0 for what is found in no record."""
    finding: Finding

    def __str__(self) -> str:
        if not self.shard:
            return str(self.finding)
        # What is wrong with the record itself is in no other file than the shard.
        finding = self.finding
        own = structs.replace(finding, file="") if finding.file == self.shard else finding
        return f"{self.shard}:{self.line}: {str(own).lstrip(': ')}"


class Batch(Struct, frozen=True):
    """Records that stand together in a shard, no two of one document."""

    bundles: tuple[Bundle, ...]
    lines: tuple[int, ...]
    unread: tuple[Located, ...] = ()
    """What could not be read between them."""


def head_of(corpus: Corpus) -> Corpus:
    """What a corpus says besides its documents: scheme, registry, annotators, policy, list of releases."""
    return structs.replace(
        corpus, documents={}, segments={}, sets={}, gold={}, decisions={}, splits=Splits(), rights={}
    )


def bundles(corpus: Corpus, raw: Mapping[str, bytes]) -> Iterator[Bundle]:
    """The documents of a corpus, by id.

    Args:
        raw: document -> the bytes of its raw file, as far as they are at hand.
    """
    sets: dict[str, list[AnnotationSet]] = {}
    for (_, on), marked in sorted(corpus.sets.items()):
        sets.setdefault(on, []).append(marked)
    events: dict[str, list[str]] = {}
    for event, ids in sorted(corpus.splits.events.items()):
        for id in ids:
            events.setdefault(id, []).append(event)
    for id, document in sorted(corpus.documents.items()):
        kept = raw.get(id) if document.dropped else None
        yield Bundle(
            document=document,
            segments=corpus.segments.get(id),
            sets=tuple(sets.get(id, ())),
            gold=corpus.gold.get(id),
            decisions=corpus.decisions.get(id),
            split=corpus.splits.splits.get(id),
            events=tuple(events.get(id, ())),
            right=corpus.rights.get(id),
            raw=None if kept is None else decode(kept, place=f"corpus/raw/{id}"),
        )


def corpus_of(found: Iterable[Bundle], head: Corpus) -> Corpus:
    """The corpus of some documents, as the rules take it."""
    found = sorted(found, key=lambda one: one.document.id)
    events: dict[str, list[str]] = {}
    for one in found:
        for event in one.events:
            events.setdefault(event, []).append(one.document.id)
    by_id = {one.document.id: one for one in found}
    return structs.replace(
        head,
        documents={id: one.document for id, one in by_id.items()},
        segments={id: one.segments for id, one in by_id.items() if one.segments},
        sets={(marked.annotator, id): marked for id, one in by_id.items() for marked in one.sets},
        gold={id: one.gold for id, one in by_id.items() if one.gold},
        decisions={id: one.decisions for id, one in by_id.items() if one.decisions},
        splits=Splits(
            {id: one.split for id, one in by_id.items() if one.split},
            {event: tuple(ids) for event, ids in sorted(events.items())},
        ),
        rights={id: one.right for id, one in by_id.items() if one.right},
    )


def raw_of(found: Iterable[Bundle]) -> dict[str, bytes]:
    """Document -> the bytes of its raw file, as far as the records have them."""
    texts = {one.document.id: one.raw if one.document.dropped else one.document.text for one in found}
    return {id: text.encode() for id, text in texts.items() if text is not None}


def record(bundle: Bundle) -> bytes:
    """A document as it stands in a shard: JSON on one line, keys in order."""
    return msgspec.json.encode(bundle, order="deterministic")


def parse(line: bytes) -> Bundle:
    """The document that a line of a shard holds.

    Raises:
        RecordError: it is no JSON, or has not the shape of a document's record; its place is the field.
    """
    try:
        found: Bundle = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what, _, path = str(error).partition(" - at `$")
        raise RecordError(what, place=path.rstrip("`").lstrip(".")) from error
    names = [marked.annotator for marked in found.sets]
    if GOLD in names:
        raise RecordError(f"annotator {GOLD!r}; expected that set as `gold`", place="sets")
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise RecordError(f"{doubled!r} has two sets; expected one", place="sets")
    return found


def batches(shard: str, *, most: int = _BATCH) -> Iterator[Batch]:
    """The documents of a shard, some at a time, with what could not be read of it; nothing in it raises."""
    found: dict[str, Bundle] = {}
    lines: list[int] = []
    unread: list[Located] = []
    for one in _read(shard):
        if isinstance(one, Located):
            unread.append(one)
            continue
        line, bundle = one
        # The same document again is no less to be looked at; that it is there twice, another rule says.
        if bundle.document.id in found or len(found) == most:
            yield Batch(tuple(found.values()), tuple(lines), tuple(unread))
            found, lines, unread = {}, [], []
        found[bundle.document.id] = bundle
        lines.append(line)
    if found or unread:
        yield Batch(tuple(found.values()), tuple(lines), tuple(unread))


def _read(shard: str) -> Iterator[tuple[int, Bundle] | Located]:
    """Each record with its line, or what is wrong with it; the last is what breaks the shard off."""
    name, line = PurePosixPath(shard).name, 0
    try:
        for line, content in records(shard):
            try:
                yield line, parse(content)
            except RecordError as error:
                yield Located(name, line, _shapeless(name, id_of(content), error.place, error.message))
    except FileError as error:
        yield Located(name, line + 1, _shapeless(name, "", "", error.message))


def _shapeless(shard: str, id: str, field: str, message: str) -> Finding:
    return Finding(shard, id, field, "record-shape", "error", message)


_DECODER: Any = msgspec.json.Decoder(Bundle)
