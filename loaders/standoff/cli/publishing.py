"""Commands by which releases reach others, and are taken back."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, printable, progress

__all__ = ["publish", "yank"]

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

    Credentials come from the environment, or from the store of the target's own client.
    """
    from standoff.release.publishing import built
    from standoff.release.publishing import publish as go

    root = corpus_root()
    with progress() as tell:
        done = go(built(version, folder or root / "build"), to, root=root, progress=tell)
    click.echo(f"{printable(done.target)}: {done.version}, {done.files} files, {'new' if done.new else 'was there'}")
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
