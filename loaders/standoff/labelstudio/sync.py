"""Sets to Label Studio and back: nothing twice, and nothing overwritten that only one side has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, json, to_builtins

from standoff.canon import canonical, canonical_set
from standoff.errors import StandoffError, StudioError
from standoff.files import set_path, write
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.export import check, done, from_task
from standoff.labelstudio.items import fields
from standoff.labelstudio.projects import Known, ensure, find, known_tasks, shown, tasks_of, wanted_documents
from standoff.labelstudio.server import Studio
from standoff.labelstudio.tasks import digest, to_task
from standoff.model import AnnotationSet, Corpus, Progress, silent
from standoff.text import sha

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

__all__ = ["PullReport", "PushReport", "pull", "push"]

_CHUNK_TASKS, _CHUNK_BYTES = 1000, 32 << 20
"""What one request carries at most; the server fails above 250 MiB."""


_TAKEN = (
    "id,data,meta,annotations,drafts,result,was_cancelled,ground_truth,completed_by,created_at,updated_at,unique_id,"
    "lead_time,parent_prediction,last_action"
)
"""The fields of tasks, annotations and drafts that a pull reads and keeps; not the names and addresses of people."""


class PushReport(Struct, frozen=True):
    """What a push did: documents by what became of their tasks."""

    project: int
    url: str
    """Where the annotator finds the project."""
    created: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """The set had changed on disk, and nobody had touched what was pushed before."""
    refreshed: tuple[str, ...] = ()
    """Only what is shown around the text had changed, such as the entities to pick from."""
    unchanged: tuple[str, ...] = ()


class PullReport(Struct, frozen=True):
    """What a pull did: documents by what became of their sets."""

    project: int
    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    """The set had changed on disk since it was pushed, and not on the server: nothing to take."""
    unannotated: tuple[str, ...] = ()
    """Nobody has submitted an annotation of the task yet."""
    gone: tuple[str, ...] = ()
    """There was an annotation, and the server has it no more; the set on disk stays."""


def push(
    root: Path,
    corpus: Corpus,
    annotator: str,
    studio: Studio,
    *,
    documents: Sequence[str] | None = None,
    progress: Progress = silent,
) -> PushReport:
    """Puts the corpus's documents, with what an annotator has marked in them, before that annotator.

    One project is one annotator's. A document has one task there, found by the document's id, so that a second push
    changes nothing. All that is to be sent is checked before any of it is.

    Args:
        documents: which; all where not given.

    Raises:
        UsageError: the annotator or a document is not the corpus's.
        StudioError: a set would not come back as it is, a task would lose work by being replaced, or the server fails.
    """
    wanted = wanted_documents(corpus, annotator, documents)
    with connected(studio) as client:
        found = find(client, corpus, annotator)
        known = known_tasks(client, found.id, progress) if found else {}
        plan = _plan(corpus, annotator, wanted, known, progress)
        sendings = [_replacement(client, corpus, annotator, id, known[id].id) for id in plan["replaced"]]
        project = ensure(client, corpus, annotator, found)
        for n, (id, sending) in enumerate(zip(plan["replaced"], sendings, strict=True)):
            progress("replacing tasks", n, len(sendings))
            _replace(client, known[id].id, sending, _task(corpus, annotator, id))
        for n, id in enumerate(plan["refreshed"]):
            progress("refreshing tasks", n, len(plan["refreshed"]))
            _describe(client, known[id].id, _task(corpus, annotator, id))
        for n, chunk in _chunks(_task(corpus, annotator, id) for id in plan["created"]):
            progress("pushing tasks", n, len(plan["created"]))
            _import(client, project, chunk)
        progress("pushing tasks", len(wanted), len(wanted))
    url = f"{studio.url}/projects/{project}/data"
    return PushReport(project, url, **{name: tuple(ids) for name, ids in plan.items()})


def _plan(
    corpus: Corpus, annotator: str, wanted: Sequence[str], known: Mapping[str, Known], progress: Progress
) -> dict[str, list[str]]:
    """What is to become of each document's task: field of the report -> documents.

    Raises:
        StudioError: a set would not come back as it is, or a task shows another text.
    """
    plan: dict[str, list[str]] = {"created": [], "replaced": [], "refreshed": [], "unchanged": []}
    for n, id in enumerate(wanted):
        progress("checking what to push", n, len(wanted))
        task, marked, found = _task(corpus, annotator, id), corpus.sets.get((annotator, id)), known.get(id)
        if marked is not None:
            check(task, marked, corpus)
        if found is None:
            plan["created"].append(id)
        elif found.text != corpus.documents[id].text_sha256:
            raise StudioError(
                f"task {found.id} shows another text of it, with sha256 {found.text}; expected the document's: "
                "pull, delete the task, and push again",
                place=f"{annotator}/{id}",
            )
        elif found.base != task["meta"]["sha256"]:
            plan["replaced"].append(id)
        else:
            plan["unchanged" if found.shown == shown(task) else "refreshed"].append(id)
    return plan


def pull(root: Path, corpus: Corpus, annotator: str, studio: Studio, *, progress: Progress = silent) -> PullReport:
    """Takes what an annotator has submitted into the annotator's sets on disk.

    A set is taken where only the server's version has changed since both were the same. Everything the server shows
    goes to the journal, and every task is read, before the first set is written.

    Raises:
        UsageError: the annotator is not the corpus's.
        StudioError: a task cannot be read exactly, a document has two tasks or two annotations, a set has changed on
            both sides, or the server fails. Nothing is written then.
    """
    wanted_documents(corpus, annotator, ())
    with connected(studio) as client:
        found = find(client, corpus, annotator)
        if found is None:
            raise StudioError(
                f"no project of {corpus.scheme.corpus}/{annotator}; expected one: standoff push", place=studio.url
            )
        report: dict[str, list[str]] = {name: [] for name in PullReport.__struct_fields__[1:]}
        sets: dict[str, str] = {}
        agreed: dict[int, dict[str, Any]] = {}
        tasks: dict[str, int] = {}
        problems: list[StandoffError] = []
        for task in tasks_of(client, found.id, _TAKEN, "pulling tasks", progress):
            _keep(root, found.id, task)
            id = str(task["data"].get("id"))
            try:
                if id in tasks:
                    raise StudioError(f"and task {tasks[id]} both show it; expected one", place=f"task {task['id']}")
                tasks[id] = task["id"]
                became, marked = _taken(task, corpus, annotator, id)
            except StandoffError as error:
                problems.append(error.at(f"{annotator}/{id}"))
                continue
            report[became].append(id)
            if became == "written" and marked:
                sets[id] = canonical_set(marked, corpus.scheme)
            if became in ("written", "unchanged") and marked:
                agreed |= _agreed(task, marked, corpus)
        _raise(problems)
        for id, text in sets.items():
            write(set_path(root, annotator, id), text)
        # From here on both sides are the same, which the next comparison starts from.
        for task_id, meta in agreed.items():
            ask(client, "PATCH", f"api/tasks/{task_id}/", body={"meta": meta})
    return PullReport(found.id, **{name: tuple(sorted(ids)) for name, ids in report.items()})


def _taken(task: dict[str, Any], corpus: Corpus, annotator: str, id: str) -> tuple[str, AnnotationSet | None]:
    """What becomes of a document's set, by the name of the report's field, and the set that the task holds.

    Raises:
        StudioError: the task cannot be read exactly, or both sides have changed since they were the same.
    """
    base = fields(task, "meta", "sha256") or ""
    if not done(task):
        return "gone" if base else "unannotated", None
    marked, disk = from_task(task, corpus, annotator), corpus.sets.get((annotator, id))
    here, there = digest(disk, corpus.scheme), digest(marked, corpus.scheme)
    if here == there:
        return "unchanged", marked
    # Where there is no set on disk, nothing can be lost by writing one.
    if disk is None or here == base:
        return "written", marked
    if there == base:
        return "ahead", marked
    raise StudioError(
        f"has changed, and so has the set on disk, since {f'version {base[:12]}' if base else 'nothing'} was pushed; "
        "expected a change on one side alone",
        place=f"task {task['id']}",
    )


def _task(corpus: Corpus, annotator: str, id: str) -> dict[str, Any]:
    return to_task(corpus.sets.get((annotator, id)), corpus.documents[id], corpus, annotator=annotator)


class _Sending(Struct, frozen=True):
    """What has to be sent so that a task holds the set on disk."""

    result: Literal["nothing", "new", "instead"]
    annotation: int = 0
    """The one whose result is replaced."""


def _replacement(client: LabelStudio, corpus: Corpus, annotator: str, id: str, task_id: int) -> _Sending:
    """How the set on disk gets into a task into which another one was pushed.

    Raises:
        StudioError: somebody has worked on the task since.
    """
    place = f"{annotator}/{id}"
    task = ask(client, "GET", f"api/tasks/{task_id}/", params={"resolve_uri": "false"})
    marked, base, submitted = corpus.sets.get((annotator, id)), task["meta"].get("sha256") or "", done(task)
    if marked is None:
        raise StudioError("was pushed and is not on disk any more; pull it, or restore it", place=place)
    if not submitted and not base:
        return _Sending("new")
    # A push that was cut off between the two requests left the new result in a task that still names the old entities.
    arrived = task | {"meta": task["meta"] | {"entities": list(to_builtins(marked.entities))}}
    if _reads_as(arrived, corpus, annotator) == digest(marked, corpus.scheme):
        return _Sending("nothing")
    if not submitted or _reads_as(task, corpus, annotator) != base:
        raise StudioError(
            f"has changed on disk and in task {task_id} since it was pushed; pull first, nothing is overwritten",
            place=place,
        )
    return _Sending("instead", submitted[0]["id"])


def _reads_as(task: dict[str, Any], corpus: Corpus, annotator: str) -> str:
    """The digest of the set that a task holds; empty where it holds none that can be read."""
    try:
        return digest(from_task(task, corpus, annotator), corpus.scheme)
    except StudioError:
        return ""


def _replace(client: LabelStudio, task_id: int, sending: _Sending, task: dict[str, Any]) -> None:
    """Puts a result in place of the pushed one, then says in the task which it is."""
    made = task["annotations"][0]
    if sending.result == "instead":
        ask(client, "PATCH", f"api/annotations/{sending.annotation}/", body={"result": made["result"]})
    elif sending.result == "new":
        ask(client, "POST", f"api/tasks/{task_id}/annotations/", body=made)
    _describe(client, task_id, task)


def _describe(client: LabelStudio, task_id: int, task: dict[str, Any]) -> None:
    ask(client, "PATCH", f"api/tasks/{task_id}/", body={"data": task["data"], "meta": task["meta"]})


def _chunks(tasks: Iterable[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Tasks in the portions in which they are sent, each with how many went before."""
    chunk: list[dict[str, Any]] = []
    before = size = 0
    for task in tasks:
        length = len(json.encode(task))
        if chunk and (len(chunk) == _CHUNK_TASKS or size + length > _CHUNK_BYTES):
            yield before, chunk
            before, chunk, size = before + len(chunk), [], 0
        chunk.append(task)
        size += length
    if chunk:
        yield before, chunk


def _import(client: LabelStudio, project: int, chunk: list[dict[str, Any]]) -> None:
    stored = ask(client, "POST", f"api/projects/{project}/import", body=chunk)["task_count"]
    if stored != len(chunk):
        raise StudioError(f"stored {stored} tasks; expected {len(chunk)}: push again", place=f"project {project}")


def _keep(root: Path, project: int, task: dict[str, Any]) -> None:
    """Puts what the server showed of a task into the journal, once; the text is known by its digest."""
    kept = {"project": project, "task": task["id"], "document": task["data"].get("id"), "meta": task["meta"]}
    kept |= {name: task.get(name) or [] for name in ("annotations", "drafts")}
    text = canonical(kept) + "\n"
    key = sha(text)
    path = root / ".standoff" / "journal" / key[:2] / f"{key}.json"
    if not path.exists():
        write(path, text)


def _agreed(task: dict[str, Any], marked: AnnotationSet, corpus: Corpus) -> dict[int, dict[str, Any]]:
    """Task -> its description when both sides hold this set; empty where it says so already."""
    meta = task["meta"] or {}
    now = meta | {"sha256": digest(marked, corpus.scheme), "entities": list(to_builtins(marked.entities))}
    return {} if now == meta else {task["id"]: now}


def _raise(problems: Sequence[StandoffError]) -> None:
    if problems:
        first = problems[0]
        more = "".join(f"; {problem}" for problem in problems[1:4])
        left = f"; and {len(problems) - 4} more" if len(problems) > 4 else ""
        raise StudioError(f"{first.message}{more}{left}", place=first.place)
