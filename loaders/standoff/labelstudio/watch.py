"""Findings inside Label Studio: what is submitted is validated at once, and told in the task itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json, structs

from standoff.errors import StandoffError, StudioError
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.controls import ENTITIES, FINDINGS, TEXT, TO_FIX
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.items import fields
from standoff.labelstudio.panel import panel, unreadable
from standoff.labelstudio.projects import find_all, wanted_documents
from standoff.labelstudio.server import Studio
from standoff.model import AnnotationSet, Corpus, Finding, Progress, silent
from standoff.validate import validate

if TYPE_CHECKING:
    from standoff.labelstudio.client import Client

__all__ = ["Back", "Lost", "Told", "findings_on", "told", "watch"]

_PAGE, _LOOK = 100, 10
"""Tasks on a page, at the first look and at each one after it, which mostly finds nothing and comes every few seconds.
"""

_PASSED_OVER = 16
"""Looks at most after which a server that did not answer is tried again: after one, two, four ... of them."""

_VIEW = "To fix"
_MARK = "to fix"
"""What the field says of a task with errors, after their number; the view asks for it."""


_COLUMNS = {
    "hiddenColumns": {
        place: [
            *(f"tasks:data.{field}" for field in ("id", TEXT, ENTITIES, FINDINGS)),
            *(
                f"tasks:{field}"
                for field in (
                    *("id", "inner_id", "annotators", "annotations_results", "annotations_ids", "total_predictions"),
                    *("predictions_score", "predictions_model_versions", "predictions_results", "file_upload"),
                    *("storage_filename", "created_at", "updated_by", "avg_lead_time", "cancelled_annotations"),
                )
            ),
        ]
        for place in ("explore", "labeling")
    }
}
"""What a tab does not show: what is left says which article it is, and how far it is."""


class Told(Struct, frozen=True):
    """A task whose panel says something else than before."""

    annotator: str
    document: str
    errors: int
    warnings: int


class Lost(Struct, frozen=True):
    """An annotator's server that could not be looked at; it is tried again, ever less often."""

    annotator: str
    message: str


class Back(Struct, frozen=True):
    """An annotator's server that can be looked at again."""

    annotator: str
    url: str


class _Away(Struct):
    """How often a server could not be looked at since it last could, and how many looks pass it over from now on."""

    times: int = 0
    passed_over: int = 0
    message: str = ""


def watch(
    corpus: Corpus,
    studios: Mapping[str, Studio],
    *,
    again: Callable[[str], Studio] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    every: float = 3.0,
    once: bool = False,
    progress: Progress = silent,
) -> Iterator[Told | Lost | Back]:
    """Validates what annotators submit, and puts what is wrong with it into the task, where it shows when reopened.

    Nothing but the two fields for this is ever changed. A task in which nothing is wrong any more loses what was said.
    A server that stops after the first look is waited for.

    Args:
        studios: annotator -> the server with the annotator's projects; new projects are looked for each time.
        again: annotator -> where that server is now; one that is started anew may listen on another port.
        every: seconds between two looks.
        once: ends after the first look.

    Raises:
        UsageError: an annotator is not the corpus's.
        StudioError: the server fails at the first look, or does not accept the token.
    """
    for annotator in studios:
        wanted_documents(corpus, annotator, ())
    servers, away = dict(studios), dict[str, _Away]()
    seen: dict[tuple[str, int], dict[int, str]] = {}
    for annotator, studio in servers.items():
        yield from _look(studio, corpus, annotator, seen, progress)
    while not once:
        sleep(every)
        for annotator in studios:
            if annotator in away and away[annotator].passed_over:
                away[annotator].passed_over -= 1
                continue
            try:
                if annotator in away and again:
                    servers[annotator] = again(annotator)
                yield from _look(servers[annotator], corpus, annotator, seen, progress)
            except StudioError as error:
                if error.status in (401, 403):
                    raise
                lost = away.setdefault(annotator, _Away())
                if lost.message != str(error):
                    yield Lost(annotator, str(error))
                lost.message, lost.passed_over = str(error), min(2**lost.times - 1, _PASSED_OVER)
                lost.times += 1
            else:
                if away.pop(annotator, None):
                    yield Back(annotator, servers[annotator].url)


def _look(
    studio: Studio,
    corpus: Corpus,
    annotator: str,
    seen: dict[tuple[str, int], dict[int, str]],
    progress: Progress,
) -> Iterator[Told]:
    """Looks at all of an annotator's projects once."""
    with connected(studio) as client:
        for project in find_all(client, corpus, annotator).values():
            if (annotator, project.id) not in seen:
                _ensure_view(client, project.id)
            times = seen.setdefault((annotator, project.id), {})
            for task in _changed(client, project.id, times, progress):
                yield from _tell(client, task, corpus, annotator)


def told(task: Mapping[str, Any], corpus: Corpus, annotator: str) -> tuple[dict[str, str], int, int]:
    """What a task's fields should say of what was submitted, and how many errors and warnings that are."""
    try:
        if not done(task):
            return {FINDINGS: "", TO_FIX: ""}, 0, 0
        marked = from_task(task, corpus, annotator)
    except StandoffError as error:
        return {FINDINGS: unreadable(error, task, corpus.scheme), TO_FIX: f"1 {_MARK}"}, 1, 0
    findings = findings_on(marked, corpus)
    errors = sum(finding.severity == "error" for finding in findings)
    shown = panel(findings, marked, corpus.scheme, corpus.entities)
    return {FINDINGS: shown, TO_FIX: f"{errors} {_MARK}" if errors else ""}, errors, len(findings) - errors


def findings_on(marked: AnnotationSet, corpus: Corpus) -> tuple[Finding, ...]:
    """What is wrong with one set, as it would be found in the corpus if it were there."""
    id, key = marked.document, (marked.annotator, marked.document)
    alone = structs.replace(
        corpus,
        documents={id: corpus.documents[id]},
        segments={id: corpus.segments[id]} if id in corpus.segments else {},
        sets={key: marked},
        gold={},
    )
    file = f"annotations/sets/{marked.annotator}/{id}.json"
    return tuple(finding for finding in validate(alone) if finding.file == file)


def _tell(client: Client, task: Mapping[str, Any], corpus: Corpus, annotator: str) -> Iterator[Told]:
    said, errors, warnings = told(task, corpus, annotator)
    if all(task["data"].get(field) == text for field, text in said.items()):
        return
    ask(client, "PATCH", f"api/tasks/{task['id']}/", body={"data": task["data"] | said})
    yield Told(annotator, str(fields(task, "data", "id")), errors, warnings)


def _changed(client: Client, project: int, seen: dict[int, str], progress: Progress) -> Iterator[dict[str, Any]]:
    """The tasks of a project that changed since they were seen, the latest first; all of them the first time."""
    query = json.encode({"ordering": ["-tasks:updated_at"]}).decode()
    wanted = "id,data,meta,annotations,result,was_cancelled,updated_at"
    page, looked, total, size = 1, 0, 1, _LOOK if seen else _PAGE
    while looked < total:
        params = {"project": project, "page": page, "page_size": size, "query": query, "resolve_uri": "false"}
        found = ask(client, "GET", "api/tasks/", params=params | {"fields": "all", "include": wanted})
        total = found["total"]
        changed = [task for task in found["tasks"] if seen.get(task["id"]) != task["updated_at"]]
        for task in changed:
            progress("validating what was submitted", looked, total)
            yield task
            # Only when it was told: a server that stops meanwhile is told after it is back.
            seen[task["id"]] = task["updated_at"]
        # Behind those that have not changed since are only others that have not either.
        if not changed:
            return
        looked += len(found["tasks"])
        page += 1


def _ensure_view(client: Client, project: int) -> None:
    """The tab with the tasks in which something is to be mended, unless the project has it."""
    views = ask(client, "GET", "api/dm/views/", params={"project": project})
    if any(fields(view, "data", "title") == _VIEW for view in views):
        return
    if not views:
        # Label Studio makes its own first tab only where there is none at all.
        ask(client, "POST", "api/dm/views/", body={"project": project, "data": {"title": "All"} | _COLUMNS})
    item = {"filter": f"filter:tasks:data.{TO_FIX}", "operator": "contains", "type": "String", "value": _MARK}
    data = {"title": _VIEW, "filters": {"conjunction": "and", "items": [item]}} | _COLUMNS
    ask(client, "POST", "api/dm/views/", body={"project": project, "data": data})
