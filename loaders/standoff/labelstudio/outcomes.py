"""What became of suggestions: what the annotator accepted, changed and refused of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from standoff.errors import StudioError
from standoff.labelstudio.client import connected
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.predictions import shown_tasks
from standoff.labelstudio.projects import wanted_documents
from standoff.labelstudio.server import Studio
from standoff.match import match, overlap
from standoff.model import Annotation, AnnotationSet, Corpus, Progress, silent

__all__ = ["Count", "count", "outcome", "table"]


class Count(Struct, frozen=True, order=True):
    """What became of the suggestions of one model version in one layer."""

    model_version: str
    layer: str
    accepted: int
    """All that was suggested stands; the annotator may have said more."""
    changed: int
    """Its label, range, attributes or references are others now."""
    refused: int
    added: int
    """What the annotator marked without a suggestion, in the same documents."""


def count(corpus: Corpus, annotator: str, studio: Studio, *, progress: Progress = silent) -> tuple[Count, ...]:
    """What became of the suggestions in the tasks that the annotator has submitted since, by model version and layer.

    An annotation that was made from one prediction is counted for that one alone; one that was made from none, for all
    that stood beside it.

    Raises:
        UsageError: the annotator is not the corpus's.
        StudioError: a task or a prediction cannot be read exactly, or the server fails.
    """
    wanted_documents(corpus, annotator, ())
    total: Counter[tuple[str, str, str]] = Counter()
    with connected(studio) as client:
        for shown in shown_tasks(client, corpus, annotator, studio, progress).values():
            submitted = done(shown.task)
            answered = [one for one in shown.predictions if submitted and _answered(submitted[0], one)]
            marked = from_task(shown.task, corpus, annotator) if answered else None
            for prediction in answered:
                suggested = _suggested(shown.task, prediction, corpus, annotator)
                for (layer, what), n in outcome(suggested, marked).items() if marked else ():
                    total[prediction["model_version"], layer, what] += n
    keys = sorted({(model, layer) for model, layer, _ in total})
    fates = ("accepted", "changed", "refused", "added")
    return tuple(Count(model, layer, *(total[model, layer, fate] for fate in fates)) for model, layer in keys)


def outcome(suggested: AnnotationSet, marked: AnnotationSet) -> Counter[tuple[str, str]]:
    """(layer, accepted | changed | refused | added) -> how many annotations."""
    pairs = match(suggested.annotations, marked.annotations).pairs
    # What only has the same words elsewhere is no suggestion that was moved.
    kept = [(was, is_) for was, is_ in pairs if was.id == is_.id or not was.spans or overlap(was, is_)]
    ids = {was.id: is_.id for was, is_ in kept}
    found: Counter[tuple[str, str]] = Counter()
    for was, is_ in kept:
        found[was.layer, "accepted" if _stands(was, is_, ids) else "changed"] += 1
    found.update((a.layer, "refused") for a in suggested.annotations if a.id not in ids)
    found.update((a.layer, "added") for a in marked.annotations if a.id not in set(ids.values()))
    return found


def table(counts: Sequence[Count]) -> str:
    """The counts as lines of columns, with the share that was accepted as it was."""
    if not counts:
        return "nothing that was suggested has been answered yet"
    rows: list[tuple[str, ...]] = [
        ("model version", "layer", "suggested", "accepted", "changed", "refused", "added", "accepted %")
    ]
    for one in counts:
        n = one.accepted + one.changed + one.refused
        share = f"{100 * one.accepted / n:.1f}" if n else "none suggested"
        numbers = map(str, (n, one.accepted, one.changed, one.refused, one.added))
        rows.append((one.model_version, one.layer, *numbers, share))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]

    def line(row: tuple[str, ...]) -> str:
        cells = zip(row, widths, strict=True)
        return "  ".join(cell.ljust(width) if n < 2 else cell.rjust(width) for n, (cell, width) in enumerate(cells))

    return "\n".join(map(line, rows))


def _stands(was: Annotation, is_: Annotation, ids: Mapping[str, str]) -> bool:
    """Whether an annotation says all that was suggested, and perhaps more."""
    return (
        (was.label, was.spans) == (is_.label, is_.spans)
        and was.attributes.items() <= is_.attributes.items()
        and all({ids.get(id, id) for id in of} <= set(is_.refs.get(role, ())) for role, of in was.refs.items())
    )


def _answered(annotation: Mapping[str, Any], prediction: Mapping[str, Any]) -> bool:
    """Whether an annotator who submitted this had seen the prediction, and not begun from another one."""
    parent = annotation.get("parent_prediction")
    if parent is not None:
        return bool(parent == prediction["id"])
    return str(annotation.get("created_at") or "") >= str(prediction.get("created_at") or "")


def _suggested(task: Mapping[str, Any], prediction: Mapping[str, Any], corpus: Corpus, annotator: str) -> AnnotationSet:
    try:
        return from_task({**task, "annotations": [{"result": prediction["result"]}]}, corpus, annotator)
    except StudioError as error:
        raise error.at(f"prediction {prediction['id']}") from error
