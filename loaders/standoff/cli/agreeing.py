"""The command that says how far annotators agree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, fails, progress, show_lines
from standoff.cli.scaling import OverShards, sharded, show_left_out

if TYPE_CHECKING:
    from standoff.agreement import By

__all__ = ["agree"]


def _over(
    over: OverShards,
    *,
    layers: tuple[str, ...],
    annotators: tuple[str, ...],
    by: By | None,
    listed: bool,
    form: str,
    resamples: int,
    seed: int,
    out: Path | None,
) -> None:
    """The same of a corpus in shards."""
    from standoff.agreement.showing import shown
    from standoff.shards.agreeing import agreement_of, disagreements_of
    from standoff.shards.disputing import told

    with progress() as tell:
        if listed:
            found = disagreements_of(
                over.root,
                over.shards,
                layers or None,
                annotators=annotators or None,
                work=over.work,
                engine=over.engine,
                progress=tell,
            )
            _show(told(found, form), form, out)
            show_left_out(found.findings, found.left_out)
        else:
            agreed = agreement_of(
                over.root,
                over.shards,
                layers or None,
                by=by,
                annotators=annotators or None,
                resamples=resamples,
                seed=seed,
                work=over.work,
                engine=over.engine,
                progress=tell,
            )
            _show([f"{shown(agreed.report, form, by=by)}\n"], form, out)
            show_left_out(agreed.findings, agreed.left_out)
    if (found if listed else agreed).left_out:
        fails()


@click.command()
@click.option("--layer", "layers", multiple=True, help="A layer; again for more. Default: all.")
@click.option("--annotator", "annotators", multiple=True, help="Whose sets; again for more. Default: all.")
@click.option(
    "--by",
    type=click.Choice(["label", "annotator", "document"]),
    help="Also the numbers of each; with label confusion tables, with annotator what each of them did.",
)
@click.option("--disagreements", "listed", is_flag=True, help="The disagreements themselves, by codebook section.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@click.option("--resamples", type=click.IntRange(0), default=1000, show_default=True, help="For the intervals.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed, the same intervals.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
@sharded(_over)
def agree(
    layers: tuple[str, ...],
    annotators: tuple[str, ...],
    by: By | None,
    listed: bool,
    form: str,
    resamples: int,
    seed: int,
    out: Path | None,
) -> None:
    """Measure how far annotators agree, on the documents that two of them or more worked on. Gold is left aside.

    Records of shards that cannot be read are told, and not counted; exit 1 there.
    """
    from standoff.agreement import agreement, disagreements
    from standoff.agreement.showing import shown, shown_disagreements
    from standoff.files import read

    corpus = read(corpus_root())
    if listed:
        found = disagreements(corpus, layers or None, annotators=annotators or None)
        _show([f"{shown_disagreements(found, form)}\n"], form, out)
        return
    with progress() as tell:
        report = agreement(
            corpus,
            layers or None,
            by=by,
            annotators=annotators or None,
            resamples=resamples,
            seed=seed,
            progress=tell,
        )
    _show([f"{shown(report, form, by=by)}\n"], form, out)


def _show(pieces: Iterable[str], form: str, out: Path | None) -> None:
    if out is not None:
        from standoff.shards.streams import put_bytes

        put_bytes(str(out), (piece.encode() for piece in pieces), before=b"", between=b"", after=b"")
        return
    for piece in pieces:
        # What is read by a program keeps every character; its own escapes are those of its form.
        if form != "text":
            click.echo(piece, nl=False)
        else:
            show_lines(piece)
