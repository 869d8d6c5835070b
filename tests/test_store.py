"""The tables on disk: what a reader finds, whoever reads, and what happens when writing fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import needs_permissions, read_tables

from pipeline import schema
from pipeline.errors import StoreError
from pipeline.store import locked, publish

NAMES = [table.name for table in schema.TABLES]
TEXT = "红柳村工作总结\n一、基本情况\n全村共有农户320户1100人,其中脱贫户xx户。\n二、下步打算\n计划修路3。5公里。\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The tables of one small report; every table has a row."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    found = read_tables(folder)
    assert all(table.num_rows for table in found.values())
    return found


@pytest.fixture
def out(tmp_path: Path, tables: dict[str, pa.Table]) -> Path:
    """A folder that holds those tables."""
    publish(tmp_path / "out", tables, fingerprint="f1")
    return tmp_path / "out"


def shown(folder: Path) -> list[str]:
    """What a user sees in a folder: everything that is not hidden."""
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_one_file_of_constant_name_in_a_real_directory(out: Path, name: str) -> None:
    folder = out / name
    assert folder.is_dir()
    assert not folder.is_symlink()
    assert [p.name for p in folder.iterdir()] == ["data.parquet"]
    assert not (folder / "data.parquet").is_symlink()


def test_nothing_else_is_shown(out: Path) -> None:
    assert set(shown(out)) - {"snapshots", "review"} == {*NAMES, "CODEBOOK.md", "datapackage.json"}


READER = """
import json, sys
sys.modules["pipeline"] = None  # whoever imports it fails
import pandas as pd
frames = {name: pd.read_parquet(f"{sys.argv[1]}/{name}") for name in sys.argv[2:]}
print(json.dumps({name: [len(frame), *frame.columns] for name, frame in frames.items()}))
"""


def test_any_interpreter_reads_the_tables_without_the_project(
    out: Path, tables: dict[str, pa.Table], tmp_path: Path
) -> None:
    """With pandas alone: -I ignores the environment and the current folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", READER, str(out), *NAMES],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {n: [t.num_rows, *t.column_names] for n, t in tables.items()}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_what_was_written(out: Path, tables: dict[str, pa.Table], name: str) -> None:
    read = pq.read_table(out / name)
    assert read.to_pylist() == tables[name].to_pylist()
    assert read.schema.equals(tables[name].schema, check_metadata=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_its_columns_mean_and_what_made_it(out: Path, name: str) -> None:
    spec = next(t for t in schema.TABLES if t.name == name)
    read = pq.read_schema(out / name / "data.parquet")
    assert [read.field(c.name).metadata[b"description"].decode() for c in spec.columns] == [
        c.description for c in spec.columns
    ]
    assert read.metadata[b"description"].decode() == spec.description
    assert read.metadata[b"rules_fingerprint"] == b"f1"
    assert read.metadata[b"schema_version"].decode() == schema.VERSION


def test_closed_vocabularies_are_categories_and_numbers_are_numbers(out: Path) -> None:
    frame = pd.read_parquet(out / "observations")
    assert all(str(frame[c].dtype) == "category" for c in ("topic", "measure", "basis", "status", "role", "qualifier"))
    assert all(str(frame[c].dtype) == "float64" for c in ("value", "low", "high", "number"))
    assert str(frame["masked"].dtype) == "bool"


def test_codebook_and_data_package_lie_beside_the_tables(out: Path) -> None:
    assert (out / "CODEBOOK.md").read_text("utf-8") == schema.codebook()
    assert (out / "datapackage.json").read_text("utf-8") == schema.datapackage()
    for resource in json.loads(schema.datapackage())["resources"]:
        names = pq.read_schema(out / resource["path"]).names
        assert names == [field["name"] for field in resource["schema"]["fields"]]


def test_a_second_run_replaces_and_leaves_no_draft(out: Path, tables: dict[str, pa.Table]) -> None:
    before = {name: (out / name / "data.parquet").stat().st_ino for name in NAMES}
    half = {name: table.slice(0, 1) for name, table in tables.items()}
    publish(out, half, fingerprint="f2")
    assert all((out / name / "data.parquet").stat().st_ino != inode for name, inode in before.items())
    assert [len(pd.read_parquet(out / name)) for name in NAMES] == [1] * len(NAMES)
    assert list((out / ".store" / "tmp").iterdir()) == []


def test_the_same_tables_give_the_same_bytes(out: Path, tables: dict[str, pa.Table], tmp_path: Path) -> None:
    publish(tmp_path / "again", tables, fingerprint="f1")
    for name in NAMES:
        first, second = (folder / name / "data.parquet" for folder in (out, tmp_path / "again"))
        assert first.read_bytes() == second.read_bytes(), name


def test_a_reader_who_has_opened_the_old_table_keeps_it(out: Path, tables: dict[str, pa.Table]) -> None:
    with (out / "observations" / "data.parquet").open("rb") as file:
        publish(out, {n: t.slice(0, 0) for n, t in tables.items()}, fingerprint="f2")
        assert pq.read_table(file).num_rows == tables["observations"].num_rows
    assert len(pd.read_parquet(out / "observations")) == 0


def version(tables: dict[str, pa.Table], value: float, rows: int) -> dict[str, pa.Table]:
    """An `observations` table of `rows` rows that all have `value`."""
    table = pa.concat_tables([tables["observations"].slice(0, 1)] * rows).combine_chunks()
    at = table.column_names.index("value")
    return {"observations": table.set_column(at, table.schema.field(at), pa.array([value] * rows))}


def test_no_reader_sees_half_a_table(tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    """One thread replaces the table over and over, of two sizes, while another reads it."""
    versions = {1.0: 3000, 2.0: 700}
    drafts = [version(tables, value, rows) for value, rows in versions.items()]
    publish(tmp_path, drafts[0], fingerprint="f1")
    ended = threading.Event()

    def write() -> int:
        written = 0
        while not ended.is_set():
            written += 1
            publish(tmp_path, drafts[written % 2], fingerprint=str(written))
        return written

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            seen = [pd.read_parquet(tmp_path / "observations")["value"] for _ in range(60)]
        finally:
            ended.set()
        assert writing.result() > 0
    assert [s.nunique() for s in seen] == [1] * len(seen)
    assert all(len(s) == versions[s.iloc[0]] for s in seen)


def test_a_run_that_fails_while_writing_leaves_whole_tables(
    out: Path, tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = pq.write_table

    def full(table: pa.Table, where: Path, **options: object) -> None:
        if Path(where).name.startswith("sections"):
            Path(where).write_bytes(b"half a fi")
            raise OSError(28, "No space left on device")
        write(table, where, **options)

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StoreError, match=r"out: cannot be written \(No space left on device\); give a folder"):
        publish(out, {n: t.slice(0, 1) for n, t in tables.items()}, fingerprint="f2")
    monkeypatch.undo()
    for name in NAMES:
        assert pq.read_table(out / name).num_rows in (1, tables[name].num_rows)
    assert pq.read_table(out / "sections").num_rows == tables["sections"].num_rows
    publish(out, tables, fingerprint="f3")  # the half draft is swept, the lock is free
    assert pq.read_table(out / "sections").num_rows == tables["sections"].num_rows
    assert list((out / ".store" / "tmp").iterdir()) == []


def test_a_second_writer_is_turned_away_and_the_first_is_not_disturbed(out: Path, tables: dict[str, pa.Table]) -> None:
    before = (out / "observations" / "data.parquet").read_bytes()
    with locked(out) as drafts:
        (drafts / "mine").write_text("being written")
        with pytest.raises(StoreError) as refused:
            publish(out, tables, fingerprint="f2")
        assert str(refused.value) == f"{out}: another run is writing there; wait until it has ended"
        assert (drafts / "mine").read_text() == "being written"
    assert (out / "observations" / "data.parquet").read_bytes() == before
    publish(out, tables, fingerprint="f2")  # the lock is free again


def test_the_lock_of_a_run_that_was_killed_is_free(out: Path, tables: dict[str, pa.Table]) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.store import locked\n"
        "with locked(Path(sys.argv[1])) as drafts:\n"
        "    (drafts / 'left behind').write_text('x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(out)], cwd=Path(__file__).parents[1], check=False)
    assert done.returncode < 0
    assert (out / ".store" / "tmp" / "left behind").exists()
    publish(out, tables, fingerprint="f2")
    assert list((out / ".store" / "tmp").iterdir()) == []


@pytest.fixture
def obstacle(request: pytest.FixtureRequest, tmp_path: Path, tables: dict[str, pa.Table]) -> Path:
    """An output folder that cannot be written, for the reason that the parameter names."""
    out = tmp_path / "out"
    match request.param:
        case "a file":
            out.write_text("")
        case "below a file":
            out.write_text("")
            out /= "deeper"
        case "a table's folder is a file":
            out.mkdir()
            (out / "sections").write_text("")
        case "a table's file is a folder":
            (out / "sections" / "data.parquet" / "x").mkdir(parents=True)
        case "read-only":
            out.mkdir(mode=0o500)
    return out


@pytest.mark.parametrize(
    "obstacle",
    [
        "a file",
        "below a file",
        "a table's folder is a file",
        "a table's file is a folder",
        pytest.param("read-only", marks=needs_permissions),
    ],
    indirect=True,
)
def test_a_folder_that_cannot_be_written_is_named(obstacle: Path, tables: dict[str, pa.Table]) -> None:
    with pytest.raises(StoreError) as refused:
        publish(obstacle, tables, fingerprint="f1")
    said = str(refused.value)
    assert said.startswith(f"{obstacle}: cannot be written (")
    assert said.endswith("); give a folder that you may write with --out")
    assert "\n" not in said


def test_the_folder_is_made_where_there_is_none(tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    publish(tmp_path / "a" / "b", tables, fingerprint="f1")
    assert len(pd.read_parquet(tmp_path / "a" / "b" / "observations")) == tables["observations"].num_rows


def test_tables_stay_readable_where_they_are_moved_to(out: Path, tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    shutil.move(out, tmp_path / "elsewhere")
    assert len(pd.read_parquet(tmp_path / "elsewhere" / "observations")) == tables["observations"].num_rows
