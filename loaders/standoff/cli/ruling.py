"""Commands about rules, and about the form of files."""

from __future__ import annotations

import click

from standoff.cli.common import corpus_root, show_table

__all__ = ["format_", "rules"]


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "md"]), default="text", show_default=True)
def rules(form: str) -> None:
    """Describe the rules of `standoff validate`. As Markdown with an example of each, where the checkout has cases."""
    from standoff.files import read_json
    from standoff.formats.catalogue import example, rules_page, rules_table
    from standoff.validate import RULES

    if form == "text":
        show_table(rules_table(RULES))
        return
    cases = sorted(corpus_root().glob("tests/cases/*/invalid-*.json"), reverse=True)
    examples = {path.parent.name: example(path.stem, read_json(path)) for path in cases}
    click.echo(rules_page(RULES, examples), nl=False)


@click.command("format")
def format_() -> None:
    """Put all records of the corpus in canonical form: the same content, the same bytes. Raw files stay as they are."""
    from standoff.files import read, write_decisions, write_document, write_listings, write_set

    root = corpus_root()
    corpus = read(root)
    write_listings(root, corpus)
    for id, document in corpus.documents.items():
        write_document(root, document, corpus.segments[id])
    for marked in (*corpus.sets.values(), *corpus.gold.values()):
        if write_set(root, marked, corpus.scheme):
            click.echo(marked.address("").rstrip("#"))
    for decisions in corpus.decisions.values():
        if write_decisions(root, decisions):
            click.echo(decisions.address("").rstrip("#"))
