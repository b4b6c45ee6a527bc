"""From a task of Label Studio to an annotation set, strictly: what cannot be read exactly is refused with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import structs

from standoff.canon import canonical, normal
from standoff.errors import StudioError, nearest
from standoff.labelstudio.controls import FRAGMENT, TEXT, Control, controls, links, relation_label, symmetric
from standoff.labelstudio.entities import entities_of, new_entities
from standoff.labelstudio.items import Choices, Item, Link, decode, fields, listed, shown
from standoff.labelstudio.regions import Region, directed, joined, regions
from standoff.labelstudio.sound import sound
from standoff.model import Annotation, AnnotationSet, Corpus, Document, derived_id
from standoff.scheme import Scheme

__all__ = ["check", "done", "from_task"]


def from_task(task: Mapping[str, Any], corpus: Corpus, annotator: str) -> AnnotationSet:
    """The set that the one annotation of a task says, in normal order.

    Offsets alone say where a span is: its quotation is what the document holds there. An annotation's id is that of its
    first fragment, the region to which no `fragment` relation leads; a relation to or from any fragment is the
    annotation's. Nothing is needed that the editor would not write back.

    What is wrong and yet says clearly what it says is read, and left to validation: a relation from an annotation to
    itself, a role or relation that leads to a layer it may not lead to. One annotator's slip then stops nobody's pull.

    Args:
        task: as the server shows it, or as `to_task` made it.

    Raises:
        StudioError: something cannot be read exactly; its place is `task <id> region <id> <field>`.
    """
    scheme = corpus.scheme
    place = _place(task)
    sound(task, place=place)
    document = _document(task, corpus, annotator, place)
    known = controls(scheme)
    items = decode(_result(task, place), known, place=place)
    found = regions(items, document, known, place=place)
    drawn = [item for item in items if isinstance(item, Link)]
    first = joined(found, drawn, place=place)
    own = entities_of(fields(task, "meta", "entities") or [], place=f"{place} meta.entities")
    taken = corpus.entities.keys() | {entity.id for entity in own}
    heads = sorted((found[id] for id in set(first.values())), key=lambda r: (r.span.start, -r.span.end, r.id))
    ids, new = new_entities(_named(heads, known, scheme, place), own, taken)
    annotations = {
        head.id: Annotation(
            id=head.id,
            layer=head.layer.name,
            label=head.label,
            spans=tuple(sorted(found[id].span for id in found if first[id] == head.id)),
            refs=_entities(head, known, ids, taken, f"{place} region {head.id}"),
            attributes=_of_kind(head, known, "attribute"),
            note="".join(_of_kind(head, known, "note").values()),
        )
        for head in heads
    }
    marked = AnnotationSet(
        document=document.id,
        text_sha256=document.text_sha256,
        annotator=annotator,
        annotations=(
            *_related(annotations, drawn, first, scheme, place),
            *_of_document(items, known, place),
        ),
        entities=(*own, *new),
    )
    return normal(marked, scheme)


def done(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a task that were submitted and not skipped.

    Raises:
        StudioError: they are no annotations.
    """
    place, found = f"{_place(task)} annotations", fields(task, "annotations")
    if not isinstance(found, list | None):
        raise StudioError(f"{shown(found)}; expected a list of annotations", place=place)
    for n, one in enumerate(found or ()):
        if not isinstance(one, dict):
            raise StudioError(f"{shown(one)}; expected an annotation", place=f"{place}[{n}]")
        if not isinstance(one.get("was_cancelled"), bool | None):
            raise StudioError(
                f"{shown(one['was_cancelled'])}; expected true or false", place=f"{place}[{n}].was_cancelled"
            )
    return [one for one in found or () if not one.get("was_cancelled")]


def check(task: Mapping[str, Any], annotations: AnnotationSet, corpus: Corpus) -> None:
    """Holds a task that is about to be sent against the set that it was made from: it reads as exactly that set.

    What would poison the editor (a relation to nothing, one id for two regions, an unknown control) is refused by the
    reading itself, before anything is sent.

    Raises:
        StudioError: the task cannot be read, or reads as another set.
    """
    place = f"{annotations.annotator}/{annotations.document}"
    try:
        back = from_task(task, corpus, annotations.annotator)
    except StudioError as error:
        raise error.at(place) from error
    expected = normal(annotations, corpus.scheme)
    if back == expected:
        return
    sent, read = ({one.id: one for one in marked.annotations} for marked in (expected, back))
    for id in sorted(sent.keys() | read.keys()):
        if sent.get(id) != read.get(id):
            raise StudioError(
                f"{canonical(sent.get(id))} would come back from Label Studio as {canonical(read.get(id))}; "
                "standoff validate says what is wrong with it",
                place=f"{place}#{id}",
            )
    raise StudioError("would not come back from Label Studio as it is", place=place)


def _place(task: Any) -> str:
    """What a task is called in a message: by its id, or by its document's before it has one."""
    if not isinstance(task, dict):
        raise StudioError(f"{shown(task)}; expected a task", place="task")
    id = task["id"] if "id" in task else fields(task, "data", "id")
    return f"task {id if isinstance(id, int) or (isinstance(id, str) and id.isprintable()) else ascii(id)[:80]}"


def _document(task: Mapping[str, Any], corpus: Corpus, annotator: str, place: str) -> Document:
    """The document that a task shows, when it shows that and nothing else."""
    id = fields(task, "data", "id")
    document = corpus.documents.get(id) if isinstance(id, str) else None
    if document is None:
        known = nearest(id, list(corpus.documents))
        raise StudioError(f"{id!r} is no document of the corpus{known}", place=f"{place} data.id")
    if fields(task, "data", TEXT) != document.text:
        raise StudioError(f"is not the text of document {id!r}; push it again", place=f"{place} data.{TEXT}")
    if not isinstance(task.get("meta"), dict | None):
        raise StudioError(f"{shown(task['meta'])}; expected an object", place=f"{place} meta")
    for field, expected in (("document", id), ("annotator", annotator), ("text_sha256", document.text_sha256)):
        if (is_ := fields(task, "meta", field)) not in (None, expected):
            raise StudioError(f"{is_!r}; expected {expected!r}", place=f"{place} meta.{field}")
    return document


def _result(task: Mapping[str, Any], place: str) -> Any:
    found = done(task)
    if len(found) != 1:
        ids = listed(one.get("id") for one in found)
        raise StudioError(
            f"{len(found)} annotations{f' ({ids})' if found else ''}; expected one", place=f"{place} annotations"
        )
    return found[0].get("result")


def _of_kind(region: Region, known: Mapping[str, Control], kind: str) -> dict[str, str]:
    """What is said of a region by controls of a kind: attribute or role -> word."""
    return {known[name].field: word for name, word in region.said.items() if known[name].kind == kind}


def _named(
    heads: Iterable[Region], known: Mapping[str, Control], scheme: Scheme, place: str
) -> Iterator[tuple[str, str]]:
    """(name, type) of each entity that was named rather than picked."""
    for head in heads:
        for role, name in _of_kind(head, known, "new entity").items():
            at = f"{place} region {head.id} {role}"
            picked = _of_kind(head, known, "entity").get(role)
            if picked:
                raise StudioError(f"{picked!r} is picked and {name!r} written; expected one of the two", place=at)
            if head.label not in scheme.entity_types:
                raise StudioError(
                    f"{name!r} is named as an entity, but {head.label!r} is none of {listed(scheme.entity_types)}",
                    place=at,
                )
            if name.strip():
                yield name.strip(), head.label


def _entities(
    head: Region,
    known: Mapping[str, Control],
    ids: Mapping[tuple[str, str], str],
    taken: Iterable[str],
    at: str,
) -> dict[str, tuple[str, ...]]:
    """Role -> the entity that was picked or named."""
    picked = _of_kind(head, known, "entity")
    for role, id in picked.items():
        if id not in taken:
            raise StudioError(f"{id!r} is no entity{nearest(id, list(taken))}", place=f"{at} {role}")
    named = {
        role: ids[name.strip(), head.label]
        for role, name in _of_kind(head, known, "new entity").items()
        if name.strip()
    }
    return {role: (id,) for role, id in (picked | named).items()}


def _related(
    annotations: Mapping[str, Annotation],
    drawn: Iterable[Link],
    first: Mapping[str, str],
    scheme: Scheme,
    place: str,
) -> Iterator[Annotation]:
    """The annotations with the roles that their relations fill, and those of relation layers."""
    refs: dict[str, dict[str, tuple[str, ...]]] = {id: dict(annotation.refs) for id, annotation in annotations.items()}
    own: dict[str, Annotation] = {}
    for link in drawn:
        at = f"{place} relation {link.from_id} -> {link.to_id}"
        origin, end = (annotations[first[id]] for id in directed(link))
        if not link.labels:
            raise StudioError(
                f"no label; expected one of {listed(_fitting(origin, end, scheme))}", place=f"{at} labels"
            )
        for label in link.labels:
            if label == FRAGMENT:
                continue
            layer = None if _has_role(origin, label, scheme) else relation_label(scheme, label)
            if layer is None and not _has_role(origin, label, scheme):
                raise StudioError(_misfit(label, origin, end, scheme), place=f"{at} labels")
            if link.direction == "bi" and not (layer and symmetric(scheme, layer.name, label)):
                raise StudioError(f"{label!r} goes both ways; expected one direction", place=f"{at} direction")
            if layer is None:
                targets = refs[origin.id].get(label, ())
                if end.id in targets:
                    raise StudioError(
                        f"{label!r} is drawn twice from {origin.id!r} to {end.id!r}", place=f"{at} labels"
                    )
                refs[origin.id][label] = (*targets, end.id)
                continue
            ends = (origin.id, end.id)
            if symmetric(scheme, layer.name, label):
                ends = (min(ends), max(ends))
            id = derived_id(label, *ends)
            if id in own:
                raise StudioError(f"{label!r} is drawn twice between {ends[0]!r} and {ends[1]!r}", place=f"{at} labels")
            roles: dict[str, tuple[str, ...]] = {
                role.name: (target,) for role, target in zip(layer.roles, ends, strict=True)
            }
            own[id] = Annotation(id=id, layer=layer.name, label=label, refs=roles)
    yield from (structs.replace(annotation, refs=refs[id]) for id, annotation in annotations.items())
    yield from own.values()


def _has_role(origin: Annotation, label: str, scheme: Scheme) -> bool:
    """Whether a relation that leads from an annotation can be one of its roles, wherever it leads."""
    layer = scheme.layer(origin.layer)
    return layer is not None and label in (role.name for role in links(layer))


def _fitting(origin: Annotation, end: Annotation, scheme: Scheme) -> tuple[str, ...]:
    """What a relation between two annotations can be called."""
    layer = scheme.layer(origin.layer)
    roles = [role.name for role in (links(layer) if layer else ()) if end.layer in role.layers]
    for between in scheme.layers:
        if between.kind == "relation":
            starts, ends = between.roles
            if origin.layer in starts.layers and end.layer in ends.layers:
                roles.extend(between.label_names)
    return tuple(roles)


def _misfit(label: str, origin: Annotation, end: Annotation, scheme: Scheme) -> str:
    fitting = _fitting(origin, end, scheme)
    expected = f"expected one of {listed(fitting)}{nearest(label, fitting)}" if fitting else "expected none"
    return f"{label!r} does not lead from {origin.layer} {origin.id!r} to {end.layer} {end.id!r}; {expected}"


def _of_document(items: Iterable[Item], known: Mapping[str, Control], place: str) -> Iterator[Annotation]:
    """The labels of the whole document."""
    seen = set()
    for item in items:
        control = None if isinstance(item, Link) else known[item.from_name]
        if control is None or control.kind != "document" or not isinstance(item, Choices):
            continue
        for label in item.value.choices:
            id = derived_id(control.layer.name, label)
            if id in seen:
                raise StudioError(
                    f"{label!r} stands twice; expected once", place=f"{place} {control.name} value.choices"
                )
            seen.add(id)
            yield Annotation(id=id, layer=control.layer.name, label=label)
