"""Two schemas, part by part: what layers, labels, attributes, roles, constraints, views and sections changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from msgspec import structs

from standoff.canon import canonical
from standoff.diff.values import Plain, SchemaChange, What
from standoff.scheme import Constraint, Layer, Scheme, Value

__all__ = ["schema_changes"]

Parts = dict[tuple[What, str], dict[str, Plain]]

DESCRIPTIVE = ("title", "description", "$comment", "examples")
"""Keywords of JSON Schema that allow and forbid nothing."""

TOLD_OF_LAYERS = ("layer", "label", "attributes", "refs")
"""Properties of a layer's records that are told as labels, attributes and roles."""


def schema_changes(old: Scheme, new: Scheme) -> tuple[SchemaChange, ...]:
    """What changed from one schema to another, in the order of the old, then of the new one."""
    before, after = _parts(old), _parts(new)
    return (
        *_compared(before, after),
        *_constraints(old.constraints, new.constraints),
        *_orders(old, new),
    )


def _compared(before: Parts, after: Parts) -> Iterator[SchemaChange]:
    for key in {**before, **after}:
        if key not in after:
            yield SchemaChange(*key, "removed", old=_whole(before[key]))
        elif key not in before:
            yield SchemaChange(*key, "added", new=_whole(after[key]))
        else:
            yield from _fields(*key, before[key], after[key])


def _whole(fields: dict[str, Plain]) -> Plain:
    """A part that is there on one side only: the text of a section, the canonical JSON of all others."""
    return fields["text"] if "text" in fields else canonical(fields)


def _fields(of: What, name: str, before: dict[str, Plain], after: dict[str, Plain]) -> Iterator[SchemaChange]:
    for field in {**before, **after}:
        if before.get(field) != after.get(field):
            yield SchemaChange(of, name, "changed", field, before.get(field), after.get(field))


def _parts(scheme: Scheme) -> Parts:
    """Everything that a schema is made of, but its constraints: (what, name) -> field -> value."""
    parts: Parts = {
        ("scheme", scheme.corpus): {"corpus": scheme.corpus, "title": scheme.title, "version": scheme.version}
    }
    for layer in scheme.layers:
        parts.update(_layer_parts(layer))
    for view in scheme.views:
        parts["view", view.name] = {name: value for name, value in structs.asdict(view).items() if name != "name"}
    parts.update(_record_parts("document", scheme.document_schema))
    for name, spec in scheme.annotation_schema.get("$defs", {}).items():
        if scheme.layer(name) is None:
            parts.update(_record_parts(name, spec))
        else:
            parts.update(_layer_fields(name, spec))
    for heading, text in scheme.sections.items():
        parts["section", heading] = {"text": text}
    return parts


def _layer_parts(layer: Layer) -> Iterator[tuple[tuple[What, str], dict[str, Plain]]]:
    named = {"title": layer.title, "description": layer.description}
    yield ("layer", layer.name), {**named, "kind": layer.kind, "max_fragments": layer.max_fragments}
    for label in layer.labels:
        yield ("label", f"{layer.name}: {label.name}"), _value(label)
    for attribute in layer.attributes:
        name = f"{layer.name}: {attribute.name}"
        yield (
            ("attribute", name),
            {field: value for field, value in structs.asdict(attribute).items() if field not in ("name", "values")},
        )
        for value in attribute.values:
            yield ("value", f"{name}={value.name}"), _value(value)
    for role in layer.roles:
        yield (
            ("role", f"{layer.name}: {role.name}"),
            {field: value for field, value in structs.asdict(role).items() if field != "name"},
        )


def _value(value: Value) -> dict[str, Plain]:
    return {field: found for field, found in structs.asdict(value).items() if field != "name"}


def _layer_fields(name: str, spec: dict[str, Any]) -> Iterator[tuple[tuple[What, str], dict[str, Plain]]]:
    """The fields of a layer's records that no other part of the scheme tells of, such as whether it has notes."""
    for field, inner in spec.get("properties", {}).items():
        if field not in TOLD_OF_LAYERS:
            # The most fragments are told with the layer.
            inner = {key: value for key, value in inner.items() if (field, key) != ("spans", "maxItems")}
            yield ("field", f"{name}.{field}"), _field(inner, required=field in spec.get("required", ()))


def _record_parts(name: str, spec: dict[str, Any]) -> Iterator[tuple[tuple[What, str], dict[str, Plain]]]:
    """The fields of a record's JSON Schema, those inside of others too."""
    for field, inner in spec.get("properties", {}).items():
        path = f"{name}.{field}"
        yield ("field", path), _field(inner, required=field in spec.get("required", ()))
        yield from _record_parts(path, inner)
        if isinstance(inner.get("items"), dict):
            yield from _record_parts(path, inner["items"])
    if "properties" not in spec and "." not in name:
        yield ("field", name), _field(spec, required=False)


def _field(spec: dict[str, Any], *, required: bool) -> dict[str, Plain]:
    """What one field may hold, as far as it can be compared; the rest as canonical JSON."""
    told = ("type", "enum", "oneOf", "properties", "required")
    values = [*spec.get("enum", ()), *(value["const"] for value in spec.get("oneOf", ()) if "const" in value)]
    rest = {key: value for key, value in spec.items() if key not in told and key not in DESCRIPTIVE}
    if isinstance(rest.get("items"), dict):
        inner = {key: value for key, value in rest["items"].items() if key not in ("properties", "required")}
        rest["items"] = {key: value for key, value in inner.items() if key not in DESCRIPTIVE}
    other = [value for value in spec.get("oneOf", ()) if "const" not in value]
    own = {value["const"]: value["x-standoff"] for value in spec.get("oneOf", ()) if "x-standoff" in value}
    return {
        "type": canonical(spec.get("type")),
        "values": tuple(map(str, values)),
        "required": required,
        "rest": canonical({**rest, "oneOf": other, "x-standoff of values": own}),
    }


def _constraints(old: Iterable[Constraint], new: Iterable[Constraint]) -> Iterator[SchemaChange]:
    """Constraints that came, went or changed; what is left of one kind and layer is paired in order."""
    olds, news = list(old), list(new)
    gone = [constraint for constraint in olds if constraint not in news]
    come = [constraint for constraint in news if constraint not in olds]
    for kind, layer in dict.fromkeys((c.kind, c.layer) for c in (*gone, *come)):
        name = f"{layer}: {kind}"
        before = [constraint for constraint in gone if (constraint.kind, constraint.layer) == (kind, layer)]
        after = [constraint for constraint in come if (constraint.kind, constraint.layer) == (kind, layer)]
        for one, other in zip_longest(before, after):
            if other is None:
                yield SchemaChange("constraint", name, "removed", old=canonical(one))
            elif one is None:
                yield SchemaChange("constraint", name, "added", new=canonical(other))
            else:
                yield from _fields("constraint", name, structs.asdict(one), structs.asdict(other))


def _orders(old: Scheme, new: Scheme) -> Iterator[SchemaChange]:
    """Where labels or values that both schemas have stand in another order: loaders number them by it."""
    for layer in old.layers:
        other = new.layer(layer.name)
        if other is None:
            continue
        yield from _order("layer", layer.name, layer.labels, other.labels)
        for attribute in layer.attributes:
            if same := other.attribute(attribute.name):
                yield from _order("attribute", f"{layer.name}: {attribute.name}", attribute.values, same.values)


def _order(of: What, name: str, old: Iterable[Value], new: Iterable[Value]) -> Iterator[SchemaChange]:
    before, after = [value.name for value in old], [value.name for value in new]
    kept, found = tuple(n for n in before if n in after), tuple(n for n in after if n in before)
    if kept != found:
        yield SchemaChange(of, name, "changed", "order", kept, found)
