"""Decisions on entities as somebody asks for them: held against the corpus before any of them is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from standoff.adjudicate.gold import outcomes
from standoff.adjudicate.items import participants
from standoff.adjudicate.ruling import entity_decision_faults
from standoff.errors import RecordError, UsageError
from standoff.model import Corpus, Decisions, EntityDecision

__all__ = ["OWN", "Asked", "not_own", "recorded"]

OWN = "Decided by one of the document's annotators."
"""What the note of each decision says that somebody took who had annotated the document too."""


class Asked(Struct, frozen=True):
    """A decision that somebody asks for."""

    decision: EntityDecision
    place: str
    """Where it is asked for."""
    options: Mapping[str, str] = {}
    """Field -> the option that gives it; what no option gives stands at the place."""

    @property
    def document(self) -> str:
        """The document whose decisions it is one of."""
        return self.decision.entity.partition("#")[0].partition("/")[2]

    def fault(self, field: str, message: str) -> RecordError | UsageError:
        """What is raised of a fault in a field."""
        if field in self.options:
            return UsageError(message, place=self.options[field])
        return RecordError(message, place=f"{self.place} {field}".strip())


def not_own(adjudicator: str, documents: Iterable[str], *, option: str) -> None:
    """Nobody decides on own work unless that is asked for.

    Args:
        documents: what the adjudicator annotated of all in which something is to be decided.
        option: names the adjudicator.

    Raises:
        UsageError: there is such a document.
    """
    if own := sorted(documents):
        raise UsageError(
            f"{adjudicator!r} annotated {', '.join(map(repr, own))}, where something is disputed; expected an "
            "adjudicator who did not, or --even-own, which the note of each decision then says",
            place=option,
        )


def recorded(corpus: Corpus, asked: Sequence[Asked], *, even_own: bool = False) -> dict[str, Decisions]:
    """Document -> its decisions with those that are asked for, each in the place of one on the same record.

    Args:
        even_own: whoever decides may have annotated the document; the note of the decision then says so.

    Raises:
        RecordError, UsageError: one cannot be followed; the place is that where it is asked for.
    """
    workers = participants(corpus)
    own = {one.document for one in asked if one.decision.decided_by in workers.get(one.document, ())}
    if not even_own:
        for one in asked:
            if one.document in own:
                not_own(one.decision.decided_by, own, option=one.options.get("decided_by", "decided_by"))
    new: dict[str, dict[str, Asked]] = {}
    for one in asked:
        note = f"{one.decision.note} {OWN}".strip() if one.document in own else one.decision.note
        decision = structs.replace(one.decision, note=note)
        new.setdefault(one.document, {})[decision.id] = structs.replace(one, decision=decision)
    changed = {}
    for document, by_id in sorted(new.items()):
        old = corpus.decisions.get(document, Decisions(document))
        decisions = (*(one for one in old.entities if one.id not in by_id), *(one.decision for one in by_id.values()))
        changed[document] = structs.replace(old, entities=tuple(sorted(decisions, key=lambda one: one.id)))
    after = structs.replace(corpus, decisions=corpus.decisions | changed)
    for one in (one for by_id in new.values() for one in by_id.values()):
        for _, field, message in entity_decision_faults(Decisions(one.document, entities=(one.decision,)), after):
            raise one.fault(field, message)
    try:
        outcomes(after)
    except RecordError as error:
        file, _, place = error.place.partition("#")
        id, _, field = place.partition(" ")
        document = file.removeprefix("annotations/decisions/").removesuffix(".json")
        if cause := new.get(document, {}).get(id):
            raise cause.fault(field, error.message) from error
        raise
    return changed
