"""Every rule on its cases: tests/cases/<rule>/{valid,invalid}-*.json.

A case changes the small corpus of tests/cases/base.json, whose schema is that of tests/tiny. Its keys:

annotations  what a1 marked in d1; a span may be given by its words, or as a quotation with prefix, suffix, occurrence
entities     what a1 added in d1
gold         the annotations of the document's gold set
files        path -> what changes: JSON by a merge patch (RFC 7396), text by {old: new} or as a whole; null for no file
raw          false to validate without raw files
stored       the files whose bytes are looked at
previous     version -> a case, which is the corpus as it was released; listed, unless `listed` is false
document     fields of the document that are changed once it is read, as no folder but a release could bring them
expect       all the findings there are; file is a1's set and severity error where not given, `says` part of the message
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from standoff import files
from standoff.canon import content_digest
from standoff.cli import main
from standoff.cli.common import printable
from standoff.model import Annotation, AnnotationSet, Corpus, Document, Finding, Release, Splits
from standoff.schema import parse
from standoff.scheme import CONSTRAINTS, VIEWS, Scheme
from standoff.text import Quotation, anchor
from standoff.validate import RULES, check, validate
from standoff.validate.graph import cycles
from standoff.validate.work import Context, Page, Work

TESTS = Path(__file__).parent
ROOT = TESTS.parent
CASES = sorted((TESTS / "cases").glob("*/*.json"))
BASE = json.loads((TESTS / "cases" / "base.json").read_text())
TINY = {path.name: path.read_text() for path in (TESTS / "tiny" / "schema").iterdir()}
TINY_ANNOTATION = json.loads(TINY["annotation.schema.json"])
# Cases mark no more than they need. What asks for more marks is put back by its own cases.
UNMARKED = ("covered", "everywhere", "quoted")
TINY_DOCUMENT = json.loads(TINY["document.schema.json"])
TEXT = (
    "Ada Quill said that the Elm Fair sold 40 jars of jam.\nShe thinks the fair is good, but dear. The fair! may close."
)
SET = "annotations/sets/a1/d1.json"
GOLD_SET = "annotations/gold/d1.json"


def merge(value: Any, patch: Any) -> Any:
    """A JSON merge patch applied, as in section 2 of RFC 7396; or, to a text, replacements that each fit once."""
    if not isinstance(patch, dict):
        return patch
    if isinstance(value, str):
        for old, new in patch.items():
            assert value.count(old) == 1, old
            value = value.replace(old, new)
        return value
    value = value if isinstance(value, dict) else {}
    merged = {key: merge(value.get(key), change) for key, change in patch.items() if change is not None}
    return {**{key: kept for key, kept in value.items() if key not in patch}, **merged}


def files_of(case: dict[str, Any]) -> dict[str, Any]:
    """The files of the corpus that a case makes of the base."""
    document = BASE["corpus/documents/d1.json"]

    def span(given: Any) -> Any:
        if isinstance(given, str):
            given = {"exact": given}
        if "exact" not in given:
            return given
        return msgspec.to_builtins(anchor(TEXT, msgspec.convert(given, Quotation)))

    def annotated(annotations: list[Any], annotator: str, entities: list[Any]) -> dict[str, Any]:
        anchored = [{**a, "spans": [span(s) for s in a["spans"]]} if "spans" in a else a for a in annotations]
        return {
            "document": "d1",
            "text_sha256": document["text_sha256"],
            "annotator": annotator,
            "entities": entities,
            "annotations": anchored,
        }

    found = {f"schema/{name}": json.loads(text) if name.endswith(".json") else text for name, text in TINY.items()}
    rules = found["schema/annotation.schema.json"]["x-standoff"]
    rules["constraints"] = [constraint for constraint in rules["constraints"] if constraint["kind"] not in UNMARKED]
    found |= BASE
    found[SET] = annotated(case.get("annotations", []), "a1", case.get("entities", []))
    if "gold" in case:
        found[GOLD_SET] = annotated(case["gold"], "gold", [])
    for path, patch in case.get("files", {}).items():
        found[path] = merge(found.get(path), patch)
    return {path: content for path, content in found.items() if content is not None}


@cache
def parsed(texts: tuple[tuple[str, str], ...]) -> Scheme:
    return parse(dict(texts))


@pytest.fixture
def schemas_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To hold a schema against its metaschema takes longer than all else in a case, and most have the same."""
    monkeypatch.setattr(files, "parse", lambda texts, place: parsed(tuple(sorted(texts.items()))))


def corpus_of(case: dict[str, Any], root: Path) -> tuple[Corpus, tuple[Finding, ...]]:
    for path, content in files_of(case).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes((content if isinstance(content, str) else json.dumps(content)).encode())
    return files.inspect(root)


def findings_of(case: dict[str, Any], root: Path) -> tuple[Finding, ...]:
    corpus, reading = corpus_of(case, root)
    if "document" in case:
        changed = msgspec.convert({**msgspec.to_builtins(corpus.documents["d1"]), **case["document"]}, Document)
        corpus = replace(corpus, documents={"d1": changed})
    previous = {version: corpus_of(was, root / version)[0] for version, was in case.get("previous", {}).items()}
    if case.get("listed", True):
        known = {release.version for release in corpus.releases}
        listed = [Release(v, "2024-04-01", content_digest(was)) for v, was in previous.items() if v not in known]
        corpus = replace(corpus, releases=(*corpus.releases, *listed))
    raw = files.raw_bytes(root, corpus) if case.get("raw", True) else None
    stored = {path: (root / path).read_bytes() for path in case.get("stored", [])}
    given = {"raw": raw, "stored": stored, "previous": previous, "reading": reading}
    found = validate(corpus, **given)
    assert found == validate(corpus, **given, thorough=True)
    return found


@pytest.mark.usefixtures("schemas_read_once")
@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in CASES])
def test_a_case_has_the_findings_that_it_expects_and_no_others(path: Path, tmp_path: Path) -> None:
    case = json.loads(path.read_text())
    expected = [
        (e["rule"], e.get("file", SET), e["id"], e.get("field"), e.get("severity", "error"), e["says"])
        for e in case.get("expect", [])
    ]

    found = findings_of(case, tmp_path)

    left = list(found)
    for rule, file, id, field, severity, says in expected:
        fits = [
            f
            for f in left
            if (f.rule, f.file, f.id, f.severity) == (rule, file, id, severity)
            and says in f.message
            and field in (None, f.field)
        ]
        assert fits, "\n".join((f"expected {rule} on {file}#{id} {field or ''}: {says}", "found", *map(str, found)))
        left.remove(fits[0])
    assert not left, "\n".join(map(str, left))


def on_disk(path: Path) -> bool:
    """Whether a case is all in files, and of errors."""
    case = json.loads(path.read_text())
    return not case.keys() & {"raw", "previous", "document"} and all(
        "severity" not in expected for expected in case["expect"]
    )


FIRST = {path.parent.name: path for path in reversed(CASES) if path.stem.startswith("invalid-") and on_disk(path)}


@pytest.mark.usefixtures("schemas_read_once")
@pytest.mark.parametrize("path", [pytest.param(path, id=rule) for rule, path in sorted(FIRST.items())])
def test_the_command_exits_1_on_an_invalid_case_and_names_rule_file_and_id(path: Path, tmp_path: Path) -> None:
    case = json.loads(path.read_text())
    corpus_of(case, tmp_path)

    result = CliRunner().invoke(main, ["--root", str(tmp_path), "validate"], catch_exceptions=False)

    assert result.exit_code == 1, result.output
    for expected in case["expect"]:
        place = expected.get("file", SET) + (f"#{expected['id']}" if expected["id"] else "")
        told = [line for line in result.output.splitlines() if place in line and line.endswith(f"({expected['rule']})")]
        assert any(printable(expected["says"]) in line for line in told), result.output


def test_most_rules_are_tried_by_command() -> None:
    assert len(FIRST) >= 60


def test_every_rule_has_valid_and_invalid_cases_and_every_folder_is_a_rule() -> None:
    kinds = {(path.parent.name, path.stem.partition("-")[0]) for path in CASES}

    assert kinds == {(rule.id, kind) for rule in RULES for kind in ("valid", "invalid")}


def test_a_valid_case_expects_nothing_and_an_invalid_one_its_rule() -> None:
    for path in CASES:
        rules = {expected["rule"] for expected in json.loads(path.read_text()).get("expect", [])}

        assert bool(rules) == path.stem.startswith("invalid-"), path
        assert not rules or path.parent.name in rules, path


def test_rules_have_ids_in_kebab_case_each_its_own_and_say_what_must_hold() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.summary.endswith("."), rule.id


def test_every_kind_of_constraint_is_a_rule_of_its_name() -> None:
    rules = {rule.id for rule in RULES if rule.subject == "constraint"}

    assert rules == {kind.replace("_", "-") for kind in CONSTRAINTS}


def test_the_description_of_the_schema_names_every_key() -> None:
    readme = (ROOT / "schema" / "README.md").read_text()
    sections = {m[1]: m[2] for m in re.finditer(r"^### `([a-z_]+)`\n(.*?)(?=^#|\Z)", readme, re.MULTILINE | re.DOTALL)}

    for kind, (required, optional) in CONSTRAINTS.items():
        for parameter in (*required, *optional):
            assert f"`{parameter}`" in sections[kind], f"{kind}: {parameter}"
        example = json.loads(re.findall(r"^```json\n(.*?)^```", sections[kind], re.MULTILINE | re.DOTALL)[0])
        assert example["kind"] == kind
        assert required <= example.keys() <= required | optional | {"kind", "layer", "severity"}
    for kind, parameters in VIEWS.items():
        assert all(f"`{parameter}`" in sections[kind] for parameter in parameters), kind
    for key in sorted({*keys_of(TINY_ANNOTATION), *keys_of(TINY_DOCUMENT)}):
        assert f"`{key}`" in readme, key


def keys_of(schema: Any) -> Iterator[str]:
    """The keys of a schema's x-standoff objects."""
    if isinstance(schema, dict):
        yield from schema.get("x-standoff", {})
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from keys_of(value)


def test_the_tiny_corpus_has_no_finding(tiny: Corpus) -> None:
    assert validate(tiny) == ()


def test_findings_are_ordered_and_the_same_each_time(tiny: Corpus) -> None:
    bare = replace(tiny, entities={}, annotators={}, rights={})

    findings = validate(bare)

    assert len(findings) > 10
    assert list(findings) == sorted(findings)
    assert validate(bare) == findings


def test_progress_is_told_of_each_document_and_of_the_end(tiny: Corpus) -> None:
    told: list[tuple[str, int, int]] = []

    validate(tiny, progress=lambda *step: told.append(step))

    assert told == [("validating", n, 3) for n in range(4)]


def test_an_empty_corpus_has_no_finding(tiny: Corpus) -> None:
    empty = {"documents": {}, "segments": {}, "entities": {}, "sets": {}, "gold": {}, "rights": {}}

    assert validate(replace(tiny, **empty, splits=Splits())) == ()


def test_a_chain_of_ten_thousand_reports_is_followed(tiny: Corpus) -> None:
    last = 10_000
    links = {str(n): [str(n + 1)] for n in range(last)}

    assert list(cycles(links)) == []
    assert [len(circle) for circle in cycles({**links, str(last): ["0"]})] == [10_001]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefx"), max_size=3)))
def test_there_is_a_circle_exactly_where_no_order_is(links: dict[str, list[str]]) -> None:
    found = list(cycles(links))

    try:
        TopologicalSorter(links).prepare()
        assert not found
    except CycleError:
        assert found
    for circle in found:
        assert circle[0] == min(circle)
        assert all(b in links[a] for a, b in pairwise((*circle, circle[0])))


STRANGE = st.sampled_from(["", "zz", "Zz z", "naming", "who", "shape", "proper", "n1", "é", "a:b"])


@st.composite
def records(draw: Any, annotations: Sequence[Annotation]) -> Annotation:
    """An annotation of a corpus with up to three of its parts changed, most often for the worse."""
    found = draw(st.sampled_from(annotations))
    other = draw(st.sampled_from(annotations))
    changes = st.sampled_from(["label", "attributes", "refs", "spans", "note", "id", "value", "name", "role", "ids"])
    for change in draw(st.lists(changes, max_size=3, unique=True)):
        if change in ("label", "id", "note"):
            found = replace(found, **{change: draw(STRANGE)})
        elif change in ("attributes", "refs", "spans"):
            empty: dict[str, Any] = {"attributes": {}, "refs": {}, "spans": ()}
            found = replace(found, **{change: draw(st.sampled_from([getattr(other, change), empty[change]]))})
        elif change == "ids" and found.refs:
            role = draw(st.sampled_from(sorted(found.refs)))
            found = replace(found, refs={**found.refs, role: tuple(draw(st.lists(st.sampled_from("abc"), max_size=3)))})
        elif change == "role":
            found = replace(found, refs={**found.refs, draw(STRANGE): ("n1",)})
        else:
            name = draw(STRANGE) if change == "name" else draw(st.sampled_from(sorted(found.attributes) or ["zz"]))
            found = replace(found, attributes={**found.attributes, name: draw(STRANGE)})
    return found


@given(st.data())
def test_rules_and_json_schema_find_the_same_records_wrong(tiny: Corpus, data: st.DataObject) -> None:
    annotations = [a for marked in tiny.sets.values() for a in marked.annotations]
    record = data.draw(records(annotations))
    marked = AnnotationSet("en_fair", "", "a1", (record,))
    work = Work(Page(Context(tiny, {}, frozenset()), "en_fair"), "a1", marked)

    found = {rule.id for rule in RULES if rule.subject == "set" and rule.level == "schema" and list(rule.find(work))}
    wrong = list(work.context.schema_errors(record.layer, record))

    # An id that would do for a relation will not do for a span: there the rule asks for more.
    said = found - {"id-form"} if re.fullmatch("[A-Za-z0-9_:-]{1,200}", record.id) else found
    assert bool(said) == bool(wrong), (found, wrong)


def test_json_schema_is_asked_only_where_a_layer_says_more_than_the_rules_know(tiny: Corpus) -> None:
    stricter = json.loads(TINY["annotation.schema.json"])
    stricter["$defs"]["point"]["properties"]["note"] = {"type": "string", "maxLength": 9}
    longer = parse({**TINY, "annotation.schema.json": json.dumps(stricter)})

    every = {"naming", "report", "point", "opinion", "link", "tie", "register"}

    assert Context(tiny, {}, frozenset()).plain == every
    assert Context(replace(tiny, scheme=longer), {}, frozenset()).plain == every - {"point"}


def test_long_lines_that_differ_in_the_middle_are_told_apart(tiny_root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(tiny_root, tmp_path / "corpus"))
    path = root / "corpus" / "rights.json"
    rights = json.loads(path.read_bytes())
    rights["documents"]["en_fair"] = dict(reversed(rights["documents"]["en_fair"].items()))
    path.write_text(json.dumps(rights, ensure_ascii=False) + "\n", encoding="utf-8")

    (message,) = [one.message for one in check(root)[1] if one.rule == "canonical-form"]

    found = re.fullmatch(r"line 1 is not in canonical form: from column [0-9]+: (.*); expected (.*); run .*", message)
    assert found
    assert found[1] != found[2]
