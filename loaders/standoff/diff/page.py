"""A diff as one page of HTML: what changed in words, and each article side by side with its changes marked.

The page needs no network and no script, and nothing of an article is ever read as markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import sha256
from html import escape
from itertools import pairwise
from re import findall
from typing import Any
from unicodedata import bidirectional, category

from msgspec import Struct, structs

from standoff.diff.telling import Told, summary, tell
from standoff.diff.values import QUIET, Change, Diff
from standoff.model import Annotation, Corpus, Document

__all__ = ["Changed", "page", "pieces"]

STEERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of characters that turn the text about them."""

STYLE = """\
:root{color-scheme:light dark;--fg:#1c1c1c;--bg:#fdfdfc;--soft:#5a5a5a;--line:#d0d0cc;--panel:#f4f4f0;--link:#0b57a4;
--added:#c9efd0;--removed:#fad4d0;--changed:#fbe8ad;--quiet:#e4e4e0}
@media (prefers-color-scheme:dark){:root{--fg:#e8e8e4;--bg:#161618;--soft:#a8a8a4;--line:#3c3c40;--panel:#1f1f23;
--link:#8ab8ee;--added:#1d4a2a;--removed:#5c2420;--changed:#55430d;--quiet:#38383c}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:100rem;padding:1.5rem;font:1rem/1.55 system-ui,sans-serif;color:var(--fg);
background:var(--bg)}
h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid var(--line);
padding-top:1rem;overflow-wrap:anywhere}h3{font-size:1rem;margin:.3rem 0}
a{color:var(--link)}a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.sides{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:1rem}
@media (max-width:50rem){.sides{grid-template-columns:minmax(0,1fr)}}
.side{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:.6rem 1rem}
.text{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.8}
mark{color:inherit;background:var(--changed);border-radius:.15rem;border-bottom:2px solid currentColor}
mark.added{background:var(--added);border-bottom-style:double;border-bottom-width:4px}
mark.removed{background:var(--removed);text-decoration:line-through}
mark.quiet{background:var(--quiet);border-bottom-style:dotted}
ins{background:var(--added);text-decoration:underline double}del{background:var(--removed)}
sup{line-height:0;margin:0 .1em;text-decoration:none}.control{border:1px solid var(--soft);color:var(--soft);
font-size:.7em;padding:0 .15em}
ul,ol{padding-left:1.8rem}li{margin:.35rem 0;overflow-wrap:anywhere}li:target{background:var(--changed)}
li.quiet{color:var(--soft)}code,pre{font:0.9em/1.5 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border:1px solid var(--line);padding:.5rem}
.kind{font-weight:600}.place{color:var(--soft)}
"""


class Mark(Struct, frozen=True):
    """A range of a text that is drawn: number of the change, or 0 where the text itself changed."""

    start: int
    end: int
    kind: str
    number: int = 0


class Changed(Struct, frozen=True):
    """What is told of one document on a page."""

    id: str
    told: tuple[Told, ...]
    old: Document | None
    new: Document | None


def page(diff: Diff, a: Corpus, b: Corpus, *, old: str, new: str) -> str:
    """The page that shows a diff of two corpora.

    Args:
        old: what the first corpus is called.
        new: what the second one is called.
    """
    ids = sorted(_documents(diff))
    found = (Changed(id, tuple(tell(_of_document(diff, id))), a.documents.get(id), b.documents.get(id)) for id in ids)
    return "".join(pieces(summary(diff), ids, found, tell(_without_documents(diff)), old=old, new=new))


def pieces(
    numbers: Iterable[str], ids: Sequence[str], found: Iterable[Changed], rest: Iterable[Told], *, old: str, new: str
) -> Iterator[str]:
    """The page piece by piece, a document at a time.

    Args:
        numbers: the lines of the summary.
        ids: of all documents that changed, in order.
        found: what changed in each of them.
        rest: what changed in no single document.
    """
    title = f"{old} → {new}"
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_plain(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    yield f"<h1>{_shown(title)}</h1>\n"
    yield f"{_list('ul', (f'<li>{_shown(line)}</li>' for line in numbers))}\n"
    yield f"{_contents(ids)}\n"
    number = 0
    for n, one in enumerate(found):
        yield f"{_document_section(n, one, (old, new), number)}\n"
        number += sum(map(_is_annotation, one.told))
    if items := _list("ul", map(_item, rest)):
        yield f'<h2 id="corpus">Schema and lists of the corpus</h2>\n{items}\n'
    yield "</main>\n</body>\n</html>\n"


def _documents(diff: Diff) -> set[str]:
    parts: tuple[Iterable[Change[Any]], ...] = (
        diff.documents,
        diff.segments,
        diff.decisions,
        diff.splits,
        diff.rights,
    )
    return {change.id for changes in parts for change in changes} | {change.document for change in diff.sets}


def _of_document(diff: Diff, id: str) -> Diff:
    """What of a diff is about one document."""
    return Diff(
        documents=tuple(change for change in diff.documents if change.id == id),
        segments=tuple(change for change in diff.segments if change.id == id),
        sets=tuple(change for change in diff.sets if change.document == id),
        decisions=tuple(change for change in diff.decisions if change.id == id),
        splits=tuple(change for change in diff.splits if change.id == id),
        rights=tuple(change for change in diff.rights if change.id == id),
    )


def _without_documents(diff: Diff) -> Diff:
    """What of a diff is about no single document."""
    return structs.replace(diff, documents=(), segments=(), sets=(), decisions=(), splits=(), rights=())


def _contents(ids: Sequence[str]) -> str:
    links = (f'<li><a href="#d{n}">{_shown(id)}</a></li>' for n, id in enumerate(ids))
    return f'<nav aria-label="Documents that changed">{_list("ul", links)}</nav>' if ids else ""


def _document_section(n: int, changed: Changed, names: tuple[str, str], number: int) -> str:
    """One document: both texts beside each other, and what changed."""
    told, old, new = changed.told, changed.old, changed.new
    numbered = [(number := number + 1, one) for one in told if _is_annotation(one)]
    before, after = _text_marks(old.text if old else "", new.text if new else "")
    before += [mark for at, one in numbered for mark in _marks(at, one, one.old, "removed")]
    after += [mark for at, one in numbered for mark in _marks(at, one, one.new, "added")]
    items = [_item(one) for one in told if not _is_annotation(one)]
    return "\n".join(
        (
            f'<section aria-labelledby="d{n}">',
            f'<h2 id="d{n}">{_shown(changed.id)}</h2>',
            _list("ul", items),
            '<div class="sides">',
            _side(names[0], old, before),
            _side(names[1], new, after),
            "</div>",
            _list("ol", (_item(one, at) for at, one in numbered)),
            "</section>",
        )
    )


def _is_annotation(told: Told) -> bool:
    return isinstance(told.new or told.old, Annotation)


def _marks(number: int, told: Told, annotation: Annotation | None, alone: str) -> Iterator[Mark]:
    kind = alone if alone in told.kinds else "quiet" if QUIET.issuperset(told.kinds) else "changed"
    for span in annotation.spans if annotation else ():
        yield Mark(span.start, span.end, kind, number)


def _text_marks(old: str, new: str) -> tuple[list[Mark], list[Mark]]:
    """Where two texts differ, by words; first by lines, so that long texts take no longer than what changed in them."""
    before: list[Mark] = []
    after: list[Mark] = []
    for (start, end), (other, stop) in _differing(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        for (s, e), (t, u) in _differing(_words(old[start:end]), _words(new[other:stop])):
            before += [Mark(start + s, start + e, "del")] if s < e else []
            after += [Mark(other + t, other + u, "ins")] if t < u else []
    return before, after


def _words(text: str) -> list[str]:
    return findall(r"\w+|\s+|.", text)


def _differing(old: list[str], new: list[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The ranges of characters in which two sequences of pieces differ."""
    at, to = _offsets(old), _offsets(new)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield (at[a], at[b]), (to[c], to[d])


def _offsets(pieces: Iterable[str]) -> list[int]:
    found = [0]
    for piece in pieces:
        found.append(found[-1] + len(piece))
    return found


def _side(name: str, document: Document | None, marks: Iterable[Mark]) -> str:
    if document is None:
        return f'<div class="side"><h3>{_shown(name)}</h3><p>The document is not there.</p></div>'
    return (
        f'<div class="side"><h3>{_shown(name)}</h3><div class="text" dir="auto" lang="{_plain(document.language)}">'
        f"{_drawn(document.text, list(marks))}</div></div>"
    )


def _drawn(text: str, marks: list[Mark]) -> str:
    """A text with its marks; where they overlap, the piece has them all, and each number stands where its mark ends."""
    cuts = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    drawn = []
    for start, end in pairwise(cut for cut in cuts if 0 <= cut <= len(text)):
        here = [mark for mark in marks if mark.start <= start and mark.end >= end]
        piece = _shown(text[start:end])
        for mark in here:
            tag = mark.kind if not mark.number else "mark"
            attribute = f' class="{mark.kind}"' if mark.number else ""
            piece = f"<{tag}{attribute}>{piece}</{tag}>"
        drawn.append(piece)
        drawn += [
            f'<sup><a href="#c{mark.number}">{mark.number}</a></sup>'
            for mark in here
            if mark.number and mark.end == end
        ]
    return "".join(drawn)


def _item(told: Told, number: int = 0) -> str:
    head = f'<li id="c{number}" value="{number}"' if number else "<li"
    lines = f"<pre>{_shown(chr(10).join(told.lines))}</pre>" if told.lines else ""
    quiet = ' class="quiet"' if told.quiet else ""
    kinds = _shown(", ".join(told.kinds))
    return (
        f'{head}{quiet}><span class="kind">{kinds}</span> <bdi>{_shown(told.text)}</bdi> '
        f'<code class="place">{_shown(told.place)}</code>{lines}</li>'
    )


def _list(tag: str, items: Iterable[str]) -> str:
    found = "\n".join(items)
    return f"<{tag}>\n{found}\n</{tag}>" if found else ""


def _shown(text: str) -> str:
    """Text as HTML; characters that steer the display are shown by their numbers."""
    return "".join(_control(c) if _steers(c) else escape(c) for c in text)


def _plain(text: str) -> str:
    """Text where no element may stand: in the title, in an attribute."""
    return escape("".join(f"U+{ord(c):04X}" if _steers(c) else c for c in text))


def _steers(character: str) -> bool:
    return (category(character) == "Cc" and character not in "\r\n\t") or bidirectional(character) in STEERING


def _control(character: str) -> str:
    return f'<span class="control">U+{ord(character):04X}</span>'
