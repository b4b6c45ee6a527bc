"""Values of a diff in words: what became of an annotation, of a field, of a text."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from itertools import islice
from typing import Any

from standoff.canon import canonical
from standoff.diff.values import AnnotationChange, Kind
from standoff.model import Annotation, Span

__all__ = ["KIND_WORDS", "annotation_text", "became", "shown", "text_lines", "words"]

KIND_WORDS: dict[Kind, str] = {
    "added": "added",
    "removed": "removed",
    "moved": "moved",
    "relabelled": "relabelled",
    "attributes": "with other attributes",
    "roles": "with other roles",
    "note": "with another note",
    "sources": "derived from others",
    "shifted": "shifted with the text",
    "renamed": "under another id",
}


def annotation_text(change: AnnotationChange) -> str:
    """What became of one annotation."""
    old, new = change.old, change.new
    if old is None or new is None:
        return f"{_headed(change.one)} {change.kinds[0]}{_rest(change.one)}"
    parts = [_KIND_PARTS[kind](old, new) for kind in change.kinds]
    if old.id != new.id and "renamed" not in change.kinds:
        parts.append(f"id {old.id!r} -> {new.id!r}")
    return f"{_headed(old)}: {'; '.join(parts)}"


def _headed(annotation: Annotation) -> str:
    return f"{annotation.layer} {annotation.label!r}" + (f" {words(annotation.spans)}" if annotation.spans else "")


def _rest(annotation: Annotation) -> str:
    """What else a whole annotation says."""
    refs = [f"{role} -> {', '.join(ids)}" for role, ids in sorted(annotation.refs.items())]
    attributes = [f"{name}={value}" for name, value in sorted(annotation.attributes.items())]
    note = [f"note {annotation.note!r}"] if annotation.note else []
    parts = [*attributes, *refs, *note]
    return f" ({'; '.join(parts)})" if parts else ""


def words(spans: Iterable[Span]) -> str:
    """Spans as they are told: offsets and quotation."""
    return " ".join(f"[{span.start}:{span.end}] {span.quote!r}" for span in spans)


def _entries(name: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return "; ".join(became(f"{name} {key}", old.get(key), new.get(key)) for key in keys)


def _renamed(old: Annotation, new: Annotation) -> str:
    if old.id != new.id:
        return f"id {old.id!r} -> {new.id!r}; nothing else"
    return "what it refers to has other ids; nothing else"


_KIND_PARTS = {
    "moved": lambda old, new: f"moved to {words(new.spans) or 'no place'}",
    "relabelled": lambda old, new: f"label {old.label!r} -> {new.label!r}",
    "attributes": lambda old, new: _entries("attribute", old.attributes, new.attributes),
    "roles": lambda old, new: _entries("role", old.refs, new.refs),
    "note": lambda old, new: became("note", old.note, new.note),
    "sources": lambda old, new: became("derived from", old.derived_from, new.derived_from),
    "shifted": lambda old, new: f"the same words, now at {words(new.spans)}",
    "renamed": _renamed,
}


def became(name: str, old: Any, new: Any) -> str:
    """A field with what it was and what it is."""
    return f"{name} {shown(old)} -> {shown(new)}"


def shown(value: Any) -> str:
    """A value on one line, whole."""
    if value is None or value == () or value == "":
        return "none"
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return canonical(value)


def text_lines(old: str, new: str) -> tuple[str, ...]:
    """The lines that differ, each with what it begins by: - was, + is."""
    found = islice(unified_diff(old.split("\n"), new.split("\n"), n=0, lineterm=""), len(("---", "+++")), None)
    return tuple(line for line in found if not line.startswith("@@"))
