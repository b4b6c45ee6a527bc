"""The items of a foreign result under the names of the corpus's own interface."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from standoff.errors import StudioError, nearest
from standoff.labelstudio.controls import FRAGMENT, TEXT, Control, controls
from standoff.labelstudio.foreign.forms import Job
from standoff.labelstudio.foreign.mapping import Asked, Label, Map, Relation
from standoff.labelstudio.foreign.units import Claim
from standoff.labelstudio.items import Choices, Item, Labels, Link, TextArea, fields, listed, shaped
from standoff.labelstudio.regions import directed
from standoff.model import Corpus

__all__ = ["Renamed", "claims", "marked_items", "renamed"]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Renamed(Struct, frozen=True):
    """A result in the corpus's own names, and what was left out of it."""

    result: list[dict[str, Any]]
    lost: Counter[str]


def marked_items(job: Job, map: Map) -> list[Item]:
    """The items of a job; those of controls that the map leaves out are counted as lost, whatever their shape.

    Raises:
        StudioError: an item has another shape, comes from a control that the map does not have, or labels a second
            object beside the text.
    """
    found: list[Item] = []
    objects: dict[str, str] = {}
    for n, raw in enumerate(job.items):
        name = fields(raw, "from_name")
        if isinstance(name, str) and name in map.controls and map.controls[name] is None:
            job.lost[f"answers to {name!r}, which the map leaves out"] += 1
            continue
        item = shaped(raw, n, place=job.place)
        if not isinstance(item, Link):
            at = f"{job.place} region {item.id}"
            if item.from_name not in map.controls:
                raise StudioError(
                    f"{item.from_name!r} is not in the map{nearest(item.from_name, list(map.controls))}; "
                    "expected it there, or null for it",
                    place=f"{at} from_name",
                )
            if isinstance(item, Labels):
                objects.setdefault(item.to_name, item.id)
            if len(objects) > 1:
                raise StudioError(
                    f"regions of {listed(objects)}; expected those of one text: map the others' controls to null",
                    place=f"{at} to_name",
                )
            if item.meta and item.meta.text:
                job.lost["remarks in a region's own information"] += 1
        found.append(item)
    return found


def claims(job: Job, items: Sequence[Item], text: str) -> dict[str, Claim]:
    """Region -> what the export says of its span.

    Raises:
        StudioError: an id stands for two regions.
    """
    found: dict[str, Claim] = {}
    for item in items:
        if isinstance(item, Labels):
            at = f"{job.place} region {item.id}"
            if item.id in found:
                raise StudioError(f"{item.id!r} is the id of two regions; expected one", place=f"{at} id")
            found[item.id] = Claim(f"{at} value", text, item.value.start, item.value.end, item.value.text)
    return found


def renamed(
    job: Job, items: Sequence[Item], placed: Mapping[str, tuple[int, int]], map: Map, corpus: Corpus
) -> Renamed:
    """The items under our names, which `from_task` then reads as strictly as its own.

    Args:
        placed: region -> its range in the document's text.

    Raises:
        StudioError: a word is not in the map, or says nothing that there is.
    """
    lost: Counter[str] = Counter()
    result: list[dict[str, Any]] = []
    known: dict[tuple[str, str, str], Control] = {
        (c.layer.name, c.kind, c.field): c for c in controls(corpus.scheme).values()
    }
    labels = {item.id: _label(item, map, job) for item in items if isinstance(item, Labels)}
    kept = {id: label for id, label in labels.items() if label is not None}
    ids = _ids(kept, placed, lost)
    lost["regions with a label that the map leaves out"] += len(labels) - len(kept)
    for item in items:
        at = _place(item, job)
        if isinstance(item, Labels):
            label = kept.get(item.id)
            if label is not None:
                control = known.get((label.layer, "labels", ""))
                if control is None:
                    raise StudioError(f"is a region, and the map says it labels the {label.layer}", place=at)
                start, end = placed[item.id]
                value = {"start": start, "end": end, "labels": [label.label]}
                result.append(_item(ids[item.id], control, value))
        elif isinstance(item, Link):
            if {item.from_id, item.to_id} & (labels.keys() - kept.keys()):
                lost["relations of regions that are left out"] += 1
            else:
                result.extend(_links(item, ids, map, lost, at))
        else:
            asked = map.controls[item.from_name]
            if item.id in labels.keys() - kept.keys():
                lost["answers of regions that are left out"] += 1
            elif asked is not None:
                result.extend(_said(item, asked, ids.get(item.id, item.id), known, corpus, lost, at))
    return Renamed(result, lost)


def _place(item: Item, job: Job) -> str:
    is_ = f"relation {item.from_id} -> {item.to_id}" if isinstance(item, Link) else f"region {item.id}"
    return f"{job.place} {is_}"


def _label(item: Labels, map: Map, job: Job) -> Label | None:
    asked, at = map.controls[item.from_name], f"{job.place} region {item.id} value.labels"
    if asked is None or asked.field:
        raise StudioError(
            f"{item.from_name!r} makes regions, and the map says it asks for {asked.field if asked else None!r}",
            place=at,
        )
    if len(item.value.labels) != 1:
        raise StudioError(f"{len(item.value.labels)} labels; expected one", place=at)
    return _mapped(item.value.labels[0], asked, at)


def _mapped(word: str, asked: Asked, at: str) -> Label | None:
    if asked.labels is None:
        return Label(asked.layer, word)
    if word not in asked.labels:
        raise _unmapped(word, asked.labels, at)
    label = asked.labels[word]
    return Label(asked.layer, label) if isinstance(label, str) else label


def _unmapped(word: str, known: Mapping[str, Any], at: str) -> StudioError:
    return StudioError(
        f"{word!r} is not in the map{nearest(word, list(known))}; expected one of {listed(known) or 'none'}", place=at
    )


def _ids(kept: Mapping[str, Label], placed: Mapping[str, tuple[int, int]], lost: Counter[str]) -> dict[str, str]:
    """Region -> its id with us: its own where it can be one, a counted one of its layer where not."""
    ids = {id: id for id in kept if _ID.fullmatch(id)}
    taken, n = set(ids), 0
    for id in sorted(kept.keys() - ids.keys(), key=lambda id: (placed[id][0], -placed[id][1], id)):
        # Ids that end in a full stop were made up where the export has none, and are counted there.
        lost["ids of regions that are none of ours"] += not id.endswith(".")
        n += 1
        while (new := f"{kept[id].layer}-{n}") in taken:
            n += 1
        taken.add(new)
        ids[id] = new
    return ids


def _said(
    item: Choices | TextArea,
    asked: Asked,
    id: str,
    known: Mapping[tuple[str, str, str], Control],
    corpus: Corpus,
    lost: Counter[str],
    at: str,
) -> list[dict[str, Any]]:
    """An answer under its new name; several words stay several, which the reader refuses where one is expected."""
    words = _words(item)
    if not asked.field:
        if (asked.layer, "document", "") not in known or isinstance(item, TextArea):
            raise StudioError(f"{item.from_name!r} makes no region, and the map says it asks for labels", place=at)
        meant = [_mapped(word, asked, f"{at} value.choices") for word in words]
        lost["labels of documents that the map leaves out"] += meant.count(None)
        return [
            _item(f"{id}.{n}", known[label.layer, "document", ""], {"choices": [label.label]})
            for n, label in enumerate(meant)
            if label is not None
        ]
    if asked.note:
        return [_item(id, known[asked.layer, "note", ""], {"text": list(words)})]
    if asked.attribute:
        values = [_value(word, asked, f"{at} value.choices") for word in words]
        lost[f"values of {asked.attribute!r} that the map leaves out"] += values.count(None)
        stay = [value for value in values if value is not None]
        return [_item(id, known[asked.layer, "attribute", asked.attribute], {"choices": stay})] if stay else []
    return [_entity(word, asked, id, known, corpus, f"{at} {asked.role}") for word in words]


def _words(item: Choices | TextArea) -> tuple[str, ...]:
    if isinstance(item, Choices):
        return item.value.choices
    texts = (item.value.text,) if isinstance(item.value.text, str) else item.value.text
    return tuple(text for text in texts if text.strip())


def _value(word: str, asked: Asked, at: str) -> str | None:
    if asked.values is None:
        return word
    if word not in asked.values:
        raise _unmapped(word, asked.values, at)
    return asked.values[word]


def _entity(
    word: str, asked: Asked, id: str, known: Mapping[tuple[str, str, str], Control], corpus: Corpus, at: str
) -> dict[str, Any]:
    picked = asked.entities.get(word, word)
    if picked in corpus.entities or not asked.new:
        if picked not in corpus.entities:
            among = [*asked.entities, *corpus.entities]
            raise StudioError(f"{word!r} is no entity of the corpus or the map{nearest(word, among)}", place=at)
        return _item(id, known[asked.layer, "entity", asked.role], {"choices": [picked]})
    return _item(id, known[asked.layer, "new entity", asked.role], {"text": [word]})


def _links(link: Link, ids: Mapping[str, str], map: Map, lost: Counter[str], at: str) -> list[dict[str, Any]]:
    """A relation for each of its labels, as the arrow of each points with us."""
    found = []
    for label in link.labels or ("",):
        if label not in map.relations:
            raise _unmapped(label, map.relations, f"{at} labels")
        meant = map.relations[label]
        if meant is None:
            lost[f"relations {label!r}, which the map leaves out"] += 1
            continue
        ends = directed(link)
        if isinstance(meant, Relation) and meant.reversed:
            ends = (ends[1], ends[0])
        origin, end = (ids.get(id, id) for id in ends)
        name = meant.name if isinstance(meant, Relation) else FRAGMENT
        direction = "bi" if link.direction == "bi" else "right"
        found.append({"from_id": origin, "to_id": end, "type": "relation", "direction": direction, "labels": [name]})
    return found


def _item(id: str, control: Control, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "from_name": control.name, "to_name": TEXT, "type": control.type, "value": value}
