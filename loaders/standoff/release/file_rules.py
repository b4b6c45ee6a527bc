"""The rules on the files of a release: that all are there, as they were, and whose they are. See `rules`."""

from __future__ import annotations

from collections.abc import Iterator

from standoff.errors import RecordError
from standoff.release.folder import ABOUT, CARD, DATA, PROVENANCE, RELEASES, SUMS, sha256_of
from standoff.release.held import Fault, Held
from standoff.release.provenance import misattested, read_provenance

__all__ = [
    "release_files",
    "release_parts",
    "release_provenance",
    "release_readable",
    "release_signature",
    "release_strays",
    "release_yanked",
]


def release_files(held: Held) -> Iterator[Fault]:
    """Every file has the checksum that SHA256SUMS gives it; none is missing, none was added."""
    for path, what in held.flaws:
        yield path, "", f"{what}; expected the release as {SUMS} tells it"


def release_parts(held: Held) -> Iterator[Fault]:
    """What makes a folder a release is there: what it says of itself, its card, its schema and its documents."""
    folders = {f"{part}/" for part in ("schema", f"{DATA}/documents")}
    for part in sorted((ABOUT, CARD, *folders)) if held.sums else ():
        if not any(path == part or (part in folders and path.startswith(part)) for path in held.sums):
            yield part.rstrip("/"), "", f"is missing in {SUMS}; expected it, since every release has it"


def release_strays(held: Held) -> Iterator[Fault]:
    """Nothing lies beside the files that a file manager left there."""
    for path in held.strays:
        yield path, "", "is no file of the release; expected it gone"


def release_readable(held: Held) -> Iterator[Fault]:
    """What has the right checksum can be read as what it is."""
    yield from held.unreadable


def release_signature(held: Held) -> Iterator[Fault]:
    """SHA256SUMS and PROVENANCE.json bear the signature of somebody who is allowed to sign."""
    for path, what in misattested(held.folder, held.signers) if held.signers else ():
        yield path, "", what


def release_provenance(held: Held) -> Iterator[Fault]:
    """PROVENANCE.json is about this release."""
    try:
        told = read_provenance(held.folder)
    except RecordError as error:
        yield PROVENANCE, "", error.message
        return
    if told is None:
        return
    facts = held.about
    pairs = []
    if (sums := held.folder / SUMS).is_file():
        pairs += [("sums_sha256", told.sums_sha256, sha256_of(sums))]
    if facts:
        pairs += [("version", told.version, facts.version)]
        pairs += [("content_sha256", told.content_sha256, facts.content_sha256)]
    for field, says, is_ in pairs:
        if says != is_:
            yield PROVENANCE, field, f"is {says!r}; expected {is_!r}, as the release has it"


def release_yanked(held: Held) -> Iterator[Fault]:
    """No list of releases, beside the release or of its checkout, says that it was yanked."""
    for one in held.listed:
        if one.yanked and held.about and one.version == held.about.version:
            yield RELEASES, one.version, f"says that it was yanked: {one.why}"
