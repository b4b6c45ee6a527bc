"""Folders that are filled beside their place and moved there; those of processes that died are cleared by the next."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

__all__ = ["aside"]


@contextmanager
def aside(place: Path) -> Iterator[Path]:
    """A new folder beside a place, which goes with the block; what is in it is to be moved to the place.

    A process that is killed leaves its folder behind: whoever comes next to the same place, on the same machine, takes
    it away. That of a process that still runs, or ran elsewhere, stays.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    named = re.compile(rf"\.{re.escape(place.name)}\.{_here()}-([0-9]+)\.[^.]+")
    for entry in list(os.scandir(place.parent)):
        found = named.fullmatch(entry.name)
        if found and not _runs(int(found[1])):
            shutil.rmtree(entry.path, ignore_errors=True)
    folder = Path(mkdtemp(dir=place.parent, prefix=f".{place.name}.{_here()}-{os.getpid()}."))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def _here() -> str:
    """The machine on which the numbers of processes mean what they mean here: a container counts its own."""
    numbers = Path("/proc/self/ns/pid")
    space = str(numbers.readlink()) if numbers.is_symlink() else ""
    return sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]
