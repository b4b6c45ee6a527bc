"""What is left out of work on shards, and told: records that cannot be read, documents that stand more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

from standoff.model import Finding
from standoff.shards.bundle import Located
from standoff.shards.rows import located, rows, schema

__all__ = ["doubled", "joined"]

_CHUNK = 4096


def doubled(places: Mapping[str, Sequence[tuple[int, int]]], shards: Sequence[str]) -> Iterator[Located]:
    """Documents that stand in several places; each place is told, and the first of all.

    Args:
        places: document -> (number of the shard, line)
    """
    for id, found in places.items():
        if len(found) > 1:
            ordered = sorted(found)
            first = f"{shards[ordered[0][0]]}:{ordered[0][1]}"
            message = f"document {id!r} stands {len(found)} times, first in {first}; expected it once: it is left out"
            for shard, line in ordered:
                file = shards[shard].rpartition("/")[2]
                yield Located(shards[shard], line, Finding(file, id, "document.id", "record-shape", "error", message))


def joined(paths: Iterable[Path], table: Path) -> int:
    """Writes the findings of tables, each of them in order, into one in order; says how many there are."""
    import pyarrow.parquet as pq

    found, count = merge(*(located([path]) for path in paths)), 0
    aside = table.with_name(f".{table.name}")
    with pq.ParquetWriter(aside, schema(), compression="zstd") as writer:
        while chunk := list(islice(found, _CHUNK)):
            writer.write_table(rows(chunk))
            count += len(chunk)
    aside.replace(table)
    return count
