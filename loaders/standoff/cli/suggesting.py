"""Commands by which annotations come from elsewhere: from what is known already, or from a Label Studio of others."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, progress, show_lines
from standoff.cli.growing import import_
from standoff.cli.studio import URL, the_studio

__all__ = ["labelstudio", "suggest"]


@click.command()
@click.option("--for", "annotator", required=True, help="Before whom the suggestions are put.")
@click.option("--by", "name", default="known-names", show_default=True, help="Who suggests; an entry point, or this.")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="ANNOTATOR",
    help="Whose sets known names are taken from, beside the registry; default: gold. May be given several times.",
)
@click.option("--documents", multiple=True, help="Only this document, also where it is annotated.")
@click.option("--model-version", help="What the suggestions are called; default: name and version of who suggests.")
@click.option("--count", is_flag=True, help="Suggest nothing; count what became of what was suggested.")
@URL
def suggest(
    annotator: str,
    name: str,
    sources: tuple[str, ...],
    documents: tuple[str, ...],
    model_version: str | None,
    count: bool,
    url: str | None,
) -> None:
    """Put suggestions before an annotator in Label Studio, as predictions beside what the annotator marks."""
    from standoff.files import read
    from standoff.labelstudio import outcomes
    from standoff.labelstudio import suggest as suggesting

    root = corpus_root()
    corpus = read(root)
    if count:
        with progress() as tell:
            counts = outcomes.count(corpus, annotator, the_studio(root, url), progress=tell)
        show_lines(outcomes.table(counts))
        return
    by = suggesting.suggester(corpus, name, sources=sources)
    with progress() as tell:
        done = suggesting.suggest(
            corpus,
            annotator,
            the_studio(root, url),
            by.suggest,
            model_version=model_version or by.model_version,
            documents=documents or None,
            progress=tell,
        )
    click.echo(
        f"{done.model_version}: {done.annotations} annotations in {len(done.suggested)} documents; "
        f"{len(done.unchanged)} had them already, {len(done.empty)} have none, {len(done.annotated)} are annotated"
    )


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help="Which name of theirs is which of ours (JSON)."
)
@click.option("--as", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@click.option("--replace", is_flag=True, help="Put the sets in place of others that are there.")
def labelstudio(file: Path, map_file: Path | None, annotator: str, replace: bool) -> None:
    """Annotations exported from a Label Studio, as JSON or JSON-MIN; without a map, from the corpus's own interface."""
    from standoff.files import raw_bytes, read, read_bytes, write_set
    from standoff.labelstudio.foreign import from_export, from_own, read_map, untouched
    from standoff.labelstudio.projects import wanted_documents
    from standoff.labelstudio.sound import parse
    from standoff.text import decode

    root = corpus_root()
    corpus = read(root)
    wanted_documents(corpus, annotator, ())
    value = parse(read_bytes(file), place=str(file))
    if map_file is None:
        sets = from_own(value, corpus, annotator=annotator, place=str(file))
    else:
        mapped = parse(read_bytes(map_file), place=str(map_file))
        names = read_map(mapped, corpus.scheme, documents=list(corpus.documents), place=str(map_file))
        raw = {id: decode(data, place=id) for id, data in raw_bytes(root, corpus).items()}
        found = from_export(value, names, corpus, raw, annotator=annotator, place=str(file))
        sets = found.sets
        show_lines("\n".join([f"{found.form}: {found.evidence}", *(f"lost: {loss}" for loss in found.losses)]))
    if not replace:
        untouched(sets, corpus)
    for marked in sets:
        changed = write_set(root, marked, corpus.scheme)
        click.echo(f"{marked.document}: {len(marked.annotations)} annotations{'' if changed else ', unchanged'}")
