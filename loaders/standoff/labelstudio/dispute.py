"""What annotators disagree on, put before an adjudicator in Label Studio, and the decisions that come back.

A task is a document with disputes. The adjudicator's own annotation begins with one region for each disputed item, as
one of the annotators has it, drawn by lot; what each annotator has stands beside it as a prediction without a name.
What is agreed on is there only where a disputed item points to it. An item is decided once it has a reason.

Label Studio asks nothing of a relation: its reason is asked of what it links. That of its first end counts for all
relations from there; where these have different reasons, the first end is given none, and each second end its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from msgspec import Struct, structs

from standoff.adjudicate import Outcome, Sheet, Version, outcomes, sha256_of
from standoff.canon import canonical, normal
from standoff.errors import UsageError
from standoff.labelstudio.controls import NO_KEY, TEXT, controls
from standoff.labelstudio.export import check
from standoff.labelstudio.interface import interface
from standoff.labelstudio.tasks import to_task
from standoff.model import Annotation, AnnotationSet, Corpus, Policy
from standoff.text import sha

__all__ = [
    "LINKS",
    "OUTCOME",
    "REASON",
    "REJECTED",
    "Case",
    "adjudication_interface",
    "cases",
    "said",
    "to_dispute",
    "to_registry",
]

REASON, OUTCOME, LINKS = "REASON", "OUTCOME", "LINKS"
"""Controls of the adjudicator: names of layers are in small letters, so that no control of a scheme is called so."""

REJECTED = "rejected"

_STYLE = (
    # The list scrolls by itself and stays in sight above the text, which is what it is about.
    ".standoff-disputes{position:sticky;top:0;z-index:200;max-height:10em;overflow-y:auto;margin-bottom:.8em;"
    "padding:.2em .7em .4em;border:1px solid #8ab4f8;border-radius:6px;background:var(--color-neutral-background,#fff)}"
    ".standoff-disputes h4{font-size:13px;margin:2px 0!important}"
    ".standoff-disputes .lsf-richtext__container{font-size:13px;line-height:1.45;counter-reset:dispute;padding:0}"
    ".standoff-disputes .lsf-richtext__line{display:block;padding-left:1.8em;text-indent:-1.8em}"
    ".standoff-disputes .lsf-richtext__line::before{counter-increment:dispute;content:counter(dispute) '. '}"
    ".standoff-disputes br{display:none}"
    ".standoff-decision{margin-bottom:.6em}"
)


class Case(Struct, frozen=True):
    """A document with disputes, and the corpus whose registry it is shown with."""

    outcome: Outcome
    corpus: Corpus

    @property
    def sheet(self) -> Sheet:
        """What its annotators say."""
        return self.outcome.sheet


def cases(corpus: Corpus) -> dict[str, Case]:
    """Document -> what is to be decided there.

    Raises:
        UsageError: it is undecided what an entity is that an annotator added.
        RecordError: a decision or the policy is not such as can be followed.
    """
    merged, found = outcomes(corpus)
    if merged.open:
        listed = ", ".join(one.entity for one in merged.open[:5])
        more = f" and {len(merged.open) - 5} more" if len(merged.open) > 5 else ""
        raise UsageError(
            f"it is undecided what {listed}{more} is; expected it decided before regions that refer to it: "
            "standoff adjudicate entity"
        )
    shown = structs.replace(corpus, entities=merged.registry)
    return {outcome.sheet.document: Case(outcome, shown) for outcome in found}


def adjudication_interface(corpus: Corpus) -> str:
    """The labelling interface of a scheme, with what is asked of an adjudicator and without naming new entities."""
    reasons = (corpus.policy or Policy()).reasons
    root = fromstring(interface(corpus.scheme))
    known = controls(corpus.scheme)
    for parent in list(root.iter()):
        for child in [c for c in parent if c.get("name") in known and known[c.get("name", "")].kind == "new entity"]:
            before = parent[list(parent).index(child) - 1]
            parent.remove(child)
            if before.tag == "Header":
                parent.remove(before)
    views = {view.get("className"): view for view in root.iter("View")}
    side = views["standoff-side"]
    asked = Element("View", className="standoff-keyless standoff-decision", visibleWhen="region-selected")
    _choices(asked, REASON, "Decision: reason", reasons, perRegion="true")
    _choices(asked, OUTCOME, "Decision: leave it out of gold", (REJECTED,), perRegion="true")
    _choices(asked, LINKS, "Decision on the relations from or to this: reason", reasons, perRegion="true")
    side.insert(0, asked)
    for layer in corpus.scheme.layers:
        if layer.kind == "document":
            view = SubElement(side, "View", className="standoff-keyless")
            _choices(view, f"{REASON}-{layer.name}", f"{layer.title}: reason of the decision", reasons)
    style = next(root.iter("Style"))
    style.text = f"{style.text}{_STYLE}"
    disputes = Element("View", className="standoff-disputes")
    SubElement(disputes, "Header", value="Disputed", size="5")
    SubElement(disputes, "Text", name="disputes-shown", value="$disputes", valueType="text")
    views["standoff-text"].insert(0, disputes)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _choices(parent: Element, name: str, title: str, values: tuple[str, ...], **more: str) -> None:
    SubElement(parent, "Header", value=title, size="6")
    shown = {"name": name, "toName": TEXT, "choice": "single", "showInline": "true"} | more
    tag = SubElement(parent, "Choices", shown)
    for value in values:
        SubElement(tag, "Choice", value=value, hotkey=NO_KEY)


def to_dispute(case: Case, adjudicator: str, *, seed: int = 0) -> dict[str, Any] | None:
    """The task that shows what is disputed in a document; None where nothing is.

    Args:
        seed: which version an item begins with, and which annotator is A, are drawn by it and the document's id.

    Raises:
        StudioError: the task would not come back as it is.
    """
    sheet, disputed = case.sheet, sorted(case.outcome.open)
    if not disputed:
        return None
    random = Random(f"{seed}/{sheet.document}")
    versions = {who: _versions(case, who) for who in sheet.workers}
    context = _context(case, versions)
    start = []
    for n in disputed:
        there = [versions[who][n] for who in sheet.workers if n in versions[who]]
        if there and sheet.layer(n).kind != "document":
            start.append(random.choice(there))
    order = list(sheet.workers)
    random.shuffle(order)
    first = _marked(case, adjudicator, (*context, *start))
    task = to_task(first, case.corpus.documents[sheet.document], case.corpus, annotator=adjudicator)
    check(task, first, case.corpus)
    task["predictions"] = [
        {"model_version": chr(ord("A") + n), "result": _result(case, adjudicator, (*context, *versions[who].values()))}
        for n, who in enumerate(order)
    ]
    task["data"]["disputes"] = "\n".join(
        f"{one.layer}: {', '.join(one.kinds)}: {one.quote}" for one in case.outcome.open_items()
    )
    task["meta"] |= {
        "items": [_described(sheet, n) for n in disputed],
        "context": {one.id: said(one) for one in context},
        "relations": {one.id: said(one) for one in first.annotations if not one.spans},
    }
    if adjudicator in sheet.workers:
        task["meta"]["own"] = True
    task["meta"]["sha256"] = sha(canonical([task["data"], task["meta"], task["annotations"], task["predictions"]]))
    return task


def _versions(case: Case, who: str) -> dict[int, Annotation]:
    """What an annotator says of the items that are open, without notes, which may tell who it is."""
    found = {n: case.sheet.version(n, who) for n in sorted(case.outcome.open)}
    return {n: _shown(v) for n, v in found.items() if v and not v.lost}


def _shown(version: Version) -> Annotation:
    one = version.annotation
    # What nobody has decided to be an entity cannot be picked, nor what is decided to be none.
    none = {*version.undecided, *version.declined}
    refs = {role: tuple(id for id in ids if id not in none) for role, ids in one.refs.items()}
    return structs.replace(one, refs={role: ids for role, ids in refs.items() if ids}, note="")


def _context(case: Case, versions: Mapping[str, Mapping[int, Annotation]]) -> tuple[Annotation, ...]:
    """The agreed annotations that disputed ones point to, without what these point to in turn."""
    sheet = case.sheet
    disputed = {sheet.ids[n] for n in case.outcome.open}
    wanted = {
        id
        for of in versions.values()
        for one in of.values()
        for role, ids in one.refs.items()
        for id in ids
        if not to_registry(sheet, one, role) and id not in disputed
    }
    settled = {version.annotation.id: version.annotation for version in case.outcome.versions()}
    return tuple(_bare(settled[id], sheet) for id in sorted(wanted))


def _bare(one: Annotation, sheet: Sheet) -> Annotation:
    refs = {role: ids for role, ids in one.refs.items() if to_registry(sheet, one, role)}
    return structs.replace(one, refs=refs, note="")


def to_registry(sheet: Sheet, one: Annotation, role: str) -> bool:
    layer = sheet.scheme.layer(one.layer)
    known = layer.role(role) if layer else None
    return bool(known and known.registry)


def _marked(case: Case, adjudicator: str, annotations: tuple[Annotation, ...]) -> AnnotationSet:
    document = case.corpus.documents[case.sheet.document]
    return normal(AnnotationSet(document.id, document.text_sha256, adjudicator, annotations), case.corpus.scheme)


def _result(case: Case, adjudicator: str, annotations: tuple[Annotation, ...]) -> list[dict[str, Any]]:
    marked = _marked(case, adjudicator, annotations)
    task = to_task(marked, case.corpus.documents[case.sheet.document], case.corpus, annotator=adjudicator)
    result: list[dict[str, Any]] = task["annotations"][0]["result"]
    return result


def _described(sheet: Sheet, n: int) -> dict[str, Any]:
    """What identifies a disputed item when its task comes back, and does not tell who said what of it."""
    item = sheet.items[n]
    return {"id": sheet.ids[n], "layer": item.layer, "sha256": sha256_of(item)}


def said(one: Annotation) -> str:
    """What identifies all that an annotation says, but for notes."""
    refs = {role: sorted(ids) for role, ids in one.refs.items()}
    return sha(canonical([one.layer, one.label, one.spans, one.attributes, refs]))
