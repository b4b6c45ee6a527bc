"""The law on which the design rests: all knowledge of a corpus is data.

Every layer, label, attribute and role is renamed by a random bijection, in schema and data. Whatever the code makes of
the renamed corpus is, with the names turned back, what it makes of the corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from disputes import all_decided, planted, with_decisions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from renaming import Names, bijection, renamed
from strategies import annotation_sets

from standoff import files
from standoff.adjudicate import adopt, derive, soft_labels
from standoff.canon import canonical, canonical_set
from standoff.errors import RecordError
from standoff.formats.quotations import from_quotations, parse_quotations, to_quotations
from standoff.labelstudio.export import from_task
from standoff.labelstudio.interface import interface
from standoff.labelstudio.tasks import to_task
from standoff.match import match
from standoff.model import AnnotationSet, Corpus, Finding, MergeRule, Policy
from standoff.release.card import card
from standoff.release.folder import About
from standoff.tables import from_tables, to_tables
from standoff.validate import validate
from standoff.views import views

ROOT = Path(__file__).parents[1]
SEEDS = st.integers(0, 9)
"""Ten random bijections, each made once."""

few = settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
each_corpus = pytest.mark.parametrize("name", ["tiny", "statecloud"])


@cache
def corpus_of(name: str) -> Corpus:
    return files.read(ROOT / "tests" / "tiny" if name == "tiny" else ROOT)


@cache
def under_other_names(name: str, seed: int) -> tuple[Corpus, Corpus, Names]:
    """A corpus, the same under other names, and the way back."""
    corpus = corpus_of(name)
    names = bijection(corpus.scheme, seed)
    return corpus, renamed(corpus, names), names


def unordered(rows: Any) -> list[str]:
    """Rows in an order that does not follow from names."""
    return sorted(canonical(row) for row in rows)


def sets_of(corpus: Corpus) -> list[AnnotationSet]:
    """All sets of a corpus, gold among them."""
    return [*corpus.sets.values(), *corpus.gold.values()]


def content(marked: AnnotationSet, names: Names | None = None) -> dict[str, Any]:
    """What a set says, in the old names and without the order of what has no place in the text."""
    found = msgspec.to_builtins(marked)
    found = json.loads(json.dumps(names.back(found) if names else found))
    return {**found, "annotations": unordered(found["annotations"])}


@each_corpus
@few
@given(seed=SEEDS)
def test_no_old_name_is_left_in_a_renamed_corpus(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)
    old = {name for all in structs.astuple(names) for name in all} - {"entity"}

    def used(corpus: Corpus) -> set[str]:
        found = {entity.type for entity in corpus.entities.values()}
        for marked in sets_of(corpus):
            found |= {entity.type for entity in marked.entities}
            for a in marked.annotations:
                found |= {a.layer, a.label, *a.refs, *a.attributes, *a.attributes.values()}
        scheme = corpus.scheme
        for layer in scheme.layers:
            found |= {layer.name, *layer.label_names, *(role.name for role in layer.roles)}
            found |= {target for role in layer.roles for target in role.layers}
            found |= {word for a in layer.attributes for word in (a.name, *a.missing, *(v.name for v in a.values))}
        for rule in (*scheme.constraints, *scheme.views):
            fields = [*structs.asdict(rule).items()]
            found |= {word for field, value in fields if field not in ("kind", "name") for word in _words(value)}
        return found

    assert len(used(corpus) & old) > 30
    assert used(other) & old == set()
    assert [s.annotations for s in sets_of(other)] != [s.annotations for s in sets_of(corpus)]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from value


@each_corpus
@few
@given(seed=SEEDS)
def test_the_scheme_is_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    for field in ("layers", "constraints", "views", "entity_types", "dropped_kinds", "inline_kinds"):
        found = names.back(msgspec.to_builtins(getattr(other.scheme, field)))
        assert found == names.back(msgspec.to_builtins(getattr(corpus.scheme, field))), field
    assert names.back(list(other.scheme.headings())) == list(corpus.scheme.headings())
    assert names.back(list(other.scheme.sections)) == list(corpus.scheme.sections)


@each_corpus
@few
@given(seed=SEEDS)
def test_sets_are_the_same_up_to_names_and_come_back_from_their_files(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    corpus, other, names = under_other_names(name, seed)
    root = tmp_path_factory.mktemp("renamed")

    for one, two in zip(sets_of(corpus), sets_of(other), strict=True):
        assert content(two, names) == content(one)
        files.write_set(root, two, other.scheme)
        assert files.set_path(root, two.annotator, two.document).read_text() == canonical_set(two, other.scheme)


def findings(corpus: Corpus, names: Names | None = None) -> list[Finding]:
    """What is wrong with a corpus, in the old names; suggestions go by likeness of words, so they are left out."""

    def turned(text: str) -> str:
        text = names.back(text) if names else text
        return re.sub(r" \[did you mean .*?\]", "", text)

    return sorted(
        Finding(turned(f.file), turned(f.id), turned(f.field), f.rule, f.severity, turned(f.message))
        for f in validate(corpus)
    )


@each_corpus
@few
@given(seed=SEEDS)
def test_validation_finds_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    assert findings(other, names) == findings(corpus)


@each_corpus
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, data=st.data())
def test_validation_of_random_annotations_finds_the_same_up_to_names(name: str, seed: int, data: st.DataObject) -> None:
    corpus = corpus_of(name)
    document = data.draw(st.sampled_from(list(corpus.documents.values())))
    registry = list(corpus.entities.values())[:5]
    marked = data.draw(annotation_sets(corpus.scheme, document, registry))
    corpus = structs.replace(corpus, sets={(marked.annotator, document.id): marked}, gold={})
    names = bijection(corpus.scheme, seed)

    assert findings(renamed(corpus, names), names) == findings(corpus)


def tree(element: ElementTree.Element) -> tuple[Any, ...]:
    return element.tag, dict(element.attrib), (element.text or "").strip(), tuple(tree(child) for child in element)


@each_corpus
@few
@given(seed=SEEDS)
def test_the_labelling_interface_is_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    found = names.back(tree(ElementTree.fromstring(interface(other.scheme))))

    assert found == json.loads(json.dumps(tree(ElementTree.fromstring(interface(corpus.scheme)))))


def loose(item: dict[str, Any]) -> dict[str, Any]:
    """An item of a task, its labels or choices in an order that does not follow from names."""
    if "labels" in item:
        return {**item, "labels": sorted(item["labels"])}
    return {**item, "value": {k: sorted(v) if isinstance(v, list) else v for k, v in item["value"].items()}}


def task_of(marked: AnnotationSet, corpus: Corpus) -> dict[str, Any]:
    """A task as JSON, without its digest, which follows from the names."""
    task = to_task(marked, corpus.documents[marked.document], corpus, annotator=marked.annotator)
    task = json.loads(json.dumps(task))
    meta = {key: value for key, value in task["meta"].items() if key != "sha256"}
    return {**task, "meta": meta}


@each_corpus
@few
@given(seed=SEEDS)
def test_tasks_are_the_same_up_to_names_and_are_read_back(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    for key, marked in other.sets.items():
        found, expected = names.back(task_of(marked, other)), task_of(corpus.sets[key], corpus)
        for task in (found, expected):
            task["annotations"] = [unordered(map(loose, a["result"])) for a in task["annotations"]]
        assert found == expected
        task = to_task(marked, other.documents[marked.document], other, annotator=marked.annotator)
        assert from_task(task, other, marked.annotator) == marked


Rows = dict[str, dict[str, tuple[list[str], list[str]]]]


def rows_of(tables: Any, names: Names | None = None) -> Rows:
    """Config -> split -> columns and rows, in the old names and without the order that follows from names."""
    back = names.back if names else lambda value: value
    return {
        back(config): {
            split: (back(table.column_names), unordered(map(_row, back(table.to_pylist()))))
            for split, table in splits.items()
        }
        for config, splits in tables.items()
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the digest of what was decided, which follows from the names, as the order of keys in JSON does."""
    if "decided_by" not in row:
        return row
    given = json.loads(row["annotation"]) if row.get("annotation") else None
    return {**row, "sha256": "", "annotation": given}


@each_corpus
@few
@given(seed=SEEDS)
def test_tables_are_the_same_up_to_names_and_are_read_back(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)
    tables = to_tables(other)

    assert rows_of(tables, names) == rows_of(to_tables(corpus))
    assert from_tables(tables, other.scheme, releases=other.releases, version=other.version) == other


@each_corpus
@few
@given(seed=SEEDS)
def test_views_are_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    assert rows_of(views(other), names) == rows_of(views(corpus))


Gold = tuple[dict[str, Any], Any] | str


def adopted(corpus: Corpus, annotator: str, names: Names | None = None) -> Gold:
    """What one annotator's sets alone make gold of, and the registry; or why they make none: in the old names."""
    back = names.back if names else lambda value: value
    try:
        gold, registry = adopt(corpus, annotator)
    except RecordError as error:
        return back(str(error))
    return {id: content(marked, names) for id, marked in gold.items()}, back(json.loads(canonical(registry)))


def derived(corpus: Corpus, names: Names | None = None) -> dict[str, Any]:
    """Gold by the corpus's own policy and decisions, the registry, and what is left to be decided: in the old names."""
    back = names.back if names else lambda value: value
    found = derive(corpus)
    return {
        "gold": {id: content(marked, names) for id, marked in found.gold.items()},
        "entities": back(json.loads(canonical(found.entities))),
        "open": back([[item.layer, list(item.kinds), sorted(item.item), item.quote] for item in found.open]),
        "open entities": [one.entity for one in found.open_entities],
        "stale": back(found.stale),
    }


@each_corpus
@few
@given(seed=SEEDS)
def test_gold_is_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    assert derived(other, names) == derived(corpus)
    for annotator in sorted({who for who, _ in corpus.sets}):
        assert adopted(other, annotator, names) == adopted(corpus, annotator)


@few
@given(seed=SEEDS, decided=st.integers(0, 8), rule=st.sampled_from(["unanimous", "majority"]))
def test_gold_of_several_annotators_with_decisions_is_the_same_up_to_names(seed: int, decided: int, rule: Any) -> None:
    corpus = planted(corpus_of("tiny"))
    corpus = with_decisions(corpus, *all_decided(corpus)[:decided])
    corpus = structs.replace(corpus, policy=Policy(layers={"naming": MergeRule(rule)}))
    names = bijection(corpus.scheme, seed)
    other = renamed(corpus, names)
    found, expected = derive(other), derive(corpus)

    assert {id: content(marked, names) for id, marked in found.gold.items()} == {
        id: content(marked) for id, marked in expected.gold.items()
    }
    told = [(item.layer, item.kinds, sorted(item.item), item.quote) for item in found.open]
    assert names.back(told) == names.back(
        [(item.layer, item.kinds, sorted(item.item), item.quote) for item in expected.open]
    )
    assert (found.stale, found.open_entities) == ({}, ())
    tables = [soft_labels(structs.replace(c, gold=derive(c).gold)) for c in (other, corpus)]
    assert rows_of(tables[0], names) == rows_of(tables[1])


@each_corpus
@few
@given(seed=SEEDS)
def test_the_same_annotations_match_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    def ids(corpus: Corpus) -> list[list[Any]]:
        pairs: list[list[Any]] = []
        for (who, document), marked in corpus.sets.items():
            for (whose, same), against in corpus.sets.items():
                if same == document and who < whose:
                    found = match(marked.annotations, against.annotations)
                    pairs.append(sorted([a.id, b.id] for a, b in found.pairs))
                    pairs.append(sorted(a.id for a in (*found.only_left, *found.only_right)))
        return pairs

    assert [sorted(part) for part in names.back(ids(other))] == ids(corpus)


@each_corpus
@few
@given(seed=SEEDS)
def test_quotations_are_the_same_up_to_names_and_are_read_back(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    for key, marked in other.sets.items():
        document = other.documents[marked.document]
        quoted = to_quotations(marked, document, other.scheme)
        again = parse_quotations(canonical(quoted))
        assert from_quotations(again, document, other.scheme, annotator=marked.annotator) == marked
        expected = msgspec.to_builtins(to_quotations(corpus.sets[key], document, corpus.scheme))
        found = names.back(msgspec.to_builtins(quoted))
        assert unordered(found["annotations"]) == unordered(expected["annotations"])


@each_corpus
@few
@given(seed=SEEDS)
def test_the_card_of_a_release_is_the_same_up_to_names(name: str, seed: int) -> None:
    corpus, other, names = under_other_names(name, seed)

    def card_of(corpus: Corpus) -> str:
        about = About(
            corpus=name, title=name, version="1.0.0", date="2024-01-31", edition="full", content_sha256="0" * 64
        )
        tables = {**to_tables(corpus), **views(corpus)}
        text = card(corpus, about, tables, dict.fromkeys(tables, "0" * 64))
        # How many bytes a table takes follows from how long its names are.
        return re.sub(r"num_bytes: \d+", "num_bytes: …", text)

    assert names.back(card_of(other)).splitlines() == card_of(corpus).splitlines()
