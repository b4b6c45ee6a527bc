"""The annotation scheme as objects: all that the code knows of a corpus's layers, labels, attributes and roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

__all__ = [
    "CONSTRAINTS",
    "NAME",
    "REGISTRY",
    "RESERVED",
    "TABLES",
    "VIEWS",
    "Attribute",
    "Constraint",
    "Layer",
    "Role",
    "Scheme",
    "Value",
    "View",
]

REGISTRY = "entity"
"""The name by which a role says that it points to the registry of entities, not to a layer."""

RESERVED = frozenset(
    {
        REGISTRY,
        "text",
        "note",
        "fragment",
        "id",
        "document",
        "annotator",
        "layer",
        "label",
        "spans",
        "refs",
        "attributes",
        "derived_from",
    }
)
"""Names that tables, tasks or the interface use themselves."""

TABLES = frozenset(
    {
        "documents",
        "sentences",
        "tokens",
        "entities",
        "annotators",
        "judgements",
        "soft_labels",
        "sets",
        "set_entities",
        "splits",
        "events",
        "rights",
        "merge_policy",
        "decisions",
        "entity_decisions",
    }
)
"""Tables that every corpus has; layers and views, which are tables too, are called otherwise."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""What a layer, attribute or role may be called: it becomes a column, a file and an XML name."""


class Value(Struct, frozen=True):
    """A label, or a value of an attribute."""

    name: str
    title: str
    description: str
    hotkey: str | None = None
    color: str | None = None
    score: float | None = None
    """Its place on an interval scale."""


class Attribute(Struct, frozen=True):
    """A property that annotations of a layer have."""

    name: str
    title: str
    description: str
    values: tuple[Value, ...]
    required: bool
    scale: Literal["nominal", "ordinal", "interval"] = "nominal"
    missing: tuple[str, ...] = ()
    """Values that have no place on the scale."""


class Role(Struct, frozen=True):
    """What an annotation points to."""

    name: str
    title: str
    description: str
    layers: tuple[str, ...]
    min: int
    max: int | None

    @property
    def registry(self) -> bool:
        """Whether it points to entities."""
        return self.layers == (REGISTRY,)


class Layer(Struct, frozen=True):
    """One kind of annotation."""

    name: str
    title: str
    description: str
    kind: Literal["span", "relation", "document"]
    labels: tuple[Value, ...]
    attributes: tuple[Attribute, ...]
    roles: tuple[Role, ...]
    max_fragments: int | None
    """Most fragments; None for any number."""

    def role(self, name: str) -> Role | None:
        """The role of that name."""
        return next((role for role in self.roles if role.name == name), None)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of that name."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    @property
    def label_names(self) -> tuple[str, ...]:
        """Its labels, in the schema's order."""
        return tuple(value.name for value in self.labels)


class Constraint(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule between annotations: one of a closed list of kinds, with its parameters."""

    kind: str
    layer: str
    severity: Literal["error", "warning"] = "error"
    role: str = ""
    roles: tuple[str, ...] = ()
    inverse: str = ""
    labels: tuple[str, ...] = ()
    attribute: str = ""
    values: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    implies: Literal["", "label", "value", "both"] = ""
    of: str = ""
    by: tuple[str, ...] = ()
    same: str | tuple[str, ...] = ""
    forbid: tuple[Literal["cross", "contain", "equal"], ...] = ()
    inner: str = ""
    inner_labels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Layers that will do in place of `layer`."""
    marks: tuple[str, ...] = ()
    """Pairs of quotation marks: two characters each."""
    overlapping: bool = False
    min: int | None = None
    max: int | None = None


CONSTRAINTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(optional.split()))
    for kind, required, optional in (
        ("acyclic", "role", ""),
        ("apart", "role", ""),
        ("attribute_label", "labels attribute values implies", ""),
        ("balanced", "role attribute values marks", ""),
        ("companion", "role attribute values needs", ""),
        ("conflict", "labels same", "overlapping"),
        ("contains", "labels inner inner_labels", ""),
        ("count", "of labels", "min max"),
        ("covered", "", "others"),
        ("entity_type", "role", ""),
        ("everywhere", "attribute values", ""),
        ("length", "max", "labels"),
        ("nesting", "forbid", "same"),
        ("quoted", "role marks", ""),
        ("role_or_inverse", "role inverse", ""),
        ("roles_differ", "roles", ""),
        ("symmetric", "labels roles", ""),
        ("target_once", "role", ""),
        ("unique", "by", ""),
    )
}
"""Kind of constraint -> the parameters it must have and those it may have, besides kind, layer and severity.

The meaning of each is documented in schema/README.md and is one rule in `standoff.validate`.
"""


class View(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table for one task, derived from the layers by a generic kind."""

    name: str
    kind: str
    layer: str
    description: str
    via: str = ""
    role: str = ""
    take: str = ""
    through: str = ""


VIEWS: dict[str, frozenset[str]] = {
    "bio": frozenset(),
    "sentences": frozenset(),
    "pairs": frozenset(),
    "innermost_role": frozenset({"via", "role", "take", "through"}),
}
"""Kind of view -> the parameters it must have besides name, kind, layer and description."""


class Scheme(Struct, frozen=True, kw_only=True):
    """Layers, labels and rules of one corpus."""

    corpus: str
    title: str
    version: str
    layers: tuple[Layer, ...]
    entity_types: tuple[str, ...]
    dropped_kinds: tuple[str, ...]
    inline_kinds: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    views: tuple[View, ...]
    sections: dict[str, str]
    """Codebook: heading -> text."""
    files: dict[str, str]
    """The files of schema/ as they are: name -> text."""
    annotation_schema: dict[str, Any]
    document_schema: dict[str, Any]

    def layer(self, name: str) -> Layer | None:
        """The layer of that name."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Its layers, in the schema's order."""
        return tuple(layer.name for layer in self.layers)

    def headings(self) -> Iterator[str]:
        """The codebook sections that there must be: one for each label, attribute value and role."""
        for layer in self.layers:
            yield from (f"{layer.name}: {label.name}" for label in layer.labels)
            for attribute in layer.attributes:
                yield from (f"{layer.name}: {attribute.name}={value.name}" for value in attribute.values)
            yield from (f"{layer.name}: {role.name} (role)" for role in layer.roles)

    def registry_headings(self) -> Iterator[str]:
        """The codebook sections that there may be of entities: one for each value and each link between entities."""
        entity = self.annotation_schema.get("$defs", {}).get(REGISTRY, {})
        for name, spec in entity.get("properties", {}).items():
            yield from (f"{REGISTRY}: {name}={value['const']}" for value in spec.get("oneOf", ()))
            if spec.get("type") == "array":
                yield f"{REGISTRY}: {name} (role)"
