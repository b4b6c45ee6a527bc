"""What goes along with a release from the checkout: its texts beside the data, and the sign-offs of its content."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path

from standoff.errors import ReleaseError
from standoff.files import read_text
from standoff.release.citation import CITATION
from standoff.release.folder import About
from standoff.release.review import Review, read_reviews
from standoff.release.statement import STATEMENT

__all__ = ["check_date", "companions_of", "reviews_of"]

CHANGELOG = "CHANGELOG.md"
COMPANIONS = (CITATION, CHANGELOG, "LICENSE-DATA")
"""What goes along with the data where the checkout has it."""


def check_date(date: str) -> None:
    """Refuses what is no date of a release.

    Raises:
        ReleaseError: it is not written as ISO 8601 does.
    """
    try:
        Date.fromisoformat(date)
    except ValueError as error:
        raise ReleaseError(f"date {date!r}; expected YYYY-MM-DD") from error


def companions_of(root: Path | None, about: About) -> dict[str, str]:
    """The texts that go along with a release: name -> text, citation and changelog those of this version."""
    if root is None:
        return {}
    places = {**{name: root / name for name in COMPANIONS}, STATEMENT: root / "corpus" / STATEMENT}
    found = {name: read_text(path) for name, path in places.items() if path.is_file()}
    if CITATION in found:
        found[CITATION] = _cited(found[CITATION], about)
    if CHANGELOG in found:
        found[CHANGELOG] = _until(found[CHANGELOG], about.version)
    return found


def reviews_of(root: Path | None, about: About) -> tuple[Review, ...]:
    """The sign-offs of exactly this content."""
    found = read_reviews(root) if root is not None else ()
    return tuple(review for review in found if review.content_sha256 == about.content_sha256)


def _cited(citation: str, about: About) -> str:
    """A CITATION.cff of this version; every other line stays what it is."""
    lines = [line for line in citation.splitlines() if not re.match(r"(version|date-released):", line)]
    return "\n".join([*lines, f'version: "{about.version}"', f'date-released: "{about.date}"']) + "\n"


def _until(changelog: str, version: str) -> str:
    """A changelog, newest first, without what came after a version; all of it where it does not tell of the version.

    So a release that is built again later is the same, though more has been written since.
    """
    headings = list(re.finditer(r"^## +\[?([^\]\s]+)", changelog, re.MULTILINE))
    own = next((heading for heading in headings if heading[1] == version), None)
    return changelog if own is None else changelog[: headings[0].start()] + changelog[own.start() :]
