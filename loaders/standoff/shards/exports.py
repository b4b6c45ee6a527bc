"""Exports of Label Studio of any size, read task by task."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import islice
from json import JSONDecodeError, JSONDecoder
from typing import Any

from standoff.errors import FileError
from standoff.shards.streams import FORMS, opened, records

__all__ = ["tasks"]

_CHUNK = 1 << 22
_LONGEST = 1 << 28
"""Characters of a task; Label Studio itself takes none of a quarter of that."""

_BETWEEN = re.compile(r"[\s,]*")


def tasks(export: str) -> Iterator[tuple[int, Any, bytes]]:
    """The tasks of an export, counted from 1: each as a value, and as the JSON that it was.

    The value is for finding one's way; whoever takes a task reads its JSON strictly.

    Args:
        export: a path or URL of a JSON array of tasks, or of one of the forms of shards, with a task a line.

    Raises:
        FileError: it is missing, cut off, or no list of tasks; told when it is come to.
    """
    if export.endswith(FORMS):
        for line, content in records(export):
            try:
                yield line, JSONDecoder().decode(content.decode()), content
            except (ValueError, RecursionError) as error:
                raise FileError(f"line {line} is no JSON: {error}; expected a task", place=export) from error
        return
    yield from _array(export)


def _array(export: str) -> Iterator[tuple[int, Any, bytes]]:
    decoder, text, number, at = JSONDecoder(), "", 0, 0
    with opened(export) as file:
        chunks = _decoded(file, export)
        while not text and (chunk := next(chunks, None)) is not None:
            text = chunk.removeprefix("\ufeff").lstrip()
        if not text.startswith("["):
            raise FileError(f"begins with {text[:20]!r}; expected a list of tasks", place=export)
        at, ended = 1, False
        while True:
            at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            if text.startswith("]", at):
                return
            try:
                value, end = decoder.raw_decode(text, at)
            except (JSONDecodeError, RecursionError) as error:
                if ended or len(text) - at > _LONGEST:
                    raise FileError(f"task {number + 1} is no JSON: {error}; expected a task", place=export) from error
                # Twice as much as there was: however long a task is, it is read but a few times.
                text, at = text[at:], 0
                more = list(islice(chunks, 1 + len(text) // _CHUNK))
                ended = not more
                text += "".join(more)
                continue
            number += 1
            yield number, value, text[at:end].encode()
            at = end


def _decoded(file: Any, export: str) -> Iterator[str]:
    decode = getincrementaldecoder("utf-8")().decode
    try:
        while chunk := file.read(_CHUNK):
            yield decode(chunk)
        yield decode(b"", final=True)
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"cannot be read: {error}; expected JSON in UTF-8", place=export) from error
