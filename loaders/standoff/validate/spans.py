"""Rules on spans and the text they are taken from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from standoff.text import context, inside_word
from standoff.validate.words import short
from standoff.validate.work import Fault, Work

__all__ = ["span_bounds", "span_order", "span_quotation", "span_seam", "span_whitespace", "span_word"]


def span_bounds(work: Work) -> Iterator[Fault]:
    """A span holds at least one character and lies inside the text.

    Why: There is no such place in the text.
    Do: Correct the offsets; they are half-open, in code points of the text.
    """
    text = work.page.text
    for annotation, field, span in work.spans():
        if not 0 <= span.start < span.end or (text is not None and span.end > len(text)):
            expected = f"0 <= start < end <= {len(text)}" if text is not None else "0 <= start < end"
            is_ = f"{short(span.quote)} is at [{span.start}:{span.end}]"
            yield annotation.id, field, f"{is_}; expected {expected}"


def span_quotation(work: Work) -> Iterator[Fault]:
    """A span's quotation is what the text holds between its offsets.

    Why: Offsets alone drift unseen when a text, a unit or a tool changes; the quotation is the proof that they did
    not.
    Do: Anchor the annotation again by its quotation; the message names the nearest place where it stands.
    """
    text = work.page.text
    for annotation, field, span in work.spans():
        if text is not None and text[span.start : span.end] != span.quote:
            found = short(text[span.start : span.end])
            hint = _elsewhere(text, span.quote, span.start)
            yield (
                annotation.id,
                f"{field}.quote",
                f"quotes {short(span.quote)} but [{span.start}:{span.end}] is {found}{hint}",
            )


def span_whitespace(work: Work) -> Iterator[Fault]:
    """A span neither begins nor ends with white space.

    Why: Two annotators who mean the same would disagree by a space.
    Do: Cut the span to its words.
    """
    for annotation, field, span in work.spans():
        if span.quote != span.quote.strip():
            yield (
                annotation.id,
                f"{field}.quote",
                f"{short(span.quote)} begins or ends with white space; expected {short(span.quote.strip())}",
            )


def span_order(work: Work) -> Iterator[Fault]:
    """The fragments of an annotation stand in order and do not overlap.

    Why: Fragments are read as one passage, in the order of the text, every character once.
    Do: Put the fragments in order, and join those that overlap.
    """
    for annotation in work.annotations:
        for n, (first, second) in enumerate(pairwise(annotation.spans)):
            if not any(work.doubts.on(annotation.id, f"spans[{k}]") for k in (n, n + 1)) and second.start < first.end:
                yield (
                    annotation.id,
                    f"spans[{n + 1}]",
                    f"fragment {short(second.quote)} begins at {second.start}, but {short(first.quote)} ahead of it "
                    f"ends at {first.end}; expected fragments in order and apart",
                )


def span_word(work: Work) -> Iterator[Fault]:
    """A span begins and ends between words.

    Why: Most often a slip of the mouse; tokens can only be tagged whole.
    Do: Widen the span to the word. Leave it where the language joins words that are annotated apart.
    """
    text = work.page.text
    for annotation, field, span in work.spans():
        if text is not None:
            inside = [what for what, at in (("begins", span.start), ("ends", span.end)) if inside_word(text, at)]
            if inside:
                shown = context(text, span.start, span.end, width=15)
                yield annotation.id, field, f"{short(span.quote)} {' and '.join(inside)} inside a word: {shown}"


def span_seam(work: Work) -> Iterator[Fault]:
    """A span goes across nothing that was dropped from the raw text, markup inside a line apart.

    Why: The two characters at a seam were not neighbours in the article: nobody wrote this passage.
    Do: Split the span into fragments on both sides of the seam.
    """
    alignment = work.page.alignment
    for annotation, field, span in work.spans():
        if alignment and alignment.crosses_seam(span.start, span.end):
            between = "; ".join(f"raw [{a}:{b}]" for a, b in alignment.raw_ranges(span.start, span.end))
            yield (
                annotation.id,
                field,
                f"{short(span.quote)} goes across a dropped range ({between}); expected fragments or another extent",
            )


def _elsewhere(text: str, quote: str, start: int) -> str:
    """Where the quotation stands instead: the place that is nearest to where it was said to stand."""
    if not quote:
        return ""
    places = [at for at in (text.rfind(quote, 0, start + len(quote)), text.find(quote, start)) if at >= 0]
    if not places:
        return f"; {short(quote)} is nowhere in the text"
    at = min(places, key=lambda place: abs(place - start))
    return f"; the nearest {short(quote)} is [{at}:{at + len(quote)}]"
