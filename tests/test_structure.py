"""Headings in all their typings, reports in one file, kinds of sections, the pages around reports; and their laws."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kinds import MODEL, SURE, KindModel, features_of, kind_of_text, load_kinds
from pipeline.lines import read_lines
from pipeline.normalise import normalise
from pipeline.records import Document, RawText
from pipeline.rules import load_rules
from pipeline.segment import segment
from pipeline.train_kinds import KindExample, fit_kinds

HERE = Path(__file__).parent / "cases"
MOST_BYTES = 200_000


def cases(name: str) -> list[Any]:
    found = tomllib.loads((HERE / f"structure_{name}.toml").read_text("utf-8"))["case"]
    return [pytest.param(case, id=case["id"]) for case in found]


def read(raw: str) -> tuple[str, Document]:
    text = normalise(RawText("test", raw, "", len(raw), "txt", "utf-8", "test"))
    return text.text, segment(text, load_rules())


@pytest.mark.parametrize("case", cases("headings"))
def test_headings(case: dict[str, Any]) -> None:
    _, document = read(case["text"])
    assert [[s.level, s.heading or ""] for s in document.sections] == case["sections"]


@pytest.mark.parametrize("case", cases("reports"))
def test_reports_begin(case: dict[str, Any]) -> None:
    text, document = read(case["text"])
    assert [text[r.start :].partition("\n")[0] for r in document.reports] == case["first"]


@pytest.mark.parametrize("case", cases("kinds"))
def test_kinds(case: dict[str, Any]) -> None:
    _, document = read(case.get("title", "") + "".join(f"\n{heading}\n种茶。" for heading, _ in case["headings"]))
    assert [[s.heading, s.kind] for s in document.sections if s.level] == case["headings"]


# --- pages around reports


@pytest.mark.parametrize("case", cases("pages"))
def test_pages(case: dict[str, Any]) -> None:
    text, document = read(case["text"])
    (report,) = document.reports
    closing = [text[s.start : s.end].strip().partition("\n")[0] for s in document.sections if s.kind == "closing"]
    assert (report.title, closing) == (case.get("title"), case["closing"])


# --- laws

PIECES = [
    *("枣林村2020年工作总结\n", "篇二：杏树村工作汇报\n", "一、基本情况\n", "一、主要做法（一）种茶。（二）养蜂。\n"),
    *(
        "二、打算：",
        "（二）修路",
        "1、选苗\n",
        "最后，办学。\n",
        "第二部分 计划\n",
        "种茶48亩。",
        "三、",
        "\u3000\u3000",
        "\n",
    ),
    *(
        "现将情况汇报如下：\n",
        "相关阅读：\n",
        "来源：某网\n",
        "附件：1.名册\n",
        "枣林村村民委员会\n",
        "2020年12月20日\n",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


@given(TEXTS)
def test_the_lines_are_the_text(text: str) -> None:
    lines = read_lines(text, load_rules())
    assert "".join(text[x.begin : x.end] for x in lines) == text
    assert all(x.begin <= x.start <= x.end and 0 <= x.level <= 5 for x in lines)
    assert all(text[x.start : x.start + len(x.text)] == x.text for x in lines)


@given(TEXTS)
def test_reports_sections_and_sentences_tile(raw: str) -> None:
    text, document = read(raw)
    assert tiles([(r.start, r.end) for r in document.reports], 0, len(text))
    for i, report in enumerate(document.reports):
        mine = [(s.start, s.end) for s in document.sections if s.report == i]
        assert tiles(mine, report.start, report.end)
        assert all(a < b for a, b in mine) or not text
    for i, section in enumerate(document.sections):
        assert tiles([(s.start, s.end) for s in document.sentences if s.section == i], section.start, section.end)


def tiles(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the spans cover [start, end) in order, without gap or overlap."""
    return all(a[1] == b[0] for a, b in pairwise([(start, start), *spans, (end, end)]))


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_report_behind_a_title_is_read_as_if_it_stood_alone(first: str) -> None:
    second = "篇九：桃溪村2019年工作总结\n2019年,桃溪村种茶30亩。\n（一）种茶\n看根。\n桃溪村村民委员会\n2019年12月20日"
    _, alone = read(second)
    _, together = read(f"枣林村种茶。\n{first}\n枣林村种茶。\n{second}")
    (report,), last = alone.reports, together.reports[-1]
    assert (last.title, last.issuer, last.report_date, last.period) == (
        report.title, report.issuer, report.report_date, report.period,
    )  # fmt: skip
    of_last = [s for s in together.sections if s.report == len(together.reports) - 1]
    assert [(s.level, s.heading, s.kind) for s in of_last] == [(s.level, s.heading, s.kind) for s in alone.sections]


# --- the kind of a section by its text


def test_a_section_whose_heading_says_nothing_takes_the_kind_of_its_text() -> None:
    problems = "全村产业规模小,缺乏龙头带动;资金不足,缺口较大;部分群众认识不够,积极性不高,工作力量薄弱。"
    _, document = read(f"枣林村工作总结\n一、种茶\n看根。\n二、几个方面\n{problems}\n三、其他\n修路。\n")
    assert [s.kind for s in document.sections] == ["intro", "work", "problems", "work"]


def test_a_text_that_says_little_has_no_kind() -> None:
    assert kind_of_text("", first=False, last=False) is None
    assert kind_of_text("看根。", first=True, last=False) is None


def test_the_shipped_model_is_small_and_whole() -> None:
    model = load_kinds()
    assert MODEL.stat().st_size < MOST_BYTES
    assert all(len(w) == len(model.kinds) == len(model.bias) for w in model.weights.values())
    assert model.to_json() + "\n" == MODEL.read_text("utf-8")


def example(number: int, text: str, kind: str) -> KindExample:
    return KindExample(f"r{number}", features_of(text, first=number == 0, last=False), kind)


def test_the_fit_is_deterministic_and_learns_what_it_is_shown() -> None:
    texts = [("资金不足力量薄弱", "problems"), ("力争新建计划完成", "plan"), ("种茶养蜂修路架桥", "work")]
    examples = [example(i, text, kind) for i in range(6) for text, kind in texts]
    model = fit_kinds(examples)
    assert fit_kinds(examples).to_json() == model.to_json()
    for text, kind in texts:
        decided, probability = model.decide(features_of(text, first=False, last=False))
        assert decided == kind
        assert probability > 1 / 3


def test_the_probability_is_that_of_the_softmax() -> None:
    model = KindModel(("plan", "work"), (0.0, 0.0), {"种茶": (0.0, 3.0)})
    assert model.decide(frozenset({"种茶"})) == ("work", pytest.approx(0.9526, abs=1e-4))
    assert model.decide(frozenset({"养蜂"}))[1] == 0.5 < SURE
