"""Glances at places: where annotations of many sets stand in the texts, and what stands there. See
`standoff.validate.glances`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, compress

import numpy as np

from standoff.scheme import Constraint
from standoff.validate.columns import Columns
from standoff.validate.texts import Flags, Numbers, doubled, listed, numbers

__all__ = ["apart", "balanced", "contains", "everywhere", "length", "nesting", "quoted"]


def apart(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets in which an annotation meets what its role points to."""
    one, other = columns.annotated(constraint.layer, constraint.role)
    begins, stops = columns.extents()
    return columns.sets_at(one[(begins[one] < stops[other]) & (begins[other] < stops[one])])


def balanced(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets with the value that is asked for, in whose text a mark may have no counterpart."""
    known = [value in constraint.values for value in columns.values(constraint.layer, constraint.attribute)]
    if not any(known):
        return ()
    asked = {*columns.set_of[columns.rows(constraint.layer)][known].tolist()}
    places = chain.from_iterable([_unbalanced(columns, pair[0], pair[1]) for pair in constraint.marks])
    return asked.intersection(_set_at(columns, numbers(places)).tolist())


def contains(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets with an outer annotation of which no fragment holds one of the inner layer.

    One holds another if one that begins behind its start ends before its end.
    """
    outer = _labelled(columns, constraint.layer, constraint.labels)
    if not outer.any():
        return ()
    inner = _labelled(columns, constraint.inner, constraint.inner_labels)
    single = columns.fragments[columns.row_of] == 1
    inside = np.flatnonzero(inner[columns.row_of] & single)
    inside = inside[np.argsort(columns.begins[inside])]
    far = np.iinfo(np.int64).max
    nearest = np.append(np.minimum.accumulate(columns.stops[inside][::-1])[::-1], far)
    around = np.flatnonzero(outer[columns.row_of])
    behind = np.searchsorted(columns.begins[inside], columns.begins[around])
    outer[columns.row_of[around[nearest[behind] <= columns.stops[around]]]] = False
    return columns.sets_at(np.flatnonzero(outer))


def everywhere(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets in which a word that is marked stands somewhere unmarked."""
    rows, within = columns.rows(constraint.layer), columns.within(constraint.layer)
    values = columns.values(constraint.layer, constraint.attribute)
    named = np.array([value in constraint.values for value in values], bool) & (columns.fragments[rows] == 1)
    # A place that is marked twice counts once.
    once = ~doubled(columns.begins[within] << 32 | columns.stops[within] - columns.begins[within])
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
    return listed(_set_at(columns, _unmarked(columns, within, numbers(begins), numbers(stops))))


def length(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets with an annotation that has too many tokens."""
    within = columns.within(constraint.layer)
    begins, stops = columns.begins[within], columns.stops[within]
    tokens = np.searchsorted(columns.tokens, stops) - np.searchsorted(columns.tokens, begins)
    total = np.bincount(columns.row_of[within], tokens)
    return columns.sets_at(np.flatnonzero(total > (constraint.max or 0)))


def nesting(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets in which annotations may overlap otherwise than they may."""
    rows, begins, stops = columns.placed(constraint.layer)
    several = columns.fragments[rows] > 1
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
        return columns.sets_at(rows[meets])
    meets[:-1] |= begins[1:] < stops[:-1]
    # Of several fragments, only a closer look can say which lies inside which.
    unclear = rows[meets & several]
    return [*columns.sets_at(unclear), *columns.sets_at(rows[meets][_crossing(begins[meets], stops[meets])])]


def quoted(columns: Columns, constraint: Constraint) -> Iterable[int]:
    """Sets in whose text something stands between marks that nobody is said to have said."""
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


def _unmarked(columns: Columns, within: slice, begins: Numbers, stops: Numbers) -> Numbers:
    """Where those of some words begin that part no word and lie in none of some fragments."""
    order = np.argsort(columns.begins[within])
    reach = np.append(-1, np.maximum.accumulate(columns.stops[within][order]))
    lies = reach[np.searchsorted(columns.begins[within][order], begins, "right")] >= stops
    return begins[~(lies | columns.texts.inside_words(begins) | columns.texts.inside_words(stops))]


def _set_at(columns: Columns, places: Numbers) -> Numbers:
    """The set in whose text each place is."""
    return np.searchsorted(columns.texts.first, places, "right") - 1


def _labelled(columns: Columns, layer: str, labels: Sequence[str]) -> Flags:
    found = np.zeros(len(columns.ids), bool)
    rows = columns.rows(layer)
    found[rows] = [label in labels for label in columns.labels[rows]]
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
        return listed(marks[first[times % 2 == 1]])
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
    return listed(marks[alone])


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
