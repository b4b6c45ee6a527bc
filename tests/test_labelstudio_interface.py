"""The interface asks for all that the scheme has, and for nothing else."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import annotation_sets, documents, entities

from standoff.labelstudio.controls import controls
from standoff.labelstudio.interface import interface
from standoff.labelstudio.tasks import to_task
from standoff.model import Corpus
from standoff.schema import lint
from standoff.scheme import Scheme, Value


def tags(root: Element, tag: str) -> list[Element]:
    return list(root.iter(tag))


def values(tag: Element) -> list[str]:
    return [child.attrib["value"] for child in tag]


def test_each_control_has_the_name_and_the_values_of_its_part_of_the_scheme(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    found = {tag.attrib["name"]: values(tag) for kind in ("Labels", "Choices", "TextArea") for tag in tags(root, kind)}

    assert found == {
        "naming": ["who", "where", "café", "thing", "number"],
        "naming-shape": ["proper", "common", "pronoun"],
        "naming-referent": [],
        "naming-referent-new": [],
        "naming-note": [],
        "report": ["tells", "thinks"],
        "report-manner": ["quoted", "retold"],
        "report-trust": ["doubts", "vouches"],
        "report-note": [],
        "point": ["happening", "amount", "wish"],
        "point-firmness": ["weak", "fair", "firm", "open"],
        "point-denial": ["denied", "affirmed"],
        "point-note": [],
        "opinion": ["likes", "torn", "dislikes", "unsure"],
        "opinion-wording": ["plain", "hinted"],
        "opinion-note": [],
        "register": ["chatty", "sober", "playful"],
    }
    assert set(found) == set(controls(tiny.scheme))


def test_relations_are_called_after_roles_and_relation_layers_each_once(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    (relations,) = tags(root, "Relations")

    assert relations.attrib == {"choice": "multiple"}
    assert values(relations) == [
        *("speaker", "said", "within", "topic", "voice", "object"),
        *("explains", "clashes", "echoes"),
        *("owns", "beside"),
        "fragment",
    ]


def test_what_is_asked_of_a_region_is_asked_of_regions_of_its_layer_alone(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    asked = [tag for kind in ("Choices", "TextArea") for tag in tags(root, kind) if "-" in tag.attrib["name"]]

    assert asked
    for tag in asked:
        assert tag.attrib["perRegion"] == "true"
        assert tag.attrib["visibleWhen"] == "region-selected"
        assert tag.attrib["whenTagName"] == tag.attrib["name"].partition("-")[0]


def test_what_is_asked_of_the_first_fragment_alone_says_so_once(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    asked = {
        view.attrib["whenTagName"]: [header.attrib["value"] for header in view.iter("Header")]
        for view in root.iter("View")
        if view.get("className") == "standoff-asked"
    }

    assert asked["naming"] == ["Shape", "Referent", "Note"]
    assert asked["point"] == ["Of the first fragment:", "Firmness", "Denial", "Note"]


def test_an_attribute_is_required_only_where_no_second_fragment_would_be_asked_for_it(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    required = [tag.attrib["name"] for tag in tags(root, "Choices") if tag.attrib.get("required")]

    assert required == ["naming-shape", "report-manner"]
    assert [tag.attrib["requiredMessage"] for tag in tags(root, "Choices") if tag.attrib.get("required")] == [
        "Naming: choose its Shape: proper, common, pronoun",
        "Report: choose its Manner: quoted, retold",
    ]


def test_no_choice_leaves_its_key_to_the_editor_and_none_of_a_region_has_one(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    task = to_task(None, tiny.documents["en_fair"], tiny, annotator="a1")
    keys = {tag.attrib["value"]: tag.attrib["hotkey"] for tag in tags(root, "Choice")}

    assert {value: key for value, key in keys.items() if key != " "} == {"chatty": "8", "sober": "9", "playful": "0"}
    assert {tag.attrib["hotkey"] for tag in tags(root, "Filter")} == {" "}
    assert {option["hotkey"] for option in task["data"]["entities"]} == {" "}


HOSTILE = (
    "<b>bold</b> & \"double\" 'single'",
    "]]><!-- --><script>alert(1)</script>",
    'name="text" toName="nothing"',
    "$title and $$text[0].x and $",
    "</View><View>",
    "&lt;&#60;&amp;",
    "\x00a\tb\nc\r\nd\x85e\u2028f\u200eg\ufeff",
    "`<i>` ``<u>`` <details></details>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_of_a_scheme_stay_words(text: str, tiny: Corpus) -> None:
    word = re.sub(r"[\s:,=#/\x00]", "_", text)
    values = (Value(word, text, text),)
    layers = tuple(
        structs.replace(
            layer,
            title=text,
            labels=values if layer.kind == "span" else layer.labels,
            attributes=tuple(structs.replace(a, title=text, values=values) for a in layer.attributes),
            roles=tuple(structs.replace(role, title=text) for role in layer.roles),
        )
        for layer in tiny.scheme.layers
    )
    scheme = structs.replace(tiny.scheme, layers=layers, sections={"naming: who": text, f"x: {text}": "A rule."})
    xml = interface(scheme)
    root = fromstring(xml)

    assert {tag.attrib["value"] for tag in tags(root, "Label")} == {word}
    assert {tag.attrib["hint"] for tag in tags(root, "Label")} == {f"{text}. {text}".replace("\x00", "\ufffd")}
    # The server looks for names in the text of the XML.
    assert re.findall(r'[^a-zA-Z](?:name|toName)="([^"]*)"', xml).count("nothing") == 0
    (book,) = (tag.attrib["value"] for tag in tags(root, "Markdown") if not tag.attrib["value"].startswith("$"))
    for shown in (book, *(tag.attrib["value"] for tag in tags(root, "Header") if tag.attrib["value"][0] != "$")):
        # What the editor would replace by a field of the task.
        assert not re.search(r"\$[\w[\].{}]", shown)
    kept = re.sub(r"(`+).*?\1", "", book)
    assert set(re.findall(r"<[^>]*>?", kept)) == {"<details>", "<summary>", "</summary>", "</details>"}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("u", "is a key that Label Studio's editor keeps for itself"),
        ("U", "expected a digit or a lower-case letter of ASCII, alone or after 'shift+'"),
        ("ctrl+z", "expected a digit or a lower-case letter of ASCII, alone or after 'shift+'"),
        ("enter", "expected a digit or a lower-case letter of ASCII, alone or after 'shift+'"),
        ("é", "expected a digit or a lower-case letter of ASCII, alone or after 'shift+'"),
        ("q", "is taken by 'tells'"),
    ],
)
def test_a_hotkey_that_is_not_free_for_labels_is_refused(key: str, message: str, tiny: Corpus) -> None:
    problems = list(lint(with_key(tiny, "opinion", key)))

    assert len(problems) == 1
    assert problems[0].startswith(f"opinion: hotkey {key!r} of 'likes'")
    assert problems[0].endswith(message)


@pytest.mark.parametrize("key", ["6", "r", "shift+a", "shift+1"])
def test_a_free_hotkey_is_no_finding(key: str, tiny: Corpus) -> None:
    assert list(lint(with_key(tiny, "opinion", key))) == []


def test_a_hotkey_that_the_editor_would_set_on_any_region_or_on_nothing_is_refused(tiny: Corpus) -> None:
    opinion = next(layer for layer in tiny.scheme.layers if layer.name == "opinion")
    wording = opinion.attributes[0]
    wording = structs.replace(wording, values=(structs.replace(wording.values[0], hotkey="6"), *wording.values[1:]))
    layers = tuple(
        structs.replace(layer, attributes=(wording,)) if layer is opinion else layer for layer in tiny.scheme.layers
    )
    expected = "expected none of an attribute's value or a relation's label"

    assert list(lint(with_key(tiny, "link", "6"))) == [f"link: hotkey '6' of 'explains': {expected}"]
    assert list(lint(structs.replace(tiny.scheme, layers=layers))) == [f"opinion: hotkey '6' of 'plain': {expected}"]


def test_a_value_that_the_editor_takes_for_a_field_of_the_task_is_refused(tiny: Corpus) -> None:
    opinion = next(layer for layer in tiny.scheme.layers if layer.name == "opinion")
    attribute = structs.replace(opinion.attributes[0], values=(*opinion.attributes[0].values, Value("a$b", "A", "")))
    layers = tuple(
        structs.replace(layer, attributes=(attribute,)) if layer is opinion else layer for layer in tiny.scheme.layers
    )
    (problem,) = lint(structs.replace(tiny.scheme, layers=layers))

    assert problem == "opinion: wording 'a$b' holds '$b', for which Label Studio would show a field of the task"


def with_key(corpus: Corpus, layer: str, key: str) -> Scheme:
    """The scheme with another key for the first label of a layer."""
    layers = tuple(
        structs.replace(one, labels=(structs.replace(one.labels[0], hotkey=key), *one.labels[1:]))
        if one.name == layer
        else one
        for one in corpus.scheme.layers
    )
    return structs.replace(corpus.scheme, layers=layers)


@given(data=st.data())
def test_every_item_of_a_task_comes_from_a_control_of_the_interface(tiny: Corpus, data: st.DataObject) -> None:
    registry = data.draw(entities(tiny.scheme))
    document = data.draw(documents(tiny.scheme))
    corpus = structs.replace(tiny, documents={"doc": document}, entities={entity.id: entity for entity in registry})
    marked = data.draw(annotation_sets(tiny.scheme, document, registry))
    root = fromstring(interface(tiny.scheme))
    known = {tag.attrib["name"]: values(tag) for kind in ("Labels", "Choices", "TextArea") for tag in tags(root, kind)}
    (relations,) = tags(root, "Relations")

    task = to_task(marked, document, corpus, annotator="a1")

    picks = {option["alias"] for option in task["data"]["entities"]}
    for item in task["annotations"][0]["result"]:
        if item["type"] == "relation":
            assert set(item["labels"]) <= set(values(relations))
        else:
            allowed = known[item["from_name"]] or picks
            assert set(item["value"].get("labels", item["value"].get("choices", []))) <= set(allowed)


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_what_the_interface_shows_of_a_task_is_in_the_task(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    shown = {value[1:] for tag in fromstring(interface(corpus.scheme)).iter() if (value := _variable(tag))}
    task: dict[str, Any] = to_task(None, next(iter(corpus.documents.values())), corpus, annotator="a1")

    assert shown == {"title", "published", "findings", "text", "entities"}
    assert shown <= set(task["data"])


def _variable(tag: Element) -> str:
    value = tag.attrib.get("value", "")
    return value if value.startswith("$") else ""
