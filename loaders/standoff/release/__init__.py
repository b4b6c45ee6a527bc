"""Releases: a corpus as a folder of Parquet with its card and its checksums, and the way back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standoff.release.building import BuildReport, build
    from standoff.release.folder import About, verify
    from standoff.release.hydrating import hydrate
    from standoff.release.loading import load, read_release, versions
    from standoff.release.planning import plan
    from standoff.release.publishing import Published, publish, yank
    from standoff.release.review import sign, standing
    from standoff.release.sources import open_source
    from standoff.release.verifying import check_release

__all__ = [
    "About",
    "BuildReport",
    "Published",
    "build",
    "check_release",
    "hydrate",
    "load",
    "open_source",
    "plan",
    "publish",
    "read_release",
    "sign",
    "standing",
    "verify",
    "versions",
    "yank",
]

_MODULES = {
    "About": "folder",
    "BuildReport": "building",
    "Published": "publishing",
    "build": "building",
    "check_release": "verifying",
    "hydrate": "hydrating",
    "load": "loading",
    "open_source": "sources",
    "plan": "planning",
    "publish": "publishing",
    "read_release": "loading",
    "sign": "review",
    "standing": "review",
    "verify": "folder",
    "versions": "loading",
    "yank": "publishing",
}


def __getattr__(name: str) -> Any:
    # Whoever loads a table does not wait for the rules that a build checks.
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
