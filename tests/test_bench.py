"""The page and the plot of the benchmarks."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from bench import MODULES, Run, draw, keep, kept, machine, page
from measuring import Measure

MEASURES = [
    Measure(work="walk", unit="km/h", ours=5.0, peer_name="crawl", peer=0.5, ratio=10.0, target=2.0),
    Measure(
        work="carry", unit="kg", ours=1.0, peer_name="donkey", peer=50.0, ratio=0.02, target=1.0, memory_mb=3, note="n"
    ),
]


def test_the_page_has_a_row_for_each_measure() -> None:
    rows = page({"legs": Run("2026-01-02", tuple(MEASURES))}).splitlines()

    assert "| legs, 2026-01-02 | walk | 5 km/h | crawl 0.5 | 10 | 2 |  | met |  |" in rows
    assert "| legs, 2026-01-02 | carry | 1 kg | donkey 50 | 0.02 | 1 | 3 MB | **missed** | n |" in rows


def test_a_module_measured_anew_leaves_the_others(tmp_path: Path) -> None:
    keep({"load": Run("2026-01-02", (MEASURES[0],)), "startup": Run("2026-01-02", (MEASURES[1],))}, tmp_path)

    keep({**kept(tmp_path), "load": Run("2026-01-03", (MEASURES[1],))}, tmp_path)

    assert kept(tmp_path) == {
        "startup": Run("2026-01-02", (MEASURES[1],)),
        "load": Run("2026-01-03", (MEASURES[1],)),
    }
    told = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| load, 2026-01-03 | carry |" in told
    assert told.index("| startup, 2026-01-02 |") < told.index("| load, 2026-01-03 |")


def test_the_page_tells_the_machine_and_not_whose_it_is() -> None:
    told = " ".join(value for _, value in machine())

    assert f"{len(os.sched_getaffinity(0))} cores" in told
    assert platform.node() not in told
    assert "/" not in told


def test_the_same_measures_give_the_same_plot(tmp_path: Path) -> None:
    draw(MEASURES, tmp_path / "one.svg")
    draw(MEASURES, tmp_path / "two.svg")

    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_every_module_is_there() -> None:
    folder = Path(__file__).parents[1] / "benchmarks"

    assert [name for name in MODULES if not (folder / f"{name}.py").is_file()] == []
