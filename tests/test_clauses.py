"""Where one clause stands seen from another: brackets, semicolons, commas."""

from __future__ import annotations

import pytest

from pipeline.clauses import MAX_DEPTH, lay_out, relation

CASES = [
    # (sentence, seen from, the place of, expected)
    ("低保户51户(贫困户45户)、五保户3户", "贫困户", "低保户", "host"),
    ("低保户51户(贫困户45户)、五保户3户", "低保户", "贫困户", "aside"),
    ("低保户51户(贫困户45户)、五保户3户", "五保户", "低保户", "here"),
    ("投资20万元,建成卫生室1所", "投资", "建成", "after"),
    ("投资20万元,建成卫生室1所", "建成", "投资", "before"),
    ("投资20万元,硬化道路,建成卫生室1所", "投资", "建成", "later"),
    ("全村100户,人口300人,其中党员9人", "党员", "全村", "earlier"),
    ("全村100户;党员9人", "党员", "全村", "past"),
    ("全村100户;党员9人", "全村", "党员", "future"),
    ("辖三组(甲(乙)丙)", "乙", "甲", "host"),
    ("辖三组,共百户(甲户)", "甲", "辖", "before"),
    ("全村100户)党员9人", "党员", "全村", "here"),  # a closing bracket that nothing opened
    ("收入1,034元,增长3%", "增长", "1", "before"),  # the comma in 1,034 divides nothing
]


@pytest.mark.parametrize(("text", "own", "other", "expected"), CASES)
def test_place_of_one_clause_seen_from_another(text: str, own: str, other: str, expected: str) -> None:
    layout = lay_out(text)
    assert relation(layout.at(text.index(other)), layout.at(text.index(own))) == expected


def test_brackets_without_end_stay_shallow() -> None:
    text = "(" * 50 + "党员9人"
    assert len(lay_out(text).at(len(text) - 1).frames) <= MAX_DEPTH + 1


def test_the_frames_of_a_bracket_name_its_clause() -> None:
    text = "低保户51户(贫困户45户)、五保户3户"
    outside, inside = lay_out(text).at(0), lay_out(text).at(text.index("贫"))
    assert inside.frames[1:] == outside.frames
    assert inside.clauses[1:] == outside.clauses
