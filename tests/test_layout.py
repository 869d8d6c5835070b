"""Where one clause stands seen from another: brackets, semicolons, commas."""

from __future__ import annotations

import pytest

from pipeline.topics.layout import lay_out

CASES = [
    # (sentence, from the clause of, to the clause of, expected)
    ("低保户51户(贫困户45户)、五保户3户", "贫困户", "低保户", "host"),
    ("低保户51户(贫困户45户)、五保户3户", "低保户", "贫困户", "aside"),
    ("低保户51户(贫困户45户)、五保户3户", "五保户", "低保户", "here"),
    ("投资20万元,建成卫生室1所", "投资", "建成", "after"),
    ("投资20万元,建成卫生室1所", "建成", "投资", "before"),
    ("全村100户,人口300人,其中党员9人", "党员", "全村", "earlier"),
    ("全村100户;党员9人", "党员", "全村", "past"),
    ("全村100户;党员9人", "全村", "党员", "future"),
    ("辖三组(甲(乙)丙)", "乙", "甲", "host"),
    ("全村100户)党员9人", "党员", "全村", "here"),  # a closing bracket that nothing opened
]


@pytest.mark.parametrize(("text", "own", "other", "expected"), CASES)
def test_place_of_one_clause_seen_from_another(text: str, own: str, other: str, expected: str) -> None:
    layout = lay_out(text, 0, len(text))
    assert layout.place(layout.clause_at(text.index(other)), layout.clause_at(text.index(own))) == expected


def test_brackets_without_end_stay_shallow() -> None:
    text = "(" * 50 + "党员9人"
    layout = lay_out(text, 0, len(text))
    depth, clause = 0, layout.clause_at(len(text) - 1)
    while layout.clauses[clause].host >= 0:
        clause = layout.clauses[clause].host
        depth += 1
    assert depth <= 4


def test_offsets_count_in_the_whole_text() -> None:
    text = "前文。投资20万元,建成卫生室"
    layout = lay_out(text, 3, len(text))
    assert layout.clause_at(text.index("建成")) != layout.clause_at(text.index("投资"))
