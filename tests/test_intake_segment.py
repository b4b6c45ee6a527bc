"""Sentences and tokens: exact, inside their borders, named."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standoff.errors import UsageError
from standoff.intake.segment import segment
from standoff.model import Corpus
from standoff.text import Alignment


def _sentences(text: str, language: str = "en", breaks: tuple[int, ...] = ()) -> list[str]:
    return [text[start:end] for start, end in segment(text, language, breaks=breaks)[1]]


def _tokens(text: str, language: str = "en", breaks: tuple[int, ...] = ()) -> list[str]:
    return [text[start:end] for start, end in segment(text, language, breaks=breaks)[2]]


def test_sentences_end_at_full_stops_but_not_in_abbreviations() -> None:
    expected = ["The U.S. Department paid £300.", "Britons’ data… went."]

    assert _sentences("The U.S. Department paid £300. Britons’ data… went.") == expected


def test_a_closing_quotation_mark_belongs_to_its_sentence() -> None:
    assert _sentences("He said: “I see.” She left.") == ["He said: “I see.”", "She left."]


def test_an_opening_quotation_mark_belongs_to_the_sentence_behind_it() -> None:
    assert _sentences('He left. "Now go," she said. (See there.)') == [
        "He left.",
        '"Now go," she said.',
        "(See there.)",
    ]


def test_a_blank_line_ends_a_sentence_without_a_full_stop() -> None:
    assert _sentences("A headline\n\nThe text\ngoes on") == ["A headline", "The text\ngoes on"]


@pytest.mark.parametrize("line", ["\r\n", "\r", "\n", "\n \t"])
def test_lines_of_all_systems_can_be_blank(line: str) -> None:
    assert _sentences(f"One{line}{line}Two") == ["One", "Two"]


def test_one_line_end_of_two_characters_is_no_blank_line() -> None:
    assert _sentences("One\r\ntwo") == ["One\r\ntwo"]


def test_no_token_or_sentence_goes_across_a_break() -> None:
    assert _sentences("saidthat it was", breaks=(4,)) == ["said", "that it was"]
    assert _tokens("saidthat it", breaks=(4,)) == ["said", "that", "it"]


def test_tokens_split_clitics_and_currency() -> None:
    assert _tokens("Amazon’s £16.8 million, U.S.") == ["Amazon", "’s", "£", "16.8", "million", ",", "U.S."]


def test_the_name_says_library_version_and_rules() -> None:
    expected = f"spacy {version('spacy')} blank en + sentencizer, blank lines, opening marks"

    assert segment("Hello.", "en-GB")[0] == expected


@pytest.mark.parametrize("language", ["und", "qqq", "x", "", "lex_attrs"])
def test_a_language_without_rules_of_its_own_gets_those_of_any_language(language: str) -> None:
    name, sentences, tokens = segment("Abc def. Ghi.", language)

    assert "blank xx" in name
    assert sentences == ((0, 8), (9, 13))
    assert tokens == ((0, 3), (4, 7), (7, 8), (9, 12), (12, 13))


def test_arabic_and_emoji_keep_their_offsets() -> None:
    assert _sentences("مرحبا؟ 🚢 نعم.", "ar") == ["مرحبا؟", "🚢 نعم."]


def test_a_text_without_a_word_has_no_segments() -> None:
    assert segment(" \n\n ", "en")[1:] == ((), ())


def test_rules_that_need_a_missing_package_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match="spaCy's rules for 'vi' need a package that is not installed"):
        segment("Xin chào.", "vi")


def test_a_missing_spacy_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['spacy'] = None\n"
        "from standoff.errors import UsageError\n"
        "from standoff.intake.segment import segment\n"
        "try:\n    segment('a', 'en')\n"
        "except UsageError as error:\n    sys.exit(str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "pip install 'standoff[spacy]'" in done.stderr


@given(
    text=st.text(st.sampled_from("aB1 .?!“”\"'()\n\r\t\u00a0é\u0301🚢’-…"), max_size=60),
    breaks=st.lists(st.integers(0, 60), max_size=3),
)
def test_segments_keep_the_contract_whatever_the_text(text: str, breaks: list[int]) -> None:
    inside = tuple(at for at in breaks if at <= len(text))

    _, sentences, tokens = segment(text, "en", breaks=inside)

    assert segment(text, "en", breaks=inside)[1:] == (sentences, tokens)
    for ranges in (sentences, tokens):
        assert all(one[1] <= other[0] for one, other in pairwise(ranges))
        assert all(not start < at < end for start, end in ranges for at in inside)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in sentences)
    assert all(len(text[start:end].split()) == 1 == len(text[start:end].strip().split()) for start, end in tokens)
    assert all(any(a <= start and end <= b for a, b in sentences) for start, end in tokens)
    assert "".join(text[a:b] for a, b in tokens) == "".join(text.split())


def test_the_real_corpus_is_segmented_as_this_version_does(statecloud: Corpus) -> None:
    for id, document in statecloud.documents.items():
        kept = statecloud.segments[id]
        seams = Alignment(document.dropped, document.raw_length, inline=statecloud.scheme.inline_kinds).seams

        assert (kept.sentences, kept.tokens) == segment(document.text, document.language, breaks=seams)[1:]


def test_the_real_sentences_begin_and_end_where_a_reader_says(statecloud: Corpus) -> None:
    counts = {id: (len(each.sentences), len(each.tokens)) for id, each in statecloud.segments.items()}

    assert counts == {
        "000_1a649a98371b7227": (12, 346),
        "003_666c5d1a536ded45": (10, 256),
        "004_1dd8823014995070": (13, 382),
    }
