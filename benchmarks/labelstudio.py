"""How fast tasks go to Label Studio and come back, against requests that do nothing but carry them.

    .venv/bin/python benchmarks/labelstudio.py --tasks 10000 --rounds 1

Starts a server of its own in a temporary folder, with the libraries of the checkout's. Each measurement runs in a
process of its own, so that its memory is its own. Each of ours stands between two bare ones on the same server, whose
mean evens out what else the machine does meanwhile; of several rounds, the median counts. Seconds of processors, the
client's and the server's, are told beside those of the clock: they hold on a machine that others use too.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median

import msgspec
from measuring import Measure, table
from msgspec import Struct, structs

from standoff import files
from standoff.labelstudio import server
from standoff.labelstudio.client import ask, connected
from standoff.labelstudio.interface import interface
from standoff.labelstudio.server import Studio
from standoff.labelstudio.sync import pull, push
from standoff.labelstudio.tasks import to_task
from standoff.model import Annotation, AnnotationSet, Corpus, Span, derived_id
from standoff.scheme import Layer, Scheme
from standoff.text import sha

ROOT = Path(__file__).parents[1]
WHO = "a1"
WORDS = ("market", "harbour", "vendors", "licence", "number", "morning", "council", "letters", "report", "prices")
TARGET, MOST_MB = 0.9, 500
CHUNK = 1000
"""Tasks of one bare request: the size that the server takes fastest."""


def corpus(tasks: int, regions: int) -> Corpus:
    """Documents of about 2.3 kB with that many spans each, and a few relations."""
    base = files.read(ROOT / "tests" / "tiny")
    template = next(iter(base.documents.values()))
    documents, sets = {}, {}
    for n in range(tasks):
        id = f"d{n:06d}"
        text = " ".join(WORDS[(n + 7 * k) % len(WORDS)] for k in range(10 * regions)) + f" {n}"
        digest = sha(text)
        documents[id] = structs.replace(
            template, id=id, text=text, text_sha256=digest, raw_sha256=digest, raw_length=len(text), dropped=()
        )
        sets[WHO, id] = AnnotationSet(id, digest, WHO, tuple(_annotations(text, base.scheme, regions)))
    return structs.replace(base, documents=documents, segments={}, sets=sets, gold={})


def _annotations(text: str, scheme: Scheme, regions: int) -> Iterator[Annotation]:
    layers = [layer for layer in scheme.layers if layer.kind == "span"]
    starts = [0, *(n + 1 for n, letter in enumerate(text) if letter == " ")]
    made = []
    for k in range(regions):
        layer = layers[k % len(layers)]
        start, end = starts[9 * k], starts[9 * k + 2 + k % 3] - 1
        label = layer.label_names[k % len(layer.label_names)]
        span = Span(start, end, text[start:end])
        made.append(Annotation(f"r{k:03d}", layer.name, label, (span,), attributes=_attributes(layer, k)))
    yield from made
    for layer in scheme.layers:
        if layer.kind == "relation":
            yield from _relations(layer, made)


def _attributes(layer: Layer, k: int) -> dict[str, str]:
    return {one.name: one.values[k % len(one.values)].name for one in layer.attributes if one.required}


def _relations(layer: Layer, made: list[Annotation]) -> Iterator[Annotation]:
    origins, ends = ([one for one in made if one.layer in role.layers] for role in layer.roles)
    for origin, end in zip(origins[:3], ends[1:4], strict=False):
        if origin.id != end.id:
            id = derived_id(layer.label_names[0], origin.id, end.id)
            refs = {layer.roles[0].name: (origin.id,), layer.roles[1].name: (end.id,)}
            yield Annotation(id, layer.name, layer.label_names[0], refs=refs)


def bare_push(studio: Studio, tasks: int, regions: int, root: Path) -> Callable[[], None]:
    """Requests whose bodies were made before."""
    made = corpus(tasks, regions)
    encoded = [
        msgspec.json.encode(to_task(made.sets[WHO, id], one, made, annotator=WHO)) for id, one in made.documents.items()
    ]
    bodies = [b"[" + b",".join(encoded[n : n + CHUNK]) + b"]" for n in range(0, tasks, CHUNK)]

    def act() -> None:
        with connected(studio) as client:
            described = {"title": "bare", "label_config": interface(made.scheme)}
            project = ask(client, "POST", "api/projects/", body=described)["id"]
            for body in bodies:
                ask(client, "POST", f"api/projects/{project}/import", body=body)

    return act


def our_push(studio: Studio, tasks: int, regions: int, root: Path) -> Callable[[], None]:
    """A push."""
    made = corpus(tasks, regions)

    def act() -> None:
        report = push(root, made, WHO, studio)
        assert len(report.created) == tasks, report.findings[:3]

    return act


def bare_pull(studio: Studio, tasks: int, regions: int, root: Path) -> Callable[[], None]:
    """One export, whose bytes are thrown away."""

    def act() -> None:
        with connected(studio) as client:
            listed = ask(client, "GET", "api/projects/", params={"page_size": 100})["results"]
            project = next(one["id"] for one in listed if one["title"] != "bare")
            params = {"exportType": "JSON", "download_all_tasks": "true"}
            headers = {"Authorization": f"Token {studio.token}"}
            path, read = f"/api/projects/{project}/export", 0
            with client.http.stream("GET", path, params=params, headers=headers, timeout=3600) as answer:
                for part in answer.iter_bytes(1 << 20):
                    read += len(part)
            assert answer.status_code == 200
            assert read > tasks * 1000

    return act


def our_pull(studio: Studio, tasks: int, regions: int, root: Path) -> Callable[[], None]:
    """A pull that writes every set."""
    made = structs.replace(corpus(tasks, regions), sets={})

    def act() -> None:
        report = pull(root, made, WHO, studio)
        assert len(report.written) == tasks, report.findings[:3]

    return act


def pull_again(studio: Studio, tasks: int, regions: int, root: Path) -> Callable[[], None]:
    """A pull that finds every set unchanged."""
    made = corpus(tasks, regions)

    def act() -> None:
        report = pull(root, made, WHO, studio)
        assert len(report.unchanged) == tasks, report.findings[:3]

    return act


WHAT = {"our_push": "push", "our_pull": "pull", "pull_again": "pull of what is at hand already"}
ROUND = (bare_push, our_push, bare_push, bare_pull, our_pull, bare_pull, pull_again, bare_pull)


class Took(Struct, frozen=True):
    """What a measurement took."""

    seconds: float
    client: float
    """Seconds of a processor."""
    server: float
    memory: int
    """The most that its process ever had, in MB."""


def measured(work: Callable[..., Callable[[], None]], studio: Studio, tasks: int, regions: int, root: Path) -> Took:
    """What something takes that was made ready before."""
    act = work(studio, tasks, regions, root)
    clock, own, server_s = time.monotonic(), time.process_time(), processor(studio)
    act()
    took = time.monotonic() - clock, time.process_time() - own, processor(studio) - server_s
    return Took(*took, memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def processor(studio: Studio) -> float:
    """Seconds of a processor that the server has used since it began."""
    fields = Path(f"/proc/{studio.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Rated(Struct, frozen=True):
    """One measurement of ours between two bare ones."""

    rate: float
    """Tasks a second."""
    bare: float
    """The mean of both."""
    memory: int


def one_round(studio: Studio, tasks: int, regions: int) -> dict[str, Rated]:
    """Each of ours beside its bare ones; all measurements are told as they come."""
    rates: list[float] = []
    peaks: list[int] = []
    with tempfile.TemporaryDirectory(prefix="standoff-bench-") as folder:
        for work in ROUND:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                took = alone.submit(measured, work, studio, tasks, regions, Path(folder)).result()
            rates.append(tasks / took.seconds)
            peaks.append(took.memory)
            each = f"{1000 * took.client / tasks:5.2f} ms client {1000 * took.server / tasks:5.2f} ms server a task"
            sys.stdout.write(f"{work.__name__:10} {rates[-1]:6.0f} tasks/s {each} {took.memory:5d} MB\n")
            sys.stdout.flush()
    with connected(studio) as client:
        for project in ask(client, "GET", "api/projects/", params={"page_size": 100})["results"]:
            ask(client, "DELETE", f"api/projects/{project['id']}/")
    return {
        work.__name__: Rated(rates[n], mean((rates[n - 1], rates[n + 1])), peaks[n])
        for n, work in enumerate(ROUND)
        if work not in (bare_push, bare_pull)
    }


def measure(tasks: int = 10_000, regions: int = 30, rounds: int = 3) -> list[Measure]:
    """Push, pull, and a pull that finds nothing new, each beside requests that do nothing but carry the same tasks."""
    with tempfile.TemporaryDirectory(prefix="standoff-bench-") as folder:
        root = Path(folder)
        studio = server.up(root, environment=ROOT / ".standoff" / "studio" / "env")
        try:
            found = [one_round(studio, tasks, regions) for _ in range(rounds)]
        finally:
            server.down(root)
    return [_measure(name, [one[name] for one in found], tasks, regions) for name in found[0]]


def _measure(name: str, rounds: list[Rated], tasks: int, regions: int) -> Measure:
    ratios = sorted(one.rate / one.bare for one in rounds)
    return Measure(
        work=f"{WHAT[name]}, {tasks:,} tasks of {regions} regions",
        unit="tasks/s",
        ours=median(one.rate for one in rounds),
        peer_name="bare POST" if name == "our_push" else "bare export",
        peer=median(one.bare for one in rounds),
        ratio=median(ratios),
        target=TARGET,
        memory_mb=max(one.memory for one in rounds),
        memory_limit_mb=MOST_MB,
        note=f"by the clock; rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}",
    )


def main() -> None:
    """Measures and says what it saw."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--tasks", type=int, default=1000)
    asked.add_argument("--regions", type=int, default=30)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    found = measure(given.tasks, given.regions, given.rounds)
    sys.stdout.write(table(found))
    sys.exit(not all(one.met for one in found))


if __name__ == "__main__":
    main()
