"""An adjudicator at work in a real browser: versions without names, one chosen with a reason, and gold is whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from disputes import DOCUMENT, changed, planted, renumbered
from editor import Editor, tasks
from msgspec import structs

from standoff import files
from standoff.canon import normal
from standoff.cli import main
from standoff.labelstudio.adjudicating import apply, build
from standoff.labelstudio.server import Studio
from standoff.model import Corpus

pytestmark = pytest.mark.browser


@pytest.fixture
def two(tiny: Corpus) -> Corpus:
    """Two annotators who differ in one attribute alone, of `The café`."""
    three = planted(tiny)
    first = three.sets["a1", DOCUMENT]
    other = changed(tiny, first, n11=lambda a: structs.replace(a, attributes={"shape": "proper"}))
    other = normal(structs.replace(renumbered(other, lambda id: f"b-{id}"), annotator="a2"), tiny.scheme)
    return structs.replace(three, sets={("a1", DOCUMENT): first, ("a2", DOCUMENT): other})


def shape(editor: Editor) -> str:
    """What the tab that is open says of the region in dispute."""
    found: list[str] = editor.page.evaluate(
        """() => Htx.annotationStore.selected.serializeAnnotation()
            .filter(item => item.from_name === 'naming-shape').map(item => item.value.choices[0])"""
    )
    (value,) = found
    return value


def test_versions_are_seen_without_names_and_the_one_that_is_chosen_makes_gold_whole(
    two: Corpus, studio: Studio, editor: Editor, tiny_root: Path, tmp_path: Path
) -> None:
    raw = {id: files.read_bytes(files.raw_file(tiny_root, id)) for id in two.documents}
    files.write_corpus(tmp_path, two, raw)
    project = build(two, "judge", studio, root=tmp_path).project
    editor.open(project, tasks(studio, project)[DOCUMENT]["id"])
    tabs = editor.page.locator(".lsf-annotation-button")
    names = [name.strip() for name in tabs.locator(".lsf-annotation-button__name").all_inner_texts()]
    shown = editor.page.locator("body").inner_text()

    assert (len(names), sorted(names)[:2]) == (3, ["A", "B"])
    assert "naming: attribute: The café" in shown
    assert not {"a1", "a2"} & set(shown.split())
    begun = shape(editor)
    versions = {}
    for name in ("A", "B"):
        tabs.filter(has=editor.page.get_by_text(name, exact=True)).click()
        editor.page.wait_for_timeout(200)
        versions[name] = shape(editor)
    assert sorted(versions.values()) == ["common", "proper"]

    tabs.nth(2).click()
    editor.page.wait_for_timeout(200)
    assert shape(editor) == begun
    (chosen,) = set(versions.values()) - {begun}
    editor.page.locator(".lsf-outliner-item", has_text="The café").first.click()
    assert editor.selected() == "n11"
    editor.choose(chosen)
    # The same reasons are asked again of relations and of labels of the document, further down.
    editor.page.locator('label:visible:has(input[name="codebook gap"])').first.click()
    editor.leave()
    editor.send("Update")

    (decisions,) = apply(two, "judge", studio, date="2024-05-01").decisions.values()
    files.write_decisions(tmp_path, decisions)
    (one,) = decisions.decisions
    whose = {"common": "a1/en_fair#n11", "proper": "a2/en_fair#b-n11"}
    assert (one.outcome, one.chosen, one.reason) == ("chosen", whose[chosen], "codebook gap")
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "adjudicate"])
    assert (done.exit_code, done.output) == (0, f"{DOCUMENT}: 33 annotations\n")
    made = {a.id: a for a in files.read(tmp_path).gold[DOCUMENT].annotations}
    assert made["n11"].attributes == {"shape": chosen}
    assert made["n11"].derived_from == (whose[chosen], f"decision/{DOCUMENT}#{one.id}")


def test_the_list_of_disputes_leaves_the_text_in_sight_and_stays_when_it_is_scrolled(
    statecloud: Corpus, studio: Studio, editor: Editor, tmp_path: Path
) -> None:
    undecided = {id: structs.replace(held, decisions=()) for id, held in statecloud.decisions.items()}
    project = build(structs.replace(statecloud, decisions=undecided), "adj", studio, root=tmp_path).project
    task = tasks(studio, project)["004_1dd8823014995070"]
    page, usual = editor.page, editor.page.viewport_size
    assert len(task["data"]["disputes"].splitlines()) > 20
    assert usual is not None
    page.set_viewport_size({"width": 1280, "height": 900})
    try:
        editor.open(project, task["id"])
        text, listed = page.locator(".standoff-text .lsf-richtext__container").last, page.locator(".standoff-disputes")
        text_box, list_box = text.bounding_box(), listed.bounding_box()
        assert text_box is not None and list_box is not None
        assert list_box["y"] + list_box["height"] <= text_box["y"] < 450
        assert listed.evaluate("list => list.scrollHeight > list.clientHeight")

        listed.locator(".lsf-richtext__line").last.scroll_into_view_if_needed()
        assert text.bounding_box() == text_box
        text.hover()
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(500)
        top = page.locator(".lsf-main-view, .lsf-main-content").first.bounding_box()
        list_box = listed.bounding_box()
        assert top is not None and list_box is not None
        assert 0 <= list_box["y"] - top["y"] < 5

        page.locator(".lsf-outliner-item").first.click()
        page.locator(".standoff-decision:visible").wait_for()
        # Brackets with nothing in them would be shown for choices without a key.
        assert page.locator(".lsf-hint:visible").count() == 0
        assert page.locator(".lsf-hint").count() > 0
    finally:
        page.set_viewport_size(usual)


def test_the_picture_of_the_guide_can_be_taken(
    tiny: Corpus, studio: Studio, editor: Editor, root: Path, tmp_path: Path
) -> None:
    # STANDOFF_SCREENSHOTS=write keeps it.
    images = root / "docs" / "images" if os.environ.get("STANDOFF_SCREENSHOTS") == "write" else tmp_path
    project = build(planted(tiny), "judge", studio, root=tmp_path).project
    editor.open(project, tasks(studio, project)[DOCUMENT]["id"])
    editor.page.locator(".lsf-outliner-item", has_text="The café").first.click()
    editor.page.locator('label:visible:has(input[name="codebook gap"])').first.click()
    editor.page.wait_for_timeout(500)
    editor.page.screenshot(path=images / "adjudication.png")

    assert editor.selected() == "n11"
    guide = (root / "docs" / "adjudicating.md").read_text(encoding="utf-8")
    assert re.findall(r"\(images/([a-z-]+)\.png\)", guide) == ["adjudication"]
    assert (root / "docs" / "images" / "adjudication.png").is_file()
