"""Rules on the bytes of a corpus's files, which no longer show once they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from standoff.canon import canonical_decisions, canonical_document, canonical_segments, canonical_set, listings
from standoff.validate.words import short
from standoff.validate.work import Context, Fault

__all__ = ["canonical_form", "duplicate_key"]


def duplicate_key(path: str, content: bytes, context: Context) -> Iterator[Fault]:
    """No object of a JSON file has a key twice.

    Why: JSON leaves open which of the two counts; most readers keep the last and say nothing, so that the first is lost
    unseen: a document in two splits looks like one in one.
    Do: Remove the one that is wrong.
    """
    # What stands in canonical form was written from an object, where no key can be twice.
    if expected(path, context) != content:
        yield from _twice(content)


def canonical_form(path: str, content: bytes, context: Context) -> Iterator[Fault]:
    """A file of the corpus stands in canonical form: the same content, the same bytes.

    Why: Otherwise the next tool that writes the file changes lines that nobody meant to change, and a review of what
    was changed drowns in them.
    Do: Run standoff format, which rewrites the files and changes no content.
    """
    form = expected(path, context)
    if form is None or form == content:
        return
    # A file with a key twice would lose one of them if it were rewritten: that is to be decided first.
    if any(_twice(content)):
        return
    lines = zip_longest(content.splitlines(keepends=True), form.splitlines(keepends=True), fillvalue=b"")
    number, (is_, asked) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
    is_, asked = is_.rstrip(b"\n"), asked.rstrip(b"\n")
    shown = _apart(is_.decode(), asked.decode()) if is_ != asked else "its line feed"
    yield "", "", f"line {number} is not in canonical form: {shown}; run standoff format"


def _apart(is_: str, asked: str) -> str:
    """Two lines in short, from where their difference can be seen."""
    start = 0
    if short(is_) == short(asked):
        # Long lines that differ in their middle.
        start = max(next(n for n, (a, b) in enumerate(zip_longest(is_, asked)) if a != b) - 10, 0)
    where = f"from column {start + 1}: " if start else ""
    return f"{where}{short(is_[start:])}; expected {short(asked[start:])}"


def expected(path: str, context: Context) -> bytes | None:
    """The canonical form of what a file holds; None for a file that has none, or that could not be read."""
    corpus = context.corpus
    folder, _, name = path.removesuffix(".json").rpartition("/")
    text: str | None = None
    if folder == "corpus/documents" and name in corpus.documents:
        text = canonical_document(corpus.documents[name])
    elif folder == "corpus/segments" and name in corpus.segments:
        text = canonical_segments(corpus.segments[name])
    elif folder == "annotations/decisions" and name in corpus.decisions:
        text = canonical_decisions(corpus.decisions[name])
    elif folder == "annotations/gold" and name in corpus.gold:
        text = canonical_set(corpus.gold[name], corpus.scheme)
    elif folder.startswith("annotations/sets/"):
        marked = corpus.sets.get((folder.removeprefix("annotations/sets/"), name))
        text = canonical_set(marked, corpus.scheme) if marked else None
    elif path not in context.unread:
        text = dict(listings(corpus)).get(path)
    return None if text is None else text.encode()


class _Pairs(dict[str, Any]):
    """An object of JSON that knows which of its keys stood twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.doubled = sorted({name for name in names if names.count(name) > 1}) if len(self) < len(names) else []


def _twice(content: bytes) -> Iterator[Fault]:
    """The keys that stand twice in a file."""
    try:
        value = json.loads(content, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        # A file that is no JSON is told of by record-shape, which reads each.
        return
    yield from _doubled(value, "", "")


def _doubled(value: Any, id: str, field: str) -> Iterator[Fault]:
    if isinstance(value, _Pairs):
        inner = value.get("id")
        # A record's id is its place; what lies around the record is not repeated in the field.
        id, field = (inner, "") if isinstance(inner, str) and "id" not in value.doubled else (id, field)
        for name in value.doubled:
            kept = short(json.dumps(value[name], ensure_ascii=False))
            yield id, f"{field}.{name}".lstrip("."), f"key {name!r} stands twice; the last one, {kept}, would count"
        for name, item in value.items():
            yield from _doubled(item, id, f"{field}.{name}".lstrip("."))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _doubled(item, id, f"{field}[{n}]")
