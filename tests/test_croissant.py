"""What a release says of itself in the formats of others: Croissant, DataCite, CITATION.cff."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.licenses import canonicalize_license_expression

from standoff import files, load
from standoff.errors import ReleaseError
from standoff.model import Corpus
from standoff.release.building import BuildReport, build
from standoff.release.citation import Author, Citation, read_citation
from standoff.release.datacite import datacite
from standoff.release.folder import about

DATE = "2024-03-08"

# The Croissant library still uses a name that rdflib gave up.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

CFF = """\
cff-version: 1.2.0
message: Cite it as below.
type: dataset
title: "Tiny: an \\"invented\\" corpus"
abstract: >-
  Three articles
  in three scripts.
authors:
  - family-names: "O'Neil"
    given-names: Ann  # a comment
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: 'Nobody''s school'
  - name: The Tiny Project
keywords:
  - stand-off
  - "tests"
license: CC-BY-4.0
repository-code: https://example.org/tiny
version: 0.0.0.dev0
doi: 10.5072/tiny
identifiers:
  - type: other
    value: {anything: [goes, here]}
"""


@pytest.fixture(scope="module")
def tiny_release(tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The tiny corpus with a full citation, as version 0.1.0.dev3; nobody writes into it."""
    root = Path(shutil.copytree(tiny_root, tmp_path_factory.mktemp("tiny") / "checkout"))
    (root / "CITATION.cff").write_text(CFF, encoding="utf-8")
    (root / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    return build(files.read(root), "0.1.0.dev3", root / "build", date=DATE, root=root)


@pytest.fixture(scope="module")
def real_release(statecloud: Corpus, root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The real corpus as version 9.0.0; nobody writes into it."""
    return build(statecloud, "9.0.0", tmp_path_factory.mktemp("real"), date=DATE, root=root)


@pytest.fixture(scope="module")
def bare_release(tiny_root: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The tiny corpus without its texts; nobody writes into it."""
    out = tmp_path_factory.mktemp("bare")
    return build(files.read(tiny_root), "0.1.0", out, date=DATE, root=tiny_root, edition="text-free")


def read_json(path: Path) -> Any:
    """What a file of JSON holds."""
    return json.loads(path.read_text(encoding="utf-8"))


# --- Croissant


def issues(folder: Path) -> tuple[list[str], list[str]]:
    """The errors and warnings of the library of the format's authors, which reads the description from disk."""
    import mlcroissant

    try:
        found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json")).metadata.ctx.issues
    except mlcroissant.ValidationError as error:
        return [str(error)], []
    return sorted(found.errors), sorted(found.warnings)


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_the_croissant_description_is_valid_and_lacks_nothing(name: str, request: pytest.FixtureRequest) -> None:
    assert issues(request.getfixturevalue(f"{name}_release").folder) == ([], [])


def test_the_description_of_an_edition_without_texts_is_valid(bare_release: BuildReport) -> None:
    # Nobody says how this corpus is to be cited, nor its licence; the library would like to know both.
    errors, warnings = issues(bare_release.folder)

    assert errors == []
    assert [re.findall(r"/(\w+)\"", warning) for warning in warnings] == [["citeAs"], ["license"]]


def test_a_reference_to_a_file_that_is_not_there_would_be_found(tiny_release: BuildReport, tmp_path: Path) -> None:
    text = (tiny_release.folder / "croissant.json").read_text(encoding="utf-8")
    broken = text.replace('"fileObject": {\n', '"fileObject": {"@id": "no/such/file"}, "x": {\n', 1)
    assert broken != text
    (tmp_path / "croissant.json").write_text(broken, encoding="utf-8")

    assert issues(tmp_path)[0] != []


def told(value: Any) -> Any:
    """A record of the library as rows of a table are: no paths in names, text and no bytes."""
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: told(part) for name, part in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    return [told(part) for part in value] if hasattr(value, "__iter__") and not isinstance(value, str) else value


@pytest.mark.parametrize("config", ["opinion", "naming_tags", "point_sentences", "link_pairs", "soft_labels", "splits"])
def test_the_croissant_library_reads_the_same_rows(config: str, tiny_release: BuildReport) -> None:
    import mlcroissant

    described = mlcroissant.Dataset(jsonld=str(tiny_release.folder / "croissant.json"))
    rows = {split: table.to_pylist() for split, table in load(config, source=tiny_release.folder).items()}

    assert sum(map(len, rows.values())) > 0
    assert {split: told(list(described.records(f"{config}/{split}"))) for split in rows} == rows


def test_croissant_names_every_parquet_file_with_its_checksum_and_size(tiny_release: BuildReport) -> None:
    found = read_json(tiny_release.folder / "croissant.json")

    assert {one["contentUrl"]: (one["sha256"], one["contentSize"]) for one in found["distribution"]} == {
        path: (sha256, f"{(tiny_release.folder / path).stat().st_size} B")
        for path, sha256 in tiny_release.files.items()
        if path.endswith(".parquet")
    }
    assert {one["@id"] for one in found["recordSet"]} == {
        f"{config}/{split}" for config, splits in tiny_release.rows.items() for split in splits
    }


def test_croissant_says_how_the_data_came_about(tiny_release: BuildReport) -> None:
    found = read_json(tiny_release.folder / "croissant.json")

    assert found["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert found["version"] == "0.1.0"
    assert found["license"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert found["citeAs"] == (
        '@dataset{tiny, author = {Ann O\'Neil and {The Tiny Project}}, title = {Tiny: an "invented" corpus}, '
        "year = {2024}, version = {0.1.0.dev3}, doi = {10.5072/tiny}, url = {https://example.org/tiny}}"
    )
    assert {name: value for name, value in found.items() if name.startswith("rai:") and isinstance(value, list)} == {
        "rai:dataPreprocessingProtocol": [
            "Dropped from the raw files, by kind: advert 3, banner 3, tag 3; no other character was changed.",
            "Sentences and tokens: by hand.",
        ],
        "rai:dataAnnotationProtocol": [
            "schema/CODEBOOK.md defines every layer and label (schema version 1).",
            "Spans are half-open ranges of Unicode code points; each quotes what it covers.",
        ],
        "rai:annotatorDemographics": ["a1: Reads all three languages; labelled every layer."],
        "rai:machineAnnotationTools": ["m1: language model example-model 0.1 2024-03-08", "r1: rule"],
        "rai:dataLimitations": [
            "Documents by split: train 2, validation 0, test 1.",
            "2 of 3 documents were annotated by more than one annotator.",
            "12 of 15 entities were not looked up in a knowledge base.",
            "`naming_tags` has no tags for 2 of 32 fragments, which are nested in, or cross, one that is tagged, or do "
            "not fit the tokens of one sentence.",
        ],
    }
    assert found["rai:annotationsPerItem"] == "Documents by the number of their annotators: 1: 1, 2: 2"
    assert found["rai:dataReleaseMaintenancePlan"].endswith("To have a text taken down: takedown@example.org")


# --- DataCite

_TEXT = {"type": "string", "minLength": 1}
_NAMED = {"type": "object", "required": ["name"], "properties": {"name": _TEXT}, "additionalProperties": False}


def _listed(required: list[str], /, least: int = 0, **properties: Any) -> dict[str, Any]:
    """A list of objects with these properties and no others."""
    item = {"type": "object", "required": required, "properties": properties, "additionalProperties": False}
    return {"type": "array", "minItems": least, "items": item}


# What schema 4 of DataCite asks for, in our own words and as far as a release has it.
DATACITE = {
    "type": "object",
    "required": ["schemaVersion", "types", "creators", "titles", "publisher", "publicationYear"],
    "additionalProperties": False,
    "properties": {
        "schemaVersion": {"const": "http://datacite.org/schema/kernel-4"},
        "doi": {"type": "string", "pattern": r"^10\.[0-9]{4,}/\S+$"},
        "url": {"type": "string", "pattern": "^https?://"},
        "types": {
            "type": "object",
            "required": ["resourceTypeGeneral"],
            "properties": {"resourceTypeGeneral": {"const": "Dataset"}, "resourceType": _TEXT},
        },
        "creators": _listed(
            ["name"],
            1,
            name=_TEXT,
            nameType={"enum": ["Personal", "Organizational"]},
            givenName=_TEXT,
            familyName=_TEXT,
            affiliation={"type": "array", "items": _NAMED},
            nameIdentifiers=_listed(
                ["nameIdentifier", "nameIdentifierScheme"],
                nameIdentifier=_TEXT,
                nameIdentifierScheme=_TEXT,
                schemeUri=_TEXT,
            ),
        ),
        "titles": _listed(["title"], 1, title=_TEXT),
        "publisher": _NAMED,
        "publicationYear": {"type": "integer", "minimum": 1000, "maximum": 9999},
        "dates": _listed(
            ["date", "dateType"],
            date={"type": "string", "pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"},
            dateType={"enum": ["Accepted", "Available", "Collected", "Created", "Issued", "Updated", "Withdrawn"]},
        ),
        "version": _TEXT,
        "language": {"type": "string", "pattern": r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*$"},
        "subjects": _listed(["subject"], subject=_TEXT),
        "descriptions": _listed(
            ["description", "descriptionType"],
            description=_TEXT,
            descriptionType={"enum": ["Abstract", "Methods", "SeriesInformation", "TechnicalInfo", "Other"]},
        ),
        "rightsList": _listed(
            [],
            rights=_TEXT,
            rightsUri=_TEXT,
            rightsIdentifier=_TEXT,
            rightsIdentifierScheme=_TEXT,
            schemeUri=_TEXT,
        ),
        "formats": {"type": "array", "items": _TEXT},
        "sizes": {"type": "array", "items": _TEXT},
    },
}


@pytest.mark.parametrize("name", ["tiny", "real", "bare"])
def test_the_datacite_record_follows_the_schema(name: str, request: pytest.FixtureRequest) -> None:
    record = read_json(request.getfixturevalue(f"{name}_release").folder / "datacite.json")

    jsonschema.validate(record, DATACITE)


def test_the_datacite_record_says_what_the_citation_says(tiny_release: BuildReport) -> None:
    record = read_json(tiny_release.folder / "datacite.json")

    assert record["doi"] == "10.5072/tiny"
    assert record["creators"] == [
        {
            "name": "O'Neil, Ann",
            "nameType": "Personal",
            "givenName": "Ann",
            "familyName": "O'Neil",
            "affiliation": [{"name": "Nobody's school"}],
            "nameIdentifiers": [
                {
                    "nameIdentifier": "https://orcid.org/0000-0002-1825-0097",
                    "nameIdentifierScheme": "ORCID",
                    "schemeUri": "https://orcid.org",
                }
            ],
        },
        {"name": "The Tiny Project", "nameType": "Organizational"},
    ]
    assert (record["version"], record["publicationYear"], "language" in record) == ("0.1.0.dev3", 2024, False)
    assert record["descriptions"][0] == {
        "description": "Three articles in three scripts.",
        "descriptionType": "Abstract",
    }


def test_a_corpus_without_a_citation_is_described_all_the_same(tiny: Corpus, tiny_release: BuildReport) -> None:
    record = json.loads(datacite(tiny, about(tiny_release.folder), {}, Citation()))

    jsonschema.validate(record, DATACITE)
    assert record["creators"] == [{"name": ":unkn"}]
    assert record["titles"] == [{"title": "Tiny · صغير"}]


# --- CITATION.cff

# What version 1.2.0 of the format asks for, in our own words and as far as a dataset's file has it.
CITATION_SCHEMA = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "properties": {
        "cff-version": {"type": "string", "pattern": r"^1\.2\.\d+$"},
        "message": _TEXT,
        "title": _TEXT,
        "abstract": _TEXT,
        "type": {"enum": ["software", "dataset"]},
        "version": {"oneOf": [_TEXT, {"type": "number"}]},
        "date-released": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"},
        "license": _TEXT,
        "doi": {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+$"},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _TEXT},
        "authors": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"anyOf": [{"required": ["name"]}, {"required": ["family-names"]}, {"required": ["given-names"]}]},
        },
    },
    "propertyNames": {
        "enum": [
            *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers"),
            *("keywords", "license", "license-url", "message", "preferred-citation", "references", "repository"),
            *("repository-artifact", "repository-code", "title", "type", "url", "version"),
        ]
    },
}


@pytest.mark.parametrize("name", ["tiny", "real"])
def test_the_citation_of_a_release_follows_the_format(name: str, request: pytest.FixtureRequest) -> None:
    release: BuildReport = request.getfixturevalue(f"{name}_release")
    found = yaml.safe_load((release.folder / "CITATION.cff").read_text(encoding="utf-8"))

    jsonschema.validate(found, CITATION_SCHEMA)
    assert (found["type"], str(found["version"]), str(found["date-released"])) == ("dataset", release.version, DATE)
    assert canonicalize_license_expression(found["license"]) == found["license"]


def test_the_facts_of_a_citation_are_those_that_yaml_reads(root: Path) -> None:
    for text in (CFF, (root / "CITATION.cff").read_text(encoding="utf-8")):
        facts: Mapping[str, Any] = yaml.safe_load(text)
        found = read_citation(text)

        assert [found.title, found.abstract, found.license, found.doi] == [
            facts.get(name, "") for name in ("title", "abstract", "license", "doi")
        ]
        assert list(found.keywords) == facts["keywords"]
        assert [author.name or author.family for author in found.authors] == [
            author.get("name") or f"{author['given-names']} {author['family-names']}" for author in facts["authors"]
        ]


def test_an_author_of_a_citation_is_a_person_or_an_entity() -> None:
    assert read_citation(CFF).authors == (
        Author(
            name="Ann O'Neil",
            family="O'Neil",
            given="Ann",
            orcid="https://orcid.org/0000-0002-1825-0097",
            affiliation="Nobody's school",
        ),
        Author(name="The Tiny Project"),
    )


def test_no_citation_says_nothing() -> None:
    assert read_citation("") == Citation()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [a, b]", "CITATION.cff: line 1: title: '[a, b]'; expected a plain or quoted scalar"),
        ("cff-version: 1.2.0\ntitle: 'x", 'CITATION.cff: line 2: title: "\'x"; expected a closing quote'),
        ('title: "x" y', "CITATION.cff: line 1: title: '\"x\" y'; expected nothing behind the closing quote"),
        ("license:\n  - CC-BY-4.0\n  - MIT", "CITATION.cff: license is a list; expected one value"),
        ("keywords:\n  what", "CITATION.cff: line 1: keywords: 'what'; expected an item of a list"),
        ("authors:\n  - Ann", "CITATION.cff: authors or keywords are written otherwise than the format says"),
    ],
)
def test_a_citation_that_is_not_understood_is_not_guessed_at(text: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=f"^{re.escape(said)}$"):
        read_citation(text)


def test_the_changelog_goes_along(tiny_release: BuildReport) -> None:
    assert (tiny_release.folder / "CHANGELOG.md").read_text(encoding="utf-8") == "# Changelog\n"
