"""Fits the weights of the topic scorer and of the section kinds to the gold, and scores the topics by cross-validation.

The fit of the topics is a conditional logit with an L2 penalty, maximised by L-BFGS (scipy.optimize): convex, so
deterministic. So is the logistic regression of the kinds (scikit-learn).
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
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from pipeline.extract import read_quantities
from pipeline.gold import GoldFile, match
from pipeline.kinds import KindModel, features_of
from pipeline.lines import LIST_LEVEL
from pipeline.read import read_source
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
    text, _, _, contexts = read_quantities(read_source(gold.path, gold.path.name), rules)
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
    """`n` divisions of the reports into (train, test); every report is tested once."""
    return [
        ([x for i, x in enumerate(examples) if i % n != k], [x for i, x in enumerate(examples) if i % n == k])
        for k in range(n)
    ]


# --- the kind of a section by its text (kinds.py)

PAIRS = 900  # features kept: those that tell the kinds apart best by chi-squared
KIND_PENALTY = (
    0.5  # inverse L2 penalty of scikit-learn's logistic regression, by cross-validation among 0.05, 0.1, 0.5, 2
)


@dataclass(frozen=True)
class KindExample:
    """A section without one above it: what its text shows, and its right kind."""

    source: str
    features: frozenset[str]
    kind: str


def kind_examples_of(gold: Sequence[GoldFile], rules: RuleSet) -> list[KindExample]:
    """The sections without one above them of each gold file that the chain finds, with their right kinds."""
    return [example for g in gold for example in _kind_examples(g, rules)]


def _kind_examples(gold: GoldFile, rules: RuleSet) -> list[KindExample]:
    text, document, _, _ = read_quantities(read_source(gold.path, gold.path.name), rules)
    right = {(at, h.level): h.kind for h in gold.headings for at in (h.start, h.line_start)}
    examples = []
    for number in range(len(document.reports)):
        top = [s for s in document.sections if s.report == number and 0 < s.level < LIST_LEVEL and s.parent is None]
        under = [max(s.end for s in document.sections if s.report == number and s.level)] if top else []
        for i, (section, end) in enumerate(zip(top, [*(s.start for s in top[1:]), *under], strict=True)):
            raw = text.offsets.span(section.start, section.end)[0]
            kind = right.get((raw, section.level)) or right.get((_line_start(text.raw.text, raw), section.level))
            if kind:
                features = features_of(text.text[section.body : end], first=i == 0, last=i == len(top) - 1)
                examples.append(KindExample(gold.name, features, kind))
    return examples


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def fit_kinds(examples: Sequence[KindExample]) -> KindModel:
    """The weights of the section kinds, fitted to `examples`. Deterministic: the loss is convex."""
    names = sorted({f for e in examples for f in e.features})
    index = {name: i for i, name in enumerate(names)}
    rows = [i for i, e in enumerate(examples) for _ in e.features]
    columns = [index[f] for e in examples for f in sorted(e.features)]
    matrix = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(examples), len(names)))
    kinds = [e.kind for e in examples]
    chosen = np.sort(np.argsort(-chi2(matrix, kinds)[0], kind="stable")[:PAIRS])
    model = LogisticRegression(C=KIND_PENALTY, max_iter=2000).fit(matrix[:, chosen], kinds)
    weights = {names[column]: [round(float(w), 3) for w in model.coef_[:, i]] for i, column in enumerate(chosen)}
    return KindModel(tuple(map(str, model.classes_)), tuple(round(float(b), 3) for b in model.intercept_), weights)


def write_kinds(model: KindModel, path: Path) -> None:
    """Writes the weights of the section kinds as JSON."""
    path.write_text(model.to_json() + "\n", "utf-8")
