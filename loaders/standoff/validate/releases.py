"""Rules that hold a corpus against its earlier releases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from standoff.canon import content_digest
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Entity
from standoff.validate.duplicates import SHINGLE, pairs
from standoff.validate.words import quoted
from standoff.validate.work import Context, Fault, Placed

__all__ = ["id_reused", "old_test_kept", "raw_kept", "release_listed", "split_kept", "withdrawn_again"]

_TEST = "test"


def release_listed(context: Context) -> Iterator[Fault]:
    """A version is listed once, and an earlier release holds the content that its entry names.

    Why: Whoever cites a version must be able to tell that they hold the same data.
    Do: Restore corpus/releases.json from git; what was published is never changed, only yanked.
    """
    listed = {release.version: release.content_sha256 for release in context.corpus.releases}
    for version, times in Counter(release.version for release in context.corpus.releases).items():
        if times > 1:
            yield version, "version", f"version {version!r} stands {times} times; expected once"
    readable = "corpus/releases.json" not in context.unread
    for version, old in context.previous.items() if readable else ():
        if version not in listed:
            yield version, "version", f"release {version!r} is not listed; expected an entry"
        elif listed[version] != (found := content_digest(old)):
            yield version, "content_sha256", f"says {listed[version]!r}, but the release's is {found!r}"


def raw_kept(context: Context) -> Iterator[Placed]:
    """A document has the raw file that it had in earlier releases.

    Why: Raw files are immutable; another article under the same id makes every older reference to it false.
    Do: Restore the raw file and its record, and add the new article as a new document.
    """
    for version, id, old in _earlier(context):
        now = context.corpus.documents.get(id)
        if now and now.raw_sha256 != (was := old.documents[id].raw_sha256):
            said = f"is {now.raw_sha256!r}, but was {was!r} in release {version}; expected the same"
            yield f"corpus/documents/{id}.json", id, "raw_sha256", said


def withdrawn_again(context: Context) -> Iterator[Placed]:
    """A document that was withdrawn is in the corpus no more: neither under its id nor with its bytes.

    Why: Who asked for a text to be withdrawn relies on it; and an id that means another article misleads who cited it.
    Do: Take the document out of the corpus; give another article another id.
    """
    gone = {one.raw_sha256: id for id, one in context.corpus.withdrawn.items()}
    for id, page in context.corpus.documents.items():
        if id in context.corpus.withdrawn:
            why = context.corpus.withdrawn[id].reason
            yield f"corpus/documents/{id}.json", id, "id", f"document {id!r} was withdrawn ({why}); expected a new id"
        elif page.raw_sha256 in gone:
            said = f"has the bytes of {gone[page.raw_sha256]!r}, which was withdrawn; expected another article"
            yield f"corpus/documents/{id}.json", id, "raw_sha256", said


def split_kept(context: Context) -> Iterator[Placed]:
    """A document stays in the split that it had in earlier releases.

    Why: Results on different releases can be compared only where nothing that was tested on becomes training data.
    Do: Move the document back.
    """
    for version, id, old in _earlier(context):
        was, now = old.splits.splits.get(id), context.corpus.splits.splits.get(id)
        if was and now and was != now:
            said = f"document {id!r} is in {now}, but was in {was} in release {version}; expected the same"
            yield "corpus/splits.json", id, f"splits.{id}", said


def old_test_kept(context: Context) -> Iterator[Placed]:
    """What was a test document in an earlier release does not come back outside test under another id.

    Why: A model that is trained on it has seen the answers of the test that others were measured by.
    Do: Put the document into test, or leave it out.
    """
    splits = context.corpus.splits.splits
    earlier = _earlier(context)
    texts = {(v, id): old.documents[id].text for v, id, old in earlier if old.splits.splits.get(id) == _TEST}
    if not texts:
        return
    texts |= {("", id): page.text for id, page in context.corpus.documents.items() if splits.get(id, _TEST) != _TEST}

    told = set()
    for first, second, alike in pairs(texts, lambda key: key[0] == ""):
        (_, id), (version, other) = sorted((first, second))
        if id != other and id not in told:
            told.add(id)
            yield (
                "corpus/splits.json",
                id,
                f"splits.{id}",
                f"document {id!r} is in {splits[id]} and shares {alike:.2f} of its {SHINGLE}-word shingles with "
                f"{other!r}, in {_TEST} in release {version}; expected it in {_TEST}",
            )


def id_reused(context: Context) -> Iterator[Placed]:
    """An id of an earlier release stands for what it stood for there, or for nothing.

    An annotation that is still there may have been corrected, but not moved to another layer; one that had been removed
    comes back only as what it was. An entity may change its name or its type, not both.

    Why: Addresses are cited, and decisions and gold are recorded by them; a reused one leads to something else.
    Do: Give the new annotation or entity a new id.
    """
    corpora = list(context.previous.items())
    for (who, document), marked in (*context.corpus.sets.items(), *_gold(context.corpus)):
        seen = _last_seen(corpora, who, document)
        for annotation in marked.annotations:
            if annotation.id in seen and annotation.layer in context.layers:
                version, old = seen[annotation.id]
                if _another(annotation, old, removed=version != corpora[-1][0]):
                    yield (
                        context.file(who, document),
                        annotation.id,
                        "id",
                        f"id {annotation.id!r} is the {annotation.layer} {annotation.label} {quoted(annotation)}, but "
                        f"was the {old.layer} {old.label} {quoted(old)} in release {version}; expected a new id",
                    )
    registry = {id: (version, entity) for version, old in corpora for id, entity in old.entities.items()}
    for id, entity in context.corpus.entities.items():
        if id in registry and _other_thing(entity, registry[id][1]):
            version, was = registry[id]
            said = f"is the {entity.type} {entity.name!r}, but was the {was.type} {was.name!r} in release {version}"
            yield "corpus/entities.json", id, "id", f"id {id!r} {said}; expected a new id"


def _earlier(context: Context) -> Iterator[tuple[str, str, Corpus]]:
    """Version, document and release of each document, from the newest release that has it."""
    told: set[str] = set()
    for version, old in reversed(list(context.previous.items())):
        for id in old.documents:
            if id not in told:
                told.add(id)
                yield version, id, old


def _gold(corpus: Corpus) -> Iterator[tuple[tuple[str, str], AnnotationSet]]:
    return (((GOLD, document), marked) for document, marked in corpus.gold.items())


def _last_seen(corpora: list[tuple[str, Corpus]], who: str, document: str) -> dict[str, tuple[str, Annotation]]:
    """Id -> the newest release that has it in a set, and what it was there."""
    seen = {}
    for version, old in corpora:
        marked = old.gold.get(document) if who == GOLD else old.sets.get((who, document))
        seen.update({annotation.id: (version, annotation) for annotation in (marked.annotations if marked else ())})
    return seen


def _another(now: Annotation, old: Annotation, *, removed: bool) -> bool:
    return now.layer != old.layer or (removed and (now.label, now.spans) != (old.label, old.spans))


def _other_thing(now: Entity, old: Entity) -> bool:
    return (now.type != old.type and now.name != old.name) or bool(
        now.wikidata and old.wikidata and now.wikidata != old.wikidata
    )
