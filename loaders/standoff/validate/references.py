"""Rules on what a set refers to: its document and annotator, other annotations, entities; and on its ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from standoff import model
from standoff.errors import nearest
from standoff.validate.words import listed, one_of, quoted
from standoff.validate.work import Fault, Work

__all__ = [
    "derivation_gold_only",
    "derivation_missing",
    "derivation_resolves",
    "derived_id",
    "id_unique",
    "ref_layer",
    "ref_resolves",
    "set_annotator",
    "set_document",
    "set_text",
]

_MANY = 2000
"""With so many ids to choose from, to look for the nearest takes longer than all else: none is proposed."""


def set_document(work: Work) -> Iterator[Fault]:
    """A set is of a document of the corpus.

    Why: Annotations without their text mean nothing.
    Do: Correct the file's place, or bring the document back.
    """
    if not work.context.knows(work.page.id):
        expected = one_of(work.context.corpus.documents, work.page.id)
        yield "", "document", f"document {work.page.id!r} is unknown; {expected}"


def set_annotator(work: Work) -> Iterator[Fault]:
    """A set's annotator is declared in annotations/annotators.json; gold needs no declaration.

    Why: Agreement, gold and the card say who annotated, and what kind of annotator it is.
    Do: Declare the annotator in annotations/annotators.json, under a pseudonym.
    """
    known, file = work.context.corpus.annotators, "annotations/annotators.json"
    if not work.gold and work.annotator not in known and file not in work.context.unread:
        yield (
            "",
            "annotator",
            f"annotator {work.annotator!r} is not in {file}; {one_of(known, work.annotator)}",
        )


def set_text(work: Work) -> Iterator[Fault]:
    """A set was made on the text that its document has now.

    Why: Its offsets count in another text: they may all be wrong, also where a quotation happens to fit.
    Do: Re-anchor the set on the new text, or restore the old one.
    """
    # Where the document itself is wrong about its text, that is said there.
    document = work.page.document
    if document and work.marked.text_sha256 not in (document.text_sha256, work.page.sha256):
        yield (
            "",
            "text_sha256",
            f"made on a text with sha256 {work.marked.text_sha256!r}; the document's is {document.text_sha256!r}",
        )


def id_unique(work: Work) -> Iterator[Fault]:
    """An id stands for one annotation of a set.

    Why: An address must lead to one annotation: roles, gold and diffs all go by it.
    Do: Give the later annotation a new id and correct what refers to it.
    """
    for id, n in Counter(annotation.id for annotation in work.annotations).items():
        if n > 1:
            which = "; ".join(f"{a.layer} {quoted(a)}" for a in work.annotations if a.id == id)
            yield id, "id", f"id {id!r} stands for {n} annotations ({which}); expected one"


def ref_resolves(work: Work) -> Iterator[Fault]:
    """What a role points to is there: an annotation of the same set, or an entity of the registry or the set.

    Why: A role that points nowhere loses the very link that was annotated.
    Do: Correct the id, or restore the annotation or entity that was removed.
    """
    registry_unread = "corpus/entities.json" in work.context.unread
    for annotation, layer in work.known:
        for role in layer.roles:
            if role.registry and registry_unread:
                continue
            known = work.entities if role.registry else work.by_id
            for id in annotation.refs.get(role.name, ()):
                if id not in known:
                    what = "entity" if role.registry else "annotation of this set"
                    near = [k for k in known if role.registry or work.by_id[k].layer in role.layers]
                    hint = nearest(id, near) if len(near) < _MANY else ""
                    yield (
                        annotation.id,
                        f"refs.{role.name}",
                        f"{role.name} {id!r} of {quoted(annotation)} is no {what}{hint}",
                    )


def ref_layer(work: Work) -> Iterator[Fault]:
    """What a role points to is of a layer that the role allows.

    Why: Tables and views take what a role points to for what the schema says it is.
    Do: Point to an annotation of an allowed layer, or allow the layer in the schema.
    """
    for annotation, layer in work.known:
        for role in layer.roles:
            for id in () if role.registry else annotation.refs.get(role.name, ()):
                target = work.by_id.get(id)
                if target and target.layer in work.context.layers and target.layer not in role.layers:
                    yield (
                        annotation.id,
                        f"refs.{role.name}",
                        f"{role.name} {id!r} of {quoted(annotation)} is the {target.layer} {quoted(target)}; "
                        f"expected {' or '.join(role.layers)}",
                    )


def derived_id(work: Work) -> Iterator[Fault]:
    """The id of a relation is derived from its label and ends, that of a document's label from layer and label.

    Why: Label Studio keeps no id for such annotations; only an id that follows from the content survives the round
    trip.
    Do: Write the id that the message expects.
    """
    for annotation, layer in work.known:
        if layer.kind == "span" or not work.sure(annotation, "label", *(f"refs.{role.name}" for role in layer.roles)):
            continue
        expected = (
            model.derived_id(annotation.label, *(id for role in layer.roles for id in annotation.refs[role.name]))
            if layer.kind == "relation"
            else model.derived_id(layer.name, annotation.label)
        )
        if annotation.id != expected:
            yield annotation.id, "id", f"id {annotation.id!r} of a {layer.name}; expected {expected!r}"


def derivation_gold_only(work: Work) -> Iterator[Fault]:
    """Only gold annotations say what they were made from.

    Why: In an annotator's own set it would claim an origin that nobody recorded.
    Do: Remove the field.
    """
    for annotation in () if work.gold else work.annotations:
        if annotation.derived_from:
            yield (
                annotation.id,
                "derived_from",
                f"{quoted(annotation)} has derived_from {listed(annotation.derived_from)}; expected it in gold only",
            )


def derivation_missing(work: Work) -> Iterator[Fault]:
    """A gold annotation says what it was made from.

    Why: Gold that cannot be traced cannot be checked, nor credited to anybody.
    Do: Derive gold again with standoff adjudicate.
    """
    for annotation in work.annotations if work.gold else ():
        if not annotation.derived_from:
            yield (
                annotation.id,
                "derived_from",
                f"gold {quoted(annotation)} is traced to nothing; expected annotator/document#id of its origins",
            )


def derivation_resolves(work: Work) -> Iterator[Fault]:
    """What a gold annotation was made from is an annotation of the same document.

    Why: The trace from gold to the annotators ends here.
    Do: Derive gold again, or restore the annotation that was removed.
    """
    for annotation in work.annotations if work.gold else ():
        for n, address in enumerate(annotation.derived_from):
            place, _, id = address.partition("#")
            annotator, _, document = place.partition("/")
            of = f"decisions/{document}" if annotator == "decision" else f"sets/{place}"
            if f"annotations/{of}.json" in work.context.unread:
                continue
            ids = work.context.annotations(annotator, document)
            if document != work.page.id:
                what = f"is not of the form annotator/{work.page.id}#id"
            elif annotator in ("decision", "policy"):
                decided = work.context.corpus.decisions.get(document)
                known = {one.id for one in decided.decisions} if decided and annotator == "decision" else {"majority"}
                if id in known:
                    continue
                what = f"names no {annotator}{nearest(id, sorted(known))}"
            elif ids is None:
                what = f"names a set that is not there: annotations/sets/{place}.json"
            elif id not in ids:
                what = f"names no annotation of annotations/sets/{place}.json{nearest(id, sorted(ids))}"
            else:
                continue
            yield annotation.id, f"derived_from[{n}]", f"{address!r}, which {quoted(annotation)} is made from, {what}"
