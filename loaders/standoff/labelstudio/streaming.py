"""Exports of Label Studio read piece by piece, however large they are: a file is one list of tasks on one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import msgspec

from standoff.errors import FileError

__all__ = ["PIECE", "parts"]

T = TypeVar("T")

PIECE = 1 << 16
"""Bytes that are read at a time: what is made of them stays in the processor's cache."""

_BORDER = re.compile(
    rb'\}\s*,\s*(?=\{\s*"id"\s*:\s*[0-9]+\s*,\s*'
    rb'"(?:annotations|predictions|drafts|data|meta|file_upload|inner_id|project|created_at)")'
)
"""Where one task ends and another begins. Inside a text no quotation mark stands bare, so that none of it looks so."""

_TAIL = 1 << 13
"""Bytes at the end of a piece in which a border is looked for first."""

_TASKS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def parts(
    file: BinaryIO, usual: Callable[[bytes], T | None], *, place: str, piece: int = PIECE
) -> Iterator[tuple[int, T | None, list[dict[str, msgspec.Raw]]]]:
    """The tasks of an export, some at a time: the bytes they take, and what they are.

    Memory is bounded where tasks are written as Label Studio writes them, their ids first; of another list of objects
    all is held.

    Args:
        usual: takes a list of tasks in JSON whose shape it knows; gives None for any other, which then is given field
            by field, with the JSON of each.

    Raises:
        FileError: it is no list of objects in JSON.
    """

    def read(content: bytes) -> tuple[int, T | None, list[dict[str, msgspec.Raw]]]:
        known = usual(content)
        return len(content), known, [] if known is not None else _TASKS.decode(content)

    begun = file.read(piece).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begun.startswith(b"["):
        raise FileError(f"begins with {begun[:20]!r}; expected a list of tasks in JSON", place=place)
    ahead, done = begun[1:], not begun
    while not done:
        border = _last_border(ahead)
        # A task of any size is searched for its end a few times only.
        more = file.read(piece if border else max(piece, len(ahead)))
        done = not more
        if border and not done:
            try:
                found = read(b"[" + ahead[:border].rstrip(b", \t\r\n") + b"]")
            except (msgspec.DecodeError, UnicodeDecodeError):
                # What looked like a border stands inside a task: only the whole of it will tell.
                ahead += more + file.read()
                done = True
            else:
                yield found
                ahead = ahead[border:] + more
        else:
            ahead += more
    try:
        yield read(b"[" + ahead)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileError(f"is no list of tasks in JSON: {error}", place=place) from error


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
