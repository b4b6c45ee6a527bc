"""Work in pieces: what becomes of it when workers, clients or shards die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from planted import SERIAL, generate, plan

from standoff.engine import Engine, aside, key_of, run, settled
from standoff.errors import EngineError, UsageError
from standoff.shards import listed, located, validate_shards

JOBS = """
import os
import signal
from pathlib import Path

from standoff.errors import RecordError


def double(n):
    return 2 * n


def refuse(n):
    raise RecordError("is wrong", place=str(n))


def die_once(marker):
    path = Path(marker)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return marker


def die(n):
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""Work that another process can import."""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Some work, as a module that workers find as well."""
    folder = tmp_path_factory.mktemp("jobs")
    (folder / "engine_jobs.py").write_text(JOBS)
    sys.path.insert(0, str(folder))
    yield import_module("engine_jobs")
    sys.path.remove(str(folder))


@pytest.mark.parametrize("engine", [SERIAL, Engine(workers=2)], ids=lambda engine: engine.kind)
def test_results_come_in_the_order_of_the_jobs(jobs: ModuleType, engine: Engine) -> None:
    told: list[tuple[str, int, int]] = []

    found = run(jobs.double, [3, 1, 2], engine, what="doubling", progress=lambda *what: told.append(what))

    assert found == [6, 2, 4]
    assert told == [("doubling", n, 3) for n in range(4)]


def test_the_error_of_a_job_is_raised_as_it_was(jobs: ModuleType) -> None:
    with pytest.raises(Exception, match=r"^7: is wrong$"):
        run(jobs.refuse, [7], Engine(workers=1))


def test_what_a_killed_process_was_at_is_done_again(jobs: ModuleType, tmp_path: Path) -> None:
    markers = [str(tmp_path / f"{n}") for n in range(3)]

    assert run(jobs.die_once, markers, Engine(workers=1)) == markers


def test_work_that_kills_every_process_ends_with_an_error(jobs: ModuleType) -> None:
    with pytest.raises(EngineError, match="a worker died 3 times in a row, 2 of 2 pieces are left"):
        run(jobs.die, [1, 2], Engine(workers=1))


def test_a_scheduler_is_for_dask_alone(jobs: ModuleType) -> None:
    with pytest.raises(UsageError, match="expected the engine 'dask'"):
        run(jobs.double, [1], Engine(scheduler="tcp://127.0.0.1:1"))


def test_work_is_done_once_for_one_key(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, int]:
        (folder / "made").write_text("by hand")
        return {"made": 1}

    def never(folder: Path) -> dict[str, int]:
        raise AssertionError("done again")

    first = settled(tmp_path / "out", key_of("a"), work)

    assert settled(tmp_path / "out", key_of("a"), never) == first
    assert first.counts == {"made": 1}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["made", "out", "receipt.json"]


def test_other_input_makes_other_output_and_nothing_of_the_old_stays(tmp_path: Path) -> None:
    def make(name: str) -> Callable[[Path], dict[str, int]]:
        def work(folder: Path) -> dict[str, int]:
            (folder / name).touch()
            return {}

        return work

    settled(tmp_path / "out", key_of("old"), make("old"))
    settled(tmp_path / "out", key_of("new"), make("new"))

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "out", "receipt.json"]


def test_what_a_killed_process_left_beside_its_place_is_cleared_by_the_next(tmp_path: Path) -> None:
    place = tmp_path / "piece"
    killed = (
        "import os, signal, sys; from pathlib import Path; from standoff.engine import settled\n"
        "def work(folder):\n    (folder / 'half').touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "settled(Path(sys.argv[1]), 'key', work)"
    )
    subprocess.run([sys.executable, "-c", killed, str(place)], check=False)
    (left,) = tmp_path.iterdir()
    assert (left / "half").exists()
    (tmp_path / ".piece.elsewhere").mkdir()
    (tmp_path / f"{left.name.replace('piece', 'other')}").mkdir()

    with aside(place) as running:
        settled(place, "key", lambda folder: {})

        found = {path.name for path in tmp_path.iterdir()}
    # Of this place, and not of a process that still runs.
    assert found == {"piece", running.name, ".piece.elsewhere", left.name.replace("piece", "other")}
    assert not running.exists()


def test_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> dict[str, int]:
        (folder / "half").touch()
        raise UsageError("no more")

    with pytest.raises(UsageError):
        settled(tmp_path / "out", key_of("a"), fail)

    assert list(tmp_path.iterdir()) == []


# -------------------------------------------------------------------------------------------------- a real cluster


class Cluster:
    """A scheduler and workers of Dask, each a process that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        dask = "import sys; from distributed.cli.dask_{0} import main; sys.argv[0] = 'dask-{0}'; main()"
        loopback = ["--host", "127.0.0.1", "--no-dashboard"]
        self._scheduler = [sys.executable, "-c", dask.format("scheduler"), *loopback, "--port", "0"]
        self._worker = [sys.executable, "-c", dask.format("worker"), *loopback, "--nthreads", "1", "--no-nanny"]
        self.start([*self._scheduler, "--scheduler-file", str(self.file)])
        until(self.file.exists)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        import json

        address: str = json.loads(self.file.read_text())["address"]
        return address

    def worker(self) -> subprocess.Popen[bytes]:
        """Starts another worker."""
        local = ["--local-directory", str(self.folder / "spill")]
        return self.start([*self._worker, "--scheduler-file", str(self.file), *local])

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Starts a process that ends with the cluster."""
        log = (self.folder / f"log-{len(self.processes)}").open("wb")
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def end(self) -> None:
        """Ends all processes, and waits until they are gone."""
        for process in reversed(self.processes):
            process.kill()
            process.wait(30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers on this machine."""
    made = Cluster(tmp_path)
    try:
        yield made
    finally:
        made.end()


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds} s"
        time.sleep(0.01)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process as a machine that fails would."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)


def test_killing_a_worker_and_then_the_client_loses_and_doubles_nothing(cluster: Cluster, tmp_path: Path) -> None:
    root, work = tmp_path / "root", tmp_path / "work"
    planted = generate(plan(600, faults=0.2, duplicates=0.1), root, shards=30, engine=SERIAL)
    shards = listed(f"{root}/corpus/shards")
    expected = validate_shards(root, shards, tmp_path / "serial", engine=SERIAL)
    command = [sys.executable, "-m", "standoff", "--root", str(root), "validate", "--shards", f"{root}/corpus/shards"]
    command += ["--engine", "dask", "--scheduler", cluster.address, "--work", str(work), "--max", "0"]

    def receipts() -> dict[Path, int]:
        # What is still being written stands in folders that begin with a full stop.
        return {path: path.stat().st_mtime_ns for path in work.glob("checked/[!.]*/receipt.json")}

    first, _ = cluster.worker(), cluster.worker()
    client = cluster.start(command)
    until(lambda: len(receipts()) >= 3)
    kill(first)
    at_death = len(receipts())
    until(lambda: len(receipts()) >= at_death + 3)
    kill(client)
    done = receipts()
    again = cluster.start(command)

    assert again.wait(120) == 1  # there are findings
    assert 3 <= at_death < len(done) < 30
    assert {path: receipts()[path] for path in done} == done
    assert (work / "findings.parquet").read_bytes() == expected.table.read_bytes()
    found = list(located([work / "findings.parquet"]))
    assert len(found) == len(set(found)) == expected.errors + expected.warnings
    wanted = {(one.document, one.rule) for one in planted if one.rule not in ("near-duplicate", "record-shape")}
    assert {(id, rule) for id, rule in wanted if not told(found, id, rule)} == set()
    broken = sum(one.rule == "record-shape" for one in planted)
    assert sum(one.finding.rule == "record-shape" for one in found) == broken


def told(found: list, id: str, rule: str) -> bool:
    """Whether a rule found fault with a document."""
    return any(one.finding.rule == rule and id in (one.finding.id, Path(one.finding.file).stem) for one in found)
