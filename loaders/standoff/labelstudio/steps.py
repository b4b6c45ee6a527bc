"""What a push is to do to each task, decided from the set on disk, the task, and what both sides last had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, to_builtins

from standoff.canon import canonical
from standoff.errors import StandoffError, StudioError
from standoff.files import set_path
from standoff.labelstudio.client import Client, ask
from standoff.labelstudio.export import check, done, from_task
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.projects import Known, Project, finding, shown
from standoff.labelstudio.tasks import digest, showable, to_task
from standoff.model import Corpus, Finding, Progress
from standoff.text import sha

__all__ = ["Step", "Work", "steps"]


class Step(Struct, frozen=True):
    """What is to become of one document's task."""

    document: str
    became: Literal["created", "replaced", "refreshed", "unchanged", "refused"]
    task: dict[str, Any]
    known: Known | None = None
    result: Literal["nothing", "new", "instead"] = "nothing"
    """What has to be sent so that the task holds the set on disk."""
    annotation: int = 0
    """The one whose result is replaced."""
    finding: Finding | None = None

    @property
    def base(self) -> str:
        """The digest of the set that both sides have afterwards."""
        return str(self.task["meta"]["sha256"])


class Work(Struct, frozen=True):
    """What a push works on."""

    corpus: Corpus
    annotator: str
    batch: str
    account: int | None
    """The annotator's, where the server has one."""
    progress: Progress

    def task(self, id: str) -> dict[str, Any]:
        """The task that shows a document and what is marked in it."""
        marked = self.corpus.sets.get((self.annotator, id))
        made = to_task(marked, self.corpus.documents[id], self.corpus, annotator=self.annotator)
        for annotation in made.get("annotations", ()) if self.account else ():
            annotation["completed_by"] = self.account
        return made


def steps(
    client: Client,
    work: Work,
    wanted: Sequence[str],
    known: Mapping[str, Known],
    elsewhere: Mapping[str, Project],
    journal: Journal,
) -> Iterator[Step]:
    """What is to become of each document's task, decided when it is asked for."""
    for id in wanted:
        try:
            yield _step(client, work, id, known.get(id), elsewhere.get(id), journal)
        except StandoffError as error:
            if isinstance(error, StudioError) and error.status is not None:
                raise
            place = error.place.removeprefix(f"{work.annotator}/{id}").strip()
            yield Step(id, "refused", {}, finding=finding(work.annotator, id, "studio-push", error.message, place))


def _step(
    client: Client, work: Work, id: str, known: Known | None, elsewhere: Project | None, journal: Journal
) -> Step:
    """What is to become of a document's task.

    Raises:
        StandoffError: the set would not come back as it is, or work that is there would be harmed.
    """
    if elsewhere:
        raise StudioError(f"is in batch {elsewhere.batch!r} (project {elsewhere.id}); expected it in one batch")
    showable(work.corpus.documents[id])
    task, marked = work.task(id), work.corpus.sets.get((work.annotator, id))
    if marked is not None:
        check(task, marked, work.corpus)
    if known is None:
        return Step(id, "created", task)
    if known.again:
        twice = ", ".join(map(str, (known.id, *known.again)))
        raise StudioError(f"has tasks {twice}; expected one: pull, and delete the one that holds no work")
    here, seen = task["meta"]["sha256"], journal.base(id)
    if known.text != work.corpus.documents[id].text_sha256:
        return _of_another_text(client, id, task, known)
    if here != (known.base if seen is None else seen):
        return _replacement(client, work, id, task, known, journal)
    if known.shown == shown(task):
        return Step(id, "unchanged", task, known)
    if known.base != here and known.entities != sha(canonical(task["meta"]["entities"])):
        raise StudioError(f"task {known.id} was changed from another checkout since; pull first")
    return Step(id, "refreshed", task, known)


def _of_another_text(client: Client, id: str, task: dict[str, Any], known: Known) -> Step:
    """A task that shows another text: it is given the new one where nobody can have marked anything in the old."""
    there = ask(client, "GET", f"api/tasks/{known.id}/", params={"resolve_uri": "false"})
    # Nothing but an export shows drafts to somebody else than their author.
    params = {"exportType": "JSON", "download_all_tasks": "true", "ids[]": known.id}
    (shown_whole,) = ask(client, "GET", f"api/projects/{there['project']}/export", params=params)
    if shown_whole["annotations"] or shown_whole["drafts"] or known.base or "annotations" in task:
        raise StudioError(
            f"task {known.id} shows another text of it, with sha256 {known.text}; expected the document's: "
            "pull, delete the task, and push again"
        )
    return Step(id, "refreshed", task, known)


def _replacement(client: Client, work: Work, id: str, task: dict[str, Any], known: Known, journal: Journal) -> Step:
    """How the set on disk gets into a task into which another one was pushed.

    Raises:
        StudioError: somebody has worked on the task since, or this checkout cannot know.
    """
    there = ask(client, "GET", f"api/tasks/{known.id}/", params={"resolve_uri": "false"})
    journal.keep(id, there)
    marked, seen, submitted = work.corpus.sets.get((work.annotator, id)), journal.base(id), done(there)
    if marked is None:
        path = set_path(Path(), work.annotator, id)
        raise StudioError(f"was pushed, and {path} is not there any more; pull it, or restore it")
    if not submitted and not known.base and not seen:
        return Step(id, "replaced", task, known, "new")
    # A push that was cut off between the two requests left the new result in a task that still names the old entities.
    arrived = there | {"meta": there["meta"] | {"entities": list(to_builtins(marked.entities))}}
    if _reads_as(arrived, work) == task["meta"]["sha256"]:
        return Step(id, "replaced", task, known)
    holds = _reads_as(there, work)
    if seen is None:
        raise StudioError(f"differs from task {known.id}, and this checkout has never pulled it; pull first")
    if not submitted or holds != seen:
        raise StudioError(f"has changed on disk and in task {known.id} since both were the same; pull first")
    return Step(id, "replaced", task, known, "instead", submitted[0]["id"])


def _reads_as(task: dict[str, Any], work: Work) -> str:
    """The digest of the set that a task holds; empty where it holds none that can be read."""
    try:
        return digest(from_task(task, work.corpus, work.annotator), work.corpus.scheme)
    except StudioError:
        return ""
