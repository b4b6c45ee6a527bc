"""Sets to Label Studio and back."""

from __future__ import annotations

from standoff.labelstudio.pull import PullReport, pull
from standoff.labelstudio.push import PushReport, push

__all__ = ["PullReport", "PushReport", "pull", "push"]
