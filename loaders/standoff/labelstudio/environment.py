"""The environment that the Label Studio server runs in: its own, because it pins older libraries than releases need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from standoff.errors import StudioError
from standoff.model import Progress, silent
from standoff.text import sha

__all__ = ["executable", "install", "last_line", "ready"]

_STAMP = "standoff-ready"
_SECONDS = 90
"""What making it takes on a usual line, for the progress alone."""


def executable(environment: Path) -> Path:
    """The server's command in an environment."""
    return environment / "bin" / "label-studio"


def ready(environment: Path) -> bool:
    """Whether an environment was made to its end, from the lock file of this version of the package."""
    stamp = environment / _STAMP
    return stamp.is_file() and stamp.read_text() == _wanted() and executable(environment).is_file()


def install(environment: Path, *, progress: Progress = silent) -> None:
    """Makes the environment from the packaged lock file, unless it is there.

    What an interrupted making left behind is thrown away: an environment cannot be moved once it is made, so that
    a stamp written last, and not its place, says that it is whole.

    Raises:
        StudioError: a step of it failed; the log beside the environment has all of it.
    """
    if ready(environment):
        return
    if environment.exists():
        shutil.rmtree(environment)
    environment.parent.mkdir(parents=True, exist_ok=True)
    log = environment.parent / "install.log"
    lock = environment.parent / "server.txt"
    lock.write_text(_lock())
    log.write_bytes(b"")
    python = environment / "bin" / "python"
    uv = os.environ.get("STANDOFF_UV") or shutil.which("uv")
    if uv and shutil.which(uv):
        _run([uv, "venv", "--quiet", "--python", _base_python(), str(environment)], log, progress)
        _run([uv, "pip", "sync", "--python", str(python), "--require-hashes", str(lock)], log, progress)
    else:
        _run([_base_python(), "-m", "venv", str(environment)], log, progress)
        pip = [str(python), "-m", "pip", "install", "--no-deps", "--require-hashes", "--disable-pip-version-check"]
        _run([*pip, "-r", str(lock)], log, progress)
    (environment / _STAMP).write_text(_wanted())
    progress("Label Studio installed", _SECONDS, _SECONDS)


def _lock() -> str:
    return (files("standoff") / "labelstudio" / "server.txt").read_text(encoding="utf-8")


def _wanted() -> str:
    """What an environment is made of: another lock file or another Python makes another one."""
    return f"{sha(_lock())} {sys.version_info.major}.{sys.version_info.minor}\n"


def _base_python() -> str:
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def _run(command: Sequence[str], log: Path, progress: Progress) -> None:
    """Runs one step to its end, with all that it says in the log."""
    begun = time.monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                progress("installing Label Studio", min(int(time.monotonic() - begun), _SECONDS - 1), _SECONDS)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode:
        raise StudioError(
            f"{' '.join(command[:3])} ended with {process.returncode}: {last_line(log)}; "
            "expected the server's libraries to install",
            place=str(log),
        )


def last_line(log: Path) -> str:
    """The last thing that a log says."""
    said = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return said[-1] if said else "it said nothing"
