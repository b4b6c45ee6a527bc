"""What is wrong with a corpus: a catalogue of rules, and what runs them.

A rule says what is wrong; which file it stands in and how grave it is, the runner adds. Rules run in the order of
the catalogue, and none relies on a field that an earlier one found fault with: a fault is told once, by its own rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from standoff import files
from standoff.model import GOLD, AnnotationSet, Corpus, Finding, Progress, Severity, silent
from standoff.tables.columns import uncollected
from standoff.validate.catalogue import LEVELS, RULES, Level, Rule, Subject
from standoff.validate.suspects import ALL, Suspects
from standoff.validate.verdicts import BY_KIND
from standoff.validate.work import Context, Doubts, EntityWork, Fault, Page, Work

__all__ = [
    "LEVELS",
    "RULES",
    "Level",
    "Rule",
    "Subject",
    "check",
    "corpus_findings",
    "document_findings",
    "since",
    "validate",
]

_BATCH = 256
"""Documents that are looked at together: beyond, nothing is gained but memory used."""

_FEW = 64
"""Up to so many documents are looked at one by one: that takes less time than numpy to be loaded."""


class Look(Struct, frozen=True):
    """What a first look at some documents showed."""

    doubtful: set[str]
    """Documents with which some rule on documents may find fault."""
    asked: dict[tuple[str, str], frozenset[str]]
    """Annotator and document -> the rules that may find fault with the set, for all that are not of these."""


@uncollected()
def validate(
    corpus: Corpus,
    *,
    raw: Mapping[str, bytes] | None = None,
    stored: Mapping[str, bytes] | None = None,
    previous: Mapping[str, Corpus] | None = None,
    reading: Iterable[Finding] = (),
    thorough: bool = False,
    progress: Progress = silent,
) -> tuple[Finding, ...]:
    """All that is wrong with a corpus, ordered by file, id and field.

    Args:
        raw: document -> the bytes of its raw file; without them they are not held against their sha256.
        stored: path -> the bytes of a JSON file of the checkout; without them their form is not looked at.
        previous: version -> an earlier release, oldest first; without them nothing is held against what was released.
        reading: what `standoff.files.inspect` found while it read the corpus. It is part of the answer, and nothing is
            said to be missing because its file could not be read.
        thorough: see `document_findings`.
        progress: told about each document.
    """
    reading = tuple(reading)
    context = _context(corpus, raw, reading, previous)
    found = set(reading)
    found.update(_stored_findings(context, stored or {}, {finding.file for finding in reading}))
    found.update(_corpus_findings(context))
    found.update(_documents_findings(context, thorough, progress))
    return tuple(sorted(found))


@uncollected()
def document_findings(
    corpus: Corpus,
    *,
    raw: Mapping[str, bytes] | None = None,
    reading: Iterable[Finding] = (),
    thorough: bool = False,
    progress: Progress = silent,
) -> tuple[Finding, ...]:
    """What the rules of scope `document` find, ordered: these look at one document, its segments and its sets.

    A part of a corpus is enough, with its registry of entities, annotators and scheme: what they find in the parts is
    what they find in the whole.

    Args:
        thorough: walks through every rule, where otherwise a first look at each document says which of them may find
            something. The answer is the same.
    """
    return tuple(sorted(set(_documents_findings(_context(corpus, raw, reading), thorough, progress))))


@uncollected()
def corpus_findings(
    corpus: Corpus, *, previous: Mapping[str, Corpus] | None = None, reading: Iterable[Finding] = ()
) -> tuple[Finding, ...]:
    """What the rules of scope `corpus` find, ordered: these hold documents against each other, or against a release."""
    return tuple(sorted(set(_corpus_findings(_context(corpus, None, reading, previous)))))


def check(
    root: Path, *, previous: Mapping[str, Corpus] | None = None, progress: Progress = silent
) -> tuple[Corpus, tuple[Finding, ...]]:
    """The corpus of a checkout, and all that is wrong with it, its files included.

    Raises:
        FileError, SchemaError: see `standoff.files.inspect`.
    """
    corpus, reading = files.inspect(root)
    raw, stored = files.raw_bytes(root, corpus), files.stored_files(root)
    return corpus, validate(corpus, raw=raw, stored=stored, previous=previous, reading=reading, progress=progress)


def since(findings: Iterable[Finding], earlier: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that were not there earlier.

    A finding is the same one where rule, file, id and field are: its message may count other offsets by now.
    """
    there = Counter(map(_identity, earlier))
    fresh = []
    for finding in findings:
        there[_identity(finding)] -= 1
        if there[_identity(finding)] < 0:
            fresh.append(finding)
    return tuple(fresh)


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    return finding.rule, finding.file, finding.id, finding.field


def _sets(corpus: Corpus) -> dict[str, list[tuple[str, AnnotationSet]]]:
    """Document -> its sets and gold, each with its annotator."""
    found: dict[str, list[tuple[str, AnnotationSet]]] = {}
    for (annotator, document), marked in corpus.sets.items():
        found.setdefault(document, []).append((annotator, marked))
    for document, marked in corpus.gold.items():
        found.setdefault(document, []).append((GOLD, marked))
    return found


def _stored_findings(context: Context, stored: Mapping[str, bytes], misread: Iterable[str]) -> Iterator[Finding]:
    """What is wrong with the form of files. The form of what was misread is not what its content would have."""
    for path, content in stored.items():
        for rule in _BY_SUBJECT["stored"]:
            if path not in misread or rule.severity == "error":
                yield from _apply(rule, path, content, context, file=path, doubts=Doubts())


def _context(
    corpus: Corpus,
    raw: Mapping[str, bytes] | None,
    reading: Iterable[Finding],
    previous: Mapping[str, Corpus] | None = None,
) -> Context:
    # An id that stands twice leaves its file readable.
    unread = frozenset(finding.file for finding in reading if finding.field != "id")
    return Context(corpus, raw or {}, unread, previous)


def _corpus_findings(context: Context) -> Iterator[Finding]:
    for rule in _BY_SUBJECT["corpus"]:
        yield from _apply(rule, context, file=rule.file, doubts=Doubts())
    for rule in _BY_SUBJECT["across"]:
        for file, id, field, message in rule.find(context):
            yield Finding(file, id, field, rule.id, rule.severity, message)
    registry = EntityWork(context, context.corpus.entities.values(), {})
    for rule in _BY_SUBJECT["entities"]:
        yield from _apply(rule, registry, file="corpus/entities.json", doubts=registry.doubts)


def _documents_findings(context: Context, thorough: bool, progress: Progress) -> Iterator[Finding]:
    sets = _sets(context.corpus)
    ids = sorted({*context.corpus.documents, *context.corpus.segments, *sets})
    suspects = None if thorough else Suspects(context)
    for at in range(0, len(ids), _BATCH):
        pages = [Page(context, id) for id in ids[at : at + _BATCH]]
        every = [(page, annotator, marked) for page in pages for annotator, marked in sets.get(page.id, ())]
        look = _first_look(suspects, pages, every, many=len(ids) > _FEW)
        for n, page in enumerate(pages, at):
            progress("validating", n, len(ids))
            yield from _document_findings(context, page, sets.get(page.id, ()), look)
    progress("validating", len(ids), len(ids))


def _first_look(
    suspects: Suspects | None, pages: Sequence[Page], sets: Sequence[tuple[Page, str, AnnotationSet]], *, many: bool
) -> Look:
    """Which documents may be at fault, and the rules that may find fault with a set of one that is not."""
    if suspects is None:
        return Look({page.id for page in pages}, {})
    wrong = suspects.of_pages(pages) if many else [*map(suspects.of_page, pages)]
    doubtful = {page.id for page, is_ in zip(pages, wrong, strict=True) if is_}
    # What is wrong with a document or its tokens may show in its sets.
    left = [one for one in sets if one[0].id not in doubtful]
    asked = suspects.of_sets(left) if many else [suspects.of_set(*one) for one in left]
    return Look(doubtful, {(who, page.id): rules for (page, who, _), rules in zip(left, asked, strict=True)})


def _document_findings(
    context: Context, page: Page, sets: Iterable[tuple[str, AnnotationSet]], look: Look
) -> Iterator[Finding]:
    """What is wrong with one document, its segments and its sets. It needs no other document."""
    id = page.id
    if id in look.doubtful:
        for rule in _BY_SUBJECT["document"]:
            yield from _apply(rule, page, file=f"corpus/documents/{id}.json", doubts=page.doubts)
        for rule in _BY_SUBJECT["segments"]:
            yield from _apply(rule, page, file=f"corpus/segments/{id}.json", doubts=page.doubts)
    for annotator, marked in sets:
        if marked.entities:
            yield from _added_findings(context, annotator, id, marked)
        asked = look.asked.get((annotator, id), ALL)
        if asked:
            yield from _set_findings(context, Work(page, annotator, marked, sound=asked != ALL), asked)


def _added_findings(context: Context, annotator: str, id: str, marked: AnnotationSet) -> Iterator[Finding]:
    """What is wrong with the entities that an annotator added."""
    added = EntityWork(context, marked.entities, context.corpus.entities)
    for rule in _BY_SUBJECT["entities"]:
        yield from _apply(rule, added, file=context.file(annotator, id), doubts=added.doubts)


def _set_findings(context: Context, work: Work, asked: frozenset[str]) -> Iterator[Finding]:
    """What some of the rules find in a set, in the catalogue's order."""
    file = context.file(work.annotator, work.page.id)
    for rule in _BY_SUBJECT["set"]:
        if rule.id in asked:
            yield from _apply(rule, work, file=file, doubts=work.doubts)
    for constraint in context.scheme.constraints:
        rule = BY_KIND[constraint.kind]
        if rule.id in asked:
            yield from _apply(rule, work, constraint, file=file, doubts=work.doubts, severity=constraint.severity)


def _apply(rule: Rule, *subject: Any, file: str, doubts: Doubts, severity: Severity | None = None) -> Iterator[Finding]:
    # Taken whole: a rule must not see its own faults as those of an earlier one.
    faults: list[Fault] = list(rule.find(*subject))
    for id, field, message in faults:
        doubts.add(id, field, doubtful=rule.doubt)
        yield Finding(file, id, field, rule.id, severity or rule.severity, message)


_BY_SUBJECT: dict[Subject, tuple[Rule, ...]] = {
    subject: tuple(rule for rule in RULES if rule.subject == subject)
    for subject in ("stored", "document", "segments", "set", "entities", "corpus", "across")
}
