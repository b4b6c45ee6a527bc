"""The corpus as it was at a revision of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from standoff.errors import UsageError

__all__ = ["prefix", "revision"]


@contextmanager
def revision(root: Path, ref: str) -> Iterator[Path]:
    """A folder with the corpus of a checkout as it was at a revision; it is gone afterwards.

    Raises:
        UsageError: the checkout is not under git, there is no such revision, or it had no corpus.
    """
    unknown = f"git knows no revision {ref!r} here; expected a commit, a branch or a tag"
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}", refused=unknown)
    # As committed: no setting of this machine may change the ends of lines.
    words = ("-c", "core.autocrlf=false", "archive", "--format=tar", commit.decode().strip())
    packed = _git(root, *words, refused=f"git cannot read this folder at revision {ref!r}")
    with TemporaryDirectory(prefix="standoff-") as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            _unpack(archive, Path(folder))
        if not (Path(folder) / "corpus").is_dir():
            raise UsageError(f"revision {ref!r} has no corpus here; expected corpus/ and schema/", place=str(root))
        yield Path(folder)


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    # Regular files alone, and only those of a corpus: a link could lead out of the folder.
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        if content and member.name.startswith(("annotations/", "corpus/", "schema/")):
            (folder / member.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / member.name).write_bytes(content.read())


def prefix(root: Path) -> str:
    """The path from the top of the repository to a checkout, with a slash at its end; "" where it is the top, or where
    there is no repository."""
    try:
        return _git(root, "rev-parse", "--show-prefix", refused="no repository").decode().strip()
    except UsageError:
        return ""


def _git(root: Path, *words: str, refused: str) -> bytes:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("git is not installed; it is what knows revisions", place=str(root)) from error
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise UsageError(f"{refused} ({why})", place=str(root))
    return done.stdout
