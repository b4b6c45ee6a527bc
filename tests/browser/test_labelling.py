"""What an annotator draws by mouse is what arrives; what nobody touches comes back with the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from editor import Editor, opened, tasks
from msgspec import structs

from standoff import files
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import pull, push
from standoff.labelstudio.watch import watch
from standoff.model import Annotation, AnnotationSet, Entity, Span
from standoff.text import sha

pytestmark = pytest.mark.browser


def bare(task: dict[str, Any]) -> int:
    """A letter of a task's text that no region covers."""
    spans = [item["value"] for item in task["annotations"][0]["result"] if item["type"] == "labels"]
    covered = {n for span in spans for n in range(span["start"], span["end"])}
    return next(n for n, c in enumerate(task["data"]["text"]) if c.isalpha() and n not in covered)


def pulled(root: Path, annotator: str, document: str, studio: Studio) -> AnnotationSet:
    pull(root, files.read(root), annotator, studio)
    return files.read(root).sets[annotator, document]


def test_what_is_drawn_by_mouse_is_the_set_that_is_pulled(editor: Editor, studio: Studio, checkout: Path) -> None:
    opened(editor, studio, checkout, "r1", "en_fair")

    ada = editor.mark("1", 28, 37)
    editor.select(30, ada)
    editor.choose("proper")
    assert editor.find("quill") == [
        "Ada Quill · who · ada",
        "Quill · who · quill_family",
        "Quill Café · café · quill_cafe",
    ]
    editor.choose("Ada Quill · who · ada")
    editor.leave()
    cafe = editor.mark("3", 57, 67)
    editor.select(60, cafe)
    editor.choose("proper")
    editor.write("or the name of a new one", 'Quill <Café> & "Sons" 🫖')
    editor.leave()
    jars = editor.mark("5", 89, 96)
    editor.select(92, jars)
    editor.choose("proper")
    editor.write("remark", "Not <b>40</b> & a half?")
    editor.leave()
    jam = editor.mark("4", 100, 123)
    editor.select(104, jam)
    editor.choose("common")
    # Picked, cleared by a second click, and another one picked.
    editor.find("")
    editor.choose("Quill · who · quill_family", "Quill · who · quill_family", "plum jam · thing · jam")
    editor.leave()
    said = editor.mark("q", 43, 47)
    editor.select(44, said)
    editor.choose("retold", "doubts")
    editor.leave()
    first, second = editor.mark("s", 53, 67), editor.mark("s", 84, 123)
    editor.select(54, first)
    editor.choose("firm", "denied")
    editor.leave()
    sad = editor.mark("c", 264, 265)
    editor.select(264, sad)
    editor.choose("plain")
    editor.leave()
    editor.relate((54, first), (85, second), ["fragment"])
    editor.relate((54, first), (60, cafe), ["topic"])
    editor.relate((44, said), (30, ada), ["speaker"])
    editor.relate((44, said), (54, first), ["said"])
    editor.relate((264, sad), (30, ada), ["voice"])
    editor.relate((264, sad), (104, jam), ["object"])
    editor.relate((30, ada), (60, cafe), ["owns", "beside"])
    editor.choose("playful", "chatty")
    editor.send("Submit")

    expected = AnnotationSet(
        document="en_fair",
        text_sha256="37b12de02f6f93c42d16cff5e9caaadf895e3f75f7fbd405f2fd5d506a03ea7e",
        annotator="r1",
        annotations=(
            Annotation(ada, "naming", "who", (Span(28, 37, "Ada Quill"),), {"referent": ("ada",)}, {"shape": "proper"}),
            Annotation(
                cafe,
                "naming",
                "café",
                (Span(57, 67, "Quill Café"),),
                {"referent": ("quill-cafe-sons",)},
                {"shape": "proper"},
            ),
            Annotation(
                jars,
                "naming",
                "number",
                (Span(89, 96, "40\xa0jars"),),
                {},
                {"shape": "proper"},
                "Not <b>40</b> & a half?",
            ),
            Annotation(
                jam,
                "naming",
                "thing",
                (Span(100, 123, "plum jam<b>&amp;</b>tea"),),
                {"referent": ("jam",)},
                {"shape": "common"},
            ),
            Annotation(
                said,
                "report",
                "tells",
                (Span(43, 47, "said"),),
                {"said": (first,), "speaker": (ada,)},
                {"manner": "retold", "trust": "doubts"},
            ),
            Annotation(
                first,
                "point",
                "amount",
                (Span(53, 67, "the Quill Café"), Span(84, 123, "sold 40\xa0jars of plum jam<b>&amp;</b>tea")),
                {"topic": (cafe,)},
                {"denial": "denied", "firmness": "firm"},
            ),
            Annotation(
                sad,
                "opinion",
                "dislikes",
                (Span(264, 265, "🙁"),),
                {"object": (jam,), "voice": (ada,)},
                {"wording": "plain"},
            ),
            *(
                Annotation(f"{label}:{ends[0]}:{ends[1]}", "tie", label, (), {"owned": ends[1:], "owner": ends[:1]})
                # `beside` is symmetric: its ends are stored in the order of their ids.
                for label, ends in sorted({"beside": tuple(sorted((ada, cafe))), "owns": (ada, cafe)}.items())
            ),
            Annotation("register:chatty", "register", "chatty"),
            Annotation("register:playful", "register", "playful"),
        ),
        entities=(Entity("quill-cafe-sons", "café", 'Quill <Café> & "Sons" 🫖', "unchecked"),),
    )
    assert pulled(checkout, "r1", "en_fair", studio) == expected


def test_arabic_is_drawn_from_right_to_left_and_arrives_in_the_order_of_the_text(
    editor: Editor, studio: Studio, checkout: Path
) -> None:
    opened(editor, studio, checkout, "r1", "ar_souk")

    layla, nour = editor.mark("1", 29, 39), editor.mark("3", 115, 124)
    for place, region in ((30, layla), (117, nour)):
        editor.select(place, region)
        editor.choose("proper")
        editor.leave()
    editor.send("Submit")

    marked = pulled(checkout, "r1", "ar_souk", studio)
    assert [(one.id, one.label, one.spans) for one in marked.annotations] == [
        (layla, "who", (Span(29, 39, "ليلى حدّاد"),)),
        (nour, "café", (Span(115, 124, "Café\xa0Nour"),)),
    ]


def test_every_document_that_is_opened_and_updated_comes_back_with_the_same_bytes(
    editor: Editor, studio: Studio, checkout: Path, real: Path
) -> None:
    for root, annotator, count in ((checkout, "a1", 3), (real, "pilot", 3)):
        before = {path.name: path.read_bytes() for path in (root / "annotations" / "sets" / annotator).iterdir()}
        project = push(root, files.read(root), annotator, studio).project
        for task in tasks(studio, project).values():
            editor.open(project, task["id"])
            editor.page.wait_for_function(
                "count => Htx.annotationStore.selected?.regionStore.regions.length >= count",
                arg=sum("labels" in item and item["type"] != "relation" for item in task["annotations"][0]["result"]),
            )
            # The button is dead until something was done.
            editor.touch("1", bare(task))
            editor.send("Update")
        assert len(before) == count
        for path in (root / "annotations" / "sets" / annotator).iterdir():
            path.unlink()
        pull(root, files.read(root), annotator, studio)
        assert {p.name: p.read_bytes() for p in (root / "annotations" / "sets" / annotator).iterdir()} == before


def test_a_key_that_the_scheme_gives_to_no_label_answers_for_no_choice(
    editor: Editor, studio: Studio, checkout: Path
) -> None:
    opened(editor, studio, checkout, "r1", "en_fair")
    said = editor.mark("q", 43, 47)
    editor.select(44, said)

    # 8, 9 and 0 are of the whole document's labels, 6 is what the editor gives to the one label without a key.
    editor.page.keyboard.type("7etyiopfgjklbnmv")

    result = editor.page.evaluate(
        "() => Htx.annotationStore.selected.serializeAnnotation().map(item => item.from_name)"
    )
    assert result == ["report"]


def test_what_is_asked_is_asked_of_the_layer_of_the_selected_region_alone(
    editor: Editor, studio: Studio, checkout: Path
) -> None:
    opened(editor, studio, checkout, "r1", "en_fair")
    ada, said = editor.mark("1", 28, 37), editor.mark("q", 43, 47)

    assert editor.asked().count() == 0
    editor.select(30, ada)
    assert editor.asked().locator("h4").all_inner_texts() == ["Shape", "Referent", "Note"]
    editor.select(44, said)
    assert editor.asked().locator("h4").all_inner_texts() == ["Manner", "Trust", "Note"]
    editor.leave()
    assert editor.asked().count() == 0


def test_on_a_small_screen_the_names_of_arrows_are_whole_and_nothing_lies_on_the_text(
    editor: Editor, studio: Studio, real: Path
) -> None:
    page, usual = editor.page, editor.page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": 1280, "height": 900})
    try:
        opened(editor, studio, real, "pilot", "000_1a649a98371b7227")
        edge = page.locator(".lsf-main-view, .lsf-main-content").first.bounding_box()
        text, side = (page.locator(f".standoff-{name}").bounding_box() for name in ("text", "side"))
        assert edge is not None and text is not None and side is not None
        names = page.locator(".relations-overlay text")
        lefts = names.evaluate_all("names => names.map(name => name.getBoundingClientRect().left)")
        assert len(lefts) > 50
        assert min(lefts) >= edge["x"]
        assert text["x"] + text["width"] <= side["x"]
        assert side["x"] + side["width"] <= edge["x"] + edge["width"]
    finally:
        page.set_viewport_size(usual)


def test_hostile_words_and_control_characters_break_nothing(editor: Editor, studio: Studio, checkout: Path) -> None:
    text = "a\x01b\x0bc\x1b[31m\x85d\u2028e\u202ef\u2066g <script>top.hit = 1</script><!-- ]]> &amp; $title ${x} end\r"
    hostile = "</View><img src=x onerror='top.hit = 1'> \"]]> & $text `x` 'q' \x00\u202e"
    corpus = files.read(checkout)
    document = structs.replace(corpus.documents["en_fair"], title=hostile, text=text, text_sha256=sha(text))
    entity = structs.replace(corpus.entities["ada"], name=hostile, aliases=(hostile,))
    corpus = structs.replace(corpus, documents={"en_fair": document}, entities={"ada": entity}, sets={})
    project = push(checkout, corpus, "r1", studio).project
    editor.open(project, tasks(studio, project)["en_fair"]["id"])

    at = text.index("end")
    end = editor.mark("1", at, at + 3)
    editor.select(at, end)
    editor.choose("proper")
    editor.asked().locator(".standoff-known label").click()
    editor.write("or the name of a new one", hostile.replace("\x00", ""))
    editor.send("Submit")
    (told,) = watch(corpus, {"r1": studio}, once=True)
    editor.open(project, tasks(studio, project)["en_fair"]["id"])

    assert told.errors == 1
    assert "is picked and" in editor.page.locator(".standoff-findings li").inner_text()
    assert editor.page.evaluate("() => top.hit") is None
    shown = editor.page.evaluate("() => document.querySelector('.lsf-richtext__container').textContent")
    assert shown == text.replace("\r", "")
    editor.select(at, end)
    editor.asked().locator(".standoff-known label").click()
    editor.send("Update")
    pull(checkout, corpus, "r1", studio)
    marked = json.loads((checkout / "annotations" / "sets" / "r1" / "en_fair.json").read_text(encoding="utf-8"))
    assert marked["annotations"][0]["spans"] == [{"start": at, "end": at + 3, "quote": "end"}]
    assert marked["entities"][0]["name"] == " ".join(hostile.replace("\x00", "").split())


def test_a_text_that_no_page_can_show_is_not_pushed(studio: Studio, checkout: Path) -> None:
    corpus = files.read(checkout)
    document = structs.replace(corpus.documents["en_fair"], text="a\0b", text_sha256=sha("a\0b"))
    report = push(checkout, structs.replace(corpus, documents={"en_fair": document}, sets={}), "r1", studio)

    assert (report.created, report.refused) == ((), ("en_fair",))
    assert "U+0000 at 1, which Label Studio cannot show" in report.findings[0].message
