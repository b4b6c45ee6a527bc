"""Who claims what, and how certain it is put: the view `claimants` beside the claims themselves.

Run: python examples/who_claims_what.py [SOURCE]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import standoff


def claims(source: str | None = None) -> Iterator[tuple[str, str, str, str]]:
    """Claimant, certainty, label and words of each claim. A claim may have two claimants: a group, and one of it."""
    names = {row["id"]: row["name"] for row in standoff.load("entities", split="corpus", source=source).to_pylist()}
    certainty = {
        (row["document"], row["id"]): row["certainty"]
        for table in standoff.load("claim", source=source).values()
        for row in table.to_pylist()
    }
    for table in standoff.load("claimants", source=source).values():
        for row in table.to_pylist():
            found = [names[entity] for entities in row["taken_entities"] for entity in entities]
            # Without a source it is the writer's own, or one whose source the text does not give.
            who = " and ".join(found) or row["status"]
            yield who, certainty[row["document"], row["id"]], row["label"], row["text"]


def main(source: str | None = None) -> None:
    """A line for each claim, by claimant."""
    last = None
    for who, certainty, label, words in sorted(claims(source)):
        if who != last:
            print(f"\n{who}")
        print(f"  {certainty:<11} {label:<11} {words}")
        last = who


if __name__ == "__main__":
    main(*sys.argv[1:2])
