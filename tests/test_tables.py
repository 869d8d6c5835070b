"""What every row of every table promises (the codebook), over all texts of the repository and over invented ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import Corpus, read_tables

from pipeline import schema
from pipeline.edtf import days
from pipeline.records import Days
from pipeline.rules import load_rules
from pipeline.schema import Column, TableSpec

SPECS = {spec.name: spec for spec in schema.TABLES}
SPANNED = {"observations": "raw_text", "numerals": "raw_text", "repairs": "before"}
KEYS = [(spec, c) for spec in schema.TABLES for c in spec.columns if c.key]
CLOSED = [(spec, c) for spec in schema.TABLES for c in spec.columns if c.values]


def ids(pairs: list[tuple[TableSpec, Column]]) -> list[str]:
    return [f"{spec.name}.{column.name}" for spec, column in pairs]


# --- spans


@pytest.mark.parametrize(("table", "column"), SPANNED.items(), ids=list(SPANNED))
def test_the_raw_text_stands_at_its_offsets(corpus: Corpus, table: str, column: str) -> None:
    rows = corpus.frames[table][["source", "raw_start", "raw_end", column]].to_numpy()
    wrong = [tuple(row) for row in rows if corpus.decoded[row[0]][row[1] : row[2]] != row[3]]
    assert len(rows) > 100
    assert not wrong


@pytest.mark.parametrize("table", [s.name for s in schema.TABLES if "raw_start" in {c.name for c in s.columns}])
def test_spans_lie_inside_the_file(corpus: Corpus, table: str) -> None:
    frame = corpus.frames[table]
    lengths = frame["source"].astype(str).map(lambda source: len(corpus.decoded[source]))
    assert frame["raw_start"].ge(0).all()
    assert frame["raw_end"].le(lengths).all()
    assert frame["raw_start"].le(frame["raw_end"]).all()


@pytest.mark.parametrize("table", ["observations", "numerals", "sections", "reports"])
def test_spans_hold_something_and_stand_in_order_without_overlap(corpus: Corpus, table: str) -> None:
    for _, frame in corpus.frames[table].groupby("source", observed=True):
        assert frame["raw_start"].lt(frame["raw_end"]).all()
        assert frame["raw_start"].iloc[1:].ge(frame["raw_end"].iloc[:-1].to_numpy()).all()


def gaps_of(tables: dict[str, pd.DataFrame], decoded: dict[str, str]) -> list[tuple[str, str]]:
    """What stands between sections, or outside of every report, as (source, text)."""
    found = []
    for source, reports in tables["reports"].groupby("source", observed=True):
        text, at = decoded[str(source)], 0
        for report in reports.itertuples():
            sections = tables["sections"][tables["sections"]["report_id"] == report.report_id]
            inner = sections[["raw_start", "raw_end"]].to_numpy().ravel()
            bounds = [at, report.raw_start, report.raw_start, *inner, report.raw_end]
            pairs = zip(bounds[::2], bounds[1::2], strict=True)  # each two must be equal
            found += [(str(source), text[min(pair) : max(pair)]) for pair in pairs if pair[0] != pair[1]]
            at = report.raw_end
        if at != len(text):
            found.append((str(source), text[at:]))
    return found


def test_reports_tile_their_file_and_sections_their_report(corpus: Corpus) -> None:
    assert gaps_of(corpus.frames, corpus.decoded) == []


REPORT = ["红柳村工作总结", "一、基本情况", "全村共有农户320户。", "二、下步打算", "计划修路3公里。"]
LAYOUTS = [
    pytest.param("\n".join(REPORT), id="plain"),
    pytest.param("\r\n".join([*REPORT, ""]), id="CRLF"),
    pytest.param("\r".join(REPORT), id="CR"),
    pytest.param("\n\n\n" + "\n\n \n".join(REPORT) + "\n\n  ", id="blank lines"),
    pytest.param("\n".join(f"&nbsp;{line}" for line in REPORT), id="entities"),
    pytest.param("\n".join(f"## {line}" for line in REPORT), id="Markdown headings"),
    pytest.param("\n".join(f"**{line}**" for line in REPORT), id="Markdown emphasis"),
    pytest.param("\n".join(f"<p>{line}</p>" for line in REPORT), id="HTML"),
    pytest.param("\n".join(f"\u200b{line}\u200b" for line in REPORT), id="zero-width marks"),
    pytest.param("\n".join(REPORT) + "\x0c", id="form feed at the end"),
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_layouts_are_tiled_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode())
    frames = {name: table.to_pandas() for name, table in read_tables(tmp_path).items()}
    assert gaps_of(frames, {"a.txt": text}) == []
    assert frames["sections"]["heading"].dropna().tolist() == ["一、基本情况", "二、下步打算"]
    assert frames["observations"]["raw_text"].tolist() == ["320户", "3公里"]


# --- keys


@pytest.mark.parametrize(
    "spec",
    [pytest.param(s, id=s.name) for s in schema.TABLES],
)
def test_a_row_is_identified_by_its_primary_key(corpus: Corpus, spec: TableSpec) -> None:
    frame = corpus.frames[spec.name]
    assert not frame.empty
    assert not frame.duplicated(list(spec.primary)).any()


def test_no_id_is_used_in_two_tables(corpus: Corpus) -> None:
    own = {"observations": "observation_id", "sections": "section_id", "reports": "report_id", "checks": "check_id"}
    every = pd.concat([corpus.frames[table][column].astype(str) for table, column in own.items()])
    assert every.is_unique
    assert every.str.fullmatch("[0-9a-f]{20}").all()


@pytest.mark.parametrize(("spec", "column"), KEYS, ids=ids(KEYS))
def test_keys_point_to_a_row(corpus: Corpus, spec: TableSpec, column: Column) -> None:
    target = SPECS[column.key]
    used = set(corpus.frames[spec.name][column.name].dropna())
    assert used <= set(corpus.frames[target.name][target.primary[0]])
    assert used or column.name == "twin_of"


def joined(corpus: Corpus, left: str, key: str, right: str, right_key: str) -> pd.DataFrame:
    """The rows of `left` beside the row of `right` that they point to; columns of the latter end in _there."""
    pointing = corpus.frames[left].dropna(subset=[key])
    there = corpus.frames[right].add_suffix("_there")
    return pointing.merge(there, left_on=key, right_on=f"{right_key}_there", validate="many_to_one")


INSIDE = [
    ("observations", "section_id", "sections"),
    ("observations", "report_id", "reports"),
    ("sections", "report_id", "reports"),
    ("numerals", "report_id", "reports"),
    ("numerals", "observation_id", "observations"),
]


@pytest.mark.parametrize(("table", "key", "around"), INSIDE, ids=[f"{t} in {a}" for t, _, a in INSIDE])
def test_a_row_stands_inside_the_one_it_points_to(corpus: Corpus, table: str, key: str, around: str) -> None:
    rows = joined(corpus, table, key, around, key)
    assert not rows.empty
    assert (rows["source"].astype(str) == rows["source_there"].astype(str)).all()
    assert rows["raw_start"].ge(rows["raw_start_there"]).all()
    assert rows["raw_end"].le(rows["raw_end_there"]).all()


def test_part_of_points_into_the_same_report_and_measure(corpus: Corpus) -> None:
    rows = joined(corpus, "observations", "part_of", "observations", "observation_id")
    assert len(rows) > 100
    assert (rows["report_id"] == rows["report_id_there"]).all()
    assert (rows["measure"].astype(str) == rows["measure_there"].astype(str)).all()
    assert (rows["observation_id"] != rows["part_of"]).all()


def test_no_total_is_a_part_of_its_own_part(corpus: Corpus) -> None:
    above = corpus.frames["observations"].dropna(subset=["part_of"]).set_index("observation_id")["part_of"].to_dict()
    for start in above:
        seen, at = set(), start
        while at in above:
            assert at not in seen, f"{start} is a part of itself"
            seen.add(at)
            at = above[at]


def test_parents_come_before_their_sections_and_stand_higher(corpus: Corpus) -> None:
    rows = joined(corpus, "sections", "parent_id", "sections", "section_id")
    assert not rows.empty
    assert (rows["report_id"] == rows["report_id_there"]).all()
    assert rows["level"].gt(rows["level_there"]).all()
    assert rows["raw_start"].ge(rows["raw_end_there"]).all()


def test_every_quantity_is_one_numeral_and_no_other_has_a_row(corpus: Corpus) -> None:
    numerals, observations = corpus.frames["numerals"], corpus.frames["observations"]
    assert (numerals["fate"].eq("observation") == numerals["observation_id"].notna()).all()
    assert numerals["observation_id"].dropna().tolist() == observations["observation_id"].tolist()


def test_a_check_compares_rows_of_its_own_report(corpus: Corpus) -> None:
    checks = corpus.frames["checks"].explode("observation_ids")
    rows = checks.merge(corpus.frames["observations"], left_on="observation_ids", right_on="observation_id", how="left")
    assert len(rows) >= 2 * len(corpus.frames["checks"]) > 0
    assert (rows["report_id_x"] == rows["report_id_y"]).all()
    assert not rows["masked"].any()


def test_counts_agree_with_the_rows_that_they_count(corpus: Corpus) -> None:
    observations, reports, sources = (corpus.frames[name] for name in ("observations", "reports", "sources"))
    by_report, by_source = observations["report_id"].value_counts(), observations["source"].value_counts()
    assert (reports["quantities"] == reports["report_id"].map(by_report).fillna(0)).all()
    assert (sources["observations"] == sources["source"].map(by_source).fillna(0)).all()
    assert (sources["reports"] == sources["source"].map(reports["source"].value_counts()).fillna(0)).all()


# --- values


@pytest.mark.parametrize("spec", schema.TABLES, ids=[s.name for s in schema.TABLES])
def test_columns_have_the_types_of_the_schema_and_no_null_where_one_is_required(
    corpus: Corpus, spec: TableSpec
) -> None:
    table = corpus.arrow[spec.name]
    assert table.schema.equals(spec.schema(), check_metadata=False)
    table.validate(full=True)
    assert [c.name for c in spec.columns if c.required and table[c.name].null_count] == []


@pytest.mark.parametrize(("spec", "column"), CLOSED, ids=ids(CLOSED))
def test_closed_vocabularies(corpus: Corpus, spec: TableSpec, column: Column) -> None:
    used = set(corpus.frames[spec.name][column.name].dropna().astype(str))
    assert used
    assert used <= set(column.values)


def test_a_masked_number_is_missing(corpus: Corpus) -> None:
    masked = corpus.frames["observations"].query("masked")
    assert len(masked) > 50
    assert masked[["value", "number"]].isna().all(axis=None)


def test_zero_is_only_where_the_text_says_so(corpus: Corpus) -> None:
    rows = corpus.frames["observations"]
    for column in ("value", "number", "low", "high"):
        said = rows.loc[rows[column].eq(0), "text"]
        assert said.str.contains("[0零〇]").all(), said.tolist()
    assert rows["value"].eq(0).any()


def test_bounds_hold_their_value(corpus: Corpus) -> None:
    rows = corpus.frames["observations"]
    assert not (rows["low"] > rows["high"]).any()
    assert not ((rows["value"] < rows["low"]) | (rows["value"] > rows["high"])).any()
    silent = rows[["value", "low", "high"]].isna().all(axis=1)
    assert rows.loc[silent, "masked"].all(), "only a mask leaves a row without value and bounds"


def test_a_range_has_bounds_and_no_value(corpus: Corpus) -> None:
    ranges = corpus.frames["observations"].query("qualifier == 'range'")
    assert not ranges.empty
    assert ranges["value"].isna().all()
    assert ranges.loc[~ranges["masked"], ["low", "high"]].notna().all(axis=None)


@pytest.mark.parametrize("table", ["observations", "reports"])
def test_days_follow_from_the_period(corpus: Corpus, table: str) -> None:
    frame = corpus.frames[table].dropna(subset=["period"])
    assert not frame.empty
    for period, first, last in (
        frame[["period", "period_start", "period_end"]].drop_duplicates().itertuples(index=False)
    ):
        found = days(period)
        assert found == (None if pd.isna(first) else Days(first, last)), period
        assert found is None or found.first <= found.last


def test_indicator_is_topic_and_measure(corpus: Corpus) -> None:
    rows = corpus.frames["observations"]
    assert (rows["indicator"].astype(str) == rows["topic"].astype(str) + "." + rows["measure"].astype(str)).all()


def test_the_sentence_holds_the_quantity(corpus: Corpus) -> None:
    rows = corpus.frames["observations"][["text", "sentence"]]
    assert [row for row in rows.itertuples(index=False) if row.text not in row.sentence] == []


def test_who_decided_is_known(corpus: Corpus) -> None:
    named = set(corpus.frames["observations"]["decided_by"])
    assert {n for n in named if not n.startswith(("neighbour.", "bias."))} <= set(load_rules().by_id)


def test_confidence_is_a_probability(corpus: Corpus) -> None:
    assert corpus.frames["observations"]["confidence"].between(0, 1).all()


def test_differences_and_verdicts_of_checks(corpus: Corpus) -> None:
    checks = corpus.frames["checks"]
    assert checks["difference"].sub(checks["left"] - checks["right"]).abs().lt(1e-9).all()
    households = checks[checks["kind"] == "persons_per_household"]
    assert not households.empty
    assert (households["verdict"].eq("holds") == households["right"].ge(households["left"])).all()
    assert checks["message"].str.fullmatch(r"[^\n{}]+。").all()


def test_a_repair_is_recorded_once_for_the_text_it_changed(corpus: Corpus) -> None:
    """What stood there, what it was read as: 。ㄒ唬┘訌 is not replaced by the one character 强."""
    repairs = corpus.frames["repairs"].sort_values(["source", "raw_start"])
    for _, frame in repairs[repairs["kind"] == "traditional"].groupby("source", observed=True):
        assert (frame["before"].str.len() == frame["after"].str.len()).all()


def test_repairs_change_something(corpus: Corpus) -> None:
    repairs = corpus.frames["repairs"]
    assert (repairs["before"] != repairs["after"]).all()
    assert re.fullmatch("[a-z_ ]+", " ".join(sorted(set(repairs["kind"].astype(str)))))


# --- ids


def rows_of(tables: dict[str, pa.Table], *drop: str) -> dict[str, list[dict[str, object]]]:
    return {
        name: table.drop_columns([c for c in drop if c in table.column_names]).to_pylist()
        for name, table in tables.items()
    }


def test_a_second_run_in_other_processes_gives_the_same_tables(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two spawned processes, whose hash seeds differ, in batches of another size."""
    some = sorted(corpus.decoded)[::25]
    for source in some:
        (tmp_path / source).parent.mkdir(exist_ok=True)
        shutil.copy(corpus.folder / source, tmp_path / source)
    monkeypatch.setattr("pipeline.ingest.BATCH_BYTES", 1)
    again = read_tables(tmp_path, jobs=2)
    assert len(some) > 2
    for name in SPECS:
        table, first = again[name], corpus.frames[name]
        if "source" in first:
            first = first[first["source"].isin(some)]
        else:
            kept = corpus.frames["reports"].loc[corpus.frames["reports"]["source"].isin(some), "report_id"]
            first = first[first["report_id"].isin(kept)]
        assert table.to_pylist() == pa.Table.from_pandas(first, table.schema, preserve_index=False).to_pylist(), name


def test_a_moved_file_keeps_its_ids(tmp_path: Path) -> None:
    text = "\n".join(REPORT).encode()
    for folder, name in (("one", "a.txt"), ("two", "sub/b.txt")):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    first, second = (rows_of(read_tables(tmp_path / folder), "source") for folder in ("one", "two"))
    assert first == second
    assert first["observations"]


def test_copies_in_one_folder_have_ids_of_their_own_and_the_first_keeps_them(tmp_path: Path) -> None:
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    for path in (alone / "a.txt", beside / "a.txt", beside / "b.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes("\n".join(REPORT).encode())
    one, two = (read_tables(folder)["observations"].to_pandas() for folder in (alone, beside))
    assert two["observation_id"].is_unique
    assert two.loc[two["source"] == "a.txt", "observation_id"].tolist() == one["observation_id"].tolist()


def test_other_bytes_give_other_ids(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\n".join(REPORT).encode())
    (tmp_path / "b.txt").write_bytes("\n".join([*REPORT, ""]).encode())
    assert read_tables(tmp_path)["observations"].to_pandas()["observation_id"].is_unique


MASKS = [
    ("全村xx户。", None, None),
    ("全村某户。", None, None),
    ("脱贫20__人。", 2000, 2099),
    ("投入1,3**元。", 1300, 1399),
    ("返贫率x.x%。", None, None),
    ("到户资金xx万元。", None, None),
]


@pytest.mark.parametrize(("text", "low", "high"), MASKS, ids=[m[0] for m in MASKS])
def test_a_mask_is_null_and_never_zero(tmp_path: Path, text: str, low: float | None, high: float | None) -> None:
    (tmp_path / "a.txt").write_text(text, "utf-8")
    (row,) = read_tables(tmp_path)["observations"].to_pylist()
    assert (row["masked"], row["value"], row["number"], row["low"], row["high"]) == (True, None, None, low, high)


@pytest.mark.parametrize("text", ["返贫0户。", "返贫率0%。", "返贫零户。"])
def test_a_zero_that_is_stated_is_zero(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text, "utf-8")
    (row,) = read_tables(tmp_path)["observations"].to_pylist()
    assert (row["masked"], row["value"], row["number"]) == (False, 0.0, 0.0)


def test_no_report_gives_empty_tables_of_the_right_type(tmp_path: Path) -> None:
    tables = read_tables(tmp_path)
    assert {name: table.num_rows for name, table in tables.items()} == dict.fromkeys([*SPECS, "panel"], 0)
    assert all(tables[name].schema.equals(spec.schema(), check_metadata=False) for name, spec in SPECS.items())
