"""From an edition without texts and one's own copies of the articles to the full edition, or to what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from standoff.canon import content_digest
from standoff.engine import aside
from standoff.errors import FileError, ReleaseError, UsageError
from standoff.files import read_bytes, read_text, read_withdrawn
from standoff.model import GOLD, Dropped, Progress, silent
from standoff.reanchor import Place, Traces, align, place
from standoff.release.building import placed, write_parquet
from standoff.release.editions import HASH, TIMES, Whole, full_tables, read_whole, salted
from standoff.release.folder import ABOUT, DATA, SUMS, WITHDRAWN, About, about, inside, sums_text, verify
from standoff.release.loading import derived_tables, parquet_files, read_parquet
from standoff.release.withholding import restored
from standoff.schema import parse
from standoff.tables import from_tables
from standoff.text import context, decode, drop, inside_word

__all__ = [
    "Hydrated",
    "Hydration",
    "SpanState",
    "bare_files",
    "hydrate",
    "hydrated",
    "settle",
    "texts_beside",
]


class SpanState(Struct, frozen=True):
    """What became of one span in a copy of its article."""

    address: str
    """annotator/document#id."""
    start: int
    end: int
    state: Literal["same", "moved", "flagged"]
    """Flagged: where it stands cannot be said."""
    to: int | None
    """Where it stands in the text of the copy."""
    why: str = ""


class Hydrated(Struct, frozen=True):
    """One document, and the copy of its article."""

    document: str
    state: Literal["exact", "drifted", "missing"]
    path: str = ""
    """The copy; empty where there is none."""
    spans: tuple[SpanState, ...] = ()
    """Of a drifted copy that is UTF-8: every span of every annotator, in order."""
    why: str = ""

    def count(self, state: str) -> int:
        """How many spans are in a state."""
        return sum(span.state == state for span in self.spans)


class Hydration(Struct, frozen=True):
    """What came of an edition without texts."""

    documents: tuple[Hydrated, ...]
    folder: Path | None
    """The full edition; None where it was not asked for, or not all copies are exact."""

    @property
    def exact(self) -> bool:
        """Whether every copy is the very article that was annotated."""
        return all(one.state == "exact" for one in self.documents)


def hydrate(folder: Path, raw: Path, out: Path | None = None, *, progress: Progress = silent) -> Hydration:
    """Makes the full edition of a release without texts, byte for byte: the new folder `out/version`.

    Args:
        folder: the release.
        raw: a folder with copies of the articles. One is known by its bytes, whatever it is called; one that is not
            exact by its name, which is the document's id.
        out: the folder of all releases; without it, nothing is made, and the copies are compared only.

    Raises:
        ReleaseError: the release is damaged or has its texts; or this version exists in `out` and is another one; or
            tables are written otherwise by the pyarrow that is installed.
        UsageError: there is no such folder of copies.
    """
    files, facts = bare_files(folder, raw)
    tables = {
        config: {split: read_parquet(folder / path) for split, path in splits.items()}
        for config, splits in parquet_files(files).items()
    }
    rows = [row for table in tables["documents"].values() for row in table.to_pylist()]
    copies = _copies(rows, raw)
    documents = []
    for done, row in enumerate(sorted(rows, key=lambda row: str(row["id"])), 1):
        documents.append(hydrated(row, copies.get(row["id"]), tables))
        progress("copies", done, len(rows))
    found = Hydration(tuple(documents), None)
    if out is None or not found.exact:
        return found
    texts = {id: decode(read_bytes(path), place=str(path)) for id, path in copies.items()}
    return Hydration(found.documents, _made(folder, facts, tables, texts, out))


def bare_files(folder: Path, raw: Path) -> tuple[dict[str, str], About]:
    """The files of a release without texts, which are all as they should be, and what it says of itself.

    Raises:
        ReleaseError: it is damaged, or has its texts.
        UsageError: there is no such folder of copies.
    """
    files = verify(folder)
    facts = about(folder)
    if facts.edition != "text-free":
        raise ReleaseError(f"is the edition {facts.edition}; expected one without texts", place=str(folder))
    if not raw.is_dir():
        raise UsageError("no such folder; expected one with copies of the articles", place=str(raw))
    return files, facts


def _copies(rows: Sequence[Mapping[str, Any]], raw: Path) -> dict[str, Path]:
    """Document -> its copy: the exact one, else the one of its name."""
    ids = {row["id"] for row in rows}
    wanted = {row["raw_sha256"] for row in rows}
    exact: dict[str, Path] = {}
    named: dict[str, Path] = {}
    for path in sorted(path for path in raw.rglob("*") if path.is_file()):
        digest = sha256(read_bytes(path)).hexdigest()
        if digest in wanted:
            exact.setdefault(digest, path)
        if path.stem in ids:
            named.setdefault(path.stem, path)
    return named | {row["id"]: exact[row["raw_sha256"]] for row in rows if row["raw_sha256"] in exact}


def hydrated(row: Mapping[str, Any], path: Path | None, tables: Mapping[str, Any]) -> Hydrated:
    """What became of one document.

    Args:
        row: of the table of documents.
        path: its copy.
        tables: config -> split -> table, with all rows of the document.
    """
    id = row["id"]
    if path is None:
        return Hydrated(id, "missing", why="no file has its bytes, or is called by its id")
    raw = read_bytes(path)
    if sha256(raw).hexdigest() == row["raw_sha256"]:
        return Hydrated(id, "exact", str(path))
    try:
        copy = decode(raw)
    except FileError as error:
        return Hydrated(id, "drifted", str(path), why=error.message)
    text, lost = _text(row, copy)
    why = "; ".join(f"the {one['kind']} at [{one['start']}:{one['end']}] of the raw file is not found" for one in lost)
    return Hydrated(id, "drifted", str(path), tuple(_states(row, text, tables)), why)


def _text(row: Mapping[str, Any], copy: str) -> tuple[str, list[Mapping[str, Any]]]:
    """A copy without what is dropped, each range in order and nearest to where it was; and those not found."""
    kept: list[Dropped] = []
    lost = []
    shift = 0
    for one in row["dropped"]:
        length, low = one["end"] - one["start"], kept[-1].end if kept else 0
        expected = one["start"] + shift
        places = sorted(range(low, len(copy) - length + 1), key=lambda at: (abs(at - expected), at))
        salt, digest = row["raw_sha256"], one[HASH]
        at = next((at for at in places if salted(salt, copy[at : at + length]) == digest), None)
        if at is None:
            lost.append(one)
        else:
            kept.append(Dropped(at, at + length, one["kind"]))
            shift = at - one["start"]
    return drop(copy, kept), lost


def _states(row: Mapping[str, Any], text: str, tables: Mapping[str, Any]) -> Iterator[SpanState]:
    """Every span of a document in the text of a drifted copy."""
    id, salt = row["id"], row["raw_sha256"]
    sentences = _of(tables["sentences"], id)
    spans = sorted(_spans(tables, id), key=lambda found: (found[1]["start"], found[1]["end"], found[0]))
    known = {(one["start"], one["end"]): one for one in (*sentences, *(span for _, span in spans))}

    @cache
    def places_of(length: int) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        whole = [at for at in range(len(text) + 1) if not inside_word(text, at)]
        ends = set(whole)
        for at in whole:
            if at + length in ends:
                found.setdefault(salted(salt, text[at : at + length]), []).append(at)
        return found

    traces = Traces(
        units=tuple((one["start"], one["end"]) for one in sentences),
        length=_length(row),
        text=text,
        stands=lambda start, end, to: salted(salt, text[to : to + end - start]) == known[start, end][HASH],
        places=lambda start, end: places_of(end - start).get(known[start, end][HASH], ()),
        times=lambda start, end: int(known[start, end][TIMES]),
    )
    pieces = align(traces)
    for address, span in spans:
        start, end = span["start"], span["end"]
        yield _state(address, start, end, place(start, end, pieces, traces), text)


def _state(address: str, start: int, end: int, found: Place, text: str) -> SpanState:
    if found.to is not None:
        return SpanState(address, start, end, "same" if found.to == start else "moved", found.to)
    length = end - start
    places = "; ".join(f"[{at}:{at + length}] {context(text, at, at + length)}" for at in found.candidates[:8])
    return SpanState(address, start, end, "flagged", None, f"{found.why}{f' (candidates: {places})' if places else ''}")


def _length(row: Mapping[str, Any]) -> int:
    """Code points of the text that was annotated."""
    return int(row["raw_length"] - sum(one["end"] - one["start"] for one in row["dropped"]))


def _of(splits: Mapping[str, Any], id: str) -> list[dict[str, Any]]:
    return [row for table in splits.values() for row in table.to_pylist() if row["document"] == id]


def _spans(tables: Mapping[str, Any], id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The spans of gold and of every annotator, each with the address of its annotation."""
    for config in sorted(tables):
        columns = next(iter(tables[config].values())).column_names
        if "spans" in columns:
            for row in _of(tables[config], id):
                yield from ((f"{row.get('annotator', GOLD)}/{id}#{row['id']}", span) for span in row["spans"])


def _made(folder: Path, facts: About, tables: Any, raw: Mapping[str, str], out: Path) -> Path:
    """The full edition, in its place."""
    whole = read_whole(folder)
    texts = texts_beside(folder, whole, raw)
    scheme = parse({path.removeprefix("schema/"): text for path, text in texts.items() if path.startswith("schema/")})
    corpus = from_tables(
        full_tables(tables, scheme, raw), scheme, version=facts.version, withdrawn=read_withdrawn(folder / WITHDRAWN)
    )
    if (found := content_digest(corpus)) != facts.content_sha256:
        raise ReleaseError(
            f"with the texts, the tables hold a corpus of digest {found}; expected {facts.content_sha256}, as {ABOUT} "
            "says",
            place=str(folder),
        )
    with aside(out / facts.version) as beside:
        made = beside / facts.version
        for config, splits in derived_tables(corpus).items():
            for split, table in splits.items():
                write_parquet(table, made / DATA / config / f"{split}.parquet")
        settle(made, out / facts.version, texts, whole)
    return out / facts.version


def settle(made: Path, place: Path, texts: Mapping[str, str], whole: Whole) -> None:
    """Puts the texts and checksums of a full edition beside the tables that were made of it, and all into its place.

    Raises:
        ReleaseError: it is not the full edition, file by file; or something else is in its place.
    """
    for path, text in texts.items():
        at = inside(made, path)
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text.encode())
    (made / SUMS).write_bytes(sums_text(whole.sums).encode())
    _check_same(made, whole)
    if not placed(made, place) and verify(place) != whole.sums:
        raise ReleaseError("exists, and is not the full edition; expected another folder", place=str(place.parent))


def texts_beside(folder: Path, whole: Whole, raw: Mapping[str, str]) -> dict[str, str]:
    """The files of the full edition beside its tables: path -> text."""
    beside = (path for path in whole.sums if not path.startswith(f"{DATA}/"))
    told = {path: whole.texts[path] if path in whole.texts else read_text(inside(folder, path)) for path in beside}
    return {path: restored(text, raw) for path, text in told.items()}


def _check_same(made: Path, whole: Whole) -> None:
    """Holds a full edition against what it must be.

    Raises:
        ReleaseError: its files are others, as another version of pyarrow writes them.
    """
    import pyarrow as pa

    try:
        verify(made)
    except ReleaseError as error:
        raise ReleaseError(
            f"the content is the same, but not its files: they were written with pyarrow {whole.pyarrow}, and "
            f"{pa.__version__} is installed; expected that one ({error.message})"
        ) from error
