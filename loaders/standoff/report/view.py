"""A corpus to all that its report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from standoff.diff import diff
from standoff.model import Corpus, Finding, Progress, silent
from standoff.release.planning import Plan
from standoff.report.agreeing import agreed, disagreements
from standoff.report.articles import article, places, sets_of_documents
from standoff.report.changes import changed, changes
from standoff.report.legend import legend, styles, whos
from standoff.report.overview import distributions, overview
from standoff.report.page import page
from standoff.report.sections import Changes, View
from standoff.report.sets import Surroundings, found
from standoff.report.values import Disagreement
from standoff.validate import RULES

__all__ = ["Before", "report", "view"]


class Before(Struct, frozen=True):
    """An earlier corpus that a report holds this one against, and what it is called."""

    name: str
    corpus: Corpus


def report(
    corpus: Corpus,
    *,
    date: str,
    findings: Sequence[Finding],
    plan: Plan | str,
    previous: Before | str,
    progress: Progress = silent,
) -> str:
    """The page that shows a corpus. The same arguments give the same page.

    Args:
        date: of the report, as ISO 8601 writes it.
        findings: all of `standoff.validate`.
        plan: of the next release, or why there is none.
        previous: the last release, or why there is none to hold the corpus against.

    Raises:
        UsageError: jinja2 is not installed.
    """
    return page(
        view(corpus, date=date, findings=findings, plan=plan, previous=previous, progress=progress), progress=progress
    )


def view(
    corpus: Corpus,
    *,
    date: str,
    findings: Sequence[Finding],
    plan: Plan | str,
    previous: Before | str,
    progress: Progress = silent,
) -> View:
    """All that the report shows, as values; arguments as of `report`."""
    layers = legend(corpus)
    annotators = whos(corpus)
    numbers = {id: n for n, id in enumerate(corpus.documents)}
    by_name = {who.name: who for who in annotators}
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    compared = None if isinstance(previous, str) else diff(previous.corpus, corpus, progress=progress)
    sets = sets_of_documents(corpus)
    around = Surroundings(
        corpus=corpus,
        layers={layer.name: layer for layer in layers},
        styles=styles(layers),
        whos=by_name,
        numbers=numbers,
        findings=by_file,
        summaries={rule.id: rule.summary for rule in RULES},
        changed=changed(compared) if compared else {},
        sets=sets,
        places=places(sets, numbers, by_name),
    )
    differing = disagreements(around)
    articles = []
    for n, document in enumerate(corpus.documents.values()):
        progress("drawing", n, len(numbers))
        own = () if isinstance(differing, str) else tuple(differing.get(document.id, ()))
        articles.append(article(document, around, own, _compared(document.id, differing)))
    progress("drawing", len(numbers), len(numbers))
    if compared is None or isinstance(previous, str):
        since = Changes("", f"Not computed because {previous}.")
    else:
        since = changes(compared, previous.corpus, previous.name, around)
    return View(
        title=corpus.scheme.title,
        date=date,
        overview=overview(corpus, layers, annotators, findings=findings, plan=plan, numbers=numbers),
        layers=layers,
        annotators=annotators,
        findings=tuple(found(finding, around, _href(finding, around)) for finding in findings),
        articles=tuple(articles),
        agreed=agreed(corpus, around.layers, progress=progress),
        distributions=distributions(corpus, layers),
        changes=since,
    )


def _compared(document: str, differing: Mapping[str, Sequence[Disagreement]] | str) -> str:
    """How much annotators differ on a document, or why nobody is compared."""
    if isinstance(differing, str):
        return f"Not computed because {differing}."
    if document not in differing:
        return "Not computed because no two annotators worked on this document, on the same text."
    number = len(differing[document])
    return f"{number:,}, the worst first." if number else "There are none."


def _href(finding: Finding, around: Surroundings) -> str:
    """Where on the page the thing is that a finding is about: the annotation, or else its document."""
    folder, _, name = finding.file.rpartition("/")
    document = name.partition(".")[0]
    at = around.places.get((folder.rpartition("/")[2], document, finding.id), "")
    return at or (f"d{around.numbers[document]}" if document in around.numbers else "")
