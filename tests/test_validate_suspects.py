"""The law of the first look: it never spares a rule that finds something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import seeds
import seeds_meaning
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from seeds import State
from strategies import corpora

from standoff import files
from standoff.model import Annotation, AnnotationSet, Corpus, Dropped, Fact, Segments, Span
from standoff.scheme import Constraint
from standoff.text import inside_word, sha, spans_of
from standoff.validate import RULES, corpus_findings, document_findings, validate
from standoff.validate.sketch import Sketch
from standoff.validate.suspects import Suspects
from standoff.validate.suspects_between import LOOKS
from standoff.validate.texts import Texts, numbers
from standoff.validate.verdicts import BY_KIND
from standoff.validate.work import Context, Fault, Page, Work

ROOT = Path(__file__).parents[1]
CORPORA = {"tiny": ROOT / "tests" / "tiny", "statecloud": ROOT}
KINDS = {**seeds.KINDS, **seeds_meaning.KINDS}


@pytest.fixture(scope="module", params=["one by one", "all at once"], autouse=True)
def few(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each law holds of a look at one document after the other, as of a glance at many at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("standoff.validate._FEW", 0 if request.param == "all at once" else 1 << 30)
        yield


@cache
def sound(name: str) -> State:
    corpus = files.read(CORPORA[name])
    return seeds.released(corpus, files.raw_bytes(CORPORA[name], corpus))


@pytest.mark.parametrize("name", CORPORA)
@given(st.data())
def test_nothing_is_missed_where_faults_are_seeded(name: str, data: st.DataObject) -> None:
    state = sound(name)
    for kind in data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True)):
        if found := list(KINDS[kind](state)):
            seed = data.draw(st.sampled_from(found))
            state = replace(seed.state, broken=state.broken | seed.touches)

    looked = document_findings(state.corpus, raw=state.raw)

    assert looked == document_findings(state.corpus, raw=state.raw, thorough=True)


STRANGE = st.sampled_from(["", "zz", "Zz z", "n1", "é", "a:b", "a\nb", "gold", "link:n1:n2"])


@st.composite
def odd(draw: Any, corpus: Corpus, found: Annotation, others: list[Annotation]) -> Annotation:
    """An annotation in which something is changed, most often for the worse."""
    other = draw(st.sampled_from(others))
    match draw(st.sampled_from(["own", "other", "attribute", "target", "spans", "shift", "origin"])):
        case "own":
            return replace(found, **{draw(st.sampled_from(["id", "layer", "label", "note"])): draw(STRANGE)})
        case "other":
            fields = ["id", "layer", "label", "spans", "refs", "attributes", "derived_from"]
            return replace(found, **{name: getattr(other, name) for name in draw(st.sets(st.sampled_from(fields)))})
        case "attribute":
            name = draw(st.sampled_from(sorted({*found.attributes, *other.attributes, "zz"})))
            word = draw(st.sampled_from([*other.attributes.values(), "zz"]))
            return replace(found, attributes={**found.attributes, name: word})
        case "target":
            role = draw(st.sampled_from(sorted({*found.refs, *other.refs, "zz"})))
            among = [a.id for a in others] + sorted(corpus.entities) + ["zz"]
            ids = draw(st.lists(st.sampled_from(among), max_size=3))
            return replace(found, refs={**found.refs, role: tuple(ids)})
        case "spans":
            return replace(found, spans=draw(st.permutations([*found.spans, *other.spans]).map(tuple)))
        case "origin":
            return replace(found, derived_from=(f"a1/en_fair#{other.id}", draw(STRANGE))[: draw(st.integers(0, 2))])
    text = next(iter(corpus.documents.values())).text
    start, end = draw(st.integers(-1, len(text) + 1)), draw(st.integers(-1, len(text) + 1))
    quote = draw(st.sampled_from([text[max(start, 0) : max(end, 0)], "zz", ""]))
    return replace(found, spans=(*found.spans[1:], Span(start, end, quote)))


@given(st.data())
def test_nothing_is_missed_where_annotations_are_odd(tiny: Corpus, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(key for key, marked in tiny.sets.items() if marked.annotations)))
    marked = tiny.sets[key]
    annotations = list(marked.annotations)
    for _ in range(data.draw(st.integers(1, 3))):
        n = data.draw(st.integers(0, len(annotations) - 1))
        annotations[n] = data.draw(odd(tiny, annotations[n], list(marked.annotations)))
    if data.draw(st.booleans()):
        annotations.append(data.draw(st.sampled_from(annotations)))
    changed = replace(marked, annotations=tuple(annotations))
    if data.draw(st.booleans()):
        changed = replace(changed, text_sha256="0" * 64)
    gold = {key[1]: changed} if data.draw(st.booleans()) else tiny.gold
    corpus = replace(tiny, sets={**tiny.sets, key: changed, ("zz", key[1]): changed}, gold=gold)

    assert document_findings(corpus) == document_findings(corpus, thorough=True)


EDGES = st.lists(st.tuples(st.integers(-1, 12), st.integers(-1, 12)), max_size=4)


@given(EDGES, EDGES, st.text(alphabet="ab \n\u2028", max_size=10), st.data())
def test_nothing_is_missed_where_segments_are_odd(
    tiny: Corpus, sentences: list[Any], tokens: list[Any], text: str, data: st.DataObject
) -> None:
    if data.draw(st.booleans()):
        sentences, tokens = sorted(sentences), sorted(tokens)
    document = replace(
        next(iter(tiny.documents.values())),
        text=text,
        raw_length=data.draw(st.integers(len(text), len(text) + 1)),
        dropped=data.draw(st.sampled_from([(), (Dropped(0, 1, "zz"),)])),
        published=data.draw(st.sampled_from([Fact("stated", "2024-01-31"), Fact("unknown"), Fact("stated", "soon")])),
    )
    segments = Segments(document.id, "hand", tuple(sentences), tuple(tokens))
    of_document = {"documents": {document.id: document}, "segments": {document.id: segments}}
    sets = {key: replace(marked, annotations=()) for key, marked in tiny.sets.items() if key[1] == document.id}
    corpus = replace(tiny, **of_document, sets=sets, gold={})

    assert document_findings(corpus) == document_findings(corpus, thorough=True)


@given(st.data())
def test_nothing_is_missed_in_any_corpus(tiny: Corpus, data: st.DataObject) -> None:
    corpus, raw = data.draw(corpora(tiny.scheme))

    assert document_findings(corpus, raw=raw) == document_findings(corpus, raw=raw, thorough=True)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=8), st.data())
def test_nothing_is_missed_however_spans_lie(tiny: Corpus, ranges: list[tuple[int, int]], data: st.DataObject) -> None:
    key = min(tiny.sets)
    marked, text = tiny.sets[key], tiny.documents[key[1]].text
    at = iter(spans_of(text, [(start, start + length) for start, length in ranges]))
    moved = [
        replace(a, spans=tuple(s for _, s in zip(a.spans, at, strict=False)) or a.spans) for a in marked.annotations
    ]
    corpus = replace(tiny, sets={key: replace(marked, annotations=tuple(data.draw(st.permutations(moved))))}, gold={})

    assert document_findings(corpus) == document_findings(corpus, thorough=True)


@given(st.text(alphabet='“”"ab \n\u2028', min_size=3, max_size=30), st.data())
def test_nothing_is_missed_however_quotation_marks_stand(tiny: Corpus, text: str, data: st.DataObject) -> None:
    (balance,) = [one for one in tiny.scheme.constraints if one.kind == "balanced"]
    constraint = replace(balance, marks=("“”", '""'))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    said = Annotation("s", "point", "happening", spans_of(text, [(start, end)]))
    values = {balance.attribute: balance.values[0]}
    report = Annotation("r", balance.layer, "tells", spans_of(text, [(0, 1)]), {balance.role: ("s",)}, values)
    found, looked = of_kind(with_text(tiny, text), (report, said), constraint)

    assert looked or not found


def test_a_quotation_of_several_paragraphs_is_not_suspected(tiny: Corpus) -> None:
    (balance,) = [one for one in tiny.scheme.constraints if one.kind == "balanced"]
    text = "A “b”.\n“Jam.\n\n“Bread.” Tea."
    report = Annotation("r", balance.layer, "tells", spans_of(text, [(8, 11)]), {}, {balance.attribute: "quoted"})

    assert of_kind(with_text(tiny, text), (report,), balance) == ([], False)
    assert of_kind(with_text(tiny, text.replace("\n“Bread", "\nBread")), (report,), balance)[1]


LETTERS = st.text(alphabet='aB9 .,\n\u2028\u0301é“”"中😀', max_size=24)


@st.composite
def scattered(draw: Any, corpus: Corpus) -> Corpus:
    """Documents of a few characters each, and marks wherever they fall; some without segments, sets or annotations."""
    model, layers = next(iter(corpus.documents.values())), [layer.name for layer in corpus.scheme.layers]
    # What refers to nothing else in its set stands firm on its own, so that the marks themselves are what is looked at.
    ids = {a.id for marked in corpus.sets.values() for a in marked.annotations}
    every = [
        a
        for marked in corpus.sets.values()
        for a in marked.annotations
        if a.spans and ids.isdisjoint(id for targets in a.refs.values() for id in targets)
    ]
    who = sorted(corpus.annotators)[0]
    documents, segments, sets = {}, {}, {}
    for n, text in enumerate(draw(st.lists(LETTERS, min_size=1, max_size=5))):
        id, size = f"d{n}", len(text)
        documents[id] = replace(
            model, id=id, text=text, text_sha256=sha(text), raw_length=size, raw_sha256=sha(text), dropped=()
        )
        if draw(st.integers(0, 5)):
            tokens = tuple(found.span() for found in re.finditer(r"\S+", text))
            segments[id] = Segments(id, "hand", ((0, size),) if size else (), tokens)
        if draw(st.integers(0, 5)):
            annotations = []
            for m, found in enumerate(draw(st.lists(st.sampled_from(every), max_size=5 if size else 0))):
                start, length = draw(st.integers(0, size - 1)), draw(st.integers(1, 6))
                id_ = f"m{m}" if draw(st.integers(0, 9)) else found.id
                spans = spans_of(text, [(start, min(start + length, size))])
                annotations.append(replace(found, id=id_, spans=spans))
            annotations.sort(key=lambda a: layers.index(a.layer) if a.layer in layers else -1)
            sets[who, id] = AnnotationSet(id, sha(text), who, tuple(annotations))
    return replace(corpus, documents=documents, segments=segments, sets=sets, gold={})


@given(st.data())
def test_nothing_is_missed_among_documents_of_any_characters(tiny: Corpus, data: st.DataObject) -> None:
    corpus = data.draw(scattered(tiny))

    assert document_findings(corpus) == document_findings(corpus, thorough=True)


@given(st.lists(LETTERS, min_size=1, max_size=4))
def test_words_are_parted_at_the_same_places_in_many_texts_as_in_one(texts: list[str]) -> None:
    together = Texts(texts)
    places = [
        (text, at, int(first) + at)
        for text, first in zip(texts, together.first, strict=True)
        for at in range(len(text) + 1)
    ]
    expected = [inside_word(text, at) for text, at, _ in places]

    assert together.inside_words(numbers(place for _, _, place in places)).tolist() == expected


@pytest.mark.parametrize("far", [1 << 31, 1 << 40, (1 << 63) - 1, 1 << 64, -(1 << 64)])
def test_nothing_is_missed_where_offsets_are_beyond_all_bounds(tiny: Corpus, far: int) -> None:
    key = min(key for key, marked in tiny.sets.items() if any(a.spans for a in marked.annotations))
    moved = [replace(a, spans=tuple(replace(s, end=far) for s in a.spans)) for a in tiny.sets[key].annotations]
    segments = replace(tiny.segments[max(tiny.segments)], tokens=((0, far),))
    corpus = replace(
        tiny,
        sets={**tiny.sets, key: replace(tiny.sets[key], annotations=tuple(moved))},
        segments={**tiny.segments, segments.document: segments},
    )
    found = document_findings(corpus)

    assert {finding.rule for finding in found} >= {"span-bounds", "token-ranges"}
    assert found == document_findings(corpus, thorough=True)


@pytest.mark.parametrize("name", CORPORA)
def test_a_glance_at_all_sets_asks_no_more_than_a_look_at_each(name: str) -> None:
    corpus = sound(name).corpus
    suspects = Suspects(Context(corpus, {}, frozenset()))
    pages = {id: Page(suspects.context, id) for id in corpus.documents}
    sets = [(pages[id], annotator, marked) for (annotator, id), marked in corpus.sets.items()]

    assert not any(suspects.of_pages([*pages.values()]))
    assert suspects.of_sets(sets) == [suspects.of_set(*one) for one in sets]


def with_text(corpus: Corpus, text: str) -> Corpus:
    """The corpus with another text in the first of its sets' documents."""
    id = min(corpus.sets)[1]
    return replace(corpus, documents={**corpus.documents, id: replace(corpus.documents[id], text=text)})


def of_kind(corpus: Corpus, annotations: tuple[Annotation, ...], constraint: Constraint) -> tuple[list[Fault], bool]:
    """What a constraint finds among annotations in the first of the corpus's sets, and whether it is suspected to."""
    who, id = min(corpus.sets)
    marked = replace(corpus.sets[who, id], annotations=annotations)
    context = Context(corpus, {}, frozenset())
    page = Page(context, id)
    found = BY_KIND[constraint.kind].find(Work(page, who, marked), constraint)
    return list(found), LOOKS[constraint.kind](Sketch(context, page, who, marked), constraint)


@pytest.mark.parametrize("name", CORPORA)
def test_a_sound_document_is_spared_all_rules_but_those_that_warn(name: str) -> None:
    corpus = sound(name).corpus
    suspects = Suspects(Context(corpus, {}, frozenset()))
    warned = {finding.rule for finding in validate(corpus)}

    found = set[str]()
    for (annotator, id), marked in corpus.sets.items():
        page = Page(suspects.context, id)
        assert not suspects.of_page(page)
        found |= suspects.of_set(page, annotator, marked)

    assert found <= warned | {"nesting", "acyclic", "unique", "contains", "conflict"}


def test_rules_on_documents_and_rules_on_the_corpus_find_all_there_is(tiny: Corpus) -> None:
    bare = replace(tiny, entities={}, annotators={}, rights={})

    assert {*document_findings(bare), *corpus_findings(bare)} == {*validate(bare)}
    assert document_findings(bare)
    assert corpus_findings(bare)


def test_each_document_on_its_own_has_the_findings_that_it_has_among_others(tiny: Corpus) -> None:
    bare = replace(tiny, entities={}, annotators={})
    alone = [
        replace(
            bare,
            documents={id: document},
            segments={id: bare.segments[id]},
            sets={key: marked for key, marked in bare.sets.items() if key[1] == id},
            gold={id: bare.gold[id]} if id in bare.gold else {},
        )
        for id, document in bare.documents.items()
    ]

    assert sorted(finding for part in alone for finding in document_findings(part)) == [*document_findings(bare)]


def test_every_rule_has_a_scope() -> None:
    assert {rule.id for rule in RULES if rule.scope == "corpus"} >= {"document-split", "form-label", "id-reused"}
    assert {rule.id for rule in RULES if rule.scope == "document"} >= {"span-quotation", "nesting", "raw-sha256"}
