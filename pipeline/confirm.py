"""Reports whose numbers were all looked at by a person -> gold files in the format of tests/gold.

A gold file says of every number in its stretch what is right, and that there is no other: scores and training rest on
both. So only a report all of whose numbers are confirmed becomes gold, and what was not looked at never does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.corrections import OFFSETS, Correction
from pipeline.errors import ReadError, StoreError
from pipeline.read import digest_of, read_source
from pipeline.read.archive import bytes_of
from pipeline.store import files

Record = dict[str, Any]
COLUMNS = ("value", "low", "high", "qualifier", "masked", "measure", "topic", "basis", "status", "role", "period",
           "part_of", "subject")  # fmt: skip
NEEDED = ("observations", "sections", "reports", "sources")
# What a number that was missed is, where its line does not say otherwise.
PLAIN: Record = {"value": None, "low": None, "high": None, "qualifier": "exact", "masked": False, "basis": "total",
                 "status": "actual", "role": "level", "part_of": "", "subject": ""}  # fmt: skip


@dataclass(frozen=True)
class Annotated:
    """A gold file that is not yet written."""

    name: str
    source: str
    raw: str  # name of the copy of the text
    data: Record
    content: bytes  # of the text's file


@dataclass(frozen=True)
class _Source:
    """A file that lines speak of, as the store knows it."""

    name: str
    text: str
    content: bytes
    sha256: str
    reports: Sequence[Record]
    sections: Sequence[Record]


class _FaultError(ValueError):
    """What keeps a report from becoming gold; its message is the sentence to show."""


def confirm(
    corrections: Sequence[Correction], tables: Mapping[str, pa.Table], raw: Path, *, reviewed: bool
) -> tuple[list[Annotated], list[str]]:
    """The gold files that `corrections` make of the reports they speak of, and a sentence for all that make none.

    `tables` are those of the store: observations, sections, reports, sources. `reviewed`: a number that no line speaks
    of is right too. A fault keeps its own report out, and no other.
    """
    asked = _where(tables["observations"], "observation_id", [c.id for c in corrections])["source"].to_pylist()
    asked += [c.source for c in corrections if c.action == "add"]
    tables = {name: _where(tables[name], "source", asked) for name in NEEDED}
    known = {o["observation_id"]: _as_gold(o) for o in tables["observations"].to_pylist()}
    sources = {s["source"]: s for s in tables["sources"].to_pylist()}
    faults: list[str] = []
    lines: dict[str, list[Correction]] = defaultdict(list)
    for c in corrections:
        name = c.source if c.action == "add" else str(known.get(c.id, {}).get("source", ""))
        if name in sources:
            lines[name].append(c)
        else:
            faults.append(f"line {c.line}: {c.fault or _unknown(c)}")
    found: list[Annotated] = []
    for name, mine in sorted(lines.items()):
        rows = {i: o for i, o in known.items() if o["source"] == name}
        try:
            source = _source_of(name, sources[name], tables, raw)
            _refuse_other_text(source, rows.values())
            gold, said = _annotate(source, mine, rows, reviewed=reviewed)
        except _FaultError as fault:
            gold, said = [], [str(fault)]
        found += gold
        faults += said
    return found, faults


def _where(table: pa.Table, column: str, values: Sequence[str]) -> pa.Table:
    """The rows of a table whose `column` holds one of `values`: a store may hold millions of others."""
    return table.filter(pc.is_in(table[column], value_set=pa.array(sorted(set(values)), pa.string())))


def _unknown(c: Correction) -> str:
    if c.action == "add":
        return f"no source {c.source or 'is given'}; a number to add needs the file that it is in"
    return f"there is no observation {c.id}; take the rows from the tables as they are now"


def _as_gold(observation: Record) -> Record:
    """An observation with what is missing written as in the gold."""
    return {**observation, **{k: observation[k] or "" for k in ("period", "part_of", "subject")}}


def _source_of(name: str, known: Record, tables: Mapping[str, pa.Table], raw: Path) -> _Source:
    """Raises _FaultError if the file is not there as it was read."""
    path = raw / name
    digest = digest_of(path)
    if not digest:
        raise _FaultError(f"{name}: this report is not in {raw}; give the folder that it was read from with --raw")
    if digest != known["sha256"]:
        raise _FaultError(
            f"{name}: the report has changed since it was read; run cunbao ingest and correct the new rows"
        )
    try:
        text, content = read_source(path, name).text, bytes_of(path, name)
    except ReadError as error:
        raise _FaultError(str(error)) from None
    reports, sections = (
        [row for row in tables[table].to_pylist() if row["source"] == name] for table in ("reports", "sections")
    )
    return _Source(name, text, content, digest, reports, sections)


def _refuse_other_text(source: _Source, rows: Iterable[Record]) -> None:
    """Raises _FaultError if the same bytes gave another text: what extracts it from a docx or pdf may have changed."""
    if any(source.text[o["raw_start"] : o["raw_end"]] != o["raw_text"] for o in rows):
        said = "its text is extracted otherwise than when it was read"
        raise _FaultError(f"{source.name}: {said}; run cunbao ingest --full and correct the new rows")


def _annotate(
    source: _Source, lines: Sequence[Correction], known: Mapping[str, Record], *, reviewed: bool
) -> tuple[list[Annotated], list[str]]:
    """The gold files of one source, one for each run of reports that are confirmed; and what keeps others out.

    Raises _FaultError for a number to add that lies in no report: which report lacks it is not known.
    """
    mine: dict[str, list[Correction]] = defaultdict(list)
    for c in lines:
        mine[known[c.id]["report_id"] if c.action != "add" else _report_at(source, c)].append(c)
    confirmed: dict[str, list[Record]] = {}
    faults: list[str] = []
    for report in source.reports:
        name = report["report_id"]
        if name in mine:
            there = {i: o for i, o in known.items() if o["report_id"] == name}
            rows, said = _rows(source, report, mine[name], there, reviewed=reviewed)
            faults += said
            if not said:
                confirmed[name] = rows
    runs = _runs([r["report_id"] in confirmed for r in source.reports])
    return [
        _gold_file(source, run, [o for i in run for o in confirmed[source.reports[i]["report_id"]]]) for run in runs
    ], faults


def _report_at(source: _Source, c: Correction) -> str:
    """The id of the report in which a number is to be added."""
    start = c.said.get("raw_start")
    for report in source.reports:
        if isinstance(start, int) and report["raw_start"] <= start < report["raw_end"]:
            return str(report["report_id"])
    raise _FaultError(f"line {c.line}: {c.fault or f'raw_start {start} lies in no report of {source.name}'}")


def _runs(confirmed: Sequence[bool]) -> list[range]:
    """The stretches of neighbouring reports that are all confirmed."""
    edges = [i for i, (a, b) in enumerate(zip((False, *confirmed), (*confirmed, False), strict=True)) if a != b]
    return [range(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _rows(
    source: _Source, report: Record, lines: Sequence[Correction], known: Mapping[str, Record], *, reviewed: bool
) -> tuple[list[Record], list[str]]:
    """The numbers of one report as they are right, in the order of the text, and all that is wrong with its lines."""
    faults: list[str] = []
    spoken: dict[str, Correction] = {}
    rows: dict[str, Record] = {}
    for c in lines:
        try:
            if c.id in spoken:
                raise _FaultError(f"{c.id} stands in line {spoken[c.id].line} too; say it once")
            spoken[c.id] = c
            row = _corrected(source, report, c, known.get(c.id))
        except _FaultError as fault:
            faults.append(f"line {c.line}: {fault}")
            continue
        if c.action != "drop":
            rows[c.id] = row
    unseen = {i: o for i, o in known.items() if i not in spoken}
    if unseen and not reviewed:
        faults.append(_not_seen(source, report, list(unseen.values()), len(known)))
    if faults:
        return [], faults
    ordered = dict(sorted({**unseen, **rows}.items(), key=lambda item: item[1]["raw_start"]))
    faults += [*_overlaps(source, ordered, spoken), *_lost_totals(ordered, spoken)]
    return [{**o, "observation_id": i} for i, o in ordered.items()], faults


def _not_seen(source: _Source, report: Record, unseen: Sequence[Record], total: int) -> str:
    first = unseen[0]
    return (
        f"{source.name}: {len(unseen)} of the {total} numbers of the report at {report['raw_start']} stand in no line, "
        f"first {first['raw_text']} at {first['raw_start']}; a report is gold when all its numbers are confirmed: give "
        "each a line, or say --reviewed if the others are right"
    )


def _corrected(source: _Source, report: Record, c: Correction, known: Record | None) -> Record:
    """A number with what its line says. Raises _FaultError if that cannot be."""
    if c.fault:
        raise _FaultError(c.fault)
    if c.action == "add" and known is not None:
        raise _FaultError(f"{c.id} is the name of a number that was read; give the one to add another")
    lacks = [k for k in (*OFFSETS, "measure", "topic") if known is None and k not in c.said]
    if lacks:
        raise _FaultError(f"a number to add needs {', '.join(lacks)} too")
    row = {**PLAIN, "period": report["period"] or ""} if known is None else dict(known)
    other = {k: value for k, value in c.said.items() if k not in row or row[k] != value}
    row.update(other)
    if other.keys() & {"value", "qualifier"} and not other.keys() & {"low", "high"} and not row["masked"]:
        row["low"], row["high"] = _bounds(row)
    if other and (fault := _fault(row, source, report)):
        raise _FaultError(fault)
    return row


def _bounds(row: Record) -> tuple[float | None, float | None]:
    """The bounds that the qualifier gives to a value that was corrected."""
    value = row["value"]
    if row["qualifier"] == "range":
        return row["low"], row["high"]
    return value if row["qualifier"] == "over" else None, value if row["qualifier"] == "under" else None


def _fault(row: Record, source: _Source, report: Record) -> str:
    """What is wrong with a corrected number; empty if nothing is."""
    start, end, low, high = (row[k] for k in (*OFFSETS, "low", "high"))
    if not report["raw_start"] <= start < end <= report["raw_end"] or not source.text[start:end].strip():
        return f"raw_start {start} and raw_end {end} are no stretch of text in its report"
    if row["masked"] and row["value"] is not None:
        return "a masked number is missing: write none in value"
    if not row["masked"] and row["value"] is None and low is None and high is None:
        return "a number needs a value or bounds, unless it is masked"
    if low is not None and high is not None and low > high:
        return f"low {low:g} is more than high {high:g}"
    return ""


def _overlaps(source: _Source, rows: Mapping[str, Record], spoken: Mapping[str, Correction]) -> Iterator[str]:
    """A sentence for each two numbers at one place."""
    ordered = list(rows.items())
    for (a, left), (b, right) in pairwise(ordered):
        if right["raw_start"] < left["raw_end"]:
            c = spoken.get(b) or spoken.get(a)
            where = f"line {c.line}" if c else source.name
            spans = " and ".join(f"{r['raw_start']}:{r['raw_end']}" for r in (left, right))
            yield f"{where}: two numbers overlap ({spans}); drop one, or correct its raw_start and raw_end"


def _lost_totals(rows: Mapping[str, Record], spoken: Mapping[str, Correction]) -> Iterator[str]:
    """A sentence for each number that is part of none of its report's numbers, or of itself."""
    for i, row in rows.items():
        total = row["part_of"]
        if total and (total not in rows or total == i):
            c = spoken.get(i) or spoken.get(total)
            what = "itself" if total == i else f"{total}, which is no number of its report"
            where = f"line {c.line}: " if c else ""
            yield f"{where}{i} is part of {what}; write another observation_id or none in its part_of"


def _gold_file(source: _Source, run: range, rows: Sequence[Record]) -> Annotated:
    flat = source.name.replace("/", "-")
    name = flat.rpartition(".")[0] or flat
    if len(run) < len(source.reports):
        name += "-" + "-".join(str(n) for n in sorted({run[0] + 1, run[-1] + 1}))
    reports = [source.reports[i] for i in run]
    ids = {o["observation_id"]: f"{name}.q{n}" for n, o in enumerate(rows, 1)}
    mine = {r["report_id"] for r in reports}
    data = {
        "raw": flat,
        "sha256": source.sha256,
        "begin": reports[0]["raw_start"],
        "end": reports[-1]["raw_end"],
        "reports": [_report(source.text, r) for r in reports],
        "sections": [_section(source.text, s) for s in source.sections if s["report_id"] in mine],
        "observations": [_observation(source.text, o, ids) for o in rows],
    }
    return Annotated(name, source.name, flat, data, source.content)


def _report(text: str, r: Record) -> Record:
    start = r["raw_start"]
    return {"start": start, "line": _line(text, start), "period": r["period"] or "", "title": r["title"] or ""}


def _section(text: str, s: Record) -> Record:
    """A section; in the gold it starts where its heading does, in the tables where the section before ends."""
    begin = s["raw_start"]
    start = begin + len(text[begin:]) - len(text[begin:].lstrip()) if s["level"] else begin
    line = text.rfind("\n", 0, start) + 1
    if begin not in (start, line):
        start = line = begin
    return {"start": start, "line_start": line if not text[line:start].strip() else start, "line": _line(text, start),
            "level": s["level"], "kind": s["kind"], "heading": s["heading"] or ""}  # fmt: skip


def _observation(text: str, o: Record, ids: Mapping[str, str]) -> Record:
    start, end = o["raw_start"], o["raw_end"]
    row = {"id": ids[o["observation_id"]], "start": start, "end": end, "quote": text[start:end]}
    return {**row, **{k: o[k] for k in COLUMNS}, "part_of": ids.get(o["part_of"], "")}


def _line(text: str, at: int) -> int:
    """The number of the line that holds `at`, from 1."""
    return text.count("\n", 0, at) + 1


def write_gold(found: Iterable[Annotated], folder: Path, *, force: bool) -> tuple[list[Path], list[str]]:
    """Writes gold files and copies of their texts to `folder`; gives their paths, and a sentence for each it keeps.

    What annotates a text already is overwritten only with `force`, and only by what covers at least as much of it.
    Raises StoreError if the folder cannot be written.
    """
    written: list[Path] = []
    faults: list[str] = []
    try:
        for gold in found:
            target, fault = _target(gold, folder, force=force)
            if fault:
                faults.append(fault)
                continue
            copy = folder / "raw" / gold.raw
            files.make_folder(copy.parent)
            copy.write_bytes(gold.content)
            text = json.dumps(gold.data, ensure_ascii=False, indent=0)
            files.write_text(text, copy.with_name(f".{gold.name}.draft"), target)
            written.append(target)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}); give another folder with --gold") from None
    return written, faults


def _target(gold: Annotated, folder: Path, *, force: bool) -> tuple[Path, str]:
    """The file to write, and why it must not be written; empty if it may."""
    there = _gold_in(folder)
    begin, end = gold.data["begin"], gold.data["end"]
    same = [path for path, data in there.items() if data["sha256"] == gold.data["sha256"]
            and data["begin"] < end and begin < data["end"]]  # fmt: skip
    target = same[0] if same else folder / "json" / f"{gold.name}.json"
    copy = folder / "raw" / gold.raw
    if not force and target.is_file():
        what = "annotates this text" if same else "is there"
        return target, f"{gold.source}: {target} {what} already; give another folder with --gold, or --force"
    if any(data["begin"] < begin or end < data["end"] for path, data in there.items() if path in same) or same[1:]:
        return target, f"{gold.source}: {target} annotates more of this text; remove it, or confirm all its reports"
    others = [path for path, data in there.items() if path != target and data["raw"] == gold.raw]
    if copy.is_file() and copy.read_bytes() != gold.content and (others or not force):
        return target, f"{gold.source}: {copy} is another text; give another folder with --gold"
    return target, ""


def _gold_in(folder: Path) -> dict[Path, Record]:
    """What stands in the gold files of `folder`; what is no gold file is left to those who read it."""
    there: dict[Path, Record] = {}
    for path in sorted((folder / "json").glob("*.json")):
        try:
            data = json.loads(path.read_text("utf-8"))
        except ValueError:
            continue
        if isinstance(data, dict) and data.keys() >= {"raw", "sha256", "begin", "end"}:
            there[path] = data
    return there
