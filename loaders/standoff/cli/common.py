"""What all commands share: where the corpus is, how progress, findings and errors are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.errors import StandoffError, UsageError

if TYPE_CHECKING:
    from standoff.model import Progress

__all__ = [
    "Commands",
    "corpus_root",
    "fails",
    "printable",
    "progress",
    "show_lines",
    "show_table",
    "today",
]


class Commands(click.Group):
    """A group whose errors are one line on standard error and exit code 2, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StandoffError as error:
            # One line, whatever the text of an article or an answer of a server put into it.
            click.echo(printable(" ".join(str(error).split())), err=True)
            ctx.exit(2)
        except BrokenPipeError:
            # Whoever reads the output has read enough; click ends the command without a word.
            raise
        except OSError as error:
            click.echo(f"{error.filename or 'operating system'}: {error.strerror or error}", err=True)
            ctx.exit(2)


def corpus_root() -> Path:
    """The corpus that the command is about."""
    from standoff.files import find_root

    given: Path | None = click.get_current_context().find_root().obj
    if given is not None and not (given / "corpus").is_dir():
        raise UsageError("no corpus here: expected a folder with corpus/ and schema/", place=str(given))
    return given.resolve() if given is not None else find_root(Path.cwd())


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error for work that takes long; nothing where nobody watches."""
    from standoff.model import silent

    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Any) -> Text:
            # Shards are slower than documents.
            return Text(f"{task.speed:.{0 if task.speed >= 10 else 1}f}/s" if task.speed else "")

    told = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    columns = (*told, Rate(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tell


def show_table(rows: Iterable[tuple[str, str]]) -> None:
    """Names and what is to be said of each, in two columns."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:{width}}  {text}")


def show_lines(text: str) -> None:
    """Lines that hold text from outside."""
    for line in text.splitlines():
        click.echo(printable(line))


def printable(text: str) -> str:
    """Text from outside as a terminal may show it: what steers the terminal or turns the line about is escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def today() -> str:
    """The date in UTC, as ISO 8601 writes it."""
    return datetime.now(UTC).date().isoformat()


def fails() -> None:
    """Ends the command with the exit code of findings."""
    click.get_current_context().exit(1)
