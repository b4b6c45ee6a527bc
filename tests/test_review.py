"""Sign-off, and the commands of a reviewer."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from standoff import files
from standoff.canon import content_digest
from standoff.cli import main
from standoff.errors import RecordError, ReleaseError, UsageError
from standoff.model import Corpus, Finding, MergeRule, Release
from standoff.release.building import build
from standoff.release.planning import plan
from standoff.release.review import Accepted, Review, accept, place, read_reviews, sign, standing, write_reviews
from standoff.release.status import last_seen, status
from standoff.validate import validate

DATE = "2024-03-08"
FILE = "annotations/gold/x.json"

DOUBT = Finding(FILE, "c1", "spans", "length", "warning", "is long")
OTHER = Finding(FILE, "c1", "label", "length", "warning", "is long, too")
DERIVED = Finding(FILE, "a=b:c1:c2", "", "unique", "warning", "is there twice")
FAULT = Finding(FILE, "c2", "spans", "span-bounds", "error", "is nowhere")


def test_a_sign_off_names_the_content_that_was_reviewed(tiny: Corpus) -> None:
    made = sign(tiny, (), reviewer="r1", date=DATE)

    assert made == Review("r1", DATE, content_digest(tiny))
    assert standing(tiny, (), (made,)).holds


def test_a_changed_corpus_is_not_signed(tiny: Corpus) -> None:
    made = sign(tiny, (), reviewer="r1", date=DATE)
    found = standing(structs.replace(tiny, entities={}), (), (made,))

    assert (found.holds, found.signed, found.outdated) == (False, (), (made,))


def test_a_release_of_the_content_stays_signed(tiny: Corpus) -> None:
    made = sign(tiny, (), reviewer="r1", date=DATE)

    assert standing(structs.replace(tiny, releases=(), version="1.0.0"), (), (made,)).holds


def test_a_warning_that_is_not_accepted_blocks(tiny: Corpus) -> None:
    with pytest.raises(ReleaseError) as error:
        sign(tiny, (DOUBT, OTHER), reviewer="r1", date=DATE)

    assert str(error.value) == (
        "annotations/gold/x.json#c1 spans: is long (length) (and 1 more): expected it to be fixed, or accepted where "
        "it is a warning"
    )


def test_an_accepted_warning_covers_all_of_its_rule_on_one_thing(tiny: Corpus) -> None:
    accepted = accept(f"length:{FILE}#c1=the article is so", (DOUBT, OTHER))
    made = sign(tiny, (DOUBT, OTHER), reviewer="r1", date=DATE, accepted=(accepted,))

    assert made.accepted == (Accepted("length", FILE, "c1", "the article is so"),)
    assert standing(tiny, (DOUBT, OTHER), (made,)).holds


def test_a_finding_that_came_with_a_new_rule_blocks_what_was_signed(tiny: Corpus) -> None:
    made = sign(tiny, (), reviewer="r1", date=DATE)
    found = standing(tiny, (DOUBT,), (made,))

    assert (found.holds, found.signed, found.open) == (False, (made,), (DOUBT,))


def test_an_error_is_never_accepted(tiny: Corpus) -> None:
    with pytest.raises(UsageError, match="is an error, which nobody can accept; expected it to be fixed"):
        accept(f"span-bounds:{FILE}#c2=let it be", (FAULT,))
    with pytest.raises(ReleaseError, match="is nowhere"):
        sign(tiny, (FAULT,), reviewer="r1", date=DATE, accepted=(Accepted("span-bounds", FILE, "c2", "let it be"),))


def test_a_place_may_hold_the_sign_of_equality() -> None:
    assert accept(f"unique:{FILE}#a=b:c1:c2=they differ = in tone", (DERIVED,)) == Accepted(
        "unique", FILE, "a=b:c1:c2", "they differ = in tone"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"lenght:{FILE}#c1=x",
            r"no finding .* \[did you mean 'length:annotations/gold/x.json#c1'\?\]; expected RULE:FIL",
        ),
        (f"length:{FILE}#c1=", "gives no reason; expected RULE:FILE#ID=reason"),
        (f"length:{FILE}#c1= ", "gives no reason; expected RULE:FILE#ID=reason"),
        ("length", "no finding 'length'"),
    ],
)
def test_an_acceptance_that_names_no_finding_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        accept(text, (DOUBT,))


def test_an_acceptance_where_nothing_was_found_is_refused() -> None:
    with pytest.raises(UsageError, match="no finding 'a:b#c'; there are no findings"):
        accept("a:b#c=d", ())


@pytest.mark.parametrize("name", ["r@example.org", "Ann Smith", ""])
def test_a_reviewer_is_a_pseudonym(tiny: Corpus, name: str) -> None:
    with pytest.raises(UsageError, match="expected a pseudonym of letters, digits, _ and -"):
        sign(tiny, (), reviewer=name, date=DATE)


def test_sign_offs_are_written_as_they_are_read(tmp_path: Path) -> None:
    one = Review("r2", DATE, "0" * 64, (Accepted("length", FILE, "c1", "so"),))
    two = Review("r1", DATE, "1" * 64)

    assert read_reviews(tmp_path) == ()
    assert write_reviews(tmp_path, (one, two, one))
    assert read_reviews(tmp_path) == (two, one)
    assert not write_reviews(tmp_path, read_reviews(tmp_path))


def test_a_file_that_holds_no_sign_offs_is_refused(tmp_path: Path) -> None:
    files.write(tmp_path / "corpus" / "reviews.json", '{"reviews": [{"reviewer": 1}]}')

    with pytest.raises(RecordError, match=r"corpus/reviews\.json: .*reviewer"):
        read_reviews(tmp_path)


# --- where a corpus stands


def todo(corpus: Corpus, findings: tuple[Finding, ...], reviews: tuple[Review, ...]) -> tuple[str, ...]:
    """What is to be done next for a corpus that was never released."""
    stands = standing(corpus, findings, reviews)
    planned = plan(corpus, None, date=DATE, findings=findings, standing=stands)
    return status(corpus, findings=findings, standing=stands, plan=planned, seen=None).next


def test_what_to_do_next_goes_from_findings_to_sign_off_to_build(tiny: Corpus) -> None:
    allowed = {id: structs.replace(right, publish_text=True) for id, right in tiny.rights.items()}
    corpus = structs.replace(tiny, rights=allowed, releases=())
    accepted = Accepted("length", FILE, "c1", "so")
    signed = sign(corpus, (DOUBT,), reviewer="r1", date=DATE, accepted=(accepted,))

    assert todo(corpus, (FAULT, DOUBT), ()) == (
        "standoff validate: fix 1 error",
        "standoff validate: fix 1 warning, or accept with reasons in standoff review sign",
    )
    assert todo(corpus, (), ()) == (
        "standoff report --out FILE, then standoff review sign --reviewer PSEUDONYM: nobody signed what is there",
    )
    assert todo(corpus, (DOUBT,), (signed,)) == ("standoff build 0.1.0 --out DIR: all gates are open",)


def test_what_stands_in_the_way_of_a_release_is_named(tiny: Corpus) -> None:
    corpus = structs.replace(tiny, rights={}, releases=())
    signed = sign(corpus, (), reviewer="r1", date=DATE)

    assert todo(corpus, (), (signed,)) == ("standoff release plan: in the way of 0.1.0: rights",)


def test_what_to_do_next_begins_with_texts_and_annotations(tiny: Corpus) -> None:
    bare = structs.replace(tiny, sets={}, gold={}, decisions={}, releases=())
    empty = structs.replace(bare, documents={}, segments={}, rights={}, entities={})

    assert todo(empty, (), ()) == ("edit schema/, then standoff add FILE: there is no document yet",)
    assert todo(bare, (), ()) == ("standoff push, or standoff import: no document was annotated yet",)
    assert todo(bare, (FAULT,), ())[0] == "standoff validate: fix 1 error"


def test_what_is_undecided_comes_before_any_sign_off(tiny: Corpus) -> None:
    allowed = {id: structs.replace(right, publish_text=True) for id, right in tiny.rights.items()}
    corpus = structs.replace(
        tiny, rights=allowed, releases=(), policy=structs.replace(tiny.policy, default=MergeRule())
    )
    (line,) = todo(corpus, (), ())

    assert re.fullmatch(
        r"standoff adjudicate: \d+ annotations? and \d+ entit(y|ies) are undecided; decide before any sign-off", line
    )


def test_gold_that_the_sets_no_longer_give_is_made_anew(tiny: Corpus) -> None:
    stale = Finding(FILE, "o2", "label", "gold-derived", "error", "is another")

    assert todo(tiny, (stale, FAULT), ())[:2] == (
        "standoff adjudicate: 1 finding on gold, which is not what sets and decisions give now",
        "standoff validate: fix 1 error",
    )


def test_what_was_built_is_published_and_a_damaged_build_is_made_anew(tiny_root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "tiny"))
    files.write(root / "corpus" / "releases.json", '{"releases": []}\n')
    rights = root / "corpus" / "rights.json"
    rights.write_text(rights.read_text().replace('"publish_text": false', '"publish_text": true'))
    run(root, "review", "sign", "--reviewer", "r1", "--date", DATE)
    fresh = run(root, "status").stdout.splitlines()[-1]
    made = run(root, "build", "0.1.0", "--out", str(root / "build"), "--date", DATE)
    built = run(root, "status").stdout.splitlines()[-1]
    (root / "build" / "0.1.0" / "README.md").write_text("?")
    broken = run(root, "status").stdout.splitlines()
    verified = run(root, "verify", "0.1.0")

    assert made.exit_code == 0, made.output
    assert fresh == "next          standoff build 0.1.0 --out DIR: all gates are open"
    assert built == (
        "next          standoff publish 0.1.0 --from build --to TARGET, then commit corpus/releases.json and "
        "git tag v0.1.0: build/0.1.0 holds what is here"
    )
    assert broken[-2:] == [
        "next          delete build/0.1.0, and build it again: it is not as it was built; standoff verify tells more",
        fresh,
    ]
    assert verified.exit_code == 1


def test_a_last_release_that_lies_damaged_is_no_reason_to_ask_where_it_is(checkout: Path) -> None:
    run(checkout, "build", "1.0.0", "--out", str(checkout / "releases"), "--date", DATE)
    digest = content_digest(files.read(checkout))
    listing = f'{{"releases": [\n{{"content_sha256": "{digest}", "date": "{DATE}", "version": "1.0.0"}}\n]}}\n'
    files.write(checkout / "corpus" / "releases.json", listing)
    (checkout / "releases" / "1.0.0" / "README.md").unlink()

    told = [line for line in run(checkout, "status").stdout.splitlines() if line.startswith("next")]
    assert told == [
        "next          delete releases/1.0.0, and build it again: it is not as it was built; standoff verify tells more"
    ]


def test_what_was_published_is_committed_and_tagged(checkout: Path) -> None:
    digest = content_digest(files.read(checkout))
    listing = f'{{"releases": [\n{{"content_sha256": "{digest}", "date": "{DATE}", "version": "1.0.0"}}\n]}}\n'
    files.write(checkout / "corpus" / "releases.json", listing)
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run(["git", *name, *words], cwd=checkout, check=True)
    untagged = run(checkout, "status").stdout.splitlines()[-1]
    subprocess.run(["git", "tag", "v1.0.0"], cwd=checkout, check=True)

    assert untagged == "next          commit corpus/releases.json, then git tag v1.0.0: no tag says what was released"
    assert run(checkout, "status").stdout.splitlines()[-1] == "next          nothing"


def test_where_all_releases_were_yanked_that_is_told(tiny: Corpus) -> None:
    gone = Release("0.1.0", DATE, content_digest(tiny), yanked=True, why="draft")
    corpus = structs.replace(tiny, releases=(gone,))
    stands = standing(corpus, (), ())
    planned = plan(corpus, corpus, date=DATE, findings=(), standing=stands)
    told = status(corpus, findings=(), standing=stands, plan=planned, seen=None).next

    assert told[0] == "all releases were yanked, and nobody gets one unasked until 0.1.1 is published"
    assert told[1].startswith("standoff diff 0.1.0, then standoff review sign --reviewer PSEUDONYM")


# --- the commands


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy of the real corpus that nobody released."""
    for part in ("annotations", "corpus", "schema"):
        shutil.copytree(root / part, tmp_path / "checkout" / part)
    (tmp_path / "checkout" / "corpus" / "reviews.json").unlink(missing_ok=True)
    files.write(tmp_path / "checkout" / "corpus" / "releases.json", '{"releases": []}\n')
    return tmp_path / "checkout"


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(root), *words])


def relabel(root: Path) -> None:
    """Gives one claim of gold another label, in the file."""
    path = root / "annotations" / "gold" / "003_666c5d1a536ded45.json"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if '"id": "c1"' in line)
    assert '"label": "fact"' in lines[at]
    lines[at] = lines[at].replace('"label": "fact"', '"label": "quantity"')
    path.write_text("".join(lines), encoding="utf-8")


def test_the_command_diff_tells_what_changed_in_a_folder(checkout: Path, root: Path) -> None:
    same = run(checkout, "diff", str(root), str(checkout))
    relabel(checkout)
    other = run(checkout, "diff", str(root), str(checkout))

    assert (same.exit_code, same.stdout.splitlines()[-1]) == (0, "the content is the same")
    assert other.exit_code == 1
    assert other.stdout.splitlines()[-1] == "gold: claim: 1 relabelled"


def test_the_command_diff_writes_a_page(checkout: Path, root: Path, tmp_path: Path) -> None:
    relabel(checkout)
    done = run(checkout, "diff", str(root), "--format", "html", "--out", str(tmp_path / "diff.html"))

    assert (done.exit_code, done.stdout) == (1, "")
    assert (tmp_path / "diff.html").read_text(encoding="utf-8").startswith("<!doctype html>\n")


def test_the_command_diff_writes_json(checkout: Path, tmp_path: Path) -> None:
    before = Path(shutil.copytree(checkout, tmp_path / "before"))
    relabel(checkout)
    done = run(checkout, "diff", str(before), "--format", "json")

    assert [change["kinds"] for change in json.loads(done.stdout)["changes"]] == [["relabelled"]]


def test_a_source_that_is_none_is_one_line_and_exit_2(checkout: Path) -> None:
    done = run(checkout, "diff", "nowhere")

    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("'nowhere' is no folder, no revision in git; expected ")


def test_signing_lists_what_blocks_and_then_holds_until_something_changes(checkout: Path) -> None:
    blocked = run(checkout, "review", "sign", "--reviewer", "r1", "--date", DATE)
    places = [line.partition(": ")[2].partition(": ")[0].split(" ")[0] for line in blocked.stdout.splitlines()[:-1]]
    rules = [line.rpartition("(")[2].rstrip(")") for line in blocked.stdout.splitlines()[:-1]]
    accepting = [f"--accept={rule}:{place}=seen" for rule, place in zip(rules, places, strict=True)]
    signed = run(checkout, "review", "sign", "--reviewer", "r1", "--date", DATE, *accepting)
    held = run(checkout, "review", "status")
    validated = run(checkout, "validate")
    relabel(checkout)
    outdated = run(checkout, "review", "status")

    assert blocked.exit_code == (1 if places else 0)
    assert (signed.exit_code, held.exit_code, validated.exit_code) == (0, 0, 0)
    assert "signed: by r1 on 2024-03-08" in held.stdout.splitlines()
    assert outdated.exit_code == 1
    assert outdated.stdout.splitlines()[-1] == "not signed"


def test_the_plan_of_a_corpus_that_nobody_signed_is_shut(checkout: Path) -> None:
    done = run(checkout, "release", "plan", "--date", DATE)

    assert done.exit_code == 1
    assert done.stdout.startswith("version: 0.1.0\nafter: no release yet; any version will do\n")
    assert "shut: sign-off: nobody signed content " in done.stdout
    assert "## [0.1.0] - 2024-03-08" in done.stdout


def test_status_says_what_changed_since_the_last_release_and_what_to_do(checkout: Path, tmp_path: Path) -> None:
    run(checkout, "build", "1.0.0", "--out", str(checkout / "releases"), "--date", DATE)
    digest = content_digest(files.read(checkout))
    files.write(
        checkout / "corpus" / "releases.json",
        f'{{"releases": [\n{{"content_sha256": "{digest}", "date": "{DATE}", "version": "1.0.0"}}\n]}}\n',
    )
    still = run(checkout, "status")
    path = checkout / "corpus" / "documents" / "003_666c5d1a536ded45.json"
    record = path.read_text(encoding="utf-8")
    path.write_text(record.replace('"title": "', '"title": "On '), encoding="utf-8")
    moved = run(checkout, "status")
    refused = run(checkout, "build", "1.0.0", "--out", str(tmp_path), "--date", DATE)

    assert (still.exit_code, moved.exit_code) == (0, 0)
    assert "release       1.0.0; nothing changed since" in still.stdout.splitlines()
    assert still.stdout.splitlines()[-1] == "next          nothing"
    assert "release       1.0.0; what changed since is patch, the next would be 1.0.1" in moved.stdout.splitlines()
    assert "  patch       record of document '003_666c5d1a536ded45' corrected" in moved.stdout.splitlines()
    assert refused.exit_code == 2
    assert refused.stderr.startswith("version '1.0.0' was released with the content ")


def test_status_knows_what_label_studio_was_last_seen_to_hold(checkout: Path) -> None:
    sets = files.read(checkout).sets
    annotator, document = next(iter(sets))
    journal = checkout / ".standoff" / "journal" / "00"
    meta = {
        "annotator": annotator,
        "document": document,
        "sha256": "0" * 64,
        "text_sha256": "",
        "entities": [],
    }
    files.write(
        journal / "0.json", json.dumps({"project": 1, "task": 1, "meta": meta, "annotations": [], "drafts": []})
    )
    found = run(checkout, "status")

    assert last_seen(checkout) == {(annotator, document): "0" * 64}
    assert (
        f"Label Studio  1 of {len(sets)} sets were pulled or compared; since then changed here: {annotator}/{document}"
        in found.stdout.splitlines()
    )


def test_status_of_a_corpus_whose_last_release_is_lost_says_so(tiny_root: Path) -> None:
    done = run(tiny_root, "status")

    assert done.exit_code == 0
    assert "release       unknown: release '0.0.2', the newest in corpus/releases.json, is in no folder" in done.stdout


def test_a_release_names_its_sign_off_and_why_findings_stand(statecloud: Corpus, root: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(root / "corpus", checkout / "corpus", ignore=shutil.ignore_patterns("reviews.json"))
    findings = validate(statecloud)
    accepted = [accept(f"{place(finding)}=a company may praise | itself", findings) for finding in findings]
    review = sign(statecloud, findings, reviewer="r1", date="2024-05-01", accepted=accepted)

    unsigned = build(statecloud, "0.1.0.dev1", tmp_path / "out", date="2024-05-02", root=checkout)
    write_reviews(checkout, [review])
    signed = build(statecloud, "0.1.0.dev2", tmp_path / "out", date="2024-05-02", root=checkout)

    assert "Nobody has signed this content." in (unsigned.folder / "README.md").read_text()
    card = (signed.folder / "README.md").read_text()
    assert f"Signed by `r1` on 2024-05-01; accepted findings: {len(accepted)}." in card
    assert "a company may praise \\| itself" in card
    assert signed.content_sha256 == unsigned.content_sha256 == review.content_sha256
