"""The whole way once: a corpus through a real Label Studio and back, validated, built, and loaded."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, structs

from standoff.files import set_path
from standoff.labelstudio import server, sync
from standoff.model import Corpus, Finding, Progress, silent
from standoff.release import BuildReport, build
from standoff.validate import check

__all__ = ["Report", "Way", "lines", "next_version", "roundtrip"]


class Way(Struct, frozen=True):
    """What one annotator's sets went through."""

    annotator: str
    sets: int
    pushed: int
    """Tasks that were made or renewed; the others stood there already."""
    changed: tuple[str, ...]
    """Documents whose set came back with other bytes, or not at all."""


class Report(Struct, frozen=True, kw_only=True):
    """What the way showed."""

    documents: int
    annotations: dict[str, dict[str, int]]
    """Layer -> "gold", or an annotator -> annotations."""
    ways: tuple[Way, ...]
    findings: tuple[Finding, ...]
    release: BuildReport | None
    """None where the corpus has errors."""
    loaded: dict[str, dict[str, int]]
    """Config -> split -> rows, as the datasets library counts them."""

    @property
    def errors(self) -> int:
        """How many findings forbid a release."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether nothing changed, nothing is wrong, and everything loads."""
        return (
            not any(way.changed for way in self.ways)
            and self.release is not None
            and self.loaded == _with_rows(self.release.rows)
        )


def roundtrip(root: Path, *, date: str, progress: Progress = silent) -> Report:
    """Pushes every set of a corpus to its own Label Studio, pulls it back, compares, validates, builds, and loads.

    All that it makes lies in `.standoff/roundtrip`: a server of its own, so that nobody's work is touched, and a
    development release. What is in the corpus's folders is only read. The server is stopped whatever happens.

    Raises:
        StandoffError: the corpus cannot be read, Label Studio does not start, or a release cannot be built.
    """
    corpus, findings = check(root, progress=progress)
    scratch = root / ".standoff" / "roundtrip"
    try:
        studio = server.up(scratch, environment=root / ".standoff" / "studio" / "env", progress=progress)
        annotators = sorted({annotator for annotator, _ in corpus.sets})
        ways = tuple(_way(root, scratch, corpus, annotator, studio, progress) for annotator in annotators)
    finally:
        server.down(scratch)
    release = None
    loaded = {}
    if not any(finding.severity == "error" for finding in findings):
        out = scratch / "releases"
        # A development release has no claim to stay: this one replaces that of the run before.
        shutil.rmtree(out, ignore_errors=True)
        release = build(corpus, next_version(corpus), out, date=date, root=root, progress=progress)
        loaded = _load_all(release, scratch / "datasets", progress)
    return Report(
        documents=len(corpus.documents),
        annotations=_counts(corpus),
        ways=ways,
        findings=findings,
        release=release,
        loaded=loaded,
    )


def next_version(corpus: Corpus) -> str:
    """The development version that follows the newest release: a patch further, or the first."""
    newest = max((tuple(map(int, release.version.split("."))) for release in corpus.releases), default=None)
    if newest is None:
        return "0.1.0.dev0"
    return f"{newest[0]}.{newest[1]}.{newest[2] + 1}.dev0"


def _way(root: Path, scratch: Path, corpus: Corpus, annotator: str, studio: server.Studio, progress: Progress) -> Way:
    documents = sorted(document for who, document in corpus.sets if who == annotator)
    pushed = sync.push(scratch, corpus, annotator, studio, documents=documents, progress=progress)
    # Pulled as if nothing were on disk, so that every set is written anew and its bytes can be held against the old.
    shutil.rmtree(set_path(scratch, annotator, "").parent, ignore_errors=True)
    sync.pull(scratch, structs.replace(corpus, sets={}), annotator, studio, progress=progress)
    changed = tuple(
        id for id in documents if _bytes(set_path(scratch, annotator, id)) != _bytes(set_path(root, annotator, id))
    )
    return Way(annotator, len(documents), len(pushed.created) + len(pushed.replaced), changed)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _load_all(release: BuildReport, cache: Path, progress: Progress) -> dict[str, dict[str, int]]:
    """The rows of every config as the datasets library reads them from the release's folder."""
    # The library reads these once, when it is imported, and would else look for the Hub and write into the home folder.
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    import datasets

    folder = str(release.folder.resolve())
    names = datasets.get_dataset_config_names(folder)
    found = {}
    for n, name in enumerate(names):
        progress("loading with datasets", n, len(names))
        splits = datasets.load_dataset(folder, name, cache_dir=str(cache / "rows"))
        found[name] = {split: rows.num_rows for split, rows in splits.items()}
    progress("loading with datasets", len(names), len(names))
    return found


def _with_rows(rows: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The splits that a release declares: those with rows, since the datasets library fails on the others."""
    some = {config: {split: n for split, n in splits.items() if n} for config, splits in rows.items()}
    return {config: splits for config, splits in some.items() if splits}


def _counts(corpus: Corpus) -> dict[str, dict[str, int]]:
    marked = [*corpus.gold.values(), *corpus.sets.values()]
    counts = Counter((one.layer, each.annotator) for each in marked for one in each.annotations)
    who = list(dict.fromkeys(each.annotator for each in marked))
    return {layer: {each: counts[layer, each] for each in who} for layer in corpus.scheme.layer_names}


def lines(report: Report) -> Iterator[tuple[str, str]]:
    """The report as a table of two columns."""
    yield "documents", str(report.documents)
    for layer, counts in report.annotations.items():
        yield f"annotations: {layer}", ", ".join(f"{n} {annotator}" for annotator, n in counts.items())
    for way in report.ways:
        changed = f"; CHANGED: {', '.join(way.changed)}" if way.changed else ""
        yield (
            f"Label Studio, {way.annotator}",
            f"{way.pushed} pushed, {way.sets - len(way.changed)} of {way.sets} back unchanged{changed}",
        )
    yield "findings", f"{report.errors} errors, {len(report.findings) - report.errors} warnings"
    if report.release is None:
        yield "release", "none: the corpus has errors (standoff validate)"
        return
    yield "release", report.release.version
    yield "content sha256", report.release.content_sha256
    for config, rows in report.release.rows.items():
        loaded = report.loaded.get(config, {})
        shown = ", ".join(f"{n} {split}" for split, n in rows.items() if n) or "no rows"
        different = "" if loaded == {s: n for s, n in rows.items() if n} else f"; LOADED: {loaded}"
        yield f"rows: {config}", shown + different
