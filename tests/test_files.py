from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import corpora

from standoff import files
from standoff.errors import FileError, RecordError, SchemaError, StandoffError, UsageError
from standoff.model import Corpus
from standoff.release.planning import GATES
from standoff.release.review import REVIEWS

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tiny corpus, to break."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a folder, schema and raw files included: relative path -> bytes."""
    folders = ("annotations", "corpus", "schema")
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def raw_bytes(root: Path, corpus: Corpus) -> dict[str, bytes]:
    return {id: files.raw_file(root, id).read_bytes() for id in corpus.documents}


def change(path: Path, edit: Callable[[dict], None]) -> None:
    """Changes the value that a file of JSON holds."""
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize("which", ["tiny_root", "root"])
def test_what_was_read_is_written_as_the_same_bytes(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    root = request.getfixturevalue(which)
    corpus = files.read(root)

    files.write_corpus(tmp_path, corpus, raw_bytes(root, corpus))

    # Not the corpus's own: a README beside the schema, a folder's placeholder, what is asked of a release.
    expected = {
        path: data
        for path, data in contents(root).items()
        if path.endswith((".json", ".txt", ".html", "BOOK.md")) and path not in (GATES, REVIEWS)
    }
    assert contents(tmp_path).keys() >= expected.keys()
    assert {path: data for path, data in contents(tmp_path).items() if path in expected} == expected
    assert files.read(tmp_path) == corpus


# Every file is flushed to the disk before it is put in place.
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_corpus_comes_back_from_its_files(
    tiny: Corpus, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    corpus, raw = data.draw(corpora(tiny.scheme))
    root = tmp_path_factory.mktemp("corpus")

    files.write_corpus(root, corpus, raw)

    assert files.read(root) == corpus
    before = contents(root)
    files.write_corpus(root, files.read(root), raw)
    assert contents(root) == before


def test_writing_what_is_there_changes_no_file(copy: Path) -> None:
    corpus = files.read(copy)
    before = {path: (copy / path).stat().st_mtime_ns for path in contents(copy)}

    files.write_corpus(copy, corpus, raw_bytes(copy, corpus))

    assert {path: (copy / path).stat().st_mtime_ns for path in contents(copy)} == before


def test_write_says_whether_anything_changed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"

    assert files.write(path, "é") is True
    assert files.write(path, "é".encode()) is False
    assert files.write(path, "e") is True
    assert path.read_bytes() == b"e"


def test_a_file_that_is_written_may_be_read_by_others(tmp_path: Path) -> None:
    files.write(tmp_path / "file.txt", "x")

    assert (tmp_path / "file.txt").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    files.write(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_root_is_found_from_a_folder_inside(copy: Path) -> None:
    assert files.find_root(copy / "corpus" / "documents") == copy.resolve()


def test_a_folder_outside_of_any_corpus_has_no_root(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no corpus here or above"):
        files.find_root(tmp_path)


def test_a_set_lies_in_its_annotators_folder_and_gold_in_its_own() -> None:
    assert files.set_path(Path("x"), "a1", "hart") == Path("x/annotations/sets/a1/hart.json")
    assert files.set_path(Path("x"), "gold", "hart") == Path("x/annotations/gold/hart.json")


def test_the_text_of_a_document_is_its_raw_file_without_what_was_dropped(tiny: Corpus) -> None:
    document = tiny.documents["fr_marche"]

    assert document.text.startswith("Le cafe\u0301 Chez Noe\u0308l ferme")
    assert "Publicite" not in document.text
    assert "<" not in document.text
    assert "MENU" not in tiny.documents["en_fair"].text
    assert "SUBSCRIBE" not in tiny.documents["en_fair"].text
    assert "<b>&amp;</b>tea on Monday.\r\nShe hopes" in tiny.documents["en_fair"].text


MISSING = (
    ("corpus/entities.json", "not found"),
    ("corpus/splits.json", "not found"),
    ("corpus/rights.json", "not found"),
    ("corpus/releases.json", "not found"),
    ("annotations/annotators.json", "not found"),
    ("corpus/raw/en_fair.txt", "not found; expected the document's raw file"),
)


@pytest.mark.parametrize(("path", "message"), MISSING)
def test_a_missing_file_is_named(copy: Path, path: str, message: str) -> None:
    (copy / path).unlink()

    with pytest.raises(FileError) as caught:
        files.read(copy)

    assert caught.value.place.endswith(path)
    assert caught.value.message == message


def test_a_missing_schema_folder_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "schema")

    with pytest.raises(FileError, match="tiny/schema: not found; expected the folder of schema files"):
        files.read(copy)


def test_a_missing_schema_file_is_named(copy: Path) -> None:
    (copy / "schema" / "views.json").unlink()

    with pytest.raises(SchemaError, match=r"tiny/schema: views\.json not found; expected annotation\.schema\.json, "):
        files.read(copy)


def test_a_missing_file_of_a_set_is_no_error(copy: Path) -> None:
    (copy / "annotations/sets/m1/en_fair.json").unlink()

    assert set(files.read(copy).sets) == {
        ("a1", "ar_souk"),
        ("a1", "en_fair"),
        ("a1", "fr_marche"),
        ("m1", "ar_souk"),
    }


TEXTS = ("corpus/raw/fr_marche.html", "corpus/documents/fr_marche.json", "corpus/entities.json", "schema/CODEBOOK.md")


@pytest.mark.parametrize(("encoding", "byte"), [("latin-1", ""), ("utf-16", "byte 0 is 0xff")])
@pytest.mark.parametrize("path", TEXTS)
def test_another_encoding_is_refused_with_file_and_byte(copy: Path, path: str, encoding: str, byte: str) -> None:
    text = (copy / path).read_bytes().decode()
    (copy / path).write_bytes(f"é {text}".encode(encoding, errors="ignore"))

    with pytest.raises(FileError) as caught:
        files.read(copy)

    assert caught.value.place.endswith(path)
    assert caught.value.message.startswith(byte or "byte 0 is 0xe9")
    assert "expected strict UTF-8" in caught.value.message


@pytest.mark.parametrize(
    "path", ["corpus/splits.json", "annotations/gold/en_fair.json", "corpus/segments/ar_souk.json"]
)
def test_truncated_json_is_refused_with_its_file(copy: Path, path: str) -> None:
    data = (copy / path).read_bytes()
    (copy / path).write_bytes(data[: len(data) // 2])

    with pytest.raises(FileError, match=r": is no JSON: .*; expected one complete JSON value in \d+ bytes") as caught:
        files.read(copy)

    assert caught.value.place.endswith(path)


def test_an_empty_file_is_no_json(copy: Path) -> None:
    (copy / "corpus/splits.json").write_bytes(b"")

    with pytest.raises(FileError, match=r"^corpus/splits\.json: is empty; expected one JSON value$"):
        files.read(copy)


def test_a_folder_in_the_place_of_a_file_is_refused(copy: Path) -> None:
    (copy / "corpus/splits.json").unlink()
    (copy / "corpus/splits.json").mkdir()

    with pytest.raises(FileError, match="cannot be read: Is a directory"):
        files.read(copy)


BROKEN: dict[str, tuple[str, Callable[[dict], object], str, str]] = {
    "wrong type": (
        "annotations/sets/a1/en_fair.json",
        lambda v: v["annotations"][3].update(label=7),
        "annotations[3].label",
        "Expected `str`, got `int`, got 7",
    ),
    "missing field": (
        "annotations/sets/a1/en_fair.json",
        lambda v: v["annotations"][0].pop("layer"),
        "annotations[0]",
        "Object missing required field `layer`",
    ),
    "unknown field": (
        "corpus/entities.json",
        lambda v: v["entities"][0].update(colour="red"),
        "entities[0]",
        "Object contains unknown field `colour`",
    ),
    "unknown status": (
        "corpus/entities.json",
        lambda v: v["entities"][1].update(kb_status="link"),
        "entities[1].kb_status",
        "Invalid enum value 'link', got \"link\"",
    ),
    "another annotator": (
        "annotations/sets/a1/en_fair.json",
        lambda v: v.update(annotator="m1"),
        "annotator",
        "annotator is 'm1', but the file's place says 'a1'",
    ),
    "another document": (
        "annotations/gold/en_fair.json",
        lambda v: v.update(document="ar_souk"),
        "document",
        "document is 'ar_souk', but the file's place says 'en_fair'",
    ),
    "segments of another document": (
        "corpus/segments/en_fair.json",
        lambda v: v.update(document="ar_souk"),
        "document",
        "document is 'ar_souk', but the file's place says 'en_fair'",
    ),
    "a wrong type in a record": (
        "corpus/documents/en_fair.json",
        lambda v: v["dropped"][1].update(kind=None),
        "dropped[1].kind",
        "Expected `str`, got `null`, got null",
    ),
    "a record with another id": (
        "corpus/documents/en_fair.json",
        lambda v: v.update(id="ar_souk"),
        "id",
        "id is 'ar_souk', but the file's place says 'en_fair'",
    ),
    "a record that holds a text": (
        "corpus/documents/en_fair.json",
        lambda v: v.update(text="mine"),
        "",
        "Object contains unknown field `text`",
    ),
    "another length": (
        "corpus/documents/en_fair.json",
        lambda v: v.update(raw_length=5),
        "",
        "raw_length is 5, but corpus/raw/en_fair.txt has 321 characters",
    ),
    "a dropped range outside": (
        "corpus/documents/en_fair.json",
        lambda v: v["dropped"][2].update(end=999),
        "dropped",
        "dropped range [245:999] must begin at 186 or later, hold something and end by 321",
    ),
    "an id twice": (
        "corpus/entities.json",
        lambda v: v["entities"].append(v["entities"][0]),
        "id",
        "id 'ada' stands 2 times; expected once",
    ),
    "no list of documents": (
        "corpus/splits.json",
        lambda v: v["splits"].update(en_fair="trian"),
        "splits[...]",
        "Invalid enum value 'trian'",
    ),
    "no rule of merging": (
        "annotations/policy.json",
        lambda v: v.setdefault("layers", {}).update(naming={"rule": "most"}),
        "layers[...].rule",
        "Invalid enum value 'most'; expected one of annotator, majority, unanimous",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_record_of_another_shape_is_found_with_its_place(copy: Path, name: str) -> None:
    path, edit, field, message = BROKEN[name]
    change(copy / path, edit)

    _, findings = files.inspect(copy)

    assert [(f.file, f.field, f.rule, f.severity) for f in findings] == [(path, field, "record-shape", "error")]
    assert findings[0].message.startswith(message)


def test_reading_stops_at_the_first_finding_and_counts_the_others(copy: Path) -> None:
    change(copy / "annotations/sets/a1/en_fair.json", lambda v: v.update(annotator="m1"))
    change(copy / "corpus/entities.json", lambda v: v["entities"][1].update(kb_status="link"))

    with pytest.raises(RecordError) as caught:
        files.read(copy)

    assert str(caught.value) == (
        "annotations/sets/a1/en_fair.json annotator: annotator is 'm1', but the file's place says 'a1' "
        "(and 1 more; standoff validate lists them)"
    )


def test_a_set_of_gold_among_the_annotators_is_found_and_is_not_gold(copy: Path) -> None:
    shutil.copytree(copy / "annotations/gold", copy / "annotations/sets/gold")
    change(copy / "annotations/sets/gold/en_fair.json", lambda v: v.update(annotations=[]))

    corpus, findings = files.inspect(copy)

    assert len(corpus.gold["en_fair"].annotations) == 33
    assert {f.file for f in findings} == {f"annotations/sets/gold/{id}.json" for id in corpus.gold}


@pytest.mark.parametrize("record", ["[]", "3", "null", '"x"'])
def test_a_document_that_is_no_object_is_found(copy: Path, record: str) -> None:
    (copy / "corpus/documents/en_fair.json").write_text(record)

    with pytest.raises(StandoffError, match="expected an object"):
        files.read(copy)


def test_a_corpus_without_documents_and_sets_can_be_read(copy: Path) -> None:
    for folder in ("corpus/documents", "corpus/segments", "corpus/raw", "annotations/sets", "annotations/gold"):
        shutil.rmtree(copy / folder)

    corpus = files.read(copy)

    assert (corpus.documents, corpus.segments, corpus.sets, corpus.gold) == ({}, {}, {}, {})


def test_json_of_ten_thousand_levels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 10_000 + "]" * 10_000)

    with pytest.raises(FileError, match=r"deep\.json: is nested too deeply"):
        files.read_json(path)
