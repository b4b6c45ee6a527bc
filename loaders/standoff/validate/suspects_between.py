"""What a first look at one set says of each kind of constraint: whether its rule may find fault.

It may be wrong in one way alone: to suspect where nothing is wrong. Each looks at a set in which every field is sound.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from itertools import accumulate, chain

from standoff.model import GOLD, Annotation
from standoff.scheme import Constraint
from standoff.text import inside_word
from standoff.validate.sketch import Sketch

__all__ = ["LOOKS", "Look"]

_BREAK = re.compile(r"[\r\n\u2028\u2029]")
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")

Look = Callable[[Sketch, Constraint], bool]
"""Whether the rule of a constraint may find fault with a set."""


def _acyclic(sketch: Sketch, constraint: Constraint) -> bool:
    targets = sketch.targets(constraint.layer, constraint.role)
    if not targets:
        return False
    origins = [a.id for a in sketch.of[constraint.layer] if a.refs.get(constraint.role)]
    return not set(origins).isdisjoint(targets)


def _apart(sketch: Sketch, constraint: Constraint) -> bool:
    role, by_id = constraint.role, sketch.by_id
    return any(
        s.start < t.end and t.start < s.end
        for a in sketch.of.get(constraint.layer, ())
        for id in a.refs.get(role, ())
        for t in (by_id[id].spans if id in by_id else ())
        for s in a.spans
    )


def _balanced(sketch: Sketch, constraint: Constraint) -> bool:
    name, role, by_id = constraint.attribute, constraint.role, sketch.by_id
    places: list[tuple[int, int]] = []
    for a in sketch.of.get(constraint.layer, ()):
        if a.spans and a.attributes.get(name) in constraint.values:
            spans = [*a.spans, *(span for id in a.refs.get(role, ()) if id in by_id for span in by_id[id].spans)]
            places.append((min(span.start for span in spans), max(span.end for span in spans)))
    if not places:
        return False
    unbalanced = [line for pair in constraint.marks for line in _unbalanced(sketch.page.text or "", pair[0], pair[1])]
    return any(start < last and end > first for start, end in unbalanced for first, last in places)


def _companion(sketch: Sketch, constraint: Constraint) -> bool:
    role, name = constraint.role, constraint.attribute
    accompanied: set[str] = set()
    waiting: set[str] = set()
    for a in sketch.of.get(constraint.layer, ()):
        value = a.attributes.get(name)
        if value in constraint.needs:
            accompanied.update(a.refs.get(role, ()))
        elif value in constraint.values:
            waiting.update(a.refs.get(role, ()))
    return not waiting <= accompanied


def _conflict(sketch: Sketch, constraint: Constraint) -> bool:
    found = [a for a in sketch.of.get(constraint.layer, ()) if a.label in constraint.labels]
    if len({a.label for a in found}) < 2:
        return False
    first: dict[object, str] = {}
    same = _same(sketch, constraint)
    return any(first.setdefault(same(a), a.label) != a.label for a in found)


def _contains(sketch: Sketch, constraint: Constraint) -> bool:
    outer = [a for a in sketch.of.get(constraint.layer, ()) if a.label in constraint.labels]
    if not outer:
        return False
    inner = [
        (a.spans[0].start, a.spans[0].end)
        for a in sketch.of.get(constraint.inner, ())
        if a.label in constraint.inner_labels and len(a.spans) == 1
    ]
    return not all(any(s.start <= start and end <= s.end for s in a.spans for start, end in inner) for a in outer)


def _covered(sketch: Sketch, constraint: Constraint) -> bool:
    return sketch.annotator == GOLD


def _everywhere(sketch: Sketch, constraint: Constraint) -> bool:
    text, layer = sketch.page.text or "", sketch.of.get(constraint.layer, ())
    name, values = constraint.attribute, constraint.values
    words = {a.spans[0].quote for a in layer if a.attributes.get(name) in values and len(a.spans) == 1}
    if not words:
        return False
    begun, ended, quotes = sketch.fragments(constraint.layer)
    places = dict(zip(zip(begun, ended, strict=True), quotes, strict=True))
    marked, there = Counter(places.values()), sketch.page.times(words)
    # Of a word that cannot overlap itself, all places are marked where as many are marked as there are.
    left = [word for word in words if there[word] != marked[word] or word[0] in word[1:]]
    if not left:
        return False
    spans = sorted(places)
    starts, reach = [start for start, _ in spans], [*accumulate([end for _, end in spans], max)]
    for word in left:
        start = text.find(word)
        while start >= 0:
            n, end = bisect_right(starts, start), start + len(word)
            unmarked = not (n and reach[n - 1] >= end)
            if unmarked and not inside_word(text, start) and not inside_word(text, end):
                return True
            start = text.find(word, end)
    return False


def _quoted(sketch: Sketch, constraint: Constraint) -> bool:
    text, by_id = sketch.page.text or "", sketch.by_id
    pairs = [(pair[0], pair[1]) for pair in constraint.marks if pair[0] in text]
    if not pairs:
        return False
    ids = {*sketch.targets(constraint.layer, constraint.role)}
    spans = [(span.start, span.end) for id in ids if id in by_id for span in by_id[id].spans]
    return any(
        not any(start < stop and begin < end for start, end in spans)
        for left, right in pairs
        for begin, stop in (found.span(1) for found in _passage(left, right).finditer(text))
    )


def _entity_type(sketch: Sketch, constraint: Constraint) -> bool:
    role, entities, own = constraint.role, sketch.context.corpus.entities, sketch.own
    for a in sketch.of.get(constraint.layer, ()):
        for id in a.refs.get(role, ()):
            found = entities.get(id)
            if (own.get(id) or (found.type if found else None)) != a.label:
                return True
    return False


def _length(sketch: Sketch, constraint: Constraint) -> bool:
    most, segments = constraint.max or 0, sketch.page.segments
    if segments is None:
        return False
    # A token holds a character at least.
    long = [
        a
        for a in sketch.of.get(constraint.layer, ())
        if len(a.spans) > 1 or (a.spans and a.spans[0].end - a.spans[0].start > most)
    ]
    if not long:
        return False
    tokens = segments.tokens
    return any(
        sum(bisect_left(tokens, (span.end,)) - bisect_left(tokens, (span.start,)) for span in a.spans) > most
        for a in long
    )


def _nesting(sketch: Sketch, constraint: Constraint) -> bool:
    forbidden = (*constraint.forbid, "unclear")
    if not constraint.same:
        return any(how in forbidden for _, _, how in sketch.meetings(constraint.layer))
    same = _same(sketch, constraint)
    return any(
        how in forbidden and same(first) == same(second) for first, second, how in sketch.meetings(constraint.layer)
    )


def _role_or_inverse(sketch: Sketch, constraint: Constraint) -> bool:
    role = constraint.role
    unlinked = [a.id for a in sketch.of.get(constraint.layer, ()) if not a.refs.get(role)]
    return not set(unlinked) <= set(sketch.targets(constraint.layer, constraint.inverse))


def _roles_differ(sketch: Sketch, constraint: Constraint) -> bool:
    first, second = constraint.roles
    layer = sketch.context.layers[constraint.layer]
    of_first, of_second = sketch.referent(layer.role(first)), sketch.referent(layer.role(second))
    return any(
        not {*map(of_first, a.refs.get(first, ()))}.isdisjoint(map(of_second, a.refs.get(second, ())))
        for a in sketch.of.get(constraint.layer, ())
    )


def _symmetric(sketch: Sketch, constraint: Constraint) -> bool:
    first, second = constraint.roles
    return any(
        a.refs.get(first, ()) > a.refs.get(second, ())
        for a in sketch.of.get(constraint.layer, ())
        if a.label in constraint.labels
    )


def _target_once(sketch: Sketch, constraint: Constraint) -> bool:
    targets = sketch.targets(constraint.layer, constraint.role)
    return len(set(targets)) < len(targets)


def _unique(sketch: Sketch, constraint: Constraint) -> bool:
    found, by = sketch.of.get(constraint.layer, ()), constraint.by
    # Whatever else they are to agree in: at other places they are not the same.
    if "spans" in by and len({a.spans for a in found}) == len(found):
        return False
    roles = [name for name in by if name not in ("spans", "label", "refs")]
    keys = {
        (
            a.spans if "spans" in by else None,
            a.label if "label" in by else None,
            frozenset(chain.from_iterable(a.refs.values())) if "refs" in by else None,
            *(frozenset(a.refs.get(role, ())) for role in roles),
        )
        for a in found
    }
    return len(keys) < len(found)


def _same(sketch: Sketch, constraint: Constraint) -> Callable[[Annotation], object]:
    """What annotations have in common that agree in the constraint's roles."""
    layer = sketch.context.layers[constraint.layer]
    names = (constraint.same,) if isinstance(constraint.same, str) else constraint.same
    roles = [role for name in names if (role := layer.role(name))]
    if len(roles) == 1 and roles[0].max == 1 and roles[0].registry:
        only = roles[0].name
        return lambda a: a.refs.get(only, ())
    of = [(role.name, sketch.referent(role)) for role in roles]
    return lambda a: tuple(frozenset(map(referent, a.refs.get(name, ()))) for name, referent in of)


@lru_cache(maxsize=8)
def _unbalanced(text: str, left: str, right: str) -> tuple[tuple[int, int], ...]:
    """The paragraphs in which some mark has no counterpart, for all sets of one document."""
    if _taking_turns(text, left, right):
        return ()
    found = []
    for line in _LINE.finditer(text):
        if not _taking_turns(line[0], left, right):
            # A quotation goes on where the next paragraph takes it up.
            goes_on = text[line.end() :].lstrip().startswith(left)
            if not goes_on or not _taking_turns(line[0] + right, left, right):
                found.append(line.span())
    return tuple(found)


@cache
def _passage(left: str, right: str) -> re.Pattern[str]:
    """What stands between two marks of one paragraph, up to its end where there is no second one."""
    close = re.escape(right)
    return re.compile(rf"{re.escape(left)}([^{close}\r\n\u2028\u2029]*){close}?")


def _taking_turns(text: str, left: str, right: str) -> bool:
    """Whether the marks of a pair take turns, from an opening one to a closing one of the same paragraph.

    A quotation may go on in the next paragraph, which then begins with an opening one as well.
    """
    if left == right:
        _, *parts = text.split(left)
        return len(parts) % 2 == 0 and not any(map(_BREAK.search, parts[::2]))
    head, *parts = text.split(left)
    if right in head:
        return False
    for n, part in enumerate(parts, 1):
        quoted, *behind = part.split(right)
        ends = _BREAK.search(quoted)
        goes_on = not behind and n < len(parts) and ends and not quoted[ends.start() :].strip()
        if not goes_on and (len(behind) != 1 or ends):
            return False
    return True


LOOKS: Mapping[str, Look] = {
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
"""Kind of constraint -> what to look for; the verdict on the others follows from a record's form."""
