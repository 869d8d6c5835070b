"""The commands that judge what is read against the annotated reports, and those that add to what it is judged by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipeline.errors import OptionError
from pipeline.terminal import DATA, GOLD, PROCESSED, Gold, Out, Raw, Reporter, err_console, out_console, show_board

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pipeline.evaluate import FileScore
    from pipeline.gold import GoldFile
    from pipeline.train import Example

TRY_CODES = """Exit codes: 0 done, whatever the rule moves; 1 an error of the program itself; 2 an option cannot be
used; 3 the file cannot be used as rules, or an example fails; 4 done, but some reports could not be read."""
GOLD_CODES = """Exit codes: 0 done; 1 an error of the program itself; 2 an option or the file cannot be used; 4 done,
but some lines or reports were not imported, each for the reason shown; 5 the gold folder cannot be written."""


def evaluate(
    gold: Gold = GOLD,
    raw: Raw = DATA,
    tables: Annotated[
        Path | None, typer.Option("--tables", help="Score the tables in this folder instead of reading anew.")
    ] = None,
    cross_validate: Annotated[
        bool,
        typer.Option("--cross-validate", help="Fit the topic weights anew for each report, on the others."),
    ] = False,
    rules_alone: Annotated[
        bool,
        typer.Option("--rules-alone", help="Show what the cues score without a learned weight, beside the fitted."),
    ] = False,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve", help="Show what is learned from 8, 16, 32 … reports; about half an hour on one core."
        ),
    ] = False,
    confusions: Annotated[
        Path | None,
        typer.Option("--confusions", help="Show the topics taken for another; write the whole matrix to this CSV."),
    ] = None,
) -> None:
    """Score what is read against the annotated reports in tests/gold.

    As shipped, the topic weights were fitted to these very reports; --cross-validate shows what to expect on others,
    with --rules-alone and the topics taken for another beside it.

    Example: cunbao evaluate --cross-validate --confusions topics.csv
    """
    from pipeline.evaluate import evaluate as judge
    from pipeline.gold import load_gold
    from pipeline.scoreboard import boards, pairs_board
    from pipeline.trial import load_tables

    anew = cross_validate or rules_alone or learning_curve
    if tables is not None and anew:
        raise OptionError(
            "--tables are scored as they are; leave --cross-validate, --rules-alone, --learning-curve out"
        )
    files = load_gold(gold, [raw])
    examples = _examples(files) if anew else []
    found = load_tables(tables) if tables is not None else _read(files, examples if cross_validate else [])
    scores = list(judge(found, files).values())
    for board in boards(scores):
        show_board(board)
    if cross_validate or confusions is not None:
        show_board(pairs_board(scores))
    if confusions is not None:
        _write_matrix(scores, confusions)
    if cross_validate or rules_alone:
        _show_rules_alone(scores, found, files, examples, cross_validate=cross_validate)
    if learning_curve:
        _show_curve(found, files, examples)


def _examples(files: Sequence[GoldFile]) -> list[Example]:
    from pipeline.rules import load_rules
    from pipeline.train import examples_of

    return examples_of(files, load_rules())


def _taught() -> list[Example]:
    from pipeline.rules import load_rules
    from pipeline.taught import taught_in

    rules = load_rules()
    return taught_in(rules.folder / "taught", rules)


def _read(files: Sequence[GoldFile], examples: Sequence[Example]) -> dict[str, pa.Table]:
    """The tables of the gold's texts: with the shipped weights, or cross-validated over `examples` where given."""
    from pipeline.rules import load_rules
    from pipeline.topics.model import load_model
    from pipeline.trial import fold_models, read_gold

    rules = load_rules()
    models = fold_models(examples, _taught()) if examples else dict.fromkeys((g.name for g in files), load_model())
    return read_gold(files, rules, models)


def _write_matrix(scores: Sequence[FileScore], path: Path) -> None:
    from pipeline.evaluate import topic_matrix

    try:
        topic_matrix(scores).to_csv(path)
    except OSError as error:
        raise OptionError(
            f"{path}: cannot be written ({error.strerror}); give another file with --confusions"
        ) from None


def _show_rules_alone(
    scores: Sequence[FileScore],
    found: Mapping[str, pa.Table],
    files: Sequence[GoldFile],
    examples: Sequence[Example],
    *,
    cross_validate: bool,
) -> None:
    from pipeline.baseline import topics_by_rules
    from pipeline.evaluate import evaluate as judge
    from pipeline.scoreboard import topics_board
    from pipeline.trial import with_topics

    alone = judge(with_topics(found, topics_by_rules(examples)), files)
    fitted = "weights fitted to other reports" if cross_validate else "weights as shipped, fitted to these reports"
    ways = {"rules alone, by precedence": list(alone.values()), fitted: scores}
    show_board(topics_board("What the learned weights add to the rules", ways))


def _show_curve(found: Mapping[str, pa.Table], files: Sequence[GoldFile], examples: Sequence[Example]) -> None:
    from pipeline.evaluate import evaluate as judge
    from pipeline.scoreboard import topics_board
    from pipeline.trial import learning_curve, with_topics

    ways: dict[str, Sequence[FileScore]] = {}
    with Reporter(quiet=False, json_log=False) as reporter:
        for learnt in learning_curve(examples, _taught(), progress=reporter.progress):
            more = f" and {learnt.taught} taught passages" if learnt.taught else ""
            scores = judge(with_topics(found, learnt.topics), files)
            ways[f"{learnt.reports} reports{more}"] = list(scores.values())
    show_board(topics_board("What is learned from how many reports, scored on others", ways))


def try_rules(
    file: Annotated[Path, typer.Argument(help="A rules file (TOML) with the rules to try, new ones and changed ones.")],
    into: Annotated[
        str | None,
        typer.Option("--into", help="Rules file it goes into: status.toml, topics/works.toml …; default: FILE's name."),
    ] = None,
    raw: Raw = DATA,
    gold: Gold = GOLD,
    most: Annotated[int, typer.Option("--most", min=0, help="How many moves, gains and losses to list.")] = 40,
    all_examples: Annotated[
        bool, typer.Option("--all-examples", help="Run the examples of all other rules too, as rules check does.")
    ] = False,
) -> None:
    """Show what a new or changed rule would change, before it is kept; nothing is written.

    A rule whose id is in that rules file already takes its place, another is put at its end. Its examples are run, then
    all reports under --raw and those of the gold are read without it and with it: every value that moves is counted,
    and so is every number of the gold that becomes right or wrong. The topic weights are the shipped ones; they were
    fitted to the gold without the rule, so look at make cross-validate too once you keep it.

    Example: cunbao rules try my_rule.toml --into status.toml
    """
    from pipeline.draft import read_draft
    from pipeline.evaluate import evaluate as judge
    from pipeline.gold import load_gold
    from pipeline.moves import effect_of
    from pipeline.rulecheck import failures
    from pipeline.rules import load_rules
    from pipeline.scoreboard import gain_boards, move_boards, scores_board
    from pipeline.topics.model import load_model

    rules, model = load_rules(), load_model()
    draft = read_draft(file, rules, into)
    named = "; ".join(f"{len(ids)} {what} ({', '.join(ids)})" for what, ids in
                      (("new", draft.new), ("changed", draft.changed)) if ids)  # fmt: skip
    out_console.print(Text(f"{file} -> {draft.home}: {named or 'nothing in it is new or changed'}"), soft_wrap=True)
    if not named:
        return
    files = load_gold(gold, [raw])
    broken = failures(draft.rules, model, None if all_examples else draft.speaking)
    for line in broken:
        err_console.print(Text(line), soft_wrap=True)
    with Reporter(quiet=False, json_log=False) as reporter:
        effect = effect_of(raw, files, (rules, draft.rules), model, reporter.progress)
    for line in effect.failed:
        err_console.print(Text.assemble(("failed ", "red"), line), soft_wrap=True)
    before, after = judge(effect.before, files), judge(effect.after, files)
    for board in (*move_boards(effect.moves, most), *gain_boards(before, after, most), scores_board(before, after)):
        show_board(board)
    out_console.print(f"{len(broken)} examples broken, {len(effect.moves)} values move; nothing was written")
    if broken or effect.failed:
        raise typer.Exit(3 if broken else 4)


def import_gold(
    corrections: Annotated[
        Path, typer.Argument(help="CSV file: observation_id, and the columns that are corrected; one line a number.")
    ],
    out: Out = PROCESSED,
    raw: Raw = DATA,
    gold: Gold = GOLD,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Numbers without a line in these reports were looked at, and are right.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace gold files of the same text.")] = False,
) -> None:
    """Turn rows of the tables in --out, corrected by hand, into annotated reports in --gold.

    An empty cell means: as it was read. The cell `none` empties value, low, high, period, part_of or subject. The
    column `action` says `drop` for what is no quantity, and `add` for a number that was missed: a line with a name of
    your own as observation_id, and source, raw_start, raw_end, measure, topic, value. A corrected value sets the bounds
    that its qualifier gives. Columns to read by (sentence, raw_text …) may stay in the file.

    Gold says of every number of a report what is right, and that there is no other. So a report is imported only when
    each of its numbers has a line, or you say --reviewed. Its title, its sections and their kinds are taken as read.
    Nothing of a report is imported when one of its lines cannot be used; other reports are.

    Example: cunbao gold import corrections.csv --out data/processed --raw data/raw --gold my-gold
    """
    from pipeline.confirm import confirm, write_gold
    from pipeline.corrections import read_corrections
    from pipeline.trial import TABLES, load_tables

    lines = read_corrections(corrections)
    annotated, faults = confirm(lines, load_tables(out, (*TABLES, "sources")), raw, reviewed=reviewed)
    written, refused = write_gold(annotated, gold, force=force)
    for said in (*faults, *refused):
        err_console.print(Text(said), soft_wrap=True)
    for path in written:
        out_console.print(Text(f"written: {path}"), soft_wrap=True)
    out_console.print(f"{len(lines)} lines, {len(written)} gold files, {len(faults) + len(refused)} faults")
    if faults or refused:
        raise typer.Exit(4)


def compare(
    base: Annotated[str, typer.Argument(help="A commit, branch or tag of this repository.")],
    gold: Gold = GOLD,
    raw: Raw = DATA,
    most: Annotated[int, typer.Option("--most", min=0, help="How many gains and losses to list.")] = 40,
) -> None:
    """Show which numbers are read better or worse than at an earlier commit.

    Example: cunbao compare HEAD~1
    """
    from pipeline.evaluate import evaluate as judge
    from pipeline.gold import load_gold
    from pipeline.rules import load_rules
    from pipeline.scoreboard import change_boards
    from pipeline.topics.model import load_model
    from pipeline.trial import read_gold, read_gold_at

    files, rules = load_gold(gold, [raw]), load_rules()
    before = judge(read_gold_at(base, files, Path.cwd()), files)
    after = judge(read_gold(files, rules, dict.fromkeys((g.name for g in files), load_model())), files)
    for board in change_boards(before, after, most):
        show_board(board)
