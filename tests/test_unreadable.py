"""Files of a checkout that cannot be read: each is told of, in any format, and nothing is said for want of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from disputes import all_decided, planted, with_decisions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from standoff import files
from standoff.adjudicate import derive
from standoff.cli import main
from standoff.errors import FileError
from standoff.model import Corpus
from standoff.validate import check

TINY = Path(__file__).parent / "tiny"

REVIEWS = "corpus/reviews.json"

CONFLICT = '{"reviews": [\n<<<<<<< HEAD\n{"reviewer": "r1"}\n=======\n{"reviewer": "r2"}\n>>>>>>> theirs\n]}\n'

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "git conflict": (CONFLICT.encode(), "is no JSON: git conflict, line 2: '<<<<<<< HEAD'; expected one version of it"),
    "truncated": (
        b'{"reviews": [\n',
        "is no JSON: Input data was truncated at line 2, column 1; expected one complete",
    ),
    "malformed": (
        b'{"reviews":\n  \xc3\xa9[]}',
        "is no JSON: JSON is malformed: invalid character at line 2, column 3;",
    ),
    "empty": (b"", "is empty; expected one JSON value"),
    "byte order mark": (
        b'\xef\xbb\xbf{"reviews": []}\n',
        "begins with a byte order mark (U+FEFF); expected UTF-8 without",
    ),
    "latin-1": (
        '{"reviews": ["é"]}'.encode("latin-1"),
        "byte 14 is 0xe9, which is no UTF-8 here (invalid continuation",
    ),
    "UTF-16": (
        '{"reviews": []}'.encode("utf-16"),
        "byte 0 is 0xff, which is no UTF-8 here (UTF-16 begins so): expected",
    ),
    "UTF-16 without mark": ('{"reviews": []}'.encode("utf-16-le"), "is no JSON: character 1 is NUL, as in UTF-16;"),
}


@pytest.fixture
def copy(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus, to break."""
    return Path(shutil.copytree(tiny_root, tmp_path / "tiny"))


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *words], catch_exceptions=False)


def told(root: Path) -> list[tuple[str, str, str, str]]:
    """File, id, field and rule of all that is found."""
    return [(one.file, one.id, one.field, one.rule) for one in check(root)[1]]


@pytest.mark.parametrize("path", [REVIEWS, "corpus/splits.json", "annotations/sets/a1/en_fair.json"])
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_finding_that_says_why(copy: Path, path: str, what: str) -> None:
    content, message = UNREADABLE[what]
    (copy / path).write_bytes(content)

    found = [one for one in check(copy)[1] if one.rule == "record-shape"]

    assert [(one.file, one.severity) for one in found] == [(path, "error")]
    assert found[0].message.startswith(message)
    assert "before it is added" not in found[0].message


@pytest.mark.parametrize("command", [["validate"], ["status"], ["release", "plan"], ["review", "status"]])
@pytest.mark.parametrize("what", UNREADABLE)
def test_sign_offs_that_cannot_be_read_are_told_of_by_every_command(copy: Path, command: list[str], what: str) -> None:
    (copy / REVIEWS).write_bytes(UNREADABLE[what][0])
    (copy / "corpus/releases.json").write_text('{"releases": []}\n')

    result = run(copy, *command)

    assert result.exit_code in (1, 2)
    assert REVIEWS in result.output + result.stderr


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Expected `object`, got `array`"),
        ({"reviews": [], "signed": True}, "Object contains unknown field `signed`"),
        ({"reviews": [{"reviewer": "r1", "date": "2024-01-31"}]}, "Object missing required field `content_sha256`"),
        ({"reviews": {}}, "Expected `array`, got `object`, got {}"),
    ],
)
def test_sign_offs_of_another_shape_are_a_finding(copy: Path, value: object, message: str) -> None:
    (copy / REVIEWS).write_text(json.dumps(value))

    (found,) = check(copy)[1]

    assert (found.file, found.rule) == (REVIEWS, "record-shape")
    assert found.message.startswith(message)


def test_a_json_file_that_nothing_reads_is_json(copy: Path) -> None:
    (copy / "corpus" / "notes").mkdir()
    (copy / "corpus" / "notes" / "x.json").write_text("{")
    (copy / "schema" / "crosswalk.json").write_text("{")

    assert told(copy) == [
        ("corpus/notes/x.json", "", "", "record-shape"),
        ("schema/crosswalk.json", "", "", "record-shape"),
    ]


BROKEN = (
    "annotations/annotators.json",
    "annotations/gold/fr_marche.json",
    "annotations/sets/a1/ar_souk.json",
    "corpus/documents/en_fair.json",
    "corpus/entities.json",
    "corpus/raw/fr_marche.html",
    "corpus/rights.json",
    "corpus/segments/ar_souk.json",
    "corpus/splits.json",
)


FILES = sorted(
    path.relative_to(TINY).as_posix()
    for folder in ("annotations", "corpus")
    for path in (TINY / folder).rglob("*")
    if path.is_file()
)


@pytest.mark.parametrize("path", FILES)
def test_nothing_is_said_for_want_of_what_cannot_be_read(copy: Path, tiny: Corpus, path: str) -> None:
    usual = check(copy, previous={"0.0.2": tiny})[1]
    (copy / path).write_bytes(b"\xe9")

    (found,) = set(check(copy, previous={"0.0.2": tiny})[1]) - set(usual)

    assert (found.file, found.rule) == (path, "record-shape")


def test_every_file_of_the_corpus_is_tried() -> None:
    assert set(BROKEN) < set(FILES)


# Each example is a copy of a whole corpus.
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([path for path in FILES if path.endswith(".json")]), st.data())
def test_whatever_is_cut_off_or_overwritten_is_told_of(
    tmp_path_factory: pytest.TempPathFactory, path: str, data: st.DataObject
) -> None:
    root = Path(shutil.copytree(TINY, tmp_path_factory.mktemp("cut") / "tiny"))
    content = (root / path).read_bytes()
    at = data.draw(st.integers(0, len(content) - 2))
    (root / path).write_bytes(
        content[:at] + data.draw(st.sampled_from([b"", b"\n<<<<<<< HEAD\n" + content[at:], b"\xff\xfe", b"\0"]))
    )

    assert any(found.file == path for found in check(root)[1])


def broken_in_one_place(root: Path, path: str, old: str, new: str) -> list[tuple[str, str, str, str]]:
    """What is told of a corpus with decisions after one typo."""
    corpus = planted(files.read(root))
    made = with_decisions(corpus, *all_decided(corpus))
    found = derive(made)
    raw = {one.stem: one.read_bytes() for one in (root / "corpus" / "raw").iterdir()}
    files.write_corpus(root, structs.replace(made, gold=found.gold, entities=found.entities), raw)
    before = told(root)
    text = (root / path).read_text(encoding="utf-8")
    (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (root / path).read_text(encoding="utf-8") != text
    return [one for one in told(root) if one not in before]


@pytest.mark.parametrize(
    ("path", "old", "new", "id", "field"),
    [
        (
            "annotations/decisions/en_fair.json",
            '"chosen", "',
            '"chose", "',
            "on-explains-p5-p6",
            "decisions[0].outcome",
        ),
        ("annotations/sets/a1/en_fair.json", '"annotator"', '"annotater": "", "annotator"', "", ""),
        ("corpus/entities.json", '"name"', '"nam": "", "name"', "ada", "entities[0]"),
        ("annotations/annotators.json", '"kind"', '"knd"', "a1", "annotators[0]"),
    ],
)
def test_one_typo_is_one_finding(copy: Path, path: str, old: str, new: str, id: str, field: str) -> None:
    assert broken_in_one_place(copy, path, old, new) == [(path, id, field, "record-shape")]


def test_all_that_cannot_be_read_is_told_of_at_once(copy: Path) -> None:
    for path in BROKEN:
        (copy / path).write_bytes(b"\xe9")

    assert [file for file, *_ in told(copy)] == list(BROKEN)
    with pytest.raises(FileError) as caught:
        files.read(copy)
    assert all(path in str(caught.value) for path in BROKEN)


@pytest.mark.parametrize(
    ("form", "places"),
    [
        ("json", lambda text: [one["file"] for one in json.loads(text)["findings"]]),
        ("junit", lambda text: [one.get("name") for one in ElementTree.fromstring(text).iter("testcase")]),
        ("sarif", lambda text: [one["locations"] for one in json.loads(text)["runs"][0]["results"]]),
    ],
)
def test_what_cannot_be_read_stands_in_a_document_of_the_asked_format(
    copy: Path, form: str, places: Callable[[str], list[object]]
) -> None:
    for path in BROKEN[:2]:
        (copy / path).write_bytes(b"\xe9")

    result = run(copy, "validate", "--format", form)

    assert result.exit_code == 1
    found = places(result.stdout)
    assert all(any(path in str(one) for one in found) for path in BROKEN[:2])


def test_a_missing_file_is_told_of_beside_all_else(copy: Path) -> None:
    (copy / "corpus" / "entities.json").unlink()
    (copy / "corpus" / "raw" / "en_fair.txt").unlink()

    assert told(copy) == [
        ("corpus/entities.json", "", "", "record-shape"),
        ("corpus/raw/en_fair.txt", "", "", "record-shape"),
    ]


LINKED = ("corpus/splits.json", "corpus/documents/en_fair.json", "corpus/raw/en_fair.txt", REVIEWS)


@pytest.mark.parametrize("path", LINKED)
def test_a_symbolic_link_out_of_the_corpus_is_not_followed(copy: Path, tmp_path: Path, path: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes((copy / path).read_bytes() if (copy / path).exists() else b'{"reviews": []}\n')
    (copy / path).unlink(missing_ok=True)
    (copy / path).symlink_to(secret)

    (found,) = check(copy)[1]

    assert (found.file, found.rule) == (path, "record-shape")
    assert found.message == f"a symbolic link leads out of the corpus, to {str(secret)!r}; expected a file in it"


def test_a_schema_that_a_symbolic_link_leads_out_to_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "schema" / "CODEBOOK.md").rename(tmp_path / "book")
    (copy / "schema" / "CODEBOOK.md").symlink_to(tmp_path / "book")

    result = run(copy, "validate")

    assert result.exit_code == 2
    assert result.stderr.startswith("schema/CODEBOOK.md: a symbolic link leads out of the corpus, to ")


def test_a_folder_that_a_symbolic_link_leads_out_to_is_not_read(copy: Path, tmp_path: Path) -> None:
    shutil.move(copy / "annotations" / "gold", tmp_path / "gold")
    (copy / "annotations" / "gold").symlink_to(tmp_path / "gold")

    assert {(file, rule) for file, _, _, rule in told(copy)} == {
        (f"annotations/gold/{path.name}", "record-shape") for path in (tmp_path / "gold").iterdir()
    }


@pytest.mark.parametrize("path", [*LINKED, "annotations/sets/a1/new.json"])
def test_a_symbolic_link_to_nothing_is_told_of(copy: Path, path: str) -> None:
    (copy / path).unlink(missing_ok=True)
    (copy / path).symlink_to("gone.json")

    (found,) = check(copy)[1]

    assert (found.file, found.rule) == (path, "record-shape")
    assert found.message == "is a symbolic link to 'gone.json', which is not there; expected a file"


@pytest.mark.parametrize("path", ["corpus/withdrawn.json", "annotations/policy.json"])
def test_a_file_that_there_need_not_be_is_not_passed_over_where_it_cannot_be_read(copy: Path, path: str) -> None:
    (copy / path).unlink(missing_ok=True)
    (copy / path).symlink_to("gone.json")

    with pytest.raises(FileError, match=rf"^{path}: is a symbolic link to 'gone\.json', which is not there"):
        files.read(copy)


def test_a_symbolic_link_inside_the_corpus_is_followed(copy: Path) -> None:
    path = copy / "corpus" / "splits.json"
    path.rename(copy / "corpus" / "splits.data")
    path.symlink_to("splits.data")

    assert told(copy) == []
