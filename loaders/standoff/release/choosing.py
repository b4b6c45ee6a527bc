"""Which release is meant: exactly the one that was asked for, or else the newest that was not yanked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from standoff.errors import ReleaseError, nearest
from standoff.model import Release
from standoff.release.folder import order

__all__ = ["choose", "listed", "read_listing", "withdrawn"]


class _Listing(msgspec.Struct, forbid_unknown_fields=True):
    releases: tuple[Release, ...] = ()


def listed(path: Path) -> tuple[Release, ...]:
    """The releases that a file lists; none where there is no file.

    Raises:
        ReleaseError: the file holds no list of releases.
    """
    return read_listing(path.read_bytes(), str(path)) if path.exists() else ()


def read_listing(content: bytes, place: str) -> tuple[Release, ...]:
    """The releases that a `releases.json` lists.

    Raises:
        ReleaseError: it is no list of releases.
    """
    try:
        return msgspec.json.decode(content, type=_Listing).releases
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReleaseError(f"is no list of releases: {error}", place=place) from error


def withdrawn(releases: Iterable[Release]) -> dict[str, str]:
    """The versions that were yanked, each with the reason."""
    return {release.version: release.why for release in releases if release.yanked}


def choose(version: str | None, there: Sequence[str], withdrawn: Mapping[str, str], *, yanked: bool, place: str) -> str:
    """The version that is meant; without one the newest, those in development only where there are no others.

    Args:
        there: all versions that a place has.
        withdrawn: those of them that were yanked, with reasons.
        yanked: whether one of these may be meant.

    Raises:
        ReleaseError: there is no such version, or it was yanked.
    """
    fit = [one for one in there if yanked or one not in withdrawn]
    if version is None and fit:
        return max(fit, key=lambda one: (".dev" not in one, order(one)))
    known = ", ".join(f"{one} (yanked)" if one in withdrawn else one for one in there)
    if version is None:
        gone = ", ".join(f"{one} (yanked: {withdrawn[one]})" for one in there)
        raise ReleaseError(
            f"has no release that was not yanked; there is {gone}; yanked=True gives the newest of them"
            if there
            else "lists no release",
            place=place,
        )
    if version not in there:
        raise ReleaseError(f"has no version {version!r}{nearest(version, there)}; there is {known}", place=place)
    if version not in fit:
        raise ReleaseError(
            f"version {version!r} was yanked: {withdrawn[version]}; expected another of {known}, or yanked=True",
            place=place,
        )
    return version
