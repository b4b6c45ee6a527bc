"""What holds of agreement whatever the ratings are."""

from __future__ import annotations

import math
from itertools import permutations
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, Generator

from standoff.agreement import alpha as alpha_module
from standoff.agreement import (
    alpha_measure,
    b_cubed,
    bootstrap,
    ceaf_e,
    cohen_kappa,
    encoding,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    lea,
    muc,
    scott_pi,
    span_f1,
    unitizing_alpha,
)
from standoff.agreement.assignment import assign
from standoff.agreement.encoding import counts_of, encode

LEVELS = ("nominal", "ordinal", "interval", "ratio")


@st.composite
def ratings(draw: Any, *, missing: bool = True, most: int = 5) -> list[list[int | None]]:
    """Ratings of two to four annotators, from 1 up."""
    annotators, units = draw(st.integers(2, 4)), draw(st.integers(1, 12))
    value = st.integers(1, most)
    row = st.lists(st.none() | value if missing else value, min_size=units, max_size=units)
    return draw(st.lists(row, min_size=annotators, max_size=annotators))


def number(value: float | None) -> object:
    return None if value is None else pytest.approx(value, abs=1e-9)


def as_floats(table: list[list[int | None]]) -> Any:
    return np.array([[math.nan if cell is None else cell for cell in row] for row in table], np.float64)


@pytest.mark.parametrize("level", LEVELS)
@given(table=ratings())
def test_alpha_is_what_the_krippendorff_package_says(level: Any, table: list[list[int | None]]) -> None:
    try:
        with np.errstate(invalid="ignore"):
            expected = float(krippendorff.alpha(as_floats(table), level_of_measurement=level))
    except ValueError:
        # It refuses ratings of one value and of none, and gives NaN where no two annotators share two.
        expected = math.nan

    assert krippendorff_alpha(table, level) == number(None if math.isnan(expected) else expected)


@pytest.mark.parametrize("level", LEVELS)
@given(table=ratings())
def test_lists_arrays_and_both_ways_of_counting_give_one_alpha(level: Any, table: list[list[int | None]]) -> None:
    expected = number(krippendorff_alpha(table, level))

    assert krippendorff_alpha(as_floats(table), level) == expected
    # Numbers that are not whole are not their own codes.
    if level == "interval":
        assert krippendorff_alpha(as_floats(table) / 4, level) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alpha_module, "MOST_CELLS", -1)
        patch.setattr(encoding, "MOST_CELLS", -1)
        assert krippendorff_alpha(table, level) == expected


@given(
    table=ratings(),
    first=st.sampled_from([-70, -64, -2, 0, 1, 60, 100]),
    kind=st.sampled_from(["f8", "f4", "f2", "i1", "i2", "i8", "u1", "u8"]),
    odd=st.none() | st.tuples(st.integers(0, 11), st.sampled_from([0.5, 7.0, 127.0, 128.0, 300.0, 1e300, math.inf])),
    block=st.sampled_from([2, 4, 64]),
    by_document=st.booleans(),
)
def test_numbers_counted_in_one_go_are_those_counted_one_by_one(
    table: list[list[int | None]], first: int, kind: str, odd: Any, block: int, by_document: bool
) -> None:
    """Whatever the kind of numbers, where they begin, and what the first units let one guess of the others."""
    numbers = as_floats(table) + first
    if odd and odd[0] < numbers.shape[1]:
        numbers[-1, odd[0]] = odd[1]
    if kind[0] != "f":
        numbers = np.nan_to_num(numbers, nan=first, posinf=first)
    with np.errstate(over="ignore", invalid="ignore"):
        array = numbers.astype(kind)
    documents = np.arange(array.shape[1]) % 3 if by_document else None
    of = 3 if by_document else 1
    plain = [[None if cell != cell else cell for cell in row] for row in array.tolist()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK", block)
        found = encoding.numbers_by_combination(array, documents, of)
        measured = alpha_measure(array, documents=documents, resamples=0)

    if found:
        counted = encoding.by_combination(encode(plain), documents, of)
        assert counted
        assert told(found) == told(counted)
    expected = alpha_measure(plain, documents=documents, resamples=0)
    assert measured.value == number(expected.value)
    assert (measured.units, measured.pairs, measured.excluded) == (expected.units, expected.pairs, expected.excluded)


def told(counted: encoding.Counted) -> dict[tuple[int, tuple[float | None, ...]], int]:
    """How many units of a document have which ratings."""
    found = {}
    for document, times in enumerate(counted.times):
        for n in np.nonzero(times)[0]:
            values = tuple(counted.values[code - 1] if code else None for code in counted.codes[:, n])
            found[document, values] = int(times[n])
    return found


@pytest.mark.parametrize("late", [0.5, 0.0, 3.0, -1.0, 128.0, 257.0, 300.0, -300.0, 1e300, math.inf, -math.inf])
def test_a_number_that_the_first_units_do_not_let_one_expect_is_not_lost(late: float) -> None:
    table = np.array([[1, 2, 2, 1, late, 1, 2], [1, 2, 1, 1, late, math.nan, 2]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK", 2)
        assert encoding.numbers_by_combination(table, None, 1) is None
        assert krippendorff_alpha(table) == number(krippendorff_alpha(table.tolist()))
        table[:, 4] = math.nan
        assert encoding.numbers_by_combination(table, None, 1) is not None


@pytest.mark.parametrize("kind", ["f8", "i8"])
def test_few_numbers_close_together_are_counted_in_one_go(kind: str) -> None:
    table = np.array([[1, 2, 3, 3], [1, 2, 3, 4], [1, 1, 3, 3]]).astype(kind)

    assert encoding.numbers_by_combination(table, None, 1) is not None
    assert encoding.numbers_by_combination(table + 0.5, None, 1) is None
    assert encoding.numbers_by_combination(table * 1000, None, 1) is None


@given(table=ratings(), random=st.randoms(use_true_random=False))
def test_agreement_does_not_depend_on_names_or_order(table: list[list[int | None]], random: Any) -> None:
    units = list(range(len(table[0])))
    random.shuffle(units)
    names = ["p", "q", "r", "s", "t"]
    random.shuffle(names)
    other = [[None if row[n] is None else names[row[n] - 1] for n in units] for row in table]
    random.shuffle(other)

    assert krippendorff_alpha(other) == number(krippendorff_alpha(table))
    assert gwet_ac1(other) == number(gwet_ac1(table))
    first, second = other[:2]
    assert cohen_kappa(first, second) == number(cohen_kappa(second, first))
    assert scott_pi(first, second) == number(scott_pi(second, first))
    shuffled, plain = (counts_of(encode(rows)) for rows in (other, table))
    if plain.shape[1]:
        assert fleiss_kappa(shuffled) == number(fleiss_kappa(plain))


@given(row=st.lists(st.integers(1, 5), min_size=2, max_size=12), annotators=st.integers(2, 4))
def test_identical_ratings_agree_fully_where_there_are_two_categories(row: list[int], annotators: int) -> None:
    table = [row] * annotators
    expected = [1.0] * len(LEVELS) if len(set(row)) > 1 else [None] * len(LEVELS)

    assert [krippendorff_alpha(table, level) for level in LEVELS] == [number(value) for value in expected]
    assert cohen_kappa(row, row) == number(expected[0])
    assert gwet_ac1(table) == number(expected[0])


@given(table=ratings())
def test_no_number_of_agreement_is_nan_or_above_one(table: list[list[int | None]]) -> None:
    found = [krippendorff_alpha(table, level) for level in LEVELS]
    found += [gwet_ac1(table), cohen_kappa(*table[:2]), cohen_kappa(*table[:2], "quadratic"), scott_pi(*table[:2])]

    assert all(value is None or value <= 1 + 1e-9 for value in found)


@given(table=ratings())
def test_an_undefined_alpha_says_why_and_a_defined_one_says_nothing(table: list[list[int | None]]) -> None:
    found = alpha_measure(table, resamples=0)

    assert bool(found.reason) == (found.value is None)
    assert found.units + sum(each.count for each in found.excluded) == len(table[0])


gains = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), st.floats(0.01, 10, allow_nan=False), max_size=12
)


@given(gains)
def test_an_assignment_is_one_to_one_and_none_gains_more(found: dict[tuple[int, int], float]) -> None:
    made = assign(found)

    assert len({left for left, _ in made}) == len({right for _, right in made}) == len(made)
    best = max(sum(found.get((left, right), 0) for left, right in enumerate(order)) for order in permutations(range(4)))
    assert sum(found[pair] for pair in made) == pytest.approx(best)


spans = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8), st.sampled_from("XY")).map(lambda s: (s[0], s[0] + s[1], s[2])),
    max_size=7,
)


@given(spans, spans)
def test_span_f1_is_symmetric_and_a_looser_match_finds_no_less(a: Any, b: Any) -> None:
    exact, half, tenth = span_f1(a, b), span_f1(a, b, overlap=0.5), span_f1(a, b, overlap=0.1)

    assert [span_f1(b, a), span_f1(b, a, overlap=0.5)] == [number(exact), number(half)]
    assert (exact is None) == (not a and not b)
    if exact is not None and half is not None and tenth is not None:
        assert exact <= half <= tenth


@given(spans)
def test_equal_spans_agree_fully(a: Any) -> None:
    expected = 1.0 if a else None

    assert [span_f1(a, a), span_f1(a, a, overlap=0.5)] == [expected, expected]
    assert unitizing_alpha([a, a], 40) == number(expected)


clusters = st.lists(st.integers(0, 3), min_size=1, max_size=8).map(
    lambda of: [{n for n, cluster in enumerate(of) if cluster == each} for each in set(of)]
)


@given(clusters, clusters)
def test_coreference_is_symmetric_and_full_with_itself(a: Any, b: Any) -> None:
    for measure in (muc, b_cubed, ceaf_e, lea):
        assert measure(a, b) == number(measure(b, a))
        if measure(a, a) is not None:
            assert measure(a, a) == pytest.approx(1)


def test_intervals_over_documents_cover_the_true_alpha() -> None:
    # Annotators who see a binary truth rightly with a chance that differs from document to document.
    generator = Generator(PCG64(20))
    seen = np.array([0.7, 0.95])
    agreeing = float((seen**2 + (1 - seen) ** 2).mean())
    true_alpha = 1 - (1 - agreeing) / 0.5
    covered = 0
    for seed in range(200):
        documents = np.repeat(np.arange(60), 10)
        truth = generator.integers(0, 2, 600)
        right = seen[generator.integers(0, 2, 60)][documents]
        table = np.where(generator.random((2, 600)) < right, truth, 1 - truth)
        found = alpha_measure(table, documents=documents, resamples=300, seed=seed)
        assert found.interval is not None
        covered += found.interval[0] <= true_alpha <= found.interval[1]

    # 95 % of 200 is 190; a binomial of that chance lies within 181 and 198 in 99.8 % of cases.
    assert 181 <= covered <= 198


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    table = np.array([[1, 2, 2, 1, 3, 3, 1] * 20, [1, 2, 1, 1, 3, 2, 3] * 20])
    documents = np.arange(140) // 9

    found = [alpha_measure(table, documents=documents, seed=seed).interval for seed in (1, 1, 2)]

    assert found[0] == found[1] != found[2]


def test_samples_in_which_a_number_is_undefined_are_left_out_and_counted() -> None:
    # Two documents, one without anything: a quarter of the samples takes it twice.
    totals = bootstrap.sums(np.array([[1.0, 0.0], [2.0, 0.0]]))

    def estimate(taken: Any) -> Any:
        above, below = totals(taken).T
        return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)

    found = bootstrap.interval(estimate, 2, resamples=400, seed=3)

    assert found.bounds == (0.5, 0.5)
    assert 70 <= found.undefined <= 130
