"""One change to a corpus, as an annotator, an editor or a curator might make it."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import structs

from standoff.model import Annotation, Corpus, Right, Segments, Span, Splits
from standoff.schema import parse
from standoff.scheme import Scheme
from standoff.text import sha


def marked_otherwise(
    corpus: Corpus, document: str, id: str, *, label: str | None = None, spans: tuple[Span, ...] | None = None
) -> Corpus:
    """The corpus with another label or other spans of one annotation of gold."""
    marked = corpus.gold[document]

    def other(annotation: Annotation) -> Annotation:
        if annotation.id != id:
            return annotation
        return structs.replace(annotation, label=label or annotation.label, spans=spans or annotation.spans)

    changed = structs.replace(marked, annotations=tuple(map(other, marked.annotations)))
    return structs.replace(corpus, gold={**corpus.gold, document: changed})


def corrected(corpus: Corpus, annotator: str, document: str, id: str, label: str) -> Corpus:
    """The corpus with another label of one annotation, by its annotator and in gold, as a correction leaves it."""
    changed = marked_otherwise(corpus, document, id, label=label)
    marked = corpus.sets[annotator, document]
    others = tuple(structs.replace(one, label=label) if one.id == id else one for one in marked.annotations)
    assert others != marked.annotations
    own = structs.replace(marked, annotations=others)
    return structs.replace(changed, sets={**corpus.sets, (annotator, document): own})


def with_document(corpus: Corpus, id: str, text: str) -> Corpus:
    """The corpus with one more document, its segments, split and rights; nothing is marked in it."""
    document = structs.replace(
        next(iter(corpus.documents.values())),
        id=id,
        title="Added",
        text=text,
        raw_sha256=sha(text),
        raw_length=len(text),
        text_sha256=sha(text),
        dropped=(),
    )
    tokens = tuple((found.start(), found.end()) for found in re.finditer(r"\w+|[^\w\s]", text))
    splits = Splits({**corpus.splits.splits, id: "train"}, corpus.splits.events)
    right = Right(True, "owner", "2024-01-31", "drawn", "nobody", "on request")
    return structs.replace(
        corpus,
        documents={**corpus.documents, id: document},
        segments={**corpus.segments, id: Segments(id, "hand", ((0, len(text)),), tokens)},
        splits=splits,
        rights={**corpus.rights, id: right},
    )


def without_label(scheme: Scheme, layer: str, label: str) -> Scheme:
    """The scheme without a label and its section in the codebook."""
    schema: dict[str, Any] = json.loads(scheme.files["annotation.schema.json"])
    values = schema["$defs"][layer]["properties"]["label"]["oneOf"]
    schema["$defs"][layer]["properties"]["label"]["oneOf"] = [v for v in values if v["const"] != label]
    section = rf"^### {layer}: {label}\n(?:(?!^#).*\n)*"
    codebook, found = re.subn(section, "", scheme.files["CODEBOOK.md"], flags=re.MULTILINE)
    assert len(values) > 1
    assert found == 1
    return parse({**scheme.files, "annotation.schema.json": json.dumps(schema), "CODEBOOK.md": codebook})
