"""All rules of `standoff validate` beside the schema check of plain jsonschema alone, on generated documents.

    python benchmarks/validate.py [--root DIR] [--documents N]

A generated document is one of the corpus's with every letter of its text replaced by another: as long, as densely
annotated and as valid, and like no other. Medians of CPU time in one process, the works in turns, the garbage collector
running, but where ours holds it off itself; nothing is read from a file. The peers begin with JSON and look at the
schema alone; the line on the schema alone does the same, all others of ours begin with the corpus in memory, as it is
checked before each build.
"""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import jsonschema_rs
import msgspec
from jsonschema import Draft202012Validator
from measuring import ROOT, Measure, corpus_command, medians
from msgspec.structs import replace

from standoff import files
from standoff.model import Annotation, AnnotationSet, Corpus, Document
from standoff.scheme import Scheme
from standoff.text import sha
from standoff.validate import RULES, document_findings, validate
from standoff.validate.typed import surely_valid


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
        decisions={},
        policy=None,
    )


def requoted(marked: AnnotationSet, text: str) -> AnnotationSet:
    def quoted(annotation: Annotation) -> Annotation:
        return replace(
            annotation, spans=tuple(replace(span, quote=text[span.start : span.end]) for span in annotation.spans)
        )

    return replace(marked, annotations=tuple(map(quoted, marked.annotations)))


def by_jsonschema(scheme: Scheme, sets: Sequence[str], documents: Sequence[str]) -> int:
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


def measure(root: Path = ROOT, documents: int = 100, rounds: int = 5) -> Iterator[Measure]:
    corpus = generated(files.read(root), documents)
    pairs = [
        (msgspec.json.encode(marked).decode(), record(corpus.documents[id])) for (_, id), marked in corpus.sets.items()
    ]
    sets, pages = zip(*pairs, strict=True)
    data = [one.encode() for one in sets]
    valid, checked = surely_valid(corpus.scheme), jsonschema_rs.validator_for(corpus.scheme.annotation_schema)
    assert valid is not None
    works: dict[str, Callable[[], object]] = {
        "jsonschema": lambda: by_jsonschema(corpus.scheme, sets, pages),
        "documents": lambda: document_findings(corpus),
        "thorough": lambda: document_findings(corpus, thorough=True),
        "all": lambda: validate(corpus),
        "types": lambda: all(map(valid, data)),
        "jsonschema-rs": lambda: all(checked.is_valid(json.loads(one)) for one in data),
    }
    found = medians(works, rounds=rounds)
    peer = documents / found["jsonschema"]
    size = sum(map(len, sets)) / documents / 1000
    marked = sum(len(one.annotations) for one in corpus.sets.values()) / documents
    findings = validate(corpus)
    errors = sum(finding.severity == "error" for finding in findings)
    scope = sum(rule.scope == "document" for rule in RULES)
    notes = {
        "documents": (f"{scope} rules on documents", 50, f"{size:.1f} kB JSON and {marked:.0f} annotations each"),
        "thorough": ("the same without a first look", 0, "the same findings"),
        "all": (
            f"all {len(RULES)} rules",
            50,
            f"rules on the corpus included; {errors} errors, {len(findings)} findings",
        ),
    }
    yield Measure(
        work="the schema level alone, from JSON to a verdict on a set",
        unit="documents/s",
        ours=documents / found["types"],
        peer_name="jsonschema-rs is_valid",
        peer=documents / found["jsonschema-rs"],
        ratio=found["jsonschema-rs"] / found["types"],
        target=1,
        note="both without messages; the peer parses by json.loads",
    )
    for name, (work, target, note) in notes.items():
        rate = documents / found[name]
        yield Measure(
            work=work,
            unit="documents/s",
            ours=rate,
            peer_name="jsonschema, schema alone",
            peer=peer,
            ratio=rate / peer,
            target=target,
            note=note,
        )


main = corpus_command(measure, documents=100, rounds=5)

if __name__ == "__main__":
    main()
