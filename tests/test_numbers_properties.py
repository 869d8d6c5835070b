"""Laws of numbers: every number comes back from every way to write it, and every way to write it gives the same row."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain

import opencc
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.extract import read_quantities
from pipeline.numerals import scan, to_chinese, written
from pipeline.records import Quantity, RawText
from pipeline.rules import load_rules

MILLION = 1_000_000
CHUNK = 100_000
FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")
ARABIC = str.maketrans("一二三四五六七八九", "123456789")
WIDE = str.maketrans("0123456789.,%", "０１２３４５６７８９．，％")


def mixed(number: int) -> str:
    """12万3456, 12万零5: sections in Arabic digits."""
    high, low = divmod(number, 10_000)
    if not high:
        return str(low)
    return f"{high}万" + (str(low) if low >= 10 else f"零{low}" if low else "")


@pytest.mark.parametrize("start", range(0, MILLION, CHUNK))
def test_every_number_to_a_million_comes_back(start: int) -> None:
    """In Chinese numerals, in those of bookkeepers, and with Arabic sections."""
    numbers = range(start, start + CHUNK)
    names = [to_chinese(n) for n in numbers]
    assert [n for n, name in zip(numbers, names, strict=True) if written(name) != n] == []
    assert [n for n, name in zip(numbers, names, strict=True) if written(name.translate(FORMAL)) != n] == []
    assert [n for n in numbers if written(mixed(n)) != n] == []


@given(st.integers(0, 10**13 - 1))
def test_arabic_digits_between_chinese_scales_come_back(number: int) -> None:
    assert written(to_chinese(number).translate(ARABIC)) == number


def test_a_million_comes_back() -> None:
    assert written(to_chinese(MILLION)) == written("壹佰万") == written("100万") == MILLION


@pytest.mark.parametrize("start", range(1, 10_000, 2500))
def test_the_scan_finds_every_number_whole(start: int) -> None:
    wrong = []
    for number in range(start, min(start + 2500, 10_000)):
        name = to_chinese(number)
        for way in (name, name.translate(FORMAL), str(number)):
            found = list(scan(f"共{way}户"))
            if [(f.start, f.end, f.number and f.number.value) for f in found] != [(1, 1 + len(way), number)]:
                wrong.append((way, found))
    assert wrong == []


def test_no_scan_reaches_beyond_its_number() -> None:
    """Two names side by side with a unit between them stay two numbers."""
    pairs = [(a, b) for a in range(1, 10_000, 397) for b in range(1, 10_000, 401)]
    found = [[f.number and f.number.value for f in scan(f"{to_chinese(a)}户{to_chinese(b)}人")] for a, b in pairs]
    assert found == [[Decimal(a), Decimal(b)] for a, b in pairs]


# -- the same quantity, written in every way

UNITS = {"户": ("households", 1), "人": ("persons", 1), "元": ("yuan", 1), "亩": ("mu", 1), "公里": ("metres", 1000)}
BOUNDS = {"exact": "", "about": "约", "over": "超过", "under": "不足"}
TRADITIONAL = opencc.OpenCC("s2t")


def quantities(text: str) -> list[Quantity]:
    """The quantities of a text, read by the chain with its repairs."""
    raw = RawText("text", text, "", len(text), "txt", "utf-8", "test")
    _, _, numerals, _ = read_quantities(raw, load_rules())
    return [n.quantity for n in numerals if n.quantity]


def said(text: str) -> list[tuple[object, ...]]:
    return [(q.value, q.low, q.high, q.qualifier, q.masked, q.measure) for q in quantities(text)]


def ways(number: int) -> list[str]:
    """The ways to write a whole number."""
    name = to_chinese(number)
    found = [str(number), f"{number:,}", name, name.translate(FORMAL), mixed(number)]
    if number % 100 == 0 and number >= 10_000:
        found.append(f"{Decimal(number) / 10_000:f}万")
    if number % 1_000_000 == 0 and number >= 100_000_000:
        found.append(f"{Decimal(number) / 100_000_000:f}亿")
    return found


NUMBERS = st.one_of(
    st.integers(11, 99_999), st.integers(1, 9_999).map(lambda n: n * 100), st.integers(1, 999).map(lambda n: n * 10**6)
)


@given(NUMBERS, st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(BOUNDS)), st.data())
def test_every_way_to_write_it_gives_the_same_row(number: int, unit: str, bound: str, data: st.DataObject) -> None:
    measure, factor = UNITS[unit]
    way = data.draw(st.sampled_from(ways(number)))
    text = f"全村统计有{BOUNDS[bound]}{way}{unit},其余不计。"
    value = float(number * factor)
    low, high = (value if bound == "over" else None), (value if bound == "under" else None)
    expected = [(value, low, high, bound, False, measure)]
    assert said(text) == expected
    assert said(TRADITIONAL.convert(text)) == expected
    assert said(text.translate(WIDE)) == expected
    assert said(text.replace(unit, f" {unit}")) == expected


@given(st.integers(11, 99_999), st.sampled_from([("戶", "(hù)"), ("畝", "(mǔ)"), ("個", "(gè)"), ("萬元", "(yuán)")]))
def test_a_gloss_behind_the_unit_changes_nothing(number: int, unit: tuple[str, str]) -> None:
    assert said(f"農村共{number}{unit[0]}{unit[1]},發展產業。") == said(f"农村共{number}{unit[0]},发展产业。")


@given(st.integers(11, 9_999), st.integers(1, 9), st.sampled_from(["元", "亩", "公里"]))
def test_a_full_stop_between_digits_is_a_point(whole: int, tenth: int, unit: str) -> None:
    assume(not 1900 <= whole <= 2099)  # 2018。1 may be a date
    assert said(f"共{whole}。{tenth}{unit},其余不计。") == said(f"共{whole}.{tenth}{unit},其余不计。") != []


@given(st.integers(11, 9_999), st.integers(1, 9), st.sampled_from(["户", "人"]))
def test_a_full_stop_before_what_comes_in_wholes_ends_a_sentence(whole: int, other: int, unit: str) -> None:
    read = quantities(f"共{whole}{unit}。{other}{unit}未脱贫,编号{whole}。{other}{unit}未脱贫。")
    assert [q.value for q in read] == [whole, other, other]


@given(st.integers(1, 9_998), st.data())
def test_every_way_to_write_a_range_gives_the_same_row(low: int, data: st.DataObject) -> None:
    high = data.draw(st.integers(low + 1, 9_999))
    dash = data.draw(st.sampled_from(["—", "-", "－", "~", "～", "至", "到", "——", " - "]))
    assume(not 1900 <= low <= 2099)
    expected = [(None, float(low), float(high), "range", False, "households")]
    assert said(f"联系帮扶{low}{dash}{high}户,") == expected
    assert said(f"联系帮扶{low}户{dash}{high}户,") == expected
    assert said(f"联系帮扶{to_chinese(low)}至{to_chinese(high)}户,") == expected


@given(st.integers(1, 998), st.data())
def test_the_bounds_of_a_range_share_the_scale(low: int, data: st.DataObject) -> None:
    high = data.draw(st.integers(low + 1, 999))
    expected = [(None, low * 10_000.0, high * 10_000.0, "range", False, "yuan")]
    assert said(f"补助资金{low}—{high}万元。") == said(f"补助资金{low}万—{high}万元。") == expected
    assert said(f"补助资金{low}万元至{high}万元。") == expected


@given(st.integers(0, 100), st.integers(0, 99))
def test_every_way_to_write_a_percentage_gives_the_same_row(whole: int, part: int) -> None:
    number = Decimal(f"{whole}.{part:02d}")
    digits = "".join("零一二三四五六七八九"[int(c)] for c in f"{part:02d}")
    texts = [f"{number}%", f"{number}％", f"{number} %", f"百分之{number}", f"百分之{to_chinese(whole)}点{digits}",
             f"{number}个百分点"]  # fmt: skip
    assert {tuple(map(tuple, said(f"参保率达到{text},成效明显"))) for text in texts} == {
        ((float(number), None, None, "exact", False, "percent"),)
    }


@given(st.integers(0, 10**7).map(lambda n: Decimal(n) / 100))
def test_money_in_three_units_is_one_number(amount: Decimal) -> None:
    yuan, fen = divmod(int(amount * 100), 100)
    jiao, fen = divmod(fen, 10)
    assume(yuan and jiao)
    small = f"{jiao}角" + (f"{fen}分" if fen else "")
    name = f"{to_chinese(yuan)}元{to_chinese(jiao)}角" + (f"{to_chinese(fen)}分" if fen else "")
    expected = [(pytest.approx(float(amount)), None, None, "exact", False, "yuan")]
    assert said(f"退还多收费用{yuan}元{small},") == expected
    assert said(f"退还多收费用{name},") == expected


@given(st.lists(st.integers(1, 999), min_size=2, max_size=6, unique=True))
def test_each_number_of_a_list_has_the_unit_of_the_last(numbers: list[int]) -> None:
    text = "三个组分别有" + "、".join(map(str, numbers)) + "户。"
    assert [q.value for q in quantities(text)][-len(numbers) :] == [float(n) for n in numbers]
    assert {q.measure for q in quantities(text)[-len(numbers) :]} == {"households"}


@given(st.lists(st.tuples(st.integers(1, 9_999), st.sampled_from(sorted(UNITS))), min_size=1, max_size=8))
def test_numbers_do_not_change_one_another(parts: list[tuple[int, str]]) -> None:
    """A text of several numbers has the rows of each alone."""
    texts = [f"新增{number}{unit}" for number, unit in parts]
    assert said(",".join(texts)) == list(chain.from_iterable(said(text + ",") for text in texts))
