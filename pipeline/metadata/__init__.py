"""What a report says of itself: title, issuer, place, date, period. Each is None where the text does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.lines import Line, patterns
from pipeline.metadata.dates import report_date
from pipeline.metadata.dating import Evidence, period_of_report
from pipeline.metadata.title import head_of, issuer_of
from pipeline.records import Report, Section
from pipeline.rules import RuleSet

__all__ = ["describe"]

OPENING = 400  # characters at the head of a report in which it may name its period and its place


def describe(
    body: str, span: Report, lines: Sequence[Line], closing: int | None, sections: Sequence[Section], rules: RuleSet
) -> Report:
    """`span` with what the report's title, its first lines, its headings and its signature say.

    `lines` are the report's own, `closing` is the index of the first closing one, `sections` are its sections.
    """
    head = head_of(lines, closing, rules)
    foot = [x.text for x in lines[closing:]] if closing is not None else []
    opening = body[span.start : min(span.end, span.start + OPENING)]
    date = report_date(head, foot, rules)
    introduction = "\n".join(head.text)[:OPENING]
    evidence = Evidence(head.title or "", introduction, body, tuple(sections), date)
    return replace(
        span,
        title=head.title,
        issuer=issuer_of(head, foot, rules),
        place=_place(head.title or "", rules) or _place(opening, rules),
        report_date=date,
        period=period_of_report(evidence, rules),
    )


def _place(text: str, rules: RuleSet) -> str | None:
    for pattern in patterns(rules, "place"):
        m = pattern.search(text)
        if m:
            return m[1]
    return None
