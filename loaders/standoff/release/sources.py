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
from standoff.model import Corpus
from standoff.release.choosing import choose, read_listing, withdrawn
from standoff.release.folder import ABOUT, RELEASES, SUMS
from standoff.release.loading import read_release
from standoff.release.opening import is_checkout, is_url, opened
from standoff.release.remote import fetch, listing
from standoff.release.revisions import commit_of, committed
from standoff.release.weighing import newest

__all__ = ["located", "open_source", "previous_release"]

VERSION = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+(?:\.dev[0-9]+)?)")

BUILT = ("releases", "build", "dist")
"""Folders of a checkout where its releases may lie."""


def open_source(text: str, root: Path, *, releases: Iterable[Path] = ()) -> Corpus:
    """The corpus that a text names: a folder with a checkout or a release, a version, or a revision in git.

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
        return read_release(folder)
    if is_url(text):
        return read_release(text)
    if (found := VERSION.fullmatch(text)) and (built := _built(found[1], root, releases)):
        return read_release(built)
    for revision in (f"v{found[1]}",) if found else (text,):
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

    Args:
        root: a checkout that may have folders of releases, or a tag of each.
        releases: folders of releases, besides those that the checkout has.
        given: the release, where it need not be looked for.

    Raises:
        UsageError: it is in no folder of releases, and there is no tag of it.
        ReleaseError: what was found or given is not what the list says that was released.
    """
    release = newest(corpus.releases)
    if release is None:
        return None
    if given is None and (built := _built(release.version, root, releases)):
        given = read_release(built)
    if given is None and root and (commit := commit_of(f"v{release.version}", root)):
        given = _at_commit(commit, root)
    if given is None and content_digest(corpus) == release.content_sha256:
        # Nothing has changed since.
        given = corpus
    if given is None:
        raise UsageError(
            f"release {release.version!r}, the newest in corpus/releases.json, is in no folder of releases, and there "
            f"is no tag 'v{release.version}'; expected its folder or a revision that holds it: give it as --previous"
        )
    if (digest := content_digest(given)) != release.content_sha256:
        raise ReleaseError(
            f"what is called {release.version!r} has the content {digest}; expected {release.content_sha256}, "
            "as corpus/releases.json says: give that release as --previous"
        )
    return given


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
    if is_url(text):
        with TemporaryDirectory(prefix="standoff-") as aside:
            content = listing(text)
            listed = read_listing(content, f"{text}/{RELEASES}")
            chosen = choose(version, [one.version for one in listed], withdrawn(listed), yanked=True, place=text)
            fetch(text, chosen, Path(aside) / chosen)
            # Beside the release, as it is there.
            (Path(aside) / RELEASES).write_bytes(content)
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
