"""Proposals about entities as a file that an adjudicator edits, and the decisions that come of what is confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct, structs

from standoff.adjudicate.gold import outcomes
from standoff.adjudicate.proposing import Proposal
from standoff.canon import canonical_list
from standoff.errors import RecordError, nearest
from standoff.model import Corpus, Decisions, Entity, EntityDecision
from standoff.text import sha

__all__ = ["LostName", "confirmed", "entity_decision", "lost_names", "parse_proposals", "written"]


class LostName(Struct, frozen=True, order=True):
    """A name that an annotator gave to an entity, which is another one that has no such name."""

    entity: str
    """Its address."""
    name: str
    into: str
    """The id in the registry of what it is."""


def written(proposals: Iterable[Proposal]) -> str:
    """Proposals as the file that an adjudicator edits: one a line."""
    return canonical_list("proposals", sorted(proposals, key=lambda one: one.entity))


def parse_proposals(text: str, *, place: str = "") -> tuple[Proposal, ...]:
    """The proposals that a file holds; the inverse of `written`.

    Raises:
        RecordError: it holds none; names the place in it.
    """
    try:
        return msgspec.json.decode(text, type=_Proposals).proposals
    except msgspec.DecodeError as error:
        raise RecordError(str(error), place=place) from error


class _Proposals(Struct, forbid_unknown_fields=True):
    proposals: tuple[Proposal, ...]


def confirmed(
    corpus: Corpus, proposals: Iterable[Proposal], *, decided_by: str, date: str, reason: str = ""
) -> dict[str, Decisions]:
    """Document -> its decisions, with those proposals that are confirmed; documents where nothing is new left out.

    Args:
        reason: of proposals that have none of their own.

    Raises:
        RecordError: a proposal has no outcome, or is of what has changed or been decided; decisions that would come
            of it cannot be followed.
    """
    merged, _ = outcomes(corpus)
    open_ = {one.entity: one for one in (*merged.open, *merged.passed)}
    made: dict[str, list[EntityDecision]] = {}
    for one in proposals:
        if not one.confirmed:
            continue
        known = open_.get(one.entity)
        if known is None:
            raise RecordError(f"is no undecided entity{nearest(one.entity, sorted(open_))}", place=one.entity)
        if known.sha256 != one.sha256:
            raise RecordError("was proposed of another record; expected it proposed again", place=one.entity)
        if not one.outcome:
            raise RecordError(
                "is confirmed without outcome; expected 'existing', 'new', 'same' or 'rejected'", place=one.entity
            )
        decision = entity_decision(
            one.entity,
            one.sha256,
            one.outcome,
            into=one.into,
            record=one.record,
            reason=one.reason or reason,
            note=one.note,
            decided_by=decided_by,
            date=date,
        )
        made.setdefault(one.entity.partition("#")[0].partition("/")[2], []).append(decision)
    changed = {}
    for document, new in sorted(made.items()):
        old, ids = corpus.decisions.get(document, Decisions(document)), {one.id for one in new}
        kept = [one for one in old.entities if one.id not in ids]
        changed[document] = structs.replace(old, entities=tuple(sorted((*kept, *new), key=lambda one: one.id)))
    # A decision that cannot be followed is not recorded.
    outcomes(structs.replace(corpus, decisions=corpus.decisions | changed))
    return changed


def lost_names(before: Corpus, after: Corpus) -> tuple[LostName, ...]:
    """Names that annotators gave to what is another entity by decisions of `after`, and that this one has not.

    What the registry says stays as it is: no decision changes a record that is there.

    Args:
        before: the corpus as it was before these decisions; what they had lost already is not told again.
    """
    (known, _), (merged, _) = outcomes(before), outcomes(after)
    found = []
    for decisions in after.decisions.values():
        for one in decisions.entities:
            annotator, _, rest = one.entity.partition("/")
            document, _, id = rest.partition("#")
            target = merged.ids.get((annotator, document, id))
            if one.outcome not in ("existing", "same") or target in (None, known.ids.get((annotator, document, id))):
                continue
            own = next(entity for entity in after.sets[annotator, document].entities if entity.id == id)
            has = {merged.registry[target].name, *merged.registry[target].aliases}
            found += [LostName(one.entity, name, target) for name in (own.name, *own.aliases) if name not in has]
    return tuple(sorted(found))


def entity_decision(
    entity: str,
    sha256: str,
    outcome: Literal["existing", "new", "same", "rejected"],
    *,
    into: str = "",
    record: Entity | None = None,
    reason: str,
    note: str = "",
    decided_by: str,
    date: str,
) -> EntityDecision:
    """A decision on an entity, under the id that follows from what it decides."""
    return EntityDecision(
        id=f"e{sha(entity + sha256)[:12]}",
        outcome=outcome,
        entity=entity,
        sha256=sha256,
        into=into,
        record=record,
        reason=reason,
        note=note,
        decided_by=decided_by,
        date=date,
    )
