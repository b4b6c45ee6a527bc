"""How far the work in a server's projects has come, without reading what was marked."""

from __future__ import annotations

from msgspec import Struct

from standoff.labelstudio.client import connected
from standoff.labelstudio.projects import named, tasks_of
from standoff.labelstudio.server import Studio
from standoff.model import Progress, silent

__all__ = ["Work", "work_of"]

_PAGE = 1000


class Work(Struct, frozen=True):
    """What a project holds: tasks."""

    name: str
    """The annotator, or annotator/batch; an adjudicator's is called adjudication:NAME."""
    url: str
    tasks: int
    submitted: int
    """Those that have an annotation, drawn there or pushed."""
    drafts: int
    """Those in which something was drawn that is not submitted."""


def work_of(studio: Studio, corpus: str, *, progress: Progress = silent) -> tuple[Work, ...]:
    """The projects that a server has of a corpus, by name.

    Raises:
        StudioError: the server refuses or fails to answer.
    """
    found = []
    with connected(studio) as client:
        for name, id in named(client, corpus):
            fields = "id,annotations_ids,draft_exists"
            tasks = list(tasks_of(client, id, fields, f"counting tasks of {name}", progress, size=_PAGE))
            submitted = sum(bool(task["annotations_ids"]) for task in tasks)
            drafts = sum(bool(task["draft_exists"]) for task in tasks)
            found.append(Work(name, f"{studio.url}/projects/{id}/data", len(tasks), submitted, drafts))
    return tuple(sorted(found, key=lambda work: work.name))
