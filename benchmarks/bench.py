"""All measures in one run: a table, a page of results with a plot.

    standoff bench [--only NAME] [--out DIR]

Each module of this folder that is named here says its own measures. What was seen is kept in the folder's results.json,
module by module, so that one of them can be measured anew; the page and the plot show the newest of each.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import msgspec
from measuring import Measure
from msgspec import Struct

MODULES = (
    "startup",
    "offsets",
    "validate",
    "tables",
    "convert",
    "load",
    "agreement",
    "duplicates",
    "labelstudio",
    "scale",
)
PEERS = (
    "datasets",
    "datasketch",
    "distributed",
    "fastjsonschema",
    "jsonschema",
    "jsonschema-rs",
    "label-studio-sdk",
    "msgspec",
    "numpy",
    "pyarrow",
    "rensa",
)
PAGE, PLOT, KEPT = "RESULTS.md", "results.svg", "results.json"


class Run(Struct, frozen=True):
    """What a module measured."""

    date: str
    """YYYY-MM-DD."""
    measures: tuple[Measure, ...]


def kept(folder: Path) -> dict[str, Run]:
    """What was measured before: module -> its run.

    Raises:
        msgspec.DecodeError: what is kept there is something else.
    """
    file = folder / KEPT
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Run]) if file.exists() else {}


def keep(runs: Mapping[str, Run], folder: Path) -> None:
    """Writes what was measured, the page, and the plot."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = {name: runs[name] for name in MODULES if name in runs}
    (folder / KEPT).write_bytes(msgspec.json.format(msgspec.json.encode(ordered)) + b"\n")
    (folder / PAGE).write_text(page(ordered), encoding="utf-8")
    draw([one for run in ordered.values() for one in run.measures], folder / PLOT)


def measures(module: str, documents: int) -> Iterable[Measure]:
    """What a module measures, as it comes; with so many documents at most where it is about growth."""
    found: Iterable[Measure]
    if module == "scale":
        found = import_module(module).measure(sorted({1000, 10_000, documents}))
    else:
        found = import_module(module).measure()
    return found


def machine() -> list[tuple[str, str]]:
    """What the figures depend on, without a word on whose machine it is."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return [
        ("Processor", f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores used"),
        ("Memory", f"{pages * size / 2**30:.0f} GB"),
        ("System", platform.system()),
        ("Python", platform.python_version()),
        ("standoff", version("standoff")),
        *((name, _version(name)) for name in PEERS),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def page(runs: Mapping[str, Run]) -> str:
    """The page of results."""
    rows = [
        f"| {name}, {run.date} | {one.work} | {_number(one.ours)} {one.unit} | {one.peer_name} {_number(one.peer)} | "
        f"{_number(one.ratio)} | {_number(one.target) if one.target else ''} | "
        f"{'' if one.memory_mb is None else f'{one.memory_mb:.0f} MB'} | {_verdict(one)} | {one.note} |"
        for name, run in runs.items()
        for one in run.measures
    ]
    facts = "".join(f"| {name} | {value} |\n" for name, value in machine())
    return (
        "# Results\n\n"
        "Written by `standoff bench`. A ratio above 1 says that we are better than the peer, whatever the unit. Each "
        "module of this folder says in its first lines what it measures, and how. Where the time goes, and why a "
        "target is missed: [PROFILES.md](PROFILES.md).\n\n"
        f"![Ratios to the peers]({PLOT})\n\n"
        "| Module, when | Work | Ours | Peer | Ratio | Target | Peak memory | | Notes |\n"
        f"|{'---|' * 9}\n" + "\n".join(rows) + f"\n\n## Machine\n\n| | |\n|---|---|\n{facts}"
    )


def _verdict(one: Measure) -> str:
    if not one.target and one.memory_limit_mb is None:
        return ""
    return "met" if one.met else "**missed**"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def draw(found: Sequence[Measure], path: Path) -> None:
    """A bar for each measure: its ratio, on a logarithmic scale, with a mark where its target is."""
    import matplotlib

    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "standoff"
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.4 * len(found) + 1), layout="constrained")
    axes = figure.add_subplot()
    labels = [f"{one.work}\nbeside {one.peer_name}" for one in found]
    axes.barh(range(len(found)), [one.ratio for one in found], color=["C0" if one.met else "C3" for one in found])
    for n, one in enumerate(found):
        if one.target:
            axes.plot([one.target, one.target], [n - 0.4, n + 0.4], color="black")
    axes.set_xscale("log")
    axes.axvline(1, color="grey", linewidth=0.5)
    axes.set_yticks(range(len(found)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("ratio to the peer; the black mark is the target")
    figure.savefig(path, format="svg", metadata={"Date": None})


@click.command()
@click.option("--only", multiple=True, type=click.Choice(MODULES), help="These modules alone; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help=f"A folder for {PAGE} and {PLOT}.")
@click.option("--documents", type=click.IntRange(1000), default=10_000, show_default=True, help="The largest corpus.")
def main(only: tuple[str, ...], out: Path | None, documents: int) -> None:
    """Measure everything, and print a line for each measure. Exit 1 where a target is missed."""
    runs = {} if out is None else kept(out)
    missed = False
    for name in only or MODULES:
        found = []
        for one in measures(name, documents):
            found.append(one)
            missed |= not one.met
            sys.stdout.write(f"{name}: {one.line()}\n")
            sys.stdout.flush()
        runs[name] = Run(datetime.now(UTC).date().isoformat(), tuple(found))
        if out is not None:
            keep(runs, out)
    sys.exit(missed)


if __name__ == "__main__":
    main()
