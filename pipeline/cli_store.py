"""The commands that look after the store: every night (ingest, schedule), all day (watch), and by hand."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.table import Table
from rich.text import Text

from pipeline.errors import BusyError, CunbaoError, OptionError
from pipeline.terminal import DATA, PROCESSED, Jobs, Out, Raw, Reporter, err_console, out_console

if TYPE_CHECKING:
    from pipeline.plan import Plan
    from pipeline.update import Options, Outcome

DONE, FAILED_FILES, NOTHING_NEW, LOCKED = 0, 4, 6, 7
INGEST_CODES = """Exit codes: 0 done; 1 an error of the program itself; 2 an option cannot be used; 3 a rule cannot be
used; 4 done, but some files could not be read (see `cunbao failures`); 5 the output folder cannot be written; 6 nothing
new; 7 another run is writing there."""
LogFile = Annotated[Path | None, typer.Option("--log", help="Add the JSON lines to this file, not to standard error.")]
MetricsFile = Annotated[
    Path | None,
    typer.Option("--metrics", help="File for Prometheus; default: .store/metrics.prom in the output folder."),
]


@contextmanager
def _busy_has_its_code() -> Iterator[None]:
    """A scheduler takes a run that is still at work for no failure: it has an exit code of its own."""
    try:
        yield
    except BusyError as error:
        err_console.print(Text(f"cunbao: {error}"), soft_wrap=True)
        raise typer.Exit(LOCKED) from None


def ingest(
    raw: Raw = DATA,
    out: Out = PROCESSED,
    jobs: Jobs = 1,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and why; change nothing.")] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Accept that a folder that held reports holds none any more.")
    ] = False,
    log: LogFile = None,
    metrics: MetricsFile = None,
) -> None:
    """Read what is new or changed under --raw and bring the tables up to date; made for schedulers.

    Example: cunbao ingest --raw data/raw --out data/processed --log ingest.jsonl
    """
    from pipeline.ingest import no_search_for_garbage
    from pipeline.update import Options, preview

    options = Options(jobs=jobs, full=full, allow_empty=allow_empty)
    if dry_run:
        plan = preview(raw, out, options, now=dt.datetime.now(dt.UTC))
        _show_plan(plan)
        raise typer.Exit(DONE if plan.changes else NOTHING_NEW)
    signal.signal(signal.SIGTERM, _end)
    with (
        _opened(log) as file,
        Reporter(quiet=True, json_log=True, file=file) as reporter,
        _busy_has_its_code(),
        no_search_for_garbage(),  # what is imported and looked up before files are read leaves none
    ):
        code = _run(raw, out, options, reporter, metrics)
    raise typer.Exit(code)


def _end(number: int, _: FrameType | None) -> None:
    """SIGTERM ends the run like Ctrl-C, so that its workers end with it. What is committed stays."""
    raise SystemExit(128 + number)


def _opened(log: Path | None) -> TextIO | nullcontext[None]:
    """The log file, to add to. Raises OptionError if it cannot be opened."""
    try:
        return log.open("a", encoding="utf-8") if log else nullcontext()
    except OSError as error:
        raise OptionError(f"{log}: cannot be written ({error.strerror}); give another file with --log") from None


def _run(raw: Path, out: Path, options: Options, reporter: Reporter, metrics: Path | None) -> int:
    """One run with its log, summary line and metrics; returns the exit code."""
    from pipeline.metrics import Run, write_metrics
    from pipeline.update import bring_up_to_date

    began, now = time.monotonic(), dt.datetime.now(dt.UTC)
    place = metrics or out / ".store" / "metrics.prom"
    reporter.log("started", raw=str(raw), out=str(out))
    try:
        outcome = bring_up_to_date(raw, out, options, now=now, progress=reporter.progress)
    except BusyError as error:
        reporter.log("locked", error=str(error))
        raise  # the metrics are those of the run that is at work
    except CunbaoError as error:
        reporter.log("error", error=str(error), code=error.exit_code)
        if metrics or place.parent.is_dir():
            _try_metrics(place, Run(now.timestamp(), time.monotonic() - began, error.exit_code, False, {}, 0, {}, 0))
        raise
    seconds = time.monotonic() - began
    code = _code(outcome)
    _report(outcome, reporter, code, seconds)
    counts = outcome.plan.reasons()
    failed = len(outcome.failed)
    ended = now.timestamp() + seconds
    write_metrics(place, Run(ended, seconds, code, True, counts, failed, outcome.sources, outcome.snapshot))
    return code


def _try_metrics(place: Path, run: object) -> None:
    from pipeline.metrics import Run, write_metrics

    try:
        assert isinstance(run, Run)
        write_metrics(place, run)
    except CunbaoError:
        pass  # the run's own error is the one to tell


def _code(outcome: Outcome) -> int:
    if outcome.failed:
        return FAILED_FILES
    return DONE if outcome.published else NOTHING_NEW


def _report(outcome: Outcome, reporter: Reporter, code: int, seconds: float) -> None:
    word = {DONE: "done", FAILED_FILES: "done with failures", NOTHING_NEW: "nothing new"}[code]
    reasons = outcome.plan.reasons()
    for source, error in outcome.failed:
        reporter.log("failed", source=source, error=error)
    reporter.log(
        "ended", result=word, code=code, found=outcome.plan.found, read=outcome.read, failed=len(outcome.failed),
        reasons=reasons, snapshot=outcome.snapshot, seconds=round(seconds, 3),
    )  # fmt: skip
    why = ", ".join(f"{n} {reason}" for reason, n in reasons.items()) or "none new or changed"
    line = (
        f"{word}: {outcome.plan.found} files ({why}), {outcome.read} read, {len(outcome.failed)} failed; "
        f"snapshot {outcome.snapshot}; {seconds:.1f} s"
    )
    out_console.print(Text(line), soft_wrap=True)


def _show_plan(plan: Plan) -> None:
    rows = [(reason, item.source) for item, reason in plan.todo]
    rows += [("moved", f"{before.source} -> {item.source}") for before, item in plan.moved]
    rows += [("removed", e.source) for e in plan.removed if e.source not in {b.source for b, _ in plan.moved}]
    for reason, source in rows:
        out_console.print(Text(f"{reason}: {source}"), soft_wrap=True)
    counts = ", ".join(f"{n} {reason}" for reason, n in plan.reasons().items())
    out_console.print(Text(f"{plan.found} files; to do: {counts or 'nothing'}"), soft_wrap=True)


def snapshots(
    out: Out = PROCESSED,
    at: Annotated[int | None, typer.Option("--at", help="Show one snapshot: its tables and how to open them.")] = None,
    pin: Annotated[int | None, typer.Option("--pin", help="Keep this snapshot for good.")] = None,
    unpin: Annotated[int | None, typer.Option("--unpin", help="Keep it no longer than others.")] = None,
) -> None:
    """List the states of the tables that can still be read: the last three and those that are pinned.

    Example: cunbao snapshots --at 7
    """
    from pipeline.store import locked
    from pipeline.store import snapshots as store
    from pipeline.store.files import snapshots_of
    from pipeline.store.manifest import Manifest

    for number, pinned in ((pin, True), (unpin, False)):
        if number is not None:
            with _busy_has_its_code(), locked(out), Manifest.open(out) as manifest:
                store.pin(out, manifest, number, pinned=pinned)
    with Manifest.view(out) as manifest:
        if at is not None:
            for name, rows in store.find(out, manifest, at).rows.items():
                file = snapshots_of(out) / str(at) / f"{name}.parquet"
                out_console.print(Text(f'pandas.read_parquet("{file}")  # {rows:,} rows'), soft_wrap=True)
            return
        shown = manifest.get("shown")
        table = Table("snapshot", "published", "observations", "", title="Snapshots", title_justify="left")
        for s in store.listed(out, manifest):
            notes = ["shown"] * (s.id == shown) + ["pinned"] * s.pinned
            table.add_row(str(s.id), s.created_at, f"{s.rows.get('observations', 0):,}", ", ".join(notes))
        out_console.print(table)


def restore(
    number: Annotated[int, typer.Argument(help="A snapshot that `cunbao snapshots` lists.")], out: Out = PROCESSED
) -> None:
    """Let readers see an older state of the tables again, until a run reads something new.

    Example: cunbao restore 7
    """
    from pipeline.store import locked
    from pipeline.store.manifest import Manifest
    from pipeline.store.publish import restore as put_back

    with _busy_has_its_code(), locked(out), Manifest.open(out) as manifest:
        put_back(out, manifest, number)
    out_console.print(Text(f"readers of {out} see snapshot {number} until a run reads something new"), soft_wrap=True)


def failures(out: Out = PROCESSED) -> None:
    """List the files that could not be read, with the one thing to do about each.

    Example: cunbao failures --out data/processed
    """
    from pipeline.plan import next_try
    from pipeline.store.manifest import Manifest

    with Manifest.view(out) as manifest:
        failed = [e for e in manifest.entries().values() if e.failed]
    for entry in failed:
        again = dt.datetime.fromtimestamp(next_try(entry), dt.UTC).strftime("%Y-%m-%d %H:%M")
        tries = f"tried {entry.failures} times" if entry.failures > 1 else "tried once"
        out_console.print(
            Text(f"{entry.error} ({entry.status}, {tries}; again when it changes, or after {again} UTC)"),
            soft_wrap=True,
        )
    out_console.print(f"{len(failed)} files could not be read")


def watch(
    raw: Raw = DATA,
    out: Out = PROCESSED,
    jobs: Jobs = 1,
    still: Annotated[
        float, typer.Option("--still", min=0.1, max=3600, help="Seconds without a change before files are read.")
    ] = 5.0,
    log: LogFile = None,
    metrics: MetricsFile = None,
) -> None:
    """Follow a folder: read what arrives as soon as it has arrived whole, until Ctrl-C or SIGTERM.

    Example: cunbao watch --raw data/raw --out data/processed
    """
    from pipeline.update import Options
    from pipeline.watch import changes

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways to end it end it well, whatever it is doing
    with suppress(KeyboardInterrupt), _opened(log) as file, Reporter(quiet=True, json_log=True, file=file) as reporter:
        for _ in changes(raw, still=still):
            try:
                _run(raw, out, Options(jobs=jobs), reporter, metrics)
            except CunbaoError as error:  # a folder that is full or not mounted now may be well later
                err_console.print(Text(f"cunbao: {error}"), soft_wrap=True)


def schedule(
    raw: Raw = DATA,
    out: Out = PROCESSED,
    jobs: Jobs = 1,
    systemd: Annotated[bool, typer.Option("--systemd", help="Print a systemd unit and timer.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="Print a line for crontab.")] = False,
    at: Annotated[str, typer.Option("--at", help="Time of the day, like 02:30.")] = "02:30",
    into: Annotated[Path | None, typer.Option("--into", help="Write unit and timer into this folder instead.")] = None,
) -> None:
    """Print what a scheduler needs to ingest every night; the README says how to install it.

    Example: cunbao schedule --cron --at 02:30
    """
    from pipeline import schedule as plans

    if systemd == cron:
        raise OptionError("give either --systemd or --cron")
    here = Path(__file__).resolve().parents[1]
    command = plans.command_of(Path(sys.executable), raw, out, jobs)
    if cron:
        line = plans.cron(command, here, at, out.absolute() / ".store" / "ingest.jsonl")
        out_console.print(Text(line), soft_wrap=True)
        return
    for name, text in zip(("service", "timer"), plans.systemd(command, (raw, out), here, at), strict=True):
        if into is None:
            out_console.print(Text(text), soft_wrap=True)
        else:
            _write_unit(into / f"cunbao-ingest.{name}", text)


def _write_unit(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise OptionError(f"{path}: cannot be written ({error.strerror}); give another folder with --into") from None
