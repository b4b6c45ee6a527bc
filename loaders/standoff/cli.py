"""One command per public function: read, call, show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.errors import StandoffError, UsageError

if TYPE_CHECKING:
    from standoff.model import Finding, Progress

__all__ = ["main"]


class Commands(click.Group):
    """A group whose errors are one line on standard error and exit code 2, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StandoffError as error:
            # One line, whatever the text of an article or an answer of a server put into it.
            click.echo(" ".join(str(error).split()), err=True)
            ctx.exit(2)
        except OSError as error:
            click.echo(f"{error.filename or 'operating system'}: {error.strerror or error}", err=True)
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), help="The corpus; default: where you stand.")
@click.version_option(package_name="standoff")
@click.pass_context
def main(ctx: click.Context, root: Path | None) -> None:
    """Annotated text corpora as code: schema, Label Studio round trip, validation, releases."""
    ctx.obj = root


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
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield tell


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--corpus", "name", help="Short name of the corpus; default: the folder's.")
@click.option("--title", help="Title of the corpus; default: its name.")
def init(folder: Path, name: str | None, title: str | None) -> None:
    """Make a new, empty corpus in FOLDER, with a small schema to edit."""
    from standoff.intake import init as make

    name = name or folder.resolve().name.lower().replace("-", "_")
    make(folder, corpus=name, title=title or name)
    click.echo(f"{folder}: a new corpus; edit schema/, then: standoff --root {folder} add FILE")


@main.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def validate(form: str) -> None:
    """Check the corpus against its schema and all rules. Exit 1 where there are findings of severity error."""
    from standoff.files import inspect
    from standoff.validate import validate as check

    corpus, broken = inspect(corpus_root())
    with progress() as tell:
        findings = sorted((*broken, *check(corpus, progress=tell)))
    show_findings(findings, form)
    if any(finding.severity == "error" for finding in findings):
        click.get_current_context().exit(1)


def show_findings(findings: list[Finding], form: str) -> None:
    """All findings, ordered, and how many there are."""
    if form == "json":
        from standoff.canon import canonical_list

        click.echo(canonical_list("findings", findings), nl=False)
        return
    for finding in findings:
        click.secho(f"{finding.severity}: ", fg="red" if finding.severity == "error" else "yellow", nl=False)
        click.echo(printable(str(finding)))
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{errors} errors, {len(findings) - errors} warnings")


def printable(text: str) -> str:
    """Text from outside as a terminal may show it: what steers the terminal or turns the line about is escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@main.group("import")
def import_() -> None:
    """Take over annotations that were made elsewhere."""


@import_.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
def quotations(files: tuple[Path, ...], annotator: str) -> None:
    """Annotations given by exact quotation, one JSON file a document."""
    from standoff.files import read, read_text, write_set
    from standoff.formats.quotations import from_quotations, parse_quotations

    root = corpus_root()
    corpus = read(root)
    if annotator not in corpus.annotators:
        from standoff.errors import nearest

        hint = nearest(annotator, list(corpus.annotators))
        raise UsageError(f"annotator {annotator!r} is not in annotations/annotators.json{hint}; declare it there first")
    made = []
    for file in files:
        quoted = parse_quotations(read_text(file), place=str(file))
        document = corpus.documents.get(quoted.document)
        if document is None:
            raise UsageError(f"document {quoted.document!r} is not in the corpus", place=str(file))
        made.append(from_quotations(quoted, document, corpus.scheme, annotator=annotator, place=str(file)))
    for marked in made:
        changed = write_set(root, marked, corpus.scheme)
        click.echo(f"{marked.document}: {len(marked.annotations)} annotations{'' if changed else ', unchanged'}")


@main.command()
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


@main.command()
@click.argument("version")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder; made if needed."
)
@click.option("--date", help="YYYY-MM-DD; default: today (UTC).")
def build(version: str, out: Path, date: str | None) -> None:
    """Build the release VERSION of the corpus as a new folder below OUT."""
    from standoff.files import read
    from standoff.release import build as make

    root = corpus_root()
    with progress() as tell:
        report = make(read(root), version, out, date=date or today(), root=root, progress=tell)
    click.echo(f"{report.folder}: {report.content_sha256}")


def today() -> str:
    """The date in UTC, as ISO 8601 writes it."""
    return datetime.now(UTC).date().isoformat()


@main.command()
def roundtrip() -> None:
    """The whole way once: push to a real Label Studio, pull back, compare, validate, build, load."""
    from standoff.roundtrip import roundtrip as go

    root = corpus_root()
    with progress() as tell:
        report = go(root, date=today(), progress=tell)
    click.echo(report.table())
    if not report.ok:
        click.get_current_context().exit(1)
