"""An annotator's projects in Label Studio, and the tasks that they have of the corpus's documents."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import StudioError, UsageError, nearest
from standoff.files import set_path
from standoff.labelstudio.client import PAGE, Client, ask, pages
from standoff.labelstudio.controls import FRAGMENT, TEXT, WATCHED, Control, controls, links
from standoff.labelstudio.interface import interface
from standoff.labelstudio.items import fields
from standoff.model import GOLD, Corpus, Finding, Progress, Severity
from standoff.scheme import Scheme
from standoff.text import sha

__all__ = [
    "Known",
    "Project",
    "batch_named",
    "change_interface",
    "create",
    "documents_of",
    "find",
    "find_all",
    "finding",
    "known_tasks",
    "named",
    "page_size",
    "shown",
    "tasks_of",
    "used_but_gone",
    "wanted_documents",
]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

_PAGE_CHARACTERS = 8_000_000
"""Text on one page of tasks, so that a page of long articles needs no more memory than one of short ones."""


class Project(Struct, frozen=True):
    """A project of the server: one annotator's, and one batch's where it has a name."""

    id: int
    interface: str
    batch: str
    born: str
    """When it was made; id and birth together belong to no other project, whatever server is started anew."""

    @property
    def key(self) -> str:
        """The name of its folder in the journal."""
        return f"{self.id}-{re.sub('[^0-9]', '', self.born)}"


class Known(Struct, frozen=True):
    """A task that the server has of a document."""

    id: int
    base: str
    """The digest of the set that was pushed last; empty for none."""
    text: str
    """The sha256 of the text that it shows."""
    shown: str
    """What identifies what it shows and knows."""
    entities: str = ""
    """What identifies the entities that it knows of its annotator."""
    told: dict[str, Any] = {}
    """What the annotator has been told in it, by its field; a push leaves it."""
    again: tuple[int, ...] = ()
    """Further tasks of the same document, which should not be."""


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


def find_all(client: Client, corpus: Corpus, annotator: str) -> dict[str, Project]:
    """Batch -> the annotator's project of it. A project is known by its marker, not by its title.

    Raises:
        StudioError: several projects carry one marker.
    """
    marker = re.compile(re.escape(f"[standoff:{corpus.scheme.corpus}/{annotator}") + rf"(?:/({_NAME.pattern}))?\]")
    found: dict[str, Project] = {}
    for one in _projects(client):
        if marked := marker.search(one["description"] or ""):
            project = Project(one["id"], one["label_config"] or "", marked[1] or "", one["created_at"])
            if project.batch in found:
                ids = f"{found[project.batch].id}, {project.id}"
                raise StudioError(f"projects {ids} all say {marked[0]}; expected one", place=annotator)
            found[project.batch] = project
    return dict(sorted(found.items()))


def named(client: Client, corpus: str) -> Iterator[tuple[str, int]]:
    """The name and the id of each project that the server has of a corpus: annotator, or annotator/batch."""
    marker = re.compile(re.escape(f"[standoff:{corpus}/") + r"([^\]]+)\]")
    for one in _projects(client):
        if marked := marker.search(one["description"] or ""):
            yield marked[1], one["id"]


def find(client: Client, corpus: Corpus, annotator: str, batch: str = "") -> Project | None:
    """The annotator's project of a batch; None where there is none."""
    return find_all(client, corpus, annotator).get(batch)


def create(client: Client, corpus: Corpus, annotator: str, batch: str) -> Project:
    """A new project of an annotator, with the interface that the scheme calls for."""
    name = f"{annotator}/{batch}" if batch else annotator
    made = ask(
        client,
        "POST",
        "api/projects/",
        body={
            # Label Studio takes 50 characters; the end is what tells the projects apart.
            "title": f"{corpus.scheme.title[:15]} ({corpus.scheme.corpus[:15]}) {name}"[:50],
            "description": f"Made by standoff, which finds it by this: [standoff:{corpus.scheme.corpus}/{name}]",
            "label_config": interface(corpus.scheme),
        },
    )
    return Project(made["id"], made["label_config"] or "", batch, made["created_at"])


def change_interface(client: Client, project: Project, wanted: str) -> None:
    """Gives a project another interface.

    Raises:
        StudioError: the server refuses it, because annotations use what it does not have any more.
    """
    ask(client, "PATCH", f"api/projects/{project.id}/", body={"label_config": wanted})


def batch_named(name: str) -> str:
    """The name of a batch, when it is one.

    Raises:
        UsageError: it does not fit into a project's marker.
    """
    if name and not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} does not match {_NAME.pattern}", place="batch")
    return name


def tasks_of(
    client: Client,
    project: int,
    include: str,
    what: str,
    progress: Progress,
    *,
    size: int = PAGE,
    only: Sequence[int] | None = None,
) -> Iterator[dict[str, Any]]:
    """The tasks of a project with the fields that are wanted: all, or only some."""
    seen = 0
    for page, total in pages(client, project, include=include, size=size, only=only):
        for raw in page:
            progress(what, seen, total)
            seen += 1
            task: dict[str, Any] = msgspec.json.decode(raw)
            yield task
        progress(what, seen, total)


def page_size(corpus: Corpus) -> int:
    """How many tasks of a corpus's documents go on a page."""
    characters = sum(len(document.text) for document in corpus.documents.values())
    mean = characters // max(len(corpus.documents), 1)
    return max(20, min(PAGE, _PAGE_CHARACTERS // max(mean, 1)))


def known_tasks(client: Client, project: int, progress: Progress, *, size: int = PAGE) -> dict[str, Known]:
    """Document -> the task that a project has of it."""
    known: dict[str, Known] = {}
    for task in tasks_of(client, project, "id,data,meta", "looking at what is there", progress, size=size):
        id = str(task["data"].get("id"))
        if id in known:
            known[id] = msgspec.structs.replace(known[id], again=(*known[id].again, task["id"]))
            continue
        text = sha(str(task["data"].get(TEXT)))
        told = {name: task["data"][name] for name in WATCHED if name in task["data"]}
        meta = task["meta"] or {}
        entities = sha(canonical(meta.get("entities")))
        known[id] = Known(task["id"], meta.get("sha256") or "", text, shown(task), entities, told)
    return known


def documents_of(client: Client, project: int, progress: Progress) -> set[str]:
    """The documents that a project has tasks of."""
    tasks = tasks_of(client, project, "id,meta", "looking at other batches", progress)
    return {str((task["meta"] or {}).get("document")) for task in tasks}


def used_but_gone(client: Client, project: int, scheme: Scheme, progress: Progress) -> Iterator[str]:
    """What annotations of a project use and the interface of a scheme does not have, and in which documents."""
    known = controls(scheme)
    relations = {FRAGMENT, *(role.name for layer in scheme.layers for role in links(layer))}
    relations |= {label for layer in scheme.layers if layer.kind == "relation" for label in layer.label_names}
    gone: dict[str, set[str]] = {}
    for task in tasks_of(client, project, "id,meta,annotations,result", "looking at what is used", progress):
        for annotation in task["annotations"]:
            for word in _gone(annotation["result"] or (), known, relations):
                gone.setdefault(word, set()).add(str((task["meta"] or {}).get("document")))
    for word, documents in sorted(gone.items()):
        first, more = sorted(documents)[:3], len(documents) - 3
        yield f"{word} is used in {', '.join(first)}{f' and {more} more' if more > 0 else ''}"


def _gone(result: Iterable[Any], known: Mapping[str, Control], relations: Collection[str]) -> Iterator[str]:
    for item in result:
        if fields(item, "type") == "relation":
            yield from (f"relation {label!r}" for label in item.get("labels") or () if label not in relations)
            continue
        control = known.get(fields(item, "from_name"))
        if control is None:
            yield f"{fields(item, 'from_name')!r}"
        elif control.values:
            words = fields(item, "value", "labels" if control.kind == "labels" else "choices") or ()
            yield from (f"{word!r} of {control.name!r}" for word in words if word not in control.values)


def shown(task: Mapping[str, Any]) -> str:
    """What identifies what a task shows and knows, but for the version of its set and what it tells the annotator."""
    data = {name: value for name, value in task["data"].items() if name not in WATCHED}
    meta = {name: value for name, value in (task["meta"] or {}).items() if name != "sha256"}
    return sha(canonical([data, meta]))


def finding(
    annotator: str,
    document: str,
    rule: str,
    message: str,
    place: str = "",
    *,
    severity: Severity = "error",
) -> Finding:
    """Something that is wrong between a set on disk and its task."""
    return Finding(set_path(Path(), annotator, document).as_posix(), document, place, rule, severity, message)


def _projects(client: Client) -> Iterator[dict[str, Any]]:
    page = 1
    while page:
        params = {"page": page, "page_size": 100, "include": "id,description,label_config,created_at"}
        found = ask(client, "GET", "api/projects/", params=params)
        yield from found["results"]
        page = page + 1 if found["next"] else 0
