"""Differences as values: each holds what was and what is, so that the one corpus can be made from the other."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct

from standoff.model import (
    Annotation,
    Annotator,
    Decisions,
    Document,
    Entity,
    Policy,
    Release,
    Right,
    Segments,
    Withdrawn,
)

__all__ = [
    "QUIET",
    "AnnotationChange",
    "Change",
    "Diff",
    "Kind",
    "Plain",
    "SchemaChange",
    "SetChange",
    "Split",
    "What",
]

T = TypeVar("T")

Split = Literal["train", "validation", "test"]

Plain: TypeAlias = str | int | float | bool | tuple[str, ...] | None

Kind = Literal[
    "added",
    "removed",
    "moved",
    "relabelled",
    "attributes",
    "roles",
    "note",
    "sources",
    "shifted",
    "renamed",
]
"""What became of an annotation: its spans moved; its label, attributes, roles, note, or what gold derives it from
changed; `shifted`: the same words at other offsets of a text that changed; `renamed`: nothing but ids changed."""

QUIET = frozenset[Kind]({"shifted", "renamed"})
"""Kinds by which nothing that anybody marked has changed."""


class Change(Struct, Generic[T], frozen=True):
    """One record that is in one corpus alone (the other side is None), or other in the second."""

    id: str
    old: T | None
    new: T | None

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """Whether it came, went or stayed."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


class AnnotationChange(Struct, frozen=True):
    """One annotation that came, went, or is not what it was."""

    kinds: tuple[Kind, ...]
    old: Annotation | None
    new: Annotation | None

    @property
    def one(self) -> Annotation:
        """The annotation as it is, or as it last was."""
        found = self.new or self.old
        assert found is not None
        return found


class SetChange(Struct, frozen=True):
    """What changed in one annotator's set for one document; the annotator `gold` has gold."""

    annotator: str
    document: str
    old_text: str | None
    """The sha256 of the text that the set was made on; None where there was no set."""
    new_text: str | None
    annotations: tuple[AnnotationChange, ...]
    entities: tuple[Change[Entity], ...]


What = Literal["scheme", "layer", "label", "attribute", "value", "role", "constraint", "view", "field", "section"]
"""What a schema consists of; a field is one of a record's JSON Schema, a section one of the codebook."""


class SchemaChange(Struct, frozen=True):
    """One part of the schema that came or went, or one field of it that is other.

    A part that came or went is given whole: as text if it is a section of the codebook, as canonical JSON otherwise.
    """

    of: What
    name: str
    kind: Literal["added", "removed", "changed"]
    field: str = ""
    old: Plain = None
    new: Plain = None


class Diff(Struct, frozen=True, kw_only=True):
    """All that is otherwise in a second corpus than in a first; all sequences are ordered."""

    schema: tuple[SchemaChange, ...] = ()
    """What the changed files mean."""
    files: tuple[Change[str], ...] = ()
    """The files of schema/: name, text."""
    documents: tuple[Change[Document], ...] = ()
    segments: tuple[Change[Segments], ...] = ()
    entities: tuple[Change[Entity], ...] = ()
    annotators: tuple[Change[Annotator], ...] = ()
    sets: tuple[SetChange, ...] = ()
    """Those of annotators, then gold."""
    decisions: tuple[Change[Decisions], ...] = ()
    """By document."""
    policy: Change[Policy] | None = None
    splits: tuple[Change[Split], ...] = ()
    events: tuple[Change[tuple[str, ...]], ...] = ()
    rights: tuple[Change[Right], ...] = ()
    withdrawn: tuple[Change[Withdrawn], ...] = ()
    releases: Change[tuple[Release, ...]] | None = None
    version: Change[str] | None = None

    @property
    def content(self) -> bool:
        """Whether the corpora say different things; version and list of releases apart, as in the content digest."""
        parts = (self.files, self.documents, self.segments, self.entities, self.annotators)
        lists = (self.splits, self.events, self.rights, self.withdrawn)
        return any((*parts, self.sets, self.decisions, self.policy, *lists))

    @property
    def empty(self) -> bool:
        """Whether nothing differs at all."""
        return not (self.content or self.releases or self.version)
