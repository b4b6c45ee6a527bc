"""From a corpus to a release: a folder that is written once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date as Date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct

from standoff.adjudicate import derive, soft_labels
from standoff.canon import content_digest
from standoff.diff import diff
from standoff.errors import ReleaseError
from standoff.files import read_text
from standoff.model import Corpus, Progress, silent
from standoff.release.card import card
from standoff.release.folder import ABOUT, CARD, DATA, SUMS, About, checked_version, digest, order, sums_text, verify
from standoff.release.review import Review, read_reviews
from standoff.release.sources import previous_release
from standoff.release.weighing import bumped, newest, reasons, refuse_too_low
from standoff.tables import to_tables
from standoff.validate import validate
from standoff.views import views

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BuildReport", "build"]

CITATION = "CITATION.cff"

COMPANIONS = (CITATION, "CHANGELOG.md", "LICENSE-DATA")
"""What goes along with the data where the checkout has it."""


class BuildReport(Struct, frozen=True, kw_only=True):
    """What a release holds."""

    version: str
    folder: Path
    content_sha256: str
    rows: dict[str, dict[str, int]]
    """Config -> split -> rows."""
    files: dict[str, str]
    """Path -> sha256, of what the folder holds now."""
    new: bool
    """Whether the release was written by this build; it already existed otherwise, with the same data."""
    differing: tuple[str, ...] = ()
    """Files beside the data, such as the card, that this build would have written differently."""


def build(
    corpus: Corpus,
    version: str,
    out: Path,
    *,
    date: str,
    root: Path | None = None,
    previous: Corpus | None = None,
    progress: Progress = silent,
) -> BuildReport:
    """Makes the release of a corpus: the new folder `out/version`, whole or not at all.

    The same corpus, version, date and companions give the same bytes. A release that exists is never written into:
    where it holds the same data, it is left as it is, with its date.

    Args:
        out: the folder of all releases; made if needed.
        date: of the release, as ISO 8601 writes it.
        root: the checkout, where CITATION.cff, CHANGELOG.md and LICENSE-DATA are taken from, if it has them.
        previous: the newest release that the corpus's list of releases names; without it, it is looked for in `out`,
            in the checkout's folders of releases and among its tags.

    Raises:
        ReleaseError: the version or date is not written as one, a final version is lower than what changed asks for,
            the corpus has errors, or this version exists with other data or is damaged.
        UsageError: the newest release, which a final version is held against, cannot be found; a version that is high
            enough for any change needs none.
    """
    checked_version(version)
    _check_date(date)
    _check_high_enough(corpus, version, out, root, previous)
    _check_valid(corpus, progress)
    tables = {**to_tables(corpus, progress=progress), **views(corpus), **soft_labels(corpus)}
    rows = {config: {split: len(table) for split, table in splits.items()} for config, splits in tables.items()}
    about = About(
        corpus=corpus.scheme.corpus,
        title=corpus.scheme.title,
        version=version,
        date=date,
        edition="full",
        content_sha256=content_digest(corpus),
        rows=rows,
    )
    out.mkdir(parents=True, exist_ok=True)
    # Beside its place, on the same file system: a rename puts the whole folder there at once.
    with TemporaryDirectory(dir=out, prefix=f".{version}.") as aside:
        made = Path(aside) / version
        files = _write(made, corpus, about, tables, _companions(root, about), _reviews(root, about), progress)
        folder = out / version
        new = _placed(made, folder)
        differing = () if new else _compare(folder, files)
    return BuildReport(
        version=version,
        folder=folder,
        content_sha256=about.content_sha256,
        rows=rows,
        files=files if new else verify(folder),
        new=new,
        differing=differing,
    )


def _check_date(date: str) -> None:
    try:
        Date.fromisoformat(date)
    except ValueError as error:
        raise ReleaseError(f"date {date!r}; expected YYYY-MM-DD") from error


def _check_high_enough(corpus: Corpus, version: str, out: Path, root: Path | None, previous: Corpus | None) -> None:
    """Holds a final version against what changed since the newest release; versions in development are free."""
    release = newest(corpus.releases)
    if release is None or ".dev" in version:
        return
    if listed := next((one for one in corpus.releases if one.version == version), None):
        if (found := content_digest(corpus)) != listed.content_sha256:
            raise ReleaseError(
                f"version {version!r} was released with the content {listed.content_sha256}, but the corpus has "
                f"{found}: build under a new version"
            )
        return
    if order(version) >= order(bumped(release.version, "major")):
        # High enough for whatever changed: the release before need not be at hand.
        return
    before = previous_release(corpus, root, releases=(out,), given=previous)
    if before is not None:
        refuse_too_low(version, release.version, reasons(diff(before, corpus), before))


def _check_valid(corpus: Corpus, progress: Progress) -> None:
    errors = [finding for finding in validate(corpus, progress=progress) if finding.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more errors; standoff validate lists them)" if len(errors) > 1 else ""
        raise ReleaseError(f"the corpus has errors, which no release may have: {errors[0]}{more}")
    derived = derive(corpus)
    if not derived.complete:
        items, entities = len(derived.open), len(derived.open_entities)
        raise ReleaseError(
            f"{items} annotations and {entities} entities are undecided, and a release holds what is decided alone: "
            "standoff adjudicate lists them"
        )


def _companions(root: Path | None, about: About) -> dict[str, str]:
    if root is None:
        return {}
    found = {name: read_text(root / name) for name in COMPANIONS if (root / name).is_file()}
    if CITATION in found:
        found[CITATION] = _cited(found[CITATION], about)
    return found


def _reviews(root: Path | None, about: About) -> tuple[Review, ...]:
    """The sign-offs of exactly this content."""
    found = read_reviews(root) if root is not None else ()
    return tuple(review for review in found if review.content_sha256 == about.content_sha256)


def _cited(citation: str, about: About) -> str:
    """A CITATION.cff of this version; every other line stays what it is."""
    lines = [line for line in citation.splitlines() if not re.match(r"(version|date-released):", line)]
    return "\n".join([*lines, f'version: "{about.version}"', f'date-released: "{about.date}"']) + "\n"


def _write(
    folder: Path,
    corpus: Corpus,
    about: About,
    tables: dict[str, dict[str, pa.Table]],
    companions: dict[str, str],
    reviews: Sequence[Review],
    progress: Progress,
) -> dict[str, str]:
    """Writes all files of a release and gives their checksums; the card and SHA256SUMS, which tell of others, last."""
    sums: dict[str, str] = {}

    def put(path: str, text: str) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
        sums[path] = sha256(text.encode()).hexdigest()

    for done, (config, splits) in enumerate(tables.items(), 1):
        for split, table in splits.items():
            path = f"{DATA}/{config}/{split}.parquet"
            _write_parquet(table, folder / path)
            sums[path] = sha256((folder / path).read_bytes()).hexdigest()
        progress("files", done, len(tables))
    digests = {
        config: digest({path: sums[path] for path in sums if path.startswith(f"{DATA}/{config}/")}) for config in tables
    }
    for name, text in corpus.scheme.files.items():
        put(f"schema/{name}", text)
    for name, text in companions.items():
        put(name, text)
    put(ABOUT, about.text())
    put(CARD, card(corpus, about, tables, digests, citation=companions.get(CITATION, ""), reviews=reviews))
    (folder / SUMS).write_bytes(sums_text(sums).encode())
    return sums


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", use_content_defined_chunking=True, write_page_index=True)


def _placed(made: Path, folder: Path) -> bool:
    """Moves a folder to its place; says whether the place was free."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        return False
    return True


def _compare(folder: Path, files: dict[str, str]) -> tuple[str, ...]:
    """What would be different in a release that exists, which may be anything but its data."""
    present = verify(folder)
    differing = sorted(path for path in present.keys() | files if present.get(path) != files.get(path))
    if data := [path for path in differing if path.startswith((f"{DATA}/", "schema/"))]:
        shown = ", ".join(data[:5]) + (f" and {len(data) - 5} more" if len(data) > 5 else "")
        raise ReleaseError(
            f"exists and holds other data ({shown}); a release is never changed: build under a new version",
            place=str(folder),
        )
    return tuple(differing)
