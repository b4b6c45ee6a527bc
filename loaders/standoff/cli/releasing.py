"""Commands that make releases."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, fails, progress, show_table, today

__all__ = ["build", "roundtrip"]


@click.command()
@click.argument("version")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder; made if needed."
)
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
@click.option(
    "--previous", metavar="SOURCE", help="The last release; default: looked for in folders of releases and tags."
)
def build(version: str, out: Path, date: str | None, previous: str | None) -> None:
    """Build the release VERSION of the corpus as a new folder below OUT."""
    from standoff.files import read
    from standoff.release import build as make
    from standoff.release.sources import open_source

    root = corpus_root()
    before = open_source(previous, root, releases=(out,)) if previous else None
    with progress() as tell:
        report = make(read(root), version, out, date=date or today(), root=root, previous=before, progress=tell)
    click.echo(f"{report.folder}: {report.content_sha256}")


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
