"""What is installed from a wheel carries a release, and loads it without a network, a checkout or a cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from standoff.model import Corpus
from standoff.release import build

DATE = "2024-03-08"
PROJECT = ("pyproject.toml", "hatch_build.py", "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", ".gitignore")

# -S leaves the checkout out, which the environment's editable installation puts on the path.
RUN = """
import json, socket, sys

def refuse(*_):
    raise AssertionError("the network was asked for")

socket.socket.connect = refuse
import standoff
from standoff.errors import StandoffError

try:
    labels = standoff.load("opinion", split="train")["label"].to_pylist()
    found = {"labels": labels, "versions": standoff.versions(), "sets": len(standoff.read_release().sets)}
except StandoffError as error:
    found = {"error": str(error)}
print(json.dumps({"file": standoff.__file__, **found}))
"""


@pytest.fixture(scope="module")
def project(root: Path, tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's sources with 0.9.0, 0.10.0 and a later version in development staged; and its wheel."""
    copy = tmp_path_factory.mktemp("project")
    for name in PROJECT:
        shutil.copy(root / name, copy)
    shutil.copytree(root / "loaders", copy / "loaders", ignore=shutil.ignore_patterns("__pycache__", "embedded"))
    for version in ("0.9.0", "0.10.0", "0.11.0.dev0"):
        build(tiny, version, copy / "build" / "wheel", date=DATE)
    (copy / "corpus").mkdir()
    (copy / "corpus" / "releases.json").write_text('{"releases": []}\n')
    # The source distribution, and from that the wheel.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", "."]
    subprocess.run(command, cwd=copy, capture_output=True, check=True)
    return copy


@pytest.fixture(scope="module")
def installed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds."""
    target = tmp_path_factory.mktemp("installed")
    (wheel,) = (project / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(target: Path, cwd: Path) -> dict[str, object]:
    """What a process sees whose only standoff is the installed one."""
    path = os.pathsep.join([str(target), sysconfig.get_path("purelib")])
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": path}
    command = [sys.executable, "-S", "-W", "error", "-c", RUN]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_installed_package_loads_the_newest_release_that_was_staged(installed: Path, tmp_path: Path) -> None:
    found = run(installed, tmp_path)

    assert found == {
        "file": str(installed / "standoff" / "__init__.py"),
        "labels": ["likes", "torn", "unsure", "likes", "likes"],
        "versions": ["0.10.0"],
        "sets": 5,
    }
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_around_the_installation_is_not_taken_for_its_release(
    installed: Path, tiny_root: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_root, tmp_path / "corpus_of_somebody")
    target = tmp_path / "corpus_of_somebody" / "env"
    shutil.copytree(installed, target)

    assert run(target, tmp_path)["versions"] == ["0.10.0"]


def test_a_package_without_a_release_says_so(installed: Path, tmp_path: Path) -> None:
    target = tmp_path / "bare"
    shutil.copytree(installed, target)
    shutil.rmtree(target / "standoff" / "embedded")

    assert run(target, tmp_path)["error"] == (
        "this installation carries no release and stands in no checkout; expected a source: a folder or a URL"
    )


def test_the_source_distribution_holds_the_release_inside_the_package(project: Path) -> None:
    (sdist,) = (project / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"hatch_build.py", "loaders/standoff/embedded/0.10.0/SHA256SUMS"} <= names
    assert {"loaders/standoff/embedded/releases.json", "loaders/standoff/embedded/0.10.0/README.md"} <= names
    assert not any("0.9.0" in name or "0.11.0" in name or name.startswith("build/") for name in names)


def test_an_editable_installation_gets_no_release(project: Path, tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(project)).build(directory=str(tmp_path), versions=["editable"])
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert not any("embedded" in name for name in names)
    assert any(name.endswith(".pth") for name in names)
    assert not (project / "loaders" / "standoff" / "embedded").exists()


def test_a_wheel_straight_from_the_checkout_is_the_same(project: Path, installed: Path, tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(project)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}

    assert names == {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()} - {
        path.relative_to(installed).as_posix() for path in installed.rglob("__pycache__/*")
    }


def test_a_yanked_release_goes_into_no_package(project: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(project, tmp_path / "project"))
    yanked = {"version": "0.10.0", "date": DATE, "content_sha256": "", "yanked": True, "why": "built from a draft"}
    (copy / "corpus" / "releases.json").write_text(json.dumps({"releases": [yanked]}))

    for builder in (WheelBuilder, SdistBuilder):
        with pytest.raises(ValueError, match=r"0\.10\.0: was yanked: built from a draft; expected a release"):
            list(builder(str(copy)).build(directory=str(tmp_path / "dist"), versions=["standard"]))
    assert list((tmp_path / "dist").glob("*.*")) == []
    # Where the checkout itself is the source, nothing is embedded.
    list(WheelBuilder(str(copy)).build(directory=str(tmp_path / "dist"), versions=["editable"]))
