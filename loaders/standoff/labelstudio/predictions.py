"""The tasks before an annotator with the predictions that stand beside them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from standoff.errors import StudioError
from standoff.labelstudio.client import Client, ask
from standoff.labelstudio.projects import find_all, page_size, tasks_of
from standoff.labelstudio.server import Studio
from standoff.model import Corpus, Progress

__all__ = ["Shown", "shown_tasks"]

_FIELDS = "id,data,meta,annotations,result,was_cancelled,created_at,parent_prediction"


class Shown(Struct, frozen=True):
    """A task as its annotator has it."""

    project: int
    task: dict[str, Any]
    predictions: list[dict[str, Any]]


def shown_tasks(client: Client, corpus: Corpus, annotator: str, studio: Studio, progress: Progress) -> dict[str, Shown]:
    """Document -> its task in the annotator's projects, with what was submitted and what is suggested.

    Raises:
        StudioError: the annotator has no project, or a document has two tasks.
    """
    projects = find_all(client, corpus, annotator)
    if not projects:
        raise StudioError(
            f"no project of {corpus.scheme.corpus}/{annotator}; expected one: standoff push", place=studio.url
        )
    found: dict[str, Shown] = {}
    for project in projects.values():
        predictions: dict[int, list[dict[str, Any]]] = {}
        for prediction in ask(client, "GET", "api/predictions/", params={"project": project.id}):
            predictions.setdefault(prediction["task"], []).append(prediction)
        size = page_size(corpus)
        for task in tasks_of(client, project.id, _FIELDS, "looking at what is there", progress, size=size):
            id = str(task["data"].get("id"))
            if id in found:
                raise StudioError(f"has tasks {found[id].task['id']} and {task['id']}; expected one", place=id)
            found[id] = Shown(project.id, task, predictions.get(task["id"], []))
    return found
