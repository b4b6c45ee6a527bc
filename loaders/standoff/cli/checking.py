"""The command that says whether a corpus is right."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import corpus_root, fails, progress
from standoff.cli.scaling import sharded, validate_over

__all__ = ["validate"]


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "junit"]), default="text", show_default=True
)
@click.option(
    "--max", "most", type=click.IntRange(min=0), help="Show so many findings, and say how many more there are."
)
@click.option("--rule", "asked", metavar="ID", multiple=True, help="Only findings of this rule; may be repeated.")
@click.option("--since", "ref", metavar="REF", help="Only findings that were not there at this revision of git.")
@click.option(
    "--previous",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An earlier release that the corpus is held against; may be repeated, oldest first.",
)
@sharded(validate_over)
def validate(form: str, most: int | None, asked: tuple[str, ...], ref: str | None, previous: tuple[Path, ...]) -> None:
    """Check the corpus against its schema and all rules. Exit 1 where there are findings of severity error.

    `standoff rules` describes the rules.
    """
    from standoff.cli.findings import known_rules, releases_at, show
    from standoff.release.revisions import revision
    from standoff.validate import check, since

    root, rules = corpus_root(), known_rules(asked)
    earlier = releases_at(previous)
    with progress() as tell:
        corpus, findings = check(root, previous=earlier, progress=tell)
        if ref is not None:
            with revision(root, ref) as folder:
                findings = since(findings, check(folder, previous=earlier, progress=tell)[1])
    findings = tuple(finding for finding in findings if finding.rule in {rule.id for rule in rules})
    show(findings[:most], rules, corpus, root, form=form, left_out=len(findings) - len(findings[:most]))
    if any(finding.severity == "error" for finding in findings):
        fails()
