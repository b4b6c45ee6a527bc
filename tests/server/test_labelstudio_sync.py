"""Sets go to a real Label Studio and come back: nothing lost, nothing twice, nothing overwritten."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs

from standoff import files
from standoff.errors import StudioError, UsageError
from standoff.labelstudio import process, users
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import PullReport, PushReport, pull, push
from standoff.model import Annotation, Entity, Finding, Span
from standoff.text import sha

pytestmark = pytest.mark.server

DOCUMENTS = ("ar_souk", "en_fair", "fr_marche")


def sets(root: Path) -> dict[str, bytes]:
    """The annotator's sets as they are on disk."""
    return {path.stem: path.read_bytes() for path in sorted((root / "annotations" / "sets" / "a1").glob("*.json"))}


def read(root: Path, document: str) -> dict[str, Annotation]:
    """A set's annotations by id."""
    return {one.id: one for one in files.read(root).sets["a1", document].annotations}


def pushed(root: Path, studio: Studio) -> PushReport:
    return push(root, files.read(root), "a1", studio)


def pulled(root: Path, studio: Studio) -> PullReport:
    return pull(root, files.read(root), "a1", studio)


def tasks(studio: Studio, project: int, *, every: bool = False) -> dict[str, dict[str, Any]]:
    """All annotated tasks that the server has, or every one: document -> task."""
    params = {"exportType": "JSON", "download_all_tasks": "true" if every else "false"}
    with connected(studio) as client:
        found = ask(client, "GET", f"api/projects/{project}/export", params=params)
    return {task["data"]["id"]: task for task in found}


def messages(report: PushReport | PullReport) -> list[str]:
    """What its findings say."""
    return [one.message for one in report.findings]


class Browser:
    """Somebody who has logged in."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def _send(self, method: str, path: str, body: Any) -> None:
        # Names and values as a browser sends them; the server refuses anything else without this token.
        headers = {"X-CSRFToken": self._client.cookies["csrftoken"], "Referer": str(self._client.base_url)}
        answer = self._client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text

    def post(self, path: str, body: Any) -> None:
        self._send("POST", path, body)

    def patch(self, path: str, body: Any) -> None:
        self._send("PATCH", path, body)


@contextmanager
def logged_in(studio: Studio, account: users.Account) -> Iterator[Browser]:
    """The session of an account."""
    with httpx.Client(base_url=studio.url, trust_env=False) as client:
        form = client.get("/user/login/").text
        (hidden,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[:1]
        filled = {"csrfmiddlewaretoken": hidden, "email": account.email, "password": account.password}
        answer = client.post("/user/login/", data=filled, headers={"Referer": studio.url})
        assert answer.status_code == 302, answer.text
        yield Browser(client)


def update(studio: Studio, task: dict[str, Any], change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Changes a task's annotation as somebody does who presses Update."""
    (annotation,) = task["annotations"]
    result = copy.deepcopy(annotation["result"])
    change(result)
    with connected(studio) as client:
        ask(client, "PATCH", f"api/annotations/{annotation['id']}/", body={"result": result})


def rewrite(result: list[dict[str, Any]]) -> None:
    """A result as the editor writes it back: its keys, its copy of the text, its order."""
    for item in result:
        if item["type"] == "relation":
            kept = {key: item[key] for key in ("from_id", "to_id", "type", "direction", "labels")}
        else:
            kept = {key: item[key] for key in ("id", "from_name", "to_name", "type", "value")} | {"origin": "manual"}
            if isinstance(item["value"].get("text"), str):
                text = item["value"]["text"].replace("\r", "\\n").replace("\n", "\\n").replace("\t", " ")
                kept["value"] = item["value"] | {"text": " ".join(text.split(" "))}
        item.clear()
        item.update(kept)


def change_on_disk(root: Path, document: str, note: str) -> None:
    """Gives the first annotation of a set another note."""
    corpus = files.read(root)
    marked = corpus.sets["a1", document]
    first = structs.replace(marked.annotations[0], note=note)
    files.write_set(root, structs.replace(marked, annotations=(first, *marked.annotations[1:])), corpus.scheme)


def change_on_server(result: list[dict[str, Any]]) -> None:
    """Makes a mention of somebody one of a place."""
    for item in result:
        if item["value"].get("labels") == ["who"]:
            item["value"]["labels"] = ["where"]
            return


def test_what_is_pushed_comes_back_with_the_same_bytes_and_a_second_time_changes_nothing(
    checkout: Path, studio: Studio
) -> None:
    before = sets(checkout)
    first = pushed(checkout, studio)

    assert first.created == DOCUMENTS
    assert pulled(checkout, studio).unchanged == DOCUMENTS
    for path in (checkout / "annotations" / "sets" / "a1").iterdir():
        path.unlink()
    assert pulled(checkout, studio).written == DOCUMENTS
    assert sets(checkout) == before
    there = tasks(studio, first.project)
    again = pushed(checkout, studio)
    assert (again.project, again.unchanged) == (first.project, DOCUMENTS)
    assert pulled(checkout, studio).unchanged == DOCUMENTS
    # The server's own times of change among it: nothing was sent.
    assert tasks(studio, first.project) == there
    assert sets(checkout) == before


def test_what_the_editor_writes_back_is_what_was_pushed(checkout: Path, studio: Studio) -> None:
    before = sets(checkout)
    project = pushed(checkout, studio).project
    for task in tasks(studio, project).values():
        update(studio, task, rewrite)

    assert pulled(checkout, studio).unchanged == DOCUMENTS
    for path in (checkout / "annotations" / "sets" / "a1").iterdir():
        path.unlink()
    pulled(checkout, studio)
    assert sets(checkout) == before


def test_a_moved_region_a_label_and_a_relation_arrive_as_exactly_these_changes(checkout: Path, studio: Studio) -> None:
    before = read(checkout, "en_fair")
    text = files.read(checkout).documents["en_fair"].text
    moved = next(a for a in before.values() if a.layer == "naming" and a.label == "number")
    relabelled = next(a for a in before.values() if a.layer == "report" and a.label == "tells")
    linked = next(a for a in before.values() if a.refs.get("topic"))
    start, end = moved.spans[0].start, moved.spans[0].end

    def change(result: list[dict[str, Any]]) -> None:
        for item in result:
            if item.get("id") == moved.id:
                item["value"] |= {"end": end - 5}
                if item["type"] == "labels":
                    item["value"]["text"] = text[start : end - 5]
            if item.get("id") == relabelled.id and item["type"] == "labels":
                item["value"]["labels"] = ["thinks"]
        result[:] = [
            item for item in result if (item.get("from_id"), item.get("to_id")) != (linked.id, linked.refs["topic"][0])
        ]

    update(studio, tasks(studio, pushed(checkout, studio).project)["en_fair"], change)
    report = pulled(checkout, studio)
    after = read(checkout, "en_fair")

    assert (report.written, report.unchanged) == (("en_fair",), ("ar_souk", "fr_marche"))
    refs = {role: ids for role, ids in linked.refs.items() if role != "topic"} | (
        {"topic": linked.refs["topic"][1:]} if linked.refs["topic"][1:] else {}
    )
    assert {id: one for id, one in after.items() if before.get(id) != one} == {
        moved.id: structs.replace(moved, spans=(Span(start, end - 5, text[start : end - 5]),)),
        relabelled.id: structs.replace(relabelled, label="thinks"),
        linked.id: structs.replace(linked, refs=refs),
    }
    assert set(after) == set(before)


def test_a_change_on_disk_alone_goes_to_the_server_and_a_change_there_alone_comes_back(
    checkout: Path, studio: Studio
) -> None:
    project = pushed(checkout, studio).project
    change_on_disk(checkout, "en_fair", "One.")

    assert pulled(checkout, studio).ahead == ("en_fair",)
    assert pushed(checkout, studio).replaced == ("en_fair",)
    assert pulled(checkout, studio).unchanged == DOCUMENTS
    # Each side in turn, so that the version both had last is a new one each time.
    for _ in range(2):
        update(studio, tasks(studio, project)["en_fair"], change_on_server)
        assert pulled(checkout, studio).written == ("en_fair",)
        assert pulled(checkout, studio).unchanged == DOCUMENTS
        assert pushed(checkout, studio).unchanged == DOCUMENTS


def test_a_change_on_both_sides_is_a_conflict_with_both_versions_and_nothing_is_overwritten(
    checkout: Path, studio: Studio
) -> None:
    project = pushed(checkout, studio).project
    update(studio, tasks(studio, project)["en_fair"], change_on_server)
    update(studio, tasks(studio, project)["ar_souk"], change_on_server)
    change_on_disk(checkout, "en_fair", "Two.")
    before, there = sets(checkout), tasks(studio, project)

    refused = pushed(checkout, studio)
    report = pulled(checkout, studio)

    assert (refused.refused, refused.unchanged) == (("en_fair",), ("ar_souk", "fr_marche"))
    assert messages(refused) == [
        f"has changed on disk and in task {there['en_fair']['id']} since both were the same; pull first"
    ]
    # One conflict keeps nothing else from being taken.
    assert (report.conflicts, report.written, report.unchanged) == (("en_fair",), ("ar_souk",), ("fr_marche",))
    (message,) = messages(report)
    disk, server = re.findall(r"\.standoff/journal/\S+\.json", message)
    assert (checkout / disk).read_bytes() == before["en_fair"] == sets(checkout)["en_fair"]
    assert b'"where"' in (checkout / server).read_bytes()
    assert tasks(studio, project) == there


@pytest.mark.parametrize("keep", ["disk", "studio"])
def test_a_conflict_ends_with_the_version_that_was_chosen(checkout: Path, studio: Studio, keep: Any) -> None:
    project = pushed(checkout, studio).project
    update(studio, tasks(studio, project)["en_fair"], change_on_server)
    change_on_disk(checkout, "en_fair", "Two.")
    before = sets(checkout)["en_fair"]
    report = pull(checkout, files.read(checkout), "a1", studio, keep=keep)
    pushed(checkout, studio)

    assert report.findings == ()
    assert (sets(checkout)["en_fair"] == before) == (keep == "disk")
    assert pulled(checkout, studio).unchanged == DOCUMENTS
    assert pushed(checkout, studio).unchanged == DOCUMENTS


def test_another_checkout_overwrites_nothing_that_it_has_not_seen(
    checkout: Path, studio: Studio, tmp_path: Path
) -> None:
    project = pushed(checkout, studio).project
    other, clone = tmp_path / "other", tmp_path / "clone"
    shutil.copytree(checkout, other)
    shutil.copytree(checkout, clone, ignore=shutil.ignore_patterns(".standoff"))
    change_on_disk(checkout, "en_fair", "Mine.")
    assert pushed(checkout, studio).replaced == ("en_fair",)
    there = tasks(studio, project)
    # One that pushed before and one that never did; both changed what they had.
    for root in (other, clone):
        change_on_disk(root, "en_fair", "Yours.")
        assert pushed(root, studio).refused == ("en_fair",)
        assert pulled(root, studio).conflicts == ("en_fair",)
    assert tasks(studio, project) == there


def test_the_journal_has_every_version_that_was_seen_once(checkout: Path, studio: Studio) -> None:
    project = pushed(checkout, studio).project
    pulled(checkout, studio)
    pulled(checkout, studio)
    journal = checkout / ".standoff" / "journal" / "a1"

    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in journal.glob("*/*.jsonl")] == [3]
    update(studio, tasks(studio, project)["en_fair"], change_on_server)
    pulled(checkout, studio)
    files = sorted(journal.glob("*/*.jsonl"))
    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in files] == [3, 1]
    assert not any("@" in path.read_text(encoding="utf-8") for path in files)


def test_a_second_annotation_of_a_task_is_a_finding_with_both_their_ids(checkout: Path, studio: Studio) -> None:
    before = sets(checkout)
    task = tasks(studio, pushed(checkout, studio).project)["en_fair"]
    with connected(studio) as client:
        second = ask(client, "POST", f"api/tasks/{task['id']}/annotations/", body={"result": []})
    report = pulled(checkout, studio)

    first = task["annotations"][0]["id"]
    assert report.findings == (
        Finding(
            "annotations/sets/a1/en_fair.json",
            "en_fair",
            f"task {task['id']} annotations",
            "studio-annotation-twice",
            "error",
            f"2 annotations ({first}, {second['id']}); expected one: delete the one that does not count",
        ),
    )
    assert (report.refused, report.unchanged) == (("en_fair",), ("ar_souk", "fr_marche"))
    assert sets(checkout) == before


def test_a_document_that_is_there_twice_is_a_finding_with_both_tasks(checkout: Path, studio: Studio) -> None:
    report = pushed(checkout, studio)
    task = tasks(studio, report.project)["en_fair"]
    with connected(studio) as client:
        body = [{"data": task["data"], "meta": task["meta"]}]
        ask(client, "POST", f"api/projects/{report.project}/import", body=body)
    first, second = pushed(checkout, studio), pulled(checkout, studio)

    assert (first.refused, second.refused) == (("en_fair",), ("en_fair",))
    assert re.fullmatch(rf"has tasks {task['id']}, \d+; expected one: .*", messages(first)[0])
    assert re.fullmatch(rf"tasks {task['id']} and \d+ both show it; expected one: .*", messages(second)[0])


def test_a_draft_that_was_not_submitted_is_a_finding_and_is_kept(checkout: Path, studio: Studio) -> None:
    account = users.add(checkout, studio, "a1")
    task = tasks(studio, pushed(checkout, studio).project)["en_fair"]
    (annotation,) = task["annotations"]
    assert annotation["completed_by"] == account.id
    with logged_in(studio, account) as browser:
        browser.post(
            f"/api/tasks/{task['id']}/annotations/{annotation['id']}/drafts", {"result": annotation["result"][:2]}
        )
    report = pulled(checkout, studio)

    assert [(one.rule, one.severity) for one in report.findings] == [("studio-draft", "warning")]
    assert report.unchanged == DOCUMENTS
    (journal,) = (checkout / ".standoff" / "journal" / "a1").glob("*/1.jsonl")
    (draft,) = [one for line in journal.read_text().splitlines() for one in json.loads(line)["drafts"]]
    assert draft["result"] == annotation["result"][:2]
    assert "@" not in journal.read_text()


def test_an_annotation_of_another_account_is_a_finding_and_is_not_taken(checkout: Path, studio: Studio) -> None:
    before = sets(checkout)
    mine, other = users.add(checkout, studio, "a1"), users.add(checkout, studio, "m1")
    task = tasks(studio, pushed(checkout, studio).project)["en_fair"]
    (annotation,) = task["annotations"]
    with logged_in(studio, other) as browser:
        browser.patch(f"/api/annotations/{annotation['id']}/", {"result": annotation["result"][:1]})
    report = pulled(checkout, studio)

    assert [(one.rule, one.field) for one in report.findings] == [("studio-account", f"task {task['id']} updated_by")]
    assert not any(word in str(report) for word in (mine.email, other.email))
    assert report.refused == ("en_fair",)
    assert sets(checkout) == before
    with logged_in(studio, mine) as browser:
        browser.patch(f"/api/annotations/{annotation['id']}/", {"result": annotation["result"]})
    assert pulled(checkout, studio).unchanged == DOCUMENTS


def test_a_task_that_nobody_annotated_and_one_whose_annotation_is_gone_are_told_apart(
    checkout: Path, studio: Studio
) -> None:
    (checkout / "annotations" / "sets" / "a1" / "ar_souk.json").unlink()
    project = pushed(checkout, studio).project
    task = tasks(studio, project)["en_fair"]
    before = sets(checkout)
    with connected(studio) as client:
        ask(client, "DELETE", f"api/annotations/{task['annotations'][0]['id']}/")
    report = pulled(checkout, studio)

    assert (report.unannotated, report.gone, report.unchanged) == (("ar_souk",), ("en_fair",), ("fr_marche",))
    assert [one.rule for one in report.findings] == ["studio-gone"]
    assert sets(checkout) == before


def test_a_task_that_was_seen_and_is_gone_is_a_finding_that_says_where_its_last_version_is(
    checkout: Path, studio: Studio
) -> None:
    before = sets(checkout)
    task = tasks(studio, pushed(checkout, studio).project)["en_fair"]
    pulled(checkout, studio)
    with connected(studio) as client:
        ask(client, "DELETE", f"api/tasks/{task['id']}/")
    report = pulled(checkout, studio)

    assert (report.gone, report.unchanged) == (("en_fair",), ("ar_souk", "fr_marche"))
    path, line = re.findall(r"(\.standoff/journal/\S+\.jsonl):(\d+)", messages(report)[0])[0]
    kept = json.loads((checkout / path).read_text(encoding="utf-8").splitlines()[int(line) - 1])
    assert (kept["document"], kept["annotations"][0]["result"]) == ("en_fair", task["annotations"][0]["result"])
    assert sets(checkout) == before
    # The next push mends it.
    assert pushed(checkout, studio).created == ("en_fair",)
    assert pulled(checkout, studio).unchanged == DOCUMENTS


def test_whatever_changes_in_a_task_that_was_pulled_is_seen_by_the_next_pull(checkout: Path, studio: Studio) -> None:
    account = users.add(checkout, studio, "a1")
    project = pushed(checkout, studio).project
    found = tasks(studio, project)
    assert (pulled(checkout, studio).findings, pulled(checkout, studio).unchanged) == ((), DOCUMENTS)
    (journal,) = (checkout / ".standoff" / "journal" / "a1").glob("*")
    assert [path.name for path in journal.glob("*.jsonl")] == ["1.jsonl"]
    (first,), (second,) = found["en_fair"]["annotations"], found["fr_marche"]["annotations"]
    with logged_in(studio, account) as browser:
        draft = f"/api/tasks/{found['ar_souk']['id']}/annotations/{found['ar_souk']['annotations'][0]['id']}/drafts"
        browser.post(draft, {"result": first["result"][:1]})
    with connected(studio) as client:
        ask(client, "POST", f"api/tasks/{found['en_fair']['id']}/annotations/", body={"result": []})
        body = {"result": [item for item in second["result"] if item["type"] != "textarea"]}
        ask(client, "PATCH", f"api/annotations/{second['id']}/", body=body)
    report = pulled(checkout, studio)
    assert [(one.id, one.rule) for one in report.findings] == [
        ("ar_souk", "studio-draft"),
        ("en_fair", "studio-annotation-twice"),
    ]
    assert report.written == ("fr_marche",)
    # What is wrong is told until it is mended, and what is on disk alone is told without a look at the task.
    change_on_disk(checkout, "fr_marche", "Two.")
    again = pulled(checkout, studio)
    assert (again.findings, again.ahead) == (report.findings, ("fr_marche",))
    with connected(studio) as client:
        ask(client, "DELETE", f"api/annotations/{second['id']}/")

    assert pulled(checkout, studio).gone == ("fr_marche",)


def test_a_set_that_is_made_after_the_task_goes_into_it(checkout: Path, studio: Studio) -> None:
    path = checkout / "annotations" / "sets" / "a1" / "ar_souk.json"
    text = path.read_bytes()
    path.unlink()
    pushed(checkout, studio)
    path.write_bytes(text)

    assert pushed(checkout, studio).replaced == ("ar_souk",)
    assert pulled(checkout, studio).unchanged == DOCUMENTS


def test_an_entity_that_was_written_in_the_editor_stays_the_same_one(checkout: Path, studio: Studio) -> None:
    project = pushed(checkout, studio).project
    mention = next(a for a in read(checkout, "en_fair").values() if a.refs.get("referent") and a.label == "who")

    def write(result: list[dict[str, Any]]) -> None:
        for item in result:
            if item.get("id") == mention.id and item["from_name"] == "naming-referent":
                item |= {"from_name": "naming-referent-new", "type": "textarea", "value": {"text": ["Mayor Zoë"]}}

    update(studio, tasks(studio, project)["en_fair"], write)

    assert pulled(checkout, studio).written == ("en_fair",)
    assert read(checkout, "en_fair")[mention.id].refs == {"referent": ("mayor-zoe",)}
    new = Entity("mayor-zoe", "who", "Mayor Zoë", "unchecked")
    assert new in files.read(checkout).sets["a1", "en_fair"].entities
    # It can be picked from now on, and what was written goes on meaning it.
    assert pushed(checkout, studio).refreshed == ("en_fair",)
    assert pushed(checkout, studio).unchanged == DOCUMENTS
    assert pulled(checkout, studio).unchanged == DOCUMENTS
    picks = [pick["alias"] for pick in tasks(studio, project)["en_fair"]["data"]["entities"]]
    assert picks.count("mayor-zoe") == 1


def test_a_push_that_was_cut_off_before_the_description_is_finished_by_the_next(checkout: Path, studio: Studio) -> None:
    project = pushed(checkout, studio).project
    there = tasks(studio, project)["en_fair"]
    old_meta = there["meta"]
    corpus = files.read(checkout)
    marked = corpus.sets["a1", "en_fair"]
    mention = next(a for a in marked.annotations if a.refs.get("referent") and a.label == "who")
    new = Entity("zed", "who", "Zed", "unchecked")
    changed = structs.replace(
        marked,
        annotations=tuple(
            structs.replace(a, refs={"referent": ("zed",)}) if a.id == mention.id else a for a in marked.annotations
        ),
        entities=(*marked.entities, new),
    )
    files.write_set(checkout, changed, corpus.scheme)
    (memory,) = (checkout / ".standoff" / "journal" / "a1").glob("*/memory.json")
    old_memory = memory.read_bytes()
    assert pushed(checkout, studio).replaced == ("en_fair",)
    memory.write_bytes(old_memory)
    with connected(studio) as client:
        ask(client, "PATCH", f"api/tasks/{there['id']}/", body={"meta": old_meta})

    assert pushed(checkout, studio).replaced == ("en_fair",)
    assert pulled(checkout, studio).unchanged == DOCUMENTS


def test_a_new_label_reaches_the_interface_with_the_next_push(checkout: Path, studio: Studio) -> None:
    project = pushed(checkout, studio).project
    schema = checkout / "schema" / "annotation.schema.json"
    text = schema.read_text(encoding="utf-8")
    assert text.count('"A place."') == 1
    schema.write_text(text.replace('"A place."', '"A place on a map."'), encoding="utf-8")
    pushed(checkout, studio)
    with connected(studio) as client:
        config = ask(client, "GET", f"api/projects/{project}/")["label_config"]

    assert "A place on a map." in config


def test_only_the_documents_that_are_asked_for_are_pushed(checkout: Path, studio: Studio) -> None:
    report = push(checkout, files.read(checkout), "a1", studio, documents=["en_fair"])

    assert report.created == ("en_fair",)
    with pytest.raises(UsageError, match=r"'en_fare' is no document \[did you mean 'en_fair'\?\]"):
        push(checkout, files.read(checkout), "a1", studio, documents=["en_fare"])


def test_a_dry_run_says_all_that_a_push_would_do_and_changes_nothing(checkout: Path, studio: Studio) -> None:
    corpus = files.read(checkout)
    plan = push(checkout, corpus, "a1", studio, dry_run=True)
    assert (plan.interface, plan.created, plan.project) == ("new", DOCUMENTS, 0)
    with pytest.raises(StudioError, match="no project"):
        pulled(checkout, studio)
    project = pushed(checkout, studio).project
    update(studio, tasks(studio, project)["en_fair"], change_on_server)
    change_on_disk(checkout, "en_fair", "Two.")
    change_on_disk(checkout, "fr_marche", "Three.")
    there = tasks(studio, project)
    plan = push(checkout, files.read(checkout), "a1", studio, dry_run=True)

    assert (plan.refused, plan.replaced, plan.unchanged) == (("en_fair",), ("fr_marche",), ("ar_souk",))
    assert tasks(studio, project) == there
    assert pushed(checkout, studio) == plan


def test_a_label_that_is_in_use_cannot_leave_the_interface(checkout: Path, studio: Studio) -> None:
    project = pushed(checkout, studio).project
    there = tasks(studio, project)
    with connected(studio) as client:
        before = ask(client, "GET", f"api/projects/{project}/")["label_config"]
    corpus = files.read(checkout)
    layers = tuple(
        structs.replace(layer, labels=tuple(label for label in layer.labels if label.name != "where"))
        for layer in corpus.scheme.layers
    )
    poorer = structs.replace(corpus, scheme=structs.replace(corpus.scheme, layers=layers))
    report = push(checkout, poorer, "a1", studio)

    assert (report.interface, report.refused) == ("refused", DOCUMENTS)
    assert messages(report)[0].startswith(
        "the interface cannot change as the schema asks: 'where' of 'naming' is used in "
    )
    with connected(studio) as client:
        assert ask(client, "GET", f"api/projects/{project}/")["label_config"] == before
    assert tasks(studio, project) == there


def test_another_text_is_refused_where_there_is_work_and_shown_where_there_is_none(
    checkout: Path, studio: Studio
) -> None:
    (checkout / "annotations" / "sets" / "a1" / "ar_souk.json").unlink()
    project = pushed(checkout, studio).project
    corpus = files.read(checkout)
    documents = {
        id: structs.replace(one, text=one.text + "!", text_sha256=sha(one.text + "!"))
        for id, one in corpus.documents.items()
    }
    sets = {key: structs.replace(one, text_sha256=documents[key[1]].text_sha256) for key, one in corpus.sets.items()}
    report = push(checkout, structs.replace(corpus, documents=documents, sets=sets), "a1", studio)

    assert (report.refreshed, report.refused) == (("ar_souk",), ("en_fair", "fr_marche"))
    assert all("shows another text of it" in message for message in messages(report))
    assert tasks(studio, project, every=True)["ar_souk"]["data"]["text"].endswith("!")


def test_a_batch_is_a_project_and_a_document_is_in_one_of_them(checkout: Path, studio: Studio) -> None:
    corpus = files.read(checkout)
    first = push(checkout, corpus, "a1", studio, documents=["en_fair"], batch="pilot")
    rest = push(checkout, corpus, "a1", studio)
    again = push(checkout, corpus, "a1", studio, documents=["en_fair"])

    assert (first.created, rest.created) == (("en_fair",), ("ar_souk", "fr_marche"))
    assert (again.refused, messages(again)) == (
        ("en_fair",),
        [f"is in batch 'pilot' (project {first.project}); expected it in one batch"],
    )
    report = pulled(checkout, studio)
    assert (report.projects, report.unchanged) == ((rest.project, first.project), DOCUMENTS)
    assert pull(checkout, corpus, "a1", studio, batch="pilot").unchanged == ("en_fair",)
    with pytest.raises(StudioError, match=r"no project of tiny/a1/second; expected one: standoff push$"):
        pull(checkout, corpus, "a1", studio, batch="second")
    with pytest.raises(UsageError, match=r"batch: 'a/b' does not match"):
        push(checkout, corpus, "a1", studio, batch="a/b")


def test_each_annotator_has_a_project_that_the_other_does_not_see(checkout: Path, studio: Studio) -> None:
    corpus = files.read(checkout)
    first, second = push(checkout, corpus, "a1", studio), push(checkout, corpus, "m1", studio)

    assert first.project != second.project
    assert {task["meta"]["annotator"] for task in tasks(studio, second.project).values()} == {"m1"}


def test_a_pull_before_the_first_push_says_so(checkout: Path, studio: Studio) -> None:
    with pytest.raises(StudioError, match=r"no project of tiny/a1; expected one: standoff push$"):
        pulled(checkout, studio)


def test_a_server_that_refuses_the_token_or_is_not_there_is_one_clear_line(checkout: Path, studio: Studio) -> None:
    wrong = "f" * 40
    refused = Studio(studio.url, wrong)
    absent = Studio(f"http://127.0.0.1:{process.free_port()}", wrong)

    with pytest.raises(StudioError, match="does not accept the token; expected the one of its own account") as first:
        pulled(checkout, refused)
    with pytest.raises(
        StudioError, match=r"no connection; expected a running Label Studio \(standoff studio up\)$"
    ) as second:
        pulled(checkout, absent)
    for error, where in ((first, studio), (second, absent)):
        assert str(error.value).startswith(where.url)
        assert "\n" not in str(error.value)
        assert wrong not in repr(error.value)
