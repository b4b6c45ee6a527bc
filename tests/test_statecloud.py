"""The real corpus is what was received, annotated in full."""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from standoff.model import Corpus
from standoff.text import Alignment
from standoff.validate import validate

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

    assert counts == {"mention": 176, "attribution": 19, "claim": 50, "stance": 12, "claim_relation": 23}


def test_every_sentence_is_touched_and_every_quotation_is_attributed(statecloud: Corpus) -> None:
    for id, document in statecloud.documents.items():
        spans = [(s.start, s.end) for each in statecloud.gold[id].annotations for s in each.spans]
        for start, end in statecloud.segments[id].sentences:
            assert any(a < end and b > start for a, b in spans), document.text[start:end]
        attributed = {
            claim
            for each in statecloud.gold[id].annotations
            if each.layer == "attribution" and each.attributes["mode"] in ("direct", "mixed")
            for claim in each.refs.get("content", ())
        }
        said = [s for each in statecloud.gold[id].annotations if each.id in attributed for s in each.spans]
        for quoted in re.finditer('“[^“”]*|"[^"]*"', document.text):
            # The title of a document is quoted as well, and nobody says it.
            if "Letter to AWS" not in quoted.group():
                assert any(s.start < quoted.end() and s.end > quoted.start() for s in said), quoted.group()


def test_every_error_is_gone_and_every_warning_is_known(statecloud: Corpus) -> None:
    found = {(finding.severity, finding.rule, finding.file[-9:-5], finding.id) for finding in validate(statecloud)}

    assert found == {("warning", "roles-differ", "7227", "s3"), ("warning", "length", "5070", "c2")}


def test_the_crosswalk_speaks_of_every_label_of_what_it_is_about(statecloud: Corpus) -> None:
    for row in json.loads(statecloud.scheme.files["crosswalk.json"])["crosswalk"]:
        name, _, attribute = row["subject"].partition(".")
        layer = statecloud.scheme.layer(name)
        assert layer is not None
        values = layer.attribute(attribute).values if attribute else layer.labels
        roles = {role.name for role in layer.roles}

        assert set(row["corresponds"]) == {value.name for value in values} or set(row["corresponds"]) <= roles
