"""The sections of a report around its articles, as values, and the whole of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from standoff.report.plots import Bar, Plot, Scatter
from standoff.report.values import Article, Fact, Found, LayerLegend, Link, Who

__all__ = [
    "Agreed",
    "AgreedLayer",
    "AgreedRow",
    "Change",
    "Changes",
    "Confused",
    "Distribution",
    "DocumentChanges",
    "Gate",
    "Overview",
    "Passage",
    "Tested",
    "View",
]


class Passage(Struct, frozen=True):
    """A piece of a text in its surroundings: words, and whether they are what is shown."""

    pieces: tuple[tuple[str, bool], ...]


class Change(Struct, frozen=True):
    """One annotation that is other than in an earlier corpus."""

    layer_number: int
    kinds: tuple[str, ...]
    annotator: str
    said: str
    """What changed besides place and label, in words."""
    stays: bool
    """Whether it stands where it stood."""
    old: Link | None
    old_passage: Passage | None
    new: Link | None
    new_passage: Passage | None


class DocumentChanges(Struct, frozen=True):
    """All that changed of one document."""

    id: str
    title: str
    href: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    annotations: tuple[Change, ...]


class Changes(Struct, frozen=True):
    """All that changed since an earlier corpus, or why it is not known."""

    since: str
    reason: str
    summary: tuple[str, ...] = ()
    documents: tuple[DocumentChanges, ...] = ()
    rest: tuple[tuple[str, tuple[str, ...]], ...] = ()


class AgreedRow(Struct, frozen=True):
    """One number of agreement."""

    subject: str
    measure: str
    value: str
    interval: str
    reason: str
    units: int
    documents: int
    plot: Scatter | None


class Confused(Struct, frozen=True):
    """How often one annotator's value met another's."""

    title: str
    first: str
    second: str
    values: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    """A value, and for each of the other's: how often, and how dark from 0 to 5."""


class AgreedLayer(Struct, frozen=True):
    """The agreement on one layer."""

    layer: LayerLegend
    rows: tuple[AgreedRow, ...]
    confusions: tuple[Confused, ...]


class Tested(Struct, frozen=True):
    """Sections of the codebook that annotators read differently."""

    headings: tuple[str, ...]
    times: int
    weight: str
    worst: str
    """Where they are furthest apart."""


class Agreed(Struct, frozen=True):
    """The agreement of all annotators, or why there is none."""

    reason: str
    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()
    layers: tuple[AgreedLayer, ...] = ()
    tested: tuple[Tested, ...] = ()
    """The sections that most disagreements are about come first."""


class Distribution(Struct, frozen=True):
    """How a layer's labels, and the values of its attributes, are distributed."""

    layer: LayerLegend
    of: str
    labels: Plot
    attributes: tuple[tuple[str, tuple[Bar, ...], Plot], ...]


class Gate(Struct, frozen=True):
    """One condition of a release."""

    name: str
    state: Literal["open", "shut", "unknown"]
    text: str


class Overview(Struct, frozen=True, kw_only=True):
    """What a reviewer reads first."""

    verdict: str
    ready: bool
    why: str
    gates: tuple[Gate, ...]
    facts: tuple[Fact, ...]
    numbers: tuple[Fact, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[LayerLegend, tuple[int, ...]], ...]
    """layer -> annotations of gold, then of each annotator"""
    documents: tuple[tuple[Link, tuple[int, ...]], ...]
    """document -> annotations of each layer, in gold or in all sets"""
    counted: str
    """What the documents' numbers are of."""
    traced: tuple[str, ...]
    """What gold was made from, in words."""


class View(Struct, frozen=True, kw_only=True):
    """The whole report."""

    title: str
    date: str
    overview: Overview
    layers: tuple[LayerLegend, ...]
    annotators: tuple[Who, ...]
    findings: tuple[Found, ...]
    articles: tuple[Article, ...]
    agreed: Agreed
    distributions: tuple[Distribution, ...]
    changes: Changes
