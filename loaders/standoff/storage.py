"""Single files of a folder: read whole and inside it, written aside and then renamed."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from standoff.errors import FileError
from standoff.text import decode, decode_json

__all__ = [
    "bytes_inside",
    "forget_links",
    "json_in",
    "read_bytes",
    "read_json",
    "read_text",
    "relative",
    "stays_inside",
    "write",
]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        FileError: the file is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileError("not found", place=str(path)) from error
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}", place=str(path)) from error


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        FileError: the file is missing, cannot be read or is not UTF-8.
    """
    return decode(read_bytes(path), place=str(path))


def read_json(path: Path) -> Any:
    """The value that a file of JSON holds.

    Raises:
        FileError: the file is missing, not UTF-8, or no JSON; names the place in it.
    """
    return decode_json(read_text(path), place=str(path))


def write(path: Path, data: str | bytes) -> bool:
    """Puts a file in place, whole or not at all; says whether anything changed."""
    data = data.encode() if isinstance(data, str) else data
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as aside:
        try:
            aside.write(data)
            aside.flush()
            os.fsync(aside.fileno())
            Path(aside.name).chmod(0o644)
            Path(aside.name).replace(path)
        except BaseException:
            Path(aside.name).unlink()
            raise
    return True


def json_in(root: Path) -> list[Path]:
    """Each JSON file of a checkout."""
    return sorted(path for folder in ("annotations", "corpus", "schema") for path in (root / folder).rglob("*.json"))


def stays_inside(path: Path, root: Path) -> None:
    """Refuses a file that a symbolic link leads out of a checkout to, or nowhere.

    Raises:
        FileError: it is such a one.
    """
    inside, place = _resolved(root), relative(path, root)
    if path.is_symlink():
        target = path.resolve()
        if not target.exists():
            to = str(path.readlink())
            raise FileError(f"is a symbolic link to {to!r}, which is not there; expected a file", place=place)
    else:
        target = _resolved(path.parent)
    if not target.is_relative_to(inside):
        raise FileError(
            f"a symbolic link leads out of the corpus, to {str(target)!r}; expected a file in it", place=place
        )


@lru_cache(maxsize=1024)
def _resolved(folder: Path) -> Path:
    """Where a folder really is."""
    return folder.resolve()


def forget_links() -> None:
    """Looks anew where folders really are: links may have changed since something was read."""
    _resolved.cache_clear()


def bytes_inside(path: Path, root: Path) -> bytes:
    """The bytes of a file that no link leads out of a folder to; errors name it as it stands in there.

    Raises:
        FileError: it is missing, cannot be read, or lies elsewhere.
    """
    try:
        stays_inside(path, root)
        return read_bytes(path)
    except FileError as error:
        error.place = relative(path, root)
        raise


def relative(path: Path, root: Path) -> str:
    """A path as it stands in a folder, or whole where it does not."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
