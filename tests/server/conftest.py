"""One real Label Studio for all tests of a run, kept between runs so that only the first one waits long for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from standoff.labelstudio import server
from standoff.labelstudio.client import connected
from standoff.labelstudio.server import Studio

ROOT = Path(__file__).parents[2]
STUDIO = ROOT / ".standoff" / "test-studio"
ENVIRONMENT = ROOT / ".standoff" / "studio" / "env"


@pytest.fixture(scope="session")
def studio_root() -> Iterator[Path]:
    """Where the tests' server lives; it is stopped when they end."""
    yield STUDIO
    server.down(STUDIO)


@pytest.fixture(scope="session")
def environment() -> Path:
    """Where the server's libraries are: the same as the checkout's own server uses."""
    return ENVIRONMENT


@pytest.fixture
def studio(studio_root: Path) -> Studio:
    """The server, without a project."""
    running = server.up(studio_root, environment=ENVIRONMENT)
    with connected(running) as client:
        for project in client.projects.list():
            client.projects.delete(project.id)
    return running


@pytest.fixture
def checkout(tmp_path: Path, tiny_root: Path) -> Path:
    """A copy of the invented corpus that a test may write to."""
    copy = tmp_path / "corpus"
    for part in ("corpus", "schema", "annotations"):
        shutil.copytree(tiny_root / part, copy / part)
    return copy
