"""What is wrong with a value of JSON that has not the shape of its kind, in words that say what was expected."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

__all__ = ["misshapen"]


def misshapen(error: msgspec.ValidationError, value: Any, kind: type) -> tuple[str, str]:
    """The field of a value that has not its kind's shape, and what is wrong with it."""
    what, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`")
    asked = _choices(kind, path) if what.startswith("Invalid enum value") else ()
    return path.lstrip("."), what + _found(value, path) + (f"; expected one of {', '.join(asked)}" if asked else "")


def _choices(kind: type, path: str) -> tuple[str, ...]:
    """The strings that a kind of record allows at a path such as `.layers[...].rule`."""
    parts = [msgspec.inspect.type_info(kind)]
    for step in re.findall(r"\.([^.\[\]]+)|\[", path):
        parts = [inner for part in _alternatives(parts) for inner in _inner(part, step)]
    return tuple(
        str(value)
        for part in _alternatives(parts)
        if isinstance(part, msgspec.inspect.LiteralType)
        for value in part.values
    )


def _alternatives(parts: Iterable[msgspec.inspect.Type]) -> Iterator[msgspec.inspect.Type]:
    for part in parts:
        yield from part.types if isinstance(part, msgspec.inspect.UnionType) else (part,)


def _inner(part: msgspec.inspect.Type, field: str) -> Iterator[msgspec.inspect.Type]:
    """What a field of a record is, or the items of a list or the values of a mapping where no field is named."""
    match part:
        case msgspec.inspect.StructType(fields=fields) if field:
            yield from (one.type for one in fields if one.encode_name == field)
        case msgspec.inspect.DictType(value_type=value):
            yield value
        case msgspec.inspect.VarTupleType(item_type=item) | msgspec.inspect.ListType(item_type=item) if not field:
            yield item


def _found(value: Any, path: str) -> str:
    """What stands at a path such as `.annotations[3].label`, for a message."""
    for step in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[step[0]] if step[0] else value[int(step[1])]
        except (KeyError, IndexError, TypeError):
            return ""
    shown = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f", got {shown}" if path and len(shown) < 200 else ""
