"""Checks of one number, or of two that touch: people per household, conversions, percentages, dates, neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from pipeline.edtf import days
from pipeline.reconcile.lines import Line, comparable
from pipeline.records import Check, Document, Observation
from pipeline.rules import RuleSet

SOME = 5  # households from which their average is one: a single family may well have nine members


def households(line: Line, rules: RuleSet) -> Iterator[Check]:
    """persons_per_household, household_size: in 192户709人 every household has a person, and not more than eight."""
    most = rules.checks["household_size"].most
    for left, right in pairwise(line.entries):
        joined = (left.kind, right.quantity.measure) == ("households", "persons") and right.start - left.end <= 1
        if not (joined and left.plain and right.plain and left.value and right.value):
            continue
        pair = (left.nth, right.nth)
        yield Check("persons_per_household", left.value, right.value, right.value >= left.value, pair)
        if left.value >= SOME and right.value >= left.value:
            limit = left.value * most
            yield Check("household_size", right.value, limit, right.value <= limit, (right.nth, left.nth))


def conversions(line: Line, rules: RuleSet) -> Iterator[Check]:
    """conversion: one number in two units, as in 100公顷,合1500亩."""
    rule = rules.checks["conversion"]
    for left, right in pairwise(line.entries):
        same = left.quantity.measure == right.quantity.measure not in ("other", "percent")
        if (
            same
            and left.quantity.unit != right.quantity.unit
            and rule.fullmatches("joins", line.between(left, right), rules)
        ):
            slack = max(left.step, right.step) / 2 * 1.0001
            yield Check("conversion", left.value, right.value, abs(left.value - right.value) <= slack,
                        (left.nth, right.nth))  # fmt: skip


def percentages(line: Line, rules: RuleSet) -> Iterator[Check]:
    """percent_range: a share of a whole is at most all of it."""
    rule = rules.checks["percent_range"]
    for entry in line.entries:
        if entry.quantity.measure == "percent" and entry.observation.role.value == "level":
            before = line.text[entry.piece.start : entry.start]
            if rule.matches("share", before, rules) and not rule.matches("unless", before, rules):
                yield Check("percent_range", entry.value, rule.most, entry.value <= rule.most, (entry.nth,))


def dates(line: Line, rules: RuleSet) -> Iterator[Check]:
    """dates_in_order: a span of time ends after it begins."""
    for entry in line.entries:
        first, slash, last = entry.observation.period.value.partition("/")
        if slash and (begin := days(first)) and (end := days(last)):
            left, right = (d.year * 10000 + d.month * 100 + d.day for d in (begin.first, end.last))
            yield Check("dates_in_order", left, right, left <= right, (entry.nth,))


def neighbours(document: Document, observations: Sequence[Observation], rules: RuleSet) -> Iterator[Check]:
    """unit_slip: the per-head figures of one thing in one report are not 1,000 times one another."""
    rule = rules.checks["unit_slip"]
    groups: defaultdict[tuple[int, str, str, str], list[int]] = defaultdict(list)
    for i, o in enumerate(observations):
        if o.topic.topic == "income" and o.role.value == "level" and o.quantity.value and comparable(o.quantity):
            report = document.sections[o.sentence.section].report
            groups[report, o.topic.topic, o.quantity.measure, o.basis.value].append(i)
    for (_, _, measure, basis), members in groups.items():
        if measure != "yuan" or basis != "per_capita" or len(members) < 2:
            continue
        values = [observations[i].quantity.value or 0.0 for i in members]
        middle = median(values)
        for i, value in zip(members, values, strict=True):
            ratio = max(value, middle) / min(value, middle)
            others = tuple(m for m in members if m != i)
            yield Check("unit_slip", value, middle, ratio < rule.most, (i, *others[:5]))
