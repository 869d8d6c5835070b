"""Period: the time a number speaks of, in EDTF.

A cue of rules/period.toml has a kind of expression as its value, and named groups (year, month, day, year2, month2,
day2, quarter, years, end) in its pattern:
date     year, month and day as far as named; `end` without a month is December (2017年底)
span     from year and month to year2 and month2 (3月至4月; the whole year for 1-12月)
since    from year and month to the report's year (2016年以来)
first    from January to month2, or to the end of quarter (前十个月, 前三季度)
years    that many years up to the report's (五年来)
half1, half2, quarter   codes 40 and 41, 33 to 36; a quarter with `end` is its last month
report   the report's own period (目前); previous: the period of the sentence before (其中…)
item     一是, 二是: what the items before have said of the time does not hold in the next
A kind may carry a shift in years (date-1: 去年), which counts from the report's year, as does the group `this` (今年).
What has a group `stretch` holds to the next semicolon only (年底前再发放80笔,…;). A value that is EDTF already stands
for itself (2016/2020).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import regex

from pipeline.attributes.cues import DEFAULT, Book, Heard, Place, book_of, find_hits, governing, scene_of
from pipeline.clauses import FULL_STOPS
from pipeline.records import Context, Finding, Report
from pipeline.rules import RuleSet

KIND = regex.compile(r"(?P<kind>[a-z]+[12]?)(?P<shift>[+-][0-9])?")
YEAR = regex.compile(r"[0-9]{4}")
FIRST_HALF = regex.compile(r"(?P<year>[0-9]{4})-(?:40|H1)")
LOOK_BACK = 400  # code points: how far the sentence before one that opens with 其中 may begin
MAX_CHAIN = 3  # sentences that open with 其中, one after another
MAX_HEADING = 30  # longer ones are sentences (一是…), of which the first clause alone is a heading
CLAUSE_END = regex.compile(r"[，,；;：:]")
UNKNOWN_YEAR = "20XX"
UP_TO_REPORT = frozenset({"since", "years"})  # kinds that end with the report's year


class Clock(NamedTuple):
    """What relative expressions count from; never today's date."""

    year: int | None  # the one that months and halves are of: the report's, or one that the sentence has named
    period: str  # the report's
    own: int | None = None  # the report's year, to which 今年 and 去年 point whatever the sentence has named


def report_year(report: Report) -> int | None:
    """The year of the report's period, or else of its date."""
    return _year_in(report.period, report.report_date)


@lru_cache(maxsize=256)
def _year_in(*edtf: str | None) -> int | None:
    for stated in edtf:
        found = YEAR.findall(stated or "")
        if found:
            return int(found[-1])
    return None


def period_of(context: Context, place: Place, rules: RuleSet) -> Finding:
    """The period as EDTF, "" where none is known: by the sentence, its headings, else the report's own."""
    report, book = context.report, book_of(rules, "period")
    own = context.sentence.start < context.section.body  # a heading's own words are heard as its sentence
    clock, headed = _above(
        book, report.title, report.period, report.report_date, context.headings[own:], context.section.kind
    )
    found = _spoken(book, place, clock)
    start = context.sentence.start
    for _ in range(MAX_CHAIN):
        if found is None or found.value != "previous":
            break
        previous = _sentence_before(context.text, start)
        start -= len(previous)
        found = _spoken(book, _end_of(previous), clock) if previous.strip() else None
    if found is None or found.value == "previous":
        found = headed
    return found or Finding(clock.period, DEFAULT)


@lru_cache(maxsize=64)
def _above(
    book: Book, title: str | None, period: str | None, report_date: str | None, headings: tuple[str, ...], kind: str
) -> tuple[Clock, Finding | None]:
    """What relative expressions of a section count from, and the period that its headings name."""
    year = _year_in(period, report_date)
    clock = Clock(year, period or "", year)
    headed = _by_heading(book, headings, "" if _is_plan(title, book.rules) else kind, clock)
    if headed and YEAR.match(headed.value):
        clock = Clock(int(headed.value[:4]), clock.period, clock.own)  # 6月底前 under 2021年工作打算 is of 2021
    return clock, headed


@lru_cache(maxsize=256)
def _is_plan(title: str | None, rules: RuleSet) -> bool:
    """Whether the whole report is a plan, so that its plan sections are for its own period, not for the next half."""
    cues = [c for c in rules.cues["headings"] if c.where == "line" and rules.compile(c).search(title or "")]
    return any(not c.unless or rules.compile_text(c.unless).search(title or "") is None for c in cues)


def _spoken(book: Book, place: Place, clock: Clock) -> Finding | None:
    """What the cues of one sentence say; the later in the text wins among equal priorities."""
    best: tuple[Heard, str] | None = None
    lead: tuple[tuple[Heard, str] | None, Clock] | None = None  # what held before the first item
    parted: set[int] = set()  # semicolon stretches in which 其中 has stood: what is dated there holds in them alone
    for hit in governing(book, place):
        stretch = hit.piece.stretches[0]
        if hit.cue.value == "item":
            lead = lead or (best, clock)
            best, clock = lead
            continue
        if hit.cue.value == "previous":
            parted.add(stretch)
            if hit.start > 0:
                continue
        elif stretch not in place.piece.stretches and (stretch in parted or hit.groups.get("stretch") is not None):
            continue
        said = read_period(hit.cue.value, hit.groups, clock)
        if hit.cue.where == "sentence" and YEAR.match(said):
            # 2023年新建8座;12月底前 is of 2023, 2016年以来脱贫80户,12月底前 of the report's year
            clock = Clock(int(YEAR.findall(said)[-1]), clock.period, clock.own)
        if best is None or (hit.cue.priority, hit.start) > (best[0].cue.priority, best[0].start):
            best = (hit, said)
    return Finding(best[1], best[0].cue.id) if best else None


def _end_of(sentence: str) -> Place:
    """The place after everything that `sentence` says."""
    scene, end = scene_of(sentence, 0, len(sentence)), len(sentence)
    return Place(scene, scene.layout.at(max(0, end - 1)), end, end, end, None)


def _sentence_before(text: str, start: int) -> str:
    """The sentence that ends where `start` is, with the space after it."""
    lowest = max(0, start - LOOK_BACK)
    end = start
    while end > lowest and (text[end - 1] in FULL_STOPS or text[end - 1].isspace()):
        end -= 1
    begin = max(text.rfind(mark, lowest, end) for mark in FULL_STOPS) + 1
    return text[max(begin, lowest) : start]


def _by_heading(book: Book, headings: tuple[str, ...], kind: str, clock: Clock) -> Finding | None:
    """The period that the nearest heading names: 下半年打算, 2021年工作计划, 动员部署阶段(1月至2月)."""
    for heading in headings:
        title = heading if len(heading) <= MAX_HEADING else CLAUSE_END.split(heading, maxsplit=1)[0]
        hits = [h for h in find_hits(book, title) if h.cue.where == "sentence"]
        said = [
            (h, read_period(h.cue.value, h.groups, clock))
            for h in hits
            if h.cue.value not in ("report", "previous", "item")
        ]
        if said:
            hit, period = said[-1] if kind == "plan" else said[0]
            return Finding(period, hit.cue.id)
    half = FIRST_HALF.fullmatch(clock.period)
    return Finding(f"{half['year']}-41", DEFAULT) if half and kind == "plan" else None


def read_period(value: str, groups: Mapping[str, str | None], clock: Clock) -> str:
    """The EDTF of one expression: a kind of the module's list (or EDTF itself) and its named groups; "" if unknown."""
    match = KIND.fullmatch(value)
    if match is None or value == "previous":
        return value
    named = groups.get("year")
    if named and not _is_number(named):
        return UNKNOWN_YEAR
    own = match["shift"] or groups.get("this") or match["kind"] in UP_TO_REPORT
    year = _number(named) if named else _shifted(clock.own if own else clock.year, match["shift"])
    kind = match["kind"]
    if kind == "report":
        return clock.period
    return "" if year is None else _dated(kind, year, groups, clock)


def _dated(kind: str, year: int, groups: Mapping[str, str | None], clock: Clock) -> str:
    number = {k: _number(v) for k, v in groups.items() if v and k != "end"}
    ending = bool(groups.get("end"))
    if kind in ("half1", "half2"):
        return f"{year}-{39 + int(kind[-1])}"
    if kind == "quarter":
        quarter = number.get("quarter", 1)
        return f"{year}-{quarter * 3:02}" if ending else f"{year}-{32 + quarter}"
    if kind == "years":
        return _interval(str(year - max(1, number.get("years", 1)) + 1), str(year))
    if kind == "since":
        return _interval(_date(year, number.get("month"), None), str(clock.own or year))
    if kind == "first":
        return _interval(_date(year, 1, None), _date(year, number.get("month2") or number.get("quarter", 4) * 3, None))
    if kind == "span":
        first = _date(year, number.get("month"), number.get("day"))
        month = number.get("month2")
        return _interval(first, _date(number.get("year2", year), month, number.get("day2")))
    month = number.get("month")
    return _date(year, 12 if ending and month is None else month, number.get("day"))


def _interval(first: str, last: str) -> str:
    if first[:4] == last and "-" in first:
        return f"{first}/{last}"
    if first.endswith("-01") and last == f"{first[:4]}-12":
        return first[:4]
    return first if first == last else f"{first}/{last}"


def _date(year: int, month: int | None, day: int | None) -> str:
    parts = [str(year)]
    if month is not None:
        parts.append(f"{month:02}")
        if day is not None:
            parts.append(f"{day:02}")
    return "-".join(parts)


def _shifted(year: int | None, shift: str | None) -> int | None:
    return None if year is None else year + int(shift or 0)


def _is_number(text: str) -> bool:
    return all(unicodedata.numeric(c, -1) >= 0 for c in text)


def _number(text: str) -> int:
    """A year, month, day or count of years in Arabic or Chinese digits (二〇一八, 十二, 三十一)."""
    if text.isascii() and text.isdigit():
        return int(text)
    total = 0
    digits = [int(unicodedata.numeric(c, 0)) for c in text]
    if 10 not in digits:
        return int("".join(map(str, digits)) or 0)
    for digit in digits:
        total = max(1, total) * 10 if digit == 10 else total + digit
    return total
