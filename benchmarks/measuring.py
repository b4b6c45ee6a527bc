"""What benchmarks have in common: what one measure says, and how work is timed beside its peer.

Times are of the CPU, system time included, so that another process on the machine counts for little. Works that are
compared take turns in one run, and the median of the rounds counts.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import click
from msgspec import Struct

__all__ = ["ROOT", "Measure", "Spent", "alone", "corpus_command", "medians", "peak_mb", "table"]

ROOT = Path(__file__).parents[1]
"""The corpus that is copied where nobody names another."""


class Measure(Struct, frozen=True, kw_only=True):
    """Our cost of some work beside a peer's."""

    work: str
    unit: str
    """Of ours and of the peer's, such as `documents/s`, `ns/offset`, `s`."""
    ours: float
    peer_name: str
    """`limit` where a fixed limit stands in for a peer."""
    peer: float
    ratio: float
    """How many times as good as the peer we are: above 1 we are better, whatever the unit."""
    target: float
    """The least ratio that is asked for; 0 where none is."""
    memory_mb: float | None = None
    """The peak of our process."""
    memory_limit_mb: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether ratio and memory are as asked for."""
        return self.ratio >= self.target and (
            self.memory_limit_mb is None or (self.memory_mb is not None and self.memory_mb <= self.memory_limit_mb)
        )

    def line(self) -> str:
        """All of it on one line."""
        told = [
            f"{self.work}: {_shown(self.ours)} {self.unit}",
            f"{self.peer_name} {_shown(self.peer)}",
            f"ratio {_shown(self.ratio)}",
            f"target {_shown(self.target)}" if self.target else "no target",
        ]
        if self.memory_mb is not None:
            most = "" if self.memory_limit_mb is None else f" of at most {self.memory_limit_mb:.0f}"
            told.append(f"{self.memory_mb:.0f}{most} MB")
        if self.target or self.memory_limit_mb is not None:
            told.append("met" if self.met else "MISSED")
        return ", ".join(told) + (f" ({self.note})" if self.note else "")


class Spent(Struct, frozen=True):
    """What a piece of work cost in a process of its own."""

    seconds: float
    """CPU time of the work alone."""
    memory_mb: float
    """The peak of the whole process."""
    result: Any


def table(measures: Iterable[Measure]) -> str:
    """The measures, one a line."""
    return "".join(f"{measure.line()}\n" for measure in measures)


def corpus_command(
    measure: Callable[[Path, int, int], Iterable[Measure]], *, documents: int, rounds: int
) -> click.Command:
    """The command of a module that measures work on documents made from a corpus's own.

    Args:
        measure: takes the corpus's folder, and how many documents and rounds; so many unless others are asked for.
    """

    @click.command()
    @click.option("--root", type=click.Path(path_type=Path), default=ROOT, help="The corpus to copy.")
    @click.option("--documents", default=documents, show_default=True)
    @click.option("--rounds", default=rounds, show_default=True)
    def main(root: Path, documents: int, rounds: int) -> None:
        """Measure, and say what was seen."""
        found = list(measure(root, documents, rounds))
        click.echo(table(found), nl=False)
        sys.exit(not all(one.met for one in found))

    return main


def medians(works: Mapping[str, Callable[[], object]], *, rounds: int = 5, collecting: bool = True) -> dict[str, float]:
    """Work -> the median of its CPU seconds over some rounds in which the works take turns.

    Args:
        collecting: whether the garbage collector runs meanwhile; it always runs in between.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            if not collecting:
                gc.disable()
            begin = process_time()
            try:
                work()
            finally:
                spent = process_time() - begin
                gc.enable()
            found[name].append(spent)
    return {name: median(seconds) for name, seconds in found.items()}


def alone(work: Callable[..., Any], *given: Any, imports: Iterable[str] = ()) -> Spent:
    """Runs a function of a module's top level in a fresh process of its own, so that its memory is its own.

    Args:
        imports: modules that are loaded ahead of the work; the time for it does not count.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_spent, work, given, tuple(imports)).result()


def _spent(work: Callable[..., Any], given: tuple[Any, ...], imports: tuple[str, ...]) -> Spent:
    for name in imports:
        import_module(name)
    gc.collect()
    begin = process_time()
    result = work(*given)
    return Spent(process_time() - begin, peak_mb(), result)


def peak_mb() -> float:
    """The most memory that this process ever held."""
    # Not ru_maxrss: it begins with what the parent process held.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
