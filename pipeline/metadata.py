"""What a report says of itself: title, issuer, date, period, place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import regex

from pipeline.numerals import parse
from pipeline.records import Report
from pipeline.rules import RuleSet

Line = tuple[int, str, int, bool]  # start, text, level of the heading it opens, closing
TITLE_LINES = 3
OPENING = 400  # characters at the head of a report in which it may name its period


@lru_cache(maxsize=32)
def _patterns(rules: RuleSet, value: str) -> tuple[regex.Pattern[str], ...]:
    return tuple(rules.compile(c) for c in rules.cues["structure"] if c.value == value)


def describe(body: str, report: Report, lines: Sequence[Line], rules: RuleSet) -> Report:
    """`report` with what its title, its first lines and its signature say; None where they say nothing."""
    written = [x for x in lines if x[1]]
    title = _title(written, rules)
    date, signature = _signature(written, rules)
    return replace(
        report,
        title=title,
        issuer=signature or _first_group(title or "", _patterns(rules, "issuer")),
        place=_first_group(title or "", _patterns(rules, "place"))
        or _first_group(_opening(body, report), _patterns(rules, "place")),
        report_date=date,
        period=_period(title or "", _opening(body, report), date, rules),
    )


def _opening(body: str, report: Report) -> str:
    return body[report.start : min(report.end, report.start + OPENING)]


def _title(lines: Sequence[Line], rules: RuleSet) -> str | None:
    """The lines before the first sentence that together read as a title."""
    taken: list[str] = []
    for _, text, level, closing in lines[:TITLE_LINES]:
        if level or closing or regex.search(r"[。；;：:]$|[。；;]", text) or len(text) > 60:
            break
        taken.append(text)
        if any(p.search(text) for p in _patterns(rules, "title")):
            return "".join(taken)
    return None


def _signature(lines: Sequence[Line], rules: RuleSet) -> tuple[str | None, str | None]:
    """The date and the organisation in the closing lines."""
    date, issuer = None, None
    for _, text, _, closing in lines:
        if not closing:
            continue
        found = date_in(text, rules)
        date = found or date
        if not found and any(p.fullmatch(text) for p in _patterns(rules, "signature")):
            issuer = text
    return date, issuer


def date_in(text: str, rules: RuleSet) -> str | None:
    """The date that `text` states, in EDTF at the precision stated."""
    for pattern in _patterns(rules, "date"):
        m = pattern.search(text)
        if m:
            year = _year(m["year"])
            parts = [year]
            for name in ("month", "day"):
                value = parse(m[name] or "") if m[name] else None
                if value is None or value.value is None or year.endswith("X"):
                    break
                parts.append(f"{int(value.value):02d}")
            return "-".join(parts)
    return None


def _year(text: str) -> str:
    """2018, 二〇一八 -> 2018; 20__, 20xx -> 20XX."""
    digits = "".join(c if c.isascii() and c.isdigit() else str(_digit(c)) for c in text)
    return digits if digits.isdigit() and len(digits) == 4 else "20XX"


def _digit(char: str) -> str:
    value = parse(char)
    return "X" if value is None or value.value is None else str(int(value.value))


def _period(title: str, opening: str, date: str | None, rules: RuleSet) -> str | None:
    """The time the report speaks of: its title's, else its first sentence's, else its date's year."""
    for text in (title, opening):
        for pattern in _patterns(rules, "period"):
            m = pattern.search(text)
            if m:
                return _with_part(_year(m["year"]), m.groupdict())
    year = date[:4] if date else None
    for text in (title, opening):
        for pattern in _patterns(rules, "part"):
            m = pattern.search(text)
            if m and year:
                return _with_part(year, m.groupdict())
    return year


def _with_part(year: str, groups: dict[str, str | None]) -> str:
    if year.endswith("X"):
        return year
    for name, code in (
        ("half1", "40"),
        ("half2", "41"),
        ("quarter1", "33"),
        ("quarter2", "34"),
        ("quarter3", "35"),
        ("quarter4", "36"),
    ):
        if groups.get(name):
            return f"{year}-{code}"
    return year


def _first_group(text: str, patterns: Sequence[regex.Pattern[str]]) -> str | None:
    for pattern in patterns:
        m = pattern.search(text)
        if m:
            return m[1]
    return None
