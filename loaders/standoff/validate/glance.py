"""A glance at many documents and sets at once, before the first look at each: who deserves one, and for which rules.

It may be wrong in one way alone: to point to what is in order. A law holds that nothing is missed.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain, count, repeat

import numpy as np

from standoff import model
from standoff.model import GOLD, Annotation
from standoff.scheme import Constraint, Layer
from standoff.validate.columns import Columns
from standoff.validate.glances import GLANCES
from standoff.validate.records import DERIVED_ID, DRAWN_ID
from standoff.validate.texts import SPACE, Flags, Texts, cut_wrongly, numbers
from standoff.validate.verdicts import Verdicts
from standoff.validate.work import Page

__all__ = ["badly_cut", "of_constraint", "of_fields", "of_forms", "shaky"]


def badly_cut(pages: Sequence[Page]) -> list[bool]:
    """Whether sentences or tokens of documents may be at fault; those of a document that lacks text or segments are.

    The others then know where their tokens begin.
    """
    whole = [(page, page.document, page.segments) for page in pages]
    there = [(page, document, segments) for page, document, segments in whole if document and segments]
    try:
        wrong, starts = cut_wrongly(
            Texts([document.text for _, document, _ in there]), [segments for _, _, segments in there]
        )
    except OverflowError:
        # An offset has more than 64 bits; in which document, a closer look will say.
        return [True] * len(pages)
    sound = set()
    for (page, _, _), is_, begun in zip(there, wrong.tolist(), starts, strict=True):
        if not is_:
            page.begun = begun
            sound.add(page.id)
    return [page.id not in sound for page in pages]


def shaky(columns: Columns) -> Flags:
    """Whether each set may have a fault in its layers, ids, links or spans that other rules do not expect."""
    found = np.zeros(len(columns.sets), bool)
    found[columns.set_of[columns.layer_of < 0]] = True
    found |= numbers(map(len, columns.row_by_id)) < numbers(len(marked.annotations) for _, _, marked in columns.sets)
    for layer in columns.context.layers.values():
        found[[*_ill_linked(columns, layer)]] = True
    found[columns.set_of[columns.row_of[_misplaced(columns)]]] = True
    return found


def of_forms(columns: Columns, verdicts: Verdicts) -> Iterator[tuple[int, frozenset[str]]]:
    """Sets, and the rules that find fault with the form of some record of theirs."""
    golden = [annotator == GOLD for _, annotator, _ in columns.sets]
    gold = np.array(golden, bool)[columns.set_of]
    forms: list[Hashable] = [
        *chain.from_iterable(_forms(columns, layer, gold) for layer in columns.context.layers.values())
    ]
    # What is of no layer comes first.
    first = len(columns.ids) - len(forms)
    rows = {form: row for form, row in dict(zip(forms, count(first))).items() if form not in verdicts.sound}
    if not rows:
        return
    owners = columns.set_of[first:].tolist()
    names = list(columns.context.layers)
    for kind in (False, True):
        records = {
            form: _record(columns, names[columns.layer_of[row]], row)
            for form, row in rows.items()
            if golden[columns.set_of[row]] == kind
        }
        found = {form: rules for form, rules in verdicts.of(records, gold=kind).items() if rules}
        if found:
            yield from ((n, found[form]) for n, form in zip(owners, forms, strict=True) if form in found)


def _forms(columns: Columns, layer: Layer, gold: Flags) -> Iterator[Hashable]:
    """The form of each row of a layer: its label, the values of its attributes, its numbers, and names of roles.

    Which attributes it has follows from their number and the values of those that the layer has; which roles, where as
    many are filled as it has, from how many targets each has.
    """
    rows = columns.rows(layer.name)
    refs = columns.refs[rows]
    counts = [columns.links(layer.name, role).counts for role in layer.roles]
    filled = sum([count > 0 for count in counts], np.zeros(len(refs), np.int64))
    unclear = (filled != numbers(map(len, refs))).tolist()
    said = (_said(of[rows]) for of in (columns.notes, columns.derived_from))
    code = np.full(len(refs), [*columns.context.layers].index(layer.name))
    several = numbers(map(len, columns.attributes[rows]))
    packed = np.column_stack([code, gold[rows], columns.fragments[rows], *said, several, *counts])
    return zip(
        columns.labels[rows],
        # The numbers of a row as one value: its bytes.
        packed.view(f"V{packed.strides[0]}").ravel().tolist(),
        *(columns.values(layer.name, attribute.name) for attribute in layer.attributes),
        [tuple(of) if is_ else None for of, is_ in zip(refs, unclear, strict=True)] if any(unclear) else repeat(None),
        strict=False,
    )


def _said(texts: Sequence[Sequence[str]]) -> Flags:
    """Which of some texts hold something; hardly any do."""
    return np.array([*map(bool, texts)]) if any(texts) else np.zeros(len(texts), bool)


def _record(columns: Columns, layer: str, row: int) -> Annotation:
    return Annotation(
        id="",
        layer=layer,
        label=columns.labels[row],
        spans=columns.spans[row],
        refs=columns.refs[row],
        attributes=columns.attributes[row],
        note=columns.notes[row],
        derived_from=columns.derived_from[row],
    )


def _ill_linked(columns: Columns, layer: Layer) -> Iterator[int]:
    """Sets in which a role points to nothing, to something of another layer, or twice."""
    numbered = {name: n for n, name in enumerate(columns.context.layers)}
    for role in layer.roles:
        links = columns.links(layer.name, role)
        owners = columns.set_of[links.owners]
        if role.registry:
            lost = {*links.ids}.difference(columns.context.corpus.entities)
            for n, id in zip(owners.tolist(), links.ids, strict=True) if lost else ():
                if id in lost and all(entity.id != id for entity in columns.sets[n][2].entities):
                    yield n
        else:
            asked = np.zeros(len(numbered) + 1, bool)
            asked[[numbered[name] for name in role.layers if name in numbered]] = True
            # What points to nothing has the row -1, that of the last.
            yield from owners[~asked[columns.layer_of[links.targets]] | (links.targets < 0)].tolist()
        if role.max != 1:
            several = np.repeat(links.counts > 1, links.counts)
            pairs = links.owners[several] << 32 | links.targets[several]
            if len(np.unique(pairs)) < len(pairs) or (links.targets[several] < 0).any():
                yield from owners[several].tolist()


def _misplaced(columns: Columns) -> Flags:
    """Whether each fragment may be out of the text, or of order, or quote something else."""
    starts, ends = columns.starts, columns.ends
    lengths = columns.texts.lengths[columns.set_of[columns.row_of]]
    found: Flags = (starts < 0) | (starts >= ends) | (ends > lengths)
    together = columns.row_of[1:] == columns.row_of[:-1]
    found[1:] |= together & (starts[1:] < ends[:-1])
    text, begins, stops = columns.texts.joined, columns.begins.tolist(), columns.stops.tolist()
    quotes = [text[begin:stop] for begin, stop in zip(begins, stops, strict=True)]
    if tuple(quotes) != columns.quotes:
        found |= np.array([is_ != said for is_, said in zip(quotes, columns.quotes, strict=True)])
    return found


def of_fields(columns: Columns) -> Iterator[tuple[int, str]]:
    """Sets, and rules on single fields of theirs that may find fault, in sets that stand firm."""
    context = columns.context
    for n, (page, annotator, marked) in enumerate(columns.sets):
        if annotator != GOLD and annotator not in context.corpus.annotators:
            yield n, "set-annotator"
        if page.document and marked.text_sha256 not in (page.document.text_sha256, page.sha256):
            yield n, "set-text"
    for layer in context.layers.values():
        rows = columns.rows(layer.name)
        ids, owners = columns.ids[rows], columns.set_of[rows].tolist()
        form = DRAWN_ID if layer.kind == "span" else DERIVED_ID
        # Once for all: to match each costs ten times as much.
        joined = "".join([f"{id}\n" for id in ids])
        if joined.count("\n") != len(ids) or not re.fullmatch(f"(?:(?:{form.pattern})\n)*", joined):
            yield from ((n, "id-form") for n, id in zip(owners, ids, strict=True) if not form.fullmatch(id))
        if layer.kind != "span":
            expected = _derived(columns, layer)
            yield from ((n, "derived-id") for n, is_, asked in zip(owners, ids, expected, strict=True) if is_ != asked)
    classes, of_fragments = columns.texts.classes, columns.set_of[columns.row_of]
    spaced = (classes[columns.begins] | classes[columns.stops - 1]) & SPACE != 0
    parted = columns.texts.inside_words(columns.begins) | columns.texts.inside_words(columns.stops)
    for rule, wrong in (("span-whitespace", spaced), ("span-word", parted), ("span-seam", _over_seams(columns))):
        yield from ((n, rule) for n in of_fragments[wrong].tolist())


def _derived(columns: Columns, layer: Layer) -> Iterable[str]:
    """The ids that the annotations of a layer without spans should have."""
    rows = columns.rows(layer.name)
    labels = columns.labels[rows]
    if layer.kind != "relation":
        return [model.derived_id(layer.name, label) for label in labels]
    roles = [role.name for role in layer.roles]
    ends = [map(dict.get, columns.refs[rows], repeat(role), repeat(())) for role in roles]
    return [model.derived_id(label, *chain.from_iterable(ids)) for label, *ids in zip(labels, *ends, strict=True)]


def _over_seams(columns: Columns) -> Flags:
    """Whether each fragment goes across a seam: see `Alignment.crosses_seam`."""
    of = [page.alignment.seams if page.alignment else () for page, _, _ in columns.sets]
    seams = numbers([seam for one in of for seam in one]) + columns.texts.first.repeat(numbers(map(len, of)))
    found: Flags = np.searchsorted(seams, columns.begins, "right") < np.searchsorted(seams, columns.stops)
    return found


def of_constraint(columns: Columns, constraint: Constraint) -> set[int]:
    """The sets with which a constraint may find fault, in sets that stand firm."""
    return {*GLANCES[constraint.kind](columns, constraint)}
