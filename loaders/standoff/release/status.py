"""Where a corpus stands: since the last release, with its reviewers, with Label Studio; and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from standoff.canon import canonical_set, normal
from standoff.errors import RecordError
from standoff.files import read_bytes
from standoff.model import Corpus, Finding
from standoff.release.builds import Built
from standoff.release.planning import Plan, counted
from standoff.release.review import Standing
from standoff.text import sha

__all__ = ["Status", "last_seen", "status"]

JOURNAL = Path(".standoff") / "journal"

STALE = ("gold-current", "gold-derived")
"""Rules on gold that is not what sets and decisions give: no hand mends it."""


class Status(Struct, frozen=True):
    """What is known of a corpus, by subject, and what to do next, in order."""

    rows: tuple[tuple[str, str], ...]
    next: tuple[str, ...]


def status(
    corpus: Corpus,
    *,
    findings: Sequence[Finding],
    standing: Standing,
    plan: Plan | str,
    seen: Mapping[tuple[str, str], str] | None,
    built: Sequence[Built] = (),
    tagged: bool = True,
) -> Status:
    """Where a corpus stands.

    Args:
        plan: of the next release, or why there can be none.
        seen: what Label Studio was last seen to begin from, by annotator and document; None where nobody ever pulled.
        built: the releases that lie in the checkout.
        tagged: whether the newest release has its tag, or needs none.
    """
    errors = sum(finding.severity == "error" for finding in findings)
    ahead = _ahead(corpus, seen or {})
    size = f"{counted(len(corpus.documents), 'document')}, {counted(len(corpus.sets), 'set')}"
    rows = (
        ("corpus", f"{size}, {len(corpus.gold)} in gold"),
        ("findings", f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}"),
        *_release_rows(plan),
        ("sign-off", _signed(standing)),
        ("Label Studio", _exchanged(corpus, seen, ahead)),
    )
    todo = (
        *(
            f"standoff push: {counted(len(ahead), 'set')} changed here since Label Studio was last seen"
            for _ in ahead[:1]
        ),
        *_mending(findings, built),
        *(_beginning(corpus) or _releasing(corpus, errors, standing, plan, built, tagged)),
    )
    return Status(rows, todo or ("nothing",))


def last_seen(root: Path) -> dict[tuple[str, str], str] | None:
    """(annotator, document) -> sha256 of the set that Label Studio was last seen to hold as its base.

    From the journal that a pull keeps in the checkout's ignored folder; None where there is no journal.

    Raises:
        RecordError: an entry of the journal is not what a pull writes.
    """
    folder = root / JOURNAL
    if not folder.is_dir():
        return None
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob("*/*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        try:
            base = msgspec.json.decode(read_bytes(path), type=_Entry).meta
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RecordError(str(error), place=str(path.relative_to(root))) from error
        if base is not None:
            found[base.annotator, base.document] = base.sha256
    return found


class _Base(Struct):
    annotator: str = ""
    document: str = ""
    sha256: str = ""


class _Entry(Struct):
    meta: _Base | None = None


def _ahead(corpus: Corpus, seen: Mapping[tuple[str, str], str]) -> list[str]:
    """The sets that are otherwise than Label Studio was last seen to begin from."""
    return [
        f"{annotator}/{document}"
        for (annotator, document), marked in sorted(corpus.sets.items())
        if (annotator, document) in seen
        and seen[annotator, document] != sha(canonical_set(normal(marked, corpus.scheme), corpus.scheme))
    ]


def _release_rows(plan: Plan | str) -> Iterator[tuple[str, str]]:
    if isinstance(plan, str):
        yield "release", f"unknown: {plan}"
        return
    if plan.previous is None:
        yield "release", "none yet"
    elif plan.version is None:
        yield "release", f"{plan.previous}; nothing changed since"
    else:
        yield "release", f"{plan.previous}; what changed since is {plan.weight}, the next would be {plan.version}"
    for reason in plan.reasons:
        yield f"  {reason.weight}", reason.text


def _signed(standing: Standing) -> str:
    if standing.signed:
        who = ", ".join(f"{review.reviewer} on {review.date}" for review in standing.signed)
        return who + (f"; {counted(len(standing.open), 'finding')} not accepted" if standing.open else "")
    last = max((review.date for review in standing.outdated), default="")
    return f"none of this content; other content was last signed on {last}" if last else "none"


def _exchanged(corpus: Corpus, seen: Mapping[tuple[str, str], str] | None, ahead: Sequence[str]) -> str:
    if seen is None:
        return "nothing was ever pulled into this checkout"
    known = sum(key in seen for key in corpus.sets)
    text = f"{known} of {len(corpus.sets)} sets were pulled or compared"
    return text + (f"; since then changed here: {', '.join(ahead)}" if ahead else "; none changed here since")


def _mending(findings: Sequence[Finding], built: Sequence[Built]) -> Iterator[str]:
    """What is wrong, and by which command it is mended."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if stale := sum(finding.rule in STALE for finding in errors):
        yield f"standoff adjudicate: {counted(stale, 'finding')} on gold, which is not what sets and decisions give now"
    if others := len(errors) - stale:
        yield f"standoff validate: fix {counted(others, 'error')}"
    for one in built:
        if not one.whole:
            yield f"delete {one.folder}, and build it again: it is not as it was built; standoff verify tells more"


def _beginning(corpus: Corpus) -> tuple[str, ...]:
    """What a corpus needs before there is anything to release."""
    if not corpus.documents:
        return ("edit schema/, then standoff add FILE: there is no document yet",)
    if not corpus.sets and not corpus.gold:
        return ("standoff push, or standoff import: no document was annotated yet",)
    return ()


def _releasing(
    corpus: Corpus, errors: int, standing: Standing, plan: Plan | str, built: Sequence[Built], tagged: bool
) -> Iterator[str]:
    """What is to be done for the next release."""
    if isinstance(plan, str):
        if all(one.whole for one in built):
            yield "standoff release plan --previous SOURCE: say where the last release is"
        return
    if plan.version is None:
        if not tagged:
            yield f"commit corpus/releases.json, then git tag v{plan.previous}: no tag says what was released"
        return
    if corpus.releases and all(release.yanked for release in corpus.releases):
        yield f"all releases were yanked, and nobody gets one unasked until {plan.version} is published"
    shut = {gate.name: gate.text for gate in plan.gates if not gate.open}
    if undecided := shut.pop("adjudication", ""):
        yield f"standoff adjudicate: {undecided}; decide before any sign-off"
        return
    if (warnings := len(standing.open) - errors) > 0:
        yield f"standoff validate: fix {counted(warnings, 'warning')}, or accept with reasons in standoff review sign"
    if not standing.signed and not errors:
        look = f"standoff diff {plan.previous}" if plan.previous else "standoff report --out FILE"
        yield f"{look}, then standoff review sign --reviewer PSEUDONYM: nobody signed what is there"
    if plan.ready:
        yield _building(corpus, standing.content_sha256, plan.version, built)
    elif waiting := [name for name in shut if name not in ("validation", "sign-off")]:
        yield f"standoff release plan: in the way of {plan.version}: {', '.join(waiting)}"


def _building(corpus: Corpus, content: str, version: str, built: Sequence[Built]) -> str:
    """To build the release whose gates are open; or to publish it, where it was built and is not listed."""
    listed = {release.version for release in corpus.releases}
    for one in built:
        if one.content_sha256 == content and one.version not in listed and ".dev" not in one.version:
            return (
                f"standoff publish {one.version} --from {one.folder.parent} --to TARGET, then commit "
                f"corpus/releases.json and git tag v{one.version}: {one.folder} holds what is here"
            )
    return f"standoff build {version} --out DIR: all gates are open"
