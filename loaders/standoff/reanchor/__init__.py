"""Spans after their text changed: moved where the evidence is exact, told of where it is not."""

from standoff.reanchor.aligning import Piece, Traces, align, by_raw, known_text
from standoff.reanchor.placing import Place, place
from standoff.reanchor.sets import Reanchored, reanchor, write_reanchored

__all__ = [
    "Piece",
    "Place",
    "Reanchored",
    "Traces",
    "align",
    "by_raw",
    "known_text",
    "place",
    "reanchor",
    "write_reanchored",
]
