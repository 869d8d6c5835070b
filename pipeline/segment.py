"""Text -> reports -> section tree -> sentences. Each level tiles the one above it.

The enumerators are those of GB/T 9704-2012: 一、 （一） 1. （1）, and 一是 where a line opens with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import regex

from pipeline.metadata import describe
from pipeline.records import Document, Report, Section, Sentence, Text
from pipeline.rules import CueRule, RuleSet

HEADING_REACH = 120  # characters in which a heading that runs into its text must end
TITLE_LENGTH = 60
STOP = regex.compile(r"[。！？!?]")
LINE = regex.compile(r"[^\n]*+\n?")
SENTENCE_END = regex.compile(r"[。！？!?]+[”’」』）)]*+|\n+")
QUOTES = {"“": "”", "‘": "’", "《": "》", "（": "）", "(": ")", "「": "」"}
QUOTED_REACH = 40  # a bracket or quote that stays open longer than this does not hold a sentence together


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `start` where its text begins, `end` after its newline."""

    begin: int
    start: int
    end: int
    text: str
    level: int = 0  # of the heading it opens, 0 for none
    ordinal: str = ""
    closing: bool = False


@lru_cache(maxsize=4)
def _levels(rules: RuleSet) -> tuple[tuple[int, regex.Pattern[str]], ...]:
    cues = [c for c in rules.cues["structure"] if c.value.startswith("level")]
    return tuple((int(c.value[-1]), rules.compile(c)) for c in cues)


@lru_cache(maxsize=16)
def _named(rules: RuleSet, value: str) -> tuple[regex.Pattern[str], ...]:
    return tuple(rules.compile(c) for c in rules.cues["structure"] if c.value == value)


def segment(text: Text, rules: RuleSet) -> Document:
    """The reports, sections and sentences of a text."""
    body = text.text
    lines = _lines(body, rules)
    reports: list[Report] = []
    sections: list[Section] = []
    bounds = _report_bounds(lines, rules)
    for number, (first, last) in enumerate(bounds):
        mine = lines[first:last]
        start, end = (0 if number == 0 else mine[0].begin), (len(body) if last == len(lines) else mine[-1].end)
        reports.append(describe(body, Report(start, end), [(x.start, x.text, x.level, x.closing) for x in mine], rules))
        sections += _sections(body, number, start, end, mine, len(sections), rules)
    sentences = tuple(s for i, section in enumerate(sections) for s in _sentences(body, i, section))
    return Document(tuple(reports), tuple(sections), sentences)


def _lines(body: str, rules: RuleSet) -> list[Line]:
    lines = []
    for m in LINE.finditer(body):
        if not m[0]:
            continue
        stripped = m[0].strip()
        start = m.start() + (len(m[0]) - len(m[0].lstrip()) if stripped else 0)
        level, ordinal = _enumerator(stripped, rules)
        lines.append(Line(m.start(), start, m.end(), stripped, level, ordinal))
    return _mark_closing(lines, rules)


def _enumerator(line: str, rules: RuleSet) -> tuple[int, str]:
    """The level of the heading that a line opens with, and its enumerator."""
    for level, pattern in _levels(rules):
        m = pattern.match(line)
        if m:
            return level, m[0].strip()
    return 0, ""


def _mark_closing(lines: list[Line], rules: RuleSet) -> list[Line]:
    """Marks signature, date and source lines: those that stand before a blank end or before the next title."""
    for i in range(len(lines) - 1, -1, -1):
        line = lines[i]
        after = lines[i + 1] if i + 1 < len(lines) else None
        at_end = after is None or after.closing or (not after.text and (i + 2 >= len(lines) or lines[i + 2].closing))
        signs = any(p.fullmatch(line.text) for p in _named(rules, "closing"))
        signature = any(p.fullmatch(line.text) for p in _named(rules, "signature"))
        if (
            line.text
            and not line.level
            and ((signs and at_end) or (signature and at_end and after is not None and after.closing))
        ):
            lines[i] = replace(line, closing=True)
        elif not line.text and at_end and after is not None and after.closing:
            continue
    return lines


def _report_bounds(lines: Sequence[Line], rules: RuleSet) -> list[tuple[int, int]]:
    """The (first, last) lines of each report: a new one begins where the first-level numbering starts again."""
    cuts = [0]
    begun = False
    for i, line in enumerate(lines):
        if line.level == 1 and any(p.match(line.text) for p in _named(rules, "first")):
            if begun:
                cut = _introduction_before(lines, i, cuts[-1])
                if cut is not None:
                    cuts.append(cut)
            begun = True
    return [(a, b) for a, b in zip(cuts, [*cuts[1:], len(lines)], strict=True)]


def _introduction_before(lines: Sequence[Line], i: int, floor: int) -> int | None:
    """Where the report whose first heading is line `i` begins: at the text before it that belongs to no section."""
    j = i
    while j - 1 > floor and not lines[j - 1].level and not lines[j - 1].closing and i - j < 8:
        if lines[j - 1].text and j - 1 > 0 and lines[j - 2].level and not _is_heading_only(lines[j - 2]):
            j -= 1
            break
        j -= 1
    while j < i and not lines[j].text:
        j += 1
    return j


def _is_heading_only(line: Line) -> bool:
    return len(line.text) < TITLE_LENGTH and not STOP.search(line.text)


def _sections(
    body: str, report: int, start: int, end: int, lines: Sequence[Line], offset: int, rules: RuleSet
) -> list[Section]:
    opened: list[tuple[Line, int]] = [(x, x.level) for x in lines if x.level]
    closing = next((x for x in lines if x.closing and (not opened or x.start > opened[-1][0].start)), None)
    first = opened[0][0].start if opened else (closing.start if closing else end)
    sections: list[Section] = []
    if first > start or not opened:
        sections.append(Section(report, None, 0, None, None, "intro", start, first, start))
    stack: list[int] = []
    for i, (line, level) in enumerate(opened):
        stop = opened[i + 1][0].start if i + 1 < len(opened) else (closing.start if closing else end)
        while stack and sections[stack[-1]].level >= level:
            stack.pop()
        heading, after = _heading(line)
        parent = stack[-1] if stack else None
        kind = _kind(heading, rules) or (sections[parent].kind if parent is not None else "work")
        sections.append(Section(
            report, None if parent is None else parent + offset, level, line.ordinal, heading, kind, line.start, stop,
            line.start + after,
        ))  # fmt: skip
        stack.append(len(sections) - 1)
    if closing is not None:
        sections.append(Section(report, None, 0, None, None, "closing", closing.start, end, closing.start))
    return sections


def _heading(line: Line) -> tuple[str, int]:
    """The heading that a line opens, without its final stop, and where the text after it begins within the line."""
    stop = STOP.search(line.text[:HEADING_REACH])
    if stop:
        return line.text[: stop.start()], stop.end()
    return line.text.rstrip("：:"), len(line.text)


def _kind(heading: str, rules: RuleSet) -> str | None:
    """What the strongest cue of rules/headings.toml says of a heading; None if none speaks."""
    cues = [c for c in rules.cues["headings"] if c.where == "heading" and _speaks(c, heading, rules)]
    return max(cues, key=lambda c: c.priority).value if cues else None


def _speaks(cue: CueRule, heading: str, rules: RuleSet) -> bool:
    if not rules.compile(cue).search(heading):
        return False
    return not cue.unless or rules.compile_text(cue.unless).search(heading) is None


def _sentences(body: str, number: int, section: Section) -> list[Sentence]:
    """The sentences of a section; the heading is one of its own."""
    cuts = [section.start]
    if section.start < section.body < section.end:
        cuts.append(section.body)
    at = cuts[-1]
    for m in SENTENCE_END.finditer(body, at, section.end):
        if m.end() < section.end and (m[0][0] == "\n" or not _inside_quotes(body, cuts[-1], m)):
            cuts.append(m.end())
    return [Sentence(number, a, b) for a, b in zip(cuts, [*cuts[1:], section.end], strict=True) if b > a]


def _inside_quotes(body: str, start: int, stop: regex.Match[str]) -> bool:
    """Whether a stop stands inside a quote or bracket that closes soon after: “不忘初心。”活动."""
    left = body[max(start, stop.start() - QUOTED_REACH) : stop.start()]
    right = body[stop.start() : stop.start() + QUOTED_REACH]
    if stop[0][-1] in "”’」』）)":
        return False
    return any(left.rfind(o) > left.rfind(c) and c in right.partition("\n")[0] for o, c in QUOTES.items())
