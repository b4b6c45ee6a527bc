"""The first rows of a release, whole processes side by side: `standoff.load` beside `datasets.load_dataset`.

    python benchmarks/load.py [--root DIR] [--python PATH]

From the interpreter's start to the label of the first row, on one release: what counts there is what each imports.
With what `datasets` keeps of an earlier load, and with an empty cache; ours keeps nothing, and checks the whole release
each time. Each with the threads of BLAS that numpy starts by default, which wait by spinning and cost either side up to
0.08 s of CPU time by chance, and with one thread for both.

`--python` is the interpreter of an environment with both packages; default: the one that runs this. A researcher's has
little besides: `pip install -r requirements/matrix-5.txt`, then the wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

import click
from measuring import Measure, table

from standoff import files
from standoff.release import build

ROOT = Path(__file__).parents[1]
ROUNDS = 8
TARGET = 5

OURS = {
    "arrow": """
import sys, standoff
print(standoff.load(sys.argv[2], source=sys.argv[1])["train"].slice(0, 1).to_pylist()[0]["label"])
""",
    "polars": """
import sys, standoff
print(standoff.load(sys.argv[2], source=sys.argv[1], as_="polars")["train"].head(1).to_dicts()[0]["label"])
""",
}
"""Form of the tables -> a process that loads them. Arrow is the default, and takes pyarrow, which takes numpy."""

PEER = """
import sys, datasets
print(datasets.load_dataset(*sys.argv[1:])["train"][0]["label"])
"""


THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")
"""Variables that tell OpenBLAS how many threads to start."""


def spent(code: str, release: Path, config: str, *, cache: Path, python: Path, threads: int | None) -> float:
    """The CPU seconds of a process of its own, with those of its own children.

    Args:
        threads: of BLAS; None leaves it to the library.
    """
    environment = {**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    # Bytecode is compiled once, by the first run.
    for name in ("PYTHONDONTWRITEBYTECODE", *THREADS):
        environment.pop(name, None)
    if threads is not None:
        environment["OPENBLAS_NUM_THREADS"] = str(threads)
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [python, "-c", code, str(release), config], env=environment, capture_output=True, text=True, check=False
    )
    after = getrusage(RUSAGE_CHILDREN)
    if done.returncode:
        raise click.ClickException(
            f"{python}: {' '.join(done.stderr.splitlines()[-1:])}; expected it to load {release}"
        )
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(root: Path = ROOT, rounds: int = ROUNDS, python: Path = Path(sys.executable)) -> list[Measure]:
    """Ours and the peer take turns; the first turn is not counted."""
    corpus = files.read(root)
    config = corpus.scheme.layer_names[0]
    with TemporaryDirectory() as folder:
        release = build(corpus, "0.1.0.dev0", Path(folder) / "releases", date="2024-03-08", root=root).folder
        return [
            measure
            for threads in (None, 1)
            for measure in _turns(release, config, Path(folder), rounds=rounds, python=python, threads=threads)
        ]


def _turns(
    release: Path, config: str, scratch: Path, *, rounds: int, python: Path, threads: int | None
) -> Iterator[Measure]:
    ours: dict[str, list[float]] = {form: [] for form in OURS}
    kept: list[float] = []
    empty: list[float] = []
    once = partial(spent, python=python, threads=threads)
    for number in range(rounds + 1):
        for form, code in OURS.items():
            ours[form].append(once(code, release, config, cache=scratch / "kept"))
        kept.append(once(PEER, release, config, cache=scratch / "kept"))
        empty.append(once(PEER, release, config, cache=scratch / f"empty-{threads}-{number}"))
    told = "default threads of BLAS" if threads is None else "one thread of BLAS"
    for form, seconds in ours.items():
        mine = median(seconds[1:])
        for name, peer in (("loaded before", median(kept[1:])), ("loaded for the first time", median(empty[1:]))):
            yield Measure(
                work=f"first rows of a release as {form}, {name}, {told}",
                unit="CPU s",
                ours=mine,
                peer_name="datasets.load_dataset",
                peer=peer,
                ratio=peer / mine,
                target=TARGET,
                note=f"medians of {rounds} processes in turn; ours {min(seconds[1:]):.3f} to {max(seconds[1:]):.3f}",
            )


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path), default=ROOT, help="The corpus; default: that of this project."
)
@click.option(
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=sys.executable,
    help="The interpreter of an environment with standoff and datasets; default: this one.",
)
def main(root: Path, python: Path) -> None:
    """Measure, and print a table. Exit 1 where the target is missed."""
    measures = measure(root, python=python)
    click.echo(table(measures), nl=False)
    sys.exit(not all(one.met for one in measures))


if __name__ == "__main__":
    main()
