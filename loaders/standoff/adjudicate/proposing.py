"""What annotators' own entities may be, proposed from what they share; nothing until an adjudicator confirms it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Literal, TypeAlias

from msgspec import Struct, structs

from standoff.adjudicate.gold import outcomes
from standoff.adjudicate.items import address
from standoff.adjudicate.registry import Merged, OpenEntity
from standoff.adjudicate.settling import Outcome
from standoff.model import Corpus, Entity

__all__ = ["Proposal", "propose"]

WIKIDATA, NAME, ID = 1000.0, 0.5, 0.25
"""What speaks for two entities being one, in mentions that both have: a Wikidata id more than any number of them; a
name and an own id of the same annotator less than one."""
MOST_OTHERS = 3


class Proposal(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What an entity that an annotator added may be. An adjudicator confirms it, or edits it and confirms that."""

    entity: str
    """Its address."""
    sha256: str
    added: Entity
    """The record as its annotator wrote it."""
    mentions: tuple[str, ...] = ()
    """The words that the annotator refers to it by, those used most first."""
    outcome: Literal["existing", "new", "same", "rejected", ""]
    """As of an `EntityDecision`; empty where nothing is proposed."""
    into: str = ""
    record: Entity | None = None
    because: str
    """What speaks for it."""
    others: tuple[str, ...] = ()
    """What else it may be."""
    confirmed: bool
    reason: str = ""
    note: str = ""


Own: TypeAlias = tuple[str, str, str]
"""An annotator, a document, and the id of what the annotator added there."""
Thing: TypeAlias = Own | str
"""What an annotator added; or the id of an entity of the registry."""


def propose(corpus: Corpus) -> tuple[Proposal, ...]:
    """A proposal for each entity of which is undecided what it is, by address.

    Two entities may be one if they have one Wikidata id, if annotators mark the same words as mentions of them, or if
    they have a name and their type in common. What speaks most for is put together first, as long as no two entities
    of one annotator in one document, of the registry, or with different Wikidata ids become one. Where two things
    speak equally for different ones, or too little speaks for any, nothing is proposed.

    Raises:
        RecordError: as `standoff.adjudicate.derive`.
    """
    merged, found = outcomes(corpus)
    # What others than the followed annotator added is proposed too: gold may come to need it.
    open_ = {_own(one.entity): one for one in (*merged.open, *merged.passed)}
    if not open_:
        return ()
    seen = _Seen(found, merged, open_)
    records: dict[Thing, Entity] = {key: one.record for key, one in open_.items()}
    records.update(merged.registry)
    edges = _edges(seen, open_, records)
    clusters = _clusters(edges, records)
    heads = {key: _head(clusters[key]) for key in open_}
    ids = _new_ids({head for head in heads.values() if not isinstance(head, str)}, open_, merged.registry)
    final = {key: head if isinstance(head, str) else ids[head] for key, head in heads.items()}
    return tuple(_proposal(key, open_, edges, clusters, heads, final, seen) for key in sorted(open_))


def _own(entity: str) -> Own:
    place, _, id = entity.partition("#")
    annotator, _, document = place.partition("/")
    return annotator, document, id


class _Seen:
    """The mentions of entities: how often each thing is mentioned where, and how often two are by the same words."""

    def __init__(self, found: Iterable[Outcome], merged: Merged, open_: Mapping[Own, OpenEntity]) -> None:
        self.words: dict[Own, Counter[str]] = defaultdict(Counter)
        self.times: Counter[tuple[str, str, Thing]] = Counter()
        """Annotator, document, thing -> its mentions"""
        self.shared: Counter[tuple[Own, Thing, str]] = Counter()
        """What an annotator added, another thing, and who refers to that -> words that both mark"""
        for outcome in found:
            self._look(outcome, merged, open_)

    def _look(self, outcome: Outcome, merged: Merged, open_: Mapping[Own, OpenEntity]) -> None:
        sheet = outcome.sheet
        for n, item in enumerate(sheet.items):
            layer = sheet.layer(n)
            referring: list[tuple[str, Thing]] = []
            for who, one in item.members:
                for role in (role.name for role in layer.roles if role.registry):
                    for id in one.refs.get(role, ()):
                        own = who, sheet.document, id
                        if own in merged.rejected:
                            continue
                        thing: Thing = own if own in open_ else merged.resolve(who, sheet.document, id) or id
                        referring.append((who, thing))
                        self.times[who, sheet.document, thing] += 1
                        if own in open_:
                            self.words[own][" … ".join(span.quote for span in one.spans)] += 1
            for (one_of, left), (other_of, right) in combinations(referring, 2):
                if one_of != other_of and left != right:
                    if isinstance(left, tuple):
                        self.shared[left, right, other_of] += 1
                    if isinstance(right, tuple):
                        self.shared[right, left, one_of] += 1


class _Evidence(Struct):
    """What speaks for two things being one."""

    weight: float = 0.0
    why: tuple[str, ...] = ()
    enough: bool = False

    def add(self, weight: float, why: str, *, enough: bool) -> None:
        self.weight += weight
        self.why = (*self.why, why)
        self.enough = self.enough or enough


def _edges(
    seen: _Seen, open_: Mapping[Own, OpenEntity], records: Mapping[Thing, Entity]
) -> dict[Own, dict[Thing, _Evidence]]:
    """What each open entity has in common with what."""
    edges: dict[Own, dict[Thing, _Evidence]] = {key: {} for key in open_}

    def add(key: Own, thing: Thing, weight: float, why: str, *, enough: bool = True) -> None:
        edges[key].setdefault(thing, _Evidence()).add(weight, why, enough=enough)

    for (key, thing, who), times in sorted(seen.shared.items(), key=lambda found: (found[0][0], str(found[0][1:]))):
        mine, theirs = seen.times[key[0], key[1], key], seen.times[who, key[1], thing]
        why = f"{times} of {mine} mentions are among the {theirs} of {_named(thing)} by {who}"
        # Fewer may be slips on either side.
        add(key, thing, float(times), why, enough=times * 2 >= min(mine, theirs))
    by_name: dict[tuple[str, str], list[Thing]] = defaultdict(list)
    by_wikidata: dict[str, list[Thing]] = defaultdict(list)
    for thing, record in records.items():
        for name in sorted({_plain(name) for name in (record.name, *record.aliases)}):
            by_name[record.type, name].append(thing)
        if record.wikidata:
            by_wikidata[record.wikidata].append(thing)
    for key, one in sorted(open_.items()):
        for thing in dict.fromkeys(by_wikidata[one.record.wikidata]) if one.record.wikidata else ():
            if thing != key:
                add(key, thing, WIKIDATA, f"{one.record.wikidata} is also {_named(thing)}")
        names = sorted({_plain(name) for name in (one.record.name, *one.record.aliases)})
        for thing in dict.fromkeys(thing for name in names for thing in by_name[one.record.type, name]):
            if thing != key:
                add(key, thing, NAME, f"{_named(thing)} has a name and the type in common with it")
        for thing in open_:
            if thing != key and (thing[0], thing[2]) == (key[0], key[2]) and records[thing].type == one.record.type:
                add(key, thing, ID, f"{_named(thing)} is called so by the same annotator")
    return edges


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _named(thing: Thing) -> str:
    return thing if isinstance(thing, str) else address(*thing)


def _clusters(
    edges: Mapping[Own, Mapping[Thing, _Evidence]], records: Mapping[Thing, Entity]
) -> dict[Thing, frozenset[Thing]]:
    """What is one thing with what."""
    things: set[Thing] = {*edges, *(thing for of in edges.values() for thing in of)}
    cluster: dict[Thing, frozenset[Thing]] = {thing: frozenset({thing}) for thing in things}
    strong = [
        (-evidence.weight, str(min(key, thing, key=str)), str(max(key, thing, key=str)), key, thing)
        for key, of in edges.items()
        for thing, evidence in of.items()
        if evidence.enough
    ]
    for _, _, _, key, thing in sorted(strong, key=lambda edge: edge[:3]):
        whole = cluster[key] | cluster[thing]
        if cluster[key] is not cluster[thing] and _may_be_one(whole, records):
            cluster.update(dict.fromkeys(whole, whole))
    return cluster


def _may_be_one(things: frozenset[Thing], records: Mapping[Thing, Entity]) -> bool:
    owners = [thing[:2] for thing in things if not isinstance(thing, str)]
    wikidata = {records[thing].wikidata for thing in things} - {None}
    registered = sum(isinstance(thing, str) for thing in things)
    return len(owners) == len(set(owners)) and registered < 2 and len(wikidata) < 2


def _head(cluster: frozenset[Thing]) -> Thing:
    """What all of a cluster become: the entity of the registry, else the first that somebody added."""
    return next((thing for thing in cluster if isinstance(thing, str)), None) or min(
        thing for thing in cluster if not isinstance(thing, str)
    )


def _new_ids(heads: Iterable[Own], open_: Mapping[Own, OpenEntity], registry: Mapping[str, Entity]) -> dict[Own, str]:
    """The id under which each entity would enter the registry: its own, with a number where that is taken."""
    taken = set(registry)
    ids = {}
    for key in sorted(heads):
        stem = id = open_[key].record.id
        n = 1
        while id in taken:
            n += 1
            id = f"{stem}-{n}"
        taken.add(id)
        ids[key] = id
    return ids


def _proposal(
    key: Own,
    open_: Mapping[Own, OpenEntity],
    edges: Mapping[Own, Mapping[Thing, _Evidence]],
    clusters: Mapping[Thing, frozenset[Thing]],
    heads: Mapping[Own, Thing],
    final: Mapping[Own, str],
    seen: _Seen,
) -> Proposal:
    one, head = open_[key], heads[key]
    weighed = sorted(edges[key].items(), key=lambda edge: (-edge[1].weight, str(edge[0])))
    for_it = [(thing, evidence) for thing, evidence in weighed if thing in clusters[key]]
    against = [(thing, evidence) for thing, evidence in weighed if thing not in clusters[key]]
    proposal = Proposal(
        entity=one.entity,
        sha256=one.sha256,
        added=one.record,
        mentions=tuple(word for word, _ in sorted(seen.words[key].items(), key=lambda found: (-found[1], found[0]))),
        outcome="",
        because="",
        others=tuple(f"{_named(thing)}: {'; '.join(evidence.why)}" for thing, evidence in against[:MOST_OTHERS]),
        confirmed=False,
    )
    if against and against[0][1].weight >= (for_it[0][1].weight if for_it else 0.0):
        return structs.replace(proposal, because="as much speaks for another as for any, or too little: see others")
    why = "; ".join(reason for _, evidence in for_it for reason in evidence.why)
    if isinstance(head, str):
        return structs.replace(proposal, outcome="existing", into=head, because=why or f"with {_named(head)}")
    if head != key:
        return structs.replace(proposal, outcome="same", into=open_[head].entity, because=why)
    record = None
    if final[key] != one.record.id:
        # A record that is given in full names its wholes as the registry will.
        wholes = tuple(final.get((key[0], key[1], whole), whole) for whole in one.record.part_of)
        record = structs.replace(one.record, id=final[key], part_of=wholes)
    return structs.replace(
        proposal,
        outcome="new",
        record=record,
        because=f"nothing in the registry is like it{f'; {why}' if why else ''}",
    )
