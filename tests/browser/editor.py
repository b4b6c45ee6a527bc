"""Label Studio's editor in a real browser, worked by mouse and keyboard as an annotator works it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from standoff import files
from standoff.labelstudio import server
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import push

# Where a code point of the text is on the screen: its left or right edge, at half its height. A line break of the text
# is a <br>, which counts one, as every code point does.
_POINT = """([offset, right]) => {
  const text = document.querySelector('.lsf-richtext__container');
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeName === 'BR') seen += 1;
    if (node.nodeType !== Node.TEXT_NODE) continue;
    const points = Array.from(node.data);
    if (offset < seen + points.length) {
      const begin = points.slice(0, offset - seen).join('').length;
      const range = document.createRange();
      range.setStart(node, begin);
      range.setEnd(node, begin + points[offset - seen].length);
      const box = range.getBoundingClientRect();
      const rtl = /\\p{Script=Arabic}/u.test(points[offset - seen]);
      return [right !== rtl ? box.right - 1 : box.left + 1, box.top + box.height / 2];
    }
    seen += points.length;
  }
  throw new Error(`no code point ${offset}`);
}"""


class Editor:
    """A browser's page, logged in."""

    def __init__(self, page: Page, studio: Studio, root: Path) -> None:
        self.page = page
        self.url = studio.url
        self.problems: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        account = server._credentials(server._folder(root))
        page.goto(f"{studio.url}/user/login/")
        page.fill("#email", account.username)
        page.fill("#password", account.password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "login" not in url)

    def open(self, project: int, task: int) -> None:
        """Opens a task and waits until its text and its regions are there."""
        self.page.goto(f"{self.url}/projects/{project}/data?task={task}")
        self.page.locator(".lsf-richtext__line").first.wait_for()
        self.page.locator(".lsf-controls button, .lsf-bottombar button").first.wait_for()
        self.page.wait_for_timeout(400)

    def point(self, offset: int, *, right: bool = False) -> tuple[float, float]:
        """Where a code point of the text is on the screen."""
        x, y = self.page.evaluate(_POINT, [offset, right])
        return x, y

    def mark(self, key: str, start: int, end: int) -> str:
        """Presses a label's key and draws the mouse over the text; the id of the region that it makes."""
        before = set(self.regions())
        self.page.keyboard.press(key)
        begin, stop = self.point(start), self.point(end - 1, right=True)
        self.page.mouse.move(*begin)
        self.page.mouse.down()
        self.page.mouse.move((begin[0] + stop[0]) / 2, (begin[1] + stop[1]) / 2)
        self.page.mouse.move(*stop)
        self.page.mouse.up()
        self.page.wait_for_timeout(120)
        (made,) = set(self.regions()) - before
        return made

    def regions(self) -> list[str]:
        """The ids of all regions, as the editor knows them."""
        found: list[str] = self.page.evaluate(
            "() => Htx.annotationStore.selected.regionStore.regions.map(region => region.cleanId)"
        )
        return found

    def select(self, offset: int, region: str) -> None:
        """Clicks into the text; where regions lie on each other, until that one is selected."""
        for _ in range(6):
            self.page.mouse.click(*self.point(offset))
            self.page.wait_for_timeout(120)
            if self.selected() == region:
                return
        raise AssertionError(f"a click on {offset} selects {self.selected()!r}, not {region!r}")

    def selected(self) -> str | None:
        """The id of the region that is selected."""
        found: str | None = self.page.evaluate("() => Htx.annotationStore.selected.highlightedNode?.cleanId ?? null")
        return found

    def leave(self) -> None:
        """Leaves the region that is selected."""
        self.page.keyboard.press("Escape")
        self.page.wait_for_timeout(80)

    def asked(self) -> Locator:
        """What is asked of the region that is selected."""
        return self.page.locator(".standoff-asked:visible")

    def choose(self, *names: str) -> None:
        """Clicks choices by their names."""
        for name in names:
            self.page.locator(f'label:visible:has(input[name="{name}"])').click()
            self.page.wait_for_timeout(80)

    def find(self, words: str) -> list[str]:
        """Writes into the filter of the known entities; the names that are left."""
        self.asked().get_by_placeholder("find").fill(words)
        self.page.wait_for_timeout(80)
        left = self.asked().locator(".standoff-known .lsf-choice:visible input")
        return [str(left.nth(n).get_attribute("name")) for n in range(left.count())]

    def write(self, placeholder: str, words: str) -> None:
        """Writes into a field of the region that is selected."""
        field = self.asked().get_by_placeholder(placeholder)
        field.fill(words)
        field.press("Enter")
        self.page.wait_for_timeout(80)

    def relate(self, origin: tuple[int, str], end: tuple[int, str], labels: Sequence[str]) -> None:
        """Joins two regions, each given by a place in it and its id, and picks the relation's labels."""
        self.select(*origin)
        self.page.keyboard.press("Alt+r")
        self.page.wait_for_timeout(80)
        self.page.mouse.click(*self.point(end[0]))
        self.page.wait_for_timeout(120)
        self.page.locator("#Relations-draggable").click()
        item = self.page.locator(".lsf-relations__item").last
        item.hover()
        item.get_by_label("Show Relation Labels").click()
        item.locator(".lsf-relation-meta button, .lsf-relation-meta [role=combobox]").first.click()
        for label in labels:
            self.page.get_by_role("option", name=label, exact=True).click()
        self.page.keyboard.press("Escape")
        item.get_by_label("Hide Relation Labels").click()
        self.leave()

    def touch(self, key: str, offset: int) -> None:
        """Draws a region on one character where there is none, and deletes it: nothing changed, but something done."""
        drawn = self.mark(key, offset, offset + 1)
        self.select(offset, drawn)
        self.page.keyboard.press("Backspace")
        self.page.wait_for_timeout(120)
        assert drawn not in self.regions()

    def send(self, name: str) -> None:
        """Presses Submit or Update, and waits until the server has it."""
        with self.page.expect_response(
            lambda answer: "/annotations" in answer.url and answer.request.method in ("POST", "PATCH")
        ) as sent:
            self.page.locator('button[aria-label^="submit" i]', has_text=name).first.click()
        assert sent.value.ok, sent.value.text()
        self.page.wait_for_timeout(200)


def tasks(studio: Studio, project: int) -> dict[str, dict[str, Any]]:
    """Document -> task."""
    with connected(studio) as client:
        found = ask(client, "GET", "api/tasks/", params={"project": project, "page_size": 100, "fields": "all"})[
            "tasks"
        ]
    return {task["data"]["id"]: task for task in found}


def opened(editor: Editor, studio: Studio, root: Path, annotator: str, document: str) -> tuple[int, int]:
    """Pushes one document and opens it; its project and its task."""
    project = push(root, files.read(root), annotator, studio, documents=[document]).project
    task: int = tasks(studio, project)[document]["id"]
    editor.open(project, task)
    return project, task
