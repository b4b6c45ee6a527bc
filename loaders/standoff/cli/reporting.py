"""The command that shows a corpus on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, progress, today

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standoff.model import Corpus, Finding
    from standoff.release.planning import Plan
    from standoff.report import Before

__all__ = ["report"]


@click.command()
@click.argument("source", default=".")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The page; replaced if there is one."
)
@click.option("--date", help="Of the report, YYYY-MM-DD; default: today (UTC).")
@click.option(
    "--previous", metavar="SOURCE", help="What to compare with; default: the last release, where it is found."
)
@click.option(
    "--releases",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of releases, besides releases/, build/ and dist/ of the checkout.",
)
def report(source: str, out: Path, date: str | None, previous: str | None, releases: tuple[Path, ...]) -> None:
    """Show a corpus (default: where you stand) on one page: articles, findings, agreement, changes, whether to release.

    SOURCE and --previous are folders of a checkout or a release, versions, or revisions in git.
    """
    from standoff.files import write
    from standoff.report import report as make

    root = corpus_root()
    with progress() as tell:
        corpus, findings = _checked(source, root, releases)
        before = _before(corpus, previous, root, releases)
        plan = _planned(corpus, findings, before, root, releases, date or today())
        page = make(corpus, date=date or today(), findings=findings, plan=plan, previous=before, progress=tell)
    write(out, page)
    click.echo(f"{out}: {len(corpus.documents)} documents, {len(findings)} findings, {len(page.encode()):,} bytes")


def _checked(source: str, root: Path, releases: tuple[Path, ...]) -> tuple[Corpus, tuple[Finding, ...]]:
    """The corpus and all that is wrong with it; of a checkout its files, too."""
    from standoff.release.sources import open_source
    from standoff.validate import check, validate

    if source == ".":
        return check(root)
    corpus = open_source(source, root, releases=releases)
    return corpus, validate(corpus)


def _before(corpus: Corpus, previous: str | None, root: Path, releases: tuple[Path, ...]) -> Before | str:
    """What the corpus is compared with, or why there is nothing."""
    from standoff.errors import masked
    from standoff.release.sources import open_source
    from standoff.report import Before

    if previous is not None:
        return Before(masked(previous), open_source(previous, root, releases=releases))
    found = _last(corpus, None, root, releases)
    if found is None:
        return "nothing was released yet; --previous compares with any other corpus"
    return found if isinstance(found, str) else Before(found.version, found)


def _last(corpus: Corpus, given: Corpus | None, root: Path, releases: tuple[Path, ...]) -> Corpus | str | None:
    """The last release, or why it cannot be had; None where there was none."""
    from standoff.errors import ReleaseError, UsageError
    from standoff.release.sources import previous_release

    try:
        return previous_release(corpus, root, releases=releases, given=given)
    except (ReleaseError, UsageError) as error:
        return str(error)


def _planned(
    corpus: Corpus,
    findings: Sequence[Finding],
    before: Before | str,
    root: Path,
    releases: tuple[Path, ...],
    date: str,
) -> Plan | str:
    """The next release, or why it cannot be planned."""
    from standoff.release.planning import agreed_by, plan, read_thresholds
    from standoff.release.review import read_reviews, standing

    unread = [finding for finding in findings if finding.rule == "record-shape"]
    if unread or not corpus.documents.keys() <= corpus.segments.keys():
        return f"{unread[0] if unread else 'a document has no segments'}; what cannot be read cannot be signed"
    last = _last(corpus, None, root, releases)
    if isinstance(last, str) and not isinstance(before, str):
        # What is compared with may be any corpus; where it is the release that is nowhere else, it will do.
        last = _last(corpus, before.corpus, root, releases)
    if isinstance(last, str):
        return last
    thresholds = read_thresholds(root)
    return plan(
        corpus,
        last,
        date=date,
        findings=findings,
        standing=standing(corpus, findings, read_reviews(root)),
        thresholds=thresholds,
        agreed=agreed_by(corpus, thresholds) if thresholds else None,
    )
