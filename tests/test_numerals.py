"""Numerals and numbers: every way to write one, masks and shares, and where they stand in a text."""

from __future__ import annotations

import tomllib
from collections import deque
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.numerals import MASK, Number, fraction, parse, scan, to_chinese, written

HERE = Path(__file__).parent / "cases"
CASES: dict[str, Any] = tomllib.loads((HERE / "numerals.toml").read_text("utf-8"))
NONE: dict[str, Any] = tomllib.loads((HERE / "numerals_negative.toml").read_text("utf-8"))
SCALES = [("百", 100), ("千", 1000), ("万", 10**4), ("亿", 10**8)]
LARGEST = 10**13 - 1  # to_chinese goes no further
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")


def ways(kind: str) -> list[Any]:
    """Every way of every case of one kind, with the case."""
    return [pytest.param(way, case, id=way) for case in CASES[kind] for way in case["ways"]]


def negatives(kind: str) -> list[Any]:
    return [pytest.param(text, id=f"{case['why']}: {text!r}") for case in NONE[kind] for text in case["texts"]]


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(("way", "case"), ways("number"))
def test_number(way: str, case: dict[str, str]) -> None:
    assert parse(way) == Number(Decimal(case["value"]))


@pytest.mark.parametrize(("way", "case"), ways("mask"))
def test_mask(way: str, case: dict[str, str]) -> None:
    assert parse(way) == Number(None, decimal(case.get("low")), decimal(case.get("high")), masked=True)


@pytest.mark.parametrize(("way", "case"), ways("share"))
def test_share(way: str, case: dict[str, str]) -> None:
    assert fraction(way) == Number(Decimal(case["value"]))


@pytest.mark.parametrize("text", negatives("none"))
def test_no_number(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", negatives("share"))
def test_no_share(text: str) -> None:
    assert fraction(text) is None


@pytest.mark.parametrize("case", CASES["scan"], ids=[c["text"] for c in CASES["scan"]])
def test_scan(case: dict[str, Any]) -> None:
    assert [case["text"][f.start : f.end] for f in scan(case["text"])] == case["found"]


@pytest.mark.parametrize("text", negatives("scan"))
def test_scan_finds_nothing(text: str) -> None:
    assert list(scan(text)) == []


def test_a_last_digit_without_its_unit_is_read_alike_in_both_scripts() -> None:
    assert parse("2千4百五") == parse("2千4百5") == Number(Decimal(2450))


def test_a_scale_twice_multiplies() -> None:
    assert parse("五万万") == parse("5亿") == Number(Decimal(500_000_000))


CHINESE = [
    (0, "零"), (1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (100, "一百"), (101, "一百零一"), (110, "一百一十"),
    (1001, "一千零一"), (1010, "一千零一十"), (10_000, "一万"), (10_001, "一万零一"), (10_100, "一万零一百"),
    (11_000, "一万一千"), (100_000, "十万"), (101_000, "十万一千"), (120_003, "十二万零三"), (100_000_000, "一亿"),
    (100_010_001, "一亿零一万零一"), (1_000_000_000_001, "一兆零一"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "text"), CHINESE, ids=[t for _, t in CHINESE])
def test_to_chinese(number: int, text: str) -> None:
    assert to_chinese(number) == text


@pytest.mark.parametrize("number", [-1, 10**13, 10**20])
def test_to_chinese_refuses_what_it_cannot_name(number: int) -> None:
    with pytest.raises(ValueError, match=f"^{number} is outside"):
        to_chinese(number)


def test_every_number_to_ten_thousand_comes_back() -> None:
    assert [n for n in range(10_001) if written(to_chinese(n)) != n] == []


def test_no_two_numbers_to_ten_thousand_share_a_name() -> None:
    assert len({to_chinese(n) for n in range(10_001)}) == 10_001


@given(st.integers(0, LARGEST))
def test_chinese_comes_back(number: int) -> None:
    assert parse(to_chinese(number)) == Number(Decimal(number))


@given(st.integers(0, LARGEST))
def test_formal_digits_mean_the_same(number: int) -> None:
    assert written(to_chinese(number).translate(FORMAL)) == number


@given(st.integers(0, LARGEST), st.text("零一二三四五六七八九", min_size=1, max_size=6))
def test_a_chinese_decimal_is_whole_plus_part(number: int, part: str) -> None:
    digits = "".join(str("零一二三四五六七八九".index(c)) for c in part)
    assert written(f"{to_chinese(number)}点{part}") == Decimal(f"{number}.{digits}")


@given(st.integers(0, LARGEST))
def test_groups_of_three_change_nothing(number: int) -> None:
    assert parse(f"{number:,}") == parse(str(number)) == Number(Decimal(number))


@given(
    st.decimals(0, 99_999, places=2, allow_nan=False),
    st.sampled_from(SCALES),
)
def test_a_scale_multiplies(number: Decimal, scale: tuple[str, int]) -> None:
    assert parse(f"{number}{scale[0]}") == Number(number * scale[1])


@given(st.integers(0, 10**9), st.data())
def test_a_mask_bounds_the_digits_it_hides(number: int, data: st.DataObject) -> None:
    digits = str(number)
    hidden = data.draw(st.sets(st.integers(0, len(digits) - 1), min_size=1))
    mask = data.draw(st.sampled_from([c for c in MASK if c != "＊"]))
    found = parse("".join(mask if i in hidden else c for i, c in enumerate(digits)))
    assert found is not None
    assert found.masked
    assert found.value is None
    if len(hidden) == len(digits):
        assert (found.low, found.high) == (None, None)
    else:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= number <= found.high


PIECES = st.text("0123456789xX*_-—.,，、一二两十百千万亿半成点分之某A户元 \n", max_size=60)


@given(PIECES)
def test_the_scan_moves_forward_and_skips_no_digit(text: str) -> None:
    found = list(scan(text))
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(f.start < f.end for f in found)
    covered = {i for f in found for i in range(f.start, f.end)}
    assert [i for i, c in enumerate(text) if c.isdecimal() and i not in covered] == []


BOMBS = {
    "Arabic digits": "7",
    "Chinese digits": "九",
    "scales": "万亿",
    "masks": "x",
    "digits and masks": "1x",
    "commas": "1,",
    "points": "1.",
    "Chinese points": "九点",
    "dashes": "-",
    "digits and dashes": "1-",
    "shares": "百分之",
    "tenths": "三成",
    "digits before a letter": "1a",
}


@pytest.mark.parametrize("piece", BOMBS.values(), ids=BOMBS)
def test_a_page_of_digits_is_read_to_its_end(piece: str) -> None:
    page = piece * (200_000 // len(piece))
    last = deque(scan(page + "户5"), maxlen=1)
    assert [f.end for f in last] == [len(page) + 2]
