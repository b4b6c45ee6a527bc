"""The names by which the interface, the tasks and what comes back know the same things.

A control is called after what it asks for:

- `<layer>`: the labels of a span layer, or the choices of a document layer;
- `<layer>-<attribute>`: an attribute of the selected region;
- `<layer>-<role>`: the known entity that the selected region refers to, for a role to the registry;
- `<layer>-<role>-new`: the name of an entity that is not known yet;
- `<layer>-note`: the annotator's remark on the selected region.

A hyphen is legal in no name of a scheme, so that no two controls are ever called alike. All other roles, the labels of
relation layers and `fragment` are labels of relations between regions: Label Studio has one list of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from standoff.scheme import Layer, Role, Scheme

__all__ = [
    "ENTITIES",
    "FINDINGS",
    "FRAGMENT",
    "NO_KEY",
    "TEXT",
    "TO_FIX",
    "WATCHED",
    "Control",
    "controls",
    "links",
    "relation_label",
    "symmetric",
]

FRAGMENT = "fragment"
"""The label of a relation from the first fragment of an annotation to another one of its fragments."""

TEXT = "text"
"""The name of the object that all controls label, and of the field of the task's data that it shows."""

ENTITIES = "entities"
"""The field of the task's data with the entities to pick from."""

FINDINGS, TO_FIX = "findings", "to_fix"
"""The fields of the task's data that say what is wrong with what was submitted, and how many things."""

WATCHED = frozenset({FINDINGS, TO_FIX})
"""Fields of the task's data that follow from what is submitted: no push means anything by them."""

NO_KEY = " "
"""A hotkey that no key is. The editor gives any free one to a choice that names none, and then sets it on whatever
region is selected, also on one of another layer."""

Kind = Literal["labels", "document", "attribute", "entity", "new entity", "note"]


class Control(Struct, frozen=True):
    """One thing that the interface asks for."""

    name: str
    kind: Kind
    layer: Layer
    field: str = ""
    """The attribute or role it fills."""
    values: tuple[str, ...] = ()
    """What may be chosen; empty where that depends on the task, or where one writes."""

    @property
    def type(self) -> str:
        """The type of the result items that Label Studio makes of it."""
        return {"labels": "labels", "note": "textarea", "new entity": "textarea"}.get(self.kind, "choices")


def controls(scheme: Scheme) -> dict[str, Control]:
    """The controls of a scheme by name, in the order in which they are shown."""
    return {control.name: control for layer in scheme.layers for control in _of_layer(layer)}


def _of_layer(layer: Layer) -> Iterator[Control]:
    name = layer.name
    if layer.kind == "document":
        yield Control(name, "document", layer, values=layer.label_names)
    if layer.kind == "span":
        yield Control(name, "labels", layer, values=layer.label_names)
        for attribute in layer.attributes:
            values = tuple(value.name for value in attribute.values)
            yield Control(f"{name}-{attribute.name}", "attribute", layer, attribute.name, values)
        for role in layer.roles:
            if role.registry:
                yield Control(f"{name}-{role.name}", "entity", layer, role.name)
                yield Control(f"{name}-{role.name}-new", "new entity", layer, role.name)
        yield Control(f"{name}-note", "note", layer)


def links(layer: Layer) -> tuple[Role, ...]:
    """The roles of a layer that point to annotations: what its regions' relations can be called."""
    return tuple(role for role in layer.roles if layer.kind == "span" and not role.registry)


def relation_label(scheme: Scheme, label: str) -> Layer | None:
    """The relation layer that a label of a relation belongs to."""
    return next((layer for layer in scheme.layers if layer.kind == "relation" and label in layer.label_names), None)


def symmetric(scheme: Scheme, layer: str, label: str) -> bool:
    """Whether the two ends of a relation of this label may change places."""
    return any(c.kind == "symmetric" and c.layer == layer and label in c.labels for c in scheme.constraints)
