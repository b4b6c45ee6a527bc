"""JSON from outside: read strictly, and held to be such that every value of it can be shown, compared and written."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from msgspec.json import encode

from standoff.errors import FileError, StudioError
from standoff.text import decode

__all__ = ["parse", "sound"]

_DEEPEST = 100
"""Label Studio nests some ten levels; Python's own functions fail on a thousand."""

_MOST_DIGITS = 100
"""No offset or id has as many; Python itself turns no text of more than 4300 into a number."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(data: bytes, *, place: str) -> Any:
    """The value that the bytes of a JSON file hold; a byte order mark in front is passed over.

    Raises:
        FileError: they are compressed, in another encoding or no JSON; an object has a key twice; a number is none.
        StudioError: see `sound`.
    """
    if data.startswith(b"\x1f\x8b"):
        raise FileError("is compressed by gzip; expected JSON: unpack it first", place=place)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise FileError("is a zip archive; expected JSON: unpack it first", place=place)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileError("is UTF-16; expected JSON in UTF-8: convert it first", place=place)
    text = decode(data, place=place).removeprefix("\ufeff")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            doubled = next(name for name in names if names.count(name) > 1)
            raise FileError(f"an object has the key {doubled!r} twice; expected it once", place=place)
        return found

    def no_number(name: str) -> NoReturn:
        raise FileError(f"holds {name}, which is no number of JSON", place=place)

    def number(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise FileError(f"holds a number of {len(digits)} digits; expected at most {_MOST_DIGITS}", place=place)
        return int(digits)

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number, parse_int=number)
    except RecursionError as error:
        raise FileError(f"is nested too deeply; expected at most {_DEEPEST} levels", place=place) from error
    except ValueError as error:
        raise FileError(
            f"is no JSON: {error}; expected one complete JSON value in {len(data)} bytes", place=place
        ) from error
    sound(value, place=place)
    return value


def sound(value: Any, *, place: str) -> None:
    """Holds a JSON value to what JSON should say, which parsers let pass: whole characters, finite numbers, few levels.

    Raises:
        StudioError: a text has half a surrogate pair, a number is infinite or none, or the value is nested too deeply.
    """
    if _is_sound(value):
        return
    # Something is not: only now is it worth knowing where one is.
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while waiting:
        item, path = waiting.pop()
        if isinstance(item, str):
            if _half(item):
                raise StudioError(
                    f"{_short(item)} has half a surrogate pair, which is no character; expected whole characters",
                    place=_at(place, path),
                )
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise StudioError(f"{item!r}; expected a finite number", place=_at(place, path))
        elif isinstance(item, dict | list):
            if len(path) >= _DEEPEST:
                raise StudioError(f"nested more than {_DEEPEST} levels deep", place=_at(place, path[:3]))
            if isinstance(item, dict):
                for key, inner in item.items():
                    if _half(key):
                        raise StudioError(
                            f"the key {_short(key)} has half a surrogate pair, which is no character",
                            place=_at(place, path),
                        )
                    waiting.append((inner, (*path, key)))
            else:
                waiting.extend((inner, (*path, n)) for n, inner in enumerate(item))


def _is_sound(value: Any) -> bool:
    """Whether there is nothing to refuse, found out without knowing where."""
    try:
        encode(value)
    except (UnicodeEncodeError, RecursionError):
        return False
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for item in level:
            for inner in item.values() if type(item) is dict else item if type(item) is list else (item,):
                kind = type(inner)
                if kind is dict or kind is list:
                    below.append(inner)
                elif kind is float and not math.isfinite(inner):
                    return False
        if not below:
            return True
        level = below
    return False


def _half(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None


def _short(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def _at(place: str, path: tuple[str | int, ...]) -> str:
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"{place} {shown}".strip()
