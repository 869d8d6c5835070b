"""Rates and averages against the numbers that they were made of: 户均4.17万元, 办结率100%."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from pipeline.reconcile.lines import Entry, Line, slips_of
from pipeline.records import Check
from pipeline.rules import RuleSet

PER = {"per_capita": "persons", "per_household": "households", "per_mu": "mu"}
REACH = 4  # numbers before a rate that may be its numerator and denominator
LOOK_BACK = 20  # code points before a rate in which its word stands


def products(line: Line, rules: RuleSet) -> Iterator[Check]:
    """per_unit: an average times what it is an average over makes the total."""
    for average in line.entries:
        counted = PER.get(average.observation.basis.value)
        if counted is None or average.observation.role.value != "level" or average.kind in (counted, "percent"):
            continue
        near = [
            e for e in line.entries if e is not average and e.plain and e.piece.stretches == average.piece.stretches
        ]
        totals = [e for e in near if e.kind == average.kind and e.value]
        counts = [e for e in near if e.kind == counted and e.value]
        yield from _product(average, totals, counts)


def _product(average: Entry, totals: Sequence[Entry], counts: Sequence[Entry]) -> Iterator[Check]:
    pairs = [(t, c) for t in totals for c in counts]
    best = next((p for p in pairs if _makes(average.value, average, *p)), None)
    if best is None and pairs:
        nearest = min(totals, key=lambda e: _apart(e, average)), min(counts, key=lambda e: _apart(e, average))
        slips = any(_makes(slip, average, *nearest) for slip in slips_of(average)) or _slipped(average, *nearest)
        best = nearest if slips else None
    if best:
        total, count = best
        product = average.value * count.value
        yield Check("per_unit", product, total.value, _makes(average.value, average, total, count),
                    (total.nth, average.nth, count.nth))  # fmt: skip


def _makes(value: float, average: Entry, total: Entry, count: Entry) -> bool:
    slack = _rounding(average) * count.value + total.slack / 2 + count.slack / 2 * value
    return abs(value * count.value - total.value) <= min(slack, 0.02 * total.value) * 1.001 + 1e-6


def _rounding(average: Entry) -> float:
    """A rate that is set (每亩300元) is exact, an average (户均4.17万元) is rounded."""
    return 0.0 if average.observation.status.value == "standard" else average.step / 2


def _apart(entry: Entry, other: Entry) -> int:
    return abs(entry.nth - other.nth)


def _slipped(average: Entry, total: Entry, count: Entry) -> bool:
    slack = _rounding(average) * count.value + total.slack / 2
    product = average.value * count.value
    if any(abs(product - slip) <= min(slack, 0.005 * slip) + 1e-6 for slip in slips_of(total)):
        return True
    return any(
        abs(average.value * slip - total.value) <= min(slack, 0.005 * total.value) + 1e-6 for slip in slips_of(count)
    )


def rates(line: Line, rules: RuleSet) -> Iterator[Check]:
    """rate: a percentage and the two numbers before it that it is the ratio of."""
    rule = rules.checks["rate"]
    for i, rate in enumerate(line.entries):
        if rate.kind != "percent" or rate.observation.role.value != "level" or not rate.value:
            continue
        words = line.text[max(rate.piece.clause_start, rate.start - LOOK_BACK) : rate.start]
        if not rule.matches("rate", words, rules) or rule.matches("unless", words, rules):
            continue
        before = line.entries[max(0, i - REACH) : i]
        near = [e for e in before if e.plain and e.value and e.kind != "percent"]
        near = [e for e in near if e.piece.stretches[0] == rate.piece.stretches[0]]
        pairs = [(a, b) for a, b in combinations(near, 2) if a.kind == b.kind]
        best = next((p for p in pairs if _is_rate(rate.value, rate, *p)), None)
        if best is None:
            kinds = dict.fromkeys(e.kind for e in reversed(near))
            rows = (pairwise(e for e in near if e.kind == kind) for kind in kinds)
            best = next((p for row in rows for p in row if _meant(line, *p, rate, rules)), None)
        if best:
            part, whole = sorted(best, key=_value)
            computed = 100 * part.value / whole.value
            yield Check("rate", rate.value, computed, _is_rate(rate.value, rate, *best),
                        (rate.nth, part.nth, whole.nth))  # fmt: skip


def _meant(line: Line, whole: Entry, part: Entry, rate: Entry, rules: RuleSet) -> bool:
    """Whether 受理20宗,办结15宗,办结率85% means these two numbers: its word is theirs, and one slip explains it."""
    if (
        whole.kind != part.kind
        or whole.value < part.value
        or rate.piece.frames != whole.piece.frames
        or whole.piece.clauses == part.piece.clauses
    ):
        return False
    rule = rules.checks["rate"]
    named = next(rule.finditer("named", line.text[rate.piece.clause_start : rate.start], rules), None)
    own = line.text[part.piece.clause_start : part.start]
    shared = named is not None and bool(set(named[1]) & set(own))
    if not shared and not rule.matches("pair", line.text[part.piece.clause_start : rate.start], rules):
        return False
    slips = any(_is_rate(slip, rate, part, whole) for slip in slips_of(rate))
    slips = slips or any(_ratio(slip, part.value, rate) for slip in slips_of(whole))
    return slips or any(_ratio(whole.value, slip, rate) for slip in slips_of(part))


def _value(entry: Entry) -> float:
    return entry.value


def _is_rate(value: float, rate: Entry, first: Entry, second: Entry) -> bool:
    part, whole = sorted((first, second), key=_value)
    computed = 100 * part.value / whole.value
    rounding = computed * (part.slack / part.value + whole.slack / whole.value) / 2
    return abs(value - computed) <= rate.step * 0.6 + rounding


def _ratio(first: float, second: float, rate: Entry) -> bool:
    low, high = sorted((first, second))
    return low > 0 and abs(100 * low / high - rate.value) <= rate.step * 0.6
