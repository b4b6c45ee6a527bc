"""Folders that shards are written into: they hold the shards of one corpus and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from standoff.engine import aside
from standoff.errors import UsageError
from standoff.shards.streams import FORMS, held, here

__all__ = ["filled", "refuse_others"]

_FEW = 5
"""Names that a message tells; more are counted."""


def refuse_others(out: str, names: Iterable[str], ends: tuple[str, ...] = FORMS) -> None:
    """Sees to it that a folder will hold nothing but what is to be written into it, file by file.

    What is there under the same name is written anew, or was finished by an earlier run.

    Args:
        names: of the files that are to be written.
        ends: how the names end of which no others may be there.

    Raises:
        UsageError: others are there.
    """
    if others := sorted({*held(out, ends)} - {*names}):
        raise UsageError(
            f"holds {_named(others)}; expected no others than those that are to be written: take them away, or write "
            "to another folder",
            place=out,
        )


@contextmanager
def filled(out: str, *, replace: bool) -> Iterator[str]:
    """A folder to write shards into, which stands in its place when the block ends: all of them, or none.

    On other machines nothing is renamed together: there, shards stand one by one as they are written.

    Args:
        out: a folder or URL that is not there, or empty.
        replace: whether it may hold shards, which all go when the new ones come.

    Raises:
        UsageError: it holds something else.
    """
    place, there = here(out), held(out)
    if replace and place is None:
        raise UsageError(
            "is not on this machine; expected a folder here, where shards are replaced together", place=out
        )
    if place is None:
        if there:
            raise _holds(there, out)
        yield out.rstrip("/")
        return
    place = place.resolve()
    found = sorted(one.name for one in place.iterdir()) if place.is_dir() else []
    if found and not replace:
        raise _holds(found, out)
    if others := [name for name in found if name not in there or not (place / name).is_file()]:
        raise UsageError(f"holds {_named(others)}; expected nothing but shards, where they are replaced", place=out)
    with aside(place) as beside:
        made = beside / place.name
        made.mkdir()
        yield str(made)
        if found:
            place.rename(beside / "before")
        made.rename(place)


def _holds(names: list[str], out: str) -> UsageError:
    return UsageError(
        f"holds {_named(names)}; expected a folder that is empty or not there, or to be told to replace its shards",
        place=out,
    )


def _named(names: list[str]) -> str:
    return ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
