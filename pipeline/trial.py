"""Runs the chain over the annotated reports, with the shipped weights or with weights fitted on other reports."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import OptionError
from pipeline.extract import extract_file
from pipeline.gold import GoldFile
from pipeline.rules import RuleSet
from pipeline.tables import tables_of
from pipeline.topics.model import TopicModel

TABLES = ("observations", "sections", "reports")
FOLDS = 3  # each takes one to two minutes to fit


def read_gold(gold: Sequence[GoldFile], rules: RuleSet, models: Mapping[str, TopicModel]) -> dict[str, pa.Table]:
    """The tables of the gold's raw texts; `models` gives the topic model for each gold file by its name."""
    readings = [extract_file(g.path, g.path.name, rules, models[g.name]) for g in gold]
    return tables_of(readings, rules, fingerprint=rules.fingerprint, ingested_at=dt.datetime.now(dt.UTC))


def fold_models(gold: Sequence[GoldFile], rules: RuleSet) -> dict[str, TopicModel]:
    """For each gold file a model fitted without it: cross-validation over whole reports in FOLDS folds."""
    from pipeline.taught import taught_in
    from pipeline.train import examples_of, fit, folds

    models: dict[str, TopicModel] = {}
    taught = taught_in(rules.folder / "taught", rules)
    for training, held in folds(examples_of(gold, rules), FOLDS):
        model = fit(training, taught)
        models.update((example.source, model) for example in held)
    return models


def load_tables(folder: Path) -> dict[str, pa.Table]:
    """The tables that an earlier run wrote to `folder`.

    Raises OptionError if one is missing.
    """
    try:
        return {name: pq.read_table(folder / name) for name in TABLES}
    except (OSError, pa.ArrowException) as error:
        raise OptionError(
            f"{folder}: no tables can be read there ({error}); give a folder that extract has written"
        ) from None


def read_gold_at(commit: str, gold: Sequence[GoldFile], repository: Path) -> dict[str, pa.Table]:
    """The tables that the code of an earlier commit writes for the gold's raw texts.

    The commit is checked out into a temporary git worktree and its own `extract` is run there.

    Raises OptionError if there is no such commit, or its code fails.
    """
    with tempfile.TemporaryDirectory(prefix="cunbao-compare-") as temporary:
        tree, raw, out = (Path(temporary, name) for name in ("tree", "raw", "out"))
        _run(["git", "-C", str(repository), "worktree", "add", "--detach", str(tree), commit], repository)
        try:
            raw.mkdir()
            for g in gold:
                (raw / g.path.name).write_bytes(g.path.read_bytes())
            _run([sys.executable, "-m", "pipeline", "extract", "--raw", str(raw), "--out", str(out), "--quiet"], tree)
            return {name: table.combine_chunks() for name, table in load_tables(out).items()}
        finally:
            _run(["git", "-C", str(repository), "worktree", "remove", "--force", str(tree)], repository)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise OptionError(f"{' '.join(command[:6])} … failed in {folder}: {said[0]}")
