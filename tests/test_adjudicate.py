"""Gold by the policy of one named annotator."""

import pytest
from msgspec import structs

from standoff.adjudicate import adopt
from standoff.errors import RecordError, UsageError
from standoff.model import Corpus


def test_gold_is_the_annotators_sets_with_their_addresses(statecloud: Corpus) -> None:
    gold, entities = adopt(statecloud, "pilot")

    assert gold == statecloud.gold
    assert entities == statecloud.entities
    assert all(
        annotation.derived_from == (f"pilot/{document}#{annotation.id}",)
        for document, marked in gold.items()
        for annotation in marked.annotations
    )


def own_entity(tiny: Corpus) -> tuple[str, str]:
    """The annotator and document of a set with an entity of its own."""
    return next(key for key, marked in tiny.sets.items() if marked.entities)


def test_the_annotators_new_entities_enter_the_registry(tiny: Corpus) -> None:
    annotator, document = own_entity(tiny)
    new = tiny.sets[annotator, document].entities[0]
    without = structs.replace(tiny, entities={k: e for k, e in tiny.entities.items() if k != new.id})

    _, entities = adopt(without, annotator)

    assert entities[new.id] == new
    assert list(entities) == sorted(entities)


def test_one_id_for_two_entities_is_refused(tiny: Corpus) -> None:
    annotator, document = own_entity(tiny)
    new = tiny.sets[annotator, document].entities[0]
    other = structs.replace(tiny, entities=tiny.entities | {new.id: structs.replace(new, name="another")})

    with pytest.raises(RecordError, match=f"{annotator}/{document}#{new.id}: entity '{new.id}' is .* in the registry"):
        adopt(other, annotator)


def test_an_annotator_without_sets_is_refused(statecloud: Corpus) -> None:
    with pytest.raises(UsageError, match=r"annotator 'pilto' has no sets \[did you mean 'pilot'\?\]"):
        adopt(statecloud, "pilto")
