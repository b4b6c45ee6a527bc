"""The next release: version, reasons, gates, changelog; and what a build refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from changing import marked_otherwise, with_document, without_label
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from strategies import corpora

from standoff import files
from standoff.canon import canonical_list, content_digest
from standoff.diff import diff
from standoff.errors import RecordError, ReleaseError, UsageError
from standoff.model import Annotation, AnnotationSet, Annotator, Corpus, Finding, Release, Span, Splits
from standoff.release import build
from standoff.release.folder import order
from standoff.release.planning import Plan, Threshold, agreed_by, plan, read_thresholds
from standoff.release.review import Review, Standing, standing
from standoff.release.revisions import committed
from standoff.release.sources import open_source, previous_release
from standoff.release.weighing import Reason, bumped, heaviest, newest, reasons
from standoff.schema import parse

DATE = "2024-03-08"
TINY = files.read(Path(__file__).parent / "tiny")
DOCUMENT = "003_666c5d1a536ded45"


def released(corpus: Corpus, version: str) -> Corpus:
    """The corpus after its content was released as this version."""
    return structs.replace(corpus, releases=(Release(version, DATE, content_digest(corpus)),))


def planned(corpus: Corpus, previous: Corpus | None, **more: Any) -> Plan:
    """The plan for a corpus that nobody found fault with or signed."""
    return plan(corpus, previous, date=DATE, findings=(), standing=standing(corpus, (), ()), **more)


def test_a_relabelled_claim_asks_for_a_patch(statecloud: Corpus) -> None:
    changed = marked_otherwise(statecloud, DOCUMENT, "c1", label="quantity")
    found = planned(released(changed, "1.2.3"), statecloud)

    assert (found.weight, found.version) == ("patch", "1.2.4")
    assert [reason.text for reason in found.reasons] == ["gold: claim: 1 relabelled"]


def test_a_span_moved_by_one_character_asks_for_a_patch(statecloud: Corpus) -> None:
    quote = "CSOs send letter to Amazon Web Services about hosting the HART biometric databas"
    changed = marked_otherwise(statecloud, DOCUMENT, "c1", spans=(Span(13, 93, quote),))
    found = planned(released(changed, "1.2.3"), statecloud)

    assert (found.weight, found.version) == ("patch", "1.2.4")
    assert [reason.text for reason in found.reasons] == ["gold: claim: 1 moved"]


def test_a_document_that_was_added_asks_for_a_minor_version(statecloud: Corpus) -> None:
    changed = with_document(statecloud, "005_new", "Nothing was decided.")
    found = planned(released(changed, "1.2.3"), statecloud)

    assert (found.weight, found.version) == ("minor", "1.3.0")
    assert [reason.text for reason in found.reasons] == ["document '005_new' added"]


def test_a_label_that_was_removed_asks_for_a_major_version(statecloud: Corpus) -> None:
    changed = structs.replace(statecloud, scheme=without_label(statecloud.scheme, "stance", "unclear"))
    found = planned(released(changed, "1.2.3"), statecloud)

    assert (found.weight, found.version) == ("major", "2.0.0")
    assert [(reason.weight, reason.text) for reason in found.reasons] == [
        ("major", "schema: label 'stance: unclear' removed"),
        ("patch", "schema: codebook section 'stance: unclear' removed"),
    ]


def test_a_corpus_that_did_not_change_needs_no_version(tiny: Corpus) -> None:
    found = planned(released(tiny, "1.2.3"), tiny)

    assert (found.weight, found.version, found.reasons, found.changelog) == (None, None, (), "")


def test_after_a_yank_the_same_content_asks_for_the_next_version(tiny: Corpus) -> None:
    (release,) = released(tiny, "1.2.3").releases
    listed = structs.replace(tiny, releases=(structs.replace(release, yanked=True, why="built from a draft"),))

    found = planned(listed, tiny)

    assert (found.previous, found.weight, found.version) == ("1.2.3", "patch", "1.2.4")
    assert found.reasons == (Reason("patch", "release '1.2.3' was yanked: built from a draft"),)
    assert found.changelog == "## [1.2.4] - 2024-03-08\n\n### Data\n\n- Release 1.2.3 was yanked: built from a draft.\n"


def test_the_first_release_may_have_any_version(tiny: Corpus) -> None:
    found = planned(structs.replace(tiny, releases=()), None)

    assert (found.previous, found.weight, found.version) == (None, None, "0.1.0")


@pytest.mark.parametrize(
    ("version", "weight", "expected"),
    [
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "major", "2.0.0"),
        ("0.2.3", "patch", "0.2.4"),
        ("0.2.3", "minor", "0.3.0"),
        ("0.2.3", "major", "0.3.0"),
        ("1.2.3", None, "1.2.3"),
    ],
)
def test_below_one_major_counts_as_minor(version: str, weight: Any, expected: str) -> None:
    assert bumped(version, weight) == expected


@given(st.data())
def test_whatever_changed_the_next_version_is_higher(data: st.DataObject) -> None:
    a, _ = data.draw(corpora(TINY.scheme))
    b, _ = data.draw(corpora(TINY.scheme))
    found = planned(released(b, "1.2.3"), a)

    assert (found.version is None) == (content_digest(a) == content_digest(b))
    assert found.version is None or order(found.version) > order("1.2.3")


def with_schema(corpus: Corpus, change: Callable[[dict[str, Any]], None]) -> Corpus:
    """The corpus with its annotation schema changed in place."""
    schema = json.loads(corpus.scheme.files["annotation.schema.json"])
    change(schema)
    scheme = parse({**corpus.scheme.files, "annotation.schema.json": json.dumps(schema)})
    return structs.replace(corpus, scheme=scheme)


def labels(schema: dict[str, Any], layer: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schema["$defs"][layer]["properties"]["label"]["oneOf"]
    return found


def attributes(schema: dict[str, Any], layer: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][layer]["properties"]["attributes"]
    return found


SCHEMA_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str | None]] = {
    "layout alone": (lambda schema: None, "patch"),
    "a title": (lambda schema: labels(schema, "opinion")[0].update(title="Fond"), "patch"),
    "a label added": (lambda schema: labels(schema, "link").append({"const": "softens"}), "minor"),
    "labels in another order": (lambda schema: labels(schema, "link").reverse(), "major"),
    "a score": (lambda schema: labels(schema, "opinion")[0]["x-standoff"].update(score=5), "major"),
    "an attribute that may be left out": (
        lambda schema: attributes(schema, "point")["properties"].update(tone={"oneOf": [{"const": "dry"}]}),
        "minor",
    ),
    "an attribute that must be given": (
        lambda schema: (
            attributes(schema, "point")["properties"].update(tone={"oneOf": [{"const": "dry"}]}),
            attributes(schema, "point")["required"].append("tone"),
        ),
        "major",
    ),
    "an attribute that need not be given any more": (
        lambda schema: attributes(schema, "point")["required"].remove("firmness"),
        "minor",
    ),
    "an attribute removed": (lambda schema: attributes(schema, "point")["properties"].pop("denial"), "major"),
    "fewer fragments": (
        lambda schema: schema["$defs"]["opinion"]["properties"]["spans"].update(maxItems=2),
        "major",
    ),
    "more fragments": (
        lambda schema: schema["$defs"]["opinion"]["properties"]["spans"].update(maxItems=4),
        "minor",
    ),
    "a role to more layers": (
        lambda schema: schema["$defs"]["point"]["properties"]["refs"]["properties"]["topic"]["x-standoff"].update(
            layers=["naming", "report"]
        ),
        "minor",
    ),
    "a type of entities removed that nothing else names": (
        lambda schema: schema["$defs"]["entity"]["properties"]["type"]["enum"].remove("thing"),
        "major",
    ),
    "a type of entities added": (
        lambda schema: schema["$defs"]["entity"]["properties"]["type"]["enum"].append("number"),
        "minor",
    ),
    "a constraint removed": (lambda schema: schema["x-standoff"]["constraints"].pop(), "minor"),
    "a constraint added": (
        lambda schema: schema["x-standoff"]["constraints"].append({"kind": "length", "layer": "opinion", "max": 90}),
        "major",
    ),
    "a doubt added": (
        lambda schema: schema["x-standoff"]["constraints"].append(
            {"kind": "length", "layer": "opinion", "max": 90, "severity": "warning"}
        ),
        "patch",
    ),
    "a label added that a constraint names": (
        lambda schema: (
            labels(schema, "naming").append({"const": "era"}),
            schema["x-standoff"]["constraints"][0]["labels"].append("era"),
        ),
        "minor",
    ),
}


@pytest.mark.parametrize("change", SCHEMA_CHANGES)
def test_a_schema_weighs_by_whether_what_was_valid_still_is(tiny: Corpus, change: str) -> None:
    make, expected = SCHEMA_CHANGES[change]

    assert heaviest(reasons(diff(tiny, with_schema(tiny, make)), tiny)) == expected


def test_a_new_layer_is_minor_whatever_it_asks_for(tiny: Corpus) -> None:
    def change(schema: dict[str, Any]) -> None:
        layer = json.loads(json.dumps(schema["$defs"]["point"]).replace('"point"', '"thesis"'))
        schema["$defs"]["thesis"] = layer
        schema["properties"]["annotations"]["items"]["properties"]["layer"]["enum"].append("thesis")
        schema["x-standoff"]["constraints"].append({"kind": "unique", "layer": "thesis", "by": ["spans"]})

    def unhotkeyed(schema: dict[str, Any]) -> None:
        change(schema)
        for label in labels(schema, "thesis"):
            label.pop("x-standoff", None)

    assert heaviest(reasons(diff(tiny, with_schema(tiny, unhotkeyed)), tiny)) == "minor"


HEADING = "opinion: likes"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Revision 1.", "Revision 2 (meaning).", "major"),
        ("Revision 1.", "Revision 2 (wording).", "patch"),
        ("Revision 1.", "Revision 2.", "patch"),
        ("Revision 1 (meaning).", "Revision 1 (meaning).\n\nMore words.", "patch"),
        ("Revision 2 (meaning).", "Revision 3 (meaning).", "major"),
        ("No such line.", "Revision 1 (meaning).", "major"),
        ("One.\nRevision 1.", "One.\nRevision 2 (meaning).", "patch"),
    ],
)
def test_a_section_revised_in_meaning_is_major(tiny: Corpus, before: str, after: str, expected: str) -> None:
    old, new = (section(tiny, HEADING, text) for text in (before, after))

    assert heaviest(reasons(diff(old, new), old)) == expected


def section(corpus: Corpus, heading: str, text: str) -> Corpus:
    """The corpus with another text under a heading of its codebook."""
    book = corpus.scheme.files["CODEBOOK.md"]
    start = book.index(f"### {heading}\n") + len(f"### {heading}\n")
    end = book.index("\n#", start)
    changed = parse({**corpus.scheme.files, "CODEBOOK.md": f"{book[:start]}\n{text}\n{book[end:]}"})
    return structs.replace(corpus, scheme=changed)


def without(corpus: Corpus, id: str) -> Corpus:
    """The corpus without a document and all that is about it."""

    def kept(by: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in by.items() if key != id}

    return structs.replace(
        corpus,
        documents=kept(corpus.documents),
        segments=kept(corpus.segments),
        rights=kept(corpus.rights),
        gold=kept(corpus.gold),
        sets={key: marked for key, marked in corpus.sets.items() if key[1] != id},
        splits=Splits(kept(dict(corpus.splits.splits)), corpus.splits.events),
    )


CORPUS_CHANGES: dict[str, tuple[Callable[[Corpus], Corpus], str]] = {
    "a document removed": (lambda c: without(c, "en_fair"), "major"),
    "a text": (
        lambda c: structs.replace(
            c, documents={**c.documents, "en_fair": structs.replace(c.documents["en_fair"], text="Other.")}
        ),
        "major",
    ),
    "a title": (
        lambda c: structs.replace(
            c, documents={**c.documents, "en_fair": structs.replace(c.documents["en_fair"], title="Other")}
        ),
        "patch",
    ),
    "a split": (
        lambda c: structs.replace(c, splits=Splits({**c.splits.splits, "en_fair": "validation"}, c.splits.events)),
        "major",
    ),
    "an event": (
        lambda c: structs.replace(c, splits=Splits(c.splits.splits, {**c.splits.events, "fair": ("en_fair",)})),
        "patch",
    ),
    "an entity": (lambda c: structs.replace(c, entities={}), "patch"),
    "an annotator added": (
        lambda c: structs.replace(c, annotators={**c.annotators, "z9": Annotator("z9", "human", "new")}),
        "minor",
    ),
    "an annotator removed": (lambda c: structs.replace(c, annotators={}), "major"),
    "a text withdrawn": (
        lambda c: structs.replace(
            c, rights={id: structs.replace(right, publish_text=False) for id, right in c.rights.items()}
        ),
        "major",
    ),
    "a takedown contact": (
        lambda c: structs.replace(
            c, rights={id: structs.replace(right, takedown="elsewhere") for id, right in c.rights.items()}
        ),
        "patch",
    ),
    "gold removed": (lambda c: structs.replace(c, gold={}), "major"),
}


@pytest.mark.parametrize("change", CORPUS_CHANGES)
def test_records_weigh_by_what_users_lose(tiny: Corpus, change: str) -> None:
    make, expected = CORPUS_CHANGES[change]

    assert heaviest(reasons(diff(tiny, make(tiny)), tiny)) == expected


def test_the_first_annotations_of_a_layer_are_minor_and_more_of_them_a_patch(tiny: Corpus) -> None:
    bare = structs.replace(tiny, gold={}, sets={("a1", "en_fair"): AnnotationSet("en_fair", "0" * 64, "a1")})
    naming = Annotation("n1", "naming", "who", (Span(0, 2, "Ab"),))

    def marked(*annotations: Annotation) -> Corpus:
        of_one = AnnotationSet("en_fair", "0" * 64, "a1", annotations)
        return structs.replace(bare, sets={("a1", "en_fair"): of_one})

    more = marked(naming, structs.replace(naming, id="n2"))

    assert heaviest(reasons(diff(bare, marked(naming)), bare)) == "minor"
    assert heaviest(reasons(diff(marked(naming), more), marked(naming))) == "patch"


def test_the_changelog_counts_by_layer(statecloud: Corpus) -> None:
    changed = marked_otherwise(statecloud, DOCUMENT, "c1", label="quantity")
    changed = with_document(changed, "005_new", "Nothing was decided.")
    changed = structs.replace(changed, scheme=without_label(changed.scheme, "stance", "unclear"))
    claims = sum(one.layer == "claim" for marked in changed.gold.values() for one in marked.annotations)

    assert planned(released(changed, "0.4.2"), statecloud).changelog == (
        "## [0.5.0] - 2024-03-08\n"
        "\n"
        "### Data\n"
        "\n"
        "- Documents: added `005_new`.\n"
        "- Splits: added `005_new`.\n"
        "- Rights: added `005_new`.\n"
        "- Segments: added `005_new`.\n"
        f"- `claim`: {claims} annotations (1 relabelled).\n"
        "\n"
        "### Schema\n"
        "\n"
        "- Label `stance: unclear` removed.\n"
        "- Section `stance: unclear` removed.\n"
    )


def gates(found: Plan) -> dict[str, tuple[bool | None, str]]:
    return {gate.name: (gate.open, gate.text) for gate in found.gates}


def test_gates_are_open_where_all_was_decided_and_signed(tiny: Corpus) -> None:
    allowed = {id: structs.replace(right, publish_text=True) for id, right in tiny.rights.items()}
    corpus = structs.replace(tiny, rights=allowed, releases=())
    signed = Review("r1", DATE, content_digest(corpus))
    found = plan(corpus, None, date=DATE, findings=(), standing=standing(corpus, (), (signed,)))

    assert found.ready
    assert gates(found) == {
        "validation": (True, "0 errors, 0 warnings"),
        "adjudication": (True, "nothing is undecided"),
        "rights": (True, f"the texts of all {len(corpus.documents)} documents may be published"),
        "agreement": (True, "no threshold is set in corpus/gates.json"),
        "sign-off": (True, "r1 on 2024-03-08"),
    }


def test_gates_say_what_stands_in_the_way(tiny: Corpus) -> None:
    rights = dict(tiny.rights) | {"en_fair": structs.replace(tiny.rights["en_fair"], publish_text=False)}
    corpus = structs.replace(tiny, rights=rights, releases=())
    fault = Finding("schema/CODEBOOK.md", "x", "", "some-rule", "error", "is wrong")
    found = plan(corpus, None, date=DATE, findings=(fault,), standing=Standing("f" * 64, (), (), (fault,)))

    assert not found.ready
    assert gates(found)["validation"] == (False, "1 error, 0 warnings")
    assert gates(found)["rights"][0] is False
    assert "en_fair" in gates(found)["rights"][1]
    assert gates(found)["sign-off"] == (False, f"nobody signed content {'f' * 64}")


def test_what_is_undecided_keeps_the_gate_shut(tiny: Corpus) -> None:
    found = planned(structs.replace(tiny, policy=None, releases=()), None)

    assert gates(found)["adjudication"] == (False, "48 annotations and 1 entity are undecided")


def test_a_document_without_a_decision_keeps_the_gate_shut(tiny: Corpus) -> None:
    found = planned(structs.replace(tiny, rights={}, releases=()), None)

    assert gates(found)["rights"] == (False, f"no decision on publishing {', '.join(sorted(tiny.documents))}")


def test_agreement_that_nobody_computed_keeps_the_gate_shut(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, releases=())
    asked = (Threshold("point", "alpha", 0.7),)

    def two_thirds(_: Corpus, threshold: Threshold) -> float:
        return 0.667

    unknown = planned(corpus, None, thresholds=asked)
    missed = planned(corpus, None, thresholds=asked, agreed=two_thirds)
    reached = planned(corpus, None, thresholds=(Threshold("point", "alpha", 0.6),), agreed=two_thirds)

    assert gates(unknown)["agreement on point"] == (None, "alpha was not computed; at least 0.7 is asked for")
    assert gates(missed)["agreement on point"] == (False, "alpha 0.667; at least 0.7 is asked for")
    assert gates(reached)["agreement on point"] == (True, "alpha 0.667; at least 0.6 is asked for")


def test_agreement_is_measured_where_a_threshold_asks_for_it(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, releases=())
    some = (
        Threshold("report", "alpha nominal", 0.9, "label"),
        Threshold("report", "F1 unheard of", 0.9),
        Threshold("opinion", "alpha nominal", 0.9, "wording"),
    )
    found = planned(corpus, None, thresholds=some, agreed=agreed_by(corpus, some)).gates[3:6]

    assert [gate.open for gate in found] == [True, None, None]
    assert found[0].text == "label: alpha nominal 1.000; at least 0.9 is asked for"
    assert found[1].text.startswith("F1 unheard of was not measured: measures of the layer are F1 exact, ")
    assert found[2].text == (
        "wording: alpha nominal is undefined: no unit has ratings of two annotators; at least 0.9 is asked for"
    )


def test_thresholds_are_data_of_the_checkout(tmp_path: Path) -> None:
    assert read_thresholds(tmp_path) == ()

    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "gates.json").write_text('{"agreement": [{"layer": "a", "measure": "b", "least": 0.5}]}')

    assert read_thresholds(tmp_path) == (Threshold("a", "b", 0.5),)

    (tmp_path / "corpus" / "gates.json").write_text('{"agreement": [{"layer": "a", "measure": "b"}]}')

    with pytest.raises(RecordError, match=r"corpus/gates\.json: .*least"):
        read_thresholds(tmp_path)


# --- what a build refuses


@pytest.fixture(scope="module")
def out(tiny_released: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with release 1.0.0 of the tiny corpus."""
    folder = tmp_path_factory.mktemp("out")
    build(tiny_released, "1.0.0", folder, date=DATE)
    return folder


@pytest.fixture(scope="module")
def tiny_released(tiny: Corpus) -> Corpus:
    """The tiny corpus, released as 1.0.0."""
    return released(structs.replace(tiny, releases=()), "1.0.0")


def retitled(corpus: Corpus) -> Corpus:
    """The corpus with the title of one document corrected: a patch."""
    changed = structs.replace(corpus.documents["en_fair"], title="Other")
    return structs.replace(corpus, documents={**corpus.documents, "en_fair": changed})


def resplit(corpus: Corpus) -> Corpus:
    """The corpus with all documents in one split: a major change."""
    one: dict[str, Any] = dict.fromkeys(corpus.splits.splits, "train")
    return structs.replace(corpus, splits=Splits(one, corpus.splits.events))


def test_a_version_lower_than_the_changes_ask_for_is_refused(tiny_released: Corpus, out: Path) -> None:
    with pytest.raises(ReleaseError) as error:
        build(resplit(tiny_released), "1.1.0", out, date=DATE)

    assert str(error.value).startswith(
        "version '1.1.0' after '1.0.0'; expected '2.0.0' or higher, because split of document "
    )
    assert not (out / "1.1.0").exists()


def test_a_version_that_is_high_enough_is_built(tiny_released: Corpus, out: Path, tmp_path: Path) -> None:
    before = open_source("1.0.0", tmp_path, releases=(out,))

    assert build(retitled(tiny_released), "1.0.1", tmp_path, date=DATE, previous=before).version == "1.0.1"


def test_a_version_high_enough_for_anything_needs_no_release_at_hand(tiny_released: Corpus, tmp_path: Path) -> None:
    assert build(resplit(tiny_released), "2.0.0", tmp_path, date=DATE).new


def test_versions_in_development_are_free(tiny_released: Corpus, tmp_path: Path) -> None:
    assert build(resplit(tiny_released), "0.0.1.dev0", tmp_path, date=DATE).new


def test_the_same_release_can_be_built_again(tiny_released: Corpus, tmp_path: Path) -> None:
    assert build(tiny_released, "1.0.0", tmp_path, date=DATE).new


def test_other_content_under_a_released_version_is_refused(tiny_released: Corpus, tmp_path: Path) -> None:
    with pytest.raises(
        ReleaseError, match=r"version '1\.0\.0' was released with the content .*: build under a new version"
    ):
        build(retitled(tiny_released), "1.0.0", tmp_path, date=DATE)


def test_a_release_that_cannot_be_found_is_asked_for(tiny_released: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no tag 'v1\.0\.0', and no commit lists it; expected .* as --previous"):
        build(retitled(tiny_released), "1.0.1", tmp_path, date=DATE, root=tmp_path)


def test_a_previous_release_that_is_another_one_is_refused(tiny_released: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"what is called '1\.0\.0' has the content "):
        build(retitled(tiny_released), "1.0.1", tmp_path, date=DATE, previous=resplit(tiny_released))


def test_a_yanked_release_still_holds_its_number(tiny: Corpus) -> None:
    listed = (
        Release("0.9.0", DATE, ""),
        Release("0.10.0", DATE, "", yanked=True, why="x"),
        Release("1.0.0.dev0", DATE, ""),
    )

    assert newest(listed) == listed[1]
    assert newest(listed[2:]) is None
    assert newest(()) is None


# --- what may be called a corpus


@pytest.fixture(scope="module")
def history(tiny: Corpus, tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout below the top of its repository: tagged v1.0.0, then a title was corrected, which is not committed."""
    top = tmp_path_factory.mktemp("history")
    root = top / "below"
    files.write_corpus(root, tiny, files.raw_bytes(tiny_root, tiny))
    (root / "corpus" / "link").symlink_to("/")
    commit = ("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "x")

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=top, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "below")
    git(*commit)
    # From here on a check-out or an archive would turn the ends of lines.
    (top / ".gitattributes").write_text("*.txt text eol=crlf\n")
    git("add", ".gitattributes")
    git(*commit)
    git("tag", "v1.0.0")
    files.write_document(root, retitled(tiny).documents["en_fair"], tiny.segments["en_fair"])
    return root


def test_a_revision_is_read_as_it_was_stored(tiny: Corpus, history: Path) -> None:
    for name in ("HEAD", "v1.0.0", "1.0.0"):
        assert content_digest(open_source(name, history)) == content_digest(tiny)
    assert open_source(str(history), history).documents["en_fair"].title == "Other"


def test_reading_a_revision_changes_nothing_and_follows_no_link(tiny: Corpus, history: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in history.parent.rglob("*") if "below" in path.parts}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=history, check=True, capture_output=True, text=True)
    with committed(commit.stdout.strip(), history) as folder:
        assert not (folder / "corpus" / "link").exists()
        assert sorted(path.name for path in folder.iterdir()) == ["annotations", "corpus", "schema"]

    assert {path: path.stat().st_mtime_ns for path in history.parent.rglob("*") if "below" in path.parts} == before


@pytest.mark.parametrize("name", ["nowhere", "9.9.9", "--output=x", "HEAD:below", ""])
def test_what_names_no_corpus_is_refused(history: Path, name: str) -> None:
    with pytest.raises(
        UsageError, match=r"is no folder, no .*; expected a checkout, a release, a version in .*, or a rev"
    ):
        open_source(name, history)


def test_the_last_release_is_found_by_its_tag(tiny: Corpus, history: Path) -> None:
    found = previous_release(released(tiny, "1.0.0"), history)

    assert found is not None
    assert content_digest(found) == content_digest(tiny)


@pytest.fixture(scope="module")
def untagged(tiny: Corpus, tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout without tags or built releases: 1.0.0 was listed in its second commit, changed in its third."""
    root = tmp_path_factory.mktemp("untagged")
    listed = released(tiny, "1.0.0")
    for corpus in (structs.replace(tiny, releases=()), listed, retitled(listed)):
        files.write_corpus(root, corpus, files.raw_bytes(tiny_root, tiny))
        (root / "corpus" / "releases.json").write_text(canonical_list("releases", corpus.releases), encoding="utf-8")
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "x")):
            subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
    return root


def test_without_a_tag_the_last_release_is_found_where_it_was_first_listed(tiny: Corpus, untagged: Path) -> None:
    found = previous_release(files.read(untagged), untagged)

    assert found is not None
    assert content_digest(found) == content_digest(tiny)


def test_a_shallow_clone_says_what_it_lacks(untagged: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", untagged.as_uri(), clone], check=True)

    with pytest.raises(UsageError, match=r"commit [0-9a-f]{40}, the first that lists it, .*: git fetch --unshallow"):
        previous_release(files.read(clone), clone)


def test_a_commit_without_a_corpus_is_refused(history: Path) -> None:
    with pytest.raises(UsageError, match="holds no corpus at elsewhere/; expected corpus/ and schema/"):
        (history.parent / "elsewhere").mkdir()
        open_source("HEAD", history.parent / "elsewhere")


def test_a_broken_corpus_in_a_commit_is_told_by_commit_and_file(history: Path, tmp_path: Path) -> None:
    shutil.copytree(history.parent, tmp_path / "copy", symlinks=True)
    files.write(tmp_path / "copy" / "below" / "corpus" / "splits.json", '{"splits": 1}')
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    words = ("commit", "--quiet", "-m", "x", "below/corpus/splits.json")
    subprocess.run([*git, *words], cwd=tmp_path / "copy", check=True)

    with pytest.raises(
        RecordError, match=r"^git [0-9a-f]{40} corpus/splits\.json splits: Expected `object`, got `int`"
    ):
        open_source("HEAD", tmp_path / "copy" / "below")
