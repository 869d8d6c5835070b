"""The kind of a section by its text, for headings that say nothing of it (四、几个方面).

A multinomial logistic regression over the pairs of characters in the section's text and its place among its
neighbours: score(kind) = bias[kind] + sum of the weights of its features; the probabilities are the softmax. The
weights are fitted by train_kinds.py from the gold with scikit-learn, and ship as JSON. Cross-validated over reports (7
folds, 275 sections without one above them): of the 148 on which it is sure, 98.6 % are right, and none that tells of
work done is taken for another kind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex

from pipeline.errors import RuleError

MODEL = Path(__file__).resolve().parent / "kinds.json"
REACH = 1500  # characters of a section that are looked at
SURE = 0.85  # below this probability the text is taken to say nothing either; chosen by cross-validation over reports
PAIR = regex.compile(r"\p{Han}{2}")
FIRST, LAST = "^", "$"  # features: no section, or none but the closing, stands before or behind it


@dataclass(frozen=True)
class KindModel:
    """The weights: feature -> one for each of `kinds`."""

    kinds: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, Sequence[float]]

    def decide(self, features: frozenset[str]) -> tuple[str, float]:
        """The likeliest kind and its probability."""
        scores = list(self.bias)
        for feature in sorted(features & self.weights.keys()):
            for i, weight in enumerate(self.weights[feature]):
                scores[i] += weight
        best = max(range(len(scores)), key=scores.__getitem__)
        return self.kinds[best], 1.0 / sum(math.exp(s - scores[best]) for s in scores)

    def to_json(self) -> str:
        """The model as canonical JSON."""
        data = {"kinds": self.kinds, "bias": self.bias, "weights": self.weights}
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("],", "],\n")


def features_of(text: str, *, first: bool, last: bool) -> frozenset[str]:
    """The pairs of Chinese characters in a section's text, and whether it is its report's first or last."""
    pairs = {m[0] for m in PAIR.finditer(text[:REACH], overlapped=True)}
    return frozenset(pairs | ({FIRST} if first else set()) | ({LAST} if last else set()))


def kind_of_text(text: str, *, first: bool, last: bool) -> str | None:
    """The kind that a section's text shows; None where it is not sure."""
    kind, probability = load_kinds().decide(features_of(text, first=first, last=last))
    return kind if probability >= SURE else None


@lru_cache(maxsize=1)
def load_kinds(path: Path = MODEL) -> KindModel:
    """Reads the fitted weights.

    Raises RuleError if the file is missing or is no model.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
        return KindModel(tuple(data["kinds"]), tuple(data["bias"]), data["weights"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise RuleError(
            f"{path}: no usable model of section kinds ({e}); restore it from git or run make train"
        ) from None
