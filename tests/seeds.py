"""Faults to put into a sound corpus: of each kind, all the places where it could be, with the finding that is due.

A kind is a function from a sound state to seeds; its name is that of the rule, and behind two underscores what is done.
Names of layers, labels and roles come from the schema alone. `seeds_meaning` has the kinds on constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from standoff.canon import canonical_set, content_digest
from standoff.model import (
    GOLD,
    Annotation,
    AnnotationSet,
    Corpus,
    Dropped,
    Entity,
    LookedUp,
    Release,
    Span,
    Withdrawn,
)
from standoff.scheme import Layer
from standoff.text import Alignment, inside_word
from standoff.validate import RULES, validate


class State(Struct, frozen=True):
    """All that is validated."""

    corpus: Corpus
    raw: Mapping[str, bytes]
    stored: Mapping[str, bytes] = {}
    previous: Mapping[str, Corpus] = {}
    listed: tuple[Release, ...] | None = None
    """What corpus/releases.json says; None where it is right."""
    broken: frozenset[str] = frozenset()
    """Documents that have a fault already, and the registry: no other is put there."""

    def findings(self) -> set[Any]:
        listed = self.listed
        if listed is None:
            listed = tuple(entry(version, old) for version, old in self.previous.items())
        corpus = replace(self.corpus, releases=listed)
        return set(validate(corpus, raw=self.raw, stored=self.stored, previous=self.previous))


def entry(version: str, old: Corpus) -> Release:
    return Release(version, "2024-04-01", content_digest(old))


class Seed(Struct, frozen=True):
    """A fault, and what is to be found: the rule, in a file, at one of some ids."""

    rule: str
    file: str
    ids: frozenset[str]
    state: State
    follows: frozenset[str] = frozenset()
    """Rules that may find fault with what follows from it."""
    touches: frozenset[str] = frozenset()
    """Documents whose findings it may change, and the registry where it is changed."""


Kind = Callable[[State], Iterator[Seed]]

MEANING = frozenset(rule.id for rule in RULES if rule.level == "meaning") | {"form-label"}
REGISTRY = "corpus/entities.json"
OTHER = "zz-other"


def released(corpus: Corpus, raw: Mapping[str, bytes]) -> State:
    """A corpus with one earlier release, which is the same."""
    return with_release(State(corpus, raw), corpus)


def with_release(state: State, old: Corpus) -> State:
    return replace(state, previous={"0.9.0": old})


def sets(state: State) -> Iterator[tuple[str, AnnotationSet]]:
    """Every set, and gold, of the sound documents."""
    whose = [(who, marked) for (who, _), marked in sorted(state.corpus.sets.items())]
    whose += [(GOLD, marked) for _, marked in sorted(state.corpus.gold.items())]
    yield from ((who, marked) for who, marked in whose if marked.document in documents(state))


def documents(state: State) -> tuple[str, ...]:
    """The sound documents."""
    return tuple(id for id in state.corpus.documents if id not in state.broken)


def file_of(who: str, document: str) -> str:
    return f"annotations/gold/{document}.json" if who == GOLD else f"annotations/sets/{who}/{document}.json"


def put(state: State, who: str, marked: AnnotationSet) -> State:
    corpus = state.corpus
    if who == GOLD:
        return replace(state, corpus=replace(corpus, gold={**corpus.gold, marked.document: marked}))
    return replace(state, corpus=replace(corpus, sets={**corpus.sets, (who, marked.document): marked}))


def marked_seed(
    state: State, rule: str, who: str, marked: AnnotationSet, *ids: str, follows: frozenset[str] = frozenset()
) -> Seed:
    """The seed of a changed set."""
    touched = frozenset({marked.document})
    follows |= _OF_GOLD if who == GOLD else _OF_SET
    return Seed(rule, file_of(who, marked.document), frozenset(ids), put(state, who, marked), follows, touched)


_OF_GOLD = frozenset({"gold-derived", "gold-current"})
"""Gold no longer equals what it is made from."""

_OF_SET = _OF_GOLD | {"derivation-resolves", "decision", "decision-current"}
"""What gold was made from is gone, gold can no longer be made, what was decided on has changed."""


def exchanged(marked: AnnotationSet, n: int, *new: Annotation) -> AnnotationSet:
    return replace(marked, annotations=(*marked.annotations[:n], *new, *marked.annotations[n + 1 :]))


def layer_of(state: State, annotation: Annotation) -> Layer:
    return next(layer for layer in state.corpus.scheme.layers if layer.name == annotation.layer)


def each(state: State) -> Iterator[tuple[str, AnnotationSet, int, Annotation, Layer]]:
    """Every annotation."""
    for who, marked in sets(state):
        for n, annotation in enumerate(marked.annotations):
            yield who, marked, n, annotation, layer_of(state, annotation)


def per_annotation(
    rule: str, change: Callable[[Annotation, Layer], Iterator[Annotation]], follows: frozenset[str] = frozenset()
) -> Kind:
    """A kind that changes one annotation."""

    def kind(state: State) -> Iterator[Seed]:
        for who, marked, n, annotation, layer in each(state):
            for changed in change(annotation, layer):
                yield marked_seed(state, rule, who, exchanged(marked, n, changed), changed.id, follows=follows)

    return kind


def without(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def _unlabelled(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    yield replace(a, label=f"{a.label}x")


def _unlayered(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    yield replace(a, layer=f"{a.layer}x")


def _misnamed_attribute(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for name, value in a.attributes.items():
        yield replace(a, attributes={**without(a.attributes, name), f"{name}x": value})


def _misspelt_value(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for name, value in a.attributes.items():
        yield replace(a, attributes={**a.attributes, name: f"{value}x"})


def _attribute_left_out(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for attribute in layer.attributes:
        if attribute.required:
            yield replace(a, attributes=without(a.attributes, attribute.name))


def _misnamed_role(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for name, ids in a.refs.items():
        yield replace(a, refs={**without(a.refs, name), f"{name}x": ids})


def _role_left_out(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    yield from (replace(a, refs=without(a.refs, role.name)) for role in layer.roles if role.min)


def _role_overfull(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for role in layer.roles:
        ids = a.refs.get(role.name, ())
        if role.max is not None and ids:
            yield replace(a, refs={**a.refs, role.name: (*ids, *(f"more{n}" for n in range(role.max)))})


def _lost(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    yield from (replace(a, refs={**a.refs, name: (f"{ids[0]}zz", *ids[1:])}) for name, ids in a.refs.items())


def _itself(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    """A role points to its own annotation, which is of no layer that it may point to."""
    for role in layer.roles:
        if a.refs.get(role.name) and not role.registry and a.layer not in role.layers and layer.kind == "span":
            yield replace(a, refs={**a.refs, role.name: (a.id, *a.refs[role.name][1:])})


def _repeated(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for role in layer.roles:
        if role.max is None and (ids := a.refs.get(role.name)):
            yield replace(a, refs={**a.refs, role.name: (*ids, ids[0])})


def _placeless(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    if a.spans:
        yield replace(a, spans=())


def _torn(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    """A contiguous annotation in two fragments."""
    words = a.spans[0].quote.split() if layer.max_fragments == 1 and a.spans else ()
    if len(words) > 1:
        first, last = a.spans[0], words[-1]
        head = first.quote[: -len(last)].rstrip()
        pieces = Span(first.start, first.start + len(head), head), Span(first.end - len(last), first.end, last)
        yield replace(a, spans=pieces)


def _noted(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    if layer.kind != "span":
        yield replace(a, note="Perhaps.")


def _ill_derived(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    if layer.kind != "span":
        yield replace(a, id=f"{a.id}x")


def _out_of_text(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for n, span in enumerate(a.spans):
        far = replace(span, start=span.start + 9**9, end=span.end + 9**9)
        yield replace(a, spans=(*a.spans[:n], far, *a.spans[n + 1 :]))


def _shifted(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for n, span in enumerate(a.spans):
        # One character to the left: there always is one, and what repeats one character is no quotation of words.
        if span.start and len(set(span.quote)) > 1:
            moved = replace(span, start=span.start - 1, end=span.end - 1)
            yield replace(a, spans=(*a.spans[:n], moved, *a.spans[n + 1 :]))


def _misquoted(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    for n, span in enumerate(a.spans):
        yield replace(a, spans=(*a.spans[:n], replace(span, quote=f"{span.quote}q"), *a.spans[n + 1 :]))


def _backwards(a: Annotation, layer: Layer) -> Iterator[Annotation]:
    if len(a.spans) > 1:
        yield replace(a, spans=a.spans[::-1])


def with_spans(
    rule: str, change: Callable[[str, Alignment, Span], Iterator[tuple[int, int]]], follows: frozenset[str] = MEANING
) -> Kind:
    """A kind that changes one fragment's extent in the text of its document."""

    def kind(state: State) -> Iterator[Seed]:
        inline = state.corpus.scheme.inline_kinds
        for who, marked, n, a, _ in each(state):
            document = state.corpus.documents[marked.document]
            alignment = Alignment(document.dropped, document.raw_length, inline=inline)
            for k, span in enumerate(a.spans if len(a.spans) == 1 else ()):
                for start, end in change(document.text, alignment, span):
                    new = Span(start, end, document.text[start:end])
                    changed = replace(a, spans=(*a.spans[:k], new, *a.spans[k + 1 :]))
                    yield marked_seed(state, rule, who, exchanged(marked, n, changed), a.id, follows=follows)

    return kind


def _with_space(text: str, alignment: Alignment, span: Span) -> Iterator[tuple[int, int]]:
    if text[span.end : span.end + 1].isspace() and not alignment.crosses_seam(span.start, span.end + 1):
        yield span.start, span.end + 1


def _in_a_word(text: str, alignment: Alignment, span: Span) -> Iterator[tuple[int, int]]:
    if span.end - span.start > 1 and inside_word(text, span.end - 1):
        yield span.start, span.end - 1


def _over_a_seam(text: str, alignment: Alignment, span: Span) -> Iterator[tuple[int, int]]:
    for seam in alignment.seams[:3]:
        start = len(text[:seam].rstrip()) - 1
        end = len(text) - len(text[seam:].lstrip()) + 1
        if start >= 0 and end <= len(text):
            yield start, end


def id_unique(state: State) -> Iterator[Seed]:
    for who, marked, n, a, layer in each(state):
        # What is derived would be derived twice from the same: that is another annotation's id.
        if layer.kind == "span":
            yield marked_seed(state, "id-unique", who, exchanged(marked, n, a, a), a.id, follows=MEANING)


def id_form(state: State) -> Iterator[Seed]:
    """An id with a colon on an annotation that nothing refers to."""
    for who, marked, n, a, layer in each(state):
        if layer.kind == "span" and not any(a.id in ids for other in marked.annotations for ids in other.refs.values()):
            changed = replace(a, id=f"{a.id}:x")
            # A warning that the annotation had it has again, under its new id.
            yield marked_seed(state, "id-form", who, exchanged(marked, n, changed), changed.id, follows=MEANING)


def ref_resolves__removed(state: State) -> Iterator[Seed]:
    """An annotation is gone that one other refers to."""
    for who, marked, n, a, _ in each(state):
        users = [u.id for u in marked.annotations if any(a.id in ids for ids in u.refs.values())]
        if len(users) == 1 and users[0] != a.id:
            yield marked_seed(state, "ref-resolves", who, exchanged(marked, n), users[0], follows=MEANING)


def derivation_gold_only(state: State) -> Iterator[Seed]:
    for who, marked, n, a, _ in each(state):
        if who != GOLD:
            changed = exchanged(marked, n, replace(a, derived_from=(marked.address(a.id),)))
            yield marked_seed(state, "derivation-gold-only", who, changed, a.id)


def derivation_missing(state: State) -> Iterator[Seed]:
    for who, marked, n, a, _ in each(state):
        if who == GOLD:
            changed = exchanged(marked, n, replace(a, derived_from=()))
            yield marked_seed(state, "derivation-missing", who, changed, a.id)


def derivation_resolves(state: State) -> Iterator[Seed]:
    for who, marked, n, a, _ in each(state):
        if who == GOLD:
            *others, last = a.derived_from
            changed = exchanged(marked, n, replace(a, derived_from=(*others, f"{last}zz")))
            yield marked_seed(state, "derivation-resolves", who, changed, a.id)


def adopted(state: State) -> Iterator[tuple[str, AnnotationSet, int, Annotation, Layer]]:
    """Every gold annotation that is made from one annotation alone; of the others `gold-current` tells."""
    yield from (one for one in each(state) if one[0] == GOLD and len(one[3].derived_from) == 1)


def gold_derived__attribute(state: State) -> Iterator[Seed]:
    for who, marked, n, a, layer in adopted(state):
        for attribute in layer.attributes:
            for value in attribute.values:
                if a.attributes.get(attribute.name) not in (None, value.name):
                    changed = replace(a, attributes={**a.attributes, attribute.name: value.name})
                    new = exchanged(marked, n, changed)
                    yield marked_seed(state, "gold-derived", who, new, a.id, follows=MEANING)


def gold_derived__removed_target(state: State) -> Iterator[Seed]:
    for who, marked, n, a, layer in adopted(state):
        for role in layer.roles:
            if not role.min and a.refs.get(role.name):
                new = exchanged(marked, n, replace(a, refs=without(a.refs, role.name)))
                yield marked_seed(state, "gold-derived", who, new, a.id, follows=MEANING)


def gold_derived__narrowed(state: State) -> Iterator[Seed]:
    """Gold covers one word less."""
    for who, marked, n, a, _ in adopted(state):
        words = a.spans[0].quote.split() if len(a.spans) == 1 else ()
        if len(words) > 1:
            quote = a.spans[0].quote[: -len(words[-1])].rstrip()
            span = Span(a.spans[0].start, a.spans[0].start + len(quote), quote)
            new = exchanged(marked, n, replace(a, spans=(span,)))
            yield marked_seed(state, "gold-derived", who, new, a.id, follows=MEANING)


def set_document(state: State) -> Iterator[Seed]:
    for who, marked in sets(state):
        if who != GOLD:
            yield marked_seed(state, "set-document", who, replace(marked, document=OTHER), "", follows=MEANING)


def set_annotator(state: State) -> Iterator[Seed]:
    for who, marked in sets(state):
        if who != GOLD:
            yield marked_seed(state, "set-annotator", OTHER, replace(marked, annotator=OTHER), "", follows=MEANING)


def set_text(state: State) -> Iterator[Seed]:
    for who, marked in sets(state):
        yield marked_seed(state, "set-text", who, replace(marked, text_sha256="0" * 64), "")


def canonical_form(state: State) -> Iterator[Seed]:
    for who, marked in sets(state):
        file = file_of(who, marked.document)
        written = canonical_set(marked, state.corpus.scheme).replace('": ', '":', 1).encode()
        yield Seed("canonical-form", file, frozenset({""}), replace(state, stored={**state.stored, file: written}))


def duplicate_key(state: State) -> Iterator[Seed]:
    for who, marked in sets(state):
        file = file_of(who, marked.document)
        written = canonical_set(marked, state.corpus.scheme)
        for a in marked.annotations:
            doubled = written.replace(f'"id": "{a.id}", "label"', f'"id": "{a.id}", "layer": "x", "label"', 1)
            stored = {**state.stored, file: doubled.encode()}
            yield Seed("duplicate-key", file, frozenset({a.id}), replace(state, stored=stored))


def registry(rule: str, change: Callable[[Entity, list[Entity]], Iterator[tuple[Entity, ...]]]) -> Kind:
    """A kind that changes entities of the registry; any of those that are changed may be told."""

    # What the entity is called here is not what an annotator, a decision or the release calls it.
    follows, touched = frozenset({"gold-current", "decision", "id-reused"}), frozenset({REGISTRY})

    def kind(state: State) -> Iterator[Seed]:
        known = list(state.corpus.entities.values())
        for entity in known:
            for new in change(entity, known):
                entities = {**state.corpus.entities, **{e.id: e for e in new}}
                changed = replace(state, corpus=replace(state.corpus, entities=entities))
                ids = frozenset(e.id for e in new)
                yield Seed(rule, REGISTRY, ids, changed, follows, touched)

    return kind


_LOOKED_UP = LookedUp("2024-01-31", "Wikidata")


def _untyped(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    yield (replace(entity, type=f"{entity.type}x"),)


def _part_of_nothing(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    yield (replace(entity, part_of=(f"{entity.id}zz",)),)


def _part_of_itself(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    yield (replace(entity, part_of=(entity.id,)),)
    other = known[(known.index(entity) + 1) % len(known)]
    if other != entity:
        yield replace(entity, part_of=(other.id,)), replace(other, part_of=(entity.id,))


def _status(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    yield (replace(entity, kb_status="linked", wikidata=None, looked_up=_LOOKED_UP),)
    yield (replace(entity, kb_status="unchecked", wikidata=None, looked_up=_LOOKED_UP),)
    yield (replace(entity, kb_status="nil", wikidata=None, looked_up=None),)


def _same_wikidata(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    other = known[(known.index(entity) + 1) % len(known)]
    if other != entity:
        linked = {"kb_status": "linked", "wikidata": "Q999999", "looked_up": _LOOKED_UP}
        yield replace(entity, **linked), replace(other, **linked)


def _undated(entity: Entity, known: list[Entity]) -> Iterator[tuple[Entity, ...]]:
    yield (replace(entity, kb_status="nil", wikidata=None, looked_up=LookedUp("yesterday", "Wikidata")),)


def entity_id(state: State) -> Iterator[Seed]:
    """An annotator adds two entities under one id that nothing else has."""
    for who, marked in sets(state):
        for entity in state.corpus.entities.values():
            new = replace(entity, id=OTHER, part_of=())
            two = replace(marked, entities=(new, replace(new, name=f"{entity.name} x")))
            if who != GOLD and not marked.entities:
                yield marked_seed(state, "entity-id", who, two, OTHER)


def entity_unused(state: State) -> Iterator[Seed]:
    """A document was withdrawn, and what only it told of is still in the registry."""
    gone = Withdrawn(OTHER, "2024-01-31", "The holder asked for it.", "0" * 64)
    for entity in state.corpus.entities.values():
        alone = Entity(OTHER, entity.type, f"{entity.name} x", "unchecked")
        entities = {**state.corpus.entities, OTHER: alone}
        corpus = replace(state.corpus, entities=entities, withdrawn={**state.corpus.withdrawn, OTHER: gone})
        # Wherever a mention is lost besides, its entity is unused too.
        touched = frozenset({*documents(state), REGISTRY})
        changed = replace(state, corpus=corpus)
        yield Seed("entity-unused", REGISTRY, frozenset({OTHER}), changed, frozenset(), touched)


def document(rule: str, change: Callable[[Any, State], Iterator[Any]], *follows: str) -> Kind:
    """A kind that changes a document's record."""

    def kind(state: State) -> Iterator[Seed]:
        for id in documents(state):
            for new in change(state.corpus.documents[id], state):
                corpus = replace(state.corpus, documents={**state.corpus.documents, id: new})
                file, follow = f"corpus/documents/{id}.json", frozenset(follows)
                changed = replace(state, corpus=corpus)
                yield Seed(rule, file, frozenset({id}), changed, follow, frozenset({id}))

    return kind


def raw_sha256(state: State) -> Iterator[Seed]:
    for id in documents(state):
        changed = replace(state, raw={**state.raw, id: state.raw[id] + b" "})
        file = f"corpus/documents/{id}.json"
        yield Seed("raw-sha256", file, frozenset({id}), changed, touches=frozenset({id}))


def _renumbered(known: Any, state: State) -> Iterator[Any]:
    yield replace(known, text_sha256="0" * 64)


def _unkind(known: Any, state: State) -> Iterator[Any]:
    for n, dropped in enumerate(known.dropped):
        new = replace(dropped, kind=f"{dropped.kind}x")
        yield replace(known, dropped=(*known.dropped[:n], new, *known.dropped[n + 1 :]))


def _overlong(known: Any, state: State) -> Iterator[Any]:
    kinds = state.corpus.scheme.dropped_kinds
    yield replace(known, dropped=(*known.dropped, Dropped(known.raw_length, known.raw_length + 5, kinds[0])))


def _one_less(known: Any, state: State) -> Iterator[Any]:
    if known.dropped:
        yield replace(known, dropped=known.dropped[:-1])


def _tongueless(known: Any, state: State) -> Iterator[Any]:
    yield replace(known, language="English, mostly")
    yield replace(known, title="")


def segments(rule: str, change: Callable[[Any, str], Iterator[Any]], *follows: str) -> Kind:
    """A kind that changes a document's segments."""

    def kind(state: State) -> Iterator[Seed]:
        for id in documents(state):
            for new in change(state.corpus.segments[id], state.corpus.documents[id].text):
                changed = replace(state, corpus=replace(state.corpus, segments={**state.corpus.segments, id: new}))
                file, follow = f"corpus/segments/{id}.json", frozenset(follows)
                yield Seed(rule, file, frozenset({id}), changed, follow, frozenset({id}))

    return kind


def _overlapping_sentences(known: Any, text: str) -> Iterator[Any]:
    for n, (start, _) in enumerate(known.sentences[:-1]):
        end = known.sentences[n + 1][0] + 1
        yield replace(known, sentences=(*known.sentences[:n], (start, end), *known.sentences[n + 1 :]))


def _sentence_left_out(known: Any, text: str) -> Iterator[Any]:
    for n in range(len(known.sentences)):
        yield replace(known, sentences=(*known.sentences[:n], *known.sentences[n + 1 :]))


def _token_twice(known: Any, text: str) -> Iterator[Any]:
    for n, token in enumerate(known.tokens):
        yield replace(known, tokens=(*known.tokens[:n], token, *known.tokens[n:]))


def _token_over_sentences(known: Any, text: str) -> Iterator[Any]:
    starts = {start for start, _ in known.sentences}
    for n, (start, _) in enumerate(known.tokens[:-1]):
        if known.tokens[n + 1][0] in starts:
            yield replace(known, tokens=(*known.tokens[:n], (start, known.tokens[n + 1][1]), *known.tokens[n + 2 :]))


def _tokens_joined(known: Any, text: str) -> Iterator[Any]:
    starts = {start for start, _ in known.sentences}
    for n, (start, end) in enumerate(known.tokens[:-1]):
        after = known.tokens[n + 1]
        if text[end].isspace() and after[0] not in starts:
            yield replace(known, tokens=(*known.tokens[:n], (start, after[1]), *known.tokens[n + 2 :]))


def document_segments(state: State) -> Iterator[Seed]:
    for id in documents(state):
        changed = replace(state, corpus=replace(state.corpus, segments=without(state.corpus.segments, id)))
        file = f"corpus/segments/{id}.json"
        yield Seed("document-segments", file, frozenset({id}), changed, touches=frozenset({id}))


def segments_document(state: State) -> Iterator[Seed]:
    for id in documents(state):
        new = {**state.corpus.segments, OTHER: replace(state.corpus.segments[id], document=OTHER)}
        changed, file = replace(state, corpus=replace(state.corpus, segments=new)), f"corpus/segments/{OTHER}.json"
        yield Seed("segments-document", file, frozenset({OTHER}), changed, touches=frozenset({OTHER}))


KINDS: dict[str, Kind] = {
    "layer-known": per_annotation("layer-known", _unlayered),
    "label-known": per_annotation("label-known", _unlabelled),
    "attribute-known": per_annotation("attribute-known", _misnamed_attribute),
    "attribute-value": per_annotation("attribute-value", _misspelt_value),
    "attribute-required": per_annotation("attribute-required", _attribute_left_out),
    "role-known": per_annotation("role-known", _misnamed_role),
    "role-count, none": per_annotation("role-count", _role_left_out),
    "role-count, too many": per_annotation("role-count", _role_overfull, frozenset({"ref-resolves"})),
    "ref-resolves, misspelt": per_annotation("ref-resolves", _lost),
    "ref-resolves, removed": ref_resolves__removed,
    "ref-layer": per_annotation("ref-layer", _itself, MEANING),
    "ref-repeated": per_annotation("ref-repeated", _repeated),
    "fragment-count, none": per_annotation("fragment-count", _placeless),
    "fragment-count, too many": per_annotation("fragment-count", _torn, frozenset({"span-word"})),
    "id-form": id_form,
    "id-unique": id_unique,
    "note-allowed": per_annotation("note-allowed", _noted),
    "derived-id": per_annotation("derived-id", _ill_derived),
    "derivation-gold-only": derivation_gold_only,
    "derivation-missing": derivation_missing,
    "derivation-resolves": derivation_resolves,
    "gold-derived, attribute": gold_derived__attribute,
    "gold-derived, role": gold_derived__removed_target,
    "gold-derived, span": gold_derived__narrowed,
    "span-bounds": per_annotation("span-bounds", _out_of_text),
    "span-quotation, moved": per_annotation("span-quotation", _shifted),
    "span-quotation, words": per_annotation("span-quotation", _misquoted),
    "span-order": per_annotation("span-order", _backwards),
    "span-whitespace": with_spans("span-whitespace", _with_space),
    "span-word": with_spans("span-word", _in_a_word),
    "span-seam": with_spans("span-seam", _over_a_seam, MEANING | {"span-word"}),
    "set-document": set_document,
    "set-annotator": set_annotator,
    "set-text": set_text,
    "canonical-form": canonical_form,
    "duplicate-key": duplicate_key,
    "entity-type-known": registry("entity-type-known", _untyped),
    "entity-id": entity_id,
    "entity-schema": registry("entity-schema", _undated),
    "part-of-resolves": registry("part-of-resolves", _part_of_nothing),
    "part-of-acyclic": registry("part-of-acyclic", _part_of_itself),
    "kb-status": registry("kb-status", _status),
    "entity-unused": entity_unused,
    "wikidata-unique": registry("wikidata-unique", _same_wikidata),
    "raw-sha256": raw_sha256,
    "text-sha256": document("text-sha256", _renumbered),
    "dropped-kind": document("dropped-kind", _unkind, "span-seam"),
    "dropped-ranges, out of the file": document("dropped-ranges", _overlong),
    "dropped-ranges, one less": document("dropped-ranges", _one_less),
    "document-schema": document("document-schema", _tongueless),
    "document-segments": document_segments,
    "segments-document": segments_document,
    "sentence-ranges": segments("sentence-ranges", _overlapping_sentences),
    "sentence-cover": segments("sentence-cover", _sentence_left_out, "token-sentence", "covered"),
    "token-ranges": segments("token-ranges", _token_twice, "length"),
    "token-sentence": segments("token-sentence", _token_over_sentences, "token-whitespace", "length"),
    "token-whitespace": segments("token-whitespace", _tokens_joined, "length"),
}
"""What is done -> the kind; a name begins with the rule's."""
