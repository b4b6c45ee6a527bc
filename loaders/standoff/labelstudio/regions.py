"""The regions of a result: what is said of each, and which of them are fragments of one annotation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from standoff.errors import StudioError
from standoff.labelstudio.controls import FRAGMENT, Control
from standoff.labelstudio.items import Choices, Item, Labels, Link, TextArea
from standoff.model import Document, Span
from standoff.scheme import Layer

__all__ = ["Region", "directed", "folded", "joined", "regions"]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[0-9]+)?")


class Region(Struct, frozen=True):
    """A region with what is said of it."""

    id: str
    layer: Layer
    label: str
    span: Span
    said: dict[str, str]
    """Control -> what was chosen or written there."""


def regions(
    items: Iterable[Item], document: Document, known: Mapping[str, Control], *, place: str
) -> dict[str, Region]:
    """The regions of a result by id, in its order.

    Raises:
        StudioError: an id stands twice, a label is missing, a range is not in the document or covers other words than
            it says, or something is said of a region that is not there, or said twice.
    """
    found: dict[str, Region] = {}
    items = list(items)
    for item in items:
        if isinstance(item, Labels):
            at = f"{place} region {item.id}"
            if item.id in found:
                raise StudioError(f"{item.id!r} is the id of two regions; expected one", place=f"{at} id")
            found[item.id] = _region(item, document, known[item.from_name], at)
    for item in items:
        if isinstance(item, Choices | TextArea) and known[item.from_name].kind != "document":
            _say(item, found, known[item.from_name], f"{place} region {item.id}")
    return found


def _region(item: Labels, document: Document, control: Control, at: str) -> Region:
    if not _ID.fullmatch(item.id):
        raise StudioError(f"{item.id!r} does not match {_ID.pattern}", place=f"{at} id")
    if len(item.value.labels) != 1:
        raise StudioError(f"{len(item.value.labels)} labels; expected one", place=f"{at} value.labels")
    start, end, text = item.value.start, item.value.end, item.value.text
    if not 0 <= start < len(document.text):
        raise StudioError(f"{start}; expected 0 to {len(document.text) - 1}", place=f"{at} value.start")
    if not start < end <= len(document.text):
        raise StudioError(f"{end}; expected {start + 1} to {len(document.text)}", place=f"{at} value.end")
    quote = document.text[start:end]
    if text is not None and folded(text) != folded(quote):
        raise StudioError(
            f"{text!r}, but the document holds {quote!r} at [{start}:{end}]: the offsets are of another text "
            "or in another unit than code points",
            place=f"{at} value.text",
        )
    return Region(item.id, control.layer, item.value.labels[0], Span(start, end, quote), {})


def folded(text: str) -> str:
    """A text without what Label Studio changes in its copy: white space, and line ends spelled as backslash and n."""
    return re.sub(r"\\n|\s+", "", text)


def _say(item: Choices | TextArea, found: Mapping[str, Region], control: Control, at: str) -> None:
    """Puts what one item says to its region."""
    region = found.get(item.id)
    if region is None:
        raise StudioError(f"is no region, but {control.name!r} says something of it", place=at)
    if region.layer.name != control.layer.name:
        raise StudioError(
            f"{control.name!r} is asked of {control.layer.name} alone, and this is of {region.layer.name}",
            place=f"{at} from_name",
        )
    for field, is_, expected in (
        ("start", item.value.start, region.span.start),
        ("end", item.value.end, region.span.end),
    ):
        if is_ is not None and is_ != expected:
            raise StudioError(
                f"{is_} in the item of {control.name!r}; expected {expected} as in the region's own",
                place=f"{at} value.{field}",
            )
    if isinstance(item, Choices):
        words, field = item.value.choices, "value.choices"
    else:
        texts = (item.value.text,) if isinstance(item.value.text, str) else item.value.text
        words, field = tuple(text for text in texts if text), "value.text"
    if len(words) > 1:
        raise StudioError(
            f"{len(words)} answers to {control.name!r}: {list(words)!r}; expected one", place=f"{at} {field}"
        )
    if control.name in region.said:
        raise StudioError(f"{control.name!r} says something of it twice; expected once", place=f"{at} from_name")
    if words:
        region.said[control.name] = words[0]


def directed(link: Link) -> tuple[str, str]:
    """The two ends of a relation, as its arrow points."""
    return (link.to_id, link.from_id) if link.direction == "left" else (link.from_id, link.to_id)


def joined(found: Mapping[str, Region], links: Sequence[Link], *, place: str) -> dict[str, str]:
    """Region -> the first fragment of the annotation it belongs to.

    Raises:
        StudioError: a relation leads nowhere, or a region is a fragment of two annotations,
            of itself, or of one that is something else.
    """
    parent: dict[str, str] = {}
    for link in links:
        at = f"{place} relation {link.from_id} -> {link.to_id}"
        for field, end in (("from_id", link.from_id), ("to_id", link.to_id)):
            if end not in found:
                raise StudioError(f"{end!r} is no region of this task", place=f"{at} {field}")
        if FRAGMENT not in (link.labels or ()):
            continue
        if link.from_id == link.to_id:
            raise StudioError("is a fragment of itself; expected two regions", place=at)
        if link.labels != (FRAGMENT,) or link.direction == "bi":
            raise StudioError(
                f"{list(link.labels or ())!r} ({link.direction}); expected {FRAGMENT!r} alone and in one direction, "
                "from the first fragment to another",
                place=f"{at} labels",
            )
        origin, end = directed(link)
        if end in parent:
            raise StudioError(
                f"is a fragment of {parent[end]!r} and of {origin!r}; expected one annotation",
                place=f"{place} region {end}",
            )
        parent[end] = origin
    return {id: _first(id, parent, found, place) for id in found}


def _first(id: str, parent: Mapping[str, str], found: Mapping[str, Region], place: str) -> str:
    at, seen = id, {id}
    while at in parent:
        at = parent[at]
        if at in seen:
            raise StudioError("is a fragment of itself, by a circle of relations", place=f"{place} region {id}")
        seen.add(at)
    region, first = found[id], found[at]
    if "." in at:
        raise StudioError(
            f"was a fragment of {at.partition('.')[0]!r}, but no {FRAGMENT!r} relation leads to it any more; "
            "join it again, or delete it and mark it anew",
            place=f"{place} region {at}",
        )
    if (region.layer.name, region.label) != (first.layer.name, first.label):
        raise StudioError(
            f"{region.layer.name} {region.label!r} is a fragment of {at!r}, which is "
            f"{first.layer.name} {first.label!r}; expected the same label",
            place=f"{place} region {id} value.labels",
        )
    for control, word in region.said.items():
        if first.said.get(control) != word:
            raise StudioError(
                f"{word!r} is said of this fragment by {control!r}, but {first.said.get(control)!r} of {at!r}, the "
                "first one; expected it there alone",
                place=f"{place} region {id}",
            )
    return at
