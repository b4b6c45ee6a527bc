"""Agreement on single labels and values, each against all others."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from standoff.agreement.layers import Ratings, rated_attribute, rated_labels
from standoff.agreement.spans import ranges
from standoff.agreement.tallies import Tally, alpha_tally, f1_tally
from standoff.agreement.units import Page, Unit
from standoff.scheme import Layer

__all__ = ["label_tallies"]

OTHER = "any other"


def label_tallies(layer: Layer, pages: Sequence[Page]) -> Iterator[tuple[str, Tally]]:
    """The numbers of each label, then of each value of each attribute."""
    for label in layer.label_names:
        if layer.kind == "span":
            yield label, _exact(layer, label, pages)
        if layer.kind == "document":
            yield label, _given(layer, label, pages)
        else:
            yield label, _against_rest(layer, "label", label, rated_labels, pages)
    for attribute in layer.attributes:
        for value in attribute.values:
            ratings = rated_attribute(attribute)
            yield value.name, _against_rest(layer, attribute.name, value.name, ratings, pages)


def _exact(layer: Layer, label: str, pages: Sequence[Page]) -> Tally:
    def found(page: Page, one: str, other: str) -> tuple[int, int, int]:
        first, second = ([ranges(a) for a in page.of(who, layer.name) if a.label == label] for who in (one, other))
        return len(set(first) & set(second)), len(first), len(second)

    return f1_tally(layer.name, "label", "F1 exact", pages, found)


def _given(layer: Layer, label: str, pages: Sequence[Page]) -> Tally:
    def rated(page: Page) -> dict[str, Hashable]:
        labels = {who: {a.label for a in page.of(who, layer.name)} for who in page.annotators}
        return {who: label if label in given else OTHER for who, given in labels.items()}

    return alpha_tally(layer.name, "label", "alpha nominal", pages, ((n, rated(page)) for n, page in enumerate(pages)))


def _against_rest(layer: Layer, subject: str, name: str, ratings: Ratings, pages: Sequence[Page]) -> Tally:
    def rated(unit: Unit) -> dict[str, Hashable]:
        return {who: name if value == name else OTHER for who, value in ratings(unit).items()}

    rows = ((n, rated(unit)) for n, page in enumerate(pages) for unit in page.units[layer.name])
    return alpha_tally(layer.name, subject, "alpha nominal", pages, rows)
