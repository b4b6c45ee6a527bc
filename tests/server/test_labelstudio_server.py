"""A real server of our own: one at a time, found again, stopped by its id, with what it holds kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standoff.labelstudio import process, server

if TYPE_CHECKING:
    from conftest import Home

pytestmark = pytest.mark.server

UP = """
import sys
from pathlib import Path
from standoff.labelstudio import server
print(server.up(Path(sys.argv[1]), environment=Path(sys.argv[2])))
"""


def test_two_commands_at_once_start_one_server_that_outlives_them(sqlite: Home, environment: Path) -> None:
    studio, studio_root = sqlite.up(), sqlite.root
    assert server.down(studio_root)
    assert server.status(studio_root, environment=environment) == server.Status(True, running=False, answers=False)
    command = [sys.executable, "-c", UP, str(studio_root), str(environment)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate()[0] for one in both]
    now = server.status(studio_root, environment=environment)

    assert said[0] == said[1] == f"Studio(url={now.url!r}, pid={now.pid!r})\n"
    assert now.running
    assert now.answers
    assert now.pid is not None
    assert now.pid != studio.pid
    assert process.listens(now.pid, int(now.url.rpartition(":")[2]))


def test_the_server_is_for_this_user_alone(home: Home) -> None:
    studio = home.up()
    folder = home.root / ".standoff" / "studio"
    assert studio.pid is not None
    command = Path(f"/proc/{studio.pid}/cmdline").read_bytes()

    assert (folder / "credentials.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "data").stat().st_mode & 0o777 == 0o700
    assert studio.token.encode() not in command
    assert studio.token not in repr(studio)
    assert studio.token not in (folder / "server.log").read_text(errors="replace")
    assert (folder / "credentials.json").stat().st_uid == os.getuid()
