"""Commands that make gold: what annotators agree on, and what was decided where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from standoff.cli.common import corpus_root, fails, printable, progress, today
from standoff.cli.studio import URL, the_studio
from standoff.cli.studio import counted as counts
from standoff.errors import UsageError, counted, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standoff.adjudicate import Adjudication
    from standoff.model import AnnotationSet, Corpus, Decisions, Entity

__all__ = ["adjudicate"]

WHO = click.option("--for", "adjudicator", required=True, help="The adjudicator's pseudonym in annotators.json.")

BY = click.option(
    "--by", "decided_by", required=True, metavar="ID", help="Who decides: a pseudonym in annotators.json."
)
EVEN_OWN = click.option("--even-own", is_flag=True, help="Also where the adjudicator is one of those who disagree.")


@click.group(invoke_without_command=True)
@click.option("--annotator", metavar="ID", help="Gold is what this one marked, whatever others did or decided.")
@click.pass_context
def adjudicate(ctx: click.Context, annotator: str | None) -> None:
    """Derive gold and the registry from the annotators' sets, the decisions and the policy.

    Exit 1 while something is undecided. The policy is annotations/policy.json; without it, what all who worked on a
    document say becomes gold. --annotator takes the sets of one annotator, and needs no decision.
    """
    from standoff.adjudicate import adopt, derive
    from standoff.files import read

    if ctx.invoked_subcommand is not None:
        if annotator is not None:
            raise UsageError(
                f"--annotator goes with no {ctx.invoked_subcommand!r}; expected it with 'adjudicate' alone"
            )
        return
    root = corpus_root()
    corpus = read(root)
    if annotator is not None:
        record(root, corpus, *adopt(corpus, annotator))
        return
    found = derive(corpus)
    record(root, corpus, found.gold, found.entities)
    show(found)
    if not found.complete:
        click.echo(total(found))
        fails()


@adjudicate.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(form: str) -> None:
    """List what is undecided, and decisions that hold no more. Exit 1 where something is undecided.

    As JSON each item has the fields that a decision needs: add id, outcome, reason, decided_by and date, and put it
    into annotations/decisions/DOCUMENT.json.
    """
    from standoff.adjudicate import derive
    from standoff.canon import canonical
    from standoff.files import read

    found = derive(read(corpus_root()))
    if form == "json":
        click.echo(canonical({"open": found.open, "open_entities": found.open_entities, "stale": found.stale}))
    else:
        show(found)
        click.echo(total(found))
    if not found.complete:
        fails()


@adjudicate.command()
@click.argument("address")
@click.option("--into", metavar="ID", help="It is this one of the registry.")
@click.option("--same", metavar="ADDRESS", help="It is the same as this one of another annotator or document.")
@click.option("--new", "as_new", is_flag=True, help="It enters the registry as the annotator wrote it.")
@click.option("--reject", is_flag=True, help="It is nothing: it never enters the registry.")
@click.option("--reason", required=True, help="One of the policy's reasons.")
@click.option("--note", default="", help="What else is to be said.")
@BY
@EVEN_OWN
def entity(
    address: str,
    into: str | None,
    same: str | None,
    as_new: bool,
    reject: bool,
    reason: str,
    note: str,
    decided_by: str,
    even_own: bool,
) -> None:
    """Decide what an entity is that an annotator added: annotator/document#id.

    What refers to one that is rejected is open until it is decided to refer to another, or to be rejected itself.
    """
    from msgspec import structs

    from standoff.adjudicate import Asked, derive, entity_decision, recorded
    from standoff.files import read, write_decisions

    if sum((into is not None, same is not None, as_new, reject)) != 1:
        raise UsageError("expected one of --into, --same, --new and --reject", place=address)
    root = corpus_root()
    corpus = read(root)
    open_ = {one.entity: one for one in derive(corpus).open_entities}
    if address not in open_:
        known = sorted(open_)
        there = f"expected one of {', '.join(known)}" if known else "nothing is undecided of any"
        raise UsageError(f"{address!r} is no undecided entity{nearest(address, known)}; {there}")
    decision = entity_decision(
        address,
        open_[address].sha256,
        "existing" if into is not None else "same" if same is not None else "rejected" if reject else "new",
        into=into or same or "",
        reason=reason,
        note=note,
        decided_by=decided_by,
        date=today(),
    )
    options = {"into": "--into" if into is not None else "--same", "reason": "--reason", "decided_by": "--by"}
    changed = recorded(corpus, [Asked(decision, address, options)], even_own=even_own)
    # What cannot be derived is not recorded.
    left = derive(structs.replace(corpus, decisions=corpus.decisions | changed))
    (new,) = changed.values()
    write_decisions(root, new)
    show_names(corpus, changed)
    click.echo(f"{new.address(decision.id)}: {undecided(left)}")


@adjudicate.command()
def propose() -> None:
    """Propose what the entities are that annotators added, as JSON, one a line: a file to edit and to confirm.

    What speaks for a proposal stands beside it: mentions in common, names, Wikidata ids. Nothing is decided: set
    "confirmed" to true where it is right, or change outcome (existing, new, same or rejected), into and record first;
    then standoff adjudicate confirm.
    """
    from standoff.adjudicate import propose, written
    from standoff.files import read

    click.echo(written(propose(read(corpus_root()))), nl=False)


@adjudicate.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", default="", help="One of the policy's reasons, for proposals that have none of their own.")
@BY
@EVEN_OWN
def confirm(file: Path, reason: str, decided_by: str, even_own: bool) -> None:
    """Record the proposals of a file that are confirmed there as decisions; all others stay undecided."""
    from msgspec import structs

    from standoff.adjudicate import confirmed, derive, parse_proposals
    from standoff.files import read, read_text, write_decisions

    root = corpus_root()
    corpus, proposals = read(root), parse_proposals(read_text(file), place=str(file))
    changed = confirmed(
        corpus, proposals, decided_by=decided_by, date=today(), reason=reason, even_own=even_own, place=str(file)
    )
    left = derive(structs.replace(corpus, decisions=corpus.decisions | changed))
    for decisions in changed.values():
        write_decisions(root, decisions)
    show_names(corpus, changed)
    new = sum(
        one not in (corpus.decisions[id].entities if id in corpus.decisions else ())
        for id, d in changed.items()
        for one in d.entities
    )
    there = sum(one.confirmed for one in proposals) - new
    click.echo(
        f"{new} of {counted(len(proposals), 'proposal')} recorded{f', {there} unchanged' if there else ''}; "
        f"{undecided(left)}"
    )


@adjudicate.command("build")
@WHO
@click.option("--seed", type=int, default=0, show_default=True, help="By which versions are shuffled.")
@EVEN_OWN
@URL
def build_(adjudicator: str, seed: int, even_own: bool, url: str | None) -> None:
    """Put what is disputed before an adjudicator in Label Studio, the annotators' versions beside it without names."""
    from standoff.files import read
    from standoff.labelstudio.adjudicating import build

    root = corpus_root()
    corpus = read(root)
    with progress() as tell:
        asked = the_studio(root, url)
        done = build(corpus, adjudicator, asked, root=root, seed=seed, even_own=even_own, progress=tell)
    click.echo(f"{done.url}: " + counts(done, "created", "replaced", "unchanged", "removed"))
    if done.kept:
        click.echo(f"what was replaced or removed is kept as it was in {done.kept}")


@adjudicate.command("apply")
@WHO
@URL
def apply_(adjudicator: str, url: str | None) -> None:
    """Take the adjudicator's decisions from Label Studio into annotations/decisions; standoff adjudicate makes gold."""
    from standoff.files import read, write_decisions
    from standoff.labelstudio.adjudicating import apply

    root = corpus_root()
    corpus = read(root)
    with progress() as tell:
        done = apply(corpus, adjudicator, the_studio(root, url), date=today(), progress=tell)
    for decisions in done.decisions.values():
        write_decisions(root, decisions)
    click.echo(
        f"{adjudicator}: {len(done.decided)} decided, {done.undecided} without a reason yet, {done.outdated} outdated"
    )


def record(root: Path, corpus: Corpus, gold: dict[str, AnnotationSet], entities: dict[str, Entity]) -> None:
    """Writes gold and the registry, and says what changed."""
    from msgspec import structs

    from standoff.files import write_listings, write_set

    write_listings(root, structs.replace(corpus, entities=entities))
    for marked in gold.values():
        changed = write_set(root, marked, corpus.scheme)
        click.echo(
            f"{marked.document}: {counted(len(marked.annotations), 'annotation')}{'' if changed else ', unchanged'}"
        )


def show_names(corpus: Corpus, changed: Mapping[str, Decisions]) -> None:
    """A line for each name of an annotator's that is lost by the decisions that were recorded now."""
    from msgspec import structs

    from standoff.adjudicate import lost_names

    for one in lost_names(corpus, structs.replace(corpus, decisions={**corpus.decisions, **changed})):
        click.echo(
            printable(
                f"{one.entity}: {one.name!r} is no name of {one.into!r}; if it is one, add it to its aliases in "
                "corpus/entities.json"
            )
        )


def total(found: Adjudication) -> str:
    """How much is undecided, in words."""
    items, entities = len(found.open), len(found.open_entities)
    return f"{counted(items, 'item')} and {counted(entities, 'entity')} are undecided"


def undecided(found: Adjudication) -> str:
    """How many entities are undecided, in words."""
    left = len(found.open_entities)
    return f"{counted(left, 'entity')} {'is' if left == 1 else 'are'} undecided"


def show(found: Adjudication) -> None:
    """A line for each thing that is undecided, and for each decision that holds no more."""
    for one in found.open_entities:
        click.echo(printable(f"{one.entity}: entity {one.record.name!r} {one.why}"))
    for item in found.open:
        where = ", ".join(item.item)
        why = f": {item.why}" if item.why else ""
        click.echo(printable(f"{item.document} {item.layer}: {', '.join(item.kinds)}: {item.quote!r} ({where}){why}"))
    for address, why in found.stale.items():
        click.echo(printable(f"{address}: holds no more: {why}"))
