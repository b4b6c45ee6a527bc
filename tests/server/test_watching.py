"""Whoever watches goes on watching when the server stops and is started anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standoff import files
from standoff.errors import StudioError
from standoff.labelstudio import process
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import push
from standoff.labelstudio.watch import Back, Lost, Told, watch

if TYPE_CHECKING:
    from conftest import Home

pytestmark = pytest.mark.server


def submit_nonsense(studio: Studio, project: int) -> None:
    """Leaves a relation that leads nowhere in the English article."""
    with connected(studio) as client:
        params = {"project": project, "fields": "all"}
        (task,) = (
            one for one in ask(client, "GET", "api/tasks/", params=params)["tasks"] if one["data"]["id"] == "en_fair"
        )
        (annotation,) = task["annotations"]
        wrong = {"from_id": "n1", "to_id": "gone", "type": "relation", "direction": "right", "labels": ["fragment"]}
        body = {"result": [*annotation["result"], wrong]}
        ask(client, "PATCH", f"api/annotations/{annotation['id']}/", body=body)


def test_a_server_that_stops_is_waited_for_and_what_was_submitted_since_is_told(
    checkout: Path, studio: Studio, home: Home
) -> None:
    corpus = files.read(checkout)
    project = push(checkout, corpus, "a1", studio).project
    pauses, running = [0.0], [studio]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            home.kill()
        if len(pauses) == 6:
            running.append(home.up())
            submit_nonsense(running[-1], project)

    seen: list[Told | Lost | Back] = []
    for one in watch(corpus, {"a1": studio}, again=lambda name: running[-1], sleep=pause):
        seen.append(one)
        if isinstance(one, Back):
            break
    first, *_ = seen

    assert isinstance(first, Lost)
    # A server that is just ending may still take a connection, and drop it.
    assert re.match(
        rf"{re.escape(studio.url)}: (no connection; expected a running|the connection failed)", first.message
    )
    assert [one for one in seen if not isinstance(one, Lost)] == [
        Told("a1", "en_fair", 1, 0),
        Back("a1", running[-1].url),
    ]
    assert pauses[1:] == [3.0] * (len(pauses) - 1)


def test_a_server_that_is_not_there_at_the_first_look_is_an_error(checkout: Path, studio: Studio) -> None:
    absent = Studio(f"http://127.0.0.1:{process.free_port()}", studio.token)
    refused = Studio(studio.url, "f" * 40)
    corpus = files.read(checkout)

    with pytest.raises(StudioError, match=rf"^{re.escape(absent.url)}: no connection"):
        next(watch(corpus, {"a1": absent}))
    with pytest.raises(StudioError, match="does not accept the token"):
        next(watch(corpus, {"a1": refused}))
