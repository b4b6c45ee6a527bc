"""Faults to put into a sound corpus, as in `seeds`: in decisions, in the policy, and in gold that follows from both."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from seeds import MEANING, OTHER, Kind, Seed, State, documents

from standoff.model import Decision, Decisions, MergeRule, Policy


def declared(state: State) -> State:
    """The same, with the policy that its gold was made by."""
    origin = next(
        address for marked in state.corpus.gold.values() for a in marked.annotations for address in a.derived_from
    )
    policy = Policy(default=MergeRule("annotator", origin.partition("/")[0]))
    return replace(state, corpus=replace(state.corpus, policy=policy))


def decided(state: State, rule: str, document: str, one: Decision) -> Seed:
    """The seed of a decision. One that cannot be followed keeps all others from being followed."""
    decisions = {**state.corpus.decisions, document: Decisions(document, (one,))}
    changed = replace(state, corpus=replace(state.corpus, decisions=decisions))
    file = f"annotations/decisions/{document}.json"
    return Seed(rule, file, frozenset({one.id}), changed, frozenset(), frozenset(documents(state)))


def decisions(state: State) -> Iterator[tuple[str, Decision]]:
    """A decision on each gold annotation of a sound document, on what it is made from; what that says is left open."""
    if state.broken:
        return
    for document in documents(state):
        for a in state.corpus.gold[document].annotations if document in state.corpus.gold else ():
            by = a.derived_from[0].partition("/")[0]
            signed = {"reason": "slip", "decided_by": by, "date": "2024-05-01"}
            item = a.derived_from[:1]
            yield document, Decision(id="d1", outcome="rejected", item=item, sha256="0" * 64, **signed)  # type: ignore[arg-type]


def decision__reason(state: State) -> Iterator[Seed]:
    for document, one in decisions(state):
        yield decided(declared(state), "decision", document, replace(one, reason=OTHER))


def decision__shape(state: State) -> Iterator[Seed]:
    """What is chosen is none of the item's."""
    for document, one in decisions(state):
        chosen = replace(one, outcome="chosen", chosen=f"{one.item[0]}x")
        yield decided(declared(state), "decision", document, chosen)


def decision_current__changed(state: State) -> Iterator[Seed]:
    for document, one in decisions(state):
        yield decided(declared(state), "decision-current", document, one)


def decision_current__gone(state: State) -> Iterator[Seed]:
    for document, one in decisions(state):
        yield decided(declared(state), "decision-current", document, replace(one, item=(f"{one.item[0]}zz",)))


def gold_current(state: State) -> Iterator[Seed]:
    """An annotation that nothing refers to is gone from gold."""
    if state.broken:
        return
    for document, marked in state.corpus.gold.items():
        pointed = {id for a in marked.annotations for ids in a.refs.values() for id in ids}
        for a in marked.annotations:
            if a.id not in pointed:
                left = replace(marked, annotations=tuple(b for b in marked.annotations if b is not a))
                changed = declared(state)
                gold = {**changed.corpus.gold, document: left}
                changed = replace(changed, corpus=replace(changed.corpus, gold=gold))
                file, all_ = f"annotations/gold/{document}.json", frozenset(documents(state))
                yield Seed("gold-current", file, frozenset({""}), changed, MEANING | {"form-label"}, all_)


KINDS: dict[str, Kind] = {
    "decision, reason": decision__reason,
    "decision, shape": decision__shape,
    "decision-current, changed": decision_current__changed,
    "decision-current, gone": decision_current__gone,
    "gold-current": gold_current,
}
"""What is done -> the kind; a name begins with the rule's."""
