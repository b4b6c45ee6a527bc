"""Commands on corpora in shards, and what the others do with --shards."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.cli.common import corpus_root, fails, printable, progress, show_lines, today
from standoff.errors import UsageError

if TYPE_CHECKING:
    from standoff.engine import Engine
    from standoff.release.folder import Edition
    from standoff.shards import Checked, Located

__all__ = ["OverShards", "bench", "build_over", "engine_options", "sharded", "shards", "show_left_out", "validate_over"]

_SHOWN = 100


class OverShards:
    """What a command works on where --shards is given."""

    def __init__(self, source: str, engine: Engine, work: Path | None) -> None:
        from standoff.shards import listed

        self.root = corpus_root()
        self.shards = listed(source)
        self.engine = engine
        self.work = work or self.root / ".standoff" / "shards"


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option(
                "--engine",
                "kind",
                type=click.Choice(["processes", "dask", "serial"]),
                default="processes",
                show_default=True,
                help="What works on shards.",
            ),
            click.option("--workers", type=click.IntRange(min=0), default=0, help="Processes; default: one a core."),
            click.option("--scheduler", default="", metavar="tcp://...", help="A Dask cluster that runs already."),
            click.option(
                "--work",
                type=click.Path(file_okay=False, path_type=Path),
                help="Where finished pieces are kept, for all workers to see; default: .standoff/shards.",
            ),
        )
    ):
        command = option(command)
    return command


def sharded(instead: Callable[..., None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the option --shards, and those that tell where it is worked.

    Args:
        instead: what is done where shards are given: with them, and the command's own options.
    """

    def given(command: Callable[..., None]) -> Callable[..., None]:
        @click.option(
            "--shards",
            "source",
            metavar="SOURCE",
            help="The documents of a folder, URL or pattern of shards (.jsonl, .jsonl.gz, .jsonl.zst, .parquet) "
            "instead of the corpus's own.",
        )
        @engine_options
        @wraps(command)
        def either(
            *, source: str | None, kind: Any, workers: int, scheduler: str, work: Path | None, **options: Any
        ) -> None:
            if source is None:
                command(**options)
                return
            instead(_over(source, kind, workers, scheduler, work), **options)

        return either

    return given


def _over(source: str, kind: Any, workers: int, scheduler: str, work: Path | None) -> OverShards:
    from standoff.engine import Engine

    return OverShards(source, Engine(kind=kind, workers=workers, scheduler=scheduler), work)


def _unsupported(**options: Any) -> None:
    for name, value in options.items():
        if value:
            raise UsageError(f"--{name} is not there for shards; expected it without --shards")


def validate_over(
    over: OverShards, *, form: str, most: int | None, asked: tuple[str, ...], ref: str | None, previous: Any
) -> None:
    """Checks shards, and shows what was found."""
    from standoff.cli.findings import known_rules
    from standoff.shards import located, validate_shards

    _unsupported(since=ref, previous=previous, format=form not in ("text", "json"))
    rules = {rule.id for rule in known_rules(asked)}
    with progress() as tell:
        checked = validate_shards(over.root, over.shards, over.work, engine=over.engine, progress=tell)
    found = (one for one in located([checked.table]) if one.finding.rule in rules)
    errors = (_show_json if form == "json" else _show_text)(found, checked, _SHOWN if most is None else most)
    if errors:
        fails()


def show_left_out(table: Path, count: int) -> None:
    """Tells on standard error which records were left out of what was worked out."""
    from itertools import islice

    from standoff.shards import located

    for one in islice(located([table]), _SHOWN) if count else ():
        click.secho(f"{one.finding.severity}: {printable(str(one))}", fg="red", err=True)
    if count > _SHOWN:
        click.echo(f"... and {count - _SHOWN} more in {table}", err=True)


def _show_text(found: Any, checked: Checked, most: int) -> int:
    errors = shown = 0
    one: Located
    for n, one in enumerate(found):
        error = one.finding.severity == "error"
        errors += error
        if n < most:
            shown += 1
            click.secho(f"{one.finding.severity}: {printable(str(one))}", fg="red" if error else "yellow")
    left = checked.errors + checked.warnings - shown
    if left:
        click.echo(f"... and {left} more in {checked.table}")
    click.echo(f"{checked.documents} documents, {checked.unread} records that cannot be read: ", nl=False)
    click.echo(f"{checked.errors} errors, {checked.warnings} warnings")
    return errors


def _show_json(found: Any, checked: Checked, most: int) -> int:
    from standoff.canon import canonical

    errors = 0
    for n, one in enumerate(found):
        errors += one.finding.severity == "error"
        if n < most:
            click.echo(canonical(one))
    return errors


def build_over(
    over: OverShards, *, version: str, out: Path, date: str | None, previous: str | None, edition: Edition
) -> None:
    """Builds a release of shards."""
    from standoff.shards.building import build_shards

    _unsupported(previous=previous)
    with progress() as tell:
        made = build_shards(
            over.root,
            over.shards,
            version,
            out,
            date=date or today(),
            work=over.work,
            edition=edition,
            engine=over.engine,
            progress=tell,
        )
    click.echo(f"{made.folder}: {made.content_sha256}")
    if made.note:
        click.echo(made.note)


@click.group()
def shards() -> None:
    """Corpora in shards, too large for a file per document.

    A shard is JSON Lines (plain, gzip or zstd) or Parquet, on this machine or behind any URL that fsspec knows; each
    record is a document with all that is said of it. The folder of the corpus keeps the schema, the registry of
    entities and the list of annotators.
    """


@shards.command()
@click.option("--out", required=True, help="A folder or URL.")
@click.option("--shards", "count", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--form",
    type=click.Choice([".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"]),
    default=".jsonl.zst",
    show_default=True,
)
@click.option("--replace", is_flag=True, help="Replace all the shards that OUT holds; it must be on this machine.")
def pack(out: str, count: int, form: str, replace: bool) -> None:
    """Write the documents of the corpus as shards. OUT is empty or not there, unless its shards are replaced."""
    from standoff.shards.converting import pack as write

    made = write(corpus_root(), out, shards=count, form=form, replace=replace)
    for path in made:
        click.echo(path)
    if len(made) < count:
        click.echo(f"{len(made)} shards, not {count}: there are no more documents")


@shards.command()
@click.argument("source")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A folder that is empty, or not there.",
)
def unpack(source: str, out: Path) -> None:
    """Write the documents of SOURCE as a corpus with files for each, its schema and lists those of the corpus."""
    from standoff.shards import listed
    from standoff.shards.converting import unpack as write

    with progress() as tell:
        count = write(corpus_root(), listed(source), out, progress=tell)
    click.echo(f"{out}: {count} documents")


@shards.command()
@click.argument("source")
@click.option("--out", required=True, help="A folder or URL: a file of tasks for each shard.")
@click.option("--as", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@engine_options
def tasks(source: str, out: str, annotator: str, kind: Any, workers: int, scheduler: str, work: Path | None) -> None:
    """Write the tasks of an annotator in the documents of SOURCE, as Label Studio imports them."""
    from standoff.shards.converting import to_tasks

    over = _over(source, kind, workers, scheduler, work)
    with progress() as tell:
        count = to_tasks(over.root, over.shards, out, annotator, work=over.work, engine=over.engine, progress=tell)
    click.echo(f"{out}: {count} tasks")


@shards.command()
@click.argument("source")
@click.argument("export")
@click.option("--out", required=True, help="A folder or URL: shards like those of SOURCE, with the annotator's sets.")
@click.option("--as", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    help="Which name of somebody else's interface is which of ours (JSON); all tasks are taken, or none.",
)
@click.option("--replace", is_flag=True, help="With --map: put the sets in place of others that are there.")
@engine_options
def take(
    source: str,
    export: str,
    out: str,
    annotator: str,
    map_file: Path | None,
    replace: bool,
    kind: Any,
    workers: int,
    scheduler: str,
    work: Path | None,
) -> None:
    """Take an annotator's sets in the documents of SOURCE from a JSON EXPORT of Label Studio. Exit 1 on findings."""
    from standoff.shards.taking import from_export

    over = _over(source, kind, workers, scheduler, work)
    if map_file is not None:
        _take_foreign(over, export, out, annotator, map_file, replace)
        return
    if replace:
        raise UsageError("--replace goes with --map; expected both, or neither")
    with progress() as tell:
        taken = from_export(
            over.root, over.shards, export, out, annotator, work=over.work, engine=over.engine, progress=tell
        )
    for one in taken.findings:
        click.echo(printable(str(one)), err=True)
    click.echo(f"{out}: {taken.tasks} tasks, {taken.sets} new sets, {len(taken.findings)} findings")
    if taken.findings:
        fails()


def _take_foreign(over: OverShards, export: str, out: str, annotator: str, map_file: Path, replace: bool) -> None:
    from standoff.files import read_bytes
    from standoff.labelstudio.sound import parse
    from standoff.shards.importing import from_foreign

    mapped = parse(read_bytes(map_file), place=str(map_file))
    with progress() as tell:
        found = from_foreign(
            over.root,
            over.shards,
            export,
            mapped,
            out,
            annotator,
            work=over.work,
            replace=replace,
            place=str(map_file),
            engine=over.engine,
            progress=tell,
        )
    show_lines("\n".join([f"{found.form}: {found.evidence}", *(f"lost: {loss}" for loss in found.losses)]))
    click.echo(f"{out}: {found.sets} sets, {found.annotations} annotations")


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(options: tuple[str, ...]) -> None:
    """Measure speed and memory beside other libraries: a table, and with --out a page with a plot.

    --only NAME measures one kind of work; --help tells them.
    """
    import subprocess
    import sys

    import standoff

    script = Path(standoff.__file__).parents[2] / "benchmarks" / "bench.py"
    if not script.is_file():
        raise UsageError("not found; expected the checkout of this package, with its benchmarks", place=str(script))
    if subprocess.run([sys.executable, str(script), *options], check=False).returncode:
        fails()
