"""Learn from all annotators, not from gold alone: the votes for each label of an item as a distribution.

Run: python examples/soft_labels.py [SOURCE]. The items on which annotators disagree most come first; a loss such as
cross-entropy takes the distribution as its target in place of one label.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Mapping

import standoff

NOTHING = "(nothing)"
Item = tuple[str, str, str]


def distributions(source: str | None = None) -> dict[Item, dict[str, float]]:
    """(document, layer, id) of each gold item -> label -> share of the annotators who gave it; they add up to 1."""
    found: dict[Item, dict[str, float]] = defaultdict(dict)
    for table in standoff.load("soft_labels", source=source).values():
        for row in table.to_pylist():
            label = NOTHING if row["label"] is None else row["label"]
            found[row["document"], row["layer"], row["id"]][label] = row["votes"] / row["annotators"]
    return dict(found)


def entropy(shares: Mapping[str, float]) -> float:
    """How divided the annotators are, in bits: 0 where all say the same (Shannon 1948)."""
    return sum(share * math.log2(1 / share) for share in shares.values() if share)


def main(source: str | None = None) -> None:
    """The share of items that all agree on, by layer, and the most disputed ones."""
    items = distributions(source)
    agreed: dict[str, list[bool]] = defaultdict(list)
    for (_, layer, _), shares in items.items():
        agreed[layer].append(len(shares) == 1)
    for layer, all_of in agreed.items():
        print(f"{layer:<16} {sum(all_of):>4} of {len(all_of)} items have one label from all")
    print()
    for (document, layer, id_), shares in sorted(items.items(), key=lambda item: -entropy(item[1]))[:10]:
        told = ", ".join(f"{label} {share:.2f}" for label, share in shares.items())
        print(f"{entropy(shares):.2f} bits  {document}#{id_} ({layer}): {told}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
