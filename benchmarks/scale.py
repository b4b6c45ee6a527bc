"""How cost per document grows with a corpus: `python benchmarks/scale.py --sizes 1000,10000,200000`.

Corpora of `benchmarks/generate.py` in shards are validated, converted to tasks of Label Studio, and built. Every piece
of work runs in processes of its own, by the engine that the commands use; CPU time and peak memory are of all of them.
What it costs to begin, whatever the size (processes and their imports, lists, schema), is measured by the same work on
a corpus of a few documents, and told apart: flat is what each further document costs, and neither dearer nor cheaper.
Beside it, for one size, the same checks of each document by bare multiprocessing: a pool's map over the shards, without
digests, receipts, resuming, rules across documents, or one table of all that was found.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
from generate import LIKE, Plan, generate
from measuring import Measure, table
from msgspec import Struct

from standoff import files
from standoff.engine import Engine
from standoff.shards import head_of, listed, validate_shards
from standoff.shards.building import build_shards
from standoff.shards.checking import ShardJob, head_key, write_check
from standoff.shards.converting import to_tasks

__all__ = ["Cost", "flatness", "marginal", "measure"]

PER_SHARD = 1000
"""Documents of a shard."""
MOST_MB = 1024
"""What a worker may take."""
FLAT = 1.2
"""How far a document of the largest size may lie above or below one of the smallest."""
FEW = 4
"""Documents for each process of a corpus on which hardly anything is done but to begin."""


class Cost(Struct, frozen=True, kw_only=True):
    """What some work on a corpus took."""

    work: str
    documents: int
    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Of all processes together."""
    worker_mb: float
    """The most that any one process held at once."""

    @property
    def each(self) -> float:
        """CPU milliseconds of a document."""
        return 1000 * self.cpu / self.documents

    def line(self) -> str:
        """All of it on one line."""
        return (
            f"{self.documents:>9,} documents  {self.work:10} {self.seconds:8.1f} s  {self.cpu:8.1f} CPU s  "
            f"{self.each:6.2f} CPU ms each  {self.worker_mb:5.0f} MB at most in a process\n"
        )


@contextmanager
def costing(found: dict[str, float]) -> Iterator[None]:
    """Takes down what the block cost: wall and CPU time, of child processes too, and the peak of any process."""
    begun, cpu = time.perf_counter(), _cpu()
    peak, done = [0.0], threading.Event()
    watch = threading.Thread(target=_watch, args=(peak, done))
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
        found.update(seconds=time.perf_counter() - begun, cpu=_cpu() - cpu, worker_mb=peak[0])


def _cpu() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _watch(peak: list[float], done: threading.Event) -> None:
    """Looks at the memory of this process and its children; the kernel keeps their peaks, so seldom is enough."""
    while True:
        over = done.wait(0.2)
        for pid in (*_children(), "self"):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:  # it has ended meanwhile
                continue
            if "VmHWM:" in status:
                peak[0] = max(peak[0], int(status.partition("VmHWM:")[2].split()[0]) / 1024)
        if over:
            return


def _children() -> list[str]:
    return Path(f"/proc/self/task/{threading.main_thread().native_id}/children").read_text().split()


def measured(work: str, documents: int, do: Callable[[], Any]) -> Cost:
    """What a piece of work costs."""
    found: dict[str, float] = {}
    with costing(found):
        do()
    return Cost(work=work, documents=documents, **found)


def costs_of(documents: int, folder: Path, engine: Engine, *, like: Path) -> Iterator[Cost]:
    """What each piece of work on a corpus of a size costs."""
    root, work = folder / "root", folder / "work"
    plan = Plan(documents=documents, seed=1, like=like, annotators=2, faults=0.0, duplicates=0.0)
    shards = max(engine.width, documents // PER_SHARD)
    yield measured("generate", documents, lambda: generate(plan, root, shards=shards, engine=engine))
    found = listed(f"{root}/corpus/shards")
    yield measured("validate", documents, lambda: validate_shards(root, found, work, engine=engine))
    who = next(iter(files.read(root).annotators))
    yield measured("tasks", documents, lambda: to_tasks(root, found, f"{folder}/tasks", who, work=work, engine=engine))
    shutil.rmtree(folder / "tasks")
    yield measured(
        # The check is done by now, so that this is of the building alone.
        "build",
        documents,
        lambda: build_shards(root, found, "1.0.0", folder / "out", date="2026-01-01", work=work, engine=engine),
    )


def bare(job: ShardJob) -> dict[str, int]:
    """The checks of one shard, written into a folder of its own."""
    job.folder.mkdir(parents=True)
    return write_check(job, job.folder)


def by_pool(root: Path, out: Path, workers: int) -> None:
    """The checks of all shards by a pool of processes."""
    head = head_key(head_of(files.read(root)))
    jobs = [
        ShardJob(shard=shard, number=n, root=root, head=head, work=out, buckets=1)
        for n, shard in enumerate(listed(f"{root}/corpus/shards"))
    ]
    with get_context("spawn").Pool(workers) as pool:
        pool.map(bare, jobs, chunksize=1)
        pool.close()
        pool.join()


def beside_pool(documents: int, folder: Path, engine: Engine, *, like: Path, rounds: int = 3) -> Measure:
    """The engine beside bare multiprocessing, in turns; the median of the wall clock."""
    root = folder / "root"
    plan = Plan(documents=documents, seed=1, like=like, annotators=2, faults=0.0, duplicates=0.0)
    generate(plan, root, shards=max(engine.width, documents // PER_SHARD), engine=engine)
    found = listed(f"{root}/corpus/shards")
    ours, pool = [], []
    for n in range(rounds):
        work = folder / f"work-{n}"
        ours.append(measured("ours", documents, lambda work=work: validate_shards(root, found, work, engine=engine)))
        out = folder / f"pool-{n}"
        pool.append(measured("pool", documents, lambda out=out: by_pool(root, out, engine.width)))
    mine, theirs = (sorted(one.seconds for one in costs)[rounds // 2] for costs in (ours, pool))
    return Measure(
        work="validate and write shards",
        unit="s",
        ours=mine,
        peer_name="multiprocessing.Pool",
        peer=theirs,
        ratio=theirs / mine,
        target=1 / 1.2,
        memory_mb=max(one.worker_mb for one in ours),
        memory_limit_mb=MOST_MB,
        note=f"{documents} documents, {engine.width} processes; the pool checks no rule across documents",
    )


def marginal(cost: Cost, begun: Cost) -> float:
    """CPU milliseconds of each document beyond those of a corpus of a few.

    Raises:
        ValueError: there are no more than these.
    """
    if cost.documents <= begun.documents:
        raise ValueError(f"{cost.documents} documents; expected more than the {begun.documents} by which work begins")
    return 1000 * (cost.cpu - begun.cpu) / (cost.documents - begun.documents)


def flatness(costs: Sequence[Cost], few: Sequence[Cost]) -> list[Measure]:
    """How flat the cost of a further document is from the smallest to the largest size, for each work.

    The ratio is that of the smaller to the greater: cost that falls is no flatter than cost that rises.

    Args:
        few: what the same works cost on a corpus of a few documents.
    """
    found = []
    begun = {cost.work: cost for cost in few}
    for work in dict.fromkeys(cost.work for cost in costs):
        own = sorted((cost for cost in costs if cost.work == work), key=lambda cost: cost.documents)
        small, large = (marginal(cost, begun[work]) for cost in (own[0], own[-1]))
        found.append(
            Measure(
                work=f"{work}, {own[-1].documents:,} documents",
                unit="CPU ms/further document",
                ours=large,
                peer_name=f"with {own[0].documents:,}",
                peer=small,
                ratio=min(small, large) / max(small, large) if min(small, large) > 0 else 0.0,
                target=1 / FLAT,
                memory_mb=max(cost.worker_mb for cost in own),
                memory_limit_mb=MOST_MB,
                note=(
                    f"to begin: {begun[work].cpu:.1f} CPU s with {begun[work].documents} documents; with it a document "
                    f"costs {own[-1].each:.2f} and {own[0].each:.2f} CPU ms"
                ),
            )
        )
    return found


def measure(
    sizes: Sequence[int] = (1000, 10_000),
    *,
    pool: int = 4000,
    workers: int = 0,
    like: Path = LIKE,
    folder: Path | None = None,
    tell: Callable[[Cost], object] = lambda cost: None,
) -> Iterator[Measure]:
    """How flat costs are over some sizes; and with another, how the engine stands beside a bare pool.

    Args:
        pool: the other size; 0 for none.
        folder: where there is room for corpora, instead of the system's temporary folder.
        tell: told of each cost as it is known.
    """
    engine = Engine(workers=workers)

    def all_of(documents: int) -> list[Cost]:
        found = []
        with tempfile.TemporaryDirectory(dir=folder, prefix="standoff-scale-") as own:
            for cost in costs_of(documents, Path(own), engine, like=like):
                found.append(cost)
                tell(cost)
        return found

    few = all_of(FEW * engine.width)
    yield from flatness([cost for documents in sizes for cost in all_of(documents)], few)
    if pool:
        with tempfile.TemporaryDirectory(dir=folder, prefix="standoff-scale-") as own:
            yield beside_pool(pool, Path(own), engine, like=like)


@click.command()
@click.option("--sizes", default="1000,10000", show_default=True, help="Numbers of documents.")
@click.option("--pool", type=click.IntRange(0), default=0, help="Documents to hold the engine against a bare pool.")
@click.option("--workers", type=click.IntRange(0), default=0, help="0 for one a core.")
@click.option("--like", type=click.Path(path_type=Path, exists=True), default=LIKE, help="The corpus to take after.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where there is room; default: a temporary folder.")
def main(sizes: str, pool: int, workers: int, like: Path, folder: Path | None) -> None:
    """Measure, and print what was seen."""

    def tell(cost: Cost) -> None:
        sys.stdout.write(cost.line())
        sys.stdout.flush()

    found = measure(
        [int(size) for size in sizes.split(",")], pool=pool, workers=workers, like=like, folder=folder, tell=tell
    )
    sys.stdout.write(table(found))


if __name__ == "__main__":
    main()
