"""What a scheduler needs to run the ingestion every night: a systemd unit and timer, or a line for crontab."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import OptionError

SERVICE = """\
# ~/.config/systemd/user/cunbao-ingest.service
[Unit]
Description=Cunbao: read the reports that are new
RequiresMountsFor={folders}

[Service]
Type=oneshot
WorkingDirectory={here}
ExecStart={command}
# 4: some files could not be read; 6: nothing new; 7: another run is at work
SuccessExitStatus=4 6 7
Nice=10
"""
TIMER = """\
# ~/.config/systemd/user/cunbao-ingest.timer
[Unit]
Description=Cunbao: every night

[Timer]
OnCalendar=*-*-* {at}:00
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target
"""
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def command_of(python: Path, raw: Path, out: Path, jobs: int) -> list[str]:
    """The words of the command to schedule, with absolute paths."""
    words = ["-m", "pipeline", "ingest", "--raw", str(raw.absolute()), "--out", str(out.absolute())]
    return [str(python.absolute()), *words, "--jobs", str(jobs)]


def systemd(command: Sequence[str], folders: Sequence[Path], here: Path, at: str) -> tuple[str, str]:
    """The service and the timer. Raises OptionError if `at` is no time."""
    hour, minute = _time(at)
    service = SERVICE.format(
        folders=" ".join(_quoted(str(f.absolute())) for f in folders),
        here=_escaped(str(here.absolute())),
        command=" ".join(_quoted(word).replace("$", "$$") for word in command),  # only in commands $ means variables
    )
    return service, TIMER.format(at=f"{hour}:{minute}")


def cron(command: Sequence[str], here: Path, at: str, log: Path) -> str:
    """The line for crontab; standard error goes to `log`. Raises OptionError if `at` is no time."""
    hour, minute = _time(at)
    # The folder of the log is made first: before the first run it is not there, and without it nothing would run.
    begin = f"cd {shlex.quote(str(here.absolute()))} && mkdir -p {shlex.quote(str(log.parent))}"
    words = f"{begin} && {shlex.join(command)} >/dev/null 2>>{shlex.quote(str(log))}"
    # In a crontab a bare % ends the command.
    return f"{int(minute)} {int(hour)} * * * " + words.replace("%", "\\%")


def _time(at: str) -> tuple[str, str]:
    found = TIME.fullmatch(at)
    if not found:
        raise OptionError(f"--at {at}: this is no time of the day; write it like 02:30")
    return found[1], found[2]


def _escaped(word: str) -> str:
    """systemd replaces %h and the like."""
    return word.replace("%", "%%")


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) wants it."""
    inner = _escaped(word).replace("\\", "\\\\").replace('"', '\\"')
    return inner if re.fullmatch(r"[\w@%+=:,./$-]+", inner) else f'"{inner}"'
