"""From a page of HTML to its text: the page with ranges left out, nothing added and nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from standoff.intake.article import article, facts, is_blank
from standoff.intake.markup import Piece, pieces, references
from standoff.intake.proposal import Proposal, inline_kind, page_kind
from standoff.model import Dropped
from standoff.scheme import Scheme
from standoff.text import context

__all__ = ["propose"]

KEPT, INLINE, PAGE = range(3)
"""What becomes of a character: it stays, it goes from inside a line, or it goes with a part of the page."""

# Elements that do not end a line. Those whose names have a hyphen are the page's own, which are so too.
# fmt: off
_IN_LINE = frozenset([
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "circle", "cite", "code", "data", "del", "dfn", "em",
    "font", "g", "i", "img", "ins", "kbd", "label", "line", "mark", "nobr", "path", "picture", "polygon", "polyline",
    "q", "rect", "rp", "rt", "ruby", "s", "samp", "script", "small", "source", "span", "strike", "strong", "style",
    "sub", "sup", "svg", "template", "time", "tt", "u", "use", "var", "wbr",
])
# fmt: on
_BREAK = re.compile("<br", re.IGNORECASE)
_SPACE = re.compile("[ \t\n\f\r]+")


def propose(raw: str, scheme: Scheme, *, today: str) -> Proposal:
    """The ranges of a page that are not its article, and the facts that it gives of itself.

    White space is kept as readers of the page see it: one character of each run, a line's end between two blocks. A
    character reference cannot be decoded by leaving out alone, but where it holds the character that it stands for
    (`&amp;`): others stay as they are, and are warned of.

    Args:
        today: the latest day it can have been published, ISO 8601.

    Raises:
        UsageError: trafilatura is not installed, or the schema has no kind for what is to be dropped.
    """
    found = tuple(pieces(raw))
    kept = article(raw, found)
    warnings: list[str] = []
    if not kept:
        kept = frozenset(n for n, each in enumerate(found) if each.kind == "text" and not is_blank(raw, each))
        warnings.append("no article was found in the page: all of its text is kept")
    fates = bytearray([PAGE]) * len(raw)
    warnings += _gaps(raw, found, sorted(kept), fates)
    warnings += _decode(raw, [found[n] for n in sorted(kept)], fates)
    _collapse(raw, fates, _preformatted(raw, found))
    return replace(facts(raw, found, today=today), dropped=tuple(_ranges(fates, scheme)), warnings=tuple(warnings))


def _gaps(raw: str, found: Sequence[Piece], kept: Sequence[int], fates: bytearray) -> Iterator[str]:
    """Decides on what is between the kept pieces: words never meet without white space, if the page has any there."""
    glued: list[int] = []
    lost: list[int] = []
    for at, n in enumerate(kept):
        this = found[n]
        fates[this.start : this.end] = bytes(this.end - this.start)
        if not at:
            continue
        before, gap = found[kept[at - 1]], found[kept[at - 1] + 1 : n]
        other = [each for each in gap if each.kind == "text" and not is_blank(raw, each)]
        in_line = all(_is_in_line(each) for each in gap)
        lost += [each.start for each in other if in_line]
        whole = in_line and not other
        for each in gap:
            text = raw[each.start : each.end]
            # A blank piece of character references says nothing between blocks, but parts words in a line.
            stays = each.kind == "text" and (not text.strip() or (whole and is_blank(raw, each)))
            if stays or whole:
                fates[each.start : each.end] = bytes([KEPT if stays else INLINE]) * len(text)
        if whole and not any(each.name == "br" for each in gap):
            continue
        between = raw[before.end : this.start]
        if raw[before.end - 1].isspace() or raw[this.start].isspace() or KEPT in fates[before.end : this.start]:
            continue
        space = re.search("[\r\n]", between) or _SPACE.search(between)
        if space:
            fates[before.end + space.start()] = KEPT
        else:
            fates[before.end : this.start] = bytes([PAGE]) * len(between)
            glued.append(this.start)
    if lost:
        yield f"text is dropped from inside a line {_places(raw, lost)}"
    if glued:
        yield (
            "the page has no white space between two blocks, so that their words stand side by side in the text, "
            f"and only the seam parts them {_places(raw, glued)}"
        )


def _is_in_line(piece: Piece) -> bool:
    return piece.kind in ("text", "other") or piece.name in _IN_LINE or "-" in piece.name


def _decode(raw: str, kept: Iterable[Piece], fates: bytearray) -> Iterator[str]:
    """Leaves of a character reference the one character that it stands for, where it holds it."""
    undecoded: list[int] = []
    for piece in kept:
        for reference in references(raw, piece.start, piece.end):
            at = raw.find(reference.means, reference.start, reference.end) if len(reference.means) == 1 else -1
            if at < 0:
                undecoded.append(reference.start)
            else:
                fates[reference.start : reference.end] = bytes([INLINE]) * (reference.end - reference.start)
                fates[at] = KEPT
    if undecoded:
        yield f"character references stay in the text as they are written {_places(raw, undecoded)}"


def _preformatted(raw: str, found: Iterable[Piece]) -> bytearray:
    """Which characters are in an element that shows white space as it is."""
    shown = bytearray(len(raw))
    depth = 0
    for each in found:
        if each.name == "pre":
            depth = max(0, depth + (1 if each.kind == "start" else -1))
        elif each.kind == "text" and depth:
            shown[each.start : each.end] = bytes([1]) * (each.end - each.start)
    return shown


def _collapse(raw: str, fates: bytearray, preformatted: bytearray) -> None:
    """Leaves one character of each run of white space, none at the text's ends."""
    places = [at for at, fate in enumerate(fates) if fate == KEPT]
    text = "".join(raw[at] for at in places)
    for run in _SPACE.finditer(text):
        of_run = places[run.start() : run.end()]
        first, last = of_run[0], of_run[-1]
        if run.start() == 0 or run.end() == len(text):
            for at in of_run:
                fates[at] = PAGE
        elif len(of_run) > 1 and not all(preformatted[at] for at in of_run):
            blocks = PAGE in fates[max(0, first - 1) : last + 2]
            wanted = "\n" if blocks or _BREAK.search(raw, first, last) else " "
            stays = next((at for at in of_run if raw[at] == wanted), first)
            for at in of_run:
                fates[at] = KEPT if at == stays else PAGE if blocks else INLINE


def _ranges(fates: bytearray, scheme: Scheme) -> Iterator[Dropped]:
    """Runs of dropped characters; one that holds a part of the page is such a part as a whole."""
    for run in re.finditer(rb"[\x01\x02]+", fates):
        kind = page_kind(scheme) if PAGE in run[0] else inline_kind(scheme)
        yield Dropped(run.start(), run.end(), kind)


def _places(raw: str, places: Sequence[int], most: int = 5) -> str:
    """How often, and where: `2 times, at raw offset 7 (…), 92 (…)`."""
    shown = ", ".join(f"{at} ({context(raw, at, at + 1, width=15)})" for at in places[:most])
    more = f" and {len(places) - most} more" if len(places) > most else ""
    return f"{len(places)} {'time' if len(places) == 1 else 'times'}, at raw offset {shown}{more}"
