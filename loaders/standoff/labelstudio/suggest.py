"""Suggestions before an annotator: predictions in Label Studio.

Who suggests is a function of a document and its corpus that gives annotations, each alone or with a score from 0 to 1:

    def suggest(document: Document, corpus: Corpus) -> Iterable[Annotation | tuple[Annotation, float]]: ...

`known-names` is built in (see `standoff.labelstudio.knowing`). Any package may bring another one, by an entry point of
the group `standoff.suggesters`. A pipeline of spaCy is one in a few lines:

    # in the package's pyproject.toml
    [project.entry-points."standoff.suggesters"]
    spacy-en = "my_package:suggest"

    # my_package.py
    import spacy
    from standoff.model import Annotation, Span

    LABELS = {"PERSON": "who", "GPE": "where"}          # the pipeline's labels -> those of the layer
    pipeline = spacy.load("en_core_web_sm")

    def suggest(document, corpus):
        for entity in pipeline(document.text).ents:
            if entity.label_ in LABELS:
                span = Span(entity.start_char, entity.end_char, entity.text)
                yield Annotation("", "naming", LABELS[entity.label_], (span,))

Then: standoff suggest --for a1 --by spacy-en. spaCy counts characters as code points, as we do. An annotation without
an id gets one that follows from its layer and place.

A prediction shows as a tab that can only be read, each region with its score. A task that nobody has annotated opens
with a copy of it, to be mended and submitted; its regions keep their ids. The editor asks for required attributes that
a suggestion does not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from standoff.canon import canonical, normal
from standoff.errors import StandoffError, StudioError, UsageError, nearest
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.export import check, done
from standoff.labelstudio.items import listed
from standoff.labelstudio.knowing import digest, known, suggestions
from standoff.labelstudio.predictions import Shown, shown_tasks
from standoff.labelstudio.projects import wanted_documents
from standoff.labelstudio.server import Studio
from standoff.labelstudio.tasks import to_task
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Document, Progress, silent
from standoff.text import sha

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["Suggested", "Suggester", "Suggestions", "prediction", "suggest", "suggester"]

Suggester = Callable[[Document, Corpus], Iterable[Annotation | tuple[Annotation, float]]]

GROUP = "standoff.suggesters"
"""The entry points by which other packages suggest."""

KNOWN_NAMES = "known-names"

_CHUNK = 500
"""Predictions of one request."""


class Suggestions(Struct, frozen=True):
    """Who suggests, and what its predictions are called."""

    suggest: Suggester
    model_version: str


class Suggested(Struct, frozen=True):
    """What was suggested: documents by what became of them."""

    model_version: str
    annotations: int
    suggested: tuple[str, ...]
    unchanged: tuple[str, ...]
    """There is a prediction of this model version, or one that says the same."""
    empty: tuple[str, ...]
    """Nothing is to be suggested there."""
    annotated: tuple[str, ...]
    """Somebody has submitted an annotation already; nothing is suggested there unless the document is named."""


def suggester(corpus: Corpus, name: str, *, sources: Sequence[str] = ()) -> Suggestions:
    """Who suggests under a name: `known-names`, or an entry point.

    Args:
        sources: whose sets known names are taken from; gold where none is given.

    Raises:
        UsageError: nobody does, it cannot be loaded, or a source is no annotator.
    """
    from importlib.metadata import entry_points

    if name == KNOWN_NAMES:
        for source in sources:
            if source != GOLD and source not in corpus.annotators:
                among = [GOLD, *corpus.annotators]
                raise UsageError(
                    f"{source!r} is no annotator{nearest(source, among)}; expected one of {listed(among)}",
                    place="--from",
                )
        knowledge = known(corpus, sources=tuple(dict.fromkeys(sources)) or (GOLD,))
        return Suggestions(suggestions(knowledge), f"{KNOWN_NAMES}-{digest(knowledge)}")
    if sources:
        raise UsageError(f"{listed(sources)}; only {KNOWN_NAMES} takes sets to learn from", place="--from")
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        among = [KNOWN_NAMES, *sorted(found)]
        raise UsageError(
            f"{name!r} suggests nothing{nearest(name, among)}; expected one of {listed(among)}, or an entry point of "
            f"the group {GROUP}",
            place="--by",
        )
    made_by = found[name].dist
    return Suggestions(_loaded(found[name]), f"{name}-{made_by.version}" if made_by else name)


def _loaded(point: EntryPoint) -> Suggester:
    try:
        suggest: Suggester = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{point.value} cannot be loaded: {error}; expected a function of a document and a corpus",
            place=f"{GROUP} {point.name}",
        ) from error
    return suggest


def suggest(
    corpus: Corpus,
    annotator: str,
    studio: Studio,
    suggester: Suggester,
    *,
    model_version: str,
    documents: Sequence[str] | None = None,
    progress: Progress = silent,
) -> Suggested:
    """Puts suggestions into an annotator's project, as one prediction a task; a second time changes nothing.

    Args:
        documents: which; all that are pushed and not annotated where not given.

    Raises:
        UsageError: the annotator or a document is not the corpus's.
        StudioError: a document has no task, a suggestion would not come back as it is, or the server fails. What is to
            be sent is checked before any of it is.
    """
    wanted = wanted_documents(corpus, annotator, documents)
    outcome: dict[str, list[str]] = {name: [] for name in ("suggested", "unchanged", "empty", "annotated")}
    made: dict[int, list[dict[str, Any]]] = {}
    with connected(studio) as client:
        there = shown_tasks(client, corpus, annotator, studio, progress)
        for n, id in enumerate(wanted):
            progress("suggesting", n, len(wanted))
            if id not in there and documents is not None:
                raise StudioError("has no task; push it first: standoff push", place=f"{annotator}/{id}")
            if id not in there:
                continue
            if documents is None and done(there[id].task):
                outcome["annotated"].append(id)
                continue
            predicted = prediction(suggester(corpus.documents[id], corpus), id, corpus, annotator)
            became = _became(predicted, model_version, there[id])
            outcome[became].append(id)
            if became == "suggested":
                named = {"task": there[id].task["id"], "model_version": model_version}
                made.setdefault(there[id].project, []).append(predicted | named)
        for project, predictions in sorted(made.items()):
            for at in range(0, len(predictions), _CHUNK):
                progress("sending suggestions", at, len(predictions))
                chunk = predictions[at : at + _CHUNK]
                created = ask(client, "POST", f"api/projects/{project}/import/predictions", body=chunk)["created"]
                if created != len(chunk):
                    raise StudioError(
                        f"stored {created} predictions; expected {len(chunk)}", place=f"project {project}"
                    )
    marks = sum(item["type"] == "labels" for some in made.values() for one in some for item in one["result"])
    return Suggested(model_version, marks, **{name: tuple(ids) for name, ids in outcome.items()})


def _became(prediction: Mapping[str, Any], model_version: str, there: Shown) -> str:
    """What becomes of a document: the field of the report."""
    if not prediction["result"]:
        return "empty"
    same = any(
        one["model_version"] == model_version or canonical(one["result"]) == canonical(prediction["result"])
        for one in there.predictions
    )
    return "unchanged" if same else "suggested"


def prediction(
    given: Iterable[Annotation | tuple[Annotation, float]], id: str, corpus: Corpus, annotator: str
) -> dict[str, Any]:
    """A prediction of suggested annotations, checked to read as exactly these; its score is their mean.

    Raises:
        StandoffError: they are not annotations of the document by the scheme.
    """
    document = corpus.documents[id]
    annotations, scores = [], {}
    for one in given:
        annotation, score = one if isinstance(one, tuple) else (one, None)
        annotation = structs.replace(annotation, id=annotation.id or _id(annotation))
        annotations.append(annotation)
        if score is not None:
            scores[annotation.id] = score
    marked = normal(AnnotationSet(id, document.text_sha256, annotator, tuple(annotations)), corpus.scheme)
    try:
        task = to_task(marked, document, corpus, annotator=annotator)
        check(task, marked, corpus)
    except StandoffError as error:
        raise error.at("suggested for") from error
    result = task["annotations"][0]["result"]
    for item in result:
        if item["type"] == "labels" and item["id"] in scores:
            item["score"] = scores[item["id"]]
    made: dict[str, Any] = {"result": result}
    return made | ({"score": sum(scores.values()) / len(scores)} if scores else {})


def _id(annotation: Annotation) -> str:
    ranges = [[span.start, span.end] for span in annotation.spans]
    return f"s{sha(canonical([annotation.layer, annotation.label, ranges]))[:9]}"
