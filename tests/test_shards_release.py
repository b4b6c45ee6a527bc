"""Releases of corpora in shards are full releases: the same files, both editions, and the way back to the texts."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from planted import SERIAL, generate, plan
from strategies import corpora
from test_editions import sequences, told

import standoff
from standoff import files
from standoff.canon import canonical_list
from standoff.cli import main
from standoff.errors import ReleaseError, UsageError
from standoff.model import Corpus, EntityDecision, Release
from standoff.release import build, hydrate, read_release
from standoff.release.loading import derived_tables
from standoff.release.verifying import check_release
from standoff.release.withholding import LEAST
from standoff.shards import batches, listed, located, parse, record, records, validate_shards, write_records
from standoff.shards import building as building_module
from standoff.shards import hydrating as hydrating_module
from standoff.shards import joining as joining_module
from standoff.shards import parts as parts_module
from standoff.shards.building import build_shards
from standoff.shards.converting import pack, unpack
from standoff.shards.hydrating import HydratedShards, hydrate_shards
from standoff.shards.tallies import extents, nbytes
from standoff.validate import validate

SCHEME = files.read_scheme(Path(__file__).parent / "tiny")
DATE = "2026-01-02"
VERSION = "2.0.0"
QUOTED = 9


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def sharded(
    root: Path, shards: tuple[str, ...], to: Path, edition: str = "full", version: str = VERSION
) -> building_module.Built:
    """The release of shards."""
    return build_shards(
        root, shards, version, to / edition, date=DATE, work=to / "work", edition=edition, engine=SERIAL
    )  # type: ignore[arg-type]


def pieces(folder: Path, raw: Path, to: Path, out: Path | None = None) -> HydratedShards:
    """What comes of a release without texts, two documents at a time."""
    return hydrate_shards(folder, raw, out, work=to / "hydrating", engine=SERIAL)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two documents, so that there are several."""
    monkeypatch.setattr(hydrating_module, "_PIECE", 2)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...], Path]:
    """A corpus in four shards, whose rights quote articles of other shards: its root, shards, and as files."""
    root = tmp_path_factory.mktemp("many")
    generate(plan(24, seed=3), root, shards=4, engine=SERIAL)
    shards = listed(f"{root}/corpus/shards")
    found = {shard: [parse(line) for _, line in records(shard)] for shard in shards}
    texts = [one.document.text.split() for of in found.values() for one in of]
    number = 0
    for shard, of in found.items():
        made = []
        for one in of:
            assert one.right is not None
            # Of another document, of a later or an earlier shard; every third one quotes; one has a sign of its own.
            words = " ".join(texts[(number * 7 + 5) % len(texts)][:QUOTED]) if number % 3 == 0 else "Nothing ⟦ quoted."
            title = " ".join(texts[number][3 : 3 + LEAST]) if number == 4 else one.document.title
            document = structs.replace(one.document, title=title)
            made.append(structs.replace(one, document=document, right=structs.replace(one.right, reason=words)))
            number += 1
        write_records(shard, map(record, made))
    unpack(root, shards, root / "files")
    return root, shards, root / "files"


@pytest.fixture(scope="module")
def full(many: tuple[Path, tuple[str, ...], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The full edition of many documents, as of so many that nobody holds them; nobody writes into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building_module, "FEW", 2)
        return sharded(*many[:2], tmp_path_factory.mktemp("full")).folder


@pytest.fixture(scope="module")
def bare(many: tuple[Path, tuple[str, ...], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without texts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building_module, "FEW", 2)
        return sharded(*many[:2], tmp_path_factory.mktemp("bare"), "text-free").folder


# ---------------------------------------------------------------------------------------------- the same as of files


@pytest.mark.parametrize("edition", ["full", "text-free"])
@pytest.mark.parametrize("name", ["tiny", "real"])
def test_a_release_of_shards_has_the_bytes_of_that_of_files(
    name: str, edition: str, root: Path, tiny_root: Path, tmp_path: Path
) -> None:
    place = {"tiny": tiny_root, "real": root}[name]
    corpus = files.read(place)
    expected = build(corpus, VERSION, tmp_path / "files", date=DATE, root=place, edition=edition)  # type: ignore[arg-type]

    made = sharded(place, pack(place, f"{tmp_path}/shards", shards=2), tmp_path, edition)

    assert contents(made.folder) == contents(expected.folder)
    assert made.rows == expected.rows


def test_of_many_documents_the_card_alone_tells_less(
    many: tuple[Path, tuple[str, ...], Path], full: Path, tmp_path: Path
) -> None:
    place = many[2]
    expected = contents(build(files.read(place), VERSION, tmp_path, date=DATE, root=place).folder)

    found = contents(full)

    assert found.keys() == expected.keys()
    assert {path for path in found if found[path] != expected[path]} == {"README.md", "SHA256SUMS"}
    cards = [text["README.md"].decode().split("\n## ") for text in (found, expected)]
    differing = [one.partition("\n")[0] for one, other in zip(*cards, strict=True) if one != other]
    assert differing == ["Agreement", "Rights"]
    assert "`standoff agree --shards SOURCE` computes it" in found["README.md"].decode()
    _, findings = check_release(full)
    assert [(one.rule, one.severity) for one in findings] == [("release-wording", "warning")]


def test_a_release_of_shards_is_loaded_as_any_is(
    many: tuple[Path, tuple[str, ...], Path], full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    from datasets import load_dataset

    assert read_release(full).documents == files.read(many[2]).documents
    ours = standoff.load("naming", split="train", source=full, as_="datasets")
    theirs = load_dataset(str(full), "naming", split="train", cache_dir=str(tmp_path))
    assert len(ours) > 0
    assert list(ours) == list(theirs)


@given(st.data())
def test_the_size_of_tables_follows_from_that_of_their_pieces(data: st.DataObject) -> None:
    corpus, _ = data.draw(corpora(SCHEME))
    tables = {(config, split): table for config, of in derived_tables(corpus).items() for split, table in of.items()}
    for table in tables.values():
        assert nbytes([extents(table)]) == table.nbytes


# --------------------------------------------------------------------------------------------------- without texts


def test_no_five_words_of_an_article_are_in_an_edition_of_shards(
    many: tuple[Path, tuple[str, ...], Path], full: Path, bare: Path
) -> None:
    place = many[2]
    corpus = files.read(place)
    articles = {run for raw in files.raw_bytes(place, corpus).values() for run in sequences(raw.decode())}
    titles = {run for document in corpus.documents.values() for run in sequences(document.title)}

    def kept(folder: Path) -> set[str]:
        return {path for path, text in told(folder) if sequences(text) & (articles - titles)}

    assert len(articles - titles) > 500
    assert {"data/documents/train.parquet", "data/rights/corpus.parquet", "README.md"} <= kept(full)
    assert kept(bare) == set()


def test_passages_of_other_shards_are_told_as_of_files(
    many: tuple[Path, tuple[str, ...], Path], tmp_path: Path
) -> None:
    root, shards, place = many
    expected = build(files.read(place), VERSION, tmp_path / "files", date=DATE, root=place, edition="text-free")

    found = sharded(root, shards, tmp_path, "text-free")

    reasons = pq.ParquetFile(found.folder / "data/rights/corpus.parquet").read()["reason"].to_pylist()
    assert sum("⟦d" in reason for reason in reasons) == 8
    assert sum(reason == "Nothing ⟦⟧ quoted." for reason in reasons) == 16
    assert contents(found.folder) == contents(expected.folder)


def test_a_record_without_its_raw_file_makes_no_edition_without_texts(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=1)
    lines = [parse(line) for _, line in records(shards[0])]
    write_records(shards[0], [record(structs.replace(one, raw=None)) for one in lines])

    with pytest.raises(ReleaseError, match="has dropped ranges, and its record no `raw`"):
        sharded(tiny_root, shards, tmp_path, "text-free")

    assert not list((tmp_path / "text-free").glob("*"))


# ---------------------------------------------------------------------------------------------------------- hydrate


def test_the_full_edition_of_shards_comes_back_byte_for_byte(
    many: tuple[Path, tuple[str, ...], Path], full: Path, bare: Path, tmp_path: Path
) -> None:
    found = pieces(bare, many[2] / "corpus" / "raw", tmp_path, tmp_path / "hydrated")

    assert found.counts == {"exact": 24}
    assert found.folder == tmp_path / "hydrated" / VERSION
    assert contents(found.folder) == contents(full)


def test_row_groups_come_back_however_the_corpus_lay_in_shards(
    tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining_module, "_GROUP", 1)
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=3)
    full = sharded(tiny_root, shards, tmp_path).folder
    bare = sharded(tiny_root, shards, tmp_path, "text-free").folder
    assert pq.ParquetFile(full / "data/tokens/train.parquet").num_row_groups == 2

    found = pieces(bare, tiny_root / "corpus" / "raw", tmp_path, tmp_path / "hydrated")

    assert found.folder
    assert contents(found.folder) == contents(full)


def test_pieces_say_of_copies_what_the_whole_says(tiny_root: Path, root: Path, tmp_path: Path) -> None:
    for name, place in (("tiny", tiny_root), ("real", root)):
        shards = pack(place, f"{tmp_path}/{name}/shards", shards=2)
        bare = sharded(place, shards, tmp_path / name, "text-free").folder
        raw = Path(shutil.copytree(place / "corpus" / "raw", tmp_path / name / "raw"))
        one, other, third = sorted(raw.iterdir())
        (raw / "deep").mkdir()
        one.write_text(one.read_bytes().decode().replace(" ", " ~ ", 2), encoding="utf-8")
        shutil.copy(other, raw / "deep" / "a copy.txt")
        third.unlink()

        found = pieces(bare, raw, tmp_path / name, tmp_path / name / "out")
        expected = hydrate(bare, raw, tmp_path / name / "out")

        assert tuple(found.documents()) == expected.documents
        assert {state: found.counts[state] for state in ("exact", "drifted", "missing")} == {
            "exact": 1,
            "drifted": 1,
            "missing": 1,
        }
        assert found.folder is None
        assert not (tmp_path / name / "out").exists()


def test_what_changed_after_a_run_is_seen_by_the_next(tiny_root: Path, tmp_path: Path) -> None:
    bare = sharded(tiny_root, pack(tiny_root, f"{tmp_path}/shards", shards=2), tmp_path, "text-free").folder
    raw = Path(shutil.copytree(tiny_root / "corpus" / "raw", tmp_path / "raw"))
    first = pieces(bare, raw, tmp_path).counts
    (raw / "en_fair.txt").write_text("Something else.", encoding="utf-8")

    assert (first, pieces(bare, raw, tmp_path).counts) == ({"exact": 3}, {"exact": 2, "drifted": 1})


# ------------------------------------------------------------------------------------------------ what is refused


def test_a_text_that_may_not_be_published_goes_into_no_full_edition(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2)
    for shard in shards:
        kept = [one for batch in batches(shard) for one in batch.bundles]
        rights = [one.right and structs.replace(one.right, publish_text=False) for one in kept]
        made = [structs.replace(one, right=right) for one, right in zip(kept, rights, strict=True)]
        write_records(shard, map(record, made))

    with pytest.raises(ReleaseError, match="may not be published of 3 documents, such as ar_souk, en_fair, fr_marche"):
        sharded(tiny_root, shards, tmp_path)

    assert sharded(tiny_root, shards, tmp_path, "text-free").folder.is_dir()


def test_a_version_is_held_against_those_that_were_released(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "root"))

    def released(version: str, digest: str) -> tuple[str, ...]:
        one = Release(version, "2026-01-01", digest)
        files.write(root / "corpus" / "releases.json", canonical_list("releases", [one]))
        return pack(root, f"{tmp_path}/shards", shards=1, replace=True)

    shards = released("1.2.0", "0" * 64)
    for version in ("1.2.0", "1.1.9", "1.0.0"):
        with pytest.raises(ReleaseError, match=r"build under a new version|expected a higher one"):
            sharded(root, shards, tmp_path, version=version)
    above = sharded(root, shards, tmp_path, version="1.2.1")
    assert above.note.startswith("1.2.1 was not held against what changed since 1.2.0")
    assert sharded(root, shards, tmp_path, version="2.0.0").note == ""
    shards = released("1.2.0", above.content_sha256)
    shutil.rmtree(tmp_path / "full")
    assert [sharded(root, shards, tmp_path, version=version).note for version in ("1.2.0", "1.2.1")] == ["", ""]


# ------------------------------------------------------------------------------------------------- files and shards


@settings(max_examples=10)
@given(st.data())
def test_from_files_to_shards_and_back_every_file_is_the_same(data: st.DataObject) -> None:
    corpus, raw = data.draw(corpora(SCHEME))
    with TemporaryDirectory() as folder:
        place, form = Path(folder), data.draw(st.sampled_from([".jsonl", ".parquet"]))
        files.write_corpus(place / "files", corpus, raw)
        shards = pack(place / "files", f"{folder}/shards", shards=2, form=form)

        assert unpack(place / "files", shards, place / "again") == len(corpus.documents)

        assert contents(place / "again") == contents(place / "files")


def test_what_cannot_be_unpacked_leaves_nothing(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=1)
    lines = [line for _, line in records(shards[0])]
    bare = record(structs.replace(parse(lines[0]), segments=None))
    raw = next(one for one in map(parse, lines) if one.document.dropped)
    for wrong, why in (
        ([*lines, lines[0]], "stands twice; expected it once"),
        ([bare], "has no segments"),
        ([record(structs.replace(raw, raw=None))], "has no raw"),
        ([b"{}"], "expected records that can be read"),
    ):
        write_records(f"{tmp_path}/wrong/part-0.jsonl", wrong)
        with pytest.raises(UsageError, match=why):
            unpack(tiny_root, listed(f"{tmp_path}/wrong"), tmp_path / "out")
        assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").touch()
    with pytest.raises(UsageError, match="is not empty; expected a new folder"):
        unpack(tiny_root, shards, tmp_path / "out")


# --------------------------------------------------------------------------------------------------------- commands


def call(*arguments: str, exit_code: int = 0) -> str:
    done = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    return done.output


def test_the_commands_build_without_texts_hydrate_and_unpack(tiny_root: Path, tmp_path: Path) -> None:
    here = ["--root", str(tiny_root)]
    over = ["--engine", "serial", "--work", f"{tmp_path}/work"]
    out = f"{tmp_path}/out"
    call(*here, "shards", "pack", "--out", f"{tmp_path}/shards", "--shards", "2")
    built = ["build", VERSION, "--edition", "text-free", "--date", DATE, "--out", out]
    call(*here, *built, "--shards", f"{tmp_path}/shards", *over)
    raw = Path(shutil.copytree(tiny_root / "corpus" / "raw", tmp_path / "raw"))
    asked = ["hydrate", f"{out}/{VERSION}", "--raw", str(raw), "--out"]

    whole, in_pieces = call(*asked, f"{tmp_path}/a"), call(*asked, f"{tmp_path}/b", *over)
    (raw / "en_fair.txt").unlink()
    missing = call(*asked, f"{tmp_path}/c", *over, exit_code=1)
    unpacked = call(*here, "shards", "unpack", f"{tmp_path}/shards", "--out", f"{tmp_path}/files")

    assert in_pieces == whole.replace(f"{tmp_path}/a", f"{tmp_path}/b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert "en_fair: missing: no file has its bytes, or is called by its id\n" in missing
    assert list((tmp_path / "c").iterdir()) == []
    assert unpacked == f"{tmp_path}/files: 3 documents\n"


# --------------------------------------------------------------------------------------------------------- entities


def led(corpus: Corpus) -> Corpus:
    """A corpus in which one entity is decided to be one of another document, which is one of a third."""
    by_into: dict[str, tuple[str, EntityDecision]] = {}
    decisions = dict(corpus.decisions)
    chained = 0
    for id in sorted(decisions):
        made = []
        for one in decisions[id].entities:
            before = by_into.get(one.into) if one.outcome == "existing" else None
            if one.outcome == "existing":
                by_into[one.into] = id, one
            if before and before[0] != id:
                one = structs.replace(one, outcome="same", into=before[1].entity)
                chained += 1
            made.append(one)
        decisions[id] = structs.replace(decisions[id], entities=tuple(made))
    assert chained > 5
    return structs.replace(corpus, decisions=decisions)


def test_an_entity_that_is_one_of_another_record_is_that_one_wherever_the_record_stands(
    statecloud: Corpus, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = led(statecloud)
    place, raw = tmp_path / "root", files.raw_bytes(root, statecloud)
    files.write_corpus(place, corpus, raw)
    assert [finding for finding in validate(corpus, raw=raw) if finding.severity == "error"] == []
    expected = build(corpus, VERSION, tmp_path / "files", date=DATE, root=place)

    # Across shards, and across what is read together of one.
    apart = sharded(place, pack(place, f"{tmp_path}/apart", shards=3), tmp_path / "a")
    monkeypatch.setattr(parts_module, "_BATCH", 1)
    monkeypatch.setattr(batches, "__kwdefaults__", {"most": 1})
    alone = sharded(place, pack(place, f"{tmp_path}/alone", shards=1), tmp_path / "b")

    assert contents(apart.folder) == contents(expected.folder)
    assert contents(alone.folder) == contents(expected.folder)


def test_an_entity_that_is_one_of_no_record_is_refused_as_in_files(
    statecloud: Corpus, root: Path, tmp_path: Path
) -> None:
    id = sorted(statecloud.decisions)[0]
    one, *others = statecloud.decisions[id].entities
    wrong = structs.replace(one, outcome="same", into="nobody/nowhere#nothing", record=None)
    decided = structs.replace(statecloud.decisions[id], entities=(wrong, *others))
    corpus = structs.replace(statecloud, decisions={**statecloud.decisions, id: decided})
    raw = files.raw_bytes(root, statecloud)
    files.write_corpus(tmp_path / "root", corpus, raw)
    shards = pack(tmp_path / "root", f"{tmp_path}/shards", shards=3)

    checked = validate_shards(tmp_path / "root", shards, tmp_path / "work", engine=SERIAL)

    expected = [one for one in validate(corpus, raw=raw) if one.severity == "error"]
    assert [one.rule for one in expected] == ["decision"]
    found = [one.finding for one in located([checked.table]) if one.finding.severity == "error"]
    assert found == expected


def test_what_a_decision_leads_to_is_looked_at_again_when_it_changes(
    statecloud: Corpus, root: Path, tmp_path: Path
) -> None:
    corpus = led(statecloud)
    place = tmp_path / "root"
    files.write_corpus(place, corpus, files.raw_bytes(root, statecloud))
    shards = pack(place, f"{tmp_path}/shards", shards=len(corpus.documents), form=".jsonl")
    assert validate_shards(place, shards, tmp_path / "work", engine=SERIAL).errors == 0
    into = {one.into for decided in corpus.decisions.values() for one in decided.entities if one.outcome == "same"}
    leading = {id for id, one in corpus.decisions.items() if any(it.outcome == "same" for it in one.entities)}
    changed = set[str]()
    for shard in shards:
        (bundle,) = (one for batch in batches(shard) for one in batch.bundles)
        if bundle.document.id in leading or not bundle.decisions:
            continue
        entities = tuple(
            structs.replace(one, outcome="rejected", into="") if one.entity in into else one
            for one in bundle.decisions.entities
        )
        if entities != bundle.decisions.entities:
            changed.add(bundle.document.id)
            decided = structs.replace(bundle.decisions, entities=entities)
            write_records(shard, [record(structs.replace(bundle, decisions=decided))])
    assert changed

    again = validate_shards(place, shards, tmp_path / "work", engine=SERIAL)
    anew = validate_shards(place, shards, tmp_path / "new", engine=SERIAL)

    assert again.errors == anew.errors
    assert list(located([again.table])) == list(located([anew.table]))
    told = {Path(one.finding.file).stem for one in located([again.table]) if one.finding.severity == "error"}
    assert told - changed


def test_what_annotators_added_alike_is_one_however_records_are_read(
    tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=1)
    together = contents(sharded(tiny_root, shards, tmp_path / "a").folder)
    monkeypatch.setattr(parts_module, "_BATCH", 1)

    assert contents(sharded(tiny_root, shards, tmp_path / "b").folder) == together
