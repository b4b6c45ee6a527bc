"""Decoding by types that are made from the schema says of a set's records what the schema says."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from standoff.model import Corpus
from standoff.schema import parse
from standoff.validate.typed import surely_valid

ODD = st.sampled_from(
    [None, "", "zz", "é", "a b", 0, -1, True, [], {}, ["n1", "n1"], ["n1", "n2"], [None], {"zz": "zz"}]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all that is in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*path, key) for key, _ in inner] + [at for key, one in inner for at in places(one, (*path, key))]


@given(st.data())
def test_what_decodes_is_what_the_schema_allows(tiny: Corpus, data: st.DataObject) -> None:
    marked = data.draw(st.sampled_from([one for one in tiny.sets.values() if one.annotations]))
    records = json.loads(msgspec.json.encode(marked.annotations))
    for _ in range(data.draw(st.integers(0, 2))):
        *path, last = data.draw(st.sampled_from(places(records)))
        inside = records
        for step in path:
            inside = inside[step]
        match data.draw(st.sampled_from(["change", "remove", "add"])):
            case "change":
                inside[last] = data.draw(ODD)
            case "remove":
                del inside[last]
            case "add" if isinstance(inside, dict):
                inside[data.draw(st.sampled_from(["zz", "note", "refs", "spans", "topic"]))] = data.draw(ODD)
    schema = tiny.scheme.annotation_schema
    whole = Draft202012Validator(schema)
    layers = {layer.name for layer in tiny.scheme.layers}
    expected = all(
        isinstance(record, dict)
        and isinstance(record.get("layer"), str)
        and record["layer"] in layers
        and whole.evolve(schema=schema["$defs"][record["layer"]]).is_valid(record)
        for record in records
    )
    written = {"document": "d", "text_sha256": "", "annotator": "a1", "entities": [], "annotations": records}
    valid = surely_valid(tiny.scheme)

    assert valid is not None
    assert valid(json.dumps(written).encode()) == expected


def test_all_sets_of_both_corpora_decode(tiny: Corpus, statecloud: Corpus) -> None:
    for corpus in (tiny, statecloud):
        valid = surely_valid(corpus.scheme)

        assert valid is not None
        assert all(valid(msgspec.json.encode(marked)) for marked in corpus.sets.values())


def test_nothing_is_promised_where_a_layer_says_more_than_is_known(tiny: Corpus) -> None:
    stricter = json.loads(tiny.scheme.files["annotation.schema.json"])
    stricter["$defs"]["point"]["properties"]["note"] = {"type": "string", "maxLength": 9}
    scheme = parse({**tiny.scheme.files, "annotation.schema.json": json.dumps(stricter)})

    assert surely_valid(replace(tiny, scheme=scheme).scheme) is None
