"""What a reviewer reads first: the verdict, the numbers, what gold was made from; and how labels are distributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from standoff.canon import content_digest
from standoff.model import GOLD, Corpus, Finding
from standoff.release.planning import Plan
from standoff.report.legend import sets_of, shown_sets
from standoff.report.plots import bars, shares
from standoff.report.sections import Distribution, Gate, Overview
from standoff.report.values import Fact, LayerLegend, Link, Who

__all__ = ["distributions", "overview"]


def overview(
    corpus: Corpus,
    layers: Sequence[LayerLegend],
    whos: Sequence[Who],
    *,
    findings: Sequence[Finding],
    plan: Plan | str,
    numbers: Mapping[str, int],
) -> Overview:
    """The first page.

    Args:
        plan: of the next release, or why there is none.
        numbers: document -> its number on the page.
    """
    verdict, ready, why = _verdict(plan)
    by_layer = Counter((marked.annotator, a.layer) for marked in sets_of(corpus) for a in marked.annotations)
    shown = shown_sets(corpus)
    by_document = Counter((marked.document, a.layer) for marked in shown for a in marked.annotations)
    severities = Counter(finding.severity for finding in findings)
    return Overview(
        verdict=verdict,
        ready=ready,
        why=why,
        gates=tuple(_gates(plan)),
        facts=tuple(_facts(corpus, plan)),
        numbers=(
            _number(len(corpus.documents), "document"),
            _number(sum(by_document.values()), "annotation", " in gold" if corpus.gold else ""),
            _number(len(corpus.entities), "entity", plural="entities"),
            _number(sum(who.name != GOLD for who in whos), "annotator"),
            _number(severities["error"], "error"),
            _number(severities["warning"], "warning"),
        ),
        columns=tuple(who.name for who in whos),
        counts=tuple((layer, tuple(by_layer[who.name, layer.name] for who in whos)) for layer in layers),
        documents=tuple(
            (Link(document.title, f"d{numbers[id]}"), tuple(by_document[id, layer.name] for layer in layers))
            for id, document in corpus.documents.items()
        ),
        counted="in gold" if corpus.gold else "in all sets",
        traced=tuple(_traced(corpus)),
    )


def _number(count: int, thing: str, where: str = "", *, plural: str = "") -> Fact:
    return Fact((thing if count == 1 else plural or f"{thing}s") + where, f"{count:,}")


def _verdict(plan: Plan | str) -> tuple[str, bool, str]:
    if isinstance(plan, str):
        return "Not yet", False, f"The next release was not planned: {plan}"
    if plan.ready and plan.version:
        return "Release", True, f"Version {plan.version} may be released: every gate is open."
    if plan.ready:
        return "Nothing to release", True, f"Nothing changed since {plan.previous}; every gate is open."
    shut = [gate.name for gate in plan.gates if not gate.open]
    return (
        "Not yet",
        False,
        f"{len(shut)} of {len(plan.gates)} gates {'is' if len(shut) == 1 else 'are'} not open: "
        + (f"{', '.join(shut)}."),
    )


def _gates(plan: Plan | str) -> Iterator[Gate]:
    for gate in () if isinstance(plan, str) else plan.gates:
        yield Gate(gate.name, "unknown" if gate.open is None else "open" if gate.open else "shut", gate.text)


def _facts(corpus: Corpus, plan: Plan | str) -> Iterator[Fact]:
    yield Fact("version", corpus.version or "working copy")
    if not isinstance(plan, str):
        yield Fact("next version", plan.version or "none")
        yield Fact("last release", plan.previous or "none yet")
    yield Fact("scheme", corpus.scheme.version)
    lacking = [id for id in corpus.documents if id not in corpus.segments]
    if lacking:
        yield Fact("content", f"not computed because {lacking[0]} has no segments")
    else:
        yield Fact("content", content_digest(corpus), "sha256 of all that the corpus says")


def _traced(corpus: Corpus) -> Iterator[str]:
    """What gold was made from, by who made it, the most frequent first."""
    made: Counter[tuple[str, ...]] = Counter()
    for marked in corpus.gold.values():
        for annotation in marked.annotations:
            made[tuple(sorted({address.partition("/")[0] for address in annotation.derived_from}))] += 1
    total = made.total()
    for names, count in sorted(made.items(), key=lambda one: (-one[1], one[0])):
        of = " and ".join(_origin(corpus, name) for name in names) if names else "nothing: its origin is not recorded"
        yield f"{count:,} of {total:,} annotations in gold are made from {of}"


def _origin(corpus: Corpus, name: str) -> str:
    annotator = corpus.annotators.get(name)
    return f"{name} ({annotator.kind})" if annotator else name


def distributions(corpus: Corpus, layers: Iterable[LayerLegend]) -> tuple[Distribution, ...]:
    """Labels and attribute values of each layer that has annotations."""
    values: Counter[tuple[str, str, str]] = Counter()
    for marked in shown_sets(corpus):
        for annotation in marked.annotations:
            values.update((annotation.layer, name, value) for name, value in annotation.attributes.items())
    return tuple(_distribution(corpus, layer, values) for layer in layers if layer.count)


def _distribution(corpus: Corpus, layer: LayerLegend, values: Counter[tuple[str, str, str]]) -> Distribution:
    known = corpus.scheme.layer(layer.name)
    attributes = []
    for attribute in known.attributes if known else ():
        counts = [(value.title, values[layer.name, attribute.name, value.name]) for value in attribute.values]
        if missing := layer.count - sum(count for _, count in counts):
            counts.append(("none", max(0, missing)))
        plot = shares(counts)
        attributes.append((attribute.title, tuple(bar for bar in plot.bars if bar.count), plot))
    labels = bars([(label.title, label.count, label.style) for label in layer.labels])
    return Distribution(layer, "in gold" if corpus.gold else "in all sets", labels, tuple(attributes))
