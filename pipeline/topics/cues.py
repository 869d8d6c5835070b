"""Every cue word and cue pattern of rules/topics that stands in a text, found in one scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.rules import RuleSet, TopicRule


class Cue(NamedTuple):
    """One cue in the text."""

    start: int
    end: int
    rule: TopicRule


class CueFinder:
    """The cue words of all topic rules as one automaton, the patterns beside it.

    Words are matched leftmost-longest, so 脱贫不稳定户 is not also read as 脱贫.
    """

    def __init__(self, topics: Iterable[TopicRule], patterns: dict[str, regex.Pattern[str]]) -> None:
        words: dict[str, list[TopicRule]] = defaultdict(list)
        self._patterns = []
        for rule in topics:
            for word in rule.words:
                words[word].append(rule)
            if rule.pattern:
                self._patterns.append((patterns[rule.id], rule))
        self._rules = list(words.values())
        self._automaton = AhoCorasick(list(words), matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str) -> list[Cue]:
        """The cues of `text`, in order of their place."""
        found = [
            Cue(start, end, rule)
            for index, start, end in self._automaton.find_matches_as_indexes(text)
            for rule in self._rules[index]
        ]
        if self._patterns:  # words alone are found in order
            for pattern, rule in self._patterns:
                found.extend(Cue(m.start(), m.end(), rule) for m in pattern.finditer(text))
            found.sort(key=lambda c: (c.start, c.end))
        return found


@lru_cache(maxsize=4)
def cue_finder(rules: RuleSet) -> CueFinder:
    """The finder for `rules`, built once."""
    return CueFinder(rules.topics, {r.id: rules.compile(r) for r in rules.topics if r.pattern})
