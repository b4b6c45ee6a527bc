"""What is otherwise in one corpus than in another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from changing import marked_otherwise, with_document, without_label
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json, structs
from renaming import bijection, renamed
from strategies import corpora

from standoff import files
from standoff.canon import canonical, content_digest, normal
from standoff.diff import Diff, apply, diff, json_text, page, summary, tell, text
from standoff.errors import UsageError
from standoff.model import (
    Annotation,
    AnnotationSet,
    Corpus,
    Decision,
    Decisions,
    Entity,
    Policy,
    Release,
    Span,
    derived_id,
)
from standoff.schema import parse
from standoff.scheme import Scheme

TINY = files.read(Path(__file__).parent / "tiny")

SEEDS = st.integers(0, 2**16)
# Where each example renames a whole schema and reads it again, fewer of them do.


@settings(max_examples=30)
@given(st.data(), SEEDS)
def test_what_changed_makes_the_one_corpus_from_the_other(data: st.DataObject, seed: int) -> None:
    a, _ = data.draw(corpora(TINY.scheme))
    b, _ = data.draw(corpora(TINY.scheme))
    other = renamed(b, bijection(TINY.scheme, seed))
    c = structs.replace(other, version="1.2.0", releases=(Release("1.2.0", "2024-01-31", "0" * 64),))

    assert apply(diff(a, b), a) == b
    assert apply(diff(b, c), b) == c


@given(st.data())
def test_nothing_differs_between_a_corpus_and_itself(data: st.DataObject) -> None:
    corpus, _ = data.draw(corpora(TINY.scheme))

    assert diff(corpus, corpus) == Diff()
    assert diff(corpus, corpus).empty


@given(st.data())
def test_content_differs_exactly_where_the_digests_do(data: st.DataObject) -> None:
    a, _ = data.draw(corpora(TINY.scheme))
    b, _ = data.draw(corpora(TINY.scheme))

    assert diff(a, b).content == (content_digest(a) != content_digest(b))


@given(st.data())
def test_all_that_differs_is_told(data: st.DataObject) -> None:
    a, _ = data.draw(corpora(TINY.scheme))
    b, _ = data.draw(corpora(TINY.scheme))
    found = diff(a, b)
    told = list(tell(found))

    assert len(told) >= sum(len(change.annotations) for change in found.sets) + len(found.documents)
    assert bool(told) != found.empty
    assert all(one.text and one.place for one in told)
    assert len(json.decode(json_text(found))["changes"]) == len(told)


@settings(max_examples=30)
@given(st.data(), SEEDS)
def test_a_diff_under_other_names_is_the_same_diff(data: st.DataObject, seed: int) -> None:
    a, _ = data.draw(corpora(TINY.scheme))
    b, _ = data.draw(corpora(TINY.scheme))
    names = bijection(TINY.scheme, seed)
    found = diff(renamed(a, names), renamed(b, names))

    assert flat(names.back(json.decode(json.encode(found.sets)))) == flat(json.decode(json.encode(diff(a, b).sets)))


def flat(sets: list[dict[str, Any]]) -> list[str]:
    """Every change of a set by itself: annotations without a place stand by their ids, which hold names."""
    of_annotations = [(s["annotator"], s["document"], one) for s in sets for one in s["annotations"]]
    return sorted(map(canonical, [*of_annotations, *({**s, "annotations": len(s["annotations"])} for s in sets)]))


def test_a_relabelled_claim_is_the_only_thing_that_is_told(statecloud: Corpus) -> None:
    changed = marked_otherwise(statecloud, "003_666c5d1a536ded45", "c1", label="quantity")

    assert text(diff(statecloud, changed)) == (
        "annotations/gold/003_666c5d1a536ded45.json#c1: claim 'fact' [13:94] 'CSOs send letter to Amazon Web Services "
        "about hosting the HART biometric database': label 'fact' -> 'quantity'\n"
        "gold: claim: 1 relabelled\n"
    )


def test_a_span_that_moved_by_one_character_is_told_with_both_places(statecloud: Corpus) -> None:
    quote = "CSOs send letter to Amazon Web Services about hosting the HART biometric databas"
    changed = marked_otherwise(statecloud, "003_666c5d1a536ded45", "c1", spans=(Span(13, 93, quote),))

    assert text(diff(statecloud, changed)) == (
        "annotations/gold/003_666c5d1a536ded45.json#c1: claim 'fact' [13:94] 'CSOs send letter to Amazon Web Services "
        "about hosting the HART biometric database': moved to [13:93] 'CSOs send letter to Amazon Web Services about "
        "hosting the HART biometric databas'\n"
        "gold: claim: 1 moved\n"
    )


def test_a_document_that_was_added_is_told_with_all_that_came_along(statecloud: Corpus) -> None:
    changed = with_document(statecloud, "005_new", "Nothing was decided.")

    assert text(diff(statecloud, changed)).splitlines() == [
        "corpus/documents/005_new.json: document added: 'Added', 20 characters",
        "corpus/segments/005_new.json: segments added: none -> 1 sentences, 4 tokens",
        "corpus/splits.json#005_new: split of '005_new' added: 'train'",
        "corpus/rights.json#005_new: rights of '005_new' added: "
        '{"date": "2024-01-31", "decided_by": "owner", "holder": "nobody", "publish_text": true, "reason": "drawn", '
        '"takedown": "on request"}',
        "documents: 1 added",
        "segments: 1 added",
        "splits: 1 added",
        "rights: 1 added",
    ]


def test_a_label_that_was_removed_is_told_with_its_section(statecloud: Corpus) -> None:
    changed = structs.replace(statecloud, scheme=without_label(statecloud.scheme, "stance", "unclear"))
    told = [(one.place, one.text) for one in tell(diff(statecloud, changed))]

    assert told == [
        ("schema/annotation.schema.json", "label 'stance: unclear' removed"),
        ("schema/CODEBOOK.md", "section 'stance: unclear' removed"),
        ("schema/CODEBOOK.md", "file changed"),
        ("schema/annotation.schema.json", "file changed"),
    ]


def test_work_that_was_imported_again_under_other_ids_says_so_quietly(tiny: Corpus) -> None:
    gold = {
        id: normal(structs.replace(marked, annotations=tuple(map(under_another_id, marked.annotations))), tiny.scheme)
        for id, marked in tiny.gold.items()
    }
    found = diff(tiny, structs.replace(tiny, gold=gold))

    assert {one.kinds for change in found.sets for one in change.annotations} == {("renamed",)}
    assert sum(len(change.annotations) for change in found.sets) > 20
    assert all(one.quiet for one in tell(found))


def under_another_id(annotation: Annotation) -> Annotation:
    """The same annotation as another import would number it; references to entities stay."""

    def other(id: str) -> str:
        return f"again-{id}" if re.fullmatch("[a-z][0-9]+", id) else id

    refs = {role: tuple(map(other, ids)) for role, ids in annotation.refs.items()}
    if annotation.spans:
        return structs.replace(annotation, id=other(annotation.id), refs=refs)
    ends = [ids[0] for ids in refs.values()]
    return structs.replace(annotation, id=derived_id(annotation.label, *ends) if ends else annotation.id, refs=refs)


def test_work_whose_ids_were_numbered_anew_says_so_quietly(statecloud: Corpus) -> None:
    found = diff(statecloud, structs.replace(statecloud, gold=numbered_anew(statecloud)))
    kinds = [one.kinds for change in found.sets for one in change.annotations]

    assert set(kinds) == {("renamed",)}
    assert len(kinds) > 200


@pytest.mark.parametrize(("label", "kind"), [("echoes", "renamed"), ("explains", "roles")])
def test_that_ends_changed_places_is_told_but_of_a_symmetric_relation(tiny: Corpus, label: str, kind: str) -> None:
    def linked(first: str, second: str, ends: tuple[str, str]) -> Corpus:
        points = (Annotation(first, "point", "amount", (Span(0, 2, "Ab"),)),)
        points += (Annotation(second, "point", "amount", (Span(3, 5, "cd"),)),)
        refs = {"first": (ends[0],), "second": (ends[1],)}
        return alone(tiny, *points, Annotation(derived_id(label, *ends), "link", label, refs=refs))

    (change,) = diff(linked("p1", "p2", ("p1", "p2")), linked("q2", "q1", ("q1", "q2"))).sets

    assert [one.kinds for one in change.annotations] == [("renamed",), ("renamed",), (kind,)]


def test_what_changed_is_told_of_work_whose_ids_were_numbered_anew(statecloud: Corpus) -> None:
    changed = marked_otherwise(statecloud, "003_666c5d1a536ded45", "c1", label="quantity")
    found = diff(statecloud, structs.replace(changed, gold=numbered_anew(changed)))
    loud = [one for change in found.sets for one in change.annotations if one.kinds != ("renamed",)]

    assert [(one.kinds, one.old and one.old.id) for one in loud] == [(("relabelled",), "c1")]


def numbered_anew(corpus: Corpus) -> dict[str, AnnotationSet]:
    """Gold as an import would number it that begins at another number: most ids are those of other annotations."""
    return {id: rotated(marked, corpus.scheme) for id, marked in corpus.gold.items()}


def rotated(marked: AnnotationSet, scheme: Scheme) -> AnnotationSet:
    spanned = [one.id for one in marked.annotations if one.spans]
    after = dict(zip(spanned, [*spanned[1:], spanned[0]], strict=True))

    def other(one: Annotation) -> Annotation:
        layer = scheme.layer(one.layer)
        assert layer is not None
        registry = {role.name for role in layer.roles if role.registry}
        refs = {r: ids if r in registry else tuple(after[id] for id in ids) for r, ids in one.refs.items()}
        ends = [ids[0] for ids in refs.values()]
        return structs.replace(one, id=after[one.id] if one.spans else derived_id(one.label, *ends), refs=refs)

    return normal(structs.replace(marked, annotations=tuple(map(other, marked.annotations))), scheme)


def test_decisions_and_the_policy_are_told_one_by_one(tiny: Corpus) -> None:
    one = Decision(id="d1", outcome="rejected", reason="slip", decided_by="a1", date="2024-01-31")
    before = structs.replace(tiny, decisions={}, policy=None)
    decided = structs.replace(before, decisions={"en_fair": Decisions("en_fair", (one,))}, policy=Policy())
    other = structs.replace(one, reason="other")
    again = structs.replace(decided, decisions={"en_fair": Decisions("en_fair", (other,))}, policy=None)

    assert [(told.place, told.kinds) for told in tell(diff(before, decided))] == [
        ("annotations/decisions/en_fair.json#d1", ("added",)),
        ("annotations/policy.json#policy", ("added",)),
    ]
    reason, policy = (told.text for told in tell(diff(decided, again)))
    assert reason == "decision 'd1': reason 'slip' -> 'other'"
    assert policy.startswith("merge 'policy' removed: ")
    assert '"rule": "unanimous"' in policy
    assert apply(diff(before, decided), before) == decided
    assert apply(diff(decided, again), decided) == again


def test_every_field_of_a_corpus_is_compared() -> None:
    compared = {*Diff.__struct_fields__} - {"schema", "files", "events"} | {"scheme", "gold"}

    assert compared == {*Corpus.__struct_fields__}


def test_every_way_in_which_an_annotation_may_change_is_told(tiny: Corpus) -> None:
    old = Annotation("p1", "point", "happening", (Span(0, 4, "Ab c"),), {"topic": ("n1",)}, {"firmness": "firm"}, "")
    new = Annotation("p1", "point", "amount", (Span(0, 2, "Ab"),), {"topic": ("n2",)}, {"firmness": "weak"}, "why")
    before, after = (alone(tiny, annotation) for annotation in (old, new))
    found = diff(before, after)

    assert found.sets[0].annotations[0].kinds == ("moved", "relabelled", "attributes", "roles", "note")
    assert (
        text(found)
        .splitlines()[0]
        .endswith(
            "#p1: point 'happening' [0:4] 'Ab c': moved to [0:2] 'Ab'; label 'happening' -> 'amount'; "
            "attribute firmness 'firm' -> 'weak'; role topic n1 -> n2; note none -> 'why'"
        )
    )


def alone(corpus: Corpus, *annotations: Annotation) -> Corpus:
    """The corpus with no set but one, of these annotations."""
    marked = AnnotationSet("en_fair", "0" * 64, "a1", annotations)
    return structs.replace(corpus, gold={}, sets={("a1", "en_fair"): marked})


def test_a_span_that_moved_with_its_text_says_so_quietly(tiny: Corpus) -> None:
    old = alone(tiny, Annotation("n1", "naming", "who", (Span(0, 2, "Ab"),)))
    marked = AnnotationSet("en_fair", "1" * 64, "a1", (Annotation("n1", "naming", "who", (Span(1, 3, "Ab"),)),))
    new = structs.replace(old, sets={("a1", "en_fair"): marked})

    assert [one.kinds for one in diff(old, new).sets[0].annotations] == [("shifted",)]


def test_a_diff_of_another_corpus_is_refused(tiny: Corpus) -> None:
    other = structs.replace(tiny, splits=structs.replace(tiny.splits, splits={"en_fair": "test"}))
    found = diff(other, structs.replace(tiny, splits=structs.replace(tiny.splits, splits={"en_fair": "validation"})))

    with pytest.raises(UsageError, match="split of 'en_fair' is other; expected what the diff begins from"):
        apply(found, tiny)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"maxItems": 3', '"maxItems": 2', "layer 'opinion': max_fragments 3 -> 2"),
        ('"score": -1', '"score": -2', "label 'opinion: dislikes': score -1 -> -2"),
        ('"scale": "ordinal"', '"scale": "nominal"', "attribute 'point: firmness': scale 'ordinal' -> 'nominal'"),
        ('"max": 25', '"max": 26', "constraint 'point: length': max 25 -> 26"),
        ('"const": "hinted"', '"const": "inferred"', "value 'opinion: wording=hinted' removed"),
    ],
)
def test_a_schema_that_changed_is_told_part_by_part(tiny: Corpus, old: str, new: str, told: str) -> None:
    schema = tiny.scheme.files["annotation.schema.json"]
    scheme = parse({**tiny.scheme.files, "annotation.schema.json": replaced(schema, old, new)})

    assert told in [one.text for one in tell(diff(tiny, structs.replace(tiny, scheme=scheme)))]


def replaced(text: str, old: str, new: str) -> str:
    """The text with the one place where something stands changed, layout apart."""
    assert text.count(old) == 1
    return text.replace(old, new)


def test_labels_in_another_order_are_told_since_loaders_number_them(tiny: Corpus) -> None:
    scheme = structs.replace(tiny.scheme, layers=tuple(map(turned, tiny.scheme.layers)))
    found = diff(tiny, structs.replace(tiny, scheme=scheme))

    assert "layer 'link': order explains, clashes, echoes -> echoes, clashes, explains" in [
        one.text for one in tell(found)
    ]


def turned(layer: Any) -> Any:
    return structs.replace(layer, labels=layer.labels[::-1])


def test_the_lines_of_a_text_that_changed_are_told_whole(tiny: Corpus) -> None:
    document = structs.replace(tiny.documents["en_fair"], text="-- one\ntwo\n" + "x" * 10_000)
    before = structs.replace(tiny, documents={"en_fair": document})
    other = structs.replace(document, text="-- eins\ntwo\n" + "y" * 10_000)
    found = list(tell(diff(before, structs.replace(tiny, documents={"en_fair": other}))))

    assert found[0].lines == ("--- one", "+-- eins", "-" + "x" * 10_000, "+" + "y" * 10_000)


def test_json_holds_what_was_and_what_is(statecloud: Corpus) -> None:
    changed = marked_otherwise(statecloud, "003_666c5d1a536ded45", "c1", label="quantity")
    found = json.decode(json_text(diff(statecloud, changed)))

    assert (found["same_content"], len(found["changes"])) == (False, 1)
    assert found["changes"][0]["kinds"] == ["relabelled"]
    assert (found["changes"][0]["old"]["label"], found["changes"][0]["new"]["label"]) == ("fact", "quantity")


def test_segments_are_told_by_the_ranges_that_changed(tiny: Corpus) -> None:
    segments = tiny.segments["en_fair"]
    other = structs.replace(segments, segmenter="hand", tokens=((0, 1), *segments.tokens[1:]))
    told = list(tell(diff(tiny, structs.replace(tiny, segments={**tiny.segments, "en_fair": other}))))
    start, end = segments.tokens[0]

    assert [one.place for one in told] == ["corpus/segments/en_fair.json"]
    assert told[0].lines == (f"segmenter {segments.segmenter!r} -> 'hand'", f"-token [{start}:{end}]", "+token [0:1]")


def test_a_set_that_was_added_removed_or_made_on_another_text_is_told(tiny: Corpus) -> None:
    bare, marked = structs.replace(alone(tiny), sets={}), alone(tiny)
    other = structs.replace(marked.sets["a1", "en_fair"], text_sha256="1" * 64)

    assert first_told(bare, marked) == "set added: 0 annotations"
    assert first_told(marked, bare) == "set removed: 0 annotations"
    assert first_told(marked, structs.replace(marked, sets={("a1", "en_fair"): other})) == (
        "set made on another text: 0 annotations"
    )


def first_told(a: Corpus, b: Corpus) -> str:
    return next(tell(diff(a, b))).text


def test_entities_are_told_in_the_registry_and_in_the_sets_that_added_them(tiny: Corpus) -> None:
    old = Entity("e1", "who", "Ann", "unchecked")
    new = structs.replace(old, name="Anne", aliases=("Ann",))
    marked = AnnotationSet("en_fair", "0" * 64, "a1", (), (old,))
    before = structs.replace(alone(tiny), entities={"e1": old}, sets={("a1", "en_fair"): marked})
    changed = structs.replace(marked, entities=(new,))
    after = structs.replace(before, entities={"e1": new}, sets={("a1", "en_fair"): changed})

    assert [(one.place, one.text) for one in tell(diff(before, after))] == [
        ("corpus/entities.json#e1", "entity 'e1': name 'Ann' -> 'Anne'; aliases none -> Ann"),
        ("annotations/sets/a1/en_fair.json#e1", "entity 'e1': name 'Ann' -> 'Anne'; aliases none -> Ann"),
    ]


def test_a_schema_file_that_changed_in_layout_alone_is_told_by_its_lines(tiny: Corpus) -> None:
    views = tiny.scheme.files["views.json"]
    scheme = parse({**tiny.scheme.files, "views.json": views + "\n"})
    told = list(tell(diff(tiny, structs.replace(tiny, scheme=scheme))))

    assert [(one.place, one.text, one.lines) for one in told] == [
        ("schema/views.json", "file changed: in wording or layout only", ("+",))
    ]


def test_a_codebook_is_told_with_its_lines_outside_of_sections_too(tiny: Corpus) -> None:
    book = tiny.scheme.files["CODEBOOK.md"]
    changed = "Read this first.\n" + book.replace("### opinion: likes\n", "### opinion: likes\nRevision 7.\n")
    scheme = parse({**tiny.scheme.files, "CODEBOOK.md": changed})
    told = list(tell(diff(tiny, structs.replace(tiny, scheme=scheme))))

    assert [(one.text, one.lines) for one in told] == [
        ("section 'opinion: likes' changed", ()),
        ("file changed", ("+Read this first.", "+Revision 7.")),
    ]


def test_releases_and_versions_are_told_but_are_no_content(tiny: Corpus) -> None:
    before = structs.replace(tiny, releases=())
    released = structs.replace(tiny, releases=(Release("0.1.0", "2024-01-31", "0" * 64),), version="0.1.0")
    found = diff(before, released)

    assert not found.content
    assert [one.place for one in tell(found)] == ["corpus/releases.json#0.1.0", "version"]
    assert list(summary(found)) == ["the content is the same"]


def hostile(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Two corpora whose article and note hold markup, controls and a very long word."""
    article = '<script>alert(1)</script> "><img onerror=x> \u202eabc\u202c \x07 ' + "w" * 10_000
    document = structs.replace(corpus.documents["en_fair"], text=article, title="</title><script>")
    old = structs.replace(alone(corpus), documents={"en_fair": document})
    marked = Annotation("n1", "naming", "who", (Span(0, 8, "<script>"),), note="</code><b>&amp;")
    return old, structs.replace(alone(old, marked), documents={"en_fair": structs.replace(document, title="<i>")})


def test_a_page_shows_markup_of_an_article_as_text(tiny: Corpus) -> None:
    old, new = hostile(tiny)
    shown = page(diff(old, new), old, new, old="<b>", new="</title>")

    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "\u202e" not in shown
    assert '<span class="control">U+202E</span>abc' in shown
    assert "w" * 10_000 in shown
    assert "<title>&lt;b&gt; → &lt;/title&gt;</title>" in shown


def test_a_page_needs_no_script_and_no_network(tiny: Corpus) -> None:
    old, new = hostile(tiny)
    shown = page(diff(old, new), old, new, old="a", new="b")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', shown)

    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'", policy[1]
    )
    assert not re.search(r"<(script|link|img|iframe)|style=|https?:|url\(", shown)


def test_a_page_marks_each_change_on_the_side_where_it_is(statecloud: Corpus) -> None:
    quote = "CSOs send letter to Amazon Web Services about hosting the HART biometric databas"
    changed = marked_otherwise(statecloud, "003_666c5d1a536ded45", "c1", spans=(Span(13, 93, quote),))
    shown = page(diff(statecloud, changed), statecloud, changed, old="a", new="b")

    assert shown.count(f'<mark class="changed">{quote}e</mark><sup><a href="#c1">1</a></sup>') == 1
    assert shown.count(f'<mark class="changed">{quote}</mark><sup><a href="#c1">1</a></sup>e') == 1
    assert shown.count('<li id="c1" value="1">') == 1


def test_a_page_shows_where_a_text_changed_by_words(tiny: Corpus) -> None:
    document = tiny.documents["en_fair"]
    old, new = (
        structs.replace(alone(tiny), documents={"en_fair": structs.replace(document, text=text)})
        for text in ("One line.\nThe old word.\n", "One line.\nThe new word.\n")
    )
    shown = page(diff(old, new), old, new, old="a", new="b")

    assert "One line.\nThe <del>old</del> word." in shown
    assert "One line.\nThe <ins>new</ins> word." in shown
