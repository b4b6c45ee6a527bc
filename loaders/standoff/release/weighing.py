"""How grave a change is to those who use the dataset, and the version that it asks for.

Major: what was valid no longer is, what was there is gone, or what it means changed: a document, layer, label,
attribute, value, role, view or field removed or narrowed; a document's text changed; a constraint added or changed; a
codebook section revised in meaning; a split changed; an annotator's work withdrawn, or the right to publish a text.
Minor: a document, layer, label, attribute, value, role, view or annotator added; a field widened; the first
annotations of a layer. Patch: corrections of annotations, records and wording. Below 1.0.0 major counts as minor.

A section of the codebook may begin with a line `Revision N.` or `Revision N (meaning).`. The number tells that the
section is another one than in the last release, the word that its meaning is; the word stays until the release.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from standoff.diff import Change, Diff, SchemaChange, SetChange, summary
from standoff.errors import ReleaseError
from standoff.model import GOLD, Corpus, Document, Release, Right
from standoff.release.folder import checked_version, order

__all__ = ["Reason", "Weight", "bumped", "heaviest", "newest", "reasons", "refuse_too_low"]

Weight = Literal["patch", "minor", "major"]

WEIGHTS: tuple[Weight, ...] = ("patch", "minor", "major")

OF_ANNOTATORS: dict[str, Weight] = {"added": "minor", "removed": "major", "changed": "patch"}

REVISION = re.compile(r"Revision ([0-9]+)(?: \((meaning|wording)\))?\.")

WORDING = frozenset({"title", "description", "hotkey", "color"})
"""Fields that tell people about a part of the schema, and no program."""


class Reason(Struct, frozen=True):
    """Why a version must grow, and by how much at least."""

    weight: Weight
    text: str


def reasons(diff: Diff, a: Corpus) -> tuple[Reason, ...]:
    """Why the version of a corpus that came of `a` must be another one: the gravest first."""
    added = _added(diff.schema)
    found = [
        *(_schema_reason(change, added) for change in diff.schema),
        *map(_document_reason, diff.documents),
        *_corpus_reasons(diff),
        *_set_reasons(diff, a),
    ]
    if diff.files and not diff.schema:
        found.append(Reason("patch", "files of the schema changed in wording or layout"))
    return tuple(sorted(found, key=lambda reason: -WEIGHTS.index(reason.weight)))


def heaviest(found: Iterable[Reason]) -> Weight | None:
    """The gravest of all reasons; None where there is none."""
    return max((reason.weight for reason in found), key=WEIGHTS.index, default=None)


def bumped(version: str, weight: Weight | None) -> str:
    """The lowest version that a change of this weight asks for after a released one."""
    major, minor, patch = order(version)[:3]
    if weight == "major" and major > 0:
        return f"{major + 1}.0.0"
    if weight in ("major", "minor"):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}" if weight else version


def newest(releases: Sequence[Release]) -> Release | None:
    """The newest final release; one that was yanked counts too, since somebody has it."""
    final = [release for release in releases if ".dev" not in release.version]
    return max(final, key=lambda release: order(release.version), default=None)


def refuse_too_low(version: str, since: str, found: Sequence[Reason]) -> None:
    """Lets a final version pass that is high enough for what changed since a release.

    Raises:
        ReleaseError: it is lower than the changes ask for.
    """
    required = bumped(since, heaviest(found))
    if order(checked_version(version)) < order(required):
        why = f", because {found[0].text}" if found else ""
        more = f" (and {len(found) - 1} more reasons; standoff release plan lists them)" if len(found) > 1 else ""
        raise ReleaseError(f"version {version!r} after {since!r}; expected {required!r} or higher{why}{more}")


class _Added(Struct, frozen=True):
    """What a schema has that it had not."""

    layers: frozenset[str]
    names: frozenset[str]
    """Of labels, values, attributes and roles, without their layers."""


def _added(changes: Iterable[SchemaChange]) -> _Added:
    come = [change for change in changes if change.kind == "added"]
    named = [change.name for change in come if change.of in ("label", "value", "attribute", "role")]
    return _Added(
        layers=frozenset(change.name for change in come if change.of == "layer"),
        names=frozenset(name.partition(": ")[2].rpartition("=")[2] for name in named),
    )


def _schema_reason(change: SchemaChange, added: _Added) -> Reason:
    return Reason(_schema_weight(change, added), f"schema: {_schema_words(change)}")


def _schema_words(change: SchemaChange) -> str:
    if change.of == "section":
        kind = "revised in meaning" if _new_meaning(change) else change.kind
        return f"codebook section {change.name!r} {kind}"
    return f"{change.of} {change.name!r} {change.kind}" + (f" in {change.field}" if change.field else "")


def _schema_weight(change: SchemaChange, added: _Added) -> Weight:
    if change.of == "section":
        return "major" if _new_meaning(change) else "patch"
    if change.kind != "removed" and re.split(r"[:.]", change.name)[0] in added.layers:
        # What a new layer asks for, nothing that was valid can lack.
        return "minor"
    if change.of == "constraint":
        return _constraint_weight(change, added)
    if change.kind == "removed":
        return "major"
    if change.kind == "added":
        return "major" if _demanded(change) else "minor"
    if change.field in WORDING or (change.of == "scheme" and change.field != "corpus"):
        return "patch"
    return "minor" if _wider(change) else "major"


def _demanded(change: SchemaChange) -> bool:
    """Whether every record must have a part that is new."""
    part = msgspec.json.decode(str(change.new))
    return bool(part.get("required") or part.get("min"))


def _constraint_weight(change: SchemaChange, added: _Added) -> Weight:
    if change.kind == "removed":
        return "minor"
    if change.kind == "added":
        return "patch" if msgspec.json.decode(str(change.new)).get("severity") == "warning" else "major"
    if change.field == "severity":
        return "major" if change.new == "error" else "minor"
    if isinstance(change.old, tuple) and isinstance(change.new, tuple):
        return "minor" if added.names.issuperset({*change.old} ^ {*change.new}) else "major"
    # Whether other parameters forbid more or less, nobody can tell in general.
    return "major"


def _wider(change: SchemaChange) -> bool:
    """Whether all that was valid still is, and means what it did."""
    match change.field, change.old, change.new:
        case "values" | "layers", tuple() as old, tuple() as new:
            return set(old) <= set(new)
        case "required", _, new:
            return new is False
        case "min", int() as old, int() as new:
            return new <= old
        case "max" | "max_fragments", old, new:
            return new is None or (isinstance(old, int) and isinstance(new, int) and new >= old)
    return False


def _new_meaning(change: SchemaChange) -> bool:
    if change.kind != "changed":
        return False
    old, new = _revision(str(change.old)), _revision(str(change.new))
    return new is not None and new[1] == "meaning" and new != old


def _revision(section: str) -> tuple[str, str | None] | None:
    """Number and kind of the revision that the first line of a section tells."""
    first = next((line.strip() for line in section.splitlines() if line.strip()), "")
    found = REVISION.fullmatch(first)
    return (found[1], found[2]) if found else None


def _document_reason(change: Change[Document]) -> Reason:
    if change.old is None:
        return Reason("minor", f"document {change.id!r} added")
    if change.new is None:
        return Reason("major", f"document {change.id!r} removed")
    if change.old.text != change.new.text:
        return Reason("major", f"text of document {change.id!r} changed")
    return Reason("patch", f"record of document {change.id!r} corrected")


def _corpus_reasons(diff: Diff) -> Iterator[Reason]:
    documents = {change.id for change in diff.documents if change.kind != "changed"}
    for split in diff.splits:
        # The split of a document that came or went is part of its coming and going.
        if split.id not in documents:
            yield Reason("major", f"split of document {split.id!r} {split.kind}")
    for annotator in diff.annotators:
        yield Reason(OF_ANNOTATORS[annotator.kind], f"annotator {annotator.id!r} {annotator.kind}")
    for right in diff.rights:
        if right.id not in documents:
            withdrawn = _publishes(right.old) and not _publishes(right.new)
            weight: Weight = "major" if withdrawn else "patch"
            why = "; the text may no longer be published" if withdrawn else ""
            yield Reason(weight, f"rights of document {right.id!r} {right.kind}{why}")
    for gone in diff.withdrawn:
        why = f": {gone.new.reason}" if gone.new else ""
        yield Reason("patch", f"withdrawal of document {gone.id!r} {gone.kind}{why}")
    for what, ids in (
        ("segments", [change.id for change in diff.segments if change.id not in documents]),
        ("entities", [change.id for change in diff.entities]),
        ("event groups", [change.id for change in diff.events]),
        ("decisions", [change.id for change in diff.decisions if change.id not in documents]),
        ("merging of sets", [change.id for change in (diff.policy,) if change]),
    ):
        if ids:
            yield Reason("patch", f"{what} changed: {', '.join(ids)}")


def _publishes(right: Right | None) -> bool:
    return right is not None and right.publish_text


def _set_reasons(diff: Diff, a: Corpus) -> Iterator[Reason]:
    before = _annotated(a)
    came = Counter(one.one.layer for each in diff.sets for one in each.annotations if one.old is None)
    for layer, number in came.items():
        if layer not in before:
            yield Reason("minor", f"first annotations of layer {layer!r}: {number}")
    gone = {change.id for change in diff.documents if change.new is None}
    for marked in diff.sets:
        if marked.new_text is None and marked.document not in gone:
            yield Reason("major", f"{_set_words(marked)} removed")
    if diff.sets:
        yield from (Reason("patch", line) for line in summary(Diff(sets=diff.sets)))


def _annotated(corpus: Corpus) -> set[str]:
    """The layers that anybody marked anything of."""
    return {one.layer for marked in (*corpus.sets.values(), *corpus.gold.values()) for one in marked.annotations}


def _set_words(change: SetChange) -> str:
    return f"{'gold' if change.annotator == GOLD else f'the set of {change.annotator!r}'} for {change.document!r}"
