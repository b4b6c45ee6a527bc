"""Commands that make releases, sign them, and check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, fails, printable, progress, show_lines, show_table, today
from standoff.cli.reviewing import releases_option
from standoff.cli.scaling import build_over, sharded
from standoff.errors import UsageError

if TYPE_CHECKING:
    from standoff.release.folder import Edition

__all__ = ["build", "roundtrip", "sign_release", "verify"]


@click.command()
@click.argument("version")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder; made if needed."
)
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
@click.option(
    "--previous", metavar="SOURCE", help="The last release; default: looked for in folders of releases and tags."
)
@click.option(
    "--edition",
    type=click.Choice(["full", "text-free"]),
    default="full",
    show_default=True,
    help="text-free: without the words of the articles, but for titles and names; standoff hydrate puts them back.",
)
@sharded(build_over)
def build(version: str, out: Path, date: str | None, previous: str | None, edition: Edition) -> None:
    """Build the release VERSION of the corpus as a new folder below OUT."""
    from standoff.files import read
    from standoff.release import build as make
    from standoff.release.sources import open_source

    root = corpus_root()
    before = open_source(previous, root, releases=(out,)) if previous else None
    with progress() as tell:
        report = make(
            read(root),
            version,
            out,
            date=date or today(),
            root=root,
            previous=before,
            edition=edition,
            progress=tell,
        )
    click.echo(f"{report.folder}: {report.content_sha256}{'' if report.new else ', was there'}")
    if report.differing:
        click.echo(f"left as it is there: {', '.join(map(printable, report.differing))}")


@click.command("sign")
@click.argument("what", metavar="DIR|VERSION")
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A private SSH key, or the public half of one that your ssh-agent holds.",
)
@click.option("--by", required=True, metavar="PSEUDONYM", help="Who built it; no name, no e-mail.")
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
@releases_option
def sign_release(what: str, key: Path, by: str, date: str | None, releases: tuple[Path, ...]) -> None:
    """Write down where a release comes from, and sign that and its checksums: three files beside it."""
    from standoff.release.provenance import attest, provenance
    from standoff.release.sources import located

    root = corpus_root()
    with located(what, root, releases=releases) as folder:
        written = attest(folder, provenance(folder, root, by=by, date=date or today()), key=key)
    show_lines("".join(f"{path}\n" for path in written))


@click.command()
@click.argument("what", metavar="DIR|URL|VERSION")
@click.option("--version", help="Which release, where there are several; default: the newest.")
@click.option(
    "--signers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Allowed signers (ssh-keygen(1)), one of whom must have signed; default: corpus/allowed_signers, if there.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "junit"]), default="text", show_default=True
)
@releases_option
def verify(what: str, version: str | None, signers: Path | None, form: str, releases: tuple[Path, ...]) -> None:
    """Check that a release is whole, signed where that is asked for, and holds what it says. Exit 1 where it does not.

    A release at a URL is copied first, all files that are there.
    """
    from standoff.cli.findings import show
    from standoff.release.sources import located
    from standoff.release.verifying import RULES, check_release

    root = _checkout()
    with located(what, root, version=version, releases=releases) as folder, progress() as tell:
        signers = signers or _allowed(root)
        corpus, findings = check_release(folder, signers=signers, progress=tell)
        show(findings, RULES, corpus, folder, form=form, left_out=0)
    if form == "text":
        click.echo(f"signature: {f'held against {printable(str(signers))}' if signers else 'not asked for'}")
    if any(finding.severity == "error" for finding in findings):
        fails()


def _checkout() -> Path | None:
    """The corpus where one stands; a release can be checked anywhere."""
    try:
        return corpus_root()
    except UsageError:
        return None


def _allowed(root: Path | None) -> Path | None:
    from standoff.release.provenance import SIGNERS

    return root / SIGNERS if root and (root / SIGNERS).is_file() else None


@click.command()
def roundtrip() -> None:
    """The whole way once: push to a real Label Studio, pull back, compare, validate, build, load."""
    from standoff.roundtrip import lines
    from standoff.roundtrip import roundtrip as go

    root = corpus_root()
    with progress() as tell:
        report = go(root, date=today(), progress=tell)
    show_table(lines(report))
    if not report.ok:
        fails()
