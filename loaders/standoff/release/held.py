"""A release as far as its files can be trusted and read: what the rules of `verifying` look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from msgspec import Struct

from standoff.errors import StandoffError
from standoff.files import read_scheme, read_text, read_withdrawn
from standoff.model import Corpus, Release
from standoff.release.citation import CITATION
from standoff.release.describing import descriptions
from standoff.release.editions import Tables
from standoff.release.folder import ABOUT, DATA, RELEASES, SUMS, WITHDRAWN, About, about, flaws, read_sums, strays
from standoff.release.loading import derived_tables, parquet_files, read_parquet
from standoff.release.opening import told_of
from standoff.release.statement import STATEMENT
from standoff.scheme import Scheme
from standoff.tables import from_tables

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Fault", "Held", "hold"]

T = TypeVar("T")

Fault: TypeAlias = tuple[str, str, str]
"""File, id, message."""


class Held(Struct, frozen=True, kw_only=True):
    """What a release says, part by part; one is None where it is damaged, or cannot be read."""

    folder: Path
    signers: Path | None
    """Whose signature it must bear, a file of allowed signers; None where that is not asked."""
    sums: dict[str, str]
    """Path -> sha256, as SHA256SUMS gives it."""
    flaws: tuple[tuple[str, str], ...]
    """What is not as SHA256SUMS says: path, and what is the matter with it."""
    strays: tuple[str, ...]
    """What file managers left beside the files."""
    unreadable: tuple[Fault, ...]
    """What has the right checksum, and cannot be read all the same."""
    listed: tuple[Release, ...]
    """What the list of releases beside it says, and of its checkout; nothing where there is none."""
    about: About | None
    scheme: Scheme | None
    tables: Tables
    """Config -> split -> table, of those that can be read."""
    corpus: Corpus | None
    """What the tables hold; None also in an edition that leaves out what makes a corpus."""
    derived: Tables | None
    """The tables that a release of this corpus has; None where there is no corpus."""
    told: dict[str, str]
    """Path -> what a file that describes the release must say, if there is a corpus to describe; nobody's sign-off."""

    def intact(self, path: str) -> bool:
        """Whether a file is there with the checksum that it should have."""
        return path in self.sums and all(path != wrong for wrong, _ in self.flaws)

    def path(self, config: str, split: str) -> str:
        """The file of a table."""
        return f"{DATA}/{config}/{split}.parquet"


def _paths(tables: Tables) -> Iterator[str]:
    return (f"{DATA}/{config}/{split}.parquet" for config, splits in tables.items() for split in splits)


def hold(folder: Path, signers: Path | None = None) -> Held:
    """Reads all of a release that has the right checksum."""
    unreadable: list[Fault] = []

    def attempt(file: str, read: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return read(*arguments)
        except (StandoffError, OSError, ValueError) as error:
            # Whatever a file holds that is no such file: pyarrow's errors are ValueErrors or OSErrors.
            where = f"{error.place}: " if isinstance(error, StandoffError) and str(folder) not in error.place else ""
            unreadable.append((file, "", f"{where}{getattr(error, 'message', error)}"))
            return None

    sums = attempt(SUMS, read_sums, folder) or {}
    wrong = tuple(flaws(folder, sums)) if sums else ()
    sound = sums.keys() - {path for path, _ in wrong}
    tables: dict[str, dict[str, pa.Table]] = {}
    for config, splits in parquet_files(dict.fromkeys(sound, "")).items():
        for split, path in splits.items():
            if (table := attempt(path, read_parquet, folder / path)) is not None:
                tables.setdefault(config, {})[split] = table
    facts = attempt(ABOUT, about, folder) if ABOUT in sound else None
    schema = {path for path in sums if path.startswith("schema/")}
    scheme = attempt("schema", read_scheme, folder) if schema and schema <= sound else None
    whole = sum(map(len, tables.values())) == sum(path.startswith(f"{DATA}/") for path in sums)
    corpus = derived = told = None
    if scheme and facts and whole and facts.edition == "full":
        corpus = attempt(
            DATA,
            lambda: from_tables(tables, scheme, version=facts.version, withdrawn=read_withdrawn(folder / WITHDRAWN)),
        )
        derived = attempt(DATA, derived_tables, corpus) if corpus else None
        # Of a release that lacks tables nobody can tell what its card should say.
        if corpus and derived and all(path in sums for path in _paths(derived)):
            files = {path: (sums[path], (folder / path).stat().st_size) for path in sums if path.startswith(f"{DATA}/")}
            citation, statement = (read_text(folder / name) if name in sound else "" for name in (CITATION, STATEMENT))
            told = attempt(
                CITATION,
                lambda: descriptions(corpus, facts, derived, files, citation=citation, statement=statement),
            )
    listed = attempt(RELEASES, told_of, folder, {facts.version: facts.content_sha256} if facts else {}) or ()
    return Held(
        folder=folder,
        signers=signers,
        sums=sums,
        flaws=wrong,
        strays=strays(folder, sums),
        unreadable=tuple(unreadable),
        listed=listed,
        about=facts,
        scheme=scheme,
        tables=tables,
        corpus=corpus,
        derived=derived,
        told=told or {},
    )
