"""From what somebody calls a source to a folder on this machine: of a checkout, or of the release that is meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from standoff.errors import ReleaseError, UsageError
from standoff.release.choosing import choose, listed, withdrawn
from standoff.release.embedded import embedded
from standoff.release.folder import ABOUT, RELEASES, About, about, order

if TYPE_CHECKING:
    from standoff.model import Release

__all__ = ["GIT", "is_checkout", "is_url", "known_versions", "opened", "told_of"]

GIT = "git:"
"""What a source begins with that is a revision of the checkout where one stands."""


@contextmanager
def opened(
    source: str | Path | None, version: str | None = None, *, yanked: bool = False, cache: str | Path | None = None
) -> Iterator[Path]:
    """The folder that a source means; see `standoff.load`. One of a release was not checked yet.

    Raises:
        ReleaseError: there is no such release, or it was yanked.
        UsageError: there is no such source.
    """
    if isinstance(source, str) and source.startswith(GIT):
        from standoff.release.revisions import revision

        _no_version(version, source)
        with revision(_here(source), source.removeprefix(GIT)) as folder:
            yield folder
    elif source is not None and is_url(source):
        from standoff.release.cache import cached

        yield cached(str(source), version, _cache(cache), yanked=yanked)
    else:
        folder = _folder(source)
        if is_checkout(folder):
            _no_version(version, str(folder), folder)
            yield folder
        else:
            yield _release(folder, version, yanked=yanked)


def known_versions(
    source: str | Path | None = None, *, yanked: bool = False, cache: str | Path | None = None
) -> tuple[str, ...]:
    """The versions that a source has, oldest first; see `standoff.versions`.

    Raises:
        ReleaseError, UsageError: as in `opened`.
    """
    if isinstance(source, str) and source.startswith(GIT):
        from standoff.release.revisions import known_commit

        known_commit(source.removeprefix(GIT), _here(source))
        return ()
    if source is not None and is_url(source):
        from standoff.release.cache import seen

        releases = seen(str(source), _cache(cache))
        there, gone = sorted((one.version for one in releases), key=order), withdrawn(releases)
    else:
        folder = _folder(source)
        if is_checkout(folder):
            return ()
        found = _releases(folder)
        there, gone = list(found), _gone(folder, found)
    return tuple(version for version in there if yanked or version not in gone)


def is_url(source: str | Path) -> bool:
    """Whether a source lies behind a URL."""
    return "://" in str(source)


def is_checkout(folder: Path) -> bool:
    """Whether a folder is a corpus to work on, and no release."""
    return (folder / "corpus").is_dir() and (folder / "schema").is_dir() and not (folder / ABOUT).exists()


def told_of(folder: Path, contents: Mapping[str, str]) -> tuple[Release, ...]:
    """What is listed of the releases in a folder, or of the one that it is: by the list beside them; and where they lie
    in a checkout, by its own list those of them that it yanked.

    Args:
        contents: version -> digest of the content, of these releases. A checkout may hold other corpora's, too: its
            list speaks of those alone that have the content which it lists.

    Raises:
        ReleaseError: what stands there is no list of releases.
    """
    top = folder.resolve().parent if (folder / ABOUT).exists() else folder.resolve()
    beside = listed(top / RELEASES)
    around = next((one for one in (top, *top.parents) if is_checkout(one)), None)
    known = {one.version for one in beside if one.yanked}
    return (
        *beside,
        *(
            one
            for one in (listed(around / "corpus" / RELEASES) if around else ())
            if one.yanked and one.version not in known and contents.get(one.version) == one.content_sha256
        ),
    )


def _folder(source: str | Path | None) -> Path:
    if source is None:
        return embedded() or _own_checkout()
    if source == "":
        raise UsageError('source is empty; expected a folder, a URL or git:REVISION; "." is the folder where you stand')
    folder = Path(source)
    if not folder.is_dir():
        raise ReleaseError("no such folder; expected a release, a folder of releases, or a checkout", place=str(folder))
    return folder


def _cache(named: str | Path | None) -> Path:
    if named == "":
        raise UsageError("cache is empty; expected a folder")
    if named is not None:
        return Path(named)
    from standoff.release.cache import default_cache

    return default_cache()


def _here(source: str) -> Path:
    """The checkout where one stands, in which a revision is looked up."""
    from standoff.files import find_root

    try:
        return find_root(Path.cwd())
    except UsageError as error:
        raise UsageError(
            f"is a revision of the checkout where you stand, and {Path.cwd()} is in none; expected to be called from "
            "within one",
            place=source,
        ) from error


def _own_checkout() -> Path:
    """The checkout that this package stands in."""
    from standoff.files import find_root

    try:
        return find_root(Path(__file__).parent)
    except UsageError as error:
        raise UsageError(
            "this installation carries no release and stands in no checkout; expected a source: a folder or a URL"
        ) from error


def _no_version(version: str | None, place: str, folder: Path | None = None) -> None:
    if version is not None:
        raise ReleaseError(
            f"is a checkout, which has no version; expected a folder with the release {version!r}; "
            f"standoff build makes one{_revision_of(version, folder) if folder else ''}",
            place=place,
        )


def _revision_of(version: str, checkout: Path) -> str:
    """The end of a message about a version that a checkout has not: by which revision it may be had."""
    from standoff.release.revisions import commit_of

    try:
        known = next((name for name in (f"v{version}", version) if commit_of(name, checkout)), None)
    except UsageError:
        # Without git there is nothing to be told of.
        known = None
    return f'; or source="git:{known}", which gives, from within it, its tables as they were then' if known else ""


def _releases(folder: Path) -> dict[str, tuple[Path, About]]:
    """The releases in a folder, oldest first: it is one, or holds some."""
    if (folder / ABOUT).exists():
        facts = about(folder)
        return {facts.version: (folder, facts)}
    found = sorted(path.parent for path in folder.glob(f"*/{ABOUT}"))
    named = {facts.version: (path, facts) for path, facts in ((path, about(path)) for path in found)}
    if len(named) < len(found):
        raise ReleaseError("holds two releases of one version; expected each once", place=str(folder))
    return {version: named[version] for version in sorted(named, key=order)}


def _gone(folder: Path, releases: Mapping[str, tuple[Path, About]]) -> dict[str, str]:
    """Those of the releases in a folder that were yanked, each with the reason."""
    return withdrawn(told_of(folder, {version: facts.content_sha256 for version, (_, facts) in releases.items()}))


def _release(folder: Path, version: str | None, *, yanked: bool) -> Path:
    """The folder of the release that was asked for."""
    found = _releases(folder)
    if not found:
        raise ReleaseError("holds no release; expected one, or folders of releases", place=str(folder))
    return found[choose(version, list(found), _gone(folder, found), yanked=yanked, place=str(folder))][0]
