"""Commands for texts that come later, or change later."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, fails, progress, show_lines

__all__ = ["hydrate", "reanchor"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--raw", required=True, type=click.Path(path_type=Path), help="A folder with copies of the articles.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to make the full edition; made if needed."
)
def hydrate(folder: Path, raw: Path, out: Path | None) -> None:
    """Make the full edition of the text-free release in DIR from one's own copies of the articles.

    Tells of each document whether its copy is exact, has drifted, or is missing, and of every span of a drifted one
    where it stands now, or that this cannot be said. Exit 1 where any copy is not exact; nothing is made then.
    """
    from standoff.release import hydrate as make

    with progress() as tell:
        found = make(folder, raw, out, progress=tell)
    for one in found.documents:
        numbers = ", ".join(f"{one.count(state)} {state}" for state in ("same", "moved", "flagged"))
        said = "; ".join(part for part in (one.path, numbers if one.state == "drifted" else "", one.why) if part)
        show_lines(f"{one.document}: {one.state}: {said}")
        for span in one.spans:
            if span.state != "same":
                to = f"to [{span.to}:{span.to + span.end - span.start}]" if span.to is not None else span.why
                show_lines(f"  {span.state}: {span.address} [{span.start}:{span.end}] {to}")
    if found.folder is not None:
        show_lines(f"{found.folder}: the full edition")
    if not found.exact:
        fails()


@click.command()
@click.argument("document")
@click.option(
    "--was", default="HEAD", show_default=True, metavar="SOURCE", help="The corpus before its text was corrected."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
def reanchor(document: str, was: str, dry_run: bool) -> None:
    """Move the annotations of DOCUMENT after its dropped ranges or its raw file were corrected.

    Correct the record in corpus/documents/ first, and the raw file if need be. Shows the diff. Exit 1 where a span has
    no exact evidence of where it stands: its annotation stays as it was, for somebody to mark anew.
    """
    from standoff.diff import diff, text
    from standoff.files import read
    from standoff.reanchor import reanchor as follow
    from standoff.reanchor import write_reanchored
    from standoff.release.sources import open_source

    root = corpus_root()
    corpus = read(root)
    found = follow(corpus, document, open_source(was, root))
    show_lines(text(diff(corpus, found.corpus)))
    show_lines("".join(f"{finding.severity}: {finding}\n" for finding in found.findings))
    if not dry_run:
        write_reanchored(root, document, found)
    click.echo(f"{found.moved} annotations {'would be' if dry_run else 'are'} on the new text")
    if found.findings:
        fails()
