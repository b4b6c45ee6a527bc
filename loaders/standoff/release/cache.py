"""Releases that were fetched, each in a folder named by the digest of its checksums.

    releases/<sha256 of SHA256SUMS>/    a whole release, put there by one rename
    places/<sha256 of a URL>/           releases.json as last seen there, and for each version a file with its digest

Whoever reads a release from here checks its files again: nothing relies on the folder being left alone. All files are
replaced whole, so that any number of processes may work on one cache. It may be removed at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from standoff.errors import ReleaseError, UsageError, nearest
from standoff.files import write
from standoff.model import Release
from standoff.release.choosing import choose, listed, withdrawn
from standoff.release.folder import RELEASES, SUMS, about, order, sha256_of, verify
from standoff.release.places import Place, bring, place_at
from standoff.release.remote import UnreachableError
from standoff.text import sha

__all__ = ["cached", "default_cache", "seen"]


def default_cache() -> Path:
    """The folder that $STANDOFF_CACHE names; without it, `standoff` in the user's folder of caches."""
    if named := os.environ.get("STANDOFF_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "standoff"


def cached(url: str, version: str | None, cache: Path, *, yanked: bool = False) -> Path:
    """The folder of a release of a place, fetched if it is not there yet.

    The place's list of releases is read each time, since a release may have been yanked. Where the place does not
    answer, a version that is in the cache is given by name; what is newest, nobody can say then. A copy that was
    damaged in the cache is fetched again where the place answers.

    Raises:
        UnreachableError: the place does not answer, and what was asked for is not in the cache.
        ReleaseError: there is no such version, it was yanked, or what came is not what the place says it is.
        UsageError: the version is not in the cache, and the cache cannot be written.
    """
    with _usable(cache):
        place: Place | None = None
        try:
            place = place_at(url)
        except UnreachableError as error:
            there = _versions(url, cache)
            if version not in there:
                raise _uncached(error, version, there) from error
            releases = listed(_place(url, cache) / RELEASES)
        else:
            _note(place, cache)
            releases = place.releases
            there = tuple(release.version for release in releases)
        chosen = choose(version, there, withdrawn(releases), yanked=yanked, place=url)
        folder = _whole(url, chosen, cache, again=place is not None)
        if folder is None and place is not None:
            folder = _fetched(place, chosen, cache)
        assert folder is not None
        _expected(folder, url, next((one for one in releases if one.version == chosen), None))
        return folder


def seen(url: str, cache: Path) -> tuple[Release, ...]:
    """The releases that a place lists now, which is noted.

    Raises:
        UnreachableError: the place does not answer, or has no list.
        ReleaseError: its list is none of releases.
    """
    place = place_at(url)
    _note(place, cache)
    return place.releases


@contextmanager
def _usable(cache: Path) -> Iterator[None]:
    """Tells whoever cannot read or write the cache which one it is."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename and str(error.filename) != str(cache) else ""
        raise UsageError(
            f"the cache cannot be used: {error.strerror or error}{where}; expected a folder that can be read and "
            "written: name another by $STANDOFF_CACHE, or cache=",
            place=str(cache),
        ) from error


def _note(place: Place, cache: Path) -> None:
    """Notes a list of releases, for when its place does not answer."""
    # A cache that cannot be written serves what it has; the place itself was asked, so nothing older is believed.
    with suppress(OSError):
        write(_place(place.url, cache) / RELEASES, place.content)


def _place(url: str, cache: Path) -> Path:
    return cache / "places" / sha(url.rstrip("/"))


def _kept(url: str, version: str, cache: Path) -> Path | None:
    """The folder of a version that was fetched before."""
    note = _place(url, cache) / version
    if not note.is_file():
        return None
    folder = cache / "releases" / note.read_text(encoding="ascii").strip()
    return folder if folder.is_dir() else None


def _whole(url: str, version: str, cache: Path, *, again: bool) -> Path | None:
    """The folder of a version that was fetched before, and is what was fetched; None where it is to be fetched.

    Args:
        again: whether a damaged copy is taken away, to be fetched again.

    Raises:
        ReleaseError: the copy was damaged, and stays.
    """
    folder = _kept(url, version, cache)
    if folder is None:
        return None
    try:
        verify(folder)
        if (found := sha256_of(folder / SUMS)) != folder.name:
            raise ReleaseError(f"has the sha256 {found}; expected {folder.name}", place=str(folder / SUMS))
    except ReleaseError as error:
        if again and _dropped(folder):
            return None
        raise ReleaseError(
            f"{error.message}; this is the cached copy of {url} {version}; delete {folder} and load again",
            place=error.place,
        ) from error
    return folder


def _dropped(folder: Path) -> bool:
    """Takes a copy out of the cache at once, whatever others do there; whether it is gone."""
    try:
        with TemporaryDirectory(dir=folder.parent, prefix=".") as aside, suppress(FileNotFoundError):
            folder.rename(Path(aside) / folder.name)
    except OSError:
        return False
    return True


def _versions(url: str, cache: Path) -> tuple[str, ...]:
    """The versions of a place that are in the cache, oldest first."""
    notes = [note.name for note in _place(url, cache).glob("[0-9]*")]
    return tuple(sorted((version for version in notes if _kept(url, version, cache)), key=order))


def _fetched(place: Place, version: str, cache: Path) -> Path:
    """A version, brought whole and checked before it gets its place."""
    releases = cache / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=releases, prefix=".") as aside:
        made = Path(aside) / version
        bring(place, version, made)
        try:
            verify(made)
        except ReleaseError as error:
            error.place = f"{place.url} {version}"
            raise
        digest = sha256_of(made / SUMS)
        folder = releases / digest
        try:
            made.rename(folder)
        except OSError:
            # Another process was faster, or another place has the same release.
            if not folder.is_dir():
                raise
    write(_place(place.url, cache) / version, f"{digest}\n")
    return folder


def _expected(folder: Path, url: str, release: Release | None) -> None:
    """Holds what a release says of itself against what its place says of it."""
    facts = about(folder)
    if release and (facts.version, facts.content_sha256) != (release.version, release.content_sha256):
        raise ReleaseError(
            f"lists {release.version!r} with the content {release.content_sha256}; what lies in {folder} is "
            f"{facts.version!r} with the content {facts.content_sha256}: a release is never changed",
            place=url,
        )


def _uncached(error: UnreachableError, version: str | None, known: tuple[str, ...]) -> UnreachableError:
    there = f"the cache has {', '.join(known)}" if known else "the cache has no version of it"
    asked = (
        "without it nobody knows which version is the newest; name one"
        if version is None
        else f"version {version!r} is not in the cache{nearest(version, known)}"
    )
    return UnreachableError(f"{error.message}; {asked}; {there}", place=error.place)
