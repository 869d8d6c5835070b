"""What a report says of itself: title, issuer, place, date, period. Each is None where the text does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.lines import patterns
from pipeline.metadata.dates import report_date
from pipeline.metadata.dating import Evidence, period_of_report
from pipeline.metadata.title import Head, head_of, issuer_of
from pipeline.records import Report, Section
from pipeline.rules import RuleSet

__all__ = ["describe", "head_of"]

OPENING = 400  # characters at the head of a report in which it may name its period and its place


def describe(
    body: str, span: Report, head: Head, foot: Sequence[str], sections: Sequence[Section], rules: RuleSet
) -> Report:
    """`span` with what the report's head, its headings and its signature say.

    `foot` are the report's closing lines, `sections` its sections.
    """
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
