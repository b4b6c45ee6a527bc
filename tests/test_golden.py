"""Files that a reader should see whole before they change. `make golden` rewrites them; read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from standoff.labelstudio.interface import interface
from standoff.model import Corpus

GOLDEN = Path(__file__).parent / "golden"


def compare(name: str, text: str) -> None:
    """Holds a text against its golden file, or writes it there when STANDOFF_GOLDEN=write."""
    path = GOLDEN / name
    if os.environ.get("STANDOFF_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    expected = path.read_bytes().decode("utf-8")

    assert text == expected


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_the_interface_of_a_corpus_is_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)

    compare(f"{name}.interface.xml", interface(corpus.scheme))
