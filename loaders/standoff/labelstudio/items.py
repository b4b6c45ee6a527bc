"""The items of a result of Label Studio as values, held against the controls that the interface has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import StudioError, nearest
from standoff.labelstudio.controls import TEXT, Control

__all__ = ["Choices", "Item", "Labels", "Link", "TextArea", "decode", "fields", "listed", "shaped", "shown"]


class _Labelled(Struct, frozen=True):
    start: int
    end: int
    labels: tuple[str, ...]
    text: str | None = None


class _Chosen(Struct, frozen=True):
    choices: tuple[str, ...]
    start: int | None = None
    end: int | None = None


class _Written(Struct, frozen=True):
    text: tuple[str, ...] | str
    start: int | None = None
    end: int | None = None


class _Meta(Struct, frozen=True):
    text: tuple[str, ...] | str = ()


class _OfControl(Struct, frozen=True, kw_only=True, tag_field="type"):
    id: str
    from_name: str
    to_name: str
    meta: _Meta | None = None


class Labels(_OfControl, frozen=True, kw_only=True, tag="labels"):
    """A region."""

    value: _Labelled


class Choices(_OfControl, frozen=True, kw_only=True, tag="choices"):
    """What was chosen for a region, or for the whole document."""

    value: _Chosen


class TextArea(_OfControl, frozen=True, kw_only=True, tag="textarea"):
    """What was written of a region."""

    value: _Written


class Link(Struct, frozen=True, kw_only=True, tag_field="type", tag="relation"):
    """A relation between two regions, with all its labels. The editor writes no labels where none was picked."""

    from_id: str
    to_id: str
    direction: Literal["right", "left", "bi"] = "right"
    labels: tuple[str, ...] | None = None


Item = Labels | Choices | TextArea | Link


def decode(result: Any, known: Mapping[str, Control], *, place: str) -> list[Item]:
    """The items of a result.

    What the editor adds for itself (scores, origins, ids of relations) is passed over.

    Raises:
        StudioError: an item has another shape, or comes from a control that the interface does not have.
    """
    if not isinstance(result, list):
        raise StudioError(f"{shown(result)}; expected a list of items", place=f"{place} result")
    try:
        found: list[Item] = msgspec.convert(result, list[Item])
    except msgspec.ValidationError:
        # One after the other takes five times as long, and says which of them it is.
        found = [shaped(raw, n, place=place) for n, raw in enumerate(result)]
    for item in found:
        if not isinstance(item, Link):
            _hold(item, known, f"{place} region {item.id}")
    return found


def shaped(raw: Any, n: int, *, place: str) -> Item:
    """The n-th item of a result.

    Raises:
        StudioError: it has another shape.
    """
    try:
        item: Item = msgspec.convert(raw, Item)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`")
        raise StudioError(
            f"{_at(raw, path)}: {what[:1].lower()}{what[1:]}",
            place=f"{place} {_where(raw, n)} {path.lstrip('.')}".strip(),
        ) from error
    return item


def _hold(item: Labels | Choices | TextArea, known: Mapping[str, Control], at: str) -> None:
    """Holds an item against the control that it says it comes from."""
    control = known.get(item.from_name)
    if control is None:
        raise StudioError(
            f"{item.from_name!r} is no control of the interface{nearest(item.from_name, list(known))}; "
            f"expected one of {listed(known)}",
            place=f"{at} from_name",
        )
    if item.__struct_config__.tag != control.type:
        raise StudioError(
            f"{item.__struct_config__.tag!r}; expected {control.type!r}, which {control.name!r} makes",
            place=f"{at} type",
        )
    if item.to_name != TEXT:
        raise StudioError(f"{item.to_name!r}; expected {TEXT!r}", place=f"{at} to_name")
    if item.meta and item.meta.text:
        said = [item.meta.text] if isinstance(item.meta.text, str) else list(item.meta.text)
        raise StudioError(
            f"{said!r} is written into the region's own information, which is not kept; "
            "expected it in the field for the note",
            place=f"{at} meta.text",
        )
    if isinstance(item, Labels):
        chosen, field = item.value.labels, "value.labels"
    elif isinstance(item, Choices) and control.values:
        chosen, field = item.value.choices, "value.choices"
    else:
        return
    for word in chosen:
        if word not in control.values:
            raise StudioError(
                f"{word!r} is none of {listed(control.values)}{nearest(word, control.values)}", place=f"{at} {field}"
            )


def fields(value: Any, *path: str) -> Any:
    """What stands at a path in JSON objects; None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(words: Any) -> str:
    """Words for a message."""
    return ", ".join(map(repr, words))


def _where(raw: Any, n: int) -> str:
    ids = [fields(raw, key) for key in ("id", "from_id", "to_id")]
    if fields(raw, "type") == "relation":
        return f"relation {ids[1]} -> {ids[2]}"
    return f"region {ids[0]}" if isinstance(ids[0], str) else f"result[{n}]"


def _at(value: Any, path: str) -> str:
    """What stands at a path such as `.value.labels[3]`."""
    for key, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[key] if key else value[int(index)]
        except (KeyError, IndexError, TypeError):
            return "nothing"
    return shown(value)


def shown(value: Any) -> str:
    """A JSON value for a message, cut where it is long; with its type alone where it is none that can be written."""
    try:
        text = canonical(value)
    except (UnicodeEncodeError, RecursionError):
        text = f"a {type(value).__name__} that cannot be written"
    return text if len(text) <= 120 else f"{text[:119]}…"
