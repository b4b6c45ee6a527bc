"""The values that everything else works on. Offsets are half-open, in Unicode code points of a document's text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from standoff.scheme import Scheme

__all__ = [
    "GOLD",
    "REASONS",
    "RESERVED",
    "SPLITS",
    "Accepted",
    "Annotation",
    "AnnotationSet",
    "Annotator",
    "Corpus",
    "Decision",
    "Decisions",
    "Document",
    "Dropped",
    "Entity",
    "EntityDecision",
    "Fact",
    "Finding",
    "LookedUp",
    "MergeRule",
    "Policy",
    "Progress",
    "Release",
    "Review",
    "Reviews",
    "Right",
    "Segments",
    "Severity",
    "Source",
    "Span",
    "Splits",
    "Withdrawn",
    "derived_id",
    "silent",
]

GOLD = "gold"
"""The annotator of the sets that are derived from all the others."""

RESERVED = (GOLD, "decision", "policy")
"""What no annotator is called: the addresses of gold, of decisions and of policies begin so."""

SPLITS = ("train", "validation", "test")

REASONS = ("ambiguous text", "codebook gap", "slip", "other")
"""Why annotators disagreed, where the corpus's policy gives no list of its own."""

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
    """Gold only: the addresses (annotator/document#id) of what it was made from; the decision's (decision/document#id);
    policy/document#majority where a majority outvoted somebody."""


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


class Withdrawn(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left of a document that was withdrawn: that it was there, and why it is not."""

    id: str
    date: str
    reason: str
    raw_sha256: str


class MergeRule(Struct, frozen=True, forbid_unknown_fields=True):
    """When what annotators say becomes gold without a decision.

    unanimous: all who worked on the document say the same. majority: more than half of them do. annotator: the named
    one says so, whatever the others say; unanimous in documents that this one has not worked on.
    """

    rule: Literal["unanimous", "majority", "annotator"] = "unanimous"
    annotator: str = ""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """How sets become gold."""

    default: MergeRule = MergeRule()
    layers: dict[str, MergeRule] = {}
    """Layer, or `entity` for new entities of the registry -> its own rule."""
    annotators: tuple[str, ...] = ()
    """Whose sets become gold; all, by name, where none is named. Gold takes an item's id from the first of them."""
    reasons: tuple[str, ...] = REASONS
    """What may stand as the reason of a decision."""


class Decision(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What an adjudicator decided of one item: of what several annotators say of one thing."""

    id: str
    outcome: Literal["chosen", "edited", "rejected", "added"]
    item: tuple[str, ...] = ()
    """The addresses of all annotations of the item, in order; none where something is added that nobody had marked."""
    sha256: str = ""
    """What those annotations said when it was decided."""
    chosen: str = ""
    """The address of the annotation that becomes gold."""
    annotation: Annotation | None = None
    """What becomes gold where it is edited or added: without an id; it refers to annotations by their addresses."""
    reason: str
    note: str = ""
    decided_by: str
    date: str


class EntityDecision(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What an adjudicator decided of one entity that an annotator had added."""

    id: str
    outcome: Literal["existing", "new", "same", "rejected"]
    """It is in the registry already; it enters the registry; it is what another address names; it is nothing."""
    entity: str
    """Its address: annotator/document#id."""
    sha256: str
    """What its record said when it was decided."""
    into: str = ""
    """existing: the id in the registry. same: the address of the other."""
    record: Entity | None = None
    """new: the record that enters the registry; the annotator's own where it is not given."""
    reason: str
    note: str = ""
    decided_by: str
    date: str


class Decisions(Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided in one document."""

    document: str
    decisions: tuple[Decision, ...] = ()
    entities: tuple[EntityDecision, ...] = ()

    def address(self, id: str) -> str:
        """Where a decision is found: `decision/document#id`."""
        return f"decision/{self.document}#{id}"


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
    decisions: dict[str, Decisions] = {}
    """document -> what was decided there; documents without decisions are not among them"""
    policy: Policy | None = None
    """None where the corpus declares none; it is then that of `Policy()`."""
    withdrawn: dict[str, Withdrawn] = {}
    """Documents that were in a release and may be in none any more, such as after a takedown."""


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


class Accepted(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A warning that a reviewer lets stand: all findings of one rule on one thing in one file."""

    rule: str
    file: str
    id: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding, which then blocks nothing."""
        return finding.severity == "warning" and (finding.rule, finding.file, finding.id) == (
            self.rule,
            self.file,
            self.id,
        )


class Review(Struct, frozen=True, forbid_unknown_fields=True):
    """One reviewer's sign-off of one content."""

    reviewer: str
    """A pseudonym."""
    date: str
    content_sha256: str
    accepted: tuple[Accepted, ...] = ()


class Reviews(Struct, frozen=True, forbid_unknown_fields=True):
    """The sign-offs of a checkout, which are no part of the content that they are about."""

    reviews: tuple[Review, ...] = ()


def derived_id(label: str, *of: str) -> str:
    """The id of an annotation that has no place in the text: its label and what it links, joined by colons.

    Label Studio keeps no id for a relation, so that it must follow from what the relation is. A colon
    is legal in no other id; a derived id thus never meets a drawn one.
    """
    return ":".join((label, *of))
