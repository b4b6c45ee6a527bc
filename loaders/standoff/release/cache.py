"""Releases that were fetched, each in a folder named by the digest of its checksums.

    releases/<sha256 of SHA256SUMS>/    a whole release, put there by one rename
    places/<sha256 of a URL>/           releases.json as last seen there, and for each version a file with its digest

Whoever reads a release from here checks its files again: nothing relies on the folder being left alone. All files are
replaced whole, so that any number of processes may work on one cache. It may be removed at any time.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from standoff.errors import ReleaseError, nearest
from standoff.files import write
from standoff.model import Release
from standoff.release.choosing import choose, listed, withdrawn
from standoff.release.folder import RELEASES, SUMS, about, order, sha256_of, verify
from standoff.release.remote import UnreachableError, fetch, listing
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
    answer, a version that is in the cache is given by name; what is newest, nobody can say then.

    Raises:
        UnreachableError: the place does not answer, and what was asked for is not in the cache.
        ReleaseError: there is no such version, it was yanked, or what came is not what the place says it is.
    """
    try:
        releases = seen(url, cache)
    except UnreachableError as error:
        known = _versions(url, cache)
        if version not in known:
            raise _uncached(error, version, known) from error
        releases = listed(_place(url, cache) / RELEASES)
        chosen = choose(version, list(known), withdrawn(releases), yanked=yanked, place=url)
    else:
        there = [release.version for release in releases]
        chosen = choose(version, there, withdrawn(releases), yanked=yanked, place=url)
    folder = _kept(url, chosen, cache) or _fetched(url, chosen, cache)
    _expected(folder, url, next((one for one in releases if one.version == chosen), None))
    return folder


def seen(url: str, cache: Path) -> tuple[Release, ...]:
    """The releases that a place lists now, which is noted.

    Raises:
        UnreachableError: the place does not answer, or has no list.
        ReleaseError: its list is none of releases.
    """
    content = listing(url)
    write(_place(url, cache) / RELEASES, content)
    return listed(_place(url, cache) / RELEASES)


def _place(url: str, cache: Path) -> Path:
    return cache / "places" / sha(url.rstrip("/"))


def _kept(url: str, version: str, cache: Path) -> Path | None:
    """The folder of a version that was fetched before."""
    note = _place(url, cache) / version
    if not note.is_file():
        return None
    folder = cache / "releases" / note.read_text(encoding="ascii").strip()
    return folder if folder.is_dir() else None


def _versions(url: str, cache: Path) -> tuple[str, ...]:
    """The versions of a place that are in the cache, oldest first."""
    notes = [note.name for note in _place(url, cache).glob("[0-9]*")]
    return tuple(sorted((version for version in notes if _kept(url, version, cache)), key=order))


def _fetched(url: str, version: str, cache: Path) -> Path:
    """A version, brought whole and checked before it gets its place."""
    releases = cache / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=releases, prefix=".") as aside:
        made = Path(aside) / version
        fetch(url, version, made)
        try:
            verify(made)
        except ReleaseError as error:
            error.place = f"{url} {version}"
            raise
        digest = sha256_of(made / SUMS)
        folder = releases / digest
        try:
            made.rename(folder)
        except OSError:
            # Another process was faster, or another place has the same release.
            if not folder.is_dir():
                raise
    write(_place(url, cache) / version, f"{digest}\n")
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
