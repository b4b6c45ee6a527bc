"""A release of a corpus in shards: the folder that `standoff build` makes, without ever holding the corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from standoff import files
from standoff.canon import canonical, canonical_list
from standoff.engine import Crew, Engine, aside, hired, run
from standoff.errors import ReleaseError
from standoff.model import Corpus, Progress, Splits, silent
from standoff.release.citation import CITATION
from standoff.release.companions import check_date, companions_of, reviews_of
from standoff.release.describing import descriptions
from standoff.release.editions import WHOLE, Whole, text_free
from standoff.release.folder import (
    ABOUT,
    DATA,
    SUMS,
    WITHDRAWN,
    About,
    Edition,
    checked_version,
    order,
    sha256_of,
    sums_text,
)
from standoff.release.loading import derived_tables
from standoff.release.review import Review
from standoff.release.statement import STATEMENT
from standoff.release.weighing import bumped, newest
from standoff.shards.bundle import batches, corpus_of, head_of
from standoff.shards.checking import ShardJob, head_key
from standoff.shards.describing import Counted, descriptions_of
from standoff.shards.joining import Joined, content_of, joined, usual
from standoff.shards.links import linked
from standoff.shards.parts import SINGLE, Part, folder_of, make_part, read_part
from standoff.shards.rows import located
from standoff.shards.tallies import Extent, Tally, added, nbytes
from standoff.shards.validating import validate_shards
from standoff.shards.withholding import Overheard, articles_of, bare_parts, sought
from standoff.text import sha
from standoff.validate.duplicates import FEW

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Built", "build_shards", "headed", "parted"]

Extents = Mapping[str, Mapping[str, list[list[Extent]]]]


class Built(Struct, frozen=True, kw_only=True):
    """What a release in shards holds."""

    version: str
    folder: Path
    content_sha256: str
    rows: dict[str, dict[str, int]]
    note: str = ""
    """What was not looked at."""


class Ground(Struct, frozen=True, kw_only=True):
    """What both editions of a release are told from."""

    head: Corpus
    whole: Corpus | None
    """The corpus itself, where it is small."""
    tally: Tally
    about: About
    companions: dict[str, str]
    reviews: tuple[Review, ...]


def build_shards(
    root: Path,
    shards: Sequence[str],
    version: str,
    out: Path,
    *,
    date: str,
    work: Path,
    edition: Edition = "full",
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> Built:
    """Makes the release of a corpus in shards: the new folder `out/version`, whole or not at all.

    It holds the same files and rows and has the same digest of the content as the release of the same corpus from
    files. Where there are more than a few documents, the card tells rights by decision, and not how far annotators
    agree.

    Args:
        root, shards, work, engine: as in `standoff.shards.validate_shards`.
        edition: as in `standoff.release.build`; the records of the shards have the raw files.

    Raises:
        ReleaseError: the version does not follow on those that were released, the corpus has errors or something
            undecided, a text may not be published and the edition is full, documents are not in the order of their
            ids, or the folder exists.
    """
    checked_version(version)
    check_date(date)
    root, work = root.resolve(), work.resolve()
    if (folder := out / version).exists():
        raise ReleaseError("exists; a release is never changed: build under a new version", place=str(folder))
    with hired(engine) as crew:
        checked = validate_shards(root, shards, work, engine=crew, progress=progress)
        if checked.errors:
            first = next(one for one in located([checked.table]) if one.finding.severity == "error")
            raise ReleaseError(f"the corpus has {checked.errors} errors, which no release may have: {first}")
        head = head_of(files.read(root))
        jobs, parts = parted(root, shards, head, work, crew, progress)
        tally = added(part.tally for part in parts)
        _check(parts, shards)
        if edition == "full" and tally.withheld:
            raise ReleaseError(
                f"the text may not be published of {tally.withheld_documents} documents, such as "
                f"{', '.join(tally.withheld)}, as their rights say; expected the edition text-free"
            )
        head = headed(head, parts)
        content = content_of(head, jobs, parts)
        note = _held(head, version, content)
        about = About(
            corpus=head.scheme.corpus,
            title=head.scheme.title,
            version=version,
            date=date,
            edition="full",
            content_sha256=content,
        )
        ground = Ground(
            head=head,
            whole=_whole(shards, head) if tally.documents <= FEW else None,
            tally=tally,
            about=about,
            companions=companions_of(root, about),
            reviews=reviews_of(root, about),
        )
        out.mkdir(parents=True, exist_ok=True)
        with aside(folder) as beside:
            made = beside / version
            tables = joined(
                made,
                derived_tables(head),
                [(folder_of(job), part.rows) for job, part in zip(jobs, parts, strict=True)],
                crew,
                progress,
            )
            about = structs.replace(about, rows=tables.rows)
            sums = _write(made, ground, about, derived_tables(head), [part.extents for part in parts], str)
            if edition == "text-free":
                whole = made.rename(beside / "full")
                about = _bare(made, whole, ground, sums, tables, jobs, crew, progress)
            made.rename(folder)
    return Built(version=version, folder=folder, content_sha256=content, rows=about.rows, note=note)


def parted(
    root: Path, shards: Sequence[str], head: Corpus, work: Path, crew: Crew, progress: Progress
) -> tuple[list[ShardJob], list[Part]]:
    """The parts of a release that shards make."""
    key = head_key(head)
    jobs = [
        ShardJob(shard=shard, number=n, root=root, head=key, work=work, buckets=1, links=links)
        for n, (shard, links) in enumerate(zip(shards, linked(shards, work, crew, progress), strict=True))
    ]
    run(make_part, jobs, crew, what="tables of shards", progress=progress)
    return jobs, [read_part(job) for job in jobs]


def headed(head: Corpus, parts: Sequence[Part]) -> Corpus:
    """The head of a corpus with the events that shards tell of."""
    found: dict[str, list[str]] = {}
    for part in parts:
        for event, ids in part.events.items():
            found.setdefault(event, []).extend(ids)
    return structs.replace(head, splits=Splits({}, {event: tuple(ids) for event, ids in sorted(found.items())}))


def _check(parts: Sequence[Part], shards: Sequence[str]) -> None:
    """Refuses what is undecided, and documents out of order."""
    if undecided := sum(part.undecided for part in parts):
        raise ReleaseError(f"{undecided} annotations and entities are undecided; a release holds what is decided alone")
    last = ""
    for part, shard in zip(parts, shards, strict=True):
        wrong = part.unordered or (part.first if part.first and part.first <= last else "")
        if wrong:
            raise ReleaseError(
                f"document {wrong!r} stands behind one of a greater id; expected documents in the order of their ids, "
                "through all shards",
                place=shard,
            )
        last = part.last or last


def _held(head: Corpus, version: str, content: str) -> str:
    """Holds a version against the list of releases; gives what of that could not be done."""
    release = newest(head.releases)
    if release is None or ".dev" in version:
        return ""
    listed = next((one for one in head.releases if one.version == version), None)
    if listed and listed.content_sha256 != content:
        raise ReleaseError(
            f"version {version!r} was released with the content {listed.content_sha256}, but the corpus has "
            f"{content}: build under a new version"
        )
    if listed or order(version) >= order(bumped(release.version, "major")):
        return ""
    if order(version) <= order(release.version):
        raise ReleaseError(f"version {version!r} after {release.version!r}; expected a higher one")
    if release.content_sha256 == content:
        return ""
    return (
        f"{version} was not held against what changed since {release.version}: from shards a build does not tell "
        "whether so high a version is high enough; standoff diff shows the changes"
    )


def _whole(shards: Sequence[str], head: Corpus) -> Corpus:
    return corpus_of((one for shard in shards for batch in batches(shard) for one in batch.bundles), head)


def _write(
    made: Path,
    ground: Ground,
    about: About,
    empty: Mapping[str, Mapping[str, pa.Table]],
    extents: Sequence[Extents],
    told: Callable[[str], str],
) -> dict[str, str]:
    """Writes all files but the tables, and gives the checksums of all.

    Args:
        told: what may be told of the text of a file.
    """
    sums: dict[str, str] = {}
    sizes: dict[str, tuple[str, int]] = {}
    for path in sorted((made / DATA).rglob("*.parquet")):
        name = path.relative_to(made).as_posix()
        sums[name] = sha256_of(path)
        sizes[name] = sums[name], path.stat().st_size
    for name, text in _texts(ground, about, empty, extents, sizes).items():
        text = told(text)
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(text.encode())
        sums[name] = sha(text)
    (made / SUMS).write_bytes(sums_text(sums).encode())
    return sums


def _texts(
    ground: Ground,
    about: About,
    empty: Mapping[str, Mapping[str, pa.Table]],
    extents: Sequence[Extents],
    files: Mapping[str, tuple[str, int]],
) -> dict[str, str]:
    """The files of a release besides the tables: path -> text."""
    head = ground.head
    found = {f"schema/{name}": text for name, text in head.scheme.files.items()} | ground.companions
    if head.withdrawn:
        found[WITHDRAWN] = canonical_list("withdrawn", head.withdrawn.values())
    found[ABOUT] = about.text()
    tables = _counted(about, empty, extents, ground.tally)
    told: dict[str, Any] = {
        "citation": ground.companions.get(CITATION, ""),
        "statement": ground.companions.get(STATEMENT, ""),
        "reviews": ground.reviews,
    }
    if ground.whole is not None:
        return found | descriptions(ground.whole, about, tables, files, **told)
    return found | descriptions_of(head, ground.tally, about, tables, files, **told)


def _counted(
    about: About, empty: Mapping[str, Mapping[str, pa.Table]], extents: Sequence[Extents], tally: Tally
) -> dict[str, dict[str, Counted]]:
    """How large each table is."""
    found: dict[str, dict[str, Counted]] = {}
    for config, splits in empty.items():
        for split, table in splits.items():
            own = [one for of in extents for one in of.get(config, {}).get(split, ())]
            size = table.nbytes if config in SINGLE else nbytes(own)
            # What is counted of a view is of all its splits: the first tells it, the others nothing.
            untagged = 0 if config in found else tally.untagged.get(config, 0)
            rows = about.rows[config][split]
            found.setdefault(config, {})[split] = Counted(table.schema, rows, size, untagged)
    return found


def _bare(
    made: Path,
    full: Path,
    ground: Ground,
    sums: dict[str, str],
    tables: Joined,
    jobs: Sequence[ShardJob],
    crew: Crew,
    progress: Progress,
) -> About:
    """Writes the edition without texts, which tells what makes it whole again."""
    import pyarrow as pa

    parts = bare_parts(jobs, crew, progress)
    left_out = {view.name for view in ground.head.scheme.views}
    kept = {config: splits for config, splits in derived_tables(ground.head).items() if config not in left_out}
    heard = Overheard()
    text_free(kept, {}, {}, heard)
    found = sought(jobs, [heard.distinct()], "sought-of-lists", crew, progress)
    empty = text_free(kept, {}, {}, articles_of(found, heard.distinct()))
    bare = joined(made, empty, [(folder, part.rows) for folder, part in parts], crew, progress)
    about = structs.replace(ground.about, edition="text-free", rows=bare.rows)
    extents = [part.extents for _, part in parts]
    beside = {path: (full / path).read_text(encoding="utf-8") for path in sums if not path.startswith(f"{DATA}/")}
    heard = Overheard()
    for text in beside.values():
        heard.withheld(text)
    _write(made, ground, about, empty, extents, heard.withheld)
    runs = heard.distinct()
    articles = articles_of(sought(jobs, [runs], "sought-of-texts", crew, progress), runs)
    own = _write(made, ground, about, empty, extents, articles.withheld)
    texts = {path: articles.withheld(text) for path, text in beside.items()}
    differing = {path: text for path, text in texts.items() if (made / path).read_bytes() != text.encode()}
    groups = {path: of for path, of in tables.groups.items() if of != usual(sum(of))}
    text = canonical(Whole(pa.__version__, sums, differing, groups)) + "\n"
    (made / WHOLE).write_bytes(text.encode())
    (made / SUMS).write_bytes(sums_text({**own, WHOLE: sha(text)}).encode())
    return about
