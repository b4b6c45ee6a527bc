"""What goes out as a task comes back as the set it was made from; what cannot be read exactly is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import annotation_sets, documents, entities

from standoff.canon import canonical_set, normal
from standoff.errors import StudioError
from standoff.labelstudio.entities import slug
from standoff.labelstudio.export import check, from_task
from standoff.labelstudio.tasks import to_task
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Entity, Fact, Source, Span
from standoff.text import sha
from standoff.validate import validate


def as_the_editor_writes(task: dict[str, Any]) -> dict[str, Any]:
    """A task as it is after the editor opened it and wrote it back: its own keys, its own copy of the text."""
    task = copy.deepcopy(task)
    for annotation in task["annotations"]:
        for item in annotation["result"]:
            if item["type"] == "relation":
                assert set(item) == {"from_id", "to_id", "type", "direction", "labels"}
                continue
            assert set(item) == {"id", "from_name", "to_name", "type", "value"}
            item["origin"] = "manual"
            if isinstance(item["value"].get("text"), str):
                folded = item["value"]["text"].replace("\r", "\\n").replace("\n", "\\n").replace("\t", " ")
                item["value"]["text"] = " ".join(folded.split(" "))
        del annotation["ground_truth"]
    return task


def without_what_is_not_needed(task: dict[str, Any]) -> dict[str, Any]:
    """A task that says everything once."""
    task = copy.deepcopy(task)
    del task["data"]["entities"], task["data"]["title"], task["data"]["published"]
    for item in task["annotations"][0]["result"]:
        if item["type"] == "labels":
            del item["value"]["text"]
        elif item["type"] == "relation":
            del item["direction"]
        else:
            item["value"] = {key: value for key, value in item["value"].items() if key not in ("start", "end")}
    return task


@pytest.mark.parametrize("form", [copy.deepcopy, as_the_editor_writes, without_what_is_not_needed])
@given(data=st.data())
def test_a_task_reads_as_the_set_it_was_made_from(tiny: Corpus, form: Any, data: st.DataObject) -> None:
    registry = data.draw(entities(tiny.scheme))
    document = data.draw(documents(tiny.scheme))
    corpus = structs.replace(tiny, documents={"doc": document}, entities={entity.id: entity for entity in registry})
    marked = data.draw(annotation_sets(tiny.scheme, document, registry))

    task = to_task(marked, document, corpus, annotator="a1")

    assert from_task(form(task), corpus, "a1") == marked


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_every_set_of_a_corpus_comes_back_with_the_same_bytes(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    assert corpus.sets
    for (annotator, document), marked in corpus.sets.items():
        task = to_task(marked, corpus.documents[document], corpus, annotator=annotator)
        back = from_task(as_the_editor_writes(task), corpus, annotator)

        assert canonical_set(back, corpus.scheme) == canonical_set(marked, corpus.scheme)


TEXT = "Ada’s café 👩🏽\u200d🚀 sells tea.\r\nBo says:\ttea is  cheap, Ada fair."


def span(quote: str) -> Span:
    start = TEXT.index(quote)
    return Span(start, start + len(quote), quote)


@pytest.fixture
def small(tiny: Corpus) -> Corpus:
    """One document with one set: a nested and a fragmented annotation, roles and relation labels on one pair."""
    fact = Fact("unknown")
    document = Document(
        id="doc",
        title="Tea",
        language="en",
        media_type="text/plain",
        published=fact,
        source=Source(fact, fact, fact),
        rights="nobody",
        raw_sha256=sha(TEXT),
        raw_length=len(TEXT),
        text_sha256=sha(TEXT),
        text=TEXT,
    )
    marked = AnnotationSet(
        document="doc",
        text_sha256=sha(TEXT),
        annotator="a1",
        annotations=(
            Annotation("n1", "naming", "café", (span("Ada’s café"),), {"referent": ("cafe",)}, {"shape": "proper"}),
            Annotation("n2", "naming", "who", (span("Ada"),), {"referent": ("ada",)}, {"shape": "proper"}, "Herself."),
            Annotation("n3", "naming", "who", (span("Bo"),), {"referent": ("ada",)}, {"shape": "proper"}),
            Annotation(
                "r1",
                "report",
                "tells",
                (span("says"),),
                {"speaker": ("n2", "n3"), "said": ("p1",)},
                {"manner": "retold"},
            ),
            Annotation("p1", "point", "happening", (span("tea is  cheap"),), {"topic": ("n1",)}, {"firmness": "firm"}),
            Annotation("p2", "point", "wish", (span("tea is"), span("fair")), {}, {"firmness": "open"}),
            Annotation(
                "o1", "opinion", "likes", (span("fair"),), {"voice": ("n3",), "object": ("p1",)}, {"wording": "plain"}
            ),
            Annotation("explains:p1:p2", "link", "explains", refs={"first": ("p1",), "second": ("p2",)}),
            Annotation("clashes:p1:p2", "link", "clashes", refs={"first": ("p1",), "second": ("p2",)}),
            Annotation("register:sober", "register", "sober"),
        ),
        entities=(Entity("cafe", "café", "Ada’s", "unchecked"),),
    )
    return structs.replace(
        tiny,
        documents={"doc": document},
        entities={"ada": Entity("ada", "who", "Ada", "unchecked")},
        sets={("a1", "doc"): normal(marked, tiny.scheme)},
    )


def task_of(corpus: Corpus) -> dict[str, Any]:
    return {"id": 12} | to_task(corpus.sets["a1", "doc"], corpus.documents["doc"], corpus, annotator="a1")


def result_of(task: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = task["annotations"][0]["result"]
    return found


def item(task: dict[str, Any], id: str, control: str) -> dict[str, Any]:
    return next(one for one in result_of(task) if one.get("id") == id and one["from_name"] == control)


def relation(task: dict[str, Any], origin: str, end: str) -> dict[str, Any]:
    return next(one for one in result_of(task) if (one.get("from_id"), one.get("to_id")) == (origin, end))


def drawn(origin: str, end: str, *labels: str, **more: Any) -> dict[str, Any]:
    return {"from_id": origin, "to_id": end, "type": "relation", "direction": "right", "labels": list(labels)} | more


def test_all_labels_of_a_pair_travel_in_one_relation(small: Corpus) -> None:
    task = task_of(small)
    pairs = [(one["from_id"], one["to_id"]) for one in result_of(task) if one["type"] == "relation"]

    assert relation(task, "p1", "p2")["labels"] == ["clashes", "explains"]
    assert relation(task, "p2", "p2.2")["labels"] == ["fragment"]
    assert len(pairs) == len(set(pairs))


def test_several_labels_that_are_drawn_on_one_pair_are_split_again(small: Corpus) -> None:
    marked = small.sets["a1", "doc"]
    task = task_of(small)
    result_of(task).append(drawn("n2", "n3", "owns", "beside"))

    back = from_task(task, small, "a1")

    assert {a.id for a in back.annotations} - {a.id for a in marked.annotations} == {"owns:n2:n3", "beside:n2:n3"}


def test_a_symmetric_relation_is_the_same_from_either_end(small: Corpus) -> None:
    for link in (drawn("n3", "n2", "beside"), drawn("n2", "n3", "beside", direction="bi")):
        task = task_of(small)
        result_of(task).append(link)
        back = {a.id: a for a in from_task(task, small, "a1").annotations}

        assert back["beside:n2:n3"].refs == {"owner": ("n2",), "owned": ("n3",)}


def test_an_arrow_to_the_left_is_read_as_it_points(small: Corpus) -> None:
    task = task_of(small)
    link = relation(task, "p1", "n1")
    link["from_id"], link["to_id"], link["direction"] = "n1", "p1", "left"

    assert from_task(task, small, "a1") == small.sets["a1", "doc"]


def test_fragments_may_be_joined_in_a_row_and_drawn_in_any_order(small: Corpus) -> None:
    task = task_of(small)
    third = copy.deepcopy(item(task, "p2", "point"))
    start = TEXT.index("sells")
    third |= {"id": "X-_9", "value": {"start": start, "end": start + 5, "text": "sells", "labels": ["wish"]}}
    result_of(task).extend([third, drawn("p2.2", "X-_9", "fragment")])
    back = {a.id: a for a in from_task(task, small, "a1").annotations}

    assert [one.quote for one in back["p2"].spans] == ["sells", "tea is", "fair"]


def test_a_relation_to_any_fragment_is_to_the_annotation(small: Corpus) -> None:
    task = task_of(small)
    relation(task, "p1", "p2")["to_id"] = "p2.2"

    assert from_task(task, small, "a1") == small.sets["a1", "doc"]


def named(task: dict[str, Any], id: str, name: str) -> None:
    """Takes the picked entity of a region away and writes a name instead."""
    picked = item(task, id, "naming-referent")
    picked |= {"from_name": "naming-referent-new", "type": "textarea", "value": {"text": [name]}}


def test_an_id_that_the_annotator_and_the_registry_have_is_offered_once_as_the_annotators(tiny: Corpus) -> None:
    (who, document), marked = min(tiny.sets.items())
    there = min(tiny.entities.values(), key=lambda entity: entity.id)
    own = structs.replace(there, name="Somebody else")

    task = to_task(structs.replace(marked, entities=(own,)), tiny.documents[document], tiny, annotator=who)

    offered = [option["value"] for option in task["data"]["entities"] if option["alias"] == there.id]
    assert offered == [f"Somebody else · {there.type} · {there.id}"]


def test_a_name_that_is_written_becomes_an_entity_of_the_set(small: Corpus) -> None:
    task = task_of(small)
    named(task, "n2", " Ada ")
    named(task, "n3", "Ada")
    back = from_task(task, small, "a1")

    assert [a.refs["referent"] for a in back.annotations if a.id in ("n2", "n3")] == [("ada-2",), ("ada-2",)]
    assert back.entities == (Entity("ada-2", "who", "Ada", "unchecked"), Entity("cafe", "café", "Ada’s", "unchecked"))


def test_a_name_that_was_written_before_means_the_same_entity(small: Corpus) -> None:
    task = task_of(small)
    named(task, "n1", "Ada’s")

    assert from_task(task, small, "a1") == small.sets["a1", "doc"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoë Ünal & Co.", "zoe-unal-co"),
        ("سوق", "e-5880ddc87b"),
        ("x" * 90, "x" * 48),
    ],
)
def test_the_id_of_a_new_entity_looks_like_its_name(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_what_says_nothing_is_nothing(small: Corpus) -> None:
    task = task_of(small)
    item(task, "n2", "naming-note")["value"]["text"] = []
    item(task, "n3", "naming-shape")["value"]["choices"] = []
    back = {a.id: a for a in from_task(task, small, "a1").annotations}

    assert back["n2"].note == ""
    assert back["n3"].attributes == {}


def change(task: dict[str, Any], id: str, control: str, **value: Any) -> None:
    item(task, id, control)["value"] |= value


BROKEN: list[tuple[str, Any, str, str]] = [
    (
        "an unknown control",
        lambda t: item(t, "n2", "naming-shape").update(from_name="naming-shap"),
        "task 12 region n2 from_name",
        "'naming-shap' is no control of the interface [did you mean 'naming-shape'?]",
    ),
    (
        "an unknown object",
        lambda t: item(t, "n2", "naming").update(to_name="txt"),
        "task 12 region n2 to_name",
        "'txt'; expected 'text'",
    ),
    (
        "another type than the control makes",
        lambda t: item(t, "n2", "naming-note").update(type="choices", value={"choices": ["x"]}),
        "task 12 region n2 type",
        "'choices'; expected 'textarea', which 'naming-note' makes",
    ),
    (
        "a type that no control makes",
        lambda t: item(t, "n2", "naming").update(type="rectanglelabels"),
        "task 12 region n2 type",
        "\"rectanglelabels\": invalid value 'rectanglelabels'",
    ),
    (
        "an unknown label",
        lambda t: change(t, "n2", "naming", labels=["whom"]),
        "task 12 region n2 value.labels",
        "'whom' is none of 'who', 'where', 'café', 'thing', 'number' [did you mean 'who'?]",
    ),
    (
        "two labels",
        lambda t: change(t, "n2", "naming", labels=["who", "where"]),
        "task 12 region n2 value.labels",
        "2 labels; expected one",
    ),
    (
        "no label",
        lambda t: change(t, "n2", "naming", labels=[]),
        "task 12 region n2 value.labels",
        "0 labels; expected one",
    ),
    (
        "an unknown value",
        lambda t: change(t, "n2", "naming-shape", choices=["odd"]),
        "task 12 region n2 value.choices",
        "'odd' is none of 'proper', 'common', 'pronoun'",
    ),
    (
        "two values",
        lambda t: change(t, "n2", "naming-shape", choices=["proper", "common"]),
        "task 12 region n2 value.choices",
        "2 answers to 'naming-shape': ['proper', 'common']; expected one",
    ),
    (
        "several texts",
        lambda t: change(t, "n2", "naming-note", text=["a", "b"]),
        "task 12 region n2 value.text",
        "2 answers to 'naming-note': ['a', 'b']; expected one",
    ),
    (
        "the same asked twice",
        lambda t: result_of(t).append(copy.deepcopy(item(t, "n2", "naming-shape"))),
        "task 12 region n2 from_name",
        "'naming-shape' says something of it twice; expected once",
    ),
    (
        "a doubled region",
        lambda t: result_of(t).append(copy.deepcopy(item(t, "n2", "naming"))),
        "task 12 region n2 id",
        "'n2' is the id of two regions; expected one",
    ),
    (
        "an odd id",
        lambda t: item(t, "n2", "naming").update(id="n 2"),
        "task 12 region n 2 id",
        "'n 2' does not match",
    ),
    (
        "something said of no region",
        lambda t: item(t, "n2", "naming-note").update(id="n9"),
        "task 12 region n9",
        "is no region, but 'naming-note' says something of it",
    ),
    (
        "something said of another layer",
        lambda t: item(t, "n2", "naming-note").update(from_name="point-note"),
        "task 12 region n2 from_name",
        "'point-note' is asked of point alone, and this is of naming",
    ),
    (
        "an end behind the text",
        lambda t: change(t, "n2", "naming", end=9999),
        "task 12 region n2 value.end",
        "9999; expected 1 to 61",
    ),
    (
        "a negative start",
        lambda t: change(t, "n2", "naming", start=-1),
        "task 12 region n2 value.start",
        "-1; expected 0 to 60",
    ),
    (
        "an empty range",
        lambda t: change(t, "n2", "naming", start=3, end=3),
        "task 12 region n2 value.end",
        "3; expected 4 to 61",
    ),
    (
        "an offset that is no integer",
        lambda t: change(t, "n2", "naming", end=2.5),
        "task 12 region n2 value.end",
        "2.5: expected `int`, got `float`",
    ),
    (
        "an offset that is a truth value",
        lambda t: change(t, "n2", "naming", start=False),
        "task 12 region n2 value.start",
        "false: expected `int`, got `bool`",
    ),
    (
        "offsets in UTF-16 units",
        lambda t: [change(t, "n3", name, start=30, end=32) for name in ("naming", "naming-shape", "naming-referent")],
        "task 12 region n3 value.text",
        "'Bo', but the document holds ' s' at [30:32]",
    ),
    (
        "two offsets for one region",
        lambda t: change(t, "n2", "naming-shape", start=1),
        "task 12 region n2 value.start",
        "1 in the item of 'naming-shape'; expected 0",
    ),
    (
        "an unknown entity",
        lambda t: change(t, "n2", "naming-referent", choices=["adda"]),
        "task 12 region n2 referent",
        "'adda' is no entity [did you mean 'ada'?]",
    ),
    (
        "an entity picked and written",
        lambda t: result_of(t).append(
            copy.deepcopy(item(t, "n2", "naming-note"))
            | {"from_name": "naming-referent-new", "value": {"text": ["Bo"]}}
        ),
        "task 12 region n2 referent",
        "'ada' is picked and 'Bo' written; expected one of the two",
    ),
    (
        "an entity where none can be",
        lambda t: [named(t, "n2", "40"), change(t, "n2", "naming", labels=["number"])],
        "task 12 region n2 referent",
        "'40' is named as an entity, but 'number' is none of",
    ),
    (
        "a relation to nothing",
        lambda t: relation(t, "r1", "p1").update(to_id="p9"),
        "task 12 relation r1 -> p9 to_id",
        "'p9' is no region of this task",
    ),
    (
        "a fragment of nothing but itself",
        lambda t: relation(t, "p2", "p2.2").update(to_id="p2"),
        "task 12 relation p2 -> p2",
        "is a fragment of itself; expected two regions",
    ),
    (
        "a relation without a label",
        lambda t: relation(t, "r1", "p1").pop("labels"),
        "task 12 relation r1 -> p1 labels",
        "no label; expected one of 'said'",
    ),
    (
        "an unknown relation",
        lambda t: relation(t, "r1", "p1").update(labels=["sayd"]),
        "task 12 relation r1 -> p1 labels",
        "'sayd' does not lead from report 'r1' to point 'p1'; expected one of 'said' [did you mean 'said'?]",
    ),
    (
        "a role that the origin does not have",
        lambda t: relation(t, "r1", "p1").update(labels=["topic"]),
        "task 12 relation r1 -> p1 labels",
        "'topic' does not lead from report 'r1' to point 'p1'; expected one of 'said'",
    ),
    (
        "a relation where none can be",
        lambda t: result_of(t).append(drawn("n1", "p1", "said")),
        "task 12 relation n1 -> p1 labels",
        "'said' does not lead from naming 'n1' to point 'p1'; expected none",
    ),
    (
        "a role both ways",
        lambda t: relation(t, "r1", "p1").update(direction="bi"),
        "task 12 relation r1 -> p1 direction",
        "'said' goes both ways; expected one direction",
    ),
    (
        "a role drawn twice",
        lambda t: result_of(t).append(drawn("r1", "p1", "said")),
        "task 12 relation r1 -> p1 labels",
        "'said' is drawn twice from 'r1' to 'p1'",
    ),
    (
        "a fragment of two annotations",
        lambda t: result_of(t).append(drawn("p1", "p2.2", "fragment")),
        "task 12 region p2.2",
        "is a fragment of 'p2' and of 'p1'; expected one annotation",
    ),
    (
        "a fragment of itself",
        lambda t: result_of(t).append(drawn("p2.2", "p2", "fragment")),
        "task 12 region p2",
        "is a fragment of itself, by a circle of relations",
    ),
    (
        "a fragment of something else",
        lambda t: change(t, "p2.2", "point", labels=["amount"]),
        "task 12 region p2.2 value.labels",
        "point 'amount' is a fragment of 'p2', which is point 'wish'; expected the same label",
    ),
    (
        "fragments that disagree",
        lambda t: result_of(t).append(
            copy.deepcopy(item(t, "p2", "point-firmness")) | {"id": "p2.2", "value": {"choices": ["weak"]}}
        ),
        "task 12 region p2.2",
        "'weak' is said of this fragment by 'point-firmness', but 'open' of 'p2', the first one",
    ),
    (
        "a fragment left alone",
        lambda t: result_of(t).remove(relation(t, "p2", "p2.2")),
        "task 12 region p2.2",
        "was a fragment of 'p2', but no 'fragment' relation leads to it any more",
    ),
    (
        "a fragment that is something else too",
        lambda t: relation(t, "p2", "p2.2").update(labels=["fragment", "explains"]),
        "task 12 relation p2 -> p2.2 labels",
        "['fragment', 'explains'] (right); expected 'fragment' alone",
    ),
    (
        "a remark where it is not kept",
        lambda t: item(t, "n2", "naming").update(meta={"text": ["odd"]}),
        "task 12 region n2 meta.text",
        "['odd'] is written into the region's own information, which is not kept",
    ),
    (
        "a label of the document twice",
        lambda t: change(t, "register.document", "register", choices=["sober", "sober"]),
        "task 12 register value.choices",
        "'sober' stands twice; expected once",
    ),
    (
        "another text",
        lambda t: t["data"].update(text=TEXT + " "),
        "task 12 data.text",
        "is not the text of document 'doc'; push it again",
    ),
    (
        "the digest of another text",
        lambda t: t["meta"].update(text_sha256="0" * 64),
        "task 12 meta.text_sha256",
        f"'{'0' * 64}'; expected",
    ),
    (
        "another annotator's task",
        lambda t: t["meta"].update(annotator="a2"),
        "task 12 meta.annotator",
        "'a2'; expected 'a1'",
    ),
    (
        "an unknown document",
        lambda t: t["data"].update(id="dok"),
        "task 12 data.id",
        "'dok' is no document of the corpus [did you mean 'doc'?]",
    ),
    (
        "entities that are none",
        lambda t: t["meta"].update(entities=[{"id": "x"}]),
        "task 12 meta.entities",
        "are not the entities that were pushed: Object missing required field",
    ),
    (
        "two annotations",
        lambda t: t.update(annotations=[{"id": 4, "result": []}, {"id": 7, "result": []}]),
        "task 12 annotations",
        "2 annotations (4, 7); expected one",
    ),
    (
        "a skipped annotation alone",
        lambda t: t["annotations"][0].update(was_cancelled=True),
        "task 12 annotations",
        "0 annotations; expected one",
    ),
    (
        "annotations that are no list",
        lambda t: t.update(annotations={"result": []}),
        "task 12 annotations",
        '{"result": []}; expected a list of annotations',
    ),
    (
        "an annotation that is none",
        lambda t: t.update(annotations=[7]),
        "task 12 annotations[0]",
        "7; expected an annotation",
    ),
    (
        "an annotation skipped in words",
        lambda t: t["annotations"][0].update(was_cancelled="false"),
        "task 12 annotations[0].was_cancelled",
        '"false"; expected true or false',
    ),
    (
        "a description that is none",
        lambda t: t.update(meta=[]),
        "task 12 meta",
        "[]; expected an object",
    ),
    (
        "half a character",
        lambda t: change(t, "n2", "naming-note", text=["\ud83d"]),
        "task 12 annotations[0].result[6].value.text[0]",
        "'\\ud83d' has half a surrogate pair, which is no character",
    ),
    (
        "a number that is none",
        lambda t: change(t, "n2", "naming", start=float("nan")),
        "task 12 annotations[0].result[3].value.start",
        "nan; expected a finite number",
    ),
    (
        "a result that is no list",
        lambda t: t["annotations"][0].update(result={"a": 1}),
        "task 12 result",
        '{"a": 1}; expected a list of items',
    ),
    (
        "an item that is no object",
        lambda t: result_of(t).insert(0, 7),
        "task 12 result[0]",
        "7: expected `object`, got `int`",
    ),
    (
        "a label that is no text",
        lambda t: change(t, "n2", "naming", labels=[None]),
        "task 12 region n2 value.labels[0]",
        "null: expected `str`, got `null`",
    ),
]


@pytest.mark.parametrize(("breaks", "place", "message"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_what_cannot_be_read_exactly_is_refused_with_its_place(
    small: Corpus, breaks: Any, place: str, message: str
) -> None:
    task = task_of(small)
    breaks(task)

    with pytest.raises(StudioError) as refused:
        from_task(task, small, "a1")

    assert refused.value.place == place
    assert refused.value.message.startswith(message)


MISTAKES: list[tuple[str, Any, str, dict[str, tuple[str, ...]], str]] = [
    (
        "a relation to itself",
        lambda t: result_of(t).append(drawn("p1", "p1", "clashes")),
        "clashes:p1:p1",
        {"first": ("p1",), "second": ("p1",)},
        "roles-differ",
    ),
    (
        "a relation between fragments of one annotation",
        lambda t: result_of(t).append(drawn("p2.2", "p2", "explains")),
        "explains:p2:p2",
        {"first": ("p2",), "second": ("p2",)},
        "roles-differ",
    ),
    (
        "a role to itself",
        lambda t: result_of(t).append(drawn("r1", "r1", "within")),
        "r1",
        {"said": ("p1",), "speaker": ("n2", "n3"), "within": ("r1",)},
        "acyclic",
    ),
    (
        "a role to another layer",
        lambda t: relation(t, "r1", "p1").update(labels=["speaker"]),
        "r1",
        {"speaker": ("n2", "n3", "p1")},
        "ref-layer",
    ),
    (
        "a relation between other layers",
        lambda t: result_of(t).append(drawn("n2", "o1", "explains")),
        "explains:n2:o1",
        {"first": ("n2",), "second": ("o1",)},
        "ref-layer",
    ),
]


@pytest.mark.parametrize(("errs", "id", "refs", "rule"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_what_an_annotator_got_wrong_is_read_and_found_by_validation(
    small: Corpus, errs: Any, id: str, refs: dict[str, tuple[str, ...]], rule: str
) -> None:
    task = task_of(small)
    errs(task)
    back = from_task(task, small, "a1")
    check(to_task(back, small.documents["doc"], small, annotator="a1"), back, small)

    assert next(a.refs for a in back.annotations if a.id == id) == refs

    found = validate(structs.replace(small, sets={("a1", "doc"): back}, gold={}))

    assert {f.file for f in found if (f.id, f.rule) == (id, rule)} == {"annotations/sets/a1/doc.json"}


def test_a_task_that_would_come_back_as_another_set_is_not_sent(small: Corpus) -> None:
    marked = small.sets["a1", "doc"]
    linked = Annotation("owns:n2:n3", "tie", "owns", refs={"owner": ("n2",), "owned": ("n3",)}, note="Lost.")
    marked = normal(structs.replace(marked, annotations=(*marked.annotations, linked)), small.scheme)
    task = to_task(marked, small.documents["doc"], small, annotator="a1")

    with pytest.raises(StudioError, match=r"^a1/doc#owns:n2:n3: .*Lost.* would come back from Label Studio as "):
        check(task, marked, small)


def test_a_reference_to_nothing_is_not_sent(small: Corpus) -> None:
    marked = small.sets["a1", "doc"]
    marked = structs.replace(marked, annotations=tuple(a for a in marked.annotations if a.id != "n1"))
    task = to_task(marked, small.documents["doc"], small, annotator="a1")

    with pytest.raises(StudioError, match=r"^a1/doc task doc relation p1 -> n1 to_id: 'n1' is no region of this task"):
        check(task, marked, small)


def test_a_document_without_a_set_is_a_task_without_an_annotation(small: Corpus) -> None:
    task = to_task(None, small.documents["doc"], small, annotator="a1")

    assert "annotations" not in task
    assert task["meta"] == {
        "document": "doc",
        "annotator": "a1",
        "text_sha256": sha(TEXT),
        "sha256": "",
        "entities": [],
    }
    assert [(one["value"], one["alias"]) for one in task["data"]["entities"]] == [("Ada · who · ada", "ada")]
