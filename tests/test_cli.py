"""The command line as its users meet it: help that teaches, one sentence for each failure, and exit codes to build on.

Most tests call `main()` in this process, so that nothing but SystemExit may come out of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from pipeline import cli, cli_judge, rulecheck, rules, trial
from pipeline.cli import main
from pipeline.store import locked
from pipeline.topics.model import load_model
from pipeline.train import Example

GOOD = "红柳村工作总结\n2019年,全村共有农户320户。\n一、下步打算\n计划修路3公里。\n"
COMMANDS = ["extract", "explain", "evaluate", "compare", "train", "bench", "rules", "rules check", "rules try", "gold",
            "gold import"]  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `cunbao` with some words in this process; a terminal wide enough that no line is broken."""
    for console in (cli.out_console, cli.err_console):
        monkeypatch.setattr(console, "_width", 500)

    def call(*words: object) -> Done:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["cunbao", *map(str, words)])
        try:
            main()
            code: object = 0
        except SystemExit as done:
            code = done.code or 0
        assert isinstance(code, int)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Done(code, out, err)

    return call


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with one good report."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.txt").write_text(GOOD, "utf-8")
    return tmp_path / "raw"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def process(*words: object, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m pipeline` in a process of its own."""
    own = {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "500", "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **own, **variables}
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


# --- help


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_a_command(run: Run, command: str) -> None:
    done = run(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: " in done.out
    assert len(done.out.split("Options")[0].split()) > 8, "one sentence at least says what it does"
    assert command in ("rules", "gold") or "Exit codes: 0 done" in " ".join(done.out.split())


@pytest.mark.parametrize("command", ["extract", "explain", "evaluate", "compare", "rules try", "gold import"])
def test_help_gives_an_example(run: Run, command: str) -> None:
    assert f"Example: cunbao {command}" in run(*command.split(), "--help").out


def test_help_lists_every_command_and_every_exit_code(run: Run) -> None:
    done = run("--help")
    text = " ".join(done.out.split())
    assert done.code == 0
    assert all(f"│ {name} " in done.out for name in COMMANDS if " " not in name)
    assert all(f" {code} " in text.split("Exit codes:")[1] for code in range(6))


@pytest.mark.parametrize("option", ["--raw", "--out", "--jobs", "--quiet", "--json-log"])
def test_help_names_every_option_of_extract(run: Run, option: str) -> None:
    line = next(line for line in run("extract", "--help").out.splitlines() if option in line)
    assert len(line.split()) > 4


@pytest.mark.parametrize("words", [[], ["rules"]], ids=["nothing", "rules"])
def test_no_command_shows_the_help(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert "Usage: " in done.out + done.err
    assert done.code in (0, 2)


# --- options that cannot be used: 2

MISUSED = [
    (["nosuch"], "nosuch"),
    (["extract", "--nosuch"], "--nosuch"),
    (["extract", "--raw"], "--raw"),
    (["extract", "--jobs", "0"], "--jobs"),
    (["extract", "--jobs", "many"], "--jobs"),
    (["explain", "a.txt"], "--at"),
    (["explain", "a.txt", "--at", "x"], "--at"),
    (["explain"], "FILE"),
    (["rules", "nosuch"], "nosuch"),
]


@pytest.mark.parametrize(("words", "culprit"), MISUSED, ids=[" ".join(m[0]) for m in MISUSED])
def test_a_misused_option_is_named(run: Run, words: list[str], culprit: str) -> None:
    done = run(*words)
    assert done.code == 2
    assert culprit.lower() in done.err.lower()


def test_a_missing_raw_folder_is_named(run: Run, tmp_path: Path, out: Path) -> None:
    lost = tmp_path / "nowhere"
    done = run("extract", "--raw", lost, "--out", out, "--quiet")
    said = f"cunbao: {lost}: there is no such folder of reports; give the folder that holds them with --raw\n"
    assert done == Done(2, "", said)
    assert not out.exists()


# --- extract: 0, 4, 5


def test_extract_writes_the_tables_and_says_what_it_read(run: Run, raw: Path, out: Path) -> None:
    done = run("extract", "--raw", raw, "--out", out)
    assert done.code == 0
    assert "a.txt" in done.out
    assert f"written to {out} in " in done.out
    assert pd.read_parquet(out / "observations")["raw_text"].tolist() == ["320户", "3公里"]


def test_quiet_says_nothing(run: Run, raw: Path, out: Path) -> None:
    assert run("extract", "--raw", raw, "--out", out, "--quiet") == Done(0, "", "")
    assert len(pd.read_parquet(out / "observations")) == 2


def test_an_empty_folder_gives_empty_tables(run: Run, tmp_path: Path, out: Path) -> None:
    (tmp_path / "none").mkdir()
    assert run("extract", "--raw", tmp_path / "none", "--out", out, "--quiet").code == 0
    assert len(pd.read_parquet(out / "observations")) == 0


@pytest.mark.parametrize("options", [[], ["--quiet"], ["--json-log"]], ids=["plain", "quiet", "json"])
def test_a_file_that_cannot_be_read_gives_code_4(run: Run, raw: Path, out: Path, options: list[str]) -> None:
    (raw / "b.txt").write_bytes(b"")
    assert run("extract", "--raw", raw, "--out", out, *options).code == 4


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_written(run: Run, raw: Path, out: Path) -> None:
    (raw / "b.txt").write_bytes(b"")
    (raw / "c.xyz").write_text(GOOD, "utf-8")
    done = run("extract", "--raw", raw, "--out", out)
    assert "failed b.txt: the file is empty; collect it again or remove it\n" in done.err
    assert "failed c.xyz: files of type .xyz are not read; save it as .txt in UTF-8\n" in done.err
    assert "2 failed files" in done.out.replace("_", " ")
    assert pd.read_parquet(out / "sources")["status"].tolist() == ["ok", "empty", "unsupported"]
    assert len(pd.read_parquet(out / "observations")) == 2


NAMES = ["[bold]b.txt", "[/]b.txt", "[red]/[/red].txt", "b\nc.txt", "甲 乙.txt", "-x.txt", ":smile:.txt"]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_name_that_looks_like_markup_is_shown_as_it_is(run: Run, raw: Path, out: Path, name: str) -> None:
    for bad in (False, True):
        path = raw / ("bad" if bad else "good") / name
        path.parent.mkdir(parents=True)
        path.write_text("" if bad else GOOD, "utf-8")
    done = run("extract", "--raw", raw, "--out", out)
    assert f"failed bad/{name}: the file is empty" in done.err
    assert f"good/{name}".splitlines()[0] in done.out


def test_a_folder_that_looks_like_markup_is_shown_as_it_is(run: Run, raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "[" / "b]"
    assert f"written to {out} in " in run("extract", "--raw", raw, "--out", out).out


def test_a_folder_that_cannot_be_written_gives_code_5(run: Run, raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "file"
    out.write_text("")
    done = run("extract", "--raw", raw, "--out", out, "--quiet")
    said = f"cunbao: {out}: cannot be written (Not a directory); give a folder that you may write with --out\n"
    assert done == Done(5, "", said)


def test_a_second_run_into_the_same_folder_gives_code_5(run: Run, raw: Path, out: Path) -> None:
    with locked(out):
        done = run("extract", "--raw", raw, "--out", out, "--quiet")
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith(f"cunbao: {out}: another run is writing there (process {os.getpid()} on ")
    assert done.err.endswith("); wait until it has ended\n")


def test_json_log_is_json_line_by_line(run: Run, raw: Path, out: Path) -> None:
    (raw / "b.txt").write_bytes(b"")
    done = run("extract", "--raw", raw, "--out", out, "--json-log")
    events = [json.loads(line) for line in done.err.splitlines()]
    assert done.out == ""
    assert [e["event"] for e in events][-1] == "done"
    assert {e["event"] for e in events} == {"progress", "done"}
    assert all(e["time"].endswith("+00:00") for e in events)
    assert [(e["done"], e["total"]) for e in events if e["event"] == "progress"][-1] == (2, 2)
    last = {key.replace("_", " "): value for key, value in events[-1].items()}
    assert (last["reports"], last["quantities"], last["failed files"]) == (1, 2, 1)


# --- explain

EXPLAINED = ["measure households: 320, exact", "by rule units.", "topic ", "confidence ", "basis ", "status ", "role ",
             "period 2019", "stands under ", "in the report “红柳村工作总结”"]  # fmt: skip


def test_explain_tells_how_a_quantity_was_read(run: Run, raw: Path) -> None:
    at = GOOD.index("320")
    done = run("explain", raw / "a.txt", "--at", at)
    assert done.code == 0
    assert f"a.txt [{at}:{at + 4}] “320户”" in done.out
    for part in EXPLAINED:
        assert part in done.out


def test_explain_tells_why_a_date_is_no_quantity(run: Run, raw: Path) -> None:
    at = GOOD.index("2019")
    done = run("explain", raw / "a.txt", "--at", at + 2)
    assert done.code == 0
    assert f"a.txt [{at}:{at + 4}] “2019”" in done.out
    assert "no quantity: date" in done.out
    assert "by rule fates." in done.out


def test_explain_takes_the_nearest_number(run: Run, raw: Path) -> None:
    done = run("explain", raw / "a.txt", "--at", GOOD.index("公里") + 3)
    assert "“3公里”" in done.out


@pytest.mark.parametrize("at", [-1, len(GOOD), 10**12], ids=["before", "at the end", "far behind"])
def test_explain_refuses_an_offset_outside_the_file(run: Run, raw: Path, at: int) -> None:
    done = run("explain", raw / "a.txt", "--at", at)
    said = f"cunbao: --at {at}: a.txt has {len(GOOD)} characters; give an offset from 0 to {len(GOOD) - 1}\n"
    assert done == Done(2, "", said)


def test_explain_says_when_there_is_no_number(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("村里的路修好了。", "utf-8")
    done = run("explain", tmp_path / "a.txt", "--at", 2)
    assert done == Done(2, "", "cunbao: a.txt: there is no numeral in this file\n")


UNREADABLE = [
    (
        "missing",
        lambda path: None,
        "cannot be opened (No such file or directory); check that it exists and may be read",
    ),
    ("a folder", lambda path: path.mkdir(), "cannot be opened (Is a directory); check that it exists and may be read"),
    ("empty", lambda path: path.write_bytes(b""), "the file is empty; collect it again or remove it"),
]


@pytest.mark.parametrize(("make", "said"), [u[1:] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_explain_says_why_a_file_cannot_be_read(
    run: Run, tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    make(tmp_path / "a.txt")
    assert run("explain", tmp_path / "a.txt", "--at", 0) == Done(4, "", f"cunbao: a.txt: {said}\n")


# --- evaluate, compare, train


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A gold folder with one annotated report."""
    for name in ("json", "raw"):
        (tmp_path / "gold" / name).mkdir(parents=True)
    (tmp_path / "gold" / "raw" / "a.txt").write_text(GOOD, "utf-8")
    row = {"value": 320.0, "low": None, "high": None, "qualifier": "exact", "masked": False, "measure": "households",
           "topic": "population", "basis": "total", "status": "actual", "role": "level", "period": "2019",
           "part_of": None, "start": GOOD.index("320"), "end": GOOD.index("320") + 4, "quote": "320户",
           "id": "1"}  # fmt: skip
    data = {
        "raw": "a.txt",
        "begin": 0,
        "end": len(GOOD),
        "observations": [row],
        "sections": [],
        "reports": [{"start": 0}],
    }
    (tmp_path / "gold" / "json" / "a.json").write_text(json.dumps(data), "utf-8")
    return tmp_path / "gold"


def test_evaluate_scores_a_gold_folder(run: Run, gold: Path, raw: Path) -> None:
    done = run("evaluate", "--gold", gold, "--raw", raw)
    assert (done.code, done.err) == (0, "")
    assert "precision" in done.out.lower()


def test_evaluate_scores_tables_that_were_written(run: Run, gold: Path, raw: Path, out: Path) -> None:
    assert run("extract", "--raw", raw, "--out", out, "--quiet").code == 0
    assert run("evaluate", "--gold", gold, "--raw", raw, "--tables", out).code == 0


def test_cross_validation_shows_rules_alone_and_topics_taken_for_another(
    run: Run, gold: Path, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "fold_models", lambda examples, taught: dict.fromkeys(["a"], load_model()))
    monkeypatch.setattr(cli_judge, "_taught", list)
    done = run("evaluate", "--gold", gold, "--raw", raw, "--cross-validate", "--confusions", tmp_path / "m.csv")
    assert done.code == 0
    assert "What the learned weights add to the rules" in done.out
    assert "rules alone, by precedence" in done.out
    assert "Topics taken for another: 0 of 1 quantities" in " ".join(done.out.split())
    assert (tmp_path / "m.csv").read_text("utf-8") == "gold,population\npopulation,1\n"


def test_the_learning_curve_has_a_line_for_each_size(
    run: Run, gold: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def curve(examples: list[Example], taught: object, **_: object) -> Iterator[trial.Learnt]:
        topics = tuple("population" for x in examples for _ in x.evidence)
        yield trial.Learnt(8, 0, topics)
        yield trial.Learnt(8, 12, tuple("water" for _ in topics))

    monkeypatch.setattr(trial, "learning_curve", curve)
    monkeypatch.setattr(cli_judge, "_taught", list)
    done = run("evaluate", "--gold", gold, "--raw", raw, "--learning-curve")
    lines = {line.split("│")[1].strip(): line for line in done.out.splitlines() if line.startswith("│ 8 reports")}
    assert list(lines) == ["8 reports", "8 reports and 12 taught passages"]
    # One row in the gold, two found: 2 * 1 / (1 + 2).
    assert "0.6667" in lines["8 reports"]
    assert "0.6667" not in lines["8 reports and 12 taught passages"]


@pytest.mark.parametrize("option", ["--cross-validate", "--rules-alone", "--learning-curve"])
def test_written_tables_are_scored_as_they_are(run: Run, gold: Path, raw: Path, out: Path, option: str) -> None:
    done = run("evaluate", "--gold", gold, "--raw", raw, "--tables", out, option)
    said = "cunbao: --tables are scored as they are; leave --cross-validate, --rules-alone, --learning-curve out\n"
    assert done == Done(2, "", said)


def test_a_matrix_that_cannot_be_written_is_named(run: Run, gold: Path, raw: Path, tmp_path: Path) -> None:
    done = run("evaluate", "--gold", gold, "--raw", raw, "--confusions", tmp_path / "none" / "m.csv")
    assert done.code == 2
    assert done.err.endswith("give another file with --confusions\n")


# --- gold import

IMPORTS: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame], list[str], int, int]] = [
    ("all confirmed", lambda rows: rows, [], 0, 1),
    ("one not looked at", lambda rows: rows.head(1), [], 4, 0),
    ("the others reviewed", lambda rows: rows.head(1), ["--reviewed"], 0, 1),
    ("an unknown id beside", lambda rows: pd.concat([rows, rows.head(1).assign(observation_id="x")]), [], 4, 1),
]


@pytest.mark.parametrize(("change", "options", "code", "files"), [c[1:] for c in IMPORTS], ids=[c[0] for c in IMPORTS])
def test_gold_import_writes_what_is_confirmed(
    run: Run, raw: Path, out: Path, tmp_path: Path,
    change: Callable[[pd.DataFrame], pd.DataFrame], options: list[str], code: int, files: int,
) -> None:  # fmt: skip
    run("extract", "--raw", raw, "--out", out, "--quiet")
    rows = pd.read_parquet(out / "observations")[["observation_id", "raw_text", "sentence", "topic"]]
    change(rows).to_csv(tmp_path / "c.csv", index=False)
    done = run("gold", "import", tmp_path / "c.csv", "--out", out, "--raw", raw, "--gold", tmp_path / "g", *options)
    assert done.code == code
    assert bool(done.err) == bool(code)
    assert len(list((tmp_path / "g").glob("json/*.json"))) == files
    if files:
        scored = run("evaluate", "--gold", tmp_path / "g", "--raw", raw, "--tables", out).out
        assert scored.split("record ")[1].split()[1:8:2] == ["1.0000", "1.0000", "1.0000", "2"]


def test_gold_import_needs_tables(run: Run, raw: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("observation_id\n1\n", "utf-8")
    done = run("gold", "import", tmp_path / "c.csv", "--out", out, "--raw", raw, "--gold", tmp_path / "g")
    assert done.code == 2
    assert done.err.startswith(f"cunbao: {out}: no tables can be read there (")


# --- rules try

HOPE = """[[cue]]
id = "status.hope"
value = "planned"
where = "clause"
priority = 45
words = ["共有"]
yes = ["共有冷库<1座>"]
no = ["新建冷库<1座>"]
"""


def test_rules_try_shows_what_moves_and_writes_nothing(run: Run, gold: Path, raw: Path, tmp_path: Path) -> None:
    (tmp_path / "status.toml").write_text(HOPE, "utf-8")
    before = {p: p.stat().st_mtime_ns for p in (*tmp_path.rglob("*"), *rules.RULES.rglob("*"))}
    done = run("rules", "try", tmp_path / "status.toml", "--gold", gold, "--raw", raw)
    assert done.code == 0
    assert "status.toml: 1 new (status.hope)" in done.out
    assert "actual -> planned" in done.out
    assert "0 examples broken, 2 values move; nothing was written" in done.out  # in the gold's copy and in raw's
    assert {p: p.stat().st_mtime_ns for p in (*tmp_path.rglob("*"), *rules.RULES.rglob("*"))} == before


def test_rules_try_names_an_example_that_fails(run: Run, gold: Path, raw: Path, tmp_path: Path) -> None:
    (tmp_path / "status.toml").write_text(HOPE.replace('no = ["新建', 'no = ["共有'), "utf-8")
    done = run("rules", "try", tmp_path / "status.toml", "--gold", gold, "--raw", raw)
    assert done.code == 3
    assert "status: rule status.hope must not speak in: 共有冷库<1座>" in done.err
    assert "1 examples broken" in done.out


def test_rules_try_names_a_report_that_cannot_be_read(run: Run, gold: Path, raw: Path, tmp_path: Path) -> None:
    (raw / "b.txt").write_bytes(b"")
    (tmp_path / "status.toml").write_text(HOPE, "utf-8")
    done = run("rules", "try", tmp_path / "status.toml", "--gold", gold, "--raw", raw)
    assert done.code == 4
    assert "failed b.txt: the file is empty" in done.err


def test_rules_try_of_what_is_there_says_so(run: Run) -> None:
    done = run("rules", "try", rules.RULES / "basis.toml")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("basis.toml -> basis.toml: nothing in it is new or changed\n")


def spoil(data: dict[str, object], **changes: object) -> bytes:
    return json.dumps({**data, **changes}).encode()


BAD_GOLD: list[tuple[str, Callable[[dict[str, object]], bytes], str]] = [
    ("no JSON", lambda data: b'{"raw": ', "this is no gold file ("),
    ("no UTF-8", lambda data: b"\xff\xfe\xff", "this is no gold file ("),
    ("a list", lambda data: b"[]", "this is no gold file ("),
    ("a number", lambda data: b"3", "this is no gold file ("),
    ("no observations", lambda data: spoil(data, observations=None), "this is no gold file ("),
    ("a row without a value", lambda data: spoil(data, observations=[{"id": "1"}]), "this is no gold file ("),
    ("no name of a text", lambda data: spoil(data, raw=3), "this is no gold file ("),
    ("a text that is missing", lambda data: spoil(data, raw="zz.txt"), "its raw text zz.txt is in none of "),
]


@pytest.mark.parametrize("command", ["evaluate", "train", "compare HEAD"])
@pytest.mark.parametrize(("change", "said"), [b[1:] for b in BAD_GOLD], ids=[b[0] for b in BAD_GOLD])
def test_a_bad_gold_file_is_named(
    run: Run, gold: Path, raw: Path, command: str, change: Callable[[dict[str, object]], bytes], said: str
) -> None:
    path = gold / "json" / "a.json"
    path.write_bytes(change(json.loads(path.read_text("utf-8"))))
    done = run(*command.split(), "--gold", gold, "--raw", raw)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"cunbao: {path}: {said}")
    assert done.err.count("\n") == 1


def test_a_gold_file_that_cannot_be_opened_is_named(run: Run, gold: Path, raw: Path) -> None:
    (gold / "json" / "b.json").mkdir()
    done = run("evaluate", "--gold", gold, "--raw", raw)
    assert done.code == 2
    assert str(gold / "json" / "b.json") in done.err


def test_a_folder_without_gold_is_named(run: Run, tmp_path: Path) -> None:
    done = run("evaluate", "--gold", tmp_path)
    said = f"cunbao: {tmp_path}: there are no annotated reports in its folder json; give the folder with --gold\n"
    assert done == Done(2, "", said)


def test_a_folder_without_tables_is_named(run: Run, gold: Path, raw: Path, tmp_path: Path) -> None:
    done = run("evaluate", "--gold", gold, "--raw", raw, "--tables", tmp_path)
    assert done.code == 2
    assert done.err.startswith(f"cunbao: {tmp_path}: no tables can be read there (")
    assert done.err.endswith("give a folder that extract has written\n")


def test_compare_with_a_commit_that_does_not_exist(
    run: Run, gold: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(gold)  # no repository at all, so that nothing is checked out
    done = run("compare", "no-such-commit", "--gold", gold, "--raw", raw)
    assert done.code == 2
    assert done.err.startswith("cunbao: git ")
    assert done.err.count("\n") == 1


def test_bench_needs_something_to_read(run: Run, tmp_path: Path) -> None:
    done = run("bench", "--raw", tmp_path)
    assert done == Done(2, "", f"cunbao: {tmp_path}: none of its files can be read\n")


# --- rules: 3


@pytest.fixture
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first examples, for speed: test_rule_examples.py runs them all."""
    every = rulecheck.examples_of
    monkeypatch.setattr(rulecheck, "examples_of", lambda rules: islice(every(rules), 20))


@pytest.mark.usefixtures("few_examples")
def test_rules_check_is_content_with_the_rules(run: Run) -> None:
    done = run("rules", "check")
    assert (done.code, done.err) == (0, "")
    examples = 20 + sum(1 for check in rules.load_rules().checks.values() for _ in check.examples())
    assert f" rules, {examples} examples, 0 broken" in done.out


@pytest.mark.usefixtures("few_examples")
def test_rules_check_names_what_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulecheck, "failures", lambda rules, model: ["status: rule x must speak in: [y] (found: z)"])
    done = run("rules", "check")
    assert "rule x must speak in: [y]" in done.err
    assert "1 broken" in done.out


@pytest.mark.usefixtures("few_examples")
def test_a_broken_example_gives_code_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulecheck, "failures", lambda rules, model: ["status: rule x must speak in: y"])
    assert run("rules", "check").code == 3


@pytest.mark.parametrize("words", ["rules check", "extract", "explain a.txt --at 0"])
def test_rules_that_cannot_be_used_give_code_3(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    load = rules.load_rules
    monkeypatch.setattr(rules, "load_rules", lambda: load(tmp_path / "no-rules"))
    done = run(*words.split())
    assert done.code == 3
    assert (
        done.err
        == f"cunbao: {tmp_path / 'no-rules' / 'macros.toml'}: this rules file is missing; restore it from git\n"
    )


# --- as a process


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """`python -m pipeline extract --json-log` of a file that is not UTF-8, from a folder without the project."""
    folder = tmp_path_factory.mktemp("process")
    (folder / "raw").mkdir()
    (folder / "raw" / "a.txt").write_bytes((GOOD * 3).encode("gb18030"))
    return process("extract", "--raw", "raw", "--out", "out", "--json-log", cwd=folder), folder / "out"


def test_python_m_pipeline_is_the_command(logged: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, out = logged
    assert (done.returncode, done.stdout) == (0, "")
    assert pd.read_parquet(out / "observations")["raw_text"].tolist() == ["320户", "3公里"] * 3


def test_libraries_do_not_write_into_the_log(logged: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """Guessing an encoding loads jieba's dictionary, and jieba warns when it is imported."""
    assert [json.loads(line)["event"] for line in logged[0].stderr.splitlines()][-1] == "done"


def test_a_failure_of_a_process_is_one_sentence(tmp_path: Path) -> None:
    done = process("explain", tmp_path / "a.txt", "--at", 0)
    said = "cunbao: a.txt: cannot be opened (No such file or directory); check that it exists and may be read\n"
    assert (done.returncode, done.stdout, done.stderr) == (4, "", said)


def test_a_terminal_without_chinese_shows_what_it_can() -> None:
    done = process("--help", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "extract" in done.stdout
    assert "Traceback" not in done.stderr


def test_being_stopped_is_no_crash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "load_rules", stop)
    assert run("extract").code == 130
