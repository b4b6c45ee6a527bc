"""How findings are asked for and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standoff.errors import UsageError, nearest

if TYPE_CHECKING:
    from standoff.model import Corpus, Finding
    from standoff.validate import Rule

__all__ = ["known_rules", "releases_at", "show"]

_STYLES: dict[str, dict[str, Any]] = {
    "file": {"bold": True},
    "error": {"fg": "red"},
    "warning": {"fg": "yellow"},
    "passage": {"dim": True},
    "marker": {"fg": "cyan"},
}


def known_rules(ids: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of these ids, or all where none is named.

    Raises:
        UsageError: there is no such rule.
    """
    from standoff.validate import RULES

    known = [rule.id for rule in RULES]
    for id in ids:
        if id not in known:
            raise UsageError(f"{id!r} is no rule{nearest(id, known)}; standoff rules lists them")
    return tuple(rule for rule in RULES if rule.id in ids or not ids)


def releases_at(folders: Iterable[Path]) -> dict[str, Corpus]:
    """Version -> the release that a folder holds.

    Raises:
        ReleaseError: a folder holds none.
    """
    from standoff.release import read_release

    releases = (read_release(folder, yanked=True) for folder in folders)
    return {release.version: release for release in releases}


def show(
    findings: Sequence[Finding], rules: Sequence[Rule], corpus: Corpus | None, root: Path, *, form: str, left_out: int
) -> None:
    """Findings on standard output, in one of the formats; says how many are left out.

    Args:
        corpus: whose passages are shown; None where none can be read.
    """
    match form:
        case "json":
            from standoff.canon import canonical_list

            click.echo(canonical_list("findings", findings, {"left_out": left_out}), nl=False)
        case "sarif":
            from standoff.formats.sarif import sarif
            from standoff.release.revisions import prefix

            texts = {file: _text(root / file) for file in {finding.file for finding in findings}}
            told = {file: text for file, text in texts.items() if text is not None}
            click.echo(sarif(findings, rules, told, prefix=prefix(root), left_out=left_out), nl=False)
        case "junit":
            from standoff.formats.junit import junit

            click.echo(junit(findings, rules, left_out=left_out), nl=False)
        case _:
            _show_text(findings, corpus, left_out)


def _show_text(findings: Sequence[Finding], corpus: Corpus | None, left_out: int) -> None:
    from standoff.cli.console import counted, lines

    for line in lines(findings, corpus):
        click.secho(line.text, **_STYLES[line.kind])
    if left_out:
        click.echo(f"... and {left_out} more, not shown because of --max")
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(("shown: " if left_out else "") + counted(errors, len(findings) - errors))


def _text(path: Path) -> str | None:
    """What a file holds that a finding names; it may be one that is missing, or whose encoding is what was found."""
    from standoff.files import read_bytes

    return read_bytes(path).decode(errors="replace") if path.is_file() else None
