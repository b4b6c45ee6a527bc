"""The entities that come back with a task: those that its annotator had added, and those newly named in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from standoff.errors import StudioError
from standoff.model import Entity
from standoff.text import sha

__all__ = ["entities_of", "new_entities", "slug"]


def entities_of(value: Any, *, place: str) -> tuple[Entity, ...]:
    """The entities that were pushed with a task.

    Raises:
        StudioError: they are no entities.
    """
    try:
        return msgspec.convert(value, tuple[Entity, ...])
    except msgspec.ValidationError as error:
        raise StudioError(f"are not the entities that were pushed: {error}", place=place) from error


def new_entities(
    named: Iterable[tuple[str, str]], own: Iterable[Entity], taken: Collection[str]
) -> tuple[dict[tuple[str, str], str], tuple[Entity, ...]]:
    """(name, type) -> the entity that an annotator means who wrote that name, and those of them that are new.

    A name that the same annotator wrote before, for the same type, means the same entity. One that only stands in the
    registry does not: who writes a name instead of picking it says that it is another one.

    Args:
        named: (name, type) in the order of the text.
        own: the entities that this annotator had added.
        taken: ids that are in use.
    """
    ids = {(entity.name, entity.type): entity.id for entity in own}
    used, new = set(taken), []
    for name, type in named:
        if (name, type) in ids:
            continue
        stem = id = slug(name)
        n = 1
        while id in used:
            n += 1
            id = f"{stem}-{n}"
        used.add(id)
        ids[name, type] = id
        new.append(Entity(id=id, type=type, name=name, kb_status="unchecked"))
    return ids, tuple(new)


def slug(name: str) -> str:
    """An id that looks like a name; a short digest of it where nothing of it can be written in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-") or f"e-{sha(name)[:10]}"
