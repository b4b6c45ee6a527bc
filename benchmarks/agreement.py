"""How fast alpha is, and how much memory it takes, beside the krippendorff package in the same run.

    python benchmarks/agreement.py

One million units, three annotators, five categories, one rating in ten missing, as an array of numbers with NaN where a
rating is missing: what the package takes. Each measurement is a process of its own: its first call, as a user makes it,
with the memory that a library asks for as part of the time; then the median of further calls, which find that memory at
hand. Several such processes take turns, every other round in the reverse order, and their medians count; memory is the
peak. The garbage collector is on, as it is for a user. Both ratios, of first calls and of further ones, have to reach
the target; exits with 1 where one is missed.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

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


def measure(name: str) -> dict[str, float]:
    """The value, the seconds of the first and the median of later calls, and the peak of megabytes of this process."""
    work = WORK[name]()
    seconds = []
    for _ in range(1 + CALLS):
        start = time.process_time()
        value = work()
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"value": float(value), "seconds": seconds[0], "again": median(seconds[1:]), "megabytes": peak}


def measured(name: str) -> dict[str, float]:
    """The same, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, name], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def medians() -> dict[str, dict[str, float]]:
    """The median of each measurement over all rounds."""
    names = list(WORK)
    rounds = [{name: measured(name) for name in (names[::-1] if n % 2 else names)} for n in range(ROUNDS)]
    return {name: {key: median(each[name][key] for each in rounds) for key in rounds[0][name]} for name in WORK}


def main() -> int:
    found = medians()
    for name, each in found.items():
        sys.stdout.write(
            f"{name:24} {each['seconds'] * 1000:9.1f} ms, again {each['again'] * 1000:7.1f} ms "
            f"{each['megabytes']:7.0f} MB   alpha {each['value']:.6f}\n"
        )
    ratio = found["krippendorff"]["seconds"] / found["alpha"]["seconds"]
    again = found["krippendorff"]["again"] / found["alpha"]["again"]
    passes = found["with resamples"]["seconds"] / found["one pass over documents"]["seconds"]
    peak = max(each["megabytes"] for name, each in found.items() if name != "krippendorff")
    same = len({round(each["value"], 9) for each in found.values()}) == 1
    targets = [
        (
            f"{ratio:.0f} times as fast as krippendorff, {again:.0f} when called again; expected {LEAST_RATIO}",
            min(ratio, again) >= LEAST_RATIO,
        ),
        (f"{RESAMPLES} resamples take {passes:.1f} passes; expected under {MOST_PASSES}", passes < MOST_PASSES),
        (f"peak memory {peak:.0f} MB; expected under {MOST_MEGABYTES}", peak < MOST_MEGABYTES),
        (f"all give the same alpha: {'yes' if same else 'no'}", same),
    ]
    for text, met in targets:
        sys.stdout.write(f"{'met' if met else 'MISSED':8}{text}\n")
    return 0 if all(met for _, met in targets) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(measure(sys.argv[1])))
    else:
        sys.exit(main())
