"""A corpus's tables as Parquet files, beside `datasets` writing the same rows.

    python benchmarks/tables.py [--documents N]

Documents are those of benchmarks/validate.py: a corpus's own with their letters changed. Both start from the corpus in
memory and end with one file for each table; each runs in a fresh process of its own. What is common to both, imports
and the generation of the corpus, is not timed.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import msgspec
from measuring import ROOT, Measure, alone, corpus_command, peak_mb
from validate import generated

from standoff import files
from standoff.model import Corpus
from standoff.tables import to_tables


def ours(corpus: Corpus, folder: Path) -> None:
    from pyarrow import parquet

    for config, splits in to_tables(corpus).items():
        for split, rows in splits.items():
            parquet.write_table(rows, folder / f"{config}-{split}.parquet")


def theirs(corpus: Corpus, folder: Path) -> None:
    """As one writes it with `datasets`: dictionaries, one a row; the library finds out the columns."""
    from datasets import Dataset

    for config, rows in dictionaries(corpus).items():
        for split in ("train", "test"):
            asked = [row for row in rows if corpus.splits.splits[row["document"]] == split]
            Dataset.from_list(asked).to_parquet(folder / f"{config}-{split}.parquet")


def dictionaries(corpus: Corpus) -> dict[str, list[dict[str, Any]]]:
    """The rows of the tables that grow with the corpus."""
    found: dict[str, list[dict[str, Any]]] = {"documents": [], "sentences": [], "tokens": [], "judgements": []}
    found |= {layer: [] for layer in corpus.scheme.layer_names}
    for id, document in corpus.documents.items():
        found["documents"].append({"document": id, **msgspec.to_builtins(document)})
        for name in ("sentences", "tokens"):
            for n, (start, end) in enumerate(getattr(corpus.segments[id], name)):
                row = {"document": id, "n": n, "start": start, "end": end, "text": document.text[start:end]}
                found[name].append(row)
    roles = {role.name for layer in corpus.scheme.layers for role in layer.roles}
    attributes = {attribute.name for layer in corpus.scheme.layers for attribute in layer.attributes}
    for (annotator, id), marked in corpus.sets.items():
        for one in marked.annotations:
            row = {"document": id, **msgspec.to_builtins(one)}
            row |= {name: one.refs.get(name) for name in roles} | {
                name: one.attributes.get(name) for name in attributes
            }
            for name in ("refs", "attributes"):
                row.pop(name, None)
            found["judgements"].append({"annotator": annotator, **row})
    return found


def spent(work: Callable[[Corpus, Path], None], root: Path, documents: int) -> tuple[float, float]:
    """CPU seconds of some work on a generated corpus, and the peak of memory in MB."""
    import datasets
    import pandas  # noqa: F401 - pyarrow imports it for the first array, where it is installed
    import pyarrow.fs  # loaded for the first file that is written
    import pyarrow.parquet  # noqa: F401

    datasets.disable_progress_bars()
    corpus = generated(files.read(root), documents)
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="standoff-bench-") as aside:
        begin = process_time()
        work(corpus, Path(aside))
        return process_time() - begin, peak_mb()


def measure(root: Path = ROOT, documents: int = 2000, rounds: int = 3) -> Iterator[Measure]:
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "peer": []}
    for _ in range(rounds):
        for name, work in (("ours", ours), ("peer", theirs)):
            found[name].append(alone(spent, work, root, documents).result)
    mine, peer = (median(seconds for seconds, _ in found[name]) for name in ("ours", "peer"))
    yield Measure(
        work=f"tables of {documents:,} documents to Parquet",
        unit="s",
        ours=mine,
        peer_name="datasets",
        peer=peer,
        ratio=peer / mine,
        target=4,
        memory_mb=max(memory for _, memory in found["ours"]),
        note=f"the peer's peak is {max(memory for _, memory in found['peer']):.0f} MB; garbage collection as it is",
    )


main = corpus_command(measure, documents=2000, rounds=3)

if __name__ == "__main__":
    main()
