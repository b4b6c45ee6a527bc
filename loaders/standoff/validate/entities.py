"""Rules on entities: those of the registry, and those that an annotator added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from standoff.errors import nearest
from standoff.scheme import REGISTRY
from standoff.validate.graph import cycles
from standoff.validate.words import one_of
from standoff.validate.work import Context, EntityWork, Fault

__all__ = [
    "entity_id",
    "entity_schema",
    "entity_type_known",
    "entity_unused",
    "kb_status",
    "part_of_acyclic",
    "part_of_resolves",
    "wikidata_unique",
]

_ASKS = {"linked": (True, True), "nil": (False, True), "unchecked": (False, False)}
"""kb_status -> whether there is a Wikidata id, and whether date and source of the look-up."""


def entity_id(work: EntityWork) -> Iterator[Fault]:
    """An entity's id stands for one entity among those of the registry, and among those that an annotator added.

    An annotator's own may be called as one of the registry or of another annotator is: in the annotator's set the id
    means the annotator's own, and what that is in the registry is decided by an adjudicator.

    Why: Annotations refer to entities by id alone.
    Do: Give one of the two another id and change what refers to it.
    """
    for id, n in Counter(entity.id for entity in work.own).items():
        if n > 1:
            yield id, "id", f"id {id!r} stands for {n} entities here; expected one"


def entity_type_known(work: EntityWork) -> Iterator[Fault]:
    """An entity's type is one that annotation.schema.json lists.

    Why: Types are a closed list that labels are compared with.
    Do: Correct the type, or add it to the schema's entry for entities.
    """
    types = work.context.scheme.entity_types
    for entity in work.own:
        if entity.type not in types:
            yield entity.id, "type", f"type {entity.type!r} of {entity.name!r} is unknown; {one_of(types, entity.type)}"


def kb_status(work: EntityWork) -> Iterator[Fault]:
    """Linked has a Wikidata id, date and source; nil has date and source alone; unchecked has none of them.

    Why: A link that nobody can trace to a look-up cannot be checked, and 'not there' is different from 'nobody
    looked'.
    Do: Fill in what is missing; what was never looked up is unchecked.
    """
    for entity in work.own:
        asks = zip(_ASKS[entity.kb_status], (entity.wikidata, entity.looked_up), ("wikidata", "looked_up"), strict=True)
        for asked, found, field in asks:
            if asked is not (found is not None):
                what = f"has {field} {found!r}; expected none" if found is not None else f"has no {field}; expected one"
                yield entity.id, field, f"{entity.name!r} is {entity.kb_status!r} and {what}"


def wikidata_unique(work: EntityWork) -> Iterator[Fault]:
    """A Wikidata id stands for one entity of the registry, and for one of those that an annotator added.

    Why: Two entities for one thing split its mentions and every count made from them.
    Do: Merge the two entities, or correct the id that is wrong.
    """
    first: dict[str, str] = {}
    for entity in work.own:
        if entity.wikidata is not None and first.setdefault(entity.wikidata, entity.id) != entity.id:
            yield (
                entity.id,
                "wikidata",
                f"{entity.wikidata!r} of {entity.name!r} is also that of {first[entity.wikidata]!r}; expected of one",
            )


def part_of_resolves(work: EntityWork) -> Iterator[Fault]:
    """What an entity is part of is an entity.

    Why: A link into nothing cannot be followed.
    Do: Correct the id, or add the entity.
    """
    known = {*work.registry, *(entity.id for entity in work.own)}
    for entity in work.own:
        for id in entity.part_of:
            if id not in known and "corpus/entities.json" not in work.context.unread:
                yield entity.id, "part_of", f"{entity.name!r} is part of {id!r}, no entity{nearest(id, sorted(known))}"


def part_of_acyclic(work: EntityWork) -> Iterator[Fault]:
    """No entity is, by way of others, part of itself.

    Why: Whoever climbs from part to whole would never arrive.
    Do: Remove the link of the circle that is wrong.
    """
    for circle in cycles({entity.id: entity.part_of for entity in work.own}):
        yield circle[0], "part_of", f"goes in a circle: {' → '.join((*circle, circle[0]))}"


def entity_schema(work: EntityWork) -> Iterator[Fault]:
    """An entity is valid by the schema's entry for entities, also in what no other rule looks at.

    Why: Entities are published as a table with the columns that the schema promises.
    Do: Bring the record in line with the schema's entry for entities.
    """
    if REGISTRY not in work.context.scheme.annotation_schema["$defs"]:
        return
    for entity in work.own:
        for field, message in work.context.schema_errors(REGISTRY, entity):
            if not work.doubts.told(entity.id, field):
                yield entity.id, field, f"{entity.name!r}: {message}"


def entity_unused(context: Context) -> Iterator[Fault]:
    """Where a document was withdrawn, a set or gold refers to each entity of the registry, or to a part of it.

    Why: What only a withdrawn document told of is published on with the registry; of a person that may be the very
    thing that was to be taken down. Before, an entity may wait there for its first mention.
    Do: Remove the entity from corpus/entities.json, or restore the mention that was removed.
    """
    corpus = context.corpus
    # What is referred to from sets that could not be read, or that are in shards elsewhere, is not known.
    unknown = any(path.startswith("annotations/") for path in context.unread) or not (corpus.sets or corpus.gold)
    if unknown or not corpus.withdrawn:
        return
    used: set[str] = set()
    for marked in (*corpus.sets.values(), *corpus.gold.values()):
        used.update(id for entity in marked.entities for id in (entity.id, *entity.part_of))
        for one in marked.annotations:
            for role in context.entity_roles.get(one.layer, ()):
                used.update(one.refs.get(role, ()))
    left = [corpus.entities[id] for id in used if id in corpus.entities]
    while left:
        wholes = [id for id in left.pop().part_of if id not in used]
        used.update(wholes)
        left += [corpus.entities[id] for id in wholes if id in corpus.entities]
    for id, entity in corpus.entities.items():
        if id not in used:
            yield id, "id", f"no set and no gold refers to {entity.name!r}; expected a mention, or no such entity"
