"""Sections of a card that follow from counts alone, line by line: those of a corpus that was read, or only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from standoff.model import RESERVED, Corpus
from standoff.release.folder import About
from standoff.release.front_matter import DEFAULT, Tables
from standoff.release.markdown import plain, table_lines
from standoff.release.review import Review
from standoff.scheme import Scheme

__all__ = [
    "configs",
    "heading",
    "labels",
    "limitations",
    "limits",
    "loading",
    "process",
    "signed",
    "table_descriptions",
]

DESCRIPTIONS = {
    "documents": "The documents: text, title, source, date, each fact with how it is known.",
    "sentences": "Sentences, as half-open code points of the document's text.",
    "tokens": "Tokens, and the sentence that each begins in.",
    "entities": "The registry of entities that annotations refer to.",
    "annotators": "Who annotated, under pseudonyms.",
    "judgements": "What every annotator marked, all layers together; the layer tables are gold.",
    "soft_labels": "How many annotators gave each label to an item of gold, and how many marked nothing there.",
    "sets": "Which annotator worked on which document, and on which text; also where nothing was marked.",
    "set_entities": "Entities that an annotator added in a document.",
    "splits": "The split of each document.",
    "events": "Documents that tell of one event.",
    "rights": "The owner's decision on publishing each document's text.",
    "merge_policy": "When what annotators say becomes gold without a decision: a default, and layers' own rules.",
    "decisions": "What adjudicators decided where annotators disagreed, with the reason.",
    "entity_decisions": "What adjudicators decided of entities that annotators had added.",
}
"""Of the tables that every corpus has; layers and views are described by the schema."""


def table_descriptions(scheme: Scheme) -> dict[str, str]:
    """What each table of a release holds: config -> one sentence or more."""
    return {
        **DESCRIPTIONS,
        **{layer.name: layer.description for layer in scheme.layers},
        **{view.name: view.description for view in scheme.views},
    }


def heading(corpus: Corpus, about: About) -> Iterator[str]:
    """What a release is, and what its offsets count."""
    described = corpus.scheme.annotation_schema.get("description", "")
    yield from (f"# {plain(about.title)}", "", *([plain(described), ""] if described else []))
    yield from (
        f"Version {about.version} of {about.date}; schema {plain(corpus.scheme.version)}; "
        f"{len(corpus.documents)} documents. Digest of the content: `{about.content_sha256}`.",
        "Offsets are half-open, in Unicode code points of a document's `text`: `text[start:end]` is the quotation.",
    )
    if about.edition == "text-free":
        yield from (
            "",
            "This is the edition without texts: it holds no words of the articles but for titles and names. A span, a "
            "sentence or a dropped range has in place of its words their `sha256`, salted by the document's "
            "`raw_sha256`, and how many `times` they stand in the text; `⟦document:start:end⟧` in a note is a passage "
            "of the raw file. A hash recognises words and hides no short ones: they can be guessed. Views, which are "
            "made of text, are left out. `standoff hydrate DIR --raw FOLDER --out DIR` makes the full edition, byte "
            "for byte, from your own copies of the articles.",
        )


def loading(about: About) -> Iterator[str]:
    """How it is loaded."""
    yield from (
        "## Load it",
        "",
        "```python",
        "import standoff",
        "",
        f'documents = standoff.load("{DEFAULT}", version="{about.version}", source=FOLDER)',
        "```",
        "",
        "`standoff.load` checks all files against `SHA256SUMS` first. Without the package (the path must be absolute):",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        f'documents = load_dataset(ABSOLUTE_FOLDER, "{DEFAULT}")',
        "```",
    )


def configs(corpus: Corpus, tables: Tables) -> Iterator[str]:
    """Its tables."""
    described = table_descriptions(corpus.scheme)
    yield from ("## Tables", "")
    yield from table_lines(
        ("Config", "Holds", "Rows"),
        *(
            (
                f"`{config}`",
                plain(described[config]),
                ", ".join(f"{split} {len(table)}" for split, table in splits.items()),
            )
            for config, splits in tables.items()
        ),
    )
    yield from (
        "",
        "A split of 0 rows has a file, which `datasets` is not told of: it fails on such. `standoff.load` reads it.",
    )


def labels(corpus: Corpus) -> Iterator[str]:
    """How often each label is in gold."""
    yield from ("## Labels", "", "Annotations in gold; `schema/CODEBOOK.md` defines every label.", "")
    gold = [annotation for marked in corpus.gold.values() for annotation in marked.annotations]
    counts = Counter((annotation.layer, annotation.label) for annotation in gold)
    yield from table_lines(
        ("Layer", "Labels"),
        *(
            (f"`{layer.name}`", ", ".join(f"{plain(name)} {counts[layer.name, name]}" for name in layer.label_names))
            for layer in corpus.scheme.layers
        ),
    )


def signed(reviews: Sequence[Review]) -> Iterator[str]:
    """Who signed the content."""
    yield from ("## Review", "")
    if not reviews:
        yield "Nobody has signed this content."
    for review in reviews:
        who = f"Signed by `{plain(review.reviewer)}` on {plain(review.date)}"
        yield f"{who}; accepted findings: {len(review.accepted)}."
        if review.accepted:
            yield ""
            rows = (
                (f"`{one.rule}`", f"`{plain(one.file)}#{plain(one.id)}`", plain(one.reason)) for one in review.accepted
            )
            yield from (*table_lines(("Rule", "Where", "Why it stands"), *rows), "")


def process(corpus: Corpus) -> Iterator[str]:
    """Who annotated, and what gold was made from."""
    yield from ("## How it was annotated", "")
    worked = Counter(annotator for annotator, _ in corpus.sets)
    yield from table_lines(
        ("Annotator", "Kind", "Documents", "Description"),
        *(
            (
                f"`{annotator.id}`",
                " ".join(plain(of) for of in (annotator.kind, annotator.family, annotator.version) if of),
                worked[annotator.id],
                plain(annotator.description),
            )
            for annotator in corpus.annotators.values()
        ),
    )
    yield from ("", f"{len(corpus.gold)} of {len(corpus.documents)} documents have gold.")
    origins = Counter(
        frozenset(address.partition("/")[0] for address in annotation.derived_from)
        for marked in corpus.gold.values()
        for annotation in marked.annotations
    )
    if sources := sorted(set().union(*origins) - set(RESERVED)):
        yield f"Gold was made from what {', '.join(f'`{plain(of)}`' for of in sources)} marked."
    for address, how in (
        ("decision", "an adjudicator's recorded decision"),
        ("policy", "a majority of annotators against the others"),
    ):
        if times := sum(n for of, n in origins.items() if address in of):
            yield f"{times} of its annotations follow from {how}."


def limitations(corpus: Corpus, tables: Tables) -> Iterator[str]:
    """What its tables do not hold."""
    yield from ("## Limits", "", *(f"- {sentence}" for sentence in limits(corpus, tables)))


def limits(corpus: Corpus, tables: Tables) -> Iterator[str]:
    """What a user of a release must know that its tables do not hold, one sentence each."""
    documents = {split: len(table) for split, table in tables[DEFAULT].items()}
    yield f"Documents by split: {', '.join(f'{split} {n}' for split, n in documents.items())}."
    times = Counter(document for _, document in corpus.sets)
    several = sum(n > 1 for n in times.values())
    yield f"{several} of {len(corpus.documents)} documents were annotated by more than one annotator."
    unchecked = sum(entity.kb_status == "unchecked" for entity in corpus.entities.values())
    yield f"{unchecked} of {len(corpus.entities)} entities were not looked up in a knowledge base."
    for view in corpus.scheme.views:
        if view.kind == "bio" and view.name in tables:
            missed = sum(sum(table["untagged"].to_pylist()) for table in tables[view.name].values())
            held = [a for marked in corpus.gold.values() for a in marked.annotations if a.layer == view.layer]
            yield (
                f"`{view.name}` has no tags for {missed} of {sum(len(a.spans) for a in held)} fragments, "
                "which are nested in, or cross, one that is tagged, or do not fit the tokens of one sentence."
            )
