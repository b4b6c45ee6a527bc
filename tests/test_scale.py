"""How flat costs are is told from costs that are given; nothing is timed here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from scale import Cost, flatness, marginal


def cost(documents: int, cpu: float) -> Cost:
    """What some work cost on so many documents."""
    return Cost(work="build", documents=documents, seconds=cpu, cpu=cpu, worker_mb=100)


BEGUN = cost(8, 2.0)
"""Two seconds, whatever there is to do."""


@pytest.mark.parametrize(
    ("last", "met"),
    [(42.0, True), (48.0, True), (36.0, True), (52.0, False), (33.0, False)],
    ids=["flat", "a little dearer", "a little cheaper", "dearer", "cheaper"],
)
def test_a_further_document_may_cost_neither_more_nor_less(last: float, met: bool) -> None:
    costs = [cost(1008, 6.0), cost(10_008, last)]

    (found,) = flatness(costs, [BEGUN])

    assert found.peer == pytest.approx(4.0)
    assert found.ours == pytest.approx((last - 2.0) / 10)
    assert found.met is met


def test_both_figures_are_told() -> None:
    (found,) = flatness([cost(1008, 6.0), cost(10_008, 42.0)], [BEGUN])

    assert found.note == ("to begin: 2.0 CPU s with 8 documents; with it a document costs 4.20 and 5.95 CPU ms")


def test_a_corpus_of_a_few_documents_has_no_further_ones() -> None:
    with pytest.raises(ValueError, match="8 documents; expected more than the 8"):
        marginal(cost(8, 2.0), BEGUN)
