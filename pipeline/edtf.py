"""Periods in EDTF (ISO 8601-2).

2018, 2018-40 (first half), 2018-33 (first quarter), 2018-05, 2018-05-12, 2014/2020, 20XX.
"""

from __future__ import annotations

import calendar
import datetime as dt

import regex

from pipeline.records import Days

POINT = regex.compile(r"(?P<year>[0-9]{4})(?:-(?P<part>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?")
# First and last month of the EDTF sub-year groupings used here (ISO 8601-2, 4.8: 33-36 quarters, 40-41 semesters).
GROUPS = {33: (1, 3), 34: (4, 6), 35: (7, 9), 36: (10, 12), 40: (1, 6), 41: (7, 12)}


def days(period: str | None) -> Days | None:
    """The first and last day of `period`; None where it is empty, masked or no date."""
    if not period:
        return None
    first, _, last = period.partition("/")
    begin, end = _point(first), _point(last or first)
    if begin is None or end is None or begin.first > end.last:
        return None
    return Days(begin.first, end.last)


def _point(text: str) -> Days | None:
    m = POINT.fullmatch(text)
    if m is None or int(m["year"]) < 1:
        return None
    year, part, day = int(m["year"]), int(m["part"] or 0), int(m["day"] or 0)
    low, high = GROUPS.get(part, (part, part)) if part else (1, 12)
    try:
        first = dt.date(year, low, day or 1)
        return Days(first, first if day else dt.date(year, high, calendar.monthrange(year, high)[1]))
    except (ValueError, calendar.IllegalMonthError):
        return None
