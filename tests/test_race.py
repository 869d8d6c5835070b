"""Readers while tables are published: what pandas, DuckDB and Polars open is one snapshot, whole, every time.

CUNBAO_READS=10000 makes the number of reads that of a real trial. This rests on how the readers scan a folder today,
which nobody promised: hence the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

READS = int(os.environ.get("CUNBAO_READS", "150"))
PYTHON = os.environ.get("CUNBAO_READER", sys.executable)  # an interpreter with another pandas

WRITER = """
import dataclasses, itertools, sys
from pathlib import Path
from pipeline.store import files
from pipeline.store.lock import locked
from pipeline.store.manifest import Entry, Manifest
from pipeline.store.publish import Origin, show
from pipeline.store.parts import write_part, ranges_of
from pipeline import schema
import pyarrow as pa
out = Path(sys.argv[1])

def tables(version):
    rows = 3000 if version % 2 else 700
    found = {}
    for spec in schema.TABLES:
        columns = []
        for f in spec.schema():
            if f.nullable and not pa.types.is_floating(f.type):
                columns.append(pa.nulls(rows, f.type))
                continue
            value = "a.txt" if f.name == "source" else [] if pa.types.is_list(f.type) else version
            plain = f.type.value_type if pa.types.is_dictionary(f.type) else f.type
            if pa.types.is_string(plain):
                value = str(value)
            elif pa.types.is_boolean(plain):
                value = False
            elif pa.types.is_map(plain):
                value = []
            elif pa.types.is_int8(plain):
                value = 1
            columns.append(pa.array([value] * rows, plain).cast(f.type))
        found[spec.name] = pa.Table.from_arrays(columns, schema=spec.schema())
    found["sources"] = found["sources"].slice(0, 1)
    found["reports"] = found["reports"].slice(0, 1)
    return found

with locked(out), Manifest.open(out) as manifest:
    for version in itertools.count(1):
        part = f"{version}"
        ranges = write_part(out, part, tables(version))["a.txt"]
        entry = Entry("a.txt", "", "", "", "", "ok", "", part, ranges)
        with manifest.transaction():
            manifest.write([entry], live=True)
            manifest.put(generation=version, wanted=version)
        show(out, manifest, Origin("r", "c", "now"))
        for path in files.parts_of(out).glob("*/*"):
            if path.stem != part:
                files.remove(path)
        if version == 1:
            print("ready", flush=True)
        if version % 10 == 0:
            (out / "versions").write_text(str(version))
"""
READERS = {
    "pandas": (
        "import pandas as pd\n"
        "read = lambda: (lambda f: (f['value'], f.attrs.get('snapshot')))(pd.read_parquet(sys.argv[1]))\n"
    ),
    "duckdb": (
        "import duckdb\n"
        "read = lambda: (duckdb.sql(f\"SELECT value FROM '{sys.argv[1]}/*.parquet'\").to_df()['value'], None)\n"
    ),
    "polars": "import polars as pl\nread = lambda: (pl.read_parquet(sys.argv[1])['value'].to_pandas(), None)\n",
}
LOOP = """
wrong = errors = stale = 0
seen = set()
for _ in range(int(sys.argv[2])):
    try:
        values, snapshot = read()
    except Exception as error:
        errors += 1
        print(repr(error)[:300], file=sys.stderr)
        continue
    first = int(values.iloc[0])
    seen.add(first)
    wrong += not (values.nunique() == 1 and len(values) == (3000 if first % 2 else 700))
    # pyarrow takes metadata when it looks at the folder, rows when it reads: attrs may be older, never newer.
    wrong += snapshot is not None and snapshot > first
    stale += snapshot is not None and snapshot < first
print(json.dumps({"wrong": wrong, "errors": errors, "versions": len(seen), "stale": stale}))
"""


@pytest.mark.parametrize("reader", list(READERS))
def test_readers_see_one_snapshot_while_others_are_published(tmp_path: Path, reader: str) -> None:
    if reader != "pandas":
        pytest.importorskip(reader)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], env=environment, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    try:
        assert writer.stdout.readline() == b"ready\n"
        script = "import json, sys\n" + READERS[reader] + LOOP
        reads = READS if reader == "pandas" else max(50, READS // 10)
        python = PYTHON if reader == "pandas" else sys.executable
        command = [python, "-c", script, str(tmp_path / "observations"), str(reads // 2)]
        readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        said = [r.communicate() for r in readers]
        assert writer.poll() is None, "the writer ended early"
    finally:
        writer.kill()
        writer.communicate()
    results = [json.loads(out) for out, _ in said]
    assert [r["wrong"] for r in results] == [0, 0], said
    # DuckDB and Polars open the file once to plan and once to read: a publication in between is an error there, never a
    # mixture.
    bearable = 0 if reader == "pandas" else reads // 5
    assert sum(r["errors"] for r in results) <= bearable, said
    assert all(r["versions"] > 1 for r in results), "nothing was published meanwhile"
