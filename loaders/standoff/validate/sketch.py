"""One annotation set, laid out for a first look: by layer, and as columns of offsets, words and ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter, neg

from msgspec.structs import astuple

from standoff.model import Annotation, AnnotationSet
from standoff.scheme import Role
from standoff.validate.work import Context, Page

__all__ = ["Fragments", "Meeting", "Sketch"]

Fragments = tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]
"""Starts, ends and quotations."""

Meeting = tuple[Annotation, Annotation, str]
"""Two annotations that overlap, and how: `cross`, `contain`, `equal`, or `unclear` where one has several fragments."""


class Sketch:
    """One annotation set as a first look needs it. Nothing in it is checked."""

    def __init__(self, context: Context, page: Page, annotator: str, marked: AnnotationSet) -> None:
        self.context = context
        self.page = page
        self.annotator = annotator
        self.marked = marked
        self.of: dict[str, list[Annotation]] = {}
        """Layer -> its annotations."""
        for layer, together in groupby(marked.annotations, attrgetter("layer")):
            self.of.setdefault(layer, []).extend(together)
        self.own = {entity.id: entity.type for entity in marked.entities}
        """Entity that the annotator added -> its type."""
        self._targets: dict[tuple[str, str], list[str]] = {}
        self._fragments: dict[str, Fragments] = {}
        self._meetings: dict[str, list[Meeting]] = {}

    def targets(self, layer: str, role: str) -> list[str]:
        """All that the annotations of a layer point to by a role."""
        key = layer, role
        if key not in self._targets:
            found = [annotation.refs[role] for annotation in self.of.get(layer, ()) if role in annotation.refs]
            self._targets[key] = list(chain.from_iterable(found))
        return self._targets[key]

    def fragments(self, layer: str) -> Fragments:
        """All fragments of a layer, in the order of its annotations."""
        if layer not in self._fragments:
            spans = [span for annotation in self.of.get(layer, ()) for span in annotation.spans]
            found = tuple(zip(*map(astuple, spans), strict=True)) if spans else ((), (), ())
            self._fragments[layer] = found  # type: ignore[assignment]
        return self._fragments[layer]

    @cached_property
    def columns(self) -> Fragments:
        """All fragments, layer by layer."""
        starts, ends, quotes = zip(*map(self.fragments, self.of), strict=True) if self.of else ((), (), ())
        return (*chain.from_iterable(starts),), (*chain.from_iterable(ends),), (*chain.from_iterable(quotes),)

    @cached_property
    def by_id(self) -> dict[str, Annotation]:
        """Id -> annotation."""
        return {annotation.id: annotation for annotation in self.marked.annotations}

    @cached_property
    def layer_of(self) -> dict[str, str]:
        """Id -> the annotation's layer; shorter than the set where an id stands twice."""
        return {annotation.id: annotation.layer for annotation in self.marked.annotations}

    @cached_property
    def entity_of(self) -> Mapping[str, str]:
        """Id of an annotation that refers to an entity -> the entity."""
        return {
            annotation.id: annotation.refs[role][0]
            for layer, roles in self.context.entity_roles.items()
            # The first role counts that points somewhere, so that it is put in last.
            for role in reversed(roles)
            for annotation in self.of.get(layer, ())
            if annotation.refs.get(role)
        }

    def referent(self, role: Role | None) -> Callable[[str], str]:
        """What a target of a role stands for: the same for two targets that mean one thing."""
        entity = self.entity_of
        return str if role is None or role.registry else lambda id: entity.get(id, id)

    def meetings(self, layer: str) -> list[Meeting]:
        """The pairs of a layer's annotations whose extents overlap."""
        if layer not in self._meetings:
            annotations = self.of.get(layer, [])
            starts, ends, _ = self.fragments(layer)
            nested = None if any(len(a.spans) != 1 for a in annotations) else _nested(annotations, starts, ends)
            self._meetings[layer] = _meetings(annotations) if nested is None else nested
        return self._meetings[layer]


def _nested(annotations: list[Annotation], starts: Sequence[int], ends: Sequence[int]) -> list[Meeting] | None:
    """The meetings of annotations of one fragment each; None where two of them cross."""
    found: list[Meeting] = []
    around: list[tuple[int, int, int]] = []
    for start, end, n in sorted(zip(starts, map(neg, ends), range(len(annotations)), strict=True)):
        while around and -around[-1][1] <= start:
            around.pop()
        if around:
            if around[-1][1] > end:
                return None
            for begun, until, m in around:
                how = "equal" if begun == start and until == end else "contain"
                found.append((annotations[m], annotations[n], how))
        around.append((start, end, n))
    return found


def _meetings(annotations: list[Annotation]) -> list[Meeting]:
    places = [
        (spans[0].start, -spans[0].end, False, n)
        if len(spans) == 1
        else (min(span.start for span in spans), -max(span.end for span in spans), True, n)
        for n, annotation in enumerate(annotations)
        if (spans := annotation.spans)
    ]
    places.sort()
    found: list[Meeting] = []
    open_: list[tuple[int, int, bool, int]] = []
    for start, end, parted, n in places:
        end = -end
        if open_:
            open_ = [other for other in open_ if other[1] > start]
            for begun, until, other_parted, m in open_:
                if parted or other_parted:
                    how = "unclear"
                elif until < end:
                    how = "cross" if begun < start else "contain"
                else:
                    how = "equal" if (begun, until) == (start, end) else "contain"
                found.append((annotations[m], annotations[n], how))
        open_.append((start, end, parted, n))
    return found
