"""What becomes of each item of a document: settled by agreement, policy or decision; rejected; or open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

from msgspec import Struct, structs

from standoff.adjudicate.items import address, sha256_of, symmetric
from standoff.adjudicate.sheet import Sheet, Version
from standoff.canon import canonical
from standoff.errors import RecordError
from standoff.model import Annotation
from standoff.scheme import Layer

__all__ = ["KINDS", "Kind", "OpenItem", "Outcome", "settle"]

Kind: TypeAlias = Literal["missing", "boundary", "label", "attribute", "link", "role", "relation"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""What annotators may disagree on: whether there is something; where; its label; an attribute; which entity it is; what
else it points to; and, of relations, any of these."""


class OpenItem(Struct, frozen=True):
    """An item on which the annotators disagree, and of which nothing was decided."""

    document: str
    layer: str
    kinds: tuple[Kind, ...]
    item: tuple[str, ...]
    """The addresses of its annotations."""
    sha256: str
    quote: str
    """The words that it is about; what it links where it is a relation."""
    why: str = ""
    """What else keeps it from being settled than that the annotators disagree."""


class Outcome(Struct, frozen=True):
    """What becomes of the items of a document; those that are neither settled nor open are rejected."""

    sheet: Sheet
    settled: dict[int, Version]
    open: dict[int, tuple[Kind, ...]]

    def open_items(self) -> Iterator[OpenItem]:
        """What is to be decided, in the order of the layers and of the text."""
        sheet = self.sheet
        for n, kinds in sorted(self.open.items()):
            item = sheet.items[n]
            words, why = _words(sheet, n), _why(sheet, n)
            yield OpenItem(sheet.document, item.layer, kinds, item.addresses, sha256_of(item), words, why)

    def versions(self) -> Iterator[Version]:
        """What is settled: by agreement, by the policy, or by a decision; what was added among it."""
        for _, version in sorted(self.settled.items()):
            yield version
        for one in self.sheet.added:
            version = self.sheet.by_hand(one, one.id)
            if version.lost:
                raise RecordError(
                    f"{', '.join(version.lost)} of what is added point to what is rejected; expected one or the other",
                    place=self.sheet.place(one),
                )
            yield version


def settle(sheet: Sheet) -> Outcome:
    """What becomes of each item.

    Raises:
        RecordError: a decision points to what is not there.
    """
    settled: dict[int, Version] = {}
    open_: dict[int, tuple[Kind, ...]] = {}
    for n, item in enumerate(sheet.items):
        relation = sheet.layer(n).kind == "relation"
        if n in sheet.decided:
            if sheet.decided[n].outcome == "rejected":
                continue
            version: Version | None = _by_decision(sheet, n)
        elif sheet.absent(item):
            continue
        else:
            version = _by_policy(sheet, n)
        if version is None:
            # A relation goes with what it links.
            if not (relation and _loose(sheet, n)):
                open_[n] = _kinds(sheet, n)
        elif version.declined:
            open_[n] = ("relation",) if relation else ("link",)
        elif not version.lost:
            settled[n] = version
        elif not relation:
            # What all say that it needs was rejected: what it has instead is to be decided.
            open_[n] = ("role",)
    return Outcome(sheet, settled, open_)


def _by_decision(sheet: Sheet, n: int) -> Version:
    decision = sheet.decided[n]
    if decision.outcome == "edited":
        return sheet.by_hand(decision, sheet.ids[n])
    version = sheet.version(n, decision.chosen.partition("/")[0])
    assert version is not None
    return structs.replace(version, origins=(*version.origins, sheet.decisions.address(decision.id)))


def _by_policy(sheet: Sheet, n: int) -> Version | None:
    """What the policy makes of an item; None where that is to be decided."""
    rule = sheet.rule(sheet.items[n].layer)
    if rule.rule == "annotator" and rule.annotator in sheet.workers:
        return sheet.version(n, rule.annotator)
    votes: dict[str, list[Version]] = {}
    for version in _versions(sheet, n):
        votes.setdefault(_said(sheet, version), []).append(version)
    same = max(votes.values(), key=len)
    origins = tuple(sorted(origin for version in same for origin in version.origins))
    if len(same) == len(sheet.workers):
        return structs.replace(same[0], origins=origins)
    if rule.rule == "majority" and len(same) * 2 > len(sheet.workers):
        return structs.replace(same[0], origins=(*origins, address("policy", sheet.document, rule.rule)))
    return None


def _versions(sheet: Sheet, n: int) -> list[Version]:
    """What each annotator says who says something of an item, in the policy's order."""
    return [version for who in sheet.workers if (version := sheet.version(n, who))]


def _loose(sheet: Sheet, n: int) -> bool:
    """Whether a relation links what was rejected, whoever drew it."""
    return all(version.lost for version in _versions(sheet, n))


def _said(sheet: Sheet, version: Version) -> str:
    """What is compared: all but ids and notes."""
    one = version.annotation
    refs: object = {role: sorted(ids) for role, ids in one.refs.items()}
    if symmetric(sheet.scheme, one):
        refs = sorted(id for ids in one.refs.values() for id in ids)
    return canonical([one.label, one.spans, one.attributes, refs])


def _kinds(sheet: Sheet, n: int) -> tuple[Kind, ...]:
    """What the annotators disagree on."""
    layer, found = sheet.layer(n), _versions(sheet, n)
    kinds: set[Kind] = set()
    if len(found) < len(sheet.workers):
        kinds.add("missing")
    for version in found[1:]:
        if _said(sheet, version) != _said(sheet, found[0]):
            kinds |= _differences(found[0].annotation, version.annotation, layer)
    return ("relation",) if layer.kind == "relation" else tuple(kind for kind in KINDS if kind in kinds)


def _differences(first: Annotation, one: Annotation, layer: Layer) -> set[Kind]:
    kinds: set[Kind] = set()
    if one.spans != first.spans:
        kinds.add("boundary")
    if one.label != first.label:
        kinds.add("label")
    if one.attributes != first.attributes:
        kinds.add("attribute")
    for role in layer.roles:
        if set(one.refs.get(role.name, ())) != set(first.refs.get(role.name, ())):
            kinds.add("link" if role.registry else "role")
    return kinds


def _why(sheet: Sheet, n: int) -> str:
    """That somebody refers to an entity that is rejected."""
    if n in sheet.decided:
        return "what was chosen refers to an entity that is rejected" if _by_decision(sheet, n).declined else ""
    referring = sorted(origin for version in _versions(sheet, n) if version.declined for origin in version.origins)
    return f"{', '.join(referring)} refer to an entity that is rejected" if referring else ""


def _words(sheet: Sheet, n: int) -> str:
    """The words that an item is about; a relation's ends where it has none of its own."""
    item = sheet.items[n]
    one = item.first
    if one.spans:
        return " … ".join(span.quote for span in one.spans)
    by_id = {a.id: a for a in sheet.corpus.sets[item.members[0][0], sheet.document].annotations}
    ends = [by_id[id] for role in sheet.layer(n).roles for id in one.refs.get(role.name, ()) if id in by_id]
    return " → ".join(" … ".join(span.quote for span in end.spans) for end in ends) or one.label
