"""Annotators who started from no registry: each calls things as they like, and so do others for other things."""

from __future__ import annotations

from msgspec import structs

from standoff.canon import normal
from standoff.model import AnnotationSet, Annotator, Corpus, Entity, LookedUp

FAIR, SOUK = "en_fair", "ar_souk"
IT = 185
"""Where `It` stands in the one text."""


def own(id: str, type: str, name: str, **more: object) -> Entity:
    return Entity(id=id, type=type, name=name, **({"kb_status": "unchecked"} | more))  # type: ignore[arg-type]


NEW = own("matter", "thing", "the matter")

BLIND: dict[tuple[str, str], dict[str, Entity]] = {
    # What the registry calls so -> what this annotator does.
    ("b1", FAIR): {
        "ada": own("ada", "who", "Ada Quill"),
        "quill_cafe": own("cafe", "café", "Quill Café"),
        "quill_family": own("quills", "who", "the Quills"),
        # The registry's own `fish` is another thing.
        "jam": own("fish", "thing", "plum jam"),
        "ben": own("ben", "who", "Ben Moor"),
    },
    ("b2", FAIR): {
        "ada": own("quill", "who", "Ms Quill", part_of=("quills",)),
        # What b1 and the registry call so is a person.
        "quill_cafe": own("ada", "café", "the café"),
        "quill_family": own("quills", "who", "Quill"),
        "jam": own("jam", "thing", "jam"),
        "ben": own("ben", "who", "Ben Moor", aliases=("Ben",)),
    },
    ("b1", SOUK): {
        # Called so by the same annotator elsewhere, and another person.
        "layla": own("ada", "who", "ليلى"),
        "nader": own("nader", "who", "نادر"),
        "fish": own(
            "samak", "thing", "سمك", kb_status="linked", wikidata="Q152", looked_up=LookedUp("2024-05-01", "W")
        ),
        "souk": own("souk", "where", "the market"),
        "nour_city": own("city", "where", "مدينة نور"),
        "cafe_nour": own("cafe", "café", "Café Nour"),
    },
}


def blind(tiny: Corpus) -> Corpus:
    """The invented corpus with a pilot's sets, made with the registry at hand, and two annotators' who had none. Both
    also take `It`, which for the pilot is the jam, for something that nobody has in the registry."""
    pilot = {
        (who, document): structs.replace(marked, annotator="pilot", entities=())
        for (who, document), marked in tiny.sets.items()
        if who == "a1" and document in (FAIR, SOUK)
    }
    sets = {("pilot", document): marked for (_, document), marked in pilot.items()}
    for (who, document), entities in BLIND.items():
        sets[who, document] = _renamed(sets["pilot", document], who, entities, tiny)
    return structs.replace(
        tiny,
        annotators={who: Annotator(who, "human", "Invented.") for who in ("b1", "b2", "judge", "pilot")},
        policy=None,
        decisions={},
        sets=dict(sorted(sets.items())),
        gold={},
    )


def _renamed(marked: AnnotationSet, who: str, entities: dict[str, Entity], corpus: Corpus) -> AnnotationSet:
    roles = {layer.name: [role.name for role in layer.roles if role.registry] for layer in corpus.scheme.layers}
    annotations = []
    for one in marked.annotations:
        refs = dict(one.refs)
        for role in roles[one.layer]:
            if role in refs:
                new = marked.document == FAIR and one.spans[0].start == IT
                refs[role] = (NEW.id,) if new else tuple(entities[id].id for id in refs[role])
        annotations.append(structs.replace(one, refs=refs))
    added = (*entities.values(), *((NEW,) if marked.document == FAIR else ()))
    if who == "b2":
        added = tuple(structs.replace(e, name="something") if e == NEW else e for e in added)
    changed = structs.replace(marked, annotator=who, annotations=tuple(annotations), entities=added)
    return normal(changed, corpus.scheme)
