"""The schema folder: its files to a scheme, and what is wrong with them."""

from standoff.schema.linting import lint
from standoff.schema.reading import headings, parse, sections

__all__ = ["headings", "lint", "parse", "sections"]
