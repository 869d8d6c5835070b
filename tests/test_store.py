"""The tables on disk: what a reader finds, whoever reads, and what happens when writing fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import NOW, needs_permissions, read_tables
from typer.testing import CliRunner

from pipeline import schema
from pipeline.cli import app
from pipeline.errors import BusyError, OptionError, StoreError
from pipeline.fingerprint import current
from pipeline.rules import load_rules
from pipeline.store import locked, snapshots
from pipeline.store.manifest import Manifest
from pipeline.store.publish import restore
from pipeline.update import Options, Outcome, bring_up_to_date

NAMES = [table.name for table in (*schema.TABLES, *schema.DERIVED)]
TEXT = "红柳村工作总结\n一、基本情况\n全村共有农户320户1100人,其中脱贫户xx户。\n二、下步打算\n计划修路3。5公里。\n"


def ingest(raw: Path, out: Path) -> Outcome:
    """A run over `raw` at a fixed time."""
    return bring_up_to_date(raw, out, Options(), now=NOW, progress=lambda done, total: None)


def add(raw: Path, count: int, *, rows: int = 1) -> None:
    """Writes `count` more reports of `rows` rows each."""
    raw.mkdir(exist_ok=True)
    first = len(list(raw.iterdir()))
    for i in range(first, first + count):
        (raw / f"{i:03}.txt").write_text(TEXT + f"修路{i + 1}公里。\n" * rows, "utf-8")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with one small report; every table gets a row of it."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(TEXT, "utf-8")
    return tmp_path / "raw"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The tables of that report."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    found = read_tables(folder)
    assert all(table.num_rows for table in found.values())
    return found


@pytest.fixture
def out(tmp_path: Path, raw: Path) -> Path:
    """A folder that holds those tables."""
    ingest(raw, tmp_path / "out")
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
    spec = next(t for t in (*schema.TABLES, *schema.DERIVED) if t.name == name)
    read = pq.read_schema(out / name / "data.parquet")
    assert [read.field(c.name).metadata[b"description"].decode() for c in spec.columns] == [
        c.description for c in spec.columns
    ]
    assert read.metadata[b"description"].decode() == spec.description
    assert read.metadata[b"rules_fingerprint"].decode() == load_rules().fingerprint
    assert read.metadata[b"code_version"].decode() == current().code
    assert read.metadata[b"snapshot"] == b"1"
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


def test_attrs_of_a_frame_name_the_snapshot(out: Path) -> None:
    assert pd.read_parquet(out / "observations").attrs["snapshot"] == 1


def test_a_run_with_news_replaces_and_leaves_no_draft(out: Path, raw: Path) -> None:
    before = {name: (out / name / "data.parquet").stat().st_ino for name in NAMES}
    add(raw, 1)
    assert ingest(raw, out).published
    assert all((out / name / "data.parquet").stat().st_ino != inode for name, inode in before.items())
    assert len(pd.read_parquet(out / "sources")) == 2
    assert list((out / ".store" / "tmp").iterdir()) == []


def test_a_run_without_news_touches_nothing(out: Path, raw: Path) -> None:
    before = {p: p.stat() for p in out.rglob("*.parquet")}
    assert not ingest(raw, out).published
    assert {p: p.stat() for p in out.rglob("*.parquet")} == before


def test_the_same_reports_give_the_same_bytes(out: Path, raw: Path, tmp_path: Path) -> None:
    ingest(raw, tmp_path / "again")
    for name in NAMES:
        first, second = (folder / name / "data.parquet" for folder in (out, tmp_path / "again"))
        assert first.read_bytes() == second.read_bytes(), name


def test_the_codec_alternates(out: Path, raw: Path) -> None:
    seen = []
    for _ in range(3):
        file = pq.ParquetFile(out / "observations" / "data.parquet")
        seen.append(file.metadata.row_group(0).column(0).compression)
        add(raw, 1)
        ingest(raw, out)
    assert seen == ["ZSTD", "SNAPPY", "ZSTD"]


def test_a_reader_who_has_opened_the_old_table_keeps_it(out: Path, raw: Path, tables: dict[str, pa.Table]) -> None:
    with (out / "observations" / "data.parquet").open("rb") as file:
        add(raw, 1)
        ingest(raw, out)
        assert pq.read_table(file).num_rows == tables["observations"].num_rows
    assert len(pd.read_parquet(out / "observations")) > tables["observations"].num_rows


def test_a_second_writer_is_turned_away_and_told_who_writes(out: Path, raw: Path) -> None:
    before = (out / "observations" / "data.parquet").read_bytes()
    add(raw, 1)
    with locked(out) as drafts:
        (drafts / "mine").write_text("being written")
        with pytest.raises(BusyError, match=rf"another run is writing there \(process {os.getpid()} on \S+ since 2"):
            ingest(raw, out)
        assert (drafts / "mine").read_text() == "being written"
    assert (out / "observations" / "data.parquet").read_bytes() == before
    ingest(raw, out)  # the lock is free again


def test_the_lock_of_a_run_that_was_killed_is_free(out: Path, raw: Path) -> None:
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
    ingest(raw, out)
    assert list((out / ".store" / "tmp").iterdir()) == []


# --- snapshots


def numbers(out: Path) -> list[int]:
    with Manifest.view(out) as manifest:
        return [s.id for s in snapshots.listed(out, manifest)]


def test_the_last_three_snapshots_are_kept_and_those_that_are_pinned(out: Path, raw: Path) -> None:
    with locked(out), Manifest.open(out) as manifest:
        snapshots.pin(out, manifest, 1, pinned=True)
    for _ in range(4):
        add(raw, 1)
        ingest(raw, out)
    assert numbers(out) == snapshots.on_disk(out) == [1, 3, 4, 5]
    assert [len(pd.read_parquet(out / "snapshots" / str(n) / "sources.parquet")) for n in (1, 3, 4, 5)] == [1, 3, 4, 5]


def test_a_snapshot_is_the_published_file_itself(out: Path) -> None:
    assert (out / "snapshots" / "1" / "sections.parquet").samefile(out / "sections" / "data.parquet")


def test_restore_shows_an_older_state_until_there_is_news(out: Path, raw: Path) -> None:
    add(raw, 1)
    ingest(raw, out)
    with locked(out), Manifest.open(out) as manifest:
        restore(out, manifest, 1)
    assert len(pd.read_parquet(out / "sources")) == 1
    assert not ingest(raw, out).published
    assert len(pd.read_parquet(out / "sources")) == 1
    add(raw, 1)
    ingest(raw, out)
    assert len(pd.read_parquet(out / "sources")) == 3


def test_a_snapshot_that_is_not_there_is_named_with_those_that_are(out: Path) -> None:
    with locked(out), Manifest.open(out) as manifest, pytest.raises(OptionError) as refused:
        restore(out, manifest, 9)
    assert str(refused.value) == f"{out}: there is no snapshot 9; there are: 1"


def test_the_commands_show_and_restore_a_snapshot(out: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    add(raw, 1)
    ingest(raw, out)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--out", str(out)])
        assert done.exit_code == 0, done.output
        return done.output

    pinned = [line for line in said("snapshots", "--pin", "1").splitlines() if "pinned" in line]
    assert [line.split("│")[1].strip() for line in pinned] == ["1"]
    assert "shown" in said("snapshots").splitlines()[-2]
    line = next(line for line in said("snapshots", "--at", "1").splitlines() if "sources" in line)
    assert len(eval(line, {"pandas": pd})) == 1  # what it prints is to be pasted
    assert said("restore", "1") == f"readers of {out} see snapshot 1 until a run reads something new\n"
    assert len(pd.read_parquet(out / "sources")) == 1


@pytest.mark.parametrize("lost", ["observations/data.parquet", "sections", "snapshots/1"])
def test_what_was_taken_away_by_hand_is_put_back(out: Path, raw: Path, lost: str) -> None:
    before = pq.read_table(out / "observations")
    if (out / lost).is_dir():
        shutil.rmtree(out / lost)
    else:
        (out / lost).unlink()
    ingest(raw, out)
    assert pq.read_table(out / "observations").equals(before)
    assert (out / "sections" / "data.parquet").exists()
    assert numbers(out)


def test_small_parts_are_joined_and_nothing_is_lost(out: Path, raw: Path, tmp_path: Path) -> None:
    for _ in range(9):
        add(raw, 1)
        ingest(raw, out)
    with Manifest.view(out) as manifest:
        assert len(manifest.parts()) < 9
    add(raw, 1)  # reads the joined part
    ingest(raw, out)
    ingest(raw, tmp_path / "scratch")
    for name in NAMES:
        assert pq.read_table(out / name).to_pylist() == pq.read_table(tmp_path / "scratch" / name).to_pylist()


@pytest.mark.parametrize("column", ["sentence", "source", "section_id"])
def test_nothing_of_a_report_that_is_gone_is_left_in_the_published_file(tmp_path: Path, raw: Path, column: str) -> None:
    (raw / "b.txt").write_text(TEXT.replace("红柳", "白杨").replace("全村", "白杨村"), "utf-8")
    ingest(raw, tmp_path / "out")  # both in one part
    (raw / "b.txt").unlink()
    ingest(raw, tmp_path / "out")
    file = pq.ParquetFile(tmp_path / "out" / "observations" / "data.parquet", read_dictionary=[column])
    values = file.read()[column].combine_chunks()
    assert sorted(values.dictionary.to_pylist()) == sorted(values.unique().to_pylist())


def test_a_damaged_manifest_is_named_and_said_how_to_mend(out: Path, raw: Path) -> None:
    for file in (out / ".store").glob("manifest.sqlite-*"):
        file.unlink()
    (out / ".store" / "manifest.sqlite").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(StoreError, match="remove this folder and run again: everything is read anew"):
        ingest(raw, out)
    shutil.rmtree(out / ".store")
    ingest(raw, out)
    assert snapshots.on_disk(out) == [1, 2]


def test_the_error_that_ended_a_transaction_is_the_one_that_is_told(out: Path) -> None:
    """SQLite rolls back by itself where the disk is full: a second ROLLBACK fails and would hide why."""

    def fill(manifest: Manifest) -> None:
        with manifest.transaction():
            manifest._db.execute("ROLLBACK")
            raise OSError("no room")

    with Manifest.open(out) as manifest, pytest.raises(OSError, match="no room"):
        fill(manifest)


@pytest.fixture
def obstacle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
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
def test_a_folder_that_cannot_be_written_is_named(obstacle: Path, raw: Path) -> None:
    with pytest.raises(StoreError) as refused:
        ingest(raw, obstacle)
    said = str(refused.value)
    assert said.startswith(f"{obstacle}: cannot be written (")
    assert said.endswith("); give a folder that you may write with --out")
    assert "\n" not in said


def test_the_folder_is_made_where_there_is_none(tmp_path: Path, raw: Path) -> None:
    ingest(raw, tmp_path / "a" / "b")
    assert len(pd.read_parquet(tmp_path / "a" / "b" / "sources")) == 1


def test_tables_stay_readable_where_they_are_moved_to_and_grow_there(out: Path, raw: Path, tmp_path: Path) -> None:
    shutil.move(out, tmp_path / "elsewhere")
    add(raw, 1)
    assert ingest(raw, tmp_path / "elsewhere").read == 1
    assert len(pd.read_parquet(tmp_path / "elsewhere" / "sources")) == 2
