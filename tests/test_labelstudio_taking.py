"""What a pull makes of one task, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from standoff.labelstudio.journal import Journal
from standoff.labelstudio.taking import Taking, taken
from standoff.model import Corpus


@pytest.mark.parametrize("ids", [(9, 12, 384), (384, 9, 12), (12, 384, 9)])
def test_several_annotations_of_a_task_are_told_in_the_order_in_which_they_were_made(
    ids: tuple[int, ...], tiny: Corpus, tmp_path: Path
) -> None:
    work = Taking(tiny, "a1", frozenset(), None, None)
    task = {"id": 7, "annotations": [{"id": id, "result": []} for id in ids]}

    (found,) = taken(task, work, "en_fair", Journal(tmp_path, "a1", "project")).findings

    assert found.rule == "studio-annotation-twice"
    assert found.message == "3 annotations (9, 12, 384); expected one: delete the one that does not count"
