"""Whether a release is what it says it is, and whose signature it bears."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import standoff
from standoff.cli import main
from standoff.errors import ReleaseError, UsageError
from standoff.model import Corpus
from standoff.release import build
from standoff.release.folder import SUMS, sums_text, verify
from standoff.release.provenance import Provenance, attest, provenance, read_provenance
from standoff.release.verifying import RULES, check_release
from standoff.text import sha

DATE = "2024-03-08"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys `releaser` and `stranger`, and a file that allows the first to sign."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("releaser", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    public = (folder / "releaser.pub").read_text().split()[:2]
    (folder / "allowed").write_text(f'releaser namespaces="standoff" {" ".join(public)}\n')
    return folder


@pytest.fixture(scope="module")
def signed(tiny: Corpus, tiny_root: Path, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus as 0.1.0, signed by `releaser`; nobody writes into it."""
    folder = build(tiny, "0.1.0", tmp_path_factory.mktemp("signed"), date=DATE).folder
    attest(folder, provenance(folder, tiny_root, by="builder", date=DATE), key=keys / "releaser")
    return folder


@pytest.fixture
def copied(signed: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    return Path(shutil.copytree(signed, tmp_path / "copied"))


def flip(path: Path) -> None:
    """One bit of a file is another one."""
    broken = bytearray(path.read_bytes())
    broken[len(broken) // 2] ^= 1
    path.write_bytes(broken)


def resum(folder: Path) -> None:
    """Checksums as if the release had been built as it is."""
    old = [line.partition("  ")[2] for line in (folder / SUMS).read_text().splitlines()]
    (folder / SUMS).write_text(sums_text({path: sha((folder / path).read_bytes()) for path in old}))


def fingerprint(key: Path) -> str:
    """What a key is known by."""
    told = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], capture_output=True, text=True, check=True)
    return told.stdout.split()[1]


def unsigned(folder: Path) -> None:
    """Without its sidecars."""
    for name in ("SHA256SUMS.sig", "PROVENANCE.json", "PROVENANCE.json.sig"):
        (folder / name).unlink()


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """A table with other rows, its columns as they were."""
    table = pq.ParquetFile(path).read()
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def found(folder: Path, signers: Path | None = None) -> list[tuple[str, str]]:
    """Rule and file of all that is wrong, warnings aside."""
    return [(one.rule, one.file) for one in check_release(folder, signers=signers)[1] if one.severity == "error"]


def test_nothing_is_wrong_with_a_release_as_it_was_built(signed: Path, keys: Path, tiny: Corpus) -> None:
    corpus, findings = check_release(signed, signers=keys / "allowed")

    assert findings == ()
    assert corpus == msgspec.structs.replace(tiny, version="0.1.0", releases=())


def test_nothing_is_wrong_with_the_real_release(statecloud: Corpus, root: Path, tmp_path: Path) -> None:
    folder = build(statecloud, "0.1.0.dev0", tmp_path, date=DATE, root=root).folder

    assert check_release(folder)[1] == ()


def test_an_edition_without_texts_is_checked_as_far_as_it_goes(tiny: Corpus, tiny_root: Path, tmp_path: Path) -> None:
    def outside(rows: list[dict[str, Any]]) -> None:
        rows[0]["spans"][0]["end"] = 99999

    folder = build(tiny, "0.1.0", tmp_path, date=DATE, root=tiny_root, edition="text-free").folder
    assert check_release(folder) == (None, ())

    rewrite(folder / "data/point/train.parquet", outside)
    resum(folder)
    assert found(folder) == [("release-quotations", "data/point/train.parquet")]


def test_one_flipped_bit_is_found_in_any_file_of_a_signed_release(signed: Path, copied: Path, keys: Path) -> None:
    paths = sorted(path.relative_to(signed).as_posix() for path in signed.rglob("*") if path.is_file())
    sidecars = {"SHA256SUMS": "SHA256SUMS.sig", "PROVENANCE.json": "PROVENANCE.json.sig"}

    assert len(paths) > 70
    # That the checksums find a flipped bit in each of the others, test_release.py shows.
    for path in ("README.md", "data/point/train.parquet", "release.json", "schema/CODEBOOK.md", *sidecars):
        flip(copied / path)
        files = {file for _, file in found(copied, keys / "allowed")}
        assert sidecars.get(path, path) in files
        shutil.copy(signed / path, copied / path)
    for path in (path for path in paths if path.endswith(".sig")):
        flip(copied / path)
        assert found(copied, keys / "allowed") == [("release-signature", path)]
        shutil.copy(signed / path, copied / path)


def test_every_damaged_file_is_named_not_the_first_alone(copied: Path) -> None:
    flip(copied / "data/point/train.parquet")
    flip(copied / "data/opinion/test.parquet")
    (copied / "data/rights/corpus.parquet").unlink()
    (copied / "data/point/more.parquet").write_bytes(b"")

    assert [(one.file, one.message) for one in check_release(copied)[1]] == [
        (
            "data/opinion/test.parquet",
            "has not the checksum that SHA256SUMS gives it; expected the release as SHA256SUMS tells it",
        ),
        ("data/point/more.parquet", "was added; expected the release as SHA256SUMS tells it"),
        (
            "data/point/train.parquet",
            "has not the checksum that SHA256SUMS gives it; expected the release as SHA256SUMS tells it",
        ),
        ("data/rights/corpus.parquet", "is missing; expected the release as SHA256SUMS tells it"),
    ]


def test_what_is_not_damaged_is_looked_into_all_the_same(copied: Path) -> None:
    unsigned(copied)
    rewrite(copied / "data/opinion/test.parquet", lambda rows: rows.pop())
    resum(copied)
    flip(copied / "data/point/train.parquet")

    assert ("release-files", "data/point/train.parquet") in found(copied)
    assert ("release-counts", "data/opinion/test.parquet") in found(copied)


def test_a_folder_without_checksums_holds_nothing_to_rely_on(copied: Path) -> None:
    (copied / SUMS).unlink()
    unsigned(copied)

    assert found(copied) == [("release-readable", "SHA256SUMS")]


def test_a_wrong_signer_is_named(copied: Path, tiny_root: Path, keys: Path) -> None:
    attest(copied, provenance(copied, tiny_root, by="builder", date=DATE), key=keys / "stranger")

    assert found(copied, keys / "allowed") == [
        ("release-signature", "PROVENANCE.json.sig"),
        ("release-signature", "SHA256SUMS.sig"),
    ]
    assert found(copied) == []
    assert {one.message for one in check_release(copied, signers=keys / "allowed")[1]} == {
        f"is by the key {fingerprint(keys / 'stranger')}; expected one by somebody whom allowed allows "
        "(No principal matched.)"
    }


def test_what_is_no_signature_at_all_is_told(copied: Path, keys: Path) -> None:
    (copied / "SHA256SUMS.sig").write_bytes(b"nothing")
    (wrong,) = check_release(copied, signers=keys / "allowed")[1]

    assert wrong.file == "SHA256SUMS.sig"
    assert wrong.message.startswith("is no signature of what SHA256SUMS holds; expected one by somebody whom allowed")


def test_checksums_that_cannot_be_read_are_told_and_provenance_is_held_against_their_bytes(copied: Path) -> None:
    with (copied / SUMS).open("a") as file:
        file.write("\n")
    sums = sha((copied / SUMS).read_bytes())

    assert [(one.file, one.field, one.message.partition("; expected ")[2]) for one in check_release(copied)[1]] == [
        ("PROVENANCE.json", "", f"'{sums}', as the release has it"),
        ("SHA256SUMS", "", "a sha256, two spaces and a path, each path once"),
    ]


def test_a_release_that_was_yanked_is_a_warning_with_the_reason(signed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(signed, tmp_path / "0.1.0"))
    content = json.loads((signed / "release.json").read_text())["content_sha256"]
    yanked = {"version": "0.1.0", "date": DATE, "content_sha256": content, "yanked": True, "why": "one label was wrong"}
    (tmp_path / "releases.json").write_text(json.dumps({"releases": [yanked]}))
    (warning,) = check_release(folder)[1]

    assert str(warning) == "releases.json#0.1.0: says that it was yanked: one label was wrong (release-yanked)"
    assert warning.severity == "warning"
    assert "says that it was yanked: one label was wrong" in run("verify", tmp_path.as_uri()).output

    (tmp_path / "releases.json").write_text("[]")
    assert found(folder) == [("release-readable", "releases.json")]


def test_a_signature_that_is_asked_for_and_missing_is_told(copied: Path, keys: Path) -> None:
    unsigned(copied)

    assert [(one.file, one.message) for one in check_release(copied, signers=keys / "allowed")[1]] == [
        ("PROVENANCE.json", "is missing; expected it, signed"),
        ("SHA256SUMS.sig", "is missing; expected the signature of SHA256SUMS"),
    ]


def test_a_rebuilt_release_under_an_old_signature_is_found(copied: Path, keys: Path) -> None:
    (copied / "README.md").write_text((copied / "README.md").read_text().replace("Invented", "Measured"))
    resum(copied)
    wrong = found(copied, keys / "allowed")

    assert ("release-signature", "SHA256SUMS.sig") in wrong
    assert ("release-provenance", "PROVENANCE.json") in wrong


def test_provenance_tells_what_the_release_was_made_from(signed: Path, root: Path) -> None:
    told = read_provenance(signed)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)

    assert isinstance(told, Provenance)
    assert (told.version, told.built_by, told.date) == ("0.1.0", "builder", DATE)
    assert told.revision == head.stdout.strip()
    assert told.sums_sha256 == sha((signed / SUMS).read_bytes())
    assert told.builder.keys() == {"python", "standoff", "pyarrow", "numpy", "msgspec"}


def test_signing_changes_no_file_of_the_release_and_no_key_is_kept(signed: Path, keys: Path) -> None:
    private = (keys / "releaser").read_bytes().splitlines()[1]

    assert subprocess.run(["sha256sum", "--check", "--quiet", "--strict", SUMS], cwd=signed).returncode == 0
    assert not any(private in path.read_bytes() for path in signed.rglob("*") if path.is_file())


def test_a_key_in_the_agent_signs_by_its_public_half(
    copied: Path, tiny_root: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsigned(copied)
    # The path of a socket may be no longer than about a hundred characters.
    with TemporaryDirectory() as short:
        address = f"{short}/agent"
        monkeypatch.setenv("SSH_AUTH_SOCK", address)
        with subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL) as agent:
            try:
                wait_for(Path(address))
                subprocess.run(["ssh-add", "-q", keys / "releaser"], check=True)
                public = Path(shutil.copy(keys / "releaser.pub", tmp_path))
                attest(copied, provenance(copied, tiny_root, by="builder", date=DATE), key=public)
            finally:
                agent.terminate()

    assert found(copied, keys / "allowed") == []


def wait_for(path: Path) -> None:
    """Until something is there, or for ten seconds."""
    for _ in range(1000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def test_a_release_of_other_content_than_the_checkout_is_not_signed(signed: Path, root: Path) -> None:
    with pytest.raises(ReleaseError, match=r"has the content \w{64}, but .* has \w{64}; expected the one that it was"):
        provenance(signed, root, by="builder", date=DATE)


def test_a_key_that_is_none_is_refused(copied: Path, tiny_root: Path) -> None:
    told = provenance(copied, tiny_root, by="builder", date=DATE)
    with pytest.raises(UsageError, match="cannot be signed with: "):
        attest(copied, told, key=copied / "README.md")


def test_a_quotation_that_is_not_in_the_text_is_found(copied: Path) -> None:
    def misquote(rows: list[dict[str, Any]]) -> None:
        rows[0]["spans"][0]["quote"] += "!"
        rows[1]["spans"][0]["end"] = 99999

    unsigned(copied)
    rewrite(copied / "data/point/train.parquet", misquote)
    resum(copied)
    findings = check_release(copied)[1]

    told = [(f.file, f.id) for f in findings if f.rule == "release-quotations"]
    assert told == [("data/point/train.parquet", "p1"), ("data/point/train.parquet", "p2")]
    assert any("is no range of" in finding.message for finding in findings)


def test_a_view_that_tells_something_else_than_its_corpus_is_found(copied: Path) -> None:
    def relabel(rows: list[dict[str, Any]]) -> None:
        rows[0]["status"] = "writer" if rows[0]["status"] != "writer" else "unknown"

    unsigned(copied)
    rewrite(copied / "data/tellers/train.parquet", relabel)
    resum(copied)

    assert ("release-tables", "data/tellers/train.parquet") in found(copied)


def test_a_document_in_two_splits_is_found(copied: Path) -> None:
    unsigned(copied)
    shutil.copy(copied / "data/documents/train.parquet", copied / "data/documents/test.parquet")
    resum(copied)

    told = [one.message for one in check_release(copied)[1] if one.file == "data/documents/test.parquet"]
    assert "is in train too; expected each document in one split" in told


def test_a_label_that_is_otherwise_in_a_table_is_found_by_the_digest(copied: Path) -> None:
    def relabel(rows: list[dict[str, Any]]) -> None:
        rows[0]["label"] = "torn"

    unsigned(copied)
    rewrite(copied / "data/opinion/train.parquet", relabel)
    resum(copied)

    assert ("release-about", "release.json") in found(copied)


def test_a_card_that_tells_another_version_is_found(copied: Path) -> None:
    unsigned(copied)
    card = copied / "README.md"
    card.write_text(card.read_text().replace('  version: "0.1.0"', '  version: "0.1.1"', 1))
    resum(copied)
    findings = check_release(copied)[1]

    assert [(finding.rule, finding.file) for finding in findings if finding.severity == "error"] == [
        ("release-card", "README.md")
    ]
    assert "expected '    version: \"0.1.0\"'" in findings[0].message


def test_a_column_that_is_missing_is_found(copied: Path) -> None:
    unsigned(copied)
    path = copied / "data/tellers/train.parquet"
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["status"]), path)
    resum(copied)

    told = [one.message for one in check_release(copied)[1] if one.rule == "release-columns"]
    assert len(told) == 1
    assert told[0].startswith("has the columns id, document, label, text, taken, ")


def test_what_catalogues_are_told_and_no_table_tells_is_a_warning(copied: Path) -> None:
    unsigned(copied)
    path = copied / "croissant.json"
    path.write_text(path.read_text().replace("0.1.0", "0.1.1"))
    resum(copied)

    assert {(one.rule, one.file, one.severity) for one in check_release(copied)[1]} == {
        ("release-metadata", "croissant.json", "warning")
    }


def test_a_release_json_that_tells_other_numbers_is_found(copied: Path) -> None:
    unsigned(copied)
    told = json.loads((copied / "release.json").read_text())
    told["rows"]["point"]["train"] += 1
    (copied / "release.json").write_text(json.dumps(told))
    resum(copied)

    assert ("release-counts", "data/point/train.parquet") in found(copied)


def test_every_rule_tells_what_must_hold_why_and_what_to_do() -> None:
    for rule in RULES:
        assert rule.summary.endswith("."), rule.id
        assert rule.why.endswith("."), rule.id
        assert rule.remedy.endswith("."), rule.id
        assert rule.id.startswith("release-")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, words)])


def test_the_command_says_that_nothing_is_wrong(signed: Path, keys: Path, tiny_root: Path) -> None:
    result = run("--root", tiny_root, "verify", signed.parent, "--version", "0.1.0", "--signers", keys / "allowed")

    assert result.exit_code == 0, result.output
    assert result.output == f"0 errors, 0 warnings\nsignature: held against {keys / 'allowed'}\n"


@pytest.mark.parametrize(("form", "sign"), [("json", '"release-files"'), ("sarif", "2.1.0"), ("junit", "<testsuites")])
def test_the_command_tells_findings_in_every_format(form: str, sign: str, copied: Path) -> None:
    flip(copied / "release.json")
    result = run("verify", copied, "--format", form)

    assert result.exit_code == 1, result.output
    assert sign in result.output
    assert "release.json" in result.output


def test_the_command_signs_a_version_and_verifies_it_by_the_checkouts_signers(
    tiny: Corpus, tiny_root: Path, keys: Path, tmp_path: Path
) -> None:
    root = tmp_path / "tiny"
    shutil.copytree(tiny_root, root)
    build(tiny, "0.1.0", root / "build", date=DATE)
    shutil.copy(keys / "allowed", root / "corpus" / "allowed_signers")
    signing = run("--root", root, "release", "sign", "0.1.0", "--key", keys / "stranger", "--by", "builder")
    verifying = run("--root", root, "verify", "0.1.0")

    assert signing.exit_code == 0, signing.output
    assert signing.output.split() == [
        str(root / "build" / "0.1.0" / name) for name in ("PROVENANCE.json", "SHA256SUMS.sig", "PROVENANCE.json.sig")
    ]
    assert verifying.exit_code == 1
    assert (
        f"SHA256SUMS.sig: is by the key {fingerprint(keys / 'stranger')}; expected one by somebody" in verifying.output
    )


@pytest.mark.parametrize("what", ["9.9.9", "nowhere"])
def test_the_command_refuses_what_is_no_release(what: str) -> None:
    result = run("verify", what)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"'{what}' is no folder and no release; expected one, a URL, or a version in ")


def test_a_place_behind_a_url_is_verified_as_it_is_there(signed: Path, tmp_path: Path) -> None:
    shutil.copytree(signed, tmp_path / "0.1.0")
    content = json.loads((signed / "release.json").read_text())["content_sha256"]
    listed = {"releases": [{"version": "0.1.0", "date": DATE, "content_sha256": content}]}
    (tmp_path / "releases.json").write_text(json.dumps(listed))
    (tmp_path / "0.1.0" / "data" / "extra.txt").write_text("?")
    flip(tmp_path / "0.1.0" / "release.json")
    result = run("verify", tmp_path.as_uri())

    assert result.exit_code == 1, result.output
    assert "data/extra.txt: was added; expected the release" in result.output
    assert "release.json: has not the checksum" in result.output
    with pytest.raises(ReleaseError, match=r"data/extra\.txt was added; release\.json has not the checksum"):
        standoff.load("point", source=tmp_path.as_uri(), cache=tmp_path / "cache")


# --- what is no release, lacks a part, or tells what its tables do not


def without(folder: Path, *paths: str) -> None:
    """Files gone from a release and from its checksums, as if it had been built so."""
    unsigned(folder)
    for path in paths:
        (folder / path).unlink()
    left = [line.partition("  ")[2] for line in (folder / SUMS).read_text().splitlines()]
    (folder / SUMS).write_text(
        sums_text({path: sha((folder / path).read_bytes()) for path in left if path not in paths})
    )


def test_a_folder_of_other_files_is_no_release(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi\n")
    (tmp_path / SUMS).write_text(sums_text({"a.txt": sha(b"hi\n")}))

    assert found(tmp_path) == [
        ("release-parts", "README.md"),
        ("release-parts", "data/documents"),
        ("release-parts", "release.json"),
        ("release-parts", "schema"),
    ]
    with pytest.raises(ReleaseError, match=r"release\.json is missing"):
        verify(tmp_path)


@pytest.mark.parametrize("path", ["release.json", "README.md", "schema/annotation.schema.json"])
def test_a_part_that_every_release_has_is_missed_also_where_the_checksums_do_not_name_it(
    path: str, copied: Path
) -> None:
    without(copied, path)

    assert any(file == path or file == path.partition("/")[0] for _, file in found(copied))


@pytest.mark.parametrize("path", ["data/soft_labels/train.parquet", "data/tokens/train.parquet"])
def test_a_table_that_is_missed_by_nothing_but_the_schema_is_told(path: str, copied: Path) -> None:
    without(copied, path)
    told = check_release(copied)[1]

    assert (path, "is missing; expected it, since the schema asks for it") in {(one.file, one.message) for one in told}
    assert ("release-counts", "release.json") in found(copied)
    with pytest.raises(ReleaseError, match=rf"{path} is missing"):
        standoff.load("opinion", source=copied)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version: "0.1.0"', 'version: "2.0.0"', "has version '2.0.0'; expected '0.1.0', as release.json says"),
        ('date-released: "2024-03-08"', "", "has date-released ''; expected '2024-03-08', as release.json says"),
    ],
)
def test_a_citation_of_another_version_is_an_error(
    old: str, new: str, said: str, tiny: Corpus, root: Path, tmp_path: Path
) -> None:
    folder = build(tiny, "0.1.0", tmp_path, date=DATE, root=root).folder
    citation = folder / "CITATION.cff"
    assert old in citation.read_text()
    citation.write_text(citation.read_text().replace(old, new))
    resum(folder)

    assert [(one.rule, one.file, one.message) for one in check_release(folder)[1] if one.severity == "error"] == [
        ("release-citation", "CITATION.cff", said)
    ]


def test_a_figure_of_the_card_that_the_content_does_not_give_is_an_error_and_other_words_a_warning(
    copied: Path,
) -> None:
    unsigned(copied)
    card = copied / "README.md"
    whole = card.read_text()
    line = next(line for line in whole.splitlines() if line.startswith("| `naming`") and "F1 exact" in line)
    false = re.sub(r"0\.\d+", "0.999", line, count=1)
    card.write_text(whole.replace(line, false))
    resum(copied)
    assert ("release-figures", "README.md") in found(copied)
    assert f"says {false!r}; expected {line!r}" in str(check_release(copied)[1])

    card.write_text(whole.replace("Nobody has signed this content.", "No.").replace("## Load it", "## Loading"))
    resum(copied)
    assert {(one.rule, one.severity) for one in check_release(copied)[1]} == {("release-wording", "warning")}


def test_an_altered_table_is_named_where_the_card_tells_its_digest(copied: Path) -> None:
    def relabel(rows: list[dict[str, Any]]) -> None:
        rows[0]["label"] = "torn"

    unsigned(copied)
    rewrite(copied / "data/opinion/train.parquet", relabel)
    resum(copied)

    assert ("release-card", "data/opinion") in found(copied)


def test_what_a_desktop_leaves_beside_the_files_is_a_warning_and_among_the_data_an_error(copied: Path) -> None:
    (copied / ".DS_Store").write_bytes(b"Bud1")
    (copied / "schema" / "Thumbs.db").write_bytes(b"")

    assert [(one.rule, one.severity, one.file) for one in check_release(copied)[1]] == [
        ("release-strays", "warning", ".DS_Store"),
        ("release-strays", "warning", "schema/Thumbs.db"),
    ]
    assert standoff.load("opinion", source=copied)
    (copied / "data" / "opinion" / ".DS_Store").write_bytes(b"Bud1")
    assert found(copied) == [("release-files", "data/opinion/.DS_Store")]
    with pytest.raises(ReleaseError, match=r"data/opinion/\.DS_Store was added"):
        standoff.load("opinion", source=copied)


def test_another_version_than_the_folders_is_not_verified(signed: Path) -> None:
    result = run("verify", signed, "--version", "9.9.9")

    assert result.exit_code == 2
    assert result.stderr == f"{signed}: is version '0.1.0'; expected '9.9.9', which was asked for\n"


def test_a_revision_is_no_release_to_verify() -> None:
    result = run("verify", "git:v1.0.0")

    assert result.exit_code == 2
    assert result.stderr.startswith("git:v1.0.0: names a checkout as it was; expected a release")
