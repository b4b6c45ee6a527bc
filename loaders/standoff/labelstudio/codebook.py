"""The codebook as the interface shows it: a list of sections that open, with examples for people, not for programs.

What comes out is the Markdown of Label Studio's `Markdown` tag, in which HTML counts. It is made of text from outside,
so that nothing of that text may count as HTML, or as one of the variables that the editor replaces.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from standoff.scheme import Scheme

__all__ = ["codebook", "folded", "plain", "section"]

_FENCE = re.compile(r"^```json example\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)

_CODE_OR_HTML = re.compile(r"(`+)[^`]+?\1|[<&]")
"""A piece of code, in which no HTML counts, or a character that could begin some."""

_WORD_JOINER = "\u2060"


def codebook(scheme: Scheme) -> str:
    """All sections, by layer, each closed until it is asked for."""
    layers: dict[str, list[str]] = {}
    for heading in scheme.sections:
        layers.setdefault(heading.partition(":")[0], []).append(heading)
    found = []
    for name, headings in layers.items():
        layer = scheme.layer(name)
        # A word of its own for what its layer's section is called already.
        inner = [folded(one.partition(":")[2].strip() or one, section(scheme, one)) for one in headings]
        found.append(folded(layer.title if layer else name[:1].upper() + name[1:], "\n\n".join(inner)))
    return "\n\n".join(found)


def section(scheme: Scheme, heading: str) -> str:
    """One section's text."""
    layer = heading.partition(":")[0]
    text = _FENCE.sub(lambda fence: _example(fence.group(1), layer), scheme.sections[heading])
    return _unvaried(_CODE_OR_HTML.sub(_escaped, text)).strip()


def folded(summary: str, body: str) -> str:
    """Markdown that shows only its summary until it is opened."""
    # HTML ends at an empty line: what stands between is Markdown again.
    return f"<details><summary>{plain(summary)}</summary>\n\n{body}\n\n</details>"


def plain(text: str) -> str:
    """Text as HTML on one line that says just that, and is never taken for Markdown or a variable."""
    return _unvaried(html.escape(" ".join(text.split())))


def _escaped(found: re.Match[str]) -> str:
    return html.escape(found.group()) if len(found.group()) == 1 else found.group()


def _unvaried(text: str) -> str:
    # The editor replaces $name by a field of the task wherever it shows something.
    return text.replace("$", f"${_WORD_JOINER}")


def _example(source: str, layer: str) -> str:
    """An example as a quotation, and what is to be marked in it on the layer that the section is about."""
    try:
        example = json.loads(source)
        annotations = example["annotations"]
        lines = [f"> {' '.join(str(example['text']).split())}", ""]
        known = {one["id"]: one for one in annotations if "id" in one}
        lines += [f"- {line}" for one in annotations if one["layer"] == layer for line in _marked(one, known)]
    except (ValueError, KeyError, TypeError):
        return ""  # The rule on the codebook's examples says what is wrong with it.
    return "\n".join(lines)


def _marked(annotation: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    values = [str(annotation["label"]), *map(str, annotation.get("attributes", {}).values())]
    shown = [_words(annotation)] if annotation.get("spans") else []
    shown += [
        f"{role}: {', '.join(_words(known[id]) if id in known else str(id) for id in ids)}"
        for role, ids in annotation.get("refs", {}).items()
    ]
    yield f"**{' · '.join(values)}** {' — '.join(shown)}"


def _words(annotation: Mapping[str, Any]) -> str:
    spans = [one if isinstance(one, str) else one["exact"] for one in annotation["spans"]]
    return f"“{' … '.join(spans)}”"
