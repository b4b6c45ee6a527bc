"""Somebody else's export into shards says the same as into files."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import structs
from planted import SERIAL
from test_foreign import MAP, exported, tiny_raw

from standoff import files
from standoff.cli import main
from standoff.errors import SchemaError, StandoffError, StudioError, UsageError
from standoff.labelstudio.foreign import from_export, read_map
from standoff.model import AnnotationSet, Corpus
from standoff.shards import batches, listed
from standoff.shards import importing as importing_module
from standoff.shards.converting import pack
from standoff.shards.importing import ImportedShards, from_foreign

__all__ = ["tiny_raw"]

BY_TEXT = {"document": "", "documents": None}


def bare(root: Path, to: Path) -> Path:
    """The corpus without the sets that the export says."""
    place = Path(shutil.copytree(root, to / "root"))
    shutil.rmtree(place / "annotations" / "sets" / "a1")
    for kind in ("gold", "decisions"):
        shutil.rmtree(place / "annotations" / kind, ignore_errors=True)
    return place


def taken(place: Path, value: Any, to: Path, *, shards: int = 3, replace: bool = False, **map: Any) -> ImportedShards:
    """What comes of an export in shards of their own."""
    export = to / "export.json"
    export.write_text(json.dumps(value), encoding="utf-8")
    made = pack(place, f"{to}/shards", shards=shards, replace=True)
    mapped = MAP | map
    return from_foreign(
        place, made, str(export), mapped, f"{to}/out", "a1", work=to / "work", replace=replace, engine=SERIAL
    )


def sets_in(folder: Path) -> dict[str, AnnotationSet]:
    """The annotator's sets that shards hold."""
    found = (one for shard in listed(str(folder)) for batch in batches(shard) for one in batch.bundles)
    return {marked.document: marked for one in found for marked in one.sets if marked.annotator == "a1"}


@pytest.mark.parametrize("unit", ["code points", "utf-16", "utf-8"])
@pytest.mark.parametrize("map", [{}, BY_TEXT])
@pytest.mark.parametrize("shards", [1, 3])
def test_an_export_says_of_shards_what_it_says_of_files(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path, unit: Any, map: Any, shards: int
) -> None:
    value = exported(tiny, tiny_raw, unit)
    value[1]["drafts"] = [{"id": 1}]
    value.append({"id": 9, "data": {"no": 77, "body": "Nobody saw it."}, "annotations": [], "predictions": [{}]})
    place = bare(tiny_root, tmp_path)
    corpus = files.read(place)
    names = read_map(MAP | map, corpus.scheme, documents=list(corpus.documents), place="map")
    expected = from_export(copy.deepcopy(value), names, corpus, tiny_raw, annotator="a1")

    found = taken(place, value, tmp_path, shards=shards, **map)

    assert (found.form, found.evidence, found.losses) == (expected.form, expected.evidence, expected.losses)
    assert len(found.losses) > 2
    assert sets_in(tmp_path / "out") == {one.document: one for one in expected.sets}
    assert (found.sets, found.annotations) == (3, sum(len(one.annotations) for one in expected.sets))


def regions(value: Any, number: int) -> list[Any]:
    """The regions of one task."""
    return [item for item in value[number]["annotations"][0]["result"] if item["type"] == "labels"]


def unit_of_its_own(value: Any) -> None:
    """One task counts otherwise than the others."""
    regions(value, 0)[0]["value"]["start"] += 1


def no_label(value: Any) -> None:
    """A word that the map does not have."""
    regions(value, 2)[0]["value"]["labels"] = ["WHO"]


def no_document(value: Any) -> None:
    """A document that the map does not have."""
    value[1]["data"]["no"] = 4


def twice(value: Any) -> None:
    """Two tasks of one document."""
    value.append(value[1] | {"id": 8})


def several(value: Any) -> None:
    """Two annotations of one task."""
    value[0]["annotations"] *= 2


def other_text(value: Any) -> None:
    """Another text."""
    value[2]["data"]["body"] += "!"


def other_form(value: Any) -> None:
    """A task of the other form."""
    value[1] = {"annotation_id": 3}


def nothing(value: Any) -> None:
    """No task at all."""
    value.clear()


@pytest.mark.parametrize(
    "wrong", [unit_of_its_own, no_label, no_document, twice, several, other_text, other_form, nothing]
)
def test_what_files_refuse_shards_refuse_and_nothing_is_written(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path, wrong: Any
) -> None:
    value = exported(tiny, tiny_raw)
    wrong(value)
    place = bare(tiny_root, tmp_path)
    corpus = files.read(place)
    names = read_map(MAP, corpus.scheme, documents=list(corpus.documents), place="map")
    export = str(tmp_path / "export.json")
    with pytest.raises(StandoffError) as expected:
        from_export(copy.deepcopy(value), names, corpus, tiny_raw, annotator="a1", place=export)

    with pytest.raises(StudioError) as found:
        taken(place, value, tmp_path)

    assert str(found.value) == str(expected.value)
    assert not (tmp_path / "out").exists()


def test_a_map_that_names_what_is_not_there_is_refused(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path
) -> None:
    place = bare(tiny_root, tmp_path)
    with pytest.raises(SchemaError, match="'en_fare' is no document"):
        taken(place, exported(tiny, tiny_raw), tmp_path, documents={"1": "en_fare"})


def test_a_set_that_is_there_is_replaced_only_if_asked(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path
) -> None:
    place = Path(shutil.copytree(tiny_root, tmp_path / "root"))
    # Of one document, another set is there.
    there = tiny.sets["a1", "fr_marche"]
    files.write_set(place, structs.replace(there, annotations=()), tiny.scheme)
    value = [one for one in exported(tiny, tiny_raw) if one["data"]["no"] == 3]

    with pytest.raises(UsageError, match="'a1' has another set there, of 0 annotations"):
        taken(place, value, tmp_path)
    assert not (tmp_path / "out").exists()
    taken(place, value, tmp_path, replace=True)

    assert sets_in(tmp_path / "out")["fr_marche"].annotations == there.annotations
    assert sets_in(tmp_path / "out")["en_fair"] == tiny.sets["a1", "en_fair"]


def test_an_export_is_read_some_tasks_at_a_time(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing_module, "_CHUNK", 1)
    assert taken(bare(tiny_root, tmp_path), exported(tiny, tiny_raw), tmp_path).sets == 3


def test_the_command_tells_what_the_folder_form_tells(
    tiny: Corpus, tiny_root: Path, tiny_raw: dict[str, str], tmp_path: Path
) -> None:
    place = bare(tiny_root, tmp_path)
    (tmp_path / "map.json").write_text(json.dumps(MAP), encoding="utf-8")
    (tmp_path / "export.json").write_text(json.dumps(exported(tiny, tiny_raw)), encoding="utf-8")
    pack(place, f"{tmp_path}/shards", shards=2)
    given = [f"{tmp_path}/export.json", "--map", f"{tmp_path}/map.json", "--as", "a1"]
    over = ["--out", f"{tmp_path}/out", "--engine", "serial", "--work", f"{tmp_path}/work"]

    one = CliRunner().invoke(main, ["--root", str(place), "shards", "take", f"{tmp_path}/shards", *given, *over])
    other = CliRunner().invoke(main, ["--root", str(place), "import", "labelstudio", *given])

    assert (one.exit_code, other.exit_code) == (0, 0), one.output + other.output
    assert one.output.splitlines()[:2] == other.output.splitlines()[:2]
    assert one.output.splitlines()[2].startswith(f"{tmp_path}/out: 3 sets, ")
