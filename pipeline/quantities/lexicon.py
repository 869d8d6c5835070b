"""The rules of this stage in the shape that its scan needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import regex
from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.rules import CueRule, RuleSet, UnitRule

END = "\n"  # stands for the end of the text in `left` and `right` of a cue
Pattern = regex.Pattern[str]
Cue = tuple[Pattern, CueRule]
Words = Mapping[str, tuple[tuple[str, CueRule, Pattern | None], ...]]


class Kind(NamedTuple):
    """A unit rule with its figures as decimals."""

    rule: UnitRule
    factor: Decimal
    plus: Decimal
    plain: bool  # whether the number is the value as it stands


class Near(NamedTuple):
    """Cues of a numeral, higher priority first: by what stands right of it, by what stands left, and the others."""

    right: Mapping[str, tuple[Cue, ...]]
    left: Mapping[str, tuple[Cue, ...]]
    always: tuple[Cue, ...]


@dataclass(frozen=True)
class Lexicon:
    """The rules of this stage, sorted by where in a text they are tried."""

    units: Mapping[str, tuple[Kind, ...]]  # of each word; of two rules the one with the higher `least` first
    lengths: Mapping[str, tuple[int, ...]]  # of the words that begin with a character, longest first
    per: Pattern  # what a rate is per: 元|/人·年
    dash: Pattern  # between the numbers of a range
    joint: Pattern  # and of a list
    change: Pattern  # before two numbers that are no range: 由3万元到5万元
    spread: Pattern  # behind a range
    each: Pattern  # before a list: 分别为
    tenth: Pattern  # a digit that is a tenth of the unit before it: 两块|五
    areas: tuple[Cue, ...]  # fates of a stretch of text
    of_han: Near  # fates of a Chinese numeral
    of_digits: Near  # and of any other
    masked: tuple[Cue, ...]
    alone: tuple[Cue, ...]  # of numerals without a unit
    phrases: AhoCorasick
    phrase_cues: tuple[CueRule, ...]  # of each word of `phrases`
    before: Words  # by their last character, longest first
    after: Words  # by their first
    verbs: Pattern  # one group for each of
    verb_cues: tuple[CueRule, ...]
    supplied: tuple[Cue, ...]
    unknown: tuple[Cue, ...]  # a classifier that no rule of units.toml names
    reread: Mapping[str, tuple[Cue, ...]]  # a unit that counts something else here, by its first character
    heads: tuple[Cue, ...]
    counted: tuple[Cue, ...]
    counted_after: tuple[Cue, ...]


@lru_cache(maxsize=4)
def lexicon_of(rules: RuleSet) -> Lexicon:
    """The lexicon of `rules`, built once."""

    def cues(file: str, where: str) -> tuple[Cue, ...]:
        return tuple((rules.compile(c), c) for c in rules.cues[file] if c.where == where and c.pattern)

    units = _units(rules)
    verbs = cues("qualifiers", "verb")
    number, han, digits = (cues("fates", where) for where in ("number", "han", "digits"))
    words = [(w, c) for c in rules.cues["fates"] for w in c.words]
    return Lexicon(
        units=units,
        lengths=_lengths(units),
        per=rules.compile_text("<<rate>>"),
        areas=cues("fates", ""),
        of_han=_near(number + han),
        of_digits=_near(number + digits),
        masked=cues("fates", "mask"),
        alone=tuple(sorted(cues("fates", "alone"), key=lambda c: -c[1].priority)),
        dash=rules.compile_text("<<dash>>"),
        joint=rules.compile_text("<<joint>>"),
        change=rules.compile_text("<<change>>"),
        spread=rules.compile_text("<<spread>>"),
        each=rules.compile_text("<<each_of>>"),
        tenth=rules.compile_text("<<tenth>>"),
        phrases=AhoCorasick([w for w, _ in words], matchkind=MatchKind.LeftmostLongest),
        phrase_cues=tuple(c for _, c in words),
        before=_bounds(rules, "before", -1),
        after=_bounds(rules, "after", 0),
        verbs=rules.compile_text("|".join(f"({c.pattern})" for _, c in verbs)),
        verb_cues=tuple(c for _, c in verbs),
        supplied=cues("supplied", "before"),
        unknown=cues("supplied", "unit"),
        reread=_by_character(cues("supplied", "after"), "right"),
        heads=cues("supplied", "head"),
        counted=cues("counted", "before"),
        counted_after=cues("counted", "after"),
    )


def _units(rules: RuleSet) -> dict[str, tuple[Kind, ...]]:
    units: dict[str, tuple[Kind, ...]] = {}
    for rule in sorted(rules.units, key=lambda u: -u.least):
        kind = Kind(rule, Decimal(str(rule.factor)), Decimal(str(rule.plus)), rule.factor == 1 and not rule.plus)
        for word in rule.words:
            units[word] = (*units.get(word, ()), kind)
    return units


def _lengths(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for word in words:
        lengths.setdefault(word[0], set()).add(len(word))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


def _near(cues: tuple[Cue, ...]) -> Near:
    always = tuple(c for c in cues if not c[1].right and not c[1].left)
    right = {char: found + always for char, found in _by_character(cues, "right").items()}
    return Near(right, _by_character(cues, "left"), always)


def _by_character(cues: tuple[Cue, ...], side: str) -> dict[str, tuple[Cue, ...]]:
    """The cues by the characters that their field `side` names, higher priority first."""
    by: dict[str, tuple[Cue, ...]] = {}
    for cue in sorted(cues, key=lambda c: -c[1].priority):
        for char in getattr(cue[1], side):
            by[char] = (*by.get(char, ()), cue)
    return by


def _bounds(rules: RuleSet, where: str, key: int) -> Words:
    found = [
        (w, c, rules.compile_text(c.unless) if c.unless else None)
        for c in rules.cues["qualifiers"]
        if c.where == where
        for w in c.words
    ]
    found.sort(key=lambda p: -len(p[0]))
    return {w[key]: tuple(p for p in found if p[0][key] == w[key]) for w, _, _ in found}
