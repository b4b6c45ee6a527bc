"""A corpus begins empty and grows by files: planned, looked at, asked about, added whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from standoff import files
from standoff.cli import main
from standoff.errors import AnchorError, FileError, UsageError
from standoff.intake import Answers, Plan, add, describe, init, parse_drop, plan
from standoff.intake.drops import overlay, resolve
from standoff.intake.plain import propose
from standoff.model import Corpus, Dropped, Fact, Right
from standoff.scheme import Scheme
from standoff.text import Quotation, sha
from standoff.validate import validate

HERE = Path(__file__).parent / "intake"
FERRY = (HERE / "ferry.txt").read_bytes()
HARBOUR = (HERE / "harbour.html").read_bytes()
TODAY = "2026-11-22"

SAID = Answers(
    title="Ferry to stop at night",
    language="en",
    published="2021-03",
    publisher="The Quay",
    url="unknown",
    author="unknown",
    split="test",
    publish="yes",
    holder="The Quay",
    reason="the publisher agreed",
)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The root of a new corpus."""
    init(tmp_path / "quay", corpus="quay", title='The "Quay" · كتب')
    return tmp_path / "quay"


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    folder = tmp_path_factory.mktemp("fresh")
    init(folder, corpus="fresh", title="Fresh")
    return files.read_scheme(folder)


def _planned(raw: bytes, name: str, scheme: Scheme, answers: Answers = SAID, **more: object) -> Plan:
    return plan(raw, name, scheme, answers, today=TODAY, **more)  # type: ignore[arg-type]


def _tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _findings(root: Path) -> list[str]:
    corpus, broken = files.inspect(root)
    raw = {id: files.raw_file(root, id).read_bytes() for id in corpus.documents}
    return [str(finding) for finding in validate(corpus, raw=raw, reading=broken)]


# A new corpus


def test_a_new_corpus_reads_and_validates(fresh: Path) -> None:
    corpus = files.read(fresh)

    assert (corpus.scheme.corpus, corpus.scheme.title, corpus.documents) == ("quay", 'The "Quay" · كتب', {})
    assert list(corpus.annotators) == ["a1"]
    assert set(corpus.scheme.headings()) == set(corpus.scheme.sections)
    assert _findings(fresh) == []


def test_a_new_corpus_has_these_files(fresh: Path) -> None:
    assert sorted(_tree(fresh)) == [
        ".gitattributes",
        ".gitignore",
        "annotations/annotators.json",
        "corpus/entities.json",
        "corpus/releases.json",
        "corpus/rights.json",
        "corpus/splits.json",
        "schema/CODEBOOK.md",
        "schema/annotation.schema.json",
        "schema/document.schema.json",
        "schema/views.json",
    ]
    assert b"corpus/raw/** -text" in (fresh / ".gitattributes").read_bytes()
    assert {b"/build/", b"/.standoff/"} <= set((fresh / ".gitignore").read_bytes().splitlines())


def test_no_placeholder_is_left(fresh: Path) -> None:
    assert not [path for path, data in _tree(fresh).items() if b"@CORPUS@" in data or b"@TITLE@" in data]


def test_a_folder_with_a_corpus_is_refused_and_untouched(fresh: Path) -> None:
    before = _tree(fresh)

    with pytest.raises(UsageError, match="has 'corpus' already"):
        init(fresh, corpus="other", title="Other")
    assert _tree(fresh) == before


def test_what_else_is_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitattributes").write_text("* -text\n")
    (tmp_path / ".gitignore").write_text("mine\n")

    init(tmp_path, corpus="quay", title="Quay")

    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert (tmp_path / ".gitattributes").read_text() == "* -text\n"


@pytest.mark.parametrize(
    ("corpus", "title", "message"),
    [
        ("Quay", "Quay", "^--corpus: id 'Quay' does not match .*; expected one of small letters, digits and _$"),
        ("quay", " ", "title: ' ' is no title"),
        ("quay", "a\nb", "expected one line"),
    ],
)
def test_names_that_cannot_be_are_refused(tmp_path: Path, corpus: str, title: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        init(tmp_path / "new", corpus=corpus, title=title)
    assert not (tmp_path / "new").exists()


def test_the_command_that_is_printed_can_be_run_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "my corpus"

    said = CliRunner().invoke(main, ["init", str(folder), "--corpus", "mine"], catch_exceptions=False).output

    assert said.endswith(f"then: standoff --root '{folder}' add FILE\n")


def test_the_id_that_a_folders_name_cannot_be_is_given_by_an_option(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "my corpus")])

    assert result.exit_code == 2
    assert result.stderr.startswith("--corpus: id 'my corpus' does not match")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="is no folder"):
        init(tmp_path / "file", corpus="quay", title="Quay")


# Plans


def test_a_plan_is_the_whole_record(scheme: Scheme) -> None:
    planned = _planned(FERRY, "ferry.txt", scheme, drops=[parse_drop("boilerplate:SIGN UP for our letter!\n\n")])
    document = planned.document

    assert document.text == (
        'Ferry to stop at night\n\nThe night ferry to Port Ellery will stop in May, its owner said. "Nobody uses it," '
        "said Ines Duarte.\n\nThe town has asked the owner to wait until autumn.\n"
    )
    assert (document.id, document.media_type, document.raw_length) == ("ferry", "text/plain", len(FERRY.decode()))
    assert (document.raw_sha256, document.text_sha256) == (sha(FERRY), sha(document.text))
    assert document.dropped == (Dropped(126, 151, "boilerplate"),)
    assert document.published == Fact("stated", "2021-03", "given when the document was added")
    assert document.source.url == Fact("unknown")
    assert planned.right == Right(
        True,
        "the corpus's owner",
        TODAY,
        "the publisher agreed",
        "The Quay",
        "on request, by an issue in the project's repository",
    )
    assert (planned.split, planned.questions, planned.warnings) == ("test", (), ())
    assert [document.text[start:end] for start, end in planned.segments.sentences] == [
        "Ferry to stop at night",
        "The night ferry to Port Ellery will stop in May, its owner said.",
        '"Nobody uses it," said Ines Duarte.',
        "The town has asked the owner to wait until autumn.",
    ]


def test_what_nobody_said_is_asked_for(scheme: Scheme) -> None:
    planned = _planned(b"It began on Monday. It goes on.", "x.txt", scheme, Answers())

    assert [(question.field, question.proposal) for question in planned.questions] == [
        ("title", "unknown"),
        ("language", ""),
        ("published", "unknown"),
        ("publisher", "unknown"),
        ("url", "unknown"),
        ("author", "unknown"),
        ("split", "train"),
        ("holder", "unknown"),
        ("publish", "no"),
        ("reason", ""),
    ]
    assert {question.field for question in planned.questions} <= set(asdict(SAID))


def test_each_answer_closes_its_question(scheme: Scheme) -> None:
    answers, given_ = Answers(), asdict(SAID)
    while questions := _planned(FERRY, "x.txt", scheme, answers).questions:
        answers = replace(answers, **{questions[0].field: given_[questions[0].field]})

    assert answers == replace(SAID, title=None)


def test_what_a_page_says_is_not_asked_for(scheme: Scheme) -> None:
    planned = _planned(HARBOUR, "harbour.html", scheme, Answers())

    assert [question.field for question in planned.questions] == ["split", "holder", "publish", "reason"]
    assert planned.document.title == "Harbour fees rise again"
    assert planned.document.published.value == "2021-03-04"
    assert planned.document.language == "en-GB"


def test_what_is_said_stands_before_what_is_found(scheme: Scheme) -> None:
    planned = _planned(HARBOUR, "harbour.html", scheme)

    assert planned.document.published == Fact("stated", "2021-03", "given when the document was added")
    assert planned.document.source.author == Fact("unknown")


def test_a_title_that_the_source_does_not_give_stands_in_square_brackets(scheme: Scheme) -> None:
    planned = _planned(b"It began\non Monday. It goes on.", "x.txt", scheme, replace(SAID, title="unknown"))

    assert planned.document.title == "[It began on Monday.]"


def test_of_a_long_sentence_ten_words_stand_for_the_title(scheme: Scheme) -> None:
    ten, eleven = "A b c d e f g h i j.", "A b c d e f g h i j\nk."

    titles = [
        _planned(text.encode(), "x.txt", scheme, replace(SAID, title="unknown")).document.title
        for text in (ten, eleven)
    ]

    assert titles == ["[A b c d e f g h i j.]", "[A b c d e f g h i j …]"]


def test_a_title_that_is_part_of_the_text_is_told_of(scheme: Scheme) -> None:
    shown = describe(_planned(b"It began. It goes on.", "x.txt", scheme, replace(SAID, title="unknown")))

    assert (
        "  warning: the title '[It began.]' is how the text begins, and a title is also in editions without texts; "
        "--title gives another"
    ) in shown.splitlines()
    assert "--title" not in describe(_planned(FERRY, "x.txt", scheme))


def test_an_unknown_language_is_undetermined(scheme: Scheme) -> None:
    planned = _planned(FERRY, "x.txt", scheme, replace(SAID, language="unknown"))

    assert planned.document.language == "und"
    assert "blank xx" in planned.segments.segmenter


def test_a_fact_keeps_its_own_evidence(scheme: Scheme) -> None:
    fact = Fact("inferred", "2021", "its second line")

    assert _planned(FERRY, "x.txt", scheme, replace(SAID, published=fact)).document.published == fact


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"published": "yesterday"}, "published: 'yesterday' is no date"),
        ({"published": "2021-02-30"}, "published: '2021-02-30' is no date"),
        ({"published": "2021-13"}, "published: '2021-13' is no date"),
        ({"split": "tset"}, r"split: 'tset' is not one of train, validation, test \[did you mean 'test'\?\]"),
        ({"publish": "maybe"}, "publish: 'maybe' is not 'yes' or 'no'"),
        ({"language": "English"}, "ferry language: 'English' does not match"),
        ({"holder": ""}, "ferry rights: '' should be non-empty"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(scheme: Scheme, answer: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _planned(FERRY, "ferry.txt", scheme, replace(SAID, **answer))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my file.txt", r"my file.txt: id 'my file' does not match .*, such as 'my-file.txt'"),
        ("é.txt", "id 'é' does not match"),
        ("a" * 65 + ".txt", "does not match"),
        ("a.pdf", "a.pdf: suffix '.pdf' is not one of .txt, .html, .htm"),
        ("txt", "suffix '' is not one of"),
    ],
)
def test_a_name_that_is_no_id_is_refused(scheme: Scheme, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        _planned(FERRY, name, scheme)


def test_another_encoding_is_refused_with_its_byte(scheme: Scheme) -> None:
    with pytest.raises(FileError, match=r"x.txt: byte 3 is 0xe9, which is no UTF-8 here"):
        _planned("caf\xe9 here".encode("latin-1"), "x.txt", scheme)
    with pytest.raises(FileError, match=r"strict UTF-8; convert the file to UTF-8 before it is added$"):
        _planned("caf\xe9 here".encode("utf-16"), "x.txt", scheme)


@pytest.mark.parametrize("name", ["x.txt", "x.html"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_refused(scheme: Scheme, name: str, encoding: str) -> None:
    with pytest.raises(FileError, match=rf"^{name}: character [01] is NUL, .* the file may be UTF-16, .*; convert the"):
        _planned("<p>A text.</p>".encode(encoding), name, scheme)


@pytest.mark.parametrize("code", [*range(1, 9), 0x0B, *range(0x0E, 0x20)])
@pytest.mark.parametrize("name", ["x.txt", "x.html"])
def test_a_control_character_in_the_text_is_refused_with_its_place(scheme: Scheme, name: str, code: int) -> None:
    text = f"<p>One line.</p>\n<p>An{chr(code)}other.</p>\n"

    with pytest.raises(FileError) as caught:
        _planned(text.encode(), name, scheme)

    assert str(caught.value).startswith(f"{name}: line 2: character 22 is the control character {chr(code)!r} (")
    assert str(caught.value).endswith("or leave it out by --drop KIND:22:23")


def test_a_control_character_that_is_dropped_is_no_text(scheme: Scheme) -> None:
    planned = _planned(b"One\x07 line.", "x.txt", scheme, drops=[("boilerplate", (3, 4))])

    assert planned.document.text == "One line."


def test_tabs_ends_of_lines_and_form_feeds_are_text(scheme: Scheme) -> None:
    text = "One\tline.\r\nTwo.\n\fThree.\u2028Four \x7f\x85."

    assert _planned(text.encode(), "x.txt", scheme).document.text == text


def test_a_file_without_text_is_refused(scheme: Scheme) -> None:
    with pytest.raises(UsageError, match="no text is left of it"):
        _planned(b" \n", "x.txt", scheme)
    with pytest.raises(UsageError, match="no text is left of it"):
        _planned(b"<p></p>", "x.html", scheme)


def test_seams_of_dropped_ranges_part_sentences(scheme: Scheme) -> None:
    planned = _planned(b"He saidADVERTthat it was.", "x.txt", scheme, drops=[("boilerplate", Quotation("ADVERT"))])

    assert planned.document.text == "He saidthat it was."
    assert planned.segments.sentences == ((0, 7), (7, 19))


def test_a_description_shows_what_is_kept_and_dropped(scheme: Scheme) -> None:
    drops = [parse_drop("boilerplate:SIGN UP for our letter!\n\n")]
    lines = describe(_planned(FERRY, "ferry.txt", scheme, replace(SAID, split=None), drops=drops)).splitlines()

    assert lines[:5] == [
        "ferry: 'Ferry to stop at night'",
        "  text/plain, language en, 202 characters, of which 177 are text",
        "  [0:126] kept: 'Ferry to stop at night The night ferry to Port Ellery will stop in Ma…'",
        "  [126:151] dropped as boilerplate: 'SIGN UP for our letter!'",
        "  [151:202] kept: 'The town has asked the owner to wait until autumn.'",
    ]
    assert lines[5].startswith("  4 sentences, 41 tokens (spacy ")
    assert lines[6] == "    1. 'Ferry to stop at night'"
    assert lines[-5:] == [
        "  published: stated, '2021-03', given when the document was added",
        "  publisher: stated, 'The Quay', given when the document was added",
        "  url: unknown",
        "  author: unknown",
        "  open: split (train, validation or test; decided once)",
    ]


def test_a_description_says_how_much_it_does_not_show(scheme: Scheme) -> None:
    shown = describe(_planned(HARBOUR, "harbour.html", scheme), most=3)

    assert "  and more ranges: kept 28, markup 11, page 17\n" in shown
    assert "  warning: character references stay in the text as they are written 3 times" in shown


# Dropped ranges


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ad:3:7", ("ad", (3, 7))),
        ("ad:Buy now: all of it", ("ad", Quotation("Buy now: all of it"))),
        ("ad:3:7 pm", ("ad", Quotation("3:7 pm"))),
    ],
)
def test_a_drop_is_written_by_offsets_or_by_words(written: str, expected: tuple[str, object]) -> None:
    assert parse_drop(written) == expected


@pytest.mark.parametrize("written", ["ad", "ad:", ":x", ""])
def test_a_drop_without_kind_or_range_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="expected KIND:START:END or KIND:exact text"):
        parse_drop(written)


def test_a_drop_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'adz' is no kind of dropped range \[did you mean 'ads'\?\]"):
        resolve("abc", [("adz", (0, 1))], ["ads", "page"])


@pytest.mark.parametrize("range_", [(2, 2), (2, 1), (0, 4), (-1, 1)])
def test_a_drop_outside_the_file_is_refused(range_: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="is no range of the raw file"):
        resolve("abc", [("ad", range_)], ["ad"])


def test_drops_that_overlap_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\[0:2\] \(ad\) and \[1:3\] \(ad\) overlap"):
        resolve("abc", [("ad", (1, 3)), ("ad", (0, 2))], ["ad"])


def test_a_drop_that_could_be_in_two_places_is_refused() -> None:
    with pytest.raises(AnchorError) as caught:
        resolve("abca", [("ad", Quotation("a"))], ["ad"])

    assert str(caught.value) == (
        "--drop ad: 'a' is in the raw file 2 times; expected KIND:START:END of the one that is meant: "
        "ad:0:1 [a]bca; ad:3:4 abc[a]"
    )
    assert resolve("abca", [parse_drop("ad:3:4")], ["ad"]) == (Dropped(3, 4, "ad"),)


def test_a_drop_that_could_be_in_many_places_says_how_many_are_not_shown() -> None:
    with pytest.raises(AnchorError, match=r"10 times; .*; ad:7:8 .*; and 2 more$"):
        resolve("a" * 10, [("ad", Quotation("a"))], ["ad"])


def test_a_drop_that_is_nowhere_is_refused() -> None:
    with pytest.raises(AnchorError, match=r"--drop ad: 'x' is not in the text"):
        resolve("abca", [("ad", Quotation("x"))], ["ad"])


@given(
    proposed=st.lists(st.integers(0, 30), unique=True, max_size=8).map(sorted),
    given_=st.lists(st.integers(0, 30), unique=True, max_size=8).map(sorted),
)
def test_given_ranges_stand_and_proposed_ones_fill_the_rest(proposed: list[int], given_: list[int]) -> None:
    one = [Dropped(a, b, "p") for a, b in zip(proposed[::2], proposed[1::2], strict=False)]
    other = [Dropped(a, b, "g") for a, b in zip(given_[::2], given_[1::2], strict=False)]

    both = overlay(one, other)

    by_character = {at: "p" for each in one for at in range(each.start, each.end)}
    by_character |= {at: "g" for each in other for at in range(each.start, each.end)}
    assert [(at, each.kind) for each in both for at in range(each.start, each.end)] == sorted(by_character.items())


def test_a_given_range_stands_before_what_a_page_proposes(scheme: Scheme) -> None:
    planned = _planned(HARBOUR, "x.html", scheme, drops=[parse_drop("boilerplate:<p>The new fees:</p>\n")])

    assert "The new fees" not in planned.document.text
    assert [each.kind for each in planned.document.dropped].count("boilerplate") == 1


# Plain text


def test_a_first_line_by_itself_is_the_title(scheme: Scheme) -> None:
    found = propose("\n A title \r\n\r\nText.", scheme)

    assert found.title == Fact("inferred", "A title", "the first line, which stands by itself")
    assert found.dropped == ()


@pytest.mark.parametrize(
    "raw", ["A sentence.\n\nText.", "He said “no.”\n\nMore", "A line\nand another", "A line", "", " "]
)
def test_other_first_lines_are_no_titles(raw: str, scheme: Scheme) -> None:
    assert propose(raw, scheme).title == Fact("unknown")


def test_a_byte_order_mark_is_no_text(scheme: Scheme) -> None:
    planned = _planned(b"\xef\xbb\xbfTitle\r\n\r\nText.", "x.txt", scheme, replace(SAID, title=None))

    assert planned.document.text == "Title\r\n\r\nText."
    assert planned.document.title == "Title"
    assert planned.document.dropped == (Dropped(0, 1, "page"),)


# Adding


def test_added_documents_validate_and_keep_their_bytes(fresh: Path) -> None:
    scheme = files.read_scheme(fresh)
    crlf = b"\xef\xbb\xbfOne line.\r\n\r\nTwo \xf0\x9f\x9a\xa2.\n\n"
    plans = [
        _planned(FERRY, "ferry.txt", scheme),
        _planned(HARBOUR, "harbour.HTM", scheme),
        _planned(crlf, "crlf.txt", scheme),
    ]

    assert add(fresh, plans) == ("ferry", "harbour", "crlf")
    assert (fresh / "corpus/raw/ferry.txt").read_bytes() == FERRY
    assert (fresh / "corpus/raw/harbour.html").read_bytes() == HARBOUR
    assert (fresh / "corpus/raw/crlf.txt").read_bytes() == crlf
    corpus = files.read(fresh)
    assert {id: corpus.documents[id].text for id in corpus.documents} == {
        each.document.id: each.document.text for each in plans
    }
    assert corpus.splits.splits == {"ferry": "test", "harbour": "test", "crlf": "test"}
    assert corpus.rights["harbour"].holder == "The Quay"
    assert _findings(fresh) == []


def test_adding_twice_changes_nothing(fresh: Path) -> None:
    planned = _planned(FERRY, "ferry.txt", files.read_scheme(fresh))
    add(fresh, [planned])
    before = _tree(fresh)

    assert add(fresh, [planned]) == ()
    assert _tree(fresh) == before


def test_what_was_cut_short_is_completed(fresh: Path) -> None:
    planned = _planned(FERRY, "ferry.txt", files.read_scheme(fresh))
    add(fresh, [planned])
    whole = _tree(fresh)
    (fresh / "corpus/segments/ferry.json").unlink()

    assert add(fresh, [planned]) == ("ferry",)
    assert _tree(fresh) == whole


def test_an_id_with_other_bytes_is_refused_and_nothing_is_written(fresh: Path) -> None:
    scheme = files.read_scheme(fresh)
    add(fresh, [_planned(FERRY, "ferry.txt", scheme)])
    before = _tree(fresh)

    with pytest.raises(UsageError, match="ferry: this id is taken by a document with other bytes"):
        add(fresh, [_planned(b"Another text.", "new.txt", scheme), _planned(HARBOUR, "ferry.html", scheme)])
    assert _tree(fresh) == before


def test_two_files_of_one_id_are_refused(fresh: Path) -> None:
    scheme = files.read_scheme(fresh)

    with pytest.raises(UsageError, match="a: this id is taken"):
        add(fresh, [_planned(b"One text.", "a.txt", scheme), _planned(b"Another.", "a.txt", scheme)])
    assert not (fresh / "corpus/raw").exists()


def test_the_same_bytes_under_another_id_are_refused(fresh: Path) -> None:
    scheme = files.read_scheme(fresh)

    with pytest.raises(UsageError, match="other: its bytes are those of 'ferry'"):
        add(fresh, [_planned(FERRY, "ferry.txt", scheme), _planned(FERRY, "other.txt", scheme)])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "ferry.txt",
            "ferry: this id was withdrawn on 2026-01-31 (the author asked); expected another document, under",
        ),
        ("other.txt", "other: its bytes are those of 'ferry', which was withdrawn on 2026-01-31 (the author asked);"),
    ],
)
def test_what_was_withdrawn_does_not_come_back(fresh: Path, name: str, said: str) -> None:
    scheme = files.read_scheme(fresh)
    gone = {"id": "ferry", "date": "2026-01-31", "reason": "the author asked", "raw_sha256": sha(FERRY)}
    (fresh / "corpus/withdrawn.json").write_text(json.dumps({"withdrawn": [gone]}))
    before = _tree(fresh)

    with pytest.raises(UsageError) as caught:
        add(fresh, [_planned(HARBOUR, "harbour.html", scheme), _planned(FERRY, name, scheme)])

    assert str(caught.value).startswith(said)
    assert _tree(fresh) == before


def test_another_text_under_an_id_that_was_withdrawn_is_refused(fresh: Path) -> None:
    gone = {"id": "ferry", "date": "2026-01-31", "reason": "the author asked", "raw_sha256": sha(FERRY)}
    (fresh / "corpus/withdrawn.json").write_text(json.dumps({"withdrawn": [gone]}))

    with pytest.raises(UsageError, match="ferry: this id was withdrawn"):
        add(fresh, [_planned(b"Another text.", "ferry.txt", files.read_scheme(fresh))])


def test_an_open_question_names_the_options(fresh: Path) -> None:
    planned = _planned(FERRY, "ferry.txt", files.read_scheme(fresh), replace(SAID, split=None, reason=None))

    with pytest.raises(UsageError, match="ferry: not all is known of it; expected --split, --reason"):
        add(fresh, [planned])


def test_a_corpus_that_cannot_be_read_does_not_grow(fresh: Path) -> None:
    planned = _planned(FERRY, "ferry.txt", files.read_scheme(fresh))
    (fresh / "corpus/rights.json").write_text('{"documents": ')

    with pytest.raises(FileError, match=r"rights\.json: is no JSON"):
        add(fresh, [planned])
    assert not (fresh / "corpus/raw").exists()


def test_a_corpus_with_other_names_grows_by_the_same_code(tiny_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "tiny"
    shutil.copytree(tiny_root, root)
    scheme = files.read_scheme(root)
    add(root, [_planned(FERRY, "ferry.txt", scheme), _planned(HARBOUR, "harbour.html", scheme)])

    kinds = {each["kind"] for each in json.loads((root / "corpus/documents/harbour.json").read_bytes())["dropped"]}
    assert kinds == {"banner", "tag"}
    assert not [finding for finding in _findings(root) if "ferry" in finding or "harbour" in finding]


# The real corpus


def test_the_real_texts_hold_no_boilerplate(statecloud: Corpus) -> None:
    texts = {id[:3]: document.text for id, document in statecloud.documents.items()}

    assert {id: (text[:12], text[-13:], len(text)) for id, text in texts.items()} == {
        "000": ("Amazon Web S", "6.8 million.\n", 1850),
        "003": ("24 May 2022\n", "host HART...\n", 1466),
        "004": ("The United K", "and Facebook.", 2031),
    }
    for word in ("READ MORE", "Click here", "Leave a Reply", "Fill out", "chevron", "Article\n", "Timeline"):
        assert not any(word in text for text in texts.values())
