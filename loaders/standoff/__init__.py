"""Annotated text corpora as code: schema, Label Studio round trip, validation, releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standoff.release import load, read_release, versions

    __version__: str

__all__ = ["__version__", "load", "read_release", "versions"]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: tables bring pyarrow, which most commands do without.
    if name == "__version__":
        from importlib.metadata import version

        return version("standoff")
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("standoff.release"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
