"""What it costs to import the package, and to ask the command for help, beyond Python itself.

python benchmarks/startup.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from measuring import Measure, table

BARE = [sys.executable, "-c", "pass"]
WORKS = {
    "import standoff, above bare Python": ([sys.executable, "-c", "import standoff"], True, 0.1),
    "standoff --help": ([sys.executable, "-m", "standoff", "--help"], False, 0.25),
}
"""Work -> command, whether the time of bare Python is taken off, and how many CPU seconds it may take."""


def seconds(command: list[str]) -> float:
    """The CPU time of a command in a process of its own, with what was compiled before."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def measure(rounds: int = 9) -> Iterator[Measure]:
    bare = []
    found: dict[str, list[float]] = {work: [] for work in WORKS}
    for _ in range(rounds):
        bare.append(seconds(BARE))
        for work, (command, _, _) in WORKS.items():
            found[work].append(seconds(command))
    for work, (_, above, limit) in WORKS.items():
        mine = median(found[work]) - (median(bare) if above else 0)
        yield Measure(
            work=work, unit="s", ours=mine, peer_name="limit", peer=limit, ratio=limit / max(mine, 0.001), target=1
        )


if __name__ == "__main__":
    measures = list(measure())
    sys.stdout.write(table(measures))
    sys.exit(not all(one.met for one in measures))
