"""From what somebody calls a corpus to the corpus: a folder, a release, a version, a revision in git."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from standoff.canon import content_digest
from standoff.errors import ReleaseError, StandoffError, UsageError
from standoff.files import read
from standoff.model import Corpus
from standoff.release.folder import ABOUT
from standoff.release.loading import read_release
from standoff.release.weighing import newest

__all__ = ["committed", "open_source", "previous_release"]

VERSION = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+(?:\.dev[0-9]+)?)")

BUILT = ("releases", "build", "dist")
"""Folders of a checkout where its releases may lie."""

PARTS = ("corpus", "schema", "annotations")


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
    if found := VERSION.fullmatch(text):
        for folder in _folders(root, releases):
            if (folder / found[1] / ABOUT).is_file():
                return read_release(folder / found[1])
    for revision in (f"v{found[1]}",) if found else (text,):
        if commit := _commit(revision, root):
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
    places = [folder / release.version for folder in _folders(root, releases)]
    if given is None:
        given = next((read_release(place) for place in places if (place / ABOUT).is_file()), None)
    if given is None and root and (commit := _commit(f"v{release.version}", root)):
        given = _at_commit(commit, root)
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


def _folders(root: Path | None, releases: Iterable[Path]) -> list[Path]:
    return [*releases, *(root / name for name in BUILT if root)]


def _commit(revision: str, root: Path) -> str | None:
    """The commit that a revision names, in the repository of a checkout."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    found = _git(root, *asked)
    return found.stdout.decode().strip() if found.returncode == 0 else None


def _at_commit(commit: str, root: Path) -> Corpus:
    with committed(commit, root) as folder:
        try:
            return read(folder)
        except StandoffError as error:
            # The folder is gone when the message is read; the commit is where it can be looked up.
            error.place = error.place.replace(f"{folder}/", "")
            raise error.at(f"git {commit}") from error


@contextmanager
def committed(commit: str, root: Path) -> Iterator[Path]:
    """A folder with the files of a checkout as they stand in a commit; nothing of the work tree is touched.

    Raises:
        UsageError: the commit holds no corpus at the checkout's place.
    """
    prefix = _git(root, "rev-parse", "--show-prefix").stdout.decode().rstrip("\n")
    with TemporaryDirectory(prefix="standoff-") as aside:
        for path, blob in _blobs(commit, prefix, root):
            place = Path(aside, *PurePosixPath(path).parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(blob)
        if not all((Path(aside) / part).is_dir() for part in ("corpus", "schema")):
            raise UsageError(f"holds no corpus at {prefix or '.'}; expected corpus/ and schema/", place=f"git {commit}")
        yield Path(aside)


def _blobs(commit: str, prefix: str, root: Path) -> Iterator[tuple[str, bytes]]:
    """Every plain file of a corpus in a commit: its path in the corpus, and the bytes that are stored.

    No filter runs and no line end is converted, as a check-out or an archive might do.
    """
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *(f"{prefix}{part}" for part in PARTS))
    found: list[tuple[str, str]] = []
    for entry in listed.stdout.decode().split("\0")[:-1]:
        head, _, path = entry.partition("\t")
        mode, kind, blob = head.split()
        # A link could lead out of the folder; a corpus has none.
        if kind == "blob" and mode != "120000":
            found.append((path.removeprefix(prefix), blob))
    stored = _git(root, "cat-file", "--batch", asked="".join(f"{blob}\n" for _, blob in found)).stdout
    at = 0
    for path, blob in found:
        end = stored.index(b"\n", at)
        header = stored[at:end].split()
        if len(header) != 3:
            raise UsageError(f"{path} ({blob}) is not in this clone; expected a complete one", place=f"git {commit}")
        size = int(header[2])
        yield path, stored[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(root: Path, *arguments: str, asked: str = "") -> subprocess.CompletedProcess[bytes]:
    # Nothing is fetched for what a partial clone lacks.
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, input=asked.encode(), capture_output=True, env=environment, check=False)
    except FileNotFoundError as error:
        raise UsageError("git is not installed; expected it, to read a revision") from error
