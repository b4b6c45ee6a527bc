"""Faults to put into a sound corpus, as in `seeds`: against each kind of constraint, the corpus and its releases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace
from seeds import (
    MEANING,
    OTHER,
    REGISTRY,
    Kind,
    Seed,
    State,
    documents,
    each,
    entry,
    exchanged,
    file_of,
    marked_seed,
    put,
    sets,
    with_release,
    without,
)

from standoff.model import GOLD, Annotation, Span, Withdrawn, derived_id
from standoff.scheme import Constraint
from standoff.text import sha


def of(state: State, kind: str) -> Iterator[tuple[Constraint, str, Any, int, Annotation]]:
    """Every annotation of the layer of a constraint of some kind."""
    for constraint in state.corpus.scheme.constraints:
        if constraint.kind == kind:
            for who, marked, n, annotation, _ in each(state):
                if annotation.layer == constraint.layer:
                    yield constraint, who, marked, n, annotation


def seeded(state: State, kind: str, who: str, marked: Any, n: int, *new: Annotation, of: tuple[str, ...] = ()) -> Seed:
    """The seed of an annotation that others take the place of; one of those, or of others, is told."""
    ids = {*of, *(a.id for a in new)}
    follows = MEANING | {"span-seam", "span-word"}
    return marked_seed(state, kind.replace("_", "-"), who, exchanged(marked, n, *new), *ids, follows=follows)


def by_id(marked: Any) -> dict[str, Annotation]:
    return {annotation.id: annotation for annotation in marked.annotations}


def rederived(a: Annotation, first: str, second: str) -> Annotation:
    return replace(a, id=derived_id(a.label, a.refs[first][0], a.refs[second][0]))


def acyclic(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "acyclic"):
        yield seeded(state, "acyclic", who, marked, n, replace(a, refs={**a.refs, c.role: (a.id,)}))


def apart(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "apart"):
        for id in a.refs.get(c.role, ())[:1]:
            yield seeded(state, "apart", who, marked, n, replace(a, spans=by_id(marked)[id].spans[:1]))


def attribute_label(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "attribute_label"):
        layer = state.corpus.scheme.layer(c.layer)
        attribute = layer.attribute(c.attribute) if layer else None
        values = [value.name for value in attribute.values] if attribute else []
        wrong = None
        if a.label in c.labels and c.implies in ("value", "both"):
            wrong = next((value for value in values if value not in c.values), None)
        elif a.label not in c.labels and c.implies in ("label", "both"):
            wrong = c.values[0]
        if wrong is not None:
            changed = replace(a, attributes={**a.attributes, c.attribute: wrong})
            yield seeded(state, "attribute_label", who, marked, n, changed)


def balanced(state: State) -> Iterator[Seed]:
    """A mark that closes is a bracket in the text, and in all that quotes it."""
    for c, who, marked, _, a in of(state, "balanced"):
        text = state.corpus.documents[marked.document].text
        spans = [*a.spans, *(s for id in a.refs.get(c.role, ()) for s in by_id(marked)[id].spans)]
        first, last = min(s.start for s in spans), max(s.end for s in spans)
        for pair in c.marks:
            end = text.find("\n", last)
            at = text.find(pair[1], last, end if end >= 0 else len(text))
            if pair[0] != pair[1] and at >= 0 and pair[0] in text[first:at] and a.attributes[c.attribute] in c.values:
                ids = {b.id for b in marked.annotations if b.layer == a.layer}
                changed = retexted(state, marked.document, f"{text[:at]}){text[at + 1 :]}")
                rule, file, touched = "balanced", file_of(who, marked.document), frozenset({marked.document})
                yield Seed(rule, file, frozenset(ids), changed, MEANING | {"raw-sha256", "raw-kept"}, touched)


def retexted(state: State, id: str, text: str) -> State:
    """A document with another text of the same length, and what is marked in it."""
    page = replace(state.corpus.documents[id], text=text, text_sha256=sha(text))
    changed = replace(state, corpus=replace(state.corpus, documents={**state.corpus.documents, id: page}))
    for who, marked in sets(state):
        if marked.document == id:
            annotations = tuple(
                replace(a, spans=tuple(replace(s, quote=text[s.start : s.end]) for s in a.spans))
                for a in marked.annotations
            )
            changed = put(changed, who, replace(marked, annotations=annotations, text_sha256=sha(text)))
    return changed


def covered(state: State) -> Iterator[Seed]:
    """A sentence is cut where its last tokens hold nothing."""
    for c in state.corpus.scheme.constraints:
        for id, gold in state.corpus.gold.items() if c.kind == "covered" else ():
            if id not in documents(state):
                continue
            segments = state.corpus.segments[id]
            layers = (c.layer, *c.others)
            reach = max((s.end for a in gold.annotations if a.layer in layers for s in a.spans), default=0)
            start, end = segments.sentences[-1]
            cut = [at for at in segments.tokens if start < at[0] and reach <= at[0] and at[1] <= end]
            if cut:
                before = max(e for _, e in segments.tokens if e <= cut[0][0])
                cut_up = (*segments.sentences[:-1], (start, before), (cut[0][0], end))
                changed = {**state.corpus.segments, id: replace(segments, sentences=cut_up)}
                other = replace(state, corpus=replace(state.corpus, segments=changed))
                ids = frozenset({f"@{cut[0][0]}"})
                yield Seed("covered", file_of(GOLD, id), ids, other, MEANING | {"sentence-cover"}, frozenset({id}))


def everywhere(state: State) -> Iterator[Seed]:
    """Words that stand unmarked elsewhere get a value by which they would be marked there."""
    for c, who, marked, n, a in of(state, "everywhere"):
        text = state.corpus.documents[marked.document].text
        spans = [(s.start, s.end) for b in marked.annotations if b.layer == c.layer for s in b.spans]
        elsewhere = [m.span() for m in re.finditer(rf"\b{re.escape(a.spans[0].quote)}\b", text)]
        free = [(x, y) for x, y in elsewhere if not any(start <= x and y <= end for start, end in spans)]
        if free and len(a.spans) == 1 and a.attributes.get(c.attribute) not in c.values:
            changed = replace(a, attributes={**a.attributes, c.attribute: c.values[0]})
            yield seeded(state, "everywhere", who, marked, n, changed)


def quoted(state: State) -> Iterator[Seed]:
    """What is quoted is no longer what anybody says."""
    for c, who, marked, n, a in of(state, "quoted"):
        text = state.corpus.documents[marked.document].text
        said = [s for id in a.refs.get(c.role, ()) for s in by_id(marked)[id].spans]
        begins = {text.rfind(pair[0], 0, s.start) + 1 for s in said for pair in c.marks if pair[0] != pair[1]}
        first = min((s.start for s in said), default=0)
        whole = [at for at in begins - {0} if not any(pair[1] in text[at:first] for pair in c.marks)]
        if whole:
            changed = replace(a, refs={role: ids for role, ids in a.refs.items() if role != c.role})
            yield seeded(state, "quoted", who, marked, n, changed, of=tuple(f"@{at}" for at in begins))


def companion(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "companion"):
        alike = [b for b in marked.annotations if b.layer == c.layer and b.refs.get(c.role) == a.refs.get(c.role)]
        if a.refs.get(c.role) and len(alike) == 1:
            changed = replace(a, attributes={**a.attributes, c.attribute: c.values[0]})
            yield seeded(state, "companion", who, marked, n, changed)


def conflict(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "conflict"):
        for label in c.labels if a.label in c.labels else ():
            if label != a.label:
                kind = next(layer.kind for layer in state.corpus.scheme.layers if layer.name == a.layer)
                id = derived_id(label, *a.id.split(":")[1:]) if kind == "relation" else f"{a.id}z"
                yield seeded(state, "conflict", who, marked, n, a, replace(a, id=id, label=label))


def contains(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "contains"):
        inner = [b.spans[0] for b in marked.annotations if b.layer == c.inner and b.label in c.inner_labels]
        if a.label not in c.labels and not any(i.start < s.end and s.start < i.end for i in inner for s in a.spans):
            yield seeded(state, "contains", who, marked, n, replace(a, label=c.labels[0]))


def count(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "count"):
        has = len(a.spans) if c.of == "spans" else len(a.refs.get(c.of, ()))
        if a.label not in c.labels and (has < (c.min or 0) or (c.max is not None and has > c.max)):
            yield seeded(state, "count", who, marked, n, replace(a, label=c.labels[0]))


def entity_type(state: State) -> Iterator[Seed]:
    types = state.corpus.scheme.entity_types
    for c, who, marked, n, a in of(state, "entity_type"):
        for label in types if a.refs.get(c.role) else ():
            if label != a.label:
                yield seeded(state, "entity_type", who, marked, n, replace(a, label=label))


def length(state: State) -> Iterator[Seed]:
    """An annotation of the whole text."""
    for c, who, marked, n, a in of(state, "length"):
        text, tokens = state.corpus.documents[marked.document].text, state.corpus.segments[marked.document].tokens
        if len(tokens) > (c.max or 0) and (not c.labels or a.label in c.labels):
            start, end = tokens[0][0], tokens[-1][1]
            yield seeded(state, "length", who, marked, n, replace(a, spans=(Span(start, end, text[start:end]),)))


def nesting(state: State) -> Iterator[Seed]:
    """A second annotation that begins at the last word of one and goes a word further."""
    for c, who, marked, n, a in of(state, "nesting"):
        text, tokens = state.corpus.documents[marked.document].text, state.corpus.segments[marked.document].tokens
        last = [t for t in tokens if a.spans[0].start < t[0] < a.spans[0].end][-1:]
        after = [t for t in tokens if t[0] >= a.spans[0].end][:1]
        if "cross" in c.forbid and not c.same and last and after:
            start, end = last[0][0], after[0][1]
            new = replace(a, id=f"{a.id}z", spans=(Span(start, end, text[start:end]),))
            yield seeded(state, "nesting", who, marked, n, a, new)


def role_or_inverse(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "role_or_inverse"):
        if a.refs.get(c.role) and not any(a.id in b.refs.get(c.inverse, ()) for b in marked.annotations):
            yield seeded(state, "role_or_inverse", who, marked, n, replace(a, refs=without(a.refs, c.role)))


def roles_differ(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "roles_differ"):
        first, second = c.roles
        layer = state.corpus.scheme.layer(c.layer)
        roles = [layer.role(name) for name in c.roles] if layer else []
        if a.refs.get(first) and roles[0] and roles[1] and set(roles[0].layers) <= set(roles[1].layers):
            changed = replace(a, refs={**a.refs, second: a.refs[first]})
            yield seeded(state, "roles_differ", who, marked, n, changed if a.spans else rederived(changed, *c.roles))


def symmetric(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "symmetric"):
        first, second = c.roles
        if a.label in c.labels and a.refs[first] != a.refs[second]:
            swapped = replace(a, refs={**a.refs, first: a.refs[second], second: a.refs[first]})
            yield seeded(state, "symmetric", who, marked, n, rederived(swapped, first, second))


def target_once(state: State) -> Iterator[Seed]:
    for c, who, marked, n, a in of(state, "target_once"):
        for b in marked.annotations:
            if b.layer == a.layer and b.id != a.id and b.refs.get(c.role):
                refs = {**a.refs, c.role: (*a.refs.get(c.role, ()), b.refs[c.role][0])}
                yield seeded(state, "target_once", who, marked, n, replace(a, refs=refs), of=(b.id,))


def unique(state: State) -> Iterator[Seed]:
    for _, who, marked, n, a in of(state, "unique"):
        if a.spans:
            yield seeded(state, "unique", who, marked, n, a, replace(a, id=f"{a.id}z"))


def form_label(state: State) -> Iterator[Seed]:
    """Of four annotations of one form, with one label and one entity, one has another label."""
    places: dict[Any, list[Any]] = {}
    for who, marked, n, a, layer in each(state):
        if len(a.spans) == 1:
            entity = tuple(a.refs.get(role.name) for role in layer.roles if role.registry)
            places.setdefault((who, layer, a.spans[0].quote), []).append((marked, n, a, entity))
    for (who, layer, _), found in places.items():
        if len(found) > 3 and len({(a.label, entity) for _, _, a, entity in found}) == 1:
            for marked, n, a, _ in found:
                other = next(name for name in layer.label_names if name != a.label)
                yield seeded(state, "form_label", who, marked, n, replace(a, label=other))


def listing(rule: str, file: str, id: str, state: State, *follows: str, **changes: Any) -> Seed:
    """The seed of a changed field of the corpus."""
    changed = replace(state, corpus=replace(state.corpus, **changes))
    return Seed(rule, file, frozenset({id}), changed, frozenset(follows))


def document_split(state: State) -> Iterator[Seed]:
    splits = state.corpus.splits
    for id in splits.splits:
        new = replace(splits, splits=without(splits.splits, id))
        yield listing("document-split", "corpus/splits.json", id, state, splits=new)


def split_document(state: State) -> Iterator[Seed]:
    splits = state.corpus.splits
    for split in ("train", "test"):
        new = replace(splits, splits={**splits.splits, OTHER: split})
        yield listing("split-document", "corpus/splits.json", OTHER, state, splits=new)
    new = replace(splits, events={**splits.events, "fire": (OTHER,)})
    yield listing("split-document", "corpus/splits.json", OTHER, state, splits=new)


def event_split(state: State) -> Iterator[Seed]:
    splits = state.corpus.splits
    for a in splits.splits:
        for b in splits.splits:
            if splits.splits[a] != splits.splits[b]:
                new = replace(splits, events={"fire": (a, b)})
                yield listing("event-split", "corpus/splits.json", "fire", state, splits=new)


def twin(state: State, id: str, split: Any) -> State:
    """A corpus in which a document stands a second time, under another id."""
    corpus = state.corpus
    return replace(
        state,
        raw={**state.raw, OTHER: state.raw[id]},
        corpus=replace(
            corpus,
            documents={**corpus.documents, OTHER: replace(corpus.documents[id], id=OTHER)},
            segments={**corpus.segments, OTHER: replace(corpus.segments[id], document=OTHER)},
            rights={**corpus.rights, OTHER: corpus.rights[id]},
            splits=replace(corpus.splits, splits={**corpus.splits.splits, OTHER: split}),
        ),
    )


def placed(state: State) -> Iterator[tuple[str, str]]:
    """The sound documents that are in a split, with it."""
    splits = state.corpus.splits.splits
    yield from ((id, splits[id]) for id in documents(state) if id in splits)


def near_duplicate(state: State) -> Iterator[Seed]:
    for id, split in placed(state):
        for other in ("train", "validation", "test"):
            if other != split:
                follows = frozenset({"old-test-kept"}) if split == "test" else frozenset[str]()
                changed = twin(state, id, other)
                both = frozenset({id, OTHER})
                yield Seed("near-duplicate", "corpus/splits.json", both, changed, follows, both)


def document_rights(state: State) -> Iterator[Seed]:
    for id in state.corpus.rights:
        new = without(state.corpus.rights, id)
        yield listing("document-rights", "corpus/rights.json", id, state, rights=new)


def rights_document(state: State) -> Iterator[Seed]:
    for right in state.corpus.rights.values():
        new = {**state.corpus.rights, OTHER: right}
        yield listing("rights-document", "corpus/rights.json", OTHER, state, rights=new)


def codebook_section(state: State) -> Iterator[Seed]:
    scheme = state.corpus.scheme
    for heading in scheme.headings():
        for sections in (without(scheme.sections, heading), {**scheme.sections, heading: " \n"}):
            new = replace(scheme, sections=sections)
            yield listing("codebook-section", "schema/CODEBOOK.md", "", state, scheme=new)


def codebook_stray(state: State) -> Iterator[Seed]:
    scheme = state.corpus.scheme
    for heading in scheme.headings():
        new = replace(scheme, sections={**scheme.sections, f"{heading}x": "A rule."})
        yield listing("codebook-stray", "schema/CODEBOOK.md", "", state, scheme=new)


def codebook_heading(state: State) -> Iterator[Seed]:
    scheme = state.corpus.scheme
    for heading in scheme.headings():
        book = f"{scheme.files['CODEBOOK.md']}\n### {heading}\n\nAgain.\n"
        new = replace(scheme, files={**scheme.files, "CODEBOOK.md": book})
        yield listing("codebook-heading", "schema/CODEBOOK.md", "", state, scheme=new)


def release_listed(state: State) -> Iterator[Seed]:
    ((version, old),) = state.previous.items()
    right = entry(version, old)
    for listed in ((), (right, right), (replace(right, content_sha256="0" * 64),)):
        yield Seed("release-listed", "corpus/releases.json", frozenset({version}), replace(state, listed=listed))


def raw_kept(state: State) -> Iterator[Seed]:
    for id in documents(state):
        (old,) = state.previous.values()
        page = state.corpus.documents[id]
        was = replace(old, documents={**old.documents, id: replace(page, raw_sha256="0" * 64)})
        yield Seed("raw-kept", f"corpus/documents/{id}.json", frozenset({id}), with_release(state, was))


def withdrawn_again(state: State) -> Iterator[Seed]:
    for id in documents(state):
        page = state.corpus.documents[id]
        for gone, sha256 in ((id, "0" * 64), (OTHER, page.raw_sha256)):
            stone = Withdrawn(gone, "2024-03-06", "asked for", sha256)
            corpus = replace(state.corpus, withdrawn={gone: stone})
            file = f"corpus/documents/{id}.json"
            yield Seed("withdrawn-again", file, frozenset({id}), replace(state, corpus=corpus))


def split_kept(state: State) -> Iterator[Seed]:
    for id, split in placed(state):
        (old,) = state.previous.values()
        other: Any = "validation" if split != "validation" else "train"
        was = replace(old, splits=replace(old.splits, splits={**old.splits.splits, id: other}))
        yield Seed("split-kept", "corpus/splits.json", frozenset({id}), with_release(state, was))


def old_test_kept(state: State) -> Iterator[Seed]:
    """What the release had in test, under another id, is in train by now."""
    for id, split in placed(state):
        if split != "test":
            (old,) = state.previous.values()
            was = twin(replace(state, corpus=old), id, "test").corpus
            yield Seed("old-test-kept", "corpus/splits.json", frozenset({id}), with_release(state, was))


def id_reused(state: State) -> Iterator[Seed]:
    """What an id stood for in the release was of another layer."""
    (old,) = state.previous.values()
    layers = state.corpus.scheme.layer_names
    for who, marked, n, a, _ in each(state):
        other = exchanged(marked, n, replace(a, layer=next(name for name in layers if name != a.layer)))
        was = put(replace(state, corpus=old), who, other).corpus
        yield Seed("id-reused", file_of(who, marked.document), frozenset({a.id}), with_release(state, was))


def id_reused__entity(state: State) -> Iterator[Seed]:
    (old,) = state.previous.values()
    types = state.corpus.scheme.entity_types
    for id, entity in old.entities.items():
        another = replace(entity, name="Somebody else", type=next(type for type in types if type != entity.type))
        was = replace(old, entities={**old.entities, id: another})
        yield Seed("id-reused", REGISTRY, frozenset({id}), with_release(state, was))


KINDS: dict[str, Kind] = {
    "acyclic": acyclic,
    "apart": apart,
    "attribute-label": attribute_label,
    "balanced": balanced,
    "companion": companion,
    "conflict": conflict,
    "contains": contains,
    "count": count,
    "covered": covered,
    "entity-type": entity_type,
    "everywhere": everywhere,
    "length": length,
    "nesting": nesting,
    "quoted": quoted,
    "role-or-inverse": role_or_inverse,
    "roles-differ": roles_differ,
    "symmetric": symmetric,
    "target-once": target_once,
    "unique": unique,
    "form-label": form_label,
    "document-split": document_split,
    "split-document": split_document,
    "event-split": event_split,
    "near-duplicate": near_duplicate,
    "document-rights": document_rights,
    "rights-document": rights_document,
    "codebook-section": codebook_section,
    "codebook-stray": codebook_stray,
    "codebook-heading": codebook_heading,
    "release-listed": release_listed,
    "raw-kept": raw_kept,
    "withdrawn-again": withdrawn_again,
    "split-kept": split_kept,
    "old-test-kept": old_test_kept,
    "id-reused, annotation": id_reused,
    "id-reused, entity": id_reused__entity,
}
"""What is done -> the kind; a name begins with the rule's."""
