"""Sentences and tokens as columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias

from standoff.model import Corpus, Segments
from standoff.tables.columns import repeated

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Edges: TypeAlias = NDArray[np.int32]
    """A row for each range of a text: where it starts, where it ends."""

_BATCH = 32
"""Documents whose pieces are cut out at once: the bytes of more would need much memory."""


def sentence_columns(corpus: Corpus, ids: Sequence[str]) -> dict[str, Any]:
    """The sentences of some documents, counted in each from 0."""
    return _placed(
        corpus, "sentence", {id: edges(corpus.segments[id].sentences) for id in ids if id in corpus.segments}
    )


def token_columns(corpus: Corpus, ids: Sequence[str]) -> dict[str, Any]:
    """Tokens with the sentence that each begins in; none where it lies between sentences."""
    import numpy as np
    import pyarrow as pa

    tokens = {id: edges(corpus.segments[id].tokens) for id in ids if id in corpus.segments}
    sentences = [_sentences_of(corpus.segments[id], of) for id, of in tokens.items()]
    sentence = np.concatenate([np.empty(0, np.int32), *sentences])
    return {**_placed(corpus, "token", tokens), "sentence": pa.array(sentence, pa.int32(), mask=sentence < 0)}


def edges(ranges: Sequence[tuple[int, int]]) -> Edges:
    """Ranges of a text as an array."""
    import numpy as np

    return np.fromiter(chain.from_iterable(ranges), np.int32, 2 * len(ranges)).reshape(-1, 2)


def pieces(texts: Sequence[str], places: Sequence[Edges]) -> pa.Array:
    """What stands in some texts, text by text; the edges count code points, and none is below 0."""
    import numpy as np
    import pyarrow as pa

    contents = [text.encode() for text in texts]
    found: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    before = 0
    for text, content, of in zip(texts, contents, places, strict=True):
        # As a slice does, a piece ends where the text ends.
        at = np.minimum(of, len(text)).astype(np.int64)
        if len(content) > len(text):
            units = np.frombuffer(content, np.uint8)
            # The bytes at which a character begins, and the end.
            at = np.append(np.flatnonzero(units & 0xC0 != 0x80), len(content))[at]
        found.append(at + before)
        before += len(content)
    starts, ends = np.concatenate(found).T
    lengths = np.maximum(ends - starts, 0)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    gathered = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    units = np.frombuffer(b"".join(contents), np.uint8)[gathered]
    return pa.StringArray.from_buffers(
        len(lengths), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(units.tobytes())
    )


def _placed(corpus: Corpus, count: str, ranges: Mapping[str, Edges]) -> dict[str, Any]:
    """Ranges of texts, counted in each document from 0."""
    import numpy as np
    import pyarrow as pa

    all_of = np.concatenate([np.empty((0, 2), np.int32), *ranges.values()])
    counts = [np.arange(len(of), dtype=np.int32) for of in ranges.values()]
    batches, rest = [pieces([], [])], iter(ranges)
    while ids := list(islice(rest, _BATCH)):
        batches.append(pieces([corpus.documents[id].text for id in ids], [ranges[id] for id in ids]))
    return {
        "document": repeated([*ranges], [*map(len, ranges.values())]),
        count: pa.array(np.concatenate([np.empty(0, np.int32), *counts])),
        "start": pa.array(all_of[:, 0].copy()),
        "end": pa.array(all_of[:, 1].copy()),
        "text": pa.concat_arrays(batches),
    }


def _sentences_of(segments: Segments, tokens: Edges) -> NDArray[np.int32]:
    """The sentence that each token begins in; -1 where it is in none."""
    import numpy as np

    sentences = edges(segments.sentences).ravel()
    starts = tokens[:, 0]
    if (np.diff(sentences) < 0).any() or (np.diff(starts) < 0).any():
        return np.fromiter(_each_sentence_of(segments), np.int32, len(starts))
    # In turn: what lies before a sentence, and what begins in it.
    owners = np.full(len(sentences) + 1, -1, np.int32)
    owners[1::2] = np.arange(len(sentences) // 2)
    borders = np.concatenate([[0], np.searchsorted(starts, sentences), [len(starts)]])
    return np.repeat(owners, np.diff(borders))


def _each_sentence_of(segments: Segments) -> Iterator[int]:
    """The same, where something is out of order."""
    starts = [start for start, _ in segments.sentences]
    for start, _ in segments.tokens:
        sentence = bisect_right(starts, start) - 1
        yield sentence if sentence >= 0 and start < segments.sentences[sentence][1] else -1
