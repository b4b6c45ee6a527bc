"""From a release, or a checkout, to tables in memory."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from changing import corrected
from msgspec import structs
from polars.testing import assert_frame_equal

import standoff
from standoff.errors import ReleaseError, UsageError
from standoff.model import Corpus
from standoff.release import BuildReport, build
from standoff.release.folder import SUMS, digest, sums_text, verify
from standoff.release.loading import read_parquet
from standoff.tables import vocabulary
from standoff.text import sha

DATE = "2024-03-08"


@pytest.fixture(scope="module")
def releases(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus as three versions; nobody writes into them."""
    out = tmp_path_factory.mktemp("releases")
    for version, corpus in {"0.1.0": tiny, "0.2.0": changed(tiny), "0.10.0.dev0": tiny}.items():
        build(corpus, version, out, date=DATE)
    return out


@pytest.fixture(scope="module")
def real_release(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The real corpus as version 0.1.0.dev0; nobody writes into it."""
    return build(statecloud, "0.1.0.dev0", tmp_path_factory.mktemp("real"), date=DATE, root=root)


@pytest.fixture
def copied(releases: Path, tmp_path: Path) -> Path:
    """A copy of 0.1.0, to be damaged."""
    return Path(shutil.copytree(releases / "0.1.0", tmp_path / "copied"))


def changed(corpus: Corpus) -> Corpus:
    """The tiny corpus with one label corrected."""
    return corrected(corpus, "a1", "fr_marche", "o1", "unsure")


def opinion_in(source: Path, version: str | None = None) -> str:
    """The label that `changed` changes."""
    table = standoff.load("opinion", version=version, split="train", source=source)
    found = [row["label"] for row in table.to_pylist() if (row["document"], row["id"]) == ("fr_marche", "o1")]
    assert len(found) == 1
    return str(found[0])


def test_one_split_is_a_table_and_all_splits_are_a_mapping(releases: Path) -> None:
    one = standoff.load("point", version="0.1.0", split="train", source=releases)
    every = standoff.load("point", version="0.1.0", source=releases)

    assert isinstance(one, pa.Table)
    assert one["id"].to_pylist()[:3] == ["p1", "p2", "p4"]
    assert {split: len(table) for split, table in every.items()} == {"train": 11, "validation": 0, "test": 4}
    assert list(every) == ["train", "validation", "test"]


def test_exactly_the_version_that_was_asked_for_is_loaded(releases: Path) -> None:
    assert opinion_in(releases, "0.1.0") == "likes"
    assert opinion_in(releases, "0.2.0") == "unsure"


def test_without_a_version_the_newest_that_is_not_in_development_is_loaded(releases: Path) -> None:
    assert standoff.versions(releases) == ("0.1.0", "0.2.0", "0.10.0.dev0")
    assert opinion_in(releases) == "unsure"


def test_a_release_in_development_is_the_newest_where_there_is_no_other(releases: Path) -> None:
    assert standoff.versions(releases / "0.10.0.dev0") == ("0.10.0.dev0",)
    assert opinion_in(releases / "0.10.0.dev0") == "likes"


def test_a_version_that_is_not_there_is_an_error_that_says_which_are(releases: Path) -> None:
    with pytest.raises(ReleaseError) as error:
        standoff.load("point", version="0.10.0", source=releases)

    assert str(error.value) == (
        f"{releases}: has no version '0.10.0' [did you mean '0.1.0'?]; there is 0.1.0, 0.2.0, 0.10.0.dev0"
    )


def test_one_folder_of_another_version_is_not_taken_for_it(releases: Path) -> None:
    with pytest.raises(ReleaseError, match=r"has no version '0\.2\.0'.*; there is 0\.1\.0"):
        standoff.load("point", version="0.2.0", source=releases / "0.1.0")


def test_two_folders_of_one_version_are_refused(releases: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(releases / "0.1.0", tmp_path / name)
    with pytest.raises(ReleaseError, match="holds two releases of one version"):
        standoff.load("point", source=tmp_path)


def test_a_checkout_gives_the_tables_of_its_corpus(tiny_root: Path, releases: Path) -> None:
    for config in ("point", "tellers"):
        built = standoff.load(config, version="0.1.0", source=releases)
        assert standoff.load(config, source=tiny_root) == built

    assert standoff.load("entities", split="corpus", source=str(tiny_root)).num_rows == 15
    assert standoff.versions(tiny_root) == ()


def test_a_checkout_has_no_version(tiny_root: Path) -> None:
    with pytest.raises(ReleaseError, match=r"is a checkout, which has no version; expected .* release '1\.0\.0'"):
        standoff.load("point", version="1.0.0", source=tiny_root)
    with pytest.raises(ReleaseError, match="is a checkout, which has no version"):
        standoff.read_release(tiny_root, version="1.0.0")


def test_without_a_source_the_checkout_of_the_package_is_read(statecloud: Corpus) -> None:
    assert standoff.read_release() == statecloud


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": "points"}, "no config 'points' [did you mean 'point'?]; expected one of "),
        (
            {"config": "point", "split": "dev"},
            "no split of point 'dev'; expected one of train, validation, test",
        ),
        (
            {"config": "point", "as_": "panda"},
            "no form 'panda' [did you mean 'pandas'?]; expected one of arrow, pandas, polars, datasets",
        ),
    ],
)
@pytest.mark.parametrize("source", ["release", "checkout"])
def test_what_is_not_there_is_told_with_what_is(
    source: str, arguments: dict[str, Any], message: str, releases: Path, tiny_root: Path
) -> None:
    with pytest.raises(UsageError) as error:
        standoff.load(**arguments, source={"release": releases, "checkout": tiny_root}[source])

    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "nowhere://a",
            "nowhere://a: Protocol not known: nowhere; expected hf://datasets/ORG/NAME or a URL",
        ),
        (
            "hf://datasets/a/b@v1.0.0",
            "hf://datasets/a/b@v1.0.0: is no dataset; expected hf://datasets/ORG/NAME, and",
        ),
        ("nowhere", "nowhere: no such folder; expected a release, a folder of releases, or a checkout"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(source: str, message: str) -> None:
    with pytest.raises((ReleaseError, UsageError), match=re.escape(message)):
        standoff.load("point", source=source)


def test_a_folder_without_a_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="holds no release"):
        standoff.load("point", source=tmp_path)


@pytest.mark.parametrize("path", ["data/point/train.parquet", "data/opinion/test.parquet", "README.md", "release.json"])
def test_nothing_is_seen_of_a_release_with_one_flipped_bit(path: str, copied: Path) -> None:
    broken = bytearray((copied / path).read_bytes())
    broken[len(broken) // 2] ^= 1
    (copied / path).write_bytes(broken)
    for use in (lambda: standoff.load("point", source=copied), lambda: standoff.read_release(copied)):
        with pytest.raises(ReleaseError, match=re.escape(path)):
            use()


def test_nothing_is_seen_of_a_release_with_a_file_missing_or_added(copied: Path) -> None:
    (copied / "data" / "rights" / "corpus.parquet").unlink()
    (copied / "data" / "point" / "more.parquet").write_bytes(b"")
    with pytest.raises(
        ReleaseError, match=r"data/rights/corpus\.parquet is missing; data/point/more\.parquet was added"
    ):
        standoff.load("point", source=copied)


@pytest.mark.parametrize("text", ["", "[]", '{"version": "0.1.0"}'])
def test_a_release_that_does_not_say_what_it_is_is_refused(text: str, copied: Path) -> None:
    (copied / "release.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"release\.json: cannot be read: "):
        standoff.load("point", source=copied)


def test_a_release_is_the_corpus_that_was_built(releases: Path, tiny: Corpus) -> None:
    found = standoff.read_release(releases, version="0.1.0")

    assert found == structs.replace(tiny, version="0.1.0", releases=())


def test_the_real_release_is_the_corpus_that_was_built(real_release: BuildReport, statecloud: Corpus) -> None:
    found = standoff.read_release(real_release.folder)

    assert found == structs.replace(statecloud, version="0.1.0.dev0", releases=())


def test_tables_that_hold_another_corpus_than_the_release_says_are_refused(copied: Path) -> None:
    path = "data/splits/corpus.parquet"
    table = pq.ParquetFile(copied / path).read()
    pq.write_table(table.set_column(1, "split", pa.array(["test"] * len(table))), copied / path)
    (copied / SUMS).unlink()
    sums = {p.relative_to(copied).as_posix(): p for p in copied.rglob("*") if p.is_file()}
    (copied / SUMS).write_text(sums_text({name: sha(p.read_bytes()) for name, p in sums.items()}), encoding="utf-8")
    verify(copied)
    with pytest.raises(
        ReleaseError, match=r"the tables hold a corpus of digest \w{64}; expected \w{64}, as release\.json"
    ):
        standoff.read_release(copied)


def test_pandas_and_polars_get_the_same_rows(releases: Path) -> None:
    rows = standoff.load("opinion", version="0.1.0", split="test", source=releases).select(["id", "label"]).to_pylist()
    pandas = standoff.load("opinion", version="0.1.0", split="test", source=releases, as_="pandas")
    polars = standoff.load("opinion", version="0.1.0", split="test", source=releases, as_="polars")

    assert rows == [{"id": "o1", "label": "dislikes"}, {"id": "o2", "label": "dislikes"}]
    assert pandas[["id", "label"]].to_dict("records") == rows
    assert polars.select("id", "label").to_dicts() == rows


@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_an_empty_split_has_all_its_columns_in_every_form(form: str, releases: Path) -> None:
    found = standoff.load("point", version="0.1.0", split="validation", source=releases, as_=form)

    assert len(found) == 0
    assert list(found.columns) == [
        "id",
        "document",
        "label",
        "spans",
        "topic",
        "firmness",
        "denial",
        "note",
        "derived_from",
    ]


@pytest.mark.parametrize("form", ["polars", "datasets"])
def test_a_library_that_is_not_installed_is_named(form: str, releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, form, None)
    with pytest.raises(UsageError, match=f"as_='{form}' needs the library '{form}'; install it, or use as_='arrow'"):
        standoff.load("point", version="0.1.0", split="train", source=releases, as_=form)


def test_importing_standoff_loads_nothing_heavy() -> None:
    code = "import sys, standoff; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    found = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())

    assert found & {"pyarrow", "numpy", "jsonschema", "rich", "datasets", "pandas", "polars", "fsspec"} == set()
    assert "standoff" in found


def test_a_load_does_without_the_clients_of_object_stores(releases: Path) -> None:
    told = f"standoff.load('point', source={str(releases)!r}, version='0.1.0'); print(sorted(set(sys.modules) & heavy))"
    heavy = "heavy = {'pyarrow.fs', 'pyarrow.parquet', 'pyarrow.dataset', 'pandas', 'fsspec', 'jsonschema'}"
    code = f"import sys, standoff; {heavy}; {told}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_table_is_read_as_the_public_reader_of_pyarrow_reads_it(real_release: BuildReport) -> None:
    paths = sorted(real_release.folder.glob("data/*/*.parquet"))

    assert len(paths) > 40
    for path in paths:
        found, public = read_parquet(path), pq.ParquetFile(path).read()
        assert found.equals(public)
        assert found.schema.equals(public.schema, check_metadata=True)


def test_a_file_that_is_no_table_fails_as_the_public_reader_does(tmp_path: Path) -> None:
    (tmp_path / "words.parquet").write_text("words of no table at all")

    for read in (read_parquet, pq.ParquetFile):
        with pytest.raises(pa.ArrowInvalid, match="Parquet magic bytes not found"):
            read(tmp_path / "words.parquet")
        with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "gone"))):
            read(tmp_path / "gone")


def test_standoff_tells_its_version_and_has_no_other_names() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", standoff.__version__)
    with pytest.raises(AttributeError, match="module 'standoff' has no attribute 'lod'"):
        _ = standoff.lod  # type: ignore[attr-defined]


# `datasets` reads its cache folder and whether it is offline at import: it runs in a process with an environment of
# its own. Each job is a folder and the configs to load from it, in this order.
WITH_DATASETS = """
import json, sys
import datasets, standoff
datasets.disable_progress_bars()
found = []
for folder, configs in json.loads(sys.argv[1]):
    names = datasets.get_dataset_config_names(folder)
    for config in configs or names:
        batch = datasets.load_dataset(folder, config)
        stream = datasets.load_dataset(folder, config, streaming=True)
        ours = standoff.load(config, source=folder, as_="datasets")
        found.append({
            "folder": folder,
            "config": config,
            "version": str(next(iter(batch.values())).info.version),
            "features": {split: rows.features.to_dict() for split, rows in batch.items()},
            "our_features": {split: rows.features.to_dict() for split, rows in ours.items()},
            "batch": {split: list(rows) for split, rows in batch.items()},
            "stream": {split: list(rows) for split, rows in stream.items()},
            "ours": {split: list(rows) for split, rows in ours.items()},
        })
    found.append({"folder": folder, "config": None, "configs": names})
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def loaded(
    releases: Path, real_release: BuildReport, tiny: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str | None], dict[str, Any]]:
    """What `datasets` makes of releases: (release, config) -> what it loaded."""
    home = tmp_path_factory.mktemp("huggingface")
    # The trap: two releases in folders of one name, with all but one label the same, one behind the other.
    again = build(changed(tiny), "0.1.0", tmp_path_factory.mktemp("again"), date=DATE).folder
    later = build(changed(tiny), "0.1.1", tmp_path_factory.mktemp("later"), date=DATE).folder
    later = later.rename(later.with_name("0.1.0"))
    jobs = {
        "tiny": (releases / "0.1.0", None),
        "changed": (again, ["opinion", "point"]),
        "later": (later, ["opinion"]),
        "real": (real_release.folder, None),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITH_DATASETS, json.dumps([(str(f), c) for f, c in jobs.values()])],
        env={**os.environ, "HF_HOME": str(home), "HF_DATASETS_CACHE": str(home / "datasets"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    names = {str(folder): name for name, (folder, _) in jobs.items()}
    return {(names[entry["folder"]], entry["config"]): entry for entry in json.loads(done.stdout.splitlines()[-1])}


def as_integers(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table with the strings of closed lists as their places in the list."""
    closed = {field.name: list(vocabulary(field)) for field in table.schema if vocabulary(field)}

    def number(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [number(name, item) for item in value]
        return value if value is None or name not in closed else closed[name].index(value)

    return [{name: number(name, value) for name, value in row.items()} for row in table.to_pylist()]


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_datasets_loads_the_same_rows_of_every_config_batch_and_streaming(
    name: str, loaded: dict[tuple[str, str | None], dict[str, Any]], releases: Path, real_release: BuildReport
) -> None:
    folder = {"tiny": releases / "0.1.0", "real": real_release.folder}[name]
    configs = [config for release, config in loaded if release == name and config is not None]

    assert len(configs) >= 18
    for config in configs:
        entry = loaded[name, config]
        expected = {split: as_integers(table) for split, table in standoff.load(config, source=folder).items()}
        assert entry["ours"] == expected, config
        assert entry["batch"] == entry["stream"] == {split: rows for split, rows in expected.items() if rows}, config
        assert entry["version"] == "0.1.0"


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_datasets_has_the_features_that_standoff_gives_it(
    name: str, loaded: dict[tuple[str, str | None], dict[str, Any]]
) -> None:
    for (release, config), entry in loaded.items():
        if release == name and config is not None:
            assert entry["features"] == {split: entry["our_features"][split] for split in entry["features"]}, config


def test_labels_and_attributes_are_class_labels_for_datasets(
    loaded: dict[tuple[str, str | None], dict[str, Any]],
) -> None:
    opinion = loaded["tiny", "opinion"]["features"]["train"]
    sentences = loaded["tiny", "point_sentences"]["features"]["train"]

    assert opinion["label"] == {"names": ["likes", "torn", "dislikes", "unsure"], "_type": "ClassLabel"}
    assert opinion["wording"] == {"names": ["plain", "hinted"], "_type": "ClassLabel"}
    assert sentences["labels"] == {
        "feature": {"names": ["happening", "amount", "wish"], "_type": "ClassLabel"},
        "_type": "List",
    }


def test_a_split_without_rows_loads_with_standoff_and_is_left_out_by_datasets(
    loaded: dict[tuple[str, str | None], dict[str, Any]],
) -> None:
    assert list(loaded["tiny", "link"]["batch"]) == ["train"]
    assert loaded["tiny", "link"]["ours"]["validation"] == []
    assert loaded["tiny", "link"]["our_features"]["validation"] == loaded["tiny", "link"]["our_features"]["train"]


def test_datasets_is_told_of_the_configs_that_have_rows(
    loaded: dict[tuple[str, str | None], dict[str, Any]],
) -> None:
    assert loaded["tiny", None]["configs"][:5] == ["documents", "sentences", "tokens", "entities", "annotators"]
    assert set(loaded["tiny", None]["configs"]) >= {"point", "judgements", "soft_labels", "merge_policy"}
    assert "decisions" not in loaded["tiny", None]["configs"]
    assert "events" not in loaded["real", None]["configs"]


def test_datasets_sees_one_changed_label_in_a_folder_of_the_same_name(
    loaded: dict[tuple[str, str | None], dict[str, Any]],
) -> None:
    before, after, later = (
        [row["label"] for row in loaded[name, "opinion"]["batch"]["train"] if row["document"] == "fr_marche"]
        for name in ("tiny", "changed", "later")
    )

    assert (before, after, later) == ([0, 0], [3, 0], [3, 0])
    assert loaded["later", "opinion"]["version"] == "0.1.1"
    assert loaded["changed", "point"]["batch"] == loaded["tiny", "point"]["batch"]


def test_the_digest_of_files_is_one_of_their_names_and_contents() -> None:
    one = digest({"a": "1" * 64, "b": "2" * 64})

    assert one == digest({"b": "2" * 64, "a": "1" * 64})
    assert one != digest({"a": "2" * 64, "b": "1" * 64})


def test_a_release_whose_numbers_of_rows_are_not_those_of_its_tables_is_refused(copied: Path) -> None:
    said = json.loads((copied / "release.json").read_text())
    said["rows"]["point"]["train"] += 1
    (copied / "release.json").write_text(json.dumps(said))
    before = (copied / "SHA256SUMS").read_text()
    after = re.sub(r"^\w+(?=  release\.json$)", sha((copied / "release.json").read_bytes()), before, flags=re.MULTILINE)
    (copied / "SHA256SUMS").write_text(after)

    with pytest.raises(ReleaseError, match=r"point has .*'train': 11.* rows; expected .*'train': 12"):
        standoff.read_release(copied)


def test_what_is_asked_for_in_a_way_that_gives_nothing_is_told(releases: Path) -> None:
    with pytest.raises(UsageError, match=r"^no config was named; expected one of .*point"):
        standoff.load(None, source=releases)  # type: ignore[arg-type]
    with pytest.raises(
        UsageError, match=r"'train' is a split; expected a version second: load\('point', split='train'\)"
    ):
        standoff.load("point", "train", source=releases)
    with pytest.raises(UsageError, match=r"^source is empty; expected"):
        standoff.load("point", source="")


def test_a_checkout_says_by_which_revision_it_gives_a_version(tiny_root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "tiny"))
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Begin"), ("tag", "v1.0.0")):
        subprocess.run(["git", *name, *words], cwd=root, check=True)

    with pytest.raises(ReleaseError, match=r"no version; .*; or source=\"git:v1\.0\.0\", which gives, from within it"):
        standoff.load("point", "1.0.0", source=root)
    with pytest.raises(ReleaseError, match=r"standoff build makes one$"):
        standoff.load("point", "2.0.0", source=root)


def test_a_table_that_an_edition_without_texts_leaves_out_is_told_so(
    tiny: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    folder = build(tiny, "0.1.0", tmp_path, date=DATE, root=tiny_root, edition="text-free").folder

    with pytest.raises(UsageError, match=r"^'tellers' is left out of the edition without texts, .* standoff hydrate"):
        standoff.load("tellers", source=folder)
    with pytest.raises(UsageError, match=r"^no config 'teller'"):
        standoff.load("teller", source=folder)


def test_a_table_that_is_none_is_named_though_its_checksum_is_right(copied: Path) -> None:
    path = copied / "data" / "point" / "train.parquet"
    path.write_bytes(b"junk")
    old = [line.partition("  ")[2] for line in (copied / SUMS).read_text().splitlines()]
    (copied / SUMS).write_text(sums_text({name: sha((copied / name).read_bytes()) for name in old}))

    for read in (
        lambda: standoff.load("point", source=copied),
        lambda: standoff.load("point", source=copied, as_="polars"),
        lambda: standoff.read_release(copied),
    ):
        with pytest.raises(ReleaseError, match=rf"^{re.escape(str(path))}: is no table that can be read: "):
            read()


def test_polars_reads_by_itself_what_pyarrow_would_give_it(real_release: BuildReport) -> None:
    folder = real_release.folder
    told = f"standoff.load('claim', source={str(folder)!r}, as_='polars'); print('pyarrow' in sys.modules)"
    code = f"import sys, standoff; {told}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

    for config in real_release.rows:
        found = standoff.load(config, source=folder, as_="polars")
        for split, table in standoff.load(config, source=folder).items():
            assert_frame_equal(found[split], cast(pl.DataFrame, pl.from_arrow(table)))
