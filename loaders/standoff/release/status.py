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
from standoff.release.planning import Plan
from standoff.release.review import Standing
from standoff.text import sha

__all__ = ["Status", "last_seen", "status"]

JOURNAL = Path(".standoff") / "journal"


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
) -> Status:
    """Where a corpus stands.

    Args:
        plan: of the next release, or why there can be none.
        seen: what Label Studio was last seen to begin from, by annotator and document; None where nobody ever pulled.
    """
    errors = sum(finding.severity == "error" for finding in findings)
    ahead = _ahead(corpus, seen or {})
    rows = (
        ("corpus", f"{len(corpus.documents)} documents, {len(corpus.sets)} sets, {len(corpus.gold)} in gold"),
        ("findings", f"{errors} errors, {len(findings) - errors} warnings"),
        *_release_rows(plan),
        ("sign-off", _signed(standing)),
        ("Label Studio", _exchanged(corpus, seen, ahead)),
    )
    return Status(rows, tuple(_next(errors, standing, plan, ahead)) or ("nothing",))


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
        return who + (f"; {len(standing.open)} findings that were not accepted" if standing.open else "")
    last = max((review.date for review in standing.outdated), default="")
    return f"none of this content; other content was last signed on {last}" if last else "none"


def _exchanged(corpus: Corpus, seen: Mapping[tuple[str, str], str] | None, ahead: Sequence[str]) -> str:
    if seen is None:
        return "nothing was ever pulled into this checkout"
    known = sum(key in seen for key in corpus.sets)
    text = f"{known} of {len(corpus.sets)} sets were pulled or compared"
    return text + (f"; since then changed here: {', '.join(ahead)}" if ahead else "; none changed here since")


def _next(errors: int, standing: Standing, plan: Plan | str, ahead: Sequence[str]) -> Iterator[str]:
    warnings = len(standing.open) - errors
    if ahead:
        yield f"standoff push: {len(ahead)} sets changed here since Label Studio was last seen"
    if errors:
        yield f"standoff validate: fix {errors} errors"
    if isinstance(plan, str):
        yield "standoff release plan --previous SOURCE: say where the last release is"
        return
    if plan.version is None:
        return
    if warnings > 0:
        yield f"standoff validate: fix {warnings} warnings, or accept them with reasons in standoff review sign"
    if not standing.signed and not errors:
        yield "standoff diff, then standoff review sign --reviewer PSEUDONYM: nobody signed what is there"
    if plan.ready:
        yield f"standoff build {plan.version} --out DIR: all gates are open"
    elif waiting := [gate.name for gate in plan.gates if not gate.open and gate.name not in ("validation", "sign-off")]:
        yield f"standoff release plan: {', '.join(waiting)} stand in the way of {plan.version}"
