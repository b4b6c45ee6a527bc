"""Where releases are published: a folder that fsspec reaches, or a dataset of the Hub.

A release in a folder is `<target>/<version>/`; `<target>/releases.json` lists all. No object store renames, and copying
would send everything twice; so files are written where they are to stay, `release.json` last, and the list after that.
Readers go by these two: an upload that was cut short is no release, and the next one goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from standoff.canon import canonical_list
from standoff.errors import ReleaseError, UsageError, masked
from standoff.files import write
from standoff.model import Progress, Release
from standoff.release.choosing import read_listing
from standoff.release.folder import ABOUT, RELEASES, SUMS, sha256_of
from standoff.release.remote import client_faults, file_system

__all__ = ["FolderTarget", "Target", "open_target", "reached"]


class Target(Protocol):
    """A place that releases are published to."""

    @property
    def name(self) -> str:
        """What it was called."""

    def holds(self, version: str) -> bool:
        """Whether readers find this version."""

    def sums(self, version: str) -> dict[str, str]:
        """The sha256 of every file that is there of a version, published or not, from its bytes as they come back."""

    def upload(self, version: str, folder: Path, sums: Mapping[str, str], progress: Progress) -> None:
        """Brings the files of a release there, so that no reader finds them as that version yet."""

    def reveal(self, version: str, folder: Path) -> None:
        """Makes what was uploaded the release of that version."""

    def listed(self) -> tuple[Release, ...]:
        """The releases that the place lists."""

    def announce(self, releases: Sequence[Release]) -> None:
        """Puts the list of releases in its place."""


def open_target(to: str) -> Target:
    """The target that a text names: a folder, a URL that fsspec knows, or `hf://datasets/ORG/NAME`.

    Raises:
        UsageError: it is written otherwise, holds credentials, or needs a library that is not installed.
    """
    if masked(to) != to:
        raise UsageError(
            "holds credentials, which end up in histories and logs; expected them in the environment, or in the "
            "client's own store",
            place=to,
        )
    if to.startswith("hf://"):
        from standoff.release.hub import hub_target

        return hub_target(to)
    return FolderTarget(to, *file_system(to))


@contextmanager
def reached(place: str) -> Iterator[None]:
    """What goes wrong with a target, told as an error of a release, with the target as its place."""
    try:
        yield
    except client_faults(place) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise ReleaseError(f"cannot be reached, or refuses: {why}", place=place) from error


class FolderTarget(Struct, frozen=True):
    """A folder that fsspec reaches."""

    name: str
    fs: Any
    top: str
    """Its path there."""

    def holds(self, version: str) -> bool:
        """Whether the file is there that is written last."""
        with reached(self.name):
            return bool(self.fs.exists(f"{self.top}/{version}/{ABOUT}"))

    def sums(self, version: str) -> dict[str, str]:
        """The sha256 of every file below the version's folder."""
        with reached(self.name):
            return {
                path: _hashed(self.fs, f"{self.top}/{version}/{path}")
                for path in _below(self.fs, f"{self.top}/{version}")
            }

    def upload(self, version: str, folder: Path, sums: Mapping[str, str], progress: Progress) -> None:
        """Writes what is not there yet, the checksums last; `release.json` is left to `reveal`.

        Raises:
            ReleaseError: something is there that is no file of the release; it may be somebody's work.
        """
        there = self.sums(version)
        if strange := sorted(there.keys() - sums.keys()):
            raise ReleaseError(
                f"holds {', '.join(strange)}, no part of the release; expected nothing, or what an upload that was cut "
                "short left: remove it",
                place=f"{self.name}/{version}",
            )
        paths = [path for path in sorted(sums, key=lambda path: (path == SUMS, path)) if path != ABOUT]
        for done, path in enumerate(paths, 1):
            if there.get(path) != sums[path]:
                self._put(f"{version}/{path}", folder / path)
            progress("upload", done, len(paths))

    def reveal(self, version: str, folder: Path) -> None:
        """Writes the file by which readers know a release."""
        self._put(f"{version}/{ABOUT}", folder / ABOUT)
        with reached(self.name):
            if _hashed(self.fs, f"{self.top}/{version}/{ABOUT}") != sha256_of(folder / ABOUT):
                raise ReleaseError(f"{version}/{ABOUT} came back with other bytes", place=self.name)

    def listed(self) -> tuple[Release, ...]:
        """The releases that `releases.json` lists; none where there is no such file."""
        with reached(self.name):
            if not self.fs.exists(f"{self.top}/{RELEASES}"):
                return ()
            return read_listing(self.fs.cat_file(f"{self.top}/{RELEASES}"), f"{self.name}/{RELEASES}")

    def announce(self, releases: Sequence[Release]) -> None:
        """Writes `releases.json` anew."""
        text = canonical_list("releases", releases).encode()
        with reached(self.name):
            if _is_local(self.fs):
                write(Path(self.top) / RELEASES, text)
            else:
                self.fs.pipe_file(f"{self.top}/{RELEASES}", text)

    def _put(self, path: str, local: Path) -> None:
        with reached(self.name):
            if _is_local(self.fs):
                # Whole or not at all, as an object store does by itself.
                write(Path(self.top) / path, local.read_bytes())
            else:
                self.fs.put_file(str(local), f"{self.top}/{path}")


def _is_local(fs: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(fs, LocalFileSystem)


def _below(fs: Any, top: str) -> Iterator[str]:
    """The paths of all files below a folder, relative to it; none where there is no such folder."""
    for path in sorted(fs.find(top)) if fs.exists(top) else ():
        yield path.removeprefix(f"{top}/")


def _hashed(fs: Any, path: str) -> str:
    """The sha256 of a file of an fsspec file system."""
    digest = sha256()
    with fs.open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
