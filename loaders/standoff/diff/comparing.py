"""Two corpora to what is otherwise in the second."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, structs

from standoff.diff.schemes import schema_changes
from standoff.diff.values import AnnotationChange, Change, Diff, Kind, SetChange
from standoff.match import Matching, match
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Progress, silent
from standoff.scheme import Scheme

__all__ = ["diff"]

T = TypeVar("T")

Rename = Callable[[str], str]


def diff(a: Corpus, b: Corpus, *, progress: Progress = silent) -> Diff:
    """What is otherwise in `b` than in `a`. Nothing is left out: `standoff.diff.apply` makes the one from the other.

    Annotations are paired by `standoff.match.match`, and what refers to them is compared through these pairs: work
    that was imported again under other ids, or with its ids numbered anew, is `renamed`, nothing more.
    """
    return Diff(
        schema=schema_changes(a.scheme, b.scheme),
        files=_changes(a.scheme.files, b.scheme.files),
        documents=_changes(a.documents, b.documents),
        segments=_changes(a.segments, b.segments),
        entities=_changes(a.entities, b.entities),
        annotators=_changes(a.annotators, b.annotators),
        sets=tuple(_sets(a, b, progress)),
        decisions=_changes(a.decisions, b.decisions),
        policy=None if a.policy == b.policy else Change("policy", a.policy, b.policy),
        splits=_changes(a.splits.splits, b.splits.splits),
        events=_changes(a.splits.events, b.splits.events),
        rights=_changes(a.rights, b.rights),
        withdrawn=_changes(a.withdrawn, b.withdrawn),
        releases=None if a.releases == b.releases else Change("releases", a.releases, b.releases),
        version=None if a.version == b.version else Change("version", a.version, b.version),
    )


def _changes(old: Mapping[str, T], new: Mapping[str, T]) -> tuple[Change[T], ...]:
    ids = sorted(old.keys() | new.keys())
    return tuple(Change(id, old.get(id), new.get(id)) for id in ids if old.get(id) != new.get(id))


class _Pair(Struct, frozen=True):
    """The sets of one annotator for one document on both sides, and which annotation became which."""

    key: tuple[str, str]
    old: AnnotationSet | None
    new: AnnotationSet | None
    matching: Matching

    @property
    def renamed(self) -> dict[str, str]:
        """Old id -> new id, of what was paired."""
        return {old.id: new.id for old, new in self.matching.pairs}


def _sets(a: Corpus, b: Corpus, progress: Progress) -> Iterator[SetChange]:
    before, after = _all_sets(a), _all_sets(b)
    # Gold comes last: what it derives from is found through the pairs of all other sets.
    keys = sorted(before.keys() | after.keys(), key=lambda key: (key[0] == GOLD, key))
    addresses: dict[str, str] = {}
    for n, key in enumerate(keys, 1):
        old, new = before.get(key), after.get(key)
        pair = _Pair(key, old, new, _matched(old.annotations if old else (), new.annotations if new else ()))
        addresses |= {f"{'/'.join(key)}#{one}": f"{'/'.join(key)}#{other}" for one, other in pair.renamed.items()}
        if old != new:
            yield from _set_change(pair, a, b, addresses)
        progress("comparing", n, len(keys))


def _matched(old: Sequence[Annotation], new: Sequence[Annotation]) -> Matching:
    """The pairs of two sets, where an id that now is another annotation's pairs nothing: imports number anew."""
    reused = _reused(old, new)
    if not reused:
        return match(old, new)

    def other(id: str) -> str:
        # The sign is legal in no id.
        return f"{id}#" if id in reused else id

    def alias(annotation: Annotation) -> Annotation:
        if annotation.spans:
            return structs.replace(annotation, id=other(annotation.id))
        refs = {role: tuple(map(other, ids)) for role, ids in annotation.refs.items()}
        return structs.replace(annotation, id=f"{annotation.id}#", refs=refs)

    aliases = list(map(alias, new))
    original = {id(one): annotation for one, annotation in zip(aliases, new, strict=True)}
    found = match(old, aliases)
    return Matching(
        pairs=tuple((one, original[id(two)]) for one, two in found.pairs),
        only_left=found.only_left,
        only_right=tuple(original[id(one)] for one in found.only_right),
    )


def _reused(old: Sequence[Annotation], new: Sequence[Annotation]) -> set[str]:
    """Ids of annotations with spans that stand elsewhere now, while another id stands exactly where they stood."""
    before = {annotation.id: _stands(annotation) for annotation in old if annotation.spans}
    after = {annotation.id: _stands(annotation) for annotation in new if annotation.spans}
    where: dict[Hashable, str] = {}
    for id, stands in after.items():
        if before.get(id) != stands:
            where.setdefault(stands, id)
    moved = [id for id, stands in before.items() if id in after and after[id] != stands and stands in where]
    return {*moved, *(where[before[id]] for id in moved)}


def _stands(annotation: Annotation) -> Hashable:
    return annotation.layer, annotation.label, tuple((span.start, span.end) for span in annotation.spans)


def _all_sets(corpus: Corpus) -> dict[tuple[str, str], AnnotationSet]:
    return {**corpus.sets, **{(GOLD, document): marked for document, marked in corpus.gold.items()}}


def _set_change(pair: _Pair, a: Corpus, b: Corpus, addresses: Mapping[str, str]) -> Iterator[SetChange]:
    old, new = pair.old, pair.new
    texts = (old.text_sha256 if old else None, new.text_sha256 if new else None)
    through = _Through(a.scheme, pair.renamed, addresses, text_changed=texts[0] != texts[1])
    changes = [AnnotationChange(("added",), None, annotation) for annotation in pair.matching.only_right]
    changes += [AnnotationChange(("removed",), annotation, None) for annotation in pair.matching.only_left]
    for one, other in pair.matching.pairs:
        if one != other:
            changes.append(AnnotationChange(through.kinds(one, other), one, other))
    entities = _changes({e.id: e for e in old.entities} if old else {}, {e.id: e for e in new.entities} if new else {})
    if changes or entities or texts[0] != texts[1]:
        yield SetChange(*pair.key, *texts, _in_order(changes, b.scheme), entities)


class _Through(Struct, frozen=True):
    """How the annotations of two sets are compared: through the pairs, in which ids changed."""

    scheme: Scheme
    renamed: Mapping[str, str]
    addresses: Mapping[str, str]
    text_changed: bool

    def kinds(self, old: Annotation, new: Annotation) -> tuple[Kind, ...]:
        """All that changed; that ids or offsets changed only where nothing else did."""
        loud: list[Kind] = []
        same_words = [span.quote for span in old.spans] == [span.quote for span in new.spans]
        if old.spans != new.spans and not (self.text_changed and same_words):
            loud.append("moved")
        if old.label != new.label:
            loud.append("relabelled")
        if old.attributes != new.attributes:
            loud.append("attributes")
        refs, others = self._refs(old), {role: sorted(ids) for role, ids in new.refs.items()}
        # The ends of a symmetric relation are ordered by their ids: under other ids they may change places.
        if refs != others and not (self._symmetric(new) and sorted(refs.values()) == sorted(others.values())):
            loud.append("roles")
        if old.note != new.note:
            loud.append("note")
        if {self.addresses.get(address, address) for address in old.derived_from} != set(new.derived_from):
            loud.append("sources")
        quiet: Kind = "shifted" if old.spans != new.spans else "renamed"
        return tuple(loud) or (quiet,)

    def _symmetric(self, annotation: Annotation) -> bool:
        return any(
            c.kind == "symmetric" and c.layer == annotation.layer and annotation.label in c.labels
            for c in self.scheme.constraints
        )

    def _refs(self, annotation: Annotation) -> dict[str, list[str]]:
        """Role -> ids, as they are called on the other side; the order of targets says nothing."""
        layer = self.scheme.layer(annotation.layer)

        def name(role: str) -> Rename:
            known = layer.role(role) if layer else None
            return (lambda id: id) if known and known.registry else (lambda id: self.renamed.get(id, id))

        return {role: sorted(map(name(role), ids)) for role, ids in annotation.refs.items()}


def _in_order(changes: list[AnnotationChange], scheme: Scheme) -> tuple[AnnotationChange, ...]:
    """Changes as their annotations stand on disk; what went stands before what came to the same place."""
    rank = {layer: n for n, layer in enumerate(scheme.layer_names)}

    def key(change: AnnotationChange) -> tuple[int, int, int, bool, str]:
        one = change.one
        start, end = (one.spans[0].start, one.spans[-1].end) if one.spans else (1 << 62, 0)
        return rank.get(one.layer, len(rank)), start, -end, change.new is not None, one.id

    return tuple(sorted(changes, key=key))
