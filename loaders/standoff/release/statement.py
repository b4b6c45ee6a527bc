"""What a card says of where texts and annotations come from: the data statement (Bender and Friedman 2018).

It is told by the records of a corpus; what they do not know, a corpus tells in its own words in corpus/STATEMENT.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias

from standoff.model import Corpus, Document, Fact

__all__ = ["STATEMENT", "data_statement"]

STATEMENT = "STATEMENT.md"
"""A corpus's own words, in corpus/; beside the card in a release."""

Plain: TypeAlias = Callable[[str], str]


def data_statement(corpus: Corpus, own: str, *, plain: Plain) -> Iterator[str]:
    """The data statement, as lines of Markdown.

    Args:
        own: the corpus's own words, as Markdown; its headings stand below the one of the section.
        plain: makes a text one line that Markdown leaves as it is.
    """
    yield from ("## Data statement", "")
    if own.strip():
        yield from (*_below(own.strip().splitlines()), "")
    yield f"- Texts: {_texts(corpus, plain)}."
    yield f"- Languages: {_languages(corpus, plain)}."
    yield f"- Annotators: {_annotators(corpus, plain)}."
    yield (
        f"- People: texts, and the {len(corpus.entities)} entities of the registry, name people as the sources do; "
        "some may be living. What a text says of somebody is its author's account, and an annotation tells what a text "
        "says, not what is so."
    )
    yield f"- Takedown: {_takedown(corpus, plain)}."
    for one in corpus.withdrawn.values():
        yield f"- Withdrawn: `{plain(one.id)}` on {plain(one.date)}: {plain(one.reason)}"


def _below(lines: list[str]) -> Iterator[str]:
    """Markdown with its headings two levels down, so that it stays inside a section."""
    fenced = False
    for line in lines:
        fenced ^= line.startswith("```")
        yield f"##{line}" if line.startswith("#") and not fenced else line


def _texts(corpus: Corpus, plain: Plain) -> str:
    pages = list(corpus.documents.values())
    length = sum(len(page.text) for page in pages)
    dates = sorted(page.published.value for page in pages if page.published.value)
    since = f", published {plain(' to '.join(dict.fromkeys((dates[0], dates[-1]))))}" if dates else ""
    known = "; ".join(
        f"{name} {_known([fact(page) for page in pages])}"
        for name, fact in (
            ("date", _published),
            ("publisher", lambda page: page.source.publisher),
            ("author", lambda page: page.source.author),
            ("address", lambda page: page.source.url),
        )
    )
    dropped = Counter(one.kind for page in pages for one in page.dropped)
    left = ", ".join(f"{plain(kind)} {n}" for kind, n in sorted(dropped.items()))
    return (
        f"{len(pages)} documents of {length} characters{since}. Of how many it is known, and how: {known}. "
        f"Ranges of the raw files that are left out: {left or 'none'}"
    )


def _published(page: Document) -> Fact:
    return page.published


def _known(facts: list[Fact]) -> str:
    counted = Counter(fact.status for fact in facts)
    return ", ".join(f"{status} {counted[status]}" for status in ("stated", "inferred", "unknown") if counted[status])


def _languages(corpus: Corpus, plain: Plain) -> str:
    counted = Counter(page.language for page in corpus.documents.values())
    named = ", ".join(f"`{plain(tag)}` {n}" for tag, n in sorted(counted.items()))
    return f"{named or 'none'} documents (BCP 47; a tag without a region says that the variety is not known)"


def _annotators(corpus: Corpus, plain: Plain) -> str:
    working = sorted({who for who, _ in corpus.sets})
    kinds = Counter(corpus.annotators[who].kind for who in working if who in corpus.annotators)
    counted = ", ".join(f"{plain(kind)} {n}" for kind, n in sorted(kinds.items()))
    if not working:
        return "nobody has annotated yet"
    told = f"by kind, {counted}"
    if not kinds["human"]:
        told += ". No person annotated: the labels are what a program made of the codebook, its slips included"
    if len(working) == 1:
        told += ". There is one annotator: nothing tells how far another would agree"
    return told


def _takedown(corpus: Corpus, plain: Plain) -> str:
    ways = Counter(right.takedown for id, right in corpus.rights.items() if id in corpus.documents)
    asked = "; ".join(f"{plain(way)} ({n} documents)" for way, n in sorted(ways.items()))
    return (
        f"who holds rights in a text, or is named in one, may ask for it to be withdrawn: {asked or 'nobody is named'}"
    )
