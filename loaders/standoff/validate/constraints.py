"""The kinds of constraint that look at one annotation and what it points to. `standoff.validate.pairs` has the others.

Each is one generic rule; its parameters come from the schema and are described in schema/README.md. A constraint
builds only on fields that no rule found fault with; where it asks for something, an annotation with a fault may be it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from standoff.model import Annotation
from standoff.scheme import Constraint
from standoff.validate.words import any_of, listed, quoted
from standoff.validate.work import Fault, Work

__all__ = ["apart", "attribute_label", "contains", "count", "entity_type", "length", "roles_differ", "symmetric"]


def apart(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """An annotation does not overlap what its role points to.

    Why: What stands inside another thing cannot be its source as well: one of the two has the wrong extent.
    Do: Cut the spans so that they do not overlap, or point to another target.
    """
    role = constraint.role
    for annotation in work.placed(constraint.layer):
        for id in annotation.refs.get(role, ()) if work.sure(annotation, f"refs.{role}") else ():
            target = work.by_id.get(id)
            if target and work.sure(target, "spans") and overlap(annotation, target):
                yield (
                    annotation.id,
                    f"refs.{role}",
                    f"{quoted(annotation)} overlaps its {role} {quoted(target)} ({id}); expected them apart",
                )


def attribute_label(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Some values of an attribute go with some labels: the value demands the label, the label the value, or both.

    Why: Label and attribute answer related questions; here the answers contradict each other.
    Do: Decide which of the two is right and change the other.
    """
    name, values, labels = constraint.attribute, constraint.values, constraint.labels
    for annotation in work.of(constraint.layer):
        if not work.sure(annotation, "label", f"attributes.{name}"):
            continue
        label, value = annotation.label, annotation.attributes.get(name)
        has = f"{quoted(annotation)} has label {label!r} and " + (f"{name} {value!r}" if value else f"no {name!r}")
        if constraint.implies in ("value", "both") and label in labels and value not in values:
            yield annotation.id, f"attributes.{name}", f"{has}; with this label expected {any_of(values)}"
        elif constraint.implies in ("label", "both") and label not in labels and value in values:
            yield annotation.id, f"attributes.{name}", f"{has}; with this value expected label {any_of(labels)}"


def contains(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """An annotation has one of an inner layer inside its fragments.

    Why: The label claims that something is asserted of which there is no sign inside.
    Do: Annotate the inner thing, or choose another label.
    """

    def may_be_inner(annotation: Annotation) -> bool:
        return annotation.label in constraint.inner_labels or not work.sure(annotation, "label")

    inner = [a for a in work.placed(constraint.inner) if may_be_inner(a)]
    starts = [annotation.spans[0].start for annotation in inner]
    # With a wrong offset, quotation or layer nobody knows where or what it is: it may be where either of them says.
    displaced = (annotation for annotation in work.of(constraint.inner) if not work.sure(annotation, "spans"))
    lost = [a for a in (*displaced, *work.astray) if may_be_inner(a)]
    for annotation in work.placed(constraint.layer):
        if annotation.label not in constraint.labels or not work.sure(annotation, "label"):
            continue
        near = (
            inner[n]
            for span in annotation.spans
            for n in range(bisect_left(starts, span.start), bisect_left(starts, span.end))
        )
        if not any(covers(annotation, a) for a in near) and not any(_may_hold(annotation, a) for a in lost):
            yield (
                annotation.id,
                "spans",
                f"{quoted(annotation)} is {annotation.label!r} and has no {constraint.inner} inside it; "
                f"expected {any_of(constraint.inner_labels)}",
            )


def count(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Annotations with some labels have so many fragments, or point to so many by a role.

    Why: Some labels mean something only with more, or fewer, of these than the layer allows.
    Do: Add or remove fragments or targets, or choose another label.
    """
    of, least, most = constraint.of, constraint.min or 0, constraint.max
    field = of if of == "spans" else f"refs.{of}"
    for annotation in work.of(constraint.layer):
        if annotation.label not in constraint.labels or not work.sure(annotation, "label", field):
            continue
        n = len(annotation.spans if of == "spans" else annotation.refs.get(of, ()))
        if n < least or (most is not None and n > most):
            what = f"fragment{'' if n == 1 else 's'}" if of == "spans" else repr(of)
            expected = f"at least {least}" if n < least else f"at most {most}"
            is_ = f"{quoted(annotation)} is {annotation.label!r}"
            yield annotation.id, field, f"{is_} and has {n} {what}; expected {expected}"


def entity_type(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """The label of an annotation is the type of the entity that its role points to.

    Why: One thing in the world has one type; a mention of it has the same.
    Do: Correct the label, the entity's type, or which entity is meant.
    """
    role = constraint.role
    for annotation in work.of(constraint.layer):
        if not work.sure(annotation, "label", f"refs.{role}"):
            continue
        for id in annotation.refs.get(role, ()):
            entity = work.entities.get(id)
            if entity and entity.type in work.context.scheme.entity_types and entity.type != annotation.label:
                yield (
                    annotation.id,
                    "label",
                    f"label {annotation.label!r} of {quoted(annotation)}, but {role} {id!r} ({entity.name}) is "
                    f"{entity.type!r}; expected the same",
                )


def length(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """An annotation has no more than so many tokens.

    Why: So long an annotation is most often several in one.
    Do: Split it, or accept it with a reason.
    """
    most = constraint.max or 0
    for annotation in work.of(constraint.layer):
        if constraint.labels and not (annotation.label in constraint.labels and work.sure(annotation, "label")):
            continue
        if work.sure(annotation, "spans") and (n := work.page.tokens(annotation.spans)) > most:
            yield annotation.id, "spans", f"{quoted(annotation)} has {n} tokens; expected at most {most}"


def roles_differ(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Two roles point to different things: to different entities, where the targets have entities.

    Why: A link from a thing to itself says nothing, or says it of somebody else.
    Do: Correct the role that points to the wrong one.
    """
    first, second = constraint.roles
    for annotation in work.of(constraint.layer):
        if not work.sure(annotation, f"refs.{first}", f"refs.{second}"):
            continue
        both = work.referents(annotation, first) & work.referents(annotation, second)
        if both:
            what = ", ".join(f"the {kind} {id!r}" for kind, id in sorted(both))
            yield (
                annotation.id,
                f"refs.{second}",
                f"{first} and {second} of {quoted(annotation)} are both {what}; expected different ones",
            )


def symmetric(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """A link that holds both ways is stored once, with the ids of its ends in order.

    Why: Stored both ways it would count twice; stored either way it could not be compared.
    Do: Swap the two ends and derive the id again.
    """
    first, second = constraint.roles
    for annotation in work.of(constraint.layer):
        if annotation.label not in constraint.labels:
            continue
        if not work.sure(annotation, "label", f"refs.{first}", f"refs.{second}"):
            continue
        ends = annotation.refs.get(first, ()), annotation.refs.get(second, ())
        if ends[0] > ends[1] and ends[1]:
            yield (
                annotation.id,
                f"refs.{first}",
                f"{annotation.label!r} holds both ways and is stored with {first} {listed(ends[0])}, {second} "
                f"{listed(ends[1])}; expected the ids in order",
            )


def overlap(a: Annotation, b: Annotation) -> bool:
    """Whether a fragment of one meets a fragment of the other."""
    return any(s.start < t.end and t.start < s.end for s in a.spans for t in b.spans)


def covers(a: Annotation, b: Annotation) -> bool:
    """Whether every fragment of the second lies inside one of the first's."""
    return all(any(s.start <= t.start and t.end <= s.end for s in a.spans) for t in b.spans)


def _may_hold(a: Annotation, b: Annotation) -> bool:
    """Whether the second lies inside the first by its offsets, or by its words."""
    return covers(a, b) or all(any(t.quote in s.quote for s in a.spans) for t in b.spans)
