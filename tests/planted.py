"""Generated corpora for the tests: `benchmarks/generate.py`, imported by its name."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from generate import Plan, Planted, bundle, generate  # noqa: E402 - importable from here on only

from standoff.engine import Engine  # noqa: E402

__all__ = ["SERIAL", "Plan", "Planted", "bundle", "generate", "plan"]

SERIAL = Engine(kind="serial")


def plan(documents: int, *, seed: int = 1, faults: float = 0.0, duplicates: float = 0.0, letters: int = 300) -> Plan:
    """What is to be generated."""
    return Plan(
        documents=documents,
        seed=seed,
        like=ROOT / "tests" / "tiny",
        annotators=2,
        faults=faults,
        duplicates=duplicates,
        letters=letters,
    )
