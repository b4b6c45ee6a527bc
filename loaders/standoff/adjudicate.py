"""Gold: the annotation set that is derived from all the others."""

from __future__ import annotations

from msgspec import structs

from standoff.canon import canonical, normal
from standoff.errors import RecordError, UsageError, nearest
from standoff.model import GOLD, AnnotationSet, Corpus, Entity

__all__ = ["adopt"]


def adopt(corpus: Corpus, annotator: str) -> tuple[dict[str, AnnotationSet], dict[str, Entity]]:
    """Gold by the policy of one named annotator, whose new entities enter the registry.

    Returns:
        document -> gold, and the registry with what was added to it.

    Raises:
        UsageError: the annotator has no sets.
        RecordError: one id means two different entities.
    """
    sets = {document: marked for (who, document), marked in corpus.sets.items() if who == annotator}
    if not sets:
        known = sorted({who for who, _ in corpus.sets})
        raise UsageError(f"annotator {annotator!r} has no sets{nearest(annotator, known)}; there are {known}")
    registry = dict(corpus.entities)
    gold = {}
    for document, marked in sorted(sets.items()):
        for entity in marked.entities:
            known_as = registry.setdefault(entity.id, entity)
            if known_as != entity:
                raise RecordError(
                    f"entity {entity.id!r} is {canonical(entity)} here, but {canonical(known_as)} in the registry; "
                    "expected one record, or another id",
                    place=marked.address(entity.id),
                )
        gold[document] = normal(
            AnnotationSet(
                document=document,
                text_sha256=marked.text_sha256,
                annotator=GOLD,
                annotations=tuple(
                    structs.replace(annotation, derived_from=(marked.address(annotation.id),))
                    for annotation in marked.annotations
                ),
            ),
            corpus.scheme,
        )
    return gold, dict(sorted(registry.items()))
