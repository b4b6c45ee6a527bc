"""Folders of JSON to a corpus and back, in canonical form: what was read is written as the same bytes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from standoff.canon import (
    canonical_decisions,
    canonical_document,
    canonical_segments,
    canonical_set,
    listings,
)
from standoff.errors import FileError, OffsetError, RecordError, UsageError
from standoff.model import (
    GOLD,
    RESERVED,
    AnnotationSet,
    Annotator,
    Corpus,
    Decisions,
    Document,
    Entity,
    Finding,
    Policy,
    Release,
    Reviews,
    Right,
    Segments,
    Splits,
    Withdrawn,
)
from standoff.schema import parse
from standoff.schema.shapes import misshapen
from standoff.scheme import Scheme
from standoff.storage import (
    bytes_inside,
    forget_links,
    json_in,
    read_bytes,
    read_json,
    read_text,
    relative,
    stays_inside,
    write,
)
from standoff.text import decode, decode_json, drop

__all__ = [
    "find_root",
    "inspect",
    "raw_bytes",
    "raw_file",
    "read",
    "read_bytes",
    "read_document",
    "read_json",
    "read_scheme",
    "read_text",
    "read_withdrawn",
    "set_path",
    "stored_files",
    "write",
    "write_corpus",
    "write_decisions",
    "write_document",
    "write_listings",
    "write_set",
]

T = TypeVar("T")

_REVIEWS = "corpus/reviews.json"


def find_root(start: Path) -> Path:
    """The corpus that a folder is in: it, or the nearest folder above with corpus/ and schema/.

    Raises:
        UsageError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "corpus").is_dir() and (folder / "schema").is_dir():
            return folder
    raise UsageError(
        "no corpus here or above: expected a folder with corpus/ and schema/; use --root, or standoff init",
        place=str(start),
    )


def read(root: Path) -> Corpus:
    """The corpus of a checkout.

    Raises:
        FileError: files are missing, in another encoding or no JSON, or symbolic links that lead out of it; names all.
        RecordError: a record does not have the shape of its kind; names the first one.
        SchemaError: the schema cannot be worked by.
    """
    reading = _Reading(root)
    corpus = _read(reading)
    if reading.errors:
        first_error, *others = reading.errors
        if others:
            also = ", ".join(error.place for error in others)
            first_error.message += f" (and what cannot be read either: {also})"
        raise first_error
    findings = sorted(reading.findings)
    if findings:
        first, more = findings[0], len(findings) - 1
        raise RecordError(
            first.message + (f" (and {more} more; standoff validate lists them)" if more else ""),
            place=f"{first.file} {first.field}".strip(),
        )
    return corpus


def inspect(root: Path) -> tuple[Corpus, tuple[Finding, ...]]:
    """The corpus of a checkout as far as its files can be read and its records have their kind's shape, and findings
    on those left out. Also JSON that is no part of the corpus is looked at.

    Raises:
        FileError, SchemaError: the schema cannot be worked by, without which nothing else can be said.
    """
    reading = _Reading(root)
    corpus = _read(reading)
    for path in json_in(root):
        if path == root / _REVIEWS:
            reading.record(path, Reviews)
        elif path not in reading.seen and path.parent != root / "schema":
            reading.value(path)
    # What the scheme was made of has been read; of the rest of the folder nothing but its being JSON is known.
    for path in (root / "schema").glob("*.json"):
        reading.value(path)
    return corpus, tuple(sorted(reading.findings))


class _Reading:
    """What is found wrong while the files of a checkout are read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.findings: list[Finding] = []
        self.errors: list[FileError] = []
        """What cannot be read at all; each is a finding too."""
        self.seen: set[Path] = set()
        forget_links()

    def value(self, path: Path) -> Any:
        """What a file of JSON holds; `_NOTHING` where that cannot be read."""
        self.seen.add(path)
        try:
            stays_inside(path, self.root)
            return read_json(path)
        except FileError as error:
            error.place = relative(path, self.root)
            self.unreadable(error)
            return _NOTHING

    def record(self, path: Path, kind: type[T]) -> T | None:
        """What a file holds as a record of its kind; None where it is none."""
        value = self.value(path)
        if value is _NOTHING:
            return None
        if kind is Decisions:
            _with_ids(value)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            field, message = misshapen(error, value, kind)
            self.findings.append(_finding(path, self.root, _id_at(value, field), field, message))
            return None

    def document(self, path: Path) -> Document | None:
        """A document's record with its text."""
        self.seen.add(path)
        try:
            return read_document(self.root, path.stem)
        except (RecordError, OffsetError) as error:
            field = error.place.removeprefix(relative(path, self.root)).strip()
            self.findings.append(_finding(path, self.root, path.stem, field, error.message))
        except FileError as error:
            self.unreadable(error)
        return None

    def unreadable(self, error: FileError) -> None:
        """Takes down a file that cannot be read."""
        self.errors.append(error)
        self.findings.append(Finding(error.place, "", "", "record-shape", "error", error.message))


_NOTHING = object()


def _read(reading: _Reading) -> Corpus:
    """The corpus of a checkout, as far as it can be read."""
    root, findings = reading.root, reading.findings
    for path in sorted((root / "schema").glob("*.*")):
        stays_inside(path, root)
    scheme = read_scheme(root)
    documents: dict[str, Document] = {}
    for path in _json_files(root / "corpus" / "documents"):
        if document := reading.document(path):
            findings.extend(_misplaced(path, root, ("id", document.id, path.stem)))
            documents[path.stem] = document
    segments: dict[str, Segments] = {}
    for path in _json_files(root / "corpus" / "segments"):
        if segmented := reading.record(path, Segments):
            findings.extend(_misplaced(path, root, ("document", segmented.document, path.stem)))
            segments[path.stem] = segmented
    entities = reading.record(root / "corpus" / "entities.json", _Entities) or _Entities()
    annotators = reading.record(root / "annotations" / "annotators.json", _Annotators) or _Annotators()
    rights = reading.record(root / "corpus" / "rights.json", _Rights) or _Rights()
    releases = reading.record(root / "corpus" / "releases.json", _Releases) or _Releases()
    splits = reading.record(root / "corpus" / "splits.json", Splits) or Splits()
    tombstones = root / "corpus" / "withdrawn.json"
    withdrawn = reading.record(tombstones, _Tombstones) if os.path.lexists(tombstones) else None
    sets: dict[tuple[str, str], AnnotationSet] = {}
    gold: dict[str, AnnotationSet] = {}
    folder = root / "annotations"
    for path in sorted((*folder.glob("sets/*/*.json"), *folder.glob("gold/*.json"))):
        if found := reading.record(path, AnnotationSet):
            annotator = path.parent.name
            places = (("annotator", found.annotator, annotator), ("document", found.document, path.stem))
            findings.extend(_misplaced(path, root, *places))
            if path.parent == folder / GOLD:
                gold[path.stem] = found
            elif annotator == GOLD:
                findings.append(
                    _finding(path, root, "", "annotator", f"expected it in {relative(folder / GOLD, root)}")
                )
            elif annotator in RESERVED:
                findings.append(_finding(path, root, "", "annotator", _reserved(annotator)))
            else:
                sets[annotator, path.stem] = found
    policy = reading.record(folder / "policy.json", Policy) if os.path.lexists(folder / "policy.json") else None
    decisions: dict[str, Decisions] = {}
    for path in _json_files(folder / "decisions"):
        if decided := reading.record(path, Decisions):
            findings.extend(_misplaced(path, root, ("document", decided.document, path.stem)))
            findings.extend(_doubled(relative(path, root), [one.id for one in decided.decisions]))
            findings.extend(_doubled(relative(path, root), [one.id for one in decided.entities]))
            if decided.decisions or decided.entities:
                decisions[path.stem] = decided
    findings.extend(_doubled("corpus/entities.json", [entity.id for entity in entities.entities]))
    gone = withdrawn.withdrawn if withdrawn else ()
    findings.extend(_doubled("corpus/withdrawn.json", [one.id for one in gone]))
    findings.extend(_doubled("annotations/annotators.json", [annotator.id for annotator in annotators.annotators]))
    findings.extend(
        _finding(folder / "annotators.json", root, annotator.id, "id", _reserved(annotator.id))
        for annotator in annotators.annotators
        if annotator.id in RESERVED
    )
    return Corpus(
        scheme=scheme,
        documents=documents,
        segments=segments,
        entities={entity.id: entity for entity in sorted(entities.entities, key=lambda e: e.id)},
        annotators={annotator.id: annotator for annotator in sorted(annotators.annotators, key=lambda a: a.id)},
        sets=sets,
        gold=gold,
        splits=splits,
        rights=rights.documents,
        releases=releases.releases,
        version="",
        decisions=decisions,
        policy=policy,
        withdrawn={one.id: one for one in sorted(gone, key=lambda one: one.id)},
    )


class _Entities(msgspec.Struct, forbid_unknown_fields=True):
    entities: tuple[Entity, ...] = ()


class _Annotators(msgspec.Struct, forbid_unknown_fields=True):
    annotators: tuple[Annotator, ...] = ()


class _Rights(msgspec.Struct, forbid_unknown_fields=True):
    documents: dict[str, Right] = {}


class _Tombstones(msgspec.Struct, forbid_unknown_fields=True):
    withdrawn: tuple[Withdrawn, ...] = ()


class _Releases(msgspec.Struct, forbid_unknown_fields=True):
    releases: tuple[Release, ...] = ()


def read_scheme(root: Path) -> Scheme:
    """The scheme of the schema folder of a checkout or a release.

    Raises:
        FileError, SchemaError: see `standoff.schema.parse`.
    """
    folder = root / "schema"
    if not folder.is_dir():
        raise FileError("not found; expected the folder of schema files", place=str(folder))
    texts = {
        path.name: read_text(path)
        for path in sorted(folder.iterdir())
        # Pages about the code's vocabulary and rules change with the code: they are no part of what a corpus says.
        if path.suffix in (".json", ".md") and path.name not in ("README.md", "RULES.md")
    }
    return parse(texts, place=str(folder))


def read_withdrawn(path: Path) -> dict[str, Withdrawn]:
    """The withdrawn documents that a file lists; none where there is no file.

    Raises:
        RecordError: it does not list such.
    """
    if not path.is_file():
        return {}
    try:
        found = msgspec.convert(read_json(path), _Tombstones)
    except msgspec.ValidationError as error:
        raise RecordError(str(error), place=str(path)) from error
    return {one.id: one for one in found.withdrawn}


def read_document(root: Path, id: str) -> Document:
    """A document's record with the text that its raw file holds.

    Raises:
        FileError: the record or the raw file is missing, or not UTF-8.
        RecordError: the record has not the shape of one.
        OffsetError: the dropped ranges do not lie in the raw text, in order.
    """
    path = root / "corpus" / "documents" / f"{id}.json"
    place = relative(path, root)
    record = decode_json(decode(bytes_inside(path, root), place=place), place=place)
    if not isinstance(record, dict):
        raise RecordError(f"is a JSON {type(record).__name__}; expected an object", place=place)
    raw_path = raw_file(root, id)
    raw = decode(bytes_inside(raw_path, root), place=relative(raw_path, root))
    try:
        if "text" in record:
            raise RecordError("Object contains unknown field `text`; expected it in the raw file alone", place=place)
        document = msgspec.convert({**record, "text": ""}, Document)
        if len(raw) != document.raw_length:
            raise RecordError(
                f"raw_length is {document.raw_length}, but {relative(raw_path, root)} has {len(raw)} characters",
                place=place,
            )
        return msgspec.structs.replace(document, text=drop(raw, document.dropped))
    except msgspec.ValidationError as error:
        field, message = misshapen(error, record, Document)
        raise RecordError(message, place=f"{place} {field}".strip()) from error
    except OffsetError as error:
        raise error.at(f"{place} dropped") from error


def raw_file(root: Path, id: str) -> Path:
    """Where a document's bytes lie.

    Raises:
        FileError: there is no such file.
    """
    for suffix in (".txt", ".html"):
        path = root / "corpus" / "raw" / f"{id}{suffix}"
        # One that leads nowhere is told of by who reads it.
        if path.is_file() or path.is_symlink():
            return path
    raise FileError("not found; expected the document's raw file", place=f"corpus/raw/{id}.txt")


def raw_bytes(root: Path, corpus: Corpus) -> dict[str, bytes]:
    """Document -> the bytes of its raw file.

    Raises:
        FileError: there is no such file.
    """
    return {id: read_bytes(raw_file(root, id)) for id in corpus.documents}


def stored_files(root: Path) -> dict[str, bytes]:
    """Path -> the bytes of each JSON file of a checkout, as they are; what cannot be read, `inspect` tells of."""
    found = {}
    for path in json_in(root):
        try:
            found[relative(path, root)] = bytes_inside(path, root)
        except FileError:
            continue
    return found


def set_path(root: Path, annotator: str, document: str) -> Path:
    """Where a set lies."""
    folder = root / "annotations" / GOLD if annotator == GOLD else root / "annotations" / "sets" / annotator
    return folder / f"{document}.json"


def write_set(root: Path, annotations: AnnotationSet, scheme: Scheme) -> bool:
    """Puts a set in its place; says whether anything changed."""
    return write(
        set_path(root, annotations.annotator, annotations.document),
        canonical_set(annotations, scheme),
    )


def write_decisions(root: Path, decisions: Decisions) -> bool:
    """Puts the decisions of a document in their place; says whether anything changed."""
    path = root / "annotations" / "decisions" / f"{decisions.document}.json"
    return write(path, canonical_decisions(decisions))


def write_document(root: Path, document: Document, segments: Segments) -> None:
    """Puts a document's record and segments in their places; the raw file stays what it is."""
    write(root / "corpus" / "documents" / f"{document.id}.json", canonical_document(document))
    write(root / "corpus" / "segments" / f"{document.id}.json", canonical_segments(segments))


def write_listings(root: Path, corpus: Corpus) -> None:
    """Puts the corpus-wide files in their places: entities, splits, rights, releases, annotators, policy."""
    for path, text in listings(corpus):
        write(root / path, text)


def write_corpus(root: Path, corpus: Corpus, raw: Mapping[str, bytes]) -> None:
    """Puts a whole corpus into a folder.

    Args:
        raw: document -> the bytes of its raw file.
    """
    for name, text in corpus.scheme.files.items():
        write(root / "schema" / name, text)
    write_listings(root, corpus)
    for id, document in corpus.documents.items():
        write(
            root / "corpus" / "raw" / f"{id}{'.html' if document.media_type == 'text/html' else '.txt'}",
            raw[id],
        )
        write_document(root, document, corpus.segments[id])
    for marked in (*corpus.sets.values(), *corpus.gold.values()):
        write_set(root, marked, corpus.scheme)
    for decisions in corpus.decisions.values():
        write_decisions(root, decisions)


def _reserved(annotator: str) -> str:
    return f"an annotator is called {annotator!r}, as the addresses of gold, decisions or policies are; rename it"


def _doubled(file: str, ids: list[str]) -> Iterator[Finding]:
    for id, times in sorted(Counter(ids).items()):
        if times > 1:
            yield Finding(file, id, "id", "record-shape", "error", f"id {id!r} stands {times} times; expected once")


def _misplaced(path: Path, root: Path, *fields: tuple[str, str, str]) -> Iterator[Finding]:
    """Fields (name, what it is, what the file's place says it is) of a record that lies where another belongs."""
    for field, is_, expected in fields:
        if is_ != expected:
            yield _finding(path, root, "", field, f"{field} is {is_!r}, but the file's place says {expected!r}")


def _with_ids(decisions: Any) -> None:
    """Puts the empty id into annotations that decisions give without: their id in gold follows from elsewhere."""
    given = decisions.get("decisions") if isinstance(decisions, dict) else None
    for one in given if isinstance(given, list) else ():
        annotation = one.get("annotation") if isinstance(one, dict) else None
        if isinstance(annotation, dict):
            annotation.setdefault("id", "")


def _id_at(value: Any, field: str) -> str:
    """The id of the record in a list of records that a field such as `decisions[3].outcome` is of; empty without."""
    name, _, rest = field.partition("[")
    number, is_in_list, _ = rest.partition("]")
    found = value[name][int(number)] if is_in_list and isinstance(value, dict) and number.isdigit() else None
    id = found.get("id") if isinstance(found, dict) else None
    return id if isinstance(id, str) else ""


def _finding(path: Path, root: Path, id: str, field: str, message: str) -> Finding:
    return Finding(relative(path, root), id, field, "record-shape", "error", message)


def _json_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder.is_dir() else []
