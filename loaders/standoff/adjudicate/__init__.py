"""Gold: the annotation set that is derived from all the others, by a declared policy and recorded decisions."""

from standoff.adjudicate.confirming import (
    LostName,
    confirmed,
    entity_decision,
    lost_names,
    parse_proposals,
    written,
)
from standoff.adjudicate.gold import Adjudication, adopt, derive, faults, outcomes
from standoff.adjudicate.items import Item, participants, sha256_of
from standoff.adjudicate.proposing import Proposal, propose
from standoff.adjudicate.recording import OWN, Asked, not_own, recorded
from standoff.adjudicate.registry import OpenEntity, entity_sha256
from standoff.adjudicate.settling import KINDS, Kind, OpenItem, Outcome
from standoff.adjudicate.sheet import Sheet, Version
from standoff.adjudicate.soft import soft_labels

__all__ = [
    "KINDS",
    "OWN",
    "Adjudication",
    "Asked",
    "Item",
    "Kind",
    "LostName",
    "OpenEntity",
    "OpenItem",
    "Outcome",
    "Proposal",
    "Sheet",
    "Version",
    "adopt",
    "confirmed",
    "derive",
    "entity_decision",
    "entity_sha256",
    "faults",
    "lost_names",
    "not_own",
    "outcomes",
    "parse_proposals",
    "participants",
    "propose",
    "recorded",
    "sha256_of",
    "soft_labels",
    "written",
]
