"""What an annotator reads of a finding: which words, what is wrong, what to do, and the codebook's rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from standoff.labelstudio.codebook import codebook, section
from standoff.labelstudio.panel import _REMEDIES
from standoff.labelstudio.tasks import to_task
from standoff.labelstudio.watch import findings_on, told
from standoff.model import AnnotationSet, Corpus


def changed(corpus: Corpus, id: str, **fields: Any) -> AnnotationSet:
    """The set of a1 on en_fair with one annotation changed."""
    marked = corpus.sets["a1", "en_fair"]
    annotations = tuple(structs.replace(a, **fields) if a.id == id else a for a in marked.annotations)
    assert annotations != marked.annotations
    return structs.replace(marked, annotations=annotations)


def said(corpus: Corpus, marked: AnnotationSet) -> tuple[dict[str, str], int, int]:
    """What the task of a set should say of it."""
    return told(to_task(marked, corpus.documents[marked.document], corpus, annotator="a1"), corpus, "a1")


def items(panel: str) -> list[str]:
    return [re.sub(r"<[^>]*>", "", item) for item in re.findall(r"<li>(.*?)</li>", panel)]


def test_a_right_set_and_a_task_without_one_say_nothing(tiny: Corpus) -> None:
    nothing = {"findings": "", "to_fix": ""}
    unannotated = to_task(None, tiny.documents["en_fair"], tiny, annotator="a1")

    assert said(tiny, tiny.sets["a1", "en_fair"]) == (nothing, 0, 0)
    assert told(unannotated, tiny, "a1") == (nothing, 0, 0)
    assert {field: unannotated["data"][field] for field in nothing} == nothing


def test_a_finding_names_the_words_what_is_asked_and_what_to_do_with_the_codebook_below(tiny: Corpus) -> None:
    fields, errors, warnings = said(tiny, changed(tiny, "n2", refs={}))
    panel = fields["findings"]

    assert (errors, warnings, fields["to_fix"]) == (1, 0, "1 to fix")
    (item,) = items(panel)
    assert item.startswith("café “Quill Café” Referent: ")
    assert item.endswith(". Add or remove fragments or targets, or choose another label.")
    assert re.findall("<summary>(.*?)</summary>", panel) == [
        "Codebook · naming: referent (role)",
        "Codebook · naming: café",
    ]
    assert "A place where one eats or drinks" in panel


def test_a_message_speaks_in_words_of_the_article_and_the_interface_and_not_in_ids(tiny: Corpus) -> None:
    by_role, *_ = items(said(tiny, changed(tiny, "r1", refs={"said": ("n1",), "speaker": ("n1",)}))[0]["findings"])
    by_entity, *_ = items(said(tiny, changed(tiny, "n2", label="who"))[0]["findings"])
    unanswered, *_ = items(said(tiny, changed(tiny, "n2", attributes={}))[0]["findings"])

    assert by_role == (
        "tells “said” Said: said “Ada Quill” is the naming &#x27;Ada Quill&#x27;; expected point. "
        "Point to an annotation of an allowed layer."
    )
    assert by_entity == (
        "who “Quill Café” label &#x27;who&#x27;, but referent “Quill Café” (Quill Café) is &#x27;café&#x27;; "
        "expected the same. Correct the label, the entity&#x27;s type, or which entity is meant."
    )
    assert unanswered == (
        "café “Quill Café” Shape: has no “Shape”; expected one of &#x27;proper&#x27;, &#x27;common&#x27;, "
        "&#x27;pronoun&#x27;. Choose a value."
    )


def test_no_advice_is_about_what_annotators_do_not_see() -> None:
    advice = [remedy for remedy in _REMEDIES.values() if remedy]

    assert len(advice) > 20
    assert not [one for one in advice if re.search(r"schema|Items|\bids?\b|standoff|accept", one)]


def test_a_warning_is_to_be_looked_at_and_keeps_no_task_in_the_tab(tiny: Corpus) -> None:
    marked = tiny.sets["a1", "en_fair"]
    without = tuple(a for a in marked.annotations if a.id != "n4")
    without = tuple(structs.replace(a, refs={"topic": ("n2",)}) if a.id == "p1" else a for a in without)
    fields, errors, warnings = said(tiny, structs.replace(marked, annotations=without))

    assert (errors, warnings, fields["to_fix"]) == (0, 1, "")
    assert "<b>Nothing to fix; to look at: 1</b>" in fields["findings"]
    assert items(fields["findings"])[0].startswith("(to look at) amount “the Quill Café … sold 40 jars")


def test_what_cannot_be_read_is_told_with_its_words(tiny: Corpus) -> None:
    task = to_task(tiny.sets["a1", "en_fair"], tiny.documents["en_fair"], tiny, annotator="a1")
    result = task["annotations"][0]["result"]
    value = next(item["value"] for item in result if item.get("id") == "n1" and item["type"] == "labels")
    extra = {
        "id": "n1",
        "from_name": "point",
        "to_name": "text",
        "type": "labels",
        "value": value | {"labels": ["wish"]},
    }
    two = task | {"annotations": [{"result": [*result, extra]}]}
    unlabelled = {"from_id": "n1", "to_id": "n6", "type": "relation", "direction": "right"}
    loose = task | {"annotations": [{"result": [*result, unlabelled]}]}

    assert items(told(two, tiny, "a1")[0]["findings"])[0].startswith("“Ada Quill” carries who and wish, labels of two")
    assert items(told(loose, tiny, "a1")[0]["findings"])[0].startswith("“Ada Quill” → “She” no label")


@pytest.mark.parametrize("annotations", [None, 3, [3], [{"result": 3}], [{"result": [3]}], [{}], [{}, {}]])
def test_whatever_the_server_shows_is_told_and_raises_nothing(annotations: Any, tiny: Corpus) -> None:
    task: Mapping[str, Any] = to_task(None, tiny.documents["en_fair"], tiny, annotator="a1") | {
        "annotations": annotations
    }

    assert set(told(task, tiny, "a1")[0]) == {"findings", "to_fix"}


def test_no_word_of_an_annotation_counts_as_html_or_as_a_field_of_the_task(tiny: Corpus) -> None:
    hostile = "<img src=x onerror=alert(1)>\n\n# A $title & `x` ]]>"
    document = tiny.documents["en_fair"]
    corpus = structs.replace(tiny, documents={"en_fair": structs.replace(document, text=hostile)})
    span = structs.replace(tiny.sets["a1", "en_fair"].annotations[0].spans[0], start=0, end=len(hostile), quote=hostile)
    marked = changed(tiny, "n2", refs={}, spans=(span,))
    marked = structs.replace(marked, annotations=tuple(a for a in marked.annotations if a.id == "n2"))
    panel = said(corpus, marked)[0]["findings"]

    assert "&lt;img src=x" in panel
    assert "<img" not in panel
    assert not re.search(r"\$\w", panel)
    # An empty line would end the HTML, and the next one would be Markdown.
    assert "\n\n# A" not in panel


def test_only_findings_on_the_set_itself_are_told(tiny: Corpus) -> None:
    broken = structs.replace(tiny, splits=structs.replace(tiny.splits, splits={}), segments={})

    assert findings_on(tiny.sets["a1", "en_fair"], broken) == ()


def test_an_example_of_the_codebook_is_a_quotation_and_what_is_to_be_marked(tiny: Corpus) -> None:
    shown = section(tiny.scheme, "naming: café")

    assert "```" not in shown
    assert "> We met at the Café Noir 🙂." in shown
    assert "- **café · proper** “Café Noir” — referent: noir" in shown


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_every_section_of_the_codebook_can_be_opened(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    book = codebook(corpus.scheme)

    assert book.count("<details>") == book.count("</details>")
    assert book.count("<details>") == len(corpus.scheme.sections) + len(
        {heading.partition(":")[0] for heading in corpus.scheme.sections}
    )
    assert "```json" not in book
