"""An annotator's project in Label Studio, and the tasks that it has of the corpus's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import StudioError, UsageError, nearest
from standoff.labelstudio.client import pages
from standoff.labelstudio.controls import TEXT
from standoff.labelstudio.interface import interface
from standoff.model import GOLD, Corpus, Progress
from standoff.text import sha

if TYPE_CHECKING:
    from label_studio_sdk import AllRolesProjectList, LabelStudio

__all__ = ["Known", "Project", "ensure", "find", "known_tasks", "shown", "tasks_of", "wanted_documents"]


class Project(Struct, frozen=True):
    """A project of the server."""

    id: int
    interface: str


class Known(Struct, frozen=True):
    """A task that the server has of a document."""

    id: int
    base: str
    """The digest of the set that was pushed, or pulled, last; empty for none."""
    text: str
    """The sha256 of the text that it shows."""
    shown: str
    """What identifies all of its data and meta."""


def wanted_documents(corpus: Corpus, annotator: str, documents: Sequence[str] | None) -> list[str]:
    """The documents that are meant, in order of their ids; all where none are named.

    Raises:
        UsageError: the annotator or a document is not the corpus's.
    """
    if annotator == GOLD or annotator not in corpus.annotators:
        known = list(corpus.annotators)
        raise UsageError(
            f"{annotator!r} is no annotator{nearest(annotator, known)}; "
            f"expected one of {', '.join(known) or 'none yet'}",
            place="annotations/annotators.json",
        )
    for id in documents or ():
        if id not in corpus.documents:
            raise UsageError(f"{id!r} is no document{nearest(id, list(corpus.documents))}", place="corpus/documents")
    return sorted(corpus.documents if documents is None else set(documents))


def find(client: LabelStudio, corpus: Corpus, annotator: str) -> Project | None:
    """The annotator's project; None where there is none. It is known by its marker, not by its title.

    Raises:
        StudioError: several projects carry the marker.
    """
    marker = _marker(corpus, annotator)
    every: Iterable[AllRolesProjectList] = client.projects.list(page_size=100)
    found = [one for one in every if marker in (one.description or "")]
    if len(found) > 1:
        ids = ", ".join(str(one.id) for one in found)
        raise StudioError(f"projects {ids} all say {marker}; expected one", place=annotator)
    for one in found:
        if one.id is not None:
            return Project(one.id, one.label_config or "")
    return None


def ensure(client: LabelStudio, corpus: Corpus, annotator: str, found: Project | None) -> int:
    """The annotator's project, made where none was found, with the interface that the scheme calls for now.

    Raises:
        StudioError: the server refuses the interface, because annotations use what it does not have any more.
    """
    wanted = interface(corpus.scheme)
    if found is not None:
        if found.interface != wanted:
            client.projects.update(found.id, label_config=wanted)
        return found.id
    created = client.projects.create(
        # Label Studio takes 50 characters.
        title=f"{corpus.scheme.title[:15]} ({corpus.scheme.corpus[:15]}) {annotator}"[:50],
        description=f"Made by standoff, which finds it by this: {_marker(corpus, annotator)}",
        label_config=wanted,
    )
    if created.id is None:
        raise StudioError("a project was made and has no id; expected one", place=annotator)
    return created.id


def tasks_of(
    client: LabelStudio, project: int, include: str, what: str, progress: Progress
) -> Iterator[dict[str, Any]]:
    """All tasks of a project with the fields that are wanted."""
    seen = 0
    for page, total in pages(client, project, include=include):
        for task in page:
            progress(what, seen, total)
            seen += 1
            yield task


def known_tasks(client: LabelStudio, project: int, progress: Progress) -> dict[str, Known]:
    """Document -> the task that a project has of it.

    Raises:
        StudioError: a document has several.
    """
    known: dict[str, Known] = {}
    for task in tasks_of(client, project, "id,data,meta", "looking at what is there", progress):
        id = str(task["data"].get("id"))
        if id in known:
            raise StudioError(f"has tasks {known[id].id} and {task['id']}; expected one", place=id)
        text = sha(str(task["data"].get(TEXT)))
        known[id] = Known(task["id"], (task["meta"] or {}).get("sha256") or "", text, shown(task))
    return known


def shown(task: Mapping[str, Any]) -> str:
    """What identifies all of a task's data and meta."""
    return sha(canonical([task["data"], task["meta"]]))


def _marker(corpus: Corpus, annotator: str) -> str:
    return f"[standoff:{corpus.scheme.corpus}/{annotator}]"
