"""The codebooks' examples are annotations: each parses, is valid, and shows what its section is about."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec import convert, structs

from standoff.formats.quotations import from_quotations, parse_quotations
from standoff.model import Annotation, AnnotationSet, Corpus, Entity, Segments, Splits
from standoff.scheme import REGISTRY
from standoff.text import sha
from standoff.validate import validate

EXAMPLE = re.compile(r"^```json example\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(text: str) -> list[dict[str, Any]]:
    """The blocks of JSON that a codebook, or a section of it, gives as examples."""
    return [json.loads(block) for block in EXAMPLE.findall(text)]


def annotated(example: dict[str, Any], corpus: Corpus) -> Corpus:
    """A corpus of one document, annotated as an example is."""
    text = example["text"]
    some, right = next(iter(corpus.documents.values())), next(iter(corpus.rights.values()))
    annotator = next(iter(corpus.annotators))
    document = structs.replace(
        some, id="example", text=text, raw_length=len(text), dropped=(), raw_sha256=sha(text), text_sha256=sha(text)
    )
    quotations = parse_quotations(json.dumps({"document": "example", "annotations": example["annotations"]}))
    entities = convert(example.get("entities", []), list[Entity])
    words = tuple(word.span() for word in re.finditer(r"\S+", text))
    return structs.replace(
        corpus,
        documents={"example": document},
        segments={"example": Segments("example", "words", ((0, len(text)),), words)},
        entities={entity.id: entity for entity in entities},
        sets={(annotator, "example"): from_quotations(quotations, document, corpus.scheme, annotator=annotator)},
        gold={},
        decisions={},
        policy=None,
        splits=Splits({"example": "train"}),
        rights={"example": right},
    )


def shows(heading: str, marked: AnnotationSet, entities: dict[str, Entity]) -> bool:
    """Whether an example has what its section is about."""
    layer, _, rest = heading.partition(": ")
    name, _, value = rest.removesuffix(" (role)").partition("=")

    def fits(one: Annotation) -> bool:
        if rest.endswith(" (role)"):
            return bool(one.refs.get(name))
        return one.attributes.get(name) == value if value else one.label == rest

    if layer == REGISTRY:
        return any(getattr(e, name) == value if value else getattr(e, name) for e in entities.values())
    return any(one.layer == layer and fits(one) for one in marked.annotations)


@pytest.mark.parametrize(("name", "least"), [("tiny", 8), ("statecloud", 70)])
def test_every_example_is_anchored_and_valid(name: str, least: int, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    found = examples(corpus.scheme.files["CODEBOOK.md"])

    assert len(found) >= least
    for example in found:
        assert validate(annotated(example, corpus)) == (), example["text"]


def test_every_section_has_an_example_of_what_it_is_about(statecloud: Corpus) -> None:
    for heading, text in statecloud.scheme.sections.items():
        found = [annotated(example, statecloud) for example in examples(text)]

        assert any(shows(heading, marked, each.entities) for each in found for marked in each.sets.values()), heading


def test_no_example_is_taken_from_the_articles(statecloud: Corpus) -> None:
    def sequences(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.casefold())
        return {tuple(words[n : n + 5]) for n in range(len(words) - 4)}

    of_articles = {each for document in statecloud.documents.values() for each in sequences(document.text)}
    for example in examples(statecloud.scheme.files["CODEBOOK.md"]):
        assert not sequences(example["text"]) & of_articles
