"""From a release, or a checkout, to tables or a corpus. Nothing is seen of a release before it is known to be whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from standoff.adjudicate import soft_labels
from standoff.canon import content_digest
from standoff.errors import ReleaseError, UsageError, nearest
from standoff.files import find_root, read, read_scheme
from standoff.model import Corpus
from standoff.release.folder import ABOUT, DATA, about, order, verify
from standoff.tables import SPLITS, from_tables, schemas, to_tables, vocabulary
from standoff.views import views

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["load", "read_release", "versions"]

Form: TypeAlias = Literal["arrow", "pandas", "polars", "datasets"]


def load(
    config: str,
    version: str | None = None,
    split: str | None = None,
    source: str | Path | None = None,
    as_: Form = "arrow",
) -> Any:
    """One table of a release, or all its splits: split -> table.

    Args:
        config: the table: a layer, a view, or one that every corpus has, such as documents.
        version: exactly this one; without it the newest of the source, versions in development only where there are
            no others.
        split: one split; without it all, the empty ones too.
        source: the folder of a release, a folder of releases, or a checkout, which has no version: its tables are
            made on the spot. Without it the checkout that this package stands in.
        as_: arrow (a pyarrow.Table), pandas, polars, or datasets (a datasets.Dataset with ClassLabel features).

    Raises:
        ReleaseError: there is no such release, or it is not as it was built: a file changed, is missing or was added.
        UsageError: there is no such config, split, form or source.
    """
    _known(as_, get_args(Form), "form")
    folder = _folder(source)
    if _is_checkout(folder):
        _no_version(version, folder)
        corpus = read(folder)
        tables = {**to_tables(corpus), **views(corpus), **soft_labels(corpus)}
        _known(config, list(tables), "config")
        found: Mapping[str, Any] = tables[config]
        _known(split, list(found), f"split of {config}")
        found = {name: found[name] for name in ([split] if split else found)}
    else:
        release = _release(folder, version)
        files = _parquet(verify(release))
        _known(config, list(files), "config")
        _known(split, list(files[config]), f"split of {config}")
        found = {name: _read(release / files[config][name]) for name in ([split] if split else files[config])}
    shown = {name: _as(table, as_) for name, table in found.items()}
    return shown[split] if split else shown


def read_release(source: str | Path | None = None, version: str | None = None) -> Corpus:
    """The corpus of a release: what was built, all annotators' sets included, but for the list of releases.

    Args:
        source: as in `load`; a checkout gives its corpus as it is.
        version: as in `load`.

    Raises:
        ReleaseError: as in `load`; or the tables do not hold what the release says that it is.
        RecordError, SchemaError: the tables or the schema are not such as this package writes.
    """
    folder = _folder(source)
    if _is_checkout(folder):
        _no_version(version, folder)
        return read(folder)
    release = _release(folder, version)
    files = _parquet(verify(release))
    scheme = read_scheme(release)
    tables = {
        config: {split: _read(release / path) for split, path in files.get(config, {}).items()}
        for config in schemas(scheme)
    }
    facts = about(release)
    _recount(release, files, facts.rows)
    corpus = from_tables(tables, scheme, version=facts.version)
    if (found := content_digest(corpus)) != facts.content_sha256:
        raise ReleaseError(
            f"the tables hold a corpus of digest {found}; expected {facts.content_sha256}, as {ABOUT} says",
            place=str(release),
        )
    return corpus


def _recount(release: Path, files: Mapping[str, Mapping[str, str]], rows: Mapping[str, Mapping[str, int]]) -> None:
    """Holds the numbers of rows that a release gives of itself against its tables."""
    import pyarrow.parquet as pq

    counted = {
        config: {split: pq.ParquetFile(release / path).metadata.num_rows for split, path in splits.items()}
        for config, splits in files.items()
    }
    for config in sorted(counted.keys() | rows.keys()):
        if (found := counted.get(config, {})) != (given := dict(rows.get(config, {}))):
            raise ReleaseError(f"{config} has {found} rows; expected {given}, as {ABOUT} says", place=str(release))


def versions(source: str | Path | None = None) -> tuple[str, ...]:
    """The versions that a source holds, oldest first; a checkout holds none."""
    folder = _folder(source)
    return () if _is_checkout(folder) else tuple(_releases(folder))


def _folder(source: str | Path | None) -> Path:
    """The local folder of a source; where other kinds of source are to come in."""
    if source is None:
        return find_root(Path(__file__).parent)
    if "://" in str(source):
        raise UsageError("is a URL; expected a folder: of a release, of several, or a checkout", place=str(source))
    folder = Path(source)
    if not folder.is_dir():
        raise ReleaseError("no such folder; expected a release, a folder of releases, or a checkout", place=str(folder))
    return folder


def _is_checkout(folder: Path) -> bool:
    return (folder / "corpus").is_dir() and (folder / "schema").is_dir() and not (folder / ABOUT).exists()


def _no_version(version: str | None, folder: Path) -> None:
    if version is not None:
        raise ReleaseError(
            f"is a checkout, which has no version; expected a folder with the release {version!r}; "
            f"standoff build makes one",
            place=str(folder),
        )


def _releases(folder: Path) -> dict[str, Path]:
    """The releases in a folder, oldest first: it is one, or holds some."""
    if (folder / ABOUT).exists():
        return {about(folder).version: folder}
    found = sorted(path.parent for path in folder.glob(f"*/{ABOUT}"))
    named = {about(path).version: path for path in found}
    if len(named) < len(found):
        raise ReleaseError("holds two releases of one version; expected each once", place=str(folder))
    return {version: named[version] for version in sorted(named, key=order)}


def _release(folder: Path, version: str | None) -> Path:
    """The folder of the release that was asked for."""
    found = _releases(folder)
    if not found:
        raise ReleaseError("holds no release; expected one, or folders of releases", place=str(folder))
    if version is None:
        version = max(found, key=lambda version: (".dev" not in version, order(version)))
    if version not in found:
        raise ReleaseError(
            f"has no version {version!r}{nearest(version, list(found))}; there is {', '.join(found)}",
            place=str(folder),
        )
    return found[version]


def _parquet(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Config -> split -> path, of the files of a release; splits in their usual order."""
    found: dict[str, dict[str, str]] = {}
    usual = [f"{split}.parquet" for split in SPLITS]
    for path in sorted(files, key=lambda path: [path.endswith(name) for name in usual], reverse=True):
        match path.split("/"):
            case [top, config, name] if top == DATA and name.endswith(".parquet"):
                found.setdefault(config, {})[name.removesuffix(".parquet")] = path
    return found


def _read(path: Path) -> pa.Table:
    # Not `read_table`, which imports pandas and takes five times as long until the first row.
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


def _known(asked: str | None, known: list[str] | tuple[str, ...], what: str) -> None:
    if asked is not None and asked not in known:
        raise UsageError(f"no {what} {asked!r}{nearest(asked, known)}; expected one of {', '.join(known)}")


def _as(table: pa.Table, form: Form) -> Any:
    try:
        if form == "pandas":
            return table.to_pandas()
        if form == "polars":
            import polars

            return polars.from_arrow(table)
        return _dataset(table) if form == "datasets" else table
    except ModuleNotFoundError as error:
        raise UsageError(f"as_={form!r} needs the library {error.name!r}; install it, or use as_='arrow'") from error


def _dataset(table: pa.Table) -> Any:
    """A table as a `datasets.Dataset`, in memory; closed lists of strings become ClassLabel."""
    from datasets import ClassLabel, Dataset, Features
    from datasets.table import InMemoryTable, table_cast

    features = Features.from_arrow_schema(table.schema)
    for field in table.schema:
        if names := vocabulary(field):
            label, column = ClassLabel(names=list(names)), features[field.name]
            features[field.name] = type(column)(label) if hasattr(column, "feature") else label
    return Dataset(InMemoryTable(table_cast(table, features.arrow_schema)))
