"""Rules on what adjudicators decided, and on what gold is by it. They hold all documents against each other."""

from __future__ import annotations

from collections.abc import Iterator

from standoff.canon import canonical_set
from standoff.model import GOLD, AnnotationSet
from standoff.validate.words import listed
from standoff.validate.work import Context, Placed

__all__ = ["decision", "decision_current", "gold_current"]

FEW = 5
"""Ids that a message names; more are counted."""


def decision(context: Context) -> Iterator[Placed]:
    """A decision and the policy can be followed: they are signed, complete, and about what there is.

    Why: Gold and the registry follow from them alone; one that cannot be followed stops both.
    Do: Correct what the message names in annotations/decisions or annotations/policy.json.
    """
    yield from context.adjudication.faults


def decision_current(context: Context) -> Iterator[Placed]:
    """What was decided on is still what annotators say.

    Why: A decision on something else is not followed: what it had settled is open again, or agreed by now.
    Do: Decide again, which replaces it; or remove it where nothing is left to be decided.
    """
    found = context.adjudication.found
    for address, why in found.stale.items() if found else ():
        place, _, id = address.partition("#")
        yield f"annotations/decisions/{place.partition('/')[2]}.json", id, "", f"holds no more: {why}"


def gold_current(context: Context) -> Iterator[Placed]:
    """Where there is a policy or a decision, gold and the registry are what sets, decisions and policy make of them.

    Why: Gold that does not follow from what annotators and adjudicators said cannot be traced, and the next derivation
    undoes it.
    Do: Run standoff adjudicate; correct by a decision, never by hand.
    """
    found = context.adjudication.found
    if found is None:
        return
    stored = context.corpus.gold
    for id in sorted({*found.gold, *stored}):
        if message := _unlike(stored.get(id), found.gold.get(id), context):
            yield f"annotations/{GOLD}/{id}.json", "", "annotations", message
    for id, entity in found.entities.items():
        if id not in context.corpus.entities:
            yield "corpus/entities.json", id, "id", f"no {id!r} ({entity.name}), which enters the registry; expected it"


def _unlike(stored: AnnotationSet | None, made: AnnotationSet | None, context: Context) -> str:
    """What of a document's gold is not as it is made; empty where all is."""
    if stored is None or made is None:
        return "is gold of what nobody worked on; expected none" if stored else "is missing; expected it derived"
    if canonical_set(stored, context.scheme) == canonical_set(made, context.scheme):
        return ""
    is_, asked = ({one.id: one for one in marked.annotations} for marked in (stored, made))
    parts = [
        ("missing", [id for id in asked if id not in is_]),
        ("superfluous", [id for id in is_ if id not in asked]),
        ("different", [id for id in is_ if id in asked and is_[id] != asked[id]]),
    ]
    told = [f"{len(ids)} {what} ({listed(ids[:FEW])}{', ...' if len(ids) > FEW else ''})" for what, ids in parts if ids]
    return f"is not what sets, decisions and policy make: {', '.join(told) or 'its head differs'}"
