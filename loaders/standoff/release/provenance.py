"""Where a release comes from, and whose signature it bears: sidecars beside its files, which they change nothing of.

Signatures are those of `ssh-keygen -Y sign`, in the namespace `standoff`: one of SHA256SUMS, which covers every file of
the release, and one of PROVENANCE.json. They are checked offline against a file of allowed signers (ssh-keygen(1)).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version as installed
from pathlib import Path
from platform import python_version

import msgspec
from msgspec import Struct

from standoff.canon import canonical, content_digest
from standoff.errors import RecordError, ReleaseError, UsageError
from standoff.files import read, read_bytes, write
from standoff.release.folder import (
    PROVENANCE,
    PROVENANCE_SIGNATURE,
    SIGNATURE,
    SUMS,
    about,
    sha256_of,
    verify,
)
from standoff.release.review import PSEUDONYM, read_reviews
from standoff.release.revisions import changed, commit_of

__all__ = ["SIGNED", "SIGNERS", "Provenance", "SignOff", "attest", "misattested", "provenance", "read_provenance"]

NAMESPACE = "standoff"

SIGNERS = "corpus/allowed_signers"
"""Where a checkout says who may sign its releases."""

SIGNED = {SUMS: SIGNATURE, PROVENANCE: PROVENANCE_SIGNATURE}
"""File -> its signature."""

LIBRARIES = ("pyarrow", "numpy", "msgspec")
"""What decides the bytes of a release, besides this package."""


class SignOff(Struct, frozen=True, forbid_unknown_fields=True):
    """A review of the content, in corpus/reviews.json of the revision."""

    reviewer: str
    date: str


class Provenance(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a release was made from, by whom and by what."""

    version: str
    content_sha256: str
    sums_sha256: str
    """Of SHA256SUMS, and thereby of every file."""
    revision: str | None
    """The commit of the checkout that has this content; None where it is not under git."""
    changed: bool
    """Whether files of the corpus were otherwise than in that commit."""
    locks: dict[str, str]
    """Lock file -> sha256."""
    signed_off: tuple[SignOff, ...]
    built_by: str
    """A pseudonym."""
    date: str
    """When this was written down."""
    builder: dict[str, str]
    """This package, Python and the libraries that write the files -> version."""


def provenance(folder: Path, root: Path, *, by: str, date: str) -> Provenance:
    """Where the release in a folder comes from, as the checkout tells that it was built in.

    Raises:
        ReleaseError: the release is damaged, or the checkout has other content.
        UsageError: the builder's name is no pseudonym.
    """
    if not PSEUDONYM.fullmatch(by):
        raise UsageError(f"builder {by!r}; expected a pseudonym of letters, digits, _ and -")
    verify(folder)
    facts = about(folder)
    if (here := content_digest(read(root))) != facts.content_sha256:
        raise ReleaseError(
            f"has the content {facts.content_sha256}, but {root} has {here}; expected the one that it was built from",
            place=str(folder),
        )
    commit = commit_of("HEAD", root)
    return Provenance(
        version=facts.version,
        content_sha256=facts.content_sha256,
        sums_sha256=sha256_of(folder / SUMS),
        revision=commit,
        changed=commit is not None and changed(root),
        locks={path.relative_to(root).as_posix(): sha256_of(path) for path in sorted(root.glob("requirements/*.txt"))},
        signed_off=tuple(
            SignOff(review.reviewer, review.date)
            for review in read_reviews(root)
            if review.content_sha256 == facts.content_sha256
        ),
        built_by=by,
        date=date,
        builder={
            "python": python_version(),
            **{name: installed(name) for name in ("standoff", *LIBRARIES)},
        },
    )


def attest(folder: Path, told: Provenance, *, key: Path) -> tuple[Path, ...]:
    """Writes where a release comes from, and signs that and its checksums; gives what was written.

    Args:
        key: a private key, or the public half of one that an ssh-agent holds. It is read by ssh-keygen alone.

    Raises:
        UsageError: there is no ssh-keygen, or it cannot sign with this key.
    """
    write(folder / PROVENANCE, canonical(told) + "\n")
    for name, signature in SIGNED.items():
        write(folder / signature, _signature(read_bytes(folder / name), key))
    return tuple(folder / name for name in (PROVENANCE, *SIGNED.values()))


def read_provenance(folder: Path) -> Provenance | None:
    """What a release's sidecar tells of where it comes from; None where it has none.

    Raises:
        RecordError: it tells something else.
    """
    path = folder / PROVENANCE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(read_bytes(path), type=Provenance)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(str(error), place=PROVENANCE) from error


def misattested(folder: Path, signers: Path) -> Iterator[tuple[str, str]]:
    """The files whose signatures do not hold: path, and what is the matter with it.

    Args:
        signers: the allowed signers.

    Raises:
        UsageError: there is no ssh-keygen, or no such file of signers.
    """
    if not signers.is_file():
        raise UsageError("not found; expected a file of allowed signers (ssh-keygen(1))", place=str(signers))
    for name, signature in SIGNED.items():
        if not (folder / name).is_file():
            yield name, "is missing; expected it, signed"
        elif not (folder / signature).is_file():
            yield signature, f"is missing; expected the signature of {name}"
        elif fault := _fault(folder / name, folder / signature, signers):
            yield signature, fault


def _signature(content: bytes, key: Path) -> bytes:
    done = _ssh_keygen("sign", "-q", "-n", NAMESPACE, "-f", str(key), given=content)
    if done.returncode:
        raise UsageError(
            f"cannot be signed with: {_why(done)}; expected a private key, or the public half of one that the "
            "ssh-agent holds",
            place=str(key),
        )
    return done.stdout


def _fault(path: Path, signature: Path, signers: Path) -> str:
    """What is wrong with a signature; nothing where one whom the file allows signed what the file holds."""
    found = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(signers))
    if found.returncode:
        key = _key(path, signature)
        by = f"is by the key {key}" if key else f"is no signature of what {path.name} holds"
        return f"{by}; expected one by somebody whom {signers.name} allows ({_why(found)})"
    why = ""
    for who in found.stdout.decode(errors="replace").splitlines():
        words = ("-f", str(signers), "-I", who, "-n", NAMESPACE, "-s", str(signature))
        done = _ssh_keygen("verify", *words, given=read_bytes(path))
        if not done.returncode:
            return ""
        why = _why(done)
    return f"is no signature of what {path.name} holds ({why})"


def _key(path: Path, signature: Path) -> str:
    """The fingerprint of the key that a signature was made with; nothing where it is no signature of the file."""
    done = _ssh_keygen("check-novalidate", "-n", NAMESPACE, "-s", str(signature), given=read_bytes(path))
    found = re.search(rb"SHA256:[A-Za-z0-9+/]+", done.stdout)
    return found.group().decode() if found and not done.returncode else ""


def _ssh_keygen(action: str, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", action, *words],
            input=given,
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError("ssh-keygen is not installed; expected it (OpenSSH 8.9 or later), for signatures") from error


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode(errors="replace").split()) or f"ssh-keygen: exit code {done.returncode}"
