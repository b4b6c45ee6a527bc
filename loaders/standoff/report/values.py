"""What a report shows of articles and their annotations, as values: no markup, nothing that is still to be computed."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from standoff.report.colours import Shade
from standoff.report.drawing import Paragraph

__all__ = [
    "Article",
    "Disagreement",
    "Drawn",
    "Fact",
    "Found",
    "Group",
    "Item",
    "Label",
    "LayerLegend",
    "Link",
    "Reading",
    "Role",
    "Who",
]


class Link(Struct, frozen=True):
    """Words, and the place of the page that they lead to, where there is one."""

    text: str
    href: str = ""
    style: int | None = None
    """Number of a label in the legend."""


class Fact(Struct, frozen=True):
    """A name and what is to be said of it."""

    name: str
    text: str
    title: str = ""
    """More of it, in full."""


class Label(Struct, frozen=True):
    """A label in the legend; what is unknown to the schema has a place there, too."""

    style: int
    name: str
    title: str
    description: str
    shade: Shade
    count: int = 0


class LayerLegend(Struct, frozen=True):
    """A layer in the legend."""

    number: int
    name: str
    title: str
    description: str
    kind: str
    labels: tuple[Label, ...]

    @property
    def count(self) -> int:
        """Its annotations."""
        return sum(label.count for label in self.labels)


class Role(Struct, frozen=True):
    """What an item points to, or what points to it."""

    name: str
    targets: tuple[Link, ...]


class Found(Struct, frozen=True):
    """A finding, and where it is drawn."""

    severity: Literal["error", "warning"]
    rule: str
    message: str
    place: str
    href: str = ""
    summary: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """One annotation in the list below a text."""

    id: str
    number: int
    style: int
    label: str
    layer: str
    name: str
    """Its id in the corpus."""
    href: str
    """Its place in the text, where it is drawn."""
    quotes: tuple[str, ...]
    attributes: tuple[Fact, ...]
    roles: tuple[Role, ...]
    incoming: tuple[Role, ...]
    note: str
    sources: tuple[Link, ...]
    findings: tuple[Found, ...]
    changed: tuple[str, ...]
    undrawn: str
    """Why it is not drawn, where it should be."""
    said: str
    """All of it in one line, for the title of its place in the text."""

    @property
    def gravity(self) -> str:
        """The severity of the gravest finding; nothing where there is none."""
        return min((finding.severity for finding in self.findings), default="")


class Group(Struct, frozen=True):
    """The items of one layer."""

    layer: LayerLegend
    items: tuple[Item, ...]


class Drawn(Struct, frozen=True):
    """One annotator's set for one document."""

    id: str
    who: int
    """Number of the annotator in the filter."""
    annotator: str
    kind: str
    paragraphs: tuple[Paragraph, ...]
    groups: tuple[Group, ...]
    whole: tuple[Item, ...]
    """Labels of the document as a whole."""
    items: dict[int, Item]
    """number of a mark -> item"""
    same_as: str = ""
    """Whose set it equals, so that it is not drawn twice."""
    undrawn: str = ""
    """Why it is not drawn at all."""


class Reading(Struct, frozen=True):
    """What one annotator has where others have something else, and where it is listed."""

    annotator: str
    says: str
    href: str


class Disagreement(Struct, frozen=True):
    """One thing on which annotators differ."""

    layer: str
    layer_number: int
    kind: str
    context: str
    headings: tuple[str, ...]
    """The sections of the codebook that it is about."""
    readings: tuple[Reading, ...]


class Article(Struct, frozen=True):
    """One document."""

    id: str
    name: str
    title: str
    language: str
    facts: tuple[Fact, ...]
    sets: tuple[Drawn, ...]
    findings: tuple[Found, ...]
    disagreements: tuple[Disagreement, ...]
    compared: str
    """Who is compared, or why nobody is."""


class Who(Struct, frozen=True):
    """An annotator, as declared."""

    number: int
    name: str
    kind: str
    description: str
    facts: tuple[Fact, ...]
    documents: int
    annotations: int
    shown: bool
    """Whether the sets are shown before anybody touches a filter."""
