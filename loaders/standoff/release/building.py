"""From a corpus to a release: a folder that is written once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from standoff.adjudicate import derive
from standoff.canon import canonical, canonical_list, content_digest
from standoff.diff import diff
from standoff.engine import aside
from standoff.errors import ReleaseError, UsageError
from standoff.files import raw_bytes, read_text
from standoff.model import Corpus, Progress, silent
from standoff.release.citation import CITATION
from standoff.release.companions import check_date, companions_of, reviews_of
from standoff.release.describing import descriptions
from standoff.release.editions import WHOLE, Tables, Whole, text_free
from standoff.release.folder import (
    ABOUT,
    DATA,
    SUMS,
    WITHDRAWN,
    About,
    Edition,
    checked_version,
    order,
    read_sums,
    sha256_of,
    sums_text,
    verify,
)
from standoff.release.folder import about as read_about
from standoff.release.loading import derived_tables
from standoff.release.review import Review
from standoff.release.sources import previous_release
from standoff.release.statement import STATEMENT
from standoff.release.weighing import bumped, newest, reasons, refuse_too_low
from standoff.release.withholding import Articles
from standoff.text import decode, sha
from standoff.validate import validate

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BuildReport", "build", "placed", "write_parquet"]


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
    edition: Edition = "full",
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
        edition: full, or text-free: without any words of the articles, but for titles and names; whoever has the raw
            files makes the full edition of it by `standoff.release.hydrate`. It needs `root`, for the raw files.

    Raises:
        ReleaseError: the version or date is not written as one, a final version is lower than what changed asks for,
            the corpus has errors, or this version exists with other data, in another edition, or is damaged; the text
            of a document may not be published, and the edition is full.
        UsageError: the newest release, which a final version is held against, cannot be found; a version that is high
            enough for any change needs none. Or raw files are needed, and there is no `root`.
    """
    checked_version(version)
    check_date(date)
    _check_high_enough(corpus, version, out, root, previous)
    if edition == "full":
        _check_texts(corpus)
    _check_valid(corpus, progress)
    raw = _raw(corpus, root) if edition == "text-free" else {}
    tables = derived_tables(corpus, progress=progress)
    about = About(
        corpus=corpus.scheme.corpus,
        title=corpus.scheme.title,
        version=version,
        date=date,
        edition="full",
        content_sha256=content_digest(corpus),
        rows=_rows(tables),
    )
    companions, reviews = companions_of(root, about), reviews_of(root, about)
    # Beside its place, on the same file system: a rename puts the whole folder there at once.
    with aside(out / version) as beside:
        made = beside / version
        files = _write(made, corpus, about, tables, companions, reviews, progress)
        if edition == "text-free":
            whole = made.rename(beside / "full")
            bare, articles = _bare(tables, corpus, raw)
            about = structs.replace(about, edition=edition, rows=_rows(bare))
            files = _write(made, corpus, about, bare, companions, reviews, silent, articles.withheld)
            files |= _tell_whole(made, whole, files, articles)
        folder = out / version
        new = placed(made, folder)
        differing = () if new else _compare(folder, files, edition)
    return BuildReport(
        version=version,
        folder=folder,
        content_sha256=about.content_sha256,
        rows=about.rows,
        files=files if new else verify(folder),
        new=new,
        differing=differing,
    )


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


def _check_texts(corpus: Corpus) -> None:
    withheld = [id for id, right in sorted(corpus.rights.items()) if id in corpus.documents and not right.publish_text]
    if withheld:
        raise ReleaseError(
            f"the text may not be published of {', '.join(withheld)}, as corpus/rights.json says; expected the edition "
            "text-free",
        )


def _raw(corpus: Corpus, root: Path | None) -> dict[str, str]:
    if root is None:
        raise UsageError("an edition without texts is held against the raw files; expected the checkout as root")
    return {id: decode(raw, place=id) for id, raw in raw_bytes(root, corpus).items()}


def _rows(tables: Tables) -> dict[str, dict[str, int]]:
    return {config: {split: len(table) for split, table in splits.items()} for config, splits in tables.items()}


def _bare(tables: Tables, corpus: Corpus, raw: dict[str, str]) -> tuple[Tables, Articles]:
    """The tables without texts, those left out that are made of text; and the articles, for all that is beside them."""
    articles = Articles(raw, [document.title for document in corpus.documents.values()])
    left_out = {view.name for view in corpus.scheme.views}
    kept = {config: splits for config, splits in tables.items() if config not in left_out}
    return text_free(kept, corpus.documents, raw, articles), articles


def _tell_whole(folder: Path, whole: Path, files: dict[str, str], articles: Articles) -> dict[str, str]:
    """Puts into an edition without texts what makes it whole again; gives the checksum of that file."""
    import pyarrow as pa

    sums = read_sums(whole)
    beside = [path for path in sorted(sums) if not path.startswith(f"{DATA}/")]
    texts = {path: articles.withheld(read_text(whole / path)) for path in beside}
    own = {path: read_text(folder / path) for path in beside if path in files}
    texts = {path: text for path, text in texts.items() if own.get(path) != text}
    text = canonical(Whole(pa.__version__, sums, texts)) + "\n"
    (folder / WHOLE).write_bytes(text.encode())
    added = {WHOLE: sha(text)}
    (folder / SUMS).write_bytes(sums_text({**files, **added}).encode())
    return added


def _write(
    folder: Path,
    corpus: Corpus,
    about: About,
    tables: Tables,
    companions: dict[str, str],
    reviews: Sequence[Review],
    progress: Progress,
    told: Callable[[str], str] = str,
) -> dict[str, str]:
    """Writes all files of a release and gives their checksums; what tells of the others, and SHA256SUMS, last.

    Args:
        told: what may be told of the text of a file.
    """
    sums: dict[str, str] = {}
    files: dict[str, tuple[str, int]] = {}

    def put(path: str, text: str) -> None:
        text = told(text)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
        sums[path] = sha(text)

    for done, (config, splits) in enumerate(tables.items(), 1):
        for split, table in splits.items():
            path = f"{DATA}/{config}/{split}.parquet"
            write_parquet(table, folder / path)
            sums[path] = sha256_of(folder / path)
            files[path] = sums[path], (folder / path).stat().st_size
        progress("files", done, len(tables))
    for name, text in corpus.scheme.files.items():
        put(f"schema/{name}", text)
    for name, text in companions.items():
        put(name, text)
    if corpus.withdrawn:
        put(WITHDRAWN, canonical_list("withdrawn", corpus.withdrawn.values()))
    put(ABOUT, about.text())
    citation, statement = companions.get(CITATION, ""), companions.get(STATEMENT, "")
    told_of = descriptions(corpus, about, tables, files, citation=citation, statement=statement, reviews=reviews)
    for path, text in told_of.items():
        put(path, text)
    (folder / SUMS).write_bytes(sums_text(sums).encode())
    return sums


def write_parquet(table: pa.Table, path: Path) -> None:
    """Puts a table in its place, as tables are written in every release."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", use_content_defined_chunking=True, write_page_index=True)


def placed(made: Path, folder: Path) -> bool:
    """Moves a folder to its place; says whether the place was free."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        return False
    return True


def _compare(folder: Path, files: dict[str, str], edition: Edition) -> tuple[str, ...]:
    """What would be different in a release that exists, which may be anything but its data."""
    present = verify(folder)
    if (is_ := read_about(folder).edition) != edition:
        raise ReleaseError(
            f"exists, and is {is_}; expected another folder for the edition {edition}", place=str(folder)
        )
    differing = sorted(path for path in present.keys() | files if present.get(path) != files.get(path))
    if data := [path for path in differing if path.startswith((f"{DATA}/", "schema/"))]:
        shown = ", ".join(data[:5]) + (f" and {len(data) - 5} more" if len(data) > 5 else "")
        raise ReleaseError(
            f"exists and holds other data ({shown}); a release is never changed: build under a new version",
            place=str(folder),
        )
    return tuple(differing)
