"""Leave one document out: with few articles each must serve as the test set once.

Run: python examples/folds.py [CONFIG] [SOURCE], with a config whose rows have a document and a label. Splits of single
rows would put sentences of one article on both sides.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

import standoff


def folds(config: str, source: str | None = None) -> Iterator[tuple[str, pa.Table, pa.Table]]:
    """The document that is left out, all other documents' rows, and its own; by id of the document."""
    table = pa.concat_tables(standoff.load(config, source=source).values())
    for document in sorted(table["document"].unique().to_pylist()):
        own = pc.equal(table["document"], document)
        yield document, table.filter(pc.invert(own)), table.filter(own)


def main(config: str = "claim", source: str | None = None) -> None:
    """The least that a classifier must beat: the commonest label of the others, on each document in turn."""
    missing = {"document", "label"}.difference(next(iter(standoff.load(config, source=source).values())).column_names)
    if missing:
        sys.exit(f"{config}: has no column {' and no '.join(sorted(missing))}; expected a config with labels")
    right = total = 0
    for document, train, test in folds(config, source):
        ((label, _),) = Counter(train["label"].to_pylist()).most_common(1)
        hits = test["label"].to_pylist().count(label)
        print(f"{document}: {train.num_rows} rows to learn from; {label} is right in {hits} of {test.num_rows}")
        right, total = right + hits, total + test.num_rows
    print(f"all: {right} of {total}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
