"""A page of HTML becomes a text by leaving out alone: every character of it is a character of the page."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from standoff import files
from standoff.errors import UsageError
from standoff.intake import html
from standoff.intake.markup import attribute, pieces, references
from standoff.intake.proposal import Proposal
from standoff.intake.start import init
from standoff.scheme import Scheme
from standoff.text import Alignment, drop

PAGE = (Path(__file__).parent / "intake" / "harbour.html").read_bytes().decode()

FILLER = "<p>The harbour will charge boats twice as much from June, its master said on Thursday in the town.</p>\n"
"""A paragraph that any extraction takes for a part of an article."""

FILLED = "The harbour will charge boats twice as much from June, its master said on Thursday in the town."


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    folder = tmp_path_factory.mktemp("fresh")
    init(folder, corpus="fresh", title="Fresh")
    return files.read_scheme(folder)


def _proposal(page: str, scheme: Scheme) -> Proposal:
    return html.propose(page, scheme, today="2026-11-22")


def _text(page: str, scheme: Scheme) -> str:
    return drop(page, _proposal(page, scheme).dropped)


def _line(inside: str, scheme: Scheme) -> str:
    """The text of one paragraph with the given inside, in the middle of an article."""
    return _text(
        f"<html><body><article>{FILLER * 4}<p>{inside}</p>\n{FILLER * 4}</article></body></html>", scheme
    ).split("\n")[4]


def test_an_article_is_found_in_its_page(scheme: Scheme) -> None:
    expected = """\
Harbour fees rise again
The harbour of Port Ellery will charge R&D boats twice as much from June, its master said on Thursday &ndash; and \
the fishers&#8217; union is furious. 🚢 The fee was 30&nbsp;pounds.
"We were never asked," said Bao Nguyen, who has fished there for forty years. "It is 5 < 6 and that is all there is \
to it, as they say here in the old part of the town."
The new fees:
BoatFee
Small trawler60 pounds
A spokeswoman for the council saidthat the money would pay for a new pier, for two cranes and for the dredging of the \
channel, which has not been dredged since 1987.
The union has called a meeting for Sunday and expects that hundreds of fishers from the whole coast will come to it."""

    assert _text(PAGE, scheme) == expected


def test_every_character_of_the_text_is_the_same_character_of_the_page(scheme: Scheme) -> None:
    dropped = _proposal(PAGE, scheme).dropped
    text, alignment = drop(PAGE, dropped), Alignment(dropped, len(PAGE))

    assert [PAGE[alignment.to_raw(at)] for at in range(len(text))] == list(text)
    assert [alignment.to_text(alignment.to_raw(at)) for at in range(len(text))] == list(range(len(text)))


def test_what_is_no_article_is_dropped_with_its_page(scheme: Scheme) -> None:
    text = _text(PAGE, scheme)

    for word in ("Home", "cookies", "Accept", "Copyright", "Imprint", "color", "not text", "not a word", "The Quay"):
        assert word in PAGE
        assert word not in text


def test_a_span_goes_across_tags_in_a_line_but_not_from_block_to_block(scheme: Scheme) -> None:
    dropped = _proposal(PAGE, scheme).dropped
    text, alignment = drop(PAGE, dropped), Alignment(dropped, len(PAGE), inline=scheme.inline_kinds)
    june, asked = text.index("June"), text.index("never asked")

    assert not alignment.crosses_seam(june, june + 4)
    assert not alignment.crosses_seam(asked, asked + 11)
    assert alignment.crosses_seam(text.index("pounds."), asked)


def test_the_page_says_what_is_known_of_it(scheme: Scheme) -> None:
    found = _proposal(PAGE, scheme)

    assert [
        (fact.status, fact.value)
        for fact in (found.title, found.language, found.published, found.publisher, found.url, found.author)
    ] == [
        ("inferred", "Harbour fees rise again"),
        ("inferred", "en-GB"),
        ("inferred", "2021-03-04"),
        ("inferred", "The Quay"),
        ("inferred", "https://quay.example/harbour-fees"),
        ("inferred", "Ada Fisher"),
    ]
    assert found.language.evidence == "the page's lang attribute, 'en-GB'"
    assert found.author.evidence.startswith("the page's metadata, read by trafilatura ")


def test_a_page_that_says_nothing_of_itself_leaves_all_unknown(scheme: Scheme) -> None:
    found = _proposal(FILLER * 8, scheme)

    assert {fact.status for fact in (found.title, found.language, found.published, found.url, found.author)} == {
        "unknown"
    }


def test_a_date_after_today_is_not_believed(scheme: Scheme) -> None:
    early = html.propose(PAGE, scheme, today="2020-01-01")

    assert early.published.value is None


def test_warnings_count_what_cannot_be_shown_and_say_where(scheme: Scheme) -> None:
    glued, references_ = _proposal(PAGE, scheme).warnings

    assert glued.startswith("the page has no white space between two blocks")
    assert "3 times, at raw offset 1256 (…h>Boat</th><th>[F]ee</th></tr> <t…), 1300" in glued
    assert references_.startswith(
        "character references stay in the text as they are written 3 times, at raw offset 909 "
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("un<b>believ</b>able", "unbelievable"),
        ("a<!-- c -->b", "ab"),
        ("Tom &amp; Tim &AMP Jo &#38; Al &#x26; Di", "Tom & Tim & Jo & Al & Di"),
        ("one &#35; two &semi; three", "one # two ; three"),
        ("caf&eacute;", "caf&eacute;"),
        ("5 < 6 <- <3", "5 < 6 <- <3"),
        ("spread  \n   over\t<i> lines</i> ", "spread over lines"),
        ("wide\u00a0\u00a0gap", "wide\u00a0\u00a0gap"),
        ("one<br />two", "one two"),
        ("one<br>\ntwo", "one\ntwo"),
        ("<my-word>own</my-word>ed", "owned"),
        ("x<script>if (1 < 2) { '</p>' }</script>y", "xy"),
        ("a🚢<em>b</em>🚢c", "a🚢b🚢c"),
        ("a <a href=\"x>y\" title='<p>'>b</a> c", "a b c"),
    ],
)
def test_a_line_reads_as_on_the_page(inside: str, expected: str, scheme: Scheme) -> None:
    assert _line(inside, scheme).split("\n")[0] == expected.split("\n")[0]
    assert expected in _text(
        f"<html><body><article>{FILLER * 4}<p>{inside}</p>\n{FILLER * 4}</article></body></html>", scheme
    )


def test_preformatted_text_keeps_its_white_space(scheme: Scheme) -> None:
    poem = "<pre>Two  spaces,\n\n  one blank line, and that is all that there is to say of them here.</pre>\n"

    assert "Two  spaces,\n\n  one blank line" in _text(FILLER * 4 + poem + FILLER * 4, scheme)


@pytest.mark.parametrize("gap", ["\n", "\r\n\r\n", "  \n\t", '<p\nclass="x">'])
def test_two_blocks_are_parted_by_the_pages_own_white_space(gap: str, scheme: Scheme) -> None:
    block = FILLER.strip()
    second = gap + block.removeprefix("<p>") if gap.startswith("<p") else gap + block
    text = _text("<div>" + FILLER * 4 + block + second + "</div>", scheme)

    assert text.replace("\r", "") == "\n".join([FILLED] * 6)


def test_blocks_that_meet_without_white_space_are_parted_by_a_seam_and_warned_of(scheme: Scheme) -> None:
    page = f"<html><body><article>{FILLER.strip() * 4}</article></body></html>"
    found = _proposal(page, scheme)

    assert drop(page, found.dropped) == FILLED * 4
    assert Alignment(found.dropped, len(page), inline=scheme.inline_kinds).seams == (95, 190, 285)
    assert "only the seam parts them 3 times" in found.warnings[0]


def test_a_page_without_an_article_is_kept_as_it_reads_and_says_so(scheme: Scheme) -> None:
    page = "<div>" * 1_000 + "<p>One.</p>\n<p>Two.</p>"
    found = _proposal(page, scheme)

    assert drop(page, found.dropped) == "One.\nTwo."
    assert found.warnings == ("no article was found in the page: all of its text is kept",)


def test_symbols_of_the_page_itself_are_no_numbers(scheme: Scheme) -> None:
    page = (
        FILLER * 4
        + "<p>⠁⠂⠃ is Braille for a, b and c, and three of its signs stand in a row at the beginning here.</p>\n"
    )

    assert _text(page, scheme).endswith(
        "⠁⠂⠃ is Braille for a, b and c, and three of its signs stand in a row at the beginning here."
    )


def test_a_schema_without_the_kind_says_what_to_add(scheme: Scheme) -> None:
    schema = copy.deepcopy(scheme.document_schema)
    del schema["properties"]["dropped"]["items"]["properties"]["kind"]["oneOf"][1]["x-standoff"]

    with pytest.raises(UsageError, match=r'schema/document.schema.json: no kind .* "x-standoff": \{"page": true\}'):
        _proposal(PAGE, replace(scheme, document_schema=schema))
    with pytest.raises(UsageError, match=r'no kind of dropped range is for tags .* "x-standoff": \{"inline": true\}'):
        _proposal(PAGE, replace(scheme, inline_kinds=()))


def test_the_only_kind_that_is_not_inline_needs_no_mark(scheme: Scheme) -> None:
    schema = copy.deepcopy(scheme.document_schema)
    schema["properties"]["dropped"]["items"]["properties"]["kind"]["oneOf"] = [
        {"const": "tags", "x-standoff": {"inline": True}},
        {"const": "rest"},
    ]
    other = replace(scheme, document_schema=schema, dropped_kinds=("tags", "rest"), inline_kinds=("tags",))

    assert {each.kind for each in _proposal(PAGE, other).dropped} == {"tags", "rest"}
    assert _text(PAGE, other) == _text(PAGE, scheme)


def test_pieces_are_the_whole_page() -> None:
    page = "<!DOCTYPE html>a<B x='>'>c</b ><!-- <i> --><?x?></ z><style>p<q</STYLE>&lt;<"

    found = [(each.kind, each.name, page[each.start : each.end]) for each in pieces(page)]

    assert found == [
        ("other", "", "<!DOCTYPE html>"),
        ("text", "", "a"),
        ("start", "b", "<B x='>'>"),
        ("text", "", "c"),
        ("end", "b", "</b >"),
        ("other", "", "<!-- <i> -->"),
        ("other", "", "<?x?>"),
        ("other", "", "</ z>"),
        ("start", "style", "<style>"),
        ("other", "", "p<q"),
        ("end", "style", "</STYLE>"),
        ("text", "", "&lt;<"),
    ]


@pytest.mark.parametrize("rest", ["<p class='x", "<!-- c", "<script>x", "</p", "<?x"])
def test_what_is_not_closed_reaches_to_the_end(rest: str) -> None:
    page = "a" + rest

    assert [each.end for each in pieces(page)][-1] == len(page)
    assert [page[each.start : each.end] for each in pieces(page) if each.kind == "text"] == ["a"]


def test_attributes_are_read_whatever_their_quotation_marks() -> None:
    assert attribute('<html data-x="lang=fr" LANG = de>', "lang") == "de"
    assert attribute("<html lang='a&amp;b'>", "lang") == "a&b"
    assert attribute("<html>", "lang") is None


def test_references_are_those_that_html_knows() -> None:
    page = "R&D &amp; &nosuch; &copy &#8217;"

    assert [(page[each.start : each.end], each.means) for each in references(page, 0, len(page))] == [
        ("&amp;", "&"),
        ("&copy", "©"),
        ("&#8217;", "’"),
    ]


def test_a_missing_trafilatura_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['trafilatura'] = None\n"
        "from standoff.errors import UsageError\n"
        "from standoff.intake.article import article\n"
        "try:\n    article('a', ())\n"
        "except UsageError as error:\n    sys.exit(str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "pip install 'standoff[html]'" in done.stderr


HOSTILE = {
    "nothing": "",
    "no markup": "just text",
    "unclosed": "<p>a<div>b<span>c<a href='",
    "deep blocks": "<div>" * 10_000 + FILLER * 3 + "</div>" * 10_000,
    "deep lines": "<b>" * 10_000 + "x " * 500,
    "deep tables": "<table><tr><td>" * 3_000 + FILLER,
    "deep lists": "<ul><li>" * 5_000 + FILLER,
    "scripts": "<script>" * 1_000,
    "comments": "<!--" * 1_000 + FILLER,
    "attributes": "<p " + 'a="b" ' * 20_000 + ">" + FILLER,
    "declared encoding": '<?xml version="1.0" encoding="utf-16"?><html><body>' + FILLER * 8,
    "controls": "<p>a\x00b\x01c\uffff\ufffe</p>" + FILLER * 5,
    "huge references": "<p>&#99999999999999999999; &#xFFFFFFFFFFFF; &#0; &#xD800;</p>" + FILLER * 5,
    "many references": "<p>" + "&#8217;" * 2_000 + "</p>",
    "broken metadata": '<script type="application/ld+json">{"@type": [[{"x":</script>' + FILLER * 5,
    "deep metadata": '<script type="application/ld+json">' + "[" * 50_000 + "</script>" + FILLER * 5,
    "broken addresses": '<html><head><link rel="canonical" href="http://[::1"><base href="//["></head><body>'
    + FILLER * 5,
    "broken dates": '<html><head><meta property="article:published_time" content="99999-99-99"></head>' + FILLER * 5,
    "only symbols": "<p>" + "🚢" * 3_000 + "</p>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_breaks_it(name: str, scheme: Scheme) -> None:
    page = HOSTILE[name]

    _holds_the_contract(page, scheme)


BLOCKS = st.sampled_from(
    [
        FILLER,
        "<p>One &amp; two&nbsp;three</p>",
        "<p>R&amp;D",
        "<div>Loose <b>bo</b>ld<br>next</div>",
        "<ul><li>a<li>b</ul>\n",
        "<table><tr><td>1</td><td>2</td></tr></table>",
        "<pre>x\n\n  y</pre>",
        "<script>var a = '<p>no</p>';</script>",
        "<style>p{}</style>",
        "<!-- c -->",
        "<h1>Head</h1>",
        "<nav><a href='/'>Home</a></nav>",
        "<footer>End</footer>",
        "5 < 6",
        "<",
        "</",
        "<p class='",
        "🚢 é e\u0301 \u00a0",
        "&#8217;&lt;&",
        " \r\n\t",
        "<br/>",
        "</div></p>",
        "<blockquote>Said <i>so</i></blockquote>",
        "\ufeff",
        "⠁",
        "<textarea>t</textarea>",
        "<svg><title>s</title></svg>",
    ]
)


@given(blocks=st.lists(BLOCKS, max_size=14))
def test_any_page_keeps_the_contract(blocks: list[str], scheme: Scheme) -> None:
    _holds_the_contract("".join(blocks), scheme)


@given(page=st.text(st.sampled_from("<>/!-?&;#=\"' \nabpx1é🚢"), max_size=80))
def test_any_mess_keeps_the_contract(page: str, scheme: Scheme) -> None:
    _holds_the_contract(page, scheme)


def _holds_the_contract(page: str, scheme: Scheme) -> None:
    found = tuple(pieces(page))
    assert "".join(page[each.start : each.end] for each in found) == page

    proposal = _proposal(page, scheme)
    text = drop(page, proposal.dropped)
    alignment = Alignment(proposal.dropped, len(page), inline=scheme.inline_kinds)

    assert _proposal(page, scheme) == proposal
    assert text == text.strip(" \t\n\f\r")
    assert [page[alignment.to_raw(at)] for at in range(len(text))] == list(text)
    assert {each.kind for each in proposal.dropped} <= set(scheme.dropped_kinds)
    # What is kept of tags, scripts and comments is white space, which parts words that they stood between.
    shown = {at for each in found if each.kind == "text" for at in range(each.start, each.end)}
    assert all(page[at].isspace() for at in map(alignment.to_raw, range(len(text))) if at not in shown)
