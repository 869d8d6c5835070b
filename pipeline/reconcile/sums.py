"""Parts against their total: 其中, brackets, and lists that follow a total.

A list after 其中 is often no full breakdown (党员53名,其中女党员9名), so a sum that fails accuses nobody by itself. It
is held against the report only where something else says that the list is complete: the same list adds up in another
measure (households beside persons), its words divide the whole (男、女; C级、D级), or one digit or one unit miswritten
would make it add up and that would hardly be chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from pipeline.clauses import OPENING
from pipeline.reconcile.lines import Entry, Line, slips_of
from pipeline.records import Check
from pipeline.rules import RuleSet

MOST_PARTS = 30
MAX_NOUN = 12  # code points between a total and the bracket that breaks it down
# How likely a list that is no breakdown may look like one with a slip: for any list after 其中, for one that makes up
# half of its total but has two parts only, and for one that just follows its total.
CHANCE, FEW_CHANCE, PLAIN_CHANCE = 0.1, 0.2, 0.01
FEW = 3  # parts that make up half of their total are taken for a breakdown from here on
MOST_SHORT = 0.5


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A total and the numbers of its measure that are listed after it."""

    total: Entry
    parts: tuple[Entry, ...]
    words: str  # the text of the list
    stated: bool  # whether 其中 or a bracket says that these are parts
    whole: bool = True  # whether every number of the list can be compared: 其中旱厕19户、水厕1xx户 has no sum

    @property
    def gap(self) -> float:
        """The sum of the parts minus the total."""
        return sum(p.value for p in self.parts) - self.total.value

    @property
    def slack(self) -> float:
        """What rounding may make of the gap."""
        return _strays(self.total.slack, min(p.slack for p in self.parts))

    @property
    def adds_up(self) -> bool:
        """Whether the parts make the total."""
        return abs(self.gap) <= self.slack


def _strays(total: float, part: float) -> float:
    return max(total, part) * 1.0001 + 1e-6


def sums(line: Line, rules: RuleSet) -> Iterator[Check]:
    """parts_sum and part_of_whole: the parts of a total make it, and none is larger than it."""
    for lists in _lists(line, rules):
        judged = [(b, prefix) for b in lists for prefix in [_adding_prefix(b)]]
        complete = {len(prefix.parts) for _, prefix in judged if prefix}
        for whole, prefix in judged:
            if prefix:
                yield _check("parts_sum", prefix)
            elif len(whole.parts) > 1 and ((whole.whole and len(whole.parts) in complete) or _suspicious(whole, rules)):
                yield _check("parts_sum", whole)
            elif whole.stated:
                yield from _members(whole)  # a list that may be open says at least this


def _check(kind: str, b: Breakdown) -> Check:
    left = b.total.value + b.gap
    return Check(kind, left, b.total.value, b.adds_up, (b.total.nth, *(p.nth for p in b.parts)))


def _members(b: Breakdown) -> Iterator[Check]:
    for part in b.parts:
        if part.piece.clauses != b.parts[0].piece.clauses:  # 其中科级1人，全局54人: the text may have gone on
            return
        holds = part.value <= b.total.value + b.slack
        yield Check("part_of_whole", part.value, b.total.value, holds, (b.total.nth, part.nth))


def _adding_prefix(b: Breakdown) -> Breakdown | None:
    """The longest run of first parts that makes the total: 其中 does not say where its list ends."""
    sums_to = [*accumulate(p.value for p in b.parts)]
    least = [*accumulate((p.slack for p in b.parts), min)]
    for n in range(len(b.parts), 1, -1):
        if abs(sums_to[n - 1] - b.total.value) <= _strays(b.total.slack, least[n - 1]):
            return replace(b, parts=b.parts[:n])
    return None


def _suspicious(b: Breakdown, rules: RuleSet) -> bool:
    """Whether a list that does not add up was meant to."""
    rule = rules.checks["parts_sum"]
    if not b.whole or rule.matches("open", b.words, rules):
        return False
    if b.stated and rule.matches("complete", b.words, rules):
        return True
    return _is_hardly_chance(b) and _one_slip(b)


def _is_hardly_chance(b: Breakdown) -> bool:
    """Whether a slip that explains the gap would be one, and not the accident that it may be in any list."""
    if not b.stated:
        return _chance(b) < PLAIN_CHANCE
    if b.gap > 0 or _chance(b) < CHANCE:  # parts that are named without dividing the whole fall short of it
        return True
    return b.gap > -MOST_SHORT * b.total.value and (len(b.parts) >= FEW or _chance(b) < FEW_CHANCE)


def _one_slip(b: Breakdown) -> bool:
    """Whether one digit or one unit miswritten explains the gap."""
    gap, slack, total = b.gap, b.slack, b.total.value
    if any(abs(gap + total - slip) <= slack for slip in slips_of(b.total)):
        return True
    return any(abs(gap + slip - p.value) <= slack for p in b.parts for slip in slips_of(p))


def _chance(b: Breakdown) -> float:
    """Roughly how many of all gaps that such a list may have look like one slip: 9 for each digit, of total/step."""
    step = min(e.step for e in (b.total, *b.parts))
    size = max(b.total.value, *(p.value for p in b.parts)) / step
    return 9 * len(f"{size:.0f}") / max(1.0, size)


def _lists(line: Line, rules: RuleSet) -> Iterator[list[Breakdown]]:
    """The lists of the sentence; each gives one breakdown for each kind of number in it."""
    if len(line.entries) == 1:
        return
    rule = rules.checks["parts_sum"]
    for opening in rule.finditer("opens", line.text, rules):
        piece = line.layout.at(opening.start())
        before = [e for e in line.entries if e.end <= opening.start() and e.piece.frames[0] == piece.frames[0]]
        before = [e for e in before if e.piece.stretches[0] == piece.stretches[0]]
        after = _level(line.entries, opening.end(), piece.frames[0], piece.stretches[0])
        yield _breakdowns(line, opening.end(), before, after, rules, stated=True)
    for begin in _brackets(line):
        piece = line.layout.at(begin + 1)
        outer = piece.frames[1:]
        before = [e for e in line.entries if e.end <= begin and e.piece.frames == outer]
        if before and begin - before[-1].end <= MAX_NOUN:
            after = _level(line.entries, begin + 1, piece.frames[0], piece.stretches[0])
            yield _breakdowns(line, begin, before[-4:], after, rules, stated=True)
    for opening in rule.finditer("total", line.text, rules):
        first = next((i for i, e in enumerate(line.entries) if e.start >= opening.end()), None)
        if first is not None and line.entries[first].start - opening.end() <= MAX_NOUN:
            total = line.entries[first]
            after = _level(line.entries, total.end, total.piece.frames[0], total.piece.stretches[0])
            yield _breakdowns(line, total.end, [total], after, rules, stated=False)


def _brackets(line: Line) -> Iterator[int]:
    """Where the brackets of the sentence open."""
    for piece in line.layout.pieces:
        if len(piece.frames) > 1 and line.text[piece.start - 1] in OPENING:
            yield piece.start - 1


def _level(entries: Sequence[Entry], begin: int, frame: int, stretch: int) -> list[Entry]:
    """The numbers from `begin` on in one bracket and one stretch."""
    return [e for e in entries
            if e.start >= begin and e.piece.frames[0] == frame and e.piece.stretches[0] == stretch]  # fmt: skip


def _breakdowns(
    line: Line, begin: int, before: Sequence[Entry], after: Sequence[Entry], rules: RuleSet, *, stated: bool
) -> list[Breakdown]:
    """For each kind of number in the list: the nearest total of its kind before it, and its parts."""
    found: list[Breakdown] = []
    for kind in dict.fromkeys(e.kind for e in after if e.quantity.measure != "percent"):
        total = next((e for e in reversed(before) if e.kind == kind and e.plain and e.value > 0), None)
        if total is None:
            continue
        parts = _parts(line, begin, total, [e for e in after if e.kind == kind], rules)
        if parts:
            words = line.text[begin : parts[-1].end + 2]
            frame, stretch = parts[0].piece.frames[0], parts[0].piece.stretches[0]
            last = parts[-1]
            blurred = any(e.kind == kind and (e.start < last.end or e.piece.clauses == last.piece.clauses)
                          for e in _level(line.blurred, begin, frame, stretch))  # fmt: skip
            found.append(Breakdown(total, parts, words, stated, not blurred))
    return found


def _parts(line: Line, begin: int, total: Entry, members: Sequence[Entry], rules: RuleSet) -> tuple[Entry, ...]:
    """The members of the list that begins at `begin`, up to where the text goes on to something else."""
    rule = rules.checks["parts_sum"]
    parts: list[Entry] = []
    for entry in members[:MOST_PARTS]:
        begin = max(begin, entry.piece.clause_start)
        if not entry.plain or rule.matches("closes", line.text[begin : entry.start], rules):
            break
        if entry.observation.status.value != total.observation.status.value:
            break
        if len(parts) > 1 and parts[0].piece.clauses == parts[1].piece.clauses != entry.piece.clauses:
            break  # 其中甲类18个、乙类27个,归并为9个方面: a list between 、 ends with its clause
        parts.append(entry)
        begin = entry.end
    return tuple(parts)
