"""No process is signalled, no port trusted and no environment used that is not our own and whole."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from standoff.errors import StudioError, UsageError
from standoff.labelstudio import environment as environments
from standoff.labelstudio import process, server
from standoff.labelstudio.server import Status, Studio

LISTEN = """
import socket, sys, time
found = socket.socket()
found.bind(("127.0.0.1", int(sys.argv[1])))
found.listen()
time.sleep(60)
"""


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """(process, port) of a process that listens."""
    port = process.free_port()
    pid = process.spawn([sys.executable, "-c", LISTEN, str(port)], os.environ, tmp_path / "log")
    end = time.monotonic() + 20
    while not process.listens(pid, port) and time.monotonic() < end:
        time.sleep(0.05)
    yield pid, port
    process.stop(pid, process.started(pid))


def made_by_hand(tmp_path: Path, script: str) -> Path:
    """An environment that passes for whole, whose server is a script."""
    environment = tmp_path / "env"
    (environment / "bin").mkdir(parents=True)
    command = environment / "bin" / "label-studio"
    command.write_text(f"#!{sys.executable}\n{script}")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    (environment / "standoff-ready").write_text(environments._wanted())
    return environment


def test_who_listens_on_a_port_is_known(listening: tuple[int, int]) -> None:
    pid, port = listening

    assert process.listens(pid, port)
    assert process.listens(os.getpid(), port), "what we started is ours"
    assert not process.listens(pid, process.free_port())
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert not process.listens(pid, other.getsockname()[1])


def test_a_process_is_stopped_by_its_id_and_beginning_only(listening: tuple[int, int]) -> None:
    pid, _ = listening
    since = process.started(pid)

    assert since
    assert not process.stop(pid, "another time")
    assert not process.stop(pid, "")
    assert process.started(pid) == since
    assert process.stop(pid, since)
    assert process.started(pid) == ""
    assert not process.stop(pid, since)


def test_a_process_that_does_not_listen_to_reason_is_stopped_all_the_same(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    pid = process.spawn([sys.executable, "-c", script], os.environ, tmp_path / "log")
    while not (tmp_path / "log").read_text():
        time.sleep(0.02)

    assert process.stop(pid, process.started(pid), patience=0.2)
    assert process.started(pid) == ""


def test_an_id_that_now_belongs_to_another_process_is_left_alone(tmp_path: Path) -> None:
    called: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: called.append(number))
    folder = tmp_path / ".standoff" / "studio"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text(f'{{"pid": {os.getpid()}, "started": "1", "port": 8080}}')
    try:
        assert not server.status(tmp_path).running
        assert not server.down(tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert called == []
    assert not (folder / "state.json").exists()


def test_nothing_is_there_before_the_first_start(tmp_path: Path) -> None:
    assert server.status(tmp_path) == Status(installed=False, running=False, answers=False)
    assert not server.down(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_stopped_still_tells_its_database(tmp_path: Path) -> None:
    folder = tmp_path / ".standoff" / "studios" / "a1"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text('{"database": "postgresql://standoff@localhost:5432/labels"}')

    assert server.status(tmp_path, annotator="a1").database == "postgresql://standoff@localhost:5432/labels"
    assert server.status(tmp_path, annotator="m1").database == ""


def test_a_server_that_ends_while_it_starts_says_why(tmp_path: Path) -> None:
    environment = made_by_hand(tmp_path, "import sys; print('No space left'); sys.exit(3)")

    with pytest.raises(StudioError, match=r"server.log: Label Studio ended while it started: No space left$"):
        server.up(tmp_path, environment=environment)
    assert not server.status(tmp_path, environment=environment).running


def test_an_answer_from_somebody_elses_process_is_no_answer(tmp_path: Path) -> None:
    # The server's own process sleeps; one that has left its family answers on the port that was chosen.
    environment = made_by_hand(
        tmp_path,
        """
import http.server, os, sys, threading, time
port = int(sys.argv[sys.argv.index("--port") + 1])
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
if os.fork() == 0:
    if os.fork():
        os._exit(0)
    threading.Timer(8, os._exit, [0]).start()
    http.server.HTTPServer(("127.0.0.1", port), Healthy).serve_forever()
os.wait()
time.sleep(60)
""",
    )

    with pytest.raises(
        StudioError, match=r"another process than ours \(\d+, now stopped\) answers on port \d+; try again"
    ):
        server.up(tmp_path, environment=environment)
    assert not server.status(tmp_path, environment=environment).running


def test_a_port_that_somebody_listens_on_is_an_error_and_not_the_next_one(
    tmp_path: Path, listening: tuple[int, int]
) -> None:
    environment = made_by_hand(tmp_path, "print('was started'); raise SystemExit(1)")
    _, port = listening

    with pytest.raises(StudioError, match=rf":{port}: somebody else listens on port {port}; expected a free one$"):
        server.up(tmp_path, environment=environment, port=port)
    assert not server.status(tmp_path, environment=environment).running
    with pytest.raises(StudioError, match="was started"):
        server.up(tmp_path, environment=environment, port=process.free_port())


def test_a_server_keeps_the_database_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hush")
    environment = made_by_hand(tmp_path, "import os; print(os.environ.get('POSTGRE_NAME')); raise SystemExit(1)")
    url = "postgresql://labels@127.0.0.1:5432/first"
    for given in (url, ""):
        with pytest.raises(StudioError, match=r"ended while it started: first$"):
            server.up(tmp_path, environment=environment, database_url=given)
    with pytest.raises(UsageError, match=r"^--database: '.*/second', but the server was first started with .*/first;"):
        server.up(tmp_path, environment=environment, database_url=url.replace("first", "second"))
    # Two annotators on one database would see each other's work.
    with pytest.raises(UsageError, match=r"^--database: '.*/first' is the database of the server in .*; expected one"):
        server.up(tmp_path, annotator="a1", environment=environment, database_url=url)
    with pytest.raises(StudioError, match=r"ended while it started: None$"):
        server.up(tmp_path, annotator="a1", environment=environment)
    kept = [path.read_text(errors="replace") for path in (tmp_path / ".standoff").rglob("*") if path.is_file()]
    assert not any("hush" in text for text in kept)


@pytest.mark.parametrize("name", ["../a1", "a/b", ".", "a b"])
def test_a_folder_is_made_for_a_pseudonym_alone(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"^--for: .* is no annotator's pseudonym$"):
        server.up(tmp_path, annotator=name, environment=made_by_hand(tmp_path, ""))


def test_the_server_is_told_nothing_of_our_environment_but_where_programs_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_DB", "default")
    monkeypatch.setenv("POSTGRE_HOST", "elsewhere.example")
    environment = made_by_hand(tmp_path, "import os; print(*sorted(os.environ)); raise SystemExit(1)")

    with pytest.raises(StudioError) as ended:
        server.up(tmp_path, environment=environment)

    assert "LABEL_STUDIO_USER_TOKEN" in ended.value.message
    assert "DJANGO_DB" not in ended.value.message
    assert "POSTGRE_HOST" not in ended.value.message


def test_a_broken_state_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / ".standoff" / "studio"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text('{"pid": 1')

    with pytest.raises(
        StudioError, match=r"state.json: is not the state of a server: .*; remove it when no server runs$"
    ):
        server.status(tmp_path)


def test_a_half_made_environment_is_never_used(tmp_path: Path) -> None:
    environment = made_by_hand(tmp_path, "")
    assert environments.ready(environment)
    (environment / "standoff-ready").write_text("of another lock file\n")
    assert not environments.ready(environment)
    (environment / "standoff-ready").unlink()
    assert not environments.ready(environment)


def test_an_installation_that_fails_says_what_failed_and_where_to_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nmkdir -p \"$5\"\necho 'no route to the index' >&2\nexit 2\n")
    uv.chmod(0o755)
    monkeypatch.setenv("STANDOFF_UV", str(uv))
    environment = tmp_path / "here" / "env"

    with pytest.raises(
        StudioError, match=r"install.log: .*/uv venv --quiet ended with 2: no route to the index; expected"
    ):
        environments.install(environment)
    assert not environments.ready(environment)


def test_the_token_is_in_nothing_that_is_shown() -> None:
    studio = Studio("http://127.0.0.1:1", "secret", 7)

    assert repr(studio) == str(studio) == f"{studio}" == "Studio(url='http://127.0.0.1:1', pid=7)"
