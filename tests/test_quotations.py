"""Annotations given by exact quotation."""

import json
from typing import Any

import pytest

from standoff.canon import normal
from standoff.errors import AnchorError, RecordError
from standoff.formats.quotations import from_quotations, parse_quotations, to_quotations
from standoff.model import AnnotationSet, Corpus, Document, Span


@pytest.fixture(scope="session")
def document(statecloud: Corpus) -> Document:
    return statecloud.documents["003_666c5d1a536ded45"]


def made(document: Document, corpus: Corpus, *annotations: dict[str, Any]) -> AnnotationSet:
    text = json.dumps({"document": document.id, "annotations": annotations})
    return from_quotations(parse_quotations(text), document, corpus.scheme, annotator="a1", place="work.json")


def mention(id: str, *spans: Any) -> dict[str, Any]:
    return {"id": id, "layer": "mention", "label": "ORG", "spans": spans, "attributes": {"form": "NAM"}}


def claim(id: str, *spans: Any) -> dict[str, Any]:
    return {"id": id, "layer": "claim", "label": "fact", "spans": spans}


def relation(label: str, start: str, end: str) -> dict[str, Any]:
    return {"layer": "claim_relation", "label": label, "refs": {"from": [start], "to": [end]}}


def test_words_that_occur_once_need_nothing_else(document: Document, statecloud: Corpus) -> None:
    (annotation,) = made(document, statecloud, mention("m1", "Homeland Advanced Recognition Technology")).annotations

    start = document.text.index("Homeland Advanced")
    assert annotation.spans == (Span(start, start + 40, "Homeland Advanced Recognition Technology"),)


def test_prefix_suffix_and_occurrence_each_tell_which(document: Document, statecloud: Corpus) -> None:
    text = document.text
    found = made(
        document,
        statecloud,
        mention("m1", {"exact": "DHS", "prefix": "(", "suffix": ")"}),
        mention("m2", {"exact": "DHS", "suffix": " will rely"}),
        mention("m3", {"exact": "DHS", "occurrence": 4}),
    )

    starts = {a.id: a.spans[0].start for a in found.annotations}
    assert starts == {"m1": text.index("(DHS)") + 1, "m2": text.index("DHS will rely"), "m3": text.index("DHS’ HART")}


def test_an_ambiguous_quotation_is_refused_with_the_candidates(document: Document, statecloud: Corpus) -> None:
    with pytest.raises(AnchorError) as caught:
        made(document, statecloud, mention("m1", "DHS"))

    assert str(caught.value).startswith("work.json#m1 spans[0]: 'DHS' fits 4 times: expected a prefix, a suffix or an")
    assert [document.text[a:b] for a, b in caught.value.candidates] == ["DHS"] * 4


def test_a_quotation_with_other_marks_is_refused_with_the_passage_it_meant(
    document: Document, statecloud: Corpus
) -> None:
    with pytest.raises(AnchorError, match=r"is not in the text \[did you mean 'DHS’ HART database'"):
        made(document, statecloud, mention("m1", "DHS' HART database"))


def test_relations_get_their_ids_from_what_they_link(document: Document, statecloud: Corpus) -> None:
    found = made(
        document,
        statecloud,
        claim("c10", "We request"),
        claim("c2", "DHS will rely on AWS"),
        relation("supports", "c10", "c2"),
        relation("restates", "c2", "c10"),
    )

    # The ends of a symmetric relation stand in the order of their ids, whichever way it was given.
    assert [a.id for a in found.annotations[2:]] == ["restates:c10:c2", "supports:c10:c2"]
    assert found.annotations[2].refs == {"from": ("c10",), "to": ("c2",)}


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        ({**mention("m1", "CSOs"), "layer": "mentoin"}, r"work.json#m1: layer 'mentoin' is not one of .* 'mention'"),
        ({**mention("", "CSOs")}, r"work.json#annotations\[1\]: id is missing"),
        ({**relation("supports", "c1", "c1"), "id": "r1"}, r"work.json#r1: id 'r1' is given, but a relation has none"),
        (claim("c1", "CSOs"), r"work.json#c1: id 'c1' is given twice"),
        ({**mention("m1", "CSOs"), "colour": "red"}, r"unknown field `colour` - at `\$.annotations\[1\]`"),
    ],
)
def test_what_is_not_of_this_form_is_refused_with_its_place(
    document: Document, statecloud: Corpus, annotation: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecordError, match=says):
        made(document, statecloud, claim("c1", "We request"), annotation)


def test_another_documents_quotations_are_refused(document: Document, statecloud: Corpus) -> None:
    quoted = parse_quotations('{"document": "other", "annotations": []}')

    with pytest.raises(RecordError, match="is about document 'other'; expected '003_666c5d1a536ded45'"):
        from_quotations(quoted, document, statecloud.scheme, annotator="a1")


def test_truncated_json_is_refused() -> None:
    with pytest.raises(RecordError, match=r"work.json: .*truncated"):
        parse_quotations('{"document": "a", "annot', place="work.json")


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_every_set_is_its_own_quotations(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)

    for marked in corpus.sets.values():
        document = corpus.documents[marked.document]
        text = json.dumps(to_quotations(marked, document, corpus.scheme))
        again = from_quotations(parse_quotations(text), document, corpus.scheme, annotator=marked.annotator)

        assert again == normal(marked, corpus.scheme)
        assert again == marked
