"""The section tree of a report, and what kind of section each heading opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from pipeline.kinds import kind_of_text
from pipeline.lines import HEADING_REACH, LIST_LEVEL, STOP, Line
from pipeline.records import Report, Section
from pipeline.rules import CueRule, RuleSet

WEAK = 2  # cues of this priority or less (工作, 情况) do not overrule the kind of the section above
KIND_REACH = 40  # characters of a heading in which its kind is looked for
CLAUSE = regex.compile(r"[，,；;：:]")
GENERAL = "work"  # the kind of a section of which nothing else is known


@dataclass(frozen=True, slots=True)
class Frame:
    """A report of which the sections are wanted."""

    body: str  # the whole text
    report: int  # its index
    span: Report
    closing: int | None  # index of its first closing line
    offset: int  # how many sections stand before it in the text
    kind: str | None  # of its sections, unless a heading says otherwise: a plan's


def sections_of(frame: Frame, lines: Sequence[Line], rules: RuleSet) -> list[Section]:
    """The sections of a report, whose `lines` are given; they tile it.

    A section begins where its line does, so that indentation is its own.
    """
    report, span = frame.report, frame.span
    last = span.end if frame.closing is None else lines[frame.closing].begin
    opened = [x for x in lines[: frame.closing] if x.level]
    first = _first(opened, span.start, last)
    sections: list[Section] = []
    if first > span.start:
        sections.append(Section(report, None, 0, None, None, "intro", span.start, first, span.start))
    stops = [*(x.begin for x in opened[1:]), last][: len(opened)]
    stack: list[int] = []
    part: Section | None = None  # 第二部分 is no parent, being of the first level too, but hands its kind on
    for i, (line, stop) in enumerate(zip(opened, stops, strict=True)):
        while stack and sections[stack[-1]].level >= line.level:
            stack.pop()
        parent = sections[stack[-1]] if stack else None if line.is_part else part
        heading, after = _heading(line)
        kind = _kind(heading, line.level, parent.kind if parent else frame.kind, rules)
        sections.append(Section(
            report, stack[-1] + frame.offset if stack else None, line.level, line.ordinal, heading,
            kind or _shown(frame.body, opened, i, line.start + after, last), max(line.begin, first), stop,
            line.start + after,
        ))  # fmt: skip
        stack.append(len(sections) - 1)
        part = sections[-1] if line.is_part else part
    if last < span.end or not sections:
        sections.append(Section(report, None, 0, None, None, "closing" if last < span.end else "intro", last, span.end,
                                last))  # fmt: skip
    return sections


def _first(opened: Sequence[Line], start: int, last: int) -> int:
    """Where the introduction ends. White space alone before the first heading is one of its own."""
    if not opened:
        return last
    return opened[0].start if opened[0].begin == start else opened[0].begin


def _heading(line: Line) -> tuple[str, int]:
    """The heading that a line opens, without its final stop, and where the text after it begins within the line."""
    stop = STOP.search(line.text[:HEADING_REACH])
    if stop:
        return line.text[: stop.start()], stop.end()
    return line.text.rstrip("：:"), len(line.text)


def _kind(heading: str, level: int, above: str | None, rules: RuleSet) -> str | None:
    """The kind that the heading names, or else `above`, that of the section above; None if there is neither."""
    said = heading[:KIND_REACH]
    if level == LIST_LEVEL:
        said = CLAUSE.split(said)[0]
    cue = _strongest(said, "heading", rules)
    if cue is None or (cue.priority <= WEAK and above not in (None, GENERAL)):
        return above
    return cue.value


def kind_of_title(title: str | None, rules: RuleSet) -> str | None:
    """The kind that a report's title gives to its sections; None if it says nothing of them."""
    cue = _strongest(title, "line", rules) if title else None
    return cue.value if cue else None


def _shown(body: str, opened: Sequence[Line], i: int, start: int, last: int) -> str:
    """The kind that the text of section `i`, from `start` on, shows: its heading says nothing, and none is above it."""
    level = opened[i].level
    if level >= LIST_LEVEL:
        return GENERAL
    after = next((x for x in opened[i + 1 :] if x.level <= level), None)
    before = any(x.level <= level for x in opened[:i])
    text = body[start : after.begin if after else last]
    return kind_of_text(text, first=not before, last=after is None) or GENERAL


@lru_cache(maxsize=4096)
def _strongest(text: str, where: str, rules: RuleSet) -> CueRule | None:
    """The strongest cue of rules/headings.toml that speaks in a heading or title; equal: the one that stands first."""
    for cue, pattern, unless in _strongest_first(where, rules):
        if pattern.search(text) and not (unless and unless.search(text)):
            return cue
    return None


@lru_cache(maxsize=8)
def _strongest_first(where: str, rules: RuleSet) -> list[tuple[CueRule, regex.Pattern[str], regex.Pattern[str] | None]]:
    """The cues of headings or titles with what they say and what silences them."""
    cues = sorted((c for c in rules.cues["headings"] if c.where == where), key=lambda c: -c.priority)
    return [(c, rules.compile(c), rules.compile_text(c.unless) if c.unless else None) for c in cues]
