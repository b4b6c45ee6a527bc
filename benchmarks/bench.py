"""All measures in one run: a table, a page of results with a plot.

    standoff bench [--only NAME] [--out DIR]

Each module of this folder that is named here says its own measures. What needs a server (benchmarks/labelstudio.py) or
counts differently (benchmarks/agreement.py) is run by itself.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from measuring import Measure

MODULES = ("startup", "offsets", "validate", "tables", "convert", "load", "duplicates", "scale")
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
PAGE, PLOT = "RESULTS.md", "results.svg"


def measures(modules: Iterable[str]) -> Iterator[tuple[str, Measure]]:
    """Module and measure, as they come."""
    for name in modules:
        for one in import_module(name).measure():
            yield name, one


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


def page(found: Sequence[tuple[str, Measure]], date: str) -> str:
    """The page of results."""
    rows = [
        f"| {name} | {one.work} | {_number(one.ours)} {one.unit} | {one.peer_name} {_number(one.peer)} | "
        f"{_number(one.ratio)} | {_number(one.target) if one.target else ''} | "
        f"{'' if one.memory_mb is None else f'{one.memory_mb:.0f} MB'} | {_verdict(one)} | {one.note} |"
        for name, one in found
    ]
    facts = "".join(f"| {name} | {value} |\n" for name, value in machine())
    return (
        "# Results\n\n"
        "Written by `standoff bench`. A ratio above 1 says that we are better than the peer, whatever the unit. Each "
        "module of this folder says in its first lines what it measures, and how.\n\n"
        f"![Ratios to the peers]({PLOT})\n\n"
        "| Module | Work | Ours | Peer | Ratio | Target | Peak memory | | Notes |\n"
        f"|{'---|' * 9}\n" + "\n".join(rows) + f"\n\n## Machine\n\nMeasured on {date}.\n\n| | |\n|---|---|\n{facts}"
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
@click.option("--date", default="", help="YYYY-MM-DD, for the page; default: today.")
def main(only: tuple[str, ...], out: Path | None, date: str) -> None:
    """Measure everything, and print a line for each measure. Exit 1 where a target is missed."""
    found = []
    for name, one in measures(only or MODULES):
        found.append((name, one))
        sys.stdout.write(f"{name}: {one.line()}\n")
        sys.stdout.flush()
    if out is not None:
        from datetime import UTC, datetime

        out.mkdir(parents=True, exist_ok=True)
        (out / PAGE).write_text(page(found, date or datetime.now(UTC).date().isoformat()), encoding="utf-8")
        draw([one for _, one in found], out / PLOT)
    sys.exit(not all(one.met for _, one in found))


if __name__ == "__main__":
    main()
