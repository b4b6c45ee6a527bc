"""How far annotators agree: the measures of the field, each as a number or None where it is undefined.

The measures take plain values. `agreement` takes a corpus and measures each of its layers, with intervals.
"""

from standoff.agreement.alpha import alpha_measure, krippendorff_alpha
from standoff.agreement.chance import (
    ac1_measure,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    highest_kappa,
    kappa_measure,
    scott_pi,
)
from standoff.agreement.coreference import b_cubed, ceaf_e, conll_mean, lea, muc
from standoff.agreement.disagreements import Disagreement, Disagreements, Section, Version, disagreements, sections
from standoff.agreement.measure import Excluded, Measure, f1
from standoff.agreement.report import By, Confusion, Profile, Report, Row, agreement
from standoff.agreement.spans import span_f1
from standoff.agreement.unitizing import unitizing_alpha
from standoff.agreement.units import Page, Unit, pages

__all__ = [
    "By",
    "Confusion",
    "Disagreement",
    "Disagreements",
    "Excluded",
    "Measure",
    "Page",
    "Profile",
    "Report",
    "Row",
    "Section",
    "Unit",
    "Version",
    "ac1_measure",
    "agreement",
    "alpha_measure",
    "b_cubed",
    "brennan_prediger",
    "ceaf_e",
    "cohen_kappa",
    "conger_kappa",
    "conll_mean",
    "disagreements",
    "f1",
    "fleiss_kappa",
    "gwet_ac1",
    "highest_kappa",
    "kappa_measure",
    "krippendorff_alpha",
    "lea",
    "muc",
    "pages",
    "scott_pi",
    "sections",
    "span_f1",
    "unitizing_alpha",
]
