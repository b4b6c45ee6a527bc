"""Revisions of git: which commit a name means, and a checkout's files as they stand in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from standoff.errors import StandoffError, UsageError

__all__ = [
    "changed",
    "commit_of",
    "committed",
    "first_commit",
    "is_shallow",
    "is_tagged",
    "known_commit",
    "prefix",
    "revision",
]

PARTS = ("corpus", "schema", "annotations")


@contextmanager
def revision(root: Path, name: str) -> Iterator[Path]:
    """A folder with the corpus of a checkout as it was at a commit, branch or tag; it is gone afterwards.

    Raises:
        UsageError: the checkout is not under git, there is no such revision, or it had no corpus.
    """
    with committed(known_commit(name, root), root) as folder:
        yield folder


def known_commit(revision: str, root: Path) -> str:
    """The commit that a revision names in the repository of a checkout.

    Raises:
        UsageError: it names none there.
    """
    commit = commit_of(revision, root)
    if commit is None:
        raise UsageError(
            f"git knows no revision {revision!r} here; expected a commit, a branch or a tag", place=str(root)
        )
    return commit


def commit_of(revision: str, root: Path) -> str | None:
    """The commit that a revision names in the repository of a checkout; None where it names none there."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    found = _git(root, *asked)
    return found.stdout.decode().strip() if found.returncode == 0 else None


def first_commit(path: str, root: Path, holds: Callable[[bytes], bool]) -> str | None:
    """The oldest commit behind HEAD in which a file of a checkout holds something; None where it does in none, or where
    the checkout is not under git."""
    for commit in _git(root, "rev-list", "--reverse", "HEAD", "--", path).stdout.decode().split():
        found = _git(root, "cat-file", "blob", f"{commit}:./{path}")
        if found.returncode == 0 and holds(found.stdout):
            return commit
    return None


def is_tagged(version: str, root: Path) -> bool:
    """Whether a release of a checkout has a tag, or there is no repository that could have one."""
    try:
        return not commit_of("HEAD", root) or bool(commit_of(f"v{version}", root))
    except UsageError:
        # Without git no tag is asked for.
        return True


def is_shallow(root: Path) -> bool:
    """Whether the repository of a checkout lacks its older commits."""
    return _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def changed(root: Path) -> bool:
    """Whether files of the corpus in a checkout are otherwise than in the commit that it stands at."""
    return bool(_git(root, "status", "--porcelain", "--untracked-files=all", "--", *PARTS).stdout)


def prefix(root: Path) -> str:
    """The path from the top of the repository to a checkout, with a slash at its end; "" where it is the top, or where
    there is no repository."""
    try:
        return _git(root, "rev-parse", "--show-prefix").stdout.decode().rstrip("\n")
    except UsageError:
        return ""


@contextmanager
def committed(commit: str, root: Path) -> Iterator[Path]:
    """A folder with the files of a checkout as they stand in a commit; nothing of the work tree is touched.

    Raises:
        UsageError: the commit holds no corpus at the checkout's place.
    """
    below = prefix(root)
    with TemporaryDirectory(prefix="standoff-") as aside:
        for path, blob in _blobs(commit, below, root):
            place = Path(aside, *PurePosixPath(path).parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(blob)
        if not all((Path(aside) / part).is_dir() for part in ("corpus", "schema")):
            raise UsageError(f"holds no corpus at {below or '.'}; expected corpus/ and schema/", place=f"git {commit}")
        try:
            yield Path(aside)
        except StandoffError as error:
            # The folder is gone when the message is read; the commit is where it can be looked up.
            error.place = error.place.removeprefix(f"{aside}/")
            error.at(f"git {commit}")
            raise


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
