"""`standoff studio` with real servers: one for each annotator, accounts that can log in, and what a doctor finds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec import structs

from standoff.errors import UsageError
from standoff.files import read
from standoff.labelstudio import server, users
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.doctor import doctor
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import pull, push

if TYPE_CHECKING:
    from conftest import Home

pytestmark = pytest.mark.server


def standoff(root: Path, *words: str, code: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "standoff", "--root", str(root), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == code, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@contextmanager
def session(url: str, email: str, password: str) -> Iterator[httpx.Client | None]:
    """Somebody who has logged in; None where the server lets nobody in with this."""
    with httpx.Client(base_url=url, trust_env=False, headers={"Referer": url}) as client:
        (hidden, *_) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/user/login/").text)
        filled = {"csrfmiddlewaretoken": hidden, "email": email, "password": password}
        yield client if client.post("/user/login/", data=filled).status_code == 302 else None


def projects_of(url: str, email: str, password: str) -> list[str] | None:
    """Titles of the projects that somebody sees who logs in; None where the server lets nobody in with this."""
    with session(url, email, password) as client:
        return [one["title"] for one in client.get("/api/projects/").json()["results"]] if client else None


def test_two_annotators_on_two_servers_never_see_each_others_work(
    checkout: Path, sqlite: Home, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.up()
    # Servers that have been started once, each with credentials of its own before its annotator gets an account.
    before = sqlite.root / ".standoff" / "studio"
    server.down(sqlite.root)
    for annotator in ("a1", "m1"):
        shutil.copytree(before, checkout / ".standoff" / "studios" / annotator)
    (checkout / ".standoff" / "studio").mkdir()
    (checkout / ".standoff" / "studio" / "env").symlink_to(environment, target_is_directory=True)
    monkeypatch.setattr(server, "_environment", _with_open_sign_up(server._environment, "m1"))
    ups = [threading.Thread(target=server.up, args=(checkout,), kwargs={"annotator": one}) for one in ("a1", "m1")]
    try:
        for one in ups:
            one.start()
        for one in ups:
            one.join()
        said = standoff(checkout, "studio", "status")
        found = dict(re.findall(r"^(a1|m1): (http://127\.0\.0\.1:\d+): process \d+, answers$", said, re.MULTILINE))
        for annotator in ("a1", "m1"):
            _emptied(server.up(checkout, annotator=annotator))
            assert "has an account" in standoff(checkout, "studio", "users", "add", annotator)
        said = standoff(checkout, "push", "--for", "a1,m1")
        assert re.findall(r"^(\S+?)/projects/\d+/data: (\d) created", said, re.MULTILINE) == [
            (found["a1"], "3"),
            (found["m1"], "3"),
        ]
        shown = {one: standoff(checkout, "studio", "users", "show", one).splitlines() for one in ("a1", "m1")}
        for annotator, other in (("a1", "m1"), ("m1", "a1")):
            url, email, password = shown[annotator]
            assert url == found[annotator]
            assert [one.rpartition(" ")[2] for one in projects_of(url, email, password) or ()] == [annotator]
            assert projects_of(found[other], email, password) is None
        said = standoff(checkout, "studio", "status", "--for", "a1")
        where = f"{found['a1']}/projects/"
        told = f"  keeps its tasks in a file of its own\n  a1: 3 tasks, 3 submitted, 0 with a draft: {where}"
        assert said.startswith(f"a1: {found['a1']}: process ") and told in said and "m1" not in said
        said = standoff(checkout, "studio", "status")
        (project,) = re.findall(
            r"^  m1: 3 tasks, 2 submitted, 0 with a draft: \S+/projects/(\d+)/data$", said, re.MULTILINE
        )
        with connected(server.up(checkout, annotator="m1")) as client:
            (task, *_) = ask(client, "GET", "api/tasks/", params={"project": project})["tasks"]
            ask(client, "POST", f"api/tasks/{task['id']}/drafts", body={"result": [], "lead_time": 1})
        assert "  m1: 3 tasks, 2 submitted, 1 with a draft: " in standoff(checkout, "studio", "status")
        assert "r1: has no server of its own: standoff studio up --for r1" in standoff(
            checkout, "studio", "status", "--for", "r1", code=2
        )
        assert "3 unchanged" in standoff(checkout, "pull", "--for", "a1")
        assert "2 unchanged, 0 ahead, 1 unannotated" in standoff(checkout, "pull", "--for", "m1")
        # One that is stopped is not replaced by another.
        assert standoff(checkout, "studio", "down", "--for", "a1") == "stopped\n"
        assert standoff(checkout, "studio", "status", "--for", "a1", code=1) == (
            "a1: not running\n  keeps its tasks in a file of its own\n"
        )
        assert re.search(r"^m1: .*, answers$", standoff(checkout, "studio", "status", code=1), re.MULTILINE)
        assert "start it: standoff studio up --for a1" in standoff(checkout, "push", "--for", "a1", code=2)
        assert "anybody can sign up, and reads everything" in standoff(
            checkout, "studio", "doctor", "--for", "m1", code=1
        )
    finally:
        for annotator in ("a1", "m1"):
            server.down(checkout, annotator=annotator)


def _with_open_sign_up(environment: object, annotator: str) -> object:
    def made(data: Path, *rest: object) -> dict[str, str]:
        told = environment(data, *rest)  # type: ignore[operator]
        return told | ({"DISABLE_SIGNUP_WITHOUT_LINK": "false"} if data.parent.name == annotator else {})

    return made


def _emptied(studio: Studio) -> None:
    with connected(studio) as client:
        for one in ask(client, "GET", "api/projects/", params={"page_size": 100})["results"]:
            ask(client, "DELETE", f"api/projects/{one['id']}/")


def test_our_own_server_has_nothing_wrong_and_shows_no_secret(checkout: Path, studio: Studio, home: Home) -> None:
    account = users.add(checkout, studio, "a1")
    found = doctor(studio, now=datetime.now(UTC), private=server.secret_files(home.root))
    kept = checkout / ".standoff" / "accounts.json"

    assert found == ()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert account.password in kept.read_text()
    assert account.password not in repr(account)
    log = (home.root / ".standoff" / "studio" / "server.log").read_text(errors="replace")
    assert account.password not in log
    assert studio.token not in log
    with pytest.raises(UsageError, match=r"^'a1' has an account on http\S+: standoff studio users show a1$"):
        users.add(checkout, studio, "a1")
    with pytest.raises(UsageError, match=r"that account is already 'a1'; expected another one for 'm1'$"):
        users.add(checkout, studio, "m1", email=account.email)
    with pytest.raises(UsageError, match=r"no account has the e-mail 'nobody@example\.org'"):
        users.add(checkout, studio, "m1", email="nobody@example.org")
    said = standoff(checkout, "studio", "doctor", "--url", studio.url, LABEL_STUDIO_API_KEY=studio.token)
    assert said == f"{studio.url}: nothing is wrong\n"


def test_a_doctor_names_what_is_wrong_and_what_to_do(
    studio: Studio, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "credentials.json"
    secret.write_text("{}")
    secret.chmod(0o644)
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr("standoff.labelstudio.doctor.pinned", lambda: "9.9.9")
    found = {one.rule: one for one in doctor(studio, now=later, private=(secret,))}

    assert sorted(found) == ["studio-clock", "studio-private", "studio-version"]
    assert re.fullmatch(r"its clock is -7\d\d\d s off this machine's; set both .*", found["studio-clock"].message)
    assert found["studio-private"].message.endswith(f"(mode 0644); expected 0600: chmod 600 {secret}")
    assert found["studio-version"].message.startswith("Label Studio 1.23.2; expected 9.9.9,")


def test_a_personal_access_token_does_all_that_the_older_kind_does(checkout: Path, studio: Studio) -> None:
    account = users.add(checkout, studio, "a1")
    with session(studio.url, account.email, account.password) as client:
        assert client is not None
        token = client.post("/api/token/", headers={"X-CSRFToken": client.cookies["csrftoken"]}).json()["token"]
    personal = structs.replace(studio, token=token)
    corpus = read(checkout)

    assert push(checkout, corpus, "a1", personal).created == ("ar_souk", "en_fair", "fr_marche")
    assert pull(checkout, corpus, "a1", personal).unchanged == ("ar_souk", "en_fair", "fr_marche")
    now = datetime.now(UTC)
    assert doctor(personal, now=now) == ()
    far = [one for one in doctor(personal, now=now + timedelta(days=365 * 300)) if one.rule == "studio-token"]
    assert [one.message.startswith("the token ends on ") for one in far] == [True]
