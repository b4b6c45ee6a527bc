"""Faults of many kinds, put into sound corpora at random places: each is found where it is, none hides another."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import seeds
import seeds_decisions
import seeds_meaning
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from seeds import Seed, State

from standoff import files
from standoff.model import Finding
from standoff.validate import RULES, since

ROOT = Path(__file__).parents[1]
CORPORA = {"tiny": ROOT / "tests" / "tiny", "statecloud": ROOT}
KINDS = {**seeds.KINDS, **seeds_meaning.KINDS, **seeds_decisions.KINDS}
NOT_SEEDED = {
    "record-shape",  # Where a record has not its shape there is nothing in memory to validate; see its cases.
    "record-schema",  # Neither corpus's schema says more than the rules know; see its cases.
}


@cache
def sound(name: str) -> State:
    """A corpus with one earlier release, which is the same."""
    corpus = files.read(CORPORA[name])
    return seeds.released(corpus, files.raw_bytes(CORPORA[name], corpus))


@cache
def before(name: str) -> set[Finding]:
    """What is found in a sound corpus: warnings that were looked at and left."""
    return sound(name).findings()


@cache
def places(name: str, kind: str) -> list[Seed]:
    """Every fault of a kind that a corpus could have, and has not."""
    return [seed for seed in KINDS[kind](sound(name)) if not any(meets(f, seed) for f in before(name))]


def meets(finding: Finding, seed: Seed) -> bool:
    return finding.rule == seed.rule and finding.file == seed.file and finding.id in seed.ids


def test_sound_corpora_have_no_errors() -> None:
    assert before("tiny") == set()
    assert {finding.severity for finding in before("statecloud")} <= {"warning"}


def test_every_rule_is_seeded() -> None:
    assert {kind.partition(",")[0] for kind in KINDS} == {rule.id for rule in RULES} - NOT_SEEDED
    assert len(KINDS) >= 40


def test_every_kind_of_fault_has_a_place_in_a_corpus() -> None:
    assert [kind for kind in KINDS if not places("tiny", kind) and not places("statecloud", kind)] == []


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in CORPORA if places(name, kind)])
@settings(max_examples=3)
@given(st.data())
def test_a_fault_is_found_by_its_rule_at_its_place_and_nothing_else_is(
    kind: str, name: str, data: st.DataObject
) -> None:
    seed = data.draw(st.sampled_from(places(name, kind)))

    # A warning that was there already may quote other words by now.
    found = since(seed.state.findings(), before(name))

    others = [finding for finding in found if not meets(finding, seed)]
    assert len(others) < len(found), f"expected {seed.rule} on {seed.file}#{set(seed.ids)}, found {others}"
    # A second finding of the seed's own rule is another end of the same fault: of a crossing, of a repetition.
    assert {finding.rule for finding in others} <= seed.follows | {seed.rule}


@pytest.mark.parametrize("name", CORPORA)
@given(st.data())
def test_no_fault_hides_another(name: str, data: st.DataObject) -> None:
    state, planted = sound(name), []
    for kind in data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=6, unique=True)):
        taken = {document for seed in planted for document in seed.touches}
        files_taken = {seed.file for seed in planted}
        free = [
            seed
            for seed in KINDS[kind](state)
            if seed.file not in files_taken
            and not seed.touches & taken
            and not _about(seed, taken)
            and not any(meets(finding, seed) for finding in before(name))
        ]
        if free:
            seed = data.draw(st.sampled_from(free))
            planted.append(seed)
            state = replace(seed.state, broken=state.broken | seed.touches)

    found = since(state.findings(), before(name))

    for seed in planted:
        assert any(meets(finding, seed) for finding in found), (seed.rule, seed.file, seed.ids, found)


def _about(seed: Seed, documents: set[str]) -> bool:
    """Whether a fault of the corpus is about a document that has one already."""
    return bool(seed.ids & documents)
