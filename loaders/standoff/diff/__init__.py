"""What is otherwise in one corpus than in another: as a value, applied, and told."""

from __future__ import annotations

from standoff.diff.applying import apply
from standoff.diff.comparing import diff
from standoff.diff.page import page
from standoff.diff.telling import Told, json_text, summary, tell, text
from standoff.diff.values import AnnotationChange, Change, Diff, Kind, SchemaChange, SetChange

__all__ = [
    "AnnotationChange",
    "Change",
    "Diff",
    "Kind",
    "SchemaChange",
    "SetChange",
    "Told",
    "apply",
    "diff",
    "json_text",
    "page",
    "summary",
    "tell",
    "text",
]
