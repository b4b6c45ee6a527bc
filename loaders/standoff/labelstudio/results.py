"""Items of results as columns, whatever their shape; one by one where some are not of the usual one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from standoff.errors import FileError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LARGEST", "columns", "item_json", "item_of", "items_of"]

_ABSENT: Any = None
"""A field that an item does not have. One that is null is none that is known here."""

LARGEST = 2**62
"""Of the numbers that a column takes."""

_Number = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]


class _Value(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    start: _Number = _ABSENT
    end: _Number = _ABSENT
    text: str | list[str] = _ABSENT
    labels: list[str] = _ABSENT
    choices: list[str] = _ABSENT


class _Item(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item of a result as the text interfaces write it."""

    type: str = _ABSENT
    id: str = _ABSENT
    from_name: str = _ABSENT
    to_name: str = _ABSENT
    origin: str = _ABSENT
    from_id: str = _ABSENT
    to_id: str = _ABSENT
    direction: str = _ABSENT
    labels: list[str] = _ABSENT
    value: _Value = _ABSENT


_NO_VALUE = _Value()
_NO_ITEM = _Item()
_STRINGS = _Item.__struct_fields__[:-2]
_FIELDS = _Item.__struct_fields__[:-1]
_VALUE_FIELDS = {
    "start": "start",
    "end": "end",
    "text": "text",
    "texts": "text",
    "value_labels": "labels",
    "choices": "choices",
}
"""Column -> the field of an item's value that stands in it."""
_ITEMS = msgspec.json.Decoder(list[_Item])
_ITEM = msgspec.json.Decoder(_Item)
_PIECES = msgspec.json.Decoder(list[Raw])


def columns() -> list[tuple[str, pa.DataType]]:
    """The columns that items have: what they say, and `json`, the whole of one that has not the usual shape."""
    import pyarrow as pa

    text, words = pa.string(), pa.list_(pa.string())
    value = [("start", pa.int64()), ("end", pa.int64()), ("text", text), ("texts", words)]
    lists = [("value_labels", words), ("choices", words)]
    return [*((name, text) for name in _STRINGS), ("labels", words), *value, *lists, ("json", text)]


def items_of(results: Sequence[bytes], place: Callable[[int], str]) -> tuple[list[int], list[pa.Array]]:
    """The items of some lists in JSON: how many each has; and their columns.

    Args:
        place: where one of the lists stands.

    Raises:
        FileError: one of them is no list in JSON.
    """
    import pyarrow as pa

    items: list[_Item] = []
    counts: list[int] = []
    odd: dict[int, str] = {}
    for n, result in enumerate(results):
        before = len(items)
        try:
            _take(result, items, odd)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FileError(f"is no task of an export: {error}", place=place(n)) from error
        counts.append(len(items) - before)
    values = [_NO_VALUE if item.value is _ABSENT else item.value for item in items]
    # Nothing of an empty value shows in the columns.
    odd |= {n: msgspec.json.encode(item).decode() for n, item in enumerate(items) if item.value == _NO_VALUE}
    said: list[list[Any]] = [[getattr(item, name) for item in items] for name in _FIELDS]
    said += [[getattr(value, name) for value in values] for name in _VALUE_FIELDS.values()]
    kinds = dict(columns())
    for column, kind in (("text", str), ("texts", list)):
        n = [*kinds].index(column)
        said[n] = [text if type(text) is kind else None for text in said[n]]
    said.append([odd.get(n) for n in range(len(items))])
    arrays = [pa.array(column, kind) for column, kind in zip(said, kinds.values(), strict=True)]
    return counts, arrays


def item_of(row: Mapping[str, Any]) -> Any:
    """The item that a row was made from."""
    if row["json"] is not None:
        return msgspec.json.decode(row["json"])
    item = {name: row[name] for name in _FIELDS if row[name] is not None}
    value = {name: row[column] for column, name in _VALUE_FIELDS.items() if row[column] is not None}
    return item | ({"value": value} if value else {})


def item_json(row: Mapping[str, Any]) -> str:
    """An item whose value is empty, of which nothing shows in the columns but what it says besides."""
    said = {name: row[name] for name in _FIELDS}
    return msgspec.json.encode(_Item(**said, value=_NO_VALUE)).decode()


def _take(result: bytes, items: list[_Item], odd: dict[int, str]) -> None:
    """Adds the items of a list; of those of another shape the JSON, by their place."""
    try:
        items += _ITEMS.decode(result)
    except msgspec.ValidationError:
        for piece in _PIECES.decode(result):
            try:
                items.append(_ITEM.decode(piece))
            except msgspec.ValidationError:
                odd[len(items)] = bytes(piece).decode()
                items.append(_NO_ITEM)
