"""What becomes of a set, decided from the one on disk, the task, and what both sides last had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct, to_builtins

from standoff.canon import canonical_set
from standoff.errors import StandoffError
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.items import fields
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.projects import finding
from standoff.labelstudio.tasks import digest
from standoff.model import AnnotationSet, Corpus, Finding, Severity
from standoff.text import sha

__all__ = ["Taking", "Took", "taken"]


class Took(Struct, frozen=True):
    """What became of one document's set."""

    document: str
    became: Literal["written", "unchanged", "ahead", "unannotated", "gone", "conflicts", "refused"]
    base: str = ""
    """The digest of the set that both sides have from now on; empty where they do not."""
    text: str = ""
    """What is to be written."""
    task: int = 0
    meta: dict[str, Any] = {}
    """What the task has to say from now on; empty where it says so already."""
    listed: str = ""
    """What a list of tasks shows of it; empty where it is to be read anew the next time."""
    findings: tuple[Finding, ...] = ()


class Taking(Struct, frozen=True):
    """What a pull works on."""

    corpus: Corpus
    annotator: str
    accounts: frozenset[int]
    """Those that may have made the annotator's annotations: the annotator's own, and the one that pushes."""
    keep: Literal["disk", "studio"] | None
    documents: frozenset[str] | None

    def found(self, document: str, rule: str, message: str, place: str = "") -> Finding:
        """Something that is wrong with a task."""
        severity: Severity = "warning" if rule == "studio-draft" else "error"
        return finding(self.annotator, document, rule, message, place, severity=severity)


def taken(task: Mapping[str, Any], work: Taking, id: str, journal: Journal) -> Took:
    """What becomes of a document's set."""
    place = f"task {task['id']}"
    drafts = [draft for draft in task.get("drafts") or () if draft.get("result")]
    findings = []
    if drafts:
        message = f"{len(drafts)} drafts of it were not submitted; expected Submit or Update in Label Studio"
        findings.append(
            work.found(id, "studio-draft", message.replace("1 drafts of it were", "a draft of it was"), place)
        )
    try:
        submitted = done(task)
        if len(submitted) > 1:
            # PostgreSQL gives them in any order. A longer number is a later one.
            ids = ", ".join(sorted((str(one.get("id")) for one in submitted), key=lambda id: (len(id), id)))
            message = f"{len(submitted)} annotations ({ids}); expected one: delete the one that does not count"
            findings.append(work.found(id, "studio-annotation-twice", message, f"{place} annotations"))
        findings.extend(_foreign(submitted, work, id, place))
        if any(one.severity == "error" for one in findings):
            return Took(id, "refused", findings=tuple(findings))
        took = _compared(task, work, id, journal) if submitted else _without(task, work, id, journal)
    except StandoffError as error:
        refused = work.found(id, "studio-unreadable", error.message, error.place)
        return Took(id, "refused", findings=(*findings, refused))
    return msgspec.structs.replace(took, findings=(*findings, *took.findings))


def _foreign(submitted: Sequence[Mapping[str, Any]], work: Taking, id: str, place: str) -> Iterator[Finding]:
    """Annotations by an account that is not the annotator's."""
    for one in submitted:
        for field in ("completed_by", "updated_by"):
            account = one.get(field)
            if account is not None and account not in work.accounts:
                yield work.found(
                    id,
                    "studio-account",
                    f"annotation {one.get('id')} is by account {account}, which is not {work.annotator}'s; "
                    "if it is: standoff studio users add, with its e-mail",
                    f"{place} {field}",
                )


def _without(task: Mapping[str, Any], work: Taking, id: str, journal: Journal) -> Took:
    """A task without an annotation: nobody has begun, or it is gone."""
    base, seen = journal.base(id), journal.documents.get(id)
    if not (fields(task, "meta", "sha256") if base is None else base):
        return Took(id, "unannotated")
    message = "its annotation is gone (deleted, or skipped); the set on disk stays, and the journal has what was seen"
    if seen and seen.before:
        message += f" last: {seen.before}"
    return Took(id, "gone", findings=(work.found(id, "studio-gone", message, f"task {task['id']}"),))


def _compared(task: Mapping[str, Any], work: Taking, id: str, journal: Journal) -> Took:
    """What becomes of a set that a task holds, against the one on disk and the one that both had last.

    Raises:
        StudioError: the task cannot be read exactly.
    """
    scheme = work.corpus.scheme
    marked, disk = from_task(task, work.corpus, work.annotator), work.corpus.sets.get((work.annotator, id))
    # What a task is read as is in normal order already.
    text = canonical_set(marked, scheme)
    here, there = digest(disk, scheme), sha(text)
    last = journal.base(id)
    if last is None and here == fields(task, "meta", "sha256"):
        last = here
    meta = _told(task, marked, there)
    if here == there:
        return Took(id, "unchanged", there, task=task["id"], meta=meta)
    # Where there is no set on disk, nothing can be lost by writing one.
    if disk is None or here == last:
        return Took(id, "written", there, text, task["id"], meta)
    if there == last:
        return Took(id, "ahead")
    return _conflict(task, work, journal, marked, disk, meta)


def _conflict(
    task: Mapping[str, Any], work: Taking, journal: Journal, marked: AnnotationSet, disk: AnnotationSet, meta: Any
) -> Took:
    """Both sides have changed: both versions go to the journal, and one of them stays only where it was said which."""
    scheme, id = work.corpus.scheme, disk.document
    text = canonical_set(marked, scheme)
    aside = [journal.put_aside(id, "disk", canonical_set(disk, scheme)), journal.put_aside(id, "studio", text)]
    there = digest(marked, scheme)
    if work.keep == "studio":
        return Took(id, "written", there, text, task["id"], meta)
    if work.keep == "disk":
        return Took(id, "ahead", there)
    message = (
        f"has changed on disk and in Label Studio; the versions are {aside[0]} and {aside[1]}: "
        "merge them on disk and pull with --keep disk, or take Label Studio's with --keep studio"
    )
    found = work.found(id, "studio-conflict", message, f"task {task['id']}")
    return Took(id, "conflicts", findings=(found,))


def _told(task: Mapping[str, Any], marked: AnnotationSet, version: str) -> dict[str, Any]:
    """A task's description when its annotator has named new entities; empty where it knows them.

    The version alone is not worth a request to a server that takes a tenth of a second for it: the journal knows it.
    """
    meta = task.get("meta") or {}
    entities = list(to_builtins(marked.entities))
    return {} if entities == (meta.get("entities") or []) else meta | {"sha256": version, "entities": entities}
