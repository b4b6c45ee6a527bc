"""Taking a document out of a corpus for good: what tells that it was there stays, and nothing of what it said."""

from __future__ import annotations

from glob import escape
from pathlib import Path

from msgspec import structs

from standoff.canon import listings
from standoff.errors import UsageError, nearest
from standoff.files import read, write
from standoff.model import Corpus, Withdrawn

__all__ = ["withdraw", "without"]

TOUCHED = ("corpus/withdrawn.json", "corpus/splits.json", "corpus/rights.json")
"""The lists that tell of documents."""

HOLDING = (
    # The record first: without it nobody looks for what it names, wherever the work was cut short.
    "corpus/documents/{}.json",
    "corpus/segments/{}.json",
    "corpus/raw/{}.txt",
    "corpus/raw/{}.html",
    "annotations/sets/*/{}.json",
    "annotations/gold/{}.json",
    "annotations/decisions/{}.json",
)
"""The files of a document."""


def without(corpus: Corpus, id: str, *, why: str, date: str) -> Corpus:
    """A corpus after one of its documents was withdrawn: it holds a tombstone in its place.

    Raises:
        UsageError: there is no such document, or no reason is given.
    """
    if id not in corpus.documents:
        raise UsageError(f"no document {id!r}{nearest(id, list(corpus.documents))}; expected one of the corpus")
    if not why.strip():
        raise UsageError(f"document {id!r} is withdrawn without a reason; expected one, for those who look for it")
    events = {name: tuple(one for one in ids if one != id) for name, ids in corpus.splits.events.items()}
    return structs.replace(
        corpus,
        documents={key: one for key, one in corpus.documents.items() if key != id},
        segments={key: one for key, one in corpus.segments.items() if key != id},
        sets={key: one for key, one in corpus.sets.items() if key[1] != id},
        gold={key: one for key, one in corpus.gold.items() if key != id},
        decisions={key: one for key, one in corpus.decisions.items() if key != id},
        rights={key: one for key, one in corpus.rights.items() if key != id},
        splits=structs.replace(
            corpus.splits,
            splits={key: one for key, one in corpus.splits.splits.items() if key != id},
            events={name: ids for name, ids in events.items() if ids},
        ),
        withdrawn={**corpus.withdrawn, id: Withdrawn(id, date, why, corpus.documents[id].raw_sha256)},
    )


def withdraw(root: Path, id: str, why: str, *, date: str) -> tuple[str, ...]:
    """Withdraws a document of a checkout; gives the paths of the files that were removed.

    Doing it again, with the same reason, goes on where it was cut short. Releases that were published hold the document
    still, and so does the history of the checkout.

    Raises:
        UsageError: as in `without`; or the document was withdrawn for another reason.
    """
    corpus = read(root)
    gone = corpus.withdrawn.get(id)
    if gone is not None and gone.reason != why:
        raise UsageError(f"document {id!r} was withdrawn already, because: {gone.reason}")
    if gone is None or id in corpus.documents:
        texts = dict(listings(without(corpus, id, why=why, date=gone.date if gone else date)))
        for path in TOUCHED:
            write(root / path, texts[path])
    found = [path for pattern in HOLDING for path in sorted(root.glob(pattern.format(escape(id))))]
    for file in found:
        file.unlink()
    return tuple(file.relative_to(root).as_posix() for file in found)
