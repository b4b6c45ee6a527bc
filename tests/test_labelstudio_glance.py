"""What a list of tasks tells of a task is the same as the task itself tells, and another after every change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from standoff.labelstudio.glance import listed, means
from standoff.labelstudio.taking import Taking
from standoff.model import Corpus

LISTED: dict[str, Any] = {
    "id": 7,
    "updated_at": "2026-11-22T13:00:19.432671Z",
    "annotations_ids": "12, 9",
    "draft_exists": False,
}
WHOLE = {"id": 7, "updated_at": LISTED["updated_at"], "annotations": [{"id": 9}, {"id": 12}], "draft_exists": False}


def test_a_task_tells_the_same_whole_and_listed() -> None:
    nobody = {**LISTED, "annotations_ids": ""}

    assert listed(LISTED, "text", "by") == listed(WHOLE, "text", "by") != ""
    assert listed(nobody, "text", "by") == listed({**WHOLE, "annotations": []}, "text", "by")


@pytest.mark.parametrize(
    "change",
    [
        {"id": 8},
        {"updated_at": "2026-11-22T13:00:19.432672Z"},
        {"annotations_ids": "9"},
        {"annotations_ids": "12, 9, 13"},
        {"annotations_ids": None},
    ],
)
def test_every_change_tells_something_else(change: dict[str, Any]) -> None:
    assert listed({**LISTED, **change}, "text", "by") != listed(LISTED, "text", "by")


def test_another_text_or_another_meaning_is_a_change_too() -> None:
    assert len({listed(LISTED, text, by) for text in ("text", "texts") for by in ("by", "bye")}) == 4


def test_a_task_with_a_draft_is_never_passed_over() -> None:
    assert listed({**LISTED, "draft_exists": True}, "text", "by") == ""


def test_tasks_mean_something_else_by_another_schema_registry_or_account(tiny: Corpus) -> None:
    work = Taking(tiny, "a1", frozenset({1}), None, None)
    scheme = structs.replace(tiny.scheme, files={**tiny.scheme.files, "views.json": "{}"})
    entities = dict(list(tiny.entities.items())[1:])
    others = (
        structs.replace(work, corpus=structs.replace(tiny, scheme=scheme)),
        structs.replace(work, corpus=structs.replace(tiny, entities=entities)),
        structs.replace(work, accounts=frozenset({1, 2})),
    )

    assert means(work) == means(structs.replace(work, keep="disk"))
    assert len({means(one) for one in (work, *others)}) == 4
