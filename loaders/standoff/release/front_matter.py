"""The YAML at the head of a release's card, by which loaders know its tables, their files and their columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from standoff.model import Corpus
from standoff.release.folder import DATA, About
from standoff.tables import vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DEFAULT", "Tables", "features", "front_matter", "to_yaml"]

DEFAULT = "documents"
"""The table that loaders take where none is named."""

Tables = Mapping[str, Mapping[str, "pa.Table"]]


def front_matter(corpus: Corpus, about: About, tables: Tables, digests: Mapping[str, str], *, licence: str = "") -> str:
    """The YAML of the card, without the lines around it; its arguments are those of `standoff.release.card.card`."""
    filled = _filled(tables)
    return to_yaml(
        {
            "pretty_name": about.title,
            **({"license": licence.lower()} if licence else {}),
            "language": sorted({document.language.split("-")[0] for document in corpus.documents.values()}),
            "tags": [about.corpus, "stand-off annotation"],
            "configs": [_config(config, filled[config], about, digests[config]) for config in filled],
            "dataset_info": [_info(config, filled[config]) for config in filled],
        }
    )


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The columns as dataset_info tells them: strings of a closed list are class labels."""
    return [{"name": field.name, **_dtype(_feature(field.type, vocabulary(field)))} for field in schema]


def to_yaml(value: Any, indent: str = "") -> str:
    """YAML in blocks, of mappings, sequences, strings, numbers and booleans; all strings but plain keys are quoted."""
    if isinstance(value, dict) and value:
        return "".join(f"{indent}{_key(key)}:{_nested(item, indent)}" for key, item in value.items())
    if isinstance(value, list) and value:
        # The first key of a mapping stands behind the dash, the others below it.
        return "".join(f"{indent}- {to_yaml(item, indent + '  ').lstrip(' ')}" for item in value)
    return f"{indent}{_scalar(value)}\n"


def _nested(value: Any, indent: str) -> str:
    return "\n" + to_yaml(value, indent + "  ") if isinstance(value, dict | list) and value else f" {to_yaml(value)}"


def _key(key: str) -> str:
    # The words that YAML 1.1 takes for booleans or nothing are short or these three.
    return key if re.fullmatch("[a-z_]{4,}", key) and key not in ("true", "false", "null") else _scalar(key)


def _scalar(value: Any) -> str:
    """A JSON scalar, which is YAML too once what YAML may not hold, or folds as a line break, is escaped."""
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
        lambda found: f"\\u{ord(found.group()):04x}",
        json.dumps(value, ensure_ascii=False),
    )


def _filled(tables: Tables) -> Tables:
    """The splits that have rows: one without would break its whole config in `datasets`."""
    some = {
        config: {split: table for split, table in splits.items() if len(table)} for config, splits in tables.items()
    }
    return {config: splits for config, splits in some.items() if splits}


def _config(config: str, splits: Mapping[str, pa.Table], about: About, digest: str) -> dict[str, Any]:
    """What `datasets` is told of a config.

    Its cache is keyed by this text, not by the files (huggingface/datasets#6465): hence the digest.
    """
    return {
        "config_name": config,
        # `datasets` knows versions of three numbers only; the digest tells those in development apart.
        "version": about.version.partition(".dev")[0],
        "description": f"content-sha256:{digest}",
        # A split without rows would break the whole config.
        "data_files": [
            {"split": split, "path": f"{DATA}/{config}/{split}.parquet"}
            for split, table in splits.items()
            if len(table)
        ],
        **({"default": True} if config == DEFAULT else {}),
    }


def _info(config: str, splits: Mapping[str, pa.Table]) -> dict[str, Any]:
    return {
        "config_name": config,
        "features": features(next(iter(splits.values())).schema),
        "splits": [
            {"name": split, "num_bytes": table.nbytes, "num_examples": len(table)} for split, table in splits.items()
        ],
    }


def _feature(type: pa.DataType, values: Sequence[str]) -> Any:
    import pyarrow as pa

    if pa.types.is_struct(type):
        return [{"name": field.name, **_dtype(_feature(field.type, values))} for field in type.fields]
    if pa.types.is_list(type):
        return {"list": _feature(type.value_type, values)}
    return {"class_label": {"names": {str(n): name for n, name in enumerate(values)}}} if values else str(type)


def _dtype(feature: Any) -> dict[str, Any]:
    if isinstance(feature, list):
        return {"struct": feature}
    return feature if isinstance(feature, dict) and "list" in feature else {"dtype": feature}
