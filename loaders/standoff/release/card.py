"""The card of a release: YAML that tells loaders what there is, and text that tells people."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from standoff.model import RESERVED, Corpus
from standoff.release.agreeing import COLUMNS, agreed
from standoff.release.folder import DATA, About
from standoff.release.review import Review
from standoff.release.statement import data_statement
from standoff.tables import vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DESCRIPTIONS", "Tables", "card", "features", "limits", "to_yaml"]

DEFAULT = "documents"

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

Tables = Mapping[str, Mapping[str, "pa.Table"]]


def card(
    corpus: Corpus,
    about: About,
    tables: Tables,
    digests: Mapping[str, str],
    *,
    citation: str = "",
    statement: str = "",
    reviews: Sequence[Review] = (),
) -> str:
    """The README.md of a release.

    Args:
        digests: config -> digest of its files.
        citation: the CITATION.cff of the release; its licence is that of the annotations.
        statement: the corpus's own words on where its texts come from, as Markdown.
        reviews: the sign-offs of exactly this content.
    """
    licence = _licence(citation)
    filled = _filled(tables)
    front = {
        "pretty_name": about.title,
        **({"license": licence.lower()} if licence else {}),
        "language": sorted({document.language.split("-")[0] for document in corpus.documents.values()}),
        "tags": [about.corpus, "stand-off annotation"],
        "configs": [_config(config, filled[config], about, digests[config]) for config in filled],
        "dataset_info": [_info(config, filled[config]) for config in filled],
    }
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
    return "---\n" + to_yaml(front) + "---\n\n" + "\n".join("\n".join(lines) + "\n" for lines in sections)


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The columns as dataset_info tells them: strings of a closed list are class labels."""
    return [{"name": field.name, **_dtype(_feature(field.type, vocabulary(field)))} for field in schema]


def to_yaml(value: Any, indent: str = "") -> str:
    """YAML in blocks, of mappings, sequences, strings, numbers and booleans; all strings but plain keys are quoted."""
    if isinstance(value, dict) and value:
        return "".join(f"{indent}{_key(key)}:{_nested(item, indent)}" for key, item in value.items())
    if isinstance(value, list) and value:
        # The first key of a mapping stands behind the dash, the others below it.
        return "".join(f"{indent}- {to_yaml(item, indent + '  ').lstrip(' ')}" for item in value)
    return f"{indent}{_scalar(value)}\n"


def _nested(value: Any, indent: str) -> str:
    return "\n" + to_yaml(value, indent + "  ") if isinstance(value, dict | list) and value else f" {to_yaml(value)}"


def _key(key: str) -> str:
    # The words that YAML 1.1 takes for booleans or nothing are short or these three.
    return key if re.fullmatch("[a-z_]{4,}", key) and key not in ("true", "false", "null") else _scalar(key)


def _scalar(value: Any) -> str:
    """A JSON scalar, which is YAML too once what YAML may not hold, or folds as a line break, is escaped."""
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
        lambda found: f"\\u{ord(found.group()):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def _filled(tables: Tables) -> Tables:
    """The splits that have rows: one without would break its whole config in `datasets`."""
    some = {
        config: {split: table for split, table in splits.items() if len(table)} for config, splits in tables.items()
    }
    return {config: splits for config, splits in some.items() if splits}


def _config(config: str, splits: Mapping[str, pa.Table], about: About, digest: str) -> dict[str, Any]:
    """What `datasets` is told of a config.

    Its cache is keyed by this text, not by the files (huggingface/datasets#6465): hence the digest.
    """
    return {
        "config_name": config,
        # `datasets` knows versions of three numbers only; the digest tells those in development apart.
        "version": about.version.partition(".dev")[0],
        "description": f"content-sha256:{digest}",
        # A split without rows would break the whole config.
        "data_files": [
            {"split": split, "path": f"{DATA}/{config}/{split}.parquet"}
            for split, table in splits.items()
            if len(table)
        ],
        **({"default": True} if config == DEFAULT else {}),
    }


def _info(config: str, splits: Mapping[str, pa.Table]) -> dict[str, Any]:
    return {
        "config_name": config,
        "features": features(next(iter(splits.values())).schema),
        "splits": [
            {"name": split, "num_bytes": table.nbytes, "num_examples": len(table)} for split, table in splits.items()
        ],
    }


def _feature(type: pa.DataType, values: Sequence[str]) -> Any:
    import pyarrow as pa

    if pa.types.is_struct(type):
        return [{"name": field.name, **_dtype(_feature(field.type, values))} for field in type.fields]
    if pa.types.is_list(type):
        return {"list": _feature(type.value_type, values)}
    return {"class_label": {"names": {str(n): name for n, name in enumerate(values)}}} if values else str(type)


def _dtype(feature: Any) -> dict[str, Any]:
    if isinstance(feature, list):
        return {"struct": feature}
    return feature if isinstance(feature, dict) and "list" in feature else {"dtype": feature}


def _licence(citation: str) -> str:
    found = re.search(r"^license:[ \t]*[\"']?([A-Za-z0-9.+-]+)[\"']?[ \t]*$", citation, re.MULTILINE)
    return found[1] if found else ""


def _plain(text: str) -> str:
    """Text on one line that Markdown and HTML leave as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#|~$&!])", r"\\\1", " ".join(text.split()))


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
    described = {
        **DESCRIPTIONS,
        **{layer.name: layer.description for layer in corpus.scheme.layers},
        **{view.name: view.description for view in corpus.scheme.views},
    }
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
        yield from ("", *_table(COLUMNS, *(map(_plain, row) for row in rows)))


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
    yield f"Annotations: {licence or 'no licence is stated'}. Texts: their holders keep their rights."
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
