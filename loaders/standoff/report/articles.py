"""One document as it is shown: what is known of it, every set on its text, what is found fault with, who disagrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from standoff.model import AnnotationSet, Corpus, Document
from standoff.model import Fact as Known
from standoff.report.legend import sets_of
from standoff.report.sets import Surroundings, drawn_set, found, item_id, place_of, same_but_sources
from standoff.report.values import Article, Disagreement, Drawn, Fact, Found, Who

__all__ = ["article", "places", "sets_of_documents"]


def article(
    document: Document, around: Surroundings, disagreements: Iterable[Disagreement] = (), compared: str = ""
) -> Article:
    """A document with all its sets."""
    sets = tuple(_drawn(marked, same_as, document, around) for marked, same_as in around.sets.get(document.id, ()))
    return Article(
        id=f"d{around.numbers[document.id]}",
        name=document.id,
        title=document.title,
        language=document.language,
        facts=tuple(_facts(document, around.corpus)),
        sets=sets,
        findings=tuple(_findings(document, sets, around)),
        disagreements=tuple(disagreements),
        compared=compared,
    )


def sets_of_documents(corpus: Corpus) -> dict[str, list[tuple[AnnotationSet, str]]]:
    """Document -> its sets, gold first, each with the name of an earlier one that says the same."""
    found: dict[str, list[tuple[AnnotationSet, str]]] = {}
    for marked in sets_of(corpus):
        if marked.document in corpus.documents:
            own = found.setdefault(marked.document, [])
            same = (one.annotator for one, same_as in own if not same_as and same_but_sources(one, marked))
            own.append((marked, next(same, "")))
    return found


def _drawn(marked: AnnotationSet, same_as: str, document: Document, around: Surroundings) -> Drawn:
    if not same_as:
        return drawn_set(marked, document, around)
    who = around.whos[marked.annotator]
    return Drawn(
        id=f"d{around.numbers[document.id]}w{who.number}",
        who=who.number,
        annotator=marked.annotator,
        kind=who.kind,
        paragraphs=(),
        groups=(),
        whole=(),
        items={},
        same_as=same_as,
    )


def _findings(document: Document, sets: Iterable[Drawn], around: Surroundings) -> Iterator[Found]:
    """All that is found fault with in a document's files, those on annotations with their places."""
    for folder in ("raw", "documents", "segments"):
        for ending in (".json", ".txt", ".html"):
            for finding in around.findings.get(f"corpus/{folder}/{document.id}{ending}", ()):
                yield found(finding, around)
    for drawn in sets:
        listed = {item.name: item.id for item in reversed(drawn.items.values())}
        for finding in around.findings.get(place_of(drawn.annotator, document.id), ()):
            yield found(finding, around, listed.get(finding.id, ""))


def _facts(document: Document, corpus: Corpus) -> Iterator[Fact]:
    yield Fact("language", document.language)
    yield Fact("published", *_known(document.published))
    for field in ("publisher", "author", "url"):
        yield Fact(field, *_known(getattr(document.source, field)))
    yield Fact("split", corpus.splits.splits.get(document.id, "none"))
    for event, ids in corpus.splits.events.items():
        if document.id in ids:
            yield Fact("event", event)
    right = corpus.rights.get(document.id)
    if right is None:
        yield Fact("rights", "undecided")
    else:
        yield Fact("rights", "text may be published" if right.publish_text else "text withheld", right.reason)
    segments = corpus.segments.get(document.id)
    sizes = f"{len(document.text):,} characters"
    if segments:
        sizes += f", {len(segments.sentences):,} sentences, {len(segments.tokens):,} tokens"
    yield Fact("length", sizes)
    if document.dropped:
        kinds = ", ".join(f"{one.kind} [{one.start}:{one.end}]" for one in document.dropped)
        yield Fact("dropped", f"{sum(one.end - one.start for one in document.dropped):,} characters", kinds)


def _known(fact: Known) -> tuple[str, str]:
    """A fact in words, and how it is known."""
    if fact.value is None:
        return "unknown", fact.evidence
    return (f"{fact.value} (inferred)" if fact.status == "inferred" else fact.value), fact.evidence


def places(
    sets: Mapping[str, Iterable[tuple[AnnotationSet, str]]], numbers: Mapping[str, int], whos: Mapping[str, Who]
) -> dict[tuple[str, str, str], str]:
    """(annotator, document, id) -> where the annotation is listed: where a set is not drawn again, in its equal."""
    found: dict[tuple[str, str, str], str] = {}
    for document, own in sets.items():
        for marked, same_as in own:
            who = whos[same_as or marked.annotator].number
            for n, annotation in enumerate(marked.annotations):
                found.setdefault((marked.annotator, document, annotation.id), item_id(numbers[document], who, n))
    return found
