"""Raw text, the text that is annotated, and the offsets between them."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Any

import msgspec
from msgspec import Struct

from standoff.errors import AnchorError, FileError, OffsetError
from standoff.model import Dropped, Span

__all__ = [
    "Alignment",
    "Quotation",
    "anchor",
    "conflict",
    "context",
    "decode",
    "decode_json",
    "drop",
    "inside_word",
    "quotation_of",
    "sha",
    "spans_of",
]


def sha(text: str | bytes) -> str:
    """The sha256 of the text's UTF-8 bytes, in hexadecimal."""
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def decode(raw: bytes, *, place: str = "") -> str:
    """The text of strict UTF-8 bytes; a byte order mark stays a character of it.

    Raises:
        FileError: the bytes are in another encoding; names the first offending byte.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        why = "UTF-16 begins so" if raw[:2] in _UTF_16 else error.reason
        raise FileError(
            f"byte {error.start} is {raw[error.start]:#04x}, which is no UTF-8 here ({why}): expected strict UTF-8",
            place=place,
        ) from error


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""The byte order marks of UTF-16."""

_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|>{7})(?: .*)?\r?$", re.MULTILINE)


def conflict(text: str) -> str:
    """Where git left a conflict in a file, for a message; empty where it left none.

    A line of `=======` alone says nothing: it also underlines headings.
    """
    found = _CONFLICT.search(text)
    if found is None:
        return ""
    line = text.count("\n", 0, found.start()) + 1
    return f"git conflict, line {line}: {found.group().rstrip()!r}; expected one version of it, without the markers"


def decode_json(text: str, *, place: str = "") -> Any:
    """The value that a text of JSON holds.

    Raises:
        FileError: it is no JSON: empty, with a byte order mark, with a conflict of git, or malformed, with line and
            column.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise FileError(_no_json(text, str(error)), place=place) from error
    except RecursionError as error:
        raise FileError("is nested too deeply to be read; expected some levels of JSON", place=place) from error


def _no_json(text: str, error: str) -> str:
    if not text.strip():
        return "is empty; expected one JSON value"
    if text.startswith("\ufeff"):
        return "begins with a byte order mark (U+FEFF); expected UTF-8 without it"
    if "\0" in text:
        return f"is no JSON: character {text.index(chr(0))} is NUL, as in UTF-16; expected UTF-8"
    if found := conflict(text):
        return f"is no JSON: {found}"
    # msgspec counts bytes.
    what, _, at = error.partition(" (byte ")
    before = text.encode()[: int(at.rstrip(")"))].decode(errors="ignore") if at else text
    where = f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
    return f"is no JSON: {what} at {where}; expected one complete JSON value in {len(text.encode())} bytes"


def drop(raw: str, dropped: Iterable[Dropped]) -> str:
    """What is left of the raw text without the dropped ranges; nothing else is changed.

    Raises:
        OffsetError: the ranges are out of order, overlap, are empty or lie outside.
    """
    return "".join(raw[start:end] for start, end in Alignment(dropped, len(raw)).kept)


class Alignment:
    """The correspondence of raw offsets and text offsets, both half-open code points.

    Args:
        dropped: the ranges of the raw text that are no part of the text, in order, apart from each other.
        raw_length: code points of the raw text.
        inline: the kinds of dropped ranges that a span may go across, such as the tags inside a line of HTML.

    Raises:
        OffsetError: the ranges are out of order, overlap, are empty or lie outside.
    """

    def __init__(self, dropped: Iterable[Dropped], raw_length: int, *, inline: Collection[str] = ()) -> None:
        kept: list[tuple[int, int]] = []
        seams: list[int] = []
        at = length = 0
        seam = False
        for range_ in dropped:
            if not at <= range_.start < range_.end <= raw_length:
                raise OffsetError(
                    f"dropped range [{range_.start}:{range_.end}] must begin at {at} or later, "
                    f"hold something and end by {raw_length}",
                    offset=range_.start,
                    unit="raw code points",
                )
            if at < range_.start:
                if seam and length:
                    seams.append(length)
                seam = False
                kept.append((at, range_.start))
                length += range_.start - at
            seam |= range_.kind not in inline
            at = range_.end
        if at < raw_length:
            if seam and length:
                seams.append(length)
            kept.append((at, raw_length))
            length += raw_length - at
        self.length = length
        """Code points of the text."""
        self.kept = tuple(kept)
        """The raw ranges whose concatenation is the text."""
        self.seams = tuple(seams)
        """Text offsets between two characters which are no neighbours in the raw text, inline ranges apart."""
        self._raw_starts = [start for start, _ in kept]
        self._text_starts = list(accumulate((end - start for start, end in kept), initial=0))[:-1]

    def to_raw(self, offset: int) -> int:
        """Where the text's character `offset` stands in the raw text.

        Raises:
            OffsetError: the text has no such character.
        """
        if not 0 <= offset < self.length:
            raise OffsetError(
                f"offset {offset} is outside the text's {self.length} characters",
                offset=offset,
                unit="code points",
            )
        piece = bisect_right(self._text_starts, offset) - 1
        return self._raw_starts[piece] + offset - self._text_starts[piece]

    def to_text(self, offset: int) -> int:
        """Where the raw character `offset` stands in the text.

        Raises:
            OffsetError: the character was dropped or does not exist.
        """
        piece = bisect_right(self._raw_starts, offset) - 1
        if piece < 0 or offset >= self.kept[piece][1]:
            raise OffsetError(f"raw offset {offset} is no part of the text", offset=offset, unit="raw code points")
        return self._text_starts[piece] + offset - self._raw_starts[piece]

    def raw_ranges(self, start: int, end: int) -> tuple[tuple[int, int], ...]:
        """The raw ranges that hold the text's [start:end]: one, unless something was dropped from inside."""
        joints = self._text_starts
        cuts = [start, *joints[bisect_right(joints, start) : bisect_left(joints, end)], end]
        return tuple((self.to_raw(a), self.to_raw(b - 1) + 1) for a, b in pairwise(cuts))

    def crosses_seam(self, start: int, end: int) -> bool:
        """Whether something was dropped from inside the text's [start:end]."""
        return bisect_right(self.seams, start) < bisect_left(self.seams, end)


class Quotation(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A piece of text given by its words, for those who cannot count.

    Source: the TextQuoteSelector of the W3C Web Annotation Data Model (2017), section 4.2.4; `occurrence` is ours.
    """

    exact: str
    prefix: str = ""
    """What stands immediately before."""
    suffix: str = ""
    """What stands immediately after."""
    occurrence: int | None = None
    """Which of the places that fit, counted from 1."""


def anchor(text: str, quotation: Quotation) -> Span:
    """The one span of the text that a quotation means.

    Raises:
        AnchorError: no place fits, or several do; carries the candidates.
    """
    exact, prefix, suffix = quotation.exact, quotation.prefix, quotation.suffix
    if not exact:
        raise AnchorError("a quotation must hold at least one character", exact=exact)
    everywhere = list(_occurrences(text, exact))
    fitting = [at for at in everywhere if text.endswith(prefix, 0, at) and text.startswith(suffix, at + len(exact))]
    candidates = [(at, at + len(exact)) for at in (fitting or everywhere)]
    if not fitting:
        what = (
            f"{exact!r} is in the text {_times(len(everywhere))}, but never "
            + " and ".join(part for part in (prefix and f"behind {prefix!r}", suffix and f"before {suffix!r}") if part)
            if everywhere
            else f"{exact!r} is not in the text{_closest(text, exact)}"
        )
        raise AnchorError(what + _listed(text, candidates), exact=exact, candidates=candidates)
    n = quotation.occurrence
    if n is None and len(fitting) > 1:
        raise AnchorError(
            f"{exact!r} fits {_times(len(fitting))}: expected a prefix, a suffix or an occurrence (from 1) that "
            f"tells which{_listed(text, candidates)}",
            exact=exact,
            candidates=candidates,
        )
    if n is not None and not 1 <= n <= len(fitting):
        raise AnchorError(
            f"{exact!r} fits {_times(len(fitting))}, so there is no occurrence {n}{_listed(text, candidates)}",
            exact=exact,
            candidates=candidates,
        )
    start = fitting[(n or 1) - 1]
    return Span(start, start + len(exact), exact)


def quotation_of(text: str, span: Span) -> Quotation:
    """The quotation that means exactly this span: its words, and an occurrence where they stand more than once.

    Raises:
        AnchorError: the text between the span's offsets is not what it quotes.
    """
    if not span.quote or text[span.start : span.end] != span.quote:
        raise AnchorError(
            f"[{span.start}:{span.end}] of the text is not {span.quote!r} but {text[span.start : span.end]!r}",
            exact=span.quote,
        )
    places = list(_occurrences(text, span.quote))
    return Quotation(span.quote, occurrence=places.index(span.start) + 1 if len(places) > 1 else None)


def spans_of(text: str, ranges: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Spans with their quotations."""
    return tuple(Span(start, end, text[start:end]) for start, end in ranges)


def context(text: str, start: int, end: int, *, width: int = 30) -> str:
    """A piece of text in its surroundings, on one line: `…before [piece] after…`."""
    before, after = text[max(0, start - width) : start], text[end : end + width]
    shown = f"{'…' if start > width else ''}{before}[{text[start:end]}]{after}{'…' if end + width < len(text) else ''}"
    return " ".join(shown.split())


def inside_word(text: str, offset: int) -> bool:
    """Whether an offset parts a word, or a base character from its combining mark."""
    if not 0 < offset < len(text):
        return False
    left, right = text[offset - 1], text[offset]
    if unicodedata.category(right).startswith("M"):
        return not left.isspace()
    return right.isalnum() and (left.isalnum() or unicodedata.category(left).startswith("M"))


def _occurrences(text: str, exact: str) -> Iterator[int]:
    at = text.find(exact)
    while at >= 0:
        yield at
        at = text.find(exact, at + 1)


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")


def _listed(text: str, candidates: Sequence[tuple[int, int]], most: int = 8) -> str:
    if not candidates:
        return ""
    shown = "; ".join(f"{n}. [{a}:{b}] {context(text, a, b)}" for n, (a, b) in enumerate(candidates[:most], 1))
    more = f"; and {len(candidates) - most} more" if len(candidates) > most else ""
    return f" (candidates: {shown}{more})"


def _closest(text: str, exact: str) -> str:
    """The passage that a mistyped quotation may have meant: its words but for case, space and quotation marks."""
    folded = re.compile(
        r"\s+".join("".join(_LOOSE.get(c, re.escape(c)) for c in word) for word in exact.split()),
        re.IGNORECASE,
    )
    found = folded.search(text) if exact.split() else None
    return f" [did you mean {found.group()!r} at [{found.start()}:{found.end()}]?]" if found else ""


_LOOSE = {
    **dict.fromkeys("'’‘`´", "['’‘`´]"),
    **dict.fromkeys('"“”„«»', '["“”„«»]'),
    **dict.fromkeys("-–—‑", "[-–—‑]"),
}
