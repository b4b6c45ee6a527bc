"""Work that is done once: its outputs carry what they were made from, and stand in place whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.engine.asides import aside

__all__ = ["Receipt", "key_of", "settled"]

_RECEIPT = "receipt.json"


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """What a piece of work was made from, and what it counted."""

    key: str
    counts: dict[str, int] = {}


def key_of(*parts: Any) -> str:
    """What outputs are known by: the sha256 of this package's code and of all that went in."""
    return sha256(canonical([_code(), *parts]).encode()).hexdigest()


def settled(folder: Path, key: str, work: Callable[[Path], Mapping[str, int]]) -> Receipt:
    """Does a piece of work unless its outputs are there, made from the same; they stand in `folder` afterwards.

    Two workers may do the same at once: the folder of one of them stays, and both say the same.

    Args:
        work: writes its outputs into the folder that it is given, and says what it counted.
    """
    if (there := _there(folder, key)) is not None:
        return there
    with aside(folder) as made:
        receipt = Receipt(key, dict(work(made)))
        (made / _RECEIPT).write_text(canonical(receipt) + "\n", encoding="utf-8")
        while (there := _there(folder, key)) is None:
            _clear(folder)
            try:
                made.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
            else:
                return receipt
        return there


def _there(folder: Path, key: str) -> Receipt | None:
    try:
        found = msgspec.json.decode((folder / _RECEIPT).read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.key == key else None


def _clear(folder: Path) -> None:
    """Moves away what was made from something else; whoever reads it meanwhile finds all of it or nothing."""
    with aside(folder) as old, suppress(FileNotFoundError):
        folder.rename(old / folder.name)


@cache
def _code() -> str:
    """The sha256 of the package's modules, so that no output of other code is taken for one of this code."""
    package = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
