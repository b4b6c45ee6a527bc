"""What an import could not keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

__all__ = ["Loss", "receipt"]


class Loss(Struct, frozen=True, order=True):
    """One kind of thing that was lost, and how many of it."""

    kind: str
    count: int | None = None
    """None where the export does not even tell how many there were."""

    def __str__(self) -> str:
        return f"{'an unknown number' if self.count is None else self.count} × {self.kind}"


def receipt(counted: Iterable[Mapping[str, int]], untold: Iterable[str] = ()) -> tuple[Loss, ...]:
    """All losses of an import, by kind."""
    total: Counter[str] = Counter()
    for losses in counted:
        total.update(losses)
    known = [Loss(kind, count) for kind, count in total.items() if count]
    return tuple(sorted([*known, *map(Loss, untold)], key=lambda loss: loss.kind))
