"""Which layers' entries in the schema say no more than the rules on records check themselves."""

from __future__ import annotations

from typing import Any

from standoff.scheme import Attribute, Layer, Role

__all__ = ["plain"]


def plain(layer: Layer, schema: dict[str, Any]) -> bool:
    """Whether the rules on records are complete for a layer, so that its records need not be held against JSON Schema.

    Most layers are: their entry is what can be written down from the layer alone. A law holds both to one verdict.
    """
    definitions = schema["$defs"]
    shared = all(_bare(definitions.get(name, {})) == spec for name, spec in _SHARED.items())
    return shared and bool(_bare(definitions[layer.name]) == _expected(layer))


_SHARED: dict[str, Any] = {
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_:-]{1,200}$"},
    "span": {
        "type": "object",
        "properties": {
            "start": {"type": "integer", "minimum": 0},
            "end": {"type": "integer", "minimum": 1},
            "quote": {"type": "string", "minLength": 1},
        },
        "required": ["end", "quote", "start"],
        "additionalProperties": False,
    },
    "note": {"type": "string", "minLength": 1},
    "derived_from": {"type": "array", "items": {"type": "string", "minLength": 1}},
}


def _expected(layer: Layer) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": {"$ref": "#/$defs/id"},
        "layer": {"const": layer.name},
        "label": _values(layer.label_names),
        "derived_from": {"$ref": "#/$defs/derived_from"},
    }
    needed = ["id", "label", "layer"]
    if layer.kind == "span":
        most = {} if layer.max_fragments is None else {"maxItems": layer.max_fragments}
        properties["spans"] = {"type": "array", "items": {"$ref": "#/$defs/span"}, "minItems": 1, **most}
        properties["note"] = {"$ref": "#/$defs/note"}
        needed.append("spans")
    if layer.attributes:
        required = [attribute.name for attribute in layer.attributes if attribute.required]
        properties["attributes"] = _part({a.name: _attribute(a) for a in layer.attributes}, required)
        needed += ["attributes"] if required else []
    if layer.roles:
        required = [role.name for role in layer.roles if role.min]
        properties["refs"] = _part({role.name: _role(role) for role in layer.roles}, required)
        needed += ["refs"] if required else []
    return _part(properties, needed)


def _part(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    asked = {"required": sorted(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **asked}


def _values(names: tuple[str, ...]) -> dict[str, Any]:
    return {"oneOf": [{"const": name} for name in names]}


def _attribute(attribute: Attribute) -> dict[str, Any]:
    return _values(tuple(value.name for value in attribute.values))


def _role(role: Role) -> dict[str, Any]:
    bounds = {"minItems": role.min} if role.min else {}
    bounds |= {} if role.max is None else {"maxItems": role.max}
    return {"type": "array", "items": {"$ref": "#/$defs/id"}, "uniqueItems": True, **bounds}


def _bare(schema: Any) -> Any:
    """A schema without what says nothing about validity, and with lists of names in order."""
    if isinstance(schema, list):
        return [_bare(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(entry) for name, entry in value.items()}
        if key == "properties"
        else (sorted(value) if key == "required" else _bare(value))
        for key, value in schema.items()
        if key not in ("title", "description", "$comment", "x-standoff")
    }
