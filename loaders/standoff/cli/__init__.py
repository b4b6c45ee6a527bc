"""One command per public function: read, call, show."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.adjudicating import adjudicate
from standoff.cli.agreeing import agree
from standoff.cli.checking import validate
from standoff.cli.common import Commands
from standoff.cli.converting import convert
from standoff.cli.editions import hydrate, reanchor
from standoff.cli.growing import add, import_, init
from standoff.cli.publishing import publish, withdraw, yank
from standoff.cli.releasing import build, roundtrip, sign_release, verify
from standoff.cli.reporting import report
from standoff.cli.reviewing import diff, release, review, status
from standoff.cli.ruling import format_, rules
from standoff.cli.scaling import bench, shards
from standoff.cli.studio import pull, push, studio
from standoff.cli.suggesting import suggest
from standoff.cli.watching import watch

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), help="The corpus; default: where you stand.")
@click.version_option(package_name="standoff")
@click.pass_context
def main(ctx: click.Context, root: Path | None) -> None:
    """Annotated text corpora as code: schema, Label Studio round trip, validation, releases."""
    ctx.obj = root


for command in (
    init,
    add,
    import_,
    convert,
    status,
    validate,
    studio,
    push,
    pull,
    suggest,
    watch,
    rules,
    format_,
    agree,
    report,
    adjudicate,
    diff,
    review,
    release,
    build,
    shards,
    bench,
    verify,
    publish,
    hydrate,
    reanchor,
    roundtrip,
):
    main.add_command(command)

release.add_command(sign_release)
release.add_command(yank)
release.add_command(withdraw)
