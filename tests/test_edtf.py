"""Periods in EDTF: the first and the last day that each names."""

from __future__ import annotations

import calendar
import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.edtf import days
from pipeline.records import Days

HERE = Path(__file__).parent / "cases"
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "edtf.toml").read_text("utf-8"))["days"]
NONE: list[dict[str, Any]] = tomllib.loads((HERE / "edtf_negative.toml").read_text("utf-8"))["none"]
TODO: list[dict[str, Any]] = tomllib.loads((HERE / "edtf_negative.toml").read_text("utf-8"))["todo"]

DATES = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
YEARS = st.integers(1, 9999)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [pytest.param(p, c["first"], c["last"], id=p) for c in CASES for p in c["periods"]],
)
def test_days(period: str, first: dt.date, last: dt.date) -> None:
    assert days(period) == Days(first, last)


@pytest.mark.parametrize("period", [pytest.param(p, id=f"{c['why']}: {p!r}") for c in NONE for p in c["periods"]])
def test_no_days(period: str) -> None:
    assert days(period) is None


@pytest.mark.xfail(strict=True, reason=TODO[0]["why"])
@pytest.mark.parametrize("period", TODO[0]["periods"])
def test_no_days_yet(period: str) -> None:
    assert days(period) is None


def test_nothing_stated_gives_no_days() -> None:
    assert days(None) is None


@given(DATES)
def test_a_day_is_itself(day: dt.date) -> None:
    assert days(day.isoformat()) == Days(day, day)


@given(YEARS, st.integers(1, 12))
def test_a_month_ends_where_the_next_begins(year: int, month: int) -> None:
    found = days(f"{year:04}-{month:02}")
    assert found is not None
    assert found.first == dt.date(year, month, 1)
    assert found.last.day == calendar.monthrange(year, month)[1]
    assert (found.last.year, found.last.month) == (year, month)


@given(YEARS, st.sampled_from([(33, 34, 35, 36), (40, 41), range(1, 13)]))
def test_the_parts_of_a_year_make_the_year(year: int, parts: tuple[int, ...]) -> None:
    found = [days(f"{year:04}-{part:02}") for part in parts]
    whole = days(f"{year:04}")
    assert whole is not None
    starts, ends = [f.first for f in found if f], [f.last for f in found if f]
    assert (starts[0], ends[-1]) == (whole.first, whole.last)
    assert [s - e for s, e in zip(starts[1:], ends, strict=False)] == [dt.timedelta(1)] * (len(parts) - 1)


@given(DATES, DATES)
def test_an_interval_reaches_from_its_first_to_its_last_day(a: dt.date, b: dt.date) -> None:
    first, last = min(a, b), max(a, b)
    assert days(f"{first}/{last}") == Days(first, last)
    assert (days(f"{last}/{first}") is None) == (first != last)


@given(st.text(max_size=30))
def test_no_text_raises(period: str) -> None:
    found = days(period)
    assert found is None or found.first <= found.last


@given(st.text("0123456789-/X", max_size=22))
def test_no_lookalike_raises(period: str) -> None:
    found = days(period)
    assert found is None or found.first <= found.last
