"""The values that everything else works on. Offsets are half-open, in Unicode code points of a document's text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from standoff.scheme import Scheme

__all__ = [
    "GOLD",
    "Annotation",
    "AnnotationSet",
    "Annotator",
    "Corpus",
    "Document",
    "Dropped",
    "Entity",
    "Fact",
    "Finding",
    "LookedUp",
    "Progress",
    "Release",
    "Right",
    "Segments",
    "Severity",
    "Source",
    "Span",
    "Splits",
    "derived_id",
    "silent",
]

GOLD = "gold"
"""The annotator of the sets that are derived from all the others."""

Severity = Literal["error", "warning"]

Progress = Callable[[str, int, int], None]
"""Told by long work what it is at, how many are done, and of how many."""


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class Span(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One contiguous piece of a text, with the text it covers."""

    start: int
    end: int
    quote: str


class Annotation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that one annotator marked in one document; the same shape in every layer."""

    id: str
    layer: str
    label: str
    spans: tuple[Span, ...] = ()
    refs: dict[str, tuple[str, ...]] = {}
    """Role -> ids of annotations of the same set, or of entities."""
    attributes: dict[str, str] = {}
    note: str = ""
    derived_from: tuple[str, ...] = ()
    """Gold only: the addresses (annotator/document#id) of what it was made from."""


class LookedUp(Struct, frozen=True, forbid_unknown_fields=True):
    """When and where somebody looked an entity up."""

    date: str
    source: str


class Entity(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A thing in the world."""

    id: str
    type: str
    name: str
    kb_status: Literal["linked", "nil", "unchecked"]
    aliases: tuple[str, ...] = ()
    wikidata: str | None = None
    looked_up: LookedUp | None = None
    part_of: tuple[str, ...] = ()


class AnnotationSet(Struct, frozen=True, forbid_unknown_fields=True):
    """All that one annotator marked in one document, and the entities that this annotator added there."""

    document: str
    text_sha256: str
    annotator: str
    annotations: tuple[Annotation, ...] = ()
    entities: tuple[Entity, ...] = ()

    def address(self, id: str) -> str:
        """Where an annotation of this set is found: `annotator/document#id`."""
        return f"{self.annotator}/{self.document}#{id}"


class Fact(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something known of a document, with how it is known; value is None where it is unknown."""

    status: Literal["stated", "inferred", "unknown"]
    value: str | None = None
    evidence: str = ""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a document comes from."""

    publisher: Fact
    url: Fact
    author: Fact


class Dropped(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A range of the decoded raw file that is no part of the text."""

    start: int
    end: int
    kind: str


class Document(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document: its record, and the text that is left of the raw file."""

    id: str
    title: str
    language: str
    media_type: str
    published: Fact
    source: Source
    rights: str
    raw_sha256: str
    raw_length: int
    """Code points of the decoded raw file."""
    text_sha256: str
    dropped: tuple[Dropped, ...] = ()
    text: str


class Segments(Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences and tokens as half-open ranges of the text; tokens leave white space out."""

    document: str
    segmenter: str
    sentences: tuple[tuple[int, int], ...]
    tokens: tuple[tuple[int, int], ...]


class Splits(Struct, frozen=True, forbid_unknown_fields=True):
    """Which split each document is in, and which documents tell of one event."""

    splits: dict[str, Literal["train", "validation", "test"]] = {}
    events: dict[str, tuple[str, ...]] = {}


class Annotator(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who annotated, under a pseudonym."""

    id: str
    kind: Literal["human", "language model", "rule"]
    description: str
    family: str | None = None
    version: str | None = None
    date: str | None = None
    codebook: str | None = None


class Right(Struct, frozen=True, forbid_unknown_fields=True):
    """The owner's decision on publishing one document's text."""

    publish_text: bool
    decided_by: str
    date: str
    reason: str
    holder: str
    takedown: str


class Release(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of the dataset that was published."""

    version: str
    date: str
    content_sha256: str
    yanked: bool = False
    why: str = ""


class Corpus(Struct, frozen=True, kw_only=True):
    """A whole corpus at one moment, from a checkout or from a release. Sequences are ordered by id."""

    scheme: Scheme
    documents: dict[str, Document]
    segments: dict[str, Segments]
    entities: dict[str, Entity]
    annotators: dict[str, Annotator]
    sets: dict[tuple[str, str], AnnotationSet]
    """(annotator, document) -> set"""
    gold: dict[str, AnnotationSet]
    splits: Splits
    rights: dict[str, Right]
    releases: tuple[Release, ...]
    version: str


class Finding(Struct, frozen=True, order=True):
    """One thing that is wrong with the data.

    `file` is relative to the corpus's root, `id` names an annotation, entity or document, `field` a path inside it.
    """

    file: str
    id: str
    field: str
    rule: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        place = self.file + (f"#{self.id}" if self.id else "") + (f" {self.field}" if self.field else "")
        return f"{place}: {self.message} ({self.rule})"


def derived_id(label: str, *of: str) -> str:
    """The id of an annotation that has no place in the text: its label and what it links, joined by colons.

    Label Studio keeps no id for a relation, so that it must follow from what the relation is. A colon
    is legal in no other id; a derived id thus never meets a drawn one.
    """
    return ":".join((label, *of))
