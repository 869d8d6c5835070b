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
from functools import cached_property, lru_cache
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

    def sums(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """The sum of the biases of `keys`, for each of TOPICS."""
        found: NDArray[np.float32] = self.bias[[self.rows[key] for key in keys if key in self.rows]].sum(axis=0)
        return found

    def scores(self, sums: NDArray[np.float32], votes: Sequence[Vote]) -> list[float]:
        """The score of each of TOPICS, given the sums of the biases."""
        weights = self.weights
        scores: list[float] = sums.tolist()
        for feature, topic, _ in votes:
            if feature in weights:
                scores[PLACE[topic]] += weights[feature]
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

    @cached_property
    def _joint(self) -> tuple[dict[str, int], NDArray[np.float32]]:
        """The biases of both rounds side by side: a key is looked up once for both."""
        rows = {key: i for i, key in enumerate(dict.fromkeys((*self.alone.rows, *self.together.rows)))}
        bias = np.zeros((len(rows), 2, len(TOPICS)), dtype=np.float32)
        for half, round_ in enumerate((self.alone, self.together)):
            bias[[rows[key] for key in round_.rows], half] = round_.bias
        return rows, bias

    def sums(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """The sums of the biases of `keys`: a row for each of the two rounds, a column for each of TOPICS."""
        rows, bias = self._joint
        found: NDArray[np.float32] = bias[[rows[key] for key in keys if key in rows]].sum(axis=0)
        return found

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
        # Not read_table: it imports pyarrow.dataset and with it pandas.
        table = pq.ParquetFile(path, read_dictionary=COLUMNS.names[:3]).read(use_threads=False)
        return _read_rounds(*(table[name].combine_chunks() for name in COLUMNS.names))
    except (OSError, ValueError, KeyError, pa.ArrowException) as e:
        raise RuleError(f"{path}: no usable topic model ({e}); restore it from git or run make train") from None


def _read_rounds(rounds: pa.Array, keys: pa.Array, topics: pa.Array, weights: pa.Array) -> TopicModel:
    """The columns of the table, all but the weights dictionary-encoded: hundreds of thousands of rows, few names."""
    names, places = keys.dictionary.to_pylist(), np.array([PLACE[t] for t in topics.dictionary.to_pylist()], np.int64)
    rows = {key: i for i, key in enumerate(names)}
    key, weight = keys.indices.to_numpy(), weights.to_numpy()
    topic = pc.fill_null(topics.indices, -1).to_numpy()

    def read(name: str) -> Round:
        mine = rounds.indices.to_numpy() == rounds.dictionary.to_pylist().index(name)
        votes, biased = np.flatnonzero(mine & (topic < 0)), np.flatnonzero(mine & (topic >= 0))
        bias = np.zeros((len(rows), len(TOPICS)), dtype=np.float32)
        bias[key[biased], places[topic[biased]]] = weight[biased]
        said = {names[i]: round(w, 2) for i, w in zip(key[votes].tolist(), weight[votes].tolist(), strict=True)}
        return Round(said, rows, bias)

    return TopicModel(read("alone"), read("together"))
