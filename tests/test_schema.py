from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standoff.errors import SchemaError
from standoff.schema import parse, sections
from standoff.scheme import CONSTRAINTS, Constraint, Scheme

TINY = {path.name: path.read_text() for path in (Path(__file__).parent / "tiny" / "schema").iterdir()}
ANNOTATION, DOCUMENT, VIEWS_FILE = "annotation.schema.json", "document.schema.json", "views.json"


def changed(file: str, change: Callable[[Any], None]) -> dict[str, str]:
    """The tiny corpus's schema files with one thing changed."""
    value = json.loads(TINY[file])
    change(value)
    return {**TINY, file: json.dumps(value, ensure_ascii=False)}


def problems(files: dict[str, str]) -> tuple[str, ...]:
    """What is wrong with schema files that cannot be worked by."""
    with pytest.raises(SchemaError) as caught:
        parse(files)
    return caught.value.problems


def layer(name: str, *path: str) -> Callable[[Any], Any]:
    """Where a layer's entry of the schema has something."""

    def found(schema: Any) -> Any:
        node = schema["$defs"][name]
        for step in path:
            node = node[step]
        return node

    return found


def constraint(**fields: Any) -> dict[str, str]:
    """The tiny corpus's schema files with this as their only constraint."""
    return changed(ANNOTATION, lambda schema: schema["x-standoff"].update(constraints=[fields]))


def view(**fields: Any) -> dict[str, str]:
    """The tiny corpus's schema files with this as their only view."""
    return changed(VIEWS_FILE, lambda views: views.update(views=[{"description": "x", **fields}]))


def test_sections_are_third_level_headings_with_their_text() -> None:
    codebook = "# Book\nintro\n### a: B\none\n\n```\n### none\n```\n#### deeper\nx\n## Part\ntext\n### c: D (role)\n"

    assert sections(codebook) == {"a: B": "one\n\n```\n### none\n```\n", "c: D (role)": ""}


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_missing_file_is_named(name: str) -> None:
    files = {other: text for other, text in TINY.items() if other != name}

    assert problems(files) == (
        f"{name} not found; expected annotation.schema.json, document.schema.json, views.json, CODEBOOK.md",
    )


@pytest.mark.parametrize("name", [ANNOTATION, DOCUMENT, VIEWS_FILE])
def test_truncated_json_is_refused_with_its_file(name: str) -> None:
    with pytest.raises(SchemaError, match=rf"^schema/{name}: is no JSON: ") as caught:
        parse({**TINY, name: TINY[name][:-20]})

    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", [ANNOTATION, DOCUMENT, VIEWS_FILE])
def test_json_that_is_no_object_is_refused(name: str) -> None:
    assert problems({**TINY, name: "[]"}) == ("is a JSON list; expected an object",)


@pytest.mark.parametrize("name", [ANNOTATION, DOCUMENT])
@pytest.mark.parametrize("dialect", ["http://json-schema.org/draft-07/schema#", None])
def test_another_draft_of_json_schema_is_refused(name: str, dialect: str | None) -> None:
    assert problems(changed(name, lambda schema: schema.update({"$schema": dialect}))) == (
        f"$schema is {dialect!r}; expected 'https://json-schema.org/draft/2020-12/schema'",
    )


def test_what_the_metaschema_refuses_is_refused_with_its_path() -> None:
    (problem,) = problems(changed(ANNOTATION, lambda s: layer("naming", "properties", "spans")(s).update(minItems="1")))

    assert problem.startswith("$['$defs'].naming.properties.spans.minItems: '1' is not")


@pytest.mark.parametrize("pattern", [r"^\d+$", "(?i)abc", "^(?=a)", r"\bword"])
def test_a_pattern_on_which_regex_dialects_differ_is_refused(pattern: str) -> None:
    (problem,) = problems(changed(DOCUMENT, lambda schema: schema["properties"]["id"].update(pattern=pattern)))

    assert problem == (
        f"$.properties.id: pattern {pattern!r} means different things to different engines; use plain classes"
    )


@pytest.mark.parametrize("key", ["corpus", "title", "version"])
def test_a_missing_key_of_the_vocabulary_is_named(key: str) -> None:
    def drop(schema: Any) -> None:
        del schema["x-standoff"][key]

    assert problems(changed(ANNOTATION, drop)) == (f"$['x-standoff']: {key!r} is a required property",)


LAYER_PROBLEMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no layer": (
        lambda s: s.update({"$defs": {}}),
        "no layer: expected an entry of $defs with x-standoff.kind span, relation or document",
    ),
    "corpus name": (lambda s: s["x-standoff"].update(corpus="Tiny!"), "corpus 'Tiny!' does not match"),
    "reserved layer name": (
        lambda s: s["$defs"].update(text=s["$defs"]["register"]),
        "text: 'text' is a reserved name",
    ),
    "layer named as a table": (
        lambda s: s["$defs"].update(tokens=s["$defs"]["register"]),
        "tokens: 'tokens' is the name of a table that every corpus has; expected another name",
    ),
    "reserved attribute name": (
        lambda s: layer("naming", "properties", "attributes", "properties")(s).update(note={"oneOf": [{"const": "x"}]}),
        "naming: 'note' is a reserved name",
    ),
    "reserved role name": (
        lambda s: layer("opinion", "properties", "refs", "properties")(s).update(
            entity={"x-standoff": {"layers": ["naming"]}}
        ),
        "opinion: 'entity' is a reserved name",
    ),
    "name that is no column": (
        lambda s: s["$defs"].update({"Régistre": s["$defs"]["register"]}),
        "Régistre: 'Régistre' does not match",
    ),
    "attribute and role of one name": (
        lambda s: layer("naming", "properties", "attributes", "properties")(s).update(
            referent={"oneOf": [{"const": "x"}]}
        ),
        "naming: 'referent' is both an attribute and a role",
    ),
    "no label": (
        lambda s: layer("report", "properties", "label")(s).pop("oneOf"),
        "report: no label; expected oneOf with const, title and description",
    ),
    "label twice": (
        lambda s: layer("link", "properties", "label", "oneOf")(s).append({"const": "echoes"}),
        "link: label 'echoes' stands twice",
    ),
    "label with a colon": (
        lambda s: layer("point", "properties", "label", "oneOf")(s).append({"const": "a:b"}),
        "point: label 'a:b' holds a character that no label may",
    ),
    "relation label that is no part of an id": (
        lambda s: layer("link", "properties", "label", "oneOf")(s).append({"const": "répète"}),
        "link: label 'répète' cannot be part of an id; expected letters of ASCII, digits, _ or -",
    ),
    "document label that is no part of an id": (
        lambda s: layer("register", "properties", "label", "oneOf")(s).append({"const": "a.b"}),
        "register: label 'a.b' cannot be part of an id; expected letters of ASCII, digits, _ or -",
    ),
    "value with a space": (
        lambda s: layer("point", "properties", "attributes", "properties", "denial", "oneOf")(s).append(
            {"const": "a b"}
        ),
        "point: denial 'a b' holds a character that no label may",
    ),
    "label without const": (
        lambda s: layer("point", "properties", "label", "oneOf")(s).append({"enum": ["x"]}),
        "$['$defs'].point.properties.label.oneOf[3]: 'const' is a required property",
    ),
    "unknown key of a label": (
        lambda s: layer("point", "properties", "label", "oneOf")(s).append({"const": "x", "x-standoff": {"colour": 1}}),
        "$['$defs'].point.properties.label.oneOf[3]['x-standoff']: key 'colour' is unknown [did you mean "
        "'color'?]; expected one of color, hotkey, score",
    ),
    "hotkey of two labels": (
        lambda s: layer("report", "properties", "label", "oneOf")(s)[0]["x-standoff"].update(hotkey="1"),
        "report: hotkey '1' of 'tells' is taken by 'who'",
    ),
    "hotkey of a label and a value": (
        lambda s: layer("report", "properties", "attributes", "properties", "manner", "oneOf")(s)[0].update(
            {"x-standoff": {"hotkey": "1"}}
        ),
        "report: hotkey '1' of 'quoted' is taken by 'who'",
    ),
    "attributes on a relation layer": (
        lambda s: layer("link", "properties")(s).update(attributes=layer("naming", "properties", "attributes")(s)),
        "link: a relation layer has no attributes (Label Studio cannot keep them)",
    ),
    "attributes on a document layer": (
        lambda s: layer("register", "properties")(s).update(attributes=layer("naming", "properties", "attributes")(s)),
        "register: a document layer has no attributes (Label Studio cannot keep them)",
    ),
    "roles on a document layer": (
        lambda s: layer("register", "properties")(s).update(refs=layer("link", "properties", "refs")(s)),
        "register: a document layer has no roles",
    ),
    "note on a relation layer": (
        lambda s: layer("link", "properties")(s).update(note={"$ref": "#/$defs/note"}),
        "link: a relation layer has no note (Label Studio cannot keep it)",
    ),
    "relation with one role": (
        lambda s: layer("link", "properties", "refs", "properties")(s).pop("second"),
        "link: a relation layer has exactly two roles, each to one annotation (minItems 1, maxItems 1)",
    ),
    "relation to many": (
        lambda s: layer("link", "properties", "refs", "properties", "second")(s).update(maxItems=2),
        "link: a relation layer has exactly two roles, each to one annotation (minItems 1, maxItems 1)",
    ),
    "missing value that is none": (
        lambda s: layer("point", "properties", "attributes", "properties", "firmness", "x-standoff")(s).update(
            missing=["opn"]
        ),
        "point.firmness: 'opn' is missing from its scale, but no value of it [did you mean 'open'?]",
    ),
    "unknown kind of layer": (
        lambda s: layer("point", "x-standoff")(s).update(kind="spam"),
        "$['$defs'].point['x-standoff'].kind: 'spam' is not one of ['span', 'relation', 'document', 'registry']",
    ),
    "role to nothing": (
        lambda s: layer("report", "properties", "refs", "properties", "said")(s).pop("x-standoff"),
        "report.said: x-standoff.layers is missing; expected layers, or ['entity']",
    ),
    "role to no layer": (
        lambda s: layer("report", "properties", "refs", "properties", "said", "x-standoff")(s).update(layers=["poin"]),
        "report.said: 'poin' is no span layer [did you mean 'point'?]",
    ),
    "role to a relation layer": (
        lambda s: layer("report", "properties", "refs", "properties", "said", "x-standoff")(s).update(layers=["link"]),
        "report.said: 'link' is no span layer",
    ),
    "role to entities and a layer": (
        lambda s: layer("naming", "properties", "refs", "properties", "referent", "x-standoff")(s).update(
            layers=["entity", "point"]
        ),
        "naming.referent: a role to 'entity' points to nothing else, and to one (maxItems 1)",
    ),
    "label that joins fragments": (
        lambda s: layer("link", "properties", "label", "oneOf")(s)[0].update(const="fragment"),
        "link: label 'fragment' is a reserved name",
    ),
    "relation label of two layers": (
        lambda s: layer("tie", "properties", "label", "oneOf")(s).append({"const": "echoes"}),
        "tie: label 'echoes' also names a link of link; expected another name",
    ),
    "colour by name": (
        lambda s: layer("point", "properties", "label", "oneOf")(s)[0]["x-standoff"].update(color="red"),
        "point: color 'red' of 'happening'; expected #rrggbb, such as '#15803d'",
    ),
    "colour of three digits": (
        lambda s: layer("point", "properties", "attributes", "properties", "denial", "oneOf")(s)[0].update(
            {"x-standoff": {"color": "#abc"}}
        ),
        "point: color '#abc' of 'denied'; expected #rrggbb",
    ),
    "more fragments at least than at most": (
        lambda s: layer("naming", "properties", "spans")(s).update(minItems=2, maxItems=1),
        "naming: spans has minItems 2 above maxItems 1; expected no more than that",
    ),
    "no fragment at all": (
        lambda s: layer("naming", "properties", "spans")(s).update(minItems=0, maxItems=0),
        "naming: spans has maxItems 0, but each annotation has a place; expected 1 or more, or none",
    ),
    "more targets at least than at most": (
        lambda s: layer("report", "properties", "refs", "properties", "said")(s).update(minItems=3, maxItems=2),
        "report: role 'said' has minItems 3 above maxItems 2; expected no more than that",
    ),
    "interval without scores": (
        lambda s: layer("point", "properties", "attributes", "properties", "firmness", "x-standoff")(s).update(
            scale="interval"
        ),
        "point.firmness: 'firm' has no score, by which the interval scale counts; expected one, or the value among its",
    ),
    "layer that no set may have": (
        lambda s: s["properties"]["annotations"]["items"]["properties"]["layer"]["enum"].remove("tie"),
        "tie: is not in $.properties.annotations.items.properties.layer.enum, so that no set may have it; expected",
    ),
    "role to entities without a registry": (
        lambda s: s["$defs"].pop("entity") and s["properties"].pop("entities"),
        "naming.referent: points to 'entity', of which there is no registry; expected $defs.entity with",
    ),
    "unknown key of the vocabulary": (
        lambda s: s["x-standoff"].update(constraint=[]),
        "$['x-standoff']: key 'constraint' is unknown [did you mean 'constraints'?]; expected one of constraints, ",
    ),
    "role named as a relation label": (
        lambda s: layer("link", "properties", "label", "oneOf")(s).append({"const": "said"}),
        "report: role 'said' is also a label of link; expected another name",
    ),
}


@pytest.mark.parametrize("name", LAYER_PROBLEMS)
def test_a_layer_that_cannot_be_worked_by_is_refused(name: str) -> None:
    change, expected = LAYER_PROBLEMS[name]

    assert any(problem.startswith(expected) for problem in problems(changed(ANNOTATION, change)))


CONSTRAINT_PROBLEMS: tuple[tuple[dict[str, Any], str], ...] = (
    (
        {"kind": "acyclical", "layer": "report"},
        "constraint 0 (acyclical): is no kind of constraint [did you mean 'acyclic'?]; expected one of ",
    ),
    ({"kind": "acyclic", "layer": "report"}, "constraint 0 (acyclic): role is missing"),
    (
        {"kind": "acyclic", "layer": "report", "role": "within", "labels": ["tells"]},
        "constraint 0 (acyclic): labels is no parameter of it",
    ),
    (
        {"kind": "acyclic", "layer": "reports", "role": "within"},
        "constraint 0 (acyclic): 'reports' is no layer [did you mean 'report'?]",
    ),
    (
        {"kind": "acyclic", "layer": "report", "role": "withn"},
        "constraint 0 (acyclic): 'withn' is no role of report [did you mean 'within'?]",
    ),
    (
        {"kind": "symmetric", "layer": "link", "labels": ["echos"], "roles": ["first", "second"]},
        "constraint 0 (symmetric): 'echos' is no label of link [did you mean 'echoes'?]",
    ),
    (
        {"kind": "symmetric", "layer": "link", "labels": ["echoes"], "roles": ["first"]},
        "constraint 0 (symmetric): expected two roles",
    ),
    (
        {
            "kind": "attribute_label",
            "layer": "point",
            "labels": ["wish"],
            "attribute": "firmnes",
            "values": ["open"],
            "implies": "both",
        },
        "constraint 0 (attribute_label): 'firmnes' is no attribute of point",
    ),
    (
        {
            "kind": "attribute_label",
            "layer": "point",
            "labels": ["wish"],
            "attribute": "firmness",
            "values": ["opn"],
            "implies": "both",
        },
        "constraint 0 (attribute_label): 'opn' is no value of firmness [did you mean 'open'?]",
    ),
    (
        {"kind": "contains", "layer": "point", "labels": ["amount"], "inner": "namin", "inner_labels": ["number"]},
        "constraint 0 (contains): 'namin' is no layer [did you mean 'naming'?]",
    ),
    (
        {"kind": "contains", "layer": "point", "labels": ["amount"], "inner": "naming", "inner_labels": ["numbers"]},
        "constraint 0 (contains): 'numbers' is no label of naming",
    ),
    (
        {"kind": "count", "layer": "naming", "of": "referent", "labels": ["who"]},
        "constraint 0 (count): min or max is missing",
    ),
    (
        {"kind": "entity_type", "layer": "opinion", "role": "voice"},
        "constraint 0 (entity_type): role 'voice' does not point to 'entity'",
    ),
    (
        {"kind": "unique", "layer": "opinion", "by": ["spans", "voices"]},
        "constraint 0 (unique): 'voices' is no role of opinion [did you mean 'voice'?]",
    ),
    (
        {"kind": "nesting", "layer": "naming", "forbid": ["cross"], "same": "referents"},
        "constraint 0 (nesting): 'referents' is no role of naming [did you mean 'referent'?]",
    ),
    (
        {"kind": "nesting", "layer": "naming", "forbid": ["crosses"]},
        "x-standoff.constraints[0].forbid[0]: Invalid enum value 'crosses', got \"crosses\"; expected one of contain, ",
    ),
    (
        {"kind": "nesting", "layer": "naming", "forbid": ["cross"], "colour": "red"},
        "x-standoff.constraints[0]: Object contains unknown field `colour`",
    ),
    (
        {"kind": "acyclic", "layer": "report", "role": "within", "severity": "fatal"},
        "x-standoff.constraints[0].severity: Invalid enum value 'fatal', got \"fatal\"; expected one of error, warning",
    ),
    (
        {"kind": "count", "layer": "naming", "of": "referent", "labels": ["who"], "min": 2, "max": 1},
        "constraint 0 (count): min 2 is above max 1, so that no number fits",
    ),
    (
        {"kind": "length", "layer": "naming", "max": 0},
        "constraint 0 (length): max is 0, but no span is so short; expected 1 or more",
    ),
    (
        {"kind": "length", "layer": "link", "max": 5},
        "constraint 0 (length): link is a relation layer, which has no spans to measure; expected a span layer",
    ),
    (
        {"kind": "conflict", "layer": "opinion", "labels": ["likes", "likes"], "same": ["voice", "object"]},
        "constraint 0 (conflict): labels are ['likes', 'likes']; expected two or more",
    ),
    (
        {"kind": "acyclic", "layer": "report", "role": "said"},
        "constraint 0 (acyclic): role 'said' points to point, never to report itself, so that there is no way round;",
    ),
)


@pytest.mark.parametrize(("fields", "expected"), CONSTRAINT_PROBLEMS, ids=[e for _, e in CONSTRAINT_PROBLEMS])
def test_a_constraint_that_says_nothing_is_refused(fields: dict[str, Any], expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems(constraint(**fields)))


@pytest.mark.parametrize("kind", [kind for kind, (required, _) in CONSTRAINTS.items() if required])
def test_a_kind_of_constraint_without_its_parameters_is_refused(kind: str) -> None:
    required, _ = CONSTRAINTS[kind]

    found = problems(constraint(kind=kind, layer="naming"))

    assert {f"constraint 0 ({kind}): {parameter} is missing" for parameter in required} <= set(found)


def test_a_zero_or_false_parameter_counts_as_given() -> None:
    found = parse(constraint(kind="count", layer="naming", of="referent", labels=["number"], max=0))

    assert found.constraints == (Constraint("count", "naming", of="referent", labels=("number",), max=0),)


VIEW_PROBLEMS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": "naming", "kind": "bio", "layer": "naming"}, "view 'naming': its name is taken"),
    ({"name": "text", "kind": "bio", "layer": "naming"}, "view 'text': its name is taken"),
    ({"name": "sentences", "kind": "bio", "layer": "naming"}, "view 'sentences': its name is taken"),
    ({"name": "A b", "kind": "bio", "layer": "naming"}, "view 'A b': does not match"),
    (
        {"name": "tags", "kind": "boi", "layer": "naming"},
        "view 'tags': 'boi' is no kind of view [did you mean 'bio'?]; expected one of bio, sentences, pairs, ",
    ),
    ({"name": "tags", "kind": "bio", "layer": "nmaing"}, "view 'tags': 'nmaing' is no layer [did you mean 'naming'?]"),
    ({"name": "tags", "kind": "bio", "layer": "link"}, "view 'tags': 'link' is a relation layer, which 'bio' is not"),
    ({"name": "p", "kind": "pairs", "layer": "point"}, "view 'p': 'point' is a span layer, which 'pairs' is not"),
    ({"name": "p", "kind": "bio", "layer": "register"}, "view 'p': 'register' is a document layer, which 'bio' is not"),
    ({"name": "w", "kind": "innermost_role", "layer": "point"}, "view 'w': role is missing"),
    (
        {
            "name": "w",
            "kind": "innermost_role",
            "layer": "point",
            "via": "report",
            "role": "sad",
            "take": "speaker",
            "through": "within",
        },
        "view 'w': 'sad' is no role of report",
    ),
)


@pytest.mark.parametrize(("fields", "expected"), VIEW_PROBLEMS, ids=[expected for _, expected in VIEW_PROBLEMS])
def test_a_view_of_nothing_is_refused(fields: dict[str, Any], expected: str) -> None:
    assert any(problem.startswith(expected) for problem in problems(view(**fields)))


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ({"view": []}, "$: key 'view' is unknown [did you mean 'views'?]; expected one of views"),
        ({"views": {}}, "$.views: {} is not of type 'array'"),
        ({"views": [{"name": "x", "kind": "bio"}]}, "views[0]: Object missing required field `layer`, got {"),
    ],
)
def test_a_file_of_views_that_says_something_else_is_refused(views: dict[str, Any], expected: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse({**TINY, VIEWS_FILE: json.dumps(views)})

    assert caught.value.place == "schema/views.json"
    assert caught.value.problems[0].startswith(expected)


CONFLICT = "<<<<<<< HEAD\nOurs.\n=======\nTheirs.\n>>>>>>> theirs\n"


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_conflict_that_git_left_is_refused_with_its_line(name: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse({**TINY, name: TINY[name].replace("\n", "\n" + CONFLICT, 1)})

    assert caught.value.place == f"schema/{name}"
    assert "git conflict, line 2: '<<<<<<< HEAD'; expected one version of it" in str(caught.value)


@pytest.mark.parametrize("left", ["=======\nTheirs.\n>>>>>>> theirs\n", "<<<<<<< HEAD\r\nOurs.\r\n"])
def test_half_a_conflict_is_one(left: str) -> None:
    with pytest.raises(SchemaError, match=r"CODEBOOK\.md: git conflict, line "):
        parse({**TINY, "CODEBOOK.md": left + TINY["CODEBOOK.md"]})


def test_a_heading_that_is_underlined_is_no_conflict() -> None:
    assert parse({**TINY, "CODEBOOK.md": f"Book\n=======\n\n{TINY['CODEBOOK.md']}"}).sections


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_byte_order_mark_is_refused(name: str) -> None:
    with pytest.raises(SchemaError, match=rf"^schema/{name}: begins with a byte order mark") as caught:
        parse({**TINY, name: "\ufeff" + TINY[name]})

    assert len(caught.value.problems) == 1


def test_two_views_of_one_name_are_refused() -> None:
    def twice(views: Any) -> None:
        views["views"].append(views["views"][0])

    assert problems(changed(VIEWS_FILE, twice)) == ("view 'naming_tags': its name is taken",)


def places(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    steps = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [path] * bool(path) + [place for step, inner in steps for place in places(inner, (*path, step))]


@given(st.data())
def test_a_malformed_schema_is_refused_and_never_a_crash(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([ANNOTATION, DOCUMENT, VIEWS_FILE]))
    value = json.loads(TINY[name])
    *way, last = data.draw(st.sampled_from(places(value)))
    node = value
    for step in way:
        node = node[step]
    junk = st.sampled_from([None, True, 0, -1, 1.5, "", "x", [], [None], ["x"], [{}], {}, {"x": None}])
    if data.draw(st.booleans()):
        node[last] = data.draw(junk)
    else:
        del node[last]

    try:
        scheme = parse({**TINY, name: json.dumps(value)})
    except SchemaError as error:
        assert error.problems
    else:
        assert isinstance(scheme, Scheme)
