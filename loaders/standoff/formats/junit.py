"""Findings as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from standoff.model import Finding
from standoff.validate import LEVELS, Rule

__all__ = ["junit"]

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that no XML 1.0 document can hold, not even as a reference."""


def junit(findings: Sequence[Finding], rules: Sequence[Rule], *, left_out: int = 0) -> str:
    """JUnit XML: a suite for each level; a test for each finding, and one that passes for each rule without.

    An error is a test that fails. A warning is one that passes and says something.

    Args:
        rules: those that were asked; every finding is of one.
        left_out: how many findings there are besides.
    """
    of: dict[str, list[Finding]] = {rule.id: [] for rule in rules}
    for finding in findings:
        of[finding.rule].append(finding)
    root = Element("testsuites", name="standoff validate")
    for level in LEVELS:
        suite = SubElement(root, "testsuite", name=level)
        for rule in (rule for rule in rules if rule.level == level):
            for finding in of[rule.id]:
                _case(suite, rule, finding)
            if not of[rule.id]:
                SubElement(suite, "testcase", classname=level, name=rule.id, time="0")
        _counted(suite)
    _counted(root)
    if left_out:
        last = SubElement(root, "testsuite", name="left out", tests="0", failures="0")
        SubElement(last, "system-out").text = f"{left_out} more findings are left out"
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, encoding='unicode')}\n"


def _case(suite: Element, rule: Rule, finding: Finding) -> None:
    place = finding.file + (f"#{finding.id}" if finding.id else "") + (f" {finding.field}" if finding.field else "")
    name = _text(f"{rule.id}: {place}")
    case = SubElement(suite, "testcase", classname=rule.level, name=name, file=_text(finding.file), time="0")
    if finding.severity == "error":
        failed = SubElement(case, "failure", type=rule.id, message=_text(finding.message))
        failed.text = f"{_text(str(finding))}\n{rule.summary}\n{rule.remedy}"
    else:
        SubElement(case, "system-out").text = f"warning: {_text(str(finding))}"


def _counted(suite: Element) -> None:
    suite.set("tests", str(len(suite.findall(".//testcase"))))
    suite.set("failures", str(len(suite.findall(".//failure"))))
    suite.set("errors", "0")


def _text(text: str) -> str:
    return _NO_XML.sub(lambda found: repr(found[0])[1:-1], text)
