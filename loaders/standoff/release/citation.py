"""What a CITATION.cff says: the few facts that other metadata of a release repeats.

The file is YAML, of which this reads what the format needs for these facts: scalars, folded and literal blocks, lists
of scalars and of flat mappings. Fields that nobody asks for may be written in any way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from standoff.errors import ReleaseError

__all__ = ["CITATION", "Author", "Citation", "read_citation"]

CITATION = "CITATION.cff"

Value = str | list[str] | list[dict[str, str]]


class Author(Struct, frozen=True, kw_only=True):
    """Who made the dataset: a person, or an entity such as a project."""

    name: str
    family: str = ""
    """Of a person, as is what follows."""
    given: str = ""
    orcid: str = ""
    affiliation: str = ""

    @property
    def person(self) -> bool:
        """Whether it is one, and no entity."""
        return bool(self.family or self.given)


class Citation(Struct, frozen=True, kw_only=True):
    """How a dataset is to be cited; what the file does not say is empty."""

    title: str = ""
    abstract: str = ""
    license: str = ""
    """An SPDX identifier."""
    doi: str = ""
    url: str = ""
    authors: tuple[Author, ...] = ()
    keywords: tuple[str, ...] = ()


def read_citation(text: str) -> Citation:
    """The facts that a CITATION.cff states.

    Raises:
        ReleaseError: one of them is written in a way that this does not read; names the line.
    """
    fields = dict(_fields(text.splitlines()))
    authors = fields.get("authors", [])
    keywords = fields.get("keywords", [])
    if not all(isinstance(one, dict) for one in authors) or not all(isinstance(one, str) for one in keywords):
        raise ReleaseError("authors or keywords are written otherwise than the format says", place=CITATION)
    return Citation(
        **{name: _one(fields, name) for name in ("title", "abstract", "license", "doi")},
        url=_one(fields, "url") or _one(fields, "repository") or _one(fields, "repository-code"),
        authors=tuple(_author(one) for one in authors if isinstance(one, dict)),
        keywords=tuple(one for one in keywords if isinstance(one, str)),
    )


WANTED = (
    "title",
    "abstract",
    "license",
    "doi",
    "url",
    "repository",
    "repository-code",
    "authors",
    "keywords",
)


def _fields(lines: Sequence[str]) -> Iterator[tuple[str, Value]]:
    for at, line in enumerate(lines):
        found = re.fullmatch(r"([a-z-]+):(.*)", line)
        if found is None or found[1] not in WANTED:
            continue
        block = list(_indented(lines[at + 1 :]))
        try:
            yield found[1], _value(found[2].strip(), block)
        except ValueError as error:
            raise ReleaseError(f"line {at + 1}: {found[1]}: {error}", place=CITATION) from error


def _indented(lines: Sequence[str]) -> Iterator[str]:
    """The lines that belong to a key: indented, or items of a list."""
    for line in lines:
        if line.strip() and not line.startswith((" ", "-", "#")):
            return
        if not line.startswith("#"):
            yield line


def _value(head: str, block: Sequence[str]) -> Value:
    if head.startswith((">", "|")):
        stripped = [line.strip() for line in block]
        return ("\n" if head.startswith("|") else " ").join(stripped).strip()
    if head and not head.startswith("#"):
        return _scalar(head)
    return _items([line for line in block if line.strip() and not line.strip().startswith("#")])


def _items(block: Sequence[str]) -> list[str] | list[dict[str, str]]:
    scalars: list[str] = []
    mappings: list[dict[str, str]] = []
    for line in block:
        item = re.fullmatch(r"\s*- +(.*)", line)
        pair = re.fullmatch(r"([a-z-]+):(?: +(.+))?", (item[1] if item else line).strip())
        if item and pair is None:
            scalars.append(_scalar(item[1]))
        elif pair and (item or mappings):
            if item:
                mappings.append({})
            mappings[-1][pair[1]] = _scalar(pair[2] or "")
        else:
            raise ValueError(f"{line.strip()!r}; expected an item of a list")
    if scalars and mappings:
        raise ValueError("holds both scalars and mappings; expected one or the other")
    return mappings or scalars


def _scalar(text: str) -> str:
    """A plain or quoted scalar; a comment may follow."""
    if text.startswith('"'):
        value, end = json.JSONDecoder().raw_decode(text)
        rest = text[end:]
    elif text.startswith("'"):
        found = re.match(r"'((?:[^']|'')*)'", text)
        if found is None:
            raise ValueError(f"{text!r}; expected a closing quote")
        value, rest = found[1].replace("''", "'"), text[found.end() :]
    elif text.startswith(("[", "{", "&", "*", "!")):
        raise ValueError(f"{text!r}; expected a plain or quoted scalar")
    else:
        return re.split(r"\s+#", text)[0].strip()
    if rest.strip() and not rest.strip().startswith("#"):
        raise ValueError(f"{text!r}; expected nothing behind the closing quote")
    return str(value)


def _one(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ReleaseError(f"{name} is a list; expected one value", place=CITATION)
    return value


def _author(fields: Mapping[str, str]) -> Author:
    family = " ".join(filter(None, (fields.get("name-particle"), fields.get("family-names"))))
    given = fields.get("given-names", "")
    return Author(
        name=fields.get("name") or " ".join(filter(None, (given, family, fields.get("name-suffix")))),
        family=family,
        given=given,
        orcid=fields.get("orcid", ""),
        affiliation=fields.get("affiliation", ""),
    )
