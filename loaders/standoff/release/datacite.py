"""The DataCite record of a release (schema 4), by which a registry of DOIs describes it.

A DOI is minted by the registry: the record has the one that CITATION.cff states, or none yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from standoff.model import Corpus
from standoff.release.citation import Author, Citation
from standoff.release.croissant import SPDX
from standoff.release.folder import About

__all__ = ["DATACITE", "datacite"]

DATACITE = "datacite.json"

UNKNOWN = ":unkn"
"""What the schema has for a field that it asks for and nobody can fill."""


def datacite(corpus: Corpus, about: About, files: Mapping[str, int], citation: Citation) -> str:
    """The datacite.json of a release.

    Args:
        files: path -> number of bytes, of the Parquet files.
    """
    rows = sum(sum(splits.values()) for splits in about.rows.values())
    told = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "doi": citation.doi,
        "url": citation.url,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Annotated corpus"},
        "creators": [_creator(author) for author in citation.authors] or [{"name": UNKNOWN}],
        "titles": [{"title": citation.title or about.title}],
        # Whoever makes the dataset publishes it; the format of citations has no other field.
        "publisher": {"name": "; ".join(author.name for author in citation.authors) or UNKNOWN},
        "publicationYear": int(about.date[:4]),
        "dates": [{"date": about.date, "dateType": "Issued"}],
        "version": about.version,
        "language": _language(corpus),
        "subjects": [{"subject": keyword} for keyword in citation.keywords],
        "descriptions": [
            {"description": text, "descriptionType": kind}
            for text, kind in (
                (citation.abstract or corpus.scheme.annotation_schema.get("description", ""), "Abstract"),
                (f"sha256 of the content in canonical form: {about.content_sha256}", "TechnicalInfo"),
            )
            if text
        ],
        "rightsList": _rights(citation),
        "formats": ["application/x-parquet", "application/json", "text/markdown"],
        "sizes": [f"{len(corpus.documents)} documents", f"{rows} rows", f"{sum(files.values())} bytes of tables"],
    }
    return json.dumps({key: value for key, value in told.items() if value}, ensure_ascii=False, indent=1) + "\n"


def _creator(author: Author) -> dict[str, Any]:
    if not author.person:
        return {"name": author.name, "nameType": "Organizational"}
    return {
        "name": ", ".join(filter(None, (author.family, author.given))),
        "nameType": "Personal",
        **({"givenName": author.given} if author.given else {}),
        **({"familyName": author.family} if author.family else {}),
        **({"affiliation": [{"name": author.affiliation}]} if author.affiliation else {}),
        **(
            {
                "nameIdentifiers": [
                    {
                        "nameIdentifier": author.orcid,
                        "nameIdentifierScheme": "ORCID",
                        "schemeUri": "https://orcid.org",
                    }
                ]
            }
            if author.orcid
            else {}
        ),
    }


def _language(corpus: Corpus) -> str:
    """The language of all documents; none where they have several, since the schema has room for one."""
    found = {document.language for document in corpus.documents.values()}
    return found.pop() if len(found) == 1 else ""


def _rights(citation: Citation) -> list[dict[str, str]]:
    if not citation.license:
        return []
    return [
        {
            "rights": f"Annotations: {citation.license}. Texts: their holders keep their rights.",
            "rightsUri": f"{SPDX}{citation.license}.html",
            "rightsIdentifier": citation.license,
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": SPDX,
        }
    ]
