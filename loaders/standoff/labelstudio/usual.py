"""Tasks of the usual shape as columns, in hardly more time than it takes to decode them.

The strings of a column are joined while they are still in the processor's cache, and cut again where Arrow needs them:
no object lives for long, and none is made for a row.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import astuple

from standoff.labelstudio.results import LARGEST, columns, item_json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Items", "usual"]

_ABSENT, _NEXT, _END = "\0", "\1", "\2"
"""In place of a string that is not there; behind each string of a column; behind each list of strings.

In JSON these characters are written as escapes, so that what has no such escape has none of them.
"""
_MARKS, _ESCAPE = b"\0\1\2", b"\\u000"
_NOT_SAID, _NO_VALUE = -LARGEST - 1, -LARGEST - 2
"""In place of an offset that is not there, and of that of an item without a value."""

_Number = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
# Of a list that is empty, joined, as much is left as of one with an empty string.
_Strings: TypeAlias = Annotated[list[str], Meta(min_length=1)]
_NOTHING: Any = (_ABSENT,)


class _Value(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    start: _Number = _NOT_SAID
    end: _Number = _NOT_SAID
    text: str | _Strings = _ABSENT
    labels: _Strings = _NOTHING
    choices: _Strings = _NOTHING


class _Item(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An item of a result as the text interfaces write it."""

    type: str = _ABSENT
    id: str = _ABSENT
    from_name: str = _ABSENT
    to_name: str = _ABSENT
    origin: str = _ABSENT
    from_id: str = _ABSENT
    to_id: str = _ABSENT
    direction: str = _ABSENT
    labels: _Strings = _NOTHING
    value: _Value = _Value(_NO_VALUE)


_STRINGS = ("type", "id", "from_name", "to_name", "origin", "from_id", "to_id", "direction", "text")
_LISTS = ("labels", "value_labels", "choices", "texts")
_COLUMNS = (*_STRINGS[:-1], "labels", "start", "end", "text", "value_labels", "choices")
"""The columns in the order of the fields."""


def _record(name: str, many: str, of: Any, fields: str) -> Any:
    """A type of records that have many of something, and of the other fields whichever they have, as they are."""
    others = ((field, Raw, msgspec.field(default=None)) for field in fields.split())
    return msgspec.defstruct(name, [(many, list[of]), *others], forbid_unknown_fields=True, omit_defaults=True)


# As Label Studio 1.23 exports them.
_ANNOTATION = _record(
    "Annotation",
    "result",
    _Item,
    "id completed_by was_cancelled ground_truth created_at updated_at draft_created_at lead_time prediction "
    "result_count unique_id import_id last_action bulk_created task project updated_by parent_prediction "
    "parent_annotation last_created_by",
)
_TASK = _record(
    "Task",
    "annotations",
    _ANNOTATION,
    "id file_upload drafts predictions data meta created_at updated_at allow_skip inner_id total_annotations "
    "cancelled_annotations total_predictions comment_count unresolved_comment_count last_comment_updated_at project "
    "updated_by comment_authors",
)
_TASKS: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[_TASK])  # type: ignore[valid-type]  # made above


def usual(content: bytes) -> list[Any] | None:
    """The tasks of a list in JSON; None unless all of them are of the usual shape."""
    if b"\\" in content and _ESCAPE in content:
        return None
    try:
        return _TASKS.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Items:
    """Columns of items, as long as they grow."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        """Items of each list."""
        self._joined = {name: bytearray() for name in (*_STRINGS, *_LISTS)}
        self._numbers = {"start": array("q"), "end": array("q")}

    def add(self, results: Sequence[list[_Item]]) -> None:
        """Takes in some lists of items."""
        self.counts += map(len, results)
        items = [*chain.from_iterable(results)]
        if not items:
            return
        *said, values = zip(*map(astuple, items), strict=True)
        said += zip(*map(astuple, values), strict=True)
        found: dict[str, Sequence[Any]] = dict(zip(_COLUMNS, said, strict=True))
        if list in {*map(type, found["text"])}:
            found["texts"] = [text if type(text) is list else _NOTHING for text in found["text"]]
            found["text"] = [text if type(text) is str else _ABSENT for text in found["text"]]
        for name in _STRINGS:
            self._joined[name] += f"{_NEXT.join(found[name])}{_NEXT}".encode()
        for name in _LISTS:
            several = found.get(name)
            joined = _joined(several) if several else (_ABSENT + _END) * len(items)
            self._joined[name] += joined.encode()
        for name, numbers in self._numbers.items():
            # By way of an array of their own: to take them in one by one takes twice as long.
            numbers.extend(array("q", found[name]))

    def arrays(self) -> list[pa.Array]:
        """The columns, as `results.columns` names them."""
        import numpy as np

        numbers = {name: np.frombuffer(numbers, np.int64) for name, numbers in self._numbers.items()}
        found: dict[str, pa.Array] = {name: _strings(self._joined[name]) for name in _STRINGS}
        found |= {name: _lists(self._joined[name]) for name in _LISTS}
        found |= {name: _offsets(of) for name, of in numbers.items()}
        json = dict.fromkeys(np.flatnonzero(numbers["start"] == _NOT_SAID).tolist(), _ABSENT)
        for row in json:
            # Nothing of an empty value shows in the columns.
            if not any(found[name][row].is_valid for name in ("end", "text", "texts", "value_labels", "choices")):
                json[row] = item_json({name: found[name][row].as_py() for name in _COLUMNS[:9]})
        joined = "".join(f"{json.get(row, _ABSENT)}{_NEXT}" for row in range(len(numbers["start"]))) if json else ""
        found["json"] = _strings(bytearray(joined.encode() or (_ABSENT + _NEXT).encode() * len(numbers["start"])))
        return [found[name] for name, _ in columns()]


def _joined(lists: Sequence[Sequence[str]]) -> str:
    """Lists of strings, none of which is empty, as one string."""
    flat = [*chain.from_iterable(lists)]
    # Most have one string each, and then all have: to join every one of them would take three times as long.
    return _END.join(flat if len(flat) == len(lists) else map(_NEXT.join, lists)) + _END


def _offsets(values: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(values), [_bits(values >= -LARGEST), pa.py_buffer(values)])


def _strings(joined: bytearray) -> pa.StringArray:
    """A column of strings that were joined."""
    import pyarrow as pa

    ends, given = _ends(joined)
    edges = pa.py_buffer(_edges(ends, given))
    return pa.Array.from_buffers(pa.string(), len(ends), [_bits(given), edges, _unmarked(joined)])


def _lists(joined: bytearray) -> pa.ListArray:
    """A column of lists of strings that were joined; a string that is not there stands for its list."""
    import numpy as np
    import pyarrow as pa

    ends, given = _ends(joined)
    last = np.flatnonzero(np.frombuffer(joined, np.uint8)[ends] == ord(_END))
    edges = pa.py_buffer(_edges(ends, given)[np.append(True, given)])
    words = pa.Array.from_buffers(pa.string(), int(given.sum()), [None, edges, _unmarked(joined)])
    counts = pa.py_buffer(np.append(0, np.cumsum(given)[last]).astype(np.int32))
    return pa.Array.from_buffers(pa.list_(pa.string()), len(last), [_bits(given[last]), counts], children=[words])


def _ends(joined: bytearray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each string ends, and whether it is there."""
    import numpy as np

    units = np.frombuffer(joined, np.uint8)
    # One comparison: what stands for nothing becomes 255.
    ends = np.flatnonzero(units - 1 <= 1)
    return ends, units[np.append(0, ends + 1)[:-1]] != ord(_ABSENT)


def _edges(ends: NDArray[np.int64], given: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Where strings begin and end in the bytes without marks."""
    import numpy as np

    edges = np.zeros(len(ends) + 1, np.int32)
    # Before the end of a string there are the marks of all before it, and one in place of each that is not there.
    edges[1:] = ends - np.arange(len(ends))
    if not given.all():
        edges[1:] -= np.cumsum(~given, dtype=np.int32)
    return edges


def _unmarked(joined: bytearray) -> pa.Buffer:
    import pyarrow as pa

    return pa.py_buffer(joined.translate(None, _MARKS))


def _bits(given: NDArray[np.bool_]) -> pa.Buffer | None:
    """Whether each row is there, as Arrow keeps it; None where all are."""
    import numpy as np
    import pyarrow as pa

    return None if given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
