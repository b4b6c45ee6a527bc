"""What rules look things up in: corpus, document, set, list of entities; each index is made when first asked for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from standoff.adjudicate import Adjudication, derive, faults
from standoff.errors import OffsetError, RecordError
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Document, Entity, Segments, Span
from standoff.scheme import Layer
from standoff.text import Alignment, sha
from standoff.validate.plain import plain
from standoff.validate.predicate import Predicate, predicate
from standoff.validate.words import in_our_words

if TYPE_CHECKING:
    import numpy as np
    from jsonschema.protocols import Validator
    from numpy.typing import NDArray

__all__ = ["Context", "Doubts", "EntityWork", "Fault", "Page", "Placed", "Work"]

Fault: TypeAlias = tuple[str, str, str]
"""What a rule yields: the id of what is wrong, the field in it, and what is wrong with it."""

Placed: TypeAlias = tuple[str, str, str, str]
"""What a rule on many files yields: the file, and a fault in it."""


_LINE = re.compile(r"[^\r\n\u2028\u2029]+")


_ADJUDICATED = ("annotations/", "corpus/documents/", "corpus/entities.json", "corpus/raw/")
"""Where what is adjudicated stands."""


class Doubts:
    """What earlier rules found wrong, so that later ones neither rely on it nor say it again."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}
        self._doubtful: set[tuple[str, str]] = set()

    def add(self, id: str, field: str, *, doubtful: bool) -> None:
        """Takes down a fault; a doubtful field is one that later rules cannot build on."""
        self._told.setdefault(id, []).append(field)
        if doubtful:
            self._doubtful.add((id, field.removesuffix(".quote")))
            self._doubtful.add((id, field.partition("[")[0]))

    @property
    def none(self) -> bool:
        """Whether every field can be built on."""
        return not self._doubtful

    def on(self, id: str, field: str) -> bool:
        """Whether the field cannot be built on."""
        return (id, field) in self._doubtful

    def told(self, id: str, field: str) -> bool:
        """Whether something has been said of the field, of what it is part of, or of a part of it."""
        return any(_part(field, other) or _part(other, field) for other in self._told.get(id, ()))


class Adjudicated(msgspec.Struct, frozen=True):
    """What decisions and policy make of the sets: gold and the registry, or why neither can be made."""

    found: Adjudication | None
    """None where there is neither a decision nor a policy, or where they cannot be followed."""
    faults: tuple[Placed, ...]


class Context:
    """One corpus, and what was made from its schema.

    Args:
        raw: document -> the bytes of its raw file, as far as they are at hand.
        unread: files that could not be read; nothing is said to be missing for their sake.
        previous: earlier releases, oldest first.
    """

    def __init__(
        self,
        corpus: Corpus,
        raw: Mapping[str, bytes],
        unread: frozenset[str],
        previous: Mapping[str, Corpus] | None = None,
    ) -> None:
        self.corpus = corpus
        self.scheme = corpus.scheme
        self.raw = raw
        self.unread = unread
        self.previous: Mapping[str, Corpus] = previous or {}
        self.layers: dict[str, Layer] = {layer.name: layer for layer in corpus.scheme.layers}
        layers = corpus.scheme.layers
        self.attributes = {layer.name: frozenset(known.name for known in layer.attributes) for layer in layers}
        self.roles = {layer.name: frozenset(role.name for role in layer.roles) for layer in layers}
        self.entity_roles = {layer.name: tuple(r.name for r in layer.roles if r.registry) for layer in layers}
        """Layer -> its roles that point to the registry."""
        self._validators: dict[str, Validator] = {}
        self._predicates: dict[str, Predicate] = {}
        self._annotations: dict[tuple[str, str], dict[str, Annotation]] = {}

    @cached_property
    def plain(self) -> frozenset[str]:
        """The layers that the rules on records check completely."""
        return frozenset(name for name, layer in self.layers.items() if plain(layer, self.scheme.annotation_schema))

    def knows(self, document: str) -> bool:
        """Whether there is such a document, be it one that could not be read."""
        of = (f"documents/{document}.json", f"raw/{document}.txt", f"raw/{document}.html")
        return document in self.corpus.documents or any(f"corpus/{path}" in self.unread for path in of)

    def file(self, annotator: str, document: str) -> str:
        """Where a set lies, or gold."""
        return f"annotations/{GOLD if annotator == GOLD else f'sets/{annotator}'}/{document}.json"

    def annotations(self, annotator: str, document: str) -> Mapping[str, Annotation] | None:
        """The annotations of an annotator's set by their ids; None where there is no such set."""
        key = annotator, document
        if key not in self._annotations:
            if key not in self.corpus.sets:
                return None
            self._annotations[key] = {annotation.id: annotation for annotation in self.corpus.sets[key].annotations}
        return self._annotations[key]

    def origin(self, address: str) -> tuple[Annotation, AnnotationSet] | None:
        """The annotation that an address leads to, and its set."""
        place, _, id = address.partition("#")
        annotator, _, document = place.partition("/")
        found = (self.annotations(annotator, document) or {}).get(id)
        return (found, self.corpus.sets[annotator, document]) if found else None

    @cached_property
    def adjudication(self) -> Adjudicated:
        """What the corpus's decisions and policy make of its sets."""
        corpus = self.corpus
        if not corpus.decisions and corpus.policy is None:
            return Adjudicated(None, ())
        # What would be made of a part says nothing of what is made of the whole.
        if any(path.startswith(_ADJUDICATED) for path in self.unread):
            return Adjudicated(None, ())
        wrong = tuple((one.file, one.id, one.field, one.message) for one in faults(corpus))
        if wrong:
            return Adjudicated(None, wrong)
        try:
            return Adjudicated(derive(corpus), ())
        except RecordError as error:
            place = _placed(error.place)
            # What is wrong with sets alone, other rules tell.
            return Adjudicated(None, ((*place, error.message),) if place else ())

    def surely_valid(self, definition: str, record: Any) -> bool:
        """Whether the JSON Schema says nothing against a record; of those that are not, some may be valid.

        Args:
            definition: see `schema_errors`.
        """
        value = msgspec.to_builtins(record)
        if not definition and isinstance(record, Document):
            del value["text"]
        return self._valid(definition)(value)

    def schema_errors(self, definition: str, record: Any) -> Iterator[tuple[str, str]]:
        """What the JSON Schema says against a record: field and message.

        Args:
            definition: a name in the $defs of annotation.schema.json, or "" for the root of document.schema.json.
        """
        value = msgspec.to_builtins(record)
        if self._valid(definition)(value):
            return
        value = msgspec.json.decode(msgspec.json.encode(record))
        for error in self._validator(definition).iter_errors(value):
            at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            for below, message in in_our_words(error):
                yield f"{at}{below}".removeprefix("."), message

    def _valid(self, definition: str) -> Predicate:
        if definition not in self._predicates:
            root = self.scheme.annotation_schema if definition else self.scheme.document_schema
            found = predicate(root["$defs"][definition] if definition else root, root)
            # Of a schema that says more than is known there, jsonschema alone can judge.
            self._predicates[definition] = found or (lambda value: False)
        return self._predicates[definition]

    def _validator(self, definition: str) -> Validator:
        if definition not in self._validators:
            from jsonschema import Draft202012Validator

            scheme = self.scheme
            whole = Draft202012Validator(scheme.annotation_schema if definition else scheme.document_schema)
            schema = scheme.annotation_schema["$defs"][definition] if definition else scheme.document_schema
            self._validators[definition] = whole.evolve(schema=schema)
        return self._validators[definition]


class Page:
    """One document with its segments; either may be missing."""

    def __init__(self, context: Context, id: str) -> None:
        self.context = context
        self.id = id
        self.document: Document | None = context.corpus.documents.get(id)
        self.segments: Segments | None = context.corpus.segments.get(id)
        self.doubts = Doubts()
        self.begun: NDArray[np.int64] | None = None
        """Where tokens begin, in order, if that has been laid out for many documents at once."""
        self._times: dict[str, int] = {}

    @property
    def text(self) -> str | None:
        """The document's text."""
        return self.document.text if self.document else None

    @cached_property
    def sha256(self) -> str:
        """The sha256 that the text really has."""
        return sha(self.text or "")

    @cached_property
    def alignment(self) -> Alignment | None:
        """Text and raw offsets; None where the dropped ranges are not sound."""
        if self.document is None:
            return None
        try:
            alignment = Alignment(
                self.document.dropped, self.document.raw_length, inline=self.context.scheme.inline_kinds
            )
        except OffsetError:  # reported by the rule dropped-ranges, which asks for the same
            return None
        return alignment if alignment.length == len(self.document.text) else None

    @cached_property
    def paragraphs(self) -> list[tuple[int, int]]:
        """Where the lines of the text that hold something begin and end."""
        return [line.span() for line in _LINE.finditer(self.text or "") if not line.group().isspace()]

    @cached_property
    def token_starts(self) -> list[int]:
        """Where tokens begin, in order."""
        if self.begun is not None:
            return self.begun.tolist()  # type: ignore[no-any-return]
        return sorted([start for start, _ in self.segments.tokens]) if self.segments else []

    def times(self, forms: Iterable[str]) -> Mapping[str, int]:
        """How often forms stand in the text, as `str.count` counts; those of other sets may be among them."""
        text, found = self.text or "", self._times
        for form in forms:
            if form not in found:
                found[form] = text.count(form)
        return found

    def tokens(self, spans: Iterable[Span]) -> int:
        """How many tokens begin inside the spans."""
        starts = self.token_starts
        return sum(bisect_left(starts, span.end) - bisect_left(starts, span.start) for span in spans)


class Work:
    """One annotation set.

    Args:
        sound: whether it is known that no annotation has a role or attribute that its layer does not have.
    """

    def __init__(self, page: Page, annotator: str, marked: AnnotationSet, *, sound: bool = False) -> None:
        self.page = page
        self.context = page.context
        self.annotator = annotator
        """By the place of the file, as is the document: what the file itself says is another rule's business."""
        self.marked = marked
        self.annotations = marked.annotations
        self.doubts = Doubts()
        self._sound = sound
        self._placed: dict[str, tuple[Annotation, ...]] = {}

    @property
    def gold(self) -> bool:
        """Whether the set is derived from the others."""
        return self.annotator == GOLD

    @cached_property
    def known(self) -> tuple[tuple[Annotation, Layer], ...]:
        """The annotations whose layer the schema has, with the layer."""
        layers = self.context.layers
        return tuple((a, layers[a.layer]) for a in self.annotations if a.layer in layers)

    @cached_property
    def astray(self) -> tuple[Annotation, ...]:
        """The annotations of no layer of the schema: each may be meant for any."""
        return tuple(a for a in self.annotations if a.layer not in self.context.layers)

    @cached_property
    def by_id(self) -> dict[str, Annotation]:
        """The first annotation of each id."""
        return {annotation.id: annotation for annotation in reversed(self.annotations)}

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """The registry, and what the annotator added here: an id that both have means the annotator's own."""
        return ChainMap({entity.id: entity for entity in self.marked.entities}, self.context.corpus.entities)

    @cached_property
    def _of(self) -> dict[str, list[Annotation]]:
        found: dict[str, list[Annotation]] = {}
        for layer, together in groupby(self.annotations, attrgetter("layer")):
            found.setdefault(layer, []).extend(together)
        return found

    def of(self, layer: str) -> list[Annotation]:
        """The annotations of a layer."""
        return self._of.get(layer, [])

    def placed(self, layer: str) -> tuple[Annotation, ...]:
        """The annotations of a layer whose spans can be built on, by start, -end, id."""
        if layer not in self._placed:
            found = [a for a in self.of(layer) if a.spans and self.sure(a, "spans")]
            found.sort(key=_place)
            self._placed[layer] = tuple(found)
        return self._placed[layer]

    def spans(self) -> Iterator[tuple[Annotation, str, Span]]:
        """Each span that can be built on, with its annotation and field."""
        if self.doubts.none:
            yield from self._spans
        for annotation, field, span in () if self.doubts.none else self._spans:
            if not self.doubts.on(annotation.id, field):
                yield annotation, field, span

    @cached_property
    def _spans(self) -> list[tuple[Annotation, str, Span]]:
        return [(a, f"spans[{n}]", span) for a in self.annotations for n, span in enumerate(a.spans)]

    def sure(self, annotation: Annotation, *fields: str) -> bool:
        """Whether fields such as `label` or `refs.<role>` can be built on: no rule found fault with what they hold.

        A field that is absent while an unknown name stands beside it may be there under that name.
        """
        if self.doubts.none and (self._sound or not self._misnamed_ids):
            return True
        for field in fields:
            if self.doubts.on(annotation.id, field):
                return False
            part, _, name = field.partition(".")
            if part in ("attributes", "refs") and name not in getattr(annotation, part):
                context = self.context
                known = (context.attributes if part == "attributes" else context.roles).get(annotation.layer)
                if known is not None and not getattr(annotation, part).keys() <= known:
                    return False
        return True

    @cached_property
    def _misnamed_ids(self) -> frozenset[str]:
        """The annotations with a role or attribute that their layer does not have."""
        attributes, roles = self.context.attributes, self.context.roles
        return frozenset(
            a.id
            for a, layer in self.known
            if not (a.attributes.keys() <= attributes[layer.name] and a.refs.keys() <= roles[layer.name])
        )

    def entity_of(self, annotation: Annotation) -> str | None:
        """The entity that an annotation refers to, where its layer has a role to the registry."""
        for role in self.context.entity_roles.get(annotation.layer, ()):
            if self.sure(annotation, f"refs.{role}"):
                for id in annotation.refs.get(role, ()):
                    return id
        return None

    def referents(self, annotation: Annotation, role: str) -> frozenset[tuple[str, str]]:
        """What a role points to in the end: the entity of each target, or the target itself where it has none."""
        to_registry = role in self.context.entity_roles[annotation.layer]
        found = set()
        for id in annotation.refs.get(role, ()):
            target = None if to_registry else self.by_id.get(id)
            entity = id if to_registry else target and self.entity_of(target)
            found.add(("entity", entity) if entity else ("annotation", id))
        return frozenset(found)


class EntityWork:
    """The registry, or the entities that one annotator added in one document.

    Args:
        own: the entities to look at.
        registry: the entities that there are besides.
    """

    def __init__(self, context: Context, own: Iterable[Entity], registry: dict[str, Entity]) -> None:
        self.context = context
        self.own = tuple(own)
        self.registry = registry
        self.doubts = Doubts()


def _placed(place: str) -> tuple[str, str, str] | None:
    """File, id and field of what an error says cannot be followed; None where that is no item and no decision."""
    at, _, rest = place.partition("#")
    id, _, field = rest.partition(" ")
    if at.startswith("annotations/sets/"):
        return None
    if not at.startswith("annotations/"):
        if not id:
            return None
        annotator, _, document = at.partition("/")
        at = f"annotations/{'decisions' if annotator == 'decision' else f'sets/{annotator}'}/{document}.json"
    return at, id, field


def _place(annotation: Annotation) -> tuple[int, int, str]:
    # Not the first and last fragment: they may be out of order.
    return min(span.start for span in annotation.spans), -max(span.end for span in annotation.spans), annotation.id


def _part(field: str, whole: str) -> bool:
    """Whether a field is the other, or lies in it."""
    return field == whole or field.startswith((f"{whole}.", f"{whole}["))
