"""How a release of shards describes itself: as one of files does, from what was counted of each shard."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, repeat
from typing import Any, cast

from msgspec import Struct, structs

from standoff.model import (
    GOLD,
    Annotation,
    AnnotationSet,
    Corpus,
    Document,
    Dropped,
    Fact,
    Right,
    Segments,
    Source,
    Span,
)
from standoff.release import sections
from standoff.release.citation import read_citation
from standoff.release.croissant import CROISSANT, croissant
from standoff.release.datacite import DATACITE, datacite
from standoff.release.folder import CARD, DATA, About, digest
from standoff.release.front_matter import Tables, front_matter
from standoff.release.markdown import plain, table_lines
from standoff.release.review import Review
from standoff.release.statement import data_statement
from standoff.shards.across import only_text
from standoff.shards.tallies import Tally

__all__ = ["Counted", "descriptions_of", "portrait"]


class _Sum(Struct, frozen=True):
    """A column of which the sum is known."""

    value: int

    def to_pylist(self) -> list[int]:
        """What adds up to it."""
        return [self.value]


class Counted(Struct, frozen=True):
    """A table of which is known how large it is."""

    schema: Any
    rows: int
    nbytes: int
    untagged: int = 0

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, column: str) -> _Sum:
        return _Sum(self.untagged)


def descriptions_of(
    head: Corpus,
    tally: Tally,
    about: About,
    tables: Mapping[str, Mapping[str, Counted]],
    files: Mapping[str, tuple[str, int]],
    *,
    citation: str,
    statement: str,
    reviews: Sequence[Review],
) -> dict[str, str]:
    """What `standoff.release.describing.descriptions` gives of the whole corpus, but for two sections of the card.

    Agreement is not computed, and rights are told by decision, not by document.
    """
    corpus, cited = portrait(head, tally), read_citation(citation)
    shown = cast("Tables", tables)
    digests = {
        config: digest({path: sum_ for path, (sum_, _) in files.items() if path.startswith(f"{DATA}/{config}/")})
        for config in tables
    }
    front = front_matter(corpus, about, shown, digests, licence=cited.license)
    found = (
        sections.heading(corpus, about),
        sections.loading(about),
        sections.configs(corpus, shown),
        sections.labels(corpus),
        data_statement(corpus, statement, plain=plain),
        sections.process(corpus),
        _agreement(tally),
        sections.signed(reviews),
        sections.limitations(corpus, shown),
        _rights(tally, cited.license),
    )
    text = f"---\n{front}---\n\n" + "\n".join("\n".join(lines) + "\n" for lines in found)
    sizes = {path: size for path, (_, size) in files.items()}
    return {
        CARD: text,
        CROISSANT: croissant(corpus, about, shown, files, cited),
        DATACITE: datacite(corpus, about, sizes, cited),
    }


def _agreement(tally: Tally) -> Iterator[str]:
    yield from ("## Agreement", "")
    if len({annotator for who in tally.workers for annotator in json.loads(who)}) < 2:
        yield "Agreement is undefined: it takes the sets of two annotators."
    else:
        yield (
            f"Agreement was not computed when this release of {tally.documents} documents was built from shards: "
            "`standoff agree --shards SOURCE` computes it on the shards of the corpus."
        )


def _rights(tally: Tally, licence: str) -> Iterator[str]:
    yield from ("## Rights", "")
    yield f"Annotations: {plain(licence) or 'no licence is stated'}. Texts: their holders keep their rights."
    yield ""
    decided = ((json.loads(key), n) for key, n in sorted(tally.rights.items()))
    yield from table_lines(
        ("Documents", "Holder", "Text published", "Why", "Takedown"),
        *(
            (n, plain(holder), "yes" if text else "no", plain(reason), plain(takedown))
            for (text, holder, reason, takedown), n in decided
        ),
    )
    yield from ("", "The table `rights` tells the decision on each document.")


def portrait(head: Corpus, tally: Tally) -> Corpus:
    """A corpus in which there is as much of everything that a card counts as in the one that was counted.

    It is walked through and nowhere held: its documents, sets, gold and rights come into being as they are asked for.
    """
    kinds = [Dropped(0, 1, kind) for kind, n in sorted(tally.dropped.items()) for _ in range(n)]
    return structs.replace(
        head,
        documents=cast("dict[str, Document]", _Many(tally.documents, lambda: _pages(tally, kinds))),
        segments={name: Segments("", name, (), ()) for name in tally.segmenters},
        sets=cast("dict[tuple[str, str], AnnotationSet]", _Keys(lambda: _worked(tally))),
        gold=cast("dict[str, AnnotationSet]", _Many(tally.gold_documents, lambda: _gold(tally))),
        rights=cast("dict[str, Right]", _Many(sum(tally.rights.values()), lambda: _decided(tally))),
    )


class _Keys(Mapping[Any, Any]):
    """Keys that are made each time that they are walked through."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    def __iter__(self) -> Iterator[Any]:
        return cast("Iterator[Any]", self._keys())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)


class _Many(Mapping[str, Any]):
    """So many entries, whose values are made each time that they are walked through; it has whatever key."""

    def __init__(self, length: int, made: Any) -> None:
        self._length, self._made = length, made

    def __iter__(self) -> Iterator[str]:
        return map(str, range(self._length))

    def __len__(self) -> int:
        return self._length

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def values(self) -> Any:
        """What there is, as often as it is there."""
        return self._made()

    def items(self) -> Any:
        """The same, each under a number."""
        return zip(map(str, count()), self._made(), strict=False)


def _pages(tally: Tally, dropped: list[Dropped]) -> Iterator[Document]:
    blank = only_text("", "")
    # The first of all has what is counted over all of them; the first that is dated, the first date.
    whole: dict[str, Any] = {"text": range(tally.characters), "dropped": dropped}
    dates = list(tally.dates[:1])
    for key, n in sorted(tally.pages.items()):
        language, dated, published, *of = json.loads(key)
        last = Fact(published, tally.dates[-1] if dated else None)
        page = structs.replace(blank, language=language, published=last, source=Source(*map(Fact, of)))
        first = Fact(published, dates.pop()) if dated and dates else last
        yield structs.replace(page, published=first, **whole)
        yield from repeat(page, n - 1)
        whole = {}


def _worked(tally: Tally) -> Iterator[tuple[str, str]]:
    number = count()
    for who, n in sorted(tally.workers.items()):
        annotators = json.loads(who)
        for _ in range(n):
            document = str(next(number))
            yield from ((annotator, document) for annotator in annotators)


def _gold(tally: Tally) -> Iterator[AnnotationSet]:
    for key, n in sorted(tally.gold.items()):
        layer, label, fragments, origins = json.loads(key)
        spans = (Span(0, 0, ""),) * fragments
        one = Annotation("", layer, label, spans, derived_from=tuple(f"{of}/" for of in origins))
        yield AnnotationSet("", "", GOLD, cast("tuple[Annotation, ...]", repeat(one, n)))


def _decided(tally: Tally) -> Iterator[Right]:
    for key, n in sorted(tally.rights.items()):
        text, holder, reason, takedown = json.loads(key)
        yield from repeat(Right(text, "", "", reason, holder, takedown), n)
