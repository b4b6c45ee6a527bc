"""Whether a release is what it says it is: its files, its signature, and what its tables hold, recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import getdoc
from pathlib import Path

from standoff.model import Corpus, Finding, Progress, Severity, silent
from standoff.release.card_rules import (
    release_card,
    release_citation,
    release_figures,
    release_metadata,
    release_wording,
)
from standoff.release.file_rules import (
    release_files,
    release_parts,
    release_provenance,
    release_readable,
    release_signature,
    release_strays,
    release_yanked,
)
from standoff.release.held import Fault, hold
from standoff.release.rules import (
    release_about,
    release_columns,
    release_counts,
    release_quotations,
    release_records,
    release_splits,
    release_tables,
)
from standoff.validate import Rule

__all__ = ["RULES", "check_release"]


def check_release(
    folder: Path, *, signers: Path | None = None, progress: Progress = silent
) -> tuple[Corpus | None, tuple[Finding, ...]]:
    """The corpus of a release, if it has one that can be read, and all that is wrong with the release; offline.

    Args:
        folder: the release, on this machine.
        signers: whose signature it must bear (a file of allowed signers); without it signatures are not looked at.
    """
    held = hold(folder, signers)
    found: set[Finding] = set()
    for done, rule in enumerate(RULES, 1):
        found.update(Finding(file, id, "", rule.id, rule.severity, message) for file, id, message in rule.find(held))
        progress("rules", done, len(RULES))
    return held.corpus, tuple(sorted(found))


def _rule(find: Callable[..., Iterator[Fault]], why: str, remedy: str, severity: Severity = "error") -> Rule:
    return Rule(
        id=find.__name__.replace("_", "-"),
        level="release",
        severity=severity,
        summary=getdoc(find) or "",
        why=why,
        remedy=remedy,
        subject="file",
        find=find,
    )


REBUILD = "Take the release from where it was published; where it was built so, build the next version."

RULES: tuple[Rule, ...] = (
    _rule(
        release_files,
        "A release is never changed: another byte is another release.",
        REBUILD,
    ),
    _rule(
        release_parts,
        "Checksums tell of the files that they name, and a folder of any files can have them.",
        REBUILD,
    ),
    _rule(
        release_strays,
        "A release is what SHA256SUMS names. They are not loaded, and not published.",
        "Delete them.",
        "warning",
    ),
    _rule(
        release_readable,
        "A fault of the program that built it is one of every copy.",
        REBUILD,
    ),
    _rule(
        release_signature,
        "Checksums tell that nothing was changed since they were written, and not who wrote them.",
        "Ask those who publish the corpus for their allowed signers, and for a release that they signed.",
    ),
    _rule(
        release_provenance,
        "That of another release tells a wrong origin.",
        "Take the sidecars from where the release was published, or let `standoff release sign` write them anew.",
    ),
    _rule(
        release_yanked,
        "It is whole, and those who published it ask that nobody uses it.",
        "Use another version; `standoff.versions` names those that were not yanked.",
        "warning",
    ),
    _rule(
        release_about,
        "The digest is what two releases are told apart by, whatever wrote their files.",
        REBUILD,
    ),
    _rule(
        release_counts,
        "A file that was cut short may be a good file all the same.",
        REBUILD,
    ),
    _rule(
        release_columns,
        "A column that is missing reads as one without values, and says nothing of it.",
        REBUILD,
    ),
    _rule(
        release_tables,
        "Views and soft labels repeat what other tables hold.",
        REBUILD,
    ),
    _rule(
        release_quotations,
        "Offsets are of no use where they point to other words.",
        REBUILD,
    ),
    _rule(
        release_splits,
        "What is trained on must not be tested on.",
        REBUILD,
    ),
    _rule(
        release_records,
        "Whoever loads a release relies on its schema.",
        REBUILD,
    ),
    _rule(
        release_card,
        "Loaders believe it, and cache by it.",
        REBUILD,
    ),
    _rule(
        release_figures,
        "Its numbers are what people cite.",
        REBUILD,
    ),
    _rule(
        release_citation,
        "Who cites it names this version and date.",
        REBUILD,
    ),
    _rule(
        release_metadata,
        "Catalogues repeat it. Another version of standoff may describe the same content otherwise.",
        "Read both: where only the form differs, nothing is wrong.",
        "warning",
    ),
    _rule(
        release_wording,
        "Another version of standoff may word the same content otherwise, or tell more or less of it.",
        "Read both lines: where only the words differ, nothing is wrong.",
        "warning",
    ),
)
"""What must hold of a release, in the order in which it is looked at."""
