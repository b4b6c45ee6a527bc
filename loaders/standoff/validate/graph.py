"""Circles in what refers to each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

__all__ = ["cycles"]


def cycles(links: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Circles in a directed graph, each beginning with its smallest node; at least one where there is any.

    Every link that closes a circle, met in the order of the nodes, gives one.
    """
    done: set[str] = set()
    for root in sorted(links):
        if root in done:
            continue
        # A stack of our own: a chain of links may be longer than Python's.
        path, ahead = [root], [iter(sorted(links[root]))]
        at = {root: 0}
        while path:
            node = next(ahead[-1], None)
            if node is None:
                done.add(path[-1])
                del at[path.pop()]
                ahead.pop()
            elif node in at:
                circle = path[at[node] :]
                first = circle.index(min(circle))
                yield (*circle[first:], *circle[:first])
            elif node in links and node not in done:
                at[node] = len(path)
                path.append(node)
                ahead.append(iter(sorted(links[node])))
