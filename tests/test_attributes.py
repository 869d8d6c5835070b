"""Status, basis, role, qualifier, period and part_of of invented sentences, read by the whole chain."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import regex

from pipeline.extract import read_text
from pipeline.records import Observation, RawText
from pipeline.rules import CUE_FILES, load_rules
from pipeline.topics.model import load_model

HERE = Path(__file__).parent / "cases"
MARK = regex.compile(r"<(?P<part>[^<>{}]{1,40})>|\{(?P<total>[^<>{}]{1,40})\}")
Span = tuple[int, int]


def cases(name: str) -> list[Any]:
    """The marked texts of cases/<name>.toml and its file of negatives, with the value that each must give."""
    found = []
    for file in (name, f"{name}_negative"):
        table = tomllib.loads((HERE / f"{file}.toml").read_text("utf-8"))
        for case in [*table["case"], *table.get("todo", [])]:
            head, value = case.get("head", table.get("head", "")), case["value"]
            gap = [pytest.mark.xfail(strict=True, reason=case["why"])] if "why" in case else []
            found += [
                pytest.param(f"{head}\n{t}".lstrip("\n"), value, id=f"{value}: {t}", marks=gap) for t in case["texts"]
            ]
    return found


def unmark(marked: str) -> tuple[str, list[Span], list[Span]]:
    """The text without marks, and what <...> and {...} marked."""
    text, at = "", 0
    spans: dict[str, list[Span]] = {"part": [], "total": []}
    for mark in MARK.finditer(marked):
        text += marked[at : mark.start()]
        kind = mark.lastgroup or ""
        spans[kind].append((len(text), len(text) + len(mark[kind])))
        text += mark[kind]
        at = mark.end()
    return text + marked[at:], spans["part"], spans["total"]


def read(text: str) -> dict[Span, tuple[int, Observation]]:
    """The observations of a text and their numbers, by the span in the raw text."""
    raw = RawText("test", text, "", len(text), "txt", "utf-8", "test")
    reading = read_text(raw, load_rules(), load_model())
    spans = [reading.text.offsets.span(o.quantity.start, o.quantity.end) for o in reading.observations]
    return {span: (i, o) for i, (span, o) in enumerate(zip(spans, reading.observations, strict=True))}


def observed(marked: str) -> Observation:
    """The one observation that is marked."""
    text, (span,), _ = unmark(marked)
    found = read(text)
    assert span in found, f"{text[slice(*span)]} is none of {[text[slice(*s)] for s in found]}"
    return found[span][1]


@pytest.mark.parametrize(("marked", "value"), cases("status"))
def test_status(marked: str, value: str) -> None:
    assert observed(marked).status.value == value


@pytest.mark.parametrize(("marked", "value"), cases("basis"))
def test_basis(marked: str, value: str) -> None:
    assert observed(marked).basis.value == value


@pytest.mark.parametrize(("marked", "value"), cases("role"))
def test_role(marked: str, value: str) -> None:
    assert observed(marked).role.value == value


@pytest.mark.parametrize(("marked", "value"), cases("period"))
def test_period(marked: str, value: str) -> None:
    assert observed(marked).period.value == value


@pytest.mark.parametrize(("marked", "value"), cases("qualifier"))
def test_qualifier(marked: str, value: str) -> None:
    quantity = observed(marked).quantity
    assert quantity.qualifier == value
    assert (quantity.low is not None) == (value in ("over", "range"))
    assert (quantity.high is not None) == (value in ("under", "range"))


@pytest.mark.parametrize(("marked", "value"), cases("part_of"))
def test_part_of(marked: str, value: str) -> None:
    text, parts, totals = unmark(marked)
    found = read(text)
    numbers = [found[total][0] for total in totals] or [None]
    assert [found[part][1].part_of for part in parts] == numbers * len(parts), value


@pytest.mark.parametrize("name", ["status", "basis", "role"])
def test_every_value_has_cases(name: str) -> None:
    values, _ = CUE_FILES[name]
    assert {case.values[1] for case in cases(name)} == (values or set()) - {"same"}


@pytest.mark.parametrize("name", ["status", "basis", "role", "period"])
def test_every_finding_names_its_rule(name: str) -> None:
    text = "2020年工作总结\n截至2019年底,全村48户,计划每户增加收入<2000元>,高于全镇平均<3个百分点>。"
    known = load_rules().by_id
    for _, observation in read(unmark(text)[0]).values():
        rule = getattr(observation, name).rule
        assert rule == "default" or (rule in known and rule.startswith(f"{name}."))
