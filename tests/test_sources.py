"""Where releases are loaded from: places behind a URL, the cache, revisions in git; and releases that were yanked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from changing import corrected as relabelled
from hub import standin
from msgspec import structs

import standoff
from standoff.canon import canonical_list, content_digest
from standoff.errors import ReleaseError, UsageError
from standoff.model import Corpus, Release
from standoff.release import build, check_release, open_source
from standoff.release.cache import default_cache
from standoff.release.folder import SUMS, inside
from standoff.release.remote import UnreachableError
from standoff.release.sources import located
from standoff.release.targets import open_target

DATE = "2024-03-08"
WHY = "one label was wrong"


@pytest.fixture(scope="module")
def corrected(tiny: Corpus) -> Corpus:
    """The tiny corpus with one label corrected."""
    return relabelled(tiny, "a1", "fr_marche", "o1", "unsure")


@pytest.fixture(scope="module")
def published(tiny: Corpus, corrected: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a place to publish to: 1.0.0 and 1.1.0; nobody writes into it."""
    out = tmp_path_factory.mktemp("published")
    for version, corpus in {"1.0.0": tiny, "1.1.0": corrected}.items():
        build(corpus, version, out, date=DATE)
    lists(out, {"1.0.0": content_digest(tiny), "1.1.0": content_digest(corrected)})
    return out


@pytest.fixture
def place(published: Path, tmp_path: Path) -> Path:
    """A copy of the place, to be changed."""
    return Path(shutil.copytree(published, tmp_path / "place"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def lists(place: Path, contents: Mapping[str, str], yanked: tuple[str, ...] = ()) -> None:
    """Writes releases.json: version -> digest of the content."""
    releases = [
        Release(version, DATE, digest, yanked=version in yanked, why=WHY if version in yanked else "")
        for version, digest in contents.items()
    ]
    (place / "releases.json").write_text(canonical_list("releases", releases), encoding="utf-8")


def yank(place: Path, tiny: Corpus, corrected: Corpus) -> None:
    lists(place, {"1.0.0": content_digest(tiny), "1.1.0": content_digest(corrected)}, yanked=("1.1.0",))


def opinion(source: str | Path, version: str | None = None, cache: Path | None = None, **options: Any) -> str:
    """The label that was corrected."""
    table = standoff.load("opinion", version, "train", source=source, cache=cache, **options)
    return next(str(row["label"]) for row in table.to_pylist() if (row["document"], row["id"]) == ("fr_marche", "o1"))


def test_a_url_gives_exactly_the_version_that_was_asked_for(published: Path, cache: Path) -> None:
    url = published.as_uri()

    assert standoff.versions(url, cache=cache) == ("1.0.0", "1.1.0")
    assert opinion(url, "1.0.0", cache) == "likes"
    assert opinion(url, "1.1.0", cache) == "unsure"
    assert opinion(url, None, cache) == "unsure"


def test_a_url_gives_the_corpus_that_was_built(published: Path, cache: Path, tiny: Corpus, root: Path) -> None:
    found = standoff.read_release(published.as_uri(), "1.0.0", cache=cache)

    assert found == structs.replace(tiny, version="1.0.0", releases=())


def test_whatever_takes_a_source_takes_a_url(
    published: Path, cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDOFF_CACHE", str(cache))

    assert open_source(published.as_uri(), root).version == "1.1.0"
    assert (cache / "releases").is_dir()


def test_a_version_that_a_place_does_not_list_is_an_error_that_says_which_there_are(
    published: Path, cache: Path
) -> None:
    url = published.as_uri()
    with pytest.raises(ReleaseError) as error:
        standoff.load("opinion", "1.0.1", source=url, cache=cache)

    assert str(error.value) == f"{url}: has no version '1.0.1' [did you mean '1.0.0'?]; there is 1.0.0, 1.1.0"


def test_without_its_place_each_cached_version_gives_its_own_rows(place: Path, cache: Path) -> None:
    url = place.as_uri()
    for version in ("1.0.0", "1.1.0"):
        opinion(url, version, cache)
    place.rename(place.with_name("gone"))

    assert opinion(url, "1.0.0", cache) == "likes"
    assert opinion(url, "1.1.0", cache) == "unsure"


def test_without_its_place_a_version_that_is_not_cached_is_an_error_that_says_so(place: Path, cache: Path) -> None:
    url = place.as_uri()
    opinion(url, "1.0.0", cache)
    place.rename(place.with_name("gone"))

    with pytest.raises(UnreachableError, match=r"version '1\.1\.0' is not in the cache.*; the cache has 1\.0\.0$"):
        opinion(url, "1.1.0", cache)
    with pytest.raises(UnreachableError, match=r"nobody knows which version is the newest; name one; the cache has"):
        opinion(url, None, cache)
    with pytest.raises(UnreachableError, match="the cache has no version of it"):
        opinion(f"{url}-other", "1.0.0", cache)


@pytest.mark.parametrize("fault", ["missing", "added", "flipped"])
def test_nothing_of_a_damaged_release_comes_into_the_cache(fault: str, place: Path, cache: Path) -> None:
    path = place / "1.0.0" / "data" / "point" / "train.parquet"
    if fault == "missing":
        path.unlink()
    else:
        (path if fault == "flipped" else path.with_name("more.parquet")).write_bytes(b"PAR1")
    with pytest.raises(ReleaseError, match=rf"^{place.as_uri()} 1\.0\.0: data/point/"):
        opinion(place.as_uri(), "1.0.0", cache)

    assert list((cache / "releases").iterdir()) == []
    assert [path.name for path in cache.glob("places/*/*")] == ["releases.json"]


def test_a_release_of_other_content_than_its_place_lists_is_refused(place: Path, cache: Path, tiny: Corpus) -> None:
    lists(place, {"1.0.0": "0" * 64, "1.1.0": content_digest(tiny)})
    with pytest.raises(ReleaseError, match=r"lists '1\.0\.0' with the content 0{64}; what lies in .* never changed"):
        opinion(place.as_uri(), "1.0.0", cache)


def test_places_with_the_same_release_share_it_in_the_cache(published: Path, place: Path, cache: Path) -> None:
    opinion(published.as_uri(), "1.0.0", cache)
    opinion(place.as_uri(), "1.0.0", cache)

    assert len(list((cache / "releases").iterdir())) == 1


def test_a_name_that_leads_out_of_a_release_is_refused(cache: Path) -> None:
    for name in ("../x", "data/../../x", "/x", ""):
        with pytest.raises(ReleaseError, match="expected a path inside the release"):
            inside(cache, name)

    assert inside(cache, "data/x/y..z") == cache / "data" / "x" / "y..z"


def test_a_yanked_version_is_an_error_with_its_reason_unless_asked_for(
    place: Path, cache: Path, tiny: Corpus, corrected: Corpus
) -> None:
    yank(place, tiny, corrected)
    for source in (place, place / "1.1.0", place.as_uri()):
        with pytest.raises(
            ReleaseError, match=rf"version '1\.1\.0' was yanked: {WHY}; expected another of .*yanked=True"
        ):
            opinion(source, "1.1.0", cache)
        assert opinion(source, "1.1.0", cache, yanked=True) == "unsure"

    for source in (place, place.as_uri()):
        assert opinion(source, None, cache) == "likes"
        assert standoff.versions(source, cache=cache) == ("1.0.0",)
        assert standoff.versions(source, cache=cache, yanked=True) == ("1.0.0", "1.1.0")


SECRETS = ("http://somebody:geheim@127.0.0.1:9/place", "http://127.0.0.1:9/place?token=geheim", "no-such://a:geheim@b")


@pytest.mark.parametrize("url", SECRETS)
def test_no_error_repeats_the_credentials_of_a_source(
    url: str, cache: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDOFF_CACHE", str(cache))

    def looked_at() -> None:
        with located(url, root):
            pass

    for asked in (
        lambda: standoff.load("point", source=url, cache=cache),
        lambda: standoff.load("point", "1.0.0", source=url, cache=cache),
        lambda: standoff.versions(url, cache=cache),
        lambda: open_source(url, root),
        looked_at,
        lambda: open_target(url),
    ):
        with pytest.raises((ReleaseError, UsageError)) as error:
            asked()
        told = "".join(traceback.format_exception(error.value, limit=0))
        assert "***" in str(error.value)
        assert "geheim" not in told


def test_a_yank_in_a_checkout_counts_for_what_was_built_there(
    tiny_root: Path, published: Path, tiny: Corpus, corrected: Corpus, tmp_path: Path
) -> None:
    checkout = Path(shutil.copytree(tiny_root, tmp_path / "checkout"))
    built = Path(shutil.copytree(published, checkout / "build"))
    (built / "releases.json").unlink()
    yank(checkout / "corpus", tiny, corrected)

    for source, version in ((built, "1.1.0"), (built / "1.1.0", None), (built / "1.1.0", "1.1.0")):
        with pytest.raises(ReleaseError, match=f"was not yanked|was yanked: {WHY}"):
            opinion(source, version)
        assert opinion(source, version, yanked=True) == "unsure"
    assert opinion(built) == "likes"
    assert standoff.versions(built) == ("1.0.0",)
    (warning,) = check_release(built / "1.1.0")[1]
    assert str(warning) == f"releases.json#1.1.0: says that it was yanked: {WHY} (release-yanked)"
    assert check_release(built / "1.0.0")[1] == ()
    # Whoever names it to compare with it may see what was there.
    assert open_source("1.1.0", checkout) == open_source(str(built / "1.1.0"), tmp_path)


def test_a_yank_in_a_checkout_says_nothing_of_another_release_of_that_number(
    tiny_root: Path, published: Path, tiny: Corpus, corrected: Corpus, tmp_path: Path
) -> None:
    checkout = Path(shutil.copytree(tiny_root, tmp_path / "checkout"))
    of_others = Path(shutil.copytree(published / "1.0.0", checkout / "of_others" / "1.0.0"))
    lists(checkout / "corpus", {"1.0.0": content_digest(corrected)}, yanked=("1.0.0",))

    assert opinion(of_others, "1.0.0") == "likes"


def test_a_version_that_was_yanked_after_it_was_cached_is_an_error(
    place: Path, cache: Path, tiny: Corpus, corrected: Corpus
) -> None:
    opinion(place.as_uri(), "1.1.0", cache)
    yank(place, tiny, corrected)
    with pytest.raises(ReleaseError, match="was yanked"):
        opinion(place.as_uri(), "1.1.0", cache)
    place.rename(place.with_name("gone"))
    with pytest.raises(ReleaseError, match="was yanked"):
        opinion(place.as_uri(), "1.1.0", cache)


def test_a_folder_of_yanked_releases_alone_says_so(place: Path, tiny: Corpus, corrected: Corpus) -> None:
    shutil.rmtree(place / "1.0.0")
    yank(place, tiny, corrected)
    with pytest.raises(ReleaseError, match=r"that was not yanked; there is 1\.1\.0 \(yanked: one label was wrong\);"):
        opinion(place)


@pytest.mark.parametrize("text", ["{", '{"releases": [{}]}', "[]"])
def test_a_list_of_releases_that_is_none_is_refused(text: str, place: Path, cache: Path) -> None:
    (place / "releases.json").write_text(text)
    for source in (place, place.as_uri()):
        with pytest.raises(ReleaseError, match=r"releases\.json: is no list of releases: "):
            opinion(source, "1.0.0", cache)


def test_processes_that_load_at_once_all_get_the_rows(published: Path, cache: Path) -> None:
    code = (
        "import sys, standoff; table = standoff.load('opinion', sys.argv[2], 'train', source=sys.argv[1]);"
        "print(*(row['label'] for row in table.to_pylist() if row['id'] == 'o1' and row['document'] == 'fr_marche'))"
    )
    environment = {**os.environ, "STANDOFF_CACHE": str(cache)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, published.as_uri(), version],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for version in ("1.0.0", "1.1.0") * 3
    ]
    found = [process.communicate()[0].strip() for process in started]

    assert found == ["likes", "unsure"] * 3
    assert len(list((cache / "releases").iterdir())) == 2
    assert all(not path.name.startswith(".") for path in cache.rglob("*"))


class _Stalling(SimpleHTTPRequestHandler):
    """A web server of files that holds one of them back until it is told."""

    held = threading.Event()
    reached = threading.Event()

    def do_GET(self) -> None:
        if self.path.endswith("/data/opinion/train.parquet"):
            self.reached.set()
            self.held.wait(60)
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture
def stalling(published: Path) -> Iterator[str]:
    """The place behind HTTP; one file is held back until `_Stalling.held` is set."""
    _Stalling.held.clear()
    _Stalling.reached.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Stalling, directory=str(published)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    _Stalling.held.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_that_was_killed_is_never_used(stalling: str, cache: Path) -> None:
    code = "import sys, standoff; standoff.load('opinion', '1.0.0', source=sys.argv[1])"
    command = [sys.executable, "-c", code, stalling]
    with subprocess.Popen(command, env={**os.environ, "STANDOFF_CACHE": str(cache)}) as process:
        assert _Stalling.reached.wait(30)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert all(path.name.startswith(".") for path in (cache / "releases").iterdir())
    _Stalling.held.set()

    assert opinion(stalling, "1.0.0", cache) == "likes"
    assert standoff.read_release(stalling, "1.0.0", cache=cache).version == "1.0.0"


def test_a_revision_in_git_is_a_checkout_as_it_was(
    tiny_root: Path, tiny: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "tiny"
    shutil.copytree(tiny_root, root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Begin")
    git(root, "tag", "v1.0.0")
    shutil.rmtree(root / "annotations" / "gold")
    monkeypatch.chdir(root)

    assert standoff.read_release("git:v1.0.0") == tiny
    assert standoff.load("opinion", source="git:HEAD") == standoff.load("opinion", source=tiny_root)
    assert standoff.versions("git:HEAD") == ()
    with pytest.raises(UsageError, match="git knows no revision 'v2' here; expected a commit, a branch or a tag"):
        standoff.load("opinion", source="git:v2")
    with pytest.raises(ReleaseError, match=r"git:v1\.0\.0: is a checkout, which has no version"):
        standoff.load("opinion", "1.0.0", source="git:v1.0.0")


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STANDOFF_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache() == tmp_path / ".cache" / "standoff"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache() == tmp_path / "x" / "standoff"
    monkeypatch.setenv("STANDOFF_CACHE", str(tmp_path / "own"))
    assert default_cache() == tmp_path / "own"


# --- the cache, and what it holds


def test_an_answer_that_is_no_list_leaves_the_cache_as_it_was(place: Path, cache: Path) -> None:
    url = place.as_uri()
    opinion(url, "1.0.0", cache)
    kept = (place / "releases.json").read_text()
    (place / "releases.json").write_text("<html>")
    with pytest.raises(ReleaseError, match=rf"^{url}/releases\.json: is no list of releases: "):
        opinion(url, "1.0.0", cache)
    place.rename(place.with_name("gone"))

    assert opinion(url, "1.0.0", cache) == "likes"
    assert kept == next(cache.glob("places/*/releases.json")).read_text()


def test_a_damaged_copy_in_the_cache_is_fetched_again_or_named(place: Path, cache: Path) -> None:
    url = place.as_uri()
    for damaged in ("data/point/train.parquet", SUMS):
        opinion(url, "1.0.0", cache)
        (broken,) = cache.glob(f"releases/*/{damaged}")
        broken.write_bytes(broken.read_bytes()[:-1] + b"?")
        assert opinion(url, "1.0.0", cache) == "likes"
        assert standoff.read_release(url, "1.0.0", cache=cache).version == "1.0.0"

    broken.write_bytes(b"?")
    place.rename(place.with_name("gone"))
    with pytest.raises(ReleaseError) as error:
        opinion(url, "1.0.0", cache)
    assert f"is the cached copy of {url} 1.0.0; delete {broken.parent} and load again" in str(error.value)


def test_a_cache_is_named_by_text_too(published: Path, cache: Path) -> None:
    assert opinion(published.as_uri(), "1.0.0", str(cache)) == "likes"  # type: ignore[arg-type]
    assert standoff.versions(published.as_uri(), cache=str(cache)) == ("1.0.0", "1.1.0")
    assert standoff.read_release(published.as_uri(), "1.0.0", cache=str(cache)).version == "1.0.0"
    assert (cache / "releases").is_dir()


def test_a_cache_that_cannot_be_written_is_named(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for cache in (file, file / "below"):
        with pytest.raises(UsageError, match=rf"^{cache}: the cache cannot be used: .*; .*\$STANDOFF_CACHE, or cache="):
            opinion(place.as_uri(), "1.0.0", cache)
        # What is asked of the place alone needs no cache.
        assert standoff.versions(place.as_uri(), cache=cache) == ("1.0.0", "1.1.0")


def test_what_is_whole_in_a_cache_that_cannot_be_written_is_loaded(
    place: Path, cache: Path, tiny: Corpus, corrected: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    opinion(place.as_uri(), "1.0.0", cache)
    yank(place, tiny, corrected)

    def refused(path: Path, text: str | bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("standoff.release.cache.write", refused)
    assert opinion(place.as_uri(), "1.0.0", cache) == "likes"
    with pytest.raises(UsageError, match=rf"^{cache}: the cache cannot be used: "):
        opinion(place.as_uri(), "1.1.0", cache, yanked=True)


def test_a_url_of_one_release_is_as_its_folder(
    place: Path, cache: Path, root: Path, tiny: Corpus, corrected: Corpus
) -> None:
    url = (place / "1.0.0").as_uri()

    assert opinion(url, None, cache) == opinion(url, "1.0.0", cache) == opinion(f"{url}/", None, cache) == "likes"
    assert standoff.versions(url, cache=cache) == ("1.0.0",)
    with pytest.raises(ReleaseError, match=r"has no version '1\.1\.0'.*; there is 1\.0\.0"):
        opinion(url, "1.1.0", cache)
    with located(url, root) as folder:
        assert check_release(folder)[1] == ()
    yank(place, tiny, corrected)
    with pytest.raises(ReleaseError, match="was not yanked"):
        opinion((place / "1.1.0").as_uri(), None, cache)
    place.rename(place.with_name("gone"))
    assert opinion(url, "1.0.0", cache) == "likes"


def test_a_revision_is_asked_for_in_the_same_words_everywhere(
    tiny_root: Path, tiny: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "tiny"))
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Begin")
    git(root, "tag", "v1.0.0")

    assert open_source("git:v1.0.0", root) == tiny
    with pytest.raises(UsageError, match="'git:nope' is no folder, no revision in git"):
        open_source("git:nope", root)
    monkeypatch.chdir(root)
    with pytest.raises(UsageError, match="git knows no revision 'nope' here"):
        standoff.versions("git:nope")
    monkeypatch.chdir(tmp_path)
    for asked in (lambda: standoff.versions("git:v1.0.0"), lambda: standoff.load("opinion", source="git:v1.0.0")):
        with pytest.raises(UsageError) as error:
            asked()
        assert str(error.value) == (
            f"git:v1.0.0: is a revision of the checkout where you stand, and {tmp_path} is in none; expected to be "
            "called from within one"
        )


HUB_LABELS = """
import json, sys, standoff

found = []
for version in json.loads(sys.argv[1]):
    try:
        rows = standoff.load("opinion", version, "train", source="hf://datasets/org/tiny").to_pylist()
        found += [row["label"] for row in rows if (row["document"], row["id"]) == ("fr_marche", "o1")]
    except standoff.errors.ReleaseError as error:
        found.append(error.message)
print(json.dumps(found))
"""


@pytest.mark.hub
def test_offline_each_cached_version_of_a_dataset_gives_its_own_rows(published: Path, tmp_path: Path) -> None:
    work, bare = tmp_path / "work", tmp_path / "hub" / "org" / "tiny.git"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    for version in ("1.0.0", "1.1.0"):
        git(work, "rm", "-r", "--quiet", "--ignore-unmatch", ".")
        shutil.copytree(published / version, work, dirs_exist_ok=True)
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "--message", version)
        git(work, "tag", f"v{version}")
    shutil.copy(published / "releases.json", work)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "List")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    home = {"HF_HOME": str(tmp_path / "home"), "STANDOFF_CACHE": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}

    def labels(*versions: str | None, **environment: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", HUB_LABELS, json.dumps(versions)],
            env={**os.environ, **home, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[str] = json.loads(done.stdout)
        return found

    with standin.serving(tmp_path / "hub") as (_, address):
        assert labels("1.0.0", "1.1.0", None, HF_ENDPOINT=address) == ["likes", "unsure", "unsure"]
    offline = labels("1.0.0", "1.1.0", "1.0.1", HF_ENDPOINT=address, HF_HUB_OFFLINE="1")
    gone = labels("1.1.0", "1.0.0", None, HF_ENDPOINT=address)

    assert offline[:2] == ["likes", "unsure"]
    assert offline[2].endswith(
        "version '1.0.1' is not in the cache [did you mean '1.0.0'?]; the cache has 1.0.0, 1.1.0"
    )
    assert gone[:2] == ["unsure", "likes"]
    assert gone[2].endswith("name one; the cache has 1.0.0, 1.1.0")


def git(folder: Path, *words: str) -> None:
    """A command of git by nobody in particular, which changes no line ends."""
    own = ("-c", "core.autocrlf=false", "-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *own, *words], cwd=folder, check=True)
