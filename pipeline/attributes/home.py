"""The place that a report is about: what its title names, else who signs it, else what it speaks of most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.attributes.names import Name, names_between, names_in
from pipeline.attributes.scope import code_of_report, is_elsewhere
from pipeline.records import Document, Report
from pipeline.rules import RuleSet

OPENING = 400  # code points at the head of a report in which it names its place
OFTEN = 4  # times that a report without a title names its place, and twice as often as any other


def locate(text: str, document: Document, rules: RuleSet) -> Document:
    """`document` with the place that each report is about, and its code."""
    homes = [replace(r, place=home_of(text, r, rules)) for r in document.reports]
    reports = tuple(replace(r, adcode=code_of_report(text, r, rules)) if r.place else r for r in homes)
    return replace(document, reports=reports)


def home_of(text: str, report: Report, rules: RuleSet) -> str | None:
    """The name of the place that `report` is about: 焦沟村 in an office's report on its work in 焦沟村."""
    body = names_between(text, rules, report.start, report.end)
    told = frozenset(name.text for name in body)
    for head in (report.title, report.issuer):
        if head and (name := _first(names_in(head, rules, told), head, rules)):
            return name.text
    return _most(body, report.start + OPENING) or (report.place if report.place in told else None)


def _first(names: Sequence[Name], head: str, rules: RuleSet) -> Name | None:
    """The first place that a head names, the smallest of its chain (金山店镇 in 大冶市金山店镇); of 甲村、乙村 none."""
    names = [n for n in names if not is_elsewhere(head, n, rules)]
    first: Name | None = None
    for name in names:
        if first and not (name.lead == "chain" and name.start == first.end and not name.listed):
            break
        first = name
    return None if first and first.listed else first


def _most(body: Sequence[Name], opening: int) -> str | None:
    """The place that is named in the opening and far more often than any other."""
    counts = Counter(n.text for n in body).most_common(2)
    if not counts or counts[0][1] < OFTEN or (len(counts) > 1 and counts[1][1] * 2 > counts[0][1]):
        return None
    return counts[0][0] if any(n.text == counts[0][0] and n.start < opening for n in body) else None
