"""Findings as SARIF 2.1.0, which code hosts show on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from standoff.canon import canonical
from standoff.formats.places import place
from standoff.model import Finding
from standoff.validate import Rule

__all__ = ["sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(
    findings: Sequence[Finding],
    rules: Sequence[Rule],
    texts: Mapping[str, str],
    *,
    prefix: str = "",
    left_out: int = 0,
) -> str:
    """A SARIF log with one run: the rules with their help, and one result for each finding.

    Args:
        rules: those that were asked; every finding is of one.
        texts: path -> what the file holds, to say in which line a finding stands; without, a result has no region.
        prefix: the corpus's folder in the repository, "" or with a slash at its end.
        left_out: how many findings there are besides.
    """
    number = {rule.id: n for n, rule in enumerate(rules)}
    notes = [{"level": "note", "message": {"text": f"{left_out} more findings are left out"}}] if left_out else []
    run = {
        "tool": {
            "driver": {"name": "standoff", "semanticVersion": version("standoff"), "rules": [_rule(r) for r in rules]}
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, number, texts.get(finding.file), prefix) for finding in findings],
    }
    return canonical({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary.partition("\n")[0]},
        "fullDescription": {"text": f"{rule.summary}\n\n{rule.why}"},
        "help": {
            "text": f"{rule.why}\n\n{rule.remedy}",
            "markdown": f"**Why.** {rule.why}\n\n**What to do.** {rule.remedy}",
        },
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.level]},
    }


def _result(finding: Finding, number: Mapping[str, int], text: str | None, prefix: str) -> dict[str, Any]:
    where: dict[str, Any] = {"artifactLocation": {"uri": quote(prefix + finding.file), "uriBaseId": "%SRCROOT%"}}
    if text is not None:
        found = place(text, finding)
        where["region"] = {"startLine": found.line, "startColumn": found.column, "endColumn": found.end}
    name = finding.file + (f"#{finding.id}" if finding.id else "") + (f" {finding.field}" if finding.field else "")
    identity = canonical([finding.rule, finding.file, finding.id, finding.field])
    return {
        "ruleId": finding.rule,
        "ruleIndex": number[finding.rule],
        "level": finding.severity,
        "message": {"text": f"{finding.id}: {finding.message}" if finding.id else finding.message},
        "locations": [{"physicalLocation": where, "logicalLocations": [{"fullyQualifiedName": name}]}],
        # A finding stays the same one where lines above it come and go.
        "partialFingerprints": {"findingIdentity/v1": sha256(identity.encode()).hexdigest()},
    }
