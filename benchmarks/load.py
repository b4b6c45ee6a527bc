"""The first rows of a release, whole processes side by side: `standoff.load` beside `datasets.load_dataset`.

    python benchmarks/load.py [--root DIR]

From the interpreter's start to the label of the first row, on one release of a small corpus: what counts there is what
each imports. Twice: with what `datasets` keeps of an earlier load, and with an empty cache. Ours keeps nothing, and
checks the whole release each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

import click
from measuring import Measure, table

from standoff import files
from standoff.release import build

TINY = Path(__file__).parents[1] / "tests" / "tiny"
ROUNDS = 7
TARGET = 5

OURS = """
import sys, standoff
print(standoff.load(sys.argv[2], source=sys.argv[1])["train"].slice(0, 1).to_pylist()[0]["label"])
"""
PEER = """
import sys, datasets
print(datasets.load_dataset(*sys.argv[1:])["train"][0]["label"])
"""


def spent(code: str, release: Path, config: str, cache: Path) -> float:
    """The CPU seconds of a process of its own, with those of its own children."""
    environment = {**os.environ, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    # numpy's idle BLAS threads wait by spinning: on a busy machine they cost either side up to 0.08 s, by chance.
    environment["OPENBLAS_NUM_THREADS"] = "1"
    # Bytecode is compiled once, by the first run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = getrusage(RUSAGE_CHILDREN)
    command = [sys.executable, "-c", code, str(release), config]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(root: Path = TINY, rounds: int = ROUNDS) -> list[Measure]:
    """Ours and the peer take turns; the first turn is not counted."""
    corpus = files.read(root)
    config = corpus.scheme.layer_names[0]
    ours: list[float] = []
    kept: list[float] = []
    empty: list[float] = []
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        release = build(corpus, "0.1.0.dev0", scratch / "releases", date="2024-03-08", root=root).folder
        for number in range(rounds + 1):
            ours.append(spent(OURS, release, config, scratch / "kept"))
            kept.append(spent(PEER, release, config, scratch / "kept"))
            empty.append(spent(PEER, release, config, scratch / f"empty{number}"))
    mine = median(ours[1:])
    return [
        Measure(
            work=f"first rows of a release, {name}",
            unit="CPU s",
            ours=mine,
            peer_name="datasets.load_dataset",
            peer=peer,
            ratio=peer / mine,
            target=TARGET,
            note=f"medians of {rounds} processes in turn; ours {min(ours[1:]):.3f} to {max(ours[1:]):.3f}",
        )
        for name, peer in (("loaded before", median(kept[1:])), ("loaded for the first time", median(empty[1:])))
    ]


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default=TINY, help="The corpus; default: the invented one.")
def main(root: Path) -> None:
    """Measure, and print a table."""
    measures = measure(root)
    click.echo(table(measures), nl=False)
    sys.exit(not all(one.met for one in measures))


if __name__ == "__main__":
    main()
