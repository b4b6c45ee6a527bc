"""From the files of a schema folder to a scheme, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from standoff.errors import FileError, SchemaError
from standoff.schema.linting import lint
from standoff.schema.shapes import misshapen
from standoff.schema.vocabulary import annotation_problems, document_problems, views_problems
from standoff.scheme import REGISTRY, Attribute, Constraint, Layer, Role, Scheme, Value, View
from standoff.text import conflict, decode_json

T = TypeVar("T")


def sections(codebook: str) -> dict[str, str]:
    """The sections of a codebook in Markdown: third-level heading -> text below it; the last of those called alike."""
    return dict(_sections(codebook))


def headings(codebook: str) -> Iterator[str]:
    """The third-level headings of a codebook, as often as they stand there."""
    return (heading for heading, _ in _sections(codebook))


def _sections(codebook: str) -> Iterator[tuple[str, str]]:
    heading, text, fenced = "", "", False
    for line in codebook.splitlines(keepends=True):
        if line.startswith("```"):
            fenced = not fenced
        if line.startswith("#") and not fenced:
            if heading:
                yield heading, text
            heading, text = line[4:].strip() if line.startswith("### ") else "", ""
        elif heading:
            text += line
    if heading:
        yield heading, text


def parse(files: Mapping[str, str], *, place: str = "schema") -> Scheme:
    """The scheme that the files of a schema folder hold.

    Args:
        files: name -> text; needs annotation.schema.json, document.schema.json, views.json and CODEBOOK.md.
        place: what to call the folder in messages.

    Raises:
        SchemaError: a file is missing, is no JSON Schema 2020-12, or fails the lint; names every problem.
    """
    needed = ("annotation.schema.json", "document.schema.json", "views.json", "CODEBOOK.md")
    if missing := [name for name in needed if name not in files]:
        raise SchemaError([f"{', '.join(missing)} not found; expected {', '.join(needed)}"], place=place)
    annotation, document, views = (_json(files[name], f"{place}/{name}") for name in needed[:3])
    for name in sorted(name for name in files if name.endswith(".md")):
        if files[name].startswith("\ufeff"):
            raise SchemaError(
                ["begins with a byte order mark (U+FEFF); expected UTF-8 without it"], place=f"{place}/{name}"
            )
        if found := conflict(files[name]):
            raise SchemaError([found], place=f"{place}/{name}")
    at = f"{place}/{needed[0]}"
    _is_schema(annotation, at)
    _is_schema(document, f"{place}/{needed[1]}")
    if problems := annotation_problems(annotation):
        raise SchemaError(problems, place=at)
    if problems := document_problems(document):
        raise SchemaError(problems, place=f"{place}/{needed[1]}")
    if problems := views_problems(views):
        raise SchemaError(problems, place=f"{place}/{needed[2]}")
    own, entries = annotation["x-standoff"], annotation["$defs"]
    kinds = {name: spec["x-standoff"]["kind"] for name, spec in entries.items() if "x-standoff" in spec}
    types = entries.get(REGISTRY, {}).get("properties", {}).get("type", {}).get("enum", [])
    drops = document["properties"]["dropped"]["items"]["properties"]["kind"]["oneOf"]
    scheme = Scheme(
        corpus=own["corpus"],
        title=own["title"],
        version=own["version"],
        layers=tuple(_layer(name, entries[name]) for name, kind in kinds.items() if kind != "registry"),
        entity_types=tuple(types),
        dropped_kinds=tuple(kind["const"] for kind in drops),
        inline_kinds=tuple(kind["const"] for kind in drops if kind.get("x-standoff", {}).get("inline")),
        constraints=_items(own.get("constraints", []), Constraint, "x-standoff.constraints", at),
        views=_items(views.get("views", []), View, "views", f"{place}/{needed[2]}"),
        sections=sections(files["CODEBOOK.md"]),
        files=dict(files),
        annotation_schema=annotation,
        document_schema=document,
    )
    if problems := list(lint(scheme)):
        raise SchemaError(problems, place=at)
    return scheme


def _items(values: Any, kind: type[T], key: str, place: str) -> tuple[T, ...]:
    """The constraints, or the views, that a list holds."""
    asked = tuple[kind, ...]  # type: ignore[valid-type]
    try:
        return msgspec.convert(values, asked)
    except msgspec.ValidationError as error:
        field, message = misshapen(error, values, asked)
        raise SchemaError([f"{key}{field}: {message}"], place=place) from error


def _layer(name: str, spec: dict[str, Any]) -> Layer:
    properties = spec.get("properties", {})
    attributes = properties.get("attributes", {})
    return Layer(
        name=name,
        title=spec.get("title", name),
        description=spec.get("description", ""),
        kind=spec["x-standoff"]["kind"],
        labels=_values(properties.get("label", {})),
        attributes=tuple(
            Attribute(
                name=key,
                title=value.get("title", key),
                description=value.get("description", ""),
                values=_values(value),
                required=key in attributes.get("required", ()),
                scale=value.get("x-standoff", {}).get("scale", "nominal"),
                missing=tuple(value.get("x-standoff", {}).get("missing", ())),
            )
            for key, value in attributes.get("properties", {}).items()
        ),
        roles=tuple(
            Role(
                name=key,
                title=value.get("title", key),
                description=value.get("description", ""),
                layers=tuple(value.get("x-standoff", {}).get("layers", ())),
                min=value.get("minItems", 0),
                max=value.get("maxItems"),
            )
            for key, value in properties.get("refs", {}).get("properties", {}).items()
        ),
        max_fragments=properties.get("spans", {}).get("maxItems"),
    )


def _values(spec: dict[str, Any]) -> tuple[Value, ...]:
    return tuple(
        Value(
            name=entry["const"],
            title=entry.get("title", entry["const"]),
            description=entry.get("description", ""),
            **entry.get("x-standoff", {}),
        )
        for entry in spec.get("oneOf", ())
    )


def _json(text: str, place: str) -> dict[str, Any]:
    try:
        found = decode_json(text)
    except FileError as error:
        raise SchemaError([error.message], place=place) from error
    if not isinstance(found, dict):
        raise SchemaError([f"is a JSON {type(found).__name__}; expected an object"], place=place)
    return found


def _is_schema(schema: dict[str, Any], place: str) -> None:
    """Holds a schema against the metaschema of its draft, which must be 2020-12."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError as Invalid

    dialect = "https://json-schema.org/draft/2020-12/schema"
    if schema.get("$schema") != dialect:
        raise SchemaError([f"$schema is {schema.get('$schema')!r}; expected {dialect!r}"], place=place)
    try:
        Draft202012Validator.check_schema(schema)
    except Invalid as error:
        raise SchemaError([f"{error.json_path}: {error.message}"], place=place) from error
    for path, pattern in _patterns(schema, "$"):
        # Only what Python, ECMAScript and Rust read alike: no look-around, no class escapes, no inline flags.
        if re.search(r"\(\?|\\[a-zA-Z0-9]", pattern):
            raise SchemaError(
                [f"{path}: pattern {pattern!r} means different things to different engines; use plain classes"],
                place=place,
            )


def _patterns(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "pattern" and isinstance(value, str):
                yield path, value
            else:
                yield from _patterns(value, f"{path}.{key}")
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from _patterns(value, f"{path}[{n}]")
