"""Rows corrected by hand become gold: what comes back is what was confirmed, and nothing that was not looked at."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import read_tables

from pipeline.confirm import Annotated, confirm, write_gold
from pipeline.corrections import read_corrections
from pipeline.errors import OptionError, StoreError
from pipeline.evaluate import attributes, evaluate, level, structure
from pipeline.gold import load_gold

ONE = (
    "红柳村工作总结\n2019年,全村共有农户320户1024人,其中低保户51户。\n"
    "　　一、产业发展\n种茶48亩,养羊200余只。\n二、下步打算\n计划修路3公里。\n"
)
TWO = (
    "甲村2020年工作总结\n一、产业发展\n种茶12亩。\n二、下步打算\n搞好服务。\n"
    "乙村2021年工作总结\n一、产业发展\n养羊30只。\n二、下步打算\n修路2公里。\n"
)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    (folder / "sub").mkdir()
    (folder / "one.txt").write_text(ONE, "utf-8")
    (folder / "sub" / "two.txt").write_text(TWO, "utf-8")
    return folder


@pytest.fixture(scope="module")
def tables(raw: Path) -> dict[str, Any]:
    return read_tables(raw)


@pytest.fixture(scope="module")
def rows(tables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The observations by what stands in the file."""
    found = {o["raw_text"]: o for o in tables["observations"].to_pylist()}
    assert list(found) == ["320户", "1024人", "51户", "48亩", "200余只", "3公里", "12亩", "30只", "2公里"]
    return found


Import = Callable[..., tuple[dict[str, Annotated], list[str]]]


@pytest.fixture
def imported(tmp_path: Path, raw: Path, tables: Mapping[str, Any], rows: Mapping[str, dict[str, Any]]) -> Import:
    """Imports lines {text of the number: its cells}; "*" stands for all numbers of one.txt without cells."""

    def call(
        lines: Mapping[str, Mapping[str, object]], *, reviewed: bool = False, raw: Path = raw
    ) -> tuple[dict[str, Annotated], list[str]]:
        path = tmp_path / "corrections.csv"
        every: dict[str, Mapping[str, object]] = {}
        for text, cells in lines.items():
            every |= {t: {} for t, o in rows.items() if o["source"] == "one.txt"} if text == "*" else {text: cells}
        columns = ["observation_id", *{c: 0 for cells in every.values() for c in cells if c != "observation_id"}]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(
                {"observation_id": rows.get(t, {}).get("observation_id", t), **c} for t, c in every.items()
            )
        found, faults = confirm(read_corrections(path), tables, raw, reviewed=reviewed)
        return {a.name: a for a in found}, faults

    return call


def observation(gold: Annotated, quote: str) -> dict[str, Any]:
    (found,) = [o for o in gold.data["observations"] if o["quote"] == quote]
    return dict(found)


# --- what is confirmed comes back


def test_nothing_corrected_scores_one(imported: Import, tmp_path: Path, tables: Mapping[str, Any]) -> None:
    found, faults = imported({"*": {}, "12亩": {}, "30只": {}, "2公里": {}})
    assert (sorted(found), faults) == (["one", "sub-two"], [])
    written, refused = write_gold(found.values(), tmp_path / "gold", force=False)
    assert (len(written), refused) == (2, [])
    gold = load_gold(tmp_path / "gold", [])
    names = tables["observations"].to_pandas()["source"].str.replace("/", "-")
    moved = {
        name: table.set_column(
            table.column_names.index("source"), "source", [table.to_pandas()["source"].str.replace("/", "-")]
        )
        for name, table in tables.items()
        if name in ("observations", "sections", "reports")
    }
    assert set(names) == {g.path.name for g in gold}
    scores = list(evaluate(moved, gold).values())
    assert level(scores, "record").gold == 9
    assert {level(scores, name).f1 for name in ("quantity", "indicator", "record")} == {1.0}
    assert {structure(scores, name).f1 for name in ("sections", "kinds", "reports")} == {1.0}
    assert set(attributes(scores).values()) == {1.0}


def test_a_gold_file_has_the_fields_of_those_that_are_there(imported: Import) -> None:
    model = json.loads(next((Path(__file__).parent / "gold" / "json").glob("e01.json")).read_text("utf-8"))
    data = imported({"*": {}})[0]["one"].data
    assert list(data) == list(model)
    for part in ("reports", "sections", "observations"):
        assert list(data[part][0]) == list(model[part][0])
    assert data["observations"][0]["id"] == "one.q1"
    indented = next(s for s in data["sections"] if s["heading"].startswith("一、"))
    assert (indented["line"], ONE[indented["start"]], ONE[indented["line_start"]]) == (3, "一", "\u3000")


def test_a_cell_that_repeats_what_was_read_changes_nothing(
    imported: Import, rows: Mapping[str, dict[str, Any]]
) -> None:
    plain = imported({"*": {}})[0]["one"].data
    o = rows["200余只"]
    cells = {k: o[k] for k in ("value", "low", "qualifier", "masked", "topic", "sentence", "raw_start", "raw_end")}
    assert imported({"*": {}, "200余只": cells})[0]["one"].data == plain


CELLS = [
    ("topic", "320户", {"topic": "other"}, {"topic": "other"}),
    ("a period", "320户", {"period": "2018-40"}, {"period": "2018-40"}),
    ("a masked period", "320户", {"period": "20XX"}, {"period": "20XX"}),
    ("no period", "320户", {"period": "none"}, {"period": ""}),
    ("no total", "51户", {"part_of": "none"}, {"part_of": ""}),
    ("a value", "320户", {"value": "321"}, {"value": 321.0, "low": None, "high": None}),
    ("a value with its bound", "200余只", {"value": "210"}, {"value": 210.0, "low": 210.0, "high": None}),
    ("a qualifier with its bound", "320户", {"qualifier": "under"}, {"qualifier": "under", "low": None, "high": 320.0}),
    ("a bound of one's own", "200余只", {"value": "210", "low": "190"}, {"value": 210.0, "low": 190.0}),
    ("a range", "48亩", {"qualifier": "range", "value": "none", "low": "40", "high": "50"},
     {"value": None, "low": 40.0, "high": 50.0}),
    ("masked", "48亩", {"masked": "true", "value": "none"}, {"masked": True, "value": None}),
    ("a subject", "48亩", {"subject": "茶园"}, {"subject": "茶园"}),
]  # fmt: skip


@pytest.mark.parametrize(("quote", "cells", "expected"), [c[1:] for c in CELLS], ids=[c[0] for c in CELLS])
def test_a_cell_corrects_its_column(
    imported: Import, quote: str, cells: dict[str, object], expected: dict[str, object]
) -> None:
    found, faults = imported({"*": {}, quote: cells})
    assert not faults
    plain = observation(imported({"*": {}})[0]["one"], quote)
    assert observation(found["one"], quote) == {**plain, **cells, **expected}


def test_a_total_is_named_by_its_observation_id(imported: Import, rows: Mapping[str, dict[str, Any]]) -> None:
    assert (
        observation(imported({"*": {}, "51户": {"part_of": rows["320户"]["observation_id"]}})[0]["one"], "51户")[
            "part_of"
        ]
        == "one.q1"
    )


def test_a_span_is_corrected(imported: Import, rows: Mapping[str, dict[str, Any]]) -> None:
    start = rows["48亩"]["raw_start"]
    found, _ = imported({"*": {}, "48亩": {"raw_start": start - 1}})
    assert observation(found["one"], "茶48亩")["start"] == start - 1


def test_a_number_is_dropped_and_another_added(imported: Import, rows: Mapping[str, dict[str, Any]]) -> None:
    o = rows["1024人"]
    added = {"action": "add", "source": "one.txt", "raw_start": o["raw_start"], "raw_end": o["raw_end"] - 1,
             "measure": "persons", "topic": "population", "value": 1024}  # fmt: skip
    found, faults = imported({"*": {}, "1024人": {"action": "drop"}, "mine": added, "51户": {"part_of": "mine"}})
    assert not faults
    new = observation(found["one"], "1024")
    assert [new[k] for k in ("value", "basis", "status", "role", "period", "qualifier", "masked")] == [
        1024.0, "total", "actual", "level", "2019", "exact", False,
    ]  # fmt: skip
    assert observation(found["one"], "51户")["part_of"] == new["id"]
    assert "1024人" not in {o["quote"] for o in found["one"].data["observations"]}


# --- what was not looked at does not


def test_a_report_with_a_number_that_no_line_speaks_of_is_no_gold(imported: Import) -> None:
    found, (said,) = imported({"320户": {}, "12亩": {}})
    assert sorted(found) == ["sub-two-1"]
    assert said.startswith("one.txt: 5 of the 6 numbers of the report at 0 stand in no line, first 1024人 at ")


def test_unless_the_others_were_reviewed(imported: Import) -> None:
    found, faults = imported({"320户": {"topic": "other"}}, reviewed=True)
    assert (sorted(found), faults) == (["one"], [])
    assert len(found["one"].data["observations"]) == 6


def test_one_report_of_a_file_is_gold_for_its_stretch(imported: Import) -> None:
    gold = imported({"30只": {}, "2公里": {}})[0]["sub-two-2"].data
    begin = TWO.index("乙村")
    assert (gold["begin"], gold["end"], gold["reports"][0]["start"]) == (begin, len(TWO), begin)
    assert [o["quote"] for o in gold["observations"]] == ["30只", "2公里"]
    assert [s["heading"] for s in gold["sections"]] == ["", "一、产业发展", "二、下步打算"]


FAULTS = [
    ("another topic", {"topic": "wine"}, "topic wine is none of population, "),
    ("another status", {"status": "done"}, "status done is none of actual, planned, standard"),
    ("no number", {"value": "many"}, "value many is no number"),
    ("a number with a comma", {"value": "1,034"}, "value 1,034 is no number"),
    ("below nought", {"value": "-3"}, "value -3 is no number"),
    ("no truth", {"masked": "perhaps"}, "masked perhaps is neither true nor false"),
    ("no period", {"period": "last year"}, "period last year is no time in EDTF"),
    ("another action", {"action": "delete"}, "action delete is none of drop, add"),
    ("masked with a value", {"masked": "true"}, "a masked number is missing: write none in value"),
    ("neither value nor bounds", {"value": "none"}, "a number needs a value or bounds"),
    ("bounds that cross", {"value": "none", "low": "9", "high": "3"}, "low 9 is more than high 3"),
    ("outside its report", {"raw_end": "99999"}, "are no stretch of text in its report"),
    ("backwards", {"raw_start": "60", "raw_end": "50"}, "are no stretch of text in its report"),
    ("part of nothing", {"part_of": "nobody"}, "is part of nobody, which is no number of its report"),
    ("a known name", {"action": "add", "source": "one.txt"}, "raw_start None lies in no report of one.txt"),
]


@pytest.mark.parametrize("reviewed", [False, True])
@pytest.mark.parametrize(("cells", "expected"), [c[1:] for c in FAULTS], ids=[c[0] for c in FAULTS])
def test_a_line_that_cannot_be_used_keeps_its_report_out_and_no_other(
    imported: Import, cells: dict[str, object], expected: str, reviewed: bool
) -> None:
    found, (said,) = imported({"*": {}, "320户": cells, "12亩": {}, "30只": {}, "2公里": {}}, reviewed=reviewed)
    assert sorted(found) == ["sub-two"]
    assert said.startswith("line 2: ")
    assert expected in said


def test_an_unknown_id_stops_nothing_else(imported: Import) -> None:
    found, faults = imported({"*": {}, "feedbeef": {}})
    assert sorted(found) == ["one"]
    assert faults == ["line 8: there is no observation feedbeef; take the rows from the tables as they are now"]


def test_a_number_to_add_needs_a_file_and_a_place(imported: Import) -> None:
    _, faults = imported({"a": {"action": "add"}, "b": {"action": "add", "source": "one.txt", "raw_start": 3}})
    assert faults[0] == "line 2: no source is given; a number to add needs the file that it is in"
    assert faults[1] == "line 3: a number to add needs raw_end, measure, topic too"


def test_a_number_twice_is_one_too_many(imported: Import, rows: Mapping[str, dict[str, Any]]) -> None:
    o = rows["48亩"]
    twin = {"action": "add", "source": "one.txt", "raw_start": o["raw_start"], "raw_end": o["raw_end"],
            "measure": "mu", "topic": "crops", "value": 48}  # fmt: skip
    found, (said,) = imported({"*": {}, "twin": twin})
    assert not found
    assert said.startswith("line 8: two numbers overlap (")


def test_a_total_that_is_dropped_leaves_no_part_behind(imported: Import, rows: Mapping[str, dict[str, Any]]) -> None:
    total = rows["51户"]["part_of"]
    assert total == rows["320户"]["observation_id"]
    _, (said,) = imported({"*": {}, "320户": {"action": "drop"}})
    assert f"is part of {total}, which is no number of its report; write another observation_id or none" in said


def test_a_report_that_has_changed_is_refused(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(ONE.replace("48", "49"), "utf-8")
    found, (said,) = imported({"*": {}}, raw=tmp_path)
    assert not found
    assert said == "one.txt: the report has changed since it was read; run cunbao ingest and correct the new rows"


def test_a_report_that_is_gone_is_refused(imported: Import, tmp_path: Path) -> None:
    _, (said,) = imported({"*": {}}, raw=tmp_path)
    assert said == f"one.txt: this report is not in {tmp_path}; give the folder that it was read from with --raw"


# --- files


FILES = [
    ("no CSV of ours", b"id,topic\n1,crops\n", "there is no column observation_id"),
    ("an unknown column", b"observation_id,topc\n1,crops\n", "no column is called topc; correct raw_start"),
    ("another encoding", "observation_id,subject\n1,茶\n".encode("gb18030"), "this is not UTF-8"),
    ("nothing", b"", "there is no column observation_id"),
]


@pytest.mark.parametrize(("content", "expected"), [c[1:] for c in FILES], ids=[c[0] for c in FILES])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(OptionError, match=expected):
        read_corrections(tmp_path / "a.csv")


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes('\ufeffobservation_id,subject\r\n1,"茶,园"\r\n2\r\n3,a,b\r\n'.encode())
    first, second, third = read_corrections(tmp_path / "a.csv")
    assert (first.id, first.said, first.fault) == ("1", {"subject": "茶,园"}, "")
    assert (second.id, second.said, second.fault) == ("2", {}, "")
    assert third.fault.startswith("there are more cells than columns")


def test_gold_that_is_there_is_kept(imported: Import, tmp_path: Path) -> None:
    gold = imported({"*": {}})[0]["one"]
    folder = tmp_path / "gold"
    (path,), _ = write_gold([gold], folder, force=False)
    path.write_text(path.read_text("utf-8").replace("crops", "industry"), "utf-8")
    before = path.read_bytes()
    written, (said,) = write_gold([gold], folder, force=False)
    assert (written, path.read_bytes()) == ([], before)
    assert said == f"one.txt: {path} annotates this text already; give another folder with --gold, or --force"
    assert write_gold([gold], folder, force=True) == ([path], [])
    assert path.read_bytes() != before


def test_gold_of_the_same_text_is_found_under_any_name(imported: Import, tmp_path: Path) -> None:
    gold = imported({"*": {}})[0]["one"]
    (path,), _ = write_gold([gold], tmp_path / "gold", force=False)
    path = path.rename(path.with_name("000.json"))
    assert "000.json annotates this text already" in write_gold([gold], tmp_path / "gold", force=False)[1][0]
    assert write_gold([gold], tmp_path / "gold", force=True) == ([path], [])


def test_gold_of_more_of_the_text_is_kept_even_with_force(imported: Import, tmp_path: Path) -> None:
    whole = imported({"12亩": {}, "30只": {}, "2公里": {}})[0]["sub-two"]
    part = imported({"12亩": {}})[0]["sub-two-1"]
    write_gold([whole], tmp_path / "gold", force=False)
    written, (said,) = write_gold([part], tmp_path / "gold", force=True)
    assert not written
    assert "annotates more of this text" in said


def test_another_text_of_the_same_name_is_kept(imported: Import, tmp_path: Path) -> None:
    gold = imported({"*": {}})[0]["one"]
    copy = tmp_path / "gold" / "raw" / "one.txt"
    copy.parent.mkdir(parents=True)
    copy.write_text("another", "utf-8")
    written, (said,) = write_gold([gold], tmp_path / "gold", force=False)
    assert (written, copy.read_text("utf-8")) == ([], "another")
    assert said == f"one.txt: {copy} is another text; give another folder with --gold"


def test_a_folder_that_cannot_be_written_is_named(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "gold").write_text("a file", "utf-8")
    with pytest.raises(StoreError, match="gold: cannot be written"):
        write_gold(imported({"*": {}})[0].values(), tmp_path / "gold", force=False)
