"""Rules on a corpus as a whole: splits, events, rights, codebook."""

from __future__ import annotations

from collections.abc import Iterator

from standoff.errors import nearest
from standoff.validate.words import one_of
from standoff.validate.work import Context, Fault

__all__ = [
    "codebook_section",
    "codebook_stray",
    "document_rights",
    "document_split",
    "event_split",
    "rights_document",
    "split_document",
]


def document_split(context: Context) -> Iterator[Fault]:
    """Every document is in a split."""
    for id in context.corpus.documents:
        if id not in context.corpus.splits.splits and "corpus/splits.json" not in context.unread:
            yield id, "splits", f"document {id!r} is in no split; expected train, validation or test"


def split_document(context: Context) -> Iterator[Fault]:
    """Splits and events name documents of the corpus."""
    known, splits = context.corpus.documents, context.corpus.splits
    named = [(id, "splits") for id in splits.splits]
    named += [(id, f"events.{event}") for event, ids in splits.events.items() for id in ids]
    for id, field in named:
        if not context.knows(id):
            yield id, field, f"document {id!r} is unknown; {one_of(known, id)}"


def event_split(context: Context) -> Iterator[Fault]:
    """Documents that tell of one event are in one split."""
    splits = context.corpus.splits
    for event, ids in splits.events.items():
        found = {id: splits.splits[id] for id in ids if id in splits.splits}
        if len(set(found.values())) > 1:
            which = ", ".join(f"{id!r} in {split}" for id, split in found.items())
            yield event, f"events.{event}", f"documents of event {event!r} are in several splits: {which}"


def document_rights(context: Context) -> Iterator[Fault]:
    """For every document there is a decision on publishing its text."""
    for id in context.corpus.documents:
        if id not in context.corpus.rights and "corpus/rights.json" not in context.unread:
            yield id, f"documents.{id}", f"no decision on publishing document {id!r}; expected one"


def rights_document(context: Context) -> Iterator[Fault]:
    """Decisions on rights name documents of the corpus."""
    for id in context.corpus.rights:
        if not context.knows(id):
            yield id, f"documents.{id}", f"document {id!r} is unknown; {one_of(context.corpus.documents, id)}"


def codebook_section(context: Context) -> Iterator[Fault]:
    """Every label, attribute value and role has its section in the codebook, with text in it."""
    sections = context.scheme.sections
    for heading in context.scheme.headings():
        if heading not in sections:
            yield "", heading, f"section {heading!r} is missing; expected it as a heading '### {heading}'"
        elif not sections[heading].strip():
            yield "", heading, f"section {heading!r} is empty; expected a rule and examples"


def codebook_stray(context: Context) -> Iterator[Fault]:
    """Every section of the codebook names a label, attribute value or role of the schema."""
    headings = [*context.scheme.headings(), *context.scheme.registry_headings()]
    for heading in context.scheme.sections:
        if heading not in headings:
            yield "", heading, f"section {heading!r} names nothing of the schema{nearest(heading, headings)}"
