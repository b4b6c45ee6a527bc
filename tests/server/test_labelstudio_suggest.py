"""Suggestions stand in a real Label Studio beside what is annotated; what became of them is counted."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from standoff import files
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.export import from_task
from standoff.labelstudio.outcomes import Count, count
from standoff.labelstudio.projects import create
from standoff.labelstudio.server import Studio
from standoff.labelstudio.suggest import suggest, suggester
from standoff.labelstudio.tasks import to_task
from standoff.model import Corpus

pytestmark = pytest.mark.server


def put(corpus: Corpus, studio: Studio) -> int:
    """All documents as tasks before a1, one of them annotated."""
    marked = corpus.sets["a1", "fr_marche"]
    tasks = [
        to_task(marked if id == "fr_marche" else None, document, corpus, annotator="a1")
        for id, document in corpus.documents.items()
    ]
    with connected(studio) as client:
        project = create(client, corpus, "a1", "").id
        ask(client, "POST", f"api/projects/{project}/import", body=tasks)
    return project


def predictions(studio: Studio, project: int) -> list[dict[str, Any]]:
    with connected(studio) as client:
        found: list[dict[str, Any]] = ask(client, "GET", "api/predictions/", params={"project": project})
    return found


def submit(studio: Studio, prediction: dict[str, Any], result: list[dict[str, Any]]) -> dict[str, Any]:
    """Makes a prediction an annotation, as the editor does; the task as it is then."""
    body = {"result": result, "parent_prediction": prediction["id"]}
    with connected(studio) as client:
        ask(client, "POST", f"api/tasks/{prediction['task']}/annotations/", body=body)
        task: dict[str, Any] = ask(client, "GET", f"api/tasks/{prediction['task']}/")
    return task


def test_what_is_suggested_is_there_once_and_what_became_of_it_is_counted(checkout: Path, studio: Studio) -> None:
    corpus = files.read(checkout)
    project = put(corpus, studio)
    by = suggester(corpus, "known-names")

    first = suggest(corpus, "a1", studio, by.suggest, model_version=by.model_version)
    again = suggest(corpus, "a1", studio, by.suggest, model_version=by.model_version)
    renamed = suggest(corpus, "a1", studio, by.suggest, model_version="other")

    assert (first.suggested, first.annotated, first.annotations) == (("ar_souk", "en_fair"), ("fr_marche",), 12)
    assert (again.suggested, again.unchanged, again.annotations) == ((), ("ar_souk", "en_fair"), 0)
    assert renamed.unchanged == ("ar_souk", "en_fair")

    found = predictions(studio, project)

    assert [(one["model_version"], one["score"]) for one in found] == [(by.model_version, 1.0)] * 2
    assert count(corpus, "a1", studio) == ()

    (english,) = [
        one for one in found if any(i["value"].get("text") == "Ada Quill" for i in one["result"] if "id" in i)
    ]
    result = copy.deepcopy(english["result"])
    (jam,) = [i["id"] for i in result if i["value"].get("text") == "plum jam"]
    (cafe,) = [i for i in result if i["value"].get("text") == "Quill Café"]
    result = [i for i in result if i["id"] != jam]
    cafe["value"]["labels"] = ["where"]
    more = {"start": 136, "end": 139, "text": "She", "labels": ["who"]}
    result.append({"id": "mine", "from_name": "naming", "to_name": "text", "type": "labels", "value": more})
    task = submit(studio, english, result)

    assert {a.id for a in from_task(task, corpus, "a1").annotations} == {i["id"] for i in result}
    assert count(corpus, "a1", studio) == (Count(by.model_version, "naming", 4, 1, 1, 1),)

    named = suggest(corpus, "a1", studio, by.suggest, model_version=by.model_version, documents=["fr_marche"])

    assert named.suggested == ("fr_marche",)
    assert count(corpus, "a1", studio) == (Count(by.model_version, "naming", 4, 1, 1, 1),)
