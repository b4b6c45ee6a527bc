"""Named entities with spaCy: an empty English pipeline learns from the view of tokens and BIO tags.

Run: python examples/ner_spacy.py [SOURCE]. A handful of sentences teaches a model little; the point is the way there,
from tags to spaCy's documents and from its spans back to offsets in the article.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import spacy
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from spacy.vocab import Vocab

import standoff


def doc(row: Mapping[str, Any], vocab: Vocab) -> Doc:
    """A sentence as a spaCy document with the corpus's own tokens, so that no tag has to be moved."""
    starts, ends = row["token_starts"], row["token_ends"]
    spaces = [end < start for end, start in zip(ends, [*starts[1:], row["end"]], strict=True)]
    return Doc(vocab, words=row["tokens"], spaces=spaces, ents=row["tags"])


def learn(rows: Sequence[Mapping[str, Any]], epochs: int = 20, seed: int = 0) -> spacy.Language:
    """A pipeline that has seen each sentence `epochs` times."""
    fix_random_seed(seed)
    shuffled = random.Random(seed)
    model = spacy.blank("en")
    model.add_pipe("ner")
    examples = [Example(Doc(model.vocab, words=row["tokens"]), doc(row, model.vocab)) for row in rows]
    optimizer = model.initialize(lambda: examples)
    for _ in range(epochs):
        shuffled.shuffle(examples)
        for batch in minibatch(examples, size=4):
            model.update(batch, sgd=optimizer, drop=0.2)
    return model


def scores(model: spacy.Language, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Precision, recall and F1 of exact spans with their labels, over all and per type."""
    examples = []
    for row in rows:
        gold = doc(row, model.vocab)
        examples.append(Example(model(Doc(model.vocab, words=row["tokens"])), gold))
    return Scorer.score_spans(examples, "ents")


def main(source: str | None = None) -> None:
    """Learns from the split train, and says how well the split test is tagged."""
    tags = standoff.load("mention_tags", source=source)
    train, test = tags["train"].to_pylist(), tags["test"].to_pylist()
    model = learn(train)
    found = scores(model, test)
    print(f"{len(train)} sentences learnt, {len(test)} tagged")
    print(f"all           P {found['ents_p']:.2f}  R {found['ents_r']:.2f}  F1 {found['ents_f']:.2f}")
    for label, one in sorted(found["ents_per_type"].items()):
        print(f"{label:<12}  P {one['p']:.2f}  R {one['r']:.2f}  F1 {one['f']:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
