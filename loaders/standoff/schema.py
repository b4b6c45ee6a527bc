"""From the files of a schema folder to a scheme, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from standoff.errors import SchemaError, nearest
from standoff.scheme import (
    CONSTRAINTS,
    NAME,
    REGISTRY,
    RESERVED,
    VIEWS,
    Attribute,
    Constraint,
    Layer,
    Role,
    Scheme,
    Value,
    View,
)

__all__ = ["lint", "parse", "sections"]


def sections(codebook: str) -> dict[str, str]:
    """The sections of a codebook in Markdown: third-level heading -> text below it."""
    found: dict[str, str] = {}
    heading, fenced = "", False
    for line in codebook.splitlines(keepends=True):
        if line.startswith("```"):
            fenced = not fenced
        if line.startswith("#") and not fenced:
            heading = line[4:].strip() if line.startswith("### ") else ""
            if heading:
                found[heading] = ""
        elif heading:
            found[heading] += line
    return found


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
    at = f"{place}/{needed[0]}"
    _is_schema(annotation, at)
    _is_schema(document, f"{place}/{needed[1]}")
    problems: list[str] = []
    own = annotation.get("x-standoff", {})
    layers = tuple(
        _layer(name, spec, problems)
        for name, spec in annotation.get("$defs", {}).items()
        if isinstance(spec, dict) and spec.get("x-standoff", {}).get("kind") in ("span", "relation", "document")
    )
    types = annotation.get("$defs", {}).get(REGISTRY, {}).get("properties", {}).get("type", {}).get("enum", [])
    drops = document.get("properties", {}).get("dropped", {}).get("items", {}).get("properties", {}).get("kind", {})
    drops = drops.get("oneOf", [])
    if problems:
        raise SchemaError(problems, place=at)
    try:
        scheme = Scheme(
            corpus=own["corpus"],
            title=own["title"],
            version=own["version"],
            layers=layers,
            entity_types=tuple(types),
            dropped_kinds=tuple(kind["const"] for kind in drops),
            inline_kinds=tuple(kind["const"] for kind in drops if kind.get("x-standoff", {}).get("inline")),
            constraints=msgspec.convert(own.get("constraints", []), tuple[Constraint, ...]),
            views=msgspec.convert(views.get("views", []), tuple[View, ...]),
            sections=sections(files["CODEBOOK.md"]),
            files=dict(files),
            annotation_schema=annotation,
            document_schema=document,
        )
    except KeyError as error:
        raise SchemaError(
            [f"x-standoff: {error.args[0]!r} is missing; expected corpus, title, version"], place=at
        ) from error
    except msgspec.ValidationError as error:
        raise SchemaError([f"x-standoff constraints or views: {error}"], place=at) from error
    if problems := list(lint(scheme)):
        raise SchemaError(problems, place=at)
    return scheme


def lint(scheme: Scheme) -> Iterator[str]:
    """What is wrong with a scheme, beyond its being a JSON Schema: one sentence each."""
    if not scheme.layers:
        yield "no layer: expected an entry of $defs with x-standoff.kind span, relation or document"
    if not NAME.fullmatch(scheme.corpus):
        yield f"corpus {scheme.corpus!r} does not match {NAME.pattern}"
    layers = {layer.name: layer for layer in scheme.layers}
    linked: dict[str, str] = {}
    hotkeys: dict[str, str] = {}
    for layer in scheme.layers:
        yield from _lint_layer(layer, layers)
        for value in layer.labels:
            if value.hotkey and value.hotkey in hotkeys:
                yield f"{layer.name}: hotkey {value.hotkey!r} of {value.name!r} is taken by {hotkeys[value.hotkey]!r}"
            hotkeys[value.hotkey or ""] = value.name
        # Label Studio has one list of relation labels for links of all layers.
        for name in layer.label_names if layer.kind == "relation" else ():
            if name in linked:
                yield f"{layer.name}: label {name!r} also names a link of {linked[name]}; expected another name"
            linked[name] = layer.name
    for layer in scheme.layers:
        for role in layer.roles if layer.kind == "span" else ():
            if role.name in linked:
                yield f"{layer.name}: role {role.name!r} is also a label of {linked[role.name]}; expected another name"
    for n, constraint in enumerate(scheme.constraints):
        yield from (f"constraint {n} ({constraint.kind}): {what}" for what in _lint_constraint(constraint, layers))
    names = set(layers)
    for view in scheme.views:
        yield from (f"view {view.name!r}: {what}" for what in _lint_view(view, layers, names))
        names.add(view.name)


def _lint_layer(layer: Layer, layers: Mapping[str, Layer]) -> Iterator[str]:
    name = layer.name
    for word in (name, *(a.name for a in layer.attributes), *(r.name for r in layer.roles)):
        # A role may be called as the registry it points to; nothing else may.
        if word in RESERVED and not any(r.name == word and r.registry for r in layer.roles):
            yield f"{name}: {word!r} is a reserved name"
        if not NAME.fullmatch(word):
            yield f"{name}: {word!r} does not match {NAME.pattern}"
    words = [*(a.name for a in layer.attributes), *(r.name for r in layer.roles)]
    yield from (
        f"{name}: {word!r} is both an attribute and a role" for word in sorted({w for w in words if words.count(w) > 1})
    )
    if not layer.labels:
        yield f"{name}: no label; expected oneOf with const, title and description"
    for what, values in (("label", layer.labels), *((a.name, a.values) for a in layer.attributes)):
        seen = [value.name for value in values]
        yield from (f"{name}: {what} {word!r} stands twice" for word in sorted({w for w in seen if seen.count(w) > 1}))
        yield from (
            f"{name}: {what} {word!r} holds a character that no label may"
            for word in seen
            if not re.fullmatch(r"[^\s:,=#/]+", word)
        )
    if layer.kind != "span" and layer.attributes:
        yield f"{name}: a {layer.kind} layer has no attributes (Label Studio cannot keep them)"
    if layer.kind == "relation":
        if len(layer.roles) != 2 or any((r.min, r.max) != (1, 1) or r.registry for r in layer.roles):
            yield f"{name}: a relation layer has exactly two roles, each to one annotation (minItems 1, maxItems 1)"
    elif layer.kind == "document" and layer.roles:
        yield f"{name}: a document layer has no roles"
    for role in layer.roles:
        if not role.layers:
            yield f"{name}.{role.name}: x-standoff.layers is missing; expected layers, or [{REGISTRY!r}]"
        for target in role.layers:
            if target == REGISTRY:
                if len(role.layers) > 1 or role.max != 1:
                    yield f"{name}.{role.name}: a role to {REGISTRY!r} points to nothing else, and to one (maxItems 1)"
            elif target not in layers or layers[target].kind != "span":
                yield f"{name}.{role.name}: {target!r} is no span layer{nearest(target, list(layers))}"


def _lint_constraint(constraint: Constraint, layers: Mapping[str, Layer]) -> Iterator[str]:
    if constraint.kind not in CONSTRAINTS:
        known = ", ".join(CONSTRAINTS)
        yield f"is no kind of constraint{nearest(constraint.kind, list(CONSTRAINTS))}; expected one of {known}"
        return
    given = set(msgspec.structs.asdict(constraint)) - {"kind", "layer", "severity"}
    given = {p for p in given if getattr(constraint, p) != getattr(_NOTHING, p)}
    required, optional = CONSTRAINTS[constraint.kind]
    yield from (f"{p} is missing" for p in sorted(required - given))
    yield from (f"{p} is no parameter of it" for p in sorted(given - required - optional))
    layer = layers.get(constraint.layer)
    if layer is None:
        yield f"{constraint.layer!r} is no layer{nearest(constraint.layer, list(layers))}"
        return
    same = (constraint.same,) if isinstance(constraint.same, str) else constraint.same
    spans = constraint.of == "spans"
    roles = {
        constraint.role,
        constraint.inverse,
        "" if spans else constraint.of,
        *constraint.roles,
        *same,
    } - {""}
    roles |= set(constraint.by) - {"spans", "label", "refs"}
    names = [role.name for role in layer.roles]
    yield from (f"{w!r} is no role of {layer.name}{nearest(w, names)}" for w in sorted(roles) if w not in names)
    labels = layer.label_names
    yield from (f"{w!r} is no label of {layer.name}{nearest(w, labels)}" for w in constraint.labels if w not in labels)
    if constraint.attribute:
        attribute = layer.attribute(constraint.attribute)
        if attribute is None:
            yield f"{constraint.attribute!r} is no attribute of {layer.name}"
        else:
            values = [value.name for value in attribute.values]
            words = (*constraint.values, *constraint.needs)
            yield from (f"{w!r} is no value of {attribute.name}{nearest(w, values)}" for w in words if w not in values)
    if constraint.inner:
        inner = layers.get(constraint.inner)
        if inner is None:
            yield f"{constraint.inner!r} is no layer{nearest(constraint.inner, list(layers))}"
        else:
            yield from (
                f"{w!r} is no label of {inner.name}" for w in constraint.inner_labels if w not in inner.label_names
            )
    if constraint.kind == "count" and constraint.min is None and constraint.max is None:
        yield "min or max is missing"
    if constraint.kind == "entity_type" and not all(r.registry for r in layer.roles if r.name == constraint.role):
        yield f"role {constraint.role!r} does not point to {REGISTRY!r}"
    if constraint.kind in ("roles_differ", "symmetric") and len(constraint.roles) != 2:
        yield "expected two roles"


_NOTHING = Constraint(kind="", layer="")


def _lint_view(view: View, layers: Mapping[str, Layer], taken: set[str]) -> Iterator[str]:
    if view.name in taken or view.name in RESERVED:
        yield "its name is taken"
    if not NAME.fullmatch(view.name):
        yield f"does not match {NAME.pattern}"
    if view.kind not in VIEWS:
        yield f"{view.kind!r} is no kind of view{nearest(view.kind, list(VIEWS))}; expected one of {', '.join(VIEWS)}"
        return
    yield from (f"{p} is missing" for p in sorted(VIEWS[view.kind]) if not getattr(view, p))
    for name in (view.layer, *([view.via] if view.via else [])):
        if name not in layers:
            yield f"{name!r} is no layer{nearest(name, list(layers))}"
            return
    kind = layers[view.layer].kind
    if (kind == "relation") != (view.kind == "pairs") or kind == "document":
        yield f"{view.layer!r} is a {kind} layer, which {view.kind!r} is not made of"
    if view.via:
        via = layers[view.via]
        for name in (view.role, view.take, view.through):
            if name and via.role(name) is None:
                yield f"{name!r} is no role of {via.name}"


def _layer(name: str, spec: dict[str, Any], problems: list[str]) -> Layer:
    properties = spec.get("properties", {})
    attributes = properties.get("attributes", {})
    return Layer(
        name=name,
        title=spec.get("title", name),
        description=spec.get("description", ""),
        kind=spec["x-standoff"]["kind"],
        labels=_values(properties.get("label", {}), f"{name}: label", problems),
        attributes=tuple(
            Attribute(
                name=key,
                title=value.get("title", key),
                description=value.get("description", ""),
                values=_values(value, f"{name}: {key}", problems),
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


def _values(spec: dict[str, Any], place: str, problems: list[str]) -> tuple[Value, ...]:
    found = []
    for entry in spec.get("oneOf", ()):
        if not isinstance(entry.get("const"), str):
            problems.append(f"{place}: an entry of oneOf has no const; expected {{const, title, description}}")
            continue
        own = entry.get("x-standoff", {})
        if unknown := set(own) - {"hotkey", "color", "score"}:
            problems.append(f"{place}: x-standoff of {entry['const']!r} has unknown {sorted(unknown)}")
        found.append(
            Value(
                name=entry["const"],
                title=entry.get("title", entry["const"]),
                description=entry.get("description", ""),
                hotkey=own.get("hotkey"),
                color=own.get("color"),
                score=own.get("score"),
            )
        )
    return tuple(found)


def _json(text: str, place: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise SchemaError([f"is no JSON: {error}"], place=place) from error
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
