"""Publishing to folders, to an S3 server and to a stand-in of the Hub, and taking back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from hub import standin, store

from standoff import files
from standoff.canon import listings
from standoff.cli import main
from standoff.errors import ReleaseError, UsageError
from standoff.model import Release
from standoff.release.building import build
from standoff.release.folder import Edition, read_sums, sums_text, verify
from standoff.release.publishing import built, publish, release_gates, yank
from standoff.release.review import Accepted, sign, write_reviews
from standoff.release.targets import open_target
from standoff.release.withdrawal import withdraw, without
from standoff.validate import validate

DATE = "2024-03-11"
DATASET = "hf://datasets/org/tiny"
BUCKET = f"s3://{store.BUCKET}/tiny"


class Made(NamedTuple):
    """A signed checkout, and a release that was built from it."""

    root: Path
    folder: Path


def signed(root: Path, version: str, edition: Edition = "full") -> Path:
    """The release of a checkout as it is, which a reviewer signed."""
    corpus = files.read(root)
    findings = validate(corpus)
    accepted = [Accepted(one.rule, one.file, one.id, "it is so") for one in findings]
    write_reviews(root, [sign(corpus, findings, reviewer="r1", date=DATE, accepted=accepted)])
    return build(corpus, version, root / "build", date=DATE, root=root, edition=edition).folder


def decide(root: Path, decision: str) -> None:
    """Takes the decision to publish one text back, or says that it may not be."""
    rights = json.loads((root / "corpus" / "rights.json").read_bytes())
    if decision == "none":
        del rights["documents"]["en_fair"]
    else:
        rights["documents"]["en_fair"]["publish_text"] = False
    (root / "corpus" / "rights.json").write_text(json.dumps(rights), encoding="utf-8")


def relabel(root: Path) -> None:
    """Changes one label in the sets and in gold."""
    for path in root.glob("annotations/**/fr_marche.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"label": "likes"', '"label": "unsure"'), encoding="utf-8")


def rebuilt(folder: Path, path: str, content: bytes) -> None:
    """Makes a release one of other bytes, whole all the same."""
    (folder / path).write_bytes(content)
    sums = {**read_sums(folder), path: sha256(content).hexdigest()}
    (folder / "SHA256SUMS").write_text(sums_text(sums), encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Version 1.0.0 of the tiny corpus; nobody writes into it."""
    root = Path(shutil.copytree(tiny_root, tmp_path_factory.mktemp("publish") / "checkout"))
    return Made(root, signed(root, "1.0.0"))


@pytest.fixture
def made(prepared: Made, tmp_path: Path) -> Made:
    """A copy of it, to be published and spoilt."""
    root = Path(shutil.copytree(prepared.root, tmp_path / "checkout"))
    return Made(root, root / "build" / "1.0.0")


def tree(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of all files."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def listed(path: Path) -> list[tuple[str, bool]]:
    """Version and whether it was yanked, of a list of releases."""
    return [(one["version"], one.get("yanked", False)) for one in json.loads(path.read_bytes())["releases"]]


# --- a folder


@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/"])
def test_a_published_folder_holds_the_release_and_lists_it(made: Made, tmp_path: Path, form: str) -> None:
    done = publish(made.folder, form.format(tmp_path / "out"), root=made.root)

    assert (done.version, done.files, done.new, done.differing) == ("1.0.0", len(tree(made.folder)), True, ())
    assert tree(tmp_path / "out" / "1.0.0") == tree(made.folder)
    assert listed(tmp_path / "out" / "releases.json") == [("1.0.0", False)]
    assert listed(made.root / "corpus" / "releases.json") == [("0.0.1", False), ("0.0.2", True), ("1.0.0", False)]


def test_what_file_managers_leave_is_not_published_and_not_minded(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (made.folder / ".DS_Store").write_bytes(b"Bud1")
    first = publish(made.folder, str(out), root=made.root)
    (out / "1.0.0" / "schema" / "Thumbs.db").write_bytes(b"")
    again = publish(made.folder, str(out), root=made.root)

    assert tree(out / "1.0.0").keys() - tree(made.folder).keys() == {"schema/Thumbs.db"}
    assert not (out / "1.0.0" / ".DS_Store").exists()
    assert (first.new, again.new, again.differing) == (True, False, ())


def test_publishing_twice_changes_nothing(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(made.folder, str(out), root=made.root)
    times = {path: path.stat().st_mtime_ns for path in (*out.rglob("*"), made.root / "corpus" / "releases.json")}
    again = publish(made.folder, str(out), root=made.root)

    assert not again.new
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_other_files_under_a_published_version_are_refused(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(made.folder, str(out), root=made.root)
    (out / "1.0.0" / "data" / "opinion" / "test.parquet").write_bytes(b"no table")
    before = tree(out)
    with pytest.raises(ReleaseError) as error:
        publish(made.folder, str(out), root=made.root)

    assert str(error.value) == (
        f"{out}: holds version '1.0.0' with other files (data/opinion/test.parquet); a release never changes: "
        "build under a new version"
    )
    assert tree(out) == before


def test_other_content_under_a_listed_version_is_refused(made: Made, tmp_path: Path) -> None:
    publish(made.folder, str(tmp_path / "out"), root=made.root)
    shutil.rmtree(made.root / "build")
    (made.root / "corpus" / "releases.json").write_text('{"releases": []}\n', encoding="utf-8")
    relabel(made.root)
    other = signed(made.root, "1.0.0")
    with pytest.raises(ReleaseError, match=r"out/releases\.json: version '1\.0\.0' was released with the content"):
        publish(other, str(tmp_path / "out"), root=made.root)

    publish(other, str(tmp_path / "elsewhere"), root=made.root)
    with pytest.raises(ReleaseError, match=r"version '1\.0\.0' was released with the content"):
        publish(other, str(tmp_path / "out"), root=made.root)


def test_a_damaged_release_is_not_published(made: Made, tmp_path: Path) -> None:
    (made.folder / "README.md").write_text("other\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"README\.md has not the checksum"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert not (tmp_path / "out").exists()


def test_what_stands_beside_a_release_goes_along_and_is_not_replaced(made: Made, tmp_path: Path) -> None:
    (made.folder / "SHA256SUMS.sig").write_text("signed by r1\n", encoding="utf-8")
    publish(made.folder, str(tmp_path / "out"), root=made.root)
    (made.folder / "SHA256SUMS.sig").write_text("signed by r2\n", encoding="utf-8")
    again = publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert (again.new, again.differing) == (False, ("SHA256SUMS.sig",))
    assert (tmp_path / "out" / "1.0.0" / "SHA256SUMS.sig").read_text(encoding="utf-8") == "signed by r1\n"


def test_a_folder_with_something_else_in_it_is_not_published_into(made: Made, tmp_path: Path) -> None:
    files.write(tmp_path / "out" / "1.0.0" / "notes.txt", "mine\n")
    with pytest.raises(ReleaseError, match=r"out/1\.0\.0: holds notes\.txt, no part of the release"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert sorted(tree(tmp_path / "out")) == ["1.0.0/notes.txt"]


def test_two_versions_are_listed_in_order(made: Made, tmp_path: Path) -> None:
    publish(made.folder, str(tmp_path / "out"), root=made.root)
    relabel(made.root)
    publish(signed(made.root, "1.10.0"), str(tmp_path / "out"), root=made.root)
    publish(signed(made.root, "1.10.0.dev2"), str(tmp_path / "out"), root=made.root)

    assert [version for version, _ in listed(tmp_path / "out" / "releases.json")] == ["1.0.0", "1.10.0.dev2", "1.10.0"]


@pytest.mark.parametrize(
    "to",
    [
        "s3://key:secret@bucket/x",
        "https://somebody@example.org/x",
        "https://example.org/x?token=abc",
        "https://example.org/x?X-Amz-Date=1&X-Amz-Signature=abc",
    ],
)
def test_credentials_in_a_target_are_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(UsageError, match="holds credentials") as error:
        open_target(to)

    assert not {"secret", "somebody", "abc"} & set(re.split("[^a-z]", str(error.value)))


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("gopher://x/y", r"gopher://x/y: Protocol not known: gopher"),
        ("hf://org/name", r"hf://org/name: is no dataset; expected hf://datasets/ORG/NAME"),
        ("hf://datasets/name", "expected hf://datasets/ORG/NAME"),
    ],
)
def test_a_target_that_is_none_is_named(to: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_target(to)


# --- gates


def gates_of(made: Made) -> dict[str, bool | None]:
    """Gate -> whether it is open."""
    return {gate.name: gate.open for gate in release_gates(made.folder, made.root)}


def test_all_gates_are_open_for_what_was_signed(made: Made) -> None:
    assert gates_of(made) == dict.fromkeys(
        ("release", "validation", "adjudication", "rights", "agreement", "sign-off"), True
    )


def test_a_release_that_says_what_is_not_so_is_not_published(made: Made, tmp_path: Path) -> None:
    facts = json.loads((made.folder / "release.json").read_bytes())
    facts["rows"]["opinion"]["train"] += 1
    rebuilt(made.folder, "release.json", json.dumps(facts).encode())
    with pytest.raises(ReleaseError, match=r"not published: release: .*has 5 rows; expected 6, as release\.json"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert not (tmp_path / "out").exists()


def test_what_nobody_signed_is_not_published(made: Made, tmp_path: Path) -> None:
    (made.root / "corpus" / "reviews.json").unlink()
    with pytest.raises(ReleaseError, match=r"1\.0\.0: not published: sign-off: nobody signed content [0-9a-f]{64}$"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert not (tmp_path / "out").exists()


def test_the_sign_off_counts_of_what_was_built_whatever_the_checkout_is_now(made: Made, tmp_path: Path) -> None:
    relabel(made.root)

    assert publish(made.folder, str(tmp_path / "out"), root=made.root).new


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("none", "no decision on publishing en_fair"),
        ("no", "the text may not be published of en_fair; without texts only"),
    ],
)
def test_what_was_decided_on_a_text_since_the_release_was_built_keeps_it_back(
    made: Made, tmp_path: Path, decision: str, said: str
) -> None:
    decide(made.root, decision)
    with pytest.raises(ReleaseError, match=f"not published: rights: {said}"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)

    assert not (tmp_path / "out").exists()


def test_a_release_without_texts_goes_out_whatever_was_decided(made: Made, tmp_path: Path) -> None:
    decide(made.root, "no")
    bare = signed(made.root, "2.0.0", edition="text-free")
    done = publish(bare, str(tmp_path / "out"), root=made.root)

    assert done.new
    assert tree(tmp_path / "out" / "2.0.0") == tree(bare)


def test_a_threshold_that_is_not_reached_keeps_the_release_back(made: Made, tmp_path: Path) -> None:
    gates = {"agreement": [{"layer": "opinion", "measure": "nothing of the kind", "least": 0.8}]}
    (made.root / "corpus" / "gates.json").write_text(json.dumps(gates), encoding="utf-8")
    with pytest.raises(ReleaseError, match="not published: agreement on opinion: nothing of the kind was not measured"):
        publish(made.folder, str(tmp_path / "out"), root=made.root)


# --- taking back


def test_a_yanked_release_is_marked_in_the_checkout_and_where_it_was_published(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(made.folder, str(out), root=made.root)
    found = yank(made.root, "1.0.0", "the split leaked", targets=[str(out)])

    assert found[-1] == Release("1.0.0", DATE, found[-1].content_sha256, yanked=True, why="the split leaked")
    assert listed(made.root / "corpus" / "releases.json")[-1] == ("1.0.0", True)
    assert listed(out / "releases.json") == [("1.0.0", True)]
    assert verify(out / "1.0.0") == verify(made.folder)
    assert yank(made.root, "1.0.0", "the split leaked", targets=[str(out)]) == found


def test_a_yanked_release_is_not_published_again(made: Made, tmp_path: Path) -> None:
    publish(made.folder, str(tmp_path / "out"), root=made.root)
    yank(made.root, "1.0.0", "the split leaked")
    with pytest.raises(
        ReleaseError, match=r"version '1\.0\.0' was yanked \(the split leaked\); expected a new version"
    ):
        publish(made.folder, str(tmp_path / "elsewhere"), root=made.root)


@pytest.mark.parametrize(
    ("version", "why", "said"),
    [
        ("1.0.1", "x", r"lists no release '1\.0\.1'"),
        ("0.0.2", "another reason", r"version '0\.0\.2' was yanked already, because: Built from a draft\."),
    ],
)
def test_what_cannot_be_yanked_is_refused(made: Made, version: str, why: str, said: str) -> None:
    before = (made.root / "corpus" / "releases.json").read_bytes()
    with pytest.raises(ReleaseError, match=said):
        yank(made.root, version, why)

    assert (made.root / "corpus" / "releases.json").read_bytes() == before


def test_a_release_is_not_yanked_without_a_reason(made: Made) -> None:
    with pytest.raises(UsageError, match="yanked without a reason"):
        yank(made.root, "0.0.1", " ")


# --- a signature


def test_an_unsigned_release_is_refused_where_the_checkout_says_who_may_sign(made: Made, tmp_path: Path) -> None:
    key, stranger, out = tmp_path / "key", tmp_path / "stranger", str(tmp_path / "out")
    for path in (key, stranger):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    public = key.with_suffix(".pub").read_text().split()[:2]
    (made.root / "corpus" / "allowed_signers").write_text(f'r1 namespaces="standoff" {" ".join(public)}\n')

    for how, said in (
        ((), r"signature: SHA256SUMS\.sig is missing; .*: sign it: standoff release sign .*/1\.0\.0 --key KEY --by"),
        (("--key", str(stranger), "--by", "r2"), r"signature: SHA256SUMS\.sig is by the key SHA256:"),
    ):
        if how:
            command(made.root, "release", "sign", str(made.folder), *how)
        with pytest.raises(ReleaseError, match=said):
            publish(made.folder, out, root=made.root)
        assert not Path(out).exists()

    command(made.root, "release", "sign", str(made.folder), "--key", str(key), "--by", "r1")
    assert command(made.root, "publish", "1.0.0", "--to", out).splitlines()[1] == (
        "signature: by one whom corpus/allowed_signers allows"
    )


def test_where_nobody_is_named_to_sign_the_release_goes_out_as_it_is_and_that_is_said(
    made: Made, tmp_path: Path
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)

    assert command(made.root, "publish", "1.0.0", "--to", str(tmp_path / "one")).splitlines()[1] == (
        "signature: none; it goes out unsigned, since no corpus/allowed_signers asks for one"
    )
    command(made.root, "release", "sign", str(made.folder), "--key", str(tmp_path / "key"), "--by", "r1")
    assert command(made.root, "publish", "1.0.0", "--to", str(tmp_path / "two")).splitlines()[1] == (
        "signature: there, and held against nobody: there is no corpus/allowed_signers"
    )


# --- the commands


def command(root: Path, *words: str) -> str:
    """What a command says that succeeds."""
    done = CliRunner().invoke(main, ["--root", str(root), *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_commands_publish_what_was_built_and_take_it_back(made: Made, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = (
        ("publish", "1.0.0", "--to", out),
        ("publish", "1.0.0", "--to", out, "--from", str(made.root / "build")),
        ("release", "yank", "1.0.0", "--why", "wrong", "--to", out),
        ("publish", "1.0.0", "--to", out),
        ("publish", "1.1.0", "--to", out),
    )
    done = [CliRunner().invoke(main, ["--root", str(made.root), *each]) for each in words]

    assert [one.exit_code for one in done] == [0, 0, 0, 2, 2]
    count = len(tree(made.folder))
    unsigned = "signature: none; it goes out unsigned, since no corpus/allowed_signers asks for one\n"
    assert done[0].stdout == f"{out}: 1.0.0, {count} files, new\n{unsigned}"
    assert done[1].stdout == f"{out}: 1.0.0, {count} files, was there\n{unsigned}"
    assert done[2].stdout == f"1.0.0: yanked here, at {out}\n"
    assert "was yanked (wrong); expected a new version" in done[3].stderr
    assert f"{made.root / 'build' / '1.1.0'}: holds no release; expected '1.1.0'" in done[4].stderr


def test_a_withdrawn_document_leaves_a_tombstone_and_nothing_else(made: Made) -> None:
    before = files.read(made.root)
    held = {path for path in tree(made.root) if "fr_marche." in path and not path.startswith("build/")}

    said = command(made.root, "release", "withdraw", "fr_marche", "--why", "asked for", "--date", DATE)

    assert {line.removeprefix("removed: ") for line in said.splitlines() if line.startswith("removed: ")} == held
    assert said.splitlines()[-2:] == [
        "fr_marche: withdrawn",
        "releases that may hold it: 0.0.1; standoff release yank marks them",
    ]
    after = files.read(made.root)
    assert after == without(before, "fr_marche", why="asked for", date=DATE)
    assert after.withdrawn["fr_marche"].raw_sha256 == before.documents["fr_marche"].raw_sha256
    assert [one for one in validate(after) if one.severity == "error"] == []
    assert not {path for path in tree(made.root) if "fr_marche." in path and not path.startswith("build/")}
    again = command(made.root, "release", "withdraw", "fr_marche", "--why", "asked for")
    assert again.splitlines()[0] == "fr_marche: was withdrawn already"
    assert files.read(made.root) == after


def test_a_withdrawal_that_was_cut_short_goes_on(made: Made) -> None:
    before = files.read(made.root)
    texts = dict(listings(without(before, "fr_marche", why="asked for", date=DATE)))
    for path in ("corpus/withdrawn.json", "corpus/splits.json"):
        files.write(made.root / path, texts[path])

    assert len(withdraw(made.root, "fr_marche", "asked for", date="2025-01-01")) > 3
    assert files.read(made.root) == without(before, "fr_marche", why="asked for", date=DATE)


@pytest.mark.parametrize(
    ("document", "why", "said"),
    [
        ("fr_march", "asked for", r"no document 'fr_march' \[did you mean 'fr_marche'\?\]; expected one of the corpus"),
        ("fr_marche", " ", "document 'fr_marche' is withdrawn without a reason; expected one"),
        ("en_fair", "something else", "document 'en_fair' was withdrawn already, because: asked for"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused(made: Made, document: str, why: str, said: str) -> None:
    withdraw(made.root, "en_fair", "asked for", date=DATE)
    before = tree(made.root)
    with pytest.raises(UsageError, match=said):
        withdraw(made.root, document, why, date=DATE)

    assert tree(made.root) == before


def test_a_folder_that_holds_another_version_is_refused(made: Made) -> None:
    made.folder.rename(made.folder.parent / "1.1.0")
    with pytest.raises(ReleaseError, match=r"is version '1\.0\.0'; expected '1\.1\.0'"):
        built("1.1.0", made.folder.parent)


# --- killed in the middle

KILLED = """
import os, signal, sys
from pathlib import Path
from standoff.release.publishing import publish

def tell(what, done, total):
    if what == "upload" and done >= total // 2:
        os.kill(os.getpid(), signal.SIGKILL)

publish(Path(sys.argv[1]), sys.argv[2], root=Path(sys.argv[3]), progress=tell)
"""


def killed(made: Made, to: str, environment: Mapping[str, str]) -> None:
    """Publishes in a process that is killed when half of the files are there."""
    command = [sys.executable, "-c", KILLED, str(made.folder), to, str(made.root)]
    done = subprocess.run(command, env={**os.environ, **environment}, check=False)
    assert done.returncode == -signal.SIGKILL


def test_an_upload_that_is_killed_is_no_release_and_goes_on_where_it_ended(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed(made, str(out), {})
    there = {path: path.stat().st_mtime_ns for path in (out / "1.0.0").rglob("*") if path.is_file()}
    half = sorted(there)[0]
    # As a kill within one write may leave it where a file system has no whole writes.
    half.write_bytes(half.read_bytes()[:10])

    assert 10 < len(there) < len(tree(made.folder)) - 10
    assert not (out / "1.0.0" / "release.json").exists()
    assert not (out / "releases.json").exists()
    assert listed(made.root / "corpus" / "releases.json")[-1] == ("0.0.2", True)
    assert publish(made.folder, str(out), root=made.root).new
    assert tree(out / "1.0.0") == tree(made.folder)
    assert [path for path in there if path.stat().st_mtime_ns != there[path]] == [half]


# --- S3


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A real S3 server."""
    with store.serving() as address:
        yield address


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment by which clients find it and may write."""
    environment = {**store.ENVIRONMENT, "AWS_ENDPOINT_URL": s3}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.mark.hub
def test_an_s3_bucket_holds_what_was_published_and_nothing_else_can_take_its_place(
    made: Made, bucket: dict[str, str], tmp_path: Path
) -> None:
    import standoff

    to = f"{BUCKET}/whole"
    first, again = (publish(made.folder, to, root=made.root) for _ in range(2))
    rows = standoff.load("opinion", version="1.0.0", source=to, cache=tmp_path / "cache")

    assert (first.new, again.new) == (True, False)
    assert {split: table.to_pylist() for split, table in rows.items()} == {
        split: table.to_pylist() for split, table in standoff.load("opinion", source=made.folder).items()
    }
    open_target(to).fs.pipe_file(f"{store.BUCKET}/tiny/whole/1.0.0/README.md", b"other")
    with pytest.raises(ReleaseError, match=r"holds version '1\.0\.0' with other files \(README\.md\)"):
        publish(made.folder, to, root=made.root)


@pytest.mark.hub
def test_an_upload_to_s3_that_is_killed_is_no_release_and_goes_on(made: Made, bucket: dict[str, str]) -> None:
    to = f"{BUCKET}/killed"
    killed(made, to, bucket)
    target = open_target(to)
    there = target.sums("1.0.0")

    assert 10 < len(there) < len(tree(made.folder)) - 10
    assert (target.holds("1.0.0"), target.listed()) == (False, ())
    assert publish(made.folder, to, root=made.root).new
    assert open_target(to).sums("1.0.0").keys() == tree(made.folder).keys()
    assert [one.version for one in open_target(to).listed()] == ["1.0.0"]
    assert [one.yanked for one in yank(made.root, "1.0.0", "wrong", targets=[to])] == [False, True, True]
    assert [one.why for one in open_target(to).listed()] == ["wrong"]


@pytest.mark.hub
def test_a_bucket_that_is_not_there_is_named(made: Made, bucket: dict[str, str]) -> None:
    with pytest.raises(ReleaseError, match=r"s3://nowhere/tiny: cannot be reached, or refuses: The specified bucket"):
        publish(made.folder, "s3://nowhere/tiny", root=made.root)


# --- the Hub


class Served(NamedTuple):
    """A stand-in of the Hub, and the environment by which its clients find it and may write."""

    hub: standin.Hub
    environment: dict[str, str]

    def standoff(self, root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own: the Hub's client reads the environment when it is imported."""
        return subprocess.run(
            [sys.executable, "-m", "standoff", "--root", str(root), *words],
            env={**os.environ, **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def refs(self) -> list[str]:
        """All branches and tags."""
        return self.hub.git("org/tiny", "for-each-ref", "--format=%(refname)").decode().split()

    def paths(self, revision: str) -> set[str]:
        """All files of a revision."""
        return {entry.path for entry in self.hub.entries("org/tiny", revision).values() if not entry.folder}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An empty Hub, with a home of its own for its clients."""
    with standin.serving(tmp_path / "hub") as (hub, address):
        yield Served(
            hub,
            {
                "HF_ENDPOINT": address,
                "HF_HUB_DISABLE_XET": "1",
                "HF_HOME": str(tmp_path / "home"),
                "HF_TOKEN": standin.TOKEN,
                "STANDOFF_CACHE": str(tmp_path / "cache"),
            },
        )


ROWS = """
import json, sys
import standoff
from datasets import load_dataset

source, found = sys.argv[1], {}
for asked in sys.argv[2:]:
    config, version = asked.split("@")
    ours = standoff.load(config, source=source, version=version, as_="datasets")
    theirs, streamed = (
        load_dataset(source.removeprefix("hf://datasets/"), config, revision=f"v{version}", streaming=streaming)
        for streaming in (False, True)
    )
    for split in theirs:
        assert theirs[split].features == ours[split].features
        assert theirs[split].to_list() == ours[split].to_list() == list(streamed[split]), (asked, split)
    assert not any(len(ours[split]) for split in ours.keys() - theirs.keys())
    found[asked] = ours["train"]["label"][:]
try:
    standoff.load("opinion", source=source, version="9.9.9")
except standoff.errors.ReleaseError as error:
    found["9.9.9"] = error.message
print(json.dumps(found))
"""


def loaded(served: Served, *asked: str) -> dict[str, object]:
    """Labels of `config@version`, where our own loader and `load_dataset`, batch and streaming, agree on all rows."""
    command = [sys.executable, "-c", ROWS, DATASET, *asked]
    done = subprocess.run(
        command, env={**os.environ, **served.environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.hub
def test_a_dataset_of_the_hub_shows_the_newest_release_and_keeps_all(made: Made, served: Served) -> None:
    first = served.standoff(made.root, "publish", "1.0.0", "--to", DATASET)
    sent, again = list(served.hub.uploaded), served.standoff(made.root, "publish", "1.0.0", "--to", DATASET)

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0] == f"{DATASET}: 1.0.0, {len(tree(made.folder))} files, new"
    assert again.stdout.splitlines()[0] == f"{DATASET}: 1.0.0, {len(tree(made.folder))} files, was there"
    assert served.hub.uploaded == sent
    assert served.refs() == ["refs/heads/main", "refs/tags/v1.0.0"]
    assert served.paths("v1.0.0") == {*tree(made.folder), ".gitattributes"}
    assert served.paths("main") == {*tree(made.folder), ".gitattributes", "releases.json"}

    relabel(made.root)
    signed(made.root, "1.1.0")
    assert served.standoff(made.root, "publish", "1.1.0", "--to", DATASET).returncode == 0
    assert loaded(served, "tie@1.0.0", "opinion@1.0.0", "opinion@1.1.0") == {
        "tie@1.0.0": [0],
        "opinion@1.0.0": [0, 1, 3, 0, 0],
        "opinion@1.1.0": [0, 1, 3, 3, 3],
        "9.9.9": "has no version '9.9.9'; there is 1.0.0, 1.1.0",
    }

    done = served.standoff(made.root, "release", "yank", "1.1.0", "--why", "wrong", "--to", DATASET)
    shown = served.hub.entries("org/tiny", "main")
    assert done.stdout == f"1.1.0: yanked here, at {DATASET}\n"
    assert shown["release.json"].oid == served.hub.entries("org/tiny", "v1.0.0")["release.json"].oid
    assert served.refs() == ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.1.0"]


@pytest.mark.hub
def test_a_tag_is_never_moved(made: Made, served: Served) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    assert served.standoff(made.root, "publish", "1.0.0", "--to", DATASET).returncode == 0
    tagged = served.hub.commit_of("org/tiny", "v1.0.0")
    api = HfApi(endpoint=served.environment["HF_ENDPOINT"], token=standin.TOKEN)
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag("org/tiny", tag="v1.0.0", repo_type="dataset")

    shutil.rmtree(made.folder)
    files.write(made.root / "CHANGELOG.md", "# Changelog\n")
    signed(made.root, "1.0.0")
    done = served.standoff(made.root, "publish", "1.0.0", "--to", DATASET)

    assert done.returncode == 2
    assert f"{DATASET}: holds version '1.0.0' with other files (CHANGELOG.md, SHA256SUMS); a release" in done.stderr
    assert served.hub.commit_of("org/tiny", "v1.0.0") == tagged


@pytest.mark.hub
def test_who_may_not_write_is_told_and_nothing_is_made(made: Made, served: Served) -> None:
    done = served.standoff(made.root, "publish", "1.0.0", "--to", DATASET, HF_TOKEN="hf_of_nobody")

    assert done.returncode == 2
    assert "hf://datasets/org/tiny: cannot be reached, or refuses: Client error '401 Unauthorized'" in done.stderr
    assert "hf_of_nobody" not in done.stderr
    assert not (served.hub.folder / "org").exists()


@pytest.mark.hub
def test_a_dataset_with_something_else_in_it_is_not_published_into(made: Made, served: Served) -> None:
    served.hub.create("org/tiny")
    head = served.hub.commit_of("org/tiny", "main")
    served.hub.write("org/tiny", "main", head, "Mine", [("M", "notes.txt", b"mine")])
    done = served.standoff(made.root, "publish", "1.0.0", "--to", DATASET)

    assert done.returncode == 2
    assert f"{DATASET}: holds notes.txt, no part of a release" in done.stderr
    assert (served.refs(), served.paths("main")) == (["refs/heads/main"], {".gitattributes", "notes.txt"})


@pytest.mark.hub
def test_a_hub_upload_may_be_killed_at_any_point_and_goes_on(made: Made, served: Served) -> None:
    def until(point: str, times: int = 1) -> None:
        """Publishes, and kills the process when it makes this request, which is then not served."""
        left = times

        def kill(asked: str) -> None:
            nonlocal left
            left -= asked.startswith(point)
            if left == 0:
                process.kill()
                raise standin.Refused(503, "gone")

        served.hub.before = kill
        command = [sys.executable, "-m", "standoff", "--root", str(made.root), "publish", "1.0.0", "--to", DATASET]
        process = subprocess.Popen(command, env={**os.environ, **served.environment})
        assert process.wait() == -signal.SIGKILL
        served.hub.before = lambda asked: None

    until("PUT /large/", 20)
    sent = list(served.hub.uploaded)
    assert len(sent) > 8
    assert served.refs() == ["refs/heads/main", "refs/heads/upload-1.0.0"]
    assert served.paths("upload-1.0.0") == {".gitattributes"}

    until("POST /api/datasets/org/tiny/tag/")
    assert not {*sent} & {*served.hub.uploaded[len(sent) :]}
    assert served.refs() == ["refs/heads/main", "refs/heads/upload-1.0.0"]
    assert served.paths("upload-1.0.0") == {*tree(made.folder), ".gitattributes"}

    until("POST /api/datasets/org/tiny/commit/main")
    assert served.refs() == ["refs/heads/main", "refs/heads/upload-1.0.0", "refs/tags/v1.0.0"]
    assert served.paths("main") == {".gitattributes"}
    assert listed(made.root / "corpus" / "releases.json")[-1] == ("0.0.2", True)

    assert served.standoff(made.root, "publish", "1.0.0", "--to", DATASET).returncode == 0
    assert served.refs() == ["refs/heads/main", "refs/tags/v1.0.0"]
    assert served.paths("main") == {*tree(made.folder), ".gitattributes", "releases.json"}
    assert listed(made.root / "corpus" / "releases.json")[-1] == ("1.0.0", False)


@pytest.fixture
def statecloud_made(root: Path, tmp_path: Path) -> Made:
    """The real corpus as it was signed off, and the release that its list of releases names."""
    copy = tmp_path / "statecloud"
    for name in ("corpus", "schema", "annotations"):
        shutil.copytree(root / name, copy / name)
    for name in ("CITATION.cff", "CHANGELOG.md", "LICENSE-DATA"):
        shutil.copy(root / name, copy / name)
    corpus = files.read(copy)
    newest = corpus.releases[-1]
    made = build(corpus, newest.version, copy / "build", date=newest.date, root=copy)
    assert made.content_sha256 == newest.content_sha256
    return Made(copy, made.folder)


@pytest.mark.hub
def test_the_real_release_goes_to_the_hub_and_to_s3_and_is_loaded_from_both(
    statecloud_made: Made, served: Served, bucket: dict[str, str], tmp_path: Path
) -> None:
    import standoff

    made, version = statecloud_made, statecloud_made.folder.name
    done = served.standoff(made.root, "publish", version, "--to", DATASET)
    to = f"s3://{store.BUCKET}/statecloud"
    publish(made.folder, to, root=made.root)

    assert (done.returncode, done.stderr) == (0, "")
    here = standoff.load("claim", source=made.folder, split="train")
    assert standoff.load("claim", version=version, source=to, cache=tmp_path / "s3", split="train").equals(here)
    labels = loaded(served, f"claim@{version}")[f"claim@{version}"]
    assert isinstance(labels, list)
    assert len(labels) == here.num_rows == 39
