"""The files by which a release describes itself: the card for people and loaders, two records for catalogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from standoff.model import Corpus
from standoff.release.card import card
from standoff.release.citation import read_citation
from standoff.release.croissant import CROISSANT, croissant
from standoff.release.datacite import DATACITE, datacite
from standoff.release.folder import CARD, DATA, About, digest
from standoff.release.front_matter import Tables
from standoff.release.review import Review

__all__ = ["descriptions"]


def descriptions(
    corpus: Corpus,
    about: About,
    tables: Tables,
    files: Mapping[str, tuple[str, int]],
    *,
    citation: str = "",
    statement: str = "",
    reviews: Sequence[Review] = (),
) -> dict[str, str]:
    """The files that describe a release: path -> text.

    Args:
        files: path -> sha256 and number of bytes, of the Parquet files.
        citation: the CITATION.cff of the release.
        statement: as in `card`.
        reviews: as in `card`.

    Raises:
        ReleaseError: the citation is written in a way that is not read here.
    """
    cited = read_citation(citation)
    digests = {
        config: digest({path: sum_ for path, (sum_, _) in files.items() if path.startswith(f"{DATA}/{config}/")})
        for config in tables
    }
    sizes = {path: size for path, (_, size) in files.items()}
    return {
        CARD: card(corpus, about, tables, digests, citation=cited, statement=statement, reviews=reviews),
        CROISSANT: croissant(corpus, about, tables, files, cited),
        DATACITE: datacite(corpus, about, sizes, cited),
    }
