"""Following a folder: what arrives is read once it is whole, and what arrived while nobody looked is read, too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from pipeline.watch import wait_until_still

pytest.importorskip("watchfiles")

SENTENCE = "修路{}公里。"
PATIENCE = 60.0  # seconds after which a process that was to do something has failed


def eventually(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_a_file_that_grows_is_waited_for(tmp_path: Path) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) < 4:
            with (tmp_path / "a.txt").open("a") as file:
                file.write("x")

    wait_until_still(tmp_path, still=2.5, sleep=sleep)
    assert slept == [2.5] * 4


@contextmanager
def watching(raw: Path, out: Path, log: Path, still: float) -> Iterator[subprocess.Popen[bytes]]:
    """`cunbao watch` in a process of its own, begun."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    words = ["watch", "--raw", raw, "--out", out, "--still", still, "--log", log]
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    seen = len(ended(log))
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            assert eventually(lambda: len(ended(log)) > seen), "it looks once at what is there"
            yield process
        finally:
            process.kill()


def ended(log: Path) -> list[dict[str, object]]:
    """What the runs said when they ended."""
    lines = log.read_text("utf-8").splitlines(keepends=True) if log.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [e for e in events if e["event"] == "ended"]


def observations(out: Path, source: str) -> int:
    frame = pd.read_parquet(out / "observations", columns=["source"])
    return int((frame["source"] == source).sum())


def test_files_are_read_whole_whatever_happens_to_the_watcher(tmp_path: Path) -> None:
    raw, out, log = tmp_path / "raw", tmp_path / "out", tmp_path / "log"
    raw.mkdir()
    (raw / "a.txt").write_text(SENTENCE.format(1), "utf-8")
    with watching(raw, out, log, still=2.0) as process:
        assert observations(out, "a.txt") == 1
        for i in range(12):  # longer than --still altogether, never as long at a time
            with (raw / "b.txt").open("a", encoding="utf-8") as file:
                file.write(SENTENCE.format(i + 2))
            time.sleep(0.3)
        assert eventually(lambda: len(ended(log)) > 1)
        assert observations(out, "b.txt") == 12
        assert [run["read"] for run in ended(log)] == [1, 1], "one run for each file: none saw a part of one"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    (raw / "c.txt").write_text(SENTENCE.format(3), "utf-8")  # nobody looks
    with watching(raw, out, log, still=0.2) as process:
        assert observations(out, "c.txt") == 1
        (raw / "d.txt.part").write_text(SENTENCE.format(4), "utf-8")
        (raw / "d.txt.part").rename(raw / "d.txt")
        assert eventually(lambda: observations(out, "d.txt") == 1)
        # The tables follow one another: told to end between two of them, it leaves the rest to the next run.
        assert eventually(lambda: "d.txt" in set(pd.read_parquet(out / "sources")["source"]))
        assert process.stderr is not None
        process.terminate()
        assert (process.wait(), process.stderr.read()) == (0, b"")
    assert [run["failed"] for run in ended(log)] == [0] * len(ended(log))
    assert sorted(pd.read_parquet(out / "sources")["source"]) == ["a.txt", "b.txt", "c.txt", "d.txt"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_watcher_that_is_told_to_end_while_nothing_happens_ends_well(tmp_path: Path, ending: signal.Signals) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(SENTENCE.format(1), "utf-8")
    with watching(tmp_path / "raw", tmp_path / "out", tmp_path / "log", still=0.2) as process:
        time.sleep(1.0)
        process.send_signal(ending)
        assert process.stderr is not None
        assert (process.wait(), process.stderr.read()) == (0, b"")
