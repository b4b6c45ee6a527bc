"""The folder of one release: what it says of itself, and whether it is whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from standoff.canon import canonical
from standoff.errors import FileError, ReleaseError
from standoff.files import read_text

__all__ = [
    "ABOUT",
    "CARD",
    "DATA",
    "SUMS",
    "About",
    "about",
    "checked_version",
    "digest",
    "order",
    "sums_text",
    "verify",
]

ABOUT = "release.json"
CARD = "README.md"
DATA = "data"
SUMS = "SHA256SUMS"

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:\.dev(0|[1-9][0-9]*))?")
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


class About(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a release says of itself."""

    corpus: str
    title: str
    version: str
    date: str
    edition: Literal["full"]
    content_sha256: str
    """The digest of all that the corpus says, whatever the form: `standoff.canon.content_digest`."""
    rows: dict[str, dict[str, int]] = {}
    """Config -> split -> rows."""

    def text(self) -> str:
        """As it stands in the folder."""
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
        return msgspec.json.decode(read_text(folder / ABOUT), type=About)
    except (FileError, msgspec.DecodeError) as error:
        raise ReleaseError(f"cannot be read: {getattr(error, 'message', error)}", place=str(folder / ABOUT)) from error


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
    expected = _sums(folder)
    present = set(_files(folder)) - {SUMS}
    problems = [f"{path} is missing" for path in sorted(expected.keys() - present)]
    problems += [f"{path} was added" for path in sorted(present - expected.keys())]
    for path in sorted(expected.keys() & present):
        with (folder / path).open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != expected[path]:
                problems.append(f"{path} has not the checksum that {SUMS} gives it")
    if problems:
        raise ReleaseError(f"{'; '.join(problems)}; expected the release as it was built", place=str(folder))
    return expected


def _sums(folder: Path) -> dict[str, str]:
    try:
        lines = read_text(folder / SUMS).removesuffix("\n").split("\n")
    except FileError as error:
        raise ReleaseError(error.message, place=str(folder / SUMS)) from error
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
        for name in (*files, *(name for name in folders if (Path(top) / name).is_symlink())):
            yield (Path(top) / name).relative_to(folder).as_posix()
