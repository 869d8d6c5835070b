"""Reports, sections and sentences: how a text is cut, and that the pieces tile it."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise import normalise
from pipeline.records import Document, RawText
from pipeline.rules import load_rules
from pipeline.segment import segment

HERE = Path(__file__).parent / "cases"
CASES: dict[str, Any] = tomllib.loads((HERE / "segment.toml").read_text("utf-8"))
NEGATIVES: dict[str, Any] = tomllib.loads((HERE / "segment_negative.toml").read_text("utf-8"))


def read(raw: str) -> tuple[str, Document]:
    """The normalised text and its document."""
    text = normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))
    return text.text, segment(text, load_rules())


def first_lines(raw: str) -> list[str]:
    """The first line of each report."""
    text, document = read(raw)
    return [text[r.start :].lstrip().partition("\n")[0] for r in document.reports]


def sentences(raw: str) -> list[str]:
    """The sentences, without those of white space only."""
    text, document = read(raw)
    found = [text[s.start : s.end].strip() for s in document.sentences]
    return [s for s in found if s]


def by_id(cases: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(c, id=c["id"], marks=[pytest.mark.xfail(strict=True, reason=c["why"])] if "why" in c else [])
        for c in cases
    ]


@pytest.mark.parametrize("case", by_id(CASES["document"]))
def test_sections(case: dict[str, Any]) -> None:
    _, document = read(case["text"])
    assert [[s.level, s.kind, s.heading or ""] for s in document.sections] == case["sections"]


@pytest.mark.parametrize("case", by_id([*CASES["reports"], *NEGATIVES["todo"]]))
def test_reports_begin(case: dict[str, Any]) -> None:
    assert first_lines(case["text"]) == case["first"]


@pytest.mark.parametrize("case", by_id(NEGATIVES["one"]))
def test_one_report(case: dict[str, Any]) -> None:
    assert len(first_lines(case["text"])) == 1


@pytest.mark.parametrize("text", [pytest.param(t, id=f"{c['id']}: {t}") for c in NEGATIVES["line"] for t in c["texts"]])
def test_no_heading(text: str) -> None:
    _, document = read(f"一、基本情况\n{text}\n")
    assert [s.heading for s in document.sections] == ["一、基本情况"]


def test_parents_are_the_nearest_higher_headings() -> None:
    _, document = read("一、甲\n（一）乙\n1、丙\n（二）丁\n（1）戊\n二、己\n1、庚\n")
    names = [s.heading for s in document.sections]
    above = {s.heading: None if s.parent is None else names[s.parent] for s in document.sections}
    assert above == {
        "一、甲": None, "（一）乙": "一、甲", "1、丙": "（一）乙", "（二）丁": "一、甲", "（1）戊": "（二）丁",
        "二、己": None, "1、庚": "二、己",
    }  # fmt: skip


def test_the_ordinal_is_kept_as_written() -> None:
    _, document = read("一、甲\n（二）乙\n3．丙\n(4)丁\n五是戊。\n")
    assert [s.ordinal for s in document.sections] == ["一、", "（二）", "3．", "(4)", "五是"]


def test_the_body_begins_behind_the_heading() -> None:
    text, document = read("一、甲。乙。\n二、丙\n丁。\n")
    assert [text[s.body : s.end] for s in document.sections] == ["乙。\n", "\n丁。\n"]


def test_a_report_says_what_its_title_and_signature_say() -> None:
    _, document = read("枣林村2020年上半年工作总结\n一、甲\n乙。\n枣林村村民委员会\n2020年7月3日\n")
    (report,) = document.reports
    assert (report.title, report.issuer, report.place) == ("枣林村2020年上半年工作总结", "枣林村村民委员会", "枣林村")
    assert (report.report_date, report.period) == ("2020-07-03", "2020-40")


def test_each_report_has_its_own_period() -> None:
    _, document = read("2019年工作总结\n一、甲。乙。\n2020年工作总结\n一、甲。乙。\n")
    assert [r.period for r in document.reports] == ["2019", "2020"]


@pytest.mark.parametrize("case", by_id(CASES["sentences"]))
def test_sentences(case: dict[str, Any]) -> None:
    assert sentences(case["text"]) == case["expected"]


def test_a_quote_left_open_too_long_holds_nothing() -> None:
    assert len(sentences("他说：“种茶。" + "养蜂修路架桥打井" * 10 + "”完。")) == 2


LINES = [
    "枣林村2020年工作总结",
    "一、基本情况",
    "二、主要做法。种茶。",
    "三、打算：",
    "（一）种茶",
    "(二)养蜂。修路。",
    "1、选苗",
    "2.5万元到账。",
    "（1）买苗",
    "一是看根。二是看叶。",
    "全村48户。其中5户种茶。",
    "“种茶。养蜂。”完",
    "\u3000\u3000",
    "枣林村村民委员会",
    "2020年12月20日",
    "来源：某网",
    "",
]
TEXTS = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join) | st.text(
    st.sampled_from("一二、（）()。！”“\n 　1.2是户年月日20种茶"), max_size=40
)


@given(TEXTS)
def test_reports_tile_the_text(raw: str) -> None:
    text, document = read(raw)
    assert tiles([(r.start, r.end) for r in document.reports], 0, len(text))


@given(TEXTS)
def test_sections_tile_their_report(raw: str) -> None:
    _, document = read(raw)
    for i, report in enumerate(document.reports):
        mine = [s for s in document.sections if s.report == i]
        assert tiles([(s.start, s.end) for s in mine], report.start, report.end)
        assert all(s.start <= s.body <= s.end for s in mine)
        assert all(s.parent is None or document.sections[s.parent].level < s.level for s in mine)
        assert all(s.parent is None or document.sections[s.parent].report == i for s in mine)


@given(TEXTS)
def test_sentences_tile_their_section(raw: str) -> None:
    _, document = read(raw)
    for i, section in enumerate(document.sections):
        mine = [(s.start, s.end) for s in document.sentences if s.section == i]
        assert tiles(mine, section.start, section.end)
        assert all(a < b for a, b in mine)


def tiles(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the spans cover [start, end) in order, without gap or overlap."""
    bounds = [(start, start), *spans, (end, end)]
    return all(a[1] == b[0] for a, b in pairwise(bounds))


def test_no_section_is_empty() -> None:
    _, document = read("2020年12月20日")
    assert all(s.start < s.end for s in document.sections)


def test_a_remedy_is_no_problem() -> None:
    _, document = read("一、下步打算\n(一)补齐短板\n")
    assert [s.kind for s in document.sections] == ["plan", "plan"]


@pytest.mark.parametrize("piece", ["一、甲\n", "。", "“", "（", "\n", "一是甲。", "2020年1月1日\n", "（一）", "甲村\n"])
def test_a_long_text_is_cut_to_its_end(piece: str) -> None:
    text, document = read(piece * (30_000 // len(piece)) + "甲")
    assert document.sentences[-1].end == len(text)


@pytest.mark.parametrize("text", ["全村共有35户," * 900, "全村共有35户" * 900], ids=["with commas", "without commas"])
def test_a_line_without_a_full_stop_is_cut_into_pieces_that_tile_it(text: str) -> None:
    sentences = read(text)[1].sentences
    assert max(s.end - s.start for s in sentences) <= 2000
    assert [s.start for s in sentences[1:]] == [s.end for s in sentences[:-1]]
    assert (sentences[0].start, sentences[-1].end) == (0, len(text))
