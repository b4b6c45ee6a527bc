"""The registry of entities, with what annotators added to it: by recorded decisions, or where nobody differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from msgspec import Struct, structs

from standoff.adjudicate.items import address
from standoff.canon import canonical
from standoff.errors import RecordError, nearest
from standoff.model import Corpus, Entity, EntityDecision, MergeRule, Policy
from standoff.scheme import REGISTRY
from standoff.text import sha

__all__ = ["Merged", "OpenEntity", "entity_sha256", "merge"]

Key: TypeAlias = tuple[str, str, str]
"""Annotator, document and id of an entity that an annotator added."""


class OpenEntity(Struct, frozen=True):
    """An entity that an annotator added, of which is still to be decided what it is."""

    entity: str
    """Its address."""
    sha256: str
    record: Entity
    why: str


class Merged(Struct, frozen=True):
    """The registry, and what became of each entity that an annotator added."""

    registry: dict[str, Entity]
    ids: dict[Key, str]
    """Annotator, document and own id -> id in the registry."""
    open: tuple[OpenEntity, ...]
    passed: tuple[OpenEntity, ...]
    """As open, but added by others than the one whom the policy follows: decided only if gold comes to need it."""
    undecided: frozenset[Key]
    """Those of both."""
    rejected: frozenset[Key]
    """What is decided to be nothing: it never enters the registry."""
    stale: dict[str, str]
    """The address of a decision that holds no more -> why."""

    def resolve(self, annotator: str, document: str, id: str) -> str | None:
        """The id in the registry of what an annotator refers to in a document; None if undecided or rejected."""
        key = annotator, document, id
        return None if key in self.undecided or key in self.rejected else self.ids.get(key, id)


def entity_sha256(entity: Entity) -> str:
    """What identifies a record of an entity."""
    return sha(canonical(entity))


def merge(corpus: Corpus, workers: Mapping[str, tuple[str, ...]]) -> Merged:
    """Merges what annotators added into the registry.

    Without a decision an entity is merged only where a record of the registry equals its own, or where as many
    annotators of the document as the policy asks for added an equal record, under an id that nothing else has, and the
    registry has nothing else of its type and name.

    Args:
        workers: document -> those whose sets become gold.

    Raises:
        RecordError: decisions contradict each other, or one leads to nothing.
    """
    own = {
        (who, document, entity.id): entity
        for document, annotators in sorted(workers.items())
        for who in annotators
        for entity in corpus.sets[who, document].entities
    }
    decided, stale = _decided(corpus, own)
    rule = _rule(corpus)
    registry = dict(corpus.entities)
    ids: dict[Key, str] = {}
    # What one is part of is known by its id in the registry, and so comes first.
    rejected = frozenset(key for key, one in decided.items() if one.outcome == "rejected")
    waiting = {key: entity for key, entity in own.items() if key not in rejected}
    while waiting:
        ready = {
            key: _within(key, entity, own, ids, rejected if _told(decided.get(key)) else ())
            for key, entity in waiting.items()
        }
        known = {key: entity for key, entity in ready.items() if entity is not None}
        found = _found(known, own, decided, registry, rule, workers, ids)
        if not found:
            break
        for key, entity in sorted(found.items()):
            registry.setdefault(entity.id, entity)
            ids[key] = entity.id
            del waiting[key]
    left: dict[bool, list[OpenEntity]] = {True: [], False: []}
    for key, entity in sorted(waiting.items()):
        why = _why(key, entity, own, ids, registry, decided, rejected)
        followed = rule.annotator in (key[0], "") or rule.annotator not in workers[key[1]]
        left[followed].append(OpenEntity(address(*key), entity_sha256(entity), entity, why))
    open_, passed = tuple(left[True]), tuple(left[False])
    return Merged(dict(sorted(registry.items())), ids, open_, passed, frozenset(waiting), rejected, stale)


def _rule(corpus: Corpus) -> MergeRule:
    policy = corpus.policy or Policy()
    return policy.layers.get(REGISTRY, policy.default)


def _decided(corpus: Corpus, own: Mapping[Key, Entity]) -> tuple[dict[Key, EntityDecision], dict[str, str]]:
    """The decision that holds for each entity, and those that hold no more."""
    by_address = {address(*key): key for key in own}
    found: dict[Key, EntityDecision] = {}
    stale: dict[str, str] = {}
    for document, decisions in sorted(corpus.decisions.items()):
        for one in sorted(decisions.entities, key=lambda one: one.id):
            place = decisions.address(one.id)
            key = by_address.get(one.entity)
            if key is None or key[1] != document:
                stale[place] = f"{one.entity!r} is no entity that an annotator added in {document!r}" + nearest(
                    one.entity, sorted(by_address)
                )
            elif one.sha256 != entity_sha256(own[key]):
                stale[place] = f"the record of {one.entity!r} has changed since it was decided"
            elif key in found:
                raise RecordError(
                    f"decides {one.entity!r}, which {decisions.address(found[key].id)} decides too; expected one",
                    place=place,
                )
            else:
                found[key] = one
    _no_circle(found)
    superseded = {one.entity for one in found.values()}
    by_place = {d.address(one.id): one.entity for d in corpus.decisions.values() for one in d.entities}
    return found, {place: why for place, why in stale.items() if by_place[place] not in superseded}


def _no_circle(decided: Mapping[Key, EntityDecision]) -> None:
    """What is the same as another one leads to something else in the end."""
    by_address = {address(*key): (key, one) for key, one in decided.items()}
    into = {at: one.into for at, (_, one) in by_address.items() if one.outcome == "same" and one.into != at}
    seen: set[str] = set()
    for first in sorted(into):
        way: list[str] = []
        at = first
        while at in into and at not in seen:
            seen.add(at)
            way.append(at)
            at = into[at]
        if at in way:
            (_, document, _), decision = by_address[at]
            circle = " → ".join((*way[way.index(at) :], at))
            raise RecordError(
                f"goes in a circle: {circle}; expected one of them to be 'existing', 'new' or 'rejected'",
                place=f"annotations/decisions/{document}.json#{decision.id} into",
            )


def _told(decision: EntityDecision | None) -> bool:
    """Whether a decision says what an entity is, whatever the entity's own record says that it is part of."""
    return decision is not None and (decision.outcome != "new" or decision.record is not None)


def _within(
    key: Key, entity: Entity, own: Mapping[Key, Entity], ids: Mapping[Key, str], without: Collection[Key]
) -> Entity | None:
    """A record whose wholes are told by their ids in the registry; None where one of them is not known yet.

    Args:
        without: wholes that are left out.
    """
    who, document, _ = key
    wholes = [whole for id in entity.part_of if (whole := (who, document, id)) not in without]
    if any(whole in own and whole not in ids for whole in wholes):
        return None
    return structs.replace(entity, part_of=tuple(ids.get(whole, whole[2]) for whole in wholes))


def _found(
    known: Mapping[Key, Entity],
    own: Mapping[Key, Entity],
    decided: Mapping[Key, EntityDecision],
    registry: Mapping[str, Entity],
    rule: MergeRule,
    workers: Mapping[str, tuple[str, ...]],
    ids: Mapping[Key, str],
) -> dict[Key, Entity]:
    """What each entity is by now: a record of the registry, or one that enters it."""
    found: dict[Key, Entity] = {}
    named = _named(registry)
    for key, entity in known.items():
        if key in decided:
            is_ = _by_decision(key, entity, decided[key], own, registry, ids)
        elif entity.id in registry:
            is_ = registry[entity.id] if registry[entity.id] in (entity, own[key]) else None
        elif (entity.type, entity.name) in named:
            is_ = None
        else:
            is_ = entity if _agreed(key, entity, known, rule, workers) else None
        if is_ is not None:
            found[key] = is_
    # One id for two records, both of which would enter the registry: neither does without a decision.
    records: dict[str, set[str]] = {}
    for entity in found.values():
        records.setdefault(entity.id, set()).add(canonical(entity))
    clashing = {id for id, several in records.items() if len(several) > 1}
    for key, entity in found.items():
        if entity.id in clashing and key in decided and entity.id not in registry:
            raise RecordError(
                f"takes {address(*key)!r} as {entity.id!r}, which another entity becomes too; expected another id",
                place=f"annotations/decisions/{key[1]}.json#{decided[key].id}",
            )
    return {key: entity for key, entity in found.items() if entity.id not in clashing}


def _named(registry: Mapping[str, Entity]) -> dict[tuple[str, str], str]:
    """Type and name -> the id of an entity of the registry."""
    return {(entity.type, name): entity.id for entity in registry.values() for name in (entity.name, *entity.aliases)}


def _by_decision(
    key: Key,
    entity: Entity,
    decision: EntityDecision,
    own: Mapping[Key, Entity],
    registry: Mapping[str, Entity],
    ids: Mapping[Key, str],
) -> Entity | None:
    place = f"annotations/decisions/{key[1]}.json#{decision.id}"
    if decision.outcome == "existing":
        return registry.get(decision.into)
    if decision.outcome == "same":
        other = next((one for one in own if address(*one) == decision.into), None)
        if other is None or other == key:
            raise RecordError(
                f"{decision.into!r} is no other entity that an annotator added"
                f"{nearest(decision.into, [address(*one) for one in own])}",
                place=f"{place} into",
            )
        return registry.get(ids[other]) if other in ids else None
    record = decision.record or entity
    there = registry.get(record.id)
    if there is not None and (there.type, there.name) != (record.type, record.name):
        raise RecordError(
            f"takes {record.name!r} into the registry as {record.id!r}, which is {there.name!r} there; expected "
            "another id, or outcome 'existing'",
            place=f"{place} record.id",
        )
    # Whoever looks an entity up later corrects it in the registry.
    return there or record


def _agreed(
    key: Key,
    entity: Entity,
    known: Mapping[Key, Entity],
    rule: MergeRule,
    workers: Mapping[str, tuple[str, ...]],
) -> bool:
    """Whether as many annotators of the document added an equal record as the rule asks for."""
    _, document, _ = key
    annotators = workers[document]
    same = {who for who in annotators if known.get((who, document, entity.id)) == entity}
    if rule.rule == "annotator" and rule.annotator in annotators:
        return rule.annotator in same
    if rule.rule == "majority":
        return len(same) * 2 > len(annotators)
    return len(same) == len(annotators)


def _why(
    key: Key,
    entity: Entity,
    own: Mapping[Key, Entity],
    ids: Mapping[Key, str],
    registry: Mapping[str, Entity],
    decided: Mapping[Key, EntityDecision],
    rejected: Collection[Key],
) -> str:
    who, document, id = key
    if nothing := [whole for whole in entity.part_of if (who, document, whole) in rejected]:
        return f"is part of {nothing[0]!r}, which is rejected"
    if key in decided and decided[key].into in {address(*one) for one in rejected}:
        return f"{decided[key].outcome} of {decided[key].into!r}, which is rejected"
    if key in decided:
        return f"{decided[key].outcome} of {decided[key].into!r}, which is not in the registry yet"
    wholes = [(who, document, whole) for whole in entity.part_of]
    if open_ := [whole[2] for whole in wholes if whole in own and whole not in ids]:
        return f"is part of {open_[0]!r}, of which is undecided what it is"
    if id in registry:
        return f"is {canonical(entity)} here, but {canonical(registry[id])} in the registry"
    if other := _named(registry).get((entity.type, entity.name)):
        return f"has type and name of {other!r} in the registry"
    return "is new, and not everybody added an equal record"
