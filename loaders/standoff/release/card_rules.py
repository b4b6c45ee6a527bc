"""The rules on what a release tells of itself: its card, and what catalogues are given. See `rules`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from standoff.files import read_text
from standoff.release.citation import CITATION
from standoff.release.folder import ABOUT, CARD, DATA
from standoff.release.held import Fault, Held

__all__ = ["release_card", "release_citation", "release_figures", "release_metadata", "release_wording"]

FIGURE = re.compile(r"(?<!\w)(?:[0-9a-f]{64}|\d+(?:[.,]\d+)*)(?!\w)")
"""A number, a version, a part of a date, or a digest."""

TABLE = re.compile(r'config_name: "?([^"\n]+)"?\n.*?description: "content-sha256:(\w+)"', re.DOTALL)
"""What the YAML of a card tells of the files of a table: config, digest."""


def release_card(held: Held) -> Iterator[Fault]:
    """The YAML of the card is the one that the content gives: version, digests, files, features, numbers."""
    yield from _card_faults(held, 0, "which the content gives")
    if CARD in held.told and held.intact(CARD):
        says = dict(TABLE.findall(read_text(held.folder / CARD)))
        for config, given in TABLE.findall(held.told[CARD]):
            if says.get(config, given) != given:
                yield f"{DATA}/{config}", "", f"is another table than {CARD} tells of: of the digest {says[config]}"


def release_figures(held: Held) -> Iterator[Fault]:
    """Where a line of the card's text is one that the content gives but for its figures, they are the same."""
    if not (CARD in held.told and held.intact(CARD)):
        return
    says, given = _parts(read_text(held.folder / CARD))[1], _parts(held.told[CARD])[1]
    of: dict[str, list[str]] = {}
    for line in given:
        of.setdefault(FIGURE.sub("0", line), []).append(line)
    for line in says:
        alike = of.get(FIGURE.sub("0", line), [line])
        if line not in alike:
            yield CARD, "", f"says {line!r}; expected {' or '.join(map(repr, alike))}, which the content gives"


def release_citation(held: Held) -> Iterator[Fault]:
    """CITATION.cff names the version and the date that release.json tells."""
    if held.about is None or not held.intact(CITATION):
        return
    lines = read_text(held.folder / CITATION).splitlines()
    for field, given in (("version", held.about.version), ("date-released", held.about.date)):
        says = [line.partition(":")[2].strip().strip("\"'") for line in lines if line.startswith(f"{field}:")]
        if says != [given]:
            yield CITATION, "", f"has {field} {', '.join(says)!r}; expected {given!r}, as {ABOUT} says"


def release_wording(held: Held) -> Iterator[Fault]:
    """The text of the card is the one that the content gives."""
    yield from _card_faults(held, 1, "as this version of standoff words what the content gives")


def release_metadata(held: Held) -> Iterator[Fault]:
    """What catalogues are told, as Croissant and for DataCite, is what the content gives."""
    for path in sorted(held.told.keys() - {CARD}):
        if path not in held.sums:
            yield path, "", "is missing; expected what catalogues are told"
        if held.intact(path):
            says, given = read_text(held.folder / path), held.told[path]
            yield from _first_difference(path, says.split("\n"), given.split("\n"), "which the content gives")


def _card_faults(held: Held, part: int, why: str) -> Iterator[Fault]:
    """Where a part of the card (0: the YAML, 1: the text) is first another than the content gives."""
    if CARD in held.told and held.intact(CARD):
        says, given = _parts(read_text(held.folder / CARD)), _parts(held.told[CARD])
        yield from _first_difference(CARD, says[part], given[part], why)


def _first_difference(path: str, says: Sequence[str], given: Sequence[str], why: str) -> Iterator[Fault]:
    """The first line that differs, and how many more do."""
    differing = [pair for pair in zip_longest(says, given, fillvalue="") if pair[0] != pair[1]]
    if differing:
        is_, expected = differing[0]
        more = f" (and {len(differing) - 1} more lines differ)" if len(differing) > 1 else ""
        yield path, "", f"says {is_!r}; expected {expected!r}, {why}{more}"


def _parts(text: str) -> tuple[list[str], list[str]]:
    """The lines of a card's YAML but for sizes in memory, which are the writer's; and of its text but for who signed,
    which no table tells."""
    _, _, rest = text.partition("---\n")
    front, _, body = rest.partition("\n---\n")
    sections = re.split(r"^(?=## )", body, flags=re.MULTILINE)
    lines = [line for line in front.split("\n") if not line.lstrip().startswith("num_bytes:")]
    return lines, "".join(part for part in sections if not part.startswith("## Review\n")).split("\n")
