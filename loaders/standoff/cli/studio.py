"""Commands that work with Label Studio."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.cli.common import corpus_root, fails, progress
from standoff.errors import StudioError, UsageError

if TYPE_CHECKING:
    from standoff.labelstudio.server import Studio

__all__ = ["pull", "push", "studio"]


URL = click.option("--url", help="A Label Studio that somebody else runs; its token is in LABEL_STUDIO_API_KEY.")


@click.group()
def studio() -> None:
    """The corpus's own Label Studio, on this machine alone."""


@studio.command()
def up() -> None:
    """Start it, unless it runs; the first time it is installed into .standoff/."""
    from standoff.labelstudio import server

    with progress() as tell:
        click.echo(server.up(corpus_root(), progress=tell).url)


@studio.command()
def down() -> None:
    """Stop it."""
    from standoff.labelstudio import server

    click.echo("stopped" if server.down(corpus_root()) else "was not running")


@studio.command()
def status() -> None:
    """Say whether it is installed and answers, and where. Exit 1 where it does not answer."""
    from standoff.labelstudio import server

    found = server.status(corpus_root())
    if found.running:
        click.echo(f"{found.url}: process {found.pid}, {'answers' if found.answers else 'does not answer'}")
    else:
        click.echo("not running" if found.installed else "not installed; standoff studio up installs it")
    if not found.answers:
        fails()


def the_studio(root: Path, url: str | None) -> Studio:
    """The Label Studio to work with: the one at a URL, with the token of the environment, or the corpus's own."""
    from standoff.labelstudio import server

    if url is None:
        if not server.status(root).answers:
            raise StudioError("no Label Studio of this corpus answers; start it: standoff studio up", place=str(root))
        return server.up(root)
    token = os.environ.get("LABEL_STUDIO_API_KEY")
    if not token:
        raise UsageError("LABEL_STUDIO_API_KEY is not set; expected the token of your account there", place=url)
    return server.Studio(url.rstrip("/"), token)


@click.command()
@click.option("--for", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@click.option("--documents", multiple=True, help="Only this document; may be given several times.")
@URL
def push(annotator: str, documents: tuple[str, ...], url: str | None) -> None:
    """Put the documents, with what the annotator has marked so far, before the annotator in Label Studio."""
    from standoff.files import read
    from standoff.labelstudio import sync

    root = corpus_root()
    corpus = read(root)
    with progress() as tell:
        done = sync.push(root, corpus, annotator, the_studio(root, url), documents=documents or None, progress=tell)
    click.echo(f"{done.url}: " + counted(done, "created", "replaced", "refreshed", "unchanged"))


@click.command()
@click.option("--for", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@URL
def pull(annotator: str, url: str | None) -> None:
    """Take what the annotator has submitted in Label Studio into annotations/sets."""
    from standoff.files import read
    from standoff.labelstudio import sync

    root = corpus_root()
    corpus = read(root)
    with progress() as tell:
        done = sync.pull(root, corpus, annotator, the_studio(root, url), progress=tell)
    click.echo(f"{annotator}: " + counted(done, "written", "unchanged", "ahead", "unannotated"))


def counted(report: Any, *fields: str) -> str:
    """How many documents each field of a report lists, and which, where something became of them."""
    return ", ".join(f"{len(getattr(report, field))} {field}" for field in fields)
