"""Prints the rows of a release as the datasets library that is installed here gives them, batch and streaming.

A script of its own: it runs in environments that have neither this package nor its test tools.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import datasets


def main(folder: str, configs: list[str]) -> None:
    """Writes config -> way -> split -> rows as JSON to standard output."""
    found: dict[str, Any] = {"datasets": datasets.__version__}
    for config in configs:
        found[config] = {
            way: {split: list(map(Named(rows.features), rows)) for split, rows in splits.items()}
            for way, splits in (
                ("batch", datasets.load_dataset(folder, config)),
                ("streaming", datasets.load_dataset(folder, config, streaming=True)),
            )
        }
    sys.stdout.write(json.dumps(found))


class Named:
    """Rows with the names of class labels in place of their numbers."""

    def __init__(self, features: Any) -> None:
        self.features = features

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: self.named(value, self.features[name]) for name, value in row.items()}

    def named(self, value: Any, feature: Any) -> Any:
        if isinstance(feature, datasets.ClassLabel):
            return None if value is None else feature.int2str(value)
        # Lists are one type in some versions, and a list with one feature in it in others.
        inner = feature[0] if isinstance(feature, list) else getattr(feature, "feature", None)
        if isinstance(value, list) and inner is not None:
            return [self.named(one, inner) for one in value]
        return value


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
