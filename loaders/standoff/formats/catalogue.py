"""The catalogue of rules as a page to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from standoff.validate import LEVELS, Rule

__all__ = ["Example", "example", "rules_page", "rules_table"]

_SET = "annotations/sets/a1/d1.json"
"""The file that a case is about where it names none."""

_WIDE = 600
"""A line of an example that is longer is cut."""


class Example(Struct, frozen=True):
    """What a rule finds fault with."""

    name: str
    about: str
    lines: tuple[str, ...]
    """The records with the fault, as JSON."""
    findings: tuple[tuple[str, str], ...]
    """Place, and part of the message."""


def example(name: str, case: Mapping[str, Any]) -> Example:
    """What a case file shows: of all that it changes, the records and files that findings are expected in."""
    expected = case.get("expect", [])
    ids = {finding["id"] for finding in expected}
    named = {finding.get("file", _SET) for finding in expected}
    lines = []
    for key in ("annotations", "entities", "gold"):
        records = case.get(key, [])
        chosen = [record for record in records if record.get("id") in ids] or records
        lines += [f"{key}: {_json(record)}" for record in chosen]
    changed = {**case.get("files", {}), **({"document": case["document"]} if "document" in case else {})}
    chosen_files = {path: content for path, content in changed.items() if path in named} or changed
    lines += [f"{path}: {_json(content)}" for path, content in chosen_files.items()]
    lines += [f"release {version}: {_json(was)}" for version, was in case.get("previous", {}).items()]
    places = [
        (finding.get("file", _SET) + _after("#", finding["id"]) + _after(" ", finding.get("field", "")))
        for finding in expected
    ]
    says = [finding["says"] for finding in expected]
    return Example(name, case.get("about", ""), tuple(lines), tuple(zip(places, says, strict=True)))


def rules_table(rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """Each rule's id, and in one line what must hold."""
    for rule in rules:
        yield rule.id, f"{rule.severity:7}  {rule.level:10}  {rule.summary.partition(chr(10))[0]}"


def rules_page(rules: Sequence[Rule], examples: Mapping[str, Example]) -> str:
    """The catalogue in Markdown: a section for each rule, by levels.

    Args:
        examples: rule -> what it finds fault with.
    """
    parts = [_HEAD.format(count=len(rules))]
    parts += [f"| {level} | {says} |\n" for level, says in LEVELS.items()]
    for level, says in LEVELS.items():
        of_level = [rule for rule in rules if rule.level == level]
        parts.append(f"\n## Level: {level}\n\n{says}\n" if of_level else "")
        parts += [_section(rule, examples.get(rule.id)) for rule in of_level]
    return "".join(parts)


_HEAD = """# Rules of `standoff validate`

This page is written by `standoff rules --format md` from the {count} rules themselves; a test holds the two together.
A rule keeps its id. Findings of severity *error* keep a corpus from being released; a *warning* is to be looked at, and
can be accepted with a reason. A constraint of the schema may set its severity itself.

Rules run level by level. None relies on what an earlier one found fault with, so that a fault is told once, by its own
rule. The examples are taken from `tests/cases`, which change the little corpus of `tests/cases/base.json`; there is one
folder for each rule, with what it finds and what it lets pass.

| Level | What is looked at |
|---|---|
"""


def _section(rule: Rule, shown: Example | None) -> str:
    parts = [
        f"\n### `{rule.id}`\n\n*{rule.severity}, level {rule.level}.* {rule.summary}\n",
        f"\n**Why.** {rule.why}\n\n**What to do.** {rule.remedy}\n",
    ]
    if shown:
        about = f" {shown.about}" if shown.about else ""
        lines = "".join(f"{line if len(line) <= _WIDE else line[:_WIDE] + ' …'}\n" for line in shown.lines)
        parts.append(f"\nExample (`{rule.id}/{shown.name}`).{about}\n\n```text\n{lines}```\n\n")
        parts += [f"- `{place}`: {_code(says)}\n" for place, says in shown.findings]
    return "".join(parts)


def _code(text: str) -> str:
    """Text as code in Markdown, whatever marks it holds."""
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _json(value: Any) -> str:
    """A value as JSON; text, which is a file that is replaced as a whole, as it is."""
    return value.rstrip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _after(mark: str, word: str) -> str:
    return f"{mark}{word}" if word else ""
