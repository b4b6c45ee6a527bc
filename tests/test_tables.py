"""Corpus to Arrow tables and back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import corpora

from standoff.errors import RecordError, SchemaError
from standoff.files import read
from standoff.model import Annotation, AnnotationSet, Corpus, Entity, Segments, Span
from standoff.scheme import Scheme
from standoff.tables import SPLITS, from_tables, schemas, to_tables, vocabulary
from standoff.tables.segmented import _each_sentence_of, _sentences_of, edges, pieces

TINY = read(Path(__file__).parent / "tiny")


def released(corpus: Corpus) -> Corpus:
    """What of a corpus is in its tables: all but the list of releases."""
    return structs.replace(corpus, releases=())


def with_set(corpus: Corpus, *annotations: Annotation, entities: tuple[Entity, ...] = ()) -> Corpus:
    """The corpus with what m1 marked in en_fair replaced."""
    key = "m1", "en_fair"
    marked = AnnotationSet("en_fair", corpus.sets[key].text_sha256, "m1", annotations, entities)
    return structs.replace(corpus, sets={**corpus.sets, key: marked})


def renamed(scheme: Scheme, old: str, new: str) -> Scheme:
    """The scheme with one layer under another name."""
    layers = tuple(structs.replace(layer, name=new) if layer.name == old else layer for layer in scheme.layers)
    return structs.replace(scheme, layers=layers)


def span_rows(tables: dict[str, dict[str, pa.Table]]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Config, document and span, of all tables with spans."""
    for config, splits in tables.items():
        for table in splits.values():
            if "spans" in table.column_names:
                for row in table.select(["document", "spans"]).to_pylist():
                    yield from ((config, row["document"], span) for span in row["spans"])


def test_the_tiny_corpus_comes_back_as_it_was(tiny: Corpus) -> None:
    assert from_tables(to_tables(tiny), tiny.scheme) == released(tiny)


def test_the_real_corpus_comes_back_as_it_was(statecloud: Corpus) -> None:
    assert from_tables(to_tables(statecloud), statecloud.scheme) == released(statecloud)


@given(st.data())
def test_any_corpus_comes_back_as_it_was(data: st.DataObject) -> None:
    corpus, _ = data.draw(corpora(TINY.scheme))

    assert from_tables(to_tables(corpus), corpus.scheme) == corpus


def test_the_releases_and_the_version_are_what_is_given(tiny: Corpus) -> None:
    found = from_tables(to_tables(tiny), tiny.scheme, releases=tiny.releases, version="1.0.0")

    assert (found.releases, found.version) == (tiny.releases, "1.0.0")


def test_a_layer_has_a_column_for_each_role_and_attribute(tiny: Corpus) -> None:
    found = to_tables(tiny)

    assert found["opinion"]["train"].column_names == [
        "id",
        "document",
        "label",
        "spans",
        "voice",
        "object",
        "wording",
        "note",
        "derived_from",
    ]
    assert found["judgements"]["train"].column_names == [
        "annotator",
        "document",
        "layer",
        "id",
        "label",
        "spans",
        "referent",
        "speaker",
        "said",
        "within",
        "topic",
        "voice",
        "object",
        "first",
        "second",
        "owner",
        "owned",
        "shape",
        "manner",
        "trust",
        "firmness",
        "denial",
        "wording",
        "note",
        "derived_from",
    ]


def test_spans_are_lists_of_narrow_structs(tiny: Corpus) -> None:
    expected = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("quote", pa.string())]))

    assert schemas(tiny.scheme)["point"].field("spans").type == expected


def test_closed_lists_are_told_in_the_schemas_order(tiny: Corpus) -> None:
    found = schemas(tiny.scheme)

    assert vocabulary(found["opinion"].field("label")) == ("likes", "torn", "dislikes", "unsure")
    assert vocabulary(found["opinion"].field("wording")) == ("plain", "hinted")
    assert vocabulary(found["opinion"].field("note")) == ()
    assert vocabulary(found["judgements"].field("label"))[:7] == (
        "who",
        "where",
        "café",
        "thing",
        "number",
        "tells",
        "thinks",
    )


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_every_span_quotes_its_text(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    found = list(span_rows(to_tables(corpus)))

    assert len(found) > 100
    for config, document, span in found:
        assert corpus.documents[document].text[span["start"] : span["end"]] == span["quote"], (config, document)


def test_a_corpus_without_documents_has_all_tables_and_all_columns(tiny: Corpus) -> None:
    empty = structs.replace(
        tiny,
        documents={},
        segments={},
        entities={},
        annotators={},
        sets={},
        gold={},
        rights={},
        splits=structs.replace(tiny.splits, splits={}, events={}),
        releases=(),
        policy=None,
    )
    found = to_tables(empty)

    assert {config: set(splits) for config, splits in found.items() if config in ("point", "entities")} == {
        "point": set(SPLITS),
        "entities": {"corpus"},
    }
    assert all(
        table.schema == schema and len(table) == 0
        for config, schema in schemas(tiny.scheme).items()
        for table in found[config].values()
    )
    assert from_tables(found, tiny.scheme) == empty


def test_an_empty_set_and_an_annotators_own_entities_stay(tiny: Corpus) -> None:
    found = to_tables(tiny)

    assert {"annotator": "m1", "document": "ar_souk", "text_sha256": tiny.documents["ar_souk"].text_sha256} in found[
        "sets"
    ]["test"].to_pylist()
    assert "m1" not in found["judgements"]["test"]["annotator"].to_pylist()
    assert [(row["annotator"], row["document"], row["id"]) for row in found["set_entities"]["train"].to_pylist()] == [
        ("a1", "en_fair", "quill_family"),
        ("m1", "en_fair", "jam_and_tea"),
    ]


def test_a_role_that_is_not_there_is_null_and_one_without_targets_is_empty(tiny: Corpus) -> None:
    text = tiny.documents["en_fair"].text
    corpus = with_set(
        tiny,
        Annotation("a", "report", "tells", (Span(0, 3, text[0:3]),), {"speaker": ()}),
        Annotation("b", "report", "tells", (Span(4, 9, text[4:9]),), {}, {"manner": "quoted"}),
    )
    tables = to_tables(corpus)
    rows = [row for row in tables["judgements"]["train"].to_pylist() if row["annotator"] == "m1"]

    assert [(row["id"], row["speaker"], row["manner"], row["note"]) for row in rows] == [
        ("a", [], None, ""),
        ("b", None, "quoted", ""),
    ]
    assert from_tables(tables, tiny.scheme) == released(corpus)


def test_tokens_tell_the_sentence_that_they_begin_in(tiny: Corpus) -> None:
    rows = to_tables(tiny)["tokens"]["train"].to_pylist()

    assert [(row["sentence"], row["token"], row["start"], row["end"], row["text"]) for row in rows[4:8]] == [
        (0, 4, 18, 22, "café"),
        (0, 5, 23, 24, "🎪"),
        (1, 6, 28, 31, "Ada"),
        (1, 7, 32, 37, "Quill"),
    ]


def test_a_token_between_sentences_has_no_sentence(tiny: Corpus) -> None:
    segments = structs.replace(
        tiny.segments["en_fair"], sentences=((0, 3), (10, 15)), tokens=((0, 3), (4, 9), (10, 15))
    )
    corpus = structs.replace(tiny, segments={**tiny.segments, "en_fair": segments})
    rows = to_tables(corpus)["tokens"]["train"].to_pylist()

    assert [row["sentence"] for row in rows if row["document"] == "en_fair"] == [0, None, 1]


RANGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4)
IN_ORDER = st.lists(st.integers(0, 30), max_size=8).map(lambda at: [*zip(*[iter(sorted(at))] * 2, strict=False)])


@given(st.lists(st.tuples(IN_ORDER, IN_ORDER), max_size=4) | st.lists(st.tuples(RANGES, RANGES), max_size=4))
def test_the_sentences_of_all_tokens_are_those_of_each(of: list[Any]) -> None:
    segments = [Segments("x", "by", tuple(sentences), tuple(tokens)) for sentences, tokens in of]
    expected = [sentence for one in segments for sentence in _each_sentence_of(one)]

    assert _sentences_of(segments, *edges([one.tokens for one in segments])).tolist() == expected


def test_sentences_that_are_out_of_order_hold_their_tokens(tiny: Corpus) -> None:
    segments = structs.replace(
        tiny.segments["en_fair"], sentences=((0, 9), (4, 6), (10, 15)), tokens=((10, 15), (0, 3), (7, 9))
    )
    rows = to_tables(structs.replace(tiny, segments={**tiny.segments, "en_fair": segments}))["tokens"]["train"]

    assert [row["sentence"] for row in rows.to_pylist() if row["document"] == "en_fair"] == [2, 0, None]


def test_tokens_are_cut_as_slices_are() -> None:
    texts = ["Zoë 🙂!", "", "plain"]
    places = [((0, 3), (4, 5), (5, 6), (4, 99), (3, 1)), ((0, 0), (0, 4)), ((1, 3), (5, 5))]

    found = pieces(texts, *edges(places))

    assert found.to_pylist() == ["Zoë", "🙂", "!", "🙂!", "", "", "", "la", ""]


def test_rows_do_not_depend_on_the_order_of_what_is_given(tiny: Corpus) -> None:
    shuffle = random.Random(7)

    def mixed(of: dict) -> dict:  # type: ignore[type-arg]
        return dict(shuffle.sample(sorted(of.items()), len(of)))

    sets = {
        key: structs.replace(marked, annotations=tuple(shuffle.sample(marked.annotations, len(marked.annotations))))
        for key, marked in mixed(tiny.sets).items()
    }
    other = structs.replace(
        tiny,
        documents=mixed(tiny.documents),
        entities=mixed(tiny.entities),
        annotators=mixed(tiny.annotators),
        rights=mixed(tiny.rights),
        segments=mixed(tiny.segments),
        sets=sets,
    )

    assert to_tables(other) == to_tables(tiny)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotation("x", "pont", "wish"), "m1/en_fair#x: 'pont' is no layer [did you mean 'point'?]"),
        (
            Annotation("x", "point", "wish", refs={"topics": ("n1",)}),
            "m1/en_fair#x: 'topics' is no role or attribute of point [did you mean 'topic'?]",
        ),
        (
            Annotation("x", "point", "wish", attributes={"colour": "red"}),
            "m1/en_fair#x: 'colour' is no role or attribute of point",
        ),
        (
            Annotation("x", "point", "wish", (Span(0, 3, "Ida"),)),
            "m1/en_fair#x: quotes 'Ida' but [0:3] is 'Ada'",
        ),
    ],
)
def test_what_tables_cannot_hold_or_the_text_does_not_is_refused(
    tiny: Corpus, annotation: Annotation, message: str
) -> None:
    with pytest.raises(RecordError) as error:
        to_tables(with_set(tiny, annotation))

    assert str(error.value) == message


def test_a_document_without_a_split_is_refused(tiny: Corpus) -> None:
    splits = structs.replace(tiny.splits, splits={"ar_souk": "test", "en_fair": "train"})
    with pytest.raises(RecordError) as error:
        to_tables(structs.replace(tiny, splits=splits))

    assert str(error.value) == (
        "corpus/splits.json: document 'fr_marche' has no split; expected one of train, validation, test"
    )


def test_a_set_of_another_annotator_than_its_place_says_is_refused(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, sets={("a2", "en_fair"): tiny.sets["a1", "en_fair"]})
    with pytest.raises(RecordError, match="stands where the set of 'a2' in 'en_fair' is expected"):
        to_tables(corpus)


def test_segments_without_a_document_are_refused(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, segments={**tiny.segments, "gone": tiny.segments["en_fair"]})
    with pytest.raises(RecordError, match=r"corpus/segments/gone\.json: there is no document 'gone'"):
        to_tables(corpus)


def test_a_role_and_an_attribute_of_one_name_are_refused(tiny: Corpus) -> None:
    first, *others = tiny.scheme.layers
    role = structs.replace(first.roles[0], name="manner")
    scheme = structs.replace(tiny.scheme, layers=(structs.replace(first, roles=(role,)), *others))
    with pytest.raises(SchemaError, match="judgements: two columns would be called 'manner'"):
        schemas(scheme)


def test_a_missing_table_is_named(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    del tables["opinion"]
    with pytest.raises(RecordError, match="opinion: this table is missing"):
        from_tables(tables, tiny.scheme)


def test_another_column_is_named(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    tables["opinion"]["test"] = tables["opinion"]["test"].drop_columns(["wording"])
    with pytest.raises(RecordError, match=r"opinion test: columns are id, document, .*; expected .* wording, note"):
        from_tables(tables, tiny.scheme)


def test_another_type_is_named(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    table = tables["sentences"]["test"]
    tables["sentences"]["test"] = table.set_column(2, "start", table["start"].cast(pa.int64()))
    with pytest.raises(RecordError, match="sentences test start: is int64; expected int32"):
        from_tables(tables, tiny.scheme)


def test_a_span_that_does_not_quote_its_text_is_refused_on_the_way_back(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    other = structs.replace(tiny.documents["en_fair"], text="?" + tiny.documents["en_fair"].text[1:])
    rows = [other, tiny.documents["fr_marche"]]
    table = tables["documents"]["train"]
    tables["documents"]["train"] = table.set_column(
        table.column_names.index("text"), "text", pa.array([row.text for row in rows])
    )
    with pytest.raises(RecordError, match=r"a1/en_fair#\w+: quotes 'Ada Quill' but \[0:9\] is '\?da Quill'"):
        from_tables(tables, tiny.scheme)


def test_judgements_of_a_set_that_is_not_listed_are_refused(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    tables["sets"]["test"] = tables["sets"]["test"].slice(0, 0)
    with pytest.raises(RecordError, match="sets: no row for what 'a1' marked in 'ar_souk'"):
        from_tables(tables, tiny.scheme)


def test_sentences_of_a_document_without_a_segmenter_are_refused(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    table = tables["documents"]["test"]
    tables["documents"]["test"] = table.set_column(
        table.column_names.index("segmenter"), "segmenter", pa.nulls(len(table), pa.string())
    )
    with pytest.raises(RecordError, match="documents ar_souk: has sentences or tokens, but no segmenter"):
        from_tables(tables, tiny.scheme)


def test_a_value_that_no_record_can_have_is_refused(tiny: Corpus) -> None:
    tables = to_tables(tiny)
    table = tables["splits"]["corpus"]
    tables["splits"]["corpus"] = table.set_column(1, "split", pa.array(["dev"] * len(table)))
    with pytest.raises(RecordError, match="splits: Invalid enum value 'dev'"):
        from_tables(tables, tiny.scheme)


def test_progress_ends_where_it_said_it_would(tiny: Corpus) -> None:
    told: list[tuple[str, int, int]] = []
    to_tables(tiny, progress=lambda *at: told.append(at))

    assert told[-1] == ("tables", 21, 21)
