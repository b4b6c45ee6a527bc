"""How fast the offsets of a document are converted from UTF-16, beside encoding the text up to each.

    python benchmarks/offsets.py

Documents of 3,500 characters with 90 offsets each, as an annotated article has; the time to look at the text is part
of it. All of them are converted some times over: once takes less time than can be measured.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from measuring import Measure, medians, table

from standoff.units import Units

LENGTH, OFFSETS, DOCUMENTS, TIMES = 3500, 90, 100, 50
WORDS = {
    "ASCII": "the quick brown fox jumps over the lazy dog ",
    "no astral characters": "the quick brown fox “jumps” over a café — ",
    "astral characters": "the quick brown fox “jumps” 🙂 over a café — ",
}
AT_MOST = {"ASCII": 9, "no astral characters": 9, "astral characters": 410}
"""Nanoseconds an offset that are asked for."""


def documents(words: str) -> list[tuple[str, list[int]]]:
    """Texts, and offsets of theirs in UTF-16."""
    chance = random.Random(1)
    found = []
    for n in range(DOCUMENTS):
        text = (words[n % len(words) :] + words * (LENGTH // len(words) + 1))[:LENGTH]
        places = sorted(chance.randrange(LENGTH + 1) for _ in range(OFFSETS))
        found.append((text, [len(text[:at].encode("utf-16-le")) // 2 for at in places]))
    return found


def ours(given: list[tuple[str, list[int]]]) -> None:
    for text, offsets in given * TIMES:
        Units(text, "utf-16").each_to_code_points(offsets)


def prefixes(given: list[tuple[str, list[int]]]) -> None:
    """What is commonly written: the text up to the offset is taken as bytes, and decoded."""
    for text, offsets in given:
        for offset in offsets:
            len(text.encode("utf-16-le")[: 2 * offset].decode("utf-16-le"))


def measure() -> Iterator[Measure]:
    for name, words in WORDS.items():
        given = documents(words)
        few = given[:10]
        found = medians({"ours": lambda given=given: ours(given), "peer": lambda few=few: prefixes(few)}, rounds=7)
        mine = found["ours"] / (len(given) * TIMES * OFFSETS) * 1e9
        peer = found["peer"] / (len(few) * OFFSETS) * 1e9
        yield Measure(
            work=f"UTF-16 offsets, {name}",
            unit="ns/offset",
            ours=mine,
            peer_name="encoding prefixes",
            peer=peer,
            ratio=peer / mine,
            target=peer / AT_MOST[name],
            note=f"at most {AT_MOST[name]} ns asked for",
        )


if __name__ == "__main__":
    measures = list(measure())
    sys.stdout.write(table(measures))
    sys.exit(not all(one.met for one in measures))
