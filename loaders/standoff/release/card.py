"""The card of a release: YAML that tells loaders what there is, and text that tells people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from standoff.model import Corpus
from standoff.release import sections
from standoff.release.agreeing import COLUMNS, agreed
from standoff.release.citation import Citation
from standoff.release.folder import About
from standoff.release.front_matter import Tables, front_matter
from standoff.release.markdown import named, plain, table_lines
from standoff.release.review import Review
from standoff.release.statement import data_statement

__all__ = ["card"]


def card(
    corpus: Corpus,
    about: About,
    tables: Tables,
    digests: Mapping[str, str],
    *,
    citation: Citation | None = None,
    statement: str = "",
    reviews: Sequence[Review] = (),
) -> str:
    """The README.md of a release.

    Args:
        digests: config -> digest of its files.
        citation: how the release is to be cited; its licence is that of the annotations.
        statement: the corpus's own words on where its texts come from, as Markdown.
        reviews: the sign-offs of exactly this content.
    """
    licence = citation.license if citation else ""
    found = (
        sections.heading(corpus, about),
        sections.loading(about),
        sections.configs(corpus, tables),
        sections.labels(corpus),
        data_statement(corpus, statement, plain=plain),
        sections.process(corpus),
        _agreement(corpus),
        sections.signed(reviews),
        sections.limitations(corpus, tables),
        _rights(corpus, licence),
    )
    front = front_matter(corpus, about, tables, digests, licence=licence)
    return f"---\n{front}---\n\n" + "\n".join("\n".join(lines) + "\n" for lines in found)


def _agreement(corpus: Corpus) -> Iterator[str]:
    sentences, rows = agreed(corpus)
    yield from ("## Agreement", "", " ".join(map(plain, sentences)))
    if rows:
        yield from ("", *table_lines(COLUMNS, *((*map(named, row[:2]), *map(plain, row[2:])) for row in rows)))


def _rights(corpus: Corpus, licence: str) -> Iterator[str]:
    yield from ("## Rights", "")
    yield f"Annotations: {plain(licence) or 'no licence is stated'}. Texts: their holders keep their rights."
    yield ""
    yield from table_lines(
        ("Document", "Holder", "Text published", "Why", "Takedown"),
        *(
            (
                f"`{id}`",
                plain(right.holder),
                "yes" if right.publish_text else "no",
                plain(right.reason),
                plain(right.takedown),
            )
            for id, right in sorted(corpus.rights.items())
        ),
    )
