"""Whatever ends a run, at whatever instant: readers keep whole tables, and the next run ends where one run would have.

CUNBAO_KILLS=200 CUNBAO_EVERY=1 makes it a real trial: so many killed runs, and every step of the commit.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import NOW, ROOT, needs_permissions

from pipeline import ingest, schema, update
from pipeline.errors import CunbaoError, StoreError
from pipeline.store import files
from pipeline.store.manifest import Manifest
from pipeline.update import Options, bring_up_to_date

NAMES = [table.name for table in schema.TABLES]
TEXT = "红柳村工作总结\n一、基本情况\n全村共有农户320户1100人,其中脱贫户xx户。\n二、下步打算\n计划修路3。5公里。\n"
EVERY = int(os.environ.get("CUNBAO_EVERY", "40"))  # of so many steps one fails; 1: all of them
KILLS = int(os.environ.get("CUNBAO_KILLS", "3"))
Rows = dict[str, list[dict[str, object]]]


def run(raw: Path, out: Path, *, now: dt.datetime = NOW) -> update.Outcome:
    return bring_up_to_date(raw, out, Options(), now=now, progress=lambda done, total: None)


def rows_in(out: Path) -> Rows:
    """What a reader sees; without the rows of removed sources, which a run from scratch cannot know."""
    found = {name: pq.read_table(out / name).to_pylist() for name in NAMES if (out / name).is_dir()}
    return {n: [{**r, "ingested_at": None} for r in rows if r.get("status") != "removed"] for n, rows in found.items()}


def scratch(raw: Path, out: Path) -> Rows:
    run(raw, out)
    return rows_in(out)


def write(raw: Path, *numbers: int) -> None:
    raw.mkdir(exist_ok=True)
    for i in numbers:
        (raw / f"{i:02}.txt").write_text(TEXT + f"修路{i + 1}公里。\n" * i, "utf-8")


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with raw/, and out/ from an earlier state of it; a run has a file for every batch."""
    monkeypatch.setattr(ingest, "BATCH_BYTES", 1)
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # no power is cut here
    write(tmp_path / "raw", 0, 1, 2)
    run(tmp_path / "raw", tmp_path / "out")
    write(tmp_path / "raw", 3, 4)
    write(tmp_path / "raw", 5)
    (tmp_path / "raw" / "05.txt").replace(tmp_path / "raw" / "00.txt")  # changed
    (tmp_path / "raw" / "01.txt").rename(tmp_path / "raw" / "09.txt")  # moved
    (tmp_path / "raw" / "02.txt").unlink()  # removed
    return tmp_path


class FaultError(Exception):
    """What no code expects."""


# --- every step of the commit


def counted(monkeypatch: pytest.MonkeyPatch, fail_at: int, error: Exception, *, late: bool) -> list[str]:
    """Lets step number `fail_at` of a run fail, before or after it is done; returns the steps, which grow."""
    steps: list[str] = []

    def wrap(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object) -> object:
            steps.append(name)
            if len(steps) - 1 != fail_at:
                return function(*args)
            if late:
                function(*args)
            raise error

        return step

    for name in ("sync", "move", "link", "make_folder", "remove", "write_text"):
        monkeypatch.setattr(files, name, wrap(name, getattr(files, name)))
    for name in ("commit", "put", "write", "record_snapshot"):
        monkeypatch.setattr(Manifest, name, wrap_method(wrap, name))
    return steps


def wrap_method(wrap: Callable[[str, Callable[..., object]], Callable[..., object]], name: str) -> object:
    method = getattr(Manifest, name)

    def call(self: Manifest, *args: object, **options: object) -> object:
        return wrap(name, lambda: method(self, *args, **options))()

    return call


def remembering() -> Callable[[ingest.Batch], object]:
    """Reads like `read_batch`, but each batch once: it is the store that is tried."""
    known: dict[object, object] = {}
    read = ingest.read_batch

    def call(batch: ingest.Batch) -> object:
        key = tuple((source, path.read_bytes()) for source, path in batch.files)
        if key not in known:
            known[key] = read(batch)
        return known[key]

    return call


def count_steps(folder: Path) -> list[str]:
    copy = folder / "count"
    shutil.copytree(folder / "out", copy)
    with pytest.MonkeyPatch.context() as patch:
        steps = counted(patch, -1, FaultError(), late=False)
        run(folder / "raw", copy)
    return steps


ERRORS = {"fault": FaultError(), "disk full": OSError(28, "No space left on device")}


@pytest.mark.parametrize("late", [False, True], ids=["before it is done", "after it is done"])
@pytest.mark.parametrize("kind", ["fault", "disk full"])
def test_a_run_may_fail_at_every_step(before: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, late: bool) -> None:
    raw = before / "raw"
    monkeypatch.setattr(update, "read_batch", remembering())
    old, new = rows_in(before / "out"), scratch(raw, before / "scratch")
    steps = count_steps(before)
    assert {"sync", "move", "link", "commit", "put", "write"} <= set(steps)
    assert len(steps) > 60
    first = 2 * [*ERRORS].index(kind) + late
    for k in range(first * EVERY // 4, len(steps), EVERY):
        out = before / f"step {k}"
        shutil.copytree(before / "out", out)
        with pytest.MonkeyPatch.context() as patch:
            counted(patch, k, ERRORS[kind], late=late)
            with pytest.raises((FaultError, StoreError)):
                run(raw, out)
        seen = rows_in(out)
        assert all(seen[name] in (old[name], new[name]) for name in NAMES), f"step {k}: {steps[k]}"
        run(raw, out)
        assert rows_in(out) == new, f"step {k}: {steps[k]}"
        shutil.rmtree(out)


def test_what_was_read_before_the_fault_is_not_read_again(before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = ingest.read_batch

    def counting(batch: ingest.Batch) -> object:
        read.extend(source for source, _ in batch.files)
        if len(read) == 3:
            raise FaultError
        return original(batch)

    monkeypatch.setattr(update, "read_batch", counting)
    with pytest.raises(FaultError):
        run(before / "raw", before / "out")
    assert read == ["00.txt", "03.txt", "04.txt"]
    run(before / "raw", before / "out")
    assert read[3:] == ["04.txt"]
    assert rows_in(before / "out") == scratch(before / "raw", before / "scratch")


# --- killed at any instant

DRIVER = """
import datetime as dt, os, sys
from pathlib import Path
from pipeline import ingest
from pipeline.rules import load_rules
from pipeline.topics.model import load_model
from pipeline.update import Options, bring_up_to_date
import pipeline.store.publish, pipeline.extract, pipeline.tables
ingest.BATCH_BYTES = 1
load_rules(), load_model()
raw, out = map(Path, sys.argv[1:3])
print("ready", flush=True)
sys.stdin.readline()
bring_up_to_date(raw, out, Options(), now=dt.datetime(2024, 5, 6, tzinfo=dt.UTC), progress=lambda *_: None)
print("done", flush=True)
"""


def started(raw: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run that is ready to begin, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", DRIVER, str(raw), str(out)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


def stop(process: subprocess.Popen[bytes], signal_: signal.Signals) -> None:
    process.send_signal(signal_)
    process.communicate()


def duration(before: Path) -> float:
    """Seconds that an undisturbed run takes here and now."""
    shutil.copytree(before / "out", before / "timed")
    process = started(before / "raw", before / "timed")
    began = time.monotonic()
    go(process)
    process.communicate()
    return time.monotonic() - began


def test_a_run_may_be_killed_at_any_instant(before: Path) -> None:
    raw, instants = before / "raw", random.Random(20240506)
    old, new = rows_in(before / "out"), scratch(raw, before / "scratch")
    longest = duration(before) * 1.1
    for number in range(KILLS):
        out = before / f"kill {number}"
        shutil.copytree(before / "out", out)
        process = started(raw, out)
        go(process)
        time.sleep(instants.uniform(0, longest))
        stop(process, signal.SIGTERM if number % 4 == 3 else signal.SIGKILL)
        seen = rows_in(out)
        assert all(seen[name] in (old[name], new[name]) for name in NAMES), f"kill {number}"
        run(raw, out)
        assert rows_in(out) == new, f"kill {number}"
        shutil.rmtree(out)


def test_a_first_run_may_be_killed_again_and_again(before: Path) -> None:
    """Each run goes on where the one before was killed."""
    raw, out, instants = before / "raw", before / "never ended", random.Random(7)
    for _ in range(max(2, KILLS // 10)):
        process = started(raw, out)
        go(process)
        time.sleep(instants.uniform(0, 0.5))
        stop(process, signal.SIGKILL)
    run(raw, out)
    assert rows_in(out) == scratch(raw, before / "scratch")


# --- no room, no permission, no time


@pytest.mark.parametrize("limit", [0, 1_000, 5_000, 20_000, 40_000], ids=lambda n: f"{n} bytes")
def test_a_full_disk_is_said_and_the_tables_stay(before: Path, limit: int) -> None:
    raw, out = before / "raw", before / "out"
    old, new = rows_in(out), scratch(raw, before / "scratch")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        said = failure(raw, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert limit > 5_000 or said is not None
    assert said is None or (said.startswith(f"{out}: cannot be written (") and "make room" in said)
    seen = rows_in(out)
    assert all(seen[name] in (old[name], new[name]) for name in NAMES)
    run(raw, out)
    assert rows_in(out) == new


def failure(raw: Path, out: Path) -> str | None:
    try:
        run(raw, out)
    except CunbaoError as error:
        return str(error)
    return None


@needs_permissions
def test_a_read_only_output_is_said_and_the_tables_stay(before: Path) -> None:
    raw, out = before / "raw", before / "out"
    old = rows_in(out)
    folders = [p for p in (out, *out.rglob("*")) if p.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    try:
        said = failure(raw, out)
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert said is not None
    assert "cannot be written" in said
    assert rows_in(out) == old


@pytest.mark.parametrize("days", [-4000, -1, 1, 4000])
def test_a_clock_that_is_set_changes_no_row(before: Path, days: int) -> None:
    raw, out = before / "raw", before / "out"
    run(raw, out, now=NOW + dt.timedelta(days=days))
    assert rows_in(out) == scratch(raw, before / "scratch")
    write(raw, 11)
    os.utime(raw / "11.txt", (0, 0))
    assert run(raw, out, now=NOW).read == 1
    assert rows_in(out) == scratch(raw, before / "scratch 2")
