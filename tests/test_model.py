from __future__ import annotations

import msgspec
import pytest

from standoff.model import Annotation, AnnotationSet, Finding, Span, derived_id, silent


def test_spans_are_ordered_by_place() -> None:
    assert sorted([Span(4, 9, "b"), Span(0, 9, "c"), Span(0, 3, "a")]) == [
        Span(0, 3, "a"),
        Span(0, 9, "c"),
        Span(4, 9, "b"),
    ]


def test_an_address_names_annotator_document_and_annotation() -> None:
    assert AnnotationSet("hart", "0" * 64, "a1").address("c3") == "a1/hart#c3"


def test_a_derived_id_is_the_label_and_what_it_links() -> None:
    assert derived_id("explains", "p1", "p2") == "explains:p1:p2"


def test_a_finding_is_shown_with_file_id_field_and_rule() -> None:
    finding = Finding("annotations/sets/a1/hart.json", "c3", "label", "label-known", "error", "label is 'opose'")

    assert str(finding) == "annotations/sets/a1/hart.json#c3 label: label is 'opose' (label-known)"


def test_a_finding_on_a_whole_file_is_shown_without_id_and_field() -> None:
    assert str(Finding("schema/views.json", "", "", "view", "warning", "is odd")) == "schema/views.json: is odd (view)"


def test_annotations_share_no_default() -> None:
    first = Annotation("a", "naming", "who")
    first.refs["referent"] = ("x",)

    assert Annotation("b", "naming", "who").refs == {}


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        (Span, {"start": 0, "end": 1, "quote": "a", "text": "a"}),
        (Annotation, {"id": "a", "layer": "naming", "label": "who", "span": []}),
        (AnnotationSet, {"document": "d", "text_sha256": "0", "annotator": "a1", "author": "a1"}),
    ],
)
def test_a_field_that_the_kind_does_not_have_is_refused(kind: type, record: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(record, kind)


def test_progress_that_nobody_watches_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent("reading", 1, 3)

    assert capsys.readouterr() == ("", "")
