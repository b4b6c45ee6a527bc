"""What is disputed goes to a real Label Studio, and decisions come back."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disputes import DOCUMENT, PLANTED, planted
from msgspec import structs

from standoff.adjudicate import derive
from standoff.errors import StudioError
from standoff.labelstudio.adjudicating import apply, build
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio
from standoff.model import Corpus

pytestmark = pytest.mark.server

DATE = "2024-05-01"


@pytest.fixture(scope="module")
def three(tiny: Corpus) -> Corpus:
    return planted(tiny)


def tasks(studio: Studio, project: int) -> list[dict[str, Any]]:
    with connected(studio) as client:
        params = {"project": project, "fields": "all", "resolve_uri": "false"}
        listed: list[dict[str, Any]] = ask(client, "GET", "api/tasks/", params=params)["tasks"]
        return listed


def update(studio: Studio, project: int, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Changes the adjudicator's annotation as somebody does who presses Update."""
    (task,) = tasks(studio, project)
    (annotation,) = task["annotations"]
    result = copy.deepcopy(annotation["result"])
    change(result)
    with connected(studio) as client:
        ask(client, "PATCH", f"api/annotations/{annotation['id']}/", body={"result": result})


def said(region: str, control: str, word: str, start: int | None = 0, end: int | None = 1) -> dict[str, Any]:
    """What the editor writes when something is chosen of a region."""
    value: dict[str, Any] = {"choices": [word]}
    if start is not None:
        value |= {"start": start, "end": end}
    return {"id": region, "from_name": control, "to_name": "text", "type": "choices", "value": value}


def said_so(item: dict[str, Any]) -> bool:
    return item.get("from_name") == "REASON"


def reasoned(result: list[dict[str, Any]], *ids: str, control: str = "REASON", word: str = "slip") -> None:
    for id in ids:
        value = next(i["value"] for i in result if i.get("id") == id and i["type"] == "labels")
        result.append(said(id, control, word, value["start"], value["end"]))


def decide_all(result: list[dict[str, Any]]) -> None:
    """Every dispute decided as the first version shown has it, but for one that is left out and two edited."""
    text_ids = [id for id in PLANTED if ":" not in id]
    reasoned(result, *text_ids)
    # n4 is left out; n2 gets another attribute; the relation and the label of the document go.
    reasoned(result, "n4", control="OUTCOME", word="rejected")
    for item in result:
        if item.get("id") == "n2" and item["from_name"] == "naming-shape":
            item["value"]["choices"] = ["common"]
    reasoned(result, "p5", control="LINKS", word="ambiguous text")
    result[:] = [item for item in result if item["type"] != "relation" or item["labels"] != ["explains"]]
    result[:] = [item for item in result if item["type"] != "relation" or item["labels"] != ["clashes"]]
    result.append(said("doc-reason", "REASON-register", "other", None))


def test_exactly_the_disputes_are_shown_and_nobody_is_recognised(three: Corpus, studio: Studio, tmp_path: Path) -> None:
    done = build(three, "judge", studio, root=tmp_path)

    assert done.created == (DOCUMENT,)
    (task,) = tasks(studio, done.project)
    assert [one["sha256"] for one in task["meta"]["items"]] == [one.sha256 for one in derive(three).open]
    assert len(task["meta"]["items"]) == len(PLANTED)
    assert len(task["data"]["disputes"].splitlines()) == len(PLANTED)
    with connected(studio) as client:
        shown = ask(client, "GET", "api/predictions/", params={"task": task["id"]})
    assert sorted(one["model_version"] for one in shown) == ["A", "B", "C"]
    start = task["annotations"][0]["result"]
    regions = {item["id"] for item in start if item["type"] == "labels"}
    # Besides the disputes, only what they point to.
    assert regions == {"n2", "n4", "n9", "n11", "r4", "p6"} | {"p3", "p4", "p5", "n10", "n12"} | {"p4.2"}
    for one in (task["annotations"][0], *shown):
        ids = {item["id"] for item in one["result"] if item["type"] == "labels"}
        assert ids <= regions
    text = json.dumps([start, shown, task["data"], task["meta"]])
    assert not any(f'"{who}"' in text or f"{who}/" in text for who in ("a1", "a2", "a3"))
    assert not any(item.get("id", "").startswith(("b-", "c_")) for one in shown for item in one["result"])
    boundary = {next(i["value"]["text"] for i in one["result"] if i.get("id") == "n2") for one in shown}
    assert boundary == {"Quill Café", "the Quill Café"}


def test_another_build_changes_nothing_and_another_seed_shuffles(three: Corpus, studio: Studio, tmp_path: Path) -> None:
    first = build(three, "judge", studio, root=tmp_path)
    before = tasks(studio, first.project)

    assert build(three, "judge", studio, root=tmp_path).unchanged == (DOCUMENT,)
    assert tasks(studio, first.project) == before
    orders = set()
    for seed in range(4):
        build(three, "judge", studio, root=tmp_path, seed=seed)
        (task,) = tasks(studio, first.project)
        with connected(studio) as client:
            shown = ask(client, "GET", "api/predictions/", params={"task": task["id"]})
        labels = {
            one["model_version"]: next(
                i["value"]["labels"][0] for i in one["result"] if i.get("id") == "n11" and i["type"] == "labels"
            )
            for one in shown
        }
        orders.add(tuple(sorted(labels.items())))
    assert len(orders) > 1


def test_decisions_come_back_with_their_reasons_and_complete_gold(
    three: Corpus, studio: Studio, tmp_path: Path
) -> None:
    project = build(three, "judge", studio, root=tmp_path).project
    assert apply(three, "judge", studio, date=DATE).undecided == len(PLANTED)
    update(studio, project, decide_all)
    done = apply(three, "judge", studio, date=DATE)

    assert (len(done.decided), done.undecided, done.outdated) == (len(PLANTED), 0, 0)
    decided = structs.replace(three, decisions=done.decisions)
    by_item = {one.item[0].partition("#")[2]: one for one in done.decisions[DOCUMENT].decisions}
    outcomes = {id: one.outcome for id, one in by_item.items()}
    assert outcomes == dict.fromkeys(PLANTED, "chosen") | {
        "n2": "edited",
        "n4": "rejected",
        "register:playful": "rejected",
        "explains:p5:p6": "rejected",
    }
    assert {id: one.reason for id, one in by_item.items() if one.reason != "slip"} == {
        "explains:p5:p6": "ambiguous text",
        "register:playful": "other",
    }
    found = derive(decided)
    assert found.complete
    made = {a.id: a for a in found.gold[DOCUMENT].annotations}
    assert made["n2"].attributes == {"shape": "common"}
    assert "n4" not in made and "explains:p5:p6" not in made
    # Once more: the same, on whatever day, and with notes that somebody wrote into the files.
    assert apply(decided, "judge", studio, date="2025-01-01").decisions == {}
    held = decided.decisions[DOCUMENT]
    by_hand = structs.replace(held, decisions=tuple(structs.replace(one, note="§ 2") for one in held.decisions))
    noted = structs.replace(decided, decisions={DOCUMENT: by_hand})
    again = apply(noted, "judge", studio, date="2025-01-01")
    assert (again.decisions, again.undecided, again.outdated) == ({}, 0, 0)
    assert build(noted, "judge", studio, root=tmp_path).removed == (DOCUMENT,)
    assert tasks(studio, project) == []


def test_what_was_decided_in_part_is_not_asked_again(three: Corpus, studio: Studio, tmp_path: Path) -> None:
    project = build(three, "judge", studio, root=tmp_path).project
    update(studio, project, lambda result: reasoned(result, "n11", "r4"))
    with pytest.raises(StudioError, match="holds decisions that were not applied"):
        build(three, "judge", studio, root=tmp_path, seed=1)
    done = apply(three, "judge", studio, date=DATE)
    assert (len(done.decided), done.undecided) == (2, len(PLANTED) - 2)
    decided = structs.replace(three, decisions=done.decisions)

    assert build(decided, "judge", studio, root=tmp_path).replaced == (DOCUMENT,)
    (task,) = tasks(studio, project)
    assert {one["id"] for one in task["meta"]["items"]} == {"n2", "n4", "n9", "p6", ""}


def test_a_set_that_changed_meanwhile_makes_its_item_outdated(three: Corpus, studio: Studio, tmp_path: Path) -> None:
    project = build(three, "judge", studio, root=tmp_path).project
    update(studio, project, lambda result: reasoned(result, "n11", "r4"))
    marked = three.sets["a3", DOCUMENT]
    other = tuple(structs.replace(a, label="thing") if a.id == "c_11n" else a for a in marked.annotations)
    later = structs.replace(three, sets=three.sets | {("a3", DOCUMENT): structs.replace(marked, annotations=other)})
    done = apply(later, "judge", studio, date=DATE)

    assert (len(done.decided), done.outdated) == (1, 1)
    # What was said of the outdated one is no decision; it is kept, as is a draft that was never submitted.
    (task,) = tasks(studio, project)
    with connected(studio) as client:
        body = {"result": [said("n2", "REASON", "codebook gap", 57, 67)], "lead_time": 1}
        ask(client, "POST", f"api/tasks/{task['id']}/drafts", body=body)
    again = build(structs.replace(later, decisions=done.decisions), "judge", studio, root=tmp_path)
    assert again.replaced == (DOCUMENT,)
    (line,) = [line for path in (tmp_path / again.kept).glob("*.jsonl") for line in path.read_text().splitlines()]
    kept = json.loads(line)
    asked = [(item["id"], item["value"]["choices"]) for item in kept["annotations"][0]["result"] if said_so(item)]
    assert sorted(asked) == [("n11", ["slip"]), ("r4", ["slip"])]
    assert [item["value"]["choices"] for item in kept["drafts"][0]["result"]] == [["codebook gap"]]


def test_what_is_drawn_is_added_with_a_reason_alone_and_what_is_agreed_stays(
    three: Corpus, studio: Studio, tmp_path: Path
) -> None:
    project = build(three, "judge", studio, root=tmp_path).project

    def draw(result: list[dict[str, Any]]) -> None:
        at = {"start": 89, "end": 91}
        item = {"id": "Xn3w", "to_name": "text"}
        result.append(
            item | {"from_name": "naming", "type": "labels", "value": at | {"text": "40", "labels": ["number"]}}
        )
        result.append(item | {"from_name": "naming-shape", "type": "choices", "value": at | {"choices": ["proper"]}})

    update(studio, project, draw)
    with pytest.raises(StudioError, match=r"region Xn3w: naming 'number' is new and has no reason"):
        apply(three, "judge", studio, date=DATE)
    update(studio, project, lambda result: reasoned(result, "Xn3w", word="codebook gap"))
    (decisions,) = apply(three, "judge", studio, date=DATE).decisions.values()
    (added,) = decisions.decisions
    assert (added.id, added.outcome, added.reason) == ("Xn3w", "added", "codebook gap")

    def relabel(result: list[dict[str, Any]]) -> None:
        for item in result:
            if item.get("id") == "p5" and item["type"] == "labels":
                item["value"]["labels"] = ["wish"]

    update(studio, project, relabel)
    with pytest.raises(StudioError, match=r"region p5: is agreed on and shown for what points to it, and was changed"):
        apply(three, "judge", studio, date=DATE)
