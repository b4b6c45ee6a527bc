"""Commands for texts that come later, or change later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import click

from standoff.cli.common import corpus_root, fails, progress, show_lines
from standoff.cli.scaling import engine_options
from standoff.errors import counted

if TYPE_CHECKING:
    from standoff.engine import Engine
    from standoff.release.hydrating import Hydrated
    from standoff.shards.hydrating import HydratedShards

__all__ = ["hydrate", "reanchor"]


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--raw", required=True, type=click.Path(path_type=Path), help="A folder with copies of the articles.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to make the full edition; made if needed."
)
@engine_options
def hydrate(
    folder: Path, raw: Path, out: Path | None, kind: Any, workers: int, scheduler: str, work: Path | None
) -> None:
    """Make the full edition of the text-free release in DIR from one's own copies of the articles.

    Tells of each document whether its copy is exact, has drifted, or is missing, and of every span of a drifted one
    where it stands now, or that this cannot be said. Exit 1 where any copy is not exact; nothing is made then.

    A large release, or any with --work, is worked on piece by piece; what is finished is kept in --work alone.
    """
    from standoff.engine import Engine
    from standoff.release import hydrate as make
    from standoff.release.folder import about
    from standoff.validate.duplicates import FEW

    if work is None and sum(about(folder).rows.get("documents", {}).values()) <= FEW:
        with progress() as tell:
            found = make(folder, raw, out, progress=tell)
        _show_documents(found.documents)
        made, exact = found.folder, found.exact
    else:
        with _in_pieces(folder, raw, out, Engine(kind=kind, workers=workers, scheduler=scheduler), work) as pieces:
            _show_documents(pieces.documents())
            made, exact = pieces.folder, pieces.exact
    if made is not None:
        show_lines(f"{made}: the full edition")
    if not exact:
        fails()


@contextmanager
def _in_pieces(
    folder: Path, raw: Path, out: Path | None, engine: Engine, work: Path | None
) -> Iterator[HydratedShards]:
    """What comes of a large edition; without a folder for what is finished, it is kept as long as the block goes."""
    from standoff.engine import aside
    from standoff.shards.hydrating import hydrate_shards

    # Where the full edition has room, so have its pieces.
    with aside((out or Path(gettempdir())) / "hydrating") as pieces, progress() as tell:
        yield hydrate_shards(folder, raw, out, work=work or pieces, engine=engine, progress=tell)


def _show_documents(found: Iterable[Hydrated]) -> None:
    for one in found:
        numbers = ", ".join(f"{one.count(state)} {state}" for state in ("same", "moved", "flagged"))
        said = "; ".join(part for part in (one.path, numbers if one.state == "drifted" else "", one.why) if part)
        show_lines(f"{one.document}: {one.state}: {said}")
        for span in one.spans:
            if span.state != "same":
                to = f"to [{span.to}:{span.to + span.end - span.start}]" if span.to is not None else span.why
                show_lines(f"  {span.state}: {span.address} [{span.start}:{span.end}] {to}")


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
    left_out = sum(finding.file == f"corpus/segments/{document}.json" for finding in found.findings)
    if left_out:
        there = f"corpus/segments/{document}.json"
        click.echo(
            f"{there}: {counted(left_out, 'range')} left out; set them anew by hand there, then standoff validate"
        )
    click.echo(f"{counted(found.moved, 'annotation')} {'would be' if dry_run else 'are'} on the new text")
    if found.findings:
        fails()
