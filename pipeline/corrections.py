"""A table of corrections made by hand: a CSV file with a line for each number that somebody has looked at.

An empty cell means "as it was read", `none` empties a value, a bound, a period or a total. The column `action` says
`drop` for what is no quantity and `add` for a number that was missed.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from pipeline.edtf import days
from pipeline.errors import OptionError
from pipeline.schema import BASES, MEASURES, OBSERVATIONS, QUALIFIERS, ROLES, STATUSES, TOPICS

Cell = str | float | int | bool | None
CLOSED = {
    "qualifier": QUALIFIERS, "measure": MEASURES, "topic": TOPICS, "basis": BASES, "status": STATUSES, "role": ROLES,
}  # fmt: skip
NUMBERS = ("value", "low", "high")
OFFSETS = ("raw_start", "raw_end")
CORRECTED = (*OFFSETS, *NUMBERS, "qualifier", "masked", "measure", "topic", "basis", "status", "role", "period",
             "part_of", "subject")  # fmt: skip
KEPT = ""  # the action of a number that is right, or right after correction
ACTIONS = (KEPT, "drop", "add")
EMPTY = "none"
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MASKED_PERIOD = regex.compile(r"[0-9]{2}XX(?:-[0-9]{2}){0,2}")
# What else may stand in the file: the columns that a person reads to judge a number.
CONTEXT = frozenset(c.name for c in OBSERVATIONS.columns)


@dataclass(frozen=True, slots=True)
class Correction:
    """One line: `said` holds the cells that are not empty, by the names of the columns of `observations`."""

    line: int
    id: str  # observation_id; with the action add a name of the writer's own, for others to be part of
    action: str
    source: str
    said: Mapping[str, Cell]
    fault: str = ""  # why the line cannot be used: its report must not become gold without it


def read_corrections(path: Path) -> list[Correction]:
    """The lines of a CSV file (UTF-8).

    Raises OptionError if the file cannot be read, or its columns are not those of corrections.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError(f"{path}: this is not UTF-8; save it as CSV in UTF-8") from None
    except OSError as error:
        raise OptionError(f"{path}: cannot be opened ({error.strerror}); give a CSV file of corrections") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    columns = rows.fieldnames or []
    if "observation_id" not in columns:
        raise OptionError(f"{path}: there is no column observation_id; its first line must name the columns")
    unknown = [c for c in columns if c not in CONTEXT and c != "action"]
    if unknown:
        raise OptionError(f"{path}: no column is called {unknown[0]}; correct {', '.join(CORRECTED)}")
    return [_correction(rows.line_num, row) for row in rows]


def _correction(line: int, row: Mapping[str, Any]) -> Correction:
    cells = {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}
    action, name, source = cells.get("action", KEPT), cells["observation_id"], cells.get("source", "")
    said: dict[str, Cell] = {}
    try:
        if len(cells) < len(row):
            raise ValueError("there are more cells than columns; put a cell that holds a comma into quotes")
        if action not in ACTIONS:
            raise ValueError(f"action {action} is none of drop, add; leave it empty for a number that is right")
        if not name:
            raise ValueError("there is no observation_id; with the action add any name will do")
        said = {column: _read(column, cells[column]) for column in CORRECTED if cells.get(column)}
    except ValueError as error:
        return Correction(line, name, action, source, said, str(error))
    return Correction(line, name, action, source, said)


def _read(column: str, cell: str) -> Cell:
    """The value of a cell. Raises ValueError if the column cannot hold it."""
    if cell == EMPTY and column in NUMBERS:
        return None
    if cell == EMPTY and column in ("period", "part_of", "subject"):
        return ""
    if column in NUMBERS or column in OFFSETS:
        return _number(column, cell)
    if column == "masked":
        if cell.lower() not in BOOLEANS:
            raise ValueError(f"masked {cell} is neither true nor false")
        return BOOLEANS[cell.lower()]
    if column in CLOSED and cell not in CLOSED[column]:
        raise ValueError(f"{column} {cell} is none of {', '.join(CLOSED[column])}")
    if column == "period" and days(cell) is None and not all(map(MASKED_PERIOD.fullmatch, cell.split("/"))):
        raise ValueError(f"period {cell} is no time in EDTF, like 2018, 2018-05, 2018-40 (first half) or 2014/2020")
    return cell


def _number(column: str, cell: str) -> float | int:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0 or (column in OFFSETS and number != int(number)):
        raise ValueError(f"{column} {cell} is no number that it can hold; write digits without commas, like 1034.5")
    return int(number) if column in OFFSETS else number
