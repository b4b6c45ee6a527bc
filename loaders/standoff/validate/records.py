"""Rules on the records of annotations: each has what its layer's entry in $defs asks for, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from standoff.validate.words import any_of, listed, one_of, quoted
from standoff.validate.work import Fault, Work

__all__ = [
    "DERIVED_ID",
    "DRAWN_ID",
    "attribute_known",
    "attribute_required",
    "attribute_value",
    "fragment_count",
    "id_form",
    "label_known",
    "layer_known",
    "note_allowed",
    "record_schema",
    "ref_repeated",
    "role_count",
    "role_known",
]

DRAWN_ID = re.compile("[A-Za-z0-9_-]{1,64}")
DERIVED_ID = re.compile("[A-Za-z0-9_:-]{1,200}")


def layer_known(work: Work) -> Iterator[Fault]:
    """An annotation's layer is one that the schema has.

    Why: Nothing else about an annotation can be checked, drawn or published without its layer.
    Do: Correct the name; a new layer needs an entry in $defs of annotation.schema.json.
    """
    for annotation in work.astray:
        expected = one_of(work.context.layers, annotation.layer)
        yield annotation.id, "layer", f"layer {annotation.layer!r} of {quoted(annotation)} is unknown; {expected}"


def label_known(work: Work) -> Iterator[Fault]:
    """An annotation's label is one of its layer's.

    Why: Labels are a closed list: published as numbered classes, drawn as buttons, explained in the codebook.
    Do: Correct the label; a new one needs an entry in the schema and a section in the codebook.
    """
    for annotation, layer in work.known:
        if annotation.label not in layer.label_names:
            expected = one_of(layer.label_names, annotation.label)
            yield annotation.id, "label", f"label {annotation.label!r} of {quoted(annotation)} is unknown; {expected}"


def attribute_known(work: Work) -> Iterator[Fault]:
    """An annotation has no attribute but those of its layer.

    Why: There is no column for it: it would be lost in the release.
    Do: Correct the name, or remove the attribute.
    """
    for annotation, layer in work.known:
        for name in annotation.attributes:
            if name not in work.context.attributes[layer.name]:
                expected = one_of((attribute.name for attribute in layer.attributes), name)
                yield (
                    annotation.id,
                    f"attributes.{name}",
                    f"attribute {name!r} of {quoted(annotation)} is none of {layer.name}; {expected}",
                )


def attribute_required(work: Work) -> Iterator[Fault]:
    """An annotation has every attribute that its layer requires.

    Why: A missing value cannot be told from one that was forgotten.
    Do: Choose a value, or make the attribute optional in the schema.
    """
    for annotation, layer in work.known:
        for attribute in layer.attributes:
            field = f"attributes.{attribute.name}"
            missing = attribute.required and attribute.name not in annotation.attributes
            if missing and work.sure(annotation, field):
                expected = any_of(value.name for value in attribute.values)
                yield annotation.id, field, f"{quoted(annotation)} has no {attribute.name!r}; expected {expected}"


def attribute_value(work: Work) -> Iterator[Fault]:
    """An attribute has one of its values.

    Why: Values are a closed list, as labels are.
    Do: Correct the value; a new one needs an entry in the schema and a section in the codebook.
    """
    for annotation, layer in work.known:
        for name, value in annotation.attributes.items():
            attribute = layer.attribute(name)
            values = [known.name for known in attribute.values] if attribute else [value]
            if value not in values:
                yield (
                    annotation.id,
                    f"attributes.{name}",
                    f"{name} {value!r} of {quoted(annotation)} is unknown; {one_of(values, value)}",
                )


def role_known(work: Work) -> Iterator[Fault]:
    """An annotation has no role but those of its layer.

    Why: There is no column for it: the link would be lost in the release.
    Do: Correct the name, or remove the role.
    """
    for annotation, layer in work.known:
        for name in annotation.refs:
            if layer.role(name) is None:
                expected = one_of((role.name for role in layer.roles), name)
                yield (
                    annotation.id,
                    f"refs.{name}",
                    f"role {name!r} of {quoted(annotation)} is none of {layer.name}; {expected}",
                )


def role_count(work: Work) -> Iterator[Fault]:
    """A role points to as many as the schema allows.

    Why: Whoever reads the role counts on so many: a stance has one target, or it is none.
    Do: Add or remove ids until the number fits minItems and maxItems of the role.
    """
    for annotation, layer in work.known:
        for role in layer.roles:
            n, field = len(annotation.refs.get(role.name, ())), f"refs.{role.name}"
            if not role.min <= n <= (n if role.max is None else role.max) and work.sure(annotation, field):
                yield (
                    annotation.id,
                    field,
                    f"{role.name} of {quoted(annotation)} points to {n}; expected {_range(role.min, role.max)}",
                )


def ref_repeated(work: Work) -> Iterator[Fault]:
    """A role points to nothing twice.

    Why: A target counts once; twice is a slip of the hand that doubles it in every count.
    Do: Remove the repetition.
    """
    for annotation, layer in work.known:
        for role in layer.roles:
            ids = annotation.refs.get(role.name, ())
            if twice := sorted({id for id in ids if ids.count(id) > 1}):
                yield (
                    annotation.id,
                    f"refs.{role.name}",
                    f"{role.name} of {quoted(annotation)} points to {listed(twice)} more than once; expected once",
                )


def fragment_count(work: Work) -> Iterator[Fault]:
    """An annotation has as many fragments as its layer allows; one of a relation or a whole document has none.

    Why: A layer of contiguous spans is tagged and drawn as such; an annotation without place cannot be drawn at
    all.
    Do: Add or remove fragments, or change maxItems of the layer's spans.
    """
    for annotation, layer in work.known:
        n = len(annotation.spans)
        least, most = (1, layer.max_fragments) if layer.kind == "span" else (0, 0)
        if not least <= n <= (n if most is None else most):
            yield (
                annotation.id,
                "spans",
                f"{quoted(annotation)} has {n} fragment{'' if n == 1 else 's'}; expected {_range(least, most)}",
            )


def id_form(work: Work) -> Iterator[Fault]:
    """An id is of 1 to 64 ASCII letters, digits, _ and -; one that is derived is of up to 200, colons among them.

    Why: Ids become parts of addresses and of derived ids, where other characters would separate.
    Do: Use letters, digits, _ and - only.
    """
    for annotation, layer in work.known:
        form = DRAWN_ID if layer.kind == "span" else DERIVED_ID
        if not form.fullmatch(annotation.id):
            expected = f"does not match {form.pattern!r}"
            yield annotation.id, "id", f"id {annotation.id!r} of {quoted(annotation)} {expected}"


def note_allowed(work: Work) -> Iterator[Fault]:
    """Only an annotation with a place in the text has a note: Label Studio keeps none on the others.

    Why: Label Studio has no place for it, so that the next pull would lose it.
    Do: Put the note on one of the annotations that are linked.
    """
    for annotation, layer in work.known:
        if annotation.note and layer.kind != "span":
            yield annotation.id, "note", f"note {annotation.note!r} on a {layer.kind} layer; expected none"


def record_schema(work: Work) -> Iterator[Fault]:
    """A record is valid by its layer's entry in $defs, also in what no other rule looks at.

    Why: The schema is what other tools validate by; it may say more than these rules know.
    Do: Bring the record in line with its layer's entry in $defs.
    """
    for annotation, layer in work.known:
        if layer.name in work.context.plain:
            continue
        for field, message in work.context.schema_errors(layer.name, annotation):
            if not work.doubts.told(annotation.id, field) and work.sure(annotation, field):
                yield annotation.id, field, f"{quoted(annotation)}: {message}"


def _range(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more"
    return f"{least}" if least == most else f"{least} to {most}"
