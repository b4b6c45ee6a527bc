"""Exports as tables and back: nothing of them is lost, however they are cut into pieces."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from standoff.errors import FileError
from standoff.labelstudio.columns import TABLES, from_tables, to_parquet, to_tables
from standoff.labelstudio.results import _carefully, _quickly
from standoff.labelstudio.streaming import tasks
from standoff.labelstudio.tasks import to_task
from standoff.model import Corpus

AT = {"start": 0, "end": 3, "text": "Ada"}
REGION = {"id": "r1", "from_name": "naming", "to_name": "text", "type": "labels", "value": {**AT, "labels": ["who"]}}
CHOICE = {"id": "r1", "from_name": "naming-shape", "to_name": "text", "type": "choices", "value": {"choices": ["a"]}}
NOTE = {"id": "r1", "from_name": "naming-note", "to_name": "text", "type": "textarea", "value": {"text": ["x", "y"]}}
LINK = {"from_id": "r1", "to_id": "r2", "type": "relation", "direction": "right", "labels": ["said"]}
STRANGE = [
    {},
    {"type": "labels", "value": {}},
    {"type": "labels", "value": None},
    {"type": "rectanglelabels", "value": {"x": 1.5, "y": 2}, "id": "r9"},
    {**REGION, "score": 0.5},
    {**REGION, "meta": {"text": ['}, {"id": 1, "annotations": []']}},
    {**REGION, "value": {**AT, "start": 2**70}},
    {**REGION, "id": None},
    {**REGION, "value": {**AT, "text": 'Zoë \U0001f642 " \\ },{'}},
]


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


def there_and_back(value: Any, *, piece: int = 97, **written: Any) -> list[Any]:
    found = list(to_tables(io.BytesIO(json.dumps(value, **written).encode()), piece=piece))
    return list(from_tables({name: pa.concat_tables(part[name] for part in found) for name in TABLES}))


@given(
    st.lists(st.lists(st.sampled_from([REGION, CHOICE, NOTE, LINK, *STRANGE]), max_size=4), max_size=5),
    st.integers(1, 4000),
    st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}]),
)
def test_what_comes_back_is_what_was_there(results: list[Any], piece: int, written: Any) -> None:
    value = export(*results)

    assert there_and_back(value, piece=piece, **written) == value


@given(st.lists(st.lists(st.sampled_from([REGION, CHOICE, LINK, {}, STRANGE[-1]]), max_size=4), min_size=1, max_size=5))
def test_what_arrow_reads_is_what_is_read_one_by_one(results: list[Any]) -> None:
    written = [json.dumps(result).encode() for result in results]
    quick = _quickly(written)

    assert quick is not None
    assert quick == _carefully(written, str)


@pytest.mark.parametrize("item", [NOTE, *(item for item in STRANGE[1:] if item is not STRANGE[-1])])
def test_what_arrow_would_lose_or_refuses_is_not_read_by_it(item: Any) -> None:
    assert _quickly([json.dumps([REGION, item]).encode()]) is None


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


def test_a_large_export_is_read_piece_by_piece() -> None:
    data = json.dumps(export(*[[REGION, LINK]] * 500)).encode()

    parts = list(tasks(io.BytesIO(data), place="x", piece=4096))

    assert sum(map(len, parts)) == 500
    assert max(map(len, parts)) < 40


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
