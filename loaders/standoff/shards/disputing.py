"""The disagreements of a corpus in shards, told one by one: the words of `standoff.agreement.showing`."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from standoff.agreement.disagreements import Disagreements
from standoff.agreement.showing import disagreement_lines, disagreement_rows, lines_of, section_head
from standoff.canon import canonical
from standoff.shards.agreeing import Disputed

__all__ = ["told"]

_HELD = 1 << 16
"""Characters of a section that are held before they go to its file."""


def told(found: Disputed, form: str) -> Iterator[str]:
    """Disagreements as text by sections of the codebook, or as JSON or CSV, the worst first: whole lines, one or some
    at a time; of JSON, which is one line, pieces."""
    if form == "json":
        return _json(found)
    return _csv(disagreement_rows(found.all())) if form == "csv" else _text(found)


def _json(found: Disputed) -> Iterator[str]:
    yield '{"all": ['
    for n, one in enumerate(found.all()):
        yield f"{', ' if n else ''}{canonical(one)}"
    yield f'], "excluded": {canonical(found.excluded)}, "reason": {canonical(found.reason)}}}\n'


def _csv(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        yield text.getvalue()


def _text(found: Disputed) -> Iterator[str]:
    """Each section is put into a file of its own while all disagreements go by, the worst first."""
    weights: dict[tuple[str, ...], array[float]] = {}
    with TemporaryDirectory(prefix="standoff-") as folder:
        waiting: dict[tuple[str, ...], list[str]] = {}
        sizes: dict[tuple[str, ...], int] = {}
        place: dict[tuple[str, ...], Path] = {}

        def flush(headings: tuple[str, ...]) -> None:
            with place[headings].open("a", encoding="utf-8", newline="") as file:
                file.writelines(waiting.pop(headings))
            sizes[headings] = 0

        for one in found.all():
            place.setdefault(one.headings, Path(folder) / str(len(place)))
            weights.setdefault(one.headings, array("d")).append(one.weight)
            lines = "".join(f"{line}\n" for line in lines_of(one))
            waiting.setdefault(one.headings, []).append(lines)
            sizes[one.headings] = sizes.get(one.headings, 0) + len(lines)
            if sizes[one.headings] > _HELD:
                flush(one.headings)
        for headings in list(waiting):
            flush(headings)
        if not place:
            yield "".join(f"{line}\n" for line in disagreement_lines(Disagreements(found.reason, found.excluded, ())))
        totals = {headings: sum(of) for headings, of in weights.items()}
        for n, headings in enumerate(sorted(totals, key=lambda headings: (-totals[headings], headings))):
            head = section_head(headings, len(weights[headings]), totals[headings])
            yield f"\n{head}\n" if n else f"{head}\n"
            with place[headings].open(encoding="utf-8", newline="\n") as file:
                yield from file
