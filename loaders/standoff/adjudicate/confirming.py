"""Proposals about entities as a file that an adjudicator edits, and the decisions that come of what is confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec import Struct, structs

from standoff.adjudicate.gold import outcomes
from standoff.adjudicate.proposing import Proposal
from standoff.adjudicate.recording import OWN, Asked, recorded
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
    corpus: Corpus,
    proposals: Iterable[Proposal],
    *,
    decided_by: str,
    date: str,
    reason: str = "",
    even_own: bool = False,
    place: str = "",
) -> dict[str, Decisions]:
    """Document -> its decisions, with those proposals that are confirmed; documents where nothing is new left out.

    What was decided so already stays as it was recorded, with its date.

    Args:
        reason: of proposals that have none of their own.
        even_own: see `recorded`.
        place: of the proposals, for errors.

    Raises:
        RecordError: a proposal has no outcome, is of what has changed or was decided otherwise, or decides what another
            one does; decisions that would come of it cannot be followed. Names the proposal.
        UsageError: `decided_by` or `reason` cannot be followed.
    """
    merged, _ = outcomes(corpus)
    open_ = {one.entity: one for one in (*merged.open, *merged.passed)}
    there = {(one.entity, one.sha256): (d, one) for d in corpus.decisions.values() for one in d.entities}
    asked: list[Asked] = []
    taken: dict[str, int] = {}
    for n, one in enumerate(proposals):
        if not one.confirmed:
            continue
        here = f"{place} proposals[{n}] {one.entity}".lstrip()
        if one.entity in taken:
            raise RecordError(
                f"decides the same as proposals[{taken[one.entity]}] does; expected one of them", place=here
            )
        taken[one.entity] = n
        known, recorded_ = open_.get(one.entity), there.get((one.entity, one.sha256))
        if known is None and recorded_ is None:
            raise RecordError(f"is no undecided entity{nearest(one.entity, sorted(open_))}", place=here)
        if known is not None and known.sha256 != one.sha256:
            raise RecordError("was proposed of another record; expected it proposed again", place=here)
        if not one.outcome:
            raise RecordError(
                "is confirmed without outcome; expected 'existing', 'new', 'same' or 'rejected'", place=here
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
        options = {"decided_by": "--by", **({} if one.reason else {"reason": "--reason"})}
        if recorded_ is not None and _says(recorded_[1]) == _says(decision):
            continue
        if known is None and recorded_ is not None:
            at = f"annotations/decisions/{recorded_[0].document}.json#{recorded_[1].id}"
            raise RecordError(
                f"was decided otherwise by {at}; expected the same, or that decision taken out first", place=here
            )
        asked.append(Asked(decision, here, options))
    return recorded(corpus, asked, even_own=even_own)


def _says(decision: EntityDecision) -> EntityDecision:
    """A decision without what may differ where the same is decided again: its id, its date, and that it is own work."""
    return structs.replace(decision, id="", date="", note=decision.note.removesuffix(OWN).rstrip())


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
