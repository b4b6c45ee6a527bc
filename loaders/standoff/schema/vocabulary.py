"""The shape that a schema file must have to be read as a scheme: the x-standoff vocabulary, itself as a JSON Schema."""

from __future__ import annotations

from typing import Any

from standoff.errors import nearest

__all__ = ["annotation_problems", "document_problems", "views_problems"]

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}


def annotation_problems(schema: dict[str, Any]) -> list[str]:
    """Where an annotation schema does not keep to the vocabulary: path and what is wrong, one sentence each."""
    return _problems(schema, _ANNOTATION)


def document_problems(schema: dict[str, Any]) -> list[str]:
    """Where a document schema does not keep to the vocabulary: path and what is wrong, one sentence each."""
    return _problems(schema, _DOCUMENT)


def views_problems(views: dict[str, Any]) -> list[str]:
    """Where a file of views has other keys than its own, one sentence each; a view's own shape is read later."""
    return _problems(views, _VIEWS)


def _problems(schema: dict[str, Any], shape: dict[str, Any]) -> list[str]:
    from jsonschema import Draft202012Validator

    return [
        f"{error.json_path}: {message}"
        for error in Draft202012Validator(shape).iter_errors(schema)
        for message in (
            _unknown(error.instance, error.schema) if error.validator == "additionalProperties" else [error.message]
        )
    ]


def _unknown(value: Any, shape: Any) -> list[str]:
    """The keys that an object has beyond those of a closed list."""
    known = sorted(shape["properties"])
    expected = ", ".join(known) or "none"
    return [
        f"key {key!r} is unknown{nearest(key, known)}; expected one of {expected}" for key in value if key not in known
    ]


def _object(properties: dict[str, Any], *, required: tuple[str, ...] = (), others: Any = True) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": others,
    }


def _values(own: dict[str, Any]) -> dict[str, Any]:
    """A list of `{const, title, description}`, each with these keys of its own."""
    own = _object(own, others=False)
    value = _object(
        {"const": _STRING, "title": _STRING, "description": _STRING, "x-standoff": own},
        required=("const",),
    )
    return {"type": "array", "items": value}


_LABELS = _values({"hotkey": {"type": "string", "minLength": 1}, "color": _STRING, "score": {"type": "number"}})

_ATTRIBUTE = _object(
    {
        "title": _STRING,
        "description": _STRING,
        "oneOf": _LABELS,
        "x-standoff": _object(
            {"scale": {"enum": ["nominal", "ordinal", "interval"]}, "missing": _STRINGS},
            others=False,
        ),
    },
    required=("oneOf",),
)

_ROLE = _object(
    {"title": _STRING, "description": _STRING, "x-standoff": _object({"layers": _STRINGS}, others=False)},
)

_LAYER = _object(
    {
        "title": _STRING,
        "description": _STRING,
        "properties": _object(
            {
                "label": _object({"oneOf": _LABELS}),
                "attributes": _object({"properties": _object({}, others=_ATTRIBUTE)}),
                "refs": _object({"properties": _object({}, others=_ROLE)}),
                "spans": _object({}),
                "type": _object({"enum": _STRINGS}),
            }
        ),
        "x-standoff": _object(
            {"kind": {"enum": ["span", "relation", "document", "registry"]}}, required=("kind",), others=False
        ),
    },
    required=("properties", "x-standoff"),
)

_ANNOTATION = _object(
    {
        "x-standoff": _object(
            {
                "vocabulary": {"const": 1},
                "corpus": _STRING,
                "title": _STRING,
                "version": _STRING,
                "constraints": {"type": "array", "items": {"type": "object"}},
            },
            required=("corpus", "title", "version"),
            others=False,
        ),
        # Entries without the vocabulary, such as that of a span, are the schema's own business.
        "$defs": _object({}, others={"type": "object", "if": {"required": ["x-standoff"]}, "then": _LAYER}),
    },
    required=("x-standoff", "$defs"),
)

_KIND = _object({"oneOf": _values({"inline": {"type": "boolean"}, "page": {"type": "boolean"}})}, required=("oneOf",))


def _below(path: str, shape: dict[str, Any]) -> dict[str, Any]:
    """The shape of what has another shape at a path of required properties."""
    for step in reversed(path.split(".")):
        shape = _object({step: shape}, required=(step,))
    return shape


_VIEWS = _object({"views": {"type": "array", "items": {"type": "object"}}}, others=False)

_DOCUMENT = _below("properties.dropped.items.properties.kind", _KIND)
