"""Places: their names, their codes, and the tables of codes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipeline.attributes.scope import code_of_report
from pipeline.extract import read_text
from pipeline.records import RawText, Reading, Report
from pipeline.rules import load_rules
from pipeline.topics.model import load_model

CASES = Path(__file__).parent / "cases"
AMBIGUOUS = tomllib.loads((CASES / "places_ambiguous.toml").read_text("utf-8"))["place"]


def read(text: str) -> Reading:
    raw = RawText("example", text, "", len(text), "txt", "utf-8", "example")
    return read_text(raw, load_rules(), load_model())


def code_of_number(text: str, place: str) -> str:
    """The code of the last number of `text`, if it is said of `place`."""
    last = read(text).observations[-1]
    return (last.adcode or "") if last.place == place else ""


def code_of_place(text: str, place: str, *, period: str | None = "2020", title: str | None = None) -> str:
    """The code of a report that is known to be about `place`."""
    report = Report(0, len(text), title=title, place=place, period=period)
    return code_of_report(text, report, load_rules()) or ""


IN_CONTEXT = [(c["name"], *pair) for c in AMBIGUOUS for pair in c["contexts"].items()]


def test_the_list_of_ambiguous_names_is_long_enough() -> None:
    assert len({c["name"] for c in AMBIGUOUS}) >= 100


@pytest.mark.parametrize(("name", "code"), [(c["name"], c["alone"]) for c in AMBIGUOUS])
def test_an_ambiguous_name_alone(name: str, code: str) -> None:
    assert code_of_number(f"2020年工作总结\n{name}脱贫8户。", name) == code
    assert code_of_place(f"{name}脱贫8户。", name) == code


@pytest.mark.parametrize(("name", "context", "code"), IN_CONTEXT)
def test_an_ambiguous_name_in_context(name: str, context: str, code: str) -> None:
    text = f"2020年，我们在{context}开展工作。\n{name}脱贫8户。"
    assert code_of_number(text, name) == code
    assert code_of_place(text, name) == code
    assert code_of_number(f"{context}2020年工作总结\n{name}脱贫8户。", name) == code
    assert code_of_place(f"{name}脱贫8户。", name, title=f"{context}2020年工作总结") == code


SENTENCES = tomllib.loads((CASES / "places_sentences.toml").read_text("utf-8"))["sentence"]


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in SENTENCES])
def test_the_place_of_a_sentence(case: dict[str, str]) -> None:
    last = read(case["text"]).observations[-1]
    assert (last.place or "", last.adcode or "") == (case["place"], case["adcode"])


YEARS = tomllib.loads((CASES / "places_years.toml").read_text("utf-8"))["year"]


@pytest.mark.parametrize(("name", "year", "code"), [(c["name"], *pair) for c in YEARS for pair in c["codes"].items()])
def test_a_code_is_the_one_of_the_year(name: str, year: str, code: str) -> None:
    assert code_of_place(f"{name}脱贫8户。", name, period=year) == code
