"""The annotations of one document after its text was corrected: dropped ranges, or the raw file itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from msgspec import Struct, structs

from standoff.adjudicate import sha256_of
from standoff.adjudicate.items import table_of
from standoff.canon import order
from standoff.errors import UsageError, nearest
from standoff.files import write_decisions, write_document, write_set
from standoff.model import (
    GOLD,
    Annotation,
    AnnotationSet,
    Corpus,
    Decisions,
    Document,
    Finding,
    Policy,
    Segments,
    Span,
)
from standoff.reanchor.aligning import align, by_raw, known_text
from standoff.reanchor.placing import CHANGED_INSIDE, OTHER_WORDS, Place, place
from standoff.scheme import Scheme
from standoff.text import Alignment, context, sha

__all__ = ["Reanchored", "reanchor", "write_reanchored"]

RULE = "reanchor"

_SHOWN = 8
"""Candidates that a message shows; more are counted."""

Locate = Callable[[int, int], Place]


class Reanchored(Struct, frozen=True):
    """A corpus whose annotations follow the text, and what could not follow: it is as it was."""

    corpus: Corpus
    findings: tuple[Finding, ...]
    moved: int
    """How many annotations were moved to the new text, be it to the same offsets."""


def reanchor(corpus: Corpus, document: str, was: Corpus) -> Reanchored:
    """Moves all that was marked in a document to its text as it is now: sets, gold, decisions, and its segments.

    Where the raw file is the same, ranges of it tell where a text stands; else its unchanged words do. Nothing is
    guessed: an annotation that has a span without exact evidence stays as it was, and is a finding. A set that was
    made on the new text already is left alone; so are segments that are no longer what they were.

    Args:
        was: the corpus as it was when the sets were made.

    Raises:
        UsageError: either corpus has no such document.
    """
    for where in (corpus, was):
        if document not in where.documents:
            hint = nearest(document, sorted(where.documents))
            raise UsageError(f"no document {document!r}{hint}; expected one that is in both, as it was and as it is")
    old, new = was.documents[document], corpus.documents[document]
    new = structs.replace(new, text_sha256=sha(new.text))
    locate = _located(old, new, corpus.scheme)
    findings: list[Finding] = []
    sets, gold = dict(corpus.sets), dict(corpus.gold)
    moved = 0
    for who, marked in _sets_of(corpus, document):
        file = f"annotations/{'gold' if who == GOLD else f'sets/{who}'}/{document}.json"
        if marked.text_sha256 == new.text_sha256:
            continue
        if marked.text_sha256 != sha(old.text):
            said = f"was made on the text {marked.text_sha256}; expected {sha(old.text)}, which it was"
            findings.append(Finding(file, "", "text_sha256", RULE, "error", said))
            continue
        follows, faults = _followed(marked, old, file, locate, new)
        findings += faults
        moved += len(marked.annotations) - len({fault.id for fault in faults})
        follows = structs.replace(
            follows,
            text_sha256=new.text_sha256,
            annotations=order(follows.annotations, corpus.scheme.layer_names),
        )
        if who == GOLD:
            gold[document] = follows
        else:
            sets[who, document] = follows
    segments = dict(corpus.segments)
    if old.text != new.text and (current := segments.get(document)) and current == was.segments.get(document):
        segments[document], faults = _segmented(current, locate)
        findings += faults
    made = structs.replace(
        corpus, documents={**corpus.documents, document: new}, sets=sets, gold=gold, segments=segments
    )
    decisions = dict(corpus.decisions)
    if document in decisions and made.sets != corpus.sets:
        decisions[document], faults = _decided(decisions[document], corpus, made, old, locate, new)
        findings += faults
    return Reanchored(structs.replace(made, decisions=decisions), tuple(sorted(findings)), moved)


def write_reanchored(root: Path, document: str, found: Reanchored) -> None:
    """Puts the decisions, sets, gold, record and segments of a document in their places, each file at once.

    Where this was cut short, `reanchor` goes on: a set tells by the text that it was made on whether it followed;
    decisions do not, so they come first.
    """
    corpus = found.corpus
    if document in corpus.decisions:
        write_decisions(root, corpus.decisions[document])
    for _, marked in _sets_of(corpus, document):
        write_set(root, marked, corpus.scheme)
    write_document(root, corpus.documents[document], corpus.segments[document])


def _located(old: Document, new: Document, scheme: Scheme) -> Locate:
    traces = known_text(old.text, new.text)
    same_raw = old.raw_sha256 == new.raw_sha256
    pieces = by_raw(old, new, inline=scheme.inline_kinds) if same_raw else align(traces)
    seams = Alignment(new.dropped, new.raw_length, inline=scheme.inline_kinds)

    def locate(start: int, end: int) -> Place:
        found = place(start, end, pieces, traces, loose=not same_raw)
        if found.to is not None and seams.crosses_seam(found.to, found.to + end - start):
            return Place(None, "has something dropped inside now")
        return found

    return locate


def _sets_of(corpus: Corpus, document: str) -> Iterator[tuple[str, AnnotationSet]]:
    yield from ((who, marked) for (who, id), marked in sorted(corpus.sets.items()) if id == document)
    if document in corpus.gold:
        yield GOLD, corpus.gold[document]


def _followed(
    marked: AnnotationSet, old: Document, file: str, locate: Locate, new: Document
) -> tuple[AnnotationSet, list[Finding]]:
    annotations, findings = [], []
    for one in marked.annotations:
        follows, faults = _moved(one, old, locate, new)
        annotations.append(follows)
        findings += [Finding(file, one.id, field, RULE, "error", message) for field, message in faults]
    return structs.replace(marked, annotations=tuple(annotations)), findings


def _moved(one: Annotation, old: Document, locate: Locate, new: Document) -> tuple[Annotation, list[tuple[str, str]]]:
    """An annotation in the new text; or as it was, and why: field and message."""
    spans, faults = [], []
    for n, span in enumerate(one.spans):
        if old.text[span.start : span.end] != span.quote:
            found = Place(None, "did not quote the text that it was made on")
        else:
            found = locate(span.start, span.end)
        if found.to is None:
            why, there = found.why, [(at, at + len(span.quote)) for at in found.candidates]
            if why in (OTHER_WORDS, CHANGED_INSIDE) and (spaced := _otherwise_spaced(span.quote, new.text)):
                why, there = "has other white space now", spaced
            shown = "; ".join(f"[{start}:{end}] {context(new.text, start, end)}" for start, end in there[:_SHOWN])
            if len(there) > _SHOWN:
                shown += f"; and {len(there) - _SHOWN} more"
            told = f"{span.quote!r} at [{span.start}:{span.end}] {why}{f' (candidates: {shown})' if shown else ''}"
            faults.append((f"spans[{n}]", f"{told}; expected somebody to mark it anew"))
        else:
            spans.append(Span(found.to, found.to + len(span.quote), span.quote))
    if not faults and any(a.end > b.start for a, b in pairwise(spans)):
        faults.append(("spans", "its fragments changed places; expected somebody to mark it anew"))
    return (one, faults) if faults else (structs.replace(one, spans=tuple(spans)), [])


def _otherwise_spaced(quote: str, text: str) -> list[tuple[int, int]]:
    """Where the words of a quotation stand in a text with other white space between them."""
    words = r"\s+".join(map(re.escape, quote.split()))
    return [found.span() for found in re.finditer(words, text) if found[0] != quote] if words else []


def _segmented(segments: Segments, locate: Locate) -> tuple[Segments, list[Finding]]:
    """Sentences by where they begin and end, tokens by their words; what changed is left out, for somebody to set."""
    file, findings = f"corpus/segments/{segments.document}.json", []
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for name, ranges in (("sentences", segments.sentences), ("tokens", segments.tokens)):
        kept = []
        for n, (start, end) in enumerate(ranges):
            a, b = (
                (locate(start, start + 1), locate(end - 1, end)) if name == "sentences" else (locate(start, end),) * 2
            )
            if a.to is None or b.to is None or (name == "sentences" and b.to < a.to):
                said = (
                    f"[{start}:{end}] {a.why or b.why}; it is left out: expected what changed to be "
                    "segmented anew, by hand in this file"
                )
                findings.append(Finding(file, "", f"{name}[{n}]", RULE, "error", said))
            else:
                kept.append((a.to, b.to + 1 if name == "sentences" else a.to + end - start))
        found[name] = tuple(sorted(kept))
    return structs.replace(segments, **found), findings


def _decided(
    decisions: Decisions, corpus: Corpus, made: Corpus, old: Document, locate: Locate, new: Document
) -> tuple[Decisions, list[Finding]]:
    """Decisions in the new text; those that held of an item hold of it still where all of it moved."""
    file = f"annotations/decisions/{decisions.document}.json"
    before, after = (_items(one, decisions.document) for one in (corpus, made))
    moved, findings = [], []
    for one in decisions.decisions:
        if one.annotation is not None and not _followed_already(one.annotation, old, new):
            given, faults = _moved(one.annotation, old, locate, new)
            findings += [Finding(file, one.id, f"annotation.{field}", RULE, "error", said) for field, said in faults]
            one = structs.replace(one, annotation=given)
        if one.item and before.get(one.item) == one.sha256:
            if one.item in after:
                one = structs.replace(one, sha256=after[one.item])
            else:
                said = f"the item {', '.join(one.item)} is no longer one; expected it to be decided anew"
                findings.append(Finding(file, one.id, "item", RULE, "error", said))
        moved.append(one)
    return structs.replace(decisions, decisions=tuple(moved)), findings


def _followed_already(one: Annotation, old: Document, new: Document) -> bool:
    """Whether all its spans quote the new text, and not all of them the old one."""
    quotes_old, quotes_new = (
        all(text[span.start : span.end] == span.quote for span in one.spans) for text in (old.text, new.text)
    )
    return quotes_new and not quotes_old


def _items(corpus: Corpus, document: str) -> dict[tuple[str, ...], str]:
    """The addresses of each item of a document -> what is said of it."""
    workers = (corpus.policy or Policy()).annotators
    sets = [marked for (who, id), marked in corpus.sets.items() if id == document and (not workers or who in workers)]
    return {item.addresses: sha256_of(item) for item in table_of(sets, corpus.scheme)}
