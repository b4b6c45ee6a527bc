from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import annotation_sets, documents

from standoff.canon import (
    canonical,
    canonical_document,
    canonical_list,
    canonical_segments,
    canonical_set,
    content_digest,
    json_set,
    listings,
    normal,
    order,
)
from standoff.errors import RecordError
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Entity, Segments, Span, Splits

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('aé𝒬"\\\n', max_size=3), inner, max_size=3),
    max_leaves=8,
)


def spanned(id: str, layer: str, *ranges: tuple[int, int]) -> Annotation:
    return Annotation(id, layer, "x", tuple(Span(start, end, "?" * (end - start)) for start, end in ranges))


def test_canonical_json_has_sorted_keys_one_line_and_no_needless_escapes() -> None:
    assert canonical({"b": [1, "é𝒬\u2028/"], "a": {"d": None, "c": '"\\\n'}}) == (
        '{"a": {"c": "\\"\\\\\\n", "d": null}, "b": [1, "é𝒬\u2028/"]}'
    )


@given(JSON)
def test_canonical_json_says_the_same_and_is_its_own_canonical_form(value: Any) -> None:
    text = canonical(value)

    assert json.loads(text) == value
    assert canonical(msgspec.json.decode(text)) == text
    assert "\n" not in text


@given(st.dictionaries(st.text("ab", max_size=3), JSON, max_size=4))
def test_the_order_of_a_dict_does_not_matter(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_a_list_has_an_item_a_line() -> None:
    assert canonical_list("items", [{"b": 1, "a": 2}, 3], {"z": 1, "name": "é"}) == (
        '{"name": "é", "z": 1, "items": [\n{"a": 2, "b": 1},\n3\n]}\n'
    )
    assert canonical_list("items", []) == '{"items": []}\n'


def test_annotations_stand_by_layer_start_longest_first_and_id() -> None:
    marked = [
        spanned("b", "two", (0, 1)),
        spanned("z", "one", (4, 9)),
        spanned("y", "one", (4, 6), (8, 12)),
        spanned("d", "one", (4, 9)),
        spanned("x", "one", (0, 2)),
        Annotation("r:2", "one", "r"),
        Annotation("r:1", "one", "r"),
        spanned("a", "unknown", (0, 1)),
    ]

    assert [a.id for a in order(marked, ["one", "two"])] == ["x", "y", "d", "z", "r:1", "r:2", "b", "a"]


def test_a_set_has_an_annotation_a_line_and_its_entities_by_id(tiny: Corpus) -> None:
    marked = AnnotationSet(
        "en_fair",
        "0" * 64,
        "a1",
        (
            Annotation("n2", "naming", "café", (Span(5, 8, "bar"),), {"referent": ("e2",)}),
            spanned("n1", "naming", (0, 1)),
        ),
        (Entity("e2", "café", "B", "unchecked"), Entity("e1", "who", "A", "unchecked")),
    )

    assert canonical_set(marked, tiny.scheme) == (
        '{"annotator": "a1", "document": "en_fair", "entities": ['
        '{"id": "e1", "kb_status": "unchecked", "name": "A", "type": "who"}, '
        '{"id": "e2", "kb_status": "unchecked", "name": "B", "type": "café"}], '
        f'"text_sha256": "{"0" * 64}", "annotations": [\n'
        '{"id": "n1", "label": "x", "layer": "naming", "spans": [{"end": 1, "quote": "?", "start": 0}]},\n'
        '{"id": "n2", "label": "café", "layer": "naming", "refs": {"referent": ["e2"]}, '
        '"spans": [{"end": 8, "quote": "bar", "start": 5}]}\n'
        "]}\n"
    )


def test_segments_stand_by_sentence() -> None:
    segments = Segments("d", "by hand", ((0, 5), (6, 9)), ((0, 2), (3, 5), (6, 9)))

    assert canonical_segments(segments) == (
        '{"document": "d", "segmenter": "by hand", "sentences": [\n[0, 5],\n[6, 9]\n], "tokens": [\n'
        "[0, 2], [3, 5],\n[6, 9]\n]}\n"
    )


def test_a_document_has_a_field_a_line_and_not_its_text(tiny: Corpus) -> None:
    text = canonical_document(tiny.documents["en_fair"])
    record = json.loads(text)

    assert text.startswith('{\n"dropped": [{"end": 22, "kind": "banner", "start": 0}')
    assert text.endswith('"title": "Ada Quill opens a café 🎪"\n}\n')
    assert text.count("\n") == len(record) + 2
    assert set(record) == set(Document.__struct_fields__) - {"text"}


@given(st.data())
def test_a_set_comes_back_from_its_canonical_form(tiny: Corpus, data: st.DataObject) -> None:
    document = data.draw(documents(tiny.scheme))
    marked = data.draw(annotation_sets(tiny.scheme, document, tiny.entities.values()))

    assert json_set(canonical_set(marked, tiny.scheme)) == marked


@given(st.data())
def test_normal_form_is_its_own_and_forgets_the_order_of_what_it_was_given(tiny: Corpus, data: st.DataObject) -> None:
    document = data.draw(documents(tiny.scheme))
    marked = data.draw(annotation_sets(tiny.scheme, document, tiny.entities.values()))
    shuffled = structs.replace(
        marked,
        annotations=tuple(
            structs.replace(a, refs={role: ids[::-1] for role, ids in reversed(a.refs.items())})
            for a in data.draw(st.permutations(marked.annotations))
        ),
        entities=marked.entities[::-1],
    )

    assert normal(marked, tiny.scheme) == marked
    # An annotation keeps the order of dicts to itself: only bytes show it.
    assert canonical_set(normal(shuffled, tiny.scheme), tiny.scheme) == canonical_set(marked, tiny.scheme)


def test_a_symmetric_relation_is_the_same_from_either_end(tiny: Corpus) -> None:
    points = (spanned("p1", "point", (0, 1)), spanned("p2", "point", (2, 3)))
    drawn = Annotation("echoes:p2:p1", "link", "echoes", refs={"first": ("p2",), "second": ("p1",)})
    other = Annotation("clashes:p2:p1", "link", "clashes", refs={"first": ("p2",), "second": ("p1",)})

    marked = normal(AnnotationSet("d", "0" * 64, "a1", (*points, drawn, other)), tiny.scheme)

    assert marked.annotations[2:] == (
        other,
        Annotation("echoes:p1:p2", "link", "echoes", refs={"first": ("p1",), "second": ("p2",)}),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"document": "d"', "Input data was truncated"),
        ('{"document": "d"}', "Object missing required field"),
        ('{"document": "d", "text_sha256": "", "annotator": 1}', r"Expected `str`, got `int` - at `\$.annotator`"),
        (b'{"document": "\xe9"}', "UTF-8|utf-8"),
    ],
)
def test_json_that_is_no_set_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        json_set(text, place="task 3")

    assert caught.value.place == "task 3"


def variants(value: Any) -> list[Any]:
    """Every value that differs from this one in one field, however deep."""
    match value:
        case msgspec.Struct():
            return [
                structs.replace(value, **{field: other})
                for field in value.__struct_fields__
                for other in variants(getattr(value, field))
            ]
        case dict():
            return [{**value, key: other} for key, item in value.items() for other in variants(item)]
        case tuple():
            return [
                value[:1] * 2 if value else (),
                *((*value[:n], other, *value[n + 1 :]) for n, item in enumerate(value) for other in variants(item)),
            ]
        case bool():
            return [not value]
        case int():
            return [value + 1]
        case str():
            return [value + "x"]
        case None:
            return ["x"]
    raise AssertionError(f"{type(value)} has no variant")


def small(corpus: Corpus) -> Corpus:
    """The corpus of one document, for a look at each of its fields."""
    id = "fr_marche"
    return structs.replace(
        corpus,
        documents={id: corpus.documents[id]},
        segments={id: corpus.segments[id]},
        sets={key: marked for key, marked in corpus.sets.items() if key[1] == id},
        gold={id: corpus.gold[id]},
    )


@pytest.mark.parametrize(
    "field", ["documents", "segments", "entities", "annotators", "sets", "gold", "splits", "rights"]
)
def test_every_changed_field_changes_the_content_digest(tiny: Corpus, field: str) -> None:
    corpus = small(tiny)
    before = content_digest(corpus)
    others = [other for other in variants(getattr(corpus, field)) if other != getattr(corpus, field)]

    assert len(others) > 5
    for other in others:
        assert content_digest(structs.replace(corpus, **{field: other})) != before, other


def test_every_changed_schema_file_changes_the_content_digest(tiny: Corpus) -> None:
    before = content_digest(tiny)

    for name, text in tiny.scheme.files.items():
        scheme = structs.replace(tiny.scheme, files={**tiny.scheme.files, name: text + "\n"})
        assert content_digest(structs.replace(tiny, scheme=scheme)) != before


def test_neither_releases_nor_the_version_change_the_content_digest(tiny: Corpus) -> None:
    before = content_digest(tiny)

    assert content_digest(structs.replace(tiny, releases=())) == before
    assert content_digest(structs.replace(tiny, version="9.9.9")) == before


def test_a_document_that_goes_changes_the_content_digest(tiny: Corpus) -> None:
    assert content_digest(small(tiny)) != content_digest(tiny)


def backwards(value: Any) -> Any:
    """The same value with every dict in the opposite order."""
    match value:
        case msgspec.Struct():
            return structs.replace(value, **{f: backwards(getattr(value, f)) for f in value.__struct_fields__})
        case dict():
            return {key: backwards(item) for key, item in reversed(value.items())}
        case tuple():
            return tuple(backwards(item) for item in value)
    return value


def test_the_order_of_dicts_does_not_change_the_content_digest(tiny: Corpus, statecloud: Corpus) -> None:
    for corpus in (tiny, statecloud):
        fields = ["documents", "segments", "entities", "annotators", "sets", "gold", "splits", "rights"]
        turned = structs.replace(corpus, **{field: backwards(getattr(corpus, field)) for field in fields})

        assert list(turned.entities) != list(corpus.entities)
        assert content_digest(turned) == content_digest(corpus)
        assert list(listings(turned)) == list(listings(corpus))


def test_two_corpora_that_run_together_differ(tiny: Corpus) -> None:
    one = structs.replace(tiny, splits=Splits({"ab": "train"}))
    two = structs.replace(tiny, splits=Splits({"a": "train", "b": "train"}))

    assert content_digest(one) != content_digest(two)
