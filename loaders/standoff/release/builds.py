"""The releases that were built and lie in a checkout: which content each holds, and which of them are damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from standoff.errors import ReleaseError
from standoff.release.folder import SUMS, about, verify

__all__ = ["BUILT", "Built", "builds"]

BUILT = ("releases", "build", "dist")
"""Folders of a checkout where its releases may lie."""


class Built(Struct, frozen=True, kw_only=True):
    """A release that was built."""

    folder: Path
    version: str = ""
    content_sha256: str = ""
    whole: bool
    """Whether it is as it was built; nothing else is known of one that is not."""


def builds(root: Path, releases: Iterable[Path] = ()) -> Iterator[Built]:
    """The releases in the folders of releases, those of a checkout and others.

    Args:
        root: the checkout; the folders that are in it are told from there.
    """
    for top in (*releases, *(root / name for name in BUILT)):
        for folder in sorted(path.parent for path in top.glob(f"*/{SUMS}")):
            shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
            try:
                verify(folder)
                facts = about(folder)
            except ReleaseError:
                # What is wrong with it, `standoff verify` tells.
                yield Built(folder=shown, whole=False)
            else:
                yield Built(folder=shown, version=facts.version, content_sha256=facts.content_sha256, whole=True)
