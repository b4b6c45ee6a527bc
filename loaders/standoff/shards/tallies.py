"""What a release's card counts, kept for each shard and added up: as much of a corpus as can be told without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, structs

from standoff.canon import canonical
from standoff.model import Corpus, Document

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Extent", "Tally", "added", "extents", "nbytes", "tally"]

FEW = 5
"""Documents that are named where a text may not be published."""


class Tally(Struct, frozen=True, kw_only=True):
    """What is counted of some documents; lists of values stand as canonical JSON."""

    documents: int = 0
    characters: int = 0
    dates: tuple[str, ...] = ()
    """The first and the last on which something was published."""
    pages: dict[str, int] = {}
    """Language, whether there is a date, and how date, publisher, author and address are known -> documents."""
    dropped: dict[str, int] = {}
    """Kind -> ranges."""
    rights: dict[str, int] = {}
    """Whether a text may be published, holder, reason, takedown -> documents."""
    segmenters: dict[str, int] = {}
    workers: dict[str, int] = {}
    """Annotators -> documents that exactly these have worked on."""
    gold: dict[str, int] = {}
    """Layer, label, number of fragments, and whose annotations it was made from -> annotations."""
    gold_documents: int = 0
    untagged: dict[str, int] = {}
    """View -> what it has no tags for."""
    withheld: tuple[str, ...] = ()
    """A few documents whose text may not be published."""
    withheld_documents: int = 0


def tally(corpus: Corpus, tables: dict[str, dict[str, pa.Table]]) -> Tally:
    """What is counted of a few documents."""
    pages, rights = corpus.documents.values(), corpus.rights
    dates = [page.published.value for page in pages if page.published.value]
    worked: dict[str, list[str]] = {}
    for annotator, document in sorted(corpus.sets):
        worked.setdefault(document, []).append(annotator)
    gold = (one for marked in corpus.gold.values() for one in marked.annotations)
    kept = [id for id, right in sorted(rights.items()) if not right.publish_text]
    return Tally(
        documents=len(pages),
        characters=sum(len(page.text) for page in pages),
        dates=_ends(dates),
        pages=_counted(_page(page) for page in pages),
        dropped=Counter(one.kind for page in pages for one in page.dropped),
        rights=_counted((one.publish_text, one.holder, one.reason, one.takedown) for one in rights.values()),
        segmenters=Counter(one.segmenter for one in corpus.segments.values()),
        workers=_counted(map(tuple, worked.values())),
        gold=_counted(
            (one.layer, one.label, len(one.spans), tuple(sorted({of.partition("/")[0] for of in one.derived_from})))
            for one in gold
        ),
        gold_documents=len(corpus.gold),
        untagged={
            view.name: sum(sum(table["untagged"].to_pylist()) for table in tables[view.name].values())
            for view in corpus.scheme.views
            if view.kind == "bio"
        },
        withheld=tuple(kept[:FEW]),
        withheld_documents=len(kept),
    )


def added(found: Iterable[Tally]) -> Tally:
    """What is counted of all of them together."""
    sums: dict[str, Any] = structs.asdict(Tally())
    for one in found:
        for name, value in structs.asdict(one).items():
            if isinstance(value, dict):
                sums[name] = Counter(sums[name])
                sums[name].update(value)
            else:
                sums[name] += value
        sums["dates"], sums["withheld"] = _ends(sums["dates"]), sums["withheld"][:FEW]
    return Tally(**sums)


def _ends(dates: Iterable[str]) -> tuple[str, ...]:
    found = sorted(dates)
    return (found[0], found[-1]) if found else ()


def _page(page: Document) -> tuple[Any, ...]:
    source = page.source
    known = [fact.status for fact in (page.published, source.publisher, source.author, source.url)]
    return page.language, bool(page.published.value), *known


def _counted(values: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    return {canonical(value): n for value, n in Counter(values).items()}


Extent: TypeAlias = tuple[int, int, int, int, bool]
"""Of one array in a column: its length, bits of a value, bits of an offset, bytes of strings, whether any is null."""


def extents(table: pa.Table) -> list[Extent]:
    """How large each array of a table is, from which follows how large that of several tables is."""
    found: list[Extent] = []
    for column in table.columns:
        parts = [list(_extents(chunk)) for chunk in column.chunks]
        found += [_sum(of) for of in zip(*parts, strict=True)]
    return found


def nbytes(found: Iterable[list[Extent]]) -> int:
    """The bytes that the rows of some tables take as one table in memory."""
    whole = [_sum(of) for of in zip(*found, strict=True)]
    return sum(
        -(-length * width // 8) + (length * offset // 8) + data + (-(-length // 8) if nulls else 0)
        for length, width, offset, data, nulls in whole
    )


def _sum(of: Iterable[Extent]) -> Extent:
    lengths, widths, offsets, data, nulls = zip(*of, strict=True)
    return sum(lengths), widths[0], offsets[0], sum(data), any(nulls)


def _extents(array: pa.Array) -> Iterator[Extent]:
    import pyarrow as pa

    type, nulls = array.type, array.buffers()[0] is not None
    if pa.types.is_list(type):
        yield len(array), 0, 32, 0, nulls
        yield from _extents(array.flatten() if array.null_count else array.values)
    elif pa.types.is_struct(type):
        # Arrow does not count which structs are null.
        yield len(array), 0, 0, 0, False
        for n in range(type.num_fields):
            yield from _extents(array.field(n))
    elif pa.types.is_string(type):
        offsets = array.buffers()[1]
        ends = memoryview(offsets).cast("i") if offsets is not None and len(array) else (0,)
        yield len(array), 0, 32, ends[len(array) + array.offset if len(array) else 0] - ends[array.offset], nulls
    else:
        yield len(array), type.bit_width, 0, 0, nulls
