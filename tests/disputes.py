"""Three annotators over one invented document, who agree but for one planted disagreement of each kind."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from standoff.adjudicate import OpenItem, derive
from standoff.canon import normal
from standoff.model import Annotation, AnnotationSet, Annotator, Corpus, Decision, Decisions, Span

DOCUMENT = "en_fair"

PLANTED = {
    "n2": ("boundary",),
    "n4": ("missing",),
    "n9": ("link",),
    "n11": ("label",),
    "r4": ("attribute",),
    "p6": ("role",),
    "register:playful": ("missing",),
    "explains:p5:p6": ("relation",),
}
"""Where the three differ, by a1's ids, and in what; in the order of the layers and of the text."""


def planted(tiny: Corpus) -> Corpus:
    """The invented corpus with sets of a1, a2 and a3 in one document, each under ids of its own."""
    base = tiny.sets["a1", DOCUMENT]
    entities = tiny.entities | {entity.id: entity for entity in base.entities}
    # What is about n4 is so for nobody: that n4 is there is all that is disputed of it.
    base = structs.replace(base, entities=(), annotations=tuple(_without(a, "n4") for a in base.annotations))
    text = tiny.documents[DOCUMENT].text

    def span(start: int, end: int) -> tuple[Span, ...]:
        return (Span(start, end, text[start:end]),)

    second = changed(
        tiny,
        base,
        n2=lambda a: structs.replace(a, spans=span(53, 67)),
        n9=lambda a: structs.replace(a, refs={"referent": ("fish",)}),
        p6=lambda a: structs.replace(a, refs={"topic": ("n11",)}),
    )
    third = changed(
        tiny,
        base,
        n11=lambda a: structs.replace(a, label="where"),
        r4=lambda a: structs.replace(a, attributes=a.attributes | {"trust": "doubts"}),
        **{"explains:p5:p6": lambda a: structs.replace(a, id="clashes:p5:p6", label="clashes")},
    )
    third = dropped(third, "n4", "register:playful")
    sets = {
        "a1": base,
        "a2": renumbered(second, lambda id: f"b-{id}"),
        "a3": renumbered(third, lambda id: f"c_{id[::-1]}"),
    }
    return structs.replace(
        tiny,
        entities=dict(sorted(entities.items())),
        annotators={who: Annotator(who, "human", "Invented.") for who in ("a1", "a2", "a3", "judge")},
        policy=None,
        sets={(who, DOCUMENT): normal(structs.replace(s, annotator=who), tiny.scheme) for who, s in sets.items()},
        gold={},
    )


def changed(corpus: Corpus, marked: AnnotationSet, **by_id: Callable[[Annotation], Annotation]) -> AnnotationSet:
    """A set with some of its annotations changed."""
    annotations = tuple(by_id.get(a.id, lambda same: same)(a) for a in marked.annotations)
    return normal(structs.replace(marked, annotations=annotations), corpus.scheme)


def dropped(marked: AnnotationSet, *ids: str) -> AnnotationSet:
    """A set without some of its annotations."""
    return structs.replace(marked, annotations=tuple(a for a in marked.annotations if a.id not in ids))


def renumbered(marked: AnnotationSet, new: Callable[[str], str]) -> AnnotationSet:
    """A set under other ids."""
    ids = {a.id: new(a.id) for a in marked.annotations if a.spans}

    def of(a: Annotation) -> Annotation:
        refs = {role: tuple(ids.get(id, id) for id in targets) for role, targets in a.refs.items()}
        id = ids.get(a.id, ":".join(ids.get(part, part) for part in a.id.split(":")))
        return structs.replace(a, id=id, refs=refs)

    return structs.replace(marked, annotations=tuple(map(of, marked.annotations)))


def _without(annotation: Annotation, id: str) -> Annotation:
    refs = {role: tuple(target for target in ids if target != id) for role, ids in annotation.refs.items()}
    return structs.replace(annotation, refs=refs)


def decide(on: OpenItem, **what: object) -> Decision:
    """A decision on an item: what its first annotator says, unless told otherwise."""
    fields: dict[str, object] = {
        "id": f"on-{on.item[0].partition('#')[2].replace(':', '-')}",
        "outcome": "chosen",
        "item": on.item,
        "sha256": on.sha256,
        "chosen": on.item[0],
        "reason": "slip",
        "decided_by": "judge",
        "date": "2024-05-01",
    }
    if what.get("outcome", "chosen") != "chosen":
        del fields["chosen"]
    return Decision(**(fields | what))  # type: ignore[arg-type]


def all_decided(corpus: Corpus) -> tuple[Decision, ...]:
    """One decision for each planted disagreement: most choose, one edits, one rejects."""
    text = corpus.documents[DOCUMENT].text
    found = []
    for item in derive(corpus).open:
        if item.quote == "Quill Café":
            edited = Annotation(
                "", "naming", "café", (Span(53, 67, text[53:67]),), {"referent": ("quill_cafe",)}, {"shape": "common"}
            )
            found.append(decide(item, outcome="edited", annotation=edited, reason="codebook gap", note="§ 2"))
        elif item.layer == "register":
            found.append(decide(item, outcome="rejected", reason="ambiguous text"))
        else:
            found.append(decide(item))
    return tuple(found)


def with_set(corpus: Corpus, marked: AnnotationSet) -> Corpus:
    return structs.replace(corpus, sets=corpus.sets | {(marked.annotator, marked.document): marked})


def with_decisions(corpus: Corpus, *decisions: Decision) -> Corpus:
    return structs.replace(corpus, decisions={DOCUMENT: Decisions(DOCUMENT, decisions)})
