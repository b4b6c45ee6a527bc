"""From a corpus to tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from standoff.canon import canonical, order
from standoff.errors import RecordError
from standoff.model import (
    GOLD,
    SPLITS,
    Annotation,
    AnnotationSet,
    Annotator,
    Corpus,
    Decision,
    Document,
    Entity,
    EntityDecision,
    MergeRule,
    Policy,
    Progress,
    Right,
    silent,
)
from standoff.scheme import Layer
from standoff.tables.columns import (
    arrow_table,
    attributes_of,
    check,
    fields_of,
    repeated,
    roles_of,
    schemas,
    system_memory,
    uncollected,
)
from standoff.tables.segmented import sentence_columns, token_columns

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE = "corpus"
"""The split of tables that belong to no one document. `datasets` keeps the name "all" for itself."""

Columns: TypeAlias = "Mapping[str, Sequence[Any] | pa.Array]"


@uncollected()
@system_memory()
def to_tables(corpus: Corpus, *, progress: Progress = silent) -> dict[str, dict[str, pa.Table]]:
    """A corpus as tables: config -> split -> table, each with its full schema, also without rows.

    Rows are in canonical order, by document. The list of releases and the version are no part of the tables. A role
    or an attribute that an annotation does not have is null; a role that it has without filling it is an empty list.

    Raises:
        RecordError: something has no place in the tables: a layer, role or attribute that the scheme does not know, a
            document without a split, a span that does not quote its text.
        SchemaError: two tables or two columns would have the same name.
    """
    known = schemas(corpus.scheme)
    documents = parts(corpus)
    sets: dict[str, list[AnnotationSet]] = {id: [] for id in corpus.documents}
    for set_ in _sets(corpus):
        check(set_, corpus.documents, corpus.scheme)
        sets[set_.document].append(set_)
    gold = {id: [set_ for set_ in marked if set_.annotator == GOLD] for id, marked in sets.items()}
    others = {id: [set_ for set_ in marked if set_.annotator != GOLD] for id, marked in sets.items()}
    layers = corpus.scheme.layers
    split_wise: dict[str, Callable[[Sequence[str]], Columns]] = {
        "documents": partial(_documents, corpus),
        "sentences": partial(sentence_columns, corpus),
        "tokens": partial(token_columns, corpus),
        **{layer.name: partial(_annotations, gold, layers, (layer,)) for layer in layers},
        "judgements": partial(_annotations, others, layers, layers),
        "sets": partial(_set_rows, sets),
        "set_entities": partial(_set_entities, sets),
        "decisions": partial(_decisions, corpus),
        "entity_decisions": partial(_entity_decisions, corpus),
    }
    whole: dict[str, Columns] = {
        "entities": _columns([entity for _, entity in sorted(corpus.entities.items())], Entity),
        "annotators": _columns([annotator for _, annotator in sorted(corpus.annotators.items())], Annotator),
        "splits": _pairs("document", "split", corpus.splits.splits),
        "events": _pairs("event", "documents", corpus.splits.events),
        "rights": {
            "document": sorted(corpus.rights),
            **_columns([right for _, right in sorted(corpus.rights.items())], Right),
        },
        "merge_policy": _policy(corpus.policy),
    }
    tables = {}
    for done, (config, schema) in enumerate(known.items(), 1):
        if config in whole:
            tables[config] = {WHOLE: arrow_table(whole[config], schema)}
        else:
            rows = split_wise[config]
            tables[config] = {split: arrow_table(rows(ids), schema) for split, ids in documents.items()}
        progress("tables", done, len(known))
    return tables


def parts(corpus: Corpus) -> dict[str, list[str]]:
    """The documents of each split, in order, an empty split included.

    Raises:
        RecordError: a document is in no split, or segments or decisions have no document.
    """
    found: dict[str, list[str]] = {split: [] for split in SPLITS}
    for id in sorted(corpus.documents):
        if id not in corpus.splits.splits:
            raise RecordError(
                f"document {id!r} has no split; expected one of {', '.join(SPLITS)}", place="corpus/splits.json"
            )
        found[corpus.splits.splits[id]].append(id)
    for id in sorted(corpus.segments.keys() - corpus.documents.keys()):
        raise RecordError(f"there is no document {id!r}", place=f"corpus/segments/{id}.json")
    for id in sorted(corpus.decisions.keys() - corpus.documents.keys()):
        raise RecordError(f"there is no document {id!r}", place=f"annotations/decisions/{id}.json")
    return found


def _sets(corpus: Corpus) -> Iterator[AnnotationSet]:
    """All sets, gold's among them, by annotator."""
    stands = [*corpus.sets.items(), *(((GOLD, document), set_) for document, set_ in corpus.gold.items())]
    for (annotator, document), set_ in sorted(stands, key=lambda item: item[0]):
        if (set_.annotator, set_.document) != (annotator, document) or (GOLD, document) in corpus.sets:
            raise RecordError(
                f"stands where the set of {annotator!r} in {document!r} is expected", place=set_.address("")
            )
        yield set_


def _columns(records: Sequence[Any], kind: type[Any]) -> dict[str, Sequence[Any]]:
    return {name: [*map(attrgetter(name), records)] for name in fields_of(kind)}


def _pairs(key: str, value: str, of: Mapping[str, Any]) -> Columns:
    return {key: sorted(of), value: [found for _, found in sorted(of.items())]}


def _documents(corpus: Corpus, ids: Sequence[str]) -> Columns:
    by = [corpus.segments[id].segmenter if id in corpus.segments else None for id in ids]
    return {**_columns([corpus.documents[id] for id in ids], Document), "segmenter": by}


def _annotations(
    sets: Mapping[str, Iterable[AnnotationSet]],
    layers: Sequence[Layer],
    of: Sequence[Layer],
    ids: Sequence[str],
) -> Columns:
    """The annotations of some of the layers, in canonical order."""
    names, all_names = {layer.name for layer in of}, [layer.name for layer in layers]
    owners = [set_ for id in ids for set_ in sets[id]]
    rows: list[Annotation] = []
    counts: list[int] = []
    for set_ in owners:
        asked = set_.annotations
        if len(of) < len(layers):
            asked = tuple(annotation for annotation in asked if annotation.layer in names)
        found = order(asked, all_names)
        rows += found
        counts.append(len(found))
    columns: dict[str, Sequence[Any] | pa.Array] = {
        name: [*map(attrgetter(name), rows)] for name in ("layer", "id", "label", "spans", "note", "derived_from")
    }
    return {
        **columns,
        "annotator": repeated([set_.annotator for set_ in owners], counts),
        "document": repeated([set_.document for set_ in owners], counts),
        **_filled([annotation.refs for annotation in rows], roles_of(of)),
        **_filled([annotation.attributes for annotation in rows], attributes_of(of)),
    }


def _filled(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    """The column of each name; most of what could stand there does not."""
    columns: dict[str, list[Any]] = {name: [None] * len(rows) for name in names}
    for n, row in enumerate(rows):
        for name, value in row.items():
            columns[name][n] = value
    return columns


def _set_rows(sets: Mapping[str, Iterable[AnnotationSet]], ids: Sequence[str]) -> Columns:
    return _columns([set_ for id in ids for set_ in sets[id]], AnnotationSet)


def _set_entities(sets: Mapping[str, Iterable[AnnotationSet]], ids: Sequence[str]) -> Columns:
    rows = [
        (set_, entity)
        for id in ids
        for set_ in sets[id]
        for entity in sorted(set_.entities, key=lambda entity: entity.id)
    ]
    return {
        "annotator": [set_.annotator for set_, _ in rows],
        "document": [set_.document for set_, _ in rows],
        **_columns([entity for _, entity in rows], Entity),
    }


def _decisions(corpus: Corpus, ids: Sequence[str]) -> Columns:
    rows = [(id, one) for id in ids if id in corpus.decisions for one in _by_id(corpus.decisions[id].decisions)]
    columns = _columns([one for _, one in rows], Decision)
    given = [None if one.annotation is None else canonical(one.annotation) for _, one in rows]
    return {"document": [id for id, _ in rows], **columns, "annotation": given}


def _entity_decisions(corpus: Corpus, ids: Sequence[str]) -> Columns:
    rows = [(id, one) for id in ids if id in corpus.decisions for one in _by_id(corpus.decisions[id].entities)]
    return {"document": [id for id, _ in rows], **_columns([one for _, one in rows], EntityDecision)}


def _by_id(records: Sequence[Any]) -> list[Any]:
    return sorted(records, key=lambda record: record.id)


def _policy(policy: Policy | None) -> Columns:
    """The default rule with what holds for all layers, then the layers' own rules."""
    layers = sorted(policy.layers.items()) if policy else []
    rules = ([policy.default] if policy else []) + [rule for _, rule in layers]
    return {
        "layer": ([None] if policy else []) + [name for name, _ in layers],
        **_columns(rules, MergeRule),
        "annotators": ([policy.annotators] if policy else []) + [None for _ in layers],
        "reasons": ([policy.reasons] if policy else []) + [None for _ in layers],
    }
