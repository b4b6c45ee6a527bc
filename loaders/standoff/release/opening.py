"""From what somebody calls a source to a folder on this machine: of a checkout, or of the release that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from standoff.errors import ReleaseError, UsageError
from standoff.release.choosing import choose, listed, withdrawn
from standoff.release.embedded import embedded
from standoff.release.folder import ABOUT, RELEASES, about, order

if TYPE_CHECKING:
    from standoff.model import Release

__all__ = ["is_checkout", "is_url", "known_versions", "listed_beside", "opened"]

GIT = "git:"


@contextmanager
def opened(
    source: str | Path | None, version: str | None = None, *, yanked: bool = False, cache: Path | None = None
) -> Iterator[Path]:
    """The folder that a source means; see `standoff.load`. One of a release was not checked yet.

    Raises:
        ReleaseError: there is no such release, or it was yanked.
        UsageError: there is no such source.
    """
    if isinstance(source, str) and source.startswith(GIT):
        from standoff.files import find_root
        from standoff.release.revisions import revision

        _no_version(version, source)
        with revision(find_root(Path.cwd()), source.removeprefix(GIT)) as folder:
            yield folder
    elif source is not None and is_url(source):
        from standoff.release.cache import cached, default_cache

        yield cached(str(source), version, cache or default_cache(), yanked=yanked)
    else:
        folder = _folder(source)
        if is_checkout(folder):
            _no_version(version, str(folder))
            yield folder
        else:
            yield _release(folder, version, yanked=yanked)


def known_versions(
    source: str | Path | None = None, *, yanked: bool = False, cache: Path | None = None
) -> tuple[str, ...]:
    """The versions that a source has, oldest first; see `standoff.versions`.

    Raises:
        ReleaseError, UsageError: as in `opened`.
    """
    if isinstance(source, str) and source.startswith(GIT):
        return ()
    if source is not None and is_url(source):
        from standoff.release.cache import default_cache, seen

        releases = seen(str(source), cache or default_cache())
        there, gone = sorted((one.version for one in releases), key=order), withdrawn(releases)
    else:
        folder = _folder(source)
        if is_checkout(folder):
            return ()
        there, gone = list(_releases(folder)), withdrawn(listed_beside(folder))
    return tuple(version for version in there if yanked or version not in gone)


def is_url(source: str | Path) -> bool:
    """Whether a source lies behind a URL."""
    return "://" in str(source)


def is_checkout(folder: Path) -> bool:
    """Whether a folder is a corpus to work on, and no release."""
    return (folder / "corpus").is_dir() and (folder / "schema").is_dir() and not (folder / ABOUT).exists()


def listed_beside(folder: Path) -> tuple[Release, ...]:
    """What the list of releases says that stands beside the releases in a folder, or beside the one that it is.

    Raises:
        ReleaseError: it is no list of releases.
    """
    return listed((folder.resolve().parent if (folder / ABOUT).exists() else folder) / RELEASES)


def _folder(source: str | Path | None) -> Path:
    if source is None:
        return embedded() or _own_checkout()
    folder = Path(source)
    if not folder.is_dir():
        raise ReleaseError("no such folder; expected a release, a folder of releases, or a checkout", place=str(folder))
    return folder


def _own_checkout() -> Path:
    """The checkout that this package stands in."""
    from standoff.files import find_root

    try:
        return find_root(Path(__file__).parent)
    except UsageError as error:
        raise UsageError(
            "this installation carries no release and stands in no checkout; expected a source: a folder or a URL"
        ) from error


def _no_version(version: str | None, place: str) -> None:
    if version is not None:
        raise ReleaseError(
            f"is a checkout, which has no version; expected a folder with the release {version!r}; "
            f"standoff build makes one",
            place=place,
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


def _release(folder: Path, version: str | None, *, yanked: bool) -> Path:
    """The folder of the release that was asked for."""
    found = _releases(folder)
    if not found:
        raise ReleaseError("holds no release; expected one, or folders of releases", place=str(folder))
    return found[choose(version, list(found), withdrawn(listed_beside(folder)), yanked=yanked, place=str(folder))]
