"""Quotations become sets: checked before anything is written, and nothing that is there is lost in silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from standoff import files
from standoff.cli import main
from standoff.formats.quotations import to_quotations

SET = "annotations/sets/m1/fr_marche.json"

SHOP = {"id": "s1", "layer": "naming", "label": "who", "spans": ["Chez Noe\u0308l"], "attributes": {"shape": "proper"}}


@pytest.fixture
def copy(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus, in which m1 has not seen fr_marche."""
    root = Path(shutil.copytree(tiny_root, tmp_path / "tiny"))
    assert not (root / SET).exists()
    return root


def take(root: Path, annotations: list[dict[str, Any]], *words: str, entities: Any = ()) -> Result:
    """Imports annotations of fr_marche by m1."""
    file = root / "work.json"
    file.write_text(json.dumps({"document": "fr_marche", "annotations": annotations, "entities": entities}))
    command = ["--root", str(root), "import", "quotations", str(file), "--as", "m1", *words]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def shop(**other: Any) -> dict[str, Any]:
    """A mention of the shop, an entity that the registry knows, with other fields."""
    return {**SHOP, "refs": {"referent": ["chez_noel"]}, **other}


NEW = {"id": "chez_noel", "type": "who", "name": "Chez No\u00ebl", "kb_status": "unchecked"}


def test_a_sound_set_is_written(copy: Path) -> None:
    result = take(copy, [shop()], entities=[NEW])

    assert result.exit_code == 0, result.stderr
    assert result.stdout == "fr_marche: 1 annotations\n"
    assert [one.id for one in files.read(copy).sets["m1", "fr_marche"].entities] == ["chez_noel"]


WRONG: dict[str, tuple[list[dict[str, Any]], str]] = {
    "label": ([shop(label="whom")], "work.json#s1 label: label 'whom' of"),
    "attribute": (
        [shop(attributes={"shape": "proper", "size": "big"})],
        "work.json#s1 attributes.size: attribute 'size'",
    ),
    "attribute value": ([shop(attributes={"shape": "round"})], "work.json#s1 attributes.shape: shape 'round' of"),
    "required attribute": ([shop(attributes={})], "work.json#s1 attributes.shape: "),
    "entity": ([shop(refs={"referent": ["nobody"]})], "work.json#s1 refs.referent: "),
    "role": ([shop(refs={"referent": ["chez_noel"], "kin": ["s1"]})], "work.json#s1 refs.kin: role 'kin' of"),
    "role target": (
        [shop(), {"id": "o1", "layer": "opinion", "label": "likes", "spans": ["ferme"], "refs": {"object": ["s2"]}}],
        "work.json#o1 refs.object: ",
    ),
    "required role": (
        [shop(), {"id": "o1", "layer": "opinion", "label": "likes", "spans": ["ferme"]}],
        "work.json#o1 refs.object: object of",
    ),
    "id": ([shop(id="s 1")], "work.json#s 1 id: id 's 1' of"),
    "no span": ([shop(spans=[])], "work.json#s1 spans: "),
    "constraint": ([shop(), shop(id="s2")], "(unique)"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_set_that_breaks_a_rule_is_refused_and_nothing_is_written(copy: Path, what: str) -> None:
    annotations, message = WRONG[what]

    result = take(copy, annotations, entities=[NEW])

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.splitlines()[-1].endswith("expected none: nothing is written")
    assert not (copy / SET).exists()


def test_all_that_is_wrong_is_told_at_once(copy: Path) -> None:
    result = take(copy, [shop(label="whom"), shop(id="s2", attributes={"shape": "round"})], entities=[NEW])

    *found, last = result.stderr.splitlines()
    assert [line.startswith("error: ") for line in found] == [True, True]
    assert last == "2 errors; expected none: nothing is written"


def test_a_warning_is_printed_and_the_set_is_written(copy: Path) -> None:
    result = take(copy, [shop(spans=["Chez No"])], entities=[NEW])

    assert result.exit_code == 0, result.stderr
    assert "warning: " in result.stderr
    assert "(span-word)" in result.stderr
    assert (copy / SET).exists()


def test_the_same_again_is_unchanged(copy: Path) -> None:
    take(copy, [shop()], entities=[NEW])

    assert take(copy, [shop()], entities=[NEW]).stdout == "fr_marche: 1 annotations, unchanged\n"


def test_what_is_added_needs_no_leave(copy: Path) -> None:
    take(copy, [shop()], entities=[NEW])

    result = take(copy, [shop(), {"layer": "register", "label": "chatty"}], entities=[NEW])

    assert result.stdout == "fr_marche: 1 -> 2 annotations\n"


@pytest.mark.parametrize(
    ("annotations", "entities", "said"),
    [
        ([], [NEW], "holds 1 other annotation (s1); expected all of it in the file too, or --replace"),
        ([shop(note="mine")], [NEW], "holds 1 other annotation (s1); expected"),
        ([], [], "holds 1 other annotation (s1) and 1 other entity (chez_noel); expected"),
    ],
)
def test_what_is_there_is_not_replaced_without_leave(copy: Path, annotations: Any, entities: Any, said: str) -> None:
    take(copy, [shop()], entities=[NEW])
    before = (copy / SET).read_bytes()

    result = take(copy, annotations, entities=entities)

    assert result.exit_code == 2
    assert said in result.stderr
    assert (copy / SET).read_bytes() == before


def test_what_is_replaced_is_counted(copy: Path) -> None:
    take(copy, [shop()], entities=[NEW])

    assert take(copy, [], "--replace").stdout == "fr_marche: 1 -> 0 annotations\n"


def test_two_files_of_one_document_are_refused(copy: Path) -> None:
    take(copy, [shop()], entities=[NEW])

    result = take(copy, [shop()], str(copy / "work.json"), entities=[NEW])

    assert result.exit_code == 2
    assert "document 'fr_marche' is in two files; expected one" in result.stderr


@pytest.mark.parametrize("which", ["tiny_root", "root"])
def test_every_set_comes_back_unchanged_from_its_quotations(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    root = request.getfixturevalue(which)
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(root / name, tmp_path / name)
    corpus = files.read(tmp_path)

    for (annotator, id), marked in corpus.sets.items():
        (tmp_path / "work.json").write_text(json.dumps(to_quotations(marked, corpus.documents[id], corpus.scheme)))
        command = ["--root", str(tmp_path), "import", "quotations", str(tmp_path / "work.json"), "--as", annotator]
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.stdout == f"{id}: {len(marked.annotations)} annotations, unchanged\n", result.stderr
