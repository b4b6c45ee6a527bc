"""Who is for or against whom or what: stance triples as a picture of a network.

Run: python examples/stance_network.py PICTURE.svg [SOURCE]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

import networkx

import standoff

COLOURS = {"favour": "#2f7d32", "against": "#b3261e", "mixed": "#7a5c00"}
WRITER = "the writer"


def triples(source: str | None = None) -> Iterator[tuple[str, str, str]]:
    """Holder, stance and target of each stance, by the names of entities; a claim that is a target by its words."""
    names = {row["id"]: row["name"] for row in standoff.load("entities", split="corpus", source=source).to_pylist()}
    called: dict[tuple[str, str], str] = {}
    for table in standoff.load("mention", source=source).values():
        for row in table.to_pylist():
            words = row["spans"][0]["quote"]
            called[row["document"], row["id"]] = names[row["entity"][0]] if row["entity"] else words
    for table in standoff.load("claim", source=source).values():
        for row in table.to_pylist():
            called[row["document"], row["id"]] = " … ".join(span["quote"] for span in row["spans"])
    for table in standoff.load("stance", source=source).values():
        for row in table.to_pylist():
            holder = called[row["document"], row["holder"][0]] if row["holder"] else WRITER
            yield holder, row["label"], called[row["document"], row["target"][0]]


def network(source: str | None = None) -> networkx.MultiDiGraph:
    """The triples as a graph; an edge knows its stance, and how often it is taken."""
    graph = networkx.MultiDiGraph()
    for (holder, stance, target), times in sorted(Counter(triples(source)).items()):
        graph.add_edge(holder, target, key=stance, times=times)
    return graph


def draw(graph: networkx.MultiDiGraph, path: Path) -> None:
    """A picture, in the form that the path's ending names: holders on the left, targets on the right."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    sides = networkx.MultiDiGraph()  # who is also a target stands on both sides
    sides.add_edges_from((("holder", a), ("target", b), stance) for a, b, stance in graph.edges(keys=True))
    places = {}
    for x, side in enumerate(("holder", "target")):
        column = [node for node in sides if node[0] == side]
        places |= {node: (x, -(row + 0.5) / len(column)) for row, node in enumerate(column)}
    figure, axes = plt.subplots(figsize=(13, 0.5 * len(sides)), layout="constrained")
    edges = list(sides.edges(keys=True))
    colours = [COLOURS.get(stance, "#555555") for _, _, stance in edges]
    networkx.draw_networkx_nodes(sides, places, ax=axes, node_color="#9fb3c8", node_size=120)
    networkx.draw_networkx_edges(sides, places, edgelist=edges, edge_color=colours, ax=axes, node_size=120)
    for (side, name), (x, y) in places.items():
        # Articles are quoted: a dollar sign in them is money, not mathematics.
        words = fill(name.replace("$", r"\$"), 44)
        away, at = (-0.04, "right") if side == "holder" else (0.04, "left")
        axes.text(x + away, y, words, ha=at, va="center", fontsize=9)
    axes.set_title("green: in favour, red: against, brown: mixed")
    axes.margins(x=0.6, y=0.08)
    axes.set_axis_off()
    figure.savefig(path)
    plt.close(figure)


def main(picture: str, source: str | None = None) -> None:
    """Draws the network, and tells its edges."""
    graph = network(source)
    draw(graph, Path(picture))
    for holder, target, stance in graph.edges(keys=True):
        times = graph.edges[holder, target, stance]["times"]
        print(f"{holder} -- {stance} --> {target}" + (f", {times} times" if times > 1 else ""))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("expected a picture to write, such as stances.svg")
    main(*sys.argv[1:3])
