"""A glance at many sets at once says of each kind of constraint in which of them its rule may find fault.

It may be wrong in one way alone: to suspect where nothing is wrong. Each looks at sets in which every field is sound.
Here are those of links and labels; those of places in the texts are in `standoff.validate.glances_placed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, compress, repeat

import numpy as np

from standoff.model import GOLD
from standoff.scheme import Constraint
from standoff.validate import glances_placed as placed
from standoff.validate.columns import Columns
from standoff.validate.texts import doubled, listed, numbers

__all__ = ["EXACT", "GLANCES", "Glance"]

Glance = Callable[[Columns, Constraint], Iterable[int]]
"""The numbers of the sets with which the rule of a constraint may find fault; some more than once."""


def _acyclic(columns: Columns, constraint: Constraint) -> Iterable[int]:
    owners, targets = columns.annotated(constraint.layer, constraint.role)
    goes_on = np.zeros(len(columns.ids), bool)
    goes_on[owners] = True
    return columns.sets_at(targets[goes_on[targets]])


def _companion(columns: Columns, constraint: Constraint) -> Iterable[int]:
    meaning: dict[str | None, int] = {**dict.fromkeys(constraint.values, 1), **dict.fromkeys(constraint.needs, 2)}
    values = columns.values(constraint.layer, constraint.attribute)
    links = columns.linked(constraint.layer, constraint.role)
    what = numbers([meaning.get(value, 0) for value in values]).repeat(links.counts)
    pairs = columns.set_of[links.owners] << 32 | links.targets
    waiting = pairs[what == 1]
    return listed(waiting[~np.isin(waiting, pairs[what == 2])] >> 32)


def _conflict(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows = columns.rows(constraint.layer)
    one_of = [label in constraint.labels for label in columns.labels[rows]]
    names = (constraint.same,) if isinstance(constraint.same, str) else constraint.same
    same = [columns.least(constraint.layer, name)[one_of].tolist() for name in names]
    owners = columns.set_of[rows][one_of].tolist()
    labelled = {*zip(owners, *same, compress(columns.labels[rows], one_of), strict=True)}
    return [key[0] for key, n in Counter([key[:-1] for key in labelled]).items() if n > 1]


def _covered(columns: Columns, constraint: Constraint) -> Iterable[int]:
    return [n for n, (_, annotator, _) in enumerate(columns.sets) if annotator == GOLD]


def _entity_type(columns: Columns, constraint: Constraint) -> Iterable[int]:
    links = columns.linked(constraint.layer, constraint.role)
    labels = columns.labels[columns.rows(constraint.layer)]
    asked = [*chain.from_iterable(map(repeat, labels, links.counts.tolist()))]
    registry = columns.context.corpus.entities
    types = {id: registry[id].type for id in {*links.ids}.intersection(registry)}
    found = [*map(types.get, links.ids)]
    own = {n for n, (_, _, marked) in enumerate(columns.sets) if marked.entities}
    if found == asked and not own:
        return ()
    owners = columns.set_of[links.owners].tolist()
    added = {(n, entity.id): entity.type for n in own for entity in columns.sets[n][2].entities}
    return [
        n
        for n, id, label, type in zip(owners, links.ids, asked, found, strict=True)
        if (added.get((n, id), type) if n in own else type) != label
    ]


def _role_or_inverse(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows = columns.rows(constraint.layer)
    linked = np.zeros(len(columns.ids), bool)
    linked[columns.linked(constraint.layer, constraint.role).owners] = True
    linked[columns.annotated(constraint.layer, constraint.inverse)[1]] = True
    return columns.sets_at(np.flatnonzero(~linked[rows]) + rows.start)


def _roles_differ(columns: Columns, constraint: Constraint) -> Iterable[int]:
    (one, first), (other, second) = (columns.referents(constraint.layer, role) for role in constraint.roles)
    both = {*zip(one.owners.tolist(), first.tolist(), strict=True)}
    both.intersection_update(zip(other.owners.tolist(), second.tolist(), strict=True))
    return columns.set_of[[owner for owner, _ in both]].tolist() if both else ()


def _symmetric(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows = columns.rows(constraint.layer)
    first, second = constraint.roles
    return [
        owner
        for owner, label, refs in zip(
            columns.set_of[rows].tolist(), columns.labels[rows], columns.refs[rows], strict=True
        )
        if label in constraint.labels and refs.get(first, ()) > refs.get(second, ())
    ]


def _target_once(columns: Columns, constraint: Constraint) -> Iterable[int]:
    links = columns.linked(constraint.layer, constraint.role)
    owners = columns.set_of[links.owners]
    return listed(owners[doubled(owners << 32 | links.targets)])


def _unique(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Whatever else annotations are to agree in: at other places, or with other targets, they are not the same."""
    by, layer = constraint.by, columns.context.layers[constraint.layer]
    if "spans" in by and layer.kind == "span":
        rows, begins, stops = columns.placed(layer.name)
        return columns.sets_at(rows[doubled(begins << 32 | stops - begins)])
    names = [name for name in by if name not in ("spans", "label", "refs")]
    names += [role.name for role in layer.roles if "refs" in by]
    owners = columns.set_of[columns.rows(layer.name)].tolist()
    labels = [columns.labels[columns.rows(layer.name)]] if "label" in by else []
    keys = [*zip(owners, *labels, *(columns.least(layer.name, name).tolist() for name in names), strict=True)]
    if len({*keys}) == len(keys):
        return ()
    return [key[0] for key, n in Counter(keys).items() if n > 1]


EXACT = frozenset({"companion", "covered", "entity_type", "everywhere", "length", "quoted", "roles_differ"})
"""Kinds of which a look at each set would say no more."""

GLANCES: Mapping[str, Glance] = {
    "acyclic": _acyclic,
    "apart": placed.apart,
    "balanced": placed.balanced,
    "companion": _companion,
    "conflict": _conflict,
    "contains": placed.contains,
    "covered": _covered,
    "entity_type": _entity_type,
    "everywhere": placed.everywhere,
    "length": placed.length,
    "nesting": placed.nesting,
    "quoted": placed.quoted,
    "role_or_inverse": _role_or_inverse,
    "roles_differ": _roles_differ,
    "symmetric": _symmetric,
    "target_once": _target_once,
    "unique": _unique,
}
"""Kind of constraint -> what to glance at; the verdict on the others follows from a record's form."""
