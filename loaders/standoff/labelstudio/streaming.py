"""Exports of Label Studio read piece by piece, however large they are: a file is one list of tasks on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from standoff.errors import FileError

__all__ = ["PIECE", "tasks"]

PIECE = 1 << 20
"""Bytes that are read at a time."""

_BORDER = re.compile(
    rb'\}\s*,\s*(?=\{\s*"id"\s*:\s*[0-9]+\s*,\s*'
    rb'"(?:annotations|predictions|drafts|data|meta|file_upload|inner_id|project|created_at)")'
)
"""Where one task ends and another begins. Inside a text no quotation mark stands bare, so that none of it looks so."""

_TAIL = 1 << 16
"""Bytes at the end of a piece in which a border is looked for first."""

_TASKS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def tasks(file: BinaryIO, *, place: str, piece: int = PIECE) -> Iterator[list[dict[str, msgspec.Raw]]]:
    """The tasks of an export, some at a time: field -> its JSON.

    Memory is bounded where tasks are written as Label Studio writes them, their ids first; of another list of objects
    all is held.

    Raises:
        FileError: it is no list of objects in JSON.
    """
    begun = file.read(piece).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begun.startswith(b"["):
        raise FileError(f"begins with {begun[:20]!r}; expected a list of tasks in JSON", place=place)
    ahead, done = begun[1:], not begun
    while not done:
        border = _last_border(ahead)
        # A task of any size is searched for its end a few times only.
        read = file.read(piece if border else max(piece, len(ahead)))
        done = not read
        if border and not done:
            whole = ahead[:border].rstrip(b", \t\r\n")
            try:
                found = _TASKS.decode(b"[" + whole + b"]")
            except (msgspec.DecodeError, UnicodeDecodeError):
                # What looked like a border stands inside a task: only the whole of it will tell.
                ahead += read + file.read()
                done = True
            else:
                yield found
                ahead = ahead[border:] + read
        else:
            ahead += read
    try:
        last = _TASKS.decode(b"[" + ahead)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileError(f"is no list of tasks in JSON: {error}", place=place) from error
    if last:
        yield last


def _last_border(ahead: bytes) -> int:
    """Where the last task begins before which another ends; 0 where none does."""
    width = _TAIL
    while True:
        found = 0
        for match in _BORDER.finditer(ahead, max(0, len(ahead) - width)):
            found = match.end()
        if found or width >= len(ahead):
            return found
        width *= 4
