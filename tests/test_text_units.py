"""Offsets of whole documents in foreign units: the fast way says what the slow one says."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standoff.errors import OffsetError
from standoff.units import Units

UNIT: st.SearchStrategy[Literal["utf-16", "utf-8"]] = st.sampled_from(["utf-16", "utf-8"])
# Long texts as well, and of each width in which Python stores a text.
TEXTS = st.tuples(st.sampled_from(["", "a" * 300, "é" * 300, "“" * 300]), st.text(max_size=12)).map("".join)


def encoding(unit: str) -> str:
    return {"utf-16": "utf-16-le", "utf-8": "utf-8"}[unit]


@given(TEXTS, UNIT)
def test_every_offset_is_that_of_the_encoded_prefix(text: str, unit: Literal["utf-16", "utf-8"]) -> None:
    units = Units(text, unit)
    size = {"utf-16": 2, "utf-8": 1}[unit]
    expected = [len(text[:n].encode(encoding(unit))) // size for n in range(len(text) + 1)]

    assert [units.to_foreign(n) for n in range(len(text) + 1)] == expected
    assert [*units.each_to_code_points(expected)] == [*range(len(text) + 1)]
    assert units.length == expected[-1]


@given(TEXTS, UNIT, st.lists(st.integers(-1, 330), max_size=4))
def test_many_offsets_are_converted_or_refused_as_each_is(
    text: str, unit: Literal["utf-16", "utf-8"], offsets: list[int]
) -> None:
    units = Units(text, unit)
    try:
        expected = [units.to_code_points(offset) for offset in offsets]
    except OffsetError as error:
        with pytest.raises(OffsetError) as refused:
            units.each_to_code_points(offsets)
        assert str(refused.value) == str(error)
    else:
        assert units.each_to_code_points(offsets) == expected


@pytest.mark.parametrize("text", ["🙂", "a🙂", "é" * 199 + "🙂", "“" * 250 + "🙂", "a" * 5000 + "🙂" + "b" * 5000])
def test_half_a_surrogate_pair_is_refused_among_many(text: str) -> None:
    at = text.index("🙂")

    with pytest.raises(OffsetError, match=f"inside the character at {at}"):
        Units(text, "utf-16").each_to_code_points([0, at, at + 1])

    assert Units(text, "utf-16").each_to_code_points([0, at, at + 2]) == [0, at, at + 1]


@pytest.mark.parametrize("text", ["“" * 1000, "é" * 1000, "é“" * 20])
def test_a_text_that_was_encoded_before_is_no_wider(text: str) -> None:
    text.encode()

    assert Units(text, "utf-16").each_to_code_points([0, len(text)]) == [0, len(text)]
    assert Units(text, "utf-16").length == len(text)


@pytest.mark.parametrize("text", ["🙂" * 300, "a" * 300 + "🙂", "🙂", ""])
def test_a_text_that_was_encoded_before_is_as_wide(text: str) -> None:
    width = len(text.encode("utf-16-le")) // 2
    text.encode()

    assert Units(text, "utf-16").length == width
