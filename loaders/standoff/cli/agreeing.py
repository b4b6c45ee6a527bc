"""The command that says how far annotators agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, progress, show_lines

if TYPE_CHECKING:
    from standoff.agreement import By

__all__ = ["agree"]


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
def agree(
    layers: tuple[str, ...],
    annotators: tuple[str, ...],
    by: By | None,
    listed: bool,
    form: str,
    resamples: int,
    seed: int,
) -> None:
    """Measure how far annotators agree, on the documents that two of them or more worked on. Gold is left aside."""
    from standoff.agreement import agreement, disagreements
    from standoff.agreement.showing import shown, shown_disagreements
    from standoff.files import read

    corpus = read(corpus_root())
    if listed:
        found = disagreements(corpus, layers or None, annotators=annotators or None)
        _show(shown_disagreements(found, form), form)
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
    _show(shown(report, form, by=by), form)


def _show(text: str, form: str) -> None:
    # What is read by a program keeps every character; its own escapes are those of its form.
    (show_lines if form == "text" else click.echo)(text)
