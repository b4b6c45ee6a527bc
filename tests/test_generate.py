"""The generator of the benchmarks: what it makes is valid, the same each time, and wrong only where it says so."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs
from planted import SERIAL, Plan, bundle, generate, plan

from standoff import files
from standoff.model import Corpus
from standoff.shards import batches, corpus_of, head_of, listed, record, records
from standoff.validate import validate
from standoff.validate.duplicates import ALIKE, jaccard, shingles


def shards_of(root: Path) -> list[bytes]:
    """All records below a root, in order."""
    return [line for shard in listed(f"{root}/corpus/shards") for _, line in records(shard)]


def test_the_same_seed_gives_the_same_records_in_however_many_shards(tmp_path: Path) -> None:
    one = generate(plan(20, faults=0.5, duplicates=0.5), tmp_path / "one", shards=1, engine=SERIAL)
    three = generate(plan(20, faults=0.5, duplicates=0.5), tmp_path / "three", shards=3, form=".parquet", engine=SERIAL)

    assert one == three
    # In Parquet, what is no UTF-8 could not stand in a column of text.
    assert shards_of(tmp_path / "one") == shards_of(tmp_path / "three")


def test_another_seed_gives_other_texts() -> None:
    assert bundle(plan(1, seed=1), 0)[0].document.text != bundle(plan(1, seed=2), 0)[0].document.text


def test_what_is_generated_is_valid_but_for_what_is_planted(tiny_root: Path, tmp_path: Path) -> None:
    generate(plan(40), tmp_path, shards=2, engine=SERIAL)

    found = [one for shard in listed(f"{tmp_path}/corpus/shards") for batch in batches(shard) for one in batch.bundles]
    corpus = corpus_of(found, head_of(files.read(tmp_path)))

    assert [str(one) for one in validate(corpus) if one.severity == "error"] == []
    assert len(corpus.documents) == 40


def test_any_corpus_can_be_taken_after(statecloud: Corpus, root: Path) -> None:
    like = structs.replace(plan(3), like=root)

    made = [bundle(like, n)[0] for n in range(3)]

    assert {one.document.language for one in made} <= {page.language for page in statecloud.documents.values()}
    assert all(one.sets[0].annotations for one in made)


def test_a_generated_document_has_what_makes_corpora_hard() -> None:
    made = [bundle(plan(40, letters=1000), n)[0] for n in range(40)]

    annotations = [a for one in made for a in one.sets[0].annotations]
    assert any(max(one.document.text) > "\uffff" for one in made)
    assert any(len(a.spans) > 1 for a in annotations)
    assert any(one.document.dropped and one.raw for one in made)
    assert any(len(one.sets) > 1 and one.gold for one in made)


def test_a_planted_near_duplicate_is_one() -> None:
    asked: Plan = plan(60, duplicates=0.5, letters=2000)
    texts, planted = {}, []
    for n in range(60):
        made, told = bundle(asked, n)
        texts[made.document.id] = made.document.text
        planted += told

    alike = [jaccard(shingles(texts[one.document]), shingles(texts[one.of])) for one in planted if one.edited <= 0.05]
    assert len(planted) > 20
    assert min(alike) >= ALIKE


def test_files_hold_the_documents_that_shards_hold(tmp_path: Path) -> None:
    generate(plan(4), tmp_path / "files")
    generate(plan(4), tmp_path / "shards", shards=2, engine=SERIAL)

    corpus = files.read(tmp_path / "files")

    sharded = [
        one for shard in listed(f"{tmp_path}/shards/corpus/shards") for batch in batches(shard) for one in batch.bundles
    ]
    assert corpus == corpus_of(sharded, head_of(corpus))
    assert record(bundle(plan(4), 3)[0]) == shards_of(tmp_path / "shards")[3]
