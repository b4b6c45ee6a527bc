"""Commands by which releases reach others, and are taken back."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, printable, progress, show_lines, today

__all__ = ["publish", "withdraw", "yank"]

TARGET = "TARGET"


@click.command()
@click.argument("version")
@click.option("--to", required=True, metavar=TARGET, help="hf://datasets/ORG/NAME, a folder, or a URL such as s3://...")
@click.option(
    "--from",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of releases that holds VERSION; default: build/ of the checkout.",
)
def publish(version: str, to: str, folder: Path | None) -> None:
    """Publish the release VERSION, which was built and signed off, and list it in corpus/releases.json.

    Where corpus/allowed_signers says who may sign releases, one of them must have signed it.

    Credentials come from the environment, or from the store of the target's own client.
    """
    from standoff.release.publishing import built
    from standoff.release.publishing import publish as go

    root = corpus_root()
    with progress() as tell:
        done = go(built(version, folder or root / "build"), to, root=root, progress=tell)
    click.echo(f"{printable(done.target)}: {done.version}, {done.files} files, {'new' if done.new else 'was there'}")
    click.echo(f"signature: {done.signature}")
    if done.differing:
        click.echo(f"left as it is there: {', '.join(map(printable, done.differing))}")


@click.command()
@click.argument("version")
@click.option("--why", required=True, metavar="TEXT", help="For those who use the release.")
@click.option("--to", "targets", multiple=True, metavar=TARGET, help="Where it was published; may be given repeatedly.")
def yank(version: str, why: str, targets: tuple[str, ...]) -> None:
    """Mark the release VERSION as one that nobody should use, here and where it was published."""
    from standoff.release.publishing import yank as go

    go(corpus_root(), version, why, targets=targets)
    click.echo(f"{version}: yanked here" + "".join(f", at {printable(to)}" for to in targets))


@click.command()
@click.argument("document")
@click.option("--why", required=True, metavar="TEXT", help="For those who look for the document.")
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
def withdraw(document: str, why: str, date: str | None) -> None:
    """Take DOCUMENT out of the corpus for good, and list that it was there in corpus/withdrawn.json.

    What was published holds it still: yank those releases. So does the history of the repository.
    """
    from standoff.files import read
    from standoff.release.withdrawal import withdraw as go

    root = corpus_root()
    removed = go(root, document, why, date=date or today())
    show_lines("".join(f"removed: {path}\n" for path in removed))
    click.echo(f"{document}: withdrawn" if removed else f"{document}: was withdrawn already")
    if out := [one.version for one in read(root).releases if not one.yanked]:
        click.echo(f"releases that may hold it: {', '.join(out)}; standoff release yank marks them")
