"""The place that a report is about: what its title names, else who signs it, else what it speaks of most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pipeline.attributes.cues import book_of, find_hits
from pipeline.attributes.names import Name, level_of, names_between, names_in
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
    told = frozenset(name.text for name in body)
    for head in (report.title, report.issuer):
        if head and (name := _first(names_in(head, rules, told), head, rules)):
            return name.text
    opening = [n for n in body if n.start < report.start + OPENING]
    return _spoken_for(opening, text, report, rules) or _most(body, opening) or _told(report.place, told)


def _told(place: str | None, told: frozenset[str]) -> str | None:
    """What the report's head seems to name, if the text uses it as a name."""
    return place if place in told else None


def _spoken_for(opening: Sequence[Name], text: str, report: Report, rules: RuleSet) -> str | None:
    """The only 镇 that the opening speaks of, in a report that says 我镇 and 全镇 more than 全村 or 全县."""
    own = [h.end for h in find_hits(book_of(rules, "place"), text, report.start, report.end) if h.cue.value == "own"]
    levels = Counter(level_of(text[: report.start + end][-LONGEST_ENDING:], rules) for end in own)
    if not levels:
        return None
    level = levels.most_common(1)[0][0]
    named = {n.text for n in opening if n.level == level and n.lead in STARTS and not n.listed}
    return named.pop() if len(named) == 1 else None


def _first(names: Sequence[Name], head: str, rules: RuleSet) -> Name | None:
    """The first place that a head names, the smallest of its chain (金山店镇 in 大冶市金山店镇); of 甲村、乙村 none."""
    names = [n for n in names if not is_elsewhere(head, n, rules)]
    first: Name | None = None
    for name in names:
        if first and not (name.lead == "chain" and name.start == first.end and not name.listed):
            break
        first = name
    return None if first and first.listed else first


def _most(body: Sequence[Name], opening: Sequence[Name]) -> str | None:
    """The place that is named in the opening and far more often than any other."""
    counts = Counter(n.text for n in body).most_common(2)
    if not counts or counts[0][1] < OFTEN or (len(counts) > 1 and counts[1][1] * 2 > counts[0][1]):
        return None
    return counts[0][0] if any(n.text == counts[0][0] for n in opening) else None
