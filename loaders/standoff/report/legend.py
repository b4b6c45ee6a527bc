"""What each colour and line of a report means: layers and labels with their numbers, annotators with theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from standoff.model import GOLD, Annotation, AnnotationSet, Corpus
from standoff.report.colours import shade
from standoff.report.values import Fact, Label, LayerLegend, Who
from standoff.scheme import Layer

__all__ = ["legend", "named", "sets_of", "shown_sets", "styles", "whos"]

Styles = dict[tuple[str, str], int]


def sets_of(corpus: Corpus) -> Iterator[AnnotationSet]:
    """Gold, then the annotators' sets."""
    yield from (marked for _, marked in sorted(corpus.gold.items()))
    yield from (marked for _, marked in sorted(corpus.sets.items()))


def shown_sets(corpus: Corpus) -> tuple[AnnotationSet, ...]:
    """What counts as the corpus's annotations: gold, or all sets where there is no gold."""
    return tuple(marked for _, marked in sorted((corpus.gold or corpus.sets).items()))


def legend(corpus: Corpus) -> tuple[LayerLegend, ...]:
    """All layers and labels of the schema, and what is used without being there."""
    counts = Counter((a.layer, a.label) for marked in shown_sets(corpus) for a in marked.annotations)
    used = sorted({(a.layer, a.label) for marked in sets_of(corpus) for a in marked.annotations})
    known = {layer.name: layer for layer in corpus.scheme.layers}
    names = [*known, *sorted({layer for layer, _ in used} - known.keys())]
    found: list[LayerLegend] = []
    at = 0
    for number, name in enumerate(names):
        labels = tuple(_labels(name, known.get(name), [label for layer, label in used if layer == name], counts, at))
        at += len(labels)
        layer = known.get(name)
        found.append(
            LayerLegend(
                number=number,
                name=name,
                title=layer.title if layer else name,
                description=layer.description if layer else "This layer is not in the schema.",
                kind=layer.kind if layer else "span",
                labels=labels,
            )
        )
    return tuple(found)


def _labels(
    name: str, layer: Layer | None, used: Iterable[str], counts: Counter[tuple[str, str]], first: int
) -> Iterator[Label]:
    values = {value.name: value for value in (layer.labels if layer else ())}
    for n, label in enumerate([*values, *(label for label in used if label not in values)], first):
        value = values.get(label)
        yield Label(
            style=n,
            name=label,
            title=value.title if value else label,
            description=value.description if value else "This label is not in the schema.",
            shade=shade(value.color if value else None, n),
            count=counts[name, label],
        )


def styles(layers: Iterable[LayerLegend]) -> Styles:
    """(layer, label) -> the label's number."""
    return {(layer.name, label.name): label.style for layer in layers for label in layer.labels}


def named(annotation: Annotation, corpus: Corpus) -> tuple[str, str]:
    """The titles of an annotation's layer and label; their names where the schema has none."""
    layer = corpus.scheme.layer(annotation.layer)
    titles = {value.name: value.title for value in (layer.labels if layer else ())}
    return (layer.title if layer else annotation.layer), titles.get(annotation.label, annotation.label)


def whos(corpus: Corpus) -> tuple[Who, ...]:
    """Gold, where there is any, then the annotators, declared or not."""
    # Where every document has gold, it stands for the sets that it was made from.
    complete = bool(corpus.documents) and corpus.documents.keys() <= corpus.gold.keys()
    names = [*([GOLD] if corpus.gold else []), *sorted({*corpus.annotators, *(who for who, _ in corpus.sets)} - {GOLD})]
    found = []
    for number, name in enumerate(names):
        own = [marked for marked in sets_of(corpus) if marked.annotator == name]
        kind, description, facts = _declared(corpus, name)
        found.append(
            Who(
                number=number,
                name=name,
                kind=kind,
                description=description,
                facts=facts,
                documents=len({marked.document for marked in own}),
                annotations=sum(len(marked.annotations) for marked in own),
                shown=name == GOLD or not complete,
            )
        )
    return tuple(found)


def _declared(corpus: Corpus, name: str) -> tuple[str, str, tuple[Fact, ...]]:
    if name == GOLD:
        return "derived", "Derived from the annotators' sets; never edited.", ()
    annotator = corpus.annotators.get(name)
    if annotator is None:
        return "not declared", "This annotator is not in annotations/annotators.json.", ()
    facts = [(field, getattr(annotator, field)) for field in ("family", "version", "date", "codebook")]
    return annotator.kind, annotator.description, tuple(Fact(field, value) for field, value in facts if value)
