"""The period that a report speaks of, in EDTF.

The year that a text names first is often not its own (自2016年5月起定点帮扶, 2022年被评为重点村), so the evidence is
weighed by what it is said of. In this order, the first that speaks decides:

1. the title: 2018年上半年工作汇报, 2016—2020年, 2020年1—10月, “十三五”时期;
2. the announcement: 现将2023年工作情况汇报如下;
3. a heading that says what year was worked in: 一、2020年工作开展情况;
4. a sentence of the introduction that opens with a year: 2020年,我镇…, unless the report's date, or a year up to
   which it counts, speaks against it;
5. the report's date: its year, or the year before where it is signed in the first months of a year on a year's work;
6. the year before the one that it plans for: 四、2021年工作打算;
7. the latest year up to which it counts (截至2019年11月底), then the month that its introduction names.

A part of a year (上半年, 三季度) that the title or the announcement names without a year is of the year so found.
A masked year gives 20XX where no other evidence of 1 to 5 gives a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from pipeline.lines import patterns
from pipeline.metadata.dates import MASKED, number_of, year_of
from pipeline.records import Section
from pipeline.rules import CueRule, RuleSet

FIRST_MONTHS = 3  # a report on a year's work may be signed so late in the next year
FIRST_HALF, LATEST_FOR_HALF = "40", 9  # the EDTF code; the last month in which a report on it is signed
SECTION_REACH = 80  # characters of a plan in which it names its year
COUNTED = 6000  # characters of a section in which it is looked up to when the report counts
FIRST_PLAN = 2001  # the tenth five-year plan begins then, the eleventh (十一五) five years later
YEAR = regex.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2}))?")
WORKED = frozenset({"intro", "overview", "work", "problems", "experience"})


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a report says of its time. Compared by identity, so that _latest can remember the one that it read last."""

    title: str
    introduction: str
    body: str  # the whole text, into which the sections count
    sections: tuple[Section, ...]
    date: str | None


def period_of_report(evidence: Evidence, rules: RuleSet) -> str | None:
    """The period by the order of evidence above; None where nothing speaks."""
    masked = False
    for rank, period in enumerate(_stated(evidence, rules)):
        if period == MASKED:
            masked = True
        elif period:
            return _with_part(period, evidence, rules, by_title=rank == 0)
    counted = _counted(evidence, rules)
    if counted is None:
        return MASKED if masked else None
    return _with_part(counted, evidence, rules)


def _with_part(period: str, evidence: Evidence, rules: RuleSet, *, by_title: bool = False) -> str:
    if len(period) != 4:
        return period
    part = _part(evidence, rules, by_title=by_title)
    return f"{period}-{part}" if part else period


def _stated(evidence: Evidence, rules: RuleSet) -> Iterator[str | None]:
    """Evidence 1 to 5 in order."""
    yield _said(evidence.title, "period.title", rules)
    yield _said(evidence.introduction, "period.announced", rules)
    headings = [s.heading for s in evidence.sections if s.level == 1 and s.heading]
    yield max((p for h in headings if (p := _said(h, "period.headed", rules))), key=_known, default=None)
    yield _opened(evidence, rules)
    yield _dated(evidence, rules)


def _known(period: str) -> tuple[bool, str]:
    return not period.startswith(MASKED), period


def _said(text: str, value: str, rules: RuleSet) -> str | None:
    """What the first cue of `value` that speaks in `text` says."""
    for cue in _cues(rules, value):
        m = rules.compile(cue).search(text)
        if m and not (cue.unless and rules.compile_text(cue.unless).search(text)):
            return _edtf(m.groupdict())
    return None


@lru_cache(maxsize=32)
def _cues(rules: RuleSet, value: str) -> Sequence[CueRule]:
    """The cues of `value`, the strongest first."""
    return sorted((c for c in rules.cues["structure"] if c.value == value), key=lambda c: -c.priority)


def _edtf(groups: Mapping[str, str | None]) -> str:
    if groups.get("plan"):
        first = FIRST_PLAN + 5 * (number_of(groups["plan"]) or 0)
        return f"{first}/{first + 4}"
    year = year_of(groups.get("year") or "")
    if year == MASKED:
        return MASKED
    later = groups.get("year2")
    if later:
        return f"{year}/{year_of(later)}" if year_of(later) > year else year
    return _within(year, groups)


def _within(year: str, groups: Mapping[str, str | None]) -> str:
    """The part of `year` that the groups name."""
    part = _code(groups)
    first, last = (
        number_of(groups.get("from") or groups.get("month")),
        number_of(groups.get("to") or groups.get("month2")),
    )
    quarters = number_of(groups.get("quarters"))
    if part:
        return f"{year}-{part}"
    if quarters:
        return f"{year}-01/{year}-{quarters * 3:02}"
    if first and last and first < last:
        return year if (first, last) == (1, 12) else f"{year}-{first:02}/{year}-{last:02}"
    return f"{year}-{last:02}" if last else year


def _code(groups: Mapping[str, str | None]) -> str:
    """The EDTF code of a half or a quarter."""
    quarter = number_of(groups.get("quarter"))
    if quarter:
        return str(32 + quarter)
    return "40" if groups.get("half1") else "41" if groups.get("half2") else ""


def _part(evidence: Evidence, rules: RuleSet, *, by_title: bool = False) -> str:
    """The half or quarter that the title names without a year, or the announcement where no title gives the year.

    A half-year report is not signed at the end of its year.
    """
    heard = [(evidence.title, "part")]
    if not by_title:
        heard.append((evidence.introduction, "part.announced"))
    for text, value in heard:
        if not any(p.search(text) for p in patterns(rules, "part")):
            continue  # an announcement of a part names one, and to find out where costs fifty times as much
        for pattern in patterns(rules, value):
            m = pattern.search(text)
            if m and (code := _code(m.groupdict())):
                dated = _year_and_month(evidence.date)
                return "" if code == FIRST_HALF and dated and dated[1] > LATEST_FOR_HALF else code
    return ""


def _opened(evidence: Evidence, rules: RuleSet) -> str | None:
    """The year that a sentence of the introduction opens with, if the date and the counts agree."""
    dated = _year_and_month(evidence.date)
    counted = None if dated else _latest(evidence, rules)
    found: list[str] = []
    for pattern in patterns(rules, "period.opened"):
        for m in pattern.finditer(evidence.introduction):
            period = _edtf(m.groupdict())
            if period == MASKED or _agrees(int(period[:4]), dated, counted):
                found.append(period)
    return max(found, key=_known, default=None)


def _agrees(year: int, dated: tuple[int, int] | None, counted: int | None) -> bool:
    if dated:
        return year == dated[0] or (year == dated[0] - 1 and 0 < dated[1] <= FIRST_MONTHS)
    return counted is None or counted <= year


def _year_and_month(date: str | None) -> tuple[int, int] | None:
    m = YEAR.match(date or "")
    return (int(m["year"]), int(m["month"] or 0)) if m else None


def _dated(evidence: Evidence, rules: RuleSet) -> str | None:
    """The year of the report's date, or the one before if it was signed after the year whose work it tells."""
    dated = _year_and_month(evidence.date)
    if dated is None:
        return MASKED if evidence.date else None
    year, month = dated
    if 0 < month <= FIRST_MONTHS and _tells_last_year(evidence, year, month, rules):
        return str(year - 1)
    return str(year)


def _tells_last_year(evidence: Evidence, year: int, month: int, rules: RuleSet) -> bool:
    """Whether a report signed early in `year` tells of the year before.

    It does where it plans for `year`, and, signed in January, where it speaks of a whole year.
    """
    if _part(evidence, rules):
        return False
    if _planned(evidence, rules) == year:
        return True
    text = evidence.title + evidence.introduction
    return month == 1 and any(p.search(text) for p in patterns(rules, "yearlong"))


def _counted(evidence: Evidence, rules: RuleSet) -> str | None:
    """Evidence 6 and 7."""
    planned = _planned(evidence, rules)
    year = planned - 1 if planned else _latest(evidence, rules)
    if year is None:
        found = [
            _edtf(m.groupdict()) for p in patterns(rules, "period.month") for m in p.finditer(evidence.introduction)
        ]
        return max((p for p in found if p != MASKED), default=None)
    return str(year)


def _planned(evidence: Evidence, rules: RuleSet) -> int | None:
    """The year that the report's plan is for, as the plan's heading or its first words say."""
    for section in evidence.sections:
        if section.kind == "plan" and section.level == 1:
            text = (section.heading or "") + "\n" + evidence.body[section.body : section.end].strip()[:SECTION_REACH]
            for pattern in patterns(rules, "period.planned"):
                m = pattern.search(text)
                if m and (year := year_of(m["year"])) != MASKED:
                    return int(year)
    return None


@lru_cache(maxsize=1)
def _latest(evidence: Evidence, rules: RuleSet) -> int | None:
    """The latest year up to which the report counts where it tells of work done."""
    years = [
        int(year)
        for section in evidence.sections
        if section.kind in WORKED
        for pattern in patterns(rules, "period.asof")
        for m in pattern.finditer(evidence.body, section.start, min(section.end, section.start + COUNTED))
        if (year := year_of(m["year"])) != MASKED
    ]
    return max(years, default=None)
