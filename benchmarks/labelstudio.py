"""How fast tasks go to Label Studio and come back, against requests that do nothing but carry them.

    .venv/bin/python benchmarks/labelstudio.py --tasks 10000

Starts a server of its own in a temporary folder, with the libraries of the checkout's. Each measurement runs in a
process of its own, so that its memory is its own; the bare requests and ours take turns, on one server.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
from msgspec import structs

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


def bare_push(studio: Studio, tasks: int, regions: int, root: Path) -> float:
    """Seconds that requests take whose bodies were made before."""
    made = corpus(tasks, regions)
    encoded = [
        msgspec.json.encode(to_task(made.sets[WHO, id], one, made, annotator=WHO)) for id, one in made.documents.items()
    ]
    bodies = [b"[" + b",".join(encoded[n : n + CHUNK]) + b"]" for n in range(0, tasks, CHUNK)]
    with connected(studio) as client:
        body = {"title": "bare", "label_config": interface(made.scheme)}
        project = ask(client, "POST", "api/projects/", body=body)["id"]
        begun = time.monotonic()
        for body in bodies:
            ask(client, "POST", f"api/projects/{project}/import", body=body)
        return time.monotonic() - begun


def our_push(studio: Studio, tasks: int, regions: int, root: Path) -> float:
    """Seconds that a push takes."""
    made = corpus(tasks, regions)
    begun = time.monotonic()
    report = push(root, made, WHO, studio)
    seconds = time.monotonic() - begun
    assert len(report.created) == tasks, report.findings[:3]
    return seconds


def bare_pull(studio: Studio, tasks: int, regions: int, root: Path) -> float:
    """Seconds that one export takes, whose bytes are thrown away."""
    with connected(studio) as client:
        listed = ask(client, "GET", "api/projects/", params={"page_size": 100})["results"]
        project = next(one["id"] for one in listed if one["title"] != "bare")
        begun = time.monotonic()
        params = {"exportType": "JSON", "download_all_tasks": "true"}
        headers = {"Authorization": f"Token {studio.token}"}
        path, read = f"/api/projects/{project}/export", 0
        with client.http.stream("GET", path, params=params, headers=headers, timeout=3600) as answer:
            for part in answer.iter_bytes(1 << 20):
                read += len(part)
        assert answer.status_code == 200
        assert read > tasks * 1000
        return time.monotonic() - begun


def our_pull(studio: Studio, tasks: int, regions: int, root: Path) -> float:
    """Seconds that a pull takes that writes every set."""
    made = structs.replace(corpus(tasks, regions), sets={})
    begun = time.monotonic()
    report = pull(root, made, WHO, studio)
    seconds = time.monotonic() - begun
    assert len(report.written) == tasks, report.findings[:3]
    return seconds


def pull_again(studio: Studio, tasks: int, regions: int, root: Path) -> float:
    """Seconds that a pull takes that finds every set unchanged."""
    made = corpus(tasks, regions)
    begun = time.monotonic()
    report = pull(root, made, WHO, studio)
    seconds = time.monotonic() - begun
    assert len(report.unchanged) == tasks, report.findings[:3]
    return seconds


def measured(work: Callable[..., float], *given: Any) -> tuple[float, int]:
    """Seconds of a measurement, and the most memory that its process ever had, in MB."""
    seconds = work(*given)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Measures and says what it saw."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--tasks", type=int, default=1000)
    asked.add_argument("--regions", type=int, default=30)
    given = asked.parse_args()
    out = sys.stdout.write
    with tempfile.TemporaryDirectory(prefix="standoff-bench-") as folder:
        root = Path(folder)
        environment = ROOT / ".standoff" / "studio" / "env"
        studio = server.up(root, environment=environment)
        try:
            rates: dict[str, list[float]] = {}
            for work in (bare_push, our_push, bare_push, bare_pull, our_pull, bare_pull, pull_again, bare_pull):
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                    what = (studio, given.tasks, given.regions, root)
                    seconds, memory = alone.submit(measured, work, *what).result()
                rate = given.tasks / seconds
                out(f"{work.__name__:11} {seconds:7.1f} s {rate:6.0f} tasks/s {memory:5d} MB\n")
                sys.stdout.flush()
                rates.setdefault(work.__name__, []).append(rate)
            # Each of ours stands between two bare ones, whose mean evens out what else the machine does meanwhile.
            bare_in, bare_out = mean(rates["bare_push"]), mean(rates["bare_pull"][:2])
            out(f"push at {rates['our_push'][0] / bare_in:.2f} of bare requests, ")
            out(f"pull at {rates['our_pull'][0] / bare_out:.2f} of a bare export, ")
            out(f"again at {rates['pull_again'][0] / mean(rates['bare_pull'][1:]):.2f}\n")
        finally:
            server.down(root)


if __name__ == "__main__":
    main()
