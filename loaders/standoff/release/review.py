"""Sign-off: who reviewed which content when, and which warnings were accepted, with reasons.

Sign-offs stand in corpus/reviews.json, which is no part of the content that they are about: signing changes no digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from standoff.canon import canonical_list, content_digest
from standoff.errors import RecordError, ReleaseError, UsageError, nearest
from standoff.files import read_bytes, write
from standoff.model import Accepted, Corpus, Finding, Review, Reviews
from standoff.text import decode, decode_json

__all__ = [
    "REVIEWS",
    "Accepted",
    "Review",
    "Standing",
    "accept",
    "blocking",
    "place",
    "read_reviews",
    "sign",
    "standing",
    "write_reviews",
]

REVIEWS = "corpus/reviews.json"

PSEUDONYM = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Standing(Struct, frozen=True):
    """Whether the content of a corpus, as it is, was signed."""

    content_sha256: str
    signed: tuple[Review, ...]
    """The sign-offs of exactly this content."""
    outdated: tuple[Review, ...]
    """Those of other content."""
    open: tuple[Finding, ...]
    """What blocks: errors, and warnings that nobody accepted."""

    @property
    def holds(self) -> bool:
        """Whether somebody signed this content, and nothing blocks that the rules find in it now."""
        return bool(self.signed) and not self.open


def standing(corpus: Corpus, findings: Iterable[Finding], reviews: Sequence[Review]) -> Standing:
    """How a corpus stands to the sign-offs that there are; a changed corpus has none.

    Args:
        findings: all of `standoff.validate`. Rules may have been added since the content was signed: what they find
            now, and nobody accepted, blocks.
    """
    digest = content_digest(corpus)
    signed = tuple(review for review in reviews if review.content_sha256 == digest)
    accepted = [one for review in signed for one in review.accepted]
    return Standing(
        content_sha256=digest,
        signed=signed,
        outdated=tuple(review for review in reviews if review.content_sha256 != digest),
        open=blocking(findings, accepted),
    )


def sign(
    corpus: Corpus, findings: Sequence[Finding], *, reviewer: str, date: str, accepted: Iterable[Accepted] = ()
) -> Review:
    """The sign-off of a corpus as it is.

    Raises:
        UsageError: the reviewer's name is no pseudonym.
        ReleaseError: an error, or a warning that is not accepted, blocks it; names the first.
    """
    if not PSEUDONYM.fullmatch(reviewer):
        raise UsageError(f"reviewer {reviewer!r}; expected a pseudonym of letters, digits, _ and -")
    accepted = tuple(sorted(set(accepted)))
    if left := blocking(findings, accepted):
        more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        raise ReleaseError(f"{left[0]}{more}: expected it to be fixed, or accepted where it is a warning")
    return Review(reviewer, date, content_digest(corpus), accepted)


def accept(text: str, findings: Iterable[Finding]) -> Accepted:
    """The acceptance that `RULE:FILE#ID=reason` says.

    Raises:
        UsageError: it is written otherwise, there is no such finding, or it is an error, which nobody can accept.
    """
    known = {place(finding): finding for finding in sorted(findings, reverse=True)}
    # The longest first: an id may hold whatever a label does, the sign of equality too.
    where = next((one for one in sorted(known, key=len, reverse=True) if text.startswith(f"{one}=")), None)
    if where is None:
        asked = text.partition("=")[0]
        hint = nearest(asked, list(known)) if known else "; there are no findings"
        raise UsageError(f"no finding {asked!r}{hint}; expected RULE:FILE#ID=reason of a finding that there is")
    finding, reason = known[where], text[len(where) + 1 :].strip()
    if finding.severity == "error":
        raise UsageError(f"{where!r} is an error, which nobody can accept; expected it to be fixed")
    if not reason:
        raise UsageError(f"{text!r} gives no reason; expected RULE:FILE#ID=reason")
    return Accepted(finding.rule, finding.file, finding.id, reason)


def place(finding: Finding) -> str:
    """What a finding is called where it is accepted: `RULE:FILE#ID`."""
    return f"{finding.rule}:{finding.file}#{finding.id}"


def blocking(findings: Iterable[Finding], accepted: Iterable[Accepted]) -> tuple[Finding, ...]:
    """The findings that stand in the way of a sign-off: errors, and warnings that are not accepted."""
    accepted = tuple(accepted)
    return tuple(finding for finding in findings if not any(one.covers(finding) for one in accepted))


def read_reviews(root: Path) -> tuple[Review, ...]:
    """The sign-offs of a checkout; none where nobody signed yet.

    Raises:
        FileError: the file cannot be read, or holds no JSON.
        RecordError: it does not hold sign-offs.
    """
    path = root / REVIEWS
    if not path.exists():
        return ()
    try:
        return msgspec.convert(decode_json(decode(read_bytes(path), place=REVIEWS), place=REVIEWS), Reviews).reviews
    except msgspec.ValidationError as error:
        raise RecordError(str(error), place=REVIEWS) from error


def write_reviews(root: Path, reviews: Iterable[Review]) -> bool:
    """Puts the sign-offs in their place, oldest first; says whether anything changed."""
    ordered = sorted(set(reviews), key=lambda review: (review.date, review.reviewer, review.content_sha256))
    return write(root / REVIEWS, canonical_list("reviews", ordered))
