from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import dropped_ranges, texts

from standoff.errors import AnchorError, FileError, OffsetError
from standoff.model import Corpus, Dropped, Span
from standoff.text import (
    Alignment,
    Quotation,
    anchor,
    conflict,
    context,
    decode,
    decode_json,
    drop,
    inside_word,
    quotation_of,
    sha,
    spans_of,
)
from standoff.units import Units

# 👩🏽‍🚀 is four code points (woman, skin tone, zero width joiner, rocket) in seven UTF-16 units and fifteen bytes.
ASTRONAUT = "\U0001f469\U0001f3fd\u200d\U0001f680"

KINDS = ("advert", "tag")
raws_with_ranges = texts().flatmap(lambda raw: st.tuples(st.just(raw), dropped_ranges(len(raw), KINDS)))
units = st.sampled_from(["utf-16", "utf-8"])


def test_the_sha_of_a_text_is_that_of_its_bytes() -> None:
    # FIPS 180-2, appendix B.1
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert sha("abc") == expected
    assert sha(b"abc") == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("café".encode("latin-1"), "byte 3 is 0xe9, which is no UTF-8 here"),
        ("café".encode("utf-16"), "byte 0 is 0xff, which is no UTF-8 here"),
        (b"a\xed\xa0\x80", "byte 1 is 0xed, which is no UTF-8 here"),  # a lone surrogate, as CESU-8 has it
        (b"a\xc0\x80", "byte 1 is 0xc0, which is no UTF-8 here"),  # an overlong NUL
    ],
)
def test_bytes_in_another_encoding_are_refused(raw: bytes, message: str) -> None:
    with pytest.raises(FileError) as caught:
        decode(raw, place="corpus/raw/x.txt")

    assert str(caught.value).startswith(f"corpus/raw/x.txt: {message}")
    assert "expected strict UTF-8" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": 1,\n "\u00e9\U0001f6a2" 2}',
            "is no JSON: JSON is malformed: expected ':' at line 2, column 7; expected one ",
        ),
        (
            '{"a":\r\n',
            "is no JSON: Input data was truncated at line 2, column 1; expected one complete JSON value in 7 bytes",
        ),
        ("[1] 2", "is no JSON: JSON is malformed: trailing characters at line 1, column 6; expected one complete"),
        (" \n", "is empty; expected one JSON value"),
        ("\ufeff{}", "begins with a byte order mark (U+FEFF); expected UTF-8 without it"),
        ("{\0}\0", "is no JSON: character 1 is NUL, as in UTF-16; expected UTF-8"),
        ("{\n=======\n}\n>>>>>>> theirs\n", "is no JSON: git conflict, line 4: '>>>>>>> theirs'; expected one version"),
        ("[" * 100_000, "is nested too deeply to be read"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        decode_json(text, place="x.json")

    assert str(caught.value).startswith(f"x.json: {message}")


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_json_is_decoded(value: object) -> None:
    assert decode_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n<<<<<<< HEAD\n", 2),
        ("a\r\nb\r\n>>>>>>> theirs\r\n", 3),
        ("||||||| base\n", 1),
        ("Title\n=======\n", None),
        ("<<<<<<<<<<\n", None),
        ("a <<<<<<< HEAD\n", None),
        ("", None),
    ],
)
def test_a_conflict_is_told_by_its_markers(text: str, line: int | None) -> None:
    assert conflict(text).startswith(f"git conflict, line {line}: ") if line else conflict(text) == ""


def test_a_byte_order_mark_and_crlf_stay() -> None:
    assert decode(b"\xef\xbb\xbfa\r\nb") == "\ufeffa\r\nb"


def test_dropping_removes_the_ranges_and_nothing_else() -> None:
    raw = "MENU\r\nfirst\r\nBUY\r\nlast\r\n"

    assert drop(raw, [Dropped(0, 6, "banner"), Dropped(13, 18, "advert")]) == "first\r\nlast\r\n"


@pytest.mark.parametrize(
    ("ranges", "offset"),
    [
        ([(3, 3)], 3),  # empty
        ([(5, 4)], 5),  # backwards
        ([(-1, 4)], -1),
        ([(0, 11)], 0),  # outside
        ([(4, 6), (0, 2)], 0),  # out of order
        ([(0, 4), (3, 6)], 3),  # overlapping
    ],
)
def test_dropped_ranges_out_of_order_or_outside_are_refused(ranges: list[tuple[int, int]], offset: int) -> None:
    with pytest.raises(OffsetError, match="dropped range") as caught:
        drop("0123456789", [Dropped(start, end, "advert") for start, end in ranges])

    assert caught.value.offset == offset


def test_offsets_before_behind_and_inside_a_dropped_range() -> None:
    alignment = Alignment([Dropped(3, 6, "advert")], 9)

    assert [alignment.to_raw(at) for at in range(6)] == [0, 1, 2, 6, 7, 8]
    assert [alignment.to_text(at) for at in (0, 1, 2, 6, 7, 8)] == [0, 1, 2, 3, 4, 5]
    for dropped in (3, 4, 5, 9, -1):
        with pytest.raises(OffsetError, match="no part of the text"):
            alignment.to_text(dropped)
    for outside in (-1, 6):
        with pytest.raises(OffsetError, match="outside the text's 6 characters"):
            alignment.to_raw(outside)


def test_a_span_over_an_inline_range_has_two_raw_ranges_and_crosses_no_seam() -> None:
    alignment = Alignment([Dropped(3, 6, "tag")], 9, inline=["tag"])

    assert alignment.raw_ranges(1, 5) == ((1, 3), (6, 8))
    assert not alignment.crosses_seam(1, 5)


def test_a_span_over_another_range_crosses_a_seam_and_one_beside_it_does_not() -> None:
    alignment = Alignment([Dropped(3, 6, "advert")], 9, inline=["tag"])

    assert alignment.crosses_seam(2, 4)
    assert not alignment.crosses_seam(0, 3)
    assert not alignment.crosses_seam(3, 6)


def test_an_inline_range_beside_another_makes_a_seam() -> None:
    alignment = Alignment([Dropped(3, 4, "tag"), Dropped(4, 6, "advert")], 9, inline=["tag"])

    assert alignment.seams == (3,)


def test_what_is_dropped_at_either_end_makes_no_seam() -> None:
    assert Alignment([Dropped(0, 3, "banner"), Dropped(8, 9, "advert")], 9).seams == ()


@given(raws_with_ranges)
def test_every_text_character_is_the_same_raw_character_and_back(drawn: tuple[str, tuple[Dropped, ...]]) -> None:
    raw, dropped = drawn
    alignment, text = Alignment(dropped, len(raw)), drop(raw, dropped)

    assert alignment.length == len(text)
    for at, character in enumerate(text):
        assert raw[alignment.to_raw(at)] == character
        assert alignment.to_text(alignment.to_raw(at)) == at


@given(raws_with_ranges, st.data())
def test_the_raw_slices_of_a_span_are_its_quotation(
    drawn: tuple[str, tuple[Dropped, ...]], data: st.DataObject
) -> None:
    raw, dropped = drawn
    text = drop(raw, dropped)
    assume(text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    alignment = Alignment(dropped, len(raw))
    ranges = alignment.raw_ranges(start, end)

    assert "".join(raw[a:b] for a, b in ranges) == text[start:end]
    assert (len(ranges) > 1) == alignment.crosses_seam(start, end)


def test_the_raw_slices_of_every_span_of_both_corpora_are_their_quotations(
    tiny: Corpus, tiny_root: Path, statecloud: Corpus, root: Path
) -> None:
    from standoff.files import raw_file

    for corpus, folder in ((tiny, tiny_root), (statecloud, root)):
        for marked in (*corpus.sets.values(), *corpus.gold.values()):
            document = corpus.documents[marked.document]
            raw = decode(raw_file(folder, document.id).read_bytes())
            alignment = Alignment(document.dropped, document.raw_length, inline=corpus.scheme.inline_kinds)
            for span in (span for annotation in marked.annotations for span in annotation.spans):
                assert "".join(raw[a:b] for a, b in alignment.raw_ranges(span.start, span.end)) == span.quote
                assert not alignment.crosses_seam(span.start, span.end)


def test_an_astronaut_counts_four_code_points_seven_units_and_fifteen_bytes() -> None:
    assert (len(ASTRONAUT), Units(ASTRONAUT, "utf-16").length, Units(ASTRONAUT, "utf-8").length) == (4, 7, 15)


@pytest.mark.parametrize("offset", [2, 4, 7])
def test_half_a_surrogate_pair_is_refused(offset: int) -> None:
    # a, then pairs at 1, 3 and 6 with a joiner at 5
    with pytest.raises(OffsetError, match=f"utf-16 offset {offset} is inside the character") as caught:
        Units("a" + ASTRONAUT, "utf-16").to_code_points(offset)

    assert (caught.value.offset, caught.value.unit) == (offset, "utf-16")


@pytest.mark.parametrize(("text", "offset"), [("é", 1), ("€x", 1), ("€x", 2), ("x🙂", 2), ("x🙂", 3), ("x🙂", 4)])
def test_part_of_a_byte_sequence_is_refused(text: str, offset: int) -> None:
    with pytest.raises(OffsetError, match="is inside the character"):
        Units(text, "utf-8").to_code_points(offset)


@pytest.mark.parametrize("unit", ["utf-16", "utf-8"])
@pytest.mark.parametrize("text", ["abc", "aé🙂"])
def test_offsets_outside_the_text_are_refused(text: str, unit: str) -> None:
    found = Units(text, unit)

    for method, last in ((found.to_foreign, len(text)), (found.to_code_points, found.length)):
        assert method(last) in (found.length, len(text))
        for outside in (-1, last + 1):
            with pytest.raises(OffsetError, match="is outside"):
                method(outside)


@given(texts(), units)
def test_every_offset_goes_there_and_back(text: str, unit: str) -> None:
    found = Units(text, unit)
    codec, width = ("utf-16-le", 2) if unit == "utf-16" else ("utf-8", 1)

    for at in range(len(text) + 1):
        assert found.to_foreign(at) == len(text[:at].encode(codec)) // width
        assert found.to_code_points(found.to_foreign(at)) == at


@given(texts(), units)
def test_every_foreign_offset_is_a_boundary_or_refused(text: str, unit: str) -> None:
    found = Units(text, unit)
    boundaries = {found.to_foreign(at) for at in range(len(text) + 1)}

    for foreign in range(found.length + 1):
        if foreign in boundaries:
            assert found.to_foreign(found.to_code_points(foreign)) == foreign
        else:
            with pytest.raises(OffsetError):
                found.to_code_points(foreign)


TEXT = "the cat saw the dog; the cat ran"


@pytest.mark.parametrize(
    ("quotation", "start"),
    [
        (Quotation("dog"), 16),
        (Quotation("the cat", suffix=" ran"), 21),
        (Quotation("the", prefix="saw "), 12),
        (Quotation("the", prefix="; ", suffix=" cat"), 21),
        (Quotation("the", occurrence=3), 21),
        (Quotation("the", suffix=" cat", occurrence=2), 21),
    ],
)
def test_a_quotation_is_anchored_exactly(quotation: Quotation, start: int) -> None:
    assert anchor(TEXT, quotation) == Span(start, start + len(quotation.exact), quotation.exact)


def test_an_ambiguous_quotation_is_refused_with_its_candidates() -> None:
    with pytest.raises(AnchorError) as caught:
        anchor(TEXT, Quotation("the cat"))

    assert caught.value.candidates == ((0, 7), (21, 28))
    assert caught.value.message == (
        "'the cat' fits twice: expected a prefix, a suffix or an occurrence (from 1) that tells which "
        "(candidates: 1. [0:7] [the cat] saw the dog; the cat ran; 2. [21:28] the cat saw the dog; [the cat] ran)"
    )


def test_overlapping_occurrences_are_all_candidates() -> None:
    with pytest.raises(AnchorError) as caught:
        anchor("aaa", Quotation("aa"))

    assert caught.value.candidates == ((0, 2), (1, 3))


@pytest.mark.parametrize(
    ("quotation", "message"),
    [
        (Quotation(""), "a quotation must hold at least one character"),
        (Quotation("bird"), "'bird' is not in the text"),
        (Quotation("The  Dog"), "'The  Dog' is not in the text [did you mean 'the dog' at [12:19]?]"),
        (Quotation("dog", prefix="a "), "'dog' is in the text once, but never behind 'a '"),
        (Quotation("dog", prefix="a ", suffix="."), "'dog' is in the text once, but never behind 'a ' and before '.'"),
        (Quotation("the", occurrence=4), "'the' fits 3 times, so there is no occurrence 4"),
        (Quotation("the", occurrence=0), "'the' fits 3 times, so there is no occurrence 0"),
    ],
)
def test_a_quotation_that_fits_nowhere_is_refused(quotation: Quotation, message: str) -> None:
    with pytest.raises(AnchorError) as caught:
        anchor(TEXT, quotation)

    assert caught.value.message.startswith(message)


def test_typographic_quotation_marks_are_offered_for_straight_ones() -> None:
    with pytest.raises(AnchorError, match=r"did you mean 'Surrey’s “best” – so far'"):
        anchor("It is Surrey’s “best” – so far.", Quotation('Surrey\'s "best" - so far'))


def test_decomposed_words_are_not_the_composed_ones() -> None:
    with pytest.raises(AnchorError, match="is not in the text"):
        anchor("un cafe\u0301", Quotation("caf\u00e9"))


def test_no_more_than_eight_candidates_are_shown_and_the_rest_is_counted() -> None:
    with pytest.raises(AnchorError, match="and 4 more") as caught:
        anchor("x " * 12, Quotation("x"))

    assert len(caught.value.candidates) == 12


@given(texts(), st.data())
def test_the_quotation_of_a_span_is_anchored_where_the_span_is(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    (span,) = spans_of(text, [(start, end)])

    assert anchor(text, quotation_of(text, span)) == span


@pytest.mark.parametrize("span", [Span(5, 8, "dog"), Span(0, 4, "bird")])
def test_a_span_that_is_not_what_it_quotes_has_no_quotation(span: Span) -> None:
    with pytest.raises(AnchorError, match=rf"\[{span.start}:{span.end}\] of the text is not '{span.quote}'"):
        quotation_of(TEXT, span)


def test_a_context_stands_on_one_line() -> None:
    assert context("one two\r\nthree four five", 9, 14, width=4) == "…wo [three] fou…"
    assert context("one", 0, 3) == "[one]"


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("word", 2, True),
        ("word", 0, False),
        ("word", 4, False),
        ("a b", 1, False),
        ("a-b", 1, False),
        ("say: “word”", 6, False),
        ("cafe\u0301s", 4, True),  # between a letter and its accent
        ("cafe\u0301s", 5, True),  # behind the accent, before the s
        ("cafe\u0301 s", 5, False),
        ("\u0301x", 0, False),
        ("شَمس", 1, True),
        ("سوق،", 3, False),
    ],
)
def test_an_offset_is_inside_a_word_or_not(text: str, offset: int, expected: bool) -> None:
    assert inside_word(text, offset) is expected
