"""The rule on forms that are labelled in one way everywhere but once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from standoff.model import GOLD, Annotation, AnnotationSet, Corpus
from standoff.validate.words import short
from standoff.validate.work import Context, Placed

__all__ = ["Form", "Use", "form_label", "odd_ones", "uses"]

_OFTEN = 3
"""From so many places on, a form counts as labelled in one way."""

Form = tuple[str, str, str]
"""A layer, an annotator, and the words that were marked."""


class Use(Struct):
    """In how many places an annotator gives a form one label."""

    count: int
    document: str
    id: str
    """The first of them, by document."""
    entities: tuple[str, ...] | None
    """What all of them refer to; None where they differ in it."""

    def add(self, other: Use) -> None:
        """Takes in other places where the form has the same label."""
        self.count += other.count
        if other.document < self.document:
            self.document, self.id = other.document, other.id
        if other.entities != self.entities:
            self.entities = None


def form_label(context: Context) -> Iterator[Placed]:
    """A form that an annotator labels in one way in three places or more is not labelled otherwise in a single one.

    Where annotations refer to entities, only forms count that refer to one entity in all the other places.

    Why: The odd one out is most often a slip: the wrong key was pressed, or the wrong entity linked.
    Do: Correct the label. Where the form means something else here, accept the finding with a reason.
    """
    for form, labels in uses(context.corpus, among=_several_ways(context.corpus)).items():
        for document, id, message in odd_ones(form, labels):
            yield context.file(form[1], document), id, "label", message


def uses(corpus: Corpus, *, among: Collection[Form] | None = None) -> dict[Form, dict[str, Use]]:
    """How each form is labelled, of the annotations that have one fragment and no fault.

    Args:
        among: the forms that are asked for; all, where none are given.
    """
    layers = {layer.name: layer for layer in corpus.scheme.layers if layer.kind == "span"}
    labels = {name: frozenset(layer.label_names) for name, layer in layers.items()}
    registry = {name: [role.name for role in layer.roles if role.registry] for name, layer in layers.items()}
    # To ask for the words alone leaves hardly any to ask for the whole form.
    words = None if among is None else {form[2] for form in among}
    found: dict[Form, dict[str, Use]] = {}
    for who, document, marked in _sets(corpus):
        page = corpus.documents.get(document)
        asked: Iterable[Annotation] = marked.annotations
        if words is not None:
            asked = [a for a in asked if a.spans and a.spans[0].quote in words]
        for a in asked if page else ():
            if len(a.spans) != 1:
                continue
            if a.label in labels.get(a.layer, ()):
                span = a.spans[0]
                if among is not None and (a.layer, who, span.quote) not in among:
                    continue
                if page and page.text[span.start : span.end] == span.quote:
                    use = Use(1, document, a.id, _entities(registry[a.layer], a))
                    of = found.setdefault((a.layer, who, span.quote), {})
                    if a.label in of:
                        of[a.label].add(use)
                    else:
                        of[a.label] = use
    return found


def odd_ones(form: Form, labels: dict[str, Use]) -> Iterator[tuple[str, str, str]]:
    """The document and id of the annotation that is labelled otherwise than all others of its form, and what is wrong.

    Args:
        labels: label -> its use.
    """
    if len(labels) != 2:
        return
    (usual, places), (odd, alone) = sorted(labels.items(), key=lambda found: (-found[1].count, found[0]))
    if alone.count == 1 and places.count >= _OFTEN and places.entities is not None:
        yield (
            alone.document,
            alone.id,
            f"{short(form[2])} is {odd!r} here and {usual!r} in all {places.count} other places "
            f"({places.document}#{places.id} first); expected the same",
        )


def _several_ways(corpus: Corpus) -> frozenset[Form]:
    """The forms that have more than one label: hardly any, so that all else need not be counted."""
    places: dict[tuple[str, str], list[Annotation]] = {}
    for who, _, marked in _sets(corpus):
        for layer, together in groupby(marked.annotations, attrgetter("layer")):
            places.setdefault((layer, who), []).extend(together)
    found: set[Form] = set()
    for (layer, who), all_of in places.items():
        single = [a for a in all_of if len(a.spans) == 1]
        words, labels = [a.spans[0].quote for a in single], [a.label for a in single]
        # Of a form with several labels, some differ from the last.
        last = [*map(dict(zip(words, labels, strict=True)).__getitem__, words)]
        if last != labels:
            found.update(
                (layer, who, form) for form, one, other in zip(words, labels, last, strict=True) if one != other
            )
    return frozenset(found)


def _sets(corpus: Corpus) -> Iterator[tuple[str, str, AnnotationSet]]:
    """Annotator, document and set, gold among them."""
    yield from ((who, document, marked) for (who, document), marked in corpus.sets.items())
    yield from ((GOLD, document, marked) for document, marked in corpus.gold.items())


def _entities(roles: list[str], annotation: Annotation) -> tuple[str, ...]:
    return tuple(sorted({id for role in roles for id in annotation.refs.get(role, ())}))
