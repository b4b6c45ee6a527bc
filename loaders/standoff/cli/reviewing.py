"""Commands by which a reviewer sees what changed, what the next release is, and signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from standoff.cli.common import corpus_root, fails, progress, show_lines, today
from standoff.cli.scaling import engine_options, show_left_out

if TYPE_CHECKING:
    from standoff.model import Corpus, Finding
    from standoff.release.planning import Plan
    from standoff.release.review import Standing
    from standoff.shards.telling import Form

__all__ = ["diff", "release", "review", "status"]

releases_option = click.option(
    "--releases",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of releases, besides releases/, build/ and dist/ of the checkout.",
)
previous_option = click.option(
    "--previous", metavar="SOURCE", help="The last release; default: looked for in folders of releases and tags."
)


@click.command()
@click.argument("a")
@click.argument("b", default=".")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
@releases_option
@engine_options
def diff(a: str, b: str, form: Form, out: Path | None, releases: tuple[Path, ...], **over: Any) -> None:
    """What is otherwise in corpus B (default: where you stand) than in corpus A. Exit 1 where the content differs.

    A and B are folders of a checkout or a release, versions, revisions in git, or shards: their folder, a pattern or
    URL of them. Shards that lie in a corpus's folder go with its schema and lists, others with those where you stand.
    A record of theirs that cannot be read is told, and left out; exit 1 there, too.
    """
    from standoff.diff import diff as compare
    from standoff.diff import json_text, page, text
    from standoff.errors import masked
    from standoff.files import write
    from standoff.release.sources import open_source
    from standoff.shards.sides import is_shards

    root = corpus_root()
    if is_shards(a) or is_shards(b):
        _diff_over(a, str(root) if b == "." else b, root, form, out, releases, names=(a, b), **over)
        return
    old = open_source(a, root, releases=releases)
    new = open_source(str(root) if b == "." else b, root, releases=releases)
    with progress() as tell:
        found = compare(old, new, progress=tell)
    names = masked(a), masked(b)
    shown = {"text": text, "json": json_text}.get(form, lambda d: page(d, old, new, old=names[0], new=names[1]))(found)
    if out is not None:
        write(out, shown)
    elif form == "text":
        show_lines(shown)
    else:
        click.echo(shown, nl=False)
    if found.content:
        fails()


def _diff_over(
    a: str,
    b: str,
    root: Path,
    form: Form,
    out: Path | None,
    releases: tuple[Path, ...],
    *,
    names: tuple[str, str],
    kind: Any,
    workers: int,
    scheduler: str,
    work: Path | None,
) -> None:
    """The same where one side or both stand in shards."""
    from standoff.engine import Engine
    from standoff.shards.differing import diff_sides
    from standoff.shards.sides import opened_side
    from standoff.shards.streams import put_bytes

    folder = (work or root / ".standoff" / "shards").resolve() / "diff"
    with progress() as tell:
        found = diff_sides(
            opened_side("a", a, root, work=folder, releases=releases),
            opened_side("b", b, root, work=folder, releases=releases),
            folder,
            form,
            engine=Engine(kind=kind, workers=workers, scheduler=scheduler),
            progress=tell,
        )
    numbers, pieces = found.shown(form, *names)
    if out is not None:
        put_bytes(str(out), (piece.encode() for piece in pieces), before=b"", between=b"", after=b"")
    for piece in () if out is not None else pieces:
        if form == "text":
            show_lines(piece)
        else:
            click.echo(piece, nl=False)
    show_left_out(found.findings, found.left_out)
    if numbers.content or found.left_out:
        fails()


@click.group()
def release() -> None:
    """The next release of the corpus."""


@release.command()
@click.option("--date", help="Of the changelog's entry, YYYY-MM-DD; default: today (UTC).")
@previous_option
@releases_option
def plan(date: str | None, previous: str | None, releases: tuple[Path, ...]) -> None:
    """The version of the next release, why, what stands in its way, and its changelog. Exit 1 where a gate is shut."""
    root = corpus_root()
    found = _planned(root, _reviewed(root, _previous(root, previous, releases)), date or today())
    show_lines(_plan_text(found))
    if not found.ready:
        fails()


@click.group()
def review() -> None:
    """A reviewer's sign-off of the corpus as it is."""


@review.command()
@click.option("--reviewer", required=True, metavar="PSEUDONYM", help="Letters, digits, _ and -; no name, no e-mail.")
@click.option("--accept", "accepted", multiple=True, metavar="RULE:FILE#ID=REASON", help="A warning to let stand.")
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
@previous_option
@releases_option
def sign(
    reviewer: str, accepted: tuple[str, ...], date: str | None, previous: str | None, releases: tuple[Path, ...]
) -> None:
    """Sign the corpus as it is. Exit 1 where findings are neither fixed nor accepted."""
    from standoff.release.planning import counted
    from standoff.release.review import accept, blocking, read_reviews, write_reviews
    from standoff.release.review import sign as signed

    root = corpus_root()
    corpus, _, findings = _reviewed(root, _previous(root, previous, releases))
    accepting = [accept(text, findings) for text in accepted]
    if left := blocking(findings, accepting):
        show_lines("".join(f"{finding.severity}: {finding}\n" for finding in left))
        click.echo(f"not signed: {counted(len(left), 'finding')} neither fixed nor accepted")
        fails()
    made = signed(corpus, findings, reviewer=reviewer, date=date or today(), accepted=accepting)
    write_reviews(root, (*read_reviews(root), made))
    click.echo(f"{made.content_sha256}: signed by {made.reviewer}, {counted(len(made.accepted), 'warning')} accepted")


@review.command("status")
@previous_option
@releases_option
def review_status(previous: str | None, releases: tuple[Path, ...]) -> None:
    """Whether the corpus as it is was signed. Exit 1 where it was not."""
    root = corpus_root()
    found = _standing(root, _reviewed(root, _previous(root, previous, releases)))
    show_lines("".join(f"{line}\n" for line in _standing_lines(found)))
    if not found.holds:
        fails()


@click.command()
@previous_option
@releases_option
def status(previous: str | None, releases: tuple[Path, ...]) -> None:
    """What changed since the last release, push and pull, and what to do next."""
    from standoff.errors import ReleaseError, UsageError
    from standoff.release.builds import builds
    from standoff.release.revisions import is_tagged
    from standoff.release.status import last_seen
    from standoff.release.status import status as tell
    from standoff.release.weighing import newest

    root = corpus_root()
    try:
        before, unknown = _previous(root, previous, releases), ""
    except (ReleaseError, UsageError) as error:
        # The rest can be told all the same, and this is told, too.
        before, unknown = None, str(error)
    reviewed = _reviewed(root, before)
    release = newest(reviewed.corpus.releases)
    found = tell(
        reviewed.corpus,
        findings=reviewed.findings,
        standing=_standing(root, reviewed),
        plan=unknown or _planned(root, reviewed, today()),
        seen=last_seen(root),
        built=tuple(builds(root, releases)),
        tagged=release is None or is_tagged(release.version, root),
    )
    show_lines("".join(f"{name:13} {text}\n" for name, text in (*found.rows, *(("next", line) for line in found.next))))


class _Reviewed(NamedTuple):
    """What a reviewer looks at: the corpus, the newest release if there is one, and all that is wrong."""

    corpus: Corpus
    before: Corpus | None
    findings: tuple[Finding, ...]


def _previous(root: Path, asked: str | None, releases: tuple[Path, ...]) -> Corpus | None:
    from standoff.files import read
    from standoff.release.sources import open_source, previous_release

    given = open_source(asked, root, releases=releases) if asked else None
    return previous_release(read(root), root, releases=releases, given=given)


def _reviewed(root: Path, before: Corpus | None) -> _Reviewed:
    """The corpus as the rules see it; where a record cannot be read, no review can begin."""
    from standoff.files import read
    from standoff.release.weighing import newest
    from standoff.validate import check

    corpus = read(root)
    release = newest(corpus.releases)
    earlier = {release.version: before} if release and before else None
    with progress() as tell:
        return _Reviewed(corpus, before, check(root, previous=earlier, progress=tell)[1])


def _standing(root: Path, reviewed: _Reviewed) -> Standing:
    from standoff.release.review import read_reviews, standing

    return standing(reviewed.corpus, reviewed.findings, read_reviews(root))


def _planned(root: Path, reviewed: _Reviewed, date: str) -> Plan:
    from standoff.release.planning import agreed_by, plan, read_thresholds

    thresholds = read_thresholds(root)
    return plan(
        reviewed.corpus,
        reviewed.before,
        date=date,
        findings=reviewed.findings,
        standing=_standing(root, reviewed),
        thresholds=thresholds,
        agreed=agreed_by(reviewed.corpus, thresholds) if thresholds else None,
    )


def _plan_text(plan: Plan) -> str:
    version = plan.version or f"none: nothing changed since {plan.previous}"
    lines = [f"version: {version}", f"after: {plan.previous or 'no release yet; any version will do'}", ""]
    lines += [f"{reason.weight}: {reason.text}" for reason in plan.reasons]
    lines += ["", *(f"{_GATE[gate.open]}: {gate.name}: {gate.text}" for gate in plan.gates), ""]
    return "\n".join([*lines, plan.changelog])


_GATE = {True: "open", False: "shut", None: "unknown"}


def _standing_lines(standing: Standing) -> list[str]:
    lines = [f"content: {standing.content_sha256}"]
    for one in standing.signed:
        lines.append(f"signed: by {one.reviewer} on {one.date}")
        lines += [f"accepted: {a.rule}:{a.file}#{a.id}: {a.reason}" for a in one.accepted]
    lines += [f"outdated: {one.reviewer} on {one.date} signed {one.content_sha256}" for one in standing.outdated]
    lines += [f"open: {finding.severity}: {finding}" for finding in standing.open]
    return lines if standing.signed else [*lines, "not signed"]
