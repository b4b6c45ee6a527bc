"""The card of a release: YAML that tells loaders what there is, and text that tells people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from standoff.model import RESERVED, Corpus
from standoff.release.agreeing import COLUMNS, agreed
from standoff.release.citation import Citation
from standoff.release.folder import About
from standoff.release.front_matter import DEFAULT, Tables, front_matter
from standoff.release.review import Review
from standoff.release.statement import data_statement
from standoff.scheme import Scheme

__all__ = ["card", "limits", "table_descriptions"]

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


def card(
    corpus: Corpus,
    about: About,
    tables: Tables,
    digests: Mapping[str, str],
    *,
    citation: Citation | None = None,
    statement: str = "",
    reviews: Sequence[Review] = (),
) -> str:
    """The README.md of a release.

    Args:
        digests: config -> digest of its files.
        citation: how the release is to be cited; its licence is that of the annotations.
        statement: the corpus's own words on where its texts come from, as Markdown.
        reviews: the sign-offs of exactly this content.
    """
    licence = citation.license if citation else ""
    sections = (
        _what(corpus, about),
        _loading(about),
        _configs(corpus, tables),
        _labels(corpus),
        data_statement(corpus, statement, plain=_plain),
        _process(corpus),
        _agreement(corpus),
        _signed(reviews),
        _limits(corpus, tables),
        _rights(corpus, licence),
    )
    front = front_matter(corpus, about, tables, digests, licence=licence)
    return f"---\n{front}---\n\n" + "\n".join("\n".join(lines) + "\n" for lines in sections)


def table_descriptions(scheme: Scheme) -> dict[str, str]:
    """What each table of a release holds: config -> one sentence or more."""
    return {
        **DESCRIPTIONS,
        **{layer.name: layer.description for layer in scheme.layers},
        **{view.name: view.description for view in scheme.views},
    }


def _plain(text: str) -> str:
    """Text on one line that Markdown and HTML leave as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~$&!])", r"\\\1", " ".join(text.split()))


def _named(text: str) -> str:
    """Names of the schema as code, whatever signs they have; other text as it is."""
    return f"`{text}`" if re.fullmatch(r"[\w-]+(, [\w-]+)*", text) else _plain(text)


def _table(*rows: Iterable[Any]) -> Iterator[str]:
    """A Markdown table; the first row is its head."""
    for n, row in enumerate(rows):
        cells = [str(cell) for cell in row]
        yield f"| {' | '.join(cells)} |"
        if not n:
            yield f"|{'---|' * len(cells)}"


def _what(corpus: Corpus, about: About) -> Iterator[str]:
    described = corpus.scheme.annotation_schema.get("description", "")
    yield from (f"# {_plain(about.title)}", "", *([_plain(described), ""] if described else []))
    yield from (
        f"Version {about.version} of {about.date}; schema {_plain(corpus.scheme.version)}; "
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


def _loading(about: About) -> Iterator[str]:
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


def _configs(corpus: Corpus, tables: Tables) -> Iterator[str]:
    described = table_descriptions(corpus.scheme)
    yield from ("## Tables", "")
    yield from _table(
        ("Config", "Holds", "Rows"),
        *(
            (
                f"`{config}`",
                _plain(described[config]),
                ", ".join(f"{split} {len(table)}" for split, table in splits.items()),
            )
            for config, splits in tables.items()
        ),
    )
    yield from (
        "",
        "A split of 0 rows has a file, which `datasets` is not told of: it fails on such. `standoff.load` reads it.",
    )


def _labels(corpus: Corpus) -> Iterator[str]:
    yield from ("## Labels", "", "Annotations in gold; `schema/CODEBOOK.md` defines every label.", "")
    gold = [annotation for marked in corpus.gold.values() for annotation in marked.annotations]
    counts = Counter((annotation.layer, annotation.label) for annotation in gold)
    yield from _table(
        ("Layer", "Labels"),
        *(
            (f"`{layer.name}`", ", ".join(f"{_plain(name)} {counts[layer.name, name]}" for name in layer.label_names))
            for layer in corpus.scheme.layers
        ),
    )


def _signed(reviews: Sequence[Review]) -> Iterator[str]:
    yield from ("## Review", "")
    if not reviews:
        yield "Nobody has signed this content."
    for review in reviews:
        who = f"Signed by `{_plain(review.reviewer)}` on {_plain(review.date)}"
        yield f"{who}; accepted findings: {len(review.accepted)}."
        if review.accepted:
            yield ""
            rows = (
                (f"`{one.rule}`", f"`{_plain(one.file)}#{_plain(one.id)}`", _plain(one.reason))
                for one in review.accepted
            )
            yield from (*_table(("Rule", "Where", "Why it stands"), *rows), "")


def _process(corpus: Corpus) -> Iterator[str]:
    yield from ("## How it was annotated", "")
    worked = Counter(annotator for annotator, _ in corpus.sets)
    yield from _table(
        ("Annotator", "Kind", "Documents", "Description"),
        *(
            (
                f"`{annotator.id}`",
                " ".join(_plain(of) for of in (annotator.kind, annotator.family, annotator.version) if of),
                worked[annotator.id],
                _plain(annotator.description),
            )
            for annotator in corpus.annotators.values()
        ),
    )
    yield from ("", f"{len(corpus.gold)} of {len(corpus.documents)} documents have gold.")
    origins = [
        {address.partition("/")[0] for address in annotation.derived_from}
        for marked in corpus.gold.values()
        for annotation in marked.annotations
    ]
    if sources := sorted(set().union(*origins) - set(RESERVED)):
        yield f"Gold was made from what {', '.join(f'`{_plain(of)}`' for of in sources)} marked."
    for address, how in (
        ("decision", "an adjudicator's recorded decision"),
        ("policy", "a majority of annotators against the others"),
    ):
        if times := sum(address in of for of in origins):
            yield f"{times} of its annotations follow from {how}."


def _agreement(corpus: Corpus) -> Iterator[str]:
    sentences, rows = agreed(corpus)
    yield from ("## Agreement", "", " ".join(map(_plain, sentences)))
    if rows:
        yield from ("", *_table(COLUMNS, *((*map(_named, row[:2]), *map(_plain, row[2:])) for row in rows)))


def _limits(corpus: Corpus, tables: Tables) -> Iterator[str]:
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


def _rights(corpus: Corpus, licence: str) -> Iterator[str]:
    yield from ("## Rights", "")
    yield f"Annotations: {_plain(licence) or 'no licence is stated'}. Texts: their holders keep their rights."
    yield ""
    yield from _table(
        ("Document", "Holder", "Text published", "Why", "Takedown"),
        *(
            (
                f"`{id}`",
                _plain(right.holder),
                "yes" if right.publish_text else "no",
                _plain(right.reason),
                _plain(right.takedown),
            )
            for id, right in sorted(corpus.rights.items())
        ),
    )
