"""Processes and ports of this machine: what runs, since when, and who listens where."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["free_port", "is_free", "listens", "spawn", "started", "stop"]

_PROC = Path("/proc")


def spawn(command: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
    """Starts a process that outlives this one, with its output in a log; its id."""
    log.touch(mode=0o600)
    return os.posix_spawn(
        command[0],
        list(command),
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        # A session of its own: an interrupt at the terminal stops the command, not the server.
        setsid=True,
    )


def started(pid: int) -> str:
    """When a running process began, in whatever way this machine says it; empty where there is none.

    An id is used again after its process; id and beginning together are not.
    """
    _reap(pid)
    if (_PROC / "self" / "stat").exists():
        try:
            # The name in parentheses may hold anything; state is the first field behind it, start time the twentieth.
            fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def stop(pid: int, since: str, *, patience: float = 20.0) -> bool:
    """Stops the process of that id and beginning, gently, then not; whether there was one."""
    if not since or started(pid) != since:
        return False
    os.kill(pid, signal.SIGTERM)
    if not _gone(pid, since, patience) and started(pid) == since:
        os.kill(pid, signal.SIGKILL)
        _gone(pid, since, patience)
    return True


def free_port() -> int:
    """A port of the loopback interface on which nobody listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on a port now, of any interface that a server on loopback would meet."""
    with socket.socket() as tried:
        # As servers do it: connections that have just been closed keep nobody from listening.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(pid: int, port: int) -> bool:
    """Whether it is that process, or one that it started, that listens on a port of the loopback interface."""
    if (_PROC / "self" / "net" / "tcp").exists():
        sockets = {f"socket:[{inode}]" for inode in _listening(port)}
        return any(sockets & set(_open(one)) for one in (pid, *_children(pid)))
    found = subprocess.run(
        ["lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"], capture_output=True, text=True, check=False
    )
    return str(pid) in found.stdout.split()


def _gone(pid: int, since: str, patience: float) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if started(pid) != since:
            return True
        time.sleep(0.05)
    return False


def _reap(pid: int) -> None:
    """Takes leave of a process of our own that has ended, which otherwise stays listed."""
    # Another command's process is not ours to wait for.
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _listening(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on a port of the loopback interface."""
    for line in (_PROC / "self" / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        address, state, inode = fields[1], fields[3], fields[9]
        # 0A: listening. The address is 127.0.0.1 with its bytes in the machine's order.
        if state == "0A" and address in (f"0100007F:{port:04X}", f"7F000001:{port:04X}"):
            yield inode


def _open(pid: int) -> Iterator[str]:
    """What the files are that a process has open."""
    try:
        for link in (_PROC / str(pid) / "fd").iterdir():
            try:
                yield str(link.readlink())
            except FileNotFoundError:
                continue  # Closed since it was listed.
    except (FileNotFoundError, PermissionError):
        return


def _children(pid: int) -> Iterator[int]:
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            yield child
            yield from _children(child)
