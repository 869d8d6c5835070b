"""Places: their names, their codes, and the tables of codes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.attributes import locate
from pipeline.extract import read_text
from pipeline.records import Document, RawText, Reading, Report
from pipeline.rules import load_rules
from pipeline.topics.model import load_model

CASES = Path(__file__).parent / "cases"
AMBIGUOUS = tomllib.loads((CASES / "places_ambiguous.toml").read_text("utf-8"))["place"]


def read(text: str) -> Reading:
    raw = RawText("example", text, "", len(text), "txt", "utf-8", "example")
    return read_text(raw, load_rules(), load_model())


def code_of_number(text: str) -> str:
    """The code of the last number of `text`."""
    return read(text).observations[-1].adcode or ""


def code_of_report(text: str, place: str, *, period: str | None = "2020", title: str | None = None) -> str:
    report = Report(0, len(text), title=title, place=place, period=period)
    return locate(text, Document((report,), (), ()), load_rules()).reports[0].adcode or ""


IN_CONTEXT = [(c["name"], *pair) for c in AMBIGUOUS for pair in c["contexts"].items()]


def test_the_list_of_ambiguous_names_is_long_enough() -> None:
    assert len({c["name"] for c in AMBIGUOUS}) >= 100


@pytest.mark.parametrize(("name", "code"), [(c["name"], c["alone"]) for c in AMBIGUOUS])
def test_an_ambiguous_name_alone(name: str, code: str) -> None:
    assert code_of_number(f"2020年工作总结\n{name}脱贫8户。") == code
    assert code_of_report(f"{name}脱贫8户。", name) == code


@pytest.mark.parametrize(("name", "context", "code"), IN_CONTEXT)
def test_an_ambiguous_name_in_context(name: str, context: str, code: str) -> None:
    text = f"2020年，我们在{context}开展工作。\n{name}脱贫8户。"
    assert code_of_number(text) == code
    assert code_of_report(text, name) == code
    assert code_of_report(f"{name}脱贫8户。", name, title=f"{context}2020年工作总结") == code
