"""Runs the chain over the annotated reports, with the shipped weights or with weights fitted on other reports."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import OptionError
from pipeline.extract import extract_file
from pipeline.gold import GoldFile
from pipeline.rules import RuleSet
from pipeline.tables import tables_of
from pipeline.topics.model import TopicModel
from pipeline.train import Example, decide, fit, folds

TABLES = ("observations", "sections", "reports")
FOLDS = 3  # each takes one to two minutes to fit
SIZES = (0, 8, 16, 32)  # reports of the learning curve, before all that a fold may learn from


@dataclass(frozen=True)
class Learnt:
    """The topics decided after learning from so many gold reports and taught passages, by weights that never saw the
    report they were tried on; in the order of the gold files and of their texts. All that a fold has are a few more
    in one fold than in another: `reports` is then the largest number."""

    reports: int
    taught: int
    topics: tuple[str, ...]


def read_gold(gold: Sequence[GoldFile], rules: RuleSet, models: Mapping[str, TopicModel]) -> dict[str, pa.Table]:
    """The tables of the gold's raw texts; `models` gives the topic model for each gold file by its name."""
    readings = [extract_file(g.path, g.path.name, rules, models[g.name]) for g in gold]
    return tables_of(readings, rules, fingerprint=rules.fingerprint, ingested_at=dt.datetime.now(dt.UTC))


def fold_models(examples: Sequence[Example], taught: Sequence[Example]) -> dict[str, TopicModel]:
    """For each gold file a model fitted without it: cross-validation over whole reports in FOLDS folds."""
    models: dict[str, TopicModel] = {}
    for training, held in folds(examples, FOLDS):
        model = fit(training, taught)
        models.update((example.source, model) for example in held)
    return models


def learning_curve(
    examples: Sequence[Example],
    taught: Sequence[Example],
    *,
    sizes: Sequence[int] = SIZES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Learnt]:
    """What is decided after learning from ever more gold reports, with and without the taught passages.

    The folds and the fit are those of `fold_models`. The reports of a smaller size are among those of a larger one:
    each fold shuffles its training reports once, always the same way. Without any report there is only what is taught.
    `progress` counts the fits.
    """
    divided = folds(examples, FOLDS)
    most = max((len(training) for training, _ in divided), default=0)
    steps = [(n, t) for n in (*(s for s in sizes if s < most), most) for t in ((), taught) if n or t]
    for i, (n, passages) in enumerate(steps):
        topics: dict[str, list[str]] = {}
        for k, (training, held) in enumerate(divided):
            progress(i * len(divided) + k, len(steps) * len(divided))
            order = np.random.default_rng(0).permutation(len(training))
            if n or k == 0:  # without any report all folds learn the same
                model = fit([training[j] for j in order[:n]], passages)
            topics.update((x.source, decide(model, x)[0]) for x in held)
        yield Learnt(n, len(passages), tuple(topic for x in examples for topic in topics[x.source]))


def with_topics(tables: Mapping[str, pa.Table], topics: Sequence[str]) -> dict[str, pa.Table]:
    """`tables` as read_gold gives them, with another topic for every observation, in their order."""
    observations = tables["observations"]
    at = observations.column_names.index("topic")
    return {**tables, "observations": observations.set_column(at, "topic", pa.array(topics, pa.string()))}


def load_tables(folder: Path, names: Sequence[str] = TABLES) -> dict[str, pa.Table]:
    """Some of the tables that an earlier run wrote to `folder`.

    Raises OptionError if one is missing.
    """
    try:
        return {name: pq.read_table(folder / name) for name in names}
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
