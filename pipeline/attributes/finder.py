"""Finds the cues of the attributes in a text, in one pass of an automaton over what they begin with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.attributes.openings import Openings, openings
from pipeline.rules import CueRule, RuleSet

# Files whose cues are found in one pass. Places are looked for in headings and names too, where no other cue matters.
GROUPS = (("basis", "status", "role", "period", "part_of"), ("place",))
GROUP_OF = {file: group for group in GROUPS for file in group}
OUTSIDE = frozenset({"section", "heading", "report", "name"})  # cues that are not looked for in sentences
TOUCHING = frozenset({"after", "inside"})
NO_GROUPS: Mapping[str, str | None] = MappingProxyType({})
START = itemgetter(0)
BY_RANK = itemgetter(0, 1, 2)
SHORT = 100  # code points: headings and names, which hold few of the numbers that the engine looks for


class Hit(NamedTuple):
    """A cue found in a text; `groups` are the named groups of its pattern."""

    start: int
    end: int
    cue: CueRule
    groups: Mapping[str, str | None]


class Hits(NamedTuple):
    """The cues of one file in a text, in order, and where each begins."""

    hits: tuple[Hit, ...]
    starts: tuple[int, ...]


NO_HITS = Hits((), ())


class _Tried(NamedTuple):
    """A cue as it is tried where its opening stands."""

    file: int  # its index in the group
    rank: int  # in its file; the strongest is 0
    touching: bool
    shift: int  # from the opening's start to the cue's
    match: Callable[[str, int], regex.Match[str] | None] | None  # None: the opening is the whole cue
    named: bool
    cue: CueRule


# Where the cue starts, its rank, where it ends (negative: the longest comes first), whether it is TOUCHING, the cue.
Found = list[tuple[int, int, int, bool, Hit]]


class Finder:
    """The cues of some files, by what they begin with."""

    def __init__(self, rules: RuleSet, files: Sequence[str]) -> None:
        self._files = files
        tried: dict[str, list[_Tried]] = defaultdict(list)
        self._by_engine: list[tuple[regex.Pattern[str], _Tried]] = []
        self._always: set[int] = set()  # of these, by index, those of which nothing is known
        numbers: dict[str, set[int]] = defaultdict(set)
        for file, name in enumerate(files):
            for rank, cue in enumerate(strongest_first(rules, name)):
                if cue.where in OUTSIDE:
                    continue
                pattern = rules.compile(cue)
                own = Openings(cue.words, 0) if cue.words else openings(pattern.pattern)
                shift, match = own.shift if own else 0, None if cue.words else pattern.match
                one = _Tried(file, rank, cue.where in TOUCHING, shift, match, bool(pattern.groupindex), cue)
                # What begins like a number may begin at most numbers: one call of the engine for the whole text is
                # then faster than a call for each of them.
                if own is None or any(text.isdecimal() for text in own.texts):
                    for text in own.texts if own else "":
                        numbers[text].add(len(self._by_engine))
                    if own is None:
                        self._always.add(len(self._by_engine))
                    self._by_engine.append((pattern, one))
                    continue
                for text in own.texts:
                    tried[text].append(one)
        self._tried = list(tried.values())
        self._automaton = AhoCorasick(list(tried), matchkind=MatchKind.Standard)
        self._beginning = list(numbers.values())
        self._numbers = AhoCorasick(list(numbers), matchkind=MatchKind.Standard)

    def find(self, text: str) -> Mapping[str, Hits]:
        """Every cue in `text`, by file.

        Cues may overlap, but of those of one file that stand to a number in a like way (TOUCHING or not) only the
        strongest begins at each place.
        """
        found: list[Found] = [[] for _ in self._files]
        for index, begin, stop in self._automaton.find_matches_as_indexes(text, overlapping=True):
            for file, rank, touching, shift, match, named, cue in self._tried[index]:
                if match is None:
                    found[file].append((begin, rank, -stop, touching, Hit(begin, stop, cue, NO_GROUPS)))
                elif m := match(text, begin + shift):
                    start, end = m.span()
                    groups = m.groupdict() if named else NO_GROUPS
                    found[file].append((start, rank, -end, touching, Hit(start, end, cue, groups)))
        for pattern, (file, rank, touching, _, _, named, cue) in self._for_engine(text):
            for m in pattern.finditer(text, overlapped=True):
                start, end = m.span()
                groups = m.groupdict() if named else NO_GROUPS
                found[file].append((start, rank, -end, touching, Hit(start, end, cue, groups)))
        return {name: _strongest(kept) for name, kept in zip(self._files, found, strict=True)}

    def _for_engine(self, text: str) -> Sequence[tuple[regex.Pattern[str], _Tried]]:
        """What the engine has to look for in `text`: in a short one only what may begin in it."""
        if len(text) > SHORT:
            return self._by_engine
        found = self._numbers.find_matches_as_indexes(text, overlapping=True)
        some = self._always.union(*[self._beginning[index] for index, _, _ in found])
        return [self._by_engine[number] for number in some]


def _strongest(found: Found) -> Hits:
    """What is found in one file, in order, without what begins where a stronger cue does."""
    if not found:
        return NO_HITS
    found.sort(key=BY_RANK)
    hits: list[Hit] = []
    before = [-1, -1]  # where the last cue that touches a number began, and the last that does not
    for start, _, _, touching, hit in found:
        if before[touching] < start:
            before[touching] = start
            hits.append(hit)
    return Hits(tuple(hits), tuple(map(START, hits)))


def strongest_first(rules: RuleSet, file: str) -> list[CueRule]:
    """The cues of rules/<file>.toml; equal ones in the file's order."""
    return sorted(rules.cues[file], key=lambda cue: -cue.priority)


def hits_in(rules: RuleSet, file: str, text: str) -> Hits:
    """Every cue of rules/<file>.toml in `text`."""
    return _group_in(rules, GROUP_OF[file], text)[file]


@lru_cache(maxsize=32)
def _group_in(rules: RuleSet, group: tuple[str, ...], text: str) -> Mapping[str, Hits]:
    return _finder(rules, group).find(text)


@lru_cache(maxsize=8)
def _finder(rules: RuleSet, group: tuple[str, ...]) -> Finder:
    return Finder(rules, group)
