"""Dates in writing, and the date of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import regex

from pipeline.lines import patterns, reads_as
from pipeline.metadata.title import Head
from pipeline.numerals import parse
from pipeline.rules import RuleSet

MASKED = "20XX"
FULL = regex.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?")


def report_date(head: Head, foot: Sequence[str], rules: RuleSet) -> str | None:
    """The report's date in EDTF: its signature's, else the one under its title, else the day the page was published.

    `foot` are the closing lines. A date that the title itself states in full comes last.
    """
    signed = [d for x in foot if reads_as(x, "closing", rules) and (d := date_in(x, rules))]
    under = [d for x in head.dated if (d := date_in(x, rules))]
    published = [d for x in (*head.page, *foot) if reads_as(x, "chrome", rules) and (d := date_in(x, rules))]
    titled = [d for x in (head.title or "",) if (d := date_in(x, rules)) and FULL.fullmatch(d)]
    return next(iter([*reversed(signed), *under, *published, *titled]), None)


def date_in(text: str, rules: RuleSet) -> str | None:
    """The first date that `text` states, in EDTF at the precision stated; 20XX where its year is masked."""
    for pattern in patterns(rules, "date"):
        m = pattern.search(text)
        if m:
            return _edtf(m.groupdict())
    return None


def _edtf(groups: Mapping[str, str | None]) -> str:
    parts = [year_of(groups["year"] or "")]
    for name, most in (("month", 12), ("day", 31)):
        value = number_of(groups.get(name))
        if value is None or not 1 <= value <= most or parts[0] == MASKED:
            break
        parts.append(f"{value:02}")
    return "-".join(parts)


def year_of(text: str) -> str:
    """2018, 二〇一八 -> 2018; 20__, 20xx -> 20XX."""
    digits = "".join(_digit(c) for c in text)
    return digits if digits.isascii() and digits.isdigit() and len(digits) == 4 else MASKED


def _digit(char: str) -> str:
    if char in "○Ｏ":
        return "0"
    value = parse(char)
    return "X" if value is None or value.value is None else str(int(value.value))


def number_of(text: str | None) -> int | None:
    """A month, day or quarter: 7, 十二, and 元 of 元月; None where it is masked or not written."""
    if not text:
        return None
    value = parse(text)
    if value is None:
        return 1  # 元月
    return None if value.value is None else int(value.value)
