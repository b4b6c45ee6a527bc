"""What is wrong with a scheme beyond the shape of its files: names that clash, and rules about nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from standoff.errors import nearest
from standoff.scheme import CONSTRAINTS, NAME, REGISTRY, RESERVED, TABLES, VIEWS, Constraint, Layer, Scheme, View

_HOTKEY = re.compile(r"(shift\+)?[a-z0-9]")

_EDITORS = frozenset({"u"})
"""Of those, the keys that Label Studio's editor keeps for itself where text is labelled: `u` leaves a region.

Its others are enter, escape, backspace, delete, and combinations with alt, ctrl and arrows (1.23.2,
libs/editor/src/core/settings/keymap.json).
"""


_COLOR = re.compile("#[0-9a-fA-F]{6}")

_VARIABLE = re.compile(r"\$[\w[\].{}]+")


def lint(scheme: Scheme) -> Iterator[str]:
    """What is wrong with a scheme, beyond its being a JSON Schema: one sentence each."""
    if not scheme.layers:
        yield "no layer: expected an entry of $defs with x-standoff.kind span, relation or document"
    if not NAME.fullmatch(scheme.corpus):
        yield f"corpus {scheme.corpus!r} does not match {NAME.pattern}"
    layers = {layer.name: layer for layer in scheme.layers}
    yield from _lint_whole(scheme)
    linked: dict[str, str] = {}
    hotkeys: dict[str, str] = {}
    for layer in scheme.layers:
        yield from _lint_layer(layer, layers)
        yield from _lint_hotkeys(layer, hotkeys)
        if layer.kind != "span" and "note" in scheme.annotation_schema["$defs"][layer.name]["properties"]:
            yield f"{layer.name}: a {layer.kind} layer has no note (Label Studio cannot keep it)"
        # Label Studio has one list of relation labels for links of all layers.
        for name in layer.label_names if layer.kind == "relation" else ():
            if name in linked:
                yield f"{layer.name}: label {name!r} also names a link of {linked[name]}; expected another name"
            if name in RESERVED:
                yield f"{layer.name}: label {name!r} is a reserved name"
            linked[name] = layer.name
    for layer in scheme.layers:
        for role in layer.roles if layer.kind == "span" else ():
            if role.name in linked:
                yield f"{layer.name}: role {role.name!r} is also a label of {linked[role.name]}; expected another name"
    for n, constraint in enumerate(scheme.constraints):
        yield from (f"constraint {n} ({constraint.kind}): {what}" for what in _lint_constraint(constraint, layers))
    names = TABLES | set(layers)
    for view in scheme.views:
        yield from (f"view {view.name!r}: {what}" for what in _lint_view(view, layers, names))
        names |= {view.name}


def _lint_whole(scheme: Scheme) -> Iterator[str]:
    """What of a layer does not fit the rest of the schema's file."""
    schema = scheme.annotation_schema
    listed = _below(schema, "properties", "annotations", "items", "properties", "layer", "enum")
    path = "$.properties.annotations.items.properties.layer.enum"
    registry = _below(schema, "$defs", REGISTRY, "x-standoff", "kind") == "registry"
    for layer in scheme.layers:
        if listed is not None and layer.name not in listed:
            yield f"{layer.name}: is not in {path}, so that no set may have it; expected every layer there"
        spans = schema["$defs"][layer.name]["properties"].get("spans", {})
        counted = [("spans", spans.get("minItems", 0), spans.get("maxItems"))]
        counted += [(f"role {role.name!r}", role.min, role.max) for role in layer.roles]
        yield from (
            f"{layer.name}: {what} has minItems {least} above maxItems {most}; expected no more than that"
            for what, least, most in counted
            if most is not None and least > most
        )
        if layer.kind == "span" and layer.max_fragments == 0:
            yield f"{layer.name}: spans has maxItems 0, but each annotation has a place; expected 1 or more, or none"
        for role in layer.roles if not registry else ():
            if role.registry:
                yield (
                    f"{layer.name}.{role.name}: points to {REGISTRY!r}, of which there is no registry; expected "
                    f"$defs.{REGISTRY} with x-standoff.kind registry"
                )


def _below(node: Any, *steps: str) -> Any:
    """What stands at a path of a schema; None where nothing does."""
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _lint_layer(layer: Layer, layers: Mapping[str, Layer]) -> Iterator[str]:
    name = layer.name
    for word in (name, *(a.name for a in layer.attributes), *(r.name for r in layer.roles)):
        # A role may be called as the registry it points to; nothing else may.
        if word in RESERVED and not any(r.name == word and r.registry for r in layer.roles):
            yield f"{name}: {word!r} is a reserved name"
        if not NAME.fullmatch(word):
            yield f"{name}: {word!r} does not match {NAME.pattern}"
    if name in TABLES:
        yield f"{name}: {name!r} is the name of a table that every corpus has; expected another name"
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
        yield from (
            f"{name}: {what} {word!r} holds {found[0]!r}, for which Label Studio would show a field of the task"
            for word in seen
            if (found := _VARIABLE.search(word))
        )
    for value in (*layer.labels, *(value for attribute in layer.attributes for value in attribute.values)):
        if value.color is not None and not _COLOR.fullmatch(value.color):
            yield f"{name}: color {value.color!r} of {value.name!r}; expected #rrggbb, such as '#15803d'"
    for attribute in layer.attributes:
        known = [value.name for value in attribute.values]
        if attribute.scale == "interval":
            placed = [value.name for value in attribute.values if value.name not in attribute.missing]
            scores = {value.name for value in attribute.values if value.score is not None}
            yield from (
                f"{name}.{attribute.name}: {w!r} has no score, by which the interval scale counts; expected one, or "
                "the value among its missing"
                for w in placed
                if w not in scores
            )
        yield from (
            f"{name}.{attribute.name}: {w!r} is missing from its scale, but no value of it{nearest(w, known)}"
            for w in attribute.missing
            if w not in known
        )
    if layer.kind != "span" and layer.attributes:
        yield f"{name}: a {layer.kind} layer has no attributes (Label Studio cannot keep them)"
    # The id of a relation, and of a label of the whole document, is made of its label: see model.derived_id.
    yield from (
        f"{name}: label {word!r} cannot be part of an id; expected letters of ASCII, digits, _ or -"
        for word in (layer.label_names if layer.kind != "span" else ())
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", word)
    )
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
                spans = [other.name for other in layers.values() if other.kind == "span"]
                yield f"{name}.{role.name}: {target!r} is no span layer{nearest(target, spans)}"


def _lint_hotkeys(layer: Layer, taken: dict[str, str]) -> Iterator[str]:
    labels = layer.labels if layer.kind != "relation" else ()
    for value in (*layer.labels, *(value for attribute in layer.attributes for value in attribute.values)):
        key, at = value.hotkey, f"{layer.name}: hotkey {value.hotkey!r} of {value.name!r}"
        if not key:
            continue
        if value not in labels:
            # Label Studio sets an attribute on whatever region is selected, also on one of another layer.
            yield f"{at}: expected none of an attribute's value or a relation's label"
        if not _HOTKEY.fullmatch(key):
            yield f"{at}: expected a digit or a lower-case letter of ASCII, alone or after 'shift+'"
        elif key in _EDITORS:
            yield f"{at} is a key that Label Studio's editor keeps for itself"
        if key in taken:
            yield f"{at} is taken by {taken[key]!r}"
        taken[key] = value.name


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
    yield from (f"{w!r} is no layer{nearest(w, list(layers))}" for w in constraint.others if w not in layers)
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
    yield from (
        f"marks {w!r} are no pair; expected the opening and the closing one" for w in constraint.marks if len(w) != 2
    )
    least, most = constraint.min, constraint.max
    if constraint.kind == "count" and least is not None and most is not None and least > most:
        yield f"min {least} is above max {most}, so that no number fits; expected no more than that"
    if constraint.kind == "length":
        if most is not None and most < 1:
            yield f"max is {most}, but no span is so short; expected 1 or more"
        if layer.kind != "span":
            yield f"{layer.name} is a {layer.kind} layer, which has no spans to measure; expected a span layer"
    if constraint.kind == "conflict" and len(set(constraint.labels)) < 2:
        yield f"labels are {list(constraint.labels)}; expected two or more, of which one excludes the others"
    if constraint.kind == "acyclic" and (role := layer.role(constraint.role)) and layer.name not in role.layers:
        yield (
            f"role {role.name!r} points to {', '.join(role.layers)}, never to {layer.name} itself, so that there is no "
            "way round; expected a role to its own layer"
        )
    if constraint.kind in ("roles_differ", "symmetric") and len(constraint.roles) != 2:
        yield "expected two roles"


_NOTHING = Constraint(kind="", layer="")


def _lint_view(view: View, layers: Mapping[str, Layer], taken: frozenset[str] | set[str]) -> Iterator[str]:
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
