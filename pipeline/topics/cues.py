"""Every cue word and cue pattern of rules/topics that stands in a text, found in one scan."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, get_args

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from pipeline.rules import Measure, RuleSet, TopicName

TOPICS: tuple[str, ...] = get_args(TopicName)
PLACE = {topic: i for i, topic in enumerate(TOPICS)}
KINDS = ("thing", "act", "group", "frame")  # of cues, the strongest first
MEASURES = {measure: i for i, measure in enumerate(get_args(Measure))}

Numbers = NDArray[np.int64]


class Cues(NamedTuple):
    """The cues of a text, in order: where each starts and ends, and the number of its rule in RuleSet.topics."""

    starts: Numbers
    ends: Numbers
    rules: Numbers


class CueFinder:
    """The cue words of all topic rules as one automaton, the patterns beside it.

    Words are matched leftmost-longest, so 脱贫不稳定户 is not also read as 脱贫. What a rule says stands in arrays, by
    its number: `kinds` (of KINDS), `topics` (of TOPICS), `measures` (a bit for each of MEASURES that it speaks for),
    `ranks` (its place in the order of the names).
    """

    def __init__(self, rules: RuleSet) -> None:
        words: dict[str, list[int]] = defaultdict(list)
        for i, rule in enumerate(rules.topics):
            for word in rule.words:
                words[word].append(i)
        self._patterns = [(rules.compile(rule), i) for i, rule in enumerate(rules.topics) if rule.pattern]
        self._automaton = AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest)
        self._rules = list(words.values())
        self.names = [rule.id for rule in rules.topics]
        self.kinds = np.array([KINDS.index(rule.kind) for rule in rules.topics], dtype=np.int64)
        self.topics = np.array([PLACE[rule.topic] for rule in rules.topics], dtype=np.int64)
        spoken_for = [[1 << MEASURES[m] for m in rule.measures or MEASURES] for rule in rules.topics]
        self.measures = np.array([sum(bits) for bits in spoken_for], dtype=np.int64)

        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        self.ranks = np.argsort(order)

    def find(self, text: str) -> Cues:
        """The cues of `text`."""
        found = [
            (start, end, rule)
            for index, start, end in self._automaton.find_matches_as_indexes(text)
            for rule in self._rules[index]
        ]
        if self._patterns:  # words alone are found in order
            found += [(m.start(), m.end(), rule) for pattern, rule in self._patterns for m in pattern.finditer(text)]
            found.sort(key=lambda cue: cue[:2])
        flat = np.fromiter(chain.from_iterable(found), np.int64, 3 * len(found))
        return Cues(flat[::3], flat[1::3], flat[2::3])


@lru_cache(maxsize=4)
def cue_finder(rules: RuleSet) -> CueFinder:
    """The finder for `rules`, built once."""
    return CueFinder(rules)
