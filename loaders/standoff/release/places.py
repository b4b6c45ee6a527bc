"""A place behind a URL: the releases that it lists, or the one that it is."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from standoff.model import Release
from standoff.release.choosing import read_listing
from standoff.release.folder import ABOUT, RELEASES, read_about
from standoff.release.remote import UnreachableError, content_at, fetch, listing

__all__ = ["Place", "bring", "place_at"]


class Place(Struct, frozen=True, kw_only=True):
    """What a URL leads to."""

    url: str
    releases: tuple[Release, ...]
    content: bytes
    """The list of these releases, as it stands there."""
    alone: bool
    """Whether the URL is that of one release, and not of a folder or dataset of several."""


def place_at(url: str) -> Place:
    """What a URL leads to, as it is now.

    Raises:
        UnreachableError: the place does not answer, or has neither a list nor a release.
        ReleaseError: its list is none of releases, or the release does not say what it is.
        UsageError: the URL is none that can be read here.
    """
    try:
        content = listing(url)
    except UnreachableError as error:
        if error.missing and (one := _alone(url.rstrip("/"))):
            return one
        raise
    return Place(url=url, releases=read_listing(content, f"{url}/{RELEASES}"), content=content, alone=False)


def bring(place: Place, version: str, into: Path) -> None:
    """Copies all files of a version into a new folder, as `remote.fetch` does, with its errors."""
    fetch(place.url, "" if place.alone else version, into)


def _alone(url: str) -> Place | None:
    """The one release that a URL leads to, as the list beside it has it; None where there is none."""
    try:
        facts = read_about(content_at(url, ABOUT), f"{url}/{ABOUT}")
    except UnreachableError:
        return None
    # What a load of a place with a list does without.
    from standoff.canon import canonical_list

    above = url.rpartition("/")[0]
    try:
        beside = read_listing(listing(above), f"{above}/{RELEASES}")
    except UnreachableError:
        beside = ()
    own = Release(facts.version, facts.date, facts.content_sha256)
    listed = tuple(one for one in beside if one.version == facts.version) or (own,)
    return Place(url=url, releases=listed, content=canonical_list("releases", listed).encode(), alone=True)
