"""Corpora too large for memory: shards of records, a document each, that are worked on one by one.

A shard is JSON Lines (plain, gzip or zstd) or Parquet. Each record is a document with its segments, sets, gold,
decisions, split, events and rights; the schema, the registry of entities and the list of annotators stay files of a
corpus's folder. Some records together, with that folder, are a `Corpus` to all rules and tables.
"""

from standoff.shards.bundle import Batch, Bundle, Located, batches, bundles, corpus_of, head_of, parse, record
from standoff.shards.rows import located
from standoff.shards.streams import listed, records, write_records
from standoff.shards.validating import Checked, validate_shards

__all__ = [
    "Batch",
    "Bundle",
    "Checked",
    "Located",
    "batches",
    "bundles",
    "corpus_of",
    "head_of",
    "listed",
    "located",
    "parse",
    "record",
    "records",
    "validate_shards",
    "write_records",
]
