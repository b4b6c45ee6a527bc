"""Many annotation sets as columns, so that a first look at them is a few operations on arrays.

Rows are annotations: layer by layer, in each set by set, in each in the set's order. A place is an offset in the texts
of all sets, one behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from standoff.model import Annotation, AnnotationSet, Span
from standoff.scheme import Role
from standoff.validate.texts import Flags, Numbers, Texts, listed, numbers
from standoff.validate.work import Context, Page

__all__ = ["Columns", "Links", "Marked"]

Marked = tuple[Page, str, AnnotationSet]
"""A set with its document, which has a text, and its annotator."""

_NONE = -1
_MOST = 1 << 31
"""Characters in all: two places must fit into one number."""
_FAR = 1 << 40
"""Above all numbers of entities."""


class Links(Struct, frozen=True):
    """What the annotations of one layer point to by one role."""

    counts: Numbers
    """To how many each row of the layer points."""
    owners: Numbers
    """The row that each link starts from."""
    ids: list[str]
    """What each link points to."""
    targets: Numbers
    """Its row in the same set, -1 where there is none; or the number that stands for an entity."""


class Columns:
    """Annotation sets as columns. Nothing in it is checked; what is of no layer of the schema comes first.

    Raises:
        OverflowError: an offset has more than 64 bits, or the texts are too long to be seen together.
    """

    def __init__(self, context: Context, sets: Sequence[Marked]) -> None:
        self.context = context
        self.sets = sets
        self.texts = Texts([page.text or "" for page, _, _ in sets])
        if len(self.texts.joined) > _MOST:
            raise OverflowError(f"texts of {len(self.texts.joined)} characters")
        annotations, codes, owners, self._order = _by_layer(context, sets)
        rows: list[tuple[Any, ...]] = list(zip(*map(astuple, annotations), strict=True)) or [()] * 8
        self.ids: tuple[str, ...] = rows[0]
        self.labels: tuple[str, ...] = rows[2]
        self.spans: tuple[tuple[Span, ...], ...] = rows[3]
        self.refs: tuple[dict[str, tuple[str, ...]], ...] = rows[4]
        self.attributes: tuple[dict[str, str], ...] = rows[5]
        self.notes: tuple[str, ...] = rows[6]
        self.derived_from: tuple[tuple[str, ...], ...] = rows[7]
        self.set_of = owners
        """The number of each row's set."""
        self.layer_of = codes
        """The number of each row's layer, -1 where the schema has none of the name."""
        names = list(context.layers)
        ends = np.searchsorted(codes, np.arange(len(names) + 1)).tolist()
        self._rows = {name: range(ends[n], ends[n + 1]) for n, name in enumerate(names)}

        self.fragments = numbers(map(len, self.spans))
        """How many fragments each row has."""
        flat = list(zip(*map(astuple, chain.from_iterable(self.spans)), strict=True)) or [(), (), ()]
        self.starts, self.ends = numbers(flat[0]), numbers(flat[1])
        self.quotes: tuple[str, ...] = flat[2]
        """Of each fragment, in the order of the rows."""
        self.last = np.cumsum(self.fragments)
        """Where the fragments of the next row begin."""
        self.row_of = np.arange(len(self.ids)).repeat(self.fragments)
        """The row of each fragment."""
        first = self.texts.first[self.set_of[self.row_of]]
        self.begins, self.stops = self.starts + first, self.ends + first
        """The places where each fragment begins and ends."""
        self._links: dict[tuple[str, str], Links] = {}
        self._entities: dict[str, int] = {}
        self._values: dict[tuple[str, str], list[str | None]] = {}

    def rows(self, layer: str) -> slice:
        """Where the annotations of a layer stand."""
        found = self._rows.get(layer, range(0))
        return slice(found.start, found.stop)

    def within(self, layer: str) -> slice:
        """Where the fragments of a layer stand."""
        rows = self.rows(layer)
        return slice(self._end(rows.start), self._end(rows.stop))

    def sets_at(self, rows: Numbers) -> list[int]:
        """The numbers of the sets of some rows."""
        return listed(self.set_of[rows])

    def _end(self, row: int) -> int:
        return int(self.last[row - 1]) if row else 0

    @cached_property
    def row_by_id(self) -> list[dict[str, int]]:
        """Set -> id -> row; smaller than the set where an id stands twice."""
        rows = np.empty(len(self.ids), np.int64)
        rows[self._order] = np.arange(len(self.ids))
        left = iter(rows.tolist())
        # The first of the two is asked first, and tells where a set ends.
        return [dict(zip([a.id for a in marked.annotations], left, strict=False)) for _, _, marked in self.sets]

    def links(self, layer: str, role: Role) -> Links:
        """All links of a role."""
        key = layer, role.name
        if key not in self._links:
            rows = self.rows(layer)
            found = [*map(dict.get, self.refs[rows], repeat(role.name), repeat(()))]
            counts, ids = numbers(map(len, found)), [*chain.from_iterable(found)]
            owners = np.arange(rows.start, rows.stop).repeat(counts)
            targets = self._numbered(ids) if role.registry else self._found(owners, ids)
            self._links[key] = Links(counts, owners, ids, targets)
        return self._links[key]

    def linked(self, layer: str, role: str) -> Links:
        """All links of the role of that name."""
        found = self.context.layers[layer].role(role)
        if found is None:
            none = np.empty(0, np.int64)
            return Links(np.zeros(len(self._rows[layer]), np.int64), none, [], none)
        return self.links(layer, found)

    def annotated(self, layer: str, role: str) -> tuple[Numbers, Numbers]:
        """The links of a role that lead to annotations of the same set: from which rows, to which."""
        known = self.context.layers[layer].role(role)
        links = self.linked(layer, role)
        targets = self._found(links.owners, links.ids) if known and known.registry else links.targets
        there = targets >= 0
        return links.owners[there], targets[there]

    def _numbered(self, ids: list[str]) -> Numbers:
        known = self._entities
        for id in dict.fromkeys(ids):
            known.setdefault(id, len(known))
        return numbers(map(known.__getitem__, ids))

    def _found(self, owners: Numbers, ids: list[str]) -> Numbers:
        rows, sets = self.row_by_id, self.set_of[owners].tolist()
        return numbers([rows[n].get(id, _NONE) for n, id in zip(sets, ids, strict=True)])

    @cached_property
    def entity_of(self) -> Numbers:
        """The number of the entity that each row refers to, -1 where it refers to none."""
        found = np.full(len(self.ids), _NONE)
        for layer, roles in self.context.entity_roles.items():
            # The first role counts that points somewhere, so that it is put in last.
            for role in reversed(roles):
                links = self.linked(layer, role)
                some = links.counts > 0
                first = (np.cumsum(links.counts) - links.counts)[some]
                found[self.rows(layer)][some] = links.targets[first]
        return found

    def referents(self, layer: str, role: str) -> tuple[Links, Numbers]:
        """The links of a role, and what each points to in the end: the same number for what means one thing."""
        links = self.linked(layer, role)
        known = self.context.layers[layer].role(role)
        if known is None or known.registry:
            return links, links.targets
        entities = self.entity_of[links.targets]
        return links, np.where(entities < 0, links.targets + _FAR, entities)

    def least(self, layer: str, role: str) -> Numbers:
        """Of what each row of a layer points to in the end the least number, -1 where it points to nothing.

        Two that point to the same have the same.
        """
        links, found = self.referents(layer, role)
        least = np.full(len(links.counts), _NONE)
        some = links.counts > 0
        if some.any():
            least[some] = np.minimum.reduceat(found, (np.cumsum(links.counts) - links.counts)[some])
        return least

    @cached_property
    def _extents(self) -> tuple[Flags, Numbers, Numbers]:
        some = self.fragments > 0
        last = self.last[some]
        begins, stops = np.zeros((2, len(self.ids)), np.int64)
        begins[some], stops[some] = self.begins[last - self.fragments[some]], self.stops[last - 1]
        return some, begins, stops

    def extents(self) -> tuple[Numbers, Numbers]:
        """Where the first fragment of each row begins and the last one ends; twice 0 where there is none."""
        return self._extents[1:]

    def placed(self, layer: str) -> tuple[Numbers, Numbers, Numbers]:
        """Rows of a layer that have a place, and their extents."""
        rows = self.rows(layer)
        some, begins, stops = self._extents
        there = some[rows]
        return np.flatnonzero(there) + rows.start, begins[rows][there], stops[rows][there]

    @cached_property
    def tokens(self) -> Numbers:
        """The places where tokens begin, in order where they are so in each document."""
        starts = [numbers(page.token_starts) if page.begun is None else page.begun for page, _, _ in self.sets]
        found: Numbers = np.concatenate([np.empty(0, np.int64), *starts])
        return found + self.texts.first.repeat(numbers(map(len, starts)))

    def values(self, layer: str, attribute: str) -> list[str | None]:
        """What each row of a layer has for an attribute."""
        key = layer, attribute
        if key not in self._values:
            self._values[key] = [*map(dict.get, self.attributes[self.rows(layer)], repeat(attribute))]
        return self._values[key]


def _by_layer(context: Context, sets: Sequence[Marked]) -> tuple[Iterable[Annotation], Numbers, Numbers, Numbers]:
    """The annotations layer by layer, and the numbers of layer and set of each; and where each was among all."""
    every = [*chain.from_iterable([marked.annotations for _, _, marked in sets])]
    numbered = {name: n for n, name in enumerate(context.layers)}
    codes = numbers([numbered.get(annotation.layer, _NONE) for annotation in every])
    owners = np.arange(len(sets)).repeat(numbers([len(marked.annotations) for _, _, marked in sets]))
    order = np.argsort(codes, kind="stable")
    return [*map(every.__getitem__, order.tolist())], codes[order], owners[order], order
