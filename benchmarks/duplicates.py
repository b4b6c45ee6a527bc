"""Near-duplicates that were planted: how many are found, how many of those found were planted, and how fast.

    python benchmarks/duplicates.py --documents 20000

Ours is the corpus's rule without the question of splits: MinHash by rensa proposes pairs, the shingles decide. Beside
it, on the same shingles and with as many hashes: rensa alone, as its documentation shows it, and datasketch. A planted
pair counts where its true similarity reaches the rule's limit; of pairs found, those that no shingle bears out are
false. Times are CPU time of one process, shingles of words included.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from generate import LIKE, Plan, bundle
from measuring import Measure, alone, table
from msgspec import Struct

from standoff.validate.duplicates import ALIKE, jaccard, pairs, shingles

__all__ = ["WAYS", "measure"]

HASHES, BANDS = 120, 40
LEAST = 0.995
"""What the bands miss at the limit itself, where they miss most: 5 in 1,000."""

Pairs = set[tuple[int, int]]


class Found(Struct, frozen=True):
    """What one way of seeking found."""

    recall: float
    precision: float
    documents_a_second: float
    memory_mb: float


def texts(documents: int, seed: int, like: Path) -> tuple[dict[int, str], Pairs]:
    """Generated texts, and the pairs that were planted in them."""
    plan = Plan(documents=documents, seed=seed, like=like, annotators=1, faults=0.0, duplicates=0.05)
    made, planted = {}, set()
    for n in range(documents):
        one, told = bundle(plan, n)
        made[n] = one.document.text
        planted |= {(int(two.of[1:]), n) for two in told}
    return made, planted


def ours(made: dict[int, str]) -> Pairs:
    """The rule's way."""
    return {(m, n) for m, n, _ in pairs(made)}


def rensa(made: dict[int, str]) -> Pairs:
    """MinHash and its index by rensa; what shares a band is taken at its word."""
    from rensa import RMinHash, RMinHashLSH

    index, found = RMinHashLSH(ALIKE, HASHES, BANDS), set()
    hashed = RMinHash.from_token_sets([sorted(shingles(text)) for text in made.values()], HASHES, 1)
    for n, one in enumerate(hashed):
        found |= {(m, n) for m in index.query(one) if one.jaccard(hashed[m]) >= ALIKE}
        index.insert(n, one)
    return found


def datasketch(made: dict[int, str]) -> Pairs:
    """MinHash and its index by datasketch."""
    from datasketch import MinHash, MinHashLSH

    index, found, hashed = MinHashLSH(num_perm=HASHES, params=(BANDS, HASHES // BANDS)), set(), {}
    for n, text in made.items():
        one = MinHash(num_perm=HASHES, seed=1)
        one.update_batch([shingle.encode() for shingle in shingles(text)])
        found |= {(m, n) for m in index.query(one) if one.jaccard(hashed[m]) >= ALIKE}
        index.insert(n, one)
        hashed[n] = one
    return found


WAYS: dict[str, Callable[[dict[int, str]], Pairs]] = {"ours": ours, "rensa": rensa, "datasketch": datasketch}


def seek(way: str, made: dict[int, str]) -> Pairs:
    """What one way finds."""
    return WAYS[way](made)


def measure(documents: int = 20_000, *, seed: int = 1, like: Path = LIKE) -> Iterator[Measure]:
    """Ours beside each of the others."""
    made, planted = texts(documents, seed, like)
    alike = {(m, n) for m, n in planted if jaccard(shingles(made[m]), shingles(made[n])) >= ALIKE}
    found = {}
    for way in WAYS:
        spent = alone(seek, way, made, imports=["numpy", "standoff.validate.duplicates"])
        true = {(m, n) for m, n in spent.result if jaccard(shingles(made[m]), shingles(made[n])) >= ALIKE}
        found[way] = Found(
            recall=len(alike & spent.result) / len(alike),
            precision=len(true) / len(spent.result) if spent.result else 1.0,
            documents_a_second=documents / spent.seconds,
            memory_mb=spent.memory_mb,
        )
    mine = found["ours"]
    for way in ("datasketch", "rensa"):
        peer = found[way]
        yield Measure(
            work=f"near-duplicates among {documents:,}",
            unit="documents/s",
            ours=mine.documents_a_second,
            peer_name=way,
            peer=peer.documents_a_second,
            ratio=mine.documents_a_second / peer.documents_a_second,
            target=0.0,
            memory_mb=mine.memory_mb,
            note=f"recall {mine.recall:.4f} and precision {mine.precision:.4f} of {len(alike)} planted pairs; "
            f"{way} {peer.recall:.4f} and {peer.precision:.4f}, {peer.memory_mb:.0f} MB",
        )
    for work, ours_is in (
        ("planted near-duplicates that are found", mine.recall),
        ("found pairs that are near-duplicates", mine.precision),
    ):
        yield Measure(
            work=work, unit="of all", ours=ours_is, peer_name="limit", peer=LEAST, ratio=ours_is / LEAST, target=1.0
        )


@click.command()
@click.option("--documents", default=20_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(documents: int, seed: int) -> None:
    """Measure, and print a table."""
    sys.stdout.write(table(measure(documents, seed=seed)))


if __name__ == "__main__":
    main()
