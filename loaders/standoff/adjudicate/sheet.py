"""One document on the adjudicator's desk: its items, in the ids of gold, and the decisions that hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, structs

from standoff.adjudicate.items import Item, address, table_of
from standoff.adjudicate.registry import Merged
from standoff.adjudicate.ruling import out_of_date
from standoff.canon import canonical
from standoff.errors import RecordError, nearest
from standoff.model import Annotation, Corpus, Decision, Decisions, Entity, MergeRule, Policy, derived_id
from standoff.scheme import Layer
from standoff.text import sha

__all__ = ["Sheet", "Version", "undecided"]


class Version(Struct, frozen=True):
    """What one annotator says of an item, or what is decided: in the ids of gold."""

    annotation: Annotation
    origins: tuple[str, ...]
    """The addresses of all that it is made from."""
    lost: tuple[str, ...] = ()
    """Roles that need a target and had only such as are rejected."""
    undecided: tuple[str, ...] = ()
    """Entities that it refers to and of which nothing is decided."""
    declined: tuple[str, ...] = ()
    """Entities that it refers to and that are rejected."""


def undecided(record: Entity) -> str:
    """What stands for an entity of which is not decided yet what it is; no id begins so."""
    return f"?{canonical(record)}"


def declined(record: Entity) -> str:
    """What stands for an entity that is rejected; no id begins so."""
    return f"!{canonical(record)}"


class Sheet:
    """The items of one document, what each annotator says of them, and what was decided.

    Args:
        workers: those who worked on the document, in the order of the policy.
    """

    def __init__(self, corpus: Corpus, document: str, workers: tuple[str, ...], merged: Merged) -> None:
        self.corpus = corpus
        self.scheme = corpus.scheme
        self.document = document
        self.workers = workers
        self.merged = merged
        self.policy = corpus.policy or Policy()
        self.decisions = corpus.decisions.get(document) or Decisions(document)
        self.items = table_of([corpus.sets[who, document] for who in workers], corpus.scheme)
        self._layers: dict[str, Layer] = {layer.name: layer for layer in corpus.scheme.layers}
        self._of = {(who, one.id): n for n, item in enumerate(self.items) for who, one in item.members}
        self._at = {address(who, document, id): n for (who, id), n in self._of.items()}
        self.ids = [self._id(item) for item in self.items]
        """The id in gold of each item in the text; empty for those whose id follows from what they say."""
        self.stale: dict[str, str] = {}
        """The address of a decision that holds no more -> why."""
        self.decided, self.added = self._holding()
        self._once()
        self._at_added = {self.decisions.address(one.id): one for one in self.added}
        self.rejected = self._rejected()
        """The ids of items in the text that do not become gold, whatever else is said of them."""

    def layer(self, n: int) -> Layer:
        """The layer of an item."""
        return self._layers[self.items[n].layer]

    def rule(self, layer: str) -> MergeRule:
        """The policy's rule for a layer."""
        return self.policy.layers.get(layer, self.policy.default)

    def version(self, n: int, who: str) -> Version | None:
        """What an annotator says of an item; None where this one says nothing."""
        item = self.items[n]
        one = next((one for annotator, one in item.members if annotator == who), None)
        if one is None:
            return None
        role_targets = {role: tuple(self._target(role, id, who, one) for id in ids) for role, ids in one.refs.items()}
        return self._version(one, role_targets, self.ids[n], (address(who, self.document, one.id),))

    def without(self, items: Collection[str]) -> Sheet:
        """The sheet as it was before anything was decided of some items, which are told by their digests."""
        left = tuple(one for one in self.decisions.decisions if one.sha256 not in items or not one.item)
        known = self.corpus.decisions | {self.document: structs.replace(self.decisions, decisions=left)}
        return Sheet(structs.replace(self.corpus, decisions=known), self.document, self.workers, self.merged)

    def gold_id(self, address: str) -> str | None:
        """The id in gold of the item in the text that an address is of; None for no such item."""
        if address in self._at_added:
            return self._at_added[address].id
        return self.ids[self._at[address]] if address in self._at else None

    def _id(self, item: Item) -> str:
        """The id in gold of an item in the text: it does not depend on any other item.

        That of the annotator who comes first in the document; where that one says nothing of it, that of the next with
        a digest, so that it cannot be the first one's id for something else.
        """
        if self._layers[item.layer].kind != "span":
            return ""
        ids = {who: one.id for who, one in item.members}
        who = next(who for who in self.workers if who in ids)
        if who == self.workers[0]:
            return ids[who]
        return f"{ids[who][:51]}-{sha(address(who, self.document, ids[who]))[:12]}"

    def _once(self) -> None:
        """No id of gold is two items'."""
        seen: dict[str, str] = {}
        named = [(id, item.addresses[0]) for id, item in zip(self.ids, self.items, strict=True) if id]
        for id, of in (*named, *((one.id, self.decisions.address(one.id)) for one in self.added)):
            if id in seen:
                raise RecordError(
                    f"would be {id!r} in gold, as is {seen[id]!r}; expected another id of one of them", place=of
                )
            seen[id] = of

    def _holding(self) -> tuple[dict[int, Decision], list[Decision]]:
        """The decision that holds for each item, and what was added."""
        items = {at: self.items[n] for at, n in self._at.items()}
        held: dict[int, Decision] = {}
        added = []
        late: dict[str, tuple[Decision, str]] = {}
        for one in sorted(self.decisions.decisions, key=lambda one: one.id):
            place = self.decisions.address(one.id)
            if not one.item:
                added.append(one)
            elif why := out_of_date(one, items):
                late[place] = one, why
            elif (n := self._at[one.item[0]]) in held:
                raise RecordError(
                    f"decides {', '.join(one.item)}, which {held[n].id!r} decides too; expected one decision",
                    place=self.place(one),
                )
            else:
                held[n] = one
        anew = {at for n in held for at in self.items[n].addresses}
        self.stale = {place: why for place, (one, why) in late.items() if not anew.issuperset(one.item)}
        return held, added

    def _rejected(self) -> set[str]:
        found = set()
        for n, item in enumerate(self.items):
            if n in self.decided:
                gone = self.decided[n].outcome == "rejected"
            else:
                gone = self.absent(item)
            if gone and self.ids[n]:
                found.add(self.ids[n])
        return found

    def absent(self, item: Item) -> bool:
        """Whether the policy leaves an item out because too few marked it."""
        rule, members = self.rule(item.layer), [who for who, _ in item.members]
        if rule.rule == "annotator" and rule.annotator in self.workers:
            return rule.annotator not in members
        return rule.rule == "majority" and len(members) * 2 < len(self.workers)

    def _target(self, role: str, id: str, who: str, one: Annotation) -> str:
        """What an annotator's annotation points to, in the ids of gold and of the registry."""
        known = self._layers[one.layer].role(role)
        if known is not None and known.registry:
            resolved = self.merged.resolve(who, self.document, id)
            if resolved is not None:
                return resolved
            # Equal records of two annotators are one thing, also before it is decided which.
            record = next(e for e in self.corpus.sets[who, self.document].entities if e.id == id)
            return declined(record) if (who, self.document, id) in self.merged.rejected else undecided(record)
        if (who, id) not in self._of:
            raise RecordError(
                f"points to {id!r}, which is no annotation of the set"
                f"{nearest(id, [at for whose, at in self._of if whose == who])}",
                place=f"annotations/sets/{who}/{self.document}.json#{one.id} refs.{role}",
            )
        return self.ids[self._of[who, id]]

    def by_hand(self, decision: Decision, id: str) -> Version:
        """What a decision gives in full."""
        one = decision.annotation
        assert one is not None
        layer = self._layers[one.layer]
        targets: dict[str, tuple[str, ...]] = {}
        for role, given in one.refs.items():
            known = layer.role(role)
            if known is not None and known.registry:
                for n, entity in enumerate(given):
                    if entity not in self.merged.registry:
                        raise RecordError(
                            f"{entity!r} is not in the registry{nearest(entity, list(self.merged.registry))}",
                            place=f"{self.place(decision)} annotation.refs.{role}[{n}]",
                        )
                targets[role] = given
                continue
            found = [(at, self.gold_id(at)) for at in given]
            for n, (at, gold) in enumerate(found):
                if not gold:
                    known_at = [*self._at, *self._at_added]
                    raise RecordError(
                        f"{at!r} is no annotation of the document{nearest(at, known_at)}; expected its address",
                        place=f"{self.place(decision)} annotation.refs.{role}[{n}]",
                    )
                if known is not None and (is_ := self._layer_at(at)) not in known.layers:
                    raise RecordError(
                        f"{at!r} is of layer {is_!r}; expected one of {', '.join(map(repr, known.layers))}",
                        place=f"{self.place(decision)} annotation.refs.{role}[{n}]",
                    )
            targets[role] = tuple(dict.fromkeys(gold for _, gold in found if gold))
        return self._version(one, targets, id, (*decision.item, self.decisions.address(decision.id)))

    def _layer_at(self, at: str) -> str:
        added = self._at_added.get(at)
        if added is not None and added.annotation is not None:
            return added.annotation.layer
        return self.items[self._at[at]].layer

    def _version(
        self, one: Annotation, targets: Mapping[str, tuple[str, ...]], id: str, origins: tuple[str, ...]
    ) -> Version:
        layer = self._layers[one.layer]
        kept: dict[str, tuple[str, ...]] = {}
        lost = []
        registered: list[str] = []
        for role, given in targets.items():
            known = layer.role(role)
            left = tuple(dict.fromkeys(target for target in given if target not in self.rejected))
            if known is not None and known.registry:
                left = given
                registered += given
            elif known is not None and given and len(left) < known.min:
                lost.append(role)
            if left:
                kept[role] = left
        if layer.kind == "document":
            id = derived_id(layer.name, one.label)
        elif layer.kind == "relation":
            id = derived_id(one.label, *(end for role in layer.roles for end in kept.get(role.name, ())))
        annotation = structs.replace(one, id=id, refs=kept, derived_from=())
        open_, nothing = (tuple(id for id in registered if id.startswith(mark)) for mark in "?!")
        return Version(annotation, origins, tuple(lost), open_, nothing)

    def place(self, decision: Decision) -> str:
        """Where a decision is written."""
        return f"annotations/decisions/{self.document}.json#{decision.id}"
