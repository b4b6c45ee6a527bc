"""The map of a foreign interface's names to a scheme's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import SchemaError, nearest
from standoff.labelstudio.controls import FRAGMENT, links
from standoff.labelstudio.items import listed
from standoff.labelstudio.sound import sound
from standoff.scheme import Layer, Role, Scheme

__all__ = ["Asked", "Label", "Map", "Relation", "read_map"]


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """A label of a layer."""

    layer: str
    label: str


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What one control of the foreign interface asks for: labels, or an attribute, a role or a note of regions."""

    layer: str
    labels: dict[str, str | Label | None] | None = None
    attribute: str = ""
    values: dict[str, str | None] | None = None
    role: str = ""
    entities: dict[str, str] = {}
    new: bool = False
    note: bool = False

    @property
    def field(self) -> str:
        """The attribute or role, or "note"; empty for labels."""
        return self.attribute or self.role or ("note" if self.note else "")


class Relation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a label of a relation means: a role of the layer it starts from, or a label of a relation layer."""

    layer: str
    role: str = ""
    label: str = ""
    reversed: bool = False

    @property
    def name(self) -> str:
        """What the relation is called in the corpus's own interface."""
        return self.role or self.label


class Map(Struct, frozen=True, forbid_unknown_fields=True):
    """Which name of a foreign export is which of the scheme."""

    text: str
    controls: dict[str, Asked | None]
    relations: dict[str, Relation | str | None] = {}
    document: str = ""
    documents: dict[str, str] | None = None
    annotator: int | str | None = None


def read_map(value: Any, scheme: Scheme, *, documents: Sequence[str], place: str) -> Map:
    """The map that a JSON value says, held against the scheme.

    Args:
        documents: the corpus's.

    Raises:
        SchemaError: it has another form, or names what the scheme or corpus does not have; with all that is wrong.
        StudioError: see `standoff.labelstudio.sound.sound`.
    """
    sound(value, place=place)
    try:
        found = msgspec.convert(value, Map)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        raise SchemaError([what], place=f"{place} {path.rstrip('`').lstrip('.')}".strip()) from error
    problems = [*_controls(found, scheme), *_relations(found, scheme)]
    problems += [f"documents: {id!r} is no document{nearest(id, documents)}" for id in _missing(found, documents)]
    if found.documents is not None and not found.document:
        problems.append("documents: expected `document` too, the field of the data that tells which one it is")
    if problems:
        raise SchemaError(problems, place=place)
    return found


def _missing(found: Map, documents: Sequence[str]) -> Iterator[str]:
    yield from (id for id in (found.documents or {}).values() if id not in documents)


def _controls(found: Map, scheme: Scheme) -> Iterator[str]:
    for name, asked in found.controls.items():
        at = f"controls[{name!r}]"
        layer = scheme.layer(asked.layer) if asked else None
        if asked is None:
            continue
        if layer is None:
            yield _no_layer(f"{at}.layer", asked.layer, scheme)
        elif layer.kind == "relation":
            yield f"{at}.layer: {asked.layer!r} is a relation layer; expected it in `relations`"
        else:
            yield from (f"{at}.{problem}" for problem in _asked(asked, layer, scheme))


def _asked(asked: Asked, layer: Layer, scheme: Scheme) -> Iterator[str]:
    given = [n for n in ("attribute", "role", "note") if getattr(asked, n)]
    given += ["labels"] if asked.labels is not None else []
    if len(given) > 1:
        yield f"{given[1]}: {given[0]!r} is given too; expected one of labels, attribute, role and note"
    if layer.kind == "document" and asked.field:
        yield f"{given[0]}: {layer.name!r} is a document layer; expected labels alone"
        return
    for word, label in (asked.labels or {}).items():
        meant = Label(layer.name, label) if isinstance(label, str) else label
        of = scheme.layer(meant.layer) if meant else None
        if meant is None:
            continue
        if of is None or of.kind != layer.kind:
            yield f"labels[{word!r}]: {meant.layer!r} is no {layer.kind} layer"
        elif meant.label not in of.label_names:
            yield _none_of(f"labels[{word!r}]", meant.label, of.label_names)
    if asked.attribute:
        attribute = layer.attribute(asked.attribute)
        if attribute is None:
            yield _none_of("attribute", asked.attribute, [a.name for a in layer.attributes])
        else:
            values = [value.name for value in attribute.values]
            for word, mapped in (asked.values or {}).items():
                if mapped is not None and mapped not in values:
                    yield _none_of(f"values[{word!r}]", mapped, values)
    if asked.role:
        yield from _registry(asked.role, layer)
    for key, where in (("values", "attribute"), ("entities", "role"), ("new", "role")):
        if getattr(asked, key) and not getattr(asked, where):
            yield f"{key}: {canonical(getattr(asked, key))}; expected none without {where!r}"


def _registry(role: str, layer: Layer) -> Iterator[str]:
    known: list[Role] = [one for one in layer.roles if one.registry]
    if role not in [one.name for one in known]:
        more = "; a role to annotations belongs into `relations`" if layer.role(role) else ""
        yield _none_of("role", role, [one.name for one in known]) + more


def _relations(found: Map, scheme: Scheme) -> Iterator[str]:
    for label, relation in found.relations.items():
        at = f"relations[{label!r}]"
        if isinstance(relation, str):
            if relation != FRAGMENT:
                yield f"{at}: {relation!r}; expected {FRAGMENT!r}, null, or a layer with a role or a label"
            continue
        if relation is None:
            continue
        layer = scheme.layer(relation.layer)
        if layer is None:
            yield _no_layer(f"{at}.layer", relation.layer, scheme)
        elif layer.kind == "document":
            yield f"{at}.layer: {relation.layer!r} is a document layer; expected one of spans or relations"
        elif layer.kind == "span" and relation.name not in [role.name for role in links(layer)]:
            yield _none_of(f"{at}.role", relation.name, [role.name for role in links(layer)])
        elif layer.kind == "relation" and relation.name not in layer.label_names:
            yield _none_of(f"{at}.label", relation.name, layer.label_names)
        elif bool(relation.role) == bool(relation.label):
            yield f"{at}: expected a role or a label, one of the two"


def _no_layer(at: str, name: str, scheme: Scheme) -> str:
    return f"{at}: {name!r} is none of {listed(scheme.layer_names)}{nearest(name, scheme.layer_names)}"


def _none_of(at: str, word: str, known: Sequence[str]) -> str:
    return f"{at}: {word!r} is none of {listed(known) or 'nothing: there are none'}{nearest(word, known)}"
