"""Fits the weights of the topic scorer to the gold, and scores them by cross-validation over reports.

The fit is a conditional logit with an L2 penalty, maximised by L-BFGS (scipy.optimize): convex, so deterministic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold

from pipeline.extract import quantities_in
from pipeline.gold import GoldFile, match
from pipeline.rules import Measure, RuleSet, TopicName
from pipeline.topics import Evidence, gather, vote_together
from pipeline.topics.features import Vote, share_votes
from pipeline.topics.model import Round, TopicModel, best, top

TOPICS: tuple[str, ...] = get_args(TopicName)
MEASURES: tuple[str, ...] = get_args(Measure)
PLACE = {topic: i for i, topic in enumerate(TOPICS)}
PENALTY = 0.3  # L2, chosen by cross-validation over reports among 0.03, 0.1, 0.3, 1, 3
INNER_FOLDS = 3  # for what round two is told of its neighbours
KEY_PENALTY = 1.0  # L2 on the weights of keys, chosen the same way among 0.5, 1, 2
LEAST_WEIGHT = 0.03  # smaller weights of keys are left out: they make half of the file and change no decision
KEY_REPORTS = 3  # a key of the context is believed once it stood in this many reports


@dataclass(frozen=True)
class Example:
    """The quantities of one gold file with their right topics; None where gold and chain disagree on the number."""

    source: str
    evidence: tuple[Evidence, ...]
    gold: tuple[str | None, ...]


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
    return Example(gold.name, tuple(gather(contexts, rules)), tuple(topics))


def fit(examples: Sequence[Example], taught: Sequence[Example] = (), *, penalty: float = PENALTY) -> TopicModel:
    """The weights of both rounds, fitted to `examples` and to the sentences written for teaching.

    Round two sees the topics that round one gives to reports it was not fitted to: those of its own reports would be
    too good to be true.
    """
    every = [*examples, *taught]
    guessed: dict[int, list[str]] = {}
    for training, held in folds(every, INNER_FOLDS):
        alone = _fit_round(training, [[e.votes for e in x.evidence] for x in training], penalty)
        guessed.update((id(x), _decide_alone(alone, x)) for x in held)
    alone = _fit_round(every, [[e.votes for e in x.evidence] for x in every], penalty)
    together = _fit_round(every, [_votes_given(x, guessed[id(x)]) for x in every], penalty)
    return TopicModel(alone, together)


def _votes_given(example: Example, topics: Sequence[str]) -> list[list[Vote]]:
    """The votes for each quantity when its neighbours have `topics`."""
    shares = share_votes([e.context for e in example.evidence], topics)
    return [vote_together(example.evidence, i, topics, topics, shares[i]) for i in range(len(topics))]


def _decide_alone(round_: Round, example: Example) -> list[str]:
    return [top(round_.scores(e.keys, e.votes)) for e in example.evidence]


def decide(model: TopicModel, example: Example) -> tuple[list[str], list[float]]:
    """The topics that `model` gives to the quantities of `example`, and their probabilities."""
    alone = _decide_alone(model.alone, example)
    shares = share_votes([e.context for e in example.evidence], alone)
    decided: list[str] = []
    confidence: list[float] = []
    for i, e in enumerate(example.evidence):
        votes = vote_together(example.evidence, i, decided, alone, shares[i])
        topic, p = best(model.together.scores(e.keys, votes))
        decided.append(topic)
        confidence.append(p)
    return decided, confidence


def _believed(examples: Sequence[Example]) -> dict[str, set[str]]:
    """The topics that each key of the context was seen with, for keys that stand in enough reports."""
    reports: Counter[str] = Counter()
    topics: dict[str, set[str]] = defaultdict(set)
    for x in examples:
        known = [(e.keys[1:], g) for e, g in zip(x.evidence, x.gold, strict=True) if g]
        reports.update({key for keys, _ in known for key in keys})
        for keys, topic in known:
            for key in keys:
                topics[key].add(topic)
    return {key: topics[key] for key, n in reports.items() if n >= KEY_REPORTS}


def _fit_round(examples: Sequence[Example], votes: Sequence[Sequence[Sequence[Vote]]], penalty: float) -> Round:
    believed = _believed(examples)
    index: dict[tuple[str, ...], int] = {}
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []

    def put(topic: str, *key: str) -> None:
        rows.append(len(targets) * len(TOPICS) + PLACE[topic])
        columns.append(index.setdefault(key, len(index)))

    for x, file_votes in zip(examples, votes, strict=True):
        for e, gold, mine in zip(x.evidence, x.gold, file_votes, strict=True):
            if gold is None:
                continue
            for topic in TOPICS:
                put(topic, "bias", e.keys[0], topic)
            for key in e.keys[1:]:
                for topic in sorted(believed.get(key, ())):
                    put(topic, "bias", key, topic)
            for vote in mine:
                put(vote.topic, "weight", vote.feature)
            targets.append(PLACE[gold])
    matrix = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(targets) * len(TOPICS), len(index)))
    penalties = np.array([penalty if key[0] == "weight" or key[1] in MEASURES else KEY_PENALTY for key in index])
    return _round_of(index, _maximise(matrix, np.array(targets), penalties))


def _maximise(matrix: csr_matrix, targets: NDArray[np.int64], penalty: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights that maximise the penalised log-likelihood of `targets`."""
    n = len(targets)
    right = np.arange(n) * len(TOPICS) + targets
    observed = np.asarray(matrix[right].sum(axis=0)).ravel()
    transposed = matrix.T.tocsr()

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = (matrix @ w).reshape(n, len(TOPICS))
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        value = -(scores[np.arange(n), targets] - np.log(total.ravel())).sum() + penalty @ (w * w)
        return float(value), transposed @ p.ravel() - observed + 2 * penalty * w

    found = minimize(loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x, dtype=np.float64)


def _round_of(index: dict[tuple[str, ...], int], weights: NDArray[np.float64]) -> Round:
    found: dict[str, float] = {}
    bias: dict[str, dict[str, float]] = {m: dict.fromkeys(TOPICS, 0.0) for m in MEASURES}
    for key, i in index.items():
        value = round(float(weights[i]), 2)
        if key[0] == "weight":
            found[key[1]] = value
        elif abs(value) >= LEAST_WEIGHT:
            bias.setdefault(key[1], {})[key[2]] = value
    return Round(found, bias)


def write_model(model: TopicModel, path: Path) -> None:
    """Writes the weights as JSON."""
    path.write_text(model.to_json() + "\n", "utf-8")


def folds(examples: Sequence[Example], n: int = 7) -> list[tuple[list[Example], list[Example]]]:
    """`n` divisions of the reports into (train, test) with about as many numbers each; every report is tested once."""
    n = min(n, len(examples))
    if n < 2:
        return [([], list(examples))] if examples else []
    owners = [i for i, x in enumerate(examples) for _ in range(max(1, len(x.gold)))]
    split = GroupKFold(n_splits=n).split(np.zeros(len(owners)), groups=owners)
    tested = [sorted({owners[row] for row in rows}) for _, rows in split]
    return [([x for i, x in enumerate(examples) if i not in held], [examples[i] for i in held]) for held in tested]
