"""Many pieces of work through one executor, in spite of workers that die."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from standoff.engine.executors import Engine, executor
from standoff.errors import EngineError
from standoff.model import Progress, silent

__all__ = ["Crew", "hired", "run"]

J = TypeVar("J")
R = TypeVar("R")

_DEATHS = 3
"""So often workers may die in a row without one piece being finished in between."""


class Crew:
    """The workers of an engine, kept from one run to the next: to start them takes as long as a shard."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._open = ExitStack()
        self._pool: Executor | None = None

    def pool(self) -> Executor:
        """The executor, started when first asked for."""
        if self._pool is None:
            self._pool = self._open.enter_context(executor(self.engine))
        return self._pool

    def dismiss(self) -> None:
        """Ends the executor; the next one that is asked for is another."""
        self._pool = None
        self._open.close()


@contextmanager
def hired(engine: Engine | Crew | None) -> Iterator[Crew]:
    """The workers of an engine for as long as the block goes; those that are there already stay."""
    if isinstance(engine, Crew):
        yield engine
        return
    crew = Crew(engine or Engine())
    try:
        yield crew
    finally:
        crew.dismiss()


def run(
    work: Callable[[J], R],
    jobs: Sequence[J],
    engine: Engine | Crew | None = None,
    *,
    what: str = "working",
    progress: Progress = silent,
) -> list[R]:
    """What a function of a module's top level makes of each job, in the order of the jobs.

    A job may be done more than once where a worker dies: it must leave the same behind however often it is done.

    Raises:
        EngineError: workers die again and again.
        StandoffError: what a job raised; the jobs that were not begun are dropped.
    """
    found: dict[int, R] = {}
    deaths = 0
    progress(what, 0, len(jobs))
    with hired(engine) as crew:
        while len(found) < len(jobs):
            before = len(found)
            try:
                for n, result in _results(work, {n: job for n, job in enumerate(jobs) if n not in found}, crew.pool()):
                    found[n] = result
                    progress(what, len(found), len(jobs))
            except BrokenExecutor as error:
                # A pool of processes does not outlive one of them that was killed; what is finished stays finished.
                crew.dismiss()
                deaths = deaths + 1 if len(found) == before else 0
                if deaths == _DEATHS:
                    left = len(jobs) - len(found)
                    raise EngineError(
                        f"a worker died {deaths} times in a row, {left} of {len(jobs)} pieces are left; it may want "
                        "more memory: use fewer workers, or smaller shards",
                        place=what,
                    ) from error
    return [found[n] for n in range(len(jobs))]


def _results(work: Callable[[J], R], jobs: dict[int, J], pool: Executor) -> Iterator[tuple[int, R]]:
    waiting: dict[Future[R], int] = {pool.submit(work, job): n for n, job in jobs.items()}
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    finally:
        for future in waiting:
            future.cancel()
