"""What is wrong with a submission is told in the task itself while its annotator works, and is gone once mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import Editor, opened, tasks

from standoff import files
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import pull, push
from standoff.labelstudio.watch import Told, watch

pytestmark = pytest.mark.browser


def looked(root: Path, studio: Studio) -> list[Told]:
    return [one for one in watch(files.read(root), {"r1": studio}, once=True) if isinstance(one, Told)]


def test_a_wrong_submission_is_told_in_the_task_and_the_panel_is_gone_once_it_is_mended(
    editor: Editor, studio: Studio, checkout: Path
) -> None:
    project, task = opened(editor, studio, checkout, "r1", "en_fair")
    cafe = editor.mark("3", 57, 67)
    editor.select(60, cafe)
    editor.choose("proper")
    editor.leave()
    editor.send("Submit")

    assert errors(looked(checkout, studio)) == [1]
    editor.open(project, task)
    panel = editor.page.locator(".standoff-findings .found")
    assert panel.locator("b").first.inner_text().startswith("To fix: 1")
    assert panel.locator("li").first.inner_text().startswith("café “Quill Café” Referent: ")
    section = panel.locator("details", has_text="Codebook · naming: café")
    assert not section.get_by_text("A place where one eats or drinks").is_visible()
    section.locator("summary").click()
    assert section.get_by_text("A place where one eats or drinks").is_visible()
    assert section.get_by_text("We met at the Café Noir 🙂.").is_visible()
    assert to_fix(editor, project) == 1

    editor.open(project, task)
    editor.select(60, cafe)
    editor.choose("Quill Café · café · quill_cafe")
    editor.send("Update")
    assert errors(looked(checkout, studio)) == [0]
    editor.open(project, task)
    assert panel.locator("li", has_text="Quill Café").count() == 0
    assert panel.get_by_text("To fix: ").count() == 0
    assert to_fix(editor, project) == 0


def errors(seen: list[Told]) -> list[int]:
    """How many errors were told of each task; what else is worth a look in the article is not this test's."""
    return [one.errors for one in seen]


def to_fix(editor: Editor, project: int) -> int:
    """How many tasks the tab of that name lists."""
    editor.page.goto(f"{editor.url}/projects/{project}/data")
    editor.page.get_by_text("To fix", exact=True).first.click()
    editor.page.locator(".dm-tabs__item_active, .lsf-tabs-dm-item_active, [class*=tab][class*=active]").first.wait_for()
    editor.page.wait_for_timeout(800)
    shown = editor.page.get_by_text("Tasks:").first.inner_text()
    return int(shown.removeprefix("Tasks:").partition("/")[0])


def test_what_cannot_be_read_as_a_set_is_told_too(editor: Editor, studio: Studio, checkout: Path) -> None:
    project, task = opened(editor, studio, checkout, "r1", "en_fair")
    ada = editor.mark("1", 28, 37)
    editor.select(30, ada)
    editor.choose("proper")
    editor.page.keyboard.press("a")
    editor.leave()
    editor.send("Submit")

    assert looked(checkout, studio) == [Told("r1", "en_fair", 1, 0)]
    editor.open(project, task)
    told = editor.page.locator(".standoff-findings li").first.inner_text()
    assert told.startswith("“Ada Quill” carries who and happening, labels of two layers")


def test_what_the_panel_says_is_no_change_to_a_push_or_a_pull(editor: Editor, studio: Studio, checkout: Path) -> None:
    opened(editor, studio, checkout, "r1", "en_fair")
    cafe = editor.mark("3", 57, 67)
    editor.select(60, cafe)
    editor.choose("proper")
    editor.leave()
    editor.send("Submit")
    pull(checkout, files.read(checkout), "r1", studio)
    project = push(checkout, files.read(checkout), "r1", studio, documents=["en_fair"]).project
    looked(checkout, studio)
    told = tasks(studio, project)

    assert told["en_fair"]["data"]["to_fix"] == "1 to fix"
    assert push(checkout, files.read(checkout), "r1", studio, documents=["en_fair"]).unchanged == ("en_fair",)
    assert pull(checkout, files.read(checkout), "r1", studio).unchanged == ("en_fair",)
    assert looked(checkout, studio) == []
    assert tasks(studio, project) == told
