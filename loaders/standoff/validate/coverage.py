"""The kinds of constraint that look at the text for what was left unmarked."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from standoff.scheme import Constraint
from standoff.text import context, inside_word
from standoff.validate.words import short
from standoff.validate.work import Fault, Work

__all__ = ["covered", "everywhere", "quoted"]


def covered(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Each sentence of a document with gold holds, at least in part, an annotation of the layer or of one of `others`.

    It is told by `@` and where the sentence begins.

    Why: A sentence in which nobody marked anything was most often skipped.
    Do: Read it again. Where there is nothing to be marked, accept the finding with a reason.
    """
    segments, text = work.page.segments, work.page.text
    layers = (constraint.layer, *constraint.others)
    if not work.gold or segments is None or text is None or _unsure(work, *layers) or not work.page.doubts.none:
        return
    marked = _Marked(work, *layers)
    for n, (start, end) in enumerate(segments.sentences):
        if not marked.touches(start, end):
            yield (
                f"@{start}",
                "",
                f"sentence {n}, {short(text[start:end])}, holds no {' and no '.join(layers)}; expected one",
            )


def everywhere(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """The words of an annotation with some value are marked, or lie inside such a mark, wherever else they stand.

    Why: A form that is a name in one place is one in the next; it was overlooked there.
    Do: Mark it there as well. Where the words mean something else there, accept the finding with a reason.
    """
    text = work.page.text
    if text is None or _unsure(work, constraint.layer):
        return
    marked, told = _Marked(work, constraint.layer), set[str]()
    for annotation in work.placed(constraint.layer):
        if annotation.attributes.get(constraint.attribute) not in constraint.values or len(annotation.spans) != 1:
            continue
        words = annotation.spans[0].quote
        if words in told or not work.sure(annotation, f"attributes.{constraint.attribute}"):
            continue
        told.add(words)
        for found in re.finditer(re.escape(words), text):
            start, end = found.span()
            if not inside_word(text, start) and not inside_word(text, end) and not marked.holds(start, end):
                yield (
                    annotation.id,
                    "spans",
                    f"{short(words)} stands unmarked at [{start}:{end}], too: {context(text, start, end, width=20)}; "
                    f"expected a {constraint.layer} there",
                )


def quoted(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Each passage between quotation marks shares words with something that the role points to.

    A passage goes on to the end of its paragraph where it is not closed there. It is told by `@` and where it begins.

    Why: What is quoted are somebody's words, and here nothing says whose.
    Do: Annotate who says it. Where the marks stand round a title or a word used with reserve, accept the finding with a
    reason.
    """
    text = work.page.text
    if text is None or _unsure(work, constraint.layer):
        return
    reporting = work.of(constraint.layer)
    ids = {id for annotation in reporting for id in annotation.refs.get(constraint.role, ())}
    said = [work.by_id[id] for id in ids if id in work.by_id]
    # What is said may be said elsewhere, or of something else, than a faulty record has it.
    if not all(work.sure(a, f"refs.{constraint.role}") for a in reporting) or not all(
        work.sure(a, "spans") for a in said
    ):
        return
    spans = sorted((s.start, s.end) for a in said for s in a.spans)
    for pair in constraint.marks:
        for begin, end in work.page.paragraphs if pair[0] in text else ():
            for start, stop in _passages(text, begin, end, pair[0], pair[1]):
                if not any(s < stop and start < e for s, e in spans):
                    yield (
                        f"@{start}",
                        "",
                        f"{short(text[start:stop])} at [{start}:{stop}] is quoted, and is {constraint.role} of no "
                        f"{constraint.layer}; expected one",
                    )


def _passages(text: str, begin: int, end: int, left: str, right: str) -> Iterator[tuple[int, int]]:
    """What stands between two marks in a paragraph, the marks not included."""
    at = text.find(left, begin, end)
    while at >= 0:
        stop = text.find(right, at + 1, end)
        yield at + 1, stop if stop >= 0 else end
        at = text.find(left, stop + 1, end) if stop >= 0 else -1


def _unsure(work: Work, *layers: str) -> bool:
    """Whether something of the layers may stand where nobody knows: then nothing is known to be missing."""
    return bool(work.astray) or any(not work.sure(a, "spans") for layer in layers for a in work.of(layer))


class _Marked:
    """The fragments of some layers, to be asked for places."""

    def __init__(self, work: Work, *layers: str) -> None:
        spans: Sequence[tuple[int, int]] = sorted(
            (s.start, s.end) for layer in layers for a in work.placed(layer) for s in a.spans
        )
        self._starts = [start for start, _ in spans]
        self._reach = list(accumulate((end for _, end in spans), max))

    def touches(self, start: int, end: int) -> bool:
        """Whether a fragment shares a character with a place."""
        n = bisect_left(self._starts, end)
        return n > 0 and self._reach[n - 1] > start

    def holds(self, start: int, end: int) -> bool:
        """Whether a place lies inside a fragment."""
        n = bisect_right(self._starts, start)
        return n > 0 and self._reach[n - 1] >= end
