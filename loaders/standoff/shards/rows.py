"""The table of findings: a row says what is wrong, and in which line of which shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from standoff.model import Finding
from standoff.shards.bundle import Located

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["located", "rows", "schema"]


def schema() -> pa.Schema:
    """The columns of the table."""
    import pyarrow as pa

    text = ("file", "id", "field", "rule", "severity", "message")
    return pa.schema([("shard", pa.string()), ("line", pa.int64()), *((name, pa.string()) for name in text)])


def rows(found: Sequence[Located]) -> pa.Table:
    """Findings as rows, in their order."""
    import pyarrow as pa

    known = schema()
    columns = [[one.shard for one in found], [one.line for one in found]]
    columns += [[getattr(one.finding, name) for one in found] for name in known.names[2:]]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, known, strict=True)], schema=known)


def located(paths: Iterable[Path]) -> Iterator[Located]:
    """The findings of tables, one table after the other, without holding any of them whole."""
    import pyarrow.parquet as pq

    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(4096):
                for shard, line, *fields in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield Located(shard, line, Finding(*fields))
