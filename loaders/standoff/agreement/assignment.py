"""The best one-to-one pairing."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["assign"]


def assign(gains: Mapping[tuple[int, int], float]) -> tuple[tuple[int, int], ...]:
    """The one-to-one pairs with the greatest sum of gains, ordered. Only pairs with a gain above nought are made.

    Args:
        gains: (left, right) -> what it gains to pair the two; left and right are numbered apart from each other.

    Source: Kuhn 1955, The Hungarian method for the assignment problem, by shortest augmenting paths (Jonker and
    Volgenant 1987), for each group that gains hold together on its own: such groups are small.
    """
    possible = {pair: gain for pair, gain in gains.items() if gain > 0}
    return tuple(sorted(pair for group in _groups(possible) for pair in _best(group)))


def _groups(gains: Mapping[tuple[int, int], float]) -> list[dict[tuple[int, int], float]]:
    """The pairs parted so that those of different groups share neither a left nor a right."""
    of_left: dict[int, list[tuple[int, int]]] = {}
    of_right: dict[int, list[tuple[int, int]]] = {}
    for pair in sorted(gains):
        of_left.setdefault(pair[0], []).append(pair)
        of_right.setdefault(pair[1], []).append(pair)
    groups = []
    while of_left:
        reached = [next(iter(of_left))]
        group: dict[tuple[int, int], float] = {}
        for left in reached:
            for pair in of_left.pop(left, ()):
                group[pair] = gains[pair]
                reached.extend(other for other, _ in of_right.pop(pair[1], ()))
        groups.append(group)
    return groups


def _best(gains: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The best pairs of one group."""
    if len(gains) == 1:
        return list(gains)
    lefts, rights = (sorted({pair[side] for pair in gains}) for side in (0, 1))
    # Each left may also stay alone, at a right of its own that gains nothing.
    size = len(rights) + len(lefts)
    costs = [[-gains.get((left, right), 0.0) for right in rights] + [0.0] * len(lefts) for left in lefts]
    return [
        (lefts[row], rights[column])
        for row, column in enumerate(_columns(costs, size))
        if column < len(rights) and (lefts[row], rights[column]) in gains
    ]


def _columns(costs: list[list[float]], size: int) -> list[int]:
    """The column of each row in the pairing with the least sum of costs.

    Row by row a shortest path of changes is sought to a free column, with the costs kept above nought by prices.
    """
    row_price, column_price = [0.0] * len(costs), [0.0] * size
    holder = [-1] * size
    for row in range(len(costs)):
        least, before, seen = [float("inf")] * size, [-1] * size, [False] * size
        at, here = row, -1
        while True:
            step, following = float("inf"), -1
            for column in range(size):
                if seen[column]:
                    continue
                reduced = costs[at][column] - row_price[at] - column_price[column]
                if reduced < least[column]:
                    least[column], before[column] = reduced, here
                if least[column] < step:
                    step, following = least[column], column
            row_price[row] += step
            for column in range(size):
                if seen[column]:
                    row_price[holder[column]] += step
                    column_price[column] -= step
                else:
                    least[column] -= step
            here, seen[following] = following, True
            if holder[here] < 0:
                break
            at = holder[here]
        while here >= 0:
            previous = before[here]
            holder[here] = holder[previous] if previous >= 0 else row
            here = previous
    found = [-1] * len(costs)
    for column, row in enumerate(holder):
        if row >= 0:
            found[row] = column
    return found
