"""Fits the weights of the topic scorer to the gold, and scores them by cross-validation over reports.

The fit is a conditional logit with an L2 penalty, maximised by L-BFGS (scipy.optimize): convex, so deterministic.
"""

from __future__ import annotations

from collections import Counter
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
from pipeline.topics.features import Vote
from pipeline.topics.model import Round, TopicModel, best, top

TOPICS: tuple[str, ...] = get_args(TopicName)
MEASURES: tuple[str, ...] = get_args(Measure)
PENALTY = 0.3  # L2, chosen by cross-validation over reports among 0.03, 0.1, 0.3, 1, 3
UNIT_REPORTS = 3  # a unit speaks for a topic of its own once it did so in this many reports


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


def fit(examples: Sequence[Example], *, penalty: float = PENALTY) -> TopicModel:
    """The weights of both rounds, fitted to `examples`."""
    alone = _fit_round(examples, [[e.votes for e in x.evidence] for x in examples], penalty)
    guessed = [_decide_alone(alone, x) for x in examples]
    # The neighbours' topics are first taken as round one saw them, then as the scorer itself decides them.
    decided = guessed
    for _ in range(2):
        votes = [
            [tuple(vote_together(x.evidence, i, d, g)) for i in range(len(x.evidence))]
            for x, d, g in zip(examples, decided, guessed, strict=True)
        ]
        together = _fit_round(examples, votes, penalty)
        decided = [decide(TopicModel(alone, together), x)[0] for x in examples]
    return TopicModel(alone, together)


def _decide_alone(round_: Round, example: Example) -> list[str]:
    return [top(round_.scores(e.context.quantity.measure, e.context.quantity.unit, e.votes)) for e in example.evidence]


def decide(model: TopicModel, example: Example) -> tuple[list[str], list[float]]:
    """The topics that `model` gives to the quantities of `example`, and their probabilities."""
    alone = _decide_alone(model.alone, example)
    decided: list[str] = []
    confidence: list[float] = []
    for i, e in enumerate(example.evidence):
        votes = vote_together(example.evidence, i, decided, alone)
        topic, p = best(model.together.scores(e.context.quantity.measure, e.context.quantity.unit, votes))
        decided.append(topic)
        confidence.append(p)
    return decided, confidence


def _unit_pairs(examples: Sequence[Example]) -> set[tuple[str, str]]:
    """The (unit, topic) pairs that stand in enough reports to be believed."""
    seen: Counter[tuple[str, str]] = Counter()
    for x in examples:
        seen.update({(e.context.quantity.unit, g) for e, g in zip(x.evidence, x.gold, strict=True) if g})
    return {pair for pair, n in seen.items() if n >= UNIT_REPORTS}


def _fit_round(examples: Sequence[Example], votes: Sequence[Sequence[Sequence[Vote]]], penalty: float) -> Round:
    pairs = _unit_pairs(examples)
    index: dict[tuple[str, ...], int] = {}
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []

    def put(topic: str, *key: str) -> None:
        rows.append(len(targets) * len(TOPICS) + TOPICS.index(topic))
        columns.append(index.setdefault(key, len(index)))

    for x, file_votes in zip(examples, votes, strict=True):
        for e, gold, mine in zip(x.evidence, x.gold, file_votes, strict=True):
            if gold is None:
                continue
            quantity = e.context.quantity
            for topic in TOPICS:
                put(topic, "bias", quantity.measure, topic)
                if (quantity.unit, topic) in pairs:
                    put(topic, "bias", f"unit.{quantity.unit}", topic)
            for vote in mine:
                put(vote.topic, "weight", vote.feature)
            targets.append(TOPICS.index(gold))
    matrix = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(targets) * len(TOPICS), len(index)))
    weights = _maximise(matrix, np.array(targets), penalty)
    return _round_of(index, weights)


def _maximise(matrix: csr_matrix, targets: NDArray[np.int64], penalty: float) -> NDArray[np.float64]:
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
        value = -(scores[np.arange(n), targets] - np.log(total.ravel())).sum() + penalty * (w @ w)
        return float(value), transposed @ p.ravel() - observed + 2 * penalty * w

    found = minimize(loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return np.asarray(found.x, dtype=np.float64)


def _round_of(index: dict[tuple[str, ...], int], weights: NDArray[np.float64]) -> Round:
    found: dict[str, float] = {}
    bias: dict[str, dict[str, float]] = {m: dict.fromkeys(TOPICS, 0.0) for m in MEASURES}
    for key, i in index.items():
        value = round(float(weights[i]), 4)
        if key[0] == "weight":
            found[key[1]] = value
        else:
            bias.setdefault(key[1], {})[key[2]] = value
    return Round(found, bias)


def write_model(model: TopicModel, path: Path) -> None:
    """Writes the weights as JSON."""
    path.write_text(model.to_json() + "\n", "utf-8")


def folds(examples: Sequence[Example], n: int = 7) -> list[tuple[list[Example], list[Example]]]:
    """`n` divisions of the reports into (train, test) with about as many numbers each; every report is tested once."""
    owners = [i for i, x in enumerate(examples) for _ in range(max(1, len(x.gold)))]
    split = GroupKFold(n_splits=min(n, len(examples))).split(np.zeros(len(owners)), groups=owners)
    tested = [sorted({owners[row] for row in rows}) for _, rows in split]
    return [([x for i, x in enumerate(examples) if i not in held], [examples[i] for i in held]) for held in tested]
