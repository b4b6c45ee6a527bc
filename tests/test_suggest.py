"""What is suggested follows from what is known elsewhere, with a score that says how often it was right."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec import structs

from standoff.cli import main
from standoff.errors import StandoffError, UsageError
from standoff.labelstudio.knowing import digest, known, suggestions
from standoff.labelstudio.outcomes import Count, outcome, table
from standoff.labelstudio.suggest import prediction, suggester
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Dropped, Entity, Fact, Source, Span
from standoff.text import drop, sha


def document(id: str, raw: str, *dropped: Dropped) -> Document:
    fact, text = Fact("unknown"), drop(raw, dropped)
    return Document(
        id=id,
        title=id,
        language="en",
        media_type="text/plain",
        published=fact,
        source=Source(fact, fact, fact),
        rights="nobody",
        raw_sha256=sha(raw),
        raw_length=len(raw),
        text_sha256=sha(text),
        dropped=dropped,
        text=text,
    )


def marked(document: Document, *annotations: tuple[str, str, str, str], annotator: str = "gold") -> AnnotationSet:
    """A set of namings, each (words, label, entity or nothing, shape), at the first place where the words stand."""
    return AnnotationSet(
        document.id,
        document.text_sha256,
        annotator,
        tuple(
            Annotation(
                f"n{n}",
                "naming",
                label,
                (Span(document.text.index(words), document.text.index(words) + len(words), words),),
                {"referent": (entity,)} if entity else {},
                {"shape": shape},
            )
            for n, (words, label, entity, shape) in enumerate(annotations)
        ),
    )


def corpus_of(tiny: Corpus, texts: dict[str, str], registry: list[Entity], gold: dict[str, Any]) -> Corpus:
    documents = {id: document(id, text) for id, text in texts.items()}
    return structs.replace(
        tiny,
        documents=documents,
        entities={entity.id: entity for entity in registry},
        sets={},
        gold={id: marked(documents[id], *annotations) for id, annotations in gold.items()},
    )


def told(corpus: Corpus, id: str, **more: Any) -> list[tuple[str, int, str, str, dict[str, str], float]]:
    """What is suggested in a document: words, start, label, entity, attributes, score."""
    return [
        (
            annotation.spans[0].quote,
            annotation.spans[0].start,
            annotation.label,
            "".join(annotation.refs.get("referent", ())),
            annotation.attributes,
            round(score, 3),
        )
        for annotation, score in suggestions(known(corpus, **more))(corpus.documents[id], corpus)
    ]


ADA = Entity("ada", "who", "Ada Quill", "unchecked", ("Ada",))


def test_names_of_the_registry_are_suggested_with_their_entity(tiny: Corpus) -> None:
    assert told(tiny, "en_fair") == [
        ("Ada Quill", 0, "who", "ada", {}, 1.0),
        ("Ada Quill", 28, "who", "ada", {}, 1.0),
        ("Quill Café", 57, "café", "quill_cafe", {}, 1.0),
        ("plum jam", 100, "thing", "jam", {}, 1.0),
        ("Ben Moor", 151, "who", "ben", {}, 1.0),
        ("Ben Moor", 207, "who", "ben", {}, 1.0),
    ]


def test_the_first_and_longest_name_counts_and_none_parts_a_word(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Adam, Ada Quill’s Ada\u0301 and Ada-Ada. ADA, ada 🙂Ada"}, [ADA], {})

    assert [(words, start) for words, start, *_ in told(corpus, "a")] == [
        ("Ada Quill", 6),
        ("Ada", 27),
        ("Ada", 31),
        ("Ada", 46),
    ]


def test_a_name_does_not_go_across_what_was_dropped(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {}, [ADA], {})
    kind = next(kind for kind in tiny.scheme.dropped_kinds if kind not in tiny.scheme.inline_kinds)
    cut = document("a", "Ada [advert]Quill", Dropped(4, 12, kind))
    corpus = structs.replace(corpus, documents={"a": cut})

    assert cut.text == "Ada Quill"
    assert [(words, start) for words, start, *_ in told(corpus, "a")] == [("Ada", 0)]


def test_attributes_and_labels_come_from_other_documents_alone(tiny: Corpus) -> None:
    texts = {"a": "The fair. Ada came.", "b": "The fair. Ada came.", "c": "The fair. Ada came."}
    gold = {"a": [("The fair", "where", "", "common"), ("Ada", "who", "ada", "proper")]}
    corpus = corpus_of(tiny, texts, [ADA], gold)

    assert told(corpus, "a") == [("Ada", 10, "who", "ada", {}, 1.0)]
    assert told(corpus, "b") == [
        ("The fair", 0, "where", "", {"shape": "common"}, 1.0),
        ("Ada", 10, "who", "ada", {"shape": "proper"}, 1.0),
    ]


def test_words_that_are_no_name_of_an_entity_do_not_carry_it(tiny: Corpus) -> None:
    gold = {"a": [("She", "who", "ada", "pronoun")]}
    corpus = corpus_of(tiny, {"a": "She left.", "b": "She came."}, [ADA], gold)

    assert told(corpus, "b") == [("She", 0, "who", "", {"shape": "pronoun"}, 1.0)]


def test_the_score_is_the_share_of_places_that_are_annotated_so(tiny: Corpus) -> None:
    texts = {"a": "Jam. Jam. Jam.", "b": "Jam.", "c": "Jam."}
    jam = [("Jam", "thing", "", "common")]

    assert told(corpus_of(tiny, texts, [], {"a": jam, "b": jam}), "c")[0][5] == 0.5
    assert told(corpus_of(tiny, texts, [], {"a": jam}), "c") == []


def test_the_registry_counts_as_one_place(tiny: Corpus) -> None:
    texts = {"a": "Jam. Jam.", "b": "Jam."}
    gold = {"a": [("Jam", "who", "", "proper")]}
    jam = Entity("jam", "thing", "Jam", "unchecked")

    assert told(corpus_of(tiny, {"b": "Jam."}, [jam], {}), "b") == [("Jam", 0, "thing", "jam", {}, 1.0)]
    # One place each way is a tie.
    assert told(corpus_of(tiny, texts, [jam], gold), "b") == []


def test_a_name_of_two_entities_suggests_nothing(tiny: Corpus) -> None:
    other = Entity("ada2", "where", "Ada", "unchecked")

    assert told(corpus_of(tiny, {"a": "Ada, Ada Quill"}, [ADA, other], {}), "a") == [
        ("Ada Quill", 5, "who", "ada", {}, 1.0)
    ]


def test_known_names_come_from_the_sets_that_are_named(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "She left.", "b": "She came."}, [], {})
    seen = marked(corpus.documents["a"], ("She", "who", "", "pronoun"), annotator="a1")
    corpus = structs.replace(corpus, sets={("a1", "a"): seen})

    assert told(corpus, "b") == []
    assert told(corpus, "b", sources=("a1",)) == [("She", 0, "who", "", {"shape": "pronoun"}, 1.0)]


def test_the_model_version_changes_with_what_is_known(tiny: Corpus) -> None:
    texts = {"a": "Ada left.", "b": "Ada came."}
    one = corpus_of(tiny, texts, [ADA], {})
    more = corpus_of(tiny, texts, [ADA], {"a": [("Ada", "who", "ada", "proper")]})

    assert digest(known(one)) == digest(known(corpus_of(tiny, texts, [ADA], {})))
    assert digest(known(one)) != digest(known(more))


def test_no_suggestion_of_known_names_is_refused_by_label_studio(tiny: Corpus, statecloud: Corpus) -> None:
    for corpus in (tiny, statecloud):
        suggest = suggester(corpus, "known-names").suggest
        made = {id: prediction(suggest(one, corpus), id, corpus, "a1") for id, one in corpus.documents.items()}

        assert all(one["result"] and one["score"] == 1.0 for one in made.values())


def test_a_prediction_has_a_score_for_each_region_and_their_mean(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Ada and Ben"}, [ADA], {})
    ada = Annotation("x", "naming", "who", (Span(0, 3, "Ada"),), {"referent": ("ada",)})
    ben = Annotation("", "naming", "who", (Span(8, 11, "Ben"),))
    made = prediction([(ada, 1.0), (ben, 0.5)], "a", corpus, "a1")

    assert [(item["id"], item["type"], item.get("score")) for item in made["result"]] == [
        ("x", "labels", 1.0),
        ("x", "choices", None),
        ("sf9536c1ad", "labels", 0.5),
    ]
    assert made["score"] == 0.75
    assert "score" not in prediction([ada], "a", corpus, "a1")


def test_a_suggestion_that_does_not_quote_its_document_is_not_sent(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Ada and Ben"}, [ADA], {})
    wrong = Annotation("x", "naming", "who", (Span(1, 4, "Ada"),))

    with pytest.raises(
        StandoffError, match=r"^suggested for a1/a task a region x value\.text: 'Ada', but the document"
    ):
        prediction([wrong], "a", corpus, "a1")


def test_what_became_of_suggestions_is_told_apart(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Ada, Ben, Cy, Di, Ada"}, [ADA], {})
    names = [(words, "who", "", "proper") for words in ("Ada", "Ben", "Cy", "Di")]
    suggested = marked(corpus.documents["a"], *names)
    ada, ben, cy, _ = suggested.annotations
    submitted = structs.replace(
        suggested,
        annotations=(
            structs.replace(ada, attributes={"shape": "proper"}, refs={"referent": ("ada",)}, note="Herself."),
            structs.replace(ben, label="where"),
            structs.replace(cy, id="redrawn"),
            Annotation("new", "naming", "who", (Span(18, 21, "Ada"),)),
        ),
    )

    assert outcome(suggested, submitted) == Counter(
        {
            ("naming", "accepted"): 2,
            ("naming", "changed"): 1,
            ("naming", "refused"): 1,
            ("naming", "added"): 1,
        }
    )


def test_the_same_words_elsewhere_are_no_suggestion_that_was_moved(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Ada, Ada"}, [ADA], {})
    suggested = marked(corpus.documents["a"], ("Ada", "who", "", "proper"))
    elsewhere = structs.replace(
        suggested, annotations=(Annotation("own", "naming", "who", (Span(5, 8, "Ada"),), {}, {"shape": "proper"}),)
    )

    assert outcome(suggested, elsewhere) == Counter({("naming", "refused"): 1, ("naming", "added"): 1})


def test_a_relation_that_was_suggested_stands_between_what_was_redrawn(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "Ada, Ben"}, [], {})
    drawn = marked(corpus.documents["a"], ("Ada", "who", "", "proper"), ("Ben", "who", "", "proper"))
    ada, ben = drawn.annotations

    def tied(first: Annotation, second: Annotation) -> AnnotationSet:
        refs = {"owner": (first.id,), "owned": (second.id,)}
        tie = Annotation(f"owns:{first.id}:{second.id}", "tie", "owns", refs=refs)
        return structs.replace(drawn, annotations=(first, second, tie))

    assert outcome(tied(ada, ben), tied(structs.replace(ada, id="x"), structs.replace(ben, id="y"))) == Counter(
        {("naming", "accepted"): 2, ("tie", "accepted"): 1}
    )


def test_the_counts_are_shown_as_a_table() -> None:
    counts = [Count("known-names-1", "naming", 2, 1, 1, 4), Count("known-names-1", "tie", 0, 0, 0, 3)]

    assert table(counts).splitlines() == [
        "model version  layer   suggested  accepted  changed  refused  added      accepted %",
        "known-names-1  naming          4         2        1        1      4            50.0",
        "known-names-1  tie             0         0        0        0      3  none suggested",
    ]
    assert table([]) == "nothing that was suggested has been answered yet"


SPACY = """
import spacy

from standoff.model import Annotation, Span

LABELS = {"PERSON": "who", "GPE": "where"}
pipeline = spacy.blank("en")
patterns = [{"label": "PERSON", "pattern": "Ben"}, {"label": "ORG", "pattern": "Cy"}]
pipeline.add_pipe("entity_ruler").add_patterns(patterns)


def suggest(document, corpus):
    for entity in pipeline(document.text).ents:
        if entity.label_ in LABELS:
            span = Span(entity.start_char, entity.end_char, entity.text)
            yield Annotation("", "naming", LABELS[entity.label_], (span,))
"""


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with two suggesters, of which one cannot be loaded."""
    folder = tmp_path / "site"
    (folder / "others-2.1.dist-info").mkdir(parents=True)
    (folder / "others_suggest.py").write_text(SPACY)
    (folder / "others-2.1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 2.1\n")
    (folder / "others-2.1.dist-info" / "entry_points.txt").write_text(
        "[standoff.suggesters]\nspacy-en = others_suggest:suggest\nbroken = others_suggest:gone\n"
    )
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.usefixtures("other_package")
def test_a_pipeline_of_spacy_suggests_by_an_entry_point(tiny: Corpus) -> None:
    corpus = corpus_of(tiny, {"a": "🙂 Cy met Ben."}, [], {})
    by = suggester(corpus, "spacy-en")
    (item,) = prediction(by.suggest(corpus.documents["a"], corpus), "a", corpus, "a1")["result"]

    assert by.model_version == "spacy-en-2.1"
    assert item["value"] == {"start": 9, "end": 12, "text": "Ben", "labels": ["who"]}


@pytest.mark.usefixtures("other_package")
@pytest.mark.parametrize(
    ("name", "sources", "message"),
    [
        (
            "spacy-n",
            (),
            r"^--by: 'spacy-n' suggests nothing \[did you mean 'spacy-en'\?\]; expected one of 'known-names'",
        ),
        ("broken", (), r"^standoff\.suggesters broken: others_suggest:gone cannot be loaded: .*gone"),
        (
            "known-names",
            ("a9",),
            r"^--from: 'a9' is no annotator; expected one of 'gold', 'a1', 'm1'",
        ),
        ("spacy-en", ("a1",), r"^--from: 'a1'; only known-names takes sets to learn from"),
    ],
)
def test_nobody_suggests_under_an_unknown_name(tiny: Corpus, name: str, sources: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        suggester(tiny, name, sources=sources)


def test_without_a_server_the_command_says_so_in_one_line(tiny_root: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_root, tmp_path / "tiny")
    for more in ((), ("--count",)):
        result = CliRunner().invoke(main, ["--root", str(tmp_path / "tiny"), "suggest", "--for", "a1", *more])

        assert result.exit_code == 2
        assert "no Label Studio of this corpus answers" in result.stderr
        assert result.stderr.count("\n") == 1
