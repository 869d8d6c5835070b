"""What schedulers are given: systemd accepts the units, and the line for cron does its work as the shell runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from pipeline.errors import OptionError
from pipeline.schedule import command_of, cron, systemd

ODD = 'my re%ports $x "y" \\z 村'


def units(raw: Path, out: Path) -> tuple[str, str]:
    return systemd(command_of(Path(sys.executable), raw, out, 2), (raw, out), ROOT, "02:30")


def words_of(line: str) -> list[str]:
    """A command as systemd takes it apart (systemd.service(5), command lines; systemd.unit(5), specifiers)."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    return [re.sub(r"\\(.)", r"\1", quoted or bare).replace("$$", "$").replace("%%", "%") for quoted, bare in found]


def test_the_command_survives_systemds_quoting(tmp_path: Path) -> None:
    service, _ = units(tmp_path / ODD, tmp_path / "out")
    (line,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert words_of(line) == command_of(Path(sys.executable), tmp_path / ODD, tmp_path / "out", 2)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", ["reports", ODD], ids=["plain", "odd"])
def test_systemd_accepts_the_units(tmp_path: Path, name: str) -> None:
    files = [tmp_path / "cunbao-ingest.service", tmp_path / "cunbao-ingest.timer"]
    for file, text in zip(files, units(tmp_path / name, tmp_path / "out"), strict=True):
        file.write_text(text, "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no cron there")
def test_the_line_for_cron_works_before_there_is_anything(tmp_path: Path) -> None:
    raw, out = tmp_path / ODD, tmp_path / "out %d"
    raw.mkdir()
    (raw / "a.txt").write_text("全村共有农户320户。", "utf-8")
    line = cron(command_of(Path(sys.executable), raw, out, 1), ROOT, "02:05", out / ".store" / "ingest.jsonl")
    when, command = line[: len("5 2 * * * ")], line[len("5 2 * * * ") :]
    assert when == "5 2 * * * "
    assert not re.search(r"(?<!\\)%", command), "a bare % ends the command"
    subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], env={"PATH": "/usr/bin:/bin"}, cwd="/", check=True)
    assert len(pd.read_parquet(out / "observations")) == 1
    assert '"event": "ended"' in (out / ".store" / "ingest.jsonl").read_text("utf-8")


@pytest.mark.parametrize("at", ["24:00", "2:30", "02:60", "noon", ""])
def test_what_is_no_time_is_refused(at: str) -> None:
    with pytest.raises(OptionError, match=f"--at {at}: this is no time of the day; write it like 02:30"):
        cron(["true"], ROOT, at, Path("log"))
