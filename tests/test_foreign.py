"""Somebody else's exports are read by a map, exactly or not at all; what cannot be kept is counted."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import annotation_sets, documents

from standoff import files
from standoff.canon import normal
from standoff.cli import main
from standoff.errors import SchemaError, StudioError
from standoff.labelstudio.foreign import Evidence, Imported, Loss, from_export, read_map
from standoff.labelstudio.tasks import to_task
from standoff.model import Annotation, AnnotationSet, Corpus, Span
from standoff.text import Alignment
from standoff.units import Units

MAP: dict[str, Any] = {
    "text": "body",
    "document": "no",
    "documents": {"1": "ar_souk", "2": "en_fair", "3": "fr_marche"},
    "controls": {
        "ner": {
            "layer": "naming",
            "labels": {
                "PER": "who",
                "LOC": "where",
                "BAR": "café",
                "OBJ": "thing",
                "NUM": "number",
                "tells": {"layer": "report", "label": "tells"},
                "thinks": {"layer": "report", "label": "thinks"},
                "MISC": None,
            },
        },
        "parts": {"layer": "point"},
        "views": {"layer": "opinion"},
        "how": {
            "layer": "naming",
            "attribute": "shape",
            "values": {"name": "proper", "noun": "common", "pro": "pronoun"},
        },
        "manner": {"layer": "report", "attribute": "manner"},
        "trust": {"layer": "report", "attribute": "trust"},
        "firm": {"layer": "point", "attribute": "firmness"},
        "denial": {"layer": "point", "attribute": "denial"},
        "wording": {"layer": "opinion", "attribute": "wording"},
        "kb": {"layer": "naming", "role": "referent", "entities": {"Ada Q.": "ada"}, "new": True},
        "remark": {"layer": "naming", "note": True},
        "remark2": {"layer": "report", "note": True},
        "remark3": {"layer": "point", "note": True},
        "remark4": {"layer": "opinion", "note": True},
        "tone": {"layer": "register", "labels": {"CHAT": "chatty", "PLAY": "playful", "SOBER": "sober"}},
        "junk": None,
    },
    "relations": {
        "says": {"layer": "report", "role": "speaker", "reversed": True},
        "said": {"layer": "report", "role": "said"},
        "within": {"layer": "report", "role": "within"},
        "topic": {"layer": "point", "role": "topic"},
        "voice": {"layer": "opinion", "role": "voice"},
        "object": {"layer": "opinion", "role": "object"},
        "why": {"layer": "link", "label": "explains"},
        "clashes": {"layer": "link", "label": "clashes"},
        "echoes": {"layer": "link", "label": "echoes"},
        "owns": {"layer": "tie", "label": "owns"},
        "beside": {"layer": "tie", "label": "beside"},
        "same": "fragment",
        "": None,
    },
}
"""Of an interface that calls everything otherwise: one control for two layers, an arrow that points the other way."""

CONTROLS = {
    "naming": "ner",
    "report": "ner",
    "point": "parts",
    "opinion": "views",
    "naming-shape": "how",
    "report-manner": "manner",
    "report-trust": "trust",
    "point-firmness": "firm",
    "point-denial": "denial",
    "opinion-wording": "wording",
    "naming-referent": "kb",
    "naming-note": "remark",
    "report-note": "remark2",
    "point-note": "remark3",
    "opinion-note": "remark4",
    "register": "tone",
}
WORDS = {"who": "PER", "where": "LOC", "café": "BAR", "thing": "OBJ", "number": "NUM"} | {
    "proper": "name",
    "common": "noun",
    "pronoun": "pro",
    "chatty": "CHAT",
    "playful": "PLAY",
    "sober": "SOBER",
    "ada": "Ada Q.",
}
LINKS = {"explains": "why", "fragment": "same"}

Unit = Literal["code points", "utf-16", "utf-8"]


def foreign(
    marked: AnnotationSet, corpus: Corpus, number: int, *, unit: Unit = "code points", raw: str | None = None
) -> dict[str, Any]:
    """A set as the other interface would export it, by the text or by the raw text."""
    document = corpus.documents[marked.document]
    alignment = Alignment(document.dropped, document.raw_length, inline=corpus.scheme.inline_kinds)
    text = document.text if raw is None else raw
    task = to_task(marked, document, corpus, annotator=marked.annotator)
    result = copy.deepcopy(task["annotations"][0]["result"])
    for item in list(result):
        if item["type"] == "relation":
            speakers = [label for label in item["labels"] if label == "speaker"]
            item["labels"] = [LINKS.get(label, label) for label in item["labels"] if label != "speaker"]
            if speakers:
                back = {"from_id": item["to_id"], "to_id": item["from_id"], "labels": ["says"]}
                result.append(item | back)
            if not item["labels"]:
                result.remove(item)
            continue
        item |= {"from_name": CONTROLS[item["from_name"]], "to_name": "doc", "origin": "manual"}
        value = item["value"]
        for field in ("labels", "choices"):
            if field in value:
                value[field] = [WORDS.get(word, word) for word in value[field]]
        if "start" in value:
            start, end = value["start"], value["end"]
            if raw is not None:
                start, end = alignment.to_raw(start), alignment.to_raw(end - 1) + 1
            if item["type"] == "labels":
                value["text"] = " ".join(text[start:end].replace("\r", "\\n").replace("\n", "\\n").split(" "))
            if unit != "code points":
                units = Units(text, unit)
                start, end = units.to_foreign(start), units.to_foreign(end)
            value |= {"start": start, "end": end}
    annotation = {"id": 70 + number, "completed_by": 3, "was_cancelled": False, "result": result}
    return {"id": number, "data": {"no": number, "body": text}, "annotations": [annotation], "predictions": []}


def exported(tiny: Corpus, tiny_raw: dict[str, str], unit: Unit = "code points") -> list[dict[str, Any]]:
    """All of a1's sets; the last by its raw file."""
    sets = [marked for (annotator, _), marked in sorted(tiny.sets.items()) if annotator == "a1"]
    raws = [None, None, tiny_raw["fr_marche"]]
    return [foreign(one, tiny, n, unit=unit, raw=raw) for n, (one, raw) in enumerate(zip(sets, raws, strict=True), 1)]


@pytest.fixture(scope="session")
def tiny_raw(tiny_root: Path, tiny: Corpus) -> dict[str, str]:
    """Document -> the decoded raw file."""
    return {id: data.decode() for id, data in files.raw_bytes(tiny_root, tiny).items()}


def imported(value: Any, tiny: Corpus, raw: dict[str, str], **map: Any) -> Imported:
    names = read_map(MAP | map, tiny.scheme, documents=list(tiny.documents), place="map.json")
    return from_export(value, names, tiny, raw, annotator="a1", place="export.json")


@pytest.mark.parametrize(
    ("unit", "evidence"),
    [
        ("code points", Evidence("code points", (), 67, 67, 66)),
        ("utf-16", Evidence("utf-16", (), 67, 67, 66)),
        ("utf-8", Evidence("utf-8", (), 67, 67, 65)),
    ],
)
def test_a_foreign_export_gives_the_set_that_was_drawn_whatever_its_offsets_count(
    tiny: Corpus, tiny_raw: dict[str, str], unit: Unit, evidence: Evidence
) -> None:
    found = imported(exported(tiny, tiny_raw, unit), tiny, tiny_raw)

    assert [one.document for one in found.sets] == ["ar_souk", "en_fair", "fr_marche"]
    for one in found.sets:
        assert one.annotations == tiny.sets["a1", one.document].annotations
    assert (found.form, found.evidence) == ("JSON", evidence)
    # Later fragments have ids of their own there, and none with us.
    assert found.losses == (Loss("ids of regions that are none of ours", 3),)


@given(data=st.data())
def test_any_set_comes_back_from_any_unit(tiny: Corpus, data: st.DataObject) -> None:
    document = data.draw(documents(tiny.scheme, "en_fair"))
    corpus = structs.replace(tiny, documents={"en_fair": document}, entities={})
    marked = data.draw(annotation_sets(tiny.scheme, document, ()))
    marked = normal(
        structs.replace(marked, entities=(), annotations=tuple(map(without_entities, marked.annotations))), tiny.scheme
    )
    unit = data.draw(st.sampled_from(["code points", "utf-16", "utf-8"]))
    value = [foreign(marked, corpus, 2, unit=unit)]
    try:
        found = imported(value, corpus, {"en_fair": document.text}, documents={"2": "en_fair"})
    except StudioError as error:
        # Words that stand at two places may fit in two units: then nothing is read at all.
        assert "is another place in" in error.message
        return

    assert found.sets == (marked,)


def without_entities(annotation: Annotation) -> Annotation:
    return structs.replace(annotation, refs={r: ids for r, ids in annotation.refs.items() if r != "referent"})


def test_offsets_that_mean_the_same_in_every_unit_need_no_evidence(tiny: Corpus) -> None:
    value, corpus, raw = one_span(tiny, "Ada is here", 0, 3, None)
    found = imported(value, corpus, raw)

    assert str(found.evidence) == (
        "offsets count code points (utf-16 and utf-8 would say the same): so 0 of 1 spans stand where their words are, "
        "0 of which would not in another unit"
    )
    assert found.sets[0].annotations[0].spans == (Span(0, 3, "Ada"),)


def one_span(
    tiny: Corpus, text: str, start: Any, end: Any, words: str | None
) -> tuple[list[dict[str, Any]], Corpus, dict[str, str]]:
    """An export with one region in a text of our own."""
    document = structs.replace(tiny.documents["en_fair"], text=text, raw_length=len(text), dropped=())
    corpus = structs.replace(tiny, documents=tiny.documents | {"en_fair": document})
    value: dict[str, Any] = {"start": start, "end": end, "labels": ["PER"]} | ({"text": words} if words else {})
    item = {"id": "r1", "from_name": "ner", "to_name": "doc", "type": "labels", "value": value}
    task = {"id": 5, "data": {"no": 2, "body": text}, "annotations": [{"id": 9, "completed_by": 3, "result": [item]}]}
    return [task], corpus, {id: document.text for id, document in corpus.documents.items()}


@pytest.mark.parametrize(
    ("text", "start", "end", "words", "message"),
    [
        (
            "🙂 Ada is here",
            3,
            6,
            None,
            "[3:6] is another place in code points than in utf-16 than in utf-8, and no words",
        ),
        ("é Ada is here", 3, 6, None, "[3:6] is another place in code points than in utf-16 than in utf-8"),
        ("🙂 AAAA is here", 3, 5, "AA", "[3:5] is another place in code points than in utf-16"),
        (
            "🙂 Ada is here",
            7,
            9,
            "Ada",
            "'Ada' is not at [7:9] in code points; of 1 spans 0 in code points, 0 in utf-16",
        ),
        ("Ada", 0, 9999, None, "[0:9999] is no range of the text's 3 characters in code points"),
        ("Ada", -1, 2, None, "[-1:2] is no range of the text's 3 characters in code points"),
        ("Ada", 2, 2, None, "[2:2] is no range of the text's 3 characters in code points"),
        ("Ada", 10**30, 10**31, None, f"[{10**30}:{10**31}] is no range of the text's 3 characters"),
    ],
)
def test_offsets_without_one_meaning_are_refused(
    tiny: Corpus, text: str, start: int, end: int, words: str | None, message: str
) -> None:
    value, corpus, raw = one_span(tiny, text, start, end, words)

    with pytest.raises(StudioError) as refused:
        imported(value, corpus, raw)

    assert refused.value.place == "export.json task 5 region r1 value"
    assert refused.value.message.startswith(message)


def test_a_mixture_of_units_is_refused_with_the_count_of_each(tiny: Corpus, tiny_raw: dict[str, str]) -> None:
    value = [exported(tiny, tiny_raw)[0], *exported(tiny, tiny_raw, "utf-8")[1:2]]

    with pytest.raises(
        StudioError, match=r"of \d+ spans \d+ in code points, \d+ in utf-16, \d+ in utf-8 have their words"
    ):
        imported(value, tiny, tiny_raw)


def test_a_document_is_known_by_its_text_where_nothing_else_tells_it(tiny: Corpus, tiny_raw: dict[str, str]) -> None:
    found = imported(exported(tiny, tiny_raw), tiny, tiny_raw, document="", documents=None)

    assert [one.document for one in found.sets] == ["ar_souk", "en_fair", "fr_marche"]


def test_a_span_across_a_dropped_part_of_the_raw_text_is_refused(tiny: Corpus, tiny_raw: dict[str, str]) -> None:
    value = exported(tiny, tiny_raw)[2:]
    raw = tiny_raw["fr_marche"]
    region = next(item for item in value[0]["annotations"][0]["result"] if item["type"] == "labels")
    start, end = raw.index("quipe."), raw.index(" que le")
    region["value"] |= {"start": start, "end": end, "text": raw[start:end]}

    with pytest.raises(StudioError, match=r"goes across a part of the raw text that is no part of the text$"):
        imported(value, tiny, tiny_raw)

    region["value"] |= {"start": raw.index("Accueil"), "end": raw.index("Accueil") + 7, "text": "Accueil"}

    with pytest.raises(StudioError, match=r"'Accueil' is no part of the document's text$"):
        imported(value, tiny, tiny_raw)


INTERFACE = "".join(
    [
        '<View><Text name="doc" value="$body"/>',
        *(f'<Labels name="{name}" toName="doc"><Label value="x"/></Labels>' for name in ("ner", "parts", "views")),
        *(
            f'<Choices name="{name}" toName="doc"><Choice value="x"/></Choices>'
            for name in ("how", "manner", "trust", "firm", "denial", "wording", "kb", "tone")
        ),
        *(f'<TextArea name="{name}" toName="doc"/>' for name in ("remark", "remark2", "remark3", "remark4")),
        "</View>",
    ]
)


def small(tasks: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """An export as JSON-MIN, by Label Studio's own converter."""
    from label_studio_sdk.converter import Converter

    times = {"created_at": "2024-01-31T00:00:00Z", "updated_at": "2024-01-31T00:00:00Z", "lead_time": 1.5}
    for task in tasks:
        task["annotations"] = [annotation | times for annotation in task["annotations"]]
    (folder / "full.json").write_text(json.dumps(tasks))
    Converter(INTERFACE, None).convert_to_json_min(str(folder / "full.json"), str(folder), is_dir=False)
    found: list[dict[str, Any]] = json.loads((folder / "result.json").read_bytes())
    return found


def test_json_min_is_read_with_a_receipt_of_all_that_it_lost(
    tiny: Corpus, tiny_raw: dict[str, str], tmp_path: Path
) -> None:
    found = imported(small(exported(tiny, tiny_raw, "utf-16"), tmp_path), tiny, tiny_raw)
    english = found.sets[1]
    labels = [a.id for a in english.annotations if a.layer == "register"]
    spans = {a.spans[0] for a in english.annotations if a.spans}

    assert labels == ["register:chatty", "register:playful"]
    # Without relations every fragment is an annotation of its own.
    assert spans == {span for a in tiny.sets["a1", "en_fair"].annotations for span in a.spans}

    assert (found.form, found.evidence.unit) == ("JSON-MIN", "utf-16")
    assert [str(loss) for loss in found.losses] == [
        "3 × answers to 'denial', which do not say of which region they are",
        "15 × answers to 'firm', which do not say of which region they are",
        "32 × answers to 'how', which do not say of which region they are",
        "30 × answers to 'kb', which do not say of which region they are",
        "10 × answers to 'manner', which do not say of which region they are",
        "1 × answers to 'remark', which do not say of which region they are",
        "1 × answers to 'remark2', which do not say of which region they are",
        "1 × answers to 'remark3', which do not say of which region they are",
        "3 × answers to 'trust', which do not say of which region they are",
        "7 × answers to 'wording', which do not say of which region they are",
        "67 × ids of regions, which got new ones",
        "an unknown number × relations, which fill roles, link annotations and join fragments",
    ]
    assert [(a.id, a.layer, a.label, a.spans[0].quote) for a in english.annotations[:3]] == [
        ("naming-1", "naming", "who", "Ada Quill"),
        ("naming-2", "naming", "café", "a café"),
        ("naming-3", "naming", "who", "Ada Quill"),
    ]


def test_what_others_marked_and_what_was_not_submitted_is_counted(tiny: Corpus, tiny_raw: dict[str, str]) -> None:
    value = exported(tiny, tiny_raw)
    mine = value[1]["annotations"][0]
    value[1]["annotations"] = [
        mine | {"completed_by": {"id": 3, "email": "a@b.c"}},
        mine | {"completed_by": 4, "id": 8},
        mine | {"was_cancelled": True, "id": 9},
    ]
    value[0] |= {"annotations": [], "predictions": [1, 2], "drafts": [{}]}
    found = imported(value, tiny, tiny_raw, annotator="a@b.c")

    assert [one.document for one in found.sets] == ["en_fair"]
    assert [str(loss) for loss in found.losses] == [
        "2 × annotations by others",
        "1 × drafts",
        "3 × ids of regions that are none of ours",
        "2 × predictions",
        "1 × skipped annotations",
        "2 × tasks without an annotation",
    ]


def test_what_the_map_leaves_out_is_counted(tiny: Corpus) -> None:
    value, corpus, raw = one_span(tiny, "Ada is here", 0, 3, "Ada")
    result = value[0]["annotations"][0]["result"]
    ada = result[0]
    result += [
        copy.deepcopy(ada) | {"id": "r2", "value": ada["value"] | {"labels": ["MISC"]}},
        {"id": "r2", "from_name": "how", "to_name": "doc", "type": "choices", "value": {"choices": ["name"]}},
        {"from_id": "r1", "to_id": "r2", "type": "relation", "direction": "right", "labels": ["owns"]},
        {"id": "r3", "from_name": "junk", "to_name": "img", "type": "rectanglelabels", "value": {"x": 1}},
        {"from_id": "r1", "to_id": "r1", "type": "relation", "direction": "right"},
        copy.deepcopy(ada) | {"id": "T/1", "meta": {"text": ["odd"]}},
    ]
    found = imported(value, corpus, raw)

    assert [a.id for a in found.sets[0].annotations] == ["naming-1", "r1"]
    assert found.losses == (
        Loss("answers of regions that are left out", 1),
        Loss("answers to 'junk', which the map leaves out", 1),
        Loss("ids of regions that are none of ours", 1),
        Loss("regions with a label that the map leaves out", 1),
        Loss("relations '', which the map leaves out", 1),
        Loss("relations of regions that are left out", 1),
        Loss("remarks in a region's own information", 1),
    )


def test_a_name_that_nobody_knows_becomes_a_new_entity(tiny: Corpus) -> None:
    value, corpus, raw = one_span(tiny, "Ada is here", 0, 3, "Ada")
    answer = {"id": "r1", "from_name": "kb", "to_name": "doc", "type": "textarea", "value": {"text": ["Ada Lovelace"]}}
    value[0]["annotations"][0]["result"].append(answer)
    (marked,) = imported(value, corpus, raw).sets

    assert marked.annotations[0].refs == {"referent": ("ada-lovelace",)}
    assert [(one.id, one.name, one.type) for one in marked.entities] == [("ada-lovelace", "Ada Lovelace", "who")]


def result_of(task: dict[str, Any]) -> list[Any]:
    found: list[Any] = task["annotations"][0]["result"]
    return found


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object], str, str]] = [
    (
        "a control that the map does not have",
        lambda t: result_of(t)[0].update(from_name="nre"),
        "region r1 from_name",
        "'nre' is not in the map [did you mean 'ner'?]; expected it there, or null for it",
    ),
    (
        "a label that the map does not have",
        lambda t: result_of(t)[0]["value"].update(labels=["PRE"]),
        "region r1 value.labels",
        "'PRE' is not in the map [did you mean 'PER'?]; expected one of 'PER', 'LOC'",
    ),
    (
        "two labels",
        lambda t: result_of(t)[0]["value"].update(labels=["PER", "LOC"]),
        "region r1 value.labels",
        "2 labels; expected one",
    ),
    (
        "a region of hypertext",
        lambda t: result_of(t)[0].update(type="hypertextlabels"),
        "region r1 type",
        "\"hypertextlabels\": invalid value 'hypertextlabels'",
    ),
    (
        "regions of two texts",
        lambda t: result_of(t).append(copy.deepcopy(result_of(t)[0]) | {"id": "r2", "to_name": "title"}),
        "region r2 to_name",
        "regions of 'doc', 'title'; expected those of one text: map the others' controls to null",
    ),
    (
        "one id for two regions",
        lambda t: result_of(t).append(copy.deepcopy(result_of(t)[0])),
        "region r1 id",
        "'r1' is the id of two regions; expected one",
    ),
    (
        "a relation that the map does not have",
        lambda t: result_of(t).append({"from_id": "r1", "to_id": "r1", "type": "relation", "labels": ["own"]}),
        "relation r1 -> r1 labels",
        "'own' is not in the map [did you mean 'owns'?]",
    ),
    (
        "a relation to nothing",
        lambda t: result_of(t).append({"from_id": "r1", "to_id": "r9", "type": "relation", "labels": ["owns"]}),
        "relation r1 -> r9 to_id",
        "'r9' is no region of this task",
    ),
    (
        "an answer of no region",
        lambda t: result_of(t).append(
            {"id": "r9", "from_name": "how", "to_name": "doc", "type": "choices", "value": {"choices": ["name"]}}
        ),
        "region r9",
        "is no region, but 'naming-shape' says something of it",
    ),
    (
        "a value that the map does not have",
        lambda t: result_of(t).append(
            {"id": "r1", "from_name": "how", "to_name": "doc", "type": "choices", "value": {"choices": ["nom"]}}
        ),
        "region r1 value.choices",
        "'nom' is not in the map",
    ),
    (
        "a region of a control that asks for an attribute",
        lambda t: result_of(t)[0].update(from_name="how"),
        "region r1 value.labels",
        "'how' makes regions, and the map says it asks for 'shape'",
    ),
    (
        "a choice of a control that makes regions",
        lambda t: result_of(t)[0].update(type="choices", value={"choices": ["PER"]}),
        "region r1",
        "'ner' makes no region, and the map says it asks for labels",
    ),
    (
        "another text",
        lambda t: t["data"].update(body="Ada is here!"),
        "body",
        "is not the text of document 'en_fair', which ends at character 11, where this has '!'",
    ),
    (
        "a text that differs in the middle",
        lambda t: t["data"].update(body="Ada was here"),
        "body",
        "is not the text of document 'en_fair', which has 'is here' at character 4, where this has 'was here'",
    ),
    (
        "half a text",
        lambda t: t["data"].update(body="Ada is"),
        "body",
        "is not the text of document 'en_fair', which goes on after character 6: ' here'",
    ),
    (
        "a text that is none",
        lambda t: t["data"].update(body=None),
        "body",
        "NoneType; expected the text, which the map says is there",
    ),
    (
        "an unknown document",
        lambda t: t["data"].update(no=22),
        "no",
        "22 is no document of the corpus or the map [did you mean '2'?]",
    ),
    (
        "two annotations",
        lambda t: t["annotations"].append(copy.deepcopy(t["annotations"][0]) | {"completed_by": {"email": "x@y.z"}}),
        "annotations",
        "2 annotations (by 3, 'x@y.z'); expected one: say whose in the map, as `annotator`",
    ),
]


@pytest.mark.parametrize(("breaks", "place", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_the_map_cannot_read_is_refused_with_its_place(
    tiny: Corpus, breaks: Callable[[dict[str, Any]], object], place: str, message: str
) -> None:
    value, corpus, raw = one_span(tiny, "Ada is here", 0, 3, "Ada")
    breaks(value[0])

    with pytest.raises(StudioError) as refused:
        imported(value, corpus, raw)

    assert refused.value.place == f"export.json task 5 {place}"
    assert refused.value.message.startswith(message)


def test_one_document_in_two_tasks_is_refused(tiny: Corpus) -> None:
    value, corpus, raw = one_span(tiny, "Ada is here", 0, 3, "Ada")

    with pytest.raises(
        StudioError, match=r"^export\.json task 6: shows document 'en_fair' as export\.json task 5 does"
    ):
        imported([*value, value[0] | {"id": 6}], corpus, raw)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The map with another value at a path."""
    found = copy.deepcopy(MAP)
    at: Any = found
    *steps, last = path.split("/")
    for step in steps:
        at = at[step]
    at[last] = value
    return found


@pytest.mark.parametrize(
    ("map", "message"),
    [
        ([], "map.json: Expected `object`, got `array`"),
        ({"text": "body"}, "map.json: Object missing required field `controls`"),
        (changed("contols", {}), "map.json: Object contains unknown field `contols`"),
        (changed("controls/ner/layer", "namin"), "map.json: controls['ner'].layer: 'namin' is none of 'naming',"),
        (changed("controls/ner/labels/PER", "hwo"), "map.json: controls['ner'].labels['PER']: 'hwo' is none of 'who',"),
        (
            changed("controls/ner/labels/PER", {"layer": "register", "label": "sober"}),
            "map.json: controls['ner'].labels['PER']: 'register' is no span layer",
        ),
        (
            changed("controls/how/attribute", "shap"),
            "map.json: controls['how'].attribute: 'shap' is none of 'shape' [did",
        ),
        (changed("controls/how/values/name", "prop"), "map.json: controls['how'].values['name']: 'prop' is none of"),
        (
            changed("controls/how/note", True),
            "map.json: controls['how'].note: 'attribute' is given too; expected one of",
        ),
        (changed("controls/kb/role", "speaker"), "map.json: controls['kb'].role: 'speaker' is none of 'referent'"),
        (
            changed("controls/x", {"layer": "report", "role": "speaker"}),
            "map.json: controls['x'].role: 'speaker' is none of nothing: there are none; a role to annotations belongs",
        ),
        (
            changed("controls/x", {"layer": "link"}),
            "map.json: controls['x'].layer: 'link' is a relation layer; expected it in `relations`",
        ),
        (
            changed("controls/tone/note", True),
            "map.json: controls['tone'].labels: 'note' is given too",
        ),
        (
            changed("controls/remark/new", True),
            "map.json: controls['remark'].new: true; expected none without 'role'",
        ),
        (
            changed("relations/said/role", "sayd"),
            "map.json: relations['said'].role: 'sayd' is none of 'speaker', 'said',",
        ),
        (
            changed("relations/why/label", "explain"),
            "map.json: relations['why'].label: 'explain' is none of 'explains',",
        ),
        (changed("relations/why/layer", "lnk"), "map.json: relations['why'].layer: 'lnk' is none of"),
        (
            changed("relations/same", "fragments"),
            "map.json: relations['same']: 'fragments'; expected 'fragment', null,",
        ),
        (changed("documents/1", "souk"), "map.json: documents: 'souk' is no document [did you mean 'ar_souk'?]"),
        (changed("document", ""), "map.json: documents: expected `document` too, the field of the data"),
        (changed("controls/ner/labels/PER", 3), "map.json controls[...].labels[...]: Expected `str | object | null`"),
    ],
)
def test_a_map_that_names_what_there_is_not_is_refused(tiny: Corpus, map: Any, message: str) -> None:
    with pytest.raises(SchemaError) as refused:
        read_map(map, tiny.scheme, documents=list(tiny.documents), place="map.json")

    assert str(refused.value).startswith(message)


@pytest.fixture
def root(tiny_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_root, tmp_path / "tiny")
    return tmp_path / "tiny"


def run(root: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), "import", "labelstudio", *map(str, words)])


def test_the_command_writes_what_it_read_and_says_what_was_lost(
    root: Path, tiny: Corpus, tiny_raw: dict[str, str]
) -> None:
    (root / "map.json").write_text(json.dumps(MAP))
    (root / "export.json").write_text(json.dumps(exported(tiny, tiny_raw, "utf-16")))
    files_before = {path.name: path.read_bytes() for path in (root / "annotations/sets/a1").glob("*.json")}
    done = run(root, root / "export.json", "--map", root / "map.json", "--as", "m1", "--replace")

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:2] == [
        "JSON: offsets count utf-16: so 67 of 67 spans stand where their words are, "
        "66 of which would not in another unit",
        "lost: 3 × ids of regions that are none of ours",
    ]
    assert files.read(root).sets["m1", "fr_marche"].annotations == tiny.sets["a1", "fr_marche"].annotations
    assert files_before == {path.name: path.read_bytes() for path in (root / "annotations/sets/a1").glob("*.json")}


def test_a_set_that_is_there_is_not_replaced_unasked(root: Path, tiny: Corpus) -> None:
    marked = tiny.sets["a1", "en_fair"]
    fewer = structs.replace(marked, annotations=marked.annotations[:2])
    task = {"id": 1} | to_task(fewer, tiny.documents["en_fair"], tiny, annotator="a1")
    (root / "export.json").write_text(json.dumps([task]))
    before = (root / "annotations/sets/a1/en_fair.json").read_bytes()
    done = run(root, root / "export.json", "--as", "a1")

    assert done.exit_code == 2
    assert done.stderr.startswith("annotations/sets/a1/en_fair.json: 'a1' has another set there, of 33 annotations")
    assert (root / "annotations/sets/a1/en_fair.json").read_bytes() == before
    assert run(root, root / "export.json", "--as", "a1", "--replace").stdout == "en_fair: 2 annotations\n"
    assert len(files.read(root).sets["a1", "en_fair"].annotations) == 2
    assert run(root, root / "export.json", "--as", "a1").stdout == "en_fair: 2 annotations, unchanged\n"


def test_nothing_is_written_where_one_task_cannot_be_read(root: Path, tiny: Corpus, tiny_raw: dict[str, str]) -> None:
    value = exported(tiny, tiny_raw)
    result_of(value[2])[0]["value"]["labels"] = ["nothing"]
    (root / "map.json").write_text(json.dumps(MAP))
    (root / "export.json").write_text(json.dumps(value))
    before = sorted((path, path.read_bytes()) for path in (root / "annotations").rglob("*.json"))
    done = run(root, root / "export.json", "--map", root / "map.json", "--as", "m1", "--replace")

    assert done.exit_code == 2
    assert done.stderr.startswith(f"{root / 'export.json'} task 3 region")
    assert before == sorted((path, path.read_bytes()) for path in (root / "annotations").rglob("*.json"))
