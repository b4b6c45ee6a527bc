"""The kind of constraint that looks at quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from standoff.model import Annotation
from standoff.scheme import Constraint
from standoff.text import context
from standoff.validate.words import quoted
from standoff.validate.work import Fault, Work

__all__ = ["balanced"]


def balanced(work: Work, constraint: Constraint) -> Iterator[Fault]:
    """Around an annotation with some value, and what its role points to, every quotation mark has its counterpart.

    A quotation of several paragraphs opens at each of them and closes at the last alone, as is the custom in print.

    Why: A mark without counterpart leaves open where somebody's words end: most often the value or the extent is wrong,
    or the counterpart was dropped from the raw file.
    Do: Correct the value, or what the role points to. Where the article itself is printed so, accept the finding with a
    reason.
    """
    text, told = work.page.text, set[int]()
    for annotation in work.placed(constraint.layer):
        if text is None or annotation.attributes.get(constraint.attribute) not in constraint.values:
            continue
        if not work.sure(annotation, f"attributes.{constraint.attribute}", f"refs.{constraint.role}"):
            continue
        targets = [work.by_id[id] for id in annotation.refs.get(constraint.role, ()) if id in work.by_id]
        if not all(work.sure(target, "spans") for target in targets):
            continue
        paragraphs = _touched(work.page.paragraphs, (annotation, *targets))
        for pair in constraint.marks:
            for at, what in _astray(text, paragraphs, pair[0], pair[1]):
                if at not in told:
                    told.add(at)
                    value = annotation.attributes[constraint.attribute]
                    yield (
                        annotation.id,
                        f"attributes.{constraint.attribute}",
                        f"{quoted(annotation)} has {constraint.attribute} {value!r}, and the {text[at]!r} at [{at}] "
                        f"of its passage {what}: {context(text, at, at + 1, width=20)}",
                    )


def _touched(paragraphs: list[tuple[int, int]], annotations: tuple[Annotation, ...]) -> list[tuple[int, int]]:
    """The paragraphs that annotations touch, and those in between."""
    first = min(span.start for a in annotations for span in a.spans)
    last = max(span.end for a in annotations for span in a.spans)
    return [(start, end) for start, end in paragraphs if end > first and start < last]


def _astray(text: str, paragraphs: list[tuple[int, int]], left: str, right: str) -> Iterator[tuple[int, str]]:
    """Marks without counterpart: where, and what is wrong.

    Args:
        left, right: the marks of a pair; they may be the same.
    """
    marks = re.compile(f"[{re.escape(left + right)}]")
    opened: int | None = None
    for start, end in paragraphs:
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())
        if opened is not None and text[begin] not in (left, right):
            yield opened, f"is not closed in its paragraph, and the next does not begin with {left!r}"
            opened = None
        for at in (found.start() for found in marks.finditer(text, start, end)):
            if text[at] == left and (left != right or opened is None or at == begin):
                # Again at the head of a paragraph: the quotation goes on.
                if opened is not None and at != begin:
                    yield opened, f"is not closed ahead of another {left!r}"
                opened = at
            else:
                if opened is None:
                    yield at, f"closes nothing; expected {left!r} ahead of it"
                opened = None
    if opened is not None and not _goes_on(text, paragraphs[-1][1], left):
        yield opened, f"is not closed; expected {right!r}"


def _goes_on(text: str, end: int, left: str) -> bool:
    """Whether the paragraph behind the last one takes the quotation up again."""
    return text[end:].lstrip().startswith(left)
