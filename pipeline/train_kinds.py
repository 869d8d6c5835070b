"""Fits the weights of the section kinds (kinds.py) to the gold, with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression

from pipeline.extract import quantities_in
from pipeline.gold import GoldFile
from pipeline.kinds import KindModel, features_of
from pipeline.lines import LIST_LEVEL
from pipeline.rules import RuleSet

PAIRS = 900  # features kept: those that tell the kinds apart best by chi-squared
PENALTY = 0.5  # inverse L2 penalty, chosen by cross-validation among 0.05, 0.1, 0.5, 2


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
    text, document, _, _ = quantities_in(gold.path, gold.path.name, rules)
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
    model = LogisticRegression(C=PENALTY, max_iter=2000).fit(matrix[:, chosen], kinds)
    weights = {names[column]: [round(float(w), 3) for w in model.coef_[:, i]] for i, column in enumerate(chosen)}
    return KindModel(tuple(map(str, model.classes_)), tuple(round(float(b), 3) for b in model.intercept_), weights)


def write_kinds(model: KindModel, path: Path) -> None:
    """Writes the weights of the section kinds as JSON."""
    path.write_text(model.to_json() + "\n", "utf-8")
