"""A corpus as one page of HTML: what a reviewer reads before a release."""

from __future__ import annotations

from standoff.report.page import page
from standoff.report.view import Before, report, view

__all__ = ["Before", "page", "report", "view"]
