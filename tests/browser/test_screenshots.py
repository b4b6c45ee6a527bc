"""The pictures of docs/labelling.md, taken in the real editor; STANDOFF_SCREENSHOTS=write keeps them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from editor import Editor, tasks

from standoff import files
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import push
from standoff.labelstudio.watch import watch

pytestmark = pytest.mark.browser

ARTICLE = "000_1a649a98371b7227"


def test_the_pictures_of_the_guide_can_be_taken(editor: Editor, studio: Studio, real: Path, root: Path) -> None:
    images = root / "docs" / "images" if os.environ.get("STANDOFF_SCREENSHOTS") == "write" else real
    corpus = files.read(real)
    project = push(real, corpus, "pilot", studio).project
    task = tasks(studio, project)[ARTICLE]
    spans = {item["id"]: item["value"] for item in task["annotations"][0]["result"] if item["type"] == "labels"}
    mention = next(id for id, value in spans.items() if value["start"] == 281)
    claim = next(id for id, value in spans.items() if (value["start"], value["end"]) == (73, 240))
    page = editor.page

    def picture(name: str) -> None:
        page.wait_for_timeout(500)
        page.screenshot(path=images / f"{name}.png")

    # Label Studio makes its own first tab when it is opened first.
    page.goto(f"{editor.url}/projects/{project}/data")
    page.get_by_text("Default", exact=True).first.wait_for()
    editor.open(project, task["id"])
    picture("overview")
    editor.select(283, mention)
    editor.find("home")
    picture("region")
    editor.find("")
    editor.leave()
    page.locator("#Relations-draggable").click()
    relation = page.locator(".lsf-relations__item").nth(4)
    relation.hover()
    relation.get_by_label("Show Relation Labels").click()
    relation.locator(".lsf-relation-meta button, .lsf-relation-meta [role=combobox]").first.click()
    picture("relations")
    page.keyboard.press("Escape")
    relation.hover()
    relation.get_by_label("Hide Relation Labels").click()
    editor.select(283, mention)
    editor.choose("Home Office · ORG · home-office")
    editor.leave()
    editor.select(98, claim)
    editor.choose("possible")
    editor.leave()
    editor.send("Update")
    told = [one for one in watch(corpus, {"pilot": studio}, once=True) if one.document == ARTICLE]
    editor.open(project, task["id"])
    page.locator(".standoff-findings summary").first.click()
    picture("findings")
    page.goto(f"{editor.url}/projects/{project}/data")
    page.get_by_text("To fix", exact=True).first.click()
    page.get_by_text("2 to fix", exact=True).wait_for()
    picture("to-fix")

    assert [(one.document, one.errors) for one in told] == [(ARTICLE, 2)]
    taken = {"overview", "region", "relations", "findings", "to-fix"}
    guide = (root / "docs" / "labelling.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(images/([a-z-]+)\.png\)", guide)) == taken
    assert {path.stem for path in (root / "docs" / "images").glob("*.png")} >= taken
