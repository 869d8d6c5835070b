"""The command line; the commands that look after the store are in cli_store.py, those that judge in cli_judge.py.

Exit codes: 0 done; 1 an error of the program itself; 2 an option that cannot be used; 3 a rule that cannot be used or
whose example fails; 4 done, but some files could not be read (their reasons stand in `sources`); 5 the output folder
cannot be written or read.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from pipeline import arrow
from pipeline.cli_judge import GOLD_CODES, TRY_CODES, compare, evaluate, import_gold, try_rules
from pipeline.cli_store import INGEST_CODES, failures, ingest, restore, schedule, snapshots, watch
from pipeline.errors import CunbaoError
from pipeline.store.files import snapshots_of
from pipeline.terminal import (
    DATA,
    EXIT_CODES,
    GOLD,
    PROCESSED,
    Gold,
    Jobs,
    Out,
    Raw,
    Reporter,
    err_console,
    out_console,
    show_board,
)

if TYPE_CHECKING:
    from pipeline.bench import Run
    from pipeline.summary import Summary

app = typer.Typer(
    name="cunbao",
    help="Cunbao (村报) reads Chinese grass-roots reports and writes every number they state as tidy Parquet tables.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # lets lines of a docstring flow
)
rules_app = typer.Typer(help="Look after the rules in rules/.", no_args_is_help=True, rich_markup_mode="markdown")
gold_app = typer.Typer(
    help="Look after the annotated reports in tests/gold.", no_args_is_help=True, rich_markup_mode="markdown"
)
app.add_typer(rules_app, name="rules")
app.add_typer(gold_app, name="gold")
gold_app.command("import", epilog=GOLD_CODES)(import_gold)
rules_app.command("try", epilog=TRY_CODES)(try_rules)
for judging in (evaluate, compare):
    app.command(epilog=EXIT_CODES)(judging)
for command in (ingest, snapshots, restore, failures, watch, schedule):
    app.command(epilog=INGEST_CODES)(command)


@app.command(epilog=EXIT_CODES)
def extract(
    raw: Raw = DATA,
    out: Out = PROCESSED,
    jobs: Jobs = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no summary.")] = False,
    json_log: Annotated[
        bool, typer.Option("--json-log", help="JSON lines on stderr instead of a progress bar.")
    ] = False,
) -> None:
    """Read every report under --raw and write the tables to --out.

    Example: cunbao extract --raw data/raw --out data/processed --jobs 2
    """
    from pipeline.rules import load_rules
    from pipeline.summary import read_summary
    from pipeline.update import Options, bring_up_to_date

    began = time.monotonic()
    load_rules()  # a broken rule is named before anything is touched
    with Reporter(quiet=quiet, json_log=json_log) as reporter:
        options = Options(jobs=jobs, full=True, forget=True, allow_empty=True)
        outcome = bring_up_to_date(raw, out, options, now=dt.datetime.now(dt.UTC), progress=reporter.progress)
        summary = read_summary(snapshots_of(out) / str(outcome.snapshot))
        reporter.log("done", seconds=round(time.monotonic() - began, 2), **summary.totals())
    if not quiet and not json_log:
        _show_summary(summary, out, time.monotonic() - began)
    if summary.failed:
        raise typer.Exit(4)


def _show_summary(summary: Summary, out: Path, seconds: float) -> None:
    from pipeline.summary import Count

    table = Table(title="What was read", title_justify="left")
    names = [f.name for f in fields(Count)]
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="left" if name == "source" else "right", overflow="fold")
    for count in summary.counts:
        table.add_row(*(Text(str(getattr(count, name))) for name in names))
    out_console.print(table)
    for source, error in summary.failed:
        err_console.print(Text.assemble(("failed ", "red"), error or source), soft_wrap=True)
    total = ", ".join(f"{n} {name}" for name, n in summary.totals().items())
    out_console.print(Text(f"{total}; written to {out} in {seconds:.1f} s"), soft_wrap=True)


@app.command(epilog=EXIT_CODES)
def panel(
    out: Out = PROCESSED,
    wide: Annotated[
        Path | None, typer.Option("--wide", help="Parquet file for the wide form: a column for each indicator.")
    ] = None,
) -> None:
    """Show how the facts in --out were put together from what the reports state, or write them in wide form.

    Example: cunbao panel --out data/processed --wide panel.parquet
    """
    from pipeline.panel import read_panel, write_wide

    facts = read_panel(out)
    if wide is not None:
        out_console.print(Text(f"{write_wide(facts, wide)} rows; written to {wide}"), soft_wrap=True)
        return
    table = Table(title=f"{len(facts)} facts", title_justify="left")
    table.add_column("chosen by")
    table.add_column("facts", justify="right")
    for count in facts["chosen_by"].combine_chunks().value_counts().to_pylist():
        table.add_row(str(count["values"]), str(count["counts"]))
    out_console.print(table)


@app.command(epilog=EXIT_CODES)
def explain(
    file: Annotated[Path, typer.Argument(help="A report.")],
    at: Annotated[int, typer.Option("--at", help="Offset of the number in the decoded file (column raw_start).")],
) -> None:
    """Show how one number was read, or why it was left alone.

    Example: cunbao explain data/raw/001_db872220c5a599ea.txt --at 295
    """
    from pipeline.explain import Node
    from pipeline.explain import explain as explain_number
    from pipeline.extract import read_text
    from pipeline.read import read_source
    from pipeline.rules import load_rules
    from pipeline.topics.model import load_model

    rules, model = load_rules(), load_model()
    reading = read_text(read_source(file, file.name), rules, model, told=True)

    def grow(tree: Tree, node: Node) -> Tree:
        for child in node.children:
            grow(tree.add(Text(child.label)), child)
        return tree

    top = explain_number(reading, at, rules, model)
    out_console.print(grow(Tree(Text(top.label)), top))


@app.command(epilog=EXIT_CODES)
def text(
    file: Annotated[Path, typer.Argument(help="A report, or one in an archive: archive.zip/report.docx.")],
) -> None:
    """Print the text of a report in UTF-8: the text that the columns raw_start and raw_end count in.

    Example: cunbao text data/raw/report.docx > report.txt
    """
    from pipeline.read import read_source

    typer.echo(read_source(file, file.name).text.encode("utf-8", "replace"), nl=False)


@app.command(epilog=EXIT_CODES)
def train(gold: Gold = GOLD, raw: Raw = DATA) -> None:
    """Fit the weights of the topics and of the section kinds to the annotated reports and to rules/taught.

    They are written to pipeline/topics/model.parquet and pipeline/kinds.json.
    """
    from pipeline import kinds
    from pipeline.gold import load_gold
    from pipeline.rules import load_rules
    from pipeline.taught import taught_in
    from pipeline.topics.model import MODEL, write_model
    from pipeline.train import examples_of, fit
    from pipeline.train_kinds import fit_kinds, kind_examples_of, write_kinds

    files, rules = load_gold(gold, [raw]), load_rules()
    taught = taught_in(rules.folder / "taught", rules)
    write_kinds(fit_kinds(kind_examples_of(files, rules)), kinds.MODEL)
    write_model(fit(examples_of(files, rules), taught), MODEL)
    out_console.print(
        Text(f"fitted to {len(files)} reports and {len(taught)} taught passages; written to {kinds.MODEL} and {MODEL}"),
        soft_wrap=True,
    )


@app.command(epilog=EXIT_CODES)
def bench(
    raw: Raw = DATA,
    megabytes: Annotated[float, typer.Option("--megabytes", min=0.1, max=1000, help="Size of the text to read.")] = 2.0,
    files: Annotated[
        int | None,
        typer.Option("--files", min=1, help="Time whole runs of `cunbao ingest` over so many invented reports."),
    ] = None,
) -> None:
    """Measure the speed of the chain on one core, stage by stage, beside a bare regex pass.

    Example: cunbao bench --files 2000
    """
    from pipeline.bench import corpus, measure, measure_store, peak_memory
    from pipeline.rules import load_rules
    from pipeline.topics.model import load_model

    if files is not None:
        _show_runs(list(measure_store(raw, files)))
        return
    texts = corpus(raw, megabytes)
    timings = list(measure(texts, load_rules(), load_model()))
    floor = timings[0].speed
    table = Table(
        title=f"{timings[0].megabytes:.1f} MB of UTF-8, one core, peak memory {peak_memory():.0f} MB",
        title_justify="left",
    )
    for name in ("stage", "MB/s", "times slower than the bare pass"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for timing in timings:
        table.add_row(timing.stage, f"{timing.speed:.2f}", f"{floor / timing.speed:.0f}")
    out_console.print(table)


def _show_runs(runs: list[Run]) -> None:
    table = Table(title="cunbao ingest, whole processes", title_justify="left")
    for name in ("what is read", "seconds", "% of the first run", "seconds of processor", "% of the first run"):
        table.add_column(name, justify="left" if name == "what is read" else "right")
    first = runs[0]
    for run in runs:
        pairs = ((run.seconds, first.seconds), (run.processor, first.processor))
        table.add_row(run.what, *(cell for a, b in pairs for cell in (f"{a:.2f}", f"{100 * a / b:.1f}")))
    out_console.print(table)


@app.command(epilog=EXIT_CODES)
def peers(
    folder: Annotated[Path, typer.Argument(help="Folder of other projects' test data; they are read where they lie.")],
    most: Annotated[int, typer.Option("--most", min=0, help="How many wrong readings to list.")] = 20,
) -> None:
    """Read other projects' own test data for numbers, and show how many are read right beside the peer's own score.

    Example: cunbao peers ~/peers
    """
    from pipeline.peers import boards, judge_suites
    from pipeline.rules import load_rules

    for board in boards(judge_suites(folder, load_rules()), most):
        show_board(board)


@rules_app.command("check", epilog=EXIT_CODES)
def rules_check() -> None:
    """Validate every rules file and run every rule's examples through the whole chain."""
    from pipeline.rulecheck import examples_of, failures
    from pipeline.rules import load_rules
    from pipeline.topics.model import load_model

    rules = load_rules()
    broken = failures(rules, load_model())
    for line in broken:
        err_console.print(Text(line), soft_wrap=True)
    total = sum(1 for _ in examples_of(rules)) + sum(1 for c in rules.checks.values() for _ in c.examples())
    out_console.print(f"{len(rules.by_id) + len(rules.checks)} rules, {total} examples, {len(broken)} broken")
    if broken:
        raise typer.Exit(3)


def _spare() -> None:
    """Spares a short run what only others gain from; it must be said before the libraries are loaded."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # its own asks for huge pages, which are zeroed
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # there are no matrices to multiply
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it goes through all that is installed for them
    os.environ.setdefault(arrow.OURS, "1")


def main() -> None:
    """Runs the command line; every failure is one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese shows question marks
    _spare()
    try:
        app()
    except CunbaoError as error:
        err_console.print(Text(f"cunbao: {error}"), soft_wrap=True)
        sys.exit(error.exit_code)
