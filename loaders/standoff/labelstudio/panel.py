"""The findings panel of a task: what is wrong with what was submitted, in words that its annotator can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from standoff.errors import StandoffError
from standoff.labelstudio.codebook import folded, plain, section
from standoff.labelstudio.items import fields
from standoff.model import Annotation, AnnotationSet, Entity, Finding
from standoff.scheme import Scheme
from standoff.validate import RULES
from standoff.validate.words import quoted

__all__ = ["panel", "sections_of", "unreadable"]

_FOR_CURATORS = re.compile(r"(?:, or|;) .*(?:schema|\$defs|Items).*")
"""What a remedy says to those who keep the schema, which annotators do not."""

_NOT_SHOWN = re.compile(r"\b(?:schema|minItems|maxItems|ids?|offsets|standoff)\b|\$defs")
"""What a remedy speaks of that no annotator sees."""

_ACCEPTED = re.compile(r"accept (?:it|the finding) with a reason")

_QUOTED = re.compile(r"'([^']{1,200})'")
_OFFSETS = re.compile(r" (?:at )?\[[0-9]+:[0-9]+\]")
_POINTED_AT = re.compile(r"(?<=→ )\S+")
_FIELD = re.compile(r"(attributes|refs)\.([a-z0-9_]+)")
_SHOWN = 60


def _remedy(remedy: str) -> str:
    """What a remedy says to annotators; empty where all of it is for others."""
    said = _ACCEPTED.sub("leave it as it is", _FOR_CURATORS.sub(".", remedy))
    return "" if _NOT_SHOWN.search(said) else said


_REMEDIES = {rule.id: _remedy(rule.remedy) for rule in RULES}


def panel(
    findings: Sequence[Finding], marked: AnnotationSet, scheme: Scheme, entities: Mapping[str, Entity] | None = None
) -> str:
    """What the panel shows of the findings on a set; empty where there are none.

    Findings come in the order of the text. The sections of the codebook that they are about can be opened below them.

    Args:
        entities: those of the registry, which are called by their names.
    """
    known = {annotation.id: annotation for annotation in marked.annotations}
    names = dict(entities or {}) | {entity.id: entity for entity in marked.entities}
    order = {id: n for n, id in enumerate(known)}
    findings = sorted(findings, key=lambda finding: (finding.severity, order.get(finding.id, -1), finding))
    told = [_told(finding, known, names, scheme) for finding in findings]
    headings = dict.fromkeys(heading for one in findings for heading in sections_of(one, known, scheme))
    errors = sum(finding.severity == "error" for finding in findings)
    title = f"To fix: {errors}" if errors else "Nothing to fix"
    if len(findings) > errors:
        title += f"; to look at: {len(findings) - errors}"
    return _box(title, told, headings, scheme) if findings else ""


def unreadable(error: StandoffError, task: Mapping[str, Any], scheme: Scheme) -> str:
    """What the panel shows where a task cannot be read as a set."""
    found = re.search(r"(?:region|relation) (\S+)(?: -> (\S+))?", error.place)
    ids = [id for id in (found.groups() if found else ()) if id]
    drawn = dict(_drawn(task))
    where = " → ".join(_of(drawn[id]) for id in ids if id in drawn)
    labels = _labels(task, ids[0]) if len(ids) == 1 else []
    if len(labels) > 1:
        what = plain(
            f"carries {' and '.join(labels)}, labels of two layers, which happens when a key is pressed while a "
            "region is selected. Select it, click the label that is wrong once more, and mark the other one anew."
        )
    else:
        what = plain(_QUOTED.sub(lambda id: f"“{drawn[id[1]]}”" if drawn.get(id[1]) else id[0], error.message))
    return _box("To fix: 1", [f"{f'<b>{where}</b> ' if where else ''}{what}"], (), scheme)


def sections_of(finding: Finding, known: Mapping[str, Annotation], scheme: Scheme) -> Iterator[str]:
    """The sections of the codebook that a finding is about: of its field where it is about one, and of its label."""
    annotation = known.get(finding.id)
    if annotation is None:
        return
    layer, field = annotation.layer, _FIELD.match(finding.field)
    wanted = []
    if field and field[1] == "attributes":
        wanted.append(f"{layer}: {field[2]}={annotation.attributes.get(field[2])}")
    elif field:
        wanted.append(f"{layer}: {field[2]} (role)")
    wanted.append(f"{layer}: {annotation.label}")
    yield from (heading for heading in wanted if heading in scheme.sections)


def _box(title: str, told: Iterable[str], headings: Iterable[str], scheme: Scheme) -> str:
    items = "".join(f"<li>{one}</li>" for one in told)
    sections = [folded(f"Codebook · {heading}", section(scheme, heading)) for heading in headings]
    parts = [f'<div class="found"><b>{plain(title)}</b><ul>{items}</ul>', *sections, "</div>"]
    return "\n\n".join(parts)


def _told(finding: Finding, known: Mapping[str, Annotation], names: Mapping[str, Entity], scheme: Scheme) -> str:
    annotation = known.get(finding.id)
    texts = {id: _text(one, known) for id, one in known.items()}
    where = f"<b>{plain(annotation.label)} {_of(texts[finding.id])}</b> " if annotation else ""
    field = _FIELD.match(finding.field)
    layer = scheme.layer(annotation.layer) if annotation else None
    part = (layer.attribute(field[2]) or layer.role(field[2])) if layer and field else None
    asked = f"{plain(part.title)}: " if part else ""
    look = "<i>(to look at)</i> " if finding.severity == "warning" else ""
    # What a part is called in the interface, where a message calls it by its name in the schema.
    parts = {one.name: one.title for one in layer.attributes} if layer else {}
    parts |= {one.name: one.title for one in layer.roles} if layer else {}
    words = texts | {id: entity.name for id, entity in names.items()} | parts
    message = plain(_in_words(_without_itself(finding.message, annotation), known, words))
    remedy = plain(_REMEDIES.get(finding.rule, ""))
    return f"{look}{where}{asked}{message}.{f' <i>{remedy}</i>' if remedy else ''}"


def _without_itself(message: str, annotation: Annotation | None) -> str:
    """A message without the words of the annotation that it is about: they stand in front of it."""
    if annotation is None:
        return message
    own = quoted(annotation)
    return message.removeprefix(f"{own} ").removeprefix(f"{own}: ").replace(f" of {own}", "", 1)


def _in_words(message: str, known: Mapping[str, Annotation], words: Mapping[str, str]) -> str:
    """A message with the words that ids and names stand for, and without offsets: the text shows none of them."""
    for id, annotation in known.items():
        if annotation.spans:
            message = message.replace(f" {id} {quoted(annotation)}", f" “{words[id]}”")
    message = _POINTED_AT.sub(lambda id: f"“{words[id[0]]}”" if id[0] in known else id[0], _OFFSETS.sub("", message))
    return _QUOTED.sub(lambda id: f"“{words[id[1]]}”" if words.get(id[1]) else id[0], message)


def _text(annotation: Annotation, known: Mapping[str, Annotation]) -> str:
    """What an annotation covers, or what a relation links."""
    if annotation.spans:
        return _short(" … ".join(span.quote for span in annotation.spans))
    ends = [id for ids in annotation.refs.values() for id in ids]
    return " → ".join(_text(known[id], {}) for id in ends if id in known)


def _labels(task: Mapping[str, Any], id: str) -> list[str]:
    """The labels that stand on one region."""
    return [
        str(label)
        for annotation in _items(task.get("annotations"))
        for item in _items(fields(annotation, "result"))
        if fields(item, "id") == id and fields(item, "type") == "labels"
        for label in _items(fields(item, "value", "labels"))
    ]


def _drawn(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(region, its text) as far as a task can be read."""
    for annotation in _items(task.get("annotations")):
        for item in _items(fields(annotation, "result")):
            id, text = fields(item, "id"), fields(item, "value", "text")
            if isinstance(id, str) and isinstance(text, str):
                yield id, _short(text)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(text: str) -> str:
    return f"“{plain(text)}”" if text else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
