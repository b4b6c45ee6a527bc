"""Commands that work with Label Studio."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.cli.common import corpus_root, fails, printable, progress
from standoff.errors import StudioError, UsageError

if TYPE_CHECKING:
    from standoff.labelstudio.server import Studio
    from standoff.model import Finding

__all__ = ["pull", "push", "studio", "the_studio"]


URL = click.option("--url", help="A Label Studio that somebody else runs; its token is in LABEL_STUDIO_API_KEY.")
OWN = click.option("--for", "annotator", default="", help="The annotator's own server, which nobody else's work is on.")
BATCH = click.option("--batch", help="A project of its own, by this name.")
DOCUMENTS = click.option("--documents", multiple=True, help="Only this document; may be given several times.")


@click.group()
def studio() -> None:
    """The corpus's own Label Studio, on this machine alone."""


@studio.command()
@OWN
@click.option("--port", type=click.IntRange(1, 65535), help="Where it listens; default: a free port.")
@click.option("--database", default="", metavar="postgresql://USER@HOST:PORT/NAME", help="Default: a file of its own.")
def up(annotator: str, port: int | None, database: str) -> None:
    """Start it, unless it runs; the first time it is installed into .standoff/.

    With --for it is the annotator's own server: nobody sees there what another one has marked. The password of a
    --database is taken from PGPASSWORD or ~/.pgpass.
    """
    from standoff.labelstudio import server

    root = known(annotator)
    with progress() as tell:
        running = server.up(root, annotator=annotator, port=port, database_url=database, progress=tell)
    click.echo(running.url)


@studio.command()
@OWN
def down(annotator: str) -> None:
    """Stop it."""
    from standoff.labelstudio import server

    click.echo("stopped" if server.down(corpus_root(), annotator=annotator) else "was not running")


@studio.command()
@OWN
def status(annotator: str) -> None:
    """Say which servers there are, whether and where they answer, and how far the work in their projects has come.

    Exit 1 where one of them does not answer. With --for it is about the annotator's own server alone.
    """
    from standoff.files import read_scheme
    from standoff.labelstudio import server
    from standoff.labelstudio.counting import work_of

    root = known(annotator)
    own = server.own_studios(root)
    if annotator and annotator not in own:
        raise UsageError(f"has no server of its own: standoff studio up --for {annotator}", place=annotator)
    # The one that all share counts where there is no other.
    shared = server.has_own(root) or not own
    every = [annotator] if annotator else [*([""] if shared else []), *own]
    mute = False
    for name in every:
        found = server.status(root, annotator=name)
        click.echo(f"{name}: {described(found)}" if name else described(found))
        if server.has_own(root, name):
            click.echo(f"  keeps its tasks in {found.database or 'a file of its own'}")
        mute |= not found.answers and (bool(name) or not own or found.running)
        if found.answers:
            with progress() as tell:
                projects = work_of(server.up(root, annotator=name), read_scheme(root).corpus, progress=tell)
            for one in projects:
                counts = f"{one.tasks} tasks, {one.submitted} submitted, {one.drafts} with a draft"
                click.echo(f"  {one.name}: {counts}: {one.url}")
    if mute:
        fails()


@studio.command()
@OWN
@URL
def doctor(annotator: str, url: str | None) -> None:
    """Say what is wrong with a server, and what to do. Exit 1 where anything is."""
    from standoff.labelstudio import server
    from standoff.labelstudio.doctor import doctor as examine

    root = known(annotator)
    asked = the_studio(root, url, annotator)
    private = () if url else server.secret_files(root, annotator=annotator)
    found = examine(asked, now=datetime.now(UTC), private=private)
    shown(found)
    if not found:
        click.echo(f"{asked.url}: nothing is wrong")


@studio.group()
def users() -> None:
    """Accounts of annotators; which is whose is known on this machine alone."""


@users.command("add")
@click.argument("annotator")
@click.option("--email", default="", help="Of an account that the annotator has there; default: a new one.")
@URL
def add_user(annotator: str, email: str, url: str | None) -> None:
    """Make an account that ANNOTATOR can log in with."""
    from standoff.labelstudio.users import add

    root = known(annotator)
    add(root, the_studio(root, url, annotator), annotator, email=email)
    click.echo(f"{annotator}: has an account; what to log in with: standoff studio users show {annotator}")


@users.command("list")
@OWN
@URL
def list_users(annotator: str, url: str | None) -> None:
    """Say which annotators have an account."""
    from standoff.labelstudio.users import accounts

    root = corpus_root()
    for name, account in sorted(accounts(root, the_studio(root, url, annotator)).items()):
        click.echo(f"{name}: account {account.id}")


@users.command("show")
@click.argument("annotator")
@URL
def show_user(annotator: str, url: str | None) -> None:
    """Show where and with what ANNOTATOR logs in; nothing else ever does."""
    from standoff.labelstudio.users import accounts

    root = corpus_root()
    asked = the_studio(root, url, annotator)
    account = accounts(root, asked).get(annotator)
    if account is None:
        raise UsageError(f"{annotator!r} has no account there: standoff studio users add {annotator}", place=asked.url)
    click.echo(f"{asked.url}\n{account.email}\n{account.password or '(a password that its owner alone knows)'}")


def known(annotator: str) -> Path:
    """The corpus that the command is about, when the annotator is one of its own."""
    from standoff.files import read
    from standoff.labelstudio.projects import wanted_documents

    root = corpus_root()
    if annotator:
        wanted_documents(read(root), annotator, ())
    return root


def described(found: Any) -> str:
    """One line on what there is of a server."""
    if found.running:
        return f"{found.url}: process {found.pid}, {'answers' if found.answers else 'does not answer'}"
    return "not running" if found.installed else "not installed; standoff studio up installs it"


def the_studio(root: Path, url: str | None, annotator: str = "") -> Studio:
    """The Label Studio to work with: the one at a URL, with the token of the environment, or the corpus's own.

    An annotator's own server is never passed over: what is meant for it belongs on no other.
    """
    from standoff.labelstudio import server

    if url is None:
        own = annotator if annotator and server.has_own(root, annotator) else ""
        if not server.status(root, annotator=own).answers:
            start = f"standoff studio up{f' --for {own}' if own else ''}"
            raise StudioError(f"no Label Studio of this corpus answers; start it: {start}", place=str(root))
        return server.up(root, annotator=own)
    token = os.environ.get("LABEL_STUDIO_API_KEY")
    if not token:
        raise UsageError("LABEL_STUDIO_API_KEY is not set; expected the token of your account there", place=url)
    return server.Studio(url.rstrip("/"), token)


@click.command()
@click.option("--for", "annotators", required=True, help="Pseudonyms in annotators.json, with commas between them.")
@DOCUMENTS
@BATCH
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@URL
def push(annotators: str, documents: tuple[str, ...], batch: str | None, dry_run: bool, url: str | None) -> None:
    """Put the documents, with what the annotator has marked so far, before each annotator in Label Studio."""
    from standoff.files import read
    from standoff.labelstudio import sync

    root = corpus_root()
    corpus = read(root)
    findings: list[Finding] = []
    for annotator in each(annotators):
        asked = the_studio(root, url, annotator)
        with progress() as tell:
            done = sync.push(
                root,
                corpus,
                annotator,
                asked,
                documents=documents or None,
                batch=batch or "",
                dry_run=dry_run,
                progress=tell,
            )
        where = done.url or f"{asked.url}, no project of {annotator} yet"
        click.echo(f"{where}: " + counted(done, "created", "replaced", "refreshed", "unchanged", "refused"))
        if dry_run:
            for line in planned(done):
                click.echo(f"  {line}")
        findings += done.findings
    shown(findings)


@click.command()
@click.option("--for", "annotators", required=True, help="Pseudonyms in annotators.json, with commas between them.")
@DOCUMENTS
@BATCH
@click.option(
    "--keep", type=click.Choice(["disk", "studio"]), help="Whose version stays where both have changed since."
)
@URL
def pull(annotators: str, documents: tuple[str, ...], batch: str | None, keep: Any, url: str | None) -> None:
    """Take what each annotator has submitted in Label Studio into annotations/sets. Exit 1 where anything is wrong."""
    from standoff.files import read
    from standoff.labelstudio import sync

    root = corpus_root()
    corpus = read(root)
    findings: list[Finding] = []
    for annotator in each(annotators):
        asked = the_studio(root, url, annotator)
        with progress() as tell:
            done = sync.pull(
                root, corpus, annotator, asked, documents=documents or None, batch=batch, keep=keep, progress=tell
            )
        counts = counted(done, "written", "unchanged", "ahead", "unannotated", "gone", "conflicts", "refused")
        click.echo(f"{annotator}: {counts}")
        findings += done.findings
    shown(findings)


def each(annotators: str) -> Iterator[str]:
    """The annotators that a list with commas names, each once."""
    yield from dict.fromkeys(name.strip() for name in annotators.split(","))


def planned(report: Any) -> Iterator[str]:
    """What a push would change, document by document."""
    if report.interface in ("new", "changed"):
        yield f"interface: {report.interface}"
    for field in ("created", "replaced", "refreshed", "refused"):
        for id in getattr(report, field):
            yield f"{id}: {field}"


def counted(report: Any, *fields: str) -> str:
    """How many documents each field of a report lists; of the last ones, only where there are any."""
    usual = ("created", "replaced", "refreshed", "unchanged", "written", "ahead", "unannotated")
    return ", ".join(f"{len(getattr(report, f))} {f}" for f in fields if f in usual or getattr(report, f))


def shown(findings: Iterable[Finding]) -> None:
    """Findings, one a line; the command then ends as one that found something."""
    findings = list(findings)
    for finding in findings:
        color = "red" if finding.severity == "error" else "yellow"
        click.secho(f"{finding.severity}: ", fg=color, nl=False)
        click.echo(printable(str(finding)))
    if findings:
        fails()
