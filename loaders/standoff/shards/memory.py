"""Bulk work without the garbage collector, which would walk through all that was decoded again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["uncollected"]

T = TypeVar("T")


def uncollected(batches: Iterable[T]) -> Iterator[T]:
    """Batches of work, with garbage collected between them alone; what was there before is not looked at."""
    was = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        for batch in batches:
            yield batch
            gc.collect()
    finally:
        gc.unfreeze()
        if was:
            gc.enable()
