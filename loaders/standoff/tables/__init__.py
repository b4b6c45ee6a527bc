"""A corpus as Arrow tables and back: the records, one table per layer, everyone's judgements; each by split."""

from standoff.model import SPLITS
from standoff.tables.columns import arrow_table, closed, schema_of, schemas, vocabulary
from standoff.tables.reading import from_tables
from standoff.tables.writing import WHOLE, parts, to_tables

__all__ = [
    "SPLITS",
    "WHOLE",
    "arrow_table",
    "closed",
    "from_tables",
    "parts",
    "schema_of",
    "schemas",
    "to_tables",
    "vocabulary",
]
