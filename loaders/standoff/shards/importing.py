"""From an export of somebody else's Label Studio to shards with what was annotated: all of it is taken, or nothing."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs

from standoff import files
from standoff.canon import canonical
from standoff.engine import Crew, Engine, Receipt, hired, key_of, run, settled
from standoff.errors import StudioError, UsageError
from standoff.labelstudio.foreign import Evidence, Loss, Map, read_map, untouched
from standoff.labelstudio.foreign.forms import Form, Job, form_of, jobs
from standoff.labelstudio.foreign.importing import UNTOLD, document_told, gather, imported
from standoff.labelstudio.foreign.receipt import receipt
from standoff.labelstudio.foreign.units import Survey, added, judged, survey
from standoff.labelstudio.items import listed
from standoff.labelstudio.sound import parse
from standoff.model import AnnotationSet, Corpus, Progress, silent
from standoff.shards.bundle import Batch, Bundle, batches, corpus_of, head_of, raw_of, record
from standoff.shards.checking import head_at
from standoff.shards.converting import Conversion, jobs_of, settled_at
from standoff.shards.exports import tasks
from standoff.shards.memory import uncollected
from standoff.shards.places import refuse_others
from standoff.shards.scatter import gather as rows_of
from standoff.shards.scatter import scatter
from standoff.shards.streams import digest, id_of, records, write_records
from standoff.shards.taking import first_and_last, firsts_of
from standoff.text import sha

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ImportedShards", "from_foreign"]

_CHUNK = 2000
"""Tasks of an export that are held at once."""

_SURVEY, _SETS, _TEXTS, _ROUTED = "survey.json", "sets.json", "texts.json", "routed.json"


class ImportedShards(Struct, frozen=True):
    """What a foreign export says."""

    form: Form
    evidence: Evidence
    losses: tuple[Loss, ...]
    sets: int
    annotations: int


class ImportJob(Struct, frozen=True, kw_only=True):
    """One shard, and the tasks that show its documents."""

    to: Conversion
    map: str
    """The map, as JSON."""
    place: str
    chunks: tuple[Path, ...]
    replace: bool
    says: Evidence | None = None

    def folder(self, step: str) -> Path:
        """Where the outputs of a step stand."""
        return self.to.work / "imported" / step / f"{self.to.number:05}"

    def key(self, step: str) -> str:
        """What the outputs of a step are made from."""
        says = self.says and structs.astuple(self.says)
        of = [self.to.head, self.to.export, self.to.annotator, self.map, self.place, self.replace, says]
        return key_of(step, digest(self.to.shard), *of)


def from_foreign(
    root: Path,
    shards: Sequence[str],
    export: str,
    mapped: Any,
    out: str,
    annotator: str,
    *,
    work: Path,
    replace: bool = False,
    place: str = "map",
    engine: Engine | Crew | None = None,
    progress: Progress = silent,
) -> ImportedShards:
    """New shards, like the old ones, with what `standoff.labelstudio.foreign.from_export` says; all, or none.

    Args:
        export: see `standoff.shards.exports.tasks`.
        mapped: the JSON of the map.
        replace: whether sets that are there and are others go.
        place: what the map is called in messages.

    Raises:
        StudioError: as `from_export`.
        SchemaError: as `standoff.labelstudio.foreign.read_map`.
        UsageError: a set is there and is another one, other shards are in `out`, or documents are not in the order of
            their ids.
    """
    found = jobs_of(root, shards, out, annotator, work)
    refuse_others(out, [job.name for job in found])
    head, known = head_of(files.read(root)), digest(export)
    folder = work.resolve() / "imported" / "export"
    with hired(engine) as crew:
        names = read_map(mapped, head.scheme, documents=_Any(), place=place)
        if names.documents:
            wanted = tuple(sorted(set(names.documents.values())))
            there = run(
                ids_among, [(shard, wanted) for shard in shards], crew, what="finding documents", progress=progress
            )
            read_map(mapped, head.scheme, documents=[id for ids in there for id in ids], place=place)
        ends = run(first_and_last, list(shards), crew, what="finding documents", progress=progress)
        firsts = firsts_of(ends, shards)
        texts: dict[str, list[str]] = {}
        if not names.document:
            for of in run(texts_of, list(shards), crew, what="finding texts", progress=progress):
                for id, hashes in of.items():
                    for one in hashes:
                        texts.setdefault(one, []).append(id)
        key = key_of("foreign", known, firsts, canonical(mapped), texts, export)
        settled(folder, key, lambda aside: _routed(export, names, head, firsts, texts, aside))
        routed = msgspec.json.decode((folder / _ROUTED).read_bytes(), type=_Routed)
        work_on = [
            ImportJob(
                to=structs.replace(job, export=known),
                map=json.dumps(mapped),
                place=export,
                chunks=tuple(sorted(folder.glob("*.parquet"))),
                replace=replace,
            )
            for job in found
        ]
        run(survey_tasks, work_on, crew, what="finding what offsets count", progress=progress)
        surveys = (json.loads((job.folder("surveyed") / _SURVEY).read_text(encoding="utf-8")) for job in work_on)
        says = judged(added(msgspec.convert(one, Survey) for one in surveys))
        work_on = [structs.replace(job, says=says) for job in work_on]
        receipts = run(read_tasks, work_on, crew, what="reading tasks", progress=progress)
        lost = [_read_sets(job).lost for job in work_on]
        run(write_sets, work_on, crew, what="writing shards", progress=progress)
    return ImportedShards(
        routed.form,
        says,
        receipt([routed.lost, *lost], [UNTOLD] if routed.form == "JSON-MIN" else ()),
        sum(one.counts["sets"] for one in receipts),
        sum(one.counts["annotations"] for one in receipts),
    )


class _Any(Sequence[str]):
    """The documents of shards, before it is known which there are: that one is none of them is told by its task."""

    def __contains__(self, id: object) -> bool:
        return True

    def __len__(self) -> int:
        return 0

    def __getitem__(self, n: Any) -> Any:
        raise IndexError(n)


class _Routed(Struct, frozen=True):
    """What was told of an export when its tasks were put where their documents stand."""

    form: Form
    lost: dict[str, int]
    """Of tasks that have no annotation."""


class _Sets(Struct, frozen=True):
    sets: dict[str, AnnotationSet]
    lost: dict[str, int]


def ids_among(job: tuple[str, tuple[str, ...]]) -> list[str]:
    """Which of some documents a shard has."""
    shard, wanted = job
    among = set(wanted)
    return sorted(among & {id_of(content) for _, content in records(shard)})


def texts_of(shard: str) -> dict[str, list[str]]:
    """Document -> what its text, and that of its raw file, are known by."""
    return {
        bundle.document.id: sorted({sha(bundle.document.text), *([sha(bundle.raw)] if bundle.raw else [])})
        for batch in batches(shard)
        for bundle in batch.bundles
    }


def _routed(
    export: str, names: Map, head: Corpus, firsts: Sequence[str], texts: Mapping[str, list[str]], folder: Path
) -> Mapping[str, int]:
    """Puts the tasks of an export that have an annotation where the shard of their document finds them."""
    import pyarrow as pa

    lost: Counter[str] = Counter()
    form: Form | None = None
    first: Any = None
    found, chunks, count = tasks(export), 0, 0
    while some := list(islice(found, _CHUNK)):
        rows: list[tuple[int, str, bytes]] = []
        for number, _, content in some:
            task = parse(content, place=f"{export} [{number - 1}]")
            first = task if first is None else first
            try:
                form = form_of([first, task], place=export)
            except StudioError as error:
                error.place = f"{export}[{number - 1}]"
                raise
            (job,) = jobs([task], form, names, head.scheme, place=export)
            if job.lost["tasks without an annotation"]:
                lost.update(job.lost)
            else:
                rows.append((number, _document(job, names, texts), content))
        where = [max(0, bisect_right(firsts, id) - 1) for _, id, _ in rows]
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _schema(), strict=True)]
        scatter(pa.table(arrays, schema=_schema()), where, len(firsts), folder / f"{chunks:06}.parquet")
        chunks, count = chunks + 1, count + len(some)
    if form is None:
        form = form_of([], place=export)
    (folder / _ROUTED).write_bytes(msgspec.json.encode(_Routed(form, dict(lost)), order="sorted"))
    return {"tasks": count}


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("number", pa.int64()), ("document", pa.string()), ("task", pa.binary())])


def _document(job: Job, names: Map, texts: Mapping[str, list[str]]) -> str:
    """The document that a task shows, as its map or its text tells."""
    if names.document:
        return document_told(job, names)
    text = job.data.get(names.text)
    fitting = sorted(texts.get(sha(text), ())) if isinstance(text, str) else [""]
    if len(fitting) != 1:
        what = f"of {len(fitting)} documents ({listed(fitting)})" if fitting else "of no document of the corpus"
        raise StudioError(f"is the text {what}; expected one", place=f"{job.place} {names.text}")
    return fitting[0]


def _held(job: ImportJob) -> Iterator[tuple[Batch, Corpus, dict[str, str], list[tuple[int, Any]], Map]]:
    """The documents of a shard that tasks show, some at a time, with their tasks in the export's order."""
    head = head_at(job.to.root, job.to.head)
    names = read_map(json.loads(job.map), head.scheme, documents=_Any(), place="map")
    table = rows_of(job.chunks, job.to.number, _schema())
    waiting: dict[str, list[tuple[int, bytes]]] = {}
    for number, id, task in zip(*(column.to_pylist() for column in table.columns), strict=True):
        waiting.setdefault(id, []).append((number, task))
    for batch in uncollected(batches(job.to.shard)):
        if batch.unread:
            raise UsageError(f"{batch.unread[0]}; expected records that can be read", place=job.to.name)
        shown = [one for one in batch.bundles if one.document.id in waiting]
        contents = sorted(content for one in shown for content in waiting.pop(one.document.id))
        if contents:
            values = [(number, parse(content, place=f"{job.place} [{number - 1}]")) for number, content in contents]
            yield batch, corpus_of(shown, head), _raw(shown, job), values, names
    for _, left in sorted(waiting.items()):
        (gone,) = jobs([parse(left[0][1], place=job.place)], _form(left[0][1]), names, head.scheme, place=job.place)
        told = gone.data.get(names.document)
        raise StudioError(f"{told!r} is no document of the corpus or the map", place=f"{gone.place} {names.document}")


def _form(content: bytes) -> Form:
    return form_of([json.loads(content)], place="")


def _raw(shown: Sequence[Bundle], job: ImportJob) -> dict[str, str]:
    raw = {id: content.decode() for id, content in raw_of(shown).items()}
    for one in shown:
        if one.document.id not in raw:
            raise UsageError(
                f"document {one.document.id!r} has dropped ranges, and its record no `raw`; expected it",
                place=job.to.name,
            )
    return raw


def survey_tasks(job: ImportJob) -> Receipt:
    """Takes down what the spans of a shard's documents say of the unit of offsets."""
    return settled(job.folder("surveyed"), job.key("survey"), lambda folder: _surveyed(job, folder))


def _surveyed(job: ImportJob, folder: Path) -> Mapping[str, int]:
    found = []
    for _, corpus, raw, values, names in _held(job):
        gathered = gather([value for _, value in values], names, corpus, raw, place=job.place)
        numbers = [n for (n, _), claimed in zip(values, gathered.claimed, strict=True) for _ in claimed]
        found.append(survey(gathered.claims, numbers))
    # A foreign offset may have more digits than msgspec writes.
    text = json.dumps(msgspec.to_builtins(added(found)), sort_keys=True)
    (folder / _SURVEY).write_text(text, encoding="utf-8")
    return {"spans": sum(one.spans for one in found)}


def read_tasks(job: ImportJob) -> Receipt:
    """Reads the sets of a shard's documents, now that it is known what offsets count."""
    return settled(job.folder("read"), job.key("read"), lambda folder: _read(job, folder))


def _read(job: ImportJob, folder: Path) -> Mapping[str, int]:
    assert job.says is not None, "all spans were surveyed"
    sets: dict[str, AnnotationSet] = {}
    lost: Counter[str] = Counter()
    for _, corpus, raw, values, names in _held(job):
        gathered = gather([value for _, value in values], names, corpus, raw, place=job.place)
        found = imported(gathered, job.says, names, corpus, annotator=job.to.annotator)
        if not job.replace:
            untouched(found.sets, corpus)
        sets |= {one.document: one for one in found.sets}
        for of in gathered.found:
            lost.update(of.lost)
    (folder / _SETS).write_bytes(msgspec.json.encode(_Sets(sets, dict(lost)), order="sorted"))
    return {"sets": len(sets), "annotations": sum(len(one.annotations) for one in sets.values())}


def _read_sets(job: ImportJob) -> _Sets:
    return msgspec.json.decode((job.folder("read") / _SETS).read_bytes(), type=_Sets)


def write_sets(job: ImportJob) -> Receipt:
    """Writes one shard anew, with the sets that were read."""
    target = f"{job.to.out}/{job.to.name}"
    return settled_at(
        job.to, "imported/written", key_of(job.key("write"), target), target, lambda _: _written(job, target)
    )


def _written(job: ImportJob, target: str) -> Mapping[str, int]:
    sets = _read_sets(job).sets

    def found() -> Iterator[bytes]:
        for batch in uncollected(batches(job.to.shard)):
            for bundle in batch.bundles:
                if (marked := sets.get(bundle.document.id)) is not None:
                    kept = [one for one in bundle.sets if one.annotator != marked.annotator]
                    both = tuple(sorted((*kept, marked), key=lambda one: one.annotator))
                    bundle = structs.replace(bundle, sets=both)
                yield record(bundle)

    return {"documents": write_records(target, found())}
