"""JSON Schemas as functions that say at once that a record is valid; what is wrong with another, jsonschema says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

__all__ = ["Predicate", "predicate"]

Predicate: TypeAlias = Callable[[Any], bool]

_TYPES: dict[str, Predicate] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, (list, tuple)),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}

_SILENT = frozenset({"title", "description", "$comment", "$schema", "$id", "$defs", "format", "x-standoff", "examples"})
"""Keywords that make no record invalid; formats are not asserted by the dialect."""


def predicate(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Predicate | None:
    """Whether a record of builtin values is surely valid by a schema; None where the schema has keywords that are not
    known here. Of a record that is not surely valid, jsonschema has the last word.

    Args:
        root: the schema that references start from; only such as `#/$defs/name` are known.
    """
    tests: list[Predicate] = []
    for keyword, asked in schema.items():
        if keyword in _SILENT:
            continue
        if keyword in ("required", "additionalProperties"):
            if keyword == "additionalProperties" and asked is not False:
                return None
            continue
        test = _test(keyword, asked, root)
        if test is None:
            return None
        tests.append(test)
    if "required" in schema or schema.get("additionalProperties") is False:
        required = frozenset(schema.get("required", ()))
        known = frozenset(schema.get("properties", ())) if schema.get("additionalProperties") is False else None
        tests.append(_names(required, known))
    if len(tests) == 1:
        return tests[0]

    # Most of the time is spent here and in `_properties`, and less so than where `all` asks a generator.
    def valid(value: Any) -> bool:
        for test in tests:  # noqa: SIM110 - takes half the time
            if not test(value):
                return False
        return True

    return valid


def _test(keyword: str, asked: Any, root: Mapping[str, Any]) -> Predicate | None:
    match keyword:
        case "type" if isinstance(asked, str):
            return _TYPES.get(asked)
        case "type" if all(one in _TYPES for one in asked):
            tests = [_TYPES[one] for one in asked]
            return lambda value: any(test(value) for test in tests)
        case "$ref" if asked.startswith("#/$defs/") and asked[8:] in root.get("$defs", {}):
            return predicate(root["$defs"][asked[8:]], root)
        case "properties":
            return _properties({name: predicate(below, root) for name, below in asked.items()})
        case "items" if isinstance(asked, dict):
            each = predicate(asked, root)
            return each and (lambda value: not isinstance(value, (list, tuple)) or all(map(each, value)))
        case "enum":
            return _one_of(asked)
        case "const":
            return _one_of([asked])
        case "oneOf" if all("const" in one and one.keys() <= _SILENT | {"const"} for one in asked):
            return _one_of([one["const"] for one in asked])
        case "uniqueItems" if asked is True:
            return lambda value: (
                not isinstance(value, (list, tuple))
                or (all(isinstance(one, str) for one in value) and len(set(value)) == len(value))
            )
        case "pattern":
            found = re.compile(asked).search
            return lambda value: not isinstance(value, str) or found(value) is not None
        case "minLength":
            return lambda value: not isinstance(value, str) or len(value) >= asked
        case "minItems":
            return lambda value: not isinstance(value, (list, tuple)) or len(value) >= asked
        case "maxItems":
            return lambda value: not isinstance(value, (list, tuple)) or len(value) <= asked
        case "minimum":
            return lambda value: isinstance(value, bool) or not isinstance(value, int) or value >= asked
    return None


def _one_of(words: list[Any]) -> Predicate | None:
    if not all(isinstance(word, str) for word in words) or len(set(words)) < len(words):
        return None
    known = frozenset(words)
    return lambda value: isinstance(value, str) and value in known


def _properties(below: Mapping[str, Predicate | None]) -> Predicate | None:
    tests = [(name, test) for name, test in below.items() if test is not None]
    if len(tests) < len(below):
        return None

    def valid(value: Any) -> bool:
        if isinstance(value, dict):
            for name, test in tests:
                if name in value and not test(value[name]):
                    return False
        return True

    return valid


def _names(required: frozenset[str], known: frozenset[str] | None) -> Predicate:
    return lambda value: (
        not isinstance(value, dict) or (required <= value.keys() and (known is None or value.keys() <= known))
    )
