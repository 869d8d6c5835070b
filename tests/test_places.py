"""Places: their names, their codes, and the tables of codes."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attributes import place_of, places_of
from pipeline.attributes.scope import code_of_report
from pipeline.errors import RuleError
from pipeline.extract import read_quantities
from pipeline.gazetteer import (
    COUNTY,
    FIRST,
    LAST,
    PLACES,
    TOWNSHIP,
    Spell,
    checksums,
    load_gazetteer,
    read_table,
)
from pipeline.records import Located, RawText, Report
from pipeline.rules import load_rules

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "cases"
AMBIGUOUS = tomllib.loads((CASES / "places_ambiguous.toml").read_text("utf-8"))["place"]


def place_of_number(text: str) -> Located:
    """The place and the code of the last number of `text`."""
    raw = RawText("example", text, "", len(text), "txt", "utf-8", "example")
    contexts = read_quantities(raw, load_rules())[-1]
    return place_of(contexts[-1], places_of(contexts)[-1], load_rules())


def code_of_number(text: str, place: str) -> str:
    """The code of the last number of `text`, if it is said of `place`."""
    located = place_of_number(text)
    return (located.adcode or "") if located.name == place else ""


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
    located = place_of_number(case["text"])
    assert (located.name or "", located.adcode or "") == (case["place"], case["adcode"])


YEARS = tomllib.loads((CASES / "places_years.toml").read_text("utf-8"))["year"]


@pytest.mark.parametrize(("name", "year", "code"), [(c["name"], *pair) for c in YEARS for pair in c["codes"].items()])
def test_a_code_is_the_one_of_the_year(name: str, year: str, code: str) -> None:
    assert code_of_place(f"{name}脱贫8户。", name, period=year) == code


GAZETTEER = load_gazetteer()
DIVISIONS = sorted(GAZETTEER.by_code)
TOWNSHIPS = sorted(GAZETTEER.townships)
COUNTIES = [s for c in DIVISIONS for s in GAZETTEER.by_code[c] if s.last == LAST and not c.endswith("00")]


def test_the_tables_are_the_ones_that_are_checksummed() -> None:
    for name, digest in checksums().items():
        assert hashlib.sha256(gzip.decompress((PLACES / f"{name}.tsv.gz").read_bytes())).hexdigest() == digest


def test_how_much_the_tables_hold() -> None:
    assert len(DIVISIONS) > 5000
    assert len({code for codes in GAZETTEER.townships.values() for code in codes}) > 38_000


def test_every_code_lies_in_a_division_that_held_in_the_same_years() -> None:
    for spell in (s for spells in GAZETTEER.by_code.values() for s in spells):
        assert len(spell.code) == COUNTY
        assert FIRST <= spell.first <= spell.last <= LAST
        assert bool(spell.above) == (not spell.code.endswith("0000"))
        for year in range(spell.first, spell.last + 1) if spell.above else ():
            assert any(s.first <= year <= s.last for s in GAZETTEER.by_code[spell.above]), (spell, year)


def test_every_township_lies_in_a_county_of_today() -> None:
    for code in {code for codes in GAZETTEER.townships.values() for code in codes}:
        assert len(code) == TOWNSHIP
        assert GAZETTEER.above(code, LAST)[0] == code[:COUNTY]


@given(st.sampled_from(TOWNSHIPS), st.integers(2000, 2030))
def test_a_township_alone_has_no_code(name: str, year: int) -> None:
    """However rare its name: a report that names no county may mean one that is in no list."""
    assert code_of_place(f"{name}脱贫8户。", name, period=str(year)) == ""


@given(st.sampled_from(TOWNSHIPS), st.sampled_from(COUNTIES))
def test_a_township_has_a_code_in_the_county_before_it_or_none(name: str, county: Spell) -> None:
    code = code_of_place(f"我们在{county.name}{name}脱贫8户。", name, period="2024")
    assert not code or code[:COUNTY] in GAZETTEER.codes(county.name, 2024)


@given(st.sampled_from(DIVISIONS), st.integers(FIRST - 5, LAST + 5))
def test_a_code_is_one_of_the_year_or_of_those_beside_it(code: str, year: int) -> None:
    for spell in GAZETTEER.by_code[code]:
        for found in GAZETTEER.codes(spell.name, year):
            years = range(min(year, LAST) - 1, min(year, LAST) + 2)
            assert any(s.first <= y <= s.last for s in GAZETTEER.by_name[spell.name] if s.code == found for y in years)


DAMAGED = [
    ("missing table", lambda home: (home / "townships.tsv.gz").unlink(), "townships.tsv.gz: cannot be read"),
    ("no gzip", lambda home: (home / "townships.tsv.gz").write_bytes(b"x"), "townships.tsv.gz: cannot be read"),
    ("cut short", lambda home: cut(home / "townships.tsv.gz"), "townships.tsv.gz: cannot be read"),
    ("other rows", lambda home: (home / "townships.tsv.gz").write_bytes(gzip.compress(b"x")), "is not the table"),
    ("no checksums", lambda home: (home / "SHA256SUMS").unlink(), "SHA256SUMS"),
]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(("damage", "said"), [c[1:] for c in DAMAGED], ids=[c[0] for c in DAMAGED])
def test_a_damaged_table_is_refused_by_name(damage: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    home = Path(shutil.copytree(PLACES, tmp_path / "places"))
    damage(home)
    with pytest.raises(RuleError, match=r"make gazetteer") as refused:
        read_table("townships", home)
    assert said in str(refused.value)


def builder() -> ModuleType:
    """tools/build_gazetteer.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("build_gazetteer", ROOT / "tools" / "build_gazetteer.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILDER = builder()
SHORT_NAMES = [
    ("白马土家族苗族自治州", "白马州"),
    ("白马彝族自治县", "白马县"),
    ("白马各族自治县", "白马县"),
    ("白马达斡尔族自治旗", "白马旗"),
    ("青山满族蒙古族锡伯族乡", "青山乡"),
    ("青山鄂温克民族乡", "青山乡"),
    ("清河水乡", None),
    ("东乡族自治县", None),
    ("白马县", None),
]


@pytest.mark.parametrize(("name", "short"), SHORT_NAMES)
def test_short_names(name: str, short: str | None) -> None:
    assert BUILDER.short_name(name) == short


def test_spells_of_years() -> None:
    """A county became a city in 2001; a year without a table has what the years around it have, both."""
    county, city = ("白马县", "990021", "990000"), ("白马市", "990081", "990000")
    assert BUILDER.spells_of({1999: {county}, 2000: {county}, 2001: {city}, 2003: set()}) == [
        (*county, 1999, 2000),
        (*city, 2001, 2002),
    ]


def test_stand_ins_are_no_places() -> None:
    table = (
        "year,province_name,city_name,county_name,province_adcode,city_adcode,county_adcode,rank\n"
        "2020,白马省,,,990000,,,1\n"
        "2020,白马省,市辖区,,990000,990100,,2\n"
        "2020,白马省,市辖区,青山区,990000,990100,990102,3\n"
        "2020,白马省,石桥市,,990000,990200,,2\n"
        "2020,白马省,石桥市,青山县,990000,990200,990221,3\n"
    )
    assert BUILDER.divisions_by_year(table.encode()) == {
        2020: {
            ("白马省", "990000", ""),
            ("青山区", "990102", "990000"),
            ("石桥市", "990200", "990000"),
            ("青山县", "990221", "990200"),
        }
    }


def test_townships_and_their_short_names() -> None:
    towns = {
        "青山彝族乡": "990221200000",
        "石桥镇（撤销）": "990221100000",
        "白马彝族乡": "990221201000",
        "白马乡": "990221202000",
    }
    assert sorted(BUILDER.townships({"990221000000": {"townships": towns}})) == [
        ("990221100", "石桥镇"),
        ("990221200", "青山乡"),
        ("990221200", "青山彝族乡"),
        ("990221201", "白马彝族乡"),
        ("990221202", "白马乡"),
    ]
