"""A corpus as one page: what is drawn is the text, what is said is there, and nothing of an article becomes markup."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile import TEXT, TOKEN, with_hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from renaming import bijection, renamed
from strategies import corpora, texts

from standoff import files
from standoff.adjudicate import adopt
from standoff.cli import main
from standoff.model import Corpus, Finding, Span
from standoff.release.planning import Gate, Plan
from standoff.report import Before, report, view
from standoff.report.colours import DARK, LIGHT, RAISED, contrast, shade, tinted
from standoff.report.drawing import Mark, Paragraph, draw, visible
from standoff.report.sections import View
from standoff.validate import validate

TINY = files.read(Path(__file__).parent / "tiny")


def shown(corpus: Corpus, *, findings: tuple[Finding, ...] = (), plan: Plan | str = "") -> View:
    return view(corpus, date="2026-01-31", findings=findings, plan=plan, previous="")


def written(corpus: Corpus, *, findings: tuple[Finding, ...] = ()) -> str:
    return report(corpus, date="2026-01-31", findings=findings, plan="", previous="nothing was released yet")


def strokes(paragraphs: tuple[Paragraph, ...]) -> dict[int, list[tuple[int, int, int]]]:
    """mark -> start, end and lane of what is drawn of it, gaps apart; fails where elements would not nest."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    at = 0
    for paragraph in paragraphs:
        open_ = []
        for piece in paragraph.pieces:
            open_ += piece.opens
            for stroke in open_:
                if not stroke.gap:
                    found.setdefault(stroke.mark, []).append((at, at + len(piece.text), stroke.lane))
            at += len(piece.text)
            assert piece.closes <= len(open_)
            open_ = open_[: len(open_) - piece.closes]
        assert open_ == []
    return found


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    """A text and marks anywhere in it, which nest, cross and have fragments."""
    text = draw(texts())
    marks = []
    for number in range(draw(st.integers(0, 8)) if text else 0):
        cuts = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True).map(sorted))
        ranges = tuple(zip(cuts[::2], cuts[1::2], strict=False))
        marks.append(Mark(number, number, draw(st.sampled_from(["", "t", "long-tag"])), ranges))
    return text, marks


@given(marked_texts())
def test_the_pieces_of_a_drawing_are_the_text(drawn: tuple[str, list[Mark]]) -> None:
    text, marks = drawn

    assert "".join(piece.text for paragraph in draw(text, marks) for piece in paragraph.pieces) == text


@given(marked_texts())
def test_each_mark_is_drawn_below_exactly_its_fragments(drawn: tuple[str, list[Mark]]) -> None:
    text, marks = drawn
    found = strokes(draw(text, marks))

    for mark in marks:
        covered = {place for start, end, _ in found[mark.number] for place in range(start, end)}
        assert covered == {place for start, end in mark.ranges for place in range(start, end)}


@given(marked_texts())
def test_no_two_marks_share_a_lane_where_they_meet(drawn: tuple[str, list[Mark]]) -> None:
    text, marks = drawn
    taken = [
        (place, lane)
        for own in strokes(draw(text, marks)).values()
        for start, end, lane in own
        for place in range(start, end)
    ]

    assert len(taken) == len(set(taken))


@given(marked_texts())
def test_each_fragment_has_its_tag_once(drawn: tuple[str, list[Mark]]) -> None:
    text, marks = drawn
    tags = [
        (stroke.mark, stroke.tag)
        for paragraph in draw(text, marks)
        for piece in paragraph.pieces
        for stroke in piece.opens
        if stroke.tag
    ]
    expected = []
    for mark in marks:
        many = len(mark.ranges)
        expected += [(mark.number, mark.tag if many == 1 else f"{mark.tag} {n}/{many}") for n in range(1, many + 1)]

    assert sorted(tags) == sorted((number, tag) for number, tag in expected if tag)


def test_crossing_marks_are_opened_again_and_nested_ones_are_not() -> None:
    one, crossing, inner = Mark(0, 0, "a", ((0, 6),)), Mark(1, 1, "b", ((4, 9),)), Mark(2, 2, "c", ((1, 2),))
    (paragraph,) = draw("abcdefghij", (inner, one, crossing))

    opened = [
        (piece.text, [(s.mark, s.lane, s.first) for s in piece.opens], piece.closes) for piece in paragraph.pieces
    ]

    assert opened == [
        ("a", [(0, 1, True)], 0),
        ("b", [(2, 0, True)], 1),
        ("cd", [], 0),
        ("ef", [(1, 0, True)], 2),
        ("ghi", [(1, 0, False)], 1),
        ("j", [], 0),
    ]


def test_what_steers_the_display_stands_alone_under_its_name() -> None:
    (paragraph,) = draw("a\u202eb\x00", ())

    assert [(piece.text, piece.control) for piece in paragraph.pieces] == [
        ("a", ""),
        ("\u202e", "U+202E"),
        ("b", ""),
        ("\x00", "U+0000"),
    ]


def test_letters_joiners_and_line_ends_steer_nothing() -> None:
    assert [visible(c) for c in "aش\u200d\u200f\n\r\t😀"] == [""] * 8


@given(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True) | st.none() | st.text(max_size=8), st.integers(0, 200))
def test_every_colour_can_be_read_by_day_and_by_night(color: str | None, number: int) -> None:
    found = shade(color, number)

    assert contrast(found.light, LIGHT) >= contrast(found.light, tinted(LIGHT, found.light)) >= 4.5
    assert contrast(found.dark, DARK) >= contrast(found.dark, tinted(RAISED, found.dark)) >= 4.5


def test_a_colour_that_can_be_read_stays_what_the_schema_says() -> None:
    assert shade("#1d4ed8", 0).light == "#1d4ed8"


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # WebAIM's contrast checker: #767676 on white is 4.54.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_the_style_sheet_has_the_page_s_colours() -> None:
    page = written(TINY)

    assert f"--paper:light-dark({LIGHT},{DARK})" in page
    assert f"--raised:light-dark(#fff,{RAISED})" in page


class _Page(HTMLParser):
    """What a browser would make of a page: its elements, and the text of what is drawn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._depth = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("div", "span") and self._depth:
            self._depth += 1
        elif tag == "div" and dict(attrs).get("class") == "text":
            self._depth = 1
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.texts[-1] += data


@settings(max_examples=10)
@given(st.data())
def test_the_page_holds_every_text_as_it_is(data: st.DataObject) -> None:
    corpus, _ = data.draw(corpora(TINY.scheme))
    page = _Page(written(corpus))
    drawn = [one for article in shown(corpus).articles for one in article.sets if not one.same_as]
    held = {document.text.replace("\0", "\ufffd") for document in corpus.documents.values()}

    assert len(page.texts) == len(drawn)
    assert held.issuperset(page.texts)


def test_a_hostile_article_is_text() -> None:
    corpus = with_hostile(TINY)
    page = _Page(written(corpus, findings=validate(corpus)))

    assert TEXT in page.texts
    assert [tag for tag, _ in page.tags if tag in ("script", "img", "b", "i")].count("script") == 1
    assert "img" not in {tag for tag, _ in page.tags}
    assert not {name for _, attributes in page.tags for name in attributes if name.startswith("on")}
    assert TOKEN in page.texts[-1] or TOKEN in "".join(page.texts)


def test_the_page_is_its_own_only_source() -> None:
    page = written(with_hostile(TINY))
    parsed = _Page(page)

    assert not [a for tag, a in parsed.tags if "src" in a or (tag != "a" and "href" in a) or "style" in a]
    assert all((a["href"] or "").startswith("#") for tag, a in parsed.tags if tag == "a")
    assert "link" not in {tag for tag, _ in parsed.tags}


def test_links_lead_to_places_that_there_are_and_no_place_is_there_twice() -> None:
    parsed = _Page(written(with_hostile(TINY)))
    ids = [a["id"] for _, a in parsed.tags if "id" in a]

    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for tag, a in parsed.tags if tag == "a"} <= set(ids)
    assert {a["aria-describedby"] for _, a in parsed.tags if "aria-describedby" in a} <= set(ids)


def test_the_policy_allows_the_page_s_style_and_script_alone() -> None:
    page = written(TINY)

    def hashed(tag: str) -> str:
        content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert content
        return "'sha256-" + b64encode(sha256(content[1].encode()).digest()).decode() + "'"

    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)

    assert policy
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src {hashed('style')}; script-src {hashed('script')}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_same_corpus_gives_the_same_bytes(tiny_root: Path) -> None:
    assert written(TINY) == written(files.read(tiny_root))


@settings(max_examples=5)
@given(st.integers(0, 2**16))
def test_names_of_layers_and_labels_mean_nothing(seed: int) -> None:
    other = renamed(TINY, bijection(TINY.scheme, seed))

    def skeleton(corpus: Corpus) -> list[tuple[int, tuple[str, ...], int, list[int]]]:
        # Sorted: what has no place in the text stands in the order of its names.
        return sorted(
            (item.style, item.quotes, len(item.roles), sorted(len(role.targets) for role in item.incoming))
            for article in shown(corpus).articles
            for one in article.sets
            for item in one.items.values()
        )

    assert skeleton(other) == skeleton(TINY)


def test_every_annotation_is_listed_with_what_it_points_to(tiny: Corpus) -> None:
    article = next(one for one in shown(tiny).articles if one.name == "en_fair")
    gold = article.sets[0]
    report_item = next(item for group in gold.groups for item in group.items if item.name == "r1")
    targets = {role.name: [link.text for link in role.targets] for role in report_item.roles}
    marked = next(a for a in tiny.gold["en_fair"].annotations if a.id == "r1")

    assert len(gold.items) == len(tiny.gold["en_fair"].annotations)
    assert set(targets) == {"Speaker", "Said"} & set(targets) and len(targets) == len(marked.refs)
    for role in report_item.roles:
        for link in role.targets:
            pointed = next(item for item in gold.items.values() if item.id == link.href)
            assert report_item.id in {one.href for back in pointed.incoming for one in back.targets}


def test_gold_names_what_it_is_made_from_and_who_that_was(tiny: Corpus) -> None:
    found = shown(tiny)
    total = sum(len(marked.annotations) for marked in tiny.gold.values())
    sources = [
        source for article in found.articles for item in article.sets[0].items.values() for source in item.sources
    ]

    assert len(sources) == total
    assert all(source.href for source in sources)
    assert found.overview.traced == (f"{total} of {total} annotations in gold are made from a1 (human)",)


def test_a_set_that_says_the_same_is_not_drawn_twice(statecloud: Corpus) -> None:
    alone = {key: marked for key, marked in statecloud.sets.items() if key[0] == "pilot"}
    gold, _ = adopt(statecloud, "pilot")
    for article in shown(structs.replace(statecloud, sets=alone, gold=gold)).articles:
        assert [(one.annotator, one.same_as) for one in article.sets] == [("gold", ""), ("pilot", "gold")]


def test_findings_stand_where_they_are(tiny: Corpus) -> None:
    marked = tiny.gold["en_fair"]
    first = next(annotation for annotation in marked.annotations if annotation.spans)
    finding = Finding("annotations/gold/en_fair.json", first.id, "label", "label-known", "error", "message")
    page = shown(tiny, findings=(finding,))
    (listed,) = page.findings
    article = next(one for one in page.articles if one.name == "en_fair")
    (item,) = [item for item in article.sets[0].items.values() if item.findings]

    assert (item.name, item.gravity) == (first.id, "error")
    assert listed.href == item.id == article.findings[0].href
    assert f'class="u k{item.style} l0 error"' in written(tiny, findings=(finding,))


def test_a_span_that_quotes_otherwise_is_listed_not_drawn(tiny: Corpus) -> None:
    marked = tiny.gold["en_fair"]
    first, *rest = marked.annotations
    wrong = structs.replace(first, spans=(Span(0, 3, "???"),))
    broken = structs.replace(tiny, gold={**tiny.gold, "en_fair": structs.replace(marked, annotations=(wrong, *rest))})
    article = next(one for one in shown(broken).articles if one.name == "en_fair")
    item = article.sets[0].items[0]

    assert (item.href, item.undrawn) == ("", "Not drawn: the text does not hold '???' at [0:3].")


def test_a_set_made_on_another_text_is_listed_not_drawn(tiny: Corpus) -> None:
    other = structs.replace(tiny.gold["en_fair"], text_sha256="0" * 64)
    broken = structs.replace(tiny, gold={**tiny.gold, "en_fair": other})
    drawn = next(one for one in shown(broken).articles if one.name == "en_fair").sets[0]

    assert drawn.undrawn == "The set was made on another text than the document has: it is listed, not drawn."
    assert strokes(drawn.paragraphs) == {}
    assert len(drawn.items) == len(other.annotations)


def test_what_the_schema_does_not_know_is_shown_all_the_same(tiny: Corpus) -> None:
    marked = tiny.gold["en_fair"]
    first, *rest = marked.annotations
    strange = structs.replace(first, layer="nowhere", label="none", refs={"odd": ("r1",)}, attributes={"a": "b"})
    broken = structs.replace(tiny, gold={**tiny.gold, "en_fair": structs.replace(marked, annotations=(strange, *rest))})
    page = shown(broken)

    assert page.layers[-1].description == "This layer is not in the schema."
    assert next(one for one in page.articles if one.name == "en_fair").sets[0].items[0].label == "none"


PLAN = Plan(
    previous=None,
    weight=None,
    version="0.1.0",
    reasons=(),
    gates=(Gate("validation", True, "fine"), Gate("sign-off", False, "nobody"), Gate("agreement", None, "unknown")),
    changelog="",
)


def test_the_verdict_is_that_of_the_gates(tiny: Corpus) -> None:
    shut = shown(tiny, plan=PLAN).overview
    ready = shown(tiny, plan=structs.replace(PLAN, gates=PLAN.gates[:1])).overview

    assert (shut.verdict, shut.ready, shut.why) == ("Not yet", False, "2 of 3 gates are not open: sign-off, agreement.")
    assert [gate.state for gate in shut.gates] == ["open", "shut", "unknown"]
    assert (ready.verdict, ready.ready) == ("Release", True)
    assert ready.why == "Version 0.1.0 may be released: every gate is open."


def test_without_a_plan_it_is_not_yet_and_says_why(tiny: Corpus) -> None:
    found = shown(tiny, plan="the records cannot be read").overview

    assert (found.verdict, found.why) == ("Not yet", "The next release was not planned: the records cannot be read")


def test_what_is_not_computed_says_why(statecloud: Corpus) -> None:
    alone = structs.replace(statecloud, sets={key: s for key, s in statecloud.sets.items() if key[0] == "pilot"})
    found = view(alone, date="2026-01-31", findings=(), plan="", previous="nothing was released yet")

    assert found.agreed.reason == "Not computed because there is one annotator only, 'pilot'; agreement takes two."
    assert found.changes.reason == "Not computed because nothing was released yet."
    assert {article.compared for article in found.articles} == {
        "Not computed because there is one annotator only, 'pilot'; agreement takes two."
    }


def test_agreement_and_disagreements_are_there_where_two_worked(tiny: Corpus) -> None:
    found = shown(tiny)

    assert found.agreed.reason == ""
    assert [one.layer.name for one in found.agreed.layers] == list(tiny.scheme.layer_names)
    assert found.agreed.warnings == (
        "2 documents only: intervals over so few are wide and rough; read the numbers as a description",
    )
    worst = found.agreed.tested[0]
    assert sum(one.times for one in found.agreed.tested) == sum(len(a.disagreements) for a in found.articles)
    assert float(worst.weight) >= max(float(one.weight) for one in found.agreed.tested)
    assert worst.headings[0].partition(": ")[0] in tiny.scheme.layer_names
    assert {article.name: bool(article.disagreements) for article in found.articles} == {
        "ar_souk": True,
        "en_fair": True,
        "fr_marche": False,
    }


def test_a_change_is_shown_before_and_after(tiny: Corpus) -> None:
    marked = tiny.gold["en_fair"]
    n = next(n for n, annotation in enumerate(marked.annotations) if annotation.layer == "naming")
    one = marked.annotations[n]
    labels = tiny.scheme.layers[0].label_names
    other = structs.replace(one, label=next(label for label in labels if label != one.label))
    annotations = (*marked.annotations[:n], other, *marked.annotations[n + 1 :])
    now = structs.replace(tiny, gold={**tiny.gold, "en_fair": structs.replace(marked, annotations=annotations)})
    found = view(now, date="2026-01-31", findings=(), plan="", previous=Before("0.1.0", tiny))
    (document,) = found.changes.documents
    (change,) = document.annotations

    assert (found.changes.since, found.changes.summary) == ("0.1.0", ("gold: naming: 1 relabelled",))
    assert (document.id, change.kinds, change.annotator, change.stays) == ("en_fair", ("relabelled",), "gold", True)
    assert change.new_passage is not None
    assert "".join(words for words, mark in change.new_passage.pieces if mark) == one.spans[0].quote
    assert next(a for a in found.articles if a.name == "en_fair").sets[0].items[n].changed == ("relabelled",)


def test_a_corpus_without_anything_is_a_page(tiny: Corpus) -> None:
    empty = structs.replace(
        tiny,
        documents={},
        segments={},
        entities={},
        annotators={},
        sets={},
        gold={},
        rights={},
        splits=structs.replace(tiny.splits, splits={}, events={}),
    )

    assert "There is no gold yet." in written(empty)


def test_the_command_writes_the_page(tiny_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    words = ["--root", str(tiny_root), "report", "--out", str(out), "--date", "2026-01-31"]
    done = CliRunner().invoke(main, words)
    first = out.read_bytes()
    again = CliRunner().invoke(main, [*words, "--previous", str(tiny_root)])

    assert (done.exit_code, again.exit_code) == (0, 0)
    assert done.output.startswith(f"{out}: 3 documents, ")
    assert b"Corpus report \xc2\xb7 2026-01-31" in first
    assert b"the content is the same" in out.read_bytes()


def test_a_previous_corpus_that_is_not_there_is_one_line(tiny_root: Path, tmp_path: Path) -> None:
    words = ["--root", str(tiny_root), "report", "--out", str(tmp_path / "r.html"), "--previous", "9.9.9"]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert done.stderr.startswith("'9.9.9' is no folder")
    assert not (tmp_path / "r.html").exists()


def test_a_corpus_that_cannot_be_read_whole_is_shown_with_what_is_wrong(tiny_root: Path, tmp_path: Path) -> None:
    from shutil import copytree

    root = tmp_path / "corpus"
    copytree(tiny_root, root)
    gold = root / "annotations" / "gold" / "en_fair.json"
    gold.write_text(gold.read_text(encoding="utf-8").replace('"label": "who"', '"label": 7', 1), encoding="utf-8")
    out = tmp_path / "r.html"
    done = CliRunner().invoke(main, ["--root", str(root), "report", "--out", str(out), "--date", "2026-01-31"])

    assert done.exit_code == 0
    assert "The next release was not planned: annotations/gold/en_fair.json" in out.read_text(encoding="utf-8")
