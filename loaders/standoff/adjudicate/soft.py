"""Soft labels: how the annotators' labels are spread over each item of gold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from standoff.adjudicate.items import Item, address, participants, table_of
from standoff.model import Annotation, Corpus
from standoff.tables import arrow_table, closed, parts, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["soft_labels"]

TABLE = "soft_labels"


def soft_labels(corpus: Corpus) -> dict[str, dict[str, pa.Table]]:
    """The table `soft_labels`, by split: a row for each label that gold's annotators gave an item, with its votes.

    `id` is gold's. `votes` of the `annotators` who worked on the document gave `label`; where it is null, so many
    marked nothing there. The votes of an item add up to its annotators.

    Raises:
        RecordError: a document is in no split.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    labels = [label for layer in corpus.scheme.layers for label in layer.label_names]
    schema = schema_of(
        [
            ("id", text),
            ("document", text),
            ("layer", text),
            closed("label", text, labels),
            ("votes", number),
            ("annotators", number),
        ]
    )
    workers = participants(corpus)
    found = {}
    for split, ids in parts(corpus).items():
        rows = [row for id in ids if id in corpus.gold for row in _rows(corpus, id, workers.get(id, ()))]
        found[split] = arrow_table({name: [row[n] for row in rows] for n, name in enumerate(schema.names)}, schema)
    return {TABLE: found}


def _rows(corpus: Corpus, document: str, workers: tuple[str, ...]) -> list[tuple[str, str, str, str | None, int, int]]:
    items = table_of([corpus.sets[who, document] for who in workers], corpus.scheme)
    at = {address(who, document, one.id): item for item in items for who, one in item.members}
    decided = (
        {}
        if document not in corpus.decisions
        else {corpus.decisions[document].address(one.id): one.item for one in corpus.decisions[document].decisions}
    )
    rows: list[tuple[str, str, str, str | None, int, int]] = []
    for one in corpus.gold[document].annotations:
        item = _item(one, at, decided)
        votes = Counter(marked.label for _, marked in item.members) if item else Counter()
        spread: list[tuple[str | None, int]] = [*votes.items()]
        if missing := len(workers) - votes.total():
            spread.append((None, missing))
        layer = corpus.scheme.layer(one.layer)
        rank = {label: n for n, label in enumerate(layer.label_names if layer else ())}
        spread.sort(key=lambda found: (-found[1], rank.get(found[0] or "", len(rank))))
        rows.extend((one.id, document, one.layer, label, count, len(workers)) for label, count in spread)
    return rows


def _item(one: Annotation, at: dict[str, Item], decided: dict[str, tuple[str, ...]]) -> Item | None:
    """The item that a gold annotation is made from; None where nobody had marked it."""
    addresses = [address for origin in one.derived_from for address in (origin, *decided.get(origin, ()))]
    return next((at[address] for address in addresses if address in at), None)
