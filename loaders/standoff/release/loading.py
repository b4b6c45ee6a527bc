"""From a release, or a checkout, to tables or a corpus. Nothing is seen of a release before it is known to be whole.

What a load of one table does without is imported by those alone who need it: a load is mostly imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from standoff.errors import ReleaseError, UsageError, nearest
from standoff.model import SPLITS, Corpus, Progress, silent
from standoff.release.folder import ABOUT, DATA, WITHDRAWN, about, verify
from standoff.release.opening import is_checkout, known_versions, opened

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["derived_tables", "load", "parquet_files", "read_parquet", "read_release", "versions"]

T = TypeVar("T")

Form: TypeAlias = Literal["arrow", "pandas", "polars", "datasets"]


def load(
    config: str,
    version: str | None = None,
    split: str | None = None,
    source: str | Path | None = None,
    as_: Form = "arrow",
    *,
    yanked: bool = False,
    cache: str | Path | None = None,
) -> Any:
    """One table of a release, or all its splits: split -> table.

    Without a source, it is the release that the installed package carries: the newest when the package was built.

    Args:
        config: the table: a layer, a view, or one that every corpus has, such as documents.
        version: exactly this one; without it the newest of the source, versions in development only where there are
            no others.
        split: one split; without it all, the empty ones too.
        source: the folder of a release, a folder of releases, `hf://datasets/ORG/NAME`, any URL that fsspec knows; or a
            checkout, which has no version: its tables are made on the spot; or `git:REVISION`, the checkout that you
            stand in as it was then. Without it the release that this package carries, or in a checkout the checkout.
        as_: arrow (a pyarrow.Table), pandas, polars, or datasets (a datasets.Dataset with ClassLabel features).
        yanked: whether it may be a version that was yanked.
        cache: where releases from a URL are kept; without it what $STANDOFF_CACHE names, or the user's folder of
            caches. A release is fetched whole, once, and is checked each time that it is read.

    Raises:
        ReleaseError: there is no such release, it was yanked, or it is not as it was built: a file changed, is missing
            or was added.
        UsageError: there is no such config, split, form or source; or the cache cannot be used.
    """
    _known(as_, get_args(Form), "form")
    if version in SPLITS:
        raise UsageError(
            f"{version!r} is a split; expected a version second: load({config!r}, split={version!r}) gives the split"
        )
    with opened(source, version, yanked=yanked, cache=cache) as folder:
        if is_checkout(folder):
            shown = {name: _as(table, as_) for name, table in _chosen(_tables_of(folder), config, split).items()}
        else:
            there = parquet_files(verify(folder))
            if config not in there:
                _refuse_left_out(folder, config)
            files = _chosen(there, config, split)
            shown = {name: _read_as(folder / path, as_) for name, path in files.items()}
    return shown[split] if split else shown


def read_release(
    source: str | Path | None = None,
    version: str | None = None,
    *,
    yanked: bool = False,
    cache: str | Path | None = None,
) -> Corpus:
    """The corpus of a release: what was built, all annotators' sets included, but for the list of releases.

    Args:
        source: as in `load`; a checkout gives its corpus as it is.
        version: as in `load`.
        yanked: as in `load`.
        cache: as in `load`.

    Raises:
        ReleaseError: as in `load`; or the tables do not hold what the release says that it is.
        RecordError, SchemaError: the tables or the schema are not such as this package writes.
    """
    from standoff.files import read

    with opened(source, version, yanked=yanked, cache=cache) as folder:
        return read(folder) if is_checkout(folder) else _corpus(folder)


def versions(
    source: str | Path | None = None, *, yanked: bool = False, cache: str | Path | None = None
) -> tuple[str, ...]:
    """The versions that a source has, oldest first; a checkout has none.

    Args:
        source: as in `load`.
        yanked: whether those are among them that were yanked.
        cache: as in `load`.

    Raises:
        ReleaseError, UsageError: as in `load`.
    """
    return known_versions(source, yanked=yanked, cache=cache)


def derived_tables(corpus: Corpus, *, progress: Progress = silent) -> dict[str, dict[str, pa.Table]]:
    """All tables that a release of a corpus has: config -> split -> table."""
    from standoff.adjudicate import soft_labels
    from standoff.tables import to_tables
    from standoff.views import views

    return {**to_tables(corpus, progress=progress), **views(corpus), **soft_labels(corpus)}


def _tables_of(checkout: Path) -> dict[str, dict[str, pa.Table]]:
    from standoff.files import read

    return derived_tables(read(checkout))


def _corpus(release: Path) -> Corpus:
    from standoff.canon import content_digest
    from standoff.files import read_scheme, read_withdrawn
    from standoff.tables import from_tables, schemas

    files = parquet_files(verify(release))
    if about(release).edition == "text-free":
        raise ReleaseError("has no texts; expected the full edition, which standoff hydrate makes", place=str(release))
    scheme = read_scheme(release)
    tables = {
        config: {split: _table(release / path) for split, path in files.get(config, {}).items()}
        for config in schemas(scheme)
    }
    facts = about(release)
    _recount(release, files, facts.rows)
    corpus = from_tables(tables, scheme, version=facts.version, withdrawn=read_withdrawn(release / WITHDRAWN))
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


def parquet_files(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Config -> split -> path, of the files of a release; splits in their usual order."""
    found: dict[str, dict[str, str]] = {}
    usual = [f"{split}.parquet" for split in SPLITS]
    for path in sorted(files, key=lambda path: [path.endswith(name) for name in usual], reverse=True):
        match path.split("/"):
            case [top, config, name] if top == DATA and name.endswith(".parquet"):
                found.setdefault(config, {})[name.removesuffix(".parquet")] = path
    return found


def read_parquet(path: Path) -> pa.Table:
    """The table that a file holds, as `pyarrow.parquet.ParquetFile(path).read()` gives it."""
    # The class that ParquetFile reads with. To import ParquetFile takes a tenth of a whole load, for the clients of S3,
    # GCS and HDFS; `read_table` imports pandas on top. It is private: a test holds the two against each other.
    from pyarrow._parquet import ParquetReader

    with closing(ParquetReader()) as reader:
        reader.open(str(path))
        table: pa.Table = reader.read_all()
        return table


def _table(path: Path) -> pa.Table:
    with _readable(path):
        return read_parquet(path)


@contextmanager
def _readable(path: Path, *more: type[Exception]) -> Iterator[None]:
    """Says of a file of a release that it holds no table.

    Args:
        more: what a reader raises besides the bases of pyarrow's errors.
    """
    kinds: tuple[type[Exception], ...] = (OSError, ValueError, NotImplementedError, *more)
    try:
        yield
    except kinds as error:
        raise ReleaseError(f"is no table that can be read: {error}", place=str(path)) from error


def _refuse_left_out(release: Path, config: str) -> None:
    """Tells of a table that the full edition has, and this one has not."""
    if about(release).edition == "full":
        return
    from standoff.files import read_scheme

    if config in {view.name for view in read_scheme(release).views}:
        raise UsageError(
            f"{config!r} is left out of the edition without texts, since it is made of text; standoff hydrate makes "
            "the full edition"
        )


def _chosen(configs: Mapping[str, Mapping[str, T]], config: str | None, split: str | None) -> Mapping[str, T]:
    """The splits that were asked for of a config."""
    if config is None:
        raise UsageError(f"no config was named; expected one of {', '.join(configs)}")
    _known(config, list(configs), "config")
    _known(split, list(configs[config]), f"split of {config}")
    return {split: configs[config][split]} if split else configs[config]


def _known(asked: str | None, known: Sequence[str], what: str) -> None:
    if asked is not None and asked not in known:
        raise UsageError(f"no {what} {asked!r}{nearest(asked, known)}; expected one of {', '.join(known)}")


def _read_as(path: Path, form: Form) -> Any:
    if form != "polars":
        return _as(_table(path), form)
    # polars reads what it would be given by pyarrow: of a load, the import of pyarrow is the most.
    with _needed_for(form):
        import polars

        with _readable(path, polars.exceptions.PolarsError):
            return polars.read_parquet(path)


def _as(table: pa.Table, form: Form) -> Any:
    with _needed_for(form):
        if form == "pandas":
            return table.to_pandas()
        if form == "polars":
            import polars

            return polars.from_arrow(table)
        return _dataset(table) if form == "datasets" else table


@contextmanager
def _needed_for(form: Form) -> Iterator[None]:
    """Says what to do where the library of a form is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"as_={form!r} needs the library {error.name!r}; install it, or use as_='arrow'") from error


def _dataset(table: pa.Table) -> Any:
    """A table as a `datasets.Dataset`, in memory; closed lists of strings become ClassLabel."""
    from datasets import ClassLabel, Dataset, Features
    from datasets.table import InMemoryTable, table_cast

    from standoff.tables import vocabulary

    features = Features.from_arrow_schema(table.schema)
    for field in table.schema:
        if names := vocabulary(field):
            label, column = ClassLabel(names=list(names)), features[field.name]
            features[field.name] = type(column)(label) if hasattr(column, "feature") else label
    return Dataset(InMemoryTable(table_cast(table, features.arrow_schema)))
