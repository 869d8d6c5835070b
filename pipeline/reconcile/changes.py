"""Levels against changes: 由5620人增至5894人,增加274人; 12584元,净增1348元,增长12.0%."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.reconcile.lines import Entry, Line
from pipeline.records import Check
from pipeline.rules import RuleSet

MOVES = ("increase", "decrease")
REACH = 3  # numbers after a level that may say how it changed


def changes(line: Line, rules: RuleSet) -> Iterator[Check]:
    """change_direction and change_stated: from, to, and the change between them."""
    rule = rules.checks["change_direction"]
    entries = line.entries
    for i, start in enumerate(entries[:-1]):
        end = entries[i + 1]
        if start.kind != end.kind or not start.observation.role.value == end.observation.role.value == "level":
            continue
        words = line.between(start, end)
        rises, falls = rule.matches("rises", words, rules), rule.matches("falls", words, rules)
        if rises == falls or not rule.matches("from", line.text[: start.start], rules):
            continue
        holds = end.value >= start.value if rises else end.value <= start.value
        yield Check("change_direction", start.value, end.value, holds, (start.nth, end.nth))
        for change in _changes_after(line, i + 1, rules):
            yield from _stated(start, end, change)


def _changes_after(line: Line, i: int, rules: RuleSet) -> Iterator[Entry]:
    """The rises and falls right after the `i`-th number, in its stretch, that name no base of their own."""
    level = line.entries[i]
    rule = rules.checks["change_stated"]
    for entry in line.entries[i + 1 : i + REACH]:
        if entry.piece.stretches != level.piece.stretches or entry.observation.role.value not in (
            "increase",
            "decrease",
        ):
            return
        if rule.matches("unless", line.text[entry.piece.clause_start : entry.start], rules):
            return
        yield entry


def _stated(start: Entry, end: Entry, change: Entry) -> Iterator[Check]:
    difference = abs(end.value - start.value)
    indexes = (change.nth, start.nth, end.nth)
    if change.kind == end.kind and change.observation.basis.value == end.observation.basis.value:
        slack = min(start.step, end.step, change.step) * 1.0001 if change.slack else 1e-6
        yield Check("change_stated", change.value, difference, abs(change.value - difference) <= slack, indexes)
    elif change.kind == "percent" and end.kind != "percent" and start.value:
        percent = 100 * difference / start.value
        yield Check("growth", change.value, percent, _close(change, percent, (start, end)), indexes)


def growth(line: Line, rules: RuleSet) -> Iterator[Check]:
    """growth: a level, by how much it rose, and by how many percent, agree with one another."""
    rule = rules.checks["change_stated"]
    for level, change, percent in zip(line.entries, line.entries[1:], line.entries[2:], strict=False):
        roles = (change.observation.role.value, percent.observation.role.value)
        if roles[0] != roles[1] or roles[0] not in MOVES or level.observation.role.value != "level":
            continue
        if level.kind != change.kind or level.kind == "percent" or percent.kind != "percent":
            continue
        if percent.piece.stretches != level.piece.stretches:
            continue
        if rule.matches("unless", line.text[percent.piece.clause_start : percent.start], rules):
            continue
        before = abs(level.value - change.value) if roles[0] == "increase" else level.value + change.value
        if before > 0:
            stated = 100 * change.value / before
            holds = _close(percent, stated, (level, change))
            yield Check("growth", percent.value, stated, holds, (percent.nth, level.nth, change.nth))


def _close(percent: Entry, computed: float, sources: Sequence[Entry]) -> bool:
    """Whether a percentage is the computed one but for the rounding of all of them."""
    rounding = computed * sum(e.slack / 2 / e.value for e in sources if e.value)
    return abs(percent.value - computed) <= percent.step + rounding
