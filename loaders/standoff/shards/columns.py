"""Tuples as tables of Arrow, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["table_of", "tuples_of"]


def table_of(found: Sequence[tuple[Any, ...]], known: pa.Schema) -> pa.Table:
    """A table of rows."""
    import pyarrow as pa

    columns = list(zip(*found, strict=True)) or [()] * len(known)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, known, strict=True)], schema=known)


def tuples_of(table: pa.Table | pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """The rows of a table."""
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
