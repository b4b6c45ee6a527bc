"""One command per public function: read, call, show."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Annotated text corpora as code."""
