"""Rows put into buckets by a key, so that all rows of one key are found together, whichever shard they come from.

Each piece of work writes one Parquet file with a row group for each bucket; whoever looks at a bucket reads that row
group of every file. Nobody ever holds more than a bucket. The same on one machine as on a cluster: the answer is the
same because the way is.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["bucket_of", "gather", "scatter"]


def bucket_of(key: str, buckets: int) -> int:
    """The bucket of a key, in whatever process it is asked for."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") % buckets


def scatter(table: pa.Table, where: NDArray[Any] | list[int], buckets: int, path: Path) -> None:
    """Writes rows by bucket, in each in the order in which they come.

    Args:
        where: the bucket of each row.
    """
    import numpy as np
    import pyarrow.parquet as pq

    numbers = np.asarray(where, dtype=np.int64)
    by = np.argsort(numbers, kind="stable")
    ordered = table.take(by)
    bounds = np.searchsorted(numbers[by], np.arange(buckets + 1))
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for start, end in pairwise(bounds):
            # An empty row group keeps its place: the number of a group is the number of its bucket.
            writer.write_table(ordered.slice(start, end - start), row_group_size=max(1, int(end - start)))


def gather(paths: Iterable[Path], bucket: int, schema: pa.Schema) -> pa.Table:
    """The rows of a bucket from all files, in their order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [schema.empty_table()]
    for path in paths:
        with pq.ParquetFile(path) as file:
            found.append(file.read_row_group(bucket))
    return pa.concat_tables(found)
