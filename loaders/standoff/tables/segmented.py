"""Sentences and tokens as columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from standoff.model import Corpus, Segments
from standoff.tables.columns import repeated

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Edges: TypeAlias = NDArray[np.int32]
    """A row for each range of a text: where it starts, where it ends."""
    Counts: TypeAlias = NDArray[np.int64]

_BATCH = 32
"""Documents whose pieces are cut out at once: the bytes of more would need much memory."""


def sentence_columns(corpus: Corpus, ids: Sequence[str]) -> dict[str, Any]:
    """The sentences of some documents, counted in each from 0."""
    ids = [id for id in ids if id in corpus.segments]
    return _placed(corpus, "sentence", ids, *edges([corpus.segments[id].sentences for id in ids]))


def token_columns(corpus: Corpus, ids: Sequence[str]) -> dict[str, Any]:
    """Tokens with the sentence that each begins in; none where it lies between sentences."""
    import pyarrow as pa

    ids = [id for id in ids if id in corpus.segments]
    tokens, counts = edges([corpus.segments[id].tokens for id in ids])
    sentence = _sentences_of([corpus.segments[id] for id in ids], tokens, counts)
    return {
        **_placed(corpus, "token", ids, tokens, counts),
        "sentence": pa.array(sentence, pa.int32(), mask=sentence < 0),
    }


def edges(ranges: Sequence[Sequence[tuple[int, int]]]) -> tuple[Edges, Counts]:
    """Ranges of some texts as one array, text by text, and how many each text has."""
    import numpy as np

    counts = np.fromiter(map(len, ranges), np.int64, len(ranges))
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(ranges)), np.int32, 2 * int(counts.sum()))
    return flat.reshape(-1, 2), counts


def pieces(texts: Sequence[str], ranges: Edges, counts: Counts) -> pa.Array:
    """What stands in some texts, text by text; the edges count code points, and none is below 0."""
    import numpy as np
    import pyarrow as pa

    content = "".join(texts).encode()
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    # As a slice does, a piece ends where the text ends.
    at = np.minimum(ranges, np.repeat(sizes, counts)[:, None]) + np.repeat(_before(sizes), counts)[:, None]
    units = np.frombuffer(content, np.uint8)
    if len(content) > sizes.sum():
        # The bytes at which a character begins, and the end.
        at = np.append(np.flatnonzero(units & 0xC0 != 0x80), len(content))[at]
    starts, ends = at.T
    lengths = np.maximum(ends - starts, 0)
    offsets = np.append(0, np.cumsum(lengths))
    gathered = units[np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)]
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(gathered))


def _placed(corpus: Corpus, count: str, ids: Sequence[str], ranges: Edges, counts: Counts) -> dict[str, Any]:
    """Ranges of texts, counted in each document from 0."""
    import numpy as np
    import pyarrow as pa

    texts = [corpus.documents[id].text for id in ids]
    # Nothing of no texts is a column, too.
    batches = [
        pieces(texts[n : n + _BATCH], ranges[before : before + counts[n : n + _BATCH].sum()], counts[n : n + _BATCH])
        for n, before in enumerate(_before(counts).tolist() or [0])
        if n % _BATCH == 0
    ]
    return {
        "document": repeated(ids, counts),
        count: pa.array(np.arange(len(ranges)) - np.repeat(_before(counts), counts), pa.int32()),
        "start": pa.array(ranges[:, 0].copy()),
        "end": pa.array(ranges[:, 1].copy()),
        "text": pa.concat_arrays(batches),
    }


def _before(counts: Counts) -> Counts:
    """How many there are of all before each."""
    import numpy as np

    return np.cumsum(counts) - counts


def _sentences_of(segments: Sequence[Segments], tokens: Edges, counts: Counts) -> NDArray[np.int32]:
    """The sentence that each token begins in, counted in its document; -1 where it is in none."""
    import numpy as np

    sentences, of_each = edges([one.sentences for one in segments])
    # Each document as if it stood behind those before it.
    width = max(tokens.max(initial=0), sentences.max(initial=0)) + np.int64(1)
    documents = np.arange(len(segments)) * width
    borders = (sentences + np.repeat(documents, of_each)[:, None]).ravel()
    starts = tokens[:, 0] + np.repeat(documents, counts)
    if (np.diff(borders) < 0).any() or (np.diff(starts) < 0).any():
        return np.fromiter(chain.from_iterable(map(_each_sentence_of, segments)), np.int32, len(starts))
    # In turn: what lies before a sentence, and what begins in it.
    owners = np.full(len(borders) + 1, -1, np.int32)
    owners[1::2] = np.arange(len(sentences)) - np.repeat(_before(of_each), of_each)
    found = np.concatenate([[0], np.searchsorted(starts, borders), [len(starts)]])
    return np.repeat(owners, np.diff(found))


def _each_sentence_of(segments: Segments) -> Iterator[int]:
    """The same, where something is out of order."""
    starts = [start for start, _ in segments.sentences]
    for start, _ in segments.tokens:
        sentence = bisect_right(starts, start) - 1
        yield sentence if sentence >= 0 and start < segments.sentences[sentence][1] else -1
