"""What all tests share: the two corpora, and how hard Hypothesis tries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from standoff import files
from standoff.model import Corpus

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "tiny"

# Under --import-mode=importlib no test folder is importable; `strategies` is imported by name.
sys.path.insert(0, str(ROOT / "tests"))

# Time limits per example would fail on a busy machine and say nothing about the code.
settings.register_profile("dev", max_examples=30, deadline=None)
settings.register_profile(
    "ci", max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout, which is the root of StateCloud."""
    return ROOT


@pytest.fixture(scope="session")
def tiny_root() -> Path:
    """The root of the invented corpus."""
    return TINY


@pytest.fixture(scope="session")
def tiny() -> Corpus:
    """The invented corpus."""
    return files.read(TINY)


@pytest.fixture(scope="session")
def statecloud() -> Corpus:
    """The real corpus."""
    return files.read(ROOT)
