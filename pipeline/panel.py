"""Observations -> panel: one row for each fact, with how its value was chosen and the observation behind it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import regex

from pipeline import schema
from pipeline.errors import StoreError

KEY = ["place", "adcode", "period", "indicator", "basis", "status", "role", "subject"]
FACT = ["value", "low", "high"]
# What makes one observation better than another, most important first; the names are those of the column chosen_by.
REASONS = ("known", "exact", "whole", "majority", "latest", "confident", "first")
NOISE = regex.compile(r"[^\p{L}]+")
ROW = ["place", "adcode", "period", "period_start", "period_end", "subject"]  # of the wide form


def panel_of(observations: pa.Table, reports: pa.Table) -> pa.Table:
    """The table `panel` (schema.PANEL) of the tables `observations` and `reports`, sorted by its key.

    The same value for the same fact in a report and its twins counts once. Masked numbers count as missing: a fact of
    which nothing else is known keeps a row without a value.
    """
    rows = _ranked(_joined(observations, reports))
    groups = rows.groupby(KEY, dropna=False, sort=False, observed=True)
    best = groups.nth(0).set_index("group")
    others = rows[rows["value"] != groups["value"].transform("first")]
    rival = others.groupby("group").nth(0).set_index("group")
    table = best.assign(
        observations=groups.size().to_numpy(),
        reports=groups["root"].nunique().to_numpy(),
        agree=(groups["value"].nunique() <= 1).to_numpy(),
        least=groups["value"].min().to_numpy(),
        most=groups["value"].max().to_numpy(),
        observation_ids=groups["observation_id"].agg(list).to_numpy(),
    )
    table["chosen_by"] = _reasons(table, rival.reindex(table.index))
    table = table.sort_values(KEY, kind="stable", na_position="last")
    arrow = schema.PANEL.schema()
    return pa.Table.from_pandas(table[arrow.names], schema=arrow, preserve_index=False).replace_schema_metadata(
        arrow.metadata
    )


def _joined(observations: pa.Table, reports: pa.Table) -> pd.DataFrame:
    """The observations with their report's date and the first of its twins, each fact of a family of twins once."""
    names = [*(n for n in schema.PANEL.schema().names if n in observations.schema.names),
             "observation_id", "report_id", "part_of", "masked"]  # fmt: skip
    rows = observations.select(list(dict.fromkeys(names))).to_pandas()
    dates = reports.select(["report_id", "report_date", "twin_of"]).to_pandas()
    rows = rows.merge(dates, on="report_id", how="left")
    rows["root"] = rows["twin_of"].fillna(rows["report_id"])
    rows["subject"] = [NOISE.sub("", subject) for subject in rows["subject"]]
    again = rows["twin_of"].notna() & rows.duplicated(["root", *KEY, *FACT, "masked"], keep="first")
    kept: pd.DataFrame = rows[~again].copy()
    return kept


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, those of one fact together, the best first; a column for each of REASONS, larger is better."""
    rows["group"] = rows.groupby(KEY, dropna=False, sort=False, observed=True).ngroup()
    rows["known"] = (rows[FACT].notna().any(axis=1) & ~rows["masked"]).astype(int)
    rows["exact"] = ((rows["qualifier"].astype(str) == "exact") & rows["value"].notna()).astype(int)
    rows["whole"] = rows["part_of"].isna().astype(int)
    rows["majority"] = rows.groupby(["group", *FACT], dropna=False)["root"].transform("nunique")
    dates = rows["report_date"].fillna("").astype(str)
    rows["latest"] = dates.rank(method="dense").astype(int)
    rows["confident"] = rows["confidence"].round(2)
    rows["first"] = -pd.RangeIndex(len(rows))
    order = ["group", *REASONS]
    return rows.sort_values(order, ascending=[True, *([False] * len(REASONS))], kind="stable")


def _reasons(best: pd.DataFrame, rival: pd.DataFrame) -> pd.Series[str]:
    """Why each best observation was taken: the first thing in which it beats the best of another value."""
    reason = pd.Series("first", index=best.index)
    for name in reversed(REASONS):
        reason = reason.mask(best[name] != rival[name], name)
    reason = reason.mask(best["agree"], "agree").mask(best["observations"] == 1, "only")
    return reason.mask(best["known"] == 0, "masked")


def widen(panel: pa.Table) -> pd.DataFrame:
    """The panel with one column for each indicator and one row for each place, period and subject.

    A column is named after its indicator, then basis, status and role where they are not total, actual and level:
    `income.yuan`, `income.yuan.per_capita`, `crops.mu.planned`.
    """
    rows = panel.to_pandas()
    usual = {"basis": "total", "status": "actual", "role": "level"}
    names = rows["indicator"].astype(str)
    for column, value in usual.items():
        said = rows[column].astype(str)
        names = names.where(said == value, names + "." + said)
    rows["column"] = names
    rows = rows[rows["value"].notna()]
    wide = rows.set_index([*ROW, "column"])["value"].unstack("column")
    wide.columns.name = None
    ordered: pd.DataFrame = wide.sort_index(axis=1).reset_index()
    return ordered


def read_panel(out: Path) -> pa.Table:
    """The panel of the tables in `out`, made anew from `observations` and `reports`.

    Raises StoreError if they are not there.
    """
    try:
        tables = [pq.read_table(out / name) for name in ("observations", "reports")]
    except (OSError, pa.ArrowInvalid):
        raise StoreError(f"{out}: there are no tables here; run cunbao extract --out {out} first") from None
    return panel_of(*tables)


def write_wide(panel: pa.Table, path: Path) -> int:
    """Writes the wide form of `panel` to the Parquet file `path`; returns its number of rows.

    Raises StoreError if the file cannot be written.
    """
    wide = widen(panel)
    try:
        pq.write_table(pa.Table.from_pandas(wide, preserve_index=False), path, compression="zstd")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); give another file with --wide") from None
    return len(wide)
