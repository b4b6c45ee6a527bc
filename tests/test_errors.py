from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from standoff.errors import (
    AnchorError,
    FileError,
    OffsetError,
    RecordError,
    SchemaError,
    StandoffError,
    StudioError,
    nearest,
)


def test_a_message_begins_with_its_place() -> None:
    assert str(FileError("not found", place="corpus/entities.json")) == "corpus/entities.json: not found"


def test_a_message_without_a_place_stands_alone() -> None:
    assert str(FileError("not found")) == "not found"


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("", "a.json", "a.json: wrong"),
        ("#c3", "a.json", "a.json#c3: wrong"),
        ("[3].label", "a.json", "a.json[3].label: wrong"),
        (".label", "a.json", "a.json.label: wrong"),
        ("annotation 3", "a.json", "a.json annotation 3: wrong"),
    ],
)
def test_a_place_is_put_in_front_of_what_is_known_of_it(inner: str, outer: str, expected: str) -> None:
    assert str(RecordError("wrong", place=inner).at(outer)) == expected


def test_a_schema_error_names_every_problem() -> None:
    error = SchemaError(["no layer", "no view"], place="schema")

    assert str(error) == "schema: no layer; no view"
    assert error.problems == ("no layer", "no view")


@pytest.mark.parametrize(
    "error",
    [
        StandoffError("wrong", place="here"),
        SchemaError(["one", "two"], place="here"),
        OffsetError("wrong", offset=3, unit="utf-16", place="here"),
        AnchorError("wrong", exact="x", candidates=[(1, 2)], place="here"),
        StudioError("wrong", place="here", status=404),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_another_process_arrives_whole(error: StandoffError) -> None:
    arrived = pickle.loads(pickle.dumps(error))

    assert type(arrived) is type(error)
    assert vars(arrived) == vars(error)
    assert str(arrived) == str(error)


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("opose", ["favour", "oppose"], " [did you mean 'oppose'?]"),
        ("CAFÉ", ["café", "bar"], " [did you mean 'café'?]"),
        ("zzz", ["favour", "oppose"], ""),
        (3, ["favour"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_known_word_is_offered(word: object, known: list[str], expected: str) -> None:
    assert nearest(word, known) == expected


def test_importing_the_package_loads_nothing_heavy() -> None:
    modules = "standoff, standoff.files, standoff.canon, standoff.schema, standoff.text, standoff.model"
    heavy = [
        "pyarrow",
        "numpy",
        "jsonschema",
        "rich",
        "datasets",
        "pandas",
        "fsspec",
        "spacy",
        "label_studio_sdk",
        "httpx",
    ]
    code = f"import sys, {modules}\nprint(*sorted(set(sys.modules) & set({heavy})))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert loaded == []


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("s3://me:geheim@host/x", "s3://***@host/x"),
        ("s3://me:ge@heim@host/x", "s3://***@host/x"),
        ("https://host/x?a=1&access_token=geheim", "https://host/x?a=1&access_token=***"),
        ("https://geheim@host/x", "https://***@host/x"),
        ("ftp://hf_0123456789abcdefghij@host/x", "ftp://***@host/x"),
    ],
)
def test_credentials_are_not_repeated(told: str, shown: str) -> None:
    assert str(StandoffError(f"cannot read {told}")) == f"cannot read {shown}"


@pytest.mark.parametrize(
    "told",
    ["expected postgresql://USER@HOST:PORT/NAME", "https://host/x?author=me", "sftp://me@host/x", "a@b and x://y/z"],
)
def test_what_is_no_secret_stays_readable(told: str) -> None:
    assert str(StandoffError(told)) == told
