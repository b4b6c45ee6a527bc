"""A glance at many sets at once says of each kind of constraint in which of them its rule may find fault.

It may be wrong in one way alone: to suspect where nothing is wrong. Each looks at sets in which every field is sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, compress, repeat

import numpy as np

from standoff.model import GOLD
from standoff.scheme import Constraint
from standoff.validate.columns import Columns
from standoff.validate.texts import Flags, Numbers, numbers

__all__ = ["EXACT", "GLANCES", "Glance"]

Glance = Callable[[Columns, Constraint], Iterable[int]]
"""The numbers of the sets with which the rule of a constraint may find fault; some more than once."""


def _acyclic(columns: Columns, constraint: Constraint) -> Iterable[int]:
    owners, targets = columns.annotated(constraint.layer, constraint.role)
    goes_on = np.zeros(len(columns.ids), bool)
    goes_on[owners] = True
    return _sets(columns, targets[goes_on[targets]])


def _apart(columns: Columns, constraint: Constraint) -> Iterable[int]:
    one, other = columns.annotated(constraint.layer, constraint.role)
    begins, stops = columns.extents()
    return _sets(columns, one[(begins[one] < stops[other]) & (begins[other] < stops[one])])


def _balanced(columns: Columns, constraint: Constraint) -> Iterable[int]:
    known = [value in constraint.values for value in columns.values(constraint.layer, constraint.attribute)]
    if not any(known):
        return ()
    asked = {*columns.set_of[columns.rows(constraint.layer)][known].tolist()}
    places = chain.from_iterable([_unbalanced(columns, pair[0], pair[1]) for pair in constraint.marks])
    return asked.intersection(_set_at(columns, numbers(places)).tolist())


def _companion(columns: Columns, constraint: Constraint) -> Iterable[int]:
    meaning: dict[str | None, int] = {**dict.fromkeys(constraint.values, 1), **dict.fromkeys(constraint.needs, 2)}
    values = columns.values(constraint.layer, constraint.attribute)
    links = columns.linked(constraint.layer, constraint.role)
    what = numbers([meaning.get(value, 0) for value in values]).repeat(links.counts)
    pairs = columns.set_of[links.owners] << 32 | links.targets
    waiting = pairs[what == 1]
    return _listed(waiting[~np.isin(waiting, pairs[what == 2])] >> 32)


def _conflict(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows = columns.rows(constraint.layer)
    one_of = [label in constraint.labels for label in columns.labels[rows]]
    names = (constraint.same,) if isinstance(constraint.same, str) else constraint.same
    same = [columns.least(constraint.layer, name)[one_of].tolist() for name in names]
    owners = columns.set_of[rows][one_of].tolist()
    labelled = {*zip(owners, *same, compress(columns.labels[rows], one_of), strict=True)}
    return [key[0] for key, n in Counter([key[:-1] for key in labelled]).items() if n > 1]


def _contains(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """An outer fragment holds one of the inner layer if one that begins behind its start ends before its end."""
    outer = _labelled(columns, constraint.layer, constraint.labels)
    if not outer.any():
        return ()
    inner = _labelled(columns, constraint.inner, constraint.inner_labels)
    single = numbers(columns.fragments)[columns.row_of] == 1
    inside = np.flatnonzero(inner[columns.row_of] & single)
    inside = inside[np.argsort(columns.begins[inside])]
    far = np.iinfo(np.int64).max
    nearest = np.append(np.minimum.accumulate(columns.stops[inside][::-1])[::-1], far)
    around = np.flatnonzero(outer[columns.row_of])
    behind = np.searchsorted(columns.begins[inside], columns.begins[around])
    outer[columns.row_of[around[nearest[behind] <= columns.stops[around]]]] = False
    return _sets(columns, np.flatnonzero(outer))


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


def _everywhere(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows, within = columns.rows(constraint.layer), columns.within(constraint.layer)
    values = columns.values(constraint.layer, constraint.attribute)
    named = np.array([value in constraint.values for value in values], bool) & (numbers(columns.fragments[rows]) == 1)
    # A place that is marked twice counts once.
    once = ~_doubled(columns.begins[within] << 32 | columns.stops[within] - columns.begins[within])
    row_of = columns.row_of[within][once]
    quotes, asked = [*compress(columns.quotes[within], once)], named[row_of - rows.start].tolist()
    ends = np.searchsorted(columns.set_of[row_of], np.arange(len(columns.sets) + 1)).tolist()
    begins: list[int] = []
    stops: list[int] = []
    for (page, _, _), first, start, end in zip(
        columns.sets, columns.texts.first.tolist(), ends, ends[1:], strict=False
    ):
        text, marked = page.text or "", Counter(quotes[start:end])
        for word in {*compress(quotes[start:end], asked[start:end])}:
            # Of a word that cannot overlap itself, all places are marked where as many are marked as there are.
            if text.count(word) != marked[word] or word[0] in word[1:]:
                at = text.find(word)
                while at >= 0:
                    begins.append(first + at)
                    stops.append(first + at + len(word))
                    at = text.find(word, at + len(word))
    return _listed(_set_at(columns, _unmarked(columns, within, numbers(begins), numbers(stops))))


def _unmarked(columns: Columns, within: slice, begins: Numbers, stops: Numbers) -> Numbers:
    """Where those of some words begin that part no word and lie in none of some fragments."""
    order = np.argsort(columns.begins[within])
    reach = np.append(-1, np.maximum.accumulate(columns.stops[within][order]))
    lies = reach[np.searchsorted(columns.begins[within][order], begins, "right")] >= stops
    return begins[~(lies | columns.texts.inside_words(begins) | columns.texts.inside_words(stops))]


def _length(columns: Columns, constraint: Constraint) -> Iterable[int]:
    within = columns.within(constraint.layer)
    begins, stops = columns.begins[within], columns.stops[within]
    tokens = np.searchsorted(columns.tokens, stops) - np.searchsorted(columns.tokens, begins)
    total = np.bincount(columns.row_of[within], tokens)
    return _sets(columns, np.flatnonzero(total > (constraint.max or 0)))


def _nesting(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows, begins, stops = columns.placed(constraint.layer)
    several = numbers(columns.fragments)[rows] > 1
    role = constraint.same if isinstance(constraint.same, str) else next(iter(constraint.same), "")
    if role:
        # To point to nothing is not to point to the same. What agrees in a role is moved to a text of its own.
        same = columns.least(constraint.layer, role)
        some = same >= 0
        rows, begins, stops, several = rows[some], begins[some], stops[some], several[some]
        away = np.unique(same[some], return_inverse=True)[1] * len(columns.texts.characters)
        begins, stops = begins + away, stops + away
    # Most are in order, which a stable sort makes use of; of those that begin together, the longest comes first.
    order = np.argsort(begins << 32 | 0xFFFFFFFF - (stops - begins) if not role else begins, kind="stable")
    rows, begins, stops, several = rows[order], begins[order], stops[order], several[order]
    meets = np.zeros(len(rows), bool)
    meets[1:] = begins[1:] < np.maximum.accumulate(stops)[:-1]
    if role or {*constraint.forbid} != {"cross"}:
        return _sets(columns, rows[meets])
    meets[:-1] |= begins[1:] < stops[:-1]
    # Of several fragments, only a closer look can say which lies inside which.
    unclear = rows[meets & several]
    return [*_sets(columns, unclear), *_sets(columns, rows[meets][_crossing(begins[meets], stops[meets])])]


def _quoted(columns: Columns, constraint: Constraint) -> Iterable[int]:
    said = np.zeros(len(columns.ids), bool)
    said[columns.annotated(constraint.layer, constraint.role)[1]] = True
    spans = np.flatnonzero(said[columns.row_of])
    spans = spans[np.argsort(columns.begins[spans])]
    begins = columns.begins[spans]
    reach = np.append(-1, np.maximum.accumulate(columns.stops[spans]))
    found: list[int] = []
    for pair in constraint.marks:
        opened, closed = _passages(columns, pair[0], pair[1])
        unsaid = reach[np.searchsorted(begins, closed)] <= opened
        found += _set_at(columns, opened[unsaid] - 1).tolist()
    return found


def _role_or_inverse(columns: Columns, constraint: Constraint) -> Iterable[int]:
    rows = columns.rows(constraint.layer)
    linked = np.zeros(len(columns.ids), bool)
    linked[columns.linked(constraint.layer, constraint.role).owners] = True
    linked[columns.annotated(constraint.layer, constraint.inverse)[1]] = True
    return _sets(columns, np.flatnonzero(~linked[rows]) + rows.start)


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
    return _listed(owners[_doubled(owners << 32 | links.targets)])


def _unique(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Whatever else annotations are to agree in: at other places, or with other targets, they are not the same."""
    by, layer = constraint.by, columns.context.layers[constraint.layer]
    if "spans" in by and layer.kind == "span":
        rows, begins, stops = columns.placed(layer.name)
        return _sets(columns, rows[_doubled(begins << 32 | stops - begins)])
    names = [name for name in by if name not in ("spans", "label", "refs")]
    names += [role.name for role in layer.roles if "refs" in by]
    owners = columns.set_of[columns.rows(layer.name)].tolist()
    labels = [columns.labels[columns.rows(layer.name)]] if "label" in by else []
    keys = [*zip(owners, *labels, *(columns.least(layer.name, name).tolist() for name in names), strict=True)]
    if len({*keys}) == len(keys):
        return ()
    return [key[0] for key, n in Counter(keys).items() if n > 1]


def _sets(columns: Columns, rows: Numbers) -> list[int]:
    return _listed(columns.set_of[rows])


def _listed(found: Numbers) -> list[int]:
    return found.tolist()  # type: ignore[no-any-return]


def _set_at(columns: Columns, places: Numbers) -> Numbers:
    """The set in whose text each place is."""
    return np.searchsorted(columns.texts.first, places, "right") - 1


def _labelled(columns: Columns, layer: str, labels: Sequence[str]) -> Flags:
    found = np.zeros(len(columns.ids), bool)
    rows = columns.rows(layer)
    found[rows] = [label in labels for label in columns.labels[rows]]
    return found


def _doubled(keys: Numbers) -> Flags:
    """Of the keys that stand twice or more, all but one."""
    order = np.argsort(keys, kind="stable")
    found = np.zeros(len(keys), bool)
    found[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return found


def _crossing(begins: Numbers, stops: Numbers) -> Flags:
    """Whether each of some ranges crosses another; of ranges that cross, the first one does so surely.

    Args:
        begins: in order; of equal ones, the longest first.

    What lies open where a range begins is what lies open behind its end, unless something that began inside goes on.
    """
    n = np.arange(len(begins))
    opened = n - np.searchsorted(np.sort(stops), begins, "right")
    # Of those that end together, the last to begin is the first to be closed.
    closing = len(begins) - 1 - np.argsort(stops[::-1], kind="stable")
    closed = np.empty(len(begins), np.int64)
    closed[closing] = n + 1
    found: Flags = np.searchsorted(begins, stops) - closed != opened
    return found


def _unbalanced(columns: Columns, left: str, right: str) -> Iterable[int]:
    """Places in paragraphs in which some mark may have no counterpart."""
    characters, breaks = columns.texts.characters, columns.texts.breaks
    if left == right:
        marks = np.flatnonzero(characters == ord(left))
        _, first, times = np.unique(np.searchsorted(breaks, marks), return_index=True, return_counts=True)
        return _listed(marks[first[times % 2 == 1]])
    opening, closing = np.flatnonzero(characters == ord(left)), np.flatnonzero(characters == ord(right))
    marks = np.concatenate([opening, closing])
    order = np.argsort(marks, kind="stable")
    marks, closes = marks[order], order >= len(opening)
    paragraphs = np.searchsorted(breaks, marks)
    # An opening mark is followed by a closing one of its paragraph, which follows an opening one.
    paired = ~closes[:-1] & closes[1:] & (paragraphs[:-1] == paragraphs[1:])
    alone = np.ones(len(marks), bool)
    alone[:-1] &= ~paired
    alone[1:] &= ~paired
    return _listed(marks[alone])


def _passages(columns: Columns, left: str, right: str) -> tuple[Numbers, Numbers]:
    """Where what stands behind an opening mark begins and ends: with its paragraph if nothing closes it there."""
    characters, breaks = columns.texts.characters, columns.texts.breaks
    opening = closing = np.flatnonzero(characters == ord(left))
    if left == right:
        paragraphs = np.searchsorted(breaks, opening)
        # In each paragraph, the first, third, fifth ... mark opens.
        nth = np.arange(len(opening)) - np.searchsorted(paragraphs, paragraphs)
        opening = opening[nth % 2 == 0]
    else:
        closing = np.flatnonzero(characters == ord(right))
    ends = np.append(closing, len(characters))
    until = np.minimum(
        ends[np.searchsorted(closing, opening, "right")], breaks[np.searchsorted(breaks, opening, "right")]
    )
    return opening + 1, until


EXACT = frozenset({"companion", "covered", "entity_type", "everywhere", "length", "quoted", "roles_differ"})
"""Kinds of which a look at each set would say no more."""

GLANCES: Mapping[str, Glance] = {
    "acyclic": _acyclic,
    "apart": _apart,
    "balanced": _balanced,
    "companion": _companion,
    "conflict": _conflict,
    "contains": _contains,
    "covered": _covered,
    "entity_type": _entity_type,
    "everywhere": _everywhere,
    "length": _length,
    "nesting": _nesting,
    "quoted": _quoted,
    "role_or_inverse": _role_or_inverse,
    "roles_differ": _roles_differ,
    "symmetric": _symmetric,
    "target_once": _target_once,
    "unique": _unique,
}
"""Kind of constraint -> what to glance at; the verdict on the others follows from a record's form."""
