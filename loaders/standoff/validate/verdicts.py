"""What the rules say of records by their form: which layer, label, values and roles one has, how many fragments and
targets. A form is judged once, by the rules themselves, on the first record that has it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from msgspec.structs import replace

from standoff.model import GOLD, Annotation, AnnotationSet
from standoff.validate.catalogue import RULES
from standoff.validate.work import Context, Page, Work

__all__ = ["BY_KIND", "OF_FORM", "Verdicts"]

OF_FORM = frozenset(
    {
        "layer-known",
        "label-known",
        "attribute-known",
        "attribute-required",
        "attribute-value",
        "role-known",
        "role-count",
        "fragment-count",
        "note-allowed",
        "derivation-gold-only",
        "derivation-missing",
        "attribute-label",
        "count",
    }
)
"""Rules whose verdict on a record follows from its form."""

BY_KIND = {rule.find.__name__: rule for rule in RULES if rule.subject == "constraint"}
"""Kind of constraint -> its rule."""

_RULES = tuple(rule for rule in RULES if rule.id in OF_FORM and rule.subject == "set")

_MANY = 100_000
"""So many forms are remembered at most."""


class Verdicts:
    """The forms that were met with, and which rules find fault with them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._constraints = [one for one in context.scheme.constraints if BY_KIND[one.kind].id in OF_FORM]
        self._known: dict[Hashable, frozenset[str]] = {}
        self.sound: set[Hashable] = set()
        """The forms that no rule finds fault with."""

    def of(self, forms: Mapping[Hashable, Annotation], *, gold: bool) -> dict[Hashable, frozenset[str]]:
        """The rules that find fault with forms, each of which comes with a record that has it."""
        if len(self._known) > _MANY:
            self._known.clear()
            self.sound.clear()
        new = [form for form in forms if form not in self._known]
        # Rules say what they find fault with by its id.
        records = [replace(forms[form], id=str(n)) for n, form in enumerate(new)]
        faults = self._faults(records, GOLD if gold else "") if records else {}
        for n, form in enumerate(new):
            self._known[form] = frozenset(faults.get(str(n), ()))
        self.sound.update(form for form in new if not self._known[form])
        return {form: self._known[form] for form in forms}

    def _faults(self, records: Iterable[Annotation], annotator: str) -> dict[str, set[str]]:
        page = Page(self._context, "")
        work = Work(page, annotator, AnnotationSet("", "", annotator, (*records,)))
        found: dict[str, set[str]] = {}
        for rule in _RULES:
            for id, _, _ in rule.find(work):
                found.setdefault(id, set()).add(rule.id)
        for constraint in self._constraints:
            rule = BY_KIND[constraint.kind]
            for id, _, _ in rule.find(work, constraint):
                found.setdefault(id, set()).add(rule.id)
        return found
