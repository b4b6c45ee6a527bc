"""One real Label Studio and one real Chromium for all tests of a run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from standoff.labelstudio import server
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio

ROOT = Path(__file__).parents[2]
STUDIO = ROOT / ".standoff" / "test-studio-browser"
ENVIRONMENT = ROOT / ".standoff" / "studio" / "env"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# Under --import-mode=importlib no test folder is importable; `editor` is imported by name.
sys.path.insert(0, str(Path(__file__).parent))

from editor import Editor  # noqa: E402 - only then it can be found


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    """A server without a project, kept between runs so that only the first one waits long for it."""
    running = server.up(STUDIO, environment=ENVIRONMENT)
    empty(running)
    yield running
    server.down(STUDIO)


@pytest.fixture(scope="session")
def page(studio: Studio) -> Iterator[Page]:
    """A page of a browser that was never used before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        # What one test folded away or chose to see is not kept for the next.
        page.add_init_script("try { localStorage.clear() } catch (error) { /* a page without an origin has none */ }")
        yield page
        browser.close()


@pytest.fixture(scope="session")
def logged_in(page: Page, studio: Studio) -> Editor:
    """The editor of the server."""
    return Editor(page, studio, STUDIO)


@pytest.fixture
def editor(logged_in: Editor, studio: Studio) -> Iterator[Editor]:
    """The editor, for a test that leaves no project behind; no error of its own came up in the page meanwhile."""
    yield logged_in
    problems, logged_in.problems[:] = list(logged_in.problems), []
    # A page that is still open would ask after what is gone, and charge that to the next test.
    logged_in.page.goto("about:blank")
    empty(studio)
    assert problems == []


@pytest.fixture
def checkout(tmp_path: Path, tiny_root: Path) -> Path:
    """A copy of the invented corpus that a test may write to."""
    return copied(tiny_root, tmp_path / "tiny")


@pytest.fixture
def real(tmp_path: Path, root: Path) -> Path:
    """A copy of the real corpus."""
    return copied(root, tmp_path / "statecloud")


def copied(root: Path, to: Path) -> Path:
    for part in ("corpus", "schema", "annotations"):
        shutil.copytree(root / part, to / part)
    return to


def empty(studio: Studio) -> None:
    """Deletes all projects."""
    with connected(studio) as client:
        for project in ask(client, "GET", "api/projects/", params={"page_size": 1000})["results"]:
            ask(client, "DELETE", f"api/projects/{project['id']}/")
