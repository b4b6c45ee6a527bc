"""Publishing: a release that was built, checked and signed goes where others find it, and never changes there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, structs

from standoff.canon import canonical_list, content_digest
from standoff.errors import ReleaseError, UsageError, nearest
from standoff.files import read, write
from standoff.model import Corpus, Progress, Release, silent
from standoff.release.choosing import listed
from standoff.release.folder import (
    ABOUT,
    RELEASES,
    SIDECARS,
    SUMS,
    About,
    about,
    checked_version,
    is_stray,
    order,
    sha256_of,
    verify,
)
from standoff.release.planning import Gate, agreed_by, gates, read_thresholds
from standoff.release.provenance import SIGNED, SIGNERS, misattested
from standoff.release.review import read_reviews, standing
from standoff.release.targets import Target, open_target
from standoff.release.verifying import check_release
from standoff.validate import validate

__all__ = ["Published", "built", "publish", "release_gates", "yank"]

LISTING = f"corpus/{RELEASES}"


class Published(Struct, frozen=True, kw_only=True):
    """What was published where."""

    version: str
    target: str
    files: int
    new: bool
    """Whether it was published by this call; it was there before otherwise, with the same files."""
    signature: str
    """Whether it is signed, and whether that was asked for, in words."""
    differing: tuple[str, ...] = ()
    """Files beside the release, such as its signature, that are otherwise there or missing; they were left so."""


def built(version: str, releases: Path) -> Path:
    """The folder of a release that was built: of exactly this version.

    Raises:
        ReleaseError: there is none in the folder of releases.
    """
    folder = releases / checked_version(version)
    if not (folder / ABOUT).is_file():
        raise ReleaseError(f"holds no release; expected {version!r}, as standoff build makes it", place=str(folder))
    if (found := about(folder).version) != version:
        raise ReleaseError(f"is version {found!r}; expected {version!r}", place=str(folder))
    return folder


def publish(folder: Path, to: str, *, root: Path, progress: Progress = silent) -> Published:
    """Publishes a release that was built, and lists it there and in the checkout.

    What was cut short can be done again: no reader finds the version before all its files are there and were read back.
    Credentials are the client's own business, which takes them from the environment or from its store.

    Args:
        folder: the release.
        to: a folder, a URL that fsspec knows, or hf://datasets/ORG/NAME.
        root: the checkout whose sign-offs, thresholds, decisions on texts, allowed signers and list of releases count.

    Raises:
        ReleaseError: the release is damaged or was yanked, a gate is shut, the target holds the version with other
            files, or it cannot be reached.
        UsageError: the target is none.
    """
    target = open_target(to)
    files = verify(folder)
    facts = about(folder)
    entry = Release(facts.version, facts.date, facts.content_sha256)
    _refuse_unlike(entry, listed(root / LISTING), str(root / LISTING))
    signed = _signature(folder, root)
    if shut := [gate for gate in (*release_gates(folder, root, progress=progress), signed) if not gate.open]:
        raise ReleaseError(
            f"not published: {'; '.join(f'{gate.name}: {gate.text}' for gate in shut)}", place=str(folder)
        )
    _refuse_unlike(entry, target.listed(), f"{target.name}/{RELEASES}")
    own = {**files, SUMS: sha256_of(folder / SUMS), **_beside(folder)}
    new = not target.holds(facts.version)
    if new:
        target.upload(facts.version, folder, own, progress)
    differing = _compare(target, facts, own, target.sums(facts.version), revealed=not new)
    if new:
        target.reveal(facts.version, folder)
    target.announce(_with(target.listed(), entry))
    write(root / LISTING, canonical_list("releases", _with(listed(root / LISTING), entry)))
    return Published(
        version=facts.version, target=to, files=len(own), new=new, signature=signed.text, differing=differing
    )


def release_gates(folder: Path, root: Path, *, progress: Progress = silent) -> tuple[Gate, ...]:
    """The conditions of publishing a release, as it was built: that it is whole, and what is asked of its corpus.

    An edition without texts may go out whatever was decided on publishing the texts.

    Args:
        root: the checkout whose sign-offs, thresholds of agreement and decisions on publishing texts count.

    Raises:
        ReleaseError: the release has no texts, and the checkout has other content than it was built from.
    """
    held, faults = check_release(folder, progress=progress)
    if wrong := [fault for fault in faults if fault.severity == "error"]:
        more = f" (and {len(wrong) - 1} more; standoff verify lists them)" if len(wrong) > 1 else ""
        return (Gate("release", False, f"{wrong[0]}{more}"),)
    facts, now = about(folder), read(root)
    corpus = held or _without_texts(now, facts, folder)
    findings = validate(corpus, progress=progress)
    thresholds = read_thresholds(root)
    found = gates(
        # What was decided since the release was built counts, too.
        structs.replace(corpus, rights=now.rights),
        findings=findings,
        standing=standing(corpus, findings, read_reviews(root)),
        thresholds=thresholds,
        agreed=agreed_by(corpus, thresholds) if thresholds else None,
    )
    return (Gate("release", True, "is what it says it is"), *(_for_edition(gate, facts) for gate in found))


def yank(root: Path, version: str, why: str, *, targets: Iterable[str] = ()) -> tuple[Release, ...]:
    """Marks a release as one that nobody should use any more: in the checkout, then at each target.

    It stays where it is, for whoever must see what it was. Doing it again, with the same reason, goes on where it was
    cut short. Gives the releases that the checkout lists now.

    Raises:
        ReleaseError: a place does not list the release, or says that it was yanked for another reason.
        UsageError: no reason is given, or a target is none.
    """
    if not why.strip():
        raise UsageError("a release is yanked without a reason; expected one, for those who use it")
    opened = [open_target(to) for to in targets]
    marked = _yanked(listed(root / LISTING), version, why, str(root / LISTING))
    write(root / LISTING, canonical_list("releases", marked))
    for target in opened:
        target.announce(_yanked(target.listed(), version, why, f"{target.name}/{RELEASES}"))
    return marked


def _signature(folder: Path, root: Path) -> Gate:
    """Whether a release bears the signature that the checkout asks for, by saying who may sign."""
    name = "signature"
    if (root / SIGNERS).is_file():
        if not (faults := list(misattested(folder, root / SIGNERS))):
            return Gate(name, True, f"by one whom {SIGNERS} allows")
        said = "; ".join(f"{path} {fault}" for path, fault in faults)
        return Gate(name, False, f"{said}: sign it: standoff release sign {folder} --key KEY --by PSEUDONYM")
    if any((folder / path).is_file() for path in SIGNED.values()):
        return Gate(name, True, f"there, and held against nobody: there is no {SIGNERS}")
    return Gate(name, True, f"none; it goes out unsigned, since no {SIGNERS} asks for one")


def _without_texts(corpus: Corpus, facts: About, folder: Path) -> Corpus:
    """The corpus that an edition without texts was built from: the checkout's."""
    if (found := content_digest(corpus)) != facts.content_sha256:
        raise ReleaseError(
            f"was built without texts of content {facts.content_sha256}, but the checkout holds {found}; expected the "
            "checkout that it was built from",
            place=str(folder),
        )
    return corpus


def _for_edition(gate: Gate, facts: About) -> Gate:
    if gate.name == "rights" and facts.edition != "full":
        return Gate(gate.name, True, "the edition holds no texts")
    return gate


def _refuse_unlike(entry: Release, there: Sequence[Release], place: str) -> None:
    """Lets a release pass that a list does not have, or has with the same content and not yanked."""
    for one in there:
        if one.version == entry.version and one.yanked:
            raise ReleaseError(f"version {one.version!r} was yanked ({one.why}); expected a new version", place=place)
        if one.version == entry.version and one.content_sha256 != entry.content_sha256:
            raise ReleaseError(
                f"version {one.version!r} was released with the content {one.content_sha256}, but this one has "
                f"{entry.content_sha256}: a release never changes, build under a new version",
                place=place,
            )


def _beside(folder: Path) -> dict[str, str]:
    """The checksums of what stands beside a release and goes along with it: provenance and signatures."""
    names = (name for name in SIDECARS if name != RELEASES and not name.startswith("."))
    return {name: sha256_of(folder / name) for name in names if (folder / name).is_file()}


def _compare(
    target: Target, facts: About, own: dict[str, str], there: dict[str, str], *, revealed: bool
) -> tuple[str, ...]:
    """What is otherwise at a target, which may be nothing but what stands beside a release.

    Args:
        revealed: whether it was there before; the file by which readers know a release is else still to come.
    """
    paths = sorted(
        path for path in own.keys() | there.keys() if own.get(path) != there.get(path) and not is_stray(path)
    )
    if not revealed and ABOUT not in there:
        paths.remove(ABOUT)
    wrong = [path for path in paths if path not in SIDECARS or not revealed]
    shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    if wrong and not revealed:
        raise ReleaseError(f"what came back is not what was sent ({shown}): publish again", place=target.name)
    if wrong:
        raise ReleaseError(
            f"holds version {facts.version!r} with other files ({shown}); a release never changes: build under a new "
            "version",
            place=target.name,
        )
    return tuple(paths)


def _with(there: Sequence[Release], entry: Release) -> tuple[Release, ...]:
    """A list of releases with one more, by version."""
    known = any(one.version == entry.version for one in there)
    return tuple(there) if known else tuple(sorted((*there, entry), key=lambda one: order(one.version)))


def _yanked(there: Sequence[Release], version: str, why: str, place: str) -> tuple[Release, ...]:
    versions = [one.version for one in there]
    if version not in versions:
        known = f"there is {', '.join(versions)}" if versions else "there are none"
        raise ReleaseError(f"lists no release {version!r}{nearest(version, versions)}; {known}", place=place)
    before = next(one for one in there if one.version == version)
    if before.yanked and before.why != why:
        raise ReleaseError(f"version {version!r} was yanked already, because: {before.why}", place=place)
    return tuple(structs.replace(one, yanked=True, why=why) if one is before else one for one in there)
