"""Rules on a corpus as a whole: splits, events, rights, codebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from standoff.errors import nearest
from standoff.schema import headings
from standoff.validate.duplicates import SHINGLE, pairs
from standoff.validate.words import one_of
from standoff.validate.work import Context, Fault

__all__ = [
    "codebook_heading",
    "codebook_section",
    "codebook_stray",
    "document_rights",
    "document_split",
    "event_split",
    "near_duplicate",
    "rights_document",
    "split_document",
]


def document_split(context: Context) -> Iterator[Fault]:
    """Every document is in a split.

    Why: A document without a split is in no table of the release.
    Do: Assign it once in corpus/splits.json, and never change it.
    """
    for id in context.corpus.documents:
        if id not in context.corpus.splits.splits and "corpus/splits.json" not in context.unread:
            yield id, "splits", f"document {id!r} is in no split; expected train, validation or test"


def split_document(context: Context) -> Iterator[Fault]:
    """Splits and events name documents of the corpus.

    Why: The name is misspelt, or the document is gone; either way the split is not what it says.
    Do: Correct the name, or remove the entry.
    """
    known, splits = context.corpus.documents, context.corpus.splits
    named = [(id, "splits") for id in splits.splits]
    named += [(id, f"events.{event}") for event, ids in splits.events.items() for id in ids]
    for id, field in named:
        if not context.knows(id):
            yield id, field, f"document {id!r} is unknown; {one_of(known, id)}"


def event_split(context: Context) -> Iterator[Fault]:
    """Documents that tell of one event are in one split.

    Why: A model that was trained on one report of an event knows the answers in another.
    Do: Move the documents that were in no release yet into the split of the others.
    """
    splits = context.corpus.splits
    for event, ids in splits.events.items():
        found = {id: splits.splits[id] for id in ids if id in splits.splits}
        if len(set(found.values())) > 1:
            which = ", ".join(f"{id!r} in {split}" for id, split in found.items())
            yield event, f"events.{event}", f"documents of event {event!r} are in several splits: {which}"


def near_duplicate(context: Context) -> Iterator[Fault]:
    """Documents that are nearly the same are in one split.

    Why: A model that was trained on the one has seen the other: what it scores there says nothing.
    Do: Move the one that was in no release yet into the split of the other, or leave it out.
    """
    splits = context.corpus.splits.splits
    if len(set(splits.values())) < 2:
        return
    texts = {id: page.text for id, page in context.corpus.documents.items() if id in splits}
    for first, second, alike in pairs(texts, splits.__getitem__):
        yield (
            second,
            f"splits.{second}",
            f"documents {first!r} in {splits[first]} and {second!r} in {splits[second]} share {alike:.2f} of their "
            f"{SHINGLE}-word shingles; expected near-duplicates in one split",
        )


def document_rights(context: Context) -> Iterator[Fault]:
    """For every document there is a decision on publishing its text.

    Why: Nothing is published without a decision, and none may be invented.
    Do: Have the owner decide and record it in corpus/rights.json, with a reason and a contact.
    """
    for id in context.corpus.documents:
        if id not in context.corpus.rights and "corpus/rights.json" not in context.unread:
            yield id, f"documents.{id}", f"no decision on publishing document {id!r}; expected one"


def rights_document(context: Context) -> Iterator[Fault]:
    """Decisions on rights name documents of the corpus.

    Why: A decision on an unknown document decides nothing; the right one may be without.
    Do: Correct the name, or remove the entry.
    """
    for id in context.corpus.rights:
        if not context.knows(id):
            yield id, f"documents.{id}", f"document {id!r} is unknown; {one_of(context.corpus.documents, id)}"


def codebook_section(context: Context) -> Iterator[Fault]:
    """Every label, attribute value and role has its section in the codebook, with text in it.

    Why: What no section explains, each annotator explains to themselves.
    Do: Write the section: a rule, a positive and a negative example.
    """
    sections = context.scheme.sections
    for heading in context.scheme.headings():
        if heading not in sections:
            yield "", heading, f"section {heading!r} is missing; expected it as a heading '### {heading}'"
        elif not sections[heading].strip():
            yield "", heading, f"section {heading!r} is empty; expected a rule and examples"


def codebook_heading(context: Context) -> Iterator[Fault]:
    """A section of the codebook stands once.

    Why: Of two sections with one heading only the last is shown to annotators, and the two will come to differ.
    Do: Join the two.
    """
    codebook = context.scheme.files["CODEBOOK.md"]
    lines = [line[4:].strip() for line in codebook.splitlines() if line.startswith("### ")]
    if len({*lines}) == len(lines):
        # Which of them stand inside of examples need not be asked.
        return
    for heading, times in Counter(headings(codebook)).items():
        if times > 1:
            yield "", heading, f"section {heading!r} stands {times} times; expected it once"


def codebook_stray(context: Context) -> Iterator[Fault]:
    """Every section of the codebook names a label, attribute value or role of the schema.

    Why: The section explains what nobody can choose any more, or its heading is misspelt.
    Do: Correct the heading, or remove the section.
    """
    headings = [*context.scheme.headings(), *context.scheme.registry_headings()]
    for heading in context.scheme.sections:
        if heading not in headings:
            yield "", heading, f"section {heading!r} names nothing of the schema{nearest(heading, headings)}"
