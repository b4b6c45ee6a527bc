"""From a release without texts and copies of the articles to the full edition, or to what differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from standoff.cli import main
from standoff.errors import ReleaseError, UsageError
from standoff.files import read, write_corpus
from standoff.model import AnnotationSet, Corpus
from standoff.release import build, hydrate, read_release
from standoff.release.folder import read_sums, sums_text
from standoff.release.hydrating import Hydration
from standoff.text import sha

DATE = "2024-03-08"

REAL = "004_1dd8823014995070"


@pytest.fixture(scope="module")
def bare(tiny: Corpus, tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus without texts; nobody writes into it."""
    out = tmp_path_factory.mktemp("bare")
    return build(tiny, "0.1.0", out, date=DATE, root=tiny_root, edition="text-free").folder


@pytest.fixture(scope="module")
def real_bare(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real corpus without texts; nobody writes into it."""
    out = tmp_path_factory.mktemp("real_bare")
    return build(statecloud, "0.1.0.dev0", out, date=DATE, root=root, edition="text-free").folder


def copies(root: Path, to: Path) -> Path:
    """One's own copies of the articles of a corpus, to be edited."""
    return Path(shutil.copytree(root / "corpus" / "raw", to))


def edit(path: Path, old: str, new: str) -> None:
    """Puts one passage of a file in another way; it stands there once."""
    text = path.read_bytes().decode()
    assert text.count(old) == 1
    path.write_bytes(text.replace(old, new).encode())


def flagged(found: Hydration) -> set[tuple[str, int, int]]:
    """Address and range of every span of which cannot be said where it stands."""
    return {
        (span.address, span.start, span.end) for one in found.documents for span in one.spans if span.state == "flagged"
    }


def sets_of(corpus: Corpus, document: str) -> list[AnnotationSet]:
    """All sets of a document, gold among them."""
    return [*(marked for (_, id), marked in corpus.sets.items() if id == document), corpus.gold[document]]


def touching(corpus: Corpus, document: str, start: int, end: int) -> set[tuple[str, int, int]]:
    """Address and range of every span that has something of a range of the text."""
    return {
        (marked.address(one.id), span.start, span.end)
        for marked in sets_of(corpus, document)
        for one in marked.annotations
        for span in one.spans
        if span.start < end and start < span.end
    }


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_the_full_edition_comes_back_byte_for_byte(
    name: str, request: pytest.FixtureRequest, root: Path, tiny_root: Path, tmp_path: Path
) -> None:
    place = {"tiny": tiny_root, "real": root}[name]
    folder = request.getfixturevalue({"tiny": "bare", "real": "real_bare"}[name])
    full = build(read(place), folder.name, tmp_path / "full", date=DATE, root=place)
    found = hydrate(folder, place / "corpus" / "raw", tmp_path / "hydrated")

    assert found.exact
    assert found.folder == tmp_path / "hydrated" / folder.name
    assert {path.relative_to(found.folder): path.read_bytes() for path in found.folder.rglob("*.*")} == {
        path.relative_to(full.folder): path.read_bytes() for path in full.folder.rglob("*.*")
    }
    assert (found.folder / "SHA256SUMS").read_bytes() == (full.folder / "SHA256SUMS").read_bytes()


def test_hydrating_is_the_way_back_to_the_corpus(bare: Path, tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    found = hydrate(bare, tiny_root / "corpus" / "raw", tmp_path)

    assert found.folder is not None
    hydrated = read_release(found.folder)
    assert (hydrated.documents, hydrated.sets, hydrated.gold) == (tiny.documents, tiny.sets, tiny.gold)
    assert hydrate(bare, tiny_root / "corpus" / "raw", tmp_path) == found


def test_copies_are_known_by_their_bytes_whatever_they_are_called(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    raw = copies(tiny_root, tmp_path / "raw")
    (raw / "deep").mkdir()
    (raw / "en_fair.txt").rename(raw / "deep" / "fair, saved on Tuesday.htm")
    # What has the name and other bytes is not preferred to what has the bytes.
    (raw / "en_fair.txt").write_text("Something else.", encoding="utf-8")

    assert hydrate(bare, raw).exact


def test_one_edited_sentence_flags_exactly_the_spans_whose_words_changed(
    real_bare: Path, root: Path, statecloud: Corpus, tmp_path: Path
) -> None:
    raw = copies(root, tmp_path / "raw")
    edit(raw / f"{REAL}.txt", "was signed this year but", "was signed two years ago but")
    found = hydrate(real_bare, raw, tmp_path / "out")
    drifted = next(one for one in found.documents if one.document == REAL)
    at = statecloud.documents[REAL].text.index("this year but")
    copy = statecloud.documents[REAL].text.replace("was signed this year but", "was signed two years ago but")

    assert {one.document: one.state for one in found.documents if one.document != REAL} == {
        "000_1a649a98371b7227": "exact",
        "003_666c5d1a536ded45": "exact",
    }
    assert flagged(found) == touching(statecloud, REAL, at, at + len("this year"))
    quotes = {
        (marked.address(one.id), span.start): span.quote
        for marked in sets_of(statecloud, REAL)
        for one in marked.annotations
        for span in one.spans
    }
    for span in drifted.spans:
        if span.to is not None:
            assert copy[span.to : span.to + span.end - span.start] == quotes[span.address, span.start]
            assert span.to - span.start == (0 if span.end <= at else len("two years ago") - len("this year"))
    assert drifted.count("flagged") >= 4
    assert len(drifted.spans) == sum(
        len(one.spans) for marked in sets_of(statecloud, REAL) for one in marked.annotations
    )
    assert not (tmp_path / "out").exists()


def test_a_missing_copy_is_told_and_nothing_is_made(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    raw = copies(tiny_root, tmp_path / "raw")
    (raw / "ar_souk.txt").unlink()
    found = hydrate(bare, raw, tmp_path / "out")

    assert [(one.document, one.state) for one in found.documents] == [
        ("ar_souk", "missing"),
        ("en_fair", "exact"),
        ("fr_marche", "exact"),
    ]
    assert found.folder is None
    assert not (tmp_path / "out").exists()


def test_a_copy_with_other_line_ends_has_all_spans_moved_and_none_flagged(
    real_bare: Path, root: Path, tmp_path: Path
) -> None:
    raw = copies(root, tmp_path / "raw")
    for path in raw.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = hydrate(real_bare, raw)

    assert {one.state for one in found.documents} == {"drifted"}
    assert flagged(found) == set()
    assert sum(one.count("moved") for one in found.documents) > 500


def test_words_that_were_doubled_are_flagged_and_not_guessed(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    raw = copies(tiny_root, tmp_path / "raw")
    edit(raw / "en_fair.txt", "The café never sold out.", "The café never sold out. The café never sold out.")
    found = hydrate(bare, raw)

    assert {span for span in flagged(found) if span[0].startswith("a1/")} == {
        ("a1/en_fair#n11", 224, 232),
        ("a1/en_fair#p5", 224, 247),
    }


def test_a_dropped_range_that_changed_is_told(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    raw = copies(tiny_root, tmp_path / "raw")
    edit(raw / "en_fair.txt", "50% off", "60% off")
    found = hydrate(bare, raw)
    drifted = next(one for one in found.documents if one.document == "en_fair")

    assert drifted.why.endswith("of the raw file is not found")
    assert drifted.count("flagged") == 0


def test_what_is_no_edition_without_texts_is_refused(bare: Path, tiny: Corpus, tmp_path: Path) -> None:
    full = build(tiny, "0.1.0", tmp_path, date=DATE).folder
    with pytest.raises(ReleaseError, match="is the edition full; expected one without texts"):
        hydrate(full, tmp_path)
    with pytest.raises(UsageError, match="no such folder; expected one with copies of the articles"):
        hydrate(bare, tmp_path / "nowhere")


def test_another_release_in_the_place_is_not_written_into(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    shutil.copytree(bare, tmp_path / "0.1.0")
    with pytest.raises(ReleaseError, match="exists, and is not the full edition; expected another folder"):
        hydrate(bare, tiny_root / "corpus" / "raw", tmp_path)


def test_a_name_that_leads_out_of_the_new_release_is_refused(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bare, tmp_path / "bare"))
    whole = json.loads((folder / "full.json").read_text())
    whole["sums"]["../../outside"] = whole["sums"]["README.md"]
    whole["texts"]["../../outside"] = "?"
    (folder / "full.json").write_text(json.dumps(whole))
    sums = {**read_sums(folder), "full.json": sha((folder / "full.json").read_bytes())}
    (folder / "SHA256SUMS").write_text(sums_text(sums))
    with pytest.raises(ReleaseError, match=r"has a file '\.\./\.\./outside'; expected a path inside the release"):
        hydrate(folder, tiny_root / "corpus" / "raw", tmp_path / "full")

    assert not (tmp_path / "outside").exists()
    assert list((tmp_path / "full").iterdir()) == []


def test_a_copy_in_another_encoding_has_drifted(bare: Path, tiny_root: Path, tmp_path: Path) -> None:
    raw = copies(tiny_root, tmp_path / "raw")
    (raw / "fr_marche.html").write_bytes("le marché".encode("latin-1"))
    found = {one.document: one for one in hydrate(bare, raw).documents}

    assert found["fr_marche"].state == "drifted"
    assert found["fr_marche"].why.startswith("byte 8 is 0xe9, which is no UTF-8 here")
    assert found["en_fair"].state == found["ar_souk"].state == "exact"


def test_the_commands_build_and_hydrate(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    raw = {path.stem: path.read_bytes() for path in (tiny_root / "corpus" / "raw").iterdir()}
    write_corpus(tmp_path / "corpus", tiny, raw)
    run = CliRunner().invoke
    corpus, out = str(tmp_path / "corpus"), str(tmp_path / "out")
    built = run(main, ["--root", corpus, "build", "0.1.0", "--edition", "text-free", "--date", DATE, "--out", out])
    again = run(
        main, ["--root", corpus, "build", "0.1.0", "--edition", "text-free", "--date", "2024-04-01", "--out", out]
    )
    asked = ["hydrate", f"{out}/0.1.0", "--raw", f"{corpus}/corpus/raw", "--out", str(tmp_path / "full")]
    hydrated = run(main, asked)
    edit(tmp_path / "corpus" / "corpus" / "raw" / "en_fair.txt", "plum jam", "pear jam")
    drifted = run(main, asked)

    assert built.exit_code == again.exit_code == 0, built.output
    assert again.output.splitlines() == [
        f"{built.output.strip()}, was there",
        "left as it is there: README.md, croissant.json, datacite.json, full.json, release.json",
    ]
    assert hydrated.exit_code == 0, hydrated.output
    assert hydrated.output.endswith(f"{tmp_path / 'full' / '0.1.0'}: the full edition\n")
    assert drifted.exit_code == 1
    assert "  flagged: a1/en_fair#n5 [100:108] has other words now\n" in drifted.output
