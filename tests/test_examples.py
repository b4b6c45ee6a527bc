"""The examples run as they stand there, on the checkout."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def _run(root: Path, name: str, *words: str) -> str:
    command = [sys.executable, str(EXAMPLES / name), *words, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in here] == []


@pytest.mark.filterwarnings("default")  # spaCy and what it is built on warn of one another
def test_a_pipeline_learns_names_from_the_tags(root: Path) -> None:
    shown = _run(root, "ner_spacy.py")
    assert "sentences learnt" in shown
    names = _module("ner_spacy")
    rows = names.standoff.load("mention_tags", split="train", source=root).to_pylist()
    spans = [(span.start_char, span.end_char) for span in names.doc(rows[0], names.spacy.blank("en").vocab).ents]
    assert [rows[0]["text"][start:end] for start, end in spans] == ["Amazon Web Services", "millions", "Britons"]
    assert names.scores(names.learn(rows), rows)["ents_f"] > 0.4


def test_stances_become_a_picture(root: Path, tmp_path: Path) -> None:
    picture = tmp_path / "stances.svg"
    shown = _run(root, "stance_network.py", str(picture))
    assert "David Davis -- against --> " in shown
    told = [re.search(r", (\d+) times$", line) for line in shown.splitlines()]
    assert sum(int(times[1]) if times else 1 for times in told) == sum(
        table.num_rows for table in _module("stance_network").standoff.load("stance", source=root).values()
    )
    assert ElementTree.parse(picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_claims_are_listed_by_who_makes_them(root: Path) -> None:
    shown = _run(root, "who_claims_what.py")
    assert "\nHome Office\n" in shown
    assert sum(line.startswith("  ") for line in shown.splitlines()) == sum(
        table.num_rows for table in _module("who_claims_what").standoff.load("claim", source=root).values()
    )


def test_shares_of_an_items_labels_add_up_to_one(root: Path) -> None:
    assert "items have one label from all" in _run(root, "soft_labels.py")
    soft = _module("soft_labels")
    assert {round(sum(shares.values()), 9) for shares in soft.distributions(root).values()} == {1.0}
    assert soft.entropy({"a": 0.5, "b": 0.5}) == 1.0


def test_each_document_is_left_out_once(root: Path) -> None:
    assert _run(root, "folds.py", "claim").splitlines()[-1].startswith("all: ")
    folds = list(_module("folds").folds("claim", root))
    assert [document for document, _, _ in folds] == sorted({document for document, _, _ in folds})
    assert len({train.num_rows + test.num_rows for _, train, test in folds}) == 1
    assert all(set(test["document"].to_pylist()) == {document} for document, _, test in folds)


def test_folds_say_what_a_config_lacks(root: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "folds.py"), "documents", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "documents: has no column document and no label; expected a config with labels\n"
