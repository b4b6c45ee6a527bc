"""Sets to Label Studio: nothing twice, and nothing overwritten that only the server has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from standoff.labelstudio.client import Client, ask, connected
from standoff.labelstudio.interface import interface
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.locks import alone
from standoff.labelstudio.projects import (
    Known,
    Project,
    batch_named,
    change_interface,
    create,
    documents_of,
    find_all,
    finding,
    known_tasks,
    page_size,
    used_but_gone,
    wanted_documents,
)
from standoff.labelstudio.sending import Sender, in_bulk, settled
from standoff.labelstudio.server import Studio
from standoff.labelstudio.steps import Step, Work, steps
from standoff.labelstudio.users import account_of
from standoff.model import Corpus, Finding, Progress, silent

__all__ = ["PushReport", "push"]


class PushReport(Struct, frozen=True, kw_only=True):
    """What a push did, or would do: documents by what became of their tasks."""

    annotator: str
    batch: str = ""
    project: int = 0
    """0 where there is none."""
    url: str = ""
    """Where the annotator finds the project."""
    interface: Literal["new", "changed", "unchanged", "refused"] = "unchanged"
    created: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """The set had changed on disk, and nobody had touched what was pushed before."""
    refreshed: tuple[str, ...] = ()
    """Only what is shown around the text had changed, such as the entities to pick from."""
    unchanged: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Nothing was sent of them; the findings say why."""
    findings: tuple[Finding, ...] = ()


def push(
    root: Path,
    corpus: Corpus,
    annotator: str,
    studio: Studio,
    *,
    documents: Sequence[str] | None = None,
    batch: str = "",
    dry_run: bool = False,
    progress: Progress = silent,
) -> PushReport:
    """Puts the corpus's documents, with what an annotator has marked in them, before that annotator.

    One project is one annotator's, or one batch's of that annotator. A document has one task there, found by the
    document's id, so that a second push changes nothing. Each task is held against its set before it is sent. What
    would harm work that is there is let be, and said; everything else is done.

    Args:
        documents: which; where not given, all that no other batch of the annotator has.
        dry_run: find out what would be done, and change nothing.

    Raises:
        UsageError: the annotator or a document is not the corpus's.
        StudioError: the server fails.
    """
    wanted = wanted_documents(corpus, annotator, documents)
    work = Work(corpus, annotator, batch_named(batch), account_of(root, studio, annotator), progress)
    with alone(root / ".standoff" / "journal" / "lock", progress), connected(studio) as client, in_bulk():
        projects = find_all(client, corpus, annotator)
        elsewhere = _elsewhere(client, projects, batch, progress)
        if documents is None:
            wanted = [id for id in wanted if id not in elsewhere]
        found = projects.get(batch)
        with closing(Journal(root, annotator, found.key if found else "")) as journal:
            if found:
                settled(client, found.id, journal, studio, progress)
            face, harm = _interface(client, found, work)
            if harm:
                return _report(work, studio, found, "refused", [_refusal(id, work, harm) for id in wanted])
            known = known_tasks(client, found.id, progress, size=page_size(corpus)) if found else {}
            planned = steps(client, work, wanted, known, elsewhere, journal)
            if dry_run:
                return _report(work, studio, found, face, [_without_task(step) for step in planned])
            if found and face == "changed":
                change_interface(client, found, interface(corpus.scheme))
            took = list(_carried_out(client, work, planned, len(wanted), known, found, journal, studio))
        found = found or find_all(client, corpus, annotator).get(batch)
    return _report(work, studio, found, face, took)


def _elsewhere(client: Client, projects: Mapping[str, Project], batch: str, progress: Progress) -> dict[str, Project]:
    """Document -> the project of another batch that has it."""
    found: dict[str, Project] = {}
    for project in projects.values():
        if project.batch != batch:
            found |= dict.fromkeys(documents_of(client, project.id, progress), project)
    return found


def _interface(
    client: Client, found: Project | None, work: Work
) -> tuple[Literal["new", "changed", "unchanged"], list[str]]:
    """What is to become of a project's interface, and what forbids it."""
    if found is None:
        return "new", []
    if found.interface.strip() == interface(work.corpus.scheme).strip():
        return "unchanged", []
    return "changed", list(used_but_gone(client, found.id, work.corpus.scheme, work.progress))


def _refusal(id: str, work: Work, harm: Sequence[str]) -> Step:
    message = f"the interface cannot change as the schema asks: {'; '.join(harm)}; expected what is used to stay"
    return Step(id, "refused", {}, finding=finding(work.annotator, id, "studio-interface", message))


def _carried_out(
    client: Client,
    work: Work,
    planned: Iterator[Step],
    total: int,
    known: Mapping[str, Known],
    found: Project | None,
    journal: Journal,
    studio: Studio,
) -> Iterator[Step]:
    """Does each step, and yields it without its task. While tasks are sent, the next ones are made."""
    with Sender(client, journal, len(known), studio.pid) as sender:
        for n, step in enumerate(planned):
            work.progress("pushing tasks", n - sender.waiting, total)
            if step.became == "created":
                if found is None:
                    found = create(client, work.corpus, work.annotator, work.batch)
                    journal.open(found.key)
                sender.project = found.id
                sender.add(step.document, msgspec.json.encode(step.task), step.base)
            elif step.known and step.became in ("replaced", "refreshed"):
                sender.finish()
                _change(client, step.known, step)
                journal.agree(step.document, step.base)
            elif step.became == "unchanged" and journal.base(step.document) is None:
                journal.agree(step.document, step.base)
            yield _without_task(step)
    journal.save()
    work.progress("pushing tasks", total, total)


def _without_task(step: Step) -> Step:
    """What of a step is worth keeping when it was done: ten thousand tasks would fill the memory."""
    return msgspec.structs.replace(step, task={})


def _change(client: Client, known: Known, step: Step) -> None:
    """Puts a result in place of the pushed one, then says in the task which it is."""
    if step.result != "nothing":
        made = step.task["annotations"][0]
        if step.result == "instead":
            ask(client, "PATCH", f"api/annotations/{step.annotation}/", body={"result": made["result"]})
        else:
            ask(client, "POST", f"api/tasks/{known.id}/annotations/", body=made)
    # What the annotator has been told in the task follows from what is submitted there, not from any push.
    body = {"data": step.task["data"] | known.told, "meta": step.task["meta"]}
    ask(client, "PATCH", f"api/tasks/{known.id}/", body=body)


def _report(work: Work, studio: Studio, found: Project | None, face: Any, took: Sequence[Step]) -> PushReport:
    became = {
        name: tuple(step.document for step in took if step.became == name)
        for name in ("created", "replaced", "refreshed", "unchanged", "refused")
    }
    return PushReport(
        annotator=work.annotator,
        batch=work.batch,
        project=found.id if found else 0,
        url=f"{studio.url}/projects/{found.id}/data" if found else "",
        interface=face,
        findings=tuple(sorted(step.finding for step in took if step.finding)),
        **became,
    )
