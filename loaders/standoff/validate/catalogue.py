"""The catalogue of rules: what each is called, how grave it is, why it is there, what to do about a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from inspect import getdoc
from typing import Any, Literal

from msgspec import Struct

from standoff import files
from standoff.model import Severity
from standoff.validate import (
    constraints,
    corpus,
    coverage,
    decisions,
    documents,
    entities,
    forms,
    gold,
    marks,
    pairs,
    records,
    references,
    releases,
    spans,
    stored,
)

__all__ = ["LEVELS", "RULES", "Level", "Rule", "Subject"]

Level = Literal["bytes", "schema", "references", "text", "meaning", "corpus", "release"]

LEVELS: dict[Level, str] = {
    "bytes": "The files themselves, and the shape that lets them be read.",
    "schema": "Each record, by its entry in the schema.",
    "references": "What refers to what, and the ids that make it possible.",
    "text": "Places in the text.",
    "meaning": "What annotations mean together, and entities.",
    "corpus": "The corpus as a whole: splits, rights, codebook, gold.",
    "release": "The corpus against its earlier releases.",
}
"""What must be right before the next can be."""

Subject = Literal["file", "stored", "document", "segments", "set", "constraint", "entities", "corpus", "across"]
"""What a rule is given: a file that is being read; path and bytes of a file, and the `Context`; a `Page`, for the
document's record or its segments; a `Work`; a `Work` and a constraint of the schema; an `EntityWork`; or the whole
`Context`, to find fault with one file, or across many."""


class Rule(Struct, frozen=True, kw_only=True):
    """One thing that must hold."""

    id: str
    level: Level
    severity: Severity
    """Of a constraint: where the schema says nothing else."""
    summary: str
    """What must hold."""
    why: str
    remedy: str
    subject: Subject
    find: Callable[..., Any]
    file: str = ""
    """Where a rule on the whole corpus finds fault."""
    doubt: bool = False
    """Whether later rules cannot build on a field that this one finds fault with."""

    @property
    def scope(self) -> Literal["file", "document", "corpus"]:
        """What must be at hand to apply it: one file, one document with its sets and the registry, or all documents."""
        if self.subject in ("file", "stored"):
            return "file"
        return "corpus" if self.subject in ("corpus", "across") else "document"


def _rule(
    level: Level,
    subject: Subject,
    find: Callable[..., Iterator[Any]],
    severity: Severity = "error",
    *,
    file: str = "",
    doubt: bool = False,
) -> Rule:
    """The rule that a function is: its id from the function's name, what is said of it from its docstring."""
    said = {"": [""], "Why": [""], "Do": [""]}
    heading = ""
    for line in (getdoc(find) or "").splitlines():
        if begins := re.match(r"(Why|Do): ", line):
            heading = begins[1]
            line = line[begins.end() :]
        said[heading].append(line)
    summary, why, remedy = ("\n".join(lines).strip() for lines in said.values())
    return Rule(
        id=find.__name__.replace("_", "-"),
        level=level,
        severity=severity,
        summary=_flowing(summary),
        why=_flowing(why),
        remedy=_flowing(remedy),
        subject=subject,
        find=find,
        file=file,
        doubt=doubt,
    )


def _flowing(text: str) -> str:
    """Paragraphs, each on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


RULES: tuple[Rule, ...] = (
    Rule(
        id="record-shape",
        level="bytes",
        severity="error",
        summary="A file holds the fields of its kind, stands where its content says, and defines nothing twice.",
        why="What has not its kind's shape cannot be read: it is left out, and nothing else of it is checked.",
        remedy="Correct the field that the message names.",
        subject="file",
        find=files.inspect,
    ),
    _rule("bytes", "stored", stored.duplicate_key),
    _rule("bytes", "stored", stored.canonical_form, "warning"),
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
    _rule("corpus", "set", gold.gold_derived),
    _rule("meaning", "constraint", pairs.acyclic),
    _rule("meaning", "constraint", constraints.apart),
    _rule("meaning", "constraint", constraints.attribute_label),
    _rule("meaning", "constraint", marks.balanced),
    _rule("meaning", "constraint", pairs.companion),
    _rule("meaning", "constraint", pairs.conflict),
    _rule("meaning", "constraint", constraints.contains),
    _rule("meaning", "constraint", constraints.count),
    _rule("meaning", "constraint", coverage.covered),
    _rule("meaning", "constraint", constraints.entity_type),
    _rule("meaning", "constraint", coverage.everywhere),
    _rule("meaning", "constraint", constraints.length),
    _rule("meaning", "constraint", pairs.nesting),
    _rule("meaning", "constraint", coverage.quoted),
    _rule("meaning", "constraint", pairs.role_or_inverse),
    _rule("meaning", "constraint", constraints.roles_differ),
    _rule("meaning", "constraint", constraints.symmetric),
    _rule("meaning", "constraint", pairs.target_once),
    _rule("meaning", "constraint", pairs.unique),
    _rule("corpus", "corpus", corpus.document_split, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.split_document, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.event_split, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.near_duplicate, file="corpus/splits.json"),
    _rule("corpus", "corpus", corpus.document_rights, file="corpus/rights.json"),
    _rule("corpus", "corpus", corpus.rights_document, file="corpus/rights.json"),
    _rule("corpus", "corpus", corpus.codebook_section, file="schema/CODEBOOK.md"),
    _rule("corpus", "corpus", corpus.codebook_heading, file="schema/CODEBOOK.md"),
    _rule("corpus", "corpus", corpus.codebook_stray, file="schema/CODEBOOK.md"),
    _rule("corpus", "corpus", entities.entity_unused, "warning", file="corpus/entities.json"),
    _rule("corpus", "across", decisions.decision),
    _rule("corpus", "across", decisions.decision_current, "warning"),
    _rule("corpus", "across", decisions.gold_current),
    _rule("corpus", "across", forms.form_label, "warning"),
    _rule("release", "corpus", releases.release_listed, file="corpus/releases.json"),
    _rule("release", "across", releases.raw_kept),
    _rule("release", "across", releases.withdrawn_again),
    _rule("release", "across", releases.split_kept),
    _rule("release", "across", releases.old_test_kept),
    _rule("release", "across", releases.id_reused),
)
"""The catalogue, in the order in which the rules run."""
