"""Colours that can be read: those of the schema, each as near to itself as the contrast with the page allows."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb, rgb_to_hls

from msgspec import Struct

__all__ = ["DARK", "LIGHT", "RAISED", "Shade", "contrast", "readable", "shade", "tinted"]

LIGHT, DARK = "#fbfaf7", "#16171b"
"""The page, by day and by night."""

RAISED = "#23252b"
"""The lightest ground that text has by night; by day none is darker than the page."""

TINT = 0.09
"""How much of its own colour the ground of a label has."""

LEAST = 4.6
"""Contrast that text of any size must have with its ground.

Source: WCAG 2.2, success criterion 1.4.3, asks for 4.5; the rest is for what rounding takes.
"""

GOLDEN_ANGLE = 137.508 / 360
"""A step around the circle of hues by which no two of the first many fall together."""

Channels = tuple[float, float, float]


class Shade(Struct, frozen=True):
    """One colour, by day and by night."""

    light: str
    dark: str


def shade(color: str | None, number: int) -> Shade:
    """The shade of a label: of its colour in the schema, or, where it has none, of one that its number gives."""
    named = re.fullmatch(r"#([0-9a-fA-F]{6})", color or "")
    own = color if named and color else _hex(hls_to_rgb(number * GOLDEN_ANGLE % 1, 0.4, 0.55))
    return Shade(readable(own, LIGHT), readable(own, RAISED))


def readable(color: str, ground: str) -> str:
    """A colour of the same hue that can be read on a ground with a tint of itself, changed in lightness alone."""
    hue, lightness, saturation = rgb_to_hls(*_channels(color))
    step = -0.01 if _luminance(ground) > 0.5 else 0.01
    while contrast(color, tinted(ground, color)) < LEAST and 0 <= lightness <= 1:
        lightness += step
        color = _hex(hls_to_rgb(hue, min(1.0, max(0.0, lightness)), saturation))
    return color


def tinted(ground: str, color: str) -> str:
    """A ground with a tint of a colour."""
    mixed = [(1 - TINT) * a + TINT * b for a, b in zip(_channels(ground), _channels(color), strict=True)]
    return _hex((mixed[0], mixed[1], mixed[2]))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21.

    Source: WCAG 2.2, definition of contrast ratio.
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """Relative luminance.

    Source: WCAG 2.2, definition of relative luminance.
    """
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(color: str) -> Channels:
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def _hex(channels: Channels) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
