"""Parts: what one batch of sources gave, a file for each table, written once and never changed."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import schema
from pipeline.store import files
from pipeline.store.manifest import Entry, Ranges

# What the reader of whole tables does without, and what would take half of the time that it takes to write them: a
# dictionary of values that never come twice, and the least and the greatest value of columns that are in no order.
SINGLE = frozenset({"check_id", "message", "observation_id", "sha256", "signature"})
ORDERED = ["source"]
# Long, or the same in many rows: held as a dictionary of their values while parts are joined. To readers they are text.
REPEATED = frozenset({"section_id", "sentence", "source"})
LONGEST_DICTIONARY = 2**26  # bytes; the usual mebibyte is soon full of sentences
MOST_STRETCHES = 200  # of rows that stand together in a part; joining more is cheaper than writing them one by one


def write_table(table: pa.Table, schema: pa.Schema, file: Path, codec: str, level: int | None = None) -> None:
    """Writes a Parquet file that is read as `schema`, with encodings that cost little."""
    numbers = [f.name for f in schema if pa.types.is_int64(f.type)]
    plain = {*numbers, *SINGLE, *(f.name for f in schema if pa.types.is_nested(f.type))}
    with pq.ParquetWriter(
        file,
        table.schema,
        compression=codec,
        compression_level=level,
        use_dictionary=[name for name in table.column_names if name not in plain],
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        dictionary_pagesize_limit=LONGEST_DICTIONARY,
        write_statistics=ORDERED,
        store_schema=False,
    ) as writer:
        writer.write_table(table)
        # By this key Arrow finds what types were meant: arrow.apache.org/docs/cpp/parquet.html#serialization-details
        meant = {"ARROW:schema": base64.b64encode(schema.serialize())}
        writer.add_key_value_metadata({**(schema.metadata or {}), **meant})


def part_file(out: Path, table: str, part: str) -> Path:
    """Where a part of a table is."""
    return files.parts_of(out) / table / f"{part}.parquet"


def write_part(out: Path, part: str, tables: Mapping[str, pa.Table]) -> dict[str, Ranges]:
    """Writes a part; returns source -> table -> (first row, number of rows).

    The rows of a table must be in the order of the sources. The files are on the disk when this returns; their names
    are after `sync_parts`. Any process may call it: the name of a part is used once.
    """
    for name, table in tables.items():
        draft = files.drafts_of(out) / f"{part}.{name}"
        write_table(table, table.schema, draft, "zstd")
        files.sync(draft)
        target = part_file(out, name, part)
        files.make_folder(target.parent)
        files.move(draft, target)
    return ranges_of(tables)


def sync_parts(out: Path) -> None:
    """Waits until the names of all parts are on the disk."""
    for folder in files.parts_of(out).iterdir():
        files.sync(folder)
    files.sync(files.parts_of(out))


def ranges_of(tables: Mapping[str, pa.Table]) -> dict[str, Ranges]:
    """source -> table -> (first row, number of rows)."""
    sources = tables["sources"]["source"].to_pylist()
    homes = dict(zip(tables["reports"]["report_id"].to_pylist(), tables["reports"]["source"].to_pylist(), strict=True))
    found: dict[str, dict[str, tuple[int, int]]] = {source: {} for source in sources}
    for name, table in tables.items():
        if "source" in table.column_names:
            counts = Counter(table["source"].to_pylist())
        else:
            counts = Counter(homes[report] for report in table["report_id"].to_pylist())
        start = 0
        for source in sources:
            found[source][name] = (start, counts[source])
            start += counts[source]
    return dict(found)


def live_tables(out: Path, entries: Iterable[Entry]) -> dict[str, pa.Table]:
    """The tables of all sources in canonical order: that of their names, then of their texts.

    Of a removed source only its row in `sources` is left, which says so.
    """
    ordered = sorted(entries, key=lambda e: e.source)
    return {spec.name: _live(out, spec, ordered) for spec in schema.TABLES}


def _live(out: Path, spec: schema.TableSpec, entries: Sequence[Entry]) -> pa.Table:
    stretches = _stretches(spec.name, entries)
    held = _held(spec)
    names = [f.name for f in held if pa.types.is_dictionary(f.type)]
    first: dict[str, int] = {}  # row of each part among the rows of all
    opened = [held.empty_table()]
    for part in dict.fromkeys(part for part, _, _ in stretches):
        first[part] = sum(map(len, opened))
        # Not read_table: its machinery for whole folders costs more than a part.
        file = pq.ParquetFile(part_file(out, spec.name, part), read_dictionary=names)
        opened.append(_fitted(file.read(), held))
    rows = pa.concat_tables(opened).unify_dictionaries()
    table = pa.concat_tables([rows.slice(0, 0), *(rows.slice(first[part] + at, n) for part, at, n in stretches)])
    if len(table) < len(rows):  # of rows that are no more nothing may be left, not even in a dictionary
        table = table.cast(spec.schema())
    if len(stretches) > MOST_STRETCHES:
        table = table.combine_chunks()
    return _mark_removed(table, entries) if spec.name == schema.SOURCES.name else table


def _held(spec: schema.TableSpec) -> pa.Schema:
    """The schema of a table while it is made: what stands in many rows is a dictionary."""
    arrow = spec.schema()
    for at, column in enumerate(spec.columns):
        if column.name in REPEATED and spec.primary != (column.name,):
            arrow = arrow.set(at, arrow.field(at).with_type(schema.CATEGORY))
    return arrow


def _stretches(table: str, entries: Sequence[Entry]) -> list[tuple[str, int, int]]:
    """(part, first row, rows) of what to join; neighbours of the same part are one stretch."""
    found: list[tuple[str, int, int]] = []
    for entry in entries:
        start, count = entry.ranges.get(table, (0, 0))
        if not count:
            continue
        if found and found[-1][0] == entry.part and found[-1][1] + found[-1][2] == start:
            found[-1] = (entry.part, found[-1][1], found[-1][2] + count)
        else:
            found.append((entry.part, start, count))
    return found


def _fitted(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """`table` with the columns of today: the row of a source that was removed long ago may lack some."""
    if table.schema.equals(wanted):
        return table.replace_schema_metadata(wanted.metadata)
    columns = [
        table[f.name].cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type) for f in wanted
    ]
    return pa.Table.from_arrays(columns, schema=wanted)


def _mark_removed(sources: pa.Table, entries: Sequence[Entry]) -> pa.Table:
    removed = {e.source: e.error for e in entries if e.status == "removed"}
    if not removed:
        return sources
    names = sources["source"].to_pylist()
    gone = pa.array([name in removed for name in names])
    errors = pa.array([removed.get(name) for name in names], pa.string())
    for column, value in (("status", "removed"), ("error", errors), ("reports", 0), ("observations", 0)):
        at = sources.column_names.index(column)
        field = sources.schema.field(at)
        old = sources[column].cast(pa.string()) if pa.types.is_dictionary(field.type) else sources[column]
        sources = sources.set_column(at, field, pc.if_else(gone, value, old).cast(field.type))
    return sources


def relabel(out: Path, part: str, moves: Sequence[tuple[Entry, str]]) -> dict[str, Ranges]:
    """Writes the rows of sources once more, under new names: (what is known, new name). Nothing is read again."""
    moves = sorted(moves, key=lambda move: move[1])
    tables: dict[str, pa.Table] = {}
    for spec in schema.TABLES:
        slices = [spec.schema().empty_table()]
        for entry, source in moves:
            rows = _live(out, spec, [entry]).cast(spec.schema())
            if "source" in rows.column_names:
                at = rows.column_names.index("source")
                rows = rows.set_column(at, rows.schema.field(at), pa.array([source] * len(rows), pa.string()))
            slices.append(rows)
        tables[spec.name] = pa.concat_tables(slices).unify_dictionaries()
    return write_part(out, part, tables)
