"""Status: whether a number is done and counted, planned, or a rule that recurs."""

from __future__ import annotations

from pipeline.attributes.cues import Hit, decide
from pipeline.attributes.period import report_year
from pipeline.records import Context, Finding
from pipeline.rules import RuleSet


def status_of(context: Context, rules: RuleSet) -> Finding:
    """actual, planned or standard; actual where nothing speaks.

    A cue that names a `year` speaks only if that year lies after the report's: 2020年兜底脱贫11户 is a plan in 2018.
    """
    year = report_year(context.report)

    def admits(hit: Hit) -> bool:
        named = hit.groups.get("year")
        return named is None or (year is not None and int(named) > year)

    return decide(context, rules, "status", "actual", admits)
