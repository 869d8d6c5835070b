"""The commands that judge what is read against the annotated reports, and those that add to what it is judged by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import OptionError
from pipeline.terminal import DATA, GOLD, Gold, Raw, Reporter, show_board

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pipeline.evaluate import FileScore
    from pipeline.gold import GoldFile
    from pipeline.train import Example


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
