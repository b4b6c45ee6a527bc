"""The entries of a schema as types, by which JSON is decoded and checked in one go: the schema level alone.

What decodes is valid. What does not may still be: of that, and of why, the rules and jsonschema have the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType, defstruct

from standoff.model import Entity
from standoff.scheme import Attribute, Layer, Role, Scheme
from standoff.validate.plain import plain
from standoff.validate.records import DERIVED_ID

__all__ = ["surely_valid"]

_ID = Annotated[str, Meta(pattern=f"^{DERIVED_ID.pattern}$")]
_SOME = Annotated[str, Meta(min_length=1)]
_SPAN = defstruct(
    "Span",
    [("start", Annotated[int, Meta(ge=0)]), ("end", Annotated[int, Meta(ge=1)]), ("quote", _SOME)],
    forbid_unknown_fields=True,
)


def surely_valid(scheme: Scheme) -> Callable[[bytes], bool] | None:
    """Whether the annotations of a set, given as JSON, are surely valid by their layers' entries in the schema.

    None where an entry says more than is known here.
    """
    if not all(plain(layer, scheme.annotation_schema) for layer in scheme.layers):
        return None
    records: Any = Union[tuple(_record(layer) for layer in scheme.layers)]  # noqa: UP007 - of types made just now
    # What a set says of itself is for other rules.
    fields = [(name, str) for name in ("document", "text_sha256", "annotator")]
    known = defstruct("Set", [*fields, ("entities", list[Entity]), ("annotations", list[records])])
    decode = msgspec.json.Decoder(known).decode
    several = {layer.name: [role.name for role in layer.roles if role.max != 1] for layer in scheme.layers}
    asked = {name: roles for name, roles in several.items() if roles}

    def valid(data: bytes) -> bool:
        try:
            found: Any = decode(data)
        except msgspec.DecodeError:
            return False
        return not any(
            len(ids) > 1 and len({*ids}) < len(ids)
            for record in found.annotations
            if (roles := asked.get(record.__struct_config__.tag)) and record.refs is not UNSET
            for role in roles
            if (ids := getattr(record.refs, role)) is not UNSET
        )

    return valid


def _record(layer: Layer) -> type[Any]:
    fields: list[Any] = [("id", _ID), ("label", _one_of(layer.label_names))]
    fields.append(_optional("derived_from", list[_SOME]))
    if layer.kind == "span":
        fields.append(("spans", Annotated[list[_SPAN], Meta(min_length=1, max_length=layer.max_fragments)]))  # type: ignore[valid-type]
        fields.append(_optional("note", _SOME))
    if layer.attributes:
        fields.append(_part("attributes", [_attribute(attribute) for attribute in layer.attributes]))
    if layer.roles:
        fields.append(_part("refs", [_role(role) for role in layer.roles]))
    return defstruct(
        layer.name, fields, tag_field="layer", tag=layer.name, forbid_unknown_fields=True, kw_only=True, frozen=True
    )


def _attribute(attribute: Attribute) -> Any:
    values = _one_of(tuple(value.name for value in attribute.values))
    return (attribute.name, values) if attribute.required else _optional(attribute.name, values)


def _role(role: Role) -> Any:
    ids = Annotated[list[_ID], Meta(min_length=role.min, max_length=role.max)]
    return (role.name, ids) if role.min else _optional(role.name, ids)


def _part(name: str, fields: list[Any]) -> Any:
    kind = defstruct(name, fields, forbid_unknown_fields=True, kw_only=True)
    return (name, kind) if any(len(field) == 2 for field in fields) else _optional(name, kind)


def _optional(name: str, kind: Any) -> tuple[str, Any, Any]:
    # Absent is fine and null is not.
    return name, kind | UnsetType, UNSET


def _one_of(names: tuple[str, ...]) -> Any:
    return Literal[names]
