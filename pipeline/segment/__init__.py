"""Text -> reports -> section tree -> sentences. Each level tiles the one above it."""

from __future__ import annotations

from pipeline.lines import read_lines
from pipeline.metadata import describe, head_of
from pipeline.records import Document, Report, Section, Text
from pipeline.rules import RuleSet
from pipeline.segment.closing import closing_line
from pipeline.segment.reports import report_bounds
from pipeline.segment.sections import Frame, kind_of_title, sections_of
from pipeline.segment.sentences import sentences_of

__all__ = ["segment"]


def segment(text: Text, rules: RuleSet) -> Document:
    """The reports, sections and sentences of a text."""
    body = text.text
    lines = read_lines(body, rules)
    reports: list[Report] = []
    sections: list[Section] = []
    for number, (first, last) in enumerate(report_bounds(lines, rules)):
        mine = lines[first:last]
        span = Report(mine[0].begin if number else 0, mine[-1].end if last < len(lines) else len(body))
        closing = closing_line(mine, rules)
        head = head_of(mine, closing, rules)
        frame = Frame(body, number, span, closing, len(sections), kind_of_title(head.title, rules))
        found = sections_of(frame, mine, rules)
        foot = [x.text for x in mine[closing:]] if closing is not None else []
        reports.append(describe(body, span, head, foot, found, rules))
        sections += found
    sentences = tuple(s for i, section in enumerate(sections) for s in sentences_of(body, i, section))
    return Document(tuple(reports), tuple(sections), sentences)
