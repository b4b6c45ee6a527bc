"""A Label Studio export as tables, beside the converters of its own SDK.

    python benchmarks/convert.py [--tasks N]

Tasks of 3.5 kB text with 45 regions, 75 answers to questions on them and 15 relations each. Ours keeps everything;
JSON_MIN drops relations and the ids of regions, CONLL2003 all but one layer. Each work runs in a fresh process of its
own; imports are not timed, and the garbage collector runs as each leaves it: ours holds it off while it decodes.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import click
import msgspec
from measuring import Measure, Spent, alone, table

LAYERS = {
    "mention": (30, 2, ("PER", "ORG", "LOC"), {"form": ("NAM", "NOM", "PRO"), "entity": ("e1", "e2", "e3", "e4")}),
    "claim": (10, 18, ("event", "policy"), {"polarity": ("yes", "no"), "certainty": ("low", "high")}),
    "stance": (5, 9, ("for", "against", "mixed"), {"mode": ("open", "implied")}),
}
"""Layer -> regions of a task, words of each, labels, and what is asked of each."""
RELATIONS = 15


def config() -> str:
    """The interface of such tasks."""
    found = ['<View><Text name="text" value="$text"/>']
    for layer, (_, _, labels, questions) in LAYERS.items():
        told = "".join(f'<Label value="{label}"/>' for label in labels)
        found.append(f'<Labels name="{layer}" toName="text">{told}</Labels>')
        for name, answers in questions.items():
            told = "".join(f'<Choice value="{answer}"/>' for answer in answers)
            found.append(f'<Choices name="{layer}-{name}" toName="text" perRegion="true">{told}</Choices>')
    return "".join([*found, '<Relations><Relation value="role"/></Relations></View>'])


ITEMS = sum(regions * (1 + len(questions)) for regions, _, _, questions in LAYERS.values()) + RELATIONS
WORDS = ("market", "harbour", "vendors", "licence", "council", "letters", "report", "prices", "“quoted”", "café", "🙂")


def export(path: Path, tasks: int) -> None:
    """Writes an export as the server writes it: a list on one line, ids first."""
    chance = random.Random(1)
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for n in range(tasks):
            file.write((b"," if n else b"[") + encode(task(n, chance)))
        file.write(b"]")


def task(n: int, chance: random.Random) -> dict[str, Any]:
    words = chance.choices(WORDS, k=480)
    text = " ".join(words)
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    result: list[dict[str, Any]] = []
    for layer, (regions, length, labels, questions) in LAYERS.items():
        for k in range(regions):
            begin = chance.randrange(len(words) - length)
            start, end = starts[begin], starts[begin + length] - 1
            at = {"start": start, "end": end, "text": text[start:end]}
            region = {"id": f"{layer[0]}{n}_{k}", "to_name": "text", "origin": "manual"}
            value = {**at, "labels": [labels[k % len(labels)]]}
            result.append({"value": value, **region, "from_name": layer, "type": "labels"})
            for name, answers in questions.items():
                value = {**at, "choices": [answers[k % len(answers)]]}
                result.append({"value": value, **region, "from_name": f"{layer}-{name}", "type": "choices"})
    for k in range(RELATIONS):
        ends = {"from_id": f"c{n}_{k % 10}", "to_id": f"m{n}_{k}"}
        result.append({**ends, "type": "relation", "direction": "right", "labels": ["role"]})
    annotation = {
        "id": n,
        "completed_by": 1,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2024-01-31T10:00:00.000000Z",
        "updated_at": "2024-01-31T10:00:00.000000Z",
        "lead_time": 12.5,
        "task": n,
        "project": 1,
    }
    return {
        "id": n,
        "annotations": [annotation],
        "drafts": [],
        "predictions": [],
        "data": {"id": f"d{n}", "title": f"Title {n}", "text": text},
        "meta": {},
        "created_at": "2024-01-31T10:00:00.000000Z",
        "updated_at": "2024-01-31T10:00:00.000000Z",
        "project": 1,
    }


def ours(source: Path, folder: Path) -> int:
    from standoff.labelstudio.columns import to_parquet

    return to_parquet(source, folder)["items"]


def sdk(source: Path, folder: Path, form: str) -> None:
    from label_studio_sdk.converter import Converter

    converter = Converter(config(), str(source.parent), download_resources=False)
    if form == "JSON_MIN":
        converter.convert_to_json_min(str(source), str(folder), is_dir=False)
    else:
        converter.convert_to_conll2003(str(source), str(folder), is_dir=False)


OURS = ("standoff.labelstudio.columns", "numpy", "pyarrow.fs", "pyarrow.parquet")


def measure(tasks: int = 10_000, rounds: int = 3) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory(prefix="standoff-bench-") as aside:
        source = Path(aside) / "export.json"
        export(source, tasks)
        mine: list[Spent] = []
        peers: dict[str, list[Spent]] = {"JSON_MIN": [], "CONLL2003": []}
        for n in range(rounds):
            mine.append(alone(ours, source, Path(aside) / "ours", imports=OURS))
            for form, found in peers.items():
                # The slowest of all need not be seen more often than its figure is steady.
                if not n or form == "JSON_MIN":
                    found.append(alone(sdk, source, Path(aside) / form, form, imports=["label_studio_sdk.converter"]))
        assert mine[0].result == ITEMS * tasks
        size = source.stat().st_size / 2**20
    spent = median(one.seconds for one in mine)
    for form, target in (("JSON_MIN", 6), ("CONLL2003", 10)):
        peer = median(one.seconds for one in peers[form])
        yield Measure(
            work=f"export of {tasks:,} tasks ({size:.0f} MB) to tables",
            unit="s",
            ours=spent,
            peer_name=f"SDK {form}",
            peer=peer,
            ratio=peer / spent,
            target=target,
            memory_mb=max(one.memory_mb for one in mine),
            memory_limit_mb=min(one.memory_mb for one in peers["JSON_MIN"]),
            note="peak of the process with its libraries, beside the SDK's" if form == "JSON_MIN" else "",
        )


@click.command()
@click.option("--tasks", default=10_000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(tasks: int, rounds: int) -> None:
    """Measure, and say what was seen."""
    found = list(measure(tasks, rounds))
    click.echo(table(found), nl=False)
    sys.exit(not all(one.met for one in found))


if __name__ == "__main__":
    main()
