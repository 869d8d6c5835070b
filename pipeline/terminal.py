"""What the commands share: the two consoles, the options that several take, and how far a run has come."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.scoreboard import Board

EXIT_CODES = """Exit codes: 0 done; 1 an error of the program itself; 2 an option cannot be used; 3 a rule cannot be
used; 4 done, but some files could not be read (see the table `sources`); 5 the output folder cannot be written."""

out_console = Console()
err_console = Console(stderr=True)

Raw = Annotated[Path, typer.Option("--raw", help="Folder of reports; subfolders are read too.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the tables; made if it is not there.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, max=64, help="Processes to read with.")]
DATA, PROCESSED = Path("data/raw"), Path("data/processed")
Gold = Annotated[Path, typer.Option("--gold", help="Folder of annotated reports (raw/ and json/).")]
GOLD = Path("tests/gold")


def show_board(board: Board) -> None:
    """Prints a table of scores."""
    table = Table(title=board.title, title_justify="left")
    for i, name in enumerate(board.columns):
        table.add_column(name, justify="right" if i in board.numbers else "left", overflow="fold")
    for row in board.rows:
        table.add_row(*(Text(cell) for cell in row))
    out_console.print(table)


class Reporter:
    """Tells a person (progress bar) or a machine (JSON lines on stderr) how far a run has come."""

    def __init__(self, *, quiet: bool, json_log: bool, file: TextIO | None = None) -> None:
        self._json = json_log
        self._file = file  # for the JSON lines, instead of stderr
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(), console=err_console, disable=quiet or json_log,
        )  # fmt: skip
        self._task = self._progress.add_task("reading", total=None)

    def __enter__(self) -> Reporter:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def progress(self, done: int, total: int) -> None:
        """Called with the number of files read so far."""
        self._progress.update(self._task, completed=done, total=total)
        if self._json:
            self.log("progress", done=done, total=total)

    def log(self, event: str, **fields: object) -> None:
        """Writes one JSON line, where JSON lines are wanted."""
        if self._json:
            line = {"time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "event": event, **fields}
            print(json.dumps(line, ensure_ascii=False), file=self._file or sys.stderr, flush=True)
