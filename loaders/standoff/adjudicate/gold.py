"""Gold: what annotators agree on, what the policy settles and what was decided, as one set per document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from standoff.adjudicate.items import participants
from standoff.adjudicate.registry import Merged, OpenEntity, merge
from standoff.adjudicate.ruling import as_findings, decision_faults, entity_decision_faults, policy_faults
from standoff.adjudicate.settling import OpenItem, Outcome, settle
from standoff.adjudicate.sheet import Sheet, Version, undecided
from standoff.canon import normal
from standoff.errors import RecordError, UsageError, nearest
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Entity, Finding, MergeRule, Policy

__all__ = ["Adjudication", "adopt", "derive", "faults", "outcomes"]


class Adjudication(Struct, frozen=True):
    """What sets, decisions and policy make; gold is complete where nothing is open."""

    gold: dict[str, AnnotationSet]
    """document -> gold: what is settled, and refers to nothing that is not."""
    entities: dict[str, Entity]
    """The registry with what was merged into it."""
    open: tuple[OpenItem, ...]
    open_entities: tuple[OpenEntity, ...]
    stale: dict[str, str]
    """The address of a decision that holds no more -> why. What it had decided is open again, or agreed."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be decided."""
        return not (self.open or self.open_entities)


def faults(corpus: Corpus) -> tuple[Finding, ...]:
    """What is wrong with the policy and the decisions as they were written; one that is only out of date is not."""
    found = [
        Finding("annotations/policy.json", "", field, "decision", "error", message)
        for field, message in policy_faults(corpus)
    ]
    for document, decisions in sorted(corpus.decisions.items()):
        file = f"annotations/decisions/{document}.json"
        if document not in corpus.documents:
            message = f"{document!r} is no document{nearest(document, list(corpus.documents))}"
            found.append(Finding(file, "", "document", "decision", "error", message))
        found += as_findings(file, entity_decision_faults(decisions, corpus))
        found += as_findings(file, decision_faults(decisions, corpus))
    return tuple(sorted(found))


def derive(corpus: Corpus) -> Adjudication:
    """Gold and the registry, from the annotators' sets, the recorded decisions and the declared policy alone.

    The order of annotators and decisions is of no consequence.

    Raises:
        RecordError: a decision or the policy is not such as can be followed; its place says which and where.
    """
    merged, found = outcomes(corpus)
    gold = {outcome.sheet.document: _gold(outcome) for outcome in found}
    stale = {at: why for outcome in found for at, why in outcome.sheet.stale.items()}
    nowhere = {
        decisions.address(one.id): f"nobody has worked on {document!r}"
        for document, decisions in corpus.decisions.items()
        if document not in gold
        for one in decisions.decisions
    }
    return Adjudication(
        gold=gold,
        entities=merged.registry,
        open=tuple(item for outcome in found for item in outcome.open_items()),
        open_entities=tuple(sorted((*merged.open, *_needed(merged, found)), key=lambda one: one.entity)),
        stale=dict(sorted({**merged.stale, **nowhere, **stale}.items())),
    )


def outcomes(corpus: Corpus) -> tuple[Merged, tuple[Outcome, ...]]:
    """The registry as it is merged, and every document that somebody worked on, by id.

    Raises:
        RecordError: as `derive`.
    """
    if wrong := faults(corpus):
        first, more = wrong[0], len(wrong) - 1
        place = f"{first.file}{f'#{first.id}' if first.id else ''} {first.field}".strip()
        raise RecordError(first.message + (f" (and {more} more)" if more else ""), place=place)
    workers = participants(corpus)
    merged = merge(corpus, workers)
    found = (Sheet(corpus, document, who, merged) for document, who in sorted(workers.items()))
    return merged, tuple(map(settle, found))


def _needed(merged: Merged, found: Iterable[Outcome]) -> Iterator[OpenEntity]:
    """Entities that would not be asked about, but that something refers to that is settled."""
    named = {entity for outcome in found for version in outcome.versions() for entity in version.undecided}
    yield from (one for one in merged.passed if undecided(one.record) in named)


def _gold(outcome: Outcome) -> AnnotationSet:
    sheet = outcome.sheet
    made = {
        version.annotation.id: structs.replace(version.annotation, derived_from=version.origins)
        for version in _once(outcome)
        if not version.undecided
    }
    # What refers to something undecided waits for it, and so does what refers to that in turn.
    while waiting := [id for id, one in made.items() if any(target not in made for target in _targets(one, sheet))]:
        for id in waiting:
            del made[id]
    source = sheet.corpus.sets[sheet.workers[0], sheet.document]
    marked = AnnotationSet(sheet.document, source.text_sha256, GOLD, tuple(made.values()))
    return normal(marked, sheet.scheme)


def _once(outcome: Outcome) -> Iterator[Version]:
    """All versions, no two of which would be one annotation of gold."""
    sheet, versions = outcome.sheet, list(outcome.versions())
    marked = AnnotationSet(sheet.document, "", GOLD, tuple(version.annotation for version in versions))
    ids = Counter(one.id for one in normal(marked, sheet.scheme).annotations)
    doubled = sorted(id for id, times in ids.items() if times > 1)
    if doubled:
        origins = sorted(o for version in versions if version.annotation.id in doubled for o in version.origins)
        raise RecordError(
            f"{', '.join(origins)} make {doubled[0]!r} twice; expected one of them to be rejected",
            place=f"annotations/decisions/{sheet.document}.json",
        )
    yield from versions


def _targets(one: Annotation, sheet: Sheet) -> Iterator[str]:
    layer = sheet.scheme.layer(one.layer)
    for role in layer.roles if layer else ():
        if not role.registry:
            yield from one.refs.get(role.name, ())


def adopt(corpus: Corpus, annotator: str) -> tuple[dict[str, AnnotationSet], dict[str, Entity]]:
    """Gold by the policy of one named annotator alone, whose new entities enter the registry; no decision counts.

    Returns:
        document -> gold, and the registry with what was added to it.

    Raises:
        UsageError: the annotator has no sets.
        RecordError: one id means two different entities.
    """
    sets = {key: marked for key, marked in corpus.sets.items() if key[0] == annotator}
    if not sets:
        known = sorted({who for who, _ in corpus.sets})
        raise UsageError(f"annotator {annotator!r} has no sets{nearest(annotator, known)}; there are {known}")
    policy = Policy(default=MergeRule("annotator", annotator), annotators=(annotator,))
    found = derive(structs.replace(corpus, sets=sets, decisions={}, policy=policy))
    open_ = {one.entity for one in found.open_entities}
    # What a part is waits for its whole: that is the one to mend.
    for one in sorted(found.open_entities, key=lambda one: not open_.isdisjoint(_wholes(one))):
        raise RecordError(f"entity {one.record.id!r} {one.why}; expected one record, or another id", place=one.entity)
    return found.gold, found.entities


def _wholes(one: OpenEntity) -> Iterator[str]:
    """The addresses of what an entity is part of, as far as its annotator added that too."""
    of = one.entity.partition("#")[0]
    yield from (f"{of}#{whole}" for whole in one.record.part_of)
