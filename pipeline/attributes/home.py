"""The place that a report is about: what its title names, else who signs it, else what it speaks of most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.attributes.cues import book_of, find_hits
from pipeline.attributes.names import Name, level_of, names_between, names_in, pattern_of
from pipeline.attributes.scope import code_of_report, is_elsewhere
from pipeline.records import Document, Report
from pipeline.rules import RuleSet

OPENING = 400  # code points at the head of a report in which it names its place
LONGEST_ENDING = 3  # code points: 自治区
STARTS = frozenset({"mark", "subject", "chain"})  # what may stand before a place that the opening speaks of
OFTEN = 4  # times that a report without a title names its place, and twice as often as any other


def locate(text: str, document: Document, rules: RuleSet) -> Document:
    """`document` with the place that each report is about, and its code."""
    homes = [replace(r, place=home_of(text, r, rules)) for r in document.reports]
    reports = tuple(replace(r, adcode=code_of_report(text, r, rules)) if r.place else r for r in homes)
    return replace(document, reports=reports)


def home_of(text: str, report: Report, rules: RuleSet) -> str | None:
    """The name of the place that `report` is about: 焦沟村 in an office's report on its work in 焦沟村."""
    body = names_between(text, rules, report.start, report.end)
    told = Counter(name.text for name in body)
    for head in (report.title, report.issuer):
        if head and (name := _first(names_in(head, rules, frozenset(told)), head, told, rules)):
            return name.text
    opening = [n for n in body if n.start < report.start + OPENING]
    found = _spoken_for(opening, text, report, rules) or _most(told, opening)
    return found or (report.place if report.place in told else None)


def _spoken_for(opening: Sequence[Name], text: str, report: Report, rules: RuleSet) -> str | None:
    """The only 镇 that the opening speaks of, in a report that says 我镇 and 全镇 more than 全村 or 全县."""
    hits = find_hits(book_of(rules, "place"), text, report.start, report.end)
    own = [h.end for h in hits if h.cue.value == "own"]
    levels = Counter(level_of(text[max(0, end - LONGEST_ENDING) : end], rules) for end in own)
    if not levels:
        return None
    level = levels.most_common(1)[0][0]
    named = {n.text for n in opening if n.level == level and n.lead in STARTS and not n.listed}
    return named.pop() if len(named) == 1 else None


def _first(names: Sequence[Name], head: str, told: Counter[str], rules: RuleSet) -> Name | None:
    """The place that a head is about: the first it names, or the last behind a verb (昆山市水利局驻周庄镇工作队) if
    that is known or named again; of a chain the smallest (金山店镇 in 大冶市金山店镇, also in 大冶市人民政府金山店镇);
    of 甲村、乙村 none.
    """
    names = [n for n in names if not is_elsewhere(head, n, rules)]
    sure = (i for i, n in enumerate(names) if n.lead == "verb" and (n.known or told[n.text] > 1))
    begin = max(sure, default=0)
    first: Name | None = None
    for name in names[begin:]:
        gap = head[first.end : name.start] if first else ""
        if gap and not pattern_of(rules, "seat").fullmatch(gap):
            break
        first = name
    return None if first and first.listed else first


def _most(told: Counter[str], opening: Sequence[Name]) -> str | None:
    """The place that is named in the opening and far more often than any other."""
    counts = told.most_common(2)
    if not counts or counts[0][1] < OFTEN or (len(counts) > 1 and counts[1][1] * 2 > counts[0][1]):
        return None
    return counts[0][0] if any(n.text == counts[0][0] for n in opening) else None
