"""A release without the articles' words, and that both editions are the same bytes wherever they are built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

import standoff
from standoff.canon import listings
from standoff.diff import apply, diff
from standoff.diff.telling import text
from standoff.errors import ReleaseError, UsageError
from standoff.files import raw_bytes, read, write_corpus
from standoff.model import Corpus, Decision, Decisions, Withdrawn
from standoff.release import BuildReport, build, hydrate, verify
from standoff.release.editions import full_tables, salted, text_free, text_free_schemas
from standoff.release.folder import about
from standoff.release.verifying import check_release
from standoff.release.weighing import reasons
from standoff.release.withholding import Articles, restored
from standoff.tables import schemas, to_tables

DATE = "2024-03-08"

ARTICLES = {
    "a": "The Mill stood by the river — for 300 years, they say.",
    "b": "Nobody asked ⟦why⟧ the mill stood by a river.",
}


@pytest.fixture(scope="module")
def bare(tiny: Corpus, tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The tiny corpus without texts; nobody writes into it."""
    return build(tiny, "0.1.0", tmp_path_factory.mktemp("bare"), date=DATE, root=tiny_root, edition="text-free")


@pytest.fixture(scope="module")
def real_bare(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The real corpus without texts; nobody writes into it."""
    out = tmp_path_factory.mktemp("real_bare")
    return build(statecloud, "0.1.0.dev0", out, date=DATE, root=root, edition="text-free")


def folded(text: str) -> list[str]:
    """The words of a text, whatever their case and what stands between them."""
    return [word.casefold() for word in re.findall(r"\w+", text)]


def sequences(text: str, length: int = 5) -> set[tuple[str, ...]]:
    found = folded(text)
    return {tuple(found[n : n + length]) for n in range(len(found) - length + 1)}


def strings(value: Any) -> Iterator[str]:
    """All strings of a value, its keys too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def told(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text in every file of a release: path, text."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".parquet":
            table = pq.ParquetFile(path).read()
            yield from ((name, text) for row in table.to_pylist() for text in strings(row))
            metadata = {**(table.schema.metadata or {})}
            for field in table.schema:
                metadata |= field.metadata or {}
            yield from ((name, text.decode()) for text in metadata.values())
        else:
            yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_no_file_holds_five_words_of_an_article_in_a_row(
    name: str, request: pytest.FixtureRequest, root: Path, tiny_root: Path
) -> None:
    place = {"tiny": tiny_root, "real": root}[name]
    folder = request.getfixturevalue({"tiny": "bare", "real": "real_bare"}[name]).folder
    corpus = read(place)
    articles = {run for raw in raw_bytes(place, corpus).values() for run in sequences(raw.decode())}
    articles |= {run for document in corpus.documents.values() for run in sequences(document.text)}
    titles = {run for document in corpus.documents.values() for run in sequences(document.title)}

    found = {(path, run) for path, text in told(folder) for run in sequences(text) & (articles - titles)}

    assert len(articles - titles) > 80
    assert found == set()


def test_the_search_finds_what_the_full_edition_holds(tiny: Corpus, tmp_path: Path) -> None:
    folder = build(tiny, "0.1.0", tmp_path, date=DATE).folder
    found = {path for path, text in told(folder) if ("café", "never", "sold", "out", "it") in sequences(text)}

    assert found == {"data/documents/train.parquet"}


def test_a_span_is_told_by_its_place_and_a_hash_of_its_own_document(bare: BuildReport, tiny: Corpus) -> None:
    table = pq.ParquetFile(bare.folder / "data/naming/train.parquet").read()
    spans = {(row["document"], row["id"]): row["spans"] for row in table.to_pylist()}
    salt = tiny.documents["en_fair"].raw_sha256

    assert spans["en_fair", "n1"] == [{"start": 28, "end": 37, "sha256": salted(salt, "Ada Quill"), "times": 2}]
    assert salted(salt, "Ada Quill") != salted(tiny.documents["fr_marche"].raw_sha256, "Ada Quill")


def test_it_holds_all_tables_but_the_views_and_says_what_it_is(bare: BuildReport, tiny: Corpus) -> None:
    views = {view.name for view in tiny.scheme.views}

    assert views
    assert bare.rows.keys() == schemas(tiny.scheme).keys() | {"soft_labels"}
    assert about(bare.folder).edition == "text-free"
    assert "edition without texts" in (bare.folder / "README.md").read_text(encoding="utf-8")
    for config, schema in text_free_schemas(tiny.scheme).items():
        for path in (bare.folder / "data" / config).iterdir():
            assert pq.ParquetFile(path).schema_arrow == schema, path


def test_it_is_loaded_as_any_release_is(bare: BuildReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    from datasets import load_dataset

    ours = standoff.load("point", split="train", source=bare.folder, as_="datasets")
    front = yaml.safe_load((bare.folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1])
    assert {"documents", "point", "judgements", "soft_labels"} <= {one["config_name"] for one in front["configs"]}
    for config in ("documents", "point", "judgements", "soft_labels"):
        theirs = load_dataset(str(bare.folder), config, cache_dir=str(tmp_path))
        counted = {split: n for split, n in bare.rows[config].items() if n}
        assert {split: len(rows) for split, rows in theirs.items()} == counted
        if config == "point":
            assert theirs["train"].features == ours.features
            assert theirs["train"].to_list() == ours.to_list()


def test_it_has_no_corpus_until_it_is_hydrated(bare: BuildReport) -> None:
    with pytest.raises(ReleaseError, match="has no texts; expected the full edition, which standoff hydrate makes"):
        standoff.read_release(bare.folder)


def test_a_text_that_may_not_be_published_is_in_no_full_edition(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    right = structs.replace(tiny.rights["ar_souk"], publish_text=False)
    corpus = structs.replace(tiny, rights={**tiny.rights, "ar_souk": right})
    with pytest.raises(ReleaseError) as error:
        build(corpus, "0.1.0", tmp_path / "full", date=DATE)
    built = build(corpus, "0.1.0", tmp_path / "bare", date=DATE, root=tiny_root, edition="text-free")

    assert str(error.value) == (
        "the text may not be published of ar_souk, as corpus/rights.json says; expected the edition text-free"
    )
    assert not (tmp_path / "full").exists()
    assert built.new


def test_one_folder_is_of_one_edition(bare: BuildReport, tiny: Corpus) -> None:
    with pytest.raises(ReleaseError, match="exists, and is text-free; expected another folder for the edition full"):
        build(tiny, "0.1.0", bare.folder.parent, date=DATE)


def test_without_the_raw_files_there_is_no_edition_without_texts(tiny: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="held against the raw files; expected the checkout as root"):
        build(tiny, "0.1.0", tmp_path, date=DATE, edition="text-free")


BUILD = """
import sys
from pathlib import Path
from standoff.files import read
from standoff.release import build
root = Path(sys.argv[1])
build(read(root), "0.1.0", Path(sys.argv[2]), date="2024-03-08", root=root, edition=sys.argv[3])
"""


@pytest.mark.parametrize("edition", ["full", "text-free"])
def test_bytes_depend_on_no_folder_zone_locale_hash_seed_or_commit(
    edition: str, tiny_root: Path, tmp_path: Path
) -> None:
    there = Path(shutil.copytree(tiny_root, tmp_path / "elsewhere" / "a clone"))
    git = ["git", "-C", str(there), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (there / "unrelated.txt").write_text("another commit", encoding="utf-8")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "Unrelated"], check=True)
    first = {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    second = {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    for root, environment, out in ((tiny_root, first, "one"), (there, second, "two")):
        command = [sys.executable, "-c", BUILD, str(root), str(tmp_path / out), edition]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, check=True)
    one, two = tmp_path / "one/0.1.0", tmp_path / "two/0.1.0"
    summed = subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=two)

    assert summed.returncode == 0
    assert verify(one) == verify(two)
    assert (one / "SHA256SUMS").read_bytes() == (two / "SHA256SUMS").read_bytes()


def test_a_passage_is_told_by_its_place() -> None:
    articles = Articles(ARTICLES, titles=[])
    found = articles.withheld("Here 'Mill stood by the river — for 300' is quoted, and ⟦why⟧ is not.")

    assert found == "Here '⟦a:4:37⟧' is quoted, and ⟦⟧why⟧ is not."
    assert restored(found, ARTICLES) == "Here 'Mill stood by the river — for 300' is quoted, and ⟦why⟧ is not."


def test_a_passage_with_other_marks_or_capitals_is_told_as_far_as_it_is_the_same() -> None:
    articles = Articles(ARTICLES, titles=[])
    found = articles.withheld("the mill stood, by the river")

    assert found == "the mill ⟦a:9:14⟧, ⟦a:15:27⟧"
    assert restored(found, ARTICLES) == "the mill stood, by the river"


def test_a_passage_in_capitals_alone_is_refused() -> None:
    with pytest.raises(ReleaseError, match="the words 'the mill stood by the' of an article, spelled otherwise"):
        Articles(ARTICLES, titles=[]).withheld("THE MILL STOOD BY THE RIVER")


def test_titles_may_be_told() -> None:
    articles = Articles(ARTICLES, titles=["The Mill stood by the river"])

    assert articles.withheld("The Mill stood by the river") == "The Mill stood by the river"


def test_a_passage_of_no_document_is_refused() -> None:
    with pytest.raises(ReleaseError, match="'⟦a:4:99⟧' is no passage of the raw files that there are"):
        restored("⟦a:4:99⟧", ARTICLES)


PIECES = st.sampled_from(
    [
        "⟦",
        "⟧",
        "⟦a:1:2⟧",
        "⟦⟧",
        " ",
        ", ",
        "the mill",
        "Mill stood by the river — for",
        "300 years, they",
        "asked ⟦why⟧ the",
    ]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join))
def test_what_is_withheld_can_be_restored_and_holds_no_passage(text: str) -> None:
    articles = Articles(ARTICLES, titles=[])
    try:
        found = articles.withheld(text)
    except ReleaseError as error:
        assert "spelled otherwise than there" in error.message
        return

    assert restored(found, ARTICLES) == text
    assert articles.passages(found) == []


def test_tables_come_back_decisions_too(tiny: Corpus, tiny_root: Path) -> None:
    raw = {id: content.decode() for id, content in raw_bytes(tiny_root, tiny).items()}
    given_ = structs.replace(
        tiny.gold["en_fair"].annotations[0], id="", derived_from=(), note="The café never sold out."
    )
    decision = Decision(
        id="d1", outcome="added", annotation=given_, reason="other", note='{"quote": 1}', decided_by="a1", date=DATE
    )
    corpus = structs.replace(tiny, decisions={"en_fair": Decisions("en_fair", (decision,))})
    tables = to_tables(corpus)
    articles = Articles(raw, [document.title for document in corpus.documents.values()])
    bare = text_free(tables, corpus.documents, raw, articles)

    assert "sold" not in bare["decisions"]["train"]["annotation"][0].as_py()
    assert full_tables(bare, corpus.scheme, raw) == tables


def withdrawn(corpus: Corpus, document: str) -> Corpus:
    """The corpus after a takedown: without the document, with its tombstone."""

    def kept(values: dict[str, Any]) -> dict[str, Any]:
        return {id: value for id, value in values.items() if id != document}

    stone = Withdrawn(document, "2024-03-06", "The holder asked for it.", corpus.documents[document].raw_sha256)
    return structs.replace(
        corpus,
        documents=kept(corpus.documents),
        segments=kept(corpus.segments),
        sets={key: marked for key, marked in corpus.sets.items() if key[1] != document},
        gold=kept(corpus.gold),
        rights=kept(corpus.rights),
        splits=structs.replace(corpus.splits, splits=kept(corpus.splits.splits)),
        withdrawn={document: stone},
    )


@pytest.mark.parametrize("edition", ["full", "text-free"])
def test_a_withdrawn_document_leaves_a_tombstone_and_no_text(
    edition: Any, tiny: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    corpus = withdrawn(tiny, "ar_souk")
    folder = build(corpus, "0.2.0", tmp_path / "out", date=DATE, root=tiny_root, edition=edition).folder
    if edition == "text-free":
        found = hydrate(folder, tiny_root / "corpus" / "raw", tmp_path / "full").folder
        assert found is not None
        folder = found

    assert (folder / "withdrawn.json").read_text(encoding="utf-8") == (
        '{"withdrawn": [\n{"date": "2024-03-06", "id": "ar_souk", "raw_sha256": "'
        + tiny.documents["ar_souk"].raw_sha256
        + '", "reason": "The holder asked for it."}\n]}\n'
    )
    assert "- Withdrawn: `ar\\_souk` on 2024-03-06: The holder asked for it." in (folder / "README.md").read_text(
        encoding="utf-8"
    )
    assert (
        sequences(tiny.documents["ar_souk"].text) & {run for _, text in told(folder) for run in sequences(text)}
        == set()
    )
    assert standoff.read_release(folder) == structs.replace(corpus, version="0.2.0", releases=())
    assert [finding for finding in check_release(folder)[1] if finding.severity == "error"] == []


def test_a_withdrawal_is_part_of_the_diff_and_of_the_plan(tiny: Corpus) -> None:
    corpus = withdrawn(tiny, "ar_souk")
    changed = diff(tiny, corpus)

    assert apply(changed, tiny) == corpus
    assert "corpus/withdrawn.json#ar_souk: withdrawal of 'ar_souk' added" in text(changed)
    assert [reason.text for reason in reasons(changed, tiny) if "ar_souk" in reason.text][:2] == [
        "document 'ar_souk' removed",
        "withdrawal of document 'ar_souk' added: The holder asked for it.",
    ]


def test_a_corpus_without_withdrawals_is_what_it_was(tiny: Corpus, tmp_path: Path) -> None:
    write_corpus(tmp_path, withdrawn(tiny, "ar_souk"), dict.fromkeys(tiny.documents, b""))

    assert (tmp_path / "corpus" / "withdrawn.json").is_file()
    assert "corpus/withdrawn.json" not in dict(listings(tiny))


def test_the_card_has_a_data_statement_with_the_corpuss_own_words(
    tiny: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "tiny"))
    (root / "corpus" / "STATEMENT.md").write_text("# Why\n\nFor the fun of it.\n", encoding="utf-8")
    folder = build(tiny, "0.1.0", tmp_path / "out", date=DATE, root=root).folder
    card = (folder / "README.md").read_text(encoding="utf-8")
    section = card.split("## Data statement\n\n")[1].split("\n\n## ")[0]

    assert section.startswith("### Why\n\nFor the fun of it.\n\n- Texts: 3 documents of ")
    assert "- Languages: `ar` 1, `en` 1, `fr` 1 documents" in section
    assert "- Annotators: by kind, human 1, language model 1." in section
    assert "ask for it to be withdrawn: takedown@example.org (3 documents)." in section
    assert [str(finding) for finding in check_release(folder)[1]] == []
