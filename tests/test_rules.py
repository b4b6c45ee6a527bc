"""The catalogue as a page, near-duplicates, and the form of files."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sys
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from standoff import files
from standoff.canon import content_digest
from standoff.cli import main
from standoff.errors import UsageError
from standoff.model import Corpus
from standoff.validate import LEVELS, RULES, check
from standoff.validate.duplicates import ALIKE, jaccard, pairs, shingles


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *words])


def test_the_page_of_rules_is_what_the_command_prints(root: Path) -> None:
    page = root / "schema" / "RULES.md"
    printed = run(root, "rules", "--format", "md").output
    if os.environ.get("STANDOFF_GOLDEN") == "write":
        page.write_text(printed, encoding="utf-8", newline="")

    assert page.read_text(encoding="utf-8") == printed


def test_every_rule_has_a_section_with_all_its_parts_and_an_example(root: Path) -> None:
    page = run(root, "rules", "--format", "md").output
    sections = dict(re.findall(r"^### `([a-z0-9-]+)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))

    assert sorted(sections) == sorted(rule.id for rule in RULES)
    for rule in RULES:
        assert f"*{rule.severity}, level {rule.level}.* " in sections[rule.id]
        assert re.search(r"\*\*Why\.\*\* \w.*\.\n\n\*\*What to do\.\*\* \w.*\.\n", sections[rule.id]), rule.id
        assert f"Example (`{rule.id}/invalid-" in sections[rule.id]
        assert "\n- `" in sections[rule.id]


def test_levels_stand_in_the_order_in_which_one_builds_on_the_other(root: Path) -> None:
    page = run(root, "rules", "--format", "md").output

    assert re.findall(r"^## Level: (\w+)$", page, re.MULTILINE) == list(LEVELS)


def test_a_corpus_without_cases_has_the_page_without_examples(tiny_root: Path) -> None:
    page = run(tiny_root, "rules", "--format", "md").output

    assert page.count("\n### `") == len(RULES)
    assert "Example" not in page


def test_the_list_of_rules_has_one_line_each(root: Path) -> None:
    printed = run(root, "rules").output.splitlines()

    assert [line.split()[0] for line in printed] == [rule.id for rule in RULES]


def test_pages_about_the_code_are_no_part_of_a_corpus(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "schema", tmp_path / "schema")
    before = files.read_scheme(tmp_path)
    (tmp_path / "schema" / "RULES.md").write_text("Others.")
    (tmp_path / "schema" / "README.md").unlink()

    assert files.read_scheme(tmp_path) == before
    assert not {"RULES.md", "README.md"} & before.files.keys()


def test_format_puts_every_file_in_its_form_and_changes_no_content(tiny_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "tiny"
    shutil.copytree(tiny_root, root)
    for path in (*root.glob("corpus/**/*.json"), *root.glob("annotations/**/*.json")):
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=1))
    _, before = check(root)

    assert run(root, "format").exit_code == 0

    corpus, after = check(root)
    assert {finding.rule for finding in before} == {"canonical-form"}
    assert len(before) == len([*root.glob("corpus/**/*.json"), *root.glob("annotations/**/*.json")])
    assert after == ()
    assert content_digest(corpus) == content_digest(files.read(tiny_root))


def test_a_key_that_stands_twice_is_not_lost_by_a_rewrite(tiny_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "tiny"
    shutil.copytree(tiny_root, root)
    path = root / "corpus" / "splits.json"
    path.write_text(path.read_text().replace('"en_fair":', '"en_fair": "test", "en_fair":', 1))

    assert [(f.rule, f.field) for f in check(root)[1]] == [("duplicate-key", "splits.en_fair")]


WORDS = [f"{a}{b}{c}" for a in "bdgklmnprst" for b in "aeiou" for c in "lnrst"]


def article(seed: int, length: int = 120) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def edited(words: list[str], seed: int, share: float) -> list[str]:
    """The same words, a share of them changed."""
    chance = random.Random(seed)
    return [chance.choice(WORDS) if chance.random() < share else word for word in words]


def test_jaccard_is_what_two_share_of_all_they_have() -> None:
    a = shingles("one two three four five six")
    b = shingles("One two three  four five\nseven")

    assert a == {"one two three four five", "two three four five six"}
    assert jaccard(a, b) == 1 / 3
    assert jaccard(shingles(""), shingles("")) == 0


def test_a_script_without_spaces_has_shingles_of_characters() -> None:
    assert shingles("数据存储在云端。" * 3) >= {"数 据 存 储 在", "云 端 。 数 据"}


def test_a_text_of_few_words_is_one_shingle() -> None:
    assert shingles("Market closed") == {"market closed"}


def test_only_pairs_that_are_asked_for_are_compared() -> None:
    text = " ".join(article(1))

    assert list(pairs({"a": text, "b": text, "c": text}, lambda key: key == "c")) == [
        ("a", "c", 1.0),
        ("b", "c", 1.0),
    ]


@given(st.integers(0, 10**6))
def test_near_duplicates_are_symmetric_and_exact(seed: int) -> None:
    texts = {n: " ".join(edited(article(seed), n, n / 60)) for n in range(6)}
    expected = {
        (m, n): jaccard(shingles(texts[m]), shingles(texts[n])) for m, n in combinations(texts, 2)
    }  # every pair, compared one by one

    found = {(m, n): alike for m, n, alike in pairs(texts)}

    assert found == {pair: alike for pair, alike in expected.items() if alike >= ALIKE}


@given(st.integers(0, 10**6), st.lists(st.sampled_from("abc"), min_size=6, max_size=6))
def test_no_near_duplicate_of_another_group_is_missed(seed: int, groups: list[str]) -> None:
    texts = {n: " ".join(edited(article(seed), n, n / 60)) for n in range(6)}

    assert list(pairs(texts, groups.__getitem__)) == [
        (m, n, alike) for m, n, alike in pairs(texts) if groups[m] != groups[n]
    ]


@given(st.lists(st.text("ab ", max_size=24), min_size=2, max_size=5))
def test_no_near_duplicate_is_missed_among_texts_that_repeat_themselves(texts: list[str]) -> None:
    given_ = dict(enumerate(texts))
    expected = {
        n for n in range(1, len(texts)) if jaccard(shingles(texts[0]), shingles(texts[n])) >= ALIKE
    }  # the last ones are of the larger group, and looked at in part

    assert {n for m, n, _ in pairs(given_, lambda n: n > 0) if m == 0} == expected


def test_among_many_documents_minhash_proposes_what_is_alike() -> None:
    texts = {f"d{n}": " ".join(article(n)) for n in range(600)}
    for n in range(100):
        texts[f"e{n}"] = " ".join(edited(article(n), n, 0.04))
    alike = {
        (f"d{n}", f"e{n}") for n in range(100) if jaccard(shingles(texts[f"d{n}"]), shingles(texts[f"e{n}"])) >= ALIKE
    }

    found = {(m, n) for m, n, _ in pairs(texts)}

    assert len(alike) > 90
    assert found <= alike
    # 5 in 1,000 at the threshold itself may be missed, hardly any above it.
    assert len(found) >= len(alike) - 1


def test_without_the_library_many_documents_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)

    with pytest.raises(UsageError, match=r"near-duplicates among 501 documents .* pip install 'standoff\[dedup\]'"):
        list(pairs({n: f"text {n}" for n in range(501)}))


def test_both_corpora_have_no_error_with_all_their_files_at_hand(tiny_root: Path, root: Path) -> None:
    assert check(tiny_root)[1] == ()
    assert [f for f in check(root)[1] if f.severity == "error" or f.rule == "canonical-form"] == []


def test_a_corpus_held_against_itself_as_its_release_is_as_it_was(tiny: Corpus, tiny_root: Path) -> None:
    found = check(tiny_root, previous={"0.1.0": tiny})[1]

    assert {f.rule for f in found} <= {"release-listed"}
