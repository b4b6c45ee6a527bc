"""Published numbers, each with its source. Tolerance 5e-7 unless the source rounds more."""

import pytest

from standoff.agreement import (
    alpha_measure,
    b_cubed,
    brennan_prediger,
    ceaf_e,
    cohen_kappa,
    conger_kappa,
    conll_mean,
    fleiss_kappa,
    gwet_ac1,
    highest_kappa,
    kappa_measure,
    krippendorff_alpha,
    lea,
    muc,
    scott_pi,
    span_f1,
    unitizing_alpha,
)
from standoff.agreement.coreference import b_cubed_counts, ceaf_e_counts, lea_counts, muc_counts
from standoff.agreement.encoding import counts_of, encode
from standoff.agreement.unitizing import apart, disagreements
from standoff.errors import UsageError

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def close(expected: float, tolerance: float = 5e-7) -> object:
    return pytest.approx(expected, abs=tolerance)


def table(*rows: str) -> list[list[int | None]]:
    """Ratings as papers print them: annotators x units, a dot or a star where one is missing."""
    return [[None if cell in ".*" else int(cell) for cell in row.split()] for row in rows]


def two(counts: list[list[int]]) -> tuple[list[int], list[int]]:
    """The ratings of two annotators whose values meet as often as a contingency table says."""
    met = [(c, k) for c, row in enumerate(counts) for k, times in enumerate(row) for _ in range(times)]
    return [c for c, _ in met], [k for _, k in met]


KRIPPENDORFF_2011 = table(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
WIKIPEDIA = table(
    "* * * * * 3 4 1 2 1 1 3 3 * 3",
    "1 * 2 1 3 3 4 3 * * * * * * *",
    "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
)


@pytest.mark.parametrize(
    ("level", "expected"), list(zip(LEVELS, (0.743421, 0.815388, 0.849107, 0.797403), strict=True))
)
def test_alpha_of_krippendorff_2011_four_coders(level: str, expected: float) -> None:
    assert krippendorff_alpha(KRIPPENDORFF_2011, level) == close(expected)


@pytest.mark.parametrize(
    ("level", "expected"), list(zip(LEVELS, (0.691358, 0.806721, 0.810845, 0.808944), strict=True))
)
def test_alpha_of_the_wikipedia_example_with_three_coders(level: str, expected: float) -> None:
    assert krippendorff_alpha(WIKIPEDIA, level) == close(expected)


def test_alpha_of_krippendorff_2004_page_224_binary_data() -> None:
    assert krippendorff_alpha(table("1 1 0 0 0 0 0 0 0 0", "0 1 1 0 0 1 0 1 0 0")) == close(0.095238)


def test_alpha_of_krippendorff_2004_page_227_nominal_data() -> None:
    assert krippendorff_alpha([list("aabbbbbccccc"), list("abbbbbcccccc")]) == close(0.734104)


COHEN_45 = two([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
COHEN_37 = two([[25, 12, 3], [13, 2, 15], [12, 16, 2]])


def test_kappa_pi_and_alpha_of_cohen_1960_page_45() -> None:
    a, b = COHEN_45

    assert sum(x == y for x, y in zip(a, b, strict=True)) / len(a) == close(0.70)
    assert cohen_kappa(a, b) == close(0.491525)
    assert cohen_kappa(a, b, "linear") == close(0.473684)
    assert cohen_kappa(a, b, "quadratic") == close(0.454545)
    assert scott_pi(a, b) == close(0.487179)
    assert krippendorff_alpha([a, b]) == close(0.488462)
    assert highest_kappa(a, b) == close(0.831, 5e-4)


def test_kappa_pi_alpha_and_ac1_of_cohen_1960_page_37() -> None:
    a, b = COHEN_37

    assert sum(x == y for x, y in zip(a, b, strict=True)) / len(a) == close(0.29)
    assert cohen_kappa(a, b) == close(-0.092308)
    assert scott_pi(a, b) == close(-0.100775)
    assert krippendorff_alpha([a, b]) == close(-0.095271)
    assert gwet_ac1([a, b]) == close(-0.0480, 5e-5)


def test_kappa_pi_and_alpha_of_a_two_by_two_table() -> None:
    a, b = two([[20, 5], [10, 15]])

    assert cohen_kappa(a, b) == close(0.4)
    assert scott_pi(a, b) == close(0.393939)
    assert krippendorff_alpha([a, b]) == close(0.4)


def test_s_pi_kappa_and_alpha_of_artstein_and_poesio_2008_table_1() -> None:
    a, b = two([[20, 10], [20, 50]])

    assert brennan_prediger([a, b]) == close(0.4)
    assert scott_pi(a, b) == close(0.340659)
    assert cohen_kappa(a, b) == close(0.347826)
    assert krippendorff_alpha([a, b]) == close(0.343956)


ARTSTEIN = two([[46, 0, 0], [6, 32, 6], [0, 0, 10]])
WEIGHTS = ((0.0, 1.0, 0.5), (1.0, 0.0, 0.5), (0.5, 0.5, 0.0))
"""A statement and a request are 1 apart, a check and either of them half."""


def test_s_pi_kappa_and_alpha_of_artstein_and_poesio_2008_table_5() -> None:
    a, b = ARTSTEIN

    assert brennan_prediger([a, b]) == close(0.82)
    assert scott_pi(a, b) == close(0.799532)
    assert cohen_kappa(a, b) == close(0.801325)
    assert krippendorff_alpha([a, b]) == close(0.800535)


def test_weighted_kappa_and_alpha_of_artstein_and_poesio_2008() -> None:
    a, b = ARTSTEIN

    assert cohen_kappa(a, b, WEIGHTS) == close(0.816327)
    assert cohen_kappa(a, b, lambda c, k: WEIGHTS[c][k]) == close(0.816327)
    assert krippendorff_alpha([a, b], lambda c, k: WEIGHTS[c][k]) == close(0.815551)


WIKIPEDIA_FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
FLEISS_1971 = """
    444444 222555 233335 555555 222444 113333 333355 113334 114444 555555
    144444 124444 222333 144444 224445 333335 111455 111112 224444 133555
    555555 244444 224555 114444 144445 222224 111155 224444 133333 555555
"""


def test_fleiss_kappa_of_the_wikipedia_example_and_randolphs() -> None:
    ratings = [[category for category, count in enumerate(row) for _ in range(count)] for row in WIKIPEDIA_FLEISS]

    assert fleiss_kappa(WIKIPEDIA_FLEISS) == close(0.209931)
    assert brennan_prediger(list(zip(*ratings, strict=True))) == close(0.222527)


def test_fleiss_kappa_and_alpha_of_fleiss_1971() -> None:
    counts = [[unit.count(category) for category in "12345"] for unit in FLEISS_1971.split()]

    assert fleiss_kappa(counts) == close(0.430245)
    assert krippendorff_alpha(list(zip(*FLEISS_1971.split(), strict=True))) == close(0.433410)


def test_fleiss_kappa_of_single_categories_of_fleiss_1971() -> None:
    times = {c: [unit.count(c) for unit in FLEISS_1971.split()] for c in "12345"}
    found = [fleiss_kappa([[n, 6 - n] for n in of]) for of in times.values()]

    assert found == [close(expected, 5e-4) for expected in (0.245, 0.245, 0.520, 0.471, 0.566)]
    # The paper rounds to three digits at each step: first a category's share, then the agreement on it. So its own
    # numbers come out, .248 for .245 among them.
    printed = []
    for of in times.values():
        share = round(sum(of) / 180, 3)
        agreeing = round((sum(n * n for n in of) - 180 * share) / (5 * 180 * share), 3)
        printed.append(round((agreeing - share) / (1 - share), 3))
    assert printed == [0.248, 0.248, 0.517, 0.470, 0.565]


def test_ac1_and_pi_of_skewed_ratings_in_gwet() -> None:
    a, b = ["y"] * 8 + ["n", "y"], ["y"] * 8 + ["n", "n"]

    assert gwet_ac1([a, b]) == close(0.865772)
    assert scott_pi(a, b) == close(0.6078, 5e-5)


def test_ac1_fleiss_alpha_and_brennan_prediger_of_gwets_four_raters() -> None:
    assert gwet_ac1(KRIPPENDORFF_2011) == close(0.77544, 5e-6)
    assert fleiss_kappa(counts_of(encode(KRIPPENDORFF_2011))) == close(0.76117, 5e-6)
    assert krippendorff_alpha(KRIPPENDORFF_2011) == close(0.74342, 5e-6)
    assert brennan_prediger(KRIPPENDORFF_2011) == close(0.77273, 5e-6)


def test_congers_kappa_of_gwets_four_raters() -> None:
    # The last unit's only rating is the third rater's here and the second's in Krippendorff 2011. Of all the measures
    # of these data Conger's alone asks who gave it: 0.762067 there.
    gwet = [list(row) for row in KRIPPENDORFF_2011]
    gwet[1][11], gwet[2][11] = None, 3

    assert conger_kappa(gwet) == close(0.76282, 5e-6)


def test_alpha_of_sets_by_nominal_jaccard_and_masi_distance() -> None:
    # Two annotators' sets of the labels A, B, C on nine units (tests of DKPro Agreement, with Passonneau's MASI).
    a = [set(unit) for unit in ("", "A", "A", "A", "AB", "AB", "ABC", "C", "C")]
    b = [set(unit) for unit in ("", "", "A", "B", "A", "AC", "ABC", "AC", "AC")]

    assert krippendorff_alpha([a, b]) == close(0.238806)
    assert krippendorff_alpha([a, b], "jaccard") == close(0.315620)
    assert krippendorff_alpha([a, b], "masi") == close(0.273081)


def units(category: str, *found: tuple[int, int]) -> list[tuple[int, int, str]]:
    """Units given as (begin, length)."""
    return [(begin, begin + length, category) for begin, length in found]


I_C, J_C = units("c", (225, 70), (370, 30)), units("c", (220, 80), (355, 20), (400, 20))
BOTH_K = units("k", (180, 60), (300, 50))


def test_unitizing_alpha_of_krippendorff_2004_page_254() -> None:
    of_c = disagreements([I_C, J_C], 300, begin=150)["c", 0]

    assert of_c.observed == close(0.014444)
    assert of_c.expected == close(0.053222)
    assert unitizing_alpha([I_C, J_C], 300, begin=150) == close(0.728599)
    assert unitizing_alpha([BOTH_K, BOTH_K], 300, begin=150) == close(1.0)
    # The book has .8591, worked out from rounded parts.
    assert unitizing_alpha([I_C + BOTH_K, J_C + BOTH_K], 300, begin=150) == close(0.858665, 5e-4)


def test_unitizing_distances_of_krippendorff_1995() -> None:
    assert [apart((5, 6), other) for other in ((4, 2), (5, 2), (6, 2), (7, 2))] == [26, 16, 10, 8]
    assert [apart((225, 70), (220, 80)), apart((370, 30), (355, 20))] == [50, 850]


def test_a_unit_in_a_gap_is_its_squared_length_away() -> None:
    # Krippendorff 2004, page 254: the unit (400, 20) lies in a gap of 50. Both orders of the pair over m (m - 1) L^2.
    found = disagreements([[], units("c", (400, 20))], 50, begin=400)["c", 0]

    assert found.observed * 2 * 50**2 == close(2 * 400)


def test_units_of_one_category_that_nest_are_told_apart_by_depth() -> None:
    nested = [(0, 10, "c"), (2, 5, "c")]

    assert set(disagreements([nested, nested], 20)) == {("c", 0), ("c", 1)}
    assert unitizing_alpha([nested, nested], 20) == close(1.0)


def test_a_unit_outside_the_continuum_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unit \[5:12\] must hold something and lie within \[0:10\]"):
        unitizing_alpha([[(5, 12, "c")], []], 10)


KEY = ("a", "bc", "def")


def parts(counts: object) -> tuple[float, float, float | None]:
    return counts.recall, counts.precision, counts.f1  # type: ignore[attr-defined]


def test_coreference_of_the_conll_scorers_test_a2() -> None:
    response = ("a", "de")

    assert parts(muc_counts(KEY, response)) == (close(1 / 3), close(1), close(0.5))
    assert parts(b_cubed_counts(KEY, response)) == (close(0.38889, 5e-6), close(1), close(0.56))
    assert parts(ceaf_e_counts(KEY, response)) == (close(0.6), close(0.9), close(0.72))
    assert parts(lea_counts(KEY, response)) == (close(1 / 3), close(1), close(0.5))
    assert conll_mean(KEY, response) == close(0.593333)


def test_coreference_of_the_conll_scorers_test_a3() -> None:
    response = ("a", "bcx", "defy", "z")

    assert parts(muc_counts(KEY, response)) == (close(1), close(0.6), close(0.75))
    assert b_cubed(KEY, response) == close(110 / 163)
    found = parts(ceaf_e_counts(KEY, response))
    assert found == (close(0.88571, 5e-6), close(0.66429, 5e-6), close(0.75918, 5e-6))
    assert lea(KEY, response) == close(8 / 13)


def test_coreference_of_the_conll_scorers_tests_a10_and_a11() -> None:
    singletons, one = tuple("abcdef"), ("abcdef",)

    assert (muc(KEY, singletons), muc(KEY, one)) == (close(0), close(0.75))
    assert (b_cubed(KEY, singletons), b_cubed(KEY, one)) == (close(2 / 3), close(14 / 25))


def test_coreference_is_undefined_where_nobody_groups_anything() -> None:
    assert [measure((), ()) for measure in (muc, b_cubed, ceaf_e, lea, conll_mean)] == [None] * 5
    # Singletons alone have no link, and so no part in MUC.
    assert muc(("a", "b"), ("a", "b")) is None
    assert conll_mean(("a", "b"), ("a", "b")) == close(1)


A = [(0, 5, "ORG"), (10, 14, "PER"), (20, 30, "ORG")]
B = [(0, 5, "ORG"), (10, 16, "PER"), (40, 44, "LOC")]


def test_span_f1_by_hand() -> None:
    assert span_f1(A, B) == close(1 / 3)
    assert span_f1(A, B, overlap=0.5) == close(2 / 3)


def test_span_f1_asks_for_equal_labels_where_there_are_labels() -> None:
    assert span_f1([(0, 5, "X")], [(0, 5, "Y")], overlap=0.5) == 0.0
    assert span_f1([(0, 5)], [(0, 5)]) == 1.0


def test_spans_are_paired_one_to_one_so_that_most_find_a_partner() -> None:
    # The first of a fits both of b, the second of a only the first of b.
    a, b = [(0, 10), (0, 7)], [(0, 8), (0, 14)]

    assert span_f1(a, b, overlap=0.6) == 1.0


def test_one_category_is_undefined_with_a_reason() -> None:
    same = ["x"] * 5

    assert krippendorff_alpha([same, same]) is None
    assert alpha_measure([same, same]).reason == "one category only: all ratings are 'x'"
    assert [cohen_kappa(same, same), scott_pi(same, same), gwet_ac1([same, same])] == [None] * 3
    assert kappa_measure(same, same).reason == "one category only"
    assert fleiss_kappa([[3, 0], [3, 0]]) is None


def test_one_disagreement_among_equals_is_no_better_than_chance() -> None:
    assert krippendorff_alpha([list("aaaa"), list("aaab")]) == close(0, 1e-12)


def test_two_units_with_swapped_labels_are_worse_than_chance() -> None:
    # fast-krippendorff issue 27
    assert krippendorff_alpha([["a", "b"], ["b", "a"]]) == close(-0.5, 1e-12)


def test_a_single_coder_and_no_coder_are_undefined_with_a_reason() -> None:
    alone = alpha_measure([["a", "b"]])

    assert (alone.value, alone.reason) == (None, "no unit has ratings of two annotators")
    assert [(each.why, each.count) for each in alone.excluded] == [("rated by one annotator only", 2)]
    assert krippendorff_alpha([]) is None
    assert krippendorff_alpha([[], []]) is None
    assert gwet_ac1([["a", "b"]]) is None
    assert cohen_kappa([None], ["a"]) is None
    assert fleiss_kappa([[1, 0]]) is None
    assert span_f1([], []) is None
    assert unitizing_alpha([[], []], 10) is None


def test_values_at_one_place_of_the_scale_are_undefined_with_a_reason() -> None:
    found = alpha_measure([["a", "b"], ["b", "a"]], lambda c, k: 0.0)

    assert (found.value, found.reason) == (None, "all ratings lie at one place of the scale")


def test_an_unknown_level_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"level is 'nominl'; .*\[did you mean 'nominal'\?\]"):
        krippendorff_alpha([[1, 2], [1, 2]], "nominl")  # type: ignore[arg-type]


def test_words_on_an_interval_scale_are_refused() -> None:
    with pytest.raises(UsageError, match="rating 'a' is no number; level 'interval' expects numbers"):
        krippendorff_alpha([["a", "b"], ["a", "b"]], "interval")


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match=r"weights have the shape \(2, 2\); expected 3 x 3"):
        cohen_kappa([1, 2, 3], [1, 2, 3], [[0, 1], [1, 0]])


def test_annotators_with_different_numbers_of_units_are_refused() -> None:
    with pytest.raises(UsageError, match=r"annotators have \[2, 1\] ratings"):
        krippendorff_alpha([[1, 2], [1]])
    with pytest.raises(UsageError, match="annotators have 2 and 1 ratings"):
        cohen_kappa([1, 2], [1])
