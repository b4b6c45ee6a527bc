"""An adjudicator's project in Label Studio: what is disputed goes there, decisions come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from standoff.adjudicate import derive, not_own
from standoff.errors import StandoffError, StudioError
from standoff.labelstudio.client import Client, ask, connected
from standoff.labelstudio.decided import decisions_of
from standoff.labelstudio.dispute import Case, adjudication_interface, cases, to_dispute
from standoff.labelstudio.items import fields
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.projects import Project, change_interface, create, find, tasks_of, wanted_documents
from standoff.labelstudio.server import Studio
from standoff.model import Corpus, Decisions, Progress, silent

__all__ = ["ApplyReport", "DisputeReport", "apply", "build", "taken"]

_READ = "id,data,meta,annotations,result,was_cancelled"


class DisputeReport(Struct, frozen=True):
    """What became of the adjudicator's tasks: documents."""

    project: int
    url: str
    created: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """Something else is disputed now."""
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Nothing is disputed any more."""
    kept: str = ""
    """The folder of the journal that holds what was replaced or removed, as it was left."""


class ApplyReport(Struct, frozen=True):
    """What an adjudicator decided."""

    decisions: dict[str, Decisions]
    """document -> its decisions, where there are new or changed ones: these with all others."""
    decided: tuple[str, ...] = ()
    """The addresses of decisions that are new or changed."""
    undecided: int = 0
    """Items without a reason yet that are still to be decided: a relation goes with what it links."""
    outdated: int = 0
    """Items of which annotators have said something else since they were shown."""


def build(
    corpus: Corpus,
    adjudicator: str,
    studio: Studio,
    *,
    root: Path,
    seed: int = 0,
    even_own: bool = False,
    progress: Progress = silent,
) -> DisputeReport:
    """Puts what is disputed before an adjudicator: a task for each document in which something is.

    A task that is replaced or removed is kept in the journal first: what was said of items that annotators have changed
    since is no decision any more, and drafts are none yet.

    Args:
        root: of the checkout, where the journal is.
        seed: see `standoff.labelstudio.dispute.to_dispute`.
        even_own: the adjudicator may be one of those who disagree; the note of each decision then says so.

    Raises:
        UsageError: the adjudicator is not one of the corpus's annotators, or is one of those who disagree; or it is
            undecided what an entity is.
        StudioError: a task that would be replaced holds decisions that were not applied, or the server fails.
    """
    wanted_documents(corpus, adjudicator, ())
    found = cases(corpus)
    if not even_own:
        disputed = (id for id, case in found.items() if case.outcome.open and adjudicator in case.sheet.workers)
        not_own(adjudicator, disputed, option="--for")
    made = {id: task for id, case in found.items() if (task := to_dispute(case, adjudicator, seed=seed))}
    report: dict[str, list[str]] = {name: [] for name in ("created", "replaced", "unchanged", "removed")}
    with connected(studio) as client:
        project = _project(client, corpus, adjudicator)
        there = {str(task["data"].get("id")): task for task in _tasks(client, project, progress)}
        for id, task in there.items():
            if id in made and made[id]["meta"]["sha256"] == fields(task, "meta", "sha256"):
                report["unchanged"].append(id)
            else:
                _held(task, found.get(id), corpus, adjudicator)
                report["replaced" if id in made else "removed"].append(id)
        report["created"] = [id for id in made if id not in there]
        gone = {id: there[id]["id"] for id in (*report["replaced"], *report["removed"])}
        kept = _keep(client, root, adjudicator, project, gone)
        for task in gone.values():
            ask(client, "DELETE", f"api/tasks/{task}/")
        new = [made[id] for id in sorted((*report["replaced"], *report["created"]))]
        if new:
            stored = ask(client, "POST", f"api/projects/{project.id}/import", body=new)["task_count"]
            if stored != len(new):
                raise StudioError(f"stored {stored} tasks; expected {len(new)}: build again", place=studio.url)
    url = f"{studio.url}/projects/{project.id}/data"
    return DisputeReport(project.id, url, **{name: tuple(sorted(ids)) for name, ids in report.items()}, kept=kept)


def apply(corpus: Corpus, adjudicator: str, studio: Studio, *, date: str, progress: Progress = silent) -> ApplyReport:
    """The decisions that an adjudicator has taken, as they are to be recorded.

    Args:
        date: of the decisions that are new, as ISO 8601 writes it.

    Raises:
        UsageError: the adjudicator is not one of the corpus's annotators.
        StudioError: there is no project, a task cannot be read exactly, what was decided cannot be followed, or the
            server fails.
    """
    wanted_documents(corpus, adjudicator, ())
    with connected(studio) as client:
        project = find(client, corpus, _name(adjudicator))
        if project is None:
            raise StudioError(
                f"no project of adjudicator {adjudicator!r}; expected one: standoff adjudicate build --for "
                f"{adjudicator}",
                place=studio.url,
            )
        tasks = list(_tasks(client, project, progress))
    return taken(corpus, tasks, adjudicator, date=date, place=studio.url)


def taken(
    corpus: Corpus, tasks: Iterable[Mapping[str, Any]], adjudicator: str, *, date: str, place: str = ""
) -> ApplyReport:
    """What an adjudicator's tasks decide that is not recorded yet.

    A decision that is recorded stays as it is, by its id, date and note, where the task says the same.

    Args:
        place: what is named where the decisions cannot be followed.

    Raises:
        StudioError: as `apply`.
    """
    found = cases(corpus)
    changed: dict[str, Decisions] = {}
    decided: list[str] = []
    undecided: set[tuple[str, str]] = set()
    outdated = 0
    for task in tasks:
        id = str(task["data"].get("id"))
        if id not in found:
            raise StudioError(f"shows {id!r}, on which nobody has worked", place=f"task {task.get('id')}")
        held = decisions_of(task, found[id], adjudicator, date=date)
        undecided |= {(id, sha256) for sha256 in held.undecided}
        outdated += held.outdated
        old = corpus.decisions.get(id, Decisions(id))
        new = [one for one in held.decisions if one not in old.decisions]
        if new:
            ids = {one.id for one in new}
            kept = [one for one in old.decisions if one.id not in ids]
            changed[id] = structs.replace(old, decisions=tuple(sorted((*kept, *new), key=lambda one: one.id)))
            decided += [old.address(one.id) for one in new]
    try:
        # What cannot be followed is not recorded.
        left = derive(structs.replace(corpus, decisions=corpus.decisions | changed))
    except StandoffError as error:
        raise StudioError(f"what was decided cannot be followed: {error}", place=place) from error
    waiting = sum((item.document, item.sha256) in undecided for item in left.open)
    return ApplyReport(changed, tuple(decided), waiting, outdated)


def _name(adjudicator: str) -> str:
    # A colon is legal in no annotator's name: this is nobody's project for annotating.
    return f"adjudication:{adjudicator}"


def _project(client: Client, corpus: Corpus, adjudicator: str) -> Project:
    """The adjudicator's project, made where there is none, with the interface that it needs."""
    name, wanted = _name(adjudicator), adjudication_interface(corpus)
    project = find(client, corpus, name) or create(client, corpus, name, "")
    if project.interface != wanted:
        change_interface(client, project, wanted)
    return project


def _tasks(client: Client, project: Project, progress: Progress) -> list[dict[str, Any]]:
    return list(tasks_of(client, project.id, _READ, "looking at decisions", progress))


def _keep(client: Client, root: Path, adjudicator: str, project: Project, tasks: Mapping[str, int]) -> str:
    """Puts tasks into the journal, with their drafts; the folder where they are.

    Args:
        tasks: document -> its task.
    """
    if not tasks:
        return ""
    with closing(Journal(root, f"adjudication/{adjudicator}", project.key)) as journal:
        for document, task in tasks.items():
            journal.keep(document, ask(client, "GET", f"api/tasks/{task}/"))
        journal.save()
        return journal.folder.relative_to(root).as_posix()


def _held(task: Mapping[str, Any], case: Case | None, corpus: Corpus, adjudicator: str) -> None:
    """Refuses to lose decisions that a task holds."""
    if case is None:
        return
    id = case.sheet.document
    old = corpus.decisions.get(id, Decisions(id))
    if any(one not in old.decisions for one in decisions_of(task, case, adjudicator, date="").decisions):
        raise StudioError(
            f"holds decisions that were not applied; expected them recorded first: standoff adjudicate apply --for "
            f"{adjudicator}",
            place=f"task {task['id']} ({id})",
        )
