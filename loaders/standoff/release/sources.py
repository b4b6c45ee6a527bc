"""From what somebody calls a corpus to the corpus: a folder, a release, a version, a revision in git."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from standoff.canon import content_digest
from standoff.errors import ReleaseError, UsageError
from standoff.files import read
from standoff.model import Corpus, Release
from standoff.release.builds import BUILT
from standoff.release.choosing import choose, read_listing, withdrawn
from standoff.release.folder import ABOUT, RELEASES, SUMS, about
from standoff.release.loading import read_release
from standoff.release.opening import GIT, is_checkout, is_url, opened
from standoff.release.places import bring, place_at
from standoff.release.revisions import commit_of, committed, first_commit, is_shallow
from standoff.release.weighing import newest

__all__ = ["located", "open_source", "previous_release"]

VERSION = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+(?:\.dev[0-9]+)?)")

LISTING = f"corpus/{RELEASES}"


def open_source(text: str, root: Path, *, releases: Iterable[Path] = ()) -> Corpus:
    """The corpus that a text names: a folder with a checkout or a release, a version, or a revision in git.

    What was yanked is among them: who compares with it, or goes on from it, must see what it was.

    Args:
        text: a path counts from where one stands; a version is looked for in the folders of releases, then as a tag.
        root: the checkout in whose history revisions are looked up.
        releases: folders of releases, besides those that the checkout has.

    Raises:
        UsageError: it names nothing that there is.
        FileError, RecordError, ReleaseError, SchemaError: what it names cannot be read.
    """
    folder = Path(text)
    if text and folder.is_dir():
        return read_release(folder, yanked=True)
    if is_url(text):
        return read_release(text)
    if (found := VERSION.fullmatch(text)) and (built := _built(found[1], root, releases)):
        return read_release(built, yanked=True)
    for revision in (f"v{found[1]}",) if found else (text.removeprefix(GIT),):
        if commit := commit_of(revision, root):
            return _at_commit(commit, root)
    tried = "no folder, no release of this version, no tag" if found else "no folder, no revision in git"
    raise UsageError(
        f"{text!r} is {tried}; expected a checkout, a release, a version in {', '.join(BUILT)}/, or a revision"
    )


def previous_release(
    corpus: Corpus, root: Path | None, *, releases: Iterable[Path] = (), given: Corpus | None = None
) -> Corpus | None:
    """The newest final release that a corpus's list of releases names; None where it names none.

    Without a tag it is the checkout as it was in the first commit that lists the release.

    Args:
        root: a checkout that may have folders of releases, or a tag of each.
        releases: folders of releases, besides those that the checkout has.
        given: the release, where it need not be looked for.

    Raises:
        UsageError: it is in no folder of releases, there is no tag of it, and no commit that lists it and holds it.
        ReleaseError: what was found or given is not what the list says that was released.
    """
    release = newest(corpus.releases)
    if release is None:
        return None
    if given is None and (built := _built(release.version, root, releases)):
        given = read_release(built, yanked=True)
    if given is None and root and (commit := commit_of(f"v{release.version}", root)):
        given = _at_commit(commit, root)
    if given is None and content_digest(corpus) == release.content_sha256:
        # Nothing has changed since.
        given = corpus
    if given is None:
        return _first_listed(release, root)
    if (digest := content_digest(given)) != release.content_sha256:
        raise ReleaseError(
            f"what is called {release.version!r} has the content {digest}; expected {release.content_sha256}, "
            "as corpus/releases.json says: give that release as --previous"
        )
    return given


def _first_listed(release: Release, root: Path | None) -> Corpus:
    """The corpus of a release from the history of a checkout: as it was when the release was first listed.

    Raises:
        UsageError: no commit lists it, or the first that does has other content.
    """

    def lists(content: bytes) -> bool:
        return any(one.version == release.version for one in read_listing(content, LISTING))

    commit = first_commit(LISTING, root, lists) if root else None
    if root and commit:
        found = _at_commit(commit, root)
        if (digest := content_digest(found)) == release.content_sha256:
            return found
        why = f"commit {commit}, the first that lists it, has the content {digest} and not {release.content_sha256}"
        if is_shallow(root):
            why += "; this clone lacks older commits: git fetch --unshallow --tags"
    else:
        why = "no commit lists it"
    raise UsageError(
        f"release {release.version!r}, the newest in {LISTING}, is in no folder of releases, there is no tag "
        f"'v{release.version}', and {why}; expected its folder or a revision that holds it: give it as --previous"
    )


@contextmanager
def located(
    text: str, root: Path | None, *, version: str | None = None, releases: Iterable[Path] = ()
) -> Iterator[Path]:
    """The folder of the release that a text names, as it is: nothing of it was checked. From a URL it is a copy.

    Args:
        text: the folder of a release or of several, a URL, or a version that is looked for in the folders of releases.
        root: a checkout that may have folders of releases.
        version: which one, of several; without it the newest.
        releases: folders of releases, besides those that the checkout has.

    Raises:
        UsageError: it names no release.
        ReleaseError: there is no such version, or the place does not answer.
    """
    if text.startswith(GIT):
        raise UsageError(
            f"names a checkout as it was; expected a release: a folder, a URL, or a version in {', '.join(BUILT)}/",
            place=text,
        )
    if is_url(text):
        with TemporaryDirectory(prefix="standoff-") as aside:
            place = place_at(text)
            there = [one.version for one in place.releases]
            chosen = choose(version, there, withdrawn(place.releases), yanked=True, place=text)
            bring(place, chosen, Path(aside) / chosen)
            # Beside the release, as it is there.
            (Path(aside) / RELEASES).write_bytes(place.content)
            yield Path(aside) / chosen
        return
    folder = Path(text)
    found = VERSION.fullmatch(text)
    if not (text and folder.is_dir()) and found and (built := _built(found[1], root, releases)):
        folder = built
    if not folder.is_dir():
        raise UsageError(
            f"{text!r} is no folder and no release; expected one, a URL, or a version in {', '.join(BUILT)}/"
        )
    if any((folder / name).is_file() for name in (SUMS, ABOUT)):
        if version is not None and (is_ := about(folder).version) != version:
            raise ReleaseError(f"is version {is_!r}; expected {version!r}, which was asked for", place=str(folder))
        # Whatever is wrong with it: whoever looks at it will say.
        yield folder
        return
    with opened(folder, version, yanked=True) as release:
        if is_checkout(release):
            raise UsageError("is a checkout; expected a release, such as standoff build makes", place=text)
        yield release


def _built(version: str, root: Path | None, releases: Iterable[Path]) -> Path | None:
    """The folder of a version in the folders of releases."""
    folders = [*releases, *(root / name for name in BUILT if root)]
    return next((folder / version for folder in folders if (folder / version / ABOUT).is_file()), None)


def _at_commit(commit: str, root: Path) -> Corpus:
    with committed(commit, root) as folder:
        return read(folder)
