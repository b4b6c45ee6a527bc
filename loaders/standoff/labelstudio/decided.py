"""The decisions that a task of an adjudicator holds. `standoff.labelstudio.dispute` says how such a task is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, structs

from standoff.adjudicate import OWN, Sheet, sha256_of
from standoff.canon import canonical
from standoff.errors import StudioError
from standoff.labelstudio.dispute import LINKS, OUTCOME, REASON, REJECTED, Case, said, to_registry
from standoff.labelstudio.export import done, from_task
from standoff.labelstudio.items import fields
from standoff.model import Annotation, AnnotationSet, Decision
from standoff.text import sha

__all__ = ["Found", "decisions_of"]


class Found(Struct, frozen=True):
    """What a task holds of decisions."""

    decisions: tuple[Decision, ...]
    """Those that are recorded already, as they are recorded."""
    undecided: tuple[str, ...] = ()
    """The digests of items without a reason."""
    outdated: int = 0
    """Items of which annotators have said something else since they were shown."""


def decisions_of(task: Mapping[str, Any], case: Case, adjudicator: str, *, date: str) -> Found:
    """The decisions that a task holds.

    They are read as the task was made: before anything was decided of what it shows. Otherwise a decision that is
    recorded would change what the task says of other items, such as of those that point to what is rejected. A recorded
    decision stays as it is where the task says the same; its note stays unless the task has one that it does not hold.

    Raises:
        StudioError: the task cannot be read exactly, what is shown for context was changed, or something was drawn
            without a reason.
    """
    place = f"task {task.get('id')}"
    submitted = done(task)
    items: list[dict[str, Any]] = fields(task, "meta", "items") or []
    if not submitted:
        return Found((), tuple(one["sha256"] for one in items))
    if len(submitted) > 1:
        ids = ", ".join(str(one.get("id")) for one in submitted)
        raise StudioError(f"{len(submitted)} annotations ({ids}); expected one", place=place)
    result = submitted[0].get("result") or []
    marked = from_task(_without_decisions(task, submitted[0], result), case.corpus, adjudicator)
    shown = case.sheet.without({one["sha256"] for one in items})
    own = bool(fields(task, "meta", "own"))
    reading = _Reading(case, shown, adjudicator, date, marked, _asked(result), place, own=own)
    return reading.found(items, *(fields(task, "meta", name) or {} for name in ("context", "relations")))


def _is_ours(item: Any) -> bool:
    name = fields(item, "from_name")
    return isinstance(name, str) and name.partition("-")[0] in (REASON, OUTCOME, LINKS)


def _without_decisions(task: Mapping[str, Any], annotation: Mapping[str, Any], result: list[Any]) -> dict[str, Any]:
    """The task as an annotator's would be."""
    meta = {name: fields(task, "meta", name) for name in ("document", "annotator", "text_sha256")}
    rest = [item for item in result if not _is_ours(item)]
    return {**task, "meta": meta, "annotations": [{**annotation, "result": rest}]}


def _asked(result: list[Any]) -> dict[tuple[str, str], str]:
    """Control and region, or control alone where it is asked of the document -> what was chosen."""
    found = {}
    for item in filter(_is_ours, result):
        chosen = fields(item, "value", "choices") or []
        of_document = item["from_name"].startswith(f"{REASON}-")
        # What is said of a fragment is said of the whole.
        region = "" if of_document else str(fields(item, "id")).partition(".")[0]
        if chosen:
            found[item["from_name"], region] = str(chosen[0])
    return found


class _Reading:
    """One task, read for decisions."""

    def __init__(
        self,
        case: Case,
        shown: Sheet,
        adjudicator: str,
        date: str,
        marked: AnnotationSet,
        asked: Mapping[tuple[str, str], str],
        place: str,
        *,
        own: bool,
    ) -> None:
        self.sheet = shown
        self.recorded = case.sheet.decided
        self.added = {one.id: one for one in case.sheet.added}
        self.by, self.date = adjudicator, date
        self.asked = asked
        self.place = place
        self.own = own
        self.left = {one.id: one for one in marked.annotations}
        """What no item has been found for yet."""
        self._addresses = {
            **{id: item.addresses[0] for id, item in zip(self.sheet.ids, self.sheet.items, strict=True) if id},
            **{one.id: self.sheet.decisions.address(one.id) for one in self.sheet.added},
        }
        self._addresses |= {
            one.id: self.sheet.decisions.address(one.id)
            for one in marked.annotations
            if one.spans and one.id not in self._addresses
        }

    def found(self, items: list[dict[str, Any]], context: Mapping[str, str], relations: Mapping[str, str]) -> Found:
        self._unchanged(context)
        known = {sha256_of(item): n for n, item in enumerate(self.sheet.items)}
        current = [known[one["sha256"]] for one in items if one["sha256"] in known]
        for one in items:
            if one["sha256"] not in known:
                self.left.pop(one["id"], None)
        taken = self._taken(current)
        decisions, undecided = [], []
        for n in current:
            is_ = taken.get(n)
            if is_ is not None:
                del self.left[is_.id]
            reason = self._reason(n, is_)
            if reason is None:
                undecided.append(sha256_of(self.sheet.items[n]))
            else:
                decisions.append(self._kept(self._decision(n, is_, reason), self.recorded.get(n), n))
        for id, expected in relations.items():
            # Shown for an item that is outdated, and left as it was.
            if id in self.left and said(self.left[id]) == expected:
                del self.left[id]
        decisions += (self._kept(one, self.added.get(one.id)) for one in self._drawn())
        return Found(tuple(decisions), tuple(undecided), len(items) - len(current))

    def _unchanged(self, context: Mapping[str, str]) -> None:
        for id, expected in context.items():
            one = self.left.pop(id, None)
            if one is None or said(one) != expected:
                raise StudioError(
                    f"is agreed on and shown for what points to it, and was {'changed' if one else 'deleted'}; "
                    "expected it as it was: to overrule what all agree on, write a decision by hand",
                    place=f"{self.place} region {id}",
                )

    def _taken(self, items: list[int]) -> dict[int, Annotation]:
        """Which annotation of the task is of which item."""
        found: dict[int, Annotation] = {}
        for n in items:
            if self.sheet.ids[n] in self.left:
                found[n] = self.left[self.sheet.ids[n]]
        others = [n for n in items if not self.sheet.ids[n]]
        free = {id: one for id, one in self.left.items() if not one.spans}
        # What somebody had drawn so is that one's; what is left is of the item that links the same.
        for strict in (True, False):
            for n in others:
                fitting = (id for id, one in free.items() if n not in found and self._fits(n, one, strict))
                if id := next(fitting, None):
                    found[n] = free.pop(id)
        return found

    def _fits(self, n: int, one: Annotation, strict: bool) -> bool:
        versions = [v.annotation for who in self.sheet.workers if (v := self.sheet.version(n, who))]
        if one.layer != self.sheet.items[n].layer:
            return False
        if strict or self.sheet.layer(n).kind == "document":
            return any(said(one) == said(version) for version in versions)
        return _ends(one) == _ends(versions[0])

    def _reason(self, n: int, one: Annotation | None) -> str | None:
        layer = self.sheet.layer(n)
        if layer.kind == "document":
            return self.asked.get((f"{REASON}-{layer.name}", ""))
        if layer.kind == "span":
            return self.asked.get((REASON, self.sheet.ids[n])) if one is not None else None
        member = next(v.annotation for who in self.sheet.workers if (v := self.sheet.version(n, who)))
        given = (self.asked.get((LINKS, end)) for role in layer.roles for end in member.refs.get(role.name, ()))
        return next((reason for reason in given if reason), None)

    def _decision(self, n: int, one: Annotation | None, reason: str) -> Decision:
        item = self.sheet.items[n]
        sha256 = sha256_of(item)
        made = Decision(
            id=f"d{sha(canonical([item.addresses, sha256]))[:12]}",
            outcome="rejected",
            item=item.addresses,
            sha256=sha256,
            reason=reason,
            note=self._noted(one.note if one else ""),
            decided_by=self.by,
            date=self.date,
        )
        if one is None or self.asked.get((OUTCOME, self.sheet.ids[n])) == REJECTED:
            return made
        for who in self.sheet.workers:
            version = self.sheet.version(n, who)
            if version and said(version.annotation) == said(one):
                return structs.replace(made, outcome="chosen", chosen=version.origins[0])
        return structs.replace(made, outcome="edited", annotation=self._in_full(one))

    def _noted(self, note: str) -> str:
        return f"{note} {OWN}".strip() if self.own else note

    def _kept(self, made: Decision, known: Decision | None, n: int = -1) -> Decision:
        """The decision that is recorded, where it says the same; else the new one in its place."""
        if known is None:
            return made
        own_words = made.note.removesuffix(OWN).strip() if self.own else made.note
        note = known.note if own_words in known.note else made.note
        if (made.reason, self._becomes(made, n)) != (known.reason, self._becomes(known, n)):
            return structs.replace(made, id=known.id, note=note)
        if note == known.note:
            return known
        return structs.replace(known, note=note, decided_by=made.decided_by, date=made.date)

    def _becomes(self, one: Decision, n: int) -> str:
        """What identifies what a decision makes gold; empty where it rejects."""
        if one.annotation is not None:
            refs = {role: [self.sheet.gold_id(at) or at for at in ids] for role, ids in one.annotation.refs.items()}
            return said(structs.replace(one.annotation, refs={role: tuple(ids) for role, ids in refs.items() if ids}))
        version = self.sheet.version(n, one.chosen.partition("/")[0]) if one.chosen else None
        return said(version.annotation) if version else ""

    def _in_full(self, one: Annotation) -> Annotation:
        """An annotation as a decision gives it: it has no id, and points to addresses."""
        refs = {
            role: ids if to_registry(self.sheet, one, role) else tuple(self._addresses[id] for id in ids)
            for role, ids in one.refs.items()
        }
        return structs.replace(one, id="", refs=refs, note="")

    def _drawn(self) -> Iterator[Decision]:
        """What the adjudicator added."""
        for one in self.left.values():
            layer = self.sheet.scheme.layer(one.layer)
            if one.spans:
                reason = self.asked.get((REASON, one.id))
            elif layer is not None and layer.kind == "document":
                reason = self.asked.get((f"{REASON}-{layer.name}", ""))
            else:
                reason = next(filter(None, (self.asked.get((LINKS, end)) for end in sorted(_ends(one)))), None)
            if reason is None:
                raise StudioError(
                    f"{one.layer} {one.label!r} is new and has no reason; expected one, or nothing drawn",
                    place=f"{self.place} {'region' if one.spans else 'annotation'} {one.id}",
                )
            id = one.id if one.spans else f"a{sha(canonical([one.layer, one.id]))[:12]}"
            yield Decision(
                id=id,
                outcome="added",
                annotation=self._in_full(one),
                reason=reason,
                note=self._noted(one.note),
                decided_by=self.by,
                date=self.date,
            )


def _ends(one: Annotation) -> frozenset[str]:
    return frozenset(id for ids in one.refs.values() for id in ids)
