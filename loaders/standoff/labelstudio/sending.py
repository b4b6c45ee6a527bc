"""Many tasks to a project: while one request is under way, the next is made ready."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType

from standoff.errors import StudioError
from standoff.labelstudio.client import Client, ask
from standoff.labelstudio.journal import Journal
from standoff.labelstudio.server import Studio
from standoff.model import Progress

__all__ = ["Sender", "in_bulk", "settled"]

_TASKS, _BYTES = 1000, 8 << 20
"""What one request carries; the server fails above 250 MiB, and what is under way has to fit into memory twice."""

_FIRST = 125
"""What the first request carries; each one after it may carry twice as much, so that the server soon has its work."""

_SWITCH = 0.0005
"""Seconds after which a thread hands over to one that waits: a tenth of what is usual."""

_SETTLE = 15.0
"""Seconds after which a request that nobody waits for any more has been carried out, or never will be."""


class Sender:
    """Sends tasks to a project in their order. Leaving it sends what is left."""

    def __init__(self, client: Client, journal: Journal, there: int, server: int | None) -> None:
        self.project = 0
        """Set before the first task is added."""
        self.stored = 0
        self._client, self._journal, self._there, self._server = client, journal, there, server
        self._most = min(_FIRST, _TASKS)
        self._documents: list[tuple[str, str]] = []
        self._encoded: list[bytes] = []
        self._size = self._under_way = 0
        self._line = ThreadPoolExecutor(1)
        self._coming: Future[int] | None = None

    @property
    def waiting(self) -> int:
        """How many tasks were added that are not known to be stored."""
        return len(self._encoded) + self._under_way

    def add(self, document: str, task: bytes, base: str) -> None:
        """Makes a task ready; those that fill a request are sent.

        Args:
            base: the digest of the set that it holds.
        """
        self._documents.append((document, base))
        self._encoded.append(task)
        self._size += len(task)
        if len(self._encoded) == self._most or self._size > _BYTES:
            self._send()

    def finish(self) -> None:
        """Sends what is left, and waits until all is stored."""
        if self._encoded:
            self._send()
        if self._coming:
            self._wait()
            self._journal.expect(0, None)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if error is None:
                self.finish()
        finally:
            self._line.shutdown(wait=True)

    def _send(self) -> None:
        body, count = b"[" + b",".join(self._encoded) + b"]", len(self._encoded)
        for document, base in self._documents:
            self._journal.agree(document, base)
        self._journal.save()
        self._documents, self._encoded, self._size = [], [], 0
        self._most = min(2 * self._most, _TASKS)
        # All is ready: the server is given the next request as soon as it has answered the last.
        self._wait()
        self._under_way = count
        # Should this process die before the answer comes, the next push knows what may still arrive.
        self._journal.expect(self._there + self.stored + count, self._server)
        self._coming = self._line.submit(_import, self._client, self.project, body, count)

    def _wait(self) -> None:
        if self._coming is None:
            return
        coming, self._coming = self._coming, None
        error = coming.exception()
        if error is None:
            self.stored, self._under_way = self.stored + coming.result(), 0
            return
        # Where the server has answered, it has stored nothing of the request; else it may still be at it.
        if isinstance(error, StudioError) and error.status is not None:
            self._journal.expect(0, None)
        raise error


def settled(client: Client, project: int, journal: Journal, studio: Studio, progress: Progress) -> None:
    """Waits until nothing is under way any more of a push that was cut off: else what it sent would be sent again."""
    expected = journal.expected
    if not expected.tasks or (expected.server is not None and expected.server != studio.pid):
        return
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < _SETTLE:
        if ask(client, "GET", f"api/projects/{project}/")["task_number"] >= expected.tasks:
            return
        progress("waiting for what the last push sent", int(waited), int(_SETTLE))
        time.sleep(0.5)


@contextmanager
def in_bulk() -> Iterator[None]:
    """What work on very many small values needs, for a while.

    No search for circular garbage, which among them takes longer than the work. And threads that hand over sooner: one
    that receives a page of tasks else waits for its turn at every packet, and the server waits with it.
    """
    collects, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()


def _import(client: Client, project: int, body: bytes, count: int) -> int:
    stored = int(ask(client, "POST", f"api/projects/{project}/import", body=body)["task_count"])
    if stored != count:
        raise StudioError(f"stored {stored} tasks; expected {count}: push again", place=f"project {project}")
    return stored
