"""The two forms of an export, JSON and JSON-MIN, as the same thing: texts with the items that were marked in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from standoff.errors import StudioError
from standoff.labelstudio.export import done
from standoff.labelstudio.foreign.mapping import Map
from standoff.labelstudio.items import fields, listed, shown
from standoff.scheme import Scheme

__all__ = ["Form", "Job", "form_of", "jobs"]

Form = Literal["JSON", "JSON-MIN"]


class Job(Struct, frozen=True):
    """One annotation of one task."""

    place: str
    data: dict[str, Any]
    items: list[Any]
    lost: Counter[str]


def form_of(value: Any, *, place: str) -> Form:
    """Which form an export has.

    Raises:
        StudioError: neither.
    """
    if not isinstance(value, list):
        raise StudioError(f"{shown(value)}; expected a list of tasks", place=place)
    forms: list[Form | None] = [_form(task) for task in value]
    if not forms:
        raise StudioError("holds no task; expected at least one", place=place)
    for n, form in enumerate(forms):
        if form is None or form != forms[0]:
            raise StudioError(
                f"{shown(value[n])}; expected {'a task' if form is None else forms[0]} as Label Studio exports it: "
                "`data` and `annotations` in JSON, `annotation_id` beside the data in JSON-MIN",
                place=f"{place}[{n}]",
            )
    return forms[0] or "JSON"


def _form(task: Any) -> Form | None:
    if not isinstance(task, dict):
        return None
    if isinstance(task.get("data"), dict) and "annotations" in task:
        return "JSON"
    return "JSON-MIN" if "annotation_id" in task and "annotations" not in task else None


def jobs(value: list[dict[str, Any]], form: Form, map: Map, scheme: Scheme, *, place: str) -> Iterator[Job]:
    """The annotations of an export, one a task; a task that has none is counted as lost.

    Raises:
        StudioError: a task has several, and the map does not say whose is meant.
    """
    for task in value:
        if form == "JSON-MIN":
            yield _small(task, map, scheme, f"{place} annotation {task['annotation_id']}")
        else:
            yield _full(task, map, place)


def _full(task: dict[str, Any], map: Map, place: str) -> Job:
    try:
        submitted = done(task)
    except StudioError as error:
        raise error.at(place) from error
    at = f"{place} task {task.get('id')}"
    lost: Counter[str] = Counter({"skipped annotations": len(task["annotations"] or ()) - len(submitted)})
    for name in ("drafts", "predictions"):
        if not isinstance(task.get(name), list | None):
            raise StudioError(f"{shown(task[name])}; expected a list", place=f"{at} {name}")
        lost[name] += len(task.get(name) or ())
    meant = [one for one in submitted if _by(one.get("completed_by"), map.annotator)]
    lost["annotations by others"] += len(submitted) - len(meant)
    if len(meant) > 1:
        by = listed(_who(one.get("completed_by")) for one in meant)
        raise StudioError(
            f"{len(meant)} annotations (by {by}); expected one: say whose in the map, as `annotator`",
            place=f"{at} annotations",
        )
    if not meant:
        lost["tasks without an annotation"] += 1
    items = meant[0].get("result") if meant else []
    if not isinstance(items, list):
        raise StudioError(f"{shown(items)}; expected a list of items", place=f"{at} result")
    return Job(at, task["data"], items, lost)


def _by(who: Any, annotator: int | str | None) -> bool:
    return annotator is None or annotator in (_who(who), fields(who, "id"), fields(who, "email"))


def _who(who: Any) -> Any:
    return fields(who, "email") or fields(who, "id") if isinstance(who, dict) else who


def _small(record: dict[str, Any], map: Map, scheme: Scheme, place: str) -> Job:
    if not _by(record.get("annotator"), map.annotator):
        return Job(place, record, [], Counter({"annotations by others": 1, "tasks without an annotation": 1}))
    lost: Counter[str] = Counter()
    items: list[Any] = []
    for name, value in record.items():
        if name in (map.text, map.document):
            continue
        answers = value if isinstance(value, list) else [value]
        if name not in map.controls:
            if isinstance(value, list) and any(fields(one, "start") is not None for one in value):
                raise StudioError(
                    f"{name!r} has regions and is not in the map; expected it there, or null for it",
                    place=f"{place} {name}",
                )
            continue
        asked = map.controls[name]
        layer = scheme.layer(asked.layer) if asked else None
        if asked is None or layer is None:
            lost[f"answers to {name!r}, which the map leaves out"] += len(answers)
        elif asked.field:
            lost[f"answers to {name!r}, which do not say of which region they are"] += len(answers)
        elif layer.kind == "document":
            words = [word for one in answers for word in _words(one, f"{place} {name}")]
            items.append(_item(name, f"{name}.document", "choices", {"choices": words}))
        else:
            for answer in answers:
                items.append(_item(name, f"{len(items)}.", "labels", answer))
                lost["ids of regions, which got new ones"] += 1
    return Job(place, record, items, lost)


def _words(answer: Any, place: str) -> list[Any]:
    words = fields(answer, "choices") if isinstance(answer, dict) else [answer]
    if not isinstance(words, list):
        raise StudioError(f"{shown(answer)}; expected a label", place=place)
    return words


def _item(name: str, id: str, type: str, value: Any) -> dict[str, Any]:
    return {"id": id, "from_name": name, "to_name": "", "type": type, "value": value}
