"""Agreement of a corpus: which numbers each layer gets, and the disagreements behind them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from renaming import bijection, renamed

from standoff import files
from standoff.agreement import Disagreement, Measure, agreement, disagreements, pages, sections
from standoff.canon import canonical, normal
from standoff.cli import main
from standoff.errors import UsageError
from standoff.model import Annotation, AnnotationSet, Corpus, Entity, Span, derived_id

DOCUMENT = "en_fair"
CLOSE = 1e-9

Change = Callable[[Annotation], Annotation | None]


def changed(marked: AnnotationSet, changes: dict[str, Change], annotator: str) -> AnnotationSet:
    """A set under another annotator's name, with some annotations changed or (None) gone."""
    found = [changes.get(a.id, lambda a: a)(a) for a in marked.annotations]
    return structs.replace(marked, annotator=annotator, annotations=tuple(a for a in found if a is not None))


def gone(annotation: Annotation) -> None:
    return None


def with_(**fields: Any) -> Change:
    return lambda annotation: structs.replace(annotation, **fields)


def three(corpus: Corpus, x: dict[str, Change], y: dict[str, Change], z: dict[str, Change]) -> Corpus:
    """The corpus with three annotators, who all marked what a1 did in one document, but for these changes."""
    base = corpus.sets["a1", DOCUMENT]
    sets = {(who, DOCUMENT): changed(base, changes, who) for who, changes in (("x", x), ("y", y), ("z", z))}
    return structs.replace(corpus, sets=sets)


@pytest.fixture
def planted(tiny: Corpus) -> Corpus:
    """Three annotators with one disagreement of each kind."""
    return three(
        tiny,
        x={"explains:p5:p6": gone},
        y={
            "n5": with_(label="where"),
            "p5": with_(spans=(Span(228, 247, "café never sold out"),)),
            "n10": with_(refs={"referent": ("ada",)}),
            "register:playful": gone,
        },
        z={
            "p6": with_(attributes={"firmness": "firm"}),
            "o3": gone,
            "r3": with_(refs={"said": ("p2",), "speaker": ("n6",), "within": ("r2",)}),
            "explains:p4:p5": with_(id=derived_id("clashes", "p4", "p5"), label="clashes"),
        },
    )


def measures(corpus: Corpus, **options: Any) -> dict[tuple[str, str, str], Measure]:
    report = agreement(corpus, **options)
    return {(row.layer, row.subject, row.measure): row.result for row in report.rows if not row.group}


def told(each: Disagreement) -> tuple[str, str, str, tuple[str, ...]]:
    return each.kind, each.layer, each.subject, tuple(sorted({version.id for version in each.versions}))


def test_each_planted_disagreement_is_listed_and_nothing_else(planted: Corpus) -> None:
    found = disagreements(planted)

    assert {told(each) for each in found.all} == {
        ("missing", "link", "", ("", "explains:p5:p6")),
        ("label", "naming", "", ("n5",)),
        ("boundary", "point", "", ("p5",)),
        ("link", "naming", "referent", ("n10",)),
        ("missing", "register", "", ("", "register:playful")),
        ("attribute", "point", "firmness", ("p6",)),
        ("missing", "opinion", "", ("", "o3")),
        ("role", "report", "speaker", ("r3",)),
        ("label", "link", "", ("clashes:p4:p5", "explains:p4:p5")),
    }
    assert len(found.all) == 9
    assert found.reason == ""


def test_the_worst_come_first_and_each_names_the_rules_it_is_about(planted: Corpus) -> None:
    found = disagreements(planted).all

    # One of three differs: two of three pairs; the boundary by the 4 of 23 characters that are not shared.
    assert [each.weight for each in found[:-1]] == pytest.approx([2 / 3] * 8)
    assert (found[-1].kind, found[-1].weight) == ("boundary", pytest.approx(2 / 3 * 4 / 23))
    headings = {each.kind: each.headings for each in found if each.layer in ("naming", "point", "report")}
    assert headings == {
        "label": ("naming: where", "naming: thing"),
        "link": ("naming: referent (role)",),
        "attribute": ("point: firmness=weak", "point: firmness=firm"),
        "boundary": ("point: happening",),
        "role": ("report: speaker (role)",),
    }
    assert all(heading in planted.scheme.sections for each in found for heading in each.headings)


def test_sections_are_ordered_by_what_they_weigh_together(planted: Corpus) -> None:
    found = sections(disagreements(planted, ["link", "point"]).all)

    assert [(section.headings, len(section.disagreements)) for section in found] == [
        (("link: explains",), 1),
        (("link: explains", "link: clashes"), 1),
        (("point: firmness=weak", "point: firmness=firm"), 1),
        (("point: happening",), 1),
    ]


def test_a_disagreement_shows_what_each_has_in_its_context(planted: Corpus) -> None:
    (found,) = [each for each in disagreements(planted).all if each.kind == "role"]

    assert found.context.endswith("She hopes that Ben Moor [thinks] the jam is good. “It is good …")
    assert [(v.annotator, v.id, v.says) for v in found.versions] == [
        ("x", "r3", "Ben Moor"),
        ("y", "r3", "Ben Moor"),
        ("z", "r3", "She"),
    ]


def test_planted_disagreements_give_exactly_these_numbers(planted: Corpus) -> None:
    found = measures(planted)

    expected = {
        # 18 points in all, each pair with y shares one less than the 6 of the others.
        ("point", "", "F1 exact"): 2 * (5 + 6 + 5) / 36,
        ("point", "", "F1 half overlap"): 1.0,
        ("naming", "", "F1 exact"): 1.0,
        # y calls one of 14 namings otherwise: 13 pairs of annotators out of 14, twice.
        ("naming", "", "F1 exact with label"): 2 * (13 + 14 + 13) / 84,
        # 18 who, 12 café, 8 thing, 3 number, 1 where: alpha = 1 - 41 * 2 / (42^2 - 18^2 - 12^2 - 8^2 - 3^2 - 1^2)
        ("naming", "label", "alpha nominal"): 1 - 41 * 2 / 1222,
        ("naming", "shape", "alpha nominal"): 1.0,
        # 12 quill_cafe, 10 ada, 9 jam, 5 ben, 3 quill_family
        ("naming", "referent", "alpha nominal"): 1 - 38 * 2 / 1162,
        # 13 firm, 3 fair, 2 weak, at the midranks 11.5, 3.5 and 1
        ("point", "firmness", "alpha ordinal"): 1 - 17 * 220.5 / 10800,
        ("report", "speaker", "F1 same span"): 2 * (4 + 3 + 3) / 24,
        # y takes Ben Moor for Ada Quill in the fourth.
        ("report", "speaker", "F1 same entity"): 2 * (3 + 3 + 2) / 24,
        ("report", "said", "F1 same span"): 1.0,
        ("opinion", "", "F1 exact"): 2 * (3 + 2 + 2) / 16,
        ("opinion", "voice, object, label", "F1 same entities"): 2 * (2 + 2 + 1) / 16,
        ("link", "", "F1 same spans"): 2 * (2 + 1 + 2) / 16,
        ("link", "", "F1 same ends, any label"): 2 * (2 + 2 + 3) / 16,
        ("tie", "", "F1 same entities"): 1.0,
        # Three labels by three annotators: 5 given, 4 not.
        ("register", "label", "alpha nominal"): 1 - 8 * 2 / 40,
    }
    assert {key: found[key].value for key in expected} == {
        key: pytest.approx(v, abs=CLOSE) for key, v in expected.items()
    }


def test_every_number_carries_what_it_rests_on(planted: Corpus) -> None:
    found = measures(planted)

    assert {(m.annotators, m.pairs, m.documents) for m in found.values()} == {(3, 3, 1)}
    label = found["naming", "label", "alpha nominal"]
    assert (label.units, label.interval, label.interval_reason) == (14, None, "one document")
    referent = found["naming", "referent", "alpha nominal"]
    assert [(each.why, each.count) for each in referent.excluded] == [
        ("referring to nothing by all who marked them", 1)
    ]
    stance = found["opinion", "label", "alpha interval"]
    assert [(each.why, each.count) for each in stance.excluded] == [
        ("ratings without a place on the scale", 2),
        ("rated by nobody", 1),
    ]


def test_scores_make_labels_an_interval_scale(tiny: Corpus) -> None:
    # torn is 0, likes 1, dislikes -1: o1 is 0 0 0 for all, o2 is 1, 1 and -1.
    found = measures(three(tiny, {}, {}, {"o2": with_(label="dislikes")}))

    # Values 0 0 0 1 1 -1; observed (4 + 4) * 2 / 2, expected 2 * (3 * 2 * 1 + 3 * 1 * 1 + 2 * 1 * 4)
    expected = 1 - 5 * 8 / 34
    assert found["opinion", "label", "alpha interval"].value == pytest.approx(expected, abs=CLOSE)
    (listed,) = disagreements(three(tiny, {}, {}, {"o2": with_(label="torn")}), ["opinion"]).all
    assert listed.weight == pytest.approx(2 / 3 / 2)


def test_equal_sets_agree_fully_and_have_no_disagreements(tiny: Corpus) -> None:
    corpus = three(tiny, {}, {}, {})
    found = measures(corpus)

    assert disagreements(corpus).all == ()
    assert {round(m.value, 9) for m in found.values() if m.value is not None} == {1.0}
    assert all(m.reason for m in found.values() if m.value is None)


def test_a_symmetric_relation_may_be_drawn_from_either_end(tiny: Corpus) -> None:
    # y has other ids, in another order, so that the ends of what is symmetric are stored the other way round.
    def other(annotation: Annotation) -> Annotation:
        return structs.replace(
            annotation,
            id=derived_id("echoes", "p3", "p2"),
            refs={"first": ("p3",), "second": ("p2",)},
        )

    corpus = three(tiny, {}, {"echoes:p2:p3": other}, {})

    assert measures(corpus)["link", "", "F1 same spans"].value == 1.0
    assert disagreements(corpus).all == ()


def own(id: str, **fields: Any) -> Entity:
    return Entity(id=id, type="who", name=id, kb_status="unchecked", **fields)


def relinked(corpus: Corpus, who: str, links: dict[str, str], entities: tuple[Entity, ...]) -> Corpus:
    """The corpus in which one annotator links namings to other entities, some of them new ones."""
    marked = corpus.sets[who, DOCUMENT]
    annotations = tuple(
        structs.replace(a, refs={"referent": (links[a.id],)}) if a.id in links else a for a in marked.annotations
    )
    replaced = structs.replace(marked, annotations=annotations, entities=(*marked.entities, *entities))
    return structs.replace(corpus, sets={**corpus.sets, (who, DOCUMENT): replaced})


def test_annotators_own_entities_are_paired_by_the_mentions_they_share(tiny: Corpus) -> None:
    corpus = three(tiny, {}, {}, {})
    corpus = relinked(corpus, "x", {"n7": "moor", "n10": "moor"}, (own("moor"),))
    corpus = relinked(corpus, "y", {"n7": "b_moor", "n10": "b_moor"}, (own("b_moor"),))

    # x and y added one each, z took the registry's: all three are one.
    assert measures(corpus)["naming", "referent", "alpha nominal"].value == 1.0
    assert disagreements(corpus).all == ()


def test_an_entity_that_an_annotator_splits_in_two_is_paired_with_the_larger_part(tiny: Corpus) -> None:
    corpus = three(tiny, {}, {}, {})
    corpus = relinked(corpus, "x", {"t1": "quill", "n1": "quill", "n6": "she"}, (own("quill"), own("she")))

    assert [told(each) for each in disagreements(corpus, ["naming"]).all] == [("link", "naming", "referent", ("n6",))]


def test_one_wikidata_id_is_one_entity_and_two_are_two(tiny: Corpus) -> None:
    corpus = three(tiny, {}, {}, {})
    corpus = relinked(corpus, "x", {"n7": "moor", "n10": "moor"}, (own("moor", wikidata="Q7"),))
    corpus = relinked(corpus, "y", {"n7": "other", "n10": "other"}, (own("other", wikidata="Q7"),))
    same = measures(corpus, annotators=["x", "y"])
    corpus = relinked(corpus, "y", {"n7": "third", "n10": "third"}, (own("third", wikidata="Q8"),))
    two = disagreements(corpus, ["naming"], annotators=["x", "y"]).all

    assert same["naming", "referent", "alpha nominal"].value == 1.0
    assert {told(each)[3] for each in two} == {("n7",), ("n10",)}


def test_another_mention_of_the_same_entity_in_a_role_weighs_half(tiny: Corpus) -> None:
    def speaker(id: str) -> Change:
        return with_(refs={"said": ("p1",), "speaker": (id,)})

    corpus = three(tiny, {}, {}, {"r1": speaker("n6")})

    (found,) = disagreements(corpus).all
    assert (told(found), found.weight) == (("role", "report", "speaker", ("r1",)), pytest.approx(2 / 3 / 2))
    numbers = measures(corpus)
    assert numbers["report", "speaker", "F1 same span"].value == pytest.approx(2 * (4 + 3 + 3) / 24)
    assert numbers["report", "speaker", "F1 same entity"].value == 1.0


def test_numbers_do_not_depend_on_the_annotators_names(planted: Corpus) -> None:
    names = {"x": "zoe", "y": "b", "z": "m"}
    sets = {(names[who], id): structs.replace(of, annotator=names[who]) for (who, id), of in planted.sets.items()}
    other = structs.replace(planted, sets=dict(sorted(sets.items())))

    def values(corpus: Corpus) -> dict[Any, Any]:
        return {
            key: (m.value if m.value is None else round(m.value, 9), m.units) for key, m in measures(corpus).items()
        }

    assert values(other) == values(planted)
    assert {told(each) for each in disagreements(other).all} == {told(each) for each in disagreements(planted).all}


@pytest.mark.parametrize("seed", [1, 2])
def test_numbers_and_disagreements_are_the_same_under_other_names(planted: Corpus, seed: int) -> None:
    names = bijection(planted.scheme, seed)
    other = renamed(planted, names)

    def rows(corpus: Corpus) -> list[Any]:
        return [json.loads(canonical(row)) for row in agreement(corpus, by="label").rows]

    def listed(corpus: Corpus) -> list[Any]:
        return [json.loads(canonical(each)) for each in disagreements(corpus).all]

    assert sorted(map(str, names.back(rows(other)))) == sorted(map(str, rows(planted)))
    assert sorted(map(str, names.back(listed(other)))) == sorted(map(str, listed(planted)))


def test_gold_is_nobodys_and_documents_of_one_annotator_are_left_out(tiny: Corpus) -> None:
    found, left_out = pages(tiny)

    assert [(page.document, page.annotators) for page in found] == [
        ("ar_souk", ("a1", "m1")),
        ("en_fair", ("a1", "m1")),
    ]
    assert [(each.why, each.count) for each in left_out] == [("documents that one annotator alone worked on", 1)]


def test_sets_made_on_another_text_and_misshapen_annotations_are_left_out_and_counted(tiny: Corpus) -> None:
    x, y, z = (changed(tiny.sets["a1", DOCUMENT], {}, who) for who in "xyz")
    x = structs.replace(x, text_sha256="0" * 64)
    y = changed(y, {"n1": with_(spans=()), "n2": with_(spans=(Span(0, 9999, ""),)), "n5": with_(label="nobody")}, "y")
    corpus = structs.replace(tiny, sets={(of.annotator, DOCUMENT): of for of in (x, y, z)})

    report = agreement(corpus, ["naming"], resamples=0)

    assert report.annotators == ("y", "z")
    assert [(each.why, each.count) for each in report.excluded] == [
        ("sets made on another text", 1),
        ("annotations not of their layer's shape, which standoff validate names", 3),
    ]
    assert report.rows[0].result.value == pytest.approx(2 * 11 / 25)


def test_an_interval_is_over_documents_and_few_of_them_are_warned_of(tiny: Corpus) -> None:
    report = agreement(tiny, ["naming"])
    exact = report.rows[0].result

    # 8 of 18 and 10 namings in one document, 0 of 12 and 0 in the other.
    assert exact.value == pytest.approx(16 / 36)
    assert exact.interval == (0.0, pytest.approx(16 / 24))
    assert report.warnings == (
        "2 documents only: intervals over so few are wide and rough; read the numbers as a description",
    )


def test_numbers_by_annotator_and_document_are_of_each_alone(planted: Corpus, tiny: Corpus) -> None:
    by_pair = agreement(planted, ["point"], by="annotator", resamples=0)
    by_document = agreement(tiny, ["naming"], by="document", resamples=0)

    assert {row.group: row.result.value for row in by_pair.rows if row.measure == "F1 exact" and not row.subject} == {
        "": pytest.approx(32 / 36),
        "x and y": pytest.approx(10 / 12),
        "x and z": 1.0,
        "y and z": pytest.approx(10 / 12),
    }
    assert {row.group: row.result.value for row in by_document.rows if row.measure == "F1 exact"} == {
        "": pytest.approx(16 / 36),
        "ar_souk": 0.0,
        "en_fair": pytest.approx(16 / 24),
    }


def test_numbers_by_label_set_each_against_the_rest(planted: Corpus) -> None:
    report = agreement(planted, ["naming"], by="label", resamples=0)
    found = {(row.group, row.measure): row.result for row in report.rows if row.subject == "label" and row.group}

    # One of 42 ratings is 'where': observed 2, expected 2 * 41.
    assert found["where", "alpha nominal"].value == pytest.approx(1 - 41 * 2 / 82)
    assert found["who", "alpha nominal"].value == pytest.approx(1)
    # 3, 2 and 3 'thing's.
    assert found["thing", "F1 exact"].value == pytest.approx(2 * (2 + 3 + 2) / 16)


def test_confusions_and_profiles_count_what_each_annotator_did(planted: Corpus) -> None:
    report = agreement(planted, ["naming", "opinion"], resamples=0)

    (table,) = [
        t for t in report.confusions if (t.layer, t.subject, t.first, t.second) == ("naming", "label", "x", "y")
    ]
    assert table.values == ("who", "where", "café", "thing", "number")
    assert table.counts == ((6, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 0, 4, 0, 0), (0, 1, 0, 2, 0), (0, 0, 0, 0, 1))
    profiles = {(p.annotator, p.layer): (p.annotations, p.alone, p.missed, p.labels) for p in report.profiles}
    assert profiles["z", "opinion"] == (2, 0, 1, (("likes", 1), ("torn", 1)))
    assert profiles["x", "opinion"] == (3, 0, 0, (("likes", 1), ("torn", 1), ("unsure", 1)))


def test_an_unknown_layer_or_annotator_names_the_nearest(tiny: Corpus) -> None:
    with pytest.raises(UsageError, match=r"there is no layer 'namin'; .*\[did you mean 'naming'\?\]"):
        agreement(tiny, ["namin"])
    with pytest.raises(UsageError, match=r"annotator 'a2' has no sets.*\['a1', 'm1'\]"):
        disagreements(tiny, annotators=["a2"])


@pytest.fixture
def checkout(tiny_root: Path, tmp_path: Path) -> Path:
    """A copy of the tiny corpus to change."""
    shutil.copytree(tiny_root, tmp_path / "tiny")
    return tmp_path / "tiny"


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), "agree", *words])


def fine(result: Result) -> str:
    assert result.exit_code == 0, result.output
    assert "Traceback" not in result.output
    return result.output


def test_the_table_has_intervals_reasons_and_a_warning(checkout: Path) -> None:
    shown = fine(run(checkout, "--layer", "naming", "--layer", "point"))

    lines = [line.split() for line in shown.splitlines()]
    assert ["naming", "-", "F1", "exact", "all", "0.444", "0.000", "to", "0.667", "28", "2", "1", "2"] in lines
    assert "point label alpha nominal: undefined, one category only: all ratings are 'happening'" in shown
    assert "warning: 2 documents only: intervals over so few are wide" in shown


def test_json_and_csv_hold_the_same_numbers(checkout: Path) -> None:
    as_json = json.loads(fine(run(checkout, "--format", "json", "--layer", "tie")))
    as_csv = list(csv.DictReader(io.StringIO(fine(run(checkout, "--format", "csv", "--layer", "tie")))))

    assert [row["measure"] for row in as_csv] == [row["measure"] for row in as_json["rows"]]
    assert float(as_csv[0]["value"]) == as_json["rows"][0]["result"]["value"] == pytest.approx(2 / 3)
    assert (as_csv[3]["value"], as_csv[3]["reason"]) == ("", "one category only: all ratings are 'owns'")


def test_labels_bring_confusions_and_annotators_profiles(checkout: Path) -> None:
    assert "naming label: a1 (rows) and m1 (columns)" in fine(run(checkout, "--by", "label", "--layer", "naming"))
    assert "nobody else  missed" in fine(run(checkout, "--by", "annotator", "--layer", "naming"))


def test_disagreements_stand_under_the_headings_of_the_codebook(checkout: Path) -> None:
    shown = fine(run(checkout, "--disagreements", "--layer", "naming")).splitlines()

    at = shown.index("naming: where / naming: café: 1 disagreement, weight 1.00")
    assert shown[at + 1].startswith("  1.00  en_fair  label: …d but dear,” Ben Moor wrote. [The café] never sold out.")
    assert shown[at + 2 : at + 4] == ["        a1#n11: café", "        m1#n11: where"]
    listed = json.loads(fine(run(checkout, "--disagreements", "--format", "json")))["all"]
    assert Counter(each["kind"] for each in listed) == {
        "missing": 44,
        "boundary": 2,
        "label": 1,
        "link": 1,
        "attribute": 3,
        "role": 3,
    }
    rows = fine(run(checkout, "--disagreements", "--format", "csv", "--layer", "tie")).splitlines()
    assert rows[0] == "weight,layer,kind,subject,document,headings,context,annotator,id,says"


@pytest.mark.parametrize("words", [(), ("--disagreements",), ("--format", "json"), ("--format", "csv")])
def test_a_single_annotator_is_a_stated_reason(checkout: Path, words: tuple[str, ...]) -> None:
    shutil.rmtree(checkout / "annotations" / "sets" / "m1")

    assert "there is one annotator only, 'a1'; agreement takes two" in fine(run(checkout, *words))


def test_no_shared_document_and_no_set_are_stated_reasons(checkout: Path) -> None:
    for path in (checkout / "annotations" / "sets" / "m1").iterdir():
        (checkout / "annotations" / "sets" / "a1" / path.name).unlink()

    assert "no document was worked on by two of the annotators 'a1', 'm1'" in fine(run(checkout))
    shutil.rmtree(checkout / "annotations" / "sets")
    assert "agreement is undefined: there are no annotation sets" in fine(run(checkout))


def test_empty_sets_are_undefined_with_a_reason_for_each_number(checkout: Path) -> None:
    corpus = files.read(checkout)
    for (who, document), marked in corpus.sets.items():
        files.write_set(checkout, normal(structs.replace(marked, annotations=()), corpus.scheme), corpus.scheme)
        assert (who, document) in corpus.sets

    report = json.loads(fine(run(checkout, "--format", "json")))

    reasons = {row["result"]["reason"] for row in report["rows"]}
    assert {row["result"]["value"] for row in report["rows"]} == {None}
    assert reasons == {
        "neither annotator of any pair has one",
        "nobody marked any",
        "no unit has ratings of two annotators",
        "nobody refers to anything",
        "one category only: all ratings are 'not given'",
        "one category only: all ratings are {}",
    }


def test_an_unknown_layer_is_one_line_and_exit_2(checkout: Path) -> None:
    result = run(checkout, "--layer", "nam")

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "there is no layer 'nam'" in result.stderr
