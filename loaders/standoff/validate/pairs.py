"""The kinds of constraint that hold annotations of one layer against each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from standoff.model import Annotation
from standoff.scheme import Constraint
from standoff.validate.constraints import covers, overlap
from standoff.validate.graph import cycles
from standoff.validate.words import any_of, quoted
from standoff.validate.work import Fault, Work

__all__ = ["acyclic", "companion", "conflict", "nesting", "role_or_inverse", "target_once", "unique"]


def acyclic(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """No annotation comes back to itself by following a role.

    Why: Whoever follows the role would never arrive.
    Do: Remove the link of the circle that is wrong.
    """
    role = constraint.role
    links: dict[str, list[str]] = {}
    for annotation in work.of(constraint.layer):
        if work.sure(annotation, f"refs.{role}"):
            links.setdefault(annotation.id, []).extend(annotation.refs.get(role, ()))
    for circle in cycles(links):
        shown = " → ".join(f"{id} {quoted(work.by_id[id])}" for id in circle)
        yield circle[0], f"refs.{role}", f"{role} goes in a circle: {shown} → {circle[0]}"


def companion(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """What an annotation with one value points to is also pointed to by an annotation with another value.

    Why: On its own it names nothing that a reader could look up.
    Do: Annotate the other one too, or correct what this one refers to.
    """
    role, name = constraint.role, constraint.attribute
    accompanied: set[str] = set()
    waiting: dict[str, list[Annotation]] = {}
    for annotation in (*work.of(constraint.layer), *work.astray):
        if not work.sure(annotation, f"refs.{role}"):
            return  # Nobody knows what it points to; it may be what all others wait for.
        value = annotation.attributes.get(name)
        if value in constraint.needs or not work.sure(annotation, f"attributes.{name}"):
            accompanied.update(annotation.refs.get(role, ()))
        elif value in constraint.values:
            for id in annotation.refs.get(role, ()):
                waiting.setdefault(id, []).append(annotation)
    for id, alone in waiting.items():
        if id not in accompanied:
            first = alone[0]
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            yield (
                first.id,
                f"refs.{role}",
                f"{quoted(first)}{more} with {name} {first.attributes[name]!r} alone refer to {id!r}; "
                f"expected another {constraint.layer} of it, with {name} {any_of(constraint.needs)}",
            )


def conflict(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Two annotations that agree in some roles do not have opposite labels; with `overlapping`, where they overlap.

    Why: Both cannot be so: the reader of the dataset would have to choose.
    Do: Keep the one that is right, or use the label for both at once where there is one.
    """
    roles = _words(constraint.same)
    found = [
        annotation
        for annotation in (work.placed if constraint.overlapping else work.of)(constraint.layer)
        if annotation.label in constraint.labels and work.sure(annotation, "label", *(f"refs.{role}" for role in roles))
    ]
    if not constraint.overlapping:
        # Links have no place in the text, and their ids begin with the label: the schema's order is the one that stays.
        found.sort(key=lambda annotation: constraint.labels.index(annotation.label))
    for group in _groups(work, found, roles):
        pairs = _meeting(group) if constraint.overlapping else ((group[0], other) for other in group[1:])
        for first, second in pairs:
            if first.label != second.label and (not constraint.overlapping or overlap(first, second)):
                where = "overlaps and " if constraint.overlapping else ""
                yield (
                    second.id,
                    "label",
                    f"{quoted(second)} is {second.label!r}, but {first.id} {quoted(first)}, which {where}has the same "
                    f"{' and '.join(roles)}, is {first.label!r}",
                )


def nesting(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Annotations of a layer do not cross, contain or equal each other; with `same`, those that agree in a role.

    Why: Where annotations cross or contain each other against the rules, one of them has the wrong extent.
    Do: Change the extent of one, or remove it.
    """
    roles, placed = _words(constraint.same), work.placed(constraint.layer)
    if roles:
        placed = tuple(a for a in placed if work.sure(a, *(f"refs.{role}" for role in roles)))
        # To point to nothing is not to point to the same.
        placed = tuple(a for a in placed if all(a.refs.get(role) for role in roles))
    for group in _groups(work, placed, roles):
        for first, second in _meeting(group):
            how = _relation(first, second)
            if how in constraint.forbid and first.id != second.id:
                # Whatever else they share, to cross is one fault, also where two constraints forbid it.
                same = f", which has the same {' and '.join(roles)}" if roles and how != "cross" else ""
                what = _WORDS[how] if how != "contain" or covers(first, second) else "lies around"
                yield second.id, "spans", f"{quoted(second)} {what} {first.id} {quoted(first)}{same}"


def role_or_inverse(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """An annotation points to something by a role, or another of its layer points to it by the inverse.

    Why: Without either the annotation is linked to nothing, and says nothing.
    Do: Link it, or remove it.
    """
    role, inverse = constraint.role, constraint.inverse
    annotations = work.of(constraint.layer)
    if not all(work.sure(annotation, f"refs.{inverse}") for annotation in annotations):
        return  # Nobody knows what it points to; it may be any.
    pointed_to = {id for a in (*annotations, *work.astray) for id in a.refs.get(inverse, ())}
    for annotation in annotations:
        if not annotation.refs.get(role) and annotation.id not in pointed_to and work.sure(annotation, f"refs.{role}"):
            yield (
                annotation.id,
                f"refs.{role}",
                f"{quoted(annotation)} has no {role}, and is {inverse} of no other; expected one or the other",
            )


def target_once(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """A target is pointed to by at most one annotation of a layer and role.

    Why: Two that claim the same target make it impossible to say whose it is.
    Do: Keep the link that is right.
    """
    role = constraint.role
    first: dict[str, Annotation] = {}
    for annotation in work.of(constraint.layer):
        for id in dict.fromkeys(annotation.refs.get(role, ())):
            other = first.setdefault(id, annotation)
            target = work.by_id.get(id)
            if other.id != annotation.id and (target or id in work.entities):
                yield (
                    annotation.id,
                    f"refs.{role}",
                    f"{id} {quoted(target) if target else ''} is {role} of {quoted(annotation)} and of {other.id} "
                    f"{quoted(other)}; expected of one",
                )


def unique(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """No two annotations of a layer agree in all of the named fields.

    Why: The same thing twice counts twice.
    Do: Remove one of the two, after moving what refers to it.
    """
    first: dict[Hashable, Annotation] = {}
    roles = tuple(name for name in constraint.by if name not in ("spans", "label", "refs"))
    fields = (*(name for name in constraint.by if name in ("spans", "label")), *(f"refs.{role}" for role in roles))
    for annotation in work.of(constraint.layer):
        every = tuple(f"refs.{role}" for role in annotation.refs) if "refs" in constraint.by else ()
        if not work.sure(annotation, *fields, *every):
            continue
        other = first.setdefault(_key(annotation, constraint.by), annotation)
        if other.id != annotation.id:
            # All that they agree in, not only what is asked, so that two constraints say one thing once.
            alike = [k for k in ("spans", "label", "refs") if _key(annotation, (k,)) == _key(other, (k,))]
            alike += [r for r in roles if "refs" not in alike]
            yield (
                annotation.id,
                "",
                f"{quoted(annotation)} repeats {other.id} {quoted(other)}: same {', '.join(alike)}; expected one",
            )


def _key(annotation: Annotation, by: Iterable[str]) -> Hashable:
    parts: list[Hashable] = []
    for name in by:
        if name == "spans":
            parts.append(tuple((span.start, span.end) for span in annotation.spans))
        elif name == "label":
            parts.append(annotation.label)
        elif name == "refs":
            parts.append(tuple(sorted((role, frozenset(ids)) for role, ids in annotation.refs.items() if ids)))
        else:
            parts.append(frozenset(annotation.refs.get(name, ())))
    return tuple(parts)


def _words(same: str | tuple[str, ...]) -> tuple[str, ...]:
    return (same,) if isinstance(same, str) and same else tuple(same)


def _groups(work: Work, annotations: Iterable[Annotation], roles: tuple[str, ...]) -> Iterable[list[Annotation]]:
    """The annotations that agree in what roles point to in the end, in their order."""
    found: dict[Hashable, list[Annotation]] = {}
    for annotation in annotations:
        found.setdefault(tuple(work.referents(annotation, role) for role in roles), []).append(annotation)
    return found.values()


def _meeting(placed: Iterable[Annotation]) -> Iterator[tuple[Annotation, Annotation]]:
    """The pairs whose extents overlap, by a sweep over annotations that are ordered by start."""
    open_: list[tuple[int, Annotation]] = []
    for annotation in placed:
        start = min(span.start for span in annotation.spans)
        open_ = [(end, other) for end, other in open_ if end > start]
        for _, other in open_:
            yield other, annotation
        open_.append((max(span.end for span in annotation.spans), annotation))


_WORDS = {"cross": "crosses", "contain": "lies inside", "equal": "has the same place as"}


def _relation(a: Annotation, b: Annotation) -> str:
    if not overlap(a, b):
        return "apart"
    inside, around = covers(a, b), covers(b, a)
    if inside and around:
        return "equal"
    return "contain" if inside or around else "cross"
