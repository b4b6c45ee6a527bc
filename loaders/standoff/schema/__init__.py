"""The schema folder: its files to a scheme, and what is wrong with them."""

from standoff.schema.linting import lint
from standoff.schema.reading import parse, sections

__all__ = ["lint", "parse", "sections"]
