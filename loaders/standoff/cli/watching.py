"""The command that tells annotators what is wrong while they work."""

from __future__ import annotations

import click

from standoff.cli.common import corpus_root, printable, progress
from standoff.cli.studio import URL, each, the_studio

__all__ = ["watch"]


@click.command()
@click.option("--for", "annotators", required=True, help="Pseudonyms in annotators.json, with commas between them.")
@click.option("--once", is_flag=True, help="Look once, instead of until interrupted.")
@click.option("--every", type=click.FloatRange(min=0.5), default=3.0, show_default=True, help="Seconds between looks.")
@URL
def watch(annotators: str, once: bool, every: float, url: str | None) -> None:
    """Validate what annotators submit in Label Studio, and show them the findings in the task itself.

    A server that stops is waited for.
    """
    from standoff.files import read
    from standoff.labelstudio.watch import Back, Lost
    from standoff.labelstudio.watch import watch as look

    root = corpus_root()
    corpus = read(root)
    studios = {name: the_studio(root, url, name) for name in each(annotators)}
    with progress() as tell:
        looking = look(
            corpus, studios, again=lambda name: the_studio(root, url, name), every=every, once=once, progress=tell
        )
        for told in looking:
            if isinstance(told, Lost):
                click.echo(f"{told.annotator}: waiting for its server: {printable(told.message)}", err=True)
            elif isinstance(told, Back):
                click.echo(f"{told.annotator}: {told.url} answers again", err=True)
            else:
                click.echo(f"{told.annotator}/{told.document}: {told.errors} to fix, {told.warnings} to look at")
