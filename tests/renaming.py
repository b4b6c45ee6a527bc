"""The same corpus under other names: every layer, role, attribute, label and value renamed by a random bijection.

New names stand nowhere else, so that whatever the code makes of the renamed corpus is turned back by replacing them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from string import ascii_lowercase
from typing import Any

import msgspec
from msgspec import structs

from standoff.adjudicate import Item, entity_sha256, sha256_of
from standoff.canon import normal
from standoff.model import Annotation, AnnotationSet, Corpus, Decision, Decisions, Entity, EntityDecision, derived_id
from standoff.schema import parse
from standoff.scheme import Scheme


class Names(msgspec.Struct, frozen=True):
    """A bijection of the names of a scheme: old -> new. What is no name stays as it is."""

    layers: dict[str, str]
    roles: dict[str, str]
    attributes: dict[str, str]
    words: dict[str, str]
    """Labels, values of attributes and types of entities: one word, one new word, wherever it is used."""

    def layer(self, name: str) -> str:
        return self.layers.get(name, name)

    def role(self, name: str) -> str:
        return self.roles.get(name, name)

    def attribute(self, name: str) -> str:
        return self.attributes.get(name, name)

    def word(self, name: str) -> str:
        return self.words.get(name, name)

    def id(self, id: str) -> str:
        """The id of an annotation: a derived one begins with a label, or is a layer and a label."""
        first, *of = id.split(":")
        if len(of) == 1:
            return derived_id(self.layer(first), self.word(of[0]))
        return derived_id(self.word(first), *of) if of else id

    def back(self, value: Any) -> Any:
        """What was made from the renamed corpus, in the old names."""
        old = {new: old for names in structs.astuple(self) for old, new in names.items()}
        known = re.compile("|".join(old))

        def turned(value: Any) -> Any:
            match value:
                case str():
                    return known.sub(lambda found: old[found.group()], value)
                case dict():
                    return {turned(key): turned(item) for key, item in value.items()}
                case list() | tuple():
                    return [turned(item) for item in value]
                case set() | frozenset():
                    return {turned(item) for item in value}
            return value

        return turned(value)


def bijection(scheme: Scheme, seed: int) -> Names:
    """New names for all that a scheme names."""
    random = Random(seed)
    layers = scheme.layers
    taken: set[str] = set()

    def new(names: Iterable[str]) -> dict[str, str]:
        found = {}
        for name in names:
            word = ""
            while not word or word in taken:
                word = "".join(random.choices(ascii_lowercase, k=10))
            taken.add(word)
            found[name] = word
        return found

    return Names(
        layers=new(layer.name for layer in layers),
        roles=new(role.name for layer in layers for role in layer.roles),
        attributes=new(attribute.name for layer in layers for attribute in layer.attributes),
        words=new(
            [
                *(name for layer in layers for name in layer.label_names),
                *(value.name for layer in layers for a in layer.attributes for value in a.values),
                *scheme.entity_types,
            ]
        ),
    )


def renamed(corpus: Corpus, names: Names) -> Corpus:
    """The corpus under other names: its schema files, its sets, its registry."""
    scheme = parse(renamed_files(corpus.scheme, names))
    sets = {key: renamed_set(marked, names, scheme) for key, marked in corpus.sets.items()}
    sides = Sides(corpus.sets, sets)
    policy = corpus.policy and structs.replace(
        corpus.policy, layers={names.layer(layer): rule for layer, rule in corpus.policy.layers.items()}
    )
    return structs.replace(
        corpus,
        scheme=scheme,
        entities={id: _entity(entity, names) for id, entity in corpus.entities.items()},
        sets=sets,
        gold={id: renamed_set(marked, names, scheme) for id, marked in corpus.gold.items()},
        decisions={id: _decisions(decided, names, sides) for id, decided in corpus.decisions.items()},
        policy=policy,
    )


class Sides(msgspec.Struct, frozen=True):
    """What annotators say, before and after."""

    old: Mapping[tuple[str, str], AnnotationSet]
    new: Mapping[tuple[str, str], AnnotationSet]


def _decisions(decided: Decisions, names: Names, sets: Sides) -> Decisions:
    """Decisions under other names: what holds of what annotators say holds, and what holds no more does not."""
    return structs.replace(
        decided,
        decisions=tuple(_decision(one, names, sets) for one in decided.decisions),
        entities=tuple(_entity_decision(one, names, sets) for one in decided.entities),
    )


def _decision(one: Decision, names: Names, sets: Sides) -> Decision:
    item = tuple(_address(address, names) for address in one.item)
    given = one.annotation and _annotation(one.annotation, names)
    if given is not None:
        refs = {role: tuple(_address(at, names) if "#" in at else at for at in ids) for role, ids in given.refs.items()}
        given = structs.replace(given, refs=refs)
    holds = bool(one.item) and one.sha256 == _said(one.item, sets.old)
    return structs.replace(
        one,
        item=item,
        sha256=_said(item, sets.new) if holds else one.sha256,
        chosen=_address(one.chosen, names) if one.chosen else "",
        annotation=given,
    )


def _said(item: Sequence[str], sets: Mapping[tuple[str, str], AnnotationSet]) -> str | None:
    """The sha256 of what annotators say of an item; None where one of its addresses leads nowhere."""
    by_address = {marked.address(a.id): a for marked in sets.values() for a in marked.annotations}
    members = tuple((_parts(address)[0], by_address[address]) for address in item if address in by_address)
    return sha256_of(Item("", "", members)) if len(members) == len(item) else None


def _entity_decision(one: EntityDecision, names: Names, sets: Sides) -> EntityDecision:
    who, document, id = _parts(one.entity)
    added = [e for e in sets.old[who, document].entities if e.id == id] if (who, document) in sets.old else []
    holds = [entity for entity in added if entity_sha256(entity) == one.sha256]
    return structs.replace(
        one,
        sha256=entity_sha256(_entity(holds[0], names)) if holds else one.sha256,
        record=one.record and _entity(one.record, names),
    )


def _parts(address: str) -> tuple[str, str, str]:
    """Annotator, document and id."""
    place, _, id = address.partition("#")
    who, _, document = place.partition("/")
    return who, document, id


def renamed_set(marked: AnnotationSet, names: Names, scheme: Scheme) -> AnnotationSet:
    """A set under other names, in the order that it has under them."""
    return normal(
        structs.replace(
            marked,
            annotations=tuple(_annotation(annotation, names) for annotation in marked.annotations),
            entities=tuple(_entity(entity, names) for entity in marked.entities),
        ),
        scheme,
    )


def _annotation(annotation: Annotation, names: Names) -> Annotation:
    return structs.replace(
        annotation,
        id=names.id(annotation.id),
        layer=names.layer(annotation.layer),
        label=names.word(annotation.label),
        refs={names.role(role): ids for role, ids in annotation.refs.items()},
        attributes={names.attribute(name): names.word(value) for name, value in annotation.attributes.items()},
        derived_from=tuple(_address(address, names) for address in annotation.derived_from),
    )


def _address(address: str, names: Names) -> str:
    place, _, id = address.partition("#")
    return f"{place}#{names.id(id)}"


def _entity(entity: Entity, names: Names) -> Entity:
    return structs.replace(entity, type=names.word(entity.type))


def renamed_files(scheme: Scheme, names: Names) -> dict[str, str]:
    """The files of a schema folder under other names."""
    annotation, views = (json.loads(scheme.files[name]) for name in ("annotation.schema.json", "views.json"))
    return {
        **scheme.files,
        "annotation.schema.json": json.dumps(_schema(annotation, names), ensure_ascii=False),
        "views.json": json.dumps({**views, "views": [_view(view, names) for view in views["views"]]}),
        "CODEBOOK.md": _codebook(scheme.files["CODEBOOK.md"], names),
    }


def _schema(schema: dict[str, Any], names: Names) -> dict[str, Any]:
    own = schema["x-standoff"]
    return {
        **schema,
        "x-standoff": {**own, "constraints": [_constraint(c, names) for c in own["constraints"]]},
        "properties": _pointers(schema["properties"], names),
        "$defs": {names.layer(name): _entry(name, spec, names) for name, spec in schema["$defs"].items()},
    }


def _pointers(node: Any, names: Names) -> Any:
    """What the root of the schema says of layers: their names, and where their entries are."""
    match node:
        case dict():
            return {key: _pointers(item, names) for key, item in node.items()}
        case list():
            return [_pointers(item, names) for item in node]
        case str() if node.startswith("#/$defs/"):
            return "#/$defs/" + names.layer(node.removeprefix("#/$defs/"))
        case str():
            return names.layer(node)
    return node


def _entry(name: str, spec: dict[str, Any], names: Names) -> dict[str, Any]:
    """An entry of $defs: a layer's, the registry's, or one that names nothing."""
    properties = dict(spec.get("properties", {}))
    if name in names.layers:
        properties["layer"] = {"const": names.layer(name)}
        properties["label"] = _values(properties["label"], names)
        if "attributes" in properties:
            properties["attributes"] = _properties(properties["attributes"], names.attribute, names, _attribute)
        if "refs" in properties:
            properties["refs"] = _properties(properties["refs"], names.role, names, _role)
    elif spec.get("x-standoff", {}).get("kind") == "registry":
        properties["type"] = {"enum": [names.word(word) for word in properties["type"]["enum"]]}
    return {**spec, "properties": properties} if properties else spec


def _properties(
    spec: dict[str, Any],
    rename: Callable[[str], str],
    names: Names,
    each: Callable[[dict[str, Any], Names], dict[str, Any]],
) -> dict[str, Any]:
    """An object's properties under other names, also where they are required."""
    spec = {**spec, "properties": {rename(name): each(inner, names) for name, inner in spec["properties"].items()}}
    return {**spec, "required": [rename(name) for name in spec["required"]]} if "required" in spec else spec


def _attribute(spec: dict[str, Any], names: Names) -> dict[str, Any]:
    own = spec.get("x-standoff", {})
    missing = {"missing": [names.word(word) for word in own["missing"]]} if "missing" in own else {}
    return _values({**spec, "x-standoff": {**own, **missing}}, names)


def _role(spec: dict[str, Any], names: Names) -> dict[str, Any]:
    own = spec["x-standoff"]
    return {**spec, "x-standoff": {**own, "layers": [names.layer(name) for name in own["layers"]]}}


def _values(spec: dict[str, Any], names: Names) -> dict[str, Any]:
    return {**spec, "oneOf": [{**value, "const": names.word(value["const"])} for value in spec["oneOf"]]}


def _constraint(constraint: Mapping[str, Any], names: Names) -> dict[str, Any]:
    how = {
        **dict.fromkeys(("layer", "inner", "others"), names.layer),
        **dict.fromkeys(("role", "roles", "inverse", "same", "of", "by"), names.role),
        **dict.fromkeys(("labels", "inner_labels", "values", "needs"), names.word),
        "attribute": names.attribute,
    }

    def one(key: str, value: Any) -> Any:
        rename = how.get(key, lambda word: word)
        return [rename(word) for word in value] if isinstance(value, list) else rename(value)

    return {key: one(key, value) for key, value in constraint.items()}


def _view(view: Mapping[str, str], names: Names) -> dict[str, str]:
    how = {
        **dict.fromkeys(("layer", "via"), names.layer),
        **dict.fromkeys(("role", "take", "through"), names.role),
    }
    return {key: how[key](value) if key in how else value for key, value in view.items()}


def _codebook(codebook: str, names: Names) -> str:
    """Headings and examples under other names; what the sections say in words stays."""
    headed = re.sub(
        r"^### (\w+): (.+)$", lambda found: _heading(found[1], found[2], names), codebook, flags=re.MULTILINE
    )
    return re.sub(
        r"^```json example\n(.*?)^```$",
        lambda found: f"```json example\n{_example(found[1], names)}\n```",
        headed,
        flags=re.MULTILINE | re.DOTALL,
    )


def _heading(layer: str, what: str, names: Names) -> str:
    if layer not in names.layers:
        return f"### {layer}: {what}"
    if what.endswith(" (role)"):
        return f"### {names.layer(layer)}: {names.role(what.removesuffix(' (role)'))} (role)"
    attribute, _, value = what.rpartition("=")
    renamed = f"{names.attribute(attribute)}={names.word(value)}" if attribute else names.word(value)
    return f"### {names.layer(layer)}: {renamed}"


def _example(text: str, names: Names) -> str:
    example = json.loads(text)
    for entity in example.get("entities", ()):
        entity["type"] = names.word(entity["type"])
    for annotation in example["annotations"]:
        annotation["layer"] = names.layer(annotation["layer"])
        annotation["label"] = names.word(annotation["label"])
        if "refs" in annotation:
            annotation["refs"] = {names.role(role): ids for role, ids in annotation["refs"].items()}
        if "attributes" in annotation:
            attributes = annotation["attributes"].items()
            annotation["attributes"] = {names.attribute(name): names.word(value) for name, value in attributes}
    return json.dumps(example, ensure_ascii=False)
