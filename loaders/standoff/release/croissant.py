"""The Croissant description of a release (1.1, with its vocabulary on responsible AI): its files, tables and columns.

Only what the corpus, the schema and CITATION.cff say is told; what nobody stated, such as biases, is left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from standoff.model import Corpus
from standoff.release.citation import Author, Citation
from standoff.release.folder import DATA, About
from standoff.release.front_matter import Tables
from standoff.release.sections import limits, table_descriptions
from standoff.tables import vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CROISSANT", "SPDX", "croissant"]

CROISSANT = "croissant.json"

SPDX = "https://spdx.org/licenses/"

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    **{
        term: f"cr:{term}"
        for term in (
            "arrayShape",
            "citeAs",
            "column",
            "containedIn",
            "equivalentProperty",
            "extract",
            "field",
            "fileObject",
            "fileProperty",
            "fileSet",
            "format",
            "includes",
            "isArray",
            "isLiveDataset",
            "jsonPath",
            "key",
            "md5",
            "parentField",
            "path",
            "recordSet",
            "references",
            "regex",
            "repeated",
            "replace",
            "samplingRate",
            "separator",
            "source",
            "subField",
            "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
}
"""The meaning of the terms, as the specification sets it."""

CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]

TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "int32": "cr:Int32", "int64": "cr:Int64", "double": "cr:Float64"}


def croissant(
    corpus: Corpus, about: About, tables: Tables, files: Mapping[str, tuple[str, int]], citation: Citation
) -> str:
    """The croissant.json of a release.

    Args:
        files: path -> sha256 and number of bytes, of the Parquet files.
    """
    described = table_descriptions(corpus.scheme)
    parts = [(config, split, table.schema) for config, splits in tables.items() for split, table in splits.items()]
    told = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": about.title,
        "description": corpus.scheme.annotation_schema.get("description", "") or citation.abstract or about.title,
        **_bibliography(corpus, about, citation),
        **_responsible(corpus, tables),
        "distribution": [_file(config, split, files) for config, split, _ in parts],
        "recordSet": [_records(config, split, schema, described[config]) for config, split, schema in parts],
    }
    return json.dumps({key: value for key, value in told.items() if value}, ensure_ascii=False, indent=1) + "\n"


def _bibliography(corpus: Corpus, about: About, citation: Citation) -> dict[str, Any]:
    creators = [_creator(author) for author in citation.authors]
    return {
        # The specification knows versions of three numbers.
        "version": about.version.partition(".dev")[0],
        "datePublished": about.date,
        "inLanguage": sorted({document.language for document in corpus.documents.values()}),
        "license": f"{SPDX}{citation.license}" if citation.license else "",
        "url": citation.url,
        "sameAs": f"https://doi.org/{citation.doi}" if citation.doi else "",
        "keywords": list(citation.keywords),
        "creator": creators,
        "publisher": creators,
        "citeAs": _cite_as(about, citation),
    }


def _creator(author: Author) -> dict[str, str]:
    told = {"@type": "sc:Person" if author.person else "sc:Organization", "name": author.name, "url": author.orcid}
    return {key: value for key, value in told.items() if value}


def _cite_as(about: About, citation: Citation) -> str:
    """A BibTeX entry; the year is that of the release."""
    if not citation.authors:
        return ""
    fields = {
        "author": " and ".join(a.name if a.person else f"{{{a.name}}}" for a in citation.authors),
        "title": citation.title or about.title,
        "year": about.date[:4],
        "version": about.version,
        "doi": citation.doi,
        "url": citation.url,
    }
    lines = ", ".join(f"{name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@dataset{{{about.corpus}, {lines}}}"


def _responsible(corpus: Corpus, tables: Tables) -> dict[str, Any]:
    """What is known of how the data came about."""
    documents, annotators = corpus.documents.values(), corpus.annotators.values()
    dropped = Counter(one.kind for document in documents for one in document.dropped)
    kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(dropped.items()))
    times = Counter(Counter(document for _, document in corpus.sets).values())
    return {
        "rai:dataCollection": (
            f"{len(corpus.documents)} documents. The table `documents` tells the source, date and rights of each, and "
            "how each of these facts is known."
        ),
        "rai:dataCollectionRawData": (
            "Raw files are identified by `raw_sha256`; a text is its raw file without the ranges in `dropped`."
        ),
        "rai:dataPreprocessingProtocol": [
            f"Dropped from the raw files, by kind: {kinds}; no other character was changed."
            if kinds
            else "The texts are the raw files; no character was changed.",
            *(f"Sentences and tokens: {one}." for one in sorted({s.segmenter for s in corpus.segments.values()})),
        ],
        "rai:dataAnnotationProtocol": [
            f"schema/CODEBOOK.md defines every layer and label (schema version {corpus.scheme.version}).",
            "Spans are half-open ranges of Unicode code points; each quotes what it covers.",
        ],
        "rai:annotationsPerItem": "Documents by the number of their annotators: "
        + ", ".join(f"{n}: {number}" for n, number in sorted(times.items())),
        "rai:annotatorDemographics": [f"{a.id}: {a.description}" for a in annotators if a.kind == "human"],
        "rai:machineAnnotationTools": [
            " ".join(filter(None, (f"{a.id}:", a.kind, a.family, a.version, a.date)))
            for a in annotators
            if a.kind != "human"
        ],
        "rai:dataLimitations": list(limits(corpus, tables)),
        "rai:dataReleaseMaintenancePlan": (
            "Releases never change. One that should not be used any more is marked in the list of releases, with the "
            f"reason. To have a text taken down: {_takedown(corpus)}"
        ),
    }


def _takedown(corpus: Corpus) -> str:
    return "; ".join(sorted({right.takedown for right in corpus.rights.values()})) or "nothing is stated."


def _file(config: str, split: str, files: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    path = f"{DATA}/{config}/{split}.parquet"
    digest, size = files[path]
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _records(config: str, split: str, schema: pa.Schema, description: str) -> dict[str, Any]:
    path, id = f"{DATA}/{config}/{split}.parquet", f"{config}/{split}"
    return {
        "@type": "cr:RecordSet",
        "@id": id,
        "name": id,
        "description": f"{description} Split: {split}.",
        "field": [_field(f"{id}/{one.name}", one, path, one.name, (), vocabulary(one)) for one in schema],
    }


def _field(
    id: str, field: pa.Field, path: str, column: str, inside: tuple[str, ...], values: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A column, or a part of it.

    Args:
        inside: the names that lead from the column to the part.
        values: what alone may stand there.
    """
    depth, type = _depth(field.type)
    extract = {"fileObject": {"@id": path}, "extract": {"column": column}}
    told = {
        "@type": "cr:Field",
        "@id": id,
        "name": id,
        "description": f"One of {', '.join(values)}." if values else "",
        **({"isArray": True, "arrayShape": ",".join(["-1"] * depth)} if depth else {}),
        "dataType": TYPES.get(str(type), ""),
        "source": {**extract, **({"transform": {"jsonPath": ".".join(inside)}} if inside else {})},
        "subField": list(_parts(id, type, path, column, inside)),
    }
    if told["subField"]:
        del told["source"], told["dataType"]
    return {key: value for key, value in told.items() if value}


def _parts(id: str, type: pa.DataType, path: str, column: str, inside: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    import pyarrow as pa

    if pa.types.is_struct(type):
        for part in type.fields:
            yield _field(f"{id}/{part.name}", part, path, column, (*inside, part.name))


def _depth(type: pa.DataType) -> tuple[int, pa.DataType]:
    """How many lists stand around a type, and the type."""
    import pyarrow as pa

    depth = 0
    while pa.types.is_list(type):
        depth, type = depth + 1, type.value_type
    return depth, type
