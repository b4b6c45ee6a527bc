"""The report in a real browser: nothing leaves the page, nothing of an article runs, and everybody can read it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hostile import TEXT, with_hostile
from msgspec import structs

from standoff import files
from standoff.model import Finding
from standoff.report import Before, report
from standoff.validate import validate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

TINY = Path(__file__).parents[1] / "tiny"

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def report_thread() -> Iterator[ThreadPoolExecutor]:
    """The thread that drives this module's browser: a thread can drive one only, and others drive theirs."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread


@pytest.fixture(scope="module")
def report_browser(report_thread: ThreadPoolExecutor) -> Iterator[Browser]:
    """A Chromium of the system."""
    from playwright.sync_api import sync_playwright

    manager = sync_playwright()
    driver = report_thread.submit(manager.start).result()
    launch = partial(driver.chromium.launch, executable_path=shutil.which("chromium"), args=SWITCHES)
    started = report_thread.submit(launch).result()
    yield started
    report_thread.submit(started.close).result()
    report_thread.submit(driver.stop).result()


def on_its_thread(test: Callable[..., None]) -> Callable[..., None]:
    """A test that runs where the browser is driven."""

    @wraps(test)
    def run(opened: Seen, **others: Any) -> None:
        opened.thread.submit(test, opened=opened, **others).result()

    return run


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the invented corpus with the hostile document, a finding in a text, and an earlier corpus."""
    tiny = files.read(TINY)
    corpus = with_hostile(tiny)
    first = next(annotation for annotation in corpus.gold["en_fair"].annotations if annotation.spans)
    wrong = Finding("annotations/gold/en_fair.json", first.id, "label", "label-known", "error", "<img src=x>")
    page = report(
        corpus,
        date="2026-01-31",
        findings=tuple(sorted((*validate(corpus), wrong))),
        plan="it is a test",
        previous=Before("0.1.0", structs.replace(tiny, gold={})),
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8", newline="")
    return path


class Seen:
    """A page that is open, and what it did."""

    def __init__(self, thread: ThreadPoolExecutor, context: BrowserContext, file: Path) -> None:
        self.thread = thread
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())


@pytest.fixture
def opened(
    report_thread: ThreadPoolExecutor, report_browser: Browser, report_file: Path, request: pytest.FixtureRequest
) -> Iterator[Seen]:
    """The report, opened; parameters are those of a browser context."""
    asked = {"viewport": {"width": 1440, "height": 1000}, **getattr(request, "param", {})}
    context = report_thread.submit(lambda: report_browser.new_context(**asked)).result()
    yield report_thread.submit(Seen, report_thread, context, report_file).result()
    report_thread.submit(context.close).result()


def hides(page: Page, place: str) -> bool:
    """Whether a line below the text is hidden."""
    script = "element => getComputedStyle(element).borderBottomColor === 'rgba(0, 0, 0, 0)'"
    return bool(page.locator(place).first.evaluate(script))


@on_its_thread
def test_the_page_asks_for_nothing_and_complains_of_nothing(opened: Seen, report_file: Path) -> None:
    opened.page.mouse.wheel(0, 100_000)
    opened.page.wait_for_timeout(200)

    assert opened.asked == [report_file.as_uri()]
    assert opened.said == []


@on_its_thread
def test_the_policy_stops_what_the_page_did_not_bring(opened: Seen) -> None:
    opened.page.evaluate(
        "() => { const image = document.createElement('img'); image.src = 'https://example.invalid/x.png';"
        " const run = document.createElement('script'); run.textContent = \"document.title = 'run'\";"
        " document.body.append(image, run); }"
    )
    opened.page.wait_for_timeout(200)

    assert opened.page.title() != "run"
    assert len([line for line in opened.said if "Content Security Policy" in line]) == 2


@on_its_thread
def test_a_hostile_article_is_shown_as_text(opened: Seen) -> None:
    page = opened.page
    texts = page.locator(".text").evaluate_all("all => all.map(element => element.textContent)")

    assert TEXT in texts
    assert page.title() == "Tiny · صغير: report of 2026-01-31"
    assert page.locator("main script, main img, main b img").count() == 0
    assert page.locator("[onerror], [onmouseover]").count() == 0


@on_its_thread
def test_every_text_of_the_corpus_is_drawn_as_it_is(opened: Seen) -> None:
    texts = opened.page.locator(".text").evaluate_all("all => all.map(element => element.textContent)")

    assert {document.text for document in files.read(TINY).documents.values()} <= set(texts)


@on_its_thread
def test_a_token_of_ten_thousand_characters_wraps(opened: Seen) -> None:
    widths = opened.page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    assert widths[0] <= widths[1]


@on_its_thread
def test_what_turns_the_text_about_is_shown_by_name_and_turns_nothing(opened: Seen) -> None:
    page = opened.page
    names = page.locator(".text .control").evaluate_all("all => all.map(element => element.dataset.c)")
    # After the override that is never closed, letters still go from left to right.
    places = page.evaluate(
        """() => {
            const text = document.querySelector('.text[data-set^="d3"]');
            const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            while (walk.nextNode()) {
                const at = walk.currentNode.data.indexOf(' to the end of the line');
                if (at >= 0) return [3, 7].map(n => {
                    const range = document.createRange();
                    range.setStart(walk.currentNode, at + n);
                    range.setEnd(walk.currentNode, at + n + 1);
                    return range.getBoundingClientRect().left;
                });
            }
        }"""
    )

    assert names[:5] == ["U+202E", "U+202C", "U+2067", "U+2069", "U+202E"]
    assert places[0] < places[1]


def _grave(page: Page) -> list[str]:
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['html'][:200]}: {node['failureSummary'][:300]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("opened", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
@pytest.mark.parametrize("shut", [True, False])
@on_its_thread
def test_nothing_serious_stands_in_anybody_s_way(opened: Seen, shut: bool) -> None:
    page = opened.page
    if not shut:
        page.evaluate("() => { for (const box of document.querySelectorAll('details')) box.open = true; }")
        for box in page.locator('nav input[id^="fw"]').all():
            box.check()
        page.locator(".u[id]").first.focus()

    assert _grave(page) == []


@pytest.mark.parametrize("opened", [{}, {"java_script_enabled": False}], indirect=True)
@on_its_thread
def test_filters_hide_and_show_a_label_a_layer_and_an_annotator(opened: Seen) -> None:
    page = opened.page
    mark = page.locator(".text .u.k0[id]").first
    place = f"#{mark.get_attribute('id')}"

    assert not hides(page, place)
    page.locator("#fk0").uncheck()
    assert hides(page, place)
    page.locator("#fk0").check()
    assert not hides(page, place)
    page.locator("#fy0").uncheck()
    assert hides(page, place)
    assert not page.locator("details.y0").first.is_visible()
    page.locator("#fy0").check()
    assert page.locator(".set.w0").first.is_visible()
    page.locator("#fw0").uncheck()
    assert not page.locator(".set.w0").first.is_visible()
    assert not page.locator(".set.w1").first.is_visible()
    page.locator("#fw1").check()
    assert page.locator(".set.w1").first.is_visible()


@on_its_thread
def test_keys_go_from_annotation_to_annotation_and_say_what_each_is(opened: Seen) -> None:
    page = opened.page
    marks = page.locator(".text").first.locator(".u[id]")
    ids = marks.evaluate_all("all => all.map(element => element.id)")
    stops = page.locator(".text").first.locator('.u[tabindex="0"]').count()
    active = "() => document.activeElement.id"

    page.locator(".text").first.scroll_into_view_if_needed()
    page.keyboard.press("j")
    first = page.evaluate(active)
    page.keyboard.press("ArrowRight")
    second = page.evaluate(active)
    note = page.locator("#note").inner_text()
    page.keyboard.press("k")

    assert stops == 1
    assert [first, second, page.evaluate(active)] == [ids[0], ids[1], ids[0]]
    assert page.locator(f"#{ids[1]}").evaluate("element => element.dataset.r").split(" (")[0] in note
    page.keyboard.press("Enter")
    entry = ids[0].replace("s", "i")
    assert page.locator(f"#{entry}").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#note").inner_text() == ""


@on_its_thread
def test_keys_skip_what_a_filter_hides(opened: Seen) -> None:
    page = opened.page
    page.locator("#fy0").uncheck()
    page.locator("#main").focus()
    page.locator(".text").first.scroll_into_view_if_needed()
    page.keyboard.press("j")
    classes = page.evaluate("() => document.activeElement.className")

    assert classes.startswith("u ")
    assert not hides(page, f"#{page.evaluate('() => document.activeElement.id')}")


@pytest.mark.parametrize("opened", [{"java_script_enabled": False}], indirect=True)
@on_its_thread
def test_without_script_all_is_there_and_spans_have_the_focus_and_their_words(opened: Seen) -> None:
    page = opened.page
    mark = page.locator(".u[data-r]").first
    mark.focus()

    assert mark.evaluate("element => document.activeElement === element")
    assert mark.evaluate("element => getComputedStyle(element, '::after').content").strip('"') == mark.get_attribute(
        "data-r"
    )
    page.locator("details.g summary").first.click()
    assert page.locator("details.g .i").first.is_visible()
    assert page.locator("#note").is_hidden()
    assert opened.said == []


@pytest.mark.parametrize("opened", [{"color_scheme": "light"}], indirect=True)
@pytest.mark.parametrize(("mode", "ground"), [("dark", "rgb(22, 23, 27)"), ("light", "rgb(251, 250, 247)")])
@on_its_thread
def test_the_reader_chooses_light_or_dark(opened: Seen, mode: Literal["dark", "light"], ground: str) -> None:
    opened.page.locator(f"#{mode}").check(force=True)

    assert opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == ground


@on_its_thread
def test_a_finding_stands_in_the_text_and_links_lead_to_it(opened: Seen) -> None:
    page = opened.page
    mark = page.locator(".u.error").first

    assert mark.evaluate("element => getComputedStyle(element, '::after').content") == '"!"'
    page.locator("#findings ~ ul .found.error a").first.click()
    assert page.locator(":target .found.error").is_visible()
