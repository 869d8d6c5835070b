"""The lines of a text, and the headings that they open.

The enumerators are those of GB/T 9704-2012, 7.3.3: 一、 （一） 1. （1）, and 一是 where a line opens with it. A line
that holds several headings, because its line ends were lost, is cut into as many lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex

from pipeline.numerals import parse
from pipeline.rules import RuleSet

HEADING_REACH = 120  # characters in which a heading that runs into its text must end
MOST_ENUMERATOR = 16  # characters: no enumerator is longer
LIST_LEVEL = 5  # 一是, 首先: the lowest level
STOP = regex.compile(r"[。！？!?]")
LINE = regex.compile(r"[^\n]*+\n?")
STOPS_BEFORE = frozenset("。！？!?…”） \t\u3000")  # what may stand before a heading inside a line; ；parts a list
OPENS_BEFORE = STOPS_BEFORE | frozenset("：:")  # and before the first of a level


class Line(NamedTuple):
    """One line: `begin` where it begins, `start` where its text begins, `end` after its newline."""

    begin: int
    start: int
    end: int
    text: str  # without the white space around it
    level: int = 0  # of the heading it opens, 0 for none
    ordinal: str = ""  # its enumerator as written
    number: int = 0  # what the enumerator counts, 0 where it counts nothing (首先)
    is_part: bool = False  # 第一部分: a heading that stands above the other first-level ones

    @property
    def is_prose(self) -> bool:
        """Whether the line is running text: it holds a full stop, or a semicolon."""
        text = self.text
        return "。" in text or "；" in text or ";" in text

    @property
    def is_bare_heading(self) -> bool:
        """Whether the line is a heading and nothing else."""
        return self.level > 0 and len(self.text) < HEADING_REACH // 2 and STOP.search(self.text) is None


@lru_cache(maxsize=64)
def patterns(rules: RuleSet, value: str) -> tuple[regex.Pattern[str], ...]:
    """The compiled cues of rules/structure.toml that say `value`."""
    return tuple(rules.compile(c) for c in rules.cues["structure"] if c.value == value)


@lru_cache(maxsize=4096)  # a line is asked for the same few things by several stages
def reads_as(text: str, value: str, rules: RuleSet) -> bool:
    """Whether the whole of `text` (one line) is what the cues of `value` describe."""
    return _whole(rules, value).fullmatch(text) is not None


@lru_cache(maxsize=64)
def _whole(rules: RuleSet, value: str) -> regex.Pattern[str]:
    """One pattern of all cues that say `value`."""
    return regex.compile("|".join(f"(?:{p.pattern})" for p in patterns(rules, value)) or "(?!)")


@lru_cache(maxsize=4)
def _levels(rules: RuleSet) -> tuple[regex.Pattern[str], tuple[tuple[int, str], ...]]:
    """One pattern of all enumerators, and of each (level, what else its value says): level1.part is a sort of its own.

    An enumerator is what its group matches; the groups stand in the order of the rules.
    """
    cues = [c for c in rules.cues["structure"] if c.value.startswith("level")]
    pattern = "|".join(f"(?P<e{i}>{rules.expand(c.alternation())})" for i, c in enumerate(cues))
    return regex.compile(pattern), tuple((int(c.value[5]), c.value[7:]) for c in cues)


def read_lines(body: str, rules: RuleSet) -> list[Line]:
    """The lines of a text in order; together they are the text."""
    whole = [_line(body, m.start(), m.end(), rules) for m in LINE.finditer(body) if m[0]]
    loose = sum(0 < x.level < LIST_LEVEL for x in whole) < 2  # no line but the first can be a heading
    lines = [piece for x in whole for piece in _pieces(body, x, loose, rules)]
    return _without_orphans(lines)


def _line(body: str, begin: int, end: int, rules: RuleSet) -> Line:
    written = body[begin:end]
    text = written.strip()
    start = begin + (len(written) - len(written.lstrip()) if text else 0)
    level, ordinal, sort = _enumerator(text, rules)
    return Line(begin, start, end, text, -level if sort == "next" else level, ordinal, _number(ordinal), sort == "part")


def _enumerator(text: str, rules: RuleSet) -> tuple[int, str, str]:
    """The level of the heading that `text` opens with, its enumerator, and what sort it is of."""
    pattern, sorts = _levels(rules)
    m = pattern.match(text)
    if m is None or m.lastgroup is None:
        return 0, "", ""
    level, sort = sorts[int(m.lastgroup[1:])]
    return level, m[0].strip(), sort


@lru_cache(maxsize=512)
def _number(ordinal: str) -> int:
    digits = [c for c in ordinal if unicodedata.numeric(c, -1) >= 0]
    if not digits:
        return 0
    number = parse("".join(digits))
    if number is None or number.value is None:
        return int(unicodedata.numeric(digits[0]))
    return int(number.value)


def _without_orphans(lines: Sequence[Line]) -> list[Line]:
    """最后 opens a heading only where 首先, which counts nothing either, has opened one before it."""
    found: list[Line] = []
    counts_words = False
    for line in lines:
        if line.level > 0:
            counts_words = line.level == LIST_LEVEL and line.number == 0
        elif line.level < 0:
            line = line._replace(level=-line.level) if counts_words else line._replace(level=0, ordinal="")
        found.append(line)
    return found


def _pieces(body: str, line: Line, loose: bool, rules: RuleSet) -> Iterator[Line]:
    """The line, or the lines that its headings make of it."""
    begin = line.begin
    for cut in _cuts(line, loose, rules):
        yield _line(body, begin, line.start + cut, rules)
        begin = line.start + cut
    yield line if begin == line.begin else _line(body, begin, line.end, rules)


def _cuts(line: Line, loose: bool, rules: RuleSet) -> list[int]:
    """Where further headings begin in the text of a line.

    一、主要做法（一）加强领导: the first of a lower level, while the heading has not ended. Then the ones that count on
    from it after a full stop. In a text that has no lines (`loose`), also 一、 after a stop, if 二、 follows.
    """
    text = line.text
    free = loose and _counts(text, line, rules)
    if not free and line.level not in (1, 2, 3):
        return []
    (pattern,) = patterns(rules, "inline")
    if not free and pattern.search(text, 1, _heading_end(text)) is None:
        return []
    heading = (line.level, len(line.ordinal))
    last = {line.level: line.number}
    cuts: list[int] = []
    for m in pattern.finditer(text, 1):
        at = m.start()
        if not free and not cuts and at >= _heading_end(text):
            break
        level, ordinal, _ = _enumerator(text[at : at + MOST_ENUMERATOR], rules)
        number = _number(ordinal)
        adjoins = number == 1 and 0 < heading[0] < level and heading[1] + 2 <= at < _heading_end(text, heading[1])
        counts_on = number > 1 and number == last.get(level, -1) + 1 and text[at - 1] in STOPS_BEFORE
        opens = free and number == 1 and 0 < level < 3 and text[at - 1] in OPENS_BEFORE
        if adjoins or counts_on or opens:
            cuts.append(at)
            heading = (level, at + len(ordinal))
            last = {k: v for k, v in last.items() if k < level} | {level: number}
    return cuts


def _heading_end(text: str, start: int = 0) -> int:
    """Where the heading that begins at `start` of a line must have ended."""
    stop = STOP.search(text, start, start + HEADING_REACH)
    return stop.start() if stop else min(len(text), start + HEADING_REACH)


def _counts(text: str, line: Line, rules: RuleSet) -> bool:
    """Whether a line holds 一、 and after it 二、, each after a stop: the numbering of a text without line ends."""
    (pattern,) = patterns(rules, "inline")
    wanted = 2 if line.level == 1 and line.number == 1 else 1
    for m in pattern.finditer(text, 1):
        level, ordinal, _ = _enumerator(text[m.start() : m.start() + MOST_ENUMERATOR], rules)
        if level == 1 and _number(ordinal) == wanted and text[m.start() - 1] in OPENS_BEFORE:
            if wanted == 2:
                return True
            wanted = 2
    return False
