from __future__ import annotations

import pytest

from standoff.model import Corpus
from standoff.scheme import CONSTRAINTS, NAME, RESERVED, TABLES, VIEWS, Constraint


def test_the_tiny_scheme_has_every_feature(tiny: Corpus) -> None:
    scheme = tiny.scheme
    spans = [found for found in scheme.layers if found.kind == "span"]

    assert {found.kind for found in scheme.layers} == {"span", "relation", "document"}
    assert {found.kind for found in scheme.constraints} == set(CONSTRAINTS)
    assert {found.kind for found in scheme.views} == set(VIEWS)
    assert {found.severity for found in scheme.constraints} == {"error", "warning"}
    assert {found.max_fragments for found in spans} == {1, 3, None}
    assert {attribute.required for found in spans for attribute in found.attributes} == {True, False}
    assert {attribute.scale for found in spans for attribute in found.attributes} == {"nominal", "ordinal"}
    assert any(role.layers == (found.name,) for found in spans for role in found.roles)
    assert any(len(role.layers) > 1 for found in spans for role in found.roles)
    assert any(not value.name.isascii() for found in spans for value in found.labels)
    assert scheme.dropped_kinds == ("banner", "advert", "tag")
    assert scheme.inline_kinds == ("tag",)


def test_a_layer_is_read_with_all_that_the_schema_says_of_it(tiny: Corpus) -> None:
    found = tiny.scheme.layer("opinion")

    assert found is not None
    assert (found.title, found.kind, found.max_fragments) == ("Opinion", "span", 3)
    assert found.label_names == ("likes", "torn", "dislikes", "unsure")
    assert [(label.hotkey, label.color, label.score) for label in found.labels] == [
        ("z", "#15803d", 1),
        ("x", "#b45309", 0),
        ("c", "#b91c1c", -1),
        (None, "#6b7280", None),
    ]
    assert [(r.name, r.layers, r.min, r.max) for r in found.roles] == [
        ("voice", ("naming",), 0, 1),
        ("object", ("naming", "point"), 1, 1),
    ]


def test_an_attribute_is_read_with_its_scale_and_what_is_missing_from_it(tiny: Corpus) -> None:
    point = tiny.scheme.layer("point")
    assert point is not None
    firmness, denial = point.attributes

    assert (firmness.name, firmness.scale, firmness.missing, firmness.required) == (
        "firmness",
        "ordinal",
        ("open",),
        True,
    )
    assert (denial.name, denial.scale, denial.missing, denial.required) == ("denial", "nominal", (), False)
    assert point.attribute("firmness") is firmness
    assert point.attribute("colour") is None
    assert point.role("colour") is None
    assert tiny.scheme.layer("colour") is None


def test_a_role_to_entities_points_to_the_registry(tiny: Corpus) -> None:
    naming, opinion = tiny.scheme.layer("naming"), tiny.scheme.layer("opinion")
    assert naming is not None and opinion is not None

    assert [role.registry for role in naming.roles] == [True]
    assert [role.registry for role in opinion.roles] == [False, False]


def test_the_codebook_has_the_headings_that_the_scheme_asks_for(tiny: Corpus, statecloud: Corpus) -> None:
    assert set(tiny.scheme.headings()) == set(tiny.scheme.sections)
    assert set(statecloud.scheme.headings()) <= set(statecloud.scheme.sections)
    assert "report: trust=doubts" in tiny.scheme.sections
    assert "report: within (role)" in tiny.scheme.sections
    assert "naming: café" in tiny.scheme.sections


@pytest.mark.parametrize("name", ["a", "claim_relation", "layer2", "on", "a" * 32])
def test_a_name_of_small_letters_digits_and_underscores_is_one(name: str) -> None:
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "2nd", "_a", "a-b", "a b", "é", "a\n", "a" * 33])
def test_any_other_name_is_none(name: str) -> None:
    assert not NAME.fullmatch(name)


def test_every_parameter_of_every_kind_of_constraint_is_a_field() -> None:
    parameters = {p for required, optional in CONSTRAINTS.values() for p in required | optional}

    assert parameters == set(Constraint.__struct_fields__) - {"kind", "layer", "severity"}


def test_every_reserved_name_could_otherwise_be_given() -> None:
    assert all(NAME.fullmatch(name) for name in RESERVED | TABLES)
