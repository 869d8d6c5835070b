"""A number that is blanked out is missing, never zero: a thousand contexts over all shapes, units and bounds."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from pipeline.quantities import find_numerals
from pipeline.records import Quantity
from pipeline.rules import load_rules

# Shapes without a visible digit, and shapes that leave some: (mask, what the hidden digits can be).
WHOLE = ["x", "xx", "xxx", "xxxx", "X", "XX", "×", "××", "×××", "*", "**", "***", "＊＊", "某", "_", "__",
         "____", "-", "--", "---",
         "□", "□□", "x.x", "xx.x", "*.*", "**.**", "x.xx", "_._", "x,xxx", "*,***", "＿＿"]  # fmt: skip
PARTLY = {
    "1,3**": (1300, 1399), "20__": (2000, 2099), "2xx": (200, 299), "20--": (2000, 2099), "1x.x": (10, 19.9),
    "4_.5": (40.5, 49.5), "1*8": (108, 198), "5_0": (500, 590), "3×": (30, 39), "7□": (70, 79), "42__": (4200, 4299),
    "1,2xx": (1200, 1299), "6.x": (6, 6.9), "9X": (90, 99), "8＊": (80, 89),
}  # fmt: skip
# A unit: its measure, the factor to the canonical unit, and words that go before the number.
UNITS = {
    "户": ("households", 1, ["全村共有", "带动脱贫户", "走访"]),
    "人": ("persons", 1, ["总人口", "带动就业", "培训农民"]),
    "名": ("persons", 1, ["选派干部", "现有党员"]),
    "人次": ("person_times", 1, ["接待游客", "培训农民"]),
    "元": ("yuan", 1, ["发放补贴", "人均收入", "户均增收"]),
    "万元": ("yuan", 10_000, ["投入资金", "村集体收入", "完成投资"]),
    "亩": ("mu", 1, ["种植茶叶", "流转土地"]),
    "公顷": ("mu", 15, ["造林"]),
    "平方米": ("square_metres", 1, ["修建广场", "硬化场地"]),
    "%": ("percent", 1, ["参保率", "覆盖率达", "占比"]),
    "个百分点": ("percent", 1, ["下降", "提高"]),
    "公里": ("metres", 1000, ["硬化道路", "新修水渠"]),
    "米": ("metres", 1, ["新修挡墙", "铺设管道"]),
    "吨": ("tonnes", 1, ["清运垃圾", "收购稻谷"]),
    "公斤": ("tonnes", 0.001, ["采收鲜叶"]),
    "个": ("other", 1, ["建成大棚", "解决问题"]),
    "座": ("other", 1, ["新建公厕"]),
    "次": ("other", 1, ["召开会议", "开展走访"]),
    "头": ("other", 1, ["存栏生猪"]),
    "份": ("other", 1, ["印发资料"]),
    "项": ("other", 1, ["整改问题"]),
    "盏": ("other", 1, ["安装路灯"]),
    "天": ("other", 1, ["每月驻村"]),
}
# A bound: what goes before the number, between number and unit, and behind; and the qualifier it makes.
BOUNDS = [
    ("", "", "", "exact"), ("约", "", "", "about"), ("近", "", "", "about"), ("", "", "左右", "about"),
    ("", "余", "", "over"), ("", "多", "", "over"), ("超过", "", "", "over"), ("不少于", "", "", "over"),
    ("", "", "以上", "over"), ("不足", "", "", "under"), ("", "", "以下", "under"), ("不超过", "", "", "under"),
]  # fmt: skip
ENDS = ["。", ",成效明显", ";其余正在推进", "(其中新增较多)", "、", "\n"]


class Context(NamedTuple):
    """A text with one masked number, and what is known of it."""

    text: str
    mask: str
    measure: str
    low: float | None
    high: float | None
    qualifier: str


def contexts(count: int) -> list[Context]:
    """The same contexts on every run: every shape with every unit and every bound, drawn until there are enough."""
    chance = random.Random(0)
    shapes = [*((mask, None) for mask in WHOLE), *PARTLY.items()]
    made: dict[str, Context] = {}
    while len(made) < count:
        mask, bounds = shapes[len(made) % len(shapes)]
        unit = chance.choice(list(UNITS))
        measure, factor, verbs = UNITS[unit]
        before, between, behind, qualifier = chance.choice(BOUNDS)
        if between and not unit[0].isalpha():
            continue
        text = chance.choice(verbs) + before + mask + between + unit + behind + chance.choice(ENDS)
        low, high = (None, None) if bounds is None else (bounds[0] * factor, bounds[1] * factor)
        made[text] = Context(text, mask, measure, low, high, qualifier)
    return list(made.values())


CONTEXTS = contexts(1000)


def quantities(text: str) -> list[Quantity]:
    return [n.quantity for n in find_numerals(text, load_rules()) if n.quantity]


def test_there_are_a_thousand_contexts_over_all_shapes_units_and_bounds() -> None:
    assert len({c.text for c in CONTEXTS}) == 1000
    assert {c.mask for c in CONTEXTS} == {*WHOLE, *PARTLY}
    assert {c.measure for c in CONTEXTS} == {measure for measure, _, _ in UNITS.values()}
    assert {c.qualifier for c in CONTEXTS} == {qualifier for *_, qualifier in BOUNDS}


@pytest.mark.parametrize("shape", [*WHOLE, *PARTLY])
def test_no_masked_number_has_a_value(shape: str) -> None:
    found = [(c.text, q.value, q.number) for c in CONTEXTS if c.mask == shape for q in quantities(c.text)]
    assert [f for f in found if f[1:] != (None, None)] == []


@pytest.mark.parametrize("shape", [*WHOLE, *PARTLY])
def test_every_masked_number_is_a_row_with_its_measure_bounds_and_qualifier(shape: str) -> None:
    wrong = []
    for context in (c for c in CONTEXTS if c.mask == shape):
        found = [(q.masked, q.measure, q.low, q.high, q.qualifier) for q in quantities(context.text)]
        said = (True, context.measure, *map(pytest.approx, (context.low, context.high)), context.qualifier)
        if found != [said]:
            wrong.append((context.text, found))
    assert wrong == []
