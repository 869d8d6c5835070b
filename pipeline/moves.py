"""What other rules would read otherwise: every value that moves between two readings of the same files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.extract import extract_file
from pipeline.gold import GoldFile, match
from pipeline.ingest import sources_in
from pipeline.records import Failure, RawText, Reading
from pipeline.rules import RuleSet
from pipeline.tables import tables_of
from pipeline.topics.model import TopicModel

Tables = dict[str, pa.Table]
Row = dict[str, Any]
JUDGED = ("observations", "sections", "reports")  # the tables that are scored against the gold
# What is compared in each table; a row that only one side has moves between a value and NONE in the first column.
COMPARED: Mapping[str, tuple[str, ...]] = {
    "numerals": ("fate",),
    "observations": ("raw_text", "value", "low", "high", "qualifier", "masked", "measure", "topic", "subject", "basis",
                     "status", "role", "period", "place", "adcode", "part_of"),
    "sections": ("kind", "level"),
    "reports": ("title", "issuer", "place", "report_date", "period"),
    "checks": ("verdict",),
}  # fmt: skip
NONE = "none"
BEFORE, AFTER = 24, 12  # characters of the text that are shown around a number
LONGEST = 40  # and of what is longer than a number: a section, a report
BATCH = 32  # files read with one set of rules before the other's turn: what is compiled for each is kept so long
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Move:
    """One value that would be another. `excerpt` is the raw text around it."""

    source: str
    text: str
    excerpt: str
    column: str  # of its table: numerals.fate, observations.status
    before: str
    after: str


@dataclass(frozen=True)
class Effect:
    """What other rules do to some files: the moves, and the tables of the gold's files before and after."""

    moves: tuple[Move, ...]
    before: Tables
    after: Tables
    failed: tuple[str, ...]  # why a file could not be read


def effect_of(
    raw: Path,
    gold: Sequence[GoldFile],
    rules: tuple[RuleSet, RuleSet],
    model: TopicModel,
    progress: Callable[[int, int], None],
) -> Effect:
    """What the second of `rules` reads otherwise than the first in the files under `raw` and in the gold's texts.

    Raises OptionError if `raw` cannot be read.
    """
    annotated = {g.path.resolve(): g.path.name for g in gold}
    files = [(name, path) for path, name in annotated.items()]
    files += [(source, path) for source, path in sources_in(raw) if path.resolve() not in annotated]
    moves: list[Move] = []
    kept: tuple[list[Tables], list[Tables]] = ([], [])
    failed: list[str] = []
    for begin in range(0, len(files), BATCH):
        progress(begin, len(files))
        batch = files[begin : begin + BATCH]
        first, second = ([extract_file(path, source, r, model) for source, path in batch] for r in rules)
        for (_, path), old, new in zip(batch, first, second, strict=True):
            if isinstance(old, Failure) or isinstance(new, Failure):
                failed += [reading.error for reading in (old, new) if isinstance(reading, Failure)][:1]
                continue
            before, after = _tables([old], rules[0]), _tables([new], rules[1])
            moves += moves_between(old.text.raw, before, after)
            if path in annotated:
                kept[0].append(before)
                kept[1].append(after)
    progress(len(files), len(files))
    return Effect(tuple(moves), _joined(kept[0], rules[0]), _joined(kept[1], rules[1]), tuple(failed))


def _tables(readings: Sequence[Reading], rules: RuleSet) -> Tables:
    return tables_of(readings, rules, fingerprint=rules.fingerprint, ingested_at=NEVER)


def _joined(parts: Sequence[Tables], rules: RuleSet) -> Tables:
    every = parts or [_tables([], rules)]
    return {name: pa.concat_tables([p[name] for p in every]).unify_dictionaries() for name in JUDGED}


def moves_between(raw: RawText, before: Tables, after: Tables) -> Iterator[Move]:
    """Every value of one file that differs between two sets of its tables; `raw` is its text."""
    for table, columns in COMPARED.items():
        for old, new in _pairs(_rows(table, before), _rows(table, after)):
            row = new or old
            start, end = row["raw_start"], row["raw_end"]
            excerpt = raw.text[max(0, start - BEFORE) : end + AFTER] if end - start <= LONGEST else ""
            text = raw.text[start : min(end, start + LONGEST)]
            # What only one side has is told once: by the fate of its numeral, the kind of its section …
            only = columns[:1] if table != "observations" else ()
            for column in columns if old and new else only:
                said = _said(old.get(column)), _said(new.get(column))
                if said[0] != said[1]:
                    yield Move(raw.source, _line(text), _line(excerpt), f"{table}.{column}", *said)


def _rows(table: str, tables: Tables) -> list[Row]:
    """The rows of a table with the columns compared, and the raw offsets of what they speak of."""
    observations = tables["observations"].select(["observation_id", "raw_start", "raw_end", "raw_text"]).to_pylist()
    by_id = {o["observation_id"]: o for o in observations}
    rows: list[Row] = tables[table].to_pylist()
    for row in rows:
        if table == "checks":
            row["raw_start"], row["raw_end"] = (by_id[row["observation_ids"][0]][k] for k in ("raw_start", "raw_end"))
        if row.get("part_of"):
            row["part_of"] = by_id[row["part_of"]]["raw_text"]
    return rows


def _pairs(old: Sequence[Row], new: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """The rows of both sides that speak of the same; an empty row for what one side has not."""
    if any("check_id" in row for row in (*old, *new)):
        ids = {row["check_id"]: i for i, row in enumerate(new)}
        matched = [ids.get(row["check_id"]) for row in old]
    else:
        matched = match(*([(row["raw_start"], row["raw_end"]) for row in rows] for rows in (old, new)))
    for row, i in zip(old, matched, strict=True):
        yield row, {} if i is None else new[i]
    used = set(matched)
    yield from (({}, row) for i, row in enumerate(new) if i not in used)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,g}"
    return NONE if value is None or value == "" else str(value)


def _line(text: str) -> str:
    return " ".join(text.split())
