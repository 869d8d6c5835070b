"""What a report says of itself: title, issuer, date, and the period by weighed evidence; periods of its numbers."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.edtf import days
from pipeline.extract import read_text
from pipeline.metadata.dates import date_in, number_of, year_of
from pipeline.normalise import normalise
from pipeline.numerals import to_chinese
from pipeline.records import RawText, Report
from pipeline.rules import load_rules
from pipeline.segment import segment
from pipeline.topics.model import load_model

HERE = Path(__file__).parent / "cases"
METADATA = tomllib.loads((HERE / "structure_metadata.toml").read_text("utf-8"))["case"]
DATING = tomllib.loads((HERE / "structure_dating.toml").read_text("utf-8"))["case"]
PERIODS = tomllib.loads((HERE / "structure_periods.toml").read_text("utf-8"))["case"]
DATES = st.dates(dt.date(1990, 1, 1), dt.date(2049, 12, 31))


def raw(text: str) -> RawText:
    return RawText("test", text, "", len(text), "txt", "utf-8", "test")


def report_of(text: str) -> Report:
    (report,) = segment(normalise(raw(text)), load_rules()).reports
    return report


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in METADATA])
def test_what_a_report_says_of_itself(case: dict[str, Any]) -> None:
    report = report_of(case["text"])
    said = {"title": report.title, "issuer": report.issuer, "date": report.report_date, "period": report.period}
    assert said == {name: case.get(name) for name in said}


@pytest.mark.parametrize(
    ("text", "period"),
    [pytest.param(t, c["period"], id=f"{c['period']}: {t}".replace("\n", " ")) for c in DATING for t in c["texts"]],
)
def test_the_period_of_a_report(text: str, period: str) -> None:
    assert (report_of(text).period or "") == period


@pytest.mark.parametrize(
    ("text", "periods"),
    [pytest.param(t, c["periods"], id=t.replace("\n", " ")) for c in PERIODS for t in c["texts"]],
)
def test_the_periods_of_numbers(text: str, periods: list[str]) -> None:
    reading = read_text(raw(text), load_rules(), load_model())
    assert [o.period.value for o in reading.observations] == periods


# --- laws


@given(DATES, st.sampled_from(["{0}年{1}月{2}日", "{0}-{1:02}-{2:02}", "{0}.{1}.{2}", "{0} 年 {1} 月 {2} 日"]))
def test_a_date_is_read_however_it_is_written(date: dt.date, form: str) -> None:
    assert date_in(form.format(date.year, date.month, date.day), load_rules()) == date.isoformat()


@given(DATES)
def test_a_date_in_chinese_numerals_is_the_same_date(date: dt.date) -> None:
    year = "".join("〇一二三四五六七八九"[int(c)] for c in str(date.year))
    text = f"{year}年{to_chinese(date.month)}月{to_chinese(date.day)}日"
    assert date_in(text, load_rules()) == date.isoformat()


@given(DATES)
def test_the_date_of_a_signature_is_the_reports(date: dt.date) -> None:
    text = f"枣林村工作总结\n一、种茶\n看根。\n枣林村村民委员会\n{date.year}年{date.month}月{date.day}日"
    report = report_of(text)
    assert report.report_date == date.isoformat()
    assert days(report.period) is not None


@given(st.integers(1990, 2049), st.integers(1990, 2049))
def test_a_year_in_the_title_beats_every_other(year: int, other: int) -> None:
    text = (
        f"枣林村{year}年工作总结\n{other}年,村里种茶。\n一、种茶\n截至{other}年6月种茶30亩。\n二、{other}年打算\n养蜂。"
    )
    assert report_of(text).period == str(year)


@given(st.text(st.sampled_from("0123456789xX_〇零一二三四五六七八九十元年月日"), max_size=12))
def test_what_is_no_year_is_masked(text: str) -> None:
    assert year_of(text) == "20XX" or (len(year_of(text)) == 4 and year_of(text).isdigit())
    assert number_of(text) is None or number_of(text) >= 0  # type: ignore[operator]


PIECES = [
    *(
        "2016年",
        "2018年上半年",
        "20__年",
        "现将",
        "汇报如下：",
        "\n",
        "。",
        "工作总结",
        "截至",
        "12月",
        "一、",
        "计划",
        "20",
    ),
    *("枣林村", "第三季度", "1-9月", "“十三五”时期", "2019年1月5日"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_period_is_edtf_or_nothing(text: str) -> None:
    for report in segment(normalise(raw(text)), load_rules()).reports:
        assert report.period in (None, "20XX") or days(report.period) is not None
        assert report.report_date in (None, "20XX") or days(report.report_date) is not None
