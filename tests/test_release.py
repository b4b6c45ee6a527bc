"""From a corpus to the folder of a release."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from changing import corrected
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from standoff.errors import ReleaseError
from standoff.model import Corpus
from standoff.release import About, BuildReport, build, verify
from standoff.release.agreeing import agreed
from standoff.release.card import card
from standoff.release.folder import order
from standoff.release.front_matter import to_yaml
from standoff.tables import schemas, to_tables
from standoff.views import view_schemas, views

DATE = "2024-03-08"

CITATION = """\
cff-version: 1.2.0
# The data has a version of its own.
title: Tiny
version: 0.0.0.dev0
date-released: 2020-01-01
license: CC-BY-4.0
"""


@pytest.fixture(scope="module")
def tiny_release(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The tiny corpus as version 0.1.0; nobody writes into it."""
    return build(tiny, "0.1.0", tmp_path_factory.mktemp("tiny"), date=DATE)


@pytest.fixture(scope="module")
def real_release(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The real corpus as version 0.1.0.dev0; nobody writes into it."""
    return build(statecloud, "0.1.0.dev0", tmp_path_factory.mktemp("real"), date=DATE, root=root)


@pytest.fixture
def copied(tiny_release: BuildReport, tmp_path: Path) -> Path:
    """A copy of the tiny release, to be damaged."""
    return Path(shutil.copytree(tiny_release.folder, tmp_path / "copied"))


def front_matter(folder: Path) -> dict[str, Any]:
    """The YAML of a card."""
    _, front, _ = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(front)
    return found


def changed(corpus: Corpus) -> Corpus:
    """The tiny corpus with one label corrected by its annotator, and so in gold."""
    return corrected(corpus, "a1", "fr_marche", "o1", "unsure")


def spans_in(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Document and span, of every Parquet file that has spans."""
    for path in sorted(folder.rglob("*.parquet")):
        table = pq.ParquetFile(path).read()
        if "spans" in table.column_names:
            for row in table.select(["document", "spans"]).to_pylist():
                yield from ((row["document"], span) for span in row["spans"])


def test_a_release_holds_what_its_layout_says(tiny_release: BuildReport) -> None:
    assert sorted(path for path in tiny_release.files if not path.startswith("data/")) == [
        "README.md",
        "croissant.json",
        "datacite.json",
        "release.json",
        "schema/CODEBOOK.md",
        "schema/annotation.schema.json",
        "schema/document.schema.json",
        "schema/views.json",
    ]
    assert sorted(path for path in tiny_release.files if path.startswith("data/tellers/")) == [
        "data/tellers/test.parquet",
        "data/tellers/train.parquet",
        "data/tellers/validation.parquet",
    ]
    assert tiny_release.rows["tellers"] == {"train": 11, "validation": 0, "test": 4}
    assert tiny_release.new


def test_sha256sum_agrees(tiny_release: BuildReport) -> None:
    done = subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=tiny_release.folder)

    assert done.returncode == 0
    assert verify(tiny_release.folder) == tiny_release.files


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_every_span_of_every_file_quotes_its_text(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(f"{name}_release").folder
    texts = {
        row["id"]: row["text"]
        for path in (folder / "data" / "documents").iterdir()
        for row in pq.ParquetFile(path).read(["id", "text"]).to_pylist()
    }
    found = list(spans_in(folder))

    assert len(found) > 100
    assert [span for document, span in found if texts[document][span["start"] : span["end"]] != span["quote"]] == []


def test_files_have_the_columns_of_the_scheme_with_or_without_rows(tiny: Corpus, tiny_release: BuildReport) -> None:
    for config, schema in {**schemas(tiny.scheme), **view_schemas(tiny.scheme)}.items():
        for split in tiny_release.rows[config]:
            path = tiny_release.folder / "data" / config / f"{split}.parquet"
            assert pq.ParquetFile(path).schema_arrow == schema, path


def test_building_again_changes_nothing(tiny: Corpus, tmp_path: Path) -> None:
    first = build(tiny, "0.1.0", tmp_path, date=DATE)
    times = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = build(tiny, "0.1.0", tmp_path, date=DATE)

    assert (first.new, again.new, again.differing) == (True, False, ())
    assert again.files == first.files
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == times
    assert [path.name for path in tmp_path.iterdir()] == ["0.1.0"]


def test_a_release_of_the_same_data_keeps_its_date(tiny: Corpus, tmp_path: Path) -> None:
    first = build(tiny, "0.1.0", tmp_path, date=DATE)
    again = build(tiny, "0.1.0", tmp_path, date="2025-01-01")

    assert not again.new
    assert again.differing == ("README.md", "croissant.json", "datacite.json", "release.json")
    assert again.files == first.files


def test_other_data_under_a_version_that_exists_is_refused(tiny: Corpus, tmp_path: Path) -> None:
    first = build(tiny, "0.1.0", tmp_path, date=DATE)
    with pytest.raises(ReleaseError) as error:
        build(changed(tiny), "0.1.0", tmp_path, date=DATE)

    assert str(error.value) == (
        f"{tmp_path / '0.1.0'}: exists and holds other data (data/judgements/train.parquet, "
        "data/opinion/train.parquet, data/soft_labels/train.parquet); a release is never changed: "
        "build under a new version"
    )
    assert verify(first.folder) == first.files
    assert [path.name for path in tmp_path.iterdir()] == ["0.1.0"]


def test_a_damaged_release_is_no_reason_to_build_over_it(tiny: Corpus, copied: Path, tmp_path: Path) -> None:
    copied.rename(tmp_path / "0.1.0")
    (tmp_path / "0.1.0" / "release.json").unlink()
    with pytest.raises(ReleaseError, match=r"release\.json is missing"):
        build(tiny, "0.1.0", tmp_path, date=DATE)


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0-dev0", "01.0.0", "1.0.0.dev", "../1.0.0", "1.0.0\n"])
def test_what_is_no_version_is_refused(version: str, tiny: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"expected X\.Y\.Z or X\.Y\.Z\.devN"):
        build(tiny, version, tmp_path / "out", date=DATE)

    assert not (tmp_path / "out").exists()


def test_what_is_no_date_is_refused(tiny: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="date 'yesterday'; expected YYYY-MM-DD"):
        build(tiny, "0.1.0", tmp_path, date="yesterday")


def test_a_corpus_with_errors_is_refused(tiny: Corpus, tmp_path: Path) -> None:
    marked = tiny.gold["en_fair"]
    wrong = structs.replace(marked, annotations=(structs.replace(marked.annotations[0], label="whom"),))
    corpus = structs.replace(tiny, gold={**tiny.gold, "en_fair": wrong})
    with pytest.raises(
        ReleaseError, match="the corpus has errors, which no release may have: annotations/gold/en_fair"
    ):
        build(corpus, "0.1.0", tmp_path / "out", date=DATE)

    assert not (tmp_path / "out").exists()


def test_versions_are_ordered_by_number_and_development_comes_first() -> None:
    found = sorted(["0.10.0", "0.9.0", "1.0.0", "1.0.0.dev10", "1.0.0.dev9"], key=order)

    assert found == ["0.9.0", "0.10.0", "1.0.0.dev9", "1.0.0.dev10", "1.0.0"]


def test_the_citation_is_of_this_version_and_else_as_it_was(tiny: Corpus, tmp_path: Path) -> None:
    (tmp_path / "CITATION.cff").write_text(CITATION, encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    found = build(tiny, "0.1.0", tmp_path / "out", date=DATE, root=tmp_path)

    assert (found.folder / "CITATION.cff").read_text(encoding="utf-8") == (
        "cff-version: 1.2.0\n"
        "# The data has a version of its own.\n"
        "title: Tiny\n"
        "license: CC-BY-4.0\n"
        'version: "0.1.0"\n'
        'date-released: "2024-03-08"\n'
    )
    assert (found.folder / "CHANGELOG.md").read_text(encoding="utf-8") == "# Changelog\n"
    assert front_matter(found.folder)["license"] == "cc-by-4.0"


def test_what_was_changed_after_a_version_is_not_told_in_it(tiny: Corpus, tmp_path: Path) -> None:
    later = "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [0.2.0] - 2024-04-01\n\n- More.\n\n"
    own = "## [0.1.0] - 2024-03-08\n\n- It begins.\n"
    (tmp_path / "CHANGELOG.md").write_text(later + own, encoding="utf-8")

    old = build(tiny, "0.1.0", tmp_path / "releases", date=DATE, root=tmp_path)
    new = build(tiny, "0.3.0.dev0", tmp_path / "releases", date=DATE, root=tmp_path)

    assert (old.folder / "CHANGELOG.md").read_text(encoding="utf-8") == "# Changelog\n\n" + own
    assert (new.folder / "CHANGELOG.md").read_text(encoding="utf-8") == later + own


def test_the_card_names_every_config_that_has_rows(tiny_release: BuildReport) -> None:
    front = front_matter(tiny_release.folder)
    configs = {config["config_name"]: config for config in front["configs"]}

    assert list(configs) == [name for name, splits in tiny_release.rows.items() if sum(splits.values())]
    assert tiny_release.rows.keys() - configs.keys() == {"decisions", "entity_decisions"}
    assert front["language"] == ["ar", "en", "fr"]
    assert [name for name, config in configs.items() if config.get("default")] == ["documents"]
    assert configs["opinion"]["version"] == "0.1.0"
    assert configs["opinion"]["data_files"] == [
        {"split": "train", "path": "data/opinion/train.parquet"},
        {"split": "test", "path": "data/opinion/test.parquet"},
    ]


def test_a_version_in_development_is_told_to_datasets_by_its_three_numbers(real_release: BuildReport) -> None:
    assert {config["version"] for config in front_matter(real_release.folder)["configs"]} == {"0.1.0"}
    assert "Version 0.1.0.dev0 of 2024-03-08" in (real_release.folder / "README.md").read_text(encoding="utf-8")


def test_a_config_without_any_row_has_files_but_is_not_told_to_datasets(real_release: BuildReport) -> None:
    front = front_matter(real_release.folder)

    assert real_release.rows["events"] == {"corpus": 0}
    assert (real_release.folder / "data" / "events" / "corpus.parquet").is_file()
    assert "events" not in [config["config_name"] for config in front["configs"]]
    assert "| `events` | Documents that tell of one event. | corpus 0 |" in (
        real_release.folder / "README.md"
    ).read_text(encoding="utf-8")


def test_the_card_tells_the_digest_of_each_configs_files(
    tiny: Corpus, tiny_release: BuildReport, tmp_path: Path
) -> None:
    other = build(changed(tiny), "0.1.0", tmp_path, date=DATE)
    before, after = (
        {config["config_name"]: config["description"] for config in front_matter(folder)["configs"]}
        for folder in (tiny_release.folder, other.folder)
    )

    assert [config for config in before if before[config] != after[config]] == [
        "opinion",
        "judgements",
        "soft_labels",
    ]
    assert before["opinion"].startswith("content-sha256:")
    assert other.content_sha256 != tiny_release.content_sha256


def test_the_card_tells_how_far_annotators_agree(tiny: Corpus, tiny_release: BuildReport) -> None:
    shown = (tiny_release.folder / "README.md").read_text(encoding="utf-8").partition("## Agreement\n\n")[2]
    said, table = shown.partition("\n\n")[0], shown.partition("\n\n")[2].splitlines()

    assert said.startswith(
        "Of a1, m1 on 2 documents, before adjudication; bootstrap over documents, 1000 samples, seed 0"
    )
    assert "Note: 2 documents only: intervals over so few are wide and rough" in said
    assert table[0] == "| Layer | Of | Measure | Value | 95 % interval | Units | Documents | Remark |"
    assert table[2].startswith("| `naming` | all of it | F1 exact | 0.")
    assert " to " in table[2]
    alone = structs.replace(tiny, sets={key: marked for key, marked in tiny.sets.items() if key[0] == "a1"})
    assert agreed(alone) == (["Agreement is undefined: it takes the sets of two annotators."], [])


def test_labels_are_class_labels_in_the_card(tiny_release: BuildReport) -> None:
    info = {info["config_name"]: info for info in front_matter(tiny_release.folder)["dataset_info"]}
    columns = {column["name"]: column for column in info["point_sentences"]["features"]}

    assert columns["labels"] == {
        "name": "labels",
        "list": {"class_label": {"names": {"0": "happening", "1": "amount", "2": "wish"}}},
    }
    assert columns["text"] == {"name": "text", "dtype": "string"}
    assert {split["name"]: split["num_examples"] for split in info["opinion"]["splits"]} == {"train": 5, "test": 2}


def test_the_card_tells_what_views_leave_out_and_who_annotated(tiny_release: BuildReport) -> None:
    text = (tiny_release.folder / "README.md").read_text(encoding="utf-8")

    assert "- `naming_tags` has no tags for 2 of 32 fragments" in text
    assert "| `m1` | language model example-model 0.1 | 2 | Invented; labelled two documents. |" in text
    assert "- 2 of 3 documents were annotated by more than one annotator." in text
    assert "| `opinion` | likes 3, torn 1, dislikes 2, unsure 1 |" in text


def test_text_in_the_card_is_no_markup(tiny: Corpus) -> None:
    corpus = structs.replace(
        tiny,
        annotators={"a1": structs.replace(tiny.annotators["a1"], description="a | b\n# <script>`x`</script> [c](d)")},
    )
    tables = {**to_tables(corpus), **views(corpus)}
    about = About(corpus="t", title="*T*\n---", version="1.0.0", date=DATE, edition="full", content_sha256="0")
    text = card(corpus, about, tables, dict.fromkeys(tables, "0"))

    assert r"a \| b \# \<script\>\`x\`\</script\> \[c\]\(d\) |" in text
    assert "\n# \\*T\\* ---\n" in text
    assert yaml.safe_load(text.split("---\n", 2)[1])["pretty_name"] == "*T*\n---"


def nested(strings: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = strings | st.integers() | st.booleans()
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(strings, inner, min_size=1, max_size=3),
        max_leaves=8,
    )


@given(
    nested(st.text(max_size=6) | st.sampled_from(["null", "true", "yes", "\u2028", "\x85", "a: b", "- c", "\ufeff"]))
)
def test_any_yaml_is_read_as_it_was_meant(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("value", [[], {}, {"a": []}, [{"b": {}}]])
def test_empty_lists_and_mappings_are_read_as_they_were_meant(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


def test_one_flipped_bit_in_any_file_is_found_and_the_file_named(copied: Path, tiny_release: BuildReport) -> None:
    for path in tiny_release.files:
        whole = (copied / path).read_bytes()
        broken = bytearray(whole)
        broken[len(broken) // 2] ^= 1
        (copied / path).write_bytes(broken)
        with pytest.raises(ReleaseError) as error:
            verify(copied)
        assert f": {path} has not the checksum that SHA256SUMS gives it;" in str(error.value)
        (copied / path).write_bytes(whole)

    assert verify(copied) == tiny_release.files


def test_one_flipped_bit_in_the_checksums_is_found(copied: Path) -> None:
    sums = bytearray((copied / "SHA256SUMS").read_bytes())
    for at in range(0, len(sums), 97):
        sums[at] ^= 1
        (copied / "SHA256SUMS").write_bytes(sums)
        with pytest.raises(ReleaseError, match=r"SHA256SUMS|missing|added"):
            verify(copied)
        sums[at] ^= 1


def test_what_is_missing_or_was_added_is_named(copied: Path) -> None:
    (copied / "data" / "point" / "test.parquet").rename(copied / "data" / "point" / "dev.parquet")
    (copied / "link").symlink_to(copied / "schema")
    with pytest.raises(ReleaseError) as error:
        verify(copied)

    assert str(error.value) == (
        f"{copied}: data/point/test.parquet is missing; data/point/dev.parquet was added; link was added; "
        "expected the release as it was built"
    )


def test_a_folder_without_checksums_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="SHA256SUMS: not found"):
        verify(tmp_path)


def test_progress_is_told_until_the_end(tiny: Corpus, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build(tiny, "0.1.0", tmp_path, date=DATE, progress=lambda *at: told.append(at))

    assert told[-1] == ("files", 26, 26)
