"""Corpora of any size, like a given small one: `python benchmarks/generate.py --documents N --seed S --out DIR`.

A document is pieced together from the documents of a hand-made corpus (`--like`, by default that of the tests), with
their annotations by all annotators; words of four letters and more are drawn anew, each the same throughout a document,
by Zipf's law and as long as what they stand for. So it is as densely annotated and as valid as its model, whatever the
schema, and like no other. Some documents have letters beyond U+FFFF, some a dropped range in front.

What is wrong is planted, and told in `planted.jsonl`: faults with the rule that has to find each, and near-duplicates.
Every document follows from the seed and its number alone: the same corpus comes out in however many shards.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.canon import normal
from standoff.engine import Engine, run
from standoff.model import (
    GOLD,
    SPLITS,
    Annotation,
    AnnotationSet,
    Annotator,
    Corpus,
    Document,
    Dropped,
    Entity,
    MergeRule,
    Policy,
    Segments,
    Span,
    derived_id,
)
from standoff.schema import parse
from standoff.shards import Bundle, head_of, record, write_records
from standoff.shards.places import refuse_others
from standoff.text import sha

LIKE = Path(__file__).parents[1] / "tests" / "tiny"
ANNOTATIONS = 30
"""Annotations from which on no other piece of a document is annotated."""
SEVERAL = 4
"""One document in so many has the sets of all annotators; the others that of the first, who makes gold."""
VOCABULARY = 20_000
"""Words of each length."""
EDITS = (0.0, 0.01, 0.02, 0.05, 0.08)
"""Shares of the words that are changed in near-duplicates."""
WORD = re.compile(r"[^\W\d_]{4,}")
ASTRAL = "".join(chr(0x10330 + n) for n in range(26))
"""Gothic letters: each takes two UTF-16 code units."""


class Planted(Struct, frozen=True, omit_defaults=True):
    """Something that is to be found."""

    document: str
    rule: str
    of: str = ""
    """The document that it is a near-duplicate of, or a copy."""
    edited: float = 0.0


class Plan(Struct, frozen=True, kw_only=True):
    """What is to be made."""

    documents: int
    seed: int
    like: Path
    annotators: int
    faults: float
    duplicates: float
    letters: int = 3500
    """Characters that a document has at least."""

    def chance(self, n: int, what: str) -> random.Random:
        """What is drawn for a document."""
        return random.Random(f"{self.seed} {n} {what}")


class ShardPlan(Struct, frozen=True):
    """One shard of it."""

    plan: Plan
    first: int
    end: int
    path: str


# ------------------------------------------------------------------------------------------------ what it is like


@cache
def model(like: Path, annotators: int) -> Corpus:
    """The hand-made corpus with its entities in one registry, annotators as asked for, and no rules that only warn."""
    corpus = files.read(like)
    # A piece without annotations would be warned of everywhere.
    schema = json.loads(corpus.scheme.files["annotation.schema.json"])
    kept = [one for one in schema["x-standoff"]["constraints"] if one.get("severity") != "warning"]
    schema["x-standoff"]["constraints"] = kept
    scheme = parse({**corpus.scheme.files, "annotation.schema.json": json.dumps(schema, ensure_ascii=False, indent=1)})
    entities: dict[str, Entity] = {one.id: one for marked in corpus.sets.values() for one in marked.entities}
    # Not every annotator has sets: an adjudicator has none.
    worked = Counter(who for who, _ in corpus.sets)
    who = max(sorted(worked), key=worked.__getitem__)
    extra = {f"g{n}": Annotator(f"g{n}", "rule", f"Like {who}, with fewer relations.") for n in range(1, annotators)}
    return structs.replace(
        corpus,
        scheme=scheme,
        documents={id: document for id, document in corpus.documents.items() if (who, id) in corpus.sets},
        entities={**entities, **corpus.entities},
        annotators={who: corpus.annotators[who], **extra},
        policy=Policy(default=MergeRule("annotator", who), annotators=(who,)),
        releases=(),
    )


@lru_cache(None)
def vocabulary(length: int) -> tuple[list[str], list[float]]:
    """Words of a length from syllables, with cumulative weights by Zipf's law."""
    chance = random.Random(length)
    consonants, vowels = "bcdfghjklmnprstvwz", "aeiou"
    words = list(
        dict.fromkeys(
            "".join(chance.choice(vowels if n % 2 else consonants) for n in range(length)) for _ in range(VOCABULARY)
        )
    )
    return words, list(accumulate(1 / rank for rank in range(1, len(words) + 1)))


# ------------------------------------------------------------------------------------------------ one document


def bundle(plan: Plan, n: int) -> tuple[Bundle, list[Planted]]:
    """A document with what was planted in it."""
    chance, id = plan.chance(n, "plant"), f"d{n:08}"
    planted = []
    if n and chance.random() < plan.duplicates:
        # Of one that is itself no near-duplicate, so that every pair is known.
        of, edited = chance.randrange(n), chance.choice(EDITS)
        while of and plan.chance(of, "plant").random() < plan.duplicates:
            of -= 1
        made = drawn(plan, of, id, edited, n)
        planted.append(Planted(id, "near-duplicate", f"d{of:08}", edited))
    else:
        made = drawn(plan, n, id, 0.0, n)
    if chance.random() < plan.faults:
        fault = chance.choice(FAULTS)
        made, rule = fault(made, chance)
        planted.append(Planted(id, rule))
    return made, planted


def drawn(plan: Plan, of: int, id: str, edited: float, n: int) -> Bundle:
    """A document without a fault.

    Args:
        of: whose words it has.
        edited: what share of them is changed.
    """
    corpus = model(plan.like, plan.annotators)
    chance = plan.chance(of, "text")
    pieces, length = [], 0
    while length < plan.letters:
        pieces.append(chance.choice(sorted(corpus.documents)))
        length += len(corpus.documents[pieces[-1]].text) + 1
    text = worded("\n".join(corpus.documents[piece].text for piece in pieces), chance, astral=of % 16 == 0)
    own = plan.chance(n, "own")
    if edited:
        text = changed(text, own, edited)
    digest = sha(text)
    starts = list(accumulate((len(corpus.documents[piece].text) + 1 for piece in pieces), initial=0))
    places = list(zip(pieces, starts, strict=False))
    who, *others = corpus.annotators
    first = AnnotationSet(id, digest, who, tuple(marked(corpus, who, places, text)))
    first = normal(first, corpus.scheme)
    gold = structs.replace(
        first,
        annotator=GOLD,
        annotations=tuple(structs.replace(a, derived_from=(first.address(a.id),)) for a in first.annotations),
    )
    page = corpus.documents[pieces[0]]
    banner = "Menu Search Subscribe\n" if corpus.scheme.dropped_kinds and n % 4 == 0 else ""
    raw = banner + text
    right = next(iter(corpus.rights.values()), None)
    return Bundle(
        document=structs.replace(
            page,
            id=id,
            media_type="text/plain",
            text=text,
            text_sha256=digest,
            raw_sha256=sha(raw),
            raw_length=len(raw),
            dropped=(Dropped(0, len(banner), corpus.scheme.dropped_kinds[0]),) if banner else (),
        ),
        segments=segments(corpus, id, places),
        sets=(first, *(fewer(first, other, corpus, own) for other in others if n % SEVERAL == 0)),
        gold=gold,
        split=own.choices(SPLITS, (8, 1, 1))[0],
        right=right,
        raw=raw if banner else None,
    )


def worded(text: str, chance: random.Random, *, astral: bool) -> str:
    """A text with its longer words drawn anew."""
    seen: dict[str, str] = {}

    def drawn(found: re.Match[str]) -> str:
        old = found[0]
        if old not in seen:
            words, weights = vocabulary(len(old))
            word = chance.choices(words, cum_weights=weights)[0]
            if astral and chance.random() < 0.1:
                word = "".join(ASTRAL[ord(letter) - 97] for letter in word)
            seen[old] = word[0].upper() + word[1:] if old[0].isupper() else word
        return seen[old]

    return WORD.sub(drawn, text)


def changed(text: str, chance: random.Random, share: float) -> str:
    """A text with some of its longer words replaced."""

    def drawn(found: re.Match[str]) -> str:
        words, weights = vocabulary(len(found[0]))
        return chance.choices(words, cum_weights=weights)[0] if chance.random() < share else found[0]

    return WORD.sub(drawn, text)


def segments(corpus: Corpus, id: str, places: list[tuple[str, int]]) -> Segments:
    """The sentences and tokens of all pieces."""

    def moved(name: str) -> tuple[tuple[int, int], ...]:
        return tuple((s + at, e + at) for piece, at in places for s, e in getattr(corpus.segments[piece], name))

    return Segments(id, corpus.segments[places[0][0]].segmenter, moved("sentences"), moved("tokens"))


def marked(corpus: Corpus, who: str, places: list[tuple[str, int]], text: str) -> Iterator[Annotation]:
    """The annotations of the first pieces; of those without a place only the first piece's."""
    kinds = {layer.name: layer.kind for layer in corpus.scheme.layers}
    roles = {layer.name: [role.name for role in layer.roles] for layer in corpus.scheme.layers}
    registry = {(layer.name, role.name) for layer in corpus.scheme.layers for role in layer.roles if role.registry}
    count = 0
    for number, (piece, at) in enumerate(places):
        for a in corpus.sets[who, piece].annotations if count < ANNOTATIONS else ():
            kind = kinds[a.layer]
            if kind == "document" and number:
                continue
            count += 1
            refs = {
                role: ids if (a.layer, role) in registry else tuple(f"{number}-{id}" for id in ids)
                for role, ids in a.refs.items()
            }
            spans = tuple(Span(s.start + at, s.end + at, text[s.start + at : s.end + at]) for s in a.spans)
            id = a.id if kind == "document" else f"{number}-{a.id}"
            if kind == "relation":
                id = derived_id(a.label, *(refs[role][0] for role in roles[a.layer]))
            yield structs.replace(a, id=id, spans=spans, refs=refs)


def fewer(first: AnnotationSet, who: str, corpus: Corpus, chance: random.Random) -> AnnotationSet:
    """Another annotator's set: relations are left out now and then, on which nothing else depends."""
    relations = {layer.name for layer in corpus.scheme.layers if layer.kind == "relation"}
    kept = tuple(a for a in first.annotations if a.layer not in relations or chance.random() < 0.7)
    return structs.replace(first, annotator=who, annotations=kept)


# ------------------------------------------------------------------------------------------------ what is wrong


def _first(made: Bundle, which: Callable[[Annotation], Any], to: Callable[[Annotation], Annotation]) -> Bundle:
    """A document with one annotation of its last set changed: the last that is of a kind."""
    marked = made.sets[-1]
    n = max(n for n, a in enumerate(marked.annotations) if which(a))
    annotations = (*marked.annotations[:n], to(marked.annotations[n]), *marked.annotations[n + 1 :])
    return structs.replace(made, sets=(*made.sets[:-1], structs.replace(marked, annotations=annotations)))


def misquoted(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A span that quotes something else."""

    def to(a: Annotation) -> Annotation:
        return structs.replace(a, spans=(structs.replace(a.spans[0], quote=a.spans[0].quote + "!"), *a.spans[1:]))

    return _first(made, lambda a: a.spans, to), "span-quotation"


def mislabelled(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A label that the schema does not have."""
    return _first(made, lambda a: a.spans, lambda a: structs.replace(a, label="no such label")), "label-known"


def dangling(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A reference to nothing."""

    def to(a: Annotation) -> Annotation:
        return structs.replace(a, refs={**a.refs, next(iter(a.refs)): ("nobody",)})

    return _first(made, lambda a: a.refs and a.spans, to), "ref-resolves"


def edited_text(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A digest that is not the text's."""
    return structs.replace(made, document=structs.replace(made.document, text_sha256="0" * 64)), "text-sha256"


def unsplit(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A document without a split."""
    return structs.replace(made, split=None), "document-split"


def unowned(made: Bundle, chance: random.Random) -> tuple[Bundle, str]:
    """A document on which nobody decided whether it may be published."""
    return structs.replace(made, right=None), "document-rights"


FAULTS = (misquoted, mislabelled, dangling, edited_text, unsplit, unowned)

BROKEN: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line[: len(line) // 2],
    lambda line: line.replace(b'"text_sha256":"', b'"text_sha256":7,"was":"', 1),
    lambda line: b"\xff" + line,
    lambda line: b"null",
)
"""Records that cannot be read."""


def lines(plan: Plan, first: int, end: int) -> Iterator[tuple[bytes, list[Planted]]]:
    """The records of some documents; few of them broken, and few twice."""
    for n in range(first, end):
        made, planted = bundle(plan, n)
        line = record(made)
        chance = plan.chance(n, "line")
        if chance.random() < plan.faults / 4:
            # What stood in a broken record cannot be found any more.
            yield chance.choice(BROKEN)(line), [Planted(made.document.id, "record-shape")]
            continue
        yield line, planted
        if chance.random() < plan.faults / 8:
            yield line, [Planted(made.document.id, "record-shape", of=made.document.id)]


# ------------------------------------------------------------------------------------------------ a whole corpus


def write_shard(work: ShardPlan) -> list[Planted]:
    """Writes a shard; gives what was planted in it."""
    told: list[Planted] = []

    def written() -> Iterator[bytes]:
        for line, planted in lines(work.plan, work.first, work.end):
            told.extend(planted)
            yield line

    write_records(work.path, written())
    return told


def write_shards(plan: Plan, out: Path, shards: int, form: str, engine: Engine) -> list[Planted]:
    """Writes a corpus root with shards."""
    bounds = [plan.documents * n // shards for n in range(shards + 1)]
    folder = out / "corpus" / "shards"
    jobs = [
        ShardPlan(plan, first, end, str(folder / f"part-{n:05}{form}"))
        for n, (first, end) in enumerate(pairwise(bounds))
    ]
    refuse_others(str(folder), [Path(job.path).name for job in jobs])
    files.write_corpus(out, head_of(model(plan.like, plan.annotators)), {})
    return [one for told in run(write_shard, jobs, engine, what="generating") for one in told]


def write_files(plan: Plan, out: Path) -> list[Planted]:
    """Writes a corpus root with files for each document; no record of it is broken, and none stands twice."""
    corpus, planted = head_of(model(plan.like, plan.annotators)), []
    splits, rights = dict[str, Any](), {}
    for n in range(plan.documents):
        made, told = bundle(plan, n)
        page: Document = made.document
        planted += told
        raw = page.text if made.raw is None else made.raw
        files.write(out / "corpus" / "raw" / f"{page.id}.txt", raw)
        if made.segments:
            files.write_document(out, page, made.segments)
        for one in (*made.sets, *((made.gold,) if made.gold else ())):
            files.write_set(out, one, corpus.scheme)
        if made.split:
            splits[page.id] = made.split
        if made.right:
            rights[page.id] = made.right
    corpus = structs.replace(corpus, splits=structs.replace(corpus.splits, splits=splits), rights=rights)
    files.write_corpus(out, corpus, {})
    return planted


def generate(
    plan: Plan, out: Path, *, shards: int = 0, form: str = ".jsonl.zst", engine: Engine | None = None
) -> list[Planted]:
    """Writes a corpus root and `planted.jsonl` beside it; a file a document without shards."""
    planted = write_shards(plan, out, shards, form, engine or Engine()) if shards else write_files(plan, out)
    files.write(out / "planted.jsonl", b"".join(msgspec.json.encode(one) + b"\n" for one in planted))
    return planted


@click.command()
@click.option("--documents", type=click.IntRange(1), required=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--shards", type=click.IntRange(0), default=0, help="How many; without it one file per document.")
@click.option("--form", type=click.Choice([".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"]), default=".jsonl.zst")
@click.option("--like", type=click.Path(path_type=Path, exists=True), default=LIKE, help="The corpus to take after.")
@click.option("--annotators", type=click.IntRange(1), default=2, show_default=True)
@click.option("--faults", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Share of documents.")
@click.option("--duplicates", type=click.FloatRange(0, 1), default=0.02, show_default=True, help="Share of documents.")
@click.option("--workers", type=click.IntRange(0), default=0, help="0 for one a core.")
def main(
    documents: int, seed: int, out: Path, shards: int, form: str, like: Path, annotators: int, faults: float,
    duplicates: float, workers: int,
) -> None:  # fmt: skip
    """Write a corpus root."""
    plan = Plan(documents=documents, seed=seed, like=like, annotators=annotators, faults=faults, duplicates=duplicates)
    planted = generate(plan, out, shards=shards, form=form, engine=Engine(workers=workers))
    sys.stdout.write(f"{out}: {documents} documents, {len(planted)} things planted in them\n")


if __name__ == "__main__":
    main()
