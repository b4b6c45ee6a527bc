"""Sets from Label Studio: every version is kept, and none is overwritten that only one side has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec
from msgspec import Struct

from standoff.errors import StudioError
from standoff.files import set_path, write
from standoff.labelstudio.client import Client, ask, connected, me
from standoff.labelstudio.glance import glance, listed, means
from standoff.labelstudio.items import fields
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.locks import alone
from standoff.labelstudio.projects import Project, batch_named, find_all, page_size, tasks_of, wanted_documents
from standoff.labelstudio.sending import in_bulk
from standoff.labelstudio.server import Studio
from standoff.labelstudio.taking import Taking, Took, taken
from standoff.labelstudio.users import account_of
from standoff.model import Corpus, Finding, Progress, silent

__all__ = ["PullReport", "pull"]

_TAKEN = (
    "id,data,meta,annotations,draft_exists,result,was_cancelled,ground_truth,completed_by,updated_by,created_at,"
    "updated_at,unique_id,lead_time,parent_prediction,last_action"
)
"""The fields of tasks and annotations that a pull reads and keeps; not the names and addresses of people."""

_WRITERS = 2

_DRAFTS = 50
"""Tasks whose drafts are asked for at once."""

_TOGETHER = 500
"""Tasks whose sets are written together, and then remembered: those of a page, while the next one is on its way."""


class PullReport(Struct, frozen=True, kw_only=True):
    """What a pull did: documents by what became of their sets."""

    annotator: str
    projects: tuple[int, ...] = ()
    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    """The set had changed on disk since it was pushed, and not on the server: nothing to take."""
    unannotated: tuple[str, ...] = ()
    """Nobody has submitted an annotation of the task yet."""
    gone: tuple[str, ...] = ()
    """There was an annotation, and the server has it no more; the set on disk stays."""
    conflicts: tuple[str, ...] = ()
    """Both sides have changed; both versions are in the journal, and the set on disk stays."""
    refused: tuple[str, ...] = ()
    """The task cannot be read as one set of the annotator; the set on disk stays."""
    findings: tuple[Finding, ...] = ()


def pull(
    root: Path,
    corpus: Corpus,
    annotator: str,
    studio: Studio,
    *,
    documents: Sequence[str] | None = None,
    batch: str | None = None,
    keep: Literal["disk", "studio"] | None = None,
    progress: Progress = silent,
) -> PullReport:
    """Takes what an annotator has submitted into the annotator's sets on disk.

    A set is taken where only the server's version has changed since both were the same. Everything the server shows
    goes to the journal. A pull that is cut off has written whole files or none, and the next one reads what is left:
    a task that was read before, with nothing wrong, is only looked at in a list until it changes.
    What cannot be taken is a finding, and keeps nothing else from being taken.

    Args:
        documents: which; all where not given.
        batch: whose project; all of the annotator's where not given.
        keep: whose version stays where both have changed; the other one stays in the journal.

    Raises:
        UsageError: the annotator or a document is not the corpus's.
        StudioError: there is no project, or the server fails.
        OSError: a set cannot be written; what could be is there.
    """
    wanted = None if documents is None else frozenset(wanted_documents(corpus, annotator, documents))
    wanted_documents(corpus, annotator, ())
    took: list[Took] = []
    with alone(root / ".standoff" / "journal" / "lock", progress), connected(studio) as client, in_bulk():
        projects = find_all(client, corpus, annotator)
        if batch is not None:
            projects = {name: project for name, project in projects.items() if name == batch_named(batch)}
        if not projects:
            name = f"{corpus.scheme.corpus}/{annotator}{f'/{batch}' if batch else ''}"
            raise StudioError(f"no project of {name}; expected one: standoff push", place=studio.url)
        own = account_of(root, studio, annotator)
        accounts = frozenset({me(client), *([own] if own else [])})
        work = Taking(corpus, annotator, accounts, keep, wanted)
        for project in projects.values():
            with closing(Journal(root, annotator, project.key)) as journal:
                took += _pulled(client, root, work, project, journal, progress)
    return _report(work, projects, took)


def _pulled(
    client: Client, root: Path, work: Taking, project: Project, journal: Journal, progress: Progress
) -> list[Took]:
    """Takes one project's sets. While tasks are read, those that were taken are written."""
    by = means(work)
    seen_before = glance(client, project, work, journal, by, progress)
    took = {one.document: one for one in seen_before.took}
    tasks = dict(seen_before.passed)
    with _Writer(root, work.annotator, journal) as writer:
        for one in seen_before.took:
            writer.take(one)
        for task in _tasks(client, project, work.corpus, seen_before.rest, progress):
            id = str(fields(task, "data", "id"))
            again = id in tasks
            first = tasks.setdefault(id, task["id"])
            if work.documents is not None and id not in work.documents:
                continue
            if again:
                message = f"tasks {first} and {task['id']} both show it; expected one: delete the one without work"
                took[id] = Took(id, "refused", findings=(work.found(id, "studio-task-twice", message),))
                continue
            journal.keep(id, task)
            one = taken(task, work, id, journal)
            if not (one.findings or one.meta):
                one = msgspec.structs.replace(one, listed=listed(task, work.corpus.documents[id].text_sha256, by))
            writer.take(one)
            took[id] = msgspec.structs.replace(one, text="")
        for id, seen in journal.documents.items():
            if id not in tasks and seen.version and (work.documents is None or id in work.documents):
                message = f"task {seen.task} is gone; what it last held is in {seen.at}, and the set on disk stays"
                took[id] = Took(id, "gone", findings=(work.found(id, "studio-gone", message),))
    told = [one for one in took.values() if one.meta]
    for n, one in enumerate(told):
        progress("telling which entities are new", n, len(told))
        ask(client, "PATCH", f"api/tasks/{one.task}/", body={"meta": one.meta})
    return list(took.values())


class _Writer:
    """Puts sets in their places, many at a time: while the server makes the next page, and not while this one is read.

    Leaving it waits for all, and remembers what both sides have since: also where the work was cut off. A pull that is
    killed has remembered all but what it took last.
    """

    def __init__(self, root: Path, annotator: str, journal: Journal) -> None:
        self._root, self._annotator, self._journal = root, annotator, journal
        self._pool = ThreadPoolExecutor(_WRITERS)
        self._waiting: list[Took] = []
        self._written: list[tuple[Took, Future[bool]]] = []
        self._taken = 0

    def take(self, one: Took) -> None:
        """Writes a set where one is to be written."""
        self._taken += 1
        if one.became == "written":
            self._waiting.append(one)
        else:
            self._remember(one)
        if self._taken % _TOGETHER == 0:
            self._save()
            self._write()

    def _write(self) -> None:
        for one in self._waiting:
            path = set_path(self._root, self._annotator, one.document)
            kept = msgspec.structs.replace(one, text="", meta={})
            self._written.append((kept, self._pool.submit(write, path, one.text)))
        self._waiting = []

    def _remember(self, one: Took) -> None:
        if one.base:
            self._journal.agree(one.document, one.base)
        if one.listed:
            self._journal.read(one.document, one.listed, one.base or self._journal.base(one.document) or "")

    def _save(self) -> None:
        """Remembers what is in its place by now."""
        left = []
        for one, future in self._written:
            if future.done() and not future.exception():
                self._remember(one)
            else:
                left.append((one, future))
        self._written = left
        self._journal.save()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._write()
        self._pool.shutdown(wait=True)
        self._save()
        if error is None and self._written:
            self._written[0][1].result()


def _tasks(
    client: Client, project: Project, corpus: Corpus, only: Sequence[int] | None, progress: Progress
) -> Iterator[dict[str, Any]]:
    """Tasks of a project, with every draft: a list of tasks shows nobody but its author a draft."""
    waiting: list[dict[str, Any]] = []
    size = page_size(corpus)
    for task in tasks_of(client, project.id, _TAKEN, "pulling tasks", progress, size=size, only=only):
        if not task.get("draft_exists"):
            yield task
            continue
        waiting.append(task)
        if len(waiting) == _DRAFTS:
            yield from _with_drafts(client, project, waiting)
            waiting = []
    yield from _with_drafts(client, project, waiting)


def _with_drafts(client: Client, project: Project, tasks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if not tasks:
        return
    asked = {"exportType": "JSON", "download_all_tasks": "true", "ids[]": [task["id"] for task in tasks]}
    found = ask(client, "GET", f"api/projects/{project.id}/export", params=asked)
    drafts = {task["id"]: task["drafts"] for task in found}
    for task in tasks:
        yield task | {"drafts": drafts.get(task["id"], [])}


def _report(work: Taking, projects: Mapping[str, Project], took: Sequence[Took]) -> PullReport:
    became = {
        name: tuple(sorted(one.document for one in took if one.became == name))
        for name in ("written", "unchanged", "ahead", "unannotated", "gone", "conflicts", "refused")
    }
    return PullReport(
        annotator=work.annotator,
        projects=tuple(project.id for project in projects.values()),
        findings=tuple(sorted(one for each in took for one in each.findings)),
        **became,
    )
