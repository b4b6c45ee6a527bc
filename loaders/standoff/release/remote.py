"""Releases at a URL: a dataset on the Hub, or a folder that fsspec reaches. Only whole releases are taken from there.

A folder holds `releases.json` and one folder for each version. A dataset holds `releases.json` on its main branch and
a tag `vX.Y.Z` for each version.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from standoff.errors import ReleaseError, UsageError, masked
from standoff.release.folder import RELEASES, SIDECARS, SUMS, inside, read_sums

__all__ = ["UnreachableError", "client_faults", "content_at", "dataset_of", "fetch", "file_system", "listing"]

_HUB = "hf://"
_DATASET = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)/?")


class UnreachableError(ReleaseError):
    """A place does not answer, or has not what was asked for."""

    missing = False
    """Whether it answers that it has it not."""


def listing(url: str) -> bytes:
    """The list of all releases of a place, as it stands there.

    Raises:
        UnreachableError: the place does not answer, or has no list.
        UsageError: the URL is none that can be read here.
    """
    if url.startswith(_HUB):
        with _reaching(url):
            return _hub_listing(dataset_of(url))
    return content_at(url, RELEASES)


def content_at(url: str, name: str) -> bytes:
    """What a file in the folder of a URL holds.

    Raises:
        UnreachableError: the place does not answer, or has no such file.
        UsageError: the URL is none that can be read here.
    """
    with _reaching(url):
        fs, path = file_system(url)
        content: bytes = fs.cat_file(f"{path}/{name}")
        return content


def fetch(url: str, version: str, into: Path) -> None:
    """Copies all files of a version into a new folder: also those that do not belong there, for others to see.

    Args:
        version: "" where the URL is that of the release itself.

    Of a place that cannot list its files, such as a web server, come those that SHA256SUMS names.

    Raises:
        UnreachableError: the place does not answer, or has no such version.
        UsageError: the URL is none that can be read here.
    """
    with _reaching(url):
        if url.startswith(_HUB):
            from huggingface_hub import snapshot_download

            snapshot_download(dataset_of(url), repo_type="dataset", revision=f"v{version}", local_dir=into)
            # What the library notes of its downloads.
            shutil.rmtree(into / ".cache", ignore_errors=True)
            return
        fs, path = file_system(url)
        folder = f"{path}/{version}" if version else path
        into.mkdir(parents=True)
        fs.get_file(f"{folder}/{SUMS}", str(into / SUMS))
        names = _named(fs, folder, into) if url.startswith(("http://", "https://")) else _found(fs, folder)
        places = {name: inside(into, name) for name in names if name != SUMS}
        for place in places.values():
            place.parent.mkdir(parents=True, exist_ok=True)
        # A small server drops connections where all files are asked for at once, and the client waits for minutes.
        few = {"batch_size": 8} if fs.async_impl else {}
        fs.get([f"{folder}/{name}" for name in places], [str(place) for place in places.values()], **few)


def _hub_listing(dataset: str) -> bytes:
    """The list on a dataset's main branch.

    By one plain request: the library's download tries for half a minute to reach a server that is not there, and then
    answers from its own cache, which may be older than a version that was yanked.
    """
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    url = hf_hub_url(dataset, RELEASES, repo_type="dataset", revision="main")
    response = get_session().get(url, headers=build_hf_headers(), follow_redirects=True, timeout=10)
    hf_raise_for_status(response)
    content: bytes = response.content
    return content


def _found(fs: Any, folder: str) -> list[str]:
    """The paths of all files below a folder."""
    return [name[len(folder.strip("/")) + 1 :] for name in (path.strip("/") for path in fs.find(folder))]


def _named(fs: Any, folder: str, into: Path) -> list[str]:
    """The paths of all files that a release says it has, and of what stands beside them."""
    return [*read_sums(into), *(name for name in SIDECARS if fs.exists(f"{folder}/{name}"))]


def dataset_of(url: str) -> str:
    """ORG/NAME of a dataset on the Hub.

    Raises:
        UsageError: the URL is that of none.
    """
    if found := _DATASET.fullmatch(url):
        return found[1]
    raise UsageError("is no dataset; expected hf://datasets/ORG/NAME, and the version apart from it", place=url)


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path there without a slash at its end.

    Raises:
        UsageError: the URL is none that can be reached here.
    """
    import fsspec

    try:
        # Neither an earlier connection nor an earlier listing: what is there now counts.
        fs, path = fsspec.core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
    except ImportError as error:
        raise UsageError(f"{error}; expected the library that reaches such places", place=url) from error
    except ValueError as error:
        raise UsageError(f"{error}; expected hf://datasets/ORG/NAME or a URL that fsspec knows", place=url) from error
    return fs, str(path).rstrip("/")


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Whatever a client of the network raises, as one kind of error."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"needs the library {error.name!r}; install it", place=url) from error
    except client_faults(url) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, FileNotFoundError) and not error.strerror:
            # Some clients say no more than the URL.
            why = f"not found: {why}"
        # What a client says may repeat the URL, with the credentials in it.
        cause = error if masked(url) == url else None
        failure = UnreachableError(f"cannot be read: {why}", place=url)
        failure.missing = isinstance(error, FileNotFoundError)
        raise failure from cause


def client_faults(url: str) -> tuple[type[Exception], ...]:
    """What clients raise where a place does not answer, or not with what was asked for."""
    if url.startswith(_HUB):
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

        # The base of its errors is that of the HTTP client that this version of the library works with.
        return (*HfHubHTTPError.__bases__, EntryNotFoundError)
    if url.startswith("s3://"):
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        return OSError, BotoCoreError, ClientError
    if url.startswith(("http://", "https://")):
        from aiohttp import ClientError as HTTPFault

        return OSError, HTTPFault
    return (OSError,)
