"""Commands that say whether a corpus is right, and make gold."""

from __future__ import annotations

import click

from standoff.cli.common import corpus_root, fails, progress, show_findings

__all__ = ["adjudicate", "validate"]


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def validate(form: str) -> None:
    """Check the corpus against its schema and all rules. Exit 1 where there are findings of severity error."""
    from standoff.files import inspect, raw_bytes
    from standoff.validate import validate as check

    root = corpus_root()
    corpus, broken = inspect(root)
    with progress() as tell:
        findings = check(corpus, raw=raw_bytes(root, corpus), reading=broken, progress=tell)
    show_findings(findings, form)
    if any(finding.severity == "error" for finding in findings):
        fails()


@click.command()
@click.option("--annotator", required=True, help="Whose sets become gold.")
def adjudicate(annotator: str) -> None:
    """Derive gold from the sets of one named annotator; the annotator's new entities enter the registry."""
    from msgspec import structs

    from standoff.adjudicate import adopt
    from standoff.files import read, write_listings, write_set

    root = corpus_root()
    corpus = read(root)
    gold, entities = adopt(corpus, annotator)
    write_listings(root, structs.replace(corpus, entities=entities))
    for marked in gold.values():
        changed = write_set(root, marked, corpus.scheme)
        click.echo(f"{marked.document}: {len(marked.annotations)} annotations{'' if changed else ', unchanged'}")
