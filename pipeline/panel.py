"""Observations -> panel: one row for each fact, with how its value was chosen and the observation behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import regex

from pipeline import schema
from pipeline.errors import StoreError

if TYPE_CHECKING:
    import pandas as pd

KEY = ["place", "adcode", "period", "indicator", "basis", "status", "role", "subject"]
FACT = ["value", "low", "high"]
# What makes one observation better than another, most important first; the names are those of the column chosen_by.
REASONS = ("known", "exact", "whole", "majority", "latest", "confident", "first")
NEEDED = {*schema.PANEL.schema().names, "report_id", "part_of", "masked"}  # of the observations
WIDEST = 2**62  # of the numbers that stand for a combination of values
NOISE = regex.compile(r"[^\p{L}]+")
ROW = ["place", "adcode", "period", "period_start", "period_end", "subject"]  # of the wide form


def panel_of(observations: pa.Table, reports: pa.Table) -> pa.Table:
    """The table `panel` (schema.PANEL) of the tables `observations` and `reports`, sorted by its key.

    The same value for the same fact in a report and its twins counts once. Masked numbers count as missing: a fact of
    which nothing else is known keeps a row without a value.
    """
    rows = _joined(observations, reports)
    merits = _merits(rows)
    group = np.asarray(rows["group"])
    # Stable: of equals the first stated stays the first.
    order = np.lexsort([*(-merits[name] for name in reversed(REASONS)), group])
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    value = _floats(rows["value"])[order]
    best, size = order[starts], np.diff(starts, append=len(order))
    known = np.where(np.isnan(value), len(order), np.arange(len(order)))
    first = np.append(value, np.nan)[_least(known, starts)]
    other = np.where(value != np.repeat(first, size), np.arange(len(order)), len(order))
    rival = np.append(order, -1)[_least(other, starts)]
    agree = _distinct(group, np.asarray(rows["figure"]), ~np.isnan(_floats(rows["value"]))) <= 1
    made = {
        "chosen_by": _reasons(merits, best, rival, agree, size),
        "observations": size,
        "reports": _distinct(group, np.asarray(rows["root"])),
        "agree": agree,
        "least": np.fmin.reduceat(value, starts) if len(value) else value,
        "most": np.fmax.reduceat(value, starts) if len(value) else value,
        "observation_ids": pa.ListArray.from_arrays(
            np.append(starts, len(order)).astype(np.int32), rows["observation_id"].take(order).combine_chunks()
        ),
    }
    chosen = rows.take(best)
    arrow = schema.PANEL.schema()
    columns = [pa.array(made[f.name], f.type, from_pandas=True) if f.name in made else chosen[f.name] for f in arrow]
    return pa.Table.from_arrays(columns, schema=arrow)


def _joined(observations: pa.Table, reports: pa.Table) -> pa.Table:
    """The observations with their report's date and the first of its twins, each fact of a family of twins once.

    `group` numbers the facts in the order of KEY, `stated` what is said of them, `root` the families of reports,
    `figure` the values.
    """
    at = pc.index_in(observations["report_id"], value_set=reports["report_id"].combine_chunks())
    twins = reports["twin_of"].take(at)
    root = _codes(pc.coalesce(twins, observations["report_id"]))
    rows = observations.select([n for n in observations.column_names if n in NEEDED])
    rows = rows.append_column("date", pc.fill_null(reports["report_date"].take(at), ""))
    subjects = rows["subject"].combine_chunks().dictionary_encode()
    bare = pa.array([NOISE.sub("", subject) for subject in subjects.dictionary.to_pylist()], pa.string())
    where = rows.column_names.index("subject")
    rows = rows.set_column(where, rows.schema.field(where), bare.take(subjects.indices))
    group = _numbered(*(_codes(rows[name]) for name in KEY))
    said = {name: _codes(rows[name]) for name in FACT}
    stated = _numbered(group, *said.values())
    for name, codes in (("group", group), ("stated", stated), ("root", root), ("figure", said["value"])):
        rows = rows.append_column(name, pa.array(codes))
    same = _numbered(stated, root, np.asarray(rows["masked"]))
    once = np.unique(same, return_index=True)[1][same] == np.arange(len(rows))
    return rows.filter(pc.or_(pc.is_null(twins), pa.array(once)))


def _merits(rows: pa.Table) -> dict[str, np.ndarray]:
    """A column for each of REASONS: larger is better."""
    value = _floats(rows["value"])
    known = ~np.isnan([_floats(rows[name]) for name in FACT]).all(axis=0) & ~np.asarray(rows["masked"])
    exact = np.asarray(pc.equal(rows["qualifier"].cast(pa.string()), "exact"))
    stated = np.asarray(rows["stated"])
    return {
        "known": known.astype(int),
        "exact": (exact & ~np.isnan(value)).astype(int),
        "whole": np.asarray(pc.is_null(rows["part_of"])).astype(int),
        "majority": _distinct(stated, np.asarray(rows["root"]))[stated],
        "latest": _codes(rows["date"]),
        "confident": np.round(np.asarray(rows["confidence"]), 2),
        "first": -np.arange(len(rows)),
    }


def _reasons(
    merits: Mapping[str, np.ndarray], best: np.ndarray, rival: np.ndarray, agree: np.ndarray, size: np.ndarray
) -> list[str]:
    """Why each best observation was taken: the first thing in which it beats the best of another value."""
    conditions = [merits["known"][best] == 0, size == 1, agree]
    conditions += [merits[name][best] != merits[name][rival] for name in REASONS]
    reasons: list[str] = np.select(conditions, ["masked", "only", "agree", *REASONS], "first").tolist()
    return reasons


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers, NaN where there is none."""
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), float)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """For each row the place of its value among all values in order; behind them all where there is none.

    By value and not by place in an Arrow dictionary, which hangs on the order in which files arrived.
    """
    values = column.combine_chunks()
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    places = np.append(np.asarray(pc.rank(encoded.dictionary, tiebreaker="dense")), len(encoded.dictionary) + 1)
    codes: np.ndarray = places[np.asarray(pc.fill_null(encoded.indices, len(encoded.dictionary)))].astype(np.int64)
    return codes


def _numbered(*columns: np.ndarray) -> np.ndarray:
    """A number for each combination of codes, in the order of the first column, then of the second …"""
    found, most = np.zeros(len(columns[0]), np.int64), 1
    for codes in columns:
        width = int(codes.max(initial=0)) + 1
        if most * width >= WIDEST:  # sorting to number anew takes time: only where the numbers would not fit
            found = np.unique(found, return_inverse=True)[1]
            most = len(found)
        found, most = found * width + codes, most * width
    return np.unique(found, return_inverse=True)[1]


def _distinct(group: np.ndarray, codes: np.ndarray, counted: np.ndarray | None = None) -> np.ndarray:
    """How many different codes each group has, among the rows that are to be counted."""
    pairs = group * (codes.max(initial=0) + 1) + codes
    ordered = np.sort(pairs if counted is None else pairs[counted])  # several times as fast as np.unique
    once = ordered[np.diff(ordered, prepend=-1) > 0]
    return np.bincount(once // (codes.max(initial=0) + 1), minlength=group.max(initial=-1) + 1)


def _least(numbers: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The least number of each stretch."""
    return np.minimum.reduceat(numbers, starts) if len(numbers) else numbers


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
