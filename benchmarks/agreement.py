"""How fast alpha is, and how much memory it takes, beside the krippendorff package in the same run.

    python benchmarks/agreement.py

One million units, three annotators, five categories, one rating in ten missing, as an array of numbers with NaN where a
rating is missing: what the package takes. Each measurement is a process of its own: its first call, as a user makes it,
with the memory that a library asks for as part of the time; then the median of further calls, which find that memory at
hand. Several such processes take turns, every other round in the reverse order, and their medians count; memory is the
peak. The garbage collector is on, as it is for a user. Both ratios, of first calls and of further ones, have to reach
the target.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from measuring import Measure, peak_mb, table

UNITS, ANNOTATORS, CATEGORIES, MISSING = 1_000_000, 3, 5, 0.1
DOCUMENTS, RESAMPLES = 10_000, 1_000
ROUNDS, CALLS = 6, 6
LEAST_RATIO, MOST_PASSES, MOST_MEGABYTES = 50, 10, 200


def ratings() -> Any:
    """Annotators who mostly see the same, as numbers with NaN where a rating is missing."""
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(1))
    truth = generator.integers(0, CATEGORIES, UNITS, dtype=np.int8)
    table = np.empty((ANNOTATORS, UNITS))
    for row in table:
        row[:] = truth
        wrong = generator.random(UNITS, dtype=np.float32) < 0.2
        row[wrong] = generator.integers(0, CATEGORIES, int(wrong.sum()))
        row[generator.random(UNITS, dtype=np.float32) < MISSING] = np.nan
    return table


def ours() -> Callable[[], Any]:
    from standoff.agreement import krippendorff_alpha

    table = ratings()
    return lambda: krippendorff_alpha(table)


def theirs() -> Callable[[], Any]:
    import krippendorff

    table = ratings()
    return lambda: krippendorff.alpha(table, level_of_measurement="nominal")


def of_documents(resamples: int) -> Callable[[], Any]:
    import numpy as np

    from standoff.agreement import alpha_measure

    table, documents = ratings(), np.arange(UNITS) * DOCUMENTS // UNITS
    return lambda: alpha_measure(table, documents=documents, resamples=resamples).value


WORK: dict[str, Callable[[], Callable[[], Any]]] = {
    "alpha": ours,
    "krippendorff": theirs,
    "one pass over documents": lambda: of_documents(0),
    "with resamples": lambda: of_documents(RESAMPLES),
}


def once(name: str) -> dict[str, float]:
    """The value, the seconds of the first and the median of later calls, and the peak of megabytes of this process."""
    work = WORK[name]()
    seconds = []
    for _ in range(1 + CALLS):
        start = time.process_time()
        value = work()
        seconds.append(time.process_time() - start)
    return {"value": float(value), "seconds": seconds[0], "again": median(seconds[1:]), "megabytes": peak_mb()}


def apart(name: str) -> dict[str, float]:
    """The same, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def medians() -> dict[str, dict[str, float]]:
    """The median of each measurement over all rounds."""
    names = list(WORK)
    rounds = [{name: apart(name) for name in (names[::-1] if n % 2 else names)} for n in range(ROUNDS)]
    return {name: {key: median(each[name][key] for each in rounds) for key in rounds[0][name]} for name in WORK}


def measure() -> list[Measure]:
    """Alpha beside the package, on the first call and on later ones; a thousand resamples beside one pass.

    Raises:
        AssertionError: where they do not all give the same alpha.
    """
    found = medians()
    assert len({round(each["value"], 9) for each in found.values()}) == 1, found
    mine, theirs = found["alpha"], found["krippendorff"]
    one, many = found["one pass over documents"], found["with resamples"]
    return [
        *(
            Measure(
                work=f"alpha, {UNITS:,} units of {ANNOTATORS} annotators, {name}",
                unit="CPU s",
                ours=mine[key],
                peer_name="krippendorff",
                peer=theirs[key],
                ratio=theirs[key] / mine[key],
                target=LEAST_RATIO,
                memory_mb=mine["megabytes"],
                memory_limit_mb=MOST_MEGABYTES,
                note=f"medians of {ROUNDS} processes in turn; krippendorff {theirs['megabytes']:.0f} MB",
            )
            for name, key in (("first call", "seconds"), ("later calls", "again"))
        ),
        Measure(
            work=f"{RESAMPLES:,} resamples of {DOCUMENTS:,} documents",
            unit="CPU s",
            ours=many["seconds"],
            peer_name=f"{MOST_PASSES} passes without",
            peer=MOST_PASSES * one["seconds"],
            ratio=MOST_PASSES * one["seconds"] / many["seconds"],
            target=1,
            memory_mb=many["megabytes"],
            memory_limit_mb=MOST_MEGABYTES,
            note=f"{many['seconds'] / one['seconds']:.1f} passes",
        ),
    ]


def main() -> None:
    """Measures and says what it saw."""
    found = measure()
    sys.stdout.write(table(found))
    sys.exit(not all(one.met for one in found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(once(sys.argv[1])))
    else:
        main()
