"""The panel: how facts are put together from what reports state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import Corpus
from typer.testing import CliRunner

from pipeline import schema
from pipeline.cli import app
from pipeline.panel import panel_of, widen

USUAL = {
    "place": "青石村", "adcode": None, "period": "2018", "indicator": "registered_poor.households",
    "topic": "registered_poor", "measure": "households", "basis": "total", "status": "actual", "role": "level",
    "subject": "贫困户", "value": 192.0, "low": None, "high": None, "qualifier": "exact", "masked": False,
    "confidence": 0.9, "part_of": None, "report_id": "r1",
}  # fmt: skip


def table(spec: schema.TableSpec, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    fields = [f.with_nullable(True) for f in spec.schema()]
    return pa.Table.from_pylist([{f.name: r.get(f.name) for f in fields} for r in rows], pa.schema(fields))


def panel(
    *rows: Mapping[str, object], twins: dict[str, str] | None = None, dates: dict[str, str] | None = None
) -> pa.Table:
    stated = [{**USUAL, "observation_id": f"o{i}", **row} for i, row in enumerate(rows)]
    reports = [{"report_id": r, "twin_of": (twins or {}).get(r), "report_date": (dates or {}).get(r)}
               for r in sorted({str(s["report_id"]) for s in stated})]  # fmt: skip
    return panel_of(table(schema.OBSERVATIONS, stated), table(schema.REPORTS, reports))


def row(*rows: Mapping[str, object], **known: dict[str, str]) -> dict[str, object]:
    found = panel(*rows, **known).to_pylist()
    assert len(found) == 1
    return dict(found[0])


BOUND = {"value": 200.0, "low": 200.0, "qualifier": "over"}
CHOICES = {
    "only": ([{}], 192, "only", True),
    "two that agree": ([{}, {"report_id": "r2"}], 192, "agree", True),
    "exact before bounded": ([BOUND, {"report_id": "r2"}], 192, "exact", False),
    "known before masked": ([{"value": None, "masked": True}, {}], 192, "agree", True),
    "whole before part": ([{"value": 30.0, "part_of": "o1"}, {}], 192, "whole", False),
    "what most reports say": (
        [{"value": 190.0}, {"report_id": "r2"}, {"report_id": "r3"}],
        192,
        "majority",
        False,
    ),
    "the later report": ([{"value": 190.0}, {"report_id": "r2"}], 192, "latest", False),
    "the surer topic": ([{"value": 190.0, "confidence": 0.5}, {}], 192, "confident", False),
    "the first stated": ([{}, {"value": 190.0}], 192, "first", False),
}


@pytest.mark.parametrize(("rows", "value", "reason", "agree"), CHOICES.values(), ids=CHOICES)
def test_which_value_is_chosen(rows: list[dict[str, object]], value: float, reason: str, agree: bool) -> None:
    found = row(*rows, dates={"r1": "2018-06", "r2": "2018-11"} if reason == "latest" else {})
    assert (found["value"], found["chosen_by"], found["agree"]) == (value, reason, agree)
    assert found["observations"] == len(rows)
    assert found["observation_ids"][0] == found["observation_id"]  # type: ignore[index]


def test_a_fact_of_which_all_is_masked_keeps_a_row_without_a_value() -> None:
    found = row({"value": None, "masked": True}, {"value": None, "masked": True, "report_id": "r2"})
    assert (found["value"], found["chosen_by"], found["observations"]) == (None, "masked", 2)


def test_twins_count_once() -> None:
    copies = [{"report_id": "r1"}, {"report_id": "r2"}, {"report_id": "r3"}]
    found = row(*copies, twins={"r2": "r1", "r3": "r1"})
    assert (found["observations"], found["reports"], found["chosen_by"]) == (1, 1, "only")
    assert row(*copies)["reports"] == 3


def test_what_a_twin_says_of_its_own_is_kept() -> None:
    """A template filled in anew speaks of another place, or corrects a number."""
    twins = {"r2": "r1"}
    assert len(panel({}, {"report_id": "r2", "place": "双桥村"}, twins=twins)) == 2
    corrected = row({}, {"report_id": "r2", "value": 193.0}, twins=twins)
    assert (corrected["observations"], corrected["reports"], corrected["agree"]) == (2, 1, False)
    assert (corrected["least"], corrected["most"]) == (192, 193)


@pytest.mark.parametrize("column", ["place", "adcode", "period", "indicator", "basis", "status", "role", "subject"])
def test_what_differs_in_the_key_is_another_fact(column: str) -> None:
    other = {"basis": "per_year", "status": "planned", "role": "increase"}.get(column, "别的")
    assert len(panel({}, {column: other})) == 2


def test_rows_are_in_the_order_of_what_they_say_and_not_of_arrival() -> None:
    """Arrow lists the values of a closed vocabulary in the order in which they were met."""
    statuses = ["actual", "planned", "standard"]
    for arrived in (statuses, statuses[::-1]):
        assert panel(*({"status": s} for s in arrived))["status"].to_pylist() == statuses


def test_marks_and_spaces_make_no_other_subject() -> None:
    assert row({}, {"subject": "“贫困户” "})["subject"] == "贫困户"


def test_no_observations_give_an_empty_panel() -> None:
    empty = panel()
    assert len(empty) == 0
    assert empty.schema.equals(schema.PANEL.schema(), check_metadata=False)


def test_the_wide_form() -> None:
    people = {"indicator": "registered_poor.persons", "measure": "persons", "value": 709.0}
    wide = widen(panel({}, people, {"status": "planned", "value": 12.0}, {"place": "双桥村", "value": 5.0}))
    assert list(wide.columns) == [
        "place", "adcode", "period", "period_start", "period_end", "subject",
        "registered_poor.households", "registered_poor.households.planned", "registered_poor.persons",
    ]  # fmt: skip
    values = wide.set_index("place").drop(columns=list(wide.columns[1:6]))
    assert values.loc[["青石村"]].to_numpy().tolist() == [[192.0, 12.0, 709.0]]
    assert values.loc[["双桥村"]].isna().to_numpy().tolist() == [[False, True, True]]


def test_the_panel_of_the_repository(corpus: Corpus) -> None:
    facts, stated = corpus.frames["panel"], corpus.frames["observations"]
    assert not facts.duplicated(list(schema.PANEL.primary)).any()
    assert sorted(facts["observation_ids"].explode()) == sorted(stated["observation_id"])
    assert facts["observations"].sum() == len(stated)
    chosen = facts.merge(stated, on="observation_id", suffixes=("", "_stated"))
    pd.testing.assert_series_equal(chosen["value"], chosen["value_stated"], check_names=False)
    assert set(facts["chosen_by"]) <= set(schema.CHOICES)


def test_the_command(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "report.txt").write_text("2018年,全村共有建档立卡贫困户192户709人。", "utf-8")
    out, wide = tmp_path / "out", tmp_path / "wide.parquet"
    run = CliRunner().invoke
    assert run(app, ["extract", "--raw", str(raw), "--out", str(out), "--quiet"]).exit_code == 0
    assert len(pd.read_parquet(out / "panel")) == 2
    shown = run(app, ["panel", "--out", str(out)])
    assert shown.exit_code == 0
    assert "2 facts" in shown.output
    assert run(app, ["panel", "--out", str(out), "--wide", str(wide)]).exit_code == 0
    assert pd.read_parquet(wide)["registered_poor.persons"].tolist() == [709.0]


def test_the_command_without_tables(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["panel", "--out", str(tmp_path)])
    assert result.exit_code != 0
    assert "run cunbao extract" in str(result.exception)
