"""A first look at a document, without messages: which rules may find fault with it.

It may be wrong in one way alone: to suspect a rule that then finds nothing. What the suspected rules find is therefore
all there is to find, and a document that is in order costs one look instead of a walk for each rule. A law holds that
nothing is missed. Rules that nothing here looks for are always suspected.

Where there are many documents, a glance at all of them at once comes ahead: see `standoff.validate.glance`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, pairwise

from standoff import model
from standoff.model import GOLD, Annotation, AnnotationSet, Document
from standoff.text import inside_word, sha
from standoff.validate.catalogue import RULES
from standoff.validate.records import DERIVED_ID, DRAWN_ID
from standoff.validate.sketch import Sketch
from standoff.validate.suspects_between import LOOKS
from standoff.validate.verdicts import BY_KIND, OF_FORM, Verdicts
from standoff.validate.work import Context, Page

__all__ = ["ALL", "BY_KIND", "SET_RULES", "Suspects"]

SET_RULES = tuple(rule for rule in RULES if rule.subject in ("set", "constraint"))
ALL = frozenset(rule.id for rule in SET_RULES)
"""All the rules on sets."""

_LOOKED_FOR = OF_FORM | {
    "set-document",
    "set-annotator",
    "set-text",
    "ref-repeated",
    "id-form",
    "id-unique",
    "ref-resolves",
    "ref-layer",
    "derived-id",
    "span-bounds",
    "span-quotation",
    "span-whitespace",
    "span-order",
    "span-word",
    "span-seam",
}
_OF_GOLD = frozenset({"derivation-resolves", "gold-derived"})
"""Rules that find fault with gold alone, and look at all of it."""

_GROUND = frozenset(
    {"layer-known", "attribute-known", "role-known", "id-unique", "span-order", "set-document"}
    | {rule.id for rule in SET_RULES if rule.doubt}
)
"""Rules that all others build on: where one of them is suspected, all are."""

_MANY = 100_000
"""So many pairs of characters are remembered at most."""


class Suspects:
    """What a first look at the documents of one corpus needs, made once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._always = ALL - _LOOKED_FOR - _OF_GOLD - {kind.replace("_", "-") for kind in LOOKS}
        if all(layer in context.plain for layer in context.layers):
            self._always -= {"record-schema"}
        self._constraints = [
            (one.kind.replace("_", "-"), LOOKS[one.kind], one)
            for one in context.scheme.constraints
            if one.kind in LOOKS and one.layer in context.layers
        ]
        self._ids = {
            layer.name: re.compile(f"(?:(?:{form.pattern})\n)+")
            for layer in context.scheme.layers
            for form in (DRAWN_ID if layer.kind == "span" else DERIVED_ID,)
        }
        self._several = [
            (layer.name, role.name) for layer in context.scheme.layers for role in layer.roles if role.max != 1
        ]
        self._kinds = frozenset(context.scheme.dropped_kinds)
        self._forms = Verdicts(context)
        self._glanced = Verdicts(context)
        self._links = frozenset(
            (layer.name, role.name, target)
            for layer in context.scheme.layers
            for role in layer.roles
            # Entities are of no layer.
            for target in ((None,) if role.registry else role.layers)
        )
        self._between_words: set[str] = set()

    def of_page(self, page: Page) -> bool:
        """Whether a rule on a document or its segments may find fault."""
        document, segments = page.document, page.segments
        return (
            document is None
            or segments is None
            or self._of_record(page, document)
            or _cut_wrongly(document.text, segments.sentences, segments.tokens)
        )

    def of_pages(self, pages: Sequence[Page]) -> list[bool]:
        """The same of many, seen at once."""
        from standoff.validate.glance import badly_cut

        return [
            page.document is None or cut or self._of_record(page, page.document)
            for page, cut in zip(pages, badly_cut(pages), strict=True)
        ]

    def _of_record(self, page: Page, document: Document) -> bool:
        raw = self.context.raw.get(page.id)
        return (
            page.alignment is None
            or (raw is not None and document.raw_sha256 != sha(raw))
            or document.text_sha256 != page.sha256
            or not {dropped.kind for dropped in document.dropped} <= self._kinds
            or not self.context.surely_valid("", document)
        )

    def of_sets(self, sets: Sequence[tuple[Page, str, AnnotationSet]]) -> list[frozenset[str]]:
        """The rules on sets that may find fault with each of many, seen at once. Their documents are in order."""
        from standoff.validate.columns import Columns
        from standoff.validate.glance import of_constraint, of_fields, of_forms, shaky
        from standoff.validate.glances import EXACT

        try:
            columns = Columns(self.context, sets)
        except OverflowError:
            # An offset has more than 64 bits: Python's own numbers have no such bounds.
            return [self.of_set(*one) for one in sets]
        found: list[set[str]] = [{*self._always, *(_OF_GOLD if who == GOLD else ())} for _, who, _ in sets]
        for n, rules in of_forms(columns, self._glanced):
            found[n] |= rules
        unsure = [at_fault or bool(found[n] & _GROUND) for n, at_fault in enumerate(shaky(columns).tolist())]
        if any(unsure):
            firm = [n for n, is_ in enumerate(unsure) if not is_]
            columns, found = Columns(self.context, [sets[n] for n in firm]), [found[n] for n in firm]
        for n, rule in of_fields(columns):
            found[n].add(rule)
        sketches: dict[int, Sketch] = {}
        for rule, look, constraint in self._constraints:
            for n in of_constraint(columns, constraint):
                if constraint.kind in EXACT:
                    found[n].add(rule)
                    continue
                sketch = sketches.get(n) or sketches.setdefault(n, Sketch(self.context, *columns.sets[n]))
                if rule not in found[n] and look(sketch, constraint):
                    found[n].add(rule)
        asked = iter(found)
        return [self.of_set(*one) if is_ else frozenset(next(asked)) for one, is_ in zip(sets, unsure, strict=True)]

    def of_set(self, page: Page, annotator: str, marked: AnnotationSet) -> frozenset[str]:
        """The rules on sets that may find fault."""
        sketch = Sketch(self.context, page, annotator, marked)
        found = self._of_forms(annotator, marked) | self._always
        if annotator == GOLD:
            found |= _OF_GOLD
        elif annotator not in self.context.corpus.annotators:
            found |= {"set-annotator"}
        if found & _GROUND or self._ill_linked(sketch) or not _quoted(page, *sketch.columns) or _disordered(marked):
            return ALL
        if page.document and marked.text_sha256 not in (page.document.text_sha256, page.sha256):
            found |= {"set-text"}
        return found | {*self._of_ids(sketch), *self._of_spans(sketch), *self._between(sketch)}

    def _of_forms(self, annotator: str, marked: AnnotationSet) -> frozenset[str]:
        """What the rules say of the records' forms."""
        gold = annotator == GOLD
        keys = [
            (
                gold,
                a.layer,
                a.label,
                len(a.spans),
                not a.note,
                not a.derived_from,
                *a.attributes.items(),
                *a.refs,
                *map(len, a.refs.values()),
            )
            for a in marked.annotations
        ]
        if self._forms.sound.issuperset(keys):
            return frozenset()
        found = self._forms.of(dict(zip(keys, marked.annotations, strict=True)), gold=gold)
        return frozenset().union(*found.values())

    def _ill_linked(self, sketch: Sketch) -> bool:
        """Whether an id may stand twice, or a role may point to nothing, to something of another layer, or twice."""
        annotations = sketch.marked.annotations
        if len(sketch.layer_of) < len(annotations):
            return True
        layer_of = sketch.layer_of.get
        links = {(a.layer, role, layer_of(id)) for a in annotations for role, ids in a.refs.items() for id in ids}
        if not links <= self._links:
            return True
        entities = self.context.corpus.entities.keys()
        for name, roles in self.context.entity_roles.items():
            for role in roles:
                if not entities >= {*sketch.targets(name, role)}.difference(sketch.own):
                    return True
        return any(
            len(ids) > 1 and len({*ids}) < len(ids)
            for name, role in self._several
            for a in sketch.of.get(name, ())
            if (ids := a.refs.get(role))
        )

    def _of_ids(self, sketch: Sketch) -> Iterable[str]:
        for name, found in sketch.of.items():
            ids = "\n".join([a.id for a in found]) + "\n"
            if ids.count("\n") != len(found) or not self._ids[name].fullmatch(ids):
                yield "id-form"
            layer = self.context.layers[name]
            if layer.kind != "span":
                roles = [role.name for role in layer.roles]
                if any(a.id != _expected_id(a, name, roles, layer.kind) for a in found):
                    yield "derived-id"

    def _of_spans(self, sketch: Sketch) -> Iterable[str]:
        starts, ends, quotes = sketch.columns
        if [*map(str.strip, quotes)] != [*quotes]:
            yield "span-whitespace"
        text, alignment = sketch.page.text, sketch.page.alignment
        if text is None:
            return
        around = {text[at - 1 : at + 1] for at in (*starts, *ends) if at}
        if not around <= self._between_words:
            new = around - self._between_words
            inside = {pair for pair in new if inside_word(pair, 1)}
            if inside:
                yield "span-word"
            if len(self._between_words) > _MANY:
                self._between_words.clear()
            self._between_words |= new - inside
        if alignment and (seams := alignment.seams):
            last, first = partial(bisect_right, seams), partial(bisect_left, seams)
            if [*map(last, starts)] != [*map(first, ends)]:
                yield "span-seam"

    def _between(self, sketch: Sketch) -> Iterable[str]:
        for rule, look, constraint in self._constraints:
            if look(sketch, constraint):
                yield rule


def _expected_id(annotation: Annotation, layer: str, roles: Iterable[str], kind: str) -> str:
    if kind == "relation":
        return model.derived_id(annotation.label, *(id for role in roles for id in annotation.refs.get(role, ())))
    return model.derived_id(layer, annotation.label)


def _quoted(page: Page, starts: Sequence[int], ends: Sequence[int], quotes: Sequence[str]) -> bool:
    """Whether all spans lie in the text, hold something and quote it."""
    text = page.text
    if text is None or not starts:
        return not starts
    if min(starts) < 0 or max(ends) > len(text) or not all(quotes):
        return False
    return [text[start:end] for start, end in zip(starts, ends, strict=True)] == [*quotes]


def _disordered(marked: AnnotationSet) -> bool:
    """Whether fragments of an annotation are out of order or overlap."""
    parted = [annotation.spans for annotation in marked.annotations if len(annotation.spans) > 1]
    return any(second.start < first.end for spans in parted for first, second in pairwise(spans))


def _cut_wrongly(text: str, sentences: Sequence[tuple[int, int]], tokens: Sequence[tuple[int, int]]) -> bool:
    """Whether sentences or tokens may be out of order, out of the text, or leave or hold what they should not."""
    at = 0
    for start, end in (*sentences, (len(text), len(text) + 1)):
        if not at <= start < end or (at < start and not text[at:start].isspace()):
            return True
        at = end
    edges = [*chain.from_iterable(tokens)]
    if not edges:
        return False
    if edges[0] < 0 or edges[-1] > len(text) or edges != sorted(edges):
        return True
    words = [text[start:end] for start, end in tokens]
    joined = "".join(words)
    if not all(words) or joined.split() != [joined]:
        return True
    # With all but white space in sentences and none of it in tokens, a token is in one unless the next one's start
    # parts it.
    return any((place := bisect_left(edges, start)) % 2 and edges[place] != start for start, _ in sentences)
