"""The main job, as `make roundtrip` does it, on both corpora; and the commands of the README, one after the other."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from standoff.labelstudio import server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, environment: Path) -> Path:
    """A server's folder after its first start: a corpus that begins with it needs no minute for its own."""
    folder = tmp_path_factory.mktemp("started")
    server.up(folder, environment=environment)
    server.down(folder)
    return folder / ".standoff" / "studio"


@pytest.fixture
def copied(root: Path, tmp_path: Path, environment: Path, started: Path) -> Path:
    """A copy of the real corpus, which shares the installed Label Studio."""
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(root / name, tmp_path / "statecloud" / name)
    for name in ("CITATION.cff", "CHANGELOG.md", "LICENSE-DATA"):
        shutil.copy(root / name, tmp_path / "statecloud" / name)
    return share(tmp_path / "statecloud", environment, started)


def share(corpus: Path, environment: Path, started: Path) -> Path:
    """Gives a corpus the installed Label Studio, and servers that have been started once."""
    for folder in (corpus, corpus / ".standoff" / "roundtrip"):
        shutil.copytree(started, folder / ".standoff" / "studio", ignore=shutil.ignore_patterns("lock", "*.log"))
    (corpus / ".standoff" / "studio" / "env").symlink_to(environment, target_is_directory=True)
    return corpus


def standoff(folder: Path, *words: str, code: int = 0, finds: bool = False) -> str:
    """What a command says, which must end with this exit code; one that finds something may also end with 1."""
    done = subprocess.run(
        [sys.executable, "-m", "standoff", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HOME": str(folder / "cache"), "PYTHONWARNINGS": "error"},
    )
    assert done.returncode in ((0, 1) if finds else (code,)), f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_whole_way_once_shows_what_it_did_and_leaves_the_corpus_as_it_was(copied: Path) -> None:
    before = contents(copied / "annotations")

    first = standoff(copied, "roundtrip")
    second = standoff(copied, "roundtrip")

    assert re.search(r"^Label Studio, pilot +3 pushed, 3 of 3 back unchanged$", first, re.MULTILINE)
    assert re.search(r"^Label Studio, pilot +0 pushed, 3 of 3 back unchanged$", second, re.MULTILINE)
    assert re.search(r"^rows: claim_relation +17 train, 9 test$", first, re.MULTILINE)
    assert contents(copied / "annotations") == before
    state = copied / ".standoff" / "roundtrip" / ".standoff" / "studio" / "state.json"
    assert not state.exists()


def test_a_set_that_comes_back_otherwise_fails_the_way(copied: Path) -> None:
    standoff(copied, "roundtrip")
    path = copied / "annotations" / "sets" / "pilot" / "004_1dd8823014995070.json"
    # Legal JSON of the same set, in another form than the canonical one.
    path.write_text(json.dumps(json.loads(path.read_text())))

    said = standoff(copied, "roundtrip", code=1)

    assert "2 of 3 back unchanged; CHANGED: 004_1dd8823014995070" in said


def test_another_corpus_goes_the_same_way(tiny_root: Path, tmp_path: Path, environment: Path, started: Path) -> None:
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(tiny_root / name, tmp_path / "tiny" / name)
    share(tmp_path / "tiny", environment, started)

    said = standoff(tmp_path, "--root", str(tmp_path / "tiny"), "roundtrip")

    assert said.count("back unchanged") == 2
    assert "CHANGED" not in said


def test_a_new_corpus_grows_validates_goes_out_and_back_and_is_built(
    root: Path, tmp_path: Path, environment: Path, started: Path
) -> None:
    corpus = tmp_path / "harbour"
    standoff(tmp_path, "init", str(corpus), "--title", "Harbour news")
    share(corpus, environment, started)
    answers = ["--language", "en", "--published", "unknown", "--publisher", "unknown", "--url", "unknown"]
    answers += ["--author", "unknown", "--split", "train", "--holder", "nobody", "--publish", "yes"]
    answers += ["--reason", "invented for a test", "--title", "unknown"]
    for name in ("harbour.html", "ferry.txt"):
        standoff(corpus, "add", str(root / "tests" / "intake" / name), *answers)
    for name in ("harbour", "ferry"):
        text = (root / "tests" / "intake" / f"{name}.{'html' if name == 'harbour' else 'txt'}").read_bytes()
        raw = next((corpus / "corpus" / "raw").glob(f"{name}.*"))
        assert raw.read_bytes() == text
    quotations = corpus / "ferry.json"
    quotations.write_text(json.dumps({"document": "ferry", "annotations": []}))
    standoff(corpus, "import", "quotations", str(quotations), "--as", "a1")

    try:
        standoff(corpus, "studio", "up")
        assert "answers" in standoff(corpus, "studio", "status")
        assert "2 created" in standoff(corpus, "push", "--for", "a1")
        assert "2 unchanged" in standoff(corpus, "push", "--for", "a1")
        assert "1 unchanged, 0 ahead, 1 unannotated" in standoff(corpus, "pull", "--for", "a1")
    finally:
        standoff(corpus, "studio", "down")
    assert "not running" in standoff(corpus, "studio", "status", code=1)
    assert "0 errors" in standoff(corpus, "validate")
    standoff(corpus, "adjudicate", "--annotator", "a1")
    standoff(corpus, "build", "0.1.0", "--out", str(corpus / "build"))
    assert (corpus / "build" / "0.1.0" / "SHA256SUMS").is_file()


def test_the_commands_of_the_readme_run_as_they_stand(root: Path, copied: Path) -> None:
    readme = (root / "README.md").read_text()
    (block,) = [body for body in re.findall(r"^```sh\n(.*?)^```", readme, re.M | re.S) if "standoff add" in body]
    shutil.copy(root / "tests" / "intake" / "harbour.html", copied / "article.html")
    (copied / "work.json").write_text(json.dumps({"document": "article", "annotations": []}))
    stated = ["--title", "unknown", "--published", "unknown", "--author", "unknown", "--publisher", "unknown"]
    stated += ["--url", "unknown", "--split", "train", "--holder", "nobody", "--publish", "yes", "--reason", "a test"]
    # What changes from here on is held against the newest release.
    standoff(
        copied,
        "build",
        json.loads((root / "corpus" / "releases.json").read_text())["releases"][-1]["version"],
        "--out",
        str(copied / "releases"),
    )
    try:
        for line in block.splitlines():
            for command in line.partition("#")[0].split("&&"):
                words = shlex.split(command)[1:]
                # What a person would be asked for on a terminal is given here.
                finds = words[:2] == ["release", "plan"]
                standoff(copied, *words, *(stated if words[0] == "add" else []), finds=finds)
    finally:
        standoff(copied, "studio", "down")
