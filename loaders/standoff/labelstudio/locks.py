"""One command at a time, where two would spoil each other's work."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standoff.errors import StudioError
from standoff.model import Progress, silent

__all__ = ["alone"]

_PATIENCE = 1200.0


@contextmanager
def alone(lock: Path, progress: Progress = silent) -> Iterator[None]:
    """Keeps every other command out meanwhile; the system lets go of it should this process die.

    Raises:
        StudioError: another command has held it for too long.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as held:
        begun = time.monotonic()
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waited = time.monotonic() - begun
                if waited > _PATIENCE:
                    raise StudioError("another command has held it too long", place=str(lock)) from None
                progress("waiting for another command", int(waited), int(_PATIENCE))
                time.sleep(0.2)
        yield
