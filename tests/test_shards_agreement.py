"""Agreement in corpora in shards: the same numbers, intervals and disagreements as in memory."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from planted import SERIAL, generate, plan
from strategies import annotation_sets, raw_documents

from standoff import files
from standoff.agreement import agreement, disagreements
from standoff.agreement.parts import By
from standoff.agreement.showing import shown, shown_disagreements
from standoff.cli import main
from standoff.model import AnnotationSet, Corpus, Splits
from standoff.shards import bundles, corpus_of, counting, head_of, listed, parse, record, records, write_records
from standoff.shards.agreeing import agreement_of, disagreements_of
from standoff.shards.disputing import told
from standoff.shards.streams import FORMS

ROOT = Path(__file__).parent / "tiny"
HEAD = head_of(files.read(ROOT))
WHO = ("a1", "a2", "b1", "m1")


@st.composite
def annotated(draw: st.DrawFn) -> Corpus:
    """A corpus with the head of the invented one, of up to four annotators, who say much the same."""
    documents = {}
    sets: dict[tuple[str, str], AnnotationSet] = {}
    for n in range(draw(st.integers(0, 4))):
        document = draw(raw_documents(HEAD.scheme, f"d{n}"))[0]
        documents[document.id] = document
        said = [draw(annotation_sets(HEAD.scheme, document, HEAD.entities.values(), max_size=3)) for _ in range(2)]
        for who in WHO:
            if draw(st.integers(0, 3)):
                sets[who, document.id] = structs.replace(draw(st.sampled_from(said)), annotator=who)
    return structs.replace(HEAD, documents=documents, sets=sets, splits=Splits())


def cut(corpus: Corpus, folder: Path, shards: int, chance: random.Random) -> tuple[str, ...]:
    """The documents of a corpus as shards of any form, in any order."""
    lines = [record(one) for one in bundles(corpus, {})]
    chance.shuffle(lines)
    for n in range(shards):
        write_records(f"{folder}/part-{n}{chance.choice(FORMS)}", lines[n::shards])
    return listed(str(folder))


@settings(max_examples=10)
@given(annotated(), st.integers(1, 3), st.sampled_from([None, "label", "annotator"]), st.randoms(use_true_random=False))
def test_shards_agree_as_the_corpus_does(corpus: Corpus, shards: int, by: By | None, chance: random.Random) -> None:
    expected = shown(agreement(corpus, by=by, resamples=20, seed=3), "json")

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_PIECE", 1)
        found = agreement_of(
            ROOT,
            cut(corpus, Path(folder) / "shards", shards, chance),
            by=by,
            resamples=20,
            seed=3,
            work=Path(folder) / "work",
            engine=SERIAL,
        )

        assert shown(found.report, "json") == expected
        assert found.left_out == 0


@settings(max_examples=10)
@given(annotated(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_shards_disagree_as_the_corpus_does(corpus: Corpus, shards: int, chance: random.Random) -> None:
    whole = disagreements(corpus)

    with TemporaryDirectory() as folder:
        found = disagreements_of(
            ROOT, cut(corpus, Path(folder) / "shards", shards, chance), work=Path(folder) / "work", engine=SERIAL
        )

        for form in ("text", "json", "csv"):
            assert "".join(told(found, form)) == f"{shown_disagreements(whole, form)}\n"


# ------------------------------------------------------------------------------------------------------ by command


@pytest.fixture
def corpus_in_shards(tmp_path: Path) -> tuple[Path, Corpus]:
    """A generated corpus in three shards, gzip and Parquet, its documents in no order; and what it is in memory."""
    generate(plan(12, seed=8), tmp_path / "whole", shards=1, engine=SERIAL)
    (shard,) = listed(f"{tmp_path}/whole/corpus/shards")
    lines = [line for _, line in records(shard)]
    Path(shard).unlink()
    for n, form in enumerate((".jsonl.gz", ".parquet", ".jsonl.gz")):
        write_records(f"{tmp_path}/whole/corpus/shards/part-{n}{form}", lines[2 - n :: 3])
    return tmp_path / "whole", whole(tmp_path / "whole", lines)


def whole(root: Path, lines: list[bytes]) -> Corpus:
    return corpus_of([parse(line) for line in lines], head_of(files.read(root)))


def agree(root: Path, *options: str) -> Result:
    shards = ("--shards", f"{root}/corpus/shards", "--resamples", "20")
    return CliRunner().invoke(main, ["--root", str(root), "agree", *shards, *options])


def test_the_command_says_of_shards_what_the_corpus_says(corpus_in_shards: tuple[Path, Corpus]) -> None:
    root, corpus = corpus_in_shards
    expected = agreement(corpus, by="label", resamples=20)

    for form in ("text", "json", "csv"):
        found = agree(root, "--by", "label", "--format", form, "--workers", "2")

        assert (found.exit_code, found.stderr) == (0, "")
        assert found.stdout == f"{shown(expected, form, by='label')}\n"


def test_the_list_of_disagreements_goes_to_a_file(corpus_in_shards: tuple[Path, Corpus], tmp_path: Path) -> None:
    root, corpus = corpus_in_shards
    expected = disagreements(corpus)

    found = agree(
        root, "--disagreements", "--format", "csv", "--out", str(tmp_path / "found.csv"), "--engine", "serial"
    )

    assert (found.exit_code, found.output) == (0, "")
    assert len(expected.all) == 7
    assert (tmp_path / "found.csv").read_text(encoding="utf-8") == f"{shown_disagreements(expected, 'csv')}\n"


def test_what_cannot_be_read_and_what_stands_twice_is_told_and_not_counted(
    corpus_in_shards: tuple[Path, Corpus], tmp_path: Path
) -> None:
    root, corpus = corpus_in_shards
    first, second, _ = listed(f"{root}/corpus/shards")
    lines = [line for _, line in records(first)]
    (again,) = (line for number, line in records(second) if number == 2)
    write_records(first, [lines[0], lines[1][:100], *lines[2:], again])
    gone = {parse(lines[1]).document.id, parse(again).document.id}
    left = [one for one in bundles(corpus, {}) if one.document.id not in gone]
    expected = agreement(corpus_of(left, head_of(corpus)), resamples=20)

    found = agree(root, "--format", "json", "--engine", "serial")
    listing = agree(root, "--format", "json", "--engine", "serial", "--disagreements")

    assert found.exit_code == listing.exit_code == 1
    assert found.stdout == f"{shown(expected, 'json')}\n"
    assert listing.stdout == f"{shown_disagreements(disagreements(corpus_of(left, head_of(corpus))), 'json')}\n"
    places = [line.removeprefix("error: ").split(": ")[0] for line in found.stderr.splitlines()]
    assert places == [f"{first}:2", f"{first}:5", f"{second}:2"]
    assert "stands 2 times, first in" in found.stderr
    assert found.stderr == listing.stderr


def test_only_what_changed_is_counted_and_measured_again(corpus_in_shards: tuple[Path, Corpus], tmp_path: Path) -> None:
    root, _ = corpus_in_shards
    shards, work = listed(f"{root}/corpus/shards"), tmp_path / "work"

    def receipts(step: str) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (work / "agree" / step).rglob("receipt.json")}

    before = agreement_of(root, shards, resamples=10, work=work, engine=SERIAL)
    counted, measured = receipts("counted"), receipts("groups")
    assert agreement_of(root, shards, resamples=10, work=work, engine=SERIAL) == before
    assert (receipts("counted"), receipts("groups")) == (counted, measured)
    # As if the work had been ended in the middle.
    for path in list(measured)[::2]:
        path.unlink()
    assert agreement_of(root, shards, resamples=10, work=work, engine=SERIAL) == before
    assert receipts("counted") == counted
    again = receipts("groups")
    assert [again[path] == was for path, was in measured.items()] == [bool(n % 2) for n in range(len(measured))]

    write_records(shards[1], [line for _, line in records(shards[1])][:2])
    assert agreement_of(root, shards, resamples=10, work=work, engine=SERIAL) != before
    again = receipts("counted")
    assert [again[path] == counted[path] for path in sorted(counted)] == [True, False, True]


def test_numbers_of_each_document_and_of_nobody_are_refused(corpus_in_shards: tuple[Path, Corpus]) -> None:
    root, _ = corpus_in_shards

    assert "numbers by document are not there for shards" in agree(root, "--by", "document").stderr
    found = agree(root, "--annotator", "nobody", "--engine", "serial")
    assert (found.exit_code, found.stderr.partition(";")[0]) == (2, "annotator 'nobody' has no sets")
