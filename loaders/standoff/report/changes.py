"""What changed since an earlier corpus, as it is shown: each annotation in its surroundings, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from standoff.diff import AnnotationChange, Diff, SetChange, summary, tell
from standoff.model import Annotation, Corpus, Document
from standoff.report.legend import named
from standoff.report.sections import Change, Changes, DocumentChanges, Passage
from standoff.report.sets import Changed, Surroundings
from standoff.report.values import Link

__all__ = ["changed", "changes"]

ROOM = 56
"""Characters that are shown on either side of what changed."""
FAR = 160
"""A stretch that did not change and is longer than this is cut in its middle."""


def changed(diff: Diff) -> Changed:
    """(annotator, document, id) -> what became of the annotation that is there now."""
    return {
        (one.annotator, one.document, change.new.id): change.kinds
        for one in diff.sets
        for change in one.annotations
        if change.new is not None
    }


def changes(diff: Diff, old: Corpus, since: str, around: Surroundings) -> Changes:
    """Everything in a diff, by document.

    Args:
        old: what was before.
        since: what that is called.
    """
    sets: dict[str, list[SetChange]] = {}
    for one in diff.sets:
        sets.setdefault(one.document, []).append(one)
    lines: dict[str, list[tuple[str, tuple[str, ...]]]] = {id: [] for id in sets}
    rest: list[tuple[str, tuple[str, ...]]] = []
    ids = {*old.documents, *around.corpus.documents}
    for told in tell(diff):
        if isinstance(told.new or told.old, Annotation):
            continue
        path, _, id = told.place.partition("#")
        document = path.rpartition("/")[2].removesuffix(".json")
        about = document if document in ids else id if id in ids else ""
        (lines.setdefault(about, []) if about else rest).append((f"{told.place}: {told.text}", told.lines))
    documents = tuple(
        _of_document(id, lines[id], sets.get(id, ()), old, around) for id in sorted(lines.keys() | sets.keys())
    )
    return Changes(since, "", tuple(summary(diff)), documents, tuple(rest))


def _of_document(
    id: str,
    lines: Iterable[tuple[str, tuple[str, ...]]],
    sets: Iterable[SetChange],
    old: Corpus,
    around: Surroundings,
) -> DocumentChanges:
    now = around.corpus.documents.get(id)
    before = old.documents.get(id)
    known = now or before
    return DocumentChanges(
        id=id,
        title=known.title if known else id,
        href=f"d{around.numbers[id]}" if now else "",
        lines=tuple(lines),
        annotations=tuple(_change(change, one, before, now, old, around) for one in sets for change in one.annotations),
    )


def _change(
    change: AnnotationChange,
    of: SetChange,
    before: Document | None,
    now: Document | None,
    old: Corpus,
    around: Surroundings,
) -> Change:
    legend = around.layers.get(change.one.layer)
    return Change(
        layer_number=legend.number if legend else -1,
        kinds=change.kinds,
        annotator=of.annotator,
        said=_said(change, old, around.corpus),
        stays=change.old is not None and change.new is not None and "moved" not in change.kinds,
        old=_link(change.old, old, of, around, here=False),
        old_passage=_passage(change.old, before),
        new=_link(change.new, around.corpus, of, around, here=True),
        new_passage=_passage(change.new, now),
    )


def _said(change: AnnotationChange, old: Corpus, new: Corpus) -> str:
    """What changed besides place and label; of what came or went without a place, what it linked."""
    before, after = change.old, change.new
    if before is None or after is None:
        one, corpus = change.one, new if after else old
        return (
            ""
            if one.spans
            else "; ".join(f"{_title(corpus, one, role)}: {', '.join(ids)}" for role, ids in one.refs.items())
        )
    parts = [
        f"{_title(new, after, name)}: {before.attributes.get(name, 'none')} → {after.attributes.get(name, 'none')}"
        for name in sorted({*before.attributes, *after.attributes})
        if before.attributes.get(name) != after.attributes.get(name)
    ]
    parts += [
        f"{_title(new, after, role)}: {_ids(before, role)} → {_ids(after, role)}"
        for role in sorted({*before.refs, *after.refs})
        if before.refs.get(role) != after.refs.get(role)
    ]
    for field, was, is_ in (
        ("note", before.note, after.note),
        ("id", before.id, after.id),
        ("made from", ", ".join(before.derived_from), ", ".join(after.derived_from)),
    ):
        if was != is_:
            parts.append(f"{field}: {was or 'none'} → {is_ or 'none'}")
    return "; ".join(parts)


def _ids(annotation: Annotation, role: str) -> str:
    return ", ".join(annotation.refs.get(role, ())) or "none"


def _title(corpus: Corpus, annotation: Annotation, name: str) -> str:
    """The title of an attribute or role; its name where the schema has none."""
    layer = corpus.scheme.layer(annotation.layer)
    known = (layer.attribute(name) or layer.role(name)) if layer else None
    return known.title if known else name


def _link(
    annotation: Annotation | None, corpus: Corpus, of: SetChange, around: Surroundings, *, here: bool
) -> Link | None:
    if annotation is None:
        return None
    layer, label = named(annotation, corpus)
    href = around.places.get((of.annotator, of.document, annotation.id), "") if here else ""
    return Link(f"{layer}: {label}", href, around.styles.get((annotation.layer, annotation.label)))


def _passage(annotation: Annotation | None, document: Document | None) -> Passage | None:
    if annotation is None or not annotation.spans or document is None:
        return None
    return Passage(tuple(_pieces(annotation, document.text)))


def _pieces(annotation: Annotation, text: str) -> Iterator[tuple[str, bool]]:
    """The words around the spans, and the spans."""
    first, last = annotation.spans[0].start, annotation.spans[-1].end
    begin = max(0, first - ROOM)
    # A word that is cut in two is left out.
    begin = text.find(" ", begin, first) + 1 or begin if begin else 0
    yield ("… " if begin else "") + _between(text[begin:first]), False
    for n, span in enumerate(annotation.spans):
        yield _between(text[span.start : span.end]), True
        if n + 1 < len(annotation.spans):
            yield _between(text[span.end : annotation.spans[n + 1].start]), False
    end = last + ROOM
    end = max(last, text.rfind(" ", last, end)) if end < len(text) else len(text)
    yield _between(text[last:end]) + (" …" if end < len(text) else ""), False


def _between(text: str) -> str:
    """Words on one line; of a long stretch its ends."""
    line = "".join(" " if c in "\r\n\t" else c for c in text)
    return line if len(line) <= FAR else f"{line[: FAR // 2]} … {line[-FAR // 2 :]}"
