"""Where pieces of work are done. Whatever it is, it is reached through `concurrent.futures.Executor`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, Literal

from msgspec import Struct

from standoff.errors import EngineError, UsageError

__all__ = ["Engine", "executor"]

_PATIENCE = 30
"""Seconds that a scheduler may take to answer."""


class Engine(Struct, frozen=True, kw_only=True):
    """Where work is done."""

    kind: Literal["serial", "processes", "dask"] = "processes"
    workers: int = 0
    """Worker processes; 0 for one a core. A cluster that runs already has its own."""
    scheduler: str = ""
    """The address of a Dask cluster that runs already, tcp://host:port; without it, Dask starts one on this machine."""

    @property
    def width(self) -> int:
        """How many pieces are worked on at once, as far as is known here."""
        return 1 if self.kind == "serial" else self.workers or len(os.sched_getaffinity(0))


@contextmanager
def executor(engine: Engine) -> Iterator[Executor]:
    """An executor that ends with the block, and its processes with it.

    Raises:
        UsageError: a scheduler is given to what has none, or Dask is asked for and is not installed.
        EngineError: the scheduler does not answer.
    """
    if engine.scheduler and engine.kind != "dask":
        raise UsageError(f"scheduler {engine.scheduler!r} is given to {engine.kind!r}; expected the engine 'dask'")
    if engine.kind == "dask":
        yield from _dask(engine)
        return
    # Not forked: a fork inherits locks that threads of Arrow may hold.
    pool = (
        ThreadPoolExecutor(1)
        if engine.kind == "serial"
        else ProcessPoolExecutor(engine.width, mp_context=get_context("spawn"))
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _dask(engine: Engine) -> Iterator[Executor]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError("the engine 'dask' is not installed; expected it: pip install 'standoff[cluster]'") from error
    connect: Any = Client
    if not engine.scheduler:
        local: Any = LocalCluster
        own = local(n_workers=engine.width, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
        with own as cluster, connect(cluster) as client:
            yield client.get_executor(pure=False)
        return
    try:
        client = connect(engine.scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise EngineError(f"no scheduler answers ({error}); expected a Dask one", place=engine.scheduler) from error
    with client:
        yield client.get_executor(pure=False)
