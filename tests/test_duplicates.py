"""Near-duplicates are found by the shingles that texts share, however these are looked up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from standoff.validate import duplicates
from standoff.validate.duplicates import ALIKE, SHINGLE, jaccard, pairs, shingles
from standoff.validate.runs import numbered

WORDS = ("a", "B", "b", "ß", "ss", "SS", "Iİ", "é", "\u0301", "longword" * 4, "漢字漢字漢字", "🙂")
SPACES = (" ", "\n", "  ", "\u3000", "\x1c", "\u2028")

some_texts = st.lists(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=16).map(
        lambda found: "".join(word + space for word, space in found)
    )
    | st.text("aAß漢 \n", max_size=40),
    max_size=12,
)


def by_hand(texts: Sequence[str], groups: Sequence[int]) -> list[tuple[int, int, float]]:
    return [
        (m, n, alike)
        for n in range(len(texts))
        for m in range(n)
        if groups[m] != groups[n] and (alike := jaccard(shingles(texts[m]), shingles(texts[n]))) >= ALIKE
    ]


@pytest.mark.parametrize("fewest", [0, 64])
@given(texts=some_texts, data=st.data())
@example(["a b c d e f", "A B C D E F"], None)
@example(["straße a b c d", "STRASSE a b c d"], None)
@example(["one two", "ONE two"], None)
@example(["漢字" * 20, "漢字" * 20], None)
def test_all_pairs_are_found(fewest: int, texts: list[str], data: st.DataObject | None) -> None:
    groups = [*range(len(texts))]
    if data is not None:
        groups = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_FEWEST", fewest)
        assert [*pairs(dict(enumerate(texts)), groups.__getitem__)] == by_hand(texts, groups)


@given(some_texts)
def test_equal_runs_have_equal_numbers(texts: list[str]) -> None:
    runs, owners, counts = numbered(texts, SHINGLE)
    assert counts.tolist() == [len(text.split()) for text in texts]
    words = [text.casefold().split() for text in texts]
    said = [tuple(of[n : n + SHINGLE]) for of in words for n in range(len(of) - SHINGLE + 1)]
    assert owners.tolist() == [n for n, of in enumerate(words) for _ in range(len(of) - SHINGLE + 1)]
    numbers: dict[tuple[str, ...], set[int]] = {}
    for run, number in zip(said, runs.tolist(), strict=True):
        numbers.setdefault(run, set()).add(number)
    assert all(len(of) == 1 for of in numbers.values())


def test_other_runs_have_other_numbers() -> None:
    (one, other), owners, _ = numbered(["a b c d e", "a b c d f"], SHINGLE)
    assert one != other
    assert owners.tolist() == [0, 1]
    assert [len(set(of)) for of in duplicates._common(["a b c d e f", "a b c d e g", "h i j k l m"], [0, 1, 1])] == [
        1,
        1,
        0,
    ]
