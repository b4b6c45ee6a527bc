"""Faults to put into a sound corpus, as in `seeds`: in decisions, and in gold that no longer follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace
from seeds import MEANING, OTHER, REGISTRY, Kind, Seed, State, documents, exchanged, file_of, put

from standoff.model import GOLD, AnnotationSet, Decision, Decisions, EntityDecision


def everything(state: State) -> frozenset[str]:
    """All that findings on decisions and gold hang on: what cannot be followed in one place is followed nowhere."""
    return frozenset({*documents(state), REGISTRY})


def made_up(state: State, document: str) -> Iterator[Decision]:
    """A decision on each gold annotation of a document, on what it is made from; what that says is left open."""
    for a in state.corpus.gold[document].annotations if document in state.corpus.gold else ():
        by, item = a.derived_from[0].partition("/")[0], a.derived_from[:1]
        yield Decision(
            id="d1", outcome="rejected", item=item, sha256="0" * 64, reason="slip", decided_by=by, date="2024-05-01"
        )


def on_items(
    rule: str, change: Callable[[Decision], Iterator[Decision]], follows: frozenset[str] = frozenset()
) -> Kind:
    """A kind that changes a decision on an item that annotators marked; where none is recorded, one is made up."""

    def kind(state: State) -> Iterator[Seed]:
        for document in documents(state) if not state.broken else ():
            recorded = state.corpus.decisions.get(document) or Decisions(document)
            for one in recorded.decisions or made_up(state, document):
                for new in change(one) if one.item else ():
                    others = tuple(other for other in recorded.decisions if other.id != one.id)
                    yield decided(state, rule, replace(recorded, decisions=(*others, new)), one.id, follows)

    return kind


def on_entities(
    rule: str, change: Callable[[EntityDecision], Iterator[EntityDecision]], follows: frozenset[str] = frozenset()
) -> Kind:
    """A kind that changes a recorded decision on an entity."""

    def kind(state: State) -> Iterator[Seed]:
        for recorded in state.corpus.decisions.values() if not state.broken else ():
            for one in recorded.entities:
                for new in change(one):
                    others = tuple(other for other in recorded.entities if other.id != one.id)
                    yield decided(state, rule, replace(recorded, entities=(*others, new)), one.id, follows)

    return kind


def decided(state: State, rule: str, new: Decisions, id: str, follows: frozenset[str]) -> Seed:
    """The seed of a changed decision."""
    decisions = {**state.corpus.decisions, new.document: new}
    changed = replace(state, corpus=replace(state.corpus, decisions=decisions))
    file = f"annotations/decisions/{new.document}.json"
    return Seed(rule, file, frozenset({id}), changed, follows, everything(state))


def _unreasoned(one: Decision) -> Iterator[Decision]:
    yield replace(one, reason=OTHER)


def _misshapen(one: Decision) -> Iterator[Decision]:
    """What is chosen is none of the item's."""
    yield replace(one, outcome="chosen", chosen=f"{one.item[0]}x", annotation=None)


def _outdated(one: Decision) -> Iterator[Decision]:
    yield replace(one, sha256="0" * 64)


def _on_what_is_gone(one: Decision) -> Iterator[Decision]:
    gone = f"{one.item[0]}zz"
    yield replace(one, item=(gone,), chosen=gone if one.chosen else "")


def _into_nothing(one: EntityDecision) -> Iterator[EntityDecision]:
    yield replace(one, outcome="existing", into=OTHER, record=None)


def _outdated_entity(one: EntityDecision) -> Iterator[EntityDecision]:
    yield replace(one, sha256="0" * 64)


def in_gold(state: State, marked: AnnotationSet) -> Seed:
    """The seed of gold that somebody changed by hand."""
    file, follows = file_of(GOLD, marked.document), MEANING | {"gold-derived"}
    return Seed("gold-current", file, frozenset({""}), put(state, GOLD, marked), follows, everything(state))


def gold_current__gone(state: State) -> Iterator[Seed]:
    """An annotation that nothing refers to is gone from gold."""
    for marked in state.corpus.gold.values() if not state.broken else ():
        pointed = {id for a in marked.annotations for ids in a.refs.values() for id in ids}
        for n, a in enumerate(marked.annotations):
            if a.id not in pointed:
                yield in_gold(state, exchanged(marked, n))


def gold_current__relabelled(state: State) -> Iterator[Seed]:
    """An annotation of gold has another label of its layer, whomever it is made from."""
    for marked in state.corpus.gold.values() if not state.broken else ():
        for n, a in enumerate(marked.annotations):
            layer = state.corpus.scheme.layer(a.layer)
            for label in layer.label_names if layer and layer.kind == "span" else ():
                if label != a.label:
                    yield in_gold(state, exchanged(marked, n, replace(a, label=label)))


_OPEN = frozenset({"gold-current"})
"""What was decided is open again, while gold is as it had been decided."""

KINDS: dict[str, Kind] = {
    "decision, reason": on_items("decision", _unreasoned),
    "decision, shape": on_items("decision", _misshapen),
    "decision, entity": on_entities("decision", _into_nothing),
    "decision-current, changed": on_items("decision-current", _outdated, _OPEN),
    "decision-current, gone": on_items("decision-current", _on_what_is_gone, _OPEN),
    "decision-current, entity": on_entities("decision-current", _outdated_entity, _OPEN),
    "gold-current, gone": gold_current__gone,
    "gold-current, relabelled": gold_current__relabelled,
}
"""What is done -> the kind; a name begins with the rule's."""
