"""The fast check of a record says no more than jsonschema: what it passes is valid; what it knows, it passes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from standoff.model import Corpus
from standoff.validate.predicate import predicate

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"$ref": "#/$defs/id"},
        "kind": {"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]},
        "size": {"type": "integer", "minimum": 1},
        "words": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "uniqueItems": True},
        "note": {"type": ["string", "null"]},
        "state": {"enum": ["on", "off"]},
    },
    "required": ["id"],
    "additionalProperties": False,
    "$defs": {"id": {"type": "string", "pattern": "^[a-z]{1,3}$", "minLength": 2}},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a", "b", "ab", "on", "abcd"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "else"]), VALUES, max_size=6) | VALUES)
def test_the_verdict_is_that_of_jsonschema(value: Any) -> None:
    surely_valid = predicate(SCHEMA, SCHEMA)

    assert surely_valid is not None
    assert surely_valid(value) == Draft202012Validator(SCHEMA).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"if": {"type": "string"}, "then": {"minLength": 3}},
        {"additionalProperties": {"type": "string"}},
        {"oneOf": [{"const": "a"}, {"type": "string"}]},
        {"properties": {"a": {"maxLength": 3}}},
        {"$ref": "https://example.org/other.json"},
        {"type": "number"},
        {"enum": [1, 2]},
    ],
)
def test_a_schema_that_says_more_is_left_to_jsonschema(schema: dict[str, Any]) -> None:
    assert predicate(schema, schema) is None


@pytest.mark.parametrize("name", ["tiny", "statecloud"])
def test_records_of_both_corpora_are_passed_at_once(name: str, request: pytest.FixtureRequest) -> None:
    corpus: Corpus = request.getfixturevalue(name)
    schemas = corpus.scheme.annotation_schema, corpus.scheme.document_schema
    of_entities = predicate(schemas[0]["$defs"]["entity"], schemas[0])
    of_documents = predicate(schemas[1], schemas[1])
    records = [msgspec.to_builtins(document) for document in corpus.documents.values()]
    for record in records:
        del record["text"]

    assert of_entities and of_documents
    assert all(of_entities(msgspec.to_builtins(entity)) for entity in corpus.entities.values())
    assert all(map(of_documents, records))
