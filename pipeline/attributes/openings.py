"""With what the matches of a pattern begin, read off the pattern: 每|人均 begins with 每 or with 人均.

So the cues of all files can be looked for with one automaton, and a pattern is tried only where it can match. Nothing
is left to whoever writes rules: what cannot be read off (\\p{Han}, [^、]) ends an opening early, or leaves none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from pipeline.rules import QUANTIFIER

LONGEST = 3  # code points of an opening: enough to tell words apart
MOST = 250  # openings of one pattern, before they are cut shorter
BEHIND = "(?<="
GROUPS = regex.compile(r"\((?:\?(?:(?P<zero><?[=!])|[:>]|P?<\w+>))?")
BRACKETS = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|[()]")  # what is escaped or in a set is none
LITERAL = {"n": "\n", "t": "\t", "r": "\r"}
ZERO_WIDTH = "AZbB"

# What a part of a pattern begins with: texts, and whether what follows the part goes on directly after them.
Heads = frozenset[tuple[str, bool]]
NOTHING: Heads = frozenset({("", True)})
ANYTHING: Heads = frozenset({("", False)})


class Openings(NamedTuple):
    """Every match begins `shift` code points behind the start of one of `texts`."""

    texts: tuple[str, ...]
    shift: int


class _UnreadableError(Exception):
    """The pattern uses what this module does not know."""


def openings(pattern: str) -> Openings | None:
    """The openings of `pattern` (its macros expanded); None where nothing can be said."""
    try:
        return _behind(pattern) or _from_start(pattern)
    except _UnreadableError:
        return None


def _from_start(pattern: str) -> Openings | None:
    texts = {text for text, _ in _Reader(pattern).whole()}
    return None if "" in texts else Openings(tuple(sorted(_shortest(texts))), 0)


def _behind(pattern: str) -> Openings | None:
    """The same of a pattern that begins by saying what stands before its match: (?<=每)."""
    if not pattern.startswith(BEHIND):
        return None
    reader = _Reader(pattern, len(BEHIND))
    heads = reader.alternatives()
    reader.at += 1
    lengths = {len(text) for text, _ in heads}
    texts = {text for text, _ in _joined(heads, reader.sequence())}
    fixed = len(lengths) == 1 and 0 not in lengths and all(goes_on for _, goes_on in heads)
    only = reader.at == len(pattern)  # no | follows, which would not be bound by it
    return Openings(tuple(sorted(_shortest(texts))), lengths.pop()) if fixed and only else None


def _shortest(texts: set[str]) -> Iterator[str]:
    """Those of `texts` that begin with no other of them: each place is found once."""
    return (text for text in texts if not any(text[:n] in texts for n in range(1, len(text))))


class _Reader:
    """Reads a pattern once, from `at` on."""

    def __init__(self, pattern: str, at: int = 0) -> None:
        self.pattern, self.at = pattern, at

    def whole(self) -> Heads:
        """The heads of the whole pattern."""
        heads = self.alternatives()
        if self.at < len(self.pattern):
            raise _UnreadableError
        return heads

    def alternatives(self) -> Heads:
        """Up to the end of the group or of the pattern."""
        heads = self.sequence()
        while self._next() == "|":
            self.at += 1
            heads |= self.sequence()
        return heads

    def sequence(self) -> Heads:
        """Up to | or the end of the group."""
        heads = NOTHING
        while self._next() not in ("", "|", ")"):
            heads = _joined(heads, self._repeated(self._atom()))
        return heads

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _repeated(self, heads: Heads) -> Heads:
        match = QUANTIFIER.match(self.pattern, self.at)
        if match is None:
            return heads
        self.at = match.end()
        least, most = _bounds(match["base"])
        cap = min(most, least + LONGEST)  # more of it begin as these do
        power = NOTHING
        found: set[tuple[str, bool]] = set()
        for times in range(cap + 1):
            if times >= least:
                found |= power if times < cap or most == cap else {(text, False) for text, _ in power}
            power = _joined(power, heads)
        return frozenset(found)

    def _atom(self) -> Heads:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "{":
            raise _UnreadableError  # fuzzy matching
        self.at += 1
        if char == ".":
            return ANYTHING
        if char in "^$":
            return NOTHING
        return self._escaped() if char == "\\" else frozenset({(char, True)})

    def _group(self) -> Heads:
        opening = GROUPS.match(self.pattern, self.at)
        if opening is None or self.pattern[opening.end()] in "?*":
            raise _UnreadableError  # flags, a call, a condition
        self.at = opening.end()
        if opening["zero"]:
            self._skip_group()
            return NOTHING
        heads = self.alternatives()
        self.at += 1
        return heads

    def _skip_group(self) -> None:
        depth = 1
        for mark in BRACKETS.finditer(self.pattern, self.at):
            depth += {"(": 1, ")": -1}.get(mark[0], 0)
            if not depth:
                self.at = mark.end()
                return

    def _escaped(self) -> Heads:
        char = self._next()
        self.at += 1
        if char in ZERO_WIDTH:
            return NOTHING
        if char in "pP":
            self.at = self.pattern.index("}", self.at) + 1
        if not (char.isascii() and char.isalnum()):
            return frozenset({(char, True)})
        return frozenset({(LITERAL[char], True)}) if char in LITERAL else ANYTHING

    def _set(self) -> Heads:
        """The characters between [ and ], unless they are all but these."""
        self.at += 1
        chars: set[str] = set()
        known = self._next() != "^"
        first = self.at + (not known)
        self.at = first
        while self._next() != "]" or self.at == first:
            low = self._member()
            high = low
            if self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                high = self._member()
            known = known and bool(low and high) and ord(high) - ord(low) < MOST
            chars |= {chr(c) for c in range(ord(low), ord(high) + 1)} if known else set()
        self.at += 1
        return frozenset((char, True) for char in chars) if known else ANYTHING

    def _member(self) -> str:
        """One character of a set; "" for a class of them."""
        char = self._next()
        self.at += 1
        if char == "[" and self._next() == ":":
            raise _UnreadableError  # [[:alpha:]]
        if char != "\\":
            return char
        return next((text for text, _ in self._escaped()), "")


def _bounds(quantifier: str) -> tuple[int, int]:
    """How often what stands before `quantifier` may stand."""
    if quantifier in "?*+":
        return int(quantifier == "+"), 1 if quantifier == "?" else 1000
    least, comma, most = quantifier[1:-1].partition(",")
    return int(least or 0), int(most or 1000) if comma else int(least)


def _joined(first: Heads, second: Heads) -> Heads:
    """The heads of `first` with those of `second` behind them, cut to so few as are worth looking for."""
    if not any(goes_on for _, goes_on in first):
        return first
    return next(joined for length in range(LONGEST, -1, -1) if (joined := _joined_to(length, first, second)))


def _joined_to(length: int, first: Heads, second: Heads) -> Heads | None:
    """The heads of `first` and `second`, at most `length` long; None if they are too many."""
    joined: set[tuple[str, bool]] = set()
    for text, goes_on in first:
        for more, open_end in second if goes_on else NOTHING:
            whole = (text + more)[:length]
            joined.add((whole, goes_on and open_end and len(whole) < length))
        if len(joined) > MOST:
            return None
    return frozenset(joined)
