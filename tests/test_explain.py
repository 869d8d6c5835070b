"""The tree that tells how one number was read, or why it was left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.errors import OptionError
from pipeline.explain import Node, explain
from pipeline.extract import read_text
from pipeline.records import RawText, Reading
from pipeline.rules import load_rules
from pipeline.topics.model import load_model

TEXT = (
    "2021年工作总结\n一、基本情况\n全村有貧困户４８户，其中低保户约12户。2018年7月，计划投资xx万元。"
    "人均收入8600元,增长12.5%。\n二、下步打算\n（一）种茶。新栽茶苗3—5亩。"
)


def read(text: str) -> Reading:
    return read_text(
        RawText("a.txt", text, "", len(text), "txt", "utf-8", "test"), load_rules(), load_model(), told=True
    )


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(TEXT)


def tree(reading: Reading, word: str) -> Node:
    """The tree of the number at `word`."""
    return explain(reading, reading.text.raw.text.index(word), load_rules(), load_model())


def lines(node: Node) -> Iterator[str]:
    """Every line of a tree."""
    yield node.label
    for child in node.children:
        yield from lines(child)


def under(node: Node, start: str) -> Node:
    """The line below `node` that begins with `start`."""
    (found,) = [child for child in node.children if child.label.startswith(start)]
    return found


def test_the_top_line_shows_where_the_number_stands(reading: Reading) -> None:
    start = TEXT.index("约12户")
    assert tree(reading, "12户").label == f"a.txt [{start}:{start + 4}] “约12户”"


def test_the_top_line_shows_what_was_repaired(reading: Reading) -> None:
    assert tree(reading, "４８户").label.endswith("“４８户”, read as “48户”")


SAID = [
    ("４８户", "measure", "measure households: 48, exact", "by rule units.household"),
    ("12户", "measure", "measure households: 12, about", "by rule units.household"),
    ("xx万", "measure", "measure yuan: no value, exact, masked", "by rule units.yuan"),
    ("3—5", "measure", "measure mu: no value, low 3, high 5, range", "by rule units.mu"),
    ("8600", "measure", "measure yuan: 8,600, exact", "by rule units.yuan"),
    ("12.5", "measure", "measure percent: 12.5, exact", "by rule units.percent"),
    ("xx万", "status", "status planned", "by rule status.intent"),
    ("４８户", "status", "status actual", "by default"),
    ("3—5", "status", "status planned", "by rule status.plan_section"),
    ("8600", "basis", "basis per_capita", "by rule basis.person"),
    ("12.5", "basis", "basis total", "by default"),
    ("12.5", "role", "role increase", "by rule role.rise"),
    ("xx万", "period", "period 2018-07", "by rule period.date"),
    ("４８户", "period", "period 2021", "by default"),
]


@pytest.mark.parametrize(("word", "line", "said", "rule"), SAID, ids=[f"{c[1]} of {c[0]}" for c in SAID])
def test_what_is_said_and_by_which_rule(reading: Reading, word: str, line: str, said: str, rule: str) -> None:
    node = under(tree(reading, word), line)
    assert node.label == said
    assert [child.label for child in node.children if child.label.startswith(rule)]


def test_a_rule_is_shown_with_its_reason(reading: Reading) -> None:
    (rule,) = under(tree(reading, "8600"), "basis").children
    assert rule.label == f"by rule basis.person: {load_rules().by_id['basis.person'].why}"


def test_the_topic_shows_its_votes_strongest_first(reading: Reading) -> None:
    topic = under(tree(reading, "12户"), "topic")
    assert topic.label.startswith("topic subsistence_allowance, confidence 0.")
    assert topic.label.endswith("subject “低保户”")
    votes = under(topic, "votes").children
    assert votes[0].label.endswith(" subsistence_allowance by subsistence.all")
    assert len(votes) <= 8


def test_the_total_is_named(reading: Reading) -> None:
    assert "part of “48户”" in lines(tree(reading, "12户"))
    assert "part of nothing that is stated" in lines(tree(reading, "４８户"))


def test_headings_and_report_are_named(reading: Reading) -> None:
    found = list(lines(tree(reading, "3—5")))
    assert "stands under （一）种茶 < 二、下步打算 (plan)" in found
    assert "in the report “2021年工作总结”, period 2021" in found


def test_a_number_under_no_heading_of_a_report_without_title() -> None:
    found = list(lines(tree(read("种茶3亩。"), "3亩")))
    assert "stands under no heading (intro)" in found
    assert "in the report “without title”, period unknown" in found
    assert "period unknown" in found


FATES = [
    ("2018年", "“2018”", "no quantity: date", "by rule fates.year-month"),
    ("7月", "“7”", "no quantity: date", "by rule fates.year-month"),
    ("一、基", "“一”", "no quantity: enumerator", "by rule fates.enumerator-line"),
]


@pytest.mark.parametrize(("word", "number", "fate", "rule"), FATES, ids=[c[0] for c in FATES])
def test_why_a_number_was_left_alone(reading: Reading, word: str, number: str, fate: str, rule: str) -> None:
    top = tree(reading, word)
    assert top.label.endswith(number)
    assert [child.label for child in top.children] == [fate]
    assert [child.label.partition(":")[0] for child in top.children[0].children] == [rule]


def test_a_number_that_no_rule_explains_says_so() -> None:
    assert list(lines(tree(read("坐标3.5"), "3.5")))[1:] == ["no quantity: unexplained", "by quantities.unexplained"]


def test_repairs_within_the_number_are_shown(reading: Reading) -> None:
    found = [line for line in lines(tree(reading, "４８户")) if line.startswith("repaired")]
    assert found == ["repaired: “４” -> “4” (width)", "repaired: “８” -> “8” (width)"]


def test_repairs_elsewhere_are_not_shown(reading: Reading) -> None:
    assert not [line for line in lines(tree(reading, "12户")) if line.startswith("repaired")]


def test_a_repair_within_a_number_that_is_no_quantity_is_shown() -> None:
    assert "repaired: “２” -> “2” (width)" in lines(tree(read("工作总结\n２018年种茶。"), "２018"))


NEAREST = [("投资", "“xx万元”"), ("万元", "“xx万元”"), ("计划", "“7”"), ("人均", "“xx万元”"), ("工作", "“2021”")]


@pytest.mark.parametrize(("word", "number"), NEAREST, ids=[c[0] for c in NEAREST])
def test_the_nearest_number_is_explained(reading: Reading, word: str, number: str) -> None:
    assert tree(reading, word).label.endswith(number)


@pytest.mark.parametrize("at", [-1, len(TEXT), 10**9])
def test_an_offset_outside_the_file_is_refused(reading: Reading, at: int) -> None:
    with pytest.raises(OptionError, match=rf"--at {at}: a\.txt has {len(TEXT)} characters; give an offset from 0 to"):
        explain(reading, at, load_rules(), load_model())


def test_a_file_without_numerals_is_refused() -> None:
    with pytest.raises(OptionError, match=r"a\.txt: there is no numeral in this file"):
        explain(read("种茶。"), 0, load_rules(), load_model())


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(OptionError, match=r"a\.txt has 0 characters"):
        explain(read(""), 0, load_rules(), load_model())
