"""Which tasks are as they were when they were last read: a list of them tells it sooner than reading them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from standoff import __version__
from standoff.canon import canonical
from standoff.labelstudio.client import Client
from standoff.labelstudio.journal import Journal, Seen
from standoff.labelstudio.projects import Project, tasks_of
from standoff.labelstudio.taking import Taking, Took
from standoff.labelstudio.tasks import digest
from standoff.model import Progress
from standoff.text import sha

__all__ = ["Glance", "glance", "listed", "means"]

_LISTED = "id,updated_at,annotations_ids,draft_exists"
"""What the server lists in half the time that the tasks themselves take it."""

_PAGE = 1000


class Glance(Struct, frozen=True):
    """What a list of a project's tasks tells before any is read."""

    took: tuple[Took, ...] = ()
    """What becomes of the documents whose tasks need not be read."""
    passed: Mapping[str, int] = {}
    """Document -> task, of those that are as they were."""
    rest: tuple[int, ...] | None = None
    """The tasks to read; None for all."""


def glance(client: Client, project: Project, work: Taking, journal: Journal, by: str, progress: Progress) -> Glance:
    """Looks for the tasks that are as they were when they were last read, and nothing was wrong.

    Every change of a task or of its annotations changes when it was updated, or which annotations it has; a draft
    changes neither, so that a task with one is always read.

    Args:
        by: see `means`.
    """
    remembered = {seen.task: id for id, seen in journal.documents.items() if seen.listed}
    if not remembered:
        return Glance()
    took: list[Took] = []
    passed: dict[str, int] = {}
    rest: list[int] = []
    for task in tasks_of(client, project.id, _LISTED, "looking at what has changed", progress, size=_PAGE):
        id = remembered.get(task["id"], "")
        document, seen = work.corpus.documents.get(id), journal.documents.get(id)
        if document is None or seen is None or seen.listed != listed(task, document.text_sha256, by):
            rest.append(task["id"])
        elif work.documents is not None and id not in work.documents:
            passed[id] = task["id"]
        elif one := _as_seen(id, seen, work):
            passed[id] = task["id"]
            took.append(one)
        else:
            rest.append(task["id"])
    return Glance(tuple(took), passed, tuple(rest))


def means(work: Taking) -> str:
    """What identifies all that tasks are read by, but for the text of a document.

    With another schema, registry or account, or another version of this package, the same task may read differently.
    """
    return sha(canonical([__version__, work.corpus.scheme.files, sorted(work.corpus.entities), sorted(work.accounts)]))


def listed(task: Mapping[str, Any], text: str, by: str) -> str:
    """What identifies a task, whole or as it is listed, together with what it is read by; empty where it has a draft.

    Args:
        text: the sha256 of the document's text.
        by: see `means`.
    """
    if task.get("draft_exists"):
        return ""
    return sha(canonical([task["id"], task["updated_at"], sorted(_annotations(task)), text, by]))


def _annotations(task: Mapping[str, Any]) -> Iterator[str]:
    """The ids of a task's annotations: they are listed as one text, in no order."""
    if "annotations" in task:
        yield from (str(one["id"]) for one in task["annotations"])
    else:
        yield from filter(None, str(task.get("annotations_ids") or "").replace(" ", "").split(","))


def _as_seen(id: str, seen: Seen, work: Taking) -> Took | None:
    """What becomes of a set whose task is as it was; None where the task has to be read."""
    disk = work.corpus.sets.get((work.annotator, id))
    if not seen.holds:
        return None if seen.base else Took(id, "unannotated", task=seen.task)
    if digest(disk, work.corpus.scheme) == seen.holds:
        return Took(id, "unchanged", seen.holds, task=seen.task)
    # Changed on disk alone. All else needs what the task holds.
    return Took(id, "ahead", task=seen.task) if disk is not None and seen.base == seen.holds else None
