"""Exports as they should never be: each is refused with its place, or read right; none passes a wrong span.

The files are in tests/hostile/, one export each; outcomes.json says of each what becomes of it. Those whose names begin
with `foreign-` are read by a map, as `standoff import labelstudio FILE --map FILE` does, the others without one.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_foreign import MAP

from standoff import files
from standoff.canon import canonical
from standoff.errors import StandoffError
from standoff.labelstudio.export import from_task
from standoff.labelstudio.foreign import from_export, from_own, read_map
from standoff.labelstudio.sound import parse
from standoff.labelstudio.tasks import to_task
from standoff.model import AnnotationSet, Corpus

HOSTILE = Path(__file__).parent / "hostile"
OUTCOMES: dict[str, dict[str, Any]] = json.loads((HOSTILE / "outcomes.json").read_bytes())


@pytest.fixture(scope="session")
def raw(tiny_root: Path, tiny: Corpus) -> dict[str, str]:
    """Document -> the decoded raw file."""
    return {id: data.decode() for id, data in files.raw_bytes(tiny_root, tiny).items()}


def read(name: str, corpus: Corpus, raw: dict[str, str]) -> tuple[AnnotationSet, ...]:
    """The sets that an export says."""
    value = parse((HOSTILE / f"{name}.json").read_bytes(), place="export.json")
    if not name.startswith("foreign-"):
        return from_own(value, corpus, annotator="a1", place="export.json")
    names = read_map(MAP, corpus.scheme, documents=list(corpus.documents), place="map.json")
    return from_export(value, names, corpus, raw, annotator="a1", place="export.json").sets


def said(marked: AnnotationSet) -> dict[str, Any]:
    """All that a set says, with its annotations and entities one to a string."""
    return {
        "document": marked.document,
        "annotations": [canonical(annotation) for annotation in marked.annotations],
        "entities": [canonical(entity) for entity in marked.entities],
    }


def test_every_hostile_export_has_an_outcome() -> None:
    assert sorted(OUTCOMES) == sorted(path.stem for path in HOSTILE.glob("*.json") if path.stem != "outcomes")
    assert len(OUTCOMES) >= 60


@pytest.mark.parametrize("name", sorted(name for name, outcome in OUTCOMES.items() if "message" in outcome))
def test_a_hostile_export_is_refused_with_its_place(name: str, tiny: Corpus, raw: dict[str, str]) -> None:
    with pytest.raises(StandoffError) as refused:
        read(name, tiny, raw)

    assert refused.value.place == OUTCOMES[name]["place"]
    # What Python says of broken JSON differs from version to version; there the beginning is all that is ours.
    assert refused.value.message.startswith(OUTCOMES[name]["message"])


@pytest.mark.parametrize("name", sorted(name for name, outcome in OUTCOMES.items() if "sets" in outcome))
def test_an_odd_export_that_says_clearly_what_it_says_is_read_right(
    name: str, tiny: Corpus, raw: dict[str, str]
) -> None:
    sets = read(name, tiny, raw)

    assert [said(marked) for marked in sets] == OUTCOMES[name]["sets"]
    assert_quoted(sets, tiny)


def assert_quoted(sets: tuple[AnnotationSet, ...], corpus: Corpus) -> None:
    """Every span of every set is what its document holds there."""
    for marked in sets:
        text = corpus.documents[marked.document].text
        for annotation in marked.annotations:
            for span in annotation.spans:
                assert 0 <= span.start < span.end
                assert text[span.start : span.end] == span.quote


ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1,
        2**63,
        10**40,
        0.0,
        1.5,
        float("nan"),
        float("inf"),
        "",
        " ",
        "0",
        "n1",
        "who",
        "fragment",
        "naming",
        "__proto__",
        "../x",
        "\ud800",
        "\x00",
        "\u202e",
        "🙂",
        [],
        {},
        [[]],
        [None],
        ["who"],
        ["who", "where"],
        {"id": 1},
        {"start": 0, "end": 1},
    ]
).map(copy.deepcopy)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything inside a JSON value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, inner in steps for found in ((*path, step), *places(inner, (*path, step)))]


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value with up to four of its parts lost, doubled, moved, renamed, or replaced by odd ones."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 4))):
        among = places(value)
        if not among:
            return value
        *steps, last = draw(st.sampled_from(among))
        parent = value
        for step in steps:
            parent = parent[step]
        match draw(st.sampled_from(["odd", "lose", "double", "swap", "near", "rename"])):
            case "odd":
                parent[last] = draw(ODD)
            case "lose":
                del parent[last]
            case "double" if isinstance(parent, list):
                parent.insert(draw(st.integers(0, len(parent))), copy.deepcopy(parent[last]))
            case "swap":
                # Something from elsewhere in the same export, of whatever kind.
                *from_steps, from_last = draw(st.sampled_from(among))
                other = value
                for step in from_steps:
                    other = other[step] if isinstance(other, dict | list) and _has(other, step) else {}
                if _has(other, from_last):
                    parent[last] = copy.deepcopy(other[from_last])
            case "near" if isinstance(parent[last], int):
                parent[last] += draw(st.integers(-3, 3))
            case "rename" if isinstance(parent, dict) and isinstance(last, str):
                parent[draw(st.sampled_from(["id", "from_id", "labels", "text", "start", "__proto__"]))] = parent.pop(
                    last
                )
            case _:
                pass
    return value


def _has(value: Any, step: Any) -> bool:
    return step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))


def tried(read: Any, corpus: Corpus) -> str:
    """Whether something is read or refused; anything else fails."""
    try:
        sets = read()
    except StandoffError as error:
        assert error.message
        # A message that cannot be written is none.
        assert str(error).encode()
        return "refused"
    assert_quoted(sets, corpus)
    return "read"


@given(data=st.data())
def test_a_mutated_export_is_refused_or_every_span_of_it_quotes_its_text(tiny: Corpus, data: st.DataObject) -> None:
    marked = tiny.sets["a1", data.draw(st.sampled_from(["ar_souk", "en_fair", "fr_marche"]))]
    task = {"id": 12} | to_task(marked, tiny.documents[marked.document], tiny, annotator="a1")
    broken = data.draw(mutated(task))

    tried(lambda: (from_task(broken, tiny, "a1"),), tiny)
    tried(lambda: from_own([broken], tiny, annotator="a1", place="export"), tiny)


@given(data=st.data())
def test_a_mutated_foreign_export_is_refused_or_every_span_of_it_quotes_its_text(
    tiny: Corpus, raw: dict[str, str], data: st.DataObject
) -> None:
    names = read_map(MAP, tiny.scheme, documents=list(tiny.documents), place="map")
    name = data.draw(st.sampled_from(["foreign-good", "foreign-bytes", "foreign-small", "foreign-several"]))
    broken = data.draw(mutated(json.loads((HOSTILE / f"{name}.json").read_bytes())))

    tried(lambda: from_export(broken, names, tiny, raw, annotator="a1").sets, tiny)


@given(data=st.data())
@settings(max_examples=50)
def test_a_mutated_map_is_refused_or_works(tiny: Corpus, raw: dict[str, str], data: st.DataObject) -> None:
    value = json.loads((HOSTILE / "foreign-several.json").read_bytes())
    broken = data.draw(mutated(MAP))

    def read() -> tuple[AnnotationSet, ...]:
        names = read_map(broken, tiny.scheme, documents=list(tiny.documents), place="map")
        return from_export(value, names, tiny, raw, annotator="a1").sets

    tried(read, tiny)
