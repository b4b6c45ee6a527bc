"""Whatever breaks on the way between a corpus and a real Label Studio: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from standoff import files
from standoff.canon import canonical_set
from standoff.errors import StudioError
from standoff.labelstudio import projects, sending
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import pull, push
from standoff.model import Corpus

if TYPE_CHECKING:
    from conftest import Home

pytestmark = pytest.mark.server

MANY = 60
PORTION = 20

PUSH = """
import sys
from pathlib import Path
from standoff import files
from standoff.labelstudio import sending
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import push
root, url, token, pid = sys.argv[1:]
sending._TASKS = 20
corpus = files.read(Path(root))
push(Path(root), corpus, "a1", Studio(url, token, int(pid)))
"""

PULL_KILLED = """
import os, sys
from pathlib import Path
from standoff import files
from standoff.labelstudio import projects, pull
from standoff.labelstudio.server import Studio
root, url, token, pid, enough = sys.argv[1:]
projects.PAGE, pull._TOGETHER = 20, 10
save = pull.Journal.save
def save_and_die(journal):
    save(journal)
    if sum(bool(seen.listed) for seen in journal.documents.values()) > int(enough):
        os.kill(os.getpid(), 9)
pull.Journal.save = save_and_die
pull.pull(Path(root), files.read(Path(root)), "a1", Studio(url, token, int(pid)))
"""


@pytest.fixture
def many(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """A corpus of as many documents as fill three requests, in the checkout's folder."""
    monkeypatch.setattr(sending, "_TASKS", PORTION)
    monkeypatch.setattr(projects, "PAGE", PORTION)
    corpus = files.read(checkout)
    document, marked = corpus.documents["en_fair"], corpus.sets["a1", "en_fair"]
    segments, raw = corpus.segments["en_fair"], files.raw_bytes(checkout, corpus)["en_fair"]
    ids = [f"n{n:03d}" for n in range(MANY)]
    corpus = structs.replace(
        corpus,
        documents={id: structs.replace(document, id=id) for id in ids},
        segments={id: structs.replace(segments, document=id) for id in ids},
        sets={("a1", id): structs.replace(marked, document=id) for id in ids},
        gold={},
    )
    for folder in ("corpus/documents", "corpus/segments", "corpus/raw", "annotations/sets/a1", "annotations/sets/m1"):
        for path in (checkout / folder).iterdir():
            path.unlink()
    for path in (checkout / "annotations" / "gold").iterdir():
        path.unlink()
    files.write_corpus(checkout, corpus, dict.fromkeys(ids, raw))
    return files.read(checkout)


class Proxy:
    """Stands between a client and the server, and breaks what it is told to break."""

    def __init__(self, studio: Studio) -> None:
        self._to = int(studio.url.rpartition(":")[2])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.studio = structs.replace(studio, url=f"http://127.0.0.1:{self._listening.getsockname()[1]}")
        self.left: int | None = None
        """Bytes of answers that still go through; no end where None."""
        self.asked: list[str] = []
        """What was asked for, in the order in which it came."""
        self.imports = 0
        self.on_import: Callable[[int], bool] = lambda n: True
        """Told of each import that was passed on, by its number: whether its answer goes through."""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                client.close()
                continue
            answered = threading.Event()
            answered.set()
            threading.Thread(target=self._there, args=(client, server, answered), daemon=True).start()
            threading.Thread(target=self._back, args=(client, server, answered), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket, answered: threading.Event) -> None:
        while data := _received(client):
            self.asked += (line.decode() for line in re.findall(rb"\A(?:GET|POST) (\S+)", data))
            if re.match(rb"POST \S+/import", data):
                self.imports += 1
                if not self.on_import(self.imports):
                    answered.clear()
            if not _sent(server, data):
                break
        _shut(server)

    def _back(self, client: socket.socket, server: socket.socket, answered: threading.Event) -> None:
        while data := _received(server):
            if not answered.is_set():
                break
            if self.left is not None:
                data, self.left = data[: self.left], max(0, self.left - len(data))
            if not data or not _sent(client, data):
                break
        _shut(client)
        _shut(server)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _sent(connection: socket.socket, data: bytes) -> bool:
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    connection.close()


@contextmanager
def between(studio: Studio) -> Iterator[Proxy]:
    """A proxy, for a while."""
    proxy = Proxy(studio)
    try:
        yield proxy
    finally:
        proxy.close()


def there(studio: Studio) -> Counter[str]:
    """How many tasks the server has of each document."""
    with connected(studio) as client:
        (project,) = ask(client, "GET", "api/projects/")["results"]
        params = {"project": project["id"], "page_size": 1000, "include": "id,data", "fields": "task_only"}
        return Counter(task["data"]["id"] for task in ask(client, "GET", "api/tasks/", params=params)["tasks"])


def number(studio: Studio) -> int:
    """How many tasks the server has."""
    with connected(studio) as client:
        return sum(one["task_number"] for one in ask(client, "GET", "api/projects/")["results"])


def once(corpus: Corpus) -> Counter[str]:
    """Every document once."""
    return Counter(list(corpus.documents))


def sets(root: Path) -> dict[str, str]:
    """The annotator's sets as they are on disk."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (root / "annotations/sets/a1").glob("*.json")}


def test_a_push_that_is_killed_is_finished_by_the_next(checkout: Path, studio: Studio, many: Corpus) -> None:
    given = [str(checkout), studio.url, studio.token, str(studio.pid)]
    pushing = subprocess.Popen([sys.executable, "-c", PUSH, *given])
    while number(studio) < PORTION:
        assert pushing.poll() is None
        time.sleep(0.02)
    pushing.send_signal(signal.SIGKILL)
    pushing.wait()
    report = push(checkout, many, "a1", studio)

    assert there(studio) == once(many)
    assert 0 < len(report.created) < MANY
    assert report.findings == ()
    assert len(pull(checkout, many, "a1", studio).unchanged) == MANY


def test_a_server_that_is_killed_during_a_push_has_everything_once_after_the_next(
    checkout: Path, studio: Studio, home: Home, many: Corpus
) -> None:
    killing = threading.Timer(0.05, home.kill)

    def on_import(n: int) -> bool:
        if n == 2:
            killing.start()
        return True

    with between(studio) as proxy:
        proxy.on_import = on_import
        with pytest.raises(StudioError) as cut:
            push(checkout, many, "a1", proxy.studio)
    killing.join()
    again = home.up()
    report = push(checkout, many, "a1", again)

    assert cut.value.status is None
    assert "sending it again does it no second time" in cut.value.message or "no connection" in cut.value.message
    assert again.pid != studio.pid
    assert there(again) == once(many)
    assert len(report.created) + len(report.unchanged) == MANY
    assert report.unchanged
    assert len(pull(checkout, many, "a1", again).unchanged) == MANY


def test_an_answer_that_is_lost_after_the_work_was_done_has_it_done_once(
    checkout: Path, studio: Studio, many: Corpus
) -> None:
    with between(studio) as proxy:
        proxy.on_import = lambda n: n != 2
        with pytest.raises(StudioError, match="what was sent may have arrived, and sending it again does it no second"):
            push(checkout, many, "a1", proxy.studio)
    report = push(checkout, many, "a1", studio)

    assert there(studio) == once(many)
    assert (len(report.created), len(report.unchanged)) == (MANY - 2 * PORTION, 2 * PORTION)


def test_a_pull_that_is_cut_off_leaves_whole_files_and_the_next_takes_the_rest(
    checkout: Path, studio: Studio, many: Corpus
) -> None:
    push(checkout, many, "a1", studio)
    before = sets(checkout)
    for path in (checkout / "annotations" / "sets" / "a1").iterdir():
        path.unlink()
    empty = structs.replace(many, sets={})
    with between(studio) as proxy:
        length = len(str(before["n000"])) * PORTION
        proxy.left = 4 * length
        with pytest.raises(StudioError, match=r"^http://127\.0\.0\.1:\d+: the connection failed"):
            pull(checkout, empty, "a1", proxy.studio)
    taken = sets(checkout)
    report = pull(checkout, files.read(checkout), "a1", studio)

    assert 0 < len(taken) < MANY
    assert all(before[id] == text for id, text in taken.items())
    assert (len(report.written), len(report.unchanged)) == (MANY - len(taken), len(taken))
    assert sets(checkout) == before


def test_a_pull_after_one_that_was_cut_off_or_killed_reads_only_the_rest(
    checkout: Path, studio: Studio, many: Corpus
) -> None:
    push(checkout, many, "a1", studio)
    before = sets(checkout)
    for path in (checkout / "annotations" / "sets" / "a1").iterdir():
        path.unlink()
    with between(studio) as proxy:
        proxy.left = 4 * len(str(before["n000"])) * PORTION
        with pytest.raises(StudioError, match="the connection failed"):
            pull(checkout, structs.replace(many, sets={}), "a1", proxy.studio)
    taken = sets(checkout)
    given = [str(checkout), studio.url, studio.token, str(studio.pid)]
    killed = subprocess.run([sys.executable, "-c", PULL_KILLED, *given, str(len(taken))], check=False)
    more = sets(checkout)
    with between(studio) as proxy:
        report = pull(checkout, files.read(checkout), "a1", proxy.studio)
        read = chosen(proxy)
        again = pull(checkout, files.read(checkout), "a1", proxy.studio)

    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(taken) < len(more) < MANY
    assert (len(report.written), len(report.unchanged)) == (MANY - len(more), len(more))
    # What was in its place when the process was killed, and not remembered yet, is read again.
    assert MANY - len(more) <= len(read) < MANY - len(taken)
    assert len(again.unchanged) == MANY
    assert chosen(proxy) == read, "nothing is read a second time"
    assert sets(checkout) == before


def chosen(proxy: Proxy) -> list[int]:
    """The tasks that were read by their ids."""
    asked = [parse_qs(urlsplit(path).query) for path in proxy.asked]
    return [
        id for query in asked for one in query.get("query", ()) for id in json.loads(one)["selectedItems"]["included"]
    ]


def test_two_pushes_at_once_do_everything_once(checkout: Path, studio: Studio, many: Corpus) -> None:
    reports: list[Any] = []
    both = [threading.Thread(target=lambda: reports.append(push(checkout, many, "a1", studio))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert sorted((len(one.created), len(one.unchanged)) for one in reports) == [(0, MANY), (MANY, 0)]
    assert there(studio) == once(many)


def test_sets_that_cannot_be_written_are_named_and_taken_by_the_next_pull(checkout: Path, studio: Studio) -> None:
    corpus = files.read(checkout)
    push(checkout, corpus, "a1", studio)
    before = sets(checkout)
    folder = checkout / "annotations" / "sets" / "a1"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    # A file where a folder belongs keeps even root from writing there.
    folder.write_text("in the way")
    command = [sys.executable, "-m", "standoff", "--root", str(checkout), "pull", "--for", "a1", "--url", studio.url]
    environment = {**os.environ, "LABEL_STUDIO_API_KEY": studio.token}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"{re.escape(str(folder))}\S*: (Not a directory|File exists)\n", done.stderr)
    folder.unlink()
    report = pull(checkout, files.read(checkout), "a1", studio)

    assert report.written == ("ar_souk", "en_fair", "fr_marche")
    assert sets(checkout) == before
    assert {canonical_set(one, corpus.scheme) for (who, _), one in corpus.sets.items() if who == "a1"} == {
        *before.values()
    }
