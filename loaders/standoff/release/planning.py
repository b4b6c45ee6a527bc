"""The next release: its version, why it must be that one, what still stands in its way, and what to write of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from standoff.adjudicate import derive
from standoff.diff import Diff, Kind, SchemaChange, diff
from standoff.diff.telling import counts
from standoff.diff.wording import KIND_WORDS
from standoff.errors import RecordError, counted
from standoff.files import read_bytes
from standoff.model import GOLD, Corpus, Finding
from standoff.release.review import Standing
from standoff.release.weighing import Reason, Weight, bumped, heaviest, newest, reasons

__all__ = [
    "FIRST",
    "GATES",
    "Agreed",
    "Gate",
    "Plan",
    "Threshold",
    "agreed_by",
    "changelog",
    "counted",
    "gates",
    "plan",
    "read_thresholds",
]

GATES = "corpus/gates.json"

FIRST = "0.1.0"
"""What is proposed where nothing was released yet; any other will do."""


class Threshold(Struct, frozen=True, forbid_unknown_fields=True):
    """The least agreement that a layer must have before a release."""

    layer: str
    measure: str
    """As `standoff.agreement` calls it."""
    least: float
    subject: str = ""
    """A label, attribute or role of the layer, as `standoff.agreement` calls it."""

    @property
    def what(self) -> str:
        """What it asks for, in words."""
        return f"{self.subject}: {self.measure}" if self.subject else self.measure


Agreed = Callable[[Corpus, Threshold], float | str]
"""Gives the agreement that a threshold asks for, or says why there is none."""


class Gate(Struct, frozen=True):
    """One condition of a release."""

    name: str
    open: bool | None
    """None where it cannot be known; a release then waits, too."""
    text: str


class Plan(Struct, frozen=True, kw_only=True):
    """What the next release would be."""

    previous: str | None
    weight: Weight | None
    """What the changes amount to; None where nothing changed and nothing was yanked, or nothing was released yet."""
    version: str | None
    """The lowest version that will do; None where nothing changed and nothing was yanked."""
    reasons: tuple[Reason, ...]
    gates: tuple[Gate, ...]
    changelog: str

    @property
    def ready(self) -> bool:
        """Whether all gates are open."""
        return all(gate.open for gate in self.gates)


def plan(
    corpus: Corpus,
    previous: Corpus | None,
    *,
    date: str,
    findings: Sequence[Finding],
    standing: Standing,
    thresholds: Sequence[Threshold] = (),
    agreed: Agreed | None = None,
) -> Plan:
    """What the next release of a corpus would be.

    Args:
        previous: the content of the newest final release; None before the first.
        date: of the changelog's entry, as ISO 8601 writes it.
        findings: all of `standoff.validate`.
        standing: how the corpus stands to the sign-offs.
        agreed: measures agreement; without it no threshold can be held to be reached.
    """
    release = newest(corpus.releases)
    changed = diff(previous, corpus) if previous is not None else None
    found = (
        *(reasons(changed, previous) if changed is not None and previous is not None else ()),
        # Its number is taken, and its content is what nobody should use: also the same content needs another.
        *(
            (Reason("patch", f"release {release.version!r} was yanked: {release.why}"),)
            if release and release.yanked
            else ()
        ),
    )
    weight = heaviest(found)
    since = release.version if release else previous.version if previous else ""
    version = bumped(since, weight) if since and weight else None if since else FIRST
    return Plan(
        previous=since or None,
        weight=weight,
        version=version,
        reasons=found,
        gates=gates(corpus, findings=findings, standing=standing, thresholds=thresholds, agreed=agreed),
        changelog=changelog(corpus, changed, version, date) if version else "",
    )


def gates(
    corpus: Corpus,
    *,
    findings: Sequence[Finding],
    standing: Standing,
    thresholds: Sequence[Threshold] = (),
    agreed: Agreed | None = None,
) -> tuple[Gate, ...]:
    """The conditions of a release with its texts; the arguments are those of `plan`."""
    return (
        _validation(findings),
        *_decided(corpus),
        _rights(corpus),
        *_agreement(corpus, thresholds, agreed),
        _sign_off(standing),
    )


def read_thresholds(root: Path) -> tuple[Threshold, ...]:
    """The thresholds of agreement that a checkout sets; none where it has no such file.

    Raises:
        RecordError: the file does not hold thresholds.
    """
    path = root / GATES
    if not path.exists():
        return ()
    try:
        return msgspec.json.decode(read_bytes(path), type=_Gates).agreement
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(str(error), place=GATES) from error


def agreed_by(corpus: Corpus, thresholds: Sequence[Threshold]) -> Agreed:
    """Agreement as `standoff.agreement` measures it, in all layers that a threshold asks for at once.

    Raises:
        UsageError: a threshold names a layer that the schema does not have.
    """
    from standoff.agreement import agreement

    report = agreement(corpus, dict.fromkeys(one.layer for one in thresholds), resamples=0)
    rows = {(row.layer, row.subject, row.measure): row.result for row in report.rows if not row.group}

    def agreed(_: Corpus, threshold: Threshold) -> float | str:
        found = rows.get((threshold.layer, threshold.subject, threshold.measure))
        if found is None:
            known = ", ".join(dict.fromkeys(measure for layer, _, measure in rows if layer == threshold.layer))
            return f"was not measured: {report.reason or f'measures of the layer are {known}'}"
        return found.value if found.value is not None else f"is undefined: {found.reason}"

    return agreed


class _Gates(Struct, forbid_unknown_fields=True):
    agreement: tuple[Threshold, ...] = ()


def _validation(findings: Iterable[Finding]) -> Gate:
    number = Counter(finding.severity for finding in findings)
    text = f"{counted(number['error'], 'error')}, {counted(number['warning'], 'warning')}"
    return Gate("validation", not number["error"], text)


def _decided(corpus: Corpus) -> Iterator[Gate]:
    """What annotators differ on; a corpus that cannot be derived is told of by its own errors."""
    try:
        derived = derive(corpus)
    except RecordError:
        return
    left = counted(len(derived.open), "annotation"), counted(len(derived.open_entities), "entity")
    text = f"{' and '.join(left)} are undecided"
    yield Gate("adjudication", derived.complete, "nothing is undecided" if derived.complete else text)


def _rights(corpus: Corpus) -> Gate:
    undecided = [id for id in corpus.documents if id not in corpus.rights]
    withheld = [id for id, right in corpus.rights.items() if id in corpus.documents and not right.publish_text]
    if undecided:
        return Gate("rights", False, f"no decision on publishing {', '.join(undecided)}")
    if withheld:
        return Gate("rights", False, f"the text may not be published of {', '.join(withheld)}; without texts only")
    return Gate("rights", True, f"the texts of all {counted(len(corpus.documents), 'document')} may be published")


def _agreement(corpus: Corpus, thresholds: Sequence[Threshold], agreed: Agreed | None) -> Iterator[Gate]:
    if not thresholds:
        yield Gate("agreement", True, f"no threshold is set in {GATES}")
    for threshold in thresholds:
        name = f"agreement on {threshold.layer}"
        found = agreed(corpus, threshold) if agreed else "was not computed"
        if isinstance(found, str):
            yield Gate(name, None, f"{threshold.what} {found}; at least {threshold.least} is asked for")
        else:
            reached = found >= threshold.least
            yield Gate(name, reached, f"{threshold.what} {found:.3f}; at least {threshold.least} is asked for")


def _sign_off(standing: Standing) -> Gate:
    if not standing.signed:
        was = f"; {counted(len(standing.outdated), 'sign-off')} of other content" if standing.outdated else ""
        return Gate("sign-off", False, f"nobody signed content {standing.content_sha256}{was}")
    who = ", ".join(f"{review.reviewer} on {review.date}" for review in standing.signed)
    if standing.open:
        return Gate("sign-off", False, f"{who}; {counted(len(standing.open), 'finding')} neither fixed nor accepted")
    return Gate("sign-off", True, who)


def changelog(corpus: Corpus, changed: Diff | None, version: str, date: str) -> str:
    """The entry of a release, in the form of Keep a Changelog: what changed in data and in schema, counted.

    Args:
        changed: since the release before; None where there is none.
    """
    parts = {"Data": list(_data_lines(corpus, changed)), "Schema": list(_schema_lines(corpus, changed))}
    sections = [f"### {name}\n\n" + "".join(f"- {line}\n" for line in lines) for name, lines in parts.items() if lines]
    return "\n".join([f"## [{version}] - {date}\n", *sections])


def _data_lines(corpus: Corpus, changed: Diff | None) -> Iterator[str]:
    if (release := newest(corpus.releases)) and release.yanked:
        yield f"Release {release.version} was yanked: {release.why.rstrip('.')}."
    if changed is None:
        yield f"{counted(len(corpus.documents), 'document')}, {counted(len(corpus.entities), 'entity')}."
    else:
        for what, changes in (
            ("Documents", changed.documents),
            ("Entities", changed.entities),
            ("Annotators", changed.annotators),
            ("Splits", changed.splits),
            ("Rights", changed.rights),
            ("Withdrawn", changed.withdrawn),
            ("Segments", changed.segments),
            ("Event groups", changed.events),
            ("Decisions", changed.decisions),
            ("Merging of sets", (changed.policy,) if changed.policy else ()),
        ):
            named = {kind: [c.id for c in changes if c.kind == kind] for kind in ("added", "removed", "changed")}
            said = [f"{kind} {', '.join(f'`{id}`' for id in ids)}" for kind, ids in named.items() if ids]
            if said:
                yield f"{what}: {'; '.join(said)}."
    yield from _layer_lines(corpus, counts(changed) if changed is not None else None)


def _layer_lines(corpus: Corpus, changed: Mapping[tuple[str, str], Mapping[Kind, int]] | None) -> Iterator[str]:
    """One line for each layer of each annotator: how many annotations there are, and what became of them."""
    totals = Counter(
        (marked.annotator, one.layer)
        for marked in (*corpus.gold.values(), *corpus.sets.values())
        for one in marked.annotations
    )
    keys = totals.keys() if changed is None else changed.keys()
    rank = {layer: n for n, layer in enumerate(corpus.scheme.layer_names)}
    for who, layer in sorted(keys, key=lambda key: (key[0] != GOLD, key[0], rank.get(key[1], len(rank)), key[1])):
        what = f"`{layer}`" if who == GOLD else f"`{layer}` by {who}"
        became: Mapping[Kind, int] = (changed or {}).get((who, layer), {})
        said = ", ".join(f"{n} {KIND_WORDS[kind]}" for kind, n in became.items())
        yield f"{what}: {counted(totals[who, layer], 'annotation')}{f' ({said})' if said else ''}."


def _schema_lines(corpus: Corpus, changed: Diff | None) -> Iterator[str]:
    if changed is None:
        yield f"Layers: {', '.join(f'`{layer}`' for layer in corpus.scheme.layer_names)}."
        return
    fields: dict[tuple[str, str, str], list[SchemaChange]] = {}
    for change in changed.schema:
        fields.setdefault((change.of, change.name, change.kind), []).append(change)
    for (of, name, kind), changes in fields.items():
        where = ", ".join(dict.fromkeys(change.field for change in changes if change.field and of != "section"))
        yield f"{of.capitalize()} `{name}` {kind}{f' ({where})' if where else ''}."
    if changed.files and not changed.schema:
        yield f"Wording or layout of {', '.join(f'`{change.id}`' for change in changed.files)}."
