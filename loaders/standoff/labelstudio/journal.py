"""What this checkout remembers of a project: every version it ever saw, and the one that both sides last had.

It lies in `.standoff/journal/<annotator>/<project>/` and never in git: `1.jsonl`, `2.jsonl` ... hold what each pull or
push saw anew, one version of a task a line, and `memory.json` what it was last, document by document. A conflict leaves
both versions beside them, as sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
from msgspec import Struct

from standoff.errors import FileError
from standoff.files import write
from standoff.text import sha

__all__ = ["Expected", "Journal", "Seen"]

T = TypeVar("T")


class Seen(Struct, frozen=True, omit_defaults=True):
    """What is remembered of a document's task."""

    task: int = 0
    base: str = ""
    """The digest of the set that this checkout and the server last both had; empty for none."""
    version: str = ""
    """The sha256 of what the server showed of the task last; empty where nothing was seen yet."""
    at: str = ""
    """The file and line of the journal that hold it."""
    before: str = ""
    """The same of the last version with an annotation."""
    listed: str = ""
    """What a list of tasks showed of it when it was last read with nothing wrong; empty where it is to be read anew."""
    holds: str = ""
    """The digest of the set that it then held; empty for none."""


class Expected(Struct, frozen=True):
    """What was being sent when this was written."""

    tasks: int = 0
    """How many tasks the project has when it has arrived; 0 where every answer was seen."""
    server: int | None = None
    """The server's process which it was being sent to, where it is ours."""


class _Memory(Struct, frozen=True):
    documents: dict[str, Seen] = {}


_KEPT = {
    "annotations": (
        *("id", "unique_id", "result", "was_cancelled", "ground_truth", "completed_by", "updated_by", "created_at"),
        *("updated_at", "lead_time", "parent_prediction", "last_action"),
    ),
    "drafts": ("id", "result", "annotation", "created_at", "updated_at", "lead_time"),
}
"""What is kept of annotations and drafts: nothing that names a person or gives an address."""


class Journal:
    """The journal of one project, open."""

    def __init__(self, root: Path, annotator: str, project: str) -> None:
        self.root, self.annotator = root, annotator
        self._out: IO[bytes] | None = None
        self._lines = 0
        self.open(project)

    def open(self, project: str) -> None:
        """Turns to a project, by its key."""
        self.folder = self.root / ".standoff" / "journal" / self.annotator / project
        self.documents = _read(self.folder / "memory.json", _Memory).documents
        self.expected = _read(self.folder / "sending.json", Expected)

    def keep(self, document: str, task: Mapping[str, Any]) -> None:
        """Puts what the server shows of a task into the journal, unless that is what it showed last."""
        kept: dict[str, Any] = {"task": task["id"], "document": document, "meta": task.get("meta")}
        kept |= {
            kind: [{name: one.get(name) for name in names} for one in task.get(kind) or ()]
            for kind, names in _KEPT.items()
        }
        line = msgspec.json.encode(kept, order="sorted")
        version = sha(line.decode())
        before = self.documents.get(document, Seen())
        if (before.task, before.version) == (task["id"], version):
            return
        if self._out is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._out = _next(self.folder).open("xb")
        self._out.write(line + b"\n")
        self._lines += 1
        at = f"{_relative(Path(self._out.name), self.root)}:{self._lines}"
        annotated = at if kept["annotations"] else before.before
        self.documents[document] = Seen(task["id"], before.base, version, at, annotated)

    def agree(self, document: str, base: str) -> None:
        """Remembers that both sides have this set."""
        self.documents[document] = msgspec.structs.replace(self.documents.get(document, Seen()), base=base)

    def read(self, document: str, listed: str, holds: str) -> None:
        """Remembers that a task was read with nothing wrong, and by what it is known to be the same still."""
        seen = self.documents.get(document, Seen())
        self.documents[document] = msgspec.structs.replace(seen, listed=listed, holds=holds)

    def forget(self, document: str) -> None:
        """Remembers nothing of a document any more; its versions stay in the journal."""
        self.documents.pop(document, None)

    def base(self, document: str) -> str | None:
        """The digest of the set that both sides last had; None where this checkout has never seen any."""
        seen = self.documents.get(document)
        return seen.base if seen else None

    def put_aside(self, document: str, side: str, text: str) -> str:
        """Puts one side's version of a set beside the journal, under its digest; where it is, from the root."""
        path = self.folder / "conflicts" / f"{document}.{side}.{sha(text)[:12]}.json"
        write(path, text)
        return _relative(path, self.root)

    def flush(self) -> None:
        """Puts on disk what was kept so far."""
        if self._out is not None:
            self._out.flush()

    def save(self) -> None:
        """Puts what is remembered on disk, whole or not at all."""
        self.flush()
        if self.folder.exists() or self.documents:
            memory = _Memory(self.documents)
            write(self.folder / "memory.json", msgspec.json.encode(memory, order="sorted") + b"\n")

    def expect(self, tasks: int, server: int | None) -> None:
        """Remembers how many tasks there will be once the request has arrived that is about to be sent; 0 for none.

        Args:
            server: the process that it is sent to, where it is ours.
        """
        self.expected = Expected(tasks, server)
        if tasks or self.folder.exists():
            write(self.folder / "sending.json", msgspec.json.encode(self.expected) + b"\n")

    def close(self) -> None:
        """Lets go of the file."""
        if self._out is not None:
            self._out.close()


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return kind()
    except msgspec.DecodeError as error:
        raise FileError(
            f"is no memory of a project: {error}; remove it, and the next pull compares anew", place=str(path)
        ) from error


def _next(folder: Path) -> Path:
    numbers = [int(path.stem) for path in folder.glob("*.jsonl") if re.fullmatch(r"[0-9]+", path.stem)]
    return folder / f"{max(numbers, default=0) + 1}.jsonl"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
