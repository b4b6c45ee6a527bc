"""Gold is derived from sets, decisions and policy: every item traceable, nothing asked twice, nothing lost."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from disputes import DOCUMENT, PLANTED, all_decided, changed, decide, dropped, planted, with_decisions, with_set
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from strategies import annotation_sets

from standoff import files
from standoff.adjudicate import Adjudication, OpenItem, adopt, derive, entity_sha256, faults, soft_labels
from standoff.canon import canonical_decisions, canonical_set, content_digest
from standoff.cli import main
from standoff.errors import RecordError, UsageError
from standoff.labelstudio.adjudicating import ApplyReport, taken
from standoff.labelstudio.dispute import cases, to_dispute
from standoff.model import (
    Annotation,
    Corpus,
    Decision,
    Decisions,
    Entity,
    EntityDecision,
    MergeRule,
    Policy,
    Span,
)
from standoff.tables import from_tables, to_tables
from standoff.validate import validate


def ids(found: Adjudication) -> dict[str, tuple[str, ...]]:
    """What is open: a1's id -> what is disputed."""
    return {item.item[0].partition("#")[2]: item.kinds for item in found.open}


def bytes_of(corpus: Corpus, found: Adjudication) -> dict[str, str]:
    return {id: canonical_set(marked, corpus.scheme) for id, marked in found.gold.items()}


def gold(found: Adjudication) -> dict[str, Annotation]:
    return {a.id: a for a in found.gold[DOCUMENT].annotations}


def item(corpus: Corpus, id: str) -> OpenItem:
    return next(one for one in derive(corpus).open if one.item[0] == f"a1/{DOCUMENT}#{id}")


@pytest.fixture(scope="module")
def three(tiny: Corpus) -> Corpus:
    return planted(tiny)


def test_gold_of_the_real_corpus_is_derived_byte_for_byte(statecloud: Corpus) -> None:
    found = derive(statecloud)

    assert found.gold == statecloud.gold
    assert found.entities == statecloud.entities


def test_gold_by_one_name_is_the_annotators_sets_with_their_addresses(statecloud: Corpus, tiny: Corpus) -> None:
    for corpus, annotator in ((statecloud, "pilot"), (tiny, "a1")):
        found, entities = adopt(corpus, annotator)

        assert entities.keys() >= corpus.entities.keys()
        for document, marked in found.items():
            assert all(a.derived_from == (f"{annotator}/{document}#{a.id}",) for a in marked.annotations)
            bare = tuple(structs.replace(a, derived_from=()) for a in marked.annotations)
            assert bare == corpus.sets[annotator, document].annotations
    assert adopt(tiny, "a1") == (tiny.gold, tiny.entities)


def test_exactly_the_planted_disagreements_are_open(three: Corpus) -> None:
    found = derive(three)

    assert ids(found) == PLANTED
    assert not found.complete
    assert found.open_entities == ()


def test_what_is_agreed_is_gold_from_all_three_and_waits_for_what_it_points_to(three: Corpus) -> None:
    found = gold(derive(three))

    assert found["n1"].derived_from == ("a1/en_fair#n1", "a2/en_fair#b-n1", "a3/en_fair#c_1n")
    assert "p2" in found
    # It is about n9, of which is undecided what it is.
    assert "p3" not in found
    assert not found.keys() & PLANTED.keys()


def test_after_decisions_gold_is_complete_and_every_item_traceable(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    found = derive(decided)

    assert found.complete
    assert found.stale == {}
    made = gold(found)
    assert made.keys() == {a.id for a in three.sets["a1", DOCUMENT].annotations} - {"register:playful"}
    known = {marked.address(a.id) for marked in three.sets.values() for a in marked.annotations}
    known |= {f"decision/en_fair#{one.id}" for one in decided.decisions[DOCUMENT].decisions}
    assert all(a.derived_from and known.issuperset(a.derived_from) for a in made.values())
    assert made["n11"].derived_from == ("a1/en_fair#n11", "decision/en_fair#on-n11")
    assert made["n2"].derived_from == (
        "a1/en_fair#n2",
        "a2/en_fair#b-n2",
        "a3/en_fair#c_2n",
        "decision/en_fair#on-n2",
    )
    assert (made["n2"].spans[0].quote, made["n2"].attributes) == ("the Quill Café", {"shape": "common"})
    assert made["p1"].refs == {"topic": ("n2",)}


def test_what_gold_is_made_from_is_found_by_validation(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    for corpus in (decided, structs.replace(three, policy=by("majority"))):
        found = validate(structs.replace(corpus, gold=derive(corpus).gold))
        assert [f for f in found if f.rule.startswith(("derivation", "gold"))] == []

    broken = structs.replace(decided, gold=derive(decided).gold, decisions={})
    (message,) = {f.message for f in validate(broken) if f.rule == "derivation-resolves" and f.id == "n11"}
    assert message == "'decision/en_fair#on-n11', which 'The café' is made from, names no decision"


def test_the_order_of_annotators_and_decisions_is_of_no_consequence(three: Corpus) -> None:
    decisions = all_decided(three)
    expected = bytes_of(three, derive(with_decisions(three, *decisions)))

    for n, order in enumerate(permutations(three.sets)):
        shuffled = structs.replace(three, sets={key: three.sets[key] for key in order})
        turned = decisions[n:] + decisions[:n]
        assert bytes_of(three, derive(with_decisions(shuffled, *turned[::-1]))) == expected


def test_deciding_one_after_the_other_in_any_order_ends_in_the_same_gold(three: Corpus) -> None:
    decisions = all_decided(three)
    expected = bytes_of(three, derive(with_decisions(three, *decisions)))
    for order in (decisions, decisions[::-1]):
        left = len(PLANTED)
        for n in range(1, len(order) + 1):
            found = derive(with_decisions(three, *order[:n]))
            left -= 1
            assert len(found.open) == left
        assert bytes_of(three, found) == expected


def test_one_changed_span_reopens_one_item(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    text = three.documents[DOCUMENT].text
    moved = changed(
        three,
        three.sets["a2", DOCUMENT],
        **{"b-n11": lambda a: structs.replace(a, spans=(Span(228, 232, text[228:232]),))},
    )
    found = derive(with_set(decided, moved))

    assert ids(found) == {"n11": ("boundary", "label")}
    assert list(found.stale) == ["decision/en_fair#on-n11"]
    assert found.stale["decision/en_fair#on-n11"].startswith("what is said of the item has changed: it is ")


def test_one_changed_span_of_what_was_agreed_opens_one_item(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    text = three.documents[DOCUMENT].text
    moved = changed(
        three, three.sets["a3", DOCUMENT], c_1n=lambda a: structs.replace(a, spans=(Span(28, 31, text[28:31]),))
    )
    found = derive(with_set(decided, moved))

    assert ids(found) == {"n1": ("boundary",)}
    assert found.stale == {}


def test_a_note_opens_nothing(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    noted = changed(three, three.sets["a2", DOCUMENT], **{"b-n11": lambda a: structs.replace(a, note="Sure?")})

    assert derive(with_set(decided, noted)).complete


def test_a_decision_that_holds_no_more_is_not_told_of_once_there_is_a_new_one(three: Corpus) -> None:
    old = decide(item(three, "n11"), id="old", sha256="0" * 64)
    assert list(derive(with_decisions(three, old)).stale) == ["decision/en_fair#old"]

    assert derive(with_decisions(three, old, decide(item(three, "n11")))).stale == {}


def test_what_is_rejected_is_gone_from_every_role_and_takes_its_relations_along(three: Corpus) -> None:
    others = [one for one in all_decided(three) if one.id not in ("on-n9", "on-p6", "on-explains-p5-p6")]
    found = derive(
        with_decisions(
            three,
            *others,
            decide(item(three, "n9"), outcome="rejected"),
            decide(item(three, "p6"), outcome="rejected"),
        )
    )

    made = gold(found)
    assert made["p3"].refs == {}
    assert "explains:p5:p6" not in made
    # An opinion has an object: what all say of these is now to be decided.
    assert ids(found) == {"o1": ("role",), "o3": ("role",)}


def test_ids_of_gold_do_not_depend_on_other_items(three: Corpus) -> None:
    without = with_set(three, dropped(three.sets["a1", DOCUMENT], "n11", "p5", "explains:p4:p5", "explains:p5:p6"))
    decided = {
        one.quote: decide(one, id=f"d{n}")
        for n, one in enumerate(derive(without).open)
        if one.item[0].startswith("a2/") and one.layer in ("naming", "point")
    }
    assert set(decided) == {"The café", "The café never sold out"}

    both = gold(derive(with_decisions(without, *decided.values())))
    alone = gold(derive(with_decisions(without, decided["The café"])))
    (id,) = (a.id for a in alone.values() if a.spans and a.spans[0].quote == "The café")
    assert id.startswith("b-n11-")
    assert id in both


def by(rule: str, annotator: str = "", **more: Any) -> Policy:
    return Policy(default=MergeRule(rule, annotator), **more)  # type: ignore[arg-type]


def test_a_majority_settles_what_more_than_half_say_and_is_recorded(three: Corpus) -> None:
    found = derive(structs.replace(three, policy=by("majority")))

    assert ids(found) == {}
    made = gold(found)
    assert (made["n11"].label, made["n11"].derived_from) == (
        "café",
        ("a1/en_fair#n11", "a2/en_fair#b-n11", "policy/en_fair#majority"),
    )
    assert made["n1"].derived_from == ("a1/en_fair#n1", "a2/en_fair#b-n1", "a3/en_fair#c_1n")
    assert made["n4"].derived_from[-1] == "policy/en_fair#majority"


def test_a_majority_of_two_is_both(three: Corpus) -> None:
    two = structs.replace(three, sets={key: s for key, s in three.sets.items() if key[0] != "a1"})

    assert len(derive(structs.replace(two, policy=by("majority"))).open) == len(PLANTED)


def test_a_named_annotator_settles_everything_alone(three: Corpus) -> None:
    found = derive(structs.replace(three, policy=by("annotator", "a3")))

    assert found.complete
    made = gold(found)
    assert len(made) == len(three.sets["a3", DOCUMENT].annotations)
    # Ids are the first annotator's, whoever is followed.
    assert (made["n11"].label, made["n11"].derived_from) == ("where", ("a3/en_fair#c_11n",))
    assert "n4" not in made


def test_layers_have_their_own_rules_and_decisions_count_before_all(three: Corpus) -> None:
    rules = {"naming": MergeRule("majority"), "link": MergeRule("annotator", "a3")}
    found = derive(structs.replace(three, policy=Policy(layers=rules)))
    assert list(ids(found)) == ["r4", "p6", "register:playful"]

    choice = decide(item(three, "n11"), chosen="a3/en_fair#c_11n")
    found = derive(structs.replace(with_decisions(three, choice), policy=Policy(layers=rules)))
    assert gold(found)["n11"].label == "where"


def test_only_those_whom_the_policy_names_count_and_ids_are_the_first_ones(three: Corpus) -> None:
    found = derive(structs.replace(three, policy=Policy(annotators=("a2", "a1"))))

    assert {one.item[0] for one in found.open} == {f"a1/en_fair#{id}" for id in ("n2", "n9", "p6")}
    assert gold(found)["b-n1"].derived_from == ("a1/en_fair#n1", "a2/en_fair#b-n1")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            by("annotator", "a4"),
            "policy.json default.annotator: 'a4' is no annotator of annotations/annotators.json; expected",
        ),
        (by("annotator"), "policy.json default.annotator: annotator is '' of rule 'annotator'; expected the annotator"),
        (by("majority", "a1"), "policy.json default.annotator: annotator is 'a1' of rule 'majority'; expected none"),
        (Policy(layers={"namin": MergeRule()}), r"layers.namin: 'namin' is no layer; .* \[did you mean 'naming'\?\]"),
        (Policy(annotators=("a1", "a1")), r"annotators\[1\]: annotator 'a1' stands twice"),
        (by("annotator", "a3", annotators=("a1",)), "annotator 'a3' is none of 'a1', whose sets become gold"),
        (Policy(reasons=()), "reasons: no reason is given"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(three: Corpus, policy: Policy, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        derive(structs.replace(three, policy=policy))


CAFE = Annotation(
    "", "naming", "café", (Span(224, 232, "The café"),), {"referent": ("quill_cafe",)}, {"shape": "common"}
)


def edited(**what: Any) -> dict[str, Any]:
    return {"outcome": "edited", "annotation": structs.replace(CAFE, **what)}


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"reason": "slipp"}, r"#on-n11 reason: reason 'slipp'; expected one of .*'other' \[did you mean 'slip'\?\]"),
        ({"decided_by": "juge"}, r"#on-n11 decided_by: 'juge' is no annotator .*\[did you mean 'judge'\?\]"),
        ({"date": "May 2024"}, "#on-n11 date: date 'May 2024'; expected YYYY-MM-DD"),
        ({"id": "a b"}, "id: id 'a b' does not match"),
        (
            {"sha256": ""},
            "sha256: sha256 ''; expected the item's, as standoff adjudicate status --format json shows it",
        ),
        (
            {"chosen": "a1/en_fair#n1"},
            r"chosen: chosen 'a1/en_fair#n1' is none of the item's; expected one of 'a1/en_f",
        ),
        (
            {"outcome": "rejected", "chosen": "a1/en_fair#n11"},
            "chosen: .* with outcome 'rejected'; expected it with 'cho",
        ),
        ({"outcome": "edited"}, "annotation: no annotation with outcome 'edited'; expected what becomes gold, in full"),
        ({"annotation": CAFE}, "annotation: an annotation with outcome 'chosen'; expected none"),
        (
            {"item": ("a1/en_fair#n2", "a1/en_fair#n11")},
            r"item: item \['a1/en_fair#n2', .*; expected \['a1/en_fair#n11'",
        ),
        ({"item": ("a1/fr_marche#n1",), "chosen": "a1/fr_marche#n1"}, r"item\[0\]: .*; expected annotator/en_fair#id"),
        ({"item": ("n11",), "chosen": "n11"}, r"item\[0\]: 'n11'; expected annotator/en_fair#id"),
        (edited(id="n11"), r"annotation.id: id 'n11'; expected '' or none: gold takes the item's"),
        (edited(layer="namin"), r"annotation.layer: layer 'namin'; expected one of .* \[did you mean 'naming'\?\]"),
        (edited(label="cafe"), r"annotation.label: label 'cafe'; expected one of .* \[did you mean 'café'\?\]"),
        (
            edited(spans=(Span(224, 233, "The café"),)),
            r"annotation.spans\[0\]: quotes 'The café' but \[224:233\] is 'The",
        ),
        (edited(spans=()), "annotation.spans: 0 spans; expected 1"),
        (
            edited(attributes={}),
            "annotation.attributes.shape: no 'shape'; expected one of 'proper', 'common', 'pronoun'",
        ),
        (edited(attributes={"shape": "comon"}), r"attributes.shape: shape 'comon'; .* \[did you mean 'common'\?\]"),
        (edited(attributes={"shape": "common", "x": "y"}), "attributes.x: attribute 'x'; expected one of 'shape'"),
        (edited(refs={"referend": ()}), r"annotation.refs.referend: role 'referend'; .* \[did you mean 'referent'\?\]"),
        (edited(refs={"referent": ("jam", "ada")}), "annotation.refs.referent: 2 in 'referent'; expected 0 to 1"),
        (
            edited(refs={"referent": ("jamm",)}),
            r"refs.referent\[0\]: 'jamm' is not in the registry \[did you mean 'jam'",
        ),
    ],
)
def test_a_decision_that_cannot_be_followed_is_refused_with_its_place(
    three: Corpus, what: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        derive(with_decisions(three, decide(item(three, "n11"), **what)))
    assert str(caught.value).startswith("annotations/decisions/en_fair.json#")


def test_what_a_decision_points_to_is_an_address_of_the_right_layer(three: Corpus) -> None:
    base = next(a for a in three.sets["a1", DOCUMENT].annotations if a.id == "p6")
    for target, message in (
        ("n11", r"refs.topic\[0\]: 'n11' is no annotation of the document.*; expected its address"),
        ("a1/en_fair#n13", r"'a1/en_fair#n13' is no annotation of the document \[did you mean 'a1/en_fair#n3'\?\]"),
        ("a1/en_fair#p5", "'a1/en_fair#p5' is of layer 'point'; expected one of 'naming'"),
    ):
        full = structs.replace(base, id="", refs={"topic": (target,)})
        with pytest.raises(RecordError, match=message):
            derive(with_decisions(three, decide(item(three, "p6"), outcome="edited", annotation=full)))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            {"sha256": "0" * 64},
            "#add1 sha256: sha256 '0000.*' with outcome 'added'; expected none: nobody had marked it",
        ),
        ({"annotation": structs.replace(CAFE, id="x1")}, "#add1 annotation.id: id 'x1'; .*: gold takes the decision's"),
    ],
)
def test_what_an_added_one_cannot_have_is_refused(three: Corpus, what: dict[str, Any], message: str) -> None:
    signed = {"reason": "slip", "decided_by": "judge", "date": "2024-05-01"}
    one = Decision(**({"id": "add1", "outcome": "added", "annotation": CAFE} | signed | what))

    with pytest.raises(RecordError, match=message):
        derive(with_decisions(three, one))


@pytest.mark.parametrize("outcome", ["edited", "added"])
def test_what_is_written_by_hand_needs_no_empty_id(
    three: Corpus, tiny_root: Path, tmp_path: Path, outcome: Literal["edited", "added"]
) -> None:
    one = structs.replace(decide(item(three, "n11")), outcome=outcome, chosen="", annotation=CAFE)
    if outcome == "added":
        one = structs.replace(one, item=(), sha256="")
    corpus = with_decisions(three, one)
    write(tmp_path, corpus, tiny_root)
    path = tmp_path / "annotations" / "decisions" / "en_fair.json"
    canonical = path.read_text(encoding="utf-8")
    path.write_text(canonical.replace('"id": "", ', ""), encoding="utf-8")

    assert path.read_text(encoding="utf-8") != canonical
    assert files.read(tmp_path).decisions == corpus.decisions
    assert CliRunner().invoke(main, ["--root", str(tmp_path), "format"]).exit_code == 0
    assert path.read_text(encoding="utf-8") == canonical


def test_a_role_that_leads_to_nothing_is_told_of_with_its_place(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    marked = three.sets["a1", DOCUMENT]
    astray = tuple(
        structs.replace(one, refs={"topic": ("p99",)}) if one.id == "p6" else one for one in marked.annotations
    )
    corpus = with_set(three, structs.replace(marked, annotations=astray))
    write(tmp_path, corpus, tiny_root)
    place = "annotations/sets/a1/en_fair.json#p6 refs.topic: points to 'p99', which is no annotation of the set"

    assert run(tmp_path, code=2).startswith(place)
    # It is the set's fault, and no decision's.
    assert [one.rule for one in validate(corpus) if "p99" in one.message] == ["ref-resolves"]


def test_two_decisions_on_one_item_are_refused(three: Corpus) -> None:
    one = decide(item(three, "n11"))

    with pytest.raises(RecordError, match=r"en_fair.json#z: decides a1/en_fair#n11, .*, which 'on-n11' decides too"):
        derive(with_decisions(three, one, structs.replace(one, id="z")))


def test_what_nobody_marked_is_added_by_a_decision_and_pointed_to(three: Corpus) -> None:
    text = three.documents[DOCUMENT].text
    fair = Annotation("", "naming", "thing", (Span(89, 91, text[89:91]),), {"referent": ("jam",)}, {"shape": "common"})
    added = Decision(id="new1", outcome="added", annotation=fair, reason="other", decided_by="judge", date="2024-05-01")
    base = next(a for a in three.sets["a1", DOCUMENT].annotations if a.id == "p6")
    full = structs.replace(base, id="", refs={"topic": ("decision/en_fair#new1",)})
    about = decide(item(three, "p6"), outcome="edited", annotation=full)
    made = gold(derive(with_decisions(three, added, about)))

    assert made["new1"].derived_from == ("decision/en_fair#new1",)
    assert made["p6"].refs == {"topic": ("new1",)}


def entity(id: str = "jamtea", **what: Any) -> Entity:
    return Entity(**({"id": id, "type": "thing", "name": "jam and tea", "kb_status": "unchecked"} | what))


def naming(corpus: Corpus, who: str, new: Entity) -> Corpus:
    """The corpus in which an annotator takes `It` for a new entity."""
    marked = corpus.sets[who, DOCUMENT]
    mine = tuple(
        structs.replace(a, refs={"referent": (new.id,)})
        if a.spans and a.spans[0].start == 185 and a.layer == "naming"
        else a
        for a in marked.annotations
    )
    return with_set(corpus, structs.replace(marked, annotations=mine, entities=(new,)))


def on_entity(address: str, was: Entity, outcome: str, **what: Any) -> EntityDecision:
    fields = {"id": f"e-{address[:2]}", "outcome": outcome, "entity": address, "sha256": entity_sha256(was)}
    return EntityDecision(**(fields | {"reason": "other", "decided_by": "judge", "date": "2024-05-01"} | what))


def with_entities(corpus: Corpus, *decisions: EntityDecision) -> Corpus:
    old = corpus.decisions.get(DOCUMENT, Decisions(DOCUMENT))
    return structs.replace(corpus, decisions={DOCUMENT: structs.replace(old, entities=decisions)})


@pytest.fixture(scope="module")
def adding(three: Corpus) -> Corpus:
    """All three take `It` for something new: two give it one record, the third another id."""
    corpus = naming(naming(three, "a1", entity()), "a2", entity())
    return naming(corpus, "a3", entity("tea_jam", name="tea jam"))


def test_entities_that_only_some_added_are_open_and_block_what_refers_to_them(adding: Corpus) -> None:
    found = derive(adding)

    assert [one.entity for one in found.open_entities] == [
        "a1/en_fair#jamtea",
        "a2/en_fair#jamtea",
        "a3/en_fair#tea_jam",
    ]
    assert found.open_entities[0].why == "is new, and not everybody added an equal record"
    assert found.entities == adding.entities
    assert ids(found)["n9"] == ("link",)
    assert "n9" not in gold(found)


def test_entities_are_merged_as_was_decided(adding: Corpus) -> None:
    first = on_entity("a1/en_fair#jamtea", entity(), "new")
    second = on_entity("a2/en_fair#jamtea", entity(), "same", into="a1/en_fair#jamtea")
    third = on_entity("a3/en_fair#tea_jam", entity("tea_jam", name="tea jam"), "existing", into="jam")
    found = derive(with_entities(adding, first, second, third))

    assert found.open_entities == ()
    assert found.entities["jamtea"] == entity()
    assert "tea_jam" not in found.entities
    assert ids(found)["n9"] == ("link",)
    third = structs.replace(third, outcome="same", into="a2/en_fair#jamtea")
    found = derive(with_entities(adding, third, second, first))
    # Now that they are one, nothing is disputed of what refers to them.
    assert "n9" not in ids(found)
    assert gold(found)["n9"].refs == {"referent": ("jamtea",)}


def test_entities_are_merged_by_themselves_only_where_all_give_an_equal_record(adding: Corpus) -> None:
    equal = naming(adding, "a3", entity())
    found = derive(equal)

    assert found.open_entities == ()
    assert found.entities["jamtea"] == entity()
    taken = structs.replace(equal, entities=equal.entities | {"jamtea": entity(name="something else")})
    assert {one.why.partition(", but ")[2] for one in derive(taken).open_entities} == {
        '{"id": "jamtea", "kb_status": "unchecked", "name": "something else", "type": "thing"} in the registry'
    }
    # What was derived is a fixed point.
    again = structs.replace(equal, entities=found.entities, gold=found.gold)
    assert derive(again) == found


def test_what_the_registry_has_under_another_id_does_not_enter_it_again_by_itself(adding: Corpus) -> None:
    equal = naming(adding, "a3", entity())
    there = structs.replace(equal, entities=equal.entities | {"jam_tea": entity("jam_tea")})

    assert {one.why for one in derive(there).open_entities} == {"has type and name of 'jam_tea' in the registry"}


def test_whoever_looks_an_entity_up_later_reopens_nothing(adding: Corpus) -> None:
    decided = with_entities(
        naming(naming(naming(adding, "a1", entity()), "a2", entity()), "a3", entity()),
        on_entity("a1/en_fair#jamtea", entity(), "new"),
        structs.replace(on_entity("a2/en_fair#jamtea", entity(), "new"), id="e2"),
        structs.replace(on_entity("a3/en_fair#jamtea", entity(), "new"), id="e3"),
    )
    looked_up = structs.replace(entity(), aliases=("tea and jam",))
    found = derive(structs.replace(decided, entities=decided.entities | {"jamtea": looked_up}))

    assert found.open_entities == ()
    assert found.entities["jamtea"] == looked_up


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"outcome": "existing", "into": "jem"}, r"into: 'jem' is not in the registry; .* \[did you mean 'jam'\?\]"),
        ({"outcome": "existing"}, "into: into is '' of outcome 'existing'; expected what it is"),
        ({"outcome": "new", "into": "jam"}, "into: into is 'jam' of outcome 'new'; expected none"),
        ({"outcome": "rejected", "into": "jam"}, "into: into is 'jam' of outcome 'rejected'; expected none"),
        ({"outcome": "rejected", "record": entity()}, "record: a record stands with outcome 'rejected'"),
        ({"outcome": "same", "into": "a1/en_fair#jamtea"}, "into: 'a1/en_fair#jamtea' is no other entity"),
        ({"outcome": "new", "record": entity(type="thin")}, r"record.type: type 'thin'; .* \[did you mean 'thing'\?\]"),
        (
            {"outcome": "new", "record": entity("ada")},
            "record.id: takes 'jam and tea' into the registry as 'ada', which is",
        ),
        ({"outcome": "new", "reason": "why not"}, "reason: reason 'why not'; expected one of 'ambiguous text'"),
    ],
)
def test_a_decision_on_an_entity_that_cannot_be_followed_is_refused(
    adding: Corpus, what: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecordError, match=message):
        derive(with_entities(adding, on_entity("a1/en_fair#jamtea", entity(), **what)))


def test_decisions_that_go_in_a_circle_are_refused_and_found(adding: Corpus) -> None:
    circle = with_entities(
        adding,
        on_entity("a1/en_fair#jamtea", entity(), "same", into="a2/en_fair#jamtea"),
        on_entity("a2/en_fair#jamtea", entity(), "same", into="a1/en_fair#jamtea"),
    )
    message = (
        "goes in a circle: a1/en_fair#jamtea → a2/en_fair#jamtea → a1/en_fair#jamtea; expected one of them to be "
        "'existing', 'new' or 'rejected'"
    )

    with pytest.raises(RecordError) as caught:
        derive(circle)
    assert str(caught.value) == f"annotations/decisions/en_fair.json#e-a1 into: {message}"
    assert [
        (one.rule, one.file, one.id, one.field, one.message) for one in validate(circle) if "decision" in one.file
    ] == [("decision", "annotations/decisions/en_fair.json", "e-a1", "into", message)]


def test_a_decision_on_an_entity_that_changed_holds_no_more(adding: Corpus) -> None:
    late = on_entity("a1/en_fair#jamtea", entity(name="older"), "new")
    astray = structs.replace(late, id="e2", entity="a1/en_fair#jamte")
    found = derive(with_entities(adding, late, astray))

    assert found.stale == {
        "decision/en_fair#e-a1": "the record of 'a1/en_fair#jamtea' has changed since it was decided",
        "decision/en_fair#e2": "'a1/en_fair#jamte' is no entity that an annotator added in 'en_fair' "
        "[did you mean 'a1/en_fair#jamtea'?]",
    }


def test_one_id_for_two_entities_is_refused(tiny: Corpus) -> None:
    annotator, document = next(key for key, marked in tiny.sets.items() if marked.entities)
    new = tiny.sets[annotator, document].entities[0]
    other = structs.replace(tiny, entities=tiny.entities | {new.id: structs.replace(new, name="another")})

    with pytest.raises(RecordError, match=f"{annotator}/{document}#{new.id}: entity '{new.id}' is .* in the registry"):
        adopt(other, annotator)


def test_what_is_open_is_told_of_the_whole_and_not_of_its_parts(tiny: Corpus) -> None:
    annotator, document = next(key for key, marked in tiny.sets.items() if marked.entities)
    marked = tiny.sets[annotator, document]
    new = marked.entities[0]
    part = structs.replace(new, id="a-lid", name="a lid", part_of=(new.id,))
    clashing = tiny.entities | {new.id: structs.replace(new, name="another")}
    other = structs.replace(
        with_set(tiny, structs.replace(marked, entities=(part, *marked.entities))), entities=clashing
    )

    with pytest.raises(RecordError, match=f"^{annotator}/{document}#{new.id}: entity '{new.id}' is .* in the registry"):
        adopt(other, annotator)
    policy = by("annotator", annotator, annotators=(annotator,))
    why = {one.record.id: one.why for one in derive(structs.replace(other, policy=policy)).open_entities}
    assert why["a-lid"] == f"is part of {new.id!r}, of which is undecided what it is"


def test_the_annotators_new_entities_enter_the_registry(tiny: Corpus) -> None:
    annotator, document = next(key for key, marked in tiny.sets.items() if marked.entities)
    new = tiny.sets[annotator, document].entities[0]
    without = structs.replace(tiny, entities={k: e for k, e in tiny.entities.items() if k != new.id})

    _, entities = adopt(without, annotator)

    assert entities[new.id] == new
    assert list(entities) == sorted(entities)


def test_an_annotator_without_sets_is_refused(statecloud: Corpus) -> None:
    with pytest.raises(UsageError, match=r"annotator 'pilto' has no sets \[did you mean 'pilot'\?\]"):
        adopt(statecloud, "pilto")


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_annotators_mark_choosing_for_one_gives_what_that_one_marked(
    tiny: Corpus, data: st.DataObject
) -> None:
    document = tiny.documents[DOCUMENT]
    registry = list(tiny.entities.values())
    draw = data.draw
    sets = {
        (who, DOCUMENT): structs.replace(
            draw(annotation_sets(tiny.scheme, document, registry, annotator=who, max_size=3))
        )
        for who in ("a1", "a2")
    }
    sets = {key: structs.replace(s, entities=()) for key, s in sets.items() if not s.entities}
    corpus = structs.replace(tiny, sets=sets, gold={}, policy=by("annotator", "a1")) if len(sets) == 2 else None
    if corpus is None:
        return

    found = derive(corpus)

    assert found.complete
    same = [(a.layer, a.label, a.spans, a.attributes) for a in found.gold[DOCUMENT].annotations]
    assert sorted(same, key=repr) == sorted(
        ((a.layer, a.label, a.spans, a.attributes) for a in sets["a1", DOCUMENT].annotations), key=repr
    )
    other = structs.replace(corpus, policy=None, sets=dict(reversed(sets.items())))
    assert derive(other) == derive(structs.replace(corpus, policy=None))


def test_soft_labels_spread_the_votes_and_count_who_marked_nothing(three: Corpus) -> None:
    decided = with_decisions(three, *all_decided(three))
    complete = structs.replace(decided, gold=derive(decided).gold)
    rows = soft_labels(complete)["soft_labels"]["train"].to_pylist()
    spread: dict[str, dict[str | None, int]] = {}
    for row in rows:
        assert (row["document"], row["annotators"]) == (DOCUMENT, 3)
        spread.setdefault(row["id"], {})[row["label"]] = row["votes"]

    assert spread["n1"] == {"who": 3}
    assert spread["n11"] == {"café": 2, "where": 1}
    assert spread["n4"] == {"number": 2, None: 1}
    assert spread["explains:p5:p6"] == {"explains": 2, "clashes": 1}
    # By way of the decision alone.
    assert spread["n2"] == {"café": 3}
    assert all(sum(votes.values()) == 3 for votes in spread.values())
    assert list(spread) == [a.id for a in complete.gold[DOCUMENT].annotations]


def test_soft_labels_of_a_gold_by_one_name_count_the_others(tiny: Corpus) -> None:
    rows = soft_labels(tiny)["soft_labels"]["train"].to_pylist()
    found = {
        (row["id"], row["label"]): (row["votes"], row["annotators"]) for row in rows if row["document"] == DOCUMENT
    }

    assert found["n11", "café"] == (1, 2)
    assert found["n11", "where"] == (1, 2)
    assert found["t1", None] == (1, 2)


def stored(three: Corpus) -> Corpus:
    decided = with_decisions(three, *all_decided(three))
    decided = with_entities(decided, on_entity("a1/en_fair#jamtea", entity(), "new", record=entity("jam-tea")))
    return structs.replace(
        decided, policy=Policy(layers={"naming": MergeRule("annotator", "a1")}, annotators=("a1", "a2", "a3"))
    )


def test_decisions_and_policy_are_written_and_read_with_the_same_bytes(
    three: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    corpus = stored(three)
    raw = {id: files.read_bytes(files.raw_file(tiny_root, id)) for id in corpus.documents}
    files.write_corpus(tmp_path, corpus, raw)
    back = files.read(tmp_path)

    path = tmp_path / "annotations" / "decisions" / "en_fair.json"
    assert path.read_text(encoding="utf-8") == canonical_decisions(back.decisions[DOCUMENT])
    assert len(json.loads(path.read_text(encoding="utf-8"))["decisions"]) == len(PLANTED)
    assert back.policy == corpus.policy
    assert content_digest(back) == content_digest(corpus)
    assert content_digest(back) != content_digest(structs.replace(back, policy=None))
    assert content_digest(back) != content_digest(structs.replace(back, decisions={}))


def test_decisions_and_policy_are_in_the_tables_and_come_back(three: Corpus) -> None:
    corpus = stored(three)
    tables = to_tables(corpus)
    back = from_tables(tables, corpus.scheme, releases=corpus.releases)

    assert content_digest(back) == content_digest(corpus)
    assert back.policy == corpus.policy
    assert len(tables["decisions"]["train"]) == len(PLANTED)
    assert tables["merge_policy"]["corpus"]["layer"].to_pylist() == [None, "naming"]
    assert len(to_tables(three)["merge_policy"]["corpus"]) == 0


def test_faults_are_findings_with_file_and_field(three: Corpus) -> None:
    bad = decide(item(three, "n11"), reason="slipp", date="today")
    found = faults(structs.replace(with_decisions(three, bad), policy=Policy(annotators=("a9",))))

    assert [(f.file, f.id, f.field) for f in found] == [
        ("annotations/decisions/en_fair.json", "on-n11", "date"),
        ("annotations/decisions/en_fair.json", "on-n11", "reason"),
        ("annotations/policy.json", "", "annotators[0]"),
    ]
    assert faults(three) == ()


def write(root: Path, corpus: Corpus, tiny_root: Path) -> None:
    raw = {id: files.read_bytes(files.raw_file(tiny_root, id)) for id in corpus.documents}
    files.write_corpus(root, corpus, raw)


def run(root: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["--root", str(root), "adjudicate", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_the_command_lists_what_is_open_until_it_is_decided(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    write(tmp_path, three, tiny_root)
    said = run(tmp_path, code=1)
    assert "en_fair naming: label: 'The café' (a1/en_fair#n11, a2/en_fair#b-n11, a3/en_fair#c_11n)" in said
    assert said.endswith("\n8 items and 0 entities are undecided\n")
    assert "8 items and 0 entities are undecided" in run(tmp_path, "status", code=1)
    stubs = json.loads(run(tmp_path, "status", "--format", "json", code=1))["open"]
    signed = {"outcome": "rejected", "reason": "slip", "decided_by": "judge", "date": "2024-05-01"}
    # As a person would, from what is listed.
    written = [{"id": f"h{n}", "item": s["item"], "sha256": s["sha256"], **signed} for n, s in enumerate(stubs)]
    path = tmp_path / "annotations" / "decisions" / "en_fair.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"document": "en_fair", "entities": [], "decisions": written}))

    # What they had as their object is gone: opinions cannot be without.
    assert "role: 'good but … dear'" in run(tmp_path, code=1)
    path.write_text(canonical_decisions(Decisions(DOCUMENT, all_decided(three))), encoding="utf-8")
    assert run(tmp_path) == "en_fair: 32 annotations\n"
    assert run(tmp_path) == "en_fair: 32 annotations, unchanged\n"


def test_a_bad_decision_is_one_line_and_exit_2(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    write(tmp_path, with_decisions(three, decide(item(three, "n11"), reason="slipp")), tiny_root)

    assert run(tmp_path, code=2).count("\n") == 1


def test_entities_are_decided_by_command(adding: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    write(tmp_path, adding, tiny_root)
    by_judge = ("--reason", "other", "--by", "judge")

    # The second annotator's record equals the one that is in the registry then.
    assert "1 entity is undecided" in run(tmp_path, "entity", "a1/en_fair#jamtea", "--new", *by_judge)
    assert "expected one of a3/en_fair#tea_jam" in run(
        tmp_path, "entity", "a1/en_fair#jamtea", "--new", *by_judge, code=2
    )
    third = ("entity", "a3/en_fair#tea_jam", "--into")
    assert "expected one of --into" in run(tmp_path, "entity", "a3/en_fair#tea_jam", *by_judge, code=2)
    assert run(tmp_path, *third, "jam", "--reason", "other", "--by", "a1", code=2).startswith(
        "--by: 'a1' annotated 'en_fair', where something is disputed; expected an adjudicator who did not, or --even"
    )
    assert run(tmp_path, *third, "jam", "--reason", "slipp", "--by", "judge", code=2).startswith("--reason: reason ")
    assert run(tmp_path, *third, "jam", "--reason", "other", "--by", "jugde", code=2).startswith("--by: 'jugde' is no")
    assert run(tmp_path, *third, "jem", *by_judge, code=2).startswith("--into: 'jem' is not in the registry")
    assert "0 entities are undecided" in run(tmp_path, "entity", "a3/en_fair#tea_jam", "--into", "jam", *by_judge)
    run(tmp_path, code=1)
    assert "jamtea" in files.read(tmp_path).entities


def test_a_name_that_is_lost_when_entities_become_one_is_told_once(
    adding: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    write(tmp_path, adding, tiny_root)
    by_judge = ("--reason", "other", "--by", "judge")
    before = files.read(tmp_path).entities
    first = run(tmp_path, "entity", "a3/en_fair#tea_jam", "--into", "jam", *by_judge)
    # What the second one is, is known only when the first one is decided; both have the same name.
    second = run(tmp_path, "entity", "a2/en_fair#jamtea", "--same", "a1/en_fair#jamtea", *by_judge)
    third = run(tmp_path, "entity", "a1/en_fair#jamtea", "--into", "jam", *by_judge)

    assert first.splitlines()[:-1] == [
        "a3/en_fair#tea_jam: 'tea jam' is no name of 'jam'; if it is one, add it to its aliases in corpus/entities.json"
    ]
    assert second.count("\n") == 1
    assert third.splitlines()[:-1] == [
        f"{who}/en_fair#jamtea: 'jam and tea' is no name of 'jam'; if it is one, add it to its aliases in "
        "corpus/entities.json"
        for who in ("a1", "a2")
    ]
    run(tmp_path, code=1)
    assert files.read(tmp_path).entities == before


def test_one_annotator_is_adopted_by_command(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    write(tmp_path, three, tiny_root)

    assert run(tmp_path, "--annotator", "a3") == "en_fair: 31 annotations\n"
    assert "'--annotator'" not in run(tmp_path, "--annotator", "a3", "status", code=2)


def test_the_gold_of_the_invented_corpus_follows_from_a_policy_that_names_its_annotator(tiny: Corpus) -> None:
    found = derive(structs.replace(tiny, policy=by("annotator", "a1")))

    # What the other one added and nothing of gold refers to is not asked about.
    assert found.complete
    assert (found.gold, found.entities) == (tiny.gold, tiny.entities)


def test_an_entity_of_another_than_the_one_followed_is_asked_about_where_gold_needs_it(adding: Corpus) -> None:
    policy = by("annotator", "a1", layers={"naming": MergeRule("annotator", "a3")})
    found = derive(structs.replace(adding, policy=policy))

    assert [one.entity for one in found.open_entities] == ["a3/en_fair#tea_jam"]
    assert "n9" not in gold(found)


def regions_of(task: dict[str, Any]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = task["annotations"][0]["result"]
    return result


def say(task: dict[str, Any], region: str, control: str, word: str) -> None:
    """What the editor writes when something is chosen of a region."""
    at = next(i["value"] for i in regions_of(task) if i.get("id") == region and i["type"] == "labels")
    value = {"choices": [word], "start": at["start"], "end": at["end"]}
    regions_of(task).append({"id": region, "from_name": control, "to_name": "text", "type": "choices", "value": value})


def topics(task: dict[str, Any], *ids: str) -> None:
    """Lets p6 be about some annotations alone."""
    drawn = next(i for i in regions_of(task) if i["type"] == "relation")
    of_p6 = [i for i in regions_of(task) if (i.get("from_id"), i.get("labels")) == ("p6", ["topic"])]
    regions_of(task)[:] = [i for i in regions_of(task) if i not in of_p6]
    for id in ids:
        regions_of(task).append(drawn | {"from_id": "p6", "to_id": id, "labels": ["topic"]})


@pytest.fixture(scope="module")
def doubly(three: Corpus) -> Corpus:
    """a1 takes p6 to be about n4 as well, of which is disputed whether it is there."""
    marked = three.sets["a1", DOCUMENT]
    return with_set(three, changed(three, marked, p6=lambda a: structs.replace(a, refs={"topic": ("n4", "n12")})))


@pytest.fixture
def task(doubly: Corpus) -> dict[str, Any]:
    """As the adjudicator left it, who takes p6 as a3 has it, n4 for nothing, and a relation for what it is."""
    made = to_dispute(cases(doubly)[DOCUMENT], "judge")
    assert made is not None
    topics(made, "n12")
    for region in ("p6", "n4"):
        say(made, region, "REASON", "slip")
    say(made, "n4", "OUTCOME", "rejected")
    say(made, "p5", "LINKS", "ambiguous text")
    return made


def recorded(corpus: Corpus, report: ApplyReport) -> Corpus:
    return structs.replace(corpus, decisions=corpus.decisions | report.decisions)


def noted(corpus: Corpus) -> Corpus:
    """The corpus in which somebody wrote notes into the file of decisions, and calls these otherwise."""
    held = corpus.decisions[DOCUMENT].decisions
    return with_decisions(corpus, *(structs.replace(one, id=f"h-{one.id}", note="By hand.") for one in held))


def by_first(corpus: Corpus) -> dict[str, Decision]:
    return {one.item[0].partition("#")[2]: one for one in corpus.decisions[DOCUMENT].decisions}


def test_what_is_recorded_stays_as_it_is_when_it_is_taken_again(doubly: Corpus, task: dict[str, Any]) -> None:
    first = taken(doubly, [task], "judge", date="2024-05-01")
    once = recorded(doubly, first)

    assert by_first(once)["p6"].chosen == "a3/en_fair#c_6p"
    assert by_first(once)["n4"].outcome == "rejected"
    assert (len(first.decided), first.undecided) == (3, 5)
    # Of p6 the first and the third say the same now that n4 is nothing.
    later = taken(once, [task], "judge", date="2024-06-01")
    assert (later.decisions, later.decided, later.undecided) == ({}, (), 5)
    assert taken(noted(once), [task], "judge", date="2024-06-01").decisions == {}


def test_what_the_task_says_otherwise_by_now_is_taken_anew_and_keeps_a_note(
    doubly: Corpus, task: dict[str, Any]
) -> None:
    once = noted(recorded(doubly, taken(doubly, [task], "judge", date="2024-05-01")))
    topics(task, "n4", "n12")
    later = taken(once, [task], "judge", date="2024-06-01")

    before, after = by_first(once), by_first(recorded(once, later))
    assert later.decided == (f"decision/en_fair#{before['p6'].id}",)
    assert (after["p6"].chosen, after["p6"].note, after["p6"].date) == ("a1/en_fair#p6", "By hand.", "2024-06-01")
    assert {id: after[id] for id in after if id != "p6"} == {id: before[id] for id in before if id != "p6"}


def test_whoever_decides_on_own_work_has_it_said_in_each_decision(doubly: Corpus, task: dict[str, Any]) -> None:
    own = to_dispute(cases(doubly)[DOCUMENT], "a1")
    assert own is not None
    assert "own" not in task["meta"]
    say(own, "p6", "REASON", "slip")
    once = recorded(doubly, taken(doubly, [own], "a1", date="2024-05-01"))

    assert by_first(once)["p6"].note == "Decided by one of the document's annotators."
    assert taken(once, [own], "a1", date="2024-06-01").decisions == {}
    assert taken(noted(once), [own], "a1", date="2024-06-01").decisions == {}


def test_nobody_is_put_before_own_work_unless_it_is_asked_for(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    write(tmp_path, three, tiny_root)
    nowhere = ("--url", "http://127.0.0.1:9")
    words = ("--root", str(tmp_path), "adjudicate", "build", "--for", "a1", *nowhere)
    refused, asked = (
        CliRunner().invoke(main, [*words, *more], env={"LABEL_STUDIO_API_KEY": "none"})
        for more in ((), ("--even-own",))
    )

    assert refused.exit_code == 2
    assert refused.output.startswith("--for: 'a1' annotated 'en_fair', where something is disputed; expected an")
    # It goes on to the server, which is not there.
    assert (asked.exit_code, "--even-own" in asked.output) == (2, False)
    assert "127.0.0.1:9" in asked.output


def test_a_relation_whose_end_was_rejected_waits_for_no_reason(doubly: Corpus, task: dict[str, Any]) -> None:
    regions_of(task)[:] = [i for i in regions_of(task) if i.get("from_name") != "LINKS"]
    unreasoned = taken(doubly, [task], "judge", date="2024-05-01")
    say(task, "p6", "OUTCOME", "rejected")
    report = taken(doubly, [task], "judge", date="2024-05-01")

    assert (len(unreasoned.decided), unreasoned.undecided) == (2, 6)
    assert (len(report.decided), report.undecided) == (2, 5)
    assert taken(recorded(doubly, report), [task], "judge", date="2024-06-01").undecided == 5


def test_an_edited_and_an_added_one_stay_as_they_are_too(doubly: Corpus, task: dict[str, Any]) -> None:
    topics(task, "n11", "n12")
    at = {"start": 89, "end": 91}
    new = {"id": "Xn3w", "to_name": "text"}
    regions_of(task).append(
        new | {"from_name": "naming", "type": "labels", "value": at | {"text": "40", "labels": ["number"]}}
    )
    regions_of(task).append(
        new | {"from_name": "naming-shape", "type": "choices", "value": at | {"choices": ["proper"]}}
    )
    say(task, "Xn3w", "REASON", "codebook gap")
    once = recorded(doubly, taken(doubly, [task], "judge", date="2024-05-01"))
    outcomes = {one.outcome for one in once.decisions[DOCUMENT].decisions}

    assert outcomes == {"chosen", "edited", "rejected", "added"}
    assert taken(once, [task], "judge", date="2024-06-01").decisions == {}


def test_format_puts_decisions_and_policy_in_their_form(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    corpus = stored(three)
    write(tmp_path, corpus, tiny_root)
    paths = [tmp_path / "annotations" / name for name in ("decisions/en_fair.json", "policy.json")]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=1), encoding="utf-8")
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "format"])

    assert (done.exit_code, done.output) == (0, "decision/en_fair\n")
    assert [path.read_bytes() for path in paths] == before


def test_an_entity_may_be_declined_where_nothing_that_becomes_gold_refers_to_it(adding: Corpus) -> None:
    declined = (
        on_entity("a1/en_fair#jamtea", entity(), "rejected"),
        on_entity("a2/en_fair#jamtea", entity(), "rejected"),
        on_entity("a3/en_fair#tea_jam", entity("tea_jam", name="tea jam"), "existing", into="jam"),
    )
    corpus = with_entities(adding, *declined)
    found = derive(corpus)
    n9 = item(corpus, "n9")

    assert found.open_entities == ()
    assert found.entities == adding.entities
    assert (n9.kinds, n9.why) == (
        ("link",),
        "a1/en_fair#n9, a2/en_fair#b-n9 refer to an entity that is rejected",
    )
    # Whoever chooses one of those has chosen nothing that gold can have.
    signed = with_entities(with_decisions(corpus, decide(n9)), *declined)
    assert item(signed, "n9").why == "what was chosen refers to an entity that is rejected"
    third = decide(n9, chosen="a3/en_fair#c_9n")
    made = gold(derive(with_entities(with_decisions(corpus, third), *declined)))
    assert made["n9"].refs == {"referent": ("jam",)}
    left_out = with_entities(with_decisions(corpus, decide(n9, outcome="rejected")), *declined)
    assert "n9" not in ids(derive(left_out))
    assert derive(left_out).entities == adding.entities


def test_what_all_agree_on_is_open_where_its_entity_is_declined(adding: Corpus) -> None:
    equal = naming(adding, "a3", entity())
    declined = tuple(on_entity(f"{who}/en_fair#jamtea", entity(), "rejected") for who in ("a1", "a2", "a3"))
    corpus = with_entities(equal, *declined)
    found = derive(corpus)

    assert "n9" not in ids(derive(equal))
    assert ids(found)["n9"] == ("link",)
    assert "n9" not in gold(found)
    assert item(corpus, "n9").why.endswith("refer to an entity that is rejected")
    assert "jamtea" not in found.entities
    # It can be put before the adjudicator, who sees no entity there.
    shown = to_dispute(cases(corpus)[DOCUMENT], "judge")
    assert shown is not None and any(one["id"] == "n9" for one in shown["meta"]["items"])


def test_what_is_said_to_be_a_declined_entity_or_part_of_one_stays_open(adding: Corpus) -> None:
    part = entity("lid", name="the lid", part_of=("jamtea",))
    marked = adding.sets["a1", DOCUMENT]
    corpus = with_set(adding, structs.replace(marked, entities=(*marked.entities, part)))
    first = on_entity("a1/en_fair#jamtea", entity(), "rejected")
    second = on_entity("a2/en_fair#jamtea", entity(), "same", into="a1/en_fair#jamtea")
    found = {one.entity: one.why for one in derive(with_entities(corpus, first, second)).open_entities}

    assert found["a1/en_fair#lid"] == "is part of 'jamtea', which is rejected"
    assert found["a2/en_fair#jamtea"] == "same of 'a1/en_fair#jamtea', which is rejected"


def test_a_declined_entity_is_in_files_and_tables_and_comes_back(
    adding: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    corpus = with_entities(adding, on_entity("a1/en_fair#jamtea", entity(), "rejected"))
    write(tmp_path, corpus, tiny_root)
    tables = to_tables(corpus)

    assert files.read(tmp_path).decisions == corpus.decisions
    assert from_tables(tables, corpus.scheme, releases=corpus.releases).decisions == corpus.decisions
    by_judge = ("--reason", "other", "--by", "judge")
    assert "2 entities are undecided" in run(tmp_path, "status", code=1)
    assert "1 entity is undecided" in run(tmp_path, "entity", "a2/en_fair#jamtea", "--reject", *by_judge)
    assert "refer to an entity that is rejected" in run(tmp_path, "status", code=1)
    assert "refer to an entity that is rejected" in run(tmp_path, "status", "--format", "json", code=1)
