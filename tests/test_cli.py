"""The commands as a user meets them: exit codes, one line for each error, nothing half-written."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standoff.cli import main
from standoff.cli.common import printable


@pytest.fixture
def root(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus to break."""
    shutil.copytree(tiny_root, tmp_path / "tiny")
    return tmp_path / "tiny"


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *words])


def refused(result: Result) -> str:
    """The one line of an error."""
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    return result.stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def first_document(root: Path) -> str:
    return min(path.stem for path in (root / "corpus" / "documents").iterdir())


def test_a_reader_who_has_read_enough_gets_no_error(root: Path) -> None:
    command = [sys.executable, "-m", "standoff", "--root", str(root), "validate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()

    assert said == b""


def test_a_valid_corpus_exits_0(root: Path) -> None:
    result = run(root, "validate")

    assert result.exit_code == 0, result.output
    assert result.output.endswith("0 errors, 0 warnings\n")


def test_a_finding_exits_1_and_names_rule_file_and_id(root: Path) -> None:
    path = min((root / "annotations" / "gold").iterdir())
    gold = json.loads(path.read_text())
    spanned = next(a for a in gold["annotations"] if a.get("spans"))
    spanned["spans"][0]["quote"] += "x"
    path.write_text(json.dumps(gold))

    result = run(root, "validate")

    assert result.exit_code == 1
    assert f"annotations/gold/{path.name}#{spanned['id']}" in result.output
    assert "(span-quotation)" in result.output


def test_findings_as_json_hold_all_fields(root: Path) -> None:
    path = min((root / "annotations" / "gold").iterdir())
    gold = json.loads(path.read_text())
    next(a for a in gold["annotations"] if a.get("spans"))["spans"][0]["quote"] += "x"
    path.write_text(json.dumps(gold))

    result = run(root, "validate", "--format", "json")

    found = json.loads(result.output)["findings"]
    assert [(f["rule"], f["severity"], f["file"]) for f in found] == [
        ("canonical-form", "warning", f"annotations/gold/{path.name}"),
        ("gold-current", "error", f"annotations/gold/{path.name}"),
        ("span-quotation", "error", f"annotations/gold/{path.name}"),
    ]


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    assert "expected a folder with corpus/ and schema/" in refused(run(tmp_path, "validate"))


def test_a_malformed_schema_is_refused(root: Path) -> None:
    path = root / "schema" / "annotation.schema.json"
    path.write_text(path.read_text().replace('"type": "object"', '"type": "objekt"', 1))

    assert "annotation.schema.json" in refused(run(root, "validate"))


def unreadable(result: Result) -> str:
    """The one finding on what cannot be read."""
    assert result.exit_code == 1, result.output
    (line,) = [line for line in result.stdout.splitlines() if line.endswith("(record-shape)")]
    return line


def test_a_missing_raw_file_is_a_finding(root: Path) -> None:
    document = first_document(root)
    for path in (root / "corpus" / "raw").glob(f"{document}.*"):
        path.unlink()

    assert f"corpus/raw/{document}" in unreadable(run(root, "validate"))


def test_another_encoding_is_a_finding(root: Path) -> None:
    document = first_document(root)
    path = next((root / "corpus" / "raw").glob(f"{document}.*"))
    path.write_bytes("naïve".encode("latin-1"))

    assert "byte 2 is 0xef, which is no UTF-8" in unreadable(run(root, "validate"))


def test_truncated_json_is_a_finding(root: Path) -> None:
    path = root / "corpus" / "entities.json"
    path.write_bytes(path.read_bytes()[:-10])

    assert "entities.json: is no JSON: Input data was truncated" in unreadable(run(root, "validate"))


def test_an_ambiguous_quotation_is_refused_with_its_candidates_and_nothing_is_written(root: Path) -> None:
    document = first_document(root)
    layer = next(
        name
        for name, spec in json.loads((root / "schema" / "annotation.schema.json").read_text())["$defs"].items()
        if spec.get("x-standoff", {}).get("kind") == "span"
    )
    file = root / "quotations.json"
    file.write_text(
        json.dumps({"document": document, "annotations": [{"id": "q1", "layer": layer, "label": "x", "spans": [" "]}]})
    )
    annotator = json.loads((root / "annotations" / "annotators.json").read_text())["annotators"][0]["id"]
    before = contents(root / "annotations")

    line = refused(run(root, "import", "quotations", str(file), "--as", annotator))

    assert "quotations.json#q1 spans[0]: ' ' fits" in line
    assert "candidates: 1. [" in line
    assert contents(root / "annotations") == before


def test_an_undeclared_annotator_is_refused(root: Path) -> None:
    file = root / "quotations.json"
    file.write_text("{}")

    assert "'nobody' is not in annotations/annotators.json" in refused(
        run(root, "import", "quotations", str(file), "--as", "nobody")
    )


def test_a_label_studio_that_is_not_there_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a-token-that-must-not-be-shown")
    annotator = min(path.name for path in (root / "annotations" / "sets").iterdir())

    line = refused(run(root, "push", "--for", annotator, "--url", url))

    assert url in line
    assert "a-token-that-must-not-be-shown" not in line


def test_what_steers_a_terminal_is_shown_escaped() -> None:
    assert printable("a\x1b[31mb\u202ec é") == "a\\x1b[31mb\\u202ec é"
