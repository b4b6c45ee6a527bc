"""Views of gold, by generic kinds."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from standoff.errors import RecordError, SchemaError
from standoff.model import Annotation, AnnotationSet, Corpus, Segments, Span
from standoff.tables import vocabulary
from standoff.views import view_schemas, views

TEXT = "Al Bo said Cy ran. Di ate."
"""Of one invented document: two sentences, eight tokens."""

WORDS = ((0, 2), (3, 5), (6, 10), (11, 13), (14, 17), (17, 18), (19, 21), (22, 25), (25, 26))


def spans(*ranges: tuple[int, int]) -> tuple[Span, ...]:
    """Spans of TEXT."""
    return tuple(Span(start, end, TEXT[start:end]) for start, end in ranges)


def invented(tiny: Corpus, *gold: Annotation) -> Corpus:
    """A corpus of TEXT alone, in the tiny scheme, with this gold."""
    return structs.replace(
        tiny,
        documents={"d": structs.replace(tiny.documents["en_fair"], id="d", text=TEXT)},
        segments={"d": Segments("d", "by hand", ((0, 18), (19, 26)), WORDS)},
        sets={},
        gold={"d": AnnotationSet("d", "", "gold", gold)},
        splits=structs.replace(tiny.splits, splits={"d": "train"}),
    )


def rows(corpus: Corpus, view: str, split: str = "train") -> list[dict[str, Any]]:
    """The rows of a view."""
    found: list[dict[str, Any]] = views(corpus)[view][split].to_pylist()
    return found


def naming(id: str, label: str, *ranges: tuple[int, int]) -> Annotation:
    return Annotation(id, "naming", label, spans(*ranges))


def tags(corpus: Corpus) -> list[tuple[list[str], int]]:
    """Tags and count of what has none, by sentence."""
    return [(row["tags"], row["untagged"]) for row in rows(corpus, "naming_tags")]


def test_outermost_spans_are_tagged_and_nested_ones_counted(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (0, 5)), naming("b", "thing", (3, 5)), naming("c", "who", (19, 21)))

    assert tags(corpus) == [(["B-who", "I-who", "O", "O", "O", "O"], 1), (["B-who", "O", "O"], 0)]


def test_of_crossing_spans_the_first_is_tagged(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (0, 5)), naming("b", "thing", (3, 10)))

    assert tags(corpus)[0] == (["B-who", "I-who", "O", "O", "O", "O"], 1)


def test_neighbours_each_have_their_beginning(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (0, 2)), naming("b", "who", (3, 5)))

    assert tags(corpus)[0] == (["B-who", "B-who", "O", "O", "O", "O"], 0)


def test_each_fragment_is_tagged_by_itself(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "thing", (0, 2), (11, 13)))

    assert tags(corpus)[0] == (["B-thing", "O", "O", "B-thing", "O", "O"], 0)


def test_a_span_across_sentences_is_counted_where_it_begins(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (14, 21)))

    assert tags(corpus) == [(["O"] * 6, 1), (["O"] * 3, 0)]


def test_a_token_that_a_span_only_touches_is_tagged(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (7, 12)))

    assert tags(corpus)[0] == (["O", "O", "B-who", "I-who", "O", "O"], 0)


def test_a_span_that_touches_no_token_is_counted(tiny: Corpus) -> None:
    corpus = invented(tiny, naming("a", "who", (2, 3)))

    assert tags(corpus)[0] == (["O"] * 6, 1)


def test_tokens_stand_with_their_offsets(tiny: Corpus) -> None:
    found = rows(invented(tiny), "naming_tags")[1]

    assert (found["sentence"], found["start"], found["end"], found["text"]) == (1, 19, 26, "Di ate.")
    assert (found["tokens"], found["token_starts"], found["token_ends"]) == (
        ["Di", "ate", "."],
        [19, 22, 25],
        [21, 25, 26],
    )


def test_tags_are_a_closed_list_with_o_first(tiny: Corpus) -> None:
    assert vocabulary(view_schemas(tiny.scheme)["naming_tags"].field("tags"))[:5] == (
        "O",
        "B-who",
        "I-who",
        "B-where",
        "I-where",
    )


def test_the_tags_of_the_tiny_corpus_leave_two_nested_names_out(tiny: Corpus) -> None:
    found = views(tiny)["naming_tags"]

    assert sum(sum(table["untagged"].to_pylist()) for table in found.values()) == 2
    assert found["test"].to_pylist()[0]["tags"] == ["B-where", "I-where", "O", "B-where", "I-where"]


def test_a_sentence_has_the_labels_of_what_begins_in_it(tiny: Corpus) -> None:
    corpus = invented(
        tiny,
        Annotation("p1", "point", "wish", spans((0, 5))),
        Annotation("p2", "point", "happening", spans((11, 17), (19, 21))),
        Annotation("p3", "point", "wish", spans((14, 17))),
    )

    assert [(row["labels"], row["annotations"]) for row in rows(corpus, "point_sentences")] == [
        (["happening", "wish"], ["p1", "p2", "p3"]),
        ([], []),
    ]


def test_documents_without_gold_are_in_no_view(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, gold={"ar_souk": tiny.gold["ar_souk"]})

    assert {split: len(table) for split, table in views(corpus)["point_sentences"].items()} == {
        "train": 0,
        "validation": 0,
        "test": 3,
    }


def test_gold_without_sentences_is_refused(tiny: Corpus) -> None:
    corpus = structs.replace(invented(tiny, naming("a", "who", (0, 2))), segments={})
    with pytest.raises(RecordError, match=r"corpus/segments/d\.json: has no sentences; a view by sentence needs them"):
        views(corpus)


def test_pairs_have_both_texts_with_their_fragments_joined(tiny: Corpus) -> None:
    assert rows(tiny, "link_pairs")[1] == {
        "id": "explains:p4:p5",
        "document": "en_fair",
        "label": "explains",
        "first": "p4",
        "first_label": "happening",
        "first_text": "It dear",
        "second": "p5",
        "second_label": "happening",
        "second_text": "The café never sold out",
    }


def test_a_pair_with_an_end_that_is_not_there_is_refused(tiny: Corpus) -> None:
    relation = Annotation("echoes:p1:p2", "link", "echoes", refs={"first": ("p1",), "second": ("p2",)})
    corpus = invented(tiny, Annotation("p1", "point", "wish", spans((0, 2))), relation)
    with pytest.raises(RecordError, match="gold/d#echoes:p1:p2: points to 'p2', which is not in the set"):
        views(corpus)


def test_a_pair_with_an_end_too_few_is_refused(tiny: Corpus) -> None:
    corpus = invented(tiny, Annotation("echoes:p1:p2", "link", "echoes", refs={"first": ()}))
    with pytest.raises(RecordError, match="gold/d#echoes:p1:p2: has 0 ids in 'first'; expected one"):
        views(corpus)


def report(id: str, at: tuple[int, int], **refs: tuple[str, ...]) -> Annotation:
    return Annotation(id, "report", "tells", spans(at), refs)


POINT = Annotation("p1", "point", "happening", spans((11, 17)))


def test_the_tiny_corpus_has_its_tellers(tiny: Corpus) -> None:
    found = {(row["document"], row["id"]): row for row in rows(tiny, "tellers")}

    assert found["en_fair", "p2"] == {
        "id": "p2",
        "document": "en_fair",
        "label": "happening",
        "text": "the jam is good",
        "status": "source",
        "taken": ["n7"],
        "taken_texts": ["Ben Moor"],
        "taken_entities": [["ben"]],
        "via": "r3",
        "chain": ["r3", "r2"],
    }
    assert found["en_fair", "p5"]["status"] == "writer"
    assert found["en_fair", "p5"]["via"] is None
    assert found["en_fair", "p5"]["chain"] == []


def test_a_holder_that_names_nobody_is_unknown(tiny: Corpus) -> None:
    row = rows(invented(tiny, POINT, report("r1", (6, 10), said=("p1",))), "tellers")[0]

    assert (row["status"], row["taken"], row["via"]) == ("unknown", [], "r1")


def test_the_innermost_of_nested_holders_counts_whatever_their_order(tiny: Corpus) -> None:
    inner = report("r2", (6, 10), said=("p1",), speaker=("n2",), within=("r1",))
    outer = report("r1", (0, 2), said=("p1",), speaker=("n1",))
    names = naming("n1", "who", (0, 2)), naming("n2", "who", (3, 5))
    row = rows(invented(tiny, *names, outer, inner, POINT), "tellers")[0]

    assert (row["taken_texts"], row["chain"]) == (["Bo"], ["r2", "r1"])


def test_of_holders_that_do_not_nest_the_first_in_the_text_counts(tiny: Corpus) -> None:
    row = rows(
        invented(tiny, report("r2", (0, 2), said=("p1",)), report("r1", (6, 10), said=("p1",)), POINT), "tellers"
    )

    assert row[0]["via"] == "r2"


def test_a_circle_of_holders_ends(tiny: Corpus) -> None:
    first = report("r1", (0, 2), said=("p1",), within=("r2",))
    second = report("r2", (6, 10), within=("r1",))

    assert rows(invented(tiny, first, second, POINT), "tellers")[0]["chain"] == ["r1", "r2"]


def test_several_takers_stand_with_their_entities(tiny: Corpus) -> None:
    names = (
        Annotation("n1", "naming", "who", spans((0, 2)), {"referent": ("ada",)}),
        Annotation("n2", "naming", "number", spans((3, 5))),
    )
    row = rows(invented(tiny, *names, report("r1", (6, 10), said=("p1",), speaker=("n1", "n2")), POINT), "tellers")[0]

    assert (row["taken"], row["taken_texts"], row["taken_entities"]) == (["n1", "n2"], ["Al", "Bo"], [["ada"], []])


def test_a_role_to_the_registry_gives_the_entitys_name(tiny: Corpus) -> None:
    scheme = tiny.scheme
    layer = scheme.layer("report")
    assert layer
    speaker = structs.replace(layer.role("speaker"), layers=("entity",), max=1)
    layer = structs.replace(layer, roles=(speaker, *layer.roles[1:]))
    scheme = structs.replace(scheme, layers=tuple(layer if of.name == "report" else of for of in scheme.layers))
    corpus = structs.replace(
        invented(tiny, report("r1", (6, 10), said=("p1",), speaker=("ada",)), POINT), scheme=scheme
    )
    row = rows(corpus, "tellers")[0]

    assert (row["taken"], row["taken_texts"], row["taken_entities"]) == (["ada"], ["Ada Quill"], [["ada"]])


def test_every_view_has_its_columns_without_rows_too(tiny: Corpus) -> None:
    found = views(structs.replace(tiny, gold={}))

    assert {name: {len(table) for table in splits.values()} for name, splits in found.items()} == {
        "naming_tags": {0},
        "point_sentences": {0},
        "link_pairs": {0},
        "tellers": {0},
    }
    assert all(
        table.schema == schema for name, schema in view_schemas(tiny.scheme).items() for table in found[name].values()
    )


def test_two_columns_of_one_name_are_refused(tiny: Corpus) -> None:
    layer = tiny.scheme.layer("link")
    assert layer
    roles = structs.replace(layer.roles[0], name="end"), structs.replace(layer.roles[1], name="end_text")
    layers = tuple(structs.replace(of, roles=roles) if of.name == "link" else of for of in tiny.scheme.layers)
    with pytest.raises(SchemaError, match="view link_pairs: two columns would be called 'end_text'"):
        view_schemas(structs.replace(tiny.scheme, layers=layers))


def test_the_real_corpus_has_a_claimant_for_every_claim(statecloud: Corpus) -> None:
    found = views(statecloud)["claimants"]
    claims = {(d, a.id) for d, marked in statecloud.gold.items() for a in marked.annotations if a.layer == "claim"}

    assert {(row["document"], row["id"]) for table in found.values() for row in table.to_pylist()} == claims
    assert claims
