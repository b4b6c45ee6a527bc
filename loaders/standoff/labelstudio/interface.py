"""The labelling interface that a scheme calls for. `standoff.labelstudio.controls` says how its controls are named."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from standoff.labelstudio.controls import FRAGMENT, TEXT, Control, controls, links
from standoff.scheme import Layer, Scheme, Value

__all__ = ["interface"]

_STYLE = (
    # Label Studio folds white space otherwise, so that an annotator could not see what a span covers.
    ".lsf-richtext__container{white-space:pre-wrap;line-height:1.9}"
    ".standoff{display:flex;gap:1.5em;align-items:flex-start}"
    ".standoff-text{flex:1 1 36em;max-width:54em}"
    # What is to be chosen stays in sight on a long article.
    ".standoff-side{flex:0 0 22em;position:sticky;top:0;max-height:92vh;overflow-y:auto}"
)

_COLORS = ("#1d4ed8", "#b45309", "#15803d", "#7c3aed", "#b91c1c", "#0e7490", "#a21caf", "#4d7c0f", "#c2410c", "#475569")
"""For labels to which the schema gives no colour."""


def interface(scheme: Scheme) -> str:
    """The labelling interface of a scheme, as Label Studio's XML."""
    root = Element("View")
    SubElement(root, "Style").text = _STYLE
    SubElement(root, "Header", value="$title", size="3")
    SubElement(root, "Header", value="$published", size="5")
    columns = SubElement(root, "View", className="standoff")
    text = SubElement(columns, "View", className="standoff-text")
    SubElement(text, "Text", name=TEXT, value=f"${TEXT}", valueType="text", granularity="symbol", saveTextResult="yes")
    side = SubElement(columns, "View", className="standoff-side")
    known = controls(scheme)
    for layer in scheme.layers:
        own = [control for control in known.values() if control.layer.name == layer.name]
        if layer.kind == "document":
            side.append(_document(layer, own[0]))
        elif layer.kind == "span":
            side.append(_labels(layer))
            side.append(_questions(layer, own[1:]))
    relations = SubElement(root, "Relations", choice="multiple")
    for name, color in _relations(scheme):
        SubElement(relations, "Relation", _some(value=name, background=color))
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _labels(layer: Layer) -> Element:
    """The labels of a span layer, always in sight."""
    view = Element("View")
    SubElement(view, "Header", value=layer.title, size="5")
    tag = SubElement(view, "Labels", name=layer.name, toName=TEXT, showInline="true")
    for n, value in enumerate(layer.labels):
        color = value.color or _COLORS[n % len(_COLORS)]
        SubElement(tag, "Label", _some(value=value.name, background=color, hotkey=value.hotkey, hint=_hint(value)))
    return view


def _questions(layer: Layer, own: list[Control]) -> Element:
    """What is asked of a region of a span layer, in sight while one is selected."""
    view = Element("View", visibleWhen="region-selected", whenTagName=layer.name)
    for control in own:
        asked = _asked(control)
        shown = {"name": control.name, "toName": TEXT, "perRegion": "true"}
        shown |= {"visibleWhen": "region-selected", "whenTagName": layer.name}
        SubElement(view, "Header", value=asked, size="6")
        if control.kind == "attribute":
            tag = SubElement(view, "Choices", shown, choice="single", showInline="true", **_required(control))
            attribute = layer.attribute(control.field)
            for value in attribute.values if attribute else ():
                SubElement(tag, "Choice", _some(value=value.name, hotkey=value.hotkey, hint=_hint(value)))
        elif control.kind == "entity":
            SubElement(view, "Choices", shown, choice="single", layout="select", value="$entities")
        elif control.kind == "new entity":
            SubElement(view, "TextArea", shown, maxSubmissions="1", editable="true", rows="1", placeholder=asked)
        else:
            SubElement(view, "TextArea", shown, maxSubmissions="1", editable="true", rows="2", placeholder=asked)
    return view


def _document(layer: Layer, control: Control) -> Element:
    """The choices of a layer of the whole document."""
    view = Element("View")
    SubElement(view, "Header", value=layer.title, size="5")
    tag = SubElement(view, "Choices", name=control.name, toName=TEXT, choice="multiple", showInline="true")
    for value in layer.labels:
        SubElement(tag, "Choice", _some(value=value.name, hotkey=value.hotkey, hint=_hint(value)))
    return view


def _relations(scheme: Scheme) -> Iterator[tuple[str, str | None]]:
    """Every label of a relation between regions, once, with its colour."""
    roles = [role.name for layer in scheme.layers for role in links(layer)]
    yield from ((name, None) for name in dict.fromkeys(roles))
    for layer in scheme.layers:
        if layer.kind == "relation":
            yield from ((value.name, value.color) for value in layer.labels)
    yield FRAGMENT, None


def _asked(control: Control) -> str:
    attribute, role = control.layer.attribute(control.field), control.layer.role(control.field)
    title = attribute.title if attribute else role.title if role else ""
    return {"note": "Note", "new entity": f"{title}: name of a new one"}.get(control.kind, title)


def _required(control: Control) -> dict[str, str]:
    # Label Studio would ask it of every fragment, where one answer is for all of them.
    attribute = control.layer.attribute(control.field)
    return {"required": "true"} if attribute and attribute.required and control.layer.max_fragments == 1 else {}


def _hint(value: Value) -> str:
    return f"{value.title}. {value.description}" if value.description else value.title


def _some(**attributes: str | None) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}
