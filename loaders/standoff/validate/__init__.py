"""What is wrong with a corpus: a catalogue of rules, and what runs them.

A rule says what is wrong; which file it stands in and how grave it is, the runner adds. Rules run in the order of
the catalogue, and none relies on a field that an earlier one found fault with: a fault is told once, by its own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getdoc
from typing import Any, Literal

from msgspec import Struct

from standoff import files
from standoff.model import GOLD, AnnotationSet, Corpus, Finding, Progress, Severity, silent
from standoff.validate import constraints, corpus, documents, entities, pairs, records, references, spans
from standoff.validate.work import Context, Doubts, EntityWork, Fault, Page, Work

__all__ = ["RULES", "Level", "Rule", "Subject", "validate"]

Level = Literal["bytes", "schema", "references", "text", "meaning", "corpus", "release"]
"""What must be right before the next can be: the bytes, the shape of records, what refers to what, places in the text,
what annotations mean together, the corpus as a whole, its releases."""

Subject = Literal["file", "document", "segments", "set", "constraint", "entities", "corpus"]
"""What a rule is given: a file that is being read; a `Page`, for the document's record or its segments; a `Work`; a
`Work` and a constraint of the schema; an `EntityWork`; or the whole `Context`."""


class Rule(Struct, frozen=True):
    """One thing that must hold."""

    id: str
    level: Level
    severity: Severity
    """Of a constraint: where the schema says nothing else."""
    summary: str
    subject: Subject
    find: Callable[..., Any]
    file: str = ""
    """Where a rule on the whole corpus finds fault."""
    doubt: bool = False
    """Whether later rules cannot build on a field that this one finds fault with."""


def validate(
    corpus: Corpus,
    *,
    raw: Mapping[str, bytes] | None = None,
    reading: Iterable[Finding] = (),
    progress: Progress = silent,
) -> tuple[Finding, ...]:
    """All that is wrong with a corpus, ordered by file, id and field.

    Args:
        raw: document -> the bytes of its raw file; without them they are not held against their sha256.
        reading: what `standoff.files.inspect` found while it read the corpus. It is part of the answer, and nothing is
            said to be missing because its file could not be read.
        progress: told about each document.
    """
    reading = tuple(reading)
    # An id that stands twice leaves its file readable.
    unread = frozenset(finding.file for finding in reading if finding.field != "id")
    context = Context(corpus, raw or {}, unread)
    found = set(reading)
    found.update(_corpus_findings(context))
    sets = _sets(corpus)
    ids = sorted({*corpus.documents, *corpus.segments, *sets})
    for n, id in enumerate(ids):
        progress("validating", n, len(ids))
        found.update(_document_findings(context, id, sets.get(id, ())))
    progress("validating", len(ids), len(ids))
    return tuple(sorted(found))


def _sets(corpus: Corpus) -> dict[str, list[tuple[str, AnnotationSet]]]:
    """Document -> its sets and gold, each with its annotator."""
    found: dict[str, list[tuple[str, AnnotationSet]]] = {}
    for (annotator, document), marked in corpus.sets.items():
        found.setdefault(document, []).append((annotator, marked))
    for document, marked in corpus.gold.items():
        found.setdefault(document, []).append((GOLD, marked))
    return found


def _corpus_findings(context: Context) -> Iterator[Finding]:
    for rule in _BY_SUBJECT["corpus"]:
        yield from _apply(rule, context, file=rule.file, doubts=Doubts())
    registry = EntityWork(context, context.corpus.entities.values(), {})
    for rule in _BY_SUBJECT["entities"]:
        yield from _apply(rule, registry, file="corpus/entities.json", doubts=registry.doubts)


def _document_findings(context: Context, id: str, sets: Iterable[tuple[str, AnnotationSet]]) -> Iterator[Finding]:
    """What is wrong with one document, its segments and its sets. It needs no other document."""
    page = Page(context, id)
    for rule in _BY_SUBJECT["document"]:
        yield from _apply(rule, page, file=f"corpus/documents/{id}.json", doubts=page.doubts)
    for rule in _BY_SUBJECT["segments"]:
        yield from _apply(rule, page, file=f"corpus/segments/{id}.json", doubts=page.doubts)
    for annotator, marked in sets:
        file = f"annotations/gold/{id}.json" if annotator == GOLD else f"annotations/sets/{annotator}/{id}.json"
        added = EntityWork(context, marked.entities, context.corpus.entities)
        for rule in _BY_SUBJECT["entities"] if added.own else ():
            yield from _apply(rule, added, file=file, doubts=added.doubts)
        work = Work(page, annotator, marked)
        for rule in _BY_SUBJECT["set"]:
            yield from _apply(rule, work, file=file, doubts=work.doubts)
        for constraint in context.scheme.constraints:
            rule = _BY_KIND[constraint.kind]
            yield from _apply(rule, work, constraint, file=file, doubts=work.doubts, severity=constraint.severity)


def _apply(rule: Rule, *subject: Any, file: str, doubts: Doubts, severity: Severity | None = None) -> Iterator[Finding]:
    # Taken whole: a rule must not see its own faults as those of an earlier one.
    faults: list[Fault] = list(rule.find(*subject))
    for id, field, message in faults:
        doubts.add(id, field, doubtful=rule.doubt)
        yield Finding(file, id, field, rule.id, severity or rule.severity, message)


def _rule(
    level: Level,
    subject: Subject,
    find: Callable[..., Iterator[Fault]],
    severity: Severity = "error",
    *,
    file: str = "",
    doubt: bool = False,
) -> Rule:
    """The rule that a function is: its id from the function's name, its summary from its docstring."""
    summary = (getdoc(find) or "").partition("\n")[0]
    return Rule(find.__name__.replace("_", "-"), level, severity, summary, subject, find, file, doubt)


RULES: tuple[Rule, ...] = (
    Rule(
        id="record-shape",
        level="bytes",
        severity="error",
        summary="A file holds the fields of its kind, stands where its content says, and defines nothing twice.",
        subject="file",
        find=files.inspect,
    ),
    _rule("bytes", "document", documents.raw_sha256),
    _rule("bytes", "document", documents.text_sha256),
    _rule("schema", "document", documents.dropped_kind),
    _rule("text", "document", documents.dropped_ranges),
    _rule("schema", "document", documents.document_schema),
    _rule("references", "segments", documents.document_segments),
    _rule("references", "segments", documents.segments_document),
    _rule("text", "segments", documents.sentence_ranges, doubt=True),
    _rule("text", "segments", documents.sentence_cover),
    _rule("text", "segments", documents.token_ranges, doubt=True),
    _rule("text", "segments", documents.token_sentence),
    _rule("text", "segments", documents.token_whitespace),
    _rule("schema", "entities", entities.entity_type_known),
    _rule("references", "entities", entities.entity_id),
    _rule("references", "entities", entities.part_of_resolves),
    _rule("meaning", "entities", entities.part_of_acyclic),
    _rule("meaning", "entities", entities.kb_status),
    _rule("meaning", "entities", entities.wikidata_unique),
    _rule("schema", "entities", entities.entity_schema),
    _rule("references", "set", references.set_document),
    _rule("references", "set", references.set_annotator),
    _rule("references", "set", references.set_text),
    _rule("schema", "set", records.layer_known),
    _rule("schema", "set", records.label_known, doubt=True),
    _rule("schema", "set", records.attribute_known),
    _rule("schema", "set", records.attribute_required, doubt=True),
    _rule("schema", "set", records.attribute_value, doubt=True),
    _rule("schema", "set", records.role_known),
    _rule("schema", "set", records.role_count, doubt=True),
    _rule("schema", "set", records.ref_repeated, doubt=True),
    _rule("schema", "set", records.fragment_count, doubt=True),
    _rule("schema", "set", records.id_form),
    _rule("schema", "set", records.note_allowed),
    _rule("references", "set", references.id_unique),
    _rule("references", "set", references.ref_resolves, doubt=True),
    _rule("references", "set", references.ref_layer, doubt=True),
    _rule("references", "set", references.derived_id),
    _rule("references", "set", references.derivation_gold_only),
    _rule("references", "set", references.derivation_missing),
    _rule("references", "set", references.derivation_resolves),
    _rule("text", "set", spans.span_bounds, doubt=True),
    _rule("text", "set", spans.span_quotation, doubt=True),
    _rule("text", "set", spans.span_whitespace),
    _rule("text", "set", spans.span_order),
    _rule("text", "set", spans.span_word, "warning"),
    _rule("text", "set", spans.span_seam),
    _rule("schema", "set", records.record_schema),
    _rule("meaning", "constraint", pairs.acyclic),
    _rule("meaning", "constraint", constraints.apart),
    _rule("meaning", "constraint", constraints.attribute_label),
    _rule("meaning", "constraint", pairs.companion),
    _rule("meaning", "constraint", pairs.conflict),
    _rule("meaning", "constraint", constraints.contains),
    _rule("meaning", "constraint", constraints.count),
    _rule("meaning", "constraint", constraints.entity_type),
    _rule("meaning", "constraint", constraints.length),
    _rule("meaning", "constraint", pairs.nesting),
    _rule("meaning", "constraint", pairs.role_or_inverse),
    _rule("meaning", "constraint", constraints.roles_differ),
    _rule("meaning", "constraint", constraints.symmetric),
    _rule("meaning", "constraint", pairs.target_once),
    _rule("meaning", "constraint", pairs.unique),
    _rule("corpus", "corpus", corpus.document_split, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.split_document, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.event_split, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.document_rights, file="corpus/rights.json"),
    _rule("corpus", "corpus", corpus.rights_document, file="corpus/rights.json"),
    _rule("corpus", "corpus", corpus.codebook_section, file="schema/CODEBOOK.md"),
    _rule("corpus", "corpus", corpus.codebook_stray, file="schema/CODEBOOK.md"),
)
"""The catalogue, in the order in which the rules run."""

_BY_SUBJECT: dict[Subject, tuple[Rule, ...]] = {
    subject: tuple(rule for rule in RULES if rule.subject == subject)
    for subject in ("document", "segments", "set", "entities", "corpus")
}
_BY_KIND = {rule.find.__name__: rule for rule in RULES if rule.subject == "constraint"}
