"""What rules on many documents must know of each: written beside a shard's findings, by bucket.

ids      document -> where it stands
events   event -> its documents, with their splits
forms    words that an annotator marked -> how often with which label, and where first
bands    pieces of MinHash signatures -> the documents that have them
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standoff.model import SPLITS, Corpus
from standoff.shards.bundle import Batch
from standoff.shards.scatter import bucket_of, scatter
from standoff.validate.duplicates import bands
from standoff.validate.forms import Form, Use, uses

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Facts", "schemas"]


def schemas() -> dict[str, pa.Schema]:
    """The columns of each kind of fact; shard is a number, by the shards' order."""
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    place = [("shard", number), ("line", number)]
    kinds = {
        "ids": [("document", text)],
        "events": [("event", text), ("document", text), ("split", text)],
        "forms": [
            *((name, text) for name in ("layer", "annotator", "form", "label")),
            ("count", number),
            *((name, text) for name in ("document", "id")),
            ("entities", text),
        ],
        "bands": [("band", pa.uint64()), ("split", pa.int8())],
    }
    return {kind: pa.schema([*columns, *place]) for kind, columns in kinds.items()}


class Facts:
    """The facts of one shard, as they come in.

    Args:
        number: of the shard.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.lines: dict[str, int] = {}
        self.ids: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.forms: dict[Form, dict[str, Use]] = {}
        self.bands: list[Any] = []
        self.splits: list[tuple[int, int]] = []

    def add(self, batch: Batch, corpus: Corpus) -> None:
        """Takes in some documents; the corpus is what the batch makes."""
        for bundle, line in zip(batch.bundles, batch.lines, strict=True):
            id = bundle.document.id
            self.lines.setdefault(id, line)
            self.ids.append((id, self.number, line))
            self.events.extend((event, id, bundle.split, self.number, line) for event in bundle.events)
        for form, labels in uses(corpus).items():
            of = self.forms.setdefault(form, {})
            for label, use in labels.items():
                if label in of:
                    of[label].add(use)
                else:
                    of[label] = use
        placed = [
            (bundle.document.text, SPLITS.index(bundle.split), line)
            for bundle, line in zip(batch.bundles, batch.lines, strict=True)
            if bundle.split
        ]
        if placed and (found := bands([text for text, _, _ in placed])) is not None:
            self.bands.append(found)
            self.splits.extend((split, line) for _, split, line in placed)

    def write(self, folder: Path, buckets: int) -> None:
        """Writes the facts into a folder, a file a kind."""
        import numpy as np
        import pyarrow as pa

        known = schemas()
        forms = [
            (
                *(*form, label, use.count, use.document, use.id),
                None if use.entities is None else "\n".join(use.entities),
                *(self.number, self.lines[use.document]),
            )
            for form, labels in self.forms.items()
            for label, use in labels.items()
        ]
        for kind, rows, keys in (
            ("ids", self.ids, [row[0] for row in self.ids]),
            ("events", self.events, [row[0] for row in self.events]),
            ("forms", forms, ["\n".join(row[:3]) for row in forms]),
        ):
            where = [bucket_of(key, buckets) for key in keys]
            scatter(_table(rows, known[kind]), where, buckets, folder / f"{kind}.parquet")
        found = np.concatenate(self.bands) if self.bands else np.empty((0, 1), np.uint64)
        each, width = found.shape
        splits = np.array(self.splits, dtype=np.int64).reshape(each, 2)
        columns = (
            found.ravel(),
            splits[:, 0].repeat(width),
            np.full(each * width, self.number),
            splits[:, 1].repeat(width),
        )
        arrays = [pa.array(column, field.type) for column, field in zip(columns, known["bands"], strict=True)]
        of = (found.ravel() % np.uint64(buckets)).astype(np.int64)
        scatter(pa.table(arrays, schema=known["bands"]), of, buckets, folder / "bands.parquet")


def _table(rows: Iterable[tuple[Any, ...]], known: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(known)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, known, strict=True)], schema=known)
