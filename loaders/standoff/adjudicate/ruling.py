"""Decisions and policies as somebody wrote them: what is wrong with one, and which of them still hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date as Date
from typing import TypeAlias

from standoff.adjudicate.items import Item, sha256_of
from standoff.errors import nearest
from standoff.model import Annotation, Corpus, Decision, Decisions, Document, EntityDecision, Finding, Policy
from standoff.scheme import REGISTRY, Layer, Scheme

__all__ = ["decision_faults", "entity_decision_faults", "misfits", "out_of_date", "policy_faults"]

Fault: TypeAlias = tuple[str, str, str]
"""The id of a decision, the field in it, and what is wrong."""

_ID = re.compile("[A-Za-z0-9_-]{1,64}")
_NOTHING_ELSE = {"new": "none: it enters the registry", "rejected": "none: it is nothing"}
"""Outcomes by which an entity is nothing that is known otherwise -> what is expected of it."""
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def policy_faults(corpus: Corpus) -> Iterator[tuple[str, str]]:
    """What is wrong with the corpus's policy: field and message."""
    policy = corpus.policy or Policy()
    layers = [*corpus.scheme.layer_names, REGISTRY]
    rules = {"default": policy.default, **{f"layers.{name}": rule for name, rule in policy.layers.items()}}
    for name in policy.layers:
        if name not in layers:
            yield f"layers.{name}", f"{name!r} is no layer; {_one_of(layers, name)}"
    for field, rule in rules.items():
        if (rule.rule == "annotator") != bool(rule.annotator):
            asked = "the annotator's name" if rule.rule == "annotator" else "none, which only rule 'annotator' has"
            yield f"{field}.annotator", f"annotator is {rule.annotator!r} of rule {rule.rule!r}; expected {asked}"
        elif rule.annotator and rule.annotator not in corpus.annotators:
            yield f"{field}.annotator", _unknown_annotator(rule.annotator, corpus)
        elif rule.annotator and policy.annotators and rule.annotator not in policy.annotators:
            yield (
                f"{field}.annotator",
                f"annotator {rule.annotator!r} is none of {_listed(policy.annotators)}, whose sets become gold",
            )
    for n, annotator in enumerate(policy.annotators):
        if annotator not in corpus.annotators:
            yield f"annotators[{n}]", _unknown_annotator(annotator, corpus)
        elif annotator in policy.annotators[:n]:
            yield f"annotators[{n}]", f"annotator {annotator!r} stands twice; expected once"
    if not policy.reasons:
        yield "reasons", "no reason is given; expected those that a decision may have"


def entity_decision_faults(decisions: Decisions, corpus: Corpus) -> Iterator[Fault]:
    """What is wrong with the decisions on entities of one document, whether they still hold or not."""
    for one in decisions.entities:
        yield from _signed(one, corpus)
        if (one.outcome in _NOTHING_ELSE) == bool(one.into):
            asked = _NOTHING_ELSE.get(one.outcome, "what it is")
            yield one.id, "into", f"into is {one.into!r} of outcome {one.outcome!r}; expected {asked}"
        elif one.outcome == "existing" and not _may_be_entity(one.into, corpus):
            known = sorted(corpus.entities)
            yield one.id, "into", f"{one.into!r} is not in the registry; {_one_of(known, one.into)}"
        if one.record is not None:
            if one.outcome != "new":
                yield one.id, "record", f"a record stands with outcome {one.outcome!r}; expected it with 'new' only"
            elif one.record.type not in corpus.scheme.entity_types:
                types = corpus.scheme.entity_types
                yield one.id, "record.type", f"type {one.record.type!r}; {_one_of(types, one.record.type)}"


def decision_faults(decisions: Decisions, corpus: Corpus) -> Iterator[Fault]:
    """What is wrong with the decisions on items of one document, whether they still hold or not."""
    document = corpus.documents.get(decisions.document)
    for one in decisions.decisions:
        yield from _signed(one, corpus)
        yield from _shaped(one, decisions.document)
        if one.annotation is not None and document is not None:
            for field, message in misfits(one.annotation, document, corpus.scheme):
                yield one.id, f"annotation.{field}", message


def out_of_date(decision: Decision, items: Mapping[str, Item]) -> str:
    """Why a decision on an item holds no more; empty where it holds.

    Args:
        items: address -> the item that the annotation there is of.
    """
    for address in decision.item:
        if address not in items:
            return f"{address!r} is no annotation any more{nearest(address, sorted(items))}"
    item = items[decision.item[0]]
    if item.addresses != decision.item:
        return f"the item is {_listed(item.addresses)} now; it was {_listed(decision.item)}"
    if sha256_of(item) != decision.sha256:
        return f"what is said of the item has changed: it is {sha256_of(item)!r} now, and was {decision.sha256!r}"
    return ""


def misfits(annotation: Annotation, document: Document, scheme: Scheme) -> Iterator[tuple[str, str]]:
    """What an annotation that was written by hand has that its layer or the document does not allow: field, message.

    Where its references lead is not looked at.
    """
    layer = scheme.layer(annotation.layer)
    if layer is None:
        yield "layer", f"layer {annotation.layer!r}; {_one_of(scheme.layer_names, annotation.layer)}"
        return
    if annotation.label not in layer.label_names:
        yield "label", f"label {annotation.label!r}; {_one_of(layer.label_names, annotation.label)}"
    yield from _misplaced(annotation, layer, document)
    yield from _misdescribed(annotation, layer)
    for role, ids in annotation.refs.items():
        known = layer.role(role)
        if known is None:
            yield f"refs.{role}", f"role {role!r}; {_one_of([r.name for r in layer.roles], role)}"
        elif len(set(ids)) != len(ids):
            yield f"refs.{role}", f"{_listed(ids)} names something twice; expected each once"
    for known in layer.roles:
        count = len(annotation.refs.get(known.name, ()))
        if count < known.min or (known.max is not None and count > known.max):
            yield f"refs.{known.name}", f"{count} in {known.name!r}; expected {_bounds(known.min, known.max)}"


def as_findings(file: str, faults: Iterable[Fault]) -> Iterator[Finding]:
    """Faults with the file that they are in."""
    for id, field, message in faults:
        yield Finding(file, id, field, "decision", "error", message)


def _signed(one: Decision | EntityDecision, corpus: Corpus) -> Iterator[Fault]:
    """What every decision says: who decided when, and why."""
    reasons = (corpus.policy or Policy()).reasons
    if not _ID.fullmatch(one.id):
        yield one.id, "id", f"id {one.id!r} does not match {_ID.pattern}"
    if one.reason not in reasons:
        yield one.id, "reason", f"reason {one.reason!r}; {_one_of(reasons, one.reason)}"
    if one.decided_by not in corpus.annotators:
        yield one.id, "decided_by", _unknown_annotator(one.decided_by, corpus)
    try:
        Date.fromisoformat(one.date)
    except ValueError:
        yield one.id, "date", f"date {one.date!r}; expected YYYY-MM-DD"


def _shaped(one: Decision, document: str) -> Iterator[Fault]:
    if (one.outcome == "added") != (not one.item):
        asked = "none: nobody had marked it" if one.outcome == "added" else "the addresses of its annotations"
        yield one.id, "item", f"item {list(one.item)!r} with outcome {one.outcome!r}; expected {asked}"
    if one.item != tuple(sorted(set(one.item))):
        yield one.id, "item", f"item {list(one.item)!r}; expected {sorted(set(one.item))!r}"
    for n, address in enumerate(one.item):
        place, _, id = address.partition("#")
        annotator, _, where = place.partition("/")
        if not (annotator and id) or where != document:
            yield one.id, f"item[{n}]", f"{address!r}; expected annotator/{document}#id"
    if one.item and not one.sha256:
        yield one.id, "sha256", "sha256 ''; expected the item's, as standoff adjudicate status --format json shows it"
    if one.sha256 and one.outcome == "added":
        yield one.id, "sha256", f"sha256 {one.sha256!r} with outcome 'added'; expected none: nobody had marked it"
    if one.annotation is not None and one.annotation.id:
        whose = "item's" if one.item else "decision's"
        yield (
            one.id,
            "annotation.id",
            f"id {one.annotation.id!r}; expected '' or none: gold takes the {whose}",
        )
    if one.outcome == "chosen" and one.chosen not in one.item:
        yield one.id, "chosen", f"chosen {one.chosen!r} is none of the item's; {_one_of(one.item, one.chosen)}"
    if one.outcome != "chosen" and one.chosen:
        yield one.id, "chosen", f"chosen {one.chosen!r} with outcome {one.outcome!r}; expected it with 'chosen' only"
    if (one.outcome in ("edited", "added")) != (one.annotation is not None):
        is_ = "no annotation" if one.annotation is None else "an annotation"
        asked = "none" if one.annotation is not None else "what becomes gold, in full"
        yield one.id, "annotation", f"{is_} with outcome {one.outcome!r}; expected {asked}"


def _misplaced(annotation: Annotation, layer: Layer, document: Document) -> Iterator[tuple[str, str]]:
    spans, most = annotation.spans, layer.max_fragments
    if layer.kind != "span":
        if spans:
            yield "spans", f"{len(spans)} spans on a {layer.kind} layer; expected none"
        return
    if not spans or (most is not None and len(spans) > most):
        yield "spans", f"{len(spans)} spans; expected {_bounds(1, most)}"
    last = 0
    for n, span in enumerate(spans):
        text = document.text[span.start : span.end] if 0 <= span.start < span.end else ""
        if not text or text != span.quote:
            yield f"spans[{n}]", f"quotes {span.quote!r} but [{span.start}:{span.end}] is {text!r}"
        elif text != text.strip():
            yield f"spans[{n}]", f"{text!r} begins or ends in white space; expected {text.strip()!r}"
        elif span.start < last:
            yield f"spans[{n}]", f"begins at {span.start}, before {last}, where the one before it ends"
        last = max(last, span.end)


def _misdescribed(annotation: Annotation, layer: Layer) -> Iterator[tuple[str, str]]:
    for name, value in annotation.attributes.items():
        attribute = layer.attribute(name)
        if attribute is None:
            yield f"attributes.{name}", f"attribute {name!r}; {_one_of([a.name for a in layer.attributes], name)}"
        elif value not in (known := [v.name for v in attribute.values]):
            yield f"attributes.{name}", f"{name} {value!r}; {_one_of(known, value)}"
    for attribute in layer.attributes:
        if attribute.required and attribute.name not in annotation.attributes:
            asked = _listed(v.name for v in attribute.values)
            yield f"attributes.{attribute.name}", f"no {attribute.name!r}; expected one of {asked}"


def _may_be_entity(id: str, corpus: Corpus) -> bool:
    """Whether the registry has an id, or might come to have it by what annotators added or others decided."""
    added = {entity.id for marked in corpus.sets.values() for entity in marked.entities}
    records = (one.record for decisions in corpus.decisions.values() for one in decisions.entities)
    return id in corpus.entities or id in added or id in {record.id for record in records if record}


def _unknown_annotator(annotator: str, corpus: Corpus) -> str:
    return (
        f"{annotator!r} is no annotator of annotations/annotators.json; {_one_of(list(corpus.annotators), annotator)}"
    )


def _one_of(known: Iterable[str], word: str) -> str:
    known = list(known)
    return f"expected one of {_listed(known)}{nearest(word, known)}" if known else "expected none"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(map(repr, words))


def _bounds(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more"
    return f"{least}" if least == most else f"{least} to {most}"
