"""The rules on what a release holds: each gives what is wrong as (file, id, message), and stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from standoff.canon import content_digest
from standoff.errors import ReleaseError
from standoff.model import GOLD, Finding
from standoff.release.editions import text_free_schemas
from standoff.release.folder import ABOUT, DATA, checked_version
from standoff.release.held import Fault, Held
from standoff.release.loading import parquet_files
from standoff.tables import SPLITS, schemas
from standoff.validate import RULES as RECORD_RULES
from standoff.validate import validate
from standoff.views import view_schemas

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "release_about",
    "release_columns",
    "release_counts",
    "release_quotations",
    "release_records",
    "release_splits",
    "release_tables",
]

DOCUMENT = ("id", "text", "raw_length", "dropped")
"""What the table of documents tells of texts and their lengths."""


def release_about(held: Held) -> Iterator[Fault]:
    """release.json tells the version, the corpus and the digest of the content that the tables hold."""
    facts = held.about
    if facts is None:
        return
    try:
        checked_version(facts.version)
    except ReleaseError as error:
        yield ABOUT, "version", error.message
    if held.scheme and facts.corpus != held.scheme.corpus:
        yield ABOUT, "corpus", f"is {facts.corpus!r}; expected {held.scheme.corpus!r}, as the schema says"
    if held.corpus and (found := content_digest(held.corpus)) != facts.content_sha256:
        yield ABOUT, "content_sha256", f"is {facts.content_sha256}; expected {found}, which the tables give"


def release_counts(held: Held) -> Iterator[Fault]:
    """Every table has the number of rows that release.json tells."""
    if held.about is None:
        return
    told = {held.path(config, split): n for config, splits in held.about.rows.items() for split, n in splits.items()}
    counted = {held.path(config, split): len(table) for config, split, table in _each(held)}
    for path in sorted(counted.keys() | told.keys()):
        if path not in held.sums:
            yield ABOUT, "rows", f"tells of {path}, which is not there"
        elif path in counted and counted[path] != told.get(path):
            yield path, "", f"has {counted[path]} rows; expected {told.get(path)}, as {ABOUT} says"


def release_columns(held: Held) -> Iterator[Fault]:
    """Every table that the schema asks for is there, with the columns that it gives it."""
    if held.scheme is None or held.about is None:
        return
    full = held.about.edition == "full"
    expected = schemas(held.scheme) | view_schemas(held.scheme) if full else text_free_schemas(held.scheme)
    there = parquet_files(held.sums)
    for config in expected.keys() - there.keys():
        yield f"{DATA}/{config}", "", "is missing; expected it, since the schema asks for it"
    for config, split, table in _each(held):
        if config in expected and (difference := _other_columns(table.schema, expected[config])):
            yield held.path(config, split), "", f"{difference}, as the schema says"


def release_tables(held: Held) -> Iterator[Fault]:
    """Every table is the one that the corpus in the tables gives: columns, closed lists and rows."""
    if held.derived is None:
        return
    expected = {(config, split): table for config, splits in held.derived.items() for split, table in splits.items()}
    found = {(config, split): table for config, split, table in _each(held)}
    for config, split in sorted(expected.keys() - found.keys()):
        yield held.path(config, split), "", "is missing; expected it, since the schema asks for it"
    for key in sorted(found):
        if key not in expected:
            yield held.path(*key), "", "is no table that the schema asks for"
        elif difference := _difference(found[key], expected[key]):
            yield held.path(*key), "", f"{difference}, which the corpus in the tables gives"


def release_quotations(held: Held) -> Iterator[Fault]:
    """Every quotation is what its document's text holds between its offsets."""
    texts, lengths = _texts(held)
    for config, split, table in _each(held):
        for document, id, start, end, quote in _places(table):
            # A document that is unknown is another rule's.
            length, text = lengths.get(document), texts.get(document)
            if length is not None and not 0 <= start <= end <= length:
                yield (
                    held.path(config, split),
                    id,
                    f"[{start}:{end}] is no range of {document}, whose text has {length} characters",
                )
            elif text is not None and quote is not None and text[start:end] != quote:
                yield (
                    held.path(config, split),
                    id,
                    f"quotes {quote!r} but [{start}:{end}] of {document} is {text[start:end]!r}",
                )


def release_splits(held: Held) -> Iterator[Fault]:
    """Every document is in one split, and its rows are in that split alone."""
    documents = held.tables.get("documents", {})
    of: dict[str, str] = {}
    for split, table in documents.items():
        for id in table["id"].to_pylist() if "id" in table.column_names else ():
            if id in of:
                yield held.path("documents", split), id, f"is in {of[id]} too; expected each document in one split"
            of.setdefault(id, split)
    for config, split, table in _each(held):
        if split not in SPLITS or config == "documents" or "document" not in table.column_names:
            continue
        for id in sorted(set(table["document"].to_pylist())):
            if of.get(id) != split and (documents.keys() >= set(SPLITS) or id in of):
                where = f"is in {of[id]}" if id in of else "is no document of the release"
                yield held.path(config, split), id, f"{where}; expected the rows of documents in {split} alone"


def release_records(held: Held) -> Iterator[Fault]:
    """Every record is valid by the release's own schema, and refers to what is there."""
    levels = {rule.id: rule.level for rule in RECORD_RULES}
    for finding in validate(held.corpus) if held.corpus else ():
        if finding.severity == "error" and levels[finding.rule] in ("schema", "references", "text"):
            yield _table_of(finding, held), finding.id, f"{finding.file} {finding.field}: {finding.message}"


def _each(held: Held) -> Iterator[tuple[str, str, pa.Table]]:
    """Config, split and table, of those that can be read."""
    for config, splits in sorted(held.tables.items()):
        for split, table in sorted(splits.items()):
            yield config, split, table


def _other_columns(found: pa.Schema, expected: pa.Schema) -> str:
    """The first column that is another one; nothing where all are the same."""
    if found.names != expected.names:
        return f"has the columns {', '.join(found.names)}; expected {', '.join(expected.names)}"
    for field in expected:
        if (other := found.field(field.name)).type != field.type or other.metadata != field.metadata:
            is_, given = f"{other.type} {other.metadata or ''}", f"{field.type} {field.metadata or ''}"
            return f"column {field.name!r} is {is_.strip()}; expected {given.strip()}"
    return ""


def _difference(found: pa.Table, expected: pa.Table) -> str:
    """The first thing in which a table is another one; nothing where it is the same."""
    if columns := _other_columns(found.schema, expected.schema):
        return columns
    if found.equals(expected):
        return ""
    if len(found) != len(expected):
        return f"has {len(found)} rows; expected {len(expected)}"
    rows = enumerate(zip(found.to_pylist(), expected.to_pylist(), strict=True))
    for row, (is_, given) in rows:
        for column in is_:
            if is_[column] != given[column]:
                return f"{column!r} of row {row} is {is_[column]!r}; expected {given[column]!r}"
    return "is another table of the same rows; expected the one"


def _texts(held: Held) -> tuple[dict[str, str], dict[str, int]]:
    """Document -> text, where the edition has texts; document -> how many characters its text has."""
    texts: dict[str, str] = {}
    lengths: dict[str, int] = {}
    for table in held.tables.get("documents", {}).values():
        for row in table.select([name for name in table.column_names if name in DOCUMENT]).to_pylist():
            if not row.keys() >= {"id", "raw_length", "dropped"}:
                continue
            lengths[row["id"]] = row["raw_length"] - sum(one["end"] - one["start"] for one in row["dropped"])
            if row.get("text") is not None:
                texts[row["id"]] = row["text"]
    return texts, lengths


def _places(table: pa.Table) -> Iterator[tuple[str, str, int, int, str | None]]:
    """Every place in a text that a table tells of: document, id of its row, start, end; quotation, if it has one."""
    names = set(table.column_names)
    if "document" not in names:
        return
    documents = table["document"].to_pylist()
    ids = table["id"].to_pylist() if "id" in names else [""] * len(table)
    if {"start", "end"} <= names:
        quotes = table["text"].to_pylist() if "text" in names else [None] * len(table)
        yield from zip(documents, ids, table["start"].to_pylist(), table["end"].to_pylist(), quotes, strict=True)
    for field in table.schema:
        if _is_spans(field.type):
            for document, id, spans in zip(documents, ids, table[field.name].to_pylist(), strict=True):
                yield from ((document, id, span["start"], span["end"], span.get("quote")) for span in spans or ())


def _is_spans(type: pa.DataType) -> bool:
    import pyarrow as pa

    inner = type.value_type if pa.types.is_list(type) else None
    return inner is not None and pa.types.is_struct(inner) and {"start", "end"} <= {field.name for field in inner}


def _table_of(finding: Finding, held: Held) -> str:
    """The folder of the tables that hold what a finding names by its file in a checkout."""
    match finding.file.split("/"):
        case ["annotations", "sets", *_]:
            return f"{DATA}/judgements"
        case ["annotations", folder, *_] if folder == GOLD and held.corpus:
            document = Path(finding.file).stem
            marked = held.corpus.gold[document].annotations if document in held.corpus.gold else ()
            return next((f"{DATA}/{one.layer}" for one in marked if one.id == finding.id), DATA)
        case ["corpus", name, *_] if name.removesuffix(".json") in held.tables:
            return f"{DATA}/{name.removesuffix('.json')}"
        case _:
            return DATA
