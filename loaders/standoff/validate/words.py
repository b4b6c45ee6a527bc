"""How findings word what they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from standoff.errors import nearest
from standoff.model import Annotation

__all__ = ["any_of", "in_our_words", "listed", "one_of", "quoted", "short"]


def short(text: str, width: int = 60) -> str:
    """A piece of text for a message: escaped, its middle left out where it is long."""
    return repr(text if len(text) <= width else f"{text[: width // 2]}…{text[-(width // 2) + 1 :]}")


def quoted(annotation: Annotation) -> str:
    """An annotation in a message: by its words, or by its id where it has none."""
    return short(" … ".join(span.quote for span in annotation.spans)) if annotation.spans else repr(annotation.id)


def listed(words: Iterable[str]) -> str:
    """Words in a message."""
    return ", ".join(map(repr, words))


def any_of(words: Iterable[str]) -> str:
    """What is allowed, in a message."""
    known = list(words)
    return f"{'one of ' if len(known) > 1 else ''}{listed(known)}" if known else "none"


def one_of(words: Iterable[str], word: str) -> str:
    """What is expected in place of an unknown word: all that is allowed, and the nearest of it."""
    known = list(words)
    return f"expected {any_of(known)}{nearest(word, known)}"


def in_our_words(error: Any) -> Iterator[tuple[str, str]]:
    """What an error of jsonschema says, by field below the place where it says it."""
    of, asked, found = error.validator, error.validator_value, error.instance
    if of == "required":
        yield from ((f".{name}", f"{name!r} is missing") for name in asked if name not in found)
    elif of == "additionalProperties" and asked is False:
        known = error.schema.get("properties", {})
        yield from ((f".{name}", f"{name!r} is unknown; {one_of(known, name)}") for name in found if name not in known)
    elif of == "enum" or (of == "oneOf" and all("const" in branch for branch in asked)):
        # jsonschema says no more of a list of constants than that none fits.
        values = [value["const"] for value in asked] if of == "oneOf" else asked
        yield "", f"{found!r} is unknown; {one_of(values, found)}"
    else:
        yield "", error.message
