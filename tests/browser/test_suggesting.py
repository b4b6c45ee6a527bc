"""Suggestions in a real browser: a tab that can only be read, and a copy of it to begin with."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import Editor, opened

from standoff import files
from standoff.labelstudio.outcomes import Count, count
from standoff.labelstudio.server import Studio
from standoff.labelstudio.suggest import suggest, suggester
from standoff.labelstudio.sync import pull

pytestmark = pytest.mark.browser


def test_what_is_suggested_is_mended_submitted_and_counted(editor: Editor, studio: Studio, checkout: Path) -> None:
    corpus = files.read(checkout)
    project, task = opened(editor, studio, checkout, "r1", "en_fair")
    by = suggester(corpus, "known-names")
    suggest(corpus, "r1", studio, by.suggest, model_version=by.model_version)
    editor.open(project, task)
    page, tabs = editor.page, editor.page.locator(".lsf-annotation-button")
    tabs.nth(1).click()
    page.wait_for_timeout(400)

    assert page.evaluate("() => Htx.annotationStore.selected.type") == "prediction"
    assert page.get_by_role("button", name="Submit").count() == 0

    tabs.nth(0).click()
    page.wait_for_timeout(400)
    ada, again, cafe, jam, ben, ben_again = editor.regions()
    editor.select(104, jam)
    page.keyboard.press("Backspace")
    page.wait_for_timeout(200)
    for offset, region in ((3, ada), (30, again), (60, cafe), (153, ben), (210, ben_again)):
        editor.select(offset, region)
        # The editor lets nobody submit a region without the attribute that known names do not tell.
        editor.choose("proper")
        editor.leave()
    editor.send("Submit")
    pull(checkout, corpus, "r1", studio)
    marked = files.read(checkout).sets["r1", "en_fair"]

    assert {a.id for a in marked.annotations} == {ada, again, cafe, ben, ben_again}
    assert count(corpus, "r1", studio) == (Count(by.model_version, "naming", 5, 0, 1, 0),)
