"""Corpora in shards compared: the same words, byte for byte, as of the same corpora in memory."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from planted import SERIAL, generate, plan
from strategies import corpora

from standoff import files
from standoff.cli import main
from standoff.diff import diff, json_text, page, text
from standoff.model import Corpus, Splits
from standoff.shards import Bundle, batches, bundles, corpus_of, head_of, listed, record, records, write_records
from standoff.shards.converting import pack
from standoff.shards.differing import Differing, diff_sides
from standoff.shards.sides import Side, is_shards, opened_side
from standoff.shards.streams import FORMS
from standoff.shards.telling import Form

SCHEME = files.read_scheme(Path(__file__).parent / "tiny")


def cut(corpus: Corpus, folder: Path, shards: int, chance: random.Random) -> tuple[str, ...]:
    """The documents of a corpus as shards of any form, in any order."""
    lines = [record(one) for one in bundles(corpus, {})]
    chance.shuffle(lines)
    for n in range(shards):
        write_records(f"{folder}/part-{n}{chance.choice(FORMS)}", lines[n::shards])
    return listed(str(folder))


def side(letter: Literal["a", "b"], corpus: Corpus, shards: tuple[str, ...], work: Path) -> tuple[Side, Corpus]:
    """A side whose documents stand in shards."""
    opened, _ = opened_side(letter, shards[0].rpartition("/")[0], Path(__file__).parent / "tiny", work=work)
    return opened, head_of(corpus)


def said(found: Differing, form: Form) -> str:
    """All that is told."""
    return "".join(found.shown(form, "old", "new")[1])


@settings(max_examples=25)
@given(st.data(), st.integers(1, 3), st.integers(1, 3), st.randoms(use_true_random=False))
def test_shards_are_told_as_the_corpora_that_they_are(
    data: st.DataObject, of_a: int, of_b: int, chance: random.Random
) -> None:
    a, _ = data.draw(corpora(SCHEME))
    drawn, _ = data.draw(corpora(SCHEME))
    # Some documents are the same on both sides, and some events are of several.
    ids = [id for id in a.documents if data.draw(st.booleans())]
    b = corpus_of(
        [
            *(one for one in bundles(a, {}) if one.document.id in ids),
            *(one for one in bundles(drawn, {}) if one.document.id not in ids),
        ],
        head_of(drawn),
    )
    a, b = (with_events(one, data) for one in (a, b))

    with TemporaryDirectory() as folder:
        sides = [
            side(letter, one, cut(one, Path(folder) / letter, count, chance), Path(folder) / "work")
            for letter, one, count in (("a", a, of_a), ("b", b, of_b))
        ]
        for form, expected in (
            ("text", text(diff(a, b))),
            ("json", json_text(diff(a, b))),
            ("html", page(diff(a, b), a, b, old="old", new="new")),
        ):
            found = diff_sides(*sides, Path(folder) / "work", form, engine=SERIAL)
            numbers, told = found.shown(form, "old", "new")

            assert "".join(told) == expected
            assert numbers.content == diff(a, b).content
            assert found.left_out == 0


def with_events(corpus: Corpus, data: st.DataObject) -> Corpus:
    """A corpus some of whose documents belong to events."""
    ids = sorted(corpus.documents)
    events = {
        event: tuple(of)
        for event in ("fair", "flood")
        if (of := sorted(data.draw(st.sets(st.sampled_from(ids)) if ids else st.just(set()))))
    }
    # Behind gold by its name, and in front of it by its place.
    sets = {
        ("z2" if who == "a2" else who, id): structs.replace(of, annotator="z2" if who == "a2" else who)
        for (who, id), of in corpus.sets.items()
    }
    return structs.replace(corpus, sets=sets, splits=Splits(corpus.splits.splits, events))


# ------------------------------------------------------------------------------------------------------ by command


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A generated corpus in two shards of gzip."""
    generate(plan(9, seed=3), tmp_path / "whole", shards=2, form=".jsonl.gz", engine=SERIAL)
    return tmp_path / "whole"


def edited(root: Path, folder: Path) -> None:
    """The same documents as Parquet, in another order and cut: one is gone, one is corrected."""
    found = read(listed(f"{root}/corpus/shards"))
    gone, other, *rest = found
    marked = structs.replace(other.sets[0], annotations=other.sets[0].annotations[1:])
    lines = [record(one) for one in (*rest[::-1], structs.replace(other, sets=(marked, *other.sets[1:])))]
    assert gone.document.id != other.document.id
    for n in range(3):
        write_records(f"{folder}/{n}.parquet", lines[n::3])


def read(shards: Iterable[str]) -> list[Bundle]:
    return [one for shard in shards for batch in batches(shard) for one in batch.bundles]


def whole(root: Path, shards: Iterable[str]) -> Corpus:
    return corpus_of(read(shards), head_of(files.read(root)))


def told(root: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), "diff", *options])


def test_the_command_says_of_shards_what_it_says_of_the_corpora(root: Path, tmp_path: Path) -> None:
    edited(root, tmp_path / "new")
    sources = (f"{root}/corpus/shards/*.gz", str(tmp_path / "new"))
    a, b = whole(root, listed(sources[0])), whole(root, listed(sources[1]))
    names = dict(zip(("old", "new"), sources, strict=True))
    expected = {"text": text(diff(a, b)), "json": json_text(diff(a, b)), "html": page(diff(a, b), a, b, **names)}

    for form, said in expected.items():
        found = told(root, *sources, "--format", form, "--workers", "2")

        assert (found.exit_code, found.stdout_bytes.decode(), found.stderr) == (1, said, "")
    assert "documents: 1 removed" in expected["text"]
    assert told(root, *sources, "--format", "html", "--out", str(tmp_path / "page.html")).output == ""
    assert (tmp_path / "page.html").read_bytes().decode() == expected["html"]


def test_shards_of_one_corpus_are_the_same_however_they_are_cut(root: Path, tmp_path: Path) -> None:
    found = read(listed(f"{root}/corpus/shards"))
    write_records(f"{tmp_path}/one/all.jsonl", [record(one) for one in found[::-1]])

    same = told(root, f"{root}/corpus/shards", f"{tmp_path}/one/all.jsonl", "--engine", "serial")

    assert (same.exit_code, same.output) == (0, "the content is the same\n")


def test_a_folder_is_held_against_shards(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2, form=".parquet")
    folder = tmp_path / "whole"
    shutil.copytree(tiny_root, folder)
    (folder / "annotations" / "sets" / "a1" / "en_fair.json").unlink()
    a, b = whole(tiny_root, shards), files.read(folder)

    found = told(folder, f"{tmp_path}/shards", "--engine", "serial")
    back = told(folder, str(folder), f"{tmp_path}/shards", "--engine", "serial", "--format", "json")

    assert (found.exit_code, found.stdout) == (1, text(diff(a, b)))
    assert (back.exit_code, back.stdout) == (1, json_text(diff(b, a)))
    assert "set removed" in found.stdout


def test_shards_in_the_folder_of_a_corpus_go_with_its_schema(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    listing = other / "annotations" / "annotators.json"
    listing.write_text(
        listing.read_text(encoding="utf-8").replace('description": "', 'description": "New: '), encoding="utf-8"
    )
    a, b = (whole(one, listed(f"{one}/corpus/shards")) for one in (root, other))

    found = told(root, f"{root}/corpus/shards", f"{other}/corpus/shards", "--engine", "serial")

    assert (found.exit_code, found.stdout) == (1, text(diff(a, b)))
    assert "annotators: " in found.stdout


def test_what_cannot_be_read_and_what_stands_twice_is_told_and_not_compared(root: Path, tmp_path: Path) -> None:
    edited(root, tmp_path / "new")
    old, new = listed(f"{root}/corpus/shards"), listed(f"{tmp_path}/new")
    expected = diff(whole(root, old), whole(root, new))
    lines = [line for _, line in records(old[1])]
    # One that is only on the other side now, and one that stands twice; neither was changed.
    broken = lines[0].replace(b'"text_sha256":"', b'"text_sha256":7,"was":"', 1)
    write_records(old[1], [broken, *lines[1:], lines[1], b"{}"])

    found = told(root, f"{root}/corpus/shards", str(tmp_path / "new"), "--engine", "serial")

    assert (found.exit_code, found.stdout) == (1, text(expected))
    places = [line.removeprefix("error: ").split(": ")[0] for line in found.stderr.splitlines()]
    assert places == [f"{old[1]}:1", f"{old[1]}:2", f"{old[1]}:{len(lines) + 1}", f"{old[1]}:{len(lines) + 2}"]


def test_findings_alone_make_the_command_fail(root: Path, tmp_path: Path) -> None:
    shards = listed(f"{root}/corpus/shards")
    write_records(shards[1], [*(line for _, line in records(shards[1])), b"{}"])

    found = told(root, f"{root}/corpus/shards", f"{root}/corpus/shards", "--engine", "serial")

    assert (found.exit_code, found.stdout) == (1, "the content is the same\n")
    assert len(found.stderr.splitlines()) == 2


def test_only_what_changed_is_read_again(root: Path, tmp_path: Path) -> None:
    edited(root, tmp_path / "new")
    work = tmp_path / "work"

    def compared() -> tuple[str, dict[Path, int]]:
        sides = [
            opened_side(letter, source, root, work=work)
            for letter, source in (("a", f"{root}/corpus/shards"), ("b", str(tmp_path / "new")))
        ]
        found = said(diff_sides(*sides, work, "text", engine=SERIAL), "text")
        return found, {path: path.stat().st_mtime_ns for path in work.rglob("receipt.json")}

    before, receipts = compared()
    assert compared() == (before, receipts)
    # As if the work had been ended before it was compared.
    (work / "compared" / "00000" / "receipt.json").unlink()
    again, after = compared()
    assert again == before
    assert [path.parent.parent.name for path in receipts if after[path] != receipts[path]] == ["compared"]

    write_records(f"{tmp_path}/new/0.parquet", [line for _, line in records(f"{tmp_path}/new/0.parquet")][1:])
    again, after = compared()
    assert again != before
    noted = [path for path in receipts if path.parent.parent.name == "noted"]
    assert [path.parent.name for path in noted if after[path] != receipts[path]] == ["0"]


def test_what_somebody_calls_shards(tiny_root: Path, tmp_path: Path) -> None:
    (tmp_path / "part.jsonl.gz").touch()

    assert all(map(is_shards, (str(tmp_path), "s3://bucket/*.parquet", f"{tmp_path}/part.jsonl.gz")))
    assert not any(map(is_shards, (str(tiny_root), "1.0.0", "HEAD", "s3://bucket/corpus", "")))
