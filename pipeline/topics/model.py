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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import RuleError
from pipeline.topics.cues import PLACE, TOPICS, Numbers
from pipeline.topics.features import VOTE
from pipeline.topics.pairs import LAST, Codes, codes_of, is_pair
from pipeline.topics.votes import FEATURES, Vote

MODEL = Path(__file__).resolve().parent / "model.parquet"
COLUMNS = pa.schema([("round", pa.string()), ("key", pa.string()), ("topic", pa.string()), ("weight", pa.float32())])


@dataclass(frozen=True)
class Round:
    """The weights of one round."""

    weights: Mapping[str, float]  # feature of a vote -> weight, shared by all topics
    rows: Mapping[str, int]  # key of the context, the measure among them -> row of `bias`
    bias: NDArray[np.float32]  # a row for each key, a column for each of TOPICS

    @cached_property
    def of_features(self) -> NDArray[np.float64]:
        """The weights of the features of cues, as votes.FEATURES has them."""
        return np.array([self.weights.get(feature, 0.0) for feature in FEATURES])

    def weigh(self, votes: Iterable[tuple[str, str, str]], topic: str) -> list[tuple[Vote, float]]:
        """The votes with their weights, those for `topic` first, strongest first."""
        weighed = [(Vote(*vote), self.weights.get(vote[0], 0.0)) for vote in votes]
        return sorted(weighed, key=lambda w: (w[0].topic != topic, -w[1], w[0].rule, w[0].topic))


class Spoken(NamedTuple):
    """What speaks for topics at one place: keys of the context, votes, and pairs of characters."""

    keys: tuple[str, ...]
    votes: Numbers  # a table of votes.py
    pairs: Codes


class Weights:
    """The weights of one or two rounds side by side, for adding up: what is met is looked up once for all of them.

    A vote speaks for its topic by the weight of its feature, and for every topic as a key of the context
    (features.vote_key); both together are one row of the sums.
    """

    def __init__(self, rounds: Sequence[Round]) -> None:
        keys = dict.fromkeys(key for r in rounds for key in r.rows)
        pairs, voted = list(filter(is_pair, keys)), [key for key in keys if key.startswith(VOTE)]
        codes = codes_of(pairs)
        order = np.argsort(codes)
        self._pairs = np.append(codes[order], LAST)  # where a pair stands here is its row
        row = {pairs[i]: n for n, i in enumerate(order.tolist())}
        named = [key for key in keys if key not in row and not key.startswith(VOTE)]
        self._named = {key: n for n, key in enumerate(named, len(row))}
        row.update(self._named)
        said = [key.removeprefix(VOTE).rpartition(".")[::2] for key in voted]
        features = dict.fromkeys(
            (*(feature for r in rounds for feature in r.weights), *(feature for feature, _ in said))
        )
        blocks = {feature: len(row) + n * len(TOPICS) for n, feature in enumerate(features)}  # rows for TOPICS[0]
        self._blocks = np.array([blocks.get(feature, -1) for feature in FEATURES])
        self._sums = np.zeros((len(row) + len(features) * len(TOPICS), len(rounds), len(TOPICS)), dtype=np.float32)
        row.update({key: blocks[feature] + PLACE[topic] for key, (feature, topic) in zip(voted, said, strict=True)})
        each = np.arange(len(TOPICS))
        for i, round_ in enumerate(rounds):
            self._sums[[row[key] for key in round_.rows], i] = round_.bias[list(round_.rows.values())]
            for feature, weight in round_.weights.items():
                self._sums[blocks[feature] + each, i, each] += weight

    def scores(self, spoken: Sequence[Spoken]) -> NDArray[np.float32]:
        """The score of each of TOPICS in each round, for each of `spoken`: an array of these three dimensions."""
        owners, rows = self._met(spoken)
        rows = rows[np.argsort(owners, kind="stable")]
        ends = np.cumsum(np.bincount(owners, minlength=len(spoken))).tolist()
        scores = np.empty((len(spoken), *self._sums.shape[1:]), dtype=np.float32)
        for i, (begin, end) in enumerate(pairwise((0, *ends))):  # numpy's reduceat takes three times as long
            np.add.reduce(self._sums.take(rows[begin:end], axis=0), axis=0, out=scores[i])
        return scores

    def _met(self, spoken: Sequence[Spoken]) -> tuple[Numbers, Numbers]:
        """The rows of the sums that are met, each with the index of who met it."""
        each = np.arange(len(spoken))
        codes = np.concatenate([s.pairs for s in spoken])
        pairs = np.searchsorted(self._pairs, codes)
        known = self._pairs[pairs] == codes
        named = [[self._named[key] for key in s.keys if key in self._named] for s in spoken]
        votes = np.concatenate([s.votes for s in spoken])
        blocks = self._blocks[votes[:, 0]]
        fitted = blocks >= 0
        owners = (
            np.repeat(each, [len(s.pairs) for s in spoken])[known],
            np.repeat(each, [len(rows) for rows in named]),
            np.repeat(each, [len(s.votes) for s in spoken])[fitted],
        )
        rows = (pairs[known], np.array([*chain.from_iterable(named)], np.int64), (blocks + votes[:, 1])[fitted])
        return np.concatenate(owners), np.concatenate(rows)


@dataclass(frozen=True)
class TopicModel:
    """The two rounds of the scorer."""

    alone: Round
    together: Round

    @cached_property
    def both(self) -> Weights:
        """The weights of both rounds."""
        return Weights((self.alone, self.together))

    def to_table(self) -> pa.Table:
        """The weights other than nought, in the order of their names; the columns are COLUMNS."""
        found: list[tuple[str, str, str | None, float]] = []
        for name, round_ in (("alone", self.alone), ("together", self.together)):
            found += [(name, feature, None, round_.weights[feature]) for feature in sorted(round_.weights)]
            for key in sorted(round_.rows):
                row = round_.bias[round_.rows[key]]
                found += [(name, key, TOPICS[i], float(row[i])) for i in np.flatnonzero(row)]
        return pa.table([list(column) for column in zip(*found, strict=True)] or [[]] * len(COLUMNS), schema=COLUMNS)


def top(scores: NDArray[np.float32]) -> list[str]:
    """The topic with the highest score in each row."""
    return [TOPICS[i] for i in scores.argmax(axis=1).tolist()]


def chances(scores: NDArray[np.float64]) -> list[float]:
    """The probability of the topic with the highest score in each row, under the softmax."""
    highest = scores.max(axis=1, keepdims=True)
    found: list[float] = (1.0 / np.exp(scores - highest).sum(axis=1)).tolist()
    return found


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
