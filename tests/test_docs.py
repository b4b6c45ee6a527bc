"""What the README tells to do is done here."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from standoff.cli import main

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


def commands(page: Path) -> list[list[str]]:
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    parts = [part.partition(" > ")[0] for line in lines for part in line.split("&&") if part.strip()]
    return [shlex.split(part, comments=True) for part in parts]


def test_the_python_of_the_readme_runs(root: Path, tmp_path: Path) -> None:
    code = "\n".join(blocks(root / "README.md", "python"))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        env={**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "checkworthy" not in done.stderr
    assert "certainty" in done.stdout


def test_every_make_target_of_the_readme_exists(root: Path) -> None:
    targets = {words[1] for words in commands(root / "README.md") if words[0] == "make"}

    assert targets == {"roundtrip", "test"}
    makefile = (root / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize(
    "page", ["README.md", "docs/adding.md", "docs/adjudicating.md", "docs/exports.md", "docs/releasing.md"]
)
def test_every_command_of_a_page_parses(page: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What must exist is looked for while a command is parsed.
    for name in ("KEY", "export.json"):
        (tmp_path / name).touch()
    (tmp_path / "free" / "1.0.0").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    given = [words[1:] for words in commands(root / page) if words[0] == "standoff"]

    assert given
    for words in given:
        context = click.Context(main)
        command: click.Command = main
        # A group of commands may itself be one: it then stands alone, or with options.
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, found, words = command.resolve_command(context, words)
            assert found is not None, name
            command = found
        # Parses arguments and options, and does nothing.
        command.make_context(command.name, list(words))


@pytest.mark.parametrize("folder", ["corpus", "schema", "annotations", "loaders", "tests"])
def test_the_folders_that_are_fixed_exist(root: Path, folder: str) -> None:
    assert (root / folder).is_dir()
