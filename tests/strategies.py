"""Random values of a scheme, for Hypothesis: texts, documents, entities, annotation sets, whole corpora.

All that is drawn has the shape its scheme asks for, and every reference resolves; constraints between annotations
are not kept. Names come from the scheme alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from standoff.canon import normal
from standoff.model import (
    Annotation,
    AnnotationSet,
    Annotator,
    Corpus,
    Document,
    Dropped,
    Entity,
    Fact,
    LookedUp,
    Right,
    Segments,
    Source,
    Span,
    Splits,
    derived_id,
)
from standoff.scheme import Layer, Role, Scheme
from standoff.text import Alignment, drop, sha

Draw = Callable[[st.SearchStrategy[Any]], Any]

PIECES = (
    "stone",
    "Ab",
    "x",
    "7",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "\t",
    "\u00a0",
    ". ",
    ", ",
    "’s ",
    "“",
    "”",
    "e\u0301",
    "a\u0308\u0323",
    "é",
    "ﬁ",
    "ß",
    "İ",
    "𝒬",
    "👩🏽\u200d🚀",
    "🇫🇷",
    "क्षि",
    "سوق ",
    "شَمس",
    "שלום",
    "\u200f",
    "\u202e",
    "\u2028",
    "\ufeff",
    "<b>&amp;</b>",
    '"',
    "\\",
    "漢字",
    "\0",
)
"""Of what texts are made: whatever a counter of characters, a line reader or an escape could stumble over."""

ID = st.text("abcXYZ019_-", min_size=1, max_size=6)
NOTES = st.lists(st.sampled_from([p for p in PIECES if p.isprintable() and p.strip()]), min_size=1, max_size=3).map(
    lambda pieces: " ".join("".join(pieces).split())
)


def texts(*, max_pieces: int = 30) -> st.SearchStrategy[str]:
    """Texts of at least one character that is no white space: astral characters, CRLF, combining marks, bidi."""
    odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
    pieces = st.lists(st.sampled_from(PIECES) | odd, min_size=1, max_size=max_pieces)
    return pieces.map("".join).filter(lambda text: bool(text.strip()))


@st.composite
def dropped_ranges(draw: Draw, length: int, kinds: Sequence[str]) -> tuple[Dropped, ...]:
    """Ranges of a raw text of some length that may be dropped: in order, apart or touching, never empty."""
    cuts = sorted(draw(st.lists(st.integers(0, length), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return tuple(Dropped(start, end, draw(st.sampled_from(kinds))) for start, end in pairs if start < end)


@st.composite
def raw_documents(draw: Draw, scheme: Scheme, id: str = "doc") -> tuple[Document, bytes]:
    """A document of a scheme, and the bytes of its raw file."""
    raw = draw(texts())
    dropped = draw(dropped_ranges(len(raw), scheme.dropped_kinds)) if scheme.dropped_kinds else ()
    text = drop(raw, dropped)
    if not text.strip():
        dropped, text = (), raw
    fact = Fact("inferred", draw(NOTES), "drawn")
    document = Document(
        id=id,
        title=draw(NOTES),
        language=draw(st.sampled_from(["en", "ar", "zh-Hant"])),
        media_type=draw(st.sampled_from(["text/plain", "text/html"])),
        published=Fact("stated", "2024-01-31"),
        source=Source(fact, Fact("unknown"), fact),
        rights="nobody",
        raw_sha256=sha(raw),
        raw_length=len(raw),
        text_sha256=sha(text),
        dropped=dropped,
        text=text,
    )
    return document, raw.encode()


def documents(scheme: Scheme, id: str = "doc") -> st.SearchStrategy[Document]:
    """Documents of a scheme: any text, with ranges of the scheme's kinds dropped from its raw file."""
    return raw_documents(scheme, id).map(lambda drawn: drawn[0])


@st.composite
def entities(draw: Draw, scheme: Scheme, *, max_size: int = 4) -> tuple[Entity, ...]:
    """A registry: linked, nil and unchecked entities of the scheme's types, parts of those before them."""
    found: list[Entity] = []
    for n, id in enumerate(draw(st.lists(ID, unique=True, max_size=max_size)) if scheme.entity_types else ()):
        status = draw(st.sampled_from(["linked", "nil", "unchecked"]))
        found.append(
            Entity(
                id=id,
                type=draw(st.sampled_from(scheme.entity_types)),
                name=draw(NOTES),
                kb_status=status,
                aliases=tuple(draw(st.lists(NOTES, unique=True, max_size=2))),
                wikidata=f"Q{n + 1}" if status == "linked" else None,
                looked_up=None if status == "unchecked" else LookedUp("2024-01-31", "Wikidata"),
                part_of=tuple(draw(st.lists(st.sampled_from([e.id for e in found]), unique=True))) if found else (),
            )
        )
    return tuple(sorted(found, key=lambda entity: entity.id))


@st.composite
def spans(draw: Draw, document: Document, seams: Sequence[int], most: int | None) -> tuple[Span, ...]:
    """Fragments in order and apart; none begins or ends in white space or crosses a seam; none where none fits."""
    found: list[Span] = []
    at = 0
    for _ in range(draw(st.integers(1, 3 if most is None else min(most, 3)))):
        start, end = sorted(draw(st.tuples(*[st.integers(at, len(document.text))] * 2)))
        end = min(end, *(seam for seam in seams if seam > start), len(document.text))
        piece = document.text[start:end]
        start += len(piece) - len(piece.lstrip())
        quote = piece.strip()
        if quote:
            at = start + len(quote)
            found.append(Span(start, at, quote))
    return tuple(found)


@st.composite
def annotation_sets(
    draw: Draw,
    scheme: Scheme,
    document: Document,
    entities: Iterable[Entity] = (),
    *,
    annotator: str = "a1",
    max_size: int = 6,
) -> AnnotationSet:
    """What an annotator might have marked in a document: every layer, in normal form.

    Args:
        entities: the registry; the annotator may add entities of its own.
        max_size: most annotations of a layer.
    """
    registry = list(entities)
    own = [e for e in draw(_own_entities(scheme)) if e.id not in {known.id for known in registry}]
    known = [entity.id for entity in (*registry, *own)]
    alignment = Alignment(document.dropped, document.raw_length, inline=scheme.inline_kinds)
    marked: dict[str, Annotation] = {}
    for layer in (layer for layer in scheme.layers if layer.kind == "span"):
        for id in draw(st.lists(ID, unique=True, max_size=max_size)):
            pieces = draw(spans(document, alignment.seams, layer.max_fragments))
            if pieces and id not in marked:
                label = draw(st.sampled_from(layer.label_names))
                note = draw(st.just("") | NOTES)
                marked[id] = Annotation(id, layer.name, label, pieces, {}, draw(_attributes(layer)), note)
    linked = _link(draw, scheme, marked, known)
    for layer in (layer for layer in scheme.layers if layer.kind == "document"):
        for label in draw(st.lists(st.sampled_from(layer.label_names), unique=True)):
            linked[derived_id(layer.name, label)] = Annotation(derived_id(layer.name, label), layer.name, label)
    return normal(
        AnnotationSet(document.id, document.text_sha256, annotator, tuple(linked.values()), tuple(own)),
        scheme,
    )


def _own_entities(scheme: Scheme) -> st.SearchStrategy[tuple[Entity, ...]]:
    return st.just(()) | entities(scheme, max_size=1)


@st.composite
def _attributes(draw: Draw, layer: Layer) -> dict[str, str]:
    return {
        attribute.name: draw(st.sampled_from([value.name for value in attribute.values]))
        for attribute in layer.attributes
        if attribute.required or draw(st.booleans())
    }


def _link(draw: Draw, scheme: Scheme, marked: dict[str, Annotation], known: list[str]) -> dict[str, Annotation]:
    """The same annotations with their roles filled, and relations between them; what lacks a required target goes."""
    layers = {layer.name: layer for layer in scheme.layers}
    linked = dict(marked)

    def targets(role: Role, me: str = "") -> list[str]:
        return (
            known if role.registry else sorted(a.id for a in linked.values() if a.layer in role.layers and a.id != me)
        )

    def filled(layer: Layer, me: str) -> dict[str, tuple[str, ...]]:
        refs = {}
        for role in layer.roles:
            among = targets(role, me)
            most = min(len(among), 2 if role.max is None else role.max)
            some = st.lists(st.sampled_from(among), unique=True, min_size=role.min, max_size=most)
            refs[role.name] = tuple(draw(some)) if among else ()
        return {role: ids for role, ids in refs.items() if ids}

    def short(annotation: Annotation) -> bool:
        return any(len(targets(role, annotation.id)) < role.min for role in layers[annotation.layer].roles)

    # A target that goes for want of its own target takes those with it that need it.
    while gone := [annotation.id for annotation in linked.values() if short(annotation)]:
        for id in gone:
            del linked[id]
    linked = {id: structs.replace(a, refs=filled(layers[a.layer], id)) for id, a in linked.items()}
    symmetric = {(c.layer, label) for c in scheme.constraints if c.kind == "symmetric" for label in c.labels}
    for layer in (layer for layer in scheme.layers if layer.kind == "relation"):
        first, second = layer.roles
        for _ in range(draw(st.integers(0, 3)) if targets(first) and targets(second) else 0):
            ends = [draw(st.sampled_from(targets(role))) for role in layer.roles]
            label = draw(st.sampled_from(layer.label_names))
            if ends[0] != ends[1]:
                ends = sorted(ends) if (layer.name, label) in symmetric else ends
                id = derived_id(label, *ends)
                linked[id] = Annotation(id, layer.name, label, refs={first.name: (ends[0],), second.name: (ends[1],)})
    return linked


@st.composite
def corpora(draw: Draw, scheme: Scheme) -> tuple[Corpus, dict[str, bytes]]:
    """A corpus of up to two documents and two annotators, and the bytes of its raw files."""
    ids = draw(st.lists(ID, unique=True, max_size=2))
    drawn = {id: draw(raw_documents(scheme, id)) for id in sorted(ids)}
    registry = draw(entities(scheme))
    sets = {
        (who, id): draw(annotation_sets(scheme, document, registry, annotator=who, max_size=3))
        for who in ("a1", "a2")
        for id, (document, _) in drawn.items()
        if draw(st.booleans())
    }
    gold = {
        id: draw(annotation_sets(scheme, document, registry, annotator="gold", max_size=2))
        for id, (document, _) in drawn.items()
        if draw(st.booleans())
    }
    corpus = Corpus(
        scheme=scheme,
        documents={id: document for id, (document, _) in drawn.items()},
        segments={id: _segments(document) for id, (document, _) in drawn.items()},
        entities={entity.id: entity for entity in registry},
        annotators={who: Annotator(who, "human", draw(NOTES)) for who in ("a1", "a2")},
        sets=sets,
        gold=gold,
        splits=Splits({id: draw(st.sampled_from(["train", "validation", "test"])) for id in drawn}),
        rights={id: Right(draw(st.booleans()), "owner", "2024-01-31", "drawn", "nobody", "nobody") for id in drawn},
        releases=(),
        version="",
    )
    return corpus, {id: raw for id, (_, raw) in drawn.items()}


def _segments(document: Document) -> Segments:
    """One sentence without the white space around it, and every character that is none a token."""
    text = document.text
    start = len(text) - len(text.lstrip())
    tokens = tuple((at, at + 1) for at, character in enumerate(text) if not character.isspace())
    return Segments(document.id, "characters", ((start, len(text.rstrip())),), tokens)
