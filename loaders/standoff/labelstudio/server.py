"""A real Label Studio for one corpus: made, started, found again and stopped, for this machine's user alone."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from standoff.errors import StudioError, UsageError
from standoff.labelstudio import environment as environments
from standoff.labelstudio import process
from standoff.labelstudio.database import Database, decided, kept, password, settings
from standoff.labelstudio.locks import alone
from standoff.labelstudio.private import write_private
from standoff.model import Progress, silent

__all__ = ["Status", "Studio", "down", "has_own", "own_studios", "secret_files", "status", "up"]

_FIRST_START, _START = 100, 30
"""Seconds that a start takes on a usual machine, for the progress alone."""

_SETTINGS = "settings.json"

_PATIENCE = 600.0
"""Seconds after which a start is given up; a start migrates a database of 82 tables the first time."""


class Studio(Struct, frozen=True):
    """A Label Studio that answers."""

    url: str
    token: str
    pid: int | None = None
    """The server's process; None where somebody else runs it."""
    name: str = ""
    """What this checkout calls its own server, whatever port it is on; empty where somebody else runs it."""

    def __repr__(self) -> str:
        """What may be shown of it: the token may not."""
        return f"Studio(url={self.url!r}, pid={self.pid!r})"


class Status(Struct, frozen=True):
    """What there is of a corpus's own server."""

    installed: bool
    running: bool
    answers: bool
    url: str = ""
    pid: int | None = None
    database: str = ""
    """The address of the PostgreSQL database that it keeps its tasks in; empty for a file of its own."""


class _Credentials(Struct, frozen=True):
    username: str
    password: str
    token: str


class _State(Struct, frozen=True):
    """The server that was started last. A process is ours when its id and its beginning are."""

    pid: int
    started: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def up(
    root: Path,
    *,
    annotator: str = "",
    port: int | None = None,
    database_url: str = "",
    environment: Path | None = None,
    progress: Progress = silent,
) -> Studio:
    """The corpus's own server, started unless it runs, on loopback.

    The first time it makes an environment from the packaged lock file, a data folder, and credentials that only this
    user can read. The server outlives this process.

    Args:
        annotator: whose server; one that nobody else's work is on, so that nobody sees another's. All share one where
            not given.
        port: where it listens; one that the system chooses where not given.
        database_url: the PostgreSQL database that it keeps its tasks in; a file of its own where not given. The
            password is read from PGPASSWORD or ~/.pgpass.
        environment: where the server's libraries are, or are to be; several corpora may share one.

    Raises:
        UsageError: the address is none of a database, or another one than the server was first started with.
        StudioError: it cannot be installed, does not start, runs on another port, or the port is somebody else's.
    """
    folder = _folder(root, annotator)
    environment = environment or _folder(root) / "env"
    with alone(environment.parent / "env.lock", progress):
        environments.install(environment, progress=progress)
    with alone(folder / "lock", progress):
        others = [one / _SETTINGS for one in _folders(root) if one != folder]
        begun = (folder / "started-before").exists()
        where = decided(folder / _SETTINGS, database_url, others=others, begun=begun)
        credentials = _credentials(folder)
        state = _state(folder)
        if state is None or not _lives(state):
            state = _start(folder, environment, credentials, port, where)
        elif port not in (None, state.port):
            raise StudioError(f"runs already, not on port {port}; stop it first: standoff studio down", place=state.url)
        _wait(state, folder, progress)
    return Studio(state.url, credentials.token, state.pid, _name(annotator))


def down(root: Path, *, annotator: str = "") -> bool:
    """Stops the corpus's own server; whether it ran. No process is signalled that is not the one that was started."""
    folder = _folder(root, annotator)
    if not (folder / "state.json").exists():
        return False
    with alone(folder / "lock", silent):
        state = _state(folder)
        ran = state is not None and process.stop(state.pid, state.started)
        (folder / "state.json").unlink(missing_ok=True)
    return ran


def status(root: Path, *, annotator: str = "", environment: Path | None = None) -> Status:
    """What there is of the corpus's own server now."""
    folder = _folder(root, annotator)
    installed, database = environments.ready(environment or _folder(root) / "env"), kept(folder / _SETTINGS)
    state = _state(folder)
    if state is None or process.started(state.pid) != state.started:
        return Status(installed, running=False, answers=False, database=database)
    answers = _answers(state.url)
    return Status(installed, running=True, answers=answers, url=state.url, pid=state.pid, database=database)


def has_own(root: Path, annotator: str = "") -> bool:
    """Whether an annotator has a server of the annotator's own, running or not; without one, whether all share one."""
    return (_folder(root, annotator) / "credentials.json").exists()


def own_studios(root: Path) -> tuple[str, ...]:
    """The annotators that have a server of their own."""
    found = (root.resolve() / ".standoff" / "studios").glob("*/credentials.json")
    return tuple(sorted(path.parent.name for path in found))


def secret_files(root: Path, *, annotator: str = "") -> tuple[Path, ...]:
    """The files that hold a server's secrets."""
    folder = _folder(root, annotator)
    return (folder / "credentials.json", folder / "server.log", folder / "data" / ".env", folder / "data")


def _folder(root: Path, annotator: str = "") -> Path:
    if not annotator:
        return root.resolve() / ".standoff" / "studio"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", annotator):
        raise UsageError(f"{annotator!r} is no annotator's pseudonym", place="--for")
    return root.resolve() / ".standoff" / "studios" / annotator


def _folders(root: Path) -> tuple[Path, ...]:
    """The folders of all servers of a checkout."""
    return (_folder(root), *(_folder(root, one) for one in own_studios(root)))


def _name(annotator: str) -> str:
    return f"studios/{annotator}" if annotator else "studio"


def _port(wanted: int | None) -> int:
    """A port to listen on: the one that is wanted, when it is free."""
    if wanted is None:
        return process.free_port()
    if not process.is_free(wanted):
        raise StudioError(
            f"somebody else listens on port {wanted}; expected a free one", place=f"http://127.0.0.1:{wanted}"
        )
    return wanted


def _start(
    folder: Path, environment: Path, credentials: _Credentials, wanted: int | None, where: Database | None
) -> _State:
    port = _port(wanted)
    command = [str(environments.executable(environment)), "start", "--no-browser"]
    command += ["--internal-host", "127.0.0.1", "--port", str(port)]
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    pid = process.spawn(command, _environment(folder / "data", credentials, where), folder / "server.log")
    state = _State(pid, process.started(pid), port)
    write_private(folder / "state.json", msgspec.json.encode(state))
    return state


def _environment(data: Path, credentials: _Credentials, where: Database | None) -> dict[str, str]:
    """All that the server is told. Nothing else of our own environment reaches it: it might name another database."""
    passed = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    stored = settings(where, password(where, os.environ)) if where else {}
    return (
        passed
        | stored
        | {
            "HOME": str(data),
            "LABEL_STUDIO_BASE_DATA_DIR": str(data),
            "LABEL_STUDIO_USERNAME": credentials.username,
            "LABEL_STUDIO_PASSWORD": credentials.password,
            "LABEL_STUDIO_USER_TOKEN": credentials.token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LATEST_VERSION_CHECK": "false",
            "COLLECT_ANALYTICS": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "FEATURE_FLAGS_OFFLINE": "true",
            "DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "PYTHONUNBUFFERED": "1",
        }
    )


def _lives(state: _State) -> bool:
    """Whether a server that was started before answers, sooner or later: one that was killed may still be ending."""
    begun = time.monotonic()
    while process.started(state.pid) == state.started:
        if _answers(state.url) or time.monotonic() - begun > _PATIENCE:
            return True
        time.sleep(0.25)
    return False


def _wait(state: _State, folder: Path, progress: Progress) -> None:
    """Waits until the server answers, and holds that it is ours that does."""
    begun = time.monotonic()
    usual = _START if (folder / "started-before").exists() else _FIRST_START
    while not _answers(state.url):
        seconds = time.monotonic() - begun
        if process.started(state.pid) != state.started:
            (folder / "state.json").unlink(missing_ok=True)
            raise StudioError(
                f"Label Studio ended while it started: {environments.last_line(folder / 'server.log')}",
                place=str(folder / "server.log"),
            )
        if seconds > _PATIENCE:
            raise StudioError(
                f"Label Studio (process {state.pid}) does not answer after {seconds:.0f} s; "
                "stop it with: standoff studio down",
                place=state.url,
            )
        progress("starting Label Studio", min(int(seconds), usual - 1), usual)
        time.sleep(0.25)
    # Where a port is taken meanwhile, Label Studio goes to the next one and says nothing.
    if not process.listens(state.pid, state.port):
        process.stop(state.pid, state.started)
        (folder / "state.json").unlink(missing_ok=True)
        raise StudioError(
            f"another process than ours ({state.pid}, now stopped) answers on port {state.port}; try again",
            place=state.url,
        )
    (folder / "started-before").touch()
    progress("Label Studio answers", usual, usual)


def _answers(url: str) -> bool:
    import httpx

    try:
        # A proxy of the environment has no business between this machine and itself.
        return httpx.get(f"{url}/health", timeout=5.0, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _state(folder: Path) -> _State | None:
    try:
        return msgspec.json.decode((folder / "state.json").read_bytes(), type=_State)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StudioError(
            f"is not the state of a server: {error}; remove it when no server runs", place=str(folder / "state.json")
        ) from error


def _credentials(folder: Path) -> _Credentials:
    """The account of the server, made once, readable by this user alone, shown to nobody."""
    path = folder / "credentials.json"
    if not path.exists():
        name = f"standoff-{secrets.token_hex(4)}@localhost.localdomain"
        made = _Credentials(name, secrets.token_urlsafe(24), secrets.token_hex(20))
        write_private(path, msgspec.json.encode(made))
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Credentials)
    except msgspec.DecodeError as error:
        raise StudioError("does not hold the server's credentials; restore it", place=str(path)) from error
