"""Puts the staged release into wheels and source distributions: an installed package has data without a network.

`make wheel` stages it: it builds a release into the folder that pyproject.toml names. Without that folder, as in an
installation from a bare checkout, the package is built without data. An editable installation never gets any: there,
the checkout itself is the source. A source distribution holds the release inside the package, where a wheel that is
built from it takes it like any other file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.version import Version


class EmbeddedRelease(BuildHookInterface[Any]):
    """The hook that hatchling looks for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the newest staged release, and the list that says which were yanked, to what is built."""
        if version == "editable":
            return
        root = Path(self.root)
        release = newest(root / self.config["staged"])
        if release is None:
            if not (root / "loaders" / "standoff" / "embedded").is_dir():
                self.app.display_info(f"no release in {self.config['staged']}: what is built carries no data")
            return
        listing = root / "corpus" / "releases.json"
        refuse_yanked(release, listing)
        package = "loaders/standoff" if self.target_name == "sdist" else "standoff"
        build_data["force_include"][str(release)] = f"{package}/embedded/{release.name}"
        if listing.is_file():
            build_data["force_include"][str(listing)] = f"{package}/embedded/releases.json"


def refuse_yanked(release: Path, listing: Path) -> None:
    """Lets a release pass that the checkout's list does not say was yanked.

    Raises:
        ValueError: it does, with the reason.
    """
    listed = json.loads(listing.read_bytes())["releases"] if listing.is_file() else []
    for one in listed:
        if one["version"] == release.name and one.get("yanked"):
            raise ValueError(
                f"{release}: was yanked: {one['why']}; expected a release that was not: build a new version"
            )


def newest(staged: Path) -> Path | None:
    """The newest of the releases in a folder, those in development only where there are no others."""
    found = [path.parent for path in staged.glob("*/release.json")]
    versions = {folder: Version(folder.name) for folder in found}
    return max(found, key=lambda folder: (not versions[folder].is_prerelease, versions[folder]), default=None)
