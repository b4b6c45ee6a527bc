"""All rules of `standoff validate` beside the schema check of plain jsonschema alone, on generated documents.

    python benchmarks/validate.py [--root DIR] [--documents N]

A generated document is one of the corpus's with every letter of its text replaced by another: as long, as densely
annotated and as valid, and like no other. Times are of one process, the best of three, without reading any file.
"""

from __future__ import annotations

import gc
import json
import random
import re
import string
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import click
import msgspec
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from standoff import files
from standoff.model import Annotation, AnnotationSet, Corpus, Document
from standoff.scheme import Scheme
from standoff.text import sha
from standoff.validate import RULES, validate


def generated(corpus: Corpus, count: int) -> Corpus:
    """A corpus of so many documents, each annotated as one of the corpus's is by its first annotator."""
    chance = random.Random(1)
    seen = sorted(corpus.sets)
    documents, segments, sets, splits, rights = {}, {}, {}, {}, {}
    for n in range(count):
        who, old = seen[n % len(seen)]
        id = f"d{n:06}"
        page = corpus.documents[old]
        letters = dict(zip(string.ascii_letters, chance.sample(string.ascii_letters, 52), strict=True))
        text = re.sub("[A-Za-z]", lambda found: letters[found[0]], page.text)  # noqa: B023 - called at once
        documents[id] = replace(page, id=id, text=text, text_sha256=sha(text))
        segments[id] = replace(corpus.segments[old], document=id)
        sets[who, id] = requoted(replace(corpus.sets[who, old], document=id, text_sha256=sha(text), entities=()), text)
        splits[id] = "test" if n % 10 == 0 else "train"
        rights[id] = corpus.rights[old]
    return replace(
        corpus,
        documents=documents,
        segments=segments,
        sets=sets,
        gold={},
        entities={**{e.id: e for marked in corpus.sets.values() for e in marked.entities}, **corpus.entities},
        splits=replace(corpus.splits, splits=splits, events={}),
        rights=rights,
        releases=(),
    )


def requoted(marked: AnnotationSet, text: str) -> AnnotationSet:
    def quoted(annotation: Annotation) -> Annotation:
        return replace(
            annotation, spans=tuple(replace(span, quote=text[span.start : span.end]) for span in annotation.spans)
        )

    return replace(marked, annotations=tuple(map(quoted, marked.annotations)))


def by_jsonschema(scheme: Scheme, sets: list[str], documents: list[str]) -> int:
    """The schema check alone, as anybody would write it: parsed JSON held against the two schemas as they are."""
    of_sets, of_documents = Draft202012Validator(scheme.annotation_schema), Draft202012Validator(scheme.document_schema)
    return sum(
        len([*of_sets.iter_errors(json.loads(marked)), *of_documents.iter_errors(json.loads(document))])
        for marked, document in zip(sets, documents, strict=True)
    )


def record(document: Document) -> str:
    fields = msgspec.to_builtins(document)
    del fields["text"]
    return json.dumps(fields)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The CPU time of the fastest of some runs."""
    found = []
    for _ in range(times):
        gc.collect()
        begin = process_time()
        work()
        found.append(process_time() - begin)
    return min(found)


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default=Path(__file__).parents[1], help="The corpus to copy.")
@click.option("--documents", "count", default=400, show_default=True)
def main(root: Path, count: int) -> None:
    """Measure, and print a table."""
    corpus = generated(files.read(root), count)
    sets = [msgspec.json.encode(marked).decode() for marked in corpus.sets.values()]
    documents = [record(document) for document in corpus.documents.values()]
    findings = validate(corpus)
    few = min(count, 40)
    plain = seconds(lambda: by_jsonschema(corpus.scheme, sets[:few], documents[:few]), 2) / few
    rules = seconds(lambda: validate(corpus)) / count
    marked = sum(len(one.annotations) for one in corpus.sets.values()) / count
    rows = (
        (
            "documents",
            f"{count}, of {sum(map(len, sets)) / count / 1000:.1f} kB JSON and {marked:.0f} annotations each",
        ),
        ("jsonschema, schema alone", f"{1 / plain:,.0f} documents a second"),
        (f"standoff, all {len(RULES)} rules", f"{1 / rules:,.0f} documents a second"),
        ("ratio", f"{plain / rules:.1f}"),
        ("findings", f"{sum(f.severity == 'error' for f in findings)} errors, {len(findings)} in all"),
    )
    for name, value in rows:
        click.echo(f"{name:28} {value}")
    sys.exit(any(finding.severity == "error" for finding in findings))


if __name__ == "__main__":
    main()
