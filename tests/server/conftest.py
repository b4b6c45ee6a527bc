"""Real Label Studios for all tests of a run: on SQLite, kept between runs, and on a PostgreSQL of this run's own."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from standoff.labelstudio import process, server
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.server import Studio

ROOT = Path(__file__).parents[2]
STUDIO = ROOT / ".standoff" / "test-studio"
ENVIRONMENT = ROOT / ".standoff" / "studio" / "env"


class Home:
    """Where a server of the tests lives, running or not."""

    def __init__(self, root: Path, url: str = "", password: str = "") -> None:
        self.root, self.url, self._password = root, url, password

    def up(self) -> Studio:
        """The server, started unless it runs."""
        with pytest.MonkeyPatch.context() as patch:
            if self.url:
                patch.setenv("PGPASSWORD", self._password)
            return server.up(self.root, environment=ENVIRONMENT, database_url=self.url)

    def kill(self) -> None:
        """Ends it as a failure of power would."""
        pid = server.status(self.root, environment=ENVIRONMENT).pid
        assert pid is not None
        since = process.started(pid)
        os.kill(pid, 9)
        end = time.monotonic() + 20
        while process.started(pid) == since and time.monotonic() < end:
            time.sleep(0.02)


@pytest.fixture(scope="session")
def sqlite() -> Iterator[Home]:
    """A server that keeps its tasks in a file, kept between runs so that only the first one waits long for it."""
    yield Home(STUDIO)
    server.down(STUDIO)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A server that keeps its tasks in a PostgreSQL, which asks for its password."""
    folder = Path(tempfile.mkdtemp(prefix="standoff-postgres-"))
    # PostgreSQL refuses to be run by root, and this folder is all that its user needs to see.
    as_user: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(folder, "nobody", "nogroup")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    port, password = process.free_port(), secrets.token_hex(12)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGPASSWORD": password}

    def run(*words: str) -> None:
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment, **as_user)
        assert done.returncode == 0, done.stderr

    data, secret = folder / "data", folder / "password"
    secret.write_text(password)
    if as_user:
        shutil.chown(secret, "nobody", "nogroup")
    options = ("--no-sync", "-A", "scram-sha-256", "-U", "standoff", "-E", "UTF8", f"--pwfile={secret}")
    run(str(programs / "initdb"), *options, "-D", str(data))
    listening = ["-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), "-p", str(port), *listening],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            **as_user,
        )
    root = tmp_path_factory.mktemp("on-postgres")
    try:
        address = ("-h", "127.0.0.1", "-p", str(port), "-U", "standoff")
        end = time.monotonic() + 60
        while subprocess.run([programs / "pg_isready", *address], check=False, capture_output=True).returncode:
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        run(str(programs / "createdb"), *address, "labels")
        yield Home(root, f"postgresql://standoff@127.0.0.1:{port}/labels", password)
    finally:
        server.down(root)
        running.send_signal(2)
        running.wait(60)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def home(request: pytest.FixtureRequest) -> Home:
    """Where the server lives; what is tested with it is tested on both databases."""
    found: Home = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def environment() -> Path:
    """Where the server's libraries are: the same as the checkout's own server uses."""
    return ENVIRONMENT


@pytest.fixture
def studio(home: Home) -> Studio:
    """The server, without a project."""
    running = home.up()
    with connected(running) as client:
        for project in ask(client, "GET", "api/projects/", params={"page_size": 100})["results"]:
            ask(client, "DELETE", f"api/projects/{project['id']}/")
    return running


@pytest.fixture
def checkout(tmp_path: Path, tiny_root: Path) -> Path:
    """A copy of the invented corpus that a test may write to."""
    copy = tmp_path / "corpus"
    for part in ("corpus", "schema", "annotations"):
        shutil.copytree(tiny_root / part, copy / part)
    return copy
