"""The scorer that turns votes and the words around a number into a topic.

A conditional logit: score(topic) = sum of bias[key, topic] over the keys of the context (the measure, the unit, pairs
of characters, the votes themselves) + sum of the weights of the features that vote for the topic; the probabilities are
the softmax of the scores (McFadden 1974). The weights of votes are shared by all topics, so a new word in rules/ counts
without training; those of keys are each topic's own. Two rounds: "alone" from what stands in the text, "together" also
with the topics that round one gave to the neighbours.

The weights are fitted by train.py and ship as a table, model.parquet: round, key, topic (null for the weight of a
vote), weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import RuleError
from pipeline.rules import TopicName
from pipeline.topics.features import Vote

MODEL = Path(__file__).resolve().parent / "model.parquet"
TOPICS: tuple[str, ...] = get_args(TopicName)
PLACE = {topic: i for i, topic in enumerate(TOPICS)}
COLUMNS = pa.schema([("round", pa.string()), ("key", pa.string()), ("topic", pa.string()), ("weight", pa.float32())])


@dataclass(frozen=True)
class Round:
    """The weights of one round."""

    weights: Mapping[str, float]  # feature of a vote -> weight, shared by all topics
    rows: Mapping[str, int]  # key of the context, the measure among them -> row of `bias`
    bias: NDArray[np.float32]  # a row for each key, a column for each of TOPICS

    def scores(self, keys: Sequence[str], votes: Sequence[Vote]) -> list[float]:
        """The score of each of TOPICS."""
        rows, weights = self.rows, self.weights
        scores: list[float] = self.bias[[rows[key] for key in keys if key in rows]].sum(axis=0).tolist()
        for vote in votes:
            weight = weights.get(vote.feature)
            if weight is not None:
                scores[PLACE[vote.topic]] += weight
        return scores

    def weigh(self, votes: Sequence[Vote], topic: str) -> tuple[tuple[str, str, float], ...]:
        """The votes with their weights, as (topic, rule, weight), those for `topic` first, strongest first."""
        weights = self.weights
        order = sorted((v.topic != topic, -weights.get(v.feature, 0.0), v.rule, v.topic) for v in votes)
        return tuple((name, rule, -weight) for _, weight, rule, name in order)


@dataclass(frozen=True)
class TopicModel:
    """The two rounds of the scorer."""

    alone: Round
    together: Round

    def to_table(self) -> pa.Table:
        """The weights other than nought, in the order of their names; the columns are COLUMNS."""
        found: list[tuple[str, str, str | None, float]] = []
        for name, round_ in (("alone", self.alone), ("together", self.together)):
            found += [(name, feature, None, round_.weights[feature]) for feature in sorted(round_.weights)]
            for key in sorted(round_.rows):
                row = round_.bias[round_.rows[key]]
                found += [(name, key, TOPICS[i], float(row[i])) for i in np.flatnonzero(row)]
        return pa.table([list(column) for column in zip(*found, strict=True)] or [[]] * len(COLUMNS), schema=COLUMNS)


def top(scores: Sequence[float]) -> str:
    """The topic with the highest score."""
    return TOPICS[scores.index(max(scores))]


def best(scores: Sequence[float]) -> tuple[str, float]:
    """The topic with the highest score, and its probability under the softmax."""
    highest = max(scores)
    exp = math.exp
    return TOPICS[scores.index(highest)], 1.0 / sum([exp(s - highest) for s in scores])


def write_model(model: TopicModel, path: Path) -> None:
    """Writes the weights as Parquet."""
    pq.write_table(model.to_table(), path, compression="zstd", compression_level=19)


@lru_cache(maxsize=1)
def load_model(path: Path = MODEL) -> TopicModel:
    """Reads the fitted weights.

    Raises RuleError if the file is missing or is no model.
    """
    try:
        table = pq.read_table(path, schema=COLUMNS)
        return TopicModel(*(_read_round(table, name) for name in ("alone", "together")))
    except (OSError, ValueError, KeyError, pa.ArrowException) as e:
        raise RuleError(f"{path}: no usable topic model ({e}); restore it from git or run make train") from None


def _read_round(table: pa.Table, name: str) -> Round:
    mine = table.filter(pc.equal(table["round"], name)).combine_chunks()
    shared = pc.is_null(mine["topic"])
    votes, keyed = mine.filter(shared).to_pydict(), mine.filter(pc.invert(shared)).combine_chunks()
    keys = keyed["key"].chunk(0).dictionary_encode()
    bias = np.zeros((len(keys.dictionary), len(TOPICS)), dtype=np.float32)
    columns = pc.index_in(keyed["topic"], pa.array(TOPICS)).to_numpy()
    bias[keys.indices.to_numpy(), columns] = keyed["weight"].to_numpy()
    weights = {feature: round(weight, 2) for feature, weight in zip(votes["key"], votes["weight"], strict=True)}
    return Round(weights, {key: i for i, key in enumerate(keys.dictionary.to_pylist())}, bias)
