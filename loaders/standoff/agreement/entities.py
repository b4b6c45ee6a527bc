"""Which entity of one annotator is which of another's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from itertools import combinations
from typing import TypeAlias

from msgspec import Struct

from standoff.agreement.assignment import assign
from standoff.model import Annotation, AnnotationSet, Corpus, Entity
from standoff.scheme import Role

__all__ = ["Identities", "identities"]

Identities: TypeAlias = dict[tuple[str, str], Hashable]
"""(annotator, id of an annotation) -> what it refers to, comparable between annotators."""


class _Thing(Struct, frozen=True, order=True):
    """An entity before annotators' entities are paired: the same for all who took it from the registry or gave the same
    Wikidata id; an annotator's own otherwise."""

    id: str
    wikidata: str = ""
    owner: str = ""
    """The annotator who added it, where nothing else tells what it is."""

    def __str__(self) -> str:
        return self.id


def identities(
    corpus: Corpus,
    sets: Mapping[str, AnnotationSet],
    roles: Mapping[str, Role | None],
    units: Iterable[Mapping[str, Annotation]],
) -> Identities:
    """What each annotation of a document refers to.

    Two entities are the same if they have one Wikidata id, or are one entry of the registry. What an annotator added
    without a Wikidata id is paired with another's entity, one to one, so that most units (mentions that both marked)
    refer to paired entities. Two entries of the registry are never paired, nor two that have different Wikidata ids.

    Args:
        roles: layer -> its role that points to entities.
        units: the annotations that were matched: annotator -> annotation.
    """
    things: dict[tuple[str, str], _Thing] = {}
    for who, marked in sets.items():
        own = {entity.id: entity for entity in marked.entities}
        for annotation in marked.annotations:
            role = roles.get(annotation.layer)
            targets = annotation.refs.get(role.name, ()) if role else ()
            if targets:
                things[who, annotation.id] = _thing(targets[0], who, own, corpus.entities)
    classes = _paired(things, units)
    return {place: classes[thing] for place, thing in things.items()}


def _thing(id: str, who: str, own: Mapping[str, Entity], registry: Mapping[str, Entity]) -> _Thing:
    entity = own.get(id) or registry.get(id)
    if entity is not None and entity.wikidata:
        return _Thing(entity.wikidata, entity.wikidata)
    return _Thing(id, owner=who if id in own else "")


def _paired(
    things: Mapping[tuple[str, str], _Thing], units: Iterable[Mapping[str, Annotation]]
) -> dict[_Thing, Hashable]:
    """Each thing with the first of those that it is the same as."""
    users: dict[_Thing, set[str]] = defaultdict(set)
    for (who, _), thing in things.items():
        users[thing].add(who)
    shared: Counter[tuple[str, _Thing, str, _Thing]] = Counter()
    for unit in units:
        referring = [(who, things[who, a.id]) for who, a in sorted(unit.items()) if (who, a.id) in things]
        for (one, left), (other, right) in combinations(referring, 2):
            if _may_be_one(left, right):
                shared[one, left, other, right] += 1
    edges = []
    for one, other in sorted({(one, other) for one, _, other, _ in shared}):
        edges += _best(
            {(left, right): n for (who, left, whom, right), n in shared.items() if (who, whom) == (one, other)}, users
        )
    group = {thing: [thing] for thing in users}
    for _, left, right in sorted(edges):
        both = group[left] + group[right]
        if group[left] is not group[right] and _held_together(both, users):
            group.update(dict.fromkeys(both, both))
    return {thing: min(found) for thing, found in group.items()}


def _may_be_one(left: _Thing, right: _Thing) -> bool:
    """Whether two things that are not known to be the same may be: one at least is an annotator's own."""
    return left != right and bool(left.owner or right.owner) and not (left.wikidata and right.wikidata)


def _held_together(things: list[_Thing], users: Mapping[_Thing, set[str]]) -> bool:
    """Whether things can all be one: no annotator uses two of them, and no two have different Wikidata ids."""
    using = [who for thing in things for who in users[thing]]
    return len(using) == len(set(using)) and len({thing.wikidata for thing in things if thing.wikidata}) < 2


def _best(
    shared: Mapping[tuple[_Thing, _Thing], int], users: Mapping[_Thing, set[str]]
) -> list[tuple[int, _Thing, _Thing]]:
    """The one-to-one pairs of two annotators' things with most shared units."""
    apart = {pair: n for pair, n in shared.items() if not users[pair[0]] & users[pair[1]]}
    lefts, rights = sorted({left for left, _ in apart}), sorted({right for _, right in apart})
    gains = {(lefts.index(left), rights.index(right)): float(n) for (left, right), n in apart.items()}
    return [(-apart[lefts[n], rights[m]], lefts[n], rights[m]) for n, m in assign(gains)]
