"""The release that the installed package carries. `hatch_build.py` puts it into wheels; a checkout has none."""

from __future__ import annotations

from pathlib import Path

__all__ = ["EMBEDDED", "embedded"]

EMBEDDED = "embedded"
"""The folder in the package that holds it, in a folder named by its version."""


def embedded() -> Path | None:
    """The folder with the release of the installed package; None where it was built without, or is a checkout's."""
    folder = Path(__file__).parents[1] / EMBEDDED
    return folder if folder.is_dir() else None
