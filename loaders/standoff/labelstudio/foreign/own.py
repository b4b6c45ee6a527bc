"""Exports of the corpus's own interface that come as files, and the care for what is there before one is taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from standoff.errors import StudioError, UsageError
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.items import shown
from standoff.labelstudio.sound import sound
from standoff.model import AnnotationSet, Corpus

__all__ = ["from_own", "untouched"]


def from_own(value: Any, corpus: Corpus, *, annotator: str, place: str) -> tuple[AnnotationSet, ...]:
    """The sets of a JSON export of the corpus's own interface, by document; a task nobody annotated says nothing.

    Raises:
        StudioError: something cannot be read exactly, or a document has two tasks.
    """
    sound(value, place=place)
    if not isinstance(value, list):
        raise StudioError(f"{shown(value)}; expected a list of tasks", place=place)
    found: dict[str, AnnotationSet] = {}
    for task in value:
        try:
            if not done(task):
                continue
            marked = from_task(task, corpus, annotator)
            if marked.document in found:
                raise StudioError(
                    f"is the second one of document {marked.document!r}; expected one", place=f"task {task.get('id')}"
                )
        except StudioError as error:
            raise error.at(place) from error
        found[marked.document] = marked
    return tuple(marked for _, marked in sorted(found.items()))


def untouched(sets: Iterable[AnnotationSet], corpus: Corpus) -> None:
    """Holds sets that are to be written against those that are there: nothing an annotator did is overwritten.

    Raises:
        UsageError: a set is there and is another one.
    """
    for marked in sets:
        there = corpus.sets.get((marked.annotator, marked.document))
        if there is not None and there != marked:
            raise UsageError(
                f"{marked.annotator!r} has another set there, of {len(there.annotations)} annotations; expected none: "
                "import as another annotator, or --replace it",
                place=f"annotations/sets/{marked.annotator}/{marked.document}.json",
            )
