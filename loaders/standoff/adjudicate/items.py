"""Items: what several annotators say of one thing, brought together within each document and layer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from standoff.canon import canonical
from standoff.match import overlap
from standoff.model import Annotation, AnnotationSet, Corpus, Policy
from standoff.scheme import Layer, Scheme
from standoff.text import sha

__all__ = ["Item", "Member", "participants", "sha256_of", "symmetric", "table_of"]

LEAST_OVERLAP = 1 / 3
"""Below this share of their union two spans are taken for two things, each of which somebody missed."""

Member: TypeAlias = tuple[str, Annotation]
"""An annotator, and what this one marked."""


class Item(Struct, frozen=True):
    """One thing in one layer, with what each annotator says of it; who says nothing of it is no member."""

    document: str
    layer: str
    members: tuple[Member, ...]
    """By annotator, each at most once."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its annotations are found, in order; what a decision knows the item by."""
        return tuple(sorted(address(annotator, self.document, one.id) for annotator, one in self.members))

    @property
    def first(self) -> Annotation:
        """The annotation that tells where the item is."""
        return self.members[0][1]


def address(annotator: str, document: str, id: str) -> str:
    """Where an annotation is found."""
    return f"{annotator}/{document}#{id}"


def sha256_of(item: Item) -> str:
    """What identifies all that is said of an item: spans, labels, attributes and roles; not the notes.

    Roles are told by ids: an annotation does not change because what it refers to does.
    """
    said = [
        [annotator, one.id, one.label, one.spans, sorted(one.attributes.items()), sorted(one.refs.items())]
        for annotator, one in sorted(item.members)
    ]
    return sha(canonical(said))


def participants(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    """Document -> the annotators who worked on it and whose sets become gold, in the policy's order."""
    policy = corpus.policy or Policy()
    everybody = policy.annotators or tuple(sorted({who for who, _ in corpus.sets}))
    documents = sorted({document for _, document in corpus.sets})
    found = {id: tuple(who for who in everybody if (who, id) in corpus.sets) for id in documents}
    return {id: who for id, who in found.items() if who}


def table_of(sets: Iterable[AnnotationSet], scheme: Scheme) -> tuple[Item, ...]:
    """The items of one document, in the order of the layers and of the text.

    In a span layer two annotations are of one item when they share enough of their text: the closest pairs first, of
    equals those that also agree on label, roles and attributes. Fragments add up. Relations are of one item when they
    link the same items, first with the same label in the same direction, then in either direction, then with any
    label. Nothing depends on the order of the sets.
    """
    by_annotator = {marked.annotator: marked for marked in sorted(sets, key=lambda marked: marked.annotator)}
    found: list[Item] = []
    of: dict[tuple[str, str], int] = {}
    # Relations are known by the items that they link, so that these come first.
    for layer in sorted(scheme.layers, key=lambda layer: layer.kind == "relation"):
        marked = [(who, one) for who, s in by_annotator.items() for one in s.annotations if one.layer == layer.name]
        if layer.kind == "span":
            clusters = sorted(_overlapping(marked, by_annotator), key=lambda cluster: _place(min(cluster)))
        elif layer.kind == "document":
            marked.sort(key=lambda member: _rank(member, layer))
            clusters = _joined([[member] for member in marked], lambda member: member[1].label)
        else:
            clusters = _linked(marked, layer, scheme, of)
        for cluster in clusters:
            for who, one in cluster:
                of[who, one.id] = len(found)
            document = by_annotator[cluster[0][0]].document
            found.append(Item(document, layer.name, tuple(sorted(cluster, key=lambda member: member[0]))))
    return tuple(found)


def symmetric(scheme: Scheme, annotation: Annotation) -> bool:
    """Whether the two ends of a relation may change places."""
    return any(
        c.kind == "symmetric" and c.layer == annotation.layer and annotation.label in c.labels
        for c in scheme.constraints
    )


def _rank(member: Member, layer: Layer) -> int:
    # Not by name: what is brought together must not depend on how labels are called.
    names = layer.label_names
    return names.index(member[1].label) if member[1].label in names else len(names)


def _place(member: Member) -> tuple[int, int, str, str]:
    who, one = member
    return one.spans[0].start, -one.spans[-1].end, one.id, who


def _overlapping(marked: Sequence[Member], sets: Mapping[str, AnnotationSet]) -> list[list[Member]]:
    """Annotations in clusters of one per annotator."""
    ordered = sorted((member for member in marked if member[1].spans), key=_place)
    pointed = {who: {one.id: one for one in s.annotations} for who, s in sets.items()}
    targets = [_targets(one, pointed[who]) for who, one in ordered]
    pairs: list[tuple[float, bool, bool, bool, int, int]] = []
    for n, (who, one) in enumerate(ordered):
        for m in range(n + 1, len(ordered)):
            whose, other = ordered[m]
            if other.spans[0].start >= one.spans[-1].end:
                break
            if who != whose and (share := overlap(one, other)) >= LEAST_OVERLAP:
                differ = one.label != other.label, targets[n] != targets[m], one.attributes != other.attributes
                pairs.append((-share, *differ, n, m))
    cluster = [[n] for n in range(len(ordered))]
    for _, _, _, _, n, m in sorted(pairs):
        whole = cluster[n] + cluster[m]
        if cluster[n] is not cluster[m] and len({ordered[i][0] for i in whole}) == len(whole):
            for i in whole:
                cluster[i] = whole
    return [[ordered[i] for i in members] for n, members in enumerate(cluster) if n == min(members)]


def _targets(annotation: Annotation, known: Mapping[str, Annotation]) -> dict[str, Hashable]:
    """What an annotation points to, told without ids where it is in the text."""
    return {
        role: frozenset((known[id].layer, known[id].spans) if id in known else id for id in ids)
        for role, ids in annotation.refs.items()
        if ids
    }


def _linked(
    marked: Sequence[Member], layer: Layer, scheme: Scheme, of: Mapping[tuple[str, str], int]
) -> list[list[Member]]:
    def ends(member: Member) -> tuple[Hashable, ...]:
        who, one = member
        return tuple(of.get((who, id), f"{who}#{id}") for role in layer.roles for id in one.refs.get(role.name, ()))

    def directed(member: Member) -> Hashable:
        either = symmetric(scheme, member[1])
        return member[1].label, frozenset(ends(member)) if either else ends(member)

    ordered = sorted(marked, key=lambda member: (_rank(member, layer), [*map(str, ends(member))], member[0]))
    clusters = _joined([[member] for member in ordered], directed)
    clusters = _joined(clusters, lambda member: (member[1].label, frozenset(ends(member))))
    return _joined(clusters, lambda member: frozenset(ends(member)))


def _joined(clusters: Iterable[list[Member]], key: Callable[[Member], Hashable]) -> list[list[Member]]:
    """Clusters of one key put together as long as no annotator is in both."""
    found: dict[Hashable, list[list[Member]]] = {}
    for cluster in clusters:
        same = found.setdefault(key(cluster[0]), [])
        annotators = {who for who, _ in cluster}
        fitting = next((other for other in same if annotators.isdisjoint(who for who, _ in other)), None)
        if fitting is None:
            same.append(list(cluster))
        else:
            fitting.extend(cluster)
    return [cluster for same in found.values() for cluster in same]
