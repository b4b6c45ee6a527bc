"""What stops the work. A finding is bad data, reported with all the others; an error means that we cannot go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AnchorError",
    "EngineError",
    "FileError",
    "OffsetError",
    "RecordError",
    "ReleaseError",
    "SchemaError",
    "StandoffError",
    "StudioError",
    "UsageError",
    "counted",
    "masked",
    "nearest",
]


class StandoffError(Exception):
    """The base of all of the package's errors: a place, what was there, what was expected.

    Args:
        message: what was there, what was expected, and what to do.
        place: file, document, task or field; put in front of the message.
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return masked(f"{self.place}: {self.message}" if self.place else self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle calls the class with the message alone, which the kinds with fields of their own refuse.
        return _again, (type(self), self.args, vars(self))

    def at(self, place: str) -> StandoffError:
        """The same error, with its place put in front of what is already known of it."""
        self.place = (
            f"{place}{'' if self.place.startswith(('#', '[', '.')) else ' '}{self.place}" if self.place else place
        )
        return self


class UsageError(StandoffError):
    """A command or a function was asked for something that it does not offer."""


class FileError(StandoffError):
    """A file is missing, unreadable, not UTF-8 or not JSON."""


class RecordError(StandoffError):
    """A record does not have the shape of its kind."""


class SchemaError(StandoffError):
    """The schema is not one that this package can work by.

    Attributes:
        problems: everything that is wrong with it, one sentence each.
    """

    def __init__(self, problems: Sequence[str], *, place: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems), place=place)


class OffsetError(StandoffError):
    """An offset lies outside the text, or inside a character.

    Attributes:
        offset: the offset that was asked for.
        unit: what it counts.
    """

    def __init__(self, message: str, *, offset: int, unit: str, place: str = "") -> None:
        super().__init__(message, place=place)
        self.offset = offset
        self.unit = unit


class AnchorError(StandoffError):
    """A quotation is not in the text, or is there more than once.

    Attributes:
        exact: the quotation.
        candidates: (start, end) of each place that could be meant, in code points.
    """

    def __init__(
        self,
        message: str,
        *,
        exact: str,
        candidates: Sequence[tuple[int, int]] = (),
        place: str = "",
    ) -> None:
        super().__init__(message, place=place)
        self.exact = exact
        self.candidates = tuple(candidates)


class StudioError(StandoffError):
    """Label Studio is not there, refused a request, or holds what cannot be read.

    Attributes:
        status: the HTTP status, where there was an answer.
    """

    def __init__(self, message: str, *, place: str = "", status: int | None = None) -> None:
        super().__init__(message, place=place)
        self.status = status


class EngineError(StandoffError):
    """Work in pieces cannot go on: no scheduler answers, or workers die again and again."""


class ReleaseError(StandoffError):
    """A release is missing, incomplete or not the one that was asked for."""


def _again(kind: type[StandoffError], args: tuple[Any, ...], fields: dict[str, Any]) -> StandoffError:
    """An error as it was in the process that raised it."""
    error = kind.__new__(kind, *args)
    vars(error).update(fields)
    return error


def masked(text: str) -> str:
    """A text in which the URLs hold no credentials: neither a password or a token in front of a host, nor the values of
    parameters whose names tell of them. The name of a user alone is none, but on the web."""
    if "://" not in text:
        return text
    import re

    # On the web whoever stands alone in front of a host is mostly a token; elsewhere a name is one if it is as long.
    without = re.sub(r"(?i)(\bhttps?://)[^\s/?#]*@", r"\1***@", text)
    without = re.sub(r"(://)(?:[^\s/?#@:]*:[^\s/?#]*|[^\s/?#@:]{20,})@", r"\1***@", without)
    names = "token|key|secret|pass|pwd|credential|signature|auth(?!or)|\\bsig\\b"
    return re.sub(rf"(?i)([?&;][^\s=&;]*(?:{names})[^\s=&;]*=)[^\s&;#'\"<>]+", r"\1***", without)


def counted(number: int, thing: str) -> str:
    """How many of a thing there are, in words: `1 entity`, `2 entities`."""
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else plural}"


def nearest(word: Any, known: Sequence[str]) -> str:
    """The end of a message about an unknown word: the known one that looks most like it, if any does."""
    from difflib import get_close_matches

    found = get_close_matches(str(word), known, n=1, cutoff=0.6) or [
        k for k in known if k.casefold() == str(word).casefold()
    ]
    return f" [did you mean {found[0]!r}?]" if found else ""
