"""Fits the weights of the topic scorer to the gold, and scores them by cross-validation over reports.

The fit is a conditional logit with an L2 penalty, maximised by L-BFGS (scipy.optimize): convex, so deterministic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold

from pipeline.extract import evidence_of, quantities_in
from pipeline.gold import GoldFile, match
from pipeline.rules import Measure, RuleSet
from pipeline.topics import Evidence, keys_of, scores_of, settle, vote_together
from pipeline.topics.cues import PLACE, TOPICS
from pipeline.topics.features import share_votes
from pipeline.topics.model import Round, TopicModel, Weights, top
from pipeline.topics.votes import Vote

MEASURES: tuple[str, ...] = get_args(Measure)
PENALTY = 0.3  # L2, chosen by cross-validation over reports among 0.03, 0.1, 0.3, 1, 3
INNER_FOLDS = 3  # for what round two is told of its neighbours
# Steps of the search: more do not change one decision in a thousand.
STEPS, INNER_STEPS = 60, 40
KEY_PENALTY = 0.5  # L2 on the weights of keys, chosen the same way among 0.5, 1, 2
GOLD_WEIGHT = 3.0  # a number of a real report counts as three of the taught ones; chosen the same way among 1, 2, 3, 4
LEAST_WEIGHT = 0.03  # smaller weights of keys are left out, to keep the file small; 0.08 already costs decisions
KEY_REPORTS = 3  # a key of the context is believed once it stood in this many reports


@dataclass(frozen=True)
class Example:
    """The quantities of one gold file with their right topics; None where gold and chain disagree on the number."""

    source: str
    evidence: tuple[Evidence, ...]
    gold: tuple[str | None, ...]
    weight: float = 1.0

    @cached_property
    def keys(self) -> list[tuple[str, ...]]:
        """The keys of the context of each quantity, its measure first."""
        return [keys_of(e) for e in self.evidence]


def examples_of(gold: Sequence[GoldFile], rules: RuleSet) -> list[Example]:
    """What the chain makes of each gold file, with the right topics."""
    return [_example(g, rules) for g in gold]


def _example(gold: GoldFile, rules: RuleSet) -> Example:
    text, _, _, contexts = quantities_in(gold.path, gold.path.name, rules)
    spans = [text.offsets.span(c.quantity.start, c.quantity.end) for c in contexts]
    matched = match([(r.start, r.end) for r in gold.rows], spans)
    topics: list[str | None] = [None] * len(contexts)
    for row, i in zip(gold.rows, matched, strict=True):
        if i is not None and contexts[i].quantity.measure == row.measure:
            topics[i] = row.topic
    return Example(gold.name, tuple(evidence_of(contexts, rules)), tuple(topics), GOLD_WEIGHT)


def fit(examples: Sequence[Example], taught: Sequence[Example] = (), *, penalty: float = PENALTY) -> TopicModel:
    """The weights of both rounds, fitted to `examples` and to the sentences written for teaching.

    Round two sees the topics that round one gives to reports it was not fitted to: those of its own reports would be
    too good to be true.
    """
    every = [*examples, *taught]
    guessed: dict[int, list[str]] = {}
    for training, held in folds(every, INNER_FOLDS):
        alone = _fit_round(training, [_votes_alone(x) for x in training], penalty, steps=INNER_STEPS)
        weights = Weights((alone,))
        guessed.update((id(x), top(scores_of(x.evidence, weights)[:, 0])) for x in held)
    alone = _fit_round(every, [_votes_alone(x) for x in every], penalty)
    together = _fit_round(every, [_votes_given(x, guessed[id(x)]) for x in every], penalty, start=alone)
    return TopicModel(alone, together)


def _votes_alone(example: Example) -> list[tuple[Vote, ...]]:
    return [e.votes for e in example.evidence]


def _votes_given(example: Example, topics: Sequence[str]) -> list[tuple[Vote, ...]]:
    """The votes for each quantity when its neighbours have `topics`."""
    shares = share_votes([e.context for e in example.evidence], topics)
    together = [vote_together(example.evidence, i, topics, topics, shares[i]) for i in range(len(topics))]
    return [e.votes + others for e, others in zip(example.evidence, together, strict=True)]


def decide(model: TopicModel, example: Example) -> tuple[list[str], list[float]]:
    """The topics that `model` gives to the quantities of `example`, and their probabilities."""
    decisions = settle(example.evidence, model)
    return [d.topic for d in decisions], [d.confidence for d in decisions]


def _believed(examples: Sequence[Example]) -> dict[str, set[str]]:
    """The topics that each key of the context was seen with, for keys that stand in enough reports."""
    reports: Counter[str] = Counter()
    topics: dict[str, set[str]] = defaultdict(set)
    for x in examples:
        known = [(keys[1:], topic) for keys, topic in zip(x.keys, x.gold, strict=True) if topic]
        reports.update({key for keys, _ in known for key in keys})
        for keys, topic in known:
            for key in keys:
                topics[key].add(topic)
    # In the order of their names: that of a set changes from process to process, and sums with it in the last digit.
    return {key: topics[key] for key in sorted(reports) if reports[key] >= KEY_REPORTS}


def _fit_round(
    examples: Sequence[Example],
    votes: Sequence[Sequence[Sequence[Vote]]],
    penalty: float,
    *,
    start: Round | None = None,
    steps: int = STEPS,
) -> Round:
    """The weights that maximise the penalised log-likelihood of the right topics, from those of `start` on.

    score = keys @ bias + votes @ weights: the biases of all topics are one matrix, of which only those of the topics
    that a key was seen with are fitted.
    """
    believed = _believed(examples)
    row = {key: i for i, key in enumerate((*MEASURES, *believed))}
    fitted = np.zeros((len(row), len(TOPICS)), dtype=bool)
    fitted[: len(MEASURES)] = True
    for key, topics in believed.items():
        fitted[row[key], [PLACE[topic] for topic in topics]] = True
    column: dict[str, int] = {}
    key_cells: list[tuple[int, int]] = []
    vote_cells: list[tuple[int, int]] = []
    targets: list[int] = []
    counts: list[float] = []
    for x, file_votes in zip(examples, votes, strict=True):
        for names, gold, mine in zip(x.keys, x.gold, file_votes, strict=True):
            if gold is not None:
                n = len(targets)
                key_cells += [(n, row[key]) for key in names if key in row]
                first = n * len(TOPICS)
                vote_cells += [(first + PLACE[v.topic], column.setdefault(v.feature, len(column))) for v in mine]
                targets.append(PLACE[gold])
                counts.append(x.weight)
    keys = _sparse(key_cells, (len(targets), len(row)))
    voting = _sparse(vote_cells, (len(targets) * len(TOPICS), len(column)))
    penalties = np.full((len(row), 1), KEY_PENALTY)
    penalties[: len(MEASURES)] = penalty
    every = np.concatenate([np.broadcast_to(penalties, fitted.shape)[fitted], np.full(len(column), penalty)])
    begin = _begin(start, row, column, fitted)
    found = _maximise(keys, voting, fitted, np.array(targets), np.array(counts, dtype=np.float32), every, begin, steps)
    return _round_of(row, column, fitted, found)


def _sparse(cells: Sequence[tuple[int, int]], shape: tuple[int, int]) -> csr_matrix:
    """A matrix with a one in each of `cells`, or their number where they repeat."""
    places = np.array(cells, dtype=np.int64).reshape(-1, 2)
    return csr_matrix((np.ones(len(places), dtype=np.float32), (places[:, 0], places[:, 1])), shape=shape)


def _begin(
    start: Round | None, row: dict[str, int], column: dict[str, int], fitted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The weights that the search starts from: those of `start`, or noughts."""
    bias, weights = np.zeros(fitted.shape), np.zeros(len(column))
    if start is not None:
        for key, i in row.items():
            if key in start.rows:
                bias[i] = start.bias[start.rows[key]]
        for feature, i in column.items():
            weights[i] = start.weights.get(feature, 0.0)
    return np.concatenate([bias[fitted], weights])


def _maximise(
    keys: csr_matrix,
    voting: csr_matrix,
    fitted: NDArray[np.bool_],
    targets: NDArray[np.int64],
    counts: NDArray[np.float32],
    penalty: NDArray[np.float64],
    begin: NDArray[np.float64],
    steps: int,
) -> NDArray[np.float64]:
    """The fitted biases and then the weights of the votes, that maximise the likelihood of `targets`.

    The n-th target counts as `counts[n]` of them.
    """
    n, inner = len(targets), int(fitted.sum())
    keys_of, voting_of, each = keys.T.tocsr(), voting.T.tocsr(), np.arange(n)
    bias = np.zeros(fitted.shape, dtype=np.float32)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        bias[fitted] = w[:inner]
        scores = keys @ bias + (voting @ w[inner:].astype(np.float32)).reshape(n, len(TOPICS))
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[each, targets].astype(np.float64)
        np.exp(scores, out=scores)
        total = scores.sum(axis=1, keepdims=True)
        scores /= total
        value = counts @ (np.log(total.ravel()) - right) + penalty @ (w * w)
        scores[each, targets] -= 1
        scores *= counts[:, None]
        slope = np.concatenate([(keys_of @ scores)[fitted], voting_of @ scores.ravel()])
        return float(value), slope + 2 * penalty * w

    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return np.asarray(found.x, dtype=np.float64)


def _round_of(
    row: dict[str, int], column: dict[str, int], fitted: NDArray[np.bool_], found: NDArray[np.float64]
) -> Round:
    bias = np.zeros(fitted.shape, dtype=np.float32)
    inner = int(fitted.sum())
    bias[fitted] = found[:inner].round(2)
    bias[len(MEASURES) :][np.abs(bias[len(MEASURES) :]) < LEAST_WEIGHT] = 0
    kept = [(key, i) for key, i in row.items() if bias[i].any()]
    weights = {feature: round(float(found[inner + i]), 2) for feature, i in column.items()}
    return Round(weights, {key: n for n, (key, _) in enumerate(kept)}, bias[[i for _, i in kept]])


def folds(examples: Sequence[Example], n: int = 7) -> list[tuple[list[Example], list[Example]]]:
    """`n` divisions of the reports into (train, test) with about as many numbers each; every report is tested once."""
    n = min(n, len(examples))
    if n < 2:
        return [([], list(examples))] if examples else []
    owners = [i for i, x in enumerate(examples) for _ in range(max(1, len(x.gold)))]
    split = GroupKFold(n_splits=n).split(np.zeros(len(owners)), groups=owners)
    tested = [sorted({owners[row] for row in rows}) for _, rows in split]
    return [([x for i, x in enumerate(examples) if i not in held], [examples[i] for i in held]) for held in tested]
