from hypothesis import given
from hypothesis import strategies as st

from standoff.match import Matching, match, overlap
from standoff.model import Annotation, Span, derived_id

TEXT = "the quick brown fox jumps over the lazy dog and the quick cat"


def span(start: int, end: int) -> Span:
    return Span(start, end, TEXT[start:end])


def marked(id: str, label: str, *ranges: tuple[int, int], layer: str = "thing") -> Annotation:
    return Annotation(id=id, layer=layer, label=label, spans=tuple(span(*r) for r in ranges))


def link(label: str, a: str, b: str) -> Annotation:
    return Annotation(id=derived_id(label, a, b), layer="link", label=label, refs={"from": (a,), "to": (b,)})


def ids(matching: Matching) -> list[tuple[str, str]]:
    return [(a.id, b.id) for a, b in matching.pairs]


def test_the_same_id_pairs_even_where_span_and_label_changed() -> None:
    left, right = [marked("a", "X", (0, 3))], [marked("a", "Y", (4, 9))]

    assert ids(match(left, right)) == [("a", "a")]


def test_the_same_id_in_another_layer_does_not_pair() -> None:
    left, right = [marked("a", "X", (0, 3))], [marked("a", "X", (10, 15), layer="other")]

    assert match(left, right) == Matching((), tuple(left), tuple(right))


def test_equal_ranges_prefer_the_equal_label() -> None:
    left = [marked("a", "X", (0, 9))]
    right = [marked("n1", "Y", (0, 9)), marked("n2", "X", (0, 9))]

    assert ids(match(left, right)) == [("a", "n2")]


def test_equal_words_elsewhere_pair_where_the_text_moved() -> None:
    left, right = [marked("a", "X", (4, 9))], [marked("n", "X", (52, 57))]

    assert ids(match(left, right)) == [("a", "n")]


def test_a_span_moved_by_one_character_pairs_and_less_than_half_does_not() -> None:
    left = [marked("a", "X", (4, 15)), marked("b", "X", (20, 25))]
    right = [marked("n", "Y", (4, 14)), marked("o", "X", (24, 40))]

    assert ids(match(left, right)) == [("a", "n")]


def test_the_greatest_overlap_wins() -> None:
    left = [marked("a", "X", (4, 15))]
    right = [marked("n", "X", (4, 11)), marked("o", "X", (5, 15))]

    assert ids(match(left, right)) == [("a", "o")]


def test_relations_pair_through_the_pairs_of_what_they_link() -> None:
    left = [marked("a", "X", (0, 3)), marked("b", "X", (4, 9)), link("L", "a", "b")]
    right = [marked("n", "X", (0, 3)), marked("o", "X", (4, 9)), link("L", "n", "o"), link("M", "n", "o")]

    found = match(left, right)

    assert ids(found) == [("a", "n"), ("b", "o"), ("L:a:b", "L:n:o")]
    assert [a.id for a in found.only_right] == ["M:n:o"]


def test_a_relation_that_was_turned_pairs_before_one_with_another_label() -> None:
    things = [marked("a", "X", (0, 3)), marked("b", "X", (4, 9))]

    found = match([*things, link("L", "a", "b")], [*things, link("M", "a", "b"), link("L", "b", "a")])

    assert ids(found)[-1] == ("L:a:b", "L:b:a")
    assert [a.id for a in found.only_right] == ["M:a:b"]


def test_a_relabelled_relation_pairs_with_what_links_the_same_two() -> None:
    things = [marked("a", "X", (0, 3)), marked("b", "X", (4, 9))]

    found = match([*things, link("L", "a", "b")], [*things, link("M", "a", "b")])

    assert ids(found)[-1] == ("L:a:b", "M:a:b")


def test_overlap_is_the_shared_part_of_the_union_over_all_fragments() -> None:
    a = marked("a", "X", (0, 4), (10, 14))
    b = marked("b", "X", (0, 4), (12, 16))

    # 4 + 2 shared of 4 + 6 covered
    assert overlap(a, b) == 0.6
    assert overlap(link("L", "a", "b"), a) == 0.0


ranges = st.tuples(st.integers(0, 30), st.integers(1, 20)).map(lambda r: (r[0], r[0] + r[1]))
sets = st.lists(st.builds(lambda r, label: (r, label), ranges, st.sampled_from("XY")), max_size=8).map(
    lambda items: [marked(f"i{n}", label, r) for n, (r, label) in enumerate(items)]
)


@given(sets, sets)
def test_each_annotation_is_in_one_pair_or_alone(left: list[Annotation], right: list[Annotation]) -> None:
    found = match(left, [Annotation(id=f"r{a.id}", layer=a.layer, label=a.label, spans=a.spans) for a in right])

    assert sorted([a.id for a, _ in found.pairs] + [a.id for a in found.only_left]) == sorted(a.id for a in left)
    assert sorted([b.id for _, b in found.pairs] + [b.id for b in found.only_right]) == sorted(
        f"r{a.id}" for a in right
    )


@given(sets)
def test_a_set_matches_itself_whole(annotations: list[Annotation]) -> None:
    renamed = [Annotation(id=f"n{a.id}", layer=a.layer, label=a.label, spans=a.spans) for a in annotations]

    found = match(annotations, renamed)

    assert not found.only_left
    assert not found.only_right
    assert all((a.label, a.spans) == (b.label, b.spans) for a, b in found.pairs)
