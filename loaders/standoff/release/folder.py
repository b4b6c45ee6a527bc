"""The folder of one release: what it says of itself, and whether it is whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from standoff.errors import ReleaseError

__all__ = [
    "ABOUT",
    "CARD",
    "DATA",
    "PROVENANCE",
    "PROVENANCE_SIGNATURE",
    "RELEASES",
    "SIDECARS",
    "SIGNATURE",
    "SUMS",
    "WITHDRAWN",
    "About",
    "Edition",
    "about",
    "checked_version",
    "digest",
    "flaws",
    "inside",
    "is_stray",
    "order",
    "read_about",
    "read_sums",
    "sha256_of",
    "strays",
    "sums_text",
    "verify",
]

ABOUT = "release.json"
CARD = "README.md"
DATA = "data"
SUMS = "SHA256SUMS"
WITHDRAWN = "withdrawn.json"
"""Documents that earlier releases had: a list without their texts, where there are any."""

SIGNATURE = f"{SUMS}.sig"
PROVENANCE = "PROVENANCE.json"
PROVENANCE_SIGNATURE = f"{PROVENANCE}.sig"
RELEASES = "releases.json"
"""All releases of a published place and which were yanked: beside their folders, or on the main branch of a dataset."""

SIDECARS = (SIGNATURE, PROVENANCE, PROVENANCE_SIGNATURE, RELEASES, ".gitattributes")
"""What may stand beside the files of a release and is not of it. The Hub gives every dataset a .gitattributes."""

STRAYS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What file managers leave where somebody looked into a folder."""

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:\.dev(0|[1-9][0-9]*))?")
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


Edition: TypeAlias = Literal["full", "text-free"]
"""Whether a release holds the texts, or what is marked in them alone."""


class About(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a release says of itself."""

    corpus: str
    title: str
    version: str
    date: str
    edition: Edition
    content_sha256: str
    """The digest of all that the corpus says, whatever the form: `standoff.canon.content_digest`."""
    rows: dict[str, dict[str, int]] = {}
    """Config -> split -> rows."""

    def text(self) -> str:
        """As it stands in the folder."""
        # Whoever only reads a release does without: a load is over sooner than this module is there.
        from standoff.canon import canonical

        return canonical(self) + "\n"


def checked_version(version: str) -> str:
    """A version as it must be written: X.Y.Z, or X.Y.Z.devN.

    Raises:
        ReleaseError: it is written otherwise.
    """
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"version {version!r}; expected X.Y.Z or X.Y.Z.devN, such as '1.0.0' or '1.0.0.dev0'")
    return version


def order(version: str) -> tuple[int, ...]:
    """Where a version stands among others: as numbers, what is in development before what it is to become."""
    found = _VERSION.fullmatch(checked_version(version))
    assert found
    *numbers, dev = found.groups()
    return (*map(int, numbers), 0 if dev is not None else 1, int(dev or 0))


def about(folder: Path) -> About:
    """What the release in a folder says of itself.

    Raises:
        ReleaseError: it says nothing, or not what a release says.
    """
    try:
        content = (folder / ABOUT).read_bytes()
    except OSError as error:
        raise ReleaseError(f"cannot be read: {error.strerror or error}", place=str(folder / ABOUT)) from error
    return read_about(content, str(folder / ABOUT))


def read_about(content: bytes, place: str) -> About:
    """What a release.json says.

    Raises:
        ReleaseError: it does not say what a release says.
    """
    try:
        return msgspec.json.decode(content, type=About)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReleaseError(f"cannot be read: {error}", place=place) from error


def sums_text(sums: Mapping[str, str]) -> str:
    """Checksums as `sha256sum -c` reads them, by path."""
    return "".join(f"{sum_}  {path}\n" for path, sum_ in sorted(sums.items()))


def digest(sums: Mapping[str, str]) -> str:
    """One digest of several files, by their paths and checksums."""
    return sha256(sums_text(sums).encode()).hexdigest()


def verify(folder: Path) -> dict[str, str]:
    """The files of a release, each with the checksum that it was found to have: path -> sha256.

    Raises:
        ReleaseError: a file is missing, was added, or is not what it was when the release was built; names them all.
    """
    sums = read_sums(folder)
    problems = [f"{path} {what}" for path, what in flaws(folder, sums)]
    if ABOUT not in sums:
        problems.append(f"{ABOUT} is missing in {SUMS}")
    elif not problems:
        tables = sorted(
            f"{DATA}/{config}/{split}.parquet" for config, rows in about(folder).rows.items() for split in rows
        )
        problems = [f"{path} is missing, of which {ABOUT} tells" for path in tables if path not in sums]
    if problems:
        raise ReleaseError(f"{'; '.join(problems)}; expected the release as it was built", place=str(folder))
    return sums


def flaws(folder: Path, sums: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The files that are not as the checksums say: path, and what is the matter with it. Strays are none of them."""
    found = {*_files(folder)}
    present = {path for path in found if path in sums or not is_stray(path)} - {SUMS, *SIDECARS}
    yield from ((path, "is missing") for path in sorted(sums.keys() - present))
    yield from ((path, "was added") for path in sorted(present - sums.keys()))
    for path in sorted(sums.keys() & present):
        if sha256_of(folder / path) != sums[path]:
            yield path, f"has not the checksum that {SUMS} gives it"


def strays(folder: Path, sums: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of what file managers left beside the files of a release. Whatever lies among its data is no stray: who
    loads all files of a folder would take it for a table."""
    return tuple(path for path in sorted(_files(folder)) if is_stray(path) and path not in sums)


def is_stray(path: str) -> bool:
    """Whether a path in a release is that of a stray, and not among its data."""
    return path.rpartition("/")[2] in STRAYS and path.partition("/")[0] != DATA


def inside(folder: Path, name: str) -> Path:
    """Where a file that a release names is to lie: no name makes that a place outside of its folder.

    Raises:
        ReleaseError: the name would.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise ReleaseError(f"has a file {name!r}; expected a path inside the release")
    return folder.joinpath(*parts)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """The checksums that a release gives its files: path -> sha256.

    Raises:
        ReleaseError: it has none, or they are written otherwise than `sha256sum` does.
    """
    try:
        lines = (folder / SUMS).read_bytes().decode().removesuffix("\n").split("\n")
    except FileNotFoundError as error:
        raise ReleaseError("not found; expected the checksums of a release", place=str(folder / SUMS)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(f"cannot be read: {error}", place=str(folder / SUMS)) from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _SUM.fullmatch(line)
        if match is None or match[2] in found:
            raise ReleaseError(
                f"line {number} is {line!r}; expected a sha256, two spaces and a path, each path once",
                place=str(folder / SUMS),
            )
        found[match[2]] = match[1]
    return found


def _files(folder: Path) -> Iterator[str]:
    """The paths of all files; a linked folder, which no release has, counts as a file."""
    for top, folders, files in os.walk(folder):
        within = "" if top == str(folder) else f"{os.path.relpath(top, folder)}/".replace(os.sep, "/")
        for name in (*files, *(name for name in folders if (Path(top) / name).is_symlink())):
            yield within + name
