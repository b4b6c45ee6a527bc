"""What annotators without a registry call things: read, measured, proposed, confirmed and merged, and never guessed."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest
from blind import BLIND, FAIR, NEW, SOUK, blind, own
from click.testing import CliRunner
from msgspec import structs

from standoff import files
from standoff.adjudicate import Proposal, confirmed, derive, parse_proposals, propose, written
from standoff.agreement import agreement, pages
from standoff.canon import content_digest
from standoff.cli import main
from standoff.errors import RecordError, UsageError
from standoff.model import AnnotationSet, Corpus, Entity
from standoff.tables import from_tables, to_tables
from standoff.validate import validate

EXPECTED = {
    "b1/ar_souk#ada": ("existing", "layla"),
    "b1/ar_souk#cafe": ("existing", "cafe_nour"),
    "b1/ar_souk#city": ("existing", "nour_city"),
    "b1/ar_souk#samak": ("existing", "fish"),
    "b1/ar_souk#souk": ("existing", "souk"),
    "b1/en_fair#ada": ("existing", "ada"),
    "b1/en_fair#cafe": ("existing", "quill_cafe"),
    "b1/en_fair#fish": ("existing", "jam"),
    # Two of three take `It` for it, and the pilot for the jam.
    "b1/en_fair#matter": ("", ""),
    "b1/en_fair#quills": ("existing", "quill_family"),
    "b2/en_fair#ada": ("existing", "quill_cafe"),
    "b2/en_fair#ben": ("existing", "ben"),
    "b2/en_fair#jam": ("existing", "jam"),
    "b2/en_fair#matter": ("", ""),
    "b2/en_fair#quill": ("existing", "ada"),
    "b2/en_fair#quills": ("existing", "quill_family"),
}
"""Neither `ben` of b1 nor `nader`, whose records equal the registry's, is asked about."""


@pytest.fixture(scope="module")
def three(tiny: Corpus) -> Corpus:
    return blind(tiny)


def by_address(proposals: tuple[Proposal, ...]) -> dict[str, tuple[str, str]]:
    return {one.entity: (one.outcome, one.into) for one in proposals}


def decided(corpus: Corpus, proposals: tuple[Proposal, ...]) -> Corpus:
    made = confirmed(corpus, proposals, decided_by="judge", date="2024-05-02", reason="other")
    return structs.replace(corpus, decisions=corpus.decisions | made)


def all_confirmed(proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """As an adjudicator would leave them, who sees that both mean something new."""
    edits = {
        "b1/en_fair#matter": {"outcome": "new"},
        "b2/en_fair#matter": {"outcome": "same", "into": "b1/en_fair#matter"},
    }
    return tuple(structs.replace(one, confirmed=True, **edits.get(one.entity, {})) for one in proposals)


def test_an_own_id_that_means_something_else_elsewhere_is_no_fault(three: Corpus) -> None:
    assert {f.severity for f in validate(three)} == {"warning"}


def test_an_own_id_means_the_annotators_own_also_where_the_registry_has_it(three: Corpus) -> None:
    marked = three.sets["b2", FAIR]
    wrong = tuple(structs.replace(e, type="who") if e.id == "ada" else e for e in marked.entities)
    sets = three.sets | {("b2", FAIR): structs.replace(marked, entities=wrong)}

    found = [f for f in validate(structs.replace(three, sets=sets)) if f.severity == "error"]
    # The registry's is a person, as the record is now; what is marked is a café.
    assert {(f.rule, f.id) for f in found} == {("entity-type", id) for id in ("t2", "n2", "n11", "n12")}


def test_files_and_tables_keep_own_entities_apart(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    files.write_corpus(tmp_path, three, raw_of(three, tiny_root))

    assert content_digest(files.read(tmp_path)) == content_digest(three)
    assert content_digest(from_tables(to_tables(three), three.scheme, releases=three.releases)) == content_digest(three)


def raw_of(corpus: Corpus, tiny_root: Path) -> dict[str, bytes]:
    return {id: files.read_bytes(files.raw_file(tiny_root, id)) for id in corpus.documents}


def test_agreement_pairs_entities_by_what_refers_to_them_and_not_by_id(three: Corpus) -> None:
    page = next(page for page in pages(three)[0] if page.document == FAIR)
    same = page.entities

    for id in ("n1", "n2", "n3", "n5", "n7", "n11"):
        assert same["pilot", id] == same["b1", id] == same["b2", id], id
    # Both are called `ada`.
    assert same["b1", "n1"] != same["b2", "n2"]
    assert same["b1", "n9"] == same["b2", "n9"] != same["pilot", "n9"]
    merged = derive(decided(three, all_confirmed(propose(three))))
    resolved = {key: with_registry_ids(three, marked) for key, marked in three.sets.items()}
    told = structs.replace(three, sets=resolved, entities=merged.entities)
    assert agreement(three, resamples=0).rows == agreement(told, resamples=0).rows


def with_registry_ids(corpus: Corpus, marked: AnnotationSet) -> AnnotationSet:
    """A set as its annotator would have made it with the merged registry at hand."""
    names = {entity.id: id for id, entity in BLIND.get((marked.annotator, marked.document), {}).items()}
    annotations = tuple(
        structs.replace(a, refs=a.refs | {"referent": tuple(names.get(id, id) for id in a.refs["referent"])})
        if "referent" in a.refs
        else a
        for a in marked.annotations
    )
    return structs.replace(marked, annotations=annotations, entities=())


def test_entities_are_proposed_from_mentions_names_and_wikidata_ids(three: Corpus) -> None:
    found = propose(three)

    assert by_address(found) == EXPECTED
    assert not any(one.confirmed for one in found)
    of = {one.entity: one for one in found}
    assert of["b1/ar_souk#samak"].because == "2 of 2 mentions are among the 2 of fish by pilot; Q152 is also fish"
    assert of["b1/en_fair#matter"].others == ("jam: 1 of 1 mentions are among the 3 of jam by pilot",)
    assert of["b2/en_fair#ada"].mentions == ("It", "Quill Café", "The café", "a café")


def test_what_is_proposed_does_not_depend_on_the_order_of_sets(three: Corpus) -> None:
    expected = written(propose(three))

    for order in list(permutations(three.sets))[::17]:
        assert written(propose(structs.replace(three, sets={key: three.sets[key] for key in order}))) == expected


def test_confirmed_proposals_merge_all_entities_and_leave_the_real_dispute(three: Corpus) -> None:
    assert {item.quote for item in derive(three).open} > {"It", "Ada Quill"}
    merged = decided(three, all_confirmed(propose(three)))
    found = derive(merged)

    assert (found.open_entities, found.stale) == ((), {})
    assert {item.item: item.kinds for item in found.open} == {
        ("b1/en_fair#n9", "b2/en_fair#n9", "pilot/en_fair#n9"): ("link",)
    }
    assert found.entities == dict(sorted((three.entities | {"matter": NEW}).items()))
    assert all(a.derived_from[-1].startswith("pilot/") for a in found.gold[FAIR].annotations)
    stored = structs.replace(merged, gold=found.gold, entities=found.entities)
    assert [f for f in validate(stored) if f.severity == "error"] == []
    assert propose(stored) == ()


def test_proposals_are_nothing_until_they_are_confirmed(three: Corpus) -> None:
    proposals = propose(three)
    assert confirmed(three, proposals, decided_by="judge", date="2024-05-02", reason="other") == {}

    some = tuple(structs.replace(one, confirmed=one.entity.endswith("#souk")) for one in proposals)
    assert [one.entity for one in derive(decided(three, some)).open_entities] == [
        address for address in EXPECTED if address != "b1/ar_souk#souk"
    ]


def test_what_nobody_else_has_enters_under_an_id_of_its_own(three: Corpus) -> None:
    """Each of two means another thing by one id, and only by this: neither may take the other's place."""
    alone: dict[tuple[str, str], Entity] = {("b1", SOUK): own("matter", "where", "Elm"), ("b1", FAIR): NEW}
    sets = dict(three.sets)
    for key, entity in alone.items():
        marked = sets[key]
        kept = tuple(e for e in marked.entities if e.id != entity.id)
        sets[key] = structs.replace(marked, entities=(*kept, entity), annotations=marked.annotations)
    corpus = structs.replace(three, sets={key: s for key, s in sets.items() if key in alone or key[0] == "pilot"})
    found = {one.entity: one for one in propose(corpus)}

    assert found["b1/ar_souk#matter"].outcome == "new"
    assert found["b1/ar_souk#matter"].record is None
    assert found["b1/en_fair#matter"].outcome == ""
    taken = structs.replace(corpus, entities=corpus.entities | {"matter": own("matter", "who", "Another")})
    (again,) = (one for one in propose(taken) if one.entity == "b1/ar_souk#matter")
    assert (again.outcome, again.record) == ("new", own("matter-2", "where", "Elm"))
    made = decided(taken, (structs.replace(again, confirmed=True),))
    assert derive(made).entities["matter-2"] == own("matter-2", "where", "Elm")
    assert derive(made).entities["matter"].name == "Another"


def test_two_records_with_different_wikidata_ids_are_never_proposed_as_one(three: Corpus) -> None:
    marked = three.sets["b1", SOUK]
    other = tuple(structs.replace(e, wikidata="Q600396") if e.wikidata else e for e in marked.entities)
    corpus = structs.replace(three, sets=three.sets | {("b1", SOUK): structs.replace(marked, entities=other)})

    (found,) = (one for one in propose(corpus) if one.entity == "b1/ar_souk#samak")
    assert found.outcome == ""
    assert found.others == ("fish: 2 of 2 mentions are among the 2 of fish by pilot",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"outcome": ""},
            "b1/en_fair#ada: is confirmed without outcome; expected 'existing', 'new', 'same' or 'rejected'",
        ),
        ({"sha256": "0"}, "b1/en_fair#ada: was proposed of another record; expected it proposed again"),
        ({"entity": "b1/en_fair#adda"}, r"b1/en_fair#adda: is no undecided entity \[did you mean 'b1/en_fair#ada'\?\]"),
        ({"into": "adda"}, r"into: 'adda' is not in the registry; .*\[did you mean 'ada'\?\]"),
        ({"reason": "slipp"}, "b1/en_fair#ada reason: reason 'slipp'; expected one of"),
        ({"outcome": "same", "into": "b1/en_fair#ada"}, "b1/en_fair#ada into: 'b1/en_fair#ada' is no other entity"),
        (
            {"outcome": "new", "into": "", "record": own("layla", "who", "Ada Quill")},
            "b1/en_fair#ada record.id: takes 'Ada Quill' into the registry as 'layla', which is",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(three: Corpus, changes: dict[str, str], message: str) -> None:
    proposals = propose(three)
    n, one = next((n, one) for n, one in enumerate(proposals) if one.entity == "b1/en_fair#ada")
    wrong = structs.replace(one, confirmed=True, **changes)  # type: ignore[arg-type]

    with pytest.raises(RecordError, match=message) as caught:
        decided(three, (*proposals[:n], wrong, *proposals[n + 1 :]))
    assert caught.value.place.startswith(f"proposals[{n}] ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"decided_by": "jugde"},
            "--by: 'jugde' is no annotator of annotations/annotators.json; expected one of 'b1', 'b2', 'judge', "
            "'pilot' [did you mean 'judge'?]",
        ),
        (
            {"reason": "slipp"},
            "--reason: reason 'slipp'; expected one of 'ambiguous text', 'codebook gap', 'slip', 'other' "
            "[did you mean 'slip'?]",
        ),
        (
            {"decided_by": "b2"},
            "--by: 'b2' annotated 'en_fair', where something is disputed; expected an adjudicator who did not, or "
            "--even-own, which the note of each decision then says",
        ),
    ],
)
def test_an_option_that_cannot_be_followed_is_named(three: Corpus, options: dict[str, str], message: str) -> None:
    (one,) = (one for one in propose(three) if one.entity == "b1/en_fair#ada")
    asked = {"decided_by": "judge", "reason": "slip", "date": "2024-05-02", **options}

    with pytest.raises(UsageError) as caught:
        confirmed(three, (structs.replace(one, confirmed=True),), **asked)
    assert str(caught.value) == message


def test_whoever_decides_on_own_entities_has_it_said_in_each_decision(three: Corpus) -> None:
    (one,) = (one for one in propose(three) if one.entity == "b1/en_fair#ada")
    yes = structs.replace(one, confirmed=True, note="Her.")
    asked = {"decided_by": "b1", "date": "2024-05-02", "reason": "other"}
    made = confirmed(three, (yes,), even_own=True, **asked)[FAIR].entities

    assert [one.note for one in made] == ["Her. Decided by one of the document's annotators."]


def test_one_entity_proposed_twice_is_refused_by_number(three: Corpus) -> None:
    proposals = all_confirmed(propose(three))

    with pytest.raises(RecordError) as caught:
        decided(three, (*proposals, proposals[3]))
    assert str(caught.value) == (
        f"proposals[16] {proposals[3].entity}: decides the same as proposals[3] does; expected one of them"
    )


def test_two_that_are_each_the_same_as_the_other_are_refused(three: Corpus) -> None:
    pair = ("b1/en_fair#matter", "b2/en_fair#matter")
    there = {one.entity: one for one in propose(three)}
    circle = tuple(
        structs.replace(there[one], outcome="same", into=other, confirmed=True) for one, other in (pair, pair[::-1])
    )

    with pytest.raises(RecordError) as caught:
        decided(three, circle)
    assert str(caught.value) == (
        "proposals[0] b1/en_fair#matter into: goes in a circle: b1/en_fair#matter → b2/en_fair#matter → "
        "b1/en_fair#matter; expected one of them to be 'existing', 'new' or 'rejected'"
    )


def test_what_was_confirmed_is_unchanged_when_it_is_confirmed_again(three: Corpus) -> None:
    proposals = all_confirmed(propose(three))
    once = decided(three, proposals)

    assert confirmed(once, proposals, decided_by="judge", date="2025-01-01", reason="other") == {}
    n, one = next((n, one) for n, one in enumerate(proposals) if one.entity == "b1/en_fair#ada")
    (was,) = (made for made in once.decisions[FAIR].entities if made.entity == one.entity)
    with pytest.raises(RecordError) as caught:
        decided(once, (*proposals[:n], structs.replace(one, into="ben"), *proposals[n + 1 :]))
    assert str(caught.value) == (
        f"proposals[{n}] b1/en_fair#ada: was decided otherwise by annotations/decisions/en_fair.json#{was.id}; "
        "expected the same, or that decision taken out first"
    )


def test_entities_are_proposed_and_confirmed_by_command(three: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    files.write_corpus(tmp_path, three, raw_of(three, tiny_root))

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["--root", str(tmp_path), "adjudicate", *words])
        assert done.exit_code == code, done.output
        return done.output

    path = tmp_path / "proposals.json"
    path.write_text(run("propose"), encoding="utf-8")
    proposals = parse_proposals(path.read_text(encoding="utf-8"))
    assert written(proposals) == path.read_text(encoding="utf-8")
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(EXPECTED) + 2
    by_judge = ("--by", "judge", "--reason", "other")
    assert run("confirm", str(path), *by_judge) == "0 of 16 proposals recorded; 16 entities are undecided\n"
    path.write_text(written(all_confirmed(proposals)), encoding="utf-8")
    assert "--reason: reason ''; expected one of" in run("confirm", str(path), "--by", "judge", code=2)
    assert "--by: 'b1' annotated" in run("confirm", str(path), "--by", "b1", "--reason", "other", code=2)
    path.write_text(written([structs.replace(all_confirmed(proposals)[0], into="x")]), encoding="utf-8")
    assert f"{path} proposals[0] b1/ar_souk#ada into: 'x' is not in" in run("confirm", str(path), *by_judge, code=2)
    path.write_text(written(all_confirmed(proposals)), encoding="utf-8")
    *hints, last = run("confirm", str(path), *by_judge).splitlines()
    assert last == "16 of 16 proposals recorded; 0 entities are undecided"
    asked = "if it is one, add it to its aliases in corpus/entities.json"
    assert hints[0] == f"b1/ar_souk#ada: 'ليلى' is no name of 'layla'; {asked}"
    assert all(hint.endswith(asked) for hint in hints)
    decisions = tmp_path / "annotations/decisions"
    before = {one.name: one.read_bytes() for one in decisions.iterdir()}
    assert run("confirm", str(path), *by_judge) == (
        "0 of 16 proposals recorded, 16 unchanged; 0 entities are undecided\n"
    )
    assert {one.name: one.read_bytes() for one in decisions.iterdir()} == before
    run(code=1)
    assert files.read(tmp_path).entities["matter"] == NEW
    path.write_text(json.dumps({"proposals": [{"entity": "x"}]}))
    assert "Object missing required field `sha256`" in run("confirm", str(path), *by_judge, code=2)


def test_a_proposal_may_be_confirmed_as_rejected_and_is_proposed_no_more(three: Corpus) -> None:
    declined = {"outcome": "rejected", "into": "", "record": None}
    one = next(one for one in propose(three) if one.entity == "b1/en_fair#matter")
    corpus = decided(three, (structs.replace(one, confirmed=True, **declined),))  # type: ignore[arg-type]
    left = propose(corpus)

    assert one.entity not in {other.entity for other in left}
    assert len(left) == len(EXPECTED) - 1
    assert "matter" not in derive(corpus).entities
