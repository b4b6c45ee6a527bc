"""The interface asks for all that the scheme has, and for nothing else."""

from __future__ import annotations

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
from standoff.scheme import Layer, Value


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


def test_an_attribute_is_required_only_where_no_second_fragment_would_be_asked_for_it(tiny: Corpus) -> None:
    root = fromstring(interface(tiny.scheme))
    required = [tag.attrib["name"] for tag in tags(root, "Choices") if tag.attrib.get("required")]

    assert required == ["naming-shape", "report-manner"]


def test_a_title_of_markup_stays_a_title(tiny: Corpus) -> None:
    title = "A <b> & \"c\" 'd'"
    layer: Layer = structs.replace(tiny.scheme.layers[0], title=title, labels=(Value("x&y", title, "<i>&amp;"),))
    scheme = structs.replace(tiny.scheme, layers=(layer,))
    root = fromstring(interface(scheme))
    (label,) = tags(root, "Label")

    assert title in [tag.attrib["value"] for tag in tags(root, "Header")]
    assert (label.attrib["value"], label.attrib["hint"]) == ("x&y", f"{title}. <i>&amp;")


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

    assert shown == {"title", "published", "text", "entities"}
    assert shown <= set(task["data"])


def _variable(tag: Element) -> str:
    value = tag.attrib.get("value", "")
    return value if value.startswith("$") else ""
