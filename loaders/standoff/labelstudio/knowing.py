"""Suggestions from what is known: names of the registry, and words that were annotated in other documents.

Words are compared as they are written, upper and lower case included. Where known words overlap, the one that begins
first counts, of these the longest; none parts a word of the text, nor crosses a seam.

What words are taken for is a reading: a layer, a label, and the entity they name. The registry says that its names and
aliases mean the entity, with the label that is called as the entity's type. An annotation says that its words mean its
label; it says which entity only where the registry has the words as one of that entity's names, since "she" and "the
firm" are somebody else in the next document.

A suggestion's score is the share of places with these words that are annotated so, in all documents that were looked
at but the one that suggestions are made for; the registry counts as one place more. The reading that is ahead is
suggested, if it has at least half; a tie suggests nothing. Attributes are those that most annotations of the reading
have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import UsageError
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Document, Span
from standoff.scheme import Layer
from standoff.text import Alignment, inside_word, sha

__all__ = ["LEAST", "Knowledge", "Reading", "Tally", "digest", "known", "suggestions"]

LEAST = 0.5
"""Below this score nothing is suggested."""

Attributes = tuple[tuple[str, str], ...]


class Reading(Struct, frozen=True, order=True):
    """What words are taken for."""

    layer: str
    label: str
    role: str = ""
    entity: str = ""


class Tally(Struct, frozen=True):
    """What was counted in some documents."""

    annotated: Counter[tuple[str, Reading, Attributes]]
    """What words were annotated as, at the places where they would be suggested."""
    places: Counter[str]
    """Words -> the number of those places."""


class Knowledge(Struct, frozen=True):
    """What is known of words, and from where."""

    named: dict[str, Counter[Reading]]
    """Words -> what the registry says of them."""
    said: dict[str, dict[Reading, set[Attributes]]]
    """Words -> all that they were annotated as."""
    total: Tally
    own: dict[str, Tally]
    """Document -> its part in the total."""


def known(corpus: Corpus, *, sources: Sequence[str] = (GOLD,)) -> Knowledge:
    """What the registry and the sets of some annotators tell about words.

    Args:
        sources: whose sets.
    """
    sets = [marked for source in sources for marked in _sets(corpus, source)]
    layers = {layer.name: layer for layer in corpus.scheme.layers if layer.kind == "span"}
    named: dict[str, Counter[Reading]] = {}
    for name, reading in _of_registry(corpus, layers.values()):
        named.setdefault(name, Counter())[reading] += 1
    find = _finder({*named, *(a.spans[0].quote for marked in sets for a in _contiguous(marked, layers))})
    said: dict[str, dict[Reading, set[Attributes]]] = {}
    total, own = Tally(Counter(), Counter()), {marked.document: Tally(Counter(), Counter()) for marked in sets}
    for marked in sets:
        document, mine = corpus.documents[marked.document], own[marked.document]
        places = {(at, at + len(word)): word for at, word in _longest(find(document.text), document, corpus)}
        for annotation in _contiguous(marked, layers):
            word = places.get((annotation.spans[0].start, annotation.spans[0].end))
            if word is not None:
                reading = _reading(annotation, layers[annotation.layer], named.get(word, ()))
                attributes = tuple(sorted(annotation.attributes.items()))
                mine.annotated[word, reading, attributes] += 1
                said.setdefault(word, {}).setdefault(reading, set()).add(attributes)
        mine.places.update(places.values())
    for mine in own.values():
        total.annotated.update(mine.annotated)
        total.places.update(mine.places)
    return Knowledge(named, said, total, own)


def digest(knowledge: Knowledge) -> str:
    """What identifies all that suggestions follow from."""
    named = sorted([word, canonical(r), n] for word, counts in knowledge.named.items() for r, n in counts.items())
    annotated = sorted([word, canonical(r), said, n] for (word, r, said), n in knowledge.total.annotated.items())
    return sha(canonical([named, annotated, sorted(knowledge.total.places.items())]))[:12]


def suggestions(knowledge: Knowledge) -> Callable[[Document, Corpus], Iterator[tuple[Annotation, float]]]:
    """A suggester of what is known: annotations of a document, each with its score."""
    find = _finder({*knowledge.named, *knowledge.said})

    def suggest(document: Document, corpus: Corpus) -> Iterator[tuple[Annotation, float]]:
        mine = knowledge.own.get(document.id, Tally(Counter(), Counter()))
        found = find(document.text)
        best = {word: _best(word, knowledge, mine) for word in {word for _, word in found}}
        for at, word in _longest([one for one in found if best[one[1]]], document, corpus):
            chosen = best[word]
            if chosen is not None:
                yield _suggestion(at, word, *chosen)

    return suggest


def _suggestion(at: int, word: str, reading: Reading, said: Attributes, score: float) -> tuple[Annotation, float]:
    refs: dict[str, tuple[str, ...]] = {reading.role: (reading.entity,)} if reading.entity else {}
    # The same words at the same place get the same id, so that an annotator's changes can be followed.
    id = f"s{sha(canonical([reading.layer, at, word]))[:9]}"
    span = Span(at, at + len(word), word)
    return Annotation(id, reading.layer, reading.label, (span,), refs, dict(said)), score


def _best(word: str, knowledge: Knowledge, mine: Tally) -> tuple[Reading, Attributes, float] | None:
    """The reading that is ahead, its attributes and its score, from all documents but one."""
    counts: Counter[Reading] = Counter(knowledge.named.get(word, {}))
    said: dict[Reading, list[tuple[int, Attributes]]] = {}
    places = counts.total() + knowledge.total.places[word] - mine.places[word]
    for reading, every in knowledge.said.get(word, {}).items():
        for attributes in every:
            key = (word, reading, attributes)
            n = knowledge.total.annotated[key] - mine.annotated[key]
            if n:
                counts[reading] += n
                said.setdefault(reading, []).append((-n, attributes))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    reading, n = ranked[0]
    _, attributes = min(said.get(reading, [(0, ())]))
    return (reading, attributes, n / places) if n / places >= LEAST else None


def _sets(corpus: Corpus, source: str) -> list[AnnotationSet]:
    if source == GOLD:
        return [marked for _, marked in sorted(corpus.gold.items())]
    return [marked for (annotator, _), marked in sorted(corpus.sets.items()) if annotator == source]


def _contiguous(marked: AnnotationSet, layers: Mapping[str, Layer]) -> Iterator[Annotation]:
    """The annotations whose words can be found again: those in one piece."""
    return (a for a in marked.annotations if a.layer in layers and len(a.spans) == 1)


def _of_registry(corpus: Corpus, layers: Iterable[Layer]) -> Iterator[tuple[str, Reading]]:
    layers = list(layers)
    for entity in corpus.entities.values():
        for layer in layers:
            for role in layer.roles:
                if role.registry and entity.type in layer.label_names:
                    reading = Reading(layer.name, entity.type, role.name, entity.id)
                    yield from ((words, reading) for words in sorted({entity.name, *entity.aliases}) if words)


def _reading(annotation: Annotation, layer: Layer, named: Iterable[Reading]) -> Reading:
    """What an annotation says of its words that holds in other documents too."""
    names = {(reading.layer, reading.role, reading.entity) for reading in named}
    for role in layer.roles:
        for entity in annotation.refs.get(role.name, ()):
            if role.registry and (layer.name, role.name, entity) in names:
                return Reading(layer.name, annotation.label, role.name, entity)
    return Reading(layer.name, annotation.label)


def _finder(words: Collection[str]) -> Callable[[str], list[tuple[int, str]]]:
    """Where any of many words stand in a text, also inside one another."""
    try:
        from ahocorasick_rs import AhoCorasick
    except ImportError as error:
        raise UsageError(
            f"{error.name} is not installed; expected it: pip install 'standoff[labelstudio]'", place="known-names"
        ) from error

    every = sorted(words)
    automaton = AhoCorasick(every)

    def find(text: str) -> list[tuple[int, str]]:
        return [(start, every[n]) for n, start, _ in automaton.find_matches_as_indexes(text, overlapping=True)]

    return find


def _longest(found: Iterable[tuple[int, str]], document: Document, corpus: Corpus) -> Iterator[tuple[int, str]]:
    """Those places, none overlapping another, that are whole words in one piece of the raw text."""
    alignment = Alignment(document.dropped, document.raw_length, inline=corpus.scheme.inline_kinds)
    free = 0
    for at, word in sorted(found, key=lambda one: (one[0], -len(one[1]))):
        end = at + len(word)
        if at < free or inside_word(document.text, at) or inside_word(document.text, end):
            continue
        if not alignment.crosses_seam(at, end):
            free = end
            yield at, word
