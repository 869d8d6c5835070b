"""The scorer that turns votes and the words around a number into a topic.

A conditional logit: score(topic) = sum of bias[key, topic] over the keys of the context (the measure, the unit, pairs
of characters) + sum of the weights of the features that vote for the topic; the probabilities are the softmax of the
scores (McFadden 1974). The weights of votes are shared by all topics, so a new word in rules/ counts without training;
those of keys are each topic's own. They ship as JSON (model.json) and are fitted by train.py. Two rounds: "alone" from
what stands in the text, "together" also with the topics that round one gave to the neighbours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import RuleError
from pipeline.topics.features import Vote

MODEL = Path(__file__).resolve().parent / "model.json"


@dataclass(frozen=True)
class Round:
    """The weights of one round."""

    weights: Mapping[str, float]  # feature of a vote -> weight, shared by all topics
    bias: Mapping[str, Mapping[str, float]]  # key of the context, the measure among them -> topic -> bias

    @cached_property
    def _table(self) -> tuple[tuple[str, ...], dict[str, int], NDArray[np.float32]]:
        """The topics, the row of each key, and the biases as one matrix: summing its rows is one call."""
        topics = tuple(sorted({topic for biases in self.bias.values() for topic in biases}))
        column = {topic: i for i, topic in enumerate(topics)}
        matrix = np.zeros((len(self.bias), len(topics)), dtype=np.float32)
        for row, biases in enumerate(self.bias.values()):
            for topic, weight in biases.items():
                matrix[row, column[topic]] = weight
        return topics, {key: i for i, key in enumerate(self.bias)}, matrix

    def scores(self, keys: Sequence[str], votes: Sequence[Vote]) -> dict[str, float]:
        """The score of every topic; `keys` are those of features.context_keys, the measure first."""
        topics, rows, matrix = self._table
        found = [rows[key] for key in keys if key in rows]
        scores: dict[str, float] = dict(zip(topics, matrix[found].sum(axis=0).tolist(), strict=True))
        weights = self.weights
        for vote in votes:
            scores[vote.topic] += weights.get(vote.feature, 0.0)
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

    def to_json(self) -> str:
        """The model as canonical JSON: for each key its weights in hundredths as topic, weight, topic, weight."""
        topics = sorted({t for r in (self.alone, self.together) for biases in r.bias.values() for t in biases})
        column = {topic: i for i, topic in enumerate(topics)}

        def rows(round_: Round) -> dict[str, str]:
            return {
                key: " ".join(f"{column[t]} {round(100 * w)}" for t, w in sorted(biases.items()))
                for key, biases in round_.bias.items()
            }

        rounds = {"alone": self.alone, "together": self.together}
        data = {name: {"weights": r.weights, "bias": rows(r)} for name, r in rounds.items()}
        return json.dumps({"topics": topics, **data}, ensure_ascii=False, indent=0, sort_keys=True)


def _read_round(data: Mapping[str, Any], topics: Sequence[str]) -> Round:
    bias: dict[str, dict[str, float]] = {}
    for key, row in data["bias"].items():
        numbers = [int(n) for n in row.split()]
        bias[key] = {topics[t]: w / 100 for t, w in zip(numbers[::2], numbers[1::2], strict=True)}
    return Round(data["weights"], bias)


def top(scores: Mapping[str, float]) -> str:
    """The topic with the highest score."""
    return max(scores, key=scores.__getitem__)


def best(scores: Mapping[str, float]) -> tuple[str, float]:
    """The topic with the highest score, and its probability under the softmax."""
    topic = top(scores)
    highest = scores[topic]
    return topic, 1.0 / sum(math.exp(s - highest) for s in scores.values())


@lru_cache(maxsize=1)
def load_model(path: Path = MODEL) -> TopicModel:
    """Reads the fitted weights.

    Raises RuleError if the file is missing or is no model.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        return TopicModel(*(_read_round(data[name], data["topics"]) for name in ("alone", "together")))
    except (OSError, ValueError, KeyError, IndexError, TypeError) as e:
        raise RuleError(f"{path}: no usable topic model ({e}); restore it from git or run make train") from None
