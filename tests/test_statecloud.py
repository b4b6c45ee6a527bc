"""The real corpus is what was received, annotated in full."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from standoff.adjudicate import derive
from standoff.canon import canonical_set, content_digest
from standoff.model import Corpus
from standoff.release.review import read_reviews
from standoff.text import Alignment
from standoff.validate import check

RAW = {
    "000_1a649a98371b7227": "df112e1694035d94e346912e3a0a327b3557603f72a78fab08cb90e52e7b51b0",
    "003_666c5d1a536ded45": "32cf5dab4c3782623d0deb2b111bbdd30b680b861e68ab7cf5c99373b05b7f48",
    "004_1dd8823014995070": "176d4ee9dfcdd4ddde8c16dfb8d38279d8af566d62174f8e0a90cf7c9d2d1286",
}

BOILERPLATE = (
    "arrow-down",
    "LinkedIn",
    "Article\n",
    "Timeline",
    "READ MORE",
    "Natwest",
    "Click here to sign up",
    "Leave a Reply",
    "Your email address",
    "Fill out this field",
    "valid email address",
)


def test_the_raw_files_are_those_that_were_received(root: Path, statecloud: Corpus) -> None:
    found = {path.stem: sha256(path.read_bytes()).hexdigest() for path in (root / "corpus" / "raw").iterdir()}

    assert found == RAW
    assert {id: document.raw_sha256 for id, document in statecloud.documents.items()} == RAW


def test_no_boilerplate_is_in_a_text(root: Path, statecloud: Corpus) -> None:
    raw = "".join((root / "corpus" / "raw" / f"{id}.txt").read_text() for id in RAW)

    for words in BOILERPLATE:
        assert words in raw
        assert not [id for id, document in statecloud.documents.items() if words in document.text]


@pytest.mark.parametrize("id", RAW)
def test_every_character_of_a_text_is_the_raw_files_at_its_place(root: Path, statecloud: Corpus, id: str) -> None:
    raw = (root / "corpus" / "raw" / f"{id}.txt").read_bytes().decode()
    document = statecloud.documents[id]
    alignment = Alignment(document.dropped, len(raw))

    places = [alignment.to_raw(offset) for offset in range(len(document.text))]

    assert "".join(raw[place] for place in places) == document.text
    assert [alignment.to_text(place) for place in places] == list(range(len(document.text)))
    assert len(raw) - len(document.text) == {"000": 338, "003": 636, "004": 0}[id[:3]]


@pytest.mark.parametrize("id", RAW)
def test_every_quotation_is_the_raw_files_at_its_place(root: Path, statecloud: Corpus, id: str) -> None:
    raw = (root / "corpus" / "raw" / f"{id}.txt").read_bytes().decode()
    alignment = Alignment(statecloud.documents[id].dropped, len(raw))
    spans = [span for annotation in statecloud.gold[id].annotations for span in annotation.spans]

    assert len(spans) > 60
    for span in spans:
        ((start, end),) = alignment.raw_ranges(span.start, span.end)
        assert raw[start:end] == span.quote


def test_what_is_annotated(statecloud: Corpus) -> None:
    counts = Counter(each.layer for marked in statecloud.gold.values() for each in marked.annotations)

    assert counts == {"mention": 175, "attribution": 19, "claim": 50, "stance": 11, "claim_relation": 26}


def test_nothing_is_wrong_and_every_warning_was_looked_at(root: Path, statecloud: Corpus) -> None:
    """Sentences that hold nothing, names and quotations that are not marked are warnings, too."""
    _, findings = check(root)
    (review,) = read_reviews(root)

    assert [finding for finding in findings if finding.severity == "error"] == []
    assert [finding for finding in findings if not any(one.covers(finding) for one in review.accepted)] == []
    assert review.content_sha256 == content_digest(statecloud)
    assert {one.rule for one in review.accepted} == {"covered", "length", "quoted", "roles-differ"}


def test_gold_follows_from_three_sets_and_decisions_that_all_say_why(statecloud: Corpus) -> None:
    derived = derive(statecloud)
    decided = [one for found in statecloud.decisions.values() for one in (*found.decisions, *found.entities)]

    assert {who for who, _ in statecloud.sets} == {"lm1", "lm2", "pilot"}
    assert derived.open == () and derived.open_entities == ()
    assert {id: canonical_set(marked, statecloud.scheme) for id, marked in derived.gold.items()} == {
        id: canonical_set(marked, statecloud.scheme) for id, marked in statecloud.gold.items()
    }
    assert all(each.derived_from for marked in statecloud.gold.values() for each in marked.annotations)
    assert len(decided) == 149
    assert Counter(one.reason for one in decided) == {"other": 87, "slip": 23, "ambiguous text": 24, "codebook gap": 15}


def test_the_crosswalk_speaks_of_every_label_of_what_it_is_about(statecloud: Corpus) -> None:
    for row in json.loads(statecloud.scheme.files["crosswalk.json"])["crosswalk"]:
        name, _, attribute = row["subject"].partition(".")
        layer = statecloud.scheme.layer(name)
        assert layer is not None
        values = layer.attribute(attribute).values if attribute else layer.labels
        roles = {role.name for role in layer.roles}

        assert set(row["corresponds"]) == {value.name for value in values} or set(row["corresponds"]) <= roles
