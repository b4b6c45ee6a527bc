"""The same rows whoever loads a release: other versions of datasets, and other libraries, batch and streaming."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import standoff
from standoff.model import Corpus
from standoff.release.building import BuildReport, build

pytestmark = pytest.mark.matrix

Rows = dict[str, dict[str, list[dict[str, Any]]]]
"""Config -> split -> rows."""


@pytest.fixture(scope="module")
def release(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The real corpus as version 9.0.0; nobody writes into it."""
    return build(statecloud, "9.0.0", tmp_path_factory.mktemp("matrix"), date="2024-03-08", root=root)


@pytest.fixture(scope="module")
def rows(release: BuildReport) -> Rows:
    """What our own loader gives."""
    return {
        config: {split: table.to_pylist() for split, table in standoff.load(config, source=release.folder).items()}
        for config in release.rows
    }


def environment(root: Path, name: str) -> Path:
    """The folder of the commands of an environment, made from its lock file unless it is there."""
    lock = root / "requirements" / f"matrix-{name}.txt"
    made_of = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = root / ".standoff" / "matrix" / f"{name}-{made_of}"
    python, stamp = folder / "bin" / "python", folder / "ready"
    if not stamp.exists():
        for old in folder.parent.glob(f"{name}-*"):
            shutil.rmtree(old)
        uv = os.environ.get("STANDOFF_UV") or shutil.which("uv") or str(root / ".standoff" / "uv" / "bin" / "uv")
        for words in (
            ("venv", "--quiet", "--python", sys.executable, str(folder)),
            ("pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)),
        ):
            subprocess.run([uv, *words], check=True)
        stamp.touch()
    return folder / "bin"


@pytest.mark.parametrize("version", ["3", "4", "5"])
def test_every_version_of_datasets_loads_the_same_rows(
    version: str, root: Path, release: BuildReport, rows: Rows, tmp_path: Path
) -> None:
    filled = {config: {split: some for split, some in splits.items() if some} for config, splits in rows.items()}
    filled = {config: splits for config, splits in filled.items() if splits}
    commands = environment(root, version)
    done = subprocess.run(
        [commands / "python", root / "tests" / "matrix" / "rows.py", release.folder, *filled],
        env={
            "PATH": os.environ["PATH"],
            "HF_HOME": str(tmp_path),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "PYTHONUTF8": "1",
        },
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found.pop("datasets").split(".")[0] == version
    assert found == {config: {"batch": splits, "streaming": splits} for config, splits in filled.items()}


def by_pyarrow(path: Path) -> list[dict[str, Any]]:
    """All at once."""
    import pyarrow.parquet as pq

    return pq.read_table(path, partitioning=None).to_pylist()


def by_pyarrow_batches(path: Path) -> list[dict[str, Any]]:
    """Some rows at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return [row for batch in file.iter_batches(batch_size=7) for row in batch.to_pylist()]


def by_pandas(path: Path) -> list[dict[str, Any]]:
    """Through a data frame, whose lists are arrays and whose numbers are its own."""
    import pandas

    return plain(pandas.read_parquet(path).to_dict("records"))


def by_polars(path: Path) -> list[dict[str, Any]]:
    """All at once."""
    import polars

    return polars.read_parquet(path, hive_partitioning=False).to_dicts()


def by_polars_streaming(path: Path) -> list[dict[str, Any]]:
    """Lazily, by the engine that streams."""
    import polars

    return polars.scan_parquet(path, hive_partitioning=False).collect(engine="streaming").to_dicts()


def by_duckdb(path: Path) -> list[dict[str, Any]]:
    """All at once."""
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet($path)", {"path": str(path)})
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def by_duckdb_streaming(path: Path) -> list[dict[str, Any]]:
    """As a reader of record batches."""
    import duckdb

    with duckdb.connect() as connection:
        found = connection.sql("select * from read_parquet($path)", params={"path": str(path)})
        return [row for batch in found.to_arrow_reader(7) for row in batch.to_pylist()]


def plain(value: Any) -> Any:
    """A value of pandas or numpy as one of Python."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list) or type(value).__name__ == "ndarray":
        return [plain(part) for part in value]
    return value.item() if hasattr(value, "item") else value


@pytest.mark.parametrize(
    "read",
    [by_pyarrow, by_pyarrow_batches, by_pandas, by_polars, by_polars_streaming, by_duckdb, by_duckdb_streaming],
    ids=lambda read: read.__name__,
)
def test_every_library_reads_the_same_rows_from_the_files(
    read: Callable[[Path], list[dict[str, Any]]], release: BuildReport, rows: Rows
) -> None:
    assert {
        config: {split: read(release.folder / "data" / config / f"{split}.parquet") for split in splits}
        for config, splits in rows.items()
    } == rows


def test_the_citation_of_a_release_is_valid_by_the_formats_own_checker(root: Path, release: BuildReport) -> None:
    command = [environment(root, "cff") / "cffconvert", "--validate", "-i", release.folder / "CITATION.cff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stdout == "Citation metadata are valid according to schema version 1.2.0.\n"
