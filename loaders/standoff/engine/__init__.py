"""Work in pieces, on the cores of this machine or on a cluster: what was finished is never done again."""

from standoff.engine.asides import aside
from standoff.engine.executors import Engine, executor
from standoff.engine.receipts import Receipt, key_of, settled
from standoff.engine.running import Crew, hired, run

__all__ = ["Crew", "Engine", "Receipt", "aside", "executor", "hired", "key_of", "run", "settled"]
