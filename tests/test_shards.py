"""Corpora in shards: what is in them, what is wrong with them, and what is made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from planted import SERIAL, bundle, generate, plan
from strategies import corpora

from standoff import files
from standoff.canon import canonical_list, content_digest
from standoff.cli import main
from standoff.errors import FileError, ReleaseError, UsageError
from standoff.model import Corpus, Finding, Withdrawn
from standoff.release import build, read_release
from standoff.shards import (
    Located,
    batches,
    bundles,
    corpus_of,
    head_of,
    listed,
    located,
    parse,
    record,
    records,
    validate_shards,
    write_records,
)
from standoff.shards import exports as exports_module
from standoff.shards.building import build_shards
from standoff.shards.converting import pack, to_tasks
from standoff.shards.exports import tasks
from standoff.shards.streams import FORMS
from standoff.shards.taking import from_export
from standoff.validate import RULES, validate

SCHEME = files.read_scheme(Path(__file__).parent / "tiny")


def checked(root: Path, shards: tuple[str, ...], work: Path) -> list[Located]:
    """All that is found in shards."""
    return list(located([validate_shards(root, shards, work, engine=SERIAL).table]))


def whole(root: Path, shards: tuple[str, ...]) -> tuple[Corpus, dict[str, bytes]]:
    """Shards as one corpus in memory, with the raw files of its documents."""
    from standoff.shards.bundle import raw_of

    found = [one for shard in shards for batch in batches(shard) for one in batch.bundles]
    return corpus_of(found, head_of(files.read(root))), raw_of(found)


# ---------------------------------------------------------------------------------------------------------- records


@given(st.data())
def test_a_corpus_is_what_its_records_say(data: st.DataObject) -> None:
    corpus, raw = data.draw(corpora(SCHEME))

    found = [parse(record(one)) for one in bundles(corpus, raw)]

    assert corpus_of(found, head_of(corpus)) == corpus


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_back_the_records_with_their_lines(form: str, tmp_path: Path) -> None:
    shard = f"{tmp_path}/part-0{form}"
    expected = ['{"a": "𐌰"}'.encode(), b"[]", b'"x"' * 100_000]

    assert write_records(shard, expected) == 3
    assert list(records(shard)) == list(enumerate(expected, 1))
    assert [path.name for path in tmp_path.iterdir()] == [f"part-0{form}"]


def test_shards_lie_behind_any_url_that_fsspec_knows(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    raw = files.raw_bytes(tiny_root, tiny)
    found = [record(one) for one in bundles(tiny, raw)]
    write_records("memory://corpus/part-0.jsonl.zst", found[:1])
    write_records("memory://corpus/part-1.parquet", found[1:])

    shards = listed("memory://corpus")

    assert shards == ("memory:///corpus/part-0.jsonl.zst", "memory:///corpus/part-1.parquet")
    assert {one.finding for one in checked(tiny_root, shards, tmp_path)} == set(validate(tiny, raw=raw))


def test_shards_are_those_of_a_folder_or_a_pattern_by_name(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", ".c.jsonl.part", "d.json", ".e.jsonl"):
        (tmp_path / name).touch()

    assert listed(str(tmp_path)) == (f"{tmp_path}/a.jsonl.gz", f"{tmp_path}/b.jsonl")
    assert listed(f"{tmp_path}/*.gz") == (f"{tmp_path}/a.jsonl.gz",)


def test_what_are_no_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no shards; expected files that end in"):
        listed(str(tmp_path))
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "a.parquet").touch()
    with pytest.raises(UsageError, match="two shards are called 'a'"):
        listed(str(tmp_path))
    with pytest.raises(UsageError, match=r"no shard; expected .* \[did you mean '.jsonl'\?\]"):
        list(records(f"{tmp_path}/a.json"))
    with pytest.raises(FileError, match="not found"):
        list(records(f"{tmp_path}/b.jsonl"))


# --------------------------------------------------------------------------------------------------------- findings


def test_shards_have_the_findings_of_the_whole(tmp_path: Path) -> None:
    generate(plan(120, seed=5, faults=0.4, duplicates=0.3), tmp_path / "whole", shards=1, engine=SERIAL)
    corpus, raw = whole(tmp_path / "whole", listed(f"{tmp_path}/whole/corpus/shards"))
    lines = [record(one) for one in bundles(corpus, raw)]
    for n in range(4):
        write_records(f"{tmp_path}/shards/{n}.jsonl", lines[30 * n : 30 * n + 30])

    found = checked(tmp_path / "whole", listed(f"{tmp_path}/shards"), tmp_path / "work")

    # One faulty set keeps the gold of the whole corpus from being derived, but of a record only that record's.
    own = {one.finding for one in found if one.finding.rule != "gold-current"}
    assert own == set(validate(corpus, raw=raw))
    assert {"near-duplicate", "document-split", "label-known", "span-quotation"} <= {one.rule for one in own}
    assert found == sorted(found)


def test_many_documents_have_the_findings_of_the_whole(tmp_path: Path) -> None:
    generate(plan(520, seed=6, duplicates=0.2), tmp_path / "whole", shards=3, engine=SERIAL)
    shards = listed(f"{tmp_path}/whole/corpus/shards")
    corpus, raw = whole(tmp_path / "whole", shards)

    found = checked(tmp_path / "whole", shards, tmp_path / "work")

    assert {one.finding for one in found} == set(validate(corpus, raw=raw))
    assert sum(one.finding.rule == "near-duplicate" for one in found) > 10


def test_an_event_is_found_in_two_splits_across_shards(tmp_path: Path) -> None:
    made = [
        structs.replace(bundle(plan(9), n)[0], split=split, events=("fair",))
        for n, split in enumerate(("train", "test"))
    ]
    generate(plan(1), tmp_path, shards=1, engine=SERIAL)
    for n, one in enumerate(made):
        write_records(f"{tmp_path}/events/{n}.jsonl", [record(one)])

    found = checked(tmp_path, listed(f"{tmp_path}/events"), tmp_path / "work")

    message = "documents of event 'fair' are in several splits: 'd00000000' in train, 'd00000001' in test"
    finding = Finding("corpus/splits.json", "fair", "events.fair", "event-split", "error", message)
    assert found == [Located("0.jsonl", 1, finding)]


def test_a_document_that_stands_twice_is_told_where(tmp_path: Path) -> None:
    generate(plan(3), tmp_path, shards=1, engine=SERIAL)
    shard = f"{tmp_path}/corpus/shards/part-00000.jsonl.zst"
    lines = [line for _, line in records(shard)]
    write_records(shard, [lines[0], lines[1], lines[0]])
    write_records(f"{tmp_path}/corpus/shards/part-00001.jsonl", [lines[2], lines[0]])

    found = checked(tmp_path, listed(f"{tmp_path}/corpus/shards"), tmp_path / "work")

    assert [str(one) for one in found] == [
        "part-00000.jsonl.zst:3: #d00000000 document.id: document 'd00000000' stands 3 times, "
        "first in part-00000.jsonl.zst:1; expected it once (record-shape)",
        "part-00001.jsonl:2: #d00000000 document.id: document 'd00000000' stands 3 times, "
        "first in part-00000.jsonl.zst:1; expected it once (record-shape)",
    ]


def test_what_cannot_be_read_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    generate(plan(2), tmp_path, shards=1, engine=SERIAL)
    good, other = [line for _, line in records(f"{tmp_path}/corpus/shards/part-00000.jsonl.zst")]
    wrong = good.replace(b'"text_sha256":"', b'"text_sha256":7,"was":"', 1)
    set_twice = json.loads(good)
    set_twice["sets"].append(set_twice["sets"][0])
    write_records(
        f"{tmp_path}/bad/a.jsonl", [good[:100], b"null", b"\xff", wrong, json.dumps(set_twice).encode(), other]
    )
    packed = tmp_path / "bad" / "b.jsonl.gz"
    write_records(str(packed), [good])
    packed.write_bytes(packed.read_bytes()[:-9])
    (tmp_path / "bad" / "c.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"text": ["no record"]}), tmp_path / "bad" / "d.parquet")

    result = validate_shards(tmp_path, listed(f"{tmp_path}/bad"), tmp_path / "work", engine=SERIAL)

    found = [(one.shard, one.line, one.finding.id, one.finding.field) for one in located([result.table])]
    assert (result.documents, result.unread, result.errors) == (1, 8, 8)
    assert found == [
        ("a.jsonl", 1, "", ""),
        ("a.jsonl", 2, "", ""),
        ("a.jsonl", 3, "", ""),
        ("a.jsonl", 4, "d00000000", "document.text_sha256"),
        ("a.jsonl", 5, "d00000000", "sets"),
        ("b.jsonl.gz", 1, "", ""),
        ("c.parquet", 1, "", ""),
        ("d.parquet", 1, "", ""),
    ]


def test_only_what_changed_is_checked_again(tmp_path: Path) -> None:
    generate(plan(6), tmp_path, shards=3, engine=SERIAL)
    shards = listed(f"{tmp_path}/corpus/shards")
    checked(tmp_path, shards, tmp_path / "work")
    receipts = sorted((tmp_path / "work" / "checked").glob("*/receipt.json"))
    before = [path.stat().st_mtime_ns for path in receipts]

    write_records(shards[1], [line for _, line in records(shards[1])][:1])
    checked(tmp_path, shards, tmp_path / "work")

    again = [path.stat().st_mtime_ns == was for path, was in zip(receipts, before, strict=True)]
    assert again == [True, False, True]


# --------------------------------------------------------------------------------------------------------- releases


def test_a_release_of_shards_is_that_of_the_corpus(tiny_root: Path, tmp_path: Path) -> None:
    corpus = structs.replace(files.read(tiny_root), releases=())
    expected = build(corpus, "1.0.0.dev1", tmp_path / "files", date="2026-01-02")
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2)

    made = build_shards(
        tiny_root, shards, "1.0.0.dev1", tmp_path / "out", date="2026-01-02", work=tmp_path / "work", engine=SERIAL
    )

    assert made.content_sha256 == expected.content_sha256
    assert made.rows == expected.rows
    for path in expected.folder.glob("data/*/*.parquet"):
        other = made.folder / path.relative_to(expected.folder)
        assert pq.read_table(other).equals(pq.read_table(path), check_metadata=True), path
    back = read_release(made.folder)
    assert content_digest(back) == content_digest(corpus)


def test_what_was_withdrawn_goes_into_a_release_of_shards(tiny_root: Path, tmp_path: Path) -> None:
    root = tmp_path / "whole"
    shutil.copytree(tiny_root, root)
    gone = Withdrawn("old", "2026-01-01", "asked for by its holder", "0" * 64)
    files.write(root / "corpus" / "withdrawn.json", canonical_list("withdrawn", [gone]))
    shards = pack(root, f"{tmp_path}/shards", shards=1)

    made = build_shards(
        root, shards, "1.0.0.dev1", tmp_path / "out", date="2026-01-02", work=tmp_path / "work", engine=SERIAL
    )

    assert read_release(made.folder).withdrawn == {"old": gone}


def test_no_release_is_made_of_shards_with_errors(tmp_path: Path) -> None:
    generate(plan(20, faults=1.0), tmp_path, shards=2, engine=SERIAL)

    with pytest.raises(ReleaseError, match="errors, which no release may have: part-0000"):
        build_shards(
            tmp_path,
            listed(f"{tmp_path}/corpus/shards"),
            "1.0.0",
            tmp_path / "out",
            date="2026-01-02",
            work=tmp_path / "work",
            engine=SERIAL,
        )

    assert not (tmp_path / "out").exists()


def test_documents_of_a_release_stand_in_order(tmp_path: Path) -> None:
    generate(plan(3), tmp_path, shards=1, engine=SERIAL)
    lines = [line for _, line in records(f"{tmp_path}/corpus/shards/part-00000.jsonl.zst")]
    write_records(f"{tmp_path}/two/a.jsonl", lines[1:])
    write_records(f"{tmp_path}/two/b.jsonl", lines[:1])

    with pytest.raises(ReleaseError, match=r"b\.jsonl: document 'd00000000' stands behind one of a greater id"):
        build_shards(
            tmp_path,
            listed(f"{tmp_path}/two"),
            "1.0.0",
            tmp_path / "out",
            date="2026-01-02",
            work=tmp_path / "work",
            engine=SERIAL,
        )


# ------------------------------------------------------------------------------------------------------ Label Studio


def test_what_goes_to_label_studio_comes_back_into_shards(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2, form=".parquet")
    out, work = f"{tmp_path}/tasks", tmp_path / "work"
    bare = [structs.replace(one, sets=()) for one in bundles(tiny, files.raw_bytes(tiny_root, tiny))]
    write_records(f"{tmp_path}/bare/part-00000.jsonl", [record(one) for one in bare])

    assert to_tasks(tiny_root, shards, out, "a1", work=work, engine=SERIAL) == 3
    exported = [task for path in sorted(Path(out).iterdir()) for task in json.loads(path.read_text())]
    (tmp_path / "export.json").write_text(json.dumps(exported[::-1]))
    taken = from_export(
        tiny_root,
        listed(f"{tmp_path}/bare"),
        str(tmp_path / "export.json"),
        f"{tmp_path}/new",
        "a1",
        work=work,
        engine=SERIAL,
    )

    assert (taken.tasks, taken.sets, taken.findings) == (3, 3, ())
    corpus, _ = whole(tiny_root, listed(f"{tmp_path}/new"))
    assert corpus.sets == {key: marked for key, marked in tiny.sets.items() if key[0] == "a1"}


def test_a_task_that_cannot_be_taken_is_a_finding_and_the_others_are_taken(
    tiny: Corpus, tiny_root: Path, tmp_path: Path
) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2)
    to_tasks(tiny_root, shards, f"{tmp_path}/tasks", "a1", work=tmp_path / "work", engine=SERIAL)
    exported = [task for path in sorted((tmp_path / "tasks").iterdir()) for task in json.loads(path.read_text())]
    exported[0]["annotations"][0]["result"][0]["value"]["end"] += 10_000
    exported[1]["annotations"][0]["result"] = exported[1]["annotations"][0]["result"][:1]
    export = tmp_path / "export.json"
    export.write_text(json.dumps([*exported, {"data": {"id": "nowhere"}, "annotations": []}]))

    taken = from_export(tiny_root, shards, str(export), f"{tmp_path}/new", "a1", work=tmp_path / "work", engine=SERIAL)

    assert [(one.shard, one.line, one.finding.file.rpartition("/")[2]) for one in taken.findings] == [
        ("part-00000.jsonl.zst", 1, "ar_souk.json"),
        ("", 4, "nowhere.json"),
        ("part-00001.jsonl.zst", 1, "en_fair.json"),
    ]
    assert whole(tiny_root, listed(f"{tmp_path}/new"))[0] == whole(tiny_root, shards)[0]


@pytest.mark.parametrize("chunk", [1, 3, 1 << 22])
def test_an_export_is_read_task_by_task_wherever_it_is_cut(
    chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports_module, "_CHUNK", chunk)
    path = tmp_path / "export.json"
    path.write_text(' [ {"a": "]}\\"𐌰"} ,\n{"b": [{}, 1]}]\n', encoding="utf-8")

    assert [(number, value) for number, value, _ in tasks(str(path))] == [(1, {"a": ']}"𐌰'}), (2, {"b": [{}, 1]})]
    assert [json.loads(content) for _, _, content in tasks(str(path))] == [{"a": ']}"𐌰'}, {"b": [{}, 1]}]


@pytest.mark.parametrize("text", ['[{"a": 1}, {"b"', '{"a": 1}', "", '[{"a": 1} {"b": 2}', '[{"a": 1}'])
def test_an_export_that_is_cut_off_or_no_list_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(text)

    if text == '[{"a": 1} {"b": 2}':  # a comma may be missing: every task is there all the same
        text += "]"
    with pytest.raises(FileError):
        list(tasks(str(tmp_path / "export.json")))


# --------------------------------------------------------------------------------------------------------- commands


def test_shards_are_packed_checked_and_built_from_the_command_line(tiny_root: Path, tmp_path: Path) -> None:
    def call(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["--root", str(tiny_root), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    over = ["--shards", f"{tmp_path}/shards", "--engine", "serial", "--work", f"{tmp_path}/work"]
    packed = call("shards", "pack", "--out", f"{tmp_path}/shards", "--shards", "2", "--form", ".jsonl")
    found = call("validate", *over)
    built = call("build", "1.0.0.dev1", "--out", f"{tmp_path}/out", "--date", "2026-01-02", *over)

    assert packed == f"{tmp_path}/shards/part-00000.jsonl\n{tmp_path}/shards/part-00001.jsonl\n"
    assert "3 documents, 0 records that cannot be read: 0 errors, " in found
    assert built.startswith(f"{tmp_path}/out/1.0.0.dev1: ")


def test_an_option_that_shards_do_not_have_is_refused(tiny_root: Path, tmp_path: Path) -> None:
    pack(tiny_root, f"{tmp_path}/shards", shards=1)
    asked = ["--root", str(tiny_root), "validate", "--shards", f"{tmp_path}/shards", "--since", "HEAD"]

    done = CliRunner().invoke(main, asked)

    assert done.exit_code == 2
    assert "--since is not there for shards" in done.output


def test_every_rule_on_the_whole_corpus_has_its_place_in_shards() -> None:
    by_record = {"document-split", "document-rights", "withdrawn-again", "decision", "decision-current", "gold-current"}
    across = {"event-split", "near-duplicate", "form-label"}
    of_the_head = {"codebook-heading", "codebook-section", "codebook-stray", "release-listed"}
    of_lists_that_records_make = {"rights-document", "split-document"}
    on_earlier_releases = {"id-reused", "old-test-kept", "raw-kept", "split-kept"}  # not asked of shards

    on_what_was_withdrawn = {"entity-unused"}  # not asked of shards either

    known = {rule.id for rule in RULES if rule.subject in ("corpus", "across")}

    asked = by_record | across | of_the_head | of_lists_that_records_make
    assert known == asked | on_earlier_releases | on_what_was_withdrawn
