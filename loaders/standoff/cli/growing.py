"""Commands by which a corpus begins and grows."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, printable, show_lines, today
from standoff.errors import UsageError, nearest

if TYPE_CHECKING:
    from standoff.model import AnnotationSet, Finding
    from standoff.scheme import Scheme

__all__ = ["add", "import_", "init"]

_FEW = 5
"""Ids that are shown of what would be lost."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--corpus", "name", help="Short name of the corpus; default: the folder's.")
@click.option("--title", help="Title of the corpus; default: its name.")
def init(folder: Path, name: str | None, title: str | None) -> None:
    """Make a new, empty corpus in FOLDER, with a small schema to edit."""
    from standoff.intake import init as make

    name = name or folder.resolve().name.lower().replace("-", "_")
    make(folder, corpus=name, title=title or name)
    click.echo(f"{folder}: a new corpus; edit schema/, then: standoff --root {quote(str(folder))} add FILE")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--drop",
    "drops",
    multiple=True,
    metavar="KIND:START:END|KIND:TEXT",
    help="Leave a range out of the text of each FILE.",
)
@click.option("--title", help="What the source calls it; published also where its text is not.")
@click.option("--language", help="BCP 47, such as en.")
@click.option("--published", help="ISO 8601: a day, a month or a year.")
@click.option("--publisher", help="Who published it.")
@click.option("--url", help="Where it was published.")
@click.option("--author", help="Who wrote it.")
@click.option("--split", help="train, validation or test; decided once.")
@click.option("--holder", help="Who holds the rights in its text.")
@click.option("--publish", type=click.Choice(["yes", "no"]), help="Whether its text may be published.")
@click.option("--reason", help="On what grounds its text may, or may not, be published.")
@click.option("--yes", is_flag=True, help="Add without asking whether what is shown is right.")
def add(files: tuple[Path, ...], drops: tuple[str, ...], yes: bool, **given: str | None) -> None:
    """Add documents: text or HTML files, whose bytes are kept as they are.

    What is not given is asked for on a terminal. 'unknown' is an answer to all but --split, --publish and --reason.
    """
    from msgspec import convert
    from msgspec.structs import replace

    from standoff.files import read_bytes, read_scheme
    from standoff.intake import Answers, describe, parse_drop, plan
    from standoff.intake import add as put

    root = corpus_root()
    scheme = read_scheme(root)
    dropped = [parse_drop(drop) for drop in drops]
    asks = sys.stdin.isatty()
    plans = []
    for file in files:
        raw, answers = read_bytes(file), convert({k: v for k, v in given.items() if v is not None}, Answers)
        made = plan(raw, file.name, scheme, answers, today=today(), drops=dropped)
        show_lines(describe(made))
        if asks and made.questions:
            told = {q.field: click.prompt(f"{q.field} ({q.why})", default=q.proposal or None) for q in made.questions}
            shown = made.warnings
            made = plan(raw, file.name, scheme, replace(answers, **told), today=today(), drops=dropped)
            show_lines("\n".join(f"  warning: {warning}" for warning in made.warnings if warning not in shown))
        plans.append(made)
    if asks and not yes and not any(made.questions for made in plans):
        click.confirm("Add what is shown?", abort=True)
    new = put(root, plans)
    for made in plans:
        click.echo(f"{made.document.id}: {'added' if made.document.id in new else 'is there already, unchanged'}")


@click.group("import")
def import_() -> None:
    """Take over annotations that were made elsewhere."""


@import_.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as", "annotator", required=True, help="The annotator's pseudonym in annotators.json.")
@click.option("--replace", is_flag=True, help="Let go of annotations that are there and not in FILES.")
def quotations(files: tuple[Path, ...], annotator: str, replace: bool) -> None:
    """Annotations given by exact quotation, one JSON file a document.

    They are checked by the rules on sets before anything is written.
    """
    from standoff.files import read, read_text, write_set
    from standoff.formats.quotations import from_quotations, parse_quotations
    from standoff.validate.incoming import set_findings

    root = corpus_root()
    corpus = read(root)
    if annotator not in corpus.annotators:
        hint = nearest(annotator, list(corpus.annotators))
        raise UsageError(f"annotator {annotator!r} is not in annotations/annotators.json{hint}; declare it there first")
    made: dict[str, AnnotationSet] = {}
    findings: list[Finding] = []
    for file in files:
        quoted = parse_quotations(read_text(file), place=str(file))
        document = corpus.documents.get(quoted.document)
        if document is None:
            raise UsageError(f"document {quoted.document!r} is not in the corpus", place=str(file))
        if document.id in made:
            raise UsageError(f"document {document.id!r} is in two files; expected one", place=str(file))
        marked = from_quotations(quoted, document, corpus.scheme, annotator=annotator, place=str(file))
        if not replace and (lost := _lost(corpus.sets.get((annotator, document.id)), marked, corpus.scheme)):
            raise UsageError(
                f"the set of {annotator!r} holds {lost}; expected all of it in the file too, or --replace",
                place=str(file),
            )
        findings += set_findings(marked, corpus, place=str(file))
        made[document.id] = marked
    for finding in findings:
        click.echo(f"{finding.severity}: {printable(str(finding))}", err=True)
    if errors := sum(finding.severity == "error" for finding in findings):
        raise UsageError(f"{errors} error{'s' * (errors > 1)}; expected none: nothing is written")
    for id, marked in made.items():
        before, count = corpus.sets.get((annotator, id)), len(marked.annotations)
        changed = write_set(root, marked, corpus.scheme)
        was = f"{len(before.annotations)} -> " if before and changed else ""
        click.echo(f"{id}: {was}{count} annotations{'' if changed else ', unchanged'}")


def _lost(before: AnnotationSet | None, marked: AnnotationSet, scheme: Scheme) -> str:
    """What of a set is not in the one that would replace it; empty where all is."""
    from standoff.canon import normal

    if before is None:
        return ""
    before = normal(before, scheme)
    kept = {one.id: one for one in marked.annotations}
    other = [one.id for one in before.annotations if kept.get(one.id) != one]
    entities = [one.id for one in before.entities if one not in marked.entities]
    parts = ((len(other), "annotation", other), (len(entities), "entity", entities))
    return " and ".join(
        f"{n} other {what if n == 1 else {'entity': 'entities'}.get(what, what + 's')} ({', '.join(ids[:_FEW])}"
        f"{', ...' if n > _FEW else ''})"
        for n, what, ids in parts
        if n
    )
