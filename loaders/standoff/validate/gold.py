"""The rule on what gold is made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from standoff.model import Annotation, AnnotationSet
from standoff.validate.words import quoted
from standoff.validate.work import Fault, Work

__all__ = ["gold_derived"]


def gold_derived(work: Work) -> Iterator[Fault]:
    """A gold annotation that is made from one annotation alone says the same as that one.

    Why: Gold is derived, never edited: whoever corrects it by hand leaves the annotators' sets, and all that is
    measured on them, as they were, and the next derivation undoes the correction.
    Do: Correct the annotator's set, or record a decision, and derive gold again with standoff adjudicate.
    """
    if not work.gold:
        return
    made: dict[str, set[str]] = {}
    for annotation in work.annotations:
        for address in annotation.derived_from:
            made.setdefault(address, set()).add(annotation.id)
    for annotation in work.annotations:
        if len(annotation.derived_from) != 1 or work.doubts.told(annotation.id, "derived_from[0]"):
            continue
        origin = work.context.origin(annotation.derived_from[0])
        if origin is None:
            continue
        for field, is_, asked in _differences(work, annotation, *origin, made):
            if not work.doubts.told(annotation.id, field):
                yield (
                    annotation.id,
                    field,
                    f"gold {quoted(annotation)} has {field} {is_!r}, but {annotation.derived_from[0]}, which alone it "
                    f"is made from, has {asked!r}; expected the same",
                )


def _differences(
    work: Work, annotation: Annotation, origin: Annotation, source: AnnotationSet, made: dict[str, set[str]]
) -> Iterator[tuple[str, Any, Any]]:
    """Field, what gold has there, and what it was made from."""
    for field in ("layer", "label", "note"):
        if (is_ := getattr(annotation, field)) != (asked := getattr(origin, field)):
            yield field, is_, asked
    if annotation.spans != origin.spans:
        yield "spans", _places(annotation), _places(origin)
    for name in sorted({*annotation.attributes, *origin.attributes}):
        if (value := annotation.attributes.get(name)) != (other := origin.attributes.get(name)):
            yield f"attributes.{name}", value, other
    layer = work.context.layers.get(annotation.layer)
    own = {entity.id for entity in source.entities}
    for name in sorted({*annotation.refs, *origin.refs}):
        role = layer.role(name) if layer else None
        if role is None:
            continue
        targets, asked_for = set(annotation.refs.get(name, ())), origin.refs.get(name, ())
        if role.registry:
            # What an annotator added may enter the registry under another id.
            if len(targets) != len(asked_for) or not set(asked_for) - own <= targets:
                yield f"refs.{name}", sorted(targets), sorted(asked_for)
            continue
        # Gold's ids are its own, several may be made from one; what gold left out cannot be pointed to.
        choices = [made[address] for id in asked_for if (address := source.address(id)) in made]
        expected = set[str]().union(*choices)
        if not targets <= expected or not all(targets & choice for choice in choices):
            yield f"refs.{name}", sorted(targets), sorted(expected)


def _places(annotation: Annotation) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in annotation.spans]
