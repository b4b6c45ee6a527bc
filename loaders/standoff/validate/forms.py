"""The rule on forms that are labelled in one way everywhere but once."""

from __future__ import annotations

from collections.abc import Iterator

from standoff.model import GOLD, Annotation, AnnotationSet
from standoff.scheme import Layer
from standoff.validate.words import short
from standoff.validate.work import Context, Placed

__all__ = ["form_label"]

_OFTEN = 3
"""From so many places on, a form counts as labelled in one way."""


def form_label(context: Context) -> Iterator[Placed]:
    """A form that an annotator labels in one way in three places or more is not labelled otherwise in a single one.

    Where annotations refer to entities, only forms count that refer to one entity in all the other places.

    Why: The odd one out is most often a slip: the wrong key was pressed, or the wrong entity linked.
    Do: Correct the label. Where the form means something else here, accept the finding with a reason.
    """
    for layer in (layer for layer in context.layers.values() if layer.kind == "span"):
        for who in sorted({*(who for who, _ in context.corpus.sets), GOLD}):
            for form, labels in _forms(context, layer, who).items():
                if len(labels) != 2:
                    continue
                (usual, places), (odd, alone) = sorted(labels.items(), key=lambda found: (-len(found[1]), found[0]))
                if len(alone) != 1 or len(places) < _OFTEN or len({_entities(layer, a) for _, a in places}) > 1:
                    continue
                document, annotation = alone[0]
                elsewhere = f"{places[0][0]}#{places[0][1].id}"
                yield (
                    context.file(who, document),
                    annotation.id,
                    "label",
                    f"{short(form)} is {odd!r} here and {usual!r} in all {len(places)} other places ({elsewhere} "
                    f"{'first' if len(places) > 1 else ''}); expected the same",
                )


def _forms(context: Context, layer: Layer, who: str) -> dict[str, dict[str, list[tuple[str, Annotation]]]]:
    """Form -> label -> where it has it, of the annotations of one annotator that have one fragment and no fault."""
    found: dict[str, dict[str, list[tuple[str, Annotation]]]] = {}
    known = frozenset(layer.label_names)
    for document, marked in _sets(context, who):
        page = context.corpus.documents.get(document)
        for a in marked.annotations if page else ():
            if a.layer == layer.name and len(a.spans) == 1 and a.label in known:
                span = a.spans[0]
                if page and page.text[span.start : span.end] == span.quote:
                    found.setdefault(span.quote, {}).setdefault(a.label, []).append((document, a))
    return found


def _sets(context: Context, who: str) -> list[tuple[str, AnnotationSet]]:
    if who == GOLD:
        return sorted(context.corpus.gold.items())
    return sorted((document, marked) for (other, document), marked in context.corpus.sets.items() if other == who)


def _entities(layer: Layer, annotation: Annotation) -> frozenset[str]:
    return frozenset(id for role in layer.roles if role.registry for id in annotation.refs.get(role.name, ()))
