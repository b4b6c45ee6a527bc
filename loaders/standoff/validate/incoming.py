"""What is wrong with a set that comes from elsewhere, before it is written."""

from __future__ import annotations

from msgspec.structs import replace

from standoff.model import AnnotationSet, Corpus, Finding
from standoff.validate import document_findings

__all__ = ["set_findings"]


def set_findings(marked: AnnotationSet, corpus: Corpus, *, place: str) -> tuple[Finding, ...]:
    """What the rules on sets find in one that is to take its place in a corpus, the schema's constraints among them.

    Args:
        place: what to call the file that it comes from.
    """
    id = marked.document
    segments = {id: corpus.segments[id]} if id in corpus.segments else {}
    alone = replace(
        corpus,
        documents={id: corpus.documents[id]},
        segments=segments,
        sets={(marked.annotator, id): marked},
        gold={},
        decisions={},
        policy=None,
    )
    return tuple(
        replace(finding, file=place)
        for finding in document_findings(alone)
        if finding.file == f"annotations/sets/{marked.annotator}/{id}.json"
    )
