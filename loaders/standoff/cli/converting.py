"""The command that makes tables of what a Label Studio exports."""

from __future__ import annotations

from pathlib import Path

import click

from standoff.cli.common import progress

__all__ = ["convert"]


@click.command()
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder; made if needed."
)
def convert(export: Path, out: Path) -> None:
    """Write a JSON EXPORT of any Label Studio as Parquet tables: tasks, annotations, and items of results.

    Nothing is lost, however large it is: what is no column of its own is kept as JSON. It needs no corpus.
    """
    from standoff.labelstudio.columns import to_parquet

    with progress() as tell:
        rows = to_parquet(export, out, progress=tell)
    for name, count in rows.items():
        click.echo(f"{out / f'{name}.parquet'}: {count} rows")
