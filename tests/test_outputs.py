"""How findings are shown: text, JSON, SARIF, JUnit; how many of them, and which."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from standoff.cli import main
from standoff.cli.console import excerpt, lines
from standoff.formats.junit import junit
from standoff.formats.places import Place, place
from standoff.formats.sarif import sarif
from standoff.model import Corpus, Finding
from standoff.validate import RULES, since

GOLD = "annotations/gold/en_fair.json"
SET = "annotations/sets/a1/en_fair.json"
SARIF = Draft202012Validator(json.loads((Path(__file__).parent / "sarif.schema.json").read_text()))

ANY = st.builds(
    Finding,
    file=st.sampled_from([SET, GOLD, "corpus/splits.json", "schema/CODEBOOK.md", "corpus/documents/é b.json"]),
    id=st.sampled_from(["", "n1", "p2", "explains:p4:p5", "<&>"]),
    field=st.sampled_from(["", "label", "spans[0].quote", "refs.said", "naming: who"]),
    rule=st.sampled_from([rule.id for rule in RULES]),
    severity=st.sampled_from(["error", "warning"]),
    message=st.text(max_size=20),
)


@pytest.fixture
def root(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus, in a folder of a repository, with one commit."""
    shutil.copytree(tiny_root, tmp_path / "data" / "tiny")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "tiny")
    return tmp_path / "data" / "tiny"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), "validate", *words])


def relabel(root: Path, *ids: str) -> None:
    """Gives annotations of a1's set in en_fair, and what gold made of them, a label that is none."""
    for file in (SET, GOLD):
        found = (root / file).read_text(encoding="utf-8").split("\n")
        for n, line in enumerate(found):
            if any(f'"id": "{id}"' in line for id in ids):
                found[n] = line.replace('"label": "who"', '"label": "whom"')
        (root / file).write_text("\n".join(found), encoding="utf-8", newline="")


def test_text_groups_by_file_and_marks_the_passage(root: Path) -> None:
    relabel(root, "n10")

    shown = run(root).output.splitlines()

    assert shown == [
        f"{GOLD}: 1 error, 0 warnings",
        f"  error: {GOLD}#n10 label: label 'whom' of 'Ben Moor' is unknown; expected one of 'who', 'where', 'café', "
        "'thing', 'number' [did you mean 'who'?] (label-known)",
        "      …ood. “It is good but dear,” Ben Moor wrote.⏎The café never sold…",
        "                                   ~~~~~~~~",
        f"{SET}: 1 error, 0 warnings",
        f"  error: {SET}#n10 label: label 'whom' of 'Ben Moor' is unknown; expected one of 'who', 'where', 'café', "
        "'thing', 'number' [did you mean 'who'?] (label-known)",
        "      …ood. “It is good but dear,” Ben Moor wrote.⏎The café never sold…",
        "                                   ~~~~~~~~",
        "2 errors, 0 warnings",
    ]


def test_a_fragment_is_marked_where_the_field_names_it(tiny: Corpus) -> None:
    finding = Finding(SET, "p1", "spans[1]", "span-word", "warning", "x")

    _, _, passage, marker = lines([finding], tiny)

    begin = marker.text.index("~")
    assert passage.text[begin:].startswith("sold 40\\xa0jars of plum jam<b>")


def test_marks_stand_below_characters_of_any_width() -> None:
    # Two columns for each of the first two characters, none for the combining accent.
    assert excerpt("漢字e\u0301 ab", 5, 7) == ("漢字e\u0301 ab", "      ~~")


def test_what_steers_a_terminal_is_escaped_in_a_passage() -> None:
    assert excerpt("a\x1b[31mb\r\nc", 0, 1) == ("a\\x1b[31mb⏎c", "~")


def test_at_most_so_many_findings_are_shown_and_the_rest_is_counted(root: Path) -> None:
    relabel(root, "n1", "n10")

    text, as_json = run(root, "--max", "1"), json.loads(run(root, "--max", "1", "--format", "json").output)
    log = json.loads(run(root, "--max", "1", "--format", "sarif").output)
    tests = JUnitXml.fromstring(run(root, "--max", "1", "--format", "junit").output.encode())

    assert text.output.splitlines()[-2:] == ["... and 3 more, not shown because of --max", "shown: 1 error, 0 warnings"]
    assert text.exit_code == 1
    assert (len(as_json["findings"]), as_json["left_out"]) == (1, 3)
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == ["3 more findings are left out"]
    assert [suite.name for suite in tests][-1] == "left out"


def test_none_shown_still_fails(root: Path) -> None:
    relabel(root, "n1")

    assert run(root, "--max", "0").exit_code == 1


def test_only_the_rules_that_are_asked_for_are_told(root: Path) -> None:
    relabel(root, "n1")
    (root / "corpus" / "splits.json").write_text(
        (root / "corpus" / "splits.json").read_text().replace("{", "{ ", 1), newline=""
    )

    both = run(root, "--rule", "label-known", "--rule", "canonical-form", "--format", "json")
    one = run(root, "--rule", "canonical-form", "--format", "json")

    assert {f["rule"] for f in json.loads(both.output)["findings"]} == {"label-known", "canonical-form"}
    assert {f["rule"] for f in json.loads(one.output)["findings"]} == {"canonical-form"}
    assert (both.exit_code, one.exit_code) == (1, 0)


def test_an_unknown_rule_is_refused_with_the_nearest(root: Path) -> None:
    result = run(root, "--rule", "label-know")

    assert result.exit_code == 2
    assert result.stderr == "'label-know' is no rule [did you mean 'label-known'?]; standoff rules lists them\n"


def test_since_a_revision_only_what_is_new_is_told(root: Path) -> None:
    relabel(root, "n1")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--all", "--message", "worse")
    relabel(root, "n1", "n10")

    found = json.loads(run(root, "--since", "HEAD", "--format", "json").output)["findings"]
    all_of_it = json.loads(run(root, "--since", "HEAD^", "--format", "json").output)["findings"]

    assert [f["id"] for f in found] == ["n10", "n10"]
    assert sorted(f["id"] for f in all_of_it) == ["n1", "n1", "n10", "n10"]


def test_since_an_unknown_revision_is_refused(root: Path) -> None:
    result = run(root, "--since", "no-such-branch")

    assert result.exit_code == 2
    assert "git knows no revision 'no-such-branch' here; expected a commit, a branch or a tag" in result.stderr


def test_since_outside_of_a_repository_is_refused(tiny_root: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_root, tmp_path / "tiny")

    result = CliRunner(env={"GIT_CEILING_DIRECTORIES": str(tmp_path)}).invoke(
        main, ["--root", str(tmp_path / "tiny"), "validate", "--since", "HEAD"]
    )

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_second_fault_of_the_same_place_is_new() -> None:
    one = Finding(SET, "n1", "label", "unique", "error", "as n2")
    two = Finding(SET, "n1", "label", "unique", "error", "as n3")

    assert since([one, two], [one]) == (two,)
    assert since([two], [one]) == ()


def test_sarif_names_line_and_column_of_the_record(root: Path) -> None:
    relabel(root, "n10")

    run_ = json.loads(run(root, "--format", "sarif").output)["runs"][0]

    result = next(
        r for r in run_["results"] if "/sets/" in r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    )
    where = result["locations"][0]["physicalLocation"]
    line = (root / SET).read_text(encoding="utf-8").split("\n")[where["region"]["startLine"] - 1]
    assert where["artifactLocation"]["uri"] == f"data/tiny/{SET}"
    assert line[where["region"]["startColumn"] - 1 :].startswith('"label": "whom"')
    assert where["region"]["endColumn"] == len(line) + 1
    assert run_["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "label-known"


@given(st.lists(ANY), st.integers(0, 3))
def test_sarif_keeps_to_its_schema(found: list[Finding], left_out: int) -> None:
    log = json.loads(
        sarif(found, RULES, {SET: '{"annotations": [\n{"id": "n1", "label": "x"}\n]}\n'}, left_out=left_out)
    )

    assert list(SARIF.iter_errors(log)) == []
    assert [r["ruleId"] for r in log["runs"][0]["results"]] == [f.rule for f in found]


@given(st.lists(ANY))
def test_junit_is_read_by_another_parser(found: list[Finding]) -> None:
    suites = JUnitXml.fromstring(junit(found, RULES).encode())

    cases: list[Any] = [case for suite in suites for case in suite]
    failed = [case for case in cases if case.result]
    errors = [finding for finding in found if finding.severity == "error"]
    quiet = {rule.id for rule in RULES} - {finding.rule for finding in found}
    assert len(cases) == len(found) + len(quiet) == suites.tests
    assert sorted(case.result[0].type for case in failed) == sorted(finding.rule for finding in errors)
    assert suites.failures == len(errors)


DOCUMENT = '{\n"dropped": [{"end": 5, "kind": "x", "start": 0}],\n"id": "d1",\n"title": "A"\n}\n'
MARKED = (
    '{"annotator": "a1", "entities": [{"id": "n1", "name": "x"}], "annotations": [\n'
    '{"attributes": {}, "id": "n1", "label": "who"},\n'
    '{"id": "é", "label": "who"}\n]}\n'
)


@pytest.mark.parametrize(
    ("file", "id", "field", "text", "expected"),
    [
        (SET, "n1", "label", MARKED, Place(2, 32, 48)),
        (SET, "n1", "attributes.shape", MARKED, Place(2, 2, 48)),
        (SET, "n1", "spans", MARKED, Place(2, 20, 48)),
        (SET, "é", "label", MARKED.replace('"é"', '"\\u00e9"'), Place(3, 18, 33)),
        (SET, "", "text_sha256", MARKED, Place(1, 1, 78)),
        ("corpus/documents/d1.json", "d1", "dropped[0].kind", DOCUMENT, Place(2, 1, 50)),
        ("corpus/documents/d1.json", "d1", "title", DOCUMENT, Place(4, 1, 13)),
        ("corpus/splits.json", "d2", "splits.d2", '{"events": {},\n"splits": {"d2": "train"}}', Place(2, 1, 27)),
        ("schema/CODEBOOK.md", "", "naming: who", "# A\n\n### naming: who\nx\n", Place(3, 1, 16)),
        (SET, "gone", "", MARKED, Place(1, 1, 78)),
    ],
)
def test_a_finding_is_placed_on_its_record(file: str, id: str, field: str, text: str, expected: Place) -> None:
    assert place(text, Finding(file, id, field, "unique", "error", "")) == expected
