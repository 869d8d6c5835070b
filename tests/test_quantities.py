"""Which numerals of a text are quantities, what they say, and why the others are none."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pipeline.numerals import scan
from pipeline.quantities import find_numerals
from pipeline.records import Numeral
from pipeline.rules import CUE_FILES, load_rules

HERE = Path(__file__).parent / "cases"
CASES: dict[str, Any] = tomllib.loads((HERE / "quantities.toml").read_text("utf-8"))
NEGATIVES: dict[str, Any] = tomllib.loads((HERE / "quantities_negative.toml").read_text("utf-8"))
RAW = sorted((Path(__file__).parent / "gold" / "raw").glob("*.txt"))
MARK = regex.compile(r"<([^<>]{1,40})>")
DIGITS = regex.compile(r"[0-9]{1,300000}")
FATES = (CUE_FILES["fates"][0] or frozenset()) | {"observation", "unexplained"}


class Row(NamedTuple):
    """What a quantity says."""

    span: str
    measure: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    qualifier: str = "exact"
    masked: bool = False


def numerals(text: str) -> tuple[Numeral, ...]:
    return find_numerals(text, load_rules())


def rows(text: str) -> list[Row]:
    """The quantities of `text`."""
    found = [n.quantity for n in numerals(text) if n.quantity]
    return [Row(text[q.start : q.end], q.measure, q.value, q.low, q.high, q.qualifier, q.masked) for q in found]


def unmark(marked: str) -> tuple[str, int, int]:
    """A text without its mark, and the stretch that was marked."""
    mark = MARK.search(marked)
    assert mark, f"no mark in {marked}"
    return MARK.sub(r"\1", marked, count=1), mark.start(), mark.end() - 2


def fates(cases: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(marked, case["fate"], id=f"{case['fate']}: {marked}", marks=todo(case))
        for case in cases
        for marked in case["texts"]
    ]


def todo(case: dict[str, Any]) -> list[pytest.MarkDecorator]:
    """A known gap fails, and must be taken off the list when it is closed."""
    return [pytest.mark.xfail(strict=True, reason=case["why"])] if "why" in case else []


SAME = [
    pytest.param(way, {k: v for k, v in c.items() if k != "ways"}, id=way) for c in CASES["same"] for way in c["ways"]
]


@pytest.mark.parametrize(("marked", "said"), SAME)
def test_every_way_to_write_a_quantity(marked: str, said: dict[str, Any]) -> None:
    text, start, end = unmark(marked)
    (row,) = rows(text)
    assert row == Row(text[start:end], **said)


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=c["text"], marks=todo(c)) for c in [*CASES["text"], *CASES.get("todo", [])]]
)
def test_every_quantity_of_a_text(case: dict[str, Any]) -> None:
    assert rows(case["text"]) == [Row(**row) for row in case["rows"]]


@pytest.mark.parametrize(("marked", "fate"), fates([*NEGATIVES["fate"], *NEGATIVES.get("todo", [])]))
def test_no_quantity(marked: str, fate: str) -> None:
    text, start, end = unmark(marked)
    assert rows(text) == []
    assert [(n.start, n.end, n.fate) for n in numerals(text) if n.start < end and n.end > start] == [(start, end, fate)]


def test_a_masked_number_has_no_value() -> None:
    found = [n.quantity for n in numerals("共xx户20__人,投入4**万元,占x.x%") if n.quantity]
    assert [(q.value, q.number) for q in found] == [(None, None)] * 4


def test_the_number_as_written_is_kept_beside_its_value() -> None:
    (quantity,) = [n.quantity for n in numerals("种植3公顷") if n.quantity]
    assert (quantity.number, quantity.unit, quantity.value) == (3.0, "公顷", 45.0)


FRAGMENTS = (
    "全村 48户 157人 3.5万元 1,286亩 近 余 以上 不足 — - 、 , 。 第 其中 xx 20__ ** 某 % 百分之九十 三分之一 "
    "两三 十 半 一个 个 户 元 万 2018年 4月23日 〔2023〕2号 S207线 1、 (二) “三农” 4A级 80岁以上 每 13800000000 "
    "公里/小时 3×5米 12345"
)
PIECES = [*FRAGMENTS.split(), " ", "\n"]
TEXTS = st.lists(st.sampled_from(PIECES) | st.integers(0, 10**20).map(str), max_size=14).map("".join)


@given(TEXTS)
def test_every_digit_run_is_accounted_for(text: str) -> None:
    """Nothing is dropped in silence: each run of digits lies in numerals that have a fate of the closed list."""
    found = numerals(text)
    covered = {i for n in found for i in range(n.start, n.end)}
    assert [m[0] for m in DIGITS.finditer(text) if not covered.issuperset(range(m.start(), m.end()))] == []
    assert {n.fate for n in found} <= FATES


@pytest.mark.parametrize("path", RAW, ids=[p.stem for p in RAW])
def test_every_digit_run_of_a_report_is_accounted_for(path: Path) -> None:
    text = path.read_text("utf-8").replace("\r", "")
    covered = {i for n in numerals(text) for i in range(n.start, n.end)}
    assert [m[0] for m in DIGITS.finditer(text) if not covered.issuperset(range(m.start(), m.end()))] == []


@given(TEXTS)
def test_every_numeral_of_the_scan_is_accounted_for(text: str) -> None:
    covered = {i for n in numerals(text) for i in range(n.start, n.end)}
    assert [text[f.start : f.end] for f in scan(text) if not covered.issuperset(range(f.start, f.end))] == []


@given(TEXTS)
def test_numerals_are_in_order_and_apart(text: str) -> None:
    found = numerals(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(n.start < n.end for n in found)


@given(TEXTS)
def test_a_quantity_keeps_its_promises(text: str) -> None:
    known = load_rules().by_id
    for numeral in numerals(text):
        assert (numeral.quantity is not None) == (numeral.fate == "observation")
        assert numeral.rule in known or numeral.rule.startswith("quantities.")
        q = numeral.quantity
        if q is None:
            continue
        assert (q.start, q.end) == (numeral.start, numeral.end)
        assert q.start <= q.unit_start <= q.unit_end <= q.end or q.unit_start == q.unit_end
        assert q.low is None or q.high is None or q.low <= q.high
        assert not q.masked or q.value is None
        assert q.qualifier != "range" or q.value is None


def test_no_value_is_infinite() -> None:
    found = [n.quantity for n in numerals("5" + "亿" * 50 + "元") if n.quantity]
    assert not [q for q in found if q.value and not q.value < 1e20]


def test_a_page_of_scales_is_read_to_its_end() -> None:
    assert numerals("5" + "亿" * 130_000 + "元")


BOMBS = [("7", 200_000), ("九", 200_000), ("x", 200_000), ("第", 200_000), ("-", 200_000), ("“一", 50_000),
         ("一是", 50_000), ("7户", 20_000), ("7、", 20_000), ("1—2户", 20_000), ("一户", 20_000), ("2018年", 20_000),
         ("万", 200_000)]  # fmt: skip


@pytest.mark.parametrize(("piece", "length"), BOMBS, ids=[f"{n} of {p}" for p, n in BOMBS])
def test_a_page_of_numerals_is_read_to_its_end(piece: str, length: int) -> None:
    page = piece * (length // len(piece))
    found = numerals(page + "。共5户")
    assert found[-1].quantity is not None
    assert (found[-1].end, found[-1].quantity.value) == (len(page) + 4, 5.0)
