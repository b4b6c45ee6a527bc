"""The labelling interface that a scheme calls for. `standoff.labelstudio.controls` says how its controls are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from standoff.labelstudio.codebook import codebook
from standoff.labelstudio.controls import ENTITIES, FINDINGS, FRAGMENT, NO_KEY, TEXT, Control, controls, links
from standoff.scheme import Layer, Scheme, Value

__all__ = ["interface"]

# No selector may hold ">": the editor escapes it.
_STYLE = (
    # Label Studio folds white space otherwise, so that an annotator could not see what a span covers. Each line of the
    # text is aligned by its own script.
    ".lsf-richtext__container{white-space:pre-wrap;line-height:2;font-size:16px;unicode-bidi:plaintext}"
    ".standoff-top h2{font-size:20px;line-height:1.25}.standoff-top h4{font-size:13px;opacity:.75}"
    ".standoff{display:flex;gap:1.5em;align-items:flex-start}"
    # The names of arrows that turn at the edge of the text are cut off without a margin there.
    ".standoff-text{flex:100 1 30em;min-width:0;max-width:54em;padding-left:24px}"
    # What is to be chosen stays in sight on a long article.
    ".standoff-side{flex:1 0 21em;max-width:30em;position:sticky;top:0;max-height:calc(100vh - 10em);overflow-y:auto}"
    ".standoff-side h4{font-size:13px;margin:8px 0 2px!important}"
    ".standoff-side .lsf-labels{margin:2px 0 8px}.standoff-side .lsf-choices{margin:0}"
    ".standoff-side .lsf-choice__checkbox{line-height:1.35;padding:3px 0;font-weight:400}"
    ".standoff-side .ant-form-item{margin-bottom:6px}"
    # A key that is none would be shown in brackets.
    ".standoff-asked .lsf-hint,.standoff-keyless .lsf-hint{display:none}"
    ".standoff-asked{border:1px solid #8ab4f8;border-radius:6px;padding:0 .7em .3em;margin-bottom:.6em}"
    ".standoff-known .lsf-choices{display:flex;flex-direction:column;max-height:10em;overflow-y:auto;margin:4px 0}"
    # The one that is picked comes first, however long the list.
    ".standoff-known .lsf-choice:has(input:checked){order:-1}"
    # Arrows lie across the words they join: they step back until one is looked at.
    ".relations-overlay g[class*=relationItem]{opacity:.4}.relations-overlay g[class*=highlighted]{opacity:1}"
    ".standoff-findings ul{margin:0}.standoff-findings .found"
    "{border-left:4px solid #c2410c;background:#c2410c14;padding:.5em .9em;margin-bottom:.8em;"
    "max-height:40vh;overflow-y:auto;font-size:14px}"
    ".standoff-findings .found li{margin:.3em 0 .3em 1.2em;list-style:disc}"
    ".standoff-findings summary,.standoff-codebook summary{cursor:pointer;font-weight:600;font-size:13px}"
    ".standoff-codebook details{font-size:13px;margin-left:.5em}"
)

_COLORS = ("#1d4ed8", "#b45309", "#15803d", "#7c3aed", "#b91c1c", "#0e7490", "#a21caf", "#4d7c0f", "#c2410c", "#475569")
"""For labels to which the schema gives no colour."""


_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def interface(scheme: Scheme) -> str:
    """The labelling interface of a scheme, as Label Studio's XML."""
    root = Element("View")
    SubElement(root, "Style").text = _STYLE
    top = SubElement(root, "View", className="standoff-top")
    SubElement(top, "Header", value="$title", size="3")
    SubElement(top, "Header", value="$published", size="5")
    findings = SubElement(root, "View", className="standoff-findings")
    SubElement(findings, "Markdown", value=f"${FINDINGS}")
    columns = SubElement(root, "View", className="standoff")
    text = SubElement(columns, "View", className="standoff-text")
    SubElement(text, "Text", name=TEXT, value=f"${TEXT}", valueType="text", granularity="symbol", saveTextResult="yes")
    columns.append(_side(scheme))
    relations = SubElement(root, "Relations", choice="multiple")
    for name in _relations(scheme):
        # Without a colour of its own: the editor would put it behind dark words, and draws all arrows alike.
        SubElement(relations, "Relation", value=name)
    indent(root)
    # No XML holds these, and none of them can be seen.
    return _UNSEEN.sub("\ufffd", tostring(root, encoding="unicode")) + "\n"


def _side(scheme: Scheme) -> Element:
    """What stays in sight beside the text: first what is asked of the region that is selected."""
    side = Element("View", className="standoff-side")
    known = controls(scheme).values()
    own = {layer.name: [control for control in known if control.layer.name == layer.name] for layer in scheme.layers}
    side.extend(_questions(layer, own[layer.name][1:]) for layer in scheme.layers if layer.kind == "span")
    side.extend(_labels(layer) for layer in scheme.layers if layer.kind == "span")
    side.extend(_document(layer, own[layer.name][0]) for layer in scheme.layers if layer.kind == "document")
    if scheme.sections:
        book = SubElement(side, "View", className="standoff-codebook")
        SubElement(book, "Header", value="Codebook", size="5")
        SubElement(book, "Markdown", value=codebook(scheme))
    return side


def _labels(layer: Layer) -> Element:
    """The labels of a span layer, always in sight."""
    view = Element("View")
    SubElement(view, "Header", value=_shown(layer.title), size="5")
    tag = SubElement(view, "Labels", name=layer.name, toName=TEXT, showInline="true")
    for n, value in enumerate(layer.labels):
        color = value.color or _COLORS[n % len(_COLORS)]
        SubElement(tag, "Label", _some(value=value.name, background=color, hotkey=value.hotkey, hint=_hint(value)))
    return view


def _questions(layer: Layer, own: list[Control]) -> Element:
    """What is asked of a region of a span layer, in sight while one is selected."""
    view = Element("View", className="standoff-asked", visibleWhen="region-selected", whenTagName=layer.name)
    if layer.max_fragments != 1:
        # The others are fragments of it, and what is said of them would be said twice.
        SubElement(view, "Header", value="Of the first fragment:", size="6")
    for control in own:
        shown = {"name": control.name, "toName": TEXT, "perRegion": "true"}
        shown |= {"visibleWhen": "region-selected", "whenTagName": layer.name}
        asked = _asked(control)
        if control.kind != "new entity":
            SubElement(view, "Header", value=asked, size="5")
        if control.kind == "attribute":
            tag = SubElement(view, "Choices", shown, choice="single", showInline="true", **_required(control))
            attribute = layer.attribute(control.field)
            for value in attribute.values if attribute else ():
                SubElement(tag, "Choice", value=value.name, hotkey=NO_KEY, hint=_hint(value))
        elif control.kind == "entity":
            _entities(view, control, shown)
        else:
            written = {"maxSubmissions": "1", "editable": "true", "rows": "1", "placeholder": _written(control)}
            SubElement(view, "TextArea", shown | written)
    return view


def _entities(view: Element, control: Control, shown: dict[str, str]) -> None:
    """The known entities: a list with a filter, because the editor's own menu has no search."""
    known = SubElement(view, "View", className="standoff-known")
    SubElement(
        known,
        "Filter",
        name=f"{control.name}-filter",
        toName=control.name,
        minlength="0",
        placeholder="find …",
        hotkey=NO_KEY,
    )
    SubElement(known, "Choices", shown, choice="single", layout="vertical", value=f"${ENTITIES}")


def _document(layer: Layer, control: Control) -> Element:
    """The choices of a layer of the whole document."""
    keys = any(value.hotkey for value in layer.labels)
    view = Element("View", className="standoff-keys" if keys else "standoff-keyless")
    SubElement(view, "Header", value=_shown(layer.title), size="5")
    tag = SubElement(view, "Choices", name=control.name, toName=TEXT, choice="multiple", showInline="true")
    for value in layer.labels:
        SubElement(tag, "Choice", value=value.name, hotkey=value.hotkey or NO_KEY, hint=_hint(value))
    return view


def _relations(scheme: Scheme) -> Iterator[str]:
    """Every label of a relation between regions, once."""
    yield from dict.fromkeys(role.name for layer in scheme.layers for role in links(layer))
    for layer in scheme.layers:
        if layer.kind == "relation":
            yield from layer.label_names
    yield FRAGMENT


def _asked(control: Control) -> str:
    attribute, role = control.layer.attribute(control.field), control.layer.role(control.field)
    return _shown(attribute.title if attribute else role.title if role else "Note")


def _written(control: Control) -> str:
    return "remark" if control.kind == "note" else "or the name of a new one"


def _required(control: Control) -> dict[str, str]:
    attribute = control.layer.attribute(control.field)
    # Label Studio would ask it of every fragment, where one answer is for all of them.
    if not attribute or not attribute.required or control.layer.max_fragments != 1:
        return {}
    expected = ", ".join(value.name for value in attribute.values)
    return {"required": "true", "requiredMessage": f"{control.layer.title}: choose its {attribute.title}: {expected}"}


def _hint(value: Value) -> str:
    return f"{value.title}. {value.description}" if value.description else value.title


def _shown(text: str) -> str:
    """Text as the editor shows it, which replaces $name by a field of the task."""
    return text.replace("$", "$\u2060")


def _some(**attributes: str | None) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}
