"""Exports as tables and back: nothing of them is lost, however they are cut into pieces."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from standoff.cli import main
from standoff.errors import FileError
from standoff.labelstudio import columns
from standoff.labelstudio.columns import TABLES, from_tables, to_parquet, to_tables
from standoff.labelstudio.streaming import parts
from standoff.labelstudio.tasks import to_task
from standoff.labelstudio.usual import usual
from standoff.model import AnnotationSet, Corpus, Document

AT = {"start": 0, "end": 3, "text": "Ada"}
REGION = {"id": "r1", "from_name": "naming", "to_name": "text", "type": "labels", "value": {**AT, "labels": ["who"]}}
CHOICE = {"id": "r1", "from_name": "naming-shape", "to_name": "text", "type": "choices", "value": {"choices": ["a"]}}
NOTE = {"id": "r1", "from_name": "naming-note", "to_name": "text", "type": "textarea", "value": {"text": ["x", "y"]}}
LINK = {"from_id": "r1", "to_id": "r2", "type": "relation", "direction": "right", "labels": ["said"]}
STRANGE = [
    {"type": "labels", "value": None},
    {"type": "rectanglelabels", "value": {"x": 1.5, "y": 2}, "id": "r9"},
    {**REGION, "score": 0.5},
    {**REGION, "meta": {"text": ['}, {"id": 1, "annotations": []']}},
    {**REGION, "value": {**AT, "start": 2**70}},
    {**REGION, "id": None},
    {**REGION, "from_name": "\0"},
    {**REGION, "value": {**AT, "labels": []}},
    {**REGION, "value": {**AT, "choices": ["\1", "\2"]}},
    {**NOTE, "value": {"text": []}},
]
USUAL = [
    REGION,
    CHOICE,
    NOTE,
    LINK,
    {},
    {"type": "labels", "value": {}},
    {**REGION, "value": {**AT, "text": 'Zoë \U0001f642 " \\ },{'}},
    {**REGION, "id": "", "value": {**AT, "text": "", "labels": [""]}},
    {**LINK, "labels": ["", "é", ""]},
    {**NOTE, "value": {"text": ["", "\n\x10\x7f"]}},
]
NUMBERS = st.integers(-(2**62), 2**62)
# JSON says these three by escapes that the slow way alone reads.
STRINGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in range(16)]))
LISTS = st.lists(STRINGS, min_size=1, max_size=3)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("type", "id", "from_name", "to_name", "origin", "from_id", "to_id", "direction"), STRINGS),
        "labels": LISTS,
        "value": st.fixed_dictionaries(
            {},
            optional={"start": NUMBERS, "end": NUMBERS, "text": STRINGS | LISTS, "labels": LISTS, "choices": LISTS},
        ),
    },
)
"""Items of any content, as long as their shape is the usual one."""


def export(*results: list[Any], **fields: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": n,
            "annotations": [{"id": 10 + n, "completed_by": 1, "result": result, "lead_time": 1.5}],
            "drafts": [],
            "data": {"text": "Ada sold 40 jars.", "title": '},{"id":7,"data":'},
            **fields,
        }
        for n, result in enumerate(results)
    ]


def tables_of(value: Any, *, piece: int = 97, group: int = 1 << 24, **written: Any) -> dict[str, pa.Table]:
    found = list(to_tables(io.BytesIO(json.dumps(value, **written).encode()), piece=piece, group=group))
    return {name: pa.concat_tables(part[name] for part in found) for name in TABLES}


def there_and_back(value: Any, **cut: Any) -> list[Any]:
    return list(from_tables(tables_of(value, **cut)))


WRITTEN = st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}])


@given(
    st.lists(st.lists(st.sampled_from([*USUAL, *STRANGE]), max_size=4), max_size=5),
    st.integers(1, 4000),
    st.integers(1, 4000),
    WRITTEN,
)
def test_what_comes_back_is_what_was_there(results: list[Any], piece: int, group: int, written: Any) -> None:
    value = export(*results)

    assert there_and_back(value, piece=piece, group=group, **written) == value


@given(
    st.lists(st.lists(st.sampled_from(USUAL) | ITEMS, max_size=4), min_size=1, max_size=5),
    st.integers(1, 4000),
    WRITTEN,
)
def test_the_fast_way_gives_what_the_slow_one_gives(results: list[Any], group: int, written: Any) -> None:
    value = export(*results)
    found = [usual(json.dumps(value[n : n + 1], **written).encode()) is not None for n in range(len(value))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "usual", lambda content: None)
        slow = tables_of(value, **written)

    assert all(found)
    assert tables_of(value, group=group, **written) == slow


@pytest.mark.parametrize("item", [item for item in STRANGE if item not in USUAL])
def test_what_is_of_another_shape_is_read_the_slow_way(item: Any) -> None:
    assert usual(json.dumps(export([REGION, item])).encode()) is None


def test_a_task_with_a_field_that_is_not_known_is_read_the_slow_way() -> None:
    value = export([REGION], score=0.5)

    assert usual(json.dumps(value).encode()) is None
    assert there_and_back(value) == value


@pytest.mark.parametrize(
    "content",
    [
        b'[{"id": 7, "annotations": [{"result": [{"id": "\xff"}]}]}]',
        b'[{"id": 7, "annotations": [{"id": "\xff", "result": []}]}]',
        b'[{"id": 7, "annotations": [], "data": {"text": "\xff"}}]',
    ],
)
def test_what_is_no_utf_8_is_refused_with_its_task(content: bytes) -> None:
    with pytest.raises(FileError, match="no task of an export: 'utf-8'") as refused:
        list(to_tables(io.BytesIO(content), place="export.json"))

    assert refused.value.place == "export.json task 7"


@pytest.mark.parametrize(
    "value",
    [
        [],
        [{}],
        [{"id": 1, "annotations": None, "data": {}}],
        [{"id": 1, "data": {"list": [{"id": 1, "data": 2}, {"id": 3, "data": 4}]}, "annotations": []}] * 40,
        [{"data": {"text": "x"}, "annotations": [{"result": None}, {}, {"result": []}]}] * 3,
        export([REGION], predictions=[{"id": 1, "result": [REGION]}], meta={"document": "d"}),
    ],
)
def test_odd_exports_come_back_as_well(value: list[Any]) -> None:
    assert there_and_back(value) == value


def test_tasks_of_a_corpus_come_back_by_way_of_files(tiny: Corpus, tmp_path: Path) -> None:
    value = [
        {"id": n, **to_task(marked, tiny.documents[id], tiny, annotator=who)}
        for n, ((who, id), marked) in enumerate(tiny.sets.items())
    ]
    (tmp_path / "export.json").write_text(json.dumps(value))
    told: list[tuple[str, int, int]] = []

    rows = to_parquet(tmp_path / "export.json", tmp_path / "out", progress=lambda *step: told.append(step))

    tables = {name: parquet.read_table(tmp_path / "out" / f"{name}.parquet") for name in TABLES}
    assert list(from_tables(tables)) == value
    assert rows == {name: table.num_rows for name, table in tables.items()}
    assert tables["items"]["json"].null_count == rows["items"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.parquet" for name in TABLES)
    assert told[-1][1] == told[-1][2] == (tmp_path / "export.json").stat().st_size


def served(document: Document, corpus: Corpus, marked: AnnotationSet, number: int) -> dict[str, Any]:
    """A task with the fields that a server exports, in its order."""
    task = to_task(marked, document, corpus, annotator=marked.annotator)
    at = "2026-11-22T11:07:43.183224Z"
    annotation = {
        **{"id": number, "completed_by": 1, "result": task["annotations"][0]["result"], "was_cancelled": False},
        **{"ground_truth": False, "created_at": at, "updated_at": at, "draft_created_at": None, "lead_time": 7.25},
        **{"prediction": {}, "result_count": 32, "unique_id": "079cd09b-3edb-4ece-8ae5-3a424aa2d5fa"},
        **{"import_id": None, "last_action": None, "bulk_created": False, "task": number, "project": 107},
        **{"updated_by": 1, "parent_prediction": None, "parent_annotation": None, "last_created_by": None},
    }
    return {
        **{"id": number, "annotations": [annotation], "drafts": [], "predictions": [], "data": task["data"]},
        **{"meta": task["meta"], "created_at": at, "updated_at": at, "allow_skip": True, "inner_id": number},
        **{"total_annotations": 1, "cancelled_annotations": 0, "total_predictions": 0, "comment_count": 0},
        **{"unresolved_comment_count": 0, "last_comment_updated_at": None, "project": 107, "updated_by": 1},
        **{"comment_authors": []},
    }


def test_an_export_of_a_server_becomes_tables_by_a_command(tiny: Corpus, tmp_path: Path) -> None:
    value = [
        served(tiny.documents[id], tiny, marked, n) for n, ((_, id), marked) in enumerate(sorted(tiny.sets.items()), 1)
    ]
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    (tmp_path / "export.json").write_text(content, encoding="utf-8")

    done = CliRunner().invoke(main, ["convert", str(tmp_path / "export.json"), "--out", str(tmp_path / "tables")])

    tables = {name: parquet.read_table(tmp_path / "tables" / f"{name}.parquet") for name in TABLES}
    assert usual(content.encode()) is not None
    assert (done.exit_code, done.stdout) == (
        0,
        "".join(f"{tmp_path / 'tables' / name}.parquet: {tables[name].num_rows} rows\n" for name in TABLES),
    )
    assert list(from_tables(tables)) == value


def test_the_python_of_the_page_on_exports_runs(
    root: Path, tiny: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = tiny.sets["a1", "en_fair"]
    (tmp_path / "export.json").write_text(json.dumps([served(tiny.documents["en_fair"], tiny, marked, 1)]))
    monkeypatch.chdir(tmp_path)
    page = (root / "docs" / "exports.md").read_text(encoding="utf-8")
    command, code = (page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("sh", "python"))

    assert CliRunner().invoke(main, command.split()[1:]).exit_code == 0
    exec(code, {})
    assert "naming-shape" in capsys.readouterr().out


def test_what_is_no_export_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text('[{"id": 1, "annotations": [{"result": [')

    done = CliRunner().invoke(main, ["convert", str(tmp_path / "export.json"), "--out", str(tmp_path / "tables")])

    assert (done.exit_code, done.stdout) == (2, "")
    assert "is no list of tasks in JSON" in done.stderr
    assert [*(tmp_path / "tables").iterdir()] == []


def test_a_large_export_is_read_piece_by_piece() -> None:
    data = json.dumps(export(*[[REGION, LINK]] * 500)).encode()

    found = [len(tasks or odd) for _, tasks, odd in parts(io.BytesIO(data), usual, place="x", piece=4096)]

    assert sum(found) == 500
    assert max(found) < 40


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"[1]", b"[{}] x", b'[{"id": 1}', b"[{}}]", b'"'])
def test_what_is_no_list_of_tasks_is_refused_with_its_file(content: bytes) -> None:
    with pytest.raises(FileError, match="list of tasks") as refused:
        list(to_tables(io.BytesIO(content), place="export.json"))

    assert refused.value.place == "export.json"


def test_annotations_of_another_shape_are_refused_with_their_task() -> None:
    with pytest.raises(FileError, match="no task of an export") as refused:
        list(to_tables(io.BytesIO(b'[{"id": 7, "annotations": [{"result": {}}]}]'), place="export.json"))

    assert refused.value.place == "export.json task 7"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        to_parquet(tmp_path / "none.json", tmp_path / "out")
