"""Where shards are written: a folder holds those of one corpus, all of them or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from planted import SERIAL

from standoff import files
from standoff.cli import main
from standoff.engine import asides
from standoff.errors import FileError, UsageError
from standoff.shards import batches, listed, records, validate_shards, write_records
from standoff.shards.bundle import Located
from standoff.shards.converting import pack, to_tasks
from standoff.shards.taking import from_export
from standoff.validate import duplicates


def names(folder: Path) -> list[str]:
    """All that a folder holds, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def call(*arguments: str, exit_code: int = 0) -> str:
    done = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    return done.output


def test_shards_are_not_packed_beside_others(tiny_root: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/shards"
    pack(tiny_root, out, shards=2, form=".jsonl")
    before = {path.name: path.read_bytes() for path in Path(out).iterdir()}
    for shards, form in ((1, ".jsonl"), (2, ".parquet"), (2, ".jsonl")):
        with pytest.raises(UsageError, match=r"holds part-00000\.jsonl, part-00001\.jsonl; expected a folder that"):
            pack(tiny_root, out, shards=shards, form=form)
        assert {path.name: path.read_bytes() for path in Path(out).iterdir()} == before


def test_shards_replace_all_that_were_there(tiny_root: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/shards"
    pack(tiny_root, out, shards=3, form=".jsonl")
    for shards, form in ((2, ".jsonl"), (1, ".parquet")):
        assert pack(tiny_root, out, shards=shards, form=form, replace=True) == listed(out)
        assert names(tmp_path / "shards") == [f"part-{n:05}{form}" for n in range(shards)]
        checked = validate_shards(tiny_root, listed(out), tmp_path / "work", engine=SERIAL)
        assert (checked.documents, checked.errors) == (3, 0)
    assert names(tmp_path) == ["shards", "work"]


def test_what_is_no_shard_is_not_replaced(tiny_root: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/shards"
    pack(tiny_root, out, shards=1)
    (tmp_path / "shards" / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"holds notes\.txt; expected nothing but shards, where they are replaced"):
        pack(tiny_root, out, shards=2, replace=True)
    assert names(tmp_path / "shards") == ["notes.txt", "part-00000.jsonl.zst"]
    with pytest.raises(UsageError, match="is no folder"):
        pack(tiny_root, f"{out}/notes.txt", shards=1)


def test_shards_that_cannot_be_written_leave_those_that_are_there(
    tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = f"{tmp_path}/shards"
    pack(tiny_root, out, shards=2)
    before = {path.name: path.read_bytes() for path in Path(out).iterdir()}
    from standoff.shards import converting

    def failing(shard: str, found: Iterator[bytes]) -> int:
        if shard.endswith("part-00001.jsonl"):
            raise FileError("no space is left", place=shard)
        return write_records(shard, found)

    monkeypatch.setattr(converting, "write_records", failing)
    for place, replace in ((out, True), (f"{tmp_path}/new", False)):
        with pytest.raises(FileError, match="no space is left"):
            pack(tiny_root, place, shards=2, form=".jsonl", replace=replace)
    assert {path.name: path.read_bytes() for path in Path(out).iterdir()} == before
    assert names(tmp_path) == ["shards"]


def test_no_shard_is_without_documents(tiny_root: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/shards"
    told = call("--root", str(tiny_root), "shards", "pack", "--out", out, "--shards", "99", "--form", ".jsonl")
    assert told.splitlines() == [
        *(f"{out}/part-{n:05}.jsonl" for n in range(3)),
        "3 shards, not 99: there are no more documents",
    ]
    assert [len(list(records(shard))) for shard in listed(out)] == [1, 1, 1]


def test_a_folder_elsewhere_is_filled_once(tiny_root: Path) -> None:
    pack(tiny_root, "memory://packed", shards=2, form=".jsonl")
    with pytest.raises(UsageError, match=r"holds part-00000\.jsonl, part-00001\.jsonl; expected a folder that"):
        pack(tiny_root, "memory://packed", shards=1, form=".jsonl")
    with pytest.raises(UsageError, match="is not on this machine; expected a folder here"):
        pack(tiny_root, "memory://packed", shards=1, form=".jsonl", replace=True)
    assert len(listed("memory://packed")) == 2


def test_a_command_that_writes_shards_anew_writes_none_beside_others(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/two", shards=2, form=".jsonl")
    work, out = tmp_path / "work", f"{tmp_path}/out"
    who = next(annotator for annotator, _ in files.read(tiny_root).sets)
    to_tasks(tiny_root, shards, f"{tmp_path}/tasks", who, work=work, engine=SERIAL)
    (tmp_path / "export.json").write_text("[]", encoding="utf-8")
    for _ in range(2):
        # Again into the same is to go on with it.
        from_export(tiny_root, shards, f"{tmp_path}/export.json", out, who, work=work, engine=SERIAL)
    with pytest.raises(UsageError, match=r"holds part-00001\.jsonl; expected no others than those"):
        from_export(tiny_root, shards[:1], f"{tmp_path}/export.json", out, who, work=work, engine=SERIAL)
    with pytest.raises(UsageError, match=r"holds part-00001\.json; expected no others than those"):
        to_tasks(tiny_root, shards[:1], f"{tmp_path}/tasks", who, work=work, engine=SERIAL)


def test_a_shard_is_named_once_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    write_records(f"{tmp_path}/part-00000.jsonl", [b'{"document": 1}'])
    (batch,) = batches(f"{tmp_path}/part-00000.jsonl")
    assert str(batch.unread[0]).startswith("part-00000.jsonl:1: document: Expected `object`, got `int` (record-shape)")
    other = Located("part-00000.jsonl", 1, batch.unread[0].finding.__class__("a", "b", "c", "r", "error", "is wrong"))
    assert str(other) == "part-00000.jsonl:1: a#b c: is wrong (r)"


KILLED = """
import os, signal, sys
from standoff.shards import write_records
def found():
    yield b"{}"
    os.kill(os.getpid(), signal.SIGKILL)
write_records(sys.argv[1], found())
"""


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    for target in (f"{out}/part-00000.jsonl", "memory://killed/part-00000.jsonl"):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, target], env={**os.environ, "TMPDIR": str(temporary)}, check=False
        )
        assert killed.returncode == -signal.SIGKILL
    assert [len(names(folder)) for folder in (out, temporary)] == [1, 1]

    write_records(f"{out}/part-00000.jsonl", [b"{}"])

    assert names(out) == ["part-00000.jsonl"]
    again = subprocess.run(
        [sys.executable, "-c", KILLED.replace("os.kill", "print"), "memory://killed/part-00000.jsonl"],
        env={**os.environ, "TMPDIR": str(temporary)},
        check=True,
        capture_output=True,
    )
    assert again.stdout
    assert names(temporary) == []


def test_what_others_wrote_over_is_written_anew(tiny_root: Path, tmp_path: Path) -> None:
    shards = pack(tiny_root, f"{tmp_path}/shards", shards=2)
    out, work = f"{tmp_path}/tasks", tmp_path / "work"
    told = []
    first, second, *_ = sorted({annotator for annotator, _ in files.read(tiny_root).sets})
    for who in (first, second, first):
        to_tasks(tiny_root, shards, out, who, work=work, engine=SERIAL)
        told.append({path.name: path.read_bytes() for path in Path(out).iterdir()})
    assert told[0] != told[1]
    assert told[2] == told[0]


def test_what_a_killed_hydration_left_goes_with_the_next(
    tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("--root", str(tiny_root), "build", "2.0.0", "--edition", "text-free", "--out", f"{tmp_path}/bare")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in ("hydrating", "2.0.0"):
        (tmp_path / "out" / f".{name}.{asides._here()}-{dead.pid}.left" / "pieces").mkdir(parents=True)

    # So few documents would not be worked on in pieces.
    monkeypatch.setattr(duplicates, "FEW", 0)
    raw = ["--raw", f"{tiny_root}/corpus/raw"]
    call("hydrate", f"{tmp_path}/bare/2.0.0", *raw, "--out", f"{tmp_path}/out", "--engine", "serial")

    assert names(tmp_path / "out") == ["2.0.0"]
